"""Stand in for a GPU: compute on the CPU, and keep account of where each tensor would be."""

import re
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda", 0)  # only its name is used

# What takes just the size of a second tensor, or copes with one that is elsewhere.
_FOLLOWS_FIRST = {"expand_as", "view_as", "reshape_as", "copy_", "__getitem__", "__setitem__"}


class PretendGPU(TorchFunctionMode):
    """While it is on, the tensors in `there` are on `GPU`, and so is whatever is computed from them.

    `mixed` turns true when an operation gets tensors of both devices, which a real GPU refuses.
    """

    def __init__(self, there: Iterable[Tensor]) -> None:
        super().__init__()
        self.mixed = False
        self._there = {id(tensor): tensor for tensor in there}  # kept alive, so that no id is used twice

    def holds(self, value: object) -> bool:
        """Whether `value` is a tensor on the GPU."""
        return id(value) in self._there

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.device:
            return func(*args, **kwargs)
        attribute = getattr(func, "__self__", None)
        if attribute is Tensor.device and self.holds(args[0]):
            return GPU
        if attribute is Tensor.is_cuda:
            return self.holds(args[0])
        if _creates(args, kwargs) and _on_gpu(torch.get_default_device()):  # inside "with torch.device(...):"
            kwargs = {**kwargs, "device": GPU}
        there = self._goes_there(getattr(func, "__name__", ""), args, kwargs)
        if func is Tensor.cuda:
            func, args, kwargs = Tensor.cpu, args[:1], {}
        args, kwargs = tree_map(lambda leaf: torch.device("cpu") if _on_gpu(leaf) else leaf, (args, kwargs))
        result = func(*args, **kwargs)
        if isinstance(result, Tensor) and self.holds(result) != there and any(result is arg for arg in args):
            result = result.view_as(result)  # moved: no longer the tensor it was
        if there:
            self._there |= {id(leaf): leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)}
        return result

    def _goes_there(self, name: str, args: tuple, kwargs: dict) -> bool:
        """Whether the result is on the GPU."""
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        named = [device for device in map(_device, leaves) if device is not None]
        if named:
            return _on_gpu(named[0])
        if not tensors or name in ("cpu", "cuda"):
            return name == "cuda"
        if name == "__getitem__":  # a table on a GPU can be indexed from the CPU, but not the other way round
            self.mixed |= not self.holds(args[0]) and any(map(self.holds, tensors))
        if name in ("to", "type_as"):
            return self.holds(tensors[-1])
        if name in _FOLLOWS_FIRST or name.startswith("new_") or name.endswith("_like"):
            return self.holds(tensors[0])
        self.mixed |= len({self.holds(tensor) for tensor in tensors if tensor.ndim}) > 1
        return any(map(self.holds, tensors))


def _creates(args: tuple, kwargs: dict) -> bool:
    """Whether a function with these arguments makes a tensor without being told where."""
    leaves = tree_leaves((args, kwargs))
    return not any(isinstance(leaf, Tensor) or _device(leaf) is not None for leaf in leaves)


def _device(value: object) -> torch.device | None:
    """The device that an argument names, if it names one."""
    if isinstance(value, str) and re.fullmatch(r"(cpu|cuda)(:\d+)?", value):
        return torch.device(value)
    return value if isinstance(value, torch.device) else None


def _on_gpu(value: object) -> bool:
    device = _device(value)
    return device is not None and device.type == "cuda"
