"""ch07/collate_instructions: texts of different lengths in one batch, with nothing learned from the padding."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import product

import torch
from torch import Tensor

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import judge
from desdecero.edition import say

exercise = Exercise(
    id="ch07/collate_instructions",
    defines="collate_instructions",
    reference="desdecero.instruct:collate_instructions",
    difficulty=3,
    minutes=25,
    faults={
        "not_a_pair": (
            "Se esperaba una pareja (inputs, targets) y se ha recibido «{got}»: ¿falta el return?",
            "Expected a pair (inputs, targets) and got “{got}”: is the return missing?",
        ),
        "not_tensors": (
            "inputs y targets deben ser un tensor cada uno, y hay «{got}»: torch.tensor de listas de igual longitud, o "
            "torch.stack.",
            "inputs and targets must be one tensor each, found “{got}”: torch.tensor of lists of equal length, or "
            "torch.stack.",
        ),
        "not_long": (
            "Los tensores deben ser de enteros largos (torch.long) y son de {got}.",
            "The tensors must hold long integers (torch.long), they hold {got}.",
        ),
        "changes_batch": (
            "Tu código modifica las listas del lote (¿append o += en una fila?): haz filas nuevas, [*ids, pad_id].",
            "Your code changes the lists of the batch (append or += on a row?): make new rows, [*ids, pad_id].",
        ),
        "swapped": (
            "inputs y targets están cambiados: inputs es todo menos el último token; targets, todo menos el primero.",
            "inputs and targets have changed places: inputs is all but the last token, targets all but the first.",
        ),
        "not_shifted": (
            "targets no va un token por delante de inputs: es la fila sin su primer token.",
            "targets is not one token ahead of inputs: it is the row without its first token.",
        ),
        "inputs_whole": (
            "A inputs le sobra la última columna: es la fila sin su último token.",
            "inputs has a last column too many: it is the row without its last token.",
        ),
        "left_padding": (
            "Rellenas por la izquierda: el relleno va detrás de cada texto.",
            "You pad on the left: the padding goes after each text.",
        ),
        "no_end_pad": (
            "Falta el pad_id que va detrás del último token de cada fila, también de la más larga: con él aprende el "
            "modelo a terminar.",
            "The pad_id after the last token of each row, the longest too, is missing: by it the model learns to stop.",
        ),
        "two_pads": (
            "Hay una columna de más: cada fila lleva un pad_id, y el relleno llega solo hasta la más larga.",
            "There is a column too many: each row gets one pad_id, and the padding reaches only to the longest.",
        ),
        "first_pad_ignored": (
            "En targets también ignoras el primer pad_id: ese se queda, y se ignoran los siguientes.",
            "In targets you ignore the first pad_id, too: that one stays, and those after it are ignored.",
        ),
        "pads_kept": (
            "En targets se queda todo el relleno: después del primer pad_id va ignore_index.",
            "In targets all of the padding stays: after the first pad_id comes ignore_index.",
        ),
        "by_value": (
            "Buscas el relleno por su valor, y pad_id puede aparecer dentro de un texto: usa la longitud de cada fila.",
            "You look for padding by its value, and pad_id may occur within a text: use the length of each row.",
        ),
        "ignored_inputs": (
            "También inputs lleva ignore_index: ahí va pad_id (inputs y targets no deben compartir memoria al "
            "escribir en uno de ellos).",
            "inputs holds ignore_index as well: pad_id belongs there (the two must not share memory when you write to "
            "one of them).",
        ),
        "fixed_ignore_index": (
            "Escribes -100 a mano: usa el ignore_index que recibes.",
            "You write -100 by hand: use the ignore_index you are given.",
        ),
        "fixed_pad": (
            "Rellenas con un número escrito a mano: usa el pad_id que recibes.",
            "You pad with a number written by hand: use the pad_id you are given.",
        ),
        "not_cut": (
            "No recortas a max_length: las dos, inputs y targets, se quedan en sus primeras max_length columnas.",
            "You do not cut to max_length: both inputs and targets keep their first max_length columns.",
        ),
        "cut_first": (
            "Recortas antes de tiempo: primero se completan y se desplazan las filas; al final se cortan las dos a "
            "max_length.",
            "You cut too soon: first the rows are filled and shifted, and at the end both are cut to max_length.",
        ),
        "cut_off_by_one": (
            "El corte se desvía en uno: inputs y targets tienen como mucho max_length columnas.",
            "The cut is off by one: inputs and targets have at most max_length columns.",
        ),
        "pads_to_max": (
            "Rellenas hasta max_length: basta con llegar al texto más largo del lote; max_length solo corta.",
            "You pad up to max_length: pad only to the longest text in the batch; max_length does nothing but cut.",
        ),
    },
)

Rows = list[list[int]]
Case = tuple[Rows, int, int, int | None]  # batch, pad_id, ignore_index, max_length


def collated(batch: Rows, pad_id: int, ignore_index: int, max_length: int | None) -> tuple[Rows, Rows]:
    """The truth, row by row."""
    inputs, targets = [], []
    for ids in batch:
        missing = max(map(len, batch)) - len(ids)
        inputs.append([*ids, *[pad_id] * missing][:max_length])
        targets.append([*ids[1:], pad_id, *[ignore_index] * missing][:max_length])
    return inputs, targets


def collate_like(
    batch: Rows,
    pad_id: int,
    ignore_index: int,
    max_length: int | None,
    pads: int = 1,
    width: int = 0,
    kept: int = 1,
    inputs: slice = slice(None, -1),
    targets: slice = slice(1, None),
) -> tuple[Rows, Rows]:
    """One who makes a mistake; with the defaults there is none.

    Each row gets `pads` pads and is filled to the longest, or to `width`; in targets the first `kept` pads stay.
    `inputs` and `targets` are the columns that are taken.
    """
    width = max(width, max(map(len, batch)) + pads)
    rows, wanted = [], []
    for ids in batch:
        missing = width - len(ids)
        stay = min(kept, missing)
        rows.append([*ids, *[pad_id] * missing][inputs][:max_length])
        wanted.append([*ids, *[pad_id] * stay, *[ignore_index] * (missing - stay)][targets][:max_length])
    return rows, wanted


WHOLE, FIRST, LAST, TWO_LATER = slice(None), slice(None, -1), slice(1, None), slice(2, None)
ALL = 10_000  # as many pads as there may be


def by_value(batch: Rows, pad_id: int, ignore_index: int, max_length: int | None, keep: int) -> tuple[Rows, Rows]:
    """Whatever equals `pad_id` is taken for padding; the first `keep` of each row stay."""
    inputs, targets = collate_like(batch, pad_id, ignore_index, None, kept=ALL)
    for row in targets:
        for i in [i for i, token in enumerate(row) if token == pad_id][keep:]:
            row[i] = ignore_index
    return [row[:max_length] for row in inputs], [row[:max_length] for row in targets]


def ignored_inputs(
    batch: Rows, pad_id: int, ignore_index: int, max_length: int | None, shift: int
) -> tuple[Rows, Rows]:
    """Ignores the later pads of the rows before they become inputs (1), or all of them (0)."""
    inputs, targets = collated(batch, pad_id, ignore_index, max_length)
    for row, ids in zip(inputs, batch):
        row[len(ids) + shift :] = [ignore_index] * len(row[len(ids) + shift :])
    return inputs, targets


def cut_before(batch: Rows, pad_id: int, ignore_index: int, max_length: int | None, room: int) -> tuple[Rows, Rows]:
    return collate_like([ids[: max_length and max_length - room] for ids in batch], pad_id, ignore_index, None)


def cut_rows(batch: Rows, pad_id: int, ignore_index: int, max_length: int | None) -> tuple[Rows, Rows]:
    """Cuts the filled rows, and shifts them afterwards."""
    inputs, targets = collate_like(batch, pad_id, ignore_index, max_length, inputs=WHOLE, targets=WHOLE)
    return [row[:-1] for row in inputs], [row[1:] for row in targets]


def cut_beside(batch: Rows, pad_id: int, ignore_index: int, max_length: int | None, step: int) -> tuple[Rows, Rows]:
    return collated(batch, pad_id, ignore_index, max_length and max_length + step)


def cut_one(*case: object, which: int) -> tuple[Rows, Rows]:
    cut, whole = collated(*case), collated(*case[:3], None)
    return (cut[0], whole[1]) if which == 0 else (whole[0], cut[1])


def filled_to_max(batch: Rows, pad_id: int, ignore_index: int, max_length: int | None, extra: int) -> tuple[Rows, Rows]:
    return collate_like(batch, pad_id, ignore_index, max_length, width=(max_length or 0) + extra)


def with_pad(batch: Rows, pad_id: int, *rest: object, pad: int) -> tuple[Rows, Rows]:
    return collated(batch, pad, *rest)


MIMICS = {
    "swapped": (
        *(partial(collate_like, inputs=LAST, targets=FIRST, kept=kept) for kept in (ALL, 1, 0)),
        lambda *case: collated(*case)[::-1],
    ),
    "not_shifted": tuple(
        partial(collate_like, inputs=inputs, targets=targets, kept=kept)
        for (inputs, targets), kept in product(
            ((FIRST, FIRST), (WHOLE, WHOLE), (LAST, LAST), (FIRST, TWO_LATER)), (1, 0, ALL)
        )
    ),
    "inputs_whole": tuple(partial(collate_like, inputs=WHOLE, kept=kept) for kept in (1, 0, ALL)),
    "no_end_pad": tuple(partial(collate_like, pads=0, kept=kept) for kept in (0, 1, ALL)),
    "two_pads": tuple(partial(collate_like, pads=2, kept=kept) for kept in (1, 2)),
    "first_pad_ignored": partial(collate_like, kept=0),
    "pads_kept": partial(collate_like, kept=ALL),
    "by_value": (partial(by_value, keep=1), partial(by_value, keep=0)),
    "ignored_inputs": (partial(ignored_inputs, shift=1), partial(ignored_inputs, shift=0)),
    "fixed_ignore_index": lambda batch, pad_id, ignore_index, max_length: collated(batch, pad_id, -100, max_length),
    "fixed_pad": tuple(partial(with_pad, pad=pad) for pad in (0, 1023, 8191, 50256)),
    "not_cut": (
        lambda *case: collated(*case[:3], None),
        partial(cut_one, which=0),
        partial(cut_one, which=1),
    ),
    "cut_first": (*(partial(cut_before, room=room) for room in (0, 1)), cut_rows),
    "cut_off_by_one": (partial(cut_beside, step=-1), partial(cut_beside, step=1)),
    "pads_to_max": (partial(filled_to_max, extra=0), partial(filled_to_max, extra=1)),
}


def collate(probe: Probe, *case: object) -> tuple[Rows, Rows]:
    """What the answer makes of a case, as plain lists."""
    batch, pad_id, ignore_index, max_length = case
    given = deepcopy(batch)
    settings = {} if ignore_index == -100 else {"ignore_index": ignore_index}
    if max_length is not None:
        settings["max_length"] = max_length
    result = probe(probe.candidate, given, pad_id, **settings)
    if given != batch:
        raise Wrong("changes_batch")
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong("not_a_pair", got=type_name(result))
    for part in result:
        if not isinstance(part, Tensor):
            raise Wrong("not_tensors", got=type_name(part))
        if part.dtype != torch.long and part.numel():  # torch.tensor([]) knows no better
            raise Wrong("not_long", got=part.dtype)
    return result[0].tolist(), result[1].tolist()


def compare(probe: Probe, cases: list[Case]) -> None:
    got = [collate(probe, *case) for case in cases]
    for (batch, pad_id, *_), (inputs, _) in zip(cases, got):
        if any(row[0] == pad_id != ids[0] and ids[0] in row for row, ids in zip(inputs, batch) if row):
            raise Wrong("left_padding")
    verdict(cases, got, collated)


def verdict(cases: list[Case], got: list[tuple[Rows, Rows]], right: Callable[..., tuple[Rows, Rows]]) -> None:
    try:
        judge(cases, got, right, MIMICS)
    except Wrong as wrong:
        if wrong.fault is None:
            show_difference(cases, got, right)
        raise


def show_difference(cases: list[Case], got: list[tuple[Rows, Rows]], right: Callable[..., tuple[Rows, Rows]]) -> None:
    """No mistake that is known: show the first row that differs, not the whole batch."""
    for case, found in zip(cases, got):
        for name, rows, wanted in zip(("inputs", "targets"), found, right(*case)):
            if rows == wanted:
                continue
            sizes = [f"({len(each)}, {len(each[0])})" for each in (rows, wanted)]
            if sizes[0] != sizes[1]:
                es = f"con max_length={case[3]}, {name} tiene la forma {sizes[0]} y se esperaba {sizes[1]}"
                en = f"with max_length={case[3]}, {name} has the shape {sizes[0]}, expected {sizes[1]}"
            else:
                i = next(i for i, row in enumerate(rows) if row != wanted[i])
                es = f"la fila de {case[0][i]} en {name} es {rows[i]} y se esperaba {wanted[i]}"
                en = f"the row of {case[0][i]} in {name} is {rows[i]}, expected {wanted[i]}"
            raise Wrong(None, detail=say(es, en))


def draw(probe: Probe, *lengths: int) -> Rows:
    """Rows of these lengths; no token is below 100."""
    return [(probe.randint(100, 900, (length,))).tolist() for length in lengths]


@exercise.item("one_row", "Una fila: un pad_id y un paso", "One row: one pad_id, and one step")
def _(probe: Probe) -> None:
    compare(probe, [(draw(probe, length), 7, -100, None) for length in (5, 1, 8)])
    compare(probe, [(draw(probe, 4, 4, 4), 7, -100, None)])


@exercise.item("padding", "El relleno, hasta la fila más larga", "The padding, up to the longest row", points=2)
def _(probe: Probe) -> None:
    lengths = ((3, 6), (6, 1, 4), (2, 2, 7, 6), (1, probe.pick(9, 14), 5))
    compare(probe, [(draw(probe, *each), 7, -100, None) for each in lengths])


@exercise.item("settings", "Con otro pad_id y otro ignore_index", "With another pad_id and ignore_index")
def _(probe: Probe) -> None:
    compare(probe, [(draw(probe, 2, 5, 3), pad_id, -100, None) for pad_id in (3, probe.pick(20, 90), 50_256, 0)])
    compare(probe, [(draw(probe, 2, 5, 3), 7, ignore_index, None) for ignore_index in (-1, -probe.pick(2, 90), 0)])


@exercise.item("max_length", "Al final se corta a max_length", "At the end it is cut to max_length")
def _(probe: Probe) -> None:
    rows = draw(probe, 3, 9, 6)
    compare(probe, [(rows, 7, -100, max_length) for max_length in (5, 1, 8, 9, 10, 20)])
    compare(probe, [(draw(probe, 4, 4), 7, -100, max_length) for max_length in (2, 3, 4, 5)])
    compare(probe, [(draw(probe, 3, 1_100), 7, -100, None)])  # more tokens than GPT-2 reads


@exercise.item("pad_in_text", "pad_id dentro de un texto", "pad_id within a text")
def _(probe: Probe) -> None:
    first, second, third, without = draw(probe, 6, 4, 9, 5)
    first[2], second[-1], third[5], third[2] = 7, 7, 7, 0
    batches = ([first, without, second, third], [second, third, without], [first])
    compare(probe, [(batch, 7, *rest) for batch, rest in zip(batches, ((-100, None), (-5, 6), (-100, None)))])


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    batch = [ids.tolist() for ids in stored["ids"].split(stored["lengths"].tolist())]
    expected = stored["inputs"].tolist(), stored["targets"].tolist()
    case = (batch, int(stored["pad_id"]), -100, stored["inputs"].shape[1])
    verdict([case], [collate(probe, *case)], lambda *case: expected)
