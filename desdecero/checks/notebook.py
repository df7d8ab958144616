"""The checks inside a notebook: a graded cell, an example that may still be unsolved, and what later cells use."""

import contextlib
import os
import sys
from collections.abc import Iterator

from desdecero.checks import get_exercise, run_check
from desdecero.checks.guard import load
from desdecero.checks.probe import describe
from desdecero.checks.report import Report
from desdecero.edition import say
from desdecero.errors import CourseError

_MISSING = object()


class Grade(float):
    """The points earned: a number for nbgrader, a report for people."""

    report: Report

    def __new__(cls, report: Report) -> "Grade":
        grade = super().__new__(cls, report.score)
        grade.report = report
        return grade

    def _repr_html_(self) -> str:
        return self.report.to_html()


class NotYet(CourseError, AssertionError):
    """Shown by nbgrader's Validate button: the report."""


# The last verdict on each exercise, so that `use` need not judge the same object twice.
_verdicts: dict[str, tuple[object, Report]] = {}


def check(exercise_id: str, candidate: object, seed: int = 0) -> Grade:
    """Judge an answer, show the report, and give nbgrader the points.

    Make it the last line of a graded cell: its value is the partial credit. Under nbgrader's Validate
    button a failure is raised instead, because that is the only way it shows the message.
    """
    report = run_check(exercise_id, candidate, seed)
    _verdicts[exercise_id] = (candidate, report)
    if not report.passed and os.environ.get("NBGRADER_EXECUTION") == "validate":
        raise NotYet(str(report))
    return Grade(report)


def use(exercise_id: str, candidate: object = _MISSING) -> object:
    """Yours if it is right, else the course's; says in one line which.

    Without `candidate` it looks for the exercise's name among the notebook's variables, so that the cells
    below an unfinished exercise still run.
    """
    exercise = get_exercise(exercise_id)
    if candidate is _MISSING:
        candidate = vars(sys.modules["__main__"]).get(exercise.defines, _MISSING)
    course = load(exercise.reference)
    if candidate is not _MISSING and candidate is not course:
        judged, report = _verdicts.get(exercise_id, (None, None))
        if judged is not candidate:
            report = run_check(exercise_id, candidate)
            _verdicts[exercise_id] = (candidate, report)
        if report.passed:
            print(say(f"Desde aquí se usa tu {exercise.defines}.", f"From here on, your {exercise.defines} is used."))
            return candidate
    print(
        say(
            f"Desde aquí se usa {exercise.defines} del curso, hasta que el tuyo pase la comprobación.",
            f"From here on, the course's {exercise.defines} is used, until yours passes its check.",
        )
    )
    return course


@contextlib.contextmanager
def example() -> Iterator[None]:
    """Try the answer on an example: while it is unsolved, or stops with an error, say so in one line."""
    try:
        yield
    except Exception as error:
        if isinstance(error, NotImplementedError) and not str(error):
            print(
                say(
                    "Este ejemplo funcionará cuando hayas escrito el ejercicio.",
                    "This example will work once you have written the exercise.",
                )
            )
        else:
            print(say("Tu código se interrumpe: ", "Your code stops: ") + describe(error))
