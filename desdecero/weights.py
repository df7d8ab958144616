"""Chapter 5: keep a model's weights, and trade them with the rest of the world.

Checkpoints are safetensors, written to a temporary file and renamed; nothing here loads a pickle.
GPT-2's weights (Radford et al., 2019) come under the names that Hugging Face gives them; `load_gpt2_weights` and
`gpt2_tensors` translate, one way and the other.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import tiktoken
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from desdecero.data import MINI
from desdecero.edition import say
from desdecero.errors import CourseError
from desdecero.gpt import GPT2_SIZES, GPTConfig, GPTModel
from desdecero.hf_tokenizer import write_hf_tokenizer

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"

# Ours and theirs within one block. GPT-2 keeps the weights of its linear layers transposed (its `Conv1D`).
_LINEAR = (("att.out_proj", "attn.c_proj"), ("ff.layers.0", "mlp.c_fc"), ("ff.layers.2", "mlp.c_proj"))
_NORM = (("norm1", "ln_1"), ("norm2", "ln_2"))
_QKV = ("att.W_query", "att.W_key", "att.W_value")  # side by side in their `attn.c_attn`


class WeightsError(CourseError, ValueError):
    """Weights that don't fit, or a file that can't be read; the message names the tensor or the file."""

    @classmethod
    def missing(cls, name: str) -> "WeightsError":
        return cls(say(f"Falta el tensor «{name}».", f"The tensor “{name}” is missing."))

    @classmethod
    def surplus(cls, name: str) -> "WeightsError":
        return cls(say(f"Sobra el tensor «{name}»: el modelo no lo tiene.", f"The model has no tensor “{name}”."))

    @classmethod
    def misshapen(cls, name: str, got: Sequence[int], wanted: Sequence[int]) -> "WeightsError":
        return cls(
            say(
                f"El tensor «{name}» tiene forma {tuple(got)} y el modelo espera {tuple(wanted)}.",
                f"The tensor “{name}” has shape {tuple(got)}; the model expects {tuple(wanted)}.",
            )
        )


# ---- checkpoints -----------------------------------------------------------------------------------


def save_weights(model: nn.Module, path: Path | str, metadata: dict[str, str] | None = None) -> None:
    """Write a model's parameters to `path`, whole or not at all; buffers such as masks are left out."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    tensors = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(tensors, temporary, metadata)
    temporary.replace(path)


def load_weights(model: nn.Module, path: Path | str) -> None:
    """Fill a model's parameters from a file of `save_weights`.

    Raises:
        WeightsError: if the file is damaged, or its tensors are not the model's; the model is left as it was.
    """
    _fill(dict(model.named_parameters()), read_tensors(path))


def read_tensors(path: Path | str) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        WeightsError: if the file is missing or damaged.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise WeightsError(say(f"No existe el archivo {path}.", f"There is no file {path}.")) from None
    except (SafetensorError, OSError):
        raise WeightsError(
            say(
                f"El archivo {path} está dañado o incompleto: bórralo y consíguelo de nuevo.",
                f"The file {path} is damaged or incomplete: delete it and get it again.",
            )
        ) from None


def _fill(parameters: dict[str, Tensor], tensors: dict[str, Tensor]) -> None:
    """Copy every tensor into the parameter of its name, after making sure that all of them fit."""
    for name, parameter in parameters.items():
        if name not in tensors:
            raise WeightsError.missing(name)
        if tensors[name].shape != parameter.shape:
            raise WeightsError.misshapen(name, tensors[name].shape, parameter.shape)
    for name in tensors:
        if name not in parameters:
            raise WeightsError.surplus(name)
    with torch.no_grad():
        for name, tensor in tensors.items():
            parameters[name].copy_(tensor)


# ---- GPT-2 -----------------------------------------------------------------------------------------


def load_gpt2_weights(model: GPTModel, weights: dict[str, Tensor]) -> None:
    """Fill a `GPTModel` from tensors under Hugging Face's GPT-2 names, with or without `transformer.`.

    The masks that some files carry are ignored. `out_head` gets `lm_head.weight` where the file has one of its
    own, else the token embedding. The model has to be made with `qkv_bias=True`, as GPT-2 was.

    Raises:
        WeightsError: if a tensor is missing, too many or of another shape; the model is left as it was.
    """
    if model.trf_blocks[0].att.W_query.bias is None:
        raise WeightsError(
            say(
                "Al modelo le falta W_query.bias: hazlo con qkv_bias=True, como GPT-2.",
                "The model has no W_query.bias: make it with qkv_bias=True, as GPT-2 was.",
            )
        )
    theirs = {name.removeprefix("transformer."): tensor for name, tensor in weights.items()}
    theirs = {name: tensor for name, tensor in theirs.items() if not name.endswith((".attn.bias", ".masked_bias"))}
    copies: list[tuple[Tensor, Tensor]] = []
    used: set[str] = set()

    def plan(name: str, *parameters: Tensor, transposed: bool = False) -> None:
        """Note that the tensor goes to the parameters, which lie in it side by side."""
        rows, *columns = parameters[0].shape
        shape = (len(parameters) * rows, *columns)  # as we keep it
        wanted = shape[::-1] if transposed else shape
        if name not in theirs:
            raise WeightsError.missing(name)
        if theirs[name].shape != wanted:
            raise WeightsError.misshapen(name, theirs[name].shape, wanted)
        tensor = theirs[name].T if transposed else theirs[name]  # (in, out) -> (out, in)
        copies.extend(zip(parameters, tensor.chunk(len(parameters))))
        used.add(name)

    plan("wte.weight", model.tok_emb.weight)
    plan("wpe.weight", model.pos_emb.weight)
    for i, block in enumerate(model.trf_blocks):
        att, ff = block.att, block.ff.layers
        queries_keys_values = [att.W_query, att.W_key, att.W_value]
        layers = {"attn.c_attn": queries_keys_values, "attn.c_proj": [att.out_proj]}
        layers |= {"mlp.c_fc": [ff[0]], "mlp.c_proj": [ff[2]]}
        for name, parts in layers.items():
            plan(f"h.{i}.{name}.weight", *(part.weight for part in parts), transposed=True)
            plan(f"h.{i}.{name}.bias", *(part.bias for part in parts))
        for name, norm in (("ln_1", block.norm1), ("ln_2", block.norm2)):
            plan(f"h.{i}.{name}.weight", norm.scale)
            plan(f"h.{i}.{name}.bias", norm.shift)
    plan("ln_f.weight", model.final_norm.scale)
    plan("ln_f.bias", model.final_norm.shift)
    plan("lm_head.weight" if "lm_head.weight" in theirs else "wte.weight", model.out_head.weight)
    for name in theirs:
        if name not in used:
            raise WeightsError.surplus(name)
    with torch.no_grad():  # only now, when all of them fit
        for parameter, tensor in copies:
            parameter.copy_(tensor)


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


def load_pretrained(name: str, folder: Path | None = None) -> GPTModel:
    """A pretrained model in eval mode: the one in the box, or GPT-2 in one of its four sizes.

    GPT-2 is downloaded once from the Hugging Face hub (opt-in); the one in the box, with
    `load_tokenizer("mini")`, needs no network. `data/cards/mini.md` says what it was trained on.

    Args:
        name: `"mini"`, or `"gpt2"`, `"gpt2-medium"`, `"gpt2-large"`, `"gpt2-xl"`.
        folder: where `model.safetensors` and `config.json` already are; nothing is downloaded then.

    Raises:
        ValueError: if there is no model of this name.
        WeightsError: without a network, or if the file is damaged.
    """
    if name == "mini":
        return _load_mini(folder or MINI)
    if name not in GPT2_SIZES:
        names = ", ".join(("mini", *GPT2_SIZES))
        raise ValueError(
            say(f"No hay ningún modelo «{name}»: hay {names}.", f"There is no model “{name}”: there are {names}.")
        )
    path = folder / WEIGHTS_FILE if folder else _download(f"openai-community/{name}")
    cfg = _config_of(folder) if folder else GPT2_SIZES[name]
    model = GPTModel(cfg)
    load_gpt2_weights(model, read_tensors(path))
    return model.eval()


def _load_mini(folder: Path) -> GPTModel:
    """A model that was saved with its `GPTConfig`; the weights, of 16 bits on disk, have 32 in memory."""
    model = GPTModel(GPTConfig(**json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))))
    load_weights(model, folder / WEIGHTS_FILE)
    return model.eval()


def _config_of(folder: Path) -> GPTConfig:
    """The shape that a folder in the hub's layout describes."""
    theirs = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    return GPTConfig(
        vocab_size=theirs["vocab_size"],
        context_length=theirs["n_positions"],
        emb_dim=theirs["n_embd"],
        n_heads=theirs["n_head"],
        n_layers=theirs["n_layer"],
        drop_rate=theirs.get("resid_pdrop", 0.1),
        qkv_bias=True,
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
    save_file(tensors, folder / WEIGHTS_FILE, {"format": "pt"})
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")
    write_hf_tokenizer(tokenizer, folder, len(model.pos_emb.weight))
