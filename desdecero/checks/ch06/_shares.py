"""What classification_accuracy must find, and what it finds with the usual mistakes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True, eq=False)
class Case:
    """What the model says about every example, what is right, and how they are batched."""

    token_ids: Tensor  # (N, T)
    logits: Tensor  # (N, T, C)
    labels: Tensor  # (N,)
    batch_size: int
    max_batches: int | None = None

    def batches(self, extra: int = 0) -> list[tuple[Tensor, Tensor]]:
        both = list(zip(self.logits.split(self.batch_size), self.labels.split(self.batch_size)))
        return both if self.max_batches is None else both[: max(0, self.max_batches + extra)]

    def loader(self) -> DataLoader:
        return DataLoader(TensorDataset(self.token_ids, self.labels), batch_size=self.batch_size)


def value(number: float | Tensor) -> float:
    return round(float(number), 5)


def hits(logits: Tensor, labels: Tensor) -> int:
    """How many last tokens have the largest logit at the label."""
    return sum(row.index(max(row)) == label for row, label in zip(logits[:, -1].tolist(), labels.tolist()))


Score = Callable[[Tensor, Tensor], float | Tensor]


def by_example(case: Case, score: Score = hits, extra: int = 0) -> float:
    """The sum of `score` over the batches, by the number of examples; as it stands it is the truth."""
    batches = case.batches(extra)
    return value(sum(score(*batch) for batch in batches) / sum(len(labels) for _, labels in batches))


def scaled(case: Case, factor: Callable[[int, int], float]) -> float:
    batches = case.batches()
    count = sum(len(labels) for _, labels in batches)
    return value(sum(hits(*batch) for batch in batches) * factor(count, len(batches)))


def equals(choose: Callable[[Tensor], Tensor], reduce: str = "sum") -> Callable[[Case], float]:
    """How often what `choose` finds in the logits equals the labels."""
    return partial(by_example, score=lambda logits, labels: getattr((choose(logits) == labels).float(), reduce)())


def everywhere(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=-1) == labels[:, None]).float().sum()  # (B, T) against (B, 1)


def row_against_row(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=-1) == labels).float().sum()  # (B, T) against (B,): fits only when B is T


def probability(logits: Tensor, labels: Tensor) -> Tensor:
    return logits[:, -1].softmax(dim=-1).gather(1, labels[:, None]).sum()


def one(case: Case, which: int) -> float:
    logits, labels = case.batches()[which]
    return value(hits(logits, labels) / len(labels))


def mean_of_batches(case: Case) -> float:
    batches = case.batches()
    return value(sum(hits(*batch) / len(batch[1]) for batch in batches) / len(batches))


MIMICS = {
    "wrong_position": tuple(
        equals(lambda logits, place=place: logits[:, place].argmax(dim=-1)) for place in (0, 1, -2, -3)
    ),
    "all_positions": tuple(
        partial(by_example, score=lambda logits, labels, way=way, share=share: way(logits, labels) / share(logits))
        for way in (everywhere, row_against_row)
        for share in (lambda logits: logits.shape[1], lambda logits: 1)
    ),
    "pooled": (
        equals(lambda logits: logits.mean(dim=1).argmax(dim=-1)),
        equals(lambda logits: logits.amax(dim=1).argmax(dim=-1)),
    ),
    "wrong_dimension": (
        equals(lambda logits: logits[:, -1].argmax(dim=0)),
        equals(lambda logits: logits[:, -1].argmax()),
        equals(lambda logits: logits[-1].argmax(dim=-1)),
        equals(lambda logits: logits[:, :, -1].argmax(dim=-1)),
        equals(lambda logits: logits[:, -1].amax(dim=-1)),
    ),
    "broadcast": (
        equals(lambda logits: logits[:, -1].argmax(dim=-1, keepdim=True)),
        lambda case: value(
            sum((logits[:, -1].argmax(-1, keepdim=True) == labels).float().mean() for logits, labels in case.batches())
            / len(case.batches())
        ),
    ),
    "least_likely": equals(lambda logits: logits[:, -1].argmin(dim=-1)),
    "percent": partial(scaled, factor=lambda count, batches: 100 / count),
    "count": partial(scaled, factor=lambda count, batches: 1),
    "inverted": lambda case: value(1 - by_example(case)),
    "probability": partial(by_example, score=probability),
    "rounded": tuple(lambda case, digits=digits: round(by_example(case), digits) for digits in (0, 1, 2, 3)),
    "mean_of_batches": mean_of_batches,
    "one_batch": (partial(one, which=0), partial(one, which=-1)),
    "divides_by_batches": partial(scaled, factor=lambda count, batches: 1 / batches),
    "max_batches_ignored": partial(by_example, extra=99),
    "one_batch_more": partial(by_example, extra=1),
    "one_batch_less": partial(by_example, extra=-1),
    "whole_loader": lambda case: value(sum(hits(*batch) for batch in case.batches()) / len(case.labels)),
}
