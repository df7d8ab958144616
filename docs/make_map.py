"""Draw the map of the course: `docs/map.svg` (English) and `docs/map.es.svg` (Spanish).

Run it from the repository's root: `.venv/bin/python docs/make_map.py`.
"""

from html import escape
from pathlib import Path

from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE, SKY, VERMILION
from desdecero.text import load_tokenizer

WIDTH, HEIGHT = 1000, 560
# A chapter's colour, and a tint of it for what lies under text.
COLOUR = {1: MUTED, 2: BLUE, 3: ORANGE, 4: GREEN, 5: VERMILION, 6: PURPLE, 7: SKY}
TINT = {1: "#f1f3f5", 2: "#e8f1f8", 3: "#fdf1d8", 4: "#e4f5ef", 5: "#fbeadf", 6: "#f8ecf3", 7: "#e7f4fc"}
DARK_BADGE = {1, 2, 4, 5}  # these colours carry white numbers, the others dark ones

WORDS = {
    "en": {
        "title": "Map of the course",
        "alt": "A text is cut into tokens, the tokens become embeddings (chapter 2), a GPT block with attention "
        "(chapter 3) inside is repeated N times (chapter 4), and the next word comes out. Chapter 5 trains the "
        "model on text, chapters 6 and 7 adapt it.",
        "1": "What an LLM is",
        "2": "Text data",
        "3": "Attention",
        "4": "The GPT model",
        "5": ("Pretraining", "it learns from text"),
        "6": ("Fine-tuning a classifier", "is this message spam?"),
        "7": ("Following instructions", "from continuing to answering"),
        "text": "The ferry did not",
        "quote": ("“", " …”"),
        "labels": ("text", "tokens", "embeddings"),
        "next": ("next", "word"),
        "candidates": ("run", "move", "come"),
        "shortcut": "shortcut",
        "times": "× N blocks",
        "appendices": (
            "Appendices",
            "A PyTorch",
            "B Further reading",
            "C Solutions",
            "D Training-loop extras",
            "E LoRA",
        ),
    },
    "es": {
        "title": "Mapa del curso",
        "alt": "Un texto se parte en tokens, los tokens se convierten en embeddings (capítulo 2), un bloque GPT con "
        "atención (capítulo 3) se repite N veces (capítulo 4) y sale la palabra siguiente. El capítulo 5 entrena el "
        "modelo con texto; el 6 y el 7 lo adaptan.",
        "1": "Qué es un LLM",
        "2": "Datos de texto",
        "3": "Atención",
        "4": "El modelo GPT",
        "5": ("Preentrenamiento", "aprende del texto"),
        "6": ("Ajuste fino: clasificar", "¿este mensaje es spam?"),
        "7": ("Seguir instrucciones", "de continuar a responder"),
        "text": "y la barca no",
        "quote": ("«… ", " …»"),
        "labels": ("texto", "tokens", "embeddings"),
        "next": ("palabra", "siguiente"),
        "candidates": ("salió", "llegó", "volvió"),
        "shortcut": "atajo",
        "times": "× N bloques",
        "appendices": ("Apéndices", "A PyTorch", "B Para leer más", "C Soluciones", "D Más entrenamiento", "E LoRA"),
    },
}


def text(
    x: float, y: float, words: str, size: int = 15, anchor: str = "middle", more: str = "", fill: str = INK
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" {more}>{escape(words)}</text>'
    )


def box(x: float, y: float, w: float, h: float, fill: str, stroke: str, more: str = "", radius: float = 8) -> str:
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{radius}" fill="{fill}" stroke="{stroke}" {more}/>'


def panel(x: float, y: float, w: float, h: float, chapter: int) -> str:
    return box(x, y, w, h, TINT[chapter], COLOUR[chapter], 'stroke-width="2"', 12)


def badge(x: float, y: float, chapter: int) -> str:
    ink = "#ffffff" if chapter in DARK_BADGE else INK
    circle = f'<circle cx="{x}" cy="{y}" r="14" fill="{COLOUR[chapter]}"/>'
    return circle + text(x, y + 5.5, str(chapter), 16, more='font-weight="bold"', fill=ink)


def arrow(path: str, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"{dashes}/>'


def overview(words: dict) -> list[str]:
    """Chapter 1 looks at the whole, so it spans the picture."""
    return [panel(20, 18, 960, 40, 1), badge(46, 38, 1), text(70, 44, words["1"], 16, "start", 'font-weight="bold"')]


def text_data(words: dict) -> list[str]:
    """Chapter 2, from top to bottom: text, tokens with their ids, embeddings."""
    parts = [
        panel(20, 78, 250, 290, 2),
        badge(46, 104, 2),
        text(70, 110, words["2"], 16, "start", 'font-weight="bold"'),
    ]
    before, after = words["quote"]
    labels = words["labels"]
    parts += [text(36, 136, labels[0], 13, "start", fill=MUTED), text(145, 157, f"{before}{words['text']}{after}", 17)]
    parts += [arrow("M145 166 V184"), text(36, 186, labels[1], 13, "start", fill=MUTED)]
    tokenizer = load_tokenizer()
    ids = tokenizer.encode(words["text"])
    assert len(ids) == 4, f"the picture has room for four tokens, {words['text']!r} has {len(ids)}"
    for i, token_id in enumerate(ids):
        x, middle = 34 + 56.5 * i, 34 + 56.5 * i + 26
        token = tokenizer.decode([token_id]).strip()
        parts += [box(x, 192, 52, 44, "#ffffff", BLUE, radius=6), text(middle, 210, token, 15)]
        parts += [text(middle, 228, str(token_id), 13, fill=MUTED), arrow(f"M{middle} 238 V262")]
        for j in range(5):
            strength = ((token_id * (j + 3) * 37 + j * 101) % 97) / 97
            cell = f'fill-opacity="{0.12 + 0.8 * strength:.2f}"'
            parts.append(box(middle - 10, 267 + 14 * j, 20, 13, BLUE, "none", cell, 2))
    return [*parts, text(145, 357, labels[2], 13, fill=MUTED)]


def block(words: dict) -> list[str]:
    """Chapters 3 and 4: one transformer block, with the edges of others behind it."""
    parts = [box(330 + d, 78 + d, 440, 270, "#ffffff", GREEN, 'stroke-width="1.5"', 12) for d in (20, 10)]
    parts += [panel(330, 78, 440, 270, 4), badge(356, 104, 4)]
    parts += [text(380, 110, words["4"], 16, "start", 'font-weight="bold"')]
    parts += [text(754, 110, words["times"], 16, "end", 'font-weight="bold"')]
    line = 232  # where the vectors flow
    parts += [arrow(f"M272 {line} H326"), f'<path d="M331 {line} H770" stroke="{INK}" stroke-width="2"/>']
    # Shortcuts, above the branches they bypass.
    for start, end in ((346, 583), (595, 741)):
        parts.append(arrow(f"M{start} {line} V152 Q{start} 140 {start + 12} 140 H{end - 12} Q{end} 140 {end} 152 V219"))
    parts.append(text(464, 133, words["shortcut"], 13, fill=MUTED))
    for x, name in ((358, ("Layer", "Norm")), (603, ("Layer", "Norm")), (660, ("Feed", "Forward"))):
        w = 66 if "Feed" in name else 50
        parts += [box(x, line - 30, w, 60, "#ffffff", GREEN, 'stroke-width="1.5"')]
        parts += [text(x + w / 2, line + dy, word, 13) for word, dy in zip(name, (-3, 14))]
    for x in (583, 741):
        parts += [f'<circle cx="{x}" cy="{line}" r="11" fill="#ffffff" stroke="{INK}" stroke-width="2"/>']
        parts += [text(x, line + 6, "+", 18, more='font-weight="bold"')]
    # Attention: who looks at whom, and never ahead.
    parts += [panel(420, 156, 146, 176, 3), badge(444, 180, 3)]
    parts += [text(466, 186, words["3"], 16, "start", 'font-weight="bold"')]
    weights = ((1.0,), (0.35, 0.65), (0.1, 0.6, 0.3), (0.15, 0.5, 0.1, 0.25))
    for i in range(4):
        for j in range(4):
            x, y = 437 + 28 * j, 206 + 28 * i
            if j <= i:
                shade = f'fill-opacity="{0.15 + 0.85 * weights[i][j]:.2f}"'
                parts += [box(x, y, 26, 26, "#ffffff", "none", radius=3), box(x, y, 26, 26, ORANGE, "none", shade, 3)]
            else:
                parts.append(box(x, y, 26, 26, "none", "#d9b86a", 'stroke-dasharray="3 3"', 3))
    return parts


def next_word(words: dict) -> list[str]:
    """What comes out: a likelihood for every word."""
    parts = [panel(836, 128, 144, 190, 4), arrow("M792 232 H830"), badge(862, 154, 4)]
    parts += [
        text(886, 160 - 9 + 18 * i, word, 15, "start", 'font-weight="bold"') for i, word in enumerate(words["next"])
    ]
    for i, (word, length) in enumerate(zip(words["candidates"], (54, 22, 11))):
        y = 206 + 34 * i
        parts += [text(898, y + 15, word, 15, "end"), box(908, y, length, 20, GREEN, "none", radius=3)]
    return parts


def afterwards(words: dict) -> list[str]:
    """Chapters 5, 6 and 7: what is done with the model."""
    parts = []
    for chapter, x, y in ((5, 330, 442), (6, 660, 408), (7, 660, 476)):
        head, line = words[str(chapter)]
        w = 250 if chapter == 5 else 320
        parts += [panel(x, y, w, 58, chapter), badge(x + 26, y + 29, chapter)]
        parts += [
            text(x + 50, y + 25, head, 16, "start", 'font-weight="bold"'),
            text(x + 50, y + 45, line, 14, "start"),
        ]
    parts += [arrow("M455 370 V436", True), arrow("M582 465 C620 465 620 437 654 437", True)]
    return [*parts, arrow("M582 477 C620 477 620 505 654 505", True)]


def appendices(words: dict) -> list[str]:
    head, *rest = words["appendices"]
    parts = [box(20, 408, 250, 126, "#ffffff", MUTED, 'stroke-width="2"', 12)]
    parts.append(text(36, 430, head, 15, "start", 'font-weight="bold"'))
    return parts + [text(36, 450 + 18.5 * i, line, 14, "start") for i, line in enumerate(rest)]


def draw(edition: str) -> str:
    words = WORDS[edition]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" lang="{edition}" font-family="Helvetica, Arial, sans-serif" aria-labelledby="t d">',
        f'<title id="t">{escape(words["title"])}</title>',
        f'<desc id="d">{escape(words["alt"])}</desc>',
        f'<defs><marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path d="M0 0 L10 5 L0 10 Z" fill="{INK}"/></marker></defs>',
        box(0.5, 0.5, WIDTH - 1, HEIGHT - 1, "#ffffff", GRID, radius=16),
    ]
    for draws in (overview, text_data, block, next_word, afterwards, appendices):
        parts += draws(words)
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    for edition, name in (("en", "map.svg"), ("es", "map.es.svg")):
        path = Path(__file__).with_name(name)
        path.write_text(draw(edition), encoding="utf-8", newline="\n")
        print(path.name)
