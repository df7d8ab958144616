"""Chapter 7."""

import re
from string import Template

import torch
from tiktoken import _educational
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from desdecero.authoring.oracles.ch02 import as_bytes, flat

FIELDS = ["Alguien pregunta y alguien contesta.", "## Tarea:", "## Material:", "## Lo contestado:"]
ENTRIES = [
    ("Cuenta las sílabas.", "Mañana, araña", "Tres y tres."),
    ("¿De qué color es la nieve?", "", "Blanca."),
    ("Sort these from small to large.", "ox\nant\ndog", "ant, dog, ox"),
    ("Name a river in Europe.", "", "The Danube: it rises in the Black Forest\nand ends in the Black Sea."),
]
PATTERN = r"\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+|\s"


def texts(*parts: str) -> dict[str, Tensor]:
    return flat([part.encode("utf-8") for part in parts])


def filled(pattern: str, instruction: str, input_: str, output: str) -> str:
    """A text by substitution from the standard library's `string.Template`."""
    names = {"intro": FIELDS[0], "task": FIELDS[1], "material": FIELDS[2], "answer": FIELDS[3]}
    return Template(pattern).substitute(names, t=instruction, m=input_, a=output)


def prompts() -> list[str]:
    short, long = "$intro\n\n$task\n$t", "$intro\n\n$task\n$t\n\n$material\n$m"
    return [filled(long if input_ else short, task, input_, output) for task, input_, output in ENTRIES]


def format_prompt() -> dict[str, Tensor]:
    """`string.Template`."""
    rows = [(task, input_, prompt) for (task, input_, _), prompt in zip(ENTRIES, prompts())]
    stored = texts(*FIELDS, *(part for row in rows for part in row))
    return {"texts": stored["bytes"], "lengths": stored["lengths"]}


def instruction_dataset() -> dict[str, Tensor]:
    """`string.Template`, encoded by the plain-Python tokenizer that comes with `tiktoken`, trained on these texts."""
    wholes = [prompt + filled("\n\n$answer\n$a", *entry) for prompt, entry in zip(prompts(), ENTRIES)]
    ranks = _educational.bpe_train("\n".join(wholes), 320, PATTERN, visualise=None)
    tokenizer = _educational.SimpleBytePairEncoding(pat_str=PATTERN, mergeable_ranks=ranks)
    ids = [tokenizer.encode(whole, visualise=None) for whole in wholes]
    tokens, stored = flat(list(ranks)), texts(*FIELDS, *(part for entry in ENTRIES for part in entry))
    return {
        "texts": stored["bytes"],
        "text_lengths": stored["lengths"],
        "pattern": as_bytes(PATTERN),
        "tokens": tokens["bytes"],
        "token_lengths": tokens["lengths"],
        "ids": torch.cat([torch.tensor(row) for row in ids]),
        "id_lengths": torch.tensor([len(row) for row in ids]),
    }


def collate_instructions() -> dict[str, Tensor]:
    """`torch.nn.utils.rnn.pad_sequence`, once with the pad and once with what the loss passes over."""
    draw = torch.Generator().manual_seed(701)
    lengths, pad_id, max_length = [5, 12, 1, 8], 3, 10
    rows = [torch.randint(0, 9, (length,), generator=draw) for length in lengths]  # 3 is an ordinary token, too
    ended = [torch.cat([row, torch.tensor([pad_id])]) for row in rows]
    inputs = pad_sequence(ended, batch_first=True, padding_value=pad_id)[:, :-1]
    targets = pad_sequence([row[1:] for row in ended], batch_first=True, padding_value=-100)
    return {
        "ids": torch.cat(rows),
        "lengths": torch.tensor(lengths),
        "pad_id": torch.tensor(pad_id),
        "inputs": inputs[:, :max_length],
        "targets": targets[:, :max_length],
    }


def mask_prompt() -> dict[str, Tensor]:
    """Rows put together from two pieces: so many times -100, and the rest of the row."""
    targets = torch.randint(0, 900, (5, 9), generator=torch.Generator().manual_seed(702))
    lengths = [4, 1, 9, 2, 14]
    hidden = [min(length - 1, 9) for length in lengths]
    rows = [torch.cat([torch.full((n,), -100), row[n:]]) for row, n in zip(targets, hidden)]
    return {"targets": targets, "prompt_lengths": torch.tensor(lengths), "expected": torch.stack(rows)}


def extract_response() -> dict[str, Tensor]:
    """A regular expression."""
    written = [
        "\n\n### Respuesta:\nTres y tres.\n",
        " Blanca, como la cal.",
        "\n\n### Response:\n\nant, dog, ox\n\nThat was ### Response: number one.",
        "\n\n### Response:\nThe Danube.\n\n" + prompts()[3],
    ]
    rows = []
    for prompt, rest in zip(prompts(), written):
        answer = re.match(r"\s*(### Respuesta:|### Response:)?\s*(?P<answer>[\s\S]*\S)", rest)["answer"]
        rows += [prompt + rest, prompt, answer]
    stored = texts(*rows)
    return {"texts": stored["bytes"], "lengths": stored["lengths"]}
