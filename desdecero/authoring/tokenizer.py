"""Train the course's tokenizer with the `tokenizers` library and store it as a tiktoken ranks file."""

import base64
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from desdecero.data import TOKENIZER
from desdecero.text import SPLIT_PATTERN


def train(texts: list[str], size: int) -> Tokenizer:
    """A byte-level BPE tokenizer of `size` entries, special tokens not counted."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, min_frequency=2, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def byte_of_letter() -> dict[str, int]:
    """The letters by which byte-level BPE writes bytes: printable ones stand for themselves (Radford et al., 2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def write_ranks(tokenizer: Tokenizer, path: Path = TOKENIZER) -> None:
    """One line per token: its bytes in base64, its rank."""
    letters = byte_of_letter()
    entries = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    lines = [f"{base64.b64encode(bytes(letters[c] for c in token)).decode()} {rank}" for token, rank in entries]
    path.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
