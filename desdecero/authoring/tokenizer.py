"""Train the course's tokenizer with the `tokenizers` library and store it as a tiktoken ranks file."""

import base64
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from desdecero.data import TOKENIZER
from desdecero.hf_tokenizer import letters_of_bytes
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


def write_ranks(tokenizer: Tokenizer, path: Path = TOKENIZER) -> None:
    """One line per token: its bytes in base64, its rank."""
    bytes_of = {letter: byte for byte, letter in letters_of_bytes().items()}
    entries = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    lines = [f"{base64.b64encode(bytes(bytes_of[c] for c in token)).decode()} {rank}" for token, rank in entries]
    path.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
