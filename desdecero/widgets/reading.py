"""What appendix B plays with: a shelf that shows only what you ask for."""

import ipywidgets

from desdecero.edition import current_edition, say
from desdecero.plots import Picture
from desdecero.plots.reading import shelf
from desdecero.reading import CHAPTERS, KINDS, LEVELS, entries, find
from desdecero.widgets import Play, choices, wide


def play_shelf(chapter: str = "", kind: str = "") -> Play:
    """Choose a chapter, a kind, how hard at most and words that must occur; see the entries that fit.

    It opens at `chapter` and `kind`; `""` is all of them.
    """
    edition = current_edition()

    def draw(chapter: str, kind: str, level: int, words: str) -> Picture:
        return shelf(find(chapter, kind, level, words, edition), len(entries()))

    def all_or(names: dict[str, dict[str, str]]) -> dict[str, str]:
        return {say("todo", "all"): "", **{name[edition]: key for key, name in names.items()}}

    return Play(
        draw,
        chapter=choices(all_or(CHAPTERS), say("capítulo", "chapter"), chapter),
        kind=choices(all_or(KINDS), say("clase", "kind"), kind),
        level=choices(
            {mark: level for level, mark in LEVELS.items()}, say("dificultad, hasta", "difficulty, up to"), 3
        ),
        words=wide(ipywidgets.Text(description=say("palabras", "words"), continuous_update=False)),
    )
