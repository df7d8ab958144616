"""Every wrong answer is rejected with its own message, every right one gets full marks."""

import re

import pytest

from desdecero.authoring import catalogue
from desdecero.checks import exercises, get_exercise, run_check
from desdecero.checks.exercise import COMMON_FAULTS
from desdecero.edition import EDITIONS
from desdecero.mistakes import mistakes

SEEDS = (0, 20_241)

RIGHT = [(i, name, text) for i in exercises() for name, text in catalogue.right_answers(i)]
WRONG = [(i, fault, text) for i in exercises() for fault, text in catalogue.wrong_answers(i)]

KEPT = {(mistake.exercise, mistake.fault): mistake for mistake in mistakes()}
CASE = re.compile(r"\[[^\]]*\]|\([^)]*\)|“[^”]*”|«[^»]*»|-?\d[\d.,]*(?:e[-+]?\d+)?|\.\.\.")


def outline(message: str) -> str:
    """A message without what is drawn anew in each case: numbers, shapes, what was passed."""
    return CASE.sub("#", message)


def name_of(value: object) -> str | None:
    return value if isinstance(value, str) and "\n" not in value else ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("exercise_id", "name", "text"), RIGHT, ids=name_of)
def test_a_right_answer_gets_full_marks(exercise_id: str, name: str, text: str, seed: int) -> None:
    report = run_check(exercise_id, catalogue.evaluate(exercise_id, text), seed=seed)
    assert report.passed, str(report)
    assert report.score == report.max_score > 0


@pytest.mark.parametrize(("seed", "edition"), [*zip(SEEDS, EDITIONS, strict=True)])
@pytest.mark.parametrize(("exercise_id", "fault", "text"), WRONG, ids=name_of)
def test_a_wrong_answer_is_told_its_own_mistake(
    exercise_id: str, fault: str, text: str, seed: int, edition: str
) -> None:
    report = run_check(exercise_id, catalogue.evaluate(exercise_id, text), seed=seed, lang=edition)
    assert not report.passed, f"{exercise_id}: {fault} passes"
    assert report.score < report.max_score
    first = next(item for item in report.items if not item.passed)
    assert first.fault == fault, str(report)
    assert "{" not in first.message and "…" not in first.message, first.message
    kept = KEPT.get((exercise_id, fault))
    up_to_date = kept is not None and outline(first.message) == outline(kept.told[edition])
    assert up_to_date, "what appendix C says is out of date: run `make build ARGS=appC`"


@pytest.mark.parametrize("exercise_id", exercises())
def test_the_catalogue_is_large_enough_and_its_messages_differ(exercise_id: str) -> None:
    entry, exercise = catalogue.entry(exercise_id), get_exercise(exercise_id)
    assert len(entry.WRONG) >= 8
    assert len(entry.RIGHT) >= 4
    for language in (0, 1):
        messages = [(exercise.faults.get(f) or COMMON_FAULTS[f])[language] for f in entry.WRONG]
        assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("exercise_id", exercises())
def test_every_fault_of_an_exercise_is_in_its_catalogue(exercise_id: str) -> None:
    """A message that no known mistake brings up is a message nobody has seen work."""
    assert set(get_exercise(exercise_id).faults) <= set(catalogue.entry(exercise_id).WRONG)
