"""Chapter 1, how much: corpora, languages, and what training takes, always with where the figure comes from."""

from collections.abc import Mapping, Sequence
from html import escape

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, ORANGE, VERMILION, Picture, canvas, framed, picture

# Tokens. GPT-3: Brown et al., 2020, table 2.2. The others: RedPajama-V2's and FineWeb's authors; Llama Team, 2024.
CORPORA = {
    "GPT-3 (2020)": 499e9,
    "RedPajama-V2 (2023)": 30.4e12,
    "FineWeb (2024)": 15e12,
    "Llama 3 (2024)": 15.6e12,
}
# Parameters and training tokens. Brown et al., 2020; BigScience, 2022; Hoffmann et al., 2022; Llama Team, 2024.
TRAINED = {
    "GPT-3": (175e9, 300e9),
    "BLOOM": (176e9, 366e9),
    "Chinchilla": (70e9, 1.4e12),
    "Llama 3 405B": (405e9, 15.6e12),
}


def corpora(own: Mapping[str, float]) -> Picture:
    """Texts of very different sizes, in tokens, on a scale where each step is ten times the one before."""
    sizes = dict(sorted({**own, **CORPORA}.items(), key=lambda item: item[1]))
    figure, axes = canvas(7.4, 0.9 + 0.36 * len(sizes))
    colours = [ORANGE if name in own else BLUE for name in sizes]
    bars = axes.barh(range(len(sizes)), sizes.values(), color=colours)
    axes.bar_label(bars, [amount(size) for size in sizes.values()], padding=4, fontsize=9)
    axes.set_yticks(range(len(sizes)), sizes)
    axes.set(
        xscale="log",
        xlim=(10, 1e16),
        xlabel=say("tokens (cada marca, cien veces más)", "tokens (a hundred times more at each mark)"),
    )
    caption = say(
        "El cuento del curso (naranja) junto a los corpus de los modelos grandes (azul).",
        "The course's story (orange) beside the corpora of large models (blue).",
    )
    return picture(figure, caption, caption + " " + "; ".join(f"{n}: {amount(s)}" for n, s in sizes.items()))


def amount(number: float) -> str:
    """A large number in words: `15.6e12` is `15.6 billones` in Spanish, `15.6 trillion` in English."""
    steps = say(
        ((1e12, "billones"), (1e6, "millones"), (1e3, "mil")),
        ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand")),
    )
    for size, name in steps:
        if number >= size:
            value = number / size
            digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
            return f"{digits} {name}" if digits != "1" else f"1 {name.replace('ones', 'ón')}"
    return f"{number:.3g}"


def languages(shares: Mapping[str, Mapping[str, float]]) -> Picture:
    """English, Spanish and the rest in several corpora, as parts of a hundred."""
    figure, axes = canvas(7.4, 1.2 + 0.45 * len(shares))
    colours = (BLUE, VERMILION, GRID)
    for row, parts in enumerate(shares.values()):
        left = 0.0
        for (part, share), colour in zip(parts.items(), colours):
            axes.barh(row, share, left=left, color=colour, edgecolor="white", label=part if row == 0 else None)
            left += share
        spanish = list(parts.values())[1]
        axes.text(101, row, say(f"español: {spanish:.1f} %", f"Spanish: {spanish:.1f}%"), va="center", fontsize=9)
    axes.set_yticks(range(len(shares)), shares)
    axes.set(xlim=(0, 125), xticks=(0, 25, 50, 75, 100), xlabel="%")
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    caption = say("Qué parte del texto está en cada lengua.", "What part of the text is in each language.")
    alt = "; ".join(f"{n}: " + ", ".join(f"{p} {s:.1f} %" for p, s in parts.items()) for n, parts in shares.items())
    return picture(figure, caption, caption + " " + alt)


def compute(flops: float, rows: Sequence[tuple[str, str]]) -> Picture:
    """What a model takes, line by line, and its computation beside that of models that were published."""
    models = {name: 6 * n * d for name, (n, d) in TRAINED.items()}
    models[say("el tuyo", "yours")] = flops
    figure, axes = canvas(7, 0.8 + 0.3 * len(models))
    bars = axes.barh(range(len(models)), models.values(), color=[BLUE] * len(TRAINED) + [VERMILION])
    axes.bar_label(bars, [f"{value:.1e}" for value in models.values()], padding=4, fontsize=8)
    axes.set_yticks(range(len(models)), models)
    axes.set(xscale="log", xlim=(1e13, 1e30), xlabel=say("operaciones (6·N·D)", "operations (6·N·D)"))
    axes.invert_yaxis()
    cells = "".join(
        f'<tr><td style="text-align:left">{escape(name)}</td><td style="text-align:right">{escape(value)}</td></tr>'
        for name, value in rows
    )
    caption = say(
        "Lo que pide el modelo que has elegido, y sus operaciones junto a las de otros cuatro.",
        "What the model you chose takes, and its operations beside those of four others.",
    )
    told = "; ".join(f"{name}: {value}" for name, value in rows)
    chart = picture(figure, caption, caption + " " + told)
    return Picture(f"<table>{cells}</table>{chart.html}", f"{told}. {chart.text}")


def sieve(pages: Sequence[str], faults: Sequence[Sequence[str]]) -> Picture:
    """Pages of a corpus: those that stay, and those that go with the reason why."""
    rows = []
    for page, why in zip(pages, faults):
        colour, mark = (VERMILION, "✗ " + ", ".join(why)) if why else (GREEN, "✓")
        rows.append(
            f'<tr><td style="text-align:left;max-width:34em;white-space:normal">{escape(page)}</td>'
            f'<td style="text-align:left;border-left:4px solid {colour}">{mark}</td></tr>'
        )
    kept = sum(not why for why in faults)
    caption = say(f"Se quedan {kept} de {len(pages)} páginas.", f"{kept} of {len(pages)} pages stay.")
    told = "; ".join(f"{page[:30]}…: {', '.join(why) or 'ok'}" for page, why in zip(pages, faults))
    return framed(f"<table>{''.join(rows)}</table>", caption, caption + " " + told)
