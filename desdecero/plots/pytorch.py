"""Appendix A: shapes, broadcasting, batches, and the border that a classifier draws while it learns."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import BLUE, DIVERGING, INK, MUTED, VERMILION, Picture, canvas, picture

PALE_BLUE, PALE_ORANGE, PALE_GREEN, WHITE = "#cfe5f3", "#fbe6bd", "#c9ebe0", "#ffffff"
MARKS = (("o", "#eadcf5", "#2d0a4e"), ("^", "#ffe9a8", "#4a2f00"))  # class by class: marker, face, edge
LIMIT = 1.25  # how far pictures of the water go from its middle


def _cells(
    axes: Axes, values: Tensor, x: float, y: float, colour: str, real: Tensor | None = None, layer: int = 0
) -> None:
    """A matrix as squares with their numbers, its upper left corner at (x, y); those not `real` are dashed."""
    for (i, j), value in np.ndenumerate(values.numpy()):
        solid = real is None or bool(real[i, j])
        axes.add_patch(
            Rectangle(
                (x + j, y + i), 1, 1, facecolor=colour if solid else WHITE, edgecolor=INK if solid else MUTED,
                linewidth=0.9, linestyle="-" if solid else ":", zorder=3 + layer,
            )
        )  # fmt: skip
        ink = INK if solid else MUTED
        axes.text(
            x + j + 0.5, y + i + 0.52, f"{value:g}", ha="center", va="center", fontsize=8, color=ink, zorder=3 + layer
        )


def _room(axes: Axes, width: float, height: float) -> None:
    axes.set(xlim=(-0.3, width), ylim=(height, -1.3), aspect="equal")
    axes.axis("off")


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def shapes(tensors: Mapping[str, Tensor]) -> Picture:
    """Tensors of nought to three dimensions side by side, each above its shape."""
    figure, axes = canvas(7.4, 2.5)
    x, lowest = 0.0, 0.0
    for name, tensor in tensors.items():
        sheets = tensor.reshape((1,) * (3 - tensor.dim()) + tuple(tensor.shape))  # up to 3 dimensions -> 3
        depth, rows, columns = sheets.shape
        for k in reversed(range(depth)):  # the first sheet in front
            _cells(axes, sheets[k], x + 0.7 * k, 0.7 * (depth - 1 - k), PALE_BLUE, layer=depth - k)
        width = columns + 0.7 * (depth - 1)
        below = rows + 0.7 * (depth - 1)
        axes.text(x + width / 2, below + 0.7, f"{name}\n{_shape(tensor)}", ha="center", va="top", fontsize=8)
        x, lowest = x + max(width, 2.2) + 1.3, max(lowest, below)
    _room(axes, x - 1, lowest + 2.6)
    found = "; ".join(f"{name} {_shape(tensor)}" for name, tensor in tensors.items())
    return picture(
        figure,
        say("Cuatro tensores y sus formas: de ninguna dimensión a tres.",
            "Four tensors and their shapes: from no dimension to three."),
        say(f"Cuadrados con números: {found}.", f"Squares with numbers: {found}."),
    )  # fmt: skip


def broadcast(a: Tensor, b: Tensor) -> Picture:
    """What `a + b` does: the copies that each tensor would need (dashed), and the sum, if there is one."""
    figure, axes = canvas(7.4, 2.4)
    try:
        size = torch.broadcast_shapes(a.shape, b.shape)
    except RuntimeError:
        size = None
    matrices = [t.reshape((1,) * (2 - t.dim()) + tuple(t.shape)) for t in (a, b)]
    rows, columns = (max(m.shape[i] for m in matrices) for i in (0, 1))
    for k, (matrix, tensor, name) in enumerate(zip(matrices, (a, b), "ab")):
        x = k * (columns + 2)
        whole = matrix if size is None else matrix.expand(rows, columns)
        real = torch.zeros(whole.shape, dtype=torch.bool)
        real[: matrix.shape[0], : matrix.shape[1]] = True
        _cells(axes, whole, x, 0, (PALE_BLUE, PALE_ORANGE)[k], real)
        axes.text(x, -0.4, f"{name} {_shape(tensor)}", fontsize=9)
        axes.text(x + columns + 1, rows / 2, "+="[k], fontsize=14, ha="center", va="center")
    x = 2 * (columns + 2)
    if size is None:
        axes.text(x, rows / 2, say("no encajan", "no fit"), fontsize=11, va="center", color=VERMILION)
        told = say("no encajan: RuntimeError", "they don't fit: RuntimeError")
    else:
        _cells(axes, matrices[0] + matrices[1], x, 0, PALE_GREEN)
        axes.text(x, -0.4, f"a + b {tuple(size)}", fontsize=9)
        told = say(f"la suma tiene forma {tuple(size)}", f"the sum has shape {tuple(size)}")
    _room(axes, x + max(columns, 4) + 0.3, rows + 0.3)
    return picture(
        figure,
        say(f"Difusión de {_shape(a)} y {_shape(b)}: {told}. A trazos, las copias que PyTorch se imagina.",
            f"Broadcasting {_shape(a)} and {_shape(b)}: {told}. Dashed, the copies that PyTorch imagines."),
        say("Dos matrices de cuadrados, una azul y otra naranja, y su suma en verde si las formas encajan.",
            "Two matrices of squares, one blue, one orange, and their sum in green if the shapes fit."),
    )  # fmt: skip


def batches(epochs: Sequence[Sequence[Sequence[int]]], examples: int) -> Picture:
    """Which examples fall into which batch, epoch by epoch; those left out stand at the end."""
    figure, axes = canvas(7.4, 0.5 + 0.5 * len(epochs))
    widest = 0.0
    for row, epoch in enumerate(epochs):
        axes.text(-0.4, 1.6 * row + 0.5, say("época", "epoch") + f" {row + 1}", ha="right", va="center", fontsize=9)
        x = 0.0
        for k, batch in enumerate(epoch):
            _cells(axes, torch.tensor([list(batch)]), x, 1.6 * row, (PALE_BLUE, PALE_ORANGE)[k % 2])
            x += len(batch) + 0.4
        left_out = sorted(set(range(examples)) - {i for batch in epoch for i in batch})
        if left_out:
            _cells(axes, torch.tensor([left_out]), x + 0.6, 1.6 * row, WHITE, torch.zeros(1, len(left_out)))
            x += 0.6 + len(left_out)
        widest = max(widest, x)
    _room(axes, widest + 0.3, 1.6 * len(epochs))
    axes.set(xlim=(-3, widest + 0.3), ylim=(1.6 * len(epochs), -0.3))
    told = " | ".join(" ".join(str(list(batch)) for batch in epoch) for epoch in epochs)
    return picture(
        figure,
        say("Los lotes de cada época; a trazos, los ejemplos que esa época no ve.",
            "The batches of each epoch; dashed, the examples that the epoch does not see."),
        told,
    )  # fmt: skip


def scatter(axes: Axes, features: Tensor, labels: Tensor, names: Sequence[str] = ()) -> None:
    """The examples, class by class, told apart by colour and by marker."""
    for k, (marker, face, edge) in enumerate(MARKS):
        x, y = features[labels == k].T.numpy()
        label = names[k] if names else None
        axes.scatter(x, y, s=14, marker=marker, color=face, edgecolor=edge, linewidth=0.7, label=label, zorder=3)
    axes.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), aspect="equal", xticks=[], yticks=[])


def water(features: Tensor, labels: Tensor) -> Picture:
    """The two waters, before any learning."""
    figure, axes = canvas(4.6, 3.2)
    scatter(axes, features, labels, (say("clara (0)", "clear (0)"), say("turbia (1)", "muddy (1)")))
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return picture(
        figure,
        say("Dos aguas que se enroscan en un remolino: cada marca es una muestra.",
            "Two waters that coil in an eddy: each mark is a sample."),
        say("Dos brazos de una espiral, uno de círculos y otro de triángulos, que dan casi una vuelta.",
            "Two arms of a spiral, one of circles and one of triangles, that make nearly one turn."),
    )  # fmt: skip


def grid(points: int = 61) -> Tensor:
    """Places all over the picture, `(points², 2)`."""
    line = torch.linspace(-LIMIT, LIMIT, points)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


def _border(axes: Axes, muddy: Tensor, features: Tensor, labels: Tensor) -> None:
    """The probability of class 1 at the places of `grid`, and the line where it is one half."""
    side = round(len(muddy) ** 0.5)
    line, height = np.linspace(-LIMIT, LIMIT, side), muddy.reshape(side, side).numpy()
    axes.contourf(line, line, 1 - height, levels=np.linspace(0, 1, 11), cmap=DIVERGING, alpha=0.6)
    axes.contour(line, line, height, levels=[0.5], colors=INK, linewidths=1.4)
    scatter(axes, features, labels)


def borders(snapshots: Mapping[str, Tensor], features: Tensor, labels: Tensor) -> Picture:
    """The border at several moments side by side; each snapshot is a probability per place of `grid`."""
    figure, panels = canvas(2.45 * len(snapshots), 2.7, columns=len(snapshots), squeeze=False)
    for axes, (name, muddy) in zip(panels[0], snapshots.items()):
        _border(axes, muddy, features, labels)
        axes.set_title(name, fontsize=9)
    return picture(
        figure,
        say("Lo que cree el modelo en cada sitio: morado, agua clara; naranja, turbia. En la línea negra duda.",
            "What the model believes at each place: purple, clear water; orange, muddy. On the black line it doubts."),
        say("Mapas de color con las muestras encima: " + ", ".join(snapshots) + ".",
            "Colour maps with the samples on top: " + ", ".join(snapshots) + "."),
    )  # fmt: skip


def learning(muddy: Tensor, losses: Sequence[float], step: int, features: Tensor, labels: Tensor) -> Picture:
    """The border after `step` steps, and where that is on the curve of the loss."""
    figure, (left, right) = canvas(7.2, 3, columns=2, width_ratios=(1, 1.4))
    _border(left, muddy, features, labels)
    left.set_title(say(f"paso {step}", f"step {step}"))
    right.plot(range(1, len(losses) + 1), losses, color=BLUE, linewidth=0.9)
    right.axvline(step, color=VERMILION, linestyle="--", linewidth=1.4)
    right.set(xlabel=say("paso", "step"), ylabel=say("pérdida", "loss"), ylim=(0, None))
    return picture(
        figure,
        say("La frontera en un momento del entrenamiento, y la pérdida de cada paso.",
            "The border at one moment of training, and the loss of every step."),
        say(f"A la izquierda, el mapa del paso {step}; a la derecha, la curva de la pérdida con ese paso marcado.",
            f"On the left, the map at step {step}; on the right, the curve of the loss with that step marked."),
    )  # fmt: skip
