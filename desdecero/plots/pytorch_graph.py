"""Appendix A: the three parts of PyTorch, and the graph of a real loss, read from its `grad_fn`."""

import re
from collections import defaultdict
from collections.abc import Mapping

from torch import Tensor
from torch.autograd.graph import Node

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, MUTED, ORANGE, PURPLE, VERMILION, Picture, canvas, picture
from desdecero.plots.gpt_flow import _arrow, _blank, _box

Place = tuple[float, float]


def three_parts() -> Picture:
    """Tensors go through layers to a loss; gradients come back."""
    figure, axes = canvas(7.2, 2.2)
    _blank(axes)
    boxes = (
        (14, say("tensores", "tensors"), BLUE),
        (50, say("capas", "layers"), ORANGE),
        (86, say("pérdida", "loss"), PURPLE),
    )
    for x, name, colour in boxes:
        _box(axes, x, 36, name, colour, width=22, height=26)
    for x in (25, 61):
        _arrow(axes, (x, 36), (x + 14, 36))
    _arrow(axes, (86, 49), (86, 80), (50, 80), (50, 49), colour=VERMILION, width=1.8)
    axes.text(68, 88, say("gradientes", "gradients"), ha="center", va="center", color=VERMILION)
    axes.text(50, 12, say("aquí están los pesos", "the weights are here"), ha="center", fontsize=8, color=MUTED)
    return picture(
        figure,
        say("Las tres partes: los números van hacia la derecha, y de la pérdida vuelve cómo corregir los pesos.",
            "The three parts: numbers go to the right, and how to correct the weights comes back from the loss."),
        say("Tres cajas en fila, tensores, capas y pérdida, y una flecha de gradientes de la pérdida a las capas.",
            "Three boxes in a row, tensors, layers and loss, and an arrow of gradients from the loss to the layers."),
    )  # fmt: skip


def operations(loss: Tensor) -> dict[Node, list[Node]]:
    """Every operation behind `loss`, each with those whose results it took; the loss's own comes first."""
    found: dict[Node, list[Node]] = {}
    waiting = [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = [before for before, _ in node.next_functions if before is not None]
            waiting.extend(found[node])
    return found


def _columns(inputs: Mapping[Node, list[Node]], last: Node) -> dict[Node, int]:
    """How many steps each operation lies before the last one, by the longest way."""
    columns: dict[Node, int] = {}

    def visit(node: Node, column: int) -> None:
        if column > columns.get(node, -1):
            columns[node] = column
            for before in inputs[node]:
                visit(before, column + 1)

    visit(last, 0)
    return columns


def _places(inputs: Mapping[Node, list[Node]], last: Node) -> dict[Node, Place]:
    """Where to draw each operation: the last at the right, the others level with those that use them."""
    columns = _columns(inputs, last)
    users: dict[Node, list[Node]] = defaultdict(list)
    for node, before in inputs.items():
        for each in before:
            users[each].append(node)
    rows = {last: 0.0}
    for column in range(1, max(columns.values()) + 1):
        here = [node for node in inputs if columns[node] == column]
        wanted = {node: sum(rows[user] for user in users[node]) / len(users[node]) for node in here}
        middle = sum(wanted.values()) / len(here)
        for i, node in enumerate(sorted(here, key=wanted.__getitem__)):
            rows[node] = middle + i - (len(here) - 1) / 2
    return {node: (-columns[node], rows[node]) for node in inputs}


def graph(loss: Tensor, names: Mapping[str, Tensor]) -> Picture:
    """The graph that PyTorch keeps for `loss`; `names` says what the tensors at its far end are called."""
    inputs = operations(loss)
    places = _places(inputs, loss.grad_fn)
    left, bottom = (min(place[i] for place in places.values()) for i in (0, 1))
    top = max(place[1] for place in places.values())
    figure, axes = canvas(7.8, 1.1 + 0.7 * (top - bottom))
    _blank(axes)
    across = 88 / max(1, -left)
    down = 100 / (top - bottom + 1)
    spots = {node: (94 + x * across, (y - bottom + 0.5) * down) for node, (x, y) in places.items()}
    height = min(34.0, 0.55 * down)
    found = []
    for node, (x, y) in spots.items():
        leaf = getattr(node, "variable", None)  # only the node that gathers a leaf's gradient has one
        name = next(
            (name for name, tensor in names.items() if tensor is leaf), re.sub(r"Backward\d+$", "", node.name())
        )
        _box(axes, x, y, name, BLUE if leaf is None else GREEN, width=across * 0.72, height=height)
        found.append(name)
        for before in inputs[node]:
            bx, by = spots[before]
            _arrow(axes, (x - across * 0.36, y), (bx + across * 0.36, by))
    for text in axes.texts:
        text.set_fontsize(8)
    return picture(
        figure,
        say("El grafo de la pérdida, leído de grad_fn: en azul las operaciones, en verde los tensores que se "
            "entrenan. Las flechas van por donde viajan los gradientes, de la pérdida hacia atrás.",
            "The graph of the loss, read from grad_fn: operations in blue, the tensors to be trained in green. "
            "The arrows go the way that gradients travel, from the loss backwards."),
        say(f"Grafo de {len(found)} nodos: {', '.join(found)}.", f"A graph of {len(found)} nodes: {', '.join(found)}."),
    )  # fmt: skip
