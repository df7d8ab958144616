"""Chapter 1, the whole before the parts: the history, the stages, the transformer at a glance, its three families."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, PURPLE, VERMILION, Picture, canvas, heatmap, picture

# Year, name, what it brought in both languages, and the colour of its era.
EVENTS = (
    (
        "1913",
        ("Márkov", "Markov"),
        "cuenta cuándo a una vocal la sigue otra",
        "counts how often vowel follows vowel",
        BLUE,
    ),
    ("1950", "Turing", "juzgar a una máquina por su conversación", "judging a machine by its conversation", MUTED),
    ("1951", "Shannon", "mide cuánto se adivina de un texto", "measures how guessable a text is", BLUE),
    ("1966", "ELIZA", "conversa con unas pocas reglas", "holds a conversation with a handful of rules", MUTED),
    ("1976", "Jelinek", "n-gramas para reconocer el habla", "n-grams to recognise speech", BLUE),
    ("2003", "Bengio et al.", "una red neuronal en lugar de la tabla", "a neural network in place of the table", GREEN),
    ("2013", "word2vec", "palabras parecidas, vectores cercanos", "similar words, nearby vectors", GREEN),
    ("2014", "seq2seq", "una red lee una frase y otra la traduce", "one network reads, another translates", GREEN),
    ("2015", ("atención", "attention"), "la que escribe vuelve a mirar", "the one that writes looks back", GREEN),
    ("2017", "transformer", "solo atención, todo en paralelo", "attention alone, all in parallel", ORANGE),
    ("2018", "GPT, BERT", "preentrenar una vez, adaptar después", "pretrain once, adapt later", ORANGE),
    ("2019", "GPT-2", "1500 millones de parámetros", "1.5 billion parameters", ORANGE),
    ("2020", "GPT-3", "175 mil millones; aprende del prompt", "175 billion; learns from the prompt", ORANGE),
    ("2022", "InstructGPT", "sigue instrucciones; después, ChatGPT", "follows instructions; then ChatGPT", VERMILION),
    ("2023", "Llama", "pesos para quien investiga, a petición", "weights for researchers, on request", VERMILION),
    ("2024", "o1", "razona por escrito antes de responder", "reasons in writing before it answers", VERMILION),
    ("2025", "DeepSeek-R1", "razona, y con los pesos publicados", "reasons, and its weights are published", VERMILION),
)


def timeline() -> Picture:
    """From counting letters to reasoning models, one line per step; the distances are not to scale."""
    events = [
        (year, name if isinstance(name, str) else say(*name), say(es, en), colour)
        for year, name, es, en, colour in EVENTS
    ]
    figure, axes = canvas(7.4, 0.29 * len(events) + 0.5)
    axes.plot([0, 0], [0, len(events) - 1], color=GRID, linewidth=3, zorder=1)
    for y, (year, name, what, colour) in enumerate(events):
        axes.plot(0, y, "o", markersize=9, color=colour, zorder=2)
        axes.text(-0.25, y, year, ha="right", va="center", fontsize=9, color=MUTED)
        axes.text(0.3, y, name, va="center", fontsize=10, fontweight="bold")
        axes.text(2.5, y, what, va="center", fontsize=9)
    legend = (
        (BLUE, say("contar", "counting")), (MUTED, say("conversar", "conversing")),
        (GREEN, say("redes", "networks")), (ORANGE, "transformers"), (VERMILION, say("asistentes", "assistants")),
    )  # fmt: skip
    for colour, label in legend:
        axes.plot([], [], "o", color=colour, label=label)
    figure.legend(loc="outside lower center", ncols=len(legend), fontsize=8, frameon=False)
    axes.set(xlim=(-1.2, 9), ylim=(len(events) - 0.4, -0.6))
    axes.axis("off")
    caption = say(
        "Un siglo de adivinar lo que viene después (sin escala).",
        "A century of guessing what comes next (not to scale).",
    )
    return picture(figure, caption, "; ".join(f"{year}, {name}: {what}" for year, name, what, _ in events))


def _card(axes: Axes, x: float, y: float, width: float, height: float, colour: str, text: str, size: float = 9) -> None:
    """A rounded card whose lower left corner is (x, y), outlined in `colour`."""
    shape = FancyBboxPatch(
        (x, y),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor="white",
        edgecolor=colour,
        linewidth=2,
    )
    axes.add_patch(shape)
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=size)


def _link(axes: Axes, start: tuple[float, float], end: tuple[float, float], bend: float = 0, colour: str = INK) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>", mutation_scale=10, color=colour,
            linewidth=1.1, shrinkA=2, shrinkB=2,
        )
    )  # fmt: skip


def stages() -> Picture:
    """From raw text to an assistant: what goes in, what comes out, and the chapter that builds it."""
    parts = (
        (say("corpus", "corpus"), say("reunir texto,\nlimpiarlo", "gather text,\nclean it"),
         say("páginas, libros,\ncódigo", "pages, books,\ncode"), "1", MUTED),
        (say("tokens", "tokens"), say("cortarlo en\ntrozos numerados", "cut it into\nnumbered pieces"),
         say("todo el texto", "all the text"), "2", BLUE),
        (say("preentrenar", "pretrain"), say("predecir el\ntoken siguiente", "predict the\nnext token"),
         say("billones de tokens:\nmodelo base", "trillions of tokens:\nbase model"), "3–5", GREEN),
        (say("ajuste fino", "fine-tuning"), say("imitar respuestas\nescritas", "imitate written\nanswers"),
         say("miles de ejemplos:\nobedece", "thousands of examples:\nit obeys"), "6–7", ORANGE),
        (say("preferencias", "preferences"), say("reforzar lo mejor\nvalorado", "reinforce what\nis rated best"),
         say("comparaciones:\nresponde mejor", "comparisons:\nit answers better"), "7", VERMILION),
    )  # fmt: skip
    figure, axes = canvas(7.6, 2.7)
    for i, (name, what, data, chapter, colour) in enumerate(parts):
        x = 2.2 * i
        _card(axes, x, 2.0, 1.8, 0.6, colour, name, 10)
        axes.text(x + 0.9, 1.5, what, ha="center", va="center", fontsize=8.5)
        axes.text(x + 0.9, 0.75, data, ha="center", va="center", fontsize=8, color=MUTED)
        axes.text(x + 0.9, 0.15, say("cap. ", "ch. ") + chapter, ha="center", va="center", fontsize=8.5, color=INK)
        if i:
            _link(axes, (x - 0.42, 2.3), (x, 2.3))
    axes.set(xlim=(-0.15, 10.8), ylim=(-0.1, 2.75))
    axes.axis("off")
    caption = say(
        "Las etapas: qué se hace, con qué, y en qué capítulo lo harás tú.",
        "The stages: what is done, with what, and in which chapter you will do it.",
    )
    return picture(figure, caption, caption + " " + " → ".join(f"{p[0]} ({p[1]})" for p in parts).replace("\n", " "))


def transformer(words: list[str], candidates: list[str]) -> Picture:
    """Words become vectors, look at those before, are worked on alone; from the last comes the next word."""
    figure, axes = canvas(7.4, 4.4)
    rows = {"word": 0.0, "vector": 1.1, "attention": 2.6, "alone": 3.7, "out": 5.0}
    last = len(words) - 1
    axes.add_patch(
        FancyBboxPatch((-0.75, 1.8), last + 1.5, 2.55, boxstyle="round,pad=0,rounding_size=0.1", facecolor="#fdf6e6",
                       edgecolor=ORANGE, linestyle="--")
    )  # fmt: skip
    for i, word in enumerate(words):
        _card(axes, i - 0.4, rows["word"] - 0.22, 0.8, 0.44, MUTED, word, 10)
        _card(axes, i - 0.4, rows["vector"] - 0.22, 0.8, 0.44, PURPLE, "[· · ·]")
        _card(axes, i - 0.4, rows["attention"] - 0.22, 0.8, 0.44, BLUE, say("mira", "look"))
        _card(axes, i - 0.4, rows["alone"] - 0.22, 0.8, 0.44, GREEN, say("piensa", "think"))
        _link(axes, (i, rows["word"] + 0.22), (i, rows["vector"] - 0.22))
        _link(axes, (i, rows["attention"] + 0.22), (i, rows["alone"] - 0.22))
        for j in range(i + 1):
            _link(axes, (j, rows["vector"] + 0.22), (i, rows["attention"] - 0.22), colour=BLUE)
    _link(axes, (last, rows["alone"] + 0.22), (last, rows["out"] - 0.22))
    _card(axes, last - 0.55, rows["out"] - 0.25, 1.1, 0.5, VERMILION, say("¿siguiente?", "next?"), 10)
    for k, word in enumerate(candidates):
        axes.text(last + 1.15, rows["out"] + 0.25 - 0.32 * k, word, va="center", fontsize=10)
        axes.barh(rows["out"] + 0.25 - 0.32 * k, 0.8 / (k + 1) ** 1.3, left=last + 2.1, height=0.2, color=VERMILION)
    notes = {
        "word": say("tokens (cap. 2)", "tokens (ch. 2)"),
        "vector": say("embeddings (cap. 2)", "embeddings (ch. 2)"),
        "attention": say("atención (cap. 3):\nmira a los anteriores", "attention (ch. 3):\nlooks at those before"),
        "alone": say("feed-forward (cap. 4):\npor su cuenta", "feed-forward (ch. 4):\non its own"),
    }  # fmt: skip
    for row, note in notes.items():
        axes.text(last + 0.9, rows[row], note, va="center", fontsize=9, color=INK)
    axes.text(
        -0.9, 3.1, say("se repite\nN veces", "repeated\nN times"), ha="right", va="center", fontsize=9, color=MUTED
    )
    axes.set(xlim=(-1.9, last + 4), ylim=(-0.4, 5.6))
    axes.axis("off")
    caption = say(
        "El transformer de un vistazo, de abajo arriba; las barras de la salida son un ejemplo.",
        "The transformer at a glance, from the bottom up; the bars of the output are an example.",
    )
    alt = say(
        "Cada palabra se vuelve un vector; en un bloque que se repite, cada posición recibe flechas de sí misma y de "
        "las anteriores y después trabaja sola; de la última sale la palabra siguiente.",
        "Each word becomes a vector; in a block that is repeated, each position receives arrows from itself and those "
        "before it and then works alone; from the last one comes the next word.",
    )
    return picture(figure, caption, alt)


def families(source: list[str], target: list[str]) -> Picture:
    """Who may look at whom in an encoder, a decoder, and the two together."""
    S, T = len(source), len(target)
    figure, panels = canvas(7.6, 3, columns=3, width_ratios=[S, T, S + T])
    both = np.zeros((S + T, S + T))
    both[:S, :S] = 1
    both[S:, :S] = 0.55
    both[S:, S:] = np.tri(T)
    drawn = (
        (say("codificador", "encoder"), np.ones((S, S)), source),
        (say("decodificador", "decoder"), np.tri(T), target),
        (say("codificador-decodificador", "encoder-decoder"), both, source + target),
    )
    for axes, (name, seen, words) in zip(panels, drawn):
        heatmap(axes, seen, words, words, numbers=False)
        axes.images[0].set_clim(0, 1.4)
        axes.set_title(name)
        axes.set_xticks(np.arange(len(words) + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(len(words) + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)
    caption = say(
        "Quién mira a quién: cada fila es una palabra y sus casillas azules, las palabras que ve.",
        "Who looks at whom: each row is a word, and its blue squares are the words it sees.",
    )
    alt = say(
        "Tres cuadros. Codificador: todas ven a todas. Decodificador: cada una se ve a sí misma y a las anteriores. "
        "Codificador-decodificador: las de entrada se ven todas; las de salida ven la entrada entera y su pasado.",
        "Three squares. Encoder: all see all. Decoder: each sees itself and those before. Encoder-decoder: those of "
        "the input all see each other; those of the output see the whole input and their own past.",
    )
    return picture(figure, caption, caption + " " + alt)
