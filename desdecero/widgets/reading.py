"""What appendix B plays with: a shelf that shows only what you ask for."""

import ipywidgets

from desdecero.edition import current_edition, say
from desdecero.plots import Picture
from desdecero.plots.reading import shelf
from desdecero.reading import CHAPTERS, KINDS, LEVELS, entries, find
from desdecero.widgets import Play

LABEL = {"description_width": "9em"}
WIDE = ipywidgets.Layout(width="32em")


def play_shelf(chapter: str = "", kind: str = "") -> Play:
    """Choose a chapter, a kind, how hard at most and words that must occur; see the entries that fit.

    It opens at `chapter` and `kind`; `""` is all of them.
    """
    edition = current_edition()

    def draw(chapter: str, kind: str, level: int, words: str) -> Picture:
        return shelf(find(chapter, kind, level, words, edition), len(entries()))

    def choices(names: dict[str, dict[str, str]], text: str, value: str) -> ipywidgets.Dropdown:
        options = [(say("todo", "all"), ""), *((name[edition], key) for key, name in names.items())]
        return ipywidgets.Dropdown(options=options, value=value, description=text, style=LABEL, layout=WIDE)

    return Play(
        draw,
        chapter=choices(CHAPTERS, say("capítulo", "chapter"), chapter),
        kind=choices(KINDS, say("clase", "kind"), kind),
        level=ipywidgets.Dropdown(
            options=[(mark, level) for level, mark in LEVELS.items()],
            value=3,
            description=say("dificultad, hasta", "difficulty, up to"),
            style=LABEL,
            layout=WIDE,
        ),
        words=ipywidgets.Text(description=say("palabras", "words"), style=LABEL, layout=WIDE, continuous_update=False),
    )
