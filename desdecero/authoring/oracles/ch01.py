"""Chapter 1."""

from decimal import Decimal
from itertools import chain

import pandas as pd
import torch
from sklearn.feature_extraction.text import CountVectorizer
from torch import Tensor

from desdecero.authoring.oracles.ch02 import as_bytes, flat
from desdecero.authoring.solutions import worked_solution
from desdecero.quiz import questions, seal

RHYME = """\
El río crece y el ratón corre; la niña duerme y El Ratón come queso.
La gallina come pan, el ratón come el queso y la niña
come pan con queso:   el pan, el queso y el pan.\tThe river sleeps and the child sleeps.
"""


def steps(text: str) -> pd.DataFrame:
    """Every word with the one after it, and how often it is that one: pandas counts."""
    words = pd.Series(text.split()).str.lower()
    pairs = pd.DataFrame({"word": words[:-1].values, "following": words[1:].values})
    shares = pairs.groupby("word")["following"].value_counts(normalize=True).rename("probability")
    return shares.reset_index()


def bigram_probabilities() -> dict[str, Tensor]:
    """`pandas` gives the shares; which pairs there are is checked against scikit-learn's own count of bigrams."""
    table = steps(RHYME)
    counter = CountVectorizer(ngram_range=(2, 2), token_pattern=r"\S+").fit([RHYME])
    assert set(counter.get_feature_names_out()) == set(table["word"] + " " + table["following"])
    names = flat([name.encode("utf-8") for name in chain.from_iterable(zip(table["word"], table["following"]))])
    return {
        "text": as_bytes(RHYME),
        "names": names["bytes"],
        "lengths": names["lengths"],
        "probabilities": torch.tensor(table["probability"].tolist(), dtype=torch.float64),
    }


def sentence_log_probability() -> dict[str, Tensor]:
    """The product of all probabilities with fifty digits, and one logarithm at the end."""
    table = steps(RHYME).set_index(["word", "following"])["probability"]
    sentences = ["el ratón come el queso", "La niña come pan con queso", "el queso come el ratón", "y el pan", "el", ""]
    totals = []
    for sentence in sentences:
        product = Decimal(1)
        words = sentence.lower().split()
        for step in zip(words, words[1:]):
            product *= Decimal(float(table.get(step, 0.0)))
        totals.append(float(product.ln()))
    texts = flat([sentence.encode("utf-8") for sentence in sentences])
    known = bigram_probabilities()
    return {
        **{name: known[name] for name in ("names", "lengths", "probabilities")},
        "sentences": texts["bytes"],
        "sentence_lengths": texts["lengths"],
        "expected": torch.tensor(totals, dtype=torch.float64),
    }


def training_budget() -> dict[str, Tensor]:
    """Integer arithmetic; models of published sizes (GPT-2, GPT-3, Chinchilla) and of this course's."""
    sizes = [9_000_000, 124_439_808, 1_557_611_200, 70_000_000_000, 175_000_000_000]
    tokens = [20 * n for n in sizes]
    return {
        "n_params": torch.tensor(sizes),
        "tokens": torch.tensor(tokens, dtype=torch.float64),
        "flops": torch.tensor([float(6 * n * d) for n, d in zip(sizes, tokens)], dtype=torch.float64),
        "corpus_bytes": torch.tensor([4 * d for d in tokens], dtype=torch.float64),
    }


def quiz() -> dict[str, Tensor]:
    """The right letters, which the chapter says, under a seal: a salt for each question, and salt and letter hashed."""
    answers: dict[str, dict[str, str]] = {}
    exec(worked_solution("ch01/quiz"), answers)
    right = [answers["answers"][question.name] for question in questions("ch01")]
    generator = torch.Generator().manual_seed(1_966)
    salts = torch.randint(0, 256, (len(right), 16), dtype=torch.uint8, generator=generator)
    seals = [list(seal(bytes(salt), letter)) for salt, letter in zip(salts.tolist(), right)]
    return {"salts": salts, "seals": torch.tensor(seals, dtype=torch.uint8)}
