"""Mistakes with a model's mode and with gradients, which several worked solutions can make alike."""

from desdecero.authoring.catalogue import Wrong

NO_GRAD = "with torch.no_grad():"
RESTORE = "model.train(was_training)"

MODE_MISTAKES = {
    "train_mode": Wrong(
        "No pasa al modo eval.",
        "Does not go to eval mode.",
        edits=(("    model.eval()\n", ""),),
    ),
    "left_in_eval": Wrong(
        "Deja el modelo en modo eval.",
        "Leaves the model in eval mode.",
        edits=((RESTORE, "pass"),),
    ),
    "left_in_train": Wrong(
        "Acaba siempre con model.train().",
        "Always ends with model.train().",
        edits=((RESTORE, "model.train()"),),
    ),
}


def gradient_mistakes(*left_off: tuple[str, str]) -> dict[str, Wrong]:
    """`left_off` are the edits that turn gradients off for good."""
    return {
        "gradients": Wrong(
            "Olvida torch.no_grad.",
            "Forgets torch.no_grad.",
            edits=((NO_GRAD, "if True:"),),
        ),
        "gradients_left_off": Wrong(
            "Desactiva los gradientes y no los vuelve a activar.",
            "Turns gradients off and never on again.",
            edits=left_off,
        ),
    }
