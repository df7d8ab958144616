from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "classes_second": """
def batch_loss(model, inputs, targets):
    scores = model(inputs)
    return F.cross_entropy(scores.transpose(1, 2), targets)
""",
    "gather": """
def batch_loss(model, inputs, targets):
    log_probs = torch.log_softmax(model(inputs), dim=-1)
    right = torch.gather(log_probs, 2, targets.unsqueeze(2))
    return -right.mean()
""",
    "module": """
def batch_loss(model, inputs, targets):
    scores = model(inputs)
    criterion = nn.CrossEntropyLoss()
    return criterion(scores.reshape(-1, scores.size(-1)), targets.reshape(-1))
""",
    "logsumexp": """
def batch_loss(model, inputs, targets):
    scores = model(inputs)
    hits = F.one_hot(targets, scores.shape[-1]).to(scores.dtype)
    return (scores.logsumexp(-1) - torch.einsum("btv,btv->bt", scores, hits)).sum() / targets.numel()
""",
    "token_by_token": """
def batch_loss(model, inputs, targets):
    scores, surprises = model(inputs), []
    for b in range(targets.shape[0]):
        for t in range(targets.shape[1]):
            surprises.append(F.nll_loss(F.log_softmax(scores[b, t], dim=0), targets[b, t]))
    return torch.stack(surprises).mean()
""",
    "in_float32": """
def batch_loss(model, inputs, targets):
    scores = model(inputs).float()  # as one does after half precision
    return F.cross_entropy(scores.movedim(-1, 1), targets)
""",
    "log_softmax_first": """
def batch_loss(model, inputs, targets):
    # log_softmax of a log_softmax changes nothing
    log_probs = F.log_softmax(model(inputs), dim=-1)
    return F.cross_entropy(log_probs.flatten(end_dim=1), targets.ravel(), reduction="sum") / targets.numel()
""",
}

CALL = "F.cross_entropy(logits.flatten(0, 1), targets.to(device).flatten())"
LOGITS = "logits.flatten(0, 1)"
TARGETS = "targets.to(device).flatten()"


def returning(expression: str) -> tuple[tuple[str, str], ...]:
    return ((CALL, expression),)


PICKED = "logits.softmax(-1).gather(-1, targets[..., None])"

WRONG = {
    "a_number": Wrong(
        "Devuelve un número de Python, con .item().",
        "Returns a Python number, with .item().",
        edits=returning(CALL + ".item()"),
    ),
    "not_scalar": Wrong(
        "Pide las pérdidas sin promediar y no hace la media.",
        "Asks for the losses as they are and takes no mean.",
        edits=returning(CALL[:-1] + ', reduction="none")'),
    ),
    "not_flattened": Wrong(
        "Llama a cross_entropy con tres dimensiones, sin aplanar.",
        "Calls cross_entropy with three dimensions, not flattened.",
        edits=returning("F.cross_entropy(logits, targets)"),
    ),
    "mixed_up": Wrong(
        "Traspone y aplana después, con lo que mezcla puntuaciones de tokens distintos.",
        "Transposes and then flattens, which mixes scores of different tokens.",
        edits=((LOGITS, "logits.transpose(1, 2).reshape(-1, logits.shape[-1])"),),
    ),
    "sum": Wrong(
        "Suma en vez de promediar.",
        "Sums instead of averaging.",
        edits=returning(CALL[:-1] + ', reduction="sum")'),
    ),
    "per_row": Wrong(
        "Divide la suma solo entre el número de filas.",
        "Divides the sum by the number of rows only.",
        edits=returning(CALL[:-1] + ', reduction="sum") / len(inputs)'),
    ),
    "other_base": Wrong(
        "Usa el logaritmo en base 2.",
        "Uses the logarithm to base 2.",
        edits=returning(f"-torch.log2({PICKED}).mean()"),
    ),
    "negative": Wrong(
        "Olvida el signo menos.",
        "Forgets the minus sign.",
        edits=returning("logits.log_softmax(-1).gather(-1, targets[..., None]).mean()"),
    ),
    "softmax_twice": Wrong(
        "Da probabilidades a cross_entropy.",
        "Gives probabilities to cross_entropy.",
        edits=((LOGITS, "logits.softmax(-1).flatten(0, 1)"),),
    ),
    "probabilities": Wrong(
        "Hace la media de las probabilidades y luego el logaritmo.",
        "Averages the probabilities and takes the logarithm afterwards.",
        edits=returning(f"-torch.log({PICKED}.mean())"),
    ),
    "perplexity": Wrong(
        "Devuelve la perplejidad.",
        "Returns the perplexity.",
        edits=returning(f"torch.exp({CALL})"),
    ),
    "shifted_again": Wrong(
        "Desplaza los objetivos otra vez.",
        "Shifts the targets once more.",
        edits=((LOGITS, "logits[:, :-1].flatten(0, 1)"), (TARGETS, "targets[:, 1:].flatten()")),
    ),
    "inputs_as_targets": Wrong(
        "Saca los objetivos de las entradas, y no tiene nada para el último token.",
        "Makes the targets of the inputs, and has none for the last token.",
        edits=((LOGITS, "logits[:, :-1].flatten(0, 1)"), (TARGETS, "inputs[:, 1:].flatten()")),
    ),
    "last_only": Wrong(
        "Solo mira el último token.",
        "Looks at the last token only.",
        edits=((LOGITS, "logits[:, -1]"), (TARGETS, "targets[:, -1]")),
    ),
    "ignores_token": Wrong(
        "No cuenta el token con el que otros rellenan.",
        "Does not count the token with which others fill up.",
        edits=returning(CALL[:-1] + ", ignore_index=50256)"),
    ),
    "overflow": Wrong(
        "Calcula softmax y después su logaritmo.",
        "Computes softmax and then its logarithm.",
        edits=returning(f"-torch.log({PICKED}).mean()"),
    ),
    "no_gradient": Wrong(
        "Calcula bajo no_grad.",
        "Computes under no_grad.",
        edits=(("logits = model(inputs.to(device))", "with torch.no_grad():\n        logits = model(inputs)"),),
    ),
    "backward_inside": Wrong(
        "Llama a backward() antes de devolver la pérdida.",
        "Calls backward() before it returns the loss.",
        edits=((f"return {CALL}", f"loss = {CALL}\n    loss.backward()\n    return loss"),),
    ),
    "changes_mode": Wrong(
        "Pone el modelo en modo eval.",
        "Puts the model into eval mode.",
        edits=(("logits = model", "model.eval()\n    logits = model"),),
    ),
    "view": Wrong(
        "Usa view con los objetivos.",
        "Uses view on the targets.",
        edits=((TARGETS, "targets.to(device).view(-1)"),),
    ),
    "not_a_tensor": Wrong(
        "Olvida el return.",
        "Forgets the return.",
        edits=((f"return {CALL}", f"loss = {CALL}"),),
    ),
}
