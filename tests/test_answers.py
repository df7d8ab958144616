"""Appendix C: every exercise is there, solved for instructors only, and one can go there and back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from desdecero import use_edition
from desdecero.authoring import answers, build, catalogue
from desdecero.authoring.chapters import chapters
from desdecero.authoring.solutions import worked_solution
from desdecero.checks import exercises, get_exercise
from desdecero.edition import EDITIONS
from desdecero.mistakes import Mistake, find, mistakes
from desdecero.plots.mistakes import MOST
from desdecero.widgets.mistakes import play_mistakes

(APPENDIX,) = (chapter for chapter in chapters() if chapter.assignment == answers.APPENDIX)
LINK = re.compile(r"\]\(\.\./(\w+)/(\w+)\.ipynb#([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_edition("en")
    yield
    use_edition("es")


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in build.read(path).cells if cell.cell_type == "markdown")


def code(text: str) -> list[str]:
    """The statements of functions, as Python sees them: what solves an exercise."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [ast.unparse(node) for function in functions for node in function.body if not _is_docstring(node)]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("edition", EDITIONS)
def test_instructors_get_every_worked_solution_and_students_none(edition: str) -> None:
    solved = prose(APPENDIX.output(build.SOLUTIONS / edition))
    unsolved = prose(APPENDIX.output(build.COURSE / edition))
    for exercise_id in exercises():
        assert worked_solution(exercise_id) in solved
    blocks = re.findall(r"```python\n(.*?)```", unsolved, re.DOTALL)
    kept = {line.strip() for block in blocks for line in block.splitlines()}
    for exercise_id in exercises():
        if get_exercise(exercise_id).reference:
            long = [text for text in code(worked_solution(exercise_id)) if len(text) > 25]
            assert not [text for text in long if text in kept], exercise_id
        else:
            assert worked_solution(exercise_id) not in unsolved


@pytest.mark.parametrize("edition", EDITIONS)
def test_everyone_gets_the_statements_and_the_mistakes(edition: str) -> None:
    for folder in (build.SOLUTIONS, build.COURSE):
        text = prose(APPENDIX.output(folder / edition))
        for chapter in chapters():
            for cell in chapter.cells():
                if "exercise" in cell.metadata and cell.metadata["lang"] == edition:
                    assert cell.source in text
        assert text.count("<br>\n  → ") == len(mistakes())


@pytest.mark.parametrize("edition", EDITIONS)
def test_links_go_there_and_back(edition: str) -> None:
    headings = {
        (chapter.assignment, chapter.notebook): HEADING.findall(prose(chapter.output(build.COURSE / edition)))
        for chapter in chapters()
    }
    there, back = [], []
    for chapter in chapters():
        for assignment, notebook, place in LINK.findall(prose(chapter.output(build.COURSE / edition))):
            # JupyterLab goes to the first heading that reads so, with hyphens for blanks.
            names = [heading.replace(" ", "-") for heading in headings[assignment, notebook]]
            assert names.count(unquote(place)) == 1, place
            (back if chapter == APPENDIX else there).append(unquote(place))
    assert len(there) == len(exercises())
    assert sorted(back) == sorted(there)


def test_the_mistakes_are_those_of_the_catalogue() -> None:
    known = [(i, fault, wrong.es, wrong.en) for i in exercises() for fault, wrong in catalogue.entry(i).WRONG.items()]
    kept = [(mistake.exercise, mistake.fault, mistake.what["es"], mistake.what["en"]) for mistake in mistakes()]
    assert kept == known, "the catalogue has changed: run `make build ARGS=appC`"


def test_a_new_mistake_makes_the_appendix_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    committed = build.read(APPENDIX.output(build.SOLUTIONS / "en"))
    assert build.same_inputs(build.notebook_inputs(APPENDIX, "en"), committed)
    more = Mistake("ch04/gelu", "new", {"es": "Otro.", "en": "Another."}, {"es": "¡No!", "en": "No!"})
    monkeypatch.setattr(answers, "mistakes", lambda: (*mistakes(), more))
    assert not build.same_inputs(build.notebook_inputs(APPENDIX, "en"), committed)


def test_messages_are_shown_as_they_are() -> None:
    assert answers._plain("a*b_c `x` <|unk|> $5") == r"a\*b\_c \`x\` \<|unk|> \$5"


def test_prose_alone_keeps_the_outputs_and_code_does_not() -> None:
    old = build.read(APPENDIX.output(build.SOLUTIONS / "en"))
    inputs = build.without_outputs(old)
    inputs.cells[0].source += " More."
    kept = build.with_outputs_of(old, inputs)
    assert kept.cells[0].source.endswith(" More.")
    assert [c.get("outputs") for c in kept.cells] == [c.get("outputs") for c in old.cells]
    changed = nbformat.from_dict(inputs)
    next(cell for cell in changed.cells if cell.cell_type == "code").source += "  # more"
    assert build.with_outputs_of(old, changed) is None


def test_find_wants_every_word() -> None:
    found = find(words="Dropout weights")
    assert found and all("dropout" in m.what["en"].lower() + m.told["en"].lower() for m in found)
    assert {mistake.chapter for mistake in find("ch04", "mask")} == {"ch04"}
    assert find(words="hippopotamus") == []
    assert [mistake for mistake in find(words="máscara", edition="es")]


def test_the_search_follows_its_controls() -> None:
    play = play_mistakes(words="dropout")
    assert str(len(find(words="dropout"))) in play.first.text
    play.controls["words"].value = "hippopotamus"
    assert "Nothing with those words" in play.view.value
    play.controls["words"].value = ""
    assert f"The first {MOST} are shown" in play.view.value
    play.controls["chapter"].value = "ch07"
    assert "ch07/" in play.view.value and "ch04/" not in play.view.value
