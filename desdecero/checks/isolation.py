"""Run a student's code so that nothing it does outlives it: global state, output, endless loops."""

import contextlib
import ctypes
import io
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator

import torch


class TimeUp(BaseException):
    """The student's code ran for too long. Not an `Exception`, so that `except Exception` lets it through."""


class _Sink(io.TextIOBase):
    """Takes everything printed and keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def preserved_state() -> Iterator[None]:
    """Leave seeds, default dtype, grad mode, threads, warnings and environment as they were found."""
    numpy = sys.modules.get("numpy")
    torch_rng = torch.get_rng_state()
    cuda_rng = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    python_rng = random.getstate()
    numpy_rng = numpy.random.get_state() if numpy else None
    dtype, grad, threads = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
    device = torch.get_default_device()
    deterministic = _deterministic()
    anomaly = torch.is_anomaly_enabled()
    recursion, environment, folder = sys.getrecursionlimit(), dict(os.environ), os.getcwd()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        torch.set_rng_state(torch_rng)
        if cuda_rng is not None:
            torch.cuda.set_rng_state_all(cuda_rng)
        random.setstate(python_rng)
        if numpy:
            numpy.random.set_state(numpy_rng)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if torch.get_default_device() != device:
            torch.set_default_device(device if device.type != "cpu" else None)
        if _deterministic() != deterministic:  # setting it imports a compiler, which takes a second
            torch.use_deterministic_algorithms(deterministic[0], warn_only=deterministic[1])
        torch.autograd.set_detect_anomaly(anomaly)
        sys.setrecursionlimit(recursion)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        if os.getcwd() != folder:
            os.chdir(folder)


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


@contextlib.contextmanager
def known_start(seed: int) -> Iterator[None]:
    """The same starting point for every check, whatever the notebook did before."""
    with preserved_state():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        random.seed(seed)
        torch.set_default_dtype(torch.float32)
        with torch.inference_mode(False), torch.enable_grad():
            yield


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Swallow what is printed: a report is not the place for a thousand debug lines."""
    with contextlib.redirect_stdout(_Sink()), contextlib.redirect_stderr(_Sink()):
        yield


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeUp` in the running code after `seconds`, and again every half second if it is swallowed."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        yield from _limit_by_signal(seconds)
    else:
        yield from _limit_by_thread(seconds)


def _limit_by_signal(seconds: float) -> Iterator[None]:
    def ring(signum: int, frame: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _limit_by_thread(seconds: float) -> Iterator[None]:
    """Where signals can't be used (Windows, other threads): have the interpreter raise it."""
    target, done = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(target, ctypes.py_object(TimeUp))
            wait = 0.5

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        _settle(watcher, done)


def _settle(watcher: threading.Thread, done: threading.Event) -> None:
    """Stop the watcher and meet a last ring here, where it does no harm.

    Taking it back, PyThreadState_SetAsyncExc(…, None), would not do: Python 3.11 then looks for it for ever.
    """
    while True:
        try:
            done.set()
            watcher.join()
            for _ in range(10):
                pass  # the interpreter delivers between two steps
            return
        except TimeUp:
            continue
