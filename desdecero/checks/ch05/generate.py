"""ch05/generate: token after token, drawn or greedy, until every row has ended."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from desdecero.checks.ch04._common import Weights, config, model_shapes, stored_weights
from desdecero.checks.ch04.generate_greedy import END_OF_TEXT, VOCAB, Ending, Fake, Stored, continued, grown
from desdecero.checks.ch04.generate_greedy import exercise as greedy
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, shape, type_name

# Mistakes that one can make without any chance or end, too.
SHARED = (
    "not_long",
    "only_new",
    "wrong_count",
    "too_long",
    "first_tokens",
    "short_context",
    "same_token",
    "stops_early",
    "gradients",
    "changes_mode",
)

exercise = Exercise(
    id="ch05/generate",
    defines="generate",
    reference="desdecero.sampling:generate",
    difficulty=3,
    minutes=30,
    faults={
        **{name: greedy.faults[name] for name in SHARED},
        "changed_prompt": (
            "El resultado no empieza por el prompt tal como se recibió: recorta solo lo que ve el modelo.",
            "The result does not begin with the prompt as it was given: crop only what the model sees.",
        ),
        "wrong_step": (
            "Usas los logits de otra posición, o la media de todas: el token siguiente sale del último paso, "
            "logits[:, -1].",
            "You use the logits of another position, or the mean of all: the next token comes from the last step, "
            "logits[:, -1].",
        ),
        "random_at_zero": (
            "Sin temperatura dos llamadas dan textos distintos: con 0, que es lo que vale si no se dice otra cosa, "
            "se toma el más probable.",
            "Without a temperature two calls give different texts: with 0, which is the default, the likeliest is "
            "taken.",
        ),
        "ignores_eos": (
            "Tras eos_id el texto continúa: cuando todas las filas lo han producido, la generación se detiene.",
            "After eos_id the text goes on: once every row has produced it, generation stops.",
        ),
        "eos_zero": (
            "Con eos_id=0 no te detienes: «if eos_id» toma el 0 por falso; compara con «is not None».",
            "With eos_id=0 you don't stop: “if eos_id” takes 0 for false; compare with “is not None”.",
        ),
        "drops_eos": (
            "Falta el eos final: añádelo al texto antes de detenerte.",
            "The final eos is missing: append it to the text before you stop.",
        ),
        "does_not_stop": (
            "Sigues rellenando con eos cuando todas las filas ya han acabado: sal entonces del bucle.",
            "You go on filling with eos when every row has ended already: leave the loop then.",
        ),
        "stops_too_late": (
            "Te detienes un token tarde: comprueba si todas las filas han acabado en cuanto añades el token.",
            "You stop one token too late: see whether every row has ended as soon as you append the token.",
        ),
        "ended_together": (
            "Solo te detienes si todas las filas dan eos a la vez: recuerda en una máscara cuáles han acabado ya.",
            "You only stop if all rows give eos at the same time: remember in a mask which have ended already.",
        ),
        "not_filled": (
            "Una fila que ya ha acabado sigue escribiendo: rellénala con eos_id hasta que acaben las demás.",
            "A row that has ended goes on writing: fill it up with eos_id until the others have ended.",
        ),
        "wrong_filler": (
            "Rellenas las filas acabadas con otro token: hay que hacerlo con eos_id.",
            "You fill rows that have ended with another token: it has to be eos_id.",
        ),
        "first_row_stops": (
            "Te detienes en cuanto acaba una fila: espera a que hayan acabado todas.",
            "You stop as soon as one row has ended: wait until all of them have.",
        ),
        "eos_in_prompt": (
            "Un eos_id del prompt cuenta como final: solo cuentan los que se generan.",
            "An eos_id in the prompt counts as an end: only generated ones count.",
        ),
        "ignores_temperature": (
            "La temperatura no llega al sorteo: pásala a sample_next.",
            "The temperature does not reach the draw: pass it to sample_next.",
        ),
        "ignores_top_k": (
            "top_k no llega al sorteo: pásalo a sample_next.",
            "top_k does not reach the draw: pass it to sample_next.",
        ),
        "own_top_k": (
            "Sin top_k (None) hay tokens que no salen nunca: pásalo a sample_next tal cual, sin poner otro "
            "en su lugar.",
            "Without top_k (None) there are tokens that never come out: pass it to sample_next as it is, putting no "
            "other in its place.",
        ),
        "wrong_frequencies": (
            "Con temperature={temperature} y top_k={top_k} los tokens no salen con la frecuencia debida: pasa los dos "
            "a sample_next, tal cual.",
            "With temperature={temperature} and top_k={top_k} tokens don't come out as often as they should: pass both "
            "to sample_next, as they are.",
        ),
        "ignores_generator": (
            "Con dos generadores iguales salen textos distintos: pasa generator a sample_next.",
            "Two equal generators give different texts: pass generator to sample_next.",
        ),
        "reseeds": (
            "El sorteo se repite: no fijes semillas ni crees generadores dentro de la función.",
            "The draw repeats itself: set no seeds and create no generators inside the function.",
        ),
        "gradients_left_off": (
            "Al terminar, los gradientes quedan desactivados: usa torch.no_grad() como decorador o con with.",
            "When done, gradients stay off: use torch.no_grad() as a decorator or in a with.",
        ),
    },
)


class Script(Fake):
    """Goes through the tokens in order: after t comes t + 1, and after the last the first."""

    def logits(self, token_ids: Tensor) -> Tensor:
        return 40.0 * F.one_hot((token_ids + 1) % VOCAB, VOCAB)


class Dice(Fake):
    """Always the same four scores for what follows; whatever came before."""

    scores = torch.tensor([1.6, 0.8, 0.0, -1.6])

    def logits(self, token_ids: Tensor) -> Tensor:
        return self.scores.expand(*token_ids.shape, -1)


class Even(Fake):
    """Finds all tokens nearly alike, whatever came before."""

    def logits(self, token_ids: Tensor) -> Tensor:
        return torch.linspace(0, 0.01, VOCAB).expand(*token_ids.shape, -1)


def checked(
    probe: Probe, model: Fake, prompt: Tensor, count: int, context: int, *more: object, **options: object
) -> Tensor:
    """The answer's text: long ids that begin with the prompt."""
    result = probe(probe.candidate, model, prompt, count, context, *more, **options)
    if not isinstance(result, Tensor):
        raise Wrong("not_a_tensor", got=type_name(result))
    if model.widths and max(model.widths) > context:
        raise Wrong("too_long", got=max(model.widths), expected=context)
    if result.dtype != torch.long:
        raise Wrong("not_long", got=result.dtype)
    if result.ndim != 2 or len(result) != len(prompt):
        raise Wrong("shape", got=shape(result), expected=(len(prompt), prompt.shape[1] + count))
    if not torch.equal(result[:, : prompt.shape[1]], prompt):
        raise Wrong("only_new" if result.shape[1] == count else "changed_prompt")
    return result


# ---- without an end ---------------------------------------------------------------------------------------------


def by_mean(ids: Tensor, count: int, context: int) -> Tensor:
    """The text of one who averages the logits over the steps."""
    for _ in range(count):
        token = Fake().logits(ids[:, -context:]).mean(1).argmax(-1, keepdim=True)
        ids = torch.cat([ids, token], dim=1)
    return ids


def greedy_mimics(prompt: Tensor, count: int, context: int) -> Mimics:
    """What answers with the usual mistakes would give."""

    def window(start: int | None, end: int | None, step: int = -1) -> Callable[[], Tensor]:
        return lambda: grown(prompt, count, lambda ids: ids[:, start:end], step)

    repeated = continued(prompt, 1, context)[:, -1:].expand(-1, count)
    return {
        "first_tokens": window(None, context),
        "short_context": [window(-width, None) for width in range(1, context)],
        "wrong_step": [window(-context, None, step=0), lambda: by_mean(prompt, count, context)],
        "same_token": torch.cat([prompt, repeated], dim=1),
    }


def try_greedy(probe: Probe, batch: int, length: int, count: int, context: int, **options: object) -> Fake:
    """Continue a random prompt without an end; return the model, for what it noted."""
    model, prompt = Fake(), probe.randint(0, VOCAB, (batch, length))
    result = checked(probe, model, prompt, count, context, **options)
    if result.shape[1] != length + count:
        raise Wrong("wrong_count", got=result.shape[1] - length, expected=count)
    expected = continued(prompt, count, context)
    if not torch.equal(result, expected) and not torch.equal(
        result, checked(probe, model, prompt, count, context, **options)
    ):
        raise Wrong("random_at_zero")
    probe.same(result, expected, greedy_mimics(prompt, count, context))
    return model


@exercise.item("appends", "Añade los tokens más probables", "Appends the likeliest tokens")
def _(probe: Probe) -> None:
    for batch, length, count in ((2, 5, 3), (1, 1, 6), (3, 4, 1), (2, 3, 0)):
        try_greedy(probe, batch, length, count, context=12)
    try_greedy(probe, 2, 4, 3, context=12, temperature=1.3, top_k=1)
    try_greedy(probe, 2, 4, 3, context=12, top_k=5)
    prompt, ending = probe.randint(0, VOCAB, (2, 3)), torch.full((2, 3), END_OF_TEXT)
    result = checked(probe, Ending(), prompt, 3, 12)
    if result.shape[1] != 6:
        raise Wrong("stops_early")
    probe.same(result, torch.cat([prompt, ending], dim=1))


@exercise.item(
    "crop", "El modelo recibe los últimos context_length tokens", "The model gets the last context_length tokens"
)
def _(probe: Probe) -> None:
    for length, count, context in ((9, 4, 5), (5, 3, 5), (2, 6, 4), (4, 3, 1)):
        try_greedy(probe, 2, length, count, context)


# ---- with an end --------------------------------------------------------------------------------------------------


def until_end(prompt: Tensor, count: int, eos: int) -> Tensor:
    """The right text of the model that goes through the tokens in order, worked out row by row."""
    steps = [((eos - last - 1) % VOCAB) + 1 for last in prompt[:, -1].tolist()]  # after so many, eos
    width = min(count, max(steps))
    rows = [[(last + 1 + i) % VOCAB if i < n else eos for i in range(width)] for last, n in zip(prompt[:, -1], steps)]
    return torch.cat([prompt, torch.tensor(rows)], dim=1)


def end_mimics(prompt: Tensor, count: int, eos: int) -> Mimics:
    """What answers with the usual mistakes would give."""
    right, length = until_end(prompt, count, eos), prompt.shape[1]
    on = torch.cat([prompt, (prompt[:, -1:] + 1 + torch.arange(count)) % VOCAB], dim=1)  # never ending
    width = right.shape[1]
    after = torch.arange(width) > length + (right[:, length:] == eos).long().argmax(1, keepdim=True)
    fills = [torch.where(after, token, right) for token in (0, 1, -1, -100, VOCAB - 1, 50_256)]
    shortest = length + int((right[:, length:] == eos).long().argmax(1).min()) + 1
    filled = F.pad(right, (0, length + count - width), value=eos)
    in_prompt = (prompt == eos).any(1, keepdim=True)
    stuck = torch.cat([prompt, torch.where(in_prompt, eos, right[:, length:])], dim=1)
    stuck_width = max(length + 1, int((stuck[:, length:] != eos).sum(1).max()) + length + 1)
    return {
        "eos_zero" if eos == 0 else "ignores_eos" if len(prompt) == 1 else "ended_together": on,
        "drops_eos": right[:, :-1],
        "does_not_stop": filled,
        "stops_too_late": filled[:, : width + 1],
        "not_filled": [on[:, :width], torch.where(after[:, :width].roll(1, 1) & after, on[:, :width], right)],
        "wrong_filler": fills,
        "first_row_stops": [right[:, :shortest], right[:, : shortest - 1]],
        "eos_in_prompt": [stuck[:, :stuck_width], stuck, prompt, right[:, : length + 1]],
    }


def try_end(probe: Probe, prompt: Tensor, count: int, eos: int) -> None:
    result = checked(probe, Script(), prompt, count, 16, eos_id=eos)
    probe.same(result, until_end(prompt, count, eos), end_mimics(prompt, count, eos))


@exercise.item("eos", "eos_id acaba cada fila, y todas la generación", "eos_id ends each row, and all end it", points=2)
def _(probe: Probe) -> None:
    eos = probe.pick(20, 40)
    for lasts in ((3,), (3, 6), (6, 2, 4), (1, 1)):  # so many tokens before the end
        prompt = torch.tensor([[eos - last - 2, eos - last] for last in lasts])
        for count in (12, 4):
            try_end(probe, prompt, count, eos)
    try_end(probe, torch.tensor([[VOCAB - 4, VOCAB - 2], [7, VOCAB - 5]]), 12, eos=0)
    for prompt in ([[eos, eos - 4]], [[eos, eos - 2], [5, eos - 5]], [[9, eos]], [[eos - 3, eos], [2, eos - 3]]):
        try_end(probe, torch.tensor(prompt), 8, eos)
    none_new = torch.tensor([[eos - 3, eos - 1], [2, eos]])
    added = checked(probe, Script(), none_new, 0, 16, eos_id=eos).shape[1] - 2
    if added:
        raise Wrong("wrong_count", got=added, expected=0)


# ---- by chance ------------------------------------------------------------------------------------------------------


def far(found: Tensor, expected: Tensor) -> bool:
    """Further apart than chance puts two distributions."""
    return float((found - expected).abs().sum()) / 2 > 0.08


@exercise.item("sampling", "Sortea con temperatura, top_k y generador", "Draws by temperature, top_k and generator")
def _(probe: Probe) -> None:
    rows, seed = 2_000, probe.seed
    prompt = probe.randint(0, 4, (rows, 2))

    def draw(temperature: float, top_k: int | None, seed: int) -> Tensor:
        eos = None if temperature < 1 else 9  # which never comes up
        result = checked(probe, Dice(), prompt, 2, 8, temperature, top_k, eos, torch.Generator().manual_seed(seed))
        if result.shape[1] != 4:
            raise Wrong("wrong_count", got=result.shape[1] - 2, expected=2)
        return result[:, 2:]

    for temperature, top_k in ((0.6, None), (2.5, None), (2.5, 2)):
        right = (Dice.scores / temperature)[:top_k].softmax(0)
        drawn = draw(temperature, top_k, seed)
        found = drawn.flatten().bincount(minlength=4)[:4] / drawn.numel()
        if far(found, F.pad(right, (0, 4 - len(right)))):
            if top_k is not None and bool((drawn >= top_k).any()):
                raise Wrong("ignores_top_k")
            plain = F.pad(Dice.scores[:top_k].softmax(0), (0, 4 - len(right)))
            if far(found, plain) and found[0] < 1:
                raise Wrong("wrong_frequencies", temperature=temperature, top_k=top_k)
            raise Wrong("ignores_temperature")
        if not torch.equal(drawn, draw(temperature, top_k, seed)):
            raise Wrong("ignores_generator")
        if torch.equal(drawn, draw(temperature, top_k, seed + 1)) or torch.equal(drawn[:, 0], drawn[:, 1]):
            raise Wrong("reseeds")
    # Each of the tokens should come up some 75 times.
    drawn = checked(probe, Even(), prompt, 2, 8, 1.0, generator=torch.Generator().manual_seed(seed))[:, 2:]
    if len(drawn.unique()) < VOCAB:
        raise Wrong("own_top_k")


@exercise.item("reference", "Coincide con un GPT-2 de transformers", "Agrees with a GPT-2 of transformers")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    cfg = config(12, 3, 1, vocab_size=19, context_length=8, qkv_bias=True)
    weights: Weights = stored_weights(stored, model_shapes(cfg))
    for name in ("first", "second"):
        eos = int(stored[f"{name}_eos"])
        result = checked(probe, Stored(weights, cfg), stored["token_ids"], 6, cfg.context_length, eos_id=eos)
        probe.same(result, stored[f"{name}_expected"])


@exercise.item("no_gradients", "No calcula gradientes", "Computes no gradients")
def _(probe: Probe) -> None:
    before = Fake().mode()
    model = try_greedy(probe, 2, 4, 3, context=12)
    if any(model.gradients):
        raise Wrong("gradients")
    if not torch.is_grad_enabled():
        raise Wrong("gradients_left_off")
    if any(mode != before for mode in [*model.modes, model.mode()]):
        raise Wrong("changes_mode")
