"""With a memory of keys and values a model writes what it writes without one."""

import pytest
import torch

from desdecero.errors import CourseError
from desdecero.fast import fuse
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.kv_cache import continue_greedily
from desdecero.sampling import generate

CONFIG = GPTConfig(vocab_size=17, context_length=24, emb_dim=16, n_heads=4, n_layers=2, drop_rate=0.0, qkv_bias=True)
END = 16


@pytest.fixture
def model() -> GPTModel:
    torch.manual_seed(3)
    model = GPTModel(CONFIG)
    for parameter in model.parameters():
        parameter.data.add_(0.3 * torch.randn(parameter.shape))
    return model.eval()


def one_by_one(model: GPTModel, prompt: list[int], count: int, end: int = END) -> list[int]:
    rows = generate(model, torch.tensor([prompt]), count, CONFIG.context_length, eos_id=end)
    written = rows[0, len(prompt) :].tolist()
    return written[: written.index(end)] if end in written else written


@pytest.mark.parametrize("fused", [False, True])
def test_prompts_of_all_lengths_are_continued_as_each_alone(model: GPTModel, fused: bool) -> None:
    draw = torch.Generator().manual_seed(4)
    prompts = [torch.randint(16, (length,), generator=draw).tolist() for length in (1, 2, 5, 9, 9, 14)]
    model = fuse(model) if fused else model
    some_end = 0
    for end in range(17):
        expected = [one_by_one(model, prompt, 10, end) for prompt in prompts]
        assert continue_greedily(model, prompts, 10, end) == expected
        some_end += len({len(row) for row in expected}) > 1
    assert some_end > 3  # the rows of a batch did not all end at once


def test_long_prompts_are_cut_on_the_left(model: GPTModel) -> None:
    prompt = [i % 16 for i in range(40)]
    assert continue_greedily(model, [prompt], 4, END) == [one_by_one(model, prompt[-20:], 4)]


def test_as_much_is_written_as_the_context_holds_beside_one_token_of_the_prompt(model: GPTModel) -> None:
    assert continue_greedily(model, [[3, 5, 7]], 23, END) == [one_by_one(model, [7], 23)]
    for too_many in (24, 25, 40):
        with pytest.raises(CourseError, match="23") as caught:
            continue_greedily(model, [[3, 5, 7]], too_many, END)
        assert isinstance(caught.value, ValueError)


def test_nothing_asked_for_is_nothing_written(model: GPTModel) -> None:
    assert continue_greedily(model, [[3], [5, 7]], 0, END) == [[], []]
    assert continue_greedily(model, [], 4, END) == []


def test_a_prompt_may_hold_the_end_token(model: GPTModel) -> None:
    assert continue_greedily(model, [[3, END, 5]], 6, END) == [one_by_one(model, [3, END, 5], 6)]


def test_dropout_is_left_out_and_the_mode_stays() -> None:
    torch.manual_seed(3)
    model = GPTModel(GPTConfig(17, 24, 16, 4, 2, drop_rate=0.5)).train()
    assert continue_greedily(model, [[1, 2]], 8, END) == continue_greedily(model, [[1, 2]], 8, END)
    assert model.training
