"""One set of packages, written down in three places."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^\s*(?:- )?([A-Za-z0-9_.-]+)==([^\s#]+)", re.MULTILINE)


def pins(path: str) -> dict[str, str]:
    return {name.lower(): version for name, version in PIN.findall((ROOT / path).read_text(encoding="utf-8"))}


def test_binder_and_conda_name_what_requirements_names() -> None:
    required = pins("requirements.txt")
    assert len(required) > 10
    assert pins("environment.yml") == required
    assert pins("binder/requirements.txt") == required


def test_binder_takes_the_build_of_torch_without_cuda() -> None:
    text = (ROOT / "binder/requirements.txt").read_text(encoding="utf-8")
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in text


def test_conda_and_binder_use_one_python() -> None:
    assert "python=3.11" in (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert (ROOT / "binder/runtime.txt").read_text(encoding="utf-8").strip() == "python-3.11"


def declared(extra: str = "") -> set[str]:
    """What `pip install desdecero`, or one of its extras, asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {name.lower() for name in (project["optional-dependencies"][extra] if extra else project["dependencies"])}


@pytest.mark.parametrize("extra", ["", "lab", "grading"])
def test_every_dependency_of_the_package_is_pinned(extra: str) -> None:
    assert declared(extra) and declared(extra) <= set(pins("requirements.txt"))


def imported(files: Iterable[Path]) -> set[str]:
    """The packages of others that these files import, wherever in them."""
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    modules = {name.partition(".")[0] for name in names} - {"desdecero"} - sys.stdlib_module_names
    packages = metadata.packages_distributions()
    return {packages[module][0].lower() for module in modules}


def with_what_they_bring(names: set[str]) -> set[str]:
    """Packages, and those that they ask for themselves."""
    asked = [text for name in names for text in metadata.requires(name) or () if "extra ==" not in text]
    return names | {re.match(r"[A-Za-z0-9_.-]+", text)[0].lower() for text in asked}


def test_the_package_declares_what_it_imports() -> None:
    package = ROOT / "desdecero"
    grading, authors = ({*(package / name).rglob("*.py")} for name in ("grading", "authoring"))
    assert imported({*package.rglob("*.py")} - grading - authors) <= with_what_they_bring(declared())
    assert imported(grading) <= with_what_they_bring(declared() | declared("grading"))


@pytest.mark.skipif(sys.platform == "win32", reason="Binder runs on Linux")
def test_a_binder_session_starts_in_the_course() -> None:
    done = subprocess.run(["bash", "binder/start", "pwd", "-P"], cwd=ROOT, capture_output=True, text=True)
    assert Path(done.stdout.strip()) == (ROOT / "course").resolve()
    assert (
        (ROOT / "binder/postBuild")
        .read_text(encoding="utf-8")
        .rstrip()
        .endswith("pip install --no-cache-dir --no-deps -e .")
    )
