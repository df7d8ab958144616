"""Each Spanish prose cell has its English twin right after it, and both say the same in the ways a program can tell."""

import re

from nbformat import NotebookNode

from desdecero.authoring.chapters import LAYOUT, Chapter

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)


def _outline(source: str) -> dict[str, list[str]]:
    fences = _FENCE.findall(source)
    text = _FENCE.sub("", source)
    spans = re.findall(r"`[^`\n]+`", text)
    text = re.sub(r"`[^`\n]+`", "", text)
    return {
        "heading levels": re.findall(r"^(#+) ", text, re.MULTILINE),
        "formulas": sorted("".join(f.split()) for f in _FORMULA.findall(text)),
        "images": sorted(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)),
        "links": sorted(re.findall(r"(?<!!)\[[^\]]*\]\(([^)]+)\)", text)),
        "code spans": sorted(spans),
        "code blocks": [str(len(fences))],
    }


def differences(chapter: Chapter) -> list[str]:
    """What is wrong with the twins of a chapter, one sentence each."""
    faults: list[str] = []
    waiting: NotebookNode | None = None
    for number, cell in enumerate(chapter.cells()):
        place = f"{chapter.path.name}, cell {number}"
        language = cell.metadata.get("lang")
        if waiting is not None:
            if language != "en":
                faults.append(f"{place}: the Spanish cell before it has no English twin")
            else:
                faults.extend(f"{place}: {fault}" for fault in _compare(waiting, cell))
            waiting = None
            if language == "en":
                continue
        if language == "es":
            waiting = cell
        elif language == "en":
            faults.append(f"{place}: an English cell without the Spanish one before it")
    if waiting is not None:
        faults.append(f"{chapter.path.name}: the last Spanish cell has no English twin")
    return faults


def _compare(spanish: NotebookNode, english: NotebookNode) -> list[str]:
    es, en = _outline(spanish.source), _outline(english.source)
    faults = [f"{what} differ: {es[what]} and {en[what]}" for what in es if es[what] != en[what]]
    marks = [{k: v for k, v in cell.metadata.items() if k not in ("lang", *LAYOUT)} for cell in (spanish, english)]
    return faults + (["marks differ"] if marks[0] != marks[1] else [])
