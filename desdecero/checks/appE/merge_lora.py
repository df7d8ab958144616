"""appE/merge_lora: each update goes into the weights beside which it was trained, and leaves no trace."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from desdecero.checks.appE._common import (
    SURGERY,
    Adapted,
    Update,
    change,
    network,
    places,
    randomised,
    replace,
    shared,
    small_gpt,
)
from desdecero.checks.ch05._common import explained
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, close, shape, type_name
from desdecero.lora import LinearWithLoRA

exercise = Exercise(
    id="appE/merge_lora",
    defines="merge_lora",
    reference="desdecero.lora:merge_lora",
    difficulty=3,
    minutes=25,
    faults=SURGERY
    | {
        "nothing_merged": (
            "El modelo sigue igual: reconoce cada capa envuelta por sus atributos, linear y lora, y pon en su sitio "
            "una nn.Linear con setattr.",
            "The model is as it was: recognise each wrapped layer by its attributes, linear and lora, and put an "
            "nn.Linear in its place with setattr.",
        ),
        "by_class": (
            "Solo reconoces una clase con isinstance: cualquier módulo con los atributos linear y lora es una capa "
            "envuelta, venga de donde venga; mira con hasattr.",
            "You recognise only one class, by isinstance: any module with the attributes linear and lora is a wrapped "
            "layer, wherever it comes from; look with hasattr.",
        ),
        "top_level_only": (
            "Solo fusionas las capas que cuelgan directamente del modelo: «{name}» está más adentro. Llama a tu "
            "función también con cada hijo.",
            "You merge only the layers directly below the model: “{name}” is deeper down. Call your function for each "
            "child, too.",
        ),
        "left_wrapped": (
            "«{name}» sigue envuelta: en su sitio debe quedar una nn.Linear.",
            "“{name}” is still wrapped: an nn.Linear must be left in its place.",
        ),
        "not_plain": (
            "En «{name}» queda un módulo de tipo {got}: debe ser una nn.Linear corriente.",
            "“{name}” is now a {got}: it must be a plain nn.Linear.",
        ),
        "too_eager": (
            "«{name}» tiene un atributo linear, pero no lora: no es una capa envuelta y se queda como está.",
            "“{name}” has an attribute linear, but no lora: it is not a wrapped layer and stays as it is.",
        ),
        "lora_alone": (
            "Un módulo que tiene un atributo lora, pero no linear, no es una capa envuelta y se queda como está: "
            "pregunta por los dos.",
            "A module that has an attribute lora, but no linear, is not a wrapped layer and stays as it is: ask for "
            "both.",
        ),
        "other_changed": (
            "«{name}» no estaba envuelta y ha cambiado: déjala como está.",
            "“{name}” was not wrapped and has changed: leave it as it is.",
        ),
        "transpose_forgotten": (
            "Falta trasponer: A @ B es (in, out) y nn.Linear guarda sus pesos como (out, in). En una capa cuadrada "
            "no da error, pero el resultado es otro.",
            "The transpose is missing: A @ B is (in, out) and nn.Linear keeps its weights as (out, in). In a square "
            "layer there is no error, but the result is another.",
        ),
        "reshaped": (
            "Cambias la forma de A @ B con reshape o view: eso desordena sus números; hay que trasponer, (A @ B).T.",
            "You change the shape of A @ B by reshape or view: that jumbles its numbers; it has to be transposed, "
            "(A @ B).T.",
        ),
        "wrong_order": (
            "Las matrices no encajan ({error}): la actualización es A @ B, (in, rank) por (rank, out), y B @ A "
            "no lo es.",
            "The matrices don't fit ({error}): the update is A @ B, (in, rank) by (rank, out), and B @ A is not.",
        ),
        "alpha_forgotten": (
            "Falta multiplicar la actualización por alpha.",
            "The update lacks the factor alpha.",
        ),
        "alpha_over_rank": (
            "Divides alpha entre rank, y la capa no lo hace: la actualización es alpha * (A @ B).",
            "You divide alpha by rank, and the layer does not: the update is alpha * (A @ B).",
        ),
        "other_attributes": (
            "Buscas un atributo que no está ahí ({error}): una capa envuelta tiene linear y lora, y lora tiene A, B y "
            "alpha.",
            "You look for an attribute that is not there ({error}): a wrapped layer has linear and lora, and lora has "
            "A, B and alpha.",
        ),
        "subtracted": (
            "Restas la actualización: se suma a los pesos.",
            "You subtract the update: it is added to the weights.",
        ),
        "update_lost": (
            "Quitas el envoltorio y se pierde lo aprendido: suma antes la actualización a los pesos.",
            "You take off the wrapping and lose what was learnt: add the update to the weights first.",
        ),
        "weight_lost": (
            "En los pesos queda solo la actualización: súmala a los que ya había.",
            "Only the update is left in the weights: add it to those that were there.",
        ),
        "added_twice": (
            "La actualización se suma dos veces.",
            "The update is added twice.",
        ),
        "bias_lost": (
            "Se pierde el sesgo de «{name}»: la nn.Linear que queda debe tener el mismo.",
            "The bias of “{name}” is lost: the nn.Linear that is left must have the same one.",
        ),
        "bias_invented": (
            "«{name}» no tenía sesgo y ahora lo tiene: pasa bias=False, o aprovecha la propia linear.",
            "“{name}” had no bias and has one now: pass bias=False, or use linear itself.",
        ),
        "needs_bias": (
            "Tu código se interrumpe en una capa sin sesgo ({error}): linear.bias puede ser None.",
            "Your code stops at a layer without bias ({error}): linear.bias may be None.",
        ),
        "needs_parameter": (
            "A un parámetro no se le asigna un tensor corriente ({error}): súmaselo en el sitio con torch.no_grad(), "
            "linear.weight += ..., o envuélvelo en nn.Parameter.",
            "An ordinary tensor can't be assigned to a parameter ({error}): add it in place under torch.no_grad(), "
            "linear.weight += ..., or wrap it in nn.Parameter.",
        ),
        "needs_no_grad": (
            "PyTorch no deja escribir en un parámetro mientras apunta gradientes ({error}): suma dentro de "
            "«with torch.no_grad():».",
            "PyTorch lets nobody write into a parameter while it records gradients ({error}): add inside "
            "“with torch.no_grad():”.",
        ),
        "tracked": (
            "Los pesos de «{name}» recuerdan cómo se calcularon y ya no se pueden entrenar: suma la actualización "
            "dentro de «with torch.no_grad():».",
            "The weights of “{name}” remember how they were computed and can't be trained any more: add the update "
            "inside “with torch.no_grad():”.",
        ),
        "precision_lost": (
            "«{name}» era {expected} y ahora es {got}: conserva el tipo de linear.weight.",
            "“{name}” was {expected} and is now {got}: keep the dtype of linear.weight.",
        ),
    },
)

ERRORS = {
    "cannot assign .*Tensor.* as parameter": "needs_parameter",
    "NoneType": "needs_bias",
    "leaf Variable that requires grad|non-leaf Tensor": "needs_no_grad",
    "'Branch' object has no attribute 'lora'": "too_eager",
    "'(Adapted|Update)' object has no attribute": "other_attributes",
}

Wrap = Callable[[nn.Linear, Tensor, Tensor, float], nn.Module]


def stand_in(linear: nn.Linear, A: Tensor, B: Tensor, alpha: float) -> nn.Module:
    return Adapted(linear, Update(A, B, alpha))


@torch.no_grad()
def courses(linear: nn.Linear, A: Tensor, B: Tensor, alpha: float) -> nn.Module:
    layer = LinearWithLoRA(linear, A.shape[1], alpha)
    layer.lora.A.copy_(A)
    layer.lora.B.copy_(B)
    return layer


class Side(nn.Module):
    """Has a correction called `lora`, as a wrapped layer does, but no `linear`."""

    def __init__(self, gate: nn.Module, lora: nn.Module) -> None:
        super().__init__()
        self.gate, self.lora = gate, lora

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x) + self.lora(x)


def adapt(probe: Probe, model: nn.Module, wrap: Wrap = stand_in, keep: tuple[str, ...] = ()) -> nn.Module:
    """Wrap the linear layers of `model`, but those at `keep`, with updates that show."""
    for path, linear in places(model).items():
        # A part that stands in two places is met twice, and wrapped by then.
        if path not in keep and isinstance(model.get_submodule(path), nn.Linear):
            rank, dtype = probe.pick(2, 4), linear.weight.dtype
            A, B = (
                probe.randn(*size, dtype=dtype) for size in ((linear.in_features, rank), (rank, linear.out_features))
            )
            replace(model, path, wrap(linear, A, B, 1.25 + probe.pick(1, 5)))
    return model.eval()


def merged(probe: Probe, model: nn.Module) -> dict[str, nn.Linear]:
    """Let the answer merge the layers of `model`; all its linear layers, by their paths, once they are right."""
    before, old = places(copy.deepcopy(model)), places(model)
    try:
        with explained(ERRORS):
            change(probe, model)
    except Wrong as wrong:
        if wrong.fault == "too_eager":
            raise Wrong("too_eager", name="branches.left") from None
        if wrong.fault == "raises":
            diagnose(probe, str(wrong.details.get("error")))
        raise
    after = {path: reached(model, path) for path in before}
    check_structure(before, after)
    for path, layer in after.items():
        if isinstance(before[path], nn.Linear):
            if layer is not old[path] or not close(layer.weight, before[path].weight):
                raise Wrong("other_changed", name=path)
        else:
            check_layer(probe, path, before[path], layer)
    return after


def reached(model: nn.Module, path: str) -> nn.Module:
    """What stands at `path`, or at the last step on the way that there is."""
    for part in path.split("."):
        if not hasattr(model, part):
            break
        model = getattr(model, part)
    return model


def diagnose(probe: Probe, error: str) -> None:
    """Name the mistake behind an error, by what the answer does where all shapes fit."""
    linear = randomised(probe, nn.Linear(5, 5))
    model = nn.Sequential(stand_in(linear, probe.randn(5, 2), probe.randn(2, 5), 1.5))
    before = copy.deepcopy(model[0])
    try:
        change(probe, model)
    except Wrong:
        if "shape" in error or "size" in error:
            raise Wrong("wrong_order", error=error) from None
        return
    if isinstance(model[0], nn.Linear):
        check_layer(probe, "0", before, model[0])


def check_structure(before: dict[str, nn.Module], after: dict[str, nn.Module]) -> None:
    adapted = [path for path, layer in before.items() if not isinstance(layer, nn.Linear)]
    left = [path for path in adapted if hasattr(after[path], "lora")]
    deep = [path for path in adapted if "." in path]
    if left == adapted:
        raise Wrong("nothing_merged")
    if left:
        raise Wrong("top_level_only" if left == deep else "left_wrapped", name=left[0])
    for path, layer in after.items():
        if type(layer) is not nn.Linear:
            raise Wrong("not_plain", name=path, got=type_name(layer))


def mimics(layer: nn.Module) -> Mimics:
    """The weights that answers with the usual mistakes would leave."""
    W, A, B, alpha = layer.linear.weight, layer.lora.A, layer.lora.B, layer.lora.alpha
    change = torch.einsum("ir,ro->oi", A, B)
    wrong: Mimics = {
        "alpha_forgotten": W + change,
        "alpha_over_rank": W + alpha / A.shape[1] * change,
        "update_lost": W,
        "weight_lost": [alpha * change, change],
        "added_twice": W + 2 * alpha * change,
        "subtracted": W - alpha * change,
        "reshaped": [W + factor * (A @ B).reshape(W.shape) for factor in (alpha, 1.0)],
    }
    if A.shape[0] == B.shape[1]:  # where all shapes fit
        return {"transpose_forgotten": [W + alpha * (A @ B), W + A @ B]} | wrong
    return wrong


def check_layer(probe: Probe, path: str, before: nn.Module, layer: nn.Linear) -> None:
    """What the wrapped layer `before` has become."""
    linear, lora = before.linear, before.lora
    if layer.weight.dtype != linear.weight.dtype:
        raise Wrong("precision_lost", name=path, got=layer.weight.dtype, expected=linear.weight.dtype)
    if layer.weight.shape != linear.weight.shape:
        name, got, expected = f"{path}.weight", shape(layer.weight), shape(linear.weight)
        raise Wrong("weight_shape", name=name, got=got, expected=expected)
    if not layer.weight.is_leaf:
        raise Wrong("tracked", name=path)
    expected = linear.weight + lora.alpha * torch.einsum("ir,ro->oi", lora.A, lora.B)
    probe.same(layer.weight, expected, mimics(before), rtol=1e-5, atol=1e-5)
    if linear.bias is None and layer.bias is not None:
        raise Wrong("bias_invented", name=path)
    if linear.bias is not None and (layer.bias is None or not close(layer.bias, linear.bias)):
        raise Wrong("bias_lost", name=path)


@exercise.item("every_layer", "Todas vuelven a ser nn.Linear", "All become nn.Linear again", points=2)
def _(probe: Probe) -> None:
    plain = ("branches.left.linear", "branches.right.linear")
    model, other = (adapt(probe, network(probe), wrap, keep=plain) for wrap in (stand_in, courses))
    try:
        merged(probe, model)
    except Wrong as wrong:
        if wrong.fault != "nothing_merged":
            raise
        change(probe, other)
        raise Wrong("nothing_merged" if hasattr(other.first, "lora") else "by_class") from None
    merged(probe, other)
    merged(probe, adapt(probe, small_gpt(probe)))


@exercise.item("others", "No toca las que no están envueltas", "Leaves those that are not wrapped alone")
def _(probe: Probe) -> None:
    model = adapt(probe, network(probe), keep=("first", "body.0", "branches.left.linear", "branches.right.gate"))
    merged(probe, model)
    plain = places(model)
    change(probe, model)  # nothing left to do
    if any(places(model).get(path) is not layer for path, layer in plain.items()):
        raise Wrong("other_changed", name=next(iter(plain)))
    only_lora(probe)


def only_lora(probe: Probe) -> None:
    side = Side(randomised(probe, nn.Linear(4, 4)), Update(probe.randn(4, 2), probe.randn(2, 4), 1.5))
    model, x = nn.Sequential(nn.Tanh(), side), probe.randn(3, 4)
    expected = model(x).detach()
    with explained({"'Side' object has no attribute 'linear'": "lora_alone"}):
        change(probe, model)
    if model[1] is not side or not close(model(x), expected):
        raise Wrong("lora_alone")


@exercise.item("outputs", "El modelo da lo mismo que antes", "The model gives what it gave before")
def _(probe: Probe) -> None:
    ids = probe.randint(0, 7, (3, 4))
    for make in (network, small_gpt):
        model = adapt(probe, make(probe).double())
        expected = model(ids).detach()
        merged(probe, model)
        probe.same(model(ids), expected)


@exercise.item("shared", "Suma cada actualización una sola vez", "Adds each update only once")
def _(probe: Probe) -> None:
    model = adapt(probe, shared(probe))
    merged(probe, model)
    kept = copy.deepcopy(model.state_dict())
    change(probe, model)
    for name, value in model.state_dict().items():
        probe.same(value, kept[name], fault="added_twice")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    layers = []
    for i in range(2):
        linear = nn.Linear(*stored[f"{i}.weight"].shape[::-1], dtype=torch.float64)
        linear.load_state_dict({name: stored[f"{i}.{name}"] for name in ("weight", "bias")})
        layers.append(stand_in(linear, stored[f"{i}.A"], stored[f"{i}.B"], float(stored["alpha"])))
    model = nn.Sequential(layers[0], nn.Sequential(nn.ReLU(), layers[1]))
    linears = merged(probe, model)
    for i, layer in enumerate(linears.values()):
        probe.same(layer.weight, stored[f"{i}.merged"])
    probe.same(model(stored["x"]), stored["expected"])
