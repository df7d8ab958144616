"""The course's nbgrader settings, shared by `nbgrader_config.py`, the graders' command and the demonstration class."""

import os
import sys
from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    DeduplicateIds,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets.config import Config

from desdecero.edition import use_edition
from desdecero.grading.execute import FairExecute
from desdecero.grading.repair import RepairSubmission
from desdecero.grading.unsolve import unsolving

ROOT = Path(__file__).parents[2]


def configure(c: Config, edition: str, root: Path = ROOT) -> Config:
    """Fill `c` for one edition; the class's folders and gradebook stand below `root`."""
    use_edition(edition)
    # nbgrader calls alembic by name, also when the environment is not activated.
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + os.environ.get("PATH", "")

    c.CourseDirectory.root = str(root)
    c.CourseDirectory.course_id = f"desdecero-{edition}"
    c.CourseDirectory.source_directory = str(ROOT / "solutions" / edition)
    # Never `course/`: nbgrader makes what it releases anew, and somebody may have written answers there.
    for step in ("release", "submitted", "autograded", "feedback"):
        setattr(c.CourseDirectory, f"{step}_directory", f"{step}/{edition}")
    # A gradebook per edition: with one for both, Spanish submissions would meet English tests.
    c.CourseDirectory.db_url = f"sqlite:///{root / f'gradebook-{edition}.db'}"

    unsolving(c, edition)
    c.Autograde.sanitize_preprocessors = [
        RepairSubmission,  # before anything that stops the whole run at a strange cell; clears outputs, too
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    c.Autograde.autograde_preprocessors = [
        FairExecute,
        IgnorePattern,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    # A warning on stderr is no reason to lose the points of a test.
    c.IgnorePattern.enabled = True
    c.IgnorePattern.pattern = "(?s).*"
    c.ClearMetadataPreprocessor.preserve_cell_metadata_mask = ["nbgrader"]
    # nbgrader's own executor, where something still uses it: a tag must not make a test pass.
    c.Execute.skip_cells_with_tag = "__none__"
    c.Execute.timeout = FairExecute.cell_seconds.default_value
    return c
