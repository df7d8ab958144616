"""What chapter 3 lets you play with: memories that fade, queries that turn, the mask, and several heads at once."""

from collections.abc import Callable, Sequence

import torch
from ipywidgets import BoundedIntText, Checkbox, FloatSlider, IntSlider, Layout, SelectionSlider, Text
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import BLUE, VERMILION, Picture, attention, canvas, picture
from desdecero.widgets import Play

_WIDE = Layout(width="34em")
_LABEL = {"description_width": "9em"}


def memory(words: Sequence[str]) -> Play:
    """A memory of fixed size reads a sentence: choose how much it keeps at each word, and what it reads."""

    def draw(sentence: str, keep: float) -> Picture:
        heard = sentence.split()[:20] or ["…"]
        ages = torch.arange(len(heard) - 1, -1, -1)
        return attention.memory(heard, (1 - keep) * keep**ages)

    return Play(
        draw,
        sentence=_sentence(words),
        keep=FloatSlider(
            value=0.7, min=0, max=0.98, step=0.02, description=say("conserva", "keeps"), style=_LABEL, layout=_WIDE
        ),
    )


def query(words: Sequence[str], x: Tensor) -> Play:
    """Turn and stretch a query of two numbers, and see which words its weights go to."""

    def draw(angle: int, length: float) -> Picture:
        turn = torch.deg2rad(torch.tensor(float(angle)))
        return attention.vectors(words, x, length * torch.stack([turn.cos(), turn.sin()]))

    return Play(
        draw,
        angle=IntSlider(
            value=60, min=0, max=360, step=5, description=say("ángulo", "angle"), style=_LABEL, layout=_WIDE
        ),
        length=FloatSlider(
            value=1.5, min=0, max=4, step=0.25, description=say("longitud", "length"), style=_LABEL, layout=_WIDE
        ),
    )


def softmax(scores: Sequence[float], words: Sequence[str]) -> Play:
    """Divide the same scores by a temperature: small ones sharpen softmax, large ones level it."""

    def draw(temperature: float) -> Picture:
        weights = torch.softmax(torch.tensor(scores) / temperature, dim=0)
        caption = say(f"Puntuaciones divididas por {temperature:g}", f"Scores divided by {temperature:g}")
        return _bars(words, weights, BLUE, say("peso", "weight"), caption)

    return Play(
        draw,
        temperature=SelectionSlider(
            options=[0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0],
            value=1.0,
            description=say("dividir entre", "divide by"),
            style=_LABEL,
            layout=_WIDE,
        ),
    )


def scaling(num_keys: int = 8, seed: int = 0) -> Play:
    """Random queries and keys of any length, divided by √d or not: what softmax makes of their products."""

    def draw(d: int, divide: bool, draw_again: int) -> Picture:
        generator = torch.Generator().manual_seed(draw_again)
        query, keys = torch.randn(d, generator=generator), torch.randn(num_keys, d, generator=generator)
        scores = keys @ query
        weights = torch.softmax(scores / d**0.5 if divide else scores, dim=0)
        names = [f"k{i}\n{score:+.1f}" for i, score in enumerate(scores)]
        title = say(f"d = {d}; debajo, los productos q · k", f"d = {d}; below, the products q · k")
        return _bars(names, weights, BLUE if divide else VERMILION, say("peso", "weight"), title)

    return Play(
        draw,
        d=SelectionSlider(
            options=[2, 4, 8, 16, 32, 64, 128, 256, 512], value=64, description="d", style=_LABEL, layout=_WIDE
        ),
        divide=Checkbox(value=False, description=say("dividir entre √d", "divide by √d"), style=_LABEL),
        draw_again=BoundedIntText(value=seed, min=0, max=999, description=say("semilla", "seed"), style=_LABEL),
    )


def mask(words: Sequence[str], weights: Tensor) -> Play:
    """Move the token that asks: what the causal mask hides from it, and how the weights of the rest grow."""

    def draw(position: int) -> Picture:
        seen = weights[position].clone()
        seen[position + 1 :] = 0
        rows = {
            say("sin máscara", "without a mask"): weights[position],
            say("con máscara", "with a mask"): seen / seen.sum(),
        }
        caption = say(
            f"Pregunta «{words[position]}» (posición {position}).", f'"{words[position]}" asks (position {position}).'
        )
        return attention.chips(words, rows, position, caption, foggy=list(rows)[1:])

    last = len(words) - 1
    return Play(
        draw,
        position=IntSlider(
            value=last // 2, min=0, max=last, description=say("posición", "position"), style=_LABEL, layout=_WIDE
        ),
    )


def heads(
    words: Sequence[str], weights_of: Callable[[list[str]], Tensor], names: Sequence[str], limit: int = 16
) -> Play:
    """Write a sentence, choose a word of it, and see where every head looks from there.

    `weights_of` takes the words and gives `(n_heads, T, T)`.
    """

    def draw(sentence: str, position: int) -> Picture:
        heard = sentence.lower().split()[:limit] or ["…"]
        asking = min(position, len(heard) - 1)
        weights = weights_of(heard)  # (n_heads, T, T)
        rows = {name: head[asking] for name, head in zip(names, weights)}
        caption = say(
            f"Pregunta «{heard[asking]}» (posición {asking}).", f'"{heard[asking]}" asks (position {asking}).'
        )
        return attention.chips(heard, rows, asking, caption)

    return Play(
        draw,
        sentence=_sentence(words),
        position=IntSlider(
            value=min(6, len(words) - 1),
            min=0,
            max=limit - 1,
            description=say("posición", "position"),
            style=_LABEL,
            layout=_WIDE,
        ),
    )


def _sentence(words: Sequence[str]) -> Text:
    return Text(
        value=" ".join(words), description=say("frase", "sentence"), style=_LABEL, layout=Layout(width="48em"),
        continuous_update=False,
    )  # fmt: skip


def _bars(names: Sequence[str], weights: Tensor, color: str, label: str, title: str) -> Picture:
    figure, axes = canvas(7, 2.8)
    bars = axes.bar(range(len(names)), weights, color=color)
    axes.bar_label(bars, [f"{w:.2f}" for w in weights], padding=2, fontsize=9)
    axes.set_xticks(range(len(names)), names)
    axes.set(ylim=(0, 1.12), ylabel=label, title=title)
    return picture(figure, title, ", ".join(f"{name}: {w:.2f}" for name, w in zip(names, weights)).replace("\n", " "))
