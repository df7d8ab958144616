from desdecero.authoring.catalogue import Wrong

IMPORTS = "from desdecero.text import UNKNOWN\n"

RIGHT = {
    "pad_and_split": """
class SimpleTokenizer:
    def __init__(self, vocab):
        self.number = vocab
        self.word = {}
        for word in vocab:
            self.word[vocab[word]] = word

    def encode(self, text):
        for mark in ",.;:?!¿¡":
            text = text.replace(mark, f" {mark} ")
        ids = []
        for word in text.split():
            if word not in self.number:
                word = "<|unk|>"
            ids.append(self.number[word])
        return ids

    def decode(self, ids):
        text = " ".join(map(self.word.get, ids))
        for mark in ",.;:?!":
            text = text.replace(f" {mark}", mark)
        for mark in "¿¡":
            text = text.replace(f"{mark} ", mark)
        return text
""",
    "split_and_filter": r"""
class SimpleTokenizer:
    def __init__(self, vocab):
        self.vocab = dict(vocab)
        self.words = dict(zip(vocab.values(), vocab.keys()))

    def encode(self, text):
        found = []
        for stretch in text.split():
            found += filter(None, re.split(r"([,.;:?!¿¡])", stretch))
        return [self.vocab[w] if w in self.vocab else self.vocab["<|unk|>"] for w in found]

    def decode(self, ids):
        glued = "".join(" " + self.words[i] for i in ids).lstrip()
        glued = re.sub(r"\s(?=[,.;:?!])", "", glued)
        return re.sub(r"(?<=[¿¡])\s", "", glued)
""",
    "word_characters": r"""
class SimpleTokenizer:
    def __init__(self, vocab):
        self.vocab = vocab

    def encode(self, text):
        unknown = self.vocab["<|unk|>"]
        return [self.vocab.get(m.group(), unknown) for m in re.finditer(r"\w+|[,.;:?!¿¡]", text)]

    def decode(self, ids):
        inverse = {i: token for token, i in self.vocab.items()}
        out = ""
        for i in ids:
            token = inverse[i]
            if out and token not in {",", ".", ";", ":", "?", "!"} and out[-1] not in "¿¡":
                out += " "
            out += token
        return out
""",
    "state_machine": """
class SimpleTokenizer:
    MARKS = set(",.;:?!¿¡")

    def __init__(self, vocab):
        self.vocab, self.inverse = vocab, {v: k for k, v in vocab.items()}

    def _tokens(self, text):
        word = []
        for c in text:
            if c.isspace() or c in self.MARKS:
                if word:
                    yield "".join(word)
                    word = []
                if c in self.MARKS:
                    yield c
            else:
                word.append(c)
        if word:
            yield "".join(word)

    def encode(self, text):
        ids = []
        for token in self._tokens(text):
            try:
                ids.append(self.vocab[token])
            except KeyError:
                ids.append(self.vocab["<|unk|>"])
        return ids

    def decode(self, ids):
        tokens, text = [self.inverse[i] for i in ids], ""
        for before, token in zip([None] + tokens, tokens):
            glued = before is None or before in "¿¡" or token in ",.;:?!"
            text += token if glued else " " + token
        return text
""",
    "translate": r"""
class SimpleTokenizer:
    table = str.maketrans({mark: f" {mark} " for mark in ",.;:?!¿¡"})

    def __init__(self, vocab):
        self.stoi = vocab
        self.itos = {i: s for s, i in vocab.items()}

    def encode(self, text: str) -> list[int]:
        return list(map(lambda w: self.stoi.get(w, self.stoi["<|unk|>"]), text.translate(self.table).split()))

    def decode(self, ids: list[int]) -> str:
        return re.sub(r"(?<=[¿¡]) | (?=[,.;:?!])", "", " ".join(map(self.itos.__getitem__, ids)))
""",
}

SPLIT = r"""re.findall(r"[,.;:?!¿¡]|[^\s,.;:?!¿¡]+", text)"""
LOOK_UP = "[self.token_to_id.get(token, unknown) for token in tokens]"
JOIN = '" ".join(self.id_to_token[i] for i in ids)'
CLOSE = r"""text = re.sub(r" ([,.;:?!])", r"\1", text)"""
OPEN = r"""return re.sub(r"([¿¡]) ", r"\1", text)"""

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito decode.",
        "Has not written decode yet.",
        edits=(("text = " + JOIN, "raise NotImplementedError()"),),
    ),
    "missing_method": Wrong(
        "Llama a los métodos tokenize y detokenize.",
        "Calls the methods tokenize and detokenize.",
        edits=(("def encode(", "def tokenize("), ("def decode(", "def detokenize(")),
    ),
    "not_a_list": Wrong(
        "Devuelve un generador con paréntesis en vez de una lista.",
        "Returns a generator in parentheses instead of a list.",
        edits=((LOOK_UP, "(self.token_to_id.get(token, unknown) for token in tokens)"),),
    ),
    "not_ids": Wrong(
        "Devuelve los tokens y no sus ids.",
        "Returns the tokens and not their ids.",
        edits=((LOOK_UP, "[token if token in self.token_to_id else UNKNOWN for token in tokens]"),),
    ),
    "not_text": Wrong(
        "decode devuelve la lista de palabras.",
        "decode returns the list of words.",
        edits=((OPEN, "return [self.id_to_token[i] for i in ids]"),),
    ),
    "lowercase": Wrong(
        "Pasa el texto a minúsculas para encontrar más palabras.",
        "Turns the text into lower case to find more words.",
        edits=((", text)\n        unknown", ", text.lower())\n        unknown"),),
    ),
    "positions": Wrong(
        "Numera las palabras de vocab en vez de leer su id.",
        "Numbers the words in vocab instead of reading their id.",
        edits=(("self.token_to_id = vocab", "self.token_to_id = {token: i for i, token in enumerate(vocab)}"),),
    ),
    "ascii_only": Wrong(
        "Busca palabras con [A-Za-z]+, que corta «ratón» por la tilde.",
        "Looks for words with [A-Za-z]+, which cuts “ratón” at the accent.",
        edits=((SPLIT, 're.findall(r"[A-Za-z]+|[,.;:?!¿¡]", text)'),),
    ),
    "marks_kept": Wrong(
        "Separa los signos del inglés y olvida los que abren.",
        "Separates the English marks and forgets the opening ones.",
        edits=((SPLIT, r're.findall(r"[,.;:?!]|[^\s,.;:?!]+", text)'),),
    ),
    "marks_dropped": Wrong(
        "Se queda solo con las palabras.",
        "Keeps only the words.",
        edits=((SPLIT, r're.findall(r"\w+", text)'),),
    ),
    "mark_runs": Wrong(
        "Toma varios signos seguidos como un solo token.",
        "Takes several marks in a row as a single token.",
        edits=((SPLIT, r're.findall(r"[,.;:?!¿¡]+|[^\s,.;:?!¿¡]+", text)'),),
    ),
    "needs_space": Wrong(
        "Parte por espacios y solo mira los signos de los extremos.",
        "Splits at spaces and only looks at the marks at both ends.",
        source="""
class SimpleTokenizer:
    def __init__(self, vocab):
        self.vocab = vocab
        self.inverse = {i: token for token, i in vocab.items()}

    def encode(self, text):
        tokens = []
        for piece in text.split():
            tail = []
            while piece and piece[0] in ",.;:?!¿¡":
                tokens.append(piece[0])
                piece = piece[1:]
            while piece and piece[-1] in ",.;:?!¿¡":
                tail.insert(0, piece[-1])
                piece = piece[:-1]
            if piece:
                tokens.append(piece)
            tokens.extend(tail)
        return [self.vocab.get(token, self.vocab["<|unk|>"]) for token in tokens]

    def decode(self, ids):
        text = " ".join(self.inverse[i] for i in ids)
        for mark in ",.;:?!":
            text = text.replace(" " + mark, mark)
        return text.replace("¿ ", "¿").replace("¡ ", "¡")
""",
    ),
    "blank_tokens": Wrong(
        "Usa re.split y no descarta los espacios ni los trozos vacíos.",
        "Uses re.split and does not drop the spaces and empty pieces.",
        edits=((SPLIT, r're.split(r"([,.;:?!¿¡]|\s)", text)'),),
    ),
    "only_spaces": Wrong(
        "Escribe un espacio donde hacía falta \\s.",
        "Writes a space where \\s was needed.",
        edits=((SPLIT, r're.findall(r"[,.;:?!¿¡]|[^ ,.;:?!¿¡]+", text)'),),
    ),
    "empty_text": Wrong(
        "Mira el último carácter sin comprobar que lo haya.",
        "Looks at the last character without checking that there is one.",
        edits=(("tokens = re", 'text = text if text.strip()[-1] == "." else text + " "\n        tokens = re'),),
    ),
    "unknown_stops": Wrong(
        "Busca cada palabra con corchetes, y una desconocida da KeyError.",
        "Looks up each word with brackets, and an unknown one gives a KeyError.",
        edits=((LOOK_UP, "[self.token_to_id[token] for token in tokens]"),),
    ),
    "unknown_dropped": Wrong(
        "Se salta las palabras que no conoce.",
        "Skips the words it does not know.",
        edits=((LOOK_UP, "[self.token_to_id[token] for token in tokens if token in self.token_to_id]"),),
    ),
    "unknown_id": Wrong(
        "Da a las palabras desconocidas el id siguiente al último.",
        "Gives unknown words the id after the last one.",
        edits=(("self.token_to_id[UNKNOWN]", "len(self.token_to_id)"),),
    ),
    "no_spaces": Wrong(
        "Une las palabras sin nada entre ellas.",
        "Joins the words with nothing between them.",
        edits=((JOIN, '"".join(self.id_to_token[i] for i in ids)'),),
    ),
    "space_before_mark": Wrong(
        "Olvida quitar el espacio delante del punto y coma y los dos puntos.",
        "Forgets to remove the space before the semicolon and the colon.",
        edits=((CLOSE, r"""text = re.sub(r" ([,.?!])", r"\1", text)"""),),
    ),
    "opening_marks": Wrong(
        "No hace nada con los signos que abren.",
        "Does nothing about opening marks.",
        edits=((OPEN, "return text"),),
    ),
    "opening_glued": Wrong(
        "Quita el espacio delante de todos los signos, también de los que abren.",
        "Removes the space before every mark, the opening ones too.",
        edits=((CLOSE, r"""text = re.sub(r" ([,.;:?!¿¡])", r"\1", text)"""),),
    ),
    "no_space_after": Wrong(
        "Quita los espacios a los dos lados de cada signo.",
        "Removes the spaces on both sides of each mark.",
        edits=((CLOSE, r"""text = re.sub(r"\s*([,.;:?!])\s*", r"\1", text)"""),),
    ),
    "other_marks": Wrong(
        "Quita también el espacio delante de comillas y paréntesis.",
        "Removes the space before quotation marks and parentheses, too.",
        edits=((CLOSE, r"""text = re.sub(r" ([,.;:?!)\"'])", r"\1", text)"""),),
    ),
    "outer_spaces": Wrong(
        "Añade un espacio detrás de cada palabra, también de la última.",
        "Adds a space after each word, the last one too.",
        edits=((JOIN, '"".join(self.id_to_token[i] + " " for i in ids)'),),
    ),
    "shared": Wrong(
        "Guarda los diccionarios en la clase, y el segundo tokenizador pisa al primero.",
        "Keeps the dictionaries in the class, and the second tokenizer overwrites the first.",
        edits=(
            ("self.token_to_id = vocab", "SimpleTokenizer.token_to_id = vocab"),
            ("self.id_to_token = {", "SimpleTokenizer.id_to_token = {"),
        ),
    ),
}
