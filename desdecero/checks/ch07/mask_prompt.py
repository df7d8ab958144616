"""ch07/mask_prompt: train on the answers alone."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, shape, type_name
from desdecero.checks.values import judge
from desdecero.edition import say

exercise = Exercise(
    id="ch07/mask_prompt",
    defines="mask_prompt",
    reference="desdecero.instruct:mask_prompt",
    difficulty=2,
    minutes=15,
    faults={
        "one_too_many": (
            "Ocultas p posiciones por fila: targets ya va un token por delante, así que son p − 1; la que sobra es el "
            "primer token de la respuesta.",
            "You hide p positions of each row: targets is already one token ahead, so it takes p − 1; the one too many "
            "is the response's first token.",
        ),
        "one_too_few": (
            "Ocultas p − 2 posiciones por fila: son p − 1, porque targets va solo un token por delante.",
            "You hide p − 2 positions of each row: it takes p − 1, because targets is only one token ahead.",
        ),
        "first_row_only": (
            "Solo cambia la primera fila: hay que ocultar el prompt de todas.",
            "Only the first row changes: the prompt of each must be hidden.",
        ),
        "same_length": (
            "Usas una misma longitud para todas las filas: cada una tiene la suya, prompt_lengths[i].",
            "You use one length for all rows: each has its own, prompt_lengths[i].",
        ),
        "inverted": (
            "Está al revés: ocultas la respuesta y dejas el prompt.",
            "It is the wrong way round: you hide the response and leave the prompt.",
        ),
        "not_from_start": (
            "Empiezas a ocultar en la posición 1: son las p − 1 primeras, desde la 0.",
            "You begin to hide at position 1: it is the first p − 1, from 0 on.",
        ),
        "all_hidden": (
            "Ocultas la fila entera: la respuesta se queda como está.",
            "You hide the whole row: the response stays as it is.",
        ),
        "one_position": (
            "Cambias una sola posición de cada fila: son todas las que van delante de la respuesta.",
            "You change a single position of each row: it takes all those before the response.",
        ),
        "unchanged": (
            "El resultado es igual que targets: devuelve la copia que has cambiado.",
            "The result equals targets: return the copy that you changed.",
        ),
        "not_ignored": (
            "Escribes un {got} donde va ignore_index: solo ese valor hace que la pérdida pase por alto la posición.",
            "You write a {got} where ignore_index belongs: only that value makes the loss pass over the position.",
        ),
        "fixed_ignore_index": (
            "Escribes -100 a mano: usa el ignore_index que recibes.",
            "You write -100 by hand: use the ignore_index you are given.",
        ),
        "cut": (
            "Quitas los tokens del prompt: la forma no cambia, en su lugar va ignore_index.",
            "You remove the prompt's tokens: the shape stays, ignore_index goes in their place.",
        ),
        "not_long": (
            "El resultado es de {got}: conserva el tipo de targets, enteros largos (torch.long).",
            "The result holds {got}: keep the dtype of targets, long integers (torch.long).",
        ),
        "long_prompt": (
            "Un prompt puede ser más largo que la fila, si se ha cortado, y tu código se interrumpe ({error}): en ese "
            "caso se oculta la fila entera.",
            "A prompt may be longer than the row, if that was cut, and your code stops ({error}): in that case the "
            "whole row is hidden.",
        ),
        "long_prompt_kept": (
            "Un prompt puede ser más largo que la fila, si se ha cortado, y entonces no ocultas nada: se oculta toda "
            "la fila.",
            "A prompt may be longer than the row, if that was cut, and then you hide nothing: the whole row is hidden.",
        ),
        "not_contiguous": (
            "Con un tensor que no es contiguo tu código se interrumpe ({error}): usa reshape en vez de view.",
            "With a tensor that is not contiguous your code stops ({error}): use reshape instead of view.",
        ),
        "changes_lengths": (
            "Tu código modifica la lista prompt_lengths, y la próxima vez los prompts medirían otra cosa: resta uno al "
            "usar cada longitud, sin guardarlo en la lista.",
            "Your code changes the list prompt_lengths, and next time the prompts would have other lengths: subtract "
            "one when you use a length, without keeping that in the list.",
        ),
        "needs_tensor": (
            "Si prompt_lengths es una lista, tu código se interrumpe ({error}): empieza por torch.as_tensor(...).",
            "If prompt_lengths is a list, your code stops ({error}): begin with torch.as_tensor(...).",
        ),
        "needs_list": (
            "Si prompt_lengths es un tensor, tu código se interrumpe ({error}): puede ser una lista o un tensor.",
            "If prompt_lengths is a tensor, your code stops ({error}): it may be a list or a tensor.",
        ),
    },
)

Rows = list[list[int]]
Case = tuple[Rows, list[int], int]  # targets, prompt_lengths, ignore_index


def masked(targets: Rows, prompt_lengths: list[int], ignore_index: int, shift: int = -1) -> Rows:
    """The truth, number by number; `shift` is what is added to the length of a prompt."""
    return [
        [ignore_index if i < length + shift else token for i, token in enumerate(row)]
        for row, length in zip(targets, prompt_lengths)
    ]


def first_row_only(targets: Rows, prompt_lengths: list[int], ignore_index: int) -> Rows:
    return masked(targets, [prompt_lengths[0], *[1] * (len(targets) - 1)], ignore_index)


def same_length(targets: Rows, lengths: list[int], ignore_index: int, choose: Callable[[list[int]], int]) -> Rows:
    return masked(targets, [choose(lengths)] * len(lengths), ignore_index)


def inverted(targets: Rows, prompt_lengths: list[int], ignore_index: int, shift: int) -> Rows:
    return [
        [token if i < length + shift else ignore_index for i, token in enumerate(row)]
        for row, length in zip(targets, prompt_lengths)
    ]


def one_position(targets: Rows, prompt_lengths: list[int], ignore_index: int, shift: int) -> Rows:
    return [
        [ignore_index if i == length + shift else token for i, token in enumerate(row)]
        for row, length in zip(targets, prompt_lengths)
    ]


def not_from_start(targets: Rows, prompt_lengths: list[int], ignore_index: int, stop: int) -> Rows:
    hidden = masked(targets, prompt_lengths, ignore_index, stop)
    return [[*row[:1], *rest[1:]] for row, rest in zip(targets, hidden)]


def long_prompt_kept(targets: Rows, prompt_lengths: list[int], ignore_index: int, room: int) -> Rows:
    """Leaves a row alone when its prompt has as many tokens, or so many more than it."""
    lengths = [length if length < len(targets[0]) + room else 0 for length in prompt_lengths]
    return masked(targets, lengths, ignore_index)


MIMICS = {
    "one_too_many": partial(masked, shift=0),
    "one_too_few": partial(masked, shift=-2),
    "first_row_only": first_row_only,
    "same_length": tuple(
        partial(same_length, choose=choose)
        for choose in (lambda lengths: lengths[0], lambda lengths: lengths[-1], max, min)
    ),
    "inverted": (partial(inverted, shift=-1), partial(inverted, shift=0)),
    "not_from_start": tuple(partial(not_from_start, stop=stop) for stop in (0, -1)),
    "long_prompt_kept": tuple(partial(long_prompt_kept, room=room) for room in (0, 1, 2)),
    "all_hidden": lambda targets, lengths, ignore_index: [[ignore_index] * len(row) for row in targets],
    "one_position": tuple(partial(one_position, shift=shift) for shift in (-1, 0, -2)),
    "unchanged": lambda targets, lengths, ignore_index: targets,
    "fixed_ignore_index": lambda targets, lengths, ignore_index: masked(targets, lengths, -100),
}


def hide(probe: Probe, case: Case, fault: str = "raises", as_tensor: bool = False, turned: bool = False) -> Rows:
    """What the answer makes of a case, as plain lists; `turned` gives it a tensor that is not contiguous."""
    rows, lengths, ignore_index = case
    targets = torch.tensor(rows)
    if turned:
        targets = targets.T.contiguous().T
    settings = {} if ignore_index == -100 else {"ignore_index": ignore_index}
    given = torch.tensor(lengths) if as_tensor else lengths.copy()
    result = probe(probe.candidate, targets, given, fault=fault, **settings)
    if not isinstance(result, Tensor):
        raise Wrong("not_a_tensor", got=type_name(result))
    if result.shape != targets.shape:
        smaller = result.numel() < targets.numel()
        raise Wrong("cut" if smaller else "shape", got=shape(result), expected=shape(targets))
    if result.dtype != torch.long:
        raise Wrong("not_long", got=result.dtype)
    return result.tolist()


def verdict(cases: list[Case], got: list[Rows], right: Callable[..., Rows] = masked) -> None:
    for case, found in zip(cases, got):
        for value in {token for row in found for token in row} - {case[2], -100} - {t for row in case[0] for t in row}:
            if found == masked(case[0], case[1], value):
                raise Wrong("not_ignored", got=value)
    try:
        judge(cases, got, right, MIMICS)
    except Wrong as wrong:
        if wrong.fault is None:
            show_difference(cases, got, right)
        raise


def show_difference(cases: list[Case], got: list[Rows], right: Callable[..., Rows]) -> None:
    """No mistake that is known: show the first row that differs, not the whole batch."""
    for case, found in zip(cases, got):
        for row, length, result, wanted in zip(case[0], case[1], found, right(*case)):
            if result != wanted:
                es = f"la fila {row}, con un prompt de {length}, queda {result} y se esperaba {wanted}"
                en = f"the row {row}, with a prompt of {length}, becomes {result}, expected {wanted}"
                raise Wrong(None, detail=say(es, en))


def draw(probe: Probe, lengths: list[int], width: int, ignore_index: int = -100) -> Case:
    return probe.randint(100, 900, (len(lengths), width)).tolist(), lengths, ignore_index


@exercise.item("positions", "Oculta las primeras p − 1 posiciones", "Hides the first p − 1 positions", points=2)
def _(probe: Probe) -> None:
    cases = [draw(probe, [4], 9), draw(probe, [3, 6, probe.pick(4, 8)], 10), draw(probe, [5, 2, 4, 3], 7)]
    try:
        got = [hide(probe, case) for case in cases]
    except Wrong as wrong:
        if wrong.fault == "raises":
            for case in cases:
                hide(probe, case, as_tensor=True)  # does it work with a tensor?
            raise Wrong("needs_tensor", **wrong.details) from None
        raise
    verdict(cases, got)


@exercise.item(
    "extremes", "Prompts de un token, o más largos que la fila", "Prompts of one token, or longer than the row"
)
def _(probe: Probe) -> None:
    cases = [draw(probe, [1, 2, 1], 6), draw(probe, [1], 1), draw(probe, [7, 3], 7)]
    verdict(cases, [hide(probe, case) for case in cases])
    cases = [draw(probe, [8, 3, 9, 30], 7), draw(probe, [12], 4)]
    verdict(cases, [hide(probe, case, fault="long_prompt") for case in cases])


@exercise.item("ignore_index", "Usa el ignore_index que recibe", "Uses the ignore_index it is given")
def _(probe: Probe) -> None:
    cases = [draw(probe, [3, 5], 8, -1), draw(probe, [2, 4, 1], 6, -probe.pick(2, 90)), draw(probe, [4, 3], 7, 0)]
    verdict(cases, [hide(probe, case) for case in cases])
    # What was ignored before, the padding, stays so.
    rows, lengths, _ = draw(probe, [3, 4], 8)
    rows[0][5:], rows[1][7:] = [-100] * 3, [-100]
    verdict([(rows, lengths, -100)], [hide(probe, (rows, lengths, -100))])


@exercise.item("any_kind", "Con cualquier lista o tensor", "With any list or tensor")
def _(probe: Probe) -> None:
    case = draw(probe, [4, 2, 5], 8)
    verdict([case], [hide(probe, case, as_tensor=True, fault="needs_list")])
    verdict([case], [hide(probe, case, turned=True, fault="not_contiguous")])
    lengths = case[1].copy()
    probe(probe.candidate, torch.tensor(case[0]), lengths, fault="needs_tensor")
    if lengths != case[1]:
        raise Wrong("changes_lengths")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    case = (stored["targets"].tolist(), stored["prompt_lengths"].tolist(), -100)
    expected = stored["expected"].tolist()
    verdict([case], [hide(probe, case)], lambda *case: expected)
