"""appD/learning_rate: warm-up along a straight line, decay along half a cosine."""

import torch
from torch import Tensor

from desdecero.checks.appD._schedule import Schedule
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, type_name

exercise = Exercise(
    id="appD/learning_rate",
    defines="learning_rate",
    reference="desdecero.training:learning_rate",
    difficulty=2,
    minutes=15,
    faults={
        "not_a_float": (
            "Devuelves «{got}» y se espera un float: usa el módulo math, o .item() si sale un tensor.",
            "You return “{got}” and a float is expected: use the module math, or .item() if it is a tensor.",
        ),
        "warmup_off_by_one": (
            "El calentamiento va un paso descompasado: el paso 0 vale initial_lr y el paso warmup_steps, peak_lr.",
            "Warm-up is one step out: at step 0 it is initial_lr, and at step warmup_steps it is peak_lr.",
        ),
        "initial_ignored": (
            "El calentamiento empieza en cero: debe empezar en initial_lr.",
            "Warm-up starts at zero: it should start at initial_lr.",
        ),
        "initial_added": (
            "El calentamiento pasa del máximo: a initial_lr súmale una parte de peak_lr - initial_lr, no de peak_lr.",
            "Warm-up overshoots the peak: to initial_lr you add a share of peak_lr - initial_lr, not of peak_lr.",
        ),
        "flat_warmup": (
            "Durante el calentamiento la tasa no se mueve de initial_lr: debe subir hasta peak_lr (y con «/», porque "
            "«//» da enteros).",
            "During warm-up the rate stays at initial_lr: it should climb to peak_lr (by “/”, as “//” gives integers).",
        ),
        "warmup_over_all": (
            "Repartes el calentamiento entre todos los pasos: divide entre warmup_steps.",
            "You spread warm-up over all steps: divide by warmup_steps.",
        ),
        "no_warmup": (
            "No hay calentamiento: antes de warmup_steps, la tasa sube en línea recta de initial_lr a peak_lr.",
            "There is no warm-up: before warmup_steps the rate climbs in a straight line from initial_lr to peak_lr.",
        ),
        "warmup_not_linear": (
            "El calentamiento es una curva: debe ser una línea recta de initial_lr a peak_lr.",
            "Warm-up is a curve: it should be a straight line from initial_lr to peak_lr.",
        ),
        "over_all_steps": (
            "El coseno no abarca los pasos que quedan: su avance es (step - warmup_steps) / "
            "(total_steps - warmup_steps).",
            "The cosine does not span the steps that are left: its progress is (step - warmup_steps) / "
            "(total_steps - warmup_steps).",
        ),
        "ends_early": (
            "El coseno va un paso descompasado: el paso warmup_steps vale peak_lr y el paso total_steps, min_lr.",
            "The cosine is one step out: at step warmup_steps it is peak_lr, and at step total_steps it is min_lr.",
        ),
        "wrong_period": (
            "Del coseno hace falta justo media vuelta: (1 + cos(π · avance)) / 2 baja de 1 a 0.",
            "Exactly half a turn of the cosine is needed: (1 + cos(π · progress)) / 2 goes from 1 down to 0.",
        ),
        "min_ignored": (
            "La tasa baja hasta cero: debe acabar en min_lr.",
            "The rate goes down to zero: it should end at min_lr.",
        ),
        "min_as_floor": (
            "Cortas la curva por debajo con max(): debe bajar suavemente de peak_lr a min_lr.",
            "You cut the curve off with max(): it should go down smoothly from peak_lr to min_lr.",
        ),
        "min_added": (
            "A min_lr le sumas la curva entera: súmale una parte de peak_lr - min_lr.",
            "You add the whole curve to min_lr: add a share of peak_lr - min_lr.",
        ),
        "not_halved": (
            "Falta dividir entre 2: 1 + cos va de 2 a 0, y la tasa empieza por encima de peak_lr.",
            "Halve it: 1 + cos goes from 2 to 0, and the rate starts above peak_lr.",
        ),
        "upside_down": (
            "El coseno va al revés: la tasa sube en vez de bajar. Es 1 + cos, no 1 - cos.",
            "The cosine is upside down: the rate goes up instead of down. It is 1 + cos, not 1 - cos.",
        ),
        "linear_decay": (
            "La tasa baja en línea recta: debe bajar por medio coseno.",
            "The rate goes down in a straight line: it should follow half a cosine.",
        ),
        "degrees": (
            "math.cos espera radianes y le das grados: media vuelta es math.pi, no 180.",
            "math.cos expects radians, and you give it degrees: half a turn is math.pi, not 180.",
        ),
        "no_pi": (
            "Falta π: el coseno va de 0 a π para dar media vuelta.",
            "π is missing: the cosine goes from 0 to π to make half a turn.",
        ),
        "back_to_initial": (
            "La tasa baja hasta initial_lr: debe acabar en min_lr.",
            "The rate goes down to initial_lr: it should end at min_lr.",
        ),
        "no_decay": (
            "Tras el calentamiento la tasa se queda en peak_lr: debe bajar poco a poco hasta min_lr (y con «/», porque "
            "«//» da enteros).",
            "After warm-up the rate stays at peak_lr: it should go down to min_lr bit by bit (by “/”, as “//” gives "
            "integers).",
        ),
        "zero_warmup": (
            "Con warmup_steps=0 no hay nada que calentar: el paso 0 vale peak_lr, sin dividir entre cero.",
            "With warmup_steps=0 there is nothing to warm up: step 0 is peak_lr, without dividing by zero.",
        ),
        "nothing_left": (
            "Si warmup_steps es igual a total_steps no quedan pasos para bajar: no dividas entre cero.",
            "If warmup_steps equals total_steps, no steps are left for the decay: don't divide by zero.",
        ),
        "remembers": (
            "El resultado depende de las llamadas anteriores: calcúlalo solo con los argumentos.",
            "The result depends on earlier calls: compute it from the arguments alone.",
        ),
    },
)


def rates(probe: Probe, schedule: Schedule, steps: list[int], fault: str = "raises") -> Tensor:
    """What the answer gives at `steps`."""
    found = []
    for step in steps:
        rate = probe(probe.candidate, step, *schedule, fault=fault)
        if not isinstance(rate, (int, float)) or isinstance(rate, bool):
            raise Wrong("not_a_float", got=type_name(rate))
        found.append(float(rate))
    return torch.tensor(found, dtype=torch.float64)


def judge(probe: Probe, schedule: Schedule, steps: list[int] | None = None, fault: str | None = None) -> None:
    """Compare the curve; `fault` names what only this case can show."""
    steps = list(range(schedule.total + 1)) if steps is None else steps
    got = rates(probe, schedule, steps, fault or "raises")
    rising = torch.tensor(steps) < schedule.warmup
    for part in (rising, ~rising):  # so that a mistake in one does not hide one in the other
        of_part = [step for step, inside in zip(steps, part) if inside]
        same(probe, got[part], schedule.curve(of_part), schedule.mimics(of_part), fault)


def same(probe: Probe, got: Tensor, expected: Tensor, mimics: Mimics, fault: str | None = None) -> None:
    """Equal, but loose enough for an answer that computes in float32."""
    probe.same(got, expected, mimics, fault=fault, rtol=1e-5, atol=1e-7)


def draw(probe: Probe) -> Schedule:
    """Numbers that have nothing to do with one another."""
    return Schedule(
        total=probe.pick(24, 60),
        warmup=probe.pick(4, 12),
        initial=probe.pick(1, 20) / 10_000,
        peak=probe.pick(30, 900) / 1_000,
        last=probe.pick(3, 25) / 1_000,
    )


@exercise.item("warmup", "Sube en línea recta", "Climbs in a straight line")
def _(probe: Probe) -> None:
    for _ in range(3):
        schedule = draw(probe)
        judge(probe, schedule, list(range(schedule.warmup)))


@exercise.item("decay", "Baja por medio coseno", "Goes down along half a cosine", points=2)
def _(probe: Probe) -> None:
    for _ in range(4):
        judge(probe, draw(probe))


@exercise.item("zero_warmup", "Sin calentamiento empieza en el máximo", "Without warm-up it starts at the peak")
def _(probe: Probe) -> None:
    schedule = draw(probe)
    judge(probe, schedule)
    judge(probe, Schedule(schedule.total, 0, schedule.initial, schedule.peak, schedule.last), fault="zero_warmup")


@exercise.item("short", "Aguanta los calentamientos más largos y los más cortos", "Copes with the longest and shortest")
def _(probe: Probe) -> None:
    schedule = draw(probe)
    judge(probe, schedule)
    for total, warmup in ((9, 1), (9, 8), (2, 1)):
        judge(probe, Schedule(total, warmup, schedule.initial, schedule.peak, schedule.last))
    judge(probe, Schedule(9, 4, 0.0, schedule.peak, 0.0))
    full = Schedule(7, 7, schedule.initial, schedule.peak, schedule.last)
    judge(probe, full, list(range(7)), "nothing_left")
    # Step 7 is both the end of warm-up and the end of all: the contract allows the peak and the minimum.
    (rate,) = rates(probe, full, [7], "nothing_left").tolist()
    if min(abs(rate - full.peak), abs(rate - full.last)) > 1e-5:
        raise Wrong("nothing_left")


@exercise.item("any_order", "Solo depende de sus argumentos", "Depends on its arguments alone")
def _(probe: Probe) -> None:
    one, other = draw(probe), draw(probe)
    judge(probe, one)
    for schedule in (other, one):
        backwards = list(range(schedule.total, -1, -1))
        judge(probe, schedule, backwards, "remembers")


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    numbers = stored["numbers"].tolist()
    schedule = Schedule(int(numbers[0]), int(numbers[1]), *numbers[2:])
    steps = list(range(schedule.total + 1))
    same(probe, rates(probe, schedule, steps), stored["expected"], schedule.mimics(steps))
