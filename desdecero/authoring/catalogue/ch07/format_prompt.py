from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch07._common import IMPORTS

__all__ = ["IMPORTS", "RIGHT", "WRONG"]

RIGHT = {
    "parts_joined": r"""
def format_prompt(entry, template):
    parts = [template.intro, template.instruction + "\n" + entry["instruction"]]
    if "input" in entry and entry["input"] != "":
        parts.append(template.input + "\n" + entry["input"])
    return "\n\n".join(parts)
""",
    "conditional_text": r"""
def format_prompt(entry, template):
    extra = f"\n\n{template.input}\n{entry['input']}" if entry.get("input", "") else ""
    return f"{template.intro}\n\n{template.instruction}\n{entry['instruction']}{extra}"
""",
    "triple_quotes": '''
def format_prompt(entry, template):
    text = """{}

{}
{}""".format(template.intro, template.instruction, entry["instruction"])
    try:
        given = entry["input"]
    except KeyError:
        return text
    if len(given) > 0:
        text = text + """

{}
{}""".format(template.input, given)
    return text
''',
    "lines": r"""
import dataclasses

def format_prompt(entry, template):
    heading = dataclasses.asdict(template)
    lines = [heading["intro"]]
    for name in ["instruction", "input"]:
        if entry.get(name):
            lines += ["", heading[name], entry[name]]
    return "\n".join(lines)
""",
    "careful_copy": r"""
def format_prompt(entry: dict, template: PromptTemplate) -> str:
    entry = dict(entry)
    entry.setdefault("input", "")
    prompt = "%s\n\n%s\n%s" % (template.intro, template.instruction, entry["instruction"])
    if not entry["input"].strip():
        return prompt
    return prompt + "\n" * 2 + template.input + "\n" + entry["input"]
""",
}

PROMPT = r"""prompt = f"{template.intro}\n\n{template.instruction}\n{entry['instruction']}\""""
INPUT = r"""prompt += f"\n\n{template.input}\n{entry['input']}\""""
CONDITION = 'if entry.get("input"):'

WRONG = {
    "not_text": Wrong(
        "Imprime el prompt en vez de devolverlo.",
        "Prints the prompt instead of returning it.",
        edits=(("return prompt", "print(prompt)"),),
    ),
    "response_heading": Wrong(
        "Acaba el prompt con el encabezado de la respuesta.",
        "Ends the prompt with the response's heading.",
        edits=(("return prompt", r'return prompt + f"\n\n{template.response}\n"'),),
    ),
    "output_leaked": Wrong(
        "Añade también la respuesta.",
        "Adds the response as well.",
        edits=(("return prompt", r"""return prompt + f"\n\n{template.response}\n{entry.get('output', '')}" """),),
    ),
    "ignores_template": Wrong(
        "Escribe los encabezados en inglés a mano.",
        "Writes the English headings by hand.",
        edits=(
            (r"\n{template.instruction}", r"\n### Instruction:"),
            (r"\n{template.input}", r"\n### Input:"),
        ),
    ),
    "outer_space": Wrong(
        "Deja un salto de línea al final.",
        "Leaves a line break at the end.",
        edits=(
            (r"{entry['instruction']}", r"{entry['instruction']}" + r"\n"),
            ("return prompt", r'return prompt.rstrip("\n") + "\n"'),
        ),
    ),
    "indented": Wrong(
        "Usa triples comillas dentro de la función, con su sangría.",
        "Uses triple quotes within the function, indentation and all.",
        source='''
def format_prompt(entry, template):
    prompt = f"""{template.intro}

    {template.instruction}
    {entry["instruction"]}"""
    if entry.get("input"):
        prompt += f"""

    {template.input}
    {entry["input"]}"""
    return prompt
''',
    ),
    "blank_line": Wrong(
        "Pone un solo salto de línea delante del encabezado.",
        "Puts a single line break before the heading.",
        edits=((r"{template.intro}\n\n", r"{template.intro}\n"),),
    ),
    "after_heading": Wrong(
        "Escribe el texto en la línea del encabezado.",
        "Writes the text on the heading's own line.",
        edits=((r"{template.instruction}\n", "{template.instruction} "),),
    ),
    "wrong_order": Wrong(
        "Pone la entrada delante de la instrucción.",
        "Puts the input before the instruction.",
        source=r"""
def format_prompt(entry, template):
    prompt = template.intro
    if entry.get("input"):
        prompt += f"\n\n{template.input}\n{entry['input']}"
    return prompt + f"\n\n{template.instruction}\n{entry['instruction']}"
""",
    ),
    "input_always": Wrong(
        "Mira si la clave está, no si tiene algo.",
        "Looks whether the key is there, not whether it holds anything.",
        edits=((CONDITION, 'if "input" in entry:'),),
    ),
    "input_never": Wrong(
        "Olvida la entrada.",
        "Forgets the input.",
        edits=((CONDITION, "if False:"),),
    ),
    "missing_key": Wrong(
        "Lee la entrada con corchetes.",
        "Reads the input with brackets.",
        edits=((CONDITION, 'if entry["input"]:'),),
    ),
    "changes_text": Wrong(
        "Quita los espacios de cada texto.",
        "Strips each text.",
        edits=((r"{entry['instruction']}", r"{entry['instruction'].strip()}"),),
    ),
    "changes_entry": Wrong(
        "Completa el diccionario que recibe con setdefault.",
        "Completes the dictionary it is given with setdefault.",
        edits=((CONDITION, 'if entry.setdefault("input", ""):'),),
    ),
    "not_implemented": Wrong(
        "Aún no está escrito.",
        "Not written yet.",
        edits=(("return prompt", "raise NotImplementedError"),),
    ),
}
