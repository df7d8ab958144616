"""Read a corpus: text files, plain or `.xz`, whose documents are separated by lines holding `<|endoftext|>`.

A tab-separated `.tsv` holds pairs of sentences, one language per column.
"""

import hashlib
import lzma
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from desdecero.edition import say
from desdecero.errors import CourseError
from desdecero.text import END_OF_TEXT


class CorpusError(CourseError, ValueError):
    """Texts that can't be read, or too few of them; the message names the file, or says what is missing."""


def files(folder: Path) -> list[Path]:
    """The files below a folder that hold texts, in order: `.txt`, `.tsv`, and both as `.xz`."""
    found = (path for path in folder.rglob("*") if path.name.removesuffix(".xz").endswith((".txt", ".tsv")))
    return sorted(path for path in found if path.is_file())


def texts(folder: Path) -> Iterator[str]:
    """Every document below a folder; of a file of pairs, first one language and then the other.

    Raises:
        CorpusError: if a file can't be read; so do the other functions that read.
    """
    for path in files(folder):
        if path.name.removesuffix(".xz").endswith(".txt"):
            yield from documents(path)
        else:
            for index in (0, 1):
                yield from column(path, index)


def fingerprint(folder: Path) -> str:
    """A word that changes when a file below the folder comes, goes, or gets another name or size."""
    known = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in files(folder)]
    return hashlib.sha256(repr(known).encode("utf-8")).hexdigest()[:16]


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, unpacked as they are read, without their ends."""
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield line.rstrip("\n")
    except UnicodeDecodeError:
        raise CorpusError(
            say(f"El archivo {path} no es texto en UTF-8: conviértelo.", f"The file {path} is not UTF-8: convert it.")
        ) from None
    except (lzma.LZMAError, EOFError):
        raise CorpusError(
            say(
                f"El archivo {path} no es un .xz entero: consíguelo de nuevo o descomprímelo.",
                f"The file {path} is not a whole .xz: get it again, or unpack it.",
            )
        ) from None


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
    for number, line in enumerate(lines(path), start=1):
        if not line:
            continue
        columns = line.split("\t")
        if len(columns) <= index:
            raise CorpusError(
                say(
                    f"La línea {number} de {path} no tiene dos columnas separadas por un tabulador.",
                    f"Line {number} of {path} doesn't have two columns with a tab between them.",
                )
            )
        collected.append(columns[index])
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
