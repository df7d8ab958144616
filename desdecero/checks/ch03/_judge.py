"""Judging one kind of attention: what the exercises of chapter 3 have in common."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from desdecero.checks.ch03._inside import (
    check_dropped,
    is_constant,
    large_buffers,
    no_mask,
    refuses,
    spelled,
)
from desdecero.checks.ch03._recipes import Fault, Recipe, name_fault
from desdecero.checks.ch03._weights import ROLES, Weights, check_layer, draw, install, installed, oracle
from desdecero.checks.probe import Probe, Wrong, close, type_name


@dataclass(frozen=True)
class Attention:
    """One kind of attention: how to make it, and what may go wrong with it.

    `explain` may know why an answer stops with an error: it returns the fault, or None.
    """

    mimics: Callable[[Recipe], Iterable[Fault]]
    causal: bool = False
    out_proj: bool = False
    explain: Callable[[Probe], str | None] = lambda probe: None

    def build(
        self,
        probe: Probe,
        d_in: int,
        d_out: int,
        context_length: int = 8,
        dropout: float = 0.0,
        heads: int = 1,
        bias: bool = False,
    ) -> nn.Module:
        sizes = self.arguments(d_in, d_out, context_length, dropout, heads)
        return self._make(probe, *sizes, **({"qkv_bias": True} if bias else {}))

    def _make(self, probe: Probe, *sizes: float, **qkv_bias: bool) -> nn.Module:
        try:
            return probe.build(*sizes, **qkv_bias)
        except Wrong as wrong:
            # The sizes asked for here are all valid; what checks them is `num_heads` alone.
            if self.out_proj and refuses(wrong):
                raise Wrong("refuses_valid") from None
            raise

    def arguments(self, d_in: int, d_out: int, context_length: int, dropout: float, heads: int) -> list[float]:
        """What the constructor takes, in order, up to `qkv_bias`."""
        causal = [context_length, dropout] if self.causal else []
        return [d_in, d_out, *causal, *([heads] if self.out_proj else [])]

    def names(self) -> list[str]:
        """What the statement calls them; the chapter's cells pass some by name."""
        causal = ["context_length", "dropout"] if self.causal else []
        return ["d_in", "d_out", *causal, *(["num_heads"] if self.out_proj else [])]

    def answer(self, probe: Probe, module: nn.Module, x: Tensor, fault: str = "raises") -> Tensor:
        """What the module answers, which must be one tensor."""
        try:
            result = probe(module, x, fault=fault)
        except Wrong as wrong:
            known = self.explain(probe) if wrong.fault == fault else None
            raise Wrong(known) if known else wrong from None
        if isinstance(result, (tuple, list, dict)):
            raise Wrong("returns_weights", got=type_name(result))
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))
        return result

    def draw(self, probe: Probe, d_in: int, d_out: int, bias: bool, dtype: torch.dtype = torch.float32) -> Weights:
        return draw(probe, d_in, d_out, bias, dtype, self.out_proj)

    def expected(self, x: Tensor, weights: Weights, heads: int = 1) -> Tensor:
        return oracle(x, weights, heads, self.causal)

    def recipe(self, x: Tensor, weights: Weights, heads: int = 1) -> Recipe:
        return Recipe(x, weights, heads, self.causal)

    def compare(
        self,
        probe: Probe,
        module: nn.Module,
        x: Tensor,
        weights: Weights,
        heads: int = 1,
        expected: Tensor | None = None,
        fault: str = "raises",
    ) -> Tensor:
        """The module's answer on `x`, which must be right."""
        result = self.answer(probe, module, x, fault)
        expected = self.expected(x, weights, heads) if expected is None else expected
        if self.causal and not module.training and not close(result, expected):
            again = self.answer(probe, module, x)
            if again.shape == result.shape and not close(again, result):
                raise Wrong("dropout_in_eval")
        name_fault(result, expected, self.mimics(self.recipe(x, weights, heads)))
        probe.same(result, expected)
        return result

    def check_layers(self, probe: Probe, d_in: int, d_out: int, heads: int = 1) -> None:
        """`W_query`, `W_key` and `W_value` are three layers, with a bias only when asked for."""
        sizes = self.arguments(d_in, d_out, 6, 0.0, heads)
        for given, bias in (({}, False), ({"qkv_bias": True}, True), ({"qkv_bias": False}, False)):
            module = self._make(probe, *sizes, **given)
            found = [probe.attribute(module, role, nn.Linear) for role in ROLES]
            for role, layer in zip(ROLES, found):
                check_layer(role, layer, d_in, d_out)
            if len({id(layer.weight) for layer in found}) < len(found):
                raise Wrong("shared_layer")
            for role, layer in zip(ROLES, found):
                if (layer.bias is not None) != bias:
                    raise Wrong("qkv_bias", name=role)
            self.answer(probe, module, probe.randn(2, 6, d_in))
        probe.build(fault="argument_names", **dict(zip(self.names(), sizes)), qkv_bias=True)

    def check_gradients(self, probe: Probe, module: nn.Module, x: Tensor, weights: Weights, heads: int = 1) -> None:
        """The gradients reach the input and every weight as they should."""
        x = x.clone().requires_grad_()
        leaves = installed(module, weights)
        for leaf in leaves.values():
            if not leaf.requires_grad:
                raise Wrong("no_gradient")
        expected = self.expected(x, leaves, heads)
        pull = probe.randn(*expected.shape, dtype=x.dtype)
        wanted = probe.gradients(expected, [x, *leaves.values()], pull)
        result = self.compare(probe, module, x, leaves, heads, expected)
        for got, want in zip(probe.gradients(result, [x, *leaves.values()], pull), wanted):
            probe.same(got, want, fault="detached")

    def check_causality(self, probe: Probe, d_in: int, d_out: int, heads: int = 1) -> None:
        """The future reaches the past neither through values nor through gradients, and rows keep their sum.

        All this is seen in the answer alone, so that one with another mistake can earn it.
        """
        T = 7
        weights = self.draw(probe, d_in, d_out, True, torch.float64)
        module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads, bias=True), weights)
        x = probe.randn(2, T, d_in, dtype=torch.float64)
        if not self._independent(probe, module, x, d_out):
            self._blame(probe, module, x, weights, heads, "not_causal")
        # Where all values are alike, every average of them is, too.
        alike = weights | {"W_value.weight": torch.zeros_like(weights["W_value.weight"])}
        result = self.answer(probe, install(probe, module, alike), x)
        if not close(result, result[:, :1].expand_as(result)):
            self._blame(probe, module, x, alike, heads, "not_renormalised")
        # Where every score is about -300, hiding with -100 would show the future instead. Heads are wide, so that
        # a number put in before scaling shrinks a lot.
        d_out, head_dim = heads * 256, 256
        low = self.draw(probe, d_in, d_out, True, torch.float64)
        for role, value in (("W_query", -300 * head_dim**0.5), ("W_key", 1.0)):
            low[f"{role}.weight"][::head_dim] = 0.0
            low[f"{role}.bias"][::head_dim] = value
        module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads, bias=True), low)
        if not self._independent(probe, module, x, d_out):
            raise Wrong("weak_mask")

    def _independent(self, probe: Probe, module: nn.Module, x: Tensor, d_out: int) -> bool:
        """Whether what comes out for a token depends on the tokens up to it, and on no later one."""
        B, T, d_in = x.shape
        x = x.clone().requires_grad_()
        for cut in (1, 3, 6):
            before = self.answer(probe, module, x)
            changed = torch.cat([x[:, :cut], probe.randn(B, T - cut, d_in, dtype=x.dtype)], dim=1)
            after = self.answer(probe, module, changed)
            if tuple(before.shape) != (B, T, d_out) or not bool(torch.isfinite(before).all()):
                return False
            if not close(after[:, :cut], before[:, :cut], rtol=1e-6, atol=1e-6):
                return False
            (reach,) = probe.gradients(before[:, :cut], [x], torch.ones_like(before[:, :cut]))
            # Masking after softmax leaves rounding errors here, which are no influence.
            if not bool((reach[:, cut:].abs() < 1e-6).all()):
                return False
        last = self.answer(probe, module, x)[:, -1]
        (reach,) = probe.gradients(last, [x], torch.ones_like(last))
        return bool((reach[:, 0].abs() > 0).any())

    def _blame(self, probe: Probe, module: nn.Module, x: Tensor, weights: Weights, heads: int, fault: str) -> None:
        """Raise what the values show to be wrong; if they show no mistake that we know, raise `fault`."""
        try:
            self.compare(probe, module, x, weights, heads)
        except Wrong as wrong:
            if wrong.fault is not None:
                raise
        raise Wrong(fault)

    def check_sizes(self, probe: Probe, cases: Iterable[tuple[int, int, int, bool, torch.dtype]]) -> None:
        """Right for each `(d_in, d_out, heads, bias, dtype)`, for full sequences and for shorter ones."""
        for d_in, d_out, heads, bias, dtype in cases:
            weights = self.draw(probe, d_in, d_out, bias, dtype)
            for T, fault in ((5, "raises"), (8, "context_length_ignored")):
                module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads, bias), weights)
                self.compare(probe, module, probe.randn(2, T, d_in, dtype=dtype), weights, heads, fault=fault)
            for B, T in ((2, 5), (1, 7), (3, 1), (1, 1), (4, 8)):
                x = probe.randn(B, T, d_in, dtype=dtype)
                self.compare(probe, module, x, weights, heads, fault="not_cropped")
        # Large values, but scores of ordinary size.
        weights = self.draw(probe, d_in, d_out, False, torch.float64)
        for role in ("W_query", "W_key"):
            weights[f"{role}.weight"] /= 1000
        module = install(probe, self.build(probe, d_in, d_out, 6, 0.0, heads), weights)
        self.compare(probe, module, probe.randn(2, 6, d_in, dtype=torch.float64, scale=1000.0), weights, heads)

    def check_mask(self, probe: Probe, d_in: int, d_out: int, heads: int = 1) -> None:
        """The mask is a buffer, as large as asked for, and what `forward` goes by."""
        weights = self.draw(probe, d_in, d_out, False, torch.float64)
        for T, fault in ((4, "raises"), (9, "context_length_ignored")):
            module = install(probe, self.build(probe, d_in, d_out, T, 0.0, heads), weights)
            masks = large_buffers(module, T * T)  # before the call, which must not be what makes them
            x = probe.randn(2, T, d_in, dtype=torch.float64)
            self.compare(probe, module, x, weights, heads, fault=fault)
        if all(is_constant(owner._buffers[name]) for owner, name in masks):
            raise no_mask(module, T * T, set(weights))
        larger = large_buffers(self.build(probe, d_in, d_out, 5 * T, 0.0, heads), 25 * T * T)
        sizes = {owner._buffers[name].numel() for owner, name in masks}
        if all(owner._buffers[name].numel() in sizes for owner, name in larger):
            raise Wrong("context_length_ignored")
        if not self._opens(probe, module, masks, x, oracle(x, weights, heads, causal=False)):
            raise Wrong("mask_unused")

    def _opens(
        self, probe: Probe, module: nn.Module, masks: list[tuple[nn.Module, str]], x: Tensor, everything: Tensor
    ) -> bool:
        """Whether some constant mask, all 0 or all 1, lets every token see everything.

        The buffers are replaced, not overwritten: that is what `.to()` does, and what a second name for the
        same tensor would miss.
        """
        kept = [owner._buffers[name] for owner, name in masks]
        for fills in itertools.product((0, 1), repeat=min(len(masks), 4)):
            for (owner, name), mask, fill in zip(masks, kept, fills):
                owner._buffers[name] = torch.full_like(mask, fill)
            try:
                if close(self.answer(probe, module, x), everything):
                    return True
            except Wrong as wrong:
                if wrong.fault in ("forbidden", "timeout"):
                    raise
        return False

    def check_dropout(self, probe: Probe, heads: int = 1) -> None:
        """Dropout drops single attention weights, at the given rate, in train mode only.

        Every value is a one-hot vector written twice over, so that the context spells out the weights twice:
        dropping anything but weights (values, context) makes the two copies differ.
        """
        T, copies = 6, 48
        d_in, head_dim = T + 3, 2 * T
        eye = torch.eye(T, dtype=torch.float64)
        x = torch.cat([eye, probe.randn(T, 3, dtype=torch.float64)], dim=-1).expand(copies, T, d_in).contiguous()
        weights = draw(probe, d_in, heads * head_dim, False, torch.float64)
        value = torch.cat([eye, eye]).repeat(heads, 1)
        weights["W_value.weight"] = torch.cat([value, torch.zeros(len(value), 3, dtype=torch.float64)], dim=-1)
        if self.out_proj:
            weights["out_proj.weight"] = torch.eye(heads * head_dim, dtype=torch.float64)
            weights["out_proj.bias"] = torch.zeros(heads * head_dim, dtype=torch.float64)

        def make(rate: float) -> nn.Module:
            return install(probe, self.build(probe, d_in, heads * head_dim, T, rate, heads), weights)

        expected = self.expected(x, weights, heads)
        module = make(0.5)
        self.compare(probe, module, x, weights, heads, expected)  # eval mode
        full = spelled(expected, heads, T)[0][0]
        for rate in (0.5, 0.2):
            module = make(rate).train()
            first, second = self.answer(probe, module, x), self.answer(probe, module, x)
            for result in (first, second):
                if result.shape != expected.shape:
                    probe.same(result, expected)
            if close(first, expected):
                raise Wrong("no_dropout")
            check_dropped(*spelled(first, heads, T), full, rate)
            if close(first, second):
                raise Wrong("dropout_repeats")
            pull = probe.randn(*first.shape, dtype=first.dtype)
            (gradient,) = probe.gradients(first, [module.get_parameter("W_query.weight")], pull)
            if not bool((gradient.abs() > 0).any()):
                raise Wrong("detached")
            self.compare(probe, module.eval(), x, weights, heads, expected)
        module = make(0.0).train()
        result = self.answer(probe, module, x)
        if not close(result, self.answer(probe, module, x)):
            raise Wrong("dropout_rate")
        self.compare(probe, module, x, weights, heads, expected)
