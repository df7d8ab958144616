"""Chapter 5, what is measured: surprise, the floor of a loss, splits, curves, and how bets change with temperature."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, SKY, VERMILION, Picture, canvas, picture
from desdecero.plots.gpt import plain


def surprise_curve(labels: Sequence[str], probabilities: Sequence[float]) -> Picture:
    """`-ln p` from 0 to 1, with a dot for each token that was really next."""
    figure, axes = canvas(6.4, 3)
    p = np.linspace(0.005, 1, 300)
    axes.plot(p, -np.log(p), color=MUTED, linewidth=1.5)
    for label, probability in zip(labels, probabilities):
        surprise = -np.log(probability)
        axes.plot([probability] * 2, [0, surprise], color=GRID, zorder=0)
        axes.plot(probability, surprise, "o", color=BLUE)
        axes.annotate(plain(label), (probability, surprise), (6, 5), textcoords="offset points")
    axes.set(xlim=(0, 1.12), ylim=(0, 5.5))
    axes.set_xlabel(say("probabilidad que se dio al token verdadero", "probability given to the true token"))
    axes.set_ylabel(say("sorpresa", "surprise"))
    listed = ", ".join(f"{label}: {p} → {-np.log(p):.2f}" for label, p in zip(labels, probabilities))
    return picture(
        figure,
        say("La sorpresa según la probabilidad que se dio a lo que pasó: nula si era 1, sin límite cerca de 0.",
            "Surprise by the probability given to what happened: none at 1, without limit near 0."),
        say(f"Curva que baja desde muy arriba hasta cero. {listed}.",
            f"A curve that falls from very high down to zero. {listed}."),
    )  # fmt: skip


def error_signal(labels: Sequence[str], probabilities: Sequence[float], gradient: Sequence[float]) -> Picture:
    """A model's probabilities and, beside them, the gradient of the loss at each logit."""
    figure, panels = canvas(7.4, 2.6, columns=2)
    rows = range(len(labels))
    panels[0].barh(rows, probabilities, color=SKY)
    panels[0].set_title(say("probabilidad", "probability"))
    panels[1].barh(rows, gradient, color=[VERMILION if g > 0 else GREEN for g in gradient])
    panels[1].axvline(0, color=MUTED, linewidth=0.8)
    panels[1].set_title(say("gradiente en cada logit", "gradient at each logit"))
    for axes in panels:
        axes.set_yticks(rows, map(plain, labels))
        axes.invert_yaxis()
    return picture(
        figure,
        say("El gradiente es la probabilidad, menos 1 en el token verdadero: el paso de entrenamiento baja lo naranja "
            "y sube lo verde.",
            "The gradient is the probability, minus 1 at the true token: the training step will lower what is orange "
            "and raise what is green."),
        "; ".join(f"{a}: {p:.2f} → {g:.2f}" for a, p, g in zip(labels, probabilities, gradient)),
    )  # fmt: skip


def honest_bet(share: float, bet: float, names: tuple[str, str]) -> Picture:
    """The mean surprise of every possible bet on the first of two tokens that is right `share` of the time."""
    figure, axes = canvas(6.6, 3)
    q = np.linspace(0.01, 0.99, 197)

    def cost(q: float | np.ndarray) -> float | np.ndarray:
        return -share * np.log(q) - (1 - share) * np.log(1 - q)

    floor = float(-sum(p * np.log(p) for p in (share, 1 - share) if p > 0))
    axes.plot(q, cost(q), color=BLUE, linewidth=2)
    axes.axhline(floor, color=GREEN, linestyle="--", label=say(f"suelo: {floor:.2f}", f"floor: {floor:.2f}"))
    yours = float(cost(bet))
    axes.plot(
        bet, yours, "o", color=VERMILION, markersize=9, label=say(f"tu apuesta: {yours:.2f}", f"your bet: {yours:.2f}")
    )
    axes.set(ylim=(0, 3.5), xlim=(0, 1))
    axes.set_xlabel(
        say(f"apuesta por «{names[0]}» (el resto, por «{names[1]}»)", f"bet on “{names[0]}” (the rest on “{names[1]}”)")
    )
    axes.set_ylabel(say("sorpresa media", "mean surprise"))
    axes.legend(loc="upper center", frameon=False)
    return picture(
        figure,
        say("La sorpresa media de cada apuesta. El punto más bajo está en la frecuencia verdadera, y no es cero.",
            "The mean surprise of each bet. The lowest point is at the true frequency, and it is not zero."),
        say(f"Curva en forma de valle; suelo {floor:.2f}, tu apuesta {yours:.2f}.",
            f"A valley-shaped curve; floor {floor:.2f}, your bet {yours:.2f}."),
    )  # fmt: skip


def split_strips(n_windows: int, held_out: Sequence[int]) -> Picture:
    """Windows along the story, in order: those held out at random, `held_out`, and as many held out by position."""
    figure, axes = canvas(7.4, 1.7)
    rows = np.zeros((2, n_windows))
    rows[0, list(held_out)] = 1
    rows[1, n_windows - len(held_out) :] = 1
    axes.pcolormesh(rows, cmap=ListedColormap([SKY, VERMILION]), edgecolors="white", linewidth=0)
    axes.axhline(1, color="white", linewidth=8)
    axes.set_yticks([0.5, 1.5], [say("al azar", "at random"), say("por posición", "by position")])
    axes.set_xlabel(
        say("ventanas, del principio del cuento al final", "windows, from the story's beginning to its end")
    )
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return picture(
        figure,
        say("Azul: entrenamiento. Naranja: validación, escogida al azar (arriba) y por posición (abajo).",
            "Blue: training. Orange: validation, chosen at random (above) and by position (below)."),
        say(f"Dos tiras de {n_windows} ventanas, {len(held_out)} naranjas: arriba, repartidas; abajo, todas al "
            "final.",
            f"Two strips of {n_windows} windows, {len(held_out)} orange: above, scattered; below, all at the "
            "end."),
    )  # fmt: skip


def loss_curve(
    losses: Sequence[float],
    validation: Mapping[int, float],
    marks: Mapping[str, float],
    total: int,
    at: int | None = None,
) -> Picture:
    """The loss of every step, the validation loss where it was measured, and known levels; `at` is marked."""
    figure, axes = canvas(7.4, 3)
    axes.plot(range(1, len(losses) + 1), losses, color=BLUE, linewidth=1.2, label=say("entrenamiento", "training"))
    if validation:
        axes.plot(
            list(validation),
            list(validation.values()),
            "o-",
            color=ORANGE,
            markersize=4,
            label=say("validación", "validation"),
        )
    for name, level in marks.items():
        axes.axhline(level, color=MUTED, linestyle=":", linewidth=1)
        axes.annotate(f"{name} {level:.2f}", (total, level), (0, 2), textcoords="offset points", ha="right", fontsize=8)
    if at is not None:
        axes.axvline(at, color=VERMILION, linewidth=1.2)
    axes.set(xlim=(0, total), ylim=(0, max([*marks.values(), *losses, *validation.values()], default=1) + 0.5))
    axes.set_xlabel(say("paso", "step"))
    axes.set_ylabel(say("pérdida", "loss"))
    if losses:
        axes.legend(loc="lower left", frameon=False)
    last = f"{losses[-1]:.2f}" if losses else "…"
    best = f"{min(validation.values()):.2f}" if validation else "…"
    return picture(
        figure,
        say(f"La pérdida, paso a paso. Última de entrenamiento: {last}; mejor de validación: {best}.",
            f"The loss, step by step. Last of training: {last}; best of validation: {best}."),
        say(f"Curvas de pérdida hasta el paso {len(losses)}: entrenamiento {last}, mejor validación {best}.",
            f"Loss curves up to step {len(losses)}: training {last}, best validation {best}."),
    )  # fmt: skip


def bits_bars(bits: Mapping[str, float]) -> Picture:
    """Bits per byte of several readers of the same text; fewer is better."""
    figure, axes = canvas(7.4, 0.9 + 0.34 * len(bits))
    axes.barh(range(len(bits)), list(bits.values()), color=BLUE)
    for row, value in enumerate(bits.values()):
        axes.text(value + 0.03, row, f"{value:.2f}", va="center", fontsize=9)
    axes.set_yticks(range(len(bits)), map(plain, bits))
    axes.set(xlim=(0, max(bits.values()) * 1.12))
    axes.set_xlabel(
        say(
            "bits por byte en el final del cuento (menos es mejor)",
            "bits per byte on the story's end (fewer is better)",
        )
    )
    axes.invert_yaxis()
    return picture(
        figure,
        say("Lo que cuesta a cada uno el mismo texto.", "What the same text costs each of them."),
        "; ".join(f"{name}: {value:.2f}" for name, value in bits.items()),
    )


def reshaped_bets(
    labels: Sequence[str], before: Sequence[float], after: Sequence[float], rest: float, note: str
) -> Picture:
    """The likeliest tokens: their probability as the model gives it, and after temperature and top-k."""
    figure, axes = canvas(7.4, 0.9 + 0.25 * len(labels))
    rows = np.arange(len(labels))
    axes.barh(rows, after, height=0.7, color=BLUE, label=say("con los mandos", "with the controls"))
    axes.barh(rows, before, height=0.7, fill=False, edgecolor=INK, linewidth=1, label=say("del modelo", "the model's"))
    axes.set_yticks(rows, map(plain, labels))
    axes.set(xlim=(0, min(1.0, max(0.05, *before, *after) * 1.08)))
    axes.set_xlabel(say("probabilidad", "probability"))
    axes.set_title(note, fontsize=10)
    axes.invert_yaxis()
    axes.legend(loc="lower right", frameon=False)
    return picture(
        figure,
        say(f"Las apuestas del modelo (contorno) y lo que queda de ellas (azul). Fuera del dibujo, {rest:.1%}.",
            f"The model's bets (outline) and what is left of them (blue). Out of the picture, {rest:.1%}."),
        note + ": " + ", ".join(f"{label} {a:.3f} → {b:.3f}" for label, a, b in zip(labels, before, after)),
    )  # fmt: skip
