from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch07._common import IMPORTS

__all__ = ["IMPORTS", "RIGHT", "WRONG"]

RIGHT = {
    "lists": """
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    longest = max(len(ids) for ids in batch)
    inputs, targets = [], []
    for ids in batch:
        missing = longest - len(ids)
        inputs.append((ids + [pad_id] * missing)[:max_length])
        targets.append((ids[1:] + [pad_id] + [ignore_index] * missing)[:max_length])
    return torch.tensor(inputs), torch.tensor(targets)
""",
    "pad_sequence": """
from torch.nn.utils.rnn import pad_sequence

def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    rows = [torch.tensor([*ids, pad_id]) for ids in batch]
    inputs = pad_sequence(rows, batch_first=True, padding_value=pad_id)[:, :-1]
    targets = pad_sequence(rows, batch_first=True, padding_value=ignore_index)[:, 1:]
    if max_length is not None:
        inputs, targets = inputs[:, :max_length], targets[:, :max_length]
    return inputs, targets
""",
    "mask_by_length": """
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    lengths = torch.tensor([len(ids) for ids in batch])
    width = int(lengths.max()) + 1
    rows = torch.stack([F.pad(torch.LongTensor(ids), (0, width - len(ids)), value=pad_id) for ids in batch])
    later = torch.arange(width) > lengths[:, None]
    targets = torch.where(later, ignore_index, rows)
    end = width - 1 if max_length is None else min(width - 1, max_length)
    return rows[:, :end], targets[:, 1 : end + 1]
""",
    "loops_in_place": """
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    batch = [list(ids) for ids in batch]
    longest = 0
    for ids in batch:
        longest = max(longest, len(ids))
    inputs = torch.zeros(len(batch), longest, dtype=torch.int64)
    targets = torch.zeros(len(batch), longest, dtype=torch.int64)
    for i in range(len(batch)):
        ids = batch[i]
        ids += [pad_id]
        end = len(ids) - 1
        while len(ids) < longest + 1:
            ids.append(pad_id)
        for t in range(longest):
            inputs[i, t] = ids[t]
            targets[i, t] = ids[t + 1] if t + 1 <= end else ignore_index
    if max_length:
        inputs = inputs[:, :max_length]
        targets = targets[:, :max_length]
    return [inputs, targets]
""",
    "pads_counted": """
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    width = 1 + max(map(len, batch))
    rows = torch.tensor([list(ids) + [pad_id] * (width - len(ids)) for ids in batch])
    inputs, targets = rows[:, :-1].clone(), rows[:, 1:].clone()
    for target, ids in zip(targets, batch):
        target[len(ids):] = ignore_index
    return inputs[:, :max_length], targets[:, :max_length]
""",
}

FILLED = "row[: len(ids)] = target[: len(ids)] = torch.tensor(ids, dtype=torch.long)"
END = "target[len(ids)] = pad_id"
RESULT = "return rows[:, :-1][:, :max_length], wanted[:, 1:][:, :max_length]  # (B, T + 1) -> (B, T)"
LONGEST = "longest = max(map(len, batch)) + 1"

WRONG = {
    "not_implemented": Wrong(
        "Aún no está escrito.",
        "Not written yet.",
        edits=((LONGEST, "raise NotImplementedError()"),),
    ),
    "not_a_pair": Wrong(
        "Devuelve solo inputs.",
        "Returns inputs only.",
        edits=((RESULT, "return rows[:, :-1][:, :max_length]"),),
    ),
    "not_tensors": Wrong(
        "Devuelve listas de filas en vez de tensores.",
        "Returns lists of rows instead of tensors.",
        edits=((RESULT, "return list(rows[:, :-1][:, :max_length]), list(wanted[:, 1:][:, :max_length])"),),
    ),
    "not_long": Wrong(
        "Crea los tensores con torch.ones, que son de float32.",
        "Makes the tensors with torch.ones, which are float32.",
        edits=(("torch.full((len(batch), longest), pad_id)", "torch.ones(len(batch), longest) * pad_id"),),
    ),
    "changes_batch": Wrong(
        "Añade pad_id a las listas del lote con +=.",
        "Adds pad_id to the batch's own lists with +=.",
        source="""
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    longest = max(len(ids) + 1 for ids in batch)
    inputs, targets = [], []
    for ids in batch:
        ids += [pad_id]
        row = ids + [pad_id] * (longest - len(ids))
        target = ids + [ignore_index] * (longest - len(ids))
        inputs.append(row[:-1][:max_length])
        targets.append(target[1:][:max_length])
    return torch.tensor(inputs), torch.tensor(targets)
""",
    ),
    "swapped": Wrong(
        "Corta el último token de targets y el primero de inputs.",
        "Cuts the last token off targets and the first off inputs.",
        edits=((RESULT, "return rows[:, 1:][:, :max_length], wanted[:, :-1][:, :max_length]"),),
    ),
    "not_shifted": Wrong(
        "Da los mismos tokens a los dos.",
        "Gives both the same tokens.",
        edits=(("wanted[:, 1:]", "wanted[:, :-1]"),),
    ),
    "inputs_whole": Wrong(
        "No quita el último token de inputs.",
        "Does not take the last token off inputs.",
        edits=(("rows[:, :-1][:, :max_length]", "rows[:, :max_length]"),),
    ),
    "left_padding": Wrong(
        "Pone el relleno delante.",
        "Puts the padding in front.",
        edits=(
            (FILLED, "row[-len(ids) - 1 : -1] = target[-len(ids) - 1 : -1] = torch.tensor(ids)"),
            (END, "target[-1] = pad_id"),
        ),
    ),
    "no_end_pad": Wrong(
        "Rellena hasta la más larga y no añade ninguno más.",
        "Fills up to the longest and adds no other.",
        edits=((LONGEST, "longest = max(map(len, batch))"), (END, "target[len(ids) : len(ids) + 1] = pad_id")),
    ),
    "two_pads": Wrong(
        "Suma uno a la longitud y luego otra vez.",
        "Adds one to the length, and then again.",
        edits=((LONGEST, "longest = max(len(ids) + 1 for ids in batch) + 1"),),
    ),
    "first_pad_ignored": Wrong(
        "Ignora también el primer pad_id.",
        "Ignores the first pad_id, too.",
        edits=((END, "target[len(ids)] = ignore_index"),),
    ),
    "pads_kept": Wrong(
        "Deja todo el relleno en targets.",
        "Leaves all of the padding in targets.",
        edits=((END, "target[len(ids) :] = pad_id"),),
    ),
    "by_value": Wrong(
        "Busca las posiciones que valen pad_id y deja solo la primera.",
        "Looks for the places that equal pad_id and leaves only the first.",
        source="""
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    width = max(map(len, batch)) + 1
    rows = torch.tensor([ids + [pad_id] * (width - len(ids)) for ids in batch])
    inputs, targets = rows[:, :-1], rows[:, 1:].clone()
    seen = (targets == pad_id).cumsum(dim=1)
    targets[(targets == pad_id) & (seen > 1)] = ignore_index
    return inputs[:, :max_length], targets[:, :max_length]
""",
    ),
    "ignored_inputs": Wrong(
        "Saca inputs y targets del mismo tensor y escribe en uno, con lo que cambian los dos.",
        "Takes inputs and targets from the same tensor and writes to one, so that both change.",
        source="""
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None):
    width = max(map(len, batch)) + 1
    rows = torch.tensor([ids + [pad_id] * (width - len(ids)) for ids in batch])
    inputs, targets = rows[:, :-1], rows[:, 1:]
    for target, ids in zip(targets, batch):
        target[len(ids):] = ignore_index
    return inputs[:, :max_length], targets[:, :max_length]
""",
    ),
    "fixed_ignore_index": Wrong(
        "Escribe -100 a mano.",
        "Writes -100 by hand.",
        edits=(("longest), ignore_index)", "longest), -100)"),),
    ),
    "fixed_pad": Wrong(
        "Rellena con ceros.",
        "Pads with zeros.",
        edits=(("longest), pad_id)", "longest), 0)"), (END, "target[len(ids)] = 0")),
    ),
    "not_cut": Wrong(
        "Corta inputs y se olvida de targets.",
        "Cuts inputs and forgets targets.",
        edits=(("wanted[:, 1:][:, :max_length]", "wanted[:, 1:]"),),
    ),
    "cut_first": Wrong(
        "Corta los textos antes de añadirles el pad_id.",
        "Cuts the texts before adding their pad_id.",
        edits=((LONGEST, "batch = [ids[:max_length] for ids in batch]\n    " + LONGEST),),
    ),
    "cut_off_by_one": Wrong(
        "Deja un token de más, como en las filas completas.",
        "Leaves a token too many, as in the full rows.",
        edits=(
            (
                RESULT,
                "end = max_length + 1 if max_length else None\n    return rows[:, :-1][:, :end], wanted[:, 1:][:, :end]",
            ),
        ),
    ),
    "pads_to_max": Wrong(
        "Rellena siempre hasta max_length.",
        "Always pads up to max_length.",
        edits=((LONGEST, "longest = max(max(map(len, batch)), max_length or 0) + 1"),),
    ),
}
