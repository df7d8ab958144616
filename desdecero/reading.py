"""Appendix B: what to read after each chapter.

The entries are data, so that pages, picture and search can't disagree: `data/reading/CHAPTER.toml` has a table for
each topic, and in it one entry after another, with `authors` (those after the third are `"et al."`), `year`, `title`,
`kind` (by default a paper), `link`, `level` (1: no formulas, 2: after the chapter, 3: with pencil and paper), what to
read it for in both languages, and in `also` further links. A link stands under the chapter that cites it first.
"""

import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "reading"

CHAPTERS = {
    "course": {"es": "Todo el curso", "en": "The whole course"},
    "ch01": {"es": "1 · Qué es un LLM", "en": "1 · What an LLM is"},
    "ch02": {"es": "2 · Datos de texto", "en": "2 · Text data"},
    "ch03": {"es": "3 · Atención", "en": "3 · Attention"},
    "ch04": {"es": "4 · El modelo GPT", "en": "4 · The GPT model"},
    "ch05": {"es": "5 · Preentrenamiento", "en": "5 · Pretraining"},
    "ch06": {"es": "6 · Clasificar", "en": "6 · Classifying"},
    "ch07": {"es": "7 · Instrucciones", "en": "7 · Instructions"},
    "appA": {"es": "A · PyTorch", "en": "A · PyTorch"},
    "appD": {"es": "D · Bucle de entrenamiento", "en": "D · Training loop"},
    "appE": {"es": "E · LoRA", "en": "E · LoRA"},
}
KINDS = {
    "paper": {"es": "artículo", "en": "paper"},
    "book": {"es": "libro", "en": "book"},
    "web": {"es": "página", "en": "page"},
    "video": {"es": "vídeo", "en": "video"},
    "tool": {"es": "herramienta", "en": "tool"},
    "data": {"es": "datos", "en": "data"},
}
LEVELS = {1: "●○○", 2: "●●○", 3: "●●●"}
_AND = {"es": "y", "en": "and"}


@dataclass(frozen=True)
class Entry:
    """Something to read, watch or use; texts in two languages are `{"es": …, "en": …}`."""

    chapter: str
    topic: str
    authors: list[str]
    year: int
    title: str
    link: str
    level: int
    es: str
    en: str
    kind: str = "paper"
    also: list[dict[str, str]] = field(default_factory=list)
    authors_es: list[str] = field(default_factory=list)  # where Spanish spells a name otherwise

    def note(self, edition: str) -> str:
        """What to read it for."""
        return {"es": self.es, "en": self.en}[edition]

    def names(self, edition: str) -> str:
        """The authors as a chapter cites them: `Press and Wolf`, `Vaswani et al.`"""
        *others, last = (edition == "es" and self.authors_es) or self.authors
        joint = " " if last == "et al." else f" {_AND[edition]} "
        return (", ".join(others) + joint if others else "") + last


@cache
def entries() -> tuple[Entry, ...]:
    """The bibliography, in the course's order."""
    return tuple(entry for chapter in CHAPTERS for entry in _read(chapter))


def _read(chapter: str) -> list[Entry]:
    topics = tomllib.loads((FOLDER / f"{chapter}.toml").read_text(encoding="utf-8"))
    return [Entry(chapter, topic, **fields) for topic, found in topics.items() for fields in found]


def section(name: str, edition: str) -> str:
    """The entries of `"ch03/heads"` (chapter and topic) as a list in Markdown.

    Raises:
        KeyError: if there are none.
    """
    chosen = [entry for entry in entries() if f"{entry.chapter}/{entry.topic}" == name]
    if not chosen:
        raise KeyError(name)
    return "\n".join(markdown(entry, edition) for entry in chosen)


def markdown(entry: Entry, edition: str) -> str:
    """An entry as an item of a list: who and when, what, how hard, and what to read it for."""
    kind = "" if entry.kind == "paper" else f" · {KINDS[entry.kind][edition]}"
    also = "".join(f" · [{other[edition]}]({other['link']})" for other in entry.also)
    head = f"**{entry.names(edition)}, {entry.year}.** [{entry.title}]({entry.link}){kind}{also}"
    return f"- {head} · {LEVELS[entry.level]}<br>\n  {entry.note(edition)}"


def as_html(entry: Entry, edition: str) -> str:
    """The same for a widget, where Markdown is not read."""

    def anchor(link: str, text: str) -> str:
        return f'<a href="{escape(link)}" style="color:inherit" target="_blank" rel="noopener">{escape(text)}</a>'

    kind = "" if entry.kind == "paper" else f" · {KINDS[entry.kind][edition]}"
    also = "".join(" · " + anchor(other["link"], other[edition]) for other in entry.also)
    head = f"<b>{escape(entry.names(edition))}, {entry.year}.</b> {anchor(entry.link, entry.title)}{kind}{also}"
    return f'<li style="margin:.4em 0">{head} · {LEVELS[entry.level]}<br>{escape(entry.note(edition))}</li>'


def find(chapter: str = "", kind: str = "", level: int = 3, words: str = "", edition: str = "en") -> list[Entry]:
    """The entries of a chapter and a kind (empty: of any), no harder than `level`, in which every word occurs."""

    def fits(entry: Entry) -> bool:
        text = _plain(f"{entry.names(edition)} {entry.year} {entry.title} {entry.note(edition)}")
        return (
            chapter in ("", entry.chapter)
            and kind in ("", entry.kind)
            and entry.level <= level
            and all(word in text for word in _plain(words).split())
        )

    return [entry for entry in entries() if fits(entry)]


def _plain(text: str) -> str:
    """In lower case and without accents, as people type what they look for."""
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
