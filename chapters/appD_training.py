# %% [markdown] lang="es"
r"""
# D · Extras del bucle de entrenamiento

Anselmo se sabía el camino entero cuando empujó con toda su alma. La Paciencia subió medio palmo, hizo un ruido de muelas y se clavó.

Que la arena se hubiera movido no era culpa suya; la fuerza, sí. Este apéndice trata de con cuánta fuerza se empuja: al salir, a mitad del río y al llegar.
"""

# %% [markdown] lang="en"
r"""
# D · Training-loop extras

Anselmo knew all of the way by heart when he pushed with all his heart. The Paciencia rose four inches, made a noise like grinding teeth, and stopped dead.

That the sand had moved was no fault of his; how hard he pushed was. This appendix is about how hard to push: on leaving, in mid-river, and on arrival.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Tres funciones: `learning_rate`, `clip_gradients` y `train_with_schedule`, un bucle que hace lo que hacen los que entrenan modelos grandes.

**Qué necesitas.** El bucle del capítulo 5.

**Cuánto se tarda.** Unos cincuenta minutos de lectura, una hora larga con los ejercicios, y uno o dos minutos de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** Three functions: `learning_rate`, `clip_gradients` and `train_with_schedule`, a loop that does what those who train large models do.

**What you need.** The loop of chapter 5.

**How long it takes.** About fifty minutes of reading, a good hour with the exercises, and a minute or two of running.
"""

# %%
import math
from collections.abc import Iterable, Sequence, Sized
from itertools import chain, repeat

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

# %%
from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.data import load_story
from desdecero.edition import say
from desdecero.fast import fuse
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.plots import schedule as plots
from desdecero.pretrain.run import CONFIGS, Settings, make_optimizer
from desdecero.text import load_tokenizer, make_loader
from desdecero.training import Batches, batch_loss, evaluate, train_model
from desdecero.widgets import schedule as widgets

edition = use_edition(EDITION)

# %% [markdown] lang="es"
r"""
## D.1 Una sola tasa no basta

Aquí está el cuento, cortado como en 5.4, y un GPT muy pequeño, para poder entrenarlo docenas de veces.

`fuse` es la versión rápida de tus operaciones que viste en 5.9; los resultados son los mismos.
"""

# %% [markdown] lang="en"
r"""
## D.1 One rate is not enough

Here is the story, cut as in 5.4, and a very small GPT, so that we can train it dozens of times.

`fuse` is the fast version of your operations that you met in 5.9; the results are the same.
"""

# %%
story, tokenizer = load_story(edition), load_tokenizer()
cut = story.rfind("\n\n", 0, int(0.9 * len(story)))
train_ids, val_ids = tokenizer.encode(story[:cut]), tokenizer.encode(story[cut:])
val_loader = make_loader(val_ids, 64, 64, batch_size=4, shuffle=False)
cfg = GPTConfig(tokenizer.n_vocab, context_length=64, emb_dim=32, n_heads=4, n_layers=2, drop_rate=0.0)


def newborn(seed: int) -> GPTModel:
    torch.manual_seed(seed)
    return fuse(GPTModel(cfg))


def story_loader(seed: int):
    return make_loader(train_ids, context_length=64, stride=64, batch_size=8, seed=seed)


STEPS = len(story_loader(5))
print(len(train_ids), STEPS, f"{sum(p.numel() for p in newborn(5).parameters()):,}")

# %% [markdown] lang="es"
r"""
El segundo número es cuántos pasos tiene una vuelta. Probemos tres tasas constantes, ocho vueltas cada una, con la misma semilla: los pesos del principio y el orden de los lotes son idénticos.
"""

# %% [markdown] lang="en"
r"""
The second number is how many steps one pass has. Let's try three constant rates, eight passes each, with the same seed: the starting weights and the order of the batches are identical.
"""

# %% tags=["nbval-ignore-output"]
tried = {}
for rate in (0.001, 0.01, 0.1):
    model = newborn(5)
    tried[f"{rate:g}"] = train_model(model, story_loader(5), AdamW(model.parameters(), lr=rate), 8)
    print(f"{rate:<6g} {tried[f'{rate:g}'][-1]:.2f}")
plots.losses(tried)

# %% [markdown] lang="es"
r"""
La tasa pequeña avanza sin tropiezos, y en ocho vueltas apenas ha empezado. La grande se desploma en los primeros pasos y luego se queda varada: lo que aprende es poco más que qué tokens abundan. La de en medio es un compromiso.

Un compromiso, ¿para qué momento? Porque el principio, el medio y el final de un entrenamiento no piden lo mismo. Vamos por partes.
"""

# %% [markdown] lang="en"
r"""
The small rate makes its way without a stumble, and after eight passes it has hardly begun. The large one plunges in the first few steps and then runs aground: what it learns is little more than which tokens abound. The middle one is a compromise.

A compromise for which moment? The beginning, the middle and the end of a training run don't ask for the same thing. Let's take them in turn.
"""

# %% [markdown] lang="es"
r"""
## D.2 Salir despacio

Adam divide la media del gradiente, $m$, entre la raíz de la media de su cuadrado, $v$. El cociente es la zancada: cuántas tasas de aprendizaje se mueve el peso.

Esto es un peso, con seis gradientes que se contradicen bastante. ¿Cuánto mide su primera zancada?
"""

# %% [markdown] lang="en"
r"""
## D.2 Leave slowly

Adam divides the mean of the gradient, $m$, by the root of the mean of its square, $v$. The quotient is the stride: by how many learning rates the weight moves.

Here is one weight, with six gradients that contradict each other a good deal. How long is its first stride?
"""


# %%
def adam_strides(gradients: Sequence[float], beta1: float = 0.9, beta2: float = 0.999) -> list[float]:
    m = v = 0.0
    strides = []
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        strides.append(m / (1 - beta1**t) / math.sqrt(v / (1 - beta2**t)))
    return strides


gradients = [0.3, -0.1, -0.5, -0.2, 0.1, -0.4]
for gradient, stride in zip(gradients, adam_strides(gradients)):
    print(f"{gradient:5.1f} {stride:6.2f}")

# %% [markdown] lang="es"
r"""
La primera mide 1, la más larga de todas, y va en la dirección equivocada: la media de los seis es negativa, y el primero era positivo.

No es mala suerte. Con un solo gradiente, y ya hechas las dos divisiones de 5.5 (`1 - beta**t`), $m$ es ese gradiente y $\sqrt{v}$, su tamaño; el cociente vale 1 o −1, sepa lo que sepa. Comprobemos que PyTorch hace lo mismo.
"""

# %% [markdown] lang="en"
r"""
The first is 1, the longest of all, and goes the wrong way: the mean of the six is negative, and the first was positive.

It is not bad luck. With a single gradient, and once the two divisions of 5.5 (`1 - beta**t`) are done, $m$ is that gradient and $\sqrt{v}$ its size; the quotient is 1 or −1, however little it knows. Let's check that PyTorch does the same.
"""

# %%
weight = nn.Parameter(torch.zeros(1))
adam = AdamW([weight], lr=1.0, weight_decay=0.0)
for gradient, by_hand in zip(gradients, adam_strides(gradients)):
    before = weight.item()
    weight.grad = torch.tensor([gradient])
    adam.step()
    print(f"{before - weight.item():6.2f} {by_hand:6.2f}")

# %% [markdown] lang="es"
r"""
En el modelo pasa con todos los pesos a la vez: el primer lote los mueve una zancada entera, y los 512 tokens de un lote no saben tanto.

¿Cuánto saben? Calcula los gradientes de dos lotes sin entrenar, y mira en qué parte de los pesos coincide el signo. A cara o cruz sería la mitad.
"""

# %% [markdown] lang="en"
r"""
In the model it happens to all weights at once: the first batch moves them by a whole stride, and the 512 tokens of a batch don't know that much.

How much do they know? Compute the gradients of two batches without training, and see for which share of the weights the signs agree. By tossing a coin it would be half.
"""

# %%
model = newborn(5)
inner = list(model.trf_blocks.parameters())
signs = []
for batch in (first for first, _ in zip(story_loader(5), range(2))):
    model.zero_grad()
    batch_loss(model, *batch).backward()
    signs.append(torch.cat([p.grad.sign().flatten() for p in inner]))
print(f"{(signs[0] == signs[1]).float().mean():.1f}")

# %% [markdown] lang="es"
r"""
Poco más que a cara o cruz. Y ahora, las zancadas de verdad: cuánto se mueve de media un peso en cada paso, medido en tasas.
"""

# %% [markdown] lang="en"
r"""
Little better than tossing a coin. And now the real strides: how far a weight moves on average at each step, measured in rates.
"""

# %%
adam = AdamW(model.parameters(), lr=0.01, weight_decay=0.0)
batches = chain.from_iterable(repeat(story_loader(5), 3))
moved = []
for batch in batches:
    before = nn.utils.parameters_to_vector(inner).detach()
    adam.zero_grad()
    batch_loss(model, *batch).backward()
    adam.step()
    moved.append((nn.utils.parameters_to_vector(inner) - before).abs().mean().item() / 0.01)
print([f"{stride:.1f}" for stride in moved[:3]])

# %% tags=["nbval-ignore-output"]
plots.strides(moved)

# %% [markdown] lang="es"
r"""
Los pasos más largos son los primeros, cuando menos se sabe. A medida que $m$ promedia más lotes, lo que se contradice se cancela y la zancada se acorta sola.

Hasta entonces hay que acortarla a mano. [Liu et al. (2020)](https://arxiv.org/abs/1908.03265) culpan a $v$, que al principio se calcula con muy pocos gradientes; [Ma y Yarats (2021)](https://arxiv.org/abs/1910.04209), a la longitud de esos pasos.
"""

# %% [markdown] lang="en"
r"""
The longest steps are the first, when least is known. As $m$ averages more batches, what contradicts itself cancels and the stride shortens by itself.

Until then it has to be shortened by hand. [Liu et al. (2020)](https://arxiv.org/abs/1908.03265) blame $v$, which is computed from very few gradients at first; [Ma and Yarats (2021)](https://arxiv.org/abs/1910.04209), the length of those steps.
"""

# %% [markdown] lang="es"
r"""
El remedio es viejo y sencillo, el **calentamiento** (*warm-up*): la tasa sube en línea recta desde casi nada hasta su máximo en los primeros $W$ pasos.

$$\eta_t = \eta_0 + (\eta_{\max} - \eta_0)\,\frac{t}{W}$$

Así lo hicieron [Goyal et al. (2017)](https://arxiv.org/abs/1706.02677) con lotes enormes, y con 4000 pasos [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762) en el primer transformer.
"""

# %% [markdown] lang="en"
r"""
The remedy is old and simple, the **warm-up**: the rate climbs in a straight line from almost nothing to its peak during the first $W$ steps.

$$\eta_t = \eta_0 + (\eta_{\max} - \eta_0)\,\frac{t}{W}$$

That is what [Goyal et al. (2017)](https://arxiv.org/abs/1706.02677) did with enormous batches, and for 4000 steps [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762) in the first transformer.
"""

# %%
W, start, peak = 4, 0.0, 0.8
print([f"{start + (peak - start) * t / W:.1f}" for t in range(W + 1)])

# %%
warm = [min(1.0, t / 20) * 0.01 for t in range(200)]
plots.rates({say("calentamiento", "warm-up"): warm}, say("Solo el calentamiento.", "The warm-up alone."))

# %% [markdown] lang="es"
r"""
Al salir de la orilla cuesta poco ir despacio: son unos cuantos pasos, y lo que no se avanza ahora se avanza después.
"""

# %% [markdown] lang="en"
r"""
On leaving the bank, going slowly costs little: it is only a few steps, and the ground not covered now is covered later.
"""

# %% [markdown] lang="es"
r"""
## D.3 Llegar despacio

Ahora el otro extremo. Niebla en el Zurdo: a cada empujón, la barca apunta a donde cree que está el embarcadero y se equivoca en un metro, por un lado o por otro.

Es lo que le pasa al gradiente de un lote: en promedio señala bien, pero cada uno por separado miente. La barca sale a diez metros y corrige la mitad de lo que cree ver.
"""

# %% [markdown] lang="en"
r"""
## D.3 Arrive slowly

Now the other end. Fog on the Zurdo: at each push the boat aims at where it believes the landing is, and is off by a metre, to one side or the other.

That is what happens to the gradient of a batch: on average it points well, but each one by itself lies. The boat starts ten metres out and corrects half of what it believes it sees.
"""

# %%
generator = torch.Generator().manual_seed(5)
place, passed = 10.0, []
for _ in range(14):
    seen = place + torch.randn((), generator=generator).item()
    place -= 0.5 * seen
    passed.append(round(place, 1) + 0.0)
print(*passed)

# %% [markdown] lang="es"
r"""
En cuatro o cinco empujones está allí, y a partir de ahí da bandazos sin acercarse más. Cada corrección es media mentira.

¿De qué tamaño son los bandazos? Si $s^2$ es su varianza y la niebla tiene la de un metro, un empujón la cambia a $(1-\eta)^2 s^2 + \eta^2$. Cuando deja de cambiar, $s = \sqrt{\eta/(2-\eta)}$. Compruébalo con dos mil barcas.
"""

# %% [markdown] lang="en"
r"""
In four or five pushes it is there, and from then on it lurches about without getting any closer. Every correction is half a lie.

How big are the lurches? If $s^2$ is their variance and that of the fog is one, a push changes it to $(1-\eta)^2 s^2 + \eta^2$. When it stops changing, $s = \sqrt{\eta/(2-\eta)}$. Check it with two thousand boats.
"""

# %%
for rate in (0.5, 0.1, 0.02):
    spread = math.sqrt(rate / (2 - rate))
    # es: la distancia media de una campana de anchura s es s · √(2/π)
    # en: the mean distance of a bell curve of width s is s · √(2/π)
    print(rate, f"{spread * math.sqrt(2 / math.pi):.2f}", f"{widgets.land([rate] * 400, boats=2_000)[-1]:.2f}")

# %% [markdown] lang="es"
r"""
La fórmula acierta: con una tasa constante hay un suelo, y lo pone la tasa. Bajarla baja el suelo, pero retrasa la llegada: con 0.02, después de cien empujones aún quedan $10 \cdot 0.98^{100}$ metros, más de uno.

La salida es usar las dos: grande mientras se está lejos, pequeña al llegar. ¿Y entre medias? Una curva que baje sin saltos.
"""

# %% [markdown] lang="en"
r"""
The formula is right: at a constant rate there is a floor, and the rate sets it. Lowering the rate lowers the floor, but delays the arrival: with 0.02, after a hundred pushes $10 \cdot 0.98^{100}$ metres are left, more than one.

The way out is to use both: large while far away, small on arrival. And in between? A curve that comes down without a jump.
"""

# %% [markdown] lang="es"
r"""
La más usada es medio coseno ([Loshchilov y Hutter, 2017](https://arxiv.org/abs/1608.03983)). Si $s$ es la parte recorrida, de 0 a 1, $\cos(\pi s)$ va de 1 a −1, y $(1 + \cos(\pi s))/2$, de 1 a 0:

$$\eta = \eta_{\min} + (\eta_{\max} - \eta_{\min})\,\frac{1 + \cos(\pi s)}{2}$$
"""

# %% [markdown] lang="en"
r"""
The most used is half a cosine ([Loshchilov and Hutter, 2017](https://arxiv.org/abs/1608.03983)). If $s$ is the share of the way done, from 0 to 1, $\cos(\pi s)$ goes from 1 to −1, and $(1 + \cos(\pi s))/2$ from 1 to 0:

$$\eta = \eta_{\min} + (\eta_{\max} - \eta_{\min})\,\frac{1 + \cos(\pi s)}{2}$$
"""

# %%
for share in (0, 0.25, 0.5, 0.75, 1):
    print(f"{share:4} {(1 + math.cos(math.pi * share)) / 2:.3f}")

# %% [markdown] lang="es"
r"""
Se entretiene arriba, cruza deprisa y se entretiene abajo. A la mitad del camino, la mitad de la tasa.
"""

# %% [markdown] lang="en"
r"""
It lingers at the top, crosses quickly, and lingers at the bottom. Half of the way, half of the rate.
"""

# %%
cosine = [0.5 * (1 + math.cos(math.pi * t / 120)) / 2 for t in range(120)]
plots.rates({say("coseno", "cosine"): cosine}, say("Solo el coseno.", "The cosine alone."))

# %%
crews = {"0.5": [0.5] * 120, "0.02": [0.02] * 120, say("coseno", "cosine"): cosine}
fleet = {name: widgets.land(rates, boats=2_000) for name, rates in crews.items()}
print({name: f"{distances[-1]:.1f}" for name, distances in fleet.items()})

# %%
plots.landings(fleet)

# %% [markdown] lang="es"
r"""
El coseno sale tan deprisa como la tasa grande y acaba muy por debajo de ella. La pequeña, con estos empujones, ni siquiera ha llegado.

Calentamiento y coseno, uno detrás de otro, son el calendario de casi todos los GPT.
"""

# %% [markdown] lang="en"
r"""
The cosine leaves as fast as the large rate and ends far below it. The small one, with this many pushes, hasn't even arrived.

Warm-up and cosine, one after the other, are the schedule of nearly every GPT.
"""

# %% [markdown] lang="es" exercise="learning_rate"
r"""
### Ejercicio: la tasa de cada paso

Es el mando que más se toca al entrenar un modelo grande. Escribe `learning_rate`.

```python
def learning_rate(
    step: int, total_steps: int, warmup_steps: int, initial_lr: float, peak_lr: float, min_lr: float
) -> float: ...
```

En el paso 0 vale `initial_lr`; en el paso `warmup_steps`, `peak_lr`; en el paso `total_steps`, `min_lr`. Primero en línea recta, después por medio coseno. Con `warmup_steps=0` empieza en el máximo. Es una función pura: solo depende de sus argumentos.
"""

# %% [markdown] lang="en" exercise="learning_rate"
r"""
### Exercise: the rate of each step

It is the dial most often touched in training a large model. Write `learning_rate`.

```python
def learning_rate(
    step: int, total_steps: int, warmup_steps: int, initial_lr: float, peak_lr: float, min_lr: float
) -> float: ...
```

At step 0 it is `initial_lr`; at step `warmup_steps`, `peak_lr`; at step `total_steps`, `min_lr`. First in a straight line, then along half a cosine. With `warmup_steps=0` it starts at the peak. It is a pure function: it depends on its arguments alone.
"""

# %% solution="learning_rate"

# %%
with example():
    # es: se espera 0.10 0.55 1.00 0.60 0.20 y después 1.00
    # en: expected: 0.10 0.55 1.00 0.60 0.20 and then 1.00
    print(*(f"{learning_rate(step, 12, 4, 0.1, 1.0, 0.2):.2f}" for step in (0, 2, 4, 8, 12)))
    print(f"{learning_rate(0, 12, 0, 0.1, 1.0, 0.2):.2f}")

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Si `step < warmup_steps`, la línea recta; si no, el coseno. Con cero pasos de calentamiento el primer caso no ocurre nunca, y no hay división entre cero.
</details>

<details><summary>Pista 2</summary>

La parte recorrida del coseno se cuenta desde el final del calentamiento: `(step - warmup_steps) / (total_steps - warmup_steps)`. Cuida el caso en que no queda ningún paso: `max(1, …)`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

If `step < warmup_steps`, the straight line; otherwise the cosine. With no warm-up steps the first case never happens, and nothing is divided by zero.
</details>

<details><summary>Hint 2</summary>

The share of the cosine's way is counted from the end of the warm-up: `(step - warmup_steps) / (total_steps - warmup_steps)`. Mind the case in which no step is left: `max(1, …)`.
</details>
"""

# %% tests="learning_rate"

# %%
whole = [learning_rate(step, 200, 20, 0.0, 0.01, 0.001) for step in range(201)]
plots.rates({say("las dos cosas", "both"): whole}, say("Calentamiento y coseno.", "Warm-up and cosine."))

# %% [markdown] lang="es"
r"""
Juega con los calendarios. A la izquierda, la tasa; a la derecha, mil barcas en la niebla que la siguen, y otras mil con la tasa constante.

Busca tres cosas: un máximo tan bajo que gane la constante; otro con el que alguna forma llegue más cerca que el coseno; y qué pasa si el mínimo es igual al máximo.
"""

# %% [markdown] lang="en"
r"""
Play with the schedules. On the left, the rate; on the right, a thousand boats in fog that follow it, and another thousand at the constant rate.

Look for three things: a peak so low that the constant wins; another at which some shape gets closer than the cosine; and what happens if the minimum equals the peak.
"""

# %%
widgets.play_schedules()

# %% [markdown] lang="es"
r"""
El número de arriba, el *área*, es todo lo que se puede avanzar con ese calendario, comparado con la tasa constante. El coseno gasta la mitad en llegar despacio; guárdate eso para D.6.

La forma de meseta, *warm-up, stable, decay* ([Hu et al., 2024](https://arxiv.org/abs/2404.06395)), baja solo al final, y tiene una ventaja práctica: no hay que decidir de antemano cuánto durará el entrenamiento.
"""

# %% [markdown] lang="en"
r"""
The number at the top, the *area*, is all the ground that can be covered with that schedule, compared with the constant rate. The cosine spends half of it on arriving slowly; keep that in mind for D.6.

The plateau, *warm-up, stable, decay* ([Hu et al., 2024](https://arxiv.org/abs/2404.06395)), comes down only at the end, and has a practical advantage: you need not decide beforehand how long the training will be.
"""

# %% [markdown] lang="es"
r"""
## D.4 No empujar con toda el alma

Queda el empujón de Anselmo: un paso suelto, en mitad del río, que lo estropea todo.

Para verlo venir hay que medirlo. Todos los gradientes de un modelo, puestos en fila, son un solo vector, y su longitud es la **norma global**. Aquí hay dos tensores con gradiente, tan pequeños que se puede de cabeza.
"""

# %% [markdown] lang="en"
r"""
## D.4 Don't push with all your heart

That leaves Anselmo's push: a single step, in mid-river, that ruins everything.

To see it coming you have to measure it. All of a model's gradients, put in a row, are one vector, and its length is the **global norm**. Here are two tensors with gradients, so small that you can do it in your head.
"""

# %%
a, b = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
a.grad, b.grad = torch.tensor([3.0, 4.0]), torch.tensor([12.0])

squares = sum(float(g) ** 2 for p in (a, b) for g in p.grad)
in_a_row = torch.cat([a.grad, b.grad]).norm().item()
by_parts = math.hypot(a.grad.norm(), b.grad.norm())
print(f"{math.sqrt(squares):g} {in_a_row:g} {by_parts:g}")

# %% [markdown] lang="es"
r"""
Número a número, en fila o con la norma de las normas: 13 las tres veces. La última manera no necesita copiar nada, y es la que se usa.

**Recortar** ([Pascanu et al., 2013](https://arxiv.org/abs/1211.5063)) es encoger todo ese vector, si pasa de un límite, hasta que mida el límite. Todo a la vez: mira lo que ocurre si se recorta cada tensor por su cuenta.
"""

# %% [markdown] lang="en"
r"""
Number by number, in a row, or by the norm of the norms: 13 all three times. The last way doesn't have to copy anything, and is the one used.

**Clipping** ([Pascanu et al., 2013](https://arxiv.org/abs/1211.5063)) is shrinking that whole vector, if it exceeds a limit, until it is as long as the limit. All at once: see what happens if each tensor is clipped by itself.
"""

# %%
together = torch.cat([a.grad, b.grad]) * (1 / 13)
apart = torch.cat([a.grad / a.grad.norm(), b.grad / b.grad.norm()])
for name, clipped in ((say("juntos", "together"), together), (say("cada uno", "each one"), apart)):
    print(f"{name:9}", [f"{g:.2f}" for g in clipped.tolist()], f"{clipped[2] / clipped[0]:.2f}")

# %% [markdown] lang="es"
r"""
El tercer gradiente era cuatro veces el primero. Recortando juntos, lo sigue siendo: el paso es más corto y va al mismo sitio. Recortando cada uno por su lado, la proporción cambia, y con ella el rumbo.
"""

# %% [markdown] lang="en"
r"""
The third gradient was four times the first. Clipped together, it still is: the step is shorter and goes to the same place. Clipped each by itself, the proportion changes, and with it the course.
"""

# %% [markdown] lang="es" exercise="clip_gradients"
r"""
### Ejercicio: recortar

Es el cinturón de seguridad de todo entrenamiento largo. Escribe `clip_gradients` sin llamar a las de PyTorch.

```python
def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> Tensor: ...
```

Calcula la norma global de los `.grad` y los multiplica todos, de modo que cada `.grad` quede ya recortado, por `max_norm / (norm + 1e-6)`, o por 1 si eso pasa de 1. Los parámetros sin gradiente se saltan; si no lo tiene ninguno, la norma es 0. Devuelve, en un tensor escalar, la norma que había antes de recortar.
"""

# %% [markdown] lang="en" exercise="clip_gradients"
r"""
### Exercise: clipping

It is the seat belt of every long training run. Write `clip_gradients` without calling PyTorch's own.

```python
def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> Tensor: ...
```

It computes the global norm of the `.grad` and multiplies them all, so that each `.grad` is left clipped, by `max_norm / (norm + 1e-6)`, or by 1 if that exceeds 1. Parameters without a gradient are skipped; if none has one, the norm is 0. It returns, as a scalar tensor, the norm there was before clipping.
"""

# %% solution="clip_gradients"

# %%
with example():
    # es: se espera 13.0 [1.5, 2.0] [6.0] y después 6.5 [1.5, 2.0] [6.0]
    # en: expected: 13.0 [1.5, 2.0] [6.0] and then 6.5 [1.5, 2.0] [6.0]
    a.grad, b.grad = torch.tensor([3.0, 4.0]), torch.tensor([12.0])
    for limit in (6.5, 100.0):
        norm = clip_gradients([a, nn.Parameter(torch.ones(1)), b], limit)
        print(f"{norm:.1f}", *([round(g, 3) for g in p.grad.tolist()] for p in (a, b)))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`parameters` puede ser un generador, como el de `model.parameters()`, que solo se recorre una vez: guarda primero los gradientes en una lista.
</details>

<details><summary>Pista 2</summary>

`torch.stack` junta las normas de cada tensor en un vector, y la norma de ese vector es la global. `clamp(max=1.0)` deja quietos a los que no llegan al límite, y `mul_` multiplica en el sitio. Con una lista vacía, `torch.stack` falla: devuelve antes `torch.tensor(0.0)`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`parameters` may be a generator, like that of `model.parameters()`, which can be gone through only once: first keep the gradients in a list.
</details>

<details><summary>Hint 2</summary>

`torch.stack` joins the norms of all tensors into a vector, and the norm of that vector is the global one. `clamp(max=1.0)` leaves those below the limit alone, and `mul_` multiplies in place. With an empty list `torch.stack` fails: return `torch.tensor(0.0)` first.
</details>
"""

# %% tests="clip_gradients"

# %% [markdown] lang="es"
r"""
¿De dónde sale un gradiente enorme? De un terreno con paredes. Este es un canal suave que baja hacia un banco de arena casi vertical.

Quien lo baja sin recortar va bien hasta que toca la pared. Allí la pendiente es unas ochenta veces mayor, el paso también, y acaba fuera del mapa. Mueve la tasa y el límite.
"""

# %% [markdown] lang="en"
r"""
Where does a huge gradient come from? From land with walls. This is a gentle channel that falls towards a sandbank, which is nearly vertical.

Whoever goes down it without clipping does well until they touch the wall. There the slope is some eighty times as steep, the step as much longer, and they end up off the map. Move the rate and the limit.
"""

# %%
widgets.play_wall()

# %% [markdown] lang="es"
r"""
Recortar no quita la pared: también la azul choca. Pero su paso más largo es `max_norm` por la tasa, y desde ahí se vuelve.

La idea de un terreno con precipicios es del artículo de Pascanu, que los encontró en redes recurrentes. Un transformer con normas y atajos tiene menos, pero le quedan otros accidentes.
"""

# %% [markdown] lang="en"
r"""
Clipping doesn't take the wall away: the blue one bumps into it too. But its longest step is `max_norm` times the rate, and from there one gets back.

The idea of land with cliffs is from the paper by Pascanu, who found them in recurrent networks. A transformer with norms and shortcuts has fewer, but other accidents remain.
"""

# %% [markdown] lang="es"
r"""
### Y con Adam, ¿hace falta?

Adam divide por el tamaño de los gradientes, así que parece a salvo. Veámoslo con un peso: gradientes de 1, uno de 100 en el paso 50, y otra vez de 1. Al lado, lo mismo recortado a 1.
"""

# %% [markdown] lang="en"
r"""
### And does Adam need it?

Adam divides by the size of the gradients, so it seems safe. Let's see, with one weight: gradients of 1, one of 100 at step 50, and then of 1 again. Beside it, the same clipped at 1.
"""

# %%
calm = [1.0] * 400
jolt = [*calm[:50], 100.0, *calm[51:]]
for step in (49, 50, 55, 80, 150, 399):
    print(f"{step:4} {adam_strides(jolt)[step]:6.2f} {adam_strides([min(1.0, g) for g in jolt])[step]:6.2f}")

# %% [markdown] lang="es"
r"""
El golpe no se nota: en el paso 50 la zancada ni siquiera crece. El daño viene después, y no se va: la barca **cojea**. La media $v$ se acuerda del 100 durante miles de pasos, y divide por él gradientes que vuelven a ser de 1.

Ahora, un entrenamiento de verdad. El accidente: un lote cuya pérdida alguien sumó en vez de promediar.
"""

# %% [markdown] lang="en"
r"""
The blow itself isn't felt: at step 50 the stride doesn't even grow. The harm comes afterwards, and stays: the boat **limps**. The mean $v$ remembers the 100 for thousands of steps, and divides by it gradients that are back to 1.

Now a real training run. The accident: a batch whose loss somebody summed instead of averaging.
"""


# %%
def crossing(accident: int | None, max_norm: float, epochs: int = 9) -> tuple[list[float], list[float]]:
    model, losses, norms = newborn(5), [], []
    adam = AdamW(model.parameters(), lr=0.005)
    for step, batch in enumerate(chain.from_iterable(repeat(story_loader(5), epochs))):
        adam.zero_grad()
        loss = batch_loss(model, *batch)
        (loss * batch[1].numel() if step == accident else loss).backward()
        norms.append(clip_gradients(model.parameters(), max_norm).item())
        adam.step()
        losses.append(loss.item())
    return losses, norms


# %% tags=["nbval-ignore-output"]
MISHAP = 60
crossings = {
    say("sin accidente", "no accident"): crossing(None, math.inf),
    say("accidente, sin recortar", "accident, not clipped"): crossing(MISHAP, math.inf),
    say("accidente, recortado", "accident, clipped"): crossing(MISHAP, 1.0),
}
for name, (losses, norms) in crossings.items():
    print(f"{name:24} {norms[MISHAP]:7.1f} {sum(losses[-STEPS:]) / STEPS:.2f}")

# %% [markdown] lang="es"
r"""
La primera columna es la norma en el paso del accidente; la segunda, la pérdida media de la última vuelta. Antes, las normas, en las que el accidente es una torre.
"""

# %% [markdown] lang="en"
r"""
The first column is the norm at the step of the accident; the second, the mean loss of the last pass. First, the norms, among which the accident is a tower.
"""

# %% tags=["nbval-ignore-output"]
plots.norms({name: norms for name, (_, norms) in crossings.items()}, max_norm=1.0, at=MISHAP)

# %% tags=["nbval-ignore-output"]
plots.losses({name: losses for name, (losses, _) in crossings.items()}, window=STEPS, at=MISHAP)

# %% [markdown] lang="es"
r"""
Casi no hay salto: lo que hay es una cojera. La curva sin recortar se queda plana mientras las otras dos siguen bajando juntas. Un solo lote malo, de más de cien, y el modelo casi deja de aprender.

En los entrenamientos enormes hay picos que ni el recorte evita: en PaLM, [Chowdhery et al. (2022)](https://arxiv.org/abs/2204.02311) contaron unos veinte; volvían a un punto de control anterior y se saltaban los lotes de alrededor.
"""

# %% [markdown] lang="en"
r"""
There is hardly a jump: what there is, is a limp. The curve that wasn't clipped stays flat while the other two go on falling together. One bad batch out of more than a hundred, and the model all but stops learning.

In enormous runs there are spikes that not even clipping prevents: in PaLM, [Chowdhery et al. (2022)](https://arxiv.org/abs/2204.02311) counted about twenty; they went back to an earlier checkpoint and skipped the batches around it.
"""

# %% [markdown] lang="es"
r"""
## D.5 El bucle entero

Los tres remedios caben en dos líneas más por paso.
"""

# %% [markdown] lang="en"
r"""
## D.5 The whole loop

The three remedies fit in two more lines per step.
"""

# %%
plots.longer_loop()

# %% [markdown] lang="es"
r"""
La tasa vive en `optimizer.param_groups`, una lista de diccionarios: un grupo por cada conjunto de parámetros que se trata de modo distinto. Se cambia escribiendo en ella, antes del paso y en todos los grupos.
"""

# %% [markdown] lang="en"
r"""
The rate lives in `optimizer.param_groups`, a list of dictionaries: one group for each set of parameters that is treated differently. You change it by writing there, before the step and in all groups.
"""

# %%
sgd = SGD([{"params": [a]}, {"params": [b]}], lr=0.5)
for group in sgd.param_groups:
    group["lr"] = 0.25
print([group["lr"] for group in sgd.param_groups])

# %% [markdown] lang="es" exercise="train_with_schedule"
r"""
### Ejercicio: el bucle con calendario

Con este bucle se entrena de verdad. Escribe `train_with_schedule`.

```python
def train_with_schedule(
    model: nn.Module, train_loader: Batches, optimizer: Optimizer, num_epochs: int,
    warmup_steps: int, initial_lr: float, min_lr: float, max_norm: float = 1.0,
) -> tuple[list[float], list[float]]: ...
```

Como `train_model`, y además: antes de cada paso pone en todos los grupos la tasa que da `learning_rate`, con el paso contado desde 0 y el total, de todas las épocas; recorta con `clip_gradients`. El máximo es el `lr` que trae el optimizador. Devuelve pérdidas y tasas, una de cada por paso.
"""

# %% [markdown] lang="en" exercise="train_with_schedule"
r"""
### Exercise: the loop with a schedule

With this loop you train in earnest. Write `train_with_schedule`.

```python
def train_with_schedule(
    model: nn.Module, train_loader: Batches, optimizer: Optimizer, num_epochs: int,
    warmup_steps: int, initial_lr: float, min_lr: float, max_norm: float = 1.0,
) -> tuple[list[float], list[float]]: ...
```

Like `train_model`, and also: before each step it puts into all groups the rate that `learning_rate` gives, with the step counted from 0 and the total, of all epochs; it clips with `clip_gradients`. The peak is the `lr` that the optimizer brings along. It returns losses and rates, one of each per step.
"""

# %% solution="train_with_schedule"

# %%
with example():
    # es: se espera [0.0, 0.5, 1.0, 0.55] y [1.39, 1.39, 1.29, 1.12]
    # en: expected: [0.0, 0.5, 1.0, 0.55] and [1.39, 1.39, 1.29, 1.12]
    table = nn.Embedding.from_pretrained(torch.zeros(4, 4), freeze=False)
    page = (torch.tensor([[0, 1, 2, 3]]), torch.tensor([[0, 1, 2, 3]]))
    steps, lrs = train_with_schedule(table, [page] * 2, SGD(table.parameters(), lr=1.0), 2, 2, 0.0, 0.1)
    print([round(lr, 2) for lr in lrs], [round(loss, 2) for loss in steps])

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Guarda `optimizer.param_groups[0]["lr"]` antes de tocar nada: en el segundo paso ya no es el máximo.
</details>

<details><summary>Pista 2</summary>

El total es `num_epochs * len(train_loader)`. El recorte va después de `backward()` y antes de `step()`: antes no hay nada que recortar, y después ya es tarde.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Keep `optimizer.param_groups[0]["lr"]` before you touch anything: at the second step it is no longer the peak.
</details>

<details><summary>Hint 2</summary>

The total is `num_epochs * len(train_loader)`. Clipping goes after `backward()` and before `step()`: before, there is nothing to clip, and after, it is too late.
</details>
"""

# %% tests="train_with_schedule"

# %% [markdown] lang="es"
r"""
## D.6 ¿Ha servido de algo?

Lo honrado es medirlo, y con más de una semilla: dos entrenamientos idénticos salvo en la semilla no acaban igual, y una diferencia menor que esa no es una diferencia.

Cinco recetas con la misma tasa máxima, 0.02, y tres semillas cada una. Para las que no bajan, el mínimo es el máximo; para las que no recortan, el límite es infinito.
"""

# %% [markdown] lang="en"
r"""
## D.6 Was it any use?

The honest thing is to measure, and with more than one seed: two training runs that are identical but for the seed don't end alike, and a difference smaller than that is no difference.

Five recipes with the same peak rate, 0.02, and three seeds each. For those that don't come down, the minimum is the peak; for those that don't clip, the limit is infinity.
"""

# %%
PEAK, LOW, SEEDS = 0.02, 0.001, (1, 2, 3)
plain, everything = say("nada", "nothing"), say("las tres cosas", "all three")
recipes = {
    plain: (0.0, PEAK, math.inf),
    say("calentar", "warm-up"): (0.1, PEAK, math.inf),
    say("coseno", "cosine"): (0.0, LOW, math.inf),
    say("recortar", "clipping"): (0.0, PEAK, 1.0),
    everything: (0.1, LOW, 1.0),
}


def finish(recipe: str, epochs: int, seed: int) -> tuple[float, float]:
    """The loss on what it read and on the ending it did not, after training."""
    share, low, max_norm = recipes[recipe]
    model, loader = newborn(seed), story_loader(seed)
    adam = AdamW(model.parameters(), lr=PEAK)
    train_with_schedule(model, loader, adam, epochs, round(share * epochs * STEPS), 0.0, low, max_norm)
    return evaluate(model, loader), evaluate(model, val_loader)


# %% [markdown] lang="es"
r"""
Doce vueltas al cuento cada una, y son quince entrenamientos. A la izquierda, la pérdida en lo que han leído, que es lo que el optimizador intenta bajar. A la derecha, en el final que no han visto.
"""

# %% [markdown] lang="en"
r"""
Twelve passes through the story each, and there are fifteen training runs. On the left, the loss on what they have read, which is what the optimizer is trying to bring down. On the right, on the ending they haven't seen.
"""

# %% tags=["nbval-ignore-output"]
bar = widgets.Bar(len(recipes) * len(SEEDS))
runs = {recipe: [bar.done(finish(recipe, 12, seed)) for seed in SEEDS] for recipe in recipes}
measures = (say("pérdida en lo leído", "loss on what was read"), say("pérdida en el final", "loss on the ending"))
plots.seeds(runs, measures)

# %% [markdown] lang="es"
r"""
Leamos los puntos como juez, no como padre. Cada receta se compara con la primera semilla a semilla, y solo se declara una diferencia si las tres van del mismo lado y su media supera el ruido: lo que separa a las semillas de una misma receta, entre paréntesis. El signo − es pérdida que baja.
"""

# %% [markdown] lang="en"
r"""
Let's read the dots as a judge, not as a parent. Each recipe is compared with the first seed by seed, and a difference is declared only if all three are on the same side and their mean exceeds the noise: what separates the seeds of one and the same recipe, in brackets. A minus sign is loss that goes down.
"""


# %%
def verdicts(runs: dict[str, list[tuple[float, float]]], measure: int) -> None:
    by_recipe = {recipe: [run[measure] for run in results] for recipe, results in runs.items()}
    base = by_recipe[plain]
    print(f"{plain:15} {sum(base) / len(base):5.2f}")
    for recipe in list(runs)[1:]:
        gains = [before - after for before, after in zip(base, by_recipe[recipe])]
        mean = sum(gains) / len(gains)
        noise = max(max(losses) - min(losses) for losses in (base, by_recipe[recipe]))
        clear = abs(mean) > noise and (min(gains) > 0 or max(gains) < 0)
        word = say("mejor", "better") if mean > 0 else say("peor", "worse")
        word = word if clear else say("dentro del ruido", "within the noise")
        print(f"{recipe:15} {-mean:+.2f} ({noise:.2f}) {word}")


# %% tags=["nbval-ignore-output"]
for measure, title in enumerate(measures):
    print(title)
    verdicts(runs, measure)

# %% [markdown] lang="es"
r"""
Cuenta cuántas veces pone *dentro del ruido*. Con una sola semilla, alguna de esas diferencias habría parecido un hallazgo; y tres son pocas, así que con otras puede cambiar alguna etiqueta.

Que el calentamiento y el recorte se noten aquí poco o nada no quiere decir que sobren. Son seguros, y un seguro no se nota el año en que no hay crecida: este modelo es pequeño, lleva una norma delante de cada rama y nadie le ha dado un lote malo. (Si al recortar pone 0.00, es que casi ningún gradiente pasó de 1.)
"""

# %% [markdown] lang="en"
r"""
Count how often it says *within the noise*. With a single seed, some of those differences would have looked like a finding; and three are few, so with others some label may change.

That warm-up and clipping show little here, or not at all, doesn't mean that they are useless. They are insurance, and insurance goes unnoticed in a year without a flood: this model is small, has a norm ahead of every branch, and nobody has given it a bad batch. (If it says 0.00 for clipping, hardly any gradient exceeded 1.)
"""

# %% [markdown] lang="es"
r"""
La segunda medida, con cautela: a estas alturas los modelos ya recitan, como en 5.6. Quien pierde menos en el final del cuento no lo entiende mejor; se equivoca con menos aplomo.

¿Y en lo leído? Antes de juzgar al calendario, cambia lo único que no hemos tocado: la duración. Sin nada y con las tres cosas, con la tercera parte de las vueltas y con el doble.
"""

# %% [markdown] lang="en"
r"""
The second measure, with caution: by now the models are reciting, as in 5.6. Whoever loses less on the story's ending doesn't understand it better; they are wrong with less poise.

And on what was read? Before you judge the schedule, change the only thing that we haven't touched: the length. With nothing and with all three, for a third of the passes and for twice as many.
"""

# %% tags=["nbval-ignore-output"]
pair = (plain, everything)
bar = widgets.Bar(2 * len(pair) * len(SEEDS))
lengths = {epochs: {r: [bar.done(finish(r, epochs, seed)) for seed in SEEDS] for r in pair} for epochs in (4, 24)}
lengths = dict(sorted({**lengths, 12: {r: runs[r] for r in pair}}.items()))
for epochs, results in lengths.items():
    print(epochs)
    verdicts(results, 0)

# %% tags=["nbval-ignore-output"]
plots.by_length({epochs: list(zip(*results.values())) for epochs, results in lengths.items()}, measures)

# %% [markdown] lang="es"
r"""
En un viaje corto el calendario estorba: es el área de D.3. Con tan pocos pasos no hay bandazos que amansar, lo que falta es avanzar, y el coseno renuncia a la mitad. Cuanto más largo el viaje, menos pesa lo que se deja de avanzar y más lo que se gana llegando despacio.

Enseñando solo una de las tres duraciones habríamos podido concluir lo que quisiéramos. Las barcas cuentan lo mismo, con una tasa baja.
"""

# %% [markdown] lang="en"
r"""
On a short trip the schedule gets in the way: it is the area of D.3. With so few steps there are no lurches to tame; what is lacking is ground covered, and the cosine gives up half of it. The longer the trip, the less the ground not covered weighs, and the more is gained by arriving slowly.

By showing only one of the three lengths we could have concluded whatever we liked. The boats tell the same, at a low rate.
"""

# %%
for pushes in (20, 200):
    falling = [learning_rate(step, pushes, 0, 0.0, 0.1, 0.005) for step in range(pushes)]
    print(pushes, f"{widgets.land([0.1] * pushes)[-1]:.1f} {widgets.land(falling)[-1]:.1f}")

# %% [markdown] lang="es"
r"""
Con veinte empujones llega más cerca la tasa constante; con doscientos, el coseno. De ahí una regla: el coseno debe durar lo que dure el entrenamiento, ni más ni menos. [Hoffmann et al. (2022)](https://arxiv.org/abs/2203.15556) vieron que un coseno más de un 25 % demasiado largo ya empeora el modelo.
"""

# %% [markdown] lang="en"
r"""
With twenty pushes the constant rate gets closer; with two hundred, the cosine. Hence a rule: the cosine should last as long as the training, no more and no less. [Hoffmann et al. (2022)](https://arxiv.org/abs/2203.15556) saw that a cosine more than 25% too long already makes the model worse.
"""

# %% [markdown] lang="es"
r"""
## D.7 En el preentrenamiento del curso y en los grandes

`python -m desdecero.pretrain` da estos mismos pasos, con puntos de control por medio. Sus números están en `Settings`, y la tasa de cada paso se la pide a `learning_rate`, la función que has escrito.
"""

# %% [markdown] lang="en"
r"""
## D.7 In the course's pretraining and in the big ones

`python -m desdecero.pretrain` takes these same steps, with checkpoints in between. Its numbers are in `Settings`, and for the rate of every step it asks `learning_rate`, the function you have written.
"""

# %%
s = Settings()
mini_rates = [learning_rate(t, s.steps, s.warmup_steps, 0.0, s.peak_lr, s.min_lr) for t in range(s.steps)]
print(s.steps, s.warmup_steps, s.peak_lr, s.min_lr, s.max_norm, s.weight_decay)
plots.rates({"mini": mini_rates}, say("El calendario de serie de `pretrain`.", "The default schedule of `pretrain`."))

# %% [markdown] lang="es"
r"""
Para recortar llama a `nn.utils.clip_grad_norm_`, la de PyTorch, que hace lo que la tuya y también sabe de GPU. No hay que creérselo.
"""

# %% [markdown] lang="en"
r"""
For clipping it calls `nn.utils.clip_grad_norm_`, PyTorch's, which does what yours does and knows about GPUs as well. You needn't take that on trust.
"""

# %%
both = []
for clip in (clip_gradients, nn.utils.clip_grad_norm_):
    model = newborn(5)
    batch_loss(model, *next(iter(story_loader(5)))).backward()
    norm = clip(model.parameters(), 0.1)
    both.append(torch.cat([norm[None], *(p.grad.flatten() for p in model.parameters())]))
print(torch.allclose(*both))

# %% [markdown] lang="es"
r"""
Queda el último número, `weight_decay`. AdamW encoge cada peso un poco en cada paso, lo multiplica por $1 - \eta\lambda$. Si no le dices nada, todos; la costumbre, y lo que hace `pretrain`, es encoger solo las **matrices**.

Una matriz más pequeña es una función más suave. Pero la escala de una norma nace en 1 y debe quedarse cerca, y los sesgos son pocos y no estorban: encogerlos no suaviza nada.
"""

# %% [markdown] lang="en"
r"""
The last number is left, `weight_decay`. AdamW shrinks each weight a little at each step, multiplying it by $1 - \eta\lambda$. Unless told otherwise, all of them; the custom, and what `pretrain` does, is to shrink **matrices** only.

A smaller matrix is a smoother function. But the scale of a norm is born at 1 and should stay near it, and biases are few and do no harm: shrinking them smooths nothing.
"""

# %%
groups = make_optimizer(GPTModel(CONFIGS["mini"]), s).param_groups
for group in groups:
    print(group["weight_decay"], len(group["params"]), f"{sum(p.numel() for p in group['params']):,}")
print(f"{math.prod(1 - rate * s.weight_decay for rate in mini_rates):.2f}")

# %% [markdown] lang="es"
r"""
Dos grupos: casi tantas matrices como vectores, pero las matrices llevan casi todos los números.

La última línea es lo que quedaría de un peso al que ningún gradiente tocara en todo el entrenamiento. Es un encogimiento suave: lo que sirve se defiende, y lo que no, se va borrando.
"""

# %% [markdown] lang="en"
r"""
Two groups: almost as many matrices as vectors, but the matrices hold nearly all the numbers.

The last line is what would be left of a weight that no gradient touched during the whole training. It is a gentle shrinking: what is useful defends itself, and what isn't fades away.
"""

# %% [markdown] lang="es"
r"""
### Los grandes

| modelo | tasa máxima | calentamiento | final | recorte | `weight_decay` |
|---|---|---|---|---|---|
| GPT-3 175B ([Brown et al., 2020](https://arxiv.org/abs/2005.14165), tabla 2.1 y apéndice B) | 0.00006 | 375 millones de tokens | 10 % | 1.0 | 0.1 |
| Llama 7B ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)) | 0.0003 | 2000 pasos | 10 % | 1.0 | 0.1 |

Los dos usan Adam o AdamW con $\beta_1 = 0.9$ y $\beta_2 = 0.95$, y un coseno.
"""

# %% [markdown] lang="en"
r"""
### The big ones

| model | peak rate | warm-up | end | clipping | `weight_decay` |
|---|---|---|---|---|---|
| GPT-3 175B ([Brown et al., 2020](https://arxiv.org/abs/2005.14165), table 2.1 and appendix B) | 0.00006 | 375 million tokens | 10% | 1.0 | 0.1 |
| Llama 7B ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)) | 0.0003 | 2000 steps | 10% | 1.0 | 0.1 |

Both use Adam or AdamW with $\beta_1 = 0.9$ and $\beta_2 = 0.95$, and a cosine.
"""

# %% [markdown] lang="es"
r"""
Con ese $\beta_2$, dos gradientes separados por cien pasos apenas se conocen: $0.95^{100}$ es menos de una centésima. El accidente de D.4, que con 0.999 hace cojear durante miles de pasos, se olvida en un par de cientos. Compruébalo.
"""

# %% [markdown] lang="en"
r"""
With that $\beta_2$, gradients a hundred steps apart hardly know each other: $0.95^{100}$ is less than one hundredth. The accident of D.4, which at 0.999 leaves a limp for thousands of steps, is forgotten in a couple of hundred. Check it.
"""

# %%
for step in (50, 80, 150, 399):
    print(f"{step:4} {adam_strides(jolt)[step]:6.2f} {adam_strides(jolt, beta2=0.95)[step]:6.2f}")

# %% [markdown] lang="es"
r"""
El mayor de los modelos de GPT-3 tiene una tasa diez veces menor que el más pequeño, que según la tabla 2.1 de su artículo usó 0.0006. Cuanto más grande la barca, más corto el empujón.

Por eso los números de otro no se copian sin más: se parte de ellos, se prueban tres o cuatro tasas en un entrenamiento corto, y se mira la curva.
"""

# %% [markdown] lang="en"
r"""
The largest of the GPT-3 models has a tenth of the rate of the smallest, which by table 2.1 of their paper used 0.0006. The bigger the boat, the shorter the push.

That is why somebody else's numbers are not simply copied: you start from them, try three or four rates in a short run, and look at the curve.
"""

# %% [markdown] lang="es"
r"""
## D.8 Lo que ya puedes hacer

Sabes por qué los primeros pasos de Adam son los más ciegos y cómo acortarlos, por qué una tasa constante no termina de llegar, qué hace un lote malo y cómo se le pone límite. Y sabes decir si una mejora es una mejora.
"""

# %% [markdown] lang="en"
r"""
## D.8 What you can now do

You know why Adam's first steps are the blindest and how to shorten them, why a constant rate never quite arrives, what one bad batch does and how to limit it. And you can tell whether an improvement is one.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran tres: `learning_rate`, `clip_gradients` y `train_with_schedule`. Los que hayas dejado te esperan.

Para jugar: repite D.6 con `PEAK = 0.005` y apuesta antes una gallina; o añade una receta que baje en línea recta. Anselmo tardó seis semanas en tener el camino, y resultó ser el del río del año pasado.
"""

# %% [markdown] lang="en"
r"""
There were three exercises: `learning_rate`, `clip_gradients` and `train_with_schedule`. Those you left are waiting for you.

To play: repeat D.6 with `PEAK = 0.005`, and bet a hen beforehand; or add a recipe that comes down in a straight line. It took Anselmo six weeks to get the way, and it turned out to be last year's river.
"""
