"""A miniature of the pretraining run: it learns, goes on after being killed, and may be shared by two processes."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from desdecero.data import load_story
from desdecero.edition import use_edition
from desdecero.errors import BadArgument
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.pretrain import __main__ as command
from desdecero.pretrain import run
from desdecero.pretrain.corpus import held_out
from desdecero.pretrain.prepare import clean, prepare
from desdecero.pretrain.run import (
    CHECKPOINT,
    CONFIGS,
    Progress,
    Settings,
    load_checkpoint,
    make_optimizer,
    pretrain,
    read_curve,
    save_checkpoint,
)
from desdecero.text import END_OF_TEXT, load_tokenizer
from desdecero.weights import WeightsError, load_pretrained, load_weights

CONFIG = GPTConfig(1_024, context_length=16, emb_dim=16, n_heads=2, n_layers=2, drop_rate=0.0)
SETTINGS = Settings(
    steps=24, batch_size=8, peak_lr=2e-2, warmup_steps=4, validate_every=8, validation_batches=2, save_every=8
)


@pytest.fixture(autouse=True)
def english() -> None:
    use_edition("en")


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
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "EDITION": "en"}
    one = [sys.executable, *common, str(tmp_path / "one")]
    subprocess.run(one, check=True, env=environment, capture_output=True)
    two = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
    command = [*two, *common, str(tmp_path / "two")]
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.stdout.count("100 documents,") == 1  # one of them prepares, the other waits
    losses = [read_curve(tmp_path / name / "losses.csv") for name in ("one", "two")]
    assert len(losses[0]) == 6
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


def test_a_missing_corpus_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "desdecero.pretrain", "--corpus", str(tmp_path / "nothing")]
    environment = {**os.environ, "EDITION": "en"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert done.returncode == 2
    assert "There is no folder" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Six files, none of which is held out by its text."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    third = len(load_story("en")) // 3
    for edition in ("es", "en"):
        for i in range(3):
            text = load_story(edition)[i * third : (i + 1) * third]
            assert not held_out(clean(text))
            (folder / f"{edition}-{i}.txt").write_text(text, encoding="utf-8")
    return folder


def launch(corpus: Path, out: Path, *options: str) -> int:
    return command.main(["--corpus", str(corpus), "--out", str(out), "--batch-size", "2", *options])


def test_six_files_are_enough_and_the_model_comes_back(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert launch(corpus, out, "--config", "trial", "--steps", "2") == 0
    model = load_pretrained("mini", out)
    trained = load_file(out / "model.safetensors")
    assert all(torch.equal(parameter, trained[name]) for name, parameter in model.named_parameters())


@pytest.mark.parametrize(
    ("edition", "complaint"), [("es", "dos documentos distintos"), ("en", "Two different documents")]
)
def test_one_document_is_too_few_and_more_of_them_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edition: str, complaint: str
) -> None:
    use_edition(edition)
    (tmp_path / "a.txt").write_text(load_story("es"), encoding="utf-8")
    options = (tmp_path, tmp_path / "out", "--config", "trial", "--steps", "1")
    for _ in range(2):
        assert launch(*options) == 2
        assert complaint in capsys.readouterr().err
    (tmp_path / "b.txt").write_text(load_story("en"), encoding="utf-8")
    assert launch(*options) == 0


def test_a_changed_corpus_is_prepared_anew(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = (corpus, tmp_path / "out", "--config", "trial", "--steps")
    launch(*options, "1")
    assert "duplicates;" in capsys.readouterr().out
    launch(*options, "2")
    assert "duplicates;" not in capsys.readouterr().out
    (corpus / "es-0.txt").unlink()
    launch(*options, "3")
    assert "5 documents," in capsys.readouterr().out


def test_going_on_says_so_and_another_model_is_refused(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert launch(corpus, out, "--config", "trial", "--steps", "2") == 0
    assert "Goes on" not in capsys.readouterr().out
    assert launch(corpus, out, "--config", "trial", "--steps", "3") == 0
    assert "Goes on at step 2 of 3, with other settings than before: steps 2 → 3." in capsys.readouterr().out
    assert len(read_curve(out / "losses.csv")) == 3
    written = (out / "model.safetensors").stat().st_mtime_ns
    assert launch(corpus, out, "--config", "trial", "--steps", "3") == 0
    assert "has made 3 steps already" in capsys.readouterr().out
    assert (out / "model.safetensors").stat().st_mtime_ns == written
    assert launch(corpus, out, "--config", "mini") == 2
    (complaint,) = capsys.readouterr().err.splitlines()
    assert "of a model of another configuration: name another folder with --out" in complaint


def test_a_checkpoint_from_before_it_kept_its_configuration_goes_on(shards: Path, tmp_path: Path, whole) -> None:
    shorter = replace(SETTINGS, steps=8)
    pretrain(shards, tmp_path, CONFIG, shorter, lambda progress: None)
    path = tmp_path / CHECKPOINT
    with safe_open(path, framework="pt") as file:
        assert set(file.metadata()) == {"step", "config", "settings"}
    save_file({name: tensor.clone() for name, tensor in load_file(path).items()}, path, {"step": "8"})
    with pytest.raises(WeightsError, match="another configuration"):
        pretrain(shards, tmp_path, replace(CONFIG, n_layers=1), SETTINGS)
    assert len(pretrain(shards, tmp_path, CONFIG, SETTINGS, lambda progress: None)) == SETTINGS.steps


def test_a_checkpoint_of_other_heads_or_a_damaged_one_changes_nothing(tmp_path: Path, whole) -> None:
    path = tmp_path / CHECKPOINT
    path.write_bytes((whole[0] / CHECKPOINT).read_bytes())
    model = GPTModel(CONFIG)
    optimizer = make_optimizer(model, SETTINGS)
    before = model.out_head.weight.clone()
    with pytest.raises(WeightsError, match="another configuration"):  # though every shape is the same
        load_checkpoint(path, model, optimizer, replace(CONFIG, n_heads=4))
    path.write_bytes(path.read_bytes()[:1_000])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        load_checkpoint(path, model, optimizer)
    with pytest.raises(WeightsError, match="There is no file"):
        load_checkpoint(tmp_path / "nothing", model, optimizer)
    assert torch.equal(model.out_head.weight, before) and not optimizer.state


def test_what_a_checkpoint_gives_does_not_live_in_its_file(tmp_path: Path, whole) -> None:
    path = tmp_path / CHECKPOINT
    path.write_bytes((whole[0] / CHECKPOINT).read_bytes())
    model = GPTModel(CONFIG)
    optimizer = make_optimizer(model, SETTINGS)
    load_checkpoint(path, model, optimizer)
    path.write_bytes(b"\xff" * path.stat().st_size)
    for parameter in model.parameters():
        assert all(torch.isfinite(memory).all() for memory in optimizer.state[parameter].values())
    save_checkpoint(path, model, optimizer, 24)
    before, after = load_file(whole[0] / CHECKPOINT), load_file(path)
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def test_an_interrupted_run_is_one_sentence(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_show", interrupt)
    assert launch(corpus, tmp_path / "out", "--config", "trial", "--steps", "2") == 130
    assert capsys.readouterr().err == "Stopped: run it again to go on.\n"


def test_processes_that_can_not_share_a_batch_are_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 3)
    with pytest.raises(BadArgument, match="choose a multiple of 3"):
        pretrain(tmp_path / "no shards yet", tmp_path, CONFIG, SETTINGS)


def test_several_processes_keep_to_the_cpu_where_gloo_joins_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    assert run.device_of(1).type == "mps"
    assert run.device_of(2).type == "cpu"


def test_the_course_model_has_the_size_it_says() -> None:
    with torch.device("meta"):
        count = sum(p.numel() for p in GPTModel(CONFIGS["mini"]).parameters())
    assert 6e6 < count < 10e6
