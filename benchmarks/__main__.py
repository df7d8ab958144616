"""`make bench`: the course's code beside its peers, as ratios measured side by side in one run.

Above 1: ours takes longer. Nothing is asserted: times depend on the machine, ratios less so.
"""

import statistics
import sys
import time
from collections.abc import Callable

import tiktoken
import torch
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks.peers import torch_attention
from desdecero.attention import MultiHeadAttention
from desdecero.data import load_story
from desdecero.gpt import GELU, GPTConfig, GPTModel, LayerNorm
from desdecero.text import bpe_encode, train_bpe


def ratio(name: str, ours: Callable[[], object], peer: Callable[[], object], rounds: int = 15) -> None:
    """Time both in turns, so that whatever else the machine does meets both alike."""
    times: list[list[float]] = [[], []]
    for _ in range(rounds + 1):
        for taken, work in zip(times, (ours, peer)):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    mine, theirs = (statistics.median(taken[1:]) for taken in times)  # the first round warms up
    print(f"{name:46} {1e3 * mine:10.2f} ms {1e3 * theirs:10.2f} ms {mine / theirs:8.2f}")


def main() -> int:
    torch.manual_seed(0)
    print(f"{torch.get_num_threads()} threads\n{'':46} {'ours':>13} {'peer':>13} {'ratio':>8}")

    x = torch.randn(8, 256, 192)
    norm, gelu = LayerNorm(192), GELU()
    ratio("LayerNorm / F.layer_norm", lambda: norm(x), lambda: F.layer_norm(x, (192,)))
    ratio("GELU / F.gelu", lambda: gelu(x), lambda: F.gelu(x, approximate="tanh"))

    attention = MultiHeadAttention(192, 192, 256, 0.0, 6)

    ratio("MultiHeadAttention / fused, forward", lambda: attention(x), lambda: torch_attention(attention, x))
    ratio(
        "MultiHeadAttention / fused, with gradients",
        lambda: attention(x).sum().backward(),
        lambda: torch_attention(attention, x).sum().backward(),
    )

    size = GPTConfig(
        vocab_size=1_024, context_length=128, emb_dim=192, n_heads=6, n_layers=4, drop_rate=0.0, qkv_bias=True
    )
    ours = GPTModel(size).eval()
    peer = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=1_024, n_positions=128, n_embd=192, n_head=6, n_layer=4, tie_word_embeddings=False,
            attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0,
        )
    ).eval()  # fmt: skip
    ids = torch.randint(0, 1_024, (4, 128))
    ratio("GPTModel / transformers, forward", lambda: ours(ids), lambda: peer(ids))
    ratio(
        "GPTModel / transformers, with gradients",
        lambda: ours(ids).sum().backward(),
        lambda: peer(ids).logits.sum().backward(),
    )

    text = load_story("es")[:2_000]
    merges = train_bpe(text, 100)
    ranks = {bytes([i]): i for i in range(256)} | {a + b: 256 + i for i, (a, b) in enumerate(merges)}
    rust = tiktoken.Encoding("peer", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={})
    ratio("bpe_encode / tiktoken, 2,000 letters", lambda: bpe_encode(text, merges), lambda: rust.encode(text), rounds=5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
