"""What the checks of training loops share: a right loop and its wrong turns, one call of the answer, the faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.optim import Optimizer

from desdecero.checks.ch05._common import ROUGHLY, Batch, Loader, TinyModel, mean_loss, number
from desdecero.checks.exercise import Exercise, Text
from desdecero.checks.probe import Mimics, Probe, Wrong, close, type_name

LOOP_FAULTS: dict[str, Text] = {
    "not_a_list": (
        "Se esperaba una lista con la pérdida de cada paso y se ha recibido «{got}»: ¿falta el return?",
        "Expected a list with the loss of every step and got “{got}”: is the return missing?",
    ),
    "tensors": (
        "La lista guarda «{got}» en vez de números: añade loss.item(); si no, cada pérdida retiene su grafo.",
        "The list holds “{got}” instead of numbers: append loss.item(), or each loss keeps its graph in memory.",
    ),
    "per_epoch": (
        "Devuelves una pérdida por época: hace falta una por paso, es decir, por lote.",
        "You return one loss per epoch: there must be one per step, that is, per batch.",
    ),
    "one_epoch": (
        "Solo hay pérdidas de una época: recorre el cargador num_epochs veces, "
        "y ni crees la lista ni hagas return dentro del bucle.",
        "There are losses of one epoch only: go through the loader num_epochs times, "
        "and neither create the list nor return inside the loop.",
    ),
    "wrong_count": (
        "La lista tiene {got} elementos y debe tener {expected}: una pérdida por lote en cada época.",
        "The list has {got} elements and should have {expected}: one loss per batch in each epoch.",
    ),
    "no_step": (
        "El modelo no aprende: tras loss.backward() falta optimizer.step().",
        "The model does not learn: after loss.backward() optimizer.step() is missing.",
    ),
    "own_optimizer": (
        "Los pesos cambian sin el optimizador que recibes: usa ese, no crees otro.",
        "The weights change without the optimizer you are given: use that one, don't create another.",
    ),
    "zero_before_step": (
        "Borras los gradientes entre backward() y step(), y el paso ya no tiene qué aplicar: "
        "zero_grad() va antes de backward().",
        "You clear the gradients between backward() and step(), and the step has nothing left to apply: "
        "zero_grad() goes before backward().",
    ),
    "step_first": (
        "Das el paso antes de calcular los gradientes del lote: primero loss.backward() y luego optimizer.step().",
        "You take the step before computing the gradients of the batch: first loss.backward(), then optimizer.step().",
    ),
    "accumulates": (
        "Los gradientes de cada lote se suman a los anteriores: llama a optimizer.zero_grad() en cada paso.",
        "The gradients of each batch add up with those before: call optimizer.zero_grad() at every step.",
    ),
    "zero_each_epoch": (
        "Borras los gradientes una vez por época: hay que hacerlo en cada paso.",
        "You clear the gradients once per epoch: it has to be done at every step.",
    ),
    "running_mean": (
        "Devuelves la media de las pérdidas hasta cada paso: guarda la pérdida de ese paso, sin promediar.",
        "You return the mean of the losses up to each step: keep the loss of that step, not averaged.",
    ),
    "last_step": (
        "Las pérdidas son correctas, pero falta el último paso: da cada paso en la misma vuelta, tras backward().",
        "The losses are right, but the last step is missing: take each step in its own turn, after backward().",
    ),
    "wrong_weights": (
        "Las pérdidas son correctas, pero los pesos del final no: entre pasos solo debe cambiarlos el optimizador.",
        "The losses are right but the final weights are not: only the optimizer should change them.",
    ),
    "eval_mode": (
        "El modelo entrena en modo eval, sin dropout: llama a model.train() al empezar.",
        "The model trains in eval mode, without dropout: call model.train() at the start.",
    ),
    "left_in_eval": (
        "El modelo estaba en modo train y queda en eval: no llames a eval() al terminar.",
        "The model was in train mode and is left in eval: don't call eval() when done.",
    ),
    "leftover_gradients": (
        "Los gradientes que quedaban de antes entran en el primer paso: llama a zero_grad() antes de cada "
        "backward(), no después.",
        "Gradients left over from before get into the first step: call zero_grad() before each backward(), not after.",
    ),
}

EPOCHS = 3

Act = Callable[[TinyModel, Optimizer, int], None]  # of the model, the optimizer and the number of the step
Loss = Callable[[Tensor, Tensor], Tensor]


def flat(model: TinyModel) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


@dataclass(frozen=True)
class Loop:
    """A plain training loop. `acts` are what it does with each loss, in order, one letter each.

    z is zero_grad, b backward, s step; `more` gives a meaning to other letters.
    """

    optimizer: Callable[[TinyModel], Optimizer]
    loss: Loss = mean_loss
    acts: str = "zbs"
    more: Mapping[str, Act] = field(default_factory=dict)

    def follow(
        self,
        model: TinyModel,
        batches: list[Batch],
        acts: str = "",
        zero_first: bool = False,
        loss: Loss | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Train a copy of `model`: the losses of all steps, and the weights before the first and after each.

        With `zero_first` each epoch begins with zero_grad.
        """
        model = model.copy()
        optimizer, losses, weights = self.optimizer(model), [], [flat(model)]
        for step, (inputs, targets) in enumerate(batches * EPOCHS):
            if zero_first and step % len(batches) == 0:
                optimizer.zero_grad()
            found = (loss or self.loss)(model(inputs), targets)
            plain = {"z": optimizer.zero_grad, "b": found.backward, "s": optimizer.step}
            for act in acts or self.acts:
                plain[act]() if act in plain else self.more[act](model, optimizer, step)
            losses.append(found.detach().double())
            weights.append(flat(model))
        return torch.stack(losses), weights

    def losses(self, model: TinyModel, batches: list[Batch], acts: str = "", **options: object) -> Tensor:
        return self.follow(model, batches, acts, **options)[0]

    def mimics(self, model: TinyModel, batches: list[Batch]) -> Mimics:
        """The losses of answers that make the usual mistakes."""
        zeroless, rest = self.acts.replace("z", ""), self.acts.replace("s", "")
        early = [rest.replace("z", "sz"), rest.replace("b", "sb"), rest.replace("z", "").replace("b", "sb")]
        right = self.losses(model, batches)
        return {
            "accumulates": lambda: self.losses(model, batches, zeroless),
            "zero_each_epoch": lambda: self.losses(model, batches, zeroless, zero_first=True),
            "step_first": [lambda acts=acts: self.losses(model, batches, acts) for acts in early],
            "running_mean": right.cumsum(0) / torch.arange(1, len(right) + 1),
        }


class Run:
    """One call of the answer with `(model, loader, optimizer, EPOCHS, *arguments)`, and what it left behind."""

    def __init__(
        self, probe: Probe, loop: Loop, model: TinyModel, batches: list[Batch], *arguments: object, **named: object
    ) -> None:
        self.probe, self.loop, self.model, self.batches = probe, loop, model, batches
        self.start, self.steps, self.count = model.copy(), 0, EPOCHS * len(batches)
        optimizer = loop.optimizer(model)
        optimizer.register_step_post_hook(lambda *_: self.after_step(optimizer))
        self.result = probe(probe.candidate, model, Loader(batches), optimizer, EPOCHS, *arguments, **named)
        self.losses = self.read()

    def after_step(self, optimizer: Optimizer) -> None:
        self.steps += 1

    def read(self) -> Tensor:
        """The losses among what the answer returned."""
        return self.numbers(self.result)

    def numbers(self, result: object) -> Tensor:
        """A list of the answer, which must hold one number per step."""
        if not isinstance(result, list):
            raise Wrong("not_a_list", got=type_name(result))
        if len(result) != self.count:
            fault = {EPOCHS: "per_epoch", len(self.batches): "one_epoch"}.get(len(result), "wrong_count")
            raise Wrong(fault, got=len(result), expected=self.count)
        return torch.stack([number(value, "tensors") for value in result])

    def judge_losses(self, mimics: Mimics | None = None) -> None:
        """Compare the losses; `mimics` are mistakes that only this exercise knows, and come first."""
        right = self.loop.losses(self.start, self.batches)
        if close(self.losses, right, **ROUGHLY):
            return
        unchanged = torch.equal(flat(self.model), flat(self.start))
        if not self.steps:
            raise Wrong("no_step" if unchanged else "own_optimizer")
        if unchanged:
            left = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
            raise Wrong("step_first" if any(bool(gradient.any()) for gradient in left) else "zero_before_step")
        known = {**(mimics or {}), **self.loop.mimics(self.start, self.batches)}
        self.probe.same(self.losses, right, known, **ROUGHLY)

    def judge_weights(self) -> None:
        *before, right = self.loop.follow(self.start, self.batches)[1]
        self.probe.same(flat(self.model), right, {"last_step": before[-1]}, "wrong_weights", **ROUGHLY)

    def judge_stored(self, stored: Mapping[str, Tensor]) -> None:
        """Losses and final weights of a training run that was stored."""
        self.probe.same(self.losses, stored["losses"], **ROUGHLY)
        self.probe.same(flat(self.model), stored["expected"].flatten(), fault="wrong_weights", **ROUGHLY)


def add_loop_items(exercise: Exercise, run: Callable[..., Run], leftover: Callable[[Probe], Run]) -> None:
    """Register what is asked of every training loop, beside its losses.

    `run(probe, training=…)` lets the answer train a model that is in train mode or not, and judges the losses;
    `leftover` one that `with_leftovers` made, and judges nothing.
    """

    @exercise.item("weights", "Los pesos del final son los correctos", "The final weights are the right ones")
    def _(probe: Probe) -> None:
        run(probe).judge_weights()

    @exercise.item("train_mode", "Entrena en modo train", "Trains in train mode")
    def _(probe: Probe) -> None:
        for training in (False, True):
            model = run(probe, training=training).model
            if not all(all(mode) for mode in model.modes):
                raise Wrong("eval_mode")
            if training and not all(model.mode()):
                raise Wrong("left_in_eval")

    @exercise.item("leftover", "No usa gradientes de antes de la llamada", "Uses no gradients from before the call")
    def _(probe: Probe) -> None:
        done = leftover(probe)
        right = done.loop.losses(done.start, done.batches)
        probe.same(done.losses, right, fault="leftover_gradients", **ROUGHLY)


def with_leftovers(probe: Probe, model: TinyModel) -> TinyModel:
    """Gradients, as if left over from before."""
    for weight in model.parameters():
        weight.grad = probe.randn(*weight.shape, dtype=weight.dtype)
    return model
