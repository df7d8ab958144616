from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._mode import MODE_MISTAKES, NO_GRAD, gradient_mistakes

IMPORTS = "from collections.abc import Iterable\nfrom itertools import islice\nimport numpy as np\n"

RIGHT = {
    "list_of_verdicts": """
def classification_accuracy(model, loader, max_batches=None):
    mode = model.training
    model.eval()
    verdicts = []
    with torch.inference_mode():
        for number, (x, y) in enumerate(loader):
            if max_batches is not None and number >= max_batches:
                break
            verdicts += (model(x)[:, -1, :].argmax(dim=1) == y).tolist()
    model.train(mode)
    return sum(verdicts) / len(verdicts) if verdicts else float("nan")
""",
    "all_at_once": '''
@torch.no_grad()
def classification_accuracy(model: nn.Module, loader, max_batches: int | None = None) -> float:
    """Collects what the model says, then compares everything together."""
    before = [(part, part.training) for part in model.modules()]
    model.eval()
    said, wanted = [], []
    for x, y in loader:
        if len(said) == max_batches:
            break
        said.append(model(x).select(1, -1).softmax(-1).max(-1).indices)
        wanted.append(y)
    for part, was in before:
        part.training = was
    if not said:
        return math.nan
    return (torch.cat(said) == torch.cat(wanted)).double().mean().item()
''',
    "weighted_batches": """
def classification_accuracy(model, loader, max_batches=None):
    if len(loader) == 0:
        return float("nan")
    limit = len(loader) if max_batches is None else min(max_batches, len(loader))
    was_training = model.training
    model.train(False)
    score, n = 0.0, 0
    batches = iter(loader)
    for _ in range(limit):
        x, y = next(batches)
        with torch.no_grad():
            winners = torch.topk(model(x)[:, -1], 1).indices.flatten()
        score += len(y) * torch.eq(winners, y).float().mean().item()
        n += len(y)
    if was_training:
        model.train()
    return score / n
""",
    "numpy": """
def classification_accuracy(model, loader, max_batches=None):
    was = model.training
    model.eval()
    hits = np.zeros(0, dtype=bool)
    try:
        for x, y in islice(loader, max_batches):
            with torch.no_grad():
                logits = model(x).numpy()
            hits = np.append(hits, logits[:, -1].argmax(axis=1) == y.numpy())
    finally:
        model.train(was)
    return float(hits.mean()) if hits.size else math.nan
""",
    "one_by_one": """
def classification_accuracy(model, loader, max_batches=None):
    was, grad = model.training, torch.is_grad_enabled()
    model.eval()
    torch.set_grad_enabled(False)
    right, total = 0, 0
    for i, (x, y) in enumerate(loader, start=1):
        if max_batches and i > max_batches:
            break
        for row, label in zip(x, y):
            scores = model(row.unsqueeze(0))[0, -1].tolist()
            right += scores.index(max(scores)) == label
            total += 1
    torch.set_grad_enabled(grad)
    model.train(was)
    return float("nan") if total == 0 else float(right / total)
""",
}

LAST = "model(ids.to(device))[:, -1].argmax(dim=-1)"
COUNTED = "right += int((chosen == labels.to(device)).sum())"
SEEN = "total += len(labels)"
SHARE = "right / total"
RESULT = "return right / total if total else math.nan"

WRONG = {
    "not_a_float": Wrong(
        "Devuelve un tensor sin dimensiones.",
        "Returns a tensor without dimensions.",
        edits=((RESULT, "return torch.tensor(right / total if total else math.nan)"),),
    ),
    "wrong_position": Wrong(
        "Mira la primera posición.",
        "Looks at the first position.",
        edits=((LAST, LAST.replace("-1]", "0]")),),
    ),
    "all_positions": Wrong(
        "Compara en todas las posiciones.",
        "Compares at all positions.",
        edits=(
            (LAST, LAST.replace("[:, -1]", "")),
            ("labels.to(device)", "labels.to(device)[:, None]"),
            (SEEN, "total += chosen.numel()"),
        ),
    ),
    "pooled": Wrong(
        "Promedia los logits de las posiciones.",
        "Averages the logits over positions.",
        edits=((LAST, LAST.replace("[:, -1]", ".mean(dim=1)")),),
    ),
    "wrong_dimension": Wrong(
        "Busca el máximo a lo largo del lote.",
        "Looks for the maximum along the batch.",
        edits=((LAST, LAST.replace("dim=-1", "dim=0")),),
    ),
    "broadcast": Wrong(
        "Deja keepdim=True, y se compara cada ejemplo con todas las etiquetas.",
        "Leaves keepdim=True, and each example is compared with all labels.",
        edits=((LAST, LAST.replace("dim=-1", "dim=-1, keepdim=True")),),
    ),
    "least_likely": Wrong(
        "Usa argmin.",
        "Uses argmin.",
        edits=((LAST, LAST.replace("argmax", "argmin")),),
    ),
    "percent": Wrong(
        "Multiplica por 100.",
        "Multiplies by 100.",
        edits=((SHARE, "100 * right / total"),),
    ),
    "count": Wrong(
        "Olvida dividir.",
        "Forgets to divide.",
        edits=((SHARE, "float(right)"),),
    ),
    "inverted": Wrong(
        "Cuenta los que no coinciden.",
        "Counts those that differ.",
        edits=(("chosen == labels", "chosen != labels"),),
    ),
    "probability": Wrong(
        "Suma las probabilidades de la clase correcta.",
        "Adds up the probabilities of the right class.",
        edits=(
            (COUNTED, "right += float(chosen[range(len(labels)), labels].sum())"),
            (LAST, LAST.replace("argmax", "softmax")),
        ),
    ),
    "rounded": Wrong(
        "Redondea a dos decimales.",
        "Rounds to two decimals.",
        edits=((SHARE, "round(right / total, 2)"),),
    ),
    "mean_of_batches": Wrong(
        "Promedia la exactitud de cada lote.",
        "Averages the accuracy of each batch.",
        edits=((COUNTED, COUNTED.replace(".sum())", ".sum()) / len(labels)")), (SEEN, "total += 1")),
    ),
    "one_batch": Wrong(
        "Pone el return dentro del bucle.",
        "Puts the return inside the loop.",
        edits=((SEEN, SEEN + "\n                return right / total"),),
    ),
    "divides_by_batches": Wrong(
        "Cuenta los lotes en lugar de los ejemplos.",
        "Counts the batches instead of the examples.",
        edits=((SEEN, "total += 1"),),
    ),
    "max_batches_ignored": Wrong(
        "No usa max_batches.",
        "Does not use max_batches.",
        edits=(("islice(loader, max_batches)", "loader"),),
    ),
    "one_batch_more": Wrong(
        "Compara el número del lote con max_batches y se pasa por uno.",
        "Compares the number of the batch with max_batches and is one off.",
        edits=(("islice(loader, max_batches)", "islice(loader, max_batches and max_batches + 1)"),),
    ),
    "one_batch_less": Wrong(
        "Sale del bucle un lote antes.",
        "Leaves the loop one batch early.",
        edits=(("islice(loader, max_batches)", "islice(loader, max_batches and max_batches - 1)"),),
    ),
    "whole_loader": Wrong(
        "Divide siempre entre todo el conjunto de datos.",
        "Always divides by the whole data set.",
        edits=((SHARE, "right / len(loader.dataset)"),),
    ),
    "reads_all": Wrong(
        "Lo calcula todo y se queda después con los primeros lotes.",
        "Computes everything and keeps the first batches afterwards.",
        source="""
def classification_accuracy(model, loader, max_batches=None):
    was_training = model.training
    model.eval()
    verdicts = []
    with torch.no_grad():
        for ids, labels in loader:
            verdicts.append((model(ids)[:, -1].argmax(dim=-1) == labels).tolist())
    model.train(was_training)
    counted = sum(verdicts[:max_batches], [])
    return sum(counted) / len(counted) if counted else math.nan
""",
    ),
    "asks_too_much": Wrong(
        "Da por hecho que el modelo tiene pos_emb.",
        "Takes it for granted that the model has a pos_emb.",
        edits=(("next(model.parameters()).device", "model.pos_emb.weight.device"),),
    ),
    **MODE_MISTAKES,
    **gradient_mistakes((NO_GRAD, "torch.set_grad_enabled(False)\n        if True:")),
    "empty_loader": Wrong(
        "Divide entre cero si no hay ejemplos.",
        "Divides by zero when there are no examples.",
        edits=((RESULT, "return right / total"),),
    ),
}
