"""Notice when an answer calls the very thing it was asked to write."""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


class ForbiddenCall(Exception):
    """The student's code used `name`, which is what the exercise asks for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Forbidden:
    """What an exercise must be solved without.

    `functions` are names of torch functions (`"layer_norm"` bars `F.layer_norm`, `torch.layer_norm` and
    `torch.ops.aten.layer_norm`), `modules` classes of `torch.nn`, `packages` whole libraries or, with a dot, single
    modules of one (`"torch.autograd"`, which leaves `torch.autograd.grad_mode` free).
    """

    functions: tuple[str, ...] = ()
    modules: tuple[type, ...] = ()
    packages: tuple[str, ...] = ()


NOTHING = Forbidden()


def code_objects(reference: object) -> set[CodeType]:
    """The code of a function, or of every method of a class."""
    parts = vars(reference).values() if isinstance(reference, type) else [reference]
    unwrapped = [getattr(part, "__wrapped__", part) for part in parts]
    return {part.__code__ for part in unwrapped if hasattr(part, "__code__")}


def load(reference: str) -> object:
    """`"desdecero.gpt:LayerNorm"` -> the class."""
    module, name = reference.split(":")
    return getattr(importlib.import_module(module), name)


class _WatchFunctions(TorchFunctionMode):
    def __init__(self, forbidden: Forbidden) -> None:
        super().__init__()
        self.names = set(forbidden.functions)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name in self.names:
            raise ForbiddenCall(name)
        return func(*args, **(kwargs or {}))


class _WatchOperators(TorchDispatchMode):
    """Below the Python functions: what is reached through `torch.ops` shows up only here."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its whole compiler at the first operation, which takes a second

    def __init__(self, forbidden: Forbidden) -> None:
        super().__init__()
        self.names = set(forbidden.functions)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in self.names:
            raise ForbiddenCall(f"torch.ops.aten.{name}")
        return func(*args, **(kwargs or {}))


class Guard:
    """Watches one exercise's answers."""

    def __init__(self, forbidden: Forbidden, reference: str | None) -> None:
        self.forbidden = forbidden
        self.reference = load(reference) if reference else None
        self.codes = code_objects(self.reference) if reference else set()
        self.caught: ForbiddenCall | None = None

    def inspect(self, thing: object) -> None:
        """Bar by origin: the course's own answer, or a module of `torch.nn`, itself or somewhere inside.

        Raises:
            ForbiddenCall: when it is one.
        """
        if isinstance(thing, type):
            barred = [base for base in thing.__mro__ if base in self._barred_types()]
            if barred:
                raise ForbiddenCall(_full_name(barred[0]))
        elif callable(thing) and code_objects(thing) & self.codes:
            raise ForbiddenCall(_full_name(self.reference))
        if isinstance(thing, torch.nn.Module):
            for part in thing.modules():
                if isinstance(part, self._barred_types()):
                    raise ForbiddenCall(_full_name(type(part)))

    def _barred_types(self) -> tuple[type, ...]:
        own = (self.reference,) if isinstance(self.reference, type) else ()
        return self.forbidden.modules + own

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Raise `ForbiddenCall` from within the student's code when it calls what it must not."""
        before = sys.getprofile()
        modes = contextlib.ExitStack()
        if self.forbidden.functions:
            modes.enter_context(_WatchFunctions(self.forbidden))
            modes.enter_context(_WatchOperators(self.forbidden))
        with modes:
            sys.setprofile(self._profile)
            try:
                yield
            finally:
                sys.setprofile(before)
            if self.caught is not None:  # the student's code swallowed it and went on unwatched
                raise self.caught

    def _profile(self, frame: FrameType, event: str, arg: object) -> None:
        if event == "call":
            if frame.f_code in self.codes:
                self._forbid(_full_name(self.reference))
            self._bar_package(frame.f_globals.get("__name__"))
        elif event == "c_call" and self.forbidden.packages:
            owner = getattr(arg, "__self__", None)
            self._bar_package(getattr(arg, "__module__", None) or type(owner).__module__)
            if owner is not None:
                self._bar_package(type(owner).__module__)

    def _bar_package(self, module: object) -> None:
        for name in (str(module).partition(".")[0], str(module)):
            if name in self.forbidden.packages:
                self._forbid(name)

    def _forbid(self, name: str) -> None:
        sys.setprofile(None)
        self.caught = ForbiddenCall(name)
        raise self.caught


def _full_name(thing: Callable) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
