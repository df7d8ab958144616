"""Appendix A: first steps with PyTorch: a gradient by hand, a network of layers, a data set, a training loop.

Logistic regression: Cox, 1958. Gradients by the chain rule through a graph of operations: Rumelhart et al., 1986.

Shapes: N is the examples, d the features of each.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.utils.data import Dataset


def logistic_gradient(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of the mean binary cross-entropy of `sigmoid(x @ w + b)`, worked out by hand.

    `x` is `(N, d)`, `y` `(N,)` of zeros and ones, `w` `(d,)`, `b` a scalar; returns one tensor like `w`, one like `b`.
    """
    error = torch.sigmoid(x @ w + b) - y  # (N, d) @ (d,) -> (N,)
    return x.T @ error / len(x), error.mean()  # (d, N) @ (N,) -> (d,), ()


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with ReLU in between; returns logits.

    `(N, num_inputs)` -> `(N, num_outputs)`.
    """

    def __init__(self, num_inputs: int, num_outputs: int, hidden: Sequence[int] = (30, 20)) -> None:
        super().__init__()
        widths = [num_inputs, *hidden]
        layers: list[nn.Module] = []
        for narrow, wide in zip(widths, widths[1:]):
            layers += [nn.Linear(narrow, wide), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (N, num_inputs) -> (N, num_outputs)


class ToyDataset(Dataset):
    """Rows of features, `(N, d)`, each with its label, `(N,)`."""

    def __init__(self, features: Tensor, labels: Tensor) -> None:
        self.features = features
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.features[index], self.labels[index]


def train_classifier(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], optimizer: Optimizer, num_epochs: int
) -> list[float]:
    """Train on the cross-entropy of the classes for `num_epochs` passes; returns the loss of every step.

    A batch is features, `(N, d)`, and the number of each one's class, `(N,)`.
    """
    model.train()
    losses: list[float] = []
    for _ in range(num_epochs):
        for features, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(features), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
