"""ch06/add_classification_head: a new head, and only the last parts of the model left to train."""

import torch
from torch import Tensor, nn

from desdecero.checks.ch06._model import load, small_gpt
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, type_name
from desdecero.gpt import GPTModel

exercise = Exercise(
    id="ch06/add_classification_head",
    defines="add_classification_head",
    reference="desdecero.classify:add_classification_head",
    difficulty=2,
    minutes=20,
    faults={
        "no_return": (
            "Tu función no devuelve nada: acaba con return model.",
            "Your function returns nothing: end it with return model.",
        ),
        "not_the_model": (
            "Devuelves {got}, y se esperaba el mismo modelo que se recibe, ya cambiado: ni una copia ni una parte.",
            "You return {got}; expected the very model that is given, now changed: neither a copy nor a part of it.",
        ),
        "old_head": (
            "out_head sigue siendo la capa del vocabulario: asígnale la nueva, model.out_head = nn.Linear(...).",
            "out_head is still the layer of the vocabulary: assign the new one to it, model.out_head = nn.Linear(...).",
        ),
        "not_linear": (
            "out_head es de tipo {got} y debe ser nn.Linear.",
            "out_head is a {got}; it must be nn.Linear.",
        ),
        "head_size": (
            "out_head va de {got} números y debe ir de {expected}: de emb_dim a num_classes.",
            "out_head goes from {got} numbers; it must go from {expected}: from emb_dim to num_classes.",
        ),
        "no_bias": (
            "out_head no tiene sesgo: la cabeza nueva sí lo lleva, no pases bias=False.",
            "out_head has no bias: the new head does have one, don't pass bias=False.",
        ),
        "changes_weights": (
            "«{name}» ya no es como era: los pesos preentrenados se conservan.",
            "“{name}” is no longer what it was: pretrained weights are kept.",
        ),
        "frozen_head": (
            "La cabeza nueva está congelada: congela primero todo el modelo y pon después la cabeza.",
            "The new head is frozen: freeze the whole model first and put in the head afterwards.",
        ),
        "nothing_frozen": (
            "No queda nada congelado: pon requires_grad = False en cada uno de los model.parameters(), "
            "no en el modelo.",
            "Nothing is frozen: set requires_grad = False on each of the model.parameters(), not on the model.",
        ),
        "trainable_embeddings": (
            "«{name}» se entrena, y solo deben entrenarse la cabeza, final_norm y los últimos bloques.",
            "“{name}” is trained, and only the head, final_norm and the last blocks should be.",
        ),
        "frozen_norm": (
            "final_norm está congelada: también se entrena, sean cuantos sean los bloques.",
            "final_norm is frozen: it is trained, too, whatever the number of blocks.",
        ),
        "frozen_blocks": (
            "Ningún bloque se entrena y debían hacerlo {expected}: pon requires_grad = True en cada uno de sus "
            "parámetros, no en el bloque.",
            "No block is trained and {expected} should be: set requires_grad = True on each of its parameters, not on "
            "the block.",
        ),
        "part_of_block": (
            "Del bloque {got} solo se entrena una parte: se entrena entero, o nada.",
            "Only a part of block {got} is trained: train it as a whole, or not at all.",
        ),
        "zero_blocks": (
            "Con trainable_blocks=0 se entrenan todos los bloques, y no debe hacerlo ninguno: "
            "blocks[-0:] es blocks[0:].",
            "With trainable_blocks=0 all blocks are trained, and none should be: blocks[-0:] is blocks[0:].",
        ),
        "first_blocks": (
            "Se entrenan los primeros bloques: deben ser los últimos.",
            "The first blocks are trained: it should be the last.",
        ),
        "ignores_blocks": (
            "Siempre se entrena solo el último bloque: usa trainable_blocks.",
            "It is always only the last block that is trained: use trainable_blocks.",
        ),
        "single_block": (
            "Se entrena un solo bloque, blocks[-trainable_blocks]: son todos desde ahí, con dos puntos.",
            "A single block is trained, blocks[-trainable_blocks]: it is all of them from there on, with a colon.",
        ),
        "wrong_blocks": (
            "Se entrenan los bloques {got} y debían ser {expected}, contando desde 0.",
            "Blocks {got} are trained; it should be {expected}, counting from 0.",
        ),
        "not_thawed": (
            "Si el modelo llega ya congelado, «{name}» se queda sin entrenar: "
            "pon requires_grad = True en lo que se entrena, no solo False en lo demás.",
            "When the model arrives frozen, “{name}” is left untrained: "
            "set requires_grad = True on what is trained, not only False on the rest.",
        ),
    },
)


def fresh(probe: Probe, n_layers: int) -> GPTModel:
    """A model in which no weight is what it was at the start."""
    model = small_gpt(n_layers).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(probe.randn(*parameter.shape, scale=0.3))
    return model


def headed(probe: Probe, model: GPTModel, num_classes: int, *blocks: int) -> GPTModel:
    """What the answer makes of `model`, once its head is seen to be right and the rest to be as it was."""
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    old, emb_dim = model.out_head, model.out_head.in_features
    result = probe(probe.candidate, model, num_classes, *blocks)
    if result is None:
        raise Wrong("no_return")
    if result is not model:
        raise Wrong("not_the_model", got=type_name(result))
    head = getattr(model, "out_head", None)
    if head is old:
        raise Wrong("old_head")
    if not isinstance(head, nn.Linear):
        raise Wrong("not_linear", got=type_name(head))
    got = f"{head.in_features} → {head.out_features}"
    if got != (expected := f"{emb_dim} → {num_classes}"):
        raise Wrong("head_size", got=got, expected=expected)
    if head.bias is None:
        raise Wrong("no_bias")
    after = dict(model.named_parameters())
    for name, value in before.items():
        if not name.startswith("out_head") and (name not in after or not torch.equal(after[name], value)):
            raise Wrong("changes_weights", name=name)
    return model


def trains(module: nn.Module) -> list[bool]:
    return [parameter.requires_grad for parameter in module.parameters()]


def check_trained(model: GPTModel, wanted: int) -> None:
    """Only the head, the last norm and the last `wanted` blocks must be left to train."""
    if not all(trains(model.out_head)):
        raise Wrong("frozen_head")
    if all(trains(model)):
        raise Wrong("nothing_frozen")
    if not all(trains(model.final_norm)):
        raise Wrong("frozen_norm")
    for name, parameter in model.named_parameters():
        part = name.split(".")[0]
        if parameter.requires_grad and part not in ("out_head", "final_norm", "trf_blocks"):
            raise Wrong("trainable_embeddings", name=part)
    blocks = [trains(block) for block in model.trf_blocks]
    n = len(blocks)
    got, expected = [i for i in range(n) if any(blocks[i])], list(range(n - wanted, n))
    for i in got:
        if not all(blocks[i]):
            raise Wrong("part_of_block", got=i)
    if got == expected:
        return
    known = {
        "zero_blocks": wanted == 0 and got == list(range(n)),
        "frozen_blocks": not got,
        "first_blocks": got == list(range(wanted)),
        "ignores_blocks": wanted > 1 and got == [n - 1],
        "single_block": got == [n - wanted],
    }
    raise Wrong(next((fault for fault, is_it in known.items() if is_it), "wrong_blocks"), got=got, expected=expected)


@exercise.item("head", "Cambia la cabeza y devuelve el modelo", "Changes the head and returns the model")
def _(probe: Probe) -> None:
    for n_layers, num_classes in ((2, 2), (3, probe.pick(3, 9))):
        headed(probe, fresh(probe, n_layers), num_classes)


@exercise.item("frozen", "Congela todo menos el final", "Freezes all but the end", points=2)
def _(probe: Probe) -> None:
    for n_layers in (4, 2):
        check_trained(headed(probe, fresh(probe, n_layers), probe.pick(2, 6)), wanted=1)


@exercise.item("blocks", "Se entrenan los últimos trainable_blocks", "The last trainable_blocks are trained")
def _(probe: Probe) -> None:
    for wanted in (2, 3, 1, 0, 4):
        check_trained(headed(probe, fresh(probe, 4), 2, wanted), wanted)


@exercise.item("thawed", "También si el modelo llega congelado", "Also when the model arrives frozen")
def _(probe: Probe) -> None:
    for wanted in (1, 2):
        model = headed(probe, fresh(probe, 3).requires_grad_(False), 3, wanted)
        parts = {f"trf_blocks.{i}": block for i, block in enumerate(model.trf_blocks) if i >= 3 - wanted}
        for name, part in ({"final_norm": model.final_norm} | parts).items():
            if not all(trains(part)):
                raise Wrong("not_thawed", name=name)
        check_trained(model, wanted)


@exercise.item("reference", "Coincide con un GPT-2 de transformers", "Agrees with a GPT-2 of transformers")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    expected: Tensor = stored["expected"]
    for blocks, count in enumerate(stored["trainable"].tolist()):
        model = headed(probe, small_gpt(3, stored), expected.shape[1], blocks)
        if sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad) != count:
            check_trained(model, blocks)
        load(model.double().eval(), stored)
        probe.same(model(stored["token_ids"])[:, -1], expected, rtol=1e-6, atol=1e-6)
