"""Chapter 4, to play with: normalisation, activations, gradients, parameters and the next token."""

from collections.abc import Sequence

import ipywidgets
import tiktoken
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero.edition import say
from desdecero.gpt import GPT2_SIZES, GPTConfig
from desdecero.plots import Picture
from desdecero.plots.gpt import fitted, loss_curves, norm_bars, shortcut_curves, tangent
from desdecero.plots.gpt_whole import context_window, next_tokens, parameter_bars, token_label
from desdecero.widgets import Play

ACTIVATIONS = {
    "GELU": lambda x: F.gelu(x, approximate="tanh"),
    "ReLU": torch.relu,
    "SiLU": F.silu,
    "Leaky ReLU": lambda x: F.leaky_relu(x, 0.1),
    "tanh": torch.tanh,
}


def _slider(text: str, value: float, low: float, high: float, step: float) -> ipywidgets.Widget:
    """A slider that answers when it is let go."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    return kind(
        value=value, min=low, max=high, step=step, description=text, continuous_update=False,
        style={"description_width": "9em"}, layout={"width": "32em"},
    )  # fmt: skip


def _choice(text: str, options: Sequence[object]) -> ipywidgets.Widget:
    return ipywidgets.Dropdown(options=options, description=text, style={"description_width": "9em"})


def play_norms() -> Play:
    """Move and stretch one of three vectors and see which normalisations notice."""
    tokens = say("torre junco chopo", "tower reeds poplar").split()
    vectors = torch.tensor([[2.0, 5.0, 4.0, 8.0, 6.0], [7.0, 3.0, 6.0, 1.0, 3.0], [4.0, 6.0, 1.0, 2.0, 7.0]])

    def draw(shift: float, stretch: float) -> Picture:
        x = vectors.clone()
        x[0] = x[0] * stretch + shift
        columns = {
            say("entrada", "input"): x,
            "LayerNorm": F.layer_norm(x, x.shape[-1:]),
            "RMSNorm": F.rms_norm(x, x.shape[-1:], eps=1e-5),
            "BatchNorm": F.batch_norm(x, None, None, training=True),
        }
        return norm_bars(columns, tokens, moved=0)

    return Play(
        draw,
        shift=_slider(say("mover", "move"), 0.0, -10.0, 10.0, 0.5),
        stretch=_slider(say("estirar", "stretch"), 2.0, 0.1, 3.0, 0.1),
    )


def play_activations() -> Play:
    """Slide a point along an activation function and read the slope there."""

    def draw(activation: str, x: float) -> Picture:
        return tangent(ACTIVATIONS, activation, x)

    return Play(
        draw,
        activation=_choice(say("activación", "activation"), list(ACTIVATIONS)),
        x=_slider("x", -0.3, -4.0, 4.0, 0.1),
    )


def play_neuron() -> Play:
    """Train one neuron that starts below zero, with three activations."""

    def losses(activation: str, start: float, steps: int) -> list[float]:
        x = torch.linspace(0, 1, 20)
        w, b = torch.zeros((), requires_grad=True), torch.tensor(start, requires_grad=True)
        history = []
        for _ in range(steps):
            loss = ((ACTIVATIONS[activation](w * x + b) - (1 + x)) ** 2).mean()
            history.append(float(loss.detach()))
            slopes = torch.autograd.grad(loss, (w, b))
            with torch.no_grad():
                w -= 0.1 * slopes[0]
                b -= 0.1 * slopes[1]
        return history

    def draw(start: float, steps: int) -> Picture:
        return loss_curves({name: losses(name, start, steps) for name in ("ReLU", "GELU", "Leaky ReLU")})

    return Play(
        draw,
        start=_slider(say("sesgo inicial", "initial bias"), -0.5, -3.0, 1.0, 0.05),
        steps=_slider(say("pasos", "steps"), 60, 10, 200, 10),
    )


def play_bends() -> Play:
    """Imitate the river bed with a two-layer network: how many neurons, and what bends them."""
    x = torch.linspace(0, 1, 201, dtype=torch.float64)
    bed = -1.2 - 0.9 * torch.sin(9 * x) - 0.8 * torch.exp(-(((x - 0.78) / 0.07) ** 2)) - 0.5 * x
    bends = {"GELU": ACTIVATIONS["GELU"], "ReLU": torch.relu, say("ninguna", "none"): lambda z: z}

    def draw(neurons: int, activation: str) -> Picture:
        places = torch.arange(neurons, dtype=torch.float64) / neurons
        hidden = bends[activation](3 * neurons * (x[:, None] - places))  # (201, neurons)
        columns = torch.cat([hidden, torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
        ridge = 1e-6 * len(x) * torch.eye(neurons + 1, dtype=torch.float64)
        weights = torch.linalg.solve(columns.T @ columns + ridge, columns.T @ bed)
        pieces = (columns * weights).T  # one curve per neuron, and the bias
        return fitted(x, bed, pieces, float((pieces.sum(0) - bed).abs().mean()))

    return Play(
        draw,
        neurons=_slider(say("neuronas", "neurons"), 6, 1, 24, 1),
        activation=_choice(say("activación", "activation"), list(bends)),
    )


def _gradients(depth: int, gain: float, activation: str, shortcut: bool) -> list[float]:
    """The size of the gradient at the bias of each layer of a random stack, 32 numbers wide."""
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(16, 32, generator=generator).double()  # (B, D), doubles: sixty layers can blow up far
    biases = [torch.zeros(32, dtype=torch.float64, requires_grad=True) for _ in range(depth)]
    for bias in biases:
        weight = gain * torch.randn(32, 32, generator=generator).double() / 32**0.5
        x = ACTIVATIONS[activation](x @ weight + bias) + (x if shortcut else 0)
    return [max(float(g.norm()), 1e-30) for g in torch.autograd.grad(x.mean(), biases)]


def play_gradients() -> Play:
    """Gradients layer by layer, with and without shortcuts, as the stack gets deeper."""

    def draw(depth: int, gain: float, activation: str) -> Picture:
        return shortcut_curves(
            _gradients(depth, gain, activation, shortcut=False), _gradients(depth, gain, activation, shortcut=True)
        )

    return Play(
        draw,
        depth=_slider(say("capas", "layers"), 40, 2, 60, 1),
        gain=_slider(say("tamaño de los pesos", "size of the weights"), 1.0, 0.1, 2.0, 0.1),
        activation=_choice(say("activación", "activation"), list(ACTIVATIONS)),
    )


def parameter_parts(cfg: GPTConfig, tied: bool = False) -> dict[str, int]:
    """The parameters of a `GPTModel`, part by part; with `tied`, the head is the token table itself."""
    V, C, D, N = cfg.vocab_size, cfg.context_length, cfg.emb_dim, cfg.n_layers
    return {
        "tok_emb": V * D,
        "pos_emb": C * D,
        "attention": N * (4 * D * D + D + (3 * D if cfg.qkv_bias else 0)),
        "feed-forward": N * (8 * D * D + 5 * D),
        "norms": (2 * N + 1) * 2 * D,
        "out_head": 0 if tied else V * D,
    }


def play_parameters() -> Play:
    """Change a model's shape and see where its parameters are, and what they weigh."""

    def draw(vocab_size: int, emb_dim: int, n_layers: int, n_heads: int, tied: bool) -> Picture:
        cfg = GPTConfig(vocab_size=vocab_size, emb_dim=emb_dim, n_layers=n_layers, n_heads=n_heads, qkv_bias=True)
        yours = parameter_parts(cfg, tied)
        total = sum(yours.values())
        note = f"{total:,} · float32: {4 * total / 1e6:,.0f} MB · bfloat16: {2 * total / 1e6:,.0f} MB"
        if emb_dim % n_heads:
            note = say(f"{emb_dim} no se reparte entre {n_heads} cabezas", f"{n_heads} heads can't share {emb_dim}")
        names = (say("el tuyo", "yours"), "gpt2", "gpt2-medium")
        others = [parameter_parts(GPT2_SIZES[name], tied) for name in names[1:]]
        return parameter_bars(dict(zip(names, [yours, *others])), note)

    return Play(
        draw,
        vocab_size=_slider("vocab_size", 32_000, 1_000, 150_000, 1_000),
        emb_dim=_slider("emb_dim", 512, 64, 1_600, 64),
        n_layers=_slider("n_layers", 8, 1, 48, 1),
        n_heads=_slider("n_heads", 8, 1, 32, 1),
        tied=ipywidgets.Checkbox(value=False, description=say("tablas atadas", "tied tables")),
    )


def play_next_token(model: nn.Module, tokenizer: tiktoken.Encoding, text: str) -> Play:
    """Write a beginning and see which tokens the model finds likeliest to come next."""

    def draw(text: str, top: int) -> Picture:
        ids = tokenizer.encode(text or " ", disallowed_special=())
        device, training = next(model.parameters()).device, model.training
        window = model.pos_emb.num_embeddings
        model.eval()
        with torch.no_grad():
            logits = model(torch.tensor([ids[-window:]], device=device))[0, -1]
        model.train(training)
        best = torch.softmax(logits, dim=-1).topk(min(top, len(logits)))
        labels = [token_label(tokenizer.decode_single_token_bytes(i)) for i in best.indices.tolist()]
        return next_tokens(labels, best.values.tolist(), 1 / len(logits))

    return Play(
        draw,
        text=ipywidgets.Text(value=text, description=say("texto", "text"), style={"description_width": "9em"}),
        top=_slider(say("cuántos tokens", "how many tokens"), 10, 3, 25, 1),
    )


def play_window(tokenizer: tiktoken.Encoding, token_ids: Tensor | Sequence[int], prompt: int) -> Play:
    """Follow a generated text token by token, and see how much of it the model can still read."""
    ids = [int(i) for i in token_ids]
    labels = [token_label(tokenizer.decode_single_token_bytes(i)) for i in ids]

    def draw(step: int, context_length: int) -> Picture:
        return context_window(labels[: prompt + step], prompt, context_length)

    return Play(
        draw,
        step=_slider(say("paso", "step"), min(12, len(ids) - prompt), 1, len(ids) - prompt, 1),
        context_length=_slider("context_length", 8, 1, 32, 1),
    )
