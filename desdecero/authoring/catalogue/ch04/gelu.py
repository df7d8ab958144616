from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "sigmoid_of_twice": """
class GELU(nn.Module):
    # (1 + tanh(u)) / 2 is sigmoid(2u)
    def forward(self, x):
        u = (2 / torch.pi) ** 0.5 * (x + 0.044715 * torch.pow(x, 3))
        return x * torch.sigmoid(2 * u)
""",
    "factored": """
class GELU(nn.Module):
    def forward(self, x):
        return x * 0.5 * (1.0 + torch.tanh(x * 0.7978845608028654 * (1.0 + 0.044715 * x * x)))
""",
    "tanh_from_exponentials": '''
class GELU(nn.Module):
    """tanh written with an exponential of a negative number, which can't overflow."""

    def __init__(self):
        super().__init__()
        self.k = math.sqrt(8 / math.pi)

    def forward(self, x):
        u = self.k * (x + 0.044715 * x.square() * x)
        small = torch.exp(-u.abs())
        gate = torch.where(u >= 0, 1 / (1 + small), small / (1 + small))
        return gate * x
''',
    "buffer_and_steps": """
class GELU(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.tensor(2 / math.pi, dtype=torch.float64).sqrt())

    def forward(self, x):
        cube = x.pow(3).mul(0.044715)
        inner = x.add(cube).mul(self.factor.to(x.dtype))
        gate = inner.tanh().add(1).div(2)
        return x.mul(gate)
""",
    "weighted_mean": """
class GELU(nn.Module):
    def forward(self, x):
        t = torch.tanh(math.sqrt(2 / math.pi) * torch.addcmul(x, x * x, x, value=0.044715))
        return torch.lerp(torch.zeros_like(x), x, (t + 1) / 2)
""",
}

INNER = "math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)"
RESULT = "0.5 * x * (1 + torch.tanh(inner))"

WRONG = {
    "erf": Wrong(
        "Escribe la forma exacta, con la función de error.",
        "Writes the exact form, with the error function.",
        edits=((RESULT, "0.5 * x * (1 + torch.erf(x / math.sqrt(2)))"),),
    ),
    "sigmoid": Wrong(
        "Escribe la otra aproximación del artículo, la de la sigmoide.",
        "Writes the paper's other approximation, the one by a sigmoid.",
        edits=((RESULT, "x * torch.sigmoid(1.702 * x)"),),
    ),
    "other_activation": Wrong(
        "Confunde GELU con SiLU.",
        "Mistakes SiLU for GELU.",
        edits=((RESULT, "x * torch.sigmoid(x)"),),
    ),
    "no_half": Wrong(
        "Olvida el factor 0.5.",
        "Forgets the factor 0.5.",
        edits=((RESULT, "x * (1 + torch.tanh(inner))"),),
    ),
    "no_one": Wrong(
        "Olvida sumar 1 a la tanh.",
        "Forgets to add 1 to the tanh.",
        edits=(("(1 + torch.tanh(inner))", "torch.tanh(inner)"),),
    ),
    "no_factor": Wrong(
        "Olvida multiplicar por x.",
        "Forgets to multiply by x.",
        edits=(("0.5 * x * (1", "0.5 * (1"),),
    ),
    "no_cube": Wrong(
        "Deja la tanh sin el término cúbico.",
        "Leaves the cubic term out of the tanh.",
        edits=(("(x + 0.044715 * x**3)", "x"),),
    ),
    "wrong_power": Wrong(
        "Eleva x al cuadrado en vez de al cubo.",
        "Squares x instead of cubing it.",
        edits=(("x**3", "x**2"),),
    ),
    "parentheses": Wrong(
        "Cierra el paréntesis antes de tiempo: la raíz solo multiplica a x.",
        "Closes the parenthesis too early: the root multiplies x alone.",
        edits=((INNER, "math.sqrt(2 / math.pi) * x + 0.044715 * x**3"),),
    ),
    "wrong_constant": Wrong(
        "Multiplica por 2/π sin sacar la raíz.",
        "Multiplies by 2/π without taking the root.",
        edits=(("math.sqrt(2 / math.pi)", "2 / math.pi"),),
    ),
    "wrong_coefficient": Wrong(
        "Escribe 0.44715: se salta un cero.",
        "Writes 0.44715: skips a zero.",
        edits=(("0.044715", "0.44715"),),
    ),
    "overflow": Wrong(
        "Escribe la tanh con exponenciales, que desbordan.",
        "Writes the tanh with exponentials, which overflow.",
        edits=(
            (
                "torch.tanh(inner)",
                "(torch.exp(inner) - torch.exp(-inner)) / (torch.exp(inner) + torch.exp(-inner))",
            ),
        ),
    ),
    "detached": Wrong(
        "Calcula la tanh separada del grafo: el gradiente queda a medias.",
        "Computes the tanh cut off from the graph: only half of the gradient is left.",
        edits=(("torch.tanh(inner)", "torch.tanh(inner.detach())"),),
    ),
    "forbidden": Wrong(
        "Llama a la función de PyTorch que hace justo esto.",
        "Calls the PyTorch function that does just this.",
        edits=((RESULT, "F.gelu(x, approximate='tanh')"),),
    ),
    "changes_input": Wrong(
        "Multiplica el propio tensor de entrada.",
        "Multiplies the very tensor it was given.",
        edits=((RESULT, "x.mul_(0.5 * (1 + torch.tanh(inner)))"),),
    ),
}
