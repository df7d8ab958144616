"""ch07/extract_response: from what a model has generated to what it has answered."""

import re
from functools import partial
from itertools import starmap

from desdecero.checks.ch07._common import (
    ENGLISH,
    ENTRIES,
    HEADINGS,
    SPANISH,
    entry,
    prompt_of,
    text_result,
    unexpected_text,
    words,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong
from desdecero.checks.values import cut, judge

exercise = Exercise(
    id="ch07/extract_response",
    defines="extract_response",
    reference="desdecero.instruct:extract_response",
    difficulty=1,
    minutes=10,
    faults={
        "not_text": (
            "Se esperaba un texto (str) y se ha recibido «{got}»: ¿falta el return?",
            "Expected a text (str) and got “{got}”: is the return missing?",
        ),
        "prompt_kept": (
            "El prompt sigue ahí: quítalo del principio de lo generado.",
            "The prompt is still there: remove it from the start of what was generated.",
        ),
        "prompt_pattern": (
            "Tomas el prompt por una expresión regular, y los signos que lleve (?, *, paréntesis) no valen por sí "
            "mismos: usa removeprefix, o re.escape.",
            "You take the prompt for a regular expression, in which its signs (?, *, brackets) do not stand for "
            "themselves: use removeprefix, or re.escape.",
        ),
        "stripped_first": (
            "Quitas el espacio en blanco antes que el prompt, que ya no coincide si empieza o acaba con él: quita "
            "primero el prompt.",
            "You strip the white space before removing the prompt, which no longer matches if it begins or ends with "
            "some: remove the prompt first.",
        ),
        "heading_kept": (
            "El encabezado sigue delante de la respuesta: antes de buscarlo, quita el espacio en blanco del principio.",
            "The heading still stands before the response: before looking for it, strip the white space that precedes "
            "it.",
        ),
        "one_language": (
            "Solo quitas el encabezado de una lengua: puede ser «### Respuesta:» o «### Response:».",
            "You remove the heading of one language only: it may be “### Respuesta:” or “### Response:”.",
        ),
        "needs_heading": (
            "Sin encabezado en lo generado, la respuesta se pierde o tu código se interrumpe: devuelve lo que sigue al "
            "prompt.",
            "Without a heading in what was generated the response gets lost, or your code stops: return what follows "
            "the prompt.",
        ),
        "outer_space": (
            "Queda espacio en blanco alrededor de la respuesta: termina con strip().",
            "There is white space left around the response: end with strip().",
        ),
        "inner_space": (
            "Cambias el espacio en blanco del interior de la respuesta: quita solo el de los extremos.",
            "You change the white space within the response: remove only that at both ends.",
        ),
        "first_line": (
            "Te quedas con una sola línea: la respuesta puede tener varias.",
            "You keep a single line: the response may have several.",
        ),
        "prompt_anywhere": (
            "Buscas el prompt en todo el texto: quítalo solo del principio, porque la respuesta puede repetirlo.",
            "You look for the prompt in the whole text: remove it only from the start, the response may repeat it.",
        ),
        "heading_anywhere": (
            "Buscas el encabezado en todo el texto: quítalo solo del principio, porque la respuesta puede mencionarlo.",
            "You look for the heading in the whole text: remove it only from the start, the response may mention it.",
        ),
        "cut_short": (
            "Cortas la respuesta en el siguiente encabezado: devuelve todo lo que sigue, aunque el modelo se pase.",
            "You cut the response at the next heading: return all that follows, even if the model goes on too long.",
        ),
        "several_headings": (
            "Quitas más de un encabezado: solo el primero; lo que sigue ya es la respuesta.",
            "You remove more than one heading: only the first; what follows it is the response.",
        ),
        "character_set": (
            "lstrip y strip quitan letras sueltas, no un texto, y se comen parte de la respuesta: usa removeprefix.",
            "lstrip and strip remove single letters, not a text, and eat into the response: use removeprefix.",
        ),
        "blind_cut": (
            "Cortas el encabezado por su longitud sin mirar si está: compruébalo con startswith, o usa removeprefix.",
            "You cut off the heading by its length without looking whether it is there: check with startswith, or use "
            "removeprefix.",
        ),
    },
)

ANY_HEADING = "|".join(map(re.escape, HEADINGS))


def extracted(generated: str, prompt: str, headings: str = ANY_HEADING) -> str:
    """The truth, as one pattern; `headings` are those that are known."""
    found = re.fullmatch(rf"(?s){re.escape(prompt)}\s*(?:{headings})?\s*(.*?)\s*", generated)
    return found[1]


# ---- mistakes -------------------------------------------------------------------------------------------


def needs_heading(generated: str, prompt: str) -> str:
    found = re.split(ANY_HEADING, generated[len(prompt) :], maxsplit=1)
    return found[1].strip() if len(found) > 1 else ""


def not_stripped(generated: str, prompt: str, strip: str, before: bool) -> str:
    """Strips too little after the heading; perhaps everything before it is looked for."""
    rest = generated[len(prompt) :].strip() if before else generated[len(prompt) :]
    rest = re.sub(rf"^\s*(?:{ANY_HEADING})?", "", rest)
    return {
        "none": rest,
        "left": rest.lstrip(),
        "right": rest.rstrip(),
        "lines": rest.strip("\n"),
        "spaces": rest.strip(" "),
        "some": rest.strip(" \n\t"),
    }[strip]


def only_known(generated: str, prompt: str, heading: str) -> str:
    return extracted(generated, prompt, heading)


def only_last(generated: str, prompt: str, heading: str) -> str:
    return re.split(heading, generated)[-1].strip()


def respaced(generated: str, prompt: str) -> str:
    return " ".join(extracted(generated, prompt).split())


def one_line(generated: str, prompt: str, which: int) -> str:
    return (extracted(generated, prompt).splitlines() or [""])[which].strip()


def without(text: str, *removed: str) -> str:
    for part in removed:
        text = text.replace(part, "")
    return text.strip()


def after_last(text: str, pattern: str) -> str:
    return re.split(pattern, text)[-1].strip()


def after_first(generated: str, prompt: str, headings: tuple[str, ...]) -> str:
    """Looks for one heading in the whole response and, only if it is not there, for the other."""
    rest = generated[len(prompt) :]
    heading = next((heading for heading in headings if heading in rest), None)
    return rest.split(heading, 1)[1].strip() if heading else rest.strip()


def between_headings(generated: str, prompt: str) -> str:
    """Splits at the heading that opens the response, and so at its repetitions too."""
    rest = generated[len(prompt) :].strip()
    heading = next((heading for heading in HEADINGS if rest.startswith(heading)), None)
    return rest.split(heading)[1].strip() if heading else rest


def prompt_anywhere(generated: str, prompt: str, headings: bool) -> str:
    rest = generated.replace(prompt, "")
    return without(rest, *HEADINGS) if headings else extracted(rest, "")


def several_headings(generated: str, prompt: str) -> str:
    return re.sub(rf"^(?:\s*(?:{ANY_HEADING}))*", "", generated[len(prompt) :]).strip()


def one_pass(generated: str, prompt: str, headings: tuple[str, ...]) -> str:
    """Tries each heading once and does not stop when it has removed one."""
    rest = generated[len(prompt) :].strip()
    for heading in headings:
        rest = rest.removeprefix(heading).strip()
    return rest


def character_set(generated: str, prompt: str, heading: str, method: str, prompt_too: bool = False) -> str:
    rest = getattr(generated, method)(prompt) if prompt_too else generated[len(prompt) :].strip()
    return (extracted(rest, "") if prompt_too else getattr(rest, method)(heading)).strip()


def careful_set(generated: str, prompt: str, method: str) -> str:
    """Looks whether a heading is there, and then strips its letters."""
    rest = generated[len(prompt) :].strip()
    heading = next((heading for heading in HEADINGS if rest.startswith(heading)), " ")
    return getattr(rest, method)(heading).strip()


def blind_cut(generated: str, prompt: str, heading: str, space: int) -> str:
    rest = generated[len(prompt) :]
    return (rest[space + len(heading) :] if space else rest.strip()[len(heading) :]).strip()


def cut_short(generated: str, prompt: str, mark: str) -> str:
    return re.split(mark, extracted(generated, prompt))[0].strip()


MIMICS = {
    "prompt_kept": (lambda generated, prompt: generated, lambda generated, prompt: generated.strip()),
    "heading_kept": (
        lambda generated, prompt: generated[len(prompt) :].strip(),
        lambda generated, prompt: generated[len(prompt) :],
    ),
    "one_language": tuple(
        partial(mimic, heading=re.escape(heading)) for heading in HEADINGS for mimic in (only_known, only_last)
    ),
    "outer_space": tuple(
        partial(not_stripped, strip=strip, before=before)
        for strip in ("none", "left", "right", "lines", "spaces", "some")
        for before in (False, True)
    ),
    "inner_space": respaced,
    "cut_short": tuple(partial(cut_short, mark=mark) for mark in (r"\n\n###", r"\n###", r"###", r"\n\n")),
    "first_line": (partial(one_line, which=0), partial(one_line, which=-1)),
    "needs_heading": needs_heading,
    "prompt_anywhere": (
        partial(prompt_anywhere, headings=False),
        partial(prompt_anywhere, headings=True),
        lambda generated, prompt: extracted(generated.split(prompt)[-1], ""),
        lambda generated, prompt: extracted(generated.split(prompt)[1], ""),
        lambda generated, prompt: extracted(re.sub(rf"^({re.escape(prompt)}\s*)+", "", generated), ""),
    ),
    "heading_anywhere": (
        lambda generated, prompt: without(generated[len(prompt) :], *HEADINGS),
        lambda generated, prompt: after_last(generated[len(prompt) :], ANY_HEADING),
        lambda generated, prompt: after_last(generated, ANY_HEADING),
        lambda generated, prompt: re.sub(ANY_HEADING, "", generated[len(prompt) :], count=1).strip(),
        *(
            partial(
                lambda count, generated, prompt: re.sub(
                    rf"(?m)^(?:{ANY_HEADING})", "", generated[len(prompt) :].strip(), count=count
                ).strip(),
                count,
            )
            for count in (0, 1)
        ),
        between_headings,
        partial(after_first, headings=HEADINGS),
        partial(after_first, headings=HEADINGS[::-1]),
        lambda generated, prompt: re.split(ANY_HEADING, generated[len(prompt) :])[1].strip(),
        *(
            partial(
                lambda heading, generated, prompt: extracted(without(generated[len(prompt) :], heading), ""), heading
            )
            for heading in HEADINGS
        ),
    ),
    "several_headings": (
        several_headings,
        partial(one_pass, headings=HEADINGS),
        partial(one_pass, headings=HEADINGS[::-1]),
    ),
    "character_set": tuple(
        partial(character_set, heading=heading, method=method)
        for heading in (*HEADINGS, "".join(HEADINGS))
        for method in ("lstrip", "strip")
    )
    + tuple(partial(character_set, heading="", method=method, prompt_too=True) for method in ("lstrip", "strip"))
    + tuple(partial(careful_set, method=method) for method in ("lstrip", "strip")),
    "blind_cut": tuple(partial(blind_cut, heading=heading, space=space) for heading in HEADINGS for space in (0, 2, 3)),
}

PROMPTS = [prompt_of(given, template) for given, template in zip(ENTRIES, (SPANISH, ENGLISH) * 2)]


def compare(probe: Probe, cases: list[tuple[str, str]], fault: str = "raises", unremoved: str = "prompt_kept") -> None:
    """Each case is a prompt and what the model wrote after it; `unremoved` says why the prompt may still be there."""
    pairs = [(prompt + written, prompt) for prompt, written in cases]
    got = [text_result(probe(probe.candidate, *pair, fault=fault)) for pair in pairs]
    mimics = {unremoved: MIMICS["prompt_kept"]} | MIMICS
    try:
        judge(pairs, got, extracted, mimics, quote=lambda generated, prompt: (generated[len(prompt) :],))
    except Wrong as wrong:
        result, expected = next((a, b) for a, b in zip(got, starmap(extracted, pairs)) if a != b)
        if wrong.fault is None and result[:40] == expected[:40]:
            unexpected_text(result, expected)
        raise


@exercise.item("answer", "La respuesta, sin prompt ni encabezado", "The response, without prompt and heading")
def _(probe: Probe) -> None:
    spanish, english = PROMPTS[:2]
    compare(
        probe,
        [
            (spanish, f"\n\n{SPANISH.response}\nLe quedan 4 gallinas."),
            (english, f"\n\n{ENGLISH.response}\nThe poplar."),
            (spanish, f"\n\n{SPANISH.response}\n{words(probe, 5)}"),
            (english, f"\n\n{ENGLISH.response}\n{words(probe, 3)}"),
        ],
    )
    cases = [
        (prompt_of(entry("¿Cuánto es (3 + 4) * 2?", "", ""), SPANISH), f"\n\n{SPANISH.response}\nCatorce, ¿no?"),
        (prompt_of(entry("Choose one: (a) or (b)?", "\\d [5] ^$", ""), ENGLISH), f"\n\n{ENGLISH.response}\n(b)"),
    ]
    compare(probe, cases, fault="prompt_pattern", unremoved="prompt_pattern")


@exercise.item("space", "Sin espacio en blanco en los extremos", "Without white space at both ends")
def _(probe: Probe) -> None:
    compare(
        probe,
        [
            (PROMPTS[0], f"\n\n{SPANISH.response}\n\n  piedra,\n\n   chopo,  niña \n\n"),
            (PROMPTS[1], f" \n{ENGLISH.response} \t stone\n\tpoplar \t\n"),
            (PROMPTS[1], f"\r\n\r\n{ENGLISH.response}\r\nThe poplar.\r\n"),
            (PROMPTS[2], f"{SPANISH.response}Niña, chopo."),
            (PROMPTS[3], f"\n\n{ENGLISH.response}\n"),
        ],
    )


@exercise.item("no_heading", "Con encabezado o sin él", "With or without a heading")
def _(probe: Probe) -> None:
    cases = [
        (PROMPTS[0], f" {words(probe, 4)}."),
        (PROMPTS[1], "\nsponge, poplar: ends"),
        (PROMPTS[2], "\n\nRespuesta: piedra"),
        (PROMPTS[3], "   \n"),
        (PROMPTS[0], ""),
    ]
    compare(probe, cases, fault="needs_heading")
    cases = [(f" \n{PROMPTS[0]}", " Cuatro."), (f"{PROMPTS[1]} \n", "")]
    compare(probe, cases, fault="needs_heading", unremoved="stripped_first")


@exercise.item("letters", "Solo el encabezado, ni una letra más", "Only the heading, not a letter more")
def _(probe: Probe) -> None:
    compare(
        probe,
        [
            (PROMPTS[0], f"\n\n{SPANISH.response}\nPuesta de sol: respuesta\n### Re"),
            (PROMPTS[1], f"\n\n{ENGLISH.response}\n: #1 person responses"),
            (PROMPTS[0], f"\n\n{SPANISH.response} se puso el sol"),
            (PROMPTS[1], f"\n\n{ENGLISH.response} no person sees it"),
            (PROMPTS[2], "\n\nese puesto es de Berta"),
            (PROMPTS[3], f"\n\n{ENGLISH.response}\n\nWhat follows is a poplar."),
            (PROMPTS[0], "\n\n### Resumen: cuatro gallinas"),
            (PROMPTS[2], "\n\n### Respuestas en verso"),
            (PROMPTS[1], f"\n\n{ENGLISH.response}\n### Note: a tree<|endoftext|>"),
        ],
    )


@exercise.item("repeats", "La respuesta puede repetirlo todo", "The response may repeat it all")
def _(probe: Probe) -> None:
    spanish, english = PROMPTS[:2]
    compare(
        probe,
        [
            (spanish, f"\n\n{SPANISH.response}\nMe dijiste: {spanish}\nY son 4."),
            (english, f"\n\n{ENGLISH.response}\nThe poplar.\n\n{english}\n\n{ENGLISH.response}\nThe stone."),
            (spanish, f"\n\n{SPANISH.response}\n{SPANISH.response}\n4 gallinas"),
            (english, f"\n\n{ENGLISH.response}\nWrite {ENGLISH.response} or {SPANISH.response} before it."),
            (spanish, f"\n\n{SPANISH.response}\n{ENGLISH.response} four hens"),
            (english, f"\n\n{ENGLISH.response} {SPANISH.response} poplar"),
            (PROMPTS[3], f"\n\nAfter {ENGLISH.response} comes the answer."),
            (english, f"{english}\n\n{ENGLISH.response}\nThe poplar."),
            (PROMPTS[3], f"\n\nstone\n{ENGLISH.response}\npoplar"),
        ],
    )
    # Where the text does not begin with the prompt, the one further on must stay.
    for before, prompt, after in (("Casilda:", spanish, "cuatro"), (english[1:], english, "poplar")):
        if _answer_or_none(probe, f"{before}\n{prompt}\n{after}", prompt) in (after, f"{before}\n\n{after}"):
            raise Wrong("prompt_anywhere")


def _answer_or_none(probe: Probe, generated: str, prompt: str) -> object:
    """What the answer returns; the statement does not say what happens here, so that it may raise."""
    try:
        return probe(probe.candidate, generated, prompt)
    except Wrong as wrong:
        if wrong.fault == "raises":
            return None
        raise


@exercise.item("reference", "Coincide con las respuestas guardadas", "Agrees with the stored responses")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    texts = [part.decode("utf-8") for part in cut(stored["texts"], stored["lengths"])]
    truth = dict(zip(zip(texts[::3], texts[1::3]), texts[2::3]))
    got = [text_result(probe(probe.candidate, *pair)) for pair in truth]
    judge(list(truth), got, lambda *pair: truth[pair], MIMICS)
