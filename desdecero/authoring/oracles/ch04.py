"""Chapter 4."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.models.gpt2.modeling_gpt2 import GPT2MLP, GPT2Block


def layer_norm() -> dict[str, Tensor]:
    """`torch.nn.functional.layer_norm`."""
    draw = torch.Generator().manual_seed(401)
    x = (torch.randn(2, 3, 8, generator=draw) * 20 + 10).double()  # a variance beside which eps is nothing
    scale, shift = torch.randn(8, generator=draw).double(), torch.randn(8, generator=draw).double()
    return {"x": x, "scale": scale, "shift": shift, "expected": F.layer_norm(x, (8,), scale, shift, eps=1e-5)}


def gelu() -> dict[str, Tensor]:
    """The formula of Hendrycks and Gimpel, 2016, section 2, number by number in Python's float64."""
    draw = torch.Generator().manual_seed(402)
    x = torch.cat([torch.linspace(-3, 3, 25), torch.randn(23, generator=draw) * 1.5]).double().reshape(2, 4, 6)
    values = [0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))) for v in x.flatten().tolist()]
    return {"x": x, "expected": torch.tensor(values, dtype=torch.float64).reshape(x.shape)}


def random_gpt2(n_layers: int, seed: int) -> GPT2LMHeadModel:
    """A small GPT-2 whose weights are large enough to matter, and whose output layer is not tied."""
    sizes = {"vocab_size": 19, "n_positions": 8, "n_embd": 12, "n_layer": n_layers, "n_head": 3}
    model = GPT2LMHeadModel(GPT2Config(**sizes, tie_word_embeddings=False, bos_token_id=None, eos_token_id=None)).eval()
    draw = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        ones = float("ln_" in name and name.endswith("weight"))
        parameter.data.copy_(torch.randn(parameter.shape, generator=draw) * 0.3 + ones)
    # In float64, but on numbers that float32 holds, which is how they are stored.
    return model.double()


def mlp_weights(mlp: GPT2MLP) -> dict[str, Tensor]:
    """Hugging Face's names and layout (its Conv1D keeps weights transposed) to the course's."""
    return {
        "layers.0.weight": mlp.c_fc.weight.T,
        "layers.0.bias": mlp.c_fc.bias,
        "layers.2.weight": mlp.c_proj.weight.T,
        "layers.2.bias": mlp.c_proj.bias,
    }


def block_weights(block: GPT2Block) -> dict[str, Tensor]:
    weights = {}
    joint = zip(block.attn.c_attn.weight.T.chunk(3), block.attn.c_attn.bias.chunk(3))
    for name, (weight, bias) in zip(("W_query", "W_key", "W_value"), joint):
        weights |= {f"att.{name}.weight": weight, f"att.{name}.bias": bias}
    weights |= {"att.out_proj.weight": block.attn.c_proj.weight.T, "att.out_proj.bias": block.attn.c_proj.bias}
    weights |= {f"ff.{name}": value for name, value in mlp_weights(block.mlp).items()}
    for ours, norm in (("norm1", block.ln_1), ("norm2", block.ln_2)):
        weights |= {f"{ours}.scale": norm.weight, f"{ours}.shift": norm.bias}
    return weights


def model_weights(model: GPT2LMHeadModel) -> dict[str, Tensor]:
    inner = model.transformer
    weights = {"tok_emb.weight": inner.wte.weight, "pos_emb.weight": inner.wpe.weight}
    for i, block in enumerate(inner.h):
        weights |= {f"trf_blocks.{i}.{name}": value for name, value in block_weights(block).items()}
    weights |= {"final_norm.scale": inner.ln_f.weight, "final_norm.shift": inner.ln_f.bias}
    return weights | {"out_head.weight": model.lm_head.weight}


def stored_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().float() for name, value in weights.items()}


@torch.no_grad()
def feed_forward() -> dict[str, Tensor]:
    """The MLP of a `transformers` GPT-2 with random weights."""
    mlp = random_gpt2(n_layers=1, seed=403).transformer.h[0].mlp.eval()
    x = torch.randn(2, 4, 12, generator=torch.Generator().manual_seed(404)).double()
    return stored_weights(mlp_weights(mlp)) | {"x": x, "expected": mlp(x)}


@torch.no_grad()
def transformer_block() -> dict[str, Tensor]:
    """The first block of a `transformers` GPT-2 with random weights, read off its hidden states."""
    model = random_gpt2(n_layers=2, seed=405)
    model.transformer.wpe.weight.zero_()  # so that what enters the first block is x alone
    x = torch.randn(2, 6, 12, generator=torch.Generator().manual_seed(406)).double()
    states = model(inputs_embeds=x, output_hidden_states=True).hidden_states
    return stored_weights(block_weights(model.transformer.h[0])) | {"x": states[0], "expected": states[1]}


@torch.no_grad()
def gpt_model() -> dict[str, Tensor]:
    """The logits of a `transformers` GPT-2 with random weights."""
    model = random_gpt2(n_layers=2, seed=407)
    token_ids = torch.randint(0, 19, (3, 6), generator=torch.Generator().manual_seed(408))
    expected = model(token_ids).logits
    return stored_weights(model_weights(model)) | {"token_ids": token_ids, "expected": expected}


@torch.no_grad()
def generate_greedy() -> dict[str, Tensor]:
    """What a `transformers` GPT-2 with random weights generates, and what it does once its context is full."""
    model = random_gpt2(n_layers=1, seed=409)
    token_ids = torch.randint(0, 19, (3, 4), generator=torch.Generator().manual_seed(410))
    short = model.generate(
        token_ids,
        attention_mask=torch.ones_like(token_ids),
        max_new_tokens=4,
        do_sample=False,
        pad_token_id=0,
    )
    # `generate` refuses to go beyond the 8 positions; from there on, by hand.
    long = token_ids
    for _ in range(10):
        logits = model(long[:, -8:]).logits[:, -1]
        best = logits.topk(2).values
        assert float((best[:, 0] - best[:, 1]).min()) > 1e-2, "too close a call: choose another seed"
        long = torch.cat([long, logits.argmax(-1, keepdim=True)], dim=1)
    weights = stored_weights(model_weights(model))
    return weights | {"token_ids": token_ids, "within_context": short, "beyond_context": long}
