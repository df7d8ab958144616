"""Appendix E: an update of real weights beside its copy of low rank, and one base with several adapters."""

from collections.abc import Sequence

import numpy as np

from desdecero.edition import say
from desdecero.plots import BLUE, DIVERGING, MUTED, ORANGE, Picture, canvas, picture
from desdecero.plots.gpt_flow import _arrow, _blank, _box

CORNER = 64  # rows and columns that are drawn


def copies(update: np.ndarray, copy: np.ndarray, rank: int, held: float) -> Picture:
    """A corner of an update, of its copy with `rank` directions, and of what the copy misses."""
    figure, panels = canvas(7.6, 2.8, columns=3)
    limit = float(np.quantile(np.abs(update), 0.995))
    titles = say(("cambio", f"rango {rank}", "lo que falta"), ("update", f"rank {rank}", "what is missing"))
    for axes, values, title in zip(panels, (update, copy, update - copy), titles):
        axes.imshow(values[:CORNER, :CORNER], cmap=DIVERGING, vmin=-limit, vmax=limit)
        axes.set(title=title, xticks=[], yticks=[])
    numbers, low = update.size, rank * sum(update.shape)
    return picture(
        figure,
        say(f"Una esquina del cambio y de su copia de rango {rank}: {low:,} números en vez de {numbers:,}, y el "
            f"{held:.0%} de la energía.",
            f"A corner of the update and of its copy of rank {rank}: {low:,} numbers instead of {numbers:,}, and "
            f"{held:.0%} of the energy."),
        say(f"Con rango {rank} queda el {held:.0%} de la energía.", f"Rank {rank} keeps {held:.0%} of the energy."),
    )  # fmt: skip


def one_base(base: str, adapters: Sequence[tuple[str, str]]) -> Picture:
    """One frozen model with several small adapters, `(name, size)`, that take turns."""
    figure, axes = canvas(7.0, 2.6)
    _blank(axes)
    _box(axes, 22, 50, base, MUTED, 36, 46)
    rows = np.linspace(20, 80, len(adapters))
    for y, (name, size), colour in zip(rows, adapters, (BLUE, ORANGE, BLUE)):
        _box(axes, 66, y, name, colour, 24, 20)
        axes.text(80, y, size, va="center", fontsize=9, color=MUTED)
        _arrow(axes, (54, y), (40, y if abs(y - 50) < 20 else 50 + np.sign(y - 50) * 15))
    caption = say("Una base y varios adaptadores, que se ponen y se quitan.",
                  "One base and several adapters, put on and taken off.")  # fmt: skip
    return picture(figure, caption, caption + " " + "; ".join(f"{name}: {size}" for name, size in adapters))
