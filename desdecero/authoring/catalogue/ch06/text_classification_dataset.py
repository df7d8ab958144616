from desdecero.authoring.catalogue import Wrong

IMPORTS = "from collections.abc import Iterable\n\nimport tiktoken\n\nfrom desdecero.classify import pad_right\n"

RIGHT = {
    "full_matrix": """
class TextClassificationDataset(Dataset):
    def __init__(self, texts, labels, tokenizer, max_length=None, pad_id=None):
        rows = tokenizer.encode_batch(list(texts))
        if max_length is None:
            max_length = max(len(row) for row in rows)
        if pad_id is None:
            pad_id = tokenizer.eot_token
        self.x = torch.full((len(rows), max_length), pad_id, dtype=torch.long)
        for i, row in enumerate(rows):
            row = row[:max_length]
            self.x[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        self.y = torch.tensor(list(labels), dtype=torch.long)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]
""",
    "padded_when_asked": '''
class TextClassificationDataset(torch.utils.data.Dataset):
    """Keeps plain lists and pads an item when it is asked for."""

    def __init__(self, texts, labels, tokenizer, max_length=None, pad_id="<|endoftext|>"):
        self.texts = [tokenizer.encode(t) for t in texts]
        self.labels = [int(label) for label in labels]
        self.pad = tokenizer.encode_single_token(pad_id) if isinstance(pad_id, str) else pad_id
        self.size = max_length
        if self.size is None:
            self.size = len(max(self.texts, key=len))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        ids = list(self.texts[index])
        while len(ids) < self.size:
            ids.append(self.pad)
        return [torch.tensor(ids[: self.size]), torch.tensor(self.labels[index])]
''',
    "pad_sequence": """
from torch.nn.utils.rnn import pad_sequence

class TextClassificationDataset(Dataset):
    def __init__(self, texts, labels, tokenizer, max_length=None, pad_id=None):
        pad = tokenizer.encode("<|endoftext|>", allowed_special="all")[0] if pad_id is None else pad_id
        rows = [torch.LongTensor(tokenizer.encode_ordinary(text)) for text in texts]
        table = pad_sequence(rows, batch_first=True, padding_value=pad)
        if max_length is not None:
            extra = max(0, max_length - table.shape[1])
            table = F.pad(table, (0, extra), value=pad)[:, :max_length]
        self.examples = list(zip(table, torch.as_tensor([int(label) for label in labels])))

    def __len__(self):
        return len(self.examples)

    def __getitem__(self, index):
        return self.examples[index]
""",
    "tensor_dataset": """
from torch.utils.data import TensorDataset

def TextClassificationDataset(texts, labels, tokenizer, max_length=None, pad_id=None):
    pad_id = pad_id if pad_id is not None else tokenizer.eot_token
    encoded = list(map(tokenizer.encode, texts))
    length = max_length if max_length is not None else max(len(ids) for ids in encoded)
    rows = [(ids + [pad_id] * length)[:length] for ids in encoded]
    return TensorDataset(torch.tensor(rows), torch.tensor([label for label in labels]))
""",
    "stack": """
class TextClassificationDataset(Dataset):
    def __init__(self, texts, labels, tokenizer, max_length=None, pad_id=None):
        super().__init__()
        self.data = list(zip([tokenizer.encode(text) for text in texts], labels))
        self.max_length = max_length or max(len(ids) for ids, _ in self.data)
        self.pad_id = {None: tokenizer.eot_token}.get(pad_id, pad_id)

    def __len__(self):
        return len(self.data)

    def __getitem__(self, k):
        ids, label = self.data[k]
        row = torch.tensor(ids[: self.max_length], dtype=torch.int64)
        filler = row.new_full((self.max_length - row.numel(),), self.pad_id)
        return torch.cat((row, filler)), torch.tensor(label).long()
""",
}

ENCODED = "encoded = [tokenizer.encode(text) for text in texts]"
LENGTH = "max(map(len, encoded)) if max_length is None else max_length"
PAD = "tokenizer.eot_token if pad_id is None else pad_id"
ROW = "pad_right(ids, self.max_length, pad_id)"
IDS = "torch.tensor([pad_right(ids, self.max_length, pad_id) for ids in encoded])"
LABELS = "torch.tensor(list(labels))"
ITEM = "return self.ids[index], self.labels[index]"

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito __getitem__.",
        "Has not written __getitem__ yet.",
        edits=((ITEM, "raise NotImplementedError()"),),
    ),
    "not_a_dataset": Wrong(
        "Olvida heredar de Dataset.",
        "Forgets to inherit from Dataset.",
        edits=(("class TextClassificationDataset(Dataset)", "class TextClassificationDataset"),),
    ),
    "no_length": Wrong(
        "No escribe __len__.",
        "Writes no __len__.",
        edits=(("def __len__(", "def length("),),
    ),
    "wrong_length": Wrong(
        "__len__ devuelve la longitud de las filas.",
        "__len__ returns the length of the rows.",
        edits=(("return len(self.labels)", "return self.ids.shape[1]"),),
    ),
    "not_a_pair": Wrong(
        "Olvida devolver la etiqueta.",
        "Forgets to return the label.",
        edits=((ITEM, "return self.ids[index]"),),
    ),
    "swapped": Wrong(
        "Devuelve primero la etiqueta.",
        "Returns the label first.",
        edits=((ITEM, "return self.labels[index], self.ids[index]"),),
    ),
    "not_tensors": Wrong(
        "Devuelve una lista y un número.",
        "Returns a list and a number.",
        edits=((ITEM, "return self.ids[index].tolist(), self.labels[index].item()"),),
    ),
    "not_long": Wrong(
        "Usa torch.Tensor, que convierte los ids en números con decimales.",
        "Uses torch.Tensor, which turns the ids into floating point numbers.",
        edits=((IDS, IDS.replace("torch.tensor", "torch.Tensor")),),
    ),
    "label_not_long": Wrong(
        "Da la etiqueta con decimales, como para una regresión.",
        "Gives the label as a floating point number, as for a regression.",
        edits=((LABELS, "torch.tensor(list(labels), dtype=torch.float32)"),),
    ),
    "label_shape": Wrong(
        "Mete la etiqueta en una lista.",
        "Puts the label into a list.",
        edits=((LABELS, "torch.tensor([[label] for label in labels])"),),
    ),
    "left_padded": Wrong(
        "Rellena por la izquierda.",
        "Pads on the left.",
        edits=((ROW, "[pad_id] * (self.max_length - len(ids)) + ids[: self.max_length]"),),
    ),
    "not_padded": Wrong(
        "No rellena.",
        "Does not pad.",
        edits=((IDS, "[torch.tensor(ids[: self.max_length], dtype=torch.long) for ids in encoded]"),),
    ),
    "longest_plus_one": Wrong(
        "Añade un token de fin a cada texto.",
        "Adds an end token to each text.",
        edits=((ENCODED, "encoded = [[*tokenizer.encode(text), tokenizer.eot_token] for text in texts]"),),
    ),
    "characters": Wrong(
        "Toma la longitud del texto más largo en caracteres.",
        "Takes the length of the longest text in characters.",
        edits=((LENGTH, "max(map(len, texts)) if max_length is None else max_length"),),
    ),
    "to_context": Wrong(
        "Rellena hasta el contexto de GPT-2.",
        "Pads up to GPT-2's context.",
        edits=((LENGTH, "1_024 if max_length is None else max_length"),),
    ),
    "zero_pad": Wrong(
        "Rellena con ceros si no se dice otra cosa.",
        "Pads with zeros unless told otherwise.",
        edits=((PAD, "0 if pad_id is None else pad_id"),),
    ),
    "fixed_pad": Wrong(
        "Escribe el id que tiene el fin de texto en GPT-2.",
        "Writes down the id that the end of text has in GPT-2.",
        edits=((PAD, "50_256 if pad_id is None else pad_id"),),
    ),
    "max_length_ignored": Wrong(
        "No usa max_length.",
        "Does not use max_length.",
        edits=((LENGTH, "max(map(len, encoded))"),),
    ),
    "not_truncated": Wrong(
        "Rellena los cortos, pero no corta los largos.",
        "Pads the short ones, but does not cut the long ones.",
        edits=(
            (
                IDS,
                "[torch.tensor(ids + [pad_id] * (self.max_length - len(ids)), dtype=torch.long) for ids in encoded]",
            ),
        ),
    ),
    "cut_left": Wrong(
        "Se queda con el final de los textos largos.",
        "Keeps the end of long texts.",
        edits=((ROW, "pad_right(ids[-self.max_length :], self.max_length, pad_id)"),),
    ),
    "dropped": Wrong(
        "Quita los textos que no caben.",
        "Leaves out the texts that do not fit.",
        edits=(
            ("for ids in encoded]", "for ids in encoded if len(ids) <= self.max_length]"),
            (LABELS, "torch.tensor([y for ids, y in zip(encoded, labels) if len(ids) <= self.max_length])"),
        ),
    ),
    "shrinks": Wrong(
        "No pasa del texto más largo, aunque max_length sea mayor.",
        "Does not go beyond the longest text, even if max_length is larger.",
        edits=((LENGTH, "min(max_length or 10**6, max(map(len, encoded)))"),),
    ),
    "pad_ignored": Wrong(
        "Rellena siempre con el fin de texto.",
        "Always pads with the end of text.",
        edits=((PAD, "tokenizer.eot_token"),),
    ),
    "zero_taken_for_none": Wrong(
        "Escribe pad_id or …, y el 0 se pierde.",
        "Writes pad_id or …, and the 0 gets lost.",
        edits=((PAD, "pad_id or tokenizer.eot_token"),),
    ),
    "row_length": Wrong(
        "Toma la longitud media.",
        "Takes the mean length.",
        edits=((LENGTH, "sum(map(len, encoded)) // len(encoded) if max_length is None else max_length"),),
    ),
    "wrong_pad": Wrong(
        "Rellena con un id que el tokenizador no tiene.",
        "Pads with an id that the tokenizer does not have.",
        edits=((PAD, "tokenizer.n_vocab if pad_id is None else pad_id"),),
    ),
    "changes_text": Wrong(
        "Quita los espacios de los extremos antes de codificar.",
        "Strips each text before encoding it.",
        edits=((ENCODED, "encoded = [tokenizer.encode(text.strip()) for text in texts]"),),
    ),
    "other_tokenizer": Wrong(
        "Carga el tokenizador por su cuenta.",
        "Loads the tokenizer by itself.",
        edits=(
            (
                ENCODED,
                "from desdecero.text import load_tokenizer\n\n"
                "        encoded = [load_tokenizer().encode(text) for text in texts]",
            ),
        ),
    ),
    "order": Wrong(
        "Ordena los textos por longitud y deja las etiquetas como estaban.",
        "Sorts the texts by length and leaves the labels as they were.",
        edits=((ENCODED, "encoded = sorted([tokenizer.encode(text) for text in texts], key=len)"),),
    ),
    "series": Wrong(
        "Pide las etiquetas por su número, y la columna las busca en su índice.",
        "Asks for labels by number, and the column looks them up in its index.",
        edits=((LABELS, "torch.tensor([labels[i] for i in range(len(encoded))])"),),
    ),
    "iterators": Wrong(
        "Recorre los textos dos veces: para medirlos y para guardarlos.",
        "Loops over the texts twice: to measure them, and to keep them.",
        edits=(
            (
                ENCODED,
                "length = max(len(tokenizer.encode(text)) for text in texts)\n"
                "        encoded = [tokenizer.encode(text) for text in texts]",
            ),
            (LENGTH, "length if max_length is None else max_length"),
        ),
    ),
    "changes_lists": Wrong(
        "Vacía la lista de etiquetas al convertirlas.",
        "Empties the list of labels while converting them.",
        edits=((LABELS, "torch.tensor([list(labels), isinstance(labels, list) and labels.clear()][0])"),),
    ),
    "shared": Wrong(
        "Crea las listas en la clase, y cada conjunto nuevo añade a las anteriores.",
        "Creates the lists in the class, and each new data set adds to the earlier ones.",
        source="""
class TextClassificationDataset(Dataset):
    rows = []
    labels = []

    def __init__(self, texts, labels, tokenizer, max_length=None, pad_id=None):
        encoded = [tokenizer.encode(text) for text in texts]
        length = max(map(len, encoded)) if max_length is None else max_length
        pad_id = tokenizer.eot_token if pad_id is None else pad_id
        for ids, label in zip(encoded, labels):
            self.rows.append(torch.tensor(pad_right(ids, length, pad_id)))
            self.labels.append(torch.tensor(label))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.rows[index], self.labels[index]
""",
    ),
    "ignores_index": Wrong(
        "Lleva la cuenta de por dónde va, en vez de mirar el índice.",
        "Keeps track of where it is instead of looking at the index.",
        edits=(
            (
                ITEM,
                "self.next = 0 if index == 0 else getattr(self, 'next', 0) + 1\n"
                "        return self.ids[self.next % len(self.ids)], self.labels[self.next % len(self.ids)]",
            ),
        ),
    ),
    "raises": Wrong(
        "Junta filas de distinta longitud en un tensor.",
        "Joins rows of different lengths in one tensor.",
        edits=((IDS, "torch.tensor(encoded)"),),
    ),
}
