"""From a folder of texts to batches of tokens."""

import lzma
from pathlib import Path

import pytest
import torch

from desdecero.data import load_story
from desdecero.pretrain.batches import Windows
from desdecero.pretrain.corpus import column, documents, held_out, up_to
from desdecero.pretrain.prepare import clean, distinct, prepare, read_shards
from desdecero.text import END_OF_TEXT, load_tokenizer


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


def test_missing_or_small_shards_are_explained(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="prepare the corpus first"):
        read_shards(tmp_path, "train")
    prepare(paragraphs(), load_tokenizer(), tmp_path)
    with pytest.raises(ValueError, match="use a shorter context"):
        Windows(tmp_path, "validation", 1_000_000)


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
