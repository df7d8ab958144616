"""Scores worked by hand, and what any score must keep to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desdecero.scoring import KindScore, exact_score, fuzzy_score, normalise, overall, scores_by_kind

TEXTS = st.text(max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  «Cerrar».  ", "cerrar"),
        ("Bajo...", "bajo"),
        ('The "tower"', "the tower"),
        ("dos\n palabras", "dos palabras"),
        ("a\u0301rbol", "árbol"),  # an accent of its own
        ("¿Qué?", "¿qué?"),
        ("3.5", "3.5"),
        (".", ""),
    ],
)
def test_what_does_not_count_is_taken_away(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("answer", "expected", "exact", "fuzzy"),
    [
        ("Neutro.", "neutro", 1.0, 1.0),
        ("abcd", "bcde", 0.0, 0.75),  # 2 · 3 / 8
        ("si", "sí", 0.0, 0.5),  # an accent is a letter
        ("chopo", "", 0.0, 0.0),
        ("", "", 1.0, 1.0),
        ("xyz", "abc", 0.0, 0.0),
    ],
)
def test_scores_worked_by_hand(answer: str, expected: str, exact: float, fuzzy: float) -> None:
    assert exact_score(answer, expected) == exact
    assert fuzzy_score(answer, expected) == pytest.approx(fuzzy)


@given(TEXTS, TEXTS)
def test_scores_lie_between_0_and_1_and_ignore_the_order(a: str, b: str) -> None:
    assert 0 <= fuzzy_score(a, b) <= 1
    assert fuzzy_score(a, b) == fuzzy_score(b, a)
    assert exact_score(a, b) == exact_score(b, a)
    assert (exact_score(a, b) == 1) == (fuzzy_score(a, b) == 1)


@given(TEXTS)
def test_a_text_is_like_itself(text: str) -> None:
    assert exact_score(text, text) == fuzzy_score(text, text) == 1
    assert normalise(normalise(text)) == normalise(text)


def entry(kind: str, output: str) -> dict[str, str]:
    return {"kind": kind, "instruction": "…", "input": "", "output": output}


def test_kinds_are_averaged_apart_and_together() -> None:
    entries = [entry("plural", "redes"), entry("antonym", "bajo"), entry("plural", "abcd")]
    scores = scores_by_kind(entries, ["Redes.", "xyz", "bcde"])
    assert scores == [KindScore("plural", 2, 0.5, 0.875), KindScore("antonym", 1, 0.0, 0.0)]
    total = overall(scores)
    assert (total.count, total.exact, total.fuzzy) == (3, pytest.approx(1 / 3), pytest.approx(1.75 / 3))


def test_every_entry_needs_an_answer() -> None:
    with pytest.raises(ValueError, match="zip"):
        scores_by_kind([entry("plural", "redes")], [])


def test_nothing_scores_nothing() -> None:
    assert overall(scores_by_kind([], [])) == KindScore("", 0, 0.0, 0.0)
