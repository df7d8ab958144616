"""The same model, computed faster: torch's fused operations in place of the ones that the chapters write out.

The parameters keep their names and values, so weights go from one to the other; `tests/test_fast.py` holds both to
the same numbers, and `benchmarks/training.py` says what each piece gains.
"""

import ctypes
import sys

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.attention import MultiHeadAttention
from desdecero.gpt import GELU, GPTModel, LayerNorm

# The loss is computed for this many positions at a time: the scores of a whole batch over the vocabulary would be
# the largest tensor of a step by far.
POSITIONS = 1_024


class FusedLayerNorm(LayerNorm):
    """`LayerNorm` in one operation, `(…, D)` -> `(…, D)`."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.scale.shape, self.scale, self.shift, self.eps)


class FusedGELU(GELU):
    """`GELU` in one operation, for a tensor of any shape."""

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate="tanh")


class FusedAttention(MultiHeadAttention):
    """Fused attention (Dao et al., 2022); with gradients on a CPU, plain products that write mask and scale at once.

    There the gradient of torch's fused attention takes up to three times as long as that of the products.
    `(B, T, d_in)` -> `(B, T, d_out)`, with `T <= context_length`.
    """

    def forward(self, x: Tensor) -> Tensor:
        def split(y: Tensor) -> Tensor:
            return y.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)  # -> (B, n_heads, T, head_dim)

        queries, keys, values = split(self.W_query(x)), split(self.W_key(x)), split(self.W_value(x))
        if x.device.type == "cpu" and torch.is_grad_enabled():
            context = self._products(queries, keys, values)
        else:
            dropout = self.dropout.p if self.training else 0.0
            context = F.scaled_dot_product_attention(queries, keys, values, dropout_p=dropout, is_causal=True)
        return self.out_proj(context.transpose(1, 2).flatten(2))  # (B, n_heads, T, head_dim) -> (B, T, d_out)

    def _products(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        B, n_heads, T, _ = queries.shape
        queries, keys, values = (y.flatten(0, 1) for y in (queries, keys, values))  # (B·n_heads, T, head_dim)
        hidden = torch.zeros(T, T, dtype=queries.dtype).masked_fill_(self.mask[:T, :T], float("-inf"))
        scores = torch.baddbmm(hidden.expand(len(queries), T, T), queries, keys.mT, alpha=self.head_dim**-0.5)
        weights = self.dropout(torch.softmax(scores, dim=-1).to(values.dtype))  # (B·n_heads, T, T)
        return (weights @ values).unflatten(0, (B, n_heads))


class FusedGPTModel(GPTModel):
    """With targets it returns the loss itself, without ever holding all the scores.

    Ids and targets are `(B, T)`; the logits `(B, T, V)`, the loss a scalar.
    """

    def forward(self, token_ids: Tensor, targets: Tensor | None = None) -> Tensor:
        if targets is None:
            return super().forward(token_ids)
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        x = self.trf_blocks(self.dropout(self.tok_emb(token_ids) + self.pos_emb(positions)))  # (B, T, D)
        return vocabulary_loss(self.final_norm(x).flatten(0, 1), self.out_head.weight, targets.flatten())


FUSED = {
    MultiHeadAttention: FusedAttention,
    LayerNorm: FusedLayerNorm,
    GELU: FusedGELU,
    GPTModel: FusedGPTModel,
}


def fuse(model: nn.Module) -> nn.Module:
    """Let every module of the course that `model` holds compute in its fused way, in place; returns the model."""
    for module in model.modules():
        if type(module) in FUSED:
            module.__class__ = FUSED[type(module)]
    return model


def vocabulary_loss(x: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of `x @ head.T`, `(N, D)` and `(V, D)`, against `targets`, `(N,)`; a scalar of 32 bits."""
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, head = x.to(dtype), head.to(dtype)
    with torch.autocast(x.device.type, enabled=False):  # it would turn the scores into 32 bits, at twice the time
        options = nn.LinearCrossEntropyOptions(
            batch_chunk_size=POSITIONS, chunking_method=None, acc_policy="accurate", allow_retain_graph=True
        )
        return F.linear_cross_entropy(x, head, targets, options=options, reduction="none").float().mean()


def keep_memory() -> None:
    """Let Linux keep the memory that torch gives back, for the next step to use.

    By default every tensor above 32 MiB is asked of the system anew, page by page: a third of a training step.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library than glibc
        return
    trim_threshold, top_pad, mmap_max = -1, -2, -4  # malloc.h
    for parameter, value in ((trim_threshold, 2**31 - 1), (top_pad, 2**28), (mmap_max, 0)):
        mallopt(parameter, value)
