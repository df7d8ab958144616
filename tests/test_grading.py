"""A class of difficult submissions, graded from end to end; and what only an unlucky instructor meets."""

import csv
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from desdecero.edition import use_edition
from desdecero.grading import execute, run
from desdecero.grading.demo import ALL, ASSIGNMENT, CLASS, Submission, run_class, table
from desdecero.grading.execute import CHECK, FairExecute


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


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of two, who handed in what they were given; nobody has been graded."""
    root = tmp_path_factory.mktemp("little")
    for student in ("ana", "luis"):
        Submission("es").save(root / "submitted" / "es" / student / ASSIGNMENT)
    run.release("es", ASSIGNMENT, root)
    return root


def test_a_submission_that_fails_has_no_score_and_not_its_old_one(
    little: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FairExecute, "preprocess", lambda self, nb, resources: (nb, resources))
    assert run.grade_one("es", little, ASSIGNMENT, "ana", 56, {}).score == 56  # nothing ran, so nothing failed

    def fail(self: FairExecute, nb: NotebookNode, resources: dict) -> None:
        raise RuntimeError("the kernel is on fire\nand more")

    monkeypatch.setattr(FairExecute, "preprocess", fail)
    again = run.grade_one("es", little, ASSIGNMENT, "ana", 56, {})
    assert again == run.Score("ana", None, 56, "RuntimeError: the kernel is on fire")


def test_a_score_without_feedback_is_a_score(little: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FairExecute, "preprocess", lambda self, nb, resources: (nb, resources))
    monkeypatch.setattr(run.GenerateFeedback, "start", lambda self: 1 / 0)
    graded = run.grade_one("es", little, ASSIGNMENT, "ana", 56, {})
    assert graded == run.Score("ana", 56, 56, "sin comentarios: ZeroDivisionError: division by zero")


def _killed(edition: str, root: Path, assignment: str, student: str, *rest: object) -> run.Score:
    os._exit(1)


def _locked(edition: str, root: Path, assignment: str, student: str, *rest: object) -> run.Score:
    if student == "ana":
        raise OSError("database is locked")
    return run.Score(student, 1, 56)


@pytest.mark.parametrize(("grade_one", "scores"), [(_killed, [None, None]), (_locked, [None, 1])])
def test_a_process_that_dies_stops_nobody(
    little: Path, grade_one: Callable, scores: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "grade_one", grade_one)
    told: list[str] = []
    given = run.grade("es", ASSIGNMENT, little, tell=told.append)
    assert [score.student for score in given] == ["ana", "luis"]
    assert [score.score for score in given] == scores
    assert all(score.problem for score in given if score.score is None)
    assert sum("sin calificar: " in line for line in told) == scores.count(None)


def test_a_file_that_is_no_notebook_is_told_in_the_class_s_language(tmp_path: Path) -> None:
    folder = tmp_path / "submitted" / "es" / "ana" / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / "attention.ipynb").write_text("no", encoding="utf-8")
    use_edition("en")  # a process started afresh asks the system
    run.grade_one("es", tmp_path, ASSIGNMENT, "ana", 56, {})
    assert "no es un cuaderno" in (folder / "attention.ipynb").read_text(encoding="utf-8")


def test_a_name_in_capitals_is_no_problem_where_capitals_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copy2

    def copy_on_such_a_disk(source: Path, target: Path) -> None:
        if source.name.lower() == target.name.lower():
            raise shutil.SameFileError
        copy(source, target)

    monkeypatch.setattr(shutil, "copy2", copy_on_such_a_disk)
    nbformat.write(new_notebook(), tmp_path / "Attention.ipynb")
    run.make_readable(tmp_path, ["attention.ipynb"])
    assert {path.name for path in tmp_path.iterdir()} == {"attention.ipynb", "Attention.ipynb.renamed"}


def test_what_is_handed_in_later_under_another_name_is_what_counts(tmp_path: Path) -> None:
    """Grading, handing in again from a browser that numbers its downloads, grading again."""
    use_edition("es")
    for number in (1, 2):
        nbformat.write(new_notebook(cells=[new_code_cell(f"{number}")]), tmp_path / f"attention ({number}).ipynb")
        assert run.make_readable(tmp_path, ["attention.ipynb"]) == ""
        assert run.make_readable(tmp_path, ["attention.ipynb"]) == ""  # grading twice changes nothing
        assert nbformat.read(tmp_path / "attention.ipynb", as_version=4).cells[0].source == f"{number}"


def test_a_notebook_beside_the_right_one_is_told_of(tmp_path: Path) -> None:
    use_edition("es")
    for name in ("attention.ipynb", "attention (1).ipynb"):
        nbformat.write(new_notebook(cells=[new_code_cell(f"# {name}")]), tmp_path / name)
    assert run.make_readable(tmp_path, ["attention.ipynb"]) == "no se ha calificado: attention (1).ipynb"
    assert nbformat.read(tmp_path / "attention.ipynb", as_version=4).cells[0].source == "# attention.ipynb"


def graded_cell(name: str) -> NotebookNode:
    mark = {"grade_id": name, "grade": True, "solution": False, "locked": True, "points": 9, "schema_version": 3}
    return new_code_cell(f"{CHECK}\ncheck()", metadata={"nbgrader": mark})


def answer_cell(name: str) -> NotebookNode:
    mark = {"grade_id": name, "grade": False, "solution": True, "locked": False, "schema_version": 3}
    return new_code_cell("pass", metadata={"nbgrader": mark})


def points(number: float) -> NotebookNode:
    return new_output("execute_result", data={"text/plain": str(number)}, execution_count=1)


class FakeClient:
    """Each cell takes 100 seconds of a clock of its own and gives 9 points; those in `deadly` kill Python."""

    def __init__(self, deadly: set[int]) -> None:
        self.deadly, self.now = deadly, 0.0

    @contextmanager
    def setup_kernel(self, env: dict) -> Iterator[None]:
        yield

    def execute_cell(self, cell: NotebookNode, index: int) -> None:
        self.now += 100
        if index in self.deadly:
            raise DeadKernelError
        cell.outputs = [points(9)]


def preprocess(notebook: NotebookNode, deadly: set[int], monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What each cell has in the end: the text of its results, the names of its errors."""
    use_edition("es")
    client = FakeClient(deadly)
    monkeypatch.setattr(execute, "notebook_client", lambda *args, **options: client)
    monkeypatch.setattr(execute.time, "monotonic", lambda: client.now)
    FairExecute(notebook_seconds=550).preprocess(notebook, {})
    return [[o.ename if "ename" in o else o.data["text/plain"] for o in cell.outputs] for cell in notebook.cells]


def test_points_earned_before_the_time_is_up_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [new_code_cell("1"), graded_cell("test_a"), new_code_cell("kill"), new_code_cell("kill"), graded_cell("b")]
    cells[4].outputs = [points(9)]  # handed in, and never run
    # The second run ends at its fourth cell after 600 seconds, and the third runs nothing.
    given = preprocess(new_notebook(cells=cells), {2, 3}, monkeypatch)
    assert given == [["9"], ["9"], ["SetAside"], ["SetAside"], ["OutOfTime"]]


def test_points_of_an_answer_set_aside_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [new_code_cell("1") for _ in range(3)]
    cells = [*before, answer_cell("a"), graded_cell("test_a"), graded_cell("test_a_hidden")]
    given = preprocess(new_notebook(cells=cells), {5}, monkeypatch)
    assert given[3:] == [["SetAside"], ["OutOfTime"], ["SetAside"]]


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_much_text_does_not_cost_the_points(name: str) -> None:
    cell = graded_cell("test_a")
    cell.outputs = [new_output("stream", name=name, text="o" * 100_001), points(9)]
    FairExecute()._limit(cell)
    assert len(cell.outputs[0].text) < 100_100
    assert cell.outputs[1].data["text/plain"] == "9"


def test_errors_are_cut() -> None:
    cell = new_code_cell()
    text = "o" * 5_000_000
    cell.outputs = [new_output("error", ename=text, evalue=text, traceback=["short", *[text] * 50])]
    FairExecute()._limit(cell)
    (error,) = cell.outputs
    assert error.traceback[0] == "short" and len(error.traceback) == 51
    assert len(str(error)) < 200_000
