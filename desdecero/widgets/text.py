"""What chapter 2 plays with: tokens as you type, merges one by one, sliding windows, positions on and off."""

import re
from collections.abc import Callable

import ipywidgets
import torch

from desdecero.edition import say
from desdecero.plots import Picture
from desdecero.plots import text as plots
from desdecero.text import END_OF_TEXT, Pair, load_tokenizer, merge_pair
from desdecero.widgets import Play

WIDE = ipywidgets.Layout(width="46em")
LABEL = {"description_width": "9em"}


def _cutters() -> dict[str, Callable[[str], list]]:
    """Ways to cut a text, by the name that the edition gives them."""
    tokenizer = load_tokenizer()

    def course(text: str) -> list[bytes]:
        ids = tokenizer.encode(text, allowed_special={END_OF_TEXT})
        return [tokenizer.decode_single_token_bytes(i) for i in ids]

    return {
        say("tokenizador del curso", "the course's tokenizer"): course,
        say("palabras y signos", "words and marks"): lambda text: re.findall(r"\w+|[^\w\s]", text),
        say("caracteres", "characters"): list,
        "bytes (UTF-8)": lambda text: [bytes([byte]) for byte in text.encode("utf-8")],
    }


def tokens(text: str) -> Play:
    """The tokens of a text as it is typed, with a choice of ways to cut it."""
    cutters = _cutters()

    def draw(text: str, cutter: str) -> Picture:
        return plots.chips(cutters[cutter](text), note=f"{cutter}:")

    return Play(
        draw,
        text=ipywidgets.Textarea(value=text, rows=3, description=say("texto", "text"), style=LABEL, layout=WIDE),
        cutter=ipywidgets.Dropdown(options=list(cutters), description=say("cortar en", "cut into"), style=LABEL),
    )


def merges(text: str, learned: list[Pair], start: int = 0) -> Play:
    """A text after the first so many merges; the tokens that the last of them made are framed."""

    def draw(count: int) -> Picture:
        sequence = [bytes([byte]) for byte in text.encode("utf-8")]
        for pair in learned[:count]:
            sequence = merge_pair(sequence, pair)
        if not count:
            return plots.chips(sequence, say("Solo bytes, ninguna fusión:", "Bytes only, no merge yet:"))
        left, right = learned[count - 1]
        step = f"{plots.shown(left)} + {plots.shown(right)} = {plots.shown(left + right)}"
        if left + right not in sequence:
            step += say(", que no sale en este trozo", ", which this piece does not have")
        return plots.chips(sequence, say(f"Fusión {count}: {step};", f"Merge {count}: {step};"), strong=left + right)

    slider = ipywidgets.IntSlider(
        start, 0, len(learned), description=say("fusiones", "merges"), style=LABEL, layout=WIDE
    )
    return Play(draw, count=slider)


def windows(tokens: list[str], context_length: int = 4, stride: int = 2) -> Play:
    """The windows over a few tokens, as context length and stride change."""
    most = len(tokens) - 1
    return Play(
        lambda context_length, stride: plots.windows(tokens, context_length, stride),
        context_length=ipywidgets.IntSlider(
            context_length, 1, most, description=say("contexto", "context length"), style=LABEL
        ),
        stride=ipywidgets.IntSlider(stride, 1, most, description=say("paso", "stride"), style=LABEL),
    )


def positions(text: str, emb_dim: int = 16, most: int = 24) -> Play:
    """Token vectors plus position vectors of a text as it is typed; positions can be switched off."""
    tokenizer = load_tokenizer()
    generator = torch.Generator().manual_seed(0)
    tok_table = torch.randn(tokenizer.n_vocab, emb_dim, generator=generator)
    pos_table = torch.randn(most, emb_dim, generator=generator)

    def draw(text: str, use_positions: bool) -> Picture:
        ids = tokenizer.encode(text, disallowed_special=())[:most] or [tokenizer.eot_token]
        tok = tok_table[ids]  # (T, D)
        pos = pos_table[: len(ids)] * use_positions  # (T, D)
        distinct = len((tok + pos).unique(dim=0))
        note = say(
            f"{len(ids)} tokens, {len(set(ids))} ids distintos, {distinct} vectores distintos.",
            f"{len(ids)} tokens, {len(set(ids))} distinct ids, {distinct} distinct vectors.",
        )
        return plots.embedding_sum([tokenizer.decode_single_token_bytes(i) for i in ids], tok, pos, note)

    return Play(
        draw,
        text=ipywidgets.Text(value=text, description=say("texto", "text"), style=LABEL, layout=WIDE),
        use_positions=ipywidgets.Checkbox(value=True, description=say("sumar posiciones", "add positions")),
    )
