"""What a check says: one `Item` per thing looked at, gathered in a `Report`."""

from dataclasses import asdict, dataclass
from html import escape

from desdecero.edition import say


@dataclass(frozen=True)
class Item:
    """One thing a check looks at.

    `points` is what it is worth; they are earned when it `passed`. `message` says what is wrong, or what there is
    to say of a right answer, if anything. `fault` is the stable id of the recognised mistake, or None when the
    answer is right, or wrong in a way nobody foresaw.
    """

    name: str
    title: str
    passed: bool
    points: float
    message: str = ""
    fault: str | None = None


@dataclass(frozen=True)
class Report:
    """The verdict on one answer to one exercise."""

    id: str
    items: tuple[Item, ...]

    @property
    def passed(self) -> bool:
        return all(item.passed for item in self.items)

    @property
    def score(self) -> float:
        return float(sum(item.points for item in self.items if item.passed))

    @property
    def max_score(self) -> float:
        return float(sum(item.points for item in self.items))

    def to_dict(self) -> dict:
        """Plain data, ready for `json.dumps`."""
        return {
            "id": self.id,
            "passed": self.passed,
            "score": self.score,
            "max_score": self.max_score,
            "items": [asdict(item) for item in self.items],
        }

    def advice(self) -> list[str]:
        """What failed, most basic first, each message once."""
        return list(dict.fromkeys(item.message for item in self.items if not item.passed))

    def summary(self) -> str:
        verdict = say("correcto", "correct") if self.passed else say("todavía no", "not yet")
        return f"{self.id}: {verdict}, {self.score:g}/{self.max_score:g} {say('puntos', 'points')}"

    def __str__(self) -> str:
        lines = [self.summary()]
        told: set[str] = set()
        for item in self.items:
            lines.append(f"  {'✓' if item.passed else '✗'} {item.title} ({item.points:g})")
            if item.message and item.message not in told:
                lines.append(f"      {item.message}")
                told.add(item.message)
        return "\n".join(lines)

    def to_html(self) -> str:
        """The report as a student sees it; colours are never the only sign."""
        rows, told = [], set()
        for item in self.items:
            mark, colour = ("✓", "#2a9d5c") if item.passed else ("✗", "#d1495b")
            message = ""
            if item.message and item.message not in told:
                message = f'<div style="margin:.15em 0 .4em 1.6em">{escape(item.message)}</div>'
                told.add(item.message)
            rows.append(
                f'<div><span style="color:{colour};font-weight:bold">{mark}</span> '
                f"{escape(item.title)} <small>({item.points:g})</small></div>{message}"
            )
        colour = "#2a9d5c" if self.passed else "#d1495b"
        return (
            f'<div style="border-left:4px solid {colour};padding:.3em .8em;margin:.3em 0;line-height:1.5">'
            f"<div><b>{escape(self.summary())}</b></div>{''.join(rows)}</div>"
        )
