"""The pretraining run: AdamW with warm-up and cosine, clipping, checkpoints from which a killed run goes on.

Alone or under `torchrun`: with several processes each takes its part of every batch, and the losses are those of
one process with the whole batch.
"""

import csv
import json
import math
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import AdamW

from desdecero.device import best_device
from desdecero.fast import fuse, keep_memory
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.pretrain.batches import Windows
from desdecero.training import learning_rate
from desdecero.weights import load_weights, save_weights

CONFIGS = {
    # 9.0 million parameters: what the course ships.
    "mini": GPTConfig(8_192, context_length=256, emb_dim=256, n_heads=4, n_layers=6, drop_rate=0.0),
    # Half a minute on a laptop: to see the pipeline work.
    "trial": GPTConfig(8_192, context_length=64, emb_dim=64, n_heads=4, n_layers=2, drop_rate=0.0),
}
CHECKPOINT, WEIGHTS, CURVE = "checkpoint.safetensors", "model.safetensors", "losses.csv"


@dataclass(frozen=True)
class Settings:
    """How to train. `batch_size` is that of all processes together; `precision` is "fp32" or "bf16"."""

    steps: int = 2_000
    batch_size: int = 32
    peak_lr: float = 1e-3
    min_lr: float = 1e-4
    warmup_steps: int = 100
    weight_decay: float = 0.1
    max_norm: float = 1.0
    precision: str = "fp32"
    compile: bool = False
    validate_every: int = 250
    validation_batches: int = 20
    save_every: int = 250
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """What a run tells after a step."""

    step: int
    steps: int
    loss: float
    tokens_per_second: float
    seconds_left: float
    bits_per_byte: float | None = None

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds_left), 60)
        validation = "" if self.bits_per_byte is None else f"  validation {self.bits_per_byte:.3f} bits per byte"
        speed = f"{self.tokens_per_second:,.0f} tokens/s"
        return f"{self.step:6}/{self.steps}  loss {self.loss:.3f}  {speed}  {minutes}:{seconds:02} left{validation}"


def start_weights(model: GPTModel) -> None:
    """GPT-2's start: normal of 0.02, smaller where a branch joins the trunk (Radford et al., 2019, section 2.3)."""
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif parameter.ndim == 2:
            joins = name.endswith(("att.out_proj.weight", "ff.layers.2.weight"))
            nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * len(model.trf_blocks)) if joins else 0.02)


def make_optimizer(model: GPTModel, settings: Settings) -> AdamW:
    """AdamW that shrinks matrices and leaves biases, scales and shifts alone."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return AdamW(groups, lr=settings.peak_lr, betas=(0.9, 0.95))


def save_checkpoint(path: Path, model: GPTModel, optimizer: AdamW, step: int) -> None:
    """Weights and the optimizer's memory after `step` steps, in one file, written whole or not at all."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight.{name}"] = parameter.detach().contiguous()
        for key in ("exp_avg", "exp_avg_sq"):
            tensors[f"{key}.{name}"] = optimizer.state[parameter][key].contiguous()
    temporary = path.with_name(path.name + ".part")
    save_file(tensors, temporary, {"step": str(step)})
    temporary.replace(path)


def load_checkpoint(path: Path, model: GPTModel, optimizer: AdamW) -> int:
    """Take up where `save_checkpoint` left off; returns the number of steps done."""
    with safe_open(path, framework="pt") as file, torch.no_grad():
        step = int(file.metadata()["step"])
        for name, parameter in model.named_parameters():
            parameter.copy_(file.get_tensor(f"weight.{name}"))
            optimizer.state[parameter] = {
                "step": torch.tensor(float(step)),
                **{key: file.get_tensor(f"{key}.{name}").to(parameter.device) for key in ("exp_avg", "exp_avg_sq")},
            }
    return step


def validate(model: GPTModel, windows: Windows, settings: Settings, precision, bytes_per_token: float) -> float:
    """Bits per byte on the same held-out windows every time."""
    model.eval()
    device = next(model.parameters()).device
    losses = []
    with torch.no_grad(), precision():
        for step in range(settings.validation_batches):
            inputs, targets = windows.batch(step, settings.batch_size)
            losses.append(model(inputs.to(device), targets.to(device)).item())
    model.train()
    return sum(losses) / len(losses) / math.log(2) / bytes_per_token


def pretrain(
    shards: Path,
    out: Path,
    config: GPTConfig,
    settings: Settings,
    tell: Callable[[Progress], None] = print,
    start: Path | None = None,
) -> list[float]:
    """Train on prepared shards and return the loss of every step.

    `start` names the weights to begin with, of an earlier run; without it they are random.
    Leaves `model.safetensors`, `losses.csv`, `losses.png` and `config.json` in `out`; a run that was stopped goes on
    from its last checkpoint there.
    """
    rank, world_size = _processes()
    device = best_device()
    out.mkdir(parents=True, exist_ok=True)
    keep_memory()
    torch.manual_seed(settings.seed)
    model = fuse(GPTModel(config))
    start_weights(model)
    if start is not None:
        load_weights(model, start)
    model.to(device)
    optimizer = make_optimizer(model, settings)
    done, losses = 0, []
    if (out / CHECKPOINT).exists():
        done = load_checkpoint(out / CHECKPOINT, model, optimizer)
        losses = read_curve(out / CURVE)[:done]
    trained: nn.Module = torch.compile(model) if settings.compile else model
    if world_size > 1:
        trained = DistributedDataParallel(trained)

    def precision():
        return torch.autocast(device.type, torch.bfloat16) if settings.precision == "bf16" else nullcontext()

    train = Windows(shards, "train", config.context_length, settings.seed)
    validation = Windows(shards, "validation", config.context_length, settings.seed + 1)
    bytes_per_token = _bytes_per_token(shards)
    trained.train()
    start = time.perf_counter()
    for step in range(done, settings.steps):
        lr = learning_rate(step, settings.steps, settings.warmup_steps, 0.0, settings.peak_lr, settings.min_lr)
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad(set_to_none=True)
        inputs, targets = train.batch(step, settings.batch_size, rank, world_size)
        with precision():
            loss = trained(inputs.to(device), targets.to(device))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.max_norm)
        optimizer.step()
        losses.append(_mean(loss.detach(), world_size))
        last = step + 1 == settings.steps
        due = last or (step + 1) % settings.validate_every == 0
        if rank == 0:
            seconds = time.perf_counter() - start
            speed = (step + 1 - done) / seconds
            bits = validate(model, validation, settings, precision, bytes_per_token) if due else None
            tokens = speed * settings.batch_size * config.context_length
            tell(Progress(step + 1, settings.steps, losses[-1], tokens, (settings.steps - step - 1) / speed, bits))
            if last or (step + 1) % settings.save_every == 0:
                write_curve(out / CURVE, losses)
                save_checkpoint(out / CHECKPOINT, model, optimizer, step + 1)
    if rank == 0:
        save_weights(model, out / WEIGHTS)
        description = {"config": asdict(config), "settings": asdict(settings)}
        (out / "config.json").write_text(json.dumps(description, indent=2), encoding="utf-8")
        draw_curve(losses, out / "losses.png")
    return losses


def _processes() -> tuple[int, int]:
    """This process's number and how many there are; joins the others when `torchrun` started it."""
    if "RANK" not in os.environ:
        return 0, 1
    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return dist.get_rank(), dist.get_world_size()


def _mean(loss: Tensor, world_size: int) -> float:
    """The loss over all processes' parts of the batch."""
    if world_size > 1:
        dist.all_reduce(loss)
        loss /= world_size
    return loss.item()


def _bytes_per_token(shards: Path) -> float:
    summary = json.loads((shards / "summary.json").read_text(encoding="utf-8"))
    return summary["validation_bytes"] / summary["validation_tokens"]


def write_curve(path: Path, losses: list[float]) -> None:
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("step", "loss"), *enumerate(losses, start=1)])
    temporary.replace(path)


def read_curve(path: Path) -> list[float]:
    with path.open(encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def draw_curve(losses: list[float], path: Path) -> None:
    """The loss of every step, as a picture."""
    from desdecero.plots import BLUE, canvas

    figure, axes = canvas(7, 3.5)
    axes.plot(range(1, len(losses) + 1), losses, color=BLUE, linewidth=1)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    figure.savefig(path, dpi=120, facecolor="white")


def for_trial(settings: Settings, steps: int) -> Settings:
    """The same run, shorter: warm-up and intervals shrink with the number of steps."""
    share = steps / settings.steps
    return replace(
        settings,
        steps=steps,
        warmup_steps=max(1, round(settings.warmup_steps * share)),
        validate_every=max(1, round(settings.validate_every * share)),
        save_every=max(1, round(settings.save_every * share)),
    )
