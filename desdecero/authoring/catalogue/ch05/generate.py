from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._mode import NO_GRAD, gradient_mistakes

IMPORTS = "from desdecero.sampling import sample_next\n"

RIGHT = {
    "preallocated": """
@torch.no_grad()
def generate(model, token_ids, max_new_tokens, context_length,
             temperature=0.0, top_k=None, eos_id=None, generator=None):
    B, T = token_ids.shape
    text = torch.empty(B, T + max_new_tokens, dtype=torch.long, device=token_ids.device)
    text[:, :T] = token_ids
    open_rows = torch.ones(B, dtype=torch.bool)
    for t in range(T, T + max_new_tokens):
        scores = model(text[:, max(0, t - context_length) : t])[:, -1, :]
        chosen = sample_next(scores, temperature, top_k, generator).squeeze(1)
        if eos_id is not None:
            chosen = torch.where(open_rows, chosen, torch.full_like(chosen, eos_id))
            open_rows = open_rows & (chosen != eos_id)
        text[:, t] = chosen
        if not open_rows.any():
            return text[:, : t + 1]
    return text
""",
    "looks_at_what_is_new": """
def generate(model, token_ids, max_new_tokens, context_length,
             temperature=0.0, top_k=None, eos_id=None, generator=None):
    prompt = token_ids.shape[1]
    with torch.inference_mode():
        while token_ids.shape[1] - prompt < max_new_tokens:
            new = token_ids[:, prompt:]
            if eos_id is not None and new.numel() and bool((new == eos_id).any(dim=1).all()):
                break
            logits = model(token_ids[:, -context_length:])
            token = sample_next(logits[:, -1], temperature=temperature, top_k=top_k, generator=generator)
            if eos_id is not None:
                token[(new == eos_id).any(dim=1)] = eos_id
            token_ids = torch.hstack((token_ids, token))
    return token_ids
""",
    "lists": """
def generate(model, token_ids, max_new_tokens, context_length,
             temperature=0.0, top_k=None, eos_id=None, generator=None):
    rows, done = token_ids.tolist(), [False] * len(token_ids)
    for _ in range(max_new_tokens):
        if all(done):
            break
        with torch.no_grad():
            out = model(torch.tensor([row[-context_length:] for row in rows]))
        picks = sample_next(out[:, -1], temperature, top_k, generator).flatten().tolist()
        for i, pick in enumerate(picks):
            rows[i].append(eos_id if done[i] else pick)
            done[i] = done[i] or pick == eos_id
    return torch.tensor(rows, dtype=torch.long)
""",
    "cut_afterwards": """
@torch.no_grad()
def generate(model, token_ids, max_new_tokens, context_length,
             temperature=0.0, top_k=None, eos_id=None, generator=None):
    columns = list(token_ids.unbind(1))
    T = len(columns)
    for _ in range(max_new_tokens):
        logits = model(torch.stack(columns[-context_length:], 1))
        columns.append(sample_next(logits[:, -1], temperature, top_k, generator)[:, 0])
    text = torch.stack(columns, 1)
    if eos_id is None or max_new_tokens == 0:
        return text
    # the model may have gone on after the end: write over it, then cut
    seen = (text[:, T:] == eos_id).cumsum(1)
    text[:, T:][seen > 0] = eos_id
    ended = (seen > 0).all(0)
    return text[:, : T + 1 + int(ended.int().argmax())] if ended.any() else text
""",
    "live_rows_only": """
def generate(model, token_ids, max_new_tokens, context_length,
             temperature=0.0, top_k=None, eos_id=None, generator=None):
    alive = torch.arange(len(token_ids))
    for _ in range(max_new_tokens):
        if len(alive) == 0:
            break
        with torch.no_grad():
            scores = model(token_ids[alive, -context_length:])[:, -1]
        column = torch.full((len(token_ids), 1), 0 if eos_id is None else eos_id)
        column[alive] = sample_next(scores, temperature, top_k, generator)
        token_ids = torch.cat((token_ids, column), 1)
        if eos_id is not None:
            alive = alive[column[alive, 0] != eos_id]
    return token_ids
""",
}

CROP = "token_ids[:, -context_length:]"
LAST = "[:, -1]  # (B, T) -> (B, T, V) -> (B, V)"
ENDED = "ended = torch.zeros(len(token_ids), 1, dtype=torch.bool, device=token_ids.device)"
FILL = "            next_id = next_id.masked_fill(ended, eos_id)\n"
BREAK = "        if bool(ended.all()):\n            break\n"
APPEND = "        token_ids = torch.cat([token_ids, next_id], dim=1)  # (B, T) -> (B, T + 1)\n"
MARK = "ended |= next_id == eos_id"
SAMPLE = "sample_next(logits, temperature, top_k, generator)"
LOOP = "for _ in range(max_new_tokens):"
RESULT = "    return token_ids"

WRONG = {
    "not_long": Wrong(
        "Convierte el texto en números con decimales.",
        "Turns the text into floating-point numbers.",
        edits=((RESULT, "    return token_ids.float()"),),
    ),
    "only_new": Wrong(
        "Devuelve los tokens nuevos sin el prompt.",
        "Returns the new tokens without the prompt.",
        edits=((ENDED, "length = token_ids.shape[1]\n    " + ENDED), (RESULT, "    return token_ids[:, length:]")),
    ),
    "changed_prompt": Wrong(
        "Pone los tokens nuevos delante.",
        "Puts the new tokens in front.",
        edits=(("[token_ids, next_id]", "[next_id, token_ids]"),),
    ),
    "wrong_count": Wrong(
        "Cuenta un token de más.",
        "Counts one token too many.",
        edits=(("range(max_new_tokens)", "range(max_new_tokens + 1)"),),
    ),
    "too_long": Wrong(
        "Da al modelo el texto entero, aunque no quepa.",
        "Gives the model the whole text, even when it does not fit.",
        edits=((CROP, "token_ids"),),
    ),
    "first_tokens": Wrong(
        "Recorta por el otro lado.",
        "Crops at the other end.",
        edits=((CROP, "token_ids[:, :context_length]"),),
    ),
    "short_context": Wrong(
        "Da al modelo solo el último token.",
        "Gives the model the last token only.",
        edits=((CROP, "token_ids[:, -1:]"),),
    ),
    "wrong_step": Wrong(
        "Hace la media de los logits de todos los pasos.",
        "Averages the logits of all steps.",
        edits=((LAST, ".mean(dim=1)"),),
    ),
    "same_token": Wrong(
        "Llama al modelo una sola vez.",
        "Calls the model only once.",
        source="""
@torch.no_grad()
def generate(model, token_ids, max_new_tokens, context_length,
             temperature=0.0, top_k=None, eos_id=None, generator=None):
    next_id = sample_next(model(token_ids[:, -context_length:])[:, -1], temperature, top_k, generator)
    return torch.cat([token_ids] + [next_id] * max_new_tokens, dim=1)
""",
    ),
    "stops_early": Wrong(
        "Sin eos_id se para en el fin de texto de GPT-2.",
        "Without eos_id it stops at GPT-2's end of text.",
        edits=((ENDED, "eos_id = 50256 if eos_id is None else eos_id\n    " + ENDED),),
    ),
    "random_at_zero": Wrong(
        "Toma la temperatura 0 por 1.",
        "Takes the temperature 0 for 1.",
        edits=((SAMPLE, "sample_next(logits, temperature or 1.0, top_k, generator)"),),
    ),
    "ignores_eos": Wrong(
        "No mira eos_id.",
        "Does not look at eos_id.",
        edits=(("if eos_id is not None:", "if False:"),),
    ),
    "eos_zero": Wrong(
        "Toma el 0 por falso.",
        "Takes 0 for false.",
        edits=(("if eos_id is not None:", "if eos_id:"),),
    ),
    "drops_eos": Wrong(
        "Sale del bucle antes de añadir el eos.",
        "Leaves the loop before it appends the eos.",
        edits=((APPEND, ""), (BREAK, BREAK + APPEND)),
    ),
    "does_not_stop": Wrong(
        "Rellena con eos hasta el final.",
        "Fills with eos to the very end.",
        edits=((BREAK, ""),),
    ),
    "stops_too_late": Wrong(
        "Comprueba al empezar la vuelta si el token anterior acabó, y añade otro antes de salir.",
        "Sees at the next turn that all have ended, and appends another token before it leaves.",
        edits=(
            (BREAK, ""),
            (SAMPLE, SAMPLE + "\n        stop = bool(ended.all())"),
            (APPEND, APPEND + "        if stop:\n            break\n"),
        ),
    ),
    "ended_together": Wrong(
        "Se detiene solo si todas las filas dan eos en el mismo paso.",
        "Stops only if all rows give eos in the same step.",
        edits=((FILL, ""), (MARK, "ended = next_id == eos_id")),
    ),
    "not_filled": Wrong(
        "Deja escribir a las filas acabadas.",
        "Lets rows that have ended go on writing.",
        edits=((FILL, ""),),
    ),
    "wrong_filler": Wrong(
        "Rellena con ceros.",
        "Fills with zeros.",
        edits=(("masked_fill(ended, eos_id)", "masked_fill(ended, 0)"),),
    ),
    "first_row_stops": Wrong(
        "Se detiene cuando acaba la primera fila.",
        "Stops when the first row ends.",
        edits=(("bool(ended.all())", "bool(ended.any())"),),
    ),
    "eos_in_prompt": Wrong(
        "Da por acabada una fila cuyo prompt contiene eos.",
        "Takes a row for ended whose prompt holds eos.",
        edits=(
            (
                ENDED,
                "ended = (token_ids == eos_id).any(dim=1, keepdim=True) if eos_id is not None else torch.zeros(1) > 0",
            ),
        ),
    ),
    "ignores_temperature": Wrong(
        "No pasa la temperatura.",
        "Does not pass the temperature on.",
        edits=((SAMPLE, "sample_next(logits, float(temperature > 0), top_k, generator)"),),
    ),
    "ignores_top_k": Wrong(
        "No pasa top_k.",
        "Does not pass top_k on.",
        edits=((SAMPLE, "sample_next(logits, temperature if top_k != 1 else 0, None, generator)"),),
    ),
    "own_top_k": Wrong(
        "Si no le dan top_k, pone 50.",
        "Where it is given no top_k, it puts 50.",
        edits=((SAMPLE, "sample_next(logits, temperature, top_k or 50, generator)"),),
    ),
    "wrong_frequencies": Wrong(
        "Invierte la temperatura, que sample_next ya usa para dividir.",
        "Inverts the temperature, by which sample_next divides already.",
        edits=((SAMPLE, "sample_next(logits, 1 / temperature if temperature else 0.0, top_k, generator)"),),
    ),
    "ignores_generator": Wrong(
        "No pasa el generador.",
        "Does not pass the generator on.",
        edits=((SAMPLE, "sample_next(logits, temperature, top_k)"),),
    ),
    "reseeds": Wrong(
        "Crea un generador nuevo en cada paso.",
        "Creates a new generator at every step.",
        edits=((SAMPLE, "sample_next(logits, temperature, top_k, torch.Generator().manual_seed(0))"),),
    ),
    **gradient_mistakes((NO_GRAD, "if True:"), (LOOP, "torch.set_grad_enabled(False)\n    " + LOOP)),
    "changes_mode": Wrong(
        "Pone el modelo en modo eval.",
        "Puts the model into eval mode.",
        edits=((ENDED, "model.eval()\n    " + ENDED),),
    ),
    "not_a_tensor": Wrong(
        "Devuelve una lista.",
        "Returns a list.",
        edits=((RESULT, "    return token_ids.tolist()"),),
    ),
    "shape": Wrong(
        "Devuelve solo la primera fila.",
        "Returns the first row only.",
        edits=((RESULT, "    return token_ids[0]"),),
    ),
}
