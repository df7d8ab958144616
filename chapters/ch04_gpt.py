# %% [markdown] lang="es"
r"""
# 4 · El modelo GPT

Casilda no puede empezar una frase, pero si alguien le pone delante la primera palabra termina casi todas.

En este capítulo construyes una máquina con esa misma costumbre: lee unos tokens y dice, de cada token de su vocabulario, cuánto espera que sea el siguiente.
"""

# %% [markdown] lang="en"
r"""
# 4 · The GPT model

Casilda can't begin a sentence, but once somebody sets the first word down in front of her she finishes nearly all of them.

In this chapter you build a machine with the same habit: it reads some tokens and says, of every token in its vocabulary, how much it expects that one to be next.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Seis piezas que encajan unas en otras: `LayerNorm`, `GELU`, `FeedForward`, `TransformerBlock`, `GPTModel` y `generate_greedy`.

**Qué necesitas.** Los embeddings del capítulo 2 y la atención de varias cabezas del capítulo 3.

**Cuánto se tarda.** Una hora larga de lectura, unos cien minutos más si haces los ejercicios, y menos de un minuto de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** Six pieces that fit into one another: `LayerNorm`, `GELU`, `FeedForward`, `TransformerBlock`, `GPTModel` and `generate_greedy`.

**What you need.** The embeddings of chapter 2 and the multi-head attention of chapter 3.

**How long it takes.** A good hour of reading, about a hundred minutes more if you do the exercises, and under a minute of running.
"""

# %%
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from desdecero import use_edition
from desdecero.attention import MultiHeadAttention
from desdecero.checks import example, use
from desdecero.data import load_story
from desdecero.gpt import GPT2_SIZES, GPTConfig
from desdecero.plots import gpt as plots, gpt_flow as flow
from desdecero.plots.gpt_whole import parameter_bars
from desdecero.text import load_tokenizer
from desdecero.widgets import gpt as widgets

use_edition(EDITION)
torch.set_printoptions(precision=2, sci_mode=False)

# %% [markdown] lang="es"
r"""
## 4.1 El plano

Antes de poner ladrillos conviene saber qué casa es.

La forma de un GPT cabe en siete números, y el paquete los guarda juntos en un dataclass, `GPTConfig`.
El nuestro será diminuto, para que cada celda tarde un suspiro; el GPT-2 más pequeño usa las mismas piezas con números mayores.
"""

# %% [markdown] lang="en"
r"""
## 4.1 The blueprint

Before laying bricks, it helps to know which house this is.

The shape of a GPT fits in seven numbers, and the package keeps them together in a dataclass, `GPTConfig`.
Ours will be tiny, so that every cell runs in a blink; the smallest GPT-2 uses the same pieces with larger numbers.
"""

# %%
tokenizer = load_tokenizer()
cfg = GPTConfig(vocab_size=tokenizer.n_vocab, context_length=64, emb_dim=64, n_heads=4, n_layers=3, drop_rate=0.1)
cfg

# %% [markdown] lang="es"
r"""
Ya conoces casi todos: `vocab_size` y `context_length` son las filas de las dos tablas del capítulo 2, `emb_dim` es el ancho de cada vector, y `n_heads`, `drop_rate` y `qkv_bias` van a la atención del capítulo 3.

Solo `n_layers` es nuevo: cuántas veces se repite el bloque que está en el centro de todo.
"""

# %% [markdown] lang="en"
r"""
You know most of them: `vocab_size` and `context_length` are the rows of the two tables of chapter 2, `emb_dim` is the width of every vector, and `n_heads`, `drop_rate` and `qkv_bias` go to the attention of chapter 3.

Only `n_layers` is new: how many times the block at the heart of it all is repeated.
"""

# %%
flow.architecture(cfg)

# %% [markdown] lang="es"
r"""
Léelo de arriba abajo. `B` es el número de textos que se leen a la vez y `T` el número de tokens de cada uno.

Fíjate en dos cosas: desde los embeddings hasta la última normalización la forma no cambia, y dentro del bloque hay una línea verde que nadie corta.
La primera permite apilar tantos bloques como quieras; la segunda, entrenarlos.
"""

# %% [markdown] lang="en"
r"""
Read it from top to bottom. `B` is the number of texts read at once and `T` the number of tokens in each.

Notice two things: from the embeddings to the last normalisation the shape never changes, and inside the block there is a green line that nobody cuts.
The first lets you stack as many blocks as you like; the second lets you train them.
"""

# %% [markdown] lang="es"
r"""
¿Y si quitamos los bloques? Quedan las tablas y la cabeza de salida: el modelo más corto que cumple el contrato de entrada y salida.

Le damos dos trozos de la retahíla. Acaban igual, pero en el cuento lo que viene después del chopo depende de si llegas desde la piedra o desde el junco.
"""

# %% [markdown] lang="en"
r"""
What if we leave out the blocks? The tables and the output head remain: the shortest model that honours the contract of input and output.

We give it two bits of the rigmarole. They end alike, but in the story what comes after the poplar depends on whether you got there from the stone or from the reeds.
"""

# %%
pair = {"es": ["piedra y chopo", "junco y chopo"], "en": ["stone and poplar", "reeds and poplar"]}[EDITION]
ids = torch.tensor([tokenizer.encode(text) for text in pair])  # (B, T) = (2, 4)
for row in ids.tolist():
    print([tokenizer.decode([i]) for i in row])

# %% [markdown] lang="es"
r"""
Son cuatro tokens en cada fila: distintos los dos primeros, iguales los dos últimos.

Antes de ejecutar lo que sigue, haz tu apuesta (una gallina): ¿en qué posiciones darán las dos filas los mismos logits?
"""

# %% [markdown] lang="en"
r"""
Four tokens in each row: the first two differ, the last two are the same.

Before you run what follows, place your bet (one hen): at which positions will the two rows give the same logits?
"""

# %%
torch.manual_seed(4)
tok_emb = nn.Embedding(cfg.vocab_size, cfg.emb_dim)
pos_emb = nn.Embedding(cfg.context_length, cfg.emb_dim)
out_head = nn.Linear(cfg.emb_dim, cfg.vocab_size, bias=False)

x = tok_emb(ids) + pos_emb(torch.arange(ids.shape[1]))  # (2, 4) -> (2, 4, 64)
bodyless = out_head(x)  # (2, 4, 64) -> (2, 4, 1024)
print(list(x.shape), list(bodyless.shape))
print([torch.allclose(a, b) for a, b in zip(*bodyless)])

# %% [markdown] lang="es"
r"""
La forma ya es la buena: una puntuación por cada token del vocabulario, en cada posición. La respuesta, no.

En las dos últimas posiciones las filas coinciden, así que para este modelo los dos chopos son el mismo árbol.
Es Casilda cuando le preguntan palabra por palabra: da vueltas porque nadie le deja traer el camino hasta allí.
"""

# %% [markdown] lang="en"
r"""
The shape is right already: one score for each token of the vocabulary, at every position. The answer is not.

At the last two positions the rows agree, so to this model both poplars are one tree.
It is Casilda being asked word by word: she goes round in circles because nobody lets her bring the road along.
"""

# %% [markdown] lang="es"
r"""
Lo que falta entre las tablas y la cabeza de salida es el bloque, donde cada token mira a los anteriores.
Guarda esta lista de cuatro valores: en 4.6 la repetimos con el modelo entero.

La atención ya la tienes. Quedan tres piezas pequeñas: una que pone los números a escala, otra que piensa y un atajo.
"""

# %% [markdown] lang="en"
r"""
What is missing between the tables and the output head is the block, where each token looks at the ones before it.
Keep this list of four values in mind: in 4.6 we repeat it with the whole model.

Attention you already have. Three small pieces remain: one that keeps numbers to scale, one that thinks, and a shortcut.
"""

# %% [markdown] lang="es"
r"""
## 4.2 Normalización de capa

Un vector que entra en un GPT pasa por decenas de multiplicaciones de matrices.

¿Qué tamaño tendrá al salir si cada una lo encoge un poco, o lo agranda un poco? Piénsalo antes de ejecutar: son treinta capas al azar.
"""

# %% [markdown] lang="en"
r"""
## 4.2 Layer normalisation

A vector that enters a GPT goes through dozens of matrix products.

What size will it have on leaving if each of them shrinks it a little, or stretches it a little? Think before you run: these are thirty random layers.
"""

# %%
for gain in (0.7, 1.0, 1.4):
    torch.manual_seed(4)
    x = torch.randn(64)
    for _ in range(30):
        x = gain * torch.randn(64, 64) / 8 @ x  # (64, 64) @ (64,) -> (64,)
    print(f"{gain}: {x.std():.0e}")

# %% [markdown] lang="es"
r"""
Con 0.7 el vector casi se apaga; con 1.4 se dispara. Los separan nueve ceros, y solo hemos tocado un número que parecía inocente. Con 1.0 aguanta, pero porque el 8 está escogido a propósito: es la raíz de 64.

La idea de [Ba, Kiros y Hinton (2016)](https://arxiv.org/abs/1607.06450) es no fiarse: por el camino, devolver cada vector a un tamaño conocido.
"""

# %% [markdown] lang="en"
r"""
With 0.7 the vector all but dies away; with 1.4 it explodes. Nine zeros lie between the two, and all we touched was one innocent-looking number. With 1.0 it holds, but only because the 8 was chosen on purpose: it is the root of 64.

The idea of [Ba, Kiros and Hinton (2016)](https://arxiv.org/abs/1607.06450) is to trust nobody: along the way, bring each vector back to a known size.
"""

# %% [markdown] lang="es"
r"""
Jimena y Anselmo miden el fondo del río en los mismos cinco sitios.
Jimena cuenta palmos de agua. Anselmo mide en centímetros y desde el borde de la barca, que está 35 por encima; un palmo son 20.
"""

# %% [markdown] lang="en"
r"""
Jimena and Anselmo measure the river bed at the same five places.
Jimena counts hand spans of water. Anselmo measures in centimetres and from the rim of the boat, which is 35 above it; a span is 20.
"""

# %%
jimena = [2.0, 5.0, 4.0, 8.0, 6.0]
anselmo = [20 * depth + 35 for depth in jimena]
anselmo

# %% [markdown] lang="es"
r"""
Los números no se parecen, pero el río es uno.

Para verlo bastan dos cuentas por vector: la media, que dice dónde está el centro, y la varianza, que es la media de las distancias al centro, al cuadrado.
"""

# %% [markdown] lang="en"
r"""
The numbers look nothing alike, yet there is only one river.

Two calculations per vector are enough to see it: the mean, which says where the centre is, and the variance, which is the mean of the squared distances to that centre.
"""


# %%
def statistics(vector: list[float]) -> tuple[float, float]:
    mean = sum(vector) / len(vector)
    variance = sum((v - mean) ** 2 for v in vector) / len(vector)
    return mean, variance


print(statistics(jimena), statistics(anselmo))

# %% [markdown] lang="es"
r"""
La raíz de la varianza es la desviación típica: 2 palmos para Jimena, 40 centímetros para Anselmo.

Ahora réstale a cada número la media de su fila y divide lo que queda entre la desviación de su fila. ¿Qué saldrá en la segunda?
"""

# %% [markdown] lang="en"
r"""
The root of the variance is the standard deviation: 2 spans for Jimena, 40 centimetres for Anselmo.

Now subtract from each number the mean of its row, and divide what is left by the deviation of its row. What will come out in the second?
"""

# %%
for vector in (jimena, anselmo):
    mean, variance = statistics(vector)
    print([(v - mean) / variance**0.5 for v in vector])

# %% [markdown] lang="es"
r"""
Las dos filas son la misma. La unidad y el punto de partida han desaparecido, y queda el perfil: hondo en el cuarto sitio, somero en el primero.

Eso es lo que recibirá la capa siguiente, mida quien mida:

$$\mu = \frac{1}{D}\sum_{i=1}^{D} x_i \qquad \sigma^2 = \frac{1}{D}\sum_{i=1}^{D} (x_i-\mu)^2 \qquad \hat{x}_i = \frac{x_i-\mu}{\sqrt{\sigma^2}}$$
"""

# %% [markdown] lang="en"
r"""
Both rows are the same. The unit and the starting point are gone, and the profile remains: deep at the fourth place, shallow at the first.

That is what the next layer will receive, whoever did the measuring:

$$\mu = \frac{1}{D}\sum_{i=1}^{D} x_i \qquad \sigma^2 = \frac{1}{D}\sum_{i=1}^{D} (x_i-\mu)^2 \qquad \hat{x}_i = \frac{x_i-\mu}{\sqrt{\sigma^2}}$$
"""

# %% [markdown] lang="es"
r"""
Con tensores, la suma recorre la última dimensión, `dim=-1`: los números de cada vector, sea cual sea el token o el texto.

El argumento `keepdim=True` conserva esa dimensión con tamaño uno, para que luego la resta sepa a qué fila pertenece cada media.
"""

# %% [markdown] lang="en"
r"""
With tensors, the sum runs over the last dimension, `dim=-1`: the numbers of each vector, whichever the token or the text.

The argument `keepdim=True` keeps that dimension with size one, so that the subtraction later knows which row each mean belongs to.
"""

# %%
depths = torch.tensor([jimena, anselmo])  # (2, 5)
print(depths.mean(dim=-1))  # (2, 5) -> (2,)
print(depths.mean(dim=-1, keepdim=True))  # (2, 5) -> (2, 1)

# %% [markdown] lang="es"
r"""
Si lo olvidas, lo normal es que las formas no casen y PyTorch proteste, que es lo mejor que puede pasar.

Lo peor es que casen por casualidad. Con cinco vectores de cinco números nadie protesta, y a la columna `j` se le resta la media de la fila `j`.
"""

# %% [markdown] lang="en"
r"""
Forget it, and as a rule the shapes won't match and PyTorch complains, which is the best that can happen.

The worst is that they match by accident. With five vectors of five numbers nobody complains, and column `j` loses the mean of row `j`.
"""

# %%
square = torch.arange(25.0).reshape(5, 5)
print((square - square.mean(dim=-1, keepdim=True))[0])
print((square - square.mean(dim=-1))[0])

# %% [markdown] lang="es"
r"""
La primera línea está centrada en cero; la segunda se va cuesta abajo, en silencio.

Otra trampa silenciosa está en la varianza. Compara las dos que ofrece PyTorch con la que has calculado a mano.
"""

# %% [markdown] lang="en"
r"""
The first line is centred on zero; the second slides downhill, and silently.

Another silent trap is in the variance. Compare the two that PyTorch offers with the one you worked out by hand.
"""

# %%
print(depths.var(dim=-1))
print(depths.var(dim=-1, unbiased=False))

# %% [markdown] lang="es"
r"""
La primera es mayor: reparte la suma de cuadrados, que en la fila de Jimena es 20, entre cuatro y no entre cinco.

Es la corrección de Bessel, y tiene sentido cuando los cinco números son una muestra y quieres adivinar la varianza del montón del que salieron.
Aquí no hay nada que adivinar, porque el vector está entero. GPT-2 divide entre `D`.
"""

# %% [markdown] lang="en"
r"""
The first is larger: it shares out the sum of squares, which in Jimena's row is 20, among four and not among five.

That is Bessel's correction, and it makes sense when the five numbers are a sample and you want to guess the variance of the pile they came from.
Here there is nothing to guess, because the vector is complete. GPT-2 divides by `D`.
"""

# %%
for D in (5, 64, 768):
    print(f"{D:4d} {math.sqrt(D / (D - 1)):.4f}")

# %% [markdown] lang="es"
r"""
La columna dice cuánto cambia la desviación: un 12 % con cinco números y menos de un 0.1 % con los 768 de GPT-2.

Poco, pero en el capítulo 5 cargarás pesos que se entrenaron sin corrección, y un error pequeño que se repite en cada capa deja de ser pequeño.
"""

# %% [markdown] lang="en"
r"""
The column says how much the deviation changes: 12% with five numbers and under 0.1% with the 768 of GPT-2.

Not much, but in chapter 5 you will load weights that were trained without the correction, and a small error repeated in every layer stops being small.
"""

# %% [markdown] lang="es"
r"""
Falta un caso: un fondo completamente plano. Todas las distancias a la media son cero, la desviación también, y cero entre cero da `nan`: no es un número.

Por eso a la varianza se le suma un épsilon diminuto, $\epsilon = 10^{-5}$. Importa dónde: dentro de la raíz.
"""

# %% [markdown] lang="en"
r"""
One case is left: a perfectly flat bed. All distances to the mean are zero, so is the deviation, and zero over zero gives `nan`: not a number.

That is why a tiny epsilon is added to the variance, $\epsilon = 10^{-5}$. It matters where: inside the root.
"""

# %%
flat = torch.full((5,), 3.0, requires_grad=True)
variance = flat.var(unbiased=False)
ways = {
    "sqrt(v)": variance.sqrt(),
    "sqrt(v) + eps": variance.sqrt() + 1e-5,
    "sqrt(v + eps)": (variance + 1e-5).sqrt(),
}
for way, deviation in ways.items():
    first = ((flat - flat.mean()) / deviation)[0]
    (gradient,) = torch.autograd.grad(first, flat, retain_graph=True)
    print(f"{way:14} {first.isfinite().item()!s:6} {gradient.isfinite().all().item()}")

# %% [markdown] lang="es"
r"""
La primera columna dice si el valor es un número de verdad, y la segunda si lo es su gradiente.

Sin épsilon fallan los dos. Con épsilon fuera el valor se salva y el gradiente no, porque en cero la raíz cuadrada sube en vertical.
Un solo `nan` en un gradiente basta para estropear todos los pesos en un paso.
"""

# %% [markdown] lang="en"
r"""
The first column says whether the value is a real number, and the second whether its gradient is.

Without epsilon both fail. With epsilon outside, the value is saved and the gradient is not, because at zero the square root rises vertically.
A single `nan` in a gradient is enough to spoil every weight in one step.
"""

# %% [markdown] lang="es"
r"""
Obligar a todos los vectores a tener media 0 y varianza 1 también estorba: quizá a la capa siguiente le conviene que la cuarta coordenada pese el triple.

La solución es devolverle esa libertad, pero aprendida: un factor $\gamma_i$ y un desplazamiento $\beta_i$ por coordenada, que empiezan en 1 y en 0, o sea, sin hacer nada.

$$y_i = \gamma_i\,\frac{x_i-\mu}{\sqrt{\sigma^2+\epsilon}} + \beta_i$$
"""

# %% [markdown] lang="en"
r"""
Forcing every vector to have mean 0 and variance 1 is also a nuisance: perhaps the next layer would rather have the fourth coordinate count triple.

The remedy is to give that freedom back, but learned: a factor $\gamma_i$ and an offset $\beta_i$ per coordinate, which start at 1 and 0, that is, doing nothing.

$$y_i = \gamma_i\,\frac{x_i-\mu}{\sqrt{\sigma^2+\epsilon}} + \beta_i$$
"""

# %%
profile = torch.tensor([-1.5, 0.0, -0.5, 1.5, 0.5])
gamma = torch.tensor([1.0, 1.0, 1.0, 3.0, 1.0])
beta = torch.tensor([0.0, 0.0, 0.0, 0.0, 2.0])
gamma * profile + beta

# %% [markdown] lang="es"
r"""
La cuarta coordenada ahora pesa el triple y a la quinta se le han sumado 2. Las demás siguen igual.

Todos los tokens comparten los mismos $\gamma$ y $\beta$; lo que es de cada uno es su media y su varianza.
"""

# %% [markdown] lang="en"
r"""
The fourth coordinate now counts triple, and 2 has been added to the fifth. The others stay as they were.

All tokens share the same $\gamma$ and $\beta$; what each has of its own is its mean and its variance.
"""

# %% [markdown] lang="es" exercise="layer_norm"
r"""
### Ejercicio: normalización de capa

Esta pieza aparece dos veces en cada bloque y una más al final: sin ella, apilar bloques no funciona. Escribe `LayerNorm`.

```python
class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

`scale` ($\gamma$) y `shift` ($\beta$) son parámetros entrenables de tamaño `emb_dim`, que empiezan a unos y a ceros; `eps` vale `1e-5`.
La salida tiene la forma de `x`, que puede ser `(T, D)`, `(B, T, D)` o cualquier otra que acabe en `D`.
No vale llamar a `nn.LayerNorm` ni a `F.layer_norm`.
"""

# %% [markdown] lang="en" exercise="layer_norm"
r"""
### Exercise: layer normalisation

This piece appears twice in each block and once more at the end: without it, stacking blocks does not work. Write `LayerNorm`.

```python
class LayerNorm(nn.Module):
    def __init__(self, emb_dim: int) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

`scale` ($\gamma$) and `shift` ($\beta$) are trainable parameters of size `emb_dim`, which start at ones and zeros; `eps` is `1e-5`.
The output has the shape of `x`, which may be `(T, D)`, `(B, T, D)` or any other that ends in `D`.
Calling `nn.LayerNorm` or `F.layer_norm` isn't allowed.
"""

# %% solution="layer_norm"

# %%
with example():
    # es: se espera dos veces -1.50, 0.00, -0.50, 1.50, 0.50
    # en: expected, twice: -1.50, 0.00, -0.50, 1.50, 0.50
    print(LayerNorm(5)(depths).detach())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Un tensor se vuelve entrenable al guardarlo en `__init__` como `self.scale = nn.Parameter(...)`.
</details>

<details><summary>Pista 2</summary>

La media y la varianza necesitan `dim=-1` y `keepdim=True`. La varianza, además, no lleva la corrección de Bessel.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

A tensor becomes trainable when you store it in `__init__` as `self.scale = nn.Parameter(...)`.
</details>

<details><summary>Hint 2</summary>

Mean and variance need `dim=-1` and `keepdim=True`. The variance, besides, goes without Bessel's correction.
</details>
"""

# %% tests="layer_norm"

# %% [markdown] lang="es"
r"""
Míralo trabajar. Cada columna es un token de la retahíla con un vector de 64 números al azar, al que hemos dado un centro y una anchura propios.
"""

# %% [markdown] lang="en"
r"""
Watch it work. Each column is a token of the rigmarole with a vector of 64 random numbers, to which we have given a centre and a width of its own.
"""

# %%
line = {"es": "Torre y junco, junco y chopo", "en": "Tower and reeds, reeds and poplar"}[EDITION]
tokens = [tokenizer.decode([i]) for i in tokenizer.encode(line)]
torch.manual_seed(4)
centre, width = 4 * torch.randn(len(tokens), 1), 3 * torch.rand(len(tokens), 1) + 0.3
before = centre + width * torch.randn(len(tokens), 64)  # (T, D)
after = LayerNorm(64)(before)
plots.before_after(before, after, tokens)

# %% [markdown] lang="es"
r"""
A la izquierda cada token grita a su volumen; a la derecha hablan todos igual de alto, y dentro de cada columna el orden de los puntos es el que era.

PyTorch trae esta capa hecha, con `weight` y `bias` en lugar de `scale` y `shift`. ¿Coinciden?
"""

# %% [markdown] lang="en"
r"""
On the left each token shouts at its own volume; on the right they all speak equally loud, and within each column the order of the dots is what it was.

PyTorch has this layer ready-made, with `weight` and `bias` in place of `scale` and `shift`. Do they agree?
"""

# %%
torch.allclose(after, nn.LayerNorm(64)(before), atol=1e-5)

# %% [markdown] lang="es"
r"""
Coinciden. No es la única manera de poner números a escala, y conviene saber qué se pierde con las otras.

RMSNorm ([Zhang y Sennrich, 2019](https://arxiv.org/abs/1910.07467)) se ahorra la media: divide cada vector entre la raíz de la media de sus cuadrados, sin centrarlo antes.
"""

# %% [markdown] lang="en"
r"""
They agree. It is not the only way to keep numbers to scale, and it is good to know what the others lose.

RMSNorm ([Zhang and Sennrich, 2019](https://arxiv.org/abs/1910.07467)) does without the mean: it divides each vector by the root of the mean of its squares, without centring it first.
"""

# %%
rms = depths.pow(2).mean(dim=-1, keepdim=True).sqrt()  # (2, 5) -> (2, 1)
depths / rms

# %% [markdown] lang="es"
r"""
Esta vez las filas no coinciden: RMSNorm borra la unidad, pero no el punto de partida, y nota que Anselmo mide desde el borde.

En la práctica un modelo aprende a vivir con eso y la cuenta sale más barata; Llama la usa ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)).
"""

# %% [markdown] lang="en"
r"""
This time the rows differ: RMSNorm erases the unit but not the starting point, and it notices that Anselmo measures from the rim.

In practice a model learns to live with that, and the calculation is cheaper; Llama uses it ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)).
"""

# %% [markdown] lang="es"
r"""
La más antigua, BatchNorm ([Ioffe y Szegedy, 2015](https://arxiv.org/abs/1502.03167)), normaliza en la otra dirección: compara cada coordenada con la misma coordenada de los demás vectores del lote.

Predice qué le pasa al río cuando el lote son solo Jimena y Anselmo.
"""

# %% [markdown] lang="en"
r"""
The oldest, BatchNorm ([Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167)), normalises in the other direction: it compares each coordinate with the same coordinate of the other vectors in the batch.

Predict what happens to the river when the batch is just Jimena and Anselmo.
"""

# %%
(depths - depths.mean(dim=0)) / depths.std(dim=0, unbiased=False)  # (2, 5) - (5,)

# %% [markdown] lang="es"
r"""
Un desastre: del río no queda nada, solo quién de los dos dio el número mayor.

Con lotes grandes de imágenes funciona muy bien. Con textos, el resultado de tu frase dependería de qué otras frases cayeron en el lote, y para generar una sola habría que apañarse con promedios guardados.
"""

# %% [markdown] lang="en"
r"""
A disaster: nothing is left of the river, only which of the two gave the larger number.

With large batches of images it works very well. With texts, the result for your sentence would depend on which other sentences fell into the batch, and to generate a single one you would have to make do with stored averages.
"""

# %% [markdown] lang="es"
r"""
Juega ahora con el primer vector, el naranja. Muévelo: ¿qué columnas no se enteran? Estíralo: ¿cuáles ahora?

Y vigila los azules, que nadie toca: hay una normalización en la que también ellos cambian.
"""

# %% [markdown] lang="en"
r"""
Now play with the first vector, the orange one. Move it: which columns don't notice? Stretch it: which ones now?

And keep an eye on the blue ones, which nobody touches: under one of the normalisations they change too.
"""

# %%
widgets.play_norms()

# %% [markdown] lang="es"
r"""
## 4.3 La red feed-forward y GELU

La atención reparte: cada token recoge lo que le interesa de los anteriores.
La red feed-forward es lo que cada token hace después con lo recogido, él solo.

Empecemos por lo que no funciona: dos capas lineales seguidas. ¿Calculan algo que no pueda calcular una?
"""

# %% [markdown] lang="en"
r"""
## 4.3 The feed-forward network and GELU

Attention hands things round: each token collects what it wants from the ones before.
The feed-forward network is what each token then does with what it has collected, on its own.

Let's begin with what does not work: two linear layers in a row. Do they compute anything that one could not?
"""

# %%
torch.manual_seed(4)
widen, narrow = torch.randn(20, 5), torch.randn(5, 20)
x = torch.randn(5)
single = narrow @ widen  # (5, 20) @ (20, 5) -> (5, 5)
print(torch.allclose(narrow @ (widen @ x), single @ x, atol=1e-4), widen.numel() + narrow.numel(), single.numel())

# %% [markdown] lang="es"
r"""
Nada: 200 números hacen exactamente lo que hacen 25.

Para que la segunda capa sirva de algo hay que meter entre las dos algo que no sea una recta. El quiebro más simple es ReLU: lo positivo pasa, lo negativo se queda en cero.
"""

# %% [markdown] lang="en"
r"""
Nothing: 200 numbers do exactly what 25 do.

For the second layer to be of any use, the result of the first must be bent. The simplest bend is ReLU: what is positive passes, what is negative becomes zero.
"""

# %%
[max(0.0, v) for v in (-2.0, -1.0, 0.0, 1.0, 2.0)]

# %% [markdown] lang="es"
r"""
Un quiebro parece poca cosa, pero sumando muchos se dibuja cualquier curva, con el parecido que quieras ([Leshno et al., 1993](https://doi.org/10.1016/S0893-6080(05)80131-5); con sigmoides lo demostró antes [Cybenko, 1989](https://doi.org/10.1007/BF02551274)).

Aquí una red de dos capas imita el perfil del Zurdo. Prueba sin activación: por muchas neuronas que pongas, saldrá una recta. Después vuelve a GELU y ve añadiendo neuronas.
"""

# %% [markdown] lang="en"
r"""
One bend looks like little, but a sum of many draws any curve, as closely as you like ([Leshno et al., 1993](https://doi.org/10.1016/S0893-6080(05)80131-5); for sigmoids, [Cybenko, 1989](https://doi.org/10.1007/BF02551274) had shown it before).

Here a two-layer network imitates the profile of the Zurdo. Try it without an activation: however many neurons you add, you get a straight line. Then go back to GELU and add neurons little by little.
"""

# %%
widgets.play_bends()

# %% [markdown] lang="es"
r"""
ReLU tiene un defecto: por debajo de cero es plana, y donde no hay pendiente no hay gradiente.
Una neurona que dé negativo con todos los datos deja de aprender, aunque esté a un paso de servir.

GPT-2 usa un quiebro más suave, GELU ([Hendrycks y Gimpel, 2016](https://arxiv.org/abs/1606.08415)).
"""

# %% [markdown] lang="en"
r"""
ReLU has a flaw: below zero it is flat, and where there is no slope there is no gradient.
A neuron that comes out negative on all the data stops learning, even when it is one step away from being useful.

GPT-2 uses a gentler bend, GELU ([Hendrycks and Gimpel, 2016](https://arxiv.org/abs/1606.08415)).
"""

# %% [markdown] lang="es"
r"""
La idea: en vez de cortar en cero, dejar pasar de $x$ una fracción. ¿Cuál? La probabilidad de que un número sacado de una distribución normal (media 0, desviación 1) quede por debajo de $x$, que se escribe $\Phi(x)$:

$$\mathrm{GELU}(x) = x\,\Phi(x)$$

Estímala sacando cien mil números y compárala con la exacta, que se calcula con la función `erf`.
"""

# %% [markdown] lang="en"
r"""
The idea: instead of cutting at zero, let a fraction of $x$ through. Which? The probability that a number drawn from a normal distribution (mean 0, deviation 1) falls below $x$, written $\Phi(x)$:

$$\mathrm{GELU}(x) = x\,\Phi(x)$$

Estimate it by drawing a hundred thousand numbers and compare it with the exact one, which is computed with the function `erf`.
"""

# %%
torch.manual_seed(4)
draws = torch.randn(100_000)
for v in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0):
    drawn = (draws < v).float().mean()
    exact = 0.5 * (1 + math.erf(v / math.sqrt(2)))
    print(f"{v:5.1f} {drawn:5.2f} {exact:5.2f} {v * exact:6.2f}")

# %% [markdown] lang="es"
r"""
Las columnas son $x$, la fracción estimada, la exacta y GELU.

Un 2 pasa casi entero y un −2 casi nada. Pero el −0.5 no muere: deja pasar un 31 % de sí mismo, y esa pizca por debajo de cero es lo que ReLU tiraba.
"""

# %% [markdown] lang="en"
r"""
The columns are $x$, the estimated fraction, the exact one, and GELU.

A 2 passes almost whole and a −2 hardly at all. But −0.5 does not die: it lets 31% of itself through, and that pinch below zero is what ReLU threw away.
"""

# %% [markdown] lang="es"
r"""
GPT-2 no usa `erf` sino una aproximación del mismo artículo, con tangente hiperbólica, que es la que necesitarás para que tu modelo dé los mismos números que el suyo:

$$\mathrm{GELU}(x) \approx \frac{x}{2}\left(1+\tanh\left(\sqrt{\frac{2}{\pi}}\,\left(x+0.044715\,x^3\right)\right)\right)$$

Hagamos la cuenta para $x = 1$, de dentro afuera.
"""

# %% [markdown] lang="en"
r"""
GPT-2 does not use `erf` but an approximation from the same paper, with a hyperbolic tangent, and that is the one you need if your model is to give the same numbers as theirs:

$$\mathrm{GELU}(x) \approx \frac{x}{2}\left(1+\tanh\left(\sqrt{\frac{2}{\pi}}\,\left(x+0.044715\,x^3\right)\right)\right)$$

Let's work it out for $x = 1$, from the inside out.
"""

# %%
inside = 0.797885 * 1.044715
print(f"{inside:.4f} {math.tanh(inside):.4f}")
print(f"{(1 + math.tanh(inside)) / 2:.4f} {(1 + math.erf(1 / math.sqrt(2))) / 2:.4f}")

# %% [markdown] lang="es"
r"""
El primer factor, 0.797885, es $\sqrt{2/\pi}$; el segundo, $1 + 0.044715$.

La aproximación da 0.8412 y la exacta 0.8413: se separan en la cuarta cifra.
"""

# %% [markdown] lang="en"
r"""
The first factor, 0.797885, is $\sqrt{2/\pi}$; the second, $1 + 0.044715$.

The approximation gives 0.8412 and the exact form 0.8413: they part at the fourth digit.
"""

# %% [markdown] lang="es" exercise="gelu"
r"""
### Ejercicio: GELU

Aparte del softmax y de la raíz de LayerNorm, es la única curva de todo el modelo: lo demás son sumas y productos. Escribe `GELU`, con la forma de la tangente hiperbólica.

```python
class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor: ...
```

Se aplica número a número, así que la salida tiene la forma y el tipo de `x`; con números muy grandes o muy negativos sigue siendo finita, y su gradiente también.
No vale llamar a `nn.GELU` ni a `F.gelu`.
"""

# %% [markdown] lang="en" exercise="gelu"
r"""
### Exercise: GELU

Apart from the softmax and LayerNorm's root, this is the only curve in the whole model: the rest is sums and products. Write `GELU`, in the form with the hyperbolic tangent.

```python
class GELU(nn.Module):
    def forward(self, x: Tensor) -> Tensor: ...
```

It works number by number, so the output has the shape and dtype of `x`; for very large or very negative numbers it stays finite, and so does its gradient.
Calling `nn.GELU` or `F.gelu` isn't allowed.
"""

# %% solution="gelu"

# %%
with example():
    # es: se espera -0.05, -0.16, 0.00, 0.84, 1.95
    # en: expected: -0.05, -0.16, 0.00, 0.84, 1.95
    print(GELU()(torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])))

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

`torch.tanh` recibe un tensor; `math.sqrt` y `math.pi` bastan para la constante. No hay parámetros, así que no hace falta `__init__`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

`torch.tanh` takes a tensor; `math.sqrt` and `math.pi` are enough for the constant. There are no parameters, so no `__init__` is needed.
</details>
"""

# %% tests="gelu"

# %%
plots.activation_curves(
    {"ReLU": torch.relu, "GELU": F.gelu, "GELU (tanh)": GELU()}, exact="GELU", approximate="GELU (tanh)"
)

# %% [markdown] lang="es"
r"""
En el centro está la diferencia que importa: la pendiente de ReLU salta de 0 a 1, y la de GELU pasa por todos los valores intermedios.
Sube a algo más de 1 y baja un poco por debajo de cero, porque la curva tiene un valle cerca de $x = -0.75$.

A la derecha, lo que separa las dos GELU: menos de media milésima.
"""

# %% [markdown] lang="en"
r"""
In the middle is the difference that matters: the slope of ReLU jumps from 0 to 1, and that of GELU takes every value between.
It rises somewhat above 1 and dips a little below zero, because the curve has a valley near $x = -0.75$.

On the right, what separates the two GELUs: less than half a thousandth.
"""

# %% [markdown] lang="es"
r"""
¿De verdad ayuda una pendiente pequeña? Entrenemos una sola neurona, $a(wx+b)$, para que imite a $1 + x$.

Con $b$ negativo empieza apagada para todos los datos. La celda imprime el error después de sesenta pasos; apuesta antes por cada fila.
"""

# %% [markdown] lang="en"
r"""
Does a small slope really help? Let's train a single neuron, $a(wx+b)$, to imitate $1 + x$.

With $b$ negative it starts switched off for all the data. The cell prints the error after sixty steps; bet on each row first.
"""


# %%
def train_neuron(activation: nn.Module, start: float) -> float:
    x = torch.linspace(0, 1, 20)
    w, b = torch.zeros((), requires_grad=True), torch.tensor(start, requires_grad=True)
    for _ in range(60):
        loss = ((activation(w * x + b) - (1 + x)) ** 2).mean()
        slope_w, slope_b = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= 0.1 * slope_w
            b -= 0.1 * slope_b
    return loss.item()


for start in (0.5, -0.5, -1.5):
    print(f"{start:5.1f}   ReLU {train_neuron(nn.ReLU(), start):.1f}   GELU {train_neuron(GELU(), start):.1f}")

# %% [markdown] lang="es"
r"""
Desde 0.5 aprenden las dos. Desde −0.5, ReLU se queda donde estaba y GELU sale del hoyo.

Desde −1.5 no se salva ninguna: al otro lado del valle la pendiente de GELU es pequeña y empuja hacia el lado equivocado. Ayuda, no hace milagros; por suerte, LayerNorm mantiene los números cerca del cero.
"""

# %% [markdown] lang="en"
r"""
From 0.5 both learn. From −0.5, ReLU stays where it was and GELU climbs out of the hole.

From −1.5 neither is saved: on the far side of the valley GELU's slope is small and pushes the wrong way. It helps, it works no miracles; luckily, LayerNorm keeps the numbers close to zero.
"""

# %%
widgets.play_neuron()

# %% [markdown] lang="es"
r"""
Mueve el sesgo inicial hasta encontrar el punto donde GELU deja de salvarse; está cerca del fondo del valle.

Con lo siguiente puedes pasear un punto por cada activación y leer su pendiente. Busca dónde la de GELU vale exactamente la mitad.
"""

# %% [markdown] lang="en"
r"""
Move the initial bias until you find where GELU stops being saved; it is close to the bottom of the valley.

With the next one you can walk a point along each activation and read its slope. Find where GELU's is exactly one half.
"""

# %%
widgets.play_activations()

# %% [markdown] lang="es"
r"""
Con GELU ya se puede montar la red: una capa lineal ensancha el vector a cuatro veces su tamaño, GELU lo curva y otra capa lineal lo devuelve a su ancho.

El cuatro viene de [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762), sin más teoría que lo bien que funcionaba.
"""

# %% [markdown] lang="en"
r"""
With GELU in hand the network can be put together: a linear layer widens the vector to four times its size, GELU bends it, and another linear layer brings it back to its width.

The four comes from [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762), with no more theory than how well it worked.
"""

# %%
flow.feed_forward_flow(cfg.emb_dim)

# %% [markdown] lang="es"
r"""
No hay líneas entre las filas: los tokens no se ven. Las tres redes son en realidad la misma, con los mismos pesos.

Comprobémoslo con dos capas sueltas y vectores de cinco números: todos los tokens a la vez, y después uno por uno.
"""

# %% [markdown] lang="en"
r"""
There are no lines between the rows: the tokens don't see each other. The three networks are really one, with the same weights.

Let's check with two loose layers and vectors of five numbers: all tokens at once, then one by one.
"""

# %%
torch.manual_seed(4)
wide, back = nn.Linear(5, 20), nn.Linear(20, 5)
x = torch.randn(1, 3, 5)  # (B, T, D)
together = back(torch.relu(wide(x)))  # (1, 3, 5) -> (1, 3, 20) -> (1, 3, 5)
alone = [back(torch.relu(wide(token))) for token in x[0]]  # T × (5,)
print(list(together.shape), torch.allclose(together[0], torch.stack(alone), atol=1e-6))

# %% [markdown] lang="es"
r"""
Da lo mismo, así que la red se puede aplicar a un texto de cualquier largo sin cambiar nada.

Dentro caben muchos pesos: [Geva et al. (2021)](https://arxiv.org/abs/2012.14913) la leen como una memoria, en la que cada neurona ancha reconoce un patrón y añade algo cuando lo ve. ¿Cuántos pesos, en nuestro modelo?
"""

# %% [markdown] lang="en"
r"""
It comes to the same, so the network can be applied to a text of any length without changing a thing.

A lot of weights fit inside: [Geva et al. (2021)](https://arxiv.org/abs/2012.14913) read it as a memory, in which each wide neuron recognises a pattern and adds something when it sees it. How many weights, in our model?
"""

# %%
D = cfg.emb_dim
print(D * 4 * D + 4 * D, 4 * D * D + D, 8 * D**2 + 5 * D)

# %% [markdown] lang="es" exercise="feed_forward"
r"""
### Ejercicio: la red feed-forward

Dos tercios de los pesos de cada bloque viven aquí. Escribe `FeedForward`.

```python
class FeedForward(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

El atributo `layers` es un `nn.Sequential` con tres piezas en este orden: una `nn.Linear` que va de `cfg.emb_dim` al cuádruple, `GELU` con tangente hiperbólica y otra `nn.Linear` de vuelta. Las dos con sesgo y sin dropout.
"""

# %% [markdown] lang="en" exercise="feed_forward"
r"""
### Exercise: the feed-forward network

Two thirds of the weights of each block live here. Write `FeedForward`.

```python
class FeedForward(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

The attribute `layers` is an `nn.Sequential` of three pieces in this order: an `nn.Linear` from `cfg.emb_dim` to four times as much, `GELU` with the hyperbolic tangent, and another `nn.Linear` back. Both with bias, and no dropout.
"""

# %% solution="feed_forward"

# %%
with example():
    # es: se espera [2, 6, 64] y 33088
    # en: expected: [2, 6, 64] and 33088
    ff = FeedForward(cfg)
    print(list(ff(torch.randn(2, 6, 64)).shape), sum(p.numel() for p in ff.parameters()))

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

`nn.Sequential(a, b, c)` aplica `a`, luego `b`, luego `c`. Después, `forward` se escribe en una línea.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

`nn.Sequential(a, b, c)` applies `a`, then `b`, then `c`. After that, `forward` is one line.
</details>
"""

# %% tests="feed_forward"

# %% [markdown] lang="es"
r"""
## 4.4 Atajos

Al entrenar, cada peso necesita saber hacia dónde moverse, y esa noticia viaja desde el final hasta el principio multiplicándose por la pendiente de cada capa.

Pongamos que cada pendiente vale 0.1. ¿Qué llega a la primera capa?
"""

# %% [markdown] lang="en"
r"""
## 4.4 Shortcuts

In training, each weight must learn which way to move, and that piece of news travels from the end to the beginning, multiplied by the slope of every layer it passes.

Say that each slope is 0.1. What reaches the first layer?
"""

# %%
for depth in (1, 5, 10, 20):
    print(f"{depth:2d}   {0.1**depth:.0e}   {(1 + 0.1) ** depth:.1f}")

# %% [markdown] lang="es"
r"""
En la columna del medio, con veinte capas, queda un uno en el vigésimo decimal: la primera capa no se entera de nada.

La última columna es el remedio de [He et al. (2016)](https://arxiv.org/abs/1512.03385): sumar a la salida de la capa su propia entrada, $y = x + f(x)$. En los artículos se llama **conexión residual** (*residual* o *skip connection*).
Su pendiente es $1 + f'(x)$, y ese 1 no se gasta por el camino.
"""

# %% [markdown] lang="en"
r"""
In the middle column, at twenty layers, what is left is a one at the twentieth decimal place: the first layer hears nothing.

The last column is the remedy of [He et al. (2016)](https://arxiv.org/abs/1512.03385): add to the layer's output its own input, $y = x + f(x)$. Papers call it a **residual connection**, or skip connection.
The slope is $1 + f'(x)$, and that 1 does not wear out on the way.
"""

# %% [markdown] lang="es"
r"""
Veamos si pasa lo mismo con matrices. La función siguiente apila capas al azar, con atajo o sin él, y mide el gradiente que llega al sesgo de cada una.

Escogemos el sesgo porque su gradiente es la señal tal como llega, sin mezclar con el tamaño de lo que entró en la capa.
"""

# %% [markdown] lang="en"
r"""
Let's see if the same happens with matrices. The function below stacks random layers, with a shortcut or without, and measures the gradient that reaches the bias of each.

We choose the bias because its gradient is the signal as it arrives, not mixed with the size of what came into the layer.
"""


# %%
def gradient_by_layer(depth: int, shortcut: bool) -> list[float]:
    torch.manual_seed(11)
    x = torch.randn(16, 32)  # (B, D)
    biases = [torch.zeros(32, requires_grad=True) for _ in range(depth)]
    for bias in biases:
        weight = torch.randn(32, 32) / 32**0.5
        branch = F.gelu(x @ weight + bias)  # (B, D) -> (B, D)
        x = x + branch if shortcut else branch
    gradients = torch.autograd.grad(x.mean(), biases)
    return [g.norm().item() for g in gradients]


without, with_shortcuts = gradient_by_layer(24, False), gradient_by_layer(24, True)
print(f"{without[0]:.0e} {without[-1]:.0e}   {with_shortcuts[0]:.0e} {with_shortcuts[-1]:.0e}")

# %%
plots.shortcut_curves(without, with_shortcuts)

# %% [markdown] lang="es"
r"""
El eje vertical es logarítmico, y en él una recta es una caída exponencial. Sin atajos, a la primera capa no le llega ni una millonésima parte de lo que recibe la última.

Con atajos sobra: llega multiplicado por varios miles. Por eso los atajos no sustituyen a la normalización, que es quien mantiene a raya lo que se va sumando.
"""

# %% [markdown] lang="en"
r"""
The vertical axis is logarithmic, and on it a straight line is an exponential fall. Without shortcuts, the first layer gets less than a millionth of what the last one receives.

With shortcuts there is more than enough: it arrives several thousand times larger. That is why shortcuts don't replace normalisation, which keeps in check what is being added up.
"""

# %% [markdown] lang="es"
r"""
Hay otra manera de verlo: con atajos, la señal puede saltarse cualquier capa, y una red de $n$ capas es la suma de $2^n$ caminos, unos largos y otros cortos ([Veit et al., 2016](https://arxiv.org/abs/1605.06431)).

El precio es una condición: para sumar, entrada y salida deben tener la misma forma. De ahí que todo el modelo conserve `(B, T, D)`.
"""

# %% [markdown] lang="en"
r"""
There is another way to see it: with shortcuts, the signal can skip any layer, and a network of $n$ layers is the sum of $2^n$ paths, some long and some short ([Veit et al., 2016](https://arxiv.org/abs/1605.06431)).

The price is one condition: to be added, input and output must have the same shape. Hence the whole model keeps `(B, T, D)`.
"""

# %% [markdown] lang="es"
r"""
Prueba tú. Sube las capas a 60. Luego agranda los pesos: hay un tamaño con el que la pila sin atajos deja de apagarse y empieza a estallar, y es difícil acertar justo en medio.

Con `tanh`, ¿estalla igual?
"""

# %% [markdown] lang="en"
r"""
Try it yourself. Raise the layers to 60. Then enlarge the weights: there is a size at which the stack without shortcuts stops dying and starts to blow up, and it is hard to hit the middle exactly.

With `tanh`, does it blow up just the same?
"""

# %%
widgets.play_gradients()

# %% [markdown] lang="es"
r"""
## 4.5 El bloque transformer

Ya están todas las piezas sobre la mesa. Un bloque son dos ramas que salen de un tronco y vuelven a él.

En la primera, la atención: el token mira alrededor. En la segunda, la red feed-forward: el token piensa en lo que ha visto. Cada rama empieza por una normalización y acaba en un dropout.
"""

# %% [markdown] lang="en"
r"""
## 4.5 The transformer block

All the pieces are on the table. A block is two branches that leave a trunk and come back to it.

In the first, attention: the token looks around. In the second, the feed-forward network: the token thinks over what it saw. Each branch begins with a normalisation and ends with a dropout.
"""

# %%
flow.block_flow()

# %% [markdown] lang="es"
r"""
El transformer original ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)) era el de la derecha: sumaba y después normalizaba el tronco.
GPT-2 es el de la izquierda: normaliza la entrada de cada rama y deja el tronco en paz.

Las medidas de Jimena y Anselmo enseñan qué cambia. La rama, aquí, será solo «divide entre dos».
"""

# %% [markdown] lang="en"
r"""
The original transformer ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)) was the one on the right: it added and then normalised the trunk.
GPT-2 is the one on the left: it normalises the input of each branch and leaves the trunk in peace.

Jimena's and Anselmo's soundings show what changes. The branch, here, will just be "divide by two".
"""

# %%
norm = LayerNorm(5)
print((depths + norm(depths) / 2).detach())
print(norm(depths + depths / 2).detach())

# %% [markdown] lang="es"
r"""
Arriba, pre-norm: el tronco conserva los palmos y los centímetros, y la rama añade una corrección del mismo tamaño a los dos.
Abajo, post-norm: el tronco sale normalizado y las unidades se han perdido.

Después de cien sumas, en pre-norm sigue habiendo un camino recto desde la salida hasta el primer embedding. En post-norm hay cien normalizaciones en medio.
"""

# %% [markdown] lang="en"
r"""
Above, pre-norm: the trunk keeps its spans and centimetres, and the branch adds a correction of the same size to both.
Below, post-norm: the trunk comes out normalised and the units are lost.

After a hundred additions, pre-norm still has a straight road from the output to the first embedding. Post-norm has a hundred normalisations in the way.
"""

# %% [markdown] lang="es"
r"""
Midámoslo: 24 redes feed-forward en fila, primero como ramas de una clase y luego de la otra, y el gradiente que llega a cada una.

Triplicamos los pesos para que cada rama pese más o menos lo que el tronco; recién creadas son demasiado tímidas para que se note la diferencia.
"""

# %% [markdown] lang="en"
r"""
Let's measure it: 24 feed-forward networks in a row, first as branches of one kind and then of the other, and the gradient that reaches each one.

We triple the weights so that each branch counts about as much as the trunk; freshly made, they are too shy to show a difference.
"""


# %%
def gradient_by_block(depth: int, post_norm: bool) -> list[float]:
    torch.manual_seed(3)
    x = torch.randn(8, 16, cfg.emb_dim)  # (B, T, D)
    branches = [FeedForward(cfg) for _ in range(depth)]
    for parameter in nn.ModuleList(branches).parameters():
        parameter.data *= 3
    for branch in branches:
        normalise = LayerNorm(cfg.emb_dim)
        x = normalise(x + branch(x)) if post_norm else x + branch(normalise(x))
    x = x if post_norm else LayerNorm(cfg.emb_dim)(x)
    x[..., 0].mean().backward()
    return [branch.layers[2].bias.grad.norm().item() for branch in branches]


pre, post = gradient_by_block(24, False), gradient_by_block(24, True)
print(f"pre-norm {pre[0]:.1f} {pre[-1]:.1f}   post-norm {post[0]:.1f} {post[-1]:.1f}")

# %%
plots.norm_curves(pre, post)

# %% [markdown] lang="es"
r"""
En post-norm las últimas ramas reciben varias veces más gradiente que las primeras. En pre-norm el reparto es mucho más parejo.

[Xiong et al. (2020)](https://arxiv.org/abs/2002.04745) explican así que el transformer original necesitara empezar con pasos diminutos, los del apéndice D. Pre-norm perdona más, a cambio de que el tronco va creciendo: por eso al final del modelo hay una última normalización.
"""

# %% [markdown] lang="en"
r"""
In post-norm the last branches receive several times more gradient than the first ones. In pre-norm the shares are much more even.

[Xiong et al. (2020)](https://arxiv.org/abs/2002.04745) explain in this way why the original transformer had to start with tiny steps, those of appendix D. Pre-norm is more forgiving, at the price of a trunk that keeps growing: hence the last normalisation at the end of the model.
"""

# %% [markdown] lang="es" exercise="transformer_block"
r"""
### Ejercicio: el bloque transformer

GPT-2 es este bloque, doce veces; [GPT-3](https://arxiv.org/abs/2005.14165), casi el mismo, noventa y seis. Escribe `TransformerBlock`, con pre-norm.

```python
class TransformerBlock(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

Los atributos son `att` (una `MultiHeadAttention` de `cfg.emb_dim` a `cfg.emb_dim`, con el contexto, el dropout, las cabezas y el sesgo de `cfg`), `ff`, `norm1` y `norm2`.
Cada rama normaliza, trabaja, pasa por un dropout de `cfg.drop_rate` y se suma a lo que entró en ella.
"""

# %% [markdown] lang="en" exercise="transformer_block"
r"""
### Exercise: the transformer block

GPT-2 is this block twelve times over; [GPT-3](https://arxiv.org/abs/2005.14165), nearly the same one, ninety-six. Write `TransformerBlock`, with pre-norm.

```python
class TransformerBlock(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None: ...
    def forward(self, x: Tensor) -> Tensor: ...
```

The attributes are `att` (a `MultiHeadAttention` from `cfg.emb_dim` to `cfg.emb_dim`, with the context, dropout, heads and bias of `cfg`), `ff`, `norm1` and `norm2`.
Each branch normalises, works, goes through a dropout of `cfg.drop_rate` and is added to what came into it.
"""

# %% solution="transformer_block"

# %%
with example():
    # es: se espera [2, 6, 64] y 49792
    # en: expected: [2, 6, 64] and 49792
    block = TransformerBlock(cfg)
    print(list(block(torch.randn(2, 6, 64)).shape), sum(p.numel() for p in block.parameters()))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El orden de los argumentos es `MultiHeadAttention(d_in, d_out, context_length, dropout, num_heads, qkv_bias)`.
</details>

<details><summary>Pista 2</summary>

Lo que se suma al final de la segunda rama no es el `x` que entró en el bloque, sino el que salió de la primera suma.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The order of the arguments is `MultiHeadAttention(d_in, d_out, context_length, dropout, num_heads, qkv_bias)`.
</details>

<details><summary>Hint 2</summary>

What is added at the end of the second branch is not the `x` that came into the block but the one that left the first addition.
</details>
"""

# %% tests="transformer_block"

# %% [markdown] lang="es"
r"""
¿Quién influye en quién? Hagamos un experimento: cambiar un token de la entrada y anotar qué salidas se mueven, token por token.

Lo repetimos con la red feed-forward sola, con la atención sola y con el bloque entero. Imagina los tres dibujos antes de verlos.
"""

# %% [markdown] lang="en"
r"""
Who influences whom? Let's do an experiment: change one token of the input and note which outputs move, token by token.

We do it with the feed-forward network alone, with attention alone and with the whole block. Imagine the three pictures before you see them.
"""


# %%
def influence(part: nn.Module, x: Tensor) -> Tensor:
    before, columns = part(x), []
    for changed in range(x.shape[1]):
        other = x.clone()
        other[0, changed] = torch.randn(x.shape[-1])
        moved = (part(other) - before)[0].abs().amax(dim=-1) > 1e-6  # (1, T, D) -> (T,)
        columns.append(moved.float())
    return torch.stack(columns, dim=1).detach()  # (T, T)


torch.manual_seed(4)
block = TransformerBlock(cfg).eval()
x = torch.randn(1, len(tokens), cfg.emb_dim)
parts = {"FeedForward": block.ff, "MultiHeadAttention": block.att, "TransformerBlock": block}
plots.reach({name: influence(part, x) for name, part in parts.items()}, tokens)

# %% [markdown] lang="es"
r"""
La red feed-forward solo pinta la diagonal: cada token se afecta a sí mismo. La atención pinta el triángulo de abajo, de modo que el pasado influye en el futuro y nunca al revés. El bloque hereda las dos cosas.

Observa el `eval()`, que apaga el dropout. Si lo quitas, las salidas cambian en cada llamada aunque no toques nada.
"""

# %% [markdown] lang="en"
r"""
The feed-forward network paints only the diagonal: each token affects itself. Attention paints the lower triangle, so the past influences the future and never the other way round. The block inherits both.

Note the `eval()`, which switches dropout off. Leave it out, and the outputs change from call to call even if you touch nothing.
"""

# %% [markdown] lang="es"
r"""
Queda por comprobar una promesa: que en pre-norm el tronco crece. Ponemos 24 bloques recién creados en fila y medimos la desviación típica de lo que va bajando.
"""

# %% [markdown] lang="en"
r"""
One promise is still to be checked: that in pre-norm the trunk grows. We put 24 freshly made blocks in a row and measure the standard deviation of what comes down.
"""

# %%
torch.manual_seed(4)
for depth in range(25):
    if depth % 8 == 0:
        print(f"{depth:2d} {x.std():.1f}")
    x = TransformerBlock(cfg).eval()(x).detach()  # (1, T, D) -> (1, T, D)

# %% [markdown] lang="es"
r"""
Cada bloque suma lo suyo y nadie vuelve a poner el tronco a escala: al final es casi el doble de ancho.

De hacerlo, una sola vez y justo antes de leer el resultado, se encarga la última normalización.
"""

# %% [markdown] lang="en"
r"""
Each block adds its share and nobody brings the trunk back to scale: at the end it is nearly twice as wide.

Doing so, once and just before the result is read, is the job of the last normalisation.
"""

# %% [markdown] lang="es"
r"""
## 4.6 El modelo GPT

Queda apilar. Las dos tablas del capítulo 2 se suman y pasan por un dropout; siguen los bloques, uno detrás de otro; una última LayerNorm, y `out_head`, una capa lineal sin sesgo que convierte cada vector en una puntuación por token del vocabulario: los logits.
"""

# %% [markdown] lang="en"
r"""
## 4.6 The GPT model

What is left is to stack. The two tables of chapter 2 are added and go through a dropout; then come the blocks, one after another; a last LayerNorm, and `out_head`, a linear layer without bias that turns each vector into one score per token of the vocabulary: the logits.
"""

# %% [markdown] lang="es"
r"""
Un logit no es una probabilidad: puede ser negativo y no suma nada en particular. El softmax los convierte, y eso lo dejamos para cuando haga falta.

La cabeza de salida es una tabla de `vocab_size` filas por `emb_dim` columnas, y cada logit mide, con un producto escalar, cuánto se parece el vector final a la fila de un token.
"""

# %% [markdown] lang="en"
r"""
A logit is not a probability: it may be negative and adds up to nothing in particular. Softmax converts them, and we leave that for when it is needed.

The output head is a table of `vocab_size` rows by `emb_dim` columns, and each logit measures, with a dot product, how much the final vector resembles the row of one token.
"""

# %%
torch.manual_seed(4)
final = torch.randn(cfg.emb_dim)
head = nn.Linear(cfg.emb_dim, cfg.vocab_size, bias=False)
print(list(head.weight.shape), torch.allclose(head(final)[7], head.weight[7] @ final, atol=1e-5))

# %% [markdown] lang="es" exercise="gpt_model"
r"""
### Ejercicio: el modelo GPT

Es el ejercicio que da nombre al capítulo, y todo lo que necesita ya existe. Escribe `GPTModel`.

```python
class GPTModel(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None: ...
    def forward(self, token_ids: Tensor) -> Tensor: ...
```

Los atributos son `tok_emb`, `pos_emb`, `trf_blocks` (un `nn.Sequential` de `cfg.n_layers` bloques), `final_norm` y `out_head` (sin sesgo y con pesos propios).
De `(B, T)` a `(B, T, V)`, para cualquier `T` hasta `cfg.context_length`; el dropout, que se aplica a la suma de los dos embeddings y a nada más fuera de los bloques, es también `cfg.drop_rate`. Las posiciones se crean en el dispositivo de `token_ids`.
"""

# %% [markdown] lang="en" exercise="gpt_model"
r"""
### Exercise: the GPT model

This is the exercise that gives the chapter its name, and everything it needs already exists. Write `GPTModel`.

```python
class GPTModel(nn.Module):
    def __init__(self, cfg: GPTConfig) -> None: ...
    def forward(self, token_ids: Tensor) -> Tensor: ...
```

The attributes are `tok_emb`, `pos_emb`, `trf_blocks` (an `nn.Sequential` of `cfg.n_layers` blocks), `final_norm` and `out_head` (without bias, with weights of its own).
From `(B, T)` to `(B, T, V)`, for any `T` up to `cfg.context_length`; the dropout, applied to the sum of the two embeddings and to nothing else outside the blocks, is `cfg.drop_rate` too. The positions are made on the device of `token_ids`.
"""

# %% solution="gpt_model"

# %%
with example():
    # es: se espera [2, 4, 1024] y 284672
    # en: expected: [2, 4, 1024] and 284672
    gpt = GPTModel(cfg)
    print(list(gpt(ids).shape), sum(p.numel() for p in gpt.parameters()))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Con una lista de bloques ya hecha, `nn.Sequential(*blocks)` los encadena.
</details>

<details><summary>Pista 2</summary>

Las posiciones son `torch.arange(T)`, creadas en el mismo dispositivo que `token_ids`: `device=token_ids.device`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Once you have a list of blocks, `nn.Sequential(*blocks)` chains them.
</details>

<details><summary>Hint 2</summary>

The positions are `torch.arange(T)`, made on the same device as `token_ids`: `device=token_ids.device`.
</details>
"""

# %% tests="gpt_model"

# %% [markdown] lang="es"
r"""
Volvamos a los dos chopos. Son los mismos `ids` de 4.1, y la misma pregunta: ¿en qué posiciones coinciden los logits de las dos filas?
"""

# %% [markdown] lang="en"
r"""
Back to the two poplars. These are the same `ids` as in 4.1, and the same question: at which positions do the logits of the two rows agree?
"""

# %%
torch.manual_seed(32)
model = GPTModel(cfg).eval()
with torch.no_grad():
    logits = model(ids)  # (2, 4) -> (2, 4, 1024)
print([torch.allclose(a, b) for a, b in zip(*logits)])

# %% [markdown] lang="es"
r"""
En ninguna. El token es el mismo y la posición también, pero ahora cada chopo trae consigo el camino por el que se llegó.

El modelo aún no sabe qué viene después, porque nadie le ha enseñado nada. Lo que ya tiene es con qué aprenderlo.
"""

# %% [markdown] lang="en"
r"""
At none. The token is the same and so is the position, but now each poplar brings along the road that led to it.

The model does not yet know what comes next, because nobody has taught it anything. What it has is the means to learn.
"""

# %% [markdown] lang="es"
r"""
¿Cómo de perdido está? Una comprobación barata: si eligiera a ciegas entre 1024 tokens, su sorpresa media ante el token verdadero sería $\ln 1024$. La de un modelo recién creado debe andar cerca.

El capítulo 5 explica esta medida, la entropía cruzada; aquí solo miramos si el número es razonable.
"""

# %% [markdown] lang="en"
r"""
How lost is it? A cheap check: if it chose blindly among 1024 tokens, its average surprise at the true one would be $\ln 1024$. That of a freshly made model should be close.

Chapter 5 explains this measure, cross-entropy; here we only look whether the number is sensible.
"""

# %%
story = torch.tensor(tokenizer.encode(load_story(EDITION)))
window = story[: cfg.context_length + 1]
with torch.no_grad():
    surprise = F.cross_entropy(model(window[None, :-1])[0], window[1:])
print(f"{surprise:.0f} {math.log(cfg.vocab_size):.0f}")

# %% [markdown] lang="es"
r"""
Siete y siete. Un número mucho mayor delataría un error de montaje: un modelo que empieza muy seguro de cosas falsas.

Aquí puedes ver lo que espera después de un texto. Escribe otro principio: cambian los tokens favoritos, pero ninguno llega lejos.
"""

# %% [markdown] lang="en"
r"""
Seven and seven. A much larger number would give away a wiring mistake: a model that starts out very sure of false things.

Here you can see what it expects after a text. Write another beginning: the favourite tokens change, but none gets far.
"""

# %%
widgets.play_next_token(model, tokenizer, pair[1])

# %% [markdown] lang="es"
r"""
La raya es la probabilidad a ciegas, 0.10 %. El favorito multiplica esa cifra varias veces, por puro azar de los pesos iniciales, y ni así alcanza el 1 %. Si una etiqueta lleva una barra invertida, como `\xd5`, es un byte suelto, casi siempre un trozo de letra.

Ahora cuentas. ¿Dónde están los parámetros?
"""

# %% [markdown] lang="en"
r"""
The line is the blind probability, 0.10%. The favourite gets several times that, by the sheer luck of the initial weights, and still falls short of 1%. If a label has a backslash, as in `\xd5`, it is a single byte, nearly always a piece of a letter.

Now some accounting. Where are the parameters?
"""

# %%
for name in ("tok_emb", "pos_emb", "trf_blocks", "final_norm", "out_head"):
    print(f"{name:11} {sum(p.numel() for p in getattr(model, name).parameters()):8,}")

# %% [markdown] lang="es"
r"""
Las dos tablas de vocabulario, una a la entrada y otra a la salida, se llevan casi la mitad. Es cosa de los modelos pequeños.

Estas cuentas se hacen también a mano, y merece la pena: con $V$, $C$, $D$ y $N$ sale todo.
"""

# %% [markdown] lang="en"
r"""
The two vocabulary tables, one at the input and one at the output, take almost half. That is the way of small models.

This accounting can also be done by hand, and it is worth it: from $V$, $C$, $D$ and $N$ everything follows.
"""

# %%
V, C, D, N = cfg.vocab_size, cfg.context_length, cfg.emb_dim, cfg.n_layers
attention = 4 * D * D + D
feed_forward = 8 * D * D + 5 * D
norms = 2 * 2 * D
total = V * D + C * D + N * (attention + feed_forward + norms) + 2 * D + D * V
print(f"{attention:,} + {feed_forward:,} + {norms:,} = {attention + feed_forward + norms:,}")
print(f"{total:,}", total == sum(p.numel() for p in model.parameters()))

# %% [markdown] lang="es"
r"""
La atención son cuatro matrices cuadradas y el sesgo de la última; con `qkv_bias` se añaden $3D$. La red feed-forward, el doble de grande, son otras dos de $D$ por $4D$.

Así que un bloque tiene unos $12D^2$ parámetros: si doblas el ancho, los cuadruplicas; si doblas las capas, solo los doblas.
"""

# %% [markdown] lang="en"
r"""
Attention is four square matrices and the bias of the last; `qkv_bias` adds $3D$. The feed-forward network, twice as large, is another two of $D$ by $4D$.

So a block has about $12D^2$ parameters: double the width and you quadruple them; double the layers and you merely double them.
"""

# %% [markdown] lang="es"
r"""
Compruébalo con los mandos. Hay uno que no cambia nada, `n_heads`: las cabezas se reparten el ancho que haya, no añaden.

Después busca un modelo con los parámetros de `gpt2` pero el doble de capas. ¿Cuánto hay que estrecharlo?
"""

# %% [markdown] lang="en"
r"""
Check it with the controls. One of them changes nothing, `n_heads`: heads share out whatever width there is, they add none.

Then look for a model with the parameters of `gpt2` but twice the layers. How much narrower must it be?
"""

# %%
widgets.play_parameters()

# %% [markdown] lang="es"
r"""
GPT-2 se publicó en cuatro tamaños ([Radford et al., 2019](https://github.com/openai/gpt-2)), y el paquete guarda sus configuraciones. El mayor ocuparía más de seis gigas, así que lo construimos en el dispositivo `meta`, donde los tensores tienen forma pero no números.
"""

# %% [markdown] lang="en"
r"""
GPT-2 came out in four sizes ([Radford et al., 2019](https://github.com/openai/gpt-2)), and the package keeps their configurations. The largest would take more than six gigabytes, so we build it on the `meta` device, where tensors have a shape but no numbers.
"""

# %%
with torch.device("meta"):
    giant = GPTModel(GPT2_SIZES["gpt2-xl"])
print(giant.out_head.weight.device, list(giant.out_head.weight.shape), len(giant.trf_blocks))

# %% [markdown] lang="es"
r"""
Cuarenta y ocho bloques sin gastar memoria. No se le puede preguntar nada, pero se deja contar.

La tabla siguiente cuenta los cuatro, con los sesgos de `qkv_bias`, que GPT-2 sí usa: los parámetros, los que quedarían si la cabeza de salida y la tabla de entrada fuesen la misma, y los megabytes (millones de bytes) de los primeros a cuatro bytes cada uno.
"""

# %% [markdown] lang="en"
r"""
Forty-eight blocks and no memory spent. You can't ask it anything, but you can count it.

The table below counts all four, with the biases of `qkv_bias`, which GPT-2 does use: the parameters, those that would be left if the output head and the input table were one, and the megabytes (millions of bytes) of the former at four bytes each.
"""

# %%
for name, size in GPT2_SIZES.items():
    with torch.device("meta"):
        count = sum(p.numel() for p in GPTModel(size).parameters())
    tied = count - size.vocab_size * size.emb_dim
    print(f"{name:12} {count:13,} {tied:13,} {count * 4 / 1e6:8,.0f} MB")

# %% [markdown] lang="es"
r"""
El pequeño tiene 163,037,184 parámetros, y sin embargo todo el mundo lo conoce como el de 124 millones. Los dos números son ciertos.

En GPT-2 la cabeza usa la misma matriz que la tabla de entrada, una idea de [Press y Wolf (2017)](https://arxiv.org/abs/1608.05859): si un token se lee con un vector, que se escriba con el mismo. Así quedan 124,439,808.
"""

# %% [markdown] lang="en"
r"""
The small one has 163,037,184 parameters, and yet everybody knows it as the one with 124 million. Both numbers are true.

In GPT-2 the head uses the same matrix as the input table, an idea of [Press and Wolf (2017)](https://arxiv.org/abs/1608.05859): if a token is read with one vector, let it be written with the same. That leaves 124,439,808.
"""

# %% [markdown] lang="es"
r"""
A eso se le llama atar los pesos (*weight tying*). Nosotros los dejamos separados: se entiende mejor, y en el capítulo 6 cambiarás la cabeza sin tocar la tabla. Al cargar los pesos de GPT-2 se copia la misma matriz en los dos sitios.

(Si ves citado «117M», es el número del artículo original; sus autores reconocieron después que estaba mal contado.)
"""

# %% [markdown] lang="en"
r"""
This is called tying the weights. We keep them apart: it is easier to understand, and in chapter 6 you will change the head without touching the table. When GPT-2's weights are loaded, the same matrix is copied to both places.

(If you see "117M" quoted, that is the number of the original paper; its authors later admitted that it was miscounted.)
"""

# %%
parameter_bars({name: widgets.parameter_parts(size) for name, size in GPT2_SIZES.items()})

# %% [markdown] lang="es"
r"""
Las tablas crecen con el ancho y los bloques con su cuadrado: en el mayor, los extremos azules son dos rebanadas finas y casi todo es feed-forward y atención.

Guardar los pesos no es lo mismo que entrenarlos. Veamos lo que pide el pequeño en cada caso.
"""

# %% [markdown] lang="en"
r"""
The tables grow with the width and the blocks with its square: in the largest, the blue ends are slivers and nearly all is feed-forward and attention.

Storing weights is not the same as training them. Let's see what the small one asks for in each case.
"""

# %%
for what, bytes_each in (("bfloat16", 2), ("float32", 4), ("float32, AdamW", 16)):
    print(f"{what:15} {163_037_184 * bytes_each / 1e6:6,.0f} MB")

# %% [markdown] lang="es"
r"""
Con dos bytes por número cabe en la mitad. Entrenar con AdamW pide cuatro veces más que guardar en `float32`: el peso, su gradiente y las dos medias que lleva el optimizador.

Y falta lo que ocupan los resultados intermedios, que crece con `B` y con `T`.
"""

# %% [markdown] lang="en"
r"""
At two bytes per number it fits in half the room. Training with AdamW asks for four times as much as storing in `float32`: the weight, its gradient and the two averages the optimizer keeps.

And that leaves out the intermediate results, which grow with `B` and with `T`.
"""

# %% [markdown] lang="es"
r"""
## 4.7 Generar texto

Es el juego de la cocina de Casilda: alguien pone las primeras palabras, el modelo propone la siguiente, se añade al final y se vuelve a preguntar con todo lo dicho.

Hagámoslo a mano, paso a paso. Primero, lo que se le pone delante: el prompt.
"""

# %% [markdown] lang="en"
r"""
## 4.7 Generating text

It is the game of Casilda's kitchen: somebody sets down the first words, the model proposes the next one, it is added at the end, and the question is asked again with everything said so far.

Let's do it by hand, step by step. First, what is set down in front of it: the prompt.
"""

# %%
prompt = {"es": "Torre y", "en": "Tower and"}[EDITION]
said = tokenizer.encode(prompt)
with torch.no_grad():
    logits = model(torch.tensor([said]))  # (1, T) -> (1, T, 1024)
print(len(said), list(logits.shape))

# %% [markdown] lang="es"
r"""
Hay una fila de logits por posición, y cada una habla del token que viene después de la suya. Las primeras predicen tokens que ya están escritos; al generar sobran.

Solo la última mira a lo que no existe todavía. De ella tomamos el token con el logit mayor, y por eso este modo de generar se llama voraz, *greedy*.
"""

# %% [markdown] lang="en"
r"""
There is one row of logits per position, and each of them is about the token that comes after its own. The first ones predict tokens that are already written; for generating they are of no use.

Only the last looks at what does not exist yet. From it we take the token with the largest logit, which is why this way of generating is called *greedy*.
"""

# %%
last = logits[0, -1]  # (1, T, 1024) -> (1024,)
best = int(last.argmax())
print(best, repr(tokenizer.decode([best])))
said.append(best)
tokenizer.decode(said)

# %% [markdown] lang="es"
r"""
No es lo que habría dicho Casilda, pero el mecanismo funciona. Segundo paso: la misma pregunta con un token más.
"""

# %% [markdown] lang="en"
r"""
It is not what Casilda would have said, but the mechanism works. Second step: the same question with one token more.
"""

# %%
with torch.no_grad():
    logits = model(torch.tensor([said]))  # (1, T + 1) -> (1, T + 1, 1024)
said.append(int(logits[0, -1].argmax()))
tokenizer.decode(said)

# %% [markdown] lang="es"
r"""
Podríamos seguir así hasta que el texto llegase a 64 tokens, que es el contexto de nuestra configuración. ¿Qué pasa con el 65?
"""

# %% [markdown] lang="en"
r"""
We could go on like this until the text reached 64 tokens, which is the context of our configuration. What happens at number 65?
"""

# %%
too_long = torch.zeros(1, cfg.context_length + 1, dtype=torch.long)
try:
    model(too_long)
except (IndexError, RuntimeError) as error:
    print("T =", too_long.shape[1], "→", type(error).__name__)

# %% [markdown] lang="es"
r"""
La tabla de posiciones tiene 64 filas, de la 0 a la 63, y para el token número 65 no hay ninguna.

La salida es recortar: preguntar siempre con los últimos `context_length` tokens. El texto puede crecer cuanto quieras, pero de lo que se sale por la izquierda el modelo no recuerda nada.
"""

# %% [markdown] lang="en"
r"""
The table of positions has 64 rows, 0 to 63, and for the 65th token there is none.

The way out is to crop: always ask with the last `context_length` tokens. The text may grow as long as you like, but of what drops off on the left the model remembers nothing.
"""

# %% [markdown] lang="es" exercise="generate_greedy"
r"""
### Ejercicio: generar

Con este bucle, cualquier modelo que prediga el token siguiente se convierte en uno que escribe. Escribe `generate_greedy`.

```python
def generate_greedy(
    model: nn.Module, token_ids: Tensor, max_new_tokens: int, context_length: int
) -> Tensor: ...
```

De `(B, T)` a `(B, T + max_new_tokens)`: el prompt y los tokens nuevos, para cualquier `B`. El modelo lee como mucho los últimos `context_length` tokens, no se calculan gradientes (al acabar quedan activados o no, como estaban) y el modo del modelo no se toca, ni siquiera para devolverlo después: si entrena o evalúa lo decide quien llama. Con cero tokens nuevos devuelve el prompt.
"""

# %% [markdown] lang="en" exercise="generate_greedy"
r"""
### Exercise: generating

With this loop, any model that predicts the next token becomes one that writes. Write `generate_greedy`.

```python
def generate_greedy(
    model: nn.Module, token_ids: Tensor, max_new_tokens: int, context_length: int
) -> Tensor: ...
```

From `(B, T)` to `(B, T + max_new_tokens)`: the prompt and the new tokens, for any `B`. The model reads at most the last `context_length` tokens, no gradients are computed (when done, they are left on or off as they were), and the model's mode is left alone, not even changed and put back: whether it trains or evaluates is up to the caller. With zero new tokens it returns the prompt.
"""

# %% solution="generate_greedy"

# %% [markdown] lang="es"
r"""
Para probarlo conviene un modelo cuya respuesta se sepa de antemano: este, cuente lo que cuente, siempre espera el número siguiente, y después del 9 vuelve al 0.
"""

# %% [markdown] lang="en"
r"""
To try it out, a model whose answer is known beforehand comes in handy: this one, whatever it is counting, always expects the next number, and after 9 goes back to 0.
"""


# %%
class NextNumber(nn.Module):
    def forward(self, token_ids: Tensor) -> Tensor:
        return F.one_hot((token_ids + 1) % 10, num_classes=10).float()  # (B, T) -> (B, T, 10)


with example():
    # es: se espera 2, 3, 4, 5, 6, 7 en la primera fila y 6, 7, 8, 9, 0, 1 en la segunda
    # en: expected: 2, 3, 4, 5, 6, 7 in the first row and 6, 7, 8, 9, 0, 1 in the second
    print(generate_greedy(NextNumber(), torch.tensor([[2, 3], [6, 7]]), max_new_tokens=4, context_length=3))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`token_ids[:, -n:]` son las últimas `n` columnas, o todas si hay menos.
</details>

<details><summary>Pista 2</summary>

`argmax(dim=-1, keepdim=True)` deja una columna, `(B, 1)`, que `torch.cat` puede pegar por la derecha con `dim=1`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`token_ids[:, -n:]` is the last `n` columns, or all of them if there are fewer.
</details>

<details><summary>Hint 2</summary>

`argmax(dim=-1, keepdim=True)` leaves a column, `(B, 1)`, which `torch.cat` can glue on at the right with `dim=1`.
</details>
"""

# %% tests="generate_greedy"

# %% [markdown] lang="es"
r"""
Que hable el modelo: veinte tokens a partir del prompt, con los pesos tal como salieron del azar y sin que nadie lo interrumpa.
"""

# %% [markdown] lang="en"
r"""
Let the model speak: twenty tokens from the prompt on, with the weights just as chance left them and nobody to interrupt.
"""

# %%
start = torch.tensor([tokenizer.encode(prompt)])
written = generate_greedy(model, start, 20, cfg.context_length)
tokenizer.decode(written[0].tolist())

# %% [markdown] lang="es"
r"""
Disparates, en dos idiomas y con algún byte suelto, que es lo que cabe esperar. Cualquier otra cosa sería sospechosa: aún no ha leído ni una línea.

Si ejecutas la celda otra vez dirá lo mismo, porque en este modo de generar no hay azar. Eso tiene una consecuencia. Déjalo hablar mucho rato y cuenta cuántos tokens distintos usa en los últimos cien.
"""

# %% [markdown] lang="en"
r"""
Gibberish, in two languages and with a stray byte or two, which is what one should expect. Anything else would be suspicious: it has not read a single line yet.

Run the cell again and it says the same, because there is no chance in this way of generating. That has a consequence. Let it talk for a long while and count how many different tokens it uses in the last hundred.
"""

# %%
long = generate_greedy(model, start, 300, cfg.context_length)[0]
print(len(long), len(set(long[-100:].tolist())))
tokenizer.decode(long[-12:].tolist())

# %% [markdown] lang="es"
r"""
Dos. Ha caído en un bucle, como Casilda con sus nueve vueltas: en cuanto la ventana se repite, se repite todo lo demás.

A los modelos entrenados también les pasa, menos. En el capítulo 5 lo arreglas con algo de azar bien administrado.
"""

# %% [markdown] lang="en"
r"""
Two. It has fallen into a loop, like Casilda with her nine times around: as soon as the window repeats, everything else does.

It happens to trained models too, only less. In chapter 5 you fix it with a measured dose of chance.
"""

# %% [markdown] lang="es"
r"""
Aquí puedes seguir el texto token a token. Lo azul es lo que el modelo lee antes de añadir el token ámbar; lo gris ya no existe para él.

Acorta la ventana y avanza: llega un momento en que el prompt, en negrita, queda fuera.
"""

# %% [markdown] lang="en"
r"""
Here you can follow the text token by token. Blue is what the model reads before it adds the amber token; grey no longer exists for it.

Shorten the window and move on: there comes a moment when the prompt, in bold, is out of sight.
"""

# %%
widgets.play_window(tokenizer, written[0], prompt=start.shape[1])

# %% [markdown] lang="es"
r"""
## 4.8 Lo que ya puedes hacer

Has escrito un GPT entero: normalización, curva, red, bloque, modelo y bucle. Con otra `GPTConfig` y los pesos de OpenAI, estas mismas líneas son GPT-2.

Puedes decir de memoria por qué hay un épsilon dentro de la raíz, qué pieza comunica a los tokens y cuál no, y cuántos parámetros tiene un modelo a partir de cuatro números.
"""

# %% [markdown] lang="en"
r"""
## 4.8 What you can now do

You have written a whole GPT: normalisation, curve, network, block, model and loop. With another `GPTConfig` and OpenAI's weights, these same lines are GPT-2.

You can say by heart why there is an epsilon inside the root, which piece lets tokens communicate and which does not, and how many parameters a model has, given four numbers.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran seis: `layer_norm`, `gelu`, `feed_forward`, `transformer_block`, `gpt_model` y `generate_greedy`. Si dejaste alguno, vuelve cuando quieras: lo que sigue usa el del curso hasta que el tuyo pase.

En el capítulo 5 el modelo lee el cuento. Empieza con una sorpresa de siete y termina, si todo va bien, sabiendo qué viene después del chopo.
"""

# %% [markdown] lang="en"
r"""
There were six exercises: `layer_norm`, `gelu`, `feed_forward`, `transformer_block`, `gpt_model` and `generate_greedy`. If you left any, come back when you like: what follows uses the course's until yours passes.

In chapter 5 the model reads the story. It starts with a surprise of seven and ends, if all goes well, knowing what comes after the poplar.
"""
