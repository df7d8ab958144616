"""Chapter 7: finding the mark in what a judge replies."""

import re

_NUMBER = r"(?<![\w.,/-])(\d{1,4}(?:[.,]\d+)?)(?![.,]?\d)(?!\w)"
_THOUGHT = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
_SCALE = re.compile(r"\b0\s*(?:\([^)]*\)\s*)?(?:a|al|y|to|and|-|–)\s*(?:10|100)\b(?:\s*\([^)]*\))?")
_FRACTION = re.compile(_NUMBER + r"\s*(?:/|de|sobre|out of|of)\s*(5|10|100)\b")
_LABELLED = re.compile(
    r"(?:nota|puntuaci[óo]n|calificaci[óo]n|mark|score|rating|grade)\W{0,6}(?:(?:es|de|un|is|of|a)\W{1,4})*" + _NUMBER,
    re.IGNORECASE,
)


def find_mark(reply: str) -> int | None:
    """The mark in a reply that should be a number and may be a whole paragraph; None if there is none.

    >>> find_mark("Mark: **85**, because 2 of the 3 trees are right.")
    85
    """
    reply = _SCALE.sub(" ", _THOUGHT.sub(" ", reply)).strip()
    fraction = _FRACTION.search(reply)
    labelled = _LABELLED.search(reply)
    numbers = re.findall(_NUMBER, reply)
    if fraction and (not labelled or labelled.start(1) == fraction.start(1)):
        found = _value(fraction[1]) * 100 / int(fraction[2])
    elif labelled:
        found = _value(labelled[1])
    elif numbers:
        # A reply that opens with a number opens with the mark; one that first explains ends with it.
        found = _value(numbers[0] if re.match(rf"\W*{_NUMBER}", reply) else numbers[-1])
    else:
        return None
    return int(found + 0.5) if 0 <= found <= 100 else None


def _value(number: str) -> float:
    return float(number.replace(",", "."))
