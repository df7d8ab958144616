"""Comparing what an answer gave when it is no tensor: texts, lists, dictionaries; and texts kept in tensors."""

from collections.abc import Callable, Mapping, Sequence

import torch

from desdecero.checks.probe import Wrong
from desdecero.edition import say

Case = tuple  # the arguments of one call
Mimic = Callable[..., object]


def judge(
    cases: Sequence[Case],
    got: Sequence[object],
    right: Callable[..., object],
    mimics: Mapping[str, Mimic | tuple[Mimic, ...]],
    quote: Callable[..., tuple] = lambda *case: case,
) -> None:
    """Compare what the answer gave for every case with what `right` gives.

    The fault named is the first one whose mimic gives what the answer gave in all cases together, so that
    one mistake is not taken for another that happens to look the same in a single case; failing that, in more
    than two thirds of them. `quote` says what a message quotes of a case.
    """
    expected = [right(*case) for case in cases]
    wrong = [i for i, value in enumerate(expected) if got[i] != value]
    if not wrong:
        return
    first = wrong[0]
    order = sorted(range(len(cases)), key=lambda i: (i != first, len(repr(cases[i]))))  # the telling one, then short
    for most_misses in (0, (len(cases) - 1) // 3):
        for fault, alternatives in mimics.items():
            for mimic in alternatives if isinstance(alternatives, tuple) else (alternatives,):
                if _explains(mimic, [(cases[i], got[i]) for i in order], most_misses):
                    raise Wrong(fault)
    raise Wrong(None, detail=difference(quote(*cases[first]), got[first], expected[first]))


def _explains(mimic: Mimic, answers: list[tuple[Case, object]], most_misses: int) -> bool:
    """Whether the mimic gives what the answer gave in the first case, and in all others but `most_misses`."""
    misses = 0
    for i, (case, got) in enumerate(answers):
        misses += _attempt(mimic, case) != got
        if misses > (most_misses if i else 0):
            return False
    return True


def _attempt(mimic: Mimic, case: Case) -> object:
    try:
        return mimic(*case)
    except Exception:  # a mistake that would have stopped with an error: not this one, then
        return None


def difference(quoted: tuple, got: object, expected: object) -> str:
    """What was given, what came back and what should have, in the edition's language."""
    given = ", ".join(brief(part) for part in quoted)
    if isinstance(got, list) and isinstance(expected, list):
        at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
        if at > 3:
            start = at - 1
            return say(
                f"con {given}, desde el elemento {start} da {brief(got[start:])} "
                f"y se esperaba {brief(expected[start:])}",
                f"given {given}, from element {start} on it gives {brief(got[start:])}, "
                f"expected {brief(expected[start:])}",
            )
    return say(
        f"con {given} da {brief(got)} y se esperaba {brief(expected)}",
        f"given {given} it gives {brief(got)}, expected {brief(expected)}",
    )


def brief(value: object, limit: int = 90) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def text_of(tensor: torch.Tensor) -> str:
    """A text that is stored as its bytes."""
    return bytes(tensor.tolist()).decode("utf-8")


def cut(tensor: torch.Tensor, lengths: torch.Tensor) -> list[bytes]:
    """Byte strings that are stored end to end."""
    return [bytes(part.tolist()) for part in tensor.split(lengths.tolist())]
