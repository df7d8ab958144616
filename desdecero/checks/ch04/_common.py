"""What the checks of this chapter share: GPT-2 in torch's own functions, and the weights to put into an answer.

Weights are kept under the contract's attribute names: `"att.W_query.weight"`, `"norm1.scale"`, …
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.probe import Probe, Wrong, close
from desdecero.gpt import GPTConfig

Weights = dict[str, Tensor]
# The tolerance for float64 where several layers follow one another: a GELU whose constant was rounded to float32
# is right, and its error of 1e-8 must not add up to a verdict.
DEEP = {"rtol": 1e-6, "atol": 1e-6}
FLOAT32 = {"rtol": 1e-4, "atol": 1e-4}  # likewise: several layers, in whatever order their sums are taken
STD = 0.3  # of random weights: with small ones the GELUs by erf and by tanh look alike


def config(
    emb_dim: int,
    n_heads: int = 1,
    n_layers: int = 1,
    *,
    vocab_size: int = 23,
    context_length: int = 7,
    drop_rate: float = 0.0,
    qkv_bias: bool = False,
) -> GPTConfig:
    """A small model, with nothing left at its default."""
    return GPTConfig(vocab_size, context_length, emb_dim, n_heads, n_layers, drop_rate, qkv_bias)


# ---- weights ------------------------------------------------------------------------------------------------


def feed_forward_shapes(cfg: GPTConfig) -> dict[str, tuple[int, ...]]:
    d = cfg.emb_dim
    return {
        "layers.0.weight": (4 * d, d),
        "layers.0.bias": (4 * d,),
        "layers.2.weight": (d, 4 * d),
        "layers.2.bias": (d,),
    }


def block_shapes(cfg: GPTConfig) -> dict[str, tuple[int, ...]]:
    d = cfg.emb_dim
    shapes: dict[str, tuple[int, ...]] = {}
    for name in ("W_query", "W_key", "W_value"):
        shapes[f"att.{name}.weight"] = (d, d)
        if cfg.qkv_bias:
            shapes[f"att.{name}.bias"] = (d,)
    shapes |= {"att.out_proj.weight": (d, d), "att.out_proj.bias": (d,)}
    shapes |= {f"ff.{name}": size for name, size in feed_forward_shapes(cfg).items()}
    shapes |= {f"{norm}.{name}": (d,) for norm in ("norm1", "norm2") for name in ("scale", "shift")}
    return shapes


def model_shapes(cfg: GPTConfig) -> dict[str, tuple[int, ...]]:
    d = cfg.emb_dim
    shapes = {"tok_emb.weight": (cfg.vocab_size, d), "pos_emb.weight": (cfg.context_length, d)}
    for i in range(cfg.n_layers):
        shapes |= {f"trf_blocks.{i}.{name}": size for name, size in block_shapes(cfg).items()}
    return shapes | {"final_norm.scale": (d,), "final_norm.shift": (d,), "out_head.weight": (cfg.vocab_size, d)}


def random_weights(probe: Probe, shapes: dict[str, tuple[int, ...]], dtype: torch.dtype) -> Weights:
    weights = {name: probe.randn(*size, dtype=dtype, scale=STD) for name, size in shapes.items()}
    for name in weights:
        if name.endswith("scale"):
            weights[name] += 1
    return weights


def stored_weights(stored: Weights, shapes: dict[str, tuple[int, ...]]) -> Weights:
    """Those of the stored tensors that are weights, in the float64 in which their results were computed."""
    return {name: stored[name].double() for name in shapes}


def reach(owner: object, path: str) -> object:
    """What stands at `path` below `owner`; a number is a place in a container, whatever its parts are called."""
    for part in path.split("."):
        if part.isdigit() and isinstance(owner, nn.Sequential | nn.ModuleList) and int(part) < len(owner):
            owner = owner[int(part)]
        elif hasattr(owner, part):
            owner = getattr(owner, part)
        else:
            raise Wrong("missing_attribute", name=path)
    return owner


def fill(probe: Probe, module: nn.Module, weights: Weights) -> None:
    """Put every weight where the contract says it lives."""
    for path, value in weights.items():
        place, _, name = path.rpartition(".")
        try:
            probe.set_weight(reach(module, place), name, value)
        except Wrong as wrong:
            raise Wrong(wrong.fault, **wrong.details | {"name": path}) from None


def inside(weights: Weights, prefix: str) -> Weights:
    """The weights below `prefix`, by their names there."""
    start = prefix + "."
    return {name.removeprefix(start): value for name, value in weights.items() if name.startswith(start)}


# ---- the model, written with torch's own functions ------------------------------------------------------------


def layer_norm(x: Tensor, weights: Weights, name: str) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], weights[f"{name}.scale"], weights[f"{name}.shift"], eps=1e-5)


def attention(x: Tensor, weights: Weights, n_heads: int, causal: bool = True) -> Tensor:
    def heads(name: str) -> Tensor:
        y = F.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))
        return y.unflatten(-1, (n_heads, -1)).transpose(1, 2)

    context = F.scaled_dot_product_attention(heads("W_query"), heads("W_key"), heads("W_value"), is_causal=causal)
    return F.linear(context.transpose(1, 2).flatten(2), weights["out_proj.weight"], weights["out_proj.bias"])


def feed_forward(
    x: Tensor, weights: Weights, activation: Callable[[Tensor], Tensor] = lambda x: F.gelu(x, approximate="tanh")
) -> Tensor:
    wide = activation(F.linear(x, weights["layers.0.weight"], weights["layers.0.bias"]))
    return F.linear(wide, weights["layers.2.weight"], weights["layers.2.bias"])


def block(x: Tensor, weights: Weights, n_heads: int, causal: bool = True) -> Tensor:
    x = x + attention(layer_norm(x, weights, "norm1"), inside(weights, "att"), n_heads, causal)
    return x + feed_forward(layer_norm(x, weights, "norm2"), inside(weights, "ff"))


def logits(token_ids: Tensor, weights: Weights, cfg: GPTConfig) -> Tensor:
    x = weights["tok_emb.weight"][token_ids] + weights["pos_emb.weight"][: token_ids.shape[1]]
    for i in range(cfg.n_layers):
        x = block(x, inside(weights, f"trf_blocks.{i}"), cfg.n_heads)
    return layer_norm(x, weights, "final_norm") @ weights["out_head.weight"].T


# ---- asking the student's module ------------------------------------------------------------------------------


def check_qkv_bias(block: nn.Module, cfg: GPTConfig) -> None:
    """Queries, keys and values have a bias if, and only if, the configuration says so."""
    for name in ("W_query", "W_key", "W_value"):
        if (getattr(reach(block, f"att.{name}"), "bias", None) is not None) != cfg.qkv_bias:
            raise Wrong("qkv_bias_ignored")


def answer(probe: Probe, module: nn.Module, x: Tensor, fault: str = "dropout_in_eval") -> object:
    """What `module`, in eval mode, gives for `x`; twice the same, or there is dropout at work: `fault`."""
    probe(module, x.flip(-1))  # what it saw before must not matter
    first, second = probe(module, x), probe(module, x)
    if isinstance(first, Tensor) and isinstance(second, Tensor) and not close(first, second):
        raise Wrong(fault)
    return first


def check_gradients(
    probe: Probe, module: nn.Module, result: object, expected: Tensor, weights: Weights, x: Tensor | None = None
) -> None:
    """The gradients of all `weights`, and of the input `x`, must be those of the oracle."""
    pull = probe.randn(*expected.shape, dtype=expected.dtype)
    extra = [] if x is None else [x]
    wanted = probe.gradients(expected, [*weights.values(), *extra], pull)
    parameters = [reach(module, name) for name in weights]
    for name, parameter in zip(weights, parameters):
        if not parameter.requires_grad:
            raise Wrong("cut_gradient", name=name)
    found = probe.gradients(result, [*parameters, *extra], pull)
    for name, got, want in zip([*weights, "x"], found, wanted):
        if not close(got, want, **DEEP):
            raise Wrong("cut_gradient", name=name)


CUT_GRADIENT = (
    "Los valores son correctos, pero no el gradiente de «{name}»: no uses detach, .data, no_grad ni "
    "requires_grad=False por el camino.",
    "The values are right, but the gradient of “{name}” is not: use no detach, .data, no_grad or "
    "requires_grad=False on the way.",
)
DROPOUT_IN_EVAL = (
    "Dos llamadas iguales en modo eval dan resultados distintos: el dropout solo debe actuar al entrenar "
    "(nn.Dropout, o F.dropout con training=self.training).",
    "Two equal calls in eval mode give different results: dropout must act in training only "
    "(nn.Dropout, or F.dropout with training=self.training).",
)
QKV_BIAS_IGNORED = (
    "Con qkv_bias=True, W_query, W_key y W_value llevan sesgo, y con False no: pasa cfg.qkv_bias a la atención.",
    "With qkv_bias=True, W_query, W_key and W_value have a bias, with False none: pass cfg.qkv_bias to the attention.",
)
