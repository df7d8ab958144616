"""Run a submission so that a cell which kills Python or never ends costs its own exercise and nothing else."""

import os
import tempfile
import time
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade
from traitlets import Integer

from desdecero.edition import say

# What the kernel says of itself on every start helps nobody.
_QUIET = ["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"]


def notebook_client(nb: NotebookNode, folder: Path | str, seconds: int, **options: object) -> NotebookClient:
    """What runs a notebook in `folder`, `seconds` at most per cell; it keeps no state of its widgets."""
    return NotebookClient(
        nb,
        timeout=seconds,
        kernel_name="python3",
        extra_arguments=_QUIET,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        **options,
    )


CHECK = "from desdecero.checks import check"
_SHORT = 1_000  # characters of a result or an error that are kept, however much else the cell says


class FairExecute(NbGraderPreprocessor):
    """Takes the place of nbgrader's `Execute`.

    A cell that ends the kernel or outlasts its time is set aside, together with the solution it tests, and the
    notebook is run again without them. A cell with one of the course's checks earns only the number that its
    last line gives: one that gives none, for whatever reason, has failed.
    """

    cell_seconds = Integer(60, help="longest a cell may take").tag(config=True)
    notebook_seconds = Integer(600, help="longest a notebook may take, repetitions included").tag(config=True)
    output_limit = Integer(100_000, help="characters of output kept per cell").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        folder = resources.get("metadata", {}).get("path") or "."
        deadline = time.monotonic() + self.notebook_seconds
        aside: dict[int, str] = {}
        done: set[int] = set()  # cells that have come to their end, in this run or in one before
        while (stopped := self._run(nb, folder, aside, done, deadline)) is not None:
            index, reason = stopped
            for culprit in {index, self._solution_of(nb, index)}:
                self.log.warning("cell %d set aside: %s", culprit, reason)
                aside[culprit] = reason
        for cell in nb.cells:
            if cell.cell_type == "code":
                self._limit(cell)
                if is_grade(cell) and CHECK in cell.source and not _gives_points(cell):
                    message = say("La comprobación no dio puntos.", "The check gave no points.")
                    cell.outputs.insert(0, _error("NoPoints", message))  # first, where nbgrader looks first
        return nb, resources

    def _run(
        self, nb: NotebookNode, folder: str, aside: dict[int, str], done: set[int], deadline: float
    ) -> tuple[int, str] | None:
        """Run all cells but those set aside; returns the one that has to be set aside next, and why.

        Past the deadline no cell is run: what one gave in a run before stands, but not for an answer set aside since.
        """
        # A profile of its own: nothing that a submission leaves there meets the next one.
        with tempfile.TemporaryDirectory() as profile:
            client = notebook_client(
                nb,
                folder,
                self.cell_seconds,
                interrupt_on_timeout=False,
                allow_errors=True,
                skip_cells_with_tag="__none__",
                shutdown_kernel="immediate",
            )
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "IPYTHONDIR": str(Path(profile))}
            with client.setup_kernel(env=environment):
                for index, cell in enumerate(nb.cells):
                    if cell.cell_type != "code":
                        continue
                    if index in aside:
                        cell.outputs = [_error("SetAside", aside[index])]
                        continue
                    if time.monotonic() > deadline:
                        if index not in done or self._solution_of(nb, index) in aside:
                            message = say("Al cuaderno se le acabó el tiempo.", "The notebook ran out of time.")
                            cell.outputs = [_error("OutOfTime", message)]
                        continue
                    cell.outputs = []
                    try:
                        client.execute_cell(cell, index)
                        done.add(index)
                    except DeadKernelError:
                        return index, say(
                            "Esta celda cierra Python (os._exit, o se queda sin memoria): se ha dejado aparte.",
                            "This cell ends Python (os._exit, or out of memory): it was set aside.",
                        )
                    except (CellTimeoutError, TimeoutError):
                        return index, say(
                            f"Esta celda no acaba en {self.cell_seconds} segundos: se ha dejado aparte.",
                            f"This cell does not end within {self.cell_seconds} seconds: it was set aside.",
                        )
        return None

    def _solution_of(self, nb: NotebookNode, index: int) -> int:
        """The cell that a graded cell tests, else the cell itself."""
        name = nb.cells[index].metadata.get("nbgrader", {}).get("grade_id", "")
        wanted = name.removeprefix("test_").removesuffix("_hidden")
        for i, cell in enumerate(nb.cells):
            if cell.metadata.get("nbgrader", {}).get("grade_id") == wanted:
                return i
        return index

    def _limit(self, cell: NotebookNode) -> None:
        """Cut the output of a cell to a readable size; nbgrader limits only its lines.

        A short result always stays: the points may stand there.
        """
        left = self.output_limit

        def cut(text: str, least: int = 0) -> str:
            nonlocal left
            room = max(left, least)
            left = max(0, left - len(text))
            return text if len(text) <= room else text[:room] + say("\n… (salida recortada)\n", "\n… (output cut)\n")

        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = cut(output.text)
            elif output.output_type == "error":
                output.traceback = [cut(line, _SHORT) for line in output.traceback]
                output.ename, output.evalue = cut(output.ename, _SHORT), cut(output.evalue, _SHORT)
            elif "data" in output:
                least = _SHORT if output.output_type == "execute_result" else 0
                for kind, value in list(output.data.items()):
                    room = max(left, least) if kind == "text/plain" else max(left, 2_000_000)
                    if isinstance(value, str) and len(value) > room:
                        del output.data[kind]
        cell.outputs = [o for o in cell.outputs if "data" not in o or o.data]


def _gives_points(cell: NotebookNode) -> bool:
    if any(output.output_type == "error" for output in cell.outputs):
        return True  # already failed, with a better message
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    try:
        points = float(results[0].data["text/plain"])
    except (IndexError, KeyError, ValueError):
        return False
    return 0 <= points <= cell.metadata.nbgrader.points


def _error(name: str, message: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=message, traceback=[message])
