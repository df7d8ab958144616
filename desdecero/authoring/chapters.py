"""Read `chapters/`: one bilingual py:percent file per chapter and appendix."""

import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from desdecero.edition import EDITIONS

ROOT = Path(__file__).parents[2]
CHAPTERS = ROOT / "chapters"

# Metadata by which jupytext remembers how the text file looked.
LAYOUT = ("cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker")

_LANGUAGE_COMMENT = re.compile(r"^(\s*)# (es|en): ?(.*)$")


class ChapterError(Exception):
    """A chapter's source breaks a rule; the message names the chapter and the cell."""


@dataclass(frozen=True)
class Chapter:
    """`chapters/ch03_attention.py` has the assignment `ch03` and the notebook `attention`."""

    path: Path

    @property
    def assignment(self) -> str:
        return self.path.stem.partition("_")[0]

    @property
    def notebook(self) -> str:
        return self.path.stem.partition("_")[2]

    def output(self, folder: Path) -> Path:
        """Where this chapter stands below `solutions/es` or the like."""
        return folder / self.assignment / f"{self.notebook}.ipynb"

    def cells(self) -> list[NotebookNode]:
        """Every cell, both languages, in order."""
        return jupytext.reads(self.path.read_text(encoding="utf-8"), fmt="py:percent").cells


def chapters(folder: Path = CHAPTERS) -> list[Chapter]:
    """Every chapter, then every appendix, in order."""
    return [Chapter(path) for start in ("ch", "app") for path in sorted(folder.glob(f"{start}*_*.py"))]


def in_language(chapter: Chapter, edition: str) -> list[NotebookNode]:
    """The cells of one edition: its own prose and all code, with the comments of its language.

    Raises:
        ChapterError: when a prose cell says no language, or one that does not exist.
    """
    kept = []
    for number, cell in enumerate(chapter.cells()):
        language = cell.metadata.get("lang")
        if cell.cell_type == "markdown":
            if language not in EDITIONS:
                raise ChapterError(f'{chapter.path.name}, cell {number}: prose needs lang="es" or lang="en"')
            if language != edition:
                continue
        elif language is not None:
            raise ChapterError(f"{chapter.path.name}, cell {number}: code is shared and takes no lang")
        cell.source = own_comments(cell.source, edition)
        for key in ("lang", *LAYOUT):
            cell.metadata.pop(key, None)
        kept.append(cell)
    return kept


def own_comments(source: str, edition: str) -> str:
    """Keep `# es: …` or `# en: …`, whichever is the edition's, and drop the mark."""
    lines = []
    for line in source.splitlines():
        comment = _LANGUAGE_COMMENT.match(line)
        if comment is None:
            lines.append(line)
        elif comment[2] == edition:
            lines.append(f"{comment[1]}# {comment[3]}")
    return "\n".join(lines)
