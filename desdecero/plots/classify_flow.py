"""Chapter 6, drawn before it is built: two kinds of fine-tuning, rows of one length, a new head, the last position."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, VERMILION, Picture, canvas, framed, picture
from desdecero.plots.gpt import plain
from desdecero.plots.gpt_flow import PALE, _arrow, _blank, _box
from desdecero.plots.text import TINTS, chip

PAD = "#e3e7ec"  # the ground of padding


def two_ways() -> Picture:
    """One pretrained model, two trainings that follow: for classes (this chapter) and for instructions (the next)."""
    figure, axes = canvas(7.4, 3.6)
    _blank(axes)
    _box(axes, 50, 9, say("modelo preentrenado", "pretrained model"), MUTED, 34, 13)
    ways = (
        (24, BLUE, say("ajuste fino para clases", "fine-tuning for classes"),
         say("«Su paquete está retenido…»", "“Your parcel is being held…”"), "spam",
         say("una etiqueta de una lista cerrada", "one label from a closed list"),
         say("pocos cientos de ejemplos; sirve para una cosa", "a few hundred examples; does one thing")),
        (76, ORANGE, say("ajuste fino con instrucciones", "fine-tuning on instructions"),
         say("«Resume este mensaje: …»", "“Sum up this message: …”"), say("un texto", "a text"),
         say("lo que venga después de la orden", "whatever comes after the order"),
         say("miles de ejemplos; sirve para muchas", "thousands of examples; does many things")),
    )  # fmt: skip
    for x, colour, name, given, answer, kind, price in ways:
        _arrow(axes, (50, 15.5), (50, 22), (x, 22), (x, 29))
        _box(axes, x, 36, name, colour, 46, 13)
        axes.text(x, 51, given, ha="center", va="center", fontsize=9)
        _arrow(axes, (x, 56), (x, 63))
        axes.text(x, 69, answer, ha="center", va="center", fontsize=10, fontweight="bold", color=INK)
        axes.text(x, 81, kind, ha="center", va="center", fontsize=9, color=MUTED)
        axes.text(x, 91, price, ha="center", va="center", fontsize=8.5, color=MUTED)
    caption = say(
        "Dos maneras de seguir entrenando el mismo modelo: este capítulo (azul) y el siguiente (naranja).",
        "Two ways to go on training the same model: this chapter (blue) and the next (orange).",
    )
    return picture(figure, caption, caption + " " + "; ".join(f"{way[2]}: {way[3]} → {way[4]}" for way in ways))


def padded_rows(rows: Sequence[Sequence[str]], length: int) -> Picture:
    """Texts cut into tokens and brought to one length: what is padding, and what is lost."""
    longest = max(length, *map(len, rows))
    lines = []
    for pieces in rows:
        cells = [chip(piece, TINTS[0] if i < length else "#ffffff") for i, piece in enumerate(pieces)]
        cells[length:] = [
            f'<span style="opacity:.45;text-decoration:line-through">{cell}</span>' for cell in cells[length:]
        ]
        cells += [chip("■", PAD)] * (length - len(pieces))
        edges = [f"border-right:3px solid {VERMILION}" if i == length - 1 else "" for i in range(longest)]
        columns = (
            f'<td style="padding:1px;text-align:left;background:transparent;{edge}">{cell}</td>'
            for edge, cell in zip(edges, cells + [""] * (longest - len(cells)))
        )
        lines.append(f"<tr>{''.join(columns)}</tr>")
    table = f'<table style="font:13px monospace;border-collapse:collapse">{"".join(lines)}</table>'
    pads = sum(max(0, length - len(pieces)) for pieces in rows)
    lost = sum(max(0, len(pieces) - length) for pieces in rows)
    return framed(
        f'<div style="overflow-x:auto;background:#ffffff;padding:4px">{table}</div>',
        say(f"{len(rows)} × {length} ids. Azul: texto; gris: {pads} de relleno; tachados: {lost} que se pierden.",
            f"{len(rows)} × {length} ids. Blue: text; grey: {pads} of padding; struck out: {lost} that are lost."),
        " / ".join(" ".join([*pieces[:length], *["■"] * (length - len(pieces))]) for pieces in rows),
    )  # fmt: skip


def new_head(n_layers: int, emb_dim: int, vocab_size: int, num_classes: int, trainable_blocks: int) -> Picture:
    """The model before and after: which parts stay as they are, which go on training, and which one is new."""
    figure, axes = canvas(7.4, 4.6)
    _blank(axes)
    blocks = [f"trf_blocks[{i}]" for i in range(n_layers)]
    parts = ["tok_emb + pos_emb", *blocks, "final_norm", "out_head"]
    step = 84 / len(parts)
    kinds = {
        MUTED: say("congelado", "frozen"),
        BLUE: say("sigue entrenando", "goes on training"),
        ORANGE: say("nuevo", "new"),
    }
    for x, after in ((20, False), (66, True)):
        title = say("después", "after") if after else say("antes", "before")
        axes.text(x, 4, title, ha="center", va="center", fontsize=11)
        for i, part in enumerate(parts):
            y = 12 + step * i
            thawed = i > n_layers - trainable_blocks
            colour = ORANGE if i == len(parts) - 1 else BLUE if thawed else MUTED
            colour = colour if after else GREEN
            if i:
                _arrow(axes, (x, y - step + 2.9), (x, y - 2.9))
            _box(axes, x, y, part, colour, 31, 5.8)
            if after:
                axes.text(x + 17, y, kinds[colour], va="center", fontsize=8.5, color=INK)
        shape = f"{emb_dim} → {num_classes}" if after else f"{emb_dim} → {vocab_size:,}"
        axes.text(x, 12 + step * (len(parts) - 1) + 7, shape, ha="center", va="center", fontsize=10)
    return picture(
        figure,
        say("El modelo preentrenado y el mismo con cabeza nueva. Lo gris no se toca; lo azul sigue entrenando.",
            "The pretrained model, and the same with a new head. Grey is left alone; blue goes on training."),
        say(f"Dos columnas de cajas iguales. En la segunda, la cabeza de {vocab_size} salidas es otra de "
            f"{num_classes}, y todo lo anterior a los últimos bloques está congelado.",
            f"Two columns of equal boxes. In the second, the head with {vocab_size} outputs has become one with "
            f"{num_classes}, and everything before the last blocks is frozen."),
    )  # fmt: skip


def what_each_sees(tokens: Sequence[str], pads: int) -> Picture:
    """Under the causal mask, which positions (columns) each position (row) can read; the last row reads all."""
    labels = [*tokens, *["■"] * pads]
    T = len(labels)
    figure, axes = canvas(0.9 + 0.5 * T, 0.9 + 0.34 * T)
    for i in range(T):
        for j in range(T):
            seen = j <= i
            colour = (ORANGE if i == T - 1 else PALE[BLUE]) if seen else "white"
            hatch = "////" if seen and j >= len(tokens) else None
            cell = {"facecolor": colour, "edgecolor": MUTED if hatch else GRID, "hatch": hatch, "linewidth": 0.8}
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **cell))
    axes.set(xlim=(-0.5, T - 0.5), ylim=(T - 0.5, -0.5))
    axes.set_xticks(range(T), map(plain, labels), rotation=90)
    axes.set_yticks(range(T), map(plain, labels))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel=say("lee", "reads"), ylabel=say("posición", "position"))
    counts = ", ".join(map(str, np.arange(1, T + 1)))
    return picture(
        figure,
        say("Lo que puede leer cada posición. Solo la última (naranja) lo ha leído todo; rayado, el relleno.",
            "What each position can read. Only the last (orange) has read everything; hatched, the padding."),
        say(f"Escalera: las posiciones leen {counts} tokens.", f"A staircase: the positions read {counts} tokens."),
    )  # fmt: skip
