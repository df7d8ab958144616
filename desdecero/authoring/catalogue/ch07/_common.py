"""What the answers of chapter 7 may count on, as in its notebook."""

IMPORTS = """\
from collections.abc import Sequence

import tiktoken

from desdecero.instruct import (
    IGNORE_INDEX,
    RESPONSE_HEADINGS,
    TEMPLATES,
    PromptTemplate,
    format_prompt,
    format_response,
)
"""
