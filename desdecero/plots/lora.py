"""Appendix E: what training takes up, matrices as products of thin ones, singular values, ranks and alphas."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import Rectangle

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE, VERMILION, Picture, canvas, heatmap, picture
from desdecero.plots.gpt_flow import PALE, _arrow, _blank, _box, _plus

PARTS = ((MUTED, ""), (ORANGE, "//"), (BLUE, ".."))  # weights, gradients, optimizer: colour and hatching


def memory(sizes: Mapping[str, Sequence[float]], unit: str) -> Picture:
    """What weights, gradients and the optimizer's states of each model take up, as stacked bars."""
    figure, axes = canvas(7.4, 1.1 + 0.38 * len(sizes))
    labels = say(("pesos", "gradientes", "optimizador"), ("weights", "gradients", "optimizer"))
    widest = max(map(sum, sizes.values()))
    for row, parts in enumerate(sizes.values()):
        left = 0.0
        for (colour, hatch), label, part in zip(PARTS, labels, parts):
            axes.barh(row, part, left=left, color=PALE[colour], edgecolor=colour, hatch=hatch,
                      label=label if row == 0 else None)  # fmt: skip
            left += part
        axes.text(left + 0.012 * widest, row, f"{left:,.1f} {unit}", va="center", fontsize=9)
    axes.set_yticks(range(len(sizes)), sizes)
    axes.set(xlim=(0, 1.17 * widest), xlabel=unit)
    axes.invert_yaxis()
    axes.legend(loc="best", fontsize=9)
    return picture(
        figure,
        say("Memoria que hace falta para entrenar, sin contar lo que se guarda en la pasada hacia delante.",
            "The memory that training takes, without what the forward pass has to keep."),
        "; ".join(f"{name}: " + " + ".join(f"{part:,.1f}" for part in parts) + f" {unit}"
                  for name, parts in sizes.items()),
    )  # fmt: skip


def thin_product(in_dim: int, out_dim: int, rank: int) -> Picture:
    """A matrix, to scale, beside the two thin ones whose product has its shape, with their numbers counted."""
    scale = 30 / max(in_dim, out_dim)
    depth = 9 + in_dim * scale
    figure, axes = canvas(7.4, 7.4 * depth / 96)
    tall, wide, thin = in_dim * scale, out_dim * scale, max(rank * scale, 0.3)
    blocks = (
        (1.0, tall, wide, MUTED, "ΔW", in_dim, out_dim), (44.0, tall, thin, BLUE, "A", in_dim, rank),
        (56.0 + thin, thin, wide, ORANGE, "B", rank, out_dim),
    )  # fmt: skip
    for x, height, width, colour, name, rows, columns in blocks:
        axes.add_patch(Rectangle((x, 4), width, height, facecolor=PALE[colour], edgecolor=colour, linewidth=1.4))
        axes.text(x + width / 2, 2.6, f"{name}  {rows} × {columns}", ha="center", fontsize=10)
        numbers = say(f"{rows * columns:,} números", f"{rows * columns:,} numbers")
        axes.text(x + width / 2, 5.6 + height, numbers, ha="center", va="top", fontsize=9, color=INK)
    axes.text(36.5, 4 + tall / 2, "=", fontsize=18, ha="center", va="center")
    axes.text(50.5 + thin, 4 + tall / 2, "·", fontsize=22, ha="center", va="center")
    axes.set(xlim=(0, 96), ylim=(depth, 0), aspect="equal")
    axes.axis("off")
    full, low = in_dim * out_dim, rank * (in_dim + out_dim)
    return picture(
        figure,
        say(f"A escala: {full:,} números a la izquierda; a la derecha, {low:,}, un {low / full:.1%}.",
            f"To scale: {full:,} numbers on the left; on the right {low:,}, that is {low / full:.1%}."),
        say(f"Una matriz de {in_dim} × {out_dim} como producto de otra de {in_dim} × {rank} y otra de {rank} × "
            f"{out_dim}.",
            f"A matrix of {in_dim} × {out_dim} as the product of one of {in_dim} × {rank} and one of {rank} × "
            f"{out_dim}."),
    )  # fmt: skip


def product_by_hand(A: np.ndarray, B: np.ndarray) -> Picture:
    """A, B and A @ B with their numbers."""
    figure, panels = canvas(7.4, 2.6, columns=3, width_ratios=(A.shape[1], B.shape[1], B.shape[1]))
    for axes, values, title in zip(panels, (A, B, A @ B), ("A", "B", "A @ B")):
        rows, columns = ([str(i) for i in range(n)] for n in values.shape)
        heatmap(axes, values, rows, columns, signed=True)
        axes.set(title=title, aspect="equal")
    return picture(
        figure,
        say("Dos matrices delgadas y su producto: cada fila de A @ B es una mezcla de las filas de B.",
            "Two thin matrices and their product: each row of A @ B is a mixture of the rows of B."),
        f"A: {A.tolist()}; B: {B.tolist()}",
    )  # fmt: skip


def adapted_layer(rank: int) -> Picture:
    """The way of x through a wrapped layer: the frozen weights, the two thin matrices beside them, and the sum."""
    figure, axes = canvas(7.0, 3.1)
    _blank(axes)
    _box(axes, 6, 50, "x", GREEN, 8, 14)
    _box(axes, 45, 26, say("linear (congelada)", "linear (frozen)"), MUTED, 38, 17)
    for x, text, colour in ((27, "A", BLUE), (45, "B", ORANGE), (63, "× alpha", PURPLE)):
        _box(axes, x, 75, text, colour, 11, 17)
    _arrow(axes, (10, 50), (16, 50), (16, 26), (26, 26))
    _arrow(axes, (16, 50), (16, 75), (21.5, 75))
    _arrow(axes, (32.5, 75), (39.5, 75))
    _arrow(axes, (50.5, 75), (57.5, 75))
    _arrow(axes, (64, 26), (80, 26), (80, 44))
    _arrow(axes, (68.5, 75), (80, 75), (80, 56))
    _plus(axes, 80, 50)
    _arrow(axes, (82.4, 50), (96, 50))
    axes.text(36, 93, say(f"rango {rank}", f"rank {rank}"), ha="center", fontsize=9, color=MUTED)
    caption = say("LinearWithLoRA: los pesos viejos por arriba, la corrección por abajo, y se suman.",
                  "LinearWithLoRA: the old weights above, the correction below, and both added.")  # fmt: skip
    return picture(figure, caption, caption)


def spectrum(curves: Mapping[str, Sequence[float]], marks: Sequence[int]) -> Picture:
    """Singular values, each curve divided by its largest, and the share of its squares held by the first ones."""
    figure, (left, right) = canvas(7.6, 3.0, columns=2)
    lines = []
    for (name, values), colour, dashes in zip(curves.items(), (BLUE, MUTED, ORANGE), ("-", "--", ":")):
        values = np.asarray(values)
        held = np.cumsum(values**2) / np.sum(values**2)
        counted = range(1, len(values) + 1)
        left.plot(counted, values / values[0], color=colour, linestyle=dashes, label=name)
        right.plot(counted, held, color=colour, linestyle=dashes, label=name)
        lines.append(f"{name}: " + ", ".join(f"{rank} → {held[rank - 1]:.0%}" for rank in marks))
    for axes in (left, right):
        for mark in marks:
            axes.axvline(mark, color=GRID, zorder=0)
        axes.set(xscale="log", xlabel=say("valores singulares contados", "singular values counted"), ylim=(0, 1.05))
        axes.set_xticks([1, 8, 64, 256], ["1", "8", "64", "256"])
        axes.minorticks_off()
    left.set_title(say("tamaño, entre el mayor", "size, over the largest"))
    right.set_title(say("parte de la energía", "share of the energy"))
    right.legend(fontsize=9, loc="upper left")
    return picture(
        figure,
        say("Cuánto pesa cada dirección de una matriz y qué parte de la suma de cuadrados reúnen las primeras.",
            "How much each direction of a matrix weighs, and what share of the squares the first ones hold."),
        "; ".join(lines),
    )  # fmt: skip


def side_by_side(results: Mapping[str, Sequence[float]], titles: Sequence[str], formats: Sequence[str]) -> Picture:
    """Two or more ways to train, one panel per measure."""
    figure, panels = canvas(7.6, 1.1 + 0.36 * len(results), columns=len(titles), sharey=True)
    for i, (axes, title, form) in enumerate(zip(panels, titles, formats)):
        values = [row[i] for row in results.values()]
        bars = axes.barh(range(len(values)), values, color=(MUTED, BLUE, ORANGE)[: len(values)])
        axes.bar_label(bars, [form.format(value) for value in values], padding=3, fontsize=9)
        axes.set(xlim=(0, 1.75 * max(values)), xticks=[])
        axes.set_title(title, fontsize=9.5)
    panels[0].set_yticks(range(len(results)), results)
    panels[0].invert_yaxis()
    listed = (
        f"{name}: " + ", ".join(f.format(value) for f, value in zip(formats, row)) for name, row in results.items()
    )
    caption = say("Lo que cuesta y lo que consigue cada manera de entrenar.", "What each way to train costs and gets.")
    return picture(figure, caption, caption + " " + "; ".join(listed))


def first_step(panels: Mapping[str, Mapping[str, Sequence[float]]], ranks: Sequence[int]) -> Picture:
    """How far one step of Adam moves a layer's output, by rank, for each way to scale it."""
    figure, axes = canvas(7.6, 3.0, columns=len(panels), sharey=True)
    styles = ((VERMILION, "o-"), (BLUE, "s--"), (ORANGE, "^:"))
    for ax, (title, curves) in zip(axes, panels.items()):
        for (name, values), (colour, style) in zip(curves.items(), styles):
            ax.plot(ranks, values, style, color=colour, label=name, markersize=5)
        ax.set(xscale="log", yscale="log", title=title, xlabel=say("rango", "rank"))
        ax.set_xticks(ranks, [str(rank) for rank in ranks])
        ax.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
        ax.minorticks_off()
    axes[0].set_ylabel(say("movimiento", "movement"))
    axes[0].legend(fontsize=9)
    parts = (f"{title}, {name}: {values[0]:.1f} → {values[-1]:.1f}"
             for title, curves in panels.items() for name, values in curves.items())  # fmt: skip
    return picture(
        figure,
        say("Cuánto mueve la salida el primer paso de Adam, en tasas de aprendizaje, según el rango.",
            "How far the first step of Adam moves the output, in learning rates, by rank."),
        "; ".join(parts),
    )  # fmt: skip


def rank_view(results: Mapping[int, float], rank: int, trained: int, total: int, full: float) -> Picture:
    """What was reached at each rank, and what the chosen one costs; `full` is what training everything reached."""
    figure, (left, right) = canvas(7.6, 2.9, columns=2, width_ratios=(2, 3))
    share = trained / total
    left.barh(0, 1, color=PALE[MUTED], edgecolor=MUTED)
    left.barh(0, share, color=BLUE)
    left.set(xlim=(0, 1), ylim=(-1.2, 1.2), yticks=[], title=say(f"se entrena: {share:.2%}", f"trained: {share:.2%}"))
    left.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    left.text(0, -0.9, say(f"{trained:,} de {total:,}", f"{trained:,} of {total:,}"), fontsize=9)
    positions = {key: i for i, key in enumerate(results)}
    right.plot(list(positions.values()), list(results.values()), "o-", color=BLUE, markersize=5)
    right.plot(positions[rank], results[rank], "o", color=VERMILION, markersize=11, markerfacecolor="none",
               markeredgewidth=2)  # fmt: skip
    right.axhline(full, color=INK, linestyle="--", linewidth=1)
    right.annotate(say("entrenarlo todo", "training everything"), (0, full), (0, 3), textcoords="offset points",
                   fontsize=9)  # fmt: skip
    right.set_xticks(range(len(results)), [str(key) for key in results])
    right.set(ylim=(0.45, 1.03), xlabel=say("rango", "rank"), title=say("exactitud igualada", "even accuracy"))
    right.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return picture(
        figure,
        say(f"Rango {rank}: {trained:,} parámetros, el {share:.2%}; exactitud igualada en validación, "
            f"{results[rank]:.0%}.",
            f"Rank {rank}: {trained:,} parameters, {share:.2%}; even accuracy on validation, {results[rank]:.0%}."),
        "; ".join(f"{key}: {value:.0%}" for key, value in results.items()),
    )  # fmt: skip
