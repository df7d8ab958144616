"""What the checks of chapter 3 share: an oracle, imitations of the usual mistakes, looks at mask and dropout.

Weights travel as a dict under the contract's names: `{"W_query.weight": …, "W_query.bias": …, …}`.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import desdecero.attention as course
from desdecero.checks.exercise import Text
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Probe, Wrong, close, type_name

ROLES = ("W_query", "W_key", "W_value")
Weights = dict[str, Tensor]
Fault = tuple[str, Callable[[], Tensor]]
Make = Callable[..., nn.Module]

READY_MADE = Forbidden(
    functions=(
        "scaled_dot_product_attention",
        "_scaled_dot_product_attention_math",
        "_scaled_dot_product_attention_math_for_mps",
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_fused_attention_overrideable",
        "_safe_softmax",  # all that shows of the ready-made attention when a scripted function calls it
        "flex_attention",
        "multi_head_attention_forward",
        "_native_multi_head_attention",
        "_transformer_encoder_layer_fwd",
    ),
    modules=(nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer),
)


def barring(*names: str) -> Forbidden:
    """No ready-made attention, nor the course's own classes that already contain the answer."""
    return replace(READY_MADE, modules=(*READY_MADE.modules, *(getattr(course, name) for name in names)))


# ---- what to say -----------------------------------------------------------------------------------

QKV_FAULTS: dict[str, Text] = {
    "qkv_bias": (
        "«{name}» no hace caso de qkv_bias: crea la capa con bias=qkv_bias, que por defecto es False.",
        "“{name}” ignores qkv_bias: create the layer with bias=qkv_bias, which is False by default.",
    ),
    "shared_layer": (
        "W_query, W_key y W_value comparten una misma capa: crea tres nn.Linear distintas.",
        "W_query, W_key and W_value share one layer: create three separate nn.Linear.",
    ),
    "returns_weights": (
        "Devuelves varias cosas («{got}»): devuelve solo el contexto, un único tensor.",
        "You return several things (“{got}”): return only the context, a single tensor.",
    ),
    "not_scaled": (
        "Falta escalar: divide las puntuaciones entre la raíz de la dimensión de las claves antes de softmax.",
        "The scaling is missing: divide the scores by the root of the keys' dimension before softmax.",
    ),
    "scale_not_root": (
        "Divides entre la dimensión de las claves: falta sacarle la raíz cuadrada.",
        "You divide by the keys' dimension itself: take its square root.",
    ),
    "wrong_scale": (
        "Escalas con otro número: divide entre la raíz de la última dimensión de las claves, no de la entrada ni "
        "de la longitud.",
        "You scale by another number: divide by the root of the keys' last dimension, not of the input's or the "
        "length.",
    ),
    "scaled_after": (
        "Escalas después de softmax: divide las puntuaciones antes, para que los pesos sigan sumando 1.",
        "You scale after softmax: divide the scores before it, so that the weights still sum to 1.",
    ),
    "softmax_dim": (
        "softmax actúa en otra dimensión: cada fila reparte su atención entre las claves, usa dim=-1.",
        "softmax runs along another dimension: each row shares its attention among the keys, use dim=-1.",
    ),
    "no_softmax": (
        "Usas las puntuaciones como pesos sin más: pásalas antes por softmax.",
        "You use the raw scores as weights: put them through softmax first.",
    ),
    "query_key_swapped": (
        "Consultas y claves están intercambiadas: calcula queries @ keys.transpose(-2, -1).",
        "Queries and keys are swapped: compute queries @ keys.transpose(-2, -1).",
    ),
    "reused_projection": (
        "Una proyección se usa en el lugar de otra: las consultas salen de W_query, las claves de W_key y los "
        "valores de W_value.",
        "One projection stands in for another: queries come from W_query, keys from W_key and values from W_value.",
    ),
    "values_missing": (
        "Los pesos promedian la propia entrada: promedia los valores, W_value(x).",
        "The weights average the input itself: average the values, W_value(x).",
    ),
    "transposed": (
        "Los pesos se aplican traspuestos: la fila i dice cuánto toma el token i de cada valor, weights @ values.",
        "The weights are applied transposed: row i says how much token i takes of each value, weights @ values.",
    ),
    "bias_not_added": (
        "Los sesgos de las proyecciones no se suman: llama a la capa, W_query(x), en vez de usar solo su peso.",
        "The projections' biases are not added: call the layer, W_query(x), instead of using its weight alone.",
    ),
    "detached": (
        "El resultado es correcto, pero su gradiente no: no uses detach, no_grad ni .data por el camino.",
        "The result is right but its gradient is not: use no detach, no_grad or .data on the way.",
    ),
}

CAUSAL_FAULTS: dict[str, Text] = {
    "not_causal": (
        "Un token ve los que vienen después: tapa con la máscara las claves futuras antes de softmax.",
        "A token sees those that come after it: hide the future keys with the mask before softmax.",
    ),
    "mask_zero": (
        "Lo tapado se pone a 0 antes de softmax, y e⁰ todavía pesa: ponlo a -inf.",
        "What is hidden is set to 0 before softmax, and e⁰ still has weight: set it to -inf.",
    ),
    "weak_mask": (
        'El número con el que tapas no es lo bastante bajo y el futuro se cuela: usa float("-inf").',
        'The number you hide with is not low enough and the future slips in: use float("-inf").',
    ),
    "not_renormalised": (
        "Al tapar después de softmax las filas ya no suman 1: tapa antes con -inf, o divide cada fila entre su suma.",
        "Masking after softmax leaves rows that do not sum to 1: mask before it with -inf, or divide each row by its "
        "sum.",
    ),
    "mask_diagonal": (
        "La máscara tapa también al propio token: empieza una diagonal más arriba, diagonal=1.",
        "The mask hides the token itself as well: start one diagonal higher, diagonal=1.",
    ),
    "mask_inverted": (
        "La máscara está al revés: se ve el futuro y se tapa el pasado; tapa lo que queda sobre la diagonal.",
        "The mask is the wrong way round: it shows the future and hides the past; hide what is above the diagonal.",
    ),
    "mask_offset": (
        "La máscara deja ver tokens del futuro inmediato: tapa todo lo que queda sobre la diagonal, diagonal=1.",
        "The mask lets a token see just past itself: hide everything above the diagonal, diagonal=1.",
    ),
    "not_cropped": (
        "Falla con secuencias más cortas que context_length ({error}): recorta la máscara a los T tokens que llegan.",
        "It fails for sequences shorter than context_length ({error}): crop the mask to the T tokens that arrive.",
    ),
    "context_length_ignored": (
        "La máscara mide siempre lo mismo: hazla de context_length × context_length.",
        "The mask has the same size whatever you ask for: make it context_length × context_length.",
    ),
    "mask_is_parameter": (
        "La máscara es un nn.Parameter y el optimizador la cambiaría: guárdala con register_buffer.",
        "The mask is an nn.Parameter, which the optimizer would change: keep it with register_buffer.",
    ),
    "mask_not_buffer": (
        "La máscara «{name}» es un atributo corriente y no se mueve con .to(): guárdala con register_buffer.",
        "The mask “{name}” is a plain attribute that .to() does not move: keep it with register_buffer.",
    ),
    "mask_rebuilt": (
        "No hay ninguna máscara guardada: constrúyela una vez en __init__ y regístrala con register_buffer.",
        "No mask is kept: build it once in __init__ and register it with register_buffer.",
    ),
    "mask_unused": (
        "Hay una máscara registrada, pero forward no la usa: cambiarla no cambia nada; léela de self.",
        "A mask is registered but forward does not use it: changing it changes nothing; read it from self.",
    ),
    "dropout_in_eval": (
        "El dropout actúa también en modo eval: usa nn.Dropout, o pasa training=self.training.",
        "Dropout acts in eval mode too: use nn.Dropout, or pass training=self.training.",
    ),
    "no_dropout": (
        "En modo train no se apaga ningún peso: aplica el dropout a los pesos de atención.",
        "No weight is ever dropped in train mode: apply dropout to the attention weights.",
    ),
    "dropout_rate": (
        "El dropout no usa la tasa que recibe: pásale el argumento dropout.",
        "Dropout does not use the rate it is given: pass it the argument dropout.",
    ),
    "dropout_misplaced": (
        "El dropout no actúa (solo) sobre los pesos de atención: aplícalo a ellos, tras softmax y antes de "
        "multiplicar por los valores.",
        "Dropout does not act on the attention weights (alone): apply it to them, after softmax and before "
        "multiplying by the values.",
    ),
    "dropout_too_early": (
        "Tras el dropout los pesos vuelven a sumar 1: aplícalo al final, después de softmax y de cualquier "
        "división entre la suma.",
        "After dropout the weights sum to 1 again: apply it last, after softmax and after any division by the sum.",
    ),
    "dropout_not_scaled": (
        "Los pesos que sobreviven al dropout no se compensan: multiplícalos por 1 / (1 − dropout), como nn.Dropout.",
        "The weights that survive dropout are not made up for: multiply them by 1 / (1 − dropout), as nn.Dropout does.",
    ),
    "dropout_in_blocks": (
        "El dropout apaga pesos en bloque: cada peso de cada fila del lote se sortea por separado.",
        "Dropout switches off whole blocks of weights: each weight of each batch row is drawn on its own.",
    ),
    "dropout_repeats": (
        "El dropout apaga siempre los mismos pesos: sortéalos de nuevo en cada llamada.",
        "Dropout always drops the same weights: draw them anew in every call.",
    ),
}


# ---- weights ---------------------------------------------------------------------------------------


def draw(
    probe: Probe, d_in: int, d_out: int, bias: bool, dtype: torch.dtype = torch.float32, out_proj: bool = False
) -> Weights:
    """Random weights, wide enough for scores that tell one mistake from another."""
    weights = {f"{role}.weight": probe.randn(d_out, d_in, dtype=dtype, scale=d_in**-0.5) for role in ROLES}
    if bias:
        weights |= {f"{role}.bias": probe.randn(d_out, dtype=dtype, scale=0.5) for role in ROLES}
    if out_proj:
        weights["out_proj.weight"] = probe.randn(d_out, d_out, dtype=dtype, scale=d_out**-0.5)
        weights["out_proj.bias"] = probe.randn(d_out, dtype=dtype)
    return weights


def install(probe: Probe, module: nn.Module, weights: Weights) -> nn.Module:
    """Give the student's module these weights, and their dtype."""
    module = module.to(weights["W_query.weight"].dtype)
    for name, value in weights.items():
        layer = name.removesuffix(".weight").removesuffix(".bias")
        if name.endswith(".bias") and probe.attribute(module, layer, nn.Linear).bias is None:
            raise Wrong("out_proj_bias" if layer == "out_proj" else "qkv_bias", name=layer)
        probe.attribute(module, layer, nn.Linear)
        probe.set_weight(module, name, value)
    return module


def installed(module: nn.Module, weights: Weights) -> Weights:
    """The student's own parameters, to differentiate by."""
    return {name: module.get_parameter(name) for name in weights}


def check_layer(name: str, layer: nn.Linear, d_in: int, d_out: int) -> None:
    """A trainable `nn.Linear` of the right shape."""
    if tuple(layer.weight.shape) != (d_out, d_in):
        raise Wrong("weight_shape", name=name, got=str(tuple(layer.weight.shape)), expected=str((d_out, d_in)))
    if not layer.weight.requires_grad:
        raise Wrong("no_gradient")


# ---- the oracle ------------------------------------------------------------------------------------


def oracle(x: Tensor, weights: Weights, heads: int = 1, causal: bool = False) -> Tensor:
    """Attention by torch's own function, in float64; differentiable, in the dtype of `x`."""
    w = {name: value.double() for name, value in weights.items()}

    def project(role: str) -> Tensor:
        y = F.linear(x.double(), w[f"{role}.weight"], w.get(f"{role}.bias"))
        return y.unflatten(-1, (heads, -1)).transpose(1, 2)  # (B, T, d_out) -> (B, heads, T, head_dim)

    context = F.scaled_dot_product_attention(*(project(role) for role in ROLES), is_causal=causal)
    context = context.transpose(1, 2).flatten(2)
    if "out_proj.weight" in w:
        context = F.linear(context, w["out_proj.weight"], w["out_proj.bias"])
    return context.to(x.dtype)


# ---- imitations of the usual mistakes ----------------------------------------------------------------


def softmax(scores: Tensor, allowed: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)


def split(y: Tensor, heads: int) -> Tensor:
    return y.unflatten(-1, (heads, -1)).transpose(1, 2)


def join(context: Tensor) -> Tensor:
    return context.transpose(1, 2).flatten(2)


@dataclass(frozen=True)
class Recipe:
    """Attention step by step; change one step to get what an answer with that mistake computes."""

    x: Tensor
    weights: Weights
    heads: int = 1
    causal: bool = False
    roles: tuple[str, ...] = ROLES
    scale: float | None = None  # what the scores are multiplied by; None: 1 / √head_dim
    allowed: Tensor | None = None  # (T, T), True where a query may look; None: as `causal` says
    normalise: Callable[[Tensor, Tensor], Tensor] = softmax
    apply: Callable[[Tensor, Tensor], Tensor] = torch.matmul
    split: Callable[[Tensor, int], Tensor] = split
    join: Callable[[Tensor], Tensor] = join
    leave_out: tuple[str, ...] = ()

    def cook(self) -> Tensor:
        w = {name: v.detach().double() for name, v in self.weights.items() if not name.endswith(self.leave_out or "?")}
        x = self.x.detach().double()

        def project(role: str) -> Tensor:
            return x if role == "x" else F.linear(x, w[f"{role}.weight"], w.get(f"{role}.bias"))

        q, k, v = (self.split(project(role), self.heads) for role in self.roles)
        scale = k.shape[-1] ** -0.5 if self.scale is None else self.scale
        allowed = self.allowed
        if allowed is None:
            allowed = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool)
            allowed = allowed.tril() if self.causal else allowed
        context = self.join(self.apply(self.normalise(q @ k.transpose(-2, -1) * scale, allowed), v))
        if "out_proj.weight" in w:
            context = F.linear(context, w["out_proj.weight"], w.get("out_proj.bias"))
        return context.to(self.x.dtype)

    def but(self, **changes: object) -> Callable[[], Tensor]:
        return replace(self, **changes).cook


def along(dim: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Softmax along a wrong dimension."""
    return lambda scores, allowed: scores.masked_fill(~allowed, float("-inf")).softmax(dim)


def over_all(scores: Tensor, allowed: Tensor) -> Tensor:
    """One softmax for the whole matrix."""
    return scores.masked_fill(~allowed, float("-inf")).flatten(-2).softmax(-1).view_as(scores)


def filled(value: float) -> Callable[[Tensor, Tensor], Tensor]:
    """Hides with a number other than -inf."""
    return lambda scores, allowed: scores.masked_fill(~allowed, value).softmax(-1)


def raw(hidden: float) -> Callable[[Tensor, Tensor], Tensor]:
    """No softmax at all."""
    return lambda scores, allowed: scores.masked_fill(~allowed, hidden)


def qkv_mimics(right: Recipe) -> Iterator[Fault]:
    """Mistakes that any attention with queries, keys and values can have."""
    B, T, d_in = right.x.shape
    d_out = right.weights["W_query.weight"].shape[0]
    head_dim = d_out // right.heads
    yield "not_scaled", right.but(scale=1.0)
    yield "scale_not_root", right.but(scale=1 / head_dim)
    for number in (d_in**-0.5, T**-0.5, head_dim**0.5, 1 / d_in, 1 / T, B**-0.5):
        yield "wrong_scale", right.but(scale=number)
    for by in (head_dim**-0.5, 1 / head_dim):
        yield (
            "scaled_after",
            right.but(scale=1.0, normalise=lambda scores, allowed, by=by: softmax(scores, allowed) * by),
        )
    for normalise in (along(-2), along(0), along(1), over_all):
        for scale in (None, 1.0):
            yield "softmax_dim", right.but(normalise=normalise, scale=scale)
    for scale in (None, 1.0):
        for hidden in (0.0, float("-inf")):
            yield "no_softmax", right.but(normalise=raw(hidden), scale=scale)
    yield "query_key_swapped", right.but(roles=("W_key", "W_query", "W_value"))
    if "out_proj.weight" not in right.weights:  # with several heads the sizes hardly ever fit
        yield "values_missing", right.but(roles=("W_query", "W_key", "x"))
    for roles in itertools.product(ROLES, repeat=3):
        yield "reused_projection", right.but(roles=roles)
    yield "transposed", right.but(apply=lambda weights, values: weights.transpose(-2, -1) @ values)
    if "W_query.bias" in right.weights:
        for roles in (*((role,) for role in ROLES), ROLES):
            yield "bias_not_added", right.but(leave_out=tuple(f"{role}.bias" for role in roles))


def causal_mimics(right: Recipe) -> Iterator[Fault]:
    """Mistakes with the mask."""
    ones = torch.ones(right.x.shape[-2], right.x.shape[-2], dtype=torch.bool)
    yield "not_causal", right.but(allowed=ones)
    yield "mask_zero", right.but(normalise=filled(0.0))
    yield (
        "not_renormalised",
        right.but(normalise=lambda scores, allowed: scores.softmax(-1) * allowed),
    )
    for normalise in (softmax, filled(-1e9), lambda scores, allowed: scores.softmax(-1) * allowed):
        yield "mask_diagonal", right.but(allowed=ones.tril(-1), normalise=normalise)
        for allowed in (ones.triu(), ones.triu(1)):
            yield "mask_inverted", right.but(allowed=allowed, normalise=normalise)
        for diagonal in (1, 2):
            yield "mask_offset", right.but(allowed=ones.tril(diagonal), normalise=normalise)
    head_dim = right.weights["W_query.weight"].shape[0] // right.heads
    for value in (-1.0, -2.0, -5.0, -9.0, -10.0, -20.0):
        for scale in (1.0, head_dim**-0.5):  # filled after scaling or before
            yield "weak_mask", right.but(normalise=filled(value * scale))


def name_fault(actual: object, expected: Tensor, mimics: Iterable[Fault]) -> None:
    """Raise the first mistake whose imitation gives what the answer gives; several may share a name."""
    if not isinstance(actual, Tensor) or close(actual, expected):
        return
    for fault, mimic in mimics:
        wrong = mimic()
        if close(actual, wrong) and not close(wrong, expected):
            raise Wrong(fault)


# ---- judging ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attention:
    """One kind of attention: how to make it, and what may go wrong with it.

    `explain` may know why an answer stops with an error: it returns the fault, or None.
    """

    mimics: Callable[[Recipe], Iterable[Fault]]
    causal: bool = False
    out_proj: bool = False
    explain: Callable[[Probe], str | None] = lambda probe: None

    def build(
        self,
        probe: Probe,
        d_in: int,
        d_out: int,
        context_length: int = 8,
        dropout: float = 0.0,
        heads: int = 1,
        bias: bool = False,
    ) -> nn.Module:
        sizes = self.arguments(d_in, d_out, context_length, dropout, heads)
        return self._make(probe, *sizes, **({"qkv_bias": True} if bias else {}))

    def _make(self, probe: Probe, *sizes: float, **qkv_bias: bool) -> nn.Module:
        try:
            return probe.build(*sizes, **qkv_bias)
        except Wrong as wrong:
            # The sizes asked for here are all valid; what checks them is `num_heads` alone.
            if self.out_proj and refuses(wrong):
                raise Wrong("refuses_valid") from None
            raise

    def arguments(self, d_in: int, d_out: int, context_length: int, dropout: float, heads: int) -> list[float]:
        """What the constructor takes, in order, up to `qkv_bias`."""
        causal = [context_length, dropout] if self.causal else []
        return [d_in, d_out, *causal, *([heads] if self.out_proj else [])]

    def answer(self, probe: Probe, module: nn.Module, x: Tensor, fault: str = "raises") -> Tensor:
        """What the module answers, which must be one tensor."""
        try:
            result = probe(module, x, fault=fault)
        except Wrong as wrong:
            known = self.explain(probe) if wrong.fault == fault else None
            raise Wrong(known) if known else wrong from None
        if isinstance(result, (tuple, list, dict)):
            raise Wrong("returns_weights", got=type_name(result))
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))
        return result

    def draw(self, probe: Probe, d_in: int, d_out: int, bias: bool, dtype: torch.dtype = torch.float32) -> Weights:
        return draw(probe, d_in, d_out, bias, dtype, self.out_proj)

    def expected(self, x: Tensor, weights: Weights, heads: int = 1) -> Tensor:
        return oracle(x, weights, heads, self.causal)

    def recipe(self, x: Tensor, weights: Weights, heads: int = 1) -> Recipe:
        return Recipe(x, weights, heads, self.causal)

    def compare(
        self,
        probe: Probe,
        module: nn.Module,
        x: Tensor,
        weights: Weights,
        heads: int = 1,
        expected: Tensor | None = None,
        fault: str = "raises",
    ) -> Tensor:
        """The module's answer on `x`, which must be right."""
        result = self.answer(probe, module, x, fault)
        expected = self.expected(x, weights, heads) if expected is None else expected
        if self.causal and not module.training and not close(result, expected):
            again = self.answer(probe, module, x)
            if again.shape == result.shape and not close(again, result):
                raise Wrong("dropout_in_eval")
        name_fault(result, expected, self.mimics(self.recipe(x, weights, heads)))
        probe.same(result, expected)
        return result

    def check_layers(self, probe: Probe, d_in: int, d_out: int, heads: int = 1) -> None:
        """`W_query`, `W_key` and `W_value` are three layers, with a bias only when asked for."""
        sizes = self.arguments(d_in, d_out, 6, 0.0, heads)
        for given, bias in (({}, False), ({"qkv_bias": True}, True), ({"qkv_bias": False}, False)):
            module = self._make(probe, *sizes, **given)
            found = [probe.attribute(module, role, nn.Linear) for role in ROLES]
            for role, layer in zip(ROLES, found):
                check_layer(role, layer, d_in, d_out)
            if len({id(layer.weight) for layer in found}) < len(found):
                raise Wrong("shared_layer")
            for role, layer in zip(ROLES, found):
                if (layer.bias is not None) != bias:
                    raise Wrong("qkv_bias", name=role)
            self.answer(probe, module, probe.randn(2, 6, d_in))

    def check_gradients(self, probe: Probe, module: nn.Module, x: Tensor, weights: Weights, heads: int = 1) -> None:
        """The gradients reach the input and every weight as they should."""
        x = x.clone().requires_grad_()
        leaves = installed(module, weights)
        for leaf in leaves.values():
            if not leaf.requires_grad:
                raise Wrong("no_gradient")
        expected = self.expected(x, leaves, heads)
        pull = probe.randn(*expected.shape, dtype=x.dtype)
        wanted = probe.gradients(expected, [x, *leaves.values()], pull)
        result = self.compare(probe, module, x, leaves, heads, expected)
        for got, want in zip(probe.gradients(result, [x, *leaves.values()], pull), wanted):
            probe.same(got, want, fault="detached")

    def check_causality(self, probe: Probe, d_in: int, d_out: int, heads: int = 1) -> None:
        """The future reaches the past neither through values nor through gradients, and rows keep their sum.

        All this is seen in the answer alone, so that one with another mistake can earn it.
        """
        T = 7
        weights = self.draw(probe, d_in, d_out, True, torch.float64)
        module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads, bias=True), weights)
        x = probe.randn(2, T, d_in, dtype=torch.float64)
        if not self._independent(probe, module, x, d_out):
            self._blame(probe, module, x, weights, heads, "not_causal")
        # Where all values are alike, every average of them is, too.
        alike = weights | {"W_value.weight": torch.zeros_like(weights["W_value.weight"])}
        result = self.answer(probe, install(probe, module, alike), x)
        if not close(result, result[:, :1].expand_as(result)):
            self._blame(probe, module, x, alike, heads, "not_renormalised")
        # Where every score is about -300, hiding with -100 would show the future instead. Heads are wide, so that
        # a number put in before scaling shrinks a lot.
        d_out, head_dim = heads * 256, 256
        low = self.draw(probe, d_in, d_out, True, torch.float64)
        for role, value in (("W_query", -300 * head_dim**0.5), ("W_key", 1.0)):
            low[f"{role}.weight"][::head_dim] = 0.0
            low[f"{role}.bias"][::head_dim] = value
        module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads, bias=True), low)
        if not self._independent(probe, module, x, d_out):
            raise Wrong("weak_mask")

    def _independent(self, probe: Probe, module: nn.Module, x: Tensor, d_out: int) -> bool:
        """Whether what comes out for a token depends on the tokens up to it, and on no later one."""
        B, T, d_in = x.shape
        x = x.clone().requires_grad_()
        for cut in (1, 3, 6):
            before = self.answer(probe, module, x)
            changed = torch.cat([x[:, :cut], probe.randn(B, T - cut, d_in, dtype=x.dtype)], dim=1)
            after = self.answer(probe, module, changed)
            if tuple(before.shape) != (B, T, d_out) or not bool(torch.isfinite(before).all()):
                return False
            if not close(after[:, :cut], before[:, :cut], rtol=1e-6, atol=1e-6):
                return False
            (reach,) = probe.gradients(before[:, :cut], [x], torch.ones_like(before[:, :cut]))
            # Masking after softmax leaves rounding errors here, which are no influence.
            if not bool((reach[:, cut:].abs() < 1e-6).all()):
                return False
        last = self.answer(probe, module, x)[:, -1]
        (reach,) = probe.gradients(last, [x], torch.ones_like(last))
        return bool((reach[:, 0].abs() > 0).any())

    def _blame(self, probe: Probe, module: nn.Module, x: Tensor, weights: Weights, heads: int, fault: str) -> None:
        """Raise what the values show to be wrong; if they show no mistake that we know, raise `fault`."""
        try:
            self.compare(probe, module, x, weights, heads)
        except Wrong as wrong:
            if wrong.fault is not None:
                raise
        raise Wrong(fault)

    def check_sizes(self, probe: Probe, cases: Iterable[tuple[int, int, int, bool, torch.dtype]]) -> None:
        """Right for each `(d_in, d_out, heads, bias, dtype)`, for full sequences and for shorter ones."""
        for d_in, d_out, heads, bias, dtype in cases:
            weights = self.draw(probe, d_in, d_out, bias, dtype)
            for T, fault in ((5, "raises"), (8, "context_length_ignored")):
                module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads, bias), weights)
                self.compare(probe, module, probe.randn(2, T, d_in, dtype=dtype), weights, heads, fault=fault)
            for B, T in ((2, 5), (1, 7), (3, 1), (1, 1), (4, 8)):
                x = probe.randn(B, T, d_in, dtype=dtype)
                self.compare(probe, module, x, weights, heads, fault="not_cropped")
        # Large values, but scores of ordinary size.
        weights = self.draw(probe, d_in, d_out, False, torch.float64)
        for role in ("W_query", "W_key"):
            weights[f"{role}.weight"] /= 1000
        module = install(probe, self.build(probe, d_in, d_out, 6, 0.0, heads), weights)
        self.compare(probe, module, probe.randn(2, 6, d_in, dtype=torch.float64, scale=1000.0), weights, heads)

    def check_mask(self, probe: Probe, d_in: int, d_out: int, heads: int = 1) -> None:
        """The mask is a buffer, as large as asked for, and what `forward` goes by."""
        weights = self.draw(probe, d_in, d_out, False, torch.float64)
        for T, fault in ((4, "raises"), (9, "context_length_ignored")):
            module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads), weights)
            masks = large_buffers(module, T * T)  # before the call, which must not be what makes them
            x = probe.randn(2, T, d_in, dtype=torch.float64)
            self.compare(probe, module, x, weights, heads, fault=fault)
        if all(is_constant(owner._buffers[name]) for owner, name in masks):
            raise no_mask(module, T * T, set(weights))
        larger = large_buffers(self.build(probe, d_in, d_out, 5 * T, 0.0, heads), 25 * T * T)
        sizes = {owner._buffers[name].numel() for owner, name in masks}
        if all(owner._buffers[name].numel() in sizes for owner, name in larger):
            raise Wrong("context_length_ignored")
        if not self._opens(probe, module, masks, x, oracle(x, weights, heads, causal=False)):
            raise Wrong("mask_unused")

    def _opens(
        self, probe: Probe, module: nn.Module, masks: list[tuple[nn.Module, str]], x: Tensor, everything: Tensor
    ) -> bool:
        """Whether some constant mask, all 0 or all 1, lets every token see everything.

        The buffers are replaced, not overwritten: that is what `.to()` does, and what a second name for the
        same tensor would miss.
        """
        kept = [owner._buffers[name] for owner, name in masks]
        for fills in itertools.product((0, 1), repeat=min(len(masks), 4)):
            for (owner, name), mask, fill in zip(masks, kept, fills):
                owner._buffers[name] = torch.full_like(mask, fill)
            try:
                if close(self.answer(probe, module, x), everything):
                    return True
            except Wrong as wrong:
                if wrong.fault in ("forbidden", "timeout"):
                    raise
        return False

    def check_dropout(self, probe: Probe, heads: int = 1) -> None:
        """Dropout drops single attention weights, at the given rate, in train mode only.

        Every value is a one-hot vector written twice over, so that the context spells out the weights twice:
        dropping anything but weights (values, context) makes the two copies differ.
        """
        T, copies = 6, 48
        d_in, head_dim = T + 3, 2 * T
        eye = torch.eye(T, dtype=torch.float64)
        x = torch.cat([eye, probe.randn(T, 3, dtype=torch.float64)], dim=-1).expand(copies, T, d_in).contiguous()
        weights = draw(probe, d_in, heads * head_dim, False, torch.float64)
        value = torch.cat([eye, eye]).repeat(heads, 1)
        weights["W_value.weight"] = torch.cat([value, torch.zeros(len(value), 3, dtype=torch.float64)], dim=-1)
        if self.out_proj:
            weights["out_proj.weight"] = torch.eye(heads * head_dim, dtype=torch.float64)
            weights["out_proj.bias"] = torch.zeros(heads * head_dim, dtype=torch.float64)

        def make(rate: float) -> nn.Module:
            return install(probe, self.build(probe, d_in, heads * head_dim, T, rate, heads), weights)

        expected = self.expected(x, weights, heads)
        module = make(0.5)
        self.compare(probe, module, x, weights, heads, expected)  # eval mode
        full = spelled(expected, heads, T)[0][0]
        for rate in (0.5, 0.2):
            module = make(rate).train()
            first, second = self.answer(probe, module, x), self.answer(probe, module, x)
            for result in (first, second):
                if result.shape != expected.shape:
                    probe.same(result, expected)
            if close(first, expected):
                raise Wrong("no_dropout")
            check_dropped(*spelled(first, heads, T), full, rate)
            if close(first, second):
                raise Wrong("dropout_repeats")
            self.compare(probe, module.eval(), x, weights, heads, expected)
        module = make(0.0).train()
        result = self.answer(probe, module, x)
        if not close(result, self.answer(probe, module, x)):
            raise Wrong("dropout_rate")
        self.compare(probe, module, x, weights, heads, expected)


# ---- the mask ----------------------------------------------------------------------------------------


def large_buffers(module: nn.Module, size: int) -> list[tuple[nn.Module, str]]:
    """Who owns a buffer of at least `size` elements, and under what name."""
    return [
        (owner, name)
        for owner in module.modules()
        for name, buffer in owner.named_buffers(recurse=False)
        if buffer.numel() >= size
    ]


def is_constant(buffer: Tensor) -> bool:
    """Whether it says the same of every pair, so that the mask is yet to be made from it."""
    return bool((buffer == buffer.flatten()[0]).all())


def no_mask(module: nn.Module, size: int, contract: set[str]) -> Wrong:
    """What there is instead of a buffer."""
    for name, parameter in module.named_parameters():
        if name not in contract and parameter.numel() >= size:
            return Wrong("mask_is_parameter")
    for owner in module.modules():
        for name, value in vars(owner).items():
            if isinstance(value, Tensor) and value.numel() >= size:
                return Wrong("mask_not_buffer", name=name)
    return Wrong("mask_rebuilt")


# ---- dropout -----------------------------------------------------------------------------------------


def spelled(context: Tensor, heads: int, T: int) -> tuple[Tensor, Tensor]:
    """The weights, both times that the context spells them: each (B, heads, T, T)."""
    twice = context.detach().unflatten(-1, (heads, 2, T)).permute(3, 0, 2, 1, 4)
    return twice[0], twice[1]


def check_dropped(weights: Tensor, copy: Tensor, full: Tensor, rate: float) -> None:
    """`weights` must be `full` with some entries dropped at random and the others scaled up."""
    T = full.shape[-1]
    past = torch.ones(T, T, dtype=torch.bool).tril()
    ratio = (weights / full.masked_fill(~past, 1.0))[..., past]  # (B, heads, pairs)
    kept = ratio.abs() > 1e-6
    whole = (weights.nan_to_num(nan=0.0).sum(-1) - 1).abs() < 1e-6  # (B, heads, T)
    # A row of which everything was dropped has no sum left to divide by.
    if bool((whole | weights.isnan().any(-1) | (weights == 0).all(-1)).all()):
        raise Wrong("dropout_too_early")
    if not close(weights, copy) or not bool(torch.isfinite(weights).all()):
        raise Wrong("dropout_misplaced")
    if bool((weights[..., ~past].abs() > 1e-6).any()):
        raise Wrong("not_causal")
    survivors = ratio[kept]
    factor = survivors.median() if len(survivors) else torch.zeros(())
    if bool(((survivors - factor).abs() > 1e-6).any()):
        raise Wrong("dropout_misplaced")
    check_independent(kept, past)
    if abs(float(kept.double().mean()) - (1 - rate)) > 0.08:  # six standard errors
        raise Wrong("dropout_rate")
    if abs(float(factor) - 1) < 1e-6:
        raise Wrong("dropout_not_scaled")
    if abs(float(factor) - 1 / (1 - rate)) > 1e-6:
        raise Wrong("dropout_rate")


def check_independent(kept: Tensor, past: Tensor) -> None:
    """No two weights stand or fall together: neighbours agree as often as chance has it."""
    square = torch.full((*kept.shape[:2], *past.shape), -1.0)
    square[..., past] = kept.float()  # (B, heads, T, T); -1 where there is no weight
    share = float(kept.double().mean())
    chance = share**2 + (1 - share) ** 2
    if not 0.05 < share < 0.95:  # too few differ to say anything
        return
    for dim in range(square.ndim):
        if square.shape[dim] > 1:
            one, other = square.narrow(dim, 0, square.shape[dim] - 1), square.narrow(dim, 1, square.shape[dim] - 1)
            agree = (one == other)[(one >= 0) & (other >= 0)]
            if float(agree.double().mean()) > chance + 0.7 * (1 - chance):
                raise Wrong("dropout_in_blocks")


# ---- the constructor ---------------------------------------------------------------------------------


def refuses(wrong: Wrong) -> bool:
    """Whether the student's constructor said no in one of the two ways it may."""
    return wrong.fault == "raises" and isinstance(wrong.__context__, (ValueError, AssertionError))
