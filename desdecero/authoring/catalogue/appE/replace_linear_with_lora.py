from desdecero.authoring.catalogue import Wrong

IMPORTS = """
import copy

from desdecero.lora import LinearWithLoRA, LoRALayer
"""

RIGHT = {
    "by_paths": """
def replace_linear_with_lora(model, rank, alpha):
    targets = [
        path
        for path, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and not isinstance(model.get_submodule(path.rpartition(".")[0]), LinearWithLoRA)
    ]
    for path in targets:
        parent_path, _, name = path.rpartition(".")
        parent = model.get_submodule(parent_path)
        setattr(parent, name, LinearWithLoRA(getattr(parent, name), rank, alpha))
    return model
""",
    "list_of_parents": """
def replace_linear_with_lora(model: nn.Module, rank: int, alpha: float) -> nn.Module:
    parents = [module for module in model.modules() if not isinstance(module, LinearWithLoRA)]
    for parent in parents:
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                parent.add_module(name, LinearWithLoRA(child, rank=rank, alpha=alpha))
    return model
""",
    "stack": """
def replace_linear_with_lora(model, rank, alpha):
    stack = [model]
    while stack:
        module = stack.pop()
        for name in list(module._modules):
            child = module._modules[name]
            if type(child) is nn.Linear:
                module._modules[name] = LinearWithLoRA(child, rank, alpha)
            elif child is not None and type(child) is not LinearWithLoRA:
                stack.append(child)
    return model
""",
    "children_that_return": """
def replace_linear_with_lora(model, rank, alpha):
    def visit(module):
        if isinstance(module, LinearWithLoRA):
            return module
        if isinstance(module, nn.Linear):
            return LinearWithLoRA(module, rank, alpha)
        for name, child in module.named_children():
            setattr(module, name, visit(child))
        return module

    return visit(model)
""",
    "own_wrapper_skipped_by_its_parameters": """
class Wrapped(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.linear = linear
        for p in linear.parameters():
            p.requires_grad = False

    def forward(self, x):
        return self.lora(x) + self.linear(x)


def replace_linear_with_lora(model, rank, alpha):
    for name, child in model.named_children():
        if "lora" in dict(child.named_children()):
            continue
        if isinstance(child, nn.Linear):
            setattr(model, name, Wrapped(child, rank, alpha))
            continue
        replace_linear_with_lora(child, rank, alpha)
    return model
""",
}

LOOP = "for name, child in model.named_children():"
SET = "setattr(model, name, LinearWithLoRA(child, rank, alpha))"
WRAP = "LinearWithLoRA(child, rank, alpha)"
DOWN = """        elif not hasattr(child, "lora"):
            replace_linear_with_lora(child, rank, alpha)
"""
CALL = "            replace_linear_with_lora(child, rank, alpha)"
RESULT = "    return model"

WRONG = {
    "no_return": Wrong("Olvida devolver el modelo.", "Forgets to return the model.", edits=((RESULT, ""),)),
    "not_the_model": Wrong(
        "Trabaja con una copia.",
        "Works on a copy.",
        edits=((f"    {LOOP}", f"    model = copy.deepcopy(model)\n    {LOOP}"),),
    ),
    "dotted_name": Wrong(
        "Usa con setattr el camino entero, con sus puntos.",
        "Uses the whole path, dots and all, with setattr.",
        source="""
def replace_linear_with_lora(model, rank, alpha):
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear):
            setattr(model, name, LinearWithLoRA(module, rank, alpha))
    return model
""",
    ),
    "endless": Wrong(
        "Recorre model.modules() mientras lo cambia, y encuentra lo que acaba de poner.",
        "Goes through model.modules() while changing it, and meets what it has just put in.",
        source="""
def replace_linear_with_lora(model, rank, alpha):
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                setattr(parent, name, LinearWithLoRA(child, rank, alpha))
    return model
""",
    ),
    "changes_while_iterating": Wrong(
        "Borra cada capa antes de poner la nueva, en mitad del recorrido.",
        "Deletes each layer before putting in the new one, while going through them.",
        edits=((SET, f"delattr(model, name)\n            {SET}"),),
    ),
    "needs_bias": Wrong(
        "Congela el sesgo sin mirar si lo hay.",
        "Freezes the bias without looking whether there is one.",
        edits=((SET, f"child.bias.requires_grad_(False)\n            {SET}"),),
    ),
    "nothing_wrapped": Wrong(
        "Da otro valor a la variable del bucle.",
        "Gives the loop's variable another value.",
        edits=((SET, f"child = {WRAP}"),),
    ),
    "top_level_only": Wrong(
        "Mira solo los hijos directos.",
        "Looks at the direct children only.",
        edits=((DOWN, ""),),
    ),
    "left_plain": Wrong(
        "Baja solo a los nn.Sequential.",
        "Goes down into nn.Sequential only.",
        edits=(('elif not hasattr(child, "lora")', "elif isinstance(child, nn.Sequential)"),),
    ),
    "wrapped_twice": Wrong(
        "Baja también a lo que ya está envuelto.",
        "Goes down into what is wrapped already, too.",
        edits=(('elif not hasattr(child, "lora")', "else"),),
    ),
    "new_layers": Wrong(
        "Envuelve una capa nueva de las mismas medidas.",
        "Wraps a new layer of the same sizes.",
        edits=((WRAP, "LinearWithLoRA(nn.Linear(child.in_features, child.out_features), rank, alpha)"),),
    ),
    "other_replaced": Wrong(
        "Cambia también las normalizaciones.",
        "Changes the norms, too.",
        edits=((RESULT, f'    if hasattr(model, "norm"):\n        model.norm = nn.Identity()\n{RESULT}'),),
    ),
    "not_frozen": Wrong(
        "Al terminar lo descongela todo.",
        "Thaws everything at the end.",
        edits=((RESULT, f"    model.requires_grad_(True)\n{RESULT}"),),
    ),
    "lora_frozen": Wrong(
        "Congela el modelo después de envolver.",
        "Freezes the model after wrapping.",
        edits=((RESULT, f"    model.requires_grad_(False)\n{RESULT}"),),
    ),
    "freezes_too_much": Wrong(
        "Congela antes todo el modelo.",
        "Freezes the whole model first.",
        source="""
def replace_linear_with_lora(model, rank, alpha):
    for name, child in model.named_children():
        if isinstance(child, nn.Linear):
            setattr(model, name, LinearWithLoRA(child, rank, alpha))
        elif not hasattr(child, "lora"):
            child.requires_grad_(False)
            replace_linear_with_lora(child, rank, alpha)
    return model
""",
    ),
    "thawed": Wrong(
        "Empieza descongelándolo todo.",
        "Begins by thawing everything.",
        edits=(
            (
                f"    {LOOP}",
                "    for p in model.parameters(recurse=False):\n        p.requires_grad = True\n" + f"    {LOOP}",
            ),
        ),
    ),
    "wrong_rank": Wrong(
        "Cambia rank y alpha al llamarse a sí misma.",
        "Swaps rank and alpha when calling itself.",
        edits=((CALL, "            replace_linear_with_lora(child, int(alpha), rank)"),),
    ),
    "wrong_alpha": Wrong(
        "Pasa alpha dividido entre rank.",
        "Passes alpha divided by rank.",
        edits=((WRAP, "LinearWithLoRA(child, rank, alpha / rank)"),),
    ),
    "changes_output": Wrong(
        "Encoge los pesos que envuelve.",
        "Shrinks the weights it wraps.",
        edits=((SET, f"child.weight.data *= 0.5\n            {SET}"),),
    ),
}
