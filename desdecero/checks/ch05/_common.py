"""What the checks of this chapter share: a tiny language model that notes how it is called, and its batches."""

import contextlib
import re
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.probe import Probe, Wrong, type_name

VOCAB = 11
PLACES = 9  # the longest sequence of the tiny model
ROUGHLY = {"rtol": 1e-4, "atol": 1e-5}  # an answer may compute the loss in float32

Batch = tuple[Tensor, Tensor]


class TinyModel(nn.Module):
    """Scores what follows by the token and its place; in float64, so that no order of sums matters."""

    def __init__(self, table: Tensor, place: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(table.double().clone())  # (V, V)
        self.place = nn.Parameter(place.double().clone())  # (PLACES, V)
        self.part = nn.Identity()  # tells eval() from a flag that was set by hand
        self.modes: list[list[bool]] = []
        self.gradients: list[bool] = []

    def mode(self) -> list[bool]:
        return [part.training for part in self.modules()]

    def forward(self, token_ids: Tensor) -> Tensor:
        self.modes.append(self.mode())
        self.gradients.append(torch.is_grad_enabled())
        return self.table[token_ids] + self.place[: token_ids.shape[1]]  # (B, T) -> (B, T, V)

    def copy(self) -> "TinyModel":
        """One with the same weights that has not been called yet."""
        return type(self)(self.table.detach(), self.place.detach())


class Loader:
    """Like a `DataLoader` it has a length and can be gone through again, but has no index; its order is fixed.

    It counts how often it is gone through.
    """

    def __init__(self, batches: list[Batch]) -> None:
        self.batches, self.passes = batches, 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch]:
        self.passes += 1
        return ((inputs.clone(), targets.clone()) for inputs, targets in self.batches)


def random_model(probe: Probe, scale: float = 1.5) -> TinyModel:
    return TinyModel(probe.randn(VOCAB, VOCAB, scale=scale), probe.randn(PLACES, VOCAB, scale=scale))


def random_batches(probe: Probe, *sizes: tuple[int, int]) -> list[Batch]:
    """Targets that are not the inputs moved by one: an answer that makes its own is found out."""
    return [(probe.randint(0, VOCAB, size), probe.randint(0, VOCAB, size)) for size in sizes]


def stored_batches(inputs: Tensor, targets: Tensor) -> list[Batch]:
    """`(N, B, T)` twice, as N batches."""
    return list(zip(inputs.unbind(), targets.unbind()))


def mean_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """The truth, by torch's own function."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def number(value: object, fault: str) -> Tensor:
    """A float of the answer, to be compared; `fault` names the mistake if it is something else."""
    if not isinstance(value, float):
        raise Wrong(fault, got=type_name(value))
    return torch.tensor(value, dtype=torch.float64)


@contextlib.contextmanager
def explained(errors: dict[str, str]) -> Iterator[None]:
    """Name the fault behind an error of the student's code whose text is known: `{pattern: fault}`."""
    try:
        yield
    except Wrong as wrong:
        told = str(wrong.details.get("error", ""))
        for pattern, fault in errors.items():
            if wrong.fault == "raises" and re.search(pattern, told):
                raise Wrong(fault, **wrong.details) from None
        raise
