"""ch01/quiz: ten questions about chapter 1, a point for each right answer."""

from functools import cache

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.edition import say
from desdecero.quiz import LETTERS, Question, questions, seal

QUESTIONS = questions("ch01")
NAMES = [question.name for question in QUESTIONS]

exercise = Exercise(
    id="ch01/quiz",
    defines="answers",
    reference=None,
    difficulty=1,
    minutes=15,
    faults={
        "not_a_dict": (
            "answers debe ser un diccionario, con una letra para cada pregunta de «q1» a «{last}», y es «{got}».",
            "answers must be a dictionary, with a letter for each question from “q1” to “{last}”, and it is “{got}”.",
        ),
        "not_implemented": (
            'Aún sin respuesta: escribe entre las comillas una letra, de la "a" a la "d".',
            'Not answered yet: write a letter between the quotation marks, from "a" to "d".',
        ),
        "missing_question": (
            "Falta «{name}» en answers: cada pregunta tiene ahí su respuesta.",
            "“{name}” is missing from answers: each question has its answer there.",
        ),
        "unknown_question": (
            "Falta «{name}» en answers, y «{stray}» no es ninguna pregunta: escribe la clave tal cual, «{name}».",
            "“{name}” is missing from answers, and “{stray}” is no question: write the key as it is, “{name}”.",
        ),
        "not_text": (
            'La respuesta debe ser una letra entre comillas, como "a", y es de tipo {got}.',
            'The answer must be a letter between quotation marks, such as "a", and it is of type {got}.',
        ),
        "unknown_letter": (
            '«{got}» no es ninguna opción: escribe solo una letra, "a", "b", "c" o "d".',
            '“{got}” is not an option: write a single letter, "a", "b", "c" or "d".',
        ),
        **{
            name: (f"{name}, opción {{letter}}: {{why}}", f"{name}, option {{letter}}: {{why}}")
            for name in NAMES
        },
    },
)  # fmt: skip


@cache
def key() -> dict[str, tuple[bytes, bytes]]:
    """For each question a salt and the sealed right answer."""
    stored = exercise.stored()
    pairs = zip(stored["salts"].tolist(), stored["seals"].tolist())
    return {name: (bytes(salt), bytes(sealed)) for name, (salt, sealed) in zip(NAMES, pairs)}


def read(answers: object) -> tuple[dict[str, object], str]:
    """The answers by question, capitals and spaces around the names forgiven, and a name that is no question's."""
    if not isinstance(answers, dict):
        raise Wrong("not_a_dict", got=type_name(answers), last=NAMES[-1])
    given = {str(name).strip().lower(): answer for name, answer in dict.items(answers)}
    return given, next((name[:20] for name in given if name not in NAMES), "")


def letter_of(answer: object) -> str:
    """The letter chosen, capitals and spaces around it forgiven."""
    if not isinstance(answer, str):
        raise Wrong("not_text", got=type_name(answer))
    letter = answer.strip().lower()
    if not letter:
        raise Wrong("not_implemented")
    if letter not in LETTERS:
        raise Wrong("unknown_letter", got=answer.strip()[:20])
    return letter


def register(question: Question) -> None:
    title = [f"{question.name} · {text}" for text in question.title]

    @exercise.item(question.name, *title)
    def _(probe: Probe) -> str:
        given, stray = read(probe.candidate)
        if question.name not in given:
            raise Wrong("unknown_question" if stray else "missing_question", name=question.name, stray=stray)
        letter = letter_of(given[question.name])
        why = say(*question.options[letter].explanation)
        if stray and question is QUESTIONS[0] and given.keys() >= set(NAMES):  # told once
            why += say(
                f" Además, «{stray}» no es ninguna pregunta: borra esa línea.",
                f" Besides, “{stray}” is no question: delete that line.",
            )
        salt, sealed = key()[question.name]
        if seal(salt, letter) != sealed:
            raise Wrong(question.name, letter=letter, why=why)
        return say(*exercise.faults[question.name]).format(letter=letter, why=why)


for question in QUESTIONS:
    register(question)
