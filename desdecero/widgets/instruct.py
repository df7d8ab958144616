"""Chapter 7, to play with: templates, batches, scores, and a chat with the model."""

from collections.abc import Sequence
from html import escape

import ipywidgets
import tiktoken
import torch

from desdecero.edition import say
from desdecero.gpt import GPTModel
from desdecero.instruct import (
    TEMPLATES,
    PromptTemplate,
    collate_instructions,
    extract_response,
    format_prompt,
    mask_prompt,
)
from desdecero.plots import GRID, INK, MUTED, Picture, framed
from desdecero.plots.instruct import FRAME, PROMPT, RESPONSE, batch_cells, blocks, prompt_blocks
from desdecero.plots.instruct_scores import common_characters
from desdecero.sampling import generate
from desdecero.widgets import Play

LABEL, WIDE = {"description_width": "9em"}, {"width": "46em"}


def _text(label: str, value: str) -> ipywidgets.Text:
    """A line that answers when Enter is pressed."""
    return ipywidgets.Text(value=value, description=label, style=LABEL, layout=WIDE, continuous_update=False)


def play_template(entries: Sequence[dict[str, str]]) -> Play:
    """The same task in several templates, this course's and other people's."""
    # Other models mark the turns of a conversation with tokens of their own.
    turns = {
        "ChatML": ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>"),
        "Llama 2": ("[INST] ", " [/INST] ", " </s>"),
        "Zephyr": ("<|user|>\n", "</s>\n<|assistant|>\n", "</s>"),
    }
    names = {say("español", "Spanish"): TEMPLATES["es"], say("inglés", "English"): TEMPLATES["en"]}

    def draw(task: int, template: str) -> Picture:
        entry = entries[task]
        if template in names:
            return prompt_blocks(entry, names[template])
        before, between, after = turns[template]
        asked = "\n".join(text for text in (entry["instruction"], entry["input"]) if text)
        pieces = [(before, FRAME), (asked, PROMPT), (between, FRAME), (entry["output"], RESPONSE), (after, FRAME)]
        return blocks(
            pieces, say(f"La misma tarea al estilo {template}.", f"The same task in the style of {template}.")
        )

    own = say("español", "Spanish") if say("es", "en") == "es" else say("inglés", "English")
    options = [own, *(name for name in names if name != own), *turns]
    tasks = [(entry["instruction"][:60], i) for i, entry in enumerate(entries)]
    return Play(
        draw,
        task=ipywidgets.Dropdown(options=tasks, description=say("tarea", "task"), style=LABEL, layout=WIDE),
        template=ipywidgets.Dropdown(options=options, description=say("plantilla", "template"), style=LABEL),
    )


def play_batch(batch: Sequence[list[int]], prompts: Sequence[int], tokenizer: tiktoken.Encoding) -> Play:
    """The end of a batch of real entries: mask the prompts, of so many tokens, cut the rows, read tokens or ids."""

    def draw(masked: bool, max_length: int, first: int, as_tokens: bool) -> Picture:
        inputs, targets = collate_instructions(batch, tokenizer.eot_token, max_length=max_length)
        if masked:
            targets = mask_prompt(targets, prompts)
        first = min(first, max(0, inputs.shape[1] - 2))
        window = slice(first, first + 18)
        return batch_cells(
            inputs[:, window],
            targets[:, window],
            [len(ids) - first for ids in batch],
            [length - first for length in prompts],
            tokenizer if as_tokens else None,
        )

    longest = max(map(len, batch))

    def slider(value: int, low: int, label: str) -> ipywidgets.IntSlider:
        return ipywidgets.IntSlider(
            value, low, longest, description=label, style=LABEL, layout={"width": "32em"}, continuous_update=False
        )

    return Play(
        draw,
        masked=ipywidgets.Checkbox(value=False, description=say("enmascarar el prompt", "mask the prompt")),
        max_length=slider(longest, 4, "max_length"),
        first=slider(max(0, longest - 18), 0, say("desde la columna", "from column")),
        as_tokens=ipywidgets.Checkbox(value=True, description=say("ver tokens", "show tokens")),
    )


def play_scores(answer: str, expected: str) -> Play:
    """Two texts, the characters they share and the scores they get."""
    return Play(
        common_characters,
        answer=_text(say("respuesta", "answer"), answer),
        expected=_text(say("se espera", "expected"), expected),
    )


def chat(
    model: GPTModel, tokenizer: tiktoken.Encoding, template: PromptTemplate, instruction: str, given: str = ""
) -> Play:
    """Write a task, press Enter and read the model's answer; the last exchanges stay in sight."""
    exchanges: list[tuple[str, str]] = []

    def draw(instruction: str, given: str, temperature: float) -> Picture:
        prompt = format_prompt({"instruction": instruction, "input": given}, template)
        asked = f"{prompt}\n\n{template.response}\n"  # as `answer` asks: nobody fails for not knowing the form
        ids = tokenizer.encode(asked, disallowed_special=())
        if not instruction.strip() or len(ids) > len(model.pos_emb.weight) - 40:
            return _conversation(exchanges, say("Escribe una tarea más corta.", "Write a shorter task."))
        seed = torch.Generator(model.pos_emb.weight.device).manual_seed(len(exchanges))
        written = generate(
            model, torch.tensor([ids], device=model.pos_emb.weight.device), 40, len(model.pos_emb.weight),
            temperature, eos_id=tokenizer.eot_token, generator=seed,
        )[0].tolist()  # fmt: skip
        text = tokenizer.decode([i for i in written if i != tokenizer.eot_token])
        exchanges.append((f"{instruction}\n{given}".strip(), extract_response(text, prompt)))
        return _conversation(exchanges[-4:])

    return Play(
        draw,
        instruction=_text(say("tarea", "task"), instruction),
        given=_text(say("entrada", "input"), given),
        temperature=ipywidgets.FloatSlider(
            0.0, min=0.0, max=1.5, step=0.1, description=say("temperatura", "temperature"), style=LABEL,
            layout={"width": "32em"}, continuous_update=False,
        ),
    )  # fmt: skip


def _conversation(exchanges: Sequence[tuple[str, str]], note: str = "") -> Picture:
    """Questions on the right, answers on the left."""
    bubble = f"color:{INK};border-radius:10px;padding:6px 12px;margin:4px 0;max-width:34em;white-space:pre-wrap"
    lines = []
    for asked, answered in exchanges:
        lines.append(f'<div style="{bubble};background:{PROMPT};margin-left:auto">{escape(asked)}</div>')
        lines.append(f'<div style="{bubble};background:{RESPONSE};margin-right:auto">{escape(answered) or "…"}</div>')
    lines.append(f'<div style="color:{MUTED}">{escape(note)}</div>' if note else "")
    style = f"background:#ffffff;border:1px solid {GRID};border-radius:8px;padding:8px;max-width:48em"
    caption = say(
        "Azul: lo que pides. Verde: lo que contesta el modelo.", "Blue: what you ask. Green: the model's answer."
    )
    alt = " · ".join(f"{asked} → {answered}" for asked, answered in exchanges)
    body = f'<div style="{style}"><div style="display:flex;flex-direction:column">{"".join(lines)}</div></div>'
    return framed(body, caption, alt or note)
