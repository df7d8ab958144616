"""The fused model gives the numbers of the one that the chapters write out, gradients included."""

import copy
import subprocess
import sys

import pytest
import torch

from desdecero.fast import FUSED, fuse
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.training import batch_loss

CONFIG = GPTConfig(vocab_size=61, context_length=24, emb_dim=32, n_heads=4, n_layers=2, drop_rate=0.0)


def pair(config: GPTConfig = CONFIG) -> tuple[GPTModel, GPTModel]:
    torch.manual_seed(0)
    taught = GPTModel(config)
    for parameter in taught.parameters():
        parameter.data.add_(0.2 * torch.randn(parameter.shape))
    return taught, fuse(copy.deepcopy(taught))


def batch(length: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(61, (3, length + 1), generator=torch.Generator().manual_seed(1))
    return ids[:, :-1], ids[:, 1:]


def test_every_taught_part_is_replaced_and_keeps_its_names() -> None:
    taught, fused = pair()
    assert not [type(module) for module in fused.modules() if type(module) in FUSED]
    assert list(taught.state_dict()) == list(fused.state_dict())


@pytest.mark.parametrize("length", [1, 7, 24])
@pytest.mark.parametrize("gradients", [True, False])
def test_logits_are_equal(length: int, gradients: bool) -> None:
    taught, fused = pair()
    inputs, _ = batch(length)
    with torch.set_grad_enabled(gradients):
        torch.testing.assert_close(fused(inputs), taught(inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", ["loss inside", "loss of logits"])
def test_losses_and_gradients_are_equal(way: str) -> None:
    taught, fused = pair()
    inputs, targets = batch()
    expected = batch_loss(taught, inputs, targets)
    expected.backward()
    loss = fused(inputs, targets) if way == "loss inside" else batch_loss(fused, inputs, targets)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    for (name, ours), theirs in zip(fused.named_parameters(), taught.parameters()):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5, msg=name)


def test_a_loss_over_several_pieces_is_equal_too() -> None:
    taught, fused = pair()
    ids = torch.randint(61, (60, 25), generator=torch.Generator().manual_seed(2))  # 1,440 positions
    with torch.no_grad():
        torch.testing.assert_close(fused(ids[:, :-1], ids[:, 1:]), batch_loss(taught, ids[:, :-1], ids[:, 1:]))


def test_half_precision_stays_near() -> None:
    taught, fused = pair()
    inputs, targets = batch()
    with torch.autocast("cpu", torch.bfloat16):
        near = fused(inputs, targets)
    assert near.dtype == torch.float32
    assert near.item() == pytest.approx(batch_loss(taught, inputs, targets).item(), abs=0.05)


def test_dropout_acts_in_training_only() -> None:
    _, fused = pair(GPTConfig(61, 24, 32, 4, 2, drop_rate=0.3))
    inputs, targets = batch()
    fused.train()
    assert fused(inputs, targets).item() != fused(inputs, targets).item()
    fused.eval()
    assert fused(inputs, targets).item() == fused(inputs, targets).item()


def test_keeping_memory_harms_nothing() -> None:
    code = "from desdecero.fast import keep_memory; keep_memory(); import torch; print(torch.ones(10**7).sum().item())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "10000000.0"
