from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._mode import MODE_MISTAKES, NO_GRAD, gradient_mistakes

IMPORTS = """
from itertools import islice
from desdecero.training import Batches, batch_loss
"""

RIGHT = {
    "counting": """
def evaluate(model, loader, max_batches=None):
    mode = model.training
    model.eval()
    total, seen = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            if max_batches is not None and seen >= max_batches:
                break
            total += batch_loss(model, x, y).item()
            seen += 1
    if mode:
        model.train()
    return total / seen if seen else float("nan")
""",
    "by_length": """
def evaluate(model, loader, max_batches=None):
    n = len(loader) if max_batches is None else min(max_batches, len(loader))
    if n == 0:
        return float("nan")
    before = model.training
    model.train(False)
    with torch.inference_mode():
        total = sum(float(batch_loss(model, *pair)) for _, pair in zip(range(n), loader))
    model.train(before)
    return total / n
""",
    "mean_of_tensor": """
@torch.no_grad()
def evaluate(model, loader, max_batches=None):
    modes = {part: part.training for part in model.modules()}
    model.eval()
    losses = torch.stack([F.cross_entropy(model(x).transpose(1, 2), y) for x, y in loader] or [torch.tensor(math.nan)])
    for part, mode in modes.items():
        part.training = mode
    return losses[:max_batches].mean().item()
""",
    "running_mean": """
def evaluate(model, loader, max_batches=None):
    was_training = model.training
    previous = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    model.eval()
    mean, i = math.nan, 0
    iterator = iter(loader)
    try:
        while max_batches is None or i < max_batches:
            x, y = next(iterator)
            loss = batch_loss(model, x, y).item()
            mean = loss if i == 0 else mean + (loss - mean) / (i + 1)
            i += 1
    except StopIteration:
        pass
    torch.set_grad_enabled(previous)
    model.train(was_training)
    return mean
""",
}

RESULT = "sum(losses) / len(losses) if losses else math.nan"
LOOP = "[batch_loss(model, *batch).item() for batch in islice(loader, max_batches)]"

WRONG = {
    "not_a_float": Wrong(
        "Olvida .item() y devuelve un tensor.",
        "Forgets .item() and returns a tensor.",
        edits=((".item() for", " for"),),
    ),
    "weighted": Wrong(
        "Pesa cada lote por su número de tokens.",
        "Weighs each batch by its number of tokens.",
        edits=(
            (LOOP, LOOP.replace(".item()", ".item() * batch[0].numel()")),
            (RESULT, "sum(losses) / sum(x.numel() for x, _ in islice(loader, max_batches)) if losses else math.nan"),
        ),
    ),
    "sum": Wrong(
        "Olvida dividir.",
        "Forgets to divide.",
        edits=((RESULT, "sum(losses) if losses else math.nan"),),
    ),
    "one_batch": Wrong(
        "Se queda con la última pérdida.",
        "Keeps the last loss.",
        edits=((RESULT, "losses[-1] if losses else math.nan"),),
    ),
    "perplexity": Wrong(
        "Devuelve la perplejidad.",
        "Returns the perplexity.",
        edits=((RESULT, "math.exp(sum(losses) / len(losses)) if losses else math.nan"),),
    ),
    **MODE_MISTAKES,
    **gradient_mistakes((NO_GRAD, "torch.set_grad_enabled(False)\n        if True:")),
    "ignores_max_batches": Wrong(
        "No mira max_batches.",
        "Does not look at max_batches.",
        edits=(("islice(loader, max_batches)", "loader"),),
    ),
    "one_too_many": Wrong(
        "Compara después de sumar, y usa un lote de más.",
        "Compares after adding, and uses one batch too many.",
        edits=(("islice(loader, max_batches)", "islice(loader, None if max_batches is None else max_batches + 1)"),),
    ),
    "one_too_few": Wrong(
        "Cuenta desde 1 y se detiene un lote antes.",
        "Counts from 1 and stops one batch early.",
        source="""
def evaluate(model, loader, max_batches=None):
    was_training = model.training
    model.eval()
    losses = []
    with torch.no_grad():
        for i, (x, y) in enumerate(loader, start=1):
            if i == max_batches and i > 1:
                break
            losses.append(batch_loss(model, x, y).item())
    model.train(was_training)
    return sum(losses) / len(losses) if losses else math.nan
""",
    ),
    "wrong_divisor": Wrong(
        "Divide siempre entre el número de lotes del cargador.",
        "Always divides by the number of batches in the loader.",
        edits=((RESULT, "sum(losses) / len(loader) if losses else math.nan"),),
    ),
    "zero_batches": Wrong(
        "Toma max_batches=0 por None y los usa todos.",
        "Takes max_batches=0 for None and uses all of them.",
        edits=(("islice(loader, max_batches)", "islice(loader, max_batches or None)"),),
    ),
    "empty_loader": Wrong(
        "Divide entre cero si no hay lotes.",
        "Divides by zero if there are no batches.",
        edits=((RESULT, "sum(losses) / len(losses)"),),
    ),
    "raises": Wrong(
        "Trata el cargador como una lista.",
        "Treats the loader as a list.",
        edits=(("islice(loader, max_batches)", "loader[:max_batches]"),),
    ),
}
