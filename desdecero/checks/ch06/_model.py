"""Models whose scores are known, and which note how they are called."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.probe import Wrong
from desdecero.gpt import GPTConfig, GPTModel

MODE_FAULTS = {
    "train_mode": (
        "El modelo contesta en modo de entrenamiento, con el dropout activo: llama antes a model.eval().",
        "The model answers in training mode, with dropout at work: call model.eval() first.",
    ),
    "left_in_eval": (
        "El modelo llega en modo de entrenamiento y se queda en modo eval: apunta model.training y restáuralo.",
        "The model arrives in training mode and stays in eval mode: note model.training and restore it at the end.",
    ),
    "left_in_train": (
        "El modelo llega en modo eval y se queda en modo de entrenamiento: restaura el que tenía, "
        "model.train(was_training).",
        "The model arrives in eval mode and stays in training mode: restore the one it had, model.train(was_training).",
    ),
    "gradients": (
        "El modelo se ejecuta con gradientes, que aquí solo gastan memoria: usa torch.no_grad().",
        "The model runs with gradients, which only cost memory here: use torch.no_grad().",
    ),
    "gradients_left_off": (
        "Al terminar, los gradientes quedan desactivados para todo el programa: "
        "usa torch.no_grad() como decorador o con with.",
        "When done, gradients stay off for the whole program: use torch.no_grad() as a decorator or in a with.",
    ),
}


@dataclass
class Call:
    """How the model was called once."""

    token_ids: Tensor
    training: bool
    gradients: bool


class Watched(GPTModel):
    """A GPT with a classification head; it notes its calls."""

    def __init__(self, cfg: GPTConfig, num_classes: int) -> None:
        super().__init__(cfg)
        self.out_head = nn.Linear(cfg.emb_dim, num_classes)
        self.limit = cfg.context_length  # not "context_length": GPTModel has no such attribute
        self.calls: list[Call] = []

    def in_training(self) -> bool:
        return any(part.training for part in self.modules())

    def forward(self, token_ids: Tensor) -> Tensor:
        self.calls.append(Call(token_ids.clone(), self.in_training(), torch.is_grad_enabled()))
        return self.logits(token_ids)

    def logits(self, token_ids: Tensor) -> Tensor:
        return super().forward(token_ids)


class Scored(Watched):
    """In place of what it would compute, the `running_mean` of `scores`, which has a row for each token."""

    def __init__(self, scores: Tensor, context_length: int) -> None:
        super().__init__(GPTConfig(len(scores), context_length, 4, 1, 1), scores.shape[1])
        self.scores = scores

    def logits(self, token_ids: Tensor) -> Tensor:
        if token_ids.shape[1] > self.limit:  # as in a GPT, and so do ids of one dimension
            raise IndexError("index out of range in self")
        return running_mean(token_ids, self.scores)


class Wrapped(nn.Module):
    """A model of which nothing is known but that it takes ids and gives logits."""

    def __init__(self, model: Watched) -> None:
        super().__init__()
        self.inner = model

    def forward(self, token_ids: Tensor) -> Tensor:
        return self.inner(token_ids)


def running_mean(token_ids: Tensor, scores: Tensor) -> Tensor:
    """The logits of `Scored`, `(B, T) -> (B, T, C)`: each position depends on all before, and moves the classes on."""
    sums = F.embedding(token_ids, scores).cumsum(dim=1)
    t, classes = sums.shape[1:]
    places = torch.arange(t)[:, None]
    turned = (torch.arange(classes) + places) % classes  # (T, C)
    return (sums / (places + 1)).gather(2, turned.expand_as(sums))


def small_gpt(n_layers: int, stored: dict[str, Tensor] | None = None, num_classes: int | None = None) -> GPTModel:
    """A small GPT in float64, as the stored weights need it; with `num_classes`, it has a head and notes its calls."""
    cfg = GPTConfig(19, 8, 12, 3, n_layers, 0.0, qkv_bias=True)
    model = (GPTModel(cfg) if num_classes is None else Watched(cfg, num_classes)).double()
    if stored is not None:
        load(model, stored)
    return model


@torch.no_grad()
def load(model: nn.Module, stored: dict[str, Tensor]) -> None:
    """Copy the stored weights that fit; the head's bias becomes zero."""
    for name, parameter in model.named_parameters():
        if name == "out_head.bias":
            parameter.zero_()
        elif name in stored and stored[name].shape == parameter.shape:
            parameter.copy_(stored[name])


def check_calls(model: Watched) -> None:
    """Without dropout, and without gradients that nobody uses."""
    if any(call.training for call in model.calls):
        raise Wrong("train_mode")


def check_mode(model: Watched, was_training: bool) -> None:
    check_calls(model)
    if model.in_training() != was_training:
        raise Wrong("left_in_eval" if was_training else "left_in_train")


def check_gradients(model: Watched) -> None:
    if any(call.gradients for call in model.calls):
        raise Wrong("gradients")
    if not torch.is_grad_enabled():
        raise Wrong("gradients_left_off")
