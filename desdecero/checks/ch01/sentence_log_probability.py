"""ch01/sentence_log_probability: how likely a bigram model finds a sentence, as a sum of logarithms."""

import copy
import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise, takewhile
from numbers import Real

from desdecero.checks.ch01._common import CUT_FAULTS, CUTS, Near, Words, draw_words, words_of
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import cut, judge

exercise = Exercise(
    id="ch01/sentence_log_probability",
    defines="sentence_log_probability",
    reference="desdecero.basics:sentence_log_probability",
    difficulty=1,
    minutes=15,
    faults={
        "not_a_number": (
            "Se esperaba un número de Python (float) y se ha recibido «{got}»: ¿falta el return?",
            "Expected a Python number (a float) and got “{got}”: is the return missing?",
        ),
        "changes_table": (
            "Tu código modifica el diccionario que recibe: léelo con .get, no con setdefault ni con un defaultdict.",
            "Your code changes the dictionary it is given: read it with .get, not with setdefault or a defaultdict.",
        ),
        "own_counts": (
            "Cuentas las parejas de la propia frase: toma las probabilidades del diccionario que recibes.",
            "You count the pairs of the sentence itself: take the probabilities from the dictionary you are given.",
        ),
        "product": (
            "Devuelves una probabilidad: lo que se pide es la suma de los logaritmos.",
            "You return a probability: what is asked for is the sum of the logarithms.",
        ),
        "no_logarithm": (
            "Sumas las probabilidades: suma sus logaritmos, math.log(p).",
            "You add up the probabilities: add up their logarithms, math.log(p).",
        ),
        "other_base": (
            "Usas logaritmos en otra base: el natural es math.log(p), sin segundo argumento.",
            "You use logarithms to another base: the natural one is math.log(p), with no second argument.",
        ),
        "log1p": (
            "Usas math.log1p, que es el logaritmo de 1 + p: el de p es math.log(p).",
            "You use math.log1p, the logarithm of 1 + p: that of p is math.log(p).",
        ),
        "sign": (
            "Cambias el signo: el logaritmo de una probabilidad es negativo, y así se queda.",
            "You change the sign: the logarithm of a probability is negative, and stays so.",
        ),
        "mean": (
            "Divides entre el número de pasos o de palabras: se pide la suma, no la media.",
            "You divide by the number of steps or words: the sum is asked for, not the mean.",
        ),
        "backwards": (
            "Buscas las parejas al revés: es probabilities[palabra][siguiente].",
            "You look the pairs up backwards: it is probabilities[word][next word].",
        ),
        "every_other": (
            "Tomas las palabras de dos en dos: hay un paso de cada palabra a la que la sigue.",
            "You take the words two by two: there is a step from each word to the one after it.",
        ),
        "last_step": (
            "Falta el último paso de la frase: revisa hasta dónde llega el bucle.",
            "The last step of the sentence is missing: look at where the loop ends.",
        ),
        "first_word": (
            "Añades algo por la primera palabra: se suman solo los pasos de una palabra a la siguiente.",
            "You add something for the first word: only the steps from one word to the next are summed.",
        ),
        "unseen_raises": (
            "Un paso que no está en el diccionario detiene tu código con un error: debe dar -math.inf, tanto si falta "
            "la pareja como si falta la primera palabra.",
            "A step that is not in the dictionary stops your code with an error: it must give -math.inf, whether the "
            "pair is missing or its first word.",
        ),
        "unseen_skipped": (
            "Te saltas los pasos que no están en el diccionario: basta uno para que el resultado sea -math.inf.",
            "You skip the steps that are not in the dictionary: a single one makes the result -math.inf.",
        ),
        "unseen_stops": (
            "Ante un paso que no está en el diccionario devuelves lo sumado hasta ahí: debe dar -math.inf.",
            "At a step that is not in the dictionary you return the sum so far: it must give -math.inf.",
        ),
        "unseen_zero": (
            "Para un paso que no está en el diccionario devuelves 0, que es el logaritmo de lo seguro: debe dar "
            "-math.inf.",
            "For a step that is not in the dictionary you return 0, the logarithm of what is certain: it must give "
            "-math.inf.",
        ),
        "needs_row": (
            "Das -inf a una frase cuya última palabra no tiene entrada en el diccionario: no la necesita, porque de "
            "ella no sale ningún paso.",
            "You give -inf to a sentence whose last word has no entry in the dictionary: it needs none, because no "
            "step goes out from it.",
        ),
        "smoothed": (
            "Das una probabilidad pequeña a lo que no está en el diccionario: aquí es cero, y el resultado, -math.inf.",
            "You give a small probability to what is not in the dictionary: here it is zero, and the result -math.inf.",
        ),
        "short": (
            "Una frase sin palabras o con una sola no tiene ningún paso: debe dar 0.0, sin errores.",
            "A sentence with no words, or a single one, has no step: it must give 0.0, without errors.",
        ),
        "underflow": (
            "Multiplicas antes de tomar el logaritmo, y en una frase larga el producto se queda en cero: suma los "
            "logaritmos de los pasos.",
            "You multiply before taking the logarithm, and for a long sentence the product becomes zero: add up the "
            "logarithms of the steps.",
        ),
        **CUT_FAULTS,
    },
)

Table = dict[str, dict[str, float]]
Log = Callable[[float], float]


def probabilities_in(sentence: str, table: Table, words: Words = words_of) -> list[float]:
    return [table.get(first, {}).get(second, 0.0) for first, second in pairwise(words(sentence))]


def log(p: float, of_zero: float = -math.inf) -> float:
    return math.log(p) if p else of_zero


def truth(sentence: str, table: Table, words: Words = words_of) -> float:
    return math.fsum(map(log, probabilities_in(sentence, table, words)))


def adding(each: Log) -> Callable[[str, Table], float]:
    return lambda sentence, table: math.fsum(map(each, probabilities_in(sentence, table)))


def over_pairs(make: Callable[[list[str]], list[tuple[str, str]]]) -> Callable[[str, Table], float]:
    def total(sentence: str, table: Table) -> float:
        return math.fsum(log(table.get(first, {}).get(second, 0.0)) for first, second in make(words_of(sentence)))

    return total


def own_counts(sentence: str, table: Table) -> float:
    words = words_of(sentence)
    followed = words[:-1]
    return math.fsum(math.log(list(pairwise(words)).count(pair) / followed.count(pair[0])) for pair in pairwise(words))


def until_unseen(sentence: str, table: Table) -> float:
    return math.fsum(map(math.log, takewhile(bool, probabilities_in(sentence, table))))


MIMICS = {
    **{fault: tuple(partial(truth, words=cut) for cut in cuts) for fault, cuts in CUTS.items()},
    "product": lambda sentence, table: math.prod(probabilities_in(sentence, table)),
    "no_logarithm": adding(lambda p: p),
    "other_base": (adding(lambda p: log(p) / math.log(2)), adding(lambda p: log(p) / math.log(10))),
    "log1p": adding(math.log1p),
    "sign": (lambda sentence, table: -truth(sentence, table), lambda sentence, table: abs(truth(sentence, table))),
    "mean": (
        lambda sentence, table: truth(sentence, table) / (len(words_of(sentence)) - 1),
        lambda sentence, table: truth(sentence, table) / len(words_of(sentence)),
    ),
    "backwards": over_pairs(lambda words: [(b, a) for a, b in pairwise(words)]),
    "every_other": over_pairs(lambda words: list(zip(words[::2], words[1::2]))),
    "last_step": over_pairs(lambda words: list(pairwise(words[:-1]))),
    "first_word": (
        lambda sentence, table: truth(sentence, table) - math.log(len(table)),
        over_pairs(lambda words: [*zip(words, words[1:]), (words[-1], words[0])]),
    ),
    "own_counts": own_counts,
    "unseen_skipped": adding(partial(log, of_zero=0.0)),
    "unseen_stops": until_unseen,
    "unseen_zero": lambda sentence, table: 0.0 if 0.0 in probabilities_in(sentence, table) else truth(sentence, table),
    "needs_row": lambda sentence, table: -math.inf if set(words_of(sentence)) - set(table) else truth(sentence, table),
    "smoothed": tuple(
        adding(partial(log, of_zero=math.log(10.0**-power))) for power in (*range(1, 21), 30, 50, 100, 300)
    ),
}

RIVER: Table = {
    "el": {"ratón": 0.5, "queso": 0.3, "río": 0.2},
    "ratón": {"comió": 0.75, "el": 0.05, "y": 0.2},
    "comió": {"el": 0.9, "ratón": 0.1},
    "queso": {"el": 0.4, "comió": 0.15, "y": 0.45},
    "río": {"y": 0.8, "mar": 0.2},
    "y": {"el": 0.6, "queso,": 0.25, "comió": 0.15},
}


def score(probe: Probe, sentence: str, table: Table, fault: str = "raises") -> Near:
    """Call the answer with a copy of the table, which must come back unchanged; its result is a number."""
    given = copy.deepcopy(table)
    result = probe(probe.candidate, sentence, given, fault=fault)
    if given != table:
        raise Wrong("changes_table")
    if isinstance(result, bool) or not isinstance(result, Real):
        raise Wrong("not_a_number", got=type_name(result))
    return Near(result)


def without_table(sentence: str, table: Table) -> tuple[str]:
    return (sentence if len(sentence) < 80 else f"{sentence[:77]}...",)


def compare(probe: Probe, table: Table, *sentences: str, fault: str = "raises") -> None:
    got = [score(probe, sentence, table, fault) for sentence in sentences]
    judge_scores(probe, table, sentences, got)


def judge_scores(probe: Probe, table: Table, sentences: Sequence[str], got: list[Near]) -> None:
    """`judge`, and of answers that find every step unseen, those which go by letters told from the others."""
    cases = [(sentence, table) for sentence in sentences]
    try:
        judge(cases, got, truth, MIMICS, quote=without_table)
    except Wrong as wrong:
        if wrong.fault == "characters" and score(probe, "ab", {"a": {"b": 0.5}}) != math.log(0.5):
            judge(cases, got, truth, {}, quote=without_table)
        raise


@exercise.item("sum", "Suma el logaritmo de cada paso", "Adds up the logarithm of each step", points=2)
def _(probe: Probe) -> None:
    compare(
        probe, RIVER, "el ratón comió el queso", "ratón el", "el queso comió ratón comió", "queso el ratón el río y"
    )


@exercise.item("likelier", "«el ratón comió el queso» gana", "“el ratón comió el queso” wins")
def _(probe: Probe) -> None:
    right, *scrambled = sentences = (
        "el ratón comió el queso",
        "el queso comió el ratón",
        "ratón el comió el queso",
        "el comió ratón el queso",
        "queso el comió ratón el",
    )
    scores = {sentence: score(probe, sentence, RIVER, "unseen_raises") for sentence in sentences}
    if not all(float(scores[right]) > float(scores[sentence]) for sentence in scrambled):
        judge_scores(probe, RIVER, sentences, list(scores.values()))


@exercise.item("unseen", "Un paso nunca visto da -inf", "A step never seen gives -inf")
def _(probe: Probe) -> None:
    unseen = ("el ratón queso el", "queso el mar", "martes el queso y", "el queso y el martes", "martes jueves")
    compare(probe, RIVER, "el ratón comió el río", *unseen, fault="unseen_raises")
    compare(probe, RIVER, "el río mar", "comió el río mar", "el río y")  # mar has no row


@exercise.item("words", "Corta como el ejercicio anterior", "Cuts as the exercise before does")
def _(probe: Probe) -> None:
    for fault, sentences in {
        "capitals": ("El ratón comió el QUESO", "EL RÍO Y EL Ratón"),
        "single_spaces": ("el  ratón\tcomió el\n\nqueso", " el ratón comió ", "ratón\nel", "el ratón\r\ncomió"),
        "marks": ("y queso,", "el ratón y queso,"),
    }.items():
        compare(probe, RIVER, *sentences, fault=fault)


@exercise.item("ends", "Frases muy cortas y muy largas", "Sentences very short and very long")
def _(probe: Probe) -> None:
    for sentence in ("", "ratón", "martes", "  \n"):
        if score(probe, sentence, RIVER, "short") != 0.0:
            raise Wrong("short")
    long = " ".join(["ratón el queso comió"] * 120)
    if score(probe, long, RIVER, "underflow") == -math.inf:
        raise Wrong("underflow")
    compare(probe, RIVER, long)


@exercise.item("reference", "Coincide con las sumas guardadas", "Agrees with the stored sums")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    names = [name.decode("utf-8") for name in cut(stored["names"], stored["lengths"])]
    table: Table = {}
    for first, second, probability in zip(names[::2], names[1::2], stored["probabilities"].tolist()):
        table.setdefault(first, {})[second] = probability
    sentences = [text.decode("utf-8") for text in cut(stored["sentences"], stored["sentence_lengths"])]
    expected = dict(zip(sentences, stored["expected"].tolist()))
    got = [score(probe, sentence, table, "unseen_raises") for sentence in sentences]
    cases = [(sentence, table) for sentence in sentences]
    judge(cases, got, lambda sentence, table: expected[sentence], MIMICS, quote=without_table)


@exercise.item("fresh_tables", "Acierta con cualquier diccionario", "Gets any dictionary right", points=2)
def _(probe: Probe) -> None:
    for _ in range(3):
        words = sorted(set(draw_words(probe, 12, 5)))
        table = {first: {second: probe.pick(1, 1000) / 1000 for second in words} for first in words}
        del table[words[0]][words[-1]]
        compare(probe, table, *(" ".join(draw_words_of(probe, words)) for _ in range(4)), fault="unseen_raises")


def draw_words_of(probe: Probe, words: list[str]) -> list[str]:
    return [words[probe.pick(0, len(words))] for _ in range(probe.pick(2, 9))]
