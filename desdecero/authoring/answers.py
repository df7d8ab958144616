"""Appendix C: every exercise with its statement, its worked solution and the mistakes its check knows.

All of it comes from elsewhere: statements from the chapters, solutions from the package, mistakes from the
catalogue. What each mistake is told is found by trying it.
"""

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from desdecero.authoring import catalogue
from desdecero.authoring.chapters import Chapter, ChapterError, chapters
from desdecero.authoring.solutions import worked_solution
from desdecero.checks import ORDER, exercises, run_check
from desdecero.edition import EDITIONS
from desdecero.files import whole
from desdecero.grading.unsolve import WORKED
from desdecero.mistakes import FILE, mistakes

APPENDIX = "appC"

_TO_EXERCISE = {"es": "Volver al ejercicio", "en": "Back to the exercise"}
_TO_ANSWER = {"es": "Errores habituales y solución", "en": "Usual mistakes and solution"}
_MISTAKES = {
    "es": "<b>Errores habituales</b>: {count}, y lo que dice la comprobación de cada uno",
    "en": "<b>Usual mistakes</b>: {count}, and what the check says of each",
}
_SOLUTION = {"es": "**Solución**", "en": "**Solution**"}


def answers(assignment: str, edition: str) -> list[NotebookNode]:
    """The cells of appendix C on the exercises of one chapter."""
    cells = []
    for name in ORDER[assignment]:
        exercise_id = f"{assignment}/{name}"
        solution = f"{_SOLUTION[edition]}\n\n```python\n{worked_solution(exercise_id)}\n```"
        cells += [
            new_markdown_cell(f"{_statement(exercise_id, edition)}\n\n{_link(exercise_id, edition)}"),
            new_markdown_cell(solution, metadata={"tags": [WORKED]}),
            new_markdown_cell(_mistakes(exercise_id, edition)),
        ]
    return cells


def link_to_answer(exercise_id: str, edition: str) -> str:
    """From a chapter's exercise to its place in appendix C."""
    (appendix,) = (chapter for chapter in chapters() if chapter.assignment == APPENDIX)
    return f"[{_TO_ANSWER[edition]}]({_address(appendix, exercise_id, edition)})"


def _link(exercise_id: str, edition: str) -> str:
    return f"[{_TO_EXERCISE[edition]}]({_address(_chapter(exercise_id), exercise_id, edition)})"


def _address(chapter: Chapter, exercise_id: str, edition: str) -> str:
    """Both places have the same heading, from which JupyterLab makes the part after #."""
    heading = re.match(r"#+ (.*)", _statement(exercise_id, edition))[1]
    return f"../{chapter.assignment}/{chapter.notebook}.ipynb#{quote(heading.replace(' ', '-'))}"


def _chapter(exercise_id: str) -> Chapter:
    (chapter,) = (chapter for chapter in chapters() if chapter.assignment == exercise_id.split("/")[0])
    return chapter


@cache
def _statements() -> dict[tuple[str, str], str]:
    return {
        (f"{chapter.assignment}/{cell.metadata['exercise']}", cell.metadata["lang"]): cell.source
        for chapter in chapters()
        for cell in chapter.cells()
        if "exercise" in cell.metadata
    }


def _statement(exercise_id: str, edition: str) -> str:
    return _statements()[exercise_id, edition]


def _mistakes(exercise_id: str, edition: str) -> str:
    known = [mistake for mistake in mistakes() if mistake.exercise == exercise_id]
    items = [f"- {_plain(mistake.what[edition])}<br>\n  → {_plain(mistake.told[edition])}" for mistake in known]
    summary = _MISTAKES[edition].format(count=len(known))
    return "\n".join([f"<details><summary>{summary}</summary>\n", *items, "\n</details>"])


def _plain(message: str) -> str:
    """A message as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_<$])", r"\\\1", message)


def message(exercise_id: str, fault: str, edition: str) -> str:
    """What the check tells who makes this mistake of the catalogue: the message of the first item that fails.

    Raises:
        ChapterError: if the wrong answer passes.
    """
    answer = catalogue.entry(exercise_id).WRONG[fault].answer(exercise_id)
    report = run_check(exercise_id, catalogue.evaluate(exercise_id, answer), lang=edition)
    if report.passed:
        raise ChapterError(f"{exercise_id}: the wrong answer {fault} passes the check")
    return next(item.message for item in report.items if not item.passed)


def write_mistakes() -> Path:
    """Try every mistake of the catalogue and keep what it is told, in both languages."""
    kept = {
        exercise_id: {
            fault: {
                "what": {edition: getattr(wrong, edition) for edition in EDITIONS},
                "told": {edition: message(exercise_id, fault, edition) for edition in EDITIONS},
            }
            for fault, wrong in catalogue.entry(exercise_id).WRONG.items()
        }
        for exercise_id in exercises()
    }
    with whole(FILE) as part:
        part.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    mistakes.cache_clear()
    return FILE
