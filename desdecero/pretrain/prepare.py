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

from desdecero.edition import say
from desdecero.errors import BadArgument
from desdecero.files import whole
from desdecero.pretrain.corpus import CorpusError, held_out
from desdecero.text import END_OF_TEXT

SHINGLE, ONE_IN, ENOUGH = 8, 16, 10  # words to a shingle; one of 16 is looked at, if that leaves ten
SPLITS = ("train", "validation")
SUMMARY = "summary.json"

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

    def __str__(self) -> str:
        return say(
            f"{self.documents} documentos, {self.duplicates} repetidos; {self.train_tokens:,} tokens para entrenar, "
            f"{self.validation_tokens:,} para validar",
            f"{self.documents} documents, {self.duplicates} duplicates; {self.train_tokens:,} tokens for training, "
            f"{self.validation_tokens:,} for validation",
        )


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
        with whole(self.folder / f"{self.split}-{self.written:04}.bin") as part:
            ids[:count].tofile(part)
        self.waiting, self.held, self.written = [ids[count:]], len(ids) - count, self.written + 1


def prepare(
    documents: Iterable[str],
    tokenizer: tiktoken.Encoding,
    folder: Path,
    shard_size: int = 10_000_000,
    tell: Callable[[Summary], None] | None = None,
    source: str = "",
) -> Summary:
    """Write the documents as shards `train-0000.bin`, `validation-0000.bin`, … and a `summary.json` into `folder`.

    Each document ends with `<|endoftext|>`; one in twenty goes to validation, whole, or the last where that would
    leave none. `tell` is called now and then. `source`, a corpus's fingerprint, is kept for `is_prepared`.

    Raises:
        BadArgument: if the tokenizer has too many entries for two bytes.
        CorpusError: if there are fewer than two different documents.
    """
    if tokenizer.n_vocab > 2**16:
        raise BadArgument(
            say(
                f"Un tokenizador de {tokenizer.n_vocab} entradas no cabe en dos bytes por token.",
                f"A tokenizer of {tokenizer.n_vocab} entries does not fit into two bytes per token.",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SUMMARY).unlink(missing_ok=True)  # first of all: shards without it are not trusted
    for old in folder.glob("*.bin"):
        old.unlink()
    writers = {split: ShardWriter(folder, split, shard_size) for split in SPLITS}
    summary = Summary()

    def counted() -> Iterator[str]:
        for document in filter(None, map(clean, documents)):
            summary.documents += 1
            yield document

    def add(document: str, split: str) -> None:
        ids = [*tokenizer.encode_ordinary(document), tokenizer.eot_token]
        writers[split].add(ids)
        setattr(summary, f"{split}_tokens", getattr(summary, f"{split}_tokens") + len(ids))
        setattr(summary, f"{split}_bytes", getattr(summary, f"{split}_bytes") + len(document.encode("utf-8")))

    kept, last = 0, ""  # each document waits for the next, so that the last can go where there is none
    for document in distinct(counted()):
        if last:
            add(last, SPLITS[held_out(last)])
        kept, last = kept + 1, document
        summary.duplicates = summary.documents - kept
        if tell is not None and summary.documents % 100 == 0:
            tell(summary)
    summary.duplicates = summary.documents - kept
    if kept < 2:
        raise CorpusError(
            say(
                f"Hacen falta dos documentos distintos o más, uno para validar, y hay {kept}: añade archivos .txt, o "
                f"parte el que tienes con líneas {END_OF_TEXT}.",
                f"Two different documents or more are needed, one to validate on, and there are {kept}: add .txt "
                f"files, or divide the one you have by lines {END_OF_TEXT}.",
            )
        )
    empty = [split for split, writer in writers.items() if not writer.held and not writer.written]
    add(last, empty[0] if empty else SPLITS[held_out(last)])
    for writer in writers.values():
        writer.close()
    described = {**asdict(summary), "tokenizer": tokenizer.name, "vocab_size": tokenizer.n_vocab, "source": source}
    with whole(folder / SUMMARY) as part:
        part.write_text(json.dumps(described, indent=2), encoding="utf-8")
    return summary


def is_prepared(folder: Path, source: str) -> bool:
    """Whether `folder` holds the shards of the corpus with this fingerprint."""
    try:
        return json.loads((folder / SUMMARY).read_text(encoding="utf-8")).get("source") == source
    except (FileNotFoundError, ValueError):  # none, or half of one
        return False


def read_shards(folder: Path, split: str) -> list[np.ndarray]:
    """The shards of a split, mapped into memory: nothing is read before it is used.

    Raises:
        CorpusError: if there are none.
    """
    paths = sorted(folder.glob(f"{split}-*.bin"))
    if not paths:
        raise CorpusError(
            say(
                f"En {folder} no hay datos preparados ({split}): prepara antes el corpus.",
                f"There are no {split} shards in {folder}: prepare the corpus first.",
            )
        )
    return [np.memmap(path, dtype=np.uint16, mode="r") for path in paths]
