"""Appendix D."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from desdecero.authoring.oracles.ch05 import batches, tiny_logits, tiny_model


def scheduled(optimizer: SGD, total: int, warmup: int, initial: float, peak: float, last: float) -> SequentialLR:
    """torch's own two schedules, one after the other; sets the rate of the first step at once."""
    rise = LinearLR(optimizer, start_factor=initial / peak, end_factor=1.0, total_iters=warmup)
    fall = CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=last)
    return SequentialLR(optimizer, [rise, fall], milestones=[warmup])


def learning_rate() -> dict[str, Tensor]:
    """torch's own schedules, from step 0 to the last, end included."""
    numbers = (20, 6, 0.002, 0.3, 0.015)
    optimizer = SGD([nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=numbers[3])
    schedule, rates = scheduled(optimizer, *numbers), []
    for _ in range(numbers[0] + 1):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return {"numbers": torch.tensor(numbers).double(), "expected": torch.tensor(rates, dtype=torch.float64)}


def clip_gradients() -> dict[str, Tensor]:
    """torch's own clipping, once where it bites and once where it does not."""
    draw = torch.Generator().manual_seed(902)
    sizes, found = ((3, 4), (5,), (), (2, 3)), {}
    gradients = [torch.randn(size, generator=draw).double() for size in sizes]
    for name, max_norm in (("tight", 0.5), ("loose", 50.0)):
        parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient.clone()
        found["norm"] = nn.utils.clip_grad_norm_(parameters, max_norm)
        found |= {f"{name}{i}": parameter.grad for i, parameter in enumerate(parameters)}
    return found | {f"gradient{i}": gradient for i, gradient in enumerate(gradients)}


def train_with_schedule() -> dict[str, Tensor]:
    """torch's schedules, clipping and SGD; three epochs of four batches."""
    draw = torch.Generator().manual_seed(903)
    start, data = tiny_model(draw), batches(draw, 4, 2, 3)
    model = {name: nn.Parameter(value.clone()) for name, value in start.items()}
    optimizer = SGD(model.values(), lr=0.6, momentum=0.9)
    schedule, losses, rates = scheduled(optimizer, 12, 3, 0.05, 0.6, 0.02), [], []
    for x, y in list(zip(data["inputs"], data["targets"])) * 3:
        optimizer.zero_grad()
        loss = F.nll_loss(tiny_logits(model, x).log_softmax(-1).transpose(1, 2), y)  # (B, V, T), (B, T)
        loss.backward()
        nn.utils.clip_grad_norm_(model.values(), 0.25)
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    expected = torch.cat([model["table"].detach(), model["place"].detach()])
    found = {"losses": torch.tensor(losses, dtype=torch.float64), "lrs": torch.tensor(rates, dtype=torch.float64)}
    return start | data | found | {"expected": expected}
