"""Chapter 2."""

import re

import tiktoken
import torch
from tiktoken import _educational
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Sequence, Split, WhitespaceSplit
from torch import Tensor
from transformers import GPT2Config, GPT2Model

WHOLE_TEXT = r"[\s\S]+"

RHYME = """\
Peña la cigüeña sueña con España; la niña sueña con la cigüeña.
¿Quién sueña con Peña? ¡La araña, la araña de la montaña! 🙂🙂
The rain in the lane sang the same thing again: rain, rain, the lane, the rain.
"""


def flat(strings: list[bytes]) -> dict[str, Tensor]:
    """Byte strings end to end, and how long each is."""
    return {
        "bytes": torch.tensor(list(b"".join(strings)), dtype=torch.uint8),
        "lengths": torch.tensor([len(string) for string in strings]),
    }


def as_bytes(text: str) -> Tensor:
    return torch.tensor(list(text.encode("utf-8")), dtype=torch.uint8)


def simple_tokenizer() -> dict[str, Tensor]:
    """A word-level model of the `tokenizers` library; what is decoded is the text with tidy spaces."""
    text = (
        "¿Oyes el río, Nuño? ¡Qué río! El río baja crecido; la niña, no: duerme.\n"
        "Sleep, river: the child sleeps.  ¿Duerme el dragón?\tEl dragón, no."
    )
    known = sorted(set(re.findall(r"\w+", text)) - {"dragón", "crecido", "child"}) + list(",.;:?!¿¡") + ["<|unk|>"]
    vocab = {token: (7 * i + 3) % 101 for i, token in enumerate(known)}  # neither sorted nor without gaps
    model = Tokenizer(WordLevel(vocab, unk_token="<|unk|>"))
    model.pre_tokenizer = Sequence([WhitespaceSplit(), Split(Regex("[,.;:?!¿¡]"), "isolated")])
    decoded = " ".join(text.split()).replace("dragón", "<|unk|>").replace("crecido", "<|unk|>")
    vocabulary = flat([token.encode("utf-8") for token in vocab])
    return {
        "text": as_bytes(text),
        "tokens": vocabulary["bytes"],
        "lengths": vocabulary["lengths"],
        "token_ids": torch.tensor(list(vocab.values())),
        "ids": torch.tensor(model.encode(text).ids),
        "decoded": as_bytes(decoded.replace("child", "<|unk|>")),
    }


def learn(text: str, num_merges: int) -> list[tuple[bytes, bytes]]:
    """The merges, by string replacement: a token is a character, so that joining is `str.replace`.

    Raises:
        AssertionError: if tiktoken's own trainer makes other tokens.
    """
    data = "".join(map(chr, text.encode("utf-8")))  # byte b is the character b, merge i the character 256 + i
    names, merges = {chr(i): bytes([i]) for i in range(256)}, []
    for i in range(num_merges):
        pairs = [data[k : k + 2] for k in range(len(data) - 1)]
        most = max(map(pairs.count, pairs))
        assert most > 1
        left, right = next(pair for pair in pairs if pairs.count(pair) == most)
        data = data.replace(left + right, chr(256 + i))
        merges.append((names[left], names[right]))
        names[chr(256 + i)] = names[left] + names[right]
    ranks = _educational.bpe_train(text, 256 + num_merges, WHOLE_TEXT, visualise=None)
    assert list(ranks)[256:] == [left + right for left, right in merges]
    return merges


def train_bpe() -> dict[str, Tensor]:
    """Plain Python, checked against the trainer that comes with `tiktoken`."""
    merges = flat([half for pair in learn(RHYME, 20) for half in pair])
    return {"text": as_bytes(RHYME), "halves": merges["bytes"], "lengths": merges["lengths"]}


def bpe_encode() -> dict[str, Tensor]:
    """`tiktoken`, with the merges learned from the rhyme as its ranks."""
    merges = learn(RHYME, 32)
    ranks = {bytes([i]): i for i in range(256)} | {a + b: 256 + i for i, (a, b) in enumerate(merges)}
    encoding = tiktoken.Encoding("rhyme", pat_str=WHOLE_TEXT, mergeable_ranks=ranks, special_tokens={})
    text = "La niña y la araña: ¿sueña Peña con la lluvia? The child sang in the rain, the same rain again. 🙂"
    tokens = flat(encoding.decode_tokens_bytes(encoding.encode_ordinary(text)))
    halves = flat([half for pair in merges for half in pair])
    return {
        "text": as_bytes(text),
        "halves": halves["bytes"],
        "half_lengths": halves["lengths"],
        "tokens": tokens["bytes"],
        "token_lengths": tokens["lengths"],
    }


def sliding_window() -> dict[str, Tensor]:
    """`Tensor.unfold`: every window with the token that follows it."""
    token_ids = torch.randint(0, 50_000, (61,), generator=torch.Generator().manual_seed(204))
    windows = token_ids.unfold(0, 8 + 1, 5)
    return {"token_ids": token_ids, "inputs": windows[:, :-1], "targets": windows[:, 1:]}


def input_embedding() -> dict[str, Tensor]:
    """What the first block of a `transformers` GPT-2 receives, with random weights and without dropout."""
    draw = torch.Generator().manual_seed(205)
    no_ends = {"bos_token_id": None, "eos_token_id": None}
    model = GPT2Model(GPT2Config(vocab_size=23, n_positions=7, n_embd=6, n_layer=1, n_head=1, **no_ends)).eval()
    tok_emb, pos_emb = torch.randn(23, 6, generator=draw), torch.randn(7, 6, generator=draw)
    token_ids = torch.randint(0, 23, (3, 5), generator=draw)
    with torch.no_grad():
        model.wte.weight.copy_(tok_emb)
        model.wpe.weight.copy_(pos_emb)
        expected = model(token_ids, output_hidden_states=True).hidden_states[0]
    return {"tok_emb": tok_emb, "pos_emb": pos_emb, "token_ids": token_ids, "expected": expected}
