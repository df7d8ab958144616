"""The machinery of the checks: it never raises, leaves no trace, and believes only what it sees."""

import os
import random
import sys
import threading
import warnings

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell
from torch import nn
from traitlets.config import Config

from desdecero.authoring import catalogue
from desdecero.authoring.exercises import expand
from desdecero.authoring.oracles import oracle
from desdecero.authoring.solutions import worked_solution
from desdecero.checks import ORDER, UnknownExercise, exercises, get_exercise, run_check
from desdecero.checks.guard import load
from desdecero.checks.isolation import TimeUp, time_limit
from desdecero.checks.probe import close
from desdecero.edition import current_edition, use_edition
from desdecero.grading.unsolve import Unsolve, unsolving

# Those whose worked solution is code of the package; a quiz's is in its chapter alone.
IN_THE_PACKAGE = [i for i in exercises() if get_exercise(i).reference]


def stub(exercise_id: str) -> object:
    """The unsolved exercise, as students get it."""
    config = Config()
    unsolving(config, "en")
    assignment, name = exercise_id.split("/")
    cell = new_code_cell(
        "" if exercise_id in IN_THE_PACKAGE else worked_solution(exercise_id), metadata={"solution": name}
    )
    (cell,) = expand(cell, assignment, "en")
    cell, _ = Unsolve(config=config).preprocess_cell(cell, {"language": "python"}, 0)
    return catalogue.evaluate(exercise_id, cell.source)


class Leaves(nn.Module):
    """Ends Python politely wherever it is touched."""

    def __init__(self, *args, **kwargs):
        sys.exit(3)


class Haunted:
    """Raises at whatever is asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError("boo")


class Interrupts:
    def __init__(self, *args, **kwargs):
        raise KeyboardInterrupt


class Odd(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("not like that")


NONSENSE = {
    "none": None,
    "number": 3,
    "type": object,
    "returns_none": lambda *args, **kwargs: None,
    "returns_itself": lambda x=None, *args, **kwargs: x,
    "returns_inf": lambda *args, **kwargs: float("inf"),
    "returns_odd_tensor": lambda *args, **kwargs: torch.ones(2, 3).as_subclass(Odd),
    "divides_by_zero": lambda *args, **kwargs: 1 / 0,
    "recurses": lambda *args, **kwargs: NONSENSE["recurses"](),
    "leaves": Leaves,
    "haunted": Haunted(),
    "interrupts": Interrupts,
    "bare_module": nn.Module,
    "identity": nn.Identity,
}


@pytest.mark.parametrize("exercise_id", exercises())
@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_earns_nothing_and_raises_nothing(exercise_id: str, name: str) -> None:
    report = run_check(exercise_id, NONSENSE[name], lang="en")
    assert report.score == 0, str(report)
    assert all(item.message for item in report.items)


@pytest.mark.parametrize("exercise_id", exercises())
def test_the_unsolved_exercise_is_told_that_it_is_unsolved(exercise_id: str) -> None:
    report = run_check(exercise_id, stub(exercise_id))
    assert report.score == 0
    assert {item.fault for item in report.items} == {"not_implemented"}


@pytest.mark.parametrize("exercise_id", IN_THE_PACKAGE)
def test_the_courses_own_answer_is_not_an_answer(exercise_id: str) -> None:
    course = load(get_exercise(exercise_id).reference)
    report = run_check(exercise_id, course)
    assert report.score == 0
    assert {item.fault for item in report.items} == {"forbidden"}


@pytest.mark.parametrize("exercise_id", IN_THE_PACKAGE)
def test_calling_the_courses_own_answer_is_not_an_answer(exercise_id: str) -> None:
    course = load(get_exercise(exercise_id).reference)

    def caller(*args, **kwargs):
        return course(*args, **kwargs)

    class Heir(course if isinstance(course, type) else nn.Module):
        pass

    for answer in (caller, Heir) if isinstance(course, type) else (caller,):
        assert run_check(exercise_id, answer).score == 0


@pytest.mark.parametrize("exercise_id", exercises())
def test_stored_references_are_what_their_oracles_make(exercise_id: str) -> None:
    stored, made = get_exercise(exercise_id).stored(), oracle(exercise_id)
    assert stored.keys() == made.keys()
    assert all(close(made[name], stored[name]) for name in stored)


def snapshot() -> tuple:
    return (
        torch.get_rng_state().tolist(),
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch.get_default_device(),
        torch.are_deterministic_algorithms_enabled(),
        list(warnings.filters),
        dict(os.environ),
        os.getcwd(),
        sys.getrecursionlimit(),
        sys.getprofile(),
        sys.stdout,
        threading.active_count(),
        current_edition(),
    )


class Vandal(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        torch.manual_seed(99)
        random.seed(99)
        np.random.seed(99)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(2)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(True)
        warnings.simplefilter("error")
        os.environ["VANDAL"] = "was here"
        os.chdir("/")
        sys.setrecursionlimit(5_000)
        use_edition("en")
        print("noise")
        raise RuntimeError("and away")


@pytest.mark.parametrize("exercise_id", exercises())
def test_a_check_leaves_global_state_alone(exercise_id: str, capsys: pytest.CaptureFixture) -> None:
    use_edition("es")
    before = snapshot()
    run_check(exercise_id, Vandal)
    for _, text in catalogue.right_answers(exercise_id):
        run_check(exercise_id, catalogue.evaluate(exercise_id, text))
    assert snapshot() == before
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("state", ["no_grad", "float64", "inference_mode"])
@pytest.mark.parametrize("exercise_id", exercises())
def test_a_check_does_not_depend_on_the_notebooks_state(exercise_id: str, state: str) -> None:
    answer = catalogue.evaluate(exercise_id, worked_solution(exercise_id))
    try:
        torch.set_grad_enabled(state != "no_grad")
        torch.set_default_dtype(torch.float64 if state == "float64" else torch.float32)
        with torch.inference_mode(state == "inference_mode"):
            assert run_check(exercise_id, answer).passed
    finally:
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)


def test_an_endless_loop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(*args):
        while True:
            pass

    exercise = get_exercise("ch02/train_bpe")
    monkeypatch.setattr(exercise, "seconds", 0.3)
    report = run_check("ch02/train_bpe", forever, lang="es")
    assert report.score == 0
    assert {item.fault for item in report.items} == {"timeout"}
    assert "0.3 segundos" in report.items[0].message


def test_an_endless_loop_ends_in_another_thread_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(*args):
        while True:
            pass

    monkeypatch.setattr(get_exercise("ch02/train_bpe"), "seconds", 0.3)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(run_check("ch02/train_bpe", forever)))
    thread.start()
    thread.join(20)
    assert {item.fault for item in reports[0].items} == {"timeout"}


def test_time_limit_is_not_an_ordinary_exception() -> None:
    assert not issubclass(TimeUp, Exception)
    with pytest.raises(TimeUp), time_limit(0.1):
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass


def test_ids_come_in_the_courses_order() -> None:
    assert exercises()[0] == "ch01/bigram_probabilities"
    assert exercises() == [f"{chapter}/{name}" for chapter in ORDER for name in ORDER[chapter]]
    for exercise_id in exercises():
        exercise = get_exercise(exercise_id)
        assert exercise.id == exercise_id
        assert len({task.name for task in exercise.tasks}) == len(exercise.tasks) >= 3
        assert exercise.reference is None or exercise.defines == load(exercise.reference).__name__


def test_an_unknown_id_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownExercise, match="ch04/nothing"):
        run_check("ch04/nothing", None)


@pytest.mark.parametrize(("lang", "word"), [("es", "Bessel"), ("en", "Bessel's")])
def test_messages_speak_the_language_asked_for(lang: str, word: str) -> None:
    answer = catalogue.evaluate("ch04/layer_norm", dict(catalogue.wrong_answers("ch04/layer_norm"))["bessel"])
    use_edition("en" if lang == "es" else "es")
    assert word in next(i.message for i in run_check("ch04/layer_norm", answer, lang=lang).items if i.fault == "bessel")
    assert current_edition() == ("en" if lang == "es" else "es")


def test_other_seeds_draw_other_inputs() -> None:
    seen: list[torch.Tensor] = []

    class Spy(nn.Module):
        def __init__(self, emb_dim):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(emb_dim))
            self.shift = nn.Parameter(torch.zeros(emb_dim))

        def forward(self, x):
            seen.append(x)
            return x

    for seed in (1, 2, 1):
        run_check("ch04/layer_norm", Spy, seed=seed)
    third = len(seen) // 3
    first, second, again = seen[:third], seen[third : 2 * third], seen[2 * third :]
    assert all(torch.equal(a, b) for a, b in zip(first, again))
    assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(first, second))
