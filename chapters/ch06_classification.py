# %% [markdown] lang="es"
r"""
# 6 · Afinar un clasificador

El jueves en que perdió las palabras, Casilda ya era un clasificador: a cualquier día lo llamaba «martes», y acertaba una vez por semana.

En este capítulo conviertes un modelo que escribe en uno que elige entre dos etiquetas, `ham` y `spam`, y te aseguras de que acierta por algo mejor que la costumbre.
"""

# %% [markdown] lang="en"
r"""
# 6 · Fine-tuning a classifier

On the Thursday she lost her words, Casilda was already a classifier: whatever the day, she called it "Tuesday", and once a week she was right.

In this chapter you turn a model that writes into one that picks between two labels, `ham` and `spam`, and you make sure that it is right for better reasons than habit.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Un filtro de mensajes basura al que puedes escribirle: los datos repartidos, la cabeza nueva, la medida de aciertos y la función que da el veredicto.

**Qué necesitas.** El GPT del capítulo 4 y el bucle de entrenamiento del capítulo 5.

**Cuánto se tarda.** Una hora larga de lectura, otra y media para los seis ejercicios y entre uno y dos minutos de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** A junk-message filter you can type into: the data dealt out, the new head, the measure of right answers and the function that gives the verdict.

**What you need.** The GPT of chapter 4 and the training loop of chapter 5.

**How long it takes.** A good hour of reading, an hour and a half more for the six exercises, and one to two minutes of running.
"""

# %%
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import pandas as pd
import tiktoken
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset

# %%
from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.classify import LastToken
from desdecero.data import load_sms
from desdecero.edition import say
from desdecero.fast import fuse
from desdecero.gpt import GPTConfig, GPTModel
from desdecero.plots import classify as plots, classify_flow as flow
from desdecero.plots.classify_text import cards
from desdecero.sampling import generate
from desdecero.text import load_tokenizer
from desdecero.training import clip_gradients, evaluate, learning_rate, train_model
from desdecero.weights import load_pretrained
from desdecero.widgets import classify as play
from desdecero.widgets.classify_live import Lesson

use_edition(EDITION)
torch.set_printoptions(precision=2, sci_mode=False)

# %% [markdown] lang="es"
r"""
## 6.1 Dos maneras de seguir entrenando

Un modelo preentrenado ha leído mucho y no sabe hacer ningún recado.
El **ajuste fino** (*fine-tuning*) es una segunda temporada de entrenamiento, corta y con un propósito, que empieza donde terminó la primera ([Howard y Ruder, 2018](https://arxiv.org/abs/1801.06146)).
Según el propósito hay dos clases.
"""

# %% [markdown] lang="en"
r"""
## 6.1 Two ways to go on training

A pretrained model has read a great deal and can't run a single errand.
**Fine-tuning** is a second season of training, short and with a purpose, that begins where the first one ended ([Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146)).
Depending on the purpose, it comes in two kinds.
"""

# %%
flow.two_ways()

# %% [markdown] lang="es"
r"""
A la izquierda el modelo aprende a elegir de una lista: qué es este mensaje, de qué habla esta noticia, si esta reseña está contenta.
A la derecha aprende a cumplir órdenes, y eso es el capítulo 7.

El clasificador sabe hacer una sola cosa, pero se entrena con poco, responde siempre con una etiqueta de las tuyas y se puede medir sin discusiones.
"""

# %% [markdown] lang="en"
r"""
On the left the model learns to choose from a list: what this message is, what that news item is about, whether this review is a happy one.
On the right it learns to carry out orders, and that is chapter 7.

The classifier can do one thing only, but little data is enough to train it, it always answers with one of your labels, and it can be measured without arguments.
"""

# %% [markdown] lang="es"
r"""
## 6.2 Los mensajes

Usaremos mensajes cortos escritos para este curso: `spam` es la basura, y `ham`, por tradición en el oficio, todo lo demás.
Hay los mismos en las dos ediciones, situación por situación, y nadie los recibió nunca: las firmas son inventadas y los enlaces no llevan a ninguna parte.
"""

# %% [markdown] lang="en"
r"""
## 6.2 The messages

We will use short messages written for this course: `spam` is the junk and `ham`, by a tradition of the trade, is everything else.
Both editions have the same ones, situation by situation, and nobody ever received them: the firms are invented and the links lead nowhere.
"""

# %%
messages = load_sms(EDITION)
messages["spam"] = (messages.label == "spam").astype(int)
print(len(messages), messages.label.value_counts().to_dict())
messages.head(4)

# %% [markdown] lang="es"
r"""
La columna `spam` es la etiqueta hecha número, 0 o 1, que es lo que entiende una pérdida.

Están hechos para despistar: hay avisos de verdad con códigos y enlaces, amigos que escriben «has ganado» y timadores que solo dicen hola.
Antes de pedírselo a una máquina, prueba tú con unos cuantos y luego mira las respuestas.
"""

# %% [markdown] lang="en"
r"""
The column `spam` is the label as a number, 0 or 1, which is what a loss understands.

They are meant to mislead: there are real notices with codes and links, friends who write "you won", and swindlers who merely say hello.
Before you ask a machine, try a few yourself, and then look at the answers.
"""

# %%
handful = messages.groupby("label").sample(15, random_state=11).sample(frac=1, random_state=11)
play.play_guess(handful.text.tolist(), handful.label.tolist())

# %% [markdown] lang="es"
r"""
En esos grupos hay tanto `spam` como `ham`, para que el juego tenga gracia. En la vida, y en el archivo, no es así: la basura es uno de cada siete mensajes y medio.

¿Cuánto acierta quien no lee nada y dice siempre «ham»?
"""

# %% [markdown] lang="en"
r"""
Those groups hold as much `spam` as `ham`, to make the game worth playing. In life, and in the file, it isn't so: junk is one message in seven and a half.

How often is somebody right who reads nothing and always says "ham"?
"""

# %%
print(f"{(messages.label == 'ham').mean():.1%}")
print(f"{6 / 7:.1%}")

# %% [markdown] lang="es"
r"""
Casi nueve de cada diez, sin abrir los ojos.
La segunda línea es lo que ganaría Baltasar si apostase una gallina cada mañana a que hoy *no* es martes: parecido, y con el mismo esfuerzo.

La **exactitud** (*accuracy*), la parte de aciertos, es un buen resumen cuando las clases están igualadas y una trampa cuando no.
"""

# %% [markdown] lang="en"
r"""
Nearly nine in ten, with both eyes shut.
The second line is what Baltasar would win by betting a hen each morning that today is *not* a Tuesday: much the same, for the same effort.

**Accuracy**, the share of right answers, is a good summary when the classes are even and a trap when they are not.
"""

# %% [markdown] lang="es"
r"""
Veámoslo en pequeño, con diez mensajes de los que dos son basura, y tres filtros: el que duerme, el que sospecha de todo y uno que se esfuerza.

Además de los aciertos contamos dos cosas: cuánta basura caza cada uno y cuántos mensajes buenos tira con ella.
"""

# %% [markdown] lang="en"
r"""
Let's see it in miniature, with ten messages of which two are junk, and three filters: one that sleeps, one that suspects everything, and one that makes an effort.

Besides the right answers we count two things: how much junk each one catches, and how many good messages it throws out along with it.
"""

# %%
truth = [0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
filters = {
    say("dormido", "asleep"): [0] * 10,
    say("alarmista", "alarmist"): [1] * 10,
    say("esforzado", "trying"): [0, 1, 0, 1, 0, 0, 0, 1, 1, 0],
}
for name, verdicts in filters.items():
    right = sum(v == t for v, t in zip(verdicts, truth))
    caught = sum(v == 1 and t == 1 for v, t in zip(verdicts, truth))
    lost = sum(v == 1 and t == 0 for v, t in zip(verdicts, truth))
    print(f"{name:10} {right}/10   {caught}/2   {lost}/8")

# %% [markdown] lang="es"
r"""
Las columnas son aciertos, basura cazada y mensajes buenos perdidos.

El dormido y el esforzado aciertan los mismos ocho, y solo uno de los dos sirve.
A la segunda columna se la llama **exhaustividad** (*recall*) de la basura; aquí la daremos siempre junto a la tercera, porque cazarlo todo es fácil si no te importa lo demás. (De lo acusado, la parte que era basura es la **precisión**, *precision*: en el esforzado, 2 de 4.)
"""

# %% [markdown] lang="en"
r"""
The columns are right answers, junk caught and good messages lost.

The sleeper and the trier are right about the same eight, and only one of them is any use.
The second column is called the **recall** of the junk; here we will always give it together with the third, since catching everything is easy if you don't care about the rest. (Of what was accused, the share that was junk is the **precision**: for the trier, 2 of 4.)
"""

# %% [markdown] lang="es"
r"""
## 6.3 Igualar las clases

El desequilibrio no solo engaña al que mide. También al que aprende: en los primeros pasos, decir siempre «ham» baja la pérdida más deprisa que leer.

El remedio más simple es igualar: quedarse con toda la clase rara y con otros tantos mensajes de la abundante, escogidos al azar. En pequeño:
"""

# %% [markdown] lang="en"
r"""
## 6.3 Evening out the classes

The imbalance doesn't fool only those who measure. It fools the learner too: in the first steps, always saying "ham" lowers the loss faster than reading does.

The simplest remedy is to even out: keep all of the rare class and as many messages of the plentiful one, picked at random. In miniature:
"""

# %%
pile = ["ham"] * 6 + ["spam"] * 2
numbered = list(enumerate(pile))
rare = [row for row in numbered if row[1] == "spam"]
plentiful = [row for row in numbered if row[1] == "ham"]
random.seed(6)
kept = rare + random.sample(plentiful, len(rare))
print(len(kept), Counter(label for _, label in kept) == {"ham": 2, "spam": 2}, len(set(kept)))

# %% [markdown] lang="es"
r"""
Cuatro filas, dos de cada y ninguna repetida: `random.sample` saca sin devolver al saco.

Con una tabla de pandas se hace igual, clase por clase. Y con una semilla, porque un reparto que cambia cada vez que ejecutas la celda no deja comparar nada con lo de ayer.
"""

# %% [markdown] lang="en"
r"""
Four rows, two of each and none repeated: `random.sample` draws without putting back.

With a pandas table it is done the same way, class by class. And with a seed, because a draw that changes each time you run the cell leaves nothing to compare with yesterday's.
"""

# %% [markdown] lang="es" exercise="balance_classes"
r"""
### Ejercicio: igualar las clases

Con las clases igualadas, acertar la mitad vuelve a significar «no sabe nada». Escribe `balance_classes`.

```python
def balance_classes(df: "pd.DataFrame", label: str = "label", seed: int = 0) -> "pd.DataFrame": ...
```

Devuelve una tabla con tantas filas de cada clase como tenga la más rara, elegidas al azar y sin repetir ninguna.
`label` es el nombre de la columna con las clases, que pueden ser dos o más. La misma semilla da siempre las mismas filas; la tabla que recibes no cambia.
"""

# %% [markdown] lang="en" exercise="balance_classes"
r"""
### Exercise: evening out the classes

Once the classes are even, being right half of the time means "knows nothing" again. Write `balance_classes`.

```python
def balance_classes(df: "pd.DataFrame", label: str = "label", seed: int = 0) -> "pd.DataFrame": ...
```

It returns a table with as many rows of each class as the rarest one has, picked at random and none of them twice.
`label` is the name of the column with the classes, which may be two or more. The same seed always gives the same rows; the table you are given does not change.
"""

# %% solution="balance_classes"

# %%
with example():
    # es: se espera 124 de cada clase, y 248 filas distintas
    # en: expected: 124 of each class, and 248 different rows
    even = balance_classes(messages)
    print(even.label.value_counts().to_dict(), even.index.nunique())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`df[label].value_counts()` cuenta las filas de cada clase; su `min()` es el tamaño de la más rara.
</details>

<details><summary>Pista 2</summary>

`df.groupby(label)` tiene un método `sample` que saca `n` filas de cada grupo y acepta `random_state`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`df[label].value_counts()` counts the rows of each class; its `min()` is the size of the rarest.
</details>

<details><summary>Hint 2</summary>

`df.groupby(label)` has a method `sample` that draws `n` rows from each group and takes a `random_state`.
</details>
"""

# %% tests="balance_classes"

# %% [markdown] lang="es"
r"""
Igualar tiene un precio, y se ve en la resta: de 930 mensajes quedan 248, y van a la basura 682 ejemplos de cómo escribe la gente normal.

Hay otras dos salidas: dejar el desequilibrio como está, o dar más peso en la pérdida a los ejemplos raros. Dejarlo como está se mide contra igualar en 6.11; los pesos los verás en 6.10, y medirlos queda para ti.
"""

# %% [markdown] lang="en"
r"""
Evening out has a price, and subtraction shows it: of 930 messages 248 are left, and 682 examples of how ordinary people write go in the bin.

There are two other ways out: leave the imbalance as it is, or let rare examples weigh more in the loss. Leaving it as it is gets measured against evening out in 6.11; the weights you will see in 6.10, and measuring them is left to you.
"""

# %% [markdown] lang="es"
r"""
## 6.4 Tres montones

Jimena no se examina con los ejercicios que trae hechos en el cuaderno: eso mediría el cuaderno.

Con un modelo pasa igual, y por eso se reparten los datos en tres montones.
Con el de **entrenamiento** aprende; con el de **validación** tú eliges hiperparámetros; el de **prueba** no se toca hasta el final, y se mira una vez.
"""

# %% [markdown] lang="en"
r"""
## 6.4 Three piles

Jimena doesn't sit an exam on the sums already solved in her notebook: that would test the notebook.

With a model it is the same, and that is why the data are dealt into three piles.
From the **training** one it learns; on the **validation** one you choose hyperparameters; the **test** one is left alone until the end, and looked at once.
"""

# %% [markdown] lang="es"
r"""
¿Para qué el tercero? Porque elegir también es aprender: si pruebas veinte ajustes y te quedas con el que mejor sale en validación, parte de esa ventaja es suerte.

A mano, con diez mensajes numerados: se barajan, y se corta dos veces.
"""

# %% [markdown] lang="en"
r"""
Why a third one? Because choosing is learning too: if you try twenty settings and keep the one that does best on validation, part of its lead is luck.

By hand, with ten numbered messages: shuffle them, and cut twice.
"""

# %%
cards_in_hand = list(range(10))
random.seed(6)
random.shuffle(cards_in_hand)
first, second = int(10 * 0.7), int(10 * 0.7) + int(10 * 0.1)
three = cards_in_hand[:first], cards_in_hand[first:second], cards_in_hand[second:]
print([len(part) for part in three], sorted(card for part in three for card in part) == list(range(10)))

# %% [markdown] lang="es"
r"""
Siete, uno y dos, sin que falte ni se repita ninguno.

Barajar no es un adorno. Un archivo suele venir en algún orden, por fechas o con toda la basura junta, y entonces el último trozo no se parece al primero.
"""

# %% [markdown] lang="en"
r"""
Seven, one and two, with none missing and none repeated.

Shuffling is no ornament. A file tends to come in some order, by date or with all the junk together, and then its last part does not look like its first.
"""

# %% [markdown] lang="es" exercise="split_dataset"
r"""
### Ejercicio: repartir en tres

Si un solo mensaje de prueba se cuela en el entrenamiento, la nota final miente. Escribe `split_dataset`.

```python
def split_dataset(
    df: "pd.DataFrame", train: float = 0.7, validation: float = 0.1, seed: int = 0
) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]: ...
```

Baraja las filas y devuelve tres tablas: entrenamiento, con `int(n * train)` filas; validación, con `int(n * validation)`; y prueba, con todas las demás.
Cada fila está en una y solo una. La misma semilla da el mismo reparto, y la tabla que recibes queda como estaba.
"""

# %% [markdown] lang="en" exercise="split_dataset"
r"""
### Exercise: dealing into three

If one single test message slips into the training data, the final mark is a lie. Write `split_dataset`.

```python
def split_dataset(
    df: "pd.DataFrame", train: float = 0.7, validation: float = 0.1, seed: int = 0
) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame"]: ...
```

Shuffle the rows and return three tables: training, with `int(n * train)` rows; validation, with `int(n * validation)`; and test, with all the others.
Each row is in one of them and one only. The same seed gives the same deal, and the table you are given stays as it was.
"""

# %% solution="split_dataset"

# %%
with example():
    # es: se espera 651, 93 y 186
    # en: expected: 651, 93 and 186
    print([len(part) for part in split_dataset(messages)])

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`df.sample(frac=1, random_state=seed)` devuelve todas las filas en otro orden.
</details>

<details><summary>Pista 2</summary>

Cortar una tabla por posición se escribe como en una lista: `shuffled[:first]`. El tercer trozo va hasta el final, y así no se pierde ninguna fila por el redondeo.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`df.sample(frac=1, random_state=seed)` returns all the rows in another order.
</details>

<details><summary>Hint 2</summary>

Cutting a table by position is written as with a list: `shuffled[:first]`. The third part runs to the end, and so rounding loses no row.
</details>
"""

# %% tests="split_dataset"

# %% [markdown] lang="es"
r"""
¿Igualar primero y repartir después, o al revés?
Primero repartir. El montón de prueba debe parecerse a la vida, con un `spam` de cada siete y medio, porque en la vida va a trabajar el filtro.
Igualar es una ayuda para el que aprende, y se hace, si se hace, dentro del montón de entrenamiento.
"""

# %% [markdown] lang="en"
r"""
Even out first and deal later, or the other way around?
Deal first. The test pile has to look like life, with one `spam` in seven and a half, because in life is where the filter will work.
Evening out is a help to the learner and is done, if at all, inside the training pile.
"""

# %%
train, validation, test = split_dataset(messages)
balanced = balance_classes(train)
names = say(
    ("entrenamiento", "validación", "prueba", "entrenamiento igualado"),
    ("training", "validation", "test", "training, evened out"),
)
counts = [part.label.value_counts().to_dict() for part in (train, validation, test, balanced)]
plots.piles(dict(zip(names, counts)))

# %% [markdown] lang="es"
r"""
Fíjate en lo pequeña que es la parte naranja del montón de prueba. Toda frase sobre cuánta basura caza el filtro se va a apoyar en esos pocos mensajes, y en 6.11 diremos con qué margen.

Una última comprobación: que ningún texto esté en dos montones.
"""

# %% [markdown] lang="en"
r"""
Notice how small the orange part of the test pile is. Every sentence about how much junk the filter catches will rest on those few messages, and in 6.11 we will say with what margin.

One last check: that no text is in two piles.
"""

# %%
a, b, c = (set(part.text) for part in (train, validation, test))
print(len(a & b), len(a & c), len(b & c))

# %% [markdown] lang="es"
r"""
## 6.5 De mensajes a filas iguales

El tokenizador es el del modelo que vamos a afinar; con otro, los ids señalarían filas equivocadas de la tabla de embeddings y nadie protestaría.
"""

# %% [markdown] lang="en"
r"""
## 6.5 From messages to even rows

The tokenizer is that of the model we are about to fine-tune; with another, the ids would point at the wrong rows of the embedding table and nobody would complain.
"""

# %%
tokenizer = load_tokenizer("mini")
ids = [tokenizer.encode(text) for text in train.text[:3]]
print([len(row) for row in ids])
try:
    torch.tensor(ids)
except ValueError as error:
    print(type(error).__name__)

# %% [markdown] lang="es"
r"""
Cada mensaje mide lo que mide, y un tensor tiene que ser un rectángulo.

En el capítulo 2 no hubo problema porque cortábamos un texto largo en ventanas iguales. Aquí cada texto es un ejemplo entero: a los largos se les corta la cola y a los cortos se les añade **relleno** (*padding*) por la derecha.
"""

# %% [markdown] lang="en"
r"""
Each message is as long as it is, and a tensor has to be a rectangle.

In chapter 2 there was no such trouble, because we cut one long text into even windows. Here each text is an example in itself: the long ones lose their tail, and the short ones get **padding** on the right.
"""


# %%
def pad_right(ids: list[int], length: int, pad_id: int) -> list[int]:
    return ids[:length] + [pad_id] * (length - len(ids))


print(pad_right([5, 6, 7], 5, 0), pad_right([5, 6, 7], 2, 0))

# %% [markdown] lang="es"
r"""
En Python, una lista por un número negativo es la lista vacía, y la misma línea sirve para los dos casos.

De relleno pondremos el token especial `<|endoftext|>`, que el modelo conoce del preentrenamiento: allí separaba unos textos de otros. Prueba a mover la longitud.
"""

# %% [markdown] lang="en"
r"""
In Python a list times a negative number is the empty list, so one line serves both cases.

For padding we will use the special token `<|endoftext|>`, which the model knows from pretraining, where it stood between one text and the next. Try moving the length.
"""

# %%
short = sorted((text for text in train.text if len(text) < 80), key=len)[::90]
play.play_padding(tokenizer, short)

# %% [markdown] lang="es"
r"""
Con filas cortas se pierde texto; con filas largas casi todo es gris, y el gris también se calcula. ¿Dónde cortar?

Mira cuánto miden los mensajes de entrenamiento (solo esos: escoger la longitud también es aprender de los datos).
"""

# %% [markdown] lang="en"
r"""
Short rows lose text; long rows are mostly grey, and grey costs computing too. Where to cut?

See how long the training messages are (those alone: choosing the length is learning from the data as well).
"""

# %%
MAX_LENGTH = 48
sizes = {label: [len(tokenizer.encode(text)) for text in part.text] for label, part in train.groupby("label")}
plots.lengths(sizes, cut=MAX_LENGTH)

# %% [markdown] lang="es"
r"""
Con 48 caben enteros más de nueve de cada diez. Alargar las filas hasta el mensaje más largo costaría el doble de tiempo en cada paso, casi todo en relleno.

Fíjate en el naranja: la basura escribe más largo que la gente. Un corte más corto la dejaría justo a ella sin la cola, que es donde suele ir el enlace. Aun así, con 48 la pierde más a menudo que la gente.
"""

# %% [markdown] lang="en"
r"""
With 48, more than nine in ten fit whole. Stretching the rows to the longest message would double the time of each step, most of it spent on padding.

Notice the orange: junk writes at greater length than people do. A shorter cut would cost junk above all its tail, which is where the link tends to be. Even so, at 48 it loses its tail more often than people do.
"""

# %% [markdown] lang="es" exercise="text_classification_dataset"
r"""
### Ejercicio: el conjunto de mensajes

Entre una tabla de textos y un modelo siempre hay una clase como esta. Escribe `TextClassificationDataset`; `pad_right`, de ahí arriba, te sirve.

```python
class TextClassificationDataset(Dataset):
    def __init__(
        self, texts: Iterable[str], labels: Iterable[int], tokenizer: tiktoken.Encoding,
        max_length: int | None = None, pad_id: int | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]: ...
```

Cada elemento es `(ids, label)`: `max_length` ids y un número suelto, tensores de enteros largos.
Los textos se rellenan por la derecha y se cortan a `max_length`, que por defecto es lo que mide el más largo en tokens; `pad_id`, por defecto, es `tokenizer.eot_token`. `texts` y `labels` pueden ser listas, columnas o iteradores, que se recorren una sola vez.
"""

# %% [markdown] lang="en" exercise="text_classification_dataset"
r"""
### Exercise: the data set of messages

Between a table of texts and a model there is always a class like this. Write `TextClassificationDataset`; `pad_right`, just above, will serve.

```python
class TextClassificationDataset(Dataset):
    def __init__(
        self, texts: Iterable[str], labels: Iterable[int], tokenizer: tiktoken.Encoding,
        max_length: int | None = None, pad_id: int | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]: ...
```

Each item is `(ids, label)`: `max_length` ids and a single number, tensors of long integers.
Texts are padded on the right and cut to `max_length`, which by default is the length of the longest in tokens; `pad_id`, by default, is `tokenizer.eot_token`. `texts` and `labels` may be lists, columns or iterators, which can be looped over only once.
"""

# %% solution="text_classification_dataset"

# %%
with example():
    # es: se espera 2, la forma [6] y la etiqueta 1; la primera fila acaba en 8191 y la segunda no
    # en: expected: 2, the shape [6] and the label 1; the first row ends in 8191 and the second doesn't
    tiny = TextClassificationDataset(["ok", "a b c d e f g"], [0, 1], tokenizer, max_length=6)
    print(len(tiny), list(tiny[1][0].shape), int(tiny[1][1]), int(tiny[0][0][-1]), int(tiny[1][0][-1]))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Codifica todos los textos en `__init__`, una sola vez: solo entonces sabes cuánto mide el más largo.
</details>

<details><summary>Pista 2</summary>

`torch.tensor` de una lista de enteros ya es de enteros largos. Un `0` puede ser un `pad_id` válido, así que pregunta `if pad_id is None`, no `if not pad_id`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Encode all texts in `__init__`, once: only then do you know how long the longest is.
</details>

<details><summary>Hint 2</summary>

`torch.tensor` of a list of integers is already of long integers. A `0` may be a valid `pad_id`, so ask `if pad_id is None`, not `if not pad_id`.
</details>
"""

# %% tests="text_classification_dataset"

# %% [markdown] lang="es"
r"""
El `DataLoader` junta los elementos en lotes. Los de entrenamiento se barajan en cada época, con su propia semilla; para medir, el orden da igual.
"""

# %% [markdown] lang="en"
r"""
The `DataLoader` gathers the items into batches. Those for training are shuffled at every epoch, with a seed of their own; for measuring, order makes no difference.
"""


# %%
def make_loader(part: pd.DataFrame, shuffle: bool = False) -> DataLoader:
    dataset = TextClassificationDataset(part.text.tolist(), part.spam.tolist(), tokenizer, MAX_LENGTH)
    return DataLoader(dataset, batch_size=16, shuffle=shuffle, generator=torch.Generator().manual_seed(6))


validation_loader, test_loader = make_loader(validation), make_loader(test)
inputs, labels = next(iter(make_loader(train, shuffle=True)))
print(list(inputs.shape), list(labels.shape), inputs.dtype, labels.dtype)

# %% [markdown] lang="es"
r"""
Compáralo con el capítulo 5: las entradas tienen la forma de siempre, `(B, T)`, pero los objetivos ya no. Había uno por token; ahora hay uno por mensaje, `(B,)`.

De ese cambio salen los dos apartados que siguen: el modelo tiene que dar dos logits y no miles, y una vez por mensaje y no en cada posición.
"""

# %% [markdown] lang="en"
r"""
Compare with chapter 5: the inputs have the usual shape, `(B, T)`, but the targets don't. There used to be one per token; now there is one per message, `(B,)`.

The next two sections come from that change: the model has to give two logits and not thousands, and once per message, not at every position.
"""

# %% [markdown] lang="es"
r"""
## 6.6 Una cabeza nueva

El modelo de la caja está preentrenado en las dos lenguas. Preguntémosle sin más, como se pregunta a quien solo sabe terminar frases: le ponemos delante un mensaje y el principio del veredicto.
"""

# %% [markdown] lang="en"
r"""
## 6.6 A new head

The model in the box is pretrained in both languages. Let's simply ask it, the way one asks somebody who can only finish sentences: we set down in front of it a message and the beginning of the verdict.
"""

# %% tags=["nbval-ignore-output"]
model = load_pretrained("mini")
message = say("Su paquete está retenido. Pague 2 euros hoy.", "Your parcel is being held. Pay 2 pounds today.")
question = message + say(" Este mensaje es", " This message is")
prompt = torch.tensor([tokenizer.encode(question)])
print(tokenizer.decode(generate(model, prompt, 15, 256)[0].tolist()))

# %% [markdown] lang="es"
r"""
Diga lo que diga, sigue escribiendo: es su oficio. Y si respondiese «falso», «peligroso» o «un timo», tendríamos que decidir nosotros qué etiqueta es esa.

No hace falta hablar para clasificar. Lo que nos interesa es el vector que hay justo antes de la cabeza de salida, donde el modelo ha resumido lo leído; la cabeza que lo convertía en palabras se puede cambiar.
"""

# %% [markdown] lang="en"
r"""
Whatever it says, it goes on writing: that is its trade. And if it answered "fake", "dangerous" or "a scam", we would have to decide which label that is.

Nobody needs to talk in order to classify. What interests us is the vector just before the output head, where the model has summed up what it read; the head that turned it into words can be changed.
"""

# %%
print(list(model.out_head.weight.shape))
two_rows = nn.Linear(model.out_head.in_features, 2)
summary = torch.randn(model.out_head.in_features)
by_hand = torch.stack([two_rows.weight[0] @ summary, two_rows.weight[1] @ summary]) + two_rows.bias
print(list(two_rows.weight.shape), torch.allclose(two_rows(summary), by_hand, atol=1e-5))

# %% [markdown] lang="es"
r"""
La vieja tenía una fila por token del vocabulario. La nueva tiene dos, una por clase, y cada logit es un producto escalar: cuánto se parece el resumen a esa fila.

Nace al azar, así que algo hay que entrenar. ¿Cuánto del resto? Lo que no deba moverse se **congela**: con `requires_grad = False`, un parámetro no recibe gradiente.
"""

# %% [markdown] lang="en"
r"""
The old one had a row for each token in the vocabulary. The new one has two, one per class, and each logit is a dot product: how much the summary looks like that row.

It is born at random, so something has to be trained. How much of the rest? Whatever must not move is **frozen**: with `requires_grad = False`, a parameter gets no gradient.
"""

# %%
frozen, free = nn.Linear(4, 4), nn.Linear(4, 2)
for parameter in frozen.parameters():
    parameter.requires_grad = False
free(frozen(torch.randn(3, 4))).sum().backward()
print(frozen.weight.grad, list(free.weight.grad.shape))

# %%
flow.new_head(n_layers=6, emb_dim=256, vocab_size=tokenizer.n_vocab, num_classes=2, trainable_blocks=1)

# %% [markdown] lang="es"
r"""
Las primeras capas de una red aprenden cosas que sirven para casi todo, y las últimas se especializan en su tarea; en redes de visión lo midieron [Yosinski et al. (2014)](https://arxiv.org/abs/1411.1792).

De ahí la costumbre: congelar por abajo y volver a entrenar por arriba, desde el bloque que tú digas.
"""

# %% [markdown] lang="en"
r"""
The first layers of a network learn things that are good for almost anything, and the last ones specialise in their task; in vision networks, [Yosinski et al. (2014)](https://arxiv.org/abs/1411.1792) measured it.

Hence the custom: freeze at the bottom and train again at the top, from whichever block you say.
"""

# %% [markdown] lang="es" exercise="add_classification_head"
r"""
### Ejercicio: la cabeza nueva

Con estas pocas líneas cualquier GPT se vuelve clasificador, también los que pesan gigas. Escribe `add_classification_head`.

```python
def add_classification_head(model: nn.Module, num_classes: int, trainable_blocks: int = 1) -> nn.Module: ...
```

Pone en `model.out_head` una `nn.Linear` con sesgo, de los números que recibía la vieja a `num_classes`, y devuelve el mismo modelo.
Después solo se entrenan la cabeza, `final_norm` y los últimos `trainable_blocks` bloques de `trf_blocks`, que pueden ser 0; lo demás queda congelado.
"""

# %% [markdown] lang="en" exercise="add_classification_head"
r"""
### Exercise: the new head

With these few lines any GPT becomes a classifier, those that weigh gigabytes included. Write `add_classification_head`.

```python
def add_classification_head(model: nn.Module, num_classes: int, trainable_blocks: int = 1) -> nn.Module: ...
```

It puts into `model.out_head` an `nn.Linear` with bias, from as many numbers as the old one took to `num_classes`, and returns the same model.
After that only the head, `final_norm` and the last `trainable_blocks` blocks of `trf_blocks`, which may be 0, are trained; the rest is frozen.
"""

# %% solution="add_classification_head"

# %%
with example():
    # es: se espera 2 y 790018: el último bloque (788992), la norma (512) y la cabeza (514)
    # en: expected: 2 and 790018: the last block (788992), the norm (512) and the head (514)
    headed = add_classification_head(load_pretrained("mini"), num_classes=2)
    print(headed.out_head.out_features, sum(p.numel() for p in headed.parameters() if p.requires_grad))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Congela primero todo, y después ve descongelando. Una capa recién creada ya es entrenable.
</details>

<details><summary>Pista 2</summary>

`blocks[-0:]` no es la lista vacía, sino la lista entera: con `trainable_blocks=0` conviene cortar desde `len(blocks) - trainable_blocks`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Freeze everything first, and then thaw. A layer just made is trainable already.
</details>

<details><summary>Hint 2</summary>

`blocks[-0:]` is not the empty list but the whole list: for `trainable_blocks=0`, cut from `len(blocks) - trainable_blocks`.
</details>
"""

# %% tests="add_classification_head"

# %% [markdown] lang="es"
r"""
## 6.7 Dónde leer la respuesta

El modelo da dos logits en *cada* posición, y hay que quedarse con unos. ¿Cuáles?

Haz la prueba: cambia la primera palabra de un mensaje y mira en qué posiciones cambia algo; después cambia solo la última.
"""

# %% [markdown] lang="en"
r"""
## 6.7 Where to read the answer

The model gives two logits at *every* position, and we have to settle on one pair. Which?

Try it: change the first word of a message and see at which positions anything changes; then change only the last.
"""

# %%
torch.manual_seed(6)
model = fuse(add_classification_head(model, num_classes=2)).eval()


def changed(one: list[int], other: list[int]) -> list[bool]:
    with torch.no_grad():
        a, b = model(torch.tensor([one, other]))  # (2, T) -> (2, T, 2)
    return [not torch.allclose(x, y, atol=1e-5) for x, y in zip(a, b)]


ids = tokenizer.encode(message)[:8]
print([int(x) for x in changed(ids, [ids[1], *ids[1:]])])
print([int(x) for x in changed(ids, [*ids[:-1], ids[1]])])

# %% [markdown] lang="es"
r"""
El primer token influye en todas las posiciones y el último solo en la suya. Es la máscara causal del capítulo 3: cada posición lee lo anterior y a sí misma.

Así que hay una sola posición que lo ha leído todo, la última, y de ella tomaremos los logits.
"""

# %% [markdown] lang="en"
r"""
The first token influences every position and the last one only its own. It is the causal mask of chapter 3: each position reads what came before, and itself.

So there is just one position that has read everything, the last, and from it we will take the logits.
"""

# %%
flow.what_each_sees(message.split(".")[0].split(), pads=3)

# %% [markdown] lang="es"
r"""
Pero la última posición de la fila es casi siempre relleno. ¿Molesta? Como va detrás, el mensaje no se entera de que está ahí. La posición que leemos sí: el mismo mensaje con más relleno da otros logits.
"""

# %% [markdown] lang="en"
r"""
But the last position of the row is nearly always padding. Does it matter? Since it comes after, the message never knows it is there. The position we read does know: the same message with more padding gives other logits.
"""

# %%
with torch.no_grad():
    less, more = (model(torch.tensor([pad_right(ids, n, tokenizer.eot_token)]))[0] for n in (20, 40))
print(torch.allclose(less[:8], more[:8], atol=1e-4), torch.allclose(less[-1], more[-1], atol=1e-4))

# %% [markdown] lang="es"
r"""
De ahí una regla que se olvida con facilidad: al usar el clasificador hay que rellenar igual que al entrenarlo.

Por lo demás, el relleno hace un papel útil. Es una señal de «ya está, ¿qué dices?» sobre la que el modelo aprende a poner su resumen; el primer GPT añadía a cada texto un token especial para eso ([Radford et al., 2018](https://openai.com/index/language-unsupervised/)).
"""

# %% [markdown] lang="en"
r"""
Hence a rule that is easily forgotten: when you use the classifier, pad as you did in training it.

For the rest, the padding plays a useful part. It is a sign for "that's all, what do you say?" on which the model learns to put its summary; the first GPT added a special token to each text for that very purpose ([Radford et al., 2018](https://openai.com/index/language-unsupervised/)).
"""

# %% [markdown] lang="es"
r"""
BERT lee en las dos direcciones y puede poner esa señal al principio ([Devlin et al., 2019](https://arxiv.org/abs/1810.04805)); un GPT, no: al principio aún no ha leído nada.

El paquete envuelve el modelo en `LastToken`, que deja solo la última posición. Con la forma `(B, 1, C)`, el entrenamiento y la evaluación del capítulo 5 sirven tal cual.
"""

# %% [markdown] lang="en"
r"""
BERT reads in both directions and can put that sign at the front ([Devlin et al., 2019](https://arxiv.org/abs/1810.04805)); a GPT can't: at the front it has not read a thing.

The package wraps the model in `LastToken`, which keeps the last position alone. In the shape `(B, 1, C)`, the training and the evaluation of chapter 5 serve as they are.
"""

# %%
with torch.no_grad():
    print(list(model(inputs).shape), list(LastToken(model)(inputs).shape))

# %% [markdown] lang="es"
r"""
## 6.8 Acertar y perder

Hay dos medidas y conviene no confundirlas. La exactitud cuenta aciertos: la clase con el logit mayor, ¿es la buena? La pérdida pregunta además con cuánta seguridad.

Cuatro mensajes y sus logits, a mano:
"""

# %% [markdown] lang="en"
r"""
## 6.8 Being right, and the loss

There are two measures, and they are better kept apart. Accuracy counts right answers: is the class with the largest logit the right one? The loss asks, besides, with how much confidence.

Four messages and their logits, by hand:
"""

# %%
logits = torch.tensor([[2.0, 0.0], [0.3, 0.1], [1.0, 1.2], [3.0, -1.0]])  # (N, C)
answers = torch.tensor([0, 1, 1, 1])
chosen = logits.argmax(dim=-1)  # (N, C) -> (N,)
print(chosen.tolist(), (chosen == answers).float().mean().item())
print(F.cross_entropy(logits, answers, reduction="none"))

# %% [markdown] lang="es"
r"""
Dos aciertos de cuatro. La pérdida distingue más: el segundo error fue por poco y cuesta 0.80; el cuarto, dicho con mucho aplomo, cuesta 4.02.

Se entrena con la pérdida porque tiene pendiente en todas partes. La exactitud va a saltos: mueve un poco los pesos y casi siempre se queda igual, así que no dice hacia dónde ir.
"""

# %% [markdown] lang="en"
r"""
Two right out of four. The loss tells more apart: the second answer was wrong by a little and costs 0.80; the fourth, said with great aplomb, costs 4.02.

Training uses the loss because it has a slope everywhere. Accuracy moves in jumps: shift the weights a little and it mostly stays the same, so it doesn't say which way to go.
"""

# %% [markdown] lang="es" exercise="classification_accuracy"
r"""
### Ejercicio: la exactitud

Es la medida con la que se comparan clasificadores, y un fallo en ella no da error, solo números falsos. Escribe `classification_accuracy`.

```python
def classification_accuracy(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], max_batches: int | None = None
) -> float: ...
```

`model` va de `(B, T)` a `(B, T, C)`, y decide el logit mayor de la última posición. Devuelve la parte de *ejemplos* acertados: si el último lote es más corto, cuenta menos.
Mide en modo de evaluación y sin gradientes, deja el modelo en el modo en que estaba, y con un cargador vacío da `math.nan`. Con `max_batches` mira solo los primeros lotes.
"""

# %% [markdown] lang="en" exercise="classification_accuracy"
r"""
### Exercise: accuracy

This is the measure by which classifiers are compared, and a fault in it raises no error, it only gives false numbers. Write `classification_accuracy`.

```python
def classification_accuracy(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], max_batches: int | None = None
) -> float: ...
```

`model` goes from `(B, T)` to `(B, T, C)`, and the largest logit of the last position decides. It returns the share of *examples* that are right: if the last batch is shorter, it counts less.
It measures in evaluation mode and without gradients, leaves the model in the mode it was in, and for an empty loader gives `math.nan`. With `max_batches` it looks at the first batches only.
"""

# %% solution="classification_accuracy"

# %% [markdown] lang="es"
r"""
Para probarla, un modelo de juguete que dice «clase 1» si el último token es mayor que 10. Los lotes son dos, uno de tres ejemplos y otro de uno.
"""

# %% [markdown] lang="en"
r"""
To try it out, a toy model that says "class 1" if the last token is greater than 10. There are two batches, one of three examples and one of a single one.
"""


# %%
class BigLast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.limit = nn.Parameter(torch.tensor(10.0))

    def forward(self, token_ids: Tensor) -> Tensor:
        above = token_ids - self.limit  # (B, T)
        return torch.stack([-above, above], dim=-1)  # (B, T) -> (B, T, 2)


batches = [
    (torch.tensor([[50, 3], [4, 20], [7, 30]]), torch.tensor([0, 1, 1])),
    (torch.tensor([[60, 9]]), torch.tensor([1])),
]
with example():
    # es: se espera 0.75: tres de cuatro, y no la media de 1 y 0
    # en: expected: 0.75: three of four, and not the mean of 1 and 0
    print(classification_accuracy(BigLast(), batches))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`model(ids)[:, -1]` son los logits de la última posición, `(B, C)`. Suma aciertos y ejemplos por separado, y divide al final.
</details>

<details><summary>Pista 2</summary>

`model.training` dice el modo; guárdalo antes de `model.eval()` y devuélvelo con `model.train(...)`. `islice(loader, None)` recorre el cargador entero.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`model(ids)[:, -1]` is the logits of the last position, `(B, C)`. Add up right answers and examples separately, and divide at the end.
</details>

<details><summary>Hint 2</summary>

`model.training` tells the mode; keep it before `model.eval()` and give it back with `model.train(...)`. `islice(loader, None)` goes through the whole loader.
</details>
"""

# %% tests="classification_accuracy"

# %% [markdown] lang="es"
r"""
¿Y la pérdida del modelo recién descabezado? Con dos clases y ninguna idea, la mejor apuesta es mitad y mitad, y su sorpresa es $\ln 2$.
El nuestro tiene la cabeza al azar, y el azar puede inclinarla hacia cualquiera de las dos: saldrá mejor o peor según caiga del lado de la clase abundante.
"""

# %% [markdown] lang="en"
r"""
And the loss of the model with its brand-new head? With two classes and no idea, the best bet is half and half, and its surprise is $\ln 2$.
Ours has a random head, and chance may tilt it to either side: it will do better or worse according to whether it falls on the side of the plentiful class.
"""

# %% tags=["nbval-ignore-output"]
print(f"{evaluate(LastToken(model), validation_loader):.2f} {math.log(2):.2f}")
print(f"{classification_accuracy(model, validation_loader):.0%}")

# %% [markdown] lang="es"
r"""
## 6.9 ¿Qué capas entrenar?

Se puede entrenar solo la cabeza, la cabeza y el último bloque, o el modelo entero. Cada opción mueve más parámetros que la anterior, y cada paso hacia atrás llega más abajo.

Comparemos con entrenamientos cortos en el montón igualado. El bucle es el del capítulo 5, con dos cuidados que explica el apéndice D: la tasa de aprendizaje sube al principio y luego baja, y los gradientes demasiado grandes se recortan.
"""

# %% [markdown] lang="en"
r"""
## 6.9 Which layers to train?

You can train the head alone, the head and the last block, or the whole model. Each choice moves more parameters than the one before, and each backward pass reaches further down.

Let's compare, with short trainings on the evened-out pile. The loop is that of chapter 5, with two precautions that appendix D explains: the learning rate climbs at first and then falls, and gradients that are too large are clipped.
"""


# %%
def careful_adamw(model: nn.Module, lr: float, steps: int) -> tuple[torch.optim.Optimizer, LambdaLR]:
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=lr)

    def before_step(*_: object) -> None:
        clip_gradients(trained, max_norm=1.0)

    optimizer.register_step_pre_hook(before_step)
    return optimizer, LambdaLR(optimizer, lambda step: learning_rate(step, steps, steps // 10, 0.1, 1.0, 0.05))


# %%
def fine_tune(
    model: nn.Module, loader: DataLoader, epochs: int, lr: float, on_step: Callable[[int, float], None] | None = None
) -> float:
    optimizer, schedule = careful_adamw(model, lr, epochs * len(loader))

    def after_step(step: int, loss: float) -> None:
        schedule.step()
        if on_step is not None:
            on_step(step, loss)

    began = time.perf_counter()
    train_model(LastToken(model), loader, optimizer, epochs, after_step)
    # es: los gradientes ya no hacen falta y ocupan tanto como los pesos
    # en: the gradients are of no more use, and as large as the weights
    optimizer.zero_grad()
    model.eval()
    return time.perf_counter() - began


# %% [markdown] lang="es"
r"""
Para juzgar usamos la validación, que no está igualada, con una exactitud que sí lo está: la media de la que se consigue en `ham` y la que se consigue en `spam`. Con ella, tanto el filtro dormido como el alarmista sacan un 50 %.
"""

# %% [markdown] lang="en"
r"""
To judge we use the validation pile, which is not even, with an accuracy that is: the mean of the one reached on `ham` and the one reached on `spam`. By that measure the sleeping filter and the alarmist both get 50%.
"""


# %%
by_class = [make_loader(part) for _, part in validation.groupby("spam")]


def even_accuracy(model: nn.Module) -> float:
    return sum(classification_accuracy(model, loader) for loader in by_class) / len(by_class)


def fresh_classifier(trainable_blocks: int) -> nn.Module:
    torch.manual_seed(6)
    return fuse(add_classification_head(load_pretrained("mini"), 2, trainable_blocks))


def trainable(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% [markdown] lang="es"
r"""
`fuse`, del paquete, deja el modelo como está y calcula lo mismo con operaciones más rápidas.

Las tasas de aprendizaje no son iguales: cuantos menos pesos se mueven, y más arriba están, más largos pueden ser sus pasos.
"""

# %% [markdown] lang="en"
r"""
`fuse`, from the package, leaves the model as it is and computes the same with faster operations.

The learning rates are not equal: the fewer weights move, and the higher up they are, the longer their steps can be.
"""

# %% tags=["nbval-ignore-output"]
choices = {
    say("cabeza", "head"): (0, 1e-2),
    say("+ último bloque", "+ last block"): (1, 2e-3),
    say("+ todos los bloques", "+ all blocks"): (6, 1e-3),
}
results = {}
for name, (blocks, lr) in choices.items():
    candidate = fresh_classifier(blocks)
    seconds = fine_tune(candidate, make_loader(balanced, shuffle=True), epochs=2, lr=lr)
    results[name] = (trainable(candidate), seconds, even_accuracy(candidate))
    print(f"{name:20} {seconds:4.1f} s")

# %% tags=["nbval-ignore-output"]
plots.layers_compared(results)

# %% [markdown] lang="es"
r"""
El tiempo no crece como los parámetros. Entrenar solo la cabeza cuesta casi lo que leer los mensajes, porque hay que recorrer el modelo entero hacia delante de todos modos; lo que se ahorra es el camino de vuelta.

En la tercera columna fíate poco de las diferencias pequeñas: la validación tiene diez `spam`, y cada uno vale cinco puntos.
"""

# %% [markdown] lang="en"
r"""
Time does not grow as the parameters do. Training the head alone costs about what reading the messages costs, since the whole model has to be run forwards anyway; what is saved is the way back.

Put little trust in small differences in the third column: the validation pile has ten `spam`, and each of them is worth five points.
"""

# %% [markdown] lang="es"
r"""
Lo que depende de los datos y del modelo es cuál gana. Con pocos ejemplos y un modelo grande, congelar protege de aprendérselos de memoria; con un modelo pequeño, suele faltar capacidad en la cabeza y conviene moverlo todo. Aquí la tabla no decide: con diez `spam`, las tres caben en el mismo margen. En 6.10 moveremos el modelo entero porque tendrá casi cuatro veces más mensajes, no porque haya ganado.

Y cambia con la semilla: afinar con pocos datos es inestable ([Mosbach et al., 2021](https://arxiv.org/abs/2006.04884)).
"""

# %% [markdown] lang="en"
r"""
Which one wins depends on the data and the model. With few examples and a large model, freezing protects from learning them by heart; with a small model, the head alone often falls short and it pays to move everything. Here the table does not decide: with ten `spam`, all three fit within one margin. In 6.10 we will move the whole model because it will have nearly four times the messages, not because it won.

And it changes with the seed: fine-tuning on little data is unstable ([Mosbach et al., 2021](https://arxiv.org/abs/2006.04884)).
"""

# %% [markdown] lang="es"
r"""
## 6.10 Entrenar, mirando

Ahora el de verdad: el modelo entero, tablas de embeddings incluidas, y *todos* los mensajes de entrenamiento, sin igualar. Cada `ham` que tiramos sabía algo de cómo habla la gente.

El precio suele ser un filtro prudente, que solo acusa si está muy seguro; eso tiene arreglo, en 6.11. El del montón igualado lo guardamos: se medirá con este allí mismo.
"""

# %% [markdown] lang="en"
r"""
## 6.10 Training, and watching

Now the real one: the whole model, embedding tables included, and *all* the training messages, not evened out. Each `ham` that we threw away knew something about how people talk.

The price tends to be a cautious filter, which accuses only when it is very sure; there is a remedy for that, in 6.11. The one from the evened-out pile we keep: it will be measured against this one in the same place.
"""

# %% [markdown] lang="es"
r"""
La otra salida que quedaba pendiente, dar más peso a lo raro, es un argumento de la pérdida. Si un `spam` cuenta seis veces y media, las dos clases pesan igual sin tirar ningún mensaje.
"""

# %% [markdown] lang="en"
r"""
The other way out that was pending, letting the rare weigh more, is an argument of the loss. If one `spam` counts six and a half times, both classes weigh the same and no message is thrown away.
"""

# %%
plain = F.cross_entropy(logits, answers, reduction="none")
weight = torch.tensor([1.0, 6.5])[answers]
print((weight * plain).sum() / weight.sum(), F.cross_entropy(logits, answers, weight=torch.tensor([1.0, 6.5])))

# %% [markdown] lang="es"
r"""
Iguales: es una media en la que unos ejemplos cuentan más. No ordena mejor los mensajes por sí sola, pero vuelve al filtro más atrevido sin tirar datos, y es de lo primero que se intenta con clases muy desiguales.

Al preparar el capítulo probamos unas pocas tasas y épocas en varios repartos, y nos quedamos con estas. Para ver el entrenamiento por dentro, ocho mensajes de validación van diciendo cuánto sospecha de ellos.
"""

# %% [markdown] lang="en"
r"""
Equal: it is a mean in which some examples count more. By itself it puts messages in no better order, but it makes the filter bolder without throwing data away, and it is among the first things to try with very uneven classes.

In preparing the chapter we tried a few rates and epochs on several deals, and kept these. To watch the training from inside, eight messages of the validation pile tell how suspicious it is of them.
"""

# %% tags=["nbval-ignore-output"]
EPOCHS, LEARNING_RATE = 2, 5e-4
classifier = fresh_classifier(trainable_blocks=6)
classifier.requires_grad_(True)
train_loader = make_loader(train, shuffle=True)
watched = validation[validation.text.str.len() < 110].groupby("spam").head(4).sort_values("spam")
lesson = Lesson(
    total=EPOCHS * len(train_loader),
    every=len(train_loader) // 3,
    validate=lambda: evaluate(LastToken(classifier), validation_loader),
    suspect=lambda: play.spam_chances(classifier, tokenizer, watched.text.tolist(), MAX_LENGTH),
    texts=watched.text.tolist(),
    truth=watched.spam.tolist(),
)
seconds = fine_tune(classifier, train_loader, EPOCHS, LEARNING_RATE, lesson)

# %% [markdown] lang="es"
r"""
A la izquierda, casi siempre, la pérdida de entrenamiento sigue bajando en la segunda época y la de validación se queda por el camino: el modelo ha empezado a aprenderse los mensajes.

A la derecha, unas líneas se deciden pronto, otras cambian de idea y alguna no se entera. ¿Cuáles? Léelas, y mira si a ti también te costaron.
"""

# %% [markdown] lang="en"
r"""
On the left, as a rule, the training loss goes on falling in the second epoch while that of validation stops on the way: the model has begun to learn the messages by heart.

On the right, some lines make up their mind early, others change it, and one or another never gets it. Which? Read them, and see whether they were hard for you too.
"""

# %% tags=["nbval-ignore-output"]
print(f"{seconds:.0f} s", f"{trainable(classifier):,}")
for name, loader in (
    (say("entrenamiento", "training"), train_loader),
    (say("validación", "validation"), validation_loader),
):
    print(f"{name:14} {classification_accuracy(classifier, loader, max_batches=6):.1%}")

# %% [markdown] lang="es"
r"""
## 6.11 El día de la inspección

La inspectora Poveda no pregunta si la barca es bonita. Pregunta si cruza, y lo compara con ir por el puente.

Un número suelto no dice nada, así que ponemos al lado dos rivales que responden a dos preguntas: ¿hacía falta un GPT? ¿Y hacía falta preentrenarlo?
"""

# %% [markdown] lang="en"
r"""
## 6.11 Inspection day

Inspector Poveda does not ask whether the ferry is pretty. She asks whether it gets across, and compares it with going round by the bridge.

A number on its own says nothing, so beside it we put two rivals, which answer two questions: was a GPT needed? And did it need pretraining?
"""

# %% [markdown] lang="es"
r"""
El primer rival cuenta palabras. Una **bolsa de palabras** (*bag of words*) olvida el orden y se queda con cuántas veces sale cada una:
"""

# %% [markdown] lang="en"
r"""
The first rival counts words. A **bag of words** forgets the order and keeps how many times each one occurs:
"""

# %%
bag = CountVectorizer()
table = bag.fit_transform(
    [say("el río con la barca", "the river and the boat"), say("la barca con la barca", "the boat and the boat")]
)
print(sorted(bag.vocabulary_))
print(table.toarray())

# %% [markdown] lang="es"
r"""
Sobre esas cuentas, una regresión logística aprende un peso por palabra y los suma: es el modelo del apéndice A, con más entradas.

Tarda un suspiro, y en textos cortos es un rival serio desde hace décadas.
"""

# %% [markdown] lang="en"
r"""
On top of those counts, a logistic regression learns one weight per word and adds them up: it is the model of appendix A, with more inputs.

It takes a blink, and for short texts it has been a serious rival for decades.
"""

# %% tags=["nbval-ignore-output"]
bag = CountVectorizer()
words = LogisticRegression(max_iter=1_000).fit(bag.fit_transform(train.text), train.spam)
vocabulary = bag.get_feature_names_out()
order = words.coef_[0].argsort()
print("spam:", *vocabulary[order[-8:]])
print("ham: ", *vocabulary[order[:8]])

# %% [markdown] lang="es"
r"""
Se deja leer entero, que no es poco: ahí están las palabras que más pesan hacia cada lado.

El segundo rival es el mismo GPT, con la misma cabeza, los mismos datos, los mismos pasos y los pesos recién sorteados. Lo que le saque el nuestro se lo debe al preentrenamiento.
"""

# %% [markdown] lang="en"
r"""
It can be read whole, which is no small thing: there you see the words that pull hardest to either side.

The second rival is the same GPT, with the same head, the same data, the same steps, and weights fresh from the draw. Whatever lead ours has over it, it owes to pretraining.
"""

# %% tags=["nbval-ignore-output"]
shape = GPTConfig(tokenizer.n_vocab, context_length=256, emb_dim=256, n_heads=4, n_layers=6, drop_rate=0.0)
torch.manual_seed(6)
newborn = fuse(add_classification_head(GPTModel(shape), 2, trainable_blocks=6))
newborn.requires_grad_(True)
total = EPOCHS * len(train_loader)


def tell(step: int, loss: float) -> None:
    if (step + 1) % (total // 4) == 0:
        print(f"{step + 1}/{total}  {loss:.2f}")


seconds = fine_tune(newborn, make_loader(train, shuffle=True), EPOCHS, LEARNING_RATE, tell)

# %% [markdown] lang="es"
r"""
Cada rival da a cada mensaje una probabilidad de ser basura. ¿Desde cuál lo acusa? Con la mitad como **umbral**, uno sale prudente y otro alarmista, y compararlos sería como comparar dos básculas sin ponerlas a cero.

Que acusen todos lo mismo (menos el que duerme): de cada uno cuentan tantos mensajes como basura haya, los que le parezcan más sospechosos.
"""

# %% [markdown] lang="en"
r"""
Each rival gives each message a probability of being junk. From which one on does it accuse? With one half as the **threshold**, one comes out cautious and another an alarmist, and comparing them would be like comparing two scales without setting them to zero.

Let them all accuse the same number (all but the sleeper): from each we count as many messages as there is junk, those it finds most suspect.
"""


# %%
def threshold(chances: Tensor, allowed: int) -> float:
    return float(chances.sort(descending=True).values[allowed])


some = torch.tensor([0.10, 0.50, 0.75, 0.25, 0.90])
print(threshold(some, allowed=2), (some > threshold(some, allowed=2)).tolist())

# %% [markdown] lang="es"
r"""
Se permiten dos acusaciones, así que el umbral es la tercera probabilidad, 0.5, y se acusa lo que lo supere.

Un filtro en uso no sabe cuánta basura le espera; esto solo sirve para comparar. El umbral de trabajo lo pondremos en 6.13, con la validación.
"""

# %% [markdown] lang="en"
r"""
Two accusations are allowed, so the threshold is the third probability, 0.5, and whatever exceeds it is accused.

A filter at work doesn't know how much junk awaits it; this is for comparing only. The working threshold we will set in 6.13, on the validation pile.
"""


# %%
def suspicions(texts: list[str]) -> dict[str, Tensor]:
    models = {
        say("GPT sin afinar", "GPT, not tuned"): model,
        say("GPT, igualado", "GPT, evened out"): candidate,
        say("GPT sin preentrenar", "GPT, not pretrained"): newborn,
        say("GPT preentrenado", "GPT, pretrained"): classifier,
    }
    return {
        say("siempre ham", "always ham"): torch.zeros(len(texts)),
        say("palabras", "words"): torch.tensor(words.predict_proba(bag.transform(texts))[:, 1]),
        **{name: play.spam_chances(gpt, tokenizer, texts, MAX_LENGTH) for name, gpt in models.items()},
    }


# %% [markdown] lang="es"
r"""
Y se abre el sobre: el montón de prueba, una sola vez. Nosotros tenemos que confesar algo: al elegir tasa y épocas miramos varios repartos, y en ellos salieron mensajes que aquí son de prueba, así que a los GPT la nota puede salirles algo favorecida.

Compiten también el filtro que duerme, el de 6.2; el nuestro de antes de afinarlo, con la cabeza al azar de 6.8; y el último GPT de 6.9. Ese, además de ver el montón igualado, dio la cuarta parte de los pasos, con el doble de tasa y las tablas de embeddings quietas: lo que los separe no es solo el igualar.
"""

# %% [markdown] lang="en"
r"""
And the envelope is opened: the test pile, once only. We have a confession to make: in choosing rate and epochs we looked at several deals, and messages came up in them that here are for testing, so the GPTs' mark may come out a little flattered.

Also running are the filter that sleeps, from 6.2; ours as it was before tuning, with the random head of 6.8; and the last GPT of 6.9. Besides seeing the evened-out pile, that one took a quarter of the steps, at twice the rate and with its embedding tables left alone: what separates them is not evening out only.
"""


# %%
def in_order(chances: Tensor, junk: Tensor) -> float:
    return float((chances[junk][:, None] > chances[~junk]).float().mean())  # (spam, ham)


# %% tags=["nbval-ignore-output"]
texts, truth = test.text.tolist(), torch.tensor(test.spam.tolist())
rivals = suspicions(texts)
junk = truth == 1
thresholds = {name: threshold(chances, int(junk.sum())) for name, chances in rivals.items()}
accused = {name: (chances > thresholds[name]).long() for name, chances in rivals.items()}
for name, chances in rivals.items():
    right, caught, lost = (accused[name] == truth).sum(), accused[name][junk].sum(), accused[name][~junk].sum()
    print(f"{name:20} {right}/{len(truth)}   {caught:2d}/{junk.sum()}   {lost:2d}/{(~junk).sum()}", end="   ")
    print(f"{in_order(chances, junk):4.0%}")

# %% [markdown] lang="es"
r"""
Aciertos, basura cazada, mensajes buenos perdidos y una cuarta columna que no depende del umbral: de todas las parejas de un `spam` y un `ham`, en cuántas sospecha más del `spam` (la llaman AUC). El que duerme no ordena ninguna; a cara o cruz se ordena la mitad.

La cabeza «sin afinar» salió de un sorteo: con sus dos filas cambiadas de sitio, las parejas en orden y en desorden se cambiarían también. Lo que ha enseñado el ajuste es lo que la última línea pasa de la mitad.

¿Y son de fiar estas diferencias, con tan pocos mensajes?
"""

# %% [markdown] lang="en"
r"""
Right answers, junk caught, good messages lost, and a fourth column that doesn't depend on the threshold: of all pairs of a `spam` and a `ham`, in how many is the `spam` more suspect (known as AUC). The sleeper puts none in order; tossing a coin does so with half.

The "not tuned" head came out of a draw: swap its two rows, and the pairs in order and out of order swap too. What tuning taught is how far the last line exceeds one half.

And are these differences to be trusted, with so few messages?
"""

# %% [markdown] lang="es"
r"""
Si aciertas 8 de 10, ¿cuál es tu verdadera puntería? Pudo ser 0.9 con mala suerte o 0.6 con buena.
El intervalo de [Wilson (1927)](https://doi.org/10.1080/01621459.1927.10502953) da los valores compatibles con lo visto, con $\hat p$ la parte de aciertos, $n$ los intentos y $z = 1.96$ para un 95 %:

$$\frac{\hat p + \frac{z^2}{2n} \pm z\sqrt{\frac{\hat p(1-\hat p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}$$
"""

# %% [markdown] lang="en"
r"""
If you are right 8 times out of 10, how good is your aim really? It may be 0.9 with bad luck, or 0.6 with good.
The interval of [Wilson (1927)](https://doi.org/10.1080/01621459.1927.10502953) gives the values that agree with what was seen, where $\hat p$ is the share of right answers, $n$ the number of tries, and $z = 1.96$ for 95%:

$$\frac{\hat p + \frac{z^2}{2n} \pm z\sqrt{\frac{\hat p(1-\hat p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}$$
"""


# %%
def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    p = right / n
    centre, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)


for right, n in ((8, 10), (80, 100), (800, 1000)):
    low, high = wilson(right, n)
    print(f"{right:3d}/{n:4d}   {low:.2f} {high:.2f}")

# %% [markdown] lang="es"
r"""
Con diez intentos no se sabe casi nada; para estrechar el intervalo a la décima parte hacen falta cien veces más.

Con la basura cazada, que son muy pocos mensajes, las barras son así de anchas:
"""

# %% [markdown] lang="en"
r"""
Ten tries tell you next to nothing; to make the interval ten times narrower takes a hundred times as many.

For the junk caught, which is very few messages, the bars are this wide:
"""

# %% tags=["nbval-ignore-output"]
shares = {}
for name in rivals:
    caught, n = int(accused[name][junk].sum()), int(junk.sum())
    shares[name] = (caught, n, *wilson(caught, n))
plots.intervals(shares, say("basura cazada", "junk caught"))

# %% tags=["nbval-ignore-output"]
shares = {}
for name in rivals:
    right = int((accused[name] == truth).sum())
    shares[name] = (right, len(truth), *wilson(right, len(truth)))
plots.intervals(shares, say("aciertos", "right answers"), mark=float((truth == 0).float().mean()))

# %% [markdown] lang="es"
r"""
La raya es lo que acierta el que duerme. Donde dos barras se solapan mucho, no hay que sacar pecho.

Para comparar dos filtros hay algo más fino: casi siempre dicen lo mismo, y eso no ayuda a decidir. Cuentan solo los mensajes en que uno acierta y el otro no ([McNemar, 1947](https://doi.org/10.1007/BF02295996)). Si son iguales de buenos, esos se reparten por la mitad, como las caras de una moneda. ¿Con qué frecuencia daría la moneda un reparto tan desigual, o más?
"""

# %% [markdown] lang="en"
r"""
The line is what the sleeper gets. Where two bars overlap a lot, there is nothing to boast about.

To compare two filters there is something finer: they mostly say the same, and that does not help to decide. Only the messages count on which one is right and the other is not ([McNemar, 1947](https://doi.org/10.1007/BF02295996)). If they are equally good, those split evenly, like the faces of a coin. How often would a coin give so uneven a split, or more?
"""


# %%
def by_luck(won: int, lost: int) -> float:
    tosses = won + lost
    return min(1.0, 2 * sum(math.comb(tosses, k) for k in range(max(won, lost), tosses + 1)) / 2**tosses)


for won, lost in ((3, 1), (4, 0), (8, 2), (80, 20)):
    print(f"{won}:{lost}  {by_luck(won, lost):.3f}")

# %% [markdown] lang="es"
r"""
Un cuatro a cero lo da una moneda honrada una vez de cada ocho. La costumbre es no fiarse mientras pase del 0.05; y son cinco comparaciones, cinco ocasiones de equivocarse.
"""

# %% [markdown] lang="en"
r"""
An honest coin gives four to nil one time in eight. The custom is not to trust anything above 0.05; and five comparisons are five chances to be wrong.
"""


# %%
def verdict(ours: str, theirs: str) -> str:
    good = {name: accused[name] == truth for name in (ours, theirs)}
    won, lost = int((good[ours] & ~good[theirs]).sum()), int((good[theirs] & ~good[ours]).sum())
    counts = say(
        f"solo acierta «{ours}»: {won}; solo «{theirs}»: {lost}",
        f"only “{ours}” is right: {won}; only “{theirs}”: {lost}",
    )
    if by_luck(won, lost) < 0.05:
        winner = ours if won > lost else theirs
        return counts + say(f". Gana «{winner}».", f". “{winner}” wins.")
    return counts + say(". No se puede decir cuál es mejor.", ". No telling which is better.")


# %% tags=["nbval-ignore-output"]
*others, ours = rivals
for rival in others:
    print(verdict(ours, rival))

# %% [markdown] lang="es"
r"""
Ese es el veredicto con *este* reparto. ¿Y con otro? Afinar el GPT cuarenta veces llevaría un buen rato; contar palabras, un segundo. Miremos la cuarta columna de esa fila si los montones se hubieran barajado de otra manera.
"""

# %% [markdown] lang="en"
r"""
That is the verdict on *this* deal. And on another? Fine-tuning the GPT forty times would take quite a while; counting words, a second. Let's look at the fourth column of that row, had the piles been shuffled another way.
"""

# %% tags=["nbval-ignore-output"]
deals = []
for seed in range(40):
    studied, _, exam = split_dataset(messages, seed=seed)
    counts = CountVectorizer()
    model_of_words = LogisticRegression(max_iter=1_000).fit(counts.fit_transform(studied.text), studied.spam)
    suspected = torch.tensor(model_of_words.predict_proba(counts.transform(exam.text))[:, 1])
    deals.append(in_order(suspected, torch.tensor(exam.spam.tolist()) == 1))
plots.deals(deals)

# %% [markdown] lang="es"
r"""
Nada ha cambiado, ni el método ni los mensajes: solo la suerte del reparto, y mueve la nota más de diez puntos. Al GPT le pasa lo mismo. Quien enseña un solo reparto enseña también su suerte, y una ventaja de pocos puntos puede cambiar de dueño con la siguiente baraja.
"""

# %% [markdown] lang="en"
r"""
Nothing has changed, neither the method nor the messages: only the luck of the deal, and it moves the mark by over ten points. The same goes for the GPT. Whoever shows a single deal shows its luck as well, and a lead of a few points may change hands with the next shuffle.
"""

# %% [markdown] lang="es"
r"""
Si las palabras contadas aguantan el tipo, no es un accidente: en clasificación de textos los métodos sencillos resisten muy bien ([Joulin et al., 2016](https://arxiv.org/abs/1607.01759)).

La basura se delata por su vocabulario (mira la lista de arriba), y con unos cientos de ejemplos alcanza para pesar palabras, mientras que un modelo de millones de parámetros tiene con qué aprendérselos de memoria.
"""

# %% [markdown] lang="en"
r"""
If words counted hold their own, it is no accident: in text classification simple methods stand up very well ([Joulin et al., 2016](https://arxiv.org/abs/1607.01759)).

Junk gives itself away by its vocabulary (see the list above), and a few hundred examples are enough to weigh words, while a model with millions of parameters has the means to learn them by heart.
"""

# %% [markdown] lang="es"
r"""
El preentrenamiento debería ayudar donde cuentan el orden, el tono o lo que no se dice: «qué lindo perfil» no lleva ninguna palabra culpable. Que aquí ayude es otra cosa: en 6.12 verás si el nuestro caza esos mensajes. Cuánto ayuda depende de cuánto haya leído el modelo, y el de la caja es más de diez veces más pequeño que el menor de los GPT-2.

La lección práctica vale para cualquier tamaño: pon siempre al lado el rival barato.
"""

# %% [markdown] lang="en"
r"""
Pretraining should help where order, tone, or what is left unsaid matters: "what a sweet profile" has no guilty word in it. Whether it helps here is another matter: in 6.12 you will see if ours catches such messages. How much it helps depends on how much the model has read, and the one in the box is over ten times smaller than the smallest GPT-2.

The practical lesson holds at any size: always put the cheap rival beside it.
"""

# %% [markdown] lang="es"
r"""
## 6.12 Mirar los fallos de cerca

Un porcentaje no enseña a mejorar; leer los fallos, sí. Primero, cuántos hay de cada clase.
"""

# %% [markdown] lang="en"
r"""
## 6.12 A close look at the mistakes

A percentage doesn't teach you how to do better; reading the mistakes does. First, how many there are of each kind.
"""

# %% tags=["nbval-ignore-output"]
plots.confusion(truth.tolist(), accused[ours].tolist(), ["ham", "spam"])

# %% [markdown] lang="es"
r"""
Los dos fallos no cuestan igual: un `spam` que se cuela molesta; un `ham` en la papelera puede ser la cita del médico.

Ahora, los peores: aquellos en que se equivocó con más aplomo. La barra es la probabilidad de basura. Léelos en voz alta.
"""

# %% [markdown] lang="en"
r"""
The two mistakes don't cost the same: a `spam` that slips through is a nuisance; a `ham` in the bin may be the doctor's appointment.

Now the worst: those it got wrong with the most aplomb. The bar is the probability of junk. Read them aloud.
"""

# %% tags=["nbval-ignore-output"]
chances = rivals[ours]
aplomb = (chances - thresholds[ours]).abs() * (accused[ours] != truth)
worst = aplomb.argsort(descending=True)[: min(8, int((aplomb > 0).sum()))].tolist()
label = ["ham", "spam"]
cards(
    [texts[i] for i in worst],
    [label[truth[i]] for i in worst],
    [float(chances[i]) for i in worst],
    say("Lo que es cada mensaje y la probabilidad de spam que le dio el modelo.",
        "What each message is, and the probability of spam the model gave it."),
)  # fmt: skip

# %% [markdown] lang="es"
r"""
Pregúntate de cada uno: ¿lo habría acertado una persona sin más contexto? ¿Hay otro parecido en el entrenamiento con la etiqueta contraria? ¿Se cortó por el token 48?

Las respuestas dicen qué hacer: más ejemplos de esa clase, filas más largas o resignarse, porque hay mensajes que solo se entienden sabiendo quién los manda.
Aquí los leemos en la prueba porque ya no tocaremos el modelo. Si vas a mejorarlo, lee los de validación, o mide después con otro reparto.
"""

# %% [markdown] lang="en"
r"""
Ask of each one: would a person have got it right with nothing more to go on? Is there a similar one in the training pile with the opposite label? Was it cut at token 48?

The answers say what to do: more examples of that kind, longer rows, or resignation, because some messages make sense only if you know who sent them.
We read them on the test pile because the model will not be touched again. If you mean to improve it, read those of validation, or measure afterwards on another deal.
"""

# %% [markdown] lang="es"
r"""
El aplomo es otro asunto. Un modelo está **calibrado** si, de los mensajes a los que da un 90 %, nueve de cada diez son basura; las redes que se entrenan mucho suelen pecar de seguras ([Guo et al., 2017](https://arxiv.org/abs/1706.04599)). ¿Y el nuestro?
"""

# %% [markdown] lang="en"
r"""
Aplomb is another matter. A model is **calibrated** if, of the messages to which it gives 90%, nine in ten are junk; networks that are trained for long tend to be too sure of themselves ([Guo et al., 2017](https://arxiv.org/abs/1706.04599)). And ours?
"""

# %% tags=["nbval-ignore-output"]
confidence, good = (chances - 0.5).abs() + 0.5, (chances > 0.5).long() == truth
sure = confidence > 0.9
print(say("seguridad media", "mean confidence"), f"{confidence[sure].mean():.0%}")
hits, n = int(good[sure].sum()), int(sure.sum())
low, high = wilson(hits, n)
print(say("aciertos", "right answers"), f"{hits}/{n} = {hits / n:.0%} ({low:.0%}–{high:.0%})")

# %% [markdown] lang="es"
r"""
Son los mensajes en que dice estar seguro en más de un 90 %. Si el primer porcentaje queda por encima del intervalo de Wilson del segundo, presume; si cae dentro, no se puede decir. Por si acaso, toma su probabilidad como un orden y no como una promesa.

Y un orden es cuanto hace falta para mover el umbral a tu gusto. Nadie obliga a acusar tantos mensajes como basura hay.
"""

# %% [markdown] lang="en"
r"""
These are the messages of which it says it is more than 90% sure. If the first percentage lies above the Wilson interval of the second, it boasts; if it falls inside, there is no telling. To be safe, take its probability as a ranking and not as a promise.

And a ranking is all you need to move the threshold as you please. Nobody forces you to accuse as many messages as there is junk.
"""

# %% tags=["nbval-ignore-output"]
play.play_threshold(truth.tolist(), {name: rivals[name].tolist() for name in (ours, *others[1:])})

# %% [markdown] lang="es"
r"""
Baja el umbral hasta que el filtro cace casi toda la basura y cuenta lo que pierde; súbelo hasta que no pierda ningún mensaje bueno y cuenta lo que caza. Después haz lo mismo con los rivales.

Un aviso de inspectora: en serio, el umbral se escoge en validación. Si lo escoges mirando la prueba, la prueba deja de serlo.
"""

# %% [markdown] lang="en"
r"""
Lower the threshold until the filter catches nearly all the junk, and count what it loses; raise it until it loses no good message, and count what it catches. Then do the same with the rivals.

A word from the inspector: in earnest, the threshold is chosen on validation. Choose it while looking at the test, and it is a test no longer.
"""

# %% [markdown] lang="es"
r"""
## 6.13 Un filtro al que puedes escribir

Falta la función que lo junta todo: de un texto a una etiqueta. Lo delicado es lo que vimos en 6.7, preparar el texto igual que en el entrenamiento.
"""

# %% [markdown] lang="en"
r"""
## 6.13 A filter you can type into

What is missing is the function that puts it all together: from a text to a label. The delicate part is what we saw in 6.7, to prepare the text exactly as in training.
"""

# %% [markdown] lang="es" exercise="classify"
r"""
### Ejercicio: dar el veredicto

Es la única función que verá quien use tu filtro. Escribe `classify`.

```python
def classify(
    text: str, model: nn.Module, tokenizer: tiktoken.Encoding, max_length: int, pad_id: int, labels: Sequence[str]
) -> str: ...
```

Codifica el texto y lo corta o lo rellena por la derecha a `max_length`, o al contexto del modelo (las filas de `model.pos_emb.weight`) si es más corto.
Devuelve el elemento de `labels` cuyo logit es mayor en la última posición. Sin gradientes, en modo de evaluación y dejando el modelo en el modo en que estaba.
"""

# %% [markdown] lang="en" exercise="classify"
r"""
### Exercise: giving the verdict

It is the only function that users of your filter will see. Write `classify`.

```python
def classify(
    text: str, model: nn.Module, tokenizer: tiktoken.Encoding, max_length: int, pad_id: int, labels: Sequence[str]
) -> str: ...
```

It encodes the text and cuts it, or pads it on the right, to `max_length`, or to the model's context (the rows of `model.pos_emb.weight`) if that is shorter.
It returns the element of `labels` whose logit is largest at the last position. Without gradients, in evaluation mode, and leaving the model in the mode it was in.
"""

# %% solution="classify"

# %%
with example():
    # es: se espera ham o spam, y que el mensaje vacío no interrumpa nada
    # en: expected: ham or spam, and that the empty message stops nothing
    for text in (message, ""):
        print(
            classify(text, classifier, tokenizer, MAX_LENGTH, tokenizer.eot_token, ["ham", "spam"]) in ("ham", "spam")
        )

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El modelo espera un lote: `torch.tensor([ids])` tiene forma `(1, T)`. De su salida, `[0, -1]` son los logits.
</details>

<details><summary>Pista 2</summary>

`int(logits.argmax())` es un número de Python, con el que se puede mirar en `labels`. La longitud es `min(max_length, len(model.pos_emb.weight))`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The model expects a batch: `torch.tensor([ids])` has the shape `(1, T)`. Of its output, `[0, -1]` is the logits.
</details>

<details><summary>Hint 2</summary>

`int(logits.argmax())` is a Python number, with which you can look into `labels`. The length is `min(max_length, len(model.pos_emb.weight))`.
</details>
"""

# %% tests="classify"

# %% [markdown] lang="es"
r"""
`classify` acusa cuando el logit de `spam` es el mayor, es decir, a partir de la mitad. Elijamos en validación un umbral $u$ con el que acuse tantos mensajes como basura hay allí.

Para que lo use no hace falta tocar la función: basta restar al sesgo de la cabeza el logit de ese umbral, $\ln\frac{u}{1-u}$, y la mitad cae justo en él.
"""

# %% [markdown] lang="en"
r"""
`classify` accuses when the logit of `spam` is the larger one, that is, from one half on. Let's choose on validation a threshold $u$ with which it accuses as many messages as there is junk there.

To make it use that, there is no need to touch the function: subtract the threshold's logit, $\ln\frac{u}{1-u}$, from the bias of the head, and one half falls right on it.
"""

# %% tags=["nbval-ignore-output"]
bar = threshold(
    play.spam_chances(classifier, tokenizer, validation.text.tolist(), MAX_LENGTH), int(validation.spam.sum())
)
before = rivals[ours] > bar
with torch.no_grad():
    classifier.out_head.bias[1] -= torch.logit(torch.tensor(bar), eps=1e-6)
after = play.spam_chances(classifier, tokenizer, texts, MAX_LENGTH) > 0.5
print(f"{bar:.2f}", int((before == after).sum()), int(after[junk].sum()), int(after[~junk].sum()))

# %% [markdown] lang="es"
r"""
El umbral; en cuántos mensajes de prueba coincide el filtro retocado con el umbral puesto a mano (en todos, salvo que uno caiga en la raya), y cuánta basura caza y cuántos mensajes buenos pierde así, ya sin saber cuánta había. Suma las dos últimas y compárala con los 27 que hay: el umbral se eligió con diez `spam`, y con diez baila mucho. A trabajar:
"""

# %% [markdown] lang="en"
r"""
The threshold; on how many test messages the retouched filter agrees with the threshold applied by hand (on all, unless one falls on the line); and how much junk it catches and how many good messages it loses in this way, no longer knowing how much there was. Add the last two and compare with the 27 there are: the threshold was chosen on ten `spam`, and on ten it wobbles a lot. To work:
"""

# %% tags=["nbval-ignore-output"]
lines = say(
    ["Has ganado un premio, responde con tus datos", "Has ganado, te toca fregar a ti", "Martes"],
    ["You have won a prize, reply with your details", "You won, so you do the dishes", "Tuesday"],
)
for line in lines:
    print(classify(line, classifier, tokenizer, MAX_LENGTH, tokenizer.eot_token, ["ham", "spam"]), "·", line)

# %% [markdown] lang="es"
r"""
¿Se le ha escapado el premio? Es lo que anunciaba 6.11: de cada tres timos deja pasar uno, más o menos.

Ahora tú. Escribe un mensaje y pulsa fuera del cuadro: verás el veredicto y, debajo de cada palabra, cuánto pesa, medido de la manera más simple: se quita y se vuelve a preguntar ([Ribeiro et al., 2016](https://arxiv.org/abs/1602.04938) hacen algo más fino con la misma idea).

Intenta engañarlo en los dos sentidos: un timo que pase por amigo y una invitación que acabe en la papelera.
"""

# %% [markdown] lang="en"
r"""
Did the prize get past it? That is what 6.11 foretold: about one scam in three slips through.

Your turn. Write a message and click outside the box: you will see the verdict and, below each word, how much it weighs, measured in the simplest way: it is taken out and the question asked again ([Ribeiro et al., 2016](https://arxiv.org/abs/1602.04938) do something finer with the same idea).

Try to fool it both ways: a scam that passes for a friend, and an invitation that ends up in the bin.
"""

# %% tags=["nbval-ignore-output"]
caught = watched[watched.spam == 1].text.iloc[0]
play.play_classifier(classifier, tokenizer, caught, MAX_LENGTH, ["ham", "spam"])

# %% [markdown] lang="es"
r"""
## 6.14 Si tienes red: mensajes de verdad

La colección de [Almeida, Gómez y Yamakami (2011)](https://doi.org/10.1145/2034691.2034742) tiene 5574 mensajes reales en inglés, y unos cuatrocientos son copias de otro: se quitan antes de repartir, para que ninguno esté en dos montones. Su basura se repite mucho, y en ella los filtros, también el de contar palabras, rondan otras cifras.

La celda está apagada en las pruebas del curso porque descarga un archivo.
"""

# %% [markdown] lang="en"
r"""
## 6.14 With a network: real messages

The collection of [Almeida, Gómez and Yamakami (2011)](https://doi.org/10.1145/2034691.2034742) has 5574 real messages in English, some four hundred of them copies of another: they go before the deal, so that none is in two piles. Its junk repeats itself a lot, and on it filters, the one that counts words included, get figures of another order.

The cell is switched off in the course's tests, because it downloads a file.
"""

# %% tags=["nbval-skip"]
DOWNLOAD = False
if DOWNLOAD:
    from desdecero.data.public import fetch_sms_spam_collection

    real = fetch_sms_spam_collection().drop_duplicates("text").reset_index(drop=True)
    real["spam"] = (real.label == "spam").astype(int)
    real_train, _, real_test = split_dataset(real)
    bag = CountVectorizer()
    words = LogisticRegression(max_iter=1_000).fit(bag.fit_transform(real_train.text), real_train.spam)
    right = words.score(bag.transform(real_test.text), real_test.spam)
    print(f"{right:.1%}", say("siempre ham", "always ham"), f"{(real_test.spam == 0).mean():.1%}")

# %% [markdown] lang="es"
r"""
## 6.15 Lo que ya puedes hacer

Tienes el camino entero para afinar un clasificador: repartir sin trampas, igualar si conviene, rellenar, cambiar la cabeza, congelar, entrenar y juzgar con margen de error y un rival al lado.

Con otro archivo de textos y etiquetas, las mismas líneas separan reseñas, correos o lo que te haga falta; y con `load_pretrained("gpt2")`, un modelo mayor.
"""

# %% [markdown] lang="en"
r"""
## 6.15 What you can now do

You have the whole road to fine-tuning a classifier: deal without cheating, even out if it pays, pad, change the head, freeze, train, and judge with a margin of error and a rival alongside.

With another file of texts and labels, the same lines sort reviews, mail, or whatever you need; and with `load_pretrained("gpt2")`, a larger model.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran seis: `balance_classes`, `split_dataset`, `text_classification_dataset`, `add_classification_head`, `classification_accuracy` y `classify`.

Tres cosas que probar: `MAX_LENGTH = 64`, una pérdida con pesos, y repetir 6.11 con otras semillas de reparto para ver cuánto baila el veredicto.
En el capítulo 7 el modelo recupera su cabeza de hablar, y aprende a obedecer.
"""

# %% [markdown] lang="en"
r"""
There were six exercises: `balance_classes`, `split_dataset`, `text_classification_dataset`, `add_classification_head`, `classification_accuracy` and `classify`.

Three things to try: `MAX_LENGTH = 64`, a loss with weights, and repeating 6.11 with other seeds for the deal, to see how much the verdict wobbles.
In chapter 7 the model gets its talking head back, and learns to do as it is told.
"""
