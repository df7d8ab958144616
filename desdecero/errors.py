"""Errors for people: in a notebook they show their sentence and no traceback."""


class CourseError(Exception):
    """What went wrong and what to do, in one sentence of the edition's language."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return str(self).splitlines()


class BadArgument(CourseError, ValueError):
    """A value that a function of the course can't work with."""
