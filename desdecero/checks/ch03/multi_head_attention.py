"""ch03/multi_head_attention: causal attention in several heads (Vaswani et al., 2017, section 3.2.2)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from desdecero.checks.ch03._faults import CAUSAL_FAULTS, QKV_FAULTS, barring
from desdecero.checks.ch03._inside import refuses
from desdecero.checks.ch03._judge import Attention
from desdecero.checks.ch03._recipes import Fault, Recipe, causal_mimics, join, qkv_mimics
from desdecero.checks.ch03._weights import check_layer, install
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, close

exercise = Exercise(
    id="ch03/multi_head_attention",
    defines="MultiHeadAttention",
    reference="desdecero.attention:MultiHeadAttention",
    difficulty=3,
    minutes=35,
    forbidden=barring(),
    faults={fault: text for fault, text in QKV_FAULTS.items() if fault != "values_missing"}
    | CAUSAL_FAULTS
    | {
        "scaled_by_d_out": (
            "Escalas con d_out: cada cabeza divide entre la raíz de su propia dimensión, head_dim.",
            "You scale by d_out: each head divides by the root of its own dimension, head_dim.",
        ),
        "single_head": (
            "Hay una sola cabeza: reparte d_out en num_heads trozos y atiende en cada uno por separado.",
            "There is only one head: split d_out into num_heads pieces and attend within each on its own.",
        ),
        "split_without_transpose": (
            "Al repartir en cabezas se mezclan los tokens: primero view(B, T, num_heads, head_dim) y después "
            "transpose(1, 2).",
            "Splitting into heads mixes up the tokens: first view(B, T, num_heads, head_dim), then transpose(1, 2).",
        ),
        "heads_not_transposed": (
            "La atención corre entre las cabezas de un token, no entre los tokens: falta transpose(1, 2) después de "
            "repartir en cabezas.",
            "Attention runs among the heads of one token, not among tokens: transpose(1, 2) is missing after the "
            "split into heads.",
        ),
        "interleaved_heads": (
            "Cada cabeza toma columnas salteadas: toma columnas seguidas, view(B, T, num_heads, head_dim).",
            "Each head takes every so many columns: take neighbouring ones, view(B, T, num_heads, head_dim).",
        ),
        "joined_without_transpose": (
            "Al unir las cabezas se mezclan los tokens: primero transpose(1, 2), de vuelta a (B, T, num_heads, "
            "head_dim), y después aplana.",
            "Joining the heads mixes up the tokens: first transpose(1, 2), back to (B, T, num_heads, head_dim), "
            "then flatten.",
        ),
        "head_order": (
            "Las cabezas se unen en otro orden: pon sus resultados seguidos, la primera cabeza delante.",
            "The heads are joined in another order: put their results one after the other, the first head in front.",
        ),
        "no_out_proj": (
            "out_proj no se usa: pasa por ella las cabezas ya unidas.",
            "out_proj is not used: pass the joined heads through it.",
        ),
        "out_proj_bias": (
            "Falta el sesgo de out_proj: es nn.Linear(d_out, d_out), con sesgo aunque qkv_bias sea False.",
            "The bias of out_proj is missing: it is nn.Linear(d_out, d_out), with bias even when qkv_bias is False.",
        ),
        "refuses_valid": (
            "El constructor rechaza medidas válidas: solo cuenta si d_out es múltiplo de num_heads.",
            "The constructor refuses valid sizes: all that matters is whether num_heads divides d_out.",
        ),
        "not_checked": (
            "El constructor acepta un d_out que num_heads no divide: lanza ValueError, o usa assert.",
            "The constructor accepts a d_out that num_heads does not divide: raise ValueError, or use assert.",
        ),
    },
)


def mimics(right: Recipe) -> Iterator[Fault]:
    B, T = right.x.shape[:2]
    heads, d_out = right.heads, right.weights["W_query.weight"].shape[0]

    def straight(y: Tensor, heads: int) -> Tensor:  # (B, T, d) -> (B, heads, T, head_dim), tokens mixed up
        return y.reshape(B, heads, T, -1)

    def interleave(y: Tensor, heads: int) -> Tensor:
        return y.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)

    def straight_back(context: Tensor) -> Tensor:
        return context.reshape(B, T, -1)

    def interleaved_back(context: Tensor) -> Tensor:
        return context.permute(0, 2, 3, 1).flatten(2)

    yield "scaled_by_d_out", right.but(scale=d_out**-0.5)
    for scale in (d_out**-0.5, (d_out // heads) ** -0.5, 1.0):
        yield "single_head", right.but(heads=1, scale=scale)
    for back in (join, straight_back):
        yield "split_without_transpose", right.but(split=straight, join=back)
    for back in (join, interleaved_back):
        yield "interleaved_heads", right.but(split=interleave, join=back)
    yield "joined_without_transpose", right.but(join=straight_back)
    yield "joined_without_transpose", right.but(join=lambda context: context.transpose(-2, -1).reshape(B, T, -1))
    for back in (interleaved_back, lambda context: join(context.flip(1))):
        yield "head_order", right.but(join=back)
    yield "no_out_proj", right.but(leave_out=("out_proj.weight",))
    yield "out_proj_bias", right.but(leave_out=("out_proj.bias",))
    yield from causal_mimics(right)
    yield from qkv_mimics(right)


def explain(probe: Probe, heads: int = 3) -> str | None:
    """An answer that stops because the mask does not fit may run with as many tokens as heads, on the wrong axis."""
    weights = attention.draw(probe, 5, 6, False, torch.float64)
    x = probe.randn(2, heads, 5, dtype=torch.float64)
    among = attention.recipe(x, weights, heads).but(
        split=lambda y, heads: y.unflatten(-1, (heads, -1)), join=lambda context: context.flatten(2)
    )
    try:
        module = install(probe, attention.build(probe, 5, 6, heads, 0.0, heads), weights)
        result = probe(module, x)
    except Wrong:
        return None
    return "heads_not_transposed" if isinstance(result, Tensor) and close(result, among()) else None


attention = Attention(mimics, causal=True, out_proj=True, explain=explain)


@exercise.item("layers", "Tiene las cuatro capas lineales", "Has the four linear layers")
def _(probe: Probe) -> None:
    d_in, heads = 7, probe.pick(2, 5)
    d_out = 2 * heads
    for bias in (False, True):
        module = attention.build(probe, d_in, d_out, heads=heads, bias=bias)
        out_proj = probe.attribute(module, "out_proj", nn.Linear)
        check_layer("out_proj", out_proj, d_out, d_out)
        if out_proj.bias is None:
            raise Wrong("out_proj_bias")
    attention.check_layers(probe, d_in, d_out, heads)


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x, expected = stored.pop("x"), stored.pop("expected")
    module = install(probe, attention.build(probe, 7, 12, x.shape[1], 0.0, 3, bias=True), stored)
    attention.compare(probe, module, x, stored, 3, expected)


@exercise.item(
    "fresh_inputs",
    "Acierta con cualquier tamaño y número de cabezas, también en los gradientes",
    "Is right for any size and number of heads, gradients included",
    points=2,
)
def _(probe: Probe) -> None:
    cases = (
        (6, 8, 2, True, torch.float32),
        (3, 12, 4, False, torch.float64),
        (4, 6, 1, True, torch.float32),
        (5, 3, 3, False, torch.float64),
    )
    attention.check_sizes(probe, cases)
    weights = attention.draw(probe, 5, 6, True, torch.float64)
    module = install(probe, attention.build(probe, 5, 6, 4, 0.0, 2, bias=True), weights)
    attention.check_gradients(probe, module, probe.randn(2, 4, 5, dtype=torch.float64), weights, 2)


@exercise.item("causality", "Ningún token ve el futuro", "No token sees the future")
def _(probe: Probe) -> None:
    attention.check_causality(probe, d_in=5, d_out=6, heads=3)


@exercise.item("mask", "La máscara es un buffer que forward usa", "The mask is a buffer that forward uses")
def _(probe: Probe) -> None:
    attention.check_mask(probe, d_in=5, d_out=6, heads=3)


@exercise.item(
    "dropout",
    "El dropout actúa sobre los pesos y solo en modo train",
    "Dropout acts on the weights, and in train mode only",
)
def _(probe: Probe) -> None:
    attention.check_dropout(probe, heads=2)


@exercise.item(
    "divisible",
    "Rechaza un d_out que num_heads no divide",
    "Refuses a d_out that num_heads does not divide",
)
def _(probe: Probe) -> None:
    weights = attention.draw(probe, 6, 8, False)
    module = install(probe, attention.build(probe, 6, 8, 5, 0.0, 4), weights)
    attention.compare(probe, module, probe.randn(2, 5, 6), weights, 4)
    for d_in, d_out, heads in ((8, 6, 4), (6, 7, 3), (8, 4, 8)):
        try:
            probe(probe.candidate, *attention.arguments(d_in, d_out, 5, 0.0, heads))
        except Wrong as wrong:
            if refuses(wrong):
                continue
            if wrong.fault != "raises":
                raise
        raise Wrong("not_checked")
