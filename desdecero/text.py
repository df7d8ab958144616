"""Chapter 2: from a text to the vectors a model reads.

A word tokenizer, byte-pair encoding (Gage, 1994; for neural models Sennrich et al., 2016,
and at byte level Radford et al., 2019), the sliding window that makes training examples,
and the embeddings of tokens and positions.

Shapes: B is the batch, T the tokens in a sequence, D the embedding dimension.
"""

import base64
import re
from collections import Counter
from collections.abc import Sequence

import tiktoken
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from desdecero.data import TOKENIZERS
from desdecero.edition import say
from desdecero.errors import BadArgument

UNKNOWN = "<|unk|>"
END_OF_TEXT = "<|endoftext|>"

# Where the course's tokenizer cuts a text before merging: GPT-2's pattern (Radford et al., 2019).
SPLIT_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""

Pair = tuple[bytes, bytes]


class SimpleTokenizer:
    """Words and the marks `, . ; : ? ! ¿ ¡` as tokens; a word outside `vocab` becomes `<|unk|>`."""

    def __init__(self, vocab: dict[str, int]) -> None:
        self.token_to_id = vocab
        self.id_to_token = {i: token for token, i in vocab.items()}

    def encode(self, text: str) -> list[int]:
        """Turn a text into token ids."""
        tokens = re.findall(r"[,.;:?!¿¡]|[^\s,.;:?!¿¡]+", text)
        unknown = self.token_to_id[UNKNOWN]
        return [self.token_to_id.get(token, unknown) for token in tokens]

    def decode(self, ids: list[int]) -> str:
        """Turn token ids into a text, with no space before `,` or after `¿`."""
        text = " ".join(self.id_to_token[i] for i in ids)
        text = re.sub(r" ([,.;:?!])", r"\1", text)
        return re.sub(r"([¿¡]) ", r"\1", text)


def count_pairs(sequence: list[bytes]) -> Counter[Pair]:
    """How often each pair of neighbours occurs, overlaps counted, in order of first occurrence.

    `[a, b, a, b]` -> `{(a, b): 2, (b, a): 1}`
    """
    return Counter(zip(sequence, sequence[1:]))


def merge_pair(sequence: list[bytes], pair: Pair) -> list[bytes]:
    """Join every occurrence of `pair`, from left to right.

    `[a, b, c, a, b]`, pair `(a, b)` -> `[ab, c, ab]`
    """
    merged: list[bytes] = []
    i = 0
    while i < len(sequence):
        if tuple(sequence[i : i + 2]) == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(sequence[i])
            i += 1
    return merged


def train_bpe(text: str, num_merges: int) -> list[Pair]:
    """Learn up to `num_merges` merges from the bytes of `text`, the most frequent pair first.

    Ties go to the pair that comes first in the current sequence; learning stops when no pair
    occurs twice. Source: Sennrich et al., 2016, without splitting into words beforehand.
    """
    sequence = [bytes([byte]) for byte in text.encode("utf-8")]
    merges: list[Pair] = []
    while len(merges) < num_merges:
        pairs = count_pairs(sequence)
        if not pairs:
            break
        best = max(pairs, key=pairs.get)  # max keeps the first of equals
        if pairs[best] < 2:
            break
        merges.append(best)
        sequence = merge_pair(sequence, best)
    return merges


def bpe_encode(text: str, merges: list[Pair]) -> list[bytes]:
    """Split `text` into byte tokens by applying the merge learned earliest for as long as any applies."""
    rank = {pair: i for i, pair in enumerate(merges)}
    sequence = [bytes([byte]) for byte in text.encode("utf-8")]
    while len(sequence) > 1:
        best = min(zip(sequence, sequence[1:]), key=lambda pair: rank.get(pair, len(rank)))
        if best not in rank:
            break
        sequence = merge_pair(sequence, best)
    return sequence


class SlidingWindowDataset(Dataset):
    """Pairs `(input, target)` of `context_length` tokens each; the target is one token ahead.

    Only complete windows count: a text of `context_length` tokens or fewer gives none.
    """

    def __init__(self, token_ids: Sequence[int], context_length: int, stride: int) -> None:
        self.token_ids = torch.as_tensor(token_ids, dtype=torch.long)
        self.context_length = context_length
        self.starts = range(0, len(self.token_ids) - context_length, stride)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        start = self.starts[index]
        end = start + self.context_length
        return self.token_ids[start:end], self.token_ids[start + 1 : end + 1]  # (T,), (T,)


def make_loader(
    token_ids: Sequence[int],
    context_length: int,
    stride: int,
    batch_size: int,
    shuffle: bool = True,
    seed: int = 0,
) -> DataLoader:
    """Batches `(inputs, targets)` of shape `(batch_size, context_length)`; an incomplete last batch is dropped."""
    return DataLoader(
        SlidingWindowDataset(token_ids, context_length, stride),
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=True,
        generator=torch.Generator().manual_seed(seed),
    )


def load_tokenizer(name: str = "story") -> tiktoken.Encoding:
    """One of the course's bilingual byte-level BPE tokenizers; `<|endoftext|>` is its last id.

    `"story"` has 1,024 entries and learned them from the story; `"mini"` has 8,192 and learned them from books.

    Raises:
        BadArgument: if there is no tokenizer of this name.
    """
    if name not in TOKENIZERS:
        names = ", ".join(TOKENIZERS)
        raise BadArgument(
            say(
                f"No hay ningún tokenizador «{name}»: hay {names}.",
                f"There is no tokenizer “{name}”: there are {names}.",
            )
        )
    # tiktoken's own loader would cache a stale copy
    lines = TOKENIZERS[name].read_text(encoding="ascii").splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(str.split, lines)}
    return tiktoken.Encoding(
        f"desdecero-{name}", pat_str=SPLIT_PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: len(ranks)}
    )


class InputEmbedding(nn.Module):
    """What each token is plus where it stands: the sum of two trainable tables (Radford et al., 2018).

    `(B, T)` -> `(B, T, D)`, with `T <= context_length`.
    """

    def __init__(self, vocab_size: int, context_length: int, emb_dim: int) -> None:
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        self.pos_emb = nn.Embedding(context_length, emb_dim)

    def forward(self, token_ids: Tensor) -> Tensor:
        positions = torch.arange(token_ids.shape[-1], device=token_ids.device)  # (T,)
        return self.tok_emb(token_ids) + self.pos_emb(positions)  # (B, T, D) + (T, D) -> (B, T, D)
