"""ch06/classification_accuracy: the share of examples whose last token is classified right."""

import math
from collections.abc import Callable
from itertools import product

import torch
from torch.utils.data import DataLoader, TensorDataset

from desdecero.checks.ch06._model import (
    MODE_FAULTS,
    Scored,
    Watched,
    Wrapped,
    check_calls,
    check_gradients,
    check_mode,
    running_mean,
    small_gpt,
)
from desdecero.checks.ch06._shares import MIMICS, Case, by_example, value
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import judge
from desdecero.edition import say

exercise = Exercise(
    id="ch06/classification_accuracy",
    defines="classification_accuracy",
    reference="desdecero.classify:classification_accuracy",
    difficulty=2,
    minutes=20,
    faults={
        "not_a_float": (
            "Devuelves un valor de tipo {got} y debe ser un float de Python: conviértelo con float(...) o .item().",
            "You return a value of type {got}; it must be a Python float: convert it with float(...) or .item().",
        ),
        "wrong_position": (
            "Miras los logits de otra posición: la clase se lee en el último token, logits[:, -1].",
            "You look at the logits of another position: the class is read at the last token, logits[:, -1].",
        ),
        "all_positions": (
            "Comparas la etiqueta con lo que sale en todas las posiciones: solo cuenta el último token, logits[:, -1].",
            "You compare the label with what comes out at all positions: only the last token counts, logits[:, -1].",
        ),
        "pooled": (
            "Promedias los logits de todas las posiciones: solo cuentan los del último token, logits[:, -1].",
            "You average the logits of all positions: only those of the last token count, logits[:, -1].",
        ),
        "wrong_dimension": (
            "argmax va por otra dimensión, o por todas: la clase es la última, argmax(dim=-1).",
            "argmax goes along another dimension, or all: the class is the last one, argmax(dim=-1).",
        ),
        "broadcast": (
            "Comparas una columna (B, 1) con una fila (B,), y sale una tabla (B, B): quita keepdim.",
            "You compare a column (B, 1) with a row (B,), which gives a table (B, B): drop keepdim.",
        ),
        "least_likely": (
            "Tomas la clase con la puntuación más baja: usa argmax.",
            "You take the class with the lowest score: use argmax.",
        ),
        "percent": (
            "Das un porcentaje: se pide la parte, entre 0 y 1.",
            "You give a percentage: what is asked for is the share, between 0 and 1.",
        ),
        "count": (
            "Devuelves cuántos aciertos hay: divide entre el número de ejemplos.",
            "You return how many are right: divide by the number of examples.",
        ),
        "inverted": (
            "Cuentas los errores en vez de los aciertos.",
            "You count what is wrong instead of what is right.",
        ),
        "probability": (
            "Promedias la probabilidad de la clase correcta: cada ejemplo cuenta 1 si se acierta y 0 si no.",
            "You average the probability of the right class: each example counts 1 if it is right and 0 if not.",
        ),
        "rounded": (
            "Redondeas el resultado: deja todos los decimales.",
            "You round the result: keep all decimals.",
        ),
        "mean_of_batches": (
            "Promedias las exactitudes de los lotes, y el último lote puede ser más pequeño: "
            "suma los aciertos y divide una sola vez entre los ejemplos.",
            "You average the accuracies of the batches, and the last batch may be smaller: "
            "add up what is right and divide by the examples once.",
        ),
        "one_batch": (
            "El resultado es el de un solo lote: acumula dentro del bucle, y return fuera.",
            "The result is that of a single batch: add up within the loop, and return outside.",
        ),
        "divides_by_batches": (
            "Divides los aciertos entre el número de lotes: es entre el de ejemplos.",
            "You divide what is right by the number of batches: it is by that of examples.",
        ),
        "max_batches_ignored": (
            "max_batches no se usa: cuando se da, solo cuentan los primeros lotes.",
            "max_batches is not used: when given, only the first batches count.",
        ),
        "one_batch_more": (
            "Cuentas un lote más de los que pide max_batches.",
            "You count one batch more than max_batches asks for.",
        ),
        "one_batch_less": (
            "Cuentas un lote menos de los que pide max_batches.",
            "You count one batch less than max_batches asks for.",
        ),
        "whole_loader": (
            "Con max_batches divides entre todos los ejemplos: es entre los que se han visto.",
            "With max_batches you divide by all examples: it is by those that were seen.",
        ),
        "reads_all": (
            "Con max_batches el modelo lee también los demás lotes, aunque no los cuentes: para ahí el bucle, con "
            "islice o break.",
            "With max_batches the model reads the other batches as well, even if you do not count them: stop the loop "
            "there, with islice or break.",
        ),
        "asks_too_much": (
            "Si el modelo no es un GPT y los lotes vienen en una lista, tu código se interrumpe ({error}): basta con "
            "llamar a model(ids) y recorrer loader.",
            "When the model is no GPT and the batches come in a list, your code stops ({error}): it is enough to call "
            "model(ids) and to loop over loader.",
        ),
        **MODE_FAULTS,
        "empty_loader": (
            "Sin ningún ejemplo no hay exactitud: el resultado debe ser math.nan, y es {got}.",
            "Without any example there is no accuracy: the result must be math.nan, and it is {got}.",
        ),
    },
)


POSITIONS = ("wrong_position", "all_positions", "pooled", "wrong_dimension", "broadcast", "inverted", "rounded")


def draw(
    probe: Probe, n: int, t: int, classes: int, batch_size: int, max_batches: int | None, telling: tuple[str, ...]
) -> tuple[Scored, Case]:
    """A model and examples of which it gets about half right; each mistake in `telling` gives another value."""
    ways = [way for fault in telling for way in as_tuple(MIMICS[fault])]
    for _ in range(300):  # a few are enough
        scores = probe.randn(40, classes)
        token_ids = probe.randint(0, 40, (n, t))
        logits = running_mean(token_ids, scores)
        some = probe.randint(0, classes, (n,))
        labels = torch.where(probe.randn(n) > 0.2, logits[:, -1].argmax(dim=-1), some)
        case = Case(token_ids, logits, labels, batch_size, max_batches)
        right = by_example(case)
        if 0.2 < right < 0.9 and not any(same(way, case, right) for way in ways):
            break
    return Scored(scores, t + 2), case


def as_tuple(way: object) -> tuple:
    return way if isinstance(way, tuple) else (way,)


def same(way: Callable[[Case], float], case: Case, right: float) -> bool:
    try:
        return way(case) == right
    except (IndexError, RuntimeError, ZeroDivisionError):  # shapes that do not fit: no such answer here
        return False


def accuracy(probe: Probe, model: Watched, case: Case, plain: bool = False) -> float:
    """What the answer gives; with `plain`, for a model that is not known to be a GPT and a list of batches."""
    options = {} if case.max_batches is None else {"max_batches": case.max_batches}
    if plain:
        result = probe(probe.candidate, Wrapped(model), list(case.loader()), fault="asks_too_much", **options)
    else:
        result = probe(probe.candidate, model, case.loader(), **options)
    if not isinstance(result, float):
        raise Wrong("not_a_float", got=type_name(result))
    return value(result)


def compare(probe: Probe, sizes: list[tuple], telling: tuple[str, ...] = (), plain: bool = False) -> None:
    """Judge data sets of these sizes together: examples, tokens, classes, batch size and `max_batches`."""
    drawn = [draw(probe, *size, telling) for size in sizes]
    got = [accuracy(probe, model.eval(), case, plain) for model, case in drawn]

    def quote(case: Case) -> tuple[str]:
        n = len(case.labels)
        return (say(f"{n} ejemplos en lotes de {case.batch_size}", f"{n} examples in batches of {case.batch_size}"),)

    likely_first = {fault: MIMICS[fault] for fault in telling} | MIMICS
    judge([(case,) for _, case in drawn], got, by_example, likely_first, quote)
    for model, case in drawn:
        seen = {tuple(row) for call in model.calls for row in call.token_ids.tolist()}
        count = sum(len(labels) for _, labels in case.batches())
        if not seen <= set(map(tuple, case.token_ids[:count].tolist())):
            raise Wrong("reads_all")


@exercise.item("last_token", "Cuenta los aciertos del último token", "Counts what the last token gets right", points=2)
def _(probe: Probe) -> None:
    # As many examples in a batch as tokens and classes: then a wrong dimension is no error, but a wrong number.
    compare(probe, [(n, 4, 4, 4, None) for n in (28, 36, 44, 52)], POSITIONS)


@exercise.item("examples", "Es la parte de los ejemplos, no de los lotes", "Is the share of examples, not of batches")
def _(probe: Probe) -> None:
    telling = ("mean_of_batches", "one_batch", "divides_by_batches", "wrong_position")
    compare(probe, [(11, 5, 3, 4, None), (13, 2, 2, 6, None), (9, 3, 5, 4, None), (22, 4, 3, 5, None)], telling)
    compare(probe, [(10, 1, 3, 4, None), (13, 1, 2, 5, None)])


@exercise.item("max_batches", "Con max_batches, solo los primeros lotes", "With max_batches, only the first batches")
def _(probe: Probe) -> None:
    telling = ("max_batches_ignored", "one_batch_more", "one_batch_less", "whole_loader")
    compare(probe, [(19, 3, 3, 4, 3), (23, 2, 4, 3, 5), (29, 2, 3, 6, 3)], telling)
    compare(probe, [(7, 3, 3, 3, 1), (7, 3, 3, 3, 3), (10, 3, 3, 4, 12)])
    compare(probe, [(10, 3, 3, 4, None), (7, 4, 2, 3, 2)], plain=True)


@exercise.item("mode", "En modo eval, y restaura el que había", "In eval mode, and restores the one found")
def _(probe: Probe) -> None:
    compare(probe, [(9, 3, 3, 4, None)])
    for was_training, max_batches in product((True, False), (None, 1)):
        model, case = draw(probe, 9, 3, 3, 4, max_batches, ())
        accuracy(probe, model.train(was_training), case)
        check_mode(model, was_training)


@exercise.item("no_gradients", "No calcula gradientes", "Computes no gradients")
def _(probe: Probe) -> None:
    for max_batches in (None, 1):
        model, case = draw(probe, 9, 3, 3, 4, max_batches, ())
        accuracy(probe, model.eval(), case)
        check_gradients(model)
    compare(probe, [(9, 3, 3, 4, None)])


@exercise.item("empty", "Sin ejemplos, el resultado es nan", "Without examples the result is nan")
def _(probe: Probe) -> None:
    compare(probe, [(5, 3, 3, 2, None)])
    model, case = draw(probe, 5, 3, 3, 2, None, ())
    accuracy(probe, model.train(), case)
    tidy = model.in_training() and torch.is_grad_enabled()
    nothing = TensorDataset(torch.zeros(0, 3, dtype=torch.long), torch.zeros(0, dtype=torch.long))
    model = Scored(probe.randn(40, 3), 5).train()
    try:
        result = probe(probe.candidate, model, DataLoader(nothing, batch_size=2))
    except Wrong as wrong:
        raise Wrong(
            "empty_loader" if wrong.fault == "raises" else wrong.fault, got=wrong.details.get("error")
        ) from None
    if not isinstance(result, float) or not math.isnan(result):
        raise Wrong("empty_loader", got=repr(result))
    if tidy:  # else another item says so
        check_mode(model, was_training=True)
        check_gradients(model)


@exercise.item("reference", "Coincide con el valor guardado", "Agrees with the stored value")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = small_gpt(1, stored, num_classes=3)
    loader = DataLoader(TensorDataset(stored["token_ids"], stored["labels"]), batch_size=5)
    result = probe(probe.candidate, model.train(), loader)
    check_calls(model)
    if not isinstance(result, float):
        raise Wrong("not_a_float", got=type_name(result))
    probe.same(torch.tensor(result, dtype=torch.float64), stored["expected"], rtol=1e-5, atol=1e-5)
