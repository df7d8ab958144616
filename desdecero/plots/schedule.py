"""Appendix D: rates, losses and gradient norms step by step, and seeds side by side."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILION, Picture, canvas, picture
from desdecero.plots.gpt_flow import _arrow, _blank, _box

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))

Curves = Mapping[str, Sequence[float]]


def _lines(axes: Axes, curves: Curves, ylabel: str, log: bool = False) -> None:
    """One line per curve, told apart by colour and by dashes."""
    for (name, values), colour, dashes in zip(curves.items(), cycle(COLOURS), cycle(DASHES)):
        axes.plot(range(len(values)), values, color=colour, linestyle=dashes, linewidth=1.6, label=name)
    axes.set_xlabel(say("paso", "step"))
    axes.set_ylabel(ylabel)
    if log:
        axes.set_yscale("log")
    if len(curves) > 1:
        axes.legend(fontsize=9)


def _ends(curves: Curves, digits: int = 2) -> str:
    """The first and last value of every curve, in words."""
    return "; ".join(f"{name}: {values[0]:.{digits}f} → {values[-1]:.{digits}f}" for name, values in curves.items())


def smooth(values: Sequence[float], window: int = 10) -> list[float]:
    """The mean of each value and the few before it."""
    return [float(np.mean(values[max(0, i + 1 - window) : i + 1])) for i in range(len(values))]


def losses(curves: Curves, window: int = 10, at: int | None = None) -> Picture:
    """The losses of several runs, smoothed over `window` steps; `at` marks a step."""
    figure, axes = canvas(7.2, 3.2)
    smoothed = {name: smooth(values, window) for name, values in curves.items()}
    _lines(axes, smoothed, say("pérdida", "loss"))
    if at is not None:
        axes.axvline(at, color=MUTED, linewidth=1, zorder=0)
    caption = say("La pérdida de entrenamiento, paso a paso", "The training loss, step by step")
    caption += say(f" (media de {window} pasos).", f" (mean of {window} steps).") if window > 1 else "."
    return picture(figure, caption, _ends(smoothed))


def rates(curves: Curves, caption: str) -> Picture:
    """Learning rates, step by step."""
    figure, axes = canvas(7.2, 2.6)
    _lines(axes, curves, say("tasa de aprendizaje", "learning rate"))
    axes.set_ylim(0, 1.08 * max(map(max, curves.values())))
    return picture(figure, caption, _ends(curves, digits=4))


def strides(moved: Sequence[float]) -> Picture:
    """How far the average weight moves at each step, in learning rates."""
    figure, axes = canvas(7.2, 2.6)
    axes.plot(range(1, len(moved) + 1), moved, "o-", color=BLUE, markersize=3)
    axes.axhline(1, color=MUTED, linestyle=":", linewidth=1)
    axes.set(ylim=(0, 1.1))
    axes.set_xlabel(say("paso", "step"))
    axes.set_ylabel(say("zancada (en tasas)", "stride (in rates)"))
    return picture(
        figure,
        say("Lo que se mueve de media un peso en cada paso de Adam, dividido entre la tasa de aprendizaje.",
            "How far a weight moves on average at each step of Adam, divided by the learning rate."),
        say(f"La zancada empieza en {moved[0]:.2f} y acaba en {moved[-1]:.2f}.",
            f"The stride starts at {moved[0]:.2f} and ends at {moved[-1]:.2f}."),
    )  # fmt: skip


def landings(curves: Curves) -> Picture:
    """How far boats are from the landing on average, step by step."""
    figure, axes = canvas(7.2, 2.8)
    _lines(axes, curves, say("distancia media (m)", "mean distance (m)"), log=True)
    return picture(
        figure,
        say("Distancia media al embarcadero de dos mil barcas en la niebla, en escala logarítmica.",
            "Mean distance to the landing of two thousand boats in fog, on a logarithmic scale."),
        _ends(curves),
    )  # fmt: skip


def schedule_and_landing(curve: Sequence[float], distance: Sequence[float], steady: Sequence[float]) -> Picture:
    """A schedule with the area below it and, beside it, how it brings boats in, against a constant rate."""
    figure, (left, right) = canvas(7.6, 2.9, columns=2)
    left.fill_between(range(len(curve)), curve, color=BLUE, alpha=0.25, linewidth=0)
    left.plot(range(len(curve)), curve, color=BLUE, linewidth=1.8)
    left.set(ylim=(0, 1.05))
    left.set_xlabel(say("paso", "step"))
    left.set_ylabel(say("tasa de aprendizaje", "learning rate"))
    both = {say("esta", "this one"): distance, say("constante", "constant"): steady}
    _lines(right, both, say("distancia media (m)", "mean distance (m)"), log=True)
    right.set(ylim=(0.03, 20))
    area = sum(curve) / (max(curve) * len(curve))
    left.set_title(say(f"área: {area:.0%}", f"area: {area:.0%}"))
    right.set_title(say(f"al final: {distance[-1]:.2f} m", f"at the end: {distance[-1]:.2f} m"))
    return picture(
        figure,
        say("La tasa de cada paso y, al lado, la distancia media al embarcadero de mil barcas que la siguen. El área "
            "es lo que queda de la de una tasa constante.",
            "The rate of every step and, beside it, the mean distance to the landing of a thousand boats that follow "
            "it. The area is what is left of a constant rate's."),
        say(f"Área {area:.0%}; distancia final {distance[-1]:.2f} m, y {steady[-1]:.2f} m con la tasa constante.",
            f"Area {area:.0%}; final distance {distance[-1]:.2f} m, and {steady[-1]:.2f} m at the constant rate."),
    )  # fmt: skip


def norms(curves: Curves, max_norm: float | None = None, at: int | None = None) -> Picture:
    """The global norm of the gradient at every step, and the limit at which it would be clipped."""
    figure, axes = canvas(7.2, 2.8)
    _lines(axes, curves, say("norma del gradiente", "gradient norm"), log=True)
    if max_norm is not None:
        axes.axhline(max_norm, color=INK, linestyle=":", linewidth=1.2)
        axes.annotate(f"max_norm = {max_norm:g}", (0, max_norm), (0, 3), textcoords="offset points", fontsize=9)
    if at is not None:
        axes.axvline(at, color=MUTED, linewidth=1, zorder=0)
    return picture(
        figure,
        say("La norma global del gradiente en cada paso, antes de recortar (escala logarítmica).",
            "The global norm of the gradient at every step, before clipping (logarithmic scale)."),
        "; ".join(f"{name}: {min(values):.2f} – {max(values):.2f}" for name, values in curves.items()),
    )  # fmt: skip


def longer_loop() -> Picture:
    """The training loop of chapter 5 with two moves more."""
    figure, axes = canvas(7.6, 2.5)
    _blank(axes)
    moves = (
        (13, 28, "learning_rate(…)", GREEN), (40, 28, "zero_grad()", MUTED), (64, 28, "batch_loss(…)", BLUE),
        (88, 28, "backward()", BLUE), (64, 74, "clip_gradients(…)", ORANGE), (35, 74, "step()", BLUE),
    )  # fmt: skip
    for x, y, text, colour in moves:
        _box(axes, x, y, text, colour, 23 if len(text) > 12 else 19, 18)
    _arrow(axes, (24.5, 28), (30.5, 28))
    _arrow(axes, (49.5, 28), (52.5, 28))
    _arrow(axes, (75.5, 28), (78.5, 28))
    _arrow(axes, (88, 37), (88, 74), (75.5, 74))
    _arrow(axes, (52.5, 74), (44.5, 74))
    _arrow(axes, (25.5, 74), (13, 74), (13, 37))
    axes.text(13, 13, say("nuevo", "new"), ha="center", fontsize=9, color=GREEN)
    axes.text(64, 92, say("nuevo", "new"), ha="center", fontsize=9, color=ORANGE)
    return picture(
        figure,
        say("El bucle del capítulo 5 con dos movimientos más: uno antes de empezar y otro antes de corregir.",
            "The loop of chapter 5 with two moves more: one before it starts and one before it corrects."),
        say("Ciclo: fijar la tasa, borrar gradientes, medir la pérdida, retropropagar, recortar, dar el paso.",
            "A cycle: set the rate, wipe gradients, measure the loss, go backwards, clip, take the step."),
    )  # fmt: skip


def seeds(results: Mapping[str, Sequence[Sequence[float]]], titles: Sequence[str]) -> Picture:
    """Each recipe's result with each seed, one dot each, and the mean; one panel per measure."""
    figure, panels = canvas(7.6, 0.9 + 0.36 * len(results), columns=len(titles), sharey=True)
    for measure, (axes, title) in enumerate(zip(panels, titles)):
        for row, runs in enumerate(results.values()):
            values = [run[measure] for run in runs]
            axes.plot(values, [row] * len(values), "o", color=BLUE, alpha=0.55, markeredgewidth=0)
            axes.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color=VERMILION, linewidth=2)
        axes.set_yticks(range(len(results)), results)
        axes.set_xlabel(title)
    panels[0].invert_yaxis()
    means = (f"{name}: " + ", ".join(f"{x:.2f}" for x in np.mean(runs, axis=0)) for name, runs in results.items())
    return picture(
        figure,
        say("Cada punto es una semilla; la raya, la media. Menos es mejor.",
            "Each dot is a seed; the bar, the mean. Less is better."),
        "; ".join(means),
    )  # fmt: skip


def by_length(pairs: Mapping[int, Sequence[tuple[Sequence[float], Sequence[float]]]], titles: Sequence[str]) -> Picture:
    """What a second recipe changes against the first, seed by seed, by the number of passes."""
    figure, panels = canvas(7.6, 2.7, columns=len(titles))
    means: list[str] = []
    for measure, (axes, title) in enumerate(zip(panels, titles)):
        changes = [[after[measure] - before[measure] for before, after in runs] for runs in pairs.values()]
        for column, values in enumerate(changes):
            axes.plot([column] * len(values), values, "o", color=BLUE, alpha=0.55, markeredgewidth=0)
            axes.plot([column - 0.2, column + 0.2], [np.mean(values)] * 2, color=VERMILION, linewidth=2)
        axes.axhline(0, color=MUTED, linestyle=":", linewidth=1)
        axes.set_xticks(range(len(pairs)), pairs)
        axes.set(xlim=(-0.6, len(pairs) - 0.4))
        axes.set_title(title)
        axes.set_xlabel(say("vueltas", "passes"))
        means.append(f"{title}: " + ", ".join(f"{n}: {np.mean(v):+.2f}" for n, v in zip(pairs, changes)))
    panels[0].set_ylabel(say("diferencia", "difference"))
    return picture(
        figure,
        say("Lo que cambian las tres cosas juntas según la duración; un punto por semilla. Bajo cero, mejor.",
            "What all three together change, by the length of the run; a dot per seed. Below zero is better."),
        "; ".join(means),
    )  # fmt: skip
