"""The catalogue: right answers written differently, and the mistakes students really make.

One file per exercise, named like its id. A wrong answer is the worked solution with an edit or two, or a text
of its own; the key under which it stands is the `fault` that its check must name.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from desdecero.authoring.solutions import worked_solution
from desdecero.checks import get_exercise

# What every answer may count on, as in the notebooks.
PREAMBLE = """\
import math
import re
from collections import Counter

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset
"""


@dataclass(frozen=True)
class Wrong:
    """A mistake: what it is, in a sentence, and an answer that makes it.

    `edits` are `(old, new)` pairs applied to the worked solution, where each `old` stands exactly once;
    `source` is a whole answer instead.
    """

    es: str
    en: str
    edits: tuple[tuple[str, str], ...] = ()
    source: str = ""

    def answer(self, exercise_id: str) -> str:
        if self.source:
            return self.source
        text = worked_solution(exercise_id)
        for old, new in self.edits:
            assert text.count(old) == 1, f"{exercise_id}: {old!r} stands {text.count(old)} times in the solution"
            text = text.replace(old, new)
        return text


def entry(exercise_id: str):
    """The catalogue's module for an exercise: `RIGHT`, `WRONG`, and perhaps an `IMPORTS` of its own."""
    return importlib.import_module(f"desdecero.authoring.catalogue.{exercise_id.replace('/', '.')}")


def right_answers(exercise_id: str) -> Iterator[tuple[str, str]]:
    """Names and texts of answers that deserve full marks; the worked solution is one of them."""
    yield "worked_solution", worked_solution(exercise_id)
    yield from entry(exercise_id).RIGHT.items()


def wrong_answers(exercise_id: str) -> Iterator[tuple[str, str]]:
    """Faults and texts of answers that must be rejected with that fault's message."""
    for fault, wrong in entry(exercise_id).WRONG.items():
        yield fault, wrong.answer(exercise_id)


def evaluate(exercise_id: str, text: str) -> object:
    """Run an answer's text as a notebook would, and return what the exercise asks for."""
    namespace = {"__name__": "answer"}
    exec(PREAMBLE + getattr(entry(exercise_id), "IMPORTS", ""), namespace)
    exec(compile(text, f"<answer to {exercise_id}>", "exec"), namespace)
    return namespace[get_exercise(exercise_id).defines]
