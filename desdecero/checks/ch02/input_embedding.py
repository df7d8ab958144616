"""ch02/input_embedding: what a token is plus where it stands, as in GPT-2 (Radford et al., 2019)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.checks.ch02._device import PretendGPU
from desdecero.checks.exercise import Exercise
from desdecero.checks.probe import Probe, Wrong, close

exercise = Exercise(
    id="ch02/input_embedding",
    defines="InputEmbedding",
    reference="desdecero.text:InputEmbedding",
    difficulty=1,
    minutes=15,
    faults={
        "frozen": (
            "«{name}» no se entrena: deja requires_grad como viene.",
            "“{name}” is not trained: leave requires_grad as it comes.",
        ),
        "no_positions": (
            "El resultado no depende de la posición: suma también pos_emb.",
            "The result does not depend on the position: add pos_emb as well.",
        ),
        "no_tokens": (
            "El resultado no depende del token: suma también tok_emb.",
            "The result does not depend on the token: add tok_emb as well.",
        ),
        "positions_by_token": (
            "Buscas en pos_emb los ids de los tokens: se busca la posición de cada uno en la fila.",
            "You look up the token ids in pos_emb: look up the position of each one in its row.",
        ),
        "same_position": (
            "Todos los tokens de una fila reciben la misma posición: cuenta a lo largo de la fila, de 0 a T − 1.",
            "All tokens of a row get the same position: count along the row, from 0 to T − 1.",
        ),
        "starts_at_one": (
            "Las posiciones empiezan en 1: la primera es la 0.",
            "Positions start at 1: the first is 0.",
        ),
        "last_positions": (
            "Con una secuencia corta usas las últimas posiciones de la tabla: usa las primeras.",
            "For a short sequence you use the last positions of the table: use the first ones.",
        ),
        "backwards": (
            "Las posiciones van al revés: el primer token tiene la posición 0.",
            "Positions run backwards: the first token has position 0.",
        ),
        "multiplied": (
            "Multiplicas los dos vectores: hay que sumarlos.",
            "You multiply the two vectors: add them.",
        ),
        "concatenated": (
            "Pones un vector a continuación del otro: hay que sumarlos, y siguen siendo emb_dim números.",
            "You put one vector after the other: add them, so that there are still emb_dim numbers.",
        ),
        "scaled": (
            "Multiplicas por una constante: GPT-2 suma los dos vectores tal cual.",
            "You multiply by a constant: GPT-2 adds the two vectors as they are.",
        ),
        "normalised": (
            "Normalizas la suma: aquí el resultado es la suma tal cual.",
            "You normalise the sum: here the result is the sum as it is.",
        ),
        "short_sequence": (
            "Falla con una secuencia más corta que context_length: usa tantas posiciones como tokens lleguen.",
            "It fails for a sequence shorter than context_length: use as many positions as there are tokens.",
        ),
        "batch": (
            "El resultado no es correcto con varias filas: las posiciones son las mismas en todas.",
            "The result is wrong for several rows: positions are the same in all of them.",
        ),
        "not_contiguous": (
            "Falla cuando los ids no están seguidos en memoria, como los de inputs[:, :3]: usa reshape en vez de view.",
            "It fails when the ids are not next to each other in memory, such as those of inputs[:, :3]: use reshape "
            "instead of view.",
        ),
        "parameter_names": (
            "Llamada con sus argumentos por nombre se interrumpe: son vocab_size, context_length y emb_dim.",
            "Called with its arguments by name it stops: they are vocab_size, context_length and emb_dim.",
        ),
        "extra_weights": (
            "«{name}» sobra: el módulo no tiene más pesos que los de tok_emb y pos_emb.",
            "“{name}” should not be there: the module has no weights other than those of tok_emb and pos_emb.",
        ),
        "dropout": (
            "El resultado es distinto en cada llamada: aquí no hay dropout.",
            "The result differs from call to call: there is no dropout here.",
        ),
        "gradients": (
            "El gradiente de las tablas no es correcto: usa nn.Embedding sin padding_idx ni otras opciones.",
            "The gradient of the tables is wrong: use nn.Embedding without padding_idx or other options.",
        ),
        "device": (
            "Las posiciones se crean en otro dispositivo: créalas con device=token_ids.device.",
            "The positions are made on another device: create them with device=token_ids.device.",
        ),
    },
)


def sum_of(token_ids: Tensor, tok: Tensor, pos: Tensor) -> Tensor:
    """The truth."""
    return tok[token_ids] + pos[: token_ids.shape[1]]


def mimics(token_ids: Tensor, tok: Tensor, pos: Tensor) -> list[tuple[str, Tensor]]:
    """What answers with the usual mistakes would give."""
    tokens, (rows, t) = tok[token_ids], token_ids.shape
    here, root = pos[:t], tok.shape[1] ** 0.5
    right = tokens + here
    found = [
        ("no_positions", tokens),
        ("no_tokens", here.expand_as(tokens)),
        ("no_tokens", here),
        ("positions_by_token", tokens + pos[token_ids.clamp(max=len(pos) - 1)]),
        ("same_position", tokens + pos[0]),
        ("same_position", tokens + pos[t - 1]),
        ("last_positions", tokens + pos[-t:]),
        ("backwards", tokens + here.flip(0)),
        ("multiplied", tokens * here),
        ("concatenated", torch.cat([tokens, here.expand_as(tokens)], dim=-1)),
        ("concatenated", torch.cat([tokens, here.expand_as(tokens)], dim=1)),
        *(("scaled", tokens * factor + here) for factor in (root, 1 / root)),
        *(("scaled", right * factor) for factor in (root, 1 / root, 0.5)),
        ("normalised", F.layer_norm(right, right.shape[-1:])),
        ("normalised", F.normalize(right, dim=-1)),
    ]
    if t < len(pos):
        found.append(("starts_at_one", tokens + pos[1 : t + 1]))
    if rows <= len(pos):
        found.append(("batch", tokens + pos[:rows, None]))
    if rows * t <= len(pos):
        found.append(("batch", tokens + pos[: rows * t].view(rows, t, -1)))
    return found


def ready(probe: Probe, vocab_size: int, context_length: int, emb_dim: int, dtype: torch.dtype = torch.float32):
    """The student's module with known tables, and these tables."""
    module = probe.build(vocab_size, context_length, emb_dim).to(dtype)
    tables = []
    for name, rows in (("tok_emb", vocab_size), ("pos_emb", context_length)):
        probe.attribute(module, name, nn.Embedding)
        tables.append(probe.randn(rows, emb_dim, dtype=dtype, scale=2.0) + 0.5)
        probe.set_weight(module, f"{name}.weight", tables[-1])
    return module, *tables


def call(probe: Probe, module: nn.Module, token_ids: Tensor, tok: Tensor, pos: Tensor) -> object:
    """Call the module; when it stops with an error, find out which sequences it does work for."""
    try:
        return probe(module, token_ids)
    except Wrong as wrong:
        if wrong.fault != "raises":
            raise
        row, context_length = token_ids[:1], len(pos)
        whole = row.repeat(1, context_length)[:, :context_length]
        if _works(probe, module, row):
            raise Wrong("batch") from None
        if _works(probe, module, whole):
            raise Wrong("short_sequence") from None
        shorter = whole[:, :-1]
        if _works(probe, module, shorter) and close(
            probe(module, shorter), tok[shorter] + pos[1:], rtol=1e-4, atol=1e-4
        ):
            raise Wrong("starts_at_one") from None
        raise


def _works(probe: Probe, module: nn.Module, token_ids: Tensor) -> bool:
    try:
        return isinstance(probe(module, token_ids), Tensor)
    except Wrong:
        return False


def judge(probe: Probe, module: nn.Module, token_ids: Tensor, tok: Tensor, pos: Tensor) -> Tensor:
    """The module must give the sum of `tok` and `pos`; returns what it gave."""
    result, expected = call(probe, module, token_ids, tok, pos), sum_of(token_ids, tok, pos)
    if isinstance(result, Tensor) and not close(result, expected):
        again = probe(module, token_ids)
        if isinstance(again, Tensor) and again.shape == result.shape and not torch.equal(again, result):
            raise Wrong("dropout")
        for fault, mimic in mimics(token_ids, tok, pos):
            if close(result, mimic) and not close(mimic, expected):
                raise Wrong(fault)
    probe.same(result, expected)
    return result


@exercise.item("tables", "tok_emb y pos_emb son nn.Embedding", "tok_emb and pos_emb are nn.Embedding")
def _(probe: Probe) -> None:
    # No more words than positions: looking up one in place of the other is wrong, but no error.
    vocab_size, context_length, emb_dim = 6, probe.pick(7, 10), probe.pick(3, 6)
    module, tok, pos = ready(probe, vocab_size, context_length, emb_dim)
    for name in ("tok_emb", "pos_emb"):
        if not probe.attribute(module, f"{name}.weight", Tensor).requires_grad:
            raise Wrong("frozen", name=name)
    names = {id(parameter) for parameter in module.parameters()}
    for name in ("tok_emb", "pos_emb"):
        if id(probe.attribute(module, f"{name}.weight", Tensor)) not in names:
            raise Wrong("frozen", name=name)
    result = call(probe, module, probe.randint(0, vocab_size, (1, context_length)), tok, pos)
    if not isinstance(result, Tensor):
        probe.same(result, pos)


@exercise.item(
    "sum", "Suma el vector del token y el de su posición", "Adds the token's vector and its position's", points=2
)
def _(probe: Probe) -> None:
    vocab_size, context_length, emb_dim = 6, probe.pick(7, 10), probe.pick(3, 6)
    module, tok, pos = ready(probe, vocab_size, context_length, emb_dim)
    for rows in (1, 3, 2):
        judge(probe, module, probe.randint(0, vocab_size, (rows, context_length)), tok, pos)
    module, tok, pos = ready(probe, 40, 5, 8, torch.float64)  # more words than positions
    judge(probe, module, probe.randint(0, 40, (5, 5)), tok, pos)


@exercise.item(
    "short", "Acepta secuencias más cortas que context_length", "Takes sequences shorter than context_length"
)
def _(probe: Probe) -> None:
    module, tok, pos = ready(probe, 11, 8, 4)
    for rows, t in ((1, 7), (3, 5), (2, 4), (4, 1), (1, 1), (2, 8)):
        judge(probe, module, probe.randint(0, 11, (rows, t)), tok, pos)
    across = probe.randint(0, 11, (5, 3)).T  # (3, 5), read down the columns
    judge(probe, module, across.contiguous(), tok, pos)
    result = probe(module, across, fault="not_contiguous")
    probe.same(result, sum_of(across, tok, pos), fault="not_contiguous")


@exercise.item("no_dropout", "Da lo mismo en modo de entrenamiento", "Gives the same in training mode")
def _(probe: Probe) -> None:
    module, tok, pos = ready(probe, 30, 16, 12)
    token_ids = probe.randint(0, 30, (4, 16))
    judge(probe, module, token_ids, tok, pos)
    judge(probe, module.train(), token_ids, tok, pos)


@exercise.item("reference", "Coincide con los valores guardados", "Agrees with the stored values")
def _(probe: Probe) -> None:
    stored = exercise.stored()
    tok, pos = stored["tok_emb"], stored["pos_emb"]
    sizes = {"vocab_size": tok.shape[0], "context_length": pos.shape[0], "emb_dim": pos.shape[1]}
    module = probe.build(**sizes, fault="parameter_names")
    for name in ("tok_emb", "pos_emb"):
        probe.attribute(module, name, nn.Embedding)
        probe.set_weight(module, f"{name}.weight", stored[name])
    probe.same(judge(probe, module, stored["token_ids"], tok, pos), stored["expected"])


@exercise.item("gradients", "Las dos tablas se entrenan", "Both tables can be trained")
def _(probe: Probe) -> None:
    module, tok, pos = ready(probe, 7, 6, 5, torch.float64)
    for name, parameter in module.named_parameters():
        if all(parameter is not table.weight for table in (module.tok_emb, module.pos_emb)):
            raise Wrong("extra_weights", name=name)
    token_ids = torch.stack([torch.randperm(7, generator=probe.generator)[:5] for _ in range(4)])
    token_ids[0, 0] = 0  # every row of the tables has its turn, also the first
    result = judge(probe, module, token_ids, tok, pos)
    pull = probe.randn(4, 5, 5, dtype=torch.float64)
    tables = [tok.clone().requires_grad_(), pos.clone().requires_grad_()]
    wanted = torch.autograd.grad((sum_of(token_ids, *tables) * pull).sum(), tables)
    found = probe.gradients(result, [module.tok_emb.weight, module.pos_emb.weight], pull)
    for got, want in zip(found, wanted):
        if not bool(got.to_dense().any()):
            raise Wrong("no_gradient")
        probe.same(got.to_dense(), want, fault="gradients")


@exercise.item("device", "Funciona en el dispositivo de los ids", "Works on the ids' device")
def _(probe: Probe) -> None:
    module, tok, pos = ready(probe, 7, 6, 5)
    token_ids = probe.randint(0, 7, (2, 4))
    judge(probe, module, token_ids, tok, pos)
    gpu = PretendGPU([token_ids, *module.parameters(), *module.buffers()])
    try:
        with gpu:
            result = probe(module, token_ids)
    except Wrong as wrong:
        raise Wrong("device" if wrong.fault == "raises" else wrong.fault, **wrong.details) from None
    if gpu.mixed or not gpu.holds(result):
        raise Wrong("device")
    probe.same(result, sum_of(token_ids, tok, pos))
