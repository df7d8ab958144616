"""One thread per test, and the peak memory of every notebook that nbval runs."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from nbval.plugin import IPyNbCell, IPyNbFile

LIMIT = 1000  # MB, what a small Binder session has

torch.set_num_threads(1)
_peaks: dict[str, float] = {}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A file's tests share what they need and stay together; those of `test_course`, long and alone, do not."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if "test_course.py" in nodeid else nodeid.partition("::")[0]

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The long ones first, so that both processes end at the same time.
    items.sort(key=lambda item: not (isinstance(item, IPyNbCell) or item.path.name == "test_course.py"))
    # How a picture or a report looks is not compared; its text/plain, which says what it shows, is.
    for notebook in {item.parent for item in items if isinstance(item, IPyNbCell)}:
        notebook.skip_compare = (*notebook.skip_compare, "text/html")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    last = isinstance(item, IPyNbCell) and (nextitem is None or nextitem.parent is not item.parent)
    if last and item.parent.kernel is not None and item.parent.kernel.is_alive():
        peak = peak_memory(item.parent)
        item.user_properties.append(("peak_memory", peak))
        assert peak < LIMIT, f"{item.parent.name} takes {peak:.0f} MB, more than {LIMIT}"
    return (yield)


def peak_memory(notebook: IPyNbFile) -> float:
    """The most memory a notebook's kernel has held, in MB; where the system does not tell, what it holds now."""
    process = psutil.Process(notebook.kernel.km.provisioner.pid)
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    memory = process.memory_info()
    return getattr(memory, "peak_wset", memory.rss) / 1e6


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name == "peak_memory":
            _peaks[report.nodeid.partition("::")[0]] = value


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _peaks:
        terminalreporter.section("peak memory of the notebooks")
        for notebook, peak in sorted(_peaks.items()):
            terminalreporter.line(f"{peak:6.0f} MB  {notebook}")
