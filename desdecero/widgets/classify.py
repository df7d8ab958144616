"""Chapter 6, to play with: guessing, padding, a threshold, and a classifier to type into."""

from collections.abc import Sequence

import ipywidgets
import tiktoken
import torch
from torch import Tensor, nn

from desdecero.classify import pad_right
from desdecero.edition import say
from desdecero.plots import Picture
from desdecero.plots.classify import threshold_view
from desdecero.plots.classify_flow import padded_rows
from desdecero.plots.classify_text import minded_words, plain_cards
from desdecero.widgets import Play
from desdecero.widgets.gpt import _slider

WIDE = {"description_width": "9em"}


def play_guess(texts: Sequence[str], truth: Sequence[str], shown: int = 6) -> Play:
    """A few messages at a time, first without their labels."""
    groups = range(0, len(texts) - shown + 1, shown)

    def draw(group: int, answers: bool) -> Picture:
        chosen = slice((group - 1) * shown, group * shown)
        spam = sum(label == "spam" for label in truth[chosen])
        caption = say(f"{spam} de {shown} son spam.", f"{spam} of {shown} are spam.")
        return plain_cards(texts[chosen], list(truth[chosen]) if answers else None, caption)

    return Play(
        draw,
        group=_slider(say("grupo", "group"), 1, 1, len(groups), 1),
        answers=ipywidgets.Checkbox(value=False, description=say("ver las respuestas", "show the answers")),
    )


def play_padding(tokenizer: tiktoken.Encoding, texts: Sequence[str]) -> Play:
    """Bring a few messages to one length and see what is added and what is lost."""
    rows = [[tokenizer.decode([i]) for i in tokenizer.encode(text)] for text in texts]

    def draw(max_length: int) -> Picture:
        return padded_rows(rows, max_length)

    return Play(draw, max_length=_slider("max_length", 12, 2, max(map(len, rows)), 1))


def play_threshold(truth: Sequence[int], rivals: dict[str, Sequence[float]]) -> Play:
    """Move the line between ham and spam, for one classifier or another, and count."""

    def draw(classifier: str, threshold: float) -> Picture:
        return threshold_view(truth, rivals[classifier], threshold)

    return Play(
        draw,
        classifier=ipywidgets.Dropdown(options=list(rivals), description=say("clasificador", "classifier"), style=WIDE),
        threshold=_slider(say("umbral", "threshold"), 0.5, 0.02, 0.98, 0.02),
    )


def spam_chances(model: nn.Module, tokenizer: tiktoken.Encoding, texts: Sequence[str], length: int) -> Tensor:
    """How likely a classifier of ham (0) and spam (1) finds it that each text is spam, `(N,)`."""
    ids = [pad_right(tokenizer.encode(text, disallowed_special=()), length, tokenizer.eot_token) for text in texts]
    device, was_training = model.pos_emb.weight.device, model.training
    model.eval()
    try:
        with torch.no_grad():
            parts = [model(part)[:, -1].cpu() for part in torch.tensor(ids, device=device).split(32)]  # each (B, 2)
    finally:
        model.train(was_training)
    return torch.softmax(torch.cat(parts), dim=-1)[:, 1]


def play_classifier(
    model: nn.Module, tokenizer: tiktoken.Encoding, text: str, max_length: int, labels: Sequence[str]
) -> Play:
    """Type a message: its label, and how the verdict changes without each of its words."""

    def draw(text: str) -> Picture:
        words = text.split()
        without = [" ".join(words[:i] + words[i + 1 :]) for i in range(min(len(words), max_length))]
        whole, *rest = spam_chances(model, tokenizer, [text, *without], max_length).tolist()
        return minded_words(words, [whole - chance for chance in rest], labels[int(whole > 0.5)], whole)

    box = ipywidgets.Textarea(
        value=text, description=say("mensaje", "message"), style=WIDE, layout={"width": "44em", "height": "5em"},
        continuous_update=False,
    )  # fmt: skip
    return Play(draw, text=box)
