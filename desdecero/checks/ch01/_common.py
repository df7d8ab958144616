"""What the checks of chapter 1 share: numbers that need not agree to the last digit, and the ways to cut a text."""

import math
import re
import string
import unicodedata
from collections.abc import Callable
from numbers import Real

from desdecero.checks.probe import Probe

Words = Callable[[str], list[str]]


class Near(float):
    """A number that equals every number near it, also inside dictionaries."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Real) and math.isclose(self, other, rel_tol=1e-6)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = float.__hash__


def words_of(text: str) -> list[str]:
    """The truth: white space separates, capitals don't count, marks stay."""
    return re.findall(r"\S+", text.lower())


def as_written(text: str) -> list[str]:
    return text.split()


def at_single_spaces(text: str) -> list[str]:
    return text.lower().split(" ")


def without_marks(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def without_these(marks: str) -> Words:
    return lambda text: text.lower().translate(str.maketrans("", "", marks)).split()


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def marks_apart(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())


# Other ways to cut a text, under the fault that each one is.
CUTS: dict[str, tuple[Words, ...]] = {
    "capitals": (as_written,),
    "single_spaces": (at_single_spaces, lambda text: [word for word in at_single_spaces(text) if word]),
    "marks": (
        without_marks,
        marks_apart,
        *map(without_these, (",", ".", ",.", ",.?!", ",.¿?", ",.;:?!", ",.;:?!¿¡", string.punctuation)),
    ),
    "characters": (lambda text: list(text.lower()),),
}

CUT_FAULTS = {
    "capitals": (
        "Distingues mayúsculas: pasa el texto a minúsculas antes de separar las palabras, para que «El» y «el» sean "
        "la misma.",
        "You tell capitals apart: turn the text into lower case before splitting it, so that “El” and “el” are the "
        "same word.",
    ),
    "single_spaces": (
        "Separas con un espacio justo: varios seguidos, un tabulador o un salto de línea también separan; usa "
        ".split() sin nada entre los paréntesis.",
        "You split at exactly one space: several in a row, a tab or a line break separate too; use .split() with "
        "nothing between the parentheses.",
    ),
    "marks": (
        "Quitas o separas los signos de puntuación: aquí las palabras se cortan solo en los espacios, y «queso,» es "
        "una palabra.",
        "You remove or split off punctuation marks: here words are cut at white space only, and “queso,” is one word.",
    ),
    "characters": (
        "Recorres el texto letra a letra: sepáralo antes en palabras con .split().",
        "You go through the text letter by letter: split it into words first, with .split().",
    ),
}

# fmt: off
VOCABULARY = (
    "el", "la", "ratón", "queso", "niña", "río", "come", "duerme", "y", "gallina", "barca", "ella", "del", "las",
    "the", "hen", "river", "martes,", "chopo.", "¿torre?",
)
# fmt: on


def draw_words(probe: Probe, length: int, distinct: int) -> list[str]:
    """Words drawn from a few; the fewer, the more often each pair comes up."""
    start = probe.pick(0, len(VOCABULARY))
    few = [VOCABULARY[(start + i) % len(VOCABULARY)] for i in range(distinct)]
    return [few[probe.pick(0, distinct)] for _ in range(length)]
