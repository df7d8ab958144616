"""Appendix E, to play with: a picture rebuilt from few directions, and the rank of the updates."""

from collections.abc import Mapping, Sequence

import ipywidgets
import torch
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import Picture
from desdecero.plots.lora import rank_view, thin_product
from desdecero.plots.lora_update import copies
from desdecero.widgets import Play
from desdecero.widgets.gpt import _choice, _slider


def play_product(in_dim: int, out_dim: int) -> Play:
    """Choose the rank and see, to scale, the two thin matrices that stand for a large one."""

    def draw(rank: int) -> Picture:
        return thin_product(in_dim, out_dim, rank)

    return Play(draw, rank=_slider(say("rango", "rank"), 8, 1, min(in_dim, out_dim), 1))


def play_copies(update: Tensor) -> Play:
    """Choose how many directions of an update to keep, and compare what is left of it with the whole."""
    U, sizes, Vh = torch.linalg.svd(update.float(), full_matrices=False)

    def draw(rank: int) -> Picture:
        copy = (U[:, :rank] * sizes[:rank]) @ Vh[:rank]
        held = float((sizes[:rank] ** 2).sum() / (sizes**2).sum())
        return copies(update.numpy(), copy.numpy(), rank, held)

    return Play(draw, rank=_slider(say("rango", "rank"), 8, 1, len(sizes), 1))


def play_ranks(results: Mapping[int, float], trained: Mapping[int, int], total: int, full: float) -> Play:
    """Choose a rank: what it trains, of `total` weights, and what it reached beside training everything."""

    def draw(rank: int) -> Picture:
        return rank_view(results, rank, trained[rank], total + trained[rank], full)

    ranks: Sequence[int] = list(results)
    choice: ipywidgets.Widget = _choice(say("rango", "rank"), ranks)
    choice.value = 8 if 8 in results else ranks[0]
    return Play(draw, rank=choice)
