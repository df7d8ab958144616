"""appD/clip_gradients: all gradients made shorter together (Pascanu et al., 2013)."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from desdecero.checks.exercise import Exercise
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Mimics, Probe, Wrong, shape, type_name

exercise = Exercise(
    id="appD/clip_gradients",
    defines="clip_gradients",
    reference="desdecero.training:clip_gradients",
    difficulty=2,
    minutes=20,
    forbidden=Forbidden(packages=("torch.nn.utils.clip_grad",)),
    faults={
        "returns_float": (
            "Devuelves «{got}» y se espera un tensor: devuelve la norma tal como sale, sin .item() ni float().",
            "You return “{got}” and a tensor is expected: return the norm as it comes, without .item() or float().",
        ),
        "returns_after": (
            "Devuelves la norma de después de recortar: guárdala antes y devuelve esa.",
            "You return the norm after clipping: keep the one before and return that.",
        ),
        "returns_factor": (
            "Devuelves el factor: se pide la norma de antes de recortar.",
            "You return the factor: the norm before clipping is asked for.",
        ),
        "norm_of_weights": (
            "Calculas la norma de los pesos: es la de sus gradientes, parameter.grad.",
            "You compute the norm of the weights: it is that of their gradients, parameter.grad.",
        ),
        "sum_of_norms": (
            "Sumas o promedias las normas de los parámetros: la norma conjunta es la raíz de la suma de sus cuadrados.",
            "You add or average the norms of the parameters: the joint norm is the root of the sum of their squares.",
        ),
        "no_root": (
            "Falta la raíz cuadrada: la norma es la raíz de la suma de los cuadrados.",
            "The square root is missing: the norm is the root of the sum of the squares.",
        ),
        "other_norm": (
            "Usas otra norma: hace falta la euclídea, raíz de la suma de los cuadrados, no de los valores absolutos ni "
            "el mayor de ellos.",
            "You use another norm: it takes the Euclidean one, root of the sum of squares, neither absolute values nor "
            "the largest of them.",
        ),
        "per_parameter": (
            "Tratas cada parámetro por separado: todos comparten una sola norma y un solo factor.",
            "You treat each parameter on its own: all of them share one norm and one factor.",
        ),
        "only_one": (
            "Solo recortas uno de los gradientes y los demás quedan como estaban: ¿hay un return dentro del bucle?",
            "You clip only one of the gradients and leave the others as they were: is there a return inside the loop?",
        ),
        "not_in_place": (
            "Los gradientes quedan como estaban: cambia los de los parámetros, con parameter.grad.mul_(factor).",
            "The gradients are left as they were: change those of the parameters, with parameter.grad.mul_(factor).",
        ),
        "clamped": (
            "Recortas los números uno a uno y la dirección cambia: multiplica todos por el mismo factor.",
            "You clamp the numbers one by one, and the direction changes: multiply all of them by the same factor.",
        ),
        "max_norm_ignored": (
            "La norma queda siempre en 1: el factor es max_norm / (norm + 1e-6).",
            "The norm always becomes 1: the factor is max_norm / (norm + 1e-6).",
        ),
        "inverted": (
            "El factor está del revés: es max_norm / (norm + 1e-6).",
            "The factor is upside down: it is max_norm / (norm + 1e-6).",
        ),
        "no_epsilon": (
            "Falta 1e-6 en el divisor: el factor es max_norm / (norm + 1e-6).",
            "1e-6 is missing in the divisor: the factor is max_norm / (norm + 1e-6).",
        ),
        "changes_weights": (
            "Cambias los pesos: solo hay que cambiar sus gradientes, parameter.grad.",
            "You change the weights: only their gradients, parameter.grad, should change.",
        ),
        "scales_up": (
            "Alargas los gradientes cuando su norma ya es menor que max_norm: limita el factor a 1.",
            "You lengthen the gradients where their norm is less than max_norm already: cap the factor at 1.",
        ),
        "never_clips_small": (
            "Con una norma menor que max_norm los gradientes deben quedar como estaban.",
            "With a norm less than max_norm the gradients should stay as they were.",
        ),
        "none_gradients": (
            "Falla si algún parámetro no tiene gradiente: sáltate los que tengan parameter.grad a None.",
            "Fails if some parameter has no gradient: skip those whose parameter.grad is None.",
        ),
        "fills_missing": (
            "Das un gradiente de ceros a parámetros que no tienen ninguno: sáltatelos y deja su grad en None.",
            "You give a gradient of zeros to parameters that have none: skip them and leave their grad at None.",
        ),
        "no_gradients": (
            "Si ningún parámetro tiene gradiente, devuelve un cero en un tensor escalar, sin error: {got}.",
            "If no parameter has a gradient, return a zero in a scalar tensor, without an error: {got}.",
        ),
        "zero_norm": (
            "Con gradientes que son todos cero da nan: suma 1e-6 a la norma y limita el factor a 1.",
            "With gradients that are all zero it gives nan: add 1e-6 to the norm and cap the factor at 1.",
        ),
        "generator": (
            "Falla con model.parameters(), que solo se recorre una vez: guarda antes los gradientes en una lista.",
            "Fails with model.parameters(), which can be gone through only once: first keep the gradients in a list.",
        ),
    },
)

Gradients = Sequence[Tensor | None]
ROUGHLY = {"rtol": 1e-4, "atol": 1e-10}  # an answer may compute the norm in float32


def normal(probe: Probe, size: tuple[int, ...]) -> Tensor:
    """Normal values, also for the shape of a scalar."""
    return probe.randn(*size, 1, dtype=torch.float64)[..., 0]


def with_gradients(probe: Probe, gradients: Gradients, sizes: Sequence[tuple[int, ...]]) -> list[nn.Parameter]:
    parameters = []
    for gradient, size in zip(gradients, sizes):
        dtype = torch.float64 if gradient is None else gradient.dtype
        parameters.append(nn.Parameter(normal(probe, size).to(dtype) * 3))
        parameters[-1].grad = None if gradient is None else gradient.clone()
    return parameters


def joined(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().double().flatten() for tensor in tensors])


def check_norm(probe: Probe, result: object, present: list[Tensor], weights: list[Tensor], max_norm: float) -> Tensor:
    """The norm that the answer returns, compared with the norm of all gradients in one row."""
    if isinstance(result, (int, float)):
        raise Wrong("returns_float", got=type_name(result))
    if not isinstance(result, Tensor):
        fault = "per_parameter" if isinstance(result, list) else "not_a_tensor"
        raise Wrong(fault, got=type_name(result))
    if result.shape == (len(present),) and len(present) > 1:
        raise Wrong("per_parameter")
    if result.shape != ():
        raise Wrong("shape", got=shape(result), expected=())
    row = joined(present)
    norm = torch.linalg.vector_norm(row)
    norms = torch.stack([gradient.double().norm() for gradient in present])
    factor = max_norm / (norm + 1e-6)
    mimics: Mimics = {
        "returns_after": [norm * factor.clamp(max=1), norm * factor, norm.clamp(max=max_norm)],
        "returns_factor": [factor, factor.clamp(max=1), max_norm / norm],
        "norm_of_weights": [joined(weights).norm()],
        "sum_of_norms": [norms.sum(), norms.mean(), norms.sum().sqrt()],
        "no_root": [norm**2],
        "other_norm": [row.abs().sum(), row.abs().max(), row.sum().abs(), (row**2).mean().sqrt()],
        "per_parameter": [norms[-1], norms[0], norms.max()],
    }
    probe.same(result.detach().double(), norm, mimics, **ROUGHLY)
    return norm


def judge(
    probe: Probe,
    gradients: Gradients,
    max_norm: float,
    fault: str | None = None,
    sizes: Sequence[tuple[int, ...]] | None = None,
    as_generator: bool = False,
) -> None:
    """Let the answer clip; `fault` names what only this case can show."""
    sizes = sizes or [tuple(gradient.shape) for gradient in gradients]
    parameters = with_gradients(probe, gradients, sizes)
    weights = [parameter.detach().clone() for parameter in parameters]
    given = (parameter for parameter in parameters) if as_generator else parameters
    result = probe(probe.candidate, given, max_norm, fault=fault or "raises")
    present = [gradient for gradient in gradients if gradient is not None]
    try:
        check_norm(probe, result, present, weights, max_norm)
        if not torch.equal(joined(parameters), joined(weights)):
            raise Wrong("changes_weights")
        after = [parameter.grad for parameter, before in zip(parameters, gradients) if before is not None]
        if any(gradient is None for gradient in after):
            raise Wrong("unexpected", detail="grad = None")
        check_gradients(probe, joined(after), present, max_norm)
    except Wrong as wrong:
        raise Wrong(fault) if fault else wrong from None
    check_missing(parameters, gradients)


def check_missing(parameters: list[nn.Parameter], gradients: Gradients) -> None:
    """Who had no gradient must have none now."""
    if any(before is None and parameter.grad is not None for parameter, before in zip(parameters, gradients)):
        raise Wrong("fills_missing")


def check_gradients(probe: Probe, got: Tensor, before: list[Tensor], max_norm: float) -> None:
    row = joined(before)
    norm = row.norm()

    def clipped(part: Tensor) -> Tensor:
        part = part.detach().double()
        return part * (max_norm / (part.norm() + 1e-6)).clamp(max=1)

    factor = max_norm / (norm + 1e-6)
    mimics: Mimics = {
        "not_in_place": [row],
        "only_one": [joined([factor * before[0], *before[1:]]), joined([*before[:-1], factor * before[-1]])],
        "per_parameter": [joined(clipped(part) for part in before)],
        "clamped": [row.clamp(-max_norm, max_norm), row.clamp(max=max_norm)],
        "max_norm_ignored": [row / norm, row / (norm + 1e-6)],
        "inverted": [row * norm / max_norm, row * (norm / max_norm).clamp(max=1)],
        "no_epsilon": [row * max_norm / norm],
    }
    if norm < max_norm:
        mimics = {"scales_up": [row * max_norm / norm, row * max_norm / (norm + 1e-6)]}
    probe.same(got, clipped(row), mimics, fault=None if norm > max_norm else "never_clips_small", **ROUGHLY)


SHAPES = ((3, 4), (5,), (), (2, 3, 2))


def draw(probe: Probe, norm: float, dtype: torch.dtype = torch.float64, sizes: Sequence = SHAPES) -> list[Tensor]:
    """Gradients whose joint norm is `norm`."""
    gradients = [normal(probe, size) for size in sizes]
    length = joined(gradients).norm()
    return [(gradient * norm / length).to(dtype) for gradient in gradients]


@exercise.item("norm", "Devuelve la norma de antes, como tensor", "Returns the norm before, as a tensor")
def _(probe: Probe) -> None:
    for norm, max_norm in ((7.0, 2.5), (0.4, 5.0)):
        gradients = draw(probe, norm)
        parameters = with_gradients(probe, gradients, SHAPES)
        weights = [parameter.detach().clone() for parameter in parameters]
        result = probe(probe.candidate, parameters, max_norm=max_norm)  # by name, as chapter 6 does
        check_norm(probe, result, gradients, weights, max_norm)


@exercise.item("clips", "Recorta todos los gradientes a la vez", "Clips all gradients together", points=2)
def _(probe: Probe) -> None:
    for dtype in (torch.float64, torch.float32):
        for norm, max_norm in ((40.0, 0.3), (7.0, 2.5), (2.0, 1.5)):
            judge(probe, draw(probe, norm, dtype), max_norm)
    judge(probe, draw(probe, 6.0, sizes=[(4, 2)]), 2.0)


@exercise.item("small", "Deja como están los que ya son cortos", "Leaves those that are short already")
def _(probe: Probe) -> None:
    judge(probe, draw(probe, 6.0), 2.0)
    for norm, max_norm in ((0.4, 5.0), (1.9, 2.5), (1e-3, 1.0)):
        judge(probe, draw(probe, norm), max_norm)


@exercise.item("tiny", "Suma 1e-6 a la norma", "Adds 1e-6 to the norm")
def _(probe: Probe) -> None:
    judge(probe, draw(probe, 2e-4), 5e-5)
    judge(probe, [torch.zeros(3, 2), torch.zeros(4)], 1.0, "zero_norm")


@exercise.item("missing", "Se salta los parámetros sin gradiente", "Skips parameters without a gradient")
def _(probe: Probe) -> None:
    judge(probe, draw(probe, 6.0), 2.0)
    first, second, third = draw(probe, 6.0, sizes=SHAPES[:3])
    sizes = [(2, 2), *SHAPES[:2], (6,), SHAPES[2]]
    judge(probe, [None, first, second, None, third], 2.0, "none_gradients", sizes)
    for parameters in (with_gradients(probe, [None, None], [(2, 2), (3,)]), []):
        try:
            result = probe(probe.candidate, parameters, 1.0)
        except Wrong as wrong:
            if wrong.fault != "raises":
                raise
            raise Wrong("no_gradients", got=wrong.details["error"]) from None
        if not isinstance(result, Tensor) or result.shape != () or bool(result != 0):
            got = str(result) if isinstance(result, Tensor) and result.numel() == 1 else type_name(result)
            raise Wrong("no_gradients", got=got)
        check_missing(parameters, [None] * len(parameters))


@exercise.item("generator", "Acepta model.parameters()", "Accepts model.parameters()")
def _(probe: Probe) -> None:
    judge(probe, draw(probe, 6.0), 2.0)
    judge(probe, draw(probe, 6.0), 2.0, "generator", as_generator=True)


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    gradients = [stored[f"gradient{i}"] for i in range(4)]
    for name, max_norm in (("tight", 0.5), ("loose", 50.0)):
        parameters = with_gradients(probe, gradients, [tuple(gradient.shape) for gradient in gradients])
        result = probe(probe.candidate, parameters, max_norm)
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))
        probe.same(result.detach().double(), stored["norm"], **ROUGHLY)
        expected = joined(stored[f"{name}{i}"] for i in range(4))
        probe.same(joined(parameter.grad for parameter in parameters), expected, **ROUGHLY)
