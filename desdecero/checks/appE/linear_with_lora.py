"""appE/linear_with_lora: a frozen linear layer with an update of low rank beside it (LoRA; Hu et al., 2022)."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.appE._common import update
from desdecero.checks.ch04._common import CUT_GRADIENT, check_gradients
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, close
from desdecero.edition import say

exercise = Exercise(
    id="appE/linear_with_lora",
    defines="LinearWithLoRA",
    reference="desdecero.lora:LinearWithLoRA",
    difficulty=2,
    minutes=15,
    faults={
        "new_linear": (
            "«linear» no es la capa que se recibe sino otra, con otros pesos: guarda la misma, self.linear = linear.",
            "“linear” is not the layer that is given but another one, with other weights: keep the very same, "
            "self.linear = linear.",
        ),
        "copied": (
            "«linear» es una copia de la capa que se recibe: guarda la misma, self.linear = linear; copiada, el modelo "
            "ocuparía el doble.",
            "“linear” is a copy of the layer that is given: keep the very same, self.linear = linear; copied, the "
            "model would take twice the room.",
        ),
        "changes_weights": (
            "Los pesos de la capa que se recibe ya no son los que eran: no los toques, solo congélalos.",
            "The weights of the layer that is given are no longer what they were: leave them alone, only freeze them.",
        ),
        "needs_bias": (
            "Con una capa sin sesgo tu código se interrumpe ({error}): linear.bias puede ser None; "
            "linear.requires_grad_(False) congela lo que haya.",
            "For a layer without bias your code stops ({error}): linear.bias may be None; linear.requires_grad_(False) "
            "freezes whatever there is.",
        ),
        "sizes_swapped": (
            "Las medidas de «lora» están cambiadas: va de linear.in_features a linear.out_features.",
            "The sizes of “lora” are swapped: it goes from linear.in_features to linear.out_features.",
        ),
        "rank_alpha_swapped": (
            "«lora» ha recibido alpha como rango: el orden es LoRALayer(in_dim, out_dim, rank, alpha).",
            "“lora” was given alpha for its rank: the order is LoRALayer(in_dim, out_dim, rank, alpha).",
        ),
        "not_frozen": (
            "La capa original se sigue entrenando: congela sus parámetros con linear.requires_grad_(False). "
            "Ponerle requires_grad = False a la capa, que no es un tensor, no hace nada.",
            "The original layer is still trained: freeze its parameters with linear.requires_grad_(False). Setting "
            "requires_grad = False on the layer, which is not a tensor, does nothing.",
        ),
        "bias_not_frozen": (
            "El sesgo de la capa original se sigue entrenando: congela también el sesgo, no solo weight.",
            "The original layer's bias is still trained: freeze the bias, too, not only weight.",
        ),
        "weight_not_frozen": (
            "Los pesos de la capa original se siguen entrenando: congela también weight, no solo el sesgo.",
            "The original layer's weights are still trained: freeze weight, too, not only the bias.",
        ),
        "lora_frozen": (
            "«{name}» está congelado, y es lo que tiene que aprender: congela solo linear.",
            "“{name}” is frozen, and it is what has to learn: freeze linear only.",
        ),
        "extra_parameters": (
            "«{name}» también se entrena: aquí solo se entrenan lora.A y lora.B.",
            "“{name}” is trained, too: only lora.A and lora.B are trained here.",
        ),
        "differs_at_start": (
            "Recién creada, la capa ya no da lo mismo que linear: como B empieza a cero, linear(x) + lora(x) debe ser "
            "linear(x).",
            "Newly made, the layer already differs from linear: as B starts at zero, linear(x) + lora(x) must be "
            "linear(x).",
        ),
        "lora_unused": (
            "lora no interviene en el resultado: suma lora(x) a linear(x).",
            "lora has no part in the result: add lora(x) to linear(x).",
        ),
        "linear_unused": (
            "El resultado es solo lora(x): súmale linear(x).",
            "The result is lora(x) alone: add linear(x) to it.",
        ),
        "chained": (
            "Pasas por lora lo que sale de linear: las dos leen la misma x, y sus resultados se suman.",
            "You send what comes out of linear through lora: both read the same x, and their results are added.",
        ),
        "alpha_twice": (
            "Multiplicas lora(x) por alpha, y lora ya lo hace por dentro.",
            "You multiply lora(x) by alpha, and lora already does so inside.",
        ),
        "wrong_alpha": (
            "«lora» multiplica por {got} y debe hacerlo por {expected}: pásale el alpha que se recibe.",
            "“lora” multiplies by {got}; it should by {expected}: hand it the alpha that is given.",
        ),
        "subtracted": (
            "Restas lora(x): se suma a linear(x).",
            "You subtract lora(x): it is added to linear(x).",
        ),
        "bias_twice": (
            "El sesgo se suma dos veces: linear(x) ya lo lleva.",
            "The bias is added twice: linear(x) has it already.",
        ),
        "bias_lost": (
            "El sesgo de linear se pierde: llama a linear(x), que lo suma, en vez de multiplicar por weight.",
            "The bias of linear is lost: call linear(x), which adds it, instead of multiplying by weight.",
        ),
        "train_differs": (
            "Al entrenar el resultado es otro que en modo eval: suma siempre linear(x) y lora(x), sin dropout.",
            "In training the result is another than in eval mode: always add linear(x) and lora(x), without dropout.",
        ),
        "cut_from_input": (
            "Los valores son correctos, pero el gradiente no llega bien a x: congelar linear no es calcularla bajo "
            "no_grad ni usar detach, porque lo que hay antes en el modelo también tiene que aprender.",
            "The values are right, but the gradient does not reach x as it should: to freeze linear is not to compute "
            "it under no_grad or to use detach, for what comes before it in the model has to learn, too.",
        ),
        "cut_gradient": CUT_GRADIENT,
    },
)

ALPHA = 2.25


def layer(probe: Probe, in_dim: int, out_dim: int, bias: bool = True, dtype: torch.dtype = torch.float32) -> nn.Linear:
    """A linear layer with weights that are not what they were at the start."""
    linear = nn.Linear(in_dim, out_dim, bias=bias, dtype=dtype)
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.copy_(probe.randn(*parameter.shape, dtype=dtype))
    return linear


def built(probe: Probe, linear: nn.Linear, rank: int, alpha: float = ALPHA) -> nn.Module:
    """The student's layer around `linear`, which must be kept, and a lora of the right sizes."""
    before = copy.deepcopy(linear)
    module = probe.build(linear, rank, alpha, fault="raises" if linear.bias is not None else "needs_bias")
    inner = probe.attribute(module, "linear", nn.Linear)
    if inner is not linear:
        alike = close(inner.weight, before.weight)
        raise Wrong("copied" if alike else "new_linear")
    if any(not torch.equal(new, old) for new, old in zip(linear.parameters(), before.parameters())):
        raise Wrong("changes_weights")
    probe.attribute(module, "lora", nn.Module)
    sizes = {"lora.A": (linear.in_features, rank), "lora.B": (rank, linear.out_features)}
    swapped = {"lora.A": (linear.out_features, rank), "lora.B": (rank, linear.in_features)}
    got = {name: tuple(probe.attribute(module, name, Tensor).shape) for name in sizes}
    if got == swapped != sizes:
        raise Wrong("sizes_swapped")
    if got["lora.A"][-1] == int(alpha) != rank:
        raise Wrong("rank_alpha_swapped")
    for name, size in sizes.items():
        if got[name] != size:
            raise Wrong("weight_shape", name=name, got=got[name], expected=size)
    return module


def ready(probe: Probe, linear: nn.Linear, rank: int, alpha: float = ALPHA) -> nn.Module:
    """The same, with matrices that show, in the precision of `linear`."""
    module = built(probe, linear, rank, alpha).to(linear.weight.dtype)
    for name in ("lora.A", "lora.B"):
        probe.set_weight(module, name, probe.randn(*probe.attribute(module, name, Tensor).shape))
    return module


def truth(x: Tensor, linear: nn.Linear, A: Tensor, B: Tensor, alpha: float) -> Tensor:
    return F.linear(x, linear.weight, linear.bias) + update(x, A, B, alpha)


def compare(probe: Probe, module: nn.Module, x: Tensor, expected: Tensor, alpha: float = ALPHA) -> Tensor:
    linear, A, B = module.linear, module.lora.A, module.lora.B
    straight, change = F.linear(x, linear.weight, linear.bias), update(x, A, B, 1.0)
    wrong: Mimics = {
        "lora_unused": straight,
        "linear_unused": alpha * change,
        "alpha_twice": straight + alpha**2 * change,
        "subtracted": straight - alpha * change,
    }
    if linear.bias is not None:
        wrong |= {
            "bias_twice": straight + linear.bias + alpha * change,
            "bias_lost": straight - linear.bias + alpha * change,
        }
    if linear.in_features == linear.out_features:
        wrong["chained"] = [base + update(straight, A, B, alpha) for base in (straight, torch.zeros_like(straight))]
    result = probe(module, x)
    if isinstance(result, Tensor) and result.shape == expected.shape and not close(result, expected):
        # What is left of the result without linear, in units of the update: the factor that lora uses.
        factor = float(((result.detach() - straight) / change).median())
        if all(abs(factor - known) > 1e-3 for known in (0, -alpha, alpha**2)) and close(
            result, straight + factor * change
        ):
            raise Wrong("wrong_alpha", got=f"{factor:.4g}", expected=f"{alpha:g}")
    probe.same(result, expected, wrong)
    return result


@exercise.item("attributes", "Guarda la capa y crea lora", "Keeps the layer and creates lora")
def _(probe: Probe) -> None:
    for in_dim, out_dim, rank in ((9, 7, 4), (5, 8, probe.pick(1, 4)), (6, 6, 3)):
        built(probe, layer(probe, in_dim, out_dim), rank, alpha=16)
    built(probe, layer(probe, 5, 8, bias=False), 3)
    probe.build(layer(probe, 5, 8), rank=3, alpha=ALPHA)  # as the chapter calls it


@exercise.item("frozen", "Congela la capa, y nada más", "Freezes the layer, and nothing else")
def _(probe: Probe) -> None:
    for bias in (True, False):
        linear = layer(probe, 5, 8, bias)
        module = built(probe, linear, 3)
        trained = [name for name, parameter in linear.named_parameters() if parameter.requires_grad]
        if trained:
            only = trained == ["bias"] or (trained == ["weight"] and bias)
            raise Wrong(f"{trained[0]}_not_frozen" if only else "not_frozen")
        trained = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
        for name in ("lora.A", "lora.B"):
            if name not in trained:
                raise Wrong("lora_frozen", name=name)
        for name in sorted(trained - {"lora.A", "lora.B"}):
            raise Wrong("extra_parameters", name=name)


@exercise.item("start", "Al principio da lo mismo que la capa", "At the start it gives what the layer gives")
def _(probe: Probe) -> None:
    # In a square layer a lora behind linear fits, too, and shows in the values once B is not zero.
    linear = layer(probe, 6, 6)
    module, x = ready(probe, linear, 2), probe.randn(3, 6)
    expected = truth(x, linear, module.lora.A, module.lora.B, ALPHA)
    try:
        compare(probe, module, x, expected)
    except Wrong as wrong:
        if wrong.fault is None:  # nothing that shows only now?
            probe.set_weight(module, "lora.B", torch.zeros(2, 6))
            probe.same(probe(module, x), F.linear(x, linear.weight, linear.bias), fault="differs_at_start")
        raise
    for in_dim, out_dim, bias in ((6, 6, True), (5, 8, True), (4, 3, False)):
        linear, x = layer(probe, in_dim, out_dim, bias), probe.randn(2, 3, in_dim)
        module = built(probe, linear, 2)
        probe.same(probe(module, x), F.linear(x, linear.weight, linear.bias), fault="differs_at_start")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x, A, B, alpha = stored["x"], stored["A"], stored["B"], float(stored["alpha"])
    linear = nn.Linear(*stored["weight"].shape[::-1], dtype=torch.float64)
    linear.load_state_dict({name: stored[name] for name in ("weight", "bias")})
    module = built(probe, linear, A.shape[1], alpha).double()
    probe.same(probe(module, x), stored["start"], fault="differs_at_start")
    probe.set_weight(module, "lora.A", A)
    probe.set_weight(module, "lora.B", B)
    compare(probe, module, x, stored["expected"], alpha)


@exercise.item(
    "fresh_inputs",
    "Suma lora(x) a linear(x), con cualquier forma y precisión",
    "Adds lora(x) to linear(x), for any shape and precision",
    points=2,
)
def _(probe: Probe) -> str | None:
    for dtype in (torch.float64, torch.float32):
        for sizes, out_dim, bias in (((2, 5, 8), 3, True), ((8,), 11, False), ((3, 6), 6, True)):
            alpha = float(probe.pick(3, 40)) / 4 + 0.1
            linear = layer(probe, sizes[-1], out_dim, bias, dtype)
            module = ready(probe, linear, probe.pick(1, 5), alpha)
            x = probe.randn(*sizes, dtype=dtype)
            expected = truth(x, linear, module.lora.A, module.lora.B, alpha)
            compare(probe, module, x, expected, alpha)
            probe.same(probe(module.train(), x), expected, fault="train_differs")
    if built(probe, layer(probe, 4, 3, dtype=torch.float64), 2).lora.A.dtype == torch.float64:
        return None
    return say(
        "Un consejo: con self.lora.to(linear.weight), lora nace en el dispositivo y con el tipo de linear; ahora hay "
        "que moverla después.",
        "A tip: with self.lora.to(linear.weight), lora is born on the device and with the dtype of linear; as it is, "
        "it has to be moved afterwards.",
    )


@exercise.item(
    "gradients",
    "El gradiente llega a lora y, a través de las dos, a x",
    "The gradient reaches lora and, through both, x",
)
def _(probe: Probe) -> None:
    linear = layer(probe, 6, 4, dtype=torch.float64)
    module = ready(probe, linear, 3)
    x = probe.randn(2, 5, 6, dtype=torch.float64).requires_grad_()
    weights = {name: probe.attribute(module, name, Tensor) for name in ("lora.A", "lora.B")}
    weights = {name: value.detach().clone().requires_grad_() for name, value in weights.items()}
    expected = truth(x, linear, weights["lora.A"], weights["lora.B"], ALPHA)
    result = compare(probe, module, x, expected)
    try:
        check_gradients(probe, module, result, expected, weights, x)
    except Wrong as wrong:
        if wrong.details.get("name") == "x":
            raise Wrong("cut_from_input") from None
        raise
