"""Appendix C: known mistakes as a list, under their exercises."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from desdecero.edition import current_edition, say
from desdecero.mistakes import Mistake
from desdecero.plots import Picture, framed

MOST = 40  # as many as one looks through


def found_mistakes(found: Sequence[Mistake], total: int) -> Picture:
    """The first of `found`, each with what the check says of it; the caption tells how many of `total` fit."""
    edition = current_edition()
    parts = []
    for exercise, group in groupby(found[:MOST], key=lambda mistake: mistake.exercise):
        items = "".join(
            f'<li style="margin:.4em 0">{escape(mistake.what[edition])}<br>→ {escape(mistake.told[edition])}</li>'
            for mistake in group
        )
        parts.append(f"<b><code>{exercise}</code></b><ul>{items}</ul>")
    nothing = say("Nada con esas palabras: quita alguna.", "Nothing with those words: take one out.")
    caption = say(f"{len(found)} de {total} errores.", f"{len(found)} of {total} mistakes.")
    if len(found) > MOST:
        caption += say(f" Se ven los {MOST} primeros.", f" The first {MOST} are shown.")
    content = f'<div style="max-height:28em;overflow:auto">{"".join(parts) or nothing}</div>'
    return framed(content, caption, caption)
