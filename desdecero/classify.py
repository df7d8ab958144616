"""Chapter 6: from a language model to a classifier.

A pretrained model gets a new head and a short training on labelled texts (Howard and Ruder, 2018; Radford et al.,
2018).

Shapes: B is the batch, T the tokens in a text, C the classes.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import tiktoken
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

if TYPE_CHECKING:
    import pandas as pd


def balance_classes(df: "pd.DataFrame", label: str = "label", seed: int = 0) -> "pd.DataFrame":
    """As many rows of each class as the rarest has, drawn at random without replacement."""
    return df.groupby(label).sample(df[label].value_counts().min(), random_state=seed)


def split_dataset(
    df: "pd.DataFrame", train: float = 0.7, validation: float = 0.1, seed: int = 0
) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]:
    """Shuffle, then cut in three: `int(n * train)` rows, `int(n * validation)` rows, and the rest for the test."""
    shuffled = df.sample(frac=1, random_state=seed).reset_index(drop=True)
    first = int(len(df) * train)
    second = first + int(len(df) * validation)
    return shuffled[:first], shuffled[first:second], shuffled[second:]


class TextClassificationDataset(Dataset):
    """Texts as token ids of one length, each with its label: `(max_length,)` and `()`, both long integers.

    A text is cut to `max_length`, or padded on the right.
    """

    def __init__(
        self,
        texts: Iterable[str],
        labels: Iterable[int],
        tokenizer: tiktoken.Encoding,
        max_length: int | None = None,
        pad_id: int | None = None,
    ) -> None:
        encoded = [tokenizer.encode(text) for text in texts]
        self.max_length = max(map(len, encoded)) if max_length is None else max_length
        pad_id = tokenizer.eot_token if pad_id is None else pad_id
        self.ids = torch.tensor([pad_right(ids, self.max_length, pad_id) for ids in encoded])  # (N, max_length)
        self.labels = torch.tensor(list(labels))  # (N,)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.ids[index], self.labels[index]


def pad_right(ids: list[int], length: int, pad_id: int) -> list[int]:
    """Exactly `length` ids: the first ones, and `pad_id` where there are none."""
    return ids[:length] + [pad_id] * (length - len(ids))


def add_classification_head(model: nn.Module, num_classes: int, trainable_blocks: int = 1) -> nn.Module:
    """Give a `GPTModel` a head for `num_classes` and freeze all but it, the last norm and the last blocks.

    Its output goes from `(B, T, vocab_size)` to `(B, T, num_classes)`; returns the model.
    """
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.out_head = nn.Linear(model.out_head.in_features, num_classes)
    from_the_last = list(model.trf_blocks)[::-1]
    for module in [model.final_norm, *from_the_last[:trainable_blocks]]:
        for parameter in module.parameters():
            parameter.requires_grad = True
    return model


class LastToken(nn.Module):
    """A classifier as a model with one position, the last: what trains and evaluates language models fits it too.

    `(B, T)` -> `(B, 1, C)`, to be compared with labels `(B,)`.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, token_ids: Tensor) -> Tensor:
        return self.model(token_ids)[:, -1:]  # (B, T, C) -> (B, 1, C)


def classification_accuracy(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], max_batches: int | None = None
) -> float:
    """The share of examples whose last token has its largest logit at the label; `nan` if there are none.

    A batch is ids, `(B, T)`, and labels, `(B,)`. The model is left in the mode, train or eval, that it was in.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    right = total = 0
    try:
        with torch.no_grad():
            for ids, labels in islice(loader, max_batches):
                chosen = model(ids.to(device))[:, -1].argmax(dim=-1)  # (B, T, C) -> (B, C) -> (B,)
                right += int((chosen == labels.to(device)).sum())
                total += len(labels)
    finally:
        model.train(was_training)
    return right / total if total else math.nan


def by_luck(won: int, lost: int) -> float:
    """How often a fair coin splits as unevenly as `won` to `lost`, or more: the exact test of McNemar (1947)."""
    tosses = won + lost
    return min(1.0, 2 * sum(math.comb(tosses, k) for k in range(max(won, lost), tosses + 1)) / 2**tosses)


def classify(
    text: str,
    model: nn.Module,
    tokenizer: tiktoken.Encoding,
    max_length: int,
    pad_id: int,
    labels: Sequence[str],
) -> str:
    """The label of a text, cut or padded on the right to `max_length` or the model's context if that is shorter."""
    length = min(max_length, len(model.pos_emb.weight))
    ids = torch.tensor([pad_right(tokenizer.encode(text), length, pad_id)])  # (1, T)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            logits = model(ids.to(model.pos_emb.weight.device))[0, -1]  # (1, T, C) -> (C,)
    finally:
        model.train(was_training)
    return labels[int(logits.argmax())]
