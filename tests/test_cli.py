"""The `desdecero` command, in a terminal."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar
from unittest.mock import Mock

import pytest

from desdecero.authoring import build, catalogue
from desdecero.checks import exercises
from desdecero.cli import main
from desdecero.edition import use_edition

BESSEL = catalogue.PREAMBLE + dict(catalogue.wrong_answers("ch04/layer_norm"))["bessel"]
RIGHT = catalogue.PREAMBLE + dict(catalogue.right_answers("ch04/layer_norm"))["einsum"]


@pytest.fixture(autouse=True)
def spanish() -> None:
    use_edition("es")


@pytest.fixture
def answer(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "answer.py"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_list_names_every_exercise(capsys: pytest.CaptureFixture) -> None:
    assert main(["check", "--list"]) == 0
    assert capsys.readouterr().out.split() == exercises()


def test_a_right_answer(answer, capsys: pytest.CaptureFixture) -> None:
    assert main(["check", "ch04/layer_norm", answer(RIGHT)]) == 0
    assert capsys.readouterr().out.startswith("ch04/layer_norm: correcto")


def test_a_wrong_answer_is_told_why_in_the_language_asked_for(answer, capsys: pytest.CaptureFixture) -> None:
    assert main(["check", "ch04/layer_norm", answer(BESSEL), "--lang", "en"]) == 1
    assert "pass unbiased=False" in capsys.readouterr().out


def test_json_is_nothing_but_json(answer) -> None:
    noisy = "print('loading')\nimport sys; sys.stdout.write('more')\n" + BESSEL
    command = [
        sys.executable,
        "-m",
        "desdecero.cli",
        "check",
        "ch04/layer_norm",
        answer(noisy),
        "--json",
        "--seed",
        "7",
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["id"] == "ch04/layer_norm"
    assert not report["passed"] and 0 <= report["score"] < report["max_score"]
    assert {"name", "passed", "points", "message", "fault"} <= report["items"][0].keys()
    assert "bessel" in {item["fault"] for item in report["items"]}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1", "no define LayerNorm"),
        ("def LayerNorm(:", "no es Python válido"),
        ("import not_there", "ModuleNotFoundError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("1 / 0", "ZeroDivisionError: division by zero (línea 1)"),
        ("\0", "no es Python válido"),
        ("x = int('uno')", "se interrumpe: ValueError: invalid literal for int() with base 10: 'uno' (línea 1)"),
        ("exec('def (')", "se interrumpe: SyntaxError"),
    ],
)
def test_unusable_files_are_explained_in_one_line(
    answer, text: str, complaint: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["check", "ch04/layer_norm", answer(text)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and complaint in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ch04/layer_norm", "nowhere.py"], "No se puede leer el archivo nowhere.py"),
        (["ch04/nothing", "nowhere.py"], "«ch04/nothing» no existe"),
        (["ch04/layer_norm"], "Di qué ejercicio y qué archivo"),
        ([], "Di qué ejercicio y qué archivo"),
    ],
)
def test_unusable_arguments_are_explained_in_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture
) -> None:
    assert main(["check", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and complaint in err and len(err.splitlines()) == 1


def test_a_file_may_import_its_neighbours(answer, tmp_path: Path) -> None:
    (tmp_path / "my_norms.py").write_text(RIGHT, encoding="utf-8")
    assert main(["check", "ch04/layer_norm", answer("from my_norms import LayerNorm")]) == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["nothing"], "No existe la tarea «nothing»"), (["ch03"], "No hay entregas de ch03")],
)
def test_grading_nothing_is_explained(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["grade", *arguments, "--root", str(tmp_path), "--edition", "es"]) == 2
    assert complaint in capsys.readouterr().err


class FakeJupyter:
    """Stays when it is interrupted for the first time, as where one answers its question with no."""

    started: ClassVar[list[Path]] = []

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        self.started.append(cwd)
        self.interrupted = 0

    def wait(self) -> int:
        self.interrupted += 1
        if self.interrupted < 3:
            raise KeyboardInterrupt
        return 7


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders in which Jupyter was started, instead of starting it."""
    monkeypatch.setattr(FakeJupyter, "started", [])
    monkeypatch.setattr(subprocess, "Popen", FakeJupyter)
    return FakeJupyter.started


def test_jupyter_asks_nothing_about_news(monkeypatch: pytest.MonkeyPatch) -> None:
    environments = []
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    monkeypatch.setattr(subprocess, "Popen", lambda command, cwd, env: environments.append(env) or Mock(wait=lambda: 0))
    assert main(["lab"]) == 0
    ours, *others = environments[0]["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert others == ["mine"]
    settings = json.loads((Path(ours) / "labconfig" / "page_config.json").read_text(encoding="utf-8"))
    assert settings["disabledExtensions"] == {"@jupyterlab/apputils-extension:announcements": True}


def test_jupyter_decides_what_an_interrupt_means(started: list[Path]) -> None:
    assert main(["lab", "--edition", "en"]) == 7
    assert started == [build.COURSE / "en"]


@pytest.mark.parametrize(
    ("command", "module"), [(["lab"], "jupyterlab"), (["grade", "ch03"], "nbgrader"), (["demo-class"], "nbgrader")]
)
def test_a_package_that_is_not_installed_is_named(
    command: list[str], module: str, started: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))
    assert main(command) == 2
    error = capsys.readouterr().err
    assert f"Falta {module}" in error and "pip install" in error and len(error.splitlines()) == 1
    assert started == []


def test_a_copy_of_ones_own_gets_only_what_it_lacks(tmp_path: Path, started: list[Path]) -> None:
    mine = tmp_path / "mine"
    assert main(["lab", "--edition", "en", "--folder", str(mine)]) == 7
    course = build.COURSE / "en"
    notebooks = {path.relative_to(course) for path in course.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert {path.relative_to(mine) for path in mine.rglob("*.ipynb")} == notebooks
    written, lost = mine / "ch01" / "language_models.ipynb", mine / "ch02" / "text.ipynb"
    written.write_text("my answers", encoding="utf-8")
    lost.unlink()
    assert main(["lab", "--edition", "en", "--folder", str(mine)]) == 7
    assert written.read_text(encoding="utf-8") == "my answers" and lost.exists()
    assert started == [mine, mine]


def test_a_copy_that_cannot_be_made_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["lab", "--edition", "en", "--folder", str(tmp_path / "file")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_student_without_submission_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "submitted" / "en" / "ana" / "ch03").mkdir(parents=True)
    arguments = ["grade", "ch03", "--edition", "en", "--root", str(tmp_path), "--student", "luis", "--student", "ana"]
    assert main(arguments) == 2
    assert "luis handed in nothing for ch03" in capsys.readouterr().err
