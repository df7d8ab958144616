"""ch04/transformer_block: GPT-2's block (Radford et al., 2019): normalise first, then a branch beside a shortcut."""

import torch
from torch import Tensor, nn

from desdecero.checks.ch04._common import (
    CUT_GRADIENT,
    DEEP,
    DROPOUT_IN_EVAL,
    FLOAT32,
    QKV_BIAS_IGNORED,
    Weights,
    answer,
    attention,
    block,
    block_shapes,
    check_gradients,
    check_qkv_bias,
    config,
    feed_forward,
    fill,
    inside,
    layer_norm,
    random_weights,
    stored_weights,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Mimics, Probe, Wrong, close, type_name
from desdecero.gpt import GPTConfig

exercise = Exercise(
    id="ch04/transformer_block",
    defines="TransformerBlock",
    reference="desdecero.gpt:TransformerBlock",
    difficulty=2,
    minutes=20,
    forbidden=Forbidden(
        functions=("_transformer_encoder_layer_fwd",),
        modules=(nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.Transformer),
        packages=("transformers",),
    ),
    faults={
        "same_norm": (
            "norm1 y norm2 son el mismo objeto: crea dos LayerNorm, cada una con sus pesos.",
            "norm1 and norm2 are the same object: create two LayerNorm, each with its own weights.",
        ),
        "qkv_bias_ignored": QKV_BIAS_IGNORED,
        "context_ignored": (
            "La máscara de la atención mide {got} × {got} con cualquier contexto: pasa cfg.context_length a la "
            "atención.",
            "The attention's mask is {got} × {got} for any context: pass cfg.context_length to the attention.",
        ),
        "post_norm": (
            "Normalizas después de cada rama: en GPT-2 se normaliza antes, att(norm1(x)) y ff(norm2(x)).",
            "You normalise after each branch: GPT-2 normalises before, att(norm1(x)) and ff(norm2(x)).",
        ),
        "no_first_shortcut": (
            "Falta el atajo de la atención: suma x a lo que sale de esa rama.",
            "The attention's shortcut is missing: add x to what comes out of that branch.",
        ),
        "no_second_shortcut": (
            "Falta el atajo de la red feed-forward: suma x a lo que sale de esa rama.",
            "The feed-forward's shortcut is missing: add x to what comes out of that branch.",
        ),
        "no_shortcuts": (
            "Faltan los dos atajos: a la salida de cada rama se le suma lo que entró en ella.",
            "Both shortcuts are missing: to what comes out of each branch, what went into it is added.",
        ),
        "normalised_shortcut": (
            "El atajo parte del valor ya normalizado: guarda x antes de normalizar y suma ese.",
            "The shortcut starts from the normalised value: keep x before normalising and add that one.",
        ),
        "stale_shortcut": (
            "El segundo atajo suma la x que entró en el bloque: debe sumar la que salió del primer atajo.",
            "The second shortcut adds the x that entered the block: it must add what came out of the first.",
        ),
        "parallel_branches": (
            "Las dos ramas leen la misma x: la segunda debe leer el resultado de la primera.",
            "Both branches read the same x: the second must read the result of the first.",
        ),
        "one_norm_twice": (
            "Usas la misma normalización en las dos ramas: norm1 va delante de att y norm2 delante de ff.",
            "You use the same normalisation in both branches: norm1 goes before att and norm2 before ff.",
        ),
        "swapped_norms": (
            "norm1 y norm2 están cambiadas: norm1 va delante de att y norm2 delante de ff.",
            "norm1 and norm2 are swapped: norm1 goes before att and norm2 before ff.",
        ),
        "missing_norm": (
            "Una de las ramas, o las dos, recibe x sin normalizar: aplica norm1 antes de att y norm2 antes de ff.",
            "One branch, or both, gets x without normalising it: apply norm1 before att and norm2 before ff.",
        ),
        "swapped_branches": (
            "Las ramas van al revés: primero la atención y después la red feed-forward.",
            "The branches are in the wrong order: first the attention, then the feed-forward.",
        ),
        "missing_branch": (
            "Una de las dos ramas no interviene: hacen falta la atención y la red feed-forward.",
            "One of the two branches has no part in the result: both attention and feed-forward are needed.",
        ),
        "not_causal": (
            "La atención mira hacia delante: ningún token debe depender de los que le siguen.",
            "The attention looks ahead: no token may depend on the ones after it.",
        ),
        "heads_ignored": (
            "El número de cabezas no es cfg.n_heads: pásalo a la atención.",
            "The number of heads is not cfg.n_heads: pass it to the attention.",
        ),
        "dropout_in_eval": DROPOUT_IN_EVAL,
        "no_dropout_att": (
            "Al entrenar falta el dropout a la salida de la atención, antes de sumar el atajo.",
            "In training, the dropout on what comes out of the attention, before the shortcut is added, is missing.",
        ),
        "no_dropout_ff": (
            "Al entrenar falta el dropout a la salida de la red feed-forward, antes de sumar el atajo.",
            "In training, the dropout on what comes out of the feed-forward, before the shortcut is added, is missing.",
        ),
        "no_dropout": (
            "Al entrenar no hay dropout a la salida de ninguna de las dos ramas.",
            "In training there is no dropout on what comes out of either branch.",
        ),
        "dropout_on_shortcut": (
            "El dropout alcanza también al atajo: aplícalo a la salida de cada rama, antes de sumar x.",
            "The dropout reaches the shortcut, too: apply it to what comes out of each branch, before adding x.",
        ),
        "wrong_rate": (
            "El dropout a la salida de una rama anula una fracción {got} de los valores y debe ser cfg.drop_rate, "
            "aquí {expected}.",
            "The dropout after a branch wipes out a fraction {got} of the values; it must be cfg.drop_rate, "
            "here {expected}.",
        ),
        "whole_vectors": (
            "El dropout anula filas o columnas enteras: debe decidir para cada número por separado, como nn.Dropout.",
            "The dropout wipes out whole rows or columns: it must decide for each number on its own, like nn.Dropout.",
        ),
        "same_places": (
            "El dropout anula siempre los mismos lugares: sortéalo de nuevo en cada rama y en cada llamada.",
            "The dropout always wipes out the same places: draw anew in each branch and at each call.",
        ),
        "unscaled_dropout": (
            "El dropout anula valores, pero no agranda los que quedan: divídelos entre 1 − drop_rate, "
            "o usa nn.Dropout.",
            "The dropout wipes out values but does not enlarge the rest: divide them by 1 − drop_rate, "
            "or use nn.Dropout.",
        ),
        "second_input": (
            "Al entrenar, la segunda rama no recibe lo que sale de la primera suma, con su dropout: guarda esa suma "
            "en x, y tanto norm2 como el segundo atajo parten de ella.",
            "In training, the second branch does not get what comes out of the first addition, dropout included: keep "
            "that sum in x, and let both norm2 and the second shortcut start from it.",
        ),
        "no_dropout_inside": (
            "La atención no aplica dropout a sus pesos al entrenar: pásale cfg.drop_rate, además del dropout que va a "
            "su salida.",
            "The attention applies no dropout to its weights in training: pass it cfg.drop_rate, besides the dropout "
            "on what comes out of it.",
        ),
        "wrong_rate_inside": (
            "El dropout de los pesos de la atención anula una fracción {got} de ellos y debe ser cfg.drop_rate, aquí "
            "{expected}: pásaselo a la atención.",
            "The dropout of the attention weights wipes out a fraction {got} of them; it must be cfg.drop_rate, here "
            "{expected}: pass it to the attention.",
        ),
        "cut_gradient": CUT_GRADIENT,
    },
)


def mimics(x: Tensor, weights: Weights, n_heads: int) -> Mimics:
    """What answers with the usual mistakes would give."""

    def norm1(y: Tensor) -> Tensor:
        return layer_norm(y, weights, "norm1")

    def norm2(y: Tensor) -> Tensor:
        return layer_norm(y, weights, "norm2")

    def att(y: Tensor, heads: int = n_heads, causal: bool = True) -> Tensor:
        return attention(y, inside(weights, "att"), heads, causal)

    def ff(y: Tensor) -> Tensor:
        return feed_forward(y, inside(weights, "ff"))

    def after_first(y: Tensor) -> Tensor:
        return y + ff(norm2(y))

    first = x + att(norm1(x))
    post = norm1(x + att(x))
    bare, one, two = att(norm1(x)), norm1(x) + att(norm1(x)), ff(norm2(x)) + x
    return {
        "post_norm": [
            norm2(post + ff(post)),
            x + norm1(att(x)) + norm2(ff(x + norm1(att(x)))),
            norm2(first + ff(first)),
            post + ff(norm2(post)),
        ],
        "no_first_shortcut": after_first(bare),
        "no_second_shortcut": ff(norm2(first)),
        "no_shortcuts": ff(norm2(bare)),
        "normalised_shortcut": [
            norm2(one) + ff(norm2(one)),
            after_first(one),
            norm2(first) + ff(norm2(first)),
        ],
        "stale_shortcut": x + ff(norm2(first)),
        "parallel_branches": [first + ff(norm2(x)), first + ff(norm1(x))],
        "one_norm_twice": [first + ff(norm1(first)), after_first(x + att(norm2(x)))],
        "swapped_norms": x + att(norm2(x)) + ff(norm1(x + att(norm2(x)))),
        "missing_norm": [after_first(x + att(x)), first + ff(first), x + att(x) + ff(x + att(x))],
        "swapped_branches": [
            two + att(norm1(two)),
            x + ff(norm1(x)) + att(norm2(x + ff(norm1(x)))),
        ],
        "missing_branch": [first, two, x],
        "not_causal": lambda: block(x, weights, n_heads, causal=False),
        "heads_ignored": [block(x, weights, n) for n in range(1, x.shape[-1] + 1) if x.shape[-1] % n == 0],
    }


def ready(probe: Probe, cfg: GPTConfig, weights: Weights, dtype: torch.dtype = torch.float64) -> nn.Module:
    """The student's block with these weights."""
    module = probe.build(cfg).to(dtype)
    parts = {name: probe.attribute(module, name, nn.Module) for name in ("att", "ff", "norm1", "norm2")}
    if parts["norm1"] is parts["norm2"]:
        raise Wrong("same_norm")
    check_qkv_bias(module, cfg)
    fill(probe, module, weights)
    return module


def compare(probe: Probe, cfg: GPTConfig, weights: Weights, x: Tensor, expected: Tensor, **tolerance: float) -> None:
    module = ready(probe, cfg, weights, x.dtype)
    probe.same(answer(probe, module, x), expected, mimics(x, weights, cfg.n_heads), **tolerance)


@exercise.item("parts", "Las cuatro partes tienen sus pesos", "The four parts have their weights")
def _(probe: Probe) -> None:
    for cfg in (config(8, 2), config(15, 3, qkv_bias=True)):
        weights = random_weights(probe, block_shapes(cfg), torch.float32)
        x = probe.randn(2, 3, cfg.emb_dim)
        result = probe(ready(probe, cfg, weights, torch.float32), x)
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))
        if result.shape != x.shape or result.dtype != x.dtype:
            probe.same(result, x)
    masks = [mask_sizes(probe, context_length) for context_length in (5, 11)]
    if masks[0] and masks[0] == masks[1]:
        raise Wrong("context_ignored", got=masks[0][0])


def mask_sizes(probe: Probe, context_length: int) -> list[int]:
    """How large the masks of the attention are; one of another class may have none."""
    module = probe.build(config(8, 2, context_length=context_length))
    return [b.shape[-1] for b in probe.attribute(module, "att", nn.Module).buffers() if is_mask(b)]


def is_mask(buffer: Tensor) -> bool:
    """Whether it is square and says one thing above the diagonal and another below."""
    if buffer.ndim < 2 or buffer.shape[-1] != buffer.shape[-2] or buffer.shape[-1] < 2:
        return False
    square = buffer.reshape(-1, *buffer.shape[-2:])[0]
    above = square[torch.ones_like(square, dtype=torch.bool).triu(1)]
    below = square[torch.ones_like(square, dtype=torch.bool).tril(-1)]
    return bool((above == above[0]).all() and (below == below[0]).all() and above[0] != below[0])


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x = stored["x"]
    cfg = config(x.shape[-1], 3, qkv_bias=True, drop_rate=0.1)
    weights = stored_weights(stored, block_shapes(cfg))
    compare(probe, cfg, weights, x, stored["expected"], **DEEP)


@exercise.item(
    "fresh_inputs",
    "Acierta con otros tamaños, formas y precisiones",
    "Is right for other sizes, shapes and precisions",
    points=2,
)
def _(probe: Probe) -> None:
    for dtype, tolerance in ((torch.float64, DEEP), (torch.float32, FLOAT32)):
        for batch, tokens, emb_dim, n_heads in ((2, 5, 8, 2), (1, 7, 12, 4), (3, 1, 6, 6), (1, 2, 9, 1)):
            cfg = config(emb_dim, n_heads, drop_rate=0.5, qkv_bias=bool(probe.pick(0, 2)))
            weights = random_weights(probe, block_shapes(cfg), dtype)
            x = probe.randn(batch, tokens, emb_dim, dtype=dtype)
            compare(probe, cfg, weights, x, block(x, weights, n_heads), **tolerance)


@exercise.item(
    "dropout", "Al entrenar, dropout a la salida de cada rama", "In training, dropout after each branch", points=2
)
def _(probe: Probe) -> None:
    rate = 0.4
    missing = [branch for branch in ("att", "ff") if not has_dropout(probe, branch, rate)]
    if missing:
        raise Wrong("no_dropout" if len(missing) == 2 else f"no_dropout_{missing[0]}")
    first, second = added(probe, {"att": 1.0, "ff": 10.0}, rate)
    kept_att, kept_ff = first % (10 / (1 - rate)) > 0.5, first > 5
    if torch.equal(kept_att, kept_ff) or torch.equal(first, second):
        raise Wrong("same_places")
    check_second_input(probe, rate)
    check_dropout_inside(probe, rate)


def added(probe: Probe, outputs: dict[str, float], rate: float) -> tuple[Tensor, Tensor]:
    """What the block adds to x in training, twice, when each branch gives the same number everywhere.

    A last layer whose weights are zero makes a branch give its bias. Dropout then turns it into 0 in a share `rate`
    of the places, and into 1 / (1 - rate) times as much in the others.
    """
    cfg = config(128, 2, context_length=8, drop_rate=rate)
    weights = random_weights(probe, block_shapes(cfg), torch.float64)
    for branch, last in (("att", "att.out_proj"), ("ff", "ff.layers.2")):
        weights[f"{last}.weight"].zero_()
        weights[f"{last}.bias"].fill_(outputs[branch])
    x = probe.randn(4, 8, cfg.emb_dim, dtype=torch.float64)
    module = ready(probe, cfg, weights)
    probe.same(answer(probe, module, x), block(x, weights, cfg.n_heads), **DEEP)
    module.train()
    results = probe(module, x), probe(module, x)
    for result in results:
        if not isinstance(result, Tensor) or result.shape != x.shape:
            probe.same(result, x)
    return results[0].detach() - x, results[1].detach() - x


def has_dropout(probe: Probe, branch: str, rate: float) -> bool:
    """Whether dropout acts after this branch, and on nothing else; raises when it acts wrongly."""
    change, _ = added(probe, {"att": 0.0, "ff": 0.0} | {branch: 1.0}, rate)
    dropped = change.abs() < 1e-6
    kept = change[~dropped]
    if not len(kept):
        raise Wrong("wrong_rate", got=1, expected=rate)
    share, level = float(dropped.double().mean()), float(kept.median())
    if not torch.allclose(kept, kept.new_tensor(level)):
        raise Wrong("dropout_on_shortcut")
    if share == 0 and abs(level - 1) < 1e-6:
        return False
    if any(bool((dropped.all(dim) | ~dropped.any(dim)).all()) for dim in (0, 1, 2)):
        raise Wrong("whole_vectors")
    if abs(share - rate) > 6 * (rate * (1 - rate) / dropped.numel()) ** 0.5:
        raise Wrong("wrong_rate", got=f"{share:.2f}", expected=rate)
    if abs(level - 1 / (1 - rate)) > 1e-6:
        raise Wrong("unscaled_dropout")
    return True


def check_second_input(probe: Probe, rate: float) -> None:
    """In training, too, the second branch starts from the first sum, and gradients flow.

    The attention gives so large a number everywhere that the result shows which ones were dropped, and with them
    what the second branch must have read.
    """
    cfg, large = config(16, 2, drop_rate=rate), 100.0
    weights = random_weights(probe, block_shapes(cfg), torch.float64)
    weights["att.out_proj.weight"].zero_()
    weights["att.out_proj.bias"].fill_(large)
    module = ready(probe, cfg, weights).train()
    x = probe.randn(3, 5, cfg.emb_dim, dtype=torch.float64).requires_grad_()
    result = probe(module, x)
    weights = {name: value.requires_grad_() for name, value in weights.items() if not name.startswith(NO_PART)}
    kept = ((result - x).detach() > large / 2).double()
    first = x + kept / (1 - rate) * weights["att.out_proj.bias"]
    added = feed_forward(layer_norm(first, weights, "norm2"), inside(weights, "ff")) / (1 - rate)
    chosen = ((result - first).detach().abs() > ROUGH / 2) * added
    if not close(result - first, chosen, rtol=ROUGH, atol=ROUGH):
        raise Wrong("second_input")
    check_gradients(probe, module, result, first + chosen, weights, x)


ROUGH = 1e-4  # beside a large number: 1 / (1 - rate) may have been rounded to float32
NO_PART = ("att.W_", "att.out_proj.weight", "norm1")  # where what the attention gives is set by hand


def check_dropout_inside(probe: Probe, rate: float) -> None:
    """Dropout must act on the attention weights, too.

    A token alone has a single weight in each head, 1: dropout turns what the head gives, its values, into nothing in
    a share `rate` of the heads. `out_proj` lets it through and adds a number large enough to show, where the dropout
    after the branch leaves 0, that it was this one.
    """
    cfg, offset = config(128, 8, context_length=8, drop_rate=rate), 100.0
    weights = random_weights(probe, block_shapes(cfg), torch.float64)
    weights["att.out_proj.weight"].copy_(torch.eye(cfg.emb_dim))
    weights["att.out_proj.bias"].fill_(offset)
    for name in ("weight", "bias"):
        weights[f"ff.layers.2.{name}"].zero_()
    x = probe.randn(128, 1, cfg.emb_dim, dtype=torch.float64)
    module = ready(probe, cfg, weights)
    probe.same(answer(probe, module, x), block(x, weights, cfg.n_heads), **DEEP)
    result = probe(module.train(), x)
    if not isinstance(result, Tensor) or result.shape != x.shape:
        probe.same(result, x)
    change = result.detach() - x
    kept = change.abs() > 1e-6
    values = layer_norm(x, weights, "norm1") @ weights["att.W_value.weight"].T
    given = change[kept] * (1 - rate) - offset
    if close(given, values[kept], rtol=ROUGH, atol=ROUGH):
        raise Wrong("no_dropout_inside")
    share = float((given.abs() < ROUGH).double().mean())
    if abs(share - rate) > 6 * (rate * (1 - rate) / (len(x) * cfg.n_heads)) ** 0.5:
        raise Wrong("wrong_rate_inside", got=f"{share:.2f}", expected=rate)


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    cfg = config(6, 2, qkv_bias=True, drop_rate=0.3)
    weights = random_weights(probe, block_shapes(cfg), torch.float64)
    module = ready(probe, cfg, weights)
    x = probe.randn(2, 5, 6, dtype=torch.float64).requires_grad_()
    weights = {name: value.requires_grad_() for name, value in weights.items()}
    result, expected = probe(module, x), block(x, weights, cfg.n_heads)
    probe.same(result, expected, **DEEP)
    check_gradients(probe, module, result, expected, weights, x)
