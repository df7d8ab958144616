"""ch02/train_bpe: learn byte-pair merges (Gage, 1994; Sennrich et al., 2016), at byte level."""

import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import partial

from desdecero.checks.ch02._bpe import (
    NO_LIBRARIES,
    SPLITS,
    Counts,
    Pair,
    characters,
    clear,
    draw_texts,
    join_and_lose,
    join_and_repeat,
    join_first,
    join_from_the_right,
    learn_like,
    learn_merges,
    single_bytes,
    with_overlaps,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief, cut, judge, text_of

exercise = Exercise(
    id="ch02/train_bpe",
    defines="train_bpe",
    reference="desdecero.text:train_bpe",
    difficulty=3,
    minutes=30,
    forbidden=NO_LIBRARIES,
    faults={
        "not_a_list": (
            "Se esperaba una lista de parejas y se ha recibido «{got}»: ¿falta el return?",
            "Expected a list of pairs and got “{got}”: is the return missing?",
        ),
        "joined_tokens": (
            "Devuelves los tokens ya unidos: cada elemento de la lista es la pareja, (izquierda, derecha), sin unir.",
            "You return the tokens already joined: each element of the list is the pair, (left, right), not joined.",
        ),
        "not_pairs": (
            "Cada elemento de la lista debe ser una tupla de dos bytes y hay {got}.",
            "Each element of the list must be a tuple of two bytes objects, found {got}.",
        ),
        "not_bytes": (
            'Las dos mitades de cada pareja deben ser de tipo bytes y hay «{got}»: parte de text.encode("utf-8") '
            "y convierte cada byte con bytes([b]).",
            'Both halves of a pair must be bytes objects, found “{got}”: start from text.encode("utf-8") and turn '
            "each byte b into bytes([b]).",
        ),
        "not_recounted": (
            "Cuentas las parejas una sola vez: tras cada fusión hay que volver a contarlas en la secuencia nueva.",
            "You count the pairs only once: after each merge they must be counted anew in the new sequence.",
        ),
        "counts_kept": (
            "Arrastras las cuentas de una vuelta a la siguiente: empieza cada una con un contador vacío.",
            "You carry the counts over from one round to the next: start each one with an empty counter.",
        ),
        "first_only": (
            "Unes solo la primera aparición de la pareja: hay que unirlas todas antes de volver a contar.",
            "You join only the first occurrence of the pair: join them all before counting again.",
        ),
        "repeats_token": (
            "Después de unir una pareja, su mitad derecha sigue en la secuencia: avanza dos posiciones, no una.",
            "After a pair is joined, its right half is still in the sequence: move on by two positions, not one.",
        ),
        "loses_last": (
            "Al unir se pierde el último token de la secuencia: cópialo también cuando no forma pareja.",
            "Joining loses the last token of the sequence: copy it too when it is not part of a pair.",
        ),
        "merge_count": (
            "No devuelves num_merges fusiones: revisa cuántas vueltas da el bucle.",
            "You do not return num_merges merges: look at how many times the loop runs.",
        ),
        "characters": (
            'Partes de los caracteres: se empieza por los bytes de text.encode("utf-8"), y una ñ son dos.',
            'You start from the characters: begin with the bytes of text.encode("utf-8"), where an ñ is two.',
        ),
        "encoding": (
            'Usas otra codificación: los bytes son los de text.encode("utf-8").',
            'You use another encoding: the bytes are those of text.encode("utf-8").',
        ),
        "words": (
            "Partes el texto en palabras, líneas o frases antes de contar: aquí una pareja puede pasar de una a otra.",
            "You split the text into words, lines or sentences before counting: here a pair may reach from one into "
            "the next.",
        ),
        "changes_text": (
            "Cambias el texto antes de aprender (minúsculas, espacios o tildes): trabaja con el texto tal cual.",
            "You change the text before learning (lower case, spaces or accents): work with the text as it is.",
        ),
        "last_tie": (
            "En un empate eliges la última pareja: gana la que aparece más a la izquierda en la secuencia.",
            "In a tie you choose the last pair: the one that comes leftmost in the sequence wins.",
        ),
        "tie_by_bytes": (
            "En un empate decides por el valor de los bytes: gana la pareja que aparece más a la izquierda.",
            "You break ties by the value of the bytes: the pair that comes leftmost wins.",
        ),
        "oldest_tie": (
            "En un empate gana la pareja que se vio antes en otra vuelta: mira cuál está más a la izquierda en la "
            "secuencia actual.",
            "In a tie the pair seen first in an earlier round wins: look at which comes leftmost in the sequence as "
            "it is now.",
        ),
        "no_overlaps": (
            "No cuentas las parejas que se solapan: en «aaaa» la pareja (a, a) aparece tres veces.",
            "You do not count overlapping pairs: in “aaaa” the pair (a, a) occurs three times.",
        ),
        "every_other": (
            "Miras una pareja de cada dos: avanza de uno en uno, porque todo token forma pareja con el siguiente.",
            "You look at every other pair: go through the sequence one by one, each token pairs with the next.",
        ),
        "right_to_left": (
            "Unes de derecha a izquierda: «aaa» debe quedar como aa, a.",
            "You join from right to left: “aaa” must become aa, a.",
        ),
        "never_stops": (
            "Sigues uniendo parejas que aparecen una sola vez: para cuando ninguna se repite.",
            "You go on joining pairs that occur only once: stop when none is repeated.",
        ),
        "stops_early": (
            "Paras demasiado pronto: una pareja que aparece dos veces todavía se une.",
            "You stop too soon: a pair that occurs twice is still joined.",
        ),
        "short_text": (
            "Un texto vacío o de un solo byte detiene tu código con un error: no hay parejas, devuelve una lista "
            "vacía.",
            "An empty text, or one of a single byte, stops your code with an error: there are no pairs, return an "
            "empty list.",
        ),
    },
)


def without_overlaps(sequence: list[bytes]) -> Counter[Pair]:
    counts, last = Counter(), {}
    for i, pair in enumerate(zip(sequence, sequence[1:])):
        if last.get(pair) != i - 1:
            counts[pair] += 1
            last[pair] = i
    return counts


def every_other(sequence: list[bytes]) -> Counter[Pair]:
    return Counter(zip(sequence[::2], sequence[1::2]))


def rightmost(counts: Counts) -> Pair:
    return max(reversed(counts), key=counts.__getitem__)


def smallest(counts: Counts) -> Pair:
    return min(counts, key=lambda pair: (-counts[pair], pair))


def largest(counts: Counts) -> Pair:
    return max(counts, key=lambda pair: (counts[pair], pair))


def last_occurrence(text: str, num_merges: int) -> list[Pair]:
    """A tie goes to the pair whose last occurrence is furthest to the right."""
    return learn_like(text, num_merges, count=lambda s: Counter(list(zip(s, s[1:]))[::-1]))


def counted_once(text: str, num_merges: int, least: int = 2) -> list[Pair]:
    counts = with_overlaps(single_bytes(text)[0])
    return [pair for pair, count in counts.most_common(num_merges) if count >= least]


def encoded_as(*encoding: str) -> Callable[[str], list[list[bytes]]]:
    return lambda text: [[bytes([byte]) for byte in text.encode(*encoding)]]


def on_changed_text(change: Callable[[str], str]) -> Callable[[str, int], list[Pair]]:
    return lambda text, num_merges: learn_like(change(text), num_merges)


MIMICS = {
    "not_recounted": (counted_once, partial(counted_once, least=1)),
    "counts_kept": partial(learn_like, kept="counts"),
    "first_only": partial(learn_like, combine=join_first),
    "repeats_token": partial(learn_like, combine=join_and_repeat),
    "loses_last": partial(learn_like, combine=join_and_lose),
    "characters": partial(learn_like, start=characters),
    "encoding": tuple(
        partial(learn_like, start=encoded_as(*encoding))
        for encoding in (
            ("latin-1", "replace"),
            ("latin-1", "ignore"),
            ("ascii", "replace"),
            ("ascii", "ignore"),
            ("utf-16",),
            ("utf-16-le",),
        )
    ),
    "words": tuple(partial(learn_like, start=split) for split in SPLITS),
    "changes_text": (
        on_changed_text(str.lower),
        on_changed_text(str.upper),
        on_changed_text(str.strip),
        on_changed_text(lambda text: text.replace("\r\n", "\n")),
        on_changed_text(lambda text: "\n".join(text.splitlines())),
        on_changed_text(lambda text: " ".join(text.split())),
        on_changed_text(lambda text: "".join(text.split())),
        on_changed_text(lambda text: unicodedata.normalize("NFC", text)),
        on_changed_text(lambda text: unicodedata.normalize("NFD", text)),
    ),
    "last_tie": (partial(learn_like, choose=rightmost), last_occurrence),
    "tie_by_bytes": (partial(learn_like, choose=smallest), partial(learn_like, choose=largest)),
    "oldest_tie": partial(learn_like, kept="order"),
    "no_overlaps": partial(learn_like, count=without_overlaps),
    "every_other": partial(learn_like, count=every_other),
    "right_to_left": partial(learn_like, combine=join_from_the_right),
    "never_stops": partial(learn_like, least=1),
    "stops_early": partial(learn_like, least=3),
    "merge_count": (
        lambda text, num_merges: learn_like(text, num_merges + 1),
        lambda text, num_merges: learn_like(text, num_merges - 1),
    ),
}


def learned(probe: Probe, text: str, num_merges: int, fault: str = "raises") -> list[Pair]:
    """Call the answer; its result is a list of pairs of byte strings, or the answer is wrong."""
    result = probe(probe.candidate, text, num_merges, fault=fault)
    if not isinstance(result, list):
        raise Wrong("not_a_list", got=type_name(result))
    for pair in result:
        if isinstance(pair, bytes):
            raise Wrong("joined_tokens")
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise Wrong("not_pairs", got=brief(pair))
        for half in pair:
            if not isinstance(half, bytes):
                raise Wrong("not_bytes", got=type_name(half))
    return [(bytes(left), bytes(right)) for left, right in result]


def compare(probe: Probe, *cases: tuple[str, int]) -> None:
    judge(cases, [learned(probe, *case) for case in cases], learn_merges, MIMICS)


@exercise.item("most_frequent", "Une primero la pareja más frecuente", "Joins the most frequent pair first")
def _(probe: Probe) -> None:
    text = "XabcdabcdYabcZab"  # four times ab, three times abc, twice abcd: no ties
    compare(probe, (text, 1), (text, 2), (text, 3))


@exercise.item("bytes", "Trabaja con los bytes del texto tal cual", "Works on the bytes of the text as it is")
def _(probe: Probe) -> None:
    compare(
        probe,
        ("ñu, ñame: ÑU, ÑAME", 3),
        ("¿qué? ¿qué? 🙂🙂", 5),
        ("  el pan y el Pan\n  y el pan\n  ", 8),
        ("n\u0303 n\u0303 ñ", 4),  # one letter, written in two ways
        ("No. Sí. Ya. Voy.", 2),  # between sentences, too
        ("y\r\nno\r\ny\r\nsí\r\n", 4),
    )


@exercise.item("ties", "En un empate gana la pareja de más a la izquierda", "In a tie the leftmost pair wins")
def _(probe: Probe) -> None:
    compare(
        probe,
        ("zymzym kbkb", 2),
        ("mzbamzba", 2),
        ("xyq1xyq2xy3rs4rs", 3),  # xy and q tie with r and s, which were seen earlier but stand further right
        ("rsxyrs xyq xyq", 3),
    )


@exercise.item("overlaps", "Cuenta las parejas que se solapan", "Counts overlapping pairs")
def _(probe: Probe) -> None:
    compare(probe, ("aaabcbc", 1), ("bcbcaaa", 2), ("aaaaa-aaa", 4), ("baaa baaa", 4), ("aaa", 2))


@exercise.item("stops", "Para cuando ninguna pareja se repite", "Stops when no pair is repeated")
def _(probe: Probe) -> None:
    cases = [("abab", 1), ("abab", 10), ("abcdef", 3), ("abcab", 5), ("abab", 0)]
    # Only the first can't end in a search for the best of no pairs.
    got = [learned(probe, *case, fault="never_stops" if i else "raises") for i, case in enumerate(cases)]
    judge(cases, got, learn_merges, MIMICS)
    cases = [("", 3), ("a", 3)]
    judge(cases, [learned(probe, *case, fault="short_text") for case in cases], learn_merges, MIMICS)


@exercise.item("reference", "Coincide con las fusiones guardadas", "Agrees with the stored merges")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    halves = cut(stored["halves"], stored["lengths"])
    expected = list(zip(halves[::2], halves[1::2]))
    case = (text_of(stored["text"]), len(expected))
    judge([case], [learned(probe, *case)], lambda text, num_merges: expected, MIMICS)


@exercise.item("fresh_texts", "Aprende de cualquier texto", "Learns from any text", points=2)
def _(probe: Probe) -> None:
    cases = []
    while len(cases) < 3:
        (text,) = draw_texts(probe, probe.pick(40, 120))
        case = (text, probe.pick(5, 25))
        if clear(learn_merges(*case)):
            cases.append(case)
    compare(probe, *cases, cases[0])  # what one call learns does not stay for the next
