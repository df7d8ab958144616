"""What chapter 1 plays with: guessing the next word, chatting with fixed rules, letting bigrams write."""

import random
from collections.abc import Callable, Mapping
from html import escape

import ipywidgets

from desdecero.edition import say
from desdecero.plots import Picture, framed
from desdecero.plots.basics import Bigrams, next_words, words_row
from desdecero.widgets import Play

LABEL = {"description_width": "9em"}
WIDE = ipywidgets.Layout(width="36em")


def _steps(text: str, value: int, low: int, high: int) -> ipywidgets.IntSlider:
    return ipywidgets.IntSlider(value, low, high, description=text, style=LABEL, layout=WIDE)


def _bare(word: str) -> str:
    """A word without the marks around it, in small letters."""
    return word.lower().strip(".,;:¿?¡!«»“”\"'—()")


def play_guess(text: str, probabilities: Bigrams, start: int = 8) -> Play:
    """Shannon's game: type what comes next; only then is the word shown, with what the bigrams would have said."""
    words = text.split()

    def draw(position: int, guess: str) -> Picture:
        if not guess.strip():
            note = say("Escribe tu apuesta y pulsa Intro.", "Type your guess and press Enter.")
            return words_row(words[:position], -1, note, unknown=True)
        truth = words[position]
        nexts = probabilities.get(words[position - 1].lower(), {})
        bet = max(nexts, key=nexts.get) if nexts else "?"
        verdict = (
            say("¡Acertaste!", "You got it!") if _bare(guess) == _bare(truth) else say("No era esa.", "Not that one.")
        )
        note = say(
            f"{verdict} Era «{truth}». Los bigramas habrían dicho «{bet}».",
            f"{verdict} It was “{truth}”. Bigrams would have said “{bet}”.",
        )
        return words_row(words[: position + 1], position, note)

    return Play(
        draw,
        position=_steps(say("palabras a la vista", "words in sight"), start, 1, len(words) - 1),
        guess=ipywidgets.Text(
            value="", description=say("tu apuesta", "your guess"), style=LABEL, continuous_update=False
        ),
    )


def play_eliza(reply: Callable[[str], str], opening: str) -> Play:
    """Say something to a program of fixed rules."""

    def draw(text: str) -> Picture:
        lines = ((say("tú", "you"), text), ("ELIZA", reply(text)))
        spoken = "".join(f"<p><b>{who}:</b> {escape(what)}</p>" for who, what in lines)
        return framed(spoken, say("Una réplica, sin memoria.", "One reply, without memory."), f"{text} / {reply(text)}")

    return Play(
        draw,
        text=ipywidgets.Text(
            value=opening, description=say("tú", "you"), style=LABEL, layout=WIDE, continuous_update=False
        ),
    )


def write(probabilities: Bigrams, first: str, length: int, seed: int, likeliest: bool = False) -> list[str]:
    """A word, and then up to `length` more, each drawn by its probability or always the likeliest."""
    chance = random.Random(seed)
    words = [first]
    while len(words) <= length and (nexts := probabilities.get(words[-1])):
        drawn = max(nexts, key=nexts.get) if likeliest else chance.choices(list(nexts), list(nexts.values()))[0]
        words.append(drawn)
    return words


def play_writer(texts: Mapping[str, Bigrams], first: str, start: int = 11, most: int = 40) -> Play:
    """Bigrams of a text write word by word; below, what they were choosing from at the last step."""
    modes = {say("por sorteo", "by lot"): False, say("siempre la más probable", "always the likeliest"): True}

    def draw(text: str, first: str, length: int, mode: str, seed: int) -> Picture:
        probabilities = texts[text]
        word = first.strip().lower()
        if word not in probabilities:
            return framed("", say(f"«{word}» no tiene continuación en este texto.",
                                  f"“{word}” has no continuation in this text."), word)  # fmt: skip
        words = write(probabilities, word, length, seed, modes[mode])
        note = say("En ámbar, la última palabra escrita.", "In amber, the last word written.")
        row = words_row(words, len(words) - 1, note)
        bars = next_words(words[-2], probabilities[words[-2]], chosen=words[-1])
        return Picture(row.html + bars.html, f"{row.text} {bars.text}")

    return Play(
        draw,
        text=ipywidgets.Dropdown(options=list(texts), description=say("texto leído", "text read"), style=LABEL),
        first=ipywidgets.Text(
            value=first, description=say("primera palabra", "first word"), style=LABEL, continuous_update=False
        ),
        length=_steps(say("palabras nuevas", "new words"), start, 1, most),
        mode=ipywidgets.Dropdown(options=list(modes), description=say("cómo elige", "how it chooses"), style=LABEL),
        seed=_steps(say("suerte", "luck"), 1, 1, 50),
    )
