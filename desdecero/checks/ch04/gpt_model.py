"""ch04/gpt_model: GPT-2 (Radford et al., 2019), with an output layer of its own."""

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from desdecero.checks.ch04._common import (
    CUT_GRADIENT,
    DEEP,
    DROPOUT_IN_EVAL,
    FLOAT32,
    QKV_BIAS_IGNORED,
    Weights,
    answer,
    block,
    check_gradients,
    check_qkv_bias,
    config,
    fill,
    inside,
    layer_norm,
    logits,
    model_shapes,
    random_weights,
    reach,
    stored_weights,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, close, type_name
from desdecero.gpt import GPTConfig

exercise = Exercise(
    id="ch04/gpt_model",
    defines="GPTModel",
    reference="desdecero.gpt:GPTModel",
    difficulty=3,
    minutes=30,
    faults={
        "plain_list": (
            "«trf_blocks» es una lista corriente, y PyTorch no ve los pesos que guarda: "
            "usa nn.Sequential o nn.ModuleList.",
            "“trf_blocks” is a plain list, and PyTorch does not see the weights in it: "
            "use nn.Sequential or nn.ModuleList.",
        ),
        "wrong_depth": (
            "«trf_blocks» tiene {got} bloques y debe tener cfg.n_layers, aquí {expected}.",
            "“trf_blocks” has {got} blocks and should have cfg.n_layers, here {expected}.",
        ),
        "shared_blocks": (
            "Es el mismo bloque repetido, con los mismos pesos: crea un TransformerBlock nuevo para cada capa.",
            "It is one block repeated, with the same weights: create a new TransformerBlock for each layer.",
        ),
        "head_bias": (
            "«out_head» lleva sesgo: créala con bias=False.",
            "“out_head” has a bias: create it with bias=False.",
        ),
        "tied_head": (
            "La salida usa los pesos de tok_emb: out_head debe tener, y usar, los suyos.",
            "The output uses the weights of tok_emb: out_head must have, and use, its own.",
        ),
        "no_head": (
            "Falta out_head al final: convierte cada vector en una puntuación por entrada del vocabulario.",
            "out_head is missing at the end: it turns each vector into one score per vocabulary entry.",
        ),
        "no_positions": (
            "Falta la posición: suma pos_emb a los embeddings de los tokens.",
            "The position is missing: add pos_emb to the token embeddings.",
        ),
        "wrong_positions": (
            "Las posiciones están mal numeradas: la primera es la 0, y siguen en orden, torch.arange(T).",
            "The positions are numbered wrongly: the first is 0, and they go on in order, torch.arange(T).",
        ),
        "no_final_norm": (
            "Falta final_norm entre el último bloque y out_head.",
            "final_norm is missing between the last block and out_head.",
        ),
        "missing_blocks": (
            "No se recorren todos los bloques: x pasa una vez por cada uno.",
            "Not all the blocks are gone through: x passes each of them once.",
        ),
        "reversed_blocks": (
            "Los bloques se recorren al revés: empieza por trf_blocks[0].",
            "The blocks are gone through backwards: start with trf_blocks[0].",
        ),
        "lost_output": (
            "Todos los bloques reciben la misma x: cada uno debe recibir lo que devuelve el anterior.",
            "All the blocks get the same x: each must get what the one before returns.",
        ),
        "probabilities": (
            "Devuelves probabilidades o sus logaritmos: se piden los logits, sin softmax.",
            "You return probabilities or their logarithms: what is asked for are the logits, without softmax.",
        ),
        "last_only": (
            "Devuelves solo el último paso: hacen falta los logits de todas las posiciones.",
            "You return the last step only: the logits of every position are needed.",
        ),
        "not_causal": (
            "La predicción de una posición depende de los tokens que le siguen: la atención debe ser causal.",
            "A position's prediction depends on the tokens after it: the attention must be causal.",
        ),
        "scaled_embedding": (
            "Multiplicas los embeddings por √emb_dim: GPT-2 no lo hace.",
            "You multiply the embeddings by √emb_dim: GPT-2 does not.",
        ),
        "qkv_bias_ignored": QKV_BIAS_IGNORED,
        "dropout_in_eval": DROPOUT_IN_EVAL,
        "drop_rate_ignored": (
            "drop_rate no se respeta: al entrenar, con 0.5 tiene que haber dropout y con 0.0 no.",
            "drop_rate is not respected: in training there has to be dropout with 0.5 and none with 0.0.",
        ),
        "no_embedding_dropout": (
            "Al entrenar falta el dropout de los embeddings: aplícalo a la suma de tok_emb y pos_emb, antes del primer "
            "bloque.",
            "In training, the dropout of the embeddings is missing: apply it to the sum of tok_emb and pos_emb, before "
            "the first block.",
        ),
        "wrong_embedding_dropout": (
            "Al entrenar, fuera de los bloques va un solo dropout, nn.Dropout(cfg.drop_rate), sobre la suma de tok_emb "
            "y pos_emb: mira su tasa, dónde está y si sobra otro.",
            "In training, there is a single dropout outside the blocks, nn.Dropout(cfg.drop_rate), on the sum of "
            "tok_emb and pos_emb: look at its rate, where it stands and whether there is another.",
        ),
        "no_block_dropout": (
            "Al entrenar, los bloques no aplican el dropout de cfg.drop_rate a la salida de sus ramas: constrúyelos "
            "con cfg tal cual, TransformerBlock(cfg).",
            "In training, the blocks do not apply the dropout of cfg.drop_rate to what comes out of their branches: "
            "build them with cfg as it is, TransformerBlock(cfg).",
        ),
        "frozen_row": (
            "Una fila de «{name}» no aprende: crea la nn.Embedding sin padding_idx.",
            "A row of “{name}” does not learn: create the nn.Embedding without padding_idx.",
        ),
        "cut_gradient": CUT_GRADIENT,
        "not_on_meta": (
            "El modelo no se puede construir en el dispositivo «meta», donde los tensores no tienen valores: "
            "no fijes el dispositivo ni leas valores en __init__ ({error}).",
            "The model can't be built on the “meta” device, where tensors have no values: "
            "neither fix the device nor read values in __init__ ({error}).",
        ),
        "parameter_count": (
            "Con el tamaño de {name} hay {got} parámetros y deben ser {expected}: mira si sobra o falta alguna capa "
            "(la máscara es un buffer y no cuenta).",
            "At the size of {name} there are {got} parameters, not {expected}: see whether a layer is missing or one "
            "too many (the mask is a buffer and does not count).",
        ),
    },
)

# Radford et al., 2019, table 2: emb_dim, n_heads, n_layers.
SIZES = {
    "GPT-2 small": (768, 12, 12),
    "GPT-2 medium": (1_024, 16, 24),
    "GPT-2 large": (1_280, 20, 36),
    "GPT-2 XL": (1_600, 25, 48),
}


def mimics(token_ids: Tensor, weights: Weights, cfg: GPTConfig) -> Mimics:
    """What answers with the usual mistakes would give."""
    T, n = token_ids.shape[1], cfg.n_layers
    tokens, places = weights["tok_emb.weight"][token_ids], weights["pos_emb.weight"]
    blocks = [inside(weights, f"trf_blocks.{i}") for i in range(n)]

    def through(x: Tensor, *order: int, causal: bool = True) -> Tensor:
        for i in order:
            x = block(x, blocks[i], cfg.n_heads, causal)
        return x

    def head(x: Tensor, name: str = "out_head") -> Tensor:
        return layer_norm(x, weights, "final_norm") @ weights[f"{name}.weight"].T

    every = range(n)
    x = tokens + places[:T]
    hidden = through(x, *every)
    right = head(hidden)
    wrong_places = [
        places.roll(-1, 0)[:T],
        places.roll(1, 0)[:T],
        places[:T].flip(0),
        places[-T:],
        places[T - 1],
        places[0],
    ]
    return {
        "no_positions": head(through(tokens, *every)),
        "wrong_positions": [head(through(tokens + place, *every)) for place in wrong_places],
        "no_final_norm": hidden @ weights["out_head.weight"].T,
        "tied_head": [head(hidden, "tok_emb"), hidden @ weights["tok_emb.weight"].T],
        "no_head": [layer_norm(hidden, weights, "final_norm"), hidden],
        "reversed_blocks": head(through(x, *reversed(every))),
        "missing_blocks": [
            head(through(x, *order)) for order in ((), every[:1], every[-1:], every[:-1], every[1:], [0] * n, [-1] * n)
        ],
        "lost_output": head(x + sum(through(x, i) - x for i in every)),
        "probabilities": [right.softmax(-1), right.log_softmax(-1), right.sigmoid()],
        "last_only": [right[:, -1], right[:, -1:]],
        "not_causal": lambda: head(through(x, *every, causal=False)),
        "scaled_embedding": [
            head(through(y, *every))
            for y in (tokens * cfg.emb_dim**0.5 + places[:T], (tokens + places[:T]) * cfg.emb_dim**0.5)
        ],
    }


def checked(probe: Probe, cfg: GPTConfig) -> nn.Module:
    """The student's model, its parts looked at."""
    module = probe.build(cfg)
    probe.attribute(module, "tok_emb", nn.Embedding)
    probe.attribute(module, "pos_emb", nn.Embedding)
    probe.attribute(module, "final_norm", nn.Module)
    head = probe.attribute(module, "out_head", nn.Linear)
    blocks = probe.attribute(module, "trf_blocks", object)
    if isinstance(blocks, list | tuple):
        raise Wrong("plain_list")
    probe.attribute(module, "trf_blocks", (nn.Sequential, nn.ModuleList))
    if len(blocks) != cfg.n_layers:
        raise Wrong("wrong_depth", got=len(blocks), expected=cfg.n_layers)
    weights = [{id(parameter) for parameter in part.parameters()} for part in blocks]
    if sum(map(len, weights)) != len(set().union(*weights)):
        raise Wrong("shared_blocks")
    for part in blocks:
        check_qkv_bias(part, cfg)
    if head.bias is not None:
        raise Wrong("head_bias")
    if head.weight.data_ptr() == module.tok_emb.weight.data_ptr():
        raise Wrong("tied_head")
    return module


def ready(probe: Probe, cfg: GPTConfig, weights: Weights, dtype: torch.dtype = torch.float64) -> nn.Module:
    module = checked(probe, cfg).to(dtype)
    fill(probe, module, weights)
    return module


def compare(
    probe: Probe, cfg: GPTConfig, weights: Weights, token_ids: Tensor, expected: Tensor, **tolerance: float
) -> None:
    module = ready(probe, cfg, weights, expected.dtype)
    probe.same(answer(probe, module, token_ids), expected, mimics(token_ids, weights, cfg), **tolerance)


@exercise.item("parts", "El modelo tiene las partes pedidas", "The model has the parts asked for")
def _(probe: Probe) -> None:
    for cfg in (config(8, 2, 3), config(9, 3, 1, vocab_size=11, context_length=5, qkv_bias=True)):
        module = ready(probe, cfg, random_weights(probe, model_shapes(cfg), torch.float32), torch.float32)
        token_ids = probe.randint(0, cfg.vocab_size, (2, 4))
        result = probe(module, token_ids)
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))


@exercise.item("reference", "Coincide con un GPT-2 de transformers", "Agrees with a GPT-2 of transformers", points=2)
def _(probe: Probe) -> None:
    stored = exercise.stored()
    cfg = config(12, 3, 2, vocab_size=19, context_length=8, drop_rate=0.1, qkv_bias=True)
    weights = stored_weights(stored, model_shapes(cfg))
    compare(probe, cfg, weights, stored["token_ids"], stored["expected"], **DEEP)


@exercise.item(
    "fresh_inputs", "Acierta con otros tamaños y longitudes", "Is right for other sizes and lengths", points=2
)
def _(probe: Probe) -> None:
    for batch, tokens, emb_dim, n_heads, n_layers in ((2, 5, 8, 2, 3), (1, 7, 12, 4, 2), (3, 1, 6, 6, 1)):
        cfg = config(emb_dim, n_heads, n_layers, drop_rate=0.5, qkv_bias=bool(probe.pick(0, 2)))
        token_ids = probe.randint(0, cfg.vocab_size, (batch, tokens))
        weights = random_weights(probe, model_shapes(cfg), torch.float64)
        compare(probe, cfg, weights, token_ids, logits(token_ids, weights, cfg), **DEEP)
        module = ready(probe, cfg, weights)
        for length in (1, cfg.context_length, 3):  # one and the same model
            token_ids = probe.randint(0, cfg.vocab_size, (batch, length))
            expected = logits(token_ids, weights, cfg)
            result = probe(module, token_ids)
            if not isinstance(result, Tensor) or not close(result, expected, **DEEP):
                probe.same(result, expected, mimics(token_ids, weights, cfg), **DEEP)
        weights = {name: value.float() for name, value in weights.items()}
        compare(probe, cfg, weights, token_ids, logits(token_ids, weights, cfg), **FLOAT32)


@exercise.item("dropout", "drop_rate decide el dropout al entrenar", "drop_rate sets the dropout in training")
def _(probe: Probe) -> None:
    for drop_rate in (0.0, 0.5):
        cfg = config(8, 2, 2, drop_rate=drop_rate)
        weights = random_weights(probe, model_shapes(cfg), torch.float64)
        token_ids = probe.randint(0, cfg.vocab_size, (2, 6))
        module = ready(probe, cfg, weights)
        expected = logits(token_ids, weights, cfg)
        probe.same(answer(probe, module, token_ids), expected, mimics(token_ids, weights, cfg), **DEEP)
        module.train()
        first, second = probe(module, token_ids), probe(module, token_ids)
        if not isinstance(first, Tensor) or first.shape != expected.shape:
            probe.same(first, expected)
        if close(first, expected, **DEEP) != (drop_rate == 0) or close(first, second) != (drop_rate == 0):
            raise Wrong("drop_rate_ignored")
    # Blocks whose branches give nothing have nothing to drop: what is left is the dropout of the embeddings.
    for name in weights:
        if "out_proj." in name or "layers.2." in name:
            weights[name].zero_()
    module = ready(probe, cfg, weights)
    expected = logits(token_ids, weights, cfg)
    probe.same(answer(probe, module, token_ids), expected, **DEEP)
    module.train()
    first, second = probe(module, token_ids), probe(module, token_ids)
    if close(first, expected, **DEEP) or close(first, second):
        raise Wrong("no_embedding_dropout")
    check_embedding_dropout(probe, 0.4)


def check_embedding_dropout(probe: Probe, rate: float) -> None:
    """Where the embeddings' dropout acts, how often and how strongly, read off the logits.

    Every token and its place add up to 20, each coordinate in a way of its own, and the head shows what the last
    norm gives. With a block that gives nothing, dropout leaves 20 or nothing, in the norm's measure; with one of
    whose branches one gives 1 everywhere, dropped or not, it leaves 0, 1, 20 or 21.
    """
    cfg = config(128, 2, vocab_size=128, drop_rate=rate)
    weights = random_weights(probe, model_shapes(cfg), torch.float64)
    for name in weights:
        if "out_proj." in name or "layers.2." in name or name == "final_norm.shift":
            weights[name].zero_()
    part = probe.randint(1, 20, (cfg.emb_dim,)).double()
    weights["tok_emb.weight"].copy_(part.expand(cfg.vocab_size, -1))
    weights["pos_emb.weight"].copy_(20 - part.expand(cfg.context_length, -1))
    weights["final_norm.scale"].fill_(1)
    weights["out_head.weight"].copy_(torch.eye(cfg.emb_dim))
    token_ids = probe.randint(0, cfg.vocab_size, (4, cfg.context_length))
    for giving in ("", "att.out_proj", "ff.layers.2"):
        given = 1 if giving else 0
        for branch in ("att.out_proj", "ff.layers.2"):
            weights[f"trf_blocks.0.{branch}.bias"].fill_(branch == giving)
        module = ready(probe, cfg, weights).train()
        result = probe(module, token_ids)
        if not isinstance(result, Tensor) or result.shape != (*token_ids.shape, cfg.vocab_size):
            probe.same(result, logits(token_ids, weights, cfg))
        low, high = result.detach().aminmax(dim=-1, keepdim=True)
        level = (result.detach() - low) / (high - low) * (20 + given)  # nan where everything is the same
        steps = [(level - step).abs() < 1e-6 for step in ((0, 20), (0, 1, 20, 21))[given]]
        kept = level[level > 10]
        if given and len(kept) and unlike((kept - kept.max()).abs() < 1e-6, rate):
            raise Wrong("no_block_dropout")
        if not bool(sum(steps).all()) or unlike(level > 10, rate):
            raise Wrong("wrong_embedding_dropout")


def unlike(kept: Tensor, rate: float) -> bool:
    """Whether dropout with this rate would not have kept so many, or so few."""
    share = float(kept.double().mean())
    return abs(share - (1 - rate)) > 6 * (rate * (1 - rate) / kept.numel()) ** 0.5


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    cfg = config(6, 2, 2, vocab_size=11, context_length=6, drop_rate=0.3, qkv_bias=True)
    weights = random_weights(probe, model_shapes(cfg), torch.float64)
    module = ready(probe, cfg, weights)
    every = torch.randperm(cfg.vocab_size, generator=probe.generator)
    token_ids = torch.cat([every, every[:1]]).view(2, 6)  # all the vocabulary, and all the places
    weights = {name: value.requires_grad_() for name, value in weights.items()}
    result, expected = probe(module, token_ids), logits(token_ids, weights, cfg)
    probe.same(result, expected, **DEEP)
    try:
        check_gradients(probe, module, result, expected, weights)
    except Wrong:
        for name in ("tok_emb", "pos_emb"):
            table = reach(module, f"{name}.weight")
            if table.requires_grad:
                pull = probe.randn(*expected.shape, dtype=expected.dtype)
                (gradient,) = probe.gradients(probe(module, token_ids), [table], pull)
                moves = gradient.abs().amax(dim=1) > 0
                if bool(moves.any()) and not bool(moves.all()):
                    raise Wrong("frozen_row", name=name) from None
        raise


@exercise.item(
    "parameters", "Los cuatro tamaños de GPT-2 tienen sus parámetros", "The four sizes of GPT-2 have their parameters"
)
def _(probe: Probe) -> None:
    probe(checked(probe, config(8, 2, 3)), probe.randint(0, 23, (1, 2)))
    for name, (emb_dim, n_heads, n_layers) in SIZES.items():
        cfg = GPTConfig(50_257, 1_024, emb_dim, n_heads, n_layers, drop_rate=0.1, qkv_bias=True)
        with torch.device("meta"), _NothingToFill():
            module = probe.build(cfg, fault="not_on_meta")
        if not all(parameter.is_meta for parameter in module.parameters()):
            raise Wrong("not_on_meta", error="device='cpu'")
        got, expected = sum(parameter.numel() for parameter in module.parameters()), parameter_count(cfg)
        if got != expected:
            raise Wrong("parameter_count", name=name, got=spaced(got), expected=spaced(expected))


class _NothingToFill(TorchFunctionMode):
    """On the meta device tensors have no values: skip what would only set them, which takes most of the time."""

    FILL = ("uniform_", "normal_", "trunc_normal_", "zero_", "fill_")
    INIT = ("kaiming_uniform_", "kaiming_normal_", "xavier_uniform_", "xavier_normal_")
    MASK = ("triu", "tril", "triu_", "tril_")
    NAMES = frozenset(FILL + INIT + MASK)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in self.NAMES:
            tensor = args[0] if args else kwargs.get("tensor", kwargs.get("input"))
            if isinstance(tensor, Tensor) and tensor.is_meta:
                return tensor
        return func(*args, **kwargs)


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def parameter_count(cfg: GPTConfig) -> int:
    """Counted on paper: 12 d² + 13 d in a block with biases, two tables, one position table, the last norm."""
    d = cfg.emb_dim
    tables = (2 * cfg.vocab_size + cfg.context_length) * d
    return tables + cfg.n_layers * (12 * d * d + 13 * d) + 2 * d
