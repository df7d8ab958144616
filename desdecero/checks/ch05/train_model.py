"""ch05/train_model: the training loop."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import AdamW

from desdecero.checks.ch05._common import (
    ROUGHLY,
    Batch,
    Loader,
    TinyModel,
    explained,
    mean_loss,
    number,
    random_batches,
    random_model,
    stored_batches,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, close, type_name

exercise = Exercise(
    id="ch05/train_model",
    defines="train_model",
    reference="desdecero.training:train_model",
    difficulty=3,
    minutes=25,
    seconds=20,
    faults={
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
            "You take the step before computing the gradients of the batch: first loss.backward(), then "
            "optimizer.step().",
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
        "calls_none": (
            "Llamas a on_step aunque sea None: comprueba antes que no lo es.",
            "You call on_step although it is None: make sure first that it is not.",
        ),
        "on_step_missing": (
            "on_step se llama {got} veces y los pasos son {expected}: llámalo después de cada paso.",
            "on_step is called {got} times and there are {expected} steps: call it after each step.",
        ),
        "counts_per_epoch": (
            "El número de paso vuelve a empezar en cada época: sigue contando, el primero es el 0.",
            "The step number starts again in each epoch: go on counting, the first one is 0.",
        ),
        "counts_from_one": (
            "El número de paso empieza en 1: el primero es el 0.",
            "The step number starts at 1: the first one is 0.",
        ),
        "wrong_steps": (
            "on_step recibe los pasos {got}: debe recibir el número de paso, 0, 1, 2 y así, y luego la pérdida.",
            "on_step gets the steps {got}: it should get the step number, 0, 1, 2 and so on, and then the loss.",
        ),
        "on_step_tensor": (
            "on_step recibe la pérdida como «{got}»: pásale un número, loss.item().",
            "on_step gets the loss as “{got}”: pass a number, loss.item().",
        ),
        "on_step_loss": (
            "on_step no recibe la pérdida de su paso: la del paso n es losses[n].",
            "on_step does not get the loss of its step: that of step n is losses[n].",
        ),
        "on_step_early": (
            "on_step se llama antes de que el optimizador cambie los pesos: llámalo después de optimizer.step().",
            "on_step is called before the optimizer changes the weights: call it after optimizer.step().",
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
            "Gradients left over from before get into the first step: call zero_grad() before each backward(), "
            "not after.",
        ),
    },
)

EPOCHS = 3
SIZES = ((2, 5), (3, 4), (1, 6), (4, 3))
LEARNING_RATE = 0.05


def adamw(model: TinyModel) -> AdamW:
    """Without decay, so that a step without gradients changes nothing."""
    return AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)


def trajectory(model: TinyModel, batches: list[Batch], acts: str = "zbs", zero_first: bool = False) -> Tensor:
    """The losses of a plain loop over a copy of `model`; `acts` are what it does with each loss, in order.

    z is zero_grad, b backward, s step; with `zero_first` each epoch begins with zero_grad.
    """
    model = model.copy()
    optimizer, losses = adamw(model), []
    for _ in range(EPOCHS):
        if zero_first:
            optimizer.zero_grad()
        for inputs, targets in batches:
            loss = mean_loss(model(inputs), targets)
            for act in acts:
                {"z": optimizer.zero_grad, "b": loss.backward, "s": optimizer.step}[act]()
            losses.append(loss.detach())
    return torch.stack(losses)


def trained(model: TinyModel, batches: list[Batch]) -> list[Tensor]:
    """The weights after every step of a right loop, first those at the start; `(V + PLACES, V)` each."""
    model = model.copy()
    optimizer, weights = adamw(model), [flat(model)]
    for inputs, targets in batches * EPOCHS:
        optimizer.zero_grad()
        mean_loss(model(inputs), targets).backward()
        optimizer.step()
        weights.append(flat(model))
    return weights


def flat(model: TinyModel) -> Tensor:
    return torch.cat([model.table.detach(), model.place.detach()]).clone()


class Run:
    """One call of the answer, and what it left behind."""

    def __init__(self, probe: Probe, model: TinyModel, batches: list[Batch], on_step: Callable | None = None) -> None:
        self.probe, self.model, self.batches = probe, model, batches
        self.start, self.steps = model.copy(), 0
        optimizer = adamw(model)
        optimizer.register_step_post_hook(self._count)
        arguments = () if on_step is None else (on_step,)
        with explained({"'NoneType' object is not callable": "calls_none"}):
            result = probe(probe.candidate, model, Loader(batches), optimizer, EPOCHS, *arguments)
        if not isinstance(result, list):
            raise Wrong("not_a_list", got=type_name(result))
        wanted = EPOCHS * len(batches)
        if len(result) != wanted:
            fault = {EPOCHS: "per_epoch", len(batches): "one_epoch"}.get(len(result), "wrong_count")
            raise Wrong(fault, got=len(result), expected=wanted)
        self.losses = torch.stack([number(loss, "tensors") for loss in result])

    def _count(self, *_: object) -> None:
        self.steps += 1

    def judge_losses(self) -> None:
        right = trajectory(self.start, self.batches)
        if close(self.losses, right, **ROUGHLY):
            return
        if not self.steps:
            raise Wrong("no_step" if torch.equal(flat(self.model), flat(self.start)) else "own_optimizer")
        if torch.equal(flat(self.model), flat(self.start)):
            after = self.model.table.grad
            raise Wrong("step_first" if after is not None and bool(after.any()) else "zero_before_step")
        mimics = {
            "accumulates": lambda: trajectory(self.start, self.batches, "bs"),
            "zero_each_epoch": lambda: trajectory(self.start, self.batches, "bs", zero_first=True),
            "step_first": [
                lambda acts=acts: trajectory(self.start, self.batches, acts) for acts in ("szb", "zsb", "sb")
            ],
            "running_mean": right.cumsum(0) / torch.arange(1, len(right) + 1),
        }
        self.probe.same(self.losses, right, mimics, **ROUGHLY)

    def judge_weights(self) -> None:
        *before, right = trained(self.start, self.batches)
        self.probe.same(flat(self.model), right, {"last_step": before[-1]}, "wrong_weights", **ROUGHLY)


def run(probe: Probe, on_step: Callable | None = None, training: bool = True) -> Run:
    """Let the answer train a random model; its losses must be right, whatever else is looked at."""
    done = Run(probe, random_model(probe).train(training), random_batches(probe, *SIZES), on_step)
    done.judge_losses()
    return done


@exercise.item("losses", "Devuelve la pérdida de cada paso", "Returns the loss of every step", points=2)
def _(probe: Probe) -> None:
    run(probe)


@exercise.item("weights", "Los pesos del final son los correctos", "The final weights are the right ones")
def _(probe: Probe) -> None:
    run(probe).judge_weights()


@exercise.item("on_step", "Llama a on_step después de cada paso", "Calls on_step after each step")
def _(probe: Probe) -> None:
    model, calls, seen = random_model(probe), [], []

    def on_step(step: object, loss: object) -> None:
        calls.append((step, loss))
        seen.append(flat(model))

    done = Run(probe, model, random_batches(probe, *SIZES), on_step)
    done.judge_losses()
    count, per_epoch = len(done.losses), len(done.batches)
    if len(calls) != count:
        raise Wrong("on_step_missing", got=len(calls), expected=count)
    steps = [step for step, _ in calls]
    if any(type(step) is not int for step in steps) or steps != list(range(count)):
        if steps == [i % per_epoch for i in range(count)]:
            raise Wrong("counts_per_epoch")
        if steps == list(range(1, count + 1)):
            raise Wrong("counts_from_one")
        if steps == [i % per_epoch + 1 for i in range(count)]:
            raise Wrong("counts_per_epoch")
        raise Wrong("wrong_steps", got=", ".join(str(step)[:12] for step in steps[:3]))
    given = torch.stack([number(loss, "on_step_tensor") for _, loss in calls])
    probe.same(given, done.losses, fault="on_step_loss", **ROUGHLY)
    if torch.equal(seen[0], flat(done.start)):
        raise Wrong("on_step_early")


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
    model = random_model(probe)
    for weight in model.parameters():
        weight.grad = probe.randn(*weight.shape, dtype=weight.dtype)
    done = Run(probe, model, random_batches(probe, *SIZES))
    probe.same(done.losses, trajectory(done.start, done.batches), fault="leftover_gradients", **ROUGHLY)


@exercise.item("reference", "Coincide con el entrenamiento guardado", "Agrees with the stored training run")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = TinyModel(stored["table"], stored["place"])
    done = Run(probe, model, stored_batches(stored["inputs"], stored["targets"]))
    probe.same(done.losses, stored["losses"], **ROUGHLY)
    probe.same(flat(model), stored["expected"], fault="wrong_weights", **ROUGHLY)
