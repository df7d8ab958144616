# %% [markdown] lang="es"
r"""
# 3 · Atención

Casilda se pierde en el chopo.
La misma palabra viene una vez de la piedra y otra del junco, y quien la oye suelta no puede saber qué la sigue.
Aquí construyes la pieza que lo remedia: una capa en la que cada token mira a los demás y decide cuánto toma de cada uno.
"""

# %% [markdown] lang="en"
r"""
# 3 · Attention

Casilda gets lost at the poplar.
The same word comes once from the stone and once from the reeds, and whoever hears it alone cannot know what follows.
Here you build the part that puts this right: a layer in which every token looks at the others and decides how much to take from each.
"""

# %% [markdown] lang="es"
r"""
**Qué construyes.** La clase `MultiHeadAttention`, partiendo de un producto escalar hecho con un bucle; el GPT del capítulo 4 la usa tal cual.

**Qué necesitas.** Saber del capítulo 2 que un texto acaba siendo una lista de vectores, y multiplicar matrices.

**Cuánto tarda.** Unos 90 minutos de lectura, casi otro tanto para los cuatro ejercicios y menos de 20 segundos de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you build.** The class `MultiHeadAttention`, starting from a dot product written as a loop; the GPT of chapter 4 uses it as it is.

**What you need.** From chapter 2, that a text ends up as a list of vectors; and how to multiply matrices.

**How long it takes.** About 90 minutes to read, nearly as much again for the four exercises, and less than 20 seconds to run.
"""

# %%
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.edition import say
from desdecero.plots import attention as draw
from desdecero.widgets import attention as play

use_edition(EDITION)
torch.manual_seed(3)
torch.set_printoptions(precision=2, sci_mode=False)
# %% [markdown] lang="es"
r"""
## 3.1 El problema de las frases largas

Un día entró una señora en la tienda de Anselmo, estuvo hablando de su perro y pidió una cama.
Él solo le oyó la última palabra y le enseñó once camas de matrimonio.
Los modelos de lenguaje anteriores a la atención atendían más o menos así, y la retahíla de Casilda lo va a demostrar.
"""

# %% [markdown] lang="en"
r"""
## 3.1 The trouble with long sentences

A lady once came into Anselmo's shop, talked at length about her dog, and asked for a bed.
He caught only the last word, and showed her eleven doubles.
Language models before attention listened more or less like that, as Casilda's rigmarole is about to show.
"""

# %%
route = say(
    "suelta piedra chopo cuatro torre junco chopo palomar empuja calla campana soga",
    "off stone poplar four tower reeds poplar dovecote push hush bell rope",
).split()
len(route), len(set(route))

# %% [markdown] lang="es"
r"""
Doce palabras y once distintas, porque el Zurdo tiene dos chopos.
En este capítulo una palabra será un token, para que puedas leer las figuras; con los trozos de palabra del capítulo 2 todo funciona igual.
"""

# %% [markdown] lang="en"
r"""
Twelve words and eleven different ones, because the Zurdo has two poplars.
In this chapter a word will be a token, so that you can read the pictures; with the pieces of words of chapter 2 everything works the same.
"""

# %% [markdown] lang="es"
r"""
Una red **recurrente** ([Elman, 1990](https://doi.org/10.1207/s15516709cog1402_1)) lee palabra por palabra.
Con cada una actualiza una memoria $h$, que es un vector de tamaño fijo, y después suelta la palabra para siempre:

$$h_t = f(h_{t-1},\ x_t)$$

Lo que no quepa en $h$ se pierde, y $h$ no crece con la frase.
"""

# %% [markdown] lang="en"
r"""
A **recurrent** network ([Elman, 1990](https://doi.org/10.1207/s15516709cog1402_1)) reads word by word.
With each one it updates a memory $h$, a vector of fixed size, and then lets go of the word for good:

$$h_t = f(h_{t-1},\ x_t)$$

Whatever does not fit into $h$ is lost, and $h$ does not grow with the sentence.
"""

# %% [markdown] lang="es"
r"""
Hagamos la más sencilla posible, que mezcla: $h_t = a\,h_{t-1} + (1 - a)\,x_t$.
Para poder mirar dentro, cada palabra será un vector de ceros con un solo 1, en una casilla que no comparte con ninguna otra.
"""

# %% [markdown] lang="en"
r"""
Let's make the simplest one there is, which blends: $h_t = a\,h_{t-1} + (1 - a)\,x_t$.
So that we can look inside, each word will be a vector of zeros with a single 1, in a slot that it shares with no other word.
"""

# %%
slot = {word: i for i, word in enumerate(dict.fromkeys(route))}
one_hot = F.one_hot(torch.tensor([slot[word] for word in route])).float()
one_hot.shape  # (T, d)

# %%
keep = 0.7
memory = torch.zeros(len(slot))
for vector in one_hot:
    memory = keep * memory + (1 - keep) * vector
for word, i in slot.items():
    print(f"{word:9}{memory[i]:6.1%}")

# %% [markdown] lang="es"
r"""
La última palabra ocupa el 30 % de la memoria y la primera, un 0.6 %.
Los dos chopos han caído en la misma casilla y ya no hay manera de separarlos.
Antes de jugar con ella, predice: si la memoria conserva más con cada palabra, ¿recordará mejor la primera?
"""

# %% [markdown] lang="en"
r"""
The last word takes up 30% of the memory, and the first one 0.6%.
The two poplars have fallen into the same slot, and there is no way to tell them apart any more.
Before you play with it, predict: if the memory keeps more at every word, will it remember the first one better?
"""

# %%
play.memory(route)

# %% [markdown] lang="es"
r"""
Al llegar a 0.98 ya no olvida a nadie, pero todas las palabras pesan casi lo mismo y cada una casi nada.
Una red recurrente de verdad aprende qué conservar, y lo hace bastante bien ([Hochreiter y Schmidhuber, 1997](https://doi.org/10.1162/neco.1997.9.8.1735)), pero su memoria sigue siendo la misma para una frase de cinco palabras que para una novela.
"""

# %% [markdown] lang="en"
r"""
At 0.98 it forgets nobody, but all the words weigh nearly the same, and each of them nearly nothing.
A real recurrent network learns what to keep, and does it rather well ([Hochreiter and Schmidhuber, 1997](https://doi.org/10.1162/neco.1997.9.8.1735)), but its memory is no bigger for a novel than for a sentence of five words.
"""

# %% [markdown] lang="es"
r"""
En la traducción se vio el daño: con una sola memoria entre las dos lenguas, la calidad caía al alargarse la frase ([Cho et al., 2014](https://arxiv.org/abs/1409.1259)).
[Bahdanau et al., 2015](https://arxiv.org/abs/1409.0473) propusieron no soltar nada: guardar un vector por palabra y, al escribir cada palabra nueva, volver a mirarlos todos y mezclar los que vengan al caso.
"""

# %% [markdown] lang="en"
r"""
Translation showed the damage: with a single memory between the two languages, quality dropped as sentences grew ([Cho et al., 2014](https://arxiv.org/abs/1409.1259)).
[Bahdanau et al., 2015](https://arxiv.org/abs/1409.0473) proposed to let go of nothing: keep one vector per word and, for every new word to be written, look back at them all and blend those that matter.
"""

# %% [markdown] lang="es"
r"""
Dos años después, [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762) quitaron la memoria y se quedaron solo con la mirada.
Cuando una frase se mira a sí misma, se habla de **autoatención** (self-attention); es la que lleva un GPT y la que vas a construir.
"""

# %% [markdown] lang="en"
r"""
Two years later, [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762) took the memory away and kept only the looking.
When a sentence looks at itself, it is called **self-attention**; it is what a GPT has inside, and what you are going to build.
"""

# %% [markdown] lang="es"
r"""
## 3.2 Qué hace la atención

Acortemos el camino a cinco palabras, con los dos chopos dentro.
El embedding de cada una tiene dos números puestos a mano para que signifiquen algo: cuánto sobresale y cuánta agua tiene cerca.
"""

# %% [markdown] lang="en"
r"""
## 3.2 What attention does

Let's cut the way down to five words, with both poplars in it.
The embedding of each has two numbers, set by hand so that they mean something: how far it sticks up, and how much water it has around it.
"""

# %%
words = say("piedra chopo torre junco chopo", "stone poplar tower reeds poplar").split()
content = torch.tensor([[-1.0, 1.0], [1.0, 0.5], [1.5, -1.0], [-0.5, 1.5], [1.0, 0.5]])  # (T, d)
for word, vector in zip(words, content):
    print(f"{word:8}{vector.tolist()}")

# %%
draw.vectors(words, content)

# %% [markdown] lang="es"
r"""
En la figura solo hay cuatro flechas: la segunda fila y la quinta son el mismo vector, hasta el último decimal.
Un embedding dice qué es una palabra y no sabe nada de sus vecinas.
Eso es lo que hay que arreglar.
"""

# %% [markdown] lang="en"
r"""
There are only four arrows in the picture: the second row and the fifth are the same vector, down to the last decimal.
An embedding says what a word is, and knows nothing of its neighbours.
That is what needs fixing.
"""

# %% [markdown] lang="es"
r"""
La atención cambia cada vector por una mezcla de todos, su **contexto**.
Si $\alpha_{ij}$ es el peso con que el token $i$ mira al token $j$, el contexto del token $i$ es

$$z_i = \sum_j \alpha_{ij}\, x_j$$

con pesos que no son negativos y suman 1.
De momento los ponemos nosotros: el segundo chopo mirará sobre todo al junco.
"""

# %% [markdown] lang="en"
r"""
Attention replaces each vector by a blend of all of them, its **context**.
If $\alpha_{ij}$ is the weight with which token $i$ looks at token $j$, the context of token $i$ is

$$z_i = \sum_j \alpha_{ij}\, x_j$$

with weights that are not negative and add up to 1.
For now we choose them ourselves: the second poplar will look mostly at the reeds.
"""

# %%
chosen = torch.tensor([0.0, 0.1, 0.1, 0.6, 0.2])
context = torch.zeros(2)
for weight, vector in zip(chosen, content):
    context += weight * vector
context

# %%
draw.mixture(words, chosen, asking=4)

# %% [markdown] lang="es"
r"""
El contexto ha quedado en $(0.15,\ 0.95)$: un chopo mucho más mojado de lo que dice su embedding, porque lleva dentro seis décimas de junco.
Demos al primer chopo otros pesos, que miren a la piedra, y hagamos las dos mezclas a la vez con un producto de matrices.
"""

# %% [markdown] lang="en"
r"""
The context has come out as $(0.15,\ 0.95)$: a poplar much wetter than its embedding says, because six tenths of it are now reeds.
Let's give the first poplar other weights, which look at the stone, and make both blends at once with a matrix product.
"""

# %%
two_rows = torch.tensor([[0.8, 0.2, 0.0, 0.0, 0.0], [0.0, 0.1, 0.1, 0.6, 0.2]])
two_rows @ content  # (2, T) @ (T, d) -> (2, d)

# %% [markdown] lang="es"
r"""
Los dos chopos eran iguales y ya no lo son: uno viene de la piedra y el otro, del junco.
Toda la atención es esta suma.
Lo que queda de capítulo trata de quién pone los pesos.
"""

# %% [markdown] lang="en"
r"""
The two poplars were equal and are not any more: one comes from the stone, the other from the reeds.
All of attention is this sum.
What is left of the chapter is about who sets the weights.
"""

# %% [markdown] lang="es"
r"""
## 3.3 Pesos sin entrenar: mirar a quien se parece

La regla más simple es que cada token mire más a los que se le parecen.
El parecido entre dos vectores se mide con su **producto escalar**:

$$a \cdot b = \sum_i a_i b_i = |a|\,|b|\cos\theta$$

Es grande si apuntan hacia el mismo lado, cero si forman ángulo recto y negativo si se dan la espalda.
"""

# %% [markdown] lang="en"
r"""
## 3.3 Weights without training: look at what is like you

The simplest rule is that each token looks more at those that are like it.
How alike two vectors are is measured by their **dot product**:

$$a \cdot b = \sum_i a_i b_i = |a|\,|b|\cos\theta$$

It is large if they point the same way, zero at a right angle, and negative if they turn their backs on each other.
"""


# %%
def dot(a: Tensor, b: Tensor) -> float:
    total = 0.0
    for i in range(len(a)):
        total += (a[i] * b[i]).item()
    return total


for word, vector in zip(words, content):
    print(f"{words[4]} · {word:8}{dot(content[4], vector):6.2f}")

# %% [markdown] lang="es"
r"""
Comprueba uno con lápiz: chopo por torre es $1 \times 1.5 + 0.5 \times (-1) = 1$.
Para este chopo lo más parecido es un chopo, luego la torre, que también es alta, y lo que menos, la piedra.
En una línea, los cinco a la vez:
"""

# %% [markdown] lang="en"
r"""
Check one with a pencil: poplar times tower is $1 \times 1.5 + 0.5 \times (-1) = 1$.
The thing most like this poplar is a poplar, then the tower, which is tall as well, and the least like it is the stone.
In one line, all five at once:
"""

# %%
scores = content @ content[4]  # (T, d) @ (d,) -> (T,)
scores

# %% [markdown] lang="es"
r"""
### De puntuaciones a pesos: el softmax

A estos números los llamaremos **puntuaciones** (scores).
Aún no son pesos, porque no suman 1.
Lo primero que se le ocurre a uno es dividirlos por su suma.
"""

# %% [markdown] lang="en"
r"""
### From scores to weights: softmax

We will call these numbers **scores**.
They are not weights yet, since they don't add up to 1.
The first thing that comes to mind is to divide them by their sum.
"""

# %%
scores / scores.sum()

# %% [markdown] lang="es"
r"""
La piedra sale con un peso negativo: en vez de no mirarla, el chopo la restaría.
Y si las puntuaciones sumaran cero, ni siquiera habría división.
Por eso se pasan antes por la exponencial, que es siempre positiva y respeta el orden.
Eso es el **softmax**:

$$\alpha_j = \frac{e^{s_j}}{\sum_k e^{s_k}}$$
"""

# %% [markdown] lang="en"
r"""
The stone gets a negative weight: instead of not looking at it, the poplar would subtract it.
And if the scores added up to zero, there would be no division at all.
So they first go through the exponential, which is always positive and keeps the order.
That is **softmax**:

$$\alpha_j = \frac{e^{s_j}}{\sum_k e^{s_k}}$$
"""


# %%
def naive_softmax(scores: Tensor) -> Tensor:
    powers = torch.exp(scores)
    return powers / powers.sum()


naive_softmax(scores), naive_softmax(scores).sum()

# %% [markdown] lang="es"
r"""
Ahora sí: cinco pesos positivos que suman 1, con un 0.30 para cada chopo y un 0.05 para la piedra.
La función se llama ingenua por algo.
¿Qué crees que dirá si multiplicamos las puntuaciones por 100?
"""

# %% [markdown] lang="en"
r"""
Now we have it: five positive weights that add up to 1, with 0.30 for each poplar and 0.05 for the stone.
The function is called naive for a reason.
What do you think it will say if we multiply the scores by 100?
"""

# %%
naive_softmax(100 * scores)

# %% [markdown] lang="es"
r"""
La exponencial de 125 no cabe en un número de 32 bits y se vuelve infinito, e infinito entre infinito es `nan`.
El remedio sale gratis: restar la misma constante a todas las puntuaciones no cambia el resultado, porque el factor se simplifica,

$$\frac{e^{s_j - c}}{\sum_k e^{s_k - c}} = \frac{e^{s_j}}{\sum_k e^{s_k}}$$

y si se resta el máximo, ninguna exponencial pasa de 1.
"""

# %% [markdown] lang="en"
r"""
The exponential of 125 does not fit into a 32-bit number and becomes infinite, and infinity divided by infinity is `nan`.
The cure is free: subtracting the same constant from all scores does not change the result, because the factor cancels,

$$\frac{e^{s_j - c}}{\sum_k e^{s_k - c}} = \frac{e^{s_j}}{\sum_k e^{s_k}}$$

and if you subtract the largest, no exponential goes beyond 1.
"""


# %%
def softmax(scores: Tensor) -> Tensor:
    powers = torch.exp(scores - scores.max())
    return powers / powers.sum()


print(softmax(100 * scores))
torch.allclose(softmax(scores), torch.softmax(scores, dim=0))

# %% [markdown] lang="es"
r"""
Los dos chopos se reparten el peso a medias, que es lo que debía salir, y nuestra función da lo mismo que `torch.softmax`.
PyTorch también resta el máximo; desde ahora usamos la suya.
"""

# %% [markdown] lang="en"
r"""
The two poplars share the weight half and half, as they should, and our function gives the same as `torch.softmax`.
PyTorch subtracts the maximum too; from now on we use theirs.
"""

# %% [markdown] lang="es"
r"""
Fíjate en que al multiplicar por 100 el softmax dejó de repartir: todo fue para los primeros.
Prueba tú a dividir las puntuaciones por un número, que suele llamarse **temperatura**.
¿Hacia qué tienden los pesos con una muy baja? ¿Y con una muy alta?
"""

# %% [markdown] lang="en"
r"""
Notice that, multiplied by 100, softmax stopped sharing out: everything went to the front runners.
Try dividing the scores by a number yourself; it is usually called the **temperature**.
What do the weights tend to at a very low one? And at a very high one?
"""

# %%
play.softmax(scores.tolist(), [f"{i} {word}" for i, word in enumerate(words)])

# %% [markdown] lang="es"
r"""
### De un token a todos

Con los pesos hechos, el contexto del último chopo sale con la misma suma que cuando los pusimos a mano.
Al lado de un chopo y una torre, este se ha quedado alto y casi seco.
"""

# %% [markdown] lang="en"
r"""
### From one token to all

With the weights made, the context of the last poplar comes from the same sum as when we set them by hand.
Next to a poplar and a tower, this one ends up tall and nearly dry.
"""

# %%
weights = torch.softmax(scores, dim=0)  # (T,)
weights @ content  # (T,) @ (T, d) -> (d,)

# %% [markdown] lang="es"
r"""
Para los demás tokens hay que repetirlo todo con cada uno como preguntón.
Primero con dos bucles, para que no quede duda de qué es cada casilla: la fila pregunta y la columna es mirada.
"""

# %% [markdown] lang="en"
r"""
For the other tokens we have to do it all again, with each of them asking in turn.
First with two loops, so that there is no doubt about what each cell is: the row asks and the column is looked at.
"""

# %%
T = len(words)
scores = torch.zeros(T, T)
for i in range(T):
    for j in range(T):
        scores[i, j] = dot(content[i], content[j])
scores

# %%
torch.equal(scores, content @ content.T)  # (T, d) @ (d, T) -> (T, T)

# %% [markdown] lang="es"
r"""
Un solo producto de matrices hace los 25 productos escalares.
El softmax va fila por fila, que en PyTorch se escribe `dim=-1`: la última dimensión recorre a los mirados.
Con `dim=0` sumarían 1 las columnas, y el error no daría ningún aviso.
"""

# %% [markdown] lang="en"
r"""
One matrix product makes all 25 dot products.
Softmax goes row by row, which PyTorch writes as `dim=-1`: the last dimension runs over those being looked at.
With `dim=0` it would be the columns that add up to 1, and nothing would warn you of the mistake.
"""

# %%
weights = torch.softmax(scores, dim=-1)  # (T, T)
print(weights.sum(dim=-1))
weights @ content  # (T, T) @ (T, d) -> (T, d)

# %%
draw.maps(words, weights)

# %% [markdown] lang="es"
r"""
La torre casi solo se mira a sí misma: su flecha es la más larga y la que más lejos queda de las otras.
La piedra y el junco, que comparten el agua, se miran mucho.
Y las dos filas del chopo son idénticas, conque sus contextos también: seguimos perdidos en el mismo sitio.
"""

# %% [markdown] lang="en"
r"""
The tower hardly looks at anything but itself: its arrow is the longest, and the farthest from the others.
The stone and the reeds, which share the water, look at each other a lot.
And the two rows of the poplar are identical, so their contexts are too: we are still lost in the same place.
"""

# %% [markdown] lang="es"
r"""
Es peor aún: esta atención no ve el orden, porque en sus cuentas no entra en ningún sitio.
Si barajamos las palabras, salen los mismos contextos, barajados.
"""

# %% [markdown] lang="en"
r"""
It gets worse: this attention does not see order, which appears nowhere in its sums.
If we shuffle the words, out come the same contexts, shuffled.
"""

# %%
order = [3, 0, 4, 2, 1]
mixed = content[order]
torch.allclose(torch.softmax(mixed @ mixed.T, dim=-1) @ mixed, (weights @ content)[order])

# %% [markdown] lang="es"
r"""
Una bolsa de palabras le vale igual que una frase.
Por eso el capítulo 2 sumaba a cada token un embedding de posición, y en el apartado siguiente nosotros también la pondremos.
Antes, suelta de su palabra la flecha que pregunta (la **consulta**), gírala y mira adónde se va el peso.
"""

# %% [markdown] lang="en"
r"""
To it, a bag of words is as good as a sentence.
That is why chapter 2 added a position embedding to every token, and in the next section we will put position in as well.
Before that, take the arrow that asks (the **query**) off its word, turn it, and see where the weight goes.
"""

# %%
play.query(words, content)

# %% [markdown] lang="es"
r"""
El ángulo decide quién gana y la longitud, por cuánto: una consulta larga multiplica todas las puntuaciones, como una temperatura baja.
Con longitud 0 no pregunta nada y todas pesan lo mismo.
"""

# %% [markdown] lang="en"
r"""
The angle decides who wins and the length by how much: a long query multiplies all the scores, like a low temperature.
With length 0 it asks nothing, and all the words weigh the same.
"""

# %% [markdown] lang="es"
r"""
### Varias frases a la vez

En adelante las frases llegarán en lotes, con forma $(B, T, d)$.
El operador `@` multiplica las dos últimas dimensiones y repite la cuenta para cada frase, así que solo hay que cambiar `.T`, que da la vuelta a todas, por `transpose(-2, -1)`, que intercambia las dos últimas.
"""

# %% [markdown] lang="en"
r"""
### Several sentences at once

From here on sentences come in batches, of shape $(B, T, d)$.
The operator `@` multiplies the last two dimensions and repeats the sum for each sentence, so all we have to change is `.T`, which turns all of them around, into `transpose(-2, -1)`, which swaps the last two.
"""

# %%
batch = torch.stack([content, content.flip(0), -content])  # (B, T, d) = (3, 5, 2)
print(batch.transpose(-2, -1).shape)
print((batch @ batch.transpose(-2, -1)).shape)

# %% [markdown] lang="es" exercise="simple_attention"
r"""
### Ejercicio: atención sin pesos entrenables

Todo lo que viene después repite estos tres pasos (puntuaciones, softmax, mezcla), así que conviene tenerlos en una función.

```python
def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]
```

Recibe `x`, de forma `(T, d)` o `(B, T, d)`, y devuelve dos tensores: el contexto, con la forma de `x`, y los pesos, `(T, T)` o `(B, T, T)`.
Los productos escalares van sin dividir y sin máscara.
"""

# %% [markdown] lang="en" exercise="simple_attention"
r"""
### Exercise: attention with nothing to train

Everything that follows repeats these three steps (scores, softmax, blend), so it is good to have them in a function.

```python
def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]
```

It takes `x`, of shape `(T, d)` or `(B, T, d)`, and returns two tensors: the context, shaped like `x`, and the weights, `(T, T)` or `(B, T, T)`.
The dot products are not divided by anything and there is no mask.
"""

# %% solution="simple_attention"

# %%
with example():
    context, weights = simple_attention(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    # es: pesos esperados: [[0.98, 0.02], [0.27, 0.73]]; contexto: [[1.96, 0.02], [0.54, 0.73]]
    # en: expected weights: [[0.98, 0.02], [0.27, 0.73]]; context: [[1.96, 0.02], [0.54, 0.73]]
    print(weights)
    print(context)

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Son tres líneas, y ninguna necesita saber si hay lote.
Cuenta las dimensiones desde el final: -1 es la última y -2, la penúltima.

</details>

<details><summary>Pista 2</summary>

Comprueba que cada fila de los pesos suma 1, también en la segunda frase de un lote.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

It is three lines, and none of them needs to know whether there is a batch.
Count dimensions from the end: -1 is the last and -2 the one before it.

</details>

<details><summary>Hint 2</summary>

Check that every row of the weights adds up to 1, also in the second sentence of a batch.

</details>
"""

# %% tests="simple_attention"

# %%
context, weights = simple_attention(batch)
context.shape, weights.shape

# %% [markdown] lang="es"
r"""
## 3.4 Consultas, claves y valores

Mirar a quien se te parece no sirve de mucho.
Al segundo chopo no le hace falta otro chopo: le hace falta saber de dónde viene.
Además, el parecido es mutuo (la puntuación de la piedra para el chopo es la del chopo para la piedra), y no hay ni un solo número que entrenar.
"""

# %% [markdown] lang="en"
r"""
## 3.4 Queries, keys and values

Looking at what is like you is not much use.
The second poplar has no need of another poplar: it needs to know where it comes from.
Besides, likeness is mutual (the stone's score for the poplar is the poplar's for the stone), and there is not a single number to train.
"""

# %% [markdown] lang="es"
r"""
Piensa en el mercado de Los Hornos.
Tú llevas un recado («algo para un caldo»), cada puesto tiene su letrero («gallinas») y lo que acaba en la cesta no es ni el recado ni el letrero, sino la gallina.
El recado es la **consulta** (query), el letrero es la **clave** (key) y la gallina, el **valor** (value).
"""

# %% [markdown] lang="en"
r"""
Think of the market at Los Hornos.
You bring an errand ("something for a broth"), every stall has its sign ("hens"), and what ends up in the basket is neither the errand nor the sign, but the hen.
The errand is the **query**, the sign is the **key**, and the hen is the **value**.
"""

# %% [markdown] lang="es"
r"""
Cada token es comprador y puesto a la vez, así que de su vector $x_i$ se sacan tres, con tres matrices entrenables:

$$q_i = x_i W_q \qquad k_i = x_i W_k \qquad v_i = x_i W_v$$

La puntuación compara el recado de uno con el letrero de otro, $q_i \cdot k_j$, y lo que se mezcla son los valores.
"""

# %% [markdown] lang="en"
r"""
Every token is a shopper and a stall at once, so three vectors are made out of its $x_i$, with three trainable matrices:

$$q_i = x_i W_q \qquad k_i = x_i W_k \qquad v_i = x_i W_v$$

The score compares one token's errand with another's sign, $q_i \cdot k_j$, and what gets blended are the values.
"""

# %%
draw.flow(T=5, d_in=4, d_out=2)

# %% [markdown] lang="es"
r"""
Pongamos primero la posición.
Será la aguja de un reloj que gira 45 grados por palabra (al revés que los de pared, que es como cuentan los ángulos los matemáticos): dos números más por token.
El capítulo 2 sumaba el embedding de posición; aquí lo pegamos al lado para que cada columna se pueda leer.
"""

# %% [markdown] lang="en"
r"""
First let's put position in.
It will be the hand of a clock that turns 45 degrees per word (the other way from one on a wall, which is how mathematicians count angles): two more numbers for each token.
Chapter 2 added the position embedding; here we set it alongside, so that each column can be read.
"""

# %%
place = torch.tensor([[1.0, 0.0], [0.7, 0.7], [0.0, 1.0], [-0.7, 0.7], [-1.0, 0.0]])  # (T, 2)
x = torch.cat([content, place], dim=1)  # (T, d_in) = (5, 4)
x

# %% [markdown] lang="es"
r"""
Ahora las dos filas del chopo ya se distinguen por las dos últimas columnas.
Queremos una consulta que diga «¿quién estaba justo antes de mí?».
Basta con que $W_q$ gire la aguja 45 grados hacia atrás, para que apunte a la de la palabra anterior, y con que $W_k$ deje la aguja como está.
"""

# %% [markdown] lang="en"
r"""
Now the two rows of the poplar differ in their last two columns.
We want a query that says "who was right before me?".
All it takes is for $W_q$ to turn the hand back by 45 degrees, so that it points at the hand of the word before, and for $W_k$ to leave the hand as it is.
"""

# %%
# es: las filas 0 y 1 reciben el contenido y las filas 2 y 3, la aguja; el 3 alarga los vectores
# en: rows 0 and 1 receive the content, rows 2 and 3 the clock hand; the 3 makes the vectors longer
W_query = 3 * torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.7, -0.7], [0.7, 0.7]])  # (d_in, d_out)
W_key = 3 * torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
W_value = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])

# %% [markdown] lang="es"
r"""
$W_v$ hace otra cosa: tira la aguja y se queda con el contenido, altura y agua.
Así se decide a quién mirar con unas columnas y qué llevarse con otras.
Vamos paso a paso con el segundo chopo, que está en la posición 4.
"""

# %% [markdown] lang="en"
r"""
$W_v$ does something else: it throws the hand away and keeps the content, height and water.
So whom to look at is decided with some columns, and what to take with others.
Let's go step by step with the second poplar, which is at position 4.
"""

# %%
query = x[4] @ W_query  # (d_in,) @ (d_in, d_out) -> (d_out,)
keys = x @ W_key  # (T, d_in) @ (d_in, d_out) -> (T, d_out)
values = x @ W_value  # (T, d_out)
query

# %%
draw.clock(words, place, query, asking=4)

# %%
scores = keys @ query  # (T, d_out) @ (d_out,) -> (T,)
scores

# %% [markdown] lang="es"
r"""
Gana el junco, que es quien está en la posición 3.
Antes del softmax falta un detalle: dividir por $\sqrt{d}$, donde $d$ es el número de columnas de las claves, aquí 2.
El apartado siguiente está dedicado a esa raíz; de momento, hazle caso.
"""

# %% [markdown] lang="en"
r"""
The reeds win, which are the ones at position 3.
One detail is missing before softmax: dividing by $\sqrt{d}$, where $d$ is the number of columns of the keys, here 2.
The next section is all about that root; for now, take its word.
"""

# %%
weights = torch.softmax(scores / 2**0.5, dim=-1)
context = weights @ values  # (T,) @ (T, d_out) -> (d_out,)
print(weights)
print(context)

# %% [markdown] lang="es"
r"""
Tres cuartas partes del contexto son junco, y el resto viene de las posiciones contiguas.
¿Y el primer chopo? Predice a quién mirará y luego haz todas las filas de una vez.
"""

# %% [markdown] lang="en"
r"""
Three quarters of the context are reeds, and the rest comes from the positions next to it.
What about the first poplar? Predict whom it will look at, and then do all the rows at once.
"""

# %%
queries = x @ W_query  # (T, d_out)
weights = torch.softmax(queries @ keys.T / 2**0.5, dim=-1)  # (T, T)
by_hand = weights @ values  # (T, T) @ (T, d_out) -> (T, d_out)
print(torch.allclose(by_hand[4], context))
by_hand

# %%
draw.maps(words, weights)

# %% [markdown] lang="es"
r"""
Cada fila mira a la de antes, y la primera, que no tiene ninguna antes, se mira a sí misma.
Ya nada es mutuo: el chopo mira a la piedra y la piedra no le devuelve la mirada.
Los dos chopos tienen por fin contextos distintos, uno de piedra y otro de junco.
"""

# %% [markdown] lang="en"
r"""
Every row looks at the one before it, and the first, which has none before it, looks at itself.
Nothing is mutual any more: the poplar looks at the stone, and the stone does not look back.
The two poplars have different contexts at last, one of stone and one of reeds.
"""

# %% [markdown] lang="es"
r"""
## 3.5 Por qué se divide por la raíz de d

Un producto escalar suma tantos términos como números tienen los vectores.
Si cada término es independiente y tiene varianza 1, la suma de $d$ términos tiene varianza $d$ y desviación típica $\sqrt{d}$. (La varianza es la media de las distancias a la media, al cuadrado; su raíz, la desviación típica, dice cuánto se apartan los números.)
Mídelo con diez mil parejas de vectores al azar.
"""

# %% [markdown] lang="en"
r"""
## 3.5 Why we divide by the root of d

A dot product adds up as many terms as the vectors have numbers.
If the terms are independent and each has variance 1, the sum of $d$ of them has variance $d$ and standard deviation $\sqrt{d}$. (The variance is the mean of the squared distances to the mean; its root, the standard deviation, says how far the numbers stray.)
Measure it on ten thousand pairs of random vectors.
"""

# %%
sizes = [2, 8, 32, 128, 512]
spread = []
for d in sizes:
    q, k = torch.randn(10_000, d), torch.randn(10_000, d)
    products = (q * k).sum(dim=1)  # (10_000, d) -> (10_000,)
    spread.append(products.std().item())
    print(f"d = {d:3}   var = {products.var():5.0f}   std = {spread[-1]:4.1f}   √d = {d**0.5:4.1f}")

# %% [markdown] lang="es"
r"""
Se cumple: con 512 números, dos vectores al azar dan con facilidad productos de más de veinte, hacia arriba o hacia abajo.
Ya sabes lo que hace el softmax con puntuaciones tan separadas.
Démosle ocho claves al azar, muchas veces, y anotemos cuánto se lleva la primera de la clase.
"""

# %% [markdown] lang="en"
r"""
It holds: with 512 numbers, two random vectors easily give products of more than twenty, up or down.
You already know what softmax does with scores that far apart.
Let's hand it eight random keys, many times over, and note how much the top of the class takes.
"""

# %%
plain, scaled = [], []
for d in sizes:
    q, k = torch.randn(2_000, 1, d), torch.randn(2_000, 8, d)
    products = (q @ k.transpose(-2, -1)).squeeze(1)  # (2_000, 1, 8) -> (2_000, 8)
    plain.append(torch.softmax(products, dim=-1).amax(dim=-1).mean().item())
    scaled.append(torch.softmax(products / d**0.5, dim=-1).amax(dim=-1).mean().item())
    print(f"d = {d:3}   {plain[-1]:.2f}   {scaled[-1]:.2f}")

# %%
draw.scaling(sizes, spread, plain, scaled)

# %% [markdown] lang="es"
r"""
Sin dividir, a partir de cien números casi todo el peso va a una sola clave, elegida por azar antes de haber aprendido nada.
Dividiendo, el reparto apenas cambia con $d$.
"""

# %% [markdown] lang="en"
r"""
Without dividing, from a hundred numbers on nearly all the weight goes to a single key, chosen by chance before anything has been learned.
With the division, the sharing hardly changes with $d$.
"""

# %% [markdown] lang="es"
r"""
Que el reparto sea desigual no es malo en sí; lo malo es que deja de aprender.
Subamos un poco una puntuación y miremos cuánto se mueven los pesos, primero con puntuaciones moderadas y luego con las mismas multiplicadas por $\sqrt{512}$.
"""

# %% [markdown] lang="en"
r"""
An uneven sharing is not bad in itself; what is bad is that it stops learning.
Let's raise one score a little and see how far the weights move, first with moderate scores and then with the same ones multiplied by $\sqrt{512}$.
"""

# %%
moderate = torch.tensor([1.0, 0.0, -1.0])
nudge = torch.tensor([0.0, 0.1, 0.0])
for scores in (moderate, moderate * 512**0.5):
    before, after = torch.softmax(scores, dim=-1), torch.softmax(scores + nudge, dim=-1)
    print(before, f"{100 * (after - before).abs().max():.3f} %")

# %% [markdown] lang="es"
r"""
Con las puntuaciones moderadas, el empujoncito mueve los pesos casi dos puntos; con las grandes, nada que se pueda medir.
Un gradiente es exactamente esa respuesta a un empujoncito, y con cero de respuesta no hay manera de corregir una mirada equivocada.
Por eso [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762) dividen por $\sqrt{d}$. A esto se le llama **producto escalar escalado**.
"""

# %% [markdown] lang="en"
r"""
With the moderate scores, the nudge moves the weights by nearly two points; with the large ones, by nothing you could measure.
A gradient is exactly that response to a nudge, and with a response of zero there is no way to correct a mistaken look.
That is why [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762) divide by $\sqrt{d}$. This is called the **scaled dot product**.
"""

# %%
play.scaling()

# %% [markdown] lang="es"
r"""
Pasa `d` de 2 a 512 con la casilla sin marcar y otra vez con la casilla marcada; cambia de semilla y repite.
Lo que debe convencerte es que la raíz no corrige un caso raro, sino el caso de siempre.
"""

# %% [markdown] lang="en"
r"""
Take `d` from 2 to 512 with the box unticked and again with the box ticked; change the seed and repeat.
What should convince you is that the root does not fix a rare case, but the everyday one.
"""

# %% [markdown] lang="es"
r"""
### De las matrices a una capa

Hasta aquí hemos escrito $W_q$, $W_k$ y $W_v$ a mano; en un modelo las pone el entrenamiento.
Para eso deben vivir en un `nn.Module`, y la forma más cómoda es una `nn.Linear` sin sesgo, que ya viene con una inicialización sensata.
Solo hay que saber que guarda la matriz transpuesta.
"""

# %% [markdown] lang="en"
r"""
### From matrices to a layer

So far we have written $W_q$, $W_k$ and $W_v$ by hand; in a model, training sets them.
For that they must live in an `nn.Module`, and the handiest way is an `nn.Linear` without bias, which comes with a sensible initialisation.
The one thing to know is that it keeps the matrix transposed.
"""

# %%
linear = nn.Linear(4, 2, bias=False)
print(linear.weight.shape)  # (d_out, d_in)
torch.allclose(linear(x), x @ linear.weight.T)

# %% [markdown] lang="es"
r"""
Como `@`, la capa trabaja con la última dimensión y le da igual cuántas haya delante: una frase o un lote entero.
Un módulo es una clase que crea sus capas en `__init__` y las usa en `forward`.
Este, por ejemplo, dice cuánto coincide cada recado con el letrero de su propio puesto.
"""

# %% [markdown] lang="en"
r"""
Like `@`, the layer works on the last dimension and does not care how many come before it: one sentence or a whole batch.
A module is a class that creates its layers in `__init__` and uses them in `forward`.
This one, for example, says how well each errand matches the sign of its own stall.
"""


# %%
class OwnStall(nn.Module):
    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.errand = nn.Linear(d_in, d_out, bias=False)
        self.sign = nn.Linear(d_in, d_out, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return (self.errand(x) * self.sign(x)).sum(dim=-1)  # (B, T, d_in) -> (B, T)


stalls = OwnStall(d_in=4, d_out=2)
print(stalls(x[None]).shape)  # (1, T, d_in) -> (1, T)
[name for name, _ in stalls.named_parameters()]

# %% [markdown] lang="es" exercise="self_attention"
r"""
### Ejercicio: autoatención con pesos entrenables

Es la primera capa del curso que aprende a mirar, y las dos siguientes son variaciones de ella.

```python
class SelfAttention(nn.Module):
    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False)
    def forward(self, x: Tensor) -> Tensor
```

Los tres `nn.Linear` se llaman `W_query`, `W_key` y `W_value`, y tienen sesgo solo si `qkv_bias` es `True`.
De `x` `(B, T, d_in)` sale el contexto, `(B, T, d_out)`, y nada más; las puntuaciones se dividen por $\sqrt{d}$, con $d$ igual a `d_out`.
"""

# %% [markdown] lang="en" exercise="self_attention"
r"""
### Exercise: self-attention with trainable weights

It is the first layer of the course that learns where to look, and the next two are variations of it.

```python
class SelfAttention(nn.Module):
    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False)
    def forward(self, x: Tensor) -> Tensor
```

The three `nn.Linear` are called `W_query`, `W_key` and `W_value`, and have a bias only if `qkv_bias` is `True`.
From `x` `(B, T, d_in)` comes the context, `(B, T, d_out)`, and nothing else; the scores are divided by $\sqrt{d}$, with $d$ equal to `d_out`.
"""

# %% solution="self_attention"

# %%
with example():
    layer = SelfAttention(2, 2)
    for W in (layer.W_query, layer.W_key, layer.W_value):
        nn.init.eye_(W.weight)
    # es: esperado: [[[0.80, 0.60], [0.60, 0.80], [0.75, 0.75]]]
    # en: expected: [[[0.80, 0.60], [0.60, 0.80], [0.75, 0.75]]]
    print(layer(torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])).detach())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Haz tres capas en el constructor y aplícalas las tres a `x`; después, los pasos son los de `simple_attention`, con una cosa distinta en cada sitio.

</details>

<details><summary>Pista 2</summary>

Si tu resultado se parece al esperado sin serlo, mira qué has dividido (las puntuaciones, no los pesos) y por qué dimensión va el softmax.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Make three layers in the constructor and apply all three to `x`; after that the steps are those of `simple_attention`, with a different thing in each place.

</details>

<details><summary>Hint 2</summary>

If your result is close to the expected one but not equal, look at what you divided (the scores, not the weights) and along which dimension softmax goes.

</details>
"""

# %% tests="self_attention"

# %% [markdown] lang="es"
r"""
Metamos en la capa las tres matrices hechas a mano, transpuestas, y veamos si dice lo mismo que nuestras cuentas.
"""

# %% [markdown] lang="en"
r"""
Let's put our three handmade matrices into the layer, transposed, and see if it agrees with our sums.
"""

# %%
layer = SelfAttention(d_in=4, d_out=2)
with torch.no_grad():
    for W, ours in ((layer.W_query, W_query), (layer.W_key, W_key), (layer.W_value, W_value)):
        W.weight.copy_(ours.T)
torch.allclose(layer(x[None])[0], by_hand, atol=1e-5)

# %% [markdown] lang="es"
r"""
### ¿De verdad aprenden a mirar?

Dijimos que esos números los pone el entrenamiento, y conviene verlo.
La tarea: frases de contenido al azar, con su reloj, y para cada palabra hay que devolver el contenido de la anterior.
El capítulo 5 explica cada línea de este bucle; por ahora basta con que el error baje.
"""

# %% [markdown] lang="en"
r"""
### Do they really learn where to look?

We said that training sets those numbers, and it is worth seeing.
The task: sentences of random content, with their clock, and for each word the layer must return the content of the one before.
Chapter 5 explains every line of this loop; for now it is enough that the error goes down.
"""

# %%
torch.manual_seed(0)
learner = SelfAttention(d_in=4, d_out=2)
for W in (learner.W_query, learner.W_key, learner.W_value):
    W.reset_parameters()
start = draw.weights_of(learner, x, causal=False)[0]
optimizer = torch.optim.Adam(learner.parameters(), lr=0.02)
for step in range(601):
    contents = torch.randn(64, T, 2)
    out = learner(torch.cat([contents, place.expand(64, T, 2)], dim=-1))  # (64, T, 2)
    loss = ((out[:, 1:] - contents[:, :-1]) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 200 == 0:
        print(f"{step:4}   {loss.item():.2f}")

# %%
end = draw.weights_of(learner, x, causal=False)[0]
draw.maps(words, start, end, titles=[say("antes de aprender", "before learning"), say("después", "after")])

# %% [markdown] lang="es"
r"""
Nadie le ha hablado de girar agujas, y en seiscientos pasos ha llegado al mismo mapa que nosotros, incluso más nítido.
Con otra semilla puede atascarse a medio camino: prueba la 18.
También eso es entrenar.
"""

# %% [markdown] lang="en"
r"""
Nobody told it about turning hands, and in six hundred steps it has come to the same map as ours, only sharper.
With another seed it may get stuck halfway: try 18.
That is training, too.
"""

# %% [markdown] lang="es"
r"""
## 3.6 La niebla: la máscara causal

El día de la inspección bajó la niebla y borró todo lo que había por delante.
Un modelo de lenguaje trabaja siempre así: escribe la palabra siguiente sin haberla visto.
Pero nuestras capas ven la frase entera, y una que adivina la palabra siguiente mirándola no aprende nada.
"""

# %% [markdown] lang="en"
r"""
## 3.6 The fog: the causal mask

On the day of the inspection the fog came down and wiped out everything ahead.
A language model always works like that: it writes the next word without having seen it.
But our layers see the whole sentence, and one that guesses the next word by looking at it learns nothing.
"""

# %% [markdown] lang="es"
r"""
Hay que impedir que el token $i$ mire a los que vienen después en la frase, los $j > i$.
Como las filas preguntan y las columnas son miradas, lo prohibido es el triángulo de encima de la diagonal.
Volvamos a las puntuaciones por parecido, que miran a todas partes.
"""

# %% [markdown] lang="en"
r"""
We have to keep token $i$ from looking at those that come later in the sentence, the ones with $j > i$.
Since rows ask and columns are looked at, what is forbidden is the triangle above the diagonal.
Let's go back to scores by likeness, which look everywhere.
"""

# %%
scores = content @ content.T  # (T, T)
weights = torch.softmax(scores, dim=-1)
allowed = torch.ones(T, T).tril()
allowed

# %% [markdown] lang="es"
r"""
### Primera manera: borrar y volver a repartir

Multiplicamos los pesos por este triángulo de unos, y lo prohibido queda en cero.
Pero así las filas ya no suman 1.
"""

# %% [markdown] lang="en"
r"""
### First way: wipe out and share again

We multiply the weights by this triangle of ones, and what is forbidden becomes zero.
But then the rows no longer add up to 1.
"""

# %%
wiped = weights * allowed
wiped.sum(dim=-1)

# %%
first_way = wiped / wiped.sum(dim=-1, keepdim=True)  # (T, T) / (T, 1)
first_way

# %% [markdown] lang="es"
r"""
Al dividir cada fila por su suma se reparte entre los visibles lo que se llevaban los tapados.
¿No queda nada del futuro, si el softmax lo había usado para su denominador?
No, porque ese denominador $Z$ está arriba y abajo y se va:

$$\frac{e^{s_{ij}} / Z}{\sum_{k \le i} e^{s_{ik}} / Z} = \frac{e^{s_{ij}}}{\sum_{k \le i} e^{s_{ik}}}$$
"""

# %% [markdown] lang="en"
r"""
Dividing each row by its sum shares out among the visible ones what the hidden ones were taking.
Is there no trace left of the future, given that softmax used it in its denominator?
No, because that denominator $Z$ is above and below, and goes away:

$$\frac{e^{s_{ij}} / Z}{\sum_{k \le i} e^{s_{ik}} / Z} = \frac{e^{s_{ij}}}{\sum_{k \le i} e^{s_{ik}}}$$
"""

# %% [markdown] lang="es"
r"""
### Segunda manera: menos infinito

El lado derecho de esa fórmula es un softmax hecho solo con lo visible, y se puede calcular directamente: si una puntuación vale $-\infty$, su exponencial vale 0 y el softmax ni se entera de que existe.
"""

# %% [markdown] lang="en"
r"""
### Second way: minus infinity

The right-hand side of that formula is a softmax over the visible ones only, and can be computed directly: if a score is $-\infty$, its exponential is 0 and softmax does not even notice that it exists.
"""

# %%
future = torch.ones(T, T, dtype=torch.bool).triu(diagonal=1)
hidden = scores.masked_fill(future, float("-inf"))
hidden

# %%
second_way = torch.softmax(hidden, dim=-1)
torch.allclose(first_way, second_way)

# %% [markdown] lang="es"
r"""
Las dos maneras dan lo mismo.
La segunda ahorra una operación y no sufre si lo tapado se llevaba casi todo el peso, que en la primera deja una división entre dos números minúsculos.
Es la que usa casi todo el mundo.
"""

# %% [markdown] lang="en"
r"""
Both ways give the same.
The second saves an operation, and does not suffer when the hidden ones were taking nearly all the weight, which in the first leaves a division of two tiny numbers.
It is the one nearly everybody uses.
"""

# %%
draw.maps(words, weights, second_way, titles=[say("sin máscara", "without a mask"), say("con máscara", "with a mask")])

# %% [markdown] lang="es"
r"""
Hay una tercera manera que parece buena y no lo es: poner a cero las puntuaciones en vez de los pesos.
Antes de ejecutar la celda, piensa cuánto vale la exponencial de cero.
"""

# %% [markdown] lang="en"
r"""
There is a third way that looks fine and is not: setting to zero the scores instead of the weights.
Before running the cell, think what the exponential of zero is.
"""

# %%
torch.softmax(scores * allowed, dim=-1)[0]

# %% [markdown] lang="es"
r"""
La piedra, que solo debería mirarse a sí misma, sigue dando un peso a cada palabra futura.
Un cero no es niebla: es una puntuación como otra cualquiera, y a veces mejor que las negativas.
La otra trampa es tapar una fila entera, porque entonces no queda nada entre lo que repartir:
"""

# %% [markdown] lang="en"
r"""
The stone, which should look only at itself, still gives some weight to every word to come.
A zero is not fog: it is a score like any other, and sometimes better than the negative ones.
The other trap is hiding a whole row, since then nothing is left to share among:
"""

# %%
torch.softmax(torch.full((3,), float("-inf")), dim=-1)

# %% [markdown] lang="es"
r"""
Con la máscara causal no ocurre: cada token se ve, al menos, a sí mismo.
Mueve ahora al que pregunta por la frase y fíjate en qué hacen los pesos de los que siguen a la vista.
"""

# %% [markdown] lang="en"
r"""
With the causal mask it never happens: every token sees itself, at least.
Now move the one who asks along the sentence, and watch what happens to the weights of those still in sight.
"""

# %%
play.mask(words, weights)

# %% [markdown] lang="es"
r"""
La prueba definitiva es cambiar el futuro y ver si el pasado se entera.
Cambiemos la última palabra por cualquier cosa: los contextos de las cuatro primeras tienen que quedar igual.
"""

# %% [markdown] lang="en"
r"""
The final test is to change the future and see whether the past notices.
Let's change the last word into anything at all: the contexts of the first four must stay the same.
"""

# %%
changed = content.clone()
changed[4] = torch.tensor([5.0, -3.0])
hidden = (changed @ changed.T).masked_fill(future, float("-inf"))
new_context = torch.softmax(hidden, dim=-1) @ changed
torch.isclose(new_context, second_way @ content).all(dim=-1)

# %% [markdown] lang="es"
r"""
Iguales las cuatro primeras, distinta la quinta.
Gracias a esto, una frase de $T+1$ palabras da $T$ ejercicios de adivinar la siguiente en una sola pasada, y ninguno puede copiar.
"""

# %% [markdown] lang="en"
r"""
The first four are equal and the fifth is not.
Thanks to this, a sentence of $T+1$ words gives $T$ exercises in guessing the next one, in a single pass, and none of them can cheat.
"""

# %% [markdown] lang="es"
r"""
La máscara se hace una sola vez, para la frase más larga que el modelo admita, su `context_length`.
Una frase más corta usa la esquina de arriba a la izquierda.
"""

# %% [markdown] lang="en"
r"""
The mask is made only once, for the longest sentence that the model takes, its `context_length`.
A shorter sentence uses the upper left corner.
"""

# %%
longest = torch.ones(8, 8, dtype=torch.bool).triu(diagonal=1)
torch.equal(longest[:T, :T], future)

# %% [markdown] lang="es"
r"""
## 3.7 Dropout y el sitio de la máscara

Baltasar fue cuarenta años a Los Hornos fiándose de una sola persona, y cuando le faltó no sabía el camino.
Una capa que siempre mira al mismo sitio corre el mismo riesgo.
El **dropout** ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)) la obliga a apañarse: al entrenar, borra al azar una parte de los números.
"""

# %% [markdown] lang="en"
r"""
## 3.7 Dropout, and where the mask lives

For forty years Baltasar went to Los Hornos relying on one person, and when she failed him he did not know the way.
A layer that always looks at the same place runs the same risk.
**Dropout** ([Srivastava et al., 2014](https://jmlr.org/papers/v15/srivastava14a.html)) forces it to manage: in training, it wipes out some of the numbers at random.
"""

# %%
torch.manual_seed(1)
dropout = nn.Dropout(0.5)
dropout(torch.ones(3, 6))

# %% [markdown] lang="es"
r"""
Los que sobreviven se han doblado: con probabilidad $p$ de borrar, se multiplican por $1 / (1 - p)$ para que la media no cambie.
Y en modo `eval`, cuando el modelo ya no se entrena, el dropout no hace nada.
"""

# %% [markdown] lang="en"
r"""
The survivors have doubled: with probability $p$ of wiping out, they are multiplied by $1 / (1 - p)$, so that the mean does not change.
And in `eval` mode, when the model is no longer being trained, dropout does nothing.
"""

# %%
print(f"{dropout(torch.ones(1_000, 1_000)).mean():.1f}")
dropout.eval()(torch.ones(6))

# %% [markdown] lang="es"
r"""
En la atención se aplica a los pesos, después del softmax ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf)): durante un paso, algunas miradas no existen.
Las filas dejan de sumar 1, y no hay que arreglarlo.
"""

# %% [markdown] lang="en"
r"""
In attention it is applied to the weights, after softmax ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf)): for one step, some of the looks do not exist.
The rows stop adding up to 1, and that needs no repair.
"""

# %%
dropped = dropout.train()(second_way)
print(dropped)
print(dropped.sum(dim=-1))

# %% [markdown] lang="es"
r"""
Dentro de una capa, ¿dónde se guarda la máscara?
No es un parámetro, pues no se entrena, pero tiene que viajar con la capa cuando esta se muda a una GPU.
Para eso existen los **buffers**.
Compara tres maneras de guardar la misma tabla.
"""

# %% [markdown] lang="en"
r"""
Inside a layer, where should the mask be kept?
It is no parameter, since it is not trained, but it has to travel with the layer when that moves to a GPU.
That is what **buffers** are for.
Compare three ways of keeping the same table.
"""


# %%
class ThreeTables(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attribute = torch.ones(2, 2)
        self.parameter = nn.Parameter(torch.ones(2, 2))
        self.register_buffer("buffer", torch.ones(2, 2))


tables = ThreeTables()
print([name for name, _ in tables.named_parameters()], [name for name, _ in tables.named_buffers()])
tables.to("meta")
[(name, getattr(tables, name).device.type) for name in ("attribute", "parameter", "buffer")]

# %% [markdown] lang="es"
r"""
El dispositivo `meta` es uno de mentira que tiene todo el mundo, y sirve igual para la prueba.
El atributo corriente se ha quedado en la `cpu`: con una GPU de verdad, la primera llamada habría fallado.
El parámetro viajó, pero el optimizador lo cambiaría; el buffer es lo que buscamos.
"""

# %% [markdown] lang="en"
r"""
The `meta` device is a make-believe one that everybody has, and will do for the test.
The plain attribute has stayed on the `cpu`: with a real GPU, the first call would have failed.
The parameter travelled, but the optimizer would change it; the buffer is what we want.
"""

# %% [markdown] lang="es" exercise="causal_attention"
r"""
### Ejercicio: atención causal

Con la máscara y el dropout, tu capa ya puede entrenarse para escribir.

```python
class CausalAttention(nn.Module):
    def __init__(
        self, d_in: int, d_out: int, context_length: int, dropout: float, qkv_bias: bool = False
    )
    def forward(self, x: Tensor) -> Tensor
```

Es `SelfAttention`, con los mismos atributos, y tres cosas más: ningún token mira hacia delante, la máscara es un buffer creado en el constructor (y `x` puede ser más corta que `context_length`), y el dropout actúa sobre los pesos, solo al entrenar.
"""

# %% [markdown] lang="en" exercise="causal_attention"
r"""
### Exercise: causal attention

With the mask and dropout, your layer is ready to be trained to write.

```python
class CausalAttention(nn.Module):
    def __init__(
        self, d_in: int, d_out: int, context_length: int, dropout: float, qkv_bias: bool = False
    )
    def forward(self, x: Tensor) -> Tensor
```

It is `SelfAttention`, with the same attributes, and three more things: no token looks ahead, the mask is a buffer made in the constructor (and `x` may be shorter than `context_length`), and dropout acts on the weights, in training only.
"""

# %% solution="causal_attention"

# %%
with example():
    layer = CausalAttention(2, 2, context_length=6, dropout=0.0)
    for W in (layer.W_query, layer.W_key, layer.W_value):
        nn.init.eye_(W.weight)
    # es: esperado: [[[1.00, 0.00], [0.33, 0.67], [0.75, 0.75]]]
    # en: expected: [[[1.00, 0.00], [0.33, 0.67], [0.75, 0.75]]]
    print(layer(torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])).detach())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

La fila 0 del ejemplo solo se ve a sí misma, así que devuelve su propio valor; si te sale otra cosa, revisa `diagonal`.
El largo de la frase está en `x.shape`.

</details>

<details><summary>Pista 2</summary>

El orden importa: puntuaciones, máscara, raíz, softmax, dropout, valores.
Una capa `nn.Dropout` creada en el constructor ya sabe cuándo callarse.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Row 0 of the example sees only itself, so it gives back its own value; if you get anything else, check `diagonal`.
The length of the sentence is in `x.shape`.

</details>

<details><summary>Hint 2</summary>

The order matters: scores, mask, root, softmax, dropout, values.
An `nn.Dropout` layer made in the constructor already knows when to be quiet.

</details>
"""

# %% tests="causal_attention"

# %% [markdown] lang="es"
r"""
## 3.8 Varias cabezas, una al lado de otra

Cada fila de pesos suma 1, de modo que mirar mucho a la palabra anterior es mirar poco a todo lo demás.
Pero un token puede necesitar varias cosas a la vez: quién venía antes, dónde empezó la frase, si ya salió antes.
La solución de [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762) es poner varias atenciones en paralelo, cada una con sus matrices: las **cabezas** (heads).
"""

# %% [markdown] lang="en"
r"""
## 3.8 Several heads, side by side

Every row of weights adds up to 1, so looking hard at the previous word means looking little at everything else.
But a token may need several things at once: who came before it, where the sentence began, whether it has been here already.
The answer of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762) is to run several attentions in parallel, each with its own matrices: the **heads**.
"""

# %% [markdown] lang="es"
r"""
La forma más directa es una lista de `CausalAttention`.
Todas reciben lo mismo, y sus contextos se pegan uno a continuación de otro en la última dimensión.
"""

# %% [markdown] lang="en"
r"""
The most direct way is a list of `CausalAttention`.
They all receive the same, and their contexts are joined end to end along the last dimension.
"""


# %%
class StackedHeads(nn.Module):
    def __init__(self, heads: list[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, x: Tensor) -> Tensor:
        contexts = [head(x) for head in self.heads]  # each (B, T, head_dim)
        return torch.cat(contexts, dim=-1)  # (B, T, n_heads * head_dim)


stack = StackedHeads([CausalAttention(4, 2, context_length=8, dropout=0.0) for _ in range(3)])
stack(torch.stack([x, x])).shape  # (2, T, 4) -> (2, T, 3 * 2)

# %% [markdown] lang="es"
r"""
La lista tiene que ser una `nn.ModuleList`: las capas guardadas en una lista corriente no aparecen en `parameters()`, y nadie las entrenaría.
"""

# %% [markdown] lang="en"
r"""
The list has to be an `nn.ModuleList`: layers kept in an ordinary list don't show up in `parameters()`, and nobody would train them.
"""

# %% [markdown] lang="es"
r"""
### Cuatro cabezas hechas a mano

Tres cabezas con pesos al azar miran al azar, y no enseñan nada.
Vamos a construir cuatro que se puedan entender, con la retahíla entera.
Para eso cada token llevará a la vista todo lo que una cabeza puede querer saber, con unos y ceros: en qué posición está, qué palabra es, cuál era la anterior (en un modelo, eso lo habría apuntado otra capa) y un 1 fijo.
"""

# %% [markdown] lang="en"
r"""
### Four heads made by hand

Three heads with random weights look around at random, and teach nothing.
Let's build four that can be understood, over the whole rigmarole.
To that end each token will carry in plain sight all that a head may want to know, in ones and zeros: its position, which word it is, which one came before (in a model, another layer would have noted that down), and a constant 1.
"""

# %%
# es: N es el largo de la frase más larga
# en: N is the length of the longest sentence
N = 16
POSITION, WORD, BEFORE, ONE = (slice(i * N, (i + 1) * N) for i in range(4))


def features(words: list[str]) -> Tensor:
    kinds = {word: i for i, word in enumerate(dict.fromkeys(words))}
    position = torch.eye(N)[: len(words)]  # (T, N)
    word = torch.eye(N)[[kinds[w] for w in words]]  # (T, N)
    before = torch.cat([torch.zeros(1, N), word[:-1]])  # (T, N)
    one = torch.eye(N)[:1].expand(len(words), N)  # (T, N)
    return torch.cat([position, word, before, one], dim=1)  # (T, 4 * N)


features(route).shape

# %% [markdown] lang="es"
r"""
Una cabeza queda definida por dos elecciones: con qué parte del token pregunta y con qué parte contesta.
La consulta y la clave coinciden cuando las dos tablas llevan al mismo número; el 5 hace que esa coincidencia se note.
El valor será siempre la palabra, para poder leer el contexto.
"""

# %% [markdown] lang="en"
r"""
A head is defined by two choices: which part of a token it asks with, and which part it answers with.
Query and key match when both tables lead to the same number; the 5 makes that match stand out.
The value will always be the word, so that the context can be read.
"""


# %%
def make_head(asks: slice, answers: slice, answer_table: Tensor) -> CausalAttention:
    head = CausalAttention(4 * N, N, N, dropout=0.0)
    with torch.no_grad():
        for W in (head.W_query, head.W_key, head.W_value):
            W.weight.zero_()
        head.W_query.weight[:, asks] = 5 * torch.eye(N)
        head.W_key.weight[:, answers] = 5 * answer_table
        head.W_value.weight[:, WORD] = torch.eye(N)
    return head


same, one_later = torch.eye(N), torch.diag(torch.ones(N - 1), -1)
heads = {
    say("la anterior", "the one before"): make_head(POSITION, POSITION, one_later),
    say("la primera", "the first"): make_head(ONE, POSITION, same),
    say("la misma palabra", "the same word"): make_head(WORD, WORD, same),
    say("la que la siguió", "what followed it"): make_head(WORD, BEFORE, same),
}

# %% [markdown] lang="es"
r"""
Léelas despacio.
La primera pregunta con su posición, y cada palabra contesta con la suya más uno.
La segunda pregunta siempre lo mismo, y solo la posición 0 contesta.
La tercera compara palabra con palabra.
La cuarta pregunta con su palabra, y contesta la que vino justo después de ella: «¿qué siguió la otra vez?».
"""

# %% [markdown] lang="en"
r"""
Read them slowly.
The first asks with its position, and each word answers with its own plus one.
The second always asks the same, and only position 0 answers.
The third compares word with word.
The fourth asks with its word, and whichever came right after that word answers: "what came next, the other time?".
"""


# %%
def head_weights(words: list[str]) -> Tensor:
    return torch.cat([draw.weights_of(head, features(words)) for head in heads.values()])  # (4, T, T)


draw.maps(route, *head_weights(route), titles=list(heads), numbers=False)

# %% [markdown] lang="es"
r"""
Cuatro mapas bien distintos para la misma frase.
Donde la cuarta no encuentra a nadie, reparte por igual entre lo visible: un softmax no sabe no mirar.
Las cabezas de un modelo entrenado suelen aparcar esa mirada sobrante en el primer token ([Xiao et al., 2023](https://arxiv.org/abs/2309.17453)).
"""

# %% [markdown] lang="en"
r"""
Four very different maps of the same sentence.
Where the fourth finds nobody, it shares out equally among what is visible: softmax has no way of not looking.
The heads of a trained model often park that spare attention on the first token ([Xiao et al., 2023](https://arxiv.org/abs/2309.17453)).
"""

# %% [markdown] lang="es"
r"""
Escribe ahora tu propia frase (hasta 16 palabras; mejor si alguna se repite) y elige quién pregunta.
Lo gris está en la niebla.
"""

# %% [markdown] lang="en"
r"""
Now write a sentence of your own (up to 16 words; better if some of them repeat) and choose who asks.
What is grey lies in the fog.
"""

# %%
play.heads(route, head_weights, list(heads))

# %% [markdown] lang="es"
r"""
Son cabezas hechas a mano, y las de verdad rara vez se dejan resumir en tres palabras.
Pero algunas sí: en modelos entrenados se han encontrado cabezas de la palabra anterior y cabezas como la cuarta, que se llaman de inducción ([Olsson et al., 2022](https://arxiv.org/abs/2209.11895)).
Un mapa de atención dice adónde mira una cabeza, no por qué decide el modelo ([Jain y Wallace, 2019](https://arxiv.org/abs/1902.10186)).
"""

# %% [markdown] lang="en"
r"""
These heads are made by hand, and real ones can seldom be summed up in three words.
But some can: in trained models people have found previous-word heads and heads like the fourth, which are called induction heads ([Olsson et al., 2022](https://arxiv.org/abs/2209.11895)).
An attention map says where a head looks, not why the model decides as it does ([Jain and Wallace, 2019](https://arxiv.org/abs/1902.10186)).
"""

# %% [markdown] lang="es"
r"""
Apilemos las cuatro y preguntemos al segundo chopo qué ha visto cada una.
Como el valor era la palabra, cada trozo del contexto es un reparto de porcentajes entre palabras.
"""

# %% [markdown] lang="en"
r"""
Let's stack all four and ask the second poplar what each of them has seen.
Since the value was the word, each piece of the context is a sharing of percentages among words.
"""

# %%
stack = StackedHeads(list(heads.values()))
with torch.no_grad():
    context = stack(features(route)[None])[0, 6]  # (1, T, 4 * N) -> (4 * N,)
kinds = list(dict.fromkeys(route))
for name, piece in zip(heads, context.split(N)):
    print(f"{name:18}{kinds[piece.argmax()]:8}{piece.max():5.0%}")

# %% [markdown] lang="es"
r"""
La primera cabeza separa los dos chopos: este viene del junco.
La cuarta recuerda qué siguió al chopo la otra vez y comete, palabra por palabra, el error de Casilda.
Para acertar hay que juntar las dos pistas, y eso ya es trabajo para las capas del capítulo 4.
"""

# %% [markdown] lang="en"
r"""
The first head tells the two poplars apart: this one comes from the reeds.
The fourth recalls what followed the poplar the other time and makes, word for word, Casilda's mistake.
To get it right you have to put both clues together, and that is a job for the layers of chapter 4.
"""

# %% [markdown] lang="es"
r"""
## 3.9 Varias cabezas, una sola matriz

La lista funciona, pero hace sus productos de matrices de uno en uno, y las máquinas prefieren un producto grande a muchos pequeños.
Por suerte, pegar matrices y pegar resultados es lo mismo.
Míralo con las consultas de dos cabezas de dos números.
"""

# %% [markdown] lang="en"
r"""
## 3.9 Several heads, one matrix

The list works, but it makes its matrix products one at a time, and machines prefer one large product to many small ones.
Luckily, joining matrices and joining results come to the same.
See it with the queries of two heads of two numbers.
"""

# %%
torch.manual_seed(3)
W_0, W_1 = torch.randn(4, 2), torch.randn(4, 2)  # (d_in, head_dim) each
wide = torch.cat([W_0, W_1], dim=1)  # (d_in, 2 * head_dim)
torch.allclose(x @ wide, torch.cat([x @ W_0, x @ W_1], dim=1))

# %% [markdown] lang="es"
r"""
Así que basta una matriz ancha para las consultas de todas las cabezas, y luego se reparten las columnas.
Lo delicado es el reparto: cada cabeza necesita su propia tabla, con un token por fila.
"""

# %% [markdown] lang="en"
r"""
So one wide matrix is enough for the queries of all heads, and then the columns are dealt out.
The delicate part is the dealing: each head needs a table of its own, with one token per row.
"""

# %%
draw.split(T=3, num_heads=2, head_dim=4)

# %% [markdown] lang="es"
r"""
Sigámoslo con números que digan de dónde vienen: las decenas son el token y las unidades, la columna.
Primero se parte la última dimensión en dos, cabezas por columnas.
"""

# %% [markdown] lang="en"
r"""
Let's follow it with numbers that say where they come from: the tens are the token and the units are the column.
First the last dimension is cut into two, heads by columns.
"""

# %%
y = torch.tensor([[10 * token + column for column in range(8)] for token in range(1, 4)])[None]  # (B, T, d_out)
cut = y.view(1, 3, 2, 4)  # (B, T, d_out) -> (B, T, n_heads, head_dim)
cut[0, 0]

# %% [markdown] lang="es"
r"""
Ese es el token 1: una fila por cabeza.
Ahora se intercambian las dimensiones de en medio para que la cabeza vaya delante del token.
"""

# %% [markdown] lang="en"
r"""
That is token 1: one row per head.
Now the two middle dimensions are swapped, so that the head comes before the token.
"""

# %%
heads_first = cut.transpose(1, 2)  # (B, T, n_heads, head_dim) -> (B, n_heads, T, head_dim)
print(heads_first.shape)
heads_first[0, 0]

# %% [markdown] lang="es"
r"""
La cabeza 0 tiene los tres tokens, uno por fila, con sus columnas 0 a 3.
¿Y si pedimos esa forma directamente, sin transponer? Predice qué filas saldrán.
"""

# %% [markdown] lang="en"
r"""
Head 0 has all three tokens, one per row, with their columns 0 to 3.
What if we ask for that shape directly, without transposing? Predict which rows will come out.
"""

# %%
y.view(1, 2, 3, 4)[0, 0]

# %% [markdown] lang="es"
r"""
La forma es la correcta y el contenido es un disparate: la segunda fila es otra vez el token 1, con las columnas de la otra cabeza.
Es el error más traicionero del capítulo, porque nada falla; el modelo simplemente aprende mal.
"""

# %% [markdown] lang="en"
r"""
The shape is right and the content is nonsense: the second row is token 1 again, with the columns of the other head.
It is the most treacherous mistake of the chapter, because nothing fails; the model just learns badly.
"""

# %% [markdown] lang="es"
r"""
Con cuatro dimensiones, `@` sigue multiplicando las dos últimas y trata lote y cabeza como dos lotes: una línea calcula las puntuaciones de todas las cabezas.
La máscara, de $(T, T)$, se repite sola para todas.
"""

# %% [markdown] lang="en"
r"""
With four dimensions, `@` still multiplies the last two and treats batch and head as two batches: one line computes the scores of all heads.
The mask, which is $(T, T)$, is repeated for all of them by itself.
"""

# %%
queries = torch.randn(2, 3, T, 4)  # (B, n_heads, T, head_dim)
keys = torch.randn(2, 3, T, 4)
scores = queries @ keys.transpose(-2, -1)  # (B, n_heads, T, T)
hidden = scores.masked_fill(future, float("-inf"))
hidden.shape

# %% [markdown] lang="es"
r"""
Al final hay que deshacer el camino: token delante de cabeza, y las columnas de todas las cabezas otra vez seguidas.
`view` protesta después de un `transpose`, porque los números ya no están seguidos en la memoria; `reshape` y `flatten` los copian si hace falta.
"""

# %% [markdown] lang="en"
r"""
At the end we have to retrace our steps: token before head, and the columns of all heads in a row again.
`view` complains after a `transpose`, because the numbers are no longer next to each other in memory; `reshape` and `flatten` copy them if need be.
"""

# %%
back = heads_first.transpose(1, 2)  # (B, n_heads, T, head_dim) -> (B, T, n_heads, head_dim)
print(back.is_contiguous(), heads_first.is_contiguous())
torch.equal(back.reshape(1, 3, 8), y)  # (B, T, n_heads, head_dim) -> (B, T, d_out)

# %% [markdown] lang="es"
r"""
Aquí `back` ha vuelto a quedar seguido porque deshace justo lo hecho; un contexto recién calculado no tendrá esa suerte.
Falta una última pieza: las cabezas han trabajado sin hablarse, cada una en sus columnas.
Una capa lineal más, `out_proj`, mezcla lo que han traído.
"""

# %% [markdown] lang="en"
r"""
Here `back` is in one piece again because it undoes exactly what was done; a context fresh from the sums will have no such luck.
One last part is missing: the heads have worked without speaking to each other, each in its own columns.
One more linear layer, `out_proj`, blends what they have brought.
"""

# %% [markdown] lang="es" exercise="multi_head_attention"
r"""
### Ejercicio: atención con varias cabezas

Es la capa definitiva: la que llevan GPT-2 y el modelo del capítulo 4.

```python
class MultiHeadAttention(nn.Module):
    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    )
    def forward(self, x: Tensor) -> Tensor
```

`W_query`, `W_key` y `W_value` van de `d_in` a `d_out` y sirven a todas las cabezas; `out_proj` es una `nn.Linear` de `d_out` a `d_out`, con sesgo.
La cabeza 0 tiene las primeras columnas, la 1 las siguientes, y así.
Las puntuaciones se dividen por la raíz de las columnas de una cabeza, no de `d_out`; máscara y dropout, como en el ejercicio anterior.
Si `d_out` no es divisible por `num_heads`, el constructor lanza un `ValueError`.
"""

# %% [markdown] lang="en" exercise="multi_head_attention"
r"""
### Exercise: multi-head attention

This is the final layer: the one inside GPT-2 and the model of chapter 4.

```python
class MultiHeadAttention(nn.Module):
    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    )
    def forward(self, x: Tensor) -> Tensor
```

`W_query`, `W_key` and `W_value` go from `d_in` to `d_out` and serve all heads; `out_proj` is an `nn.Linear` from `d_out` to `d_out`, with a bias.
Head 0 has the first columns, head 1 the next ones, and so on.
The scores are divided by the root of the columns of one head, not of `d_out`; mask and dropout are as in the exercise before.
If `d_out` is not divisible by `num_heads`, the constructor raises a `ValueError`.
"""

# %% solution="multi_head_attention"

# %%
with example():
    layer = MultiHeadAttention(4, 4, context_length=6, dropout=0.0, num_heads=2)
    for W in (layer.W_query, layer.W_key, layer.W_value, layer.out_proj):
        nn.init.eye_(W.weight)
    nn.init.zeros_(layer.out_proj.bias)
    # es: esperado: [[[1.00, 0.00, 0.00, 1.00], [0.33, 0.67, 0.00, 1.00]]]
    # en: expected: [[[1.00, 0.00, 0.00, 1.00], [0.33, 0.67, 0.00, 1.00]]]
    print(layer(torch.tensor([[[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]]])).detach())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Escribe al lado de cada línea la forma que tiene el tensor después; casi todos los errores se ven ahí.
Cortar en cabezas se hace tres veces igual: puede ser una función pequeña.

</details>

<details><summary>Pista 2</summary>

Después de cortar, el interior es el de `CausalAttention` sin tocar una coma, salvo el número de columnas bajo la raíz.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Write beside each line the shape of the tensor after it; nearly all mistakes show there.
Cutting into heads is done three times in the same way: it can be a small function.

</details>

<details><summary>Hint 2</summary>

Once cut, the inside is that of `CausalAttention` to the last comma, save for the number of columns under the root.

</details>
"""

# %% tests="multi_head_attention"

# %% [markdown] lang="es"
r"""
### ¿Lo mismo que la lista?

Metamos nuestras cuatro cabezas hechas a mano en la versión de una sola matriz.
Una `nn.Linear` guarda la matriz transpuesta, así que las cabezas se apilan por filas; y `out_proj`, que la lista no tiene, se deja como si no estuviera.
"""

# %% [markdown] lang="en"
r"""
### The same as the list?

Let's put our four handmade heads into the one-matrix version.
An `nn.Linear` keeps its matrix transposed, so the heads are stacked by rows; and `out_proj`, which the list does not have, is left as if it were not there.
"""

# %%
joined = MultiHeadAttention(4 * N, 4 * N, context_length=N, dropout=0.0, num_heads=4)
with torch.no_grad():
    for name in ("W_query", "W_key", "W_value"):
        rows = [getattr(head, name).weight for head in heads.values()]  # each (head_dim, d_in)
        getattr(joined, name).weight.copy_(torch.cat(rows))  # (n_heads * head_dim, d_in)
    nn.init.eye_(joined.out_proj.weight)
    nn.init.zeros_(joined.out_proj.bias)

sentence = features(route)[None]  # (1, T, d_in)
torch.allclose(joined(sentence), stack(sentence), atol=1e-6)

# %% [markdown] lang="es"
r"""
Lista y matriz dan lo mismo con los mismos pesos.
Comprobémoslo también contra PyTorch, que trae la operación hecha, `F.scaled_dot_product_attention`, y que en una GPU puede ejecutarla sin llegar a guardar la tabla de pesos ([Dao et al., 2022](https://arxiv.org/abs/2205.14135)).
"""

# %% [markdown] lang="en"
r"""
List and matrix give the same with the same weights.
Let's check against PyTorch too, which has the operation ready-made, `F.scaled_dot_product_attention`, and can run it on a GPU without ever storing the table of weights ([Dao et al., 2022](https://arxiv.org/abs/2205.14135)).
"""

# %%
with torch.no_grad():
    pieces = [
        W(sentence).view(1, len(route), 4, N).transpose(1, 2)  # (1, n_heads, T, head_dim)
        for W in (joined.W_query, joined.W_key, joined.W_value)
    ]
    theirs = F.scaled_dot_product_attention(*pieces, is_causal=True)
torch.allclose(theirs.transpose(1, 2).flatten(2), joined(sentence), atol=1e-6)

# %% [markdown] lang="es"
r"""
## 3.10 Echar cuentas

¿Cuántos números se entrenan en una capa de estas?
Con la misma anchura $D$ a la entrada y a la salida y sin sesgos en las tres primeras matrices, son

$$3D^2 + D^2 + D$$

Las consultas, claves y valores ponen $3D^2$, y `out_proj`, que tiene sesgo, el resto.
"""

# %% [markdown] lang="en"
r"""
## 3.10 Doing the sums

How many numbers are trained in one of these layers?
With the same width $D$ in and out, and no bias in the first three matrices, there are

$$3D^2 + D^2 + D$$

Queries, keys and values account for $3D^2$, and `out_proj`, which has a bias, for the rest.
"""


# %%
def count(layer: nn.Module) -> int:
    return sum(p.numel() for p in layer.parameters())


for D, num_heads in ((64, 1), (64, 4), (64, 16), (768, 12)):
    layer = MultiHeadAttention(D, D, context_length=8, dropout=0.0, num_heads=num_heads)
    print(f"D = {D:3}   heads = {num_heads:2}   {count(layer):9,}   {4 * D**2 + D:9,}")

# %% [markdown] lang="es"
r"""
La fórmula acierta, y el número de cabezas no cuenta: más cabezas son cabezas más estrechas.
La última fila es la del GPT-2 más pequeño, 768 de ancho y 12 cabezas: más de dos millones de números por capa, y tiene doce capas.
Con `qkv_bias=True`, como lo lleva GPT-2, se añaden $3D$.
"""

# %% [markdown] lang="en"
r"""
The formula is right, and the number of heads does not count: more heads are narrower heads.
The last row is that of the smallest GPT-2, 768 wide with 12 heads: more than two million numbers per layer, and it has twelve layers.
With `qkv_bias=True`, as GPT-2 has it, there are $3D$ more.
"""

# %%
biased = MultiHeadAttention(768, 768, context_length=8, dropout=0.0, num_heads=12, qkv_bias=True)
count(biased) - count(layer), 3 * 768

# %% [markdown] lang="es"
r"""
Los parámetros no dependen del largo de la frase, pero los pesos de atención sí, y mucho: cada cabeza hace una tabla de $T \times T$.
Con 12 cabezas y cuatro bytes por número, una sola capa necesita
"""

# %% [markdown] lang="en"
r"""
The parameters do not depend on the length of the sentence, but the attention weights do, and very much: each head makes a table of $T \times T$.
With 12 heads and four bytes per number, a single layer needs
"""

# %%
for length in (256, 1024, 4096, 16384):
    print(f"T = {length:6,}   {12 * length**2 * 4 / 1e6:10,.1f} MB")

# %% [markdown] lang="es"
r"""
Cuatro veces más texto, dieciséis veces más tabla.
Es el precio de no olvidar nada, y la razón de que los modelos tengan un `context_length` y de que haya tanta gente buscando cómo no escribir la tabla entera.
"""

# %% [markdown] lang="en"
r"""
Four times the text, sixteen times the table.
It is the price of forgetting nothing, and the reason why models have a `context_length` and why so many people look for ways not to write down the whole table.
"""

# %% [markdown] lang="es"
r"""
## Lo que ya sabes hacer

Sabes por qué una memoria fija no basta, cómo se pasa de un producto escalar a un contexto, qué papel tienen consulta, clave y valor, por qué está ahí la raíz, cómo se tapa el futuro y cómo se parte una matriz en cabezas.
Y tienes `MultiHeadAttention`, que es todo lo que un GPT necesita para mirar.
"""

# %% [markdown] lang="en"
r"""
## What you can do now

You know why a fixed memory is not enough, how to get from a dot product to a context, what query, key and value are for, why the root is there, how to hide the future, and how to cut a matrix into heads.
And you have `MultiHeadAttention`, which is all that a GPT needs in order to look.
"""

# %% [markdown] lang="es"
r"""
Si te queda alguno de los cuatro ejercicios, vuelve a él cuando quieras: los capítulos siguientes no lo esperan, porque traen la versión del curso.
Para seguir jugando, cambia el 5 de `make_head` por un 1 o por un 20, o inventa una quinta cabeza; una que mire dos palabras atrás, por ejemplo, solo necesita otra tabla.
"""

# %% [markdown] lang="en"
r"""
If any of the four exercises is left, go back to it whenever you like: the next chapters don't wait for it, because they bring the course's version.
To go on playing, change the 5 in `make_head` into a 1 or a 20, or invent a fifth head; one that looks two words back, for instance, only needs another table.
"""

# %% [markdown] lang="es"
r"""
En el capítulo 4 esta capa será la mitad de un bloque, los bloques se apilarán y de lo alto de la pila saldrá una palabra.
Con dos capas, la pista de la primera cabeza ya puede llegar a la pregunta de la cuarta, y quizá alguien acierte por fin qué viene después del chopo.
"""

# %% [markdown] lang="en"
r"""
In chapter 4 this layer will be half of a block, the blocks will be stacked, and out of the top of the stack will come a word.
With two layers, the clue of the first head can reach the question of the fourth, and perhaps somebody will at last get right what comes after the poplar.
"""
