from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "normal_start": """
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha = self.scaling = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / rank**0.5)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        narrow = torch.matmul(x, self.A)
        return torch.matmul(narrow, self.B).mul(self.scaling)
""",
    "einsum": """
class LoRALayer(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float):
        super().__init__()
        bound = 1 / math.sqrt(rank)
        self.B = nn.Parameter(torch.empty(rank, out_dim))
        self.A = nn.Parameter(torch.empty(in_dim, rank).uniform_(-bound, bound))
        nn.init.zeros_(self.B)
        self.register_buffer("alpha", torch.tensor(float(alpha)))

    def forward(self, x: Tensor) -> Tensor:
        return self.alpha * torch.einsum("...i,ir,ro->...o", x, self.A, self.B)
""",
    "one_matrix": """
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        shape_a, shape_b = (in_dim, rank), (rank, out_dim)
        self.A = nn.Parameter(nn.init.xavier_normal_(torch.zeros(shape_a)))
        self.B = nn.Parameter(torch.zeros(shape_b))
        self.alpha = alpha

    @property
    def update(self):
        return self.alpha * self.A.mm(self.B)

    def forward(self, x):
        return x @ self.update
""",
    "linear_function": """
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        start = torch.empty(rank, in_dim)
        nn.init.kaiming_uniform_(start, a=5**0.5)
        self.register_parameter("A", nn.Parameter(start.T.contiguous()))
        self.register_parameter("B", nn.Parameter(torch.zeros(out_dim, rank).T))
        self.alpha, self.factor = alpha, float(alpha)

    def forward(self, x):
        x = F.linear(self.factor * x, self.A.T)
        return F.linear(x, self.B.T)
""",
    "small_normal": """
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.alpha, self.A, self.B = alpha, nn.Parameter(torch.zeros(in_dim, rank)), nn.Parameter(torch.zeros(rank, out_dim))
        with torch.no_grad():
            self.A.normal_(std=0.02)

    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        out = (flat @ self.A) @ self.B
        out *= self.alpha
        return out.reshape(*x.shape[:-1], -1)
""",
}

START_A = "nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))"
EMPTY_A = "nn.Parameter(torch.empty(in_dim, rank))"
ZERO_B = "nn.Parameter(torch.zeros(rank, out_dim))"
PRODUCT = "self.alpha * (x @ self.A @ self.B)"

WRONG = {
    "alpha_over_rank": Wrong(
        "Divide alpha entre rank, como en el artículo.",
        "Divides alpha by rank, as in the paper.",
        edits=(("self.alpha = alpha", "self.alpha = alpha / rank"),),
    ),
    "alpha_over_root": Wrong(
        "Divide alpha entre la raíz de rank, como en rsLoRA.",
        "Divides alpha by the root of rank, as in rsLoRA.",
        edits=(("self.alpha = alpha", "self.alpha = alpha / math.sqrt(rank)"),),
    ),
    "alpha_ignored": Wrong(
        "Guarda alpha y no lo usa.",
        "Keeps alpha and does not use it.",
        edits=((PRODUCT, "x @ self.A @ self.B"),),
    ),
    "wrong_order": Wrong(
        "Multiplica primero por B.",
        "Multiplies by B first.",
        edits=((PRODUCT, "self.alpha * (x @ self.B @ self.A)"),),
    ),
    "adds_x": Wrong(
        "Suma x, como si fuera un atajo.",
        "Adds x, as though it were a shortcut.",
        edits=((PRODUCT, "x + " + PRODUCT),),
    ),
    "linears_inside": Wrong(
        "Usa dos nn.Linear.",
        "Uses two nn.Linear.",
        source="""
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.A = nn.Linear(in_dim, rank, bias=False)
        self.B = nn.Linear(rank, out_dim, bias=False)
        nn.init.zeros_(self.B.weight)
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * self.B(self.A(x))
""",
    ),
    "not_parameter": Wrong(
        "Guarda B como un tensor corriente.",
        "Keeps B as a plain tensor.",
        edits=((ZERO_B, "torch.zeros(rank, out_dim, requires_grad=True)"),),
    ),
    "transposed": Wrong(
        "Pone A como la escribe el artículo, que multiplica por la izquierda.",
        "Lays A out as the paper does, which multiplies from the left.",
        edits=(
            ("torch.empty(in_dim, rank)", "torch.empty(rank, in_dim)"),
            (PRODUCT, "self.alpha * (x @ self.A.T @ self.B)"),
        ),
    ),
    "rank_ignored": Wrong(
        "Deja el rango que usó en una prueba.",
        "Leaves the rank that it was tried with.",
        edits=(("super().__init__()", "super().__init__()\n        rank = 8"),),
    ),
    "weight_shape": Wrong(
        "Hace las dos matrices cuadradas.",
        "Makes both matrices square.",
        edits=(
            ("torch.empty(in_dim, rank)", "torch.empty(in_dim, in_dim)"),
            ("torch.zeros(rank, out_dim)", "torch.zeros(in_dim, out_dim)"),
        ),
    ),
    "names_swapped": Wrong(
        "Llama B a la primera matriz y A a la segunda.",
        "Calls the first matrix B and the second one A.",
        source="""
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.B = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.A = nn.Parameter(torch.zeros(rank, out_dim))
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * (x @ self.B @ self.A)
""",
    ),
    "missing_attribute": Wrong(
        "Llama a las matrices de otra manera.",
        "Calls the matrices something else.",
        source="""
class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
        self.down = nn.Parameter(torch.randn(in_dim, rank) / rank)
        self.up = nn.Parameter(torch.zeros(rank, out_dim))
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * (x @ self.down @ self.up)
""",
    ),
    "no_alpha": Wrong(
        "Guarda alpha con otro nombre, scale.",
        "Keeps alpha under another name, scale.",
        edits=(("self.alpha = alpha", "self.scale = alpha"), (PRODUCT, "self.scale * (x @ self.A @ self.B)")),
    ),
    "extra_parameters": Wrong(
        "Hace de alpha un parámetro, y el entrenamiento lo mueve.",
        "Makes alpha a parameter, and training moves it.",
        edits=(("self.alpha = alpha", "self.alpha = nn.Parameter(torch.tensor(float(alpha)))"),),
    ),
    "both_zero": Wrong(
        "Empieza las dos a cero.",
        "Starts both at zero.",
        edits=((START_A, "nn.init.zeros_(self.A)"),),
    ),
    "swapped_start": Wrong(
        "Empieza A a cero y B al azar.",
        "Starts A at zero and B at random.",
        edits=((START_A, "nn.init.zeros_(self.A)"), (ZERO_B, "nn.Parameter(torch.randn(rank, out_dim) * 0.1)")),
    ),
    "B_not_zero": Wrong(
        "Empieza las dos al azar.",
        "Starts both at random.",
        edits=((ZERO_B, "nn.Parameter(torch.randn(rank, out_dim) * 0.01)"),),
    ),
    "A_too_large": Wrong(
        "Empieza A con randn, sin escala.",
        "Starts A with randn, unscaled.",
        edits=((EMPTY_A, "nn.Parameter(torch.randn(in_dim, rank))"), (f"{START_A}  #", "#")),
    ),
    "A_too_small": Wrong(
        "Empieza A tan cerca de cero que B apenas aprende.",
        "Starts A so close to zero that B hardly learns.",
        edits=((START_A, "nn.init.normal_(self.A, std=1e-4)"),),
    ),
    "constant_A": Wrong(
        "Llena A con un mismo número.",
        "Fills A with a single number.",
        edits=((START_A, "nn.init.constant_(self.A, 1 / math.sqrt(rank))"),),
    ),
    "one_sided": Wrong(
        "Encoge torch.rand y olvida moverlo: todo A es positivo.",
        "Shrinks torch.rand and forgets to shift it: all of A is positive.",
        edits=((EMPTY_A, "nn.Parameter(torch.rand(in_dim, rank) / math.sqrt(rank))"), (f"{START_A}  #", "#")),
    ),
    "alpha_changed": Wrong(
        "Redondea el alpha que guarda, y multiplica por el otro.",
        "Rounds the alpha it keeps, and multiplies by the other one.",
        edits=(
            ("self.alpha = alpha", "self.alpha, self.factor = round(alpha), alpha"),
            (PRODUCT, "self.factor * (x @ self.A @ self.B)"),
        ),
    ),
    "global_seed": Wrong(
        "Pone una semilla global para que se repita.",
        "Sets a global seed so that it repeats.",
        edits=((EMPTY_A, f"{EMPTY_A}\n        torch.manual_seed(0)"),),
    ),
    "same_A": Wrong(
        "Crea en cada capa un generador con la misma semilla.",
        "Makes a generator with the same seed in each layer.",
        edits=((START_A, "nn.init.normal_(self.A, std=rank**-0.5, generator=torch.Generator().manual_seed(7))"),),
    ),
    "fixed_dimensions": Wrong(
        "Cuenta con que x tenga siempre tres dimensiones.",
        "Counts on x having three dimensions.",
        edits=((PRODUCT, 'self.alpha * torch.einsum("btd,dr,ro->bto", x, self.A, self.B)'),),
    ),
    "dropout": Wrong(
        "Añade dropout, como hacen otras bibliotecas.",
        "Adds dropout, as other libraries do.",
        edits=((PRODUCT, "self.alpha * (F.dropout(x, 0.1, self.training) @ self.A @ self.B)"),),
    ),
    "changes_input": Wrong(
        "Multiplica x por alpha sobre la propia x.",
        "Multiplies x by alpha in place.",
        edits=((f"return {PRODUCT}", "x *= self.alpha\n        return x @ self.A @ self.B"),),
    ),
    "cut_gradient": Wrong(
        "Usa A.data: A no aprendería nunca.",
        "Uses A.data: A would never learn.",
        edits=(("x @ self.A @ self.B", "x @ self.A.data @ self.B"),),
    ),
}
