"""Chapter 5, to play with: honest bets, temperature and top-k, and a training run looked at again."""

from collections.abc import Sequence

import ipywidgets
import tiktoken
import torch
from torch import Tensor, nn

from desdecero.edition import say
from desdecero.plots import Picture, framed
from desdecero.plots.gpt_whole import token_label
from desdecero.plots.pretraining import honest_bet, reshaped_bets
from desdecero.widgets import Play
from desdecero.widgets.gpt import _slider
from desdecero.widgets.pretraining_live import Watch

SHOWN = 14  # tokens in the picture of the next one


def play_honest(names: tuple[str, str]) -> Play:
    """Choose how often each of two tokens comes, bet, and see what the bet costs."""

    def draw(share: float, bet: float) -> Picture:
        return honest_bet(share, bet, names)

    wording = (say("verdad", "truth"), say("apuesta", "bet"))
    return Play(
        draw,
        share=_slider(f"{wording[0]}: {names[0]}", 0.5, 0.0, 1.0, 0.05),
        bet=_slider(f"{wording[1]}: {names[0]}", 0.9, 0.01, 0.99, 0.01),
    )


def next_logits(model: nn.Module, tokenizer: tiktoken.Encoding, text: str) -> Tensor:
    """The logits of the token after `text`, `(V,)`."""
    position = model.pos_emb.weight
    ids = tokenizer.encode(text or " ", disallowed_special=())[-len(position) :]
    with torch.no_grad():
        return model(torch.tensor([ids], device=position.device))[0, -1].cpu()


def reshape(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    """The probabilities from which the next token is drawn, `(V,)`; at temperature 0, all on the likeliest."""
    if temperature == 0:
        return nn.functional.one_hot(logits.argmax(), len(logits)).float()
    kth = logits.topk(min(top_k, len(logits))).values[-1]
    return torch.softmax(logits.masked_fill(logits < kth, float("-inf")) / temperature, dim=-1)


def play_decoding(model: nn.Module, tokenizer: tiktoken.Encoding, text: str) -> Play:
    """A model's next token, its probabilities reshaped by temperature and top-k, and what they make it write."""

    def draw(text: str, temperature: float, top_k: int) -> Picture:
        logits = next_logits(model, tokenizer, text)
        before, after = torch.softmax(logits, dim=-1), reshape(logits, temperature, top_k)
        shown = before.topk(SHOWN).indices
        labels = [token_label(tokenizer.decode_single_token_bytes(i)) for i in shown.tolist()]
        p = after[after > 0]
        choices = float(torch.exp(-(p * p.log()).sum()))
        note = say(
            f"{len(p)} tokens posibles; duda como entre {choices:.1f}",
            f"{len(p)} possible tokens; hesitates as among {choices:.1f}",
        )
        rest = max(0.0, 1 - float(after[shown].sum()))
        return reshaped_bets(labels, before[shown].tolist(), after[shown].tolist(), rest, note)

    wide = {"description_width": "9em"}
    return Play(
        draw,
        text=ipywidgets.Text(value=text, description=say("texto", "text"), style=wide, continuous_update=False),
        temperature=_slider(say("temperatura", "temperature"), 0.6, 0.0, 3.0, 0.1),
        top_k=ipywidgets.SelectionSlider(
            options=[1, 2, 3, 5, 8, 12, 20, 50, 200, 1_000, tokenizer.n_vocab],
            value=8,
            description="top_k",
            style=wide,
            layout={"width": "32em"},
            continuous_update=False,
        ),
    )


def play_training(live: Watch) -> Play:
    """Go back and forth in a training run that was watched: where the curves were, and what the model wrote."""

    def draw(step: int) -> Picture:
        step = min(live.written, key=lambda s: abs(s - step))
        curve = live.curve(at=step)
        return framed(curve.html + live.sample_html(step), say(f"Paso {step}.", f"Step {step}."), live.written[step])

    steps: Sequence[int] = sorted(live.written)
    best = min(live.validation, key=live.validation.get)
    slider = ipywidgets.SelectionSlider(
        options=steps, value=best, description=say("paso", "step"), layout={"width": "32em"}, continuous_update=False
    )
    return Play(draw, step=slider)
