"""Chapter 5: choosing the next token: greedy, by temperature, among the k likeliest (Fan et al., 2018).

Shapes: B is the batch, T the tokens so far, V the vocabulary.
"""

import tiktoken
import torch
from torch import Tensor, nn


def sample_next(
    logits: Tensor, temperature: float = 0.0, top_k: int | None = None, generator: torch.Generator | None = None
) -> Tensor:
    """Choose a token for each row of `logits`, `(B, V)` -> `(B, 1)`.

    Temperature 0 takes the likeliest. `top_k`, 1 or more, keeps the k largest logits and every tie with the k-th.
    """
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    if top_k is not None and top_k < logits.shape[-1]:
        kth = logits.topk(top_k).values[:, -1:]  # (B, V) -> (B, k) -> (B, 1)
        logits = logits.masked_fill(logits < kth, float("-inf"))
    probabilities = torch.softmax(logits / temperature, dim=-1)
    return torch.multinomial(probabilities, num_samples=1, generator=generator)


def generate(
    model: nn.Module,
    token_ids: Tensor,
    max_new_tokens: int,
    context_length: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    eos_id: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Append up to `max_new_tokens` tokens to each row of `token_ids`, `(B, T)` -> `(B, T + new)`.

    A row that has produced `eos_id` keeps it and is filled up with it; generation stops when every row has ended.
    An `eos_id` in the prompt does not count. The model reads at most the last `context_length` tokens.
    """
    ended = torch.zeros(len(token_ids), 1, dtype=torch.bool, device=token_ids.device)
    for _ in range(max_new_tokens):
        with torch.no_grad():
            logits = model(token_ids[:, -context_length:])[:, -1]  # (B, T) -> (B, T, V) -> (B, V)
        next_id = sample_next(logits, temperature, top_k, generator)
        if eos_id is not None:
            next_id = next_id.masked_fill(ended, eos_id)
            ended |= next_id == eos_id
        token_ids = torch.cat([token_ids, next_id], dim=1)  # (B, T) -> (B, T + 1)
        if bool(ended.all()):
            break
    return token_ids


def sample(
    model: nn.Module,
    tokenizer: tiktoken.Encoding,
    prompt: str = "",
    max_new_tokens: int = 60,
    temperature: float = 0.8,
    top_k: int | None = 50,
    seed: int = 0,
) -> str:
    """Let a `GPTModel` go on with a text, until it ends the document or has written enough; the same for each seed.

    The prompt is part of what is returned. The model is left in the mode, train or eval, that it was in.
    """
    position = model.pos_emb.weight
    # Whoever writes <|endoftext|> means these letters, not the end of a document.
    prompt_ids = tokenizer.encode(prompt, disallowed_special=()) or [tokenizer.eot_token]
    ids = torch.tensor([prompt_ids], device=position.device)  # (1, T)
    draw = torch.Generator(position.device).manual_seed(seed)
    was_training = model.training
    model.eval()
    try:
        written = generate(
            model, ids, max_new_tokens, len(position), temperature, top_k, tokenizer.eot_token, generator=draw
        )
    finally:
        model.train(was_training)
    return tokenizer.decode([i for i in written[0].tolist() if i != tokenizer.eot_token])
