"""Random weights for the students' modules, and the oracle: torch's own attention in float64.

Weights travel as a dict under the contract's names: `{"W_query.weight": …, "W_query.bias": …, …}`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.probe import Probe, Wrong

ROLES = ("W_query", "W_key", "W_value")
Weights = dict[str, Tensor]


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
