from desdecero.authoring.catalogue import Wrong

IMPORTS = """
from desdecero.gpt import GPTModel
from desdecero.weights import WeightsError
"""

# The plainest answer: a table of what goes where, verified whole, then copied. The mistakes are made in it.
TABLE = """
def load_gpt2_weights(model, weights):
    theirs = {name.removeprefix("transformer."): tensor for name, tensor in weights.items()}
    jobs = []

    def put(parameter, name, flip=False, third=None):
        if name not in theirs:
            raise KeyError(f"missing: {name}")
        tensor = theirs[name]
        if flip and tensor.ndim == 2:
            tensor = tensor.T
        if third is not None and tensor.shape[0] == 3 * parameter.shape[0]:
            tensor = tensor.chunk(3)[third]
        if tensor.shape != parameter.shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}, not {tuple(parameter.shape)}")
        jobs.append((parameter, tensor))

    put(model.tok_emb.weight, "wte.weight")
    put(model.pos_emb.weight, "wpe.weight")
    for i, block in enumerate(model.trf_blocks):
        h = f"h.{i}"
        for third, layer in enumerate((block.att.W_query, block.att.W_key, block.att.W_value)):
            put(layer.weight, f"{h}.attn.c_attn.weight", flip=True, third=third)
            put(layer.bias, f"{h}.attn.c_attn.bias", third=third)
        put(block.att.out_proj.weight, f"{h}.attn.c_proj.weight", flip=True)
        put(block.att.out_proj.bias, f"{h}.attn.c_proj.bias")
        put(block.ff.layers[0].weight, f"{h}.mlp.c_fc.weight", flip=True)
        put(block.ff.layers[0].bias, f"{h}.mlp.c_fc.bias")
        put(block.ff.layers[2].weight, f"{h}.mlp.c_proj.weight", flip=True)
        put(block.ff.layers[2].bias, f"{h}.mlp.c_proj.bias")
        put(block.norm1.scale, f"{h}.ln_1.weight")
        put(block.norm1.shift, f"{h}.ln_1.bias")
        put(block.norm2.scale, f"{h}.ln_2.weight")
        put(block.norm2.shift, f"{h}.ln_2.bias")
    put(model.final_norm.scale, "ln_f.weight")
    put(model.final_norm.shift, "ln_f.bias")
    put(model.out_head.weight, "lm_head.weight" if "lm_head.weight" in theirs else "wte.weight")
    with torch.no_grad():
        for parameter, tensor in jobs:
            parameter.copy_(tensor)
"""

RIGHT = {
    "table": TABLE,
    "views": """
def load_gpt2_weights(model, weights):
    # Every tensor of GPT-2 as one or more windows into the model's own memory, in GPT-2's shape.
    places = {"wte.weight": [(model.tok_emb.weight, 0)], "wpe.weight": [(model.pos_emb.weight, 0)]}
    shapes = {"wte.weight": tuple(model.tok_emb.weight.shape), "wpe.weight": tuple(model.pos_emb.weight.shape)}
    head = "lm_head.weight" if "lm_head.weight" in weights else "wte.weight"
    places[head] = [*places.get(head, []), (model.out_head.weight, 0)]
    shapes[head] = tuple(model.out_head.weight.shape)
    norms = {"ln_f": model.final_norm}
    linear = {}
    for i, block in enumerate(model.trf_blocks):
        norms[f"h.{i}.ln_1"], norms[f"h.{i}.ln_2"] = block.norm1, block.norm2
        linear[f"h.{i}.attn.c_attn"] = [block.att.W_query, block.att.W_key, block.att.W_value]
        linear[f"h.{i}.attn.c_proj"] = [block.att.out_proj]
        linear[f"h.{i}.mlp.c_fc"] = [block.ff.layers[0]]
        linear[f"h.{i}.mlp.c_proj"] = [block.ff.layers[-1]]
    for name, norm in norms.items():
        places[name + ".weight"], places[name + ".bias"] = [(norm.scale, 0)], [(norm.shift, 0)]
        shapes[name + ".weight"] = shapes[name + ".bias"] = tuple(norm.scale.shape)
    for name, layers in linear.items():
        out, d = layers[0].weight.shape
        places[name + ".weight"] = [(layer.weight.T, out * n) for n, layer in enumerate(layers)]
        places[name + ".bias"] = [(layer.bias, out * n) for n, layer in enumerate(layers)]
        shapes[name + ".weight"], shapes[name + ".bias"] = (d, out * len(layers)), (out * len(layers),)
    found = {}
    for name, wanted in shapes.items():
        tensor = weights.get(name, weights.get("transformer." + name))
        if tensor is None or tuple(tensor.shape) != wanted:
            raise ValueError(f"{name} should have the shape {wanted}")
        found[name] = tensor
    with torch.no_grad():
        for name, windows in places.items():
            for window, start in windows:
                window.copy_(found[name].narrow(-1, start, window.shape[-1]) if len(windows) == 3 else found[name])
""",
    "state_dict": """
import copy

def load_gpt2_weights(model, weights):
    get = lambda name: weights["transformer." + name if "transformer." + name in weights else name]
    new = copy.deepcopy(model.state_dict())
    for name in new:
        if name.endswith("mask"):
            continue
        part = name.split(".")
        if part[0] == "trf_blocks":
            i, where = part[1], ".".join(part[2:-1])
            there = {"att.out_proj": "attn.c_proj", "ff.layers.0": "mlp.c_fc", "ff.layers.2": "mlp.c_proj",
                     "norm1": "ln_1", "norm2": "ln_2"}.get(where, "attn.c_attn")
            kind = {"scale": "weight", "shift": "bias"}.get(part[-1], part[-1])
            source = f"h.{i}.{there}.{kind}"
        else:
            head = "lm_head.weight" if "lm_head.weight" in weights else "wte.weight"
            source = {"tok_emb": "wte.weight", "pos_emb": "wpe.weight", "out_head": head}.get(part[0])
            source = source or {"scale": "ln_f.weight", "shift": "ln_f.bias"}[part[1]]
        value = get(source)
        if ".c_" in source:
            value = value.t() if value.dim() == 2 else value
            if "c_attn" in source:
                if value.shape[0] != 3 * new[name].shape[0]:
                    raise RuntimeError("bad shape in " + source)
                value = value.tensor_split(3)[["W_query", "W_key", "W_value"].index(part[3])]
        if value.shape != new[name].shape:
            raise RuntimeError("bad shape in " + source)
        new[name] = value.clone()
    model.load_state_dict(new)
    return model
""",
    "by_our_names": """
def load_gpt2_weights(model, weights):
    # First everything under our names, then a look at them all, and only then the copies.
    layers = {"attn.c_proj": "att.out_proj", "mlp.c_fc": "ff.layers.0", "mlp.c_proj": "ff.layers.2"}
    ends = {"weight": "scale", "bias": "shift"}
    ours = {}
    for name, tensor in weights.items():
        part = name.removeprefix("transformer.").split(".")
        kind = part[-1]
        if part[0] in ("wte", "wpe", "lm_head"):
            ours[{"wte": "tok_emb", "wpe": "pos_emb", "lm_head": "out_head"}[part[0]] + ".weight"] = tensor
        elif part[0] == "ln_f":
            ours["final_norm." + ends[kind]] = tensor
        elif part[2] in ("ln_1", "ln_2"):
            ours[f"trf_blocks.{part[1]}.norm{part[2][-1]}.{ends[kind]}"] = tensor
        elif part[3] == "c_attn":
            for own, third in zip(("query", "key", "value"), tensor.t().chunk(3)):
                ours[f"trf_blocks.{part[1]}.att.W_{own}.{kind}"] = third
        elif part[3] in ("c_proj", "c_fc"):
            ours[f"trf_blocks.{part[1]}.{layers[part[2] + '.' + part[3]]}.{kind}"] = tensor.t()
    if "tok_emb.weight" in ours:
        ours.setdefault("out_head.weight", ours["tok_emb.weight"])
    wanted = dict(model.named_parameters())
    for name, parameter in wanted.items():
        if name not in ours:
            raise ValueError(f"nothing for {name}")
        if ours[name].shape != parameter.shape:
            raise ValueError(f"{name} should have the shape {tuple(parameter.shape)}")
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(ours[name])
""",
    "slots": """
@torch.no_grad()
def load_gpt2_weights(model: GPTModel, weights: dict[str, Tensor]) -> None:
    theirs = {name.split("transformer.")[-1]: tensor for name, tensor in weights.items()}
    head = "lm_head.weight" if "lm_head.weight" in theirs else "wte.weight"
    slots = [(model.tok_emb.weight, "wte.weight"), (model.pos_emb.weight, "wpe.weight"), (model.out_head.weight, head)]
    norms = {"ln_f": model.final_norm}
    for i, block in enumerate(model.trf_blocks):
        norms |= {f"h.{i}.ln_1": block.norm1, f"h.{i}.ln_2": block.norm2}
        # The slots of a linear layer are turned, so that all of them look like GPT-2's tensors.
        for layer, name in [(block.att.out_proj, "attn.c_proj"), (block.ff.layers[0], "mlp.c_fc"), (block.ff.layers[2], "mlp.c_proj")]:
            slots += [(layer.weight.T, f"h.{i}.{name}.weight"), (layer.bias, f"h.{i}.{name}.bias")]
        fused = (block.att.W_query, block.att.W_key, block.att.W_value)
        slots.append(([layer.weight.T for layer in fused], f"h.{i}.attn.c_attn.weight"))
        slots.append(([layer.bias for layer in fused], f"h.{i}.attn.c_attn.bias"))
    for name, norm in norms.items():
        slots += [(norm.scale, name + ".weight"), (norm.shift, name + ".bias")]
    for slot, name in slots:
        size = torch.cat(slot, -1).shape if isinstance(slot, list) else slot.shape
        if theirs[name].shape != size:
            raise RuntimeError(f"{name}: {list(theirs[name].shape)} instead of {list(size)}")
    for slot, name in slots:
        if isinstance(slot, list):
            for part, values in zip(slot, theirs[name].tensor_split(3, dim=-1)):
                part[:] = values
        else:
            slot[...] = theirs[name]
""",
}


def table(*edits: tuple[str, str]) -> str:
    """The plain answer with a mistake."""
    text = TABLE
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


PREFIX = 'theirs = {name.removeprefix("transformer."): tensor for name, tensor in weights.items()}'
MISSING = '        if name not in theirs:\n            raise KeyError(f"missing: {name}")\n'
SHAPE = "        if tensor.shape != parameter.shape:\n"
HEAD = '    put(model.out_head.weight, "lm_head.weight" if "lm_head.weight" in theirs else "wte.weight")\n'
JOB = "jobs.append((parameter, tensor))"
LAYERS = "(block.att.W_query, block.att.W_key, block.att.W_value)"
COPY = "    with torch.no_grad():\n        for parameter, tensor in jobs:\n            parameter.copy_(tensor)\n"

WRONG = {
    "needs_no_grad": Wrong(
        "Copia sin torch.no_grad.",
        "Copies without torch.no_grad.",
        source=table((COPY, COPY.replace("with torch.no_grad():", "if True:"))),
    ),
    "shape_error": Wrong(
        "No transpone ninguna capa lineal.",
        "Transposes none of the linear layers.",
        source=table(("if flip and tensor.ndim == 2:", "if third is not None and tensor.ndim == 2:")),
    ),
    "not_transposed": Wrong(
        "Transpone solo cuando la forma no encaja, y la matriz cuadrada se le escapa.",
        "Transposes only where the shape does not fit, which misses the square matrix.",
        source=table(('f"{h}.attn.c_proj.weight", flip=True', 'f"{h}.attn.c_proj.weight"')),
    ),
    "qkv_order": Wrong(
        "Toma c_attn por claves, consultas y valores.",
        "Takes c_attn for keys, queries and values.",
        source=table((LAYERS, "(block.att.W_key, block.att.W_query, block.att.W_value)")),
    ),
    "qkv_split": Wrong(
        "Toma las columnas de c_attn de tres en tres.",
        "Takes the columns of c_attn three by three.",
        source=table(("tensor.chunk(3)[third]", "tensor[third::3]")),
    ),
    "head_forgotten": Wrong(
        "Olvida out_head.",
        "Forgets out_head.",
        source=table((HEAD, "")),
    ),
    "forgotten": Wrong(
        "Olvida los sesgos de la atención.",
        "Forgets the biases of the attention.",
        source=table(('            put(layer.bias, f"{h}.attn.c_attn.bias", third=third)\n', "")),
    ),
    "norms_swapped": Wrong(
        "Confunde las dos normalizaciones del bloque.",
        "Confuses the two normalisations of the block.",
        source=table(
            ("block.norm1.scale, f", "block.norm2.scale, f"),
            ('put(block.norm2.scale, f"{h}.ln_2', 'put(block.norm1.scale, f"{h}.ln_2'),
        ),
    ),
    "wrong_block": Wrong(
        "Llena todos los bloques con los pesos del primero.",
        "Fills all blocks with the weights of the first.",
        source=table(('h = f"h.{i}"', 'h = "h.0"')),
    ),
    "wrong_weight": Wrong(
        "Suma los embeddings de posición al primer token.",
        "Adds the positional embedding to the first token.",
        source=table((COPY, COPY + "        model.pos_emb.weight[0] += model.tok_emb.weight[0]\n")),
    ),
    "prefix": Wrong(
        "Exige el prefijo.",
        "Demands the prefix.",
        source=table(
            (PREFIX, 'theirs = {name[12:]: t for name, t in weights.items() if name.startswith("transformer.")}')
        ),
    ),
    "demands_head": Wrong(
        "Busca lm_head.weight, que el archivo de GPT-2 no trae.",
        "Looks for lm_head.weight, which GPT-2's file does not have.",
        source=table((HEAD, '    put(model.out_head.weight, "lm_head.weight")\n')),
    ),
    "head_in_the_way": Wrong(
        "No sabe qué hacer con lm_head.weight.",
        "Does not know what to do with lm_head.weight.",
        source=table(
            (
                COPY,
                '    if "lm_head.weight" in theirs:\n        raise KeyError("lm_head.weight: no place for it")\n'
                + COPY,
            )
        ),
    ),
    "head_ignored": Wrong(
        "Pone siempre wte.weight en la salida, aunque el archivo traiga una cabeza propia.",
        "Always puts wte.weight at the output, even if the file has a head of its own.",
        source=table((HEAD, '    put(model.out_head.weight, "wte.weight")\n')),
    ),
    "masks": Wrong(
        "No admite nombres que no conoce.",
        "Does not admit names that it does not know.",
        source=table(
            (
                COPY,
                '    known = (".weight", "c_attn.bias", "c_proj.bias", "c_fc.bias", "ln_1.bias", "ln_2.bias", "ln_f.bias")\n'
                "    for name in theirs:\n"
                "        if not name.endswith(known):\n"
                '            raise ValueError(f"unexpected: {name}")\n' + COPY,
            )
        ),
    ),
    "mask_overwritten": Wrong(
        "Copia también la máscara.",
        "Copies the mask, too.",
        source=table(
            (
                COPY,
                COPY + "        for i, block in enumerate(model.trf_blocks):\n"
                '            if f"h.{i}.attn.bias" in theirs:\n'
                '                block.att.mask = theirs[f"h.{i}.attn.bias"][0, 0].bool()\n',
            )
        ),
    ),
    "accepts_missing": Wrong(
        "Se salta los tensores que faltan.",
        "Skips the tensors that are missing.",
        source=table((MISSING, "        if name not in theirs:\n            return\n")),
    ),
    "accepts_shape": Wrong(
        "No compara las formas, y copy_ expande las que se dejan.",
        "Does not compare shapes, and copy_ broadcasts those that allow it.",
        source=table((SHAPE, "        if tensor.numel() > parameter.numel():\n")),
    ),
    "unnamed": Wrong(
        "Dice que falta algo, pero no qué.",
        "Says that something is missing, but not what.",
        source=table(('raise KeyError(f"missing: {name}")', 'raise KeyError("a tensor is missing")')),
    ),
    "partial_writes": Wrong(
        "Copia según comprueba.",
        "Copies while it verifies.",
        source=table((JOB, "with torch.no_grad():\n            parameter.copy_(tensor)")),
    ),
    "aliased": Wrong(
        "Asigna los tensores del diccionario sin copiarlos.",
        "Assigns the tensors of the dictionary without copying them.",
        source=table(("parameter.copy_(tensor)", "parameter.data = tensor")),
    ),
    "swapped": Wrong(
        "Crea parámetros nuevos, y un optimizador que ya tuviera los viejos no los vería.",
        "Creates new parameters, which an optimizer that already had the old ones would not see.",
        source="""
def load_gpt2_weights(model, weights):
    clean = {k.replace("transformer.", ""): v for k, v in weights.items()}
    plan = []

    def fits(owner, attribute, name, value=None):
        value = clean[name] if value is None else value
        assert getattr(owner, attribute).shape == value.shape, f"wrong shape: {name}"
        plan.append((owner, attribute, nn.Parameter(value.detach().clone().contiguous())))

    fits(model.tok_emb, "weight", "wte.weight")
    fits(model.out_head, "weight", "lm_head.weight" if "lm_head.weight" in clean else "wte.weight")
    fits(model.pos_emb, "weight", "wpe.weight")
    for n, block in enumerate(model.trf_blocks):
        joint, biases = clean[f"h.{n}.attn.c_attn.weight"], clean[f"h.{n}.attn.c_attn.bias"]
        d = model.tok_emb.weight.size(1)
        assert joint.shape == (d, 3 * d), f"wrong shape: h.{n}.attn.c_attn.weight"
        assert biases.shape == (3 * d,), f"wrong shape: h.{n}.attn.c_attn.bias"
        for name, columns, bias in zip("query key value".split(), joint.split(d, dim=1), biases.split(d)):
            layer = getattr(block.att, f"W_{name}")
            fits(layer, "weight", f"h.{n}.attn.c_attn.weight", columns.T)
            fits(layer, "bias", f"h.{n}.attn.c_attn.bias", bias)
        for layer, name in ((block.att.out_proj, "attn.c_proj"), (block.ff.layers[0], "mlp.c_fc"), (block.ff.layers[2], "mlp.c_proj")):
            fits(layer, "weight", f"h.{n}.{name}.weight", clean[f"h.{n}.{name}.weight"].mT)
            fits(layer, "bias", f"h.{n}.{name}.bias")
        for norm, name in ((block.norm1, "ln_1"), (block.norm2, "ln_2")):
            fits(norm, "scale", f"h.{n}.{name}.weight")
            fits(norm, "shift", f"h.{n}.{name}.bias")
    fits(model.final_norm, "scale", "ln_f.weight")
    fits(model.final_norm, "shift", "ln_f.bias")
    for owner, attribute, parameter in plan:
        setattr(owner, attribute, parameter)
""",
    ),
    "changes_dict": Wrong(
        "Quita las máscaras del diccionario que recibe.",
        "Removes the masks from the dictionary it is given.",
        source=table(
            (
                PREFIX,
                '[weights.pop(name) for name in list(weights) if name.endswith("attn.bias") and "c_" not in name]\n    '
                + PREFIX,
            )
        ),
    ),
    "frozen": Wrong(
        "Congela los pesos al cargarlos.",
        "Freezes the weights as it loads them.",
        source=table(("parameter.copy_(tensor)", "parameter.requires_grad_(False).copy_(tensor)")),
    ),
    "raises": Wrong(
        "Escribe mal un atributo del modelo.",
        "Misspells an attribute of the model.",
        source=table(("put(model.pos_emb.weight", "put(model.positions.weight")),
    ),
}
