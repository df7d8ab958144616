"""From the worked solution to what students find in its place."""

import re

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions
from traitlets import Unicode
from traitlets.config import Config

STUB = {
    "es": "# ESCRIBE AQUÍ TU CÓDIGO (YOUR CODE HERE)\nraise NotImplementedError()",
    "en": "# YOUR CODE HERE\nraise NotImplementedError()",
}

WORKED = "worked-solution"  # tags prose of which students get the sentence below instead
_ELSEWHERE = {
    "es": "**Solución**: en la edición resuelta, `solutions/{edition}/`.",
    "en": "**Solution**: in the edition with solutions, `solutions/{edition}/`.",
}

_FORM = re.compile(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", re.DOTALL)
_ANSWER = re.compile(r'(?<=: )"[^"]*"')


class Unsolve(ClearSolutions):
    """nbgrader's `ClearSolutions`, and answers to a quiz turned back into the form to fill in.

    A cell that is all solution holds such answers: its texts are emptied, and nothing is raised, because outside a
    function that would stop “Run All Cells”.
    """

    elsewhere = Unicode(help="what stands in place of a worked solution told in prose").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: dict, cell_index: int) -> tuple[NotebookNode, dict]:
        if WORKED in cell.metadata.get("tags", []):
            cell.source = self.elsewhere
            return cell, resources
        form = _FORM.fullmatch(cell.source)
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if form:
            comment = self.code_stub["python"].splitlines()[0]
            cell.source = comment + "\n" + _ANSWER.sub('""', form[1])
        return cell, resources


def unsolving(c: Config, edition: str) -> None:
    """Have nbgrader's `generate_assignment` use all this."""
    c.ClearSolutions.code_stub = {"python": STUB[edition]}
    c.Unsolve.elsewhere = _ELSEWHERE[edition].format(edition=edition)
    steps = GenerateAssignment.preprocessors.default()
    c.GenerateAssignment.preprocessors = [Unsolve if step is ClearSolutions else step for step in steps]
