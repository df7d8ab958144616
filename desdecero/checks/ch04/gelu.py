"""ch04/gelu: the Gaussian error linear unit (Hendrycks and Gimpel, 2016), in its tanh form."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.exercise import Exercise
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Mimics, Probe, Wrong

exercise = Exercise(
    id="ch04/gelu",
    defines="GELU",
    reference="desdecero.gpt:GELU",
    difficulty=1,
    minutes=10,
    forbidden=Forbidden(functions=("gelu", "gelu_"), modules=(nn.GELU,), packages=("transformers",)),
    faults={
        "erf": (
            "Es la GELU exacta, con la función de error: aquí se pide la aproximación con tanh, la de GPT-2.",
            "This is the exact GELU, with the error function: what is asked for is the tanh form, as in GPT-2.",
        ),
        "sigmoid": (
            "Es la aproximación con una sigmoide, x · σ(1,702 x): aquí se pide la forma con tanh.",
            "This is the approximation by a sigmoid, x · σ(1.702 x): what is asked for is the tanh form.",
        ),
        "other_activation": (
            "Es otra función de activación (quizá ReLU, SiLU o tanh): escribe la fórmula de GELU con tanh.",
            "This is another activation function (perhaps ReLU, SiLU or tanh): write the tanh formula of GELU.",
        ),
        "no_half": (
            "Falta el factor 0.5: para una x grande el resultado tiende a 2x en vez de a x.",
            "The factor 0.5 is missing: for large x the result tends to 2x instead of x.",
        ),
        "no_one": (
            "Falta sumar 1 a la tanh antes de multiplicar por 0.5 · x.",
            "The 1 that is added to the tanh before multiplying by 0.5 · x is missing.",
        ),
        "no_factor": (
            "Falta multiplicar por x: lo que devuelves es solo 0.5 · (1 + tanh).",
            "The multiplication by x is missing: you return only 0.5 · (1 + tanh).",
        ),
        "no_cube": (
            "Dentro de la tanh falta el término cúbico, 0.044715 · x³.",
            "The cubic term inside the tanh is missing: 0.044715 · x³.",
        ),
        "wrong_power": (
            "Dentro de la tanh, x va elevada al cubo: usa x**3.",
            "Inside the tanh, x is raised to the third power: use x**3.",
        ),
        "parentheses": (
            "Hay un paréntesis mal puesto: es 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).",
            "A parenthesis is misplaced: it is 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).",
        ),
        "wrong_constant": (
            "El factor delante de (x + 0.044715 · x³) vale {got}: debe ser √(2/π), aproximadamente 0.7978845608.",
            "The factor before (x + 0.044715 · x³) is {got}: it must be √(2/π), about 0.7978845608.",
        ),
        "wrong_coefficient": (
            "El coeficiente de x³ vale {got}: debe ser 0.044715.",
            "The coefficient of x³ is {got}: it must be 0.044715.",
        ),
        "overflow": (
            "Con valores grandes, como ±30 o ±10000, el resultado o su gradiente es nan o inf: "
            "usa torch.tanh, que no desborda, en vez de exponenciales.",
            "For large values, such as ±30 or ±10000, the result or its gradient is nan or inf: "
            "use torch.tanh, which does not overflow, instead of exponentials.",
        ),
        "detached": (
            "El gradiente no pasa por toda la fórmula: no uses detach ni no_grad en ninguna parte.",
            "The gradient does not flow through the whole formula: use neither detach nor no_grad in any part.",
        ),
    },
)

ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715


def mimics(x: Tensor) -> Mimics:
    """What answers with the usual mistakes would give."""
    cube = CUBIC * x**3
    bent = torch.tanh(ROOT * (x + cube))
    return {
        "erf": lambda: F.gelu(x),
        "sigmoid": lambda: x * torch.sigmoid(1.702 * x),
        "other_activation": [
            f(x) for f in (F.relu, F.silu, F.elu, F.selu, F.mish, F.softplus, F.leaky_relu, torch.tanh, torch.sigmoid)
        ],
        "no_half": x * (1 + bent),
        "no_one": [0.5 * x * bent, x * bent],
        "no_factor": 0.5 * (1 + bent),
        "no_cube": 0.5 * x * (1 + torch.tanh(ROOT * x)),
        "wrong_power": lambda: 0.5 * x * (1 + torch.tanh(ROOT * (x + CUBIC * x**2))),
        "parentheses": [
            0.5 * x * (1 + torch.tanh(ROOT * x + cube)),
            0.5 * x * (1 + torch.tanh(ROOT * (x + CUBIC) * x**3)),
            0.5 * x * (1 + torch.tanh(ROOT * (x + CUBIC) ** 3)),
            0.5 * x * (1 + torch.tanh(ROOT * (x + (CUBIC * x) ** 3))),
            0.5 * x * (1 + torch.tanh(torch.tensor(ROOT)) * (x + cube)),
            0.5 * x * torch.tanh(1 + ROOT * (x + cube)),
            0.5 * x + bent,
            0.5 * x * 1 + 0.5 * bent,
        ],
    }


def constants(x: Tensor, result: Tensor) -> tuple[float, float] | None:
    """The a and c of `0.5 x (1 + tanh(a (x + c x³)))`, if some a and c explain the whole result."""
    all_x, all_result = x.detach().double().flatten(), result.detach().double().flatten()
    seen = (all_x.abs() > 0.2) & (all_x.abs() < 2)  # where the tanh is neither near zero nor flat
    x = all_x[seen]
    inner = torch.atanh(2 * all_result[seen] / x - 1)
    if len(x) < 5 or not bool(torch.isfinite(inner).all()):
        return None
    powers = torch.stack([x, x**3], dim=1)
    factors = torch.linalg.lstsq(powers, inner).solution
    if not torch.allclose(powers @ factors, inner, rtol=1e-4, atol=1e-4):
        return None
    a, b = factors.tolist()
    whole = 0.5 * all_x * (1 + torch.tanh(a * all_x + b * all_x**3))
    return (a, b / a) if abs(a) > 1e-3 and torch.allclose(whole, all_result, rtol=1e-3, atol=1e-3) else None


def compare(probe: Probe, result: object, x: Tensor, expected: Tensor) -> None:
    try:
        probe.same(result, expected, mimics(x.detach()))
    except Wrong as wrong:
        found = constants(x, result) if wrong.fault is None else None
        if found is None:
            raise
        a, c = found
        if abs(c) < 1e-6:
            raise Wrong("no_cube") from None
        if abs(c / CUBIC - 1) > 10 * abs(a / ROOT - 1):
            raise Wrong("wrong_coefficient", got=f"{c:.6g}") from None
        raise Wrong("wrong_constant", got=f"{a:.10g}") from None


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x = stored["x"]
    compare(probe, probe(probe.build(), x), x, stored["expected"])


@exercise.item(
    "fresh_inputs", "Acierta con cualquier forma y precisión", "Is right for any shape and precision", points=2
)
def _(probe: Probe) -> None:
    module = probe.build().train()
    for dtype in (torch.float64, torch.float32):
        for sizes in ((2, 5, 8), (1, 1, 16), (3, 6), (7,), (2, 2, 3, 5)):
            x = probe.randn(*sizes, dtype=dtype, scale=1.5)
            compare(probe, probe(module, x), x, F.gelu(x, approximate="tanh"))
        turned = probe.randn(2, 6, 3, dtype=dtype).transpose(1, 2)  # its numbers do not lie in a row
        compare(probe, probe(module, turned), turned, F.gelu(turned, approximate="tanh"))
        small = probe.randn(4, 6, dtype=dtype, scale=0.02)
        compare(probe, probe(module, small), small, F.gelu(small, approximate="tanh"))
    half = probe.randn(4, 6, dtype=torch.bfloat16)  # of which only the type matters
    probe.same(probe(module, half), F.gelu(half, approximate="tanh"), rtol=0.1, atol=0.1)


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    x = probe.randn(3, 4, 6, dtype=torch.float64, scale=1.5).requires_grad_()
    pull = probe.randn(3, 4, 6, dtype=torch.float64)
    expected = F.gelu(x, approximate="tanh")
    result = probe(probe.build(), x)
    compare(probe, result, x, expected)
    probe.same(probe.gradients(result, [x], pull)[0], probe.gradients(expected, [x], pull)[0], fault="detached")


@exercise.item("large_values", "No desborda con valores grandes", "Does not overflow for large values")
def _(probe: Probe) -> None:
    module = probe.build()
    for dtype in (torch.float32, torch.float64):
        x = torch.tensor([0.0, 6.0, -6.0, 30.0, -30.0, 100.0, -100.0, 1e4, -1e4], dtype=dtype).requires_grad_()
        expected = F.gelu(x, approximate="tanh")
        result = probe(module, x)
        if isinstance(result, Tensor) and not bool(torch.isfinite(result).all()):
            raise Wrong("overflow")
        compare(probe, result, x, expected)
        pull = torch.ones_like(x)
        gradient = probe.gradients(result, [x], pull)[0]
        if not bool(torch.isfinite(gradient).all()):
            raise Wrong("overflow")
        probe.same(gradient, probe.gradients(expected, [x], pull)[0], fault="detached")
