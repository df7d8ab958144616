"""appA/mlp: linear layers with ReLU in between."""

from collections.abc import Sequence
from itertools import permutations, product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, type_name
from desdecero.edition import say

exercise = Exercise(
    id="appA/mlp",
    defines="MLP",
    reference="desdecero.first_steps:MLP",
    difficulty=2,
    minutes=20,
    faults={
        "plain_list": (
            "Guardas las capas en una lista o un diccionario de Python y el modelo no las ve: usa nn.Sequential o "
            "nn.ModuleList.",
            "You keep the layers in a Python list or dictionary, where the model does not see them: use nn.Sequential "
            "or nn.ModuleList.",
        ),
        "no_linear": (
            "El modelo no contiene ninguna capa nn.Linear: créalas en __init__.",
            "The model holds no nn.Linear layer: create them in __init__.",
        ),
        "default_hidden": (
            "MLP(4, 3) tiene capas de tamaños {got} y se esperaba {expected}: por defecto, hidden=(30, 20).",
            "MLP(4, 3) has layers of sizes {got}, expected {expected}: by default, hidden=(30, 20).",
        ),
        "hidden_ignored": (
            "Las capas ocultas son siempre las mismas, {got}: crea una por cada número de hidden.",
            "The hidden layers are always the same, {got}: create one for each number in hidden.",
        ),
        "layer_sizes": (
            "Las capas tienen tamaños {got} y se esperaba {expected}: cada una recibe lo que da la anterior.",
            "The layers have sizes {got}, expected {expected}: each takes what the one before gives.",
        ),
        "no_bias": (
            "Hay capas sin sesgo: deja el que nn.Linear lleva por defecto.",
            "Some layers have no bias: keep the one that nn.Linear has by default.",
        ),
        "shared_layers": (
            "La misma capa se usa varias veces: cada vuelta del bucle debe crear otra nn.Linear.",
            "The same layer is used several times: each turn of the loop must create another nn.Linear.",
        ),
        "extra_parameters": (
            "El modelo tiene {got} parámetros y debería tener {expected}: solo capas lineales y ReLU.",
            "The model has {got} parameters and should have {expected}: only linear layers and ReLU.",
        ),
        "no_relu": (
            "Falta ReLU entre las capas: sin ella, todas juntas equivalen a una sola capa lineal.",
            "ReLU is missing between the layers: without it, all of them amount to a single linear layer.",
        ),
        "one_relu": (
            "Falta ReLU detrás de alguna capa oculta: va detrás de cada una, menos de la última capa.",
            "ReLU is missing after some hidden layer: it goes after each layer but the last.",
        ),
        "relu_at_end": (
            "Hay una ReLU detrás de la última capa y los logits negativos se pierden: quítala.",
            "There is a ReLU after the last layer, and negative logits get lost: take it out.",
        ),
        "relu_first": (
            "Aplicas ReLU a la entrada: va detrás de cada capa oculta, no delante.",
            "You apply ReLU to the input: it goes after each hidden layer, not before it.",
        ),
        "softmax_at_end": (
            "El modelo acaba en softmax o sigmoide: devuelve los logits, que es lo que espera la entropía cruzada.",
            "The model ends in softmax or sigmoid: return the logits, which is what cross-entropy expects.",
        ),
        "other_activation": (
            "Usas otra activación entre las capas: hace falta ReLU, que deja los positivos y pone a cero los demás.",
            "You use another activation between the layers: ReLU is needed, which keeps positive numbers and "
            "zeroes the others.",
        ),
        "reversed_layers": (
            "Las capas ocultas van en el orden contrario al de hidden.",
            "The hidden layers are in the opposite order of hidden.",
        ),
        "empty_hidden": (
            "Con hidden=() debe quedar una sola capa lineal, sin ReLU: {error}.",
            "With hidden=() there should be a single linear layer, without ReLU: {error}.",
        ),
        "hidden_as_list": (
            "Falla cuando hidden es una lista: júntala con [num_inputs, *hidden, num_outputs], que vale para ambas.",
            "Fails when hidden is a list: join it by [num_inputs, *hidden, num_outputs], which works for both.",
        ),
        "changes_hidden": (
            "Tu código modifica la lista hidden que recibe: crea una nueva.",
            "Your code changes the list hidden it is given: make a new one.",
        ),
        "random_output": (
            "Dos llamadas iguales dan resultados distintos, o cambia entre train y eval: no lleva dropout ni normas.",
            "Two equal calls give different results, or train and eval differ: it has neither dropout nor norms.",
        ),
    },
)

Layers = list[tuple[Tensor, Tensor]]  # weight and bias of each

ACTIVATIONS = (
    torch.tanh,
    torch.sigmoid,
    F.gelu,
    lambda x: F.gelu(x, approximate="tanh"),
    F.silu,
    F.leaky_relu,
    F.elu,
    F.softplus,
    torch.abs,
    F.relu6,
    F.selu,
)
ENDS = (
    lambda x: x.softmax(-1),
    lambda x: x.log_softmax(-1),
    lambda x: x.softmax(0),
    torch.sigmoid,
    lambda x: x.softmax(1),
)


def network(x: Tensor, layers: Layers, active: Sequence[bool] | None = None, activation=F.relu) -> Tensor:
    """The truth, written out; `active` says after which layers the activation comes."""
    active = [True] * (len(layers) - 1) if active is None else active
    for (weight, bias), on in zip(layers, [*active, False]):
        x = F.linear(x, weight, bias)
        x = activation(x) if on else x
    return x


def mimics(x: Tensor, layers: Layers) -> Mimics:
    """What answers with the usual mistakes would give."""
    inner = len(layers) - 1
    right = network(x, layers)
    some = [active for active in product((True, False), repeat=inner) if any(active) and not all(active)]
    return {
        "no_relu": [network(x, layers, [False] * inner)],
        "one_relu": [network(x, layers, active) for active in some],
        "relu_at_end": [F.relu(right)],
        "relu_first": [network(F.relu(x), layers), network(F.relu(x), layers, [*[True] * (inner - 1), False])],
        "softmax_at_end": [end(right) for end in ENDS],
        "other_activation": [network(x, layers, activation=other) for other in ACTIVATIONS],
    }


def sizes(linears: Sequence[nn.Linear]) -> str:
    return ", ".join(f"{layer.in_features}→{layer.out_features}" for layer in linears)


def wanted_sizes(num_inputs: int, num_outputs: int, hidden: Sequence[int]) -> str:
    widths = [num_inputs, *hidden, num_outputs]
    return ", ".join(f"{a}→{b}" for a, b in zip(widths, widths[1:]))


def in_plain_lists(module: nn.Module) -> bool:
    """Whether it keeps layers in lists or dictionaries only, where PyTorch does not look."""
    seen = set(module.parameters())
    kept = [value for value in vars(module).values() if isinstance(value, (list, tuple, dict))]
    parts = [part for value in kept for part in (value.values() if isinstance(value, dict) else value)]
    return any(isinstance(part, nn.Module) and not seen.issuperset(part.parameters()) for part in parts)


def linears_in_order(probe: Probe, module: nn.Module, x: Tensor, wanted: str) -> list[nn.Linear]:
    """The linear layers as `forward` goes through them, however they were registered.

    An answer may use their weights without calling them; then the order that gives the sizes `wanted`, if there is one.
    """
    registered = [part for part in module.modules() if isinstance(part, nn.Linear)]
    if in_plain_lists(module):
        raise Wrong("plain_list")
    if not registered:
        raise Wrong("no_linear")
    called: list[nn.Linear] = []
    hooks = [layer.register_forward_hook(lambda layer, *_: called.append(layer)) for layer in registered]
    try:
        result = probe(module, x)
    except Wrong as wrong:
        if "mat1 and mat2 shapes" in str(wrong.details.get("error", "")):
            return registered  # the sizes don't fit together, which is told by their names
        raise
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(result, Tensor):
        raise Wrong("not_a_tensor", got=type_name(result))
    if len(called) > len(set(called)):
        raise Wrong("shared_layers")
    if set(called) == set(registered):
        return called
    orders = permutations(registered) if not called and len(registered) < 6 else ()
    return next((list(order) for order in orders if sizes(order) == wanted), registered)


def check_sizes(linears: list[nn.Linear], num_inputs: int, num_outputs: int, hidden: Sequence[int]) -> None:
    got, expected = sizes(linears), wanted_sizes(num_inputs, num_outputs, hidden)
    if got == expected:
        return
    if got == wanted_sizes(num_inputs, num_outputs, (30, 20)):
        raise Wrong("hidden_ignored", got="(30, 20)", expected=tuple(hidden))
    if got == wanted_sizes(num_inputs, num_outputs, tuple(hidden)[::-1]):
        raise Wrong("reversed_layers")
    raise Wrong("layer_sizes", got=got, expected=expected)


def ready(
    probe: Probe, x: Tensor, num_outputs: int, hidden: Sequence[int], fault: str = "raises"
) -> tuple[nn.Module, Layers]:
    """The student's model with random weights, and those weights."""
    given = list(hidden) if isinstance(hidden, list) else hidden
    module = probe.build(x.shape[1], num_outputs, given, fault=fault).to(x.dtype)
    if given != hidden:
        raise Wrong("changes_hidden")
    linears = linears_in_order(probe, module, x, wanted_sizes(x.shape[1], num_outputs, hidden))
    check_sizes(linears, x.shape[1], num_outputs, hidden)
    if any(layer.bias is None for layer in linears):
        raise Wrong("no_bias")
    with torch.no_grad():
        for layer in linears:
            layer.weight.copy_(probe.randn(*layer.weight.shape, dtype=x.dtype))
            layer.bias.copy_(probe.randn(*layer.bias.shape, dtype=x.dtype))
    layers = [(layer.weight, layer.bias) for layer in linears]
    got, expected = (
        sum(weight.numel() for weight in weights)
        for weights in (module.parameters(), [part for layer in layers for part in layer])
    )
    if got != expected:
        raise Wrong("extra_parameters", got=got, expected=expected)
    return module, layers


def compare(probe: Probe, module: nn.Module, layers: Layers, x: Tensor, expected: Tensor | None = None) -> Tensor:
    right = network(x, layers) if expected is None else expected
    result = probe(module, x)
    probe.same(result, right, mimics(x, layers))
    probe.same(probe(module.train(), x), right, fault="random_output")
    return result


@exercise.item("layers", "Tiene las capas pedidas", "Has the layers asked for")
def _(probe: Probe) -> None:
    for hidden in ((7,), (6, 5), (4, 9, 3), (5, 5, 5)):
        ready(probe, probe.randn(4, probe.pick(2, 5)), probe.pick(2, 4), hidden)


@exercise.item("default", "Por defecto, hidden=(30, 20)", "By default, hidden=(30, 20)")
def _(probe: Probe) -> None:
    for _ in range(2):  # the second time shows a default that was changed
        module = probe.build(4, 3)
        expected = wanted_sizes(4, 3, (30, 20))
        got = sizes(linears_in_order(probe, module, probe.randn(2, 4), expected))
        if got != expected:
            raise Wrong("default_hidden", got=got, expected=expected)
    probe.build(4, 3, hidden=(5,))  # as the chapter calls it


@exercise.item("fresh_inputs", "ReLU entre las capas, logits al final", "ReLU in between, logits at the end", points=2)
def _(probe: Probe) -> None:
    for dtype in (torch.float64, torch.float32):
        for n, num_outputs, hidden in ((9, 3, (8,)), (7, 4, (12, 10)), (1, 2, (9, 8, 7)), (6, 1, (6, 6))):
            x = probe.randn(n, 5, dtype=dtype)
            compare(probe, *ready(probe, x, num_outputs, hidden), x)


@exercise.item("any_hidden", "hidden puede ser una lista o estar vacía", "hidden may be a list, or empty")
def _(probe: Probe) -> None:
    x = probe.randn(6, 4)
    compare(probe, *ready(probe, x, 3, [7, 5], "hidden_as_list"), x)
    try:
        compare(probe, *ready(probe, x, 3, ()), x)
    except Wrong as wrong:
        sides = [str(wrong.details[name]) for name in ("got", "expected") if name in wrong.details]
        other = " ≠ ".join(sides) or say("el resultado es otro", "the result is another")
        raise Wrong("empty_hidden", error=wrong.details.get("error") or other) from None


@exercise.item("gradients", "Todas las capas reciben gradiente", "Every layer gets a gradient")
def _(probe: Probe) -> None:
    x = probe.randn(8, 4, dtype=torch.float64)
    module, layers = ready(probe, x, 3, (7, 6))
    pull = probe.randn(8, 3, dtype=torch.float64)
    result = compare(probe, module, layers, x)
    weights = [part for layer in layers for part in layer]
    wanted = probe.gradients(network(x, layers), weights, pull)
    for got, want in zip(probe.gradients(result, weights, pull), wanted):
        probe.same(got, want, fault="no_gradient")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x, expected = stored["x"], stored["expected"]
    module, layers = ready(probe, x, 3, (7, 5))
    with torch.no_grad():
        for i, (weight, bias) in enumerate(layers):
            weight.copy_(stored[f"weight{i}"])
            bias.copy_(stored[f"bias{i}"])
    compare(probe, module, layers, x, expected)
