from desdecero.authoring.catalogue import Wrong

IMPORTS = """
from desdecero.lora import LoRALayer
"""

RIGHT = {
    "no_dtype": """
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        for parameter in linear.parameters():
            parameter.requires_grad = False
        self.linear = linear
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def forward(self, x):
        return self.linear(x) + self.lora(x)
""",
    "sizes_from_weight": """
class LinearWithLoRA(nn.Module):
    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        out_dim, in_dim = linear.weight.shape
        self.lora = LoRALayer(alpha=alpha, rank=rank, out_dim=out_dim, in_dim=in_dim)
        self.linear = linear
        self.linear.weight.requires_grad_(False)
        if self.linear.bias is not None:
            self.linear.bias.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out = self.linear(x)
        out = out + self.lora(x)
        return out
""",
    "one_multiplication": """
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.alpha = alpha

    def forward(self, x):
        weight = self.linear.weight + self.alpha * (self.lora.A @ self.lora.B).T
        return F.linear(x, weight, self.linear.bias)
""",
    "own_lora": """
class Pair(nn.Module):
    def __init__(self, n, m, r, scale, like):
        super().__init__()
        self.A = nn.Parameter(torch.rand(n, r).to(like) - 0.5)
        self.B = nn.Parameter(like.new_zeros(r, m))
        self.scale = scale

    def forward(self, x):
        return (x @ self.A) @ (self.B * self.scale)


class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.add_module("linear", linear)
        self.add_module("lora", Pair(linear.in_features, linear.out_features, rank, alpha, linear.weight))
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith("lora."))

    def forward(self, x):
        return sum(part(x) for part in self.children())
""",
    "in_place_on_the_result": """
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        self.lora = LoRALayer(self.linear.in_features, self.linear.out_features, rank, alpha)
        [p.requires_grad_(False) for p in self.linear.parameters()]

    def forward(self, x):
        result = self.linear(x)
        result += self.lora(x)
        return result
""",
}

KEEP = "self.linear = linear.requires_grad_(False)"
LORA = "LoRALayer(linear.in_features, linear.out_features, rank, alpha)"
RESULT = "self.linear(x) + self.lora(x)"

WRONG = {
    "new_linear": Wrong(
        "Crea otra capa de las mismas medidas, y pierde los pesos preentrenados.",
        "Creates another layer of the same sizes, and loses the pretrained weights.",
        edits=((KEEP, "self.linear = nn.Linear(linear.in_features, linear.out_features).requires_grad_(False)"),),
    ),
    "copied": Wrong(
        "Guarda una copia.",
        "Keeps a copy.",
        edits=((KEEP, "import copy\n\n        self.linear = copy.deepcopy(linear).requires_grad_(False)"),),
    ),
    "changes_weights": Wrong(
        "Inicializa de nuevo la capa que recibe.",
        "Initialises the layer it is given anew.",
        edits=((KEEP, f"{KEEP}\n        self.linear.reset_parameters()"),),
    ),
    "missing_attribute": Wrong(
        "Llama a la capa de otra manera.",
        "Calls the layer something else.",
        source="""
class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.base = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

    def forward(self, x):
        return self.base(x) + self.lora(x)
""",
    ),
    "needs_bias": Wrong(
        "Cuenta con que haya sesgo.",
        "Counts on there being a bias.",
        edits=(
            (
                KEEP,
                "self.linear = linear\n        linear.weight.requires_grad = False\n"
                "        linear.bias.requires_grad = False",
            ),
        ),
    ),
    "sizes_swapped": Wrong(
        "Cambia las dos medidas.",
        "Swaps the two sizes.",
        edits=((LORA, "LoRALayer(linear.out_features, linear.in_features, rank, alpha)"),),
    ),
    "rank_alpha_swapped": Wrong(
        "Cambia rank y alpha.",
        "Swaps rank and alpha.",
        edits=((LORA, "LoRALayer(linear.in_features, linear.out_features, alpha, rank)"),),
    ),
    "not_frozen": Wrong(
        "Pone requires_grad en la capa, donde no hace nada.",
        "Sets requires_grad on the layer, where it does nothing.",
        edits=((KEEP, "self.linear = linear\n        self.linear.requires_grad = False"),),
    ),
    "bias_not_frozen": Wrong(
        "Congela los pesos y olvida el sesgo.",
        "Freezes the weights and forgets the bias.",
        edits=((KEEP, "self.linear = linear\n        self.linear.weight.requires_grad = False"),),
    ),
    "weight_not_frozen": Wrong(
        "Congela el sesgo y olvida los pesos.",
        "Freezes the bias and forgets the weights.",
        edits=((KEEP, "self.linear = linear\n        if linear.bias is not None: linear.bias.requires_grad = False"),),
    ),
    "lora_frozen": Wrong(
        "Congela todo, también lora.",
        "Freezes everything, lora as well.",
        edits=(("  # the same device and dtype", "\n        self.requires_grad_(False)"),),
    ),
    "extra_parameters": Wrong(
        "Añade un sesgo propio que también se entrena.",
        "Adds a bias of its own that is trained, too.",
        edits=(
            ("  # the same device and dtype", "\n        self.bias = nn.Parameter(torch.zeros(linear.out_features))"),
            (RESULT, f"{RESULT} + self.bias"),
        ),
    ),
    "differs_at_start": Wrong(
        "Reparte el resultado entre las dos capas.",
        "Shares the result out between the two layers.",
        edits=((RESULT, "(self.linear(x) + self.lora(x)) / 2"),),
    ),
    "lora_unused": Wrong(
        "Crea lora y no la usa.",
        "Creates lora and does not use it.",
        edits=((RESULT, "self.linear(x)"),),
    ),
    "linear_unused": Wrong(
        "Devuelve solo la actualización.",
        "Returns the update alone.",
        edits=((RESULT, "self.lora(x)"),),
    ),
    "chained": Wrong(
        "Pasa el resultado de linear por lora.",
        "Sends the result of linear through lora.",
        edits=((RESULT, "self.linear(x) + self.lora(self.linear(x))"),),
    ),
    "alpha_twice": Wrong(
        "Multiplica otra vez por alpha.",
        "Multiplies by alpha once more.",
        edits=((LORA, f"{LORA}\n        self.alpha = alpha"), (RESULT, "self.linear(x) + self.alpha * self.lora(x)")),
    ),
    "wrong_alpha": Wrong(
        "Divide alpha entre rank al crear lora.",
        "Divides alpha by rank when creating lora.",
        edits=((LORA, "LoRALayer(linear.in_features, linear.out_features, rank, alpha / rank)"),),
    ),
    "subtracted": Wrong(
        "Resta la actualización.", "Subtracts the update.", edits=((RESULT, "self.linear(x) - self.lora(x)"),)
    ),
    "bias_twice": Wrong(
        "Suma otra vez el sesgo.",
        "Adds the bias once more.",
        edits=((RESULT, f"{RESULT} + (0 if self.linear.bias is None else self.linear.bias)"),),
    ),
    "bias_lost": Wrong(
        "Multiplica por los pesos y olvida el sesgo.",
        "Multiplies by the weights and forgets the bias.",
        edits=((RESULT, "x @ self.linear.weight.T + self.lora(x)"),),
    ),
    "train_differs": Wrong(
        "Aplica dropout delante de lora, como hacen otras bibliotecas.",
        "Applies dropout before lora, as other libraries do.",
        edits=((RESULT, "self.linear(x) + self.lora(F.dropout(x, 0.1, self.training))"),),
    ),
    "cut_from_input": Wrong(
        "Calcula linear bajo no_grad, porque está congelada.",
        "Computes linear under no_grad, because it is frozen.",
        edits=(
            (
                f"return {RESULT}",
                "with torch.no_grad():\n            y = self.linear(x)\n        return y + self.lora(x)",
            ),
        ),
    ),
    "cut_gradient": Wrong(
        "Usa lora con detach: no aprende.",
        "Uses lora with detach: it does not learn.",
        edits=((RESULT, "self.linear(x) + self.lora(x).detach()"),),
    ),
}
