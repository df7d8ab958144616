"""appE/replace_linear_with_lora: every linear layer of a model gets an update of low rank beside it."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.appE._common import SURGERY, change, is_wrapped, network, places, shared, small_gpt, update
from desdecero.checks.ch05._common import explained
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong

exercise = Exercise(
    id="appE/replace_linear_with_lora",
    defines="replace_linear_with_lora",
    reference="desdecero.lora:replace_linear_with_lora",
    difficulty=3,
    minutes=25,
    faults=SURGERY
    | {
        "endless": (
            "Tu código no acaba nunca: o entra en lo que acaba de crear y envuelve otra vez la capa de dentro, o se "
            "llama a sí mismo con el mismo modelo. Baja solo a los hijos que no sean LinearWithLoRA, y si recorres "
            "model.modules(), saca antes la lista.",
            "Your code never ends: either it enters what it has just made and wraps the layer inside again, or it "
            "calls itself with the same model. Go down only into children that are no LinearWithLoRA, and if you go "
            "through model.modules(), make a list of it first.",
        ),
        "changes_while_iterating": (
            "Cambias los hijos de un módulo mientras los recorres ({error}): recorre una lista de ellos, y pon cada "
            "capa con setattr sobre la antigua, sin borrarla antes.",
            "You change a module's children while going through them ({error}): go through a list of them, and put "
            "each layer over the old one with setattr, without deleting that first.",
        ),
        "needs_bias": (
            "Tu código se interrumpe en una capa sin sesgo ({error}): linear.bias puede ser None.",
            "Your code stops at a layer without bias ({error}): linear.bias may be None.",
        ),
        "nothing_wrapped": (
            "El modelo sigue igual: dar otro valor a la variable del bucle no lo cambia; asigna la capa a su módulo, "
            "setattr(parent, name, LinearWithLoRA(...)).",
            "The model is as it was: giving the loop's variable another value does not change it; assign the layer to "
            "its module, setattr(parent, name, LinearWithLoRA(...)).",
        ),
        "top_level_only": (
            "Solo envuelves las capas que cuelgan directamente del modelo: «{name}» está más adentro. Llama a tu "
            "función también con cada hijo.",
            "You wrap only the layers directly below the model: “{name}” is deeper down. Call your function for each "
            "child, too.",
        ),
        "left_plain": (
            "«{name}» sigue siendo nn.Linear: hay que envolverlas todas, estén en el módulo que estén.",
            "“{name}” is still nn.Linear: all of them have to be wrapped, whatever module they are in.",
        ),
        "wrapped_twice": (
            "«{name}» ya estaba envuelta y la envuelves otra vez: deja como están las que ya lo están, y no bajes a "
            "ellas.",
            "“{name}” was wrapped already and you wrap it again: leave those as they are, and don't go down into them.",
        ),
        "new_layers": (
            "Dentro de «{name}» hay una capa que no es la del modelo: envuelve la misma, o se pierden sus pesos.",
            "Inside “{name}” there is a layer that is not the model's: wrap the very same one, or its weights are "
            "lost.",
        ),
        "other_replaced": (
            "«{name}» ha cambiado, y no es una nn.Linear: solo se cambian esas.",
            "“{name}” was changed, and it is no nn.Linear: only those are changed.",
        ),
        "not_frozen": (
            "«{name}» se sigue entrenando: lo que se envuelve se congela.",
            "“{name}” is still trained: what is wrapped gets frozen.",
        ),
        "lora_frozen": (
            "«{name}» está congelado, y es lo que tiene que aprender: si congelas algo, hazlo antes de envolver.",
            "“{name}” is frozen, and it is what has to learn: if you freeze anything, do it before wrapping.",
        ),
        "freezes_too_much": (
            "También congelas «{name}», que no se envuelve: quien quiera congelar lo demás ya lo hará.",
            "You also freeze “{name}”, which is not wrapped: whoever wants to freeze the rest will do so.",
        ),
        "thawed": (
            "Descongelas «{name}», que estaba congelado y no se envuelve: deja lo demás como estaba.",
            "You thaw “{name}”, which was frozen and is not wrapped: leave the rest as it was.",
        ),
        "wrong_rank": (
            "En «{name}» A tiene {got} columnas y rank es {expected}: pasa rank y alpha, en ese orden, también en las "
            "llamadas a tu propia función.",
            "In “{name}” A has {got} columns and rank is {expected}: pass on rank and alpha, in this order, in the "
            "calls to your own function, too.",
        ),
        "wrong_alpha": (
            "La actualización de «{name}» no va multiplicada por el alpha que se recibe: pásalo, también en las "
            "llamadas a tu propia función.",
            "The update of “{name}” is not multiplied by the alpha that is given: pass it on, in the calls to your own "
            "function, too.",
        ),
        "changes_output": (
            "Recién envuelto, el modelo ya no da lo mismo que antes: no toques los pesos.",
            "Just wrapped, the model no longer gives what it gave before: leave the weights alone.",
        ),
    },
)

ERRORS = {
    "^RecursionError": "endless",
    "during iteration": "changes_while_iterating",
    "'NoneType'.*requires_grad": "needs_bias",
}


def wrapped(probe: Probe, model: nn.Module, rank: int, alpha: float) -> dict[str, nn.Module]:
    """Let the answer wrap the layers of `model`; all of them, by their paths, once they are seen to be right."""
    before, parts = places(model), outside(model)
    with explained(ERRORS):
        change(probe, model, rank, alpha)
    after, kept = places(model), outside(model)
    check_wrapped(before, after)
    for path, part in parts.items():
        if kept.get(path) is not part:
            raise Wrong("other_replaced", name=path)
    for path, layer in after.items():
        if not is_wrapped(before[path]):
            check_rank(probe, path, layer, rank)
    return after


def outside(model: nn.Module) -> dict[str, nn.Module]:
    """The parts of the model that hold no linear layer."""
    inside = tuple(f"{path}." for path in places(model))
    return {
        path: part
        for path, part in model.named_modules(remove_duplicate=False)
        if not f"{path}.".startswith(inside) and not any(part.children())
    }


def check_wrapped(before: dict[str, nn.Module], after: dict[str, nn.Module]) -> None:
    for path, layer in after.items():
        nested = hasattr(getattr(layer, "linear", None), "lora")
        if nested or (is_wrapped(before.get(path)) and layer is not before[path]):
            raise Wrong("wrapped_twice", name=path)
    plain = [path for path in before if not is_wrapped(after.get(path))]
    if len(plain) == len(before):
        raise Wrong("nothing_wrapped")
    deep = [path for path in before if "." in path]
    if plain:
        raise Wrong("top_level_only" if plain == deep else "left_plain", name=plain[0])
    for path, layer in before.items():
        if isinstance(layer, nn.Linear) and after[path].linear is not layer:
            raise Wrong("new_layers", name=path)


def check_rank(probe: Probe, path: str, layer: nn.Module, rank: int) -> None:
    A = probe.attribute(layer, "lora.A", Tensor)
    if A.shape != (layer.linear.in_features, rank):
        raise Wrong("wrong_rank", name=path, got=A.shape[-1], expected=rank)


def check_frozen(probe: Probe, layers: dict[str, nn.Module]) -> None:
    for path, layer in layers.items():
        for name, parameter in layer.linear.named_parameters():
            if parameter.requires_grad:
                raise Wrong("not_frozen", name=f"{path}.linear.{name}")
        for name in ("A", "B"):
            if not probe.attribute(layer, f"lora.{name}", Tensor).requires_grad:
                raise Wrong("lora_frozen", name=f"{path}.lora.{name}")


def show(probe: Probe, layers: dict[str, nn.Module]) -> None:
    """Give every update a B that shows."""
    for layer in layers.values():
        probe.set_weight(layer, "lora.B", probe.randn(*probe.attribute(layer, "lora.B", Tensor).shape, scale=0.3))


@torch.no_grad()
def grown(model: nn.Module, layers: dict[str, nn.Module], alpha: float) -> nn.Module:
    """The model before, with every update added to its weights: the truth."""
    model = copy.deepcopy(model)
    for path, layer in layers.items():
        model.get_submodule(path).weight += alpha * torch.einsum("ir,ro->oi", layer.lora.A, layer.lora.B)
    return model


@exercise.item("every_layer", "Envuelve todas las nn.Linear", "Wraps every nn.Linear", points=2)
def _(probe: Probe) -> None:
    for model in (network(probe), small_gpt(probe), network(probe).body):
        wrapped(probe, model, probe.pick(1, 4), 2.0)
    bare = nn.Sequential(nn.Embedding(4, 3), nn.LayerNorm(3))
    change(probe, bare, rank=2, alpha=1.0)  # nothing to do here


@exercise.item("frozen", "Congela lo que envuelve, y nada más", "Freezes what it wraps, and nothing else")
def _(probe: Probe) -> None:
    for model in (network(probe), small_gpt(probe)):
        frozen = next(model.parameters()).requires_grad_(False)  # of the embedding
        layers = wrapped(probe, model, 2, 1.0)
        inside = tuple(f"{path}." for path in layers)
        check_frozen(probe, layers)
        for name, parameter in model.named_parameters():
            if not name.startswith(inside) and parameter.requires_grad == (parameter is frozen):
                raise Wrong("thawed" if parameter is frozen else "freezes_too_much", name=name)


@exercise.item(
    "outputs",
    "Empieza dando lo mismo; después, lo que manda cada actualización",
    "Starts by giving the same; after that, what each update says",
)
def _(probe: Probe) -> None:
    ids = probe.randint(0, 7, (3, 4))
    for model in (network(probe), small_gpt(probe)):
        rank, alpha = probe.pick(2, 4), 1.0 + probe.pick(1, 5) / 4
        before = copy.deepcopy(model).double()
        layers = wrapped(probe, model, rank, alpha)
        model.double()  # the updates, too: they may have been made in another precision
        probe.same(probe(model, ids), before(ids), fault="changes_output")
        show(probe, layers)
        for path, layer in layers.items():
            x = probe.randn(3, layer.linear.in_features, dtype=torch.float64)
            expected = F.linear(x, layer.linear.weight, layer.linear.bias)
            expected = expected + update(x, layer.lora.A, layer.lora.B, alpha)
            try:
                probe.same(probe(layer, x), expected, fault="wrong_alpha")
            except Wrong as wrong:
                raise Wrong(wrong.fault, **wrong.details | {"name": path}) from None
        probe.same(probe(model, ids), grown(before, layers, alpha)(ids))


@exercise.item(
    "already_wrapped", "Deja como están las que ya están envueltas", "Leaves those that are wrapped already", points=2
)
def _(probe: Probe) -> None:
    for model in (network(probe), small_gpt(probe)):
        first = wrapped(probe, model, 2, 1.0)
        again = wrapped(probe, model, 3, 2.0)
        if any(again[path] is not first[path] for path in first):
            raise Wrong("wrapped_twice", name=next(iter(first)))
        check_frozen(probe, first)
    model = network(probe)
    wrapped(probe, model.branches, 2, 1.0)
    wrapped(probe, model, 3, 1.0)  # the rest
    wrapped(probe, shared(probe), 2, 1.0)  # a part that stands in two places is met twice


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    linears = [nn.Linear(*stored[f"{i}.weight"].shape[::-1]) for i in range(2)]
    model = nn.Sequential(linears[0], nn.Sequential(nn.ReLU(), linears[1]))
    layers = list(wrapped(probe, model, stored["0.A"].shape[1], float(stored["alpha"])).values())
    model.double()
    for i, layer in enumerate(layers):
        for name, place in (("weight", "linear"), ("bias", "linear"), ("A", "lora"), ("B", "lora")):
            probe.set_weight(layer, f"{place}.{name}", stored[f"{i}.{name}"])
    probe.same(probe(model, stored["x"]), stored["expected"])
