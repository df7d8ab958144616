"""The texts in the box: how many, how varied, and alike in both languages."""

import re
import unicodedata
from collections import Counter
from itertools import combinations

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from desdecero.data import HERE, load_instructions, load_preferences, load_sms
from desdecero.edition import EDITIONS

SETS = {
    "sms": lambda edition: load_sms(edition)["text"].tolist(),
    "instructions": lambda edition: [
        " ".join((e["instruction"], e["input"], e["output"])) for e in load_instructions(edition)
    ],
    "preferences": lambda edition: [
        " ".join((e["instruction"], e["input"], e["chosen"])) for e in load_preferences(edition)
    ],
}


def overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", SETS)
def test_no_two_texts_are_nearly_the_same(name: str, edition: str) -> None:
    texts = SETS[name](edition)
    words = [frozenset(re.findall(r"\w+", text.lower())) for text in texts]
    near = [(texts[i], texts[j]) for i, j in combinations(range(len(words)), 2) if overlap(words[i], words[j]) > 0.7]
    assert not near


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", SETS)
def test_texts_are_clean(name: str, edition: str) -> None:
    for text in SETS[name](edition):
        assert text == unicodedata.normalize("NFC", text)
        assert not re.search("[\u00a0\u200b\ufeff“”’\x00-\x09\x0b-\x1f]", text), text


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", SETS)
def test_each_language_is_itself(name: str, edition: str) -> None:
    """Of the commonest words, each edition has its own."""
    own = {"es": {"de", "la", "que", "el", "en"}, "en": {"the", "to", "of", "and", "you", "is"}}
    words = Counter(word for text in SETS[name](edition) for word in re.findall(r"\w+", text.lower()))
    other = "en" if edition == "es" else "es"
    assert sum(words[w] for w in own[edition]) > 20 * sum(words[w] for w in own[other] - {"a", "me", "no"})


def test_messages_are_many_and_spam_is_rare() -> None:
    es, en = (load_sms(edition) for edition in EDITIONS)
    assert len(es) == len(en) >= 900
    assert es["label"].tolist() == en["label"].tolist()
    assert set(es["label"]) == {"ham", "spam"}
    assert 1 / 8 < (es["label"] == "spam").mean() < 1 / 6
    for messages in (es, en):
        lengths = messages["text"].str.split().str.len()
        assert lengths.min() <= 3 and lengths.max() >= 40


@pytest.mark.parametrize("edition", EDITIONS)
def test_counting_words_does_not_solve_the_messages(edition: str) -> None:
    messages = load_sms(edition)
    scores = []
    for seed in range(5):
        train, test = train_test_split(messages, train_size=0.7, stratify=messages["label"], random_state=seed)
        model = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1_000))
        scores.append(model.fit(train["text"], train["label"]).score(test["text"], test["label"]))
    mean = sum(scores) / len(scores)
    print(f"{edition}: {mean:.3f}")
    assert (messages["label"] == "ham").mean() < mean < 0.975


@pytest.mark.parametrize("edition", EDITIONS)
def test_instructions_are_many_and_of_many_kinds(edition: str) -> None:
    entries, twins = load_instructions(edition), load_instructions("en" if edition == "es" else "es")
    assert len(entries) >= 1_000
    kinds = Counter(entry["kind"] for entry in entries)
    assert len(kinds) >= 25 and min(kinds.values()) >= 10
    assert [entry["kind"] for entry in entries] == [twin["kind"] for twin in twins]
    assert all(set(entry) == {"kind", "instruction", "input", "output"} for entry in entries)
    assert all(entry["instruction"] and entry["output"] for entry in entries)
    openings = Counter(" ".join(entry["instruction"].split()[:4]) for entry in entries)
    assert openings.most_common(1)[0][1] <= 15


@pytest.mark.parametrize("edition", EDITIONS)
def test_sums_are_right(edition: str) -> None:
    checked = 0
    for entry in load_instructions(edition):
        for left, sign, right, result in re.findall(
            r"(?<![\d.×÷+:-] )\b(\d+) ([+×-]) (\d+) = (\d+)\b", entry["output"]
        ):
            a, b = int(left), int(right)
            assert {"+": a + b, "-": a - b, "×": a * b}[sign] == int(result), entry
            checked += 1
    assert checked >= 10


@pytest.mark.parametrize("edition", EDITIONS)
def test_preferences_prefer_something(edition: str) -> None:
    entries, twins = load_preferences(edition), load_preferences("en" if edition == "es" else "es")
    assert len(entries) >= 200
    assert [entry["reason"] for entry in entries] == [twin["reason"] for twin in twins]
    assert all(entry["chosen"] and entry["rejected"] and entry["chosen"] != entry["rejected"] for entry in entries)
    assert len({entry["reason"] for entry in entries}) >= 6


@pytest.mark.parametrize("name", ["story", *SETS, "tokenizer"])
def test_every_file_has_a_card(name: str) -> None:
    card = (HERE / "cards" / f"{name}.md").read_text(encoding="utf-8")
    for heading in ("How it was made", "Counts", "Known weaknesses", "Licence"):
        assert f"## {heading}" in card
