"""The rows that text_classification_dataset must make, and those that the usual mistakes make."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from desdecero.checks.ch06._texts import KNOWN, padded, tokenizer
from desdecero.checks.probe import Wrong
from desdecero.checks.values import brief
from desdecero.edition import say

Pairs = list[tuple[list[int], int]]


@dataclass(frozen=True)
class Case:
    """One data set to make; None: the argument is left out."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    end_of_text: int
    max_length: int | None = None
    pad_id: int | None = None

    def encoded(self) -> list[list[int]]:
        return [tokenizer(self.end_of_text).encode(text) for text in self.texts]

    def longest(self) -> int:
        return max(map(len, self.encoded()))

    def length(self) -> int:
        return self.longest() if self.max_length is None else self.max_length

    def pad(self) -> int:
        return self.end_of_text if self.pad_id is None else self.pad_id


def pairs_like(
    case: Case,
    length: Callable[[Case], int] = Case.length,
    pad: Callable[[Case], int] = Case.pad,
    row: Callable[[list[int], int, int], list[int]] = padded,
    dropped: bool = False,
) -> Pairs:
    """The items of one who makes a mistake; with the defaults there is none."""
    size, pad_id = length(case), pad(case)
    pairs = zip(case.encoded(), case.labels)
    return [(row(ids, size, pad_id), label) for ids, label in pairs if not dropped or len(ids) <= size]


def lengths(*choices: Callable[[Case], int]) -> tuple[Callable[[Case], Pairs], ...]:
    return tuple(partial(pairs_like, length=length) for length in choices)


def rewritten(case: Case, change: Callable[[str], str]) -> Pairs:
    """The items of one who changes each text before encoding it."""
    return pairs_like(replace(case, texts=tuple(map(change, case.texts))))


def at_least_longest(case: Case) -> int:
    return case.longest() if case.max_length is None else min(case.max_length, case.longest())


MIMICS = {
    "left_padded": partial(pairs_like, row=lambda ids, size, pad_id: [pad_id] * (size - len(ids)) + ids[:size]),
    "not_padded": partial(pairs_like, row=lambda ids, size, pad_id: ids[:size]),
    "longest_plus_one": (
        *lengths(lambda case: case.length() + 1, lambda case: case.length() + (case.max_length is None)),
        partial(pairs_like, row=lambda ids, size, pad_id: [*padded(ids, size + 1, pad_id)[:size], pad_id]),
    ),
    "characters": lengths(
        lambda case: max(map(len, case.texts)) if case.max_length is None else case.max_length,
        lambda case: max(map(len, case.texts)),
    ),
    "zero_pad": partial(pairs_like, pad=lambda case: 0 if case.pad_id is None else case.pad_id),
    "fixed_pad": (
        partial(pairs_like, pad=lambda case: 50_256),
        partial(pairs_like, pad=lambda case: 50_256 if case.pad_id is None else case.pad_id),
    ),
    "max_length_ignored": lengths(Case.longest),
    "not_truncated": partial(pairs_like, row=lambda ids, size, pad_id: padded(ids, max(size, len(ids)), pad_id)),
    "cut_left": partial(pairs_like, row=lambda ids, size, pad_id: padded(ids[-size:], size, pad_id)),
    "dropped": partial(pairs_like, dropped=True),
    "shrinks": lengths(at_least_longest),
    "zero_taken_for_none": partial(pairs_like, pad=lambda case: case.pad_id or case.end_of_text),
    "pad_ignored": partial(pairs_like, pad=lambda case: case.end_of_text),
    "changes_text": tuple(
        partial(rewritten, change=change)
        for change in (str.strip, str.lower, str.rstrip, str.lstrip, lambda text: " ".join(text.split()))
    ),
}


def explain(cases: list[Case], got: list[Pairs]) -> None:
    """Name what is wrong with the first wrong row, when no known mistake explains all of them."""
    for case, pairs in zip(cases, got):
        expected = pairs_like(case)
        if sorted(row for row, _ in pairs) == sorted(row for row, _ in expected) and pairs != expected:
            raise Wrong("order")
        for row, _ in pairs:
            if {token for token in row if token >= KNOWN} - {row[-1], case.pad(), case.end_of_text}:
                raise Wrong("other_tokenizer")
        for ids, (row, _), (wanted, _) in zip(case.encoded(), pairs, expected):
            if len(row) != len(wanted):
                raise Wrong("row_length", got=len(row), expected=len(wanted))
            if row != wanted and row[: len(ids)] == wanted[: len(ids)] and row[-1] != case.pad():
                raise Wrong("wrong_pad", got=row[-1], expected=case.pad())
        for text, (row, label), (wanted, right) in zip(case.texts, pairs, expected):
            if row != wanted:
                at = next(i for i, (a, b) in enumerate(zip(row, wanted)) if a != b)
                told, due = brief(row[at:], 40), brief(wanted[at:], 40)
                es = f"los ids de {brief(text, 40)} son, desde el número {at}, {told} y se esperaba {due}"
                en = f"the ids of {brief(text, 40)} are, from number {at} on, {told}, expected {due}"
                raise Wrong(None, detail=say(es, en))
            if label != right:
                es = f"la etiqueta de {brief(text, 40)} es {label} y se esperaba {right}"
                en = f"the label of {brief(text, 40)} is {label}, expected {right}"
                raise Wrong(None, detail=say(es, en))
