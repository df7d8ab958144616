"""Chapter 4, how data flow: the whole model, the feed-forward network and the block, drawn before they are written."""

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Polygon

from desdecero.edition import say
from desdecero.gpt import GPTConfig
from desdecero.plots import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, Picture, canvas, picture

PALE = {BLUE: "#cfe5f3", ORANGE: "#fbe6bd", GREEN: "#c9ebe0", PURPLE: "#f4dde9", MUTED: "#eef1f4"}
COLOURS = {"LayerNorm": PURPLE, "MultiHeadAttention": BLUE, "FeedForward": ORANGE, "Dropout": MUTED}
TRUNK = 2.6  # width of the line that carries the shortcut


def _box(axes: Axes, x: float, y: float, text: str, colour: str, width: float = 30, height: float = 6.4) -> None:
    """A rounded box centred on (x, y)."""
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(
        FancyBboxPatch(
            corner, width, height, boxstyle="round,pad=0,rounding_size=1.4", facecolor=PALE[colour], edgecolor=colour,
            linewidth=1.2, zorder=3,
        )
    )  # fmt: skip
    axes.text(x, y, text, ha="center", va="center", fontsize=9, zorder=4)


def _arrow(axes: Axes, *points: tuple[float, float], colour: str = INK, width: float = 1.1, head: bool = True) -> None:
    """A line through `points`, with an arrowhead at the last."""
    xs, ys = zip(*points)
    axes.plot(xs, ys, color=colour, linewidth=width, solid_joinstyle="round", zorder=2)
    if head:
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=style, zorder=2)


def _plus(axes: Axes, x: float, y: float) -> None:
    """Where a branch is added to the trunk."""
    axes.plot(x, y, "o", markersize=15, markerfacecolor="white", markeredgecolor=INK, zorder=5)
    axes.text(x, y, "+", ha="center", va="center_baseline", fontsize=12, zorder=6)


def _blank(axes: Axes) -> None:
    axes.set(xlim=(0, 100), ylim=(100, 0))
    axes.axis("off")


def _branch(axes: Axes, x: float, centre: float, y: float, parts: dict[str, str], step: float, width: float) -> float:
    """A branch that leaves the trunk `x` at `y`, passes `parts` (name: note) and is added back; returns where."""
    end = y + step * (len(parts) + 0.35)
    _arrow(axes, (x, y), (centre, y), (centre, end), (x + 2.4, end))
    for i, (name, note) in enumerate(parts.items()):
        middle = y + step * (i + 0.75)
        _box(axes, centre, middle, name, COLOURS[name], width)
        axes.text(centre + width / 2 + 1, middle, note, fontsize=8, color=MUTED, va="center")
    _plus(axes, x, end)
    return end


def _pre_norm(axes: Axes, x: float, centre: float, y: float, step: float, width: float, notes: bool = False) -> None:
    """The block with the norms on the branches."""
    for name, note in (("MultiHeadAttention", say("cap. 3", "ch. 3")), ("FeedForward", "4.3")):
        parts = {"LayerNorm": "4.2", name: note, "Dropout": ""}
        y = _branch(axes, x, centre, y, parts if notes else dict.fromkeys(parts, ""), step, width) + step
    _arrow(axes, (x, 6), (x, y), colour=GREEN, width=TRUNK)


def _post_norm(axes: Axes, x: float, centre: float, y: float, step: float, width: float) -> None:
    """The block with the norms on the trunk."""
    for name in ("MultiHeadAttention", "FeedForward"):
        y = _branch(axes, x, centre, y, {name: "", "Dropout": ""}, step, width) + step
        _box(axes, x, y, "LayerNorm", PURPLE, 30)
        y += step
    _arrow(axes, (x, 6), (x, y), colour=GREEN, width=TRUNK)


def architecture(cfg: GPTConfig) -> Picture:
    """The whole model from token ids to logits, and one block opened up, with the section that builds each part."""
    figure, axes = canvas(7.4, 6)
    _blank(axes)
    C, D, V = cfg.context_length, cfg.emb_dim, cfg.vocab_size
    x, width = 29, 28
    chapter = say("cap.", "ch.")
    stages = (
        ("token_ids", MUTED, f"(B, T)   T ≤ {C}", f"{chapter} 2"),
        ("tok_emb + pos_emb", GREEN, f"(B, T, {D})", f"{chapter} 2"),
        ("Dropout", MUTED, "", ""),
        (say("bloque 1", "block 1"), ORANGE, f"(B, T, {D})", "4.5"),
        ("…", ORANGE, "", ""),
        (say(f"bloque {cfg.n_layers}", f"block {cfg.n_layers}"), ORANGE, f"(B, T, {D})", "4.5"),
        ("LayerNorm", PURPLE, f"(B, T, {D})", "4.2"),
        ("out_head", GREEN, "", "4.6"),
        ("logits", MUTED, f"(B, T, {V})", "4.7"),
    )
    ys = [8 + 10.5 * i for i in range(len(stages))]
    for y, (name, colour, shape, where) in zip(ys, stages):
        _box(axes, x, y, name, colour, width)
        axes.text(x - width / 2 - 1.2, y, shape, ha="right", va="center", fontsize=8, color=MUTED)
        axes.text(x + width / 2 + 1.2, y, where, va="center", fontsize=8, color=MUTED)
    for y in ys[:-1]:
        _arrow(axes, (x, y + 3.2), (x, y + 7.3))
    axes.add_patch(
        FancyBboxPatch((57, 4), 42.5, 88, boxstyle="round,pad=0,rounding_size=2", facecolor="#fdf6e6", edgecolor=ORANGE)
    )
    for y, corner in ((ys[5] - 2, 5), (ys[5] + 2, 91)):
        axes.plot([50, 57], [y, corner], color=ORANGE, linewidth=0.8, linestyle=":", zorder=1)
    axes.text(78, 96, "TransformerBlock", ha="center", va="center", fontsize=9)
    _pre_norm(axes, 61, 77.5, 12, 9.3, 26, notes=True)
    return picture(
        figure,
        say("El plano del modelo: a la izquierda entero, a la derecha un bloque abierto.",
            "The blueprint of the model: all of it on the left, one block opened up on the right."),
        say("Diagrama de cajas, de arriba abajo: identificadores de tokens, suma de embeddings, dropout, una pila de "
            "bloques, LayerNorm, out_head y logits. El bloque abierto tiene dos ramas que salen de un tronco y vuelven "
            "a sumarse a él: LayerNorm, atención y dropout; LayerNorm, FeedForward y dropout.",
            "Boxes from top to bottom: token ids, the sum of embeddings, dropout, a stack of blocks, LayerNorm, "
            "out_head and logits. The opened block has two branches that leave a trunk and are added back to it: "
            "LayerNorm, attention and dropout; LayerNorm, FeedForward and dropout."),
    )  # fmt: skip


def block_flow() -> Picture:
    """One transformer block drawn twice: the norms on the branches (pre-norm) and on the trunk (post-norm)."""
    figure, panels = canvas(7.4, 5, columns=2)
    for axes in panels:
        _blank(axes)
    _pre_norm(panels[0], 14, 60, 14, 9.6, 58)
    _post_norm(panels[1], 19, 67, 14, 9.2, 58)
    panels[0].set_title(say("pre-norm: el tronco está libre", "pre-norm: the trunk is clear"))
    panels[1].set_title(say("post-norm: el tronco se normaliza", "post-norm: the trunk is normalised"))
    return picture(
        figure,
        say("Un bloque transformer con la normalización en las ramas y en el tronco (verde).",
            "A transformer block with the normalisation on the branches and on the trunk (green)."),
        say("Dos diagramas. En pre-norm una línea verde baja sin obstáculos y de ella salen dos ramas que empiezan por "
            "LayerNorm. En post-norm las ramas no llevan LayerNorm; la línea verde atraviesa uno después de cada suma.",
            "Two diagrams. In pre-norm a green line runs down unhindered and two branches leave it, each starting with "
            "LayerNorm. In post-norm the branches have no LayerNorm and the green line passes through one after each "
            "sum."),
    )  # fmt: skip


def feed_forward_flow(emb_dim: int) -> Picture:
    """Three tokens, each widened, bent and narrowed on its own."""
    figure, axes = canvas(7.4, 3)
    _blank(axes)
    narrow, wide = 5.5, 22
    for centre, token in zip((19, 50, 81), say("torre y junco", "tower and reeds").split()):
        axes.text(9, centre, token, ha="right", va="center", fontsize=10)
        for left, right, ends in ((14, 40, (narrow, wide)), (62, 88, (wide, narrow))):
            corners = [(left, centre - ends[0] / 2), (right, centre - ends[1] / 2), (right, centre + ends[1] / 2)]
            corners.append((left, centre + ends[0] / 2))
            axes.add_patch(Polygon(corners, facecolor=PALE[BLUE], edgecolor=BLUE, linewidth=1.2))
        _box(axes, 51, centre, "GELU", ORANGE, 16, wide)
        _arrow(axes, (10, centre), (14, centre))
        _arrow(axes, (40, centre), (43, centre), head=False)
        _arrow(axes, (59, centre), (62, centre), head=False)
        _arrow(axes, (88, centre), (95, centre))
    for x, text in ((9, f"{emb_dim}"), (27, "Linear"), (51, f"{4 * emb_dim}"), (75, "Linear"), (92, f"{emb_dim}")):
        axes.text(x, 1, text, ha="center", va="center", fontsize=9, color=MUTED)
    return picture(
        figure,
        say("Cada token pasa solo por la misma red: se ensancha, se curva y vuelve a su ancho.",
            "Each token goes through the same network alone: widened, bent, and back to its width."),
        say("Tres filas iguales, una por token, sin líneas entre ellas: de estrecho a cuatro veces más ancho, GELU y "
            "de vuelta a estrecho.",
            "Three equal rows, one per token, with no lines between them: from narrow to four times as wide, GELU, and "
            "back to narrow."),
    )  # fmt: skip
