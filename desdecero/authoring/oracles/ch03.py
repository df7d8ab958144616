"""Chapter 3."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def simple_attention() -> dict[str, Tensor]:
    """Dot products, exponentials and sums, number by number."""
    draw = torch.Generator().manual_seed(301)
    x = torch.randn(5, 3, generator=draw)
    rows = x.tolist()
    weights = []
    for query in rows:
        exps = [math.exp(sum(q * k for q, k in zip(query, key))) for key in rows]
        weights.append([e / sum(exps) for e in exps])
    context = [[sum(w * row[d] for w, row in zip(ws, rows)) for d in range(3)] for ws in weights]
    return {"x": x, "context": torch.tensor(context), "weights": torch.tensor(weights)}


def self_attention() -> dict[str, Tensor]:
    """`F.scaled_dot_product_attention` on `F.linear`."""
    tensors = _drawn(302, d_in=7, d_out=6)
    q, k, v = _projected(tensors)
    return tensors | {"expected": F.scaled_dot_product_attention(q, k, v).float()}


def causal_attention() -> dict[str, Tensor]:
    """Token by token over its own past, number by number."""
    tensors = _drawn(303, d_in=7, d_out=6)
    batch = []
    for queries, keys, values in zip(*(y.tolist() for y in _projected(tensors))):
        context = []
        for t, query in enumerate(queries):
            scores = [sum(q * k for q, k in zip(query, key)) / math.sqrt(len(key)) for key in keys[: t + 1]]
            exps = [math.exp(score) for score in scores]
            context.append([sum(e * v[d] for e, v in zip(exps, values)) / sum(exps) for d in range(6)])
        batch.append(context)
    return tensors | {"expected": torch.tensor(batch)}


def multi_head_attention() -> dict[str, Tensor]:
    """`nn.MultiheadAttention`, whose own projections are set to do nothing: ours go from 7 to 12 dimensions."""
    tensors = _drawn(304, d_in=7, d_out=12)
    draw = torch.Generator().manual_seed(305)
    tensors["out_proj.weight"] = torch.randn(12, 12, generator=draw) * 0.4
    tensors["out_proj.bias"] = torch.randn(12, generator=draw)
    theirs = nn.MultiheadAttention(12, num_heads=3, batch_first=True, dtype=torch.float64).eval()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.eye(12).repeat(3, 1))
        theirs.in_proj_bias.zero_()
        theirs.out_proj.weight.copy_(tensors["out_proj.weight"])
        theirs.out_proj.bias.copy_(tensors["out_proj.bias"])
        future = torch.ones(5, 5, dtype=torch.bool).triu(1)
        expected, _ = theirs(*_projected(tensors), attn_mask=future, need_weights=False)
    return tensors | {"expected": expected.float()}


def _drawn(seed: int, d_in: int, d_out: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    tensors = {"x": torch.randn(2, 5, d_in, generator=draw)}
    for role in ("W_query", "W_key", "W_value"):
        tensors[f"{role}.weight"] = torch.randn(d_out, d_in, generator=draw) * 0.4
        tensors[f"{role}.bias"] = torch.randn(d_out, generator=draw) * 0.5
    return tensors


def _projected(tensors: dict[str, Tensor]) -> list[Tensor]:
    """Queries, keys and values, in float64."""
    t = {name: tensor.double() for name, tensor in tensors.items()}
    return [F.linear(t["x"], t[f"{role}.weight"], t[f"{role}.bias"]) for role in ("W_query", "W_key", "W_value")]
