"""The benchmarks compare like with like, on any system."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from benchmarks.peers import torch_attention
from desdecero.attention import MultiHeadAttention


def test_the_peer_computes_what_the_course_s_attention_does() -> None:
    torch.manual_seed(0)
    attention = MultiHeadAttention(12, 8, 6, 0.0, 4)
    x = torch.randn(2, 5, 12)
    torch.testing.assert_close(torch_attention(attention, x), attention(x))


@pytest.mark.parametrize(("platform", "most"), [("linux", 2_048), ("darwin", 2**21)])
def test_memory_is_in_mib(platform: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import training

    resource = SimpleNamespace(RUSAGE_SELF=0, getrusage=lambda who: SimpleNamespace(ru_maxrss=most))
    monkeypatch.setitem(sys.modules, "resource", resource)
    monkeypatch.setattr(sys, "platform", platform)
    assert training.peak_memory() == 2


def test_the_module_needs_nothing_that_windows_lacks() -> None:
    code = "import sys; sys.modules['resource'] = None; import benchmarks.training"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
