"""From the worked solution to what students find in its place."""

import re

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config

STUB = {
    "es": "# ESCRIBE AQUÍ TU CÓDIGO (YOUR CODE HERE)\nraise NotImplementedError()",
    "en": "# YOUR CODE HERE\nraise NotImplementedError()",
}

_FORM = re.compile(r"### BEGIN SOLUTION\n(.*)\n### END SOLUTION", re.DOTALL)
_ANSWER = re.compile(r'(?<=: )"[^"]*"')


class Unsolve(ClearSolutions):
    """nbgrader's `ClearSolutions`, and answers to a quiz turned back into the form to fill in.

    A cell that is all solution holds such answers: its texts are emptied, and nothing is raised, because outside a
    function that would stop “Run All Cells”.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: dict, cell_index: int) -> tuple[NotebookNode, dict]:
        form = _FORM.fullmatch(cell.source)
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if form:
            comment = self.code_stub["python"].splitlines()[0]
            cell.source = comment + "\n" + _ANSWER.sub('""', form[1])
        return cell, resources


def unsolving(c: Config, edition: str) -> None:
    """Have nbgrader's `generate_assignment` use all this."""
    c.ClearSolutions.code_stub = {"python": STUB[edition]}
    steps = GenerateAssignment.preprocessors.default()
    c.GenerateAssignment.preprocessors = [Unsolve if step is ClearSolutions else step for step in steps]
