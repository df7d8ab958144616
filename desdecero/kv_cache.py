"""Greedy generation for many prompts at once, with a memory of the tokens already read.

The keys and values of earlier tokens never change, so each is computed once and kept (Shazeer, 2019, calls this
incremental inference). The tokens chosen are those of `generate`, many times sooner.

Shapes: B is the batch, T the tokens read at once, S those read so far, D the model's width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from desdecero.attention import MultiHeadAttention
from desdecero.edition import say
from desdecero.errors import BadArgument
from desdecero.gpt import GPTModel

Memory = tuple[Tensor, Tensor]  # keys and values, (B, n_heads, S, head_dim) each


def attend(att: MultiHeadAttention, x: Tensor, memory: Memory | None, allowed: Tensor) -> tuple[Tensor, Memory]:
    """The attention of new tokens `x`, `(B, T, D)`, to old and new ones; `allowed` is `(B, 1, T, S)`.

    Returns what becomes of them, `(B, T, D)`, and the memory with theirs.
    """
    queries, keys, values = (
        weight(x).unflatten(-1, (att.num_heads, att.head_dim)).transpose(1, 2)  # (B, n_heads, T, head_dim)
        for weight in (att.W_query, att.W_key, att.W_value)
    )
    if memory is not None:
        keys, values = torch.cat([memory[0], keys], dim=2), torch.cat([memory[1], values], dim=2)  # T -> S
    context = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
    return att.out_proj(context.transpose(1, 2).flatten(2)), (keys, values)


def next_logits(
    model: GPTModel, ids: Tensor, positions: Tensor, memories: list[Memory | None], allowed: Tensor
) -> Tensor:
    """Read `ids`, `(B, T)`, and score what comes after the last of them, `(B, V)`; `memories` is brought up to date.

    `positions` is `(B, T)`, `allowed` `(B, 1, T, S)`; there is one memory for each block.
    """
    x = model.tok_emb(ids) + model.pos_emb(positions)  # (B, T, D)
    for i, block in enumerate(model.trf_blocks):
        context, memories[i] = attend(block.att, block.norm1(x), memories[i], allowed)
        x = x + context
        x = x + block.ff(block.norm2(x))
    return model.out_head(model.final_norm(x[:, -1]))  # (B, T, D) -> (B, D) -> (B, V)


@torch.no_grad()
def continue_greedily(
    model: GPTModel, prompts: Sequence[Sequence[int]], max_new_tokens: int, eos_id: int
) -> list[list[int]]:
    """The new tokens of each prompt, up to and without `eos_id`; without dropout, whatever the model's mode.

    Prompts, of one token or more, are cut on the left so that all that is written fits into the model's context.

    Raises:
        BadArgument: if `max_new_tokens` leaves no room for a prompt.
    """
    device, context_length = model.pos_emb.weight.device, len(model.pos_emb.weight)
    if max_new_tokens >= context_length:
        raise BadArgument(
            say(
                f"{max_new_tokens} tokens nuevos no dejan sitio para el prompt en un contexto de {context_length}: "
                f"pide {context_length - 1} como mucho.",
                f"{max_new_tokens} new tokens leave no room for the prompt in a context of {context_length}: "
                f"ask for {context_length - 1} at most.",
            )
        )
    if not prompts or max_new_tokens <= 0:
        return [[] for _ in prompts]
    prompts = [list(prompt)[-(context_length - max_new_tokens) :] for prompt in prompts]
    longest = max(map(len, prompts))
    # Short prompts are filled up on the left, where nobody may look, so that all rows go on in the same column.
    filling = torch.tensor([longest - len(prompt) for prompt in prompts], device=device)[:, None]  # (B, 1)
    ids = torch.tensor([[eos_id] * (longest - len(prompt)) + prompt for prompt in prompts], device=device)
    columns = torch.arange(longest + max_new_tokens, device=device)
    real = columns >= filling  # (B, columns)
    past = columns[:longest, None] >= columns[:longest]  # (T, T)
    itself = columns[:longest, None] == columns[:longest]  # a filling sees itself: softmax needs something
    allowed = (real[:, None, :longest] & past) | itself  # (B, T, T)
    memories: list[Memory | None] = [None] * len(model.trf_blocks)
    positions = (columns[:longest] - filling).clamp(min=0)  # (B, T)
    logits = next_logits(model, ids, positions, memories, allowed[:, None])
    ended = torch.zeros_like(filling, dtype=torch.bool)
    written = []
    for step in range(max_new_tokens):
        ids = logits.argmax(dim=-1, keepdim=True).masked_fill(ended, eos_id)  # (B, V) -> (B, 1)
        written.append(ids)
        ended |= ids == eos_id
        if ended.all() or step + 1 == max_new_tokens:
            break
        allowed = real[:, None, None, : longest + step + 1]  # (B, 1, 1, S)
        logits = next_logits(model, ids, longest + step - filling, memories, allowed)
    rows = torch.cat(written, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]
