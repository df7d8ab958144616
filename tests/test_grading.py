"""A class of difficult submissions, graded from end to end."""

import csv
from pathlib import Path

import pytest

from desdecero.grading.demo import ALL, CLASS, run_class, table


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list]:
    root = tmp_path_factory.mktemp("class") / "demo"
    return root, run_class("es", root)


def test_everybody_gets_the_score_they_deserve(graded: tuple[Path, list]) -> None:
    _, rows = graded
    assert len(rows) >= 12
    assert all(score.score == student.expected for student, score in rows), "\n" + table(rows)
    assert not any(score.problem for _, score in rows), "\n" + table(rows)


def test_the_class_has_every_kind_of_result() -> None:
    full = max(student.expected for student in CLASS)
    assert {student.expected == full for student in CLASS if student.right == ALL} == {True}
    assert any(student.expected == 0 for student in CLASS)
    assert any(student.also for student in CLASS)


def test_everybody_gets_feedback_of_a_readable_size(graded: tuple[Path, list]) -> None:
    root, rows = graded
    for student, _ in rows:
        (page,) = (root / "feedback" / "es" / student.name).rglob("*.html")
        assert 10_000 < page.stat().st_size < 20_000_000


def test_grades_are_exported(graded: tuple[Path, list]) -> None:
    root, rows = graded
    with (root / "grades-es.csv").open(encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {student.name: student.expected for student, _ in rows}
