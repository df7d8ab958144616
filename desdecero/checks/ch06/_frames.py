"""What the two exercises on tables share: a table to try, and finding its rows again in what came back."""

from collections.abc import Callable

import pandas as pd

from desdecero.checks.probe import Probe, Wrong, type_name

SHARED_FAULTS = {
    "changed_rows": (
        "La fila del texto «{text}» no es como era, o no estaba: las filas se eligen, sin cambiar nada en ellas.",
        "The row of the text “{text}” is not as it was, or was not there: rows are chosen, unchanged.",
    ),
    "extra_column": (
        "Sobra la columna «{name}»: si viene de reset_index(), pásale drop=True.",
        "The column “{name}” is one too many: if it comes from reset_index(), pass drop=True.",
    ),
    "changes_frame": (
        "Tu código modifica la tabla que recibe: trabaja con otra (cuidado con inplace=True y con df[...] = ...).",
        "Your code changes the table it is given: work on another one (mind inplace=True and df[...] = ...).",
    ),
    "index_labels": (
        "Falla si el índice de la tabla no cuenta desde 0: con posiciones se usa iloc; con etiquetas del índice, loc.",
        "It fails when the table's index does not count from 0: positions go with iloc, labels of the index with loc.",
    ),
    "not_repeatable": (
        "Con la misma semilla salen filas distintas: pasa random_state=seed a lo que sortea.",
        "The same seed gives different rows: pass random_state=seed to whatever draws.",
    ),
    "seed_ignored": (
        "Salen las mismas filas con cualquier semilla: pasa random_state=seed a lo que sortea.",
        "The same rows come out whatever the seed: pass random_state=seed to whatever draws.",
    ),
    "zero_is_none": (
        "Con seed=0 salen cada vez filas distintas: el 0 es una semilla como otra, aunque «if» y «or» lo tomen por "
        "falso.",
        "With seed=0 the rows differ every time: 0 is a seed like any other, even if “if” and “or” take it for false.",
    ),
    "default_seed": (
        "Si no se da semilla, deben salir las filas de seed=0: ese es su valor por defecto, seed=0 en la cabecera.",
        "When no seed is given, the rows should be those of seed=0: that is its default, seed=0 in the signature.",
    ),
}


def table(probe: Probe, counts: dict[object, int], column: str = "label", gaps: bool = False) -> pd.DataFrame:
    """Rows with texts that are all different, class after class; with `gaps`, the index is not 0, 1, 2, …"""
    labels = [name for name, count in counts.items() for _ in range(count)]
    number = probe.pick(100, 900)
    return pd.DataFrame(
        {
            column: labels,
            "text": [f"mensaje {number + 3 * i} message" for i in range(len(labels))],
            "hens": [(7 * i + number) % 31 for i in range(len(labels))],
        },
        index=[2 * i + 1_000 for i in reversed(range(len(labels)))] if gaps else None,
    )


def rows(frame: pd.DataFrame, columns: list[str]) -> list[tuple]:
    return list(zip(*(frame[column].tolist() for column in columns)))


def places(frame: pd.DataFrame, result: object, label: str | None = None) -> list[int]:
    """Where in `frame` each row of `result` stands; its order, index and order of columns do not matter.

    With `label`, a row that differs in that column only has a fault of its own.
    """
    if not isinstance(result, pd.DataFrame):
        raise Wrong("not_a_frame", got=type_name(result))
    columns = list(frame.columns)
    for name in columns:
        if name not in result.columns:
            raise Wrong("lost_column", name=name)
    for name in result.columns:
        if name not in columns:
            raise Wrong("extra_column", name=name)
    numbers = {text: i for i, text in enumerate(frame["text"])}
    given = rows(frame, columns)
    found = []
    for row in rows(result, columns):
        text = row[columns.index("text")]
        place = numbers.get(text)
        if place is None:
            raise Wrong("changed_rows", text=text)
        if row != given[place]:
            differing = [name for name, a, b in zip(columns, row, given[place]) if a != b]
            raise Wrong("changed_labels" if differing == [label] else "changed_rows", text=text)
        found.append(place)
    return found


def call(probe: Probe, frame: pd.DataFrame, fault: str = "raises", **options: object) -> tuple[object, bool]:
    """What the answer gives for a copy of `frame`, and whether that copy came back unchanged."""
    given = frame.copy(deep=True)
    result = probe(probe.candidate, given, fault=fault, **options)
    return result, given.equals(frame) and list(given.columns) == list(frame.columns)


def check_seed(draws: Callable[..., object]) -> None:
    """The same seed must draw the same, and another one something else; 0 is a seed, and the default."""
    first = draws(seed=3)
    if draws(seed=3) != first:
        raise Wrong("not_repeatable")
    zero = draws(seed=0)
    if draws(seed=0) != zero:
        raise Wrong("zero_is_none")
    if all(draws(seed=seed) == first for seed in (0, 1, 2)):
        raise Wrong("seed_ignored")
    if draws() != zero:
        raise Wrong("default_seed")
