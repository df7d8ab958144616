"""appA/toy_dataset: rows of features with their labels, as a data set."""

from operator import getitem

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, shape, type_name

exercise = Exercise(
    id="appA/toy_dataset",
    defines="ToyDataset",
    reference="desdecero.first_steps:ToyDataset",
    difficulty=1,
    minutes=10,
    faults={
        "no_length": (
            "len() no funciona con tu clase: __len__ debe devolver un entero, el número de ejemplos.",
            "len() does not work with your class: __len__ must return an integer, the number of examples.",
        ),
        "length_of_columns": (
            "len() da {got}, que es el número de columnas: debe dar el de filas, {expected}.",
            "len() gives {got}, which is the number of columns: it should give that of rows, {expected}.",
        ),
        "wrong_length": (
            "len() da {got} y hay {expected} ejemplos.",
            "len() gives {got}, and there are {expected} examples.",
        ),
        "no_items": (
            "dataset[0] falla: {error}. Escribe __getitem__(self, index).",
            "dataset[0] fails: {error}. Write __getitem__(self, index).",
        ),
        "not_a_pair": (
            "Cada elemento debe ser una pareja (fila, etiqueta) y es «{got}».",
            "Each item should be a pair (row, label); it is “{got}”.",
        ),
        "swapped": (
            "La fila y la etiqueta están cambiadas de sitio: primero va la fila.",
            "The row and the label have changed places: the row goes first.",
        ),
        "not_tensors": (
            "La pareja contiene «{got}»: deja los tensores como están, sin .item(), .tolist() ni float().",
            "The pair holds “{got}”: leave the tensors as they are, without .item(), .tolist() or float().",
        ),
        "whole_table": (
            "Cada elemento lleva la tabla entera: devuelve solo su fila, features[index].",
            "Each item carries the whole table: return only its row, features[index].",
        ),
        "whole_labels": (
            "Cada elemento lleva todas las etiquetas: devuelve solo la suya, labels[index].",
            "Each item carries all the labels: return only its own, labels[index].",
        ),
        "column": (
            "Cada elemento lleva una columna de la tabla: los ejemplos son las filas, features[index].",
            "Each item carries a column of the table: the examples are the rows, features[index].",
        ),
        "kept_dimension": (
            "La fila y la etiqueta tienen formas {got} y se esperaba {expected}: usa [index], no un trozo.",
            "The row and the label have shapes {got}, expected {expected}: use [index], not a slice.",
        ),
        "off_by_one": (
            "El elemento 0 no es el primer ejemplo: los índices empiezan en 0.",
            "Item 0 is not the first example: indices start at 0.",
        ),
        "label_of_another": (
            "La fila es la suya, pero la etiqueta es de otro ejemplo: las dos llevan el mismo índice.",
            "The row is its own, but the label belongs to another example: both have the same index.",
        ),
        "dtype_changed": (
            "El tipo de {name} pasa de {expected} a {got}: guarda los tensores tal como llegan.",
            "The type of {name} turns from {expected} into {got}: keep the tensors as they come.",
        ),
        "ignores_index": (
            "El resultado depende del orden en que se piden los elementos: usa el índice que recibe __getitem__.",
            "The result depends on the order in which items are asked for: use the index that __getitem__ is given.",
        ),
        "shared": (
            "Dos conjuntos de datos se mezclan: guarda los tensores en self, no en la clase ni en variables globales.",
            "Two data sets get mixed up: keep the tensors in self, not in the class or in global variables.",
        ),
        "changed_values": (
            "Los números no son los que se dieron: devuelve la fila sin escalarla ni ordenarla.",
            "The numbers are not those given: return the row neither scaled nor sorted.",
        ),
    },
)

DTYPES = (
    (torch.float32, torch.int64),
    (torch.float64, torch.int32),
    (torch.float32, torch.float32),
    (torch.int64, torch.float64),
)


def table(probe: Probe, n: int, d: int, dtypes: tuple[torch.dtype, torch.dtype] = DTYPES[0]) -> tuple[Tensor, Tensor]:
    """All numbers differ, so that no row looks like another."""
    order = torch.randperm(n * (d + 1), generator=probe.generator)
    return order[: n * d].view(n, d).to(dtypes[0]), order[n * d :].to(dtypes[1])


def length(probe: Probe, dataset: object, features: Tensor) -> None:
    got, (n, d) = probe(len, dataset, fault="no_length"), features.shape
    if got != n:
        raise Wrong("length_of_columns" if got == d else "wrong_length", got=got, expected=n)


def item(probe: Probe, dataset: object, index: int) -> tuple[Tensor, Tensor]:
    if getattr(type(dataset), "__getitem__", None) is Dataset.__getitem__:  # else told that it is not written yet
        raise Wrong("no_items", error="Dataset.__getitem__")
    pair = probe(getitem, dataset, index, fault="no_items")
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise Wrong("not_a_pair", got=type_name(pair))
    for part in pair:
        if not isinstance(part, Tensor):
            raise Wrong("not_tensors", got=type_name(part))
    return pair[0], pair[1]


def check_shapes(row: Tensor, label: Tensor, features: Tensor) -> None:
    n, d = features.shape
    if (row.shape, label.shape) == ((), (d,)):
        raise Wrong("swapped")
    if row.shape == (n, d):
        raise Wrong("whole_table")
    if label.shape == (n,):
        raise Wrong("whole_labels")
    if row.shape == (n,):
        raise Wrong("column")
    if (row.shape, label.shape) != ((d,), ()):
        raise Wrong("kept_dimension", got=f"{shape(row)}, {shape(label)}", expected=f"({d},), ()")


def compare(probe: Probe, dataset: object, features: Tensor, labels: Tensor, indices: list[int]) -> None:
    """The items at `indices`, in that order, must be the rows and labels given."""
    pairs = [item(probe, dataset, index) for index in indices]
    for row, label in pairs:
        check_shapes(row, label, features)
    # Only now that shapes fit: what number each of them holds.
    rows, marks = (torch.stack(parts).double() for parts in zip(*pairs))
    right_rows, right_marks = features[indices].double(), labels[indices].double()
    if not torch.equal(rows, right_rows):
        firsts = range(len(indices))
        if indices != list(firsts) and torch.equal(rows, features[list(firsts)].double()):
            raise Wrong("ignores_index")
        moved = [features.roll(k, 0)[indices].double() for k in (-1, 1)]
        raise Wrong("off_by_one" if any(torch.equal(rows, other) for other in moved) else "changed_values")
    if not torch.equal(marks, right_marks):
        raise Wrong("label_of_another")
    for row, label in pairs:
        for name, part, given in (("features", row, features), ("labels", label, labels)):
            if part.dtype != given.dtype:
                raise Wrong("dtype_changed", name=name, got=part.dtype, expected=given.dtype)


@exercise.item("length", "len() es el número de ejemplos", "len() is the number of examples")
def _(probe: Probe) -> None:
    for n, d in ((6, 2), (3, 5), (1, 4)):
        features, labels = table(probe, n, d)
        dataset = probe(probe.candidate, features, labels)
        length(probe, dataset, features)
        item(probe, dataset, 0)


@exercise.item("items", "Cada elemento es (fila, etiqueta)", "Each item is (row, label)", points=2)
def _(probe: Probe) -> None:
    for n, d in ((6, 2), (3, 5), (8, 1)):
        features, labels = table(probe, n, d)
        compare(probe, probe(probe.candidate, features, labels), features, labels, list(range(n)))


@exercise.item("dtypes", "Los tipos se conservan", "The types are kept")
def _(probe: Probe) -> None:
    for dtypes in DTYPES:
        features, labels = table(probe, 5, 3, dtypes)
        compare(probe, probe(probe.candidate, features, labels), features, labels, [0, 1, 2])


@exercise.item("any_order", "Se pueden pedir en cualquier orden", "They can be asked for in any order")
def _(probe: Probe) -> None:
    cases = [table(probe, 5, 3), table(probe, 9, 3)]
    cases[1][0].add_(1_000)  # no row of one is in the other
    made = [probe(probe.candidate, features, labels) for features, labels in cases]
    for dataset, (features, labels) in zip(made, cases):
        try:
            compare(probe, dataset, features, labels, [4, 2, 2, 0])
        except Wrong as wrong:
            raise Wrong("shared") if wrong.fault == "changed_values" and dataset is made[0] else wrong from None


@exercise.item("loader", "Sirve para un DataLoader", "Works with a DataLoader")
def _(probe: Probe) -> None:
    features, labels = table(probe, 7, 3)
    dataset = probe(probe.candidate, features, labels)
    length(probe, dataset, features)
    compare(probe, dataset, features, labels, [0, 1])
    batches = probe(lambda: list(DataLoader(dataset, batch_size=3)))
    probe.same(torch.cat([x for x, _ in batches]), features)
    probe.same(torch.cat([y for _, y in batches]), labels)


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    features, labels = stored["features"], stored["labels"]
    dataset = probe(probe.candidate, features, labels)
    compare(probe, dataset, stored["rows"], stored["marks"], list(range(len(labels))))
