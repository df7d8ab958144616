"""The course's tokenizer in the form that `transformers` and `tokenizers` read.

tiktoken keeps the rank of every token and no merges; the merge that made a token is found by splitting it with
the ranks below its own. Both libraries then give the same ids.
"""

import json
from pathlib import Path

import tiktoken

from desdecero.files import whole


def letters_of_bytes() -> dict[int, str]:
    """The letters by which byte-level BPE writes bytes: printable ones stand for themselves (Radford et al., 2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def merge_of(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two tokens whose merge made `token`: what is left of it when only earlier merges apply."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        joined = [ranks.get(a + b, len(ranks)) for a, b in zip(parts, parts[1:])]
        best = min(range(len(joined)), key=joined.__getitem__)
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts[0], parts[1]


def write_hf_tokenizer(encoding: tiktoken.Encoding, folder: Path, context_length: int) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json` into `folder`."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    letters = letters_of_bytes()

    def spell(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    ranks = encoding._mergeable_ranks
    by_rank = sorted(ranks, key=ranks.__getitem__)
    vocab = {spell(token): ranks[token] for token in by_rank}
    merges = [tuple(map(spell, merge_of(token, ranks))) for token in by_rank if len(token) > 1]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(encoding._pat_str), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    specials = sorted(encoding._special_tokens, key=encoding._special_tokens.__getitem__)
    tokenizer.add_special_tokens([AddedToken(special, normalized=False) for special in specials])
    with whole(folder / "tokenizer.json") as part:
        tokenizer.save(str(part))
    end = encoding.decode([encoding.eot_token])
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "bos_token": end,
        "eos_token": end,
        "clean_up_tokenization_spaces": False,
    }
    with whole(folder / "tokenizer_config.json") as part:
        part.write_text(json.dumps(config, indent=2), encoding="utf-8")
