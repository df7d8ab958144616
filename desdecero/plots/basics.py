"""Chapter 1, counting words: what follows what, how likely a sentence is, how far counting goes."""

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from matplotlib.patches import FancyArrowPatch

from desdecero.edition import say
from desdecero.plots import BLUE, GRID, INK, MUTED, ORANGE, VERMILION, Picture, canvas, framed, heatmap, picture

Bigrams = Mapping[str, Mapping[str, float]]


def bigram_table(probabilities: Bigrams) -> Picture:
    """Each row is a word, each column a word that may come next."""
    columns = list(dict.fromkeys(word for nexts in probabilities.values() for word in nexts))
    values = np.array([[nexts.get(word, 0.0) for word in columns] for nexts in probabilities.values()])
    figure, axes = canvas(1.6 + 0.42 * len(columns), 1.5 + 0.28 * len(values))
    heatmap(axes, values, list(probabilities), columns, numbers=False)
    for i, j in zip(*values.nonzero()):
        dark = values[i, j] > 0.6
        axes.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", fontsize=8, color="white" if dark else INK)
    axes.set(ylabel=say("después de…", "after…"), xlabel=say("viene…", "comes…"))
    caption = say(
        "La probabilidad de cada palabra (columna) después de cada palabra (fila); en blanco, los pasos nunca vistos.",
        "The probability of each word (column) after each word (row); blank where the step was never seen.",
    )
    return picture(figure, caption, caption + " " + _in_words(probabilities))


def _in_words(probabilities: Bigrams) -> str:
    rows = (
        f"{word}: " + ", ".join(f"{nxt} {p:.2f}" for nxt, p in nexts.items()) for word, nexts in probabilities.items()
    )
    return "; ".join(rows)


def ranking(scores: Mapping[str, float], columns: int = 3) -> Picture:
    """Sentences from likely to impossible: bars for those the model can make, a list of those it can't."""
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    possible = [(sentence, score) for sentence, score in ranked if score > -math.inf]
    impossible = sorted(sentence for sentence, score in ranked if score == -math.inf)
    rows = -(-len(impossible) // columns)
    figure, (bars, listing) = canvas(
        7.4, 1.4 + 0.3 * len(possible) + 0.15 * rows, rows=2, height_ratios=[1 + 2.0 * len(possible), rows + 1]
    )
    colours = [BLUE] + [ORANGE] * (len(possible) - 1)
    drawn = bars.barh(range(len(possible)), [math.exp(score) for _, score in possible], color=colours)
    bars.bar_label(
        drawn, [f"{math.exp(score):.4f}   (log {score:.2f})" for _, score in possible], padding=4, fontsize=8
    )
    bars.set_yticks(range(len(possible)), [sentence for sentence, _ in possible])
    bars.set(xlabel=say("probabilidad", "probability"), xlim=(0, 1.5 * math.exp(possible[0][1])))
    bars.invert_yaxis()
    for i, sentence in enumerate(impossible):
        x, y = (i // rows) / columns, i % rows
        listing.text(x, y, sentence, fontsize=7, color=MUTED, va="center")
    listing.set(xlim=(0, 1), ylim=(rows, -1))
    listing.axis("off")
    listing.set_title(say(f"probabilidad 0: {len(impossible)}", f"probability 0: {len(impossible)}"), loc="left")
    caption = say(
        f"Las {len(scores)} maneras de ordenar las mismas palabras; en azul, la más probable.",
        f"The {len(scores)} ways to order the same words; the likeliest in blue.",
    )
    return picture(figure, caption, caption + " " + "; ".join(f"{s}: {v:.2f}" for s, v in possible))


def next_words(word: str, nexts: Mapping[str, float], chosen: str | None = None, most: int = 10) -> Picture:
    """What may come after a word; the one that was drawn in another colour."""
    ranked = sorted(nexts.items(), key=lambda item: -item[1])
    shown = ranked[:most]
    if chosen in nexts and chosen not in dict(shown):
        shown[-1] = (chosen, nexts[chosen])
    figure, axes = canvas(6, 0.8 + 0.24 * max(len(shown), 1))
    colours = [VERMILION if nxt == chosen else BLUE for nxt, _ in shown]
    bars = axes.barh(range(len(shown)), [p for _, p in shown], color=colours)
    axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
    axes.set_yticks(range(len(shown)), [f"→ {nxt}" if nxt == chosen else nxt for nxt, _ in shown])
    axes.set(xlabel=say("probabilidad", "probability"), xlim=(0, 1.15 * max((p for _, p in shown), default=1.0)))
    axes.invert_yaxis()
    rest = len(ranked) - len(shown)
    more = say(f" (y {rest} más)", f" (and {rest} more)") if rest else ""
    caption = say(f"Lo que viene después de «{word}»{more}.", f"What comes after “{word}”{more}.")
    return picture(figure, caption, caption + " " + ", ".join(f"{nxt}: {p:.3f}" for nxt, p in shown))


def words_row(words: Sequence[str], marked: int, note: str, unknown: bool = False) -> Picture:
    """Words one after the other, the one at `marked` on an amber ground; a question mark at the end on request."""
    spans = []
    for i, word in enumerate([*words, "?"] if unknown else words):
        ground = "#fbe6bd" if i == marked else "#e8f1f8"
        spans.append(
            f'<span style="background:{ground};color:{INK};padding:2px 5px;margin:2px;border-radius:4px;'
            f'display:inline-block">{escape(word)}</span>'
        )
    return framed(f'<div style="max-width:52em">{"".join(spans)}</div>', note, " ".join(words))


def arcs(words: Sequence[str], probabilities: Bigrams) -> Picture:
    """The steps of a chain as arrows: those that go on above the line, those that go back below it."""
    order = list(dict.fromkeys(words))
    place = {word: i for i, word in enumerate(order)}
    figure, axes = canvas(7.4, 2.5)
    for word, nexts in probabilities.items():
        for nxt, p in nexts.items():
            forward = place[nxt] > place[word]
            sure = p > 0.999
            arrow = FancyArrowPatch(
                (place[word], 0.1 if forward else -0.1), (place[nxt], 0.1 if forward else -0.1),
                connectionstyle=f"arc3,rad={-0.6 if forward else -0.5}", arrowstyle="-|>", mutation_scale=10,
                color=BLUE if sure else VERMILION, linewidth=1.2 if sure else 2, shrinkA=3, shrinkB=3,
            )  # fmt: skip
            axes.add_patch(arrow)
            if not sure:
                width = abs(place[nxt] - place[word])
                axes.text(
                    (place[word] + place[nxt]) / 2, 0.27 * width + 0.35, f"{p:.2f}", ha="center", fontsize=9,
                    color=VERMILION,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                )  # fmt: skip
    for word, i in place.items():
        axes.plot(i, 0, "o", markersize=5, color=INK)
        axes.text(i, -0.85, word, rotation=40, ha="right", va="top", fontsize=9)
    axes.set(xlim=(-1, len(order)), ylim=(-2.2, 2.0))
    axes.axis("off")
    caption = say(
        "La retahíla según los bigramas: en azul, los pasos seguros; en rojo, el cruce del chopo.",
        "The rigmarole according to bigrams: sure steps in blue, the fork at the poplar in red.",
    )
    return picture(figure, caption, caption + " " + _in_words(probabilities))


def starvation(lengths: Sequence[int], once: Sequence[float]) -> Picture:
    """How many of the contexts of each length occur only once in a text."""
    figure, axes = canvas(6, 2.6)
    bars = axes.bar(lengths, [100 * share for share in once], color=BLUE, width=0.6)
    axes.bar_label(bars, fmt=say("%.0f %%", "%.0f%%"), padding=3, fontsize=9)
    axes.set_xticks(list(lengths))
    axes.set(xlabel=say("palabras de contexto", "words of context"), ylim=(0, 118))
    axes.set_ylabel(say("vistos una sola vez (%)", "seen only once (%)"))
    axes.axhline(100, color=GRID, linewidth=1, zorder=0)
    caption = say(
        "De los contextos distintos del cuento, los que aparecen una sola vez.",
        "Of the story's different contexts, those that occur only once.",
    )
    return picture(figure, caption, caption + " " + ", ".join(f"{n}: {100 * s:.0f} %" for n, s in zip(lengths, once)))
