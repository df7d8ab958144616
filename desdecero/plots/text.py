"""What chapter 2 looks at: tokens, bytes, merges, windows and embeddings."""

from collections.abc import Sequence
from html import escape

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, VERMILION, Picture, canvas, framed, heatmap, picture
from desdecero.text import Pair, load_tokenizer, merge_pair

# Light relatives of the palette, for grounds that dark text stands on; neighbours never share one.
TINTS = ("#cfe4f3", "#fbe6bb", "#c6e9dc", "#f7d3bf", "#eedbe6")


def shown(piece: str | bytes) -> str:
    """A token as a label: spaces become `·`, line ends `↵`, bytes that are no letter by themselves `\\xc3`."""
    text = piece.decode("utf-8", errors="backslashreplace") if isinstance(piece, bytes) else piece
    return text.replace(" ", "·").replace("\n", "↵").replace("\t", "→")


def chip(piece: str | bytes, tint: str, strong: bool = False) -> str:
    """The HTML of one token on a coloured ground."""
    frame = f"outline:2px solid {VERMILION};" if strong else ""
    style = f"background:{tint};color:{INK};padding:1px 3px;margin:1px;border-radius:3px;white-space:pre;{frame}"
    return f'<span style="{style}display:inline-block">{escape(shown(piece))}</span>'


def chips(pieces: Sequence[str | bytes], note: str = "", strong: str | bytes | None = None) -> Picture:
    """A text cut into tokens, one colour after another; those equal to `strong` are framed."""
    distinct = len(set(pieces))
    caption = say(f"{len(pieces)} tokens, {distinct} distintos.", f"{len(pieces)} tokens, {distinct} of them distinct.")
    body = "".join(
        chip(piece, TINTS[i % len(TINTS)], piece == strong) + ("<br>" if shown(piece).endswith("↵") else "")
        for i, piece in enumerate(pieces)
    )
    alt = say("Texto cortado en tokens: ", "Text cut into tokens: ") + " | ".join(map(shown, pieces[:40]))
    box = f'<div style="font-family:monospace;line-height:1.9;max-width:52em">{body}</div>'
    return framed(box, f"{note} {caption}".strip(), alt)


def utf8(text: str) -> Picture:
    """Each character above the bytes that UTF-8 writes for it."""
    columns = []
    for i, character in enumerate(text):
        code = character.encode("utf-8")
        boxes = "".join(chip(str(byte), TINTS[i % len(TINTS)]) for byte in code)
        columns.append(
            '<td style="text-align:center;padding:4px 8px;background:transparent">'
            f'<div style="font-size:1.6em">{escape(shown(character))}</div>'
            f'<div style="font-family:monospace">{boxes}</div></td>'
        )
    caption = say(
        "Cada carácter y los bytes que lo escriben en UTF-8.", "Each character and the bytes that spell it in UTF-8."
    )
    alt = caption + " " + "; ".join(f"{c}: {', '.join(map(str, c.encode('utf-8')))}" for c in text)
    return framed(f"<table><tr>{''.join(columns)}</tr></table>", caption, alt)


def _box(
    axes: Axes, x: float, y: float, width: float, height: float, colour: str, text: str = "", size: float = 9
) -> None:
    axes.add_patch(Rectangle((x, y), width, height, facecolor=colour, edgecolor="white", linewidth=1.5))
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=size, color=INK)


def pipeline(text: str, emb_dim: int = 4) -> Picture:
    """The way of a text into a model: tokens, their ids, a vector for each."""
    tokenizer = load_tokenizer()
    ids = tokenizer.encode(text)
    vectors = torch.randn(len(ids), emb_dim, generator=torch.Generator().manual_seed(3))
    figure, axes = canvas(7, 3.4)
    T = len(ids)
    _box(axes, 0, 6.4, T, 0.8, GRID, say(f"«{text}»", f"“{text}”"), 11)
    for i, token_id in enumerate(ids):
        tint = TINTS[i % len(TINTS)]
        _box(axes, i, 4.7, 1, 0.8, tint, shown(tokenizer.decode_single_token_bytes(token_id)), 10)
        _box(axes, i, 3.0, 1, 0.8, tint, str(token_id), 10)
    bottom = 2.1 - 0.5 * emb_dim
    axes.imshow(vectors.T, cmap="PuOr", vmin=-2.5, vmax=2.5, extent=(0, T, bottom, 2.1), aspect="auto")
    for i in range(T + 1):
        axes.axvline(i, ymax=0.29, color="white", linewidth=4)
    names = say(("texto", "tokens", "ids", "vectores"), ("text", "tokens", "ids", "vectors"))
    for name, y in zip(names, (6.8, 5.1, 3.4, (bottom + 2.1) / 2)):
        axes.text(-0.15, y, name, ha="right", va="center", fontsize=10, color=MUTED)
    for y in (6.3, 4.6, 2.9):
        axes.annotate("", (T / 2, y - 0.75), (T / 2, y), arrowprops={"arrowstyle": "->", "color": MUTED})
    axes.set(xlim=(-1.2, T), ylim=(bottom - 0.1, 7.3))
    axes.axis("off")
    caption = say("Del texto a los vectores, en tres pasos.", "From text to vectors, in three steps.")
    return picture(figure, caption, caption + f" {text!r}: {T} tokens, ids {ids}.")


def word_map(words: list[str], vectors: Tensor, names: tuple[str, str]) -> Picture:
    """Words as points of a plane whose two axes mean something."""
    figure, axes = canvas(5.2, 3.4)
    axes.scatter(vectors[:, 0], vectors[:, 1], s=45, color=BLUE)
    for word, (x, y) in zip(words, vectors.tolist()):
        axes.annotate(word, (x, y), (6, 4), textcoords="offset points", fontsize=10)
    axes.set(xlabel=names[0], ylabel=names[1], xlim=(-0.08, 1.25), ylim=(-0.08, 1.2))
    caption = say("Seis palabras en un plano: cerca quiere decir parecido.", "Six words in a plane: near means alike.")
    return picture(figure, caption, caption + " " + "; ".join(f"{w} {v}" for w, v in zip(words, vectors.tolist())))


def vocabulary_growth(tokens: list[str]) -> Picture:
    """How many different tokens a reader has met after so many tokens."""
    seen: set[str] = set()
    sizes = []
    for token in tokens:
        seen.add(token)
        sizes.append(len(seen))
    figure, axes = canvas(6, 2.8)
    axes.plot(range(1, len(sizes) + 1), sizes, color=BLUE)
    axes.set(
        xlabel=say("tokens leídos", "tokens read"),
        ylabel=say("tokens distintos", "distinct tokens"),
        xlim=(0, None),
        ylim=(0, None),
    )
    caption = say(
        "El vocabulario de palabras sigue creciendo hasta el final del cuento.",
        "The vocabulary of words is still growing when the story ends.",
    )
    return picture(figure, caption, caption + f" {sizes[-1]} / {len(tokens)}.")


def shrinkage(text: str, merges: list[Pair]) -> Picture:
    """How long a text is, in tokens, after each merge."""
    sequence = [bytes([byte]) for byte in text.encode("utf-8")]
    lengths = [len(sequence)]
    for pair in merges:
        sequence = merge_pair(sequence, pair)
        lengths.append(len(sequence))
    figure, axes = canvas(6, 2.8)
    axes.plot(lengths, color=BLUE)
    axes.set(xlabel=say("fusiones aprendidas", "merges learned"), ylabel=say("tokens del texto", "tokens in the text"))
    axes.set(xlim=(0, len(merges)), ylim=(0, None))
    caption = say("Las primeras fusiones son las que más acortan el texto.", "The first merges shorten the text most.")
    return picture(figure, caption, caption + f" {lengths[0]} → {lengths[-1]}.")


def merge_tree(text: str, merges: list[Pair]) -> Picture:
    """Which merges join the bytes of a text, from the bottom up; the number is the merge's rank."""
    rank = {pair: i for i, pair in enumerate(merges)}
    nodes = [(bytes([byte]), float(i), 0) for i, byte in enumerate(text.encode("utf-8"))]
    figure, axes = canvas(max(4.0, 0.55 * len(nodes)), 3)
    for token, x, y in nodes:
        _node(axes, token, x, y)
    while True:
        found = [(rank[a[0], b[0]], i) for i, (a, b) in enumerate(zip(nodes, nodes[1:])) if (a[0], b[0]) in rank]
        if not found:
            break
        number, i = min(found)
        (left, x1, y1), (right, x2, y2) = nodes[i : i + 2]
        x, y = (x1 + x2) / 2, max(y1, y2) + 1
        axes.plot([x1, x, x2], [y1, y, y2], color=MUTED, linewidth=1, zorder=1)
        axes.text(x, y + 0.36, str(number), ha="center", fontsize=8, color=MUTED)
        nodes[i : i + 2] = [(left + right, x, y)]
        _node(axes, left + right, x, y)
    top = max(y for *_, y in nodes)
    figure.set_figheight(0.5 * (top + 1.6))
    axes.set(xlim=(-0.8, len(text.encode("utf-8")) - 0.2), ylim=(-0.6, top + 0.9))
    axes.axis("off")
    tokens = " | ".join(shown(token) for token, *_ in nodes)
    caption = say(f"De los bytes a los tokens: {tokens}.", f"From bytes to tokens: {tokens}.")
    return picture(figure, caption, caption)


def _node(axes: Axes, token: bytes, x: float, y: float) -> None:
    ground = {"boxstyle": "round,pad=0.25", "facecolor": TINTS[0] if y else GRID, "edgecolor": "none"}
    axes.text(x, y, shown(token), ha="center", va="center", fontsize=9, color=INK, bbox=ground, zorder=2)


def token_cost(costs: dict[str, tuple[float, float]]) -> Picture:
    """Tokens per word of a Spanish and an English text, for each tokenizer."""
    figure, axes = canvas(6.5, 0.55 * len(costs) + 1.2)
    for offset, colour, k in ((-0.2, BLUE, 0), (0.2, ORANGE, 1)):
        values = [cost[k] for cost in costs.values()]
        rows = [row + offset for row in range(len(costs))]
        label = say(("texto español", "texto inglés"), ("Spanish text", "English text"))[k]
        bars = axes.barh(rows, values, height=0.38, color=colour, label=label)
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    axes.set_yticks(range(len(costs)), list(costs))
    axes.invert_yaxis()
    axes.set(xlabel=say("tokens por palabra", "tokens per word"), xlim=(0, 1.15 * max(map(max, costs.values()))))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    caption = say("Lo que cuesta una palabra con cada tokenizador.", "What one word costs with each tokenizer.")
    return picture(figure, caption, caption + " " + "; ".join(f"{n}: {a:.2f}, {b:.2f}" for n, (a, b) in costs.items()))


def windows(tokens: list[str], context_length: int, stride: int, most: int = 7) -> Picture:
    """The windows that slide over a text: inputs above their targets, one token ahead."""
    starts = range(0, len(tokens) - context_length, stride)
    figure, axes = canvas(7.2, 0.75 + 0.42 * (1 + min(len(starts), most)))
    for i, token in enumerate(tokens):
        _box(axes, i, 0.1, 1, 0.8, GRID, shown(token), 8)
    for row, start in enumerate(starts[:most], start=1):
        axes.add_patch(Rectangle((start + 0.06, -row + 0.5), context_length - 0.12, 0.3, color=BLUE))
        axes.add_patch(Rectangle((start + 1.06, -row + 0.15), context_length - 0.12, 0.3, color=ORANGE))
    names = say(("entrada", "objetivo (un token más allá)"), ("input", "target (one token ahead)"))
    patches = [Rectangle((0, 0), 1, 1, color=colour) for colour in (BLUE, ORANGE)]
    figure.legend(patches, names, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    axes.set(xlim=(0, len(tokens)), ylim=(-min(len(starts), most), 1))
    axes.axis("off")
    tail = say(f" (se dibujan {most})", f" ({most} are drawn)") if len(starts) > most else ""
    caption = say(
        f"Contexto {context_length}, paso {stride}; ventanas: {len(starts)}{tail}.",
        f"Context {context_length}, stride {stride}; windows: {len(starts)}{tail}.",
    )
    return picture(figure, caption, caption)


def _numbers(axes: Axes, values: Tensor, rows: list[str], columns: list[str], limit: float, form: str = ".2f") -> None:
    """A heatmap on a given scale, so that equal rows look equal in every panel."""
    heatmap(axes, values.numpy(), rows, columns, signed=limit != 1.0, numbers=False)
    axes.images[0].set_clim(vmax=limit, vmin=-limit if limit != 1.0 else 0)
    for i, row in enumerate(values.tolist()):
        for j, value in enumerate(row):
            colour = "white" if abs(value) > 0.6 * limit else INK
            axes.text(j, i, f"{value:{form}}", ha="center", va="center", fontsize=8, color=colour)


def lookup(table: Tensor, ids: list[int]) -> Picture:
    """Reading rows of a table is multiplying it by one-hot rows: one-hot × table = vectors."""
    V, D = table.shape
    figure, axes = canvas(7.2, 2.6, columns=3, width_ratios=[V, D + 1, D + 1])
    entries, columns, rows = [str(i) for i in range(V)], [str(j) for j in range(D)], [str(i) for i in ids]
    limit = float(table.abs().max())
    _numbers(axes[0], torch.eye(V)[ids], rows, entries, 1.0, ".0f")
    _numbers(axes[1], table, entries, columns, limit)
    _numbers(axes[2], table[ids], rows, columns, limit)
    names = say(("filas con un solo 1 ×", "tabla =", "vectores"), ("one-hot rows ×", "table =", "vectors"))
    for axis, name in zip(axes, names):
        axis.set_title(name)
    for i in set(ids):
        axes[1].add_patch(Rectangle((-0.5, i - 0.5), D, 1, fill=False, edgecolor=GREEN, linewidth=2))
    caption = say(
        "Un 1 en la columna del id, multiplicado por la tabla, deja pasar una sola fila.",
        "A 1 in the id's column, times the table, lets one row through.",
    )
    return picture(figure, caption, caption)


def embedding_sum(tokens: Sequence[str | bytes], tok: Tensor, pos: Tensor, note: str = "") -> Picture:
    """Token vectors, position vectors and their sum, one row for each token."""
    T, D = tok.shape
    labels = [f"{i}  {shown(token)}" for i, token in enumerate(tokens)]
    figure, axes = canvas(7.2, 0.9 + 0.22 * T, columns=3)
    names = say(
        ("qué token es", "+ dónde está", "= lo que entra al modelo"),
        ("which token", "+ where it is", "= what the model gets"),
    )
    for k, (axis, values, name) in enumerate(zip(axes, (tok, pos, tok + pos), names)):
        heatmap(axis, values.numpy(), labels if k == 0 else [""] * T, [""] * D, signed=True, numbers=False)
        axis.images[0].set_clim(-3, 3)
        axis.set_title(name, fontsize=10)
    caption = note or say(
        "Vectores de token, de posición, y su suma.", "Token vectors, position vectors, and their sum."
    )
    return picture(figure, caption, caption + " " + " ".join(map(shown, tokens)))


def position_waves(values: Tensor) -> Picture:
    """The fixed position vectors of Vaswani et al., 2017: fast waves in the first columns, slow ones in the last."""
    figure, axes = canvas(6.2, 2.8)
    image = axes.imshow(values.T, cmap="PuOr", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axes.set(xlabel=say("posición", "position"), ylabel=say("componente del vector", "entry of the vector"))
    figure.colorbar(image, ax=axes)
    caption = say(
        "Posiciones escritas con ondas: ninguna tira vertical es igual a otra.",
        "Positions written as waves: no two vertical strips are alike.",
    )
    return picture(figure, caption, caption)
