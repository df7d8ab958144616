"""The notebooks that students get, run as they are: unsolved."""

from pathlib import Path

import pytest
from nbgrader.utils import determine_grade, is_grade

from desdecero.authoring import build
from desdecero.authoring.chapters import Chapter, chapters
from desdecero.checks import exercises
from desdecero.edition import EDITIONS
from desdecero.grading.execute import notebook_client

EVERY = [(chapter, edition) for chapter in chapters() for edition in EDITIONS]


@pytest.mark.parametrize(("chapter", "edition"), EVERY, ids=[f"{c.assignment}-{e}" for c, e in EVERY])
def test_run_all_reaches_the_end_and_only_graded_cells_fail(chapter: Chapter, edition: str, tmp_path: Path) -> None:
    notebook = build.read(chapter.output(build.COURSE / edition))
    # Without allow_errors: one error anywhere would stop here, as it would stop “Run All Cells”.
    notebook_client(notebook, tmp_path, seconds=120).execute()
    graded = [cell for cell in notebook.cells if is_grade(cell) and "check(" in cell.source]
    names = {i.split("/")[1] for i in exercises() if i.startswith(chapter.assignment + "/")}
    assert {cell.metadata.nbgrader.grade_id for cell in graded} == {f"test_{name}" for name in names}
    for cell in graded:
        score, maximum = determine_grade(cell)
        assert score == 0 < maximum, cell.source
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", cell.source
