"""Chapter 4, how the parts behave: normalisation, activations, gradients and influence."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import (
    BLUE,
    GREEN,
    GRID,
    MUTED,
    ORANGE,
    PALETTE,
    PURPLE,
    VERMILION,
    Picture,
    canvas,
    heatmap,
    picture,
)

Activation = Callable[[Tensor], Tensor]


def plain(label: str) -> str:
    """A label in which matplotlib sees no formula."""
    return label.replace("$", r"\$")


def before_after(before: Tensor, after: Tensor, tokens: Sequence[str]) -> Picture:
    """The numbers of each token's vector as dots, with their mean, before and after a normalisation."""
    figure, panels = canvas(7.4, 3.2, columns=2)
    titles = (say("antes", "before"), say("después", "after"))
    for axes, values, title in zip(panels, (before, after), titles):
        for i, vector in enumerate(values.detach()):
            axes.plot([i] * len(vector), vector, "o", color=BLUE, markersize=4, alpha=0.35, markeredgewidth=0)
            axes.plot([i - 0.3, i + 0.3], [vector.mean()] * 2, color=VERMILION, linewidth=2)
        axes.axhline(0, color=GRID, zorder=0)
        axes.set_xticks(range(len(tokens)), map(plain, tokens), rotation=45, ha="right")
        axes.set_title(title)
    return picture(
        figure,
        say("Los números de cada vector (puntos) y su media (raya), antes y después de normalizar.",
            "The numbers in each vector (dots) and their mean (bar), before and after normalising."),
        say("Antes, cada columna de puntos tiene su centro y su anchura; después, todas están centradas en cero y son "
            "igual de anchas.",
            "Before, each column of dots has a centre and a spread of its own; after, all are centred on zero and "
            "equally wide."),
    )  # fmt: skip


def norm_bars(columns: Mapping[str, Tensor], tokens: Sequence[str], moved: int) -> Picture:
    """The vectors of a few tokens as bars, raw and under several normalisations; one token was moved."""
    figure, grid = canvas(7.4, 4.2, rows=len(tokens), columns=len(columns), sharex=True)
    for j, (name, vectors) in enumerate(columns.items()):
        limit = 36 if j == 0 else 2.6
        for i, vector in enumerate(vectors):
            axes = grid[i][j]
            axes.bar(range(len(vector)), vector.tolist(), color=VERMILION if i == moved else BLUE)
            axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.set_ylim(-limit, limit)
            axes.set_xticks([])
            if i == 0:
                axes.set_title(name)
            if j == 0:
                axes.set_ylabel(tokens[i])
    return picture(
        figure,
        say("Tres vectores, uno de ellos movido y estirado (naranja), y lo que hace de ellos cada normalización.",
            "Three vectors, one of them moved and stretched (orange), and what each normalisation makes of them."),
        say("Barras: LayerNorm no nota el cambio, RMSNorm nota el movimiento y BatchNorm cambia también los otros dos "
            "vectores.",
            "Bars: LayerNorm does not notice the change, RMSNorm notices the move, and BatchNorm changes the other two "
            "vectors as well."),
    )  # fmt: skip


def slope(function: Activation, x: Tensor) -> Tensor:
    """The derivative of `function` at every x."""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(function(x).sum(), x)[0]


def activation_curves(functions: Mapping[str, Activation], exact: str, approximate: str) -> Picture:
    """Activations, their slopes, and how far apart two of them are."""
    figure, (curves, slopes, error) = canvas(7.4, 3, columns=3)
    x = torch.linspace(-4, 4, 801)
    styles = ("-", "-", "--")
    for (name, function), style, colour in zip(functions.items(), styles, (MUTED, BLUE, ORANGE)):
        curves.plot(x, function(x).detach(), style, label=name, color=colour)
        slopes.plot(x, slope(function, x), style, color=colour)
    error.plot(x, 1000 * (functions[approximate](x) - functions[exact](x)).detach(), color=VERMILION)
    curves.set(title=say("curva", "curve"), xlim=(-3.2, 2), ylim=(-0.4, 2))
    slopes.set(title=say("pendiente", "slope"), xlim=(-3.2, 3))
    error.set(title=say("diferencia × 1000", "difference × 1000"))
    curves.legend(loc="upper left", fontsize=8, frameon=False)
    for axes in (curves, slopes, error):
        axes.axhline(0, color=GRID, zorder=0)
        axes.axvline(0, color=GRID, zorder=0)
    return picture(
        figure,
        say("ReLU y las dos GELU: sus curvas, sus pendientes y lo poco que se separan las dos GELU.",
            "ReLU and both GELUs: their curves, their slopes, and how little the two GELUs differ."),
        say("ReLU es una recta quebrada en cero y su pendiente salta de 0 a 1. GELU baja un poco por debajo de cero "
            "antes de subir y su pendiente cambia sin saltos. Las dos GELU se separan menos de media milésima.",
            "ReLU is a line broken at zero and its slope jumps from 0 to 1. GELU dips a little below zero before it "
            "rises and its slope changes smoothly. The two GELUs differ by less than half a thousandth."),
    )  # fmt: skip


def tangent(names: Mapping[str, Activation], chosen: str, at: float) -> Picture:
    """One activation with its tangent at a point, the others in grey, and all their slopes."""
    figure, (curves, slopes) = canvas(7.4, 3.2, columns=2)
    x, point = torch.linspace(-4, 4, 401), torch.tensor([float(at)])
    for name, function in names.items():
        style = {"color": BLUE, "linewidth": 2.2, "zorder": 3} if name == chosen else {"color": "#b4bdc7"}
        curves.plot(x, function(x), **style)
        slopes.plot(x, slope(function, x), **style)
    function = names[chosen]
    value, steepness = float(function(point)), float(slope(function, point))
    ends = torch.tensor([at - 1.2, at + 1.2])
    curves.plot(ends, value + steepness * (ends - at), color=VERMILION, linewidth=2, zorder=4)
    curves.plot(at, value, "o", color=VERMILION, zorder=5)
    slopes.plot(at, steepness, "o", color=VERMILION, zorder=5)
    curves.set(title=chosen, xlim=(-4, 4), ylim=(-1.5, 4))
    slopes.set(title=say(f"pendiente en {at:.1f}: {steepness:+.2f}", f"slope at {at:.1f}: {steepness:+.2f}"))
    slopes.set(xlim=(-4, 4), ylim=(-0.3, 1.3))
    return picture(
        figure,
        say("Una función de activación, su tangente en un punto y su pendiente (las demás, en gris).",
            "An activation function, its tangent at a point and its slope (the others in grey)."),
        say(f"{chosen} vale {value:.2f} en {at:.1f} y su pendiente es {steepness:+.2f}.",
            f"{chosen} is {value:.2f} at {at:.1f} and its slope is {steepness:+.2f}."),
    )  # fmt: skip


def layer_curves(series: Mapping[str, Sequence[float]], quantity: str, caption: str, alt: str) -> Picture:
    """A positive quantity layer by layer, on a logarithmic axis: gradients, or sizes of vectors."""
    figure, axes = canvas(7.4, 3)
    for (name, values), marker, colour in zip(series.items(), "os^D", (VERMILION, BLUE, GREEN, PURPLE)):
        axes.plot(range(1, len(values) + 1), values, marker=marker, markersize=4, color=colour, label=name)
    axes.set_yscale("log")
    axes.set(xlabel=say("capa", "layer"), ylabel=quantity)
    axes.legend(frameon=False)
    return picture(figure, caption, alt)


def shortcut_curves(without: Sequence[float], with_shortcuts: Sequence[float]) -> Picture:
    """The gradient at each layer of a stack, without shortcuts and with them."""
    return layer_curves(
        {say("sin atajos", "without shortcuts"): without, say("con atajos", "with shortcuts"): with_shortcuts},
        say("tamaño del gradiente", "size of the gradient"),
        say("El gradiente que llega a cada capa de una pila al azar, con atajos y sin ellos.",
            "The gradient that reaches each layer of a random stack, with shortcuts and without."),
        say(f"Sin atajos va de {without[-1]:.0e} en la última capa a {without[0]:.0e} en la primera; con atajos, de "
            f"{with_shortcuts[-1]:.0e} a {with_shortcuts[0]:.0e}.",
            f"Without shortcuts it goes from {without[-1]:.0e} at the last layer to {without[0]:.0e} at the first; "
            f"with shortcuts, from {with_shortcuts[-1]:.0e} to {with_shortcuts[0]:.0e}."),
    )  # fmt: skip


def norm_curves(pre: Sequence[float], post: Sequence[float]) -> Picture:
    """The gradient at each block of a stack, with the norms on the branches (pre) or on the trunk (post)."""
    return layer_curves(
        {"post-norm": post, "pre-norm": pre},
        say("tamaño del gradiente", "size of the gradient"),
        say("El gradiente que llega a cada rama, según dónde se normalice.",
            "The gradient that reaches each branch, depending on where the norm stands."),
        say(f"Del primero al último: en post-norm, de {post[0]:.2f} a {post[-1]:.2f}; en pre-norm, de {pre[0]:.2f} a "
            f"{pre[-1]:.2f}.",
            f"From first to last: in post-norm, from {post[0]:.2f} to {post[-1]:.2f}; in pre-norm, from {pre[0]:.2f} "
            f"to {pre[-1]:.2f}."),
    )  # fmt: skip


def reach(changes: Mapping[str, Tensor], tokens: Sequence[str]) -> Picture:
    """For each part, which outputs (rows) change when one input token (column) is changed."""
    figure, panels = canvas(7.4, 2.9, columns=len(changes))
    for axes, (name, matrix) in zip(panels, changes.items()):
        heatmap(axes, matrix.numpy(), [plain(t) for t in tokens], [plain(t) for t in tokens], numbers=False)
        axes.set_title(name)
        axes.set_xlabel(say("token cambiado", "token changed"))
    panels[0].set_ylabel(say("salida que cambia", "output that changes"))
    return picture(
        figure,
        say("Qué salidas (filas) cambian cuando se cambia un token de entrada (columnas).",
            "Which outputs (rows) change when one input token (columns) is changed."),
        say("FeedForward: solo la diagonal. Atención y bloque: la diagonal y todo lo que queda por debajo.",
            "FeedForward: the diagonal only. Attention and block: the diagonal and everything below it."),
    )  # fmt: skip


def fitted(x: Tensor, wanted: Tensor, pieces: Tensor, error: float) -> Picture:
    """A curve, the sum that imitates it, and the pieces of the sum."""
    figure, (whole, parts) = canvas(7.4, 3, columns=2)
    whole.plot(x, wanted, color=MUTED, linewidth=3, label=say("el fondo del río", "the river bed"))
    whole.plot(x, pieces.sum(0), color=VERMILION, label=say("la red", "the network"))
    whole.set(title=say(f"error medio: {error:.2f} m", f"mean error: {error:.2f} m"), ylim=(-4.4, 0.9))
    whole.set_ylabel(say("metros", "metres"))
    whole.legend(loc="upper right", fontsize=8, frameon=False)
    for piece, colour in zip(pieces, PALETTE * (len(pieces) // len(PALETTE) + 1)):
        parts.plot(x, piece, color=colour, linewidth=1)
    parts.set_title(say("lo que aporta cada neurona", "what each neuron adds"))
    return picture(
        figure,
        say("El fondo del río imitado por una red de dos capas, y las piezas de las que sale la suma.",
            "The river bed imitated by a two-layer network, and the pieces that make up the sum."),
        say(f"{len(pieces)} piezas; error medio de {error:.2f} metros.",
            f"{len(pieces)} pieces; mean error {error:.2f} metres."),
    )  # fmt: skip


def loss_curves(curves: Mapping[str, Sequence[float]]) -> Picture:
    """The loss at each step of several short trainings."""
    figure, axes = canvas(7.4, 2.8)
    for (name, losses), style, colour in zip(curves.items(), ("-", "-", "--"), (MUTED, BLUE, ORANGE)):
        axes.plot(losses, style, label=name, color=colour, linewidth=2)
    axes.set(xlabel=say("paso", "step"), ylabel=say("error", "error"), ylim=(0, None))
    axes.legend(loc="center right", frameon=False)
    return picture(
        figure,
        say("El error de una neurona que empieza apagada, paso a paso, con cada activación.",
            "The error of a neuron that starts switched off, step by step, with each activation."),
        ", ".join(f"{name}: {losses[0]:.2f} → {losses[-1]:.2f}" for name, losses in curves.items()),
    )  # fmt: skip
