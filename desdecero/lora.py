"""Appendix E: adapting a model by small updates of low rank (LoRA; Hu et al., 2022).

Shapes: the last dimension of x goes from in_dim to out_dim; r is the rank.
"""

import math

import torch
from torch import Tensor, nn


class LoRALayer(nn.Module):
    """The update alone: `alpha * (x @ A @ B)`, which starts at zero because `B` does.

    The paper scales by `alpha / rank`; here `alpha` is the whole factor.
    """

    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None:
        super().__init__()
        self.A = nn.Parameter(torch.empty(in_dim, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))  # for this shape, uniform in ±1/√rank
        self.B = nn.Parameter(torch.zeros(rank, out_dim))
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return self.alpha * (x @ self.A @ self.B)  # (…, in_dim) -> (…, r) -> (…, out_dim)


class LinearWithLoRA(nn.Module):
    """A linear layer, frozen, with a trainable update beside it."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight)  # the same device and dtype

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + self.lora(x)


def replace_linear_with_lora(model: nn.Module, rank: int, alpha: float) -> nn.Module:
    """Wrap every `nn.Linear` inside `model`, however deep, in place; returns the model.

    Only what is wrapped is frozen; layers that are wrapped already stay as they are.
    """
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not _wrapped(child):
            replace_linear_with_lora(child, rank, alpha)
    return model


def merge_lora(model: nn.Module) -> nn.Module:
    """Turn every `LinearWithLoRA` inside `model` into a plain `nn.Linear` with the same outputs, in place.

    Returns the model.
    """
    for name, child in model.named_children():
        if _wrapped(child):
            with torch.no_grad():
                update = child.lora.alpha * (child.lora.A @ child.lora.B)  # (in, r) @ (r, out) -> (in, out)
                child.linear.weight += update.T  # nn.Linear keeps (out, in)
            setattr(model, name, child.linear.requires_grad_(True))
        else:
            merge_lora(child)
    return model


def _wrapped(module: nn.Module) -> bool:
    """Whether a module is a `LinearWithLoRA`, the student's or ours."""
    return isinstance(getattr(module, "linear", None), nn.Linear) and hasattr(module, "lora")
