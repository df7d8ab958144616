"""Chapter 5."""

import math
from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel, TemperatureLogitsWarper, TopKLogitsWarper

from desdecero.authoring.oracles.ch04 import model_weights, random_gpt2, stored_weights

VOCAB, PLACES = 11, 9  # of the tiny model whose logits are a row for the token plus a row for its place


def cross_entropy_by_hand(logits: Tensor, targets: Tensor) -> float:
    """The mean of -log softmax at the target, number by number in Python's float64."""
    rows = zip(logits.flatten(0, 1).tolist(), targets.flatten().tolist())
    losses = [math.log(math.fsum(math.exp(score) for score in row)) - row[target] for row, target in rows]
    return math.fsum(losses) / len(losses)


def batches(draw: torch.Generator, *size: int) -> dict[str, Tensor]:
    return {name: torch.randint(0, VOCAB, size, generator=draw) for name in ("inputs", "targets")}


def tiny_model(draw: torch.Generator) -> dict[str, Tensor]:
    return {
        "table": torch.randn(VOCAB, VOCAB, generator=draw).double(),
        "place": torch.randn(PLACES, VOCAB, generator=draw).double(),
    }


def tiny_logits(model: dict[str, Tensor], token_ids: Tensor) -> Tensor:
    return F.embedding(token_ids, model["table"]) + model["place"].narrow(0, 0, token_ids.shape[1])


def batch_loss() -> dict[str, Tensor]:
    """The definition, number by number."""
    draw = torch.Generator().manual_seed(501)
    logits = torch.randn(3, 4, VOCAB, generator=draw).double() * 2
    data = batches(draw, 3, 4)
    expected = torch.tensor(cross_entropy_by_hand(logits, data["targets"]), dtype=torch.float64)
    return data | {"logits": logits, "expected": expected}


def perplexity() -> dict[str, Tensor]:
    """The definition by probabilities, without logarithms: the n-th root of one over their product."""
    chances = [(Fraction(1, 2), Fraction(1, 8)), (Fraction(3, 7), Fraction(1, 50), Fraction(2, 9)), (Fraction(9, 10),)]
    loss = [-math.fsum(math.log(p) for p in several) / len(several) for several in chances]
    expected = [float(1 / math.prod(several)) ** (1 / len(several)) for several in chances]
    return {"loss": torch.tensor(loss, dtype=torch.float64), "expected": torch.tensor(expected, dtype=torch.float64)}


def evaluate() -> dict[str, Tensor]:
    """The mean over all four batches, and over the first two, number by number."""
    draw = torch.Generator().manual_seed(503)
    model, data = tiny_model(draw), batches(draw, 4, 3, 5)
    losses = [cross_entropy_by_hand(tiny_logits(model, x), y) for x, y in zip(data["inputs"], data["targets"])]
    expected = torch.tensor([math.fsum(losses) / 4, math.fsum(losses[:2]) / 2], dtype=torch.float64)
    return model | data | {"expected": expected}


def train_model() -> dict[str, Tensor]:
    """AdamW (Loshchilov and Hutter, 2019, algorithm 2, without decay) written out; three epochs, rate 0.05."""
    draw = torch.Generator().manual_seed(504)
    start, data = tiny_model(draw), batches(draw, 4, 3, 5)
    model = {name: value.clone() for name, value in start.items()}
    first = {name: torch.zeros_like(value) for name, value in model.items()}
    second = {name: torch.zeros_like(value) for name, value in model.items()}
    losses: list[float] = []
    for _ in range(3):
        for inputs, targets in zip(data["inputs"], data["targets"]):
            losses.append(cross_entropy_by_hand(tiny_logits(model, inputs), targets))
            # The gradient of the loss with respect to the logits is softmax minus the right answer.
            pull = tiny_logits(model, inputs).softmax(-1)
            pull = (pull - F.one_hot(targets, VOCAB)) / targets.numel()  # (B, T, V)
            gradients = {
                "table": torch.einsum("btv,btw->wv", pull, F.one_hot(inputs, VOCAB).double()),
                "place": F.pad(pull.sum(0), (0, 0, 0, PLACES - pull.shape[1])),
            }
            for name, gradient in gradients.items():
                first[name] = 0.9 * first[name] + 0.1 * gradient
                second[name] = 0.999 * second[name] + 0.001 * gradient**2
                step = first[name] / (1 - 0.9 ** len(losses))
                model[name] = model[name] - 0.05 * step / ((second[name] / (1 - 0.999 ** len(losses))).sqrt() + 1e-8)
    expected = torch.cat([model["table"], model["place"]])
    return start | data | {"losses": torch.tensor(losses, dtype=torch.float64), "expected": expected}


def sample_next() -> dict[str, Tensor]:
    """The probabilities after the warpers of `transformers`, for two rows; the second has ties."""
    logits = torch.tensor([[0.3, 2.1, -1.0, 1.4, 0.9, -0.4], [1.0, -2.0, 1.0, 2.0, 1.0, 0.2]])
    temperatures, top_k = (0.7, 1.0, 1.8), (2, 3, 6)
    expected = []
    for temperature, k in zip(temperatures, top_k):
        scores = TopKLogitsWarper(k)(torch.empty(2, 0), TemperatureLogitsWarper(temperature)(torch.empty(2, 0), logits))
        expected.append(scores.softmax(-1))
    numbers = {"temperatures": torch.tensor(temperatures), "top_k": torch.tensor(top_k)}
    return numbers | {"logits": logits, "expected": torch.stack(expected)}


@torch.no_grad()
def generate() -> dict[str, Tensor]:
    """What a `transformers` GPT-2 with random weights writes until every row has ended, for two ends."""
    model = random_gpt2(n_layers=1, seed=506)
    token_ids = torch.randint(0, 19, (3, 2), generator=torch.Generator().manual_seed(506))
    settings = {"attention_mask": torch.ones_like(token_ids), "max_new_tokens": 6, "do_sample": False}
    free = model.generate(token_ids, pad_token_id=0, **settings)
    found = {"token_ids": token_ids}
    # An end that stands in a prompt and never comes in that row, and one that comes at three different times.
    for name, eos in (("first", free[2, 2]), ("second", free[0, 2])):
        found[f"{name}_eos"] = eos.clone()
        text = model.generate(token_ids, eos_token_id=int(eos), pad_token_id=int(eos), **settings)
        found[f"{name}_expected"] = text
    return stored_weights(model_weights(model)) | found


@torch.no_grad()
def load_gpt2_weights() -> dict[str, Tensor]:
    """The weights of a `transformers` GPT-2, its output layer tied, under their names there, and its logits."""
    sizes = {"vocab_size": 19, "n_positions": 8, "n_embd": 12, "n_layer": 2, "n_head": 3}
    model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=None, eos_token_id=None)).eval()
    draw = torch.Generator().manual_seed(508)
    for parameter in model.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=draw) * 0.3)
    token_ids = torch.randint(0, 19, (2, 7), generator=draw)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return weights | {"token_ids": token_ids, "expected": model.double()(token_ids).logits}
