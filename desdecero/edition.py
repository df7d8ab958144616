"""Which language the course speaks: Spanish (`"es"`) or English (`"en"`).

A notebook says so once, in its first cell; plots, widgets and checks ask here.
"""

import locale
import os

from desdecero.errors import BadArgument

EDITIONS = ("es", "en")

_current: str | None = None


def use_edition(edition: str) -> str:
    """Speak `edition` from now on, and return it.

    Raises:
        BadArgument: if `edition` is not one of `EDITIONS`.
    """
    global _current
    _current = existing_edition(edition)
    return edition


def existing_edition(edition: str) -> str:
    """`edition` itself.

    Raises:
        BadArgument: if it is not one of `EDITIONS`.
    """
    if edition not in EDITIONS:
        raise BadArgument(
            say(
                f"La edición {edition!r} no existe: usa 'es' (español) o 'en' (inglés).",
                f"Edition {edition!r} does not exist: use 'es' (Spanish) or 'en' (English).",
            )
        )
    return edition


def current_edition() -> str:
    """The edition in use: the notebook's, else the variable EDITION, else the system's language."""
    if _current is not None:
        return _current
    wanted = os.environ.get("EDITION", "")
    if wanted in EDITIONS:
        return wanted
    language = locale.getlocale()[0] or ""
    return "es" if language.lower().startswith(("es", "spanish")) else "en"


def say(es: str, en: str) -> str:
    """The one of two texts that belongs to the edition in use."""
    return es if current_edition() == "es" else en
