"""ch06/classify: one text in, the name of its class out."""

from dataclasses import dataclass, replace

import torch

from desdecero.checks.ch06._model import (
    MODE_FAULTS,
    Scored,
    Watched,
    check_gradients,
    check_mode,
    running_mean,
    small_gpt,
)
from desdecero.checks.ch06._texts import letters, message, padded, tokenizer
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, shape, type_name
from desdecero.checks.values import brief, difference, judge

exercise = Exercise(
    id="ch06/classify",
    defines="classify",
    reference="desdecero.classify:classify",
    difficulty=2,
    minutes=20,
    faults={
        "not_called": (
            "Tu código no llama al modelo: model(ids).",
            "Your code does not call the model: model(ids).",
        ),
        "no_batch": (
            "El modelo recibe ids de forma {got}: espera un lote, (1, T); añade la dimensión, ids[None].",
            "The model gets ids of shape {got}: it expects a batch, (1, T); add the dimension, ids[None].",
        ),
        "not_long": (
            "Los ids deben ser enteros largos (torch.long) y son {got}.",
            "The ids must be long integers (torch.long), they are {got}.",
        ),
        "empty_text": (
            "Un texto vacío da ids de tipo {got}: un tensor sin números es de decimales si no se dice "
            "dtype=torch.long.",
            "An empty text gives ids of dtype {got}: a tensor without numbers is floating-point unless you say "
            "dtype=torch.long.",
        ),
        "not_padded": (
            "Los textos cortos no se rellenan: el modelo debe recibir {expected} ids y recibe {got}.",
            "Short texts are not padded: the model should get {expected} ids, and it gets {got}.",
        ),
        "left_padded": (
            "Rellenas por la izquierda: el relleno va detrás del texto.",
            "You pad on the left: padding goes after the text.",
        ),
        "wrong_pad": (
            "Rellenas con {got} y debe ser con pad_id, que aquí es {expected}.",
            "You pad with {got}; it must be with pad_id, which here is {expected}.",
        ),
        "pads_to_context": (
            "Rellenas hasta el contexto del modelo, aunque max_length sea menor: la longitud es el menor de los dos.",
            "You pad up to the model's context, even when max_length is smaller: the length is the smaller of the two.",
        ),
        "not_truncated": (
            "Los textos más largos que max_length no se cortan: quédate con ids[:max_length].",
            "Texts longer than max_length are not cut: keep ids[:max_length].",
        ),
        "cut_left": (
            "Cortas los textos largos por delante: se queda el principio.",
            "You cut long texts at the front: the beginning stays.",
        ),
        "too_long": (
            "El modelo recibe {got} ids y su contexto es de {expected}: "
            "la longitud es el menor de max_length y len(model.pos_emb.weight).",
            "The model gets {got} ids and its context is {expected}: "
            "the length is the smaller of max_length and len(model.pos_emb.weight).",
        ),
        "wrong_row": (
            "El modelo recibe los ids {got} y se esperaban {expected}.",
            "The model gets the ids {got}; expected {expected}.",
        ),
        "not_a_label": (
            "Devuelves {got}, que no está entre labels: es labels[i], con el número de la clase ganadora.",
            "You return {got}, which is not among labels: it is labels[i], with the number of the winning class.",
        ),
        "not_plain": (
            "Devuelves un texto de tipo {got}: debe ser un str corriente, el mismo que está en labels.",
            "You return a text of type {got}: it must be a plain str, the very one in labels.",
        ),
        "wrong_position": (
            "Miras los logits de otra posición: la clase se lee en el último token, logits[0, -1].",
            "You look at the logits of another position: the class is read at the last token, logits[0, -1].",
        ),
        "last_of_text": (
            "Miras los logits del último token del texto: se entrenó con los de la última posición, relleno incluido.",
            "You look at the logits of the text's last token: training used those of the last position, padding "
            "included.",
        ),
        "pooled": (
            "Juntas los logits de todas las posiciones: solo cuentan los del último token, logits[0, -1].",
            "You merge the logits of all positions: only those of the last token count, logits[0, -1].",
        ),
        "least_likely": (
            "Eliges la clase con la puntuación más baja: usa argmax.",
            "You choose the class with the lowest score: use argmax.",
        ),
        "sampled": (
            "Eliges al azar: dos llamadas iguales dan clases distintas; toma siempre la de mayor puntuación (argmax).",
            "You choose at random: two equal calls give different classes; always take the highest score (argmax).",
        ),
        **MODE_FAULTS,
    },
)

NAMES = ("ham", "spam", "martes", "gallina", "poplar", "barca")
VOCAB = 1_000


@dataclass(frozen=True, eq=False)
class Case:
    text: str
    model: Scored
    max_length: int
    pad_id: int
    labels: tuple[str, ...]
    end_of_text: int

    def encoded(self) -> list[int]:
        return tokenizer(self.end_of_text).encode(self.text)

    def row(self) -> list[int]:
        """The truth: what the model must be given."""
        return padded(self.encoded(), min(self.max_length, self.model.limit), self.pad_id)

    def logits(self) -> torch.Tensor:
        return running_mean(torch.tensor([self.row()]), self.model.scores)[0]  # (T, C)

    def last_of_text(self) -> int:
        return max(0, min(len(self.encoded()), len(self.row())) - 1)


def chosen(case: Case, place: int = -1, sign: int = 1) -> str:
    return case.labels[int((sign * case.logits()[place]).argmax())]


MIMICS = {
    "wrong_position": (lambda case: chosen(case, 0), lambda case: chosen(case, -2)),
    "last_of_text": lambda case: chosen(case, case.last_of_text()),
    "pooled": (
        lambda case: case.labels[int(case.logits().mean(dim=0).argmax())],
        lambda case: case.labels[int(case.logits().amax(dim=0).argmax())],
    ),
    "least_likely": lambda case: chosen(case, sign=-1),
}


def draw(probe: Probe, words: int, max_length: int, context: int, classes: int = 3, pad_id: int | None = None) -> Case:
    end_of_text = probe.pick(400, 900)
    model = Scored(probe.randn(VOCAB, classes), context).eval()
    pad_id = probe.pick(300, 400) if pad_id is None else pad_id
    start = probe.pick(0, len(NAMES))
    labels = tuple((NAMES * 2)[start : start + classes])
    return Case(message(probe, words), model, max_length, pad_id, labels, end_of_text)


def check_row(model: Watched, ids: list[int], row: list[int], pad_id: int) -> None:
    """What the model was given must be `row`."""
    if not model.calls:
        raise Wrong("not_called")
    given = model.calls[-1].token_ids
    if given.ndim != 2 or len(given) != 1:
        raise Wrong("no_batch", got=shape(given))
    if given.dtype != torch.long:
        raise Wrong("not_long" if ids else "empty_text", got=given.dtype)
    got, length = given[0].tolist(), len(row)
    if got == row:
        return
    kept = min(len(ids), length)
    if got == [pad_id] * (length - kept) + ids[:kept]:
        raise Wrong("left_padded")
    if got == ids and len(ids) < length:
        raise Wrong("not_padded", got=len(got), expected=length)
    if len(got) == length > kept and got[:kept] == row[:kept] and len(set(got[kept:])) == 1:
        raise Wrong("wrong_pad", got=got[-1], expected=pad_id)
    if got == padded(ids, model.limit, pad_id):
        raise Wrong("pads_to_context")
    if len(ids) > length and got == ids[-length:]:
        raise Wrong("cut_left")
    if len(got) > model.limit:
        raise Wrong("too_long", got=len(got), expected=model.limit)
    if got == ids and len(ids) > length:
        raise Wrong("not_truncated")
    at = next((i for i, (a, b) in enumerate(zip(got, row)) if a != b), min(len(got), length))
    raise Wrong("wrong_row", got=from_place(got, at), expected=from_place(row, at))


def from_place(ids: list[int], at: int) -> str:
    """Some ids, that at place `at` among them."""
    start = at - 2 if at > 4 else 0
    shown = [str(token) for token in ids[start : start + 8]]
    return "[" + ", ".join(["..."] * (start > 0) + shown + ["..."] * (len(ids) > start + 8)) + "]"


def name(probe: Probe, case: Case) -> str:
    """What the answer says of the text, once it has given the model the right ids."""
    case.model.calls.clear()
    arguments = (case.text, case.model, tokenizer(case.end_of_text), case.max_length, case.pad_id, list(case.labels))
    try:
        result = probe(probe.candidate, *arguments)
    except Wrong as wrong:
        if wrong.fault == "raises" and case.model.calls:  # perhaps because of what the model was given
            check_row(case.model, case.encoded(), case.row(), case.pad_id)
        raise
    if not isinstance(result, str) or result not in case.labels:
        got = type_name(result) if isinstance(result, torch.Tensor) else brief(result, 40)
        raise Wrong("not_a_label", got=got)
    check_row(case.model, case.encoded(), case.row(), case.pad_id)
    if type(result) is not str:
        raise Wrong("not_plain", got=type_name(result))
    return result


def compare(probe: Probe, cases: list[Case]) -> None:
    got = [name(probe, case) for case in cases]
    if got != list(map(chosen, cases)) and got != [name(probe, case) for case in cases]:
        raise Wrong("sampled")
    judge([(case,) for case in cases], got, chosen, MIMICS, quote=lambda case: (case.text,))


@exercise.item("short_texts", "Rellena el texto y da el nombre de su clase", "Pads the text and names its class", 2)
def _(probe: Probe) -> None:
    compare(probe, [draw(probe, words, 60, 80, classes) for words in (1, 2, 3) for classes in (2, 3, 4, 5)])


@exercise.item("long_texts", "Corta el texto en max_length", "Cuts the text at max_length")
def _(probe: Probe) -> None:
    compare(probe, [draw(probe, words, 6, 150) for words in (9, 8, 10)])
    exact = draw(probe, 4, 30, 150)
    length = len(exact.encoded())
    compare(probe, [Case(exact.text, exact.model, length, 7, exact.labels, exact.end_of_text)])


@exercise.item("context", "No pasa del contexto del modelo", "Does not exceed the model's context")
def _(probe: Probe) -> None:
    compare(probe, [draw(probe, words, 50, context) for words, context in ((1, 20), (9, 20), (9, 5), (1, 49), (2, 50))])


@exercise.item("edges", "Con pad_id=0, y con un texto vacío", "With pad_id=0, and with an empty text")
def _(probe: Probe) -> None:
    compare(probe, [draw(probe, 2, 40, 40, pad_id=0) for _ in range(3)])
    compare(probe, [draw(probe, 0, 5, 8), draw(probe, 0, 3, 3)])
    spaced = draw(probe, 2, 40, 60)
    compare(probe, [replace(spaced, text=f" \n{spaced.text}  Ñ\tSÍ ")])


@exercise.item("mode", "En modo eval, y restaura el que había", "In eval mode, and restores the one found")
def _(probe: Probe) -> None:
    for was_training in (True, False):
        case = draw(probe, 2, 40, 60)
        case.model.train(was_training)
        compare(probe, [case])
        check_mode(case.model, was_training)


@exercise.item("no_gradients", "No calcula gradientes", "Computes no gradients")
def _(probe: Probe) -> None:
    case = draw(probe, 2, 40, 60)
    compare(probe, [case])
    check_gradients(case.model)


@exercise.item("reference", "Coincide con un GPT-2 de transformers", "Agrees with a GPT-2 of transformers")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model, encoding = small_gpt(1, stored, num_classes=3).eval(), letters(18)
    rows = [row.tolist() for row in stored["ids"].split(stored["lengths"].tolist())]
    for row, winner in zip(rows, stored["classes"].tolist()):
        result = probe(probe.candidate, encoding.decode(row), model, encoding, 20, 18, list(NAMES[:3]))
        check_row(model, row, padded(row, 8, 18), 18)
        if result != NAMES[winner]:
            raise Wrong(None, detail=difference((encoding.decode(row),), result, NAMES[winner]))
