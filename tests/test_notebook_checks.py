"""`check`, `use` and `example`, as notebooks use them."""

import pytest

from desdecero.authoring import catalogue
from desdecero.checks import check, example, use
from desdecero.checks.notebook import NotYet
from desdecero.edition import use_edition
from desdecero.gpt import GELU as COURSE_GELU

RIGHT = catalogue.evaluate("ch04/gelu", next(catalogue.right_answers("ch04/gelu"))[1])


def wrong(*args):
    raise NotImplementedError


@pytest.fixture(autouse=True)
def spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    use_edition("es")
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def test_a_grade_is_a_number_for_nbgrader_and_a_report_for_people() -> None:
    grade = check("ch04/gelu", RIGHT)
    assert float(repr(grade)) == grade == grade.report.max_score
    assert "correcto" in grade._repr_html_()


def test_a_wrong_answer_gets_its_points_and_no_traceback() -> None:
    grade = check("ch04/gelu", wrong)
    assert repr(grade) == "0.0"
    assert "todavía no" in grade._repr_html_()


def test_the_validate_button_shows_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert check("ch04/gelu", RIGHT) > 0
    with pytest.raises(NotYet, match="todavía no") as raised:
        check("ch04/gelu", wrong)
    assert raised.value._render_traceback_() == str(raised.value).splitlines()


def test_the_students_answer_is_used_once_it_passes(capsys: pytest.CaptureFixture) -> None:
    assert use("ch04/gelu", RIGHT) is RIGHT
    assert capsys.readouterr().out == "Desde aquí se usa tu GELU.\n"
    assert use("ch04/gelu", wrong) is COURSE_GELU
    assert "GELU del curso" in capsys.readouterr().out


def test_without_an_answer_the_courses_is_used(capsys: pytest.CaptureFixture) -> None:
    assert use("ch04/gelu") is COURSE_GELU
    assert "hasta que el tuyo pase" in capsys.readouterr().out


def test_an_example_says_in_one_line_what_is_missing(capsys: pytest.CaptureFixture) -> None:
    with example():
        wrong()
    with example():
        print(1 / 0)
    with example():
        print("fine")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "cuando hayas escrito el ejercicio" in lines[0]
    assert "ZeroDivisionError" in lines[1]
    assert lines[2] == "fine"
