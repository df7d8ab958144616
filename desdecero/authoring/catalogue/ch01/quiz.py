import re
from collections.abc import Callable

from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.solutions import worked_solution
from desdecero.quiz import LETTERS, questions

IMPORTS = "from collections import defaultdict\n"

SOLUTION = worked_solution("ch01/quiz")
NAMES = [question.name for question in questions("ch01")]


def changed(change: Callable[[str], str], name: str = r"q\d+") -> str:
    """The worked solution with its letters changed: all of them, or that of one question."""
    return re.sub(rf'("{name}": )"(\w)"', lambda match: match[1] + change(match[2]), SOLUTION)


def another(letter: str) -> str:
    return f'"{LETTERS[LETTERS.index(letter) - 1]}"'


RIGHT = {
    "capitals": changed(lambda letter: f'"{letter.upper()}"'),
    "spaces": changed(lambda letter: f'" {letter}\\n"'),
    "capital_names": SOLUTION.replace('"q', '"Q'),
    "one_by_one": SOLUTION
    + "\ngiven, answers = answers, {}\nfor name in reversed(given):\n    answers[name] = given[name]",
    "of_another_kind": SOLUTION + '\nanswers = defaultdict(lambda: "a", answers)',
    "with_a_note": SOLUTION + '\nanswers["q8, 6·N·D"] = "6 * 1e8 * 2e9"',
}

WRONG = {
    "not_a_dict": Wrong(
        "Escribe solo las letras, en una lista.",
        "Writes only the letters, in a list.",
        source=SOLUTION + "\nanswers = list(answers.values())",
    ),
    "not_implemented": Wrong(
        "Deja sin responder la primera.",
        "Leaves the first unanswered.",
        source=changed(lambda letter: '""', "q1"),
    ),
    "missing_question": Wrong(
        "Borra la línea de una pregunta.",
        "Deletes the line of a question.",
        source=SOLUTION + '\ndel answers["q3"]',
    ),
    "unknown_question": Wrong(
        "Cambia el nombre de una pregunta.",
        "Changes the name of a question.",
        source=SOLUTION.replace('"q4"', '"question 4"'),
    ),
    "not_text": Wrong(
        "Responde con un número.",
        "Answers with a number.",
        source=changed(lambda letter: "2", "q5"),
    ),
    "unknown_letter": Wrong(
        "Da dos opciones, por si acaso.",
        "Gives two options, just in case.",
        source=changed(lambda letter: '"a, b"', "q6"),
    ),
    **{name: Wrong(f"Se equivoca en {name}.", f"Is wrong in {name}.", source=changed(another, name)) for name in NAMES},
}
