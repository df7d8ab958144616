# %% [markdown] lang="es"
r"""
# A · PyTorch, lo justo

Jimena llamó a la puerta y dijo que venía por tres cosas. A este apéndice también se viene por tres.

Una: los tensores, que son tablas de números. Dos: los gradientes, que dicen hacia dónde mover cada número. Tres: las capas, que llevan la cuenta de cuáles se mueven.
"""

# %% [markdown] lang="en"
r"""
# A · PyTorch, just enough

Jimena knocked at the door and said that she had come about three things. So have you.

One: tensors, which are tables of numbers. Two: gradients, which say which way to move each number. Three: layers, which keep track of the numbers that move.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Un gradiente a mano, `logistic_gradient`; una red, `MLP`; un conjunto de datos, `ToyDataset`; y el bucle que los junta, `train_classifier`.

**Qué necesitas.** Python con listas y clases. Nada de los capítulos.

**Cuánto se tarda.** Unos cincuenta minutos de lectura, una hora larga con los ejercicios, y alrededor de un minuto de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** A gradient by hand, `logistic_gradient`; a network, `MLP`; a data set, `ToyDataset`; and the loop that brings them together, `train_classifier`.

**What you need.** Python with lists and classes. Nothing from the chapters.

**How long it takes.** About fifty minutes of reading, a good hour with the exercises, and around a minute of running.
"""

# %%
import inspect
import os
import pickle
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer
from torch.utils.data import DataLoader, Dataset

# %%
from desdecero import several, use_edition
from desdecero.checks import example, use
from desdecero.device import best_device
from desdecero.edition import say
from desdecero.plots import pytorch as plots
from desdecero.plots import pytorch_graph as flow
from desdecero.weights import load_weights, read_tensors, save_weights
from desdecero.widgets import pytorch as widgets

use_edition(EDITION)
torch.set_printoptions(precision=3, sci_mode=False)
flow.three_parts()

# %% [markdown] lang="es"
r"""
Ese es el mapa. Los números atraviesan las capas, al final hay un solo número que dice cuánto se ha fallado, y de él vuelven los gradientes.

Que el viaje de vuelta se haga solo, sea cual sea el de ida, es la razón de ser de PyTorch ([Paszke et al., 2019](https://arxiv.org/abs/1912.01703)).
"""

# %% [markdown] lang="en"
r"""
That is the map. Numbers go through the layers, at the end there is a single number that says how badly things went, and gradients come back from it.

That the way back takes care of itself, whatever the way out, is what PyTorch is for ([Paszke et al., 2019](https://arxiv.org/abs/1912.01703)).
"""

# %% [markdown] lang="es"
r"""
## A.1 Tensores

Un tensor es una tabla de números del mismo tipo, con las dimensiones que quieras: ninguna, una, dos, siete.

Anselmo apunta cuatro travesías. En cada una, los palmos de agua que había y los pasajeros que llevaba.
"""

# %% [markdown] lang="en"
r"""
## A.1 Tensors

A tensor is a table of numbers of one type, with as many dimensions as you like: none, one, two, seven.

Anselmo writes down four crossings. For each, how many hand spans of water there were and how many passengers he carried.
"""

# %%
crossings = torch.tensor([[2.0, 3.0], [5.0, 1.0], [3.0, 5.0], [6.0, 4.0]])
print(crossings)
print(crossings.shape, crossings.dtype, crossings.device)

# %% [markdown] lang="es"
r"""
De cada tensor conviene saber tres cosas. La forma, `shape`: cuatro filas de dos. El tipo de sus números, `dtype`. Y dónde viven, `device`.

Los errores más corrientes con PyTorch son de forma. Imprímela sin vergüenza.
"""

# %% [markdown] lang="en"
r"""
Three things are worth knowing about any tensor. The shape, `shape`: four rows of two. The type of its numbers, `dtype`. And where they live, `device`.

The commonest mistakes with PyTorch are mistakes of shape. Print it, and feel no shame.
"""

# %%
scalar, vector = torch.tensor(7.0), torch.arange(3.0)
matrix, batch = torch.arange(6.0).reshape(2, 3), torch.arange(12.0).reshape(2, 2, 3)
names = {"es": ["escalar", "vector", "matriz", "lote de matrices"], "en": ["scalar", "vector", "matrix", "batch"]}
plots.shapes(dict(zip(names[EDITION], [scalar, vector, matrix, batch])))

# %% [markdown] lang="es"
r"""
Lee las formas de derecha a izquierda: `(2, 2, 3)` son filas de 3, en tablas de 2 filas, y hay 2 tablas.

El escalar tiene forma `()`, que no es un error: un número sin dimensiones.
"""

# %% [markdown] lang="en"
r"""
Read shapes from right to left: `(2, 2, 3)` is rows of 3, in tables of 2 rows, and there are 2 tables.

The scalar has shape `()`, which is no mistake: a number without dimensions.
"""

# %% [markdown] lang="es"
r"""
El tipo lo decide lo que escribes: con punto decimal, `float32`; sin él, `int64`. Los pesos son de los primeros; los identificadores y las etiquetas, de los segundos.

Un `float32` guarda unas siete cifras, y eso se nota.
"""

# %% [markdown] lang="en"
r"""
The type is decided by what you write: with a decimal point, `float32`; without one, `int64`. Weights are of the first kind; ids and labels, of the second.

A `float32` keeps about seven digits, and it shows.
"""

# %%
print(torch.tensor([1, 2]).dtype, torch.tensor([1.0, 2]).dtype)
big = torch.tensor(16_777_216.0)
print(bool(big + 1 == big), bool(big.double() + 1 == big.double()))

# %% [markdown] lang="es"
r"""
Sumarle uno no cambia nada: a ese tamaño, entre un `float32` y el siguiente hay dos unidades. En `float64` sí se nota.

Por eso en el curso comparamos con `torch.allclose` y no con `==`.
"""

# %% [markdown] lang="en"
r"""
Adding one changes nothing: at that size, there are two units between one `float32` and the next. In `float64` it does show.

That is why the course compares with `torch.allclose` and not with `==`.
"""

# %% [markdown] lang="es"
r"""
### Tomar una parte

Los corchetes van dimensión por dimensión, y los dos puntos quieren decir «todo». Una condición también sirve de índice.
"""

# %% [markdown] lang="en"
r"""
### Taking a part

Brackets go dimension by dimension, and a colon means "all of it". A condition will do as an index, too.
"""

# %%
print(crossings[0], crossings[-1, 1])
depth, aboard = crossings[:, 0], crossings[:, 1]  # (4, 2) -> (4,), (4,)
print(depth, aboard)
print(crossings[depth < 4])

# %% [markdown] lang="es"
r"""
### Sumar a lo largo de una dimensión

`dim` dice qué dimensión desaparece. En una tabla `(4, 2)`, con `dim=0` desaparece el 4: queda un número por columna.
"""

# %% [markdown] lang="en"
r"""
### Adding along a dimension

`dim` says which dimension goes away. In a table `(4, 2)`, with `dim=0` the 4 goes: one number per column is left.
"""

# %%
print(crossings.sum(), crossings.sum(dim=0), crossings.sum(dim=1))
print(crossings.mean(dim=0).shape, crossings.mean(dim=0, keepdim=True).shape)

# %% [markdown] lang="es"
r"""
Dieciséis palmos y trece pasajeros. Con `keepdim=True` la dimensión no se va: se queda con tamaño uno; enseguida verás para qué.
"""

# %% [markdown] lang="en"
r"""
Sixteen spans and thirteen passengers. With `keepdim=True` the dimension does not go: it stays with size one; you will see in a moment what for.
"""

# %% [markdown] lang="es"
r"""
### Difusión

¿Puedes restar una tabla `(4, 2)` menos un vector `(2,)`? Sí: PyTorch hace como si el vector se repitiera en cada fila. Se llama difusión, *broadcasting*, y viene de NumPy ([Harris et al., 2020](https://doi.org/10.1038/s41586-020-2649-2)).

Por filas hace falta `keepdim`: `(4, 2)` entre `(4,)` no encaja, y entre `(4, 1)`, sí.
"""

# %% [markdown] lang="en"
r"""
### Broadcasting

Can you subtract a vector `(2,)` from a table `(4, 2)`? Yes: PyTorch acts as if the vector were repeated in every row. This is called broadcasting, and it comes from NumPy ([Harris et al., 2020](https://doi.org/10.1038/s41586-020-2649-2)).

By rows you need `keepdim`: `(4, 2)` over `(4,)` doesn't fit; over `(4, 1)` it does.
"""

# %%
centred = crossings - crossings.mean(dim=0)  # (4, 2) - (2,) -> (4, 2)
shares = crossings / crossings.sum(dim=1, keepdim=True)  # (4, 2) / (4, 1) -> (4, 2)
print(centred, shares, sep="\n")

# %% [markdown] lang="es"
r"""
La regla: alinea las dos formas por la derecha; en cada sitio, los tamaños deben ser iguales, o uno de ellos 1, o faltar.

Apuesta antes de mover los controles: ¿qué forma tiene `(3, 1)` más `(4,)`? ¿Y `(3,)` más `(4,)`?
"""

# %% [markdown] lang="en"
r"""
The rule: line up the two shapes on the right; at each place the sizes must be equal, or one of them 1, or missing.

Place your bet before you touch the controls: what is the shape of `(3, 1)` plus `(4,)`? And of `(3,)` plus `(4,)`?
"""

# %%
widgets.play_broadcast()

# %% [markdown] lang="es"
r"""
Nadie copia nada: lo que va a trazos no ocupa memoria.

El peligro es que encaje lo que no querías. Unas predicciones `(4, 1)` menos unas etiquetas `(4,)` dan dieciséis errores en vez de cuatro, y la media sale tan campante.
"""

# %% [markdown] lang="en"
r"""
Nobody copies anything: what is dashed takes no memory.

The danger is a fit that you didn't want. Predictions `(4, 1)` minus labels `(4,)` give sixteen errors instead of four, and the mean comes out without a murmur.
"""

# %%
print((torch.zeros(4, 1) - torch.ones(4)).shape)

# %% [markdown] lang="es"
r"""
### Multiplicar matrices

Anselmo quiere una puntuación por travesía: cada palmo quita riesgo y cada pasajero lo pone. Multiplicar y sumar, fila por fila. Primero con un bucle; después, con `@`.
"""

# %% [markdown] lang="en"
r"""
### Multiplying matrices

Anselmo wants one score per crossing: every span takes risk away, every passenger adds some. Multiply and add, row by row. First with a loop; then with `@`.
"""

# %%
weights = torch.tensor([-1.0, 0.5])
by_loop = torch.tensor([sum(float(a * b) for a, b in zip(row, weights)) for row in crossings])
at_once = crossings @ weights  # (4, 2) @ (2,) -> (4,)
print(by_loop, at_once, torch.equal(by_loop, at_once))

# %% [markdown] lang="es"
r"""
Los tamaños de en medio tienen que coincidir y desaparecen: `(4, 2) @ (2,)` da `(4,)`, y `(4, 2) @ (2, 3)` da `(4, 3)`. Con más dimensiones, las de delante son un lote de matrices.

De esta operación está hecho casi todo un GPT. Si los tamaños no casan, el mensaje los dice.
"""

# %% [markdown] lang="en"
r"""
The sizes in the middle must agree, and they vanish: `(4, 2) @ (2,)` gives `(4,)`, and `(4, 2) @ (2, 3)` gives `(4, 3)`. With more dimensions, those in front are a batch of matrices.

Of this operation nearly all of a GPT is made. If the sizes don't match, the message says which.
"""

# %%
print((crossings @ torch.ones(2, 3)).shape, (torch.ones(8, 4, 2) @ torch.ones(2, 3)).shape)
try:
    crossings @ crossings
except RuntimeError as error:
    print(error)

# %% [markdown] lang="es"
r"""
### Otra forma, los mismos números

`reshape` reparte los mismos números en otra forma, y `view` hace lo mismo sin copiar nunca. `.T` cambia filas por columnas, que es otra cosa.
"""

# %% [markdown] lang="en"
r"""
### Another shape, the same numbers

`reshape` deals out the same numbers in another shape, and `view` does so without ever copying. `.T` swaps rows and columns, which is something else.
"""

# %%
print(matrix.reshape(3, 2).tolist(), matrix.T.tolist())
window = matrix.view(-1)  # (2, 3) -> (6,)
window[0] = 100
print(matrix)

# %% [markdown] lang="es"
r"""
El `-1` quiere decir «lo que salga». Y mira: al escribir en `window` ha cambiado `matrix`, porque son los mismos números vistos de otro modo. Si quieres una copia, pide `clone()`.
"""

# %% [markdown] lang="en"
r"""
The `-1` means "whatever it takes". And look: writing into `window` has changed `matrix`, because they are the same numbers seen in another way. If you want a copy, ask for `clone()`.
"""

# %% [markdown] lang="es"
r"""
## A.2 Un número que dice cuánto fallas

Dos de aquellas travesías acabaron en la arena. Queremos una función que, vista el agua y visto el pasaje, dé la probabilidad de varar: es la regresión logística ([Cox, 1958](https://doi.org/10.1111/j.2517-6161.1958.tb00292.x)).

Una suma con pesos más un número suelto, el sesgo `b`: el resultado se llama *logit*. Y una curva que lo aplasta entre 0 y 1, la sigmoide.
"""

# %% [markdown] lang="en"
r"""
## A.2 One number for how wrong you are

Two of those crossings ended on the sand. We want a function that, given the water and the load, tells the probability of running aground: this is logistic regression ([Cox, 1958](https://doi.org/10.1111/j.2517-6161.1958.tb00292.x)).

A weighted sum plus one number of its own, the bias `b`: the result is called a *logit*. And a curve that squeezes it between 0 and 1, the sigmoid.
"""

# %%
stuck = torch.tensor([1.0, 0.0, 1.0, 0.0])  # (4,)


def mean_loss(w: Tensor, b: Tensor) -> Tensor:
    p = torch.sigmoid(crossings @ w + b)  # (4, 2) @ (2,) -> (4,)
    return -(stuck * p.log() + (1 - stuck) * (1 - p).log()).mean()  # (4,) -> ()


w, b = torch.zeros(2), torch.tensor(0.0)
print(torch.sigmoid(crossings @ w + b), mean_loss(w, b))

# %% [markdown] lang="es"
r"""
Con los pesos a cero todo es cara o cruz: probabilidad 0.5. La pérdida es la entropía cruzada, la sorpresa media ante lo que pasó, y ahora vale el logaritmo de 2.

¿Hacia dónde movemos `w[0]`, el peso del agua? Lo más honrado es probar: se empuja un poco y se mira qué hace la pérdida.
"""

# %% [markdown] lang="en"
r"""
With all weights at zero it is heads or tails: probability 0.5. The loss is cross-entropy, the mean surprise at what happened, and right now it is the logarithm of 2.

Which way should we move `w[0]`, the weight of the water? The honest way is to try: nudge it, and see what the loss does.
"""

# %%
nudge = 1e-2
for which in range(2):
    moved = w.clone()
    moved[which] += nudge
    print(which, f"{(mean_loss(moved, b) - mean_loss(w, b)) / nudge:.1f}")

# %% [markdown] lang="es"
r"""
Más o menos 0.8 y −0.4: al subir el primer peso, la pérdida sube; al subir el segundo, baja. Esos cocientes, con un empujón infinitamente pequeño, son el gradiente.

Un empujón por peso está bien para dos pesos. GPT-2 tiene más de cien millones, que contarás en el capítulo 4.
"""

# %% [markdown] lang="en"
r"""
About 0.8 and −0.4: raise the first weight and the loss rises; raise the second and it falls. Those quotients, with a nudge that is infinitely small, are the gradient.

One nudge per weight is fine for two weights. GPT-2 has more than a hundred million, which you will count in chapter 4.
"""

# %% [markdown] lang="es"
r"""
Hay un camino más corto, con lápiz. La sigmoide y el logaritmo se llevan bien: la derivada de la pérdida de un ejemplo respecto a su logit se queda en $p - y$, lo que dijiste menos lo que pasó.

De ahí a los pesos solo queda multiplicar por lo que cada peso multiplicaba:

$$\frac{\partial L}{\partial w_j} = \frac{1}{N}\sum_{i=1}^{N} (p_i - y_i)\,x_{ij} \qquad \frac{\partial L}{\partial b} = \frac{1}{N}\sum_{i=1}^{N} (p_i - y_i)$$
"""

# %% [markdown] lang="en"
r"""
There is a shorter way, with a pencil. The sigmoid and the logarithm get along: the derivative of one example's loss with respect to its logit comes down to $p - y$, what you said minus what happened.

From there to the weights, all that is left is to multiply by what each weight multiplied:

$$\frac{\partial L}{\partial w_j} = \frac{1}{N}\sum_{i=1}^{N} (p_i - y_i)\,x_{ij} \qquad \frac{\partial L}{\partial b} = \frac{1}{N}\sum_{i=1}^{N} (p_i - y_i)$$
"""

# %% [markdown] lang="es"
r"""
Con los pesos a cero, los cuatro errores son −0.5, 0.5, −0.5 y 0.5. Para el agua, con sus palmos 2, 5, 3 y 6, la cuenta cabe en una línea; el segundo peso y el sesgo van igual.
"""

# %% [markdown] lang="en"
r"""
With the weights at zero, the four errors are −0.5, 0.5, −0.5 and 0.5. For the water, with its spans 2, 5, 3 and 6, the sum fits on one line; the second weight and the bias go the same way.
"""

# %%
print((-0.5 * 2 + 0.5 * 5 - 0.5 * 3 + 0.5 * 6) / 4)
print((-0.5 * 3 + 0.5 * 1 - 0.5 * 5 + 0.5 * 4) / 4)
print((-0.5 + 0.5 - 0.5 + 0.5) / 4)

# %% [markdown] lang="es" exercise="logistic_gradient"
r"""
### Ejercicio: el gradiente, a mano

Quien ha derivado una vez a mano ya no cree que PyTorch haga magia. Escribe `logistic_gradient`.

```python
def logistic_gradient(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]: ...
```

`x` tiene forma `(N, d)`, `y` es `(N,)` con ceros y unos (quizá enteros), `w` es `(d,)` y `b` un escalar. Devuelve `dw`, con la forma de `w`, y `db`, con la de `b`: el gradiente de la entropía cruzada media. Sin `backward` ni nada de `torch.autograd`, que verás en A.3, y que aguante logits enormes.
"""

# %% [markdown] lang="en" exercise="logistic_gradient"
r"""
### Exercise: the gradient by hand

Whoever has differentiated by hand once no longer takes PyTorch for magic. Write `logistic_gradient`.

```python
def logistic_gradient(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]: ...
```

`x` has shape `(N, d)`, `y` is `(N,)` of zeros and ones (perhaps integers), `w` is `(d,)` and `b` a scalar. Return `dw`, shaped like `w`, and `db`, shaped like `b`: the gradient of the mean cross-entropy. Without `backward` or anything of `torch.autograd`, which you will meet in A.3, and it must stand enormous logits.
"""

# %% solution="logistic_gradient"

# %%
with example():
    # es: se espera tensor([ 0.750, -0.375]) y tensor(0.)
    # en: expected: tensor([ 0.750, -0.375]) and tensor(0.)
    print(logistic_gradient(crossings, stuck, torch.zeros(2), torch.tensor(0.0)))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El error de todos los ejemplos es un vector `(N,)`, y `torch.sigmoid` ya sabe tratar logits enormes.
</details>

<details><summary>Pista 2</summary>

La suma sobre los ejemplos es un producto: `x.T` tiene forma `(d, N)`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The errors of all examples are one vector `(N,)`, and `torch.sigmoid` already knows how to handle enormous logits.
</details>

<details><summary>Hint 2</summary>

The sum over the examples is a product: `x.T` has shape `(d, N)`.
</details>
"""

# %% tests="logistic_gradient"

# %% [markdown] lang="es"
r"""
El gradiente apunta cuesta arriba, así que se le lleva la contraria: un pasito en dirección opuesta, y otra vez.
"""

# %% [markdown] lang="en"
r"""
The gradient points uphill, so we do the opposite of what it says: a small step the other way, and again.
"""

# %% tags=["nbval-ignore-output"]
w, b = torch.zeros(2), torch.tensor(0.0)
for step in range(301):
    if step % 100 == 0:
        print(step, f"{mean_loss(w, b):.2f}")
    dw, db = logistic_gradient(crossings, stuck, w, b)
    w, b = w - 0.3 * dw, b - 0.3 * db
print(w > 0, (torch.sigmoid(crossings @ w + b) > 0.5).int())

# %% [markdown] lang="es"
r"""
Acierta las cuatro, y los signos son los que diría cualquiera del pueblo: el agua quita riesgo y los pasajeros lo ponen. Nadie se lo había dicho.
"""

# %% [markdown] lang="en"
r"""
It gets all four right, and the signs are those that anybody in the village would tell you: water takes risk away and passengers add it. Nobody had told it.
"""

# %% [markdown] lang="es"
r"""
## A.3 El grafo de cálculo y el viaje de vuelta

Con una capa, derivar a lápiz es un paseo. Con cincuenta, no. PyTorch lo hace por ti: basta con decirle qué tensores te importan, con `requires_grad=True`.

Desde ese momento apunta cada operación en la que participan.
"""

# %% [markdown] lang="en"
r"""
## A.3 The computation graph and the way back

With one layer, differentiating by pencil is a stroll. With fifty it is not. PyTorch does it for you: just say which tensors you care about, with `requires_grad=True`.

From then on it writes down every operation they take part in.
"""

# %%
w, b = torch.zeros(2, requires_grad=True), torch.tensor(0.0, requires_grad=True)
loss = mean_loss(w, b)
print(loss.grad_fn.name())
print([before.name() for before, _ in loss.grad_fn.next_functions])

# %% [markdown] lang="es"
r"""
Lo último que se hizo fue cambiar el signo; antes, la media. Tirando de `next_functions` se llega hasta el principio. Es lo que hace la función siguiente, sin inventarse nada.
"""

# %% [markdown] lang="en"
r"""
The last thing done was to change the sign; before that, the mean. Pull on `next_functions` and you get all the way to the start. That is what the next function does, and it makes nothing up.
"""

# %%
flow.graph(loss, {"w": w, "b": b})

# %% [markdown] lang="es"
r"""
`Mv` es matriz por vector, y `Rsub`, el $1 - p$. La sigmoide se usa dos veces, en los dos logaritmos, y por eso le llegan dos flechas: al volver, sus dos gradientes se suman.

Cada caja sabe una sola cosa, su propia derivada. Encadenarlas de atrás adelante es la retropropagación ([Rumelhart et al., 1986](https://doi.org/10.1038/323533a0)).
"""

# %% [markdown] lang="en"
r"""
`Mv` is matrix times vector, and `Rsub` is the $1 - p$. The sigmoid is used twice, in both logarithms, so two arrows reach it: on the way back, its two gradients are added up.

Each box knows one thing only, its own derivative. Chaining them from back to front is backpropagation ([Rumelhart et al., 1986](https://doi.org/10.1038/323533a0)).
"""

# %%
loss.backward()
print(w.grad, b.grad)
by_hand = logistic_gradient(crossings, stuck, torch.zeros(2), torch.tensor(0.0))
print([torch.allclose(a, b) for a, b in zip(by_hand, (w.grad, b.grad))])

# %% [markdown] lang="es"
r"""
Los mismos números que a lápiz. Y ni aproxima con empujones ni maneja fórmulas: recorre el grafo una sola vez, por muchos pesos que haya ([Baydin et al., 2018](https://arxiv.org/abs/1502.05767)).

¿Y si llamas a `backward` otra vez? Apuesta antes de ejecutar.
"""

# %% [markdown] lang="en"
r"""
The same numbers as by pencil. And it neither approximates by nudging nor handles formulas: it walks the graph just once, however many weights there are ([Baydin et al., 2018](https://arxiv.org/abs/1502.05767)).

What if you call `backward` again? Place your bet before you run.
"""

# %%
mean_loss(w, b).backward()
print(w.grad)
w.grad = None
mean_loss(w, b).backward()
print(w.grad)

# %% [markdown] lang="es"
r"""
El doble: los gradientes no se sustituyen, se acumulan, hasta que alguien los borra. Es el olvido más famoso del oficio, y a la vez una herramienta.

Si el lote no cabe en memoria, pártelo: dos mitades, cada una con su parte de la pérdida, dejan el gradiente del lote entero.
"""

# %% [markdown] lang="en"
r"""
Twice as much: gradients are not replaced, they accumulate, until somebody clears them. Forgetting it is the most famous slip of the trade, and it is also a tool.

If a batch doesn't fit in memory, split it: two halves, each with its share of the loss, leave the gradient of the whole batch.
"""

# %%
whole, w.grad = w.grad.clone(), None
for part in (slice(0, 2), slice(2, 4)):
    logits = crossings[part] @ w + b  # (2, 2) @ (2,) -> (2,)
    (F.binary_cross_entropy_with_logits(logits, stuck[part]) / 2).backward()
print(torch.allclose(w.grad, whole))

# %% [markdown] lang="es"
r"""
De paso has conocido la función que usa todo el mundo: `binary_cross_entropy_with_logits` toma los logits y hace juntas la sigmoide y el logaritmo, sin desbordarse.

Queda mover los pesos. Pero mover un peso también es una operación, y esa no queremos que se apunte.
"""

# %% [markdown] lang="en"
r"""
In passing you have met the function that everybody uses: `binary_cross_entropy_with_logits` takes logits and does sigmoid and logarithm together, without overflowing.

What is left is to move the weights. But moving a weight is an operation too, and that one we don't want written down.
"""

# %%
try:
    w -= 0.3 * w.grad
except RuntimeError as error:
    print(type(error).__name__)

with torch.no_grad():
    w -= 0.3 * w.grad
    print((crossings @ w).requires_grad)
print(w, (crossings @ w).requires_grad)

# %% [markdown] lang="es"
r"""
Dentro de `torch.no_grad()` no se apunta nada: es donde se mueven los pesos, y donde se usa un modelo ya entrenado, que así gasta menos memoria y menos tiempo.

Para sacar del grafo un solo tensor está `detach()`; para sacar un número, `item()`.
"""

# %% [markdown] lang="en"
r"""
Inside `torch.no_grad()` nothing is written down: that is where weights are moved, and where a trained model is used, which then takes less memory and less time.

To take a single tensor out of the graph there is `detach()`; to take out a number, `item()`.
"""

# %% [markdown] lang="es"
r"""
## A.4 Capas

La recta de antes bastaba para cuatro travesías. El río no siempre es tan amable.

Donde el arroyo entra en el Zurdo, el agua clara y la turbia se enroscan. Jimena ha llenado cuatrocientos frascos y ha apuntado de qué agua es cada uno; sus sitios los inventa esta función.
"""

# %% [markdown] lang="en"
r"""
## A.4 Layers

The straight line was enough for four crossings. The river is not always so kind.

Where the stream enters the Zurdo, clear water and muddy water coil up. Jimena has filled four hundred jars and noted which water is in each; this function makes up their places.
"""


# %%
def eddy(n: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    radius = 0.15 + 0.95 * torch.rand(n, generator=generator)
    angle = 5.5 * radius + torch.pi * labels
    arms = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # (n,), (n,) -> (n, 2)
    return arms + 0.07 * torch.randn(n, 2, generator=generator), labels


features, labels = eddy(400, seed=1)
print(features.shape, features.dtype, labels.shape, labels.dtype)
plots.water(features, labels)

# %% [markdown] lang="es"
r"""
Ninguna recta separa esto. Hace falta una función que se doble, y para eso se apilan capas.

La capa más sencilla es `nn.Linear`: guarda una matriz y un sesgo, y hace con ellos la cuenta que ya conoces.
"""

# %% [markdown] lang="en"
r"""
No straight line can separate this. We need a function that bends, and for that one stacks layers.

The simplest layer is `nn.Linear`: it keeps a matrix and a bias, and does with them the sum that you know.
"""

# %%
torch.manual_seed(2)
layer = nn.Linear(2, 3)
print(layer.weight.shape, layer.bias.shape, layer.weight.requires_grad)
by_hand = features[:5] @ layer.weight.T + layer.bias  # (5, 2) @ (2, 3) + (3,) -> (5, 3)
print(torch.allclose(layer(features[:5]), by_hand))

# %% [markdown] lang="es"
r"""
La matriz va tumbada, `(3, 2)`: primero las salidas. Sus números nacen al azar, y con la misma semilla nacen los mismos.

¿Y de vuelta? La capa recibe el gradiente de su salida, que aquí nos inventamos, y hace con él dos productos: uno dice cómo corregir sus pesos y el otro es el aviso para la capa de abajo.
"""

# %% [markdown] lang="en"
r"""
The matrix lies on its side, `(3, 2)`: outputs first. Its numbers are born at random, and with the same seed the same ones are born.

And on the way back? The layer is given the gradient of its output, which we make up here, and does two products with it: one says how to correct its weights, the other is the word passed on to the layer below.
"""

# %%
below = features[:5].clone().requires_grad_()
above = torch.randn(5, 3)
layer(below).backward(above)
print(torch.allclose(layer.weight.grad, above.T @ below))  # (3, 5) @ (5, 2) -> (3, 2)
print(torch.allclose(below.grad, above @ layer.weight))  # (5, 3) @ (3, 2) -> (5, 2)

# %% [markdown] lang="es"
r"""
De ida, un producto; de vuelta, dos del mismo tamaño. Cada uno es una multiplicación y una suma por peso y por ejemplo: de ahí las seis operaciones por parámetro con las que el capítulo 1 echa sus cuentas.

Dos capas lineales seguidas no doblan nada: valen lo que una sola. Lo que dobla es lo que va entre medias, ReLU, que deja pasar los positivos y pone a cero los demás.
"""

# %% [markdown] lang="en"
r"""
One product on the way out; on the way back, two of the same size. Each is one multiplication and one addition per weight and per example: hence the six operations per parameter with which chapter 1 does its sums.

Two linear layers in a row bend nothing: they are worth just one. What bends is what goes in between, ReLU, which lets positive numbers pass and sets the others to zero.
"""

# %%
second = nn.Linear(3, 2)
x = features[:5]
merged = x @ (second.weight @ layer.weight).T + second(layer.bias)  # (5, 2) @ (2, 2) + (2,) -> (5, 2)
print(torch.allclose(second(layer(x)), merged, atol=1e-6))
print(torch.allclose(second(torch.relu(layer(x))), merged, atol=1e-6))

# %% [markdown] lang="es"
r"""
Un modelo es una clase que hereda de `nn.Module`: en `__init__` se crean las capas y en `forward` se dice por dónde pasan los datos.

Lo que hace el módulo por ti es llevar la lista. Toda capa que guardes en un atributo aparece, con sus pesos, en `parameters()`.
"""

# %% [markdown] lang="en"
r"""
A model is a class that inherits from `nn.Module`: layers are made in `__init__`, and `forward` says which way the data go.

What the module does for you is to keep the list. Every layer that you store in an attribute turns up, with its weights, in `parameters()`.
"""


# %%
class Forgetful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kept = nn.Linear(2, 3)
        self.lost = [nn.Linear(3, 2)]


print([name for name, _ in Forgetful().named_parameters()])

# %% [markdown] lang="es"
r"""
La capa guardada en una lista de Python se ha perdido: nadie la entrenará. Para varias capas están `nn.ModuleList` y `nn.Sequential`, que además las aplica en orden.
"""

# %% [markdown] lang="en"
r"""
The layer kept in a Python list is lost: nobody will train it. For several layers there are `nn.ModuleList` and `nn.Sequential`, which also applies them in order.
"""

# %% [markdown] lang="es" exercise="mlp"
r"""
### Ejercicio: una red de varias capas

Se llama perceptrón multicapa, y dentro de cada bloque de un GPT hay un pariente suyo. Escribe `MLP`.

```python
class MLP(nn.Module):
    def __init__(self, num_inputs: int, num_outputs: int, hidden: Sequence[int] = (30, 20)) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

Una capa oculta `nn.Linear` por cada número de `hidden`, en ese orden y con ReLU detrás, y una última capa que da los logits, sin nada detrás. De `(N, num_inputs)` a `(N, num_outputs)`. Si `hidden` está vacío, queda una sola capa.
"""

# %% [markdown] lang="en" exercise="mlp"
r"""
### Exercise: a network of several layers

It is called a multilayer perceptron, and inside every block of a GPT there is a relative of it. Write `MLP`.

```python
class MLP(nn.Module):
    def __init__(self, num_inputs: int, num_outputs: int, hidden: Sequence[int] = (30, 20)) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

One hidden `nn.Linear` for each number in `hidden`, in that order and with ReLU after it, and a last layer that gives the logits, with nothing after it. From `(N, num_inputs)` to `(N, num_outputs)`. If `hidden` is empty, a single layer is left.
"""

# %% solution="mlp"

# %%
with example():
    # es: se espera torch.Size([5, 3]) y [(4, 2), (2, 4), (3, 2)], que son las matrices tumbadas
    # en: expected: torch.Size([5, 3]) and [(4, 2), (2, 4), (3, 2)], the matrices lying on their sides
    tiny = MLP(2, 3, hidden=[4, 2])
    print(tiny(torch.zeros(5, 2)).shape)
    print([tuple(p.shape) for p in tiny.parameters() if p.dim() == 2])

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Los anchos, en fila: `[num_inputs, *hidden]`. Cada capa oculta une un ancho con el siguiente.
</details>

<details><summary>Pista 2</summary>

Junta las capas en una lista y dásela desplegada a `nn.Sequential(*layers)`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The widths in a row: `[num_inputs, *hidden]`. Each hidden layer joins one width to the next.
</details>

<details><summary>Hint 2</summary>

Gather the layers in a list and hand it, unpacked, to `nn.Sequential(*layers)`.
</details>
"""

# %% tests="mlp"

# %% [markdown] lang="es"
r"""
¿Cuántos parámetros tiene `MLP(2, 2)`? Cada capa, entradas por salidas, más un sesgo por salida. Cuéntalos tú y que los cuente el modelo.
"""

# %% [markdown] lang="en"
r"""
How many parameters does `MLP(2, 2)` have? For each layer, inputs times outputs, plus one bias per output. Count them yourself and let the model count.
"""

# %%
torch.manual_seed(4)
model = MLP(2, 2)
print((2 * 30 + 30) + (30 * 20 + 20) + (20 * 2 + 2), sum(p.numel() for p in model.parameters()))
torch.manual_seed(4)
twin = MLP(2, 2)
print(all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters())))

# %% [markdown] lang="es"
r"""
Dos salidas, una por clase: el logit del agua clara y el de la turbia. Softmax los vuelve probabilidades, y la entropía cruzada, `F.cross_entropy`, toma directamente los logits y el número de la clase buena.
"""

# %% [markdown] lang="en"
r"""
Two outputs, one per class: the logit of clear water and that of muddy water. Softmax turns them into probabilities, and cross-entropy, `F.cross_entropy`, takes the logits as they are and the number of the right class.
"""

# %%
logits = model(features[:4])  # (4, 2) -> (4, 2)
right = logits.softmax(dim=-1)[torch.arange(4), labels[:4]]  # (4, 2) -> (4,)
print(torch.allclose(F.cross_entropy(logits, labels[:4]), -right.log().mean()))

# %% [markdown] lang="es"
r"""
## A.5 Datos, de lote en lote

Un conjunto de datos, para PyTorch, es cualquiera que sepa dos cosas: cuántos ejemplos tiene y cuál es el número tantos. Lo demás, barajar, agrupar y apilar, es oficio del `DataLoader`.
"""

# %% [markdown] lang="en"
r"""
## A.5 Data, batch by batch

To PyTorch, a data set is anything that knows two things: how many examples it has, and which one is number so-and-so. The rest, shuffling, grouping and stacking, is the trade of the `DataLoader`.
"""

# %% [markdown] lang="es" exercise="toy_dataset"
r"""
### Ejercicio: un conjunto de datos

En los capítulos 2, 6 y 7 escribirás conjuntos de datos de texto; todos tienen esta forma. Escribe `ToyDataset`.

```python
class ToyDataset(Dataset):
    def __init__(self, features: Tensor, labels: Tensor) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]: ...
```

`features` tiene forma `(N, d)` y `labels`, `(N,)`. El elemento `i` es la pareja de la fila y su etiqueta, dos tensores del mismo tipo que los que te dieron.
"""

# %% [markdown] lang="en" exercise="toy_dataset"
r"""
### Exercise: a data set

In chapters 2, 6 and 7 you will write data sets of text; all of them look like this. Write `ToyDataset`.

```python
class ToyDataset(Dataset):
    def __init__(self, features: Tensor, labels: Tensor) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]: ...
```

`features` has shape `(N, d)` and `labels`, `(N,)`. Item `i` is the pair of the row and its label, two tensors of the same type as those you were given.
"""

# %% solution="toy_dataset"

# %%
with example():
    # es: se espera 4 y (tensor([3., 5.]), tensor(1.))
    # en: expected: 4 and (tensor([3., 5.]), tensor(1.))
    print(len(ToyDataset(crossings, stuck)), ToyDataset(crossings, stuck)[2])

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

Guarda los dos tensores en `__init__`, tal cual; indexar un tensor ya da un tensor.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

Keep both tensors in `__init__`, as they are; indexing a tensor already gives a tensor.
</details>
"""

# %% tests="toy_dataset"

# %%
dataset = ToyDataset(features, labels)
loader = DataLoader(dataset, batch_size=32, shuffle=True, generator=torch.Generator().manual_seed(5))
x, y = next(iter(loader))
print(x.shape, y.shape, len(loader), len(dataset) / 32)

# %% [markdown] lang="es"
r"""
Trece lotes: doce de 32 y uno de 16, el de las sobras. `drop_last=True` lo tira, y así todos los pasos pesan lo mismo. `shuffle=True` baraja de nuevo en cada época, que es una vuelta entera a los datos, con el azar del `generator`.

Prueba con diez ejemplos. ¿Pierde `drop_last` siempre los mismos?
"""

# %% [markdown] lang="en"
r"""
Thirteen batches: twelve of 32 and one of 16, the leftovers. `drop_last=True` throws it away, so that all steps weigh the same. `shuffle=True` shuffles again at every epoch, which is one whole pass through the data, with the randomness of the `generator`.

Try it with ten examples. Does `drop_last` always lose the same ones?
"""

# %%
widgets.play_batches()

# %% [markdown] lang="es"
r"""
Barajando, no: cada época pierde otros. Sin barajar sí, y esos ejemplos no los verá nunca.

Se baraja para entrenar, porque un lote con una sola clase empuja el modelo hacia ella; para evaluar no hace falta, ni conviene tirar nada.
"""

# %% [markdown] lang="en"
r"""
With shuffling, no: each epoch loses others. Without it, yes, and those examples will never be seen.

One shuffles for training, because a batch of a single class pushes the model towards it; for evaluating there is no need, and nothing should be thrown away.
"""

# %% [markdown] lang="es"
r"""
## A.6 El bucle

Todo entrenamiento, el de este apéndice y el de un modelo gigante, repite cinco líneas. Aquí están una vez, despacio.

El optimizador es quien mueve los pesos. El más simple es `SGD`, que da el paso que diste a mano; `Adam` adapta la zancada de cada peso ([Kingma y Ba, 2015](https://arxiv.org/abs/1412.6980)).
"""

# %% [markdown] lang="en"
r"""
## A.6 The loop

Every training run, that of this appendix and that of a giant model, repeats five lines. Here they are once, slowly.

The optimizer is what moves the weights. The simplest is `SGD`, which takes the step that you took by hand; `Adam` adapts the stride of each weight ([Kingma and Ba, 2015](https://arxiv.org/abs/1412.6980)).
"""

# %%
optimizer = SGD(twin.parameters(), lr=0.1)
before = F.cross_entropy(twin(x), y).item()
optimizer.zero_grad()
logits = twin(x)  # (32, 2) -> (32, 2)
loss = F.cross_entropy(logits, y)
loss.backward()
optimizer.step()
print(F.cross_entropy(twin(x), y).item() < before)

# %% [markdown] lang="es"
r"""
Borrar los gradientes, predecir, medir, volver, mover. La pérdida de ese lote ha bajado, un poco. Lo demás es insistir.
"""

# %% [markdown] lang="en"
r"""
Clear the gradients, predict, measure, go back, move. The loss of that batch has gone down, a little. The rest is persistence.
"""

# %% [markdown] lang="es" exercise="train_classifier"
r"""
### Ejercicio: entrenar

Escribe el bucle entero, `train_classifier`. El del capítulo 5 será este con textos.

```python
def train_classifier(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], optimizer: Optimizer, num_epochs: int
) -> list[float]: ...
```

Pone el modelo en modo de entrenamiento y recorre `loader` `num_epochs` veces. En cada lote, un paso con la entropía cruzada de los logits. Devuelve la pérdida de cada paso, en orden, como números de Python. Los gradientes que hubiera de antes no deben contar.
"""

# %% [markdown] lang="en" exercise="train_classifier"
r"""
### Exercise: training

Write the whole loop, `train_classifier`. The one of chapter 5 will be this one with texts.

```python
def train_classifier(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], optimizer: Optimizer, num_epochs: int
) -> list[float]: ...
```

It puts the model in training mode and goes through `loader` `num_epochs` times. For each batch, one step with the cross-entropy of the logits. It returns the loss of every step, in order, as Python numbers. Gradients left from before must not count.
"""

# %% solution="train_classifier"

# %%
with example():
    torch.manual_seed(6)
    line = nn.Linear(2, 2)
    found = train_classifier(line, [(crossings, stuck.long())], Adam(line.parameters(), lr=0.1), 200)
    # es: se espera 200 True tensor([1, 0, 1, 0])
    # en: expected: 200 True tensor([1, 0, 1, 0])
    print(len(found), found[-1] < found[0], line(crossings).argmax(dim=-1))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Dos bucles, uno dentro de otro, y dentro las cinco líneas de antes.
</details>

<details><summary>Pista 2</summary>

`loss.item()` saca el número; guardar `loss` guardaría también su grafo, y la memoria crecería.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Two loops, one inside the other, and inside them the five lines from before.
</details>

<details><summary>Hint 2</summary>

`loss.item()` takes the number out; keeping `loss` would keep its graph as well, and memory would grow.
</details>
"""

# %% tests="train_classifier"

# %% [markdown] lang="es"
r"""
Al remolino. Para saber si un modelo aprende o se sabe los frascos de memoria hay que medirlo con frascos nuevos: otros cuatrocientos, que no verá al entrenar.

Primero compite la recta, una sola capa.
"""

# %% [markdown] lang="en"
r"""
Off to the eddy. To know whether a model learns or has the jars by heart, it must be measured with new jars: another four hundred, which it won't see in training.

The straight line goes first, a single layer.
"""

# %% tags=["nbval-ignore-output"]
new_features, new_labels = eddy(400, seed=2)


def accuracy(model: nn.Module) -> float:
    with torch.no_grad():
        return (model(new_features).argmax(dim=-1) == new_labels).float().mean().item()


torch.manual_seed(7)
line = MLP(2, 2, hidden=())
train_classifier(line, loader, Adam(line.parameters(), lr=0.05), num_epochs=10)
print(f"{accuracy(line):.1f}")

# %% [markdown] lang="es"
r"""
Poco mejor que tirar una moneda, y no es culpa del entrenamiento. Ahora las tres capas. Cada dos épocas guardamos qué cree el modelo en cada punto del agua, para poder mirarlo luego.
"""

# %% [markdown] lang="en"
r"""
Little better than tossing a coin, and the training is not to blame. Now the three layers. Every two epochs we keep what the model believes at every point of the water, so that we can look later.
"""


# %%
def belief(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return model(plots.grid()).softmax(dim=-1)[:, 1]  # (3721, 2) -> (3721,)


optimizer = Adam(model.parameters(), lr=0.01)
losses, snapshots = [], [belief(model)]
for _ in range(15):
    losses += train_classifier(model, loader, optimizer, num_epochs=2)
    snapshots.append(belief(model))

# %% tags=["nbval-ignore-output"]
print(f"{accuracy(model):.3f}", len(losses))
moments = {say(f"paso {26 * i}", f"step {26 * i}"): snapshots[i] for i in (0, 1, 4, 15)}
plots.borders(moments, features, labels)

# %% [markdown] lang="es"
r"""
Al principio casi todo le da igual; enseguida traza una recta, porque es lo primero que mejora; después la dobla, hasta seguir la espiral. El número de arriba es la exactitud en los frascos nuevos.

Recórrelo tú, momento a momento. Busca dónde la pérdida se frena y qué hace entonces la frontera.
"""

# %% [markdown] lang="en"
r"""
At first it hardly cares; soon it draws a straight line, for that is the first thing to help; then it bends it, until it follows the spiral. The number above is the accuracy on the new jars.

Go through it yourself, moment by moment. Find where the loss slows down and what the border does then.
"""

# %% tags=["nbval-ignore-output"]
widgets.play_learning(snapshots, losses, features, labels)

# %% [markdown] lang="es"
r"""
Fuera del remolino el modelo también opina, y con aplomo, aunque nunca vio un frasco de allí. Una probabilidad alta no es saber: es extrapolar.
"""

# %% [markdown] lang="en"
r"""
Outside the eddy the model has opinions as well, and firm ones, though it never saw a jar from there. A high probability is not knowledge: it is extrapolation.
"""

# %% [markdown] lang="es"
r"""
### Dos modos

Algunas capas trabajan de un modo al entrenar y de otro al usarse. La del curso es dropout, que apaga números al azar mientras se entrena ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)).

`train()` y `eval()` cambian el modo de todas las capas de golpe.
"""

# %% [markdown] lang="en"
r"""
### Two modes

Some layers work one way in training and another in use. The one in this course is dropout, which switches off numbers at random during training ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)).

`train()` and `eval()` change the mode of all layers at once.
"""

# %%
torch.manual_seed(8)
dropout = nn.Dropout(0.5)
print(dropout.train()(torch.ones(8)))
print(dropout.eval()(torch.ones(8)))

# %% [markdown] lang="es"
r"""
Los que quedan encendidos se doblan, para que la suma esperada no cambie. Al evaluar no se apaga ninguno.

No confundas los dos interruptores: `eval()` no ahorra gradientes y `no_grad()` no apaga el dropout. Para evaluar se usan los dos.
"""

# %% [markdown] lang="en"
r"""
Those left on are doubled, so that the expected sum doesn't change. In evaluation none is switched off.

Don't mix up the two switches: `eval()` saves no gradients and `no_grad()` turns off no dropout. For evaluating, use both.
"""

# %% [markdown] lang="es"
r"""
## A.7 Guardar lo aprendido

Un modelo entrenado es una clase, que está en tu código, y unos números, que están en `state_dict()`: un diccionario de nombres y tensores. Basta con guardar los números.
"""

# %% [markdown] lang="en"
r"""
## A.7 Keeping what was learned

A trained model is a class, which is in your code, and some numbers, which are in `state_dict()`: a dictionary of names and tensors. Keeping the numbers is enough.
"""

# %%
shapes = [tuple(tensor.shape) for tensor in model.state_dict().values()]
print(shapes)
folder = Path(tempfile.mkdtemp())
save_weights(model, folder / "eddy.safetensors")
again = MLP(2, 2)
load_weights(again, folder / "eddy.safetensors")
print(torch.equal(again(new_features), model(new_features)))
print(len(read_tensors(folder / "eddy.safetensors")))

# %% [markdown] lang="es"
r"""
El modelo nuevo nació con otros pesos y ahora responde igual. El formato es safetensors: un encabezado con nombres y formas y, detrás, los números. Nada más.

¿Por qué no `torch.save`, que sale en tantos ejemplos? Porque escribe un pickle, y un pickle puede llevar dentro un recado.
"""

# %% [markdown] lang="en"
r"""
The new model was born with other weights and now gives the same answers. The format is safetensors: a header with names and shapes and, after it, the numbers. Nothing else.

Why not `torch.save`, which so many examples use? Because it writes a pickle, and a pickle may carry an errand inside.
"""


# %%
class Errand:
    def __reduce__(self):
        return print, (say("esto podría haber sido cualquier otra orden", "this could have been any other command"),)


parcel = pickle.dumps({"weights": [1.0, 2.0], "extra": Errand()})
opened = pickle.loads(parcel)

# %% [markdown] lang="es"
r"""
Con solo abrirlo se ha ejecutado lo que decía dentro, y aquí era un `print` por cortesía. Las versiones recientes de PyTorch se niegan, salvo que insistas.
"""

# %% [markdown] lang="en"
r"""
Merely opening it ran what was written inside, which was a `print` only out of courtesy. Recent versions of PyTorch refuse, unless you insist.
"""

# %%
torch.save({"extra": Errand()}, folder / "parcel.pt")
try:
    torch.load(folder / "parcel.pt", weights_only=True)
except pickle.UnpicklingError as error:
    print(type(error).__name__)

# %% [markdown] lang="es"
r"""
Regla de la casa: unos pesos bajados de cualquier sitio se abren si son safetensors; si son un pickle, solo si le abrirías la puerta a quien los envía.
"""

# %% [markdown] lang="en"
r"""
House rule: weights downloaded from anywhere may be opened if they are safetensors; if they are a pickle, only if you would open your door to whoever sent them.
"""

# %% [markdown] lang="es"
r"""
## A.8 Dónde se calcula

Un tensor vive en un dispositivo: `cpu`, `cuda` (una tarjeta de NVIDIA) o `mps` (la GPU de un Apple). Se lleva con `to`, y los que se encuentran en una operación deben vivir en el mismo.

El curso decide en una sola línea: la GPU de NVIDIA si la hay, si no la de Apple, y si no la CPU.
"""

# %% [markdown] lang="en"
r"""
## A.8 Where it is computed

A tensor lives on a device: `cpu`, `cuda` (an NVIDIA card) or `mps` (an Apple GPU). It is moved with `to`, and those that meet in an operation must live on the same one.

The course decides in a single line: NVIDIA's GPU if there is one, else Apple's, else the CPU.
"""

# %% tags=["nbval-ignore-output"]
device = best_device()
model.to(device)
print(device, model(new_features.to(device)).device)

# %% [markdown] lang="es"
r"""
Un detalle que confunde: en un módulo, `to` mueve los pesos que hay; en un tensor devuelve otro, y si no lo guardas no ha pasado nada. (`meta`, en la celda siguiente, es un dispositivo de mentira que hay en todas las máquinas: sus tensores tienen forma y no tienen números.)

Con un modelo tan pequeño una GPU tiene poco que ganar: se le va el tiempo en recibir encargos. En el capítulo 5 ya es otra cosa.
"""

# %% [markdown] lang="en"
r"""
One detail that confuses: on a module, `to` moves the weights it has; on a tensor it returns another one, and unless you keep it nothing has happened. (`meta`, in the next cell, is a make-believe device that every machine has: its tensors have a shape and no numbers.)

With so small a model a GPU has little to gain: its time goes on taking orders. In chapter 5 it is another story.
"""

# %%
model.to("cpu")
unmoved = torch.zeros(2)
unmoved.to("meta")
print(unmoved.device, unmoved.to("meta").device)

# %% [markdown] lang="es"
r"""
## A.9 Entre varios

Los modelos grandes se entrenan con muchas GPU a la vez. La receta más sencilla es esta: cada proceso tiene una copia del modelo y ve una parte del lote, y antes de cada paso se promedian los gradientes de todos ([Li et al., 2020](https://arxiv.org/abs/2006.15704)).
"""

# %% [markdown] lang="en"
r"""
## A.9 Sharing the work

Large models are trained on many GPUs at once. The simplest recipe is this: each process has a copy of the model and sees a part of the batch, and before every step the gradients of all are averaged ([Li et al., 2020](https://arxiv.org/abs/2006.15704)).
"""

# %% [markdown] lang="es"
r"""
Ya sabes por qué funciona: en A.3, dos mitades de lote dejaron el gradiente del lote entero. Ahora cada mitad la calcula un proceso.

No hacen falta dos GPU para verlo; dos procesos en la CPU bastan. El programa está en el paquete, en `desdecero/several.py`, y su parte central es esta.
"""

# %% [markdown] lang="en"
r"""
You know already why it works: in A.3, two halves of a batch left the gradient of the whole batch. Now each half is computed by a process.

Two GPUs are not needed to see it; two processes on the CPU will do. The program is in the package, in `desdecero/several.py`, and this is its middle.
"""

# %%
print(inspect.getsource(several.train))

# %% [markdown] lang="es"
r"""
Es el entrenamiento de siempre, con otra pregunta sobre un río: de qué orilla es cada sitio. Lo nuevo es `DistributedSampler`, que reparte los ejemplos como se reparten cartas. De los 32 de cada lote global, con dos procesos, a cada uno le tocan 16.

`rank` es el número del proceso, y `world_size`, cuántos hay.
"""

# %% [markdown] lang="en"
r"""
It is the usual training, with another question about a river: on which bank each place lies. What is new is `DistributedSampler`, which deals out the examples as one deals cards. Of the 32 of each global batch, with two processes, each gets 16.

`rank` is the number of the process, and `world_size` how many there are.
"""

# %%
print(inspect.getsource(several.main))

# %% [markdown] lang="es"
r"""
Línea por línea: los procesos se encuentran (`gloo` es el modo de hablarse en la CPU; entre GPU de NVIDIA se usa `nccl`); el modelo se envuelve en `DistributedDataParallel`, que promedia los gradientes durante `backward`; se entrena; y guarda uno solo.

La `barrier` hace que nadie se vaya hasta que acaben todos: quien se marcha antes puede tirar a los demás.
"""

# %% [markdown] lang="en"
r"""
Line by line: the processes find each other (`gloo` is how they talk on the CPU; between NVIDIA GPUs it is `nccl`); the model is wrapped in `DistributedDataParallel`, which averages gradients during `backward`; it trains; and only one saves.

The `barrier` keeps everybody until all have finished: whoever leaves early may bring the others down.
"""

# %% [markdown] lang="es"
r"""
Se pone en marcha con `torchrun`, que lanza los procesos y le dice a cada uno quién es. Aquí lo llamamos como módulo, para que use el mismo Python que este cuaderno, y con un puerto que esté libre.
"""

# %% [markdown] lang="en"
r"""
It is started with `torchrun`, which launches the processes and tells each one who it is. Here we call it as a module, so that it uses the same Python as this notebook, and with a port that is free.
"""

# %%
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
together = folder / "together.safetensors"
torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
address = ["--master-addr=127.0.0.1", f"--master-port={port}"]
command = [*torchrun, *address, "-m", "desdecero.several", str(together)]
print(" ".join(command[1:4]), "…", " ".join(command[-3:-1]))

# %% [markdown] lang="es"
r"""
La celda tarda unos segundos, casi todos en poner PyTorch en marcha tres veces. En Windows se salta, porque allí la puesta en marcha es distinta, y si el ordenador no la acaba a tiempo, lo dice y sigue.
"""

# %% [markdown] lang="en"
r"""
The cell takes some seconds, nearly all of them for getting PyTorch going three times. On Windows it is skipped, because starting up is different there, and if the computer doesn't finish it in time it says so and goes on.
"""

# %% tags=["nbval-ignore-output"]
if sys.platform == "win32":
    print(say("En Windows este paso se salta.", "On Windows this step is skipped."))
else:
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        subprocess.run(command, env=quiet, check=True, capture_output=True, timeout=100)
    except subprocess.SubprocessError as error:
        print(say("No ha terminado:", "It has not finished:"), type(error).__name__)
print(together.exists())

# %% [markdown] lang="es"
r"""
Y ahora uno solo, con el lote entero de 32 y la misma semilla. ¿Acaban los pesos en el mismo sitio?
"""

# %% [markdown] lang="en"
r"""
And now a single one, with the whole batch of 32 and the same seed. Do the weights end at the same place?
"""

# %% tags=["nbval-ignore-output"]
torch.manual_seed(3)
alone = several.MLP(2, 2)
start = [p.detach().clone() for p in alone.parameters()]
several.train(alone, rank=0, world_size=1)
print(not any(torch.allclose(a, b, atol=1e-5) for a, b in zip(alone.parameters(), start)))
if together.exists():
    theirs = several.MLP(2, 2)
    load_weights(theirs, together)
    print(all(torch.allclose(a, b, atol=1e-5) for a, b in zip(alone.parameters(), theirs.parameters())))

# %% [markdown] lang="es"
r"""
El primer valor dice que el entrenamiento movió los pesos; el segundo, que dos procesos y uno solo llegan a los mismos, salvo el redondeo, porque sumar en otro orden cambia las últimas cifras.

Con varias GPU cambian, además de `--nproc-per-node`, dos cosas: se pone `nccl` en vez de `gloo`, y cada proceso lleva el modelo y sus lotes a su tarjeta, la que dice `LOCAL_RANK`. Y con más de una época se llama antes de cada una a `sampler.set_epoch(epoch)`; si no, el orden se repite.
"""

# %% [markdown] lang="en"
r"""
The first value says that training moved the weights; the second, that two processes and one alone arrive at the same ones, up to rounding, for adding in another order changes the last digits.

With several GPUs two things change besides `--nproc-per-node`: `nccl` takes the place of `gloo`, and each process takes the model and its batches to its own card, the one that `LOCAL_RANK` names. And with more than one epoch, call `sampler.set_epoch(epoch)` before each; otherwise the order repeats.
"""

# %% [markdown] lang="es"
r"""
## A.10 Lo que ya puedes hacer

Sabes leer una forma, prever una difusión y desconfiar de la que sale sin querer. Has calculado un gradiente a lápiz y has visto el grafo con el que PyTorch lo calcula.

Puedes escribir un modelo, un conjunto de datos y el bucle, guardarlos sin recados dentro y repartir el trabajo entre varios.
"""

# %% [markdown] lang="en"
r"""
## A.10 What you can now do

You can read a shape, foresee a broadcast and mistrust the one you never meant. You have worked out a gradient by pencil and seen the graph with which PyTorch does it.

You can write a model, a data set and the loop, keep them with no errands inside, and share out the work.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran cuatro: `logistic_gradient`, `mlp`, `toy_dataset` y `train_classifier`.

Para coger soltura, la [documentación](https://docs.pytorch.org/docs/stable/) y los acertijos de [Rush (2022)](https://github.com/srush/Tensor-Puzzles). Y si vienes de paso, vuelve al capítulo 2: allí los tensores empiezan a llevar palabras.
"""

# %% [markdown] lang="en"
r"""
There were four exercises: `logistic_gradient`, `mlp`, `toy_dataset` and `train_classifier`.

To get fluent, the [documentation](https://docs.pytorch.org/docs/stable/) and the puzzles of [Rush (2022)](https://github.com/srush/Tensor-Puzzles). And if you were only passing through, go back to chapter 2: there, tensors begin to carry words.
"""
