from desdecero.authoring.catalogue import Wrong

IMPORTS = """
from desdecero.attention import MultiHeadAttention
from desdecero.gpt import GELU, FeedForward, GPTConfig, LayerNorm
"""

RIGHT = {
    "two_branches": """
class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        D = cfg.emb_dim
        self.ff = FeedForward(cfg)
        self.att = MultiHeadAttention(
            D, D, cfg.context_length, num_heads=cfg.n_heads, dropout=cfg.drop_rate, qkv_bias=cfg.qkv_bias
        )
        self.norm2, self.norm1 = LayerNorm(D), LayerNorm(D)
        self.after_att, self.after_ff = nn.Dropout(cfg.drop_rate), nn.Dropout(cfg.drop_rate)

    def look(self, x):
        return self.after_att(self.att(self.norm1(x)))

    def think(self, x):
        return self.after_ff(self.ff(self.norm2(x)))

    def forward(self, x):
        looked = x + self.look(x)
        return looked + self.think(looked)
""",
    "functional_dropout": """
class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.att = MultiHeadAttention(cfg.emb_dim, cfg.emb_dim, cfg.context_length, cfg.drop_rate, cfg.n_heads, cfg.qkv_bias)
        self.norm1, self.norm2, self.ff = LayerNorm(cfg.emb_dim), LayerNorm(cfg.emb_dim), FeedForward(cfg)

    def forward(self, x):
        for norm, branch in ((self.norm1, self.att), (self.norm2, self.ff)):
            x = torch.add(x, F.dropout(branch(norm(x)), p=self.cfg.drop_rate, training=self.training))
        return x
""",
    "own_parts": """
class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(d))
        self.shift = nn.Parameter(torch.zeros(d))

    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.scale, self.shift)


class Attention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg.emb_dim
        self.heads, self.drop_rate = cfg.n_heads, cfg.drop_rate
        self.out_proj = nn.Linear(d, d)
        self.W_value = nn.Linear(d, d, bias=cfg.qkv_bias)
        self.W_key = nn.Linear(d, d, bias=cfg.qkv_bias)
        self.W_query = nn.Linear(d, d, bias=cfg.qkv_bias)

    def forward(self, x):
        B, T, d = x.shape
        q, k, v = (w(x).view(B, T, self.heads, -1).transpose(1, 2) for w in (self.W_query, self.W_key, self.W_value))
        p = self.drop_rate if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=p)
        return self.out_proj(y.transpose(1, 2).reshape(B, T, d))


class Wide(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg.emb_dim
        self.layers = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(approximate="tanh"), nn.Linear(4 * d, d))
        self.dropout = nn.Dropout(cfg.drop_rate)

    def forward(self, x):
        return self.dropout(self.layers(x))


class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.att, self.ff = Attention(cfg), Wide(cfg)
        self.norm1, self.norm2 = Norm(cfg.emb_dim), Norm(cfg.emb_dim)
        self.drop = nn.Dropout(cfg.drop_rate)

    def forward(self, x):
        attended = self.drop(self.att(self.norm1(x)))
        return x + attended + self.ff(self.norm2(x + attended))
""",
    "dropout_by_hand": """
class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.rate = cfg.drop_rate
        self.att = MultiHeadAttention(cfg.emb_dim, cfg.emb_dim, cfg.context_length, cfg.drop_rate, cfg.n_heads, cfg.qkv_bias)
        self.ff = FeedForward(cfg)
        self.norm1 = LayerNorm(cfg.emb_dim)
        self.norm2 = LayerNorm(cfg.emb_dim)

    def thin(self, x):
        if not self.training or self.rate == 0:
            return x
        return x * (torch.rand_like(x) >= self.rate) / (1 - self.rate)

    def forward(self, x):
        y = self.thin(self.att(self.norm1(x))) + x
        z = self.thin(self.ff(self.norm2(y))) + y
        return z
""",
    "rounded_factor": """
class TransformerBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.rate = cfg.drop_rate
        self.norm1, self.norm2 = LayerNorm(cfg.emb_dim), LayerNorm(cfg.emb_dim)
        self.att = MultiHeadAttention(
            cfg.emb_dim, cfg.emb_dim, cfg.context_length, cfg.drop_rate, cfg.n_heads, cfg.qkv_bias
        )
        self.att.register_buffer("eye", torch.eye(4), persistent=False)
        self.ff = FeedForward(cfg)

    def add(self, x, y):
        if self.training and self.rate:
            # a factor in float32, whatever the model's type
            y = torch.where(torch.rand(y.shape) < self.rate, 0.0, y) * torch.tensor(1 / (1 - self.rate))
        return x + y

    def forward(self, x):
        x = self.add(x, self.att(self.norm1(x)))
        return self.add(x, self.ff(self.norm2(x)))
""",
}

FIRST = "x = x + self.dropout(self.att(self.norm1(x)))"
SECOND = "return x + self.dropout(self.ff(self.norm2(x)))"

WRONG = {
    "post_norm": Wrong(
        "Normaliza después de sumar el atajo, como el transformer de 2017.",
        "Normalises after adding the shortcut, like the transformer of 2017.",
        edits=(
            (FIRST, "x = self.norm1(x + self.dropout(self.att(x)))"),
            (SECOND, "return self.norm2(x + self.dropout(self.ff(x)))"),
        ),
    ),
    "no_first_shortcut": Wrong(
        "Olvida el atajo de la atención.",
        "Forgets the attention's shortcut.",
        edits=((FIRST, "x = self.dropout(self.att(self.norm1(x)))"),),
    ),
    "no_second_shortcut": Wrong(
        "Olvida el atajo de la red feed-forward.",
        "Forgets the feed-forward's shortcut.",
        edits=((SECOND, "return self.dropout(self.ff(self.norm2(x)))"),),
    ),
    "no_shortcuts": Wrong(
        "Encadena las dos ramas sin ningún atajo.",
        "Chains the two branches without any shortcut.",
        edits=(
            (FIRST, "x = self.dropout(self.att(self.norm1(x)))"),
            (SECOND, "return self.dropout(self.ff(self.norm2(x)))"),
        ),
    ),
    "normalised_shortcut": Wrong(
        "Sobrescribe x con el valor normalizado y suma ese.",
        "Overwrites x with the normalised value and adds that one.",
        edits=((FIRST, "x = self.norm1(x)\n        x = x + self.dropout(self.att(x))"),),
    ),
    "stale_shortcut": Wrong(
        "Guarda el atajo una sola vez, al entrar, y lo suma dos veces.",
        "Keeps the shortcut only once, on entry, and adds it twice.",
        edits=(
            (FIRST, "shortcut = x\n        " + FIRST),
            (SECOND, "return shortcut + self.dropout(self.ff(self.norm2(x)))"),
        ),
    ),
    "parallel_branches": Wrong(
        "Da la misma x a las dos ramas y suma ambas.",
        "Gives both branches the same x and adds both.",
        edits=(
            (FIRST, "attended = self.dropout(self.att(self.norm1(x)))"),
            (SECOND, "return x + attended + self.dropout(self.ff(self.norm2(x)))"),
        ),
    ),
    "same_norm": Wrong(
        "Asigna la misma LayerNorm a los dos nombres.",
        "Gives the same LayerNorm both names.",
        edits=(("self.norm2 = LayerNorm(cfg.emb_dim)", "self.norm2 = self.norm1"),),
    ),
    "one_norm_twice": Wrong(
        "Copia y pega: usa norm1 también delante de ff.",
        "Copies and pastes: uses norm1 before ff, too.",
        edits=((SECOND, "return x + self.dropout(self.ff(self.norm1(x)))"),),
    ),
    "swapped_norms": Wrong(
        "Intercambia las dos normalizaciones.",
        "Swaps the two normalisations.",
        edits=(
            ("self.att(self.norm1(x))", "self.att(self.norm2(x))"),
            ("self.ff(self.norm2(x))", "self.ff(self.norm1(x))"),
        ),
    ),
    "missing_norm": Wrong(
        "No normaliza delante de la red feed-forward.",
        "Does not normalise before the feed-forward.",
        edits=((SECOND, "return x + self.dropout(self.ff(x))"),),
    ),
    "swapped_branches": Wrong(
        "Pone la red feed-forward antes que la atención.",
        "Puts the feed-forward before the attention.",
        edits=(
            (FIRST, "x = x + self.dropout(self.ff(self.norm2(x)))"),
            (SECOND, "return x + self.dropout(self.att(self.norm1(x)))"),
        ),
    ),
    "missing_branch": Wrong(
        "Vuelve después de la atención y olvida la red feed-forward.",
        "Returns after the attention and forgets the feed-forward.",
        edits=((SECOND, "return x"),),
    ),
    "qkv_bias_ignored": Wrong(
        "No pasa qkv_bias a la atención.",
        "Does not pass qkv_bias to the attention.",
        edits=((", cfg.n_heads, cfg.qkv_bias", ", cfg.n_heads"),),
    ),
    "context_ignored": Wrong(
        "Escribe el contexto de GPT-2, 1024, en vez de leer context_length.",
        "Writes GPT-2's context, 1024, instead of reading context_length.",
        edits=(("cfg.context_length, cfg.drop_rate", "1024, cfg.drop_rate"),),
    ),
    "heads_ignored": Wrong(
        "Deja una sola cabeza en la atención.",
        "Leaves the attention with a single head.",
        edits=((", cfg.n_heads,", ", 1,"),),
    ),
    "not_causal": Wrong(
        "Borra la máscara causal de la atención.",
        "Wipes out the attention's causal mask.",
        edits=(("self.ff = FeedForward(cfg)", "self.att.mask.zero_()\n        self.ff = FeedForward(cfg)"),),
    ),
    "dropout_in_eval": Wrong(
        "Usa F.dropout sin decirle si se entrena.",
        "Uses F.dropout without telling it whether training is on.",
        edits=((SECOND, "return x + F.dropout(self.ff(self.norm2(x)), self.dropout.p)"),),
    ),
    "no_dropout": Wrong(
        "No aplica el dropout en ninguna rama.",
        "Applies no dropout in either branch.",
        edits=((FIRST, "x = x + self.att(self.norm1(x))"), (SECOND, "return x + self.ff(self.norm2(x))")),
    ),
    "no_dropout_att": Wrong(
        "Confía en el dropout de los pesos de la atención, y no lo aplica a su salida.",
        "Relies on the dropout of the attention weights and does not apply it to what comes out.",
        edits=((FIRST, "x = x + self.att(self.norm1(x))"),),
    ),
    "no_dropout_ff": Wrong(
        "Olvida el dropout de la segunda rama.",
        "Forgets the second branch's dropout.",
        edits=((SECOND, "return x + self.ff(self.norm2(x))"),),
    ),
    "dropout_on_shortcut": Wrong(
        "Aplica el dropout a la suma, y con ella al atajo.",
        "Applies the dropout to the sum, and with it to the shortcut.",
        edits=((SECOND, "return self.dropout(x + self.ff(self.norm2(x)))"),),
    ),
    "wrong_rate": Wrong(
        "Escribe 0.1 en vez de leer drop_rate.",
        "Writes 0.1 instead of reading drop_rate.",
        edits=(("nn.Dropout(cfg.drop_rate)", "nn.Dropout(0.1)"),),
    ),
    "whole_vectors": Wrong(
        "Usa nn.Dropout1d, que anula vectores enteros.",
        "Uses nn.Dropout1d, which wipes out whole vectors.",
        edits=(("nn.Dropout(cfg.drop_rate)", "nn.Dropout1d(cfg.drop_rate)"),),
    ),
    "same_places": Wrong(
        "Sortea una sola máscara y la usa en las dos ramas.",
        "Draws a single mask and uses it in both branches.",
        edits=(
            (FIRST, "mask = self.dropout(torch.ones_like(x))\n        x = x + mask * self.att(self.norm1(x))"),
            (SECOND, "return x + mask * self.ff(self.norm2(x))"),
        ),
    ),
    "unscaled_dropout": Wrong(
        "Escribe el dropout a mano y olvida dividir entre 1 − drop_rate.",
        "Writes the dropout by hand and forgets to divide by 1 − drop_rate.",
        edits=(
            (
                FIRST,
                "y = self.att(self.norm1(x))\n"
                "        if self.training:\n"
                "            y = y * (torch.rand_like(y) >= self.dropout.p)\n"
                "        x = x + y",
            ),
        ),
    ),
    "second_input": Wrong(
        "Deja los dos dropouts para la suma final, y la red feed-forward lee la atención sin él.",
        "Leaves both dropouts to the final sum, and the feed-forward reads the attention without it.",
        edits=(
            (FIRST, "looked = self.att(self.norm1(x))"),
            (SECOND, "return x + self.dropout(looked) + self.dropout(self.ff(self.norm2(x + looked)))"),
        ),
    ),
    "no_dropout_inside": Wrong(
        "Construye la atención con dropout=0.0, porque ya lo hay a su salida.",
        "Builds the attention with dropout=0.0, as there is some on what comes out of it.",
        edits=(("cfg.context_length, cfg.drop_rate", "cfg.context_length, 0.0"),),
    ),
    "wrong_rate_inside": Wrong(
        "Construye la atención con un dropout de 0.1, sin leer drop_rate.",
        "Builds the attention with a dropout of 0.1, without reading drop_rate.",
        edits=(("cfg.context_length, cfg.drop_rate", "cfg.context_length, 0.1"),),
    ),
    "cut_gradient": Wrong(
        "Separa el atajo del grafo: las capas anteriores no aprenderían por él.",
        "Cuts the shortcut off the graph: the layers before would not learn through it.",
        edits=((SECOND, "return x.detach() + self.dropout(self.ff(self.norm2(x)))"),),
    ),
    "missing_attribute": Wrong(
        "Llama a las normalizaciones ln1 y ln2.",
        "Calls the normalisations ln1 and ln2.",
        edits=(
            ("self.norm1 = ", "self.ln1 = "),
            ("self.norm2 = ", "self.ln2 = "),
            ("self.norm1(x)", "self.ln1(x)"),
            ("self.norm2(x)", "self.ln2(x)"),
        ),
    ),
    "forbidden": Wrong(
        "Hereda de la capa de PyTorch que hace casi lo mismo.",
        "Inherits from the PyTorch layer that does nearly the same.",
        source="""
class TransformerBlock(nn.TransformerEncoderLayer):
    def __init__(self, cfg):
        super().__init__(cfg.emb_dim, cfg.n_heads, 4 * cfg.emb_dim, cfg.drop_rate, F.gelu, batch_first=True, norm_first=True)
""",
    ),
}
