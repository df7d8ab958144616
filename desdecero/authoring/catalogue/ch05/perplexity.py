from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "is_float": """
def perplexity(loss):
    if isinstance(loss, float):
        return math.exp(loss)
    return loss.exp()
""",
    "power_of_e": """
def perplexity(loss):
    e = torch.full_like(loss, math.e) if torch.is_tensor(loss) else math.e
    return e**loss
""",
    "through_a_tensor": """
def perplexity(loss):
    value = torch.exp(torch.as_tensor(loss))
    return value if isinstance(loss, torch.Tensor) else value.item()
""",
    "by_method": """
def perplexity(loss):
    try:
        return loss.exp()
    except AttributeError:
        return math.exp(float(loss))
""",
    "by_expm1": """
def perplexity(loss):
    library = torch if isinstance(loss, Tensor) else math
    return library.expm1(loss) + 1
""",
}

TENSOR, FLOAT = "torch.exp(loss)", "math.exp(loss)"


def both(template: str) -> tuple[tuple[str, str], ...]:
    """The same mistake for tensors and floats; `{}` is the library."""
    return ((TENSOR, template.format("torch")), (FLOAT, template.format("math")))


WRONG = {
    "tensor_for_float": Wrong(
        "Lo convierte todo en tensor.",
        "Turns everything into a tensor.",
        edits=((FLOAT, "torch.exp(torch.tensor(loss))"),),
    ),
    "float_for_tensor": Wrong(
        "Devuelve siempre un número.",
        "Always returns a number.",
        edits=((TENSOR, "math.exp(loss.item())"),),
    ),
    "other_base": Wrong(
        "Eleva 2 a la pérdida.",
        "Raises 2 to the loss.",
        edits=((TENSOR, "2**loss"), (FLOAT, "2.0**loss")),
    ),
    "rounded_e": Wrong(
        "Escribe e con tres decimales.",
        "Writes e with three decimals.",
        edits=((TENSOR, "2.718**loss"), (FLOAT, "2.718**loss")),
    ),
    "inverse": Wrong(
        "Pone un menos de más.",
        "Puts in a minus too many.",
        edits=both("{}.exp(-loss)"),
    ),
    "no_exp": Wrong(
        "Devuelve la pérdida.",
        "Returns the loss.",
        edits=both("loss"),
    ),
    "logarithm": Wrong(
        "Usa el logaritmo.",
        "Uses the logarithm.",
        source="""
def perplexity(loss):
    return torch.log(loss) if isinstance(loss, Tensor) else math.log(loss)
""",
    ),
    "minus_one": Wrong(
        "Usa expm1.",
        "Uses expm1.",
        edits=both("{}.expm1(loss)"),
    ),
    "capped": Wrong(
        "Recorta la pérdida para que la exponencial no crezca demasiado.",
        "Clamps the loss so that the exponential does not grow too much.",
        edits=((TENSOR, "torch.exp(loss.clamp(max=20))"), (FLOAT, "math.exp(min(loss, 20.0))")),
    ),
    "one_for_all": Wrong(
        "Hace la media de las pérdidas.",
        "Averages the losses.",
        edits=((TENSOR, "torch.exp(loss.mean())"),),
    ),
    "no_gradient": Wrong(
        "Separa el tensor de su grafo.",
        "Cuts the tensor off its graph.",
        edits=((TENSOR, "torch.exp(loss.detach())"),),
    ),
    "dtype": Wrong(
        "Convierte el tensor a float32.",
        "Turns the tensor into float32.",
        edits=((TENSOR, "torch.exp(loss.float())"),),
    ),
    "raises": Wrong(
        "Usa math.exp con todo y llama después a un método de los tensores.",
        "Uses math.exp on everything, then calls a method of tensors.",
        edits=((FLOAT, "math.exp(loss).item()"),),
    ),
}
