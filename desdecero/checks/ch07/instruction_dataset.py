"""ch07/instruction_dataset: instructions and their answers as token ids, ready to be put into batches."""

from numbers import Integral
from operator import getitem
from typing import NoReturn

import numpy as np
import tiktoken
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

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
    prompt_of,
    response_of,
    unchanged,
    unexpected_text,
    words,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.checks.values import brief, cut, text_of
from desdecero.instruct import PromptTemplate
from desdecero.text import END_OF_TEXT, SPLIT_PATTERN, load_tokenizer

exercise = Exercise(
    id="ch07/instruction_dataset",
    defines="InstructionDataset",
    reference="desdecero.instruct:InstructionDataset",
    difficulty=2,
    minutes=15,
    faults={
        "not_a_dataset": (
            "Se esperaba una clase que herede de Dataset y hay «{got}».",
            "Expected a class that inherits from Dataset, found “{got}”.",
        ),
        "no_length": (
            "len() no funciona con tu clase: __len__ debe devolver el número de tareas, un entero.",
            "len() does not work with your class: __len__ must return the number of entries, an integer.",
        ),
        "wrong_length": (
            "len() da {got} y hay {expected} tareas: cada una da un elemento, en su orden.",
            "len() gives {got}, and there are {expected} entries: each gives one item, in their order.",
        ),
        "not_a_list": (
            "Cada elemento debe ser una lista de ids y es «{got}»: los tensores los hace después collate_instructions.",
            "Each item must be a list of ids, it is “{got}”: tensors are made later, by collate_instructions.",
        ),
        "two_parts": (
            "El prompt y la respuesta vienen por separado: júntalos en una sola lista, el prompt primero.",
            "Prompt and response come apart: join them into a single list, the prompt first.",
        ),
        "not_ids": (
            "Los elementos de la lista deben ser ids, números enteros, y hay «{got}»: codifica con tokenizer.encode.",
            "The elements of the list must be ids, integers, found “{got}”: encode with tokenizer.encode.",
        ),
        "end_token": (
            "Añades un token de fin o de relleno al final: de eso se ocupa collate_instructions.",
            "You add a token for the end, or padding, at the end: collate_instructions takes care of that.",
        ),
        "truncated": (
            "El elemento se corta en {got} ids y debía tener {expected}: si hay que recortar, lo hará después "
            "collate_instructions.",
            "The item is cut to {got} ids and should have {expected}: if anything must be cut, collate_instructions "
            "does it later.",
        ),
        "prompt_only": (
            'Falta la respuesta: detrás del prompt van el encabezado de la respuesta y entry["output"].',
            'The response is missing: after the prompt come the response\'s heading and entry["output"].',
        ),
        "response_only": (
            "Falta el prompt: el modelo tiene que leer la instrucción antes de la respuesta.",
            "The prompt is missing: the model has to read the instruction before the response.",
        ),
        "no_heading": (
            "Falta el encabezado de la respuesta, template.response, entre el prompt y la respuesta.",
            "The response's heading, template.response, is missing between prompt and response.",
        ),
        "line_breaks": (
            "Revisa los saltos de línea: hay dos delante de template.response y uno detrás, y nada al final.",
            "Look at the line breaks: there are two before template.response and one after it, and nothing at the end.",
        ),
        "response_first": (
            "La respuesta va delante del prompt: primero va el prompt.",
            "The response stands before the prompt: the prompt comes first.",
        ),
        "other_prompt": (
            "La parte del prompt no es la que da format_prompt: llámala con la tarea y la plantilla.",
            "The prompt part is not what format_prompt gives: call it with the entry and the template.",
        ),
        "ignores_template": IGNORES_TEMPLATE,
        "mixed_up": (
            "El elemento {index} no es el de la tarea {index}: usa el índice que recibe __getitem__ y conserva el "
            "orden.",
            "Item {index} is not that of entry {index}: use the index that __getitem__ is given and keep the order.",
        ),
        "shared": (
            "Dos conjuntos de datos se mezclan: guarda los datos en self, no en la clase ni en variables globales.",
            "Two datasets get mixed up: keep the data in self, not in the class or in global variables.",
        ),
        "grows": (
            "Un elemento ya no es el mismo cuando se pide otra vez: += y extend alargan la lista guardada; haz una "
            "nueva, prompt + respuesta.",
            "An item is no longer the same when it is asked for again: += and extend make the stored list longer; make "
            "a new one, prompt + response.",
        ),
        "encodes_late": (
            "Codificas cada vez que se pide un elemento: hazlo una sola vez, en __init__, y guarda las listas.",
            "You encode whenever an item is asked for: do it once, in __init__, and keep the lists.",
        ),
        "other_tokenizer": (
            "No usas el tokenizador que recibe __init__: codifica con él, no con otro.",
            "You do not use the tokenizer that __init__ is given: encode with it, not with another.",
        ),
        "cut_up": (
            "El texto es el correcto, pero está codificado a trozos y salen otros ids: codifica enteros el prompt y "
            "la parte de la respuesta.",
            "The text is right, but it was encoded piece by piece, which gives other ids: encode the prompt and the "
            "response part whole.",
        ),
        "changes_entry": CHANGES_ENTRY,
    },
)


class Counting(tiktoken.Encoding):
    """A tokenizer that counts how often it is asked; encoding in batches comes down to one of these as well."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        vars(self).update(vars(encoding))
        self.calls = 0

    def encode(self, *args, **kwargs) -> list[int]:
        self.calls += 1
        return super().encode(*args, **kwargs)

    def encode_ordinary(self, *args, **kwargs) -> list[int]:
        self.calls += 1
        return super().encode_ordinary(*args, **kwargs)

    def encode_to_numpy(self, *args, **kwargs) -> np.ndarray:
        self.calls += 1
        return super().encode_to_numpy(*args, **kwargs)


def byte_tokenizer(probe: Probe) -> Counting:
    """Every byte a token, under numbers that no other tokenizer uses."""
    numbers = (torch.randperm(256, generator=probe.generator)).tolist()
    ranks = {bytes([byte]): number for byte, number in enumerate(numbers)}
    return Counting(
        tiktoken.Encoding("bytes", pat_str=SPLIT_PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: 256})
    )


def whole(given: Entry, template: PromptTemplate) -> str:
    return prompt_of(given, template) + response_of(given, template)


def right_ids(given: Entry, tokenizer: tiktoken.Encoding, template: PromptTemplate) -> list[list[int]]:
    """What is right: prompt and response part encoded together, or apart."""
    prompt, response = prompt_of(given, template), response_of(given, template)
    return [tokenizer.encode(prompt + response), tokenizer.encode(prompt) + tokenizer.encode(response)]


# ---- what a wrong item is -----------------------------------------------------------------------------


def diagnose(ids: list[int], given: Entry, tokenizer: tiktoken.Encoding, template: PromptTemplate) -> NoReturn:
    """Say what is wrong with the ids of an entry."""
    end = tokenizer.eot_token
    for right in right_ids(given, tokenizer, template):
        extra = ids[len(right) :]
        if ids[: len(right)] == right and len(set(extra)) == 1 and (extra[0] >= end or len(extra) > 2):
            raise Wrong("end_token")
    try:
        text = tokenizer.decode(ids)
    except Exception:  # ids that this tokenizer does not know
        raise Wrong("other_tokenizer") from None
    if ids[1:] in right_ids(given, tokenizer, template):  # one too many at the start
        unexpected_text(text, whole(given, template))
    rest = (prompt_of(given, template), prompt_of(given, template) + "\n\n" + template.response)
    if text.strip() not in rest and text != whole(given, template).rstrip():
        for right in right_ids(given, tokenizer, template):
            if len(ids) < len(right) and ids == right[: len(ids)]:
                raise Wrong("truncated", got=len(ids), expected=len(right))
    diagnose_text(text, given, template)


def diagnose_text(text: str, given: Entry, template: PromptTemplate) -> NoReturn:
    prompt, response = prompt_of(given, template), response_of(given, template)
    output, heading = given["output"], template.response
    if text == prompt + response:
        raise Wrong("cut_up")
    if text == prompt + response + END_OF_TEXT:
        raise Wrong("end_token")
    if text.strip() in (prompt, prompt + "\n\n" + heading):
        raise Wrong("prompt_only")
    if text.strip() in (response.strip(), output):
        raise Wrong("response_only")
    if gaps(text, [prompt, output]):
        raise Wrong("no_heading")
    if gaps(text, [prompt, heading, output]):
        raise Wrong("line_breaks")
    if gaps(text, [response.strip(), prompt]) or gaps(text, [output, prompt]):
        raise Wrong("response_first")
    missing = missing_field(text, template, "intro", "instruction", *["input"][: bool(given["input"])], "response")
    if missing:
        raise Wrong("ignores_template", name=missing)
    if text.endswith(response):
        raise Wrong("other_prompt")
    unexpected_text(text, prompt + response)


# ---- using the answer -----------------------------------------------------------------------------------


def build(probe: Probe, entries: list[Entry], tokenizer: tiktoken.Encoding, template: PromptTemplate) -> Dataset:
    dataset = unchanged(probe, probe.candidate, entries, tokenizer, template)
    if not isinstance(dataset, Dataset):
        raise Wrong("not_a_dataset", got=type_name(probe.candidate))
    return dataset


def length(probe: Probe, dataset: Dataset, right: list[list[list[int]]]) -> None:
    """The dataset must be as long as the list of what is right for each entry."""
    claimed, expected = probe(len, dataset, fault="no_length"), len(right)
    if claimed == expected:
        return
    last = range(claimed - expected, claimed) if claimed <= 8 * expected else ()
    if (
        last
        and [item(probe, dataset, index, fault="wrong_length") in ids for index, ids in zip(last, right)]
        == [True] * expected
    ):
        raise Wrong("shared")  # what earlier datasets held comes first
    raise Wrong("wrong_length", got=claimed, expected=expected)


def item(probe: Probe, dataset: Dataset, index: int, fault: str = "raises") -> list[int]:
    """One item, which must be a list of whole numbers."""
    return token_ids(probe(getitem, dataset, index, fault=fault))


def token_ids(ids: object) -> list[int]:
    """What an item must be."""
    if isinstance(ids, (tuple, list)) and len(ids) == 2 and all(isinstance(part, (list, Tensor)) for part in ids):
        raise Wrong("two_parts")
    if not isinstance(ids, list):
        raise Wrong("not_a_list", got=type_name(ids))
    for element in ids:
        if not isinstance(element, Integral):
            raise Wrong("not_ids", got=brief(element, 30))
    return [int(element) for element in ids]


def compare(probe: Probe, entries: list[Entry], tokenizer: tiktoken.Encoding, template: PromptTemplate) -> None:
    dataset = build(probe, entries, tokenizer, template)
    right = [right_ids(given, tokenizer, template) for given in entries]
    length(probe, dataset, right)
    found = [item(probe, dataset, index) for index in range(len(entries))]
    for index, ids in enumerate(found):
        if ids not in right[index]:
            refuse(ids, index, entries, tokenizer, template)


def refuse(
    ids: list[int], index: int, entries: list[Entry], tokenizer: tiktoken.Encoding, template: PromptTemplate
) -> NoReturn:
    """Say why this item is not the one that belongs there."""
    if any(ids in right_ids(given, tokenizer, template) for given in entries):
        raise Wrong("mixed_up", index=index)
    diagnose(ids, entries[index], tokenizer, template)


@exercise.item(
    "items", "Cada elemento es el prompt y la respuesta", "Each item is the prompt and the response", points=2
)
def _(probe: Probe) -> None:
    tokenizer = load_tokenizer()
    compare(probe, ENTRIES[:3], tokenizer, SPANISH)
    # An instruction may come again with another input, and a whole entry may come again.
    again = [{**ENTRIES[0], "input": "Berta tiene 5 y apuesta 4.", "output": "Le queda 1 gallina."}, ENTRIES[1]]
    compare(probe, [*ENTRIES, draw_entry(probe, with_input=True), draw_entry(probe, False), *again], tokenizer, ENGLISH)


@exercise.item("access", "Todas las tareas, en cualquier orden", "All entries, in any order")
def _(probe: Probe) -> None:
    tokenizer = load_tokenizer()
    first, second = ENTRIES[:4], ENTRIES[3:]
    one, other = (build(probe, entries, tokenizer, SPANISH) for entries in (first, second))
    for dataset, entries, others in ((one, first, second), (other, second, first)):
        right, elsewhere = ([right_ids(given, tokenizer, SPANISH) for given in each] for each in (entries, others))
        length(probe, dataset, right)
        before = {}
        for index in (1, 0, 1, len(entries) - 1):
            ids = item(probe, dataset, index)
            if ids not in right[index] and before.get(index) in right[index]:
                raise Wrong("grows")
            before[index] = ids
            if ids not in right[index]:
                if any(ids in each for each in elsewhere) and not any(ids in each for each in right):
                    raise Wrong("shared")
                refuse(ids, index, entries, tokenizer, SPANISH)
        batches = probe(lambda dataset: list(DataLoader(dataset, batch_size=2, collate_fn=list)), dataset)
        for index, ids in enumerate(token_ids(ids) for batch in batches for ids in batch):
            if ids not in right[index]:
                refuse(ids, index, entries, tokenizer, SPANISH)


@exercise.item("once", "Codifica una sola vez, al construirse", "Encodes once, when it is made")
def _(probe: Probe) -> None:
    tokenizer = Counting(load_tokenizer())
    dataset = build(probe, ENTRIES, tokenizer, ENGLISH)
    before = tokenizer.calls
    ids = [item(probe, dataset, index) for index in (0, 2, 2, 4)]
    if tokenizer.calls != before:
        raise Wrong("encodes_late")
    if ids[1] not in right_ids(ENTRIES[2], tokenizer, ENGLISH):
        diagnose(ids[1], ENTRIES[2], tokenizer, ENGLISH)


@exercise.item("tokenizer", "Con cualquier tokenizador y plantilla", "With any tokenizer and template")
def _(probe: Probe) -> None:
    tokenizer, template = byte_tokenizer(probe), draw_template(probe)
    entries = [draw_entry(probe, with_input=True), ENTRIES[4], draw_entry(probe, with_input=False)]
    dataset = build(probe, entries, tokenizer, template)
    if not tokenizer.calls:
        item(probe, dataset, 0)
        raise Wrong("encodes_late" if tokenizer.calls else "other_tokenizer")
    compare(probe, entries, tokenizer, template)


@exercise.item("verbatim", "Cada texto, tal cual", "Each text as it is")
def _(probe: Probe) -> None:
    # Where white space meets white space, encoding together and apart give different ids: both are right.
    entries = [
        entry("Copia {input}.", "dos  espacios \n", " con sangría\n\n"),
        entry("Repeat this. ", "", "stone,\npoplar,\n"),
        entry("Di algo.", "", "Algo. ### Respuesta:\nalgo."),
        entry("Sing to the end.", "", words(probe, 350)),  # more tokens than GPT-2 reads
    ]
    compare(probe, entries, load_tokenizer(), SPANISH)


@exercise.item("reference", "Coincide con los ids guardados", "Agrees with the stored ids")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    texts = [part.decode("utf-8") for part in cut(stored["texts"], stored["text_lengths"])]
    ranks = {token: rank for rank, token in enumerate(cut(stored["tokens"], stored["token_lengths"]))}
    tokenizer = tiktoken.Encoding(
        "stored",
        pat_str=text_of(stored["pattern"]),
        mergeable_ranks=ranks,
        special_tokens={END_OF_TEXT: len(ranks)},
    )
    template, rest = PromptTemplate(*texts[: len(FIELDS)]), texts[len(FIELDS) :]
    entries = [entry(*rest[i : i + 3]) for i in range(0, len(rest), 3)]
    dataset = build(probe, entries, tokenizer, template)
    for index, expected in enumerate(stored["ids"].split(stored["id_lengths"].tolist())):
        ids = item(probe, dataset, index)
        if ids != expected.tolist():
            diagnose(ids, entries[index], tokenizer, template)
