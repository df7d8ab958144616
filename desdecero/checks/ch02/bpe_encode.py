"""ch02/bpe_encode: split a text into byte tokens with merges already learned (Sennrich et al., 2016)."""

from functools import partial

import tiktoken

from desdecero.checks.ch02._bpe import (
    NO_LIBRARIES,
    SPLITS,
    Pair,
    characters,
    clear,
    draw_texts,
    encode_like,
    join,
    join_first,
    join_from_the_right,
    learn_merges,
    single_bytes,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief, cut, judge, text_of

exercise = Exercise(
    id="ch02/bpe_encode",
    defines="bpe_encode",
    reference="desdecero.text:bpe_encode",
    difficulty=3,
    minutes=25,
    forbidden=NO_LIBRARIES,
    faults={
        "not_a_list": (
            "Se esperaba una lista de tokens y se ha recibido «{got}»: ¿falta el return?",
            "Expected a list of tokens and got “{got}”: is the return missing?",
        ),
        "not_bytes": (
            "Cada token debe ser de tipo bytes y hay «{got}»: ni números ni texto.",
            "Each token must be a bytes object, found “{got}”: neither numbers nor text.",
        ),
        "loses_bytes": (
            "Los tokens, unidos, no dan el texto: con {text} faltan, sobran o cambian bytes; revisa cómo pasas el "
            "texto a bytes y cómo avanza el bucle que une.",
            "The tokens put together do not give the text: with {text} bytes are missing, repeated or changed; look "
            "at how you turn the text into bytes and how the loop that joins moves on.",
        ),
        "no_merges": (
            "Devuelves los bytes sueltos: falta aplicar las fusiones de merges.",
            "You return the single bytes: the merges in merges are not applied.",
        ),
        "one_round": (
            "Aplicas una sola fusión y paras: repite mientras quede alguna pareja que esté en merges.",
            "You apply a single merge and stop: go on for as long as some pair is in merges.",
        ),
        "first_only": (
            "Cada fusión une solo la primera aparición de su pareja: hay que unirlas todas.",
            "Each merge joins only the first occurrence of its pair: all of them must be joined.",
        ),
        "right_to_left": (
            "Unes de derecha a izquierda: con la fusión (a, a), «aaa» debe quedar como aa, a.",
            "You join from right to left: with the merge (a, a), “aaa” must become aa, a.",
        ),
        "characters": (
            'Partes de los caracteres: se empieza por los bytes de text.encode("utf-8"), y una ñ son dos.',
            'You start from the characters: begin with the bytes of text.encode("utf-8"), where an ñ is two.',
        ),
        "words": (
            "Partes el texto en palabras, líneas o frases antes de unir: aquí un token puede pasar de una a otra.",
            "You split the text into words, lines or sentences before joining: here a token may reach from one into "
            "the next.",
        ),
        "longest_match": (
            "Buscas el token más largo que encaje desde la izquierda: el orden lo pone merges, primero la fusión que "
            "se aprendió antes.",
            "You look for the longest token that fits from the left: merges sets the order, the merge learned "
            "earliest goes first.",
        ),
        "leftmost_first": (
            "Unes la primera pareja que encuentras, de izquierda a derecha: antes va la que está primero en merges.",
            "You join the first pair you find, from left to right: the one that stands first in merges goes before.",
        ),
        "last_first": (
            "Empiezas por las fusiones del final de merges: se empieza por las del principio.",
            "You start with the merges at the end of merges: start with those at the beginning.",
        ),
        "other_order": (
            "Ordenas las fusiones por la longitud o por los bytes de su token: el orden es el de la lista merges.",
            "You order the merges by the length or the bytes of their token: the order is that of the list merges.",
        ),
        "by_count": (
            "Eliges la pareja más frecuente en este texto: al codificar manda el orden de merges, no las cuentas.",
            "You choose the pair most frequent in this text: when encoding, the order of merges decides, not counts.",
        ),
        "learns_anew": (
            "Aprendes fusiones nuevas del texto: usa las que llegan en merges.",
            "You learn new merges from the text: use those given in merges.",
        ),
        "short_text": (
            "Un texto vacío o muy corto, o una lista merges vacía, detiene tu código con un error.",
            "A text that is empty or very short, or an empty merges list, stops your code with an error.",
        ),
        "empty_token": (
            "Un texto vacío no tiene tokens: devuelve una lista vacía, no un token sin bytes.",
            "An empty text has no tokens: return an empty list, not a token without bytes.",
        ),
        "uses_up_merges": (
            "Tu código modifica la lista merges: otro texto ya no se codificaría igual; recórrela sin cambiarla.",
            "Your code changes the list merges: another text would no longer be encoded alike; go through it "
            "without changing it.",
        ),
    },
)

Case = tuple[str, list[Pair]]


def tiktoken_encode(text: str, merges: list[Pair]) -> list[bytes]:
    """The truth, by another's code: each merge is a token, in order, after the 256 bytes."""
    ranks = {bytes([i]): i for i in range(256)}
    ranks |= {left + right: 256 + i for i, (left, right) in enumerate(merges)}
    encoding = tiktoken.Encoding("check", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={})
    return encoding.decode_tokens_bytes(encoding.encode_ordinary(text))


def longest_match(text: str, merges: list[Pair]) -> list[bytes]:
    data, tokens = text.encode("utf-8"), []
    known = sorted({left + right for left, right in merges} | {bytes([i]) for i in range(256)}, key=len, reverse=True)
    while data:
        tokens.append(next(token for token in known if data.startswith(token)))
        data = data[len(tokens[-1]) :]
    return tokens


def one_each(text: str, merges: list[Pair]) -> list[bytes]:
    """Every merge in turn, but only where its pair stands first."""
    (sequence,) = single_bytes(text)
    for pair in merges:
        sequence = join_first(sequence, pair)
    return sequence


def backwards(text: str, merges: list[Pair]) -> list[bytes]:
    """Every merge in turn, from the last to the first."""
    (sequence,) = single_bytes(text)
    for pair in reversed(merges):
        sequence = join(sequence, pair)
    return sequence


def eager(text: str, merges: list[Pair]) -> list[bytes]:
    """Byte by byte, joining with what stands before as soon as that is possible."""
    tokens: list[bytes] = []
    for (byte,) in zip(*single_bytes(text)):
        tokens.append(byte)
        while len(tokens) > 1 and tuple(tokens[-2:]) in merges:
            tokens[-2:] = [tokens[-2] + tokens[-1]]
    return tokens


Ranks = dict[Pair, int]


def leftmost(found: list[Pair], rank: Ranks) -> Pair:
    return found[0]


def latest(found: list[Pair], rank: Ranks) -> Pair:
    return max(found, key=rank.__getitem__)


def token_length(pair: Pair) -> int:
    return len(pair[0] + pair[1])


def longest(found: list[Pair], rank: Ranks) -> Pair:
    return max(found, key=token_length)


def shortest(found: list[Pair], rank: Ranks) -> Pair:
    return min(found, key=token_length)


def most_frequent(found: list[Pair], rank: Ranks) -> Pair:
    return max(found, key=found.count)


MIMICS = {
    "no_merges": partial(encode_like, rounds=0),
    "one_round": (partial(encode_like, rounds=1), partial(encode_like, rounds=1, combine=join_first)),
    "first_only": (
        one_each,
        lambda text, merges: encode_like(text, merges, combine=join_first, rounds=len(merges)),
    ),
    "right_to_left": partial(encode_like, combine=join_from_the_right),
    "characters": partial(encode_like, start=characters),
    "words": tuple(partial(encode_like, start=split) for split in SPLITS),
    "longest_match": longest_match,
    "leftmost_first": (
        partial(encode_like, choose=leftmost),
        partial(encode_like, choose=leftmost, combine=join_first),
        eager,
    ),
    "last_first": (
        partial(encode_like, choose=latest),
        partial(encode_like, choose=latest, combine=join_first),
        backwards,
    ),
    "by_count": (
        partial(encode_like, choose=most_frequent),
        partial(encode_like, choose=most_frequent, combine=join_first),
    ),
    "other_order": (
        partial(encode_like, choose=longest),
        partial(encode_like, choose=longest, combine=join_first),
        partial(encode_like, choose=shortest),
        lambda text, merges: encode_like(text, sorted(merges, key=token_length)),
        lambda text, merges: encode_like(text, sorted(merges, key=token_length, reverse=True)),
        lambda text, merges: encode_like(text, sorted(merges)),
        lambda text, merges: encode_like(text, sorted(merges, reverse=True)),
    ),
    "learns_anew": (
        lambda text, merges: encode_like(text, learn_merges(text, len(merges))),
        lambda text, merges: encode_like(text, learn_merges(text, len(text))),
    ),
}


def agreed(case: Case) -> bool:
    """Right answers may differ when two pairs make the same token: some look at the pair, some at the token."""
    return clear(case[1]) and encode_like(*case) == tiktoken_encode(*case)


def encoded(probe: Probe, text: str, merges: list[Pair], fault: str = "raises") -> list[bytes]:
    """Call the answer; its result is a list of byte strings that make up the text, or the answer is wrong."""
    given = list(merges)
    result = probe(probe.candidate, text, given, fault=fault)
    if not isinstance(result, list):
        raise Wrong("not_a_list", got=type_name(result))
    for token in result:
        if not isinstance(token, bytes):
            raise Wrong("not_bytes", got=type_name(token))
    if given != merges:
        raise Wrong("uses_up_merges")
    tokens = [bytes(token) for token in result]
    if text and b"".join(tokens) != text.encode("utf-8"):
        raise Wrong("loses_bytes", text=brief(text, 40))
    return tokens


def compare(probe: Probe, cases: list[Case]) -> None:
    judge(cases, [encoded(probe, *case) for case in cases], tiktoken_encode, MIMICS)


@exercise.item("applies_merges", "Aplica las fusiones", "Applies the merges")
def _(probe: Probe) -> None:
    nested, apart = learn_merges("abcdXabcdYabcZab", 3), learn_merges("abXabYab-cdZcd", 2)
    compare(probe, [("XabYab", nested[:1]), ("abcdabcabaXcab", nested), ("cdabXcdcab", apart)])


@exercise.item("bytes", "Trabaja con los bytes del texto tal cual", "Works on the bytes of the text as it is")
def _(probe: Probe) -> None:
    merges = learn_merges("ñu, ñame: ÑU, ÑAME ¿qué? ¿qué? 🙂🙂 el pan y el pez y el pan no\nsí no\nsí", 40)
    compare(probe, [("¿ñ qué? 🙂 ü", merges), ("  yo y\nel pan y el pez, no\nsí el paño\n ", merges)])


@exercise.item(
    "order", "Une antes lo que está antes en merges", "What stands first in merges is joined first", points=2
)
def _(probe: Probe) -> None:
    cases = [
        ("abcabab", learn_merges("bcbcaaabab", 5)),  # bc comes before ab
        ("bbabbbaaa", learn_merges("bbbbbabbabbbbaaaabab", 7)),  # here and below, each mistake gives another result
        ("aaabaa", learn_merges("baaaabaaaabbaba", 7)),  # a longer token comes before a shorter one
        ("abaaba", learn_merges("abbaaabbaa", 7)),
        ("ababaabbbaa", learn_merges("bababaabaabbbbabbabb", 7)),
        ("aaa-", learn_merges("aaaaa-aaa", 4)),
        ("aaaaaaa-", learn_merges("aaaaa-aaa", 4)),
    ]
    compare(probe, cases)


@exercise.item("edges", "Textos vacíos, muy cortos y sin fusiones", "Empty and very short texts, and no merges")
def _(probe: Probe) -> None:
    merges = learn_merges("abXabYab-cdZcd", 2)
    compare(probe, [("abcd", merges)])
    cases = [("", merges), ("a", merges), ("ab", merges), ("añ", []), ("", [])]
    cases += [("ñ", merges), ("🙂", learn_merges("🙂🙂", 3))]  # one character, several bytes
    got = [encoded(probe, *case, fault="short_text") for case in cases]
    if got[0] == [b""]:
        raise Wrong("empty_token")
    judge(cases, got, tiktoken_encode, {})  # so short that any mistake could look like any other


@exercise.item("reference", "Coincide con los tokens guardados", "Agrees with the stored tokens")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    halves = cut(stored["halves"], stored["half_lengths"])
    merges = list(zip(halves[::2], halves[1::2]))
    expected = cut(stored["tokens"], stored["token_lengths"])
    case = (text_of(stored["text"]), merges)
    judge([case], [encoded(probe, *case)], lambda text, merges: expected, MIMICS)


@exercise.item("fresh_texts", "Coincide con tiktoken en cualquier texto", "Agrees with tiktoken on any text", points=2)
def _(probe: Probe) -> None:
    cases: list[Case] = []
    while len(cases) < 6:
        learnt_from, text = draw_texts(probe, 100, probe.pick(30, 120))
        case = (text, learn_merges(learnt_from, probe.pick(8, 25)))
        fewer = (text, case[1][: len(case[1]) // 2])
        if agreed(case) and agreed(fewer):
            cases += [case, fewer]
    compare(probe, [*cases, cases[0]])  # what one call finds does not stay for the next
