"""The texts in the box: a short story in each edition, and the tokenizer trained on them."""

from pathlib import Path

from desdecero.edition import EDITIONS, current_edition

HERE = Path(__file__).parent
TOKENIZER = HERE / "tokenizer.tiktoken"


def load_story(edition: str | None = None) -> str:
    """The course's running text: *Lo que viene después del chopo*, or *What Comes After the Poplar*.

    Raises:
        ValueError: if `edition` is neither `"es"` nor `"en"`.
    """
    edition = edition or current_edition()
    if edition not in EDITIONS:
        raise ValueError(f"edition {edition!r} does not exist: use 'es' (español) or 'en' (English)")
    return (HERE / edition / "story.txt").read_text(encoding="utf-8")
