"""The `desdecero` command: check an answer in a terminal, open the course."""

import argparse
import contextlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

from desdecero.edition import EDITIONS, current_edition, say, use_edition

PASSED, FAILED, UNUSABLE = 0, 1, 2


class Unusable(Exception):
    """The input can't be used; the message says why, in one line."""


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # a Windows pipe would stumble over ✓
    parser = argparse.ArgumentParser(prog="desdecero", description=say("El curso desdecero.", "The desdecero course."))
    commands = parser.add_subparsers(dest="command", required=True)
    edition = {
        "choices": EDITIONS,
        "help": say("por defecto, la lengua del sistema", "by default, the system's language"),
    }

    check = commands.add_parser("check", help=say("comprueba una respuesta", "check an answer"))
    check.add_argument("exercise", nargs="?", help="ch04/layer_norm")
    check.add_argument("file", nargs="?", type=Path, help="my_answer.py")
    check.add_argument("--list", action="store_true", help=say("todos los ejercicios", "every exercise"))
    check.add_argument("--seed", type=int, default=0, help=say("sortea otros datos", "draw other inputs"))
    check.add_argument("--json", action="store_true", help=say("para otros programas", "for other programs"))
    check.add_argument("--lang", **edition)
    check.set_defaults(run=_check)

    lab = commands.add_parser(
        "lab",
        help=say("abre el curso en JupyterLab", "open the course in JupyterLab"),
        epilog=say("Lo demás se pasa a JupyterLab: --port 8889.", "Anything else goes to JupyterLab: --port 8889."),
    )
    lab.add_argument("--edition", **edition)
    lab.add_argument(
        "--folder", type=Path, help=say("una copia tuya; si no está, se hace", "a copy of your own, made if missing")
    )
    lab.set_defaults(run=_lab)

    grade = commands.add_parser("grade", help=say("califica lo entregado", "grade what was handed in"))
    grade.add_argument("assignment", help="ch03")
    grade.add_argument("--edition", **edition)
    grade.add_argument(
        "--root",
        type=Path,
        help=say("carpeta de la clase; por defecto, el repositorio", "the class's folder; by default, the repository"),
    )
    grade.add_argument(
        "--workers",
        type=int,
        default=2,
        help=say("cuántas entregas a la vez (por defecto, 2)", "how many submissions at a time (by default, 2)"),
    )
    grade.add_argument(
        "--student", action="append", default=[], help=say("solo a esta persona", "only this one; may be repeated")
    )
    grade.set_defaults(run=_grade)

    demo = commands.add_parser("demo-class", help=say("una clase difícil, calificada", "a difficult class, graded"))
    demo.add_argument("--edition", **edition)
    demo.set_defaults(run=_demo_class)

    options, rest = parser.parse_known_args(argv)
    if rest and options.command != "lab":
        commands.choices[options.command].error(
            say("argumentos desconocidos: ", "unknown arguments: ") + " ".join(rest)
        )
    options.rest = rest
    try:
        return options.run(options)
    except Unusable as error:
        print(error, file=sys.stderr)
        return UNUSABLE


def _check(options: argparse.Namespace) -> int:
    from desdecero.checks import exercises

    use_edition(options.lang or current_edition())
    if options.list:
        print("\n".join(exercises()))
        return PASSED
    if options.exercise is None or options.file is None:
        raise Unusable(
            say("Di qué ejercicio y qué archivo: ", "Say which exercise and which file: ")
            + "desdecero check ch04/layer_norm my_answer.py"
        )
    if options.exercise not in exercises():
        raise Unusable(
            say(
                f"El ejercicio «{options.exercise}» no existe; «desdecero check --list» los enumera todos.",
                f"There is no exercise “{options.exercise}”; “desdecero check --list” names them all.",
            )
        )
    from desdecero.checks import get_exercise, run_check

    candidate = _defined_in(options.file, get_exercise(options.exercise).defines)
    report = run_check(options.exercise, candidate, seed=options.seed)
    print(json.dumps(report.to_dict(), ensure_ascii=False, indent=2) if options.json else report)
    return PASSED if report.passed else FAILED


def _defined_in(file: Path, name: str) -> object:
    """Run the student's file and take what it calls `name`; what it prints goes to stderr."""
    from desdecero.checks.isolation import TimeUp, preserved_state, time_limit
    from desdecero.checks.probe import describe

    try:
        source = file.read_bytes()
    except OSError:
        raise Unusable(say(f"No se puede leer el archivo {file}.", f"The file {file} can't be read.")) from None
    try:
        code = compile(source, str(file), "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unusable(
            say(f"El archivo {file} no es Python válido: {error}", f"The file {file} is not valid Python: {error}")
        ) from None
    module = ModuleType("answer")
    module.__file__ = str(file)
    sys.modules["answer"] = module  # dataclasses and pickling look themselves up here
    sys.path.insert(0, str(file.resolve().parent))
    try:
        with preserved_state(), contextlib.redirect_stdout(sys.stderr), time_limit(10):
            exec(code, vars(module))
    except TimeUp:
        raise Unusable(
            say(f"El archivo {file} no termina de ejecutarse.", f"The file {file} never finishes running.")
        ) from None
    except BaseException as error:
        raise Unusable(
            say(f"El archivo {file} se interrumpe: ", f"The file {file} stops: ") + describe(error)
        ) from None
    finally:
        sys.path.pop(0)
    if name not in vars(module):
        raise Unusable(say(f"El archivo {file} no define {name}.", f"The file {file} does not define {name}."))
    return vars(module)[name]


def _require(module: str, extra: str) -> None:
    """Say so, and how to get it, where an optional package is not installed."""
    if importlib.util.find_spec(module) is None:
        raise Unusable(
            say(
                f"Falta {module}: instálalo con «pip install -e '.[{extra}]'» en la carpeta del repositorio.",
                f"{module} is missing: install it with “pip install -e '.[{extra}]'” in the repository's folder.",
            )
        )


def _lab(options: argparse.Namespace) -> int:
    """Serve `course/<edition>`, or a copy of it; without a screen, or as root, print the address only."""
    import subprocess

    _require("jupyterlab", "lab")
    edition = use_edition(options.edition or current_edition())
    folder = Path(__file__).parents[1] / "course" / edition
    if not folder.is_dir():
        raise Unusable(say(f"No encuentro el curso en {folder}.", f"The course is not at {folder}."))
    if options.folder is not None:
        folder = _own_copy(folder, options.folder)
    command = [sys.executable, "-m", "jupyter", "lab", *options.rest]
    headless = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if headless:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # jupyter and nbgrader look for their helpers on PATH, also when the environment is not activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    # No question about news, and no look at the network for them.
    settings = os.pathsep.join(
        filter(None, [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")])
    )
    environment = {**os.environ, "PATH": path, "JUPYTER_CONFIG_PATH": settings}
    jupyter = subprocess.Popen(command, cwd=folder, env=environment)
    while True:
        try:
            return jupyter.wait()
        except KeyboardInterrupt:
            continue  # Jupyter has been interrupted too: it asks whether to shut down, and may stay


def _own_copy(course: Path, folder: Path) -> Path:
    """Copy into `folder` what it does not have yet; what stands there is left alone."""
    import shutil

    from desdecero.files import whole

    try:
        for source in sorted(course.rglob("*.ipynb")):
            target = folder / source.relative_to(course)
            if ".ipynb_checkpoints" not in source.parts and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with whole(target) as part:
                    shutil.copyfile(source, part)
    except OSError as error:
        raise Unusable(
            say(f"No se puede escribir en {folder}: {error}", f"The folder {folder} can't be written: {error}")
        ) from None
    return folder


def _grade(options: argparse.Namespace) -> int:
    _require("nbgrader", "grading")
    from desdecero.grading.config import ROOT
    from desdecero.grading.run import NothingToGrade, UnknownAssignment, export, grade

    edition = use_edition(options.edition or current_edition())
    root = (options.root or ROOT).resolve()
    try:
        scores = grade(edition, options.assignment, root, options.workers, only=options.student)
    except (NothingToGrade, UnknownAssignment) as error:
        raise Unusable(str(error)) from None
    table = root / f"grades-{edition}.csv"
    export(edition, table, root)
    pages = root / "feedback" / edition
    print(say(f"Notas en {table}; comentarios en {pages}.", f"Scores in {table}; feedback in {pages}."))
    return PASSED if all(score.score is not None for score in scores) else FAILED


def _demo_class(options: argparse.Namespace) -> int:
    _require("nbgrader", "grading")
    from desdecero.grading.config import ROOT
    from desdecero.grading.demo import run_class, table

    rows = run_class(use_edition(options.edition or current_edition()), ROOT / "demo-class")
    print(table(rows))
    return PASSED if all(score.score == student.expected for student, score in rows) else FAILED


if __name__ == "__main__":
    sys.exit(main())
