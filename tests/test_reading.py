"""Appendix B: every entry is whole, no link stands twice, and whatever the course cites is there."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from desdecero import use_edition
from desdecero.authoring.build import notebook_inputs
from desdecero.authoring.chapters import Chapter, chapters
from desdecero.edition import EDITIONS
from desdecero.plots.reading import MARKS, timeline
from desdecero.reading import CHAPTERS, KINDS, LEVELS, Entry, entries, find, section
from desdecero.widgets.reading import play_shelf

PACKAGE = Path(__file__).parents[1] / "desdecero"
APPENDIX = "appB"
SHORTEST = 12  # words that say what an entry is good for
# Kept by its readers at this address alone.
WITHOUT_TLS = {"http://www.pennelynn.com/Documents/CUJ/HTML/94HTML/19940045.HTM"}
# What a chapter may link to without leaning on it: licences, threads, servers on one's own machine.
NO_SOURCE = re.compile(r"//(localhost|127\.)|creativecommons\.org|apache\.org/licenses|/(issues|pull|discussions)/")
LINK = re.compile(r"\]\((https?://(?:[^()\s]|\([^()\s]*\))+)\)")
ITEM = re.compile(r"^- \*\*(?P<names>.+?), (?P<year>\d{4})\.\*\* \[(?P<title>[^\]]+)\]\(", re.MULTILINE)
CREDIT = re.compile(r"([A-Z][\w-]+)(?: et al\.| and [A-Z][\w-]+)?,\s(1[89]\d\d|20\d\d)")


def links_of(entry: Entry) -> list[str]:
    """Its link, then the further ones."""
    return [entry.link, *(other["link"] for other in entry.also)]


def link_fault(link: str) -> str | None:
    """What is wrong with the form of a link."""
    if not link.startswith("https://") and link not in WITHOUT_TLS:
        return "is not https"
    if not re.fullmatch(r"https?://[a-z0-9.-]+\.[a-z]{2,}(/[^\s<>\"]*)?", link):
        return "is no address"
    if "arxiv.org" in link and not re.fullmatch(r"https://arxiv\.org/abs/\d{2}(0[1-9]|1[0-2])\.\d{4,5}", link):
        return "is not how arXiv writes it"
    if "doi.org" in link and not re.fullmatch(r"https://doi\.org/10\.\d{4,9}/\S+", link):
        return "is no DOI"
    return None


def faults(entry: Entry) -> list[str]:
    """What an entry lacks, one phrase each."""
    found = [f"{link} {fault}" for link in links_of(entry) if (fault := link_fault(link))]
    if not 1900 <= entry.year <= 2100:
        found.append("no year")
    if not (entry.title.strip() and all(name.strip() for name in entry.authors) and entry.authors):
        found.append("no title or no author")
    if entry.kind not in KINDS or entry.level not in LEVELS:
        found.append("unknown kind or level")
    for edition in EDITIONS:
        note = entry.note(edition)
        if len(note.split()) < SHORTEST or not note.endswith((".", "?", "!")):
            found.append(f"no sentence in {edition}")
        if re.search(r"[*`_<>\[\]](?!_)", note.replace("mask_prompt", "")):
            found.append(f"markup in {edition}: the shelf shows it as it is")
        found += [f"a link without a name in {edition}" for other in entry.also if not other.get(edition)]
    return found


def twice(items: Iterable[str]) -> list[str]:
    return [item for item, count in Counter(items).items() if count > 1]


def cited(chapter: Chapter) -> list[str]:
    """The sources that a chapter's prose links to."""
    prose = "\n".join(cell.source for cell in chapter.cells() if cell.cell_type == "markdown")
    return [link for link in LINK.findall(prose) if not NO_SOURCE.search(link)]


def missing(links: Iterable[str], listed: Iterable[Entry]) -> set[str]:
    return set(links) - {link for entry in listed for link in links_of(entry)}


def shown(edition: str) -> str:
    """All the prose of the appendix in one edition."""
    (appendix,) = (chapter for chapter in chapters() if chapter.assignment == APPENDIX)
    return "\n\n".join(c.source for c in notebook_inputs(appendix, edition).cells if c.cell_type == "markdown")


def credits(source: str) -> Iterator[tuple[str, int]]:
    """“Author, year” in the docstrings of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            for author, year in CREDIT.findall(ast.get_docstring(node) or ""):
                yield author, int(year)


def credited(author: str, year: int, listed: Iterable[Entry]) -> bool:
    """Whether there is such an entry; a preprint may be a year older than the paper."""
    return any(author in " ".join(entry.authors) and abs(entry.year - year) <= 1 for entry in listed)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry.authors[0]}-{entry.year}")
def test_an_entry_is_whole(entry: Entry) -> None:
    assert faults(entry) == []


def test_nothing_stands_twice() -> None:
    assert twice(link for entry in entries() for link in links_of(entry)) == []
    assert twice(entry.title.lower() for entry in entries()) == []


def test_both_editions_show_every_entry_once_with_the_same_link_and_year() -> None:
    everything = sorted((entry.year, entry.title, entry.link) for entry in entries())
    for edition in EDITIONS:
        text = shown(edition)
        found = [(item, LINK.match(text, item.end() - 2)) for item in ITEM.finditer(text)]
        assert sorted((int(item["year"]), item["title"], link[1]) for item, link in found) == everything
        for entry in entries():
            assert entry.note(edition) in text


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.assignment)
def test_whatever_a_chapter_cites_is_listed(chapter: Chapter) -> None:
    absent = missing(cited(chapter), entries())
    assert not absent, f"{chapter.path.name} cites what desdecero/data/reading/{chapter.assignment}.toml lacks"


def test_entries_stand_under_the_chapter_that_cites_them_first() -> None:
    first: dict[str, str] = {}
    for chapter in chapters():
        for link in cited(chapter) if chapter.assignment != APPENDIX else ():
            first.setdefault(link, chapter.assignment)
    moved = {}
    for entry in entries():
        by = [first[link] for link in links_of(entry) if link in first]
        if by and entry.chapter not in (min(by, key=list(CHAPTERS).index), "course"):
            moved[entry.link] = (entry.chapter, by)
    assert not moved


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_whoever_the_package_credits_is_listed(path: Path) -> None:
    unknown = [credit for credit in credits(path.read_text(encoding="utf-8")) if not credited(*credit, entries())]
    assert not unknown


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("https://arxiv.org/abs/1706.03762", None),
        ("https://doi.org/10.1016/S0079-7421(08)60536-8", None),
        ("https://ollama.com", None),
        ("http://ollama.com", "is not https"),
        ("https://nowhere", "is no address"),
        ("https://example.org/two words", "is no address"),
        ("https://arxiv.org/pdf/1706.03762", "is not how arXiv writes it"),
        ("https://arxiv.org/abs/1713.03762", "is not how arXiv writes it"),
        ("https://doi.org/1706.03762", "is no DOI"),
    ],
)
def test_bad_links_are_noticed(link: str, fault: str | None) -> None:
    assert link_fault(link) == fault


def test_bad_entries_are_noticed() -> None:
    bad = Entry("ch01", "t", [], 17, "", "http://a.org", 4, "Poco.", "*Little* by little " * 5, also=[{"link": "x"}])
    complaints = " ".join(faults(bad))
    for words in (
        "a.org is not",
        "x is not",
        "year",
        "author",
        "level",
        "in es",
        "in en",
        "markup in en",
        "name in es",
    ):
        assert words in complaints
    assert twice(["a", "b", "a"]) == ["a"]


def test_a_citation_that_is_not_listed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "ch09_little.py"
    odd = "https://doi.org/10.1016/S0079-7421(08)60536-8"
    prose = f"[a]({odd}) [b](https://a.org/x) [c](https://github.com/a/b/issues/3) [d](http://localhost:11434)"
    path.write_text(f'# %% [markdown] lang="en"\nr"""\n{prose}\n"""\n', encoding="utf-8")
    assert cited(Chapter(path)) == [odd, "https://a.org/x"]
    assert missing(cited(Chapter(path)), entries()) == {"https://a.org/x"}


def test_a_credit_that_is_not_listed_is_noticed() -> None:
    found = list(credits('"""Attention: Bahdanau et al., 2015; Press and Wolf, 2017; Nobody, 1999."""'))
    assert found == [("Bahdanau", 2015), ("Press", 2017), ("Nobody", 1999)]
    assert [credited(*credit, entries()) for credit in found] == [True, True, False]


def test_a_topic_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        section("ch01/gardening", "en")


def test_the_shelf_finds_what_was_asked_for() -> None:
    assert find() == list(entries())
    assert {entry.chapter for entry in find(chapter="ch03")} == {"ch03"}
    assert {entry.kind for entry in find(kind="tool")} == {"tool"}
    assert max(entry.level for entry in find(level=1)) == 1
    assert [entry.year for entry in find(words="vaswani ATTENTION")] == [2017]
    assert find(words="márkov", edition="es") == find(words="markov 1913", edition="en")
    assert find(chapter="ch02", words="no such words") == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_picture_and_shelf_count_what_is_there(edition: str) -> None:
    use_edition(edition)
    assert set(MARKS) == set(KINDS)
    assert str(len(entries())) in timeline(entries()).text
    play = play_shelf()
    play.controls["chapter"].value = "ch04"
    play.controls["words"].value = "xiong"
    assert play.view.value.count("<li") == 1 and "2002.04745" in play.view.value
    play.controls["words"].value = "no such words"
    assert "<li" not in play.view.value
