"""The 5-gram baseline, beside probabilities worked out by hand."""

import numpy as np
import pytest

from desdecero.pretrain.ngram import DISCOUNT, NGramModel


def test_probabilities_of_every_next_token_sum_to_one() -> None:
    draw = np.random.default_rng(0)
    ids = draw.integers(0, 7, 400)
    model = NGramModel(ids, vocab_size=7, order=4)
    for _ in range(20):
        context = draw.integers(0, 7, 5)
        total = sum(model.probabilities(np.append(context, token))[-1] for token in range(7))
        assert total == pytest.approx(1)


def test_a_bigram_model_worked_by_hand() -> None:
    # 0 1 0 1 0 2: the pairs 01 (twice), 10 (twice), 02 (once).
    model = NGramModel(np.array([0, 1, 0, 1, 0, 2]), vocab_size=4, order=2)
    # Different tokens seen before 0, 1, 2: one each, three pairs in all; token 3 gets its share of what all give up.
    given_up = DISCOUNT * 3 / 3
    alone = [(1 - DISCOUNT) / 3 + given_up / 4] * 3 + [given_up / 4]
    after_0 = [0, 2 - DISCOUNT, 1 - DISCOUNT, 0]
    expected = [after_0[t] / 3 + DISCOUNT * 2 / 3 * alone[t] for t in range(4)]
    assert [model.probabilities(np.array([0, t]))[-1] for t in range(4)] == pytest.approx(expected)


def test_a_longer_context_helps_where_it_was_seen() -> None:
    ids = np.array([1, 2, 3, 4, 5, 6, 7, 0] * 50)
    model = NGramModel(ids, vocab_size=8)
    assert model.probabilities(ids[:64])[8:].min() > 0.9


def test_too_little_text_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        NGramModel(np.array([1, 2]), vocab_size=8)
