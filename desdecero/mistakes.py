"""Appendix C: the mistakes that each check knows by name, and what it says of them.

`data/mistakes.json` is made by `make build` from the catalogue: every mistake is tried, and its message kept.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from desdecero.checks import exercises

FILE = Path(__file__).parent / "data" / "mistakes.json"


@dataclass(frozen=True)
class Mistake:
    """A mistake in one exercise: its fault's name, what it is and what the check says, `{"es": …, "en": …}` both."""

    exercise: str
    fault: str
    what: dict[str, str]
    told: dict[str, str]

    @property
    def chapter(self) -> str:
        return self.exercise.split("/")[0]


@cache
def mistakes() -> tuple[Mistake, ...]:
    """All of them, in the course's order."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Mistake(exercise_id, fault, **texts)
        for exercise_id in exercises()
        for fault, texts in kept.get(exercise_id, {}).items()
    )


def find(chapter: str = "", words: str = "", edition: str = "en") -> list[Mistake]:
    """The mistakes of a chapter (empty: of all) in whose description, message or exercise every word occurs."""

    def fits(mistake: Mistake) -> bool:
        text = f"{mistake.exercise} {mistake.what[edition]} {mistake.told[edition]}".lower()
        return chapter in ("", mistake.chapter) and all(word in text for word in words.lower().split())

    return [mistake for mistake in mistakes() if fits(mistake)]
