"""Train the model in the box: first on everything, then, with a falling learning rate, on the simplest texts.

`python -m desdecero.authoring mini --corpus FOLDER --out FOLDER`; a run that was stopped goes on where it was.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from desdecero.authoring.tokenizer import selected, sources
from desdecero.edition import EDITIONS
from desdecero.pretrain.checkpoint import going_on
from desdecero.pretrain.corpus import up_to
from desdecero.pretrain.prepare import SUMMARY, prepare
from desdecero.pretrain.run import CONFIGS, Progress, Settings, pretrain
from desdecero.text import load_tokenizer
from desdecero.weights import WEIGHTS_FILE


@dataclass(frozen=True)
class Stage:
    """One part of the training: its texts, at most so many bytes of each language, and how it is run."""

    bytes_per_language: int
    settings: Settings


STAGES = {
    "broad": Stage(
        58_000_000,
        Settings(
            steps=4_600,
            batch_size=32,
            peak_lr=1.5e-3,
            min_lr=6e-4,
            warmup_steps=200,
            precision="bf16",
            validate_every=500,
            save_every=100,
        ),
    ),
    "simple": Stage(
        13_000_000,
        Settings(
            steps=700,
            batch_size=32,
            peak_lr=6e-4,
            min_lr=1e-5,
            warmup_steps=50,
            precision="bf16",
            validate_every=500,
            save_every=100,
            seed=1,
        ),
    ),
}


def texts(folder: Path, bytes_per_language: int) -> Iterator[str]:
    """Documents of both languages, up to so many bytes of each."""
    for edition in EDITIONS:
        yield from up_to(chain.from_iterable(sources(folder, edition)), bytes_per_language)


def held_out_texts(folder: Path, edition: str, bytes_per_source: int = 200_000) -> Iterator[str]:
    """Documents that the training never sees, as long a piece of each source."""
    for source in sources(folder, edition):
        size = bytes_per_source
        for document in selected(source, validation=True):
            piece = document.encode("utf-8")[:size].decode("utf-8", errors="ignore")
            yield piece
            size -= len(piece.encode("utf-8"))
            if size <= 0:
                break


def train_mini(corpus: Path, out: Path) -> Path:
    """Run both stages and return the weights of the last."""
    weights: Path | None = None
    for name, stage in STAGES.items():
        folder = out / name
        shards = folder / "shards"
        if not (shards / SUMMARY).exists():
            print(name, prepare(texts(corpus, stage.bytes_per_language), load_tokenizer("mini"), shards), flush=True)
        if not (folder / WEIGHTS_FILE).exists():
            if told := going_on(folder, CONFIGS["mini"], asdict(stage.settings)):
                print(name, told, flush=True)
            pretrain(shards, folder, CONFIGS["mini"], stage.settings, _show, start=weights)
        weights = folder / WEIGHTS_FILE
    return weights


def _show(progress: Progress) -> None:
    if progress.bits_per_byte is not None or progress.step % 50 == 0:
        print(progress, flush=True)
