"""Mistakes that the exercises of chapter 3 share; their worked solutions share the lines that the edits change."""

from desdecero.authoring.catalogue import Wrong

KEY = "self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)"
MASKED = 'scores = scores.masked_fill(self.mask[:T, :T], float("-inf"))'
REGISTERED = 'self.register_buffer("mask", future)'
FUTURE = "torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)"


def qkv(softmax: str, root: str, size: str, last: str) -> dict[str, Wrong]:
    """Mistakes with queries, keys and values.

    `softmax` is the whole call in the worked solution, `root` and `size` the root in it and what it is taken of,
    `last` the line that returns.
    """
    return {
        "missing_attribute": Wrong(
            "Llama W_k a la capa de las claves.",
            "Calls the keys' layer W_k.",
            edits=((KEY, KEY.replace("W_key", "W_k")), ("self.W_key(x)", "self.W_k(x)")),
        ),
        "wrong_attribute": Wrong(
            "Guarda los pesos de las claves como parámetro suelto.",
            "Keeps the keys' weights as a bare parameter.",
            edits=((KEY, "self.W_key = nn.Parameter(torch.rand(d_in, d_out))"), ("self.W_key(x)", "(x @ self.W_key)")),
        ),
        "weight_shape": Wrong(
            "Da a la capa de las claves las dimensiones al revés.",
            "Gives the keys' layer its dimensions the wrong way round.",
            edits=((KEY, "self.W_key = nn.Linear(d_out, d_in, bias=qkv_bias)"),),
        ),
        "qkv_bias": Wrong(
            "Olvida pasar bias=qkv_bias a una capa, que queda siempre con sesgo.",
            "Forgets to pass bias=qkv_bias to one layer, which always has a bias then.",
            edits=((KEY, "self.W_key = nn.Linear(d_in, d_out)"),),
        ),
        "argument_names": Wrong(
            "Cambia el nombre a un argumento del constructor.",
            "Gives an argument of the constructor another name.",
            edits=(("d_in: int", "size: int"), ("super().__init__()", "super().__init__()\n        d_in = size")),
        ),
        "shared_layer": Wrong(
            "Usa la misma capa para consultas y claves.",
            "Uses one and the same layer for queries and keys.",
            edits=((KEY, "self.W_key = self.W_query"),),
        ),
        "returns_weights": Wrong(
            "Devuelve también los pesos.",
            "Returns the weights as well.",
            edits=((last, f"{last}, weights"),),
        ),
        "not_scaled": Wrong(
            "Olvida dividir entre la raíz.",
            "Forgets to divide by the root.",
            edits=((f"scores / {root}", "scores"),),
        ),
        "scale_not_root": Wrong(
            "Divide entre la dimensión, sin la raíz.",
            "Divides by the dimension, without the root.",
            edits=((f"scores / {root}", f"scores / {size}"),),
        ),
        "wrong_scale": Wrong(
            "Toma la raíz de la dimensión de entrada.",
            "Takes the root of the input's dimension.",
            edits=((f"scores / {root}", "scores / x.shape[-1] ** 0.5"),),
        ),
        "scaled_after": Wrong(
            "Divide los pesos, ya pasados por softmax.",
            "Divides the weights, after softmax.",
            edits=((softmax, f"(torch.softmax(scores, dim=-1) / {root})"),),
        ),
        "softmax_dim": Wrong(
            "Aplica softmax a lo largo de las consultas.",
            "Applies softmax along the queries.",
            edits=(("dim=-1)", "dim=-2)"),),
        ),
        "no_softmax": Wrong(
            "Olvida softmax.",
            "Forgets softmax.",
            edits=((softmax, f"(scores / {root})"),),
        ),
        "query_key_swapped": Wrong(
            "Multiplica las claves por las consultas.",
            "Multiplies the keys by the queries.",
            edits=(("queries @ keys.transpose(-2, -1)", "keys @ queries.transpose(-2, -1)"),),
        ),
        "reused_projection": Wrong(
            "Las consultas salen de la capa de los valores.",
            "The queries come from the values' layer.",
            edits=(("self.W_query(x)", "self.W_value(x)"),),
        ),
        "bias_not_added": Wrong(
            "Multiplica por el peso de la capa en vez de llamarla, y pierde el sesgo.",
            "Multiplies by the layer's weight instead of calling it, and loses the bias.",
            edits=(("self.W_value(x)", "x @ self.W_value.weight.T"),),
        ),
        "detached": Wrong(
            "Separa los pesos del grafo, como si fueran constantes.",
            "Cuts the weights out of the graph, as if they were constants.",
            edits=((softmax, f"{softmax}.detach()"),),
        ),
    }


def causal(softmax: str, weights: str, dropped_product: tuple[str, str], whole: str) -> dict[str, Wrong]:
    """Mistakes with mask and dropout.

    `weights` is what dropout is applied to, `dropped_product` an edit that moves dropout to the context, `whole`
    the dropout of `torch.nn` that drops whole blocks of these weights.
    """
    dropout = f"self.dropout({weights})"
    return {
        "not_causal": Wrong(
            "Registra la máscara y olvida aplicarla.",
            "Registers the mask and forgets to apply it.",
            edits=((MASKED, "mask = self.mask[:T, :T]"),),
        ),
        "mask_zero": Wrong(
            "Rellena con 0 en vez de -inf.",
            "Fills in 0 instead of -inf.",
            edits=(('float("-inf")', "0.0"),),
        ),
        "weak_mask": Wrong(
            "Rellena con -100, que basta casi siempre.",
            "Fills in -100, which is nearly always enough.",
            edits=(('float("-inf")', "-100.0"),),
        ),
        "not_renormalised": Wrong(
            "Tapa los pesos después de softmax.",
            "Masks the weights after softmax.",
            edits=((MASKED, "mask = self.mask[:T, :T]"), (softmax, f"{softmax}.masked_fill(mask, 0.0)")),
        ),
        "mask_diagonal": Wrong(
            "Incluye la diagonal en la máscara.",
            "Includes the diagonal in the mask.",
            edits=(("diagonal=1", "diagonal=0"),),
        ),
        "mask_inverted": Wrong(
            "Usa tril donde tocaba triu.",
            "Uses tril where triu was due.",
            edits=((".triu(diagonal=1)", ".tril(diagonal=-1)"),),
        ),
        "mask_offset": Wrong(
            "Empieza la máscara una diagonal más arriba.",
            "Starts the mask one diagonal too high.",
            edits=(("diagonal=1", "diagonal=2"),),
        ),
        "not_cropped": Wrong(
            "Usa la máscara entera con secuencias cortas.",
            "Uses the whole mask for short sequences.",
            edits=(("self.mask[:T, :T]", "self.mask"),),
        ),
        "context_length_ignored": Wrong(
            "Escribe 1024 en lugar de context_length.",
            "Writes 1024 instead of context_length.",
            edits=(("torch.ones(context_length, context_length,", "torch.ones(1024, 1024,"),),
        ),
        "mask_is_parameter": Wrong(
            "Guarda la máscara como parámetro sin gradiente.",
            "Keeps the mask as a parameter without gradient.",
            edits=((REGISTERED, "self.mask = nn.Parameter(future, requires_grad=False)"),),
        ),
        "mask_not_buffer": Wrong(
            "Guarda la máscara como atributo corriente.",
            "Keeps the mask as a plain attribute.",
            edits=((REGISTERED, "self.mask = future"),),
        ),
        "mask_rebuilt": Wrong(
            "Construye la máscara en cada llamada.",
            "Builds the mask in every call.",
            edits=((REGISTERED, "pass"), ("self.mask[:T, :T]", FUTURE)),
        ),
        "mask_unused": Wrong(
            "Registra la máscara, pero forward construye otra.",
            "Registers the mask, but forward builds another.",
            edits=(("self.mask[:T, :T]", FUTURE),),
        ),
        "dropout_in_eval": Wrong(
            "Llama a F.dropout sin training=self.training.",
            "Calls F.dropout without training=self.training.",
            edits=((dropout, f"F.dropout({weights}, self.dropout.p)"),),
        ),
        "no_dropout": Wrong(
            "Crea la capa de dropout y no la usa.",
            "Creates the dropout layer and does not use it.",
            edits=((dropout, weights),),
        ),
        "dropout_rate": Wrong(
            "Escribe 0.1 en lugar del argumento.",
            "Writes 0.1 instead of the argument.",
            edits=(("nn.Dropout(dropout)", "nn.Dropout(0.1)"),),
        ),
        "dropout_misplaced": Wrong(
            "Aplica el dropout al contexto.",
            "Applies dropout to the context.",
            edits=(dropped_product,) if weights == "weights" else ((dropout, weights), dropped_product),
        ),
        "dropout_too_early": Wrong(
            "Aplica el dropout a las puntuaciones.",
            "Applies dropout to the scores.",
            edits=((dropout, weights), (MASKED, MASKED.replace("scores.m", "self.dropout(scores).m"))),
        ),
        "dropout_not_scaled": Wrong(
            "Apaga pesos sin compensar los que quedan.",
            "Drops weights without making up for those that remain.",
            edits=((dropout, f"({weights} * (self.dropout(torch.ones_like(scores)) > 0))"),),
        ),
        "dropout_in_blocks": Wrong(
            "Usa una variante de nn.Dropout que apaga bloques enteros.",
            "Uses a variety of nn.Dropout that drops whole blocks.",
            edits=(("nn.Dropout(dropout)", f"nn.{whole}(dropout)"),),
        ),
        "dropout_repeats": Wrong(
            "Fija la semilla dentro de forward.",
            "Fixes the seed inside forward.",
            edits=((MASKED, f"{MASKED}\n        torch.manual_seed(0)"),),
        ),
    }
