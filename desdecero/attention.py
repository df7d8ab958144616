"""Chapter 3: attention, from a dot product to several heads.

Attention for translation: Bahdanau et al., 2015. Scaled dot products, the causal mask and
several heads: Vaswani et al., 2017. Dropout on the weights: Radford et al., 2018.

Shapes: B is the batch, T the tokens in a sequence, d_in and d_out the widths of the vectors
that come in and go out, head_dim = d_out / num_heads.
"""

import torch
from torch import Tensor, nn


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    """Let every token look at every other by plain dot products, with nothing to train.

    `x` is `(T, d)` or `(B, T, d)`; returns the context, shaped like `x`, and the weights `(…, T, T)`.
    """
    scores = x @ x.transpose(-2, -1)  # (…, T, d) @ (…, d, T) -> (…, T, T)
    weights = torch.softmax(scores, dim=-1)
    return weights @ x, weights  # (…, T, T) @ (…, T, d) -> (…, T, d)


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention with trainable queries, keys and values, `(B, T, d_in)` -> `(B, T, d_out)`."""

    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False) -> None:
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)  # each (B, T, d_out)
        scores = queries @ keys.transpose(-2, -1)  # (B, T, T)
        weights = torch.softmax(scores / keys.shape[-1] ** 0.5, dim=-1)
        return weights @ values  # (B, T, T) @ (B, T, d_out) -> (B, T, d_out)


class CausalAttention(nn.Module):
    """Self-attention in which no token sees the ones after it, with dropout on the weights.

    `(B, T, d_in)` -> `(B, T, d_out)`, with `T <= context_length`.
    """

    def __init__(self, d_in: int, d_out: int, context_length: int, dropout: float, qkv_bias: bool = False) -> None:
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.dropout = nn.Dropout(dropout)
        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(diagonal=1)
        self.register_buffer("mask", future)

    def forward(self, x: Tensor) -> Tensor:
        T = x.shape[-2]
        queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)  # each (B, T, d_out)
        scores = queries @ keys.transpose(-2, -1)  # (B, T, T)
        scores = scores.masked_fill(self.mask[:T, :T], float("-inf"))
        weights = torch.softmax(scores / keys.shape[-1] ** 0.5, dim=-1)
        return self.dropout(weights) @ values  # (B, T, T) @ (B, T, d_out) -> (B, T, d_out)


class MultiHeadAttention(nn.Module):
    """Causal attention in `num_heads` slices of `d_out` side by side, mixed by `out_proj`.

    `(B, T, d_in)` -> `(B, T, d_out)`, with `T <= context_length`.

    Raises:
        ValueError: if `num_heads` does not divide `d_out`.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    ) -> None:
        super().__init__()
        if d_out % num_heads:
            raise ValueError(f"d_out={d_out} can't be split into num_heads={num_heads} equal heads")
        self.num_heads = num_heads
        self.head_dim = d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        future = torch.ones(context_length, context_length, dtype=torch.bool).triu(diagonal=1)
        self.register_buffer("mask", future)

    def forward(self, x: Tensor) -> Tensor:
        def split(y: Tensor) -> Tensor:
            y = y.unflatten(-1, (self.num_heads, self.head_dim))  # (B, T, d_out) -> (B, T, n_heads, head_dim)
            return y.transpose(1, 2)  # (B, T, n_heads, head_dim) -> (B, n_heads, T, head_dim)

        T = x.shape[1]
        queries, keys, values = split(self.W_query(x)), split(self.W_key(x)), split(self.W_value(x))
        scores = queries @ keys.transpose(-2, -1)  # (B, n_heads, T, T)
        scores = scores.masked_fill(self.mask[:T, :T], float("-inf"))
        weights = self.dropout(torch.softmax(scores / self.head_dim**0.5, dim=-1))
        context = weights @ values  # (B, n_heads, T, head_dim)
        context = context.transpose(1, 2).flatten(2)  # (B, n_heads, T, head_dim) -> (B, T, d_out)
        return self.out_proj(context)
