"""ch05/evaluate: the mean loss over batches, in eval mode and without gradients."""

import torch
from torch import Tensor

from desdecero.checks.ch05._common import (
    Batch,
    Loader,
    TinyModel,
    mean_loss,
    number,
    random_batches,
    random_model,
    stored_batches,
)
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, type_name

exercise = Exercise(
    id="ch05/evaluate",
    defines="evaluate",
    reference="desdecero.training:evaluate",
    difficulty=2,
    minutes=15,
    faults={
        "not_a_float": (
            "Devuelves «{got}» y se espera un float: con .item(), un tensor de un solo número da el suyo.",
            "You return “{got}” and a float is expected: .item() gives the number of a tensor that holds one.",
        ),
        "weighted": (
            "Cuentas más los lotes más grandes: haz la media de las pérdidas de los lotes, todos por igual.",
            "You count larger batches for more: average the losses of the batches, all of them alike.",
        ),
        "sum": (
            "Devuelves la suma de las pérdidas: divide entre el número de lotes.",
            "You return the sum of the losses: divide by the number of batches.",
        ),
        "one_batch": (
            "Devuelves la pérdida de un solo lote: súmalas en cada vuelta y devuelve la media después del bucle.",
            "You return the loss of a single batch: add them up in the loop and return the mean after it.",
        ),
        "perplexity": (
            "Devuelves la perplejidad: aquí se pide la pérdida, sin exponencial.",
            "You return the perplexity: the loss is asked for here, without the exponential.",
        ),
        "train_mode": (
            "El modelo calcula en modo train, con dropout: llama antes a model.eval().",
            "The model computes in train mode, with dropout: call model.eval() first.",
        ),
        "left_in_eval": (
            "El modelo estaba en modo train y queda en eval: al acabar, devuélvelo al modo en que estaba.",
            "The model was in train mode and is left in eval: when done, put it back into the mode it was in.",
        ),
        "left_in_train": (
            "El modelo estaba en modo eval y queda en train: guarda model.training al entrar y recupéralo al salir.",
            "The model was in eval mode and is left in train: keep model.training on entry and restore it at the end.",
        ),
        "gradients": (
            "El modelo se ejecuta con gradientes, que aquí solo gastan memoria: usa torch.no_grad().",
            "The model runs with gradients, which only cost memory here: use torch.no_grad().",
        ),
        "gradients_left_off": (
            "Al terminar, los gradientes quedan desactivados: usa torch.no_grad() como decorador o con with.",
            "When done, gradients stay off: use torch.no_grad() as a decorator or in a with.",
        ),
        "ignores_max_batches": (
            "max_batches no se respeta: usa solo los primeros max_batches lotes.",
            "max_batches is not respected: use only the first max_batches batches.",
        ),
        "one_too_many": (
            "Usas un lote de más: son max_batches, ni uno más.",
            "You use one batch too many: there are max_batches and no more.",
        ),
        "one_too_few": (
            "Usas un lote de menos: son los primeros max_batches, contando el último de ellos.",
            "You use one batch too few: it is the first max_batches, including the last of them.",
        ),
        "wrong_divisor": (
            "Divides entre un número que no es el de lotes usados: puede haber menos que max_batches y más que los "
            "usados; cuéntalos.",
            "You divide by a number that is not that of the batches used: there may be fewer than max_batches, or "
            "more than you use; count them.",
        ),
        "zero_batches": (
            "Con max_batches=0 no se usa ningún lote: se espera math.nan y no «{got}» (ojo, «if max_batches» toma el 0 "
            "por falso, como si fuera None).",
            "With max_batches=0 no batch is used: math.nan is expected, not “{got}” (mind that “if max_batches” takes "
            "0 for false, as if it were None).",
        ),
        "empty_loader": (
            "Con un cargador vacío se espera math.nan y no «{got}»: sin lotes no hay entre qué dividir.",
            "Of an empty loader math.nan is expected, not “{got}”: without batches there is nothing to divide by.",
        ),
    },
)


class EvalModel(TinyModel):
    """In train mode it computes something else, as dropout would."""

    def forward(self, token_ids: Tensor) -> Tensor:
        logits = super().forward(token_ids)
        return logits * 0.5 if self.part.training else logits


def mimics(losses: Tensor, tokens: Tensor, most: int | None) -> Mimics:
    """What answers with the usual mistakes would give, of the losses of all batches and the tokens in each."""
    used = losses[:most]
    found: dict[str, list[Tensor]] = {
        "weighted": [(used * n[:most]).sum() / n[:most].sum() for n in (tokens[:, 0], tokens.prod(1))],
        "sum": [used.sum()],
        "one_batch": [used[0], used[-1], losses[-1]],
        "perplexity": [used.mean().exp(), used.exp().mean()],
        "wrong_divisor": [used.sum() / (len(used) + k) for k in (-1, 1) if len(used) + k],
    }
    if most is not None:
        limits = {
            "ignores_max_batches": [losses.mean()],
            "one_too_many": [losses[: most + 1].mean()],
            "one_too_few": [losses[: most - 1].mean()] if most > 1 else [],
            "wrong_divisor": [k.sum() / n for k in (used, losses) for n in (most, len(losses))],
        }
        found = limits | {name: ways for name, ways in found.items() if name not in limits}
    return found


def judge(
    probe: Probe,
    model: TinyModel,
    batches: list[Batch],
    most: int | None = None,
    expected: Tensor | None = None,
    by_name: bool = False,
) -> None:
    """Compare the mean loss; whatever else an item looks at, this has to be right."""
    truth = TinyModel(model.table.detach(), model.place.detach()).eval()
    losses = torch.stack([mean_loss(truth(inputs), targets).detach() for inputs, targets in batches])
    arguments = () if most is None or by_name else (most,)
    named = {"max_batches": most} if by_name else {}
    result = number(probe(probe.candidate, model, Loader(batches), *arguments, **named), "not_a_float")
    if any(any(mode) for mode in model.modes):
        raise Wrong("train_mode")
    tokens = torch.tensor([inputs.shape for inputs, _ in batches])
    right = losses[:most].mean() if expected is None else expected
    probe.same(result, right, mimics(losses, tokens, most), rtol=1e-5, atol=1e-7)


def ready(probe: Probe, training: bool = False) -> EvalModel:
    plain = random_model(probe)
    return EvalModel(plain.table.detach(), plain.place.detach()).train(training)


SIZES = ((2, 3), (4, 5), (1, 6), (3, 2), (5, 4))


@exercise.item("mean", "Es la media de las pérdidas de los lotes", "Is the mean of the losses of the batches", points=2)
def _(probe: Probe) -> None:
    for count in (5, 2, 1):
        judge(probe, ready(probe), random_batches(probe, *SIZES[:count]))


def check_mode(model: TinyModel, training: bool) -> None:
    """The model must be in the mode it was in."""
    if any(mode != training for mode in model.mode()):
        raise Wrong("left_in_eval" if training else "left_in_train")


@exercise.item(
    "mode", "Calcula en modo eval y recupera el modo anterior", "Computes in eval mode and restores the mode before"
)
def _(probe: Probe) -> None:
    for training in (True, False):
        model = ready(probe, training)
        judge(probe, model, random_batches(probe, *SIZES[:3]))
        check_mode(model, training)


@exercise.item("no_gradients", "No calcula gradientes", "Computes no gradients")
def _(probe: Probe) -> None:
    model = ready(probe, training=True)
    judge(probe, model, random_batches(probe, *SIZES[:2]))
    if any(model.gradients):
        raise Wrong("gradients")
    if not torch.is_grad_enabled() or not all(weight.requires_grad for weight in model.parameters()):
        raise Wrong("gradients_left_off")


def none_used(
    probe: Probe, model: TinyModel, batches: list[Batch], *arguments: int, fault: str = "empty_loader"
) -> None:
    """Where there is no batch to average, nan."""
    try:
        result = probe(probe.candidate, model, Loader(batches), *arguments)
    except Wrong as wrong:
        if wrong.fault != "raises":
            raise
        raise Wrong(fault, got=wrong.details["error"]) from None
    if not isinstance(result, float) or result == result:
        told = f"{result:.4g}" if isinstance(result, float) else result
        raise Wrong(fault, got=told if isinstance(result, int | float | None) else type_name(result))


@exercise.item("max_batches", "max_batches limita los lotes", "max_batches limits the batches")
def _(probe: Probe) -> None:
    for most in (3, 2, 1, 5, 8):
        judge(probe, ready(probe), random_batches(probe, *SIZES), most, by_name=most == 2)


@exercise.item("empty", "Un cargador vacío da nan", "An empty loader gives nan")
def _(probe: Probe) -> None:
    judge(probe, ready(probe), random_batches(probe, SIZES[0]))
    for training, arguments in ((False, ()), (True, ()), (True, (3,))):
        model = ready(probe, training)
        none_used(probe, model, [], *arguments)
        check_mode(model, training)
    none_used(probe, ready(probe), random_batches(probe, *SIZES), 0, fault="zero_batches")


@exercise.item("reference", "Coincide con el valor guardado", "Agrees with the stored value")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    batches = stored_batches(stored["inputs"], stored["targets"])
    for most, expected in zip((None, 2), stored["expected"]):
        model = EvalModel(stored["table"], stored["place"]).train()
        judge(probe, model, batches, most, expected)
