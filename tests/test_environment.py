"""One set of packages, written down in three places."""

import re
import subprocess
import sys
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


def test_every_dependency_of_the_package_is_pinned() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)[1]
    needed = set(re.findall(r'"([A-Za-z0-9_.-]+)"', block))
    assert needed and needed <= set(pins("requirements.txt"))


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
