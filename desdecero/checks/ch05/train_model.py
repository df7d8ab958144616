"""ch05/train_model: the training loop."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torch.optim import SGD, AdamW

from desdecero.checks._loops import LOOP_FAULTS, Loop, Run, add_loop_items, flat, with_leftovers
from desdecero.checks.ch05._common import (
    ROUGHLY,
    Batch,
    Loader,
    TinyModel,
    explained,
    number,
    random_batches,
    random_model,
    stored_batches,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name

exercise = Exercise(
    id="ch05/train_model",
    defines="train_model",
    reference="desdecero.training:train_model",
    difficulty=3,
    minutes=25,
    seconds=20,
    faults={
        **LOOP_FAULTS,
        "fixed_epochs": (
            "num_epochs vale {expected} y das {got} vueltas al cargador: no escribas tú el número de épocas.",
            "num_epochs is {expected} and you go through the loader {got} times: don't write the number of epochs "
            "yourself.",
        ),
        "one_pass": (
            "Recorres train_loader una sola vez y repites lo que dio: recórrelo de nuevo en cada época, porque un "
            "cargador que baraja da cada vez otro orden.",
            "You go through train_loader only once and repeat what it gave: go through it anew in each epoch, because "
            "a loader that shuffles gives another order each time.",
        ),
        "rounded": (
            "Redondeas las pérdidas: devuélvelas tal cual, y redondea solo al mostrarlas.",
            "You round the losses: return them as they are, and round only where you show them.",
        ),
        "clips": (
            "Recortas los gradientes antes del paso: aquí no se pide, dalo con los que deja backward().",
            "You clip the gradients before the step: this is not asked for here, take it with those of backward().",
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
        "on_step_in_a_row": (
            "Llamas a on_step varias veces seguidas, sin dar ningún paso entre medias: llámalo después de cada paso, "
            "antes del siguiente.",
            "You call on_step several times in a row, with no step in between: call it after each step, before the "
            "next.",
        ),
    },
)

SIZES = ((2, 5), (3, 4), (1, 6), (4, 3))

# Without decay, so that a step without gradients changes nothing.
LOOP = Loop(lambda model: AdamW(model.parameters(), lr=0.05, weight_decay=0.0))

# Adam hardly cares how long gradients are; this one does. c clips them.
PLAIN_LOOP = Loop(
    lambda model: SGD(model.parameters(), lr=0.5),
    more={"c": lambda model, optimizer, step: nn.utils.clip_grad_norm_(model.parameters(), 1.0)},
)


def train(
    probe: Probe, model: TinyModel, batches: list[Batch], on_step: Callable | None = None, loop: Loop = LOOP
) -> Run:
    arguments = () if on_step is None else (on_step,)
    with explained({"'NoneType' object is not callable": "calls_none"}):
        return Run(probe, loop, model, batches, *arguments)


def run(probe: Probe, training: bool = True) -> Run:
    """Let the answer train a random model; its losses must be right, whatever else is looked at."""
    done = train(probe, random_model(probe).train(training), random_batches(probe, *SIZES))
    right = LOOP.losses(done.start, done.batches)
    done.judge_losses({"rounded": [right.round(decimals=digits) for digits in (1, 2, 3)]})
    if all(round(loss, 4) == loss for loss in done.losses.tolist()):
        raise Wrong("rounded")
    return done


def go_through(probe: Probe, epochs: int) -> None:
    """The answer must go through the loader as often as it is told to."""
    model, loader = random_model(probe), Loader(random_batches(probe, *SIZES))
    losses = probe(probe.candidate, model, loader, LOOP.optimizer(model), epochs)
    if not isinstance(losses, list):
        raise Wrong("not_a_list", got=type_name(losses))
    found, rest = divmod(len(losses), len(loader))
    if rest:
        raise Wrong("wrong_count", got=len(losses), expected=epochs * len(loader))
    if found != epochs:
        raise Wrong("fixed_epochs", got=found, expected=epochs)
    if loader.passes < epochs:
        raise Wrong("one_pass")


@exercise.item("losses", "Devuelve la pérdida de cada paso", "Returns the loss of every step", points=2)
def _(probe: Probe) -> None:
    run(probe)
    # Single tokens that the model gets quite wrong: gradients longer than 1.
    steep = random_batches(probe, *[(1, 1)] * len(SIZES))
    done = train(probe, random_model(probe, scale=8.0), steep, loop=PLAIN_LOOP)
    done.judge_losses({"clips": lambda: PLAIN_LOOP.losses(done.start, steep, "zbcs")})
    for epochs in (1, 2):
        go_through(probe, epochs)


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
    if any(torch.equal(one, other) for one, other in pairwise(seen)):
        raise Wrong("on_step_in_a_row")


@exercise.item("reference", "Coincide con el entrenamiento guardado", "Agrees with the stored training run")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = TinyModel(stored["table"], stored["place"])
    train(probe, model, stored_batches(stored["inputs"], stored["targets"])).judge_stored(stored)
