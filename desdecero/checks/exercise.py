"""An exercise: what it is called, what an answer may not use, and the items that make it right."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file

from desdecero.checks.guard import NOTHING, Forbidden, Guard
from desdecero.checks.isolation import TimeUp, known_start, silence, time_limit
from desdecero.checks.probe import Probe, Wrong, close, describe
from desdecero.checks.report import Item, Report
from desdecero.edition import say

Text = tuple[str, str]  # Spanish, English
Judge = Callable[[Probe], str | None]  # raises Wrong; returns what there is to say of a right answer, if anything

REFERENCES = Path(__file__).parent / "references"

# Mistakes that any exercise can meet. {…} is filled with the details of the case.
COMMON_FAULTS: dict[str | None, Text] = {
    None: (
        "El resultado no coincide: en la posición {place} da {got} y se esperaba {expected}.",
        "The result is off: at position {place} it gives {got}, expected {expected}.",
    ),
    "off": (
        "El resultado no coincide: da {got} y se esperaba {expected}.",
        "The result is off: it gives {got}, expected {expected}.",
    ),
    "unexpected": (
        "El resultado no es el esperado: {detail}.",
        "The result is not the expected one: {detail}.",
    ),
    "not_implemented": (
        "Aún no está escrito: sustituye «raise NotImplementedError()» por tu código.",
        "Not written yet: replace “raise NotImplementedError()” with your code.",
    ),
    "raises": ("Tu código se interrumpe con un error: {error}.", "Your code stops with an error: {error}."),
    "timeout": (
        "Tu código no ha terminado en {seconds} segundos: busca un bucle que no acaba nunca.",
        "Your code did not finish within {seconds} seconds: look for a loop that never ends.",
    ),
    "forbidden": (
        "El ejercicio consiste en escribir justo lo que «{name}» ya hace: resuélvelo sin usarlo.",
        "The exercise is to write what “{name}” already does: solve it without using that.",
    ),
    "changes_input": (
        "Tu código modifica el tensor que recibe: calcula uno nuevo (cuidado con «+=» y con los métodos que "
        "acaban en «_»).",
        "Your code changes the tensor it is given: compute a new one (mind “+=” and methods that end in “_”).",
    ),
    "not_a_module": (
        "Se esperaba una clase que herede de nn.Module y hay «{got}».",
        "Expected a class that inherits from nn.Module, found “{got}”.",
    ),
    "not_a_tensor": (
        "Se esperaba un tensor y se ha recibido «{got}»: ¿falta el return?",
        "Expected a tensor and got “{got}”: is the return missing?",
    ),
    "missing_attribute": (
        "Falta el atributo «{name}»: créalo en __init__ con ese nombre exacto.",
        "The attribute “{name}” is missing: create it in __init__ under exactly that name.",
    ),
    "wrong_attribute": (
        "El atributo «{name}» es de tipo {got} y debería ser {kind}.",
        "The attribute “{name}” is a {got}; it should be a {kind}.",
    ),
    "weight_shape": (
        "El peso «{name}» tiene forma {got} y se esperaba {expected}.",
        "The weight “{name}” has shape {got}, expected {expected}.",
    ),
    "shape": (
        "La forma del resultado es {got} y se esperaba {expected}.",
        "The result has shape {got}, expected {expected}.",
    ),
    "dtype": (
        "El tipo del resultado es {got} y se esperaba {expected}: conserva el de la entrada.",
        "The result's dtype is {got}, expected {expected}: keep the input's.",
    ),
    "no_gradient": (
        "El resultado no está unido a los pesos: no uses detach, no_grad ni .item() por el camino.",
        "The result is cut off from the weights: use no detach, no_grad or .item() on the way.",
    ),
    "not_finite": (
        "El resultado contiene nan o inf donde debería haber números normales.",
        "The result holds nan or inf where there should be ordinary numbers.",
    ),
}

# An answer that meets one of these earns nothing, whatever else it gets right.
_FINAL = {"forbidden", "timeout"}


@dataclass
class _Task:
    name: str
    title: Text
    points: float
    judge: Judge


@dataclass
class Exercise:
    """One exercise of the contract.

    `defines` is the name the student gives the answer, `reference` where the course's own stands
    (`"desdecero.gpt:LayerNorm"`; None when only the chapter has it), `faults` the mistakes it recognises, with
    what to tell the student. `seconds` bounds one item of the check.
    """

    id: str
    defines: str
    reference: str | None
    difficulty: int
    minutes: int
    faults: Mapping[str, Text]
    forbidden: Forbidden = NOTHING
    seconds: float = 6.0
    tasks: list[_Task] = field(default_factory=list)

    @property
    def points(self) -> float:
        return sum(task.points for task in self.tasks)

    def item(self, name: str, es: str, en: str, points: float = 1) -> Callable[[Judge], Judge]:
        """Register a function that raises `Wrong` when this part of the answer is wrong."""

        def register(judge: Judge) -> Judge:
            self.tasks.append(_Task(name, (es, en), points, judge))
            return judge

        return register

    def stored(self) -> dict[str, torch.Tensor]:
        """The reference tensors made once by an oracle that is not the course's code."""
        return load_file(REFERENCES / f"{self.id}.safetensors")

    def run(self, candidate: object, seed: int) -> Report:
        """Judge `candidate`. Never raises, whatever the candidate does short of killing the process."""
        close(torch.zeros(1), torch.zeros(1))  # torch loads what it compares with now, not in the student's time
        items: list[Item] = []
        final: Wrong | None = None
        for task in self.tasks:
            verdict = final or self._try(task, candidate, seed)
            if isinstance(verdict, Wrong) and verdict.fault in _FINAL:
                final = verdict
            items.append(self._item(task, verdict))
        if final is not None:
            items = [self._item(task, final) for task in self.tasks]
        return Report(self.id, tuple(items))

    def _try(self, task: _Task, candidate: object, seed: int) -> Wrong | str:
        """Run one item; return what is wrong, or what there is to say of a right answer, mostly nothing."""
        try:
            with known_start(seed), silence(), time_limit(self.seconds):
                probe = Probe(candidate, Guard(self.forbidden, self.reference), seed, task.name)
                return task.judge(probe) or ""
        except Wrong as wrong:
            return wrong
        except TimeUp:
            return Wrong("timeout", seconds=f"{self.seconds:g}")
        except BaseException as error:  # a candidate's odd object can make our own comparison raise
            return Wrong("raises", error=describe(error))

    def _item(self, task: _Task, verdict: Wrong | str) -> Item:
        title = say(*task.title)
        if isinstance(verdict, str):
            return Item(task.name, title, True, task.points, verdict)
        wrong, fault = verdict, verdict.fault
        texts = self.faults.get(fault) or COMMON_FAULTS.get(fault) or COMMON_FAULTS["unexpected"]
        if fault is None and not wrong.details.get("place"):  # a single number has no position
            texts = COMMON_FAULTS["off" if "place" in wrong.details else "unexpected"]
        message = say(*texts).format_map(_Details(wrong.details))
        return Item(task.name, title, False, task.points, message, fault)


class _Details(dict):
    """Fills a message; a detail that the case does not have is left out."""

    def __missing__(self, key: str) -> str:
        return "…"
