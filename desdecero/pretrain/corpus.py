"""Read a corpus: text files, plain or `.xz`, whose documents are separated by lines holding `<|endoftext|>`.

A tab-separated `.tsv` holds pairs of sentences, one language per column.
"""

import lzma
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from desdecero.text import END_OF_TEXT


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, unpacked as they are read, without their ends."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


def documents(path: Path) -> Iterator[str]:
    """The documents of a file, one at a time."""
    collected: list[str] = []
    for line in lines(path):
        if line == END_OF_TEXT:
            yield "\n".join(collected).strip()
            collected = []
        else:
            collected.append(line)
    if rest := "\n".join(collected).strip():
        yield rest


def column(path: Path, index: int, per_document: int = 200) -> Iterator[str]:
    """One language of a file of sentence pairs, `per_document` sentences to a document."""
    collected: list[str] = []
    for line in lines(path):
        collected.append(line.split("\t")[index])
        if len(collected) == per_document:
            yield "\n".join(collected)
            collected = []
    if collected:
        yield "\n".join(collected)


def held_out(document: str, one_in: int = 20) -> bool:
    """Whether a document is kept for validation: decided by its text alone, so the same in every run."""
    return zlib.crc32(document[:1_000].encode("utf-8")) % one_in == 0


def up_to(texts: Iterable[str], size: int) -> Iterator[str]:
    """Texts until they make `size` bytes together."""
    left = size
    for text in texts:
        if left <= 0:
            return
        left -= len(text.encode("utf-8"))
        yield text
