"""What chapter 3 shows: who looks at whom, and how the vectors that decide it are made.

Weights are `(T, T)` matrices: row i says how much token i takes from each token.
"""

from collections.abc import Sequence
from html import escape

import torch
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from torch import Tensor, nn

from desdecero.edition import say
from desdecero.plots import (
    BLUE,
    GREEN,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PALETTE,
    PURPLE,
    SKY,
    VERMILION,
    Picture,
    canvas,
    framed,
    heatmap,
    picture,
)

_ARROW = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.008, "zorder": 3}


def weights_of(layer: nn.Module, x: Tensor, num_heads: int = 1, causal: bool = True) -> Tensor:
    """The attention weights `(num_heads, T, T)` that a layer computes for `x (T, d_in)` but does not give back.

    Worked out again from `W_query` and `W_key`, without dropout.
    """
    with torch.no_grad():
        queries, keys = (W(x).unflatten(-1, (num_heads, -1)).transpose(0, 1) for W in (layer.W_query, layer.W_key))
    scores = queries @ keys.transpose(-2, -1) / queries.shape[-1] ** 0.5  # (num_heads, T, T)
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(diagonal=1), float("-inf"))
    return torch.softmax(scores, dim=-1)


def memory(words: Sequence[str], shares: Tensor) -> Picture:
    """Bars: how much of each word is left in a memory of fixed size once the last one has been read."""
    figure, axes = canvas(7, 2.8)
    bars = axes.bar(range(len(words)), shares, color=[BLUE] * (len(words) - 1) + [ORANGE])
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], fontsize=9, padding=2)
    axes.set_xticks(range(len(words)), words, rotation=45, ha="right")
    axes.set_ylim(0, max(0.25, 1.18 * float(max(shares))))
    axes.set_ylabel(say("parte de la memoria", "share of the memory"))
    return picture(
        figure,
        say("Lo que queda de cada palabra tras leer la última.", "What is left of each word after the last is read."),
        ", ".join(f"{word} {share:.0%}" for word, share in zip(words, shares)),
    )


def mixture(words: Sequence[str], weights: Tensor, asking: int) -> Picture:
    """The words in a row, and above them the context: lines as thick as each word's weight run up into it."""
    figure, axes = canvas(7, 2.6)
    middle = (len(words) - 1) / 2
    for i, (word, weight) in enumerate(zip(words, map(float, weights))):
        axes.plot([i, middle], [0.25, 1.75], color=BLUE, linewidth=18 * weight, alpha=0.7, zorder=1)
        _box(axes, i, 0.1, word, ORANGE if i == asking else SKY)
        axes.text(i, -0.42, f"{weight:.2f}", ha="center", va="center")
    _box(axes, middle, 1.9, say(f"contexto de «{words[asking]}»", f'context of "{words[asking]}"'), ORANGE, 1.9)
    axes.set(xlim=(-0.7, len(words) - 0.3), ylim=(-0.65, 2.3))
    axes.axis("off")
    return picture(
        figure,
        say("Cada palabra entra en el contexto según su peso.", "Each word enters the context by its weight."),
        ", ".join(f"{word} {float(weight):.2f}" for word, weight in zip(words, weights)),
    )


def vectors(words: Sequence[str], x: Tensor, query: Tensor | None = None) -> Picture:
    """Vectors of two numbers as arrows. With a `query`, also the weights that its dot products give each word."""
    figure, axes = canvas(7.2 if query is not None else 4.6, 3.8, columns=1 if query is None else 2)
    plane = axes if query is None else axes[0]
    distinct = dict(zip(words, x.tolist()))
    for (word, (a, b)), color in zip(distinct.items(), PALETTE):
        plane.quiver(0, 0, a, b, color=color, **_ARROW)
        plane.text(1.18 * a, 1.18 * b, word, ha="center", va="center", color=INK)
    limit = max(1.5 * float(x.abs().max()), 0.0 if query is None else 1.1 * float(query.norm()))
    plane.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    plane.set_xlabel(say("altura", "height"))
    plane.set_ylabel(say("agua", "water"))
    plane.axhline(0, color=GRID, zorder=0)
    plane.axvline(0, color=GRID, zorder=0)
    caption = say("Cada palabra es una flecha.", "Each word is an arrow.")
    if query is not None:
        plane.quiver(0, 0, *query.tolist(), color=INK, **_ARROW)
        plane.set_title(say("en negro, la consulta", "in black, the query"))
        scores = torch.tensor(list(distinct.values())) @ query
        weights = torch.softmax(scores, dim=0)
        bars = axes[1].barh(list(distinct), weights, color=PALETTE[: len(distinct)])
        axes[1].bar_label(bars, [f"{w:.2f}   ({s:+.1f})" for w, s in zip(weights, scores)], padding=3, fontsize=9)
        axes[1].invert_yaxis()
        axes[1].set_xlim(0, 1.35)
        axes[1].set_xticks([0, 0.5, 1])
        axes[1].set_xlabel(say("peso   (y producto escalar)", "weight   (and dot product)"))
        caption = say("Hacia donde apunta la consulta va el peso.", "Where the query points, the weight goes.")
    return picture(figure, caption, "; ".join(f"{word} ({a:g}, {b:g})" for word, (a, b) in distinct.items()))


def maps(words: Sequence[str], *weights: Tensor, titles: Sequence[str] = (), numbers: bool = True) -> Picture:
    """Attention weights as heat maps side by side: rows ask, columns are looked at."""
    columns = min(len(weights), 2)
    rows = -(-len(weights) // columns)
    width = 7.6 if columns == 2 else 4.4
    figure, axes = canvas(width, 3.3 * rows if len(words) < 9 else 3.8 * rows, rows, columns, squeeze=False)
    for i, (one, matrix) in enumerate(zip(axes.flat, weights)):
        heatmap(one, matrix.detach().numpy(), list(words), list(words), numbers=numbers)
        one.images[0].set_clim(0, 1)  # all maps on one scale, so that they can be compared
        for text in one.texts:
            text.set_color("white" if float(text.get_text()) > 0.6 else INK)
        if i < len(titles):
            one.set_title(titles[i])
    caption = say("Cada fila pregunta; cada columna es mirada.", "Each row asks; each column is looked at.")
    return picture(figure, caption, "; ".join(titles) or caption)


def clock(words: Sequence[str], positions: Tensor, query: Tensor, asking: int) -> Picture:
    """Positions as hands of a clock, and the query of one token: its own hand turned back by one step."""
    figure, axes = canvas(4.2, 3.8)
    turn = torch.linspace(0, 2 * torch.pi, 100)
    axes.plot(turn.cos(), turn.sin(), color=GRID, zorder=0)
    for i, (word, (a, b)) in enumerate(zip(words, positions.tolist())):
        color = ORANGE if i == asking else BLUE
        axes.quiver(0, 0, a, b, color=color, **_ARROW)
        axes.text(1.32 * a, 1.2 * b, f"{i} {word}", ha="center", va="center")
    a, b = (0.62 * query / query.norm()).tolist()
    axes.quiver(0, 0, a, b, color=INK, **{**_ARROW, "width": 0.016})
    axes.set(xlim=(-1.75, 1.75), ylim=(-1.1, 1.4), aspect="equal")
    axes.axis("off")
    return picture(
        figure,
        say(
            f"La consulta de la posición {asking} (negra) apunta a la anterior.",
            f"The query of position {asking} (black) points at the one before.",
        ),
        say("Esfera con una aguja por posición, a 45 grados.", "A dial with one hand per position, 45 degrees apart."),
    )


def flow(T: int, d_in: int, d_out: int) -> Picture:
    """How data flow through self-attention, with the shape of everything."""
    figure, axes = canvas(7.4, 3.4)
    boxes = {
        "x": (0, 1, f"x\n({T}, {d_in})", SKY),
        "q": (1.7, 2, f"queries\n({T}, {d_out})", ORANGE),
        "k": (1.7, 1, f"keys\n({T}, {d_out})", GREEN),
        "v": (1.7, 0, f"values\n({T}, {d_out})", PURPLE),
        "s": (3.4, 1.5, f"scores\n({T}, {T})", GRID),
        "w": (5.1, 1.5, f"weights\n({T}, {T})", GRID),
        "c": (6.8, 0.75, f"context\n({T}, {d_out})", SKY),
    }
    steps = [("x", "q", "W_query"), ("x", "k", "W_key"), ("x", "v", "W_value"), ("q", "s", ""), ("k", "s", "q · k")]
    steps += [("s", "w", "/√d\nsoftmax"), ("w", "c", ""), ("v", "c", say("suma con pesos", "weighted sum"))]
    for start, end, label in steps:
        (x0, y0, *_), (x1, y1, *_) = boxes[start], boxes[end]
        axes.annotate("", (x1 - 0.48, y1), (x0 + 0.48, y0), arrowprops={"arrowstyle": "->", "color": MUTED})
        back = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text((x0 + x1) / 2, (y0 + y1) / 2, label, ha="center", va="center", fontsize=8, bbox=back)
    for x, y, text, color in boxes.values():
        _box(axes, x, y, text, color, 0.9, 0.56)
    axes.set(xlim=(-0.6, 7.4), ylim=(-0.45, 2.45))
    axes.axis("off")
    caption = say("De los vectores al contexto.", "From the vectors to the context.")
    return picture(figure, caption, "x -> queries, keys, values -> scores -> weights -> context")


def scaling(
    dimensions: Sequence[int], spread: Sequence[float], plain: Sequence[float], scaled: Sequence[float]
) -> Picture:
    """Left: how dot products spread as vectors get longer. Right: the largest weight, with and without dividing."""
    figure, (left, right) = canvas(7.4, 3, columns=2)
    left.plot(dimensions, spread, "o-", color=BLUE, label=say("medida", "measured"))
    left.plot(dimensions, [d**0.5 for d in dimensions], "--", color=INK, label="√d")
    left.set_ylabel(say("desviación de los productos", "spread of the dot products"))
    right.plot(dimensions, plain, "o-", color=VERMILION, label=say("sin dividir", "not divided"))
    right.plot(dimensions, scaled, "s-", color=BLUE, label=say("entre √d", "divided by √d"))
    right.set(ylim=(0, 1.05))
    right.set_ylabel(say("peso mayor, de media", "largest weight, on average"))
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(dimensions), [str(d) for d in dimensions])
        axes.set_xlabel("d")
        axes.legend(frameon=False)
    caption = say("Sin dividir, el softmax acaba en todo o nada.", "Without dividing, softmax ends up all or nothing.")
    return picture(figure, caption, caption)


def chips(
    words: Sequence[str], rows: dict[str, Tensor], asking: int, caption: str, foggy: Sequence[str] | None = None
) -> Picture:
    """The sentence once per row, each word as blue as its weight and the asking one framed.

    In the rows named by `foggy` (by default all), what comes after the asking word lies in fog.
    """
    lines = []
    for title, weights in rows.items():
        spans = []
        for i, (word, weight) in enumerate(zip(words, map(float, weights))):
            hidden = i > asking and (foggy is None or title in foggy)
            color = "#e6e9ed;color:#a5aeb8" if hidden else _shade(weight)
            number = "&nbsp;" if hidden else f"{weight:.2f}"
            spans.append(
                f'<span style="display:inline-block;margin:2px;padding:2px 6px;border-radius:5px;text-align:center;'
                f'border:3px solid {ORANGE if i == asking else "transparent"};background:{color}">'
                f"{escape(word)}<br/><small>{number}</small></span>"
            )
        lines.append(f'<div style="margin:.4em 0"><b>{escape(title)}</b><div>{"".join(spans)}</div></div>')
    content = f'<div style="background:white;color:{INK};padding:6px;line-height:1.25">{"".join(lines)}</div>'
    return framed(content, caption, caption)


def split(T: int, num_heads: int, head_dim: int) -> Picture:
    """One wide matrix cut by columns into heads, and the same heads as a stack."""
    figure, axes = canvas(7.2, 2.7)
    for head in range(num_heads):
        color = PALETTE[head % len(PALETTE)]
        for t in range(T):
            for j in range(head_dim):
                _cell(axes, head * head_dim + j, -t, color)
                _cell(axes, num_heads * head_dim + 3.5 + head * (head_dim + 1) + j, -t, color)
        middle = num_heads * head_dim + 3.5 + head * (head_dim + 1) + head_dim / 2 - 0.5
        axes.text(middle, 0.9, say(f"cabeza {head}", f"head {head}"), ha="center")
        axes.text(middle, -T - 0.1, f"({T}, {head_dim})", ha="center", va="center", fontsize=9)
    width = num_heads * head_dim
    axes.text(width / 2 - 0.5, -T - 0.1, f"({T}, {width})", ha="center", va="center", fontsize=9)
    axes.annotate("", (width + 2.6, -(T - 1) / 2), (width + 0.2, -(T - 1) / 2), arrowprops={"arrowstyle": "->"})
    axes.set(xlim=(-0.7, 2 * width + num_heads + 3), ylim=(-T - 0.6, 1.5), aspect="equal")
    axes.axis("off")
    caption = say(
        "Una fila por token; las columnas se reparten entre las cabezas.",
        "One row per token; the columns are dealt out among the heads.",
    )
    return picture(figure, caption, f"({T}, {width}) -> {num_heads} x ({T}, {head_dim})")


def _box(axes: Axes, x: float, y: float, text: str, color: str, width: float = 0.8, height: float = 0.4) -> None:
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(FancyBboxPatch(corner, width, height, "round,pad=0.02", facecolor=color, edgecolor=INK, zorder=2))
    axes.text(x, y, text, ha="center", va="center", fontsize=9, zorder=3, color=INK)


def _cell(axes: Axes, x: float, y: float, color: str) -> None:
    style = {"facecolor": color, "edgecolor": "white", "alpha": 0.75}
    axes.add_patch(FancyBboxPatch((x - 0.45, y - 0.45), 0.9, 0.9, "square,pad=0", **style))


def _shade(weight: float) -> str:
    """From white to deep blue, with a text colour that can be read on it."""
    low, high = (255, 255, 255), (0, 90, 150)
    mixed = [round(a + (b - a) * min(weight, 1) ** 0.7) for a, b in zip(low, high)]
    return f"rgb{tuple(mixed)};color:{'white' if weight > 0.6 else INK}".replace(" ", "")
