from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch07._common import IMPORTS

__all__ = ["IMPORTS", "RIGHT", "WRONG"]

RIGHT = {
    "row_by_row": """
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    for row, p in zip(masked, prompt_lengths):
        row[: p - 1] = ignore_index
    return masked
""",
    "where": """
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    lengths = torch.as_tensor(prompt_lengths).unsqueeze(1)
    hidden = torch.arange(1, targets.size(1) + 1).unsqueeze(0) < lengths
    return torch.where(hidden, torch.full_like(targets, ignore_index), targets)
""",
    "lists": """
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    rows = []
    for i, row in enumerate(targets.tolist()):
        n = min(int(prompt_lengths[i]) - 1, len(row))
        rows.append([ignore_index] * n + row[n:])
    return torch.tensor(rows, dtype=targets.dtype)
""",
    "number_by_number": """
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    B, T = targets.shape
    out = torch.empty_like(targets)
    for b in range(B):
        for t in range(T):
            out[b, t] = ignore_index if t + 1 < prompt_lengths[b] else targets[b, t]
    return out
""",
    "multiplied": """
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    keep = torch.ones_like(targets)
    for i in range(len(targets)):
        keep[i, : int(prompt_lengths[i]) - 1] = 0
    return targets * keep + ignore_index * (1 - keep)
""",
}

POSITIONS = "positions < lengths - 1"
RESULT = "return targets.masked_fill(positions < lengths - 1, ignore_index)  # (B, T)"
LENGTHS = "torch.as_tensor(prompt_lengths, device=targets.device)[:, None]"

WRONG = {
    "not_implemented": Wrong(
        "Aún no está escrito.",
        "Not written yet.",
        edits=((RESULT, "raise NotImplementedError()"),),
    ),
    "one_too_many": Wrong(
        "Oculta p posiciones, como si targets no fuera un token por delante.",
        "Hides p positions, as if targets were not one token ahead.",
        edits=((POSITIONS, "positions < lengths"),),
    ),
    "one_too_few": Wrong(
        "Resta uno dos veces.",
        "Subtracts one twice.",
        edits=((POSITIONS, "positions < lengths - 2"),),
    ),
    "first_row_only": Wrong(
        "Devuelve la copia dentro del bucle.",
        "Returns the copy from within the loop.",
        source="""
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    for i, p in enumerate(prompt_lengths):
        masked[i, : p - 1] = ignore_index
        return masked
""",
    ),
    "same_length": Wrong(
        "Usa el prompt más largo para todas las filas.",
        "Uses the longest prompt for all rows.",
        source="""
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    masked[:, : max(prompt_lengths) - 1] = ignore_index
    return masked
""",
    ),
    "inverted": Wrong(
        "Oculta la respuesta.",
        "Hides the response.",
        edits=((POSITIONS, "positions >= lengths - 1"),),
    ),
    "not_from_start": Wrong(
        "Empieza en la posición 1, como si los objetivos llevaran delante el primer token.",
        "Begins at position 1, as if the targets still had the first token in front.",
        edits=((POSITIONS, "(positions > 0) & (positions < lengths)"),),
    ),
    "all_hidden": Wrong(
        "Tacha cada fila de principio a fin.",
        "Hides each row from its start to its end.",
        edits=((POSITIONS, "positions < positions[-1] + lengths"),),
    ),
    "one_position": Wrong(
        "Escribe en un índice en vez de en un tramo.",
        "Writes to an index instead of a stretch.",
        source="""
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    for i, p in enumerate(prompt_lengths):
        masked[i, p - 1] = ignore_index
    return masked
""",
    ),
    "unchanged": Wrong(
        "Cambia una copia de cada fila y devuelve targets.",
        "Changes a copy of each row and returns targets.",
        edits=((RESULT, "targets.masked_fill(positions < lengths - 1, ignore_index)\n    return targets"),),
    ),
    "not_ignored": Wrong(
        "Multiplica por la máscara y deja ceros.",
        "Multiplies by the mask and leaves zeros.",
        edits=((RESULT, "return targets * (positions >= lengths - 1)"),),
    ),
    "fixed_ignore_index": Wrong(
        "Escribe -100 a mano.",
        "Writes -100 by hand.",
        edits=(("1, ignore_index)  #", "1, -100)  #"),),
    ),
    "cut": Wrong(
        "Quita las columnas del prompt más corto.",
        "Removes the columns of the shortest prompt.",
        edits=((RESULT, "return targets[:, int(lengths.min()) - 1 :]"),),
    ),
    "not_long": Wrong(
        "Mezcla enteros y decimales.",
        "Mixes integers and floats.",
        edits=((RESULT, "return torch.where(positions < lengths - 1, float(ignore_index), targets)"),),
    ),
    "long_prompt": Wrong(
        "Recorre las posiciones del prompt sin mirar si la fila llega.",
        "Goes through the prompt's positions without looking whether the row reaches so far.",
        source="""
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    for i, p in enumerate(prompt_lengths):
        for t in range(p - 1):
            masked[i, t] = ignore_index
    return masked
""",
    ),
    "long_prompt_kept": Wrong(
        "Se salta las filas en las que el prompt no cabe.",
        "Skips the rows that the prompt does not fit into.",
        source="""
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    for row, p in zip(masked, prompt_lengths):
        if p <= len(row):
            row[: p - 1] = ignore_index
    return masked
""",
    ),
    "not_contiguous": Wrong(
        "Aplana el tensor con view.",
        "Flattens the tensor with view.",
        edits=(
            (
                RESULT,
                "return targets.view(-1).masked_fill((positions < lengths - 1).view(-1), ignore_index).view(targets.shape)",
            ),
        ),
    ),
    "changes_lengths": Wrong(
        "Resta uno en la lista que recibe.",
        "Subtracts one within the list it is given.",
        source="""
def mask_prompt(targets, prompt_lengths, ignore_index=-100):
    masked = targets.clone()
    if isinstance(prompt_lengths, Tensor):
        prompt_lengths = prompt_lengths.tolist()
    for i in range(len(targets)):
        prompt_lengths[i] -= 1
        masked[i, : prompt_lengths[i]] = ignore_index
    return masked
""",
    ),
    "needs_tensor": Wrong(
        "Indexa prompt_lengths como si fuera un tensor.",
        "Indexes prompt_lengths as if it were a tensor.",
        edits=((LENGTHS, "prompt_lengths[:, None]"),),
    ),
    "needs_list": Wrong(
        "Une listas con +, que con un tensor es otra cosa.",
        "Joins lists with +, which means another thing for a tensor.",
        edits=((LENGTHS, "torch.tensor(prompt_lengths + [])[:, None]"),),
    ),
    "changes_input": Wrong(
        "Escribe en targets.",
        "Writes to targets.",
        edits=(("targets.masked_fill(", "targets.masked_fill_("),),
    ),
    "not_a_tensor": Wrong(
        "Olvida el return.",
        "Forgets to return the result.",
        edits=((RESULT, "targets = targets.masked_fill(positions < lengths - 1, ignore_index)"),),
    ),
}
