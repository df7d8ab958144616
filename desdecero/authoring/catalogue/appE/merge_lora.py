from desdecero.authoring.catalogue import Wrong

IMPORTS = """
import copy

from desdecero.lora import LinearWithLoRA
"""

RIGHT = {
    "new_linear": """
def merge_lora(model):
    for name, child in model.named_children():
        if hasattr(child, "linear") and hasattr(child, "lora"):
            old, lora = child.linear, child.lora
            new = nn.Linear(old.in_features, old.out_features, bias=old.bias is not None).to(old.weight)
            with torch.no_grad():
                new.weight.copy_(old.weight + lora.alpha * lora.B.T @ lora.A.T)
                if old.bias is not None:
                    new.bias.copy_(old.bias)
            setattr(model, name, new)
        else:
            merge_lora(child)
    return model
""",
    "new_parameter": """
@torch.no_grad()
def merge_lora(model: nn.Module) -> nn.Module:
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if not (hasattr(child, "lora") and isinstance(getattr(child, "linear", None), nn.Linear)):
                continue
            change = torch.einsum("ir,ro->oi", child.lora.A, child.lora.B)
            child.linear.weight = nn.Parameter(child.linear.weight + child.lora.alpha * change)
            setattr(parent, name, child.linear)
    return model
""",
    "by_paths_with_data": """
def merge_lora(model):
    wrapped = [path for path, m in model.named_modules() if {"linear", "lora"} <= {n for n, _ in m.named_children()}]
    for path in wrapped:
        layer = model.get_submodule(path)
        A, B = layer.lora.A.detach(), layer.lora.B.detach()
        layer.linear.weight.data += (A @ B).t() * layer.lora.alpha
        *parents, last = path.split(".")
        owner = model
        for part in parents:
            owner = getattr(owner, part)
        owner._modules[last] = layer.linear
    return model
""",
    "unit_vectors": """
def merge_lora(model):
    def merged(layer):
        linear = layer.linear
        eye = torch.eye(linear.in_features, dtype=linear.weight.dtype, device=linear.weight.device)
        with torch.no_grad():
            bias = 0 if linear.bias is None else linear.bias
            linear.weight.copy_((layer(eye) - bias).T)
        return linear.requires_grad_()

    for name, child in model.named_children():
        try:
            child.linear, child.lora
        except AttributeError:
            merge_lora(child)
        else:
            setattr(model, name, merged(child))
    return model
""",
}

TEST = 'hasattr(child, "linear") and hasattr(child, "lora")'
UNIT = "unit = torch.eye(linear.in_features).to(linear.weight)  # its rows, sent through, give alpha * A @ B"
ADD = "linear.weight += child.lora(unit).T  # (in, in) -> (in, out) -> (out, in), as nn.Linear keeps it"
PUT = "setattr(model, name, linear.requires_grad_(True))"
DOWN = "        else:\n            merge_lora(child)\n"
RESULT = "    return model"

WRONG = {
    "no_return": Wrong("Olvida devolver el modelo.", "Forgets to return the model.", edits=((RESULT, ""),)),
    "not_the_model": Wrong(
        "Trabaja con una copia.",
        "Works on a copy.",
        edits=(("    for name, child", "    model = copy.deepcopy(model)\n    for name, child"),),
    ),
    "dotted_name": Wrong(
        "Usa con setattr el camino entero, con sus puntos.",
        "Uses the whole path, dots and all, with setattr.",
        source="""
def merge_lora(model):
    for name, module in list(model.named_modules()):
        if hasattr(module, "linear") and hasattr(module, "lora"):
            lora = module.lora
            module.linear.weight.data += lora.alpha * (lora.A @ lora.B).T.detach()
            setattr(model, name, module.linear)
    return model
""",
    ),
    "nothing_merged": Wrong(
        "Suma la actualización y deja el envoltorio.",
        "Adds the update and leaves the wrapping.",
        edits=((PUT, "child = linear"),),
    ),
    "by_class": Wrong(
        "Reconoce una sola clase.",
        "Recognises a single class.",
        edits=((TEST, "isinstance(child, LinearWithLoRA)"),),
    ),
    "top_level_only": Wrong("Mira solo los hijos directos.", "Looks at the direct children only.", edits=((DOWN, ""),)),
    "left_wrapped": Wrong(
        "Baja solo a los nn.Sequential.",
        "Goes down into nn.Sequential only.",
        edits=((DOWN, "        elif isinstance(child, nn.Sequential):\n            merge_lora(child)\n"),),
    ),
    "not_plain": Wrong(
        "Deja una nn.Sequential alrededor.",
        "Leaves an nn.Sequential around it.",
        edits=((PUT, "setattr(model, name, nn.Sequential(linear))"),),
    ),
    "too_eager": Wrong(
        "Le basta con que haya un atributo linear.",
        "Is content with an attribute linear.",
        edits=((TEST, 'hasattr(child, "linear")'),),
    ),
    "lora_alone": Wrong(
        "Le basta con que haya un atributo lora.",
        "Is content with an attribute lora.",
        edits=((TEST, 'hasattr(child, "lora")'),),
    ),
    "other_changed": Wrong(
        "Rehace también las que no estaban envueltas.",
        "Makes those anew that were not wrapped, too.",
        edits=(
            (
                DOWN,
                "        elif isinstance(child, nn.Linear):\n"
                "            setattr(model, name, nn.Linear(child.in_features, child.out_features))\n" + DOWN,
            ),
        ),
    ),
    "transpose_forgotten": Wrong(
        "Suma A @ B sin trasponer.",
        "Adds A @ B without the transpose.",
        edits=((ADD, "linear.weight += child.lora.alpha * (child.lora.A @ child.lora.B)"),),
    ),
    "reshaped": Wrong(
        "Hace encajar A @ B con reshape.",
        "Makes A @ B fit by reshape.",
        edits=(
            (ADD, "linear.weight += child.lora.alpha * (child.lora.A @ child.lora.B).reshape(linear.weight.shape)"),
        ),
    ),
    "wrong_order": Wrong(
        "Multiplica B por A.",
        "Multiplies B by A.",
        edits=((ADD, "linear.weight += child.lora.alpha * (child.lora.B @ child.lora.A)"),),
    ),
    "alpha_forgotten": Wrong(
        "Olvida alpha.", "Forgets alpha.", edits=((ADD, "linear.weight += (child.lora.A @ child.lora.B).T"),)
    ),
    "alpha_over_rank": Wrong(
        "Divide alpha entre rank.",
        "Divides alpha by rank.",
        edits=((ADD, "linear.weight += child.lora(unit).T / child.lora.A.shape[1]"),),
    ),
    "other_attributes": Wrong(
        "Busca alpha en la capa envuelta, y está en lora.",
        "Looks for alpha in the wrapped layer, and it is in lora.",
        edits=((ADD, "linear.weight += child.alpha * (child.lora.A @ child.lora.B).T"),),
    ),
    "subtracted": Wrong(
        "Resta la actualización.", "Subtracts the update.", edits=((ADD, "linear.weight -= child.lora(unit).T"),)
    ),
    "update_lost": Wrong(
        "Solo quita el envoltorio.", "Only takes off the wrapping.", edits=((f"                {ADD}\n", ""),)
    ),
    "weight_lost": Wrong(
        "Copia la actualización encima de los pesos.",
        "Copies the update over the weights.",
        edits=((ADD, "linear.weight.copy_(child.lora(unit).T)"),),
    ),
    "added_twice": Wrong(
        "Recorre todos los caminos, y una parte que está en dos sitios recibe la actualización dos veces.",
        "Goes through all paths, and a part that stands in two places gets its update twice.",
        source="""
def merge_lora(model):
    layers = [(p, m) for p, m in model.named_modules(remove_duplicate=False) if hasattr(m, "lora") and hasattr(m, "linear")]
    for path, layer in layers:
        with torch.no_grad():
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        parent, _, name = path.rpartition(".")
        setattr(model.get_submodule(parent), name, layer.linear)
    return model
""",
    ),
    "bias_lost": Wrong(
        "Crea una capa nueva y copia solo los pesos.",
        "Creates a new layer and copies the weights only.",
        edits=(
            (
                PUT,
                "new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)\n"
                "            new.weight = linear.weight\n            setattr(model, name, new)",
            ),
        ),
    ),
    "bias_invented": Wrong(
        "Crea siempre una capa con sesgo.",
        "Always creates a layer with a bias.",
        edits=(
            (
                PUT,
                "new = nn.Linear(linear.in_features, linear.out_features)\n"
                "            new.weight, new.bias = linear.weight, linear.bias or new.bias\n"
                "            setattr(model, name, new)".replace(
                    "linear.bias or new.bias", "new.bias if linear.bias is None else linear.bias"
                ),
            ),
        ),
    ),
    "needs_bias": Wrong(
        "Copia el sesgo sin mirar si lo hay.",
        "Copies the bias without looking whether there is one.",
        edits=((PUT, f"linear.bias.data = linear.bias.detach().clone()\n            {PUT}"),),
    ),
    "needs_parameter": Wrong(
        "Asigna un tensor corriente a weight.",
        "Assigns an ordinary tensor to weight.",
        edits=((ADD, "linear.weight = linear.weight + child.lora(unit).T"),),
    ),
    "needs_no_grad": Wrong(
        "Suma en el sitio mientras se apuntan gradientes.",
        "Adds in place while gradients are recorded.",
        edits=(("with torch.no_grad():", "if True:"),),
    ),
    "tracked": Wrong(
        "Olvida torch.no_grad(), y los pesos guardan su historia.",
        "Forgets torch.no_grad(), and the weights keep their history.",
        edits=(
            ("with torch.no_grad():", "if True:"),
            (ADD, "linear.weight.add_(child.lora(unit).T)"),
            (PUT, "setattr(model, name, linear)"),
        ),
    ),
    "precision_lost": Wrong(
        "Convierte los pesos a float32.",
        "Turns the weights into float32.",
        edits=((PUT, "setattr(model, name, linear.float())"),),
    ),
}
