from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "freeze_and_thaw": """
def add_classification_head(model, num_classes, trainable_blocks=1):
    model.requires_grad_(False)
    model.out_head = nn.Linear(model.tok_emb.embedding_dim, num_classes)
    model.final_norm.requires_grad_(True)
    first = len(model.trf_blocks) - trainable_blocks
    for i, block in enumerate(model.trf_blocks):
        block.requires_grad_(i >= first)
    return model
""",
    "head_first": '''
def add_classification_head(model: nn.Module, num_classes: int, trainable_blocks: int = 1) -> nn.Module:
    """Decides by name, for each parameter."""
    emb_dim = model.out_head.weight.shape[1]
    model.out_head = nn.Linear(emb_dim, num_classes, bias=True)
    n = len(model.trf_blocks)
    prefixes = ["out_head.", "final_norm."] + [f"trf_blocks.{n - 1 - i}." for i in range(trainable_blocks)]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(tuple(prefixes))
    return model
''',
    "sets_of_parameters": """
def add_classification_head(model, num_classes, trainable_blocks=1):
    setattr(model, "out_head", nn.Linear(model.pos_emb.weight.size(1), num_classes))
    chosen = [model.out_head, model.final_norm]
    if trainable_blocks > 0:
        chosen.extend(model.trf_blocks[-trainable_blocks:])
    keep = {id(p) for module in chosen for p in module.parameters()}
    for p in model.parameters():
        p.requires_grad_(id(p) in keep)
    return model
""",
    "backwards": """
def add_classification_head(model, num_classes, trainable_blocks=1):
    old = model.out_head
    new = nn.Linear(in_features=old.in_features, out_features=num_classes)
    nn.init.normal_(new.weight, std=0.02)
    nn.init.zeros_(new.bias)
    model.out_head = new
    for part in (model.tok_emb, model.pos_emb, model.trf_blocks):
        part.requires_grad_(False)
    left = trainable_blocks
    for block in reversed(list(model.trf_blocks)):
        if left == 0:
            break
        for weight in block.parameters():
            weight.requires_grad = True
        left -= 1
    for weight in model.final_norm.parameters():
        weight.requires_grad = True
    return model
""",
}

FREEZE = "parameter.requires_grad = False"
HEAD = "nn.Linear(model.out_head.in_features, num_classes)"
FIRST_LOOP = "for parameter in model.parameters():"
THAWED = "[model.final_norm, *from_the_last[:trainable_blocks]]"
RESULT = "    return model"

WRONG = {
    "no_return": Wrong(
        "Olvida devolver el modelo.",
        "Forgets to return the model.",
        edits=((RESULT, ""),),
    ),
    "not_the_model": Wrong(
        "Trabaja con una copia.",
        "Works on a copy.",
        edits=((FIRST_LOOP, "import copy\n    model = copy.deepcopy(model)\n    " + FIRST_LOOP),),
    ),
    "old_head": Wrong(
        "Pone la cabeza nueva con otro nombre.",
        "Puts in the new head under another name.",
        edits=(("model.out_head = ", "model.classifier = "),),
    ),
    "not_linear": Wrong(
        "Añade una softmax a la cabeza.",
        "Adds a softmax to the head.",
        edits=((HEAD, f"nn.Sequential({HEAD}, nn.Softmax(dim=-1))"),),
    ),
    "head_size": Wrong(
        "Pone delante de la cabeza el tamaño del vocabulario.",
        "Takes the size of the vocabulary for what enters the head.",
        edits=((HEAD, "nn.Linear(model.out_head.out_features, num_classes)"),),
    ),
    "no_bias": Wrong(
        "Copia bias=False de la cabeza antigua.",
        "Copies bias=False from the old head.",
        edits=((HEAD, HEAD[:-1] + ", bias=False)"),),
    ),
    "changes_weights": Wrong(
        "Cambia final_norm por una nueva, para que se entrene.",
        "Replaces final_norm by a new one, so that it is trained.",
        edits=((RESULT, "    model.final_norm = nn.LayerNorm(model.out_head.in_features)\n" + RESULT),),
    ),
    "frozen_head": Wrong(
        "Congela el modelo después de poner la cabeza.",
        "Freezes the model after putting in the head.",
        source="""
def add_classification_head(model, num_classes, trainable_blocks=1):
    model.out_head = nn.Linear(model.out_head.in_features, num_classes)
    for p in model.parameters():
        p.requires_grad = False
    for module in [model.final_norm] + [model.trf_blocks[-1 - i] for i in range(trainable_blocks)]:
        module.requires_grad_(True)
    return model
""",
    ),
    "nothing_frozen": Wrong(
        "Pone requires_grad en el modelo, donde no hace nada.",
        "Sets requires_grad on the model, where it does nothing.",
        edits=((FREEZE, "model.requires_grad = False"),),
    ),
    "trainable_embeddings": Wrong(
        "Congela solo los bloques.",
        "Freezes the blocks only.",
        edits=((FIRST_LOOP, "for parameter in model.trf_blocks.parameters():"),),
    ),
    "frozen_norm": Wrong(
        "Olvida la última normalización.",
        "Forgets the last norm.",
        edits=((THAWED, "from_the_last[:trainable_blocks]"),),
    ),
    "frozen_blocks": Wrong(
        "Pone requires_grad en los bloques, donde no hace nada.",
        "Sets requires_grad on the blocks, where it does nothing.",
        source="""
def add_classification_head(model, num_classes, trainable_blocks=1):
    model.requires_grad_(False)
    model.out_head = nn.Linear(model.out_head.in_features, num_classes)
    model.final_norm.requires_grad_(True)
    for i in range(trainable_blocks):
        model.trf_blocks[-1 - i].requires_grad = True
    return model
""",
    ),
    "part_of_block": Wrong(
        "Entrena solo la atención de los últimos bloques.",
        "Trains only the attention of the last blocks.",
        edits=((THAWED, "[model.final_norm, *(block.att for block in from_the_last[:trainable_blocks])]"),),
    ),
    "zero_blocks": Wrong(
        "Escribe blocks[-trainable_blocks:], que con 0 son todos.",
        "Writes blocks[-trainable_blocks:], which for 0 is all of them.",
        edits=((THAWED, "[model.final_norm, *model.trf_blocks[-trainable_blocks:]]"),),
    ),
    "first_blocks": Wrong(
        "Cuenta los bloques desde el principio.",
        "Counts the blocks from the front.",
        edits=((THAWED, "[model.final_norm, *model.trf_blocks[:trainable_blocks]]"),),
    ),
    "ignores_blocks": Wrong(
        "Entrena siempre el último bloque.",
        "Always trains the last block.",
        edits=((THAWED, "[model.final_norm, model.trf_blocks[-1]]"),),
    ),
    "single_block": Wrong(
        "Olvida los dos puntos, y toma un bloque en vez de todos desde él.",
        "Forgets the colon, and takes one block instead of all from it on.",
        edits=((THAWED, "[model.final_norm, model.trf_blocks[-trainable_blocks]]"),),
    ),
    "wrong_blocks": Wrong(
        "Entrena un bloque de más.",
        "Trains one block too many.",
        edits=(("[:trainable_blocks]", "[: trainable_blocks + 1]"),),
    ),
    "not_thawed": Wrong(
        "Congela lo que no se entrena, y da por hecho que lo demás se entrena.",
        "Freezes what is not trained, and takes it for granted that the rest is.",
        source="""
def add_classification_head(model, num_classes, trainable_blocks=1):
    model.out_head = nn.Linear(model.out_head.in_features, num_classes)
    frozen = [model.tok_emb, model.pos_emb, *list(model.trf_blocks)[: len(model.trf_blocks) - trainable_blocks]]
    for module in frozen:
        for p in module.parameters():
            p.requires_grad = False
    return model
""",
    ),
    "not_implemented": Wrong(
        "Aún no lo ha escrito.",
        "Has not written it yet.",
        edits=((FREEZE, "raise NotImplementedError()"),),
    ),
}
