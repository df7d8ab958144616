"""What chapter 7 has around its exercises: holding out, batches of similar length, loaders and answers."""

import pytest
import torch

from desdecero.data import load_instructions
from desdecero.errors import CourseError
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.instruct import (
    IGNORE_INDEX,
    TEMPLATES,
    InstructionDataset,
    SimilarLengths,
    answer,
    collate_instructions,
    format_prompt,
    hold_out,
    instruction_loader,
    mask_prompt,
)
from desdecero.sampling import generate
from desdecero.text import load_tokenizer


def test_as_many_of_each_kind_are_held_out_and_nothing_is_lost() -> None:
    entries = load_instructions("es")
    train, exam = hold_out(entries, per_kind=3, seed=1)
    kinds = [entry["kind"] for entry in entries]
    assert sorted(entry["kind"] for entry in exam) == sorted(3 * list(set(kinds)))
    assert sorted(map(str, train + exam)) == sorted(map(str, entries))
    assert (train, exam) == hold_out(entries, per_kind=3, seed=1)
    assert exam != hold_out(entries, per_kind=3, seed=2)[1]


def test_a_kind_with_too_few_tasks_is_named() -> None:
    entries = [{"kind": "sum"}] * 3 + [{"kind": "rhyme"}] * 2
    assert len(hold_out(entries, per_kind=2)[1]) == 4
    with pytest.raises(CourseError, match=r"“rhyme”|«rhyme»") as caught:
        hold_out(entries, per_kind=3)
    assert isinstance(caught.value, ValueError)
    assert hold_out([], per_kind=3) == ([], [])


def test_batches_hold_every_row_once_and_rows_of_like_length() -> None:
    lengths = torch.randint(5, 90, (103,), generator=torch.Generator().manual_seed(0)).tolist()
    batches = list(SimilarLengths(lengths, 8, torch.Generator().manual_seed(1)))
    assert len(batches) == len(SimilarLengths(lengths, 8)) == 13
    assert sorted(i for batch in batches for i in batch) == list(range(103))
    assert max(map(len, batches)) == 8
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    assert padded < 1.25 * sum(lengths)
    assert batches == list(SimilarLengths(lengths, 8, torch.Generator().manual_seed(1)))


def test_the_loader_masks_prompts_where_their_lengths_are_given() -> None:
    rows, prompts = [[5, 6, 7, 8], [3, 4]], [2, 1]
    inputs, targets = collate_instructions(rows, pad_id=0)
    ((plain_inputs, plain),) = instruction_loader(rows, 0, shuffle=False)
    ((_, masked),) = instruction_loader(rows, 0, prompts, shuffle=False)
    assert torch.equal(plain_inputs, inputs)
    assert torch.equal(plain, targets)
    assert torch.equal(masked, mask_prompt(targets, prompts))
    assert (masked[0, 0], masked[1, 0]) == (IGNORE_INDEX, 4)
    assert len(list(instruction_loader(rows, 0, prompts, batch_size=1, max_length=2))) == 2


def test_answers_are_those_of_one_task_at_a_time() -> None:
    torch.manual_seed(0)
    tokenizer, template = load_tokenizer("story"), TEMPLATES["es"]
    model = GPTModel(GPTConfig(tokenizer.n_vocab, 256, emb_dim=16, n_heads=2, n_layers=1, drop_rate=0.0)).eval()
    entries = load_instructions("es")[:5]
    expected = []
    for entry in entries:
        ids = tokenizer.encode(f"{format_prompt(entry, template)}\n\n{template.response}\n")
        written = generate(model, torch.tensor([ids]), 6, 256, eos_id=tokenizer.eot_token)[0, len(ids) :].tolist()
        expected.append(tokenizer.decode([i for i in written if i != tokenizer.eot_token]).strip())
    assert answer(model, tokenizer, entries, template, max_new_tokens=6, batch_size=2) == expected
    assert answer(model, tokenizer, entries, template, max_new_tokens=0) == [""] * 5
    with pytest.raises(CourseError, match="255"):
        answer(model, tokenizer, entries, template, max_new_tokens=256)


def test_a_data_set_is_its_entries_in_order() -> None:
    entries, tokenizer, template = load_instructions("en")[:4], load_tokenizer("mini"), TEMPLATES["en"]
    rows = InstructionDataset(entries, tokenizer, template)
    assert len(rows) == 4
    for entry, ids, length in zip(entries, rows.ids, rows.prompt_lengths):
        assert tokenizer.decode(ids[:length]) == format_prompt(entry, template)
        assert tokenizer.decode(ids).endswith(entry["output"])
