from desdecero.authoring.catalogue import Wrong

IMPORTS = """
from collections import OrderedDict
from desdecero.gpt import GELU, GPTConfig
"""

RIGHT = {
    "torch_gelu": """
class FeedForward(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        width = cfg.emb_dim * 4
        self.layers = nn.Sequential(
            nn.Linear(cfg.emb_dim, width), nn.GELU(approximate="tanh"), nn.Linear(width, cfg.emb_dim)
        )

    def forward(self, x):
        return self.layers(x)
""",
    "own_gelu": """
class Bend(nn.Module):
    def forward(self, x):
        return x / (1 + torch.exp(-1.5957691216057308 * (x + 0.044715 * x**3)))


class FeedForward(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg.emb_dim
        down = nn.Linear(4 * d, d)
        up = nn.Linear(d, 4 * d)
        self.layers = nn.Sequential(up, Bend(), down)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
    "named_layers": """
class FeedForward(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.layers = nn.Sequential(OrderedDict(
            widen=nn.Linear(cfg.emb_dim, 4 * cfg.emb_dim),
            bend=GELU(),
            narrow=nn.Linear(4 * cfg.emb_dim, cfg.emb_dim),
        ))
        nn.init.normal_(self.layers.widen.weight, std=0.02)

    def forward(self, x):
        return self.layers.narrow(self.layers.bend(self.layers.widen(x)))
""",
    "matrices": """
class FeedForward(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None:
        super().__init__()
        self.emb_dim = cfg.emb_dim
        self.layers = nn.Sequential()
        self.layers.append(nn.Linear(self.emb_dim, self.emb_dim * 4, bias=True))
        self.layers.append(GELU())
        self.layers.append(nn.Linear(self.emb_dim * 4, self.emb_dim, bias=True))

    def forward(self, x):
        first, bend, last = self.layers
        wide = bend(torch.einsum("btd,wd->btw", x, first.weight) + first.bias)
        return wide @ last.weight.transpose(0, 1) + last.bias
""",
}

WRONG = {
    "wrong_width": Wrong(
        "Duplica el ancho en vez de cuadruplicarlo.",
        "Doubles the width instead of quadrupling it.",
        edits=(
            ("nn.Linear(cfg.emb_dim, 4 * cfg.emb_dim)", "nn.Linear(cfg.emb_dim, 2 * cfg.emb_dim)"),
            ("nn.Linear(4 * cfg.emb_dim, cfg.emb_dim)", "nn.Linear(2 * cfg.emb_dim, cfg.emb_dim)"),
        ),
    ),
    "size_ignored": Wrong(
        "Escribe los tamaños de GPT-2 en vez de leerlos de la configuración.",
        "Writes the sizes of GPT-2 instead of reading them from the configuration.",
        edits=(
            ("nn.Linear(cfg.emb_dim, 4 * cfg.emb_dim)", "nn.Linear(768, 3072)"),
            ("nn.Linear(4 * cfg.emb_dim, cfg.emb_dim)", "nn.Linear(3072, 768)"),
        ),
    ),
    "layers_kind": Wrong(
        "Olvida la segunda capa lineal.",
        "Forgets the second linear layer.",
        edits=(("            nn.Linear(4 * cfg.emb_dim, cfg.emb_dim),", "           "),),
    ),
    "no_bias": Wrong(
        "Quita el sesgo a las capas, como el de las consultas y las claves.",
        "Takes the bias away from the layers, like that of queries and keys.",
        edits=(
            ("4 * cfg.emb_dim),", "4 * cfg.emb_dim, bias=False),"),
            ("(4 * cfg.emb_dim, cfg.emb_dim)", "(4 * cfg.emb_dim, cfg.emb_dim, bias=False)"),
        ),
    ),
    "parameter_count": Wrong(
        "Deja en el módulo una capa que sobra.",
        "Leaves a layer too many in the module.",
        edits=(("super().__init__()", "super().__init__(); self.extra = nn.Linear(cfg.emb_dim, cfg.emb_dim)"),),
    ),
    "layers_unused": Wrong(
        "Crea layers, pero calcula con capas nuevas en cada llamada.",
        "Creates layers, but computes with new ones at each call.",
        edits=(
            (
                "return self.layers(x)",
                "d = x.shape[-1]\n"
                "        return nn.Linear(4 * d, d).to(x.dtype)(GELU()(nn.Linear(d, 4 * d).to(x.dtype)(x)))",
            ),
        ),
    ),
    "skipped_layer": Wrong(
        "Deja fuera la última capa, y devuelve vectores cuatro veces más anchos.",
        "Leaves out the last layer and returns vectors four times as wide.",
        edits=(("return self.layers(x)", "return self.layers[1](self.layers[0](x))"),),
    ),
    "no_activation": Wrong(
        "Pone en medio una capa que no hace nada.",
        "Puts a layer in the middle that does nothing.",
        edits=(("GELU(),", "nn.Identity(),"),),
    ),
    "erf": Wrong(
        "Usa nn.GELU() sin approximate, que es la forma exacta.",
        "Uses nn.GELU() without approximate, which is the exact form.",
        edits=(("GELU(),", "nn.GELU(),"),),
    ),
    "other_activation": Wrong(
        "Pone una ReLU, como en el transformer de 2017.",
        "Puts a ReLU, as in the transformer of 2017.",
        edits=(("GELU(),", "nn.ReLU(),"),),
    ),
    "activation_after": Wrong(
        "Aplica otra GELU al salir.",
        "Applies another GELU on the way out.",
        edits=(("return self.layers(x)", "return self.layers[1](self.layers(x))"),),
    ),
    "shortcut_inside": Wrong(
        "Mete en FeedForward el atajo que corresponde al bloque.",
        "Puts the block's shortcut into FeedForward.",
        edits=(("return self.layers(x)", "return x + self.layers(x)"),),
    ),
    "dropout": Wrong(
        "Añade aquí el dropout que el bloque ya aplica.",
        "Adds the dropout here that the block applies already.",
        edits=(("return self.layers(x)", "return F.dropout(self.layers(x), 0.1, self.training)"),),
    ),
    "cut_gradient": Wrong(
        "Calcula la activación bajo no_grad: la primera capa no aprendería.",
        "Computes the activation under no_grad: the first layer would not learn.",
        edits=(
            (
                "return self.layers(x)",
                "with torch.no_grad():\n            wide = self.layers[:2](x)\n        return self.layers[2](wide)",
            ),
        ),
    ),
    "not_implemented": Wrong(
        "Aún no ha escrito forward.",
        "Has not written forward yet.",
        edits=(("return self.layers(x)", "raise NotImplementedError()"),),
    ),
    "missing_attribute": Wrong(
        "Llama net a layers.",
        "Calls layers net.",
        edits=(("self.layers = ", "self.net = "), ("self.layers(x)", "self.net(x)")),
    ),
    "wrong_attribute": Wrong(
        "Guarda las capas en una lista corriente, que esconde sus parámetros.",
        "Keeps the layers in a plain list, which hides their parameters.",
        source="""
class FeedForward(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.layers = [nn.Linear(cfg.emb_dim, 4 * cfg.emb_dim), GELU(), nn.Linear(4 * cfg.emb_dim, cfg.emb_dim)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
    ),
}
