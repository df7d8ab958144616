# %% [markdown] lang="es"
r"""
# 5 · Preentrenar

Baltasar cruzó el Zurdo más de cuatro mil veces y no se aprendió el camino, porque iba de espaldas.

Para aprender no basta con estar delante: hay que decir qué viene ahora, equivocarse y corregirse. En este capítulo el modelo hace eso miles de veces, y tú le construyes el maestro.
"""

# %% [markdown] lang="en"
r"""
# 5 · Pretraining

Baltasar crossed the Zurdo more than four thousand times and never learned the way, because he rode backwards.

Being there is not enough to learn: you have to say what comes next, get it wrong and correct yourself. In this chapter the model does that thousands of times, and you build its teacher.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Siete funciones: `batch_loss`, `perplexity`, `evaluate`, `train_model`, `sample_next`, `generate` y `load_gpt2_weights`.

**Qué necesitas.** La ventana deslizante del capítulo 2 y el `GPTModel` del capítulo 4.

**Cuánto se tarda.** Hora y media de lectura, unas dos horas y media más con los ejercicios, y un minuto o dos de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** Seven functions: `batch_loss`, `perplexity`, `evaluate`, `train_model`, `sample_next`, `generate` and `load_gpt2_weights`.

**What you need.** The sliding window of chapter 2 and the `GPTModel` of chapter 4.

**How long it takes.** An hour and a half of reading, about two and a half hours more with the exercises, and a minute or two of running.
"""

# %%
import bz2
import math
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW, Optimizer

# %%
from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.data import load_story
from desdecero.edition import say
from desdecero.fast import fuse
from desdecero.gpt import GPTConfig, GPTModel, generate_greedy
from desdecero.plots import pretraining as plots, pretraining_flow as flow, pretraining_text as pages
from desdecero.pretrain.run import load_checkpoint, save_checkpoint
from desdecero.text import load_tokenizer, make_loader
from desdecero.training import Batches, bits_per_byte
from desdecero.weights import WeightsError, load_pretrained, load_weights, save_weights
from desdecero.widgets import pretraining as widgets
from desdecero.widgets.pretraining_live import Watch

use_edition(EDITION)
torch.set_printoptions(precision=2, sci_mode=False)

# %% [markdown] lang="es"
r"""
## 5.1 «Parece bien» no es una medida

¿Cómo se sabe si un modelo ha aprendido? Lo primero que se le ocurre a cualquiera es leer lo que escribe.

Hagamos trampa para ver adónde lleva eso. Este «modelo» es una lista: para cada palabra del cuento, las que alguna vez vinieron detrás. Se elige una al azar, y otra, y otra.
"""

# %% [markdown] lang="en"
r"""
## 5.1 "Looks right" is not a measure

How do you know whether a model has learned? The first thing that comes to anyone's mind is to read what it writes.

Let's cheat, to see where that leads. This "model" is a list: for each word of the story, those that ever came after it. Pick one at random, then another, then another.
"""

# %%
story = load_story(EDITION)
words = story.split()
following = defaultdict(list)
for word, after in zip(words, words[1:]):
    following[word].append(after)

chance = random.Random(5)
babble = ["Anselmo"]
while len(babble) < 45:
    babble.append(chance.choice(following[babble[-1]]))
print(" ".join(babble))

# %% [markdown] lang="es"
r"""
A distancia da el pego: los nombres son los del cuento, y cualquier pareja de palabras que mires está en él.

Convirtamos esa impresión en un número: qué parte de las parejas de un texto se han visto juntas alguna vez. Lo comparamos con una frase nuestra, que no está en el cuento pero se entiende.
"""

# %% [markdown] lang="en"
r"""
From a distance it will pass: the names are the story's, and any pair of words you look at is in there.

Let's turn that impression into a number: what share of a text's pairs have ever been seen together. We compare it with a sentence of our own, which is not in the story but makes sense.
"""

# %%
pairs_seen = set(zip(words, words[1:]))


def familiar(text: list[str]) -> float:
    pairs = list(zip(text, text[1:]))
    return sum(pair in pairs_seen for pair in pairs) / len(pairs)


ours = {
    "es": "Casilda llevó dos gallinas al mercado y volvió antes de la niebla",
    "en": "Casilda took two hens to the market and came back before the fog",
}[EDITION]
print(f"{familiar(babble):.0%} {familiar(ours.split()):.0%}")

# %% [markdown] lang="es"
r"""
El disparate saca la nota máxima y la frase con sentido suspende. Una medida que mira lo escrito premia a quien copia.

En la cocina de Casilda hay otra costumbre: nadie puntúa discursos. Se para la retahíla, cada cual apuesta por la palabra siguiente, y entonces se destapa la verdadera. Eso sí se puede medir.
"""

# %% [markdown] lang="en"
r"""
The gibberish gets full marks and the sentence that makes sense fails. A measure that looks at what is written rewards whoever copies.

In Casilda's kitchen they do it differently: nobody marks speeches. You stop the rigmarole, everyone bets on the next word, and then the true one is uncovered. That can be measured.
"""

# %% [markdown] lang="es"
r"""
## 5.2 La sorpresa

Cuatro preguntas, cuatro palabras posibles y veinte gallinas por pregunta para repartir como se quiera.

Este es el reparto de alguien que se sabe la retahíla a medias. Las filas son las preguntas («piedra y…», «cuatro y…», «torre y…», «chopo y…»), y la respuesta correcta está en la diagonal.
"""

# %% [markdown] lang="en"
r"""
## 5.2 Surprise

Four questions, four possible words, and twenty hens per question to spread as you please.

These are the bets of somebody who half knows the rigmarole. The rows are the questions ("stone and…", "four and…", "tower and…", "poplar and…"), and the right answer is on the diagonal.
"""

# %%
names = {"es": ["chopo", "torre", "junco", "palomar"], "en": ["poplar", "tower", "reeds", "dovecote"]}[EDITION]
hens = [
    [14, 2, 2, 2],
    [4, 8, 4, 4],
    [1, 1, 17, 1],
    [8, 6, 4, 2],
]
true_p = [row[i] / 20 for i, row in enumerate(hens)]
true_p

# %% [markdown] lang="es"
r"""
Solo cuentan las gallinas puestas en la palabra que salió. ¿Cómo se juntan los cuatro números en una nota?

Si las preguntas son independientes, la probabilidad de acertarlas todas es el producto. Con cuatro sale bien. Un cuento tiene miles de tokens; repite las cuatro preguntas 250 veces y mira.
"""

# %% [markdown] lang="en"
r"""
Only the hens on the word that came up count. How do four numbers become one mark?

If the questions are independent, the probability of getting all of them right is the product. With four that works. A story has thousands of tokens; repeat the four questions 250 times and look.
"""

# %%
print(f"{math.prod(true_p):.4f} {math.prod(true_p * 250)}")

# %% [markdown] lang="es"
r"""
Cero. No es un cero de verdad: es un número tan pequeño que no cabe en 64 bits.

El remedio es de siempre: el logaritmo convierte los productos en sumas. Y como el de un número entre 0 y 1 es negativo, le cambiamos el signo. A $-\ln p$ lo llamaremos **sorpresa**.
"""

# %% [markdown] lang="en"
r"""
Zero. It isn't really zero: it is a number too small for 64 bits.

The remedy is an old one: the logarithm turns products into sums. And since the logarithm of a number between 0 and 1 is negative, we flip its sign. We will call $-\ln p$ the **surprise**.
"""

# %%
surprises = [-math.log(p) for p in true_p]
print([f"{s:.2f}" for s in surprises])
print(f"{sum(surprises) / 4:.3f}", f"{sum(-math.log(p) for p in true_p * 250) / 1000:.3f}")

# %%
plots.surprise_curve(names, true_p)

# %% [markdown] lang="es"
r"""
Con mil preguntas la media es la misma que con cuatro, y ya no hay peligro de quedarse en cero.

Mira la curva: estar casi seguro y acertar apenas sorprende, y dudar cuesta poco. Lo caro es poner casi nada en lo que ocurre. Quien ponga cero gallinas paga infinito.
"""

# %% [markdown] lang="en"
r"""
With a thousand questions the mean is the same as with four, and there is no more danger of ending up at zero.

Look at the curve: being nearly sure and right is hardly a surprise, and hesitating costs little. What is expensive is to put next to nothing on what happens. Whoever bets no hens pays infinity.
"""

# %% [markdown] lang="es"
r"""
Esa media es la **entropía cruzada** (*cross-entropy*), y es la pérdida (*loss*) con la que se entrenan todos los GPT:

$$L = -\frac{1}{N}\sum_{n=1}^{N} \ln p_n$$

donde $p_n$ es la probabilidad que el modelo dio al token que de verdad venía. La idea de medir así la información es de [Shannon (1948)](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x).
"""

# %% [markdown] lang="en"
r"""
That mean is the **cross-entropy**, and it is the loss with which every GPT is trained:

$$L = -\frac{1}{N}\sum_{n=1}^{N} \ln p_n$$

where $p_n$ is the probability that the model gave to the token that really came. Measuring information in this way is an idea of [Shannon's (1948)](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x).
"""

# %% [markdown] lang="es"
r"""
¿Y si uno miente para sacar mejor nota? En la retahíla, detrás de «y chopo» viene la mitad de las veces «cuenta» y la otra mitad «palomar».

Mueve tu apuesta y busca el punto más barato. Luego cambia la verdad y búscalo otra vez.
"""

# %% [markdown] lang="en"
r"""
What if you lie to get a better mark? In the rigmarole, half the time "and poplar" is followed by "count", and half the time by "dovecote".

Move your bet and look for the cheapest point. Then change the truth and look again.
"""

# %%
widgets.play_honest({"es": ("cuenta", "palomar"), "en": ("count", "dovecote")}[EDITION])

# %% [markdown] lang="es"
r"""
Lo más barato es siempre decir la verdad: apostar por cada palabra lo que esa palabra sale. [Good (1952)](https://doi.org/10.1111/j.2517-6161.1952.tb00104.x) proponía pagar así a quien hace pronósticos.

Y hay un suelo que nadie baja: si algo es de verdad mitad y mitad, el mejor adivino del mundo paga 0.69. La pérdida de un buen modelo no tiende a cero.
"""

# %% [markdown] lang="en"
r"""
The cheapest bet is always to tell the truth: put on each word the share in which it comes up. [Good (1952)](https://doi.org/10.1111/j.2517-6161.1952.tb00104.x) proposed to pay forecasters in this way.

And there is a floor that nobody gets below: if something really is half and half, the best guesser in the world pays 0.69. The loss of a good model does not tend to zero.
"""

# %% [markdown] lang="es"
r"""
Ahora, con tensores. Un modelo no da gallinas sino logits, y el softmax los convierte en probabilidades. Si los logits son los logaritmos de las gallinas, las probabilidades son las de antes.

De cada fila hay que tomar una columna, la del objetivo. Eso hace `gather`.
"""

# %% [markdown] lang="en"
r"""
Now with tensors. A model doesn't give hens but logits, and softmax turns them into probabilities. If the logits are the logarithms of the hens, the probabilities are the same as before.

From each row one column has to be taken, that of the target. That is what `gather` does.
"""

# %%
logits = torch.tensor(hens).float().log()  # (4, 4): (N, V)
targets = torch.tensor([0, 1, 2, 3])  # (N,)

probabilities = torch.softmax(logits, dim=-1)  # (N, V)
chosen = probabilities.gather(1, targets[:, None])[:, 0]  # (N, V) -> (N, 1) -> (N,)
print(chosen, f"{-chosen.log().mean():.3f}")

# %% [markdown] lang="es"
r"""
La misma nota. PyTorch lo hace todo de una vez con `F.cross_entropy`, que recibe logits y no probabilidades. ¿Por qué no en dos pasos? Mira qué pasa cuando el modelo está muy seguro de algo falso.
"""

# %% [markdown] lang="en"
r"""
The same mark. PyTorch does it all at once with `F.cross_entropy`, which takes logits, not probabilities. Why not in two steps? See what happens when the model is very sure of something false.
"""

# %%
print(f"{F.cross_entropy(logits, targets):.3f}")

stubborn = torch.tensor([[200.0, 0.0]])
print(-torch.softmax(stubborn, dim=-1)[0, 1].log(), F.cross_entropy(stubborn, torch.tensor([1])))

# %% [markdown] lang="es"
r"""
En dos pasos, la probabilidad se redondea a cero y el logaritmo se va a infinito. En uno solo, el logaritmo deshace la exponencial antes de que nada se redondee y sale 200, que es la respuesta.

De regalo, su gradiente es de lo más legible. Pregúntale cuánto empuja cada logit de la última fila.
"""

# %% [markdown] lang="en"
r"""
In two steps, the probability is rounded to zero and the logarithm goes to infinity. In one, the logarithm undoes the exponential before anything is rounded, and out comes 200, which is the answer.

As a bonus, its gradient is a pleasure to read. Ask it how much each logit of the last row pushes.
"""

# %%
bets = logits[3].clone().requires_grad_()
F.cross_entropy(bets, torch.tensor(3)).backward()
print(probabilities[3], bets.grad)

# %%
plots.error_signal(names, probabilities[3].tolist(), bets.grad.tolist())

# %% [markdown] lang="es"
r"""
El gradiente es la propia probabilidad, salvo en el token verdadero, donde es la probabilidad menos uno.

Todo el aprendizaje sale de ahí: quita de donde pusiste de más y pon donde pusiste de menos, en proporción a lo que te equivocaste. La retropropagación reparte ese reproche hacia atrás, hasta los embeddings.
"""

# %% [markdown] lang="en"
r"""
The gradient is the probability itself, except at the true token, where it is the probability minus one.

All learning comes from there: take away where you put too much and add where you put too little, in proportion to how wrong you were. Backpropagation hands this reproach backwards, all the way to the embeddings.
"""

# %% [markdown] lang="es"
r"""
Falta un detalle de formas. El modelo da `(B, T, V)` y los objetivos son `(B, T)`, pero `F.cross_entropy` quiere `(N, V)` y `(N,)`.

Como cada posición es una pregunta más, basta con poner todas en fila: `flatten(0, 1)` une las dos primeras dimensiones.
"""

# %% [markdown] lang="en"
r"""
One detail of shapes is missing. The model gives `(B, T, V)` and the targets are `(B, T)`, but `F.cross_entropy` wants `(N, V)` and `(N,)`.

Since every position is just one more question, it is enough to line them all up: `flatten(0, 1)` joins the first two dimensions.
"""

# %%
scores = torch.randn(2, 3, 5)  # (B, T, V)
answers = torch.randint(5, (2, 3))  # (B, T)
print(list(scores.flatten(0, 1).shape), list(answers.flatten().shape))

# %% [markdown] lang="es" exercise="batch_loss"
r"""
### Ejercicio: la pérdida de un lote

Es el número que el entrenamiento va a bajar. Escribe `batch_loss`.

```python
def batch_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor: ...
```

`inputs` y `targets` son ids, `(B, T)`, como los que da el cargador del capítulo 2; `model(inputs)` da los logits, `(B, T, V)`. Devuelve la entropía cruzada media de todos los tokens, un escalar por el que se pueda retropropagar.
"""

# %% [markdown] lang="en" exercise="batch_loss"
r"""
### Exercise: the loss of a batch

This is the number that training will bring down. Write `batch_loss`.

```python
def batch_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor: ...
```

`inputs` and `targets` are ids, `(B, T)`, such as the loader of chapter 2 gives; `model(inputs)` gives the logits, `(B, T, V)`. Return the mean cross-entropy of all tokens, a scalar through which one can backpropagate.
"""

# %% solution="batch_loss"

# %% [markdown] lang="es"
r"""
Para probarlo sirve el modelo de lenguaje más pequeño que existe: un `nn.Embedding` cuya fila `i` son los logits de lo que viene después del token `i`. Las cuatro filas de gallinas son uno.
"""

# %% [markdown] lang="en"
r"""
The smallest language model there is will do to try it: an `nn.Embedding` whose row `i` holds the logits of what comes after token `i`. The four rows of hens are one.
"""

# %%
table = nn.Embedding.from_pretrained(logits)
with example():
    # es: se espera 0.935
    # en: expected: 0.935
    print(f"{batch_loss(table, torch.tensor([[0, 1], [2, 3]]), torch.tensor([[0, 1], [2, 3]])):.3f}")

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

`logits.flatten(0, 1)` y `targets.flatten()` tienen ya las formas que espera `F.cross_entropy`. No llames a `item()`: devolvería un número sin historia, y sin historia no hay gradientes.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

`logits.flatten(0, 1)` and `targets.flatten()` already have the shapes that `F.cross_entropy` expects. Don't call `item()`: it would return a number without a history, and without a history there are no gradients.
</details>
"""

# %% tests="batch_loss"

# %% [markdown] lang="es"
r"""
## 5.3 Perplejidad y bits por byte

Una pérdida de 0.935, ¿es mucho o poco? Deshaz el logaritmo y se entiende mejor.

A ciegas entre cuatro palabras, cada una tiene 0.25 y la pérdida es $\ln 4$. Así que $e^L$ dice entre cuántas palabras igual de probables se está dudando.
"""

# %% [markdown] lang="en"
r"""
## 5.3 Perplexity and bits per byte

Is a loss of 0.935 a lot or a little? Undo the logarithm and it is easier to see.

Blindly among four words, each has 0.25 and the loss is $\ln 4$. So $e^L$ says among how many equally likely words one is hesitating.
"""

# %%
for guesses in ([0.25] * 4, [0.5] * 4, true_p):
    loss = -sum(math.log(p) for p in guesses) / len(guesses)
    print(f"{sum(guesses) / len(guesses):.2f} {loss:.3f} {math.exp(loss):.2f}")

# %% [markdown] lang="es"
r"""
La última línea es nuestro jugador: entre cuatro palabras, duda como si fueran dos y media. Ese número, el tercero, se llama **perplejidad**.

El primero es lo que puso de media en la respuesta, y ahí gana por poco al de las dos palabras. En perplejidad pierde, porque no se le perdona el «chopo y…».
"""

# %% [markdown] lang="en"
r"""
The last line is our player: among four words, they hesitate as if there were two and a half. That number, the third, is called **perplexity**.

The first is what they put on the answer on average, and there they narrowly beat the one who wavers between two. In perplexity they lose, because "poplar and…" is not forgiven.
"""

# %% [markdown] lang="es" exercise="perplexity"
r"""
### Ejercicio: perplejidad

En los artículos se cita más que la pérdida. Escribe `perplexity`.

```python
def perplexity(loss: float | Tensor) -> float | Tensor: ...
```

Recibe una entropía cruzada en logaritmos naturales. Si es un `float`, devuelve un `float`; si es un tensor, un tensor del mismo tipo, con una perplejidad por pérdida y por el que se pueda retropropagar.
"""

# %% [markdown] lang="en" exercise="perplexity"
r"""
### Exercise: perplexity

Papers quote it more than the loss. Write `perplexity`.

```python
def perplexity(loss: float | Tensor) -> float | Tensor: ...
```

It takes a cross-entropy in natural logarithms. Given a `float` it returns a `float`; given a tensor, a tensor of the same dtype, with one perplexity per loss, through which one can backpropagate.
"""

# %% solution="perplexity"

# %%
with example():
    # es: se espera 2.55 y tensor([   1., 1024.])
    # en: expected: 2.55 and tensor([   1., 1024.])
    print(f"{perplexity(0.9349):.2f}", perplexity(torch.tensor([0.0, math.log(1024)])))

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

`isinstance(loss, Tensor)` distingue los dos casos; `math.exp` sirve para uno y `torch.exp` para el otro.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

`isinstance(loss, Tensor)` tells the two cases apart; `math.exp` is for one of them and `torch.exp` for the other.
</details>
"""

# %% tests="perplexity"

# %% [markdown] lang="es"
r"""
La perplejidad tiene una trampa: solo vale para comparar modelos con el mismo tokenizador.

Aquí van tres adivinos a ciegas, cada uno con su vocabulario: los 256 bytes, los 1,024 tokens del cuento y los 8,192 del modelo que conocerás en 5.9. Ninguno sabe nada. ¿Cuál parece el peor?
"""

# %% [markdown] lang="en"
r"""
Perplexity has a catch: it only serves to compare models with the same tokenizer.

Here are three blind guessers, each with its own vocabulary: the 256 bytes, the 1,024 tokens of the story and the 8,192 of the model you will meet in 5.9. None of them knows anything. Which one looks worst?
"""

# %%
tokenizer, mini_tokenizer = load_tokenizer(), load_tokenizer("mini")
n_bytes = len(story.encode("utf-8"))
cuts = {"bytes": (256, n_bytes)}
for name, cutter in (("story", tokenizer), ("mini", mini_tokenizer)):
    cuts[name] = (cutter.n_vocab, len(cutter.encode(story)))
for name, (vocab_size, n_tokens) in cuts.items():
    bits = n_tokens * math.log2(vocab_size)
    print(f"{name:6} {vocab_size:6,} {n_tokens:7,} {bits / n_bytes:6.2f}")

# %% [markdown] lang="es"
r"""
La segunda columna es su perplejidad: el tercero parece 32 veces peor que el primero. Pero hace muchas menos preguntas, porque sus tokens son más largos.

La última columna es la cuenta justa: la sorpresa total, en bits, repartida entre los bytes del texto, que son los mismos para todos. Se llama **bits por byte**.
"""

# %% [markdown] lang="en"
r"""
The second column is its perplexity: the third looks 32 times as bad as the first. But it asks far fewer questions, because its tokens are longer.

The last column is the fair account: the total surprise, in bits, shared out among the bytes of the text, which are the same for everyone. It is called **bits per byte**.
"""

# %% [markdown] lang="es"
r"""
De una pérdida en logaritmos naturales se pasa a bits dividiendo entre $\ln 2$:

$$\text{bpb} = \frac{L}{\ln 2}\cdot\frac{N}{M}$$

con $N$ tokens y $M$ bytes. Lo calcula `bits_per_byte`, del paquete.

Y un bit es un bit: un modelo con esa cifra podría guardar el texto en ese espacio. Compáralo con un compresor.
"""

# %% [markdown] lang="en"
r"""
From a loss in natural logarithms you get to bits by dividing by $\ln 2$:

$$\text{bpb} = \frac{L}{\ln 2}\cdot\frac{N}{M}$$

with $N$ tokens and $M$ bytes. The package's `bits_per_byte` works it out.

And a bit is a bit: a model with that figure could store the text in that much room. Compare it with a compressor.
"""

# %%
print(f"{8 * len(bz2.compress(story.encode('utf-8'))) / n_bytes:.2f}")

# %% [markdown] lang="es"
r"""
Entre dos y tres bits por byte, en lugar de ocho: eso sabe de este texto un programa que nunca ha oído hablar de palabras. Un buen modelo comprime mejor que los compresores ([Delétang et al., 2023](https://arxiv.org/abs/2309.10668)).

¿Y las personas? [Shannon (1951)](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x) las puso a adivinar letras en inglés y estimó entre 0.6 y 1.3 bits por letra.
"""

# %% [markdown] lang="en"
r"""
Between two and three bits per byte, instead of eight: that is what a program that has never heard of words knows about this text. A good model compresses better than compressors do ([Delétang et al., 2023](https://arxiv.org/abs/2309.10668)).

And people? [Shannon (1951)](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x) had them guess letters in English and estimated between 0.6 and 1.3 bits per letter.
"""

# %% [markdown] lang="es"
r"""
## 5.4 Un final que no se le cuenta

Un modelo que ha leído el cuento puede recitarlo sin entender nada. Para saber si ha aprendido hay que preguntarle por un trozo que no ha visto: la **validación**.

¿Qué trozo? Lo natural sería apartar ventanas al azar. Cuenta qué parte de esos tokens se queda también en el entrenamiento, con ventanas de 64 y paso de 32.
"""

# %% [markdown] lang="en"
r"""
## 5.4 An ending it is not told

A model that has read the story may recite it without understanding a thing. To know whether it has learned, you have to ask about a piece it has not seen: the **validation**.

Which piece? The natural thing would be to set windows aside at random. Count what share of those tokens also stays in training, with windows of 64 and a stride of 32.
"""

# %%
ids = tokenizer.encode(story)
starts = list(range(0, len(ids) - 64, 32))
random.Random(5).shuffle(starts)
held_out, kept = starts[: len(starts) // 10], starts[len(starts) // 10 :]
trained = set(chain.from_iterable(range(start, start + 64) for start in kept))
asked = list(chain.from_iterable(range(start, start + 64) for start in held_out))
print(f"{sum(place in trained for place in asked) / len(asked):.0%}")

# %%
plots.split_strips(len(starts), [start // 32 for start in held_out])

# %% [markdown] lang="es"
r"""
Casi todo el examen estaba en los apuntes, porque las ventanas vecinas se pisan. Y aunque no se pisaran, una ventana suelta entre dos conocidas es medio conocida.

Por eso se corta por posición: el modelo leerá el principio del cuento y le escondemos el final. No sabrá a quién le da Casilda los buenos días.
"""

# %% [markdown] lang="en"
r"""
Nearly all of the exam was in the notes, because neighbouring windows overlap. And even if they didn't, a lone window between two known ones is half known.

So we cut by position: the model will read the beginning of the story, and we hide the ending from it. It won't know to whom Casilda says good morning.
"""

# %%
cut = story.rfind("\n\n", 0, int(0.9 * len(story)))
beginning, ending = story[:cut], story[cut:]
train_ids, val_ids = tokenizer.encode(beginning), tokenizer.encode(ending)
train_loader = make_loader(train_ids, context_length=64, stride=64, batch_size=8, seed=5)
val_loader = make_loader(val_ids, context_length=64, stride=64, batch_size=1, shuffle=False)
print(len(train_ids), len(val_ids), len(train_loader), len(val_loader))

# %% [markdown] lang="es"
r"""
Con varios lotes del mismo tamaño (aquí, de una ventana, para no dejar ninguna fuera), la pérdida del conjunto es la media de las pérdidas. Dos descuidos la estropean, y los dos son silenciosos.

El primero es el dropout. Aquí están las pérdidas de un mismo lote en tres llamadas seguidas, entrenando y en modo de evaluación.
"""

# %% [markdown] lang="en"
r"""
With several batches of one size (here, of one window, so that none is left out), the loss of the set is the mean of the losses. Two oversights spoil it, and both are silent.

The first is dropout. Here are the losses of one and the same batch in three calls, while training and in evaluation mode.
"""

# %%
torch.manual_seed(5)
shaky = GPTModel(GPTConfig(tokenizer.n_vocab, context_length=64, emb_dim=32, n_heads=4, n_layers=1, drop_rate=0.3))
batch = next(iter(val_loader))
for mode in (True, False):
    shaky.train(mode)
    print([f"{batch_loss(shaky, *batch).item():.2f}" for _ in range(3)])

# %% [markdown] lang="es"
r"""
El segundo es la memoria: si no se apagan los gradientes, cada pérdida guarda todo el camino por el que se llegó a ella.

Y hay un tercero, de educación: quien evalúa en mitad de un entrenamiento debe dejar el modelo como lo encontró. Si no, el entrenamiento sigue sin dropout y nadie se entera.
"""

# %% [markdown] lang="en"
r"""
The second is memory: unless gradients are switched off, each loss keeps the whole road by which it was reached.

And there is a third, a matter of manners: whoever evaluates in the middle of training must leave the model as it was found. Otherwise training goes on without dropout and nobody notices.
"""

# %% [markdown] lang="es" exercise="evaluate"
r"""
### Ejercicio: evaluar

Es el termómetro de todo lo que sigue. Escribe `evaluate`.

```python
def evaluate(model: nn.Module, loader: Batches, max_batches: int | None = None) -> float: ...
```

Devuelve la media, sin ponderar, de las pérdidas de los lotes de `loader`, o solo de los primeros `max_batches`; `nan` si no hay ninguno. Trabaja en modo de evaluación y sin gradientes, y deja el modelo en el modo en que estaba.
"""

# %% [markdown] lang="en" exercise="evaluate"
r"""
### Exercise: evaluating

It is the thermometer for all that follows. Write `evaluate`.

```python
def evaluate(model: nn.Module, loader: Batches, max_batches: int | None = None) -> float: ...
```

It returns the unweighted mean of the losses of the batches in `loader`, or only of the first `max_batches`; `nan` if there are none. It works in evaluation mode and without gradients, and leaves the model in the mode it was in.
"""

# %% solution="evaluate"

# %%
with example():
    # es: se espera 0.93, 0.36 y nan
    # en: expected: 0.93, 0.36 and nan
    two = [(torch.tensor([[i]]), torch.tensor([[i]])) for i in range(4)]
    print(f"{evaluate(table, two):.2f} {evaluate(table, two, max_batches=1):.2f} {evaluate(table, [])}")

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`model.training` dice en qué modo está; `model.train(was_training)` lo devuelve a él.
</details>

<details><summary>Pista 2</summary>

`islice(loader, max_batches)`, de `itertools`, recorre los primeros lotes, o todos si `max_batches` es `None`. Cada pérdida, con `item()`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`model.training` says which mode it is in; `model.train(was_training)` takes it back there.
</details>

<details><summary>Hint 2</summary>

`islice(loader, max_batches)`, from `itertools`, goes through the first batches, or through all if `max_batches` is `None`. Each loss, with `item()`.
</details>
"""

# %% tests="evaluate"

# %% [markdown] lang="es"
r"""
Una pérdida sola no dice nada: hacen falta vecinos. Estos son tres que no son redes, y los tres caben en una tabla de logits.

A ciegas; contando cuánto sale cada token en la parte de entrenamiento; y contando parejas, como el embustero de 5.1, con un poco de la cuenta anterior para no apostar cero por nada.
"""

# %% [markdown] lang="en"
r"""
A loss alone says nothing: it needs neighbours. Here are three that are not networks, and all three fit in a table of logits.

Blind; counting how often each token comes in the training part; and counting pairs, like the cheat of 5.1, with a little of the previous count so as to bet zero on nothing.
"""

# %%
V = tokenizer.n_vocab
seen = torch.tensor(train_ids)
single = torch.bincount(seen, minlength=V) + 0.5  # (V,)
pairs = torch.bincount(seen[:-1] * V + seen[1:], minlength=V * V).view(V, V)  # (V, V)
mixed = pairs + 5 * single / single.sum()

guesses = {
    say("a ciegas", "blind"): torch.zeros(V, V),
    say("de uno en uno", "one by one"): single.log().expand(V, V),
    say("por parejas", "in pairs"): mixed.log(),
}
guessers = {name: nn.Embedding.from_pretrained(table) for name, table in guesses.items()}
marks = {name: evaluate(guesser, val_loader) for name, guesser in guessers.items()}
for name, loss in marks.items():
    print(f"{name:14} {loss:.2f} {perplexity(loss):7.0f}")

# %% [markdown] lang="es"
r"""
Ya hay escala. La tercera línea es lo que se consigue mirando solo el token anterior, sin red y sin entrenar nada: es el rival que hay que batir, y no es manco.

(La tercera columna es la perplejidad. A ciegas, 1024: todo el vocabulario.)
"""

# %% [markdown] lang="en"
r"""
Now there is a scale. The third line is what one gets by looking at the token before and nothing else, without a network and without training: it is the rival to beat, and no pushover.

(The third column is the perplexity. Blind, 1024: the whole vocabulary.)
"""

# %% [markdown] lang="es"
r"""
## 5.5 El bucle

Un paso de entrenamiento son cuatro movimientos: borrar los gradientes viejos, medir la pérdida de un lote, retropropagar y corregir los pesos. Entrenar es repetirlos.
"""

# %% [markdown] lang="en"
r"""
## 5.5 The loop

A training step is four moves: wipe the old gradients, measure the loss of a batch, go backwards, and correct the weights. Training is repeating them.
"""

# %%
flow.training_loop()

# %% [markdown] lang="es"
r"""
Uno a mano, con la tabla de cuatro palabras y la regla más simple: restarle a cada peso su gradiente, multiplicado por un número. Ese número es la **tasa de aprendizaje** (*learning rate*); suele ser pequeño, pero esta tabla aguanta un 4.
"""

# %% [markdown] lang="en"
r"""
One by hand, with the table of four words and the simplest rule: subtract from each weight its gradient times a number. That number is the **learning rate**; it is usually small, but this table can take a 4.
"""

# %%
student = nn.Embedding(4, 4)
nn.init.zeros_(student.weight)
asked, told = torch.tensor([[0, 1, 2, 3]]), torch.tensor([[0, 1, 2, 3]])

before = batch_loss(student, asked, told)
before.backward()
with torch.no_grad():
    student.weight -= 4.0 * student.weight.grad
print(f"{before:.3f} {batch_loss(student, asked, told):.3f}")

# %% [markdown] lang="es"
r"""
Ha pasado de $\ln 4$ a bastante menos, en un paso. ¿Y el primer movimiento, borrar? Parece una manía, hasta que se omite: PyTorch no sustituye los gradientes, los suma.
"""

# %% [markdown] lang="en"
r"""
It went from $\ln 4$ to a good deal less, in one step. And the first move, wiping? It looks like fussiness until you leave it out: PyTorch doesn't replace gradients, it adds them up.
"""

# %%
student.zero_grad()
for _ in range(3):
    batch_loss(student, asked, told).backward()
    print(f"{student.weight.grad[0, 0]:.3f}")

# %% [markdown] lang="es"
r"""
El mismo lote y los mismos pesos, y el gradiente se duplica y se triplica. Sin borrar, cada paso arrastraría los reproches de todos los anteriores, también de los que ya se corrigieron.

Lo de restar el gradiente tal cual se puede mejorar. Casi todos los modelos de lenguaje se entrenan con Adam ([Kingma y Ba, 2015](https://arxiv.org/abs/1412.6980)).
"""

# %% [markdown] lang="en"
r"""
The same batch and the same weights, and the gradient doubles and triples. Without wiping, each step would drag along the reproaches of all before it, even those already corrected.

Subtracting the gradient as it is can be improved upon. Most language models are trained with Adam ([Kingma and Ba, 2015](https://arxiv.org/abs/1412.6980)).
"""

# %% [markdown] lang="es"
r"""
Adam lleva dos medias por peso: la del gradiente, $m$, y la de su cuadrado, $v$. Y mueve el peso según $m/\sqrt{v}$: lejos si los gradientes insisten en una dirección, poco si se contradicen.

Un gradiente de 0.001 y otro de 1000 dan el mismo primer paso. Compruébalo.
"""

# %% [markdown] lang="en"
r"""
Adam keeps two averages per weight: that of the gradient, $m$, and that of its square, $v$. And it moves the weight by $m/\sqrt{v}$: far if the gradients insist on one direction, little if they contradict each other.

A gradient of 0.001 and one of 1000 give the same first step. Check it.
"""

# %%
for gradient in (0.001, 1.0, 1000.0):
    m, v = 0.1 * gradient, 0.001 * gradient**2  # beta: 0.9, 0.999
    by_hand = -0.01 * (m / 0.1) / ((v / 0.001) ** 0.5 + 1e-8)

    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.tensor([gradient])
    AdamW([weight], lr=0.01, weight_decay=0.0).step()
    print(f"{by_hand:.4f} {weight.item():.4f}")

# %% [markdown] lang="es"
r"""
Los divisores 0.1 y 0.001 compensan que las dos medias empiezan en cero.

AdamW ([Loshchilov y Hutter, 2019](https://arxiv.org/abs/1711.05101)) añade que los pesos se encogen un poco en cada paso, sin mezclar eso con el gradiente. De ahora en adelante, ese será el optimizador, y `optimizer.step()` el cuarto movimiento.
"""

# %% [markdown] lang="en"
r"""
The divisors 0.1 and 0.001 make up for both averages starting at zero.

AdamW ([Loshchilov and Hutter, 2019](https://arxiv.org/abs/1711.05101)) adds that weights shrink a little at each step, without mixing that into the gradient. From now on, this will be the optimizer, and `optimizer.step()` the fourth move.
"""

# %% [markdown] lang="es" exercise="train_model"
r"""
### Ejercicio: el bucle de entrenamiento

Es la función que lo entrena todo, aquí y en los capítulos 6 y 7. Escribe `train_model`.

```python
def train_model(
    model: nn.Module, train_loader: Batches, optimizer: Optimizer, num_epochs: int, on_step=None
) -> list[float]: ...
```

Recorre `train_loader` entero `num_epochs` veces, en modo de entrenamiento, con un paso por lote, con los gradientes tal como los deja `backward()`, y devuelve la pérdida de cada paso. Después de cada paso llama a `on_step(step, loss)`, si lo hay: `step` cuenta desde 0 sin volver a empezar en cada época y `loss` es un `float`. Los gradientes que hubiera al llegar no deben influir.
"""

# %% [markdown] lang="en" exercise="train_model"
r"""
### Exercise: the training loop

It is the function that trains everything, here and in chapters 6 and 7. Write `train_model`.

```python
def train_model(
    model: nn.Module, train_loader: Batches, optimizer: Optimizer, num_epochs: int, on_step=None
) -> list[float]: ...
```

It goes through the whole of `train_loader` `num_epochs` times, in training mode, one step per batch, with the gradients as `backward()` leaves them, and returns the loss of every step. After each step it calls `on_step(step, loss)`, if there is one: `step` counts from 0 without starting over at each epoch, and `loss` is a `float`. Gradients left over on arrival must have no influence.
"""

# %% solution="train_model"

# %%
with example():
    # es: se espera 0 1.39, 1 0.51, 2 0.26 y [1.39, 0.51, 0.26]
    # en: expected: 0 1.39, 1 0.51, 2 0.26 and [1.39, 0.51, 0.26]
    nn.init.zeros_(student.weight)
    steps = train_model(
        student, [(asked, told)], SGD(student.parameters(), lr=6.0), 3, lambda s, x: print(s, f"{x:.2f}")
    )
    print([round(loss, 2) for loss in steps])

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Dos bucles, uno dentro de otro: el de las épocas y el de los lotes. Dentro, los cuatro movimientos.
</details>

<details><summary>Pista 2</summary>

El número del paso es la longitud que tenía la lista de pérdidas. Guarda `loss.item()`, no el tensor.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Two loops, one inside the other: that of the epochs and that of the batches. Inside, the four moves.
</details>

<details><summary>Hint 2</summary>

The number of the step is the length the list of losses had. Keep `loss.item()`, not the tensor.
</details>
"""

# %% tests="train_model"

# %% [markdown] lang="es"
r"""
Ahora, de verdad: un GPT de dos bloques lee nueve décimas partes del cuento. `Watch` se engancha a `on_step` para que lo veas pasar: dibuja la curva mientras crece, mide la validación y le pide al modelo que siga la primera frase del cuento, «La mañana en que…».
"""

# %% [markdown] lang="en"
r"""
Now for real: a GPT of two blocks reads nine tenths of the story. `Watch` hooks into `on_step` so that you can see it happen: it draws the curve as it grows, measures the validation and asks the model to go on with the story's first sentence, "The morning…".
"""

# %%
cfg = GPTConfig(tokenizer.n_vocab, context_length=64, emb_dim=96, n_heads=4, n_layers=2, drop_rate=0.0)
torch.manual_seed(5)
model = GPTModel(cfg)
optimizer = AdamW(model.parameters(), lr=2e-3)
opening = torch.tensor([tokenizer.encode(story[: story.index("Casilda")].rstrip())])  # (1, T)


def write(length: int = 30) -> str:
    written = generate_greedy(model, opening, length, cfg.context_length)[0]
    return "…" + tokenizer.decode(written[opening.shape[1] :].tolist())


live = Watch(model, lambda: evaluate(model, val_loader), write, marks)
print(f"{sum(p.numel() for p in model.parameters()):,}")

# %% tags=["nbval-ignore-output"]
train_model(model, train_loader, optimizer, 4, on_step=live.expect(4 * len(train_loader), every=14))
print(f"{live.losses[0]:.1f} → {live.losses[-1]:.1f}")

# %% [markdown] lang="es"
r"""
Mira el texto de arriba abajo: primero ruido, después lo más frecuente repetido sin fin, después palabras que existen.

Es el orden de la tabla de vecinos: lo primero que se aprende es qué tokens abundan, y lo segundo, quién va detrás de quién.
"""

# %% [markdown] lang="en"
r"""
Read the text from top to bottom: first noise, then the most frequent things over and over, then words that exist.

It is the order of the table of neighbours: the first thing learned is which tokens abound, and the second, who follows whom.
"""

# %% [markdown] lang="es"
r"""
## 5.6 Aprender de memoria

Cuatro vueltas han bajado la pérdida mucho. Demos veintidós más. Antes de ejecutar, apuesta una gallina: ¿dónde acabará la curva azul? ¿Y la naranja?
"""

# %% [markdown] lang="en"
r"""
## 5.6 Learning by heart

Four passes have brought the loss down a lot. Let's make it twenty-two more. Before you run it, bet a hen: where will the blue curve end up? And the orange one?
"""

# %% tags=["nbval-ignore-output"]
more = 22 * len(train_loader)
train_model(model, train_loader, optimizer, 22, on_step=live.expect(more, every=28))
best_step = min(live.validation, key=live.validation.get)
print(
    f"{live.losses[-1]:.2f} | {live.validation[best_step]:.2f} ({best_step}) → {live.validation[len(live.losses)]:.2f}"
)

# %% [markdown] lang="es"
r"""
La azul se va casi a cero. La naranja baja, toca fondo y da la vuelta: cada vez le sorprende más el final del cuento.

Se llama **sobreajuste**. Antes de buscarle la causa, la pregunta incómoda: en su mejor momento, ¿ha ganado al rival de 5.4?
"""

# %% [markdown] lang="en"
r"""
The blue one goes almost to zero. The orange one falls, touches bottom and turns: it is more and more surprised by the story's ending.

It is called **overfitting**. Before we look for its cause, the awkward question: at its best, did it beat the rival of 5.4?
"""

# %% tags=["nbval-ignore-output"]
rival, best = marks[say("por parejas", "in pairs")], live.validation[best_step]
print(
    f"{best:.2f} {rival:.2f}",
    say("gana el GPT", "the GPT wins") if best < rival else say("gana la tabla", "the table wins"),
)

# %% [markdown] lang="es"
r"""
Si ha ganado la tabla, no te extrañes: con un solo cuento, contar es difícil de batir. La red tiene que descubrirlo todo desde cero, incluso que detrás de medio nombre va el otro medio.

Lo que sí ha hecho la red se ve aquí. Mira en qué se ha convertido el modelo: le damos veinte tokens de una página que leyó, y le dejamos seguir.
"""

# %% [markdown] lang="en"
r"""
If the table won, don't be surprised: with a single story, counting is hard to beat. The network has to discover everything from scratch, even that after half a name comes the other half.

What the network did do can be seen here. See what the model has turned into: we give it twenty tokens of a page it has read, and let it go on.
"""


# %% tags=["nbval-ignore-output"]
def recite(source: list[int], start: int):
    prompt, original = source[start : start + 20], source[start + 20 : start + 64]
    written = generate_greedy(model, torch.tensor([prompt]), len(original), cfg.context_length)[0, 20:].tolist()
    tokens = [[tokenizer.decode([i]) for i in part] for part in (written, original)]
    return pages.side_by_side(tokenizer.decode(prompt), *tokens)


recite(train_ids, 64 * 40)

# %% [markdown] lang="es"
r"""
Al pie de la letra, o a un paso. Y ahora, veinte tokens del final que no le contamos.
"""

# %% [markdown] lang="en"
r"""
To the letter, or a step away from it. And now, twenty tokens of the ending that we didn't tell it.
"""

# %% tags=["nbval-ignore-output"]
recite(val_ids, 64)

# %% [markdown] lang="es"
r"""
No sabe nada, y lo dice con todo aplomo, como Baltasar con su palomar. Por eso su sorpresa es peor que la de quien dudaba.

¿Por qué ha preferido memorizar? Porque podía. Haz la división.
"""

# %% [markdown] lang="en"
r"""
It knows nothing, and says so with perfect poise, like Baltasar with his dovecote. That is why its surprise is worse than that of one who hesitated.

Why did it choose to memorise? Because it could. Do the division.
"""

# %%
print(f"{sum(p.numel() for p in model.parameters()) / len(train_ids):.0f}")

# %% [markdown] lang="es"
r"""
Varias decenas de parámetros por cada token del cuento: le sale más barato apuntárselo todo que buscar la regla. Para aprovechar bien el cálculo, [Hoffmann et al. (2022)](https://arxiv.org/abs/2203.15556) recomiendan justo lo contrario, unos veinte tokens por parámetro.

Los modelos enormes también memorizan trozos, a veces privados ([Carlini et al., 2021](https://arxiv.org/abs/2012.07805)).
"""

# %% [markdown] lang="en"
r"""
Dozens of parameters for every token of the story: writing it all down comes cheaper than finding the rule. To make good use of computing, [Hoffmann et al. (2022)](https://arxiv.org/abs/2203.15556) recommend just the opposite, about twenty tokens per parameter.

Huge models also memorise pieces, sometimes private ones ([Carlini et al., 2021](https://arxiv.org/abs/2012.07805)).
"""

# %% [markdown] lang="es"
r"""
Aquí puedes volver atrás por el entrenamiento. Empieza en el mejor punto de la validación. Avanza despacio: ¿escribe mejor o peor en el fondo del valle que al final?

Lo que ves al final parece mejor. Es la trampa de 5.1.
"""

# %% [markdown] lang="en"
r"""
Here you can go back through the training. It starts at the best point of the validation. Move on slowly: does it write better or worse at the bottom of the valley than at the end?

What you see at the end looks better. It is the trap of 5.1.
"""

# %% tags=["nbval-ignore-output"]
widgets.play_training(live)

# %% [markdown] lang="es"
r"""
Los remedios más comunes: parar en el fondo del valle (*early stopping*), dropout, encoger los pesos (lo que añade AdamW), un modelo más pequeño o más texto.

El último es el único que además enseña algo. Más texto, mucho más, es lo que significa *preentrenar*, y en 5.9 tendrás un modelo que lo ha leído. Antes, aprende a escuchar lo que dice.
"""

# %% [markdown] lang="en"
r"""
The usual remedies: stopping at the bottom of the valley (*early stopping*), dropout, shrinking the weights (what AdamW adds), a smaller model, or more text.

The last is the only one that also teaches something. More text, much more, is what *pretraining* means, and in 5.9 you will have a model that has read it. First, learn to listen to what it says.
"""

# %% [markdown] lang="es"
r"""
## 5.7 Elegir el token siguiente

El modelo termina su trabajo cuando entrega los logits. Qué token se escribe lo decides tú, y eso se llama decodificación.

Hasta ahora tomábamos siempre el mayor. Vuelve a la cuarta fila de gallinas: 8, 6, 4 y 2. ¿Es justo que gane el 8 todas las veces?
"""

# %% [markdown] lang="en"
r"""
## 5.7 Choosing the next token

The model's work is done when it hands over the logits. Which token gets written is up to you, and that is called decoding.

So far we have always taken the largest. Go back to the fourth row of hens: 8, 6, 4 and 2. Is it fair that the 8 should win every time?
"""

# %%
draw = torch.Generator().manual_seed(5)
drawn = torch.multinomial(probabilities[3], 10_000, replacement=True, generator=draw)
print(names[int(logits[3].argmax())], [round(n / 10_000, 1) for n in torch.bincount(drawn).tolist()])

# %% [markdown] lang="es"
r"""
A la izquierda, el voraz: siempre la misma. A la derecha, un sorteo de diez mil tiradas en el que cada palabra sale lo que se apostó por ella; de eso se encarga `torch.multinomial`.

Entre los dos extremos hay un mando, la **temperatura** $\tau$, que divide los logits antes del softmax:

$$p_i = \frac{e^{z_i/\tau}}{\sum_j e^{z_j/\tau}}$$
"""

# %% [markdown] lang="en"
r"""
On the left, the greedy one: always the same. On the right, a draw of ten thousand in which each word comes up as often as was bet on it; `torch.multinomial` sees to that.

Between the two extremes there is a dial, the **temperature** $\tau$, which divides the logits before softmax:

$$p_i = \frac{e^{z_i/\tau}}{\sum_j e^{z_j/\tau}}$$
"""

# %%
for temperature in (0.1, 0.5, 1.0, 2.0, 100.0):
    print(f"{temperature:5.1f}", torch.softmax(logits[3] / temperature, dim=-1))

# %% [markdown] lang="es"
r"""
Con 1, las apuestas del modelo. Con menos, el favorito se lleva más, y hacia 0 se lo lleva todo. Con más, las diferencias se allanan, y hacia infinito todas valen igual.

A mano, con 0.5: dividir el logaritmo entre 0.5 es elevar las gallinas al cuadrado. Quedan 64, 36, 16 y 4, y 64 de 120 es 0.53.
"""

# %% [markdown] lang="en"
r"""
At 1, the model's bets. Below, the favourite takes more, and towards 0 it takes all. Above, the differences are levelled, and towards infinity all are worth the same.

By hand, with 0.5: dividing the logarithm by 0.5 is squaring the hens. That leaves 64, 36, 16 and 4, and 64 out of 120 is 0.53.
"""

# %% [markdown] lang="es"
r"""
El sorteo tiene un peligro. Detrás de los tokens sensatos hay miles casi imposibles, y entre todos suman: si cada uno de mil tiene una diezmilésima, uno de cada diez tokens será un disparate.

Por eso se corta la cola. **Top-k** ([Fan et al., 2018](https://arxiv.org/abs/1805.04833)) deja los $k$ mayores, pone $-\infty$ en los demás y sortea entre los que quedan.
"""

# %% [markdown] lang="en"
r"""
The draw has its danger. Behind the sensible tokens there are thousands of nearly impossible ones, and together they add up: if each of a thousand has one in ten thousand, one token in ten will be nonsense.

So the tail is cut. **Top-k** ([Fan et al., 2018](https://arxiv.org/abs/1805.04833)) keeps the $k$ largest, puts $-\infty$ on the others and draws among those left.
"""

# %%
tied = torch.tensor([[2.0, 1.0, 3.0, 1.0, 0.0]])
kth = tied.topk(3).values[:, -1:]  # (B, V) -> (B, k) -> (B, 1)
kept_logits = tied.masked_fill(tied < kth, float("-inf"))
print(kth, torch.softmax(kept_logits, dim=-1))

# %% [markdown] lang="es"
r"""
Pedíamos tres y quedan cuatro: hay un empate en el tercer puesto. No hay razón para dejar fuera a uno de los dos, así que se quedan los dos.

Ahora, con apuestas de verdad: las del modelo preentrenado que viene en la caja, y que presentamos en 5.9. Escribe un principio, mueve los mandos y mira qué queda.
"""

# %% [markdown] lang="en"
r"""
We asked for three and four remain: there is a tie for third place. There is no reason to leave one of the two out, so both stay.

Now, with real bets: those of the pretrained model that comes in the box, which we introduce in 5.9. Write a beginning, move the dials and see what is left.
"""

# %% tags=["nbval-ignore-output"]
mini = fuse(load_pretrained("mini"))
widgets.play_decoding(mini, mini_tokenizer, {"es": "La barca cruzaba el", "en": "The boat crossed the"}[EDITION])

# %% [markdown] lang="es"
r"""
Prueba primero con un principio que casi obligue a lo que sigue, como «Se encogió de», y luego con uno que no obligue a nada. El mismo $k$ se queda largo en uno y corto en el otro.

Top-p ([Holtzman et al., 2020](https://arxiv.org/abs/1904.09751)) lo arregla: en vez de un número fijo, toma los más probables, de mayor a menor, hasta que juntos sumen, por ejemplo, 0.9.
"""

# %% [markdown] lang="en"
r"""
Try first a beginning that all but forces what follows, like "Once upon a", and then one that forces nothing. The same $k$ is too many for one and too few for the other.

Top-p ([Holtzman et al., 2020](https://arxiv.org/abs/1904.09751)) mends that: instead of a fixed number, it takes the likeliest, from the top down, until together they add up to 0.9, say.
"""

# %% [markdown] lang="es" exercise="sample_next"
r"""
### Ejercicio: elegir

Todo el carácter de un modelo al hablar sale de aquí. Escribe `sample_next`.

```python
def sample_next(
    logits: Tensor, temperature: float = 0.0, top_k: int | None = None, generator=None
) -> Tensor: ...
```

De `(B, V)` a `(B, 1)`, un id por fila. Con temperatura 0, el mayor. Si no, se sortea según el softmax de los logits divididos entre la temperatura; con `top_k`, solo entre los `top_k` mayores y los que empaten con el último. Un `top_k` mayor que `V` los deja todos. El sorteo usa `generator`.
"""

# %% [markdown] lang="en" exercise="sample_next"
r"""
### Exercise: choosing

All of a model's character when it speaks comes from here. Write `sample_next`.

```python
def sample_next(
    logits: Tensor, temperature: float = 0.0, top_k: int | None = None, generator=None
) -> Tensor: ...
```

From `(B, V)` to `(B, 1)`, one id per row. At temperature 0, the largest. Otherwise draw by the softmax of the logits divided by the temperature; with `top_k`, only among the `top_k` largest and those that tie with the last. A `top_k` larger than `V` keeps all. The draw uses `generator`.
"""

# %% solution="sample_next"

# %%
with example():
    # es: se espera [[0], [2]], luego [0, 1] y por último [0, 1, 2, 3]
    # en: expected: [[0], [2]], then [0, 1] and finally [0, 1, 2, 3]
    print(sample_next(logits[[3, 2]]).tolist())
    for top_k in (2, 100):
        many = sample_next(logits[3].expand(500, 4), temperature=1.0, top_k=top_k)
        print(sorted(set(many.flatten().tolist())))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El caso `temperature == 0` va aparte y el primero: dividir entre cero no lleva a ninguna parte.
</details>

<details><summary>Pista 2</summary>

El menor de los `top_k` mayores es `logits.topk(k).values[:, -1:]`; lo que sea menor que él, fuera. `topk` protesta si `k` pasa de `V`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Handle `temperature == 0` separately, and first: dividing by zero leads nowhere.
</details>

<details><summary>Hint 2</summary>

The least of the `top_k` largest is `logits.topk(k).values[:, -1:]`; out with whatever is less. `topk` complains if `k` exceeds `V`.
</details>
"""

# %% tests="sample_next"

# %% [markdown] lang="es"
r"""
Falta saber cuándo callar. En el entrenamiento, cada texto acaba con un token especial, `<|endoftext|>`; si el modelo lo elige, es que ha terminado.

Con varios textos a la vez, unos acaban antes que otros. Como el tensor tiene que seguir siendo un rectángulo, la fila que acaba se rellena con ese mismo token mientras espera.
"""

# %% [markdown] lang="en"
r"""
What is missing is to know when to hush. In training, every text ends with a special token, `<|endoftext|>`; if the model chooses it, it has finished.

With several texts at once, some end before others. As the tensor must remain a rectangle, a row that has ended is filled up with that same token while it waits.
"""

# %% [markdown] lang="es" exercise="generate"
r"""
### Ejercicio: generar, con azar y con final

Es `generate_greedy` con cuatro argumentos más. Escribe `generate`.

```python
def generate(
    model: nn.Module, token_ids: Tensor, max_new_tokens: int, context_length: int,
    temperature: float = 0.0, top_k: int | None = None, eos_id: int | None = None, generator=None,
) -> Tensor: ...
```

Cada token lo elige `sample_next`. La fila que escribe `eos_id` lo conserva y se rellena con él, y cuando han acabado todas se para; sin `eos_id` (`None`) ninguna acaba antes de tiempo. Un `eos_id` que ya esté en el prompt no cuenta. El modelo lee como mucho los últimos `context_length` tokens.
Como en `generate_greedy`, no se calculan gradientes y el modo del modelo no se toca.
"""

# %% [markdown] lang="en" exercise="generate"
r"""
### Exercise: generating, with chance and an ending

It is `generate_greedy` with four more arguments. Write `generate`.

```python
def generate(
    model: nn.Module, token_ids: Tensor, max_new_tokens: int, context_length: int,
    temperature: float = 0.0, top_k: int | None = None, eos_id: int | None = None, generator=None,
) -> Tensor: ...
```

Each token is chosen by `sample_next`. A row that writes `eos_id` keeps it and is filled up with it, and when all have ended it stops; without `eos_id` (`None`) none ends early. An `eos_id` that is already in the prompt doesn't count. The model reads at most the last `context_length` tokens.
As in `generate_greedy`, no gradients are computed and the model's mode is left alone.
"""

# %% solution="generate"


# %%
class Counter(nn.Module):
    def forward(self, token_ids: Tensor) -> Tensor:
        return F.one_hot((token_ids + 1) % 10, num_classes=10).float()  # (B, T) -> (B, T, 10)


with example():
    # es: se espera [[9, 5, 6, 7, 8, 9, 9], [0, 3, 4, 5, 6, 7, 8]], después [[9, 7, 8, 9]] y, sin final, [[9, 7, 8, 9, 0]]
    # en: expected: [[9, 5, 6, 7, 8, 9, 9], [0, 3, 4, 5, 6, 7, 8]], then [[9, 7, 8, 9]] and, without an ending, [[9, 7, 8, 9, 0]]
    print(generate(Counter(), torch.tensor([[9, 5], [0, 3]]), 5, context_length=8, eos_id=9).tolist())
    print(generate(Counter(), torch.tensor([[9, 7]]), 5, context_length=8, eos_id=9).tolist())
    print(generate(Counter(), torch.tensor([[9, 7]]), 3, context_length=8).tolist())

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

Lleva un tensor booleano `ended`, `(B, 1)`, que empieza en `False`. Con `next_id.masked_fill(ended, eos_id)` las filas acabadas se rellenan; después se pone al día con `ended |= next_id == eos_id`. Todo eso, solo si `eos_id is not None`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

Carry a boolean tensor `ended`, `(B, 1)`, which starts as `False`. With `next_id.masked_fill(ended, eos_id)` the rows that have ended are filled up; then it is brought up to date with `ended |= next_id == eos_id`. All of this only if `eos_id is not None`.
</details>
"""

# %% tests="generate"

# %% [markdown] lang="es"
r"""
Que hable ahora el preentrenado, con el mismo principio y cuatro temperaturas.
"""

# %% [markdown] lang="en"
r"""
Now let the pretrained one speak, with the same beginning and four temperatures.
"""

# %% tags=["nbval-ignore-output"]
once = {"es": "Había una vez", "en": "Once upon a time"}[EDITION]


def tell(model: nn.Module, prompt: str, temperature: float, top_k: int | None = None, seed: int = 5) -> str:
    start = torch.tensor([mini_tokenizer.encode(prompt)])
    draw, end = torch.Generator().manual_seed(seed), mini_tokenizer.eot_token
    written = generate(model, start, 60, 256, temperature, top_k, eos_id=end, generator=draw)[0].tolist()
    return mini_tokenizer.decode([i for i in written if i != end])


told = {f"τ = {t}": tell(mini, once, t) for t in (0.0, 0.7, 1.0, 1.6)}
pages.samples(told, say("El mismo modelo y el mismo principio.", "The same model and the same beginning."), once)

# %% [markdown] lang="es"
r"""
De izquierda a derecha, de la prudencia al delirio. Con 0 es fácil que se ponga a dar vueltas, como Casilda con sus nueve; con 1.6, que se caiga de la barca.

El tercer mando es la semilla: con la misma, el mismo texto. Aquí va lo de siempre en la práctica, una temperatura de 0.8 y top-k de 50, con tres semillas.
"""

# %% [markdown] lang="en"
r"""
From left to right, from caution to delirium. At 0 it easily starts going round in circles, like Casilda with her nine; at 1.6 it may well fall off the boat.

The third dial is the seed: the same seed, the same text. Here is what people commonly use, a temperature of 0.8 and a top-k of 50, with three seeds.
"""

# %% tags=["nbval-ignore-output"]
told = {say(f"semilla {seed}", f"seed {seed}"): tell(mini, once, 0.8, top_k=50, seed=seed) for seed in (1, 2, 3)}
pages.samples(told, say("Temperatura 0.8, top-k 50.", "Temperature 0.8, top-k 50."), once)

# %% [markdown] lang="es"
r"""
## 5.8 Guardar y seguir otro día

Un entrenamiento largo se interrumpe: se va la luz, se acaba el turno. Guardar los pesos parece bastar.

`save_weights` los escribe en formato safetensors, que son números y sus nombres y nada más; el de siempre, *pickle*, puede ejecutar código al abrirse. `load_weights` los devuelve.
"""

# %% [markdown] lang="en"
r"""
## 5.8 Saving, and going on another day

Long training runs get interrupted: the power fails, the shift is over. Saving the weights would seem to be enough.

`save_weights` writes them in the safetensors format, which is numbers and their names and nothing else; the traditional one, *pickle*, can run code when opened. `load_weights` brings them back.
"""

# %%
scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name)
save_weights(model, folder / "story.safetensors")
copy = GPTModel(cfg)
load_weights(copy, folder / "story.safetensors")
print(all(torch.equal(a, b) for a, b in zip(model.parameters(), copy.parameters())))
print(f"{(folder / 'story.safetensors').stat().st_size / 1e6:.1f} MB")

# %% [markdown] lang="es"
r"""
Cuatro bytes por parámetro y ni uno distinto. Pero los pesos no son lo único que pasa de un paso al siguiente. Mira lo que recuerda AdamW de cada uno.
"""

# %% [markdown] lang="en"
r"""
Four bytes per parameter and not one of them different. But weights are not the only thing that goes from one step to the next. Look at what AdamW remembers of each.
"""

# %%
memory = optimizer.state[model.out_head.weight]
print({name: list(value.shape) for name, value in memory.items()}, int(memory["step"]))

# %% [markdown] lang="es"
r"""
Las dos medias de 5.5, `exp_avg` y `exp_avg_sq`, con la forma del peso, y el número de pasos dados. Un punto de control (*checkpoint*) que se precie las guarda junto a los pesos, así que ocupa el triple.

Veamos si importa: doce pasos seguidos; seis, guardar, cargar y otros seis; y lo mismo olvidando el optimizador.
"""

# %% [markdown] lang="en"
r"""
The two averages of 5.5, `exp_avg` and `exp_avg_sq`, in the shape of the weight, and the number of steps taken. A proper checkpoint keeps them beside the weights, so it takes three times the room.

Let's see whether it matters: twelve steps in a row; six, save, load, and six more; and the same forgetting the optimizer.
"""

# %%
small = GPTConfig(tokenizer.n_vocab, context_length=64, emb_dim=32, n_heads=4, n_layers=1, drop_rate=0.0)
batches = list(make_loader(train_ids, 64, 64, batch_size=4, shuffle=False))[:12]


def fresh(seed: int) -> tuple[GPTModel, AdamW]:
    torch.manual_seed(seed)
    made = GPTModel(small)
    return made, AdamW(made.parameters(), lr=1e-2)


whole, adam = fresh(seed=5)
straight = train_model(whole, batches, adam, 1)

half, adam = fresh(seed=5)
train_model(half, batches[:6], adam, 1)
save_checkpoint(folder / "half.safetensors", half, adam, step=6)

# %%
resumed, adam = fresh(seed=99)
done = load_checkpoint(folder / "half.safetensors", resumed, adam)
again = train_model(resumed, batches[done:], adam, 1)

load_checkpoint(folder / "half.safetensors", resumed, adam)
forgetful = train_model(resumed, batches[done:], AdamW(resumed.parameters(), lr=1e-2), 1)

for losses in (straight[6:], again, forgetful):
    same = max(abs(a - b) for a, b in zip(losses, straight[6:])) < 1e-4
    print([f"{loss:.2f}" for loss in losses], same)

# %% [markdown] lang="es"
r"""
Con el optimizador, las pérdidas son las mismas, cifra por cifra. Sin él, la primera coincide (los pesos eran los buenos) y desde ahí se va por otro lado: con las medias a cero, Adam vuelve a dar pasos del tamaño máximo. Aquí, con el modelo recién empezado, hasta le vienen bien; a mitad de un entrenamiento largo, deshacen lo afinado.

También hay que seguir por el lote siguiente y no por el primero: de eso se ha encargado `batches[done:]`.
"""

# %% [markdown] lang="en"
r"""
With the optimizer, the losses are the same, digit for digit. Without it, the first agrees (the weights were right) and from there on it goes its own way: with its averages at zero, Adam takes steps of the largest size again. Here, with the model barely begun, they even help; in the middle of a long run, they undo the fine work.

One must also go on with the next batch and not with the first: `batches[done:]` took care of that.
"""

# %% [markdown] lang="es"
r"""
Un detalle de oficio: el archivo se escribe con otro nombre y se renombra al acabar. Si la luz se va a mitad, lo que queda es el punto de control anterior, entero.

Y otro: guarda también en el fondo del valle. El mejor modelo de 5.6 no era el último.
"""

# %% [markdown] lang="en"
r"""
A trick of the trade: the file is written under another name and renamed when it is done. If the power fails halfway, what remains is the previous checkpoint, whole.

And another: save at the bottom of the valley, too. The best model of 5.6 was not the last.
"""

# %% [markdown] lang="es"
r"""
## 5.9 Un modelo que ha leído

Un cuento no basta. El modelo que viene en la caja, `mini`, es tu `GPTModel` con seis bloques, y ha leído libros en los dos idiomas: cuentos infantiles, fábulas, novelas antiguas y frases sueltas, todo de dominio público o con licencia libre.

Su ficha, en `desdecero/data/cards/mini.md`, dice qué textos son, con qué licencias, y lo que no sabe hacer.
"""

# %% [markdown] lang="en"
r"""
## 5.9 A model that has read

One story is not enough. The model that comes in the box, `mini`, is your `GPTModel` with six blocks, and it has read books in both languages: children's tales, fables, old novels and single sentences, all in the public domain or under a free licence.

Its card, in `desdecero/data/cards/mini.md`, says which texts these are, under which licences, and what it can't do.
"""

# %%
print(f"{sum(p.numel() for p in mini.parameters()):,}")
{name: list(table.weight.shape) for name, table in (("tok_emb", mini.tok_emb), ("pos_emb", mini.pos_emb))}

# %% [markdown] lang="es"
r"""
Nueve millones de parámetros, un contexto de 256 tokens y un vocabulario de 8,192.

Lo hemos pasado por `fuse`, del módulo `desdecero.fast`: cambia tus operaciones por otras equivalentes que PyTorch trae fundidas, con los mismos pesos y los mismos resultados, y va bastante más deprisa.

Lo primero, que hable, en los dos idiomas.
"""

# %% [markdown] lang="en"
r"""
Nine million parameters, a context of 256 tokens and a vocabulary of 8,192.

We have put it through `fuse`, of the module `desdecero.fast`: it swaps your operations for equivalent ones that PyTorch brings fused, with the same weights and the same results, and is a good deal faster.

First of all, let it speak, in both languages.
"""

# %% tags=["nbval-ignore-output"]
openings = ("El rey miró a su hija y", "Por la noche, el río", "The old king looked at", "At night, the river")
told = {f"{i}": tell(mini, text, 0.8, top_k=50, seed=i) for i, text in enumerate(openings, start=1)}
pages.samples(told, say("Un solo modelo, cuatro principios.", "One model, four beginnings."))

# %% [markdown] lang="es"
r"""
Nadie le ha dicho en qué idioma contestar: sigue en el que empiezas.

Pero eso es mirar lo escrito, y ya sabes lo que vale. Midamos. El cuento del curso no estaba entre sus lecturas, así que vale entero de examen; al lado, el mismo modelo sin entrenar.
"""

# %% [markdown] lang="en"
r"""
Nobody has told it in which language to answer: it goes on in the one you begin with.

But that is looking at what is written, and you know what that is worth. Let's measure. The course's story was not among its reading, so all of it can serve as an exam; beside it, the same model untrained.
"""

# %% tags=["nbval-ignore-output"]
torch.manual_seed(5)
newborn = fuse(GPTModel(GPTConfig(8_192, context_length=256, emb_dim=256, n_heads=4, n_layers=6, drop_rate=0.0)))


def costs(model: nn.Module, text: str) -> tuple[float, float]:
    """Perplexity and bits per byte of a text."""
    ids, size = mini_tokenizer.encode(text), len(text.encode("utf-8"))
    bits = bits_per_byte(model, ids, 256, size)
    return perplexity(bits * math.log(2) * size / (len(ids) - 1)), bits


for name, reader in ((say("recién nacido", "newborn"), newborn), ("mini", mini)):
    print("{:14} {:8,.0f} {:6.2f}".format(name, *costs(reader, story)))

# %% [markdown] lang="es"
r"""
La primera columna es la perplejidad; el recién nacido anda cerca de 8,192, que sería elegir a ciegas. La segunda, los bits por byte, permite sentarlo a la mesa con los demás, aunque tengan otro tokenizador.

Todos ante el mismo texto: el final del cuento, que ninguno ha leído.
"""

# %% [markdown] lang="en"
r"""
The first column is the perplexity; the newborn's is close to 8,192, which would be choosing blindly. The second, the bits per byte, lets it sit at the same table as the others, even though their tokenizer is another.

Everyone before the same text: the story's ending, which none of them has read.
"""

# %% tags=["nbval-ignore-output"]
size = len(ending.encode("utf-8"))
bits = {name: bits_per_byte(guesser, val_ids, 64, size) for name, guesser in guessers.items()}
# es: el GPT del cuento, en el fondo del valle
# en: the story's GPT, at the bottom of the valley
bits[say("GPT, un cuento", "GPT, one story")] = best * len(val_ids) / math.log(2) / size
bits[say("mini, recién nacido", "mini, newborn")] = costs(newborn, ending)[1]
bits["mini"] = costs(mini, ending)[1]
del newborn
plots.bits_bars(bits)

# %% [markdown] lang="es"
r"""
Compara sobre todo dos barras: `mini`, que no ha oído hablar de Casilda, y la tabla por parejas, que ha leído nueve décimas partes de su historia.

Uno sabe el idioma; la otra, el cuento. Lo natural es querer las dos cosas.
"""

# %% [markdown] lang="en"
r"""
Compare two bars above all: `mini`, which has never heard of Casilda, and the table of pairs, which has read nine tenths of her story.

One knows the language; the other, the story. The natural thing is to want both.
"""

# %% [markdown] lang="es"
r"""
### Seguir donde otro lo dejó

Entrenar más un modelo ya entrenado se llama **ajuste fino** (*fine-tuning*). Es el mismo bucle con un cuidado nuevo: la tasa de aprendizaje.

Demasiado alta, y unos pocos lotes borran lo que costó horas aprender. Demasiado baja, y no pasa nada. Probamos tres, una vuelta cada una, y que decida la validación.
"""

# %% [markdown] lang="en"
r"""
### Going on where somebody left off

Training an already trained model further is called **fine-tuning**. It is the same loop with one new care: the learning rate.

Too high, and a few batches wipe out what took hours to learn. Too low, and nothing happens. We try three, one pass each, and let the validation decide.
"""

# %% tags=["nbval-ignore-output"]
tune_loader = make_loader(mini_tokenizer.encode(beginning), 128, 128, batch_size=4, seed=5)
exam_loader = make_loader(mini_tokenizer.encode(ending), 128, 128, batch_size=1, shuffle=False)
untouched = evaluate(mini, exam_loader)
print(f"{say('antes', 'before'):8} {untouched:.2f}")

lowest = math.inf
for rate in (3e-5, 3e-4, 3e-3):
    candidate = fuse(load_pretrained("mini"))
    adam = AdamW(candidate.parameters(), lr=rate)
    train_model(candidate, tune_loader, adam, 1)
    loss = evaluate(candidate, exam_loader)
    print(f"{rate:<8} {loss:.2f}")
    if loss < lowest:
        lowest, best_rate = loss, rate
        save_checkpoint(folder / "tuned.safetensors", candidate, adam, step=len(tune_loader))
del candidate, adam

# %% [markdown] lang="es"
r"""
Nos quedamos con la menor pérdida de las tres. La regla general: para un ajuste fino, una tasa menor que la del preentrenamiento, que acabó muy baja después de empezar alta. En el apéndice D verás cómo subirla y bajarla durante un mismo entrenamiento.

Ese modelo lo hemos guardado, como en 5.8. Da dos vueltas más, y esta vez miramos.
"""

# %% [markdown] lang="en"
r"""
We keep the smallest loss of the three. The general rule: for fine-tuning, a lower rate than that of pretraining, which ended very low after starting high. In appendix D you will see how to raise and lower it within one run.

We have saved that model, as in 5.8. It makes two more passes, and this time we watch.
"""

# %% tags=["nbval-ignore-output"]
tuned = fuse(load_pretrained("mini"))
adam = AdamW(tuned.parameters(), lr=best_rate)
load_checkpoint(folder / "tuned.safetensors", tuned, adam)

begin = {"es": "Casilda miró a Baltasar y", "en": "Casilda looked at Baltasar and"}[EDITION]
watched = Watch(tuned, lambda: evaluate(tuned, exam_loader), lambda: tell(tuned, begin, 0.7, top_k=50), {})
steps = 2 * len(tune_loader)
train_model(tuned, tune_loader, adam, 2, on_step=watched.expect(steps, every=6))
tuned.eval()
del adam
print(f"{untouched:.2f} → {watched.validation[steps]:.2f}")

# %% tags=["nbval-ignore-output"]
readers = {say("antes", "before"): mini, say("después", "after"): tuned}
versions = {when: tell(reader, begin, 0.7, top_k=50) for when, reader in readers.items()}
pages.samples(versions, say("El mismo principio y la misma semilla.", "The same beginning and the same seed."), begin)

# %% [markdown] lang="es"
r"""
Con treinta y tantos pasos ha cogido nombres, río y manera de hablar; el idioma ya lo traía. Los cientos de pasos de 5.6, en cambio, tuvieron que empezar por el abecedario.

¿Y qué ha perdido? Pregúntale por el cuento en el otro idioma, que no ha visto en ningún momento.
"""

# %% [markdown] lang="en"
r"""
In some thirty steps it has picked up names, river and manner of speaking; the language it brought along. The hundreds of steps of 5.6, by contrast, had to begin with the alphabet.

And what has it lost? Ask it about the story in the other language, which it has not seen at any time.
"""

# %% tags=["nbval-ignore-output"]
other = load_story({"es": "en", "en": "es"}[EDITION])
for name, text in ((say("el final", "the ending"), ending), (say("el otro idioma", "the other language"), other)):
    print(f"{name:20} {costs(mini, text)[1]:.2f} → {costs(tuned, text)[1]:.2f}")

# %% [markdown] lang="es"
r"""
Si la segunda línea sube, es el **olvido catastrófico** ([McCloskey y Cohen, 1989](https://doi.org/10.1016/S0079-7421(08)60536-8)): los mismos pesos sirven para todo, y quien los mueve para una cosa los mueve para las demás. Si baja, los nombres compartidos han pesado más.

Contra el olvido, tasas bajas, pocas vueltas y mezclar algo de lo antiguo.
"""

# %% [markdown] lang="en"
r"""
If the second line goes up, that is **catastrophic forgetting** ([McCloskey and Cohen, 1989](https://doi.org/10.1016/S0079-7421(08)60536-8)): the same weights serve for everything, and whoever moves them for one thing moves them for the rest. If it goes down, the names they share weighed more.

Against forgetting: low rates, few passes, and mixing in some of the old.
"""

# %% [markdown] lang="es"
r"""
¿Quieres preentrenar el tuyo? Junta textos en una carpeta y lanza, en una terminal,

```bash
python -m desdecero.pretrain --corpus FOLDER --config trial
```

Limpia, quita duplicados, aparta la validación por documentos y entrena con puntos de control; si lo paras, sigue donde estaba. Con `--config mini` tendrá la forma del de la caja, y necesitarás unas horas. Deja una carpeta, `pretrained`; di aquí dónde está, y es tuyo:

```python
mine = load_pretrained("mini", folder=Path("pretrained"))
```
"""

# %% [markdown] lang="en"
r"""
Do you want to pretrain your own? Gather texts in a folder and run, in a terminal,

```bash
python -m desdecero.pretrain --corpus FOLDER --config trial
```

It cleans, removes duplicates, holds out whole documents for validation and trains with checkpoints; if you stop it, it goes on where it was. With `--config mini` it has the shape of the one in the box, and you will need some hours. It leaves a folder, `pretrained`; say here where it is, and it is yours:

```python
mine = load_pretrained("mini", folder=Path("pretrained"))
```
"""

# %% [markdown] lang="es"
r"""
## 5.10 Los pesos de GPT-2

OpenAI publicó los pesos de GPT-2 ([Radford et al., 2019](https://github.com/openai/gpt-2)). Tu modelo tiene su misma forma, así que puede ponérselos.

Solo que allí las piezas tienen otros nombres, y algunas otra postura. Esta es la lista completa, para el más pequeño.
"""

# %% [markdown] lang="en"
r"""
## 5.10 GPT-2's weights

OpenAI published the weights of GPT-2 ([Radford et al., 2019](https://github.com/openai/gpt-2)). Your model has the very same shape, so it can wear them.

Except that over there the parts have other names, and some are turned another way. This is the complete list, for the smallest.
"""

# %%
D, C, V2 = 768, 1_024, 50_257
kinds = [
    ("wte.weight", (V2, D), "=", "tok_emb.weight", (V2, D)),
    ("wpe.weight", (C, D), "=", "pos_emb.weight", (C, D)),
    ("h.i.ln_1.weight / .bias", (D,), "=", "trf_blocks.i.norm1.scale / .shift", (D,)),
    ("h.i.attn.c_attn.weight", (D, 3 * D), ".T.chunk(3)", "trf_blocks.i.att.W_query / W_key / W_value", (D, D)),
    ("h.i.attn.c_attn.bias", (3 * D,), ".chunk(3)", "trf_blocks.i.att.W_… .bias", (D,)),
    ("h.i.attn.c_proj.weight", (D, D), ".T", "trf_blocks.i.att.out_proj.weight", (D, D)),
    ("h.i.ln_2.weight / .bias", (D,), "=", "trf_blocks.i.norm2.scale / .shift", (D,)),
    ("h.i.mlp.c_fc.weight", (D, 4 * D), ".T", "trf_blocks.i.ff.layers.0.weight", (4 * D, D)),
    ("h.i.mlp.c_proj.weight", (4 * D, D), ".T", "trf_blocks.i.ff.layers.2.weight", (D, 4 * D)),
    ("h.i.….bias", "…", "=", "trf_blocks.i.….bias", "…"),
    ("ln_f.weight / .bias", (D,), "=", "final_norm.scale / .shift", (D,)),
    ("wte.weight", (V2, D), "=", "out_head.weight", (V2, D)),
]
flow.tensor_map([(a, str(b), c, d, str(e)) for a, b, c, d, e in kinds])

# %% [markdown] lang="es"
r"""
Hay tres sorpresas. La primera: sus capas lineales están transpuestas. GPT-2 las llamó `Conv1D`, y calculan `x @ W + b`, con `W` de entrada por salida; `nn.Linear` calcula `x @ W.T + b`, con `W` de salida por entrada.
"""

# %% [markdown] lang="en"
r"""
There are three surprises. The first: their linear layers are transposed. GPT-2 called them `Conv1D`, and they compute `x @ W + b`, with `W` input by output; `nn.Linear` computes `x @ W.T + b`, with `W` output by input.
"""

# %%
torch.manual_seed(5)
x, W, b = torch.randn(2), torch.randn(2, 3), torch.randn(3)
linear = nn.Linear(2, 3)
with torch.no_grad():
    linear.weight.copy_(W.T)
    linear.bias.copy_(b)
print(torch.allclose(x @ W + b, linear(x)))

# %% [markdown] lang="es"
r"""
La segunda: consulta, clave y valor van pegadas en una sola matriz, `c_attn`, para hacer un producto en vez de tres.
"""

# %% [markdown] lang="en"
r"""
The second: query, key and value are glued together in one matrix, `c_attn`, to do one product instead of three.
"""

# %%
flow.fused_attention(768)

# %% [markdown] lang="es"
r"""
La tercera es la última fila de la tabla: no hay cabeza de salida. Hace de ella la propia tabla de tokens, usada dos veces, como viste en 4.6. En nuestro modelo son dos tensores, y se copia el mismo en ambos.

Algunos archivos repiten esa tabla con el nombre `lm_head.weight`; un modelo que tenga cabeza propia la guarda ahí. Otros traen máscaras, `h.i.attn.bias` y `h.i.attn.masked_bias`. No son pesos: la máscara causal ya la tienes.
"""

# %% [markdown] lang="en"
r"""
The third is the last row of the table: there is no output head. The token table itself stands in for it, used twice, as you saw in 4.6. In our model they are two tensors, and the same one is copied to both.

Some files repeat that table under the name `lm_head.weight`; a model with a head of its own keeps it there. Others carry masks, `h.i.attn.bias` and `h.i.attn.masked_bias`. They are not weights: the causal mask you already have.
"""

# %% [markdown] lang="es"
r"""
Para practicar no hace falta descargar medio giga. Este GPT-2 es diminuto y de pesos al azar, pero sus nombres y formas son los del archivo de verdad.
"""

# %% [markdown] lang="en"
r"""
To practise, there is no need to download half a gigabyte. This GPT-2 is tiny and its weights are random, but its names and shapes are those of the real file.
"""

# %%
toy = GPTConfig(vocab_size=50, context_length=16, emb_dim=8, n_heads=2, n_layers=2, drop_rate=0.0, qkv_bias=True)


def random_gpt2(cfg: GPTConfig) -> dict[str, Tensor]:
    D = cfg.emb_dim
    layers = {"attn.c_attn": (D, 3 * D), "attn.c_proj": (D, D), "mlp.c_fc": (D, 4 * D), "mlp.c_proj": (4 * D, D)}
    shapes = {"wte.weight": (cfg.vocab_size, D), "wpe.weight": (cfg.context_length, D)}
    for i in range(cfg.n_layers):
        shapes |= {f"h.{i}.{name}.weight": shape for name, shape in layers.items()}
        shapes |= {f"h.{i}.{name}.bias": shape[1:] for name, shape in layers.items()}
        shapes |= {f"h.{i}.{norm}.{kind}": (D,) for norm in ("ln_1", "ln_2") for kind in ("weight", "bias")}
    shapes |= {"ln_f.weight": (D,), "ln_f.bias": (D,)}
    return {name: 0.5 * torch.randn(shape) for name, shape in shapes.items()}


torch.manual_seed(5)
theirs = random_gpt2(toy)
print(len(theirs), list(theirs)[:4])

# %% [markdown] lang="es" exercise="load_gpt2_weights"
r"""
### Ejercicio: cargar los pesos de GPT-2

Con esto, el modelo que has escrito es GPT-2. Escribe `load_gpt2_weights`.

```python
def load_gpt2_weights(model: GPTModel, weights: dict[str, Tensor]) -> None: ...
```

`weights` usa los nombres de la tabla, con `transformer.` delante o sin él; las máscaras se ignoran. Si está `lm_head.weight`, va a `out_head`; si no, va `wte.weight`.
Rellena `model` (hecho con `qkv_bias=True`) sin cambiar sus tensores por otros. Si un tensor falta o su forma no es la debida, lanza un error cuyo mensaje lo nombre, y deja el modelo como estaba.
"""

# %% [markdown] lang="en" exercise="load_gpt2_weights"
r"""
### Exercise: loading GPT-2's weights

With this, the model you have written is GPT-2. Write `load_gpt2_weights`.

```python
def load_gpt2_weights(model: GPTModel, weights: dict[str, Tensor]) -> None: ...
```

`weights` uses the names of the table, with `transformer.` in front or without it; masks are ignored. If `lm_head.weight` is there, it goes to `out_head`; if not, `wte.weight` does.
Fill `model` (made with `qkv_bias=True`) without swapping its tensors for others. If a tensor is missing or its shape is not the right one, raise an error whose message names it, and leave the model as it was.
"""

# %% solution="load_gpt2_weights"

# %%
with example():
    # es: se espera True True y un error que nombra h.1.mlp.c_fc.weight
    # en: expected: True True and an error that names h.1.mlp.c_fc.weight
    wearing = GPTModel(toy)
    load_gpt2_weights(wearing, theirs)
    print(torch.equal(wearing.tok_emb.weight, theirs["wte.weight"]), end=" ")
    print(torch.equal(wearing.trf_blocks[1].att.W_key.weight, theirs["h.1.attn.c_attn.weight"][:, 8:16].T))
    load_gpt2_weights(wearing, {name: t for name, t in theirs.items() if name != "h.1.mlp.c_fc.weight"})

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Traduce primero todo a un diccionario con los nombres de `model.named_parameters()`; comprueba que están todos y con su forma; solo entonces, copia.
</details>

<details><summary>Pista 2</summary>

`name.removeprefix("transformer.")` quita el prefijo si lo hay. Para copiar, `parameter.copy_(tensor)` dentro de `torch.no_grad()`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

First translate everything into a dictionary under the names of `model.named_parameters()`; check that all are there and in shape; only then copy.
</details>

<details><summary>Hint 2</summary>

`name.removeprefix("transformer.")` takes the prefix off if there is one. To copy, `parameter.copy_(tensor)` inside `torch.no_grad()`.
</details>
"""

# %% tests="load_gpt2_weights"

# %% [markdown] lang="es"
r"""
¿Cómo se sabe que está bien? Que las formas casen no prueba nada: `attn.c_proj` es cuadrada, y sin transponer entra igual.

La prueba es calcular lo mismo de otro modo. Esto es GPT-2 escrito directamente sobre el diccionario, a su manera: `x @ W + b`, `c_attn` sin partir, y la cabeza, la tabla.
"""

# %% [markdown] lang="en"
r"""
How do you know it is right? That the shapes match proves nothing: `attn.c_proj` is square, and goes in just as well untransposed.

The proof is to compute the same in another way. This is GPT-2 written directly upon the dictionary, their way: `x @ W + b`, `c_attn` undivided, and the table for a head.
"""


# %%
def gpt2_logits(w: dict[str, Tensor], token_ids: Tensor, n_layers: int, n_heads: int) -> Tensor:
    def conv1d(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"])

    x = w["wte.weight"][token_ids] + w["wpe.weight"][: token_ids.shape[1]]  # (B, T, D)
    for h in (f"h.{i}" for i in range(n_layers)):
        fused = conv1d(norm(x, f"{h}.ln_1"), f"{h}.attn.c_attn")  # (B, T, D) -> (B, T, 3D)
        split = (y.unflatten(-1, (n_heads, -1)).transpose(1, 2) for y in fused.chunk(3, dim=-1))
        context = F.scaled_dot_product_attention(*split, is_causal=True).transpose(1, 2).flatten(2)
        x = x + conv1d(context, f"{h}.attn.c_proj")
        wide = F.gelu(conv1d(norm(x, f"{h}.ln_2"), f"{h}.mlp.c_fc"), approximate="tanh")
        x = x + conv1d(wide, f"{h}.mlp.c_proj")
    return norm(x, "ln_f") @ w["wte.weight"].T  # (B, T, D) -> (B, T, V)


# %%
dressed = GPTModel(toy).eval()
load_gpt2_weights(dressed, theirs)
question = torch.randint(50, (3, 16))
with torch.no_grad():
    wanted = gpt2_logits(theirs, question, toy.n_layers, toy.n_heads)
    print(list(wanted.shape), torch.allclose(dressed(question), wanted, atol=1e-4))

    dressed.trf_blocks[0].att.out_proj.weight.copy_(theirs["h.0.attn.c_proj.weight"])
    print(torch.allclose(dressed(question), wanted, atol=1e-4))

# %% [markdown] lang="es"
r"""
Los mismos logits, con dos programas que no comparten una línea. Y la segunda prueba enseña el error del que nadie avisa: una matriz cuadrada sin transponer, ninguna queja, y todo mal.

Si tienes conexión y medio giga de disco, pon `DOWNLOAD = True` y vuelve a ejecutar: descarga GPT-2 y escribe con él. Sin red no pierdes nada de lo que sigue.
"""

# %% [markdown] lang="en"
r"""
The same logits, from two programs that don't share a line. And the second test shows the mistake that nobody warns of: one square matrix not transposed, no complaint, and everything wrong.

If you have a connection and half a gigabyte of disk, set `DOWNLOAD = True` and run again: it downloads GPT-2 and writes with it. Without a network you miss nothing of what follows.
"""

# %% tags=["nbval-skip"]
DOWNLOAD = False


def speak_as_gpt2(prompt: str, size: str = "gpt2") -> str:
    import tiktoken

    cutter, gpt2 = tiktoken.get_encoding("gpt2"), load_pretrained(size)
    start = torch.tensor([cutter.encode(prompt)])
    draw = torch.Generator().manual_seed(5)
    written = generate(gpt2, start, 40, 1_024, 0.8, top_k=50, eos_id=cutter.eot_token, generator=draw)
    return cutter.decode(written[0].tolist())


if DOWNLOAD:
    print(speak_as_gpt2("The ferry left the bank and"))

# %% [markdown] lang="es"
r"""
Es el mismo bucle y el mismo modelo que `mini`, con muchos más parámetros y muchísimo más texto, casi todo en inglés. Prueba a pedirle español; verás lo que le cuesta.

Si tienes memoria, cambia `size` por `"gpt2-medium"`. Tu clase no cambia ni una línea.
"""

# %% [markdown] lang="en"
r"""
It is the same loop and the same model as `mini`, with many more parameters and vastly more text, nearly all of it English. Try asking it for Spanish; you will see how it struggles.

If you have the memory, change `size` to `"gpt2-medium"`. Your class doesn't change by a line.
"""

# %% [markdown] lang="es"
r"""
El camino también va al revés. Lo que entrenas aquí cabe en una carpeta que `transformers`, la biblioteca de Hugging Face, abre como un GPT-2 más, con los mismos logits:

```python
from transformers import AutoModelForCausalLM

from desdecero.weights import to_transformers

to_transformers(tuned, "my-gpt", mini_tokenizer)
AutoModelForCausalLM.from_pretrained("my-gpt")
```
"""

# %% [markdown] lang="en"
r"""
The road goes the other way, too. What you train here fits in a folder that `transformers`, Hugging Face's library, opens like any other GPT-2, with the same logits:

```python
from transformers import AutoModelForCausalLM

from desdecero.weights import to_transformers

to_transformers(tuned, "my-gpt", mini_tokenizer)
AutoModelForCausalLM.from_pretrained("my-gpt")
```
"""

# %% [markdown] lang="es"
r"""
## 5.11 Lo que ya puedes hacer

Sabes medir un modelo sin fiarte de tus ojos, entrenarlo, ver cuándo deja de aprender y empieza a recitar, guardarlo para seguir otro día, elegir cómo habla, continuar el trabajo de otro y ponerle a tu código los pesos de GPT-2.
"""

# %% [markdown] lang="en"
r"""
## 5.11 What you can now do

You can measure a model without trusting your eyes, train it, see when it stops learning and starts reciting, save it to go on another day, choose how it speaks, continue somebody else's work, and dress your code in GPT-2's weights.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran siete: `batch_loss`, `perplexity`, `evaluate`, `train_model`, `sample_next`, `generate` y `load_gpt2_weights`. Los que hayas dejado te esperan.

Para jugar: cambia `drop_rate` a 0.2 en 5.5 y mira el valle; o quítale al modelo la mitad del cuento. En el capítulo 6 le cambias la cabeza a `mini` para que, en vez de seguir los mensajes, los clasifique.
"""

# %% [markdown] lang="en"
r"""
There were seven exercises: `batch_loss`, `perplexity`, `evaluate`, `train_model`, `sample_next`, `generate` and `load_gpt2_weights`. Those you left are waiting for you.

To play: change `drop_rate` to 0.2 in 5.5 and watch the valley; or take half the story away from the model. In chapter 6 you change the head of `mini` so that, instead of continuing messages, it sorts them.
"""
