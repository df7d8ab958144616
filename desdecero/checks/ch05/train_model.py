"""ch05/train_model: the training loop."""

from collections.abc import Callable

import torch
from torch.optim import AdamW

from desdecero.checks._loops import LOOP_FAULTS, Loop, Run, add_loop_items, flat, with_leftovers
from desdecero.checks.ch05._common import (
    ROUGHLY,
    Batch,
    TinyModel,
    explained,
    number,
    random_batches,
    random_model,
    stored_batches,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong

exercise = Exercise(
    id="ch05/train_model",
    defines="train_model",
    reference="desdecero.training:train_model",
    difficulty=3,
    minutes=25,
    seconds=20,
    faults={
        **LOOP_FAULTS,
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
    },
)

SIZES = ((2, 5), (3, 4), (1, 6), (4, 3))

# Without decay, so that a step without gradients changes nothing.
LOOP = Loop(lambda model: AdamW(model.parameters(), lr=0.05, weight_decay=0.0))


def train(probe: Probe, model: TinyModel, batches: list[Batch], on_step: Callable | None = None) -> Run:
    arguments = () if on_step is None else (on_step,)
    with explained({"'NoneType' object is not callable": "calls_none"}):
        return Run(probe, LOOP, model, batches, *arguments)


def run(probe: Probe, training: bool = True) -> Run:
    """Let the answer train a random model; its losses must be right, whatever else is looked at."""
    done = train(probe, random_model(probe).train(training), random_batches(probe, *SIZES))
    done.judge_losses()
    return done


@exercise.item("losses", "Devuelve la pérdida de cada paso", "Returns the loss of every step", points=2)
def _(probe: Probe) -> None:
    run(probe)


def leftover(probe: Probe) -> Run:
    return train(probe, with_leftovers(probe, random_model(probe)), random_batches(probe, *SIZES))


add_loop_items(exercise, run, leftover)


@exercise.item("on_step", "Llama a on_step después de cada paso", "Calls on_step after each step")
def _(probe: Probe) -> None:
    model, calls, seen = random_model(probe), [], []

    def on_step(step: object, loss: object) -> None:
        calls.append((step, loss))
        seen.append(flat(model))

    done = train(probe, model, random_batches(probe, *SIZES), on_step)
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


@exercise.item("reference", "Coincide con el entrenamiento guardado", "Agrees with the stored training run")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = TinyModel(stored["table"], stored["place"])
    train(probe, model, stored_batches(stored["inputs"], stored["targets"])).judge_stored(stored)
