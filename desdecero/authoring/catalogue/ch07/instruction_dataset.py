from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch07._common import IMPORTS

__all__ = ["IMPORTS", "RIGHT", "WRONG"]

RIGHT = {
    "together": r"""
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template):
        self.items = []
        for entry in entries:
            text = format_prompt(entry, template) + format_response(entry, template)
            self.items.append(tokenizer.encode(text))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]
""",
    "own_text": r"""
class InstructionDataset(torch.utils.data.Dataset):
    def __init__(self, entries, tokenizer, template):
        super().__init__()
        encode = tokenizer.encode_ordinary
        self.template = template
        self.data = {i: encode(self.text(entry)) for i, entry in enumerate(entries)}

    def text(self, entry):
        parts = [self.template.intro, f"{self.template.instruction}\n{entry['instruction']}"]
        if entry["input"]:
            parts.append(f"{self.template.input}\n{entry['input']}")
        parts.append(f"{self.template.response}\n{entry['output']}")
        return "\n\n".join(parts)

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return list(self.data[i])
""",
    "in_batches": r"""
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template):
        prompts = tokenizer.encode_batch([format_prompt(entry, template) for entry in entries], num_threads=2)
        answers = tokenizer.encode_ordinary_batch(
            ["\n\n" + template.response + "\n" + entry["output"] for entry in entries], num_threads=2
        )
        self.ids = [prompt + answer for prompt, answer in zip(prompts, answers)]
        self.lengths = list(map(len, self.ids))

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        return self.ids[index]
""",
    "stored_flat": r"""
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template):
        self.ids, self.starts = torch.empty(0, dtype=torch.long), [0]
        for entry in entries:
            ids = tokenizer.encode(format_prompt(entry, template), allowed_special="all")
            ids.extend(tokenizer.encode(format_response(entry, template), disallowed_special=()))
            self.ids = torch.cat([self.ids, torch.tensor(ids)])
            self.starts.append(len(self.ids))

    def __len__(self):
        return len(self.starts) - 1

    def __getitem__(self, index):
        return self.ids[self.starts[index] : self.starts[index + 1]].tolist()
""",
    "from_numpy": r"""
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template, max_entries=None):
        encode = tokenizer.encode_to_numpy
        parts = [(format_prompt(entry, template), format_response(entry, template)) for entry in entries]
        self.rows = [sum((encode(text).tolist() for text in pair), start=[]) for pair in parts[:max_entries]]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]
""",
}

ITEM = "return self.ids[index]"
RESPONSE = "tokenizer.encode(format_response(entry, template))"
PROMPTS = "tokenizer.encode(format_prompt(entry, template))"
FIRST = "prompt + tokenizer"

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito __getitem__.",
        "Has not written __getitem__ yet.",
        edits=((ITEM, "raise NotImplementedError()"),),
    ),
    "truncated": Wrong(
        "Corta cada elemento a lo que lee el modelo.",
        "Cuts each item to what the model reads.",
        edits=((ITEM, "return self.ids[index][:256]"),),
    ),
    "not_a_dataset": Wrong(
        "Olvida heredar de Dataset.",
        "Forgets to inherit from Dataset.",
        edits=(("class InstructionDataset(Dataset)", "class InstructionDataset"),),
    ),
    "no_length": Wrong(
        "No escribe __len__.",
        "Writes no __len__.",
        edits=(("def __len__(", "def length("),),
    ),
    "wrong_length": Wrong(
        "Cuenta los tokens y no las tareas.",
        "Counts the tokens and not the entries.",
        edits=(("return len(self.ids)", "return sum(map(len, self.ids))"),),
    ),
    "not_a_list": Wrong(
        "Convierte cada elemento en un tensor.",
        "Turns each item into a tensor.",
        edits=((ITEM, "return torch.tensor(self.ids[index])"),),
    ),
    "two_parts": Wrong(
        "Devuelve el prompt y la respuesta como pareja.",
        "Returns prompt and response as a pair.",
        edits=((FIRST, "(prompt, tokenizer"), ("template)) for prompt, entry", "template))) for prompt, entry")),
    ),
    "not_ids": Wrong(
        "Guarda el texto letra a letra.",
        "Keeps the text letter by letter.",
        edits=((PROMPTS, "list(format_prompt(entry, template))"), (RESPONSE, "list(format_response(entry, template))")),
    ),
    "end_token": Wrong(
        "Añade el token de fin de texto a cada elemento.",
        "Adds the end-of-text token to each item.",
        edits=((RESPONSE, RESPONSE + " + [tokenizer.eot_token]"),),
    ),
    "prompt_only": Wrong(
        "Codifica solo el prompt.",
        "Encodes the prompt only.",
        edits=((FIRST, "prompt or tokenizer"),),
    ),
    "response_only": Wrong(
        "Codifica solo la respuesta.",
        "Encodes the response only.",
        edits=((FIRST, "tokenizer"),),
    ),
    "no_heading": Wrong(
        "Pega la respuesta al prompt, sin encabezado.",
        "Glues the response to the prompt, without the heading.",
        edits=((RESPONSE, 'tokenizer.encode("\\n\\n" + entry["output"])'),),
    ),
    "line_breaks": Wrong(
        "Escribe la respuesta en la línea del encabezado.",
        "Writes the response on the heading's own line.",
        edits=((RESPONSE, """tokenizer.encode(f"\\n\\n{template.response} {entry['output']}")"""),),
    ),
    "response_first": Wrong(
        "Suma las dos listas al revés.",
        "Adds the two lists the wrong way round.",
        edits=(("prompt + " + RESPONSE, RESPONSE + " + prompt"),),
    ),
    "other_prompt": Wrong(
        "Escribe el prompt por su cuenta, con un solo salto de línea entre las partes.",
        "Writes the prompt on its own account, with single line breaks.",
        edits=(
            (
                "format_prompt(entry, template)",
                r""""\n".join([template.intro, template.instruction, entry["instruction"], template.input, entry["input"]])""",
            ),
        ),
    ),
    "ignores_template": Wrong(
        "Usa siempre la plantilla española.",
        "Always uses the Spanish template.",
        edits=(
            (
                "self.prompt_lengths =",
                'template = TEMPLATES["es"]\n        prompts = [tokenizer.encode(format_prompt(entry, template)) for entry in entries]\n        self.prompt_lengths =',
            ),
        ),
    ),
    "mixed_up": Wrong(
        "Ordena los textos por su longitud.",
        "Sorts the texts by their length.",
        edits=(
            ("self.ids = [", "self.ids = sorted(["),
            ("zip(prompts, entries)\n        ]", "zip(prompts, entries)\n        ], key=len)"),
        ),
    ),
    "shared": Wrong(
        "Crea la lista en la clase, y cada conjunto nuevo añade a la anterior.",
        "Creates the list in the class, and each new dataset adds to the old one.",
        source=r"""
class InstructionDataset(Dataset):
    ids = []

    def __init__(self, entries, tokenizer, template):
        for entry in entries:
            self.ids.append(tokenizer.encode(format_prompt(entry, template) + format_response(entry, template)))

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, index):
        return self.ids[index]
""",
    ),
    "grows": Wrong(
        "Junta el prompt y la respuesta con += al pedir el elemento.",
        "Joins prompt and response with += when the item is asked for.",
        source=r"""
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template):
        self.prompts = [tokenizer.encode(format_prompt(entry, template)) for entry in entries]
        self.responses = [tokenizer.encode(format_response(entry, template)) for entry in entries]

    def __len__(self):
        return len(self.prompts)

    def __getitem__(self, index):
        ids = self.prompts[index]
        ids += self.responses[index]
        return ids
""",
    ),
    "encodes_late": Wrong(
        "Guarda los textos y codifica en __getitem__.",
        "Keeps the texts and encodes in __getitem__.",
        source=r"""
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template):
        self.entries, self.tokenizer, self.template = entries, tokenizer, template

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, index):
        entry = self.entries[index]
        return self.tokenizer.encode(format_prompt(entry, self.template) + format_response(entry, self.template))
""",
    ),
    "other_tokenizer": Wrong(
        "Carga el tokenizador por su cuenta.",
        "Loads the tokenizer by itself.",
        edits=(
            (
                "prompts = [",
                "from desdecero.text import load_tokenizer\n\n        tokenizer = load_tokenizer()\n        prompts = [",
            ),
        ),
    ),
    "cut_up": Wrong(
        "Codifica palabra por palabra.",
        "Encodes word by word.",
        edits=(
            (
                PROMPTS,
                "[i for word in re.split(r'( )', format_prompt(entry, template)) for i in tokenizer.encode(word)]",
            ),
        ),
    ),
    "changes_entry": Wrong(
        "Saca la respuesta del diccionario con pop.",
        "Takes the response out of the dictionary with pop.",
        edits=((RESPONSE, """tokenizer.encode(f"\\n\\n{template.response}\\n{entry.pop('output')}")"""),),
    ),
}
