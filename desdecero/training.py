"""Chapter 5 and appendix D: losses, evaluation, the training loop, its schedule and clipping.

The loss is the mean cross-entropy of the next token. AdamW: Loshchilov and Hutter, 2019. Warm-up: Vaswani et al.,
2017. Cosine decay: Loshchilov and Hutter, 2017. Clipping by the global norm: Pascanu et al., 2013.

Shapes: B is the batch, T the tokens in a sequence, V the vocabulary.
"""

import math
from collections.abc import Callable, Iterable, Sequence, Sized
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

Batches = Iterable[tuple[Tensor, Tensor]]  # inputs and targets, (B, T) each


def batch_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over all tokens; `inputs` and `targets` are `(B, T)`, the result is a scalar."""
    device = next(model.parameters()).device
    logits = model(inputs.to(device))  # (B, T) -> (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), targets.to(device).flatten())  # (B·T, V), (B·T,)


def perplexity(loss: float | Tensor) -> float | Tensor:
    """Among how many equally likely tokens the model is as good as choosing: `exp(loss)`, of the kind of `loss`."""
    return torch.exp(loss) if isinstance(loss, Tensor) else math.exp(loss)


def evaluate(model: nn.Module, loader: Batches, max_batches: int | None = None) -> float:
    """The mean loss over (the first `max_batches`) batches, without dropout or gradients; `nan` if there is none.

    The model is left in the mode, train or eval, that it was in.
    """
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            losses = [batch_loss(model, *batch).item() for batch in islice(loader, max_batches)]
    finally:
        model.train(was_training)
    return sum(losses) / len(losses) if losses else math.nan


def bits_per_byte(model: nn.Module, ids: Sequence[int], context_length: int, bytes_of_text: int) -> float:
    """How many bits per byte of its text the tokens `ids` cost, read in windows of `context_length`.

    Unlike perplexity it compares models with different tokenizers. The first token has nothing before it and is
    not counted.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    nats = 0.0
    try:
        with torch.no_grad():
            for start in range(0, len(ids) - 1, context_length):
                window = torch.tensor(ids[start : start + context_length + 1], device=device)[None]  # (1, T + 1)
                nats += batch_loss(model, window[:, :-1], window[:, 1:]).item() * (window.shape[1] - 1)
    finally:
        model.train(was_training)
    return nats / math.log(2) / bytes_of_text


def train_model(
    model: nn.Module,
    train_loader: Batches,
    optimizer: Optimizer,
    num_epochs: int,
    on_step: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Train for `num_epochs` passes over batches of `(B, T)` inputs and targets; return the loss of every step.

    `on_step(step, loss)` is called after each step, with `step` counted from 0 across epochs.
    """
    model.train()
    losses: list[float] = []
    for _ in range(num_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = batch_loss(model, inputs, targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if on_step is not None:
                on_step(len(losses) - 1, losses[-1])
    return losses


def learning_rate(
    step: int, total_steps: int, warmup_steps: int, initial_lr: float, peak_lr: float, min_lr: float
) -> float:
    """A straight line from `initial_lr` to `peak_lr` at `warmup_steps`, then half a cosine to `min_lr` at the end."""
    if step < warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * (1 + math.cos(math.pi * progress)) / 2


def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients together, in place, so that their joint 2-norm is at most `max_norm`.

    Returns the norm before clipping, a scalar tensor; parameters without a gradient are skipped.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return torch.tensor(0.0)
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor)
    return norm


def train_with_schedule(
    model: nn.Module,
    train_loader: Batches,
    optimizer: Optimizer,
    num_epochs: int,
    warmup_steps: int,
    initial_lr: float,
    min_lr: float,
    max_norm: float = 1.0,
) -> tuple[list[float], list[float]]:
    """`train_model` with warm-up, cosine decay and clipping; returns the loss and the learning rate of every step.

    The schedule peaks at the optimizer's `lr` on entry. `train_loader` must know its length.
    """
    assert isinstance(train_loader, Sized), "the schedule needs to know how many batches there are"
    model.train()
    peak_lr = optimizer.param_groups[0]["lr"]
    total_steps = num_epochs * len(train_loader)
    losses: list[float] = []
    lrs: list[float] = []
    for _ in range(num_epochs):
        for inputs, targets in train_loader:
            lr = learning_rate(len(losses), total_steps, warmup_steps, initial_lr, peak_lr, min_lr)
            for group in optimizer.param_groups:
                group["lr"] = lr
            optimizer.zero_grad()
            loss = batch_loss(model, inputs, targets)
            loss.backward()
            clip_gradients(model.parameters(), max_norm)
            optimizer.step()
            losses.append(loss.item())
            lrs.append(lr)
    return losses, lrs
