from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "interpolated": """
def learning_rate(step, total_steps, warmup_steps, initial_lr, peak_lr, min_lr):
    if warmup_steps > 0 and step <= warmup_steps:
        t = step / warmup_steps
        return (1.0 - t) * initial_lr + t * peak_lr
    left = total_steps - warmup_steps
    t = (step - warmup_steps) / left if left else 1.0
    weight = 0.5 * (1.0 + math.cos(t * math.pi))
    return weight * peak_lr + (1.0 - weight) * min_lr
""",
    "around_the_middle": """
def learning_rate(step, total_steps, warmup_steps, initial_lr, peak_lr, min_lr):
    if step >= warmup_steps:
        if step >= total_steps:
            return min_lr
        middle, swing = (peak_lr + min_lr) / 2, (peak_lr - min_lr) / 2
        return middle + swing * math.cos(math.pi * (step - warmup_steps) / (total_steps - warmup_steps))
    slope = (peak_lr - initial_lr) / warmup_steps
    return initial_lr + slope * step
""",
    "sine_squared": """
def learning_rate(step, total_steps, warmup_steps, initial_lr, peak_lr, min_lr):
    lr = peak_lr
    if step < warmup_steps:
        lr -= (peak_lr - initial_lr) * (warmup_steps - step) / warmup_steps
    elif total_steps > warmup_steps:
        done = (step - warmup_steps) / (total_steps - warmup_steps)
        lr -= (peak_lr - min_lr) * math.sin(done * math.pi / 2) ** 2
    return lr
""",
    "in_degrees_and_float32": """
def learning_rate(step, total_steps, warmup_steps, initial_lr, peak_lr, min_lr):
    step = torch.tensor(float(step))
    if step < warmup_steps:
        return torch.lerp(torch.tensor(initial_lr), torch.tensor(peak_lr), step / warmup_steps).item()
    angle = torch.deg2rad(180 * (step - warmup_steps) / max(total_steps - warmup_steps, 1))
    return (min_lr + (peak_lr - min_lr) * (1 + torch.cos(angle)) / 2).item()
""",
    "added_up": """
def learning_rate(step, total_steps, warmup_steps, initial_lr, peak_lr, min_lr):
    lr = initial_lr if warmup_steps else peak_lr
    for _ in range(min(step, warmup_steps)):
        lr += (peak_lr - initial_lr) / warmup_steps
    if step <= warmup_steps:
        return lr
    return min_lr + 0.5 * (peak_lr - min_lr) * (
        1 + math.cos((step - warmup_steps) / (total_steps - warmup_steps) * math.pi)
    )
""",
}

RISE = "return initial_lr + (peak_lr - initial_lr) * step / warmup_steps"
WARM = f"    if step < warmup_steps:\n        {RISE}\n"
PROGRESS = "(step - warmup_steps) / max(1, total_steps - warmup_steps)"
FALL = "min_lr + (peak_lr - min_lr) * (1 + math.cos(math.pi * progress)) / 2"

WRONG = {
    "not_a_float": Wrong(
        "Devuelve un tensor.",
        "Returns a tensor.",
        edits=(
            (f"return {FALL}", f"return torch.tensor({FALL})"),
            (RISE, RISE.replace("return ", "return torch.tensor(") + ")"),
        ),
    ),
    "warmup_off_by_one": Wrong(
        "Llega al máximo un paso antes.",
        "Reaches the peak a step early.",
        edits=((RISE, "return initial_lr + (peak_lr - initial_lr) * (step + 1) / warmup_steps"),),
    ),
    "initial_ignored": Wrong(
        "Sube desde cero.",
        "Climbs from zero.",
        edits=((RISE, "return peak_lr * step / warmup_steps"),),
    ),
    "initial_added": Wrong(
        "Suma una parte de peak_lr a initial_lr.",
        "Adds a share of peak_lr to initial_lr.",
        edits=((RISE, "return initial_lr + peak_lr * step / warmup_steps"),),
    ),
    "flat_warmup": Wrong(
        "Usa la división entera.",
        "Uses integer division.",
        edits=((RISE, "return initial_lr + (peak_lr - initial_lr) * (step // warmup_steps)"),),
    ),
    "warmup_over_all": Wrong(
        "Divide entre todos los pasos.",
        "Divides by all the steps.",
        edits=((RISE, "return initial_lr + (peak_lr - initial_lr) * step / total_steps"),),
    ),
    "no_warmup": Wrong(
        "Baja por el coseno desde el primer paso.",
        "Follows the cosine from the first step.",
        edits=((WARM, ""), (PROGRESS, "step / total_steps")),
    ),
    "warmup_not_linear": Wrong(
        "Sube también por un coseno.",
        "Climbs along a cosine, too.",
        edits=(
            (RISE, "return initial_lr + (peak_lr - initial_lr) * (1 - math.cos(math.pi * step / warmup_steps)) / 2"),
        ),
    ),
    "over_all_steps": Wrong(
        "Mide el avance desde el paso 0.",
        "Measures progress from step 0.",
        edits=((PROGRESS, "step / total_steps"),),
    ),
    "ends_early": Wrong(
        "Llega al mínimo un paso antes.",
        "Reaches the minimum a step early.",
        edits=((PROGRESS, "(step - warmup_steps) / max(1, total_steps - warmup_steps - 1)"),),
    ),
    "wrong_period": Wrong(
        "Da la vuelta entera.",
        "Goes all the way round.",
        edits=(("math.pi * progress", "2 * math.pi * progress"),),
    ),
    "min_ignored": Wrong(
        "Baja hasta cero.",
        "Goes down to zero.",
        edits=((FALL, "peak_lr * (1 + math.cos(math.pi * progress)) / 2"),),
    ),
    "min_as_floor": Wrong(
        "Pone min_lr como suelo.",
        "Takes min_lr as a floor.",
        edits=((FALL, "max(min_lr, peak_lr * (1 + math.cos(math.pi * progress)) / 2)"),),
    ),
    "min_added": Wrong(
        "Suma min_lr sin restarlo antes.",
        "Adds min_lr without subtracting it first.",
        edits=((FALL, "min_lr + peak_lr * (1 + math.cos(math.pi * progress)) / 2"),),
    ),
    "not_halved": Wrong(
        "Olvida dividir entre 2.",
        "Forgets to halve.",
        edits=((FALL, "min_lr + (peak_lr - min_lr) * (1 + math.cos(math.pi * progress))"),),
    ),
    "upside_down": Wrong(
        "Resta el coseno.",
        "Subtracts the cosine.",
        edits=((FALL, "min_lr + (peak_lr - min_lr) * (1 - math.cos(math.pi * progress)) / 2"),),
    ),
    "linear_decay": Wrong(
        "Baja en línea recta.",
        "Goes down in a straight line.",
        edits=((FALL, "peak_lr + (min_lr - peak_lr) * progress"),),
    ),
    "degrees": Wrong(
        "Escribe el ángulo en grados.",
        "Writes the angle in degrees.",
        edits=(("math.pi * progress", "180 * progress"),),
    ),
    "no_pi": Wrong(
        "Olvida π.",
        "Forgets π.",
        edits=(("math.pi * progress", "progress"),),
    ),
    "back_to_initial": Wrong(
        "Baja hasta initial_lr.",
        "Goes down to initial_lr.",
        edits=((FALL, FALL.replace("min_lr", "initial_lr")),),
    ),
    "no_decay": Wrong(
        "Calcula el avance con la división entera.",
        "Computes progress by integer division.",
        edits=((PROGRESS, PROGRESS.replace("/", "//")),),
    ),
    "zero_warmup": Wrong(
        "Divide entre warmup_steps aunque sea cero.",
        "Divides by warmup_steps even when it is zero.",
        edits=((WARM, f"    if step <= warmup_steps:\n        {RISE}\n"),),
    ),
    "nothing_left": Wrong(
        "Divide entre los pasos que quedan aunque sean cero.",
        "Divides by the steps that are left even when there are none.",
        edits=((PROGRESS, "(step - warmup_steps) / (total_steps - warmup_steps)"),),
    ),
    "remembers": Wrong(
        "Lleva su propia cuenta de los pasos.",
        "Keeps its own count of the steps.",
        source="""
seen = [-1]

def learning_rate(step, total_steps, warmup_steps, initial_lr, peak_lr, min_lr):
    seen[0] = seen[0] + 1 if step else 0
    step = seen[0] if total_steps > 9 and warmup_steps else step
    if step < warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * (1 + math.cos(math.pi * progress)) / 2
""",
    ),
}
