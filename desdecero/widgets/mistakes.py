"""What appendix C plays with: a search among the mistakes that the checks know."""

import ipywidgets

from desdecero.checks import ORDER
from desdecero.edition import current_edition, say
from desdecero.mistakes import find, mistakes
from desdecero.plots import Picture
from desdecero.plots.mistakes import found_mistakes
from desdecero.reading import CHAPTERS
from desdecero.widgets import Play, choices, wide


def play_mistakes(chapter: str = "", words: str = "") -> Play:
    """Choose a chapter and type words of the message you got; see which mistakes are told so.

    It opens at `chapter` and `words`; `""` is all of them.
    """
    edition = current_edition()

    def draw(chapter: str, words: str) -> Picture:
        return found_mistakes(find(chapter, words, edition), len(mistakes()))

    titles = {CHAPTERS[chapter][edition]: chapter for chapter in ORDER}
    return Play(
        draw,
        chapter=choices({say("todos", "all"): "", **titles}, say("capítulo", "chapter"), chapter),
        words=wide(ipywidgets.Text(words, description=say("palabras", "words"), continuous_update=False)),
    )
