from desdecero.authoring.catalogue import Wrong

IMPORTS = "from collections.abc import Sequence\n"

RIGHT = {
    "module_list": """
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        sizes = [num_inputs] + list(hidden) + [num_outputs]
        self.steps = nn.ModuleList([nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)])

    def forward(self, x):
        for i, step in enumerate(self.steps):
            x = step(x)
            if i < len(self.steps) - 1:
                x = torch.relu(x)
        return x
""",
    "head_first": """
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        self.head = nn.Linear(hidden[-1] if len(hidden) else num_inputs, num_outputs)
        self.body = nn.Sequential()
        width = num_inputs
        for n in hidden:
            self.body.append(nn.Linear(width, n))
            self.body.append(nn.ReLU(inplace=True))
            width = n

    def forward(self, x):
        return self.head(self.body(x))
""",
    "sequential_itself": """
class MLP(nn.Sequential):
    def __init__(self, num_inputs, num_outputs, hidden=[30, 20]):
        layers, act = [], nn.ReLU()
        for a, b in zip((num_inputs, *hidden), (*hidden, num_outputs)):
            layers.extend((nn.Linear(a, b), act))
        super().__init__(*layers[:-1])
""",
    "by_name": """
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super(MLP, self).__init__()
        widths = (num_inputs,) + tuple(hidden) + (num_outputs,)
        self.depth = len(widths) - 1
        for i in range(self.depth):
            setattr(self, f"layer_{i}", nn.Linear(in_features=widths[i], out_features=widths[i + 1]))

    def forward(self, x):
        for i in range(self.depth - 1):
            layer = getattr(self, f"layer_{i}")
            x = F.linear(x, layer.weight, layer.bias).clamp(min=0)
        layer = getattr(self, f"layer_{self.depth - 1}")
        return x @ layer.weight.T + layer.bias
""",
    "list_for_sequential": """
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        self.parts = []
        for n in hidden:
            self.parts += [nn.Linear(num_inputs, n), nn.ReLU()]
            num_inputs = n
        self.parts.append(nn.Linear(num_inputs, num_outputs))
        self.net = nn.Sequential(*self.parts)

    def forward(self, x):
        return self.net(x)
""",
    "head_first_by_function": """
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        widths = [num_inputs, *hidden]
        self.head = nn.Linear(widths[-1], num_outputs)
        self.body = nn.ModuleList(map(nn.Linear, widths, hidden))
        self.relus = [nn.ReLU() for _ in hidden]

    def forward(self, x):
        for layer, relu in zip(self.body, self.relus):
            x = relu(F.linear(x, layer.weight, layer.bias))
        return F.linear(x, self.head.weight, self.head.bias)
""",
    "recursive": """
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        if not hidden:
            self.first, self.rest = nn.Linear(num_inputs, num_outputs), None
        else:
            self.first = nn.Linear(num_inputs, hidden[0])
            self.rest = MLP(hidden[0], num_outputs, hidden[1:])

    def forward(self, x):
        x = self.first(x)
        return x if self.rest is None else self.rest(x * (x > 0))
""",
}

WIDTHS = "[num_inputs, *hidden]"
BLOCK = "[nn.Linear(narrow, wide), nn.ReLU()]"
JOINED = "nn.Sequential(*layers, nn.Linear(widths[-1], num_outputs))"
RESULT = "return self.layers(x)"

WRONG = {
    "plain_list": Wrong(
        "Guarda las capas en una lista corriente.",
        "Keeps the layers in an ordinary list.",
        edits=(
            (JOINED, "[*layers, nn.Linear(widths[-1], num_outputs)]"),
            (RESULT, "for layer in self.layers:\n            x = layer(x)\n        return x"),
        ),
    ),
    "no_linear": Wrong(
        "Crea las capas cada vez, en forward.",
        "Creates the layers each time, in forward.",
        source="""
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        self.widths = (num_inputs, *hidden, num_outputs)

    def forward(self, x):
        for i in range(len(self.widths) - 1):
            x = nn.Linear(self.widths[i], self.widths[i + 1])(x)
        return x
""",
    ),
    "default_hidden": Wrong(
        "Escribe otro valor por defecto.",
        "Writes another default value.",
        edits=(("(30, 20)", "(20, 30)"),),
    ),
    "hidden_ignored": Wrong(
        "Crea siempre capas de 30 y de 20.",
        "Always creates layers of 30 and 20.",
        edits=((WIDTHS, "[num_inputs, 30, 20]"),),
    ),
    "layer_sizes": Wrong(
        "Olvida la primera capa oculta.",
        "Forgets the first hidden layer.",
        edits=((WIDTHS, "[num_inputs, *hidden[1:]]"),),
    ),
    "no_bias": Wrong(
        "Quita el sesgo.",
        "Takes the bias out.",
        edits=(("nn.Linear(narrow, wide)", "nn.Linear(narrow, wide, bias=False)"),),
    ),
    "shared_layers": Wrong(
        "Repite la misma capa cuando los tamaños coinciden.",
        "Repeats the same layer where sizes agree.",
        source="""
class MLP(nn.Module):
    def __init__(self, num_inputs, num_outputs, hidden=(30, 20)):
        super().__init__()
        made, parts = {}, []
        for a, b in zip((num_inputs, *hidden), (*hidden, num_outputs)):
            made[a, b] = made.get((a, b)) or nn.Linear(a, b)
            parts += [made[a, b], nn.ReLU()]
        self.layers = nn.Sequential(*parts[:-1])

    def forward(self, x):
        return self.layers(x)
""",
    ),
    "extra_parameters": Wrong(
        "Añade normas entre las capas.",
        "Adds norms between the layers.",
        edits=((BLOCK, "[nn.Linear(narrow, wide), nn.LayerNorm(wide), nn.ReLU()]"),),
    ),
    "no_relu": Wrong(
        "Encadena las capas sin nada entre ellas.",
        "Chains the layers with nothing in between.",
        edits=((BLOCK, "[nn.Linear(narrow, wide)]"),),
    ),
    "one_relu": Wrong(
        "Aplica ReLU una sola vez, delante de la última capa.",
        "Applies ReLU only once, before the last layer.",
        edits=(
            (BLOCK, "[nn.Linear(narrow, wide)]"),
            (JOINED, "nn.Sequential(*layers, nn.ReLU(), nn.Linear(widths[-1], num_outputs))"),
        ),
    ),
    "relu_at_end": Wrong(
        "Pone otra ReLU al final.",
        "Puts one more ReLU at the end.",
        edits=((JOINED, "nn.Sequential(*layers, nn.Linear(widths[-1], num_outputs), nn.ReLU())"),),
    ),
    "relu_first": Wrong(
        "Pone cada ReLU delante de su capa.",
        "Puts each ReLU before its layer.",
        edits=((BLOCK, "[nn.ReLU(), nn.Linear(narrow, wide)]"),),
    ),
    "softmax_at_end": Wrong(
        "Acaba en softmax.",
        "Ends in softmax.",
        edits=((RESULT, "return self.layers(x).softmax(dim=-1)"),),
    ),
    "other_activation": Wrong(
        "Usa la tangente hiperbólica.",
        "Uses the hyperbolic tangent.",
        edits=(("nn.ReLU()", "nn.Tanh()"),),
    ),
    "reversed_layers": Wrong(
        "Recorre hidden del revés.",
        "Goes through hidden backwards.",
        edits=((WIDTHS, "[num_inputs, *reversed(hidden)]"),),
    ),
    "empty_hidden": Wrong(
        "Cuenta con que haya al menos una capa oculta.",
        "Takes at least one hidden layer for granted.",
        edits=((WIDTHS, "[num_inputs, hidden[0], *hidden[1:]]"),),
    ),
    "hidden_as_list": Wrong(
        "Suma tuplas, y con una lista falla.",
        "Adds tuples, which fails with a list.",
        edits=((WIDTHS, "(num_inputs,) + hidden"),),
    ),
    "changes_hidden": Wrong(
        "Añade elementos a la lista que recibe.",
        "Adds elements to the list it is given.",
        edits=((WIDTHS, "hidden if isinstance(hidden, list) else list(hidden)\n        widths.insert(0, num_inputs)"),),
    ),
    "random_output": Wrong(
        "Añade dropout.",
        "Adds dropout.",
        edits=((BLOCK, "[nn.Linear(narrow, wide), nn.ReLU(), nn.Dropout(0.5)]"),),
    ),
    "no_gradient": Wrong(
        "Calcula sin gradientes.",
        "Computes without gradients.",
        edits=((RESULT, "with torch.no_grad():\n            return self.layers(x)"),),
    ),
}
