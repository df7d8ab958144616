from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._mode import NO_GRAD, gradient_mistakes

RIGHT = {
    "preallocated": """
def generate_greedy(model, token_ids, max_new_tokens, context_length):
    B, T = token_ids.shape
    out = torch.zeros(B, T + max_new_tokens, dtype=torch.long, device=token_ids.device)
    out[:, :T] = token_ids
    with torch.no_grad():
        for t in range(T, T + max_new_tokens):
            logits = model(out[:, max(0, t - context_length) : t])
            out[:, t] = torch.argmax(logits[:, -1, :], dim=-1)
    return out
""",
    "probabilities_first": """
def generate_greedy(model, token_ids, max_new_tokens, context_length):
    text = token_ids
    for step in range(max_new_tokens):
        with torch.no_grad():
            chances = F.log_softmax(model(text[..., -context_length:])[:, -1, :], dim=1)
        winner = chances.sort(dim=1, descending=True, stable=True).indices[:, :1]
        text = torch.column_stack((text, winner))
    return text
""",
    "recursive": """
@torch.inference_mode()
def generate_greedy(model, token_ids, max_new_tokens, context_length):
    if max_new_tokens == 0:
        return token_ids
    window = token_ids if token_ids.size(1) <= context_length else token_ids[:, token_ids.size(1) - context_length :]
    best = model(window)[:, -1].topk(1).indices
    return generate_greedy(model, torch.hstack([token_ids, best]), max_new_tokens - 1, context_length)
""",
    "row_by_row": '''
def generate_greedy(model, token_ids, max_new_tokens, context_length):
    """Every row on its own, as Python lists."""
    previous = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        rows = token_ids.tolist()
        for row in rows:
            for _ in range(max_new_tokens):
                scores = model(torch.tensor([row[-context_length:]], device=token_ids.device))[0][-1].tolist()
                row.append(scores.index(max(scores)))
        return torch.tensor(rows, dtype=torch.long, device=token_ids.device)
    finally:
        torch.set_grad_enabled(previous)
''',
    "columns": """
def generate_greedy(model: nn.Module, token_ids: Tensor, max_new_tokens: int, context_length: int) -> Tensor:
    columns = list(token_ids.clone().unbind(dim=1))
    n = 0
    while n < max_new_tokens:
        with torch.no_grad():
            scores = model(torch.stack(columns[-context_length:], dim=1))
        columns.append(scores.max(dim=2).indices[:, -1])
        n += 1
    return torch.stack(columns, dim=1)
""",
}

CROP = "token_ids[:, -context_length:]"
NEXT = "logits[:, -1].argmax(dim=-1, keepdim=True)"
LOOP = "for _ in range(max_new_tokens):"
RESULT = "    return token_ids"

WRONG = {
    "argument_names": Wrong(
        "Llama steps a max_new_tokens.",
        "Calls max_new_tokens steps.",
        edits=(("max_new_tokens: int", "steps: int"), ("range(max_new_tokens)", "range(steps)")),
    ),
    "not_long": Wrong(
        "Reserva el resultado con torch.zeros, que es de números con decimales.",
        "Allocates the result with torch.zeros, whose numbers are floating-point.",
        edits=((RESULT, "    return torch.zeros(token_ids.shape) + token_ids"),),
    ),
    "only_new": Wrong(
        "Devuelve los tokens nuevos sin el prompt.",
        "Returns the new tokens without the prompt.",
        edits=((LOOP, "length = token_ids.shape[1]\n    " + LOOP), (RESULT, "    return token_ids[:, length:]")),
    ),
    "lost_prompt": Wrong(
        "Recorta el propio texto, y pierde su principio.",
        "Crops the text itself, and loses its beginning.",
        edits=(("logits = model(" + CROP + ")", "token_ids = " + CROP + "\n            logits = model(token_ids)"),),
    ),
    "wrong_count": Wrong(
        "Cuenta un token de más.",
        "Counts one token too many.",
        edits=(("range(max_new_tokens)", "range(max_new_tokens + 1)"),),
    ),
    "changed_prompt": Wrong(
        "Pone los tokens nuevos delante del prompt.",
        "Puts the new tokens before the prompt.",
        edits=(("[token_ids, next_id]", "[next_id, token_ids]"),),
    ),
    "too_long": Wrong(
        "Da al modelo el texto entero, aunque no quepa.",
        "Gives the model the whole text, even when it does not fit.",
        edits=((CROP, "token_ids"),),
    ),
    "first_tokens": Wrong(
        "Olvida el signo menos y recorta por el otro lado.",
        "Forgets the minus sign and crops at the other end.",
        edits=((CROP, "token_ids[:, :context_length]"),),
    ),
    "short_context": Wrong(
        "Da al modelo solo el último token.",
        "Gives the model the last token only.",
        edits=((CROP, "token_ids[:, -1:]"),),
    ),
    "wrong_step": Wrong(
        "Mira los logits de la primera posición.",
        "Looks at the logits of the first position.",
        edits=((NEXT, "logits[:, 0].argmax(dim=-1, keepdim=True)"),),
    ),
    "least_likely": Wrong(
        "Usa argmin.",
        "Uses argmin.",
        edits=((NEXT, "logits[:, -1].argmin(dim=-1, keepdim=True)"),),
    ),
    "sampled": Wrong(
        "Sortea el token según las probabilidades.",
        "Draws the token according to the probabilities.",
        edits=((NEXT, "torch.multinomial(logits[:, -1].softmax(dim=-1), 1)"),),
    ),
    "mixed_rows": Wrong(
        "Olvida dim en argmax, que mezcla las filas.",
        "Forgets dim in argmax, which mixes the rows.",
        edits=((NEXT, "logits[:, -1].argmax().expand(len(token_ids), 1)"),),
    ),
    "same_token": Wrong(
        "Llama al modelo una sola vez, fuera del bucle.",
        "Calls the model only once, outside the loop.",
        source="""
@torch.no_grad()
def generate_greedy(model, token_ids, max_new_tokens, context_length):
    logits = model(token_ids[:, -context_length:])
    next_id = logits[:, -1].argmax(dim=-1, keepdim=True)
    for _ in range(max_new_tokens):
        token_ids = torch.cat([token_ids, next_id], dim=1)
    return token_ids
""",
    ),
    "stops_early": Wrong(
        "Se detiene en el token de fin de texto.",
        "Stops at the end-of-text token.",
        edits=(
            (
                "        token_ids = torch.cat",
                "        if (next_id == 50_256).all():\n            break\n        token_ids = torch.cat",
            ),
        ),
    ),
    **gradient_mistakes((NO_GRAD, "if True:"), (LOOP, "torch.set_grad_enabled(False)\n    " + LOOP)),
    "gradients_left_on": Wrong(
        "Los desactiva al empezar y los activa al acabar, sin mirar cómo estaban.",
        "Turns them off at the start and on at the end, without looking how they were.",
        edits=(
            (LOOP, "torch.set_grad_enabled(False)\n    " + LOOP),
            (RESULT, "    torch.set_grad_enabled(True)\n" + RESULT),
        ),
    ),
    "changes_mode": Wrong(
        "Pone el modelo en modo eval, aunque al acabar lo deja como estaba.",
        "Puts the model into eval mode, though at the end back as it was.",
        edits=(
            (LOOP, "modes = {part: part.training for part in model.modules()}\n    model.eval()\n    " + LOOP),
            (RESULT, "    for part, mode in modes.items():\n        part.training = mode\n" + RESULT),
        ),
    ),
    "not_a_tensor": Wrong(
        "Devuelve una lista.",
        "Returns a list.",
        edits=((RESULT, "    return token_ids.tolist()"),),
    ),
    "raises": Wrong(
        "Olvida keepdim, y no puede unir un vector a una matriz.",
        "Forgets keepdim, and can't join a vector to a matrix.",
        edits=((", keepdim=True)", ")"),),
    ),
}
