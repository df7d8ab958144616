"""Chapter 4: the GPT model, from its smallest parts to text.

The architecture is GPT-2's (Radford et al., 2019): layer normalisation (Ba et al., 2016) before
each branch, GELU (Hendrycks and Gimpel, 2016) in its tanh form, shortcuts (He et al., 2016).

Shapes: B is the batch, T the tokens in a sequence, D = emb_dim, V = vocab_size.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from desdecero.attention import MultiHeadAttention


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT model.

    `context_length` is in tokens; `drop_rate` is a share, from 0 to 1; `n_heads` must divide `emb_dim`.
    """

    vocab_size: int = 50_257
    context_length: int = 1_024
    emb_dim: int = 768
    n_heads: int = 12
    n_layers: int = 12
    drop_rate: float = 0.1
    qkv_bias: bool = False


_GPT2 = GPTConfig(qkv_bias=True)
# Radford et al., 2019, table 2.
GPT2_SIZES = {
    "gpt2": _GPT2,
    "gpt2-medium": replace(_GPT2, emb_dim=1_024, n_heads=16, n_layers=24),
    "gpt2-large": replace(_GPT2, emb_dim=1_280, n_heads=20, n_layers=36),
    "gpt2-xl": replace(_GPT2, emb_dim=1_600, n_heads=25, n_layers=48),
}


class LayerNorm(nn.Module):
    """Give each vector mean 0 and variance 1, then a trainable scale and shift: `(…, D)` -> `(…, D)`."""

    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=-1, keepdim=True)  # (B, T, D) -> (B, T, 1)
        variance = x.var(dim=-1, keepdim=True, unbiased=False)  # (B, T, 1)
        return self.scale * (x - mean) / torch.sqrt(variance + self.eps) + self.shift


class GELU(nn.Module):
    """A smooth relative of ReLU, in the tanh form that GPT-2 uses, for a tensor of any shape."""

    def forward(self, x: Tensor) -> Tensor:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        return 0.5 * x * (1 + torch.tanh(inner))


class FeedForward(nn.Module):
    """Widen each vector four times, bend it, and bring it back: `(B, T, D)` -> `(B, T, D)`."""

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(cfg.emb_dim, 4 * cfg.emb_dim),  # (B, T, D) -> (B, T, 4D)
            GELU(),
            nn.Linear(4 * cfg.emb_dim, cfg.emb_dim),  # (B, T, 4D) -> (B, T, D)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class TransformerBlock(nn.Module):
    """Attention, then feed-forward; each normalised first and added back through a shortcut.

    `(B, T, D)` -> `(B, T, D)`, with `T <= cfg.context_length`.
    """

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.att = MultiHeadAttention(
            cfg.emb_dim, cfg.emb_dim, cfg.context_length, cfg.drop_rate, cfg.n_heads, cfg.qkv_bias
        )
        self.ff = FeedForward(cfg)
        self.norm1 = LayerNorm(cfg.emb_dim)
        self.norm2 = LayerNorm(cfg.emb_dim)
        self.dropout = nn.Dropout(cfg.drop_rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.att(self.norm1(x)))
        return x + self.dropout(self.ff(self.norm2(x)))  # (B, T, D) all the way


class GPTModel(nn.Module):
    """Token ids in, one score per vocabulary entry out, for every position.

    `(B, T)` -> `(B, T, V)`, with `T <= cfg.context_length`.
    """

    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.tok_emb = nn.Embedding(cfg.vocab_size, cfg.emb_dim)
        self.pos_emb = nn.Embedding(cfg.context_length, cfg.emb_dim)
        self.dropout = nn.Dropout(cfg.drop_rate)
        self.trf_blocks = nn.Sequential(*(TransformerBlock(cfg) for _ in range(cfg.n_layers)))
        self.final_norm = LayerNorm(cfg.emb_dim)
        self.out_head = nn.Linear(cfg.emb_dim, cfg.vocab_size, bias=False)

    def forward(self, token_ids: Tensor) -> Tensor:
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)  # (T,)
        x = self.tok_emb(token_ids) + self.pos_emb(positions)  # (B, T) -> (B, T, D)
        x = self.trf_blocks(self.dropout(x))
        return self.out_head(self.final_norm(x))  # (B, T, D) -> (B, T, V)


def generate_greedy(model: nn.Module, token_ids: Tensor, max_new_tokens: int, context_length: int) -> Tensor:
    """Append the likeliest next token, `max_new_tokens` times.

    `token_ids` is `(B, T)`; returns `(B, T + max_new_tokens)`. The model reads at most the last
    `context_length` tokens and stays in the mode (train or eval) it is in.
    """
    for _ in range(max_new_tokens):
        with torch.no_grad():
            logits = model(token_ids[:, -context_length:])  # (B, T) -> (B, T, V)
        next_id = logits[:, -1].argmax(dim=-1, keepdim=True)  # (B, T, V) -> (B, V) -> (B, 1)
        token_ids = torch.cat([token_ids, next_id], dim=1)  # (B, T) -> (B, T + 1)
    return token_ids
