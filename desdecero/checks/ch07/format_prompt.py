"""ch07/format_prompt: the text around an instruction (Wei et al., 2022; the headings follow Taori et al., 2023)."""

from typing import NoReturn

from desdecero.checks.ch07._common import (
    CHANGES_ENTRY,
    ENGLISH,
    ENTRIES,
    FIELDS,
    IGNORES_TEMPLATE,
    SPANISH,
    Entry,
    draw_entry,
    draw_template,
    entry,
    gaps,
    missing_field,
    pieces,
    prompt_of,
    text_result,
    unchanged,
    unexpected_text,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong
from desdecero.checks.values import cut
from desdecero.instruct import PromptTemplate

exercise = Exercise(
    id="ch07/format_prompt",
    defines="format_prompt",
    reference="desdecero.instruct:format_prompt",
    difficulty=1,
    minutes=10,
    faults={
        "not_text": (
            "Se esperaba un texto (str) y se ha recibido «{got}»: ¿falta el return?",
            "Expected a text (str) and got “{got}”: is the return missing?",
        ),
        "response_heading": (
            "El prompt lleva el encabezado de la respuesta: acaba antes, porque eso ya es de la parte de la respuesta.",
            "The prompt holds the response's heading: it ends before that, which belongs to the response part.",
        ),
        "output_leaked": (
            'El prompt contiene la respuesta, entry["output"]: el modelo debe escribirla, no leerla.',
            'The prompt contains the response, entry["output"]: the model is to write it, not to read it.',
        ),
        "ignores_template": IGNORES_TEMPLATE,
        "outer_space": (
            "Sobra espacio en blanco al principio o al final: el prompt empieza con template.intro y acaba con el "
            "último texto, sin salto de línea.",
            "There is white space too much at the start or end: the prompt begins with template.intro and ends with "
            "the last text, without a line break.",
        ),
        "indented": (
            "Hay espacios en torno a los saltos de línea: ¿un texto entre triples comillas se ha llevado la sangría de "
            "tu código?",
            "There are spaces around the line breaks: did a triple-quoted text take along the indentation of your "
            "code?",
        ),
        "blank_line": (
            "Delante de «{heading}» debe haber una línea en blanco, es decir, dos saltos de línea, y hay {got}.",
            "Before “{heading}” there must be an empty line, that is, two line breaks; there are {got}.",
        ),
        "after_heading": (
            "Detrás de «{heading}» debe haber un solo salto de línea, y hay {got}.",
            "After “{heading}” there must be one line break; there are {got}.",
        ),
        "wrong_order": (
            "Están todas las partes, pero no en su orden: frase inicial, instrucción y entrada, cada una tras su "
            "encabezado.",
            "All parts are there, but out of order: opening sentence, instruction and input, each after its heading.",
        ),
        "input_always": (
            'El encabezado de la entrada aparece aunque entry["input"] esté vacío: escríbelo solo cuando haya algo.',
            'The input\'s heading appears although entry["input"] is empty: write it only when there is something.',
        ),
        "input_never": (
            'Falta la entrada: cuando entry["input"] no está vacío, va después de la instrucción.',
            'The input is missing: when entry["input"] is not empty, it comes after the instruction.',
        ),
        "missing_key": (
            'Una tarea puede no tener la clave "input", y tu código se interrumpe ({error}): usa entry.get("input").',
            'An entry may have no key "input", and then your code stops ({error}): use entry.get("input").',
        ),
        "changes_text": (
            'Cambias el texto de entry["{name}"] (espacios, mayúsculas, símbolos): va tal cual.',
            'You change the text of entry["{name}"] (spaces, case, symbols): it goes in as it is.',
        ),
        "changes_entry": CHANGES_ENTRY,
    },
)

HEADING_FIELDS = ("intro", "instruction", "input")


def diagnose(got: str, given: Entry, template: PromptTemplate) -> NoReturn:
    """Say what is wrong with a prompt that is not the right one."""
    has_input, expected = bool(given.get("input")), prompt_of(given, template)
    if len(given.get("output", "")) > 3 and given["output"] in got and given["output"] not in expected:
        raise Wrong("output_leaked")
    if template.response in got:
        raise Wrong("response_heading")
    if not has_input and template.input in got:
        raise Wrong("input_always")
    if has_input and template.input not in got and given["input"] not in got:
        raise Wrong("input_never")
    missing = missing_field(got, template, *HEADING_FIELDS[: 2 + has_input])
    if missing:
        raise Wrong("ignores_template", name=missing)
    for name in ("instruction", "input")[: 1 + has_input]:
        if given[name] not in got:
            raise Wrong("changes_text", name=name)
    parts = pieces(given, template)
    found = gaps(got, parts)
    if found is None:
        if all(part in got for part in parts) and len("".join(got.split())) == len("".join(expected.split())):
            raise Wrong("wrong_order")
        unexpected_text(got, expected)
    if found[0] or found[-1]:
        raise Wrong("outer_space")
    for i, gap in enumerate(found[1:-1]):
        if "\n" in gap and set(gap) != {"\n"}:
            raise Wrong("indented")
        if i % 2 == 0 and gap != "\n\n":
            raise Wrong("blank_line", heading=parts[i + 1], got=gap.count("\n"))
        if i % 2 == 1 and gap != "\n":
            raise Wrong("after_heading", heading=parts[i], got=gap.count("\n"))
    unexpected_text(got, expected)


def compare(probe: Probe, given: Entry, template: PromptTemplate, fault: str = "raises") -> None:
    got = text_result(unchanged(probe, probe.candidate, given, template, fault=fault))
    if got != prompt_of(given, template):
        diagnose(got, given, template)


@exercise.item("instruction", "Una instrucción sin entrada", "An instruction without input")
def _(probe: Probe) -> None:
    for given in (ENTRIES[1], ENTRIES[4], draw_entry(probe, with_input=False)):
        compare(probe, given, SPANISH)


@exercise.item("input", "La entrada, cuando la hay", "The input, when there is one")
def _(probe: Probe) -> None:
    for given in (ENTRIES[0], ENTRIES[2], draw_entry(probe, with_input=True), entry("Di el plural.", "red", "redes")):
        compare(probe, given, ENGLISH)


@exercise.item("template", "Con cualquier plantilla", "With any template")
def _(probe: Probe) -> None:
    for template in (ENGLISH, SPANISH, draw_template(probe)):
        for given in (*ENTRIES[:2], draw_entry(probe, with_input=True)):
            compare(probe, given, template)


@exercise.item("keys", "Con otras claves, o sin la de la entrada", "With other keys, or without the input's")
def _(probe: Probe) -> None:
    compare(probe, {"kind": "riddle", **ENTRIES[0]}, SPANISH)
    compare(probe, {"instruction": "Canta la retahíla."}, SPANISH, fault="missing_key")
    compare(probe, {"output": "stone, poplar", "instruction": "Sing the rigmarole."}, ENGLISH, fault="missing_key")


@exercise.item("verbatim", "Cada texto, tal cual", "Each text as it is")
def _(probe: Probe) -> None:
    for given in (
        entry("Rellena {instruction} y %s: 100 % \\n $input", "{input} {0} \\1 $x", "nada de eso"),
        entry("  Conserva los espacios.  ", "\tdos  espacios \n\n y una línea\n", "conservados"),
        entry("COPY THIS, ñandú", "a\n\n\nb", "copied all of it"),
    ):
        compare(probe, given, SPANISH)


@exercise.item("reference", "Coincide con los textos guardados", "Agrees with the stored texts")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    texts = [part.decode("utf-8") for part in cut(stored["texts"], stored["lengths"])]
    template, rest = PromptTemplate(*texts[: len(FIELDS)]), texts[len(FIELDS) :]
    for instruction, input_, expected in zip(rest[::3], rest[1::3], rest[2::3]):
        given = {"instruction": instruction, "input": input_}
        got = text_result(unchanged(probe, probe.candidate, given, template))
        if got != expected:
            diagnose(got, given, template)
