"""The quizzes: fair questions, an explanation for every option, and a key that stands in no student's notebook."""

import re
from html import unescape
from pathlib import Path

import pytest

from desdecero.authoring import build, catalogue
from desdecero.authoring.catalogue.ch01.quiz import SOLUTION
from desdecero.authoring.chapters import Chapter, ChapterError
from desdecero.checks import get_exercise, run_check
from desdecero.cli import main
from desdecero.edition import EDITIONS, use_edition
from desdecero.quiz import LETTERS, NoQuiz, questions, seal, show_quiz

QUIZ = "ch01/quiz"
QUESTIONS = questions("ch01")
KEY = catalogue.evaluate(QUIZ, SOLUTION)
LANGUAGES = list(enumerate(EDITIONS))

STATEMENTS = "".join(
    f'# %% [markdown] lang="{edition}" exercise="quiz"\nr"""\n### Quiz\n"""\n\n' for edition in EDITIONS
)


def chapter_with(solution: str, folder: Path) -> Chapter:
    path = folder / "ch01_little.py"
    path.write_text(f'{STATEMENTS}# %% solution="quiz"\n{solution}\n\n# %% tests="quiz"\n', encoding="utf-8")
    return Chapter(path)


@pytest.mark.parametrize(("language", "edition"), LANGUAGES, ids=EDITIONS)
def test_options_differ_and_are_about_as_long(language: int, edition: str) -> None:
    for question in QUESTIONS:
        texts = [option.text[language] for option in question.options.values()]
        lengths = [len(text) for text in texts]
        assert len(set(texts)) == len(LETTERS)
        assert max(lengths) <= 1.25 * min(lengths), texts
        explanations = {option.explanation[language] for option in question.options.values()}
        assert len(explanations) == len(LETTERS)
        assert all(80 < len(text) < 250 and text.endswith(".") for text in explanations)


def test_texts_can_be_shown_as_they_are() -> None:
    texts = [text for q in QUESTIONS for text in (*q.title, *q.text)]
    texts += [text for q in QUESTIONS for o in q.options.values() for text in (*o.text, *o.explanation)]
    assert all(text == text.strip() and not re.search(r"[`{}<>…]|  ", text) for text in texts)


def test_neither_length_nor_place_gives_the_right_answer_away() -> None:
    assert set(KEY) == {question.name for question in QUESTIONS}
    letters = list(KEY.values())
    assert all(2 <= letters.count(letter) <= 3 for letter in LETTERS)
    for language, _ in LANGUAGES:
        longest = 0
        for question in QUESTIONS:
            lengths = {letter: len(option.text[language]) for letter, option in question.options.items()}
            longest += lengths.pop(KEY[question.name]) > max(lengths.values())
        assert longest <= len(QUESTIONS) // 3


@pytest.mark.parametrize(("language", "edition"), LANGUAGES, ids=EDITIONS)
def test_every_option_is_explained_and_one_of_four_is_right(language: int, edition: str) -> None:
    scores = 0.0
    for letter in LETTERS:
        report = run_check(QUIZ, dict.fromkeys(KEY, letter), lang=edition)
        for item, question in zip(report.items, QUESTIONS):
            assert question.options[letter].explanation[language] in item.message
            assert item.message in str(report)
            assert item.passed == (KEY[question.name] == letter)
        scores += report.score
    assert scores == len(QUESTIONS)


def test_the_report_shows_what_is_said_of_right_answers_too() -> None:
    report = run_check(QUIZ, KEY, lang="en")
    assert report.passed and not report.advice()
    assert "whole corpus" not in report.to_html() and "Every token of the vocabulary" in report.to_html()


def test_the_key_is_kept_under_seal() -> None:
    stored = get_exercise(QUIZ).stored()
    salts = [bytes(salt) for salt in stored["salts"].tolist()]
    assert stored.keys() == {"salts", "seals"}
    assert len(set(salts)) == len({bytes(sealed) for sealed in stored["seals"].tolist()}) == len(QUESTIONS)
    assert seal(salts[0], KEY["q1"]) == bytes(stored["seals"][0].tolist()) != seal(salts[1], KEY["q1"])


@pytest.mark.parametrize(
    ("change", "lost", "complaint"),
    [
        ({"q1": " "}, 1, "Aún sin respuesta"),
        ({"q2": None}, 1, "es de tipo NoneType"),
        ({"q3": "e"}, 1, "«e» no es ninguna opción"),
        ({"q4": "a)"}, 1, "«a)» no es ninguna opción"),
        ({"q11": "a"}, 0, "Además, «q11» no es ninguna pregunta"),
        ({7: "a"}, 0, "Además, «7» no es ninguna pregunta"),
    ],
)
def test_slips_cost_their_question_and_are_told(change: dict, lost: int, complaint: str) -> None:
    report = run_check(QUIZ, {**KEY, **change}, lang="es")
    assert report.score == len(QUESTIONS) - lost
    assert complaint in str(report)


def test_a_missing_question_is_told_with_the_name_that_stands_there_instead() -> None:
    answers = {name: letter for name, letter in KEY.items() if name != "q5"}
    assert "Falta «q5» en answers: " in str(run_check(QUIZ, answers, lang="es"))
    report = run_check(QUIZ, {**answers, "Pregunta 5": "a"}, lang="es")
    assert report.score == len(QUESTIONS) - 1
    assert "«pregunta 5» no es ninguna pregunta" in str(report)


@pytest.mark.parametrize(("language", "edition"), LANGUAGES, ids=EDITIONS)
def test_the_quiz_is_shown_without_answers(language: int, edition: str) -> None:
    use_edition(edition)
    shown = show_quiz("ch01")
    for text in (repr(shown), shown._repr_html_()):
        words = " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
        for question in QUESTIONS:
            assert f"{question.name} · {question.title[language]}" in words
            assert question.text[language] in words
            for letter, option in question.options.items():
                assert f"{letter} {option.text[language]}" in words
                assert option.explanation[language] not in words
    # Text and ground are the theme's.
    assert not re.search(r"[^-]color:|background", shown._repr_html_())


def test_a_chapter_without_a_quiz_is_said_to_have_none() -> None:
    use_edition("es")
    with pytest.raises(NoQuiz, match="«ch99» no tiene cuestionario"):
        show_quiz("ch99")


@pytest.mark.parametrize("edition", EDITIONS)
def test_students_get_a_form_to_fill_in(edition: str, tmp_path: Path) -> None:
    little = chapter_with(SOLUTION, tmp_path)
    solved = build.notebook_inputs(little, edition)
    build.write(solved, little.output(tmp_path / "solutions"))
    build.release(tmp_path / "solutions", tmp_path / "course", edition, ["ch01"])
    released = build.read(little.output(tmp_path / "course"))
    before, after = ({cell.id: cell.source for cell in notebook.cells} for notebook in (solved, released))
    assert SOLUTION in before["quiz"]
    comment, form = after["quiz"].split("\n", 1)
    assert comment.startswith("#") and "YOUR CODE HERE" in comment
    assert catalogue.evaluate(QUIZ, form) == dict.fromkeys(KEY, "")
    assert "check(" in after["test-quiz"] and "check(" in before["test-quiz-hidden"]
    assert not any("use(" in source for source in before.values())


def test_an_empty_or_needless_solution_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="ch01/quiz: the worked solution goes into its cell"):
        build.notebook_inputs(chapter_with("", tmp_path), "en")
    little = chapter_with("def training_budget(): ...", tmp_path)
    little.path.write_text(little.path.read_text(encoding="utf-8").replace("quiz", "training_budget"), encoding="utf-8")
    with pytest.raises(ChapterError, match=r"comes from desdecero\.basics:training_budget: leave its cell empty"):
        build.notebook_inputs(little, "en")


def test_in_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "answers.py"
    for change, code, verdict in (({}, 0, "correct, 10/10"), ({"q2": ""}, 1, "not yet, 9/10")):
        file.write_text(f"answers = { ({**KEY, **change})!r}", encoding="utf-8")
        assert main(["check", QUIZ, str(file), "--lang", "en"]) == code
        assert verdict in capsys.readouterr().out
