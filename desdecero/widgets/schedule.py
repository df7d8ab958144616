"""Appendix D, to play with: learning-rate schedules that bring boats in, and pushes beside a sandbank."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from IPython.display import DisplayHandle, display
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import Picture, framed
from desdecero.plots.schedule import schedule_and_landing
from desdecero.plots.wall import wall_paths
from desdecero.training import clip_gradients, learning_rate
from desdecero.widgets import Play
from desdecero.widgets.gpt import _choice, _slider

T = TypeVar("T")

STEPS, BOATS, FAR = 120, 1_000, 10.0
DECAY = 0.2  # the share of a warm-up-stable-decay run in which the rate comes down


def land(rates: Sequence[float], boats: int = BOATS, seed: int = 5) -> list[float]:
    """Boats start `FAR` metres from the landing and push towards where, through fog, it seems to be.

    Returns their mean distance to it, at the start and after every push.
    """
    generator = torch.Generator().manual_seed(seed)
    places = torch.full((boats,), FAR)
    distances = [FAR]
    for rate in rates:
        seen = places + torch.randn(boats, generator=generator)  # the distance, off by about a metre
        places = places - rate * seen
        distances.append(places.abs().mean().item())
    return distances


def linear_rate(step: int, total: int, warmup: int, peak: float, low: float) -> float:
    """Straight up to the peak, straight down from it."""
    return peak * step / warmup if step < warmup else peak + (low - peak) * (step - warmup) / max(1, total - warmup)


def plateau_rate(step: int, total: int, warmup: int, peak: float, low: float) -> float:
    """Warm-up, a long plateau, and a straight way down over the last steps."""
    start = max(warmup, round(total * (1 - DECAY)))
    if step < start:
        return linear_rate(step, total, warmup, peak, peak)
    return linear_rate(step - start, total - start, 0, peak, low)


def shapes() -> dict[str, Callable[[int, int, int, float, float], float]]:
    """Every shape to choose from: its name and its rate, by step, total, warm-up, peak and minimum."""
    return {
        say("coseno", "cosine"): lambda step, total, warmup, peak, low: learning_rate(
            step, total, warmup, 0.0, peak, low
        ),
        say("línea recta", "straight line"): linear_rate,
        say("meseta y bajada", "plateau and decay"): plateau_rate,
        say("constante", "constant"): lambda step, total, warmup, peak, low: linear_rate(
            step, total, warmup, peak, peak
        ),
    }


def play_schedules() -> Play:
    """Choose a schedule's shape, peak, warm-up and minimum, and see where it takes the boats."""

    def draw(shape: str, peak: float, warmup: float, low: float) -> Picture:
        rate = shapes()[shape]
        curve = [rate(step, STEPS, round(warmup * STEPS), peak, low * peak) for step in range(STEPS)]
        return schedule_and_landing(curve, land(curve), land([peak] * STEPS))

    return Play(
        draw,
        shape=_choice(say("forma", "shape"), list(shapes())),
        peak=_slider(say("máximo", "peak"), 0.4, 0.02, 1.0, 0.02),
        warmup=_slider(say("calentamiento", "warm-up"), 0.1, 0.0, 0.5, 0.05),
        low=_slider(say("mínimo / máximo", "minimum / peak"), 0.05, 0.0, 1.0, 0.05),
    )


def river_bed(place: Tensor) -> Tensor:
    """The height at `place`, `(x, y)`: a channel that falls gently to the right, up to a sandbank as steep as a wall.

    The wall stands at `x = 2 + y / 3`, a little aslant.
    """
    x, y = place
    bank = 40 * torch.nn.functional.softplus(60 * (x - 2 - y / 3)) / 60
    return 3 - 0.5 * x + 0.4 * y**2 + bank


def walk(rate: float, max_norm: float, steps: int = 30) -> tuple[list[list[float]], list[float]]:
    """Gradient descent on the river bed: the places it passes and the height at each."""
    place = torch.tensor([-3.0, 1.6], requires_grad=True)
    places, heights = [], []
    for _ in range(steps + 1):
        place.grad = None
        height = river_bed(place)
        places.append(place.tolist())
        heights.append(height.item())
        height.backward()
        clip_gradients([place], max_norm)
        with torch.no_grad():
            place -= rate * place.grad
    return places, heights


def play_wall() -> Play:
    """Choose the rate and the limit, and follow two walks to the foot of the wall: clipped and not."""

    def draw(rate: float, max_norm: float) -> Picture:
        walks = {say("sin recortar", "not clipped"): walk(rate, math.inf),
                 say("recortado", "clipped"): walk(rate, max_norm)}  # fmt: skip
        return wall_paths(river_bed, walks)

    return Play(
        draw,
        rate=_slider(say("tasa", "rate"), 0.4, 0.1, 1.0, 0.1),
        max_norm=_slider("max_norm", 1.0, 0.2, 20.0, 0.2),
    )


class Bar:
    """How many of `total` pieces of work are done, and the time left; hand each result through `done`."""

    def __init__(self, total: int) -> None:
        self.total, self.count, self.began = total, 0, time.perf_counter()
        self.handle = DisplayHandle()
        display(self._frame(), display_id=self.handle.display_id)

    def done(self, result: T) -> T:
        self.count += 1
        self.handle.update(self._frame())
        return result

    def _frame(self) -> Picture:
        note = f"{self.count}/{self.total}"
        if 0 < self.count < self.total:
            left = (time.perf_counter() - self.began) * (self.total - self.count) / self.count
            note += say(f" · faltan {left:.0f} s", f" · {left:.0f} s left")
        return framed(f'<progress value="{self.count}" max="{self.total}" style="width:30em"></progress>', note, note)
