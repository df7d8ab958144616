"""desdecero: build a GPT-style language model from scratch, in Spanish or English.

The modules follow the chapters: `basics` (1), `text` (2), `attention` (3), `gpt` (4), `training`, `sampling` and
`weights` (5), `classify` (6), `instruct` (7); and the appendices: `first_steps` (A), `training` (D), `lora` (E).
`checks` decides whether an answer is right; `plots` and `widgets` are what students look at.

Importing the package is cheap: nothing heavy is imported before it is used.
"""

from desdecero.edition import EDITIONS, current_edition, use_edition

__version__ = "0.1.0"

__all__ = ["EDITIONS", "current_edition", "use_edition"]
