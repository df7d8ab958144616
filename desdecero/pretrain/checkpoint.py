"""What a run leaves behind: checkpoints from which it goes on, and the curve of its losses."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import AdamW

from desdecero.edition import say
from desdecero.files import whole
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.weights import WeightsError, readable

CHECKPOINT, CURVE = "checkpoint.safetensors", "losses.csv"
_MEMORY = ("exp_avg", "exp_avg_sq")  # AdamW's, of every parameter


def save_checkpoint(
    path: Path,
    model: GPTModel,
    optimizer: AdamW,
    step: int,
    config: GPTConfig | None = None,
    settings: Mapping[str, object] | None = None,
) -> None:
    """Weights and the optimizer's memory after `step` steps, in one file, written whole or not at all.

    With `config` and `settings`, the file says which model it is of, and how it was trained.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight.{name}"] = parameter.detach().contiguous()
        for key in _MEMORY:
            tensors[f"{key}.{name}"] = optimizer.state[parameter][key].contiguous()
    metadata = {"step": str(step)}
    if config is not None:
        metadata["config"] = json.dumps(asdict(config))
    if settings is not None:
        metadata["settings"] = json.dumps(dict(settings))
    with whole(path) as part:
        save_file(tensors, part, metadata)


def load_checkpoint(path: Path, model: GPTModel, optimizer: AdamW, config: GPTConfig | None = None) -> int:
    """Take up where `save_checkpoint` left off; returns the number of steps done.

    Raises:
        WeightsError: if the file is missing, damaged, or of a model that is not like this one, whose configuration
            is `config`; model and optimizer are left as they were.
    """
    with readable(path), safe_open(path, framework="pt") as file, torch.no_grad():
        parameters = dict(model.named_parameters())
        wanted = {f"{key}.{name}": [*p.shape] for name, p in parameters.items() for key in ("weight", *_MEMORY)}
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 (it is no dict)
        metadata = file.metadata() or {}
        if shapes != wanted or not _may_be_of(config, metadata):
            raise _of_another_model(path)
        step = int(metadata["step"])
        for name, parameter in parameters.items():
            parameter.copy_(file.get_tensor(f"weight.{name}"))
            # Copied: what `get_tensor` gives lies in the file, which the next checkpoint is going to replace.
            memory = {key: file.get_tensor(f"{key}.{name}").to(parameter.device, copy=True) for key in _MEMORY}
            optimizer.state[parameter] = {"step": torch.tensor(float(step)), **memory}
    return step


def _may_be_of(config: GPTConfig | None, metadata: Mapping[str, str]) -> bool:
    """Whether nothing speaks against it: older files don't say their configuration."""
    return config is None or json.loads(metadata.get("config", "null")) in (None, asdict(config))


def _of_another_model(path: Path) -> WeightsError:
    return WeightsError(
        say(
            f"El punto de control {path} es de un modelo con otra configuración: elige otra carpeta con --out.",
            f"The checkpoint {path} is of a model of another configuration: name another folder with --out.",
        )
    )


def going_on(out: Path, config: GPTConfig, settings: Mapping[str, object]) -> str | None:
    """What to tell of a run in `out` that is not new: where it goes on, and with which settings unlike before.

    Raises:
        WeightsError: if its checkpoint is damaged, or of another model.
    """
    path = out / CHECKPOINT
    if not path.exists():
        return None
    with readable(path), safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if not _may_be_of(config, metadata):
        raise _of_another_model(path)
    done, steps = int(metadata.get("step", 0)), settings["steps"]
    before = {name: old for name, old in json.loads(metadata.get("settings", "{}")).items() if name in settings}
    changed = [f"{name} {old} → {settings[name]}" for name, old in before.items() if settings[name] != old]
    if done >= steps:
        return say(
            f"La ejecución de {out} ya ha dado {done} pasos: para que siga, pide más con --steps; para empezar otra, "
            "elige otra carpeta con --out.",
            f"The run in {out} has made {done} steps already: for more, raise --steps; to begin another, name another "
            "folder with --out.",
        )
    told = say(f"Sigue en el paso {done} de {steps}", f"Goes on at step {done} of {steps}")
    other = say(", con otros ajustes que antes: ", ", with other settings than before: ") + ", ".join(changed)
    return told + (other if changed else "") + "."


def write_curve(path: Path, losses: list[float]) -> None:
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("step", "loss"), *enumerate(losses, start=1)])


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
    with whole(path) as part:
        figure.savefig(part, format="png", dpi=120, facecolor="white")
