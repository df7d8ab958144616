"""ch05/perplexity: the exponential of the loss."""

import math

import torch
from torch import Tensor

from desdecero.checks.ch05._common import number
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, type_name

exercise = Exercise(
    id="ch05/perplexity",
    defines="perplexity",
    reference="desdecero.training:perplexity",
    difficulty=1,
    minutes=5,
    faults={
        "tensor_for_float": (
            "De un float devuelves «{got}»: debe salir un float, el de math.exp.",
            "Of a float you return “{got}”: a float should come out, that of math.exp.",
        ),
        "float_for_tensor": (
            "De un tensor devuelves «{got}»: debe salir un tensor, el de torch.exp.",
            "Of a tensor you return “{got}”: a tensor should come out, that of torch.exp.",
        ),
        "other_base": (
            "Elevas 2 o 10 a la pérdida: se calculó con el logaritmo natural, así que la base es e.",
            "You raise 2 or 10 to the loss: it was computed with the natural logarithm, so the base is e.",
        ),
        "rounded_e": (
            "Has escrito e con muy pocas cifras: usa exp.",
            "You wrote e with very few digits: use exp.",
        ),
        "inverse": (
            "Calculas exp(-loss), que es una probabilidad: la perplejidad es exp(loss), sin el menos.",
            "You compute exp(-loss), which is a probability: perplexity is exp(loss), without the minus.",
        ),
        "no_exp": (
            "Devuelves la pérdida sin más: falta la exponencial.",
            "You return the loss as it is: the exponential is missing.",
        ),
        "logarithm": (
            "Usas el logaritmo: hace falta lo contrario, la exponencial.",
            "You use the logarithm: the opposite is needed, the exponential.",
        ),
        "minus_one": (
            "Restas uno (expm1): una pérdida de cero es una perplejidad de 1.",
            "You subtract one (expm1): a loss of zero is a perplexity of 1.",
        ),
        "capped": (
            "Pones un límite a la perplejidad de las pérdidas grandes: debe salir exp(loss), por alta que sea.",
            "You set a limit to the perplexity of large losses: exp(loss) should come out, however high it is.",
        ),
        "one_for_all": (
            "De un tensor con varias pérdidas sale una sola perplejidad: debe salir una por pérdida.",
            "Of a tensor with several losses a single perplexity comes out: there should be one per loss.",
        ),
    },
)


LARGE = 45.0  # beyond where some stop; its exponential still fits into float32


def mimics(loss: Tensor) -> Mimics:
    """What answers with the usual mistakes would give."""
    found: Mimics = {
        "other_base": [2**loss, 10**loss],
        "rounded_e": [base**loss for base in (2.7, 2.71, 2.72, 2.718, 2.7183, 2.71828, 2.718282)],
        "inverse": torch.exp(-loss),
        "no_exp": [loss, -loss],
        "logarithm": [torch.log(loss), -torch.log(loss), torch.log2(loss)],
        "minus_one": torch.expm1(loss),
    }
    averaged = [torch.exp(loss.mean()), torch.exp(loss).mean(), torch.exp(loss.flatten()[0])]
    return found if loss.numel() == 1 else {**found, "one_for_all": averaged}


def of_float(probe: Probe, loss: float, expected: float, fault: str | None = None) -> None:
    result = number(probe(probe.candidate, loss), "tensor_for_float")
    # An answer that goes through a float32 tensor is right, too.
    wrong = mimics(torch.tensor(loss, dtype=torch.float64))
    probe.same(result, torch.tensor(expected, dtype=torch.float64), wrong, fault, rtol=1e-5, atol=0)


def of_tensor(probe: Probe, loss: Tensor, expected: Tensor, fault: str | None = None) -> Tensor:
    with_one_value = loss.numel() == 1
    # What fails here with several values was written for one: `.item()`, math.exp, float().
    result = probe(probe.candidate, loss, fault="raises" if with_one_value else "one_for_all")
    if not isinstance(result, Tensor):
        raise Wrong("float_for_tensor", got=type_name(result))
    probe.same(result, expected, mimics(loss.detach()), fault)
    return result


@exercise.item("float", "De un float da un float", "Of a float it gives a float")
def _(probe: Probe) -> None:
    for size in (2, 10, 50_257):
        of_float(probe, math.log(size), float(size))  # a model that hesitates among `size` tokens
    loss = probe.pick(100, 900) / 100
    of_float(probe, loss, math.exp(loss))
    of_float(probe, 0.0, 1.0)
    of_float(probe, LARGE, math.exp(LARGE), fault="capped")


@exercise.item("tensor", "De un tensor da un tensor", "Of a tensor it gives a tensor")
def _(probe: Probe) -> None:
    for dtype in (torch.float32, torch.float64):
        loss = probe.randn(1, dtype=dtype)[0].abs() * 3 + 0.1
        of_tensor(probe, loss, loss.exp())
    large = torch.tensor(LARGE, dtype=torch.float64)
    of_tensor(probe, large, large.exp(), fault="capped")


@exercise.item("several", "De varias pérdidas, una perplejidad por cada una", "Of several losses, one perplexity each")
def _(probe: Probe) -> None:
    for size in ((), (5,), (2, 3)):  # first a single one: what stops there, too, has another cause
        loss = probe.randn(*size, 1, dtype=torch.float64).squeeze(-1).abs() * 2 + 0.1
        of_tensor(probe, loss, loss.exp())


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    for loss, expected in zip(stored["loss"], stored["expected"]):
        of_float(probe, loss.item(), expected.item())
        of_tensor(probe, loss, expected)


@exercise.item("gradient", "El tensor conserva su gradiente", "The tensor keeps its gradient")
def _(probe: Probe) -> None:
    loss = (probe.randn(1, dtype=torch.float64)[0].abs() + 1).requires_grad_()
    result = of_tensor(probe, loss, loss.exp())
    (found,) = probe.gradients(result, [loss], torch.ones(()))
    probe.same(found, loss.exp(), fault="no_gradient")
