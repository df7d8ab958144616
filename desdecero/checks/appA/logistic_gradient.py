"""appA/logistic_gradient: the gradient of logistic regression, by hand."""

import torch
from torch import Tensor
from torch.nn import functional as F

from desdecero.checks.exercise import Exercise
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Mimics, Probe, Wrong, shape, type_name

exercise = Exercise(
    id="appA/logistic_gradient",
    defines="logistic_gradient",
    reference="desdecero.first_steps:logistic_gradient",
    difficulty=2,
    minutes=15,
    forbidden=Forbidden(packages=("torch.autograd", "torch.autograd.forward_ad", "torch._functorch.eager_transforms")),
    faults={
        "not_a_pair": (
            "Se espera la pareja (dw, db) y devuelves «{got}»: acaba con return dw, db.",
            "The pair (dw, db) is expected and you return “{got}”: end with return dw, db.",
        ),
        "not_tensors": (
            "{name} es «{got}» y debe ser un tensor: no uses .item() ni float().",
            "{name} is “{got}” and should be a tensor: use neither .item() nor float().",
        ),
        "swapped": (
            "dw y db están cambiados de sitio: primero el gradiente de w y luego el de b.",
            "dw and db have changed places: first the gradient of w, then that of b.",
        ),
        "per_example": (
            "{name} tiene forma {got}, una fila por ejemplo: falta la media sobre los ejemplos.",
            "{name} has shape {got}, one row per example: take the mean over the examples.",
        ),
        "mean_too_far": (
            "{name} tiene forma {got}: promedias también sobre las características; usa solo la dimensión 0.",
            "{name} has shape {got}: you average over the features, too; use dimension 0 only.",
        ),
        "extra_dimension": (
            "{name} tiene forma {got} y debe tener la de {like}, {expected}: sobra una dimensión de tamaño 1.",
            "{name} has shape {got} and should have that of {like}, {expected}: a dimension of size 1 is too many.",
        ),
        "sum": (
            "{where} es la suma sobre los ejemplos y la pérdida es la media: divide entre N = len(x).",
            "{where} is the sum over the examples, and the loss is the mean: divide by N = len(x).",
        ),
        "divided_by_features": (
            "En {where} divides entre otro número: la media es sobre los N ejemplos, len(x).",
            "In {where} you divide by another number: the mean is over the N examples, len(x).",
        ),
        "sign": (
            "{where} tiene el signo cambiado: el error es la predicción menos la etiqueta, p - y.",
            "{where} has the wrong sign: the error is the prediction minus the label, p - y.",
        ),
        "no_sigmoid": (
            "{where} sale sin la sigmoide: la predicción es torch.sigmoid(x @ w + b).",
            "{where} comes out without the sigmoid: the prediction is torch.sigmoid(x @ w + b).",
        ),
        "no_bias": (
            "{where} sale como si b fuera cero: el logit es x @ w + b.",
            "{where} comes out as if b were zero: the logit is x @ w + b.",
        ),
        "squared_error": (
            "{where} lleva de más la derivada de la sigmoide, p (1 − p): con la entropía cruzada se cancela y "
            "queda p − y.",
            "{where} has the derivative of the sigmoid, p (1 − p), too many: with cross-entropy it cancels and "
            "p − y is left.",
        ),
        "softmax": (
            "{where} sale con softmax, que reparte entre los ejemplos: cada uno tiene su propia sigmoide.",
            "{where} comes out with softmax, which shares among the examples: each has its own sigmoid.",
        ),
        "rounded": (
            "{where} sale con predicciones de 0 o 1: usa la probabilidad, sin redondear ni comparar.",
            "{where} comes out with predictions of 0 or 1: use the probability, neither rounded nor compared.",
        ),
        "one_example": (
            "{where} sale de un solo ejemplo: júntalos todos y devuelve el resultado después del bucle.",
            "{where} comes from a single example: gather all of them and return the result after the loop.",
        ),
        "integer_labels": (
            "Falla con etiquetas enteras, 0 y 1: conviértelas al tipo de x, y.to(x.dtype).",
            "Fails with integer labels, 0 and 1: convert them to the type of x, y.to(x.dtype).",
        ),
        "squeezed": (
            "Falla cuando hay un solo ejemplo o una sola característica: squeeze() quita también esa dimensión.",
            "Fails with a single example or a single feature: squeeze() removes that dimension, too.",
        ),
        "overflow": (
            "Con logits grandes {where} da nan, inf u otro valor: usa torch.sigmoid y p − y, sin exp ni divisiones.",
            "With large logits {where} gives nan, inf or another value: use torch.sigmoid and p − y, without exp "
            "or divisions.",
        ),
    },
)

Case = tuple[Tensor, Tensor, Tensor, Tensor]  # x, y, w, b


def case(probe: Probe, n: int, d: int, dtype: torch.dtype = torch.float64, scale: float = 1.0) -> Case:
    """Labels of both kinds, as far as there is room."""
    labels = torch.arange(n)[torch.randperm(n, generator=probe.generator)] % 2
    w, b = probe.randn(d, dtype=dtype, scale=scale), probe.randn(1, dtype=dtype)[0] + 1.5
    return probe.randn(n, d, dtype=dtype), labels.to(dtype), w, b


def truth(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """By automatic differentiation of torch's own loss."""
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    dw, db = torch.autograd.grad(F.binary_cross_entropy_with_logits(x @ w + b, y.to(x.dtype)), [w, b])
    return dw, db


def mimics(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Mimics, Mimics]:
    """What answers with the usual mistakes would give, for w and for b."""
    logits = x @ w + b
    p, n = torch.sigmoid(logits), len(x)
    slope = p * (1 - p)
    errors = {
        "no_sigmoid": [logits - y],
        "no_bias": [torch.sigmoid(x @ w) - y],
        "squared_error": [k * (p - y) * slope for k in (1, 2)],
        "softmax": [logits.softmax(0) - y],
        "rounded": [(p > 0.5).to(p) - y],
    }

    def found(average) -> Mimics:
        """`average` makes a gradient of the errors of the examples, times their features."""
        same = {name: [average(error) for error in ways] for name, ways in errors.items()}
        # A second slip, the sum or the sign, does not hide the first.
        more = {name: [k * way for way in ways for k in (1, n, -1, -n)] for name, ways in same.items()}
        right = average(p - y)
        one = [average((p - y) * n * (torch.arange(n) == i)) for i in (0, n - 1)]
        return {
            "sum": right * n,
            "sign": [-right, -right * n],
            "divided_by_features": [right * n / k for k in (x.shape[1], x.numel(), max(1, n - 1), 2 * n, 4)],
            **more,
            "one_example": one + [way / n for way in one],
        }

    return found(lambda error: error @ x / n), found(lambda error: error.mean())


def pair(probe: Probe, given: Case, fault: str = "raises") -> tuple[Tensor, Tensor]:
    """What the answer returns, which must be two tensors."""
    result = probe(probe.candidate, *given, fault=fault)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong("not_a_pair", got=type_name(result))
    for name, part in zip(("dw", "db"), result):
        if not isinstance(part, Tensor):
            raise Wrong("not_tensors", name=name, got=type_name(part))
    return result[0], result[1]


def check_shapes(dw: Tensor, db: Tensor, x: Tensor) -> None:
    n, d = x.shape
    if (tuple(dw.shape), tuple(db.shape)) == ((), (d,)):
        raise Wrong("swapped")
    for name, like, part, size in (("dw", "w", dw, (d,)), ("db", "b", db, ())):
        details = {"name": name, "like": like, "got": shape(part), "expected": size}
        got = tuple(part.shape)
        if got == size:
            continue
        if got in ((n, *size), (*size, n), (n, n), (n, 1)):
            raise Wrong("per_example", **details)
        if got == () or (name == "dw" and got == (n,)):
            raise Wrong("mean_too_far", **details)
        raise Wrong("extra_dimension" if part.numel() == max(1, *size, 1) else "shape", **details)


def judge(probe: Probe, given: Case, fault: str | None = None, expected: tuple[Tensor, Tensor] | None = None) -> None:
    """Compare both gradients; `fault` names what only this case can show."""
    x = given[0]
    dw, db = pair(probe, given, fault or "raises")
    try:
        check_shapes(dw, db, x)
    except Wrong as wrong:
        raise Wrong(fault) if fault == "squeezed" else wrong from None
    x, y, w, b = given
    guesses = mimics(x, y.to(x.dtype), w, b)
    for name, part, right, wrong in zip(("dw", "db"), (dw, db), expected or truth(*given), guesses):
        probe.same(part, right, wrong, where=name, fault=fault if part.dtype == right.dtype else None)


@exercise.item("shapes", "Devuelve dw como w y db como b", "Returns dw like w and db like b")
def _(probe: Probe) -> None:
    given = case(probe, 7, 3, torch.float32)
    dw, db = pair(probe, given)
    check_shapes(dw, db, given[0])


@exercise.item("fresh_inputs", "Los dos gradientes son correctos", "Both gradients are right", points=2)
def _(probe: Probe) -> None:
    for n, d in ((7, 3), (12, 5), (4, 9)):
        judge(probe, case(probe, n, d))
    judge(probe, case(probe, 6, 4, torch.float32))


@exercise.item("labels", "Acepta etiquetas enteras", "Accepts integer labels")
def _(probe: Probe) -> None:
    for dtype in (torch.float32, torch.float64):
        x, y, w, b = case(probe, 9, 4, dtype)
        judge(probe, (x, y, w, b))
        judge(probe, (x, y.long(), w, b), "integer_labels")


@exercise.item("single", "Funciona con un solo ejemplo", "Works with a single example")
def _(probe: Probe) -> None:
    judge(probe, case(probe, 8, 4))
    for n, d in ((1, 4), (6, 1), (1, 1)):
        judge(probe, case(probe, n, d), "squeezed")


@exercise.item("large_logits", "Aguanta logits grandes", "Copes with large logits")
def _(probe: Probe) -> None:
    judge(probe, case(probe, 8, 4))
    for dtype in (torch.float32, torch.float64):
        judge(probe, case(probe, 10, 4, dtype, scale=2_000.0), "overflow")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    judge(probe, tuple(stored[name] for name in "xywb"), expected=(stored["dw"], stored["db"]))
