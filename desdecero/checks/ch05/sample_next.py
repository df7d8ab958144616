"""ch05/sample_next: choosing a token: greedy, by temperature, among the k likeliest."""

import torch
from torch import Tensor

from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, shape, type_name

exercise = Exercise(
    id="ch05/sample_next",
    defines="sample_next",
    reference="desdecero.sampling:sample_next",
    difficulty=2,
    minutes=25,
    faults={
        "not_a_column": (
            "El resultado tiene forma {got} y se espera {expected}, una columna: un token por fila, con keepdim=True "
            "en argmax.",
            "The result has shape {got}, expected {expected}, a column: one token per row, with keepdim=True in "
            "argmax.",
        ),
        "not_long": (
            "El resultado es de tipo {got}: los ids de los tokens son enteros, torch.long.",
            "The result's dtype is {got}: token ids are integers, torch.long.",
        ),
        "divides_by_zero": (
            "Con temperatura 0 tu código falla ({error}): no se puede dividir entre cero; trata ese caso aparte, "
            "con argmax.",
            "At temperature 0 your code fails ({error}): one can't divide by zero; treat this case apart, with argmax.",
        ),
        "random_at_zero": (
            "Con temperatura 0 debe salir siempre el token más probable, argmax, y no sale.",
            "At temperature 0 the likeliest token, argmax, should always come out, and it does not.",
        ),
        "least_likely": (
            "Prefieres los tokens con la puntuación más baja: mira el signo, o usa argmax en vez de argmin.",
            "You prefer the tokens with the lowest score: look at the sign, or use argmax instead of argmin.",
        ),
        "mixed_rows": (
            "Las filas del lote se mezclan: cada una elige por separado, con sus propias puntuaciones (dim=-1).",
            "The rows of the batch mix: each chooses on its own, with its own scores (dim=-1).",
        ),
        "greedy_always": (
            "Con temperatura mayor que 0 sale siempre el más probable: sortéalo con torch.multinomial.",
            "At a temperature above 0 the likeliest always comes out: draw it with torch.multinomial.",
        ),
        "one_draw": (
            "Haces un solo sorteo para todo el lote: haz uno por fila.",
            "You draw once for the whole batch: draw once per row.",
        ),
        "ignores_temperature": (
            "La temperatura no cambia nada: divide los logits antes del softmax; después de él ya no tiene efecto.",
            "The temperature changes nothing: divide the logits before softmax; after it, that has no effect.",
        ),
        "multiplies": (
            "Multiplicas por la temperatura: hay que dividir, y así las altas igualan las probabilidades.",
            "You multiply by the temperature: divide, so that high ones make the probabilities more alike.",
        ),
        "softmax_twice": (
            "Aplicas softmax dos veces: primero divide los logits y después aplica un solo softmax.",
            "You apply softmax twice: divide the logits first, then apply a single softmax.",
        ),
        "uniform": (
            "Sorteas todos los tokens por igual: cada uno debe salir según su probabilidad, la del softmax.",
            "You draw all tokens alike: each should come out by its probability, that of softmax.",
        ),
        "overflow": (
            "Con logits grandes, positivos o negativos, el sorteo falla: exp se desborda o da cero; usa "
            "torch.softmax, que lo evita.",
            "With large logits, positive or negative, the draw fails: exp overflows or gives zero; use "
            "torch.softmax, which avoids that.",
        ),
        "ignores_top_k": (
            "Salen tokens que no están entre los top_k más probables: pon sus logits a -inf antes del softmax.",
            "Tokens that are not among the top_k likeliest come out: set their logits to -inf before softmax.",
        ),
        "zeroed": (
            "Pones los logits descartados a 0 o a otro número, y así aún tienen probabilidad: ponlos a -inf.",
            "You set the discarded logits to 0 or another number, which still has a probability: set them to -inf.",
        ),
        "drops_ties": (
            "Pierdes los tokens que empatan con el k-ésimo: quédate con todo logit que no sea menor que él.",
            "You lose the tokens that tie with the k-th: keep every logit that is not smaller than it.",
        ),
        "drops_kth": (
            "Descartas también el k-ésimo: se quitan los logits menores que él (<), no los iguales (<=).",
            "You discard the k-th, too: remove the logits that are smaller than it (<), not the equal ones (<=).",
        ),
        "one_too_many": (
            "Te quedas con un token de más: el umbral es el logit k-ésimo, no el siguiente.",
            "You keep one token too many: the threshold is the k-th logit, not the next one.",
        ),
        "position_not_id": (
            "Devuelves la posición dentro de los k elegidos, no el id del token: búscalo en los índices de topk.",
            "You return the place among the k chosen, not the token's id: look it up in the indices of topk.",
        ),
        "k_too_large": (
            "Con top_k mayor que el vocabulario tu código falla ({error}): entonces se conservan todos los tokens.",
            "With top_k larger than the vocabulary your code fails ({error}): all tokens are kept then.",
        ),
        "wrong_frequencies": (
            "El token {token} sale el {got} de las veces y debería salir el {expected}.",
            "Token {token} comes out {got} of the time, it should be {expected}.",
        ),
        "ignores_generator": (
            "No usas el generador: pásalo a torch.multinomial con generator=generator.",
            "You don't use the generator: pass it to torch.multinomial with generator=generator.",
        ),
        "reseeds": (
            "Dos sorteos seguidos dan siempre lo mismo: no fijes la semilla dentro de la función.",
            "Two draws in a row always give the same: don't set the seed inside the function.",
        ),
    },
)

SCORES = (2.0, 1.2, 0.6, 0.0, -0.5, -1.5)
VOCAB = len(SCORES)
DRAWS = 1_500  # of each kind of row: chance then stays well below FAR
FAR = 0.09  # half the sum of the differences between two distributions

Distributions = dict[str, list[Tensor]]


def two_rows(probe: Probe, scores: tuple[float, ...] = SCORES) -> Tensor:
    """The same scores in two orders, with different winners, and the second row higher; `(2, V)`."""
    order = torch.randperm(VOCAB, generator=probe.generator)
    values = torch.tensor(scores)
    return torch.stack([values[order], values[order.roll(probe.pick(1, VOCAB))] + 0.9])


def kept(logits: Tensor, k: int, filler: float = float("-inf")) -> Tensor:
    """The k largest and every tie; the truth, by counting how many are larger."""
    larger = (logits[:, None, :] > logits[:, :, None]).sum(-1)  # (2, V)
    return torch.where(larger < k, logits, torch.tensor(filler))


def mimics(logits: Tensor, temperature: float, k: int | None) -> Distributions:
    """The distributions that answers with the usual mistakes draw from."""
    right = logits if k is None else kept(logits, k)

    def draws(*scores: Tensor) -> list[Tensor]:
        return [(each / temperature).softmax(-1) for each in scores]

    found = {}
    if k is not None:
        first, lowest = kept(logits, k)[0], logits.topk(min(k, VOCAB)).values[:, -1].min()
        threshold = torch.stack([first[first.isfinite()].min(), lowest])
        ranked = logits.sort(dim=-1, descending=True).values
        found = {
            "ignores_top_k": draws(logits),
            "zeroed": draws(kept(logits, k, filler=0.0)),
            "drops_kth": draws(torch.where(logits > logits.topk(min(k, VOCAB)).values[:, -1:], logits, -torch.inf)),
            "one_too_many": draws(kept(logits, k + 1)),
            "position_not_id": draws(kept(ranked, k), torch.where(torch.arange(VOCAB) < k, ranked, -torch.inf)),
            "mixed_rows": draws(*(torch.where(logits < each, -torch.inf, logits) for each in threshold)),
            "least_likely": draws(torch.where(kept(-logits, k).isfinite(), logits, -torch.inf)),
        }
    return found | {
        "ignores_temperature": [right.softmax(-1)],
        "multiplies": [(right * temperature).softmax(-1)],
        "softmax_twice": [(right / temperature).softmax(-1).softmax(-1), *draws(right.softmax(-1))],
        "uniform": [right.isfinite().double() / right.isfinite().sum(-1, keepdim=True)],
        **({} if k is not None else {"least_likely": draws(-logits)}),
    }


def checked(result: object, rows: int) -> Tensor:
    """The answer as a column of ids."""
    if not isinstance(result, Tensor):
        raise Wrong("not_a_tensor", got=type_name(result))
    if tuple(result.shape) != (rows, 1):
        raise Wrong("not_a_column", got=shape(result), expected=(rows, 1))
    if result.dtype != torch.long:
        raise Wrong("not_long", got=result.dtype)
    return result


def distance(found: Tensor, expected: Tensor) -> float:
    return float(((found - expected).abs().sum(-1) / 2).nan_to_num(nan=1.0).max())


def lost_ties(found: Tensor, kept: Tensor, k: int) -> bool:
    """Exactly k tokens came out in each row, where a tie makes them more; which of the equals does not matter."""
    seen = found > 0
    return bool((seen <= kept).all() and (seen.sum(-1) == k).all() and (kept.sum(-1) > k).any())


def judge(
    probe: Probe,
    logits: Tensor,
    temperature: float,
    k: int | None = None,
    expected: Tensor | None = None,
    fault: str = "raises",
) -> None:
    """Draw many times from two rows, and compare how often each token comes out."""
    generator = torch.Generator().manual_seed(probe.seed + 1)
    options = {"temperature": temperature, "top_k": k, "generator": generator}
    drawn = checked(probe(probe.candidate, logits.repeat(DRAWS, 1), fault=fault, **options), 2 * DRAWS)
    if bool((drawn < 0).any() | (drawn >= VOCAB).any()):
        raise Wrong(
            "wrong_frequencies", token=int(drawn[(drawn < 0) | (drawn >= VOCAB)][0]), got="> 0 %", expected="0 %"
        )
    drawn = drawn.reshape(DRAWS, 2).T
    found = torch.stack([row.bincount(minlength=VOCAB) / DRAWS for row in drawn])
    right = ((logits if k is None else kept(logits, k)) / temperature).softmax(-1) if expected is None else expected
    if distance(found, right) < FAR:
        return
    if k is not None and lost_ties(found, kept(logits, k).isfinite(), k):
        raise Wrong("drops_ties")
    if bool((found.max(-1).values == 1).all()):
        raise Wrong("greedy_always" if torch.equal(found.argmax(-1), logits.argmax(-1)) else "one_draw")
    # Some mistakes lie close together: the nearest one.
    gaps = {name: min(distance(found, way) for way in ways) for name, ways in mimics(logits, temperature, k).items()}
    nearest = min(gaps, key=gaps.__getitem__)
    if gaps[nearest] < FAR:
        raise Wrong(nearest)
    row, token = divmod(int((found - right).abs().argmax()), VOCAB)
    percent = [f"{100 * float(each[row, token]):.0f} %" for each in (found, right)]
    raise Wrong("wrong_frequencies", token=token, got=percent[0], expected=percent[1])


def at_zero(probe: Probe, logits: Tensor, *arguments: object) -> object:
    """What the answer gives at temperature 0; if it stops, is it because of that?"""
    try:
        return probe(probe.candidate, logits, *arguments)
    except Wrong as wrong:
        if wrong.fault == "raises":
            probe(probe.candidate, logits, 1.0)
            raise Wrong("divides_by_zero", **wrong.details) from None
        raise


@exercise.item("greedy", "Con temperatura 0, el más probable", "At temperature 0, the likeliest")
def _(probe: Probe) -> None:
    for rows, vocab, scale in ((4, 9, 1.0), (1, 30, 1.0), (5, 7, 100.0)):
        logits = probe.randn(rows, vocab, scale=scale)
        for arguments in ((), (0.0, 3), (0, None, torch.Generator())):
            result = checked(at_zero(probe, logits, *arguments), rows)
            expected = logits.sort(dim=-1).indices[:, -1:]
            wrong = {
                "least_likely": logits.argmin(-1, keepdim=True),
                "mixed_rows": logits.argmax().expand(rows, 1),
            }
            probe.same(result, expected, wrong, fault="random_at_zero")


@exercise.item(
    "temperature", "Sortea con softmax(logits / temperatura)", "Draws by softmax(logits / temperature)", points=2
)
def _(probe: Probe) -> None:
    for temperature in (0.5, 2.5, 1.0):
        judge(probe, two_rows(probe), temperature)
    for shift in (200.0, -200.0):  # which changes no probability
        try:
            judge(probe, two_rows(probe) + shift, 0.8)
        except Wrong:
            raise Wrong("overflow") from None


@exercise.item("top_k", "Solo entre los k más probables y sus empates", "Only among the k likeliest and their ties")
def _(probe: Probe) -> None:
    judge(probe, two_rows(probe, (2.0, 1.2, 0.6, -1.0, -1.6, -2.2)), 2.5, 3)
    judge(probe, two_rows(probe, (1.5, 1.0, 1.0, 1.0, -0.5, -1.0)), 2.0, 2)
    judge(probe, two_rows(probe, (1.5, 1.5, 1.0, 0.5, -0.5, -1.0)), 1.0, 1)
    judge(probe, two_rows(probe) - 200, 1.5, 3)
    for k in (1, VOCAB):
        logits = two_rows(probe)
        result = probe(probe.candidate, logits, 0.7, k)
        if k == 1:
            probe.same(checked(result, 2), logits.argmax(-1, keepdim=True), fault="ignores_top_k")
    judge(probe, two_rows(probe), 0.7, VOCAB + 3, fault="k_too_large")


@exercise.item("generator", "El generador decide el sorteo", "The generator decides the draw")
def _(probe: Probe) -> None:
    logits = two_rows(probe).repeat(50, 1)

    def draw(k: int | None, generator: torch.Generator | None) -> Tensor:
        return checked(probe(probe.candidate, logits, 1.5, k, generator), len(logits))

    for k in (None, 4):
        first, again = (torch.Generator().manual_seed(probe.seed) for _ in range(2))
        if not torch.equal(draw(k, first), draw(k, again)):
            raise Wrong("ignores_generator")
        if torch.equal(draw(k, first), draw(k, first)) or torch.equal(draw(k, None), draw(k, None)):
            raise Wrong("reseeds")
        checked(probe(probe.candidate, logits[:1], 1.5, k, first), 1)


@exercise.item("reference", "Coincide con las probabilidades guardadas", "Agrees with the stored probabilities")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    for expected, temperature, k in zip(stored["expected"], stored["temperatures"].tolist(), stored["top_k"].tolist()):
        judge(probe, stored["logits"], temperature, k, expected)
