"""`python -m desdecero.pretrain --corpus FOLDER --config mini`: from a folder of texts to a model."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch.distributed as dist

from desdecero.edition import say
from desdecero.pretrain.corpus import column, documents
from desdecero.pretrain.prepare import Summary, prepare
from desdecero.pretrain.run import CONFIGS, Progress, Settings, for_trial, pretrain
from desdecero.text import load_tokenizer


def texts(folder: Path) -> Iterator[str]:
    """Every document below a folder: `.txt` and `.txt.xz`, and both columns of `.tsv` and `.tsv.xz`."""
    for path in sorted(folder.rglob("*")):
        name = path.name.removesuffix(".xz")
        if name.endswith(".txt"):
            yield from documents(path)
        elif name.endswith(".tsv"):
            for index in (0, 1):
                yield from column(path, index)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="desdecero.pretrain", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help=say("carpeta con los textos", "folder of texts"))
    parser.add_argument("--config", choices=CONFIGS, default="mini")
    parser.add_argument("--out", type=Path, default=Path("pretrained"))
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch-size", type=int, default=Settings.batch_size)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args(argv)
    if not options.corpus.is_dir():
        print(say(f"No existe la carpeta {options.corpus}.", f"There is no folder {options.corpus}."), file=sys.stderr)
        return 2
    settings = replace(Settings(), batch_size=options.batch_size, precision=options.precision, compile=options.compile)
    if options.steps:
        settings = for_trial(settings, options.steps)
    shards = options.out / "shards"
    try:
        if not (shards / "summary.json").exists():
            print(prepare(texts(options.corpus), load_tokenizer("mini"), shards, tell=_show_summary))
        pretrain(shards, options.out, CONFIGS[options.config], settings, tell=_show)
        if dist.is_initialized():
            dist.barrier()  # nobody leaves while another still writes
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


def _show_summary(summary: Summary) -> None:
    print(f"\r{summary.documents} documents, {summary.train_tokens:,} tokens", end="", flush=True)


def _show(progress: Progress) -> None:
    if progress.bits_per_byte is not None or progress.step % 10 == 0:
        print(progress, flush=True)


if __name__ == "__main__":
    sys.exit(main())
