"""Appendix E: adapting a model by small updates of low rank (LoRA; Hu et al., 2022).

Shapes: the last dimension of x goes from in_dim to out_dim; r is the rank.
"""

import math

import torch
from torch import Tensor, nn


class LoRALayer(nn.Module):
    """The update alone: `alpha * (x @ A @ B)`, which starts at zero because `B` does; `(…, in_dim)` -> `(…, out_dim)`.

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
    """A linear layer, frozen, with a trainable update beside it: `(…, in_dim)` -> `(…, out_dim)`."""

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
        elif not hasattr(child, "lora"):
            replace_linear_with_lora(child, rank, alpha)
    return model


def merge_lora(model: nn.Module) -> nn.Module:
    """Turn every `LinearWithLoRA` inside `model` into a plain `nn.Linear` with the same outputs, in place.

    A wrapped layer is known by its attributes, `linear` and `lora`. Returns the model.
    """
    for name, child in model.named_children():
        if hasattr(child, "linear") and hasattr(child, "lora"):
            linear = child.linear
            with torch.no_grad():
                unit = torch.eye(linear.in_features).to(linear.weight)  # its rows, sent through, give alpha * A @ B
                linear.weight += child.lora(unit).T  # (in, in) -> (in, out) -> (out, in), as nn.Linear keeps it
            setattr(model, name, linear.requires_grad_(True))
        else:
            merge_lora(child)
    return model
