"""From a folder of texts to batches of tokens."""

import lzma
from pathlib import Path

import pytest
import torch

from desdecero.authoring import mini, tokenizer
from desdecero.data import load_story
from desdecero.edition import EDITIONS, use_edition
from desdecero.pretrain.batches import Windows
from desdecero.pretrain.corpus import CorpusError, column, documents, fingerprint, held_out, texts, up_to
from desdecero.pretrain.prepare import clean, distinct, is_prepared, prepare, read_shards
from desdecero.text import END_OF_TEXT, load_tokenizer


@pytest.fixture(autouse=True)
def english() -> None:
    use_edition("en")


def paragraphs() -> list[str]:
    """Documents enough to have some of each split."""
    return [p for edition in ("es", "en") for p in load_story(edition).split("\n") if len(p) > 40]


def test_documents_come_out_of_plain_and_packed_files(tmp_path: Path) -> None:
    text = f"One\n\nfirst\n{END_OF_TEXT}\nTwo\nsecond ñ\n{END_OF_TEXT}\nThree\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(text.encode("utf-8")))
    for name in ("a.txt", "a.txt.xz"):
        assert list(documents(tmp_path / name)) == ["One\n\nfirst", "Two\nsecond ñ", "Three"]


def test_pairs_give_one_language_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("Hi.\tHola.\nBye.\tAdiós.\nYes.\tSí.\n", encoding="utf-8")
    assert list(column(path, 1, per_document=2)) == ["Hola.\nAdiós.", "Sí."]


def test_a_document_is_held_out_by_its_text_alone() -> None:
    texts = paragraphs()
    kept = [text for text in texts if held_out(text)]
    assert kept == [text for text in texts if held_out(text)]
    assert 0.02 < len(kept) / len(texts) < 0.1


def test_up_to_stops_at_the_size() -> None:
    assert list(up_to(["aaaa", "bbbb", "cccc"], 5)) == ["aaaa", "bbbb"]


def test_cleaning_keeps_the_text_and_drops_the_rest() -> None:
    assert clean("  Camio\u0301n\u00a0azul \r\n\r\n\r\n\r\nfin\u200b\x07 ") == "Camión azul\n\nfin"
    assert clean(clean(load_story("es"))) == clean(load_story("es"))


def test_near_duplicates_are_dropped_and_others_are_not() -> None:
    story = load_story("en")
    edited = story.replace("Tuesday", "Friday").replace("poplar", "willow")
    assert list(distinct([story, edited, load_story("es"), story[:3_000]])) == [story, load_story("es")]
    texts = paragraphs()
    assert len(list(distinct(texts))) > 0.95 * len(texts)


def test_preparing_loses_no_token(tmp_path: Path) -> None:
    tokenizer, texts = load_tokenizer(), paragraphs()
    summary = prepare([*texts, texts[3]], tokenizer, tmp_path, shard_size=5_000)
    assert summary.documents == len(texts) + 1 and summary.duplicates >= 1
    for split, count in (("train", summary.train_tokens), ("validation", summary.validation_tokens)):
        ids = [int(i) for shard in read_shards(tmp_path, split) for i in shard]
        assert len(ids) == count > 0
        found = tokenizer.decode(ids).split(END_OF_TEXT)[:-1]
        assert set(found) <= {clean(text) for text in texts}
        assert all(held_out(text) == (split == "validation") for text in found)
    assert max(len(shard) for shard in read_shards(tmp_path, "train")) == 5_000
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("edition", "missing", "short"),
    [
        ("es", "prepara antes el corpus", "usa un contexto más corto"),
        ("en", "prepare the corpus first", "use a shorter context"),
    ],
)
def test_missing_or_small_shards_are_explained(tmp_path: Path, edition: str, missing: str, short: str) -> None:
    use_edition(edition)
    with pytest.raises(CorpusError, match=missing):
        read_shards(tmp_path, "train")
    prepare(paragraphs(), load_tokenizer(), tmp_path)
    with pytest.raises(CorpusError, match=short):
        Windows(tmp_path, "validation", 1_000_000)


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("kind", [False, True])
def test_of_two_documents_or_more_each_part_gets_one(tmp_path: Path, count: int, kind: bool) -> None:
    alike = [text for text in paragraphs() if held_out(clean(text)) == kind][:count]
    summary = prepare(alike, load_tokenizer(), tmp_path)
    assert summary.documents == len(alike) >= 2
    found = {}
    for split in ("train", "validation"):
        (shard,) = read_shards(tmp_path, split)
        found[split] = load_tokenizer().decode(shard.tolist()).split(END_OF_TEXT)[:-1]
    *most, last = map(clean, alike)
    assert found == ({"train": [last], "validation": most} if kind else {"train": most, "validation": [last]})


@pytest.mark.parametrize("few", [[], ["One text, alone in its folder."], ["The same text, twice."] * 2])
def test_too_few_documents_are_one_sentence_and_leave_no_summary(tmp_path: Path, few: list[str]) -> None:
    prepare(paragraphs(), load_tokenizer(), tmp_path, source="before")
    with pytest.raises(CorpusError, match=f"there are {min(len(few), 1)}: add .txt files") as raised:
        prepare(few, load_tokenizer(), tmp_path, source="before")
    assert "\n" not in str(raised.value)
    assert not is_prepared(tmp_path, "before")


def test_a_corpus_that_changed_is_noticed(tmp_path: Path) -> None:
    corpus, shards = tmp_path / "corpus", tmp_path / "shards"
    (corpus / "more").mkdir(parents=True)
    for i, text in enumerate(paragraphs()[:5]):
        (corpus / "more" / f"{i}.txt").write_text(text, encoding="utf-8")
    prepare(texts(corpus), load_tokenizer(), shards, source=fingerprint(corpus))
    assert is_prepared(shards, fingerprint(corpus))
    changes = (
        lambda: (corpus / "more" / "0.txt").write_text("longer or shorter", encoding="utf-8"),
        lambda: (corpus / "more" / "1.txt").rename(corpus / "1.txt"),
        lambda: (corpus / "2.txt.xz").write_bytes(lzma.compress(b"new")),
    )
    known = {fingerprint(corpus)}
    for change in changes:
        change()
        (corpus / "notes.md").write_text(str(len(known)))  # no text of the corpus
        assert not is_prepared(shards, fingerprint(corpus))
        known.add(fingerprint(corpus))
    assert len(known) == 4
    (shards / "summary.json").write_text('{"sour')
    assert not is_prepared(shards, "")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.tsv", b"Hi.\tHola.\nBye.\n", "Line 2 of .*a.tsv doesn't have two columns"),
        ("a.txt", "año".encode("latin-1"), "a.txt is not UTF-8"),
        ("a.txt.xz", b"no archive", "a.txt.xz is not a whole .xz"),
        ("a.txt.xz", lzma.compress(b"some text " * 100)[:-20], "a.txt.xz is not a whole .xz"),
    ],
)
def test_a_file_that_can_not_be_read_is_one_sentence(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=complaint) as raised:
        list(texts(tmp_path))
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_empty_line_is_no_pair(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("Hi.\tHola.\n\n", encoding="utf-8")
    assert list(texts(tmp_path)) == ["Hi.", "Hola."]


def test_both_makers_hold_out_what_the_training_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "CORPUS", dict.fromkeys(EDITIONS, ("book",)))
    untidy = [text.replace(" ", "  ") for text in paragraphs()]
    (tmp_path / "pairs").mkdir()
    (tmp_path / tokenizer.PAIRS).write_bytes(lzma.compress(b"Hi.\tHola.\n"))
    (tmp_path / "book.txt.xz").write_bytes(lzma.compress(f"\n{END_OF_TEXT}\n".join(untidy).encode("utf-8")))
    kept = [text for text in map(clean, ["Hola.", *untidy]) if held_out(text)]
    assert kept and any(not held_out(text) for text in untidy if clean(text) in kept)
    assert list(mini.held_out_texts(tmp_path, "es")) == kept
    assert list(tokenizer.corpus(tmp_path, "es", validation=True)) == kept
    assert not set(tokenizer.corpus(tmp_path, "es")) & set(kept)


def test_a_step_sees_the_same_windows_however_often_and_by_how_many(tmp_path: Path) -> None:
    prepare(paragraphs(), load_tokenizer(), tmp_path, shard_size=3_000)
    windows = Windows(tmp_path, "train", 16, seed=3)
    inputs, targets = windows.batch(7, 8)
    assert inputs.shape == targets.shape == (8, 16)
    assert inputs.dtype == torch.long
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    again, _ = Windows(tmp_path, "train", 16, seed=3).batch(7, 8)
    assert torch.equal(inputs, again)
    parts = [windows.batch(7, 8, rank, 2)[0] for rank in range(2)]
    assert torch.equal(torch.stack(parts, dim=1).flatten(0, 1), inputs)
    assert not torch.equal(windows.batch(8, 8)[0], inputs)
