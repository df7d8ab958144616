"""Where the stored reference tensors come from: code that is not this project's.

One module per chapter, one function per exercise; each returns the tensors to store, made by torch's own
functions, a `transformers` model with random weights, or float64 arithmetic written out from the paper.
"""

import importlib
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from desdecero.checks import exercises
from desdecero.checks.exercise import REFERENCES


def oracle(exercise_id: str) -> dict[str, Tensor]:
    """Make the reference tensors of one exercise anew."""
    chapter, name = exercise_id.split("/")
    tensors = getattr(importlib.import_module(f"{__name__}.{chapter}"), name)()
    return {key: tensor.contiguous() for key, tensor in tensors.items()}


def write_references() -> list[Path]:
    """Write every exercise's reference tensors to its file."""
    written = []
    for exercise_id in exercises():
        path = REFERENCES / f"{exercise_id}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(oracle(exercise_id), path)
        written.append(path)
    return written
