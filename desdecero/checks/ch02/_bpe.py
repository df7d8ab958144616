"""Byte-pair encoding from its definition, for the checks of chapter 2.

It stands here twice. `learn_merges` works on numbers (0 to 255 are the bytes, 256 + i is the i-th merge) and is
the truth; `learn_like` works on byte strings and can be told to make the usual mistakes.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping

from desdecero.checks.guard import Forbidden
from desdecero.checks.probe import Probe

NO_LIBRARIES = Forbidden(packages=("tiktoken", "tokenizers", "transformers"))

Pair = tuple[bytes, bytes]

# Bytes and characters differ, upper and lower case matter, and so do spaces and line breaks.
LETTERS = ("a", "b", "c", "A", "ñ", "é", "🙂", " ", "\n")


def draw_texts(probe: Probe, *lengths: int) -> list[str]:
    """Texts made of the same few random words over and over, so that there is something to merge."""
    words = ["".join(LETTERS[i] for i in probe.randint(0, len(LETTERS), (probe.pick(1, 5),))) for _ in range(6)]
    texts = []
    for length in lengths:
        text = ""
        while len(text) < length:
            text += words[probe.pick(0, len(words))]
        texts.append(text)
    return texts


def learn_merges(text: str, num_merges: int) -> list[Pair]:
    """The truth: numbers instead of byte strings, the leftmost of the most frequent pairs first."""
    ids, names, merges = list(text.encode("utf-8")), [bytes([i]) for i in range(256)], []
    for new in range(256, 256 + num_merges):
        neighbours = list(zip(ids, ids[1:]))
        counts = Counter(neighbours)
        most = max(counts.values(), default=0)
        if most < 2:
            break
        best = next(pair for pair in neighbours if counts[pair] == most)
        merges.append((names[best[0]], names[best[1]]))
        names.append(names[best[0]] + names[best[1]])
        joined: list[int] = []
        waiting = False  # the last number in `joined` can still be the left half of the pair
        for number in ids:
            if waiting and (joined[-1], number) == best:
                joined[-1], waiting = new, False
            else:
                joined.append(number)
                waiting = True
        ids = joined
    return merges


def clear(merges: list[Pair]) -> bool:
    """No two merges make the same token: only then do numbers and byte strings always agree."""
    tokens = [left + right for left, right in merges]
    return len(set(tokens)) == len(tokens)


# ---- byte-pair encoding with the usual mistakes ---------------------------------------------------------

Counts = Mapping[Pair, int]


def single_bytes(text: str) -> list[list[bytes]]:
    return [[bytes([byte]) for byte in text.encode("utf-8")]]


def characters(text: str) -> list[list[bytes]]:
    return [[character.encode("utf-8") for character in text]]


def words(pattern: str) -> Callable[[str], list[list[bytes]]]:
    """Split the text beforehand, so that no token reaches from one piece into the next."""
    return lambda text: [single_bytes(piece)[0] for piece in re.findall(pattern, text)]


SPLITS = tuple(
    words(pattern)
    for pattern in (
        r"\S+",
        r"\S+|\s+",
        r"\s?\S+|\s+",
        r"\w+|[^\w\s]+|\s+",
        r"\w+",
        r" ?[^ ]+| +",
        r"[^\n]+",
        r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+",  # GPT-2's, in Python's words
        r"[^.!?]+[.!?]*",
        r"[^.]+\.?",
    )
)


def with_overlaps(sequence: list[bytes]) -> Counter[Pair]:
    return Counter(zip(sequence, sequence[1:]))


def join(sequence: list[bytes], pair: Pair) -> list[bytes]:
    """Join every `pair`, from left to right."""
    joined, i = [], 0
    while i < len(sequence):
        here = tuple(sequence[i : i + 2]) == pair
        joined.append(pair[0] + pair[1] if here else sequence[i])
        i += 2 if here else 1
    return joined


def join_first(sequence: list[bytes], pair: Pair) -> list[bytes]:
    """Join only the first `pair`."""
    for i, neighbours in enumerate(zip(sequence, sequence[1:])):
        if neighbours == pair:
            return [*sequence[:i], pair[0] + pair[1], *sequence[i + 2 :]]
    return sequence


def join_from_the_right(sequence: list[bytes], pair: Pair) -> list[bytes]:
    joined, i = [], len(sequence) - 1
    while i >= 0:
        here = i > 0 and (sequence[i - 1], sequence[i]) == pair
        joined.append(pair[0] + pair[1] if here else sequence[i])
        i -= 2 if here else 1
    return joined[::-1]


def join_and_repeat(sequence: list[bytes], pair: Pair) -> list[bytes]:
    """Join every `pair`, but leave its right half standing as well."""
    return [pair[0] + pair[1] if tuple(sequence[i : i + 2]) == pair else token for i, token in enumerate(sequence)]


def join_and_lose(sequence: list[bytes], pair: Pair) -> list[bytes]:
    """Join every `pair`, but lose the last token when it is not part of one."""
    joined, i = [], 0
    while i < len(sequence) - 1:
        here = (sequence[i], sequence[i + 1]) == pair
        joined.append(pair[0] + pair[1] if here else sequence[i])
        i += 2 if here else 1
    return joined


def leftmost(counts: Counts) -> Pair:
    return max(counts, key=counts.__getitem__)


def learn_like(
    text: str,
    num_merges: int,
    start: Callable[[str], list[list[bytes]]] = single_bytes,
    count: Callable[[list[bytes]], Counter[Pair]] = with_overlaps,
    choose: Callable[[Counts], Pair] = leftmost,
    combine: Callable[[list[bytes], Pair], list[bytes]] = join,
    least: int = 2,
    kept: str = "nothing",
) -> list[Pair]:
    """`train_bpe` as one who makes a mistake writes it; with the defaults it makes none.

    `kept` from one round to the next: nothing, the order in which pairs were first seen, or the counts.
    """
    sequences, merges, counts = start(text), [], Counter()
    while len(merges) < num_merges:
        fresh = sum((count(sequence) for sequence in sequences), Counter())
        if kept == "nothing":
            counts = fresh
        elif kept == "order":
            counts = {**dict.fromkeys(counts, 0), **fresh}
        else:
            counts = counts + fresh
        if not fresh or counts[best := choose(counts)] < least:
            break
        merges.append(best)
        sequences = [combine(sequence, best) for sequence in sequences]
    return merges


def encode_like(
    text: str,
    merges: list[Pair],
    start: Callable[[str], list[list[bytes]]] = single_bytes,
    choose: Callable[[list[Pair], dict[Pair, int]], Pair] = lambda found, rank: min(found, key=rank.__getitem__),
    combine: Callable[[list[bytes], Pair], list[bytes]] = join,
    rounds: int | None = None,
) -> list[bytes]:
    """`bpe_encode` as one who makes a mistake writes it; with the defaults it makes none."""
    rank, tokens = {pair: i for i, pair in enumerate(merges)}, []
    for sequence in start(text):
        done = 0
        while (found := [pair for pair in zip(sequence, sequence[1:]) if pair in rank]) and done != rounds:
            sequence = combine(sequence, choose(found, rank))
            done += 1
        tokens += sequence
    return tokens
