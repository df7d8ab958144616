"""Appendix A, to play with: shapes that broadcast, batches, and a border that is being learned."""

from collections.abc import Sequence

import ipywidgets
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from desdecero.edition import say
from desdecero.plots import Picture
from desdecero.plots.pytorch import batches, broadcast, learning
from desdecero.widgets import Play
from desdecero.widgets.gpt import _choice, _slider

SHAPES = ((), (4,), (3,), (1, 4), (3, 1), (3, 4), (4, 3), (1, 1))


def play_broadcast() -> Play:
    """Choose two shapes and see whether, and how, they can be added."""

    def draw(a: tuple[int, ...], b: tuple[int, ...]) -> Picture:
        first, second = (torch.arange(torch.Size(shape).numel(), dtype=torch.float).reshape(shape) for shape in (a, b))
        return broadcast(first, 10 * (second + 1))

    options = [(str(shape), shape) for shape in SHAPES]
    controls = {name: _choice(name, options) for name in "ab"}
    controls["a"].value, controls["b"].value = (3, 1), (4,)
    return Play(draw, **controls)


def play_batches(examples: int = 10) -> Play:
    """Change what a `DataLoader` is told and see which examples it puts together, epoch by epoch."""

    def draw(batch_size: int, shuffle: bool, drop_last: bool, seed: int) -> Picture:
        generator = torch.Generator().manual_seed(seed)
        loader = DataLoader(range(examples), batch_size, shuffle, drop_last=drop_last, generator=generator)
        return batches([[batch.tolist() for batch in loader] for _ in range(3)], examples)

    return Play(
        draw,
        batch_size=_slider("batch_size", 4, 1, examples, 1),
        shuffle=ipywidgets.Checkbox(value=True, description="shuffle"),
        drop_last=ipywidgets.Checkbox(value=False, description="drop_last"),
        seed=_slider(say("semilla", "seed"), 1, 0, 9, 1),
    )


def play_learning(snapshots: Sequence[Tensor], losses: Sequence[float], features: Tensor, labels: Tensor) -> Play:
    """Step through a training run; `snapshots` are probabilities at equal intervals, the first before any step."""
    between = len(losses) // (len(snapshots) - 1)

    def draw(moment: int) -> Picture:
        return learning(snapshots[moment], losses, moment * between, features, labels)

    last = len(snapshots) - 1
    return Play(draw, moment=_slider(say("momento", "moment"), min(4, last), 0, last, 1))
