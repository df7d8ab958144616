"""ch04/layer_norm: layer normalisation (Ba et al., 2016), as in GPT-2."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.exercise import Exercise
from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Mimics, Probe, Wrong, close, shape, type_name

exercise = Exercise(
    id="ch04/layer_norm",
    defines="LayerNorm",
    reference="desdecero.gpt:LayerNorm",
    difficulty=2,
    minutes=15,
    forbidden=Forbidden(
        functions=(
            "layer_norm",
            "native_layer_norm",
            "group_norm",
            "native_group_norm",
            "batch_norm",
            "native_batch_norm",
            "instance_norm",
        ),
        modules=(nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase),
    ),
    faults={
        "bessel": (
            "La varianza lleva la corrección de Bessel (divide entre n − 1): pasa unbiased=False.",
            "The variance uses Bessel's correction (divides by n − 1): pass unbiased=False.",
        ),
        "eps_outside": (
            "eps se suma fuera de la raíz: tiene que ir dentro, sqrt(varianza + eps).",
            "eps is added outside the root: it belongs inside, sqrt(variance + eps).",
        ),
        "std_not_root": (
            "Divides entre la varianza: falta la raíz cuadrada.",
            "You divide by the variance: the square root is missing.",
        ),
        "no_eps": (
            "Falta eps: con un vector constante la varianza es cero y se divide entre cero.",
            "eps is missing: for a constant vector the variance is zero and you divide by zero.",
        ),
        "wrong_eps": ("eps vale {got}: debe valer 1e-5.", "eps is {got}: it must be 1e-5."),
        "not_centred": (
            "Falta restar la media: el resultado no queda centrado en cero.",
            "The mean is not subtracted: the result is not centred on zero.",
        ),
        "wrong_dimension": (
            "Normalizas en otra dimensión: cada vector se normaliza por separado, dim=-1.",
            "You normalise along another dimension: each vector is normalised on its own, dim=-1.",
        ),
        "whole_tensor": (
            "Usas una media y una varianza para todo el tensor: hacen falta una por vector (dim=-1, keepdim=True).",
            "You use one mean and variance for the whole tensor: each vector needs its own (dim=-1, keepdim=True).",
        ),
        "no_scale": (
            "scale no se usa: el resultado normalizado se multiplica por scale.",
            "scale is not used: the normalised result is multiplied by scale.",
        ),
        "no_shift": (
            "shift no se usa: al final se suma shift.",
            "shift is not used: it is added at the end.",
        ),
        "shift_first": (
            "Sumas shift antes de multiplicar por scale: primero se multiplica y después se suma.",
            "You add shift before multiplying by scale: multiply first, then add.",
        ),
        "not_parameter": (
            "«{name}» no es un nn.Parameter entrenable: créalo en __init__ con nn.Parameter(...).",
            "“{name}” is not a trainable nn.Parameter: create it in __init__ with nn.Parameter(...).",
        ),
        "extra_parameter": (
            "«{name}» también se entrena: los únicos parámetros son scale y shift, y eps es un número fijo.",
            "“{name}” is trained, too: scale and shift are the only parameters, and eps is a fixed number.",
        ),
        "bad_start": (
            "«{name}» no empieza como debe: scale a unos y shift a ceros.",
            "“{name}” starts wrong: scale at ones and shift at zeros.",
        ),
        "detached": (
            "El gradiente no pasa por la media y la varianza: no uses detach ni no_grad.",
            "The gradient does not flow through mean and variance: use neither detach nor no_grad.",
        ),
        "nan_gradient": (
            "Con un vector constante el gradiente sale nan: suma eps antes de sacar ninguna raíz.",
            "For a constant vector the gradient is nan: add eps before taking any root.",
        ),
    },
)


def trainable(probe: Probe, module: nn.Module) -> None:
    """Check that scale and shift are parameters which an optimizer would find and could move."""
    for name in ("scale", "shift"):
        value = probe.attribute(module, name, Tensor)
        if not value.requires_grad or not any(value is parameter for parameter in module.parameters()):
            raise Wrong("not_parameter", name=name)


def ready(probe: Probe, emb_dim: int, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The student's module with random scale and shift, so that both can be seen to be used."""
    module = probe.build(emb_dim).to(dtype)
    trainable(probe, module)
    probe.set_weight(module, "scale", probe.randn(emb_dim, dtype=dtype) + 1.5)
    probe.set_weight(module, "shift", probe.randn(emb_dim, dtype=dtype))
    return module


def normalised(x: Tensor, module: nn.Module, mean: Tensor, variance: Tensor, eps: float = 1e-5) -> Tensor:
    return module.scale * (x - mean) / torch.sqrt(variance + eps) + module.shift


def mimics(x: Tensor, module: nn.Module) -> Mimics:
    """What answers with the usual mistakes would give."""
    scale, shift = module.scale, module.shift
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
    unit = (x - mean) / torch.sqrt(variance + 1e-5)

    def along(dims: int | tuple[int, ...]) -> Tensor:
        return normalised(x, module, x.mean(dims, keepdim=True), x.var(dims, keepdim=True, unbiased=False))

    return {
        "bessel": [
            lambda: normalised(x, module, mean, x.var(-1, keepdim=True)),
            lambda: scale * (x - mean) / (x.std(-1, keepdim=True) + 1e-5) + shift,
        ],
        "eps_outside": lambda: scale * (x - mean) / (variance.sqrt() + 1e-5) + shift,
        "std_not_root": lambda: scale * (x - mean) / (variance + 1e-5) + shift,
        "not_centred": [
            lambda spread=spread: scale * x / torch.sqrt(spread + 1e-5) + shift
            for spread in (variance, x.square().mean(-1, keepdim=True))
        ],
        "wrong_dimension": [lambda: along(-2), lambda: along(0)] if x.ndim > 1 else [],
        "whole_tensor": [lambda: along(tuple(range(x.ndim))), lambda: along((-2, -1))] if x.ndim > 1 else [],
        "no_scale": lambda: unit + shift,
        "no_shift": lambda: scale * unit,
        "shift_first": lambda: scale * (unit + shift),
    }


def judge(probe: Probe, module: nn.Module, x: Tensor, expected: Tensor) -> Tensor:
    """Compare what `module` gives for `x`; return it."""
    result = probe(module, x)
    if isinstance(result, Tensor) and result.shape == x.shape and not close(result, expected):
        # Solve the definition for eps; if one value explains the whole result, that is the one in use.
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
        unit = (result.detach() - module.shift) / module.scale
        eps = float((((x - mean) / unit) ** 2 - variance).median())
        if x.dtype == torch.float64 and close(result, normalised(x, module, mean, variance, eps)):
            raise Wrong("wrong_eps", got="0" if abs(eps) < 1e-15 else f"{eps:.2g}")
    probe.same(result, expected, mimics(x, module))
    return result


def compare(probe: Probe, x: Tensor) -> None:
    module = ready(probe, x.shape[-1], x.dtype).train()
    probe(module, x.flip(0))  # what it saw before must not matter
    expected = F.layer_norm(x, x.shape[-1:], module.scale, module.shift, 1e-5)
    judge(probe, module, x, expected)


@exercise.item("parameters", "scale empieza a unos y shift a ceros", "scale starts at ones and shift at zeros")
def _(probe: Probe) -> None:
    emb_dim = probe.pick(3, 9)
    module = probe.build(emb_dim)
    trainable(probe, module)
    for name, start in (("scale", torch.ones(emb_dim)), ("shift", torch.zeros(emb_dim))):
        value = getattr(module, name)
        if value.shape != start.shape:
            raise Wrong("weight_shape", name=name, got=shape(value), expected=shape(start))
        if not close(value, start):
            raise Wrong("bad_start", name=name)
    for name, parameter in module.named_parameters():
        if parameter.requires_grad and parameter is not module.scale and parameter is not module.shift:
            raise Wrong("extra_parameter", name=name)
    x = probe.randn(2, 3, emb_dim)
    result = probe(module, x)
    if not isinstance(result, Tensor):
        raise Wrong("not_a_tensor", got=type_name(result))
    if result.shape != x.shape:
        raise Wrong("shape", got=shape(result), expected=shape(x))


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    x = stored["x"]
    module = probe.build(x.shape[-1]).double()
    for name in ("scale", "shift"):
        probe.set_weight(module, name, stored[name])
    judge(probe, module, x, stored["expected"])


@exercise.item(
    "fresh_inputs",
    "Normaliza cada vector, con cualquier forma y precisión",
    "Normalises each vector, for any shape and precision",
    points=2,
)
def _(probe: Probe) -> None:
    for sizes in ((2, 5, 8), (1, 1, 16), (3, 6), (2, 2, 3, 5), (9,)):
        compare(probe, probe.randn(*sizes, scale=100.0) + 30)
    compare(probe, probe.randn(2, 6, 3, scale=100.0).transpose(1, 2))  # its numbers do not lie in a row
    compare(probe, probe.randn(2, 4, 6, dtype=torch.float64, scale=300.0))


@exercise.item("small_variance", "eps va dentro de la raíz y vale 1e-5", "eps is inside the root and is 1e-5")
def _(probe: Probe) -> None:
    constant = torch.full((2, 3, 4), 2.5) * probe.pick(1, 5)
    result = probe(ready(probe, 4), constant)
    if isinstance(result, Tensor) and not bool(torch.isfinite(result).all()):
        raise Wrong("no_eps")
    # A variance near eps, where its place and its value show.
    x = probe.randn(2, 3, 16, dtype=torch.float64, scale=3e-3)
    module = ready(probe, 16, torch.float64)
    expected = F.layer_norm(x, (16,), module.scale, module.shift, 1e-5)
    judge(probe, module, x, expected)


@exercise.item("gradients", "Los gradientes son correctos", "The gradients are right")
def _(probe: Probe) -> None:
    x = probe.randn(2, 3, 6, dtype=torch.float64).requires_grad_()
    module = ready(probe, 6, torch.float64)
    pull = probe.randn(2, 3, 6, dtype=torch.float64)
    expected = F.layer_norm(x, (6,), module.scale, module.shift, 1e-5)
    weights = [module.scale, module.shift]
    wanted = probe.gradients(expected, [*weights, x], pull)
    result = judge(probe, module, x, expected)
    found = probe.gradients(result, [*weights, x], pull)
    for got, want, fault in zip(found, wanted, ("no_gradient", "no_gradient", "detached")):
        probe.same(got, want, fault=fault)
    constant = torch.full((2, 3, 6), 1.5, dtype=torch.float64, requires_grad=True)
    for gradient in probe.gradients(probe(module, constant), [*weights, constant], pull):
        if not bool(torch.isfinite(gradient).all()):
            raise Wrong("nan_gradient")
