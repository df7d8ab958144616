"""ch02/simple_tokenizer: words and punctuation marks as tokens, and `<|unk|>` for the rest."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from numbers import Integral

import torch

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief, cut, judge, text_of

exercise = Exercise(
    id="ch02/simple_tokenizer",
    defines="SimpleTokenizer",
    reference="desdecero.text:SimpleTokenizer",
    difficulty=2,
    minutes=20,
    faults={
        "missing_method": (
            "Falta el método «{name}»: escríbelo dentro de la clase.",
            "The method “{name}” is missing: write it inside the class.",
        ),
        "not_a_list": (
            "encode debe devolver una lista de números y ha devuelto «{got}»: ¿falta el return?",
            "encode must return a list of numbers and returned “{got}”: is the return missing?",
        ),
        "not_ids": (
            "La lista de encode debe contener solo números enteros y hay {got}: busca el id de cada token en vocab.",
            "The list from encode must hold integers only, found {got}: look up the id of each token in vocab.",
        ),
        "not_text": (
            "decode debe devolver un texto y ha devuelto «{got}».",
            "decode must return a text and returned “{got}”.",
        ),
        "lowercase": (
            "Pasas el texto a minúsculas: «El» y «el» son tokens distintos.",
            "You turn the text into lower case: “El” and “el” are different tokens.",
        ),
        "positions": (
            "Das a cada token su posición en vocab: su id es el valor que tiene en el diccionario.",
            "You give each token its position in vocab: its id is the value it has in the dictionary.",
        ),
        "ascii_only": (
            "Solo reconoces algunas letras: una palabra puede llevar tildes, ñ, cifras o letras de otro alfabeto.",
            "You only recognise some letters: a word can hold accents, ñ, digits or letters of another alphabet.",
        ),
        "marks_kept": (
            "Cada signo es un token, y estos se quedan pegados a las palabras: «{marks}».",
            "Each mark is a token, and these stay attached to the words: “{marks}”.",
        ),
        "marks_dropped": (
            "Los signos de puntuación desaparecen: cada uno es un token.",
            "The punctuation marks disappear: each one is a token.",
        ),
        "mark_runs": (
            "Juntas los signos seguidos en un solo token: «?!» son dos.",
            "You put neighbouring marks into one token: “?!” is two.",
        ),
        "needs_space": (
            "Solo separas los signos del final o del principio de una palabra: en «sí,no» la coma también separa.",
            "You only separate marks at the end or the start of a word: in “sí,no” the comma separates too.",
        ),
        "blank_tokens": (
            "Entre tus tokens hay espacios o trozos vacíos: descártalos antes de buscar los ids.",
            "Among your tokens are spaces or empty pieces: drop them before looking up the ids.",
        ),
        "only_spaces": (
            "Solo el espacio separa palabras en tu código: también lo hacen el tabulador y el salto de línea.",
            "Only the space separates words in your code: tabs and line breaks do too.",
        ),
        "empty_text": (
            "Un texto vacío o en blanco detiene tu código con un error: debe dar una lista vacía.",
            "An empty or blank text stops your code with an error: it must give an empty list.",
        ),
        "unknown_stops": (
            "Una palabra que no está en vocab detiene encode con un error: dale el id de «<|unk|>».",
            "A word that is not in vocab stops encode with an error: give it the id of “<|unk|>”.",
        ),
        "unknown_dropped": (
            "Las palabras que no están en vocab desaparecen: cada una da el id de «<|unk|>».",
            "Words that are not in vocab disappear: each one gives the id of “<|unk|>”.",
        ),
        "unknown_id": (
            "Una palabra que no está en vocab recibe un id que no es el de «<|unk|>»: búscalo en vocab.",
            "A word that is not in vocab gets an id other than that of “<|unk|>”: look it up in vocab.",
        ),
        "no_spaces": (
            'decode junta las palabras sin espacios: únelas con " ".join(...).',
            'decode puts the words together without spaces: join them with " ".join(...).',
        ),
        "space_before_mark": (
            "decode deja un espacio delante de «{mark}»: quítalo.",
            "decode leaves a space before “{mark}”: remove it.",
        ),
        "opening_marks": (
            "decode deja un espacio detrás de «¿» y «¡»: quítalo.",
            "decode leaves a space after “¿” and “¡”: remove it.",
        ),
        "opening_glued": (
            "decode quita el espacio que va delante de «¿» y «¡»: solo sobra el de detrás.",
            "decode removes the space before “¿” and “¡”: only the one after them is too much.",
        ),
        "no_space_after": (
            "decode quita también el espacio de detrás de los signos que cierran: solo sobra el de delante.",
            "decode also removes the space after a closing mark: only the one before it is too much.",
        ),
        "other_marks": (
            "decode quita espacios junto a otros signos, como comillas o paréntesis: solo sobran los de delante de "
            "«, . ; : ? !» y los de detrás de «¿ ¡».",
            "decode removes spaces next to other marks, such as quotation marks or parentheses: only those before "
            "“, . ; : ? !” and after “¿ ¡” are too many.",
        ),
        "outer_spaces": (
            "decode deja un espacio al principio o al final del texto.",
            "decode leaves a space at the start or the end of the text.",
        ),
        "shared": (
            "Dos tokenizadores se mezclan: guarda los diccionarios en self, no en la clase ni en variables globales.",
            "Two tokenizers get mixed up: keep the dictionaries in self, not in the class or in global variables.",
        ),
    },
)

CLOSING, OPENING = ",.;:?!", "¿¡"
MARKS = CLOSING + OPENING
OTHERS = ("(", ")", '"', "'", "«", "»", "—", "-", "…", "%")  # in a vocabulary, words like any other
UNKNOWN = "<|unk|>"
# fmt: off
WORDS = (
    "El", "el", "la", "río", "Río", "ratón", "niña", "Ñandú", "agua", "Ágil", "queso", "y", "no",
    "sí", "1492", "über", "the", "The", "child", "sleeps", "corazón", "pingüino", "a", "A", "o", "mañana",
    "Łódź", "ποταμός",
)
# fmt: on

Vocab = dict[str, int]


def tokens_of(text: str) -> list[str]:
    """The truth, character by character."""
    tokens, word = [], ""
    for character in text + " ":
        if character.isspace() or character in MARKS:
            tokens += [word] * bool(word) + [character] * (character in MARKS)
            word = ""
        else:
            word += character
    return tokens


def ids_of(text: str, vocab: Vocab, split: Callable[[str], list[str]] = tokens_of) -> list[int]:
    return [vocab.get(token, vocab[UNKNOWN]) for token in split(text)]


def text_from(tokens: list[str], closing: str = CLOSING, opening: str = OPENING, tight: str = "") -> str:
    """The truth, token by token: no space before a closing mark, none after an opening one.

    Nor, for mistakes, before a mark in `tight`.
    """
    text, last = "", ""
    for token in tokens:
        joined = not last or token in tuple(closing + tight) or last in tuple(opening)
        text += token if joined else f" {token}"
        last = token
    return text


def decoded(ids: list[int], vocab: Vocab) -> str:
    return text_from(_tokens(ids, vocab))


def _tokens(ids: list[int], vocab: Vocab) -> list[str]:
    names = {i: token for token, i in vocab.items()}
    return [names[i] for i in ids]


def splitting(pattern: str) -> Callable[[str, Vocab], list[int]]:
    return partial(ids_of, split=partial(re.findall, pattern))


def peeled(text: str) -> list[str]:
    """Separates marks only at the ends of what stands between spaces."""
    tokens = []
    for piece in text.split():
        before, word, after = re.fullmatch(rf"([{MARKS}]*)(.*?)([{MARKS}]*)", piece).groups()
        tokens += [*before, *([word] if word else []), *after]
    return tokens


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def without_unknown(text: str, vocab: Vocab) -> list[int]:
    return [vocab[token] for token in tokens_of(text) if token in vocab]


ENCODING = {
    "lowercase": lambda text, vocab: ids_of(text.lower(), vocab),
    "positions": lambda text, vocab: [list(vocab.values()).index(i) for i in ids_of(text, vocab)],
    "ascii_only": (
        *(
            splitting(rf"[{letters}{digits}]+|[{MARKS}]")
            for letters in ("A-Za-z", "A-Za-zÀ-ÿ", "A-Za-zñÑ", *(f"A-ZÁÉÍÓÚÑ{rest}a-záéíóúñ" for rest in ("", "Üü")))
            for digits in ("", "0-9")
        ),
        splitting(rf"[^\W\d_]+|[{MARKS}]"),
        lambda text, vocab: ids_of(without_accents(text), vocab),
    ),
    "marks_dropped": (splitting(r"\w+"), splitting(rf"[^\s{MARKS}]+")),
    "mark_runs": (splitting(rf"[{MARKS}]+|[^\s{MARKS}]+"), splitting(r"\w+|[^\w\s]+")),
    "needs_space": partial(ids_of, split=peeled),
    "blank_tokens": (
        partial(ids_of, split=partial(re.split, rf"([{MARKS}]|\s)")),
        partial(ids_of, split=partial(re.split, rf"([{MARKS}]|\s+)")),
        partial(ids_of, split=partial(re.split, rf"([{MARKS}])|\s")),
        partial(ids_of, split=lambda text: list(filter(None, re.split(rf"([{MARKS}]|\s)", text)))),
        partial(ids_of, split=lambda text: list(filter(None, re.split(rf"([{MARKS}]|\s+)", text)))),
        partial(ids_of, split=lambda text: [piece.strip() for piece in re.split(rf"([{MARKS}]|\s)", text)]),
        partial(ids_of, split=lambda text: re.sub(rf"([{MARKS}])", r" \1 ", text).split(" ")),
        partial(ids_of, split=partial(re.split, r"\s")),
    ),
    "only_spaces": (
        splitting(rf"[{MARKS}]|[^ {MARKS}]+"),
        partial(
            ids_of, split=lambda text: re.sub(rf"([{MARKS}])", r" \1 ", text).replace("  ", " ").strip().split(" ")
        ),
    ),
    "unknown_dropped": without_unknown,
}

DECODING = {
    "positions": lambda ids, vocab: text_from([list(vocab)[i] for i in ids]),
    "no_spaces": lambda ids, vocab: "".join(_tokens(ids, vocab)),
    "opening_marks": lambda ids, vocab: text_from(_tokens(ids, vocab), opening=""),
    "opening_glued": (
        lambda ids, vocab: text_from(_tokens(ids, vocab), opening="", tight=OPENING),
        lambda ids, vocab: text_from(_tokens(ids, vocab), tight=OPENING),
    ),
    "no_space_after": (
        lambda ids, vocab: text_from(_tokens(ids, vocab), opening=MARKS),
        lambda ids, vocab: text_from(_tokens(ids, vocab), opening=MARKS, tight=OPENING),
    ),
    "outer_spaces": (
        lambda ids, vocab: decoded(ids, vocab) + " ",
        lambda ids, vocab: " " + decoded(ids, vocab),
    ),
}


def draw_vocab(probe: Probe, without: str = "", spread: int = 1) -> Vocab:
    """The words, the marks and `<|unk|>` in some order, with ids in another; `spread` leaves gaps between ids."""
    tokens = [token for token in (*WORDS, *MARKS, UNKNOWN) if token not in tuple(without)]
    order = torch.randperm(len(tokens), generator=probe.generator).tolist()
    ids = torch.randperm(len(tokens), generator=probe.generator).tolist()
    return {tokens[k]: spread * i + (spread > 1) for k, i in zip(order, ids)}


def draw_text(probe: Probe) -> str:
    """A text with tidy spaces, which survives the round trip."""
    tokens: list[str] = []
    for _ in range(probe.pick(2, 6)):
        tokens += [OPENING[probe.pick(0, 2)] for _ in range(probe.pick(0, 3))]
        tokens += [WORDS[probe.pick(0, len(WORDS))] for _ in range(probe.pick(1, 5))]
        tokens += [CLOSING[probe.pick(0, len(CLOSING))] for _ in range(probe.pick(0, 4))]
    return text_from(tokens)


def build(probe: Probe, vocab: Vocab) -> object:
    tokenizer = probe(probe.candidate, dict(vocab))
    for name in ("encode", "decode"):
        if not callable(getattr(tokenizer, name, None)):
            raise Wrong("missing_method", name=name)
    return tokenizer


def encode(probe: Probe, tokenizer: object, text: str, fault: str = "raises", not_ids: str = "not_ids") -> list[int]:
    result = probe(tokenizer.encode, text, fault=fault)
    if not isinstance(result, list):
        raise Wrong("not_a_list", got=type_name(result))
    for i in result:
        if not isinstance(i, Integral):
            raise Wrong(not_ids, got=brief(i, 30))
    return [int(i) for i in result]


def decode(probe: Probe, tokenizer: object, ids: list[int]) -> str:
    result = probe(tokenizer.decode, list(ids))
    if not isinstance(result, str):
        raise Wrong("not_text", got=type_name(result))
    return str(result)


def text_and_no_vocab(text: str, vocab: Vocab) -> tuple[str]:
    return (text,)


def tokens_and_no_vocab(ids: list[int], vocab: Vocab) -> tuple[list[str]]:
    return (_tokens(ids, vocab),)


def judge_encoding(probe: Probe, vocab: Vocab, texts: list[str]) -> None:
    tokenizer = build(probe, vocab)
    got = [encode(probe, tokenizer, text) for text in texts]
    judge([(text, vocab) for text in texts], got, ids_of, ENCODING, quote=text_and_no_vocab)


def judge_decoding(probe: Probe, vocab: Vocab, sequences: list[list[str]]) -> None:
    tokenizer = build(probe, vocab)
    cases = [([vocab[token] for token in tokens], vocab) for tokens in sequences]
    got = [decode(probe, tokenizer, ids) for ids, _ in cases]
    for tokens, text in zip(sequences, got):
        for mark in CLOSING:
            if tokens[1:2] == [mark] and text == " ".join(tokens):
                raise Wrong("space_before_mark", mark=mark)
    judge(cases, got, decoded, DECODING, quote=tokens_and_no_vocab)


@exercise.item("words", "Cada palabra da su id de vocab", "Each word gives its id from vocab")
def _(probe: Probe) -> None:
    judge_encoding(probe, draw_vocab(probe), ["El río", "el Río y la niña", "queso"])
    judge_encoding(probe, draw_vocab(probe, spread=7), ["corazón 1492 Ñandú", "the child sleeps y The pingüino no"])
    vocab, other = draw_vocab(probe), draw_vocab(probe)
    first, second = build(probe, vocab), build(probe, other)
    text = " ".join(WORDS)
    got = encode(probe, first, text)
    if got == ids_of(text, other) or encode(probe, second, text) == ids_of(text, vocab):
        raise Wrong("shared")
    judge([(text, vocab)], [got], ids_of, ENCODING, quote=text_and_no_vocab)


@exercise.item("marks", "Cada signo de puntuación es un token", "Each punctuation mark is a token")
def _(probe: Probe) -> None:
    vocab = draw_vocab(probe)
    tokenizer = build(probe, vocab)
    texts = {mark: f"agua{mark} queso" if mark in CLOSING else f"agua {mark}queso" for mark in MARKS}
    got = {mark: encode(probe, tokenizer, text) for mark, text in texts.items()}
    kept = [mark for mark in MARKS if got[mark] == ids_of(texts[mark], vocab, lambda text: text.split())]
    if kept:
        raise Wrong("marks_kept", marks=" ".join(kept))
    more = ["¿¡El río!? no; sí...", "sí,no", "¿agua?¡agua!", "¡¡y!!", "a.A:o", "1492,1492:a", "sí¿no¡y", ",", "? ¿"]
    cases = [(text, vocab) for text in (*texts.values(), *more)]
    judge(
        cases,
        [*got.values(), *(encode(probe, tokenizer, text) for text in more)],
        ids_of,
        ENCODING,
        quote=text_and_no_vocab,
    )


@exercise.item("blanks", "Los espacios solo separan", "Spaces only separate")
def _(probe: Probe) -> None:
    vocab = draw_vocab(probe)
    judge_encoding(probe, vocab, ["el\tqueso\ny  la niña", "  agua , agua .\n", "no\n\n¿sí?\r\n"])
    tokenizer = build(probe, vocab)
    cases = [(text, vocab) for text in ("", " ", "\n\t ")]
    judge(
        cases,
        [encode(probe, tokenizer, text, "empty_text") for text, _ in cases],
        ids_of,
        ENCODING,
        quote=text_and_no_vocab,
    )


@exercise.item("unknown", "Lo que no está en vocab es «<|unk|>»", "What is not in vocab is “<|unk|>”")
def _(probe: Probe) -> None:
    for vocab in (draw_vocab(probe, spread=3), draw_vocab(probe, without="¡;", spread=2)):
        tokenizer = build(probe, vocab)
        known = "El agua, ¿y el queso?"
        texts = [known, "el dragón y la niña", "unicornio", "¿Dragón, dragón? ¡No; el fénix no!", "EL", known]
        got = [encode(probe, tokenizer, known)]
        got += [encode(probe, tokenizer, text, "unknown_stops", "unknown_id") for text in texts[1:]]
        for text, ids in zip(texts, got):
            expected = ids_of(text, vocab)
            wrong = [j for i, j in zip(ids, expected) if i != j]
            if len(ids) == len(expected) and set(wrong) == {vocab[UNKNOWN]}:
                raise Wrong("unknown_id")
        judge([(text, vocab) for text in texts], got, ids_of, ENCODING, quote=text_and_no_vocab)


@exercise.item("decode", "decode escribe el texto con sus espacios", "decode writes the text with its spaces", points=2)
def _(probe: Probe) -> None:
    closing = [["agua", mark, "queso"] for mark in CLOSING]
    opening = [["y", mark, "queso"] for mark in OPENING] + [["¿", "no", "?"], [*"¿¡", "El", "río", *"!?", "sí", *"..."]]
    plain = [["el", "queso", "y", "la", "niña"], ["Ñandú"], ["agua", UNKNOWN, ",", UNKNOWN, "."], []]
    for spread in (1, 5):
        judge_decoding(probe, draw_vocab(probe, spread=spread), plain + closing + opening)
    vocab = draw_vocab(probe)
    vocab |= {mark: len(vocab) + i for i, mark in enumerate(OTHERS)}
    tokenizer = build(probe, vocab)
    for mark in OTHERS:
        tokens = ["agua", mark, "queso", ",", mark, "y", mark]
        text = decode(probe, tokenizer, [vocab[token] for token in tokens])
        if text != text_from(tokens):
            raise Wrong("other_marks")


@exercise.item("reference", "Coincide con los ids guardados", "Agrees with the stored ids")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    names = [name.decode("utf-8") for name in cut(stored["tokens"], stored["lengths"])]
    vocab = dict(zip(names, stored["token_ids"].tolist()))
    text, ids = text_of(stored["text"]), stored["ids"].tolist()
    tokenizer = build(probe, vocab)
    judge([(text, vocab)], [encode(probe, tokenizer, text)], lambda text, vocab: ids, ENCODING, quote=text_and_no_vocab)
    tidy = text_of(stored["decoded"])
    judge([(ids, vocab)], [decode(probe, tokenizer, ids)], lambda ids, vocab: tidy, DECODING, quote=tokens_and_no_vocab)


@exercise.item("round_trip", "decode deshace lo que hace encode", "decode undoes what encode does")
def _(probe: Probe) -> None:
    vocab, other = draw_vocab(probe), draw_vocab(probe)
    tokenizer, second = build(probe, vocab), build(probe, other)
    for _ in range(4):
        text = draw_text(probe)
        ids = encode(probe, tokenizer, text)
        if ids != ids_of(text, vocab) and ids == ids_of(text, other):
            raise Wrong("shared")
        judge([(text, vocab)], [ids], ids_of, ENCODING, quote=text_and_no_vocab)
        back = decode(probe, tokenizer, ids)
        if back != text and back == decoded(ids, other):
            raise Wrong("shared")
        judge([(ids, vocab)], [back], decoded, DECODING, quote=tokens_and_no_vocab)
        ids = ids_of(text, other)
        judge([(ids, other)], [decode(probe, second, ids)], decoded, DECODING, quote=tokens_and_no_vocab)
