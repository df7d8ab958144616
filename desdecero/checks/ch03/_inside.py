"""Looks inside an answer: its mask, its dropout, how its constructor refuses."""

import torch
from torch import Tensor, nn

from desdecero.checks.probe import Wrong, close


def large_buffers(module: nn.Module, size: int) -> list[tuple[nn.Module, str]]:
    """Who owns a buffer of at least `size` elements, and under what name."""
    return [
        (owner, name)
        for owner in module.modules()
        for name, buffer in owner.named_buffers(recurse=False)
        if buffer.numel() >= size
    ]


def is_constant(buffer: Tensor) -> bool:
    """Whether it says the same of every pair, so that the mask is yet to be made from it."""
    return bool((buffer == buffer.flatten()[0]).all())


def no_mask(module: nn.Module, size: int, contract: set[str]) -> Wrong:
    """What there is instead of a buffer."""
    for name, parameter in module.named_parameters():
        if name not in contract and parameter.numel() >= size:
            return Wrong("mask_is_parameter")
    for owner in module.modules():
        for name, value in vars(owner).items():
            if isinstance(value, Tensor) and value.numel() >= size:
                return Wrong("mask_not_buffer", name=name)
    return Wrong("mask_rebuilt")


def spelled(context: Tensor, heads: int, T: int) -> tuple[Tensor, Tensor]:
    """The weights, both times that the context spells them: each (B, heads, T, T)."""
    twice = context.detach().unflatten(-1, (heads, 2, T)).permute(3, 0, 2, 1, 4)
    return twice[0], twice[1]


def check_dropped(weights: Tensor, copy: Tensor, full: Tensor, rate: float) -> None:
    """`weights` must be `full` with some entries dropped at random and the others scaled up."""
    T = full.shape[-1]
    past = torch.ones(T, T, dtype=torch.bool).tril()
    ratio = (weights / full.masked_fill(~past, 1.0))[..., past]  # (B, heads, pairs)
    kept = ratio.abs() > 1e-6
    whole = (weights.nan_to_num(nan=0.0).sum(-1) - 1).abs() < 1e-6  # (B, heads, T)
    # A row of which everything was dropped has no sum left to divide by.
    if bool((whole | weights.isnan().any(-1) | (weights == 0).all(-1)).all()):
        raise Wrong("dropout_too_early")
    if not close(weights, copy) or not bool(torch.isfinite(weights).all()):
        raise Wrong("dropout_misplaced")
    if bool((weights[..., ~past].abs() > 1e-6).any()):
        raise Wrong("not_causal")
    survivors = ratio[kept]
    factor = survivors.median() if len(survivors) else torch.zeros(())
    if bool(((survivors - factor).abs() > 1e-6).any()):
        raise Wrong("dropout_misplaced")
    check_independent(kept, past)
    if abs(float(kept.double().mean()) - (1 - rate)) > 0.08:  # six standard errors
        raise Wrong("dropout_rate")
    if abs(float(factor) - 1) < 1e-6:
        raise Wrong("dropout_not_scaled")
    if abs(float(factor) - 1 / (1 - rate)) > 1e-6:
        raise Wrong("dropout_rate")


def check_independent(kept: Tensor, past: Tensor) -> None:
    """No two weights stand or fall together: neighbours agree as often as chance has it."""
    square = torch.full((*kept.shape[:2], *past.shape), -1.0)
    square[..., past] = kept.float()  # (B, heads, T, T); -1 where there is no weight
    share = float(kept.double().mean())
    chance = share**2 + (1 - share) ** 2
    if not 0.05 < share < 0.95:  # too few differ to say anything
        return
    for dim in range(square.ndim):
        if square.shape[dim] > 1:
            one, other = square.narrow(dim, 0, square.shape[dim] - 1), square.narrow(dim, 1, square.shape[dim] - 1)
            agree = (one == other)[(one >= 0) & (other >= 0)]
            if float(agree.double().mean()) > chance + 0.7 * (1 - chance):
                raise Wrong("dropout_in_blocks")


def refuses(wrong: Wrong) -> bool:
    """Whether the student's constructor said no in one of the two ways it may."""
    return wrong.fault == "raises" and isinstance(wrong.__context__, (ValueError, AssertionError))
