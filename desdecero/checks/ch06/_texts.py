"""Small tokenizers, and messages to encode with them."""

from functools import lru_cache

import tiktoken

from desdecero.checks.probe import Probe

WORDS = ("gallina", "barca", "niña", "¿cuándo?", "hen", "PREMIO", "poplar", "río", "llama", "call me", "🙂", "ok")

# In the order in which they are joined: then a text has fewer tokens than characters, and some have more.
_MERGES = (b"ga", b"ll", b"gall", b"in", b"gallin", b"gallina", b" l", b"ba", b"bar", b"ca", b"barca", b"am", b"ar")
KNOWN = 256 + len(_MERGES)  # the ids from here on mean nothing to this tokenizer, but for the end of text


@lru_cache
def tokenizer(end_of_text: int, merges: bool = True) -> tiktoken.Encoding:
    """Bytes and a few merges; `<|endoftext|>` has the id `end_of_text`."""
    ranks = {bytes([i]): i for i in range(256)}
    if merges:
        ranks |= {token: 256 + i for i, token in enumerate(_MERGES)}
    special = {"<|endoftext|>": end_of_text}
    return tiktoken.Encoding("small", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens=special)


@lru_cache
def letters(count: int) -> tiktoken.Encoding:
    """A token for each of the first `count` letters, and `<|endoftext|>` after them."""
    ranks = {bytes([97 + i]): i for i in range(count)}
    return tiktoken.Encoding("letters", pat_str="[a-z]", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": count})


def message(probe: Probe, words: int) -> str:
    return " ".join(WORDS[probe.pick(0, len(WORDS))] for _ in range(words))


def padded(ids: list[int], length: int, pad_id: int) -> list[int]:
    """The truth: exactly `length` ids, counted one by one."""
    return [ids[i] if i < len(ids) else pad_id for i in range(length)]
