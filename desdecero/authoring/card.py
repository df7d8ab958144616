"""Put a run's weights into the package and write what its card says in numbers.

`python -m desdecero.authoring card --corpus FOLDER --out RUN`: held-out bits per byte of the model in the box beside
an untrained one and a 5-gram model, the curve of its losses, and samples by a fixed rule.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from desdecero.authoring.mini import STAGES, held_out_texts
from desdecero.data import MINI
from desdecero.edition import EDITIONS
from desdecero.fast import fuse
from desdecero.files import whole
from desdecero.gpt import GPTModel
from desdecero.plots import BLUE, ORANGE, canvas
from desdecero.pretrain.checkpoint import CURVE, read_curve
from desdecero.pretrain.ngram import NGramModel
from desdecero.pretrain.prepare import SUMMARY, read_shards
from desdecero.pretrain.run import CONFIGS, start_weights
from desdecero.sampling import sample
from desdecero.text import load_tokenizer
from desdecero.training import bits_per_byte
from desdecero.weights import CONFIG_FILE, WEIGHTS_FILE, load_pretrained

CARD = MINI.parent / "cards" / "mini.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
OPENINGS = {"es": "Había una vez", "en": "Once upon a time"}
NGRAM_TOKENS = 40_000_000  # at most so many tokens teach the 5-gram model


def install(run: Path) -> None:
    """The weights of a finished run, in 16 bits, with their configuration and the losses of both stages."""
    MINI.mkdir(exist_ok=True)
    tensors = load_file(run / list(STAGES)[-1] / WEIGHTS_FILE)
    with whole(MINI / WEIGHTS_FILE) as part:
        save_file({name: tensor.to(torch.bfloat16) for name, tensor in tensors.items()}, part)
        part.chmod(0o644)
    with whole(MINI / CONFIG_FILE) as part:
        part.write_text(json.dumps(asdict(CONFIGS["mini"]), indent=2) + "\n", encoding="utf-8")
    curves = {name: read_curve(run / name / CURVE) for name in STAGES}
    with whole(MINI / CURVE) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("stage", "step", "loss"))
        for name, losses in curves.items():
            writer.writerows((name, step, f"{loss:.3f}") for step, loss in enumerate(losses, start=1))
    draw_losses(curves, MINI / "losses.png")


def draw_losses(curves: dict[str, list[float]], path: Path) -> None:
    figure, axes = canvas(7, 3.2)
    start = 0
    for (name, losses), color in zip(curves.items(), (BLUE, ORANGE)):
        steps = range(start + 1, start + len(losses) + 1)
        axes.plot(steps, losses, color=color, alpha=0.25, linewidth=0.6)
        width = 50
        smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
        axes.plot(steps[width - 1 :], smooth, color=color, linewidth=1.6, label=f"{name}, mean of {width} steps")
        start += len(losses)
    axes.set_xlabel("step")
    axes.set_ylabel("training loss (nats per token)")
    axes.legend(frameon=False)
    with whole(path) as part:
        figure.savefig(part, format="png", dpi=110, facecolor="white", bbox_inches="tight")


def measure(corpus: Path, run: Path) -> dict[str, dict[str, float]]:
    """Bits per byte of each model in each language, on documents that none of them was trained on."""
    tokenizer = load_tokenizer("mini")
    config = CONFIGS["mini"]
    torch.manual_seed(0)
    untrained = GPTModel(config)
    start_weights(untrained)
    models = {"untrained": fuse(untrained), "mini": fuse(load_pretrained("mini"))}
    shards = read_shards(run / "broad" / "shards", "train")
    ngram = NGramModel(np.concatenate(shards)[:NGRAM_TOKENS], config.vocab_size)
    result: dict[str, dict[str, float]] = {name: {} for name in ("untrained", "5-gram", "mini")}
    for edition in EDITIONS:
        texts = list(held_out_texts(corpus, edition))
        size = sum(len(text.encode("utf-8")) for text in texts)
        ids = [i for text in texts for i in (*tokenizer.encode_ordinary(text), tokenizer.eot_token)]
        for name, model in models.items():
            result[name][edition] = bits_per_byte(model, ids, config.context_length, size)
        bits = -np.log2(ngram.probabilities(np.array(ids))[1:]).sum()
        result["5-gram"][edition] = float(bits) / size
        result.setdefault("held-out bytes", {})[edition] = size
    return result


def table(measured: dict[str, dict[str, float]], run: Path) -> Iterator[str]:
    """The part of the card that is written by this command."""
    yield "| held-out bits per byte | Spanish | English |"
    yield "|---|---|---|"
    names = {"untrained": "the same model, untrained", "5-gram": "5-gram model, same training text", "mini": "**mini**"}
    for key, name in names.items():
        yield f"| {name} | {measured[key]['es']:.2f} | {measured[key]['en']:.2f} |"
    sizes = measured["held-out bytes"]
    yield f"\nMeasured on {sizes['es']:,.0f} bytes of Spanish and {sizes['en']:,.0f} of English.\n"
    yield "| stage | steps | tokens seen | training tokens | learning rate | mean loss of the last 100 steps |"
    yield "|---|---|---|---|---|---|"
    context = CONFIGS["mini"].context_length
    for name, stage in STAGES.items():
        losses = read_curve(run / name / CURVE)
        summary = json.loads((run / name / "shards" / SUMMARY).read_text(encoding="utf-8"))
        seen = len(losses) * stage.settings.batch_size * context
        rates = f"{stage.settings.peak_lr:g} to {stage.settings.min_lr:g}"
        tokens = summary["train_tokens"]
        yield f"| {name} | {len(losses):,} | {seen:,} | {tokens:,} | {rates} | {np.mean(losses[-100:]):.3f} |"
    model, tokenizer = load_pretrained("mini"), load_tokenizer("mini")
    for opening in OPENINGS.values():
        yield f"\nWhat it writes after “{opening}” (60 tokens, temperature 0.8, top-k 50, seeds 0 to 4):\n"
        for seed in range(5):
            written = " ".join(sample(model, tokenizer, opening, seed=seed).split())
            yield f"{seed}. {written}"


def write_card(corpus: Path, run: Path) -> str:
    """Install the run's weights, measure them, and bring the card up to date; returns the new part of the card."""
    install(run)
    text = "\n".join(table(measure(corpus, run), run))
    card = CARD.read_text(encoding="utf-8")
    before, _, rest = card.partition(BEGIN)
    _, _, after = rest.partition(END)
    with whole(CARD) as part:
        part.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return text
