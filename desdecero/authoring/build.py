"""From `chapters/` to `solutions/` and `course/`.

`notebook_inputs` is a pure function of the chapter and the package; `build` runs what it gives and lets
nbgrader take the solutions out. A notebook whose code has not changed keeps the outputs it has.
"""

import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from desdecero.authoring.answers import APPENDIX, write_mistakes
from desdecero.authoring.chapters import ROOT, Chapter, ChapterError, chapters, in_language
from desdecero.authoring.exercises import expand
from desdecero.edition import EDITIONS
from desdecero.files import whole
from desdecero.grading.execute import notebook_client
from desdecero.grading.unsolve import unsolving

SOLUTIONS, COURSE = ROOT / "solutions", ROOT / "course"
WIDGET = "application/vnd.jupyter.widget-view+json"

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}


def notebook_inputs(chapter: Chapter, edition: str) -> NotebookNode:
    """The notebook with solutions, not yet run: the same bytes for the same chapter and package."""
    cells: list[NotebookNode] = []
    for cell in in_language(chapter, edition):
        cells.extend(expand(cell, chapter.assignment, edition))
    first = next((i for i, cell in enumerate(cells) if cell.cell_type == "code"), len(cells))
    cells.insert(first, new_code_cell(f'EDITION = "{edition}"'))
    taken: set[str] = set()
    for cell in cells:
        cell.id = _stable_id(cell, taken)
    notebook = new_notebook(cells=cells, metadata=_METADATA)
    nbformat.validate(notebook)
    return notebook


def _stable_id(cell: NotebookNode, taken: set[str]) -> str:
    """An id that depends on the cell alone, so that editing one cell touches no other."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "").replace("_", "-")
    name = name or hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
    unique, again = name, 1
    while unique in taken:
        again += 1
        unique = f"{name}-{again}"
    taken.add(unique)
    return unique


def same_inputs(a: NotebookNode, b: NotebookNode) -> bool:
    """Whether two notebooks are alike, outputs aside."""
    return without_outputs(a) == without_outputs(b)


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    bare = nbformat.from_dict(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def with_outputs_of(old: NotebookNode, inputs: NotebookNode) -> NotebookNode | None:
    """`inputs` with the outputs that the same code gave before, or None where the code is not the same."""
    done = nbformat.from_dict(inputs)
    code, run = ([cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (done, old))
    if [cell.source for cell in code] != [cell.source for cell in run]:
        return None
    for cell, before in zip(code, run, strict=True):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    return done


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in `folder`, such as `solutions/es/ch03`.

    Raises:
        ChapterError: when a cell stops with an error, kills Python or does not end; names notebook and cell.
    """
    done = nbformat.from_dict(notebook)
    client = notebook_client(done, folder, seconds=120)
    with client.setup_kernel(env={**os.environ, "OMP_NUM_THREADS": "1"}):
        for index, cell in enumerate(done.cells):
            try:
                client.execute_cell(cell, index)
            except (CellControlSignal, DeadKernelError) as error:
                raise ChapterError(f"{folder.name}/{folder.parent.name}, cell {index}: {error}") from None
    for cell in done.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # the static picture beside it stays
    done.metadata = nbformat.from_dict(_METADATA)
    return done


def release(source: Path, destination: Path, edition: str, assignments: list[str]) -> None:
    """nbgrader's `generate_assignment`: from notebooks with solutions to those that students get."""
    with tempfile.TemporaryDirectory() as course:
        config = Config()
        config.CourseDirectory.root = course
        config.CourseDirectory.source_directory = str(source)
        config.CourseDirectory.release_directory = str(Path(course) / "release")
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        config.GenerateAssignment.force = True
        unsolving(config, edition)
        for assignment in assignments:
            config.CourseDirectory.assignment_id = assignment
            converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
            converter.log.setLevel("WARNING")
            converter.start()
            made = Path(course) / "release" / assignment
            shutil.copytree(made, destination / assignment, copy_function=_copy, dirs_exist_ok=True)


def _copy(source: str, target: str) -> None:
    with whole(Path(target)) as part:
        shutil.copyfile(source, part)


def read(path: Path) -> NotebookNode | None:
    return nbformat.read(path, as_version=4) if path.exists() else None


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")


def build_solution(chapter: Chapter, edition: str, force: bool = False) -> bool:
    """Bring one notebook of `solutions/` up to date; returns whether it had to be run."""
    path = chapter.output(SOLUTIONS / edition)
    inputs, old = notebook_inputs(chapter, edition), read(path)
    if old is not None and same_inputs(inputs, old) and not force:
        return False
    # What appendix C says depends on the catalogue, not on its own code alone.
    kept = None if old is None or force or chapter.assignment == APPENDIX else with_outputs_of(old, inputs)
    if kept:
        write(kept, path)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write(execute(inputs, path.parent), path)
    return True


def build(names: list[str] | None = None, force: bool = False, say=print) -> None:
    """Bring all notebooks, or those of the named assignments, up to date, two at a time.

    Appendix C comes from everything else: where it is built, the mistakes of the catalogue are tried first.

    Raises:
        ChapterError: if there is no chapter of one of these names.
    """
    known = [chapter.assignment for chapter in chapters()]
    if unknown := [name for name in names or () if name not in known]:
        raise ChapterError(f"there is no chapter {', '.join(unknown)}: there are {', '.join(known)}")
    wanted = [chapter for chapter in chapters() if not names or chapter.assignment in names]
    if APPENDIX in (chapter.assignment for chapter in wanted):
        say(f"every known mistake tried: {write_mistakes().name}")
    jobs = [(chapter, edition) for chapter in wanted for edition in EDITIONS]

    def run(job: tuple[Chapter, str]) -> None:
        chapter, edition = job
        ran = build_solution(chapter, edition, force)
        say(f"solutions/{edition}/{chapter.assignment}: {'built and run' if ran else 'unchanged'}")

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run, jobs))
    for edition in EDITIONS:
        release(SOLUTIONS / edition, COURSE / edition, edition, [chapter.assignment for chapter in wanted])
    say("course: released")
