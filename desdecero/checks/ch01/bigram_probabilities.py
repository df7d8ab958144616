"""ch01/bigram_probabilities: how often each word follows each other one (Markov, 1913; Shannon, 1948)."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, pairwise
from numbers import Real

from desdecero.checks.ch01._common import CUT_FAULTS, CUTS, Near, Words, draw_words, without_accents, words_of
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief, cut, judge, text_of
from desdecero.edition import say

exercise = Exercise(
    id="ch01/bigram_probabilities",
    defines="bigram_probabilities",
    reference="desdecero.basics:bigram_probabilities",
    difficulty=1,
    minutes=15,
    faults={
        "not_a_dict": (
            "Se esperaba un diccionario y se ha recibido «{got}»: ¿falta el return?",
            "Expected a dictionary and got “{got}”: is the return missing?",
        ),
        "pairs_as_keys": (
            'Tus claves son parejas: se espera un diccionario dentro de otro, para escribir table["el"]["queso"].',
            'Your keys are pairs: expected is a dictionary within another, so that one can write table["el"]["queso"].',
        ),
        "not_nested": (
            "A cada palabra le corresponde un diccionario, de siguiente a probabilidad, y con «{word}» hay «{got}».",
            "Each word has a dictionary, from next word to probability, and with “{word}” there is “{got}”.",
        ),
        "not_numbers": (
            "Las probabilidades deben ser números de Python, como 0.5, y hay {got}.",
            "The probabilities must be Python numbers, such as 0.5, and there is {got}.",
        ),
        "kept": (
            "Aparece «{word}», que no está en este texto sino en otro anterior: crea el diccionario dentro de la "
            "función, para que cada llamada empiece de cero.",
            "“{word}” appears, which is not in this text but in an earlier one: create the dictionary inside the "
            "function, so that each call starts afresh.",
        ),
        "added_words": (
            "Aparece «{word}», que no está en el texto: no añadas marcas de principio ni de fin.",
            "“{word}” appears, which is not in the text: add no marks for beginning or end.",
        ),
        "counts": (
            "Das cuentas, no probabilidades: divide cada una entre el total de las de su palabra.",
            "You give counts, not probabilities: divide each one by the total for its word.",
        ),
        "joint": (
            "Divides entre todas las parejas del texto: divide entre las que empiezan por esa misma palabra, para "
            "que las de cada una sumen 1.",
            "You divide by all the pairs in the text: divide by those that begin with the same word, so that each "
            "word's sum to 1.",
        ),
        "no_context": (
            "Das a cada siguiente su frecuencia en todo el texto: cuenta solo las veces que va justo después de la "
            "palabra.",
            "You give each next word its frequency in the whole text: count only the times it stands right after the "
            "word.",
        ),
        "word_total": (
            "Divides entre las veces que aparece la palabra, y la última del texto no tiene siguiente: divide entre "
            "las veces que la sigue otra.",
            "You divide by how often the word appears, and the last word of the text has no next one: divide by how "
            "often another word follows it.",
        ),
        "distinct": (
            "Cada siguiente cuenta una sola vez: si «el» va dos veces delante de «queso», son dos.",
            "Each next word counts only once: if “el” stands twice before “queso”, that is two.",
        ),
        "backwards": (
            "Miras la palabra anterior: la clave es la palabra, y dentro van las que vienen después de ella.",
            "You look at the word before: the key is the word, and inside go those that come after it.",
        ),
        "every_other": (
            "Tomas las palabras de dos en dos: avanza de una en una, porque toda palabra forma pareja con la que la "
            "sigue.",
            "You take the words two by two: go on one by one, because every word forms a pair with the one after it.",
        ),
        "last_pair": (
            "Falta la última pareja del texto: revisa hasta dónde llega el bucle.",
            "The last pair of the text is missing: look at where the loop ends.",
        ),
        "wraps": (
            "Unes la última palabra con la primera: tras la última no viene nada.",
            "You join the last word with the first: nothing comes after the last one.",
        ),
        "substrings": (
            "Buscas trozos de texto con .count: «el» también está dentro de «del»; cuenta palabras de la lista.",
            "You search for pieces of text with .count: “el” is inside “del” as well; count words of the list.",
        ),
        "lines": (
            "Cortas en líneas o frases: la última palabra de una también va seguida por la primera de la siguiente.",
            "You cut into lines or sentences: the last word of one is also followed by the first of the next.",
        ),
        "rounded": (
            "Redondeas las probabilidades: devuélvelas con todas sus cifras, o no sumarán 1.",
            "You round the probabilities: return them with all their digits, or they won't sum to 1.",
        ),
        "percent": (
            "Das porcentajes: las probabilidades de cada palabra deben sumar 1, no 100.",
            "You give percentages: each word's probabilities must sum to 1, not 100.",
        ),
        "empty_entry": (
            "A «{word}» no la sigue nada y tiene una entrada sin probabilidades: no le pongas ninguna.",
            "Nothing follows “{word}”, and it has an entry without probabilities: give it none.",
        ),
        "short_text": (
            "Un texto sin palabras o con una sola detiene tu código con un error: no hay parejas, devuelve un "
            "diccionario vacío.",
            "A text with no words, or a single one, stops your code with an error: there are no pairs, return an "
            "empty dictionary.",
        ),
        **CUT_FAULTS,
    },
)

_seen: set[str] = set()  # every word of a text that some answer was given

Table = dict[str, dict[str, float]]
Pairs = list[tuple[str, str]]


def shares(pairs: Pairs, out_of: Callable[[str, Counter], float] | None = None) -> Table:
    """Each pair's count over that of its first word, or over what `out_of` says."""
    counts, firsts = Counter(pairs), Counter(first for first, _ in pairs)
    table: Table = {}
    for (first, second), count in counts.items():
        total = out_of(first, counts) if out_of else firsts[first]
        table.setdefault(first, {})[second] = count / total
    return table


def truth(text: str, words: Words = words_of) -> Table:
    return shares(list(pairwise(words(text))))


def from_pairs(make: Callable[[list[str]], Pairs]) -> Callable[[str], Table]:
    return lambda text: shares(make(words_of(text)))


def over(out_of: Callable[[list[str], str, Counter], float]) -> Callable[[str], Table]:
    def table(text: str) -> Table:
        words = words_of(text)
        return shares(list(pairwise(words)), lambda first, counts: out_of(words, first, counts))

    return table


def scaled(change: Callable[[float], float]) -> Callable[[str], Table]:
    return lambda text: {w: {v: change(p) for v, p in row.items()} for w, row in truth(text).items()}


def frequency(text: str, word: str) -> float:
    words = words_of(text)
    return words.count(word) / len(words)


def by_substring(text: str, total: Callable[[str, list[str], str], float]) -> Table:
    words = words_of(text)
    joined = " ".join(words)
    table: Table = {}
    for first, second in pairwise(words):
        table.setdefault(first, {})[second] = joined.count(f"{first} {second}") / total(joined, words, first)
    return table


def in_pieces(text: str, marks: str) -> Table:
    for mark in marks:
        text = text.replace(mark, "\n")
    return shares(list(chain.from_iterable(pairwise(words_of(line)) for line in text.split("\n"))))


MIMICS = {
    "counts": over(lambda words, first, counts: 1),
    "joint": (
        over(lambda words, first, counts: counts.total()),
        over(lambda words, first, counts: counts.total() + 1),
        over(lambda words, first, counts: len(set(words))),
    ),
    "no_context": (
        lambda text: {a: {b: frequency(text, b) for b in row} for a, row in truth(text).items()},
        lambda text: {a: {b: frequency(text, b) for b in words_of(text)} for a in truth(text)},
    ),
    "percent": scaled(lambda p: 100 * p),
    "distinct": from_pairs(lambda words: list(dict.fromkeys(pairwise(words)))),
    "backwards": from_pairs(lambda words: [(b, a) for a, b in pairwise(words)]),
    "every_other": from_pairs(lambda words: list(zip(words[::2], words[1::2]))),
    "wraps": from_pairs(lambda words: list(zip(words, words[1:] + words[:1]))),
    "last_pair": from_pairs(lambda words: list(pairwise(words[:-1]))),
    "word_total": over(lambda words, first, counts: words.count(first)),
    **{fault: tuple(partial(truth, words=cut) for cut in cuts) for fault, cuts in CUTS.items()},
    "lines": (lambda text: in_pieces(text, ""), lambda text: in_pieces(text, ".?!"), lambda text: in_pieces(text, ".")),
    "substrings": (
        partial(by_substring, total=lambda joined, words, first: joined.count(first)),
        partial(by_substring, total=lambda joined, words, first: words.count(first)),
        partial(by_substring, total=lambda joined, words, first: words[:-1].count(first)),
        partial(by_substring, total=lambda joined, words, first: joined.count(first + " ")),
    ),
    "rounded": tuple(scaled(partial(round, ndigits=digits)) for digits in (1, 2, 3, 4, 5)),
}


def table_of(probe: Probe, text: str, fault: str = "raises") -> Table:
    """Call the answer; its result is a dictionary of dictionaries of numbers, or the answer is wrong."""
    result = probe(probe.candidate, text, fault=fault)
    _seen.update(words_of(text))
    known = text.lower() + without_accents(text.lower())  # a word that lost its accents was not added
    if not isinstance(result, dict):
        raise Wrong("not_a_dict", got=type_name(result))
    for word, row in result.items():
        if not isinstance(word, str):
            raise Wrong("pairs_as_keys")
        if not isinstance(row, dict):
            raise Wrong("pairs_as_keys" if " " in word else "not_nested", word=word, got=type_name(row))
        for following, probability in row.items():
            if isinstance(probability, bool) or not isinstance(probability, Real):
                raise Wrong("not_numbers", got=brief(probability, 40))
            for name in (word, following):
                if str(name).lower() not in known:
                    raise Wrong("kept" if name in _seen else "added_words", word=name)
    # A step of probability zero says no more than its absence.
    return {word: {v: Near(p) for v, p in row.items() if p} for word, row in result.items()}


def compare(probe: Probe, *texts: str) -> None:
    got = [table_of(probe, text) for text in texts]
    for text, table in zip(texts, got):
        hollow = [word for word, row in table.items() if not row]
        if hollow and {word: row for word, row in table.items() if row} == truth(text):
            raise Wrong("empty_entry", word=hollow[0])
    judge_tables(texts, got, truth)


def judge_tables(texts: Sequence[str], got: list[Table], right: Callable[[str], Table]) -> None:
    """`judge`, and for a mistake nobody foresaw the row in which it shows."""
    try:
        judge([(text,) for text in texts], got, right, MIMICS)
    except Wrong as wrong:
        if wrong.fault is not None:
            raise
        for text, table in zip(texts, got):
            for word in [*right(text), *table]:
                row, expected = table.get(word, {}), right(text).get(word, {})
                if row != expected:
                    where = say(f"con {brief(text)}, tras «{word}»", f"given {brief(text)}, after “{word}”")
                    gap = say(f"da {row} y se esperaba {expected}", f"it gives {row}, expected {expected}")
                    raise Wrong(None, detail=f"{where} {gap}") from None


@exercise.item("next_words", "Cada palabra lleva las que la siguen", "Each word has those that follow it")
def _(probe: Probe) -> None:
    compare(probe, "el ratón come y el gato duerme y el ratón come y el ratón", "la niña y la gallina y la niña y la")


@exercise.item("sums", "Las probabilidades de cada palabra suman 1", "Each word's probabilities sum to 1", points=2)
def _(probe: Probe) -> None:
    compare(
        probe,
        "el queso y el queso y el pan y el",
        "come come come come y come",
        "el ratón del río y el queso del ratón y la niña y ella y las dos la ven del todo y el",
    )


@exercise.item("words", "Corta por los espacios, en minúsculas", "Cuts at white space, in lower case")
def _(probe: Probe) -> None:
    compare(probe, "El río y el RÍO y Él y el Río y EL mar")
    compare(probe, "el  río\ty el\n\nrío y   el mar\ny el pan ", " y el río y el río\n", "el pan\r\ny el pan y el\rpan")
    compare(probe, "pan, queso y pan. Queso, ¿pan, queso o pan? Queso y pan, o queso", "a - b - a. b - a - b.\nb a b")


@exercise.item("ends", "Sabe dónde acaba el texto", "Knows where the text ends")
def _(probe: Probe) -> None:
    compare(probe, "uno dos uno dos uno tres", "uno dos")
    for text in ("", "solo", "  solo \n", " \n"):
        if table := table_of(probe, text, fault="short_text"):
            raise Wrong("wraps" if "solo" in table.get("solo", {}) else "empty_entry", word=next(iter(table)))


@exercise.item("reference", "Coincide con las probabilidades guardadas", "Agrees with the stored probabilities")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    names = [name.decode("utf-8") for name in cut(stored["names"], stored["lengths"])]
    expected: Table = {}
    for first, second, probability in zip(names[::2], names[1::2], stored["probabilities"].tolist()):
        expected.setdefault(first, {})[second] = probability
    text = text_of(stored["text"])
    judge_tables([text], [table_of(probe, text)], lambda text: expected)


@exercise.item("fresh_texts", "Cuenta en cualquier texto", "Counts in any text", points=2)
def _(probe: Probe) -> None:
    texts = [" ".join(draw_words(probe, probe.pick(20, 60), probe.pick(3, 8))) for _ in range(4)]
    compare(probe, *texts, texts[0])  # what one call counts does not stay for the next
