"""What an item uses to try a student's code: call it, compare what it gives, name the fault."""

import traceback
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import torch
from torch import Tensor, nn

import desdecero
from desdecero.checks.guard import ForbiddenCall, Guard
from desdecero.checks.isolation import TimeUp
from desdecero.edition import say

# Frames from here are never the student's: this package, and the folder where torch and the other libraries are.
_NOT_THE_STUDENTS = (str(Path(desdecero.__file__).parent), str(Path(torch.__file__).parents[1]), "<frozen")


class Wrong(Exception):
    """The answer is wrong; `fault` names the mistake (None: not one we know), `details` fill its message."""

    def __init__(self, fault: str | None, **details: object) -> None:
        super().__init__(fault)
        self.fault = fault
        self.details = details


Mimic = Tensor | Callable[[], Tensor]
Mimics = Mapping[str, Mimic | list[Mimic]]


class Probe:
    """One item's view of the answer.

    `candidate` is what the student defined. Every use of it goes through `probe(...)`, which watches for
    forbidden calls and turns what goes wrong into `Wrong`. `seed` draws the fresh inputs.
    """

    def __init__(self, candidate: object, guard: Guard, seed: int, item: str) -> None:
        self.candidate = candidate
        self.guard = guard
        self.seed = (seed * 1_000_003 + zlib.crc32(item.encode())) % 2**31
        self.generator = torch.Generator().manual_seed(self.seed)

    # ---- fresh inputs ---------------------------------------------------------------------------

    def randn(self, *shape: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> Tensor:
        """Normal values; drawn in float64, so that both dtypes see the same numbers."""
        return (torch.randn(*shape, generator=self.generator, dtype=torch.float64) * scale).to(dtype)

    def randint(self, low: int, high: int, shape: tuple[int, ...] = ()) -> Tensor:
        return torch.randint(low, high, shape, generator=self.generator)

    def pick(self, low: int, high: int) -> int:
        """One integer with `low <= n < high`."""
        return int(self.randint(low, high))

    # ---- calling the student's code ---------------------------------------------------------------

    def __call__(self, function: Callable, *args: object, fault: str | None = "raises", **kwargs: object):
        """Call the student's `function`; tensors go in as copies, and must come back unchanged.

        `fault` names the mistake if the call raises: pass one when raising here has a known cause.
        """
        copies = [_copy(arg) for arg in args]
        try:
            self.guard.inspect(function)
            with self.guard.watching():
                result = function(*copies, **kwargs)
            self.guard.inspect(result)
        except ForbiddenCall as call:
            raise Wrong("forbidden", name=call.name) from None
        except NotImplementedError as error:
            # Bare, as in what students are given; PyTorch's own say what it can't do.
            raise Wrong(fault, error=describe(error)) if str(error) else Wrong("not_implemented") from None
        except TimeUp:
            raise
        except BaseException as error:  # SystemExit and KeyboardInterrupt from the student's code, too
            raise Wrong(fault, error=describe(error)) from None
        for given, copy in zip(args, copies):
            if isinstance(given, Tensor) and not _identical(given, copy):
                raise Wrong("changes_input")
        return result

    def build(self, *args: object, fault: str | None = "raises", **kwargs: object) -> nn.Module:
        """Make the student's module, in eval mode."""
        if not isinstance(self.candidate, type) or not issubclass(self.candidate, nn.Module):
            raise Wrong("not_a_module", got=type_name(self.candidate))
        module = self(self.candidate, *args, fault=fault, **kwargs)
        return module.eval()

    def attribute(self, owner: object, name: str, kind: type | tuple[type, ...]) -> object:
        """`owner.name`, which must be a `kind`; dots reach inside."""
        value = owner
        for part in name.split("."):
            if not hasattr(value, part):
                raise Wrong("missing_attribute", name=name)
            value = getattr(value, part)
        if not isinstance(value, kind):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            raise Wrong("wrong_attribute", name=name, got=type_name(value), kind=" / ".join(k.__name__ for k in kinds))
        return value

    def set_weight(self, owner: nn.Module, name: str, value: Tensor) -> None:
        """Copy `value` into the student's parameter `name` (dots reach inside), whatever its dtype."""
        parameter = self.attribute(owner, name, Tensor)
        if tuple(parameter.shape) != tuple(value.shape):
            raise Wrong("weight_shape", name=name, got=shape(parameter), expected=shape(value))
        with torch.no_grad():
            parameter.copy_(value)

    def gradients(self, result: object, inputs: list[Tensor], pull: Tensor) -> list[Tensor]:
        """Gradients of `(result * pull).sum()`; zeros where an input has no influence."""
        if not isinstance(result, Tensor):
            raise Wrong("not_a_tensor", got=type_name(result))
        if not result.requires_grad:
            raise Wrong("no_gradient")
        found = torch.autograd.grad((result * pull).sum(), inputs, allow_unused=True)
        return [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found)]

    # ---- comparing --------------------------------------------------------------------------------

    def same(
        self,
        actual: object,
        expected: Tensor,
        mimics: Mimics | None = None,
        fault: str | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        where: str = "",
    ) -> None:
        """`actual` must equal `expected` within `torch.testing` tolerances for the dtype.

        `mimics` maps a fault to what an answer with that mistake would have given here (a list, when it can be
        made in several ways); the first one that `actual` equals names the fault, else `fault` does. `where` is
        put into the message.
        """
        if not isinstance(actual, Tensor):
            raise Wrong("not_a_tensor", got=type_name(actual))
        if close(actual, expected, rtol, atol):
            return
        for name, ways in (mimics or {}).items():
            for mimic in ways if isinstance(ways, list) else [ways]:
                wrong = mimic() if callable(mimic) else mimic
                if close(actual, wrong, rtol, atol) and not close(wrong, expected, rtol, atol):
                    raise Wrong(name, where=where)
        if fault is not None:
            raise Wrong(fault, where=where)
        if actual.shape != expected.shape:
            raise Wrong("shape", got=shape(actual), expected=shape(expected))
        if actual.dtype != expected.dtype:
            raise Wrong("dtype", got=actual.dtype, expected=expected.dtype)
        if not bool(torch.isfinite(actual).all()) and bool(torch.isfinite(expected).all()):
            raise Wrong("not_finite", where=where)
        raise Wrong(None, **first_difference(actual, expected))


def close(actual: Tensor, expected: Tensor, rtol: float | None = None, atol: float | None = None) -> bool:
    """Equal in shape, dtype and, within tolerance, values."""
    try:
        torch.testing.assert_close(actual.detach(), expected.detach(), rtol=rtol, atol=atol, equal_nan=True)
    except AssertionError:
        return False
    return True


def first_difference(actual: Tensor, expected: Tensor) -> dict[str, object]:
    """Where two tensors of one shape differ most, in words for a message."""
    gap = (actual.detach().double() - expected.detach().double()).abs().nan_to_num(nan=float("inf"))
    worst = int(gap.argmax()) if gap.numel() else 0
    place = [int(i) for i in torch.unravel_index(torch.tensor(worst), gap.shape)] if gap.ndim else []
    got, want = actual.detach().flatten()[worst].item(), expected.detach().flatten()[worst].item()
    # As many digits as it takes to see that they differ.
    texts = [(f"{got:.{digits}g}", f"{want:.{digits}g}") for digits in (6, 9, 17)]
    told, wanted = next((pair for pair in texts if pair[0] != pair[1]), texts[-1])
    return {"place": place, "got": told, "expected": wanted}


def describe(error: BaseException) -> str:
    """An exception in one line, with the line of the student's code it came from."""
    text = " ".join(str(error).split())
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    line = _student_line(error.__traceback__)
    return text[:300] + (say(f" (línea {line})", f" (line {line})") if line else "")


def _student_line(trace: TracebackType | None) -> int | None:
    frames = traceback.extract_tb(trace)
    own = [f for f in frames if not f.filename.startswith(_NOT_THE_STUDENTS) and not f.filename.endswith(".pyx")]
    return own[-1].lineno if own else None


def shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def type_name(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


def _copy(value: object) -> object:
    if isinstance(value, Tensor):
        return value.clone()  # gradients still reach the original
    return value


def _identical(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())
