"""The texts in the box, written for this course in both languages; `cards/` says how, and what they lack.

`public.py` fetches larger, public sets, for those who have a network.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from desdecero.edition import current_edition, existing_edition

if TYPE_CHECKING:
    import pandas as pd

HERE = Path(__file__).parent
MINI = HERE / "mini"  # the pretrained model in the box
TOKENIZERS = {"story": HERE / "story.tiktoken", "mini": HERE / "mini.tiktoken"}


def load_story(edition: str | None = None) -> str:
    """The course's running text: *Lo que viene después del chopo*, or *What Comes After the Poplar*.

    Raises:
        BadArgument: if `edition` is neither `"es"` nor `"en"`; so do the other loaders.
    """
    return _file("story.txt", edition).read_text(encoding="utf-8")


def load_sms(edition: str | None = None) -> "pd.DataFrame":
    """Short messages, columns `label` ("ham" or "spam") and `text`; row i means the same in both editions."""
    import pandas as pd

    return pd.read_csv(_file("sms.csv", edition), keep_default_na=False, encoding="utf-8")


def load_instructions(edition: str | None = None) -> list[dict[str, str]]:
    """Tasks with `kind`, `instruction`, `input` (may be empty) and `output`; entry i is of the same kind in both."""
    return json.loads(_file("instructions.json", edition).read_text(encoding="utf-8"))


def load_preferences(edition: str | None = None) -> list[dict[str, str]]:
    """Tasks with `kind`, `instruction`, `input`, a `chosen` and a `rejected` answer, and the `reason` in a word."""
    return json.loads(_file("preferences.json", edition).read_text(encoding="utf-8"))


def _file(name: str, edition: str | None) -> Path:
    return HERE / existing_edition(edition or current_edition()) / name
