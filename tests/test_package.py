"""The package's own modules, beside the libraries of the field and cases worked by hand."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import tiktoken
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from desdecero import EDITIONS, current_edition, use_edition
from desdecero.attention import CausalAttention, MultiHeadAttention, SelfAttention, simple_attention
from desdecero.authoring.tokenizer import train, write_ranks
from desdecero.data import TOKENIZERS, load_story
from desdecero.errors import CourseError
from desdecero.gpt import GELU, GPT2_SIZES, GPTConfig, GPTModel, LayerNorm, generate_greedy
from desdecero.text import (
    InputEmbedding,
    SimpleTokenizer,
    SlidingWindowDataset,
    bpe_encode,
    count_pairs,
    load_tokenizer,
    make_loader,
    merge_pair,
    train_bpe,
)

TINY = GPTConfig(vocab_size=40, context_length=8, emb_dim=12, n_heads=3, n_layers=2, drop_rate=0.0)


def test_importing_the_package_is_cheap() -> None:
    heavy = "{'torch', 'matplotlib', 'ipywidgets', 'tiktoken', 'numpy'}"
    code = f"import sys, desdecero, desdecero.checks, desdecero.data; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_students_code_does_not_reach_the_build_or_grading() -> None:
    code = (
        "import sys, desdecero.gpt, desdecero.text, desdecero.plots, desdecero.widgets\n"
        "from desdecero.checks import check, get_exercise, exercises\n"
        "[get_exercise(i) for i in exercises()]\n"
        "bad = ('desdecero.authoring', 'desdecero.grading', 'nbgrader', 'transformers', 'jupytext')\n"
        "print([m for m in sys.modules if m.startswith(bad)])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("call", "es", "en"),
    [
        (use_edition, "La edición 'fr' no existe", "Edition 'fr' does not exist"),
        (load_story, "La edición 'fr' no existe", "Edition 'fr' does not exist"),
        (load_tokenizer, "ningún tokenizador «fr»: hay story, mini", "no tokenizer “fr”: there are story, mini"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_in_one_sentence(
    call: Callable[[str], object], es: str, en: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for edition, told in (("es", es), ("en", en)):
        monkeypatch.setattr("desdecero.edition._current", edition)
        with pytest.raises(CourseError, match=told) as caught:
            call("fr")
        assert isinstance(caught.value, ValueError)
        assert current_edition() == edition


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_story_is_about_four_thousand_words(edition: str) -> None:
    assert 3_800 <= len(load_story(edition).split()) <= 4_400


def test_the_simple_tokenizer_keeps_marks_apart_and_puts_them_back() -> None:
    tokens = ["<|unk|>", "¿", "vienes", "?", "sí", ",", "ahora", "."]
    tokenizer = SimpleTokenizer({token: i for i, token in enumerate(tokens)})
    assert tokenizer.encode("¿vienes? sí, ahora.") == [1, 2, 3, 4, 5, 6, 7]
    assert tokenizer.decode([1, 2, 3, 4, 5, 6, 7]) == "¿vienes? sí, ahora."
    assert tokenizer.encode("nunca") == [0]


def test_byte_pairs_by_hand() -> None:
    a, b, c = b"a", b"b", b"c"
    assert count_pairs([a, b, a, b]) == {(a, b): 2, (b, a): 1}
    assert merge_pair([a, b, c, a, b], (a, b)) == [b"ab", c, b"ab"]
    assert merge_pair([a, a, a], (a, a)) == [b"aa", a]
    assert train_bpe("ababab", 5) == [(a, b), (b"ab", b"ab")]
    assert train_bpe("abc", 5) == []
    assert bpe_encode("abcab", [(a, b)]) == [b"ab", c, b"ab"]


@given(st.text(max_size=60))
def test_byte_pair_encoding_loses_nothing(text: str) -> None:
    merges = train_bpe("la casa de la barca, la cosa de la caza " * 3, 30)
    assert b"".join(bpe_encode(text, merges)).decode("utf-8") == text


@pytest.mark.parametrize("edition", EDITIONS)
def test_byte_pair_encoding_agrees_with_tiktoken(edition: str) -> None:
    text = load_story(edition)[:3_000]
    merges = train_bpe(text, 150)
    ranks = {bytes([i]): i for i in range(256)} | {a + b: 256 + i for i, (a, b) in enumerate(merges)}
    peer = tiktoken.Encoding("peer", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={})
    for sample in (text[:500], text[1_000:1_200], "ñandú 🦙"):
        assert bpe_encode(sample, merges) == peer.decode_tokens_bytes(peer.encode(sample))


@given(st.text(max_size=80))
def test_the_courses_tokenizer_loses_nothing(text: str) -> None:
    tokenizer = load_tokenizer()
    assert tokenizer.decode(tokenizer.encode(text, disallowed_special=())) == text


def test_the_courses_tokenizer_is_the_one_its_texts_give(tmp_path) -> None:
    texts = [load_story(edition) for edition in EDITIONS]
    trained = train(texts, load_tokenizer().n_vocab - 1)
    write_ranks(trained, tmp_path / "ranks")
    assert (tmp_path / "ranks").read_bytes() == TOKENIZERS["story"].read_bytes()
    for text in texts:
        assert load_tokenizer().encode(text) == trained.encode(text).ids


def test_windows_by_hand() -> None:
    windows = SlidingWindowDataset(range(6), context_length=3, stride=2)
    pairs = [(x.tolist(), y.tolist()) for x, y in (windows[i] for i in range(len(windows)))]
    assert pairs == [([0, 1, 2], [1, 2, 3]), ([2, 3, 4], [3, 4, 5])]
    assert len(SlidingWindowDataset(range(3), 3, 1)) == 0
    inputs, targets = next(iter(make_loader(range(50), 4, 4, batch_size=5)))
    assert inputs.shape == targets.shape == (5, 4)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])


def test_embeddings_add_what_and_where() -> None:
    embedding = InputEmbedding(10, 6, 4)
    ids = torch.tensor([[3, 3]])
    vectors = embedding(ids)
    assert vectors.shape == (1, 2, 4)
    gap = vectors[0, 1] - vectors[0, 0]
    torch.testing.assert_close(gap, embedding.pos_emb.weight[1] - embedding.pos_emb.weight[0])


def test_attention_agrees_with_torch() -> None:
    x = torch.randn(2, 5, 6)
    context, weights = simple_attention(x)
    torch.testing.assert_close(context, F.scaled_dot_product_attention(x, x, x, scale=1.0))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5))
    for module, causal in ((SelfAttention(6, 4), False), (CausalAttention(6, 4, 9, 0.0), True)):
        q, k, v = module.W_query(x), module.W_key(x), module.W_value(x)
        torch.testing.assert_close(module(x), F.scaled_dot_product_attention(q, k, v, is_causal=causal))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="num_heads=4"):
        MultiHeadAttention(6, 6, 5, 0.0, 4)


def test_layer_norm_and_gelu_agree_with_torch() -> None:
    x = torch.randn(3, 8)
    torch.testing.assert_close(LayerNorm(8)(x), F.layer_norm(x, (8,)))
    torch.testing.assert_close(GELU()(x), F.gelu(x, approximate="tanh"))


# Radford et al., 2019, with an output head of its own.
@pytest.mark.parametrize(
    ("name", "parameters"),
    [("gpt2", 163_037_184), ("gpt2-medium", 406_286_336), ("gpt2-large", 838_359_040), ("gpt2-xl", 1_638_022_400)],
)
def test_the_four_sizes_of_gpt2(name: str, parameters: int) -> None:
    with torch.device("meta"):
        model = GPTModel(GPT2_SIZES[name])
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_greedy_generation_reads_only_its_context_and_keeps_the_mode() -> None:
    model = GPTModel(TINY).train()
    ids = generate_greedy(model, torch.randint(0, 40, (2, 6)), 7, TINY.context_length)
    assert ids.shape == (2, 13) and model.training
    model.eval()
    last = model(ids[:, -9:-1])[:, -1].argmax(-1)
    assert torch.equal(last, ids[:, -1])
