"""Chapter 1: a language model in two functions, and what training a large one takes.

A model that predicts each word from the one before it: Markov, 1913, with letters; Shannon, 1948, with words. Six
floating-point operations per parameter and token: Kaplan et al., 2020. Twenty tokens per parameter: Hoffmann et al.,
2022.
"""

import math
from collections import Counter, defaultdict
from itertools import pairwise


def bigram_probabilities(text: str) -> dict[str, dict[str, float]]:
    """For each word, how often each other word comes next: `{"el": {"ratón": 0.5, "queso": 0.5}, …}`.

    Words are lower-cased and split at white space; a word that nothing follows has no entry.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for word, following in pairwise(text.lower().split()):
        counts[word][following] += 1
    return {
        word: {following: count / nexts.total() for following, count in nexts.items()} for word, nexts in counts.items()
    }


def sentence_log_probability(sentence: str, probabilities: dict[str, dict[str, float]]) -> float:
    """The sum of the natural logarithms of every step's probability.

    `-inf` if a step was never seen; `0.0` for a sentence of fewer than two words, which has no step.
    """
    total = 0.0
    for word, following in pairwise(sentence.lower().split()):
        probability = probabilities.get(word, {}).get(following, 0.0)
        if probability == 0.0:
            return -math.inf
        total += math.log(probability)
    return total


def training_budget(n_params: int, tokens_per_param: float = 20.0, bytes_per_token: float = 4.0) -> dict[str, float]:
    """What training a model of `n_params` parameters takes: `tokens`, `flops` (6·N·D) and `corpus_bytes`."""
    tokens = n_params * tokens_per_param
    return {"tokens": tokens, "flops": 6 * n_params * tokens, "corpus_bytes": tokens * bytes_per_token}
