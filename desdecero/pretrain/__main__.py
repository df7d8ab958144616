"""`python -m desdecero.pretrain --corpus FOLDER --config mini`: from a folder of texts to a model."""

import argparse
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import torch.distributed as dist

from desdecero.edition import say
from desdecero.errors import CourseError
from desdecero.pretrain.checkpoint import going_on
from desdecero.pretrain.corpus import fingerprint, texts
from desdecero.pretrain.prepare import Summary, is_prepared, prepare
from desdecero.pretrain.run import CONFIGS, Progress, Settings, for_trial, pretrain, processes
from desdecero.text import load_tokenizer

PATIENCE = timedelta(days=1)  # for the process that prepares a corpus while the others wait


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="desdecero.pretrain", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help=say("carpeta con los textos", "folder of texts"))
    parser.add_argument(
        "--config", choices=CONFIGS, default="mini", help=say("tamaño del modelo (mini)", "size of the model (mini)")
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("pretrained"),
        help=say("dónde queda todo (pretrained)", "where everything goes (pretrained)"),
    )
    parser.add_argument("--steps", type=int, help=say(f"pasos ({Settings.steps})", f"steps ({Settings.steps})"))
    parser.add_argument(
        "--batch-size",
        type=int,
        default=Settings.batch_size,
        help=say(f"textos por paso ({Settings.batch_size})", f"texts per step ({Settings.batch_size})"),
    )
    parser.add_argument(
        "--precision",
        choices=("fp32", "bf16"),
        default="fp32",
        help=say(
            "bf16 va más deprisa donde el procesador lo sabe hacer (fp32)",
            "bf16 is faster on processors that have it (fp32)",
        ),
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help=say("con torch.compile: tarda en arrancar", "with torch.compile: slow to start"),
    )
    options = parser.parse_args(argv)
    if not options.corpus.is_dir():
        print(say(f"No existe la carpeta {options.corpus}.", f"There is no folder {options.corpus}."), file=sys.stderr)
        return 2
    settings = replace(Settings(), batch_size=options.batch_size, precision=options.precision, compile=options.compile)
    if options.steps:
        settings = for_trial(settings, options.steps)
    try:
        _run(options.corpus, options.out, options.config, settings)
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(say("Interrumpido: repite la orden para seguir.", "Stopped: run it again to go on."), file=sys.stderr)
        return 130
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


def _run(corpus: Path, out: Path, config: str, settings: Settings) -> None:
    rank, world_size = processes(settings)
    shards = out / "shards"
    problem: list[Exception | None] = [None]
    waiting = dist.new_group(backend="gloo", timeout=PATIENCE) if world_size > 1 else None
    if rank == 0:
        try:
            if told := going_on(out, CONFIGS[config], asdict(settings)):
                print(told, flush=True)
            _prepare_once(corpus, shards)
        except (CourseError, OSError) as error:
            problem[0] = error
    if world_size > 1:
        dist.broadcast_object_list(problem, group=waiting)
    if problem[0] is not None:
        raise problem[0]
    pretrain(shards, out, CONFIGS[config], settings, tell=_show)
    if world_size > 1:
        dist.barrier()  # nobody leaves while another still writes


def _prepare_once(corpus: Path, shards: Path) -> None:
    """Prepare the corpus, unless the shards are already of these very files."""
    source = fingerprint(corpus)
    if not is_prepared(shards, source):
        print(
            f"\r{prepare(texts(corpus), load_tokenizer('mini'), shards, tell=_show_summary, source=source)}", flush=True
        )


def _show_summary(summary: Summary) -> None:
    print(f"\r{summary}", end="", flush=True)


def _show(progress: Progress) -> None:
    if progress.bits_per_byte is not None or progress.step % 10 == 0:
        print(progress, flush=True)


if __name__ == "__main__":
    sys.exit(main())
