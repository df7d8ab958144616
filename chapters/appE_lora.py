# %% [markdown] lang="es"
r"""
# E · LoRA

El río se había movido, y la retahíla valía casi entera: en el primer chopo, donde se contaban cuatro, ahora se contaban tres. Para eso no hace falta otro cuaderno; basta una nota al margen.

En este apéndice le pones notas al margen a un modelo que no se toca.
"""

# %% [markdown] lang="en"
r"""
# E · LoRA

The river had moved, and nearly all of the rigmarole still held: at the first poplar, where they used to count four, they now counted three. That takes no new notebook, only a note in the margin.

In this appendix you write notes in the margin of a model that is left alone.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Cuatro piezas, `LoRALayer`, `LinearWithLoRA`, `replace_linear_with_lora` y `merge_lora`, y con ellas el clasificador del capítulo 6 entrenando una parte muy pequeña de sus pesos.

**Qué necesitas.** El capítulo 6.

**Cuánto se tarda.** Cuarenta minutos de lectura, otros ochenta con los ejercicios y entre uno y dos minutos de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** Four pieces, `LoRALayer`, `LinearWithLoRA`, `replace_linear_with_lora` and `merge_lora`, and with them the classifier of chapter 6, training a very small part of its weights.

**What you need.** Chapter 6.

**How long it takes.** Forty minutes of reading, eighty more for the exercises, and one to two minutes of running.
"""

# %%
import copy
import math
import time

import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

# %%
from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.classify import (
    by_luck,
    LastToken,
    TextClassificationDataset,
    add_classification_head,
    balance_classes,
    classification_accuracy,
    split_dataset,
)
from desdecero.data import load_sms

# %%
from desdecero.edition import say
from desdecero.fast import fuse
from desdecero.gpt import GPT2_SIZES, GPTModel
from desdecero.plots import lora as plots, lora_update as updates
from desdecero.text import load_tokenizer
from desdecero.training import train_model
from desdecero.weights import load_pretrained
from desdecero.widgets import lora as play
from desdecero.widgets.classify import spam_chances
from desdecero.widgets.schedule import Bar

use_edition(EDITION)
torch.set_printoptions(precision=2, sci_mode=False)

# %% [markdown] lang="es"
r"""
## E.1 Lo que ocupa entrenarlo todo

Para usar un modelo hay que guardar sus pesos. Para entrenarlo, además, un gradiente por peso y lo que lleva apuntado el optimizador: AdamW guarda dos números por peso, la media de sus gradientes y la de sus cuadrados.

A cuatro bytes por número, la cuenta es corta.
"""

# %% [markdown] lang="en"
r"""
## E.1 What it takes to train everything

To use a model you have to hold its weights. To train it you also need one gradient per weight, and what the optimizer has written down: AdamW keeps two numbers per weight, the mean of its gradients and that of their squares.

At four bytes a number, the sum is short.
"""


# %%
def training_bytes(weights: int, trained: int) -> tuple[int, int, int]:
    # es: pesos, gradientes y los dos apuntes de AdamW
    # en: weights, gradients and AdamW's two notes
    return 4 * weights, 4 * trained, 8 * trained


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


mini = load_pretrained("mini")
print(f"{size(mini):,}", [f"{part / 1e6:.0f} MB" for part in training_bytes(size(mini), size(mini))])

# %% [markdown] lang="es"
r"""
El de la caja se entrena en cualquier sitio. Los GPT-2 ya no tanto.
Para contarlos no hay que descargarlos: en el dispositivo `meta` los tensores tienen forma y no tienen números.
"""

# %% [markdown] lang="en"
r"""
The one in the box trains anywhere. The GPT-2s are another matter.
There is no need to download them to count them: on the `meta` device tensors have a shape and hold no numbers.
"""

# %%
gigabytes = {}
for name, cfg in GPT2_SIZES.items():
    with torch.device("meta"):
        weights = size(GPTModel(cfg))
    gigabytes[name] = [part / 1e9 for part in training_bytes(weights, weights)]
plots.memory(gigabytes, "GB")

# %% [markdown] lang="es"
r"""
Tres cuartas partes de cada barra no son el modelo, sino el precio de cambiarlo; y falta lo que se guarda en la pasada hacia delante, que depende del lote.

Hay otro precio. Si afinas el modelo para diez tareas, guardas diez modelos enteros, aunque se parezcan como diez copias de la misma página.
"""

# %% [markdown] lang="en"
r"""
Three quarters of each bar are not the model but the price of changing it; and still missing is what the forward pass keeps, which depends on the batch.

There is another price. Fine-tune the model for ten tasks and you store ten whole models, even if they are as alike as ten copies of one page.
"""

# %% [markdown] lang="es"
r"""
## E.2 Una matriz hecha de dos delgadas

Afinar una capa es sumarle un cambio a su matriz: de $W$ a $W + \Delta W$. El cambio tiene tantos números como $W$, pero quizá no hagan falta todos.

Mira este, de 4 × 6, hecho con dos matrices delgadas:
"""

# %% [markdown] lang="en"
r"""
## E.2 A matrix made of two thin ones

To fine-tune a layer is to add a change to its matrix: from $W$ to $W + \Delta W$. The change has as many numbers as $W$, but perhaps not all of them are needed.

Look at this one, 4 × 6, made of two thin matrices:
"""

# %%
A = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0], [1.0, 1.0]])  # (4, 2)
B = torch.tensor([[1.0, 2.0, 0.0, -1.0, 3.0, 1.0], [0.0, 1.0, 2.0, 1.0, -1.0, 0.0]])  # (2, 6)
change = A @ B  # (4, 2) @ (2, 6) -> (4, 6)
plots.product_by_hand(A.numpy(), B.numpy())

# %% [markdown] lang="es"
r"""
La tercera fila de `A` es (2, −1): la tercera fila del producto será dos veces la primera de `B` menos una vez la segunda. A mano:
"""

# %% [markdown] lang="en"
r"""
The third row of `A` is (2, −1): the third row of the product will be twice the first of `B` minus once the second. By hand:
"""

# %%
third = [2 * b0 - 1 * b1 for b0, b1 in zip(B[0].tolist(), B[1].tolist())]
print(third, third == change[2].tolist())
print(torch.linalg.matrix_rank(change).item(), change.numel(), A.numel() + B.numel())

# %% [markdown] lang="es"
r"""
El **rango** (*rank*) es cuántas filas hacen falta para hacer todas las demás mezclándolas: aquí, dos.

Con 4 × 6 el ahorro es una miseria, de 24 números a 20. Pero una matriz de $n \times m$ tiene $n \cdot m$, y las delgadas, con rango $r$, solo $r(n + m)$. Mueve el rango con las medidas de una capa de verdad.
"""

# %% [markdown] lang="en"
r"""
The **rank** is how many rows it takes to make all the others by mixing them: here, two.

At 4 × 6 the saving is a pittance, from 24 numbers to 20. But a matrix of $n \times m$ has $n \cdot m$, and the thin ones, at rank $r$, only $r(n + m)$. Move the rank, with the sizes of a real layer.
"""

# %%
play.play_product(in_dim=256, out_dim=1024)

# %% [markdown] lang="es"
r"""
¿Y si una matriz no es *exactamente* de rango bajo? Se le busca la copia más parecida que lo sea.

La **descomposición en valores singulares** (SVD) escribe cualquier matriz como una suma de piezas de rango 1, de la que más pesa a la que menos. A nuestro cambio le añadimos un poco de ruido para que deje de ser perfecto.
"""

# %% [markdown] lang="en"
r"""
And if a matrix is not *exactly* of low rank? Then we look for the copy most like it that is.

The **singular value decomposition** (SVD) writes any matrix as a sum of pieces of rank 1, from the one that weighs most to the one that weighs least. To our change we add a little noise, so that it is no longer perfect.
"""

# %%
torch.manual_seed(5)
noisy = change + 0.05 * torch.randn(4, 6)
U, sizes, Vh = torch.linalg.svd(noisy, full_matrices=False)  # (4, 4), (4,), (4, 6)
print([f"{s:.1f}" for s in sizes.tolist()], torch.linalg.matrix_rank(noisy).item())
pieces = [sizes[i] * torch.outer(U[:, i], Vh[i]) for i in range(4)]  # (4, 6) each
print(torch.allclose(sum(pieces), noisy, atol=1e-5))

# %% [markdown] lang="es"
r"""
Los **valores singulares** delatan lo que el rango ya no ve: con ruido el rango es 4, pero dos números son grandes y dos son migajas.

Si nos quedamos con las dos primeras piezas, lo que se pierde es justo lo que pesaban las otras, y ninguna copia de rango 2 pierde menos ([Eckart y Young, 1936](https://doi.org/10.1007/BF02288367)).
"""

# %% [markdown] lang="en"
r"""
The **singular values** give away what the rank no longer sees: with noise the rank is 4, but two numbers are large and two are crumbs.

If we keep the first two pieces, what is lost is just what the others weighed, and no copy of rank 2 loses less ([Eckart and Young, 1936](https://doi.org/10.1007/BF02288367)).
"""

# %%
close_copy = pieces[0] + pieces[1]
lost = (noisy - close_copy).square().sum()
print(torch.allclose(lost, sizes[2:].square().sum(), atol=1e-5))
print(f"{1 - lost / noisy.square().sum():.2%}")

# %% [markdown] lang="es"
r"""
La suma de los cuadrados, la *energía*, se reparte entre las piezas, y las dos primeras la tienen casi toda. Ese porcentaje es el que miraremos en una matriz de verdad.
"""

# %% [markdown] lang="en"
r"""
The sum of the squares, the *energy*, is shared out among the pieces, and the first two hold nearly all of it. That percentage is what we will look at in a real matrix.
"""

# %% [markdown] lang="es"
r"""
## E.3 ¿De qué rango es un cambio de verdad?

Para tener uno, afinamos el modelo entero como en el capítulo 6: los mismos mensajes, el mismo reparto, las mismas filas de 48 tokens, dos épocas y la misma tasa.
"""

# %% [markdown] lang="en"
r"""
## E.3 What is the rank of a real change?

To get one, we fine-tune the whole model as in chapter 6: the same messages, the same deal, the same rows of 48 tokens, two epochs and the same rate.
"""


# %%
tokenizer = load_tokenizer("mini")
messages = load_sms(EDITION)
messages["spam"] = (messages.label == "spam").astype(int)
train, validation, test = split_dataset(messages)
MAX_LENGTH = 48


def make_loader(part: pd.DataFrame, seed: int | None = None) -> DataLoader:
    rows = TextClassificationDataset(part.text, part.spam, tokenizer, MAX_LENGTH)
    order = torch.Generator().manual_seed(seed or 0)
    return DataLoader(rows, batch_size=16, shuffle=seed is not None, generator=order)


print([len(part) for part in (train, validation, test)])


# %%
def trainable(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def fine_tune(model: nn.Module, loader: DataLoader, epochs: int, lr: float) -> float:
    optimizer = torch.optim.AdamW(trainable(model), lr=lr)
    steps, began = epochs * len(loader), time.perf_counter()
    schedule, bar = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps + 1, pct_start=0.1), Bar(steps)

    def after_step(step: int, loss: float) -> None:
        schedule.step()
        bar.done(loss)

    train_model(LastToken(model), loader, optimizer, epochs, after_step)
    optimizer.zero_grad()
    model.eval()
    return time.perf_counter() - began


# %% tags=["nbval-ignore-output"]
EPOCHS, LEARNING_RATE = 2, 5e-4


def whole_classifier(seed: int = 6) -> nn.Module:
    torch.manual_seed(seed)
    return fuse(add_classification_head(load_pretrained("mini"), 2).requires_grad_(True))


classifier = whole_classifier()
full_seconds = fine_tune(classifier, make_loader(train, seed=6), EPOCHS, LEARNING_RATE)
print(f"{full_seconds:.0f} s", f"{sum(p.numel() for p in trainable(classifier)):,}")

# %% [markdown] lang="es"
r"""
Tenemos los pesos de antes, en `mini`, y los de después. Restamos los de una capa, la primera del feed-forward del último bloque, y miramos sus valores singulares junto a los de los propios pesos y a los de una matriz al azar de las mismas medidas.
"""

# %% [markdown] lang="en"
r"""
We have the weights from before, in `mini`, and those from after. We subtract those of one layer, the first of the feed-forward network in the last block, and look at its singular values beside those of the weights themselves and of a random matrix of the same size.
"""

# %% tags=["nbval-ignore-output"]
before = mini.trf_blocks[-1].ff.layers[0].weight.detach()
update = classifier.trf_blocks[-1].ff.layers[0].weight.detach() - before  # (1024, 256)
spectra = {
    say("cambio", "change"): torch.linalg.svdvals(update).tolist(),
    say("pesos", "weights"): torch.linalg.svdvals(before).tolist(),
    say("al azar", "random"): torch.linalg.svdvals(torch.randn_like(update)).tolist(),
}
plots.spectrum(spectra, marks=(1, 8, 64))

# %% [markdown] lang="es"
r"""
A la izquierda, cuánto mengua cada curva; a la derecha, cuánta energía llevan reunida las primeras direcciones. La matriz al azar es la referencia: así se ve una en la que todo pesa parecido.

¿Cuánto cabe en las ocho primeras, de 256?
"""

# %% [markdown] lang="en"
r"""
On the left, how fast each curve shrinks; on the right, how much energy the first directions have gathered. The random matrix is the reference: that is how one looks in which everything weighs about the same.

How much fits into the first eight, of 256?
"""

# %% tags=["nbval-ignore-output"]
shares = {}
for name, values in spectra.items():
    energy = torch.tensor(values).square()
    shares[name] = float(energy[:8].sum() / energy.sum())
    print(f"{name:10} {shares[name]:.0%}")
ours, _, chance = shares.values()
print(say(f"{ours / chance:.0f} veces lo del azar", f"{ours / chance:.0f} times what chance gives"))

# %% [markdown] lang="es"
r"""
Lo que falta para el cien por cien es una cola larga de direcciones pequeñas. Mueve el rango y mira qué se pierde: ¿es algo con forma, o parece grano?
"""

# %% [markdown] lang="en"
r"""
What is missing from a hundred per cent is a long tail of small directions. Move the rank and look at what is lost: has it a shape, or does it look like grain?
"""

# %% tags=["nbval-ignore-output"]
play.play_copies(update)

# %% [markdown] lang="es"
r"""
Pero la energía no es el fin, sino acertar. Cortemos el cambio de *todas* las capas lineales de los bloques y preguntemos al modelo cortado.

Medimos en la validación, y sin umbral, como en 6.11: de todas las parejas de un `spam` y un `ham`, en cuántas sospecha más del `spam`. A cara o cruz, en la mitad.
"""

# %% [markdown] lang="en"
r"""
But energy is not the point; being right is. Let's cut the change of *all* linear layers in the blocks short, and question the model that is left.

We measure on the validation pile, and without a threshold, as in 6.11: of all pairs of a `spam` and a `ham`, in how many is the `spam` more suspect. For a tossed coin, in half.
"""


# %%
def ordered(model: nn.Module, part: pd.DataFrame) -> float:
    junk = torch.tensor(part.spam.tolist()) == 1
    chances = spam_chances(model, tokenizer, part.text.tolist(), MAX_LENGTH)
    return (chances[junk][:, None] > chances[~junk]).float().mean().item()  # (spam, ham)


def linears(model: nn.Module) -> list[nn.Linear]:
    return [module for module in model.trf_blocks.modules() if isinstance(module, nn.Linear)]


# %% tags=["nbval-ignore-output"]
cut, old = copy.deepcopy(classifier), [layer.weight.detach() for layer in linears(mini)]
changes = [torch.linalg.svd(new.weight.detach() - w, full_matrices=False) for new, w in zip(linears(classifier), old)]
for rank in (0, 1, 8, 64):
    with torch.no_grad():
        for layer, w, (U, sizes, Vh) in zip(linears(cut), old, changes):
            layer.weight.copy_(w + (U[:, :rank] * sizes[:rank]) @ Vh[:rank])
    print(f"{rank:4d}  {ordered(cut, validation):.0%}")
print(say("todo", " all"), f" {ordered(classifier, validation):.0%}")
# es: son copias grandes que ya no hacen falta
# en: they are large copies, of no more use
del cut, changes, old

# %% [markdown] lang="es"
r"""
La primera línea, con rango 0, deja esas capas como estaban antes de afinar. Compara la de rango 8 con la última: ahí está lo que se pierde al tirar casi todas las direcciones.

[Aghajanyan et al. (2021)](https://arxiv.org/abs/2012.13255) hallaron algo más fuerte: con doscientos números, repartidos al azar por todos los pesos, un modelo preentrenado llegó en una tarea al 90 % de lo que daba entrenarlo entero; y cuanto mayor es el modelo, menos suelen hacer falta.
"""

# %% [markdown] lang="en"
r"""
The first line, at rank 0, leaves those layers as they were before fine-tuning. Compare the one for rank 8 with the last: there is what you lose by throwing nearly all directions away.

[Aghajanyan et al. (2021)](https://arxiv.org/abs/2012.13255) found something stronger: with two hundred numbers, spread at random over all the weights, a pretrained model reached, on one task, 90% of what training all of it gave; and the larger the model, the fewer tend to be needed.
"""

# %% [markdown] lang="es"
r"""
## E.4 La corrección

Hasta aquí entrenábamos un cambio grande y lo recortábamos después. **LoRA** (*low-rank adaptation*) le da la vuelta: deja $W$ congelada y entrena directamente las dos delgadas ([Hu et al., 2022](https://arxiv.org/abs/2106.09685)).

$$y = x W^T + \alpha \, x A B$$

Lo que se le suma a la salida es la corrección; $\alpha$ dice con cuánta fuerza.
"""

# %% [markdown] lang="en"
r"""
## E.4 The correction

So far we trained a large change and cut it afterwards. **LoRA** (*low-rank adaptation*) turns that round: it leaves $W$ frozen and trains the two thin ones directly ([Hu et al., 2022](https://arxiv.org/abs/2106.09685)).

$$y = x W^T + \alpha \, x A B$$

What is added to the output is the correction; $\alpha$ says how strongly.
"""

# %%
plots.adapted_layer(rank=8)

# %% [markdown] lang="es"
r"""
¿Con qué valores empiezan? Recién puesta, la corrección no debe cambiar nada, porque aún no sabe nada: el producto tiene que ser cero.

Puede serlo con las dos a cero o con una sola. Probemos qué gradiente recibe cada una.
"""

# %% [markdown] lang="en"
r"""
With what values do they start? Freshly put in place, the correction must change nothing, since it knows nothing yet: the product has to be zero.

It can be, with both at zero or with just one. Let's see what gradient each receives.
"""

# %%
torch.manual_seed(5)
x = torch.randn(7, 4)
for start in (torch.zeros(4, 2), torch.rand(4, 2)):
    A, B = start.clone().requires_grad_(True), torch.zeros(2, 6, requires_grad=True)
    (x @ A @ B).sum().backward()
    print(bool(A.grad.any()), bool(B.grad.any()))

# %% [markdown] lang="es"
r"""
Con las dos a cero, ninguna recibe gradiente y no aprenderían nunca. Con `A` al azar y `B` a cero, `B` se mueve en el primer paso, y desde el segundo también `A`.
"""

# %% [markdown] lang="en"
r"""
With both at zero neither gets a gradient, and they would never learn. With `A` at random and `B` at zero, `B` moves at the first step, and from the second one so does `A`.
"""

# %% [markdown] lang="es" exercise="lora_layer"
r"""
### Ejercicio: la corrección de rango bajo

Es la nota al margen, y todo lo demás del apéndice es dónde ponerla. Escribe `LoRALayer`.

```python
class LoRALayer(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

Tiene dos `nn.Parameter`: `A`, de forma `(in_dim, rank)`, al azar alrededor del cero, por ejemplo uniforme entre $-1/\sqrt{r}$ y $1/\sqrt{r}$; y `B`, de forma `(rank, out_dim)`, a cero. Guarda también `alpha`.
Devuelve `alpha * (x @ A @ B)`.
"""

# %% [markdown] lang="en" exercise="lora_layer"
r"""
### Exercise: the low-rank correction

It is the note in the margin, and everything else in this appendix is where to put it. Write `LoRALayer`.

```python
class LoRALayer(nn.Module):
    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

It has two `nn.Parameter`: `A`, of shape `(in_dim, rank)`, at random around zero, for example uniform between $-1/\sqrt{r}$ and $1/\sqrt{r}$; and `B`, of shape `(rank, out_dim)`, at zero. It also keeps `alpha`.
It returns `alpha * (x @ A @ B)`.
"""

# %% solution="lora_layer"

# %%
with example():
    # es: se espera [4, 2], [2, 6], 20 números y una salida [7, 6] de ceros
    # en: expected: [4, 2], [2, 6], 20 numbers and an output [7, 6] of zeros
    layer = LoRALayer(4, 6, rank=2, alpha=2.0)
    print(list(layer.A.shape), list(layer.B.shape), size(layer), list(layer(x).shape), bool(layer(x).any()))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`nn.init.kaiming_uniform_(A, a=math.sqrt(5))` da justo ese intervalo a una matriz con `rank` columnas. También puedes estirar y mover `torch.rand`.
</details>

<details><summary>Pista 2</summary>

Multiplica primero `x @ A` y después por `B`: si formas `A @ B`, pagas la matriz grande que querías evitar.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`nn.init.kaiming_uniform_(A, a=math.sqrt(5))` gives just that interval to a matrix with `rank` columns. You may also stretch and shift `torch.rand`.
</details>

<details><summary>Hint 2</summary>

Multiply `x @ A` first and then by `B`: if you form `A @ B`, you pay for the large matrix that you wanted to avoid.
</details>
"""

# %% tests="lora_layer"

# %% [markdown] lang="es"
r"""
## E.5 Al lado de la capa

La corrección no sustituye a la capa: se le pone al lado. Un módulo nuevo guarda las dos, congela la vieja y suma sus salidas.
"""

# %% [markdown] lang="en"
r"""
## E.5 Beside the layer

The correction does not replace the layer: it stands beside it. A new module keeps both, freezes the old one and adds their outputs.
"""

# %% [markdown] lang="es" exercise="linear_with_lora"
r"""
### Ejercicio: una capa con su corrección

De aquí sale el ahorro: lo congelado no necesita gradientes ni optimizador. Escribe `LinearWithLoRA`; usa tu `LoRALayer`.

```python
class LinearWithLoRA(nn.Module):
    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

Guarda en `linear` la misma capa que recibe, con todos sus parámetros congelados, y en `lora` una `LoRALayer` de sus medidas. Devuelve la suma de lo que da cada una con `x`.
"""

# %% [markdown] lang="en" exercise="linear_with_lora"
r"""
### Exercise: a layer with its correction

This is where the saving comes from: what is frozen needs neither gradients nor optimizer. Write `LinearWithLoRA`; use your `LoRALayer`.

```python
class LinearWithLoRA(nn.Module):
    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

It keeps in `linear` the very layer it is given, with all its parameters frozen, and in `lora` a `LoRALayer` of its sizes. It returns the sum of what each gives for `x`.
"""

# %% solution="linear_with_lora"

# %%
with example():
    # es: se espera True: recién puesta, no cambia nada; y que solo se entrenen A y B
    # en: expected: True: freshly put in place, it changes nothing; and that only A and B are trained
    linear = nn.Linear(4, 6)
    wrapped = LinearWithLoRA(linear, rank=2, alpha=2.0)
    print(torch.equal(wrapped(x), linear(x)), [n for n, p in wrapped.named_parameters() if p.requires_grad])

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`linear.requires_grad_(False)` congela todos los parámetros de una capa, tenga sesgo o no, y la devuelve.
</details>

<details><summary>Pista 2</summary>

Las medidas están en `linear.in_features` y `linear.out_features`. En `forward` no hace falta `torch.no_grad`: cortaría también el gradiente que va hacia las capas de abajo.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`linear.requires_grad_(False)` freezes all the parameters of a layer, with bias or without, and returns it.
</details>

<details><summary>Hint 2</summary>

The sizes are in `linear.in_features` and `linear.out_features`. No `torch.no_grad` is needed in `forward`: it would also cut the gradient on its way to the layers below.
</details>
"""

# %% tests="linear_with_lora"

# %% [markdown] lang="es"
r"""
## E.6 Cambiar las capas de un modelo hecho

El modelo ya existe, y sus capas lineales están repartidas por dentro. Un módulo de PyTorch es un árbol: `named_children` da los hijos directos con su nombre, y `setattr` pone otro en su lugar.
"""

# %% [markdown] lang="en"
r"""
## E.6 Changing the layers of a finished model

The model already exists, and its linear layers are scattered inside it. A PyTorch module is a tree: `named_children` gives the direct children with their names, and `setattr` puts another in their place.
"""

# %%
tree = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
for name, child in tree.named_children():
    print(name, type(child).__name__, [type(grandchild).__name__ for grandchild in child.children()])
setattr(tree, "0", nn.Tanh())
print(type(tree[0]).__name__)

# %% [markdown] lang="es"
r"""
La segunda `Linear` es nieta: para llegar a ella hay que bajar al hijo y hacer allí lo mismo. Una función que se llama a sí misma lo dice en pocas líneas.
"""

# %% [markdown] lang="en"
r"""
The second `Linear` is a grandchild: to reach it you have to go down to the child and do the same there. A function that calls itself says so in a few lines.
"""

# %% [markdown] lang="es" exercise="replace_linear_with_lora"
r"""
### Ejercicio: envolver todas las capas lineales

Así se adapta un modelo que escribió otro, sin tocar su código. Escribe `replace_linear_with_lora`.

```python
def replace_linear_with_lora(model: nn.Module, rank: int, alpha: float) -> nn.Module: ...
```

Dentro de `model`, cada `nn.Linear`, por muy adentro que esté, se convierte en una `LinearWithLoRA`; las que ya estén envueltas se quedan como están. Ninguna capa está en dos sitios a la vez.
Cambia el modelo que recibe y lo devuelve. Congela solo lo que envuelve.
"""

# %% [markdown] lang="en" exercise="replace_linear_with_lora"
r"""
### Exercise: wrapping every linear layer

This is how you adapt a model that somebody else wrote, without touching their code. Write `replace_linear_with_lora`.

```python
def replace_linear_with_lora(model: nn.Module, rank: int, alpha: float) -> nn.Module: ...
```

Inside `model`, every `nn.Linear`, however deep it lies, becomes a `LinearWithLoRA`; those wrapped already stay as they are. No layer stands in two places at once.
It changes the model it is given and returns it. It freezes only what it wraps.
"""

# %% solution="replace_linear_with_lora"

# %%
with example():
    # es: se espera LinearWithLoRA dos veces, también la segunda vez que se llama
    # en: expected: LinearWithLoRA twice, and the same when it is called again
    tree = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
    for _ in range(2):
        replace_linear_with_lora(tree, rank=1, alpha=1.0)
        print(type(tree[0]).__name__, type(tree[1][1]).__name__)

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Recorre `list(model.named_children())`. Si el hijo es una `nn.Linear`, `setattr(model, name, ...)`; si no, baja a él con la misma función.
</details>

<details><summary>Pista 2</summary>

Una `LinearWithLoRA` tiene dentro una `nn.Linear`: si bajas a ella, la envolverás otra vez. Pregunta antes, con `isinstance` o con `hasattr(child, "lora")`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Go through `list(model.named_children())`. If the child is an `nn.Linear`, `setattr(model, name, ...)`; if not, go down to it with the same function.
</details>

<details><summary>Hint 2</summary>

A `LinearWithLoRA` has an `nn.Linear` inside: go down into it, and you will wrap it again. Ask first, with `isinstance` or with `hasattr(child, "lora")`.
</details>
"""

# %% tests="replace_linear_with_lora"

# %% [markdown] lang="es"
r"""
## E.7 El clasificador, con notas al margen

La cabeza nueva nace al azar y no hay nada en ella que conservar: se entrena entera. Por eso el orden importa: primero la cabeza, con todo lo demás congelado salvo `final_norm`, y después se envuelven solo los bloques.
"""

# %% [markdown] lang="en"
r"""
## E.7 The classifier, with notes in the margin

The new head is born at random and there is nothing in it to keep: it is trained whole. So order matters: first the head, with all the rest frozen but `final_norm`, and then only the blocks are wrapped.
"""


# %%
RANK, ALPHA = 8, 2.0


def lora_classifier(rank: int = RANK, seed: int = 6) -> nn.Module:
    torch.manual_seed(seed)
    model = fuse(add_classification_head(load_pretrained("mini"), 2, trainable_blocks=0))
    replace_linear_with_lora(model.trf_blocks, rank, ALPHA)
    return model


adapted = lora_classifier()
for path, p in adapted.named_parameters():
    if p.requires_grad and (path.startswith("trf_blocks.0.att.W_q") or "block" not in path):
        print(path, list(p.shape))

# %% [markdown] lang="es"
r"""
De cada capa envuelta se entrenan `A` y `B`; además, la norma final y la cabeza. ¿Cuánto es eso del total? La cuenta a mano: cuatro capas de 256 a 256 y dos entre 256 y 1024, por seis bloques.
"""

# %% [markdown] lang="en"
r"""
Of each wrapped layer `A` and `B` are trained; besides them, the final norm and the head. How much of the whole is that? The sum by hand: four layers from 256 to 256 and two between 256 and 1024, times six blocks.
"""

# %%
by_hand = 6 * (4 * RANK * (256 + 256) + 2 * RANK * (256 + 1024)) + 2 * 256 + (2 * 256 + 2)
trained = sum(p.numel() for p in trainable(adapted))
print(by_hand == trained, f"{trained:,} / {size(adapted):,} = {trained / size(adapted):.1%}")

# %% [markdown] lang="es"
r"""
Y la memoria, con la función de E.1. Los pesos siguen todos ahí, y algunos más; lo que casi desaparece son los gradientes y el optimizador.
"""

# %% [markdown] lang="en"
r"""
And the memory, with the function of E.1. The weights are all still there, and a few more; what nearly vanishes is gradients and optimizer.
"""

# %%
megabytes = {}
for name, model in ((say("todo", "everything"), classifier), (say("LoRA, rango 8", "LoRA, rank 8"), adapted)):
    parts = training_bytes(size(model), sum(p.numel() for p in trainable(model)))
    megabytes[name] = [part / 1e6 for part in parts]
plots.memory(megabytes, "MB")

# %% [markdown] lang="es"
r"""
A entrenar, con los mismos mensajes en el mismo orden y las mismas épocas. La tasa es otra: hay muchos menos pesos y empiezan desde cero, así que sus pasos pueden ser más largos.
"""

# %% [markdown] lang="en"
r"""
Let's train it, with the same messages in the same order and as many epochs. The rate is another: there are far fewer weights and they start from zero, so their steps can be longer.
"""

# %% tags=["nbval-ignore-output"]
LORA_RATE = 2e-3
lora_seconds = fine_tune(adapted, make_loader(train, seed=6), EPOCHS, LORA_RATE)
print(f"{lora_seconds:.0f} s")

# %% tags=["nbval-ignore-output"]
test_loader = make_loader(test)
accuracies = [classification_accuracy(model, test_loader) for model in (classifier, adapted)]
rows = {
    name: (sum(p.numel() for p in trainable(model)) / 1e6, sum(megabytes[name][1:]), seconds, accuracy)
    for name, model, seconds, accuracy in zip(
        megabytes, (classifier, adapted), (full_seconds, lora_seconds), accuracies
    )
}
titles = say(
    ("millones entrenados", "MB de entrenar", "segundos", "exactitud (prueba)"),
    ("millions trained", "MB of training", "seconds", "accuracy (test)"),
)
plots.side_by_side(rows, titles, ("{:.2f}", "{:.0f}", "{:.0f}", "{:.1%}"))

# %% [markdown] lang="es"
r"""
La segunda columna son gradientes y optimizador. El tiempo baja mucho menos que la memoria: hay que recorrer el modelo entero hacia delante, y también hacia atrás, para llegar a las correcciones de abajo; solo se ahorran los gradientes de los pesos congelados.

Y ahora, el veredicto.
"""

# %% [markdown] lang="en"
r"""
The second column is gradients and optimizer. Time falls far less than memory does: the whole model has to be run forwards, and backwards too, to get to the corrections at the bottom; only the gradients of the frozen weights are saved.

And now, the verdict.
"""


# %% tags=["nbval-ignore-output"]
def hits(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return torch.cat([model(ids)[:, -1].argmax(dim=-1) == labels for ids, labels in test_loader])  # (N,)


full, few = hits(classifier), hits(adapted)
won, lost = int((full & ~few).sum()), int((few & ~full).sum())
gap = 100 * (accuracies[0] - accuracies[1])
asleep = 100 * float((test.spam == 0).mean())
for name, model in zip(megabytes, (classifier, adapted)):
    print(name, say("· parejas en orden:", "· pairs in order:"), f"{ordered(model, test):.0%}")
print(say(f"siempre ham: {asleep:.1f} %", f"always ham: {asleep:.1f}%"))
print(say(f"ventaja de entrenarlo todo: {gap:+.1f} puntos", f"lead of training everything: {gap:+.1f} points"))
print(
    say(f"solo acierta «todo»: {won}; solo «LoRA»: {lost}", f"only “everything” is right: {won}; only “LoRA”: {lost}")
)
if by_luck(won, lost) < 0.05:
    print(say("No es lo mismo, con esta semilla.", "Not the same, with this seed."))
else:
    print(say("No se puede decir cuál es mejor.", "No telling which is better."))

# %% [markdown] lang="es"
r"""
Mira también las parejas: distinguen más que la exactitud, que ya es alta para quien siempre dice «ham». Para decidir está el juez de 6.11: solo cuentan los mensajes en que uno acierta y el otro no, y se pregunta con qué frecuencia daría una moneda ese reparto. Y no te fíes de una semilla.

Si tienes unos minutos, enciende esta celda, que repite los dos entrenamientos con otras tres; está apagada porque tarda.
"""

# %% [markdown] lang="en"
r"""
Look at the pairs as well: they tell more than accuracy, which is high already for somebody who always says "ham". To decide there is the judge of 6.11: only the messages count on which one is right and the other is not, and the question is how often a coin would give that split. And don't trust one seed.

If you have a few minutes, switch this cell on, which repeats both trainings with three others; it is off because it takes long.
"""

# %% tags=["nbval-ignore-output"]
REPEAT = False
if REPEAT:
    for seed in (7, 8, 9):
        pair = []
        for build, lr in ((whole_classifier, LEARNING_RATE), (lora_classifier, LORA_RATE)):
            model = build(seed=seed)
            fine_tune(model, make_loader(train, seed=seed), EPOCHS, lr)
            pair.append(f"{classification_accuracy(model, test_loader):.1%}")
        print(seed, *pair)

# %% [markdown] lang="es"
r"""
## E.8 ¿Qué rango?

El rango es cuánto sitio hay en el margen. Probemos varios con entrenamientos cortos, dos épocas en el montón igualado, y al lado el modelo entero con los mismos pasos. Se juzga en la validación, porque elegir un rango es elegir un hiperparámetro, y con la exactitud igualada del capítulo 6: la media de la de `ham` y la de `spam`.
"""

# %% [markdown] lang="en"
r"""
## E.8 Which rank?

The rank is how much room there is in the margin. Let's try several with short trainings, two epochs on the evened-out pile, and beside them the whole model with the same steps. The judge is the validation pile, since choosing a rank is choosing a hyperparameter, and the measure is the even accuracy of chapter 6: the mean of that on `ham` and that on `spam`.
"""


# %%
by_class = [make_loader(part) for _, part in validation.groupby("spam")]


def even_accuracy(model: nn.Module) -> float:
    return sum(classification_accuracy(model, loader) for loader in by_class) / 2


# %% tags=["nbval-ignore-output"]
balanced = balance_classes(train)
reached, counts, bold = {}, {}, None
for rank in (1, 8, 32):
    candidate = lora_classifier(rank)
    fine_tune(candidate, make_loader(balanced, seed=6), 2, LORA_RATE)
    reached[rank], counts[rank] = even_accuracy(candidate), sum(p.numel() for p in trainable(candidate))
    # es: la de rango 8 la usaremos en E.10
    # en: the one of rank 8 will be used in E.10
    bold = candidate if rank == RANK else bold
whole = whole_classifier()
fine_tune(whole, make_loader(balanced, seed=6), 2, LEARNING_RATE)
everything = even_accuracy(whole)
print({rank: f"{accuracy:.0%}" for rank, accuracy in reached.items()}, f"{everything:.0%}")

# %% tags=["nbval-ignore-output"]
play.play_ranks(reached, counts, size(mini.trf_blocks) + size(mini.tok_emb) + size(mini.pos_emb), everything)

# %% [markdown] lang="es"
r"""
Los parámetros se doblan cada vez que se dobla el rango; la exactitud, no. Y no le pidas a la curva que suba en orden: en la validación hay diez `spam`, cada uno vale cinco puntos, y los pasos han sido muy pocos.

En el artículo, un GPT-3 adaptado con rango 1 en consultas y valores ya competía en las tareas que probaron ([Hu et al., 2022](https://arxiv.org/abs/2106.09685)).
"""

# %% [markdown] lang="en"
r"""
Parameters double each time the rank does; accuracy does not. And don't ask the curve to climb in order: the validation pile has ten `spam`, each is worth five points, and the steps were very few.

In the paper, a GPT-3 adapted at rank 1 in queries and values was already competitive on the tasks they tried ([Hu et al., 2022](https://arxiv.org/abs/2106.09685)).
"""

# %% [markdown] lang="es"
r"""
No siempre basta con tan poco. Cuando hay mucho que aprender, como programar o matemáticas con muchos datos, LoRA se queda corta frente al ajuste completo, y a cambio olvida menos de lo que el modelo sabía ([Biderman et al., 2024](https://arxiv.org/abs/2405.09673)).
"""

# %% [markdown] lang="en"
r"""
So little is not always enough. When there is much to learn, such as programming or mathematics from plenty of data, LoRA falls short of full fine-tuning, and in return it forgets less of what the model knew ([Biderman et al., 2024](https://arxiv.org/abs/2405.09673)).
"""

# %% [markdown] lang="es"
r"""
## E.9 Las dos costumbres con alpha

Nuestra `LoRALayer` multiplica por `alpha` a secas. El artículo y muchas bibliotecas multiplican por `alpha / rank`. Con un rango fijo es la misma cosa escrita de dos maneras: nuestro 2 con rango 8 es su 16.

La diferencia aparece al *cambiar* el rango.
"""

# %% [markdown] lang="en"
r"""
## E.9 The two customs about alpha

Our `LoRALayer` multiplies by plain `alpha`. The paper and many libraries multiply by `alpha / rank`. At a fixed rank it is the same thing written in two ways: our 2 at rank 8 is their 16.

The difference shows when you *change* the rank.
"""

# %%
for rank in (1, 8, 64):
    ours, theirs = say("nuestro 2 es su", "our 2 is their"), say("y su 16 es nuestro", "and their 16 is our")
    print(f"{rank:2d}  {ours} {2 * rank}, {theirs} {16 / rank:g}")

# %% [markdown] lang="es"
r"""
Para ver qué hace eso, sigamos el primer paso. Adam mueve al principio cada número de `B` justo una tasa de aprendizaje, hacia donde diga el signo de su gradiente. Con un solo ejemplo, cada salida se mueve $\alpha \sum_r |(xA)_r|$ tasas. Comprobémoslo con el optimizador de verdad.
"""

# %% [markdown] lang="en"
r"""
To see what that does, let's follow the first step. At the start Adam moves each number of `B` by exactly one learning rate, in the direction that the sign of its gradient says. With a single example, each output moves $\alpha \sum_r |(xA)_r|$ rates. Let's check it with the real optimizer.
"""

# %%
torch.manual_seed(5)
layer, x = LoRALayer(256, 3, rank=4, alpha=2.0), torch.randn(1, 256)
optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
layer(x).sum().backward()
formula = 2.0 * (x @ layer.A).abs().sum()
optimizer.step()
print(torch.allclose(layer(x).abs() / 0.01, formula.expand(1, 3), rtol=1e-3))

# %% [markdown] lang="es"
r"""
Coinciden. Calculémoslo ahora para muchos rangos y tres maneras de escalar. La de la raíz es de [Kalajdzievski (2023)](https://arxiv.org/abs/2312.03732).

El resultado depende también de cómo nazca `A`: la nuestra es más pequeña cuanto mayor es el rango; otras nacen igual de grandes con cualquier rango.
"""

# %% [markdown] lang="en"
r"""
They agree. Let's now compute it for many ranks and three ways to scale. The one with the root is from [Kalajdzievski (2023)](https://arxiv.org/abs/2312.03732).

The result also depends on how `A` is born: ours is smaller the larger the rank; others are born equally large at any rank.
"""

# %%
ranks = [1, 2, 4, 8, 16, 32, 64]
scales = {"alpha": lambda r: 1.0, "alpha / √rank": lambda r: r**-0.5, "alpha / rank": lambda r: 1 / r}
spreads = {
    say("A entre ±1/√rank", "A within ±1/√rank"): lambda r: r**-0.5,
    say("A entre ±1/√in_dim", "A within ±1/√in_dim"): lambda r: 256**-0.5,
}
torch.manual_seed(5)
moved = {title: {name: [] for name in scales} for title in spreads}
for title, spread in spreads.items():
    for rank in ranks:
        A, x = spread(rank) * (2 * torch.rand(256, rank) - 1), torch.randn(2000, 256)
        distance = (x @ A).abs().sum(dim=-1).mean().item()  # (N, 256) -> (N, r) -> (N,)
        for name, scale in scales.items():
            moved[title][name].append(scale(rank) * distance)
plots.first_step(moved, ranks)

# %% [markdown] lang="es"
r"""
A la izquierda, nuestro caso: con `alpha` a secas, pasar del rango 1 al 64 multiplica por ocho el primer paso; con `alpha / rank`, lo divide entre ocho; la raíz lo deja quieto. A la derecha, con una `A` que no depende del rango, quien lo deja quieto es `alpha / rank`: para eso se inventó, para no tener que buscar otra tasa con cada rango.

Eso es con Adam, que mueve todos los números por igual. La raíz sale de pasos proporcionales al gradiente, con la `A` de la derecha.
"""

# %% [markdown] lang="en"
r"""
On the left, our case: with plain `alpha`, going from rank 1 to 64 multiplies the first step by eight; with `alpha / rank` it is divided by eight; the root keeps it still. On the right, with an `A` that does not depend on the rank, what keeps it still is `alpha / rank`: that is what it was invented for, to spare you the search for a new rate at each rank.

That is with Adam, which moves all numbers alike. The root comes from steps proportional to the gradient, with the `A` on the right.
"""

# %% [markdown] lang="es"
r"""
Dos consejos salen de aquí. Cuando leas «alpha = 16», pregunta por qué se divide. Y cuando cambies el rango, no culpes ni felicites al rango sin mirar antes si también cambiaste, sin querer, el tamaño del paso.

En E.8 lo hicimos: `alpha` fue 2 con todos los rangos, y los grandes dieron pasos más largos.
"""

# %% [markdown] lang="en"
r"""
Two pieces of advice follow. When you read "alpha = 16", ask what it is divided by. And when you change the rank, neither blame nor praise it before checking whether you also changed, unawares, the size of the step.

In E.8 we did: `alpha` was 2 at every rank, and the large ones took longer steps.
"""

# %% [markdown] lang="es"
r"""
## E.10 Una base y varios adaptadores

Lo aprendido cabe en los tensores que se entrenaron. Saquémoslos de dos modelos: el de E.7, que vio todos los mensajes y suele ser prudente, y el de rango 8 de E.8, que los vio igualados y acusa con más facilidad.
"""

# %% [markdown] lang="en"
r"""
## E.10 One base and several adapters

What was learned fits into the tensors that were trained. Let's take them out of two models: the one of E.7, which saw all the messages and tends to be cautious, and that of rank 8 from E.8, which saw them evened out and accuses more readily.
"""


# %%
def adapter(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def kilobytes(tensors: dict[str, Tensor]) -> float:
    return sum(t.numel() for t in tensors.values()) * 4 / 1000


adapters = {say("prudente", "cautious"): adapter(adapted), say("atrevido", "bold"): adapter(bold)}
sizes = [(name, f"{kilobytes(tensors):,.0f} kB") for name, tensors in adapters.items()]
base = kilobytes(adapted.state_dict()) - kilobytes(adapter(adapted))
updates.one_base(f"{say('base congelada', 'frozen base')}\n{base / 1000:.1f} MB", sizes)

# %% [markdown] lang="es"
r"""
Para cambiar de oficio se cambian solo esos tensores, en el sitio; la base ni se entera. `strict=False` dice que el diccionario no los trae todos. Contemos cuántos mensajes de prueba acusa cada uno.
"""

# %% [markdown] lang="en"
r"""
To change trades you change those tensors alone, in place; the base never notices. `strict=False` says that the dictionary does not bring them all. Let's count how many test messages each one accuses.
"""

# %% tags=["nbval-ignore-output"]
shared = lora_classifier().eval()


def accused(model: nn.Module) -> int:
    with torch.no_grad():
        return sum(int(model(ids)[:, -1].argmax(dim=-1).sum()) for ids, _ in test_loader)


for name, tensors in adapters.items():
    # es: solo A y B, la norma final y la cabeza
    # en: only A and B, the final norm and the head
    shared.load_state_dict(tensors, strict=False)
    print(name, f"{accused(shared)} / {len(test)}")
print(say("basura que hay", "junk there is"), int(test.spam.sum()))

# %% [markdown] lang="es"
r"""
Así se sirven muchos modelos con la memoria de uno: la base se carga una vez y cada cliente trae su adaptador.
"""

# %% [markdown] lang="en"
r"""
This is how many models are served in the memory of one: the base is loaded once, and each customer brings an adapter.
"""

# %% [markdown] lang="es"
r"""
## E.11 Pasar las notas a limpio

Si solo vas a usar un adaptador, sobra el desvío. Como $xW^T + \alpha xAB = x(W^T + \alpha AB)$, la corrección se puede sumar a los pesos y desaparecer.

Una trampa: `nn.Linear` guarda su matriz como (salida, entrada), al revés que $AB$.
"""

# %% [markdown] lang="en"
r"""
## E.11 Making a fair copy

If one adapter is all you will use, the detour is not needed. Since $xW^T + \alpha xAB = x(W^T + \alpha AB)$, the correction can be added to the weights and disappear.

One trap: `nn.Linear` keeps its matrix as (output, input), the other way round from $AB$.
"""

# %%
wrapped, x = LinearWithLoRA(nn.Linear(4, 6), rank=2, alpha=2.0), torch.randn(7, 4)
nn.init.normal_(wrapped.lora.B)
with torch.no_grad():
    correction = wrapped.lora.alpha * wrapped.lora.A @ wrapped.lora.B
    print(list(correction.shape), list(wrapped.linear.weight.shape))
    merged = x @ (wrapped.linear.weight + correction.T).T + wrapped.linear.bias
    print(torch.allclose(merged, wrapped(x), atol=1e-5))

# %% [markdown] lang="es" exercise="merge_lora"
r"""
### Ejercicio: fundir la corrección con los pesos

Un modelo fundido no tarda ni ocupa más que el original, y quien lo recibe no necesita saber de LoRA. Escribe `merge_lora`.

```python
def merge_lora(model: nn.Module) -> nn.Module: ...
```

Una capa envuelta es cualquier módulo con los atributos `linear`, una `nn.Linear`, y `lora`, que a su vez tiene `A`, `B` y `alpha`. Reconócela por ellos y no por su clase.
Cada una, por muy adentro que esté, deja su sitio a una `nn.Linear` corriente que da lo mismo. Cambia el modelo que recibe y lo devuelve.
"""

# %% [markdown] lang="en" exercise="merge_lora"
r"""
### Exercise: merging the correction into the weights

A merged model takes no more time or room than the original, and whoever receives it need not know about LoRA. Write `merge_lora`.

```python
def merge_lora(model: nn.Module) -> nn.Module: ...
```

A wrapped layer is any module with the attributes `linear`, an `nn.Linear`, and `lora`, which in turn has `A`, `B` and `alpha`. Recognise it by them and not by its class.
Each one, however deep it lies, gives way to a plain `nn.Linear` that gives the same. It changes the model it is given and returns it.
"""

# %% solution="merge_lora"

# %%
with example():
    # es: se espera Linear y True
    # en: expected: Linear and True
    tree = nn.Sequential(nn.Tanh(), copy.deepcopy(wrapped))
    outputs = tree(x)
    merge_lora(tree)
    print(type(tree[1]).__name__, torch.allclose(tree(x), outputs, atol=1e-5))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El recorrido es el de `replace_linear_with_lora`, con otra pregunta: `hasattr(child, "linear") and hasattr(child, "lora")`.
</details>

<details><summary>Pista 2</summary>

Suma `(alpha * A @ B).T` a `linear.weight` dentro de `torch.no_grad()`, y pon `linear` en el sitio de la envuelta. El sesgo ya está bien.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The walk is that of `replace_linear_with_lora`, with another question: `hasattr(child, "linear") and hasattr(child, "lora")`.
</details>

<details><summary>Hint 2</summary>

Add `(alpha * A @ B).T` to `linear.weight` inside `torch.no_grad()`, and put `linear` where the wrapped layer was. The bias is right as it is.
</details>
"""

# %% tests="merge_lora"

# %% [markdown] lang="es"
r"""
Ahora, el clasificador de E.7. Fundimos una copia y comparamos sus logits con los de antes en un lote de prueba.
"""

# %% [markdown] lang="en"
r"""
Now the classifier of E.7. We merge a copy and compare its logits with those from before, on a batch of the test pile.
"""

# %%
ids, _ = next(iter(test_loader))
clean = merge_lora(copy.deepcopy(adapted))
with torch.no_grad():
    print(torch.allclose(clean(ids), adapted(ids), atol=1e-3))
print(size(adapted) - size(clean), size(clean) == size(classifier))

# %% [markdown] lang="es"
r"""
Los mismos logits, con el redondeo de siempre, y ni un parámetro de más. Fundir no tiene vuelta atrás si tiras el adaptador, así que guárdalo: con él, restarlo es una línea más.
"""

# %% [markdown] lang="en"
r"""
The same logits, up to the usual rounding, and not one parameter too many. Merging can't be undone if you throw the adapter away, so keep it: subtracting it, then, is one more line.
"""

# %% [markdown] lang="es"
r"""
## E.12 Lo que ya puedes hacer

Sabes adaptar un modelo ajeno entrenando una pequeña parte de él, contar lo que ahorras y dejarlo después sin rastro.

El paso siguiente es encoger también lo congelado: **QLoRA** guarda la base con cuatro bits por peso y entrena encima correcciones como estas, y así afinó un modelo de 65 mil millones en una sola GPU ([Dettmers et al., 2023](https://arxiv.org/abs/2305.14314)).
"""

# %% [markdown] lang="en"
r"""
## E.12 What you can now do

You can adapt a model that isn't yours by training a small part of it, count what you save, and leave it afterwards without a trace.

The next step is to shrink what is frozen, too: **QLoRA** keeps the base at four bits per weight and trains corrections like these on top, and in that way it fine-tuned a model of 65 billion on a single GPU ([Dettmers et al., 2023](https://arxiv.org/abs/2305.14314)).
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran cuatro: `lora_layer`, `linear_with_lora`, `replace_linear_with_lora` y `merge_lora`.

Tres cosas que probar: envolver solo `W_query` y `W_value`, repetir E.8 con `alpha` dividida entre la raíz del rango, y afinar con LoRA el modelo de instrucciones del capítulo 7.
"""

# %% [markdown] lang="en"
r"""
There were four exercises: `lora_layer`, `linear_with_lora`, `replace_linear_with_lora` and `merge_lora`.

Three things to try: wrapping only `W_query` and `W_value`, repeating E.8 with `alpha` divided by the root of the rank, and fine-tuning the instruction model of chapter 7 with LoRA.
"""
