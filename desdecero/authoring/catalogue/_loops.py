"""Mistakes in the middle of a training loop, which the worked solutions of several exercises can make alike."""

from desdecero.authoring.catalogue import Wrong

ZERO = "            optimizer.zero_grad()\n"
BACKWARD = "            loss.backward()\n"
STEP = "            optimizer.step()\n"
EPOCH = "    for _ in range(num_epochs):\n"
TRAIN = "    model.train()\n"
APPEND = "losses.append(loss.item())"
RESULT = "    return losses"

STEP_MISTAKES = {
    "tensors": Wrong(
        "Guarda las pérdidas como tensores.",
        "Keeps the losses as tensors.",
        edits=((APPEND, "losses.append(loss)"),),
    ),
    "no_step": Wrong(
        "Olvida optimizer.step().",
        "Forgets optimizer.step().",
        edits=((STEP, ""),),
    ),
    "own_optimizer": Wrong(
        "Crea su propio optimizador.",
        "Creates an optimizer of its own.",
        edits=((EPOCH, "    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n" + EPOCH),),
    ),
    "zero_before_step": Wrong(
        "Borra los gradientes justo antes del paso.",
        "Clears the gradients just before the step.",
        edits=((ZERO, ""), (STEP, ZERO + STEP)),
    ),
    "step_first": Wrong(
        "Da el paso antes de backward().",
        "Takes the step before backward().",
        edits=((STEP, ""), (ZERO, ""), (BACKWARD, STEP + ZERO + BACKWARD)),
    ),
    "accumulates": Wrong(
        "Nunca borra los gradientes.",
        "Never clears the gradients.",
        edits=((ZERO, ""),),
    ),
    "zero_each_epoch": Wrong(
        "Borra los gradientes al empezar cada época.",
        "Clears the gradients at the start of each epoch.",
        edits=((ZERO, ""), (EPOCH, EPOCH + "        optimizer.zero_grad()\n")),
    ),
    "last_step": Wrong(
        "Da cada paso al empezar la vuelta siguiente, y el último no lo da nunca.",
        "Takes each step at the start of the next turn, and the last one never.",
        edits=((STEP, ""), (ZERO, STEP + ZERO)),
    ),
    "eval_mode": Wrong(
        "No pasa al modo train.",
        "Does not go into train mode.",
        edits=((TRAIN, ""),),
    ),
    "leftover_gradients": Wrong(
        "Borra los gradientes solo después de cada paso.",
        "Clears the gradients only after each step.",
        edits=((ZERO, ""), (STEP, STEP + ZERO)),
    ),
}


def result_mistakes(result: str = RESULT, end: str = "    return {}") -> dict[str, Wrong]:
    """Mistakes at the end of an answer whose last line is `result`; `end` is that line, given other losses."""

    def instead(losses: str) -> str:
        return end.format(losses)

    return {
        "not_a_list": Wrong(
            "Olvida el return.",
            "Forgets the return.",
            edits=((result, ""),),
        ),
        "per_epoch": Wrong(
            "Devuelve la media de cada época.",
            "Returns the mean of each epoch.",
            edits=(
                (
                    result,
                    "    n = len(losses) // num_epochs\n"
                    + instead("[sum(losses[i * n : i * n + n]) / n for i in range(num_epochs)]"),
                ),
            ),
        ),
        "one_epoch": Wrong(
            "El return está dentro del bucle de épocas.",
            "The return is inside the loop over epochs.",
            edits=((result, "    " + result),),
        ),
        "wrong_count": Wrong(
            "El return está dentro del bucle de lotes.",
            "The return is inside the loop over batches.",
            edits=((result, "        " + result),),
        ),
        "running_mean": Wrong(
            "Guarda la media de las pérdidas hasta entonces.",
            "Keeps the mean of the losses so far.",
            edits=((result, instead("[sum(losses[: i + 1]) / (i + 1) for i in range(len(losses))]")),),
        ),
        "wrong_weights": Wrong(
            "Acaba volviendo a los pesos del principio.",
            "Goes back to the first weights in the end.",
            edits=(
                (TRAIN, "    start = {k: v.clone() for k, v in model.state_dict().items()}\n" + TRAIN),
                (result, "    model.load_state_dict(start)\n" + result),
            ),
        ),
        "left_in_eval": Wrong(
            "Pasa al modo eval al terminar.",
            "Goes into eval mode when done.",
            edits=((result, "    model.eval()\n" + result),),
        ),
    }
