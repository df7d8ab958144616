"""What both benchmarks compare the course's code with."""

from torch import Tensor
from torch.nn import functional as F

from desdecero.attention import MultiHeadAttention


def torch_attention(attention: MultiHeadAttention, x: Tensor) -> Tensor:
    """What `attention` gives, dropout aside, by torch's fused attention. `(B, T, d_in)` -> `(B, T, d_out)`"""
    layers = (attention.W_query, attention.W_key, attention.W_value)
    heads = (attention.num_heads, attention.head_dim)
    q, k, v = (layer(x).unflatten(-1, heads).transpose(1, 2) for layer in layers)  # each (B, n_heads, T, head_dim)
    context = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, n_heads, T, head_dim)
    return attention.out_proj(context.transpose(1, 2).flatten(2))  # -> (B, T, d_out)
