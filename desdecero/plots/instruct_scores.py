"""Chapter 7, what comes out: answers and their scores, kind by kind, and pairs of answers of which one is better."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from html import escape

from matplotlib.axes import Axes

from desdecero.edition import say
from desdecero.plots import BLUE, GREEN, GRID, INK, MUTED, ORANGE, VERMILION, Picture, canvas, framed, picture
from desdecero.plots.instruct import END, RESPONSE, kind_name
from desdecero.scoring import KindScore, exact_score, fuzzy_score, normalise

REASONS = {
    "vague": "vaga", "wrong": "falsa", "apologetic": "se disculpa", "off-topic": "se va del tema",
    "extra": "sobra algo", "rude": "grosera", "evasive": "evasiva", "wordy": "prolija",
    "format": "mal formato", "register": "otro registro",
}  # fmt: skip


def reason_name(reason: str) -> str:
    """What is wrong with a rejected answer, in a word of the edition in use."""
    return say(REASONS[reason], reason)


def _from_to(axes: Axes, pairs: Sequence[tuple[float, float]], rising: bool = True) -> None:
    """One row per pair, from a hollow circle to a full one: green for the better, a red cross for the worse."""
    for row, (old, new) in enumerate(pairs):
        better = new > old if rising else new < old
        colour = MUTED if new == old else GREEN if better else VERMILION
        axes.plot([old, new], [row, row], color=colour, linewidth=2, zorder=1)
        axes.plot(old, row, "o", color="white", markeredgecolor=MUTED, zorder=2)
        axes.plot(new, row, "X" if colour == VERMILION else "o", color=colour, zorder=3)
    axes.set_ylim(-0.6, len(pairs) - 0.4)
    axes.grid(axis="x", color=GRID, linewidth=0.6)


def scores_chart(before: Sequence[KindScore], after: Sequence[KindScore]) -> Picture:
    """Fuzzy and exact score of each kind, from before to after fine-tuning."""
    pairs = sorted(zip(before, after), key=lambda pair: pair[1].fuzzy)
    figure, panels = canvas(7.4, 0.9 + 0.26 * len(pairs), columns=2, sharey=True)
    titles = {"fuzzy": say("aproximada", "fuzzy"), "exact": say("exacta", "exact")}
    for axes, (name, title) in zip(panels, titles.items()):
        _from_to(axes, [(getattr(old, name), getattr(new, name)) for old, new in pairs])
        axes.set(title=title, xlim=(-0.03, 1.03))
    panels[0].set_yticks(range(len(pairs)), [kind_name(score.kind) for score, _ in pairs], fontsize=9)
    caption = say(
        "Puntuación media de cada clase, antes (hueco) y después. Círculo verde: sube. Aspa roja: baja. Gris: igual.",
        "Mean score of each kind, before (hollow) and after. Green circle: higher. Red cross: lower. Grey: the same.",
    )
    alt = "; ".join(
        f"{kind_name(old.kind)}: {old.fuzzy:.2f} → {new.fuzzy:.2f}, {old.exact:.2f} → {new.exact:.2f}"
        for old, new in reversed(pairs)
    )
    return picture(figure, caption, f"{caption} {alt}")


def losses_chart(before: Mapping[str, float], after: Mapping[str, float]) -> Picture:
    """How surprising the right answers of each kind are, from before to after fine-tuning."""
    order = sorted(after, key=after.__getitem__, reverse=True)
    figure, axes = canvas(7.4, 0.9 + 0.24 * len(order))
    _from_to(axes, [(before[kind], after[kind]) for kind in order], rising=False)
    axes.set_yticks(range(len(order)), map(kind_name, order), fontsize=9)
    axes.set(xlabel=say("pérdida por token de la respuesta", "loss per token of the answer"), xlim=(0, None))
    caption = say(
        "Pérdida de la respuesta buena en cada clase, antes (hueco) y después. Círculo verde: baja. Aspa roja: sube.",
        "The loss of the good answer in each kind, before (hollow) and after. Green circle: lower. Red cross: higher.",
    )
    alt = "; ".join(f"{kind_name(kind)}: {before[kind]:.1f} → {after[kind]:.1f}" for kind in reversed(order))
    return picture(figure, caption, f"{caption} {alt}")


def answers_table(entries: Sequence[Mapping[str, str]], answers: Mapping[str, Sequence[str]]) -> Picture:
    """Tasks, the answers expected and those given, with both scores; one column of answers per model."""
    cell = f"text-align:left;vertical-align:top;padding:4px 8px;border-bottom:1px solid {GRID};max-width:20em"
    head = [say("tarea", "task"), say("se espera", "expected"), *answers]
    lines = ["".join(f'<th style="{cell}">{escape(name)}</th>' for name in head)]
    for i, entry in enumerate(entries):
        given = f'<br><span style="color:{MUTED}">{escape(entry["input"])}</span>' if entry["input"] else ""
        columns = [escape(entry["instruction"]) + given, escape(entry["output"])]
        for column in answers.values():
            exact, fuzzy = exact_score(column[i], entry["output"]), fuzzy_score(column[i], entry["output"])
            ground = RESPONSE if exact else "transparent"
            columns.append(
                f'<span style="background:{ground}">{escape(column[i])}</span>'
                f'<br><small style="color:{MUTED}">{exact:.0f} · {fuzzy:.2f}</small>'
            )
        lines.append("".join(f'<td style="{cell}">{text}</td>' for text in columns))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    caption = say("Debajo de cada respuesta, su puntuación exacta y la aproximada.",
                  "Below each answer, its exact score and its fuzzy one.")  # fmt: skip
    alt = " · ".join(
        f"{entry['instruction']} {entry['output']}: " + ", ".join(f"{name}: {a[i]}" for name, a in answers.items())
        for i, entry in enumerate(entries)
    )
    style = f"background:#ffffff;color:{INK};border-collapse:collapse;font-size:.95em"
    return framed(f'<table style="{style}">{body}</table>', caption, alt)


def common_characters(answer: str, expected: str) -> Picture:
    """Which characters two texts have in common, in order, and the scores that they get for it."""
    first, second = normalise(answer), normalise(expected)
    shared = SequenceMatcher(None, *sorted((first, second)), autojunk=False).get_matching_blocks()
    sides = (0, 1) if first <= second else (1, 0)
    lines = []
    names = (say("respuesta", "answer"), say("se espera", "expected"))
    for name, text, side in zip(names, (first, second), sides):
        common = {i for block in shared for i in range(block[side], block[side] + block.size)}
        letters = "".join(
            f'<span style="background:{END if i in common else "transparent"};padding:2px 1px">{escape(c)}</span>'
            for i, c in enumerate(text)
        )
        lines.append(f'<div><span style="color:{MUTED};display:inline-block;width:7em">{name}</span>{letters}</div>')
    exact, fuzzy = exact_score(answer, expected), fuzzy_score(answer, expected)
    verdict = say(f"exacta {exact:.0f} · aproximada {fuzzy:.2f}", f"exact {exact:.0f} · fuzzy {fuzzy:.2f}")
    style = (
        f"background:#ffffff;color:{INK};font-family:monospace;font-size:1.15em;line-height:1.9;white-space:pre-wrap"
    )
    body = f'<div style="{style}">{"".join(lines)}<div style="font-weight:bold">{verdict}</div></div>'
    caption = say("En ámbar, los caracteres que tienen en común, en orden.",
                  "In amber, the characters they have in common, in order.")  # fmt: skip
    return framed(body, caption, f"{answer} / {expected}: {verdict}")


def chosen_and_rejected(pair: Mapping[str, str]) -> Picture:
    """A task with two answers, the better one on the left."""
    sides = []
    for key, colour, title in (
        ("chosen", GREEN, say("elegida", "chosen")),
        ("rejected", VERMILION, say("rechazada", "rejected")),
    ):
        sides.append(
            f'<div style="flex:1 1 15em;border:1px solid {GRID};border-left:5px solid {colour};border-radius:6px;'
            f'padding:8px 10px"><small style="color:{MUTED}">{title}</small><br>{escape(pair[key])}</div>'
        )
    task = f"<b>{escape(pair['instruction'])}</b> {escape(pair['input'])}"
    body = f'<div style="display:flex;flex-wrap:wrap;gap:8px;margin-top:6px">{"".join(sides)}</div>'
    style = f"background:#ffffff;color:{INK};padding:6px;max-width:52em"
    caption = say(f"Una pareja de preferencias; lo que falla en la segunda: {reason_name(pair['reason'])}.",
                  f"A pair of preferences; what is wrong with the second: {reason_name(pair['reason'])}.")  # fmt: skip
    return framed(f'<div style="{style}">{task}{body}</div>', caption, f"{pair['chosen']} / {pair['rejected']}")


def margins_chart(margins: Mapping[str, Mapping[str, Sequence[float]]]) -> Picture:
    """Margins of chosen over rejected answers as dots, one panel per way of counting, one row per reason."""
    figure, panels = canvas(7.4, 3.4, columns=len(margins), sharey=True, squeeze=False)
    for axes, (title, rows) in zip(panels[0], margins.items()):
        for row, values in enumerate(rows.values()):
            colours = [BLUE if value > 0 else ORANGE for value in values]
            axes.scatter(values, [row] * len(values), s=22, c=colours, alpha=0.6, linewidths=0)
            axes.plot([sum(values) / len(values)] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=2)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.set(title=title, xlabel=say("margen", "margin"))
        axes.set_yticks(range(len(rows)), map(reason_name, rows), fontsize=9)
    caption = say(
        "Margen de la respuesta elegida sobre la rechazada, según lo que falla en esta. Raya: la media.",
        "The margin of the chosen answer over the rejected one, by what is wrong with the latter. Bar: the mean.",
    )
    alt = "; ".join(
        f"{title}, {reason}: {sum(values) / len(values):.1f}"
        for title, rows in margins.items()
        for reason, values in rows.items()
    )
    return picture(figure, caption, f"{caption} {alt}")
