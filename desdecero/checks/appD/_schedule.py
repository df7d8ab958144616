"""What the checks of this appendix share: the schedule, written out, and the curves of those who get it wrong."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from desdecero.checks.probe import Mimics


@dataclass(frozen=True)
class Schedule:
    """The arguments of `learning_rate` after the step, in its order."""

    total: int
    warmup: int
    initial: float
    peak: float
    last: float

    def __iter__(self):
        return iter((self.total, self.warmup, self.initial, self.peak, self.last))

    def rate(self, step: int) -> float:
        """The truth. With nothing left to decay, the peak."""
        if step < self.warmup:
            return self.rising(step / self.warmup)
        return self.falling((step - self.warmup) / max(1, self.total - self.warmup))

    def rising(self, share: float) -> float:
        return (1 - share) * self.initial + share * self.peak

    def falling(self, share: float) -> float:
        return self.last + (self.peak - self.last) * math.cos(math.pi * share / 2) ** 2  # cos² x is (1 + cos 2x) / 2

    def curve(self, steps: Sequence[int], rise: Callable | None = None, fall: Callable | None = None) -> Tensor:
        """The rates at `steps`, those of warm-up by `rise(step)`, the others by `fall(step)`, where given."""
        rise, fall = rise or self.rate, fall or self.rate
        rates = [rise(step) if step < self.warmup else fall(step) for step in steps]
        return torch.tensor(rates, dtype=torch.float64)

    def rises(self) -> dict[str, list[Callable[[int], float]]]:
        """Mistakes of warm-up."""
        n, start, gap = max(1, self.warmup), self.initial, self.peak - self.initial
        return {
            "warmup_off_by_one": [
                lambda step: start + gap * (step + 1) / n,
                lambda step: start + gap * step / max(1, n - 1),
                lambda step: start + gap * step / (n + 1),
                lambda step: start + gap * (step + 1) / (n + 1),
            ],
            "initial_ignored": [lambda step: self.peak * step / n, lambda step: self.peak * (step + 1) / n],
            "initial_added": [lambda step: start + self.peak * step / n],
            "warmup_over_all": [lambda step: start + gap * step / self.total],
            "flat_warmup": [lambda step: start],
            "no_warmup": [lambda step: self.peak, lambda step: self.falling(step / self.total)],
            "warmup_not_linear": [
                lambda step: start + gap * math.sin(math.pi * step / n / 2) ** 2,
                lambda step: start * (self.peak / start) ** (step / n) if start else 0.0,
            ],
        }

    def falls(self) -> dict[str, list[Callable[[int], float]]]:
        """Mistakes of the decay; each gives the rate of a step."""
        peak, low, gap = self.peak, self.last, self.peak - self.last
        left, last = max(1, self.total - self.warmup), max(1, self.total - self.warmup - 1)

        def share(step: int) -> float:
            return (step - self.warmup) / left

        def half(step: int, angle: float = math.pi) -> float:
            return (1 + math.cos(angle * share(step))) / 2

        return {
            "over_all_steps": [
                lambda step: self.falling(step / self.total),
                lambda step: self.falling((step - self.warmup) / self.total),
                lambda step: self.falling(step / left),
            ],
            "ends_early": [
                lambda step: self.falling((step - self.warmup) / last),
                lambda step: self.falling((step - self.warmup + 1) / left),
                lambda step: self.falling((step - self.warmup) / (left + 1)),
            ],
            "wrong_period": [
                lambda step: low + gap * half(step, 2 * math.pi),
                lambda step: low + gap * math.cos(math.pi * share(step) / 2),
                lambda step: low + gap * math.cos(math.pi * share(step)),
                lambda step: low + gap * half(step, math.pi / 2),
            ],
            "min_ignored": [lambda step: peak * half(step)],
            "min_as_floor": [lambda step: max(low, peak * half(step))],
            "min_added": [lambda step: low + peak * half(step)],
            "not_halved": [lambda step: low + gap * 2 * half(step)],
            "upside_down": [lambda step: low + gap * (1 - half(step))],
            "linear_decay": [lambda step: peak - gap * share(step)],
            "degrees": [
                lambda step: low + gap * half(step, 180),
                lambda step: low + gap * half(step, math.pi**2 / 180),
            ],
            "no_pi": [lambda step: low + gap * half(step, 1)],
            "back_to_initial": [lambda step: self.initial + (peak - self.initial) * half(step)],
            "no_decay": [lambda step: peak, lambda step: peak - gap * ((step - self.warmup) // left)],
        }

    def mimics(self, steps: Sequence[int]) -> Mimics:
        """The curves of those who make one of these mistakes."""
        rises = {name: [self.curve(steps, rise=way) for way in ways] for name, ways in self.rises().items()}
        falls = {name: [self.curve(steps, fall=way) for way in ways] for name, ways in self.falls().items()}
        return {**rises, **falls}
