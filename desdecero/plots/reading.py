"""Appendix B: the bibliography at a glance, drawn from the entries themselves."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from desdecero.edition import current_edition, say
from desdecero.plots import BLUE, GREEN, GRID, INK, ORANGE, PURPLE, SKY, VERMILION, Picture, canvas, framed, picture
from desdecero.reading import CHAPTERS, KINDS, Entry, as_html

# Shape as well as colour, for those who can't tell the colours apart.
MARKS = {
    "paper": ("o", BLUE),
    "book": ("s", VERMILION),
    "web": ("D", GREEN),
    "video": (">", PURPLE),
    "tool": ("^", ORANGE),
    "data": ("P", SKY),
}
TICKS = (1900, 1950, 1980, 2000, 2010, 2015, 2020, 2022, 2024)


def timeline(entries: Sequence[Entry]) -> Picture:
    """Every entry as a mark: its year across, its chapter down; the nearer a year, the more room it gets."""
    edition = current_edition()
    rows = [chapter for chapter in CHAPTERS if any(entry.chapter == chapter for entry in entries)]
    latest = max(entry.year for entry in entries)

    def across(year: float) -> float:
        return -float(np.log(latest + 3 - year))

    figure, axes = canvas(7.6, 1.2 + 0.5 * len(rows))
    for y in range(len(rows)):
        axes.axhline(y, color=GRID, linewidth=0.8, zorder=0)
    level: Counter[tuple[str, int]] = Counter()  # entries of one chapter and year stand on top of each other
    total = Counter((entry.chapter, entry.year) for entry in entries)
    for entry in entries:
        spot = (entry.chapter, entry.year)
        height = min(0.17, 0.8 / total[spot])
        shift = (level[spot] - (total[spot] - 1) / 2) * height
        level[spot] += 1
        marker, colour = MARKS[entry.kind]
        y = rows.index(entry.chapter) - shift
        axes.plot(across(entry.year), y, marker, color=colour, markersize=5, markeredgecolor="white", mew=0.4)
    oldest = min(entries, key=lambda entry: entry.year)
    place = (across(oldest.year), rows.index(oldest.chapter))
    label = f"{oldest.names(edition)}, {oldest.year}"
    axes.annotate(label, place, xytext=(7, 6), textcoords="offset points", fontsize=8, color=INK)
    axes.set_xticks([across(year) for year in TICKS if year <= latest], [str(year) for year in TICKS if year <= latest])
    axes.set_yticks(range(len(rows)), [CHAPTERS[chapter][edition] for chapter in rows])
    axes.set(xlim=(across(1895), across(latest + 0.7)), ylim=(len(rows) - 0.4, -0.6))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for kind, (marker, colour) in MARKS.items():
        axes.plot([], [], marker, color=colour, markersize=6, label=KINDS[kind][edition])
    figure.legend(loc="outside lower center", ncols=len(MARKS), fontsize=8, frameon=False)
    early = sum(entry.year < 2000 for entry in entries)
    return picture(
        figure,
        say(f"Las {len(entries)} lecturas por año y capítulo; los años recientes están más separados.",
            f"The {len(entries)} readings by year and chapter; recent years are spread further apart."),
        say(f"De {oldest.year} a {latest}; {early} son anteriores a 2000.",
            f"From {oldest.year} to {latest}; {early} are from before 2000."),
    )  # fmt: skip


def shelf(found: Sequence[Entry], total: int) -> Picture:
    """A list of entries, under their chapters."""
    edition = current_edition()
    parts = []
    for chapter, title in CHAPTERS.items():
        items = [as_html(entry, edition) for entry in found if entry.chapter == chapter]
        if items:
            parts.append(f"<b>{title[edition]}</b><ul>{''.join(items)}</ul>")
    nothing = say("Nada con esas condiciones: afloja alguna.", "Nothing fits: loosen something.")
    caption = say(f"{len(found)} de {total} lecturas.", f"{len(found)} of {total} readings.")
    content = f'<div style="max-height:32em;overflow:auto">{"".join(parts) or nothing}</div>'
    return framed(content, caption, caption)
