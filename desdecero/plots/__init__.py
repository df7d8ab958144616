"""What students look at: one module per chapter, one look for all.

Every picture has a caption and a text for those who can't see it, a white ground that reads in both of
JupyterLab's themes, and colours that colour-blind readers can tell apart (Okabe and Ito, 2008).
"""

import base64
import io
from html import escape

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

INK, MUTED, GRID = "#1f2933", "#6b7785", "#dfe3e8"
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW)
SEQUENTIAL, DIVERGING = "Blues", "PuOr"  # colour maps for weights and for signed values

_STYLE = {
    "font.size": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "image.cmap": SEQUENTIAL,
}
_STYLE["axes.prop_cycle"] = f"cycler(color={list(PALETTE)!r})"


class Picture:
    """Something to look at. `html` is shown in a notebook, `text` wherever only text can be."""

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def canvas(width: float = 7, height: float = 3, rows: int = 1, columns: int = 1, **options) -> tuple[Figure, Axes]:
    """A figure of the course's look, sizes in inches, with one `Axes` or an array of them."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def picture(figure: Figure, caption: str, alt: str) -> Picture:
    """Turn a figure into something to show, with what it shows in words (`alt`)."""
    buffer = io.BytesIO()
    with rc_context(_STYLE):
        figure.savefig(buffer, format="png", dpi=96, facecolor="white", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    return framed(f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}" style="max-width:100%"/>', caption, alt)


def framed(content: str, caption: str, alt: str) -> Picture:
    """Any HTML as a picture: `content` above its caption."""
    html = (
        f'<figure style="margin:.5em 0" role="group" aria-label="{escape(alt)}">{content}'
        f'<figcaption style="font-size:.9em;opacity:.8">{escape(caption)}</figcaption></figure>'
    )
    return Picture(html, caption)


def heatmap(
    axes: Axes, values: ArrayLike, rows: list[str], columns: list[str], signed: bool = False, numbers: bool = True
) -> None:
    """Draw a matrix with labels on both sides and, if it is small, its numbers."""
    limit = float(abs(values).max()) or 1.0
    low = -limit if signed else 0.0
    axes.imshow(values, cmap=DIVERGING if signed else SEQUENTIAL, vmin=low, vmax=limit, aspect="auto")
    slanted = max(map(len, columns), default=0) > 3
    axes.set_xticks(range(len(columns)), columns, rotation=45 if slanted else 0, ha="right" if slanted else "center")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if numbers and values.shape[0] * values.shape[1] <= 100:
        for i in range(values.shape[0]):
            for j in range(values.shape[1]):
                value = float(values[i, j])
                dark = abs(value) > 0.6 * limit
                axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color="white" if dark else INK)
