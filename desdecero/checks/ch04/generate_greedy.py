"""ch04/generate_greedy: the likeliest next token, again and again."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from desdecero.checks.ch04._common import Weights, config, logits, model_shapes, stored_weights
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Mimics, Probe, Wrong, shape, type_name
from desdecero.gpt import GPTConfig

exercise = Exercise(
    id="ch04/generate_greedy",
    defines="generate_greedy",
    reference="desdecero.gpt:generate_greedy",
    difficulty=2,
    minutes=15,
    faults={
        "argument_names": (
            "La función no acepta sus argumentos por nombre ({error}): llámalos como en el enunciado.",
            "The function does not take its arguments by name ({error}): name them as in the statement.",
        ),
        "not_long": (
            "El resultado es de tipo {got}: los ids de los tokens son enteros, torch.long, como los del prompt.",
            "The result's dtype is {got}: token ids are integers, torch.long, like those of the prompt.",
        ),
        "only_new": (
            "Devuelves solo los tokens nuevos: el prompt va delante.",
            "You return the new tokens only: the prompt goes first.",
        ),
        "lost_prompt": (
            "El resultado pierde el principio: recorta solo lo que recibe el modelo, no lo que devuelves.",
            "The result loses its beginning: crop only what the model gets, not what you return.",
        ),
        "wrong_count": (
            "Añades {got} tokens nuevos en lugar de {expected}.",
            "You add {got} new tokens instead of {expected}.",
        ),
        "changed_prompt": (
            "El resultado no empieza por el prompt tal como se recibió.",
            "The result does not begin with the prompt as it was given.",
        ),
        "too_long": (
            "El modelo recibe {got} tokens y su contexto es de {expected}: dale solo los últimos context_length.",
            "The model gets {got} tokens and its context is {expected}: give it only the last context_length.",
        ),
        "first_tokens": (
            "Cuando el texto no cabe, el modelo recibe los primeros tokens: deben ser los últimos context_length.",
            "When the text does not fit, the model gets the first tokens: it should be the last context_length.",
        ),
        "short_context": (
            "El modelo recibe menos tokens de los que caben: dale los últimos context_length, o todos si son menos.",
            "The model gets fewer tokens than would fit: give it the last context_length, or all if there are fewer.",
        ),
        "wrong_step": (
            "Usas los logits de otra posición: el token siguiente sale del último paso, logits[:, -1].",
            "You use the logits of another position: the next token comes from the last step, logits[:, -1].",
        ),
        "least_likely": (
            "Eliges el token con la puntuación más baja: usa argmax.",
            "You choose the token with the lowest score: use argmax.",
        ),
        "sampled": (
            "Eliges al azar: dos llamadas iguales dan textos distintos; toma siempre el token más probable (argmax).",
            "You choose at random: two equal calls give different texts; always take the likeliest token (argmax).",
        ),
        "mixed_rows": (
            "Las filas del lote se mezclan: cada una elige su token siguiente por separado, argmax(dim=-1).",
            "The rows of the batch mix: each chooses its own next token, argmax(dim=-1).",
        ),
        "same_token": (
            "Añades siempre el mismo token: llama al modelo de nuevo después de cada token añadido.",
            "You always add the same token: call the model again after each token added.",
        ),
        "stops_early": (
            "Te detienes antes de tiempo: aquí ningún token acaba el texto, se generan max_new_tokens.",
            "You stop too early: here no token ends the text, max_new_tokens are generated.",
        ),
        "gradients": (
            "El modelo se ejecuta con gradientes, que aquí solo gastan memoria: usa torch.no_grad().",
            "The model runs with gradients, which only cost memory here: use torch.no_grad().",
        ),
        "gradients_left_off": (
            "Al terminar, los gradientes quedan desactivados para todo el programa: "
            "usa torch.no_grad() como decorador o con with.",
            "When done, gradients stay off for the whole program: use torch.no_grad() as a decorator or in a with.",
        ),
        "gradients_left_on": (
            "Al terminar activas los gradientes, aunque quien llamó los tuviera desactivados: "
            "usa torch.no_grad() como decorador o con with.",
            "When done, you turn gradients on, even if the caller had them off: "
            "use torch.no_grad() as a decorator or in a with.",
        ),
        "changes_mode": (
            "Cambias el modo del modelo: no llames a eval() ni a train(), aunque después lo dejes como estaba; eso lo "
            "decide quien llama.",
            "You change the model's mode: call neither eval() nor train(), even if you put it back afterwards; that is "
            "up to the caller.",
        ),
    },
)

VOCAB = 53  # a prime, so that every token of a text has a part in what follows
END_OF_TEXT = 50_256  # GPT-2's


def following(seen: Tensor) -> Tensor:
    """The token that the fake model finds likeliest after each position of `seen`, `(B, T) -> (B, T)`.

    It depends on every token so far and on its place, so that a window too wide, too narrow or shifted shows.
    """
    places = torch.arange(seen.shape[1])
    return ((seen * (2 * places + 3)).cumsum(1) + 7 * (places + 1)) % VOCAB


class Fake(nn.Module):
    """A model whose right continuation is known without any argmax; it notes how it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.part = nn.Identity()
        self.train()
        self.part.eval()
        self.widths: list[int] = []
        self.modes: list[list[bool]] = []
        self.gradients: list[bool] = []

    def mode(self) -> list[bool]:
        return [part.training for part in self.modules()]

    def forward(self, token_ids: Tensor) -> Tensor:
        self.widths.append(token_ids.shape[1])
        self.modes.append(self.mode())
        self.gradients.append(torch.is_grad_enabled())
        return self.logits(token_ids) * self.weight

    def logits(self, token_ids: Tensor) -> Tensor:
        """All negative, and close together, so that a choice at random would nearly always be another."""
        behind = (torch.arange(VOCAB) - following(token_ids)[:, :, None]) % VOCAB
        return -1 - 0.001 * behind  # (B, T) -> (B, T, VOCAB)


class Ending(Fake):
    """Always finds the end of the text likeliest."""

    def logits(self, token_ids: Tensor) -> Tensor:
        scores = torch.zeros(*token_ids.shape, END_OF_TEXT + 1)
        scores[..., END_OF_TEXT] = 1
        return scores


class Stored(Fake):
    """The GPT-2 whose weights are stored."""

    def __init__(self, weights: Weights, cfg: GPTConfig) -> None:
        super().__init__()
        self.weights, self.cfg = weights, cfg

    def logits(self, token_ids: Tensor) -> Tensor:
        return logits(token_ids, self.weights, self.cfg)


Window = Callable[[Tensor], Tensor]


def grown(ids: Tensor, count: int, window: Window, step: int = -1, lag: int = 0) -> Tensor:
    """`ids` continued by what the fake model says after step `step` of a window; `lag` is added to each token."""
    for _ in range(count):
        token = (following(window(ids))[:, step] + lag) % VOCAB
        ids = torch.cat([ids, token[:, None]], dim=1)
    return ids


def continued(prompt: Tensor, count: int, context: int) -> Tensor:
    """The right answer."""
    return grown(prompt, count, lambda ids: ids[:, -context:])


def mimics(prompt: Tensor, count: int, context: int) -> Mimics:
    """What answers with the usual mistakes would give."""

    def last(ids: Tensor) -> Tensor:
        return ids[:, -context:]

    def narrow(width: int) -> Callable[[], Tensor]:
        return lambda: grown(prompt, count, lambda ids: ids[:, -width:])

    seen = min(prompt.shape[1], context)
    # Without `dim`, argmax numbers all the scores in a row, and the first row's best comes first.
    of_first_row = grown(prompt[:1], count, last)[:, prompt.shape[1] :].expand(len(prompt), -1)
    return {
        "first_tokens": lambda: grown(prompt, count, lambda ids: ids[:, :context]),
        "short_context": [
            *(narrow(width) for width in range(1, context)),
            lambda: grown(prompt, count, lambda ids: ids[:, ids.shape[1] - context :]),
        ],
        "wrong_step": [
            lambda step=step: grown(prompt, count, last, step) for step in (*range(seen - 1), *range(-seen, -1))
        ],
        "least_likely": lambda: grown(prompt, count, last, lag=-1),
        "mixed_rows": torch.cat([prompt, of_first_row], dim=1),
        "same_token": torch.cat([prompt, following(last(prompt))[:, -1:].expand(-1, count)], dim=1),
    }


def judge(probe: Probe, model: Fake, prompt: Tensor, count: int, context: int, expected: Tensor) -> None:
    """Call the answer once more and compare what it returns."""
    result = probe(probe.candidate, model, prompt, count, context)
    if not isinstance(result, Tensor):
        raise Wrong("not_a_tensor", got=type_name(result))
    if model.widths and max(model.widths) > context:
        raise Wrong("too_long", got=max(model.widths), expected=context)
    if result.dtype != torch.long:
        raise Wrong("not_long", got=result.dtype)
    length = prompt.shape[1]
    if result.ndim != 2 or len(result) != len(prompt):
        raise Wrong("shape", got=shape(result), expected=shape(expected))
    width = result.shape[1]
    if width != length + count:
        if isinstance(model, Ending):
            raise Wrong("stops_early")
        if torch.equal(result[:, :length], prompt):
            raise Wrong("wrong_count", got=width - length, expected=count)
        if width == count:
            raise Wrong("only_new")
        if width < length + count:
            raise Wrong("lost_prompt")
        raise Wrong("shape", got=shape(result), expected=shape(expected))
    if not torch.equal(result[:, :length], prompt):
        raise Wrong("changed_prompt")
    if not torch.equal(result, expected) and not torch.equal(
        result, probe(probe.candidate, model, prompt, count, context)
    ):
        raise Wrong("sampled")
    probe.same(result, expected, mimics(prompt, count, context) if type(model) is Fake else None)


def try_out(probe: Probe, batch: int, length: int, count: int, context: int) -> Fake:
    """Continue a random prompt; return the model, for what it noted."""
    model, prompt = Fake(), probe.randint(0, VOCAB, (batch, length))
    judge(probe, model, prompt, count, context, continued(prompt, count, context))
    return model


@exercise.item(
    "appends", "Añade los tokens más probables al prompt", "Appends the likeliest tokens to the prompt", points=2
)
def _(probe: Probe) -> None:
    for batch, length, count in ((2, 5, 3), (1, 1, 6), (3, 4, 1)):
        try_out(probe, batch, length, count, context=12)
    prompt = probe.randint(0, VOCAB, (2, 3))
    ending = torch.full((2, 3), END_OF_TEXT)
    judge(probe, Ending(), prompt, 3, 12, torch.cat([prompt, ending], dim=1))
    by_name = {"model": Fake(), "token_ids": prompt, "max_new_tokens": 2, "context_length": 4}
    result = probe(probe.candidate, **by_name, fault="argument_names")
    probe.same(result, continued(prompt, 2, 4))


@exercise.item(
    "crop", "El modelo recibe los últimos context_length tokens", "The model gets the last context_length tokens"
)
def _(probe: Probe) -> None:
    for length, count, context in ((9, 4, 5), (5, 3, 5), (2, 6, 4), (4, 3, 1), (1, 2, 1)):
        try_out(probe, 2, length, count, context)


@exercise.item("reference", "Coincide con un GPT-2 de transformers", "Agrees with a GPT-2 of transformers")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    cfg = config(12, 3, 1, vocab_size=19, context_length=8, qkv_bias=True)
    model = Stored(stored_weights(stored, model_shapes(cfg)), cfg)
    prompt = stored["token_ids"]
    for name in ("within_context", "beyond_context"):
        expected = stored[name]
        judge(probe, model, prompt, expected.shape[1] - prompt.shape[1], cfg.context_length, expected)


@exercise.item(
    "no_new_tokens", "Con cero tokens nuevos, devuelve el prompt", "With zero new tokens, returns the prompt"
)
def _(probe: Probe) -> None:
    try_out(probe, 2, 4, 2, context=8)
    for length, context in ((4, 6), (7, 3)):
        try_out(probe, 2, length, 0, context)


@exercise.item("no_gradients", "No calcula gradientes", "Computes no gradients")
def _(probe: Probe) -> None:
    model = try_out(probe, 2, 4, 3, context=12)
    if any(model.gradients):
        raise Wrong("gradients")
    if not torch.is_grad_enabled():
        raise Wrong("gradients_left_off")
    with torch.no_grad():
        try_out(probe, 2, 4, 3, context=12)
        if torch.is_grad_enabled():
            raise Wrong("gradients_left_on")


@exercise.item("mode", "No toca el modo del modelo", "Does not touch the model's mode")
def _(probe: Probe) -> None:
    before = Fake().mode()
    for count in (3, 0):
        model = try_out(probe, 2, 4, count, context=12)
        if any(mode != before for mode in [*model.modes, model.mode()]):
            raise Wrong("changes_mode")
