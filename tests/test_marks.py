"""The mark is found however the judge words it."""

import pytest

from desdecero.marks import find_mark


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        ("87", 87),
        (" 0\n", 0),
        ("100.", 100),
        ("**85**", 85),
        ("85/100", 85),
        ("8 / 10", 80),
        ("8,5/10", 85),
        ("Le doy un 70 de 100.", 70),
        ("90 out of 100, since 2 of 3 trees are right", 90),
        ("72,5", 73),
        ("85 %", 85),
        ("Nota: 64", 64),
        ("La puntuación es de **64** puntos: acierta 2 de 3.", 64),
        ("Score: 40. It names 2 trees, not 3.", 40),
        ("The score is 40 because 3 of 5 words are missing.", 40),
        ("85\n\nThe answer names 3 of the trees.", 85),
        ("On a scale from 0 to 100, I say 30", 30),
        ("En una escala de 0 (no sirve) a 100 (perfecta), un 30.", 30),
        ("Nombra 2 árboles, así que se queda en 55", 55),
        ("<think>It might be 20. Or 30?</think>\n75", 75),
        ("<think>It might be 20", None),
        ("In 1492? 60", 60),
        ("1500", None),
        ("-5", None),
        ("llama3.2", None),
        ("", None),
    ],
)
def test_the_mark_is_found_in_what_judges_say(reply: str, mark: int | None) -> None:
    assert find_mark(reply) == mark
