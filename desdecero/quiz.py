"""The quizzes: questions to show in a notebook, and the seal under which their right answers are kept.

Questions and explanations stand in `data/quizzes/`; which option is right is stored beside the checks' references,
as a salted hash for each question.
"""

import hashlib
import textwrap
import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from desdecero.edition import say
from desdecero.errors import CourseError

FOLDER = Path(__file__).parent / "data" / "quizzes"
LETTERS = ("a", "b", "c", "d")

Text = tuple[str, str]  # Spanish, English


class NoQuiz(CourseError, ValueError):
    """The chapter has no quiz."""


@dataclass(frozen=True)
class Option:
    """One of the four answers to a question, and what to tell whoever chooses it."""

    text: Text
    explanation: Text


@dataclass(frozen=True)
class Question:
    """A question, under the name (`"q1"`) by which it is answered; `options` has one for each of `LETTERS`."""

    name: str
    title: Text
    text: Text
    options: dict[str, Option]


@cache
def questions(chapter: str) -> tuple[Question, ...]:
    """The quiz of a chapter, such as `"ch01"`.

    Raises:
        NoQuiz: if it has none.
    """
    path = FOLDER / f"{chapter}.toml"
    if not path.is_file():
        raise NoQuiz(say(f"El capítulo «{chapter}» no tiene cuestionario.", f"Chapter “{chapter}” has no quiz."))
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["question"]
    return tuple(_question(f"q{number}", entry) for number, entry in enumerate(entries, start=1))


def _question(name: str, entry: dict) -> Question:
    options = {}
    for letter in LETTERS:
        spanish, english = entry[letter]["es"], entry[letter]["en"]
        options[letter] = Option(*zip(spanish, english))
    return Question(name, (entry["title"]["es"], entry["title"]["en"]), (entry["es"], entry["en"]), options)


def seal(salt: bytes, answer: str) -> bytes:
    """What is stored instead of a right answer."""
    return hashlib.sha256(salt + answer.encode("utf-8")).digest()


class Quiz:
    """Questions to look at, in the language in use when they were asked for: HTML in a notebook, else plain text."""

    def __init__(self, asked: tuple[Question, ...]) -> None:
        self.html = "".join(_html(question) for question in asked)
        self.text = "\n\n".join(_plain(question) for question in asked)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        # No colour of its own for text or ground: it reads in a light theme and in a dark one.
        return f'<div style="max-width:48em;line-height:1.5">{self.html}</div>'


def show_quiz(chapter: str) -> Quiz:
    """The questions of a chapter and their options; the answers go into `answers`, and `check` explains them.

    Raises:
        NoQuiz: if the chapter has none.
    """
    return Quiz(questions(chapter))


def _html(question: Question) -> str:
    hanging = "padding-left:1.8em;text-indent:-1.8em;margin:.15em 0"
    options = "".join(
        f'<div style="{hanging}"><b style="display:inline-block;width:1.8em;text-indent:0">{letter}</b>'
        f"{escape(say(*option.text))}</div>"
        for letter, option in question.options.items()
    )
    return (
        '<div style="border-left:4px solid #0072B2;padding:.2em 1em;margin:1em 0">'
        f"<div><b>{question.name}</b> · <b>{escape(say(*question.title))}</b></div>"
        f'<div style="margin:.2em 0 .4em">{escape(say(*question.text))}</div>{options}</div>'
    )


def _plain(question: Question) -> str:
    lines = [f"{question.name} · {say(*question.title)}", textwrap.fill(say(*question.text), 100)]
    lines += [f"  {letter}  {say(*option.text)}" for letter, option in question.options.items()]
    return "\n".join(lines)
