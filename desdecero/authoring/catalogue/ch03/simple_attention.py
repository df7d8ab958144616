from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "einsum": """
def simple_attention(x):
    scores = torch.einsum("...id,...jd->...ij", x, x)
    weights = F.softmax(scores, dim=-1)
    context = torch.einsum("...ij,...jd->...id", weights, x)
    return context, weights
""",
    "loops": """
def simple_attention(x):
    if x.dim() == 3:
        pairs = [simple_attention(sequence) for sequence in x]
        return torch.stack([c for c, _ in pairs]), torch.stack([w for _, w in pairs])
    rows, mixtures = [], []
    for asking in x:
        likeness = torch.stack([(asking * looked_at).sum() for looked_at in x])
        row = likeness.softmax(dim=0)
        mixture = sum(share * looked_at for share, looked_at in zip(row, x))
        rows.append(row)
        mixtures.append(mixture)
    return torch.stack(mixtures), torch.stack(rows)
""",
    "softmax_by_hand": """
def simple_attention(x):
    scores = torch.matmul(x, x.mT)
    exps = torch.exp(scores - scores.max(dim=-1, keepdim=True).values)
    weights = exps / exps.sum(dim=-1, keepdim=True)
    return [torch.matmul(weights, x), weights]
""",
    "bmm": """
def simple_attention(x):
    batch = x if x.ndim == 3 else x.unsqueeze(0)
    w = torch.bmm(batch, batch.permute(0, 2, 1)).softmax(2)
    c = torch.bmm(w, batch)
    if x.ndim == 2:
        c, w = c[0], w[0]
    return c, w
""",
    "broadcasting": """
def simple_attention(x):
    scores = (x.unsqueeze(-2) * x.unsqueeze(-3)).sum(-1)
    weights = torch.nn.Softmax(dim=-1)(scores)
    context = (weights.unsqueeze(-1) * x.unsqueeze(-3)).sum(-2)
    return context, weights
""",
    "log_softmax": """
def simple_attention(x):
    weights = torch.log_softmax(x @ x.swapaxes(-1, -2), dim=-1).exp()
    return weights.matmul(x), weights
""",
}

SCORES = "scores = x @ x.transpose(-2, -1)"
SOFTMAX = "weights = torch.softmax(scores, dim=-1)"
RETURN = "return weights @ x, weights"

WRONG = {
    "not_a_pair": Wrong(
        "Devuelve solo el contexto.", "Returns only the context.", edits=((RETURN, "return weights @ x"),)
    ),
    "swapped_pair": Wrong(
        "Devuelve los pesos primero.", "Returns the weights first.", edits=((RETURN, "return weights, weights @ x"),)
    ),
    "not_a_tensor": Wrong("Olvida el return.", "Forgets the return.", edits=((RETURN, "context = weights @ x"),)),
    "one_query": Wrong(
        "Calcula solo el contexto del segundo token.",
        "Computes only the second token's context.",
        source="""
def simple_attention(x):
    query = x[1] if x.dim() == 2 else x[:, 1]
    weights = torch.softmax(x @ query, dim=0)
    return weights @ x, weights
""",
    ),
    "scaled": Wrong(
        "Divide entre la raíz de d, como en el ejercicio siguiente.",
        "Divides by the root of d, as in the next exercise.",
        edits=((SCORES, SCORES + " / x.shape[-1] ** 0.5"),),
    ),
    "softmax_dim": Wrong("Aplica softmax por columnas.", "Applies softmax by columns.", edits=(("dim=-1", "dim=0"),)),
    "no_softmax": Wrong(
        "Usa los productos escalares como pesos.",
        "Uses the dot products as weights.",
        edits=((SOFTMAX, "weights = scores"),),
    ),
    "divides_by_sum": Wrong(
        "Divide entre la suma de la fila, sin exponencial.",
        "Divides by the row's sum, without exponential.",
        edits=((SOFTMAX, "weights = scores / scores.sum(dim=-1, keepdim=True)"),),
    ),
    "returns_scores": Wrong(
        "Devuelve las puntuaciones en lugar de los pesos.",
        "Returns the scores instead of the weights.",
        edits=((RETURN, "return weights @ x, scores"),),
    ),
    "transposed": Wrong(
        "Traspone los pesos al promediar.",
        "Transposes the weights when averaging.",
        edits=((RETURN, "return weights.transpose(-2, -1) @ x, weights"),),
    ),
    "cosine": Wrong(
        "Normaliza los vectores antes de compararlos.",
        "Normalises the vectors before comparing them.",
        edits=((SCORES, "unit = F.normalize(x, dim=-1)\n    scores = unit @ unit.transpose(-2, -1)"),),
    ),
    "masked": Wrong(
        "Se adelanta y tapa el futuro.",
        "Gets ahead and hides the future.",
        edits=((SCORES, SCORES + "\n    scores = scores + torch.full_like(scores, -1e9).triu(1)"),),
    ),
    "self_excluded": Wrong(
        "Impide que un token se mire a sí mismo.",
        "Keeps a token from looking at itself.",
        edits=((SCORES, SCORES + "\n    scores = scores - 1e9 * torch.eye(x.shape[-2], dtype=x.dtype)"),),
    ),
    "only_2d": Wrong(
        "Usa x.T, que solo vale para matrices.",
        "Uses x.T, which only suits matrices.",
        edits=(("x.transpose(-2, -1)", "x.T"),),
    ),
    "overflow": Wrong(
        "Escribe softmax sin restar el máximo.",
        "Writes softmax without subtracting the maximum.",
        edits=((SOFTMAX, "weights = scores.exp() / scores.exp().sum(-1, keepdim=True)"),),
    ),
    "changes_input": Wrong(
        "Centra los vectores que recibe sin copiarlos.",
        "Centres the vectors it is given without copying them.",
        edits=((SCORES, "x -= x.mean()\n    " + SCORES),),
    ),
    "forbidden": Wrong(
        "Llama a la atención de PyTorch.",
        "Calls PyTorch's attention.",
        edits=((RETURN, "return F.scaled_dot_product_attention(x, x, x, scale=1.0), weights"),),
    ),
}
