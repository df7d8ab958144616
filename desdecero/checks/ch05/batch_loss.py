"""ch05/batch_loss: the mean cross-entropy of the next token."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.ch05._common import ROUGHLY, VOCAB, TinyModel, explained, mean_loss, random_batches, random_model
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, shape, type_name

exercise = Exercise(
    id="ch05/batch_loss",
    defines="batch_loss",
    reference="desdecero.training:batch_loss",
    difficulty=1,
    minutes=10,
    faults={
        "a_number": (
            "Devuelves «{got}» y hace falta un tensor: quita .item(), que corta el camino de los gradientes.",
            "You return “{got}” and a tensor is needed: leave out .item(), which cuts off the gradients.",
        ),
        "not_scalar": (
            "Devuelves un tensor de forma {got}: la pérdida del lote es un solo número, la media de todos los tokens.",
            "You return a tensor of shape {got}: the loss of a batch is a single number, the mean over all tokens.",
        ),
        "not_flattened": (
            "cross_entropy busca las clases en la dimensión 1 y ahí están los tokens: "
            "junta lotes y tokens en una sola dimensión con flatten(0, 1), y aplana también los objetivos.",
            "cross_entropy looks for the classes in dimension 1, where the tokens are: "
            "join batch and tokens into one dimension with flatten(0, 1), and flatten the targets, too.",
        ),
        "mixed_up": (
            "Al aplanar se han mezclado las puntuaciones de tokens distintos: las del vocabulario, "
            "la última dimensión, deben seguir juntas.",
            "In flattening, the scores of different tokens got mixed: those of the vocabulary, "
            "the last dimension, must stay together.",
        ),
        "sum": (
            "Sumas las pérdidas de los tokens: hace falta su media.",
            "You add up the losses of the tokens: their mean is needed.",
        ),
        "per_row": (
            "Sumas en una dimensión y haces la media en la otra: la media es de todos los tokens del lote.",
            "You sum along one dimension and average along the other: the mean is over all tokens of the batch.",
        ),
        "other_base": (
            "El logaritmo está en otra base: la entropía cruzada usa el natural, torch.log.",
            "The logarithm has another base: cross-entropy uses the natural one, torch.log.",
        ),
        "negative": (
            "Falta el signo menos: la pérdida es menos el logaritmo de la probabilidad.",
            "The minus sign is missing: the loss is minus the logarithm of the probability.",
        ),
        "softmax_twice": (
            "Aplicas softmax antes de cross_entropy, que ya lo hace: dale los logits tal cual.",
            "You apply softmax before cross_entropy, which does so itself: give it the logits as they are.",
        ),
        "probabilities": (
            "Haces la media de las probabilidades: primero va el logaritmo de cada una y luego la media.",
            "You average the probabilities: first comes the logarithm of each, then the mean.",
        ),
        "perplexity": (
            "Devuelves la perplejidad: aquí se pide la pérdida, sin exponencial.",
            "You return the perplexity: the loss is asked for here, without the exponential.",
        ),
        "shifted_again": (
            "Desplazas los objetivos, que ya vienen desplazados: targets[b, t] es lo que sigue a inputs[b, t].",
            "You shift the targets, which come shifted already: targets[b, t] is what follows inputs[b, t].",
        ),
        "inputs_as_targets": (
            "Comparas con inputs: lo que el modelo debe acertar está en targets.",
            "You compare with inputs: what the model should guess is in targets.",
        ),
        "last_only": (
            "Solo cuentas el último token de cada fila: cuentan todas las posiciones.",
            "You only count the last token of each row: every position counts.",
        ),
        "ignores_token": (
            "Dejas fuera algunos objetivos, como hace ignore_index: aquí no hay relleno y cuentan todos los tokens.",
            "You leave out some of the targets, as ignore_index does: there is no padding here, and every token "
            "counts.",
        ),
        "overflow": (
            "Con logits grandes da nan, inf o una pérdida recortada: en vez de softmax y luego log, usa log_softmax o "
            "cross_entropy.",
            "With large logits it gives nan, inf or a loss that is cut off: instead of softmax and then log, use "
            "log_softmax or cross_entropy.",
        ),
        "backward_inside": (
            "batch_loss llama a backward(): solo calcula la pérdida; los gradientes los pide quien entrena.",
            "batch_loss calls backward(): it only computes the loss; whoever trains asks for the gradients.",
        ),
        "changes_mode": (
            "Cambias el modo del modelo: no llames a eval() ni a train(), eso lo decide quien llama.",
            "You change the model's mode: call neither eval() nor train(), that is up to the caller.",
        ),
        "view": (
            "Falla si los objetivos son un trozo de otro tensor ({error}): en lugar de view, usa flatten o reshape.",
            "It fails when the targets are a slice of another tensor ({error}): use flatten or reshape, not view.",
        ),
    },
)


END_OF_TEXT = 50_256  # GPT-2's, with which others fill up


class Fixed(nn.Module):
    """Answers with the same logits, whatever it is asked."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, token_ids: Tensor) -> Tensor:
        return self.logits.clone()


def mimics(logits: Tensor, inputs: Tensor, targets: Tensor) -> Mimics:
    """What answers with the usual mistakes would give."""
    right = mean_loss(logits, targets)
    picked = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]  # (B, T)
    mixed = logits.transpose(1, 2).reshape(-1, logits.shape[-1])
    return {
        "sum": -picked.sum(),
        "per_row": [-picked.sum(1).mean(), -picked.sum(0).mean()],
        "other_base": [right / math.log(2), right / math.log(10)],
        "negative": -right,
        "softmax_twice": mean_loss(logits.softmax(-1), targets),
        "probabilities": [-picked.exp().mean(), 1 - picked.exp().mean(), -picked.exp().mean().log()],
        "perplexity": right.exp(),
        "shifted_again": [
            lambda: mean_loss(logits[:, :-1], targets[:, 1:]),
            lambda: mean_loss(logits[:, 1:], targets[:, :-1]),
            lambda: mean_loss(logits, targets.roll(-1, 1)),
        ],
        "inputs_as_targets": [
            mean_loss(logits, inputs),
            lambda: mean_loss(logits[:, :-1], inputs[:, 1:]),
            lambda: mean_loss(logits, inputs.roll(-1, 1)),
        ],
        "last_only": -picked[:, -1].mean(),
        "ignores_token": [
            lambda token=token: F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=token)
            for token in (0, logits.shape[-1] - 1)
        ],
        "mixed_up": F.cross_entropy(mixed, targets.flatten()),
    }


def judge(
    result: object, expected: Tensor, probe: Probe, mimics: Mimics | None = None, fault: str | None = None
) -> None:
    """Compare the loss, whatever precision it was computed in."""
    if isinstance(result, int | float):
        raise Wrong("a_number", got=type_name(result))
    if isinstance(result, Tensor) and result.ndim > 0:
        raise Wrong("not_scalar", got=shape(result))
    if isinstance(result, Tensor) and result.is_floating_point():
        result = result.to(expected.dtype)
    probe.same(result, expected, mimics, fault, **ROUGHLY)


def loss_of(probe: Probe, model: nn.Module, inputs: Tensor, targets: Tensor) -> object:
    with explained({"Expected target size": "not_flattened"}):
        return probe(probe.candidate, model, inputs, targets)


def compare(probe: Probe, *sizes: tuple[int, int]) -> tuple[TinyModel, object, Tensor]:
    """Judge the loss of random batches; return the last of them, with the truth."""
    model = random_model(probe)
    for inputs, targets in random_batches(probe, *sizes):
        result = loss_of(probe, model, inputs, targets)
        logits = model(inputs)
        expected = mean_loss(logits, targets)
        judge(result, expected, probe, mimics(logits.detach(), inputs, targets))
    return model, result, expected


@exercise.item("value", "Es la entropía cruzada media del lote", "Is the mean cross-entropy of the batch", points=2)
def _(probe: Probe) -> None:
    compare(probe, (3, 5), (4, 7), (1, 6), (5, 1), (1, 1))
    logits, inputs, targets = probe.randn(1, 3, END_OF_TEXT + 1), *probe.randint(0, END_OF_TEXT, (2, 1, 3))
    targets[0, probe.pick(0, 3)] = END_OF_TEXT
    result = loss_of(probe, Fixed(logits), inputs, targets)
    judge(result, mean_loss(logits, targets), probe, mimics(logits, inputs, targets))


@exercise.item("reference", "Coincide con el valor guardado", "Agrees with the stored value")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    result = loss_of(probe, Fixed(stored["logits"]), stored["inputs"], stored["targets"])
    judge(result, stored["expected"], probe, mimics(stored["logits"], stored["inputs"], stored["targets"]))


@exercise.item("large_logits", "Sigue siendo exacta con logits grandes", "Stays exact with large logits")
def _(probe: Probe) -> None:
    inputs, targets = random_batches(probe, (3, 4))[0]
    model = random_model(probe, scale=600)
    judge(loss_of(probe, model, inputs, targets), mean_loss(model.copy()(inputs), targets), probe, fault="overflow")


@exercise.item("gradients", "Los gradientes llegan a los pesos", "The gradients reach the weights")
def _(probe: Probe) -> None:
    model, result, expected = compare(probe, (4, 6))
    weights = [model.table, model.place]
    if any(weight.grad is not None for weight in weights):
        raise Wrong("backward_inside")
    wanted = probe.gradients(expected, weights, torch.ones(()))
    for got, want in zip(probe.gradients(result, weights, torch.ones(())), wanted):
        probe.same(got, want, fault="no_gradient", **ROUGHLY)


@exercise.item(
    "manners", "Sirve para trozos y no toca el modo del modelo", "Works with slices and leaves the model's mode alone"
)
def _(probe: Probe) -> None:
    def sliced(model: nn.Module, window: Tensor) -> object:
        return probe.candidate(model, window[:, :-1], window[:, 1:])

    window = probe.randint(0, VOCAB, (3, 7))
    for training in (True, False):
        model = random_model(probe).train(training)
        with explained({"view size": "view", "Expected target size": "not_flattened"}):
            result = probe(sliced, model, window)
        judge(result, mean_loss(model.copy()(window[:, :-1]), window[:, 1:]), probe)
        if any(any(mode) != training for mode in [*model.modes, model.mode()]):
            raise Wrong("changes_mode")
