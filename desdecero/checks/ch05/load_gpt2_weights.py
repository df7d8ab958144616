"""ch05/load_gpt2_weights: GPT-2's weights (Radford et al., 2019) under Hugging Face's names."""

import torch
from torch import Tensor

from desdecero.checks.ch04._common import Weights, config, model_shapes, random_weights
from desdecero.checks.ch05._common import explained
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, close, first_difference, shape
from desdecero.gpt import GPTConfig, GPTModel

exercise = Exercise(
    id="ch05/load_gpt2_weights",
    defines="load_gpt2_weights",
    reference="desdecero.weights:load_gpt2_weights",
    difficulty=3,
    minutes=45,
    faults={
        "needs_no_grad": (
            "PyTorch no deja escribir en un parámetro mientras apunta gradientes ({error}): copia dentro de "
            "«with torch.no_grad():».",
            "PyTorch lets nobody write into a parameter while it records gradients ({error}): copy inside "
            "“with torch.no_grad():”.",
        ),
        "shape_error": (
            "Una forma no encaja ({error}): GPT-2 guarda transpuestos los pesos de sus capas lineales, "
            "y junta en c_attn los de consultas, claves y valores.",
            "A shape does not fit ({error}): GPT-2 keeps the weights of its linear layers transposed, "
            "and joins those of queries, keys and values in c_attn.",
        ),
        "not_transposed": (
            "«{name}» está sin transponer: al ser cuadrada no da error, pero GPT-2 guarda (entrada, salida) y "
            "nn.Linear (salida, entrada).",
            "“{name}” is not transposed: being square it raises no error, but GPT-2 keeps (in, out) and nn.Linear "
            "(out, in).",
        ),
        "qkv_order": (
            "«{name}» tiene los valores de otra capa de la atención: en c_attn van consultas, claves y valores, en ese "
            "orden.",
            "“{name}” holds the values of another layer of the attention: c_attn has queries, keys and values, in this "
            "order.",
        ),
        "qkv_split": (
            "«{name}» mezcla consultas, claves y valores: en c_attn.weight, de forma (D, 3D), cada tercio de las "
            "columnas es una capa.",
            "“{name}” mixes queries, keys and values: in c_attn.weight, of shape (D, 3D), each third of the columns is "
            "one layer.",
        ),
        "head_forgotten": (
            "«out_head.weight» sigue como estaba: GPT-2 usa ahí los embeddings de los tokens, wte.weight.",
            "“out_head.weight” is as it was: GPT-2 uses the token embedding there, wte.weight.",
        ),
        "forgotten": (
            "«{name}» sigue como estaba: falta copiarlo.",
            "“{name}” is as it was: it has not been copied.",
        ),
        "norms_swapped": (
            "«{name}» tiene los valores de la otra normalización: ln_1 es norm1 y ln_2 es norm2.",
            "“{name}” holds the values of the other normalisation: ln_1 is norm1 and ln_2 is norm2.",
        ),
        "wrong_block": (
            "«{name}» tiene los valores de otro bloque: a trf_blocks[i] le tocan los de h.i.",
            "“{name}” holds the values of another block: trf_blocks[i] takes those of h.i.",
        ),
        "wrong_weight": (
            "«{name}» no queda como debe: en la posición {place} vale {got} y se esperaba {expected}.",
            "“{name}” is not as it should be: at position {place} it is {got}, expected {expected}.",
        ),
        "prefix": (
            "Solo aceptas los nombres de una manera: hay archivos con «transformer.» delante de cada nombre y otros "
            "sin él; quítalo si está.",
            "You accept the names in one way only: some files have “transformer.” before every name and some have not; "
            "remove it where it is.",
        ),
        "demands_head": (
            "Exiges «lm_head.weight», que no está en todos los archivos: GPT-2 usa en la salida los mismos pesos que "
            "en wte.weight.",
            "You demand “lm_head.weight”, which not every file has: GPT-2 uses at the output the same weights as in "
            "wte.weight.",
        ),
        "head_in_the_way": (
            "Algunos archivos traen lm_head.weight, la cabeza de salida, y te estorba ({error}): si está, es lo que va "
            "a out_head.",
            "Some files carry lm_head.weight, the output head, and it is in your way ({error}): where it is, it goes "
            "to out_head.",
        ),
        "head_ignored": (
            "El archivo trae una cabeza propia, lm_head.weight, y no ha llegado a «{name}»: si está, va ella; "
            "wte.weight solo va si no está.",
            "The file has a head of its own, lm_head.weight, and it has not reached “{name}”: where there is one, it "
            "goes there; wte.weight does so only if there is none.",
        ),
        "masks": (
            "Las máscaras que traen algunos archivos, h.0.attn.bias y h.0.attn.masked_bias, te estorban ({error}): "
            "no hagas caso de ellas.",
            "The masks that some files carry, h.0.attn.bias and h.0.attn.masked_bias, are in your way ({error}): "
            "ignore them.",
        ),
        "mask_overwritten": (
            "Has cambiado la máscara causal del modelo: la del archivo, h.0.attn.bias, no se copia.",
            "You changed the model's causal mask: that of the file, h.0.attn.bias, is not copied.",
        ),
        "accepts_missing": (
            "Falta «{name}» y no hay error: todos los tensores del modelo tienen que estar.",
            "“{name}” is missing and there is no error: every tensor of the model has to be there.",
        ),
        "accepts_shape": (
            "«{name}» tiene otra forma y no hay error: compárala antes de copiar (copy_ expande y .data acepta lo que "
            "sea).",
            "“{name}” has another shape and there is no error: compare it before copying (copy_ broadcasts, and .data "
            "takes anything).",
        ),
        "unnamed": (
            "El error no dice que el problema es «{name}», sino «{error}»: nombra el tensor en el mensaje.",
            "The error does not say that the trouble is “{name}”, but “{error}”: name the tensor in the message.",
        ),
        "partial_writes": (
            "Tras el error, «{name}» ya había cambiado: compruébalo todo antes de copiar nada.",
            "After the error, “{name}” had changed already: verify everything before you copy anything.",
        ),
        "aliased": (
            "«{name}» comparte memoria con el diccionario: si este cambia, el modelo también; copia los valores con "
            "copy_ o clone.",
            "“{name}” shares its memory with the dictionary: if that changes, so does the model; copy the values with "
            "copy_ or clone.",
        ),
        "swapped": (
            "Has puesto otro tensor en el lugar de «{name}»: no lo cambies por otro, copia los valores en el que ya "
            "está, con copy_.",
            "You put another tensor in the place of “{name}”: don't swap it for another, copy the values into the one "
            "that is there, with copy_.",
        ),
        "changes_dict": (
            "Modificas el diccionario que recibes ({name}): trabaja con uno nuevo.",
            "You change the dictionary you are given ({name}): work on a new one.",
        ),
        "frozen": (
            "«{name}» ya no se puede entrenar: debe seguir siendo un nn.Parameter con requires_grad=True.",
            "“{name}” can't be trained any more: it should still be an nn.Parameter with requires_grad=True.",
        ),
    },
)

CFG = config(12, 3, 3, vocab_size=19, context_length=8, qkv_bias=True)
STORED_CFG = config(12, 3, 2, vocab_size=19, context_length=8, qkv_bias=True)  # another number of layers
_LINEAR = {"attn.c_proj": "att.out_proj", "mlp.c_fc": "ff.layers.0", "mlp.c_proj": "ff.layers.2"}


def names(cfg: GPTConfig) -> dict[str, list[str]]:
    """Which tensors of the course's model each of GPT-2's holds."""
    found = {"wte.weight": ["tok_emb.weight", "out_head.weight"], "wpe.weight": ["pos_emb.weight"]}
    for i in range(cfg.n_layers):
        for kind in ("weight", "bias"):
            joint = [f"trf_blocks.{i}.att.W_{part}.{kind}" for part in ("query", "key", "value")]
            found[f"h.{i}.attn.c_attn.{kind}"] = joint
            found |= {f"h.{i}.{a}.{kind}": [f"trf_blocks.{i}.{b}.{kind}"] for a, b in _LINEAR.items()}
        for n in (1, 2):
            found[f"h.{i}.ln_{n}.weight"] = [f"trf_blocks.{i}.norm{n}.scale"]
            found[f"h.{i}.ln_{n}.bias"] = [f"trf_blocks.{i}.norm{n}.shift"]
    return found | {"ln_f.weight": ["final_norm.scale"], "ln_f.bias": ["final_norm.shift"]}


NAMES = names(CFG)


def of_gpt2(ours: Weights) -> Weights:
    """The course's tensors as GPT-2 keeps them."""
    theirs = {}
    for name, parts in NAMES.items():
        joint = torch.cat([ours[part] for part in parts if part != "out_head.weight"])
        theirs[name] = (joint.T if ".c_" in name and joint.ndim == 2 else joint).contiguous()
    return theirs


def draw(probe: Probe) -> tuple[GPTModel, Weights, Weights]:
    """A model, GPT-2's tensors, and what the model should hold of them."""
    ours = random_weights(probe, model_shapes(CFG), torch.float32)
    ours["out_head.weight"] = ours["tok_emb.weight"].clone()
    return GPTModel(CFG).eval(), of_gpt2(ours), ours


def state(model: GPTModel) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


# ---- right tensors -----------------------------------------------------------------------------------------------


def fill(probe: Probe, model: GPTModel, theirs: Weights, cfg: GPTConfig = CFG) -> None:
    try:
        _fill(probe, model, theirs)
    except Wrong as wrong:
        headless = {name: tensor for name, tensor in theirs.items() if name != "lm_head.weight"}
        if wrong.fault in ("raises", "shape_error") and len(headless) < len(theirs) and _fills(probe, headless, cfg):
            raise Wrong("head_in_the_way", **wrong.details) from None
        raise


def _fills(probe: Probe, theirs: Weights, cfg: GPTConfig) -> bool:
    try:
        _fill(probe, GPTModel(cfg), theirs)
    except Wrong:
        return False
    return True


def _fill(probe: Probe, model: GPTModel, theirs: Weights) -> None:
    errors = {
        "leaf Variable": "needs_no_grad",
        "^(?!Attribute|Type|Name).*(size|shape|forma)": "shape_error",
    }
    with explained(errors):
        probe(probe.candidate, model, theirs)


def judge(model: GPTModel, ours: Weights, before: Weights) -> None:
    """Every weight must be the right one; else name it, and what went wrong with it."""
    after = state(model)
    for name, want in ours.items():
        if name not in after:
            raise Wrong("missing_attribute", name=name)
        got = after[name]
        if got.shape != want.shape:
            raise Wrong("weight_shape", name=name, got=shape(got), expected=shape(want))
        if not close(got.float(), want):
            raise Wrong(diagnose(name, got.float(), ours, before), name=name, **first_difference(got, want))
    for name, mask in before.items():
        if name.endswith("mask") and not torch.equal(after[name], mask):
            raise Wrong("mask_overwritten")


def diagnose(name: str, got: Tensor, ours: Weights, before: Weights) -> str:
    """The mistake that leaves `got` in the parameter `name`."""

    def holds(*others: str) -> bool:
        return any(other != name and close(got, ours[other]) for other in others)

    if close(got, before[name]):
        return "head_forgotten" if name == "out_head.weight" else "forgotten"
    if close(got, ours[name].T):
        return "not_transposed"
    parts = next(parts for parts in NAMES.values() if name in parts)
    if len(parts) == 3:
        if holds(*parts) or any(close(got, ours[part].T) for part in parts):
            return "qkv_order"
        joint = torch.cat([ours[part] for part in parts])  # (3D, …)
        i = parts.index(name)
        d = CFG.emb_dim
        splits = [joint.unflatten(0, (d, 3))[:, i]]
        if joint.ndim == 2:
            splits += [joint.T.reshape(3, d, d)[i], joint.T.reshape(d, d, 3)[..., i], joint.reshape(d, 3, d)[:, i]]
        if any(close(got, way) or close(got, way.T) for way in splits):
            return "qkv_split"
    if ".norm" in name and holds(*(name.replace(a, b) for a, b in (("norm1", "norm2"), ("norm2", "norm1")))):
        return "norms_swapped"
    if name.startswith("trf_blocks.") and holds(*(f"trf_blocks.{i}.{name[13:]}" for i in range(CFG.n_layers))):
        return "wrong_block"
    return "wrong_weight"


@exercise.item("values", "Cada tensor acaba en su sitio", "Every tensor ends up in its place", points=2)
def _(probe: Probe) -> None:
    model, theirs, ours = draw(probe)
    before = state(model)
    try:
        fill(probe, model, theirs)
    except Wrong as wrong:
        if wrong.fault not in ("raises", "shape_error"):
            raise
        # Perhaps only the names are not those it expects.
        for given, fault in ((with_head(theirs), "demands_head"), (with_prefix(theirs), "prefix")):
            if succeeds(probe, given, ours):
                raise Wrong(fault) from None
        raise
    judge(model, ours, before)


# ---- names ---------------------------------------------------------------------------------------------------------


def with_head(theirs: Weights) -> Weights:
    return theirs | {"lm_head.weight": theirs["wte.weight"]}


def with_prefix(theirs: Weights) -> Weights:
    """As `GPT2LMHeadModel` gives them."""
    # The head comes first, as in a file whose names are in order.
    return {"lm_head.weight": theirs["wte.weight"]} | {f"transformer.{name}": each for name, each in theirs.items()}


def succeeds(probe: Probe, theirs: Weights, ours: Weights) -> bool:
    model = GPTModel(CFG)
    before = state(model)
    try:
        fill(probe, model, theirs)
        judge(model, ours, before)
    except Wrong:
        return False
    return True


def with_masks(theirs: Weights, prefix: str = "") -> Weights:
    size = CFG.context_length
    masks = {}
    for i in range(CFG.n_layers):
        masks[f"{prefix}h.{i}.attn.bias"] = torch.ones(1, 1, size, size).tril()
        masks[f"{prefix}h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    return masks | theirs


@exercise.item("names", "Con prefijo o sin él, con máscaras o sin ellas", "With prefix or without, masks or none")
def _(probe: Probe) -> None:
    model, theirs, ours = draw(probe)
    for given, fault in (
        (with_prefix(theirs), "prefix"),
        (with_masks(theirs), "masks"),
        (with_masks(with_prefix(theirs), "transformer."), "masks"),
    ):
        model = GPTModel(CFG)
        before = state(model)
        try:
            fill(probe, model, given)
        except Wrong as wrong:
            if wrong.fault not in ("raises", "shape_error") or not succeeds(probe, theirs, ours):
                raise
            raise Wrong(fault, **wrong.details) from None
        judge(model, ours, before)
    own_head(probe)


def own_head(probe: Probe) -> None:
    """A head that is not the token embedding goes to out_head, and nowhere else."""
    _, theirs, ours = draw(probe)
    head = probe.randn(*ours["out_head.weight"].shape)
    for given in (theirs, with_prefix(theirs)):
        model = GPTModel(CFG)
        before = state(model)
        fill(probe, model, given | {"lm_head.weight": head})
        if close(model.out_head.weight.detach().float(), ours["tok_emb.weight"]):
            raise Wrong("head_ignored", name="out_head.weight")
        judge(model, ours | {"out_head.weight": head}, before)


# ---- wrong tensors -------------------------------------------------------------------------------------------------


def complaint(probe: Probe, model: GPTModel, theirs: Weights) -> str | None:
    """What the answer says when it refuses to go on."""

    def call(model: GPTModel, theirs: Weights) -> str | None:
        try:
            probe.candidate(model, theirs)
        except NotImplementedError:
            raise
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None

    return probe(call, model, theirs)


def refuse(probe: Probe, name: str, theirs: Weights, fault: str) -> None:
    """The answer must refuse, name the tensor, and leave the model as it was."""
    model = GPTModel(CFG)
    before = state(model)
    error = complaint(probe, model, theirs)
    if error is None:
        raise Wrong(fault, name=name)
    known = {"wte.weight": [*NAMES["wte.weight"], "lm_head.weight"], "lm_head.weight": ["out_head.weight"]}
    if not any(each in error for each in (name, *(known.get(name) or NAMES[name]))):
        raise Wrong("unnamed", name=name, error=" ".join(error.split())[:100])
    for own, tensor in state(model).items():
        if own not in before or not torch.equal(tensor, before[own]):
            raise Wrong("partial_writes", name=own)


def fill_whole(probe: Probe) -> None:
    """What stops at the right tensors, too, does not stop because of the wrong ones."""
    model, theirs, _ = draw(probe)
    fill(probe, model, with_head(theirs))


@exercise.item("missing", "Si falta un tensor, lo dice y no toca nada", "A missing tensor: says so and touches nothing")
def _(probe: Probe) -> None:
    fill_whole(probe)
    first = ("ln_f.bias", "h.1.mlp.c_proj.bias", "wpe.weight", "h.0.attn.c_attn.bias", "wte.weight")
    for name in (*first, *(name for name in NAMES if name not in first)):
        _, theirs, _ = draw(probe)
        del theirs[name]
        refuse(probe, name, theirs, "accepts_missing")


@exercise.item(
    "shapes", "Si una forma no encaja, lo dice y no toca nada", "A shape that does not fit: says so and touches nothing"
)
def _(probe: Probe) -> None:
    d = CFG.emb_dim
    wrong = {
        "ln_f.weight": (1,),
        "h.1.ln_2.bias": (d + 1,),
        "h.1.attn.c_proj.bias": (),
        "h.0.attn.c_attn.weight": (d, 3 * d + 3),
        "h.0.attn.c_attn.bias": (3,),
        "h.1.mlp.c_fc.weight": (4 * d, d),
        "wpe.weight": (CFG.context_length + 1, d),
        "wte.weight": (CFG.vocab_size + 1, d),
        "h.0.ln_1.weight": (d + 1,),
        "h.1.ln_1.bias": (1,),
        "h.1.ln_2.weight": (1,),
        "ln_f.bias": (d - 1,),
        "h.0.attn.c_proj.weight": (1, d),
        "h.0.mlp.c_fc.bias": (1,),
        "h.2.mlp.c_proj.weight": (d, 4 * d),
        "h.2.mlp.c_proj.bias": (d + 1,),
        "lm_head.weight": (1, d),
    }
    fill_whole(probe)
    for name, size in wrong.items():
        _, theirs, _ = draw(probe)
        theirs[name] = probe.randn(*size, 1).squeeze(-1)
        refuse(probe, name, theirs, "accepts_shape")


# ---- afterwards ----------------------------------------------------------------------------------------------------


@exercise.item("apart", "El modelo y el diccionario no comparten nada", "The model and the dictionary share nothing")
def _(probe: Probe) -> None:
    model, theirs, ours = draw(probe)
    before = state(model)
    given = with_masks({name: tensor.clone() for name, tensor in with_prefix(theirs).items()}, "transformer.")
    kept = {name: tensor.clone() for name, tensor in given.items()}
    tensors = list(given.values())
    own = dict(model.named_parameters())
    fill(probe, model, given)
    judge(model, ours, before)
    for name in sorted(kept.keys() | given.keys()):
        if name not in given or name not in kept or not close(given[name], kept[name]):
            raise Wrong("changes_dict", name=name)
    for tensor in tensors:
        tensor.zero_()
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name, want in ours.items():
        if name not in parameters or not parameters[name].requires_grad:
            raise Wrong("frozen", name=name)
        if parameters[name] is not own[name]:
            raise Wrong("swapped", name=name)
        if not close(parameters[name].float(), want):
            raise Wrong("aliased", name=name)
    same_tensors(probe)


def same_tensors(probe: Probe) -> None:
    """Without a head in the file, and in another precision: the model's tensors are still its own, and apart."""
    model, theirs, ours = draw(probe)
    before, own = state(model), dict(model.named_parameters())
    fill(probe, model, {name: tensor.double() for name, tensor in theirs.items()})
    judge(model, ours, before)
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if parameter is not own[name] or parameter.dtype != before[name].dtype:
            raise Wrong("swapped", name=name)
    if model.out_head.weight.data_ptr() == model.tok_emb.weight.data_ptr():
        raise Wrong("swapped", name="out_head.weight")


@exercise.item("reference", "Los logits son los de transformers", "The logits are those of transformers")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = GPTModel(STORED_CFG).eval()
    token_ids, expected = stored.pop("token_ids"), stored.pop("expected")
    fill(probe, model, stored, STORED_CFG)
    with torch.no_grad():
        probe.same(model.double()(token_ids), expected, rtol=1e-6, atol=1e-6)
