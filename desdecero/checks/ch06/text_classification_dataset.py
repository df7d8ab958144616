"""ch06/text_classification_dataset: texts as rows of token ids, all of one length."""

from dataclasses import replace
from operator import getitem

import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from desdecero.checks.ch06._rows import MIMICS, Case, Pairs, explain, pairs_like
from desdecero.checks.ch06._texts import message, tokenizer
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, shape, type_name
from desdecero.checks.values import brief, judge, text_of

exercise = Exercise(
    id="ch06/text_classification_dataset",
    defines="TextClassificationDataset",
    reference="desdecero.classify:TextClassificationDataset",
    difficulty=2,
    minutes=20,
    faults={
        "not_a_dataset": (
            "Se esperaba una clase que herede de Dataset y hay «{got}».",
            "Expected a class that inherits from Dataset, found “{got}”.",
        ),
        "no_length": (
            "len() no funciona con tu clase: __len__ debe devolver el número de textos, un entero.",
            "len() does not work with your class: __len__ must return the number of texts, an integer.",
        ),
        "wrong_length": (
            "len() da {got} y hay {expected} textos: __len__ devuelve cuántos son.",
            "len() gives {got} and there are {expected} texts: __len__ returns how many there are.",
        ),
        "not_a_pair": (
            "Cada elemento debe ser una pareja (ids, etiqueta) y es «{got}».",
            "Each item must be a pair (ids, label), it is “{got}”.",
        ),
        "swapped": (
            "La etiqueta va antes que los ids: el orden es (ids, etiqueta).",
            "The label comes before the ids: the order is (ids, label).",
        ),
        "not_tensors": (
            "Los ids y la etiqueta deben ser tensores y hay «{got}»: conviértelos con torch.tensor(...).",
            "Ids and label must be tensors, found “{got}”: convert them with torch.tensor(...).",
        ),
        "not_long": (
            "Los ids deben ser enteros largos (torch.long) y son {got}.",
            "The ids must be long integers (torch.long), they are {got}.",
        ),
        "label_not_long": (
            "La etiqueta es de tipo {got}: la entropía cruzada espera el número de la clase, un torch.long.",
            "The label's dtype is {got}: cross-entropy expects the number of the class, a torch.long.",
        ),
        "label_shape": (
            "La etiqueta tiene forma {got} y debe ser un solo número, sin dimensiones: torch.tensor(etiqueta), sin "
            "corchetes.",
            "The label has shape {got}; it must be a single number, without dimensions: torch.tensor(label), without "
            "brackets.",
        ),
        "left_padded": (
            "Rellenas por la izquierda: el relleno va detrás del texto.",
            "You pad on the left: padding goes after the text.",
        ),
        "not_padded": (
            "Los textos cortos no se rellenan: todas las filas deben tener la misma longitud.",
            "Short texts are not padded: all rows must have the same length.",
        ),
        "longest_plus_one": (
            "Las filas tienen un id de más: sin max_length miden lo que el texto más largo, sin token de fin.",
            "Rows are one id too long: without max_length they are as long as the longest text, without an end token.",
        ),
        "characters": (
            "Mides los textos en caracteres: la longitud de las filas se cuenta en tokens.",
            "You measure the texts in characters: the length of rows is counted in tokens.",
        ),
        "to_context": (
            "Sin max_length rellenas hasta {got}: basta con la longitud del texto más largo.",
            "Without max_length you pad up to {got}: the length of the longest text is enough.",
        ),
        "zero_pad": (
            "Rellenas con ceros, que son un token como otro: si no se da pad_id, usa tokenizer.eot_token.",
            "You pad with zeros, which are a token like any other: when no pad_id is given, use tokenizer.eot_token.",
        ),
        "fixed_pad": (
            "Rellenas siempre con 50256, que es el fin de texto de GPT-2: usa tokenizer.eot_token.",
            "You always pad with 50256, which is GPT-2's end of text: use tokenizer.eot_token.",
        ),
        "max_length_ignored": (
            "max_length no se usa: cuando se da, todas las filas miden eso.",
            "max_length is not used: when given, all rows are that long.",
        ),
        "not_truncated": (
            "Los textos más largos que max_length no se cortan: quédate con ids[:max_length].",
            "Texts longer than max_length are not cut: keep ids[:max_length].",
        ),
        "cut_left": (
            "Cortas los textos largos por delante: se queda el principio, ids[:max_length].",
            "You cut long texts at the front: the beginning stays, ids[:max_length].",
        ),
        "dropped": (
            "Faltan textos: los que pasan de max_length se cortan, no se quitan.",
            "Some texts are missing: those beyond max_length are cut, not left out.",
        ),
        "shrinks": (
            "Con un max_length mayor que el texto más largo, las filas miden max_length, y las tuyas menos.",
            "When max_length exceeds the longest text, rows are max_length long, and yours are shorter.",
        ),
        "pad_ignored": (
            "pad_id no se usa: cuando se da, se rellena con él.",
            "pad_id is not used: when given, it is what to pad with.",
        ),
        "zero_taken_for_none": (
            "pad_id=0 cuenta como si no se hubiera dado: compara con «is None», porque 0 también es falso para «or».",
            "pad_id=0 counts as if none were given: compare with “is None”, since 0 is false for “or”, too.",
        ),
        "row_length": (
            "Las filas tienen {got} ids y debían tener {expected}: max_length o, sin él, los del texto más largo.",
            "Rows have {got} ids, expected {expected}: max_length or, without it, those of the longest text.",
        ),
        "wrong_pad": (
            "Rellenas con {got} y debía ser con {expected}: pad_id o, sin él, tokenizer.eot_token.",
            "You pad with {got}; it should be with {expected}: pad_id or, without it, tokenizer.eot_token.",
        ),
        "changes_text": (
            "Cambias el texto antes de codificarlo (espacios, mayúsculas): se codifica tal cual.",
            "You change the text before encoding it (spaces, case): it is encoded as it is.",
        ),
        "other_tokenizer": (
            "No usas el tokenizador que recibe __init__: codifica con él, no con otro.",
            "You do not use the tokenizer that __init__ is given: encode with it, not with another.",
        ),
        "order": (
            "Los textos y las etiquetas ya no van emparejados como al principio: conserva el orden de los dos.",
            "Texts and labels are no longer paired as they were: keep both in their order.",
        ),
        "series": (
            "Falla con columnas de una tabla, cuyo índice no cuenta desde 0: recórrelas, o conviértelas con list(...).",
            "It fails with columns of a table, whose index does not count from 0: loop over them, or use list(...).",
        ),
        "iterators": (
            "Falla si los textos o las etiquetas llegan en un iterador, que se recorre una sola vez: usa un solo bucle "
            "con cada uno, o guárdalo antes con list(...).",
            "It fails when texts or labels come as an iterator, which can be looped over only once: use a single loop "
            "for each, or keep it with list(...) first.",
        ),
        "changes_lists": (
            "Tu código modifica la lista de textos o la de etiquetas que recibe: haz listas nuevas.",
            "Your code changes the list of texts or that of labels it is given: make new lists.",
        ),
        "shared": (
            "Dos conjuntos de datos se mezclan: guarda los datos en self, no en la clase ni en variables globales.",
            "Two data sets get mixed up: keep the data in self, not in the class or in global variables.",
        ),
        "ignores_index": (
            "El resultado depende del orden en que se piden los elementos: usa el índice que recibe __getitem__.",
            "The result depends on the order in which items are asked for: use the index that __getitem__ is given.",
        ),
    },
)


# What the texts and labels may come in, and the fault of an answer that stops with an error there.
SOURCES = {"lists": "raises", "columns": "series", "iterators": "iterators"}


def make(probe: Probe, case: Case, source: str = "lists") -> Dataset:
    """The student's data set; from `columns` of a table whose index does not count from 0, if so wished."""
    by_place = () if case.max_length is None else (case.max_length,)
    options = {} if case.pad_id is None else {"pad_id": case.pad_id}
    texts, labels = list(case.texts), list(case.labels)
    if source == "columns":
        texts, labels = (pd.Series(values, index=range(7, 7 + len(values))) for values in (texts, labels))
    elif source == "iterators":
        texts, labels = iter(texts), iter(labels)
    given = texts, labels, tokenizer(case.end_of_text), *by_place
    dataset = probe(probe.candidate, *given, fault=SOURCES[source], **options)
    if not isinstance(dataset, Dataset):
        raise Wrong("not_a_dataset", got=type_name(probe.candidate))
    return dataset


def item(probe: Probe, dataset: Dataset, index: int, fault: str = "raises") -> tuple[list[int], int]:
    """One item as plain numbers; it must be a pair of long tensors, the second without dimensions."""
    pair = probe(getitem, dataset, index, fault=fault)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise Wrong("not_a_pair", got=brief(pair, 40) if isinstance(pair, tuple | list) else type_name(pair))
    for part in pair:
        if not isinstance(part, Tensor):
            raise Wrong("not_tensors", got=type_name(part))
    ids, label = pair
    if ids.ndim == 0 and label.ndim == 1:
        raise Wrong("swapped")
    if ids.dtype != torch.long:
        raise Wrong("not_long", got=ids.dtype)
    if ids.ndim != 1:
        raise Wrong("shape", got=shape(ids), expected="(max_length,)")
    if label.dtype != torch.long:
        raise Wrong("label_not_long", got=label.dtype)
    if label.ndim:
        raise Wrong("label_shape", got=shape(label))
    return ids.tolist(), label.item()


def holds(probe: Probe, dataset: Dataset, start: int, case: Case) -> bool:
    """Whether the items from `start` on are those of `case`."""
    try:
        return [item(probe, dataset, start + i) for i in range(len(case.texts))] == pairs_like(case)
    except Wrong:
        return False


def holds_from_iterators(probe: Probe, case: Case) -> bool:
    """Whether all is there when the texts and the labels can be looped over only once."""
    dataset = make(probe, case, "iterators")
    return probe(len, dataset, fault="iterators") == len(case.texts) and holds(probe, dataset, 0, case)


def read(probe: Probe, case: Case, dataset: Dataset, fault: str = "raises") -> Pairs:
    """Everything in the data set."""
    count = probe(len, dataset, fault="no_length")
    expected = len(case.texts)
    if count > expected and holds(probe, dataset, count - expected, case):
        raise Wrong("shared")  # what earlier data sets held comes first
    if count > expected or (count < expected and case.max_length is None):
        raise Wrong("wrong_length", got=count, expected=expected)
    return [item(probe, dataset, i, fault) for i in range(count)]


def compare(probe: Probe, cases: list[Case], source: str = "lists") -> None:
    datasets = [make(probe, case, source) for case in cases]
    got = [read(probe, case, dataset, SOURCES[source]) for case, dataset in zip(cases, datasets)]
    for case, pairs in zip(cases, got):
        widths = {len(row) for row, _ in pairs}
        if case.max_length is None and len(widths) == 1 and (width := widths.pop()) >= max(256, case.longest() + 2):
            raise Wrong("to_context", got=width)
    if len(got) > 1 and got[0] == got[-1] != pairs_like(cases[0]):
        raise Wrong("shared")
    try:
        judge([(case,) for case in cases], got, pairs_like, MIMICS, quote=lambda case: case.texts[:1])
    except Wrong as wrong:
        if wrong.fault is None:
            explain(cases, got)
        raise
    for case, pairs in zip(cases, got):
        if len(pairs) < len(case.texts):
            raise Wrong("wrong_length", got=len(pairs), expected=len(case.texts))


def draw(probe: Probe, *words: int, **options: int) -> Case:
    """Messages of so many words each."""
    labels = tuple(probe.pick(0, 4) for _ in words)
    return Case(tuple(message(probe, count) for count in words), labels, probe.pick(400, 900), **options)


@exercise.item("pairs", "Cada elemento es (ids, etiqueta)", "Each item is (ids, label)")
def _(probe: Probe) -> None:
    for case in (draw(probe, 4, 4, 4), draw(probe, 1, 5)):
        dataset = make(probe, case)
        count = probe(len, dataset, fault="no_length")
        if count < len(case.texts):
            raise Wrong("wrong_length", got=count, expected=len(case.texts))
        if any(label != wanted for (_, label), wanted in zip(read(probe, case, dataset), case.labels)):
            compare(probe, [case])
    spaced = draw(probe, 2, 3, 1)
    spaced = replace(spaced, texts=tuple(f" \n{text}  Ñ\tSÍ " for text in spaced.texts))
    compare(probe, [draw(probe, 2, 6, 3), spaced, draw(probe, 3, 1, 5)])


@exercise.item("longest", "Rellena hasta el texto más largo", "Pads up to the longest text", points=2)
def _(probe: Probe) -> None:
    compare(probe, [draw(probe, 2, 5, 3, 8, 1), draw(probe, 7, 3), draw(probe, 0, 4), draw(probe, 4)])
    compare(probe, [draw(probe, 2, 300)])  # more tokens than GPT-2 reads


@exercise.item("max_length", "Con max_length, todas las filas miden eso", "With max_length, all rows are that long")
def _(probe: Probe) -> None:
    compare(
        probe,
        [
            draw(probe, 2, 9, 5, 1, 7, max_length=12),
            draw(probe, 2, 3, 1, max_length=90),
            draw(probe, 4, 6, 2, 9, max_length=1),
            draw(probe, 1, 8, 5, max_length=17),
        ],
    )


@exercise.item("pad_id", "Rellena con pad_id, también si es 0", "Pads with pad_id, also when it is 0")
def _(probe: Probe) -> None:
    compare(
        probe,
        [
            draw(probe, 2, 5, 1, pad_id=0),
            draw(probe, 6, 2, pad_id=probe.pick(1, 300)),
            draw(probe, 2, 9, 1, max_length=20, pad_id=0),
        ],
    )


@exercise.item("sources", "Desde columnas de una tabla, en cualquier orden", "From a table's columns, in any order")
def _(probe: Probe) -> None:
    first, second = draw(probe, 3, 1, 6, 2, 4), draw(probe, 2, 5, 1)
    compare(probe, [first, second], "columns")
    dataset = make(probe, first, "columns")
    expected = pairs_like(first)
    for index in (3, 0, 0, 4, 1):
        if item(probe, dataset, index) != expected[index]:
            raise Wrong("ignores_index")
    batches = probe(lambda dataset: list(DataLoader(dataset, batch_size=2)), dataset)
    if [ids.tolist() for ids, _ in batches] != [[row for row, _ in expected[i : i + 2]] for i in (0, 2, 4)]:
        raise Wrong("ignores_index")
    if not holds_from_iterators(probe, first):
        raise Wrong("iterators")


@exercise.item("reference", "Coincide con las filas guardadas", "Agrees with the stored rows")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    texts, labels = text_of(stored["texts"]).split("\n"), stored["labels"].tolist()
    for name, options in (
        ("longest", {}),
        ("cut", {"max_length": stored["cut"].shape[1]}),
        ("wide", {"max_length": stored["wide"].shape[1], "pad_id": 3}),
    ):
        given = texts.copy(), labels.copy()
        dataset = probe(probe.candidate, *given, tokenizer(256, merges=False), **options)
        if given != (texts, labels):
            raise Wrong("changes_lists")
        got = [item(probe, dataset, i) for i in range(len(texts))]
        probe.same(torch.tensor([label for _, label in got]), stored["labels"])
        for (row, _), expected in zip(got, stored[name]):
            probe.same(torch.tensor(row), expected)
