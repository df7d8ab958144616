from desdecero.authoring.catalogue import Wrong

IMPORTS = "from collections.abc import Sequence\n"

RIGHT = {
    "pairs_in_init": """
class SlidingWindowDataset(Dataset):
    def __init__(self, token_ids, context_length, stride):
        self.pairs = []
        first = 0
        while first + context_length < len(token_ids):
            piece = [int(i) for i in token_ids[first : first + context_length + 1]]
            self.pairs.append((torch.tensor(piece[:-1]), torch.tensor(piece[1:])))
            first += stride

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]
""",
    "unfold": """
class SlidingWindowDataset(Dataset):
    def __init__(self, token_ids, context_length, stride):
        ids = torch.as_tensor(token_ids).long()
        if len(ids) > context_length:
            self.windows = ids.unfold(0, context_length + 1, stride)
        else:
            self.windows = ids.new_empty(0, context_length + 1)

    def __len__(self):
        return self.windows.shape[0]

    def __getitem__(self, i):
        row = self.windows[i]
        return row[:-1], row[1:]
""",
    "arithmetic": """
class SlidingWindowDataset(torch.utils.data.Dataset):
    def __init__(self, token_ids, context_length, stride):
        super().__init__()
        self.ids = torch.LongTensor([int(i) for i in token_ids])
        self.T = context_length
        self.S = stride

    def __len__(self):
        return max(0, (self.ids.numel() - self.T - 1) // self.S + 1)

    def __getitem__(self, i):
        start = i * self.S
        chunk = self.ids[start : start + self.T + 1]
        return (chunk[:-1].clone(), chunk[1:].clone())
""",
    "tensor_dataset": """
from torch.utils.data import TensorDataset

def SlidingWindowDataset(token_ids, context_length, stride):
    ids = torch.as_tensor(token_ids, dtype=torch.int64)
    starts = [s for s in range(len(ids)) if s % stride == 0 and s + context_length < len(ids)]
    x = torch.zeros(len(starts), context_length, dtype=torch.long)
    y = torch.zeros(len(starts), context_length, dtype=torch.long)
    for row, s in enumerate(starts):
        for k in range(context_length):
            x[row, k] = ids[s + k]
            y[row, k] = ids[s + k + 1]
    return TensorDataset(x, y)
""",
    "while_loop": """
class SlidingWindowDataset(Dataset):
    def __init__(self, token_ids, context_length, stride):
        token_ids = list(token_ids)
        self.pairs = []
        start = 0
        while True:
            window = token_ids[start : start + context_length + 1]
            if len(window) < context_length + 1:
                break
            self.pairs.append([torch.tensor(part, dtype=torch.long) for part in (window[:-1], window[1:])])
            start += stride

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        return self.pairs[i]
""",
}

TENSOR = "torch.as_tensor(token_ids, dtype=torch.long)"
STARTS = "range(0, len(self.token_ids) - context_length, stride)"
LENGTH = "return len(self.starts)"
ITEM = "return self.token_ids[start:end], self.token_ids[start + 1 : end + 1]  # (T,), (T,)"

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito __getitem__.",
        "Has not written __getitem__ yet.",
        edits=(("start = self.starts[index]", "raise NotImplementedError()"),),
    ),
    "not_a_dataset": Wrong(
        "Olvida heredar de Dataset.",
        "Forgets to inherit from Dataset.",
        edits=(("class SlidingWindowDataset(Dataset)", "class SlidingWindowDataset"),),
    ),
    "no_length": Wrong(
        "No escribe __len__.",
        "Writes no __len__.",
        edits=(("def __len__(", "def length("),),
    ),
    "not_a_pair": Wrong(
        "Devuelve la entrada y el objetivo apilados en un solo tensor.",
        "Returns input and target stacked into a single tensor.",
        edits=((ITEM, "return torch.stack([self.token_ids[start:end], self.token_ids[start + 1 : end + 1]])"),),
    ),
    "not_tensors": Wrong(
        "Devuelve listas.",
        "Returns lists.",
        edits=((TENSOR, "list(token_ids)"),),
    ),
    "not_long": Wrong(
        "Usa torch.Tensor, que convierte los ids en números con decimales.",
        "Uses torch.Tensor, which turns the ids into floating point numbers.",
        edits=((TENSOR, "torch.Tensor(token_ids)"),),
    ),
    "not_shifted": Wrong(
        "Da la misma ventana dos veces.",
        "Gives the same window twice.",
        edits=((ITEM, "return self.token_ids[start:end], self.token_ids[start:end]"),),
    ),
    "swapped": Wrong(
        "Devuelve primero el objetivo.",
        "Returns the target first.",
        edits=((ITEM, "return self.token_ids[start + 1 : end + 1], self.token_ids[start:end]"),),
    ),
    "shifted_too_far": Wrong(
        "Corre el objetivo dos posiciones.",
        "Moves the target by two positions.",
        edits=(
            (ITEM, "return self.token_ids[start:end], self.token_ids[start + 2 : end + 2]"),
            (STARTS, "range(0, len(self.token_ids) - context_length - 1, stride)"),
        ),
    ),
    "shifted_back": Wrong(
        "Toma como objetivo los tokens anteriores.",
        "Takes the previous tokens as the target.",
        edits=((ITEM, "return self.token_ids[start:end], self.token_ids[start - 1 : end - 1]"),),
    ),
    "next_window": Wrong(
        "El objetivo es el trozo que sigue a la ventana.",
        "The target is the piece that follows the window.",
        edits=((ITEM, "return self.token_ids[start:end], self.token_ids[end : end + self.context_length]"),),
    ),
    "single_target": Wrong(
        "El objetivo es solo el token que sigue.",
        "The target is only the token that follows.",
        edits=((ITEM, "return self.token_ids[start:end], self.token_ids[end]"),),
    ),
    "short_windows": Wrong(
        "Toma context_length tokens y les quita el último y el primero.",
        "Takes context_length tokens and drops the last and the first.",
        edits=((ITEM, "return self.token_ids[start : end - 1], self.token_ids[start + 1 : end]"),),
    ),
    "ignores_stride": Wrong(
        "Empieza una ventana en cada token.",
        "Starts a window at every token.",
        edits=((STARTS, "range(0, len(self.token_ids) - context_length)"),),
    ),
    "stride_as_gap": Wrong(
        "Deja stride tokens libres entre dos ventanas.",
        "Leaves stride tokens free between two windows.",
        edits=((STARTS, "range(0, len(self.token_ids) - context_length, context_length + stride)"),),
    ),
    "incomplete_last": Wrong(
        "Suma uno de más, y al último objetivo le falta un token.",
        "Adds one too many, and the last target lacks a token.",
        edits=((STARTS, "range(0, len(self.token_ids) - context_length + 1, stride)"),),
    ),
    "misses_last": Wrong(
        "Redondea hacia abajo el número de ventanas.",
        "Rounds the number of windows down.",
        edits=((LENGTH, "return max(0, len(self.token_ids) - self.context_length) // self.starts.step"),),
    ),
    "wrong_length": Wrong(
        "__len__ devuelve el número de tokens.",
        "__len__ returns the number of tokens.",
        edits=((LENGTH, "return len(self.token_ids)"),),
    ),
    "too_short": Wrong(
        "Calcula len() con una cuenta que sale negativa si el texto es corto.",
        "Computes len() with a formula that turns negative for a short text.",
        edits=((LENGTH, "return (len(self.token_ids) - self.context_length - 1) // self.starts.step + 1"),),
    ),
    "ignores_index": Wrong(
        "Lleva la cuenta de por dónde va, en vez de mirar el índice.",
        "Keeps track of where it is instead of looking at the index.",
        edits=(
            (
                "start = self.starts[index]",
                "self.next = 0 if index == 0 else getattr(self, 'next', 0) + 1\n"
                "        start = self.starts[self.next % len(self.starts)]",
            ),
        ),
    ),
    "shared": Wrong(
        "Crea las listas en la clase, y cada conjunto nuevo añade a las anteriores.",
        "Creates the lists in the class, and each new dataset adds to the earlier ones.",
        source="""
class SlidingWindowDataset(Dataset):
    inputs = []
    targets = []

    def __init__(self, token_ids, context_length, stride):
        for i in range(0, len(token_ids) - context_length, stride):
            self.inputs.append(torch.tensor(token_ids[i : i + context_length]))
            self.targets.append(torch.tensor(token_ids[i + 1 : i + context_length + 1]))

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, index):
        return self.inputs[index], self.targets[index]
""",
    ),
    "parameter_names": Wrong(
        "Llama a los argumentos max_length y step.",
        "Calls the arguments max_length and step.",
        edits=(
            ("context_length: int, stride: int) -> None:", "max_length: int, step: int) -> None:"),
            ("self.context_length = context_length", "self.context_length = context_length = max_length"),
            (STARTS, STARTS.replace("stride", "step")),
        ),
    ),
    "changes_ids": Wrong(
        "Va borrando de la lista los tokens que ya ha usado.",
        "Deletes from the list the tokens it has used.",
        source="""
class SlidingWindowDataset(Dataset):
    def __init__(self, token_ids, context_length, stride):
        self.pairs = []
        while len(token_ids) > context_length:
            self.pairs.append(
                (torch.tensor(token_ids[:context_length]), torch.tensor(token_ids[1 : context_length + 1]))
            )
            del token_ids[:stride]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]
""",
    ),
}
