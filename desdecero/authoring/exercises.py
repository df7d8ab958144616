"""Expand the short marks of an exercise into what nbgrader wants.

In a chapter, an exercise `layer_norm` of chapter 4 is

    # %% [markdown] lang="es" exercise="layer_norm"     the statement; its points are added below
    # %% solution="layer_norm"                          the worked solution, brought in from the package
                                                        (a quiz's answers: written here)
    # %% tests="layer_norm"                             the graded cells, and what later cells use

`# %% reading="ch04/depth"`, in appendix B, stands for a topic of the bibliography, as prose, and
`# %% answers="ch04"`, in appendix C, for all that there is to say of a chapter's exercises.
"""

import ast
import zlib

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from desdecero.authoring.answers import answers, link_to_answer
from desdecero.authoring.chapters import ChapterError
from desdecero.authoring.solutions import worked_source
from desdecero.checks import get_exercise
from desdecero.reading import section

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKS = ("exercise", "solution", "tests", "reading", "answers")

_POINTS = {
    "es": "**Puntos:** {points:g}, y {points:g} más con pruebas ocultas · **Dificultad:** {stars} · "
    "**Tiempo:** unos {minutes} minutos",
    "en": "**Points:** {points:g}, and {points:g} more with hidden tests · **Difficulty:** {stars} · "
    "**Time:** about {minutes} minutes",
}
_HIDDEN = {
    "es": "# Aquí se añaden pruebas ocultas cuando se califica: déjala como está.",
    "en": "# Hidden tests are added here when your work is graded: leave it as it is.",
}


def expand(cell: NotebookNode, assignment: str, edition: str) -> list[NotebookNode]:
    """The cells that one cell of a chapter stands for; most stand for themselves."""
    marks = {mark: cell.metadata.pop(mark) for mark in MARKS if mark in cell.metadata}
    if not marks:
        return [cell]
    ((mark, name),) = marks.items()
    return _EXPANDERS[mark](cell, f"{assignment}/{name}", edition)


def _statement(cell: NotebookNode, exercise_id: str, edition: str) -> list[NotebookNode]:
    exercise = get_exercise(exercise_id)
    stars = "●" * exercise.difficulty + "○" * (3 - exercise.difficulty)
    points = _POINTS[edition].format(points=exercise.points, stars=stars, minutes=exercise.minutes)
    cell.source += f"\n\n{points} · {link_to_answer(exercise_id, edition)}"
    return [cell]


def _solution(cell: NotebookNode, exercise_id: str, edition: str) -> list[NotebookNode]:
    reference = get_exercise(exercise_id).reference
    if bool(reference) == bool(cell.source.strip()):
        place = f"comes from {reference}: leave its cell empty" if reference else "goes into its cell"
        raise ChapterError(f"{exercise_id}: the worked solution {place}")
    cell.source = mark_bodies(worked_source(reference)) if reference else f"{BEGIN}\n{cell.source}\n{END}"
    cell.metadata["nbgrader"] = _nbgrader(exercise_id.split("/")[1], solution=True)
    return [cell]


def _tests(cell: NotebookNode, exercise_id: str, edition: str) -> list[NotebookNode]:
    exercise, name = get_exercise(exercise_id), exercise_id.split("/")[1]
    seed = zlib.crc32(exercise_id.encode()) % 100_000 + 1
    load = "from desdecero.checks import check"
    visible = f'{load}\n\ncheck("{exercise_id}", {exercise.defines})'
    hidden = (
        f"{_HIDDEN[edition]}\n### BEGIN HIDDEN TESTS\n{load}\n\n"
        f'check("{exercise_id}", {exercise.defines}, seed={seed})\n### END HIDDEN TESTS'
    )
    cells = []
    for grade_id, source in ((f"test_{name}", visible), (f"test_{name}_hidden", hidden)):
        metadata = {"nbgrader": _nbgrader(grade_id, points=exercise.points)}
        cells.append(new_code_cell(source, metadata=metadata))
    if exercise.reference:
        cells.append(new_code_cell(f'{exercise.defines} = use("{exercise_id}")'))
    return cells


def _reading(cell: NotebookNode, section_id: str, edition: str) -> list[NotebookNode]:
    return [new_markdown_cell(section(section_id.partition("/")[2], edition))]


def _answers(cell: NotebookNode, name: str, edition: str) -> list[NotebookNode]:
    return answers(name.partition("/")[2], edition)


_EXPANDERS = {"exercise": _statement, "solution": _solution, "tests": _tests, "reading": _reading, "answers": _answers}


def _nbgrader(grade_id: str, solution: bool = False, points: float | None = None) -> dict:
    metadata = {
        "grade_id": grade_id,
        "solution": solution,
        "grade": points is not None,
        "locked": points is not None,
        "task": False,
        "schema_version": 3,
    }
    return metadata if points is None else {**metadata, "points": points, "cell_type": "code"}


def mark_bodies(source: str) -> str:
    """Put nbgrader's solution marks around the body of every function; signatures and docstrings stay outside."""
    lines = source.splitlines()
    functions = [node for node in _outermost_functions(ast.parse(source))]
    for function in sorted(functions, key=lambda node: node.lineno, reverse=True):
        body = function.body
        documented = ast.get_docstring(function) is not None
        first = body[1].lineno if documented and len(body) > 1 else body[0].lineno
        first = _with_comments_above(lines, first)
        indent = " " * body[0].col_offset
        lines[first - 1 : function.end_lineno] = [
            f"{indent}{BEGIN}",
            *lines[first - 1 : function.end_lineno],
            f"{indent}{END}",
        ]
    return "\n".join(lines)


def _outermost_functions(tree: ast.AST) -> list[ast.FunctionDef]:
    found: list[ast.FunctionDef] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            found.append(node)
        elif isinstance(node, ast.ClassDef):
            found.extend(_outermost_functions(node))
    return found


def _with_comments_above(lines: list[str], number: int) -> int:
    while lines[number - 2].lstrip().startswith("#"):
        number -= 1
    return number
