"""ch04/feed_forward: the two linear layers of a GPT-2 block, with a GELU between them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.ch04._common import (
    CUT_GRADIENT,
    DEEP,
    Weights,
    answer,
    check_gradients,
    config,
    feed_forward,
    feed_forward_shapes,
    fill,
    random_weights,
    stored_weights,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, close, type_name
from desdecero.gpt import GPTConfig

exercise = Exercise(
    id="ch04/feed_forward",
    defines="FeedForward",
    reference="desdecero.gpt:FeedForward",
    difficulty=1,
    minutes=10,
    faults={
        "layers_kind": (
            "«layers» debe ser nn.Sequential(nn.Linear, GELU, nn.Linear) y contiene: {got}.",
            "“layers” should be nn.Sequential(nn.Linear, GELU, nn.Linear) and holds: {got}.",
        ),
        "wrong_width": (
            "La capa de dentro mide {got} y debe ser cuatro veces más ancha que emb_dim: {expected}.",
            "The inner width is {got} and must be four times emb_dim: {expected}.",
        ),
        "size_ignored": (
            "Con emb_dim={expected}, FeedForward recibe o devuelve vectores de tamaño {got}: usa cfg.emb_dim.",
            "With emb_dim={expected}, FeedForward takes or returns vectors of size {got}: use cfg.emb_dim.",
        ),
        "no_bias": (
            "Las dos capas lineales llevan sesgo: quita bias=False.",
            "Both linear layers have a bias: remove bias=False.",
        ),
        "parameter_count": (
            "Con emb_dim={emb_dim} debe haber {expected} parámetros entrenables y hay {got}: bastan los de las "
            "dos capas lineales.",
            "With emb_dim={emb_dim} there should be {expected} trainable parameters and there are {got}: those of "
            "the two linear layers are enough.",
        ),
        "layers_unused": (
            "El resultado no depende de «layers»: pasa x por self.layers en forward.",
            "The result does not depend on “layers”: send x through self.layers in forward.",
        ),
        "skipped_layer": (
            "Alguna capa de «layers» no se usa: x tiene que pasar por las tres, en orden.",
            "Some layer of “layers” is not used: x has to go through all three, in order.",
        ),
        "no_activation": (
            "Falta la GELU entre las dos capas: sin ella, juntas son una sola capa lineal.",
            "The GELU between the two layers is missing: without it, together they are a single linear layer.",
        ),
        "erf": (
            "La GELU de en medio es la exacta, con la función de error: aquí va la forma con tanh.",
            "The GELU in the middle is the exact one, with the error function: the tanh form goes here.",
        ),
        "other_activation": (
            "La función de en medio no es GELU sino otra, quizá ReLU o SiLU.",
            "The function in the middle is not GELU but another one, perhaps ReLU or SiLU.",
        ),
        "activation_after": (
            "Aplicas la GELU después de la segunda capa lineal: va solo entre las dos.",
            "You apply the GELU after the second linear layer: it goes only between the two.",
        ),
        "shortcut_inside": (
            "Sumas x al resultado: ese atajo es cosa del bloque, no de FeedForward.",
            "You add x to the result: that shortcut is the block's business, not FeedForward's.",
        ),
        "dropout": (
            "Hay dropout en FeedForward: quítalo, el bloque ya lo aplica después.",
            "There is dropout in FeedForward: remove it, the block applies it afterwards.",
        ),
        "cut_gradient": CUT_GRADIENT,
    },
)


def gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def mimics(x: Tensor, weights: Weights) -> Mimics:
    """What answers with the usual mistakes would give."""
    up, down = weights["layers.0.weight"], weights["layers.2.weight"]
    bias_up, bias_down = weights["layers.0.bias"], weights["layers.2.bias"]
    right = feed_forward(x, weights)
    straight = feed_forward(x, weights, lambda wide: wide)
    return {
        "no_activation": [straight],
        "erf": feed_forward(x, weights, F.gelu),
        "other_activation": [
            feed_forward(x, weights, f)
            for f in (
                F.relu,
                F.silu,
                F.leaky_relu,
                F.elu,
                torch.tanh,
                torch.sigmoid,
                lambda w: w * (1.702 * w).sigmoid(),
            )
        ],
        "activation_after": [f(y) for y in (right, straight) for f in (gelu, F.gelu, F.relu)],
        "skipped_layer": [
            F.linear(x, up, bias_up),
            gelu(F.linear(x, up, bias_up)),
            gelu(F.linear(x, up)) @ down.T,
            F.linear(gelu(F.linear(x, up)), down, bias_down),
            F.linear(gelu(F.linear(x, up, bias_up)), down),
        ],
        "shortcut_inside": x + right,
    }


def linears(probe: Probe, module: nn.Module, emb_dim: int) -> tuple[nn.Linear, nn.Linear]:
    """The two linear layers of `layers`, which must have the right sizes."""
    layers = probe.attribute(module, "layers", nn.Sequential)
    if len(layers) != 3 or not isinstance(layers[0], nn.Linear) or not isinstance(layers[2], nn.Linear):
        raise Wrong("layers_kind", got=", ".join(type_name(layer) for layer in layers) or "()")
    first, last = layers[0], layers[2]
    for size in (first.weight.shape[1], last.weight.shape[0]):
        if size != emb_dim:
            raise Wrong("size_ignored", got=size, expected=emb_dim)
    for width in (first.weight.shape[0], last.weight.shape[1]):
        if width != 4 * emb_dim:
            raise Wrong("wrong_width", got=width, expected=4 * emb_dim)
    if first.bias is None or last.bias is None:
        raise Wrong("no_bias")
    return first, last


def compare(probe: Probe, module: nn.Module, x: Tensor, weights: Weights, expected: Tensor, **tolerance: float) -> None:
    probe(module, x.flip(-1))  # what it saw before must not matter
    result = probe(module, x)
    if isinstance(result, Tensor) and not close(result, expected, **tolerance):
        if close(seeded(probe, module, x, weights), seeded(probe, module, x, zeros(weights))):
            raise Wrong("layers_unused")
        fill(probe, module, weights)
        result = answer(probe, module, x, fault="dropout")
    probe.same(result, expected, mimics(x, weights), **tolerance)


def seeded(probe: Probe, module: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """What `module` gives with these weights, always at the same turn of the random generator."""
    fill(probe, module, weights)
    torch.manual_seed(probe.seed)
    return probe(module, x)


def zeros(weights: Weights) -> Weights:
    return {name: torch.zeros_like(value) for name, value in weights.items()}


@exercise.item("layers", "layers tiene la forma pedida", "layers has the shape asked for")
def _(probe: Probe) -> None:
    for emb_dim in (probe.pick(3, 9), probe.pick(10, 20)):
        module = probe.build(config(emb_dim))
        linears(probe, module, emb_dim)
        x = probe.randn(2, 3, emb_dim)
        result = probe(module, x)
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))
        if result.shape != x.shape:
            probe.same(result, torch.zeros_like(x), mimics(x, current(module)))


def current(module: nn.Module) -> Weights:
    """The weights that `module` has now."""
    first, _, last = module.layers
    values = (first.weight, first.bias, last.weight, last.bias)
    return dict(zip(feed_forward_shapes(config(1)), (value.detach() for value in values)))


@exercise.item("parameters", "El número de parámetros es correcto", "The number of parameters is right")
def _(probe: Probe) -> None:
    for cfg in (config(probe.pick(3, 9)), GPTConfig(emb_dim=96)):
        module, d = probe.build(cfg), cfg.emb_dim
        linears(probe, module, d)
        got = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
        if got != 8 * d * d + 5 * d:
            raise Wrong("parameter_count", got=got, expected=8 * d * d + 5 * d, emb_dim=d)
        probe(module, probe.randn(1, 2, d))


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x = stored["x"]
    cfg = config(x.shape[-1])
    weights = stored_weights(stored, feed_forward_shapes(cfg))
    module = probe.build(cfg).double()
    linears(probe, module, cfg.emb_dim)
    fill(probe, module, weights)
    compare(probe, module, x, weights, stored["expected"], **DEEP)


@exercise.item(
    "fresh_inputs",
    "Acierta con otros tamaños, formas y precisiones, también al entrenar",
    "Is right for other sizes, shapes and precisions, in training, too",
    points=2,
)
def _(probe: Probe) -> None:
    for dtype, tolerance in ((torch.float64, DEEP), (torch.float32, {})):
        for sizes in ((2, 5, 8), (1, 1, 3), (3, 7, 12)):
            cfg = config(sizes[-1], drop_rate=0.5)
            module = probe.build(cfg).to(dtype)
            linears(probe, module, cfg.emb_dim)
            weights = random_weights(probe, feed_forward_shapes(cfg), dtype)
            fill(probe, module, weights)
            x = probe.randn(*sizes, dtype=dtype)
            expected = feed_forward(x, weights)
            compare(probe, module, x, weights, expected, **tolerance)
            probe.same(probe(module.train(), x), expected, fault="dropout", **tolerance)
            through = probe(module.layers, x)
            if not isinstance(through, Tensor) or not close(through, expected, **tolerance):
                raise Wrong("layers_kind", got=", ".join(type_name(layer) for layer in module.layers))


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    cfg = config(5)
    module = probe.build(cfg).double()
    linears(probe, module, cfg.emb_dim)
    weights = random_weights(probe, feed_forward_shapes(cfg), torch.float64)
    fill(probe, module, weights)
    x = probe.randn(2, 4, 5, dtype=torch.float64).requires_grad_()
    weights = {name: value.requires_grad_() for name, value in weights.items()}
    result, expected = probe(module, x), feed_forward(x, weights)
    probe.same(result, expected, mimics(x, weights), **DEEP)
    check_gradients(probe, module, result, expected, weights, x)
