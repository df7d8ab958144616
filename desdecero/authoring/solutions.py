"""The worked solutions: the package's own source, brought into notebooks and catalogue."""

import inspect

from desdecero.authoring.chapters import chapters
from desdecero.checks import get_exercise
from desdecero.checks.guard import load


def worked_solution(exercise_id: str) -> str:
    """The text that solves an exercise: the package's, or what its chapter says where the package has none."""
    reference = get_exercise(exercise_id).reference
    return worked_source(reference) if reference else _in_chapter(*exercise_id.split("/"))


def worked_source(reference: str) -> str:
    """The text of `"desdecero.gpt:LayerNorm"`; several names may follow the colon, separated by commas."""
    module, names = reference.split(":")
    return "\n\n".join(inspect.getsource(load(f"{module}:{name}")).rstrip() for name in names.split(","))


def _in_chapter(assignment: str, name: str) -> str:
    (chapter,) = (chapter for chapter in chapters() if chapter.assignment == assignment)
    (text,) = (cell.source for cell in chapter.cells() if cell.metadata.get("solution") == name)
    return text
