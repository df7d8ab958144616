"""Grade a class: every submission on its own, whatever the others are like."""

import filecmp
import logging
import shutil
import sys
import warnings
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from desdecero.edition import say, use_edition
from desdecero.grading.config import ROOT, configure


@dataclass(frozen=True)
class Score:
    """What one student got; `score` is None, and `problem` says why, when the submission could not be graded.

    Beside a score, `problem` tells what else the instructor should know.
    """

    student: str
    score: float | None
    max_score: float
    problem: str = ""

    @property
    def given(self) -> str:
        return say("sin calificar", "not graded") if self.score is None else f"{self.score:g}/{self.max_score:g}"


class NothingToGrade(ValueError):
    """There is no submission; the message says where one was looked for."""


class UnknownAssignment(ValueError):
    """There is no chapter of this name; the message says which there are."""


def course_directory(edition: str, root: Path, assignment: str, student: str = "*") -> CourseDirectory:
    config = configure(Config(), edition, root)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    return CourseDirectory(config=config)


class _Cause(logging.Filter):
    """Keeps nbgrader's log off the screen, and the last exception that it tells of."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            self.error = sys.exception() or self.error  # nbgrader writes while it handles one
        return False


def _convert(kind: type, edition: str, root: Path, assignment: str, student: str = "*", **options: object) -> None:
    """Run one of nbgrader's steps quietly; raises what made it fail, where nbgrader only points to its log."""
    coursedir = course_directory(edition, root, assignment, student)
    coursedir.config.FairExecute.update(options)
    converter = kind(coursedir=coursedir, config=coursedir.config)
    converter.force = True
    cause = _Cause()
    converter.log.addFilter(cause)
    try:
        converter.start()
    except (Exception, SystemExit) as error:
        raise (cause.error or error) from None
    finally:
        converter.log.removeFilter(cause)


def _problem(error: BaseException) -> str:
    """What went wrong, in one short line."""
    sentence, *_ = [*str(error).strip().splitlines(), ""]
    return f"{type(error).__name__}: {sentence}"[:200]


def release(edition: str, assignment: str, root: Path = ROOT) -> None:
    """Enter the assignment into the gradebook and make the notebook that students get."""
    _convert(GenerateAssignment, edition, root, assignment)


def submissions(edition: str, assignment: str, root: Path = ROOT) -> list[str]:
    """Who has handed something in."""
    return sorted(path.parent.name for path in (root / "submitted" / edition).glob(f"*/{assignment}") if path.is_dir())


def make_readable(folder: Path, names: list[str]) -> str:
    """Give nbgrader the notebooks it looks for; returns a remark about those that are not graded, or nothing.

    A file that is no notebook gives way to one that says so, and a single notebook that a browser has renamed
    (`attention (1).ipynb`) is taken under its right name; what was handed in is kept beside it.
    """
    found = {path.name: path for path in folder.glob("*.ipynb")}
    others = [path for name, path in found.items() if name not in names]
    # One that an earlier grading took under its right name gives way to what came after it.
    ours = [path for path in folder.glob("*.ipynb.renamed") if _same(path, folder / names[0])]
    if len(names) == len(others) == 1 and (ours or names[0] not in found):
        # Out of the way first: to some disks `Attention.ipynb` and `attention.ipynb` are one file.
        kept = others[0].replace(others[0].with_name(others[0].name + ".renamed"))
        shutil.copy2(kept, folder / names[0])
        others = []
    for path in folder.glob("*.ipynb"):
        try:
            nbformat.read(path, as_version=4)
        except Exception:  # whatever is wrong with it
            path.replace(path.with_name(path.name + ".unreadable"))
            text = say("El archivo entregado no es un cuaderno.", "The file handed in is not a notebook.")
            nbformat.write(new_notebook(cells=[new_markdown_cell(text)]), path)
    left = ", ".join(sorted(path.name for path in others))
    return say(f"no se ha calificado: {left}", f"not graded: {left}") if left else ""


def _same(one: Path, other: Path) -> bool:
    return other.exists() and filecmp.cmp(one, other, shallow=False)


def grade_one(edition: str, root: Path, assignment: str, student: str, maximum: float, options: dict) -> Score:
    """Grade one submission and write its feedback; what goes wrong is told, not raised."""
    use_edition(edition)  # a process started afresh does not know yet
    warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, about every submission
    score = None  # what the gradebook holds after a failure is an older score, or 0
    try:
        names = [path.name for path in (ROOT / "solutions" / edition / assignment).glob("*.ipynb")]
        remark = make_readable(root / "submitted" / edition / student / assignment, names)
        _convert(Autograde, edition, root, assignment, student, **options)
        with Gradebook(course_directory(edition, root, assignment).db_url) as gradebook:
            score = gradebook.find_submission(assignment, student).score
        _convert(GenerateFeedback, edition, root, assignment, student)
    except (Exception, SystemExit) as error:
        what = "" if score is None else say("sin comentarios: ", "no feedback: ")
        return Score(student, score, maximum, what + _problem(error))
    return Score(student, score, maximum, remark)


def grade(
    edition: str,
    assignment: str,
    root: Path = ROOT,
    workers: int = 2,
    tell: Callable[[str], None] = print,
    only: Collection[str] = (),
    **options: object,
) -> list[Score]:
    """Grade what was handed in for an assignment, `workers` at a time; `options` go to `FairExecute`.

    `only` names the students to grade; by default everybody.

    Raises:
        UnknownAssignment: if the course has no such chapter.
        NothingToGrade: if there is nothing from anybody, or from one of those named.
    """
    chapters = sorted(path.name for path in (ROOT / "solutions" / edition).iterdir() if path.is_dir())
    if assignment not in chapters:
        names = ", ".join(chapters)
        raise UnknownAssignment(
            say(
                f"No existe la tarea «{assignment}»: hay {names}.",
                f"There is no assignment “{assignment}”: there are {names}.",
            )
        )
    students = submissions(edition, assignment, root)
    missing = sorted(set(only) - set(students))
    place = root / "submitted" / edition
    if missing:
        names = ", ".join(missing)
        raise NothingToGrade(
            say(f"No hay entrega de {names} para {assignment} en {place}.",
                f"{names} handed in nothing for {assignment} in {place}.")
        )  # fmt: skip
    if not students:
        raise NothingToGrade(
            say(
                f"No hay entregas de {assignment} en {place}: van en ESTUDIANTE/{assignment}/.",
                f"No submissions of {assignment} in {place}: they go into STUDENT/{assignment}/.",
            )
        )
    release(edition, assignment, root)
    with Gradebook(course_directory(edition, root, assignment).db_url) as gradebook:
        maximum = gradebook.find_assignment(assignment).max_score
    students = sorted(set(only)) or students
    scores = []
    with ProcessPoolExecutor(workers) as pool:
        jobs = {
            pool.submit(grade_one, edition, root, assignment, student, maximum, options): student
            for student in students
        }
        for done, job in enumerate(as_completed(jobs), start=1):
            try:
                score = job.result()
            except Exception as error:  # its process was killed
                score = Score(jobs[job], None, maximum, _problem(error))
            scores.append(score)
            tell(": ".join(filter(None, [f"[{done}/{len(jobs)}] {score.student}", score.given, score.problem])))
    return sorted(scores, key=lambda score: score.student)


def export(edition: str, path: Path, root: Path = ROOT) -> None:
    """Write every score in the gradebook as CSV, with nbgrader's own exporter."""
    config = configure(Config(), edition, root)
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        plugin = CsvExportPlugin()
        plugin.to = str(path)
        plugin.export(gradebook)
