from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._loops import BACKWARD, EPOCH, STEP, STEP_MISTAKES, TRAIN, result_mistakes

IMPORTS = """
from collections.abc import Sized
from torch.optim import Optimizer
from desdecero.training import Batches, batch_loss, clip_gradients, learning_rate
"""

RIGHT = {
    "enumerated": """
def train_with_schedule(model, train_loader, optimizer, num_epochs, warmup_steps, initial_lr, min_lr, max_norm=1.0):
    peak = optimizer.param_groups[0]["lr"]
    per_epoch = len(train_loader)
    losses, lrs = [], []
    for epoch in range(num_epochs):
        model.train()
        for i, (x, y) in enumerate(train_loader, start=epoch * per_epoch):
            loss = batch_loss(model, x, y)
            model.zero_grad()
            loss.backward()
            clip_gradients(model.parameters(), max_norm)
            lrs.append(learning_rate(i, num_epochs * per_epoch, warmup_steps, initial_lr, peak, min_lr))
            for g in optimizer.param_groups:
                g["lr"] = lrs[-1]
            optimizer.step()
            losses.append(loss.item())
    return losses, lrs
""",
    "planned_ahead": """
def train_with_schedule(model, train_loader, optimizer, num_epochs, warmup_steps, initial_lr, min_lr, max_norm=1.0):
    found, mode = [group["lr"] for group in optimizer.param_groups], model.training
    batches = [batch for _ in range(num_epochs) for batch in train_loader]
    lrs = [learning_rate(t, len(batches), warmup_steps, initial_lr, found[0], min_lr) for t in range(len(batches))]
    losses = []
    model.train()
    for lr, (x, y) in zip(lrs, batches):
        optimizer.zero_grad(set_to_none=False)
        for group in optimizer.param_groups:
            group.update(lr=lr)
        scores = model(x)
        loss = F.cross_entropy(scores.reshape(-1, scores.shape[-1]), y.reshape(-1))
        loss.backward()
        norm = math.sqrt(sum(float((p.grad**2).sum()) for p in model.parameters()))
        for p in model.parameters():
            p.grad *= min(1.0, max_norm / (norm + 1e-6))
        optimizer.step()
        losses += [float(loss)]
    for group, lr in zip(optimizer.param_groups, found):
        group["lr"] = lr
    model.train(mode)
    return losses, lrs
""",
    "lambda_lr": """
def train_with_schedule(model, train_loader, optimizer, num_epochs, warmup_steps, initial_lr, min_lr, max_norm=1.0):
    model.train()
    peak, total = optimizer.param_groups[0]["lr"], num_epochs * len(train_loader)
    share = lambda t: learning_rate(t, total, warmup_steps, initial_lr, peak, min_lr) / peak
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    losses, lrs = [], []
    for _ in range(num_epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = batch_loss(model, x, y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            lrs.append(optimizer.param_groups[-1]["lr"])
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
    return losses, lrs
""",
    "closure": """
def train_with_schedule(model, train_loader, optimizer, num_epochs, warmup_steps, initial_lr, min_lr, max_norm=1.0):
    total, peak_lr, history = len(train_loader) * num_epochs, optimizer.param_groups[0]["lr"], []
    model.train()

    def one_step(x, y):
        def closure():
            optimizer.zero_grad()
            loss = batch_loss(model, x, y)
            loss.backward()
            clip_gradients(model.parameters(), max_norm)
            return loss

        lr = learning_rate(len(history), total, warmup_steps, initial_lr, peak_lr, min_lr)
        for i in range(len(optimizer.param_groups)):
            optimizer.param_groups[i]["lr"] = lr
        return optimizer.step(closure).item(), lr

    for _ in range(num_epochs):
        for batch in train_loader:
            history.append(one_step(*batch))
    return [loss for loss, _ in history], [lr for _, lr in history]
""",
    "next_rate": """
def train_with_schedule(model, train_loader, optimizer, num_epochs, warmup_steps, initial_lr, min_lr, max_norm=1.0):
    settings = (num_epochs * len(train_loader), warmup_steps, initial_lr, optimizer.param_groups[0]["lr"], min_lr)

    def set_rate(step):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, *settings)

    losses, lrs, step = [], [], 0
    set_rate(step)
    model.train()
    optimizer.zero_grad()
    for epoch in range(num_epochs):
        for x, y in train_loader:
            loss = batch_loss(model, x, y)
            loss.backward()
            clip_gradients(model.parameters(), max_norm)
            lrs.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            step += 1
            set_rate(step)
    return losses, lrs
""",
}

RESULT = "    return losses, lrs"
PEAK = '    peak_lr = optimizer.param_groups[0]["lr"]\n'
TOTAL = "num_epochs * len(train_loader)"
RATE = "            lr = learning_rate(len(losses), total_steps, warmup_steps, initial_lr, peak_lr, min_lr)\n"
SET = '            for group in optimizer.param_groups:\n                group["lr"] = lr\n'
CLIP = "            clip_gradients(model.parameters(), max_norm)\n"
KEEP = "            lrs.append(lr)\n"

WRONG = {
    **STEP_MISTAKES,
    **result_mistakes(RESULT, "    return {}, lrs"),
    "not_a_list": Wrong(
        "Devuelve las pérdidas en un tensor.",
        "Returns the losses in a tensor.",
        edits=((RESULT, "    return torch.tensor(losses), lrs"),),
    ),
    "last_step": Wrong(
        "Da cada paso al empezar la vuelta siguiente, con su tasa, y el último no lo da nunca.",
        "Takes each step at the start of the next turn, at its own rate, and the last one never.",
        edits=((STEP, ""), (RATE, STEP + RATE)),
    ),
    "not_a_pair": Wrong(
        "Devuelve solo las pérdidas.",
        "Returns the losses only.",
        edits=((RESULT, "    return losses"),),
    ),
    "swapped": Wrong(
        "Devuelve primero las tasas.",
        "Returns the rates first.",
        edits=((RESULT, "    return lrs, losses"),),
    ),
    "rates_list": Wrong(
        "Guarda una tasa por época.",
        "Keeps one rate per epoch.",
        edits=((KEEP, "        lrs.append(lr)\n"),),
    ),
    "rates_not_used": Wrong(
        "Guarda la tasa del paso siguiente.",
        "Keeps the rate of the next step.",
        edits=(
            (
                KEEP,
                KEEP.replace(
                    "lr)", "learning_rate(len(losses), total_steps, warmup_steps, initial_lr, peak_lr, min_lr))"
                ),
            ),
        ),
    ),
    "rate_not_set": Wrong(
        "Calcula la tasa y no se la da al optimizador.",
        "Computes the rate and does not give it to the optimizer.",
        edits=((SET, ""),),
    ),
    "rate_set_late": Wrong(
        "Pone la tasa después del paso.",
        "Sets the rate after the step.",
        edits=((SET, ""), (STEP, STEP + SET)),
    ),
    "peak_again": Wrong(
        "Lee el máximo en cada paso.",
        "Reads the peak at each step.",
        edits=((PEAK, ""), (RATE, "        " + PEAK + RATE)),
    ),
    "peak_of_defaults": Wrong(
        "Toma el máximo de los valores por defecto.",
        "Takes the peak from the defaults.",
        edits=(('optimizer.param_groups[0]["lr"]', 'optimizer.defaults["lr"]'),),
    ),
    "counts_from_one": Wrong(
        "Cuenta los pasos desde 1.",
        "Counts the steps from 1.",
        edits=(("learning_rate(len(losses),", "learning_rate(len(losses) + 1,"),),
    ),
    "restarts": Wrong(
        "Cuenta los pasos desde cero en cada época.",
        "Counts the steps from zero in each epoch.",
        edits=(("learning_rate(len(losses),", "learning_rate(len(losses) % len(train_loader),"),),
    ),
    "one_epoch_total": Wrong(
        "Olvida el número de épocas en el total.",
        "Forgets the number of epochs in the total.",
        edits=((TOTAL, "len(train_loader)"),),
    ),
    "counts_epochs": Wrong(
        "Calcula la tasa al empezar cada época.",
        "Computes the rate at the start of each epoch.",
        edits=(
            (RATE, ""),
            (
                "        for inputs, targets in train_loader:\n",
                RATE[4:] + "        for inputs, targets in train_loader:\n",
            ),
        ),
    ),
    "wrong_rates": Wrong(
        "Cambia de sitio initial_lr y min_lr.",
        "Swaps initial_lr and min_lr.",
        edits=(("warmup_steps, initial_lr, peak_lr, min_lr)", "warmup_steps, min_lr, peak_lr, initial_lr)"),),
    ),
    "first_group_only": Wrong(
        "Cambia solo el primer grupo.",
        "Changes the first group only.",
        edits=((SET, '            optimizer.param_groups[0]["lr"] = lr\n'),),
    ),
    "fixed_epochs": Wrong(
        "Da siempre tres vueltas.",
        "Always goes round three times.",
        edits=((EPOCH, EPOCH.replace("num_epochs", "3")),),
    ),
    "one_pass": Wrong(
        "Guarda los lotes en una lista antes de empezar, y todas las épocas son la misma.",
        "Keeps the batches in a list before it starts, and all epochs are the same.",
        edits=((TRAIN, "    train_loader = list(train_loader)\n" + TRAIN),),
    ),
    "not_clipped": Wrong(
        "Recorta antes de backward(), cuando aún no hay gradientes.",
        "Clips before backward(), when there are no gradients yet.",
        edits=((CLIP, ""), (BACKWARD, CLIP + BACKWARD)),
    ),
    "clipped_late": Wrong(
        "Recorta después del paso.",
        "Clips after the step.",
        edits=((CLIP, ""), (STEP, STEP + CLIP)),
    ),
    "max_norm_ignored": Wrong(
        "Escribe 1 en vez de max_norm.",
        "Writes 1 instead of max_norm.",
        edits=((CLIP, CLIP.replace("max_norm", "1.0")),),
    ),
    "default_max_norm": Wrong(
        "Pone otro valor por defecto.",
        "Gives it another default value.",
        edits=(("max_norm: float = 1.0", "max_norm: float = 10.0"),),
    ),
}
