"""ch01/training_budget: tokens, operations (Kaplan et al., 2020; Hoffmann et al., 2022) and bytes."""

import math
from collections.abc import Callable
from numbers import Real

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief

exercise = Exercise(
    id="ch01/training_budget",
    defines="training_budget",
    reference="desdecero.basics:training_budget",
    difficulty=1,
    minutes=10,
    faults={
        "not_a_dict": (
            "Se esperaba un diccionario y se ha recibido «{got}»: ¿falta el return?",
            "Expected a dictionary and got “{got}”: is the return missing?",
        ),
        "missing_key": (
            "Falta la clave «{name}» en el diccionario: las tres son «tokens», «flops» y «corpus_bytes».",
            "The key “{name}” is missing from the dictionary: the three are “tokens”, “flops” and “corpus_bytes”.",
        ),
        "not_a_number": (
            "El valor de «{name}» debe ser un número de Python y es {got}.",
            "The value of “{name}” must be a Python number, and it is {got}.",
        ),
        "needs_arguments": (
            "Llamada con un solo argumento se interrumpe: tokens_per_param vale 20.0 si no se dice nada, y "
            "bytes_per_token, 4.0.",
            "Called with one argument it stops: when nothing is said, tokens_per_param is 20.0 and bytes_per_token "
            "4.0.",
        ),
        "parameter_names": (
            "Llamada con sus argumentos por nombre se interrumpe: son n_params, tokens_per_param y bytes_per_token.",
            "Called with its arguments by name it stops: they are n_params, tokens_per_param and bytes_per_token.",
        ),
        "defaults": (
            "Con todos los argumentos acierta y con uno solo no: por defecto, tokens_per_param vale 20.0 y "
            "bytes_per_token, 4.0.",
            "It is right with all arguments and wrong with one: by default, tokens_per_param is 20.0 and "
            "bytes_per_token 4.0.",
        ),
        "fixed_ratio": (
            "Usas siempre 20 tokens por parámetro: multiplica por tokens_per_param, que puede ser otro.",
            "You always use 20 tokens per parameter: multiply by tokens_per_param, which may be another number.",
        ),
        "fixed_bytes": (
            "Usas siempre 4 bytes por token: multiplica por bytes_per_token, que puede ser otro.",
            "You always use 4 bytes per token: multiply by bytes_per_token, which may be another number.",
        ),
        "tokens_of_one": (
            "En «{name}» das los tokens de un solo parámetro: multiplica tokens_per_param por n_params.",
            "In “{name}” you give the tokens of a single parameter: multiply tokens_per_param by n_params.",
        ),
        "divided": (
            "En «{name}» divides donde hay que multiplicar.",
            "In “{name}” you divide where you should multiply.",
        ),
        "forward_only": (
            "Das 2·N·D, el camino hacia delante: entrenar pide también el de vuelta, y son 6·N·D.",
            "You give 2·N·D, the way forwards: training also needs the way back, and it is 6·N·D.",
        ),
        "backward_only": (
            "Das 4·N·D, solo el camino de vuelta: falta el de ida, y son 6·N·D.",
            "You give 4·N·D, the way back alone: the way forwards is missing, and it is 6·N·D.",
        ),
        "no_six": (
            "En «flops» falta el 6: cada parámetro pide seis operaciones por token.",
            "The 6 is missing from “flops”: each parameter takes six operations per token.",
        ),
        "no_parameters": (
            "En «flops» falta multiplicar por los parámetros o por los tokens: es 6 por n_params y por los tokens del "
            "corpus entero.",
            "In “flops” the parameters or the tokens are missing: it is 6 times n_params times the tokens of the "
            "whole corpus.",
        ),
        "squared": (
            "En «flops» tomas por D los parámetros: D son los tokens.",
            "In “flops” you take the parameters for D: D is the tokens.",
        ),
        "model_bytes": (
            "En «corpus_bytes» das lo que ocupa el modelo: el corpus ocupa tokens por bytes_per_token.",
            "In “corpus_bytes” you give the size of the model: the corpus takes tokens times bytes_per_token.",
        ),
        "bits": (
            "En «corpus_bytes» das bits: no multipliques por 8.",
            "In “corpus_bytes” you give bits: don't multiply by 8.",
        ),
        "units": (
            "En «{name}» cambias de unidad: devuelve tokens, operaciones y bytes, sin miles ni millones.",
            "In “{name}” you change the unit: return tokens, operations and bytes, not thousands or millions of them.",
        ),
        "rounded": (
            "En «{name}» pierdes decimales: no uses int, round ni //.",
            "In “{name}” you lose decimals: don't use int, round or //.",
        ),
        "swapped": (
            "Bajo «{name}» está el valor de otra clave.",
            "Under “{name}” stands the value of another key.",
        ),
    },
)

NAMES = ("tokens", "flops", "corpus_bytes")
Budget = dict[str, float]
Case = tuple[int, float, float]


def truth(n: int, ratio: float = 20.0, size: float = 4.0) -> Budget:
    tokens = n * ratio
    return {"tokens": tokens, "flops": 6 * n * tokens, "corpus_bytes": tokens * size}


# What each value is when a mistake is made, by fault; the first that explains every case names it.
MIMICS: dict[str, dict[str, Callable[[int, float, float], tuple[float, ...]]]] = {
    "tokens": {
        "fixed_ratio": lambda n, ratio, size: (n * 20,),
        "tokens_of_one": lambda n, ratio, size: (ratio,),
        "divided": lambda n, ratio, size: (n / ratio, ratio / n),
    },
    "flops": {
        "fixed_ratio": lambda n, ratio, size: (6 * n * n * 20,),
        "no_six": lambda n, ratio, size: (n * n * ratio,),
        "forward_only": lambda n, ratio, size: (2 * n * n * ratio,),
        "backward_only": lambda n, ratio, size: (4 * n * n * ratio,),
        "no_parameters": lambda n, ratio, size: (6 * n * ratio, 6 * ratio, 6 * n),
        "squared": lambda n, ratio, size: (6 * n * n,),
        "divided": lambda n, ratio, size: (6 * n / ratio, 6 * n * n / ratio, n * n * ratio / 6),
    },
    "corpus_bytes": {
        "fixed_ratio": lambda n, ratio, size: (n * 20 * size,),
        "fixed_bytes": lambda n, ratio, size: (n * ratio * 4,),
        "model_bytes": lambda n, ratio, size: (n * size, n * 4),
        "tokens_of_one": lambda n, ratio, size: (ratio * size,),
        "bits": lambda n, ratio, size: (n * ratio * size * 8,),
        "divided": lambda n, ratio, size: (n * ratio / size, n * ratio * size / 8),
    },
}
UNITS = [10.0**power for power in (3, 6, 9, 12, 15, 18, 21)] + [2.0**power for power in (10, 20, 30, 40)]


def budget(probe: Probe, *args: float, fault: str = "raises", **kwargs: float) -> Budget:
    result = probe(probe.candidate, *args, fault=fault, **kwargs)
    if not isinstance(result, dict):
        raise Wrong("not_a_dict", got=type_name(result))
    for name in NAMES:
        if name not in result:
            raise Wrong("missing_key", name=name)
        if isinstance(result[name], bool) or not isinstance(result[name], Real):
            raise Wrong("not_a_number", name=name, got=brief(result[name], 40))
    return {name: result[name] for name in NAMES}


def equal(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9)


def compare(got: list[Budget], cases: list[Case]) -> None:
    """Each value by itself, the tokens first: the others are made of them."""
    expected = [truth(*case) for case in cases]
    for name in NAMES:
        values, right = [one[name] for one in got], [one[name] for one in expected]
        if all(map(equal, values, right)):
            continue
        for fault, mimic in MIMICS[name].items():
            if any(all(map(equal, values, way)) for way in zip(*(mimic(*case) for case in cases))):
                raise Wrong(fault, name=name)
        if any(all(map(equal, values, [one[other] for one in expected])) for other in NAMES):
            raise Wrong("swapped", name=name)
        if any(all(equal(v * unit, r) for v, r in zip(values, right)) for unit in UNITS):
            raise Wrong("units", name=name)
        if all(math.isclose(v, r, rel_tol=0.02) for v, r in zip(values, right)):
            raise Wrong("rounded", name=name)
        wrong = next(i for i in range(len(cases)) if not equal(values[i], right[i]))
        raise Wrong(None, place=f"«{name}», {cases[wrong]}", got=f"{values[wrong]:g}", expected=f"{right[wrong]:g}")


def judge(probe: Probe, cases: list[Case]) -> None:
    compare([budget(probe, *case) for case in cases], cases)


@exercise.item("arithmetic", "Tokens, operaciones y bytes", "Tokens, operations and bytes", points=2)
def _(probe: Probe) -> None:
    judge(probe, [(1_000, 20.0, 4.0), (7_000_000, 20.0, 4.0), (9_000_000, 20.0, 4.0)])


@exercise.item("other_ratios", "Usa los argumentos que recibe", "Uses the arguments it is given")
def _(probe: Probe) -> None:
    judge(probe, [(1_000, 3.0, 4.0), (2_500, 200.0, 2.0), (300, 1.0, 5.0)])


@exercise.item("fractions", "Conserva los decimales", "Keeps the decimals")
def _(probe: Probe) -> None:
    judge(probe, [(101, 1.73, 4.37), (33, 0.49, 3.9), (7, 20.5, 0.25)])


@exercise.item("call", "Se puede llamar con menos argumentos", "Can be called with fewer arguments")
def _(probe: Probe) -> None:
    sizes = (1_000, 124_000_000)
    everything = [budget(probe, n, 20.0, 4.0) for n in sizes]
    alone = [budget(probe, n, fault="needs_arguments") for n in sizes]
    cases = [(n, 20.0, 4.0) for n in sizes]
    compare(everything, cases)
    if any(not equal(one[name], truth(n)[name]) for one, n in zip(alone, sizes) for name in NAMES):
        raise Wrong("defaults")
    named = budget(probe, fault="parameter_names", bytes_per_token=2.0, tokens_per_param=5.0, n_params=600)
    compare([named], [(600, 5.0, 2.0)])


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    sizes = stored["n_params"].tolist()
    got = [budget(probe, n, 20.0, 4.0) for n in sizes]
    for name in NAMES:
        if any(not equal(one[name], right) for one, right in zip(got, stored[name].tolist())):
            compare(got, [(n, 20.0, 4.0) for n in sizes])


@exercise.item("fresh_sizes", "Acierta con cualquier tamaño", "Gets any size right", points=2)
def _(probe: Probe) -> None:
    judge(probe, [(probe.pick(10, 10**9), probe.pick(1, 4000) / 16, probe.pick(1, 200) / 16) for _ in range(5)])
