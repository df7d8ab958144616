"""Weights in and out: checkpoints, GPT-2's, and the way into `transformers`."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

from desdecero.data import load_story
from desdecero.edition import EDITIONS, use_edition
from desdecero.errors import CourseError
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.text import load_tokenizer
from desdecero.weights import (
    WeightsError,
    load_gpt2_weights,
    load_pretrained,
    load_weights,
    save_weights,
    to_transformers,
)

SIZES = {"tiny": (60, 10, 12, 3, 2), "wider": (101, 17, 32, 4, 3)}


def config(size: str, **changes: object) -> GPTConfig:
    vocab, context, width, heads, layers = SIZES[size]
    return GPTConfig(vocab, context, width, heads, layers, **{"drop_rate": 0.0, "qkv_bias": True} | changes)


def gpt2(size: str, tied: bool = True) -> GPT2LMHeadModel:
    """A `transformers` GPT-2 of random weights, wide enough to tell one layer from another."""
    vocab, context, width, heads, layers = SIZES[size]
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocab,
            n_positions=context,
            n_embd=width,
            n_head=heads,
            n_layer=layers,
            initializer_range=0.2,
            tie_word_embeddings=tied,
            bos_token_id=0,
            eos_token_id=0,
        )
    )
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def assert_same_logits(ours: GPTModel, theirs: GPT2LMHeadModel, size: str) -> None:
    vocab, context, *_ = SIZES[size]
    ids = torch.randint(0, vocab, (2, context))
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(ids), theirs(ids).logits, rtol=1e-4, atol=1e-4)


@pytest.fixture(autouse=True)
def english() -> None:
    use_edition("en")


@pytest.fixture
def model() -> GPTModel:
    torch.manual_seed(1)
    return GPTModel(config("tiny"))


def snapshot(model: GPTModel) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def unchanged(model: GPTModel, before: dict[str, Tensor]) -> bool:
    return all(torch.equal(parameter, before[name]) for name, parameter in model.named_parameters())


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("prefix", ["", "transformer."])
@pytest.mark.parametrize("size", SIZES)
def test_gpt2_weights_give_gpt2_logits(size: str, prefix: str, tied: bool) -> None:
    theirs, ours = gpt2(size, tied), GPTModel(config(size))
    tensors = {prefix + name.removeprefix("transformer."): t for name, t in theirs.state_dict().items()}
    tensors[f"{prefix}h.0.attn.bias"] = torch.ones(1, 1, 4, 4)
    tensors[f"{prefix}h.1.attn.masked_bias"] = torch.tensor(-1e4)
    if tied:
        tensors.pop(f"{prefix}lm_head.weight")
    load_gpt2_weights(ours, tensors)
    assert_same_logits(ours, theirs, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_folder_of_the_hub_is_loaded(size: str, tmp_path: Path) -> None:
    theirs = gpt2(size)
    theirs.save_pretrained(tmp_path)
    assert_same_logits(load_pretrained("gpt2", tmp_path), theirs, size)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda t: t.pop("h.1.mlp.c_fc.bias"), "“h.1.mlp.c_fc.bias” is missing"),
        (lambda t: t.update({"h.7.ln_1.weight": torch.ones(12)}), "no tensor “h.7.ln_1.weight”"),
        (lambda t: t.update({"wpe.weight": torch.ones(9, 12)}), r"“wpe.weight” has shape \(9, 12\).*\(10, 12\)"),
        (lambda t: t.update({"h.0.attn.c_attn.weight": torch.ones(36, 12)}), "“h.0.attn.c_attn.weight” has shape"),
        (lambda t: t.clear(), "is missing"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(damage, complaint: str, model: GPTModel) -> None:
    tensors = {name.removeprefix("transformer."): t for name, t in gpt2("tiny").state_dict().items()}
    damage(tensors)
    before = snapshot(model)
    with pytest.raises(WeightsError, match=complaint) as raised:
        load_gpt2_weights(model, tensors)
    assert "\n" not in str(raised.value)
    assert unchanged(model, before)


def test_a_model_without_bias_is_told_what_does_not_fit() -> None:
    tensors = gpt2("tiny").state_dict()
    with pytest.raises(WeightsError, match=r"W_query\.bias"):
        load_gpt2_weights(GPTModel(config("tiny", qkv_bias=False)), tensors)


def test_a_checkpoint_comes_back_as_it_was(model: GPTModel, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "model.safetensors"
    save_weights(model, path, {"edition": "es"})
    other = GPTModel(config("tiny"))
    load_weights(other, path)
    assert unchanged(other, snapshot(model))
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]
    assert not any("mask" in name for name in load_file(path))


@pytest.mark.parametrize("kept", [0, 7, 100, 5_000])
def test_a_truncated_file_is_one_sentence(model: GPTModel, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(model, path)
    path.write_bytes(path.read_bytes()[:kept])
    before = snapshot(model)
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        load_weights(model, path)
    assert unchanged(model, before)


def test_other_faults_are_one_sentence_each(model: GPTModel, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="There is no file"):
        load_weights(model, tmp_path / "nothing")
    with pytest.raises(CourseError, match="gpt2-medium"):
        load_pretrained("gpt5")
    save_file({"tok_emb.weight": torch.ones(2, 2)}, tmp_path / "small")
    with pytest.raises(WeightsError, match="tok_emb"):
        load_weights(model, tmp_path / "small")


@pytest.mark.parametrize("name", ["mini", "gpt2"])
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "There is no file .*config.json"),
        (b'{"vocab_', "describe a model of this kind"),
        (b"\xff\xfe", "describe a model of this kind"),
        (b"[1, 2]", "describe a model of this kind"),
        (b'{"n_positions": 3, "layers": 12}', "describe a model of this kind"),
    ],
)
def test_a_folder_without_a_model_is_one_sentence(
    name: str, content: bytes | None, complaint: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(WeightsError, match=complaint) as raised:
        load_pretrained(name, tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_may_be_named_by_a_string(tmp_path: Path) -> None:
    gpt2("tiny").save_pretrained(tmp_path)
    assert len(load_pretrained("gpt2", str(tmp_path)).trf_blocks) == SIZES["tiny"][-1]


def test_without_a_network_gpt2_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match="the rest of the course works without one"):
        load_pretrained("gpt2")


@pytest.mark.parametrize("qkv_bias", [True, False])
def test_what_a_student_trains_opens_in_transformers(qkv_bias: bool, tmp_path: Path) -> None:
    tokenizer = load_tokenizer()
    torch.manual_seed(2)
    ours = GPTModel(GPTConfig(tokenizer.n_vocab, 32, 24, 3, 2, 0.1, qkv_bias)).eval()
    to_transformers(ours, tmp_path, tokenizer)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    text = load_story("es")[:60]
    ids = AutoTokenizer.from_pretrained(tmp_path)(text, return_tensors="pt")["input_ids"]
    assert ids[0].tolist() == tokenizer.encode(text)
    with torch.no_grad():
        torch.testing.assert_close(theirs(ids).logits, ours(ids), rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("exported")
    tokenizer = load_tokenizer()
    to_transformers(GPTModel(GPTConfig(tokenizer.n_vocab, 32, 12, 3, 1)), folder, tokenizer)
    return AutoTokenizer.from_pretrained(folder)


@settings(max_examples=60)
@given(text=st.text(max_size=50))
def test_the_exported_tokenizer_gives_the_same_ids(exported, text: str) -> None:
    assert exported(text)["input_ids"] == load_tokenizer().encode(text, disallowed_special=())


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_exported_tokenizer_reads_the_story_alike(exported, edition: str) -> None:
    story = load_story(edition)
    ids = exported(story)["input_ids"]
    assert ids == load_tokenizer().encode(story)
    assert exported.decode(ids) == story
    assert exported("a<|endoftext|>b")["input_ids"][1] == load_tokenizer().eot_token
