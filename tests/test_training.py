"""Training and sampling, beside torch's own functions and cases worked by hand."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from desdecero.gpt import GPTConfig, GPTModel, generate_greedy
from desdecero.sampling import generate, sample, sample_next
from desdecero.text import END_OF_TEXT, load_tokenizer, make_loader
from desdecero.training import (
    batch_loss,
    clip_gradients,
    evaluate,
    learning_rate,
    perplexity,
    train_model,
    train_with_schedule,
)

CONFIG = GPTConfig(vocab_size=30, context_length=6, emb_dim=8, n_heads=2, n_layers=1, drop_rate=0.0)


@pytest.fixture
def model() -> GPTModel:
    torch.manual_seed(5)
    return GPTModel(CONFIG)


def batches(count: int = 4) -> list[tuple[torch.Tensor, torch.Tensor]]:
    draw = torch.Generator().manual_seed(6)
    return [tuple(torch.randint(0, 30, (3, 6), generator=draw) for _ in range(2)) for _ in range(count)]


class Scripted(nn.Module):
    """Predicts, for every token t, the token `script[t]`."""

    def __init__(self, script: dict[int, int]) -> None:
        super().__init__()
        self.script, self.longest = script, 0

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        self.longest = max(self.longest, ids.shape[1])
        best = ids.clone().apply_(lambda i: self.script.get(i, 0))
        return 20.0 * F.one_hot(best, 10).float()


def test_the_loss_is_the_mean_surprise_of_the_right_tokens(model: GPTModel) -> None:
    inputs, targets = batches(1)[0]
    loss = batch_loss(model, inputs, targets)
    by_hand = [
        -torch.log_softmax(model(inputs)[b, t], dim=-1)[targets[b, t]].item() for b in range(3) for t in range(6)
    ]
    assert loss.item() == pytest.approx(sum(by_hand) / len(by_hand), rel=1e-5)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_perplexity_keeps_the_kind_it_is_given() -> None:
    assert perplexity(math.log(8)) == pytest.approx(8)
    assert isinstance(perplexity(1.0), float)
    torch.testing.assert_close(perplexity(torch.tensor([0.0, 1.0])), torch.tensor([1.0, math.e]))


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_leaves_the_model_as_it_was(model: GPTModel, training: bool) -> None:
    model.train(training)
    data = batches()
    losses = [batch_loss(model, *batch).item() for batch in data]
    assert evaluate(model, data) == pytest.approx(sum(losses) / 4)
    assert evaluate(model, data, max_batches=2) == pytest.approx(sum(losses[:2]) / 2)
    assert math.isnan(evaluate(model, [])) and math.isnan(evaluate(model, data, max_batches=0))
    assert model.training == training
    with pytest.raises(IndexError):
        evaluate(model, [(torch.tensor([[99]]), torch.tensor([[0]]))])
    assert model.training == training


def test_training_follows_the_plain_loop(model: GPTModel) -> None:
    torch.manual_seed(5)
    peer = GPTModel(CONFIG)
    data, seen = batches(), []
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)  # left over from before
    losses = train_model(
        model.eval(), data, torch.optim.AdamW(model.parameters(), lr=0.01), 2, on_step=lambda *step: seen.append(step)
    )
    optimizer, expected = torch.optim.AdamW(peer.parameters(), lr=0.01), []
    for inputs, targets in data * 2:
        loss = F.cross_entropy(peer(inputs).reshape(-1, 30), targets.reshape(-1))
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses == pytest.approx(expected, rel=1e-5)
    assert seen == list(enumerate(losses))
    assert model.training
    for ours, theirs in zip(model.parameters(), peer.parameters()):
        torch.testing.assert_close(ours, theirs)


def test_a_model_can_learn_a_text_by_heart(model: GPTModel) -> None:
    loader = make_loader([*range(20)] * 3, 6, 6, batch_size=3)
    losses = train_model(model, loader, torch.optim.AdamW(model.parameters(), lr=0.03), 60)
    assert losses[0] > 2.5 and losses[-1] < 0.5


def test_the_schedule_passes_its_three_points() -> None:
    at = [learning_rate(step, 100, 10, 0.1, 1.0, 0.2) for step in (0, 5, 10, 55, 100)]
    assert at == pytest.approx([0.1, 0.55, 1.0, 0.6, 0.2])
    assert learning_rate(0, 100, 0, 0.1, 1.0, 0.2) == 1.0
    assert learning_rate(10, 10, 10, 0.1, 1.0, 0.2) == 1.0


@pytest.mark.parametrize("max_norm", [0.01, 1e3])
def test_clipping_agrees_with_torch(model: GPTModel, max_norm: float) -> None:
    batch_loss(model, *batches(1)[0]).backward()
    model.out_head.weight.grad = None
    before = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    norm = clip_gradients(model.parameters(), max_norm)
    clipped = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    for name, parameter in model.named_parameters():
        parameter.grad = before.get(name)
    torch.testing.assert_close(norm, nn.utils.clip_grad_norm_(model.parameters(), max_norm))
    for name, parameter in model.named_parameters():
        if name in clipped:
            torch.testing.assert_close(clipped[name], parameter.grad)
    assert clip_gradients([torch.ones(2)], 1.0) == 0


def test_the_scheduled_loop_warms_up_and_cools_down(model: GPTModel) -> None:
    optimizer = torch.optim.AdamW([{"params": [p]} for p in model.parameters()], lr=0.02)
    losses, lrs = train_with_schedule(model, batches(5), optimizer, 4, warmup_steps=4, initial_lr=0.001, min_lr=0.0)
    assert len(losses) == len(lrs) == 20
    assert lrs == pytest.approx([learning_rate(step, 20, 4, 0.001, 0.02, 0.0) for step in range(20)])
    assert {group["lr"] for group in optimizer.param_groups} == {lrs[-1]}


def test_greedy_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.1, 2.0, 0.3], [5.0, 1.0, 4.9]])
    assert sample_next(logits).tolist() == [[1], [0]]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_follow_softmax(temperature: float) -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, -1.0])
    draw = torch.Generator().manual_seed(8)
    drawn = sample_next(logits.expand(20_000, 4), temperature, generator=draw)
    found = torch.bincount(drawn.flatten(), minlength=4) / 20_000
    torch.testing.assert_close(found, torch.softmax(logits / temperature, -1), atol=0.015, rtol=0)


def test_top_k_keeps_ties_and_forgives_a_large_k() -> None:
    logits = torch.tensor([[3.0, 1.0, 1.0, 0.0]]).expand(4_000, 4)
    draw = torch.Generator().manual_seed(9)
    assert set(sample_next(logits, 1.0, 2, draw).flatten().tolist()) == {0, 1, 2}
    assert set(sample_next(logits, 1.0, 1, draw).flatten().tolist()) == {0}
    assert set(sample_next(logits, 1.0, 99, draw).flatten().tolist()) == {0, 1, 2, 3}


def test_a_finished_row_is_filled_and_all_finished_stops() -> None:
    model = Scripted({1: 2, 2: 9, 9: 1, 3: 4, 4: 5, 5: 9})
    ids = generate(model, torch.tensor([[9, 1], [9, 3]]), 20, 3, eos_id=9)
    assert ids.tolist() == [[9, 1, 2, 9, 9], [9, 3, 4, 5, 9]]
    assert model.longest == 3
    assert generate(model, torch.tensor([[1]]), 3, 8).tolist() == [[1, 2, 9, 1]]
    assert generate(model, torch.tensor([[1]]), 0, 8).tolist() == [[1]]


def test_generation_is_greedy_by_default_and_repeatable_otherwise(model: GPTModel) -> None:
    prompt = torch.randint(0, 30, (2, 4))
    model.train()
    assert torch.equal(generate(model, prompt, 9, 6), generate_greedy(model, prompt, 9, 6))
    runs = [generate(model, prompt, 9, 6, 1.0, 5, generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*runs)
    assert model.training


@pytest.mark.parametrize("training", [True, False])
def test_a_sample_is_the_same_for_each_seed_whatever_the_mode(training: bool) -> None:
    torch.manual_seed(5)
    tokenizer = load_tokenizer("story")
    model = GPTModel(GPTConfig(tokenizer.n_vocab, 16, emb_dim=16, n_heads=2, n_layers=1, drop_rate=0.5)).train(training)
    first, again, other = (sample(model, tokenizer, "La luna", 12, top_k=None, seed=seed) for seed in (3, 3, 4))
    assert first == again != other
    assert model.training == training
    with pytest.raises(RuntimeError):
        sample(model, tokenizer, "La luna", top_k=0)  # the least is 1
    assert model.training == training


def test_a_prompt_may_spell_the_end_of_a_text() -> None:
    tokenizer = load_tokenizer("story")
    model = GPTModel(GPTConfig(tokenizer.n_vocab, 16, emb_dim=16, n_heads=2, n_layers=1))
    assert sample(model, tokenizer, END_OF_TEXT, max_new_tokens=2).startswith(END_OF_TEXT)
