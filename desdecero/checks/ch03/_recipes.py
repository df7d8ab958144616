"""Imitations of the usual mistakes: attention step by step, with one step changed."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from desdecero.checks.ch03._weights import ROLES, Weights
from desdecero.checks.probe import Wrong, close

Fault = tuple[str, Callable[[], Tensor]]


def softmax(scores: Tensor, allowed: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)


def split(y: Tensor, heads: int) -> Tensor:
    return y.unflatten(-1, (heads, -1)).transpose(1, 2)


def join(context: Tensor) -> Tensor:
    return context.transpose(1, 2).flatten(2)


@dataclass(frozen=True)
class Recipe:
    """Attention step by step; change one step to get what an answer with that mistake computes."""

    x: Tensor
    weights: Weights
    heads: int = 1
    causal: bool = False
    roles: tuple[str, ...] = ROLES
    scale: float | None = None  # what the scores are multiplied by; None: 1 / √head_dim
    allowed: Tensor | None = None  # (T, T), True where a query may look; None: as `causal` says
    normalise: Callable[[Tensor, Tensor], Tensor] = softmax
    apply: Callable[[Tensor, Tensor], Tensor] = torch.matmul
    split: Callable[[Tensor, int], Tensor] = split
    join: Callable[[Tensor], Tensor] = join
    leave_out: tuple[str, ...] = ()

    def cook(self) -> Tensor:
        w = {name: v.detach().double() for name, v in self.weights.items() if not name.endswith(self.leave_out or "?")}
        x = self.x.detach().double()

        def project(role: str) -> Tensor:
            return x if role == "x" else F.linear(x, w[f"{role}.weight"], w.get(f"{role}.bias"))

        q, k, v = (self.split(project(role), self.heads) for role in self.roles)
        scale = k.shape[-1] ** -0.5 if self.scale is None else self.scale
        allowed = self.allowed
        if allowed is None:
            allowed = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool)
            allowed = allowed.tril() if self.causal else allowed
        context = self.join(self.apply(self.normalise(q @ k.transpose(-2, -1) * scale, allowed), v))
        if "out_proj.weight" in w:
            context = F.linear(context, w["out_proj.weight"], w.get("out_proj.bias"))
        return context.to(self.x.dtype)

    def but(self, **changes: object) -> Callable[[], Tensor]:
        return replace(self, **changes).cook


def along(dim: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Softmax along a wrong dimension."""
    return lambda scores, allowed: scores.masked_fill(~allowed, float("-inf")).softmax(dim)


def over_all(scores: Tensor, allowed: Tensor) -> Tensor:
    """One softmax for the whole matrix."""
    return scores.masked_fill(~allowed, float("-inf")).flatten(-2).softmax(-1).view_as(scores)


def filled(value: float) -> Callable[[Tensor, Tensor], Tensor]:
    """Hides with a number other than -inf."""
    return lambda scores, allowed: scores.masked_fill(~allowed, value).softmax(-1)


def raw(hidden: float) -> Callable[[Tensor, Tensor], Tensor]:
    """No softmax at all."""
    return lambda scores, allowed: scores.masked_fill(~allowed, hidden)


def qkv_mimics(right: Recipe) -> Iterator[Fault]:
    """Mistakes that any attention with queries, keys and values can have."""
    B, T, d_in = right.x.shape
    d_out = right.weights["W_query.weight"].shape[0]
    head_dim = d_out // right.heads
    yield "not_scaled", right.but(scale=1.0)
    yield "scale_not_root", right.but(scale=1 / head_dim)
    for number in (d_in**-0.5, T**-0.5, head_dim**0.5, 1 / d_in, 1 / T, B**-0.5):
        yield "wrong_scale", right.but(scale=number)
    for by in (head_dim**-0.5, 1 / head_dim):
        yield (
            "scaled_after",
            right.but(scale=1.0, normalise=lambda scores, allowed, by=by: softmax(scores, allowed) * by),
        )
    for normalise in (along(-2), along(0), along(1), over_all):
        for scale in (None, 1.0):
            yield "softmax_dim", right.but(normalise=normalise, scale=scale)
    for scale in (None, 1.0):
        for hidden in (0.0, float("-inf")):
            yield "no_softmax", right.but(normalise=raw(hidden), scale=scale)
    yield "query_key_swapped", right.but(roles=("W_key", "W_query", "W_value"))
    if "out_proj.weight" not in right.weights:  # with several heads the sizes hardly ever fit
        yield "values_missing", right.but(roles=("W_query", "W_key", "x"))
    for roles in itertools.product(ROLES, repeat=3):
        yield "reused_projection", right.but(roles=roles)
    yield "transposed", right.but(apply=lambda weights, values: weights.transpose(-2, -1) @ values)
    if "W_query.bias" in right.weights:
        for roles in (*((role,) for role in ROLES), ROLES):
            yield "bias_not_added", right.but(leave_out=tuple(f"{role}.bias" for role in roles))


def causal_mimics(right: Recipe) -> Iterator[Fault]:
    """Mistakes with the mask."""
    ones = torch.ones(right.x.shape[-2], right.x.shape[-2], dtype=torch.bool)
    yield "not_causal", right.but(allowed=ones)
    yield "mask_zero", right.but(normalise=filled(0.0))
    yield (
        "not_renormalised",
        right.but(normalise=lambda scores, allowed: scores.softmax(-1) * allowed),
    )
    for normalise in (softmax, filled(-1e9), lambda scores, allowed: scores.softmax(-1) * allowed):
        yield "mask_diagonal", right.but(allowed=ones.tril(-1), normalise=normalise)
        for allowed in (ones.triu(), ones.triu(1)):
            yield "mask_inverted", right.but(allowed=allowed, normalise=normalise)
        for diagonal in (1, 2):
            yield "mask_offset", right.but(allowed=ones.tril(diagonal), normalise=normalise)
    head_dim = right.weights["W_query.weight"].shape[0] // right.heads
    for value in (-1.0, -2.0, -5.0, -9.0, -10.0, -20.0):
        for scale in (1.0, head_dim**-0.5):  # filled after scaling or before
            yield "weak_mask", right.but(normalise=filled(value * scale))


def name_fault(actual: object, expected: Tensor, mimics: Iterable[Fault]) -> None:
    """Raise the first mistake whose imitation gives what the answer gives; several may share a name."""
    if not isinstance(actual, Tensor) or close(actual, expected):
        return
    for fault, mimic in mimics:
        wrong = mimic()
        if close(actual, wrong) and not close(wrong, expected):
            raise Wrong(fault)
