"""Chapter 4."""

import torch
from torch import Tensor
from torch.nn import functional as F


def layer_norm() -> dict[str, Tensor]:
    """`torch.nn.functional.layer_norm`."""
    draw = torch.Generator().manual_seed(401)
    x = torch.randn(2, 3, 8, generator=draw) * 20 + 10  # a variance beside which eps is nothing
    scale, shift = torch.randn(8, generator=draw), torch.randn(8, generator=draw)
    return {"x": x, "scale": scale, "shift": shift, "expected": F.layer_norm(x, (8,), scale, shift, eps=1e-5)}
