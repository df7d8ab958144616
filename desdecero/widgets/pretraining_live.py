"""Chapter 5, a training run watched while it runs: the curves, the time left, and what the model writes meanwhile."""

import time
from collections.abc import Callable
from html import escape

from IPython.display import DisplayHandle, display
from torch import nn

from desdecero.edition import say
from desdecero.plots import BLUE, GRID, INK, Picture, framed
from desdecero.plots.pretraining import loss_curve


class Watch:
    """Hand it to `train_model` as `on_step`: `train_model(..., on_step=live.expect(steps, every=14))`.

    Every so many steps it measures (`validate()`), lets the model write (`write()`) and draws again. It remembers
    all of it, in `losses`, `validation` and `written`, across several runs.
    """

    def __init__(
        self, model: nn.Module, validate: Callable[[], float], write: Callable[[], str], marks: dict[str, float]
    ) -> None:
        self.model, self.validate, self.write, self.marks = model, validate, write, marks
        self.losses: list[float] = []
        self.validation: dict[int, float] = {}
        self.written: dict[int, str] = {}

    def expect(self, steps: int, every: int) -> "Watch":
        """Get ready for so many more steps; what is there to see appears below the cell."""
        self.first, self.total, self.every = len(self.losses), len(self.losses) + steps, every
        self.began = time.perf_counter()
        self.handle = DisplayHandle()
        if not self.losses:
            self._look()
        display(self._frame(), display_id=self.handle.display_id)
        return self

    def __call__(self, step: int, loss: float) -> None:
        self.losses.append(loss)
        done = len(self.losses)
        if (done - self.first) % self.every == 0 or done == self.total:
            self._look()
            self.handle.update(self._frame())

    def _look(self) -> None:
        done, was_training = len(self.losses), self.model.training
        self.model.eval()
        self.validation[done] = self.validate()
        self.written[done] = self.write().replace("\n", "↵")
        self.model.train(was_training)

    def curve(self, at: int | None = None) -> Picture:
        return loss_curve(self.losses, self.validation, self.marks, self.total, at)

    def sample_html(self, step: int) -> str:
        """What the model wrote after `step` steps."""
        return (
            f'<div style="background:#ffffff;color:{INK};border:1px solid {GRID};border-radius:6px;padding:6px 10px;'
            f'margin:3px 0;overflow-wrap:anywhere"><small>{step}</small>&ensp;{escape(self.written[step])}</div>'
        )

    def _frame(self) -> Picture:
        done, curve = len(self.losses), self.curve()
        share = (done - self.first) / max(1, self.total - self.first)
        bar = (
            f'<div style="background:{GRID};height:8px;border-radius:4px;max-width:44em"><div style="background:{BLUE};'
            f'height:8px;border-radius:4px;width:{100 * share:.0f}%"></div></div>'
        )
        latest = "".join(self.sample_html(step) for step in sorted(self.written)[-5:])
        caption = f"{done}/{self.total}"
        if 0 < share < 1:
            left = (time.perf_counter() - self.began) * (1 - share) / share
            caption += say(f" · faltan {left:.0f} s", f" · {left:.0f} s left")
        return framed(curve.html + bar + latest, caption, curve.text)
