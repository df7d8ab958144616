"""Chapter 4, the whole model: where its parameters are, what it predicts, and how far back it can read."""

from collections.abc import Mapping, Sequence
from html import escape

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, INK, ORANGE, SKY, VERMILION, YELLOW, Picture, canvas, framed, picture
from desdecero.plots.gpt import plain


def token_label(token: bytes) -> str:
    """A token between quotes, with its spaces, and with unprintable bytes spelt out."""
    text = token.decode("utf-8", "backslashreplace")
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) + "'"


PARTS = {
    "tok_emb": BLUE, "pos_emb": YELLOW, "attention": ORANGE, "feed-forward": GREEN, "norms": INK, "out_head": SKY,
}  # fmt: skip


def parameter_bars(models: Mapping[str, Mapping[str, int]], note: str = "") -> Picture:
    """Where the parameters of each model are: one stacked bar per model, one colour per part of `PARTS`."""
    figure, axes = canvas(7.4, 1.5 + 0.45 * len(models))
    names = dict.fromkeys(PARTS) | {"attention": say("atención", "attention"), "norms": say("normas", "norms")}
    widest = max(sum(parts.values()) for parts in models.values()) / 1e6
    for row, parts in enumerate(models.values()):
        left = 0.0
        for part, colour in PARTS.items():
            width = parts.get(part, 0) / 1e6
            label = (names[part] or part) if row == 0 else None
            axes.barh(row, width, left=left, color=colour, label=label, edgecolor="white", linewidth=0.5)
            left += width
        axes.text(left + widest * 0.01, row, f"{left:,.1f}", va="center", fontsize=9)
    axes.set_yticks(range(len(models)), models)
    axes.set(xlim=(0, widest * 1.13), xlabel=say("millones de parámetros", "millions of parameters"))
    axes.set_title(note, fontsize=10)
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=len(PARTS), fontsize=8, frameon=False)
    return picture(
        figure,
        say("Los parámetros de cada modelo, repartidos por piezas.", "The parameters of each model, part by part."),
        "; ".join(f"{name}: {sum(parts.values()):,}" for name, parts in models.items()),
    )


def next_tokens(labels: Sequence[str], probabilities: Sequence[float], uniform: float) -> Picture:
    """The likeliest next tokens and their probabilities, against drawing one blindly."""
    figure, axes = canvas(7.4, 0.9 + 0.24 * len(labels))
    axes.barh(range(len(labels)), [100 * p for p in probabilities], color=BLUE)
    label = say(f"a ciegas: {100 * uniform:.2f} %", f"blindly: {100 * uniform:.2f}%")
    axes.axvline(100 * uniform, color=VERMILION, linestyle="--", label=label)
    axes.set_yticks(range(len(labels)), map(plain, labels))
    axes.set_xlabel(say("probabilidad (%)", "probability (%)"))
    axes.invert_yaxis()
    axes.legend(loc="lower right", frameon=False)
    return picture(
        figure,
        say("Los tokens a los que el modelo da más probabilidad, y la que tendrían todos si eligiera a ciegas.",
            "The tokens to which the model gives most probability, and what all would have if it chose blindly."),
        ", ".join(f"{label}: {p:.4f}" for label, p in zip(labels, probabilities)),
    )  # fmt: skip


def context_window(labels: Sequence[str], prompt: int, context_length: int) -> Picture:
    """The tokens so far: what the model can see of them, and the one it has just added."""
    seen = range(max(0, len(labels) - 1 - context_length), len(labels) - 1)
    chips = []
    for i, label in enumerate(labels):
        ground, ink = ("#cfe5f3", INK) if i in seen else ("#f1f3f5", "#8a94a0")
        ground, ink = ("#fbe6bd", INK) if i == len(labels) - 1 else (ground, ink)
        weight = 700 if i < prompt else 400
        chips.append(
            f'<span style="background:{ground};color:{ink};font:{weight} 13px monospace;padding:2px 4px;margin:2px;'
            f'border-radius:4px;display:inline-block;white-space:pre">{escape(label)}</span>'
        )
    return framed(
        "<div>" + "".join(chips) + "</div>",
        say("Azul: lo que el modelo lee. Gris: lo que ya no le cabe. Ámbar: el token que acaba de añadir. "
            "Negrita: el prompt.",
            "Blue: what the model reads. Grey: what no longer fits. Amber: the token it has just added. "
            "Bold: the prompt."),
        " ".join(labels),
    )  # fmt: skip
