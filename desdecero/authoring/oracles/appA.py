"""Appendix A."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def logistic_gradient() -> dict[str, Tensor]:
    """By symmetric differences of the definition, number by number in Python's float64."""
    draw = torch.Generator().manual_seed(801)
    x, w = torch.randn(6, 3, generator=draw).double(), torch.randn(3, generator=draw).double()
    y, b = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0, 0.0]).double(), torch.tensor(0.75).double()

    def loss(weights: list[float], bias: float) -> float:
        total = []
        for features, label in zip(x.tolist(), y.tolist()):
            logit = math.fsum(value * weight for value, weight in zip(features, weights)) + bias
            # -log sigmoid(z) is log(1 + exp(-z)), and 1 - sigmoid(z) is sigmoid(-z).
            total.append(math.log1p(math.exp(-logit if label else logit)))
        return math.fsum(total) / len(total)

    def slope(i: int) -> float:
        """Richardson's extrapolation of two symmetric differences: exact to about 12 digits."""

        def difference(h: float) -> float:
            up, down = [*w.tolist(), b.item()], [*w.tolist(), b.item()]
            up[i] += h
            down[i] -= h
            return (loss(up[:3], up[3]) - loss(down[:3], down[3])) / (2 * h)

        return (4 * difference(5e-4) - difference(1e-3)) / 3

    slopes = torch.tensor([slope(i) for i in range(4)], dtype=torch.float64)
    return {"x": x, "y": y, "w": w, "b": b, "dw": slopes[:3].clone(), "db": slopes[3].clone()}


def mlp() -> dict[str, Tensor]:
    """scikit-learn's regressor, whose last layer has no activation, with weights put into it."""
    from sklearn.neural_network import MLPRegressor

    draw = torch.Generator().manual_seed(802)
    sizes = (4, 7, 5, 3)
    weights = [torch.randn(a, b, generator=draw).double() for a, b in zip(sizes, sizes[1:])]
    biases = [torch.randn(size, generator=draw).double() for size in sizes[1:]]
    x = torch.randn(6, 4, generator=draw).double()
    peer = MLPRegressor(hidden_layer_sizes=sizes[1:-1], activation="relu", max_iter=1)
    peer.partial_fit(x.numpy(), torch.zeros(6, 3).numpy())
    peer.coefs_, peer.intercepts_ = [w.numpy() for w in weights], [b.numpy() for b in biases]
    found = {f"weight{i}": w.T for i, w in enumerate(weights)} | {f"bias{i}": b for i, b in enumerate(biases)}
    return found | {"x": x, "expected": torch.from_numpy(peer.predict(x.numpy()))}


def toy_dataset() -> dict[str, Tensor]:
    """What torch's own `TensorDataset` hands out, batch by batch."""
    draw = torch.Generator().manual_seed(803)
    features, labels = torch.randn(7, 3, generator=draw), torch.randint(0, 4, (7,), generator=draw)
    rows, marks = zip(*DataLoader(TensorDataset(features, labels), batch_size=1))
    return {"features": features, "labels": labels, "rows": torch.cat(rows), "marks": torch.cat(marks)}


def train_classifier() -> dict[str, Tensor]:
    """SGD with momentum on torch's own layer and loss; three epochs, rate 0.3, momentum 0.9."""
    draw = torch.Generator().manual_seed(804)
    features, labels = torch.randn(4, 5, 4, generator=draw), torch.randint(0, 3, (4, 5), generator=draw)
    model = nn.Linear(4, 3).double()
    table, place = torch.randn(4, 3, generator=draw), torch.randn(3, generator=draw)
    with torch.no_grad():
        model.weight.copy_(table.T)
        model.bias.copy_(place)
    speed = [torch.zeros_like(weight) for weight in model.parameters()]
    losses: list[float] = []
    for x, y in list(zip(features.double(), labels)) * 3:
        loss = F.nll_loss(model(x).log_softmax(-1), y)
        losses.append(loss.item())
        for weight, v, gradient in zip(model.parameters(), speed, torch.autograd.grad(loss, list(model.parameters()))):
            v.mul_(0.9).add_(gradient)
            weight.data.sub_(0.3 * v)
    expected = torch.cat([model.weight.detach().T.flatten(), model.bias.detach()])
    found = {"features": features, "labels": labels, "table": table, "place": place, "expected": expected}
    return found | {"losses": torch.tensor(losses, dtype=torch.float64)}
