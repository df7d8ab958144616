"""Chapter 5, what models write: samples beside each other, and a passage beside the one it repeats."""

from collections.abc import Mapping, Sequence
from html import escape

from desdecero.edition import say
from desdecero.plots import BLUE, GRID, INK, MUTED, Picture, framed

_CARD = f"flex:1 1 12em;background:#ffffff;color:{INK};border:1px solid {GRID};border-radius:6px;padding:8px 10px"


def samples(texts: Mapping[str, str], caption: str, prompt: str = "") -> Picture:
    """Texts beside each other, one card each; a common beginning, `prompt`, is set in bold."""
    cards = []
    for title, text in texts.items():
        bold, rest = (prompt, text[len(prompt) :]) if prompt and text.startswith(prompt) else ("", text)
        cards.append(
            f'<div style="{_CARD}"><div style="color:{MUTED};font-size:.85em">{escape(title)}</div>'
            f'<div style="white-space:pre-wrap"><b>{escape(bold)}</b>{escape(rest)}</div></div>'
        )
    return framed(
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(cards)}</div>',
        caption,
        " · ".join(f"{title}: {text}" for title, text in texts.items()),
    )


def side_by_side(prompt: str, written: Sequence[str], original: Sequence[str]) -> Picture:
    """What a model wrote and how the text goes on, token by token; equal tokens are underlined."""
    titles = (say("escribe el modelo", "the model writes"), say("sigue el cuento", "the story goes on"))
    cards = []
    for title, own, other in zip(titles, (written, original), (original, written)):
        spans = []
        for i, token in enumerate(own):
            same = i < len(other) and other[i] == token
            style = f"background:#cfe5f3;border-bottom:2px solid {BLUE}" if same else "background:#fbe6bd"
            spans.append(f'<span style="{style}">{escape(token)}</span>')
        cards.append(
            f'<div style="{_CARD}"><div style="color:{MUTED};font-size:.85em">{title}</div>'
            f'<div style="white-space:pre-wrap"><b>{escape(prompt.lstrip())}</b>{"".join(spans)}</div></div>'
        )
    equal = sum(a == b for a, b in zip(written, original))
    return framed(
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(cards)}</div>',
        say(f"En negrita, el prompt. Azul y subrayado: tokens iguales a los del cuento ({equal} de {len(original)}). "
            "Ámbar: distintos.",
            f"The prompt is in bold. Blue and underlined: the same token as in the story ({equal} of {len(original)}). "
            "Amber: a different one."),
        prompt + "".join(written),
    )  # fmt: skip
