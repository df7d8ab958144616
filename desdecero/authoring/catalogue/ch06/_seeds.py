"""Mistakes with a seed, which both worked solutions that draw rows can make alike."""

from desdecero.authoring.catalogue import Wrong

SEED_MISTAKES = {
    "zero_is_none": Wrong(
        "Escribe «seed or None», y el 0 deja de ser una semilla.",
        "Writes “seed or None”, and 0 is no longer a seed.",
        edits=(("random_state=seed", "random_state=seed or None"),),
    ),
    "default_seed": Wrong(
        "Pone seed=None en la cabecera.",
        "Writes seed=None in the signature.",
        edits=(("seed: int = 0", "seed: int | None = None"),),
    ),
}
