"""ch06/split_dataset: shuffle a table, then cut it in three."""

import math
from functools import partial

import pandas as pd

from desdecero.checks.ch06._frames import SHARED_FAULTS, call, check_seed, places, table
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name

exercise = Exercise(
    id="ch06/split_dataset",
    defines="split_dataset",
    reference="desdecero.classify:split_dataset",
    difficulty=1,
    minutes=15,
    faults={
        **SHARED_FAULTS,
        "not_three": (
            "Se esperaban tres tablas, return train, validation, test, y se ha recibido: {got}.",
            "Expected three tables, return train, validation, test, and got: {got}.",
        ),
        "not_a_frame": (
            "Una de las tres partes es «{got}» y debía ser una tabla (DataFrame).",
            "One of the three parts is “{got}”; it should be a table (DataFrame).",
        ),
        "lost_column": (
            "Falta la columna «{name}»: cada parte lleva todas las columnas.",
            "The column “{name}” is missing: each part has all columns.",
        ),
        "rounded": (
            "Redondeas los tamaños: son int(n * train) e int(n * validation), que quitan los decimales.",
            "You round the sizes: they are int(n * train) and int(n * validation), which drop the decimals.",
        ),
        "of_the_rest": (
            "La validación sale de las filas que deja train: es una parte de todas, int(n * validation).",
            "Validation is counted from the rows left after taking train: it is a share of all, int(n * validation).",
        ),
        "sizes_together": (
            "Cortas en int(n * (train + validation)), que puede dar una fila de más: "
            "cada tamaño se calcula aparte, y el segundo corte es su suma.",
            "You cut at int(n * (train + validation)), which can be a row too far: "
            "compute each size by itself; the second cut is their sum.",
        ),
        "boundary": (
            "Cortas en int(n * validation), que es un tamaño: la validación acaba en la suma de los dos tamaños.",
            "You cut at int(n * validation), which is a size: validation ends at the sum of the two sizes.",
        ),
        "swapped": (
            "Las partes están en otro orden: train, validación y prueba.",
            "The parts come in another order: train, validation and test.",
        ),
        "needs_column": (
            "Falla si la tabla no tiene una columna «label» ({error}): para barajar y cortar no hace falta ninguna.",
            "It fails when the table has no column “label” ({error}): shuffling and cutting need none.",
        ),
        "fixed_shares": (
            "Los tamaños son siempre los de 0.7 y 0.1: usa los argumentos train y validation.",
            "The sizes are always those of 0.7 and 0.1: use the arguments train and validation.",
        ),
        "repeated": (
            "Hay filas repetidas dentro de una parte: baraja sin reemplazo, df.sample(frac=1).",
            "Some rows are repeated within a part: shuffle without replacement, df.sample(frac=1).",
        ),
        "overlap": (
            "Hay filas en más de una parte: el modelo se examinaría de lo que ya ha visto. "
            "Baraja una vez y corta en sitios distintos.",
            "Some rows are in more than one part: the model would be tested on what it has seen. "
            "Shuffle once and cut in different places.",
        ),
        "lost_rows": (
            "Se pierden filas ({got} de {expected}): la prueba llega hasta el final de la tabla.",
            "Rows get lost ({got} of {expected}): the test part goes on to the end of the table.",
        ),
        "wrong_sizes": (
            "Las partes tienen {got} filas y debían tener {expected}: int(n * train), int(n * validation) y lo demás.",
            "The three parts have {got} rows, expected {expected}: int(n * train), int(n * validation) and the rest.",
        ),
        "empty_test": (
            "Si a la prueba no le toca ninguna fila, la tuya las tiene todas: df[-0:] es df[0:]. Corta contando desde "
            "el principio.",
            "When no row is left for the test, yours has all of them: df[-0:] is df[0:]. Cut counting from the start.",
        ),
        "empty_part": (
            "Falla cuando a una parte no le toca ninguna fila: debe quedar una tabla vacía.",
            "It fails when no row is left for one part: that should be an empty table.",
        ),
        "not_shuffled": (
            "Cortas la tabla sin barajarla: usa antes df.sample(frac=1, random_state=seed).",
            "You cut the table without shuffling it: use df.sample(frac=1, random_state=seed) first.",
        ),
        "rest_not_shuffled": (
            "Sorteas las filas de train, pero entre validación y prueba cortas por orden: baraja toda la tabla.",
            "You draw the rows of train, but cut validation and test in order: shuffle the whole table.",
        ),
        "classes_together": (
            "Cada clase sigue junta: barajas dentro de cada una, y lo que queda para validar y probar es de una sola. "
            "Baraja la tabla entera.",
            "Each class still stands together: you shuffle within each, and what is left to validate and test is all "
            "of one class. Shuffle the whole table.",
        ),
    },
)

Sizes = tuple[int, int, int]


def sizes(n: int, train: float, validation: float) -> Sizes:
    first, second = math.floor(n * train), math.floor(n * validation)
    return first, second, n - first - second


def mimics(n: int, train: float, validation: float) -> list[tuple[str, Sizes]]:
    """The sizes that the usual mistakes lead to; each is written as the places of the two cuts."""
    first, second, rest = sizes(n, train, validation)
    fixed = sizes(n, 0.7, 0.1)
    cuts = [
        ("fixed_shares", fixed[0], fixed[0] + fixed[1]),
        ("swapped", first, first + rest),
        ("of_the_rest", first, first + int((n - first) * validation)),
        ("rounded", round(n * train), round(n * train) + round(n * validation)),
        ("rounded", round(n * train), round(n * (train + validation))),
        ("rounded", math.ceil(n * train), math.ceil(n * train) + math.ceil(n * validation)),
        ("sizes_together", first, int(n * (train + validation))),
        ("boundary", first, second),
    ]
    return [(fault, (start, max(0, end - start), n - end)) for fault, start, end in cuts]


COUNTING = ("swapped", "of_the_rest", "rounded", "sizes_together", "boundary")


def telling(train: float, validation: float) -> list[int]:
    """Numbers of rows for which each mistake in counting gives sizes of its own, and floats leave no doubt."""
    found = []
    for n in range(20, 100):
        parts = [n * train % 1, n * validation % 1]
        right = sizes(n, train, validation)
        ways = {fault: {size for name, size in mimics(n, train, validation) if name == fault} for fault in COUNTING}
        distinct = len(set().union(*ways.values(), {right})) == sum(map(len, ways.values())) + 1
        if distinct and all(0.04 < part < 0.96 for part in parts):
            found.append(n)
    return found


def split(
    probe: Probe, frame: pd.DataFrame, train: float = 0.7, validation: float = 0.1, fault: str = "raises", **seed: int
) -> list[list[int]]:
    """The rows of `frame` in each part, sorted, once the cut is seen to be a right one."""
    shares = {} if (train, validation) == (0.7, 0.1) else {"train": train, "validation": validation}
    result, untouched = call(probe, frame, fault, **shares, **seed)
    if not isinstance(result, tuple | list) or len(result) != 3:
        kind = type_name(result)
        raise Wrong("not_three", got=f"{kind} ({len(result)})" if isinstance(result, tuple | list) else kind)
    parts = [sorted(places(frame, part)) for part in result]
    n = len(frame)
    got, expected = tuple(map(len, parts)), sizes(n, train, validation)
    if expected[2] == 0 and got[2] == n:
        raise Wrong("empty_test")
    if got != expected:
        for name, wrong in mimics(n, train, validation):
            if got == wrong:
                raise Wrong(name)
    together = sorted(row for part in parts for row in part)
    if any(len(set(part)) < len(part) for part in parts):
        raise Wrong("repeated")
    if len(set(together)) < len(together):
        raise Wrong("overlap")
    if len(together) < n:
        raise Wrong("lost_rows", got=n - len(together), expected=n)
    if got != expected:
        raise Wrong("wrong_sizes", got=got, expected=expected)
    if not untouched:
        raise Wrong("changes_frame")
    return parts


def messages(probe: Probe, n: int, **options: object) -> pd.DataFrame:
    return table(probe, {"ham": n - n // 3, "spam": n // 3}, **options)


def telling_messages(probe: Probe, train: float, validation: float, **options: object) -> pd.DataFrame:
    counts = telling(train, validation)
    return messages(probe, counts[probe.pick(0, len(counts))], **options)


@exercise.item(
    "three_parts", "Tres partes con todas las filas, cada una en una", "Three parts with all rows, each in one"
)
def _(probe: Probe) -> None:
    split(probe, telling_messages(probe, 0.7, 0.1))
    split(probe, telling_messages(probe, 0.7, 0.1), seed=probe.pick(1, 99))


@exercise.item("sizes", "Los tamaños que se piden", "The sizes that are asked for")
def _(probe: Probe) -> None:
    for train, validation in ((0.6, 0.25), (0.55, 0.15), (0.35, 0.45)):
        split(probe, telling_messages(probe, train, validation), train, validation)


@exercise.item("shuffled", "Baraja todas las filas, según la semilla", "Shuffles all rows, as the seed says", points=2)
def _(probe: Probe) -> None:
    frame = messages(probe, 45)
    drawn = [split(probe, frame, seed=seed) for seed in range(4)]
    if all(train == list(range(len(train))) for train, _, _ in drawn):
        raise Wrong("not_shuffled")
    check_seed(partial(split, probe, frame))
    if all(max(part) < min(other) for _, part, other in drawn) or all(min(p) > max(o) for _, p, o in drawn):
        raise Wrong("rest_not_shuffled")
    label = frame["label"].tolist()
    if all(len({label[row] for row in part + other}) == 1 for _, part, other in drawn):
        raise Wrong("classes_together")


@exercise.item("few_rows", "Con pocas filas, una parte puede quedar vacía", "With few rows, a part may be empty")
def _(probe: Probe) -> None:
    for n, train, validation in ((7, 0.7, 0.1), (9, 0.5, 0.0), (8, 0.75, 0.25), (2, 0.7, 0.1)):
        split(probe, messages(probe, n), train, validation, fault="empty_part")


@exercise.item("any_index", "Con otro índice", "With another index")
def _(probe: Probe) -> None:
    frame = messages(probe, 27, gaps=True)
    split(probe, frame, fault="index_labels")
    split(probe, messages(probe, 27, column="kind"), fault="needs_column")


@exercise.item("reference", "Coincide con los tamaños guardados", "Agrees with the stored sizes")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    for n, (train, validation), expected in zip(
        stored["rows"].tolist(), stored["shares"].tolist(), stored["sizes"].tolist()
    ):
        got = [len(part) for part in split(probe, messages(probe, n), train, validation)]
        if got != expected:
            raise Wrong("wrong_sizes", got=tuple(got), expected=tuple(expected))
