"""appA/train_classifier: the training loop of a classifier."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from desdecero.checks._loops import EPOCHS, LOOP_FAULTS, Loop, Run, add_loop_items, with_leftovers
from desdecero.checks.ch05._common import Batch, TinyModel, explained, stored_batches
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong

exercise = Exercise(
    id="appA/train_classifier",
    defines="train_classifier",
    reference="desdecero.first_steps:train_classifier",
    difficulty=2,
    minutes=20,
    seconds=20,
    faults={
        **LOOP_FAULTS,
        "softmax_twice": (
            "Pasas los logits por softmax antes de cross_entropy, que ya lo lleva dentro: dale los logits.",
            "You put the logits through softmax before cross_entropy, which has it inside: give it the logits.",
        ),
        "no_softmax": (
            "Falta log_softmax delante de nll_loss: cross_entropy hace las dos cosas.",
            "log_softmax is missing before nll_loss: cross_entropy does both.",
        ),
        "other_loss": (
            "Usas otra pérdida: para clases que se excluyen es F.cross_entropy(logits, labels).",
            "You use another loss: for classes that exclude one another it is F.cross_entropy(logits, labels).",
        ),
        "summed": (
            "Sumas las pérdidas de los ejemplos del lote: hace falta su media, que es lo que cross_entropy da.",
            "You add up the losses of the examples in the batch: their mean is needed, which cross_entropy gives.",
        ),
        "wrong_arguments": (
            "cross_entropy no puede usar lo que le das: pásale los logits, sin argmax, y después las etiquetas como "
            "vienen, enteras y sin one-hot.",
            "cross_entropy can't use what you give it: pass the logits, without argmax, and then the labels as they "
            "come, integers and not one-hot.",
        ),
        "fixed_epochs": (
            "num_epochs vale {expected} y das {got} vueltas a loader: no escribas tú el número de épocas.",
            "num_epochs is {expected} and you go through loader {got} times: don't write the number of epochs "
            "yourself.",
        ),
        "clips": (
            "Recortas los gradientes antes del paso: aquí no se pide, dalo con los que deja backward().",
            "You clip the gradients before the step: this is not asked for here, take it with those of backward().",
        ),
        "one_pass": (
            "Recorres loader una sola vez y repites lo que dio: recórrelo de nuevo en cada época, porque un cargador "
            "que baraja da cada vez otro orden.",
            "You go through loader only once and repeat what it gave: go through it anew in each epoch, because a "
            "loader that shuffles gives another order each time.",
        ),
        "needs_length": (
            "De loader solo se sabe que se puede recorrer, y tu código le pide más ({error}): no cuentes con su "
            "longitud ni con sus índices.",
            "All that is known of loader is that it can be gone through, and your code asks for more ({error}): don't "
            "count on a length or indices.",
        ),
        "cut_off": (
            "La pérdida no está unida a los pesos: ni argmax, ni .item(), ni no_grad antes de backward().",
            "The loss is cut off from the weights: no argmax, .item() or no_grad before backward().",
        ),
    },
)

FEATURES, CLASSES = 4, 3
SIZES = (5, 3, 8, 1)
FEWER_EPOCHS = EPOCHS - 1  # so that a number that was written down shows

ERRORS = {
    "floating point type for target|class indices|multi-target not|target dtype to be Long": "wrong_arguments",
    "not implemented for 'Long'": "wrong_arguments",
    "does not require grad|'float' object has no attribute 'backward'": "cut_off",
}


class TinyClassifier(TinyModel):
    """One layer from features to classes; notes the mode in which it is called."""

    def forward(self, features: Tensor) -> Tensor:
        self.modes.append(self.mode())
        logits = features.to(self.table.dtype) @ self.table + self.place  # (N, d) @ (d, C) -> (N, C)
        return logits.float()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits, labels)


# With momentum, so that a step without gradients shows; a step before the first gradients changes nothing.
# c clips, which nobody asked for.
LOOP = Loop(
    lambda model: SGD(model.parameters(), lr=0.3, momentum=0.9),
    cross_entropy,
    more={"c": lambda model, optimizer, step: nn.utils.clip_grad_norm_(model.parameters(), 1.0)},
)


def random_classifier(probe: Probe) -> TinyClassifier:
    return TinyClassifier(probe.randn(FEATURES, CLASSES), probe.randn(CLASSES))


def random_examples(probe: Probe) -> list[Batch]:
    return [(probe.randn(n, FEATURES), probe.randint(0, CLASSES, (n,))) for n in SIZES]


class Stream:
    """An iterable and nothing else; it counts how often it is gone through."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches, self.passes = batches, 0

    def __iter__(self) -> Iterator[Batch]:
        self.passes += 1
        for features, labels in self.batches:
            yield features.clone(), labels.clone()


def one_hot(labels: Tensor) -> Tensor:
    return F.one_hot(labels, CLASSES).float()


LOSSES = {
    "softmax_twice": (
        lambda logits, labels: F.cross_entropy(logits.softmax(-1), labels),
        lambda logits, labels: F.cross_entropy(logits.softmax(0), labels),
        lambda logits, labels: F.cross_entropy(logits.sigmoid(), labels),
    ),
    "no_softmax": (
        lambda logits, labels: F.nll_loss(logits, labels),
        lambda logits, labels: F.nll_loss(logits.softmax(-1), labels),
    ),
    "other_loss": (
        lambda logits, labels: F.mse_loss(logits, one_hot(labels)),
        lambda logits, labels: F.mse_loss(logits.softmax(-1), one_hot(labels)),
        lambda logits, labels: F.binary_cross_entropy_with_logits(logits, one_hot(labels)),
        lambda logits, labels: F.multi_margin_loss(logits, labels),
    ),
    "summed": (lambda logits, labels: F.cross_entropy(logits, labels, reduction="sum"),),
}


def mimics(model: TinyClassifier, batches: list[Batch]) -> Mimics:
    """The losses of answers with another loss, and of those who only note another."""
    found: Mimics = {
        name: [lambda loss=loss: LOOP.losses(model, batches, loss=loss) for loss in several]
        for name, several in LOSSES.items()
    }
    sizes = torch.tensor(SIZES[: len(batches)]).repeat(3)
    found["clips"] = [lambda: LOOP.losses(model, batches, "zbcs")]
    return {**found, "summed": [*found["summed"], lambda: LOOP.losses(model, batches) * sizes]}


def train(probe: Probe, model: TinyClassifier, batches: list[Batch]) -> Run:
    with explained(ERRORS):
        return Run(probe, LOOP, model, batches)


def run(probe: Probe, training: bool = True) -> Run:
    """Let the answer train a random model; its losses must be right, whatever else is looked at."""
    done = train(probe, random_classifier(probe).train(training), random_examples(probe))
    done.judge_losses(mimics(done.start, done.batches))
    return done


@exercise.item("losses", "Devuelve la pérdida de cada paso", "Returns the loss of every step", points=2)
def _(probe: Probe) -> None:
    run(probe)
    model, stream = random_classifier(probe), Stream(random_examples(probe))
    with explained({"has no len|not subscriptable|'Stream' object": "needs_length"}):
        result = probe(probe.candidate, model, stream, LOOP.optimizer(model), num_epochs=FEWER_EPOCHS)
    if len(result) != FEWER_EPOCHS * len(stream.batches):
        raise Wrong("fixed_epochs", got=len(result) // len(stream.batches), expected=FEWER_EPOCHS)
    if stream.passes < FEWER_EPOCHS:
        raise Wrong("one_pass")


def leftover(probe: Probe) -> Run:
    return train(probe, with_leftovers(probe, random_classifier(probe)), random_examples(probe))


add_loop_items(exercise, run, leftover)


@exercise.item("reference", "Coincide con el entrenamiento guardado", "Agrees with the stored training run")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    model = TinyClassifier(stored["table"], stored["place"])
    train(probe, model, stored_batches(stored["features"], stored["labels"])).judge_stored(stored)
