"""What the checks of chapter 7 share: templates and entries to try, and the text that belongs to them."""

import re
from copy import deepcopy
from typing import NoReturn

from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief
from desdecero.edition import say
from desdecero.instruct import TEMPLATES, PromptTemplate

Entry = dict[str, str]

FIELDS = ("intro", "instruction", "input", "response")
SPANISH, ENGLISH = TEMPLATES["es"], TEMPLATES["en"]
HEADINGS = (SPANISH.response, ENGLISH.response)

# {name} is the template's field, or the entry's.
IGNORES_TEMPLATE = (
    "No aparece template.{name}: usa los textos de la plantilla que recibes, no unos escritos a mano.",
    "template.{name} does not appear: use the texts of the template you are given, not some of your own.",
)
CHANGES_ENTRY = (
    "Tu código modifica la tarea que recibe (el diccionario): léela sin cambiarla.",
    "Your code changes the entry it is given (the dictionary): read it without changing it.",
)


def pieces(entry: Entry, template: PromptTemplate) -> list[str]:
    """What a prompt is made of, in order."""
    found = [template.intro, template.instruction, entry["instruction"]]
    if entry.get("input"):
        found += [template.input, entry["input"]]
    return found


def prompt_of(entry: Entry, template: PromptTemplate) -> str:
    """The truth: an empty line before each heading, one line break after it."""
    intro, *rest = pieces(entry, template)
    return intro + "".join("\n\n" + heading + "\n" + text for heading, text in zip(rest[::2], rest[1::2]))


def response_of(entry: Entry, template: PromptTemplate) -> str:
    return "\n\n" + template.response + "\n" + entry["output"]


def entry(instruction: str, input_: str, output: str) -> Entry:
    return {"instruction": instruction, "input": input_, "output": output}


# With and without something to work on; several lines, and letters that take two bytes.
ENTRIES = [
    entry("Di cuántas gallinas son.", "Berta tiene 7 y apuesta 3.", "Le quedan 4 gallinas."),
    entry("Name a tree that grows by the river.", "", "The poplar."),
    entry("Ordena las palabras.", "piedra\nchopo\nniña", "chopo, niña, piedra"),
    entry("Write what comes next.", "stone, poplar, stone,", "poplar"),
    entry("¿Quién cantaba de memoria?", "", "Casilda, ¡y sin perderse!\nSiempre."),
]


def words(probe: Probe, count: int) -> str:
    """A few made-up words."""
    letters = "aeiourstlnmñ"
    return " ".join(
        "".join(letters[i] for i in probe.randint(0, len(letters), (probe.pick(3, 8),))) for _ in range(count)
    )


def draw_template(probe: Probe) -> PromptTemplate:
    """A template that no answer can have written by hand."""
    return PromptTemplate(words(probe, 4) + ".", *(f"## {name[:3]}{words(probe, 1)}:" for name in FIELDS[1:]))


def draw_entry(probe: Probe, with_input: bool) -> Entry:
    return entry(words(probe, 5) + ".", words(probe, 3) if with_input else "", words(probe, 4))


def missing_field(text: str, template: PromptTemplate, *names: str) -> str | None:
    """The first of the template's fields that the text lacks."""
    return next((name for name in names if getattr(template, name) not in text), None)


def gaps(text: str, parts: list[str]) -> list[str] | None:
    """The white space before, between and after the parts, if that is all there is besides them."""
    found = re.fullmatch(r"(\s*)" + r"(\s*)".join(map(re.escape, parts)) + r"(\s*)", text)
    return list(found.groups()) if found else None


def text_result(value: object) -> str:
    """What an answer returned, which must be a plain text."""
    if not isinstance(value, str):
        raise Wrong("not_text", got=type_name(value))
    return value


def unchanged(probe: Probe, function, entries, *args: object, fault: str = "raises") -> object:
    """Call the answer with a copy of `entries`, an entry or a list of them, which must stay as it is."""
    given = deepcopy(entries)
    result = probe(function, given, *args, fault=fault)
    if given != entries:
        raise Wrong("changes_entry")
    return result


def unexpected_text(got: str, expected: str) -> NoReturn:
    """Show both texts from where they part."""
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
    start = max(0, at - 12)
    raise Wrong(
        None,
        detail=say(
            f"desde el carácter {start} dice {brief(got[start:], 60)} y se esperaba {brief(expected[start:], 60)}",
            f"from character {start} on it says {brief(got[start:], 60)}, expected {brief(expected[start:], 60)}",
        ),
    )
