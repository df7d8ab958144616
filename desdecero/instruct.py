"""Chapter 7: teaching a model to follow instructions.

Instructions, answers and a template around them: Wei et al., 2021; Ouyang et al., 2022; the headings follow Taori et
al., 2023. The loss of the padding is ignored, and that of the prompt may be.

Shapes: B is the batch, T the tokens of the longest text in it.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import tiktoken
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from desdecero.edition import say
from desdecero.errors import BadArgument
from desdecero.gpt import GPTModel
from desdecero.kv_cache import continue_greedily

IGNORE_INDEX = -100  # what torch's cross-entropy passes over


@dataclass(frozen=True)
class PromptTemplate:
    """What stands around an instruction: a sentence and three headings."""

    intro: str
    instruction: str
    input: str
    response: str


TEMPLATES = {
    "es": PromptTemplate(
        intro="Lo que sigue es una tarea. Escribe una respuesta que la resuelva.",
        instruction="### Instrucción:",
        input="### Entrada:",
        response="### Respuesta:",
    ),
    "en": PromptTemplate(
        intro="What follows is a task. Write a response that solves it.",
        instruction="### Instruction:",
        input="### Input:",
        response="### Response:",
    ),
}


def format_prompt(entry: dict[str, str], template: PromptTemplate) -> str:
    """The text that a model is given, up to where its answer begins."""
    prompt = f"{template.intro}\n\n{template.instruction}\n{entry['instruction']}"
    if entry.get("input"):
        prompt += f"\n\n{template.input}\n{entry['input']}"
    return prompt


def format_response(entry: dict[str, str], template: PromptTemplate) -> str:
    """The text that the model should go on with."""
    return f"\n\n{template.response}\n{entry['output']}"


def hold_out(
    entries: Iterable[dict[str, str]], per_kind: int, seed: int = 0
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Training entries, and `per_kind` of each kind drawn at random for the examination; both keep their order.

    Raises:
        BadArgument: if there are fewer of some kind.
    """
    kinds: dict[str, list[int]] = {}
    entries = list(entries)
    for i, entry in enumerate(entries):
        kinds.setdefault(entry["kind"], []).append(i)
    for kind, numbers in kinds.items():
        if len(numbers) < per_kind:
            raise BadArgument(
                say(
                    f"No se pueden apartar {per_kind} tareas de cada tipo: de «{kind}» hay {len(numbers)}.",
                    f"{per_kind} tasks of each kind can't be held out: of “{kind}” there are {len(numbers)}.",
                )
            )
    draw = random.Random(seed)
    chosen = {i for numbers in kinds.values() for i in draw.sample(numbers, per_kind)}
    return [e for i, e in enumerate(entries) if i not in chosen], [entries[i] for i in sorted(chosen)]


class InstructionDataset(Dataset):
    """Each entry as one list, the ids of its prompt and then of its response; encoded once."""

    def __init__(
        self, entries: Sequence[dict[str, str]], tokenizer: tiktoken.Encoding, template: PromptTemplate
    ) -> None:
        prompts = [tokenizer.encode(format_prompt(entry, template)) for entry in entries]
        self.prompt_lengths = [len(prompt) for prompt in prompts]  # for whoever masks them
        self.ids = [
            prompt + tokenizer.encode(format_response(entry, template)) for prompt, entry in zip(prompts, entries)
        ]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> list[int]:
        return self.ids[index]


def collate_instructions(
    batch: Sequence[list[int]], pad_id: int, ignore_index: int = IGNORE_INDEX, max_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Inputs and targets of one batch, `(B, T)` each; targets are the inputs one step later.

    Every row ends with one `pad_id`, which the model learns to write; what comes after it is `ignore_index`.
    """
    longest = max(map(len, batch)) + 1
    rows = torch.full((len(batch), longest), pad_id)  # (B, T + 1)
    wanted = torch.full((len(batch), longest), ignore_index)
    for row, target, ids in zip(rows, wanted, batch):
        row[: len(ids)] = target[: len(ids)] = torch.tensor(ids, dtype=torch.long)
        target[len(ids)] = pad_id
    return rows[:, :-1][:, :max_length], wanted[:, 1:][:, :max_length]  # (B, T + 1) -> (B, T)


def mask_prompt(targets: Tensor, prompt_lengths: Sequence[int], ignore_index: int = IGNORE_INDEX) -> Tensor:
    """Ignore the prompts: the first `p - 1` of the shifted targets, `(B, T)`, of a row whose prompt has `p` tokens."""
    positions = torch.arange(targets.shape[1], device=targets.device)  # (T,)
    lengths = torch.as_tensor(prompt_lengths, device=targets.device)[:, None]  # (B, 1)
    return targets.masked_fill(positions < lengths - 1, ignore_index)  # (B, T)


class SimilarLengths(Sampler[list[int]]):
    """Batches of rows about equally long, in random order: what is padded is computed for nothing.

    The rows are shuffled first; only within `pool` batches at a time are they sorted by length.
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, generator: torch.Generator | None = None, pool: int = 8
    ) -> None:
        self.lengths, self.batch_size, self.generator, self.pool = lengths, batch_size, generator, pool

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = torch.randperm(len(self.lengths), generator=self.generator).tolist()
        step = self.batch_size * self.pool
        pools = [sorted(order[i : i + step], key=self.lengths.__getitem__) for i in range(0, len(order), step)]
        batches = [pool[i : i + self.batch_size] for pool in pools for i in range(0, len(pool), self.batch_size)]
        for i in torch.randperm(len(batches), generator=self.generator).tolist():
            yield batches[i]


def instruction_loader(
    rows: Sequence[list[int]],
    pad_id: int,
    prompt_lengths: Sequence[int] | None = None,
    batch_size: int = 8,
    max_length: int | None = None,
    shuffle: bool = True,
    generator: torch.Generator | None = None,
) -> DataLoader:
    """Batches of inputs and targets, `(B, T)` each; with `prompt_lengths` the prompts are masked.

    `rows` may be an `InstructionDataset`. Shuffled, rows of similar length go together; otherwise they keep their
    order.
    """
    pairs = [(rows[i], prompt_lengths[i] if prompt_lengths else 0) for i in range(len(rows))]
    collate = partial(_collate_pairs, pad_id=pad_id, max_length=max_length)
    if not shuffle:
        return DataLoader(pairs, batch_size=batch_size, collate_fn=collate)
    sampler = SimilarLengths([len(ids) for ids, _ in pairs], batch_size, generator)
    return DataLoader(pairs, batch_sampler=sampler, collate_fn=collate)


def _collate_pairs(
    pairs: Sequence[tuple[list[int], int]], pad_id: int, max_length: int | None
) -> tuple[Tensor, Tensor]:
    batch, prompt_lengths = zip(*pairs)
    inputs, targets = collate_instructions(batch, pad_id, max_length=max_length)
    return inputs, mask_prompt(targets, prompt_lengths)


RESPONSE_HEADINGS = tuple(template.response for template in TEMPLATES.values())


def extract_response(generated: str, prompt: str) -> str:
    """What the model wrote after the prompt, without the heading that may open it and without outer white space."""
    response = generated.removeprefix(prompt).strip()
    for heading in RESPONSE_HEADINGS:
        if response.startswith(heading):
            return response.removeprefix(heading).strip()
    return response


def answer(
    model: GPTModel,
    tokenizer: tiktoken.Encoding,
    entries: Sequence[dict[str, str]],
    template: PromptTemplate,
    max_new_tokens: int = 32,
    batch_size: int = 32,
) -> list[str]:
    """The model's answers to many tasks, greedily; the heading of the response is given along with each prompt.

    Raises:
        BadArgument: if `max_new_tokens` is not less than the model's context.
    """
    texts = [format_prompt(entry, template) + f"\n\n{template.response}\n" for entry in entries]
    prompts = [tokenizer.encode(text, disallowed_special=()) for text in texts]
    answers = [""] * len(entries)
    order = sorted(range(len(entries)), key=lambda i: len(prompts[i]))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        written = continue_greedily(model, [prompts[i] for i in rows], max_new_tokens, tokenizer.eot_token)
        for i, ids in zip(rows, written):
            answers[i] = tokenizer.decode(ids).strip()
    return answers
