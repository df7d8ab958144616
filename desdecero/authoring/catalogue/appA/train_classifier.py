from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._loops import EPOCH, STEP, STEP_MISTAKES, TRAIN, result_mistakes

IMPORTS = """
from collections.abc import Iterable
from torch.optim import Optimizer
"""

RIGHT = {
    "clear_last": """
def train_classifier(model, loader, optimizer, num_epochs):
    criterion = nn.CrossEntropyLoss()
    history, epoch = [], 0
    optimizer.zero_grad(set_to_none=False)
    while epoch < num_epochs:
        model.train()
        for features, labels in loader:
            scores = model(features)
            value = criterion(scores, labels)
            value.backward()
            optimizer.step()
            optimizer.zero_grad()
            history += [value.detach().item()]
        epoch += 1
    return history
""",
    "log_softmax": """
def train_classifier(model, loader, optimizer, num_epochs):
    def step(x, y):
        model.zero_grad()
        log_p = model.train()(x).log_softmax(dim=1)
        loss = -log_p[torch.arange(len(y)), y].mean()
        loss.backward()
        optimizer.step()
        return float(loss)

    return [step(*batch) for _ in range(num_epochs) for batch in loader]
""",
    "one_hot": """
def train_classifier(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for x, y in (batch for _ in range(num_epochs) for batch in loader):
        logits = model(x)
        loss = F.cross_entropy(logits, F.one_hot(y, logits.shape[1]).float())
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses
""",
    "closure_and_mode": """
def train_classifier(model, loader, optimizer, num_epochs):
    found = model.training
    model.train()
    out = []
    for _ in range(num_epochs):
        for batch in loader:
            def closure():
                optimizer.zero_grad()
                loss = F.nll_loss(F.log_softmax(model(batch[0]), -1), batch[1])
                loss.backward()
                return loss
            out.append(optimizer.step(closure).item())
    model.train(found)
    return out
""",
    "grad_by_hand": """
def train_classifier(model, loader, optimizer, num_epochs):
    model.train(True)
    weights, losses = list(model.parameters()), []
    for _ in range(num_epochs):
        for features, labels in list(loader):
            loss = F.cross_entropy(model(features), labels, reduction="sum") / labels.numel()
            for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
                weight.grad = gradient
            optimizer.step()
            losses.append(loss.tolist())
    return losses
""",
}

LOSS = "F.cross_entropy(model(features), labels)"

WRONG = {
    **STEP_MISTAKES,
    **result_mistakes(),
    "softmax_twice": Wrong(
        "Aplica softmax antes de cross_entropy.",
        "Applies softmax before cross_entropy.",
        edits=((LOSS, "F.cross_entropy(torch.softmax(model(features), dim=1), labels)"),),
    ),
    "no_softmax": Wrong(
        "Usa nll_loss sobre los logits.",
        "Uses nll_loss on the logits.",
        edits=((LOSS, "F.nll_loss(model(features), labels)"),),
    ),
    "other_loss": Wrong(
        "Usa el error cuadrático.",
        "Uses the squared error.",
        edits=((LOSS, "F.mse_loss(model(features), F.one_hot(labels, model(features).shape[1]).float())"),),
    ),
    "summed": Wrong(
        "Guarda la pérdida multiplicada por el tamaño del lote.",
        "Keeps the loss times the size of the batch.",
        edits=(("loss.item()", "loss.item() * len(labels)"),),
    ),
    "wrong_arguments": Wrong(
        "Pasa las etiquetas en one-hot, con números enteros.",
        "Passes the labels as one-hot integers.",
        edits=((LOSS, "F.cross_entropy(model(features), F.one_hot(labels, 3))"),),
    ),
    "fixed_epochs": Wrong(
        "Da siempre tres vueltas.",
        "Always goes round three times.",
        edits=((EPOCH, EPOCH.replace("num_epochs", "3")),),
    ),
    "clips": Wrong(
        "Recorta los gradientes, como hacen otros bucles.",
        "Clips the gradients, as other loops do.",
        edits=((STEP, "            nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n" + STEP),),
    ),
    "one_pass": Wrong(
        "Guarda los lotes en una lista antes de empezar, y todas las épocas son la misma.",
        "Keeps the batches in a list before it starts, and all epochs are the same.",
        edits=((TRAIN, "    loader = list(loader)\n" + TRAIN),),
    ),
    "needs_length": Wrong(
        "Pregunta cuántos lotes hay.",
        "Asks how many batches there are.",
        edits=((TRAIN, "    total_steps = num_epochs * len(loader)\n" + TRAIN),),
    ),
    "cut_off": Wrong(
        "Calcula la pérdida con la clase predicha.",
        "Computes the loss of the predicted class.",
        edits=((LOSS, "(model(features).argmax(1) != labels).float().mean()"),),
    ),
}
