"""Appendix D, a landscape seen from above: a gentle channel, a wall, and the steps of gradient descent beside it."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import BLUE, GRID, INK, MUTED, VERMILION, Picture, canvas, picture

Walks = Mapping[str, tuple[list[list[float]], list[float]]]

WEST, EAST, SOUTH, NORTH = -4.0, 3.2, -1.6, 2.4


def wall_paths(surface: Callable[[Tensor], Tensor], walks: Walks) -> Picture:
    """The places that each walk passes, on a map of `surface`, and the height along the way."""
    figure, (chart, profile) = canvas(7.6, 3.2, columns=2, width_ratios=(3, 2))
    x, y = torch.meshgrid(torch.linspace(WEST, EAST, 145), torch.linspace(SOUTH, NORTH, 81), indexing="xy")
    with torch.no_grad():
        height = surface(torch.stack([x, y]))  # (2, 81, 145) -> (81, 145)
    levels = [0.5 * k for k in range(2, 13)] + [8, 10, 12, 14, 16]
    chart.contourf(x, y, height, levels=levels, cmap="Greys", alpha=0.6, extend="both")
    chart.contour(x, y, height, levels=levels, colors=GRID, linewidths=0.5)
    for (name, (places, heights)), colour, mark in zip(walks.items(), (VERMILION, BLUE), ("s", "o")):
        xs, ys = zip(*places)
        chart.plot(xs, ys, color=colour, marker=mark, markersize=3.5, linewidth=1.1, label=name)
        profile.plot(heights, color=colour, marker=mark, markersize=3, linewidth=1.1, label=name)
    chart.plot(*places[0], "o", color=INK, markersize=6, zorder=5)
    chart.set(xlim=(WEST, EAST), ylim=(SOUTH, NORTH), xticks=[], yticks=[])
    chart.set_title(say("el fondo, desde arriba", "the bed, from above"))
    chart.spines[:].set_color(MUTED)
    profile.set_xlabel(say("paso", "step"))
    profile.set_ylabel(say("altura", "height"))
    profile.set(ylim=(0.5, 12))
    profile.legend(fontsize=9)
    report = {name: (min(p[0] for p in places), heights[-1]) for name, (places, heights) in walks.items()}
    return picture(
        figure,
        say("Dos caminatas desde el punto negro por un canal que baja hacia la derecha y acaba en una pared (gris "
            "oscuro). Lo que se sale del mapa no se ve, pero la altura lo cuenta.",
            "Two walks from the black dot along a channel that falls to the right and ends at a wall (dark grey). "
            "What leaves the map can't be seen, but the height tells of it."),
        "; ".join(
            say(f"{name}: llega por la izquierda hasta {west:.1f} y acaba a {last:.2f} de altura",
                f"{name}: goes as far left as {west:.1f} and ends at height {last:.2f}")
            for name, (west, last) in report.items()
        ),
    )  # fmt: skip
