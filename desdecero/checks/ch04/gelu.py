"""ch04/gelu: the Gaussian error linear unit (Hendrycks and Gimpel, 2016), in its tanh form."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.exercise import Exercise
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Mimics, Probe, Wrong, close

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
            "Es otra función de activación (ReLU, SiLU, tanh…): escribe la fórmula de GELU con tanh.",
            "This is another activation function (ReLU, SiLU, tanh, …): write the tanh formula of GELU.",
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
            "Falta multiplicar por x: lo que devuelves es solo 0.5 · (1 + tanh(…)).",
            "The multiplication by x is missing: you return only 0.5 · (1 + tanh(…)).",
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
            "El factor delante de (x + 0.044715 · x³) vale {got}: debe ser √(2/π), que es 0.7978845608…",
            "The factor before (x + 0.044715 · x³) is {got}: it must be √(2/π), which is 0.7978845608…",
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

ROOT = math.sqrt(2 / math.pi)


def mimics(x: Tensor) -> Mimics:
    """What answers with the usual mistakes would give."""
    cube = 0.044715 * x**3
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
        "wrong_power": lambda: 0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715 * x**2))),
        "parentheses": [
            0.5 * x * (1 + torch.tanh(ROOT * x + cube)),
            0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715) * x**3)),
            0.5 * x * (1 + torch.tanh(ROOT * (x + 0.044715) ** 3)),
            0.5 * x * (1 + torch.tanh(ROOT * (x + (0.044715 * x) ** 3))),
            0.5 * x * (1 + torch.tanh(torch.tensor(ROOT)) * (x + cube)),
            0.5 * x + bent,
            0.5 * x * 1 + 0.5 * bent,
        ],
    }


def constants(x: Tensor, result: Tensor) -> tuple[float, float] | None:
    """The a and c of `0.5 x (1 + tanh(a (x + c x³)))`, if some a and c explain the whole result."""
    x, result = x.detach().double().flatten(), result.detach().double().flatten()
    seen = (x.abs() > 0.2) & (x.abs() < 2)  # where the tanh is neither near zero nor flat
    x = x[seen]
    inner = torch.atanh(2 * result[seen] / x - 1)
    if len(x) < 5 or not bool(torch.isfinite(inner).all()):
        return None
    powers = torch.stack([x, x**3], dim=1)
    a, b = torch.linalg.lstsq(powers, inner[:, None]).solution.flatten().tolist()
    if abs(a) < 1e-3 or not torch.allclose(powers @ torch.tensor([a, b]).double(), inner, rtol=1e-4, atol=1e-4):
        return None
    return a, b / a


def compare(probe: Probe, result: object, x: Tensor, expected: Tensor) -> None:
    mistakes = mimics(x.detach())
    if isinstance(result, Tensor) and result.shape == x.shape and not close(result, expected):
        if not any(close(result, w() if callable(w) else w) for f in mistakes.values() for w in _ways(f)):
            a, c = constants(x, result) or (ROOT, 0.044715)
            if abs(c - 0.044715) > 1e-4 * max(1.0, abs(a)):
                raise Wrong("wrong_coefficient", got=f"{c:.6g}")
            if abs(a - ROOT) > 1e-8:
                raise Wrong("wrong_constant", got=f"{a:.8g}")
    probe.same(result, expected, mistakes)


def _ways(mimic: object) -> list:
    return mimic if isinstance(mimic, list) else [mimic]


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values", points=2)
def _(probe: Probe) -> None:
    stored = exercise.stored()
    module = probe.build()
    compare(probe, probe(module, stored["x"]), stored["x"], stored["expected"])
