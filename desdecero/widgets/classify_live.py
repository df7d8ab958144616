"""Chapter 6, a training run watched: its losses, the time left, and a few messages about which it makes up its mind."""

import time
from collections.abc import Callable, Sequence

from IPython.display import DisplayHandle, display

from desdecero.edition import say
from desdecero.plots import Picture, framed
from desdecero.plots.classify import training_view
from desdecero.plots.classify_text import cards


class Lesson:
    """Hand it to `train_model` as `on_step`; it draws below the cell every `every` steps, out of `total`.

    `validate()` gives the loss on messages held out, `suspect()` how likely each of `texts` is to be spam.
    """

    def __init__(
        self,
        total: int,
        every: int,
        validate: Callable[[], float],
        suspect: Callable[[], Sequence[float]],
        texts: Sequence[str],
        truth: Sequence[int],
    ) -> None:
        self.total, self.every, self.validate, self.suspect = total, every, validate, suspect
        self.texts, self.truth = texts, truth
        self.losses: list[float] = []
        self.validation: dict[int, float] = {}
        self.suspicion: dict[int, list[float]] = {}
        self._look(0)
        self.began = time.perf_counter()
        self.handle = DisplayHandle()
        display(self._frame(), display_id=self.handle.display_id)

    def __call__(self, step: int, loss: float) -> None:
        self.losses.append(loss)
        if (step + 1) % self.every == 0 or step + 1 == self.total:
            self._look(step + 1)
            self.handle.update(self._frame())

    def _look(self, done: int) -> None:
        self.validation[done] = self.validate()
        self.suspicion[done] = [float(chance) for chance in self.suspect()]

    def _frame(self) -> Picture:
        done = len(self.losses)
        curve = training_view(self.losses, self.validation, self.suspicion, self.truth, self.total)
        latest = list(self.suspicion.values())[-1]
        left = (time.perf_counter() - self.began) * (self.total - done) / done if done else 0
        note = f"{done}/{self.total}"
        if 0 < done < self.total:
            note += say(f" · faltan unos {left:.0f} s", f" · about {left:.0f} s left")
        messages = cards(self.texts, [("ham", "spam")[label] for label in self.truth], latest, note)
        progress = f'<progress value="{done}" max="{self.total}" style="width:30em"></progress>'
        return framed(curve.html + progress + messages.html, note, curve.text)
