"""What chapter 1 plays with when it gets large: cleaning a corpus, and what training a model takes."""

from collections.abc import Sequence

import ipywidgets

from desdecero.basics import training_budget
from desdecero.edition import say
from desdecero.plots import Picture
from desdecero.plots.scale import amount, compute, sieve
from desdecero.widgets import Play

LABEL = {"description_width": "13em"}
WIDE = ipywidgets.Layout(width="40em")

# Dense bfloat16 (V100: float16) operations per second and watts, from NVIDIA's data sheets, in their SXM form.
GPUS = {"V100": (125e12, 300), "A100": (312e12, 400), "H100": (989e12, 700)}
KWH_PER_LITRE = 4186 * 80 / 3.6e6  # from 20 to 100 °C

_PAGES = (
    ("La barca se llama Paciencia, es plana y ancha como una cocina y se mueve con una pértiga.",
     "The ferry is called the Paciencia, she is as flat and wide as a kitchen, and she goes by pole."),
    ("Inicio Noticias Horarios Contacto Aviso legal Acceder Cesta (0)",
     "Home News Timetable Contact Legal notice Log in Basket (0)"),
    ("La barca se llama Paciencia, es plana y ancha como una mesa y se mueve con una pértiga.",
     "The ferry is called the Paciencia, she is as flat and wide as a table, and she goes by pole."),
    ("Gallinas baratas, gallinas baratas, compra gallinas baratas, las gallinas baratas más baratas.",
     "Cheap hens, cheap hens, buy cheap hens, cheap hens, the cheapest cheap hens."),
    ("Para la sopa de Anselmo, pela dos patatas, cuécelas con ajo y laurel y deja que el pan se empape al final.",
     "For Anselmo's soup, peel two potatoes, boil them with garlic and bay, and let the bread soak at the end."),
    ("Página en construcción.", "Page under construction."),
    ("El Zurdo bajó marrón y gordo después de la crecida, con ramas y media huerta, y luego volvió a su sitio",
     "The Zurdo came down brown and fat after the flood, with branches and half an orchard, and then went back"),
    ("Horario de la barca: lunes no, martes sí, miércoles no, jueves no, viernes no, sábado sí, domingo no.",
     "Ferry times: Monday no, Tuesday yes, Wednesday no, Thursday no, Friday no, Saturday yes, Sunday no."),
)  # fmt: skip


def sample_pages() -> list[str]:
    """Eight pages as a crawler might bring them: prose, a menu, an advertisement, a copy with a word changed…"""
    return [say(*page) for page in _PAGES]


def repeated(page: str) -> float:
    """The share of a page's words that it has already said."""
    words = page.lower().split()
    return 1 - len(set(words)) / len(words)


def shingles(page: str, n: int = 3) -> set[tuple[str, ...]]:
    """Every run of `n` words."""
    words = page.lower().split()
    return set(zip(*(words[i:] for i in range(n))))


def likeness(page: str, other: str) -> float:
    """The runs of three words that two pages share, out of all they have (Jaccard)."""
    a, b = shingles(page), shingles(other)
    return len(a & b) / max(len(a | b), 1)


def faults(pages: Sequence[str], shortest: int, most_repeated: float, most_alike: float) -> list[list[str]]:
    """For each page why it has to go; nothing for those that stay. Pages are compared with those kept before them."""
    verdicts: list[list[str]] = []
    kept: list[str] = []
    for page in pages:
        why = []
        if len(page.split()) < shortest:
            why.append(say("corta", "short"))
        if not page.rstrip().endswith((".", "!", "?", "»", "”")):
            why.append(say("no acaba en frase", "doesn't end as a sentence"))
        if repeated(page) > most_repeated:
            why.append(say("se repite", "repeats itself"))
        if any(likeness(page, other) > most_alike for other in kept):
            why.append(say("casi igual a otra", "nearly the same as another"))
        verdicts.append(why)
        if not why:
            kept.append(page)
    return verdicts


def play_filters(pages: Sequence[str]) -> Play:
    """Set three rules and see which pages stay in the corpus."""

    def draw(shortest: int, most_repeated: float, most_alike: float) -> Picture:
        return sieve(pages, faults(pages, shortest, most_repeated, most_alike))

    def share(text: str, value: float) -> ipywidgets.FloatSlider:
        return ipywidgets.FloatSlider(value, min=0, max=1, step=0.05, description=text, style=LABEL, layout=WIDE)

    return Play(
        draw,
        shortest=ipywidgets.IntSlider(
            8, 0, 30, description=say("palabras, al menos", "words, at least"), style=LABEL, layout=WIDE
        ),
        most_repeated=share(say("repetición, como mucho", "repetition, at most"), 0.4),
        most_alike=share(say("parecido, como mucho", "likeness, at most"), 0.5),
    )


def gpu_hours(flops: float, gpu: str, utilisation: float) -> float:
    """Hours of one GPU that does `utilisation` of what its data sheet says."""
    peak, _ = GPUS[gpu]
    return flops / (peak * utilisation) / 3600


def play_budget(n_params: float = 1e9) -> Play:
    """Choose a model and machines; see tokens, bytes, operations, time, money and energy."""

    def draw(
        n_params: float, tokens_per_param: float, gpu: str, utilisation: float, count: float, price: float
    ) -> Picture:
        budget = training_budget(round(n_params), tokens_per_param)
        hours = gpu_hours(budget["flops"], gpu, utilisation)
        energy = hours * GPUS[gpu][1] / 1000
        machines = max(round(count), 1)
        rows = (
            (say("parámetros", "parameters"), amount(n_params)),
            ("tokens", amount(budget["tokens"])),
            (say("bytes de texto", "bytes of text"), amount(budget["corpus_bytes"])),
            (say("operaciones", "operations"), f"{budget['flops']:.2e}"),
            (say(f"horas de una {gpu}", f"hours of one {gpu}"), amount(hours)),
            (say(f"días con {machines:,}", f"days with {machines:,}"), amount(hours / 24 / machines)),
            (say("coste, a tu precio", "cost, at your price"), amount(hours * price)),
            (say("kWh, solo las GPU", "kWh, the GPUs alone"), amount(energy)),
            (
                say("litros de agua que hervirían", "litres of water brought to the boil"),
                amount(energy / KWH_PER_LITRE),
            ),
        )
        return compute(budget["flops"], rows)

    def powers(text: str, value: float, low: float, high: float) -> ipywidgets.FloatLogSlider:
        return ipywidgets.FloatLogSlider(
            value, min=low, max=high, step=0.05, description=text, style=LABEL, layout=WIDE, continuous_update=False
        )

    def plain(text: str, value: float, low: float, high: float, step: float) -> ipywidgets.FloatSlider:
        return ipywidgets.FloatSlider(
            value, min=low, max=high, step=step, description=text, style=LABEL, layout=WIDE, continuous_update=False
        )

    return Play(
        draw,
        n_params=powers(say("parámetros", "parameters"), n_params, 6, 12.5),
        tokens_per_param=powers(say("tokens por parámetro", "tokens per parameter"), 20, 0, 4),
        gpu=ipywidgets.Dropdown(options=list(GPUS), value="A100", description="GPU", style=LABEL),
        utilisation=plain(say("aprovechamiento", "utilisation"), 0.4, 0.05, 0.7, 0.05),
        count=powers(say("cuántas GPU", "how many GPUs"), 1, 0, 4.5),
        price=plain(say("precio por hora y GPU", "price per GPU and hour"), 2.0, 0.1, 10.0, 0.1),
    )
