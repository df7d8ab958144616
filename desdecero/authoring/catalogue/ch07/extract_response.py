from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch07._common import IMPORTS

__all__ = ["IMPORTS", "RIGHT", "WRONG"]

RIGHT = {
    "sliced": """
def extract_response(generated, prompt):
    answer = generated[len(prompt):].strip()
    for heading in ("### Response:", "### Respuesta:"):
        if answer.startswith(heading):
            answer = answer[len(heading):]
            break
    return answer.strip()
""",
    "regular_expression": r"""
def extract_response(generated, prompt):
    rest = generated.removeprefix(prompt)
    return re.sub(r"\A\s*### Resp(onse|uesta):", "", rest).strip()
""",
    "partition": """
def extract_response(generated, prompt):
    before, found, after = generated.partition(prompt)
    answer = after if found and not before else generated
    answer = answer.strip()
    first, _, rest = answer.partition(":")
    if first in ("### Response", "### Respuesta"):
        answer = rest.strip()
    return answer
""",
    "demands_the_prompt": """
def extract_response(generated: str, prompt: str) -> str:
    if not generated.startswith(prompt):
        raise ValueError("not a continuation of the prompt")
    answer = generated.replace(prompt, "", 1).lstrip()
    known = [heading for heading in RESPONSE_HEADINGS if answer.startswith(heading)]
    return answer.replace(known[0], "", 1).strip() if known else answer.rstrip()
""",
    "character_by_character": """
def extract_response(generated, prompt):
    i = len(prompt) if generated[: len(prompt)] == prompt else 0
    while i < len(generated) and generated[i].isspace():
        i += 1
    if generated.startswith("### Response:", i):
        i += len("### Response:")
    elif generated.startswith("### Respuesta:", i):
        i += len("### Respuesta:")
    end = len(generated)
    while i < end and generated[i].isspace():
        i += 1
    while i < end and generated[end - 1].isspace():
        end -= 1
    return generated[i:end]
""",
}

REST = "generated.removeprefix(prompt).strip()"
FOUND = "return response.removeprefix(heading).strip()"
LOOP = """for heading in RESPONSE_HEADINGS:
        if response.startswith(heading):
            return response.removeprefix(heading).strip()
    return response"""

WRONG = {
    "not_implemented": Wrong(
        "Aún no está escrito.",
        "Not written yet.",
        edits=(("response = " + REST, "raise NotImplementedError()"),),
    ),
    "not_text": Wrong(
        "Imprime la respuesta en vez de devolverla.",
        "Prints the response instead of returning it.",
        edits=((LOOP, "print(response)"),),
    ),
    "prompt_kept": Wrong(
        "Se olvida del prompt.",
        "Forgets the prompt.",
        edits=((REST, "generated.strip()"),),
    ),
    "prompt_pattern": Wrong(
        "Quita el prompt con re.sub, sin re.escape.",
        "Removes the prompt with re.sub, without re.escape.",
        edits=((REST, 're.sub(prompt, "", generated, count=1).strip()'),),
    ),
    "stripped_first": Wrong(
        "Llama a strip antes de quitar el prompt.",
        "Calls strip before removing the prompt.",
        edits=((REST, "generated.strip().removeprefix(prompt).strip()"),),
    ),
    "heading_kept": Wrong(
        "Busca el encabezado antes de quitar los saltos de línea.",
        "Looks for the heading before stripping the line breaks.",
        source="""
def extract_response(generated, prompt):
    response = generated.removeprefix(prompt)
    for heading in RESPONSE_HEADINGS:
        response = response.removeprefix(heading)
    return response.strip()
""",
    ),
    "one_language": Wrong(
        "Solo conoce el encabezado inglés.",
        "Knows the English heading only.",
        edits=(("in RESPONSE_HEADINGS", 'in ("### Response:",)'),),
    ),
    "needs_heading": Wrong(
        "Parte por el encabezado y toma la segunda mitad.",
        "Splits at the heading and takes the second half.",
        source="""
def extract_response(generated, prompt):
    response = generated.removeprefix(prompt)
    for heading in RESPONSE_HEADINGS:
        if heading in response:
            break
    return response.split(heading, 1)[1].strip()
""",
    ),
    "outer_space": Wrong(
        "Quita saltos de línea, pero no espacios ni tabuladores.",
        "Strips line breaks, but neither spaces nor tabs.",
        edits=((FOUND, r'return response.removeprefix(heading).strip("\n")'),),
    ),
    "inner_space": Wrong(
        "Junta las palabras con un solo espacio.",
        "Joins the words with single spaces.",
        edits=((FOUND, 'return " ".join(response.removeprefix(heading).split())'),),
    ),
    "first_line": Wrong(
        "Toma la última línea de lo generado.",
        "Takes the last line of what was generated.",
        edits=((FOUND, r'return response.removeprefix(heading).strip().split("\n")[-1].strip()'),),
    ),
    "prompt_anywhere": Wrong(
        "Quita el prompt con replace, dondequiera que esté.",
        "Removes the prompt with replace, wherever it stands.",
        edits=((REST, 'generated.replace(prompt, "").strip()'),),
    ),
    "heading_anywhere": Wrong(
        "Quita los encabezados con replace, estén donde estén.",
        "Removes the headings with replace, wherever they stand.",
        edits=(
            (
                LOOP,
                'for heading in RESPONSE_HEADINGS:\n        response = response.replace(heading, "")\n    return response.strip()',
            ),
        ),
    ),
    "cut_short": Wrong(
        "Se queda con lo que hay hasta el siguiente encabezado.",
        "Keeps what stands before the next heading.",
        edits=((FOUND, 'return response.removeprefix(heading).split("###")[0].strip()'),),
    ),
    "several_headings": Wrong(
        "Quita un encabezado y prueba después con el otro.",
        "Removes one heading and then tries the other.",
        source="""
def extract_response(generated, prompt):
    rest = generated[len(prompt):].strip()
    for heading in RESPONSE_HEADINGS:
        rest = rest.removeprefix(heading).strip()
    return rest
""",
    ),
    "character_set": Wrong(
        "Quita el encabezado con lstrip, que quita letras.",
        "Removes the heading with lstrip, which strips letters.",
        edits=((FOUND, "return response.lstrip(heading).strip()"),),
    ),
    "blind_cut": Wrong(
        "Corta los caracteres que mide el encabezado, lo haya o no.",
        "Cuts as many characters as the heading has, be it there or not.",
        source="""
def extract_response(generated, prompt):
    response = generated.removeprefix(prompt).strip()
    heading = "### Respuesta:" if "### Respuesta:" in response else "### Response:"
    return response[len(heading):].strip()
""",
    ),
}
