# %% [markdown] lang="es"
r"""
# 2 · Datos de texto

Un modelo de lenguaje no lee: multiplica y suma, y para eso necesita números.

En este capítulo construyes el camino entero entre un texto y los vectores que entran en un GPT.
Son cuatro piezas: un tokenizador de palabras, otro de pares de bytes como los que usan los modelos de verdad, el cargador que reparte un texto en ejemplos y las dos tablas que dan un vector a cada token y a cada posición.
"""

# %% [markdown] lang="en"
r"""
# 2 · Text data

A language model does not read: it multiplies and adds, and for that it needs numbers.

In this chapter you build the whole road from a text to the vectors that enter a GPT.
There are four pieces: a tokenizer for words, another for byte pairs like the ones real models use, the loader that deals a text out into examples, and the two tables that give a vector to each token and each position.
"""

# %% [markdown] lang="es"
r"""
**Qué necesitas.** Python con listas, diccionarios y clases; de PyTorch, saber qué es un tensor y qué es un `nn.Module` (lo cuenta el apéndice A).

**Cuánto se tarda.** Una hora de lectura, casi otras dos para los cinco ejercicios y unos 15 segundos de ordenador.
No hace falta conexión: la única celda que la usa está apagada.
"""

# %% [markdown] lang="en"
r"""
**What you need.** Python with lists, dictionaries and classes; of PyTorch, what a tensor is and what an `nn.Module` is (appendix A covers both).

**How long it takes.** An hour of reading, nearly two more for the five exercises, and some 15 seconds of computing.
No network is needed: the only cell that uses one is switched off.
"""

# %%
import inspect
import re
from collections.abc import Sequence

import tiktoken
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.data import load_story
from desdecero.edition import say
from desdecero.plots import text as plots
from desdecero.text import END_OF_TEXT, SPLIT_PATTERN, UNKNOWN, load_tokenizer, make_loader
from desdecero.widgets import text as play

use_edition(EDITION)
torch.manual_seed(2)
torch.set_printoptions(precision=2, sci_mode=False)

# %% [markdown] lang="es"
r"""
Este es el camino, recorrido por tres palabras y un punto.
El puntito que llevan delante algunos trozos es un espacio, dibujado así para que se vea.
"""

# %% [markdown] lang="en"
r"""
Here is the road, travelled by three words and a full stop.
The small dot in front of some pieces is a space, drawn that way so that you can see it.
"""

# %%
plots.pipeline(say("Piedra y chopo.", "Stone and poplar."))

# %% [markdown] lang="es"
r"""
Léelo de arriba abajo.
El texto se corta en trozos, los **tokens**; cada token tiene un número, su **id**; y cada id señala una fila de una tabla, que es el vector con el que trabaja el modelo.
Hay palabras enteras y palabras partidas: el porqué está en el apartado 2.3.
"""

# %% [markdown] lang="en"
r"""
Read it from top to bottom.
The text is cut into pieces, the **tokens**; each token has a number, its **id**; and each id points at a row of a table, which is the vector the model works with.
Some words are whole and some are broken: section 2.3 explains why.
"""

# %% [markdown] lang="es"
r"""
## 2.1 Por qué el texto se convierte en vectores

El texto de trabajo es un cuento escrito para este curso.
Casilda, la barquera, ha perdido todas las palabras menos una, pero si alguien empieza una frase, ella la termina.
Viene a ser un modelo de lenguaje que, además, sabe llevar una barca.
"""

# %% [markdown] lang="en"
r"""
## 2.1 Why text becomes vectors

The running text is a story written for this course.
Casilda, who runs a ferry, has lost every word but one, yet if somebody starts a sentence she can finish it.
She is more or less a language model, with the added merit of being able to handle a boat.
"""

# %%
story = load_story(EDITION)
print(". ".join(story.split(". ")[:3]), "…")
print(len(story), say("caracteres", "characters"))

# %% [markdown] lang="es"
r"""
Para hacer cuentas con eso hay que pasarlo a números.
Lo primero que se le ocurre a cualquiera es poner las palabras por orden alfabético y numerarlas.
Antes de ejecutar la celda, piensa qué dirá esa numeración sobre lo que hay a medio camino entre una barca y un río.
"""

# %% [markdown] lang="en"
r"""
To do arithmetic with that, it has to be turned into numbers.
The first thing anyone thinks of is to put the words in alphabetical order and number them.
Before you run the cell, work out what this numbering will say lies halfway between a ferry and a river.
"""

# %%
number = {word: i for i, word in enumerate(say(["barca", "gallina", "río"], ["ferry", "hen", "river"]))}
print(number)
first, middle, last = number
print(f"({first} + {last}) / 2 = {(number[first] + number[last]) / 2:.0f} = {middle}")

# %% [markdown] lang="es"
r"""
Una gallina.
La red haría esa cuenta sin pestañear, porque hacer cuentas es lo único que hace.
Un número por palabra impone un orden y unas distancias que nadie ha querido decir.
"""

# %% [markdown] lang="en"
r"""
A hen.
The network would do that sum without blinking, because sums are all it does.
One number per word imposes an order, and distances, that nobody meant.
"""

# %% [markdown] lang="es"
r"""
Con varios números por palabra, cada uno puede medir una cosa distinta.
Prueba con dos, puestos a ojo: cuánto tiene de ser vivo y cuánto tiene que ver con el agua.
"""

# %% [markdown] lang="en"
r"""
With several numbers per word, each of them can measure something different.
Try two, set by eye: how much of a living thing it is, and how much it has to do with water.
"""

# %%
words = say(
    ["gallina", "niña", "junco", "barca", "río", "colchón"],
    ["hen", "girl", "reeds", "ferry", "river", "mattress"],
)
vectors = torch.tensor([[0.9, 0.1], [1.0, 0.2], [0.6, 0.8], [0.1, 0.8], [0.2, 1.0], [0.0, 0.1]])  # (6, 2)
plots.word_map(words, vectors, say(("ser vivo", "agua"), ("living thing", "water")))

# %% [markdown] lang="es"
r"""
Ahora las distancias dicen algo.
Calcula la que hay entre cada dos palabras y busca la vecina más cercana de cada una; la más cercana de todas, a distancia cero, es siempre la propia palabra, y por eso se toma la segunda.
"""

# %% [markdown] lang="en"
r"""
Now the distances say something.
Compute the one between every two words and look up each word's nearest neighbour; the nearest of all, at distance zero, is always the word itself, which is why the second is taken.
"""

# %%
distance = torch.cdist(vectors, vectors)  # (6, 2), (6, 2) -> (6, 6)
for i, word in enumerate(words):
    nearest = distance[i].argsort()[1]
    print(f"{word:>8} -> {words[nearest]:<8} {distance[i, nearest]:.2f}")

# %% [markdown] lang="es"
r"""
Barca y río se buscan; gallina y niña, también.
El colchón se queda con la barca, a bastante distancia, porque algo tenía que tocarle: dos números no dan para más.
Haría falta otra columna, y otra para la siguiente palabra rara.
"""

# %% [markdown] lang="en"
r"""
Ferry and river find each other, and so do hen and girl.
The mattress ends up with the ferry, from quite far away, because it had to end up with something: two numbers only go so far.
It would take another column, and one more for the next odd word.
"""

# %% [markdown] lang="es"
r"""
Una tabla así, con una fila por palabra, se llama **embedding**.
Los modelos no la reciben hecha: la aprenden, con cientos de columnas y sin que nadie decida qué mide cada una.
Que las palabras parecidas acaben cerca lo mostraron [Mikolov et al., 2013](https://arxiv.org/abs/1301.3781); el GPT-2 pequeño usa 768 columnas ([Radford et al., 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf)).
"""

# %% [markdown] lang="en"
r"""
A table like this, with one row per word, is called an **embedding**.
Models are not handed theirs: they learn it, with hundreds of columns, and nobody decides what each column measures.
That similar words end up close together was shown by [Mikolov et al., 2013](https://arxiv.org/abs/1301.3781); the small GPT-2 uses 768 columns ([Radford et al., 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf)).
"""

# %% [markdown] lang="es"
r"""
Quedan tres preguntas, y son el resto del capítulo: en qué trozos se corta el texto, cómo se convierte un texto largo en ejemplos para aprender, y de dónde sale el vector de cada trozo.
"""

# %% [markdown] lang="en"
r"""
Three questions remain, and they are the rest of the chapter: into which pieces the text is cut, how a long text becomes examples to learn from, and where the vector of each piece comes from.
"""

# %% [markdown] lang="es"
r"""
## 2.2 Cortar el texto en palabras y signos

Empieza por lo más corto de escribir: cortar por los espacios.
"""

# %% [markdown] lang="en"
r"""
## 2.2 Cutting a text into words and marks

Start with what is shortest to write: cutting at the spaces.
"""

# %%
line = say("Suelta y piedra. Piedra y... ¿palomar? ¡No, chopo!", "Off and stone. Stone and... dovecote? No, poplar!")
print(line.split())

# %% [markdown] lang="es"
r"""
Los signos se quedan pegados.
Para el modelo, una piedra con punto y otra sin él serían dos palabras sin relación, y tendría que aprender por separado todo lo que sabe de las piedras.
Además, el signo dice algo por su cuenta: aquí acaba una frase.
"""

# %% [markdown] lang="en"
r"""
The marks stay stuck to the words.
To the model, a stone with a full stop and one without would be two unrelated words, and it would have to learn twice whatever there is to know about stones.
Besides, the mark says something of its own: a sentence ends here.
"""

# %% [markdown] lang="es"
r"""
La regla que buscas cabe en una frase: cada signo es un token, y lo que hay entre signos y espacios es otro.
Escrita letra a letra, es un bucle que va juntando una palabra y la suelta cuando llega a un signo o a un espacio.
¿Cuántos tokens darán los puntos suspensivos?
"""

# %% [markdown] lang="en"
r"""
The rule you want fits in one sentence: each mark is a token, and whatever stands between marks and spaces is another.
Written letter by letter, it is a loop that gathers a word and lets it go when it comes to a mark or a space.
How many tokens will the dots of the ellipsis make?
"""

# %%
MARKS = ",.;:?!¿¡"


def cut(text):
    tokens, word = [], ""
    for character in text + " ":
        if character not in MARKS and not character.isspace():
            word += character
            continue
        if word:
            tokens.append(word)
        if character in MARKS:
            tokens.append(character)
        word = ""
    return tokens


print(cut(line))

# %% [markdown] lang="es"
r"""
Tres, uno por punto.
Los espacios han desaparecido y los signos van por su cuenta, también los que en español abren la frase.
"""

# %% [markdown] lang="en"
r"""
Three, one for each dot.
The spaces are gone and every mark goes its own way, and so would the ones that open a sentence in Spanish.
"""

# %% [markdown] lang="es"
r"""
Ese bucle se escribe en una línea con una **expresión regular**: un dibujo del trozo que se busca.
Mira sus piezas en un texto sin importancia.
Los corchetes dicen «uno de estos caracteres»; con `^` delante, «uno que no sea de estos»; el `+` significa «uno o más seguidos», y la barra `|`, «o bien».
"""

# %% [markdown] lang="en"
r"""
That loop becomes a single line with a **regular expression**: a drawing of the piece you are looking for.
Watch its parts at work on a text of no importance.
Square brackets say "one of these characters"; with `^` at the front, "one that is not among these"; the `+` means "one or more in a row", and the bar `|` means "or else".
"""

# %%
code = "Jimena11 Baltasar78"
for pattern in ("[0-9]", "[^0-9 ]", "[^0-9 ]+", "[0-9]|[^0-9 ]+"):
    print(f"{pattern:14}", *re.findall(pattern, code), sep="  ")

# %% [markdown] lang="es"
r"""
`re.findall` da la lista de los trozos que encajan, de izquierda a derecha.
El último patrón se parece mucho a lo que necesitas: las cifras van sueltas, una a una, y las letras se juntan.
Dentro de los corchetes puedes escribir `\s`, que vale por cualquier espacio en blanco, también el salto de línea.
"""

# %% [markdown] lang="en"
r"""
`re.findall` gives the list of the pieces that fit, from left to right.
The last pattern looks a lot like what you need: the digits go one by one, and the letters are gathered up.
Inside the brackets you may write `\s`, which stands for any white space, the line break included.
"""

# %% [markdown] lang="es"
r"""
Una trampa para quien escribe en español: decir qué letras forman una palabra, en vez de decir qué la termina.
"""

# %% [markdown] lang="en"
r"""
A trap for anyone who handles more than English: saying which letters make up a word, instead of saying what ends it.
"""

# %%
print(re.findall("[a-z]+", "mañana en Vadolargo"))
print(re.findall("[a-zA-Z]+", "mañana en Vadolargo"))

# %% [markdown] lang="es"
r"""
De la a a la z no están ni la ñ, ni las letras con tilde, ni las mayúsculas.
Por eso el tokenizador de abajo define la palabra por lo que no es: ni espacio ni signo.
"""

# %% [markdown] lang="en"
r"""
Between a and z there is no ñ, there are no accented letters, and there are no capitals.
That is why the tokenizer below defines a word by what it is not: neither a space nor a mark.
"""

# %% [markdown] lang="es"
r"""
Para volver de los tokens al texto se juntan con espacios y luego se quitan los que sobran.
De eso se encarga `re.sub`: cambia lo que encaja por otra cosa.
Lo que va entre paréntesis se recuerda, y `\1` lo vuelve a escribir.
"""

# %% [markdown] lang="en"
r"""
To go back from tokens to text, you join them with spaces and then take out the ones that should not be there.
That is the job of `re.sub`: it changes whatever fits into something else.
What stands in parentheses is remembered, and `\1` writes it again.
"""

# %%
joined = " ".join(["12", "%", "|", "40", "€", "|", "$", "7"])
print(joined)
print(re.sub(r" ([%€])", r"\1", joined))

# %% [markdown] lang="es"
r"""
El espacio que iba delante de `%` y de `€` ha desaparecido.
El dólar, que se escribe delante de la cifra, necesita lo mismo en espejo: primero el paréntesis y luego el espacio.
"""

# %% [markdown] lang="en"
r"""
The space in front of `%` and `€` is gone.
The dollar sign, which is written before the figure, needs the same thing in a mirror: the parenthesis first and the space after it.
"""

# %% [markdown] lang="es"
r"""
### Del token al número

El **vocabulario** es el diccionario que da un número a cada token distinto.
`set` quita los repetidos y `sorted` fija el orden, para que el mismo texto dé siempre los mismos números.
"""

# %% [markdown] lang="en"
r"""
### From token to number

The **vocabulary** is the dictionary that gives each different token a number.
`set` takes out the repeated ones and `sorted` settles the order, so that the same text always gives the same numbers.
"""

# %%
vocab = {token: i for i, token in enumerate(sorted(set(cut(line))))}
print(vocab)

# %% [markdown] lang="es"
r"""
Con mayúscula y con minúscula, la piedra aparece dos veces: para un ordenador son palabras distintas.
Podrías pasarlo todo a minúsculas, pero un modelo que escribe tiene que saber dónde va una mayúscula, así que se quedan las dos.
"""

# %% [markdown] lang="en"
r"""
With a capital and without one, the stone is in there twice: to a computer those are different words.
You could put everything in lower case, but a model that writes has to know where a capital goes, so both of them stay.
"""

# %%
ids = [vocab[token] for token in cut(line)]
token_of = {i: token for token, i in vocab.items()}
print(ids)
print([token_of[i] for i in ids])

# %% [markdown] lang="es"
r"""
Ida y vuelta, sin perder ningún token.
Pregúntale ahora al vocabulario por una palabra que no está en la frase.
"""

# %% [markdown] lang="en"
r"""
There and back, with no token lost.
Now ask the vocabulary for a word that is not in the sentence.
"""

# %%
word = say("colchones", "mattresses")
try:
    vocab[word]
except KeyError as missing:
    print("KeyError:", missing)
print(vocab.get(word, -1), vocab.get(",", -1))

# %% [markdown] lang="es"
r"""
Con corchetes, una clave que falta es un error; `get` devuelve lo que le digas en su lugar.
Un tokenizador hace eso mismo con una entrada reservada, `<|unk|>` (de *unknown*, desconocido).
Es un **token especial**: no viene del texto, lo pone quien construye el vocabulario.
"""

# %% [markdown] lang="en"
r"""
With square brackets, a missing key is an error; `get` gives back whatever you name in its place.
A tokenizer does just that with a reserved entry, `<|unk|>`, for unknown.
It is a **special token**: it does not come from the text, it is put there by whoever builds the vocabulary.
"""

# %% [markdown] lang="es"
r"""
El otro especial que verás en todo el curso es `<|endoftext|>`.
Va entre documento y documento, para que el modelo sepa que lo de delante ya no tiene que ver con lo de detrás; más adelante servirá también para que diga «he terminado».
Los símbolos raros son a propósito: nadie los escribe sin querer.
"""

# %% [markdown] lang="en"
r"""
The other special token, which you will meet all through the course, is `<|endoftext|>`.
It goes between one document and the next, so that the model knows that what came before has nothing to do with what follows; later it will also let the model say "I am done".
The odd symbols are on purpose: nobody types them by accident.
"""

# %%
entries = [*sorted(set(cut(line))), END_OF_TEXT, UNKNOWN]
vocab = {token: i for i, token in enumerate(entries)}
print(len(vocab), {token: vocab[token] for token in (END_OF_TEXT, UNKNOWN)})

# %% [markdown] lang="es" exercise="simple_tokenizer"
r"""
### Ejercicio: un tokenizador de palabras

Junta las piezas en una clase.
`encode` corta el texto en palabras y en los signos `, . ; : ? ! ¿ ¡`, cada signo por separado, y da los ids; lo que no esté en `vocab` recibe el id de `<|unk|>`, que está en `vocab` (su nombre lo guarda `UNKNOWN`).

`decode` une los tokens con un espacio, sin espacio antes de `, . ; : ? !` ni después de `¿ ¡`.
Un texto vacío da una lista vacía, y al revés.

```python
class SimpleTokenizer:
    def __init__(self, vocab: dict[str, int]) -> None: ...
    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: list[int]) -> str: ...
```
"""

# %% [markdown] lang="en" exercise="simple_tokenizer"
r"""
### Exercise: a tokenizer for words

Put the pieces together in a class.
`encode` cuts the text into words and the marks `, . ; : ? ! ¿ ¡`, each mark by itself, and gives the ids; whatever is not in `vocab` gets the id of `<|unk|>`, which is in `vocab` (`UNKNOWN` holds its name).

`decode` joins the tokens with one space, with none before `, . ; : ? !` and none after `¿ ¡`.
An empty text gives an empty list, and the other way round.

```python
class SimpleTokenizer:
    def __init__(self, vocab: dict[str, int]) -> None: ...
    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: list[int]) -> str: ...
```
"""

# %% solution="simple_tokenizer"

# %%
with example():
    small = {UNKNOWN: 0, "Marquesa": 1, "Baltasar": 2, ",": 3, "¿": 4, "?": 5}
    ids = SimpleTokenizer(small).encode("¿Baltasar, Anselmo?")
    # es: se espera: [4, 2, 3, 0, 5] y luego ¿Baltasar, <|unk|>?
    # en: expected: [4, 2, 3, 0, 5] and then ¿Baltasar, <|unk|>?
    print(ids)
    print(SimpleTokenizer(small).decode(ids))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El patrón de los números y las letras, con `[0-9]` cambiado por los signos y `[^0-9 ]` por «ni signo ni espacio en blanco» (`\s`).

</details>
<details><summary>Pista 2</summary>

En `decode` hacen falta dos `re.sub`: uno para los signos que cierran y otro, en espejo, para los que abren.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The pattern of the digits and letters, with `[0-9]` replaced by the marks and `[^0-9 ]` by "neither mark nor white space" (`\s`).

</details>
<details><summary>Hint 2</summary>

`decode` takes two calls of `re.sub`: one for the marks that close and another, in a mirror, for the ones that open.

</details>
"""

# %% tests="simple_tokenizer"

# %% [markdown] lang="es"
r"""
Ponlo a prueba como se prueba todo en este oficio: con texto que no ha visto.
Haz el vocabulario con la primera mitad del cuento y lee la segunda.
"""

# %% [markdown] lang="en"
r"""
Test it the way everything in this trade is tested: on text it has not seen.
Make the vocabulary from the first half of the story and read the second half.
"""

# %%
half = story.index("\n\n", len(story) // 2)
entries = [*sorted(set(cut(story[:half]))), END_OF_TEXT, UNKNOWN]
tokenizer = SimpleTokenizer({token: i for i, token in enumerate(entries)})
ids = tokenizer.encode(story[half:])
unknown = tokenizer.encode(UNKNOWN)[0]
print(len(entries), say("entradas;", "entries;"), f"{ids.count(unknown) / len(ids):.0%}", UNKNOWN)
print(tokenizer.decode(ids[300:360]))

# %% [markdown] lang="es"
r"""
Más de uno de cada cinco tokens de la segunda mitad es un hueco, y eso que el cuento es el mismo y los personajes también.
Un modelo que leyera así se perdería lo que más falta le hace: las palabras nuevas.
"""

# %% [markdown] lang="en"
r"""
About one token in six of the second half is a blank, even though it is the same story with the same characters.
A model that read like this would miss exactly what it needs most: the new words.
"""

# %%
plots.vocabulary_growth(cut(story))

# %% [markdown] lang="es"
r"""
La curva se dobla, pero no se acuesta: por mucho que leas, siempre quedan palabras por llegar.
Y hay otro problema, que se ve buscando la única palabra que le quedó a Casilda.
"""

# %% [markdown] lang="en"
r"""
The curve bends, but it never lies down: however much you read, there are always words still to come.
And there is another problem, which shows when you look for the one word that Casilda had left.
"""

# %%
print(sorted({token for token in cut(story) if say("martes", "tuesday") in token.lower()}))

# %% [markdown] lang="es"
r"""
Son cuatro entradas para un solo día, y el modelo las vería tan distintas como un río y un colchón.
Las rayas y las comillas no estaban en la lista de signos; podrías añadirlas, y mañana aparecería otra cosa.
Además, al volver de los ids al texto se han perdido los párrafos.
"""

# %% [markdown] lang="en"
r"""
That makes four entries, three of them for the very same word, and the model would see them as being as different as a river and a mattress.
Quotation marks were not on the list; you could add them, and tomorrow something else would turn up.
On top of that, going back from ids to text has lost the paragraphs.
"""

# %% [markdown] lang="es"
r"""
## 2.3 Pares de bytes: aprender a cortar

Las palabras son demasiadas.
La otra punta sería cortar en caracteres: hay pocos y ninguno falta, pero el texto se hace larguísimo.
"""

# %% [markdown] lang="en"
r"""
## 2.3 Byte pairs: learning where to cut

There are too many words.
The opposite end would be to cut into characters: there are few of them and none is missing, but the text becomes very long.
"""

# %%
ways = {say("palabras", "words"): cut(story), say("caracteres", "characters"): story, "bytes": story.encode("utf-8")}
for name, pieces in ways.items():
    print(f"{name:>10}: {len(pieces):6} tokens, {len(set(pieces)):5}", say("distintos", "distinct"))

# %% [markdown] lang="es"
r"""
Con caracteres, el texto mide más de cuatro veces lo que medía en palabras.
El punto medio lo da la **codificación por pares de bytes** (BPE): empezar por lo más pequeño e ir pegando lo que más veces aparece junto.
La inventó [Gage, 1994](http://www.pennelynn.com/Documents/CUJ/HTML/94HTML/19940045.HTM) para comprimir ficheros, [Sennrich et al., 2016](https://arxiv.org/abs/1508.07909) la llevaron a la traducción con redes neuronales y GPT-2, a los modelos de lenguaje, byte a byte.
"""

# %% [markdown] lang="en"
r"""
In characters, the text is over four times as long as it was in words.
The middle ground is **byte-pair encoding** (BPE): begin with what is smallest and keep gluing together what most often appears side by side.
[Gage, 1994](http://www.pennelynn.com/Documents/CUJ/HTML/94HTML/19940045.HTM) invented it to compress files, [Sennrich et al., 2016](https://arxiv.org/abs/1508.07909) brought it to neural translation, and GPT-2 to language models, byte by byte.
"""

# %% [markdown] lang="es"
r"""
### Los bytes

Un ordenador guarda el texto como **bytes**, números del 0 al 255.
La regla para pasar de letras a bytes se llama UTF-8: las letras inglesas ocupan un byte, la ñ y las vocales con tilde ocupan dos, y un emoji sencillo, cuatro.
"""

# %% [markdown] lang="en"
r"""
### Bytes

A computer stores text as **bytes**, numbers from 0 to 255.
The rule that turns letters into bytes is called UTF-8: the letters of English take one byte, ñ and the accented vowels take two, and a simple emoji takes four.
"""

# %%
for character in "n", "ñ", "é", "—", "🐔":
    print(character, list(character.encode("utf-8")))
plots.utf8("mañana—🐔")

# %% [markdown] lang="es"
r"""
Los bytes de una misma letra no significan nada por separado.
Fíjate en que la ñ y la é empiezan por el mismo 195: ese byte solo anuncia que viene otro.
"""

# %% [markdown] lang="en"
r"""
The bytes of one letter mean nothing on their own.
Notice that ñ and é begin with the same 195: all that byte does is announce that another one is coming.
"""

# %%
print(bytes([195, 177]).decode("utf-8"))
print(bytes([195]).decode("utf-8", errors="replace"))

# %% [markdown] lang="es"
r"""
Media ñ no es una letra, y Python pone en su lugar el rombo con la interrogación.
A cambio, con 256 entradas se escribe cualquier texto de cualquier idioma, y `<|unk|>` sobra para siempre.
"""

# %% [markdown] lang="en"
r"""
Half an ñ is not a letter, and Python puts the diamond with the question mark in its place.
In return, 256 entries can spell any text in any language, and `<|unk|>` is out of work for good.
"""

# %% [markdown] lang="es"
r"""
### Contar y pegar

El río del cuento se llama Zurdo. Entrena con tres palabras de su familia.
La secuencia empieza siendo una lista de bytes sueltos; Python escribe `b"z"` para el byte que corresponde a la z.
"""

# %% [markdown] lang="en"
r"""
### Count and glue

The river in the story is called the Zurdo, the left-hander. Train on three words of its family.
The sequence begins as a list of single bytes; Python writes `b"z"` for the byte that stands for z.
"""

# %%
toy = "zurdo zurda zurdo"
sequence = [bytes([byte]) for byte in toy.encode("utf-8")]
print(sequence)

# %% [markdown] lang="es"
r"""
Cuenta cada pareja de vecinos con un bucle y un diccionario.
Antes de mirar, intenta adivinar cuáles ganan.
"""

# %% [markdown] lang="en"
r"""
Count every pair of neighbours with a loop and a dictionary.
Before you look, try to guess which ones win.
"""

# %%
counts = {}
for i in range(len(sequence) - 1):
    pair = (sequence[i], sequence[i + 1])
    counts[pair] = counts.get(pair, 0) + 1
for pair, times in counts.items():
    print(times, pair)

# %% [markdown] lang="es"
r"""
Hay tres parejas empatadas a tres, las de la raíz común.
Para que dos personas que entrenan con el mismo texto obtengan los mismos tokens hace falta una regla de desempate, y aquí será la más simple: gana la que aparece antes.
"""

# %% [markdown] lang="en"
r"""
Three pairs are tied at three, the ones in the stem that the words share.
For two people who train on the same text to get the same tokens there has to be a rule for ties, and here it will be the simplest one: whichever comes first wins.
"""

# %%
best = max(counts, key=counts.get)
print(best, counts[best])

# %% [markdown] lang="es"
r"""
Un diccionario guarda el orden de llegada, y `max` se queda con el primero de los iguales: la regla sale gratis.
El paquete trae ese recuento ya escrito.
`Pair` es solo el nombre que se da al tipo de una pareja, `tuple[bytes, bytes]`.
"""

# %% [markdown] lang="en"
r"""
A dictionary keeps the order of arrival, and `max` keeps the first of equals: the rule comes for free.
The package has this count ready made.
`Pair` is just the name given to the type of a pair, `tuple[bytes, bytes]`.
"""

# %%
from desdecero.text import Pair, count_pairs, merge_pair

print(inspect.getsource(count_pairs))
print(count_pairs(sequence) == counts, Pair)

# %% [markdown] lang="es"
r"""
`zip` empareja la lista con ella misma corrida un lugar, y `Counter` hace lo que hacía tu bucle.
Falta pegar la pareja ganadora en todos los sitios donde aparece, de izquierda a derecha.
"""

# %% [markdown] lang="en"
r"""
`zip` pairs the list with itself moved along by one place, and `Counter` does what your loop did.
What remains is to glue the winning pair wherever it occurs, from left to right.
"""

# %%
glued, skip = [], False
for i, token in enumerate(sequence):
    if skip:
        skip = False
    elif sequence[i : i + 2] == list(best):
        glued.append(best[0] + best[1])
        skip = True
    else:
        glued.append(token)
print(glued)
print(glued == merge_pair(sequence, best))

# %% [markdown] lang="es"
r"""
Sumar dos `bytes` los pone uno detrás del otro, y después de pegar hay que saltarse el segundo, que ya está usado.
`merge_pair`, del paquete, da lo mismo.
Conviene ver una diferencia entre contar y pegar.
"""

# %% [markdown] lang="en"
r"""
Adding two `bytes` puts one after the other, and after gluing you have to skip the second, which has been used up.
The package's `merge_pair` gives the same.
There is a difference between counting and gluing that is worth seeing.
"""

# %%
shout = [b"a", b"a", b"a"]
print(count_pairs(shout))
print(merge_pair(shout, (b"a", b"a")))

# %% [markdown] lang="es"
r"""
En tres aes hay dos parejas de vecinas, pero solo se puede pegar una: la a de en medio no puede estar en dos sitios.
Contar mira también las parejas que se pisan; pegar, no.
"""

# %% [markdown] lang="en"
r"""
Three a's hold two pairs of neighbours, but only one can be glued: the a in the middle cannot be in two places.
Counting looks at overlapping pairs too; gluing does not.
"""

# %% [markdown] lang="es"
r"""
La segunda vuelta es igual que la primera, sobre la secuencia nueva.
"""

# %% [markdown] lang="en"
r"""
The second round is like the first, on the new sequence.
"""

# %%
counts = count_pairs(glued)
second = max(counts, key=counts.get)
print(second, counts[second])
print(merge_pair(glued, second))

# %% [markdown] lang="es"
r"""
La ganadora ya tiene tres letras, porque uno de sus lados es el token que acabas de hacer.
Entrenar es repetir: contar, elegir, apuntar la pareja, pegar.
Se para al llegar al número de fusiones pedido, o antes, cuando ninguna pareja aparece dos veces: pegar algo que ocurre una sola vez no enseña nada.
"""

# %% [markdown] lang="en"
r"""
The winner is three letters long now, because one of its sides is the token you have just made.
Training is repeating: count, choose, write down the pair, glue.
It stops at the number of merges asked for, or sooner, when no pair occurs twice: gluing something that happens only once teaches nothing.
"""

# %% [markdown] lang="es" exercise="train_bpe"
r"""
### Ejercicio: entrenar un BPE

Escribe el entrenamiento completo.
Parte de los bytes de `text`, sin cortarlo antes en palabras, y devuelve la lista de parejas en el orden en que se aprenden, como mucho `num_merges`.
Gana la pareja más frecuente, contando las que se pisan; si empatan, la que está más a la izquierda en la secuencia de ese momento.
Cuando ninguna aparece al menos dos veces, se acaba.

```python
def train_bpe(text: str, num_merges: int) -> list[tuple[bytes, bytes]]: ...
```

Puedes usar `count_pairs` y `merge_pair`, pero no `tiktoken` ni `tokenizers`.
"""

# %% [markdown] lang="en" exercise="train_bpe"
r"""
### Exercise: train a BPE

Write the whole training.
Begin with the bytes of `text`, not cut into words beforehand, and return the list of pairs in the order in which they are learned, `num_merges` at most.
The most frequent pair wins, overlaps counted; of those that tie, the one farthest to the left in the sequence of that moment.
When none occurs at least twice, it is over.

```python
def train_bpe(text: str, num_merges: int) -> list[tuple[bytes, bytes]]: ...
```

You may use `count_pairs` and `merge_pair`, but neither `tiktoken` nor `tokenizers`.
"""

# %% solution="train_bpe"

# %%
with example():
    # es: se espera: (b'z', b'u'), (b'zu', b'r'), (b'zur', b'd'), (b'zurd', b'o'), y ahí se para
    # en: expected: (b'z', b'u'), (b'zu', b'r'), (b'zur', b'd'), (b'zurd', b'o'), and there it stops
    print(train_bpe(toy, 10))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Un `while` con las cuatro líneas de la segunda vuelta dentro; cada vez, la secuencia se sustituye por la pegada.

</details>
<details><summary>Pista 2</summary>

Hay dos textos traicioneros: el vacío y el de un solo byte. No tienen parejas, y `max` de nada es un error.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

A `while` with the four lines of the second round inside it; each time, the glued sequence takes the place of the old one.

</details>
<details><summary>Hint 2</summary>

Two texts are treacherous: the empty one and the one with a single byte. They have no pairs, and `max` of nothing is an error.

</details>
"""

# %% tests="train_bpe"

# %% [markdown] lang="es"
r"""
Entrena ahora con los primeros 6000 caracteres del cuento, una vez en cada idioma: 300 fusiones por lengua, un segundo de espera.
Estas son las primeras que aprende cada uno.
"""

# %% [markdown] lang="en"
r"""
Now train on the first 6000 characters of the story, once in each language: 300 merges per language, a second of waiting.
These are the first ones that each of them learns.
"""

# %%
merges = {language: train_bpe(load_story(language)[:6000], 300) for language in ("es", "en")}
for language, learned in merges.items():
    print(language, [(left + right).decode("utf-8", errors="replace") for left, right in learned[:16]])

# %% [markdown] lang="es"
r"""
Vocal y espacio en español; letra final y espacio en inglés: cada lengua enseña primero cómo acaban sus palabras.
Y en la lista española hay un rombo, porque la raya de los diálogos ocupa tres bytes y se pega en dos pasos.
Mira también los tokens más largos.
"""

# %% [markdown] lang="en"
r"""
A vowel and a space in Spanish; a last letter and a space in English: each language first teaches how its words end.
And the Spanish list has a diamond in it, because the dash that opens Spanish dialogue is three bytes long and is glued in two steps.
Look at the longest tokens, too.
"""

# %%
for language, learned in merges.items():
    tokens = [(left + right).decode("utf-8", errors="replace") for left, right in learned]
    print(language, sorted(tokens, key=len)[-6:])

# %% [markdown] lang="es"
r"""
Nadie le ha dicho qué es una palabra, y ha aprendido nombres propios enteros.
También ha aprendido trozos que cruzan de una palabra a otra, lo que es un desperdicio; en el apartado 2.5 verás el remedio.
"""

# %% [markdown] lang="en"
r"""
Nobody told it what a word is, and it has learned whole proper names.
It has also learned pieces that run across from one word into another, which is a waste; section 2.5 shows the cure.
"""

# %%
plots.shrinkage(story[:6000], merges[EDITION])

# %% [markdown] lang="es"
r"""
El texto mengua deprisa al principio y despacio después.
El número de fusiones es lo que decides tú: más fusiones, textos más cortos y tablas más grandes.
Mueve el deslizador y mira cómo se van pegando los trozos; el recuadro marca lo que ha hecho la última fusión.
"""

# %% [markdown] lang="en"
r"""
The text shrinks fast at first and slowly later on.
The number of merges is for you to decide: more merges, shorter texts and larger tables.
Move the slider and watch the pieces stick together; a frame marks what the last merge has made.
"""

# %%
start = story.index(say("Es fácil", "It's easy"))
play.merges(story[start : start + 300], merges[EDITION], start=59)

# %% [markdown] lang="es"
r"""
## 2.4 Pares de bytes: cortar un texto nuevo

El entrenamiento deja una lista de fusiones, y su orden importa.
El lugar de cada una en la lista se llama **rango**: la aprendida primero tiene rango 0.
Prueba con dos fusiones inventadas y una palabra en la que ambas querrían la misma letra.
"""

# %% [markdown] lang="en"
r"""
## 2.4 Byte pairs: cutting a new text

Training leaves a list of merges, and their order matters.
The place of each in the list is called its **rank**: the one learned first has rank 0.
Try two made-up merges and a word in which both would like the same letter.
"""

# %%
few = [(b"a", b"s"), (b"l", b"a")]
rank = {pair: i for i, pair in enumerate(few)}
sequence = [b"l", b"a", b"s"]
for pair in zip(sequence, sequence[1:]):
    print(pair, rank.get(pair))

# %% [markdown] lang="es"
r"""
Por la izquierda llegaría antes la fusión de rango 1.
Pero al entrenar fue la de rango 0 la que se pegó primero, en todo el texto, así que manda ella.
Solo así un texto nuevo se corta igual que se cortó el del entrenamiento.
"""

# %% [markdown] lang="en"
r"""
From the left, the merge of rank 1 would get there first.
But in training it was the one of rank 0 that was glued first, all over the text, so it takes precedence.
That is the only way a new text is cut just as the training text was.
"""

# %%
print(merge_pair(sequence, (b"a", b"s")))
print(merge_pair(sequence, (b"l", b"a")), "<- no")

# %% [markdown] lang="es"
r"""
Después de pegar, la l tiene otro vecino: la pareja nueva no está en la lista, y ahí se termina.
Esa es la receta: mirar todas las parejas vecinas, elegir la de menor rango, pegarla y volver a mirar, hasta que ninguna esté en la lista.
"""

# %% [markdown] lang="en"
r"""
After gluing, the l has a new neighbour: the new pair is not on the list, and that is the end.
This is the recipe: look at all neighbouring pairs, choose the one of lowest rank, glue it and look again, until none is on the list.
"""

# %% [markdown] lang="es" exercise="bpe_encode"
r"""
### Ejercicio: codificar con las fusiones

Escribe la receta.
`merges` es lo que da `train_bpe`; el resultado es la lista de tokens, cada uno de tipo `bytes`, y juntos son el texto de partida.
Un texto vacío da una lista vacía.

```python
def bpe_encode(text: str, merges: list[tuple[bytes, bytes]]) -> list[bytes]: ...
```

Puedes usar `merge_pair`, pero no `tiktoken` ni `tokenizers`.
"""

# %% [markdown] lang="en" exercise="bpe_encode"
r"""
### Exercise: encode with the merges

Write the recipe.
`merges` is what `train_bpe` gives; the result is the list of tokens, each of type `bytes`, and together they are the text you began with.
An empty text gives an empty list.

```python
def bpe_encode(text: str, merges: list[tuple[bytes, bytes]]) -> list[bytes]: ...
```

You may use `merge_pair`, but neither `tiktoken` nor `tokenizers`.
"""

# %% solution="bpe_encode"

# %%
with example():
    # es: se espera: [b'l', b'as'] y luego [b'zurdo', b's', b' ', b'zur']
    # en: expected: [b'l', b'as'] and then [b'zurdo', b's', b' ', b'zur']
    print(bpe_encode("las", few))
    print(bpe_encode("zurdos zur", train_bpe(toy, 10)))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

A las parejas que no están en la lista les conviene un rango mayor que todos, por ejemplo `len(rank)`; así `min` con `key` hace la elección.

</details>
<details><summary>Pista 2</summary>

Acuérdate de parar también cuando queda un solo token: ya no hay parejas que mirar.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Pairs that are not on the list do well with a rank above all others, such as `len(rank)`; then `min` with a `key` makes the choice.

</details>
<details><summary>Hint 2</summary>

Remember to stop, too, when a single token is left: there are no pairs to look at any more.

</details>
"""

# %% tests="bpe_encode"

# %% [markdown] lang="es"
r"""
Este es el árbol de una palabra: abajo, los bytes; en cada unión, el rango de la fusión que la hizo.
"""

# %% [markdown] lang="en"
r"""
Here is the tree of a word: at the bottom, the bytes; at each joint, the rank of the merge that made it.
"""

# %%
plots.merge_tree(say("la gallina", "the hens"), merges[EDITION])

# %% [markdown] lang="es"
r"""
Los trozos frecuentes suben hasta ser un token; el resto se queda en letras.
Ahora la ñ, que son dos bytes, y un emoji, que son cuatro, vistos por el que aprendió en español y por el que aprendió en inglés.
Un byte que no es una letra inglesa se muestra en base 16: `\xc3` es el 195 de antes.
"""

# %% [markdown] lang="en"
r"""
Frequent pieces climb until they are one token; the rest stays as letters.
Now ñ, which is two bytes, and an emoji, which is four, as seen by the one that learned from Spanish and the one that learned from English.
A byte that is no letter of English is shown in base 16: `\xc3` is the 195 you met above.
"""

# %%
for word in ("mañana", "🐔"):
    for language, learned in merges.items():
        print(language, bpe_encode(word, learned))

# %% [markdown] lang="es"
r"""
El español ha visto la ñ a menudo y la ha pegado en un token; el inglés no la ha visto nunca y la deja en dos mitades.
Del emoji ninguno sabe nada: cuatro bytes.
Nada se pierde, pero lo que no se ha visto sale más caro.
"""

# %% [markdown] lang="en"
r"""
The Spanish one has seen ñ often and has glued it into one token; the English one has never seen it and leaves it in two halves.
Neither knows anything about the emoji: four bytes.
Nothing is lost, but what has not been seen costs more.
"""

# %%
unseen = story[6000:8000]
tokens = bpe_encode(unseen, merges[EDITION])
print(len(unseen.encode("utf-8")), "bytes,", len(tokens), "tokens")
print(b"".join(tokens).decode("utf-8") == unseen)

# %% [markdown] lang="es"
r"""
Decodificar es juntar los bytes y leerlos como UTF-8: vuelve el mismo texto, con sus párrafos y sus rayas.
Se decodifica todo junto y no token a token, porque un token puede ser media letra.
"""

# %% [markdown] lang="en"
r"""
Decoding is joining the bytes and reading them as UTF-8: the same text comes back, paragraphs, quotation marks and all.
It is done all at once and not token by token, because a token may be half a letter.
"""

# %% [markdown] lang="es"
r"""
### Las mismas fusiones, con una biblioteca

Tu función repasa todas las parejas en cada paso, y con textos largos se nota.
`tiktoken` hace lo mismo en código compilado.
Solo hay que darle la tabla de rangos: los 256 bytes primero y, detrás, cada fusión en su orden; ese número es a la vez rango e id.
"""

# %% [markdown] lang="en"
r"""
### The same merges, with a library

Your function goes over all the pairs at every step, and with long texts you notice.
`tiktoken` does the same in compiled code.
All it needs is the table of ranks: the 256 bytes first and then each merge in its order; that number is rank and id at once.
"""


# %%
def as_tiktoken(learned):
    ranks = {bytes([byte]): byte for byte in range(256)}
    for left, right in learned:
        ranks[left + right] = len(ranks)
    return tiktoken.Encoding("ours", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={})


for language, learned in merges.items():
    encoding = as_tiktoken(learned)
    ids = encoding.encode(unseen)
    same = [encoding.decode_single_token_bytes(i) for i in ids] == bpe_encode(unseen, learned)
    print(language, encoding.n_vocab, "ids,", len(ids), "tokens,", same)

# %% [markdown] lang="es"
r"""
Coinciden token por token, en los dos idiomas.
El patrón `[\s\S]+` quiere decir «cualquier cosa, cuanta más mejor»: el texto entero es un solo trozo, como en tu función.
El apartado siguiente cambia justamente eso.
"""

# %% [markdown] lang="en"
r"""
They agree token for token, in both languages.
The pattern `[\s\S]+` means "anything, the more the better": the whole text is a single piece, as in your function.
The next section changes just that.
"""

# %% [markdown] lang="es"
r"""
## 2.5 El tokenizador del curso

Desde aquí, todo el curso usa un BPE de bytes entrenado con el cuento en los dos idiomas.
Tiene una diferencia con el tuyo: antes de fusionar, corta el texto con un patrón, el de GPT-2, y ninguna fusión cruza un corte.
"""

# %% [markdown] lang="en"
r"""
## 2.5 The course's tokenizer

From here on, the whole course uses a byte-level BPE trained on the story in both languages.
It differs from yours in one way: before merging, it cuts the text with a pattern, GPT-2's, and no merge crosses a cut.
"""

# %%
import regex

tokenizer = load_tokenizer()
print(tokenizer.n_vocab, "ids;", SPLIT_PATTERN)
example_line = say("Era jueves. Faltaban 19 chopos,  ¿no?", "It wasn't Thursday. Count 19 poplars,  no?")
print(regex.findall(SPLIT_PATTERN, example_line))

# %% [markdown] lang="es"
r"""
`regex` es la hermana mayor de `re`, y entiende `\p{L}` (cualquier letra de cualquier alfabeto) y `\p{N}` (cualquier cifra).
Leído por partes: terminaciones inglesas con apóstrofo, letras, cifras, otros signos y, al final, los espacios.
El `?` tras un espacio significa «si lo hay»: cada palabra se lleva el espacio que tiene delante.
"""

# %% [markdown] lang="en"
r"""
`regex` is the elder sister of `re`, and it understands `\p{L}` (any letter of any alphabet) and `\p{N}` (any digit).
Read part by part: English endings with an apostrophe, letters, digits, other marks and, last, white space.
The `?` after a space means "if there is one": each word takes along the space in front of it.
"""

# %%
ids = tokenizer.encode(line)
print(ids)
print([tokenizer.decode([i]) for i in ids])
print(tokenizer.decode(ids) == line)

# %% [markdown] lang="es"
r"""
Las palabras que el cuento repite salen enteras, con el espacio por delante; las demás, a trozos.
La misma palabra con mayúscula, o sin espacio por abrir el texto, es otro token, o varios.
Los dos rombos son las mitades de un signo de exclamación de abrir, que en el cuento apenas sale.
"""

# %% [markdown] lang="en"
r"""
Words that the story repeats come out whole, with the space in front; the others come out in pieces.
The same word with a capital, or without a space because it opens the text, is another token, or several.
"""

# %% [markdown] lang="es"
r"""
El token `<|endoftext|>` tiene id propio, el último, y hay que pedirlo.
Si no, un usuario podría escribirlo en su mensaje y hacer creer al modelo que el documento ha terminado.
"""

# %% [markdown] lang="en"
r"""
The token `<|endoftext|>` has an id of its own, the last one, and you have to ask for it.
Otherwise a user could type it in a message and make the model believe that the document is over.
"""

# %%
documents = "martes" + END_OF_TEXT + "Tuesday"
try:
    tokenizer.encode(documents)
except ValueError:
    print("ValueError")
print(tokenizer.encode(documents, allowed_special={END_OF_TEXT}), tokenizer.eot_token)
print(len(tokenizer.encode_ordinary(documents)), "tokens")

# %% [markdown] lang="es"
r"""
Sin permiso, `encode` se niega; con él, el especial ocupa un solo id.
`encode_ordinary` lo trata como texto corriente y lo trocea como a cualquier otra palabra.
"""

# %% [markdown] lang="en"
r"""
Without permission, `encode` refuses; with it, the special token takes up a single id.
`encode_ordinary` treats it as plain text and chops it up like any other word.
"""

# %% [markdown] lang="es"
r"""
Escribe lo que quieras y cambia la manera de cortar.
Prueba tu nombre, una errata, un número largo, una palabra en mayúsculas, algo en otro idioma.
"""

# %% [markdown] lang="en"
r"""
Type whatever you like and change the way of cutting.
Try your name, a misspelling, a long number, a word in capitals, something in another language.
"""

# %%
quote = say(
    "—Piedra y chopo —dijo Jimena—. Me debe una gallina.", '"Stone and poplar," said Jimena. "You owe me a hen."'
)
play.tokens(quote)

# %% [markdown] lang="es"
r"""
### Lo que cuesta cada idioma

Un modelo se paga por tokens y tiene un contexto medido en tokens, así que importa cuántos gasta por palabra.
Mídelo en los dos idiomas con tres tokenizadores: tus 300 fusiones españolas, tus 300 inglesas y el del curso.
La medida se hace con la parte del cuento que las tuyas no han visto.
"""

# %% [markdown] lang="en"
r"""
### What each language costs

A model is paid for by the token and has a context measured in tokens, so it matters how many it spends on a word.
Measure it in both languages with three tokenizers: your 300 Spanish merges, your 300 English ones, and the course's.
The measuring is done on the part of the story that yours have not seen.
"""

# %%
encodings = {
    say("300 fusiones, español", "300 merges, Spanish"): as_tiktoken(merges["es"]),
    say("300 fusiones, inglés", "300 merges, English"): as_tiktoken(merges["en"]),
    say("el del curso", "the course's"): tokenizer,
}
rest = [load_story(language)[6000:] for language in ("es", "en")]
costs = {
    name: tuple(len(encoding.encode(text)) / len(text.split()) for text in rest) for name, encoding in encodings.items()
}
for name, (spanish, english) in costs.items():
    print(f"{name:>22}: {spanish:.1f} {english:.1f}")
plots.token_cost(costs)

# %% [markdown] lang="es"
r"""
Cada uno cobra más de un 50 % de recargo por la lengua que no aprendió.
El del curso, entrenado con las dos, casi las iguala (y juega con ventaja, porque sí había visto este texto).
Con los tokenizadores de modelos de verdad, el mismo contenido puede costar hasta 15 veces más en unas lenguas que en otras ([Petrov et al., 2023](https://arxiv.org/abs/2305.15425)).
"""

# %% [markdown] lang="en"
r"""
Each of them charges over 50% extra for the language it did not learn.
The course's, trained on both, nearly makes them equal (and has an advantage, because it had seen this text).
With the tokenizers of real models, the same content can cost up to 15 times as much in some languages as in others ([Petrov et al., 2023](https://arxiv.org/abs/2305.15425)).
"""

# %% [markdown] lang="es"
r"""
Si tienes conexión, haz la misma cuenta con el tokenizador de GPT-2, que tiene 50,257 entradas y se entrenó sobre todo con inglés.
La celda está apagada porque descarga su vocabulario; pon `DOWNLOAD = True` y vuelve a ejecutarla.
Sin conexión no pierdes nada de lo que sigue.
"""

# %% [markdown] lang="en"
r"""
If you have a connection, do the same sum with the tokenizer of GPT-2, which has 50,257 entries and was trained mostly on English.
The cell is switched off because it downloads that vocabulary; set `DOWNLOAD = True` and run it again.
Without a network you miss nothing of what follows.
"""

# %% tags=["nbval-skip"]
DOWNLOAD = False


def cost_with_gpt2():
    try:
        gpt2 = tiktoken.get_encoding("gpt2")
    except OSError:
        print(
            say("Sin conexión no se puede descargar; el resto sigue.", "No connection, no download; the rest goes on.")
        )
        return
    print(gpt2.n_vocab, "ids")
    print([gpt2.decode([i]) for i in gpt2.encode(line)])
    for language, text in zip(("es", "en"), rest):
        print(language, f"{len(gpt2.encode(text)) / len(text.split()):.1f}")


if DOWNLOAD:
    cost_with_gpt2()

# %% [markdown] lang="es"
r"""
## 2.6 La ventana deslizante

En el cuento, los demás acaban descubriendo la regla de Casilda: le dan el principio y ella pone lo que viene después.
Así se entrena un GPT, y lo bueno es que el texto trae las respuestas puestas: cada token es la solución de lo que tiene delante.
"""

# %% [markdown] lang="en"
r"""
## 2.6 The sliding window

In the story, the others work out Casilda's rule: they give her the beginning and she supplies what comes next.
That is how a GPT is trained, and the nice part is that the text comes with its answers: each token is the solution to what stands before it.
"""

# %%
rigmarole = say(
    " piedra y chopo, chopo y cuenta cuatro, cuatro y torre",
    " stone and poplar, poplar and count four, four and tower",
)
line_ids = tokenizer.encode(rigmarole)
for t in range(1, 7):
    print(repr(tokenizer.decode(line_ids[:t])), "->", repr(tokenizer.decode(line_ids[t : t + 1])))

# %% [markdown] lang="es"
r"""
Seis preguntas con sus seis respuestas, sin que nadie haya etiquetado nada.
Escritas de una vez son dos listas: la **entrada** y el **objetivo**, que es la misma entrada corrida un token.
"""

# %% [markdown] lang="en"
r"""
Six questions with their six answers, and nobody has labelled anything.
Written all at once they are two lists: the **input**, and the **target**, which is the same input moved along by one token.
"""

# %%
inputs, targets = line_ids[0:6], line_ids[1:7]
print(inputs)
print(targets)

# %% [markdown] lang="es"
r"""
En la posición $t$, la entrada tiene todo lo que el modelo ha leído hasta ahí, y el objetivo, lo que debería decir.
Un texto largo no cabe entero: el modelo lee como mucho una **longitud de contexto**, $T$ tokens.
Así que se corta en ventanas, y cada una empieza un poco después que la anterior: esa distancia es el **paso** ($S$ tokens, `stride` en el código).
"""

# %% [markdown] lang="en"
r"""
At position $t$, the input has everything the model has read so far, and the target has what it ought to say.
A long text does not fit whole: the model reads a **context length** of $T$ tokens at most.
So the text is cut into windows, and each begins some way after the one before: that distance is the **stride** ($S$ tokens, `stride` in the code).
"""


# %%
def window_starts(n_tokens, context_length, stride):
    starts, start = [], 0
    while start + context_length + 1 <= n_tokens:
        starts.append(start)
        start += stride
    return starts


for stride in (1, 2, 4, 6):
    print(stride, window_starts(12, 4, stride))

# %% [markdown] lang="es"
r"""
El `+ 1` es por el objetivo, que necesita un token más que la entrada.
Una ventana a la que le falte aunque sea ese último token no se usa.
Aquí están las de paso 2 sobre un trozo de la retahíla, la lista de palabras con la que la barquera encuentra el camino.
"""

# %% [markdown] lang="en"
r"""
The `+ 1` is there for the target, which needs one token more than the input does.
A window that lacks even that last token is not used.
Here are the ones of stride 2 over a piece of the rigmarole, the string of words by which the ferrywoman finds her way.
"""

# %%
pieces = [tokenizer.decode([i]) for i in line_ids]
plots.windows(pieces, context_length=4, stride=2)

# %% [markdown] lang="es"
r"""
PyTorch quiere los ejemplos en un `Dataset`: un objeto que sabe cuántos tiene (`__len__`) y da el que se le pida por su número (`__getitem__`).
Este, que no sirve para nada, da cada número con su cuadrado.
"""

# %% [markdown] lang="en"
r"""
PyTorch wants the examples in a `Dataset`: an object that knows how many it has (`__len__`) and hands over the one you ask for by number (`__getitem__`).
This one, of no use to anybody, gives each number with its square.
"""


# %%
class Squares(Dataset):
    def __init__(self, n: int) -> None:
        self.numbers = torch.arange(n)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.numbers[index], self.numbers[index] ** 2


squares = Squares(5)
print(len(squares), squares[3])

# %% [markdown] lang="es" exercise="sliding_window"
r"""
### Ejercicio: el conjunto de ventanas

Escribe un `Dataset` cuyo ejemplo `i` sea el par `(input, target)` de la ventana número `i`.
Cada uno es un tensor `torch.long` de forma `(context_length,)`, y el objetivo va un token por delante.
`token_ids` puede ser una lista o un tensor, y no se modifica.
Solo cuentan las ventanas completas; un texto de `context_length` tokens o menos no tiene ninguna y su longitud es 0.

```python
class SlidingWindowDataset(Dataset):
    def __init__(self, token_ids: Sequence[int], context_length: int, stride: int) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]: ...
```
"""

# %% [markdown] lang="en" exercise="sliding_window"
r"""
### Exercise: the set of windows

Write a `Dataset` whose example `i` is the pair `(input, target)` of window number `i`.
Each is a `torch.long` tensor of shape `(context_length,)`, and the target is one token ahead.
`token_ids` may be a list or a tensor, and is left as it is.
Only complete windows count; a text of `context_length` tokens or fewer has none, and its length is 0.

```python
class SlidingWindowDataset(Dataset):
    def __init__(self, token_ids: Sequence[int], context_length: int, stride: int) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]: ...
```
"""

# %% solution="sliding_window"

# %%
with example():
    dataset = SlidingWindowDataset(range(10, 20), context_length=4, stride=3)
    # es: se espera: 2, y luego los tensores [13, 14, 15, 16] y [14, 15, 16, 17]
    # en: expected: 2, and then the tensors [13, 14, 15, 16] and [14, 15, 16, 17]
    print(len(dataset))
    print(dataset[1])

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

Convierte los ids en un tensor una sola vez, en `__init__`, y guarda dónde empieza cada ventana: un `range` con tres argumentos basta, y una lista también. La última ventana posible empieza en el token `len(token_ids) - context_length - 1`.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

Turn the ids into a tensor just once, in `__init__`, and keep where each window starts: a `range` with three arguments will do, and so will a list. The last possible window starts at token `len(token_ids) - context_length - 1`.

</details>
"""

# %% tests="sliding_window"

# %% [markdown] lang="es"
r"""
Con $N$ tokens hay $\lceil (N - T) / S \rceil$ ventanas, y ninguna si $N \le T$. Los corchetes sin pie de abajo redondean hacia arriba; en Python, `-(-a // b)`.
Comprueba la fórmula contra el bucle y contra la clase.
"""

# %% [markdown] lang="en"
r"""
With $N$ tokens there are $\lceil (N - T) / S \rceil$ windows, and none if $N \le T$. The brackets without feet round up; in Python, `-(-a // b)`.
Check the formula against the loop and against the class.
"""

# %%
for N, T, S in [(12, 4, 1), (12, 4, 4), (12, 4, 6), (5, 4, 9), (4, 4, 1)]:
    formula = max(0, -(-(N - T) // S))
    print((N, T, S), formula, len(window_starts(N, T, S)), len(SlidingWindowDataset(range(N), T, S)))

# %% [markdown] lang="es"
r"""
Las tres columnas coinciden.
Juega con los dos deslizadores: ¿con qué paso se usa cada token una sola vez como entrada?, ¿con cuál quedan tokens que nadie mira?
"""

# %% [markdown] lang="en"
r"""
The three columns agree.
Play with the two sliders: at which stride is each token used just once as input, and at which are there tokens that nobody looks at?
"""

# %%
play.windows(pieces)

# %% [markdown] lang="es"
r"""
Ponle números.
Con un contexto de 8, cuenta en cuántas ventanas entra un token cualquiera de un texto de mil.
"""

# %% [markdown] lang="en"
r"""
Put a number on it.
With a context of 8, count how many windows an arbitrary token of a thousand-token text falls into.
"""

# %%
for stride in (1, 4, 8, 16):
    dataset = SlidingWindowDataset(range(1000), context_length=8, stride=stride)
    times = sum(510 in dataset[i][0].tolist() for i in range(len(dataset)))
    print(f"{stride:2}: {len(dataset):3}", say("ventanas; el token 510 está en", "windows; token 510 is in"), times)

# %% [markdown] lang="es"
r"""
Con paso 1 hay muchos ejemplos, pero cada token se repite ocho veces, con casi el mismo contexto: más cómputo por vuelta y más facilidad para aprenderse el texto de memoria.
Con un paso igual al contexto nada se repite ni se pierde (salvo la cola del texto), y es lo habitual.
Con un paso mayor se tiran tokens.
"""

# %% [markdown] lang="en"
r"""
With stride 1 there are many examples, but each token comes up eight times, in nearly the same context: more computing per pass, and an easier way to learn the text by heart.
With a stride equal to the context nothing is repeated or lost (but for the tail of the text), and that is the usual choice.
With a larger one, tokens are thrown away.
"""

# %% [markdown] lang="es"
r"""
### El cargador

Los ejemplos se dan al modelo en **lotes**: varias ventanas apiladas en un tensor de forma `(B, T)`, porque una multiplicación grande cuesta menos que muchas pequeñas.
De apilar y barajar se ocupa el `DataLoader` de PyTorch; `make_loader` lo prepara sobre un conjunto de ventanas como el tuyo.
"""

# %% [markdown] lang="en"
r"""
### The loader

Examples reach the model in **batches**: several windows stacked in a tensor of shape `(B, T)`, because one large multiplication costs less than many small ones.
PyTorch's `DataLoader` does the stacking and shuffling; `make_loader` sets it up over a set of windows like yours.
"""

# %%
ids = tokenizer.encode(story)
loader = make_loader(ids, context_length=8, stride=8, batch_size=4, shuffle=False)
inputs, targets = next(iter(loader))
print(inputs.shape, targets.shape)

dataset = SlidingWindowDataset(ids, 8, 8)
by_hand = torch.stack([dataset[i][0] for i in range(4)])  # 4 x (8,) -> (4, 8)
print(torch.equal(inputs, by_hand), len(dataset), len(loader))

# %% [markdown] lang="es"
r"""
Sin barajar, el primer lote son las cuatro primeras ventanas apiladas.
Los lotes son la cuarta parte de las ventanas, redondeada hacia abajo: si el último no se llena, se tira (`drop_last`), para que todos pesen igual.
"""

# %% [markdown] lang="en"
r"""
Without shuffling, the first batch is the first four windows, stacked.
There are a quarter as many batches as windows, rounded down: if the last one does not fill up, it is dropped (`drop_last`), so that all weigh the same.
"""

# %%
print(list(inspect.signature(make_loader).parameters))
shuffled = make_loader(ids, context_length=8, stride=8, batch_size=4, seed=7)
inputs, targets = next(iter(shuffled))
for x, y in zip(inputs.tolist(), targets.tolist()):
    print(repr(tokenizer.decode(x)), "->", repr(tokenizer.decode(y[-1:])))

# %% [markdown] lang="es"
r"""
Para entrenar sí se baraja, para que un lote no sean cuatro trozos de la misma escena.
La semilla (`seed`) hace que la baraja salga siempre igual, y que tu resultado y el de otra persona se puedan comparar.
"""

# %% [markdown] lang="en"
r"""
For training you do shuffle, so that a batch is not four pieces of the same scene.
The `seed` makes the cards fall the same way every time, so that your result and somebody else's can be compared.
"""

# %% [markdown] lang="es"
r"""
## 2.7 Un vector para cada token

Vuelves a los vectores del principio, pero ahora con PyTorch.
`nn.Embedding` es la tabla: tantas filas como ids, tantas columnas como números quieras por token.
Nace con números al azar.
"""

# %% [markdown] lang="en"
r"""
## 2.7 A vector for each token

Back to the vectors of the beginning, this time with PyTorch.
`nn.Embedding` is the table: as many rows as there are ids, as many columns as you want numbers per token.
It is born with random numbers.
"""

# %%
torch.manual_seed(2)
table = nn.Embedding(6, 3)
ids = torch.tensor([2, 5, 2])
vectors = table(ids)  # (3,) -> (3, 3)
print(table.weight.detach())
print(vectors.detach())

# %% [markdown] lang="es"
r"""
Cada id ha sacado su fila: la 2, la 5 y otra vez la 2.
Es una consulta, sin cuentas.
Y, sin embargo, se puede escribir como una multiplicación de matrices, que es lo que una red sabe derivar.
"""

# %% [markdown] lang="en"
r"""
Each id has fetched its row: 2, 5, and 2 again.
It is a look-up, with no arithmetic.
And yet it can be written as a matrix multiplication, which is something a network knows how to differentiate.
"""

# %%
one_hot = torch.zeros(3, 6)
for row, i in enumerate(ids):
    one_hot[row, i] = 1
product = one_hot @ table.weight  # (3, 6) @ (6, 3) -> (3, 3)
print(one_hot.int())
print(torch.allclose(product, vectors))

# %% [markdown] lang="es"
r"""
Cada fila de `one_hot` tiene un solo 1, en la columna de su id; los ceros borran todas las filas de la tabla menos esa.
El resultado es el mismo, y la consulta se ahorra multiplicar por ceros: con 50,257 entradas no es poco ahorro.
"""

# %% [markdown] lang="en"
r"""
Each row of `one_hot` has a single 1, in the column of its id; the zeros wipe out every row of the table but that one.
The result is the same, and the look-up is spared multiplying by zeros: with 50,257 entries, that is no small saving.
"""

# %%
plots.lookup(table.weight.detach(), ids.tolist())

# %% [markdown] lang="es"
r"""
La tabla son pesos como los demás, y se entrenan. El gradiente de un peso dice cuánto cambia el resultado si ese peso sube un poco; `backward()` los calcula todos (apéndice A).
Predice qué filas recibirán gradiente si la cuenta solo ha usado los ids 2, 5 y 2.
"""

# %% [markdown] lang="en"
r"""
The table is made of weights like any others, and they are trained. A weight's gradient says how much the result changes if that weight goes up a little; `backward()` computes them all (appendix A).
Predict which rows will get a gradient if the computation has used only the ids 2, 5 and 2.
"""

# %%
vectors.sum().backward()
print(table.weight.grad.int())

# %% [markdown] lang="es"
r"""
La 5, una vez; la 2, dos veces; las demás, nada.
Un token solo aprende cuando aparece, y por eso los tokens raros tienen vectores peores: otra razón para no hacer el vocabulario más grande de lo necesario.
"""

# %% [markdown] lang="en"
r"""
Row 5, once; row 2, twice; the others, nothing.
A token learns only when it appears, so rare tokens have worse vectors: one more reason not to make the vocabulary larger than it has to be.
"""

# %%
tok_emb = nn.Embedding(tokenizer.n_vocab, 64)
vectors = tok_emb(inputs)  # (B, T) -> (B, T, D)
print(tuple(inputs.shape), "->", tuple(vectors.shape))
print(tok_emb.weight.numel(), say("pesos", "weights"))

# %% [markdown] lang="es"
r"""
Con un lote `(B, T)` la consulta da `(B, T, D)`: un vector de $D$ números por token.
Esa es la forma que tendrán los datos dentro del modelo hasta el final.
"""

# %% [markdown] lang="en"
r"""
With a batch of `(B, T)` the look-up gives `(B, T, D)`: a vector of $D$ numbers per token.
That is the shape the data will have inside the model all the way to the end.
"""

# %% [markdown] lang="es"
r"""
## 2.8 Un vector para cada posición

En el cuento hay dos chopos, y Casilda da vueltas sin salir de la cocina porque se llaman igual.
A tu tabla le pasa lo mismo: mismo token, mismo vector, esté donde esté.
"""

# %% [markdown] lang="en"
r"""
## 2.8 A vector for each position

The story has two poplars, and Casilda goes round and round without leaving the kitchen because they have the same name.
Your table has the same trouble: same token, same vector, wherever it stands.
"""

# %%
route = say(" piedra y chopo, cuatro y torre, junco y chopo", " stone and poplar, four and tower, reeds and poplar")
line_ids = torch.tensor(tokenizer.encode(route))  # (T,)
poplar = tokenizer.encode(say(" chopo", " poplar"))[0]
where = (line_ids == poplar).nonzero().flatten().tolist()
tok_table = torch.randn(tokenizer.n_vocab, 16)
x = tok_table[line_ids]  # (T,) -> (T, D)
print(where, torch.equal(x[where[0]], x[where[1]]))

# %% [markdown] lang="es"
r"""
Los dos lugares tienen vectores idénticos.
Y es peor de lo que parece, porque la atención, que llega en el capítulo 3, mezcla los vectores con sumas ponderadas, y a una suma le da igual el orden.
"""

# %% [markdown] lang="en"
r"""
Both places have identical vectors.
And it is worse than it looks, because attention, which comes in chapter 3, mixes the vectors in weighted sums, and a sum does not care about order.
"""

# %%
print(torch.allclose(x.mean(dim=0), x.flip(0).mean(dim=0), atol=1e-5))

# %% [markdown] lang="es"
r"""
Del derecho o del revés, la retahíla da la misma media, y sin embargo no es lo mismo: al derecho se cruza el río y al revés se vuelve a casa.
El remedio de GPT es una segunda tabla, con una fila por posición, que se suma a la primera ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf)).
En pequeño y con un bucle:
"""

# %% [markdown] lang="en"
r"""
Forwards or backwards, the rigmarole gives the same average, and yet the two are not the same: forwards it takes you across the river, backwards it takes you home.
GPT's remedy is a second table, with one row per position, which is added to the first ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf)).
Small, and with a loop:
"""

# %%
pos_table = torch.randn(32, 16)
placed = torch.zeros_like(x)
for t in range(len(x)):
    placed[t] = x[t] + pos_table[t]
print(torch.equal(placed[where[0]], placed[where[1]]))
print(torch.allclose(placed.mean(dim=0), (x.flip(0) + pos_table[: len(x)]).mean(dim=0), atol=1e-5))

# %% [markdown] lang="es"
r"""
Los dos chopos ya no son iguales.
Las medias, en cambio, siguen coincidiendo: con sumar no basta, alguien tiene que mirar cada vector por separado y decidir cuánto pesa, y eso es la atención.
La posición le da con qué distinguirlos.
"""

# %% [markdown] lang="en"
r"""
The two poplars are no longer the same.
The averages still agree: adding is not enough, somebody has to look at each vector on its own and decide how much it weighs, and that is attention.
Position gives it something to tell them apart by.
"""

# %%
plots.embedding_sum([tokenizer.decode([i]) for i in line_ids.tolist()], x, pos_table[: len(x)])

# %% [markdown] lang="es"
r"""
A la izquierda, las filas repetidas son idénticas; a la derecha, ninguna lo es.
Cada fila de la derecha dice dos cosas en un solo vector, y el modelo aprende a separarlas.
"""

# %% [markdown] lang="en"
r"""
On the left, repeated rows are identical; on the right, no two are.
Each row on the right says two things in one vector, and the model learns to pull them apart.
"""

# %% [markdown] lang="es"
r"""
En un lote, las mismas posiciones valen para todas las filas.
PyTorch lo hace sin bucle: si a un tensor de tres dimensiones se le suma uno de dos, repite el pequeño tantas veces como haga falta (**difusión**, *broadcasting*).
"""

# %% [markdown] lang="en"
r"""
In a batch, the same positions serve for every row.
PyTorch does it without a loop: if you add a tensor of two dimensions to one of three, it repeats the small one as often as needed (**broadcasting**).
"""

# %%
batch = torch.zeros(2, 3, 2, dtype=torch.long)  # (B, T, D)
steps = torch.tensor([[10, 11], [20, 21], [30, 31]])  # (T, D)
print((batch + steps).tolist())  # (B, T, D) + (T, D) -> (B, T, D)

# %% [markdown] lang="es"
r"""
### Otras maneras de decir dónde

El primer Transformer no aprendía las posiciones: las escribía con ondas de distinta longitud ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)).
Para la posición $p$ y las columnas $2i$ y $2i+1$:

$$P_{p,2i} = \sin\left(p / 10000^{2i/D}\right), \qquad P_{p,2i+1} = \cos\left(p / 10000^{2i/D}\right)$$
"""

# %% [markdown] lang="en"
r"""
### Other ways to say where

The first Transformer did not learn its positions: it wrote them with waves of different lengths ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)).
For position $p$ and the columns $2i$ and $2i+1$:

$$P_{p,2i} = \sin\left(p / 10000^{2i/D}\right), \qquad P_{p,2i+1} = \cos\left(p / 10000^{2i/D}\right)$$
"""

# %%
T, D = 60, 32
even = torch.arange(0, D, 2)  # (D/2,)
angle = torch.arange(T)[:, None] / 10_000 ** (even / D)  # (T, 1) / (D/2,) -> (T, D/2)
waves = torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)  # (T, D/2, 2) -> (T, D)
plots.position_waves(waves)

# %% [markdown] lang="es"
r"""
Arriba, las ondas rápidas distinguen posiciones vecinas; abajo, las lentas distinguen las lejanas, como las manecillas de un reloj.
GPT-2 aprende su tabla en vez de calcularla, y muchos modelos recientes giran los vectores según la posición, sin sumar nada ([Su et al., 2021](https://arxiv.org/abs/2104.09864)).
Aquí se hace lo de GPT-2.
"""

# %% [markdown] lang="en"
r"""
At the top, fast waves tell neighbouring positions apart; at the bottom, slow ones tell distant ones apart, like the hands of a clock.
GPT-2 learns its table instead of computing it, and many recent models rotate the vectors by their position, adding nothing ([Su et al., 2021](https://arxiv.org/abs/2104.09864)).
Here you do what GPT-2 does.
"""

# %% [markdown] lang="es" exercise="input_embedding"
r"""
### Ejercicio: la entrada del modelo

Escribe el módulo que convierte ids en vectores: la suma de dos `nn.Embedding` entrenables, uno de tokens (`tok_emb`, con `vocab_size` filas) y otro de posiciones (`pos_emb`, con `context_length` filas), ambos con `emb_dim` columnas.
No lleva nada más.

Recibe `(B, T)` y devuelve `(B, T, emb_dim)`; $T$ puede ser menor que `context_length`, y la cuenta se hace en el dispositivo de los ids.

```python
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size: int, context_length: int, emb_dim: int) -> None: ...
    def forward(self, token_ids: Tensor) -> Tensor: ...
```
"""

# %% [markdown] lang="en" exercise="input_embedding"
r"""
### Exercise: the model's input

Write the module that turns ids into vectors: the sum of two trainable `nn.Embedding`, one for tokens (`tok_emb`, with `vocab_size` rows) and one for positions (`pos_emb`, with `context_length` rows), both with `emb_dim` columns.
There is nothing else in it.

It takes `(B, T)` and returns `(B, T, emb_dim)`; $T$ may be less than `context_length`, and the work is done on the device where the ids are.

```python
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size: int, context_length: int, emb_dim: int) -> None: ...
    def forward(self, token_ids: Tensor) -> Tensor: ...
```
"""

# %% solution="input_embedding"

# %%
with example():
    small = InputEmbedding(vocab_size=5, context_length=4, emb_dim=2)
    with torch.no_grad():
        small.tok_emb.weight.copy_(torch.arange(5.0)[:, None].expand(5, 2))
        small.pos_emb.weight.copy_(torch.arange(0.0, 40.0, 10.0)[:, None].expand(4, 2))
        # es: se espera: [[[3, 3], [13, 13], [21, 21]]], id más diez veces la posición
        # en: expected: [[[3, 3], [13, 13], [21, 21]]], id plus ten times the position
        print(small(torch.tensor([[3, 3, 1]])).int().tolist())

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

Las posiciones de una secuencia son $0, 1, \dots, T-1$: `torch.arange` las da, y su argumento `device` las pone donde hagan falta. La $T$ se lee de la forma de los ids, no de `context_length`. Y no olvides empezar `__init__` con `super().__init__()`.

</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

The positions of a sequence are $0, 1, \dots, T-1$: `torch.arange` gives them, and its argument `device` puts them where they are needed. Read $T$ from the shape of the ids, not from `context_length`. And remember to begin `__init__` with `super().__init__()`.

</details>
"""

# %% tests="input_embedding"

# %% [markdown] lang="es"
r"""
Con eso el camino está completo: del cuento a los ids, de los ids a los lotes, de los lotes a los vectores.
"""

# %% [markdown] lang="en"
r"""
With that the road is complete: from the story to ids, from ids to batches, from batches to vectors.
"""

# %%
embedding = InputEmbedding(tokenizer.n_vocab, context_length=8, emb_dim=64)
inputs, targets = next(iter(shuffled))
print(tuple(inputs.shape), "->", tuple(embedding(inputs).shape))
print(tuple(embedding(inputs[:, :3]).shape))
try:
    embedding(torch.zeros(1, 9, dtype=torch.long))
except (IndexError, RuntimeError):
    print(say("nueve tokens no caben en un contexto de ocho", "nine tokens don't fit in a context of eight"))

# %% [markdown] lang="es"
r"""
Una secuencia más corta que el contexto no es problema; una más larga, sí: no hay fila para la posición que sobra.
Por eso la longitud de contexto de un GPT es un límite y no una recomendación.
¿Y cuánto ocupa todo esto en el GPT-2 pequeño? El dispositivo `meta` de PyTorch crea los pesos sin reservar memoria.
"""

# %% [markdown] lang="en"
r"""
A sequence shorter than the context is no problem; a longer one is: there is no row for the position left over.
That is why the context length of a GPT is a limit and not a recommendation.
And how large is all this in the small GPT-2? PyTorch's `meta` device creates the weights without setting memory aside.
"""

# %%
with torch.device("meta"):
    gpt2_input = InputEmbedding(vocab_size=50_257, context_length=1_024, emb_dim=768)
for name, weight in gpt2_input.named_parameters():
    print(f"{name:15} {tuple(weight.shape)!s:14} {weight.numel():>11,}")

# %% [markdown] lang="es"
r"""
Treinta y nueve millones de pesos antes de la primera capa, casi todos en la tabla de tokens.
Para terminar, escribe una frase con palabras repetidas y quita y pon las posiciones: el pie cuenta cuántos vectores distintos quedan.
"""

# %% [markdown] lang="en"
r"""
Thirty-nine million weights before the first layer, nearly all of them in the token table.
To finish, type a sentence with repeated words and switch the positions off and on: the caption counts how many distinct vectors are left.
"""

# %%
repeated = say(
    " junco y chopo, chopo y piedra, piedra y chopo",
    " reeds and poplar, poplar and stone, stone and poplar",
)
play.positions(repeated)

# %% [markdown] lang="es"
r"""
## 2.9 Para cerrar

Ya sabes llevar un texto hasta la puerta de un GPT.
Puedes entrenar un tokenizador y explicar por qué una ñ o un emoji cuestan lo que cuestan, cortar un texto en ventanas con sus objetivos, y dar a cada token un vector que dice qué es y dónde está.
"""

# %% [markdown] lang="en"
r"""
## 2.9 To close

You can now take a text all the way to the door of a GPT.
You can train a tokenizer and explain why an ñ or an emoji costs what it costs, cut a text into windows with their targets, and give each token a vector that says what it is and where it stands.
"""

# %% [markdown] lang="es"
r"""
Si te queda algún ejercicio, ahora es buen momento: `SimpleTokenizer`, `train_bpe`, `bpe_encode`, `SlidingWindowDataset` e `InputEmbedding`.
Lo que sigue no depende de que estén hechos.

Falta lo que Casilda hace sin pensarlo cuando la dejan seguir: saber, por lo que ha venido antes, de cuál de los dos chopos se trata.
Eso es la atención, y es el capítulo 3.
"""

# %% [markdown] lang="en"
r"""
If any exercise is left, this is a good moment: `SimpleTokenizer`, `train_bpe`, `bpe_encode`, `SlidingWindowDataset` and `InputEmbedding`.
What follows does not depend on their being done.

What is missing is the thing Casilda does without thinking when nobody stops her: telling from what came before which of the two poplars this one is.
That is attention, and it is chapter 3.
"""
