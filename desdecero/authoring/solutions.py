"""The worked solutions: the package's own source, brought into notebooks and catalogue."""

import inspect

from desdecero.checks.guard import load


def worked_source(reference: str) -> str:
    """The text of `"desdecero.gpt:LayerNorm"`; several names may follow the colon, separated by commas."""
    module, names = reference.split(":")
    return "\n\n".join(inspect.getsource(load(f"{module}:{name}")).rstrip() for name in names.split(","))
