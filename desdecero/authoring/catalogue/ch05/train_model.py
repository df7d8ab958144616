from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._loops import APPEND, RESULT, STEP, STEP_MISTAKES, TRAIN, result_mistakes

IMPORTS = """
from collections.abc import Callable
from torch.optim import Optimizer
from desdecero.training import Batches, batch_loss
"""

RIGHT = {
    "enumerated": """
def train_model(model, train_loader, optimizer, num_epochs, on_step=None):
    history = []
    for epoch in range(num_epochs):
        model.train()
        for i, (x, y) in enumerate(train_loader):
            loss = batch_loss(model, x, y)
            model.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(loss.item())
            if on_step:
                on_step(epoch * len(train_loader) + i, loss.item())
    return history
""",
    "cleared_before_and_after": """
def train_model(model, train_loader, optimizer, num_epochs, on_step=None):
    optimizer.zero_grad()
    model = model.train()
    losses, step = [], 0
    while num_epochs > 0:
        for x, y in train_loader:
            scores = model(x)
            loss = F.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            losses += [float(loss)]
            (on_step or (lambda *_: None))(step, losses[step])
            step += 1
        num_epochs -= 1
    return losses
""",
    "chained": """
def train_model(model, train_loader, optimizer, num_epochs, on_step=None):
    from itertools import chain
    found = mode = model.training
    model.train(True)
    losses = [None] * (num_epochs * len(train_loader))
    for step, batch in enumerate(chain.from_iterable(train_loader for _ in range(num_epochs))):
        for parameter in model.parameters():
            parameter.grad = None
        loss = batch_loss(model, *batch)
        for parameter, gradient in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters()))):
            parameter.grad = gradient
        optimizer.step()
        losses[step] = loss.detach().item()
        if callable(on_step):
            on_step(step=step, loss=losses[step])
    model.train(found)
    return losses
""",
    "in_float32": """
def train_model(model, train_loader, optimizer, num_epochs, on_step=None):
    losses = []
    for x, y in [batch for _ in range(num_epochs) for batch in train_loader]:
        optimizer.zero_grad(set_to_none=False)
        model.train()
        F.cross_entropy(model(x).float().flatten(0, -2), y.flatten()).backward(retain_graph=False)
        with torch.no_grad():
            losses.append(F.cross_entropy(model(x).flatten(0, -2), y.flatten()).item())
        optimizer.step()
        on_step and on_step(len(losses) - 1, losses[-1])
    return losses
""",
    "closure": """
def train_model(model, train_loader, optimizer, num_epochs, on_step=None):
    model.train()
    losses = []
    def one_step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = batch_loss(model, x, y)
            loss.backward()
            return loss
        return optimizer.step(closure).item()
    for _ in range(num_epochs):
        for x, y in train_loader:
            losses.append(one_step(x, y))
            if on_step is not None:
                on_step(len(losses) - 1, losses[-1])
    return losses
""",
}

CALL = "on_step(len(losses) - 1, losses[-1])"
ON_STEP = "            if on_step is not None:\n                " + CALL + "\n"

WRONG = {
    **STEP_MISTAKES,
    **result_mistakes(),
    "fixed_epochs": Wrong(
        "Escribe el número de épocas con el que lo probó.",
        "Writes the number of epochs that it was tried with.",
        edits=(("range(num_epochs)", "range(3)"),),
    ),
    "one_pass": Wrong(
        "Guarda los lotes en una lista y los repite en el mismo orden.",
        "Keeps the batches in a list and repeats them in the same order.",
        edits=((TRAIN, TRAIN + "    batches = list(train_loader)\n"), ("in train_loader:", "in batches:")),
    ),
    "rounded": Wrong(
        "Guarda las pérdidas con cuatro decimales.",
        "Keeps the losses with four decimals.",
        edits=((APPEND, "losses.append(round(loss.item(), 4))"),),
    ),
    "clips": Wrong(
        "Recorta los gradientes a norma 1, como hacen muchos bucles.",
        "Clips the gradients to norm 1, as many loops do.",
        edits=((STEP, "            nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n" + STEP),),
    ),
    "calls_none": Wrong(
        "Llama a on_step sin comprobar que no es None.",
        "Calls on_step without making sure that it is not None.",
        edits=(("if on_step is not None:", "if True:"),),
    ),
    "on_step_missing": Wrong(
        "Llama a on_step una vez por época.",
        "Calls on_step once per epoch.",
        edits=(
            (
                "            if on_step is not None:\n                on_step",
                "        if on_step is not None:\n            on_step",
            ),
        ),
    ),
    "counts_per_epoch": Wrong(
        "Cuenta los pasos desde cero en cada época.",
        "Counts the steps from zero in each epoch.",
        edits=((CALL, "on_step((len(losses) - 1) % len(train_loader), losses[-1])"),),
    ),
    "counts_from_one": Wrong(
        "El primer paso es el 1.",
        "The first step is 1.",
        edits=((CALL, "on_step(len(losses), losses[-1])"),),
    ),
    "wrong_steps": Wrong(
        "Pasa primero la pérdida.",
        "Passes the loss first.",
        edits=((CALL, "on_step(losses[-1], len(losses) - 1)"),),
    ),
    "on_step_tensor": Wrong(
        "Pasa la pérdida como tensor.",
        "Passes the loss as a tensor.",
        edits=((CALL, "on_step(len(losses) - 1, loss)"),),
    ),
    "on_step_loss": Wrong(
        "Pasa la media de las pérdidas.",
        "Passes the mean of the losses.",
        edits=((CALL, "on_step(len(losses) - 1, sum(losses) / len(losses))"),),
    ),
    "on_step_in_a_row": Wrong(
        "Llama a on_step cuando el entrenamiento ha acabado, una vez por cada paso.",
        "Calls on_step when training is over, once for each step.",
        edits=(
            (ON_STEP, ""),
            (
                RESULT,
                "    for step, loss in enumerate(losses if on_step else []):\n        on_step(step, loss)\n" + RESULT,
            ),
        ),
    ),
    "on_step_early": Wrong(
        "Llama a on_step antes de optimizer.step().",
        "Calls on_step before optimizer.step().",
        source="""
def train_model(model, train_loader, optimizer, num_epochs, on_step=None):
    model.train()
    losses = []
    for epoch in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = batch_loss(model, x, y)
            losses.append(loss.item())
            if on_step is not None:
                on_step(len(losses) - 1, losses[-1])
            loss.backward()
            optimizer.step()
    return losses
""",
    ),
}
