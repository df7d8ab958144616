"""Training the model in the box, beside `transformers`' GPT-2 of the same shape: `make bench ARGS=training`.

Every way of training is a process of its own, so that its memory is its own; they take turns, step by step, so that
whatever else the machine does meets all alike. Nothing is asserted: times depend on the machine, ratios less so.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.peers import torch_attention
from desdecero.attention import MultiHeadAttention
from desdecero.data import load_story
from desdecero.edition import EDITIONS
from desdecero.fast import FusedAttention, fuse, keep_memory, vocabulary_loss
from desdecero.gpt import GPTModel
from desdecero.pretrain.run import CONFIGS, Settings, make_optimizer, start_weights
from desdecero.text import load_tokenizer, make_loader
from desdecero.training import batch_loss

CONFIG, BATCH, ROUNDS = CONFIGS["mini"], 16, 5
WAYS = {
    "peer": "transformers GPT-2",
    "taught": "the course, as taught",
    "fused": "fused",
    "kept": "fused, memory kept (the pipeline)",
}
Batch = tuple[Tensor, Tensor]


def peer() -> tuple[nn.Module, Callable[[Tensor, Tensor], Tensor]]:
    """A GPT-2 with our sizes and its loss; its labels are shifted already, as ours are."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=CONFIG.vocab_size, n_positions=CONFIG.context_length, n_embd=CONFIG.emb_dim,
        n_head=CONFIG.n_heads, n_layer=CONFIG.n_layers, tie_word_embeddings=False,
        attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = GPT2LMHeadModel(config)

    def loss(inputs: Tensor, targets: Tensor) -> Tensor:
        logits = model(inputs, use_cache=False).logits
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    return model, loss


def ours(way: str) -> tuple[nn.Module, Callable[[Tensor, Tensor], Tensor]]:
    model = GPTModel(CONFIG)
    start_weights(model)
    if way == "taught":
        return model, lambda inputs, targets: batch_loss(model, inputs, targets)
    if way == "kept":
        keep_memory()
    return model, fuse(model)


def epoch() -> list[Batch]:
    """The story in both languages, once."""
    tokenizer = load_tokenizer("mini")
    ids = tokenizer.encode("\n".join(load_story(edition) for edition in EDITIONS))
    context = CONFIG.context_length
    return list(make_loader(ids, context, stride=context, batch_size=8))


def work(way: str, precision: str) -> None:
    """One way of training: reads `step` or `epoch` from standard input, does it, and answers with seconds and MB."""
    torch.manual_seed(0)
    model, loss_of = peer() if way == "peer" else ours(way)
    settings = Settings()
    optimizer = make_optimizer(model, settings)
    ids = torch.randint(CONFIG.vocab_size, (BATCH, CONFIG.context_length + 1))
    batches = {"step": [(ids[:, :-1], ids[:, 1:])], "epoch": epoch()}
    for line in sys.stdin:
        start = time.perf_counter()
        for inputs, targets in batches[line.strip()]:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16) if precision == "bf16" else nullcontext():
                loss = loss_of(inputs, targets)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), settings.max_norm)
            optimizer.step()
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, peak_memory()]), flush=True)


def peak_memory() -> float:
    """The most memory this process has held, in MiB."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 2**20
    import resource  # Windows has none

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 1024)  # bytes on macOS, KiB on Linux


class Worker:
    """A process that does what `work` says, one line at a time."""

    def __init__(self, way: str, precision: str, threads: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.training", way, precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )

    def ask(self, task: str) -> tuple[float, float]:
        self.process.stdin.write(task + "\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def compare(precision: str, threads: int) -> None:
    """One step and one epoch of every way, in turns."""
    workers = {way: Worker(way, precision, threads) for way in WAYS}
    seconds = {way: {"step": [], "epoch": []} for way in WAYS}
    peaks: dict[str, float] = {}
    for round in range(ROUNDS + 1):
        for way, worker in workers.items():
            for task in ("step", "epoch") if round <= 1 else ("step",):
                taken, peaks[way] = worker.ask(task)
                if round:  # the first warms up
                    seconds[way][task].append(taken)
    tokens = {"step": BATCH * CONFIG.context_length, "epoch": sum(inputs.numel() for inputs, _ in epoch())}
    medians = {way: {task: statistics.median(times) for task, times in tasks.items()} for way, tasks in seconds.items()}
    print(f"\n{precision}, {threads} threads: a step of {tokens['step']:,} tokens, an epoch of {tokens['epoch']:,}")
    print(f"{'':36}{'step':>9}{'ratio':>7}{'epoch':>9}{'ratio':>7}{'tokens/s':>10}{'peak MB':>9}{'ratio':>7}")
    for way, name in WAYS.items():
        workers[way].close()
        step, whole = medians[way]["step"], medians[way]["epoch"]
        ratios = step / medians["peer"]["step"], whole / medians["peer"]["epoch"], peaks[way] / peaks["peer"]
        speed = tokens["step"] / step
        print(
            f"{name:36}{step:8.2f}s{ratios[0]:7.2f}{whole:8.2f}s{ratios[1]:7.2f}{speed:10,.0f}"
            f"{peaks[way]:9,.0f}{ratios[2]:7.2f}"
        )


def parts() -> None:
    """What costs time: each part of a step, in two or three ways, forward and backward in bf16."""
    keep_memory()
    D, V, T = CONFIG.emb_dim, CONFIG.vocab_size, CONFIG.context_length
    x = torch.randn(BATCH, T, D, requires_grad=True)
    taught = MultiHeadAttention(D, D, T, 0.0, CONFIG.n_heads)
    products = FusedAttention(D, D, T, 0.0, CONFIG.n_heads)

    hidden = torch.randn(BATCH * T, D, requires_grad=True)
    head = nn.Linear(D, V, bias=False)
    targets = torch.randint(V, (BATCH * T,))
    rows: dict[str, Callable[[], Tensor]] = {
        "attention as taught": lambda: taught(x).sum(),
        "attention by scaled_dot_product_attention": lambda: torch_attention(taught, x).sum(),
        "attention by products, mask and scale in one": lambda: products(x).sum(),
        "loss: cross_entropy of all logits": lambda: F.cross_entropy(head(hidden), targets),
        "loss: linear_cross_entropy, piece by piece": lambda: vocabulary_loss(hidden, head.weight, targets),
    }
    model = GPTModel(CONFIG)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizers = {
        "AdamW, parameter by parameter": torch.optim.AdamW(model.parameters(), foreach=False),
        "AdamW, all at once (foreach)": torch.optim.AdamW(model.parameters(), foreach=True),
        "AdamW, fused": torch.optim.AdamW(model.parameters(), fused=True),
    }
    times: dict[str, list[float]] = {name: [] for name in (*rows, *optimizers)}
    for _ in range(ROUNDS):
        for name, work in rows.items():
            start = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16):
                loss = work()
            loss.backward()
            times[name].append(time.perf_counter() - start)
        for name, optimizer in optimizers.items():
            start = time.perf_counter()
            optimizer.step()
            times[name].append(time.perf_counter() - start)
    print(f"\nThe parts of a step of {BATCH * T:,} tokens in bf16, {torch.get_num_threads()} threads")
    for name, taken in times.items():
        print(f"{name:46}{1e3 * statistics.median(taken[1:]):8.1f} ms")


def main() -> int:
    if len(sys.argv) == 3:
        work(*sys.argv[1:])
        return 0
    cores = os.cpu_count() or 1
    for threads in sorted({1, cores}):
        for precision in ("fp32", "bf16"):
            compare(precision, threads)
    parts()
    return 0


if __name__ == "__main__":
    sys.exit(main())
