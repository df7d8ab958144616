from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "gumbel": """
def sample_next(logits, temperature=0.0, top_k=None, generator=None):
    if top_k is not None:
        k = min(top_k, logits.size(-1))
        floor = torch.sort(logits, dim=-1, descending=True)[0][:, k - 1 : k]
        logits = torch.where(logits >= floor, logits, torch.full_like(logits, -math.inf))
    if temperature > 0:
        noise = torch.rand(logits.shape, generator=generator).clamp_min(1e-20)
        logits = logits / temperature - torch.log(-torch.log(noise))
    return torch.argmax(logits, dim=1).unsqueeze(1)
""",
    "cumulative": """
def sample_next(logits, temperature=0.0, top_k=None, generator=None):
    if not temperature:
        return logits.topk(1, dim=-1).indices
    probs = F.softmax(logits / temperature, dim=-1)
    if top_k:
        ranks = (probs.unsqueeze(1) > probs.unsqueeze(2)).sum(dim=2)
        probs = probs * (ranks < top_k)
    edges = probs.cumsum(dim=-1)
    dart = torch.rand(len(logits), 1, generator=generator) * edges[:, -1:]
    return torch.searchsorted(edges, dart, right=True).clamp(max=logits.shape[-1] - 1)
""",
    "row_by_row": """
def sample_next(logits, temperature=0.0, top_k=None, generator=None):
    chosen = []
    for row in logits:
        if temperature == 0:
            chosen.append(int(row.argmax()))
            continue
        weights = (row / temperature - (row / temperature).max()).exp()
        if top_k is not None and top_k < len(row):
            weights[row < row.topk(top_k)[0][-1]] = 0
        chosen.append(torch.multinomial(weights, 1, generator=generator).item())
    return torch.tensor(chosen).view(-1, 1)
""",
    "without_renormalising": """
def sample_next(logits, temperature=0.0, top_k=None, generator=None):
    if temperature == 0.0:
        return logits.max(dim=-1, keepdim=True).indices
    scaled = logits.div(temperature)
    probs = scaled.softmax(dim=-1)
    if top_k is not None:
        kth = scaled.kthvalue(max(1, scaled.shape[-1] - top_k + 1), dim=-1, keepdim=True).values
        probs = probs.masked_fill(scaled < kth, 0.0)
    return torch.multinomial(probs, 1, generator=generator)
""",
    "exponential_race": """
def sample_next(logits, temperature=0.0, top_k=None, generator=None):
    if temperature == 0:
        return logits.argmax(dim=-1)[:, None]
    if top_k is not None:
        kth = logits.topk(min(top_k, logits.shape[-1])).values.min(dim=-1, keepdim=True).values
        logits = logits.clone()
        logits[logits < kth] = float("-inf")
    times = torch.empty_like(logits).exponential_(generator=generator)
    return ((logits / temperature).softmax(-1) / times).argmax(dim=-1, keepdim=True)
""",
}

GREEDY = "    if temperature == 0:\n        return logits.argmax(dim=-1, keepdim=True)\n"
KEEP = 'logits = logits.masked_fill(logits < kth, float("-inf"))'
KTH = "kth = logits.topk(top_k).values[:, -1:]"
SOFTMAX = "torch.softmax(logits / temperature, dim=-1)"
DRAW = "torch.multinomial(probabilities, num_samples=1, generator=generator)"

WRONG = {
    "not_a_column": Wrong(
        "Olvida keepdim.",
        "Forgets keepdim.",
        edits=(("logits.argmax(dim=-1, keepdim=True)", "logits.argmax(dim=-1)"),),
    ),
    "not_long": Wrong(
        "Devuelve la puntuación más alta, no su id.",
        "Returns the highest score, not its id.",
        edits=(("logits.argmax(dim=-1, keepdim=True)", "logits.amax(dim=-1, keepdim=True)"),),
    ),
    "divides_by_zero": Wrong(
        "Olvida que no se puede dividir entre 0.",
        "Forgets that one can't divide by 0.",
        edits=((GREEDY, ""),),
    ),
    "random_at_zero": Wrong(
        "Con temperatura 0 sortea como con 1.",
        "Draws at temperature 0 as it would at 1.",
        edits=((GREEDY, "    temperature = temperature or 1.0\n"),),
    ),
    "least_likely": Wrong(
        "Usa argmin.",
        "Uses argmin.",
        edits=(("logits.argmax(", "logits.argmin("),),
    ),
    "mixed_rows": Wrong(
        "Olvida dim en argmax.",
        "Forgets dim in argmax.",
        edits=(("logits.argmax(dim=-1, keepdim=True)", "logits.argmax().expand(len(logits), 1)"),),
    ),
    "greedy_always": Wrong(
        "Toma siempre el más probable.",
        "Always takes the likeliest.",
        edits=((DRAW, "probabilities.argmax(dim=-1, keepdim=True)"),),
    ),
    "one_draw": Wrong(
        "Sortea con la primera fila y repite el resultado.",
        "Draws from the first row and repeats the result.",
        edits=((DRAW, DRAW.replace("probabilities", "probabilities[:1]") + ".expand(len(logits), 1)"),),
    ),
    "ignores_temperature": Wrong(
        "Divide las probabilidades, y multinomial las vuelve a normalizar.",
        "Divides the probabilities, and multinomial normalises them again.",
        edits=((SOFTMAX, "torch.softmax(logits, dim=-1) / temperature"),),
    ),
    "multiplies": Wrong(
        "Multiplica por la temperatura.",
        "Multiplies by the temperature.",
        edits=((SOFTMAX, "torch.softmax(logits * temperature, dim=-1)"),),
    ),
    "softmax_twice": Wrong(
        "Aplica softmax antes y después de dividir.",
        "Applies softmax before and after dividing.",
        edits=((SOFTMAX, "torch.softmax(logits.softmax(dim=-1) / temperature, dim=-1)"),),
    ),
    "uniform": Wrong(
        "Sortea por igual.",
        "Draws all alike.",
        edits=((SOFTMAX, "torch.isfinite(logits).float()"),),
    ),
    "overflow": Wrong(
        "Calcula la exponencial de los logits tal cual.",
        "Takes the exponential of the logits as they are.",
        edits=((SOFTMAX, "torch.exp(logits / temperature)"),),
    ),
    "ignores_top_k": Wrong(
        "Calcula los k mejores y no los usa.",
        "Computes the k best and does not use them.",
        edits=((KEEP, "kth = kth"),),
    ),
    "zeroed": Wrong(
        "Pone a 0 los logits descartados.",
        "Sets the discarded logits to 0.",
        edits=((KEEP, "logits = logits.masked_fill(logits < kth, 0.0)"),),
    ),
    "drops_ties": Wrong(
        "Se queda con los índices que da topk, que son k justos.",
        "Keeps the indices that topk gives, which are exactly k.",
        edits=(
            (KEEP, "logits = torch.full_like(logits, -torch.inf).scatter(-1, best.indices, best.values)"),
            (KTH, "best = logits.topk(top_k)"),
        ),
    ),
    "drops_kth": Wrong(
        "Descarta también los iguales al k-ésimo.",
        "Discards those equal to the k-th, too.",
        edits=(("logits < kth", "logits <= kth"),),
    ),
    "one_too_many": Wrong(
        "Toma como umbral el siguiente al k-ésimo.",
        "Takes the one after the k-th for a threshold.",
        edits=(("logits.topk(top_k)", "logits.topk(top_k + 1)"),),
    ),
    "position_not_id": Wrong(
        "Sortea entre los k valores y devuelve su posición.",
        "Draws among the k values and returns their place.",
        edits=((KEEP, "logits = logits.topk(top_k).values"),),
    ),
    "k_too_large": Wrong(
        "No prevé que top_k sea mayor que el vocabulario.",
        "Does not expect top_k to be larger than the vocabulary.",
        edits=((" and top_k < logits.shape[-1]", ""),),
    ),
    "wrong_frequencies": Wrong(
        "Divide entre el cuadrado de la temperatura.",
        "Divides by the square of the temperature.",
        edits=((SOFTMAX, "torch.softmax(logits / temperature**2, dim=-1)"),),
    ),
    "ignores_generator": Wrong(
        "No pasa el generador.",
        "Does not pass the generator on.",
        edits=((", generator=generator)", ")"),),
    ),
    "reseeds": Wrong(
        "Fija la semilla en cada llamada.",
        "Sets the seed in every call.",
        edits=((DRAW, DRAW.replace("=generator", "=torch.Generator().manual_seed(0)")),),
    ),
    "changes_input": Wrong(
        "Divide los logits en su sitio.",
        "Divides the logits in place.",
        edits=((SOFTMAX, "torch.softmax(logits.div_(temperature), dim=-1)"),),
    ),
    "not_a_tensor": Wrong(
        "Devuelve una lista.",
        "Returns a list.",
        edits=(("logits.argmax(dim=-1, keepdim=True)", "logits.argmax(dim=-1, keepdim=True).tolist()"),),
    ),
}
