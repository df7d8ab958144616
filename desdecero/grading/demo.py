"""A class to see grading work: each student hands in something that has gone wrong somewhere, once.

Every submission starts from the notebook that students get, with solutions filled in; what is done to it, and
the score it deserves, stand side by side in `CLASS`.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from desdecero.checks import ORDER, get_exercise
from desdecero.edition import say, use_edition
from desdecero.grading.config import ROOT
from desdecero.grading.run import Score, export, grade

ASSIGNMENT = "ch03"
NAMES = ORDER[ASSIGNMENT]

Change = Callable[["Submission"], None]


def worth(name: str) -> float:
    """The points of an exercise: its visible tests and as many for the hidden ones."""
    return 2 * get_exercise(f"{ASSIGNMENT}/{name}").points


class Submission:
    """A notebook on its way to being handed in."""

    def __init__(self, edition: str) -> None:
        self.notebook = nbformat.read(_notebook(ROOT / "course" / edition), as_version=4)
        self.blank = {_grade_id(cell): cell.source for cell in self.notebook.cells}
        solved = nbformat.read(_notebook(ROOT / "solutions" / edition), as_version=4)
        self.solutions = {_grade_id(cell): cell.source for cell in solved.cells if _grade_id(cell) in NAMES}
        self.empty_file = False
        self.file_name = _notebook(ROOT / "course" / edition).name

    def cell(self, grade_id: str) -> NotebookNode:
        return next(cell for cell in self.notebook.cells if _grade_id(cell) == grade_id)

    def solve(self, *names: str) -> None:
        for name in names:
            self.cell(name).source = self.solutions[name]

    def write(self, name: str, source: str) -> None:
        self.cell(name).source = source

    def edit(self, name: str, old: str, new: str) -> None:
        source = self.solutions[name]
        if source.count(old) != 1:
            raise ValueError(f"{old!r} should stand once in the solution of {name}")
        self.write(name, source.replace(old, new))

    def index(self, grade_id: str) -> int:
        return self.notebook.cells.index(self.cell(grade_id))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.file_name
        if self.empty_file:
            path.write_bytes(b"")
        else:
            path.write_text(nbformat.v4.writes(self.notebook), encoding="utf-8")  # unlike nbformat.write, never objects


def _notebook(folder: Path) -> Path:
    return next((folder / ASSIGNMENT).glob("*.ipynb"))


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


@dataclass(frozen=True)
class Student:
    """One row of the class: what is handed in, and what of it is right."""

    name: str
    right: tuple[str, ...]  # the exercises that deserve all their points
    change: Change  # applied after every exercise has been solved
    also: float = 0.0  # points earned in an exercise that is only partly right

    @property
    def expected(self) -> float:
        return sum(worth(name) for name in self.right) + self.also


SIMPLE, SELF, CAUSAL, HEADS = NAMES
ALL = tuple(NAMES)
# Fails the tests of its exercise, whatever they are.
NONSENSE = "class CausalAttention(nn.Module):\n    def forward(self, x):\n        return x"


def but(*names: str) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name not in names)


def _nothing(submission: Submission) -> None:
    pass


def _unsolve(*names: str) -> Change:
    def change(submission: Submission) -> None:
        for name in names:
            submission.write(name, submission.blank[name])

    return change


def _wrong_everywhere(submission: Submission) -> None:
    for name in NAMES:
        defines = get_exercise(f"{ASSIGNMENT}/{name}").defines
        submission.write(name, f"def {defines}(*args, **kwargs):\n    return None")


def _replace(name: str, source: str) -> Change:
    return lambda submission: submission.write(name, source)


def _edit(name: str, old: str, new: str) -> Change:
    return lambda submission: submission.edit(name, old, new)


def _add_before(name: str, source: str) -> Change:
    def change(submission: Submission) -> None:
        submission.notebook.cells.insert(submission.index(name), new_code_cell(source))

    return change


def _append(name: str, line: str) -> Change:
    return lambda submission: submission.write(name, f"{submission.solutions[name]}\n\n{line}")


def _delete_tests(submission: Submission) -> None:
    submission.write(CAUSAL, NONSENSE)
    for grade_id in (f"test_{CAUSAL}", f"test_{CAUSAL}_hidden"):
        del submission.notebook.cells[submission.index(grade_id)]


def _duplicate_test(submission: Submission) -> None:
    place = submission.index(f"test_{CAUSAL}")
    copy = nbformat.from_dict(submission.notebook.cells[place])
    copy.id = "a-second-copy"
    submission.notebook.cells.insert(place + 1, copy)


def _tag_tests(*tags: str) -> Change:
    def change(submission: Submission) -> None:
        submission.write(CAUSAL, NONSENSE)
        for grade_id in (f"test_{CAUSAL}", f"test_{CAUSAL}_hidden"):
            submission.cell(grade_id).metadata["tags"] = list(tags)

    return change


def _invalid(submission: Submission) -> None:
    notebook = submission.notebook
    notebook.metadata["kernelspec"] = None
    for cell, tags in zip(notebook.cells, (None, "skip-execution", [["nested"], 1])):
        cell.metadata["tags"] = tags
    strange = new_code_cell("1", metadata={"nbgrader": {"grade_id": []}})
    strange.outputs = [NotebookNode(output_type="stream", text="nameless")]
    notebook.cells.insert(0, strange)


def _edit_test(submission: Submission) -> None:
    submission.write(CAUSAL, NONSENSE)
    submission.cell(f"test_{CAUSAL}").source = "9999"
    submission.cell(f"test_{CAUSAL}").metadata.nbgrader["points"] = 9999


def _old_schema(submission: Submission) -> None:
    for name in (SELF, f"test_{SELF}"):
        submission.cell(name).metadata.nbgrader["schema_version"] = 1


def _empty_notebook(submission: Submission) -> None:
    submission.notebook = new_notebook()


def _renamed(submission: Submission) -> None:
    submission.file_name = "notebook (1).ipynb"


def _empty_file(submission: Submission) -> None:
    submission.empty_file = True


SWALLOW = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"

CLASS = (
    Student("right", ALL, _nothing),
    Student("two-unsolved", but(CAUSAL, HEADS), _unsolve(CAUSAL, HEADS)),
    Student("part-of-one", but(HEADS), _edit(HEADS, "if d_out % num_heads:", "if False:"), also=worth(HEADS) - 2),
    Student("all-wrong", (), _wrong_everywhere),
    Student("syntax-error", but(SELF), _replace(SELF, "class SelfAttention(nn.Module:\n    pass")),
    Student("endless-loop", ALL, _add_before(CAUSAL, "while True:\n    pass")),
    Student("endless-loop-deaf", ALL, _add_before(CAUSAL, SWALLOW)),
    Student("endless-loop-inside", but(SIMPLE), _replace(SIMPLE, "def simple_attention(x):\n    while True: pass")),
    Student("os-exit", ALL, _add_before(SELF, "import os\nos._exit(0)")),
    Student(
        "os-exit-inside",
        but(SIMPLE),
        _replace(SIMPLE, "import os\ndef simple_attention(x):\n    os._exit(0)"),
    ),
    Student("warning-on-stderr", ALL, _append(CAUSAL, "import sys\nprint('mind the gap', file=sys.stderr)")),
    Student("deleted-tests", but(CAUSAL), _delete_tests),
    Student("duplicated-test", ALL, _duplicate_test),
    Student("skip-execution", but(CAUSAL), _tag_tests("skip-execution")),
    Student("raises-exception", but(CAUSAL), _tag_tests("raises-exception")),
    Student("invalid-metadata", ALL, _invalid),
    Student("edited-test", but(CAUSAL), _edit_test),
    Student("own-check", but(CAUSAL), _replace(CAUSAL, NONSENSE + "\n\ncheck = lambda *a, **k: 9.0")),
    Student("huge-output", ALL, _append(SIMPLE, "print('o' * 50_000_000)")),
    Student("old-schema", ALL, _old_schema),
    Student("renamed-file", ALL, _renamed),
    Student("empty-notebook", (), _empty_notebook),
    Student("empty-file", (), _empty_file),
)


def make_class(edition: str, root: Path, students: tuple[Student, ...] = CLASS) -> None:
    """Write everybody's submission below `root/submitted/`."""
    for student in students:
        submission = Submission(edition)
        submission.solve(*NAMES)
        student.change(submission)
        submission.save(root / "submitted" / edition / student.name / ASSIGNMENT)


def run_class(edition: str, root: Path, tell: Callable[[str], None] = print) -> list[tuple[Student, Score]]:
    """Make the class anew, grade it, write feedback, export the grades; each student with the score given."""
    use_edition(edition)
    if root.exists():
        shutil.rmtree(root)
    make_class(edition, root)
    given = {score.student: score for score in grade(edition, ASSIGNMENT, root, tell=tell, cell_seconds=20)}
    export(edition, root / f"grades-{edition}.csv", root)
    return [(student, given[student.name]) for student in CLASS]


def table(rows: list[tuple[Student, Score]]) -> str:
    """Student, expected and given score, and whether they agree."""
    head = (say("estudiante", "student"), say("esperada", "expected"), say("dada", "given"))
    lines = [f"{head[0]:22} {head[1]:>9} {head[2]:>9}"]
    for student, score in rows:
        given = "—" if score.score is None else f"{score.score:g}"
        mark = "=" if score.score == student.expected else "≠"
        lines.append(f"{student.name:22} {student.expected:>9g} {given:>9} {mark} {score.problem}".rstrip())
    return "\n".join(lines)
