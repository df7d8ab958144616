"""A 5-gram model over tokens with interpolated Kneser-Ney smoothing: the baseline that a neural model has to beat.

Kneser and Ney, 1995, in the interpolated form of Chen and Goodman, 1999. Counts are sorted arrays, so that millions
of n-grams fit into memory.
"""

from dataclasses import dataclass

import numpy as np

DISCOUNT = 0.75  # what every seen n-gram gives up for the unseen; Chen and Goodman find about this much


@dataclass
class _Level:
    """All n-grams of one length; row i of `counts` belongs to the i-th of `keys`, which are sorted."""

    keys: np.ndarray  # number of the n-gram without its last token, times the vocabulary, plus that token
    counts: np.ndarray  # how often it was seen or, for all but the longest, after how many different tokens
    totals: np.ndarray  # by the number of the n-gram without its last token: the sum of its counts
    kinds: np.ndarray  # likewise: after it, how many different tokens were seen

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The number of each n-gram, -1 for one that was never seen."""
        places = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)


class NGramModel:
    """Learns from an array of token ids; tells the probability of each token of another."""

    def __init__(self, ids: np.ndarray, vocab_size: int, order: int = 5) -> None:
        if len(ids) < order:
            raise ValueError(f"a {order}-gram model needs at least {order} tokens; there are {len(ids)}")
        self.vocab_size = vocab_size
        numbers, firsts, all_keys, repeats = [], [], [], []
        before = np.zeros(len(ids), dtype=np.int64)  # of the n-gram that ends just before each token
        for n in range(order):
            keys = before[n:] * vocab_size + ids[n:].astype(np.int64)
            unique, first, number, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
            padded = np.concatenate([np.zeros(n, np.int64), number])  # aligned with `ids`
            before = np.concatenate([[0], padded[:-1]])
            numbers.append(padded)
            firsts.append(first + n)
            all_keys.append(unique)
            repeats.append(count)
        self.levels = []
        for n in range(order):
            counts = repeats[n]
            if n + 1 < order:  # in how many different places: the n-gram's occurrences as the end of a longer one
                counts = np.bincount(numbers[n][firsts[n + 1]], minlength=len(all_keys[n]))
            context = all_keys[n] // vocab_size
            rows = len(all_keys[n - 1]) if n else 1
            totals = np.bincount(context, weights=counts, minlength=rows)
            kinds = np.bincount(context[counts > 0], minlength=rows)
            self.levels.append(_Level(all_keys[n], counts, totals, kinds))

    def probabilities(self, ids: np.ndarray) -> np.ndarray:
        """The probability of every token given up to four before it, `(N,)` -> `(N,)`."""
        ids = ids.astype(np.int64)
        result = np.full(len(ids), 1 / self.vocab_size)
        # The number of the context of each length that ends before each token; -1 if it was never seen.
        context = np.zeros(len(ids), dtype=np.int64)
        for n, level in enumerate(self.levels):
            known = (context >= 0) & (np.arange(len(ids)) >= n)
            key = np.where(known, context, 0) * self.vocab_size + ids
            number = np.where(known, level.find(key), -1)
            total = np.where(known, level.totals[np.where(known, context, 0)], 0)
            seen = np.where(number >= 0, level.counts[number], 0)
            share = np.maximum(seen - DISCOUNT, 0) / np.maximum(total, 1)
            left = DISCOUNT * level.kinds[np.where(known, context, 0)] / np.maximum(total, 1)
            result = np.where(total > 0, share + left * result, result)
            context = np.concatenate([[-1], number[:-1]])  # (N,): the longer context of the next token
        return result
