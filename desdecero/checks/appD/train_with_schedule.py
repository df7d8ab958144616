"""appD/train_with_schedule: the training loop with warm-up, decay and clipped gradients."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from desdecero.checks._loops import EPOCHS, LOOP_FAULTS, Loop, Run, add_loop_items, with_leftovers
from desdecero.checks.appD._schedule import Schedule
from desdecero.checks.ch05._common import (
    ROUGHLY,
    Batch,
    Loader,
    TinyModel,
    random_batches,
    random_model,
    stored_batches,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, close, type_name

exercise = Exercise(
    id="appD/train_with_schedule",
    defines="train_with_schedule",
    reference="desdecero.training:train_with_schedule",
    difficulty=3,
    minutes=30,
    seconds=20,
    faults={
        **LOOP_FAULTS,
        "not_a_pair": (
            "Se espera la pareja (losses, lrs) y devuelves «{got}»: acaba con return losses, lrs.",
            "The pair (losses, lrs) is expected and you return “{got}”: end with return losses, lrs.",
        ),
        "swapped": (
            "Las dos listas están cambiadas de sitio: primero las pérdidas y luego las tasas.",
            "The two lists have changed places: first the losses, then the rates.",
        ),
        "rates_list": (
            "lrs debe ser una lista de números, uno por paso, {expected} en total, y es: {got}.",
            "lrs should be a list of numbers, one per step, {expected} in all, and is: {got}.",
        ),
        "rates_not_used": (
            "lrs no contiene las tasas con las que se dieron los pasos: guarda en cada paso la suya.",
            "lrs does not hold the rates with which the steps were taken: keep that of each step.",
        ),
        "rate_not_set": (
            'El optimizador no cambia de tasa: ponla en cada grupo, group["lr"] = lr, antes de optimizer.step().',
            'The optimizer never changes its rate: set it in each group, group["lr"] = lr, before optimizer.step().',
        ),
        "rate_set_late": (
            "Pones la tasa después del paso y cada uno usa la del anterior: ponla antes de optimizer.step().",
            "You set the rate after the step, and each uses that of the one before: set it before optimizer.step().",
        ),
        "peak_again": (
            "Lees peak_lr dentro del bucle, cuando la tasa ya ha cambiado: léela una sola vez, antes.",
            "You read peak_lr inside the loop, when the rate has changed already: read it once, before that.",
        ),
        "peak_of_defaults": (
            'Tomas el máximo de optimizer.defaults: es el lr que los grupos tienen al entrar, param_groups[0]["lr"].',
            'You take the peak from optimizer.defaults: it is the lr of the groups on entry, param_groups[0]["lr"].',
        ),
        "counts_from_one": (
            "Los pasos se cuentan desde 1: el primero es el 0.",
            "The steps are counted from 1: the first one is 0.",
        ),
        "restarts": (
            "El calendario vuelve a empezar en cada época: sigue contando los pasos de una época a otra.",
            "The schedule starts again in each epoch: go on counting the steps from one epoch to the next.",
        ),
        "one_epoch_total": (
            "total_steps es el número de pasos de todas las épocas: num_epochs * len(train_loader).",
            "total_steps is the number of steps of all epochs: num_epochs * len(train_loader).",
        ),
        "counts_epochs": (
            "La tasa solo cambia de una época a otra: calcúlala en cada paso.",
            "The rate changes only from one epoch to the next: compute it at each step.",
        ),
        "wrong_rates": (
            "Las tasas no son las del calendario ({where}): revisa los argumentos de learning_rate y su orden.",
            "The rates are not those of the schedule ({where}): look at learning_rate's arguments and their order.",
        ),
        "first_group_only": (
            "Solo cambias la tasa del primer grupo: recorre optimizer.param_groups.",
            "You change the rate of the first group only: go through optimizer.param_groups.",
        ),
        "fixed_epochs": (
            "num_epochs vale {expected} y das {got} vueltas a train_loader: no escribas tú el número de épocas.",
            "num_epochs is {expected} and you go through train_loader {got} times: don't write the number of epochs "
            "yourself.",
        ),
        "one_pass": (
            "Recorres train_loader una sola vez y repites lo que dio: recórrelo de nuevo en cada época, porque un "
            "cargador que baraja da cada vez otro orden.",
            "You go through train_loader only once and repeat what it gave: go through it anew in each epoch, because "
            "a loader that shuffles gives another order each time.",
        ),
        "not_clipped": (
            "Los gradientes llegan al paso con una norma conjunta mayor que max_norm: en cada paso, entre "
            "loss.backward() y optimizer.step(), llama a clip_gradients con todos los parámetros del modelo.",
            "The gradients reach the step with a joint norm above max_norm: at each step, between loss.backward() and "
            "optimizer.step(), call clip_gradients with all the parameters of the model.",
        ),
        "clipped_late": (
            "Recortas los gradientes después del paso, que ya los ha usado: hazlo antes de optimizer.step().",
            "You clip the gradients after the step, which has used them already: do it before optimizer.step().",
        ),
        "max_norm_ignored": (
            "Recortas siempre a 1: usa max_norm.",
            "You always clip to 1: use max_norm.",
        ),
        "default_max_norm": (
            "Sin decir max_norm, los gradientes no se recortan a 1: ese es su valor por defecto.",
            "Without saying max_norm, gradients are not clipped to 1: that is its default value.",
        ),
    },
)

SIZES = ((2, 3), (1, 4), (3, 2), (1, 2))
PER_EPOCH = len(SIZES)
FEWER_EPOCHS = EPOCHS - 1  # so that a number that was written down shows
DEFAULT_RATE = 0.11  # the optimizer's default, which is not the rate of its groups
MAX_NORM = 0.2


def optimizer_at(peak: float):
    """SGD with two groups, so that a change of one shows; with momentum, so that no step without gradients hides."""

    def make(model: TinyModel) -> Optimizer:
        optimizer = SGD([{"params": [weight]} for weight in model.parameters()], lr=DEFAULT_RATE, momentum=0.9)
        set_rate(optimizer, peak)
        return optimizer

    return make


def set_rate(optimizer: Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def scheduled_loop(schedule: Schedule, max_norm: float) -> Loop:
    """l sets the rate, c clips as torch does, o clips to 1 whatever is asked."""
    more = {
        "l": lambda model, optimizer, step: set_rate(optimizer, schedule.rate(step)),
        "c": lambda model, optimizer, step: nn.utils.clip_grad_norm_(model.parameters(), max_norm),
        "o": lambda model, optimizer, step: nn.utils.clip_grad_norm_(model.parameters(), 1.0),
    }
    return Loop(optimizer_at(schedule.peak), acts="lzbcs", more=more)


class ScheduledRun(Run):
    """Also notes, at every step, the rate of each group and the gradients' joint norm."""

    def __init__(
        self, probe: Probe, schedule: Schedule, model: TinyModel, batches: list[Batch], max_norm: float | None = None
    ) -> None:
        self.schedule, self.max_norm = schedule, max_norm
        self.rates: list[list[float]] = []
        self.norms: list[float] = []
        loop = scheduled_loop(schedule, 1.0 if max_norm is None else max_norm)
        given = {} if max_norm is None else {"max_norm": max_norm}
        super().__init__(
            probe,
            loop,
            model,
            batches,
            warmup_steps=schedule.warmup,
            initial_lr=schedule.initial,
            min_lr=schedule.last,
            **given,
        )

    def norm(self) -> float:
        gradients = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
        return float(torch.stack([gradient.norm() for gradient in gradients]).norm()) if gradients else 0.0

    def after_step(self, optimizer: Optimizer) -> None:
        super().after_step(optimizer)
        self.rates.append([float(group["lr"]) for group in optimizer.param_groups])
        self.norms.append(self.norm())

    def read(self) -> Tensor:
        if not isinstance(self.result, (tuple, list)) or len(self.result) != 2:
            raise Wrong("not_a_pair", got=type_name(self.result))
        losses, lrs = self.result
        found = self.numbers(losses)
        try:
            self.lrs = self.numbers(lrs)
        except Wrong:
            size = type_name(lrs)
            if isinstance(lrs, (list, tuple)):
                size += f" ({len(lrs)} × {type_name(lrs[0])})" if lrs else " (0)"
            raise Wrong("rates_list", got=size, expected=self.count) from None
        expected = self.schedule.curve(range(self.count))
        if close(found, expected, **ROUGHLY) and not close(self.lrs, expected, **ROUGHLY):
            raise Wrong("swapped")
        return found

    def judge(self) -> None:
        """Everything that can be said of a single call; its most basic mistake first."""
        if self.steps == self.count and self.norms[0]:  # else the steps themselves are wrong, and the losses tell how
            self.judge_rates()
            self.judge_clipping()
        self.judge_losses()

    def judge_rates(self) -> None:
        used, expected = torch.tensor(self.rates, dtype=torch.float64), self.schedule.curve(range(self.count))
        apart = [i for i in range(self.count) if not close(used[i, 0], expected[i], **ROUGHLY)]
        where = f"[{apart[0]}]: {used[apart[0], 0]:.4g} ≠ {expected[apart[0]]:.4g}" if apart else ""
        mimics = rate_mimics(self.schedule)
        self.probe.same(used[:, 0], expected, mimics, "wrong_rates", where=where, **ROUGHLY)
        if not close(used[:, 1], expected, **ROUGHLY):
            raise Wrong("first_group_only")
        self.probe.same(self.lrs, expected, fault="rates_not_used", **ROUGHLY)

    def judge_clipping(self) -> None:
        limit = 1.0 if self.max_norm is None else self.max_norm
        if max(self.norms) <= limit * 1.001:
            return
        if self.max_norm is None:
            raise Wrong("default_max_norm")
        to_one, unclipped = (self.loop.losses(self.start, self.batches, acts) for acts in ("lzbos", "lzbs"))
        if close(self.losses, to_one, **ROUGHLY) and not close(self.losses, unclipped, **ROUGHLY):
            raise Wrong("max_norm_ignored")
        raise Wrong("clipped_late" if 0 < self.norm() <= limit * 1.001 < self.norms[-1] else "not_clipped")


def rate_mimics(schedule: Schedule) -> Mimics:
    """The rates of answers that make the usual mistakes with them."""
    steps = range(schedule.total)
    right = [schedule.rate(step) for step in steps]
    again, anew = [schedule.peak], [schedule.peak]  # the peak read at each step, and at each epoch
    for step in steps:
        again.append(replace(schedule, peak=again[-1]).rate(step))
        anew.append(replace(schedule, peak=anew[step // PER_EPOCH * PER_EPOCH]).rate(step))
    short = replace(schedule, total=PER_EPOCH)
    epochs = [step // PER_EPOCH for step in steps]
    found = {
        "rate_not_set": [[schedule.peak] * schedule.total],
        "rate_set_late": [[schedule.peak, *right[:-1]]],
        "peak_again": [again[1:], anew[1:]],
        "peak_of_defaults": [[replace(schedule, peak=DEFAULT_RATE).rate(step) for step in steps]],
        "counts_from_one": [[schedule.rate(step + 1) for step in steps]],
        "restarts": [[plan.rate(step % PER_EPOCH) for step in steps] for plan in (schedule, short)],
        "one_epoch_total": [
            [short.rate(step) for step in steps],
            [short.rate(min(step, PER_EPOCH)) for step in steps],
        ],
        "counts_epochs": [
            [schedule.rate(epoch * PER_EPOCH) for epoch in epochs],
            [schedule.rate(epoch) for epoch in epochs],
            [replace(schedule, total=EPOCHS).rate(epoch) for epoch in epochs],
        ],
    }
    return {name: [torch.tensor(way, dtype=torch.float64) for way in ways] for name, ways in found.items()}


def plan(warmup: int = 3) -> Schedule:
    return Schedule(total=EPOCHS * PER_EPOCH, warmup=warmup, initial=0.05, peak=0.6, last=0.02)


def run(probe: Probe, training: bool = True, warmup: int = 3, max_norm: float | None = MAX_NORM) -> ScheduledRun:
    """Let the answer train a random model; what one call shows must be right, whatever else is looked at."""
    model = random_model(probe, scale=3.0).train(training)
    done = ScheduledRun(probe, plan(warmup), model, random_batches(probe, *SIZES), max_norm)
    done.judge()
    return done


@exercise.item("losses", "Devuelve pérdidas y tasas de cada paso", "Returns losses and rates of every step", points=2)
def _(probe: Probe) -> None:
    run(probe)
    model, loader, settings = random_model(probe), Loader(random_batches(probe, *SIZES)), plan()
    arguments = (settings.warmup, settings.initial, settings.last, MAX_NORM)
    losses, _ = probe(probe.candidate, model, loader, optimizer_at(settings.peak)(model), FEWER_EPOCHS, *arguments)
    if len(losses) != FEWER_EPOCHS * PER_EPOCH:
        raise Wrong("fixed_epochs", got=len(losses) // PER_EPOCH, expected=FEWER_EPOCHS)
    if loader.passes < FEWER_EPOCHS:
        raise Wrong("one_pass")


@exercise.item("other_plans", "Sigue también otros calendarios", "Follows other schedules, too")
def _(probe: Probe) -> None:
    for warmup in (0, 1, 7):
        run(probe, warmup=warmup)


@exercise.item("max_norm", "max_norm vale 1 por defecto", "max_norm is 1 by default")
def _(probe: Probe) -> None:
    for max_norm in (0.05, 100.0):
        run(probe, max_norm=max_norm)
    # Single tokens that the model gets quite wrong: gradients longer than 1.
    model, batches = random_model(probe, scale=8.0), random_batches(probe, *[(1, 1)] * PER_EPOCH)
    ScheduledRun(probe, plan(), model, batches).judge()


def leftover(probe: Probe) -> ScheduledRun:
    model = with_leftovers(probe, random_model(probe))
    return ScheduledRun(probe, plan(), model, random_batches(probe, *SIZES), MAX_NORM)


add_loop_items(exercise, run, leftover)


@exercise.item("reference", "Coincide con el entrenamiento guardado", "Agrees with the stored training run")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = TinyModel(stored["table"], stored["place"])
    batches = stored_batches(stored["inputs"], stored["targets"])
    done = ScheduledRun(probe, plan(), model, batches, max_norm=0.25)
    probe.same(done.lrs, stored["lrs"], **ROUGHLY)
    done.judge_stored(stored)
