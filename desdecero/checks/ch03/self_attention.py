"""ch03/self_attention: scaled dot-product attention with trainable projections (Vaswani et al., 2017)."""

from collections.abc import Iterator

import torch
from torch import Tensor

from desdecero.checks.ch03._faults import QKV_FAULTS, barring
from desdecero.checks.ch03._judge import Attention
from desdecero.checks.ch03._recipes import Fault, Recipe, qkv_mimics
from desdecero.checks.ch03._weights import install
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong

exercise = Exercise(
    id="ch03/self_attention",
    defines="SelfAttention",
    reference="desdecero.attention:SelfAttention",
    difficulty=2,
    minutes=15,
    forbidden=barring("CausalAttention", "MultiHeadAttention"),
    faults=QKV_FAULTS
    | {
        "mixes_batch": (
            "Se mezclan las filas del lote: cada secuencia atiende solo a sus propios tokens.",
            "The rows of the batch are mixed: each sequence attends to its own tokens only.",
        ),
        "masked": (
            "Tapas los tokens que vienen después: aquí cada token mira a todos.",
            "You hide the tokens that come after: here every token looks at all of them.",
        ),
        "overflow": (
            "Con puntuaciones grandes la exponencial se desborda y salen nan: usa torch.softmax, o resta antes el "
            "máximo de cada fila.",
            "For large scores the exponential overflows and gives nan: use torch.softmax, or subtract each row's "
            "maximum first.",
        ),
        "mode_matters": (
            "El resultado cambia entre los modos train y eval: aquí no hay dropout.",
            "The result changes between train and eval mode: there is no dropout here.",
        ),
    },
)


def mimics(right: Recipe) -> Iterator[Fault]:
    x = right.x

    def one_sequence() -> Tensor:
        flat: Tensor = right.but(x=x.flatten(0, 1)[None])()
        return flat.view(*x.shape[:2], -1)

    yield from qkv_mimics(right)
    yield "mixes_batch", one_sequence
    yield "mixes_batch", lambda: right.but(x=x.transpose(0, 1))().transpose(0, 1)
    yield "masked", right.but(causal=True)


attention = Attention(mimics)


@exercise.item("layers", "Tiene las tres capas lineales", "Has the three linear layers")
def _(probe: Probe) -> None:
    attention.check_layers(probe, d_in=probe.pick(5, 8), d_out=probe.pick(2, 5))


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x, expected = stored.pop("x"), stored.pop("expected")
    module = install(probe, attention.build(probe, 7, 6, bias=True), stored)
    attention.compare(probe, module, x, stored, expected=expected)


@exercise.item(
    "fresh_inputs",
    "Acierta con cualquier tamaño, lote y precisión",
    "Is right for any size, batch and precision",
    points=2,
)
def _(probe: Probe) -> None:
    for d_in, d_out, bias, dtype in ((6, 3, True, torch.float32), (3, 9, False, torch.float64), (4, 4, False, None)):
        weights = attention.draw(probe, d_in, d_out, bias, dtype or torch.float32)
        module = install(probe, attention.build(probe, d_in, d_out, bias=bias), weights)
        for B, T in ((2, 5), (1, 7), (3, 1), (1, 1), (4, 6)):
            attention.compare(probe, module, probe.randn(B, T, d_in, dtype=weights["W_key.weight"].dtype), weights)
        x = probe.randn(3, 5, d_in, dtype=weights["W_key.weight"].dtype)
        attention.compare(probe, module, x, weights)
        probe.same(attention.answer(probe, module.train(), x), attention.expected(x, weights), fault="mode_matters")


@exercise.item("large_values", "Aguanta valores grandes", "Stands large values")
def _(probe: Probe) -> None:
    weights = attention.draw(probe, 6, 4, True, torch.float64)
    module = install(probe, attention.build(probe, 6, 4, bias=True), weights)
    for scale in (1.0, 60.0):
        x = probe.randn(2, 5, 6, dtype=torch.float64, scale=scale)
        if not bool(torch.isfinite(attention.answer(probe, module, x)).all()):
            raise Wrong("overflow")
        attention.compare(probe, module, x, weights)


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    weights = attention.draw(probe, 5, 3, True, torch.float64)
    module = install(probe, attention.build(probe, 5, 3, bias=True), weights)
    attention.check_gradients(probe, module, probe.randn(2, 4, 5, dtype=torch.float64), weights)
