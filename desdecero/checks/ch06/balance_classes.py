"""ch06/balance_classes: as many rows of each class as the rarest has."""

from collections import Counter
from functools import partial

import pandas as pd

from desdecero.checks.ch06._frames import SHARED_FAULTS, call, check_seed, places, table
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong

exercise = Exercise(
    id="ch06/balance_classes",
    defines="balance_classes",
    reference="desdecero.classify:balance_classes",
    difficulty=1,
    minutes=15,
    faults={
        **SHARED_FAULTS,
        "not_a_frame": (
            "Se esperaba una tabla (DataFrame) y se ha recibido «{got}»: si son varias, únelas con pd.concat([...]).",
            "Expected a table (DataFrame) and got “{got}”: if there are several, join them with pd.concat([...]).",
        ),
        "lost_column": (
            "Falta la columna «{name}»: groupby(...).apply(...) deja fuera la de los grupos; "
            "groupby(...).sample(...) las conserva todas.",
            "The column “{name}” is missing: groupby(...).apply(...) leaves out that of the groups; "
            "groupby(...).sample(...) keeps them all.",
        ),
        "changed_labels": (
            "Los valores de la columna de las clases han cambiado: déjalos como están.",
            "The values in the column of the classes have changed: leave them as they are.",
        ),
        "lost_class": (
            "En el resultado no queda ninguna fila de la clase «{name}»: hacen falta las de todas, sean cuantas sean.",
            "No row of the class “{name}” is left in the result: all of them belong there, however many there are.",
        ),
        "upsampled": (
            "Repites filas hasta igualar a la clase más numerosa: es al revés, "
            "de cada clase se toman tantas como tiene la más rara.",
            "You repeat rows until all classes are as large as the largest: it is the other way round, "
            "take as many of each class as the rarest has.",
        ),
        "repeated": (
            "Hay filas repetidas: el sorteo es sin reemplazo, replace=False.",
            "Some rows are repeated: draw without replacement, replace=False.",
        ),
        "not_balanced": (
            "Las clases no quedan igualadas: hay {got}, y de cada una debía haber {expected}.",
            "The classes are not equal: there are {got}, and there should be {expected} of each.",
        ),
        "too_few": (
            "Quedan {got} filas de cada clase y debían quedar {expected}, las que tiene la más rara.",
            "{got} rows of each class are left; there should be {expected}, which the rarest has.",
        ),
        "assumes_rarest": (
            "Falla cuando la clase rara es «ham»: averigua cuál es la más rara con df[label].value_counts().",
            "It fails when “ham” is the rare class: find out which is the rarest with df[label].value_counts().",
        ),
        "fixed_names": (
            "Solo funciona con dos clases que se llamen «ham» y «spam»: saca las clases de df[label].",
            "It only works with two classes called “ham” and “spam”: take the classes from df[label].",
        ),
        "fixed_column": (
            "Falla si la columna no se llama «label»: usa el argumento, df[label].",
            "It fails when the column is not called “label”: use the argument, df[label].",
        ),
        "first_rows": (
            "Tomas siempre las primeras filas, o las últimas: hay que elegirlas al azar, con sample.",
            "You always take the first rows, or the last: choose them at random, with sample.",
        ),
        "never_drawn": (
            "Hay filas que no salen con ninguna semilla: sortea entre todas las de la clase.",
            "Some rows come out with no seed at all: draw among all those of the class.",
        ),
    },
)


def balanced(
    probe: Probe, frame: pd.DataFrame, label: str = "label", fault: str = "raises", **options: object
) -> list[int]:
    """The rows of `frame` that the answer chose, in order, once they are seen to be a right choice."""
    if label != "label":
        options["label"] = label
    result, untouched = call(probe, frame, fault, **options)
    chosen = sorted(places(frame, result, label))
    names = frame[label].tolist()
    given, got = Counter(names), Counter(names[i] for i in chosen)
    fewest = min(given.values())
    if not chosen and fault != "raises":
        raise Wrong(fault)
    for name in given:
        if name not in got:
            raise Wrong("lost_class", name=name)
    if len(set(chosen)) < len(chosen):
        raise Wrong("upsampled" if set(got.values()) == {max(given.values())} != {fewest} else "repeated")
    if len(set(got.values())) > 1:
        raise Wrong("not_balanced", got=", ".join(f"{name}: {n}" for name, n in got.items()), expected=fewest)
    if set(got.values()) != {fewest}:
        raise Wrong("too_few", got=got[names[0]], expected=fewest)
    if not untouched:
        raise Wrong("changes_frame")
    return chosen


@exercise.item(
    "equal_counts", "Quedan tantas filas de cada clase como tiene la más rara", "As many of each class as the rarest"
)
def _(probe: Probe) -> None:
    balanced(probe, table(probe, {"ham": probe.pick(12, 20), "spam": probe.pick(4, 9)}))
    balanced(probe, table(probe, {"spam": probe.pick(12, 20), "ham": probe.pick(4, 9)}), fault="assumes_rarest")


@exercise.item("any_classes", "Con cualquier nombre y número de clases", "Whatever the classes, and however many")
def _(probe: Probe) -> None:
    counts = {"gallina": probe.pick(9, 15), "barca": probe.pick(3, 6), "río": probe.pick(6, 9), "torre": 20}
    balanced(probe, table(probe, counts), fault="fixed_names")
    balanced(probe, table(probe, {7: 5, 0: 11, 3: 5}), fault="fixed_names")
    balanced(probe, table(probe, {"b": 6, "a": 6}), fault="fixed_names")


@exercise.item("any_table", "Con otra columna y otro índice", "With another column and another index")
def _(probe: Probe) -> None:
    counts = {"ham": probe.pick(8, 15), "spam": probe.pick(3, 7)}
    balanced(probe, table(probe, counts, column="kind"), label="kind", fault="fixed_column")
    balanced(probe, table(probe, counts, gaps=True), fault="index_labels")


@exercise.item("random", "Elige al azar, según la semilla", "Chooses at random, as the seed says", points=2)
def _(probe: Probe) -> None:
    frame = table(probe, {"ham": 40, "spam": 8})
    drawn = [balanced(probe, frame, seed=seed)[:8] for seed in range(3)]
    if all(rows in (list(range(8)), list(range(32, 40))) for rows in drawn):
        raise Wrong("first_rows")
    check_seed(partial(balanced, probe, frame))
    small = table(probe, {"spam": 4, "ham": 8})
    ever = {row for seed in range(30) for row in balanced(probe, small, seed=seed)}
    if len(ever) < len(small):  # by chance once in a hundred million
        raise Wrong("never_drawn")


@exercise.item("reference", "Coincide con los recuentos guardados", "Agrees with the stored counts")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    labels = stored["labels"].tolist()
    frame = pd.DataFrame({"label": labels, "text": [f"{i}" for i in range(len(labels))]})
    chosen = balanced(probe, frame, seed=5)
    got = Counter(labels[i] for i in chosen)
    for name, count in zip(stored["classes"].tolist(), stored["counts"].tolist()):
        if got[name] != count:
            raise Wrong("too_few", got=got[name], expected=count)
