"""The repository as a whole: nothing stands twice, every link leads somewhere, the checkout stays small."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from desdecero.authoring.chapters import chapters

ROOT = Path(__file__).parents[1]
RUN = 8  # so many lines alike are no accident


def code_lines(path: Path) -> list[str]:
    """What a file says in code: of a chapter only its code cells, nowhere imports, comments and blank lines."""
    text = path.read_text(encoding="utf-8")
    if path.parent.name == "chapters":
        text = re.sub(r'(?s)# %% \[markdown\].*?\nr""".*?"""', "", text)
    lines = (line.strip() for line in text.splitlines())
    kept = [line for line in lines if len(line) > 3 and not line.startswith(("#", "import ", "from ", '"""'))]
    return [line for line in kept if not re.fullmatch(r"\w+,", line)]  # a name in a list of imports


def test_no_two_files_carry_the_same_code() -> None:
    places: dict[tuple[str, ...], set[str]] = defaultdict(set)
    files = [chapter.path for chapter in chapters()] + sorted((ROOT / "desdecero").rglob("*.py"))
    assert len(files) > 30
    for path in files:
        lines = code_lines(path)
        for i in range(len(lines) - RUN + 1):
            places[tuple(lines[i : i + RUN])].add(str(path.relative_to(ROOT)))
    twice = [(sorted(names), run) for run, names in places.items() if len(names) > 1]
    assert not twice, twice[:3]


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*/*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    if ".venv" in path.parts:
        pytest.skip("not ours")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (path.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_the_code_has_the_style_of_the_house(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_checkout_is_small() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert sum(path.stat().st_size for path in files if path.exists()) < 80e6
