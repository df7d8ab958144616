"""Put a submission back into a shape that nbgrader can grade: one odd cell must not stop a class."""

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import NbGraderPreprocessor

_SCHEMA = MetadataValidator.schema_version


class RepairSubmission(NbGraderPreprocessor):
    """Drop outputs, metadata and the marks of second copies; bring back the cells that are missing."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(names["notebook"], names["assignment"])
            originals = [(cell.name, self._original(cell, notebook)) for cell in notebook.source_cells]
        self._mend(nb, dict(originals))
        self._bring_back(nb, originals)
        return nb, resources

    def _original(self, source, notebook) -> NotebookNode:
        """The cell as the gradebook knows it."""
        points = {grade.name: grade.max_score for grade in notebook.grade_cells}
        solution = source.name in {cell.name for cell in notebook.solution_cells}
        metadata = {
            "grade_id": source.name,
            "grade": source.name in points,
            "solution": solution,
            "locked": source.locked,
            "task": False,
            "schema_version": _SCHEMA,
            "cell_type": source.cell_type,
            "checksum": source.checksum,
        }
        if source.name in points:
            metadata["points"] = points[source.name]
        cell = NotebookNode(cell_type=source.cell_type, source=source.source, metadata=NotebookNode())
        cell.id = source.name.replace("_", "-")
        cell.metadata.nbgrader = NotebookNode(metadata)
        if source.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        return cell

    def _mend(self, nb: NotebookNode, originals: dict[str, NotebookNode]) -> None:
        """Cells whose mark is unknown become ordinary; of two copies, only the last stays marked.

        Nothing but the mark is kept of a cell's metadata: a tag could keep it from being run or hide that it failed,
        and nbgrader stops at what the notebook format does not allow.
        """
        nb.metadata = NotebookNode()  # the next step but one puts the course's kernel back
        seen: set[str] = set()
        for cell in reversed(nb.cells):
            mark = cell.metadata.get("nbgrader") if isinstance(cell.metadata, dict) else None
            cell.metadata = NotebookNode()
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            name = mark.get("grade_id") if isinstance(mark, dict) else None
            if not isinstance(name, str) or name not in originals:
                continue
            if name in seen:
                self.log.warning("cell %s is there more than once; the last one counts", name)
                continue
            seen.add(name)
            cell.metadata["nbgrader"] = originals[name].metadata.nbgrader.copy()

    def _bring_back(self, nb: NotebookNode, originals: list[tuple[str, NotebookNode]]) -> None:
        """Insert each missing cell after the one that precedes it in the course."""
        place = -1
        for name, original in originals:
            found = [i for i, cell in enumerate(nb.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name]
            if found:
                place = max(place, found[0])
                continue
            self.log.warning("cell %s is missing; it was brought back", name)
            place += 1
            nb.cells.insert(place, original)
