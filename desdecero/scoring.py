"""Chapter 7: how good an answer is, without asking anybody.

Two scores from 0 to 1 that compare an answer with the one expected: `exact_score`, all or nothing, and
`fuzzy_score`, the share of characters they have in common (Ratcliff and Metzener, 1988, as Python's difflib does it).
Both misjudge: the first good answers in other words, the second wrong answers in similar letters.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

QUOTES = str.maketrans(dict.fromkeys("«»“”\"'‘’"))


def normalise(text: str) -> str:
    """What is left of a text once case, quotation marks, spaces and the final full stop don't count.

    >>> normalise("  «Cerrar».  ")
    'cerrar'
    """
    text = unicodedata.normalize("NFC", text.casefold()).translate(QUOTES)
    return " ".join(text.split()).rstrip(". ")


def exact_score(answer: str, expected: str) -> float:
    """1.0 if both say the same, letter by letter, after `normalise`; else 0.0."""
    return float(normalise(answer) == normalise(expected))


def fuzzy_score(answer: str, expected: str) -> float:
    """Twice the characters in common, in order, over the characters of both: from 0.0 to 1.0."""
    a, b = sorted((normalise(answer), normalise(expected)))  # difflib depends on the order; a score should not
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


@dataclass(frozen=True)
class KindScore:
    """The mean scores of `count` answers to tasks of one kind."""

    kind: str
    count: int
    exact: float
    fuzzy: float


def scores_by_kind(entries: Sequence[dict[str, str]], answers: Sequence[str]) -> list[KindScore]:
    """One `KindScore` per kind of task, in the order of their first entry.

    Raises:
        ValueError: if there is not one answer for each entry.
    """
    pairs: dict[str, list[tuple[str, str]]] = {}
    for entry, answer in zip(entries, answers, strict=True):
        pairs.setdefault(entry["kind"], []).append((answer, entry["output"]))
    return [_mean(kind, found) for kind, found in pairs.items()]


def overall(scores: Iterable[KindScore]) -> KindScore:
    """All kinds taken together, each answer with the same weight; its kind is the empty text."""
    scores = list(scores)
    count = sum(score.count for score in scores)
    exact, fuzzy = (
        sum(score.count * getattr(score, name) for score in scores) / count if count else 0.0
        for name in ("exact", "fuzzy")
    )
    return KindScore("", count, exact, fuzzy)


def _mean(kind: str, pairs: Sequence[tuple[str, str]]) -> KindScore:
    exact, fuzzy = (sum(score(*pair) for pair in pairs) / len(pairs) for score in (exact_score, fuzzy_score))
    return KindScore(kind, len(pairs), exact, fuzzy)
