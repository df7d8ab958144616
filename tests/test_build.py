"""What is committed is what `make build` would make of the chapters."""

import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from desdecero.authoring import __main__ as command
from desdecero.authoring import answers, build, catalogue
from desdecero.authoring.chapters import Chapter, ChapterError, chapters, in_language
from desdecero.authoring.twins import differences
from desdecero.edition import EDITIONS

EVERY = [(chapter, edition) for chapter in chapters() for edition in EDITIONS]
NAMES = [f"{chapter.assignment}-{edition}" for chapter, edition in EVERY]

SOURCE = '''\
# %% [markdown] lang="es"
r"""
# Uno
Mira $x^2$ y `x`.
"""

# %% [markdown] lang="en"
r"""
# One
Look at $x^2$ and `x`.
"""

# %%
# es: una suma
# en: a sum
1 + 1

# %% [markdown] lang="es" exercise="gelu"
r"""
## Ejercicio
"""

# %% [markdown] lang="en" exercise="gelu"
r"""
## Exercise
"""

# %% solution="gelu"

# %% tests="gelu"
'''


@pytest.fixture
def little(tmp_path: Path) -> Chapter:
    path = tmp_path / "ch04_little.py"
    path.write_text(SOURCE, encoding="utf-8")
    return Chapter(path)


@pytest.mark.parametrize(("chapter", "edition"), EVERY, ids=NAMES)
def test_solutions_are_up_to_date(chapter: Chapter, edition: str) -> None:
    committed = build.read(chapter.output(build.SOLUTIONS / edition))
    stale = f"chapters/{chapter.path.name} has changed since solutions/{edition} was built: run `make build`"
    assert committed is not None, stale
    assert build.same_inputs(build.notebook_inputs(chapter, edition), committed), stale


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_course_is_up_to_date(edition: str, tmp_path: Path) -> None:
    assignments = [chapter.assignment for chapter in chapters()]
    build.release(build.SOLUTIONS / edition, tmp_path, edition, assignments)
    for chapter in chapters():
        fresh, committed = build.read(chapter.output(tmp_path)), build.read(chapter.output(build.COURSE / edition))
        stale = (
            f"course/{edition}/{chapter.assignment} is not what chapters/{chapter.path.name} gives: run `make build`"
        )
        assert committed is not None, stale
        assert fresh == committed, stale


def test_every_generated_notebook_has_a_chapter() -> None:
    expected = {
        chapter.output(folder / edition)
        for chapter in chapters()
        for edition in EDITIONS
        for folder in (build.SOLUTIONS, build.COURSE)
    }
    found = {path for folder in (build.SOLUTIONS, build.COURSE) for path in folder.rglob("*.ipynb")}
    assert {path for path in found if ".ipynb_checkpoints" not in path.parts} == expected


@pytest.mark.parametrize(("chapter", "edition"), EVERY, ids=NAMES)
def test_solutions_were_run_and_without_errors(chapter: Chapter, edition: str) -> None:
    for cell in build.read(chapter.output(build.SOLUTIONS / edition)).cells:
        if cell.cell_type == "code":
            assert cell.execution_count is not None, cell.source
            kinds = {(output.output_type, output.get("name")) for output in cell.outputs}
            assert not kinds & {("error", None), ("stream", "stderr")}, cell.source


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.assignment)
def test_twins_agree(chapter: Chapter) -> None:
    assert differences(chapter) == []


def test_building_twice_gives_the_same_bytes(little: Chapter) -> None:
    for edition in EDITIONS:
        once, again = (nbformat.writes(build.notebook_inputs(little, edition)) for _ in range(2))
        assert once == again


def test_each_edition_has_its_own_language_and_the_same_code(little: Chapter) -> None:
    es, en = (build.notebook_inputs(little, edition).cells for edition in EDITIONS)
    assert [cell.cell_type for cell in es] == [cell.cell_type for cell in en]
    assert "Mira" in es[0].source and "Look" in en[0].source
    assert es[1].source == 'EDITION = "es"' and en[1].source == 'EDITION = "en"'
    assert es[2].source == "# una suma\n1 + 1"
    assert en[2].source == "# a sum\n1 + 1"


def test_an_exercise_becomes_nbgrader_cells(little: Chapter) -> None:
    cells = build.notebook_inputs(little, "en").cells
    marks = {cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata}
    assert list(marks) == ["gelu", "test_gelu", "test_gelu_hidden"]
    assert marks["gelu"].metadata.nbgrader.solution and not marks["gelu"].metadata.nbgrader.grade
    assert "### BEGIN SOLUTION" in marks["gelu"].source
    points = marks["test_gelu"].metadata.nbgrader.points
    assert points == marks["test_gelu_hidden"].metadata.nbgrader.points > 0
    assert f"**Points:** {points:g}" in cells[3].source
    assert cells[-1].source == 'GELU = use("ch04/gelu")'


def test_students_get_stubs_and_no_hidden_tests(little: Chapter, tmp_path: Path) -> None:
    source = tmp_path / "solutions"
    build.write(build.notebook_inputs(little, "en"), little.output(source))
    build.release(source, tmp_path / "course", "en", ["ch04"])
    cells = {cell.id: cell.source for cell in build.read(little.output(tmp_path / "course")).cells}
    assert "# YOUR CODE HERE" in cells["gelu"] and "tanh(" not in cells["gelu"]
    assert "class GELU" in cells["gelu"] and '"""' in cells["gelu"]
    assert "check(" in cells["test-gelu"] and "check(" not in cells["test-gelu-hidden"]


def test_editing_a_cell_changes_that_cell_alone(little: Chapter) -> None:
    before = {edition: build.notebook_inputs(little, edition) for edition in EDITIONS}
    little.path.write_text(SOURCE.replace("Mira", "Fíjate en"), encoding="utf-8")
    after = {edition: build.notebook_inputs(little, edition) for edition in EDITIONS}
    assert before["en"] == after["en"]
    changed = [i for i, (a, b) in enumerate(zip(before["es"].cells, after["es"].cells)) if a != b]
    assert changed == [0]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# One", "## One", "heading levels differ"),
        ("Look at $x^2$", "Look at $x^3$", "formulas differ"),
        ("and `x`.", "and `y`.", "code spans differ"),
        ("and `x`.", "and `x`. [a](b)", "links differ"),
        ("and `x`.", "and `x`. ![a](b)", "images differ"),
        ('lang="en"\nr"""\n# One', 'lang="es"\nr"""\n# One', "no English twin"),
        ('lang="en" exercise="gelu"', 'lang="en"', "marks differ"),
    ],
)
def test_unequal_twins_are_noticed(little: Chapter, old: str, new: str, complaint: str) -> None:
    assert differences(little) == []
    little.path.write_text(SOURCE.replace(old, new), encoding="utf-8")
    assert any(complaint in difference for difference in differences(little))


def test_prose_without_a_language_is_refused(little: Chapter) -> None:
    little.path.write_text(SOURCE.replace(' lang="es"', "", 1), encoding="utf-8")
    with pytest.raises(ChapterError, match=r"ch04_little\.py, cell 0"):
        in_language(little, "es")


def test_a_chapter_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["desdecero.authoring", "build", "ch99"])
    monkeypatch.setattr(build, "release", lambda *args: None)
    assert command.main() == 1
    assert "ch99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "complaint"), [("1 / 0", "ZeroDivisionError"), ("import os; os._exit(1)", "Kernel died")]
)
def test_a_cell_that_stops_is_named(source: str, complaint: str, tmp_path: Path) -> None:
    folder = tmp_path / "es" / "ch04"
    folder.mkdir(parents=True)
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell(source)])
    with pytest.raises(ChapterError, match=rf"(?s)^ch04/es, cell 1: .*{complaint}"):
        build.execute(notebook, folder)


def test_a_mistake_that_passes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = catalogue.entry("ch04/gelu")
    right = catalogue.Wrong("Nada.", "Nothing.", source=entry.RIGHT[next(iter(entry.RIGHT))])
    monkeypatch.setitem(entry.WRONG, next(iter(entry.WRONG)), right)
    monkeypatch.setattr(answers, "exercises", lambda: ["ch04/gelu"])
    with pytest.raises(ChapterError, match=f"ch04/gelu.* {next(iter(entry.WRONG))} "):
        answers.write_mistakes()


def test_what_cannot_be_written_to_its_end_leaves_the_old(
    little: Chapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, course = tmp_path / "solutions", tmp_path / "course"
    build.write(build.notebook_inputs(little, "en"), little.output(source))
    old = {path: "old" for path in (tmp_path / "mistakes.json", little.output(course), little.output(source))}
    for path in list(old)[:2]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old", encoding="utf-8")
    old[little.output(source)] = little.output(source).read_text(encoding="utf-8")
    monkeypatch.setattr(answers, "FILE", tmp_path / "mistakes.json")
    monkeypatch.setattr(answers, "exercises", lambda: [])

    def full(*args: object, **options: object) -> None:
        target = next(arg for arg in reversed(args) if isinstance(arg, Path))
        target.write_bytes(b"half")
        raise OSError("no space left")

    for action in (
        lambda: answers.write_mistakes(),
        lambda: build.release(source, course, "en", ["ch04"]),
        lambda: build.write(new_notebook(), little.output(source)),
    ):
        with monkeypatch.context() as disk, pytest.raises(OSError):
            disk.setattr(Path, "write_text", full)
            disk.setattr(shutil, "copyfile", full)
            action()
    assert {path: path.read_text(encoding="utf-8") for path in old} == old
    assert not list(tmp_path.rglob("*.part"))
