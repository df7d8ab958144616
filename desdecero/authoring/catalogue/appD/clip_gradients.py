from desdecero.authoring.catalogue import Wrong

IMPORTS = "from collections.abc import Iterable\n"

RIGHT = {
    "one_row": """
def clip_gradients(parameters, max_norm):
    with_grad = [p for p in parameters if p.grad is not None]
    if len(with_grad) == 0:
        return torch.zeros(())
    total = torch.cat([p.grad.reshape(-1) for p in with_grad]).norm(p=2)
    if total > max_norm:
        for p in with_grad:
            p.grad *= max_norm / (total + 1e-6)
    return total
""",
    "squares": """
def clip_gradients(parameters, max_norm):
    parameters = list(parameters)
    squares = torch.tensor(0.0)
    for p in parameters:
        if p.grad is not None:
            squares = squares + p.grad.pow(2).sum()
    norm = squares.sqrt()
    scale = min(1.0, max_norm / (norm.item() + 1e-6))
    for p in parameters:
        if p.grad is not None:
            p.grad.data.mul_(scale)
    return norm
""",
    "math": """
def clip_gradients(parameters, max_norm):
    grads = [p.grad for p in tuple(parameters) if isinstance(p.grad, Tensor)]
    norm = math.hypot(*(g.norm().item() for g in grads))
    with torch.no_grad():
        for g in grads:
            g.copy_(g * min(max_norm / (norm + 1e-6), 1))
    return torch.tensor(norm)
""",
    "replaced": """
def clip_gradients(parameters, max_norm):
    kept = {p: torch.linalg.vector_norm(p.grad) for p in parameters if p.grad is not None}
    norm = sum((n**2 for n in kept.values()), start=torch.tensor(0.0)) ** 0.5
    factor = torch.minimum(torch.tensor(1.0), max_norm / (norm + 1e-6))
    for p in kept:
        p.grad = (p.grad * factor).to(p.grad.dtype)
    return norm
""",
    "foreach": """
def clip_gradients(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = torch.stack(torch._foreach_norm(grads)).square().sum().sqrt() if grads else torch.tensor(0.0)
    torch._foreach_mul_(grads, (max_norm / (norm + 1e-6)).clamp_max(1.0).item()) if grads else None
    return norm
""",
}

KEPT = "[parameter.grad for parameter in parameters if parameter.grad is not None]"
NORM = "torch.stack([gradient.norm() for gradient in gradients]).norm()"
FACTOR = "(max_norm / (norm + 1e-6)).clamp(max=1.0)"
SCALED = "        gradient.mul_(factor)\n"
RESULT = "    return norm"

WRONG = {
    "returns_float": Wrong(
        "Devuelve un número de Python.",
        "Returns a Python number.",
        edits=((RESULT, "    return norm.item()"),),
    ),
    "returns_after": Wrong(
        "Calcula la norma otra vez al final.",
        "Computes the norm again at the end.",
        edits=((RESULT, f"    return {NORM}"),),
    ),
    "returns_factor": Wrong(
        "Devuelve el factor.",
        "Returns the factor.",
        edits=((RESULT, "    return factor"),),
    ),
    "norm_of_weights": Wrong(
        "Mide los pesos.",
        "Measures the weights.",
        edits=(
            ("gradients = [", "parameters = list(parameters)\n    gradients = ["),
            (NORM, "torch.stack([parameter.detach().norm() for parameter in parameters]).norm()"),
        ),
    ),
    "sum_of_norms": Wrong(
        "Suma las normas.",
        "Adds up the norms.",
        edits=((NORM, "sum(gradient.norm() for gradient in gradients)"),),
    ),
    "no_root": Wrong(
        "Olvida la raíz.",
        "Forgets the root.",
        edits=((NORM, "sum(gradient.pow(2).sum() for gradient in gradients)"),),
    ),
    "other_norm": Wrong(
        "Suma los valores absolutos.",
        "Adds up the absolute values.",
        edits=((NORM, "sum(gradient.abs().sum() for gradient in gradients)"),),
    ),
    "per_parameter": Wrong(
        "Recorta cada parámetro con su propia norma.",
        "Clips each parameter by its own norm.",
        edits=((SCALED, "        gradient.mul_((max_norm / (gradient.norm() + 1e-6)).clamp(max=1.0))\n"),),
    ),
    "only_one": Wrong(
        "El return está dentro del bucle.",
        "The return is inside the loop.",
        edits=((RESULT, "    " + RESULT),),
    ),
    "not_in_place": Wrong(
        "Multiplica, pero no guarda el resultado.",
        "Multiplies but does not keep the result.",
        edits=((SCALED, "        gradient = gradient * factor\n"),),
    ),
    "clamped": Wrong(
        "Recorta cada número.",
        "Clamps each number.",
        edits=((SCALED, "        gradient.clamp_(-max_norm, max_norm)\n"),),
    ),
    "max_norm_ignored": Wrong(
        "Deja la norma en 1.",
        "Makes the norm 1.",
        edits=((FACTOR, "1 / (norm + 1e-6)"),),
    ),
    "inverted": Wrong(
        "Escribe el cociente del revés.",
        "Writes the quotient upside down.",
        edits=((FACTOR, "norm / max_norm"),),
    ),
    "no_epsilon": Wrong(
        "Divide entre la norma sin más.",
        "Divides by the norm alone.",
        edits=((FACTOR, "(max_norm / norm).clamp(max=1.0)"),),
    ),
    "changes_weights": Wrong(
        "Multiplica los pesos.",
        "Multiplies the weights.",
        source="""
def clip_gradients(parameters, max_norm):
    parameters = [p for p in parameters if p.grad is not None]
    norm = torch.stack([p.grad.norm() for p in parameters]).norm()
    for p in parameters:
        p.data.mul_((max_norm / (norm + 1e-6)).clamp(max=1.0))
    return norm
""",
    ),
    "scales_up": Wrong(
        "Multiplica siempre, sin límite.",
        "Always multiplies, without a cap.",
        edits=((FACTOR, "max_norm / (norm + 1e-6)"),),
    ),
    "never_clips_small": Wrong(
        "Borra los gradientes que no hay que recortar.",
        "Wipes out gradients that need no clipping.",
        edits=((FACTOR, "torch.where(norm > max_norm, max_norm / (norm + 1e-6), 0.0)"),),
    ),
    "none_gradients": Wrong(
        "Cuenta con que todos tengan gradiente.",
        "Takes a gradient of every one for granted.",
        edits=((KEPT, "[parameter.grad for parameter in parameters]"),),
    ),
    "fills_missing": Wrong(
        "Pone ceros donde no hay gradiente, y el optimizador moverá también esos parámetros.",
        "Puts zeros where there is no gradient, and the optimizer will move those parameters, too.",
        source="""
def clip_gradients(parameters, max_norm):
    parameters = list(parameters)
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    norm = torch.cat([torch.zeros(1), *(p.grad.flatten() for p in parameters)]).norm()
    for p in parameters:
        p.grad *= (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return norm
""",
    ),
    "no_gradients": Wrong(
        "Apila una lista vacía.",
        "Stacks an empty list.",
        edits=(("    if not gradients:\n        return torch.tensor(0.0)\n", ""),),
    ),
    "zero_norm": Wrong(
        "Divide cero entre cero al hacer unitarios los gradientes.",
        "Divides zero by zero when it makes the gradients unit length.",
        edits=((SCALED, "        gradient.div_(norm).mul_(norm * factor)\n"),),
    ),
    "generator": Wrong(
        "Recorre los parámetros dos veces.",
        "Goes through the parameters twice.",
        edits=(
            (
                "for gradient in gradients:\n        gradient.mul_(factor)",
                "for parameter in parameters:\n        if parameter.grad is not None:\n            parameter.grad.mul_(factor)",
            ),
        ),
    ),
    "forbidden": Wrong(
        "Llama a la función de torch.",
        "Calls torch's function.",
        source="""
def clip_gradients(parameters, max_norm):
    return nn.utils.clip_grad_norm_(parameters, max_norm)
""",
    ),
}
