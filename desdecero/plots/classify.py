"""Chapter 6, what is counted: messages and their lengths, layers compared, rivals, confusions and thresholds."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from desdecero.edition import say
from desdecero.plots import BLUE, GRID, INK, MUTED, ORANGE, SKY, VERMILION, Picture, canvas, picture

CLASSES = {"ham": BLUE, "spam": ORANGE}


def piles(counts: Mapping[str, Mapping[str, int]]) -> Picture:
    """Piles of messages, one bar each, with the ham and the spam in them."""
    figure, axes = canvas(7.4, 0.9 + 0.36 * len(counts))
    widest = max(sum(pile.values()) for pile in counts.values())
    for row, pile in enumerate(counts.values()):
        left = 0
        for name, colour in CLASSES.items():
            axes.barh(row, pile[name], left=left, color=colour, label=name if row == 0 else None, edgecolor="white")
            left += pile[name]
        axes.text(left + widest * 0.012, row, f"{pile['ham']} + {pile['spam']}", va="center", fontsize=9)
    axes.set_yticks(range(len(counts)), counts)
    axes.set(xlim=(0, widest * 1.16), xlabel=say("mensajes", "messages"))
    axes.invert_yaxis()
    axes.legend(loc="lower right", fontsize=9)
    return picture(
        figure,
        say("Cuántos mensajes de cada clase hay en cada montón.", "How many messages of each class each pile holds."),
        "; ".join(f"{name}: {pile['ham']} ham, {pile['spam']} spam" for name, pile in counts.items()),
    )


def lengths(tokens: Mapping[str, Sequence[int]], cut: int) -> Picture:
    """How long the messages of each class are, in tokens, and where they will be cut."""
    figure, axes = canvas(7.4, 2.7)
    edges = np.arange(0, max(map(max, tokens.values())) + 5, 5)
    axes.hist(
        list(tokens.values()), edges, color=[CLASSES[name] for name in tokens], label=list(tokens), stacked=True,
        edgecolor="white",
    )  # fmt: skip
    axes.axvline(cut, color=VERMILION, linestyle="--", label=say(f"corte: {cut}", f"cut: {cut}"))
    axes.set(xlabel="tokens", ylabel=say("mensajes", "messages"), xlim=(0, edges[-1]))
    axes.legend(loc="upper right")
    longer = sum(length > cut for group in tokens.values() for length in group)
    return picture(
        figure,
        say(f"Cuánto miden los mensajes. Más largos que {cut}: {longer}.",
            f"How long the messages are. Longer than {cut}: {longer}."),
        "; ".join(f"{name}: {min(group)}-{max(group)} tokens" for name, group in tokens.items()),
    )  # fmt: skip


def _bars(axes: Axes, title: str, names: Sequence[str], values: Sequence[float], labels: Sequence[str]) -> None:
    bars = axes.barh(range(len(names)), values, color=BLUE)
    axes.bar_label(bars, labels, padding=3, fontsize=9)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, 1.7 * max(values)), title=title)
    axes.set_xticks([])
    axes.invert_yaxis()


def layers_compared(results: Mapping[str, tuple[int, float, float]]) -> Picture:
    """For each choice of trained layers: parameters, seconds, and accuracy, the mean of that on each class."""
    figure, panels = canvas(7.4, 1.1 + 0.34 * len(results), columns=3)
    names = list(results)
    parameters, seconds, accuracy = map(list, zip(*results.values()))
    _bars(panels[0], say("parámetros", "parameters"), names, parameters, [f"{n:,}" for n in parameters])
    _bars(panels[1], say("segundos", "seconds"), names, seconds, [f"{s:.1f}" for s in seconds])
    _bars(panels[2], say("exactitud", "accuracy"), names, accuracy, [f"{a:.0%}" for a in accuracy])
    panels[2].axvline(0.5, color=VERMILION, linestyle="--")
    for axes in panels[1:]:
        axes.set_yticklabels([])
    return picture(
        figure,
        say("Qué cuesta y qué da entrenar más capas; la raya es acertar a cara o cruz.",
            "What training more layers costs and gives; the line is what tossing a coin gets."),
        "; ".join(f"{name}: {p:,}, {s:.1f} s, {a:.0%}" for name, (p, s, a) in results.items()),
    )  # fmt: skip


def intervals(shares: Mapping[str, tuple[int, int, float, float]], title: str, mark: float | None = None) -> Picture:
    """Shares of right answers, `(right, total, low, high)`, as dots with their interval; `mark` is a known level."""
    figure, axes = canvas(7.4, 1.0 + 0.4 * len(shares))
    for row, (right, total, low, high) in enumerate(shares.values()):
        axes.plot([low, high], [row, row], color=BLUE, linewidth=3, solid_capstyle="round")
        axes.plot(right / total, row, "o", color=INK, markersize=7)
        axes.annotate(
            f"{right}/{total}", (right / total, row), (0, 7), textcoords="offset points", ha="center", fontsize=8
        )
    if mark is not None:
        axes.axvline(mark, color=VERMILION, linestyle="--", zorder=0)
    axes.set_yticks(range(len(shares)), shares)
    axes.set(ylim=(len(shares) - 0.5, -0.7), title=title)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(axis="x", color=GRID)
    caption = say("El punto es lo medido; la barra, donde puede estar lo verdadero (intervalo de Wilson, 95 %).",
                  "The dot is what was measured; the bar, where the truth may be (Wilson interval, 95%).")  # fmt: skip
    listed = (f"{name}: {r}/{n}, {low:.0%}-{high:.0%}" for name, (r, n, low, high) in shares.items())
    return picture(figure, caption, f"{title}. " + "; ".join(listed))


def deals(shares: Sequence[float]) -> Picture:
    """What one method reaches on many deals of the data, a dot each; the first is the one in use."""
    levels: Counter[int] = Counter()  # dots of one percentage stand on top of each other
    figure, axes = canvas(7.4, 2.2)
    for number, share in enumerate(shares):
        percent = round(100 * share)
        levels[percent] += 1
        axes.plot(percent, levels[percent], "o", color=ORANGE if number == 0 else BLUE, markersize=8)
    axes.set(ylim=(0.3, max(levels.values()) + 0.7), yticks=[])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}%")
    axes.spines[["left", "top", "right"]].set_visible(False)
    low, middle, high = (100 * float(np.quantile(shares, q)) for q in (0, 0.5, 1))
    caption = say(
        f"Parejas en orden en {len(shares)} repartos; en naranja, el nuestro: {100 * shares[0]:.0f} %. "
        f"El peor, {low:.0f} %; el de en medio, {middle:.0f} %; el mejor, {high:.0f} %.",
        f"Pairs in order on {len(shares)} deals; in orange, ours: {100 * shares[0]:.0f}%. "
        f"The worst, {low:.0f}%; the middle one, {middle:.0f}%; the best, {high:.0f}%.",
    )
    return picture(figure, caption, caption)


def confusion(truth: Sequence[int], said: Sequence[int], labels: Sequence[str]) -> Picture:
    """How many messages of each class (rows) were given each label (columns)."""
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, (np.asarray(truth), np.asarray(said)), 1)
    figure, axes = canvas(3.8, 2.8)
    axes.imshow(counts / counts.sum(axis=1, keepdims=True).clip(1), cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(*counts.shape):
        dark = counts[i, j] > 0.6 * counts[i].sum()
        axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=15, color="white" if dark else INK)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlabel=say("dice el modelo", "the model says"), ylabel=say("es", "it is"))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    caption = say(
        "Matriz de confusión: la diagonal son los aciertos.", "Confusion matrix: right answers on the diagonal."
    )
    cells = (f"{labels[i]} → {labels[j]}: {counts[i, j]}" for i, j in np.ndindex(*counts.shape))
    return picture(figure, caption, caption + " " + "; ".join(cells))


def threshold_view(truth: Sequence[int], scores: Sequence[float], threshold: float) -> Picture:
    """Every message at its probability of spam, and what a threshold lets through or takes away."""
    truth, scores = np.asarray(truth), np.asarray(scores)
    figure, axes = canvas(7.4, 2.6)
    heights = np.random.default_rng(6).uniform(-0.3, 0.3, len(truth))  # only so that dots don't hide one another
    for row, colour in enumerate(CLASSES.values()):
        mine = truth == row
        axes.scatter(scores[mine], row + heights[mine], s=22, color=colour, alpha=0.7, marker="os"[row], linewidth=0)
    axes.axvspan(threshold, 1.02, color=SKY, alpha=0.15, linewidth=0)
    axes.axvline(threshold, color=VERMILION)
    caught, lost = int((scores[truth == 1] > threshold).sum()), int((scores[truth == 0] > threshold).sum())
    spam, ham = int((truth == 1).sum()), int((truth == 0).sum())
    axes.set_yticks(range(2), CLASSES)
    axes.set(xlim=(-0.02, 1.02), ylim=(1.6, -0.6), xlabel=say("probabilidad de spam", "probability of spam"))
    axes.set_title(say(f"spam cazado: {caught} de {spam}   ·   mensajes buenos perdidos: {lost} de {ham}",
                       f"spam caught: {caught} of {spam}   ·   good messages lost: {lost} of {ham}"))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    return picture(
        figure,
        say("Cada punto es un mensaje; lo que queda a la derecha de la raya va a la papelera.",
            "Each dot is a message; whatever lies right of the line goes to the bin."),
        say(f"Con el umbral en {threshold:.2f}: {caught} de {spam} spam y {lost} de {ham} ham a la papelera.",
            f"With the threshold at {threshold:.2f}: {caught} of {spam} spam and {lost} of {ham} ham in the bin."),
    )  # fmt: skip


def training_view(
    losses: Sequence[float], validation: Mapping[int, float], suspicion: Mapping[int, Sequence[float]],
    truth: Sequence[int], total: int,
) -> Picture:  # fmt: skip
    """A training run so far: its losses, and how likely it finds it that each of a few messages is spam."""
    figure, (left, right) = canvas(7.4, 2.9, columns=2)
    window = 8
    smooth = np.convolve(losses, np.ones(window) / window, "valid") if len(losses) >= window else []
    left.plot(range(1, len(losses) + 1), losses, color=SKY, linewidth=0.8)
    left.plot(range(window, window + len(smooth)), smooth, color=BLUE, label=say("entrenamiento", "training"))
    left.plot(list(validation), list(validation.values()), "o-", color=ORANGE, markersize=4,
              label=say("validación", "validation"))  # fmt: skip
    left.set(xlim=(0, total), ylim=(0, 1), xlabel=say("paso", "step"), title=say("pérdida", "loss"))
    left.legend(loc="upper right", fontsize=8)
    for i, label in enumerate(truth):
        name = list(CLASSES)[label]
        path = [values[i] for values in suspicion.values()]
        right.plot(list(suspicion), path, "-" if label else "--", color=CLASSES[name], linewidth=1.5)
    right.axhline(0.5, color=MUTED, linewidth=0.8, linestyle=":")
    right.set(xlim=(0, total), ylim=(-0.02, 1.02), xlabel=say("paso", "step"))
    right.set_title(say("P(spam) de los mensajes", "P(spam) of the messages"))
    latest = list(validation.values())[-1] if validation else float("nan")
    return picture(
        figure,
        say(f"Paso {len(losses)} de {total}; pérdida de validación: {latest:.2f}. A la derecha, los mensajes de abajo: "
            "spam con raya continua, ham con discontinua.",
            f"Step {len(losses)} of {total}; validation loss: {latest:.2f}. On the right, the messages below: spam "
            "as solid lines, ham as dashed ones."),
        say(f"Curvas hasta el paso {len(losses)} de {total}.", f"Curves up to step {len(losses)} of {total}."),
    )  # fmt: skip
