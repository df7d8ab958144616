"""Stand in for a GPU: compute on the CPU, and keep account of where each tensor would be."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda", 1)  # only its name is used

# What only takes the size or the type of its other arguments.
_LOOKS_ONLY_AT_SIZES = {"expand_as", "view_as", "reshape_as", "zeros_like", "ones_like", "full_like", "empty_like"}
_MOVES = {"to", "cpu", "cuda", "type_as", "copy_"}


class PretendGPU(TorchFunctionMode):
    """While it is on, the tensors in `there` are on `GPU`, and so is whatever is computed from them.

    `mixed` turns true when an operation gets tensors of both devices, which a real GPU refuses.
    """

    def __init__(self, there: Iterable[Tensor]) -> None:
        super().__init__()
        self.mixed = False
        self._there = {id(tensor): tensor for tensor in there}  # kept, so that no id is used twice

    def holds(self, value: object) -> bool:
        """Whether `value` is a tensor on the GPU."""
        return id(value) in self._there

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, "__self__", None) is Tensor.device:
            return GPU if self.holds(args[0]) else func(*args)
        if getattr(func, "__self__", None) is Tensor.is_cuda:
            return self.holds(args[0])
        place = self._place_of_result(getattr(func, "__name__", ""), args, kwargs)
        if GPU in tree_leaves((args, kwargs)):
            args, kwargs = tree_map(lambda leaf: torch.device("cpu") if leaf == GPU else leaf, (args, kwargs))
        result = func(*args, **kwargs)
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and place:
                self._there[id(leaf)] = leaf
        return result

    def _place_of_result(self, name: str, args: tuple, kwargs: dict) -> bool:
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        devices = [leaf for leaf in leaves if isinstance(leaf, (torch.device, str))]
        places = [self.holds(tensor) for tensor in tensors]
        if name in _MOVES:
            if name in ("cpu", "cuda"):
                return False
            ...
'''
