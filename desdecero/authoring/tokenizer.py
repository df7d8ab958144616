"""Train the course's tokenizers with the `tokenizers` library and store them as tiktoken ranks files."""

import base64
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from desdecero.data import TOKENIZERS, load_story
from desdecero.edition import EDITIONS
from desdecero.files import whole
from desdecero.hf_tokenizer import letters_of_bytes
from desdecero.pretrain.corpus import column, documents, held_out, up_to
from desdecero.pretrain.prepare import clean
from desdecero.text import SPLIT_PATTERN, load_tokenizer

# Entries, `<|endoftext|>` included.
SIZES = {"story": 1_024, "mini": 8_192}

# What the larger one learns from, simplest texts first: all in the public domain (also where protection lasts 80
# years after the author's death) or CC BY. As much of one language as of the other.
CORPUS = {
    "es": ("es_cuentos_ccby", "es_gutenberg_pd", "es_fabulas_verso", "es_don_quijote", "es_novelas_s19"),
    "en": ("en_stories_ccby", "en_children_pd", "en_novels_eltec"),
}
PAIRS, COLUMN = "pairs/tatoeba_en_es.tsv.xz", {"es": 1, "en": 0}
BYTES_PER_LANGUAGE = 30_000_000


def sources(folder: Path, edition: str) -> list[Iterator[str]]:
    """Documents of one language as they come, the simplest sources first."""
    return [
        column(folder / PAIRS, COLUMN[edition]),
        *(documents(folder / f"{name}.txt.xz") for name in CORPUS[edition]),
    ]


def selected(source: Iterable[str], validation: bool = False) -> Iterator[str]:
    """The documents of a source, cleaned, that serve for training, or those held out: as in `prepare`."""
    return (document for document in filter(None, map(clean, source)) if held_out(document) == validation)


def corpus(folder: Path, edition: str, validation: bool = False) -> Iterator[str]:
    """The documents of one language, for training or those held out; `mini.tiktoken` learned from them uncleaned."""
    return chain.from_iterable(selected(source, validation) for source in sources(folder, edition))


def train(texts: Iterable[str], size: int) -> Tokenizer:
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


def write_ranks(tokenizer: Tokenizer, path: Path) -> None:
    """One line per token: its bytes in base64, its rank."""
    bytes_of = {letter: byte for byte, letter in letters_of_bytes().items()}
    entries = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    lines = [f"{base64.b64encode(bytes(bytes_of[c] for c in token)).decode()} {rank}" for token, rank in entries]
    with whole(path) as written:
        written.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def make_tokenizers(folder: Path | None) -> list[Path]:
    """Train the small tokenizer on the story and, given the corpus's folder, the larger one on that."""
    texts: dict[str, list[str]] = {"story": [load_story(edition) for edition in EDITIONS]}
    if folder is not None:
        texts["mini"] = [text for e in EDITIONS for text in up_to(corpus(folder, e), BYTES_PER_LANGUAGE)]
    for name, learned_from in texts.items():
        write_ranks(train(learned_from, SIZES[name] - 1), TOKENIZERS[name])
    return [TOKENIZERS[name] for name in texts]


def measure(folder: Path, size: int = 2_000_000) -> str:
    """Bytes per token of each tokenizer on held-out text, the figures of its card."""
    lines = []
    for edition in EDITIONS:
        texts = list(up_to(corpus(folder, edition, validation=True), size))
        total = sum(len(text.encode("utf-8")) for text in texts)
        for name in TOKENIZERS:
            tokens = sum(len(load_tokenizer(name).encode_ordinary(text)) for text in texts)
            lines.append(f"{edition} {name}: {total / tokens:.2f} bytes per token")
    return "\n".join(lines)
