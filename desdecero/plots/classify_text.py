"""Chapter 6, messages to read: with what a classifier makes of them, and which words it minds."""

from collections.abc import Sequence
from html import escape

from desdecero.edition import say
from desdecero.plots import BLUE, GRID, INK, MUTED, ORANGE, Picture, framed
from desdecero.plots.classify import CLASSES

CARD = f"background:#ffffff;color:{INK};border:1px solid {GRID};border-radius:6px;padding:5px 10px;margin:3px 0"


def gauge(chance: float, width: int = 90) -> str:
    """A bar that fills as spam gets likelier."""
    return (
        f'<span style="display:inline-block;width:{width}px;height:9px;background:{GRID};border-radius:4px;'
        f'margin-right:8px"><span style="display:block;width:{100 * chance:.0f}%;height:9px;background:{ORANGE};'
        f'border-radius:4px"></span></span>'
    )


def badge(label: str) -> str:
    style = f"border:1.5px solid {CLASSES.get(label, MUTED)};border-radius:4px;padding:0 5px;font-size:.85em"
    return f'<span style="{style};margin-right:6px;background:#ffffff;color:{INK}">{escape(label)}</span>'


def cards(texts: Sequence[str], truth: Sequence[str], chances: Sequence[float], caption: str) -> Picture:
    """Messages, what each really is, and how likely a classifier finds it that it is spam."""
    rows = (
        f'<div style="{CARD}">{badge(label)}{gauge(chance)}<small>{chance:.0%}</small>&nbsp; {escape(text)}</div>'
        for text, label, chance in zip(texts, truth, chances)
    )
    alt = "; ".join(f"{label} ({chance:.0%}): {text}" for text, label, chance in zip(texts, truth, chances))
    return framed(f'<div style="max-width:56em">{"".join(rows)}</div>', caption, alt)


def plain_cards(texts: Sequence[str], truth: Sequence[str] | None, caption: str) -> Picture:
    """Messages to read, with their labels or, before the answer is told, without."""
    labels = truth or ["?"] * len(texts)
    rows = (f'<div style="{CARD}">{badge(label)} {escape(text)}</div>' for text, label in zip(texts, labels))
    alt = "; ".join(f"{label}: {text}" for text, label in zip(texts, labels))
    return framed(f'<div style="max-width:56em">{"".join(rows)}</div>', caption, alt)


def minded_words(words: Sequence[str], effects: Sequence[float], label: str, chance: float) -> Picture:
    """A message and its verdict; each word stands on the colour of what it adds to the probability of spam."""
    strongest = max((abs(effect) for effect in effects), default=0.0) or 1.0
    spans = []
    for word, effect in zip(words, effects):
        colour = ORANGE if effect > 0 else BLUE
        share = round(200 * abs(effect) / max(strongest, 0.05))  # a hexadecimal transparency, below 256
        line = f"border-bottom:2px {'solid' if effect > 0 else 'dotted'} {colour}"
        style = f"background:{colour}{share // 2:02x};{line};color:{INK};padding:1px 3px;margin:1px;border-radius:3px"
        spans.append(f'<span style="{style};display:inline-block" title="{effect:+.2f}">{escape(word)}</span>')
    verdict = f'<div style="margin-bottom:5px">{badge(label)}{gauge(chance, 160)}<small>{chance:.0%}</small></div>'
    return framed(
        f'<div style="{CARD};max-width:56em">{verdict}<div style="line-height:1.9">{" ".join(spans)}</div></div>',
        say("La barra es la probabilidad de spam. Naranja con raya continua: si quitas esa palabra, baja; azul con "
            "puntos: si la quitas, sube.",
            "The bar is the probability of spam. Orange with a solid line: take that word out and it falls; blue with "
            "dots: take it out and it rises."),
        f"{label} ({chance:.0%}): " + " ".join(f"{word} ({effect:+.2f})" for word, effect in zip(words, effects)),
    )  # fmt: skip
