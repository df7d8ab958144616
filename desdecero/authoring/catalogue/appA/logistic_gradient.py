from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "einsum": """
def logistic_gradient(x, y, w, b):
    p = 1 / (1 + torch.exp(-(torch.einsum("nd,d->n", x, w) + b)))
    return torch.einsum("nd,n->d", x, p - y) / x.shape[0], (p - y).sum() / x.shape[0]
""",
    "broadcast": """
def logistic_gradient(x, y, w, b):
    with torch.no_grad():
        wrong_by = torch.sigmoid((x * w).sum(dim=1) + b).sub(y)
        rows = x * wrong_by.unsqueeze(1)
    return rows.mean(dim=0), wrong_by.mean()
""",
    "loop": """
def logistic_gradient(x, y, w, b):
    dw, db = torch.zeros_like(w), torch.zeros_like(b)
    for features, label in zip(x, y):
        delta = torch.sigmoid(features @ w + b) - label
        dw += delta * features / len(y)
        db += delta / len(y)
    return [dw, db]
""",
    "column": """
def logistic_gradient(x, y, w, b):
    n = y.numel()
    z = x @ w.view(-1, 1) + b
    delta = (torch.tanh(z / 2) + 1) / 2 - y.view(-1, 1)
    return (x.transpose(0, 1).matmul(delta) / n).flatten(), delta.sum().div(n)
""",
    "ones_for_the_bias": """
def logistic_gradient(x, y, w, b):
    wide = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    gradient = (torch.special.expit(wide @ torch.cat([w, b.view(1)])) - y) @ wide / len(wide)
    return gradient[:-1], gradient[-1]
""",
}

SIGMOID = "torch.sigmoid(x @ w + b)"
ERROR = "torch.sigmoid(x @ w + b) - y"
DW = "x.T @ error / len(x)"
DB = "error.mean()"

WRONG = {
    "not_a_pair": Wrong(
        "Junta los dos gradientes en un solo tensor.",
        "Joins the two gradients in a single tensor.",
        edits=((f"{DW}, {DB}", f"torch.cat([{DW}, {DB}[None]])"),),
    ),
    "not_tensors": Wrong(
        "Devuelve db como float.",
        "Returns db as a float.",
        edits=((DB, "error.mean().item()"),),
    ),
    "swapped": Wrong(
        "Devuelve (db, dw).",
        "Returns (db, dw).",
        edits=((f"{DW}, {DB}", f"{DB}, {DW}"),),
    ),
    "per_example": Wrong(
        "Devuelve el error de cada ejemplo como db.",
        "Returns the error of each example as db.",
        edits=((DB, "error"),),
    ),
    "mean_too_far": Wrong(
        "Hace la media de todos los números de la tabla.",
        "Takes the mean of all the numbers in the table.",
        edits=((DW, "(x * error[:, None]).mean()"),),
    ),
    "extra_dimension": Wrong(
        "Devuelve dw como una columna.",
        "Returns dw as a column.",
        edits=((DW, "x.T @ error[:, None] / len(x)"),),
    ),
    "sum": Wrong(
        "Suma en vez de hacer la media.",
        "Adds up instead of taking the mean.",
        edits=((DW, "x.T @ error"), (DB, "error.sum()")),
    ),
    "divided_by_features": Wrong(
        "Divide entre el número de características.",
        "Divides by the number of features.",
        edits=((DW, "x.T @ error / x.shape[1]"),),
    ),
    "sign": Wrong(
        "Resta la predicción de la etiqueta.",
        "Subtracts the prediction from the label.",
        edits=((ERROR, f"y - {SIGMOID}"),),
    ),
    "no_sigmoid": Wrong(
        "Olvida la sigmoide, como en la regresión lineal.",
        "Forgets the sigmoid, as in linear regression.",
        edits=((SIGMOID, "(x @ w + b)"),),
    ),
    "no_bias": Wrong(
        "Olvida sumar b.",
        "Forgets to add b.",
        edits=((SIGMOID, "torch.sigmoid(x @ w)"),),
    ),
    "squared_error": Wrong(
        "Multiplica además por la derivada de la sigmoide.",
        "Multiplies by the derivative of the sigmoid as well.",
        edits=((ERROR, f"{SIGMOID} - y\n    p = error + y\n    error = error * p * (1 - p)"),),
    ),
    "softmax": Wrong(
        "Usa softmax sobre los ejemplos.",
        "Uses softmax over the examples.",
        edits=((SIGMOID, "torch.softmax(x @ w + b, dim=0)"),),
    ),
    "rounded": Wrong(
        "Usa la clase predicha, 0 o 1, y no la probabilidad.",
        "Uses the predicted class, 0 or 1, and not the probability.",
        edits=((SIGMOID, f"{SIGMOID}.round()"),),
    ),
    "one_example": Wrong(
        "El return está dentro del bucle.",
        "The return is inside the loop.",
        source="""
def logistic_gradient(x, y, w, b):
    dw, db = torch.zeros_like(w), torch.zeros_like(b)
    for features, label in zip(x, y):
        delta = torch.sigmoid(features @ w + b) - label
        dw = dw + delta * features
        db = db + delta
        return dw / len(x), db / len(x)
""",
    ),
    "integer_labels": Wrong(
        "Multiplica matrices de enteros y decimales.",
        "Multiplies matrices of integers and decimals.",
        edits=((DW, f"(x.T @ {SIGMOID} - x.T @ y) / len(x)"),),
    ),
    "squeezed": Wrong(
        "Quita dimensiones con squeeze().",
        "Removes dimensions with squeeze().",
        edits=((DW, "(x.T @ error[:, None] / len(x)).squeeze()"),),
    ),
    "overflow": Wrong(
        "Escribe la sigmoide como exp(z) / (1 + exp(z)).",
        "Writes the sigmoid as exp(z) / (1 + exp(z)).",
        edits=((SIGMOID, "torch.exp(x @ w + b) / (1 + torch.exp(x @ w + b))"),),
    ),
    "forbidden": Wrong(
        "Deja el trabajo a backward().",
        "Leaves the work to backward().",
        source="""
def logistic_gradient(x, y, w, b):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    F.binary_cross_entropy_with_logits(x @ w + b, y.to(x)).backward()
    return w.grad, b.grad
""",
    ),
    "changes_input": Wrong(
        "De paso, mueve los pesos.",
        "Moves the weights on the way.",
        edits=((f"return {DW}, {DB}", f"dw, db = {DW}, {DB}\n    w -= 0.1 * dw\n    return dw, db"),),
    ),
    "dtype": Wrong(
        "Pasa todo a float32.",
        "Turns everything into float32.",
        edits=(
            (ERROR, "torch.sigmoid(x.float() @ w.float() + b.float()) - y.float()"),
            (DW, "x.float().T @ error / len(x)"),
        ),
    ),
}
