"""Batches for pretraining: which windows a step sees depends on the seed and the step alone.

So a run that is resumed sees what it would have seen, and several processes share one batch without talking.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from desdecero.edition import say
from desdecero.pretrain.corpus import CorpusError
from desdecero.pretrain.prepare import read_shards


class Windows:
    """Random windows of `context_length` tokens out of a split's shards.

    Raises:
        CorpusError: if no shard is longer than a window.
    """

    def __init__(self, folder: Path, split: str, context_length: int, seed: int = 0) -> None:
        self.shards = read_shards(folder, split)
        self.context_length = context_length
        self.seed = seed
        room = np.array([max(0, len(shard) - context_length) for shard in self.shards])
        if not room.any():
            longest = max(map(len, self.shards))
            part = {"train": say("entrenar", "training"), "validation": say("validar", "validation")}[split]
            raise CorpusError(
                say(
                    f"Para {part} hay {longest} tokens, y el contexto es de {context_length}: añade textos, o usa un "
                    "contexto más corto.",
                    f"There are {longest} tokens for {part}, and the context is {context_length}: add texts, or use a "
                    "shorter context.",
                )
            )
        self.ends = room.cumsum()  # of all possible starts, numbered through the shards

    def batch(self, step: int, batch_size: int, rank: int = 0, world_size: int = 1) -> tuple[Tensor, Tensor]:
        """Inputs and targets, `(batch_size / world_size, T)` each: this process's part of the step's batch."""
        draw = np.random.default_rng((self.seed, step))
        starts = draw.integers(self.ends[-1], size=batch_size)[rank::world_size]
        rows = np.stack([self._window(start) for start in starts]).astype(np.int64)  # (B, T + 1)
        ids = torch.from_numpy(rows)
        return ids[:, :-1], ids[:, 1:]  # (B, T), (B, T)

    def _window(self, start: int) -> np.ndarray:
        shard = int(np.searchsorted(self.ends, start, side="right"))
        inside = start - (self.ends[shard - 1] if shard else 0)
        return self.shards[shard][inside : inside + self.context_length + 1]
