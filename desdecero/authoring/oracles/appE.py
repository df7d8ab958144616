"""Appendix E: the sums of LoRA (Hu et al., 2022, section 4.1), number by number in Python's float64."""

import torch
from torch import Tensor

Matrix = list[list[float]]


def product(a: Matrix, b: Matrix) -> Matrix:
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def added(a: Matrix, b: Matrix, factor: float = 1.0) -> Matrix:
    return [[x + factor * y for x, y in zip(*rows)] for rows in zip(a, b)]


def transposed(a: Matrix) -> Matrix:
    return [list(column) for column in zip(*a)]


def drawn(draw: torch.Generator, *size: int) -> Matrix:
    return torch.randn(*size, generator=draw).double().tolist()


def tensors(**matrices: Matrix | list[Matrix] | list[float] | float) -> dict[str, Tensor]:
    return {name: torch.tensor(matrix, dtype=torch.float64) for name, matrix in matrices.items()}


def lora_layer() -> dict[str, Tensor]:
    """alpha · x A B."""
    draw = torch.Generator().manual_seed(901)
    x, A, B, alpha = drawn(draw, 5, 6), drawn(draw, 6, 3), drawn(draw, 3, 4), 2.5
    zeros = [[0.0] * 4] * 5
    expected = added(zeros, product(product(x, A), B), alpha)
    return tensors(x=[x], A=A, B=B, alpha=alpha, expected=[expected])


def adapted(draw: torch.Generator, x: Matrix, out_dim: int, rank: int, alpha: float) -> dict[str, Matrix]:
    """One layer W, b beside its update: x Wᵀ + b, and with alpha · x A B on top."""
    in_dim = len(x[0])
    weight, bias = drawn(draw, out_dim, in_dim), drawn(draw, 1, out_dim)
    A, B = drawn(draw, in_dim, rank), drawn(draw, rank, out_dim)
    start = added(product(x, transposed(weight)), bias * len(x))
    return {
        "weight": weight,
        "bias": bias[0],
        "A": A,
        "B": B,
        "start": start,
        "expected": added(start, product(product(x, A), B), alpha),
        "merged": added(weight, transposed(product(A, B)), alpha),
    }


def linear_with_lora() -> dict[str, Tensor]:
    """x Wᵀ + b + alpha · x A B."""
    draw = torch.Generator().manual_seed(902)
    x, alpha = drawn(draw, 5, 6), 1.5
    layer = adapted(draw, x, out_dim=4, rank=2, alpha=alpha)
    del layer["merged"]
    return tensors(x=x, alpha=alpha, **layer)


def two_layers(seed: int, alpha: float) -> dict[str, Tensor]:
    """Two layers with a ReLU between; the second reads what the first gives with its update."""
    draw = torch.Generator().manual_seed(seed)
    x = drawn(draw, 5, 6)
    first = adapted(draw, x, out_dim=4, rank=2, alpha=alpha)
    hidden = [[max(value, 0.0) for value in row] for row in first["expected"]]
    second = adapted(draw, hidden, out_dim=3, rank=2, alpha=alpha)
    stored = tensors(x=x, alpha=alpha, expected=second["expected"])
    for number, layer in (("0", first), ("1", second)):
        parts = {name: layer[name] for name in ("weight", "bias", "A", "B", "merged")}
        stored |= {f"{number}.{name}": value for name, value in tensors(**parts).items()}
    return stored


def replace_linear_with_lora() -> dict[str, Tensor]:
    return two_layers(seed=903, alpha=0.75)


def merge_lora() -> dict[str, Tensor]:
    return two_layers(seed=904, alpha=1.25)
