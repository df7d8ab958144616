"""From documents to shards of tokens: clean, drop near-duplicates, split, pack.

Near-duplicates are found by the share of word shingles that were seen before (Broder, 1997), of which one in
sixteen is kept, chosen by its hash, so that a corpus of gigabytes fits into memory.
"""

import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import tiktoken

from desdecero.pretrain.corpus import held_out

SHINGLE, ONE_IN, ENOUGH = 8, 16, 10  # words to a shingle; one of 16 is looked at, if that leaves ten
SPLITS = ("train", "validation")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\ufeff]")


def clean(text: str) -> str:
    """NFC, plain spaces and line ends, no control characters, at most one blank line in a row."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROL.sub("", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


class Seen:
    """Remembers what it was shown and tells how much of a text is old."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def share(self, text: str) -> float:
        """Which share of the text's shingles was in earlier texts; remembers the new ones."""
        words = re.findall(r"\w+", text.lower())
        hashes = {
            zlib.crc32(" ".join(words[i : i + SHINGLE]).encode("utf-8"))
            for i in range(max(1, len(words) - SHINGLE + 1))
        }
        sample = {h for h in hashes if h % ONE_IN == 0}
        looked_at = sample if len(sample) >= ENOUGH else hashes  # of a short text all of them
        old = len(looked_at & self._hashes)
        self._hashes |= looked_at
        return old / len(looked_at)


def distinct(documents: Iterable[str], most: float = 0.5) -> Iterator[str]:
    """The documents of which at most the share `most` was in earlier ones."""
    seen = Seen()
    return (document for document in documents if seen.share(document) <= most)


@dataclass
class Summary:
    """What became of a corpus."""

    documents: int = 0
    duplicates: int = 0
    train_tokens: int = 0
    validation_tokens: int = 0
    train_bytes: int = 0
    validation_bytes: int = 0


class ShardWriter:
    """Packs token ids into files of at most `size` ids, two bytes each."""

    def __init__(self, folder: Path, split: str, size: int) -> None:
        self.folder, self.split, self.size = folder, split, size
        self.waiting: list[np.ndarray] = []
        self.held = self.written = 0

    def add(self, ids: list[int]) -> None:
        self.waiting.append(np.asarray(ids, dtype=np.uint16))
        self.held += len(ids)
        while self.held >= self.size:
            self._write(self.size)

    def close(self) -> None:
        if self.held:
            self._write(self.held)

    def _write(self, count: int) -> None:
        ids = np.concatenate(self.waiting)
        path = self.folder / f"{self.split}-{self.written:04}.bin"
        temporary = path.with_suffix(".part")
        ids[:count].tofile(temporary)
        temporary.replace(path)
        self.waiting, self.held, self.written = [ids[count:]], len(ids) - count, self.written + 1


def prepare(
    documents: Iterable[str],
    tokenizer: tiktoken.Encoding,
    folder: Path,
    shard_size: int = 10_000_000,
    tell: Callable[[Summary], None] | None = None,
) -> Summary:
    """Write the documents as shards `train-0000.bin`, `validation-0000.bin`, … and a `summary.json` into `folder`.

    Each document ends with `<|endoftext|>`; one in twenty goes to validation, whole. `tell` is called now and then.

    Raises:
        ValueError: if the tokenizer has too many entries for two bytes.
    """
    if tokenizer.n_vocab > 2**16:
        raise ValueError(f"a tokenizer of {tokenizer.n_vocab} entries does not fit into two bytes per token")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.bin"):
        old.unlink()
    writers = {split: ShardWriter(folder, split, shard_size) for split in SPLITS}
    summary, seen = Summary(), Seen()
    for document in map(clean, documents):
        if not document:
            continue
        summary.documents += 1
        if seen.share(document) > 0.5:
            summary.duplicates += 1
            continue
        split = SPLITS[held_out(document)]
        ids = [*tokenizer.encode_ordinary(document), tokenizer.eot_token]
        writers[split].add(ids)
        setattr(summary, f"{split}_tokens", getattr(summary, f"{split}_tokens") + len(ids))
        setattr(summary, f"{split}_bytes", getattr(summary, f"{split}_bytes") + len(document.encode("utf-8")))
        if tell is not None and summary.documents % 100 == 0:
            tell(summary)
    for writer in writers.values():
        writer.close()
    described = {**asdict(summary), "tokenizer": tokenizer.name, "vocab_size": tokenizer.n_vocab}
    (folder / "summary.json").write_text(json.dumps(described, indent=2), encoding="utf-8")
    return summary


def read_shards(folder: Path, split: str) -> list[np.ndarray]:
    """The shards of a split, mapped into memory: nothing is read before it is used.

    Raises:
        FileNotFoundError: if there are none.
    """
    paths = sorted(folder.glob(f"{split}-*.bin"))
    if not paths:
        raise FileNotFoundError(f"no {split} shards in {folder}: prepare the corpus first")
    return [np.memmap(path, dtype=np.uint16, mode="r") for path in paths]
