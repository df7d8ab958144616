"""The model in the box: small, quick to have, and able to write without a network."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from desdecero.data import MINI, load_story
from desdecero.edition import EDITIONS, use_edition
from desdecero.errors import BadArgument
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.pretrain.run import CONFIGS
from desdecero.sampling import sample
from desdecero.text import load_tokenizer
from desdecero.training import batch_loss, bits_per_byte
from desdecero.weights import WeightsError, load_pretrained

WRITE = r"""
import pathlib, re, resource, socket, sys

def refuse(*arguments):
    raise OSError("no network here")

socket.socket.connect = refuse
import torch
torch.set_num_threads(1)
from desdecero.sampling import sample
from desdecero.text import load_tokenizer
from desdecero.weights import load_pretrained

model, tokenizer = load_pretrained("mini"), load_tokenizer("mini")
for opening in ("El gato", "La noche", "Mi hermana", "The cat", "The night", "My sister"):
    print(repr(sample(model, tokenizer, opening, max_new_tokens=30)))
# On Linux ru_maxrss counts what the parent held when it started this process; VmHWM is our own peak.
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
"""


@pytest.fixture(scope="module")
def mini() -> GPTModel:
    return load_pretrained("mini")


def test_it_is_as_small_as_it_should_be(mini: GPTModel) -> None:
    count = sum(parameter.numel() for parameter in mini.parameters())
    assert 6e6 <= count <= 10e6
    assert sum(path.stat().st_size for path in MINI.iterdir()) <= 20e6
    assert GPTConfig(**json.loads((MINI / "config.json").read_text(encoding="utf-8"))) == CONFIGS["mini"]
    assert {parameter.dtype for parameter in mini.parameters()} == {torch.float32}
    assert not mini.training


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is asked of Linux and macOS")
def test_it_writes_both_languages_without_a_network_in_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", WRITE], capture_output=True, text=True, encoding="utf-8", check=True)
    *written, peak = done.stdout.splitlines()
    assert len(set(written)) == 6 and all(len(text) > 40 for text in written)
    assert float(peak) < 600  # MiB


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_has_learned_from_its_texts(mini: GPTModel, edition: str) -> None:
    tokenizer = load_tokenizer("mini")
    text = load_story(edition)[:4_000]
    ids, size = tokenizer.encode(text), len(text.encode("utf-8"))
    torch.manual_seed(0)
    untrained = bits_per_byte(GPTModel(CONFIGS["mini"]), ids, 256, size)
    assert bits_per_byte(mini, ids, 256, size) < 0.6 * untrained


def test_a_seed_fixes_what_is_written(mini: GPTModel) -> None:
    tokenizer = load_tokenizer("mini")
    first, again, other = (sample(mini, tokenizer, "La luna", max_new_tokens=12, seed=seed) for seed in (3, 3, 4))
    assert first == again != other
    assert first.startswith("La luna")
    assert sample(mini, tokenizer, max_new_tokens=5, temperature=0)


def test_bits_per_byte_are_the_losses_of_all_windows() -> None:
    torch.manual_seed(0)
    model = GPTModel(GPTConfig(30, context_length=8, emb_dim=8, n_heads=2, n_layers=1, drop_rate=0.5)).train()
    ids = torch.randint(30, (21,)).tolist()
    bits = bits_per_byte(model, ids, 8, bytes_of_text=50)
    assert model.training
    model.eval()
    pieces = [(ids[i : i + 8], ids[i + 1 : i + 9]) for i in (0, 8, 16)]
    nats = sum(batch_loss(model, torch.tensor([a[: len(b)]]), torch.tensor([b])).item() * len(b) for a, b in pieces)
    assert bits == pytest.approx(nats / math.log(2) / 50)


def test_another_model_in_the_same_form_drops_in(tmp_path: Path, mini: GPTModel) -> None:
    shutil.copytree(MINI, tmp_path / "other")
    other = load_pretrained("mini", tmp_path / "other")
    ids = torch.arange(5)[None]
    torch.testing.assert_close(other(ids), mini(ids))


def test_a_damaged_or_unknown_model_is_one_sentence(tmp_path: Path) -> None:
    shutil.copytree(MINI, tmp_path / "half")
    weights = tmp_path / "half" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])
    use_edition("en")
    with pytest.raises(WeightsError, match="damaged or incomplete") as caught:
        load_pretrained("mini", tmp_path / "half")
    assert caught.value._render_traceback_() == [str(caught.value)]
    with pytest.raises(BadArgument, match="there are mini, gpt2, gpt2-medium, gpt2-large, gpt2-xl"):
        load_pretrained("maxi")
