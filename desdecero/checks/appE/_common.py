"""What the checks of this appendix share: how a wrapped layer is known, a stand-in for one, and models to change."""

import contextlib
import sys
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.exercise import Text
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.gpt import GPTConfig, GPTModel

# Mistakes in changing the layers of a model.
SURGERY: dict[str | None, Text] = {
    "no_return": (
        "Tu función no devuelve nada: acaba con return model.",
        "Your function returns nothing: end it with return model.",
    ),
    "not_the_model": (
        "Devuelves {got}, y se esperaba el mismo modelo que se recibe, ya cambiado: ni una copia ni una parte.",
        "You return {got}; expected the very model that is given, now changed: neither a copy nor a part of it.",
    ),
    "dotted_name": (
        "Has creado un hijo que se llama «{name}», y la capa sigue donde estaba: setattr no entiende los puntos. "
        "Busca primero el módulo que la contiene, o baja por los hijos con recursión.",
        "You created a child called “{name}”, and the layer is still where it was: setattr does not understand dots. "
        "Find the module that holds it first, or go down the children by recursion.",
    ),
}


def update(x: Tensor, A: Tensor, B: Tensor, alpha: float) -> Tensor:
    """What is added to the linear layer's output: the truth, by torch's own function."""
    return F.linear(F.linear(x, A.T), B.T) * alpha


class Update(nn.Module):
    """Stands in for the student's `LoRALayer`."""

    def __init__(self, A: Tensor, B: Tensor, alpha: float) -> None:
        super().__init__()
        self.A, self.B, self.alpha = nn.Parameter(A), nn.Parameter(B), alpha

    def forward(self, x: Tensor) -> Tensor:
        return update(x, self.A, self.B, self.alpha)


class Adapted(nn.Module):
    """Stands in for the student's `LinearWithLoRA`: another class with the same attributes."""

    def __init__(self, linear: nn.Linear, lora: nn.Module) -> None:
        super().__init__()
        self.linear, self.lora = linear.requires_grad_(False), lora

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + self.lora(x)


class Branch(nn.Module):
    """Has a layer called `linear`, as a wrapped layer does, but is none."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.linear, self.gate = nn.Linear(d, d), nn.Linear(d, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) * self.gate(x).sigmoid()


class Network(nn.Module):
    """Linear layers at every depth and of several sizes, some without bias, beside an embedding and a norm."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(7, d)
        self.first = nn.Linear(d, d + 2)
        self.body = nn.Sequential(
            nn.Linear(d + 2, d, bias=False), nn.Tanh(), nn.Sequential(nn.Linear(d, d), nn.Dropout(0.0))
        )
        self.norm = nn.LayerNorm(d)
        self.branches = nn.ModuleDict({"left": Branch(d), "right": Branch(d)})
        self.head = nn.Linear(d, 3, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.body(self.first(self.emb(ids)))
        return self.head(self.norm(x) + sum(branch(x) for branch in self.branches.values()))


def network(probe: Probe, d: int = 4) -> Network:
    return randomised(probe, Network(d))


def small_gpt(probe: Probe) -> GPTModel:
    return randomised(probe, GPTModel(GPTConfig(7, 5, 6, 2, 2, 0.0, qkv_bias=True)))


def shared(probe: Probe) -> nn.Sequential:
    """A part that stands in the model twice."""
    branch = Branch(5)
    return randomised(probe, nn.Sequential(nn.Embedding(7, 5), branch, nn.Tanh(), branch))


@torch.no_grad()
def randomised(probe: Probe, model: nn.Module) -> nn.Module:
    """The model with weights that are not what they were at the start."""
    for parameter in model.parameters():
        parameter.copy_(probe.randn(*parameter.shape, scale=0.5))
    return model.eval()


def is_wrapped(module: object) -> bool:
    return isinstance(getattr(module, "linear", None), nn.Linear) and hasattr(module, "lora")


def places(model: nn.Module) -> dict[str, nn.Module]:
    """Where a linear layer stands, wrapped or not; what is inside a wrapped one does not count."""
    found: dict[str, nn.Module] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        inside = any(path.startswith(f"{other}.") for other in found)
        if not inside and (isinstance(module, nn.Linear) or hasattr(module, "lora")):
            found[path] = module
    return found


def replace(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)


def dotted(model: nn.Module) -> Iterator[str]:
    """Names that no module gives its child on purpose."""
    for module in model.modules():
        yield from (name for name, _ in module.named_children() if "." in name)


@contextlib.contextmanager
def shallow() -> Iterator[None]:
    """Let a recursion that never ends be over soon; the models here are a few levels deep."""
    before, depth, frame = sys.getrecursionlimit(), 0, sys._getframe()
    while frame := frame.f_back:
        depth += 1
    sys.setrecursionlimit(depth + 200)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def change(probe: Probe, model: nn.Module, *args: object, **named: object) -> None:
    """Let the answer work on `model`, which it must return."""
    try:
        with shallow():
            result = probe(probe.candidate, model, *args, **named)
    except Wrong as wrong:
        if wrong.fault == "raises" and (name := next(dotted(model), None)):
            raise Wrong("dotted_name", name=name) from None
        raise
    if name := next(dotted(model), None):
        raise Wrong("dotted_name", name=name)
    if result is None:
        raise Wrong("no_return")
    if result is not model:
        raise Wrong("not_the_model", got=type_name(result))
