"""Chapter 5: keep a model's weights, and trade them with the rest of the world.

Checkpoints are safetensors, written whole or not at all; nothing here loads a pickle.
GPT-2's weights (Radford et al., 2019) come under the names that Hugging Face gives them, which `load_gpt2_weights`
translates; whole models, from the box and from the hub, are in `desdecero.pretrained`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from desdecero.edition import say
from desdecero.errors import CourseError
from desdecero.files import whole
from desdecero.gpt import GPTModel

if TYPE_CHECKING:
    from desdecero.pretrained import load_pretrained, to_transformers  # noqa: F401

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"


def __getattr__(name: str) -> object:
    """`load_pretrained` and `to_transformers`, which chapters import from here; their module imports this one."""
    if name in ("load_pretrained", "to_transformers"):
        from desdecero import pretrained

        return getattr(pretrained, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
    tensors = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    with whole(path) as part:
        save_file(tensors, part, metadata)


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
    with readable(path):
        return load_file(path)


@contextmanager
def readable(path: Path | str) -> Iterator[None]:
    """Around whatever opens `path`.

    Raises:
        WeightsError: if the file is missing or damaged.
    """
    try:
        yield
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
