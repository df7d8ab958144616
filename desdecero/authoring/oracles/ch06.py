"""Chapter 6."""

import numpy as np
import tiktoken
import torch
from sklearn.metrics import accuracy_score
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence
from transformers import GPT2Config, GPT2ForSequenceClassification

from desdecero.authoring.oracles.ch02 import as_bytes
from desdecero.authoring.oracles.ch04 import model_weights, random_gpt2, stored_weights

MESSAGES = [
    "Casilda dice martes.",
    "Te debo una gallina, la blanca no.",
    "PREMIO: una barca y once gallinas, responda sí",
    "¿Vienes?",
    "The ferry leaves at four, bring the hen 🙂",
]


def balance_classes() -> dict[str, Tensor]:
    """`numpy.unique` counts the classes; the rarest count is what each must have."""
    labels = torch.randint(0, 11, (90,), generator=torch.Generator().manual_seed(601)).clamp(max=4) * 3
    classes, counts = np.unique(labels.numpy(), return_counts=True)
    return {
        "labels": labels,
        "classes": torch.from_numpy(classes),
        "counts": torch.full((len(classes),), int(counts.min())),
    }


def split_dataset() -> dict[str, Tensor]:
    """`numpy.floor` in float64."""
    rows = np.array([747, 53, 101, 38])
    shares = np.array([[0.7, 0.1], [0.7, 0.1], [0.8, 0.15], [0.45, 0.3]])
    sizes = np.floor(rows[:, None] * shares).astype(np.int64)
    rest = rows - sizes.sum(axis=1)
    tables = {"rows": rows, "shares": shares, "sizes": np.column_stack([sizes, rest])}
    return {name: torch.from_numpy(values) for name, values in tables.items()}


def text_classification_dataset() -> dict[str, Tensor]:
    """`tiktoken`, with bytes as its only tokens, and `pad_sequence`."""
    ranks = {bytes([i]): i for i in range(256)}
    encoding = tiktoken.Encoding("bytes", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={})
    rows = [torch.tensor(encoding.encode_ordinary(text)) for text in MESSAGES]
    longest = pad_sequence(rows, batch_first=True, padding_value=256)
    return {
        "texts": as_bytes("\n".join(MESSAGES)),
        "labels": torch.tensor([0, 0, 1, 0, 2]),
        "longest": longest,
        "cut": longest[:, :21],
        "wide": F.pad(pad_sequence(rows, batch_first=True, padding_value=3), (0, 7), value=3),
    }


def random_classifier(n_layers: int, num_classes: int, seed: int) -> GPT2ForSequenceClassification:
    """A `transformers` classifier with random weights; its head has no bias."""
    trunk = random_gpt2(n_layers, seed)
    names = dict(enumerate("abcdefgh"[:num_classes]))
    config = GPT2Config(**trunk.config.to_dict() | {"id2label": names, "pad_token_id": None})
    model = GPT2ForSequenceClassification(config).eval().double()
    model.transformer = trunk.transformer
    draw = torch.Generator().manual_seed(seed + 50)
    model.score.weight.data.copy_(torch.randn(model.score.weight.shape, generator=draw))
    model.lm_head = model.score  # where chapter 4's list of weights looks for it
    return model


def classify_rows(model: GPT2ForSequenceClassification, token_ids: Tensor) -> Tensor:
    """One row at a time: without a padding token, `transformers` reads the last position. `(N, T) -> (N, C)`."""
    return torch.cat([model(row[None]).logits for row in token_ids])


def trainable(model: GPT2ForSequenceClassification, blocks: int) -> int:
    """How many numbers train, with the bias that the course's head has and this one does not."""
    parts = [model.score, model.transformer.ln_f, *list(model.transformer.h)[len(model.transformer.h) - blocks :]]
    return sum(p.numel() for part in parts for p in part.parameters()) + model.num_labels


@torch.no_grad()
def add_classification_head() -> dict[str, Tensor]:
    """`GPT2ForSequenceClassification` of `transformers` with random weights: logits, and numbers that train."""
    model = random_classifier(n_layers=3, num_classes=4, seed=603)
    token_ids = torch.randint(0, 19, (3, 6), generator=torch.Generator().manual_seed(604))
    counts = torch.tensor([trainable(model, blocks) for blocks in range(4)])
    expected = classify_rows(model, token_ids)
    return stored_weights(model_weights(model)) | {"token_ids": token_ids, "expected": expected, "trainable": counts}


@torch.no_grad()
def classification_accuracy() -> dict[str, Tensor]:
    """The answers of a random `transformers` classifier, judged by scikit-learn."""
    model = random_classifier(n_layers=1, num_classes=3, seed=605)
    draw = torch.Generator().manual_seed(606)
    token_ids = torch.randint(0, 19, (23, 5), generator=draw)
    logits = classify_rows(model, token_ids)
    clear_winners(logits)
    answers = logits.argmax(dim=-1)
    labels = torch.where(torch.rand(23, generator=draw) < 0.6, answers, torch.randint(0, 3, (23,), generator=draw))
    share = accuracy_score(labels.numpy(), answers.numpy())
    weights = stored_weights(model_weights(model))
    return weights | {"token_ids": token_ids, "labels": labels, "expected": torch.tensor(share, dtype=torch.float64)}


@torch.no_grad()
def classify() -> dict[str, Tensor]:
    """The class that a random `transformers` classifier gives rows of tokens, padded by `pad_sequence`."""
    model = random_classifier(n_layers=1, num_classes=3, seed=617)
    draw = torch.Generator().manual_seed(608)
    lengths = torch.tensor([3, 8, 11, 1, 5, 9, 2, 6])
    rows = [torch.randint(0, 18, (int(n),), generator=draw) for n in lengths]
    padded = pad_sequence(rows, batch_first=True, padding_value=18)[:, :8]  # the context is 8 long
    logits = classify_rows(model, padded)
    clear_winners(logits)
    ids = torch.cat(rows)
    return stored_weights(model_weights(model)) | {"ids": ids, "lengths": lengths, "classes": logits.argmax(dim=-1)}


def clear_winners(logits: Tensor) -> None:
    best = logits.topk(2).values
    assert float((best[:, 0] - best[:, 1]).min()) > 1e-2, "too close a call: choose another seed"
