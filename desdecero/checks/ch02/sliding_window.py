"""ch02/sliding_window: the training examples of a language model, cut from one long list of tokens."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import getitem

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief, judge

exercise = Exercise(
    id="ch02/sliding_window",
    defines="SlidingWindowDataset",
    reference="desdecero.text:SlidingWindowDataset",
    difficulty=2,
    minutes=20,
    faults={
        "not_a_dataset": (
            "Se esperaba una clase que herede de Dataset y hay «{got}».",
            "Expected a class that inherits from Dataset, found “{got}”.",
        ),
        "no_length": (
            "len() no funciona con tu clase: __len__ debe devolver el número de ventanas, un entero.",
            "len() does not work with your class: __len__ must return the number of windows, an integer.",
        ),
        "not_a_pair": (
            "Cada elemento debe ser una pareja (entrada, objetivo) y es «{got}».",
            "Each item must be a pair (input, target), it is “{got}”.",
        ),
        "not_tensors": (
            "La entrada y el objetivo deben ser tensores y hay «{got}»: conviértelos con torch.tensor(...).",
            "Input and target must be tensors, found “{got}”: convert them with torch.tensor(...).",
        ),
        "not_long": (
            "Los ids deben ser enteros largos (torch.long) y son {got}: conviértelos con dtype=torch.long.",
            "The ids must be long integers (torch.long), they are {got}: convert them with dtype=torch.long.",
        ),
        "not_shifted": (
            "El objetivo es igual que la entrada: debe ir un token por delante.",
            "The target equals the input: it must be one token ahead.",
        ),
        "swapped": (
            "La entrada y el objetivo están cambiados de sitio: primero va la entrada.",
            "Input and target have changed places: the input goes first.",
        ),
        "shifted_too_far": (
            "El objetivo va dos tokens por delante de la entrada: solo debe ir uno.",
            "The target is two tokens ahead of the input: it must be only one.",
        ),
        "shifted_back": (
            "El objetivo va un token por detrás de la entrada: debe ir uno por delante.",
            "The target is one token behind the input: it must be one ahead.",
        ),
        "next_window": (
            "El objetivo empieza donde acaba la entrada: debe ser la misma ventana, corrida un token.",
            "The target starts where the input ends: it must be the same window, moved by one token.",
        ),
        "single_target": (
            "El objetivo es un solo token: hace falta uno por cada token de la entrada.",
            "The target is a single token: there must be one for each token of the input.",
        ),
        "short_windows": (
            "Tus ventanas tienen menos de context_length tokens: para formar las dos se toman context_length + 1.",
            "Your windows hold fewer than context_length tokens: it takes context_length + 1 to make both.",
        ),
        "ignores_stride": (
            "Las ventanas no avanzan stride tokens: cada una empieza stride tokens después de la anterior.",
            "The windows do not advance by stride tokens: each starts stride tokens after the one before.",
        ),
        "stride_as_gap": (
            "Tomas stride como el hueco o el solape entre ventanas: es la distancia entre sus comienzos.",
            "You take stride as the gap or overlap between windows: it is the distance between their starts.",
        ),
        "incomplete_last": (
            "Sobran ventanas al final: solo valen las que caben enteras, con su objetivo.",
            "There are windows too many at the end: only those that fit whole, with their target, count.",
        ),
        "misses_last": (
            "Falta la última ventana: todavía cabe entera, con su objetivo.",
            "The last window is missing: it still fits whole, with its target.",
        ),
        "wrong_length": (
            "len() da {got} ventanas y caben {expected}.",
            "len() gives {got} windows, and {expected} fit.",
        ),
        "too_short": (
            "Con menos de context_length + 1 tokens no cabe ninguna ventana: len() debe dar 0, sin error.",
            "With fewer than context_length + 1 tokens no window fits: len() must give 0, without an error.",
        ),
        "ignores_index": (
            "El resultado depende del orden en que se piden las ventanas: usa el índice que recibe __getitem__.",
            "The result depends on the order in which windows are asked for: use the index that __getitem__ is given.",
        ),
        "shared": (
            "Dos conjuntos de datos se mezclan: guarda los datos en self, no en la clase ni en variables globales.",
            "Two datasets get mixed up: keep the data in self, not in the class or in global variables.",
        ),
        "parameter_names": (
            "Llamada con sus argumentos por nombre se interrumpe: son token_ids, context_length y stride.",
            "Called with its arguments by name it stops: they are token_ids, context_length and stride.",
        ),
        "changes_ids": (
            "Tu código modifica la lista token_ids que recibe: trabaja sin cambiarla.",
            "Your code changes the list token_ids it is given: work without changing it.",
        ),
    },
)

Windows = list[tuple[list[int], list[int]]]
Case = tuple[list[int], int, int]  # token_ids, context_length, stride


def windows(token_ids: list[int], context_length: int, stride: int) -> Windows:
    """The truth, by `Tensor.unfold`: every window together with the token that follows it."""
    if len(token_ids) <= context_length:
        return []
    rows = torch.tensor(token_ids).unfold(0, context_length + 1, stride).tolist()
    return [(row[:-1], row[1:]) for row in rows]


Starts = Callable[[int, int, int], Iterable[int]]  # of the number of tokens, context_length, stride


def windows_like(
    token_ids: list[int],
    context_length: int,
    stride: int,
    starts: Starts = lambda n, t, s: range(0, n - t, s),
    input_: tuple[int, int] = (0, 0),
    target: tuple[int, int] = (1, 1),
) -> Windows:
    """The windows of one who makes a mistake; with the defaults there is none.

    `input_` and `target` say by how much each begins and ends beside the window.
    """

    def part(start: int, offsets: tuple[int, int]) -> list[int]:
        return token_ids[start + offsets[0] : start + context_length + offsets[1]]

    return [(part(start, input_), part(start, target)) for start in starts(len(token_ids), context_length, stride)]


def next_windows(token_ids: list[int], t: int, stride: int) -> Windows:
    return [(token_ids[i : i + t], token_ids[i + t : i + 2 * t]) for i in range(0, len(token_ids) - t, stride)]


def single_targets(token_ids: list[int], t: int, stride: int) -> list:
    return [(token_ids[i : i + t], token_ids[i + t]) for i in range(0, len(token_ids) - t, stride)]


def with_starts(*choices: Starts) -> tuple[Callable[..., Windows], ...]:
    return tuple(partial(windows_like, starts=starts) for starts in choices)


MIMICS = {
    "not_shifted": partial(windows_like, target=(0, 0)),
    "swapped": partial(windows_like, input_=(1, 1), target=(0, 0)),
    "shifted_too_far": (
        partial(windows_like, target=(2, 2)),
        partial(windows_like, target=(2, 2), starts=lambda n, t, s: range(0, n - t - 1, s)),
    ),
    "shifted_back": partial(windows_like, target=(-1, -1)),
    "next_window": (
        next_windows,
        lambda ids, t, s: [pair for pair in next_windows(ids, t, s) if len(pair[1]) == t],
    ),
    "single_target": (
        single_targets,
        lambda ids, t, s: [(window, [target]) for window, target in single_targets(ids, t, s)],
    ),
    "short_windows": (
        partial(windows_like, input_=(0, -1), target=(1, 0)),
        partial(windows_like, input_=(0, -1), target=(1, 0), starts=lambda n, t, s: range(0, n - t + 1, s)),
        partial(windows_like, target=(1, 0)),
        partial(windows_like, target=(1, 0), starts=lambda n, t, s: range(0, n - t + 1, s)),
    ),
    "ignores_stride": with_starts(
        lambda n, t, s: range(0, n - t),
        lambda n, t, s: range(0, n - t, t),
        lambda n, t, s: range(len(range(0, n - t, s))),
        lambda n, t, s: [i * t for i in range(len(range(0, n - t, s)))],
    ),
    "stride_as_gap": with_starts(
        lambda n, t, s: range(0, n - t, t + s),
        lambda n, t, s: range(0, n - t, t - s if t > s else 1),
    ),
    "incomplete_last": with_starts(
        lambda n, t, s: range(0, n - t + 1, s),
        lambda n, t, s: range(0, n, s),
        lambda n, t, s: range(0, n - 1, s),
    ),
    "misses_last": with_starts(
        lambda n, t, s: range(0, n - t - 1, s),
        lambda n, t, s: range(0, n - t - s, s),
        lambda n, t, s: range(0, (n - t) // s * s, s),
        lambda n, t, s: range(0, (n - t - 1) // s * s, s),
        lambda n, t, s: range(0, n - t, s)[:-1],
    ),
}


def build(
    probe: Probe,
    token_ids: Sequence[int] | Tensor,
    context_length: int,
    stride: int,
    fault: str = "raises",
    copied: bool = True,
) -> Dataset:
    given = token_ids.copy() if copied and isinstance(token_ids, list) else token_ids
    dataset = probe(probe.candidate, given, context_length, stride, fault=fault)
    if not isinstance(dataset, Dataset):
        raise Wrong("not_a_dataset", got=type_name(probe.candidate))
    if isinstance(token_ids, list) and given != token_ids:
        raise Wrong("changes_ids")
    return dataset


def length(probe: Probe, dataset: Dataset, fault: str = "no_length") -> int:
    return probe(len, dataset, fault=fault)


def item(probe: Probe, dataset: Dataset, index: int, fault: str = "raises") -> tuple:
    """One item as plain lists; it must be a pair of long tensors."""
    pair = probe(getitem, dataset, index, fault=fault)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise Wrong("not_a_pair", got=brief(pair, 40) if isinstance(pair, (tuple, list)) else type_name(pair))
    for part in pair:
        if not isinstance(part, Tensor):
            raise Wrong("not_tensors", got=type_name(part))
        if part.dtype != torch.long:
            raise Wrong("not_long", got=part.dtype)
    return pair[0].tolist(), pair[1].tolist()


def read(probe: Probe, case: Case, dataset: Dataset | None = None, fault: str = "raises") -> Windows:
    """Everything in the dataset of one case, as plain lists."""
    dataset = build(probe, *case) if dataset is None else dataset
    fit = len(windows(*case))
    claimed = length(probe, dataset)
    # Far too many: the last ones are enough to see whether those before come from other datasets.
    start = claimed - fit if claimed > 4 * len(case[0]) + 8 else 0
    found: Windows = []
    for index in range(start, claimed):
        try:
            found.append(item(probe, dataset, index, fault))
        except Wrong as wrong:
            if wrong.fault == "raises" and index >= fit:  # len() promised windows that are not there
                raise Wrong("wrong_length", got=claimed, expected=fit) from None
            raise
    if start:
        raise Wrong("shared" if found == windows(*case) else "wrong_length", got=claimed, expected=fit)
    return found


def compare(probe: Probe, cases: list[Case]) -> None:
    got = [read(probe, case) for case in cases]
    for case, found in zip(cases, got):
        expected = windows(*case)
        if expected and len(found) > len(expected) and found[-len(expected) :] == expected:
            raise Wrong("shared")  # what earlier datasets held comes first
    try:
        judge(cases, got, windows, MIMICS)
    except Wrong as wrong:
        for case, found in zip(cases, got):
            if wrong.fault is None and len(found) != len(windows(*case)):
                raise Wrong("wrong_length", got=len(found), expected=len(windows(*case))) from None
        raise


def draw(probe: Probe, count: int) -> list[int]:
    """Token ids that are all different, so that no window looks like another."""
    return (torch.randperm(900, generator=probe.generator)[:count] + 7).tolist()


@exercise.item("pairs", "Cada elemento es (entrada, objetivo)", "Each item is (input, target)")
def _(probe: Probe) -> None:
    compare(probe, [(draw(probe, 21), 5, 2), (draw(probe, 30), 4, 3)])
    token_ids = draw(probe, 26)
    first, second = (token_ids[:12], 3, 3), (token_ids[12:], 4, 2)  # no token in common
    one, other = build(probe, *first), build(probe, *second)
    got = [read(probe, first, one, "shared"), read(probe, second, other)]
    if any(not set(inputs) <= set(first[0]) for inputs, _ in got[0]) or got[0] != read(probe, first):
        raise Wrong("shared")
    judge([first, second], got, windows, MIMICS)


@exercise.item("strides", "stride es la distancia entre ventanas", "stride is the distance between windows", points=2)
def _(probe: Probe) -> None:
    count, t = probe.pick(30, 50), probe.pick(3, 7)
    compare(probe, [(draw(probe, count), t, stride) for stride in (1, 2, t - 1, t, t + 1, 2 * t + 1)])
    compare(probe, [(draw(probe, 9), 1, 1), (draw(probe, 9), 1, 4)])


@exercise.item("last_window", "Todas las ventanas completas, y solo esas", "All complete windows, and only those")
def _(probe: Probe) -> None:
    t, stride = probe.pick(3, 6), probe.pick(2, 5)
    counts = (t + 1, t + 2, *(t + 3 * stride + extra for extra in range(stride + 2)))
    compare(probe, [(draw(probe, count), t, stride) for count in counts])


@exercise.item("too_short", "Un texto demasiado corto no da ninguna", "Too short a text gives none")
def _(probe: Probe) -> None:
    compare(probe, [(draw(probe, 9), 4, 2)])
    for count, t, stride in ((4, 4, 1), (3, 4, 1), (1, 6, 2), (2, 9, 5), (0, 3, 3)):
        dataset = build(probe, draw(probe, count), t, stride, fault="too_short")
        claimed = length(probe, dataset, fault="too_short")
        if claimed != 0:
            raise Wrong("too_short")


@exercise.item("access", "Desde una lista o un tensor, en cualquier orden", "From a list or a tensor, in any order")
def _(probe: Probe) -> None:
    case = (draw(probe, 23), 5, 3)
    expected = windows(*case)
    given = case[0].copy()
    for token_ids in (given, torch.tensor(given), torch.tensor(given, dtype=torch.int32)):
        dataset = build(probe, token_ids, *case[1:], copied=False)  # what it changes later shows, too
        if read(probe, case, dataset) != expected:
            compare(probe, [case])
        for index in (2, 0, 0, 5, 1):
            if item(probe, dataset, index) != expected[index]:
                raise Wrong("ignores_index")
        batches = probe(lambda dataset: list(DataLoader(dataset, batch_size=4)), dataset)
        got = [(inputs.tolist(), targets.tolist()) for inputs, targets in batches]
        inputs, targets = [[row for batch in got for row in batch[k]] for k in (0, 1)]
        judge([case], [list(zip(inputs, targets))], windows, MIMICS)
        if given != case[0]:
            raise Wrong("changes_ids")
    named = probe(probe.candidate, stride=3, context_length=5, token_ids=given, fault="parameter_names")
    judge([case], [read(probe, case, named)], windows, MIMICS)
    case = (list(range(40, 63)), 5, 3)
    judge([case], [read(probe, case, build(probe, range(40, 63), 5, 3))], windows, MIMICS)


@exercise.item("reference", "Coincide con las ventanas guardadas", "Agrees with the stored windows")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    inputs, targets = stored["inputs"].tolist(), stored["targets"].tolist()
    case = (stored["token_ids"].tolist(), stored["inputs"].shape[1], 5)
    judge([case], [read(probe, case)], lambda *case: list(zip(inputs, targets)), MIMICS)
