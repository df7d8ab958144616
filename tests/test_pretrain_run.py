"""A miniature of the pretraining run: it learns, goes on after being killed, and may be shared by two processes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from desdecero.data import load_story
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.pretrain.prepare import prepare
from desdecero.pretrain.run import CHECKPOINT, CONFIGS, Progress, Settings, pretrain, read_curve
from desdecero.text import END_OF_TEXT, load_tokenizer
from desdecero.weights import load_weights

CONFIG = GPTConfig(1_024, context_length=16, emb_dim=16, n_heads=2, n_layers=2, drop_rate=0.0)
SETTINGS = Settings(
    steps=24, batch_size=8, peak_lr=2e-2, warmup_steps=4, validate_every=8, validation_batches=2, save_every=8
)


def stories() -> list[str]:
    return [p for edition in ("es", "en") for p in load_story(edition).split("\n") if len(p) > 40]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    prepare(stories(), load_tokenizer(), folder)
    return folder


@pytest.fixture(scope="module")
def whole(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float], list[Progress]]:
    """A run from start to end."""
    out, told = tmp_path_factory.mktemp("whole"), []
    return out, pretrain(shards, out, CONFIG, SETTINGS, told.append), told


def test_a_run_learns_and_leaves_everything_behind(whole) -> None:
    out, losses, told = whole
    assert len(losses) == SETTINGS.steps
    assert sum(losses[-4:]) < sum(losses[:4]) - 2
    assert read_curve(out / "losses.csv") == losses
    assert (out / "losses.png").read_bytes().startswith(b"\x89PNG")
    load_weights(GPTModel(CONFIG), out / "model.safetensors")
    assert not list(out.glob("*.part"))
    bits = [progress.bits_per_byte for progress in told if progress.bits_per_byte is not None]
    assert len(bits) == 3 and 0 < bits[-1] < bits[0]
    assert told[-1].seconds_left == 0 and told[-1].tokens_per_second > 0


@pytest.mark.parametrize("killed_after", [8, 13, 16])
def test_a_killed_run_goes_on_to_the_same_losses(shards: Path, tmp_path: Path, whole, killed_after: int) -> None:
    class Killed(Exception):
        pass

    def kill(progress: Progress) -> None:
        if progress.step == killed_after + 1:
            raise Killed

    with pytest.raises(Killed):
        pretrain(shards, tmp_path, CONFIG, SETTINGS, kill)
    assert (tmp_path / CHECKPOINT).exists()
    assert pretrain(shards, tmp_path, CONFIG, SETTINGS, lambda progress: None) == whole[1]


def test_half_precision_learns_as_well(shards: Path, tmp_path: Path, whole) -> None:
    settings = Settings(**{**vars(SETTINGS), "precision": "bf16"})
    losses = pretrain(shards, tmp_path, CONFIG, settings, lambda progress: None)
    assert losses == pytest.approx(whole[1], abs=0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="gloo needs Linux or macOS here")
def test_two_processes_give_the_losses_of_one(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "texts.txt").write_text(f"\n{END_OF_TEXT}\n".join(stories()), encoding="utf-8")
    common = ["-m", "desdecero.pretrain", "--corpus", str(corpus), "--config", "trial", "--steps", "6"]
    common += ["--batch-size", "4", "--out"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    one = [sys.executable, *common, str(tmp_path / "one")]
    subprocess.run(one, check=True, env=environment, capture_output=True)
    two = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "shards").rename(tmp_path / "two" / "shards")
    subprocess.run([*two, *common, str(tmp_path / "two")], check=True, env=environment, capture_output=True)
    losses = [read_curve(tmp_path / name / "losses.csv") for name in ("one", "two")]
    assert len(losses[0]) == 6
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


def test_a_missing_corpus_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "desdecero.pretrain", "--corpus", str(tmp_path / "nothing")]
    environment = {**os.environ, "EDITION": "en"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert done.returncode == 2
    assert "There is no folder" in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_course_model_has_the_size_it_says() -> None:
    with torch.device("meta"):
        count = sum(p.numel() for p in GPTModel(CONFIGS["mini"]).parameters())
    assert 6e6 < count < 10e6
