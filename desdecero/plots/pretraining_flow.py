"""Chapter 5, how things go round: the training loop, what a checkpoint holds, and GPT-2's tensors on their way here."""

from collections.abc import Sequence
from html import escape

from matplotlib.patches import Rectangle

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE, Picture, canvas, framed, picture
from desdecero.plots.gpt_flow import PALE, _arrow, _blank, _box


def training_loop() -> Picture:
    """The four moves of a training step, and the two things that persist from one to the next."""
    figure, axes = canvas(7.4, 3.1)
    _blank(axes)
    moves = (
        (16, 20, "zero_grad()", MUTED, say("borra", "wipe")),
        (50, 20, "batch_loss(…)", BLUE, say("mide", "measure")),
        (84, 20, "loss.backward()", ORANGE, say("culpa", "blame")),
        (84, 58, "optimizer.step()", GREEN, say("corrige", "correct")),
        (16, 58, say("lote siguiente", "next batch"), MUTED, ""),
    )
    for x, y, text, colour, note in moves:
        _box(axes, x, y, text, colour, 26, 14)
        axes.text(x, y + (12 if y > 50 else -11), note, ha="center", va="center", fontsize=9, color=MUTED)
    _arrow(axes, (29, 20), (37, 20))
    _arrow(axes, (63, 20), (71, 20))
    _arrow(axes, (84, 27), (84, 51))
    _arrow(axes, (71, 58), (29, 58))
    _arrow(axes, (16, 51), (16, 27))
    axes.text(50, 55, say("pesos nuevos", "new weights"), ha="center", fontsize=9, color=GREEN)
    axes.text(50, 84, say("Los pesos y la memoria del optimizador pasan al paso siguiente; los gradientes, no.",
                          "The weights and the optimizer's memory go on to the next step; gradients don't."),
              ha="center", fontsize=9)  # fmt: skip
    return picture(
        figure,
        say("Un paso de entrenamiento, que se repite con cada lote.", "One training step, repeated for each batch."),
        say("Ciclo de cajas: borrar gradientes, calcular la pérdida, retropropagar, corregir los pesos y tomar el lote "
            "siguiente.",
            "A cycle of boxes: wipe the gradients, compute the loss, go backwards, correct the weights, take the next "
            "batch."),
    )  # fmt: skip


def fused_attention(emb_dim: int) -> Picture:
    """GPT-2's `c_attn`: three matrices side by side, lying down; ours: three that stand."""
    figure, axes = canvas(7.4, 3)
    axes.set(xlim=(0, 100), ylim=(46, -4), aspect="equal")
    axes.axis("off")
    parts = (("W_query", BLUE), ("W_key", ORANGE), ("W_value", PURPLE))
    side, top = 12, 14
    for i, (name, colour) in enumerate(parts):
        style = {"facecolor": PALE[colour], "edgecolor": colour, "linewidth": 1.3}
        axes.add_patch(Rectangle((2 + side * i, top), side, side, **style))
        axes.text(2 + side * (i + 0.5), top + side / 2, name[2:], ha="center", va="center", fontsize=9)
        axes.add_patch(Rectangle((52, 2 + side * i), side, side, **style))
        axes.text(58, 2 + side * (i + 0.5), name[2:], ha="center", va="center", fontsize=9, rotation=90)
        axes.add_patch(Rectangle((80, 1 + 13 * i), side, side, **style))
        axes.text(86, 1 + 13 * i + side / 2, name, ha="center", va="center", fontsize=9)
        _arrow(axes, (65, 2 + side * (i + 0.5)), (79, 1 + 13 * i + side / 2))
    _arrow(axes, (39.5, top + side / 2), (51, top + side / 2))
    axes.text(45, top + side / 2 - 1.5, ".T", ha="center", fontsize=10, family="monospace")
    axes.text(72, 0.5, ".chunk(3)", ha="center", fontsize=10, family="monospace")
    D = emb_dim
    for x, y, text in (
        (20, top - 2, f"c_attn.weight ({D}, {3 * D})"),
        (58, 42, f"({3 * D}, {D})"),
        (86, 44, f"3 × ({D}, {D})"),
    ):
        axes.text(x, y, text, ha="center", fontsize=9, color=MUTED)
    return picture(
        figure,
        say("De su matriz a las nuestras: se transpone y se parte en tres.",
            "From their matrix to ours: turn it over, cut it in three."),
        say("Un rectángulo ancho con tres cuadrados (query, key, value) se transpone en uno alto y se corta en tres "
            "matrices cuadradas, W_query, W_key y W_value.",
            "A wide rectangle of three squares (query, key, value) is transposed into a tall one and cut into three "
            "square matrices, W_query, W_key and W_value."),
    )  # fmt: skip


def tensor_map(rows: Sequence[tuple[str, str, str, str, str]]) -> Picture:
    """A table of GPT-2's tensors and ours: name and shape there, what is done, name and shape here."""
    head = ("GPT-2", "", "", "GPTModel", "")
    cell = f"padding:2px 10px;border-bottom:1px solid {GRID};text-align:left;color:{INK};background:#ffffff"

    def line(texts: Sequence[str], tag: str) -> str:
        mono = ("monospace", "monospace", "sans-serif", "monospace", "monospace")
        cells = (f'<{tag} style="{cell};font:13px {m}">{escape(t)}</{tag}>' for t, m in zip(texts, mono))
        return f"<tr>{''.join(cells)}</tr>"

    body = line(head, "th") + "".join(line(row, "td") for row in rows)
    return framed(
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse">{body}</table></div>',
        say("Cada tensor de GPT-2, qué se le hace y adónde va; i es el número del bloque.",
            "Every tensor of GPT-2, what is done to it and where it goes; i is the number of the block."),
        "; ".join(" ".join(filter(None, row)) for row in rows),
    )  # fmt: skip
