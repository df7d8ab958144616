"""The pretraining run: AdamW with warm-up and cosine, clipping, checkpoints from which a killed run goes on.

Alone or under `torchrun`: with several processes each takes its part of every batch, and the losses are those of
one process with the whole batch.
"""

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
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import AdamW

from desdecero.device import best_device
from desdecero.edition import say
from desdecero.errors import BadArgument
from desdecero.fast import fuse, keep_memory
from desdecero.files import whole
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.pretrain.batches import Windows
from desdecero.pretrain.checkpoint import (
    CHECKPOINT,
    CURVE,
    draw_curve,
    load_checkpoint,
    read_curve,
    save_checkpoint,
    write_curve,
)
from desdecero.pretrain.prepare import SUMMARY
from desdecero.training import learning_rate
from desdecero.weights import CONFIG_FILE, WEIGHTS_FILE, load_weights, save_weights

CONFIGS = {
    # 9.0 million parameters: what the course ships.
    "mini": GPTConfig(8_192, context_length=256, emb_dim=256, n_heads=4, n_layers=6, drop_rate=0.0),
    # Half a minute on a laptop: to see the pipeline work.
    "trial": GPTConfig(8_192, context_length=64, emb_dim=64, n_heads=4, n_layers=2, drop_rate=0.0),
}


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
        speed = f"{self.tokens_per_second:,.0f} tokens/s"
        told = say(
            f"{self.step:6}/{self.steps}  pérdida {self.loss:.3f}  {speed}  quedan {minutes}:{seconds:02}",
            f"{self.step:6}/{self.steps}  loss {self.loss:.3f}  {speed}  {minutes}:{seconds:02} left",
        )
        if self.bits_per_byte is None:
            return told
        return (
            told
            + say("  validación: ", "  validation: ")
            + f"{self.bits_per_byte:.3f} "
            + say("bits por byte", "bits per byte")
        )


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
    from its last checkpoint there, also with other settings: more steps, say.

    Raises:
        BadArgument: if the processes can't share a batch evenly.
        CorpusError: if there are no shards, or too few tokens in them.
        WeightsError: if the checkpoint in `out` is damaged or of another `config`, or `start` does not fit.
    """
    rank, world_size = processes(settings)
    device = device_of(world_size)
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
        done = load_checkpoint(out / CHECKPOINT, model, optimizer, config)
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
    began = time.perf_counter()
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
            seconds = time.perf_counter() - began
            speed = (step + 1 - done) / seconds
            bits = validate(model, validation, settings, precision, bytes_per_token) if due else None
            tokens = speed * settings.batch_size * config.context_length
            tell(Progress(step + 1, settings.steps, losses[-1], tokens, (settings.steps - step - 1) / speed, bits))
            if last or (step + 1) % settings.save_every == 0:
                write_curve(out / CURVE, losses)
                save_checkpoint(out / CHECKPOINT, model, optimizer, step + 1, config, asdict(settings))
    if rank == 0 and (done < settings.steps or not (out / WEIGHTS_FILE).exists()):
        save_weights(model, out / WEIGHTS_FILE)
        description = {"config": asdict(config), "settings": asdict(settings)}
        with whole(out / CONFIG_FILE) as part:
            part.write_text(json.dumps(description, indent=2), encoding="utf-8")
        draw_curve(losses, out / "losses.png")
    return losses


def processes(settings: Settings) -> tuple[int, int]:
    """This process's number and how many there are; joins the others when `torchrun` started it.

    Raises:
        BadArgument: if they can't share a batch evenly.
    """
    if "RANK" not in os.environ:
        return 0, 1
    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    size, count = settings.batch_size, dist.get_world_size()
    if size % count:
        raise BadArgument(
            say(
                f"{count} procesos no pueden repartirse por igual un lote de {size}: elige un múltiplo de {count}.",
                f"{count} processes can't share a batch of {size} evenly: choose a multiple of {count}.",
            )
        )
    return dist.get_rank(), count


def device_of(world_size: int) -> torch.device:
    """Where each process computes: gloo, which joins them without CUDA, knows the CPU and no Apple GPU."""
    return torch.device("cpu") if world_size > 1 and not torch.cuda.is_available() else best_device()


def _mean(loss: Tensor, world_size: int) -> float:
    """The loss over all processes' parts of the batch."""
    if world_size > 1:
        dist.all_reduce(loss)
        loss /= world_size
    return loss.item()


def _bytes_per_token(shards: Path) -> float:
    summary = json.loads((shards / SUMMARY).read_text(encoding="utf-8"))
    return summary["validation_bytes"] / summary["validation_tokens"]


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
