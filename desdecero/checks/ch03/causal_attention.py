"""ch03/causal_attention: attention that can't see the future, with dropout on its weights."""

from collections.abc import Iterator

import torch

from desdecero.checks.ch03._faults import CAUSAL_FAULTS, QKV_FAULTS, barring
from desdecero.checks.ch03._judge import Attention
from desdecero.checks.ch03._recipes import Fault, Recipe, causal_mimics, qkv_mimics
from desdecero.checks.ch03._weights import install
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe

exercise = Exercise(
    id="ch03/causal_attention",
    defines="CausalAttention",
    reference="desdecero.attention:CausalAttention",
    difficulty=2,
    minutes=25,
    forbidden=barring("MultiHeadAttention"),
    faults=QKV_FAULTS | CAUSAL_FAULTS,
)


def mimics(right: Recipe) -> Iterator[Fault]:
    yield from causal_mimics(right)
    yield from qkv_mimics(right)


attention = Attention(mimics, causal=True)


@exercise.item("layers", "Tiene las tres capas lineales", "Has the three linear layers")
def _(probe: Probe) -> None:
    attention.check_layers(probe, d_in=probe.pick(5, 8), d_out=probe.pick(2, 5))


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x, expected = stored.pop("x"), stored.pop("expected")
    module = install(probe, attention.build(probe, 7, 6, x.shape[1], bias=True), stored)
    attention.compare(probe, module, x, stored, expected=expected)


@exercise.item(
    "fresh_inputs",
    "Acierta con cualquier tamaño, también con menos tokens que context_length",
    "Is right for any size, also with fewer tokens than context_length",
)
def _(probe: Probe) -> None:
    attention.check_sizes(probe, ((6, 3, 1, True, torch.float32), (3, 9, 1, False, torch.float64)))


@exercise.item("causality", "Ningún token ve el futuro", "No token sees the future")
def _(probe: Probe) -> None:
    attention.check_causality(probe, d_in=5, d_out=4)


@exercise.item("mask", "La máscara es un buffer que forward usa", "The mask is a buffer that forward uses")
def _(probe: Probe) -> None:
    attention.check_mask(probe, d_in=5, d_out=4)


@exercise.item(
    "dropout",
    "El dropout actúa sobre los pesos y solo en modo train",
    "Dropout acts on the weights, and in train mode only",
    points=2,
)
def _(probe: Probe) -> None:
    attention.check_dropout(probe)


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    weights = attention.draw(probe, 5, 3, True, torch.float64)
    module = install(probe, attention.build(probe, 5, 3, 4, bias=True), weights)
    attention.check_gradients(probe, module, probe.randn(2, 4, 5, dtype=torch.float64), weights)
