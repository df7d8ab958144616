"""appE/lora_layer: an update of low rank (LoRA; Hu et al., 2022)."""

import math

import torch
from torch import Tensor, nn

from desdecero.checks.appE._common import update
from desdecero.checks.ch04._common import CUT_GRADIENT, check_gradients
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, shape, type_name

exercise = Exercise(
    id="appE/lora_layer",
    defines="LoRALayer",
    reference="desdecero.lora:LoRALayer",
    difficulty=2,
    minutes=15,
    faults={
        "linears_inside": (
            "«{name}» es un nn.Linear: aquí A y B son matrices sueltas, nn.Parameter, sin sesgo.",
            "“{name}” is an nn.Linear: here A and B are bare matrices, nn.Parameter, without bias.",
        ),
        "not_parameter": (
            "«{name}» no es un nn.Parameter entrenable: créalo en __init__ con nn.Parameter(...).",
            "“{name}” is not a trainable nn.Parameter: create it in __init__ with nn.Parameter(...).",
        ),
        "names_swapped": (
            "A y B tienen los nombres cambiados: A es la que va de in_dim a rank, y B la que va de rank a out_dim.",
            "A and B have each other's name: A is the one that goes from in_dim to rank, and B from rank to out_dim.",
        ),
        "transposed": (
            "«{name}» tiene forma {got}: está traspuesta, debe ser {expected} para que x @ A @ B encaje.",
            "“{name}” has shape {got}: it is transposed; it must be {expected} for x @ A @ B to fit.",
        ),
        "rank_ignored": (
            "Con rank={expected} las matrices tienen rango {got}: usa rank en sus formas, A (in_dim, rank) y "
            "B (rank, out_dim).",
            "With rank={expected} the matrices have rank {got}: use rank in their shapes, A (in_dim, rank) and "
            "B (rank, out_dim).",
        ),
        "extra_parameters": (
            "«{name}» también se entrena: los únicos parámetros son A y B.",
            "“{name}” is trained, too: A and B are the only parameters.",
        ),
        "no_alpha": (
            "Falta el atributo alpha: guárdalo, self.alpha = alpha; en E.11 hará falta.",
            "The attribute alpha is missing: keep it, self.alpha = alpha; E.11 needs it.",
        ),
        "both_zero": (
            "A y B empiezan las dos a cero: el gradiente de cada una pasa por la otra, así que no aprenderían nunca. "
            "A empieza al azar.",
            "A and B both start at zero: the gradient of each passes through the other, so they would never learn. "
            "A starts at random.",
        ),
        "swapped_start": (
            "Empiezas A a cero y B al azar: es al revés.",
            "You start A at zero and B at random: it is the other way round.",
        ),
        "B_not_zero": (
            "B no empieza a cero: así la capa cambia el modelo antes de haber aprendido nada.",
            "B does not start at zero: this way the layer changes the model before it has learnt anything.",
        ),
        "A_too_large": (
            "A empieza demasiado grande para rank={rank}: la media cuadrática de sus números es {got}, y la de una "
            "uniforme en ±1/√rank es {expected}.",
            "A starts too large for rank={rank}: the root mean square of its numbers is {got}, and that of a uniform "
            "draw in ±1/√rank is {expected}.",
        ),
        "A_too_small": (
            "A empieza casi a cero para rank={rank}: la media cuadrática de sus números es {got}, y la de una "
            "uniforme en ±1/√rank es {expected}. Con una A así, B tarda mucho en aprender.",
            "A starts at next to nothing for rank={rank}: the root mean square of its numbers is {got}, and that of a "
            "uniform draw in ±1/√rank is {expected}. With such an A, B is slow to learn.",
        ),
        "global_seed": (
            "Tu capa cambia la semilla de todo el programa: quita torch.manual_seed.",
            "Your layer changes the seed of the whole program: remove torch.manual_seed.",
        ),
        "same_A": (
            "Todas las capas empiezan con la misma A: sortéala de nuevo en cada una, sin semilla fija.",
            "All layers start with the same A: draw it anew in each, without a fixed seed.",
        ),
        "constant_A": (
            "Todos los números de A son iguales: así sus columnas aprenden lo mismo, y el rango es 1. Sortéalos.",
            "All numbers of A are the same: this way its columns learn the same, and the rank is 1. Draw them at "
            "random.",
        ),
        "one_sided": (
            "Los números de A no están centrados en el cero: torch.rand los da entre 0 y 1; estíralos y muévelos para "
            "que vayan de -1/√rank a 1/√rank.",
            "The numbers of A are not centred on zero: torch.rand gives them between 0 and 1; stretch and shift them "
            "so that they go from -1/√rank to 1/√rank.",
        ),
        "alpha_changed": (
            "El atributo alpha vale {got} y se recibió {expected}: guárdalo tal como llega, que en E.11 hará falta.",
            "The attribute alpha is {got}, and {expected} was given: keep it as it comes, for E.11 needs it.",
        ),
        "wrong_order": (
            "Multiplicas primero por B: x pasa por A, que la estrecha a rank números, y después por B.",
            "You multiply by B first: x goes through A, which narrows it to rank numbers, and then through B.",
        ),
        "alpha_over_rank": (
            "Divides alpha entre rank, como el artículo: aquí se pide alpha * (x @ A @ B), sin dividir.",
            "You divide alpha by rank, as the paper does: here alpha * (x @ A @ B) is asked for, undivided.",
        ),
        "alpha_over_root": (
            "Divides alpha entre √rank, como en rsLoRA: aquí se pide alpha * (x @ A @ B), sin dividir.",
            "You divide alpha by √rank, as in rsLoRA: here alpha * (x @ A @ B) is asked for, undivided.",
        ),
        "alpha_ignored": (
            "Falta multiplicar por alpha.",
            "The factor alpha is missing.",
        ),
        "adds_x": (
            "Sumas x al resultado: la capa da solo la actualización, y lo de siempre lo suma quien la usa.",
            "You add x to the result: the layer gives the update alone; whoever uses it adds what was there.",
        ),
        "fixed_dimensions": (
            "Con x de forma {got} tu código se interrumpe ({error}): delante de la última dimensión puede haber "
            "cualquier número de ellas; x @ A vale para todas.",
            "For x of shape {got} your code stops ({error}): any number of dimensions may stand before the last one; "
            "x @ A does for all.",
        ),
        "dropout": (
            "Al entrenar el resultado cambia: aquí no se pide dropout.",
            "In training the result changes: no dropout is asked for here.",
        ),
        "cut_gradient": CUT_GRADIENT,
    },
)


def matrices(probe: Probe, module: nn.Module, in_dim: int, out_dim: int, rank: int) -> tuple[Tensor, Tensor]:
    """A and B, which must be the module's only parameters, and have the right shapes."""
    sizes = {"A": (in_dim, rank), "B": (rank, out_dim)}
    there = {name: getattr(getattr(module, name, None), "shape", None) for name in sizes}
    if there != sizes and there == {"A": sizes["B"], "B": sizes["A"]}:
        raise Wrong("names_swapped")
    for name, size in sizes.items():
        if isinstance(getattr(module, name, None), nn.Linear):
            raise Wrong("linears_inside", name=name)
        value = probe.attribute(module, name, Tensor)
        if not value.requires_grad or not any(value is parameter for parameter in module.parameters()):
            raise Wrong("not_parameter", name=name)
        if value.shape != size and value.shape == size[::-1]:
            raise Wrong("transposed", name=name, got=shape(value), expected=size)
        if value.shape != size:
            inner = set(value.shape) - {in_dim, out_dim}
            if value.ndim == 2 and len(inner) == 1 and inner != {rank}:
                raise Wrong("rank_ignored", got=inner.pop(), expected=rank)
            raise Wrong("weight_shape", name=name, got=shape(value), expected=size)
    for name, parameter in module.named_parameters():
        if name not in ("A", "B") and parameter.requires_grad:
            raise Wrong("extra_parameters", name=name)
    return module.A, module.B


def ready(probe: Probe, in_dim: int, out_dim: int, rank: int, alpha: float, dtype: torch.dtype) -> nn.Module:
    """The student's layer with a B that shows."""
    module = probe.build(in_dim, out_dim, rank, alpha).to(dtype)
    matrices(probe, module, in_dim, out_dim, rank)
    probe.set_weight(module, "A", probe.randn(in_dim, rank, dtype=dtype))
    probe.set_weight(module, "B", probe.randn(rank, out_dim, dtype=dtype))
    return module


def mimics(x: Tensor, A: Tensor, B: Tensor, alpha: float) -> Mimics:
    """What answers with the usual mistakes would give."""
    rank = A.shape[1]
    wrong: Mimics = {
        "alpha_over_rank": lambda: update(x, A, B, alpha / rank),
        "alpha_over_root": lambda: update(x, A, B, alpha / math.sqrt(rank)),
        "alpha_ignored": lambda: update(x, A, B, 1.0),
    }
    if A.shape == B.shape:
        wrong |= {
            "wrong_order": [update(x, B, A, factor) for factor in (alpha, 1.0, alpha / rank)],
            "adds_x": lambda: x + update(x, A, B, alpha),
        }
    return wrong


def compare(probe: Probe, module: nn.Module, x: Tensor, alpha: float, expected: Tensor) -> Tensor:
    probe.same(result := probe(module, x), expected, mimics(x, module.A, module.B, alpha))
    return result


@exercise.item("parameters", "A y B son parámetros, con su forma", "A and B are parameters, each with its shape")
def _(probe: Probe) -> None:
    for in_dim, out_dim, rank in ((9, 7, probe.pick(2, 5)), (6, 11, 1), (5, 8, 12)):
        module = probe.build(in_dim, out_dim, rank=rank, alpha=2.0)  # as the chapter calls it
        matrices(probe, module, in_dim, out_dim, rank)
        if not hasattr(module, "alpha"):
            raise Wrong("no_alpha")


@exercise.item("start", "B empieza a cero y A al azar", "B starts at zero and A at random", points=2)
def _(probe: Probe) -> None:
    for rank in (1, 4, 16):
        A, B = matrices(probe, probe.build(256, 6, rank, 1.0), 256, 6, rank)
        if not bool(A.any()):
            raise Wrong("swapped_start" if bool(B.any()) else "both_zero")
        if bool(B.any()):
            raise Wrong("B_not_zero")
        check_scale(A, rank)
    starts, states = [], []
    for turn in (1, 2):
        torch.manual_seed(probe.seed + turn)
        starts.append(matrices(probe, probe.build(9, 6, 3, 1.0), 9, 6, 3)[0])
        states.append(torch.get_rng_state())
    if torch.equal(*states):
        raise Wrong("global_seed")
    if torch.equal(*starts):
        raise Wrong("same_A")


def check_scale(A: Tensor, rank: int) -> None:
    """Any distribution will do whose numbers are about as large as those of the uniform one."""
    if A.numel() > 1 and bool((A.flatten()[0] == A).all()):
        raise Wrong("constant_A")
    got, expected = float(A.square().mean().sqrt()), 1 / math.sqrt(3 * rank)
    details = {"rank": rank, "got": f"{got:.2g}", "expected": f"{expected:.2g}"}
    if not got < 3 * expected:  # a normal one with He's deviation, √(2 / rank), is 2.4 times as large
        raise Wrong("A_too_large", **details)
    if got < expected / 100:
        raise Wrong("A_too_small", **details)
    if abs(float(A.mean())) > got / 2:
        raise Wrong("one_sided")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    # With all sizes alike the matrices fit in either order, and a wrong one shows in the values.
    module, x = ready(probe, 4, 4, 4, 2.3, torch.float64), probe.randn(2, 3, 4, dtype=torch.float64)
    compare(probe, module, x, 2.3, update(x, module.A, module.B, 2.3))
    stored = exercise.stored()
    x, A, B, alpha = stored["x"], stored["A"], stored["B"], float(stored["alpha"])
    module = ready(probe, *A.shape[:1], B.shape[1], A.shape[1], alpha, torch.float64)
    probe.set_weight(module, "A", A)
    probe.set_weight(module, "B", B)
    compare(probe, module, x, alpha, stored["expected"])


@exercise.item(
    "fresh_inputs",
    "Acierta con cualquier forma y precisión, también al entrenar",
    "Is right for any shape and precision, in training, too",
    points=2,
)
def _(probe: Probe) -> None:
    for sizes in ((2, 5, 8), (8,), (3, 8), (2, 1, 4, 8)):
        for dtype in (torch.float64, torch.float32):
            rank, alpha = probe.pick(2, 6), float(probe.pick(2, 40)) / 4 + 0.1
            module = ready(probe, 8, 5, rank, alpha, dtype)
            x = probe.randn(*sizes, dtype=dtype)
            try:
                probe(module, x)
            except Wrong as wrong:
                if wrong.fault != "raises":
                    raise
                raise Wrong("fixed_dimensions", got=shape(x), **wrong.details) from None
            expected = update(x, module.A, module.B, alpha)
            compare(probe, module, x, alpha, expected)
            probe.same(probe(module.train(), x), expected, fault="dropout")
            check_alpha(module, alpha)


def check_alpha(module: nn.Module, alpha: float) -> None:
    """The attribute must be the number given, in whatever form it is kept."""
    try:
        got = float(module.alpha)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong("alpha_changed", got=type_name(module.alpha), expected=f"{alpha:g}") from None
    if not math.isclose(got, alpha, rel_tol=1e-5):
        raise Wrong("alpha_changed", got=f"{got:g}", expected=f"{alpha:g}")


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    module = ready(probe, 6, 4, 3, 1.7, torch.float64)
    x = probe.randn(2, 5, 6, dtype=torch.float64).requires_grad_()
    weights = {name: getattr(module, name).detach().clone().requires_grad_() for name in ("A", "B")}
    expected = update(x, weights["A"], weights["B"], 1.7)
    result = compare(probe, module, x, 1.7, expected)
    check_gradients(probe, module, result, expected, weights, x)
