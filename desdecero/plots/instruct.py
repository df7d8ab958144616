"""Chapter 7, what goes in: kinds of tasks, prompts and their templates, batches as coloured cells."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import tiktoken
from matplotlib.patches import Rectangle
from torch import Tensor

from desdecero.edition import current_edition, say
from desdecero.instruct import IGNORE_INDEX, PromptTemplate, format_prompt, format_response
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, Picture, canvas, framed, picture
from desdecero.plots.text import shown

SPANISH = {
    "analogy": "analogía", "antonym": "antónimo", "arithmetic": "aritmética", "calendar": "calendario",
    "classify_sentiment": "clasificar el tono", "classify_topic": "clasificar el tema",
    "compare_numbers": "comparar números", "complete_sentence": "completar la frase",
    "count_letters_or_words": "contar letras o palabras", "definition": "definición", "describe": "describir",
    "everyday_fact": "dato cotidiano", "explain_simply": "explicar sencillo", "extract_names": "extraer nombres",
    "extract_numbers_or_dates": "extraer números o fechas", "fill_blank": "rellenar el hueco",
    "geography_fact": "dato de geografía", "give_advice": "dar consejo", "give_title": "poner título",
    "grammar_correction": "corregir gramática", "history_fact": "dato de historia", "list_items": "hacer una lista",
    "make_question": "hacer una pregunta", "negation": "negación", "number_sequence": "serie de números",
    "odd_one_out": "el intruso", "order_steps": "ordenar pasos", "passive_voice": "voz pasiva",
    "percentage": "porcentaje", "plural": "plural", "punctuation": "puntuación", "rewrite_formal": "reescribir formal",
    "rewrite_polite": "reescribir cortés", "roman_numerals": "números romanos", "science_fact": "dato de ciencia",
    "singular": "singular", "sort_numbers": "ordenar números", "sort_words": "ordenar palabras",
    "spelling_correction": "corregir ortografía", "summarise": "resumir", "synonym": "sinónimo",
    "tense_change": "cambiar el tiempo", "time_calculation": "cálculo de horas", "true_or_false": "verdadero o falso",
    "unit_conversion": "convertir unidades", "word_problem": "problema", "write_message": "escribir un mensaje",
}  # fmt: skip

# Light grounds for dark text: what the prompt says, what the model is to write, what ends it, what nobody looks at.
FRAME, PROMPT, RESPONSE, END, IGNORED = "#eef1f4", "#cfe4f3", "#c6e9dc", "#fbe6bb", "#ffffff"


def kind_name(kind: str) -> str:
    """What a kind of task is called in the edition in use."""
    return SPANISH[kind] if current_edition() == "es" else kind.replace("_", " ")


def words(text: str) -> int:
    return len(text.split())


def kinds_chart(entries: Sequence[Mapping[str, str]], chosen: Iterable[str] = ()) -> Picture:
    """Each kind of task as a dot: how many words it gives to read, and how many it wants; those chosen are named."""
    tasks: dict[str, list[tuple[int, int]]] = {}
    for entry in entries:
        size = words(entry["instruction"]) + words(entry["input"]), words(entry["output"])
        tasks.setdefault(entry["kind"], []).append(size)
    means = {kind: [sum(column) / len(sizes) for column in zip(*sizes)] for kind, sizes in tasks.items()}
    chosen = set(chosen)
    order = sorted(means, key=lambda kind: means[kind][1])
    figure, axes = canvas(7.4, 0.6 + 0.19 * len(order))
    for row, kind in enumerate(order):
        read, written = means[kind]
        axes.barh(row, -read, color=BLUE, alpha=1 if kind in chosen or not chosen else 0.35)
        axes.barh(row, written, color=GREEN, alpha=1 if kind in chosen or not chosen else 0.35)
    axes.set_yticks(range(len(order)), map(kind_name, order), fontsize=8)
    for label, kind in zip(axes.get_yticklabels(), order):
        label.set_fontweight("bold" if kind in chosen else "normal")
    axes.axvline(0, color="white", linewidth=1)
    axes.set(
        xlabel=say("palabras que lee (izquierda) y que escribe (derecha)", "words to read (left), to write (right)")
    )
    axes.set_ylim(-0.7, len(order) - 0.3)
    ticks = [t for t in axes.get_xticks() if min(-r for r, _ in means.values()) <= t <= 40]
    axes.set_xticks(ticks, [f"{abs(t):.0f}" for t in ticks])
    shortest, longest = kind_name(order[0]), kind_name(order[-1])
    caption = say(
        "Cada clase de tarea: cuántas palabras da a leer de media (azul) y cuántas pide (verde).",
        "Each kind of task: how many words it gives to read on average (blue) and how many it asks for (green).",
    )
    if chosen:
        caption += say(" En negrita, las elegidas.", " In bold, those chosen.")
    note = say(f"Respuesta más corta: {shortest}; más larga: {longest}.",
               f"Shortest answers: {shortest}; longest: {longest}.")  # fmt: skip
    return picture(figure, caption, f"{caption} {note}")


def cards(entries: Sequence[Mapping[str, str]], notes: Sequence[str] = ()) -> Picture:
    """Entries beside each other: instruction in bold, input below, answer on green, a remark under it."""
    boxes = []
    for i, entry in enumerate(entries):
        given = (
            f'<div style="color:{MUTED};white-space:pre-wrap">{escape(entry["input"])}</div>' if entry["input"] else ""
        )
        note = f'<div style="font-size:.85em;color:{MUTED};margin-top:4px">{escape(notes[i])}</div>' if notes else ""
        boxes.append(
            f'<div style="flex:1 1 15em;background:#ffffff;color:{INK};border:1px solid {GRID};border-radius:6px;'
            f'padding:8px 10px"><b>{escape(entry["instruction"])}</b>{given}'
            f'<div style="background:{RESPONSE};border-radius:4px;padding:2px 6px;margin-top:4px">'
            f"{escape(entry['output'])}</div>{note}</div>"
        )
    caption = say("Tareas del conjunto, con su respuesta en verde.", "Tasks of the set, with their answers in green.")
    alt = " · ".join(f"{entry['instruction']} {entry['input']} → {entry['output']}" for entry in entries)
    return framed(f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(boxes)}</div>', caption, alt)


def blocks(pieces: Sequence[tuple[str, str]], caption: str) -> Picture:
    """A text in coloured pieces, `(text, ground)`, with its line ends shown."""
    line_end = f'<span style="color:{MUTED}">↵</span>\n'
    spans = "".join(
        f'<span style="background:{ground};color:{INK};padding:1px 0;white-space:pre-wrap">'
        f"{escape(text).replace(chr(10), line_end)}</span>"
        for text, ground in pieces
    )
    body = (
        f'<div style="background:#ffffff;border:1px solid {GRID};border-radius:6px;padding:8px 10px;max-width:52em;'
        f'font-family:monospace;line-height:1.5;white-space:pre-wrap">{spans}</div>'
    )
    return framed(body, caption, "".join(text for text, _ in pieces))


def prompt_blocks(entry: dict[str, str], template: PromptTemplate) -> Picture:
    """One entry in its template: the frame grey, what the entry brings blue, the answer green."""
    prompt, response = format_prompt(entry, template), format_response(entry, template)
    pieces, rest = [], prompt
    for own in (entry["instruction"], entry["input"]):
        if own:
            before, _, rest = rest.partition(own)
            pieces += [(before, FRAME), (own, PROMPT)]
    heading = response.removesuffix(entry["output"])
    pieces += [(rest, FRAME), (heading, FRAME), (entry["output"], RESPONSE)]
    caption = say(
        "Gris: lo que pone la plantilla. Azul: lo que trae la tarea. Verde: lo que debe escribir el modelo.",
        "Grey: what the template adds. Blue: what the task brings. Green: what the model should write.",
    )
    return blocks([piece for piece in pieces if piece[0]], caption)


def _ground(index: int, length: int, prompt: int) -> str:
    """The colour of a row's token number `index`, in a row of `length` tokens, `prompt` of which are the prompt."""
    if index < prompt:
        return PROMPT
    return RESPONSE if index < length else END if index == length else IGNORED


def batch_cells(
    inputs: Tensor,
    targets: Tensor,
    lengths: Sequence[int],
    prompt_lengths: Sequence[int] = (),
    tokenizer: tiktoken.Encoding | None = None,
    ignore_index: int = IGNORE_INDEX,
) -> Picture:
    """Inputs and targets of a batch as coloured cells; with a tokenizer the cells show tokens instead of ids.

    `lengths` are the rows' tokens before padding, `prompt_lengths` those of their prompts.
    """
    rows, columns = inputs.shape
    prompt_lengths = prompt_lengths or [0] * rows
    figure, panels = canvas(max(4.5, 0.5 * columns + 1), 1.0 + 0.62 * rows, rows=2)
    names = (say("entradas", "inputs"), say("objetivos", "targets"))
    for shift, (axes, values, name) in enumerate(zip(panels, (inputs.tolist(), targets.tolist()), names)):
        for b, row in enumerate(values):
            for t, value in enumerate(row):
                ignored = value == ignore_index
                ground = IGNORED if ignored else _ground(t + shift, lengths[b], prompt_lengths[b])
                hatch = "////" if ignored else None
                axes.add_patch(Rectangle((t, b), 1, 1, facecolor=ground, edgecolor=MUTED, linewidth=0.6, hatch=hatch))
                text = str(value) if tokenizer is None or ignored else shown(tokenizer.decode([value]))
                text = text.replace("<|endoftext|>", say("fin", "end")).replace("$", r"\$")
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8} if ignored else None
                axes.text(t + 0.5, b + 0.5, text, ha="center", va="center", fontsize=7.5, bbox=box)
        axes.set(xlim=(-0.03, columns + 0.03), ylim=(rows + 0.03, -0.03), xticks=[], yticks=[])
        axes.set_ylabel(name)
        axes.spines[:].set_visible(False)
    caption = say(
        "Un lote. Azul: prompt. Verde: respuesta. Ámbar: el primer relleno, que es el fin. Blanco: más relleno. "
        "Rayado: posiciones que la pérdida ignora.",
        "A batch. Blue: prompt. Green: response. Amber: the first padding, which is the end. White: more padding. "
        "Hatched: positions that the loss ignores.",
    )
    return picture(figure, caption, f"{caption} {inputs.tolist()} → {targets.tolist()}")


def surprise(tokens: Sequence[str], losses: Sequence[float], prompt: int) -> Picture:
    """A text whose tokens are the darker the less the model expected them; the prompt's are framed in blue."""
    most = max(losses) or 1.0
    spans = []
    for i, (token, loss) in enumerate(zip(tokens, losses)):
        share = loss / most
        ground = f"rgba(213,94,0,{0.75 * share:.2f})"
        line = BLUE if i < prompt else GREEN
        text = escape(shown(token)) + ("<br>" if token.endswith("\n") else "")
        spans.append(
            f'<span title="{loss:.2f}" style="background:{ground};color:{INK};border-bottom:3px solid {line};'
            f'padding:1px 2px;margin:1px;white-space:pre;display:inline-block">{text}</span>'
        )
    caption = say(
        "Pérdida de cada token: cuanto más oscuro, más sorprende. Raya azul: el prompt; verde: la respuesta.",
        "The loss of each token: the darker, the more surprising. Blue line: the prompt; green: the response.",
    )
    alt = " ".join(f"{shown(token)} {loss:.1f}" for token, loss in zip(tokens, losses))
    body = f'<div style="background:#ffffff;font-family:monospace;line-height:2;max-width:52em">{"".join(spans)}</div>'
    return framed(body, caption, f"{caption} {alt}")
