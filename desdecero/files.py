"""Files that are there whole or not at all, however a program ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Gives the name to write to, beside `path`; takes the place of `path` at the end, and leaves nothing on errors.

    `with whole(path) as part: part.write_text(…)`
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
