"""ch03/simple_attention: softmax of plain dot products, with nothing to train."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from desdecero.checks.ch03._faults import READY_MADE
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, close, type_name

exercise = Exercise(
    id="ch03/simple_attention",
    defines="simple_attention",
    reference="desdecero.attention:simple_attention",
    difficulty=1,
    minutes=10,
    forbidden=READY_MADE,
    faults={
        "not_a_pair": (
            "Devuelves «{got}» y se espera un par de tensores: return contexto, pesos.",
            "You return “{got}”, and a pair of tensors is expected: return context, weights.",
        ),
        "swapped_pair": (
            "El par está al revés: devuelve primero el contexto y después los pesos.",
            "The pair is the wrong way round: return the context first, then the weights.",
        ),
        "one_query": (
            "Calculas el contexto de un solo token: hace falta una fila por cada token de x.",
            "You compute the context of a single token: there must be a row for each token of x.",
        ),
        "scaled": (
            "Divides las puntuaciones: en este ejercicio el producto escalar entra en softmax tal cual.",
            "You divide the scores: in this exercise the dot products enter softmax as they are.",
        ),
        "softmax_dim": (
            "softmax actúa en otra dimensión: cada fila de pesos debe sumar 1, usa dim=-1.",
            "softmax runs along another dimension: each row of weights must sum to 1, use dim=-1.",
        ),
        "no_softmax": (
            "Usas los productos escalares como pesos sin más: pásalos antes por softmax.",
            "You use the dot products as weights: put them through softmax first.",
        ),
        "divides_by_sum": (
            "Divides las puntuaciones entre su suma: usa softmax, que antes toma la exponencial.",
            "You divide the scores by their sum: use softmax, which takes the exponential first.",
        ),
        "returns_scores": (
            "Lo segundo que devuelves son las puntuaciones: devuelve los pesos que salen de softmax.",
            "The second thing you return is the scores: return the weights that come out of softmax.",
        ),
        "transposed": (
            "Los pesos están traspuestos: la fila i dice cuánto mira el token i a cada token, y el contexto es "
            "weights @ x.",
            "The weights are transposed: row i says how much token i looks at each token, and the context is "
            "weights @ x.",
        ),
        "cosine": (
            "Comparas los vectores por su coseno: usa el producto escalar, sin normalizarlos.",
            "You compare the vectors by their cosine: use the dot product, without normalising them.",
        ),
        "masked": (
            "Tapas los tokens que vienen después: aquí cada token mira a todos.",
            "You hide the tokens that come after: here every token looks at all of them.",
        ),
        "self_excluded": (
            "Ningún token se mira a sí mismo: deja también la diagonal.",
            "No token looks at itself: leave the diagonal in as well.",
        ),
        "only_2d": (
            "Falla con un lote (B, T, d) ({error}): usa x.transpose(-2, -1) en vez de x.T y no fijes las dimensiones.",
            "It fails for a batch (B, T, d) ({error}): use x.transpose(-2, -1) instead of x.T and fix no dimensions.",
        ),
        "overflow": (
            "Con puntuaciones grandes la exponencial se desborda y salen nan: usa torch.softmax, o resta antes el "
            "máximo de cada fila.",
            "For large scores the exponential overflows and gives nan: use torch.softmax, or subtract each row's "
            "maximum first.",
        ),
    },
)


def oracle(x: Tensor) -> tuple[Tensor, Tensor]:
    """By torch's own function, in float64; averaging one-hot vectors gives the weights."""
    x64 = x.double()
    eye = torch.eye(x.shape[-2], dtype=torch.float64).expand(*x.shape[:-1], x.shape[-2])
    context = F.scaled_dot_product_attention(x64, x64, x64, scale=1.0)
    weights = F.scaled_dot_product_attention(x64, x64, eye, scale=1.0)
    return context.to(x.dtype), weights.to(x.dtype)


def mimics(x: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Fault, context and weights of answers with the usual mistakes."""
    x = x.double()
    T, d = x.shape[-2:]
    scores = x @ x.transpose(-2, -1)
    weights = scores.softmax(-1)
    context = weights @ x

    def pair(fault: str, w: Tensor) -> tuple[str, Tensor, Tensor]:
        return fault, w @ x, w

    for number in (d**0.5, d, T**0.5, T, d**-0.5):
        yield pair("scaled", (scores / number).softmax(-1))
    for dim in range(scores.ndim - 1):
        yield pair("softmax_dim", scores.softmax(dim))
    yield pair("softmax_dim", scores.flatten(-2).softmax(-1).view_as(scores))
    yield pair("softmax_dim", scores.flatten().softmax(-1).view_as(scores))
    yield "returns_scores", context, scores
    yield pair("no_softmax", scores)
    for dim in (-1, -2):
        yield pair("divides_by_sum", scores / scores.sum(dim, keepdim=True))
        yield pair("divides_by_sum", scores.abs() / scores.abs().sum(dim, keepdim=True))
    turned = weights.transpose(-2, -1)
    for c, w in ((turned @ x, weights), (context, turned)):
        yield "transposed", c, w
    unit = x / x.norm(dim=-1, keepdim=True)
    cosines = unit @ unit.transpose(-2, -1)
    for w in (cosines.softmax(-1), cosines):
        yield pair("cosine", w)
    past = torch.ones(T, T, dtype=torch.bool).tril()
    yield pair("masked", scores.masked_fill(~past, float("-inf")).softmax(-1))
    yield pair("masked", weights * past)
    yield pair("self_excluded", scores.masked_fill(torch.eye(T, dtype=torch.bool), float("-inf")).softmax(-1))
    yield pair("self_excluded", scores.masked_fill(torch.eye(T, dtype=torch.bool), 0.0).softmax(-1))


def answer(probe: Probe, x: Tensor, fault: str = "raises") -> tuple[Tensor, Tensor]:
    """What the student's function returns: two tensors."""
    result = probe(probe.candidate, x, fault=fault)
    if result is None:
        raise Wrong("not_a_tensor", got=type_name(result))
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong("not_a_pair", got=type_name(result))
    for part in result:
        if not isinstance(part, Tensor):
            raise Wrong("not_a_tensor", got=type_name(part))
    return tuple(result)


def compare(probe: Probe, x: Tensor, fault: str = "raises", expected: tuple[Tensor, Tensor] | None = None) -> None:
    context, weights = answer(probe, x, fault)
    true_context, true_weights = expected or oracle(x)
    T, d = x.shape[-2:]
    if d != T and context.shape == true_weights.shape and weights.shape == true_context.shape:
        raise Wrong("swapped_pair")
    if T > 1 and context.shape in (x[..., 0, :].shape, x[..., :1, :].shape):
        raise Wrong("one_query")
    if not close(context, true_context) or not close(weights, true_weights):
        for name, wrong_context, wrong_weights in mimics(x):
            ours = wrong_context.to(x.dtype), wrong_weights.to(x.dtype)
            same_as_right = close(ours[0], true_context) and close(ours[1], true_weights)
            if not same_as_right and close(context, ours[0]) and close(weights, ours[1]):
                raise Wrong(name)
    probe.same(weights, true_weights)
    probe.same(context, true_context)


@exercise.item("pair", "Devuelve el contexto y los pesos", "Returns the context and the weights")
def _(probe: Probe) -> None:
    # Three tokens to follow by hand: the second and the third share their only 1 with nobody else.
    x = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0]]) * 0.5
    compare(probe, x + probe.randn(3, 4, scale=0.3))


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    compare(probe, stored["x"], expected=(stored["context"], stored["weights"]))


@exercise.item(
    "fresh_inputs",
    "Acierta con secuencias (T, d) de cualquier longitud y precisión",
    "Is right for sequences (T, d) of any length and precision",
)
def _(probe: Probe) -> None:
    for T, d in ((6, 3), (3, 8), (1, 4), (5, 1), (4, 4)):
        compare(probe, probe.randn(T, d))
    compare(probe, probe.randn(7, 5, dtype=torch.float64, scale=1.5))
    compare(probe, probe.randn(5, 3, dtype=torch.float64, scale=1e-3))
    compare(probe, torch.full((4, 3), 0.7))


@exercise.item("batches", "Acierta con lotes (B, T, d)", "Is right for batches (B, T, d)", points=2)
def _(probe: Probe) -> None:
    compare(probe, probe.randn(5, 3))  # what fails only below fails because of the batch
    for B, T, d in ((2, 5, 3), (3, 4, 7), (1, 6, 2), (4, 1, 3), (3, 3, 3)):
        compare(probe, probe.randn(B, T, d), fault="only_2d")
    compare(probe, probe.randn(2, 4, 6, dtype=torch.float64))
    compare(probe, probe.randn(2, 6, 3).transpose(1, 2))  # its numbers do not lie in a row


@exercise.item("large_values", "Aguanta valores grandes", "Stands large values")
def _(probe: Probe) -> None:
    # Scores of several thousands; one token stands out in each row, so that rounding decides nothing.
    x = probe.randn(2, 5, 6, dtype=torch.float64, scale=30.0)
    for large in (x[0], x):
        context, weights = answer(probe, large)
        for part in (context, weights):
            if not bool(torch.isfinite(part).all()):
                raise Wrong("overflow")
        compare(probe, large)
