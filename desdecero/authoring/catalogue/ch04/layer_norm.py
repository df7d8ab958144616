from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "mean_of_squares": """
class LayerNorm(nn.Module):
    def __init__(self, emb_dim):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(emb_dim))
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.eps = 1e-5

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred * torch.rsqrt((centred**2).mean(-1, keepdim=True) + self.eps) * self.scale + self.shift
""",
    "var_mean": """
class LayerNorm(nn.Module):
    eps = 1e-5

    def __init__(self, emb_dim):
        super().__init__()
        self.scale = nn.Parameter(torch.full((emb_dim,), 1.0))
        self.shift = nn.Parameter(torch.full((emb_dim,), 0.0))

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return torch.addcmul(self.shift, self.scale, (x - mean) / (var + self.eps).sqrt())
""",
    "einsum": """
class LayerNorm(nn.Module):
    def __init__(self, emb_dim):
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x):
        n = x.shape[-1]
        centred = x - x.sum(-1, keepdim=True) / n
        var = torch.einsum("...d,...d->...", centred, centred) / n
        return torch.einsum("...d,...,d->...d", centred, (var + self.eps) ** -0.5, self.scale) + self.shift
""",
    "unsqueeze_std": """
class LayerNorm(nn.Module):
    def __init__(self, emb_dim):
        super().__init__()
        self.eps = 1e-5
        self.scale = nn.Parameter(torch.ones(emb_dim))
        self.shift = nn.Parameter(torch.zeros(emb_dim))

    def forward(self, x):
        mean = torch.mean(x, dim=-1).unsqueeze(-1)
        var = torch.var(x, dim=-1, unbiased=False).unsqueeze(-1)
        std = torch.sqrt(var + self.eps)
        normalised = (x - mean) / std
        return normalised.mul(self.scale).add(self.shift)
""",
}

VARIANCE = "x.var(dim=-1, keepdim=True, unbiased=False)"
ROOT = "torch.sqrt(variance + self.eps)"
RESULT = "return self.scale * (x - mean) / torch.sqrt(variance + self.eps) + self.shift"

WRONG = {
    "bessel": Wrong(
        "Deja la corrección de Bessel que torch.var aplica si no se dice otra cosa.",
        "Leaves the Bessel correction that torch.var applies by default.",
        edits=((VARIANCE, "x.var(dim=-1, keepdim=True)"),),
    ),
    "eps_outside": Wrong(
        "Suma eps a la desviación típica, no a la varianza.",
        "Adds eps to the standard deviation, not to the variance.",
        edits=((ROOT, "(torch.sqrt(variance) + self.eps)"),),
    ),
    "std_not_root": Wrong(
        "Divide entre la varianza y olvida la raíz.",
        "Divides by the variance and forgets the root.",
        edits=((ROOT, "(variance + self.eps)"),),
    ),
    "no_eps": Wrong(
        "Olvida eps, y un vector constante da 0/0.",
        "Forgets eps, so a constant vector gives 0/0.",
        edits=((ROOT, "torch.sqrt(variance)"),),
    ),
    "wrong_eps": Wrong(
        "Escribe 1e-6, el valor de otros modelos.",
        "Writes 1e-6, the value of other models.",
        edits=(("1e-5", "1e-6"),),
    ),
    "not_centred": Wrong(
        "Solo divide, sin restar la media (eso es casi RMSNorm).",
        "Only divides, without subtracting the mean (that is nearly RMSNorm).",
        edits=(("(x - mean)", "x"),),
    ),
    "wrong_dimension": Wrong(
        "Normaliza a lo largo de los tokens en vez de dentro de cada vector.",
        "Normalises along the tokens instead of within each vector.",
        edits=(("x.mean(dim=-1,", "x.mean(dim=-2,"), ("x.var(dim=-1,", "x.var(dim=-2,")),
    ),
    "whole_tensor": Wrong(
        "Calcula una sola media y una sola varianza para todo el lote.",
        "Computes a single mean and variance for the whole batch.",
        edits=(("x.mean(dim=-1, keepdim=True)", "x.mean()"), (VARIANCE, "x.var(unbiased=False)")),
    ),
    "no_shift": Wrong(
        "Crea shift pero no lo suma.",
        "Creates shift but does not add it.",
        edits=((" + self.shift", ""),),
    ),
    "shift_first": Wrong(
        "Suma shift al vector normalizado y multiplica después, con lo que shift también se escala.",
        "Adds shift to the normalised vector and multiplies afterwards, so that shift is scaled, too.",
        edits=((RESULT, "return self.scale * ((x - mean) / torch.sqrt(variance + self.eps) + self.shift)"),),
    ),
    "no_scale": Wrong(
        "Crea scale pero no multiplica por él.",
        "Creates scale but does not multiply by it.",
        edits=(("self.scale * (x - mean)", "(x - mean)"),),
    ),
    "not_parameter": Wrong(
        "Guarda scale como un tensor corriente, que el optimizador no ve.",
        "Keeps scale as a plain tensor, which the optimizer does not see.",
        edits=(("nn.Parameter(torch.ones(emb_dim))", "torch.ones(emb_dim)"),),
    ),
    "extra_parameter": Wrong(
        "Hace de eps un parámetro, y el optimizador lo movería.",
        "Makes eps a parameter, which the optimizer would move.",
        edits=(("self.eps = 1e-5", "self.eps = nn.Parameter(torch.tensor(1e-5))"),),
    ),
    "bad_start": Wrong(
        "Empieza scale a ceros, y todo lo que pasa por la capa se anula.",
        "Starts scale at zeros, which wipes out whatever passes the layer.",
        edits=(("torch.ones(emb_dim)", "torch.zeros(emb_dim)"),),
    ),
    "forbidden": Wrong(
        "Llama a la función de PyTorch que hace justo esto.",
        "Calls the PyTorch function that does just this.",
        edits=((RESULT, "return F.layer_norm(x, x.shape[-1:], self.scale, self.shift, self.eps)"),),
    ),
    "detached": Wrong(
        "Calcula media y varianza bajo no_grad, como si fueran constantes.",
        "Computes mean and variance under no_grad, as if they were constants.",
        edits=(
            ("mean = x.mean(dim=-1, keepdim=True)", "mean = x.detach().mean(dim=-1, keepdim=True)"),
            ("variance = x.var(", "variance = x.detach().var("),
        ),
    ),
    "nan_gradient": Wrong(
        "Saca la raíz de la varianza sin eps y la eleva después al cuadrado: el gradiente es infinito por cero.",
        "Takes the root of the variance without eps and squares it again: the gradient is infinity times zero.",
        edits=((ROOT, "torch.sqrt(torch.sqrt(variance) ** 2 + self.eps)"),),
    ),
    "no_gradient": Wrong(
        "Usa .data, que separa scale del grafo: el optimizador no lo movería nunca.",
        "Uses .data, which cuts scale off the graph: the optimizer would never move it.",
        edits=(("self.scale * (x - mean)", "self.scale.data * (x - mean)"),),
    ),
}
