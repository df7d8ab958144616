"""Chapter 5: whole models, from the box, from the Hugging Face hub, from one's own runs, and into `transformers`."""

import json
from pathlib import Path

import tiktoken
import torch
from safetensors.torch import save_file
from torch import Tensor

from desdecero.data import MINI
from desdecero.edition import say
from desdecero.errors import BadArgument
from desdecero.files import whole
from desdecero.gpt import GPT2_SIZES, GPTConfig, GPTModel
from desdecero.hf_tokenizer import write_hf_tokenizer
from desdecero.weights import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    WeightsError,
    load_gpt2_weights,
    load_weights,
    read_tensors,
    readable,
)

# Ours and theirs within one block. GPT-2 keeps the weights of its linear layers transposed (its `Conv1D`).
_LINEAR = (("att.out_proj", "attn.c_proj"), ("ff.layers.0", "mlp.c_fc"), ("ff.layers.2", "mlp.c_proj"))
_NORM = (("norm1", "ln_1"), ("norm2", "ln_2"))
_QKV = ("att.W_query", "att.W_key", "att.W_value")  # side by side in their `attn.c_attn`


def load_pretrained(name: str, folder: Path | str | None = None) -> GPTModel:
    """A pretrained model in eval mode: the one in the box, one of your own, or GPT-2 in one of its four sizes.

    GPT-2 is downloaded once from the Hugging Face hub (opt-in); the one in the box, with
    `load_tokenizer("mini")`, needs no network. `data/cards/mini.md` says what it was trained on.

    Args:
        name: `"mini"`, or `"gpt2"`, `"gpt2-medium"`, `"gpt2-large"`, `"gpt2-xl"`.
        folder: where `model.safetensors` and `config.json` already are; nothing is downloaded then. For `"mini"`
            what `python -m desdecero.pretrain` leaves behind, in whatever size; for the others, the hub's layout.

    Raises:
        BadArgument: if there is no model of this name.
        WeightsError: without a network, or if a file is missing, damaged or of another kind of model.
    """
    folder = None if folder is None else Path(folder)
    if name == "mini":
        return _load_mini(folder or MINI)
    if name not in GPT2_SIZES:
        names = ", ".join(("mini", *GPT2_SIZES))
        raise BadArgument(
            say(f"No hay ningún modelo «{name}»: hay {names}.", f"There is no model “{name}”: there are {names}.")
        )
    cfg = _hub_config(folder / CONFIG_FILE) if folder else GPT2_SIZES[name]
    path = folder / WEIGHTS_FILE if folder else _download(f"openai-community/{name}")
    model = GPTModel(cfg)
    load_gpt2_weights(model, read_tensors(path))
    return model.eval()


def _load_mini(folder: Path) -> GPTModel:
    """A model that was saved with its `GPTConfig`; the weights, of 16 bits in the box, have 32 in memory."""
    model = GPTModel(_our_config(folder / CONFIG_FILE))
    load_weights(model, folder / WEIGHTS_FILE)
    return model.eval()


def _our_config(path: Path) -> GPTConfig:
    """What the box's file says, or a run's, where the settings of the training stand beside it."""
    described = _described(path)
    try:
        return GPTConfig(**described.get("config", described))
    except TypeError:  # other names than ours
        raise _of_another_kind(path) from None


def _hub_config(path: Path) -> GPTConfig:
    """The shape that a file in the hub's layout describes."""
    theirs = _described(path)
    try:
        return GPTConfig(
            vocab_size=theirs["vocab_size"],
            context_length=theirs["n_positions"],
            emb_dim=theirs["n_embd"],
            n_heads=theirs["n_head"],
            n_layers=theirs["n_layer"],
            drop_rate=theirs.get("resid_pdrop", 0.1),
            qkv_bias=True,
        )
    except KeyError:
        raise _of_another_kind(path) from None


def _described(path: Path) -> dict:
    """The object in a JSON file.

    Raises:
        WeightsError: if the file is missing, or holds something else.
    """
    with readable(path):
        content = path.read_bytes()
    try:
        described = json.loads(content)
    except ValueError:  # not JSON, or not even text
        described = None
    if not isinstance(described, dict):
        raise _of_another_kind(path)
    return described


def _of_another_kind(path: Path) -> WeightsError:
    return WeightsError(
        say(
            f"El archivo {path} no describe un modelo de esta clase: comprueba la carpeta.",
            f"The file {path} doesn't describe a model of this kind: check the folder.",
        )
    )


def _download(repository: str) -> Path:
    """The weights, from the hub or the cache; the hub's own library verifies and renames."""
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, WEIGHTS_FILE, etag_timeout=1.5))
    except Exception as error:  # the library has a dozen ways to say that there is no network
        raise WeightsError(
            say(
                f"No se puede descargar {repository} ({type(error).__name__}): comprueba la conexión; el resto del "
                "curso funciona sin red.",
                f"{repository} can't be downloaded ({type(error).__name__}): check the connection; the rest of the "
                "course works without one.",
            )
        ) from None


def gpt2_tensors(model: GPTModel) -> dict[str, Tensor]:
    """A model's weights under GPT-2's names and in its shapes; biases that the model lacks are zeros."""
    own = {name: parameter.detach() for name, parameter in model.named_parameters()}
    theirs = {"wte.weight": own["tok_emb.weight"], "wpe.weight": own["pos_emb.weight"]}
    for i in range(len(model.trf_blocks)):
        ours = f"trf_blocks.{i}"
        weights = [own[f"{ours}.{name}.weight"] for name in _QKV]
        biases = [own.get(f"{ours}.{name}.bias", weights[0].new_zeros(len(weights[0]))) for name in _QKV]
        theirs[f"h.{i}.attn.c_attn.weight"] = torch.cat(weights).T  # 3 × (D, D) -> (3D, D) -> (D, 3D)
        theirs[f"h.{i}.attn.c_attn.bias"] = torch.cat(biases)  # (3D,)
        for a, b in _LINEAR:
            theirs[f"h.{i}.{b}.weight"] = own[f"{ours}.{a}.weight"].T  # (out, in) -> (in, out)
            theirs[f"h.{i}.{b}.bias"] = own[f"{ours}.{a}.bias"]
        for a, b in _NORM:
            theirs[f"h.{i}.{b}.weight"] = own[f"{ours}.{a}.scale"]
            theirs[f"h.{i}.{b}.bias"] = own[f"{ours}.{a}.shift"]
    return theirs | {
        "ln_f.weight": own["final_norm.scale"],
        "ln_f.bias": own["final_norm.shift"],
        "lm_head.weight": own["out_head.weight"],
    }


def to_transformers(model: GPTModel, folder: Path | str, tokenizer: tiktoken.Encoding) -> None:
    """Write a folder that `transformers.AutoModelForCausalLM.from_pretrained` and `AutoTokenizer` open.

    The model's logits are the same there; what a student trains lives on in the ecosystem.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vocab_size, emb_dim = model.tok_emb.weight.shape
    end = tokenizer.eot_token
    config = {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": vocab_size,
        "n_positions": len(model.pos_emb.weight),
        "n_embd": emb_dim,
        "n_head": model.trf_blocks[0].att.num_heads,
        "n_layer": len(model.trf_blocks),
        "activation_function": "gelu_new",
        "layer_norm_epsilon": model.final_norm.eps,
        "tie_word_embeddings": False,
        "bos_token_id": end,
        "eos_token_id": end,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), model.dropout.p),
    }
    tensors = gpt2_tensors(model)
    head = tensors.pop("lm_head.weight")
    tensors = {f"transformer.{name}": tensor.contiguous() for name, tensor in tensors.items()}
    tensors["lm_head.weight"] = head.clone()  # safetensors refuses tensors that share memory
    with whole(folder / WEIGHTS_FILE) as part:
        save_file(tensors, part, {"format": "pt"})
    with whole(folder / CONFIG_FILE) as part:
        part.write_text(json.dumps(config, indent=2), encoding="utf-8")
    write_hf_tokenizer(tokenizer, folder, len(model.pos_emb.weight))
