# %% [markdown] lang="es"
r"""
# 1 · Qué es un modelo de lenguaje

La mañana en que Casilda perdió las palabras, descubrió una manera de seguir hablando: que alguien empiece la frase y ella la termine.

Un modelo de lenguaje hace exactamente eso, y nada más que eso.
En este capítulo construyes uno con dos funciones, lo oyes decir disparates y ves qué separa ese juguete de los grandes.
"""

# %% [markdown] lang="en"
r"""
# 1 · What a language model is

On the morning Casilda lost her words, she found another way to go on talking: somebody else begins the sentence, and she finishes it.

A language model does exactly that, and nothing but that.
In this chapter you build one out of two functions, hear it talk nonsense, and see what lies between this toy and the large ones.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Un modelo que aprende de un texto qué palabra sigue a cuál, puntúa frases y las escribe; y una calculadora de lo que cuesta entrenar uno grande.

**Qué necesitas.** Saber leer una función de Python, con listas y diccionarios. Nada de PyTorch todavía.

**Cuánto se tarda.** Una hora larga de lectura y juego, casi otra para los cuatro ejercicios y unos segundos de ordenador.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** A model that learns from a text which word follows which, scores sentences and writes them; and a calculator of what it takes to train a large one.

**What you need.** To be able to read a Python function, with lists and dictionaries. No PyTorch yet.

**How long it takes.** A good hour of reading and playing, most of another for the four exercises, and a few seconds of computing.
"""

# %%
import math
import random
import re
from collections import Counter, defaultdict
from itertools import pairwise, permutations

from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.data import load_story
from desdecero.edition import say
from desdecero.plots import basics as plots, overview, scale
from desdecero.quiz import show_quiz
from desdecero.text import load_tokenizer
from desdecero.widgets import basics as play, scale as play_scale

edition = use_edition(EDITION)

# %% [markdown] lang="es"
r"""
## 1.1 Cómo funciona este cuaderno

Lo que estás leyendo se llama **cuaderno**: una columna de celdas, unas con texto y otras con código.
Haz clic en la celda de abajo y pulsa Mayús+Intro: el código se ejecuta, el resultado aparece debajo y el cursor pasa a la siguiente.
"""

# %% [markdown] lang="en"
r"""
## 1.1 How this notebook works

What you are reading is called a **notebook**: a column of cells, some with text and some with code.
Click on the cell below and press Shift+Enter: the code runs, the result appears underneath, and the cursor moves on to the next cell.
"""

# %%
print(say("La barca no sale.", "The ferry does not run."))

# %% [markdown] lang="es"
r"""
Puedes cambiar lo que quieras y ejecutarlo otra vez: no hay forma de romper nada.

Ten presente una sola cosa: el cuaderno recuerda lo que has ejecutado, en el orden en que lo has hecho.
Ejecuta la primera de estas dos celdas una vez y la segunda, tres.
"""

# %% [markdown] lang="en"
r"""
You may change whatever you like and run it again: there is no way to break anything.

Keep just one thing in mind: the notebook remembers what you have run, in the order in which you ran it.
Run the first of these two cells once, and the second three times.
"""

# %%
hens = 5

# %%
hens = hens + 1
hens

# %% [markdown] lang="es"
r"""
Cada vez hay una gallina más, aunque el código sea el mismo.
(Si la última línea de una celda es un valor, se muestra sin necesidad de `print`.)

Si alguna vez te pierdes, el menú Kernel tiene una orden que reinicia el cuaderno y lo ejecuta todo desde arriba. Lo que hayas escrito se conserva.
"""

# %% [markdown] lang="en"
r"""
Each time there is one hen more, though the code is the same.
(If the last line of a cell is a value, it is shown without any need for `print`.)

If you ever get lost, the Kernel menu has a command that restarts the notebook and runs everything from the top. What you have written stays.
"""

# %% [markdown] lang="es"
r"""
**Los ejercicios** se reconocen por su línea de puntos, dificultad y minutos.
Cada uno trae el enunciado, una celda donde escribes tu respuesta, un ejemplo con el resultado que se espera, alguna pista plegada y una celda que comprueba.

La comprobación no dice solo si está bien: cuando reconoce el error, lo nombra.
"""

# %% [markdown] lang="en"
r"""
**Exercises** can be told by their line with points, difficulty and minutes.
Each has a statement, a cell in which you write your answer, an example with the result to expect, a folded hint or two, and a cell that checks.

The check does not only say whether it is right: when it recognises the mistake, it names it.
"""

# %% [markdown] lang="es"
r"""
Si dejas un ejercicio sin hacer no pasa nada. El ejemplo lo dirá en una línea, como aquí, y lo que viene después usará la solución del curso hasta que la tuya esté bien.

Los números van como los escribe Python: punto en los decimales y coma en los millares.

El botón Validate, encima del cuaderno, ejecuta todas las comprobaciones de una vez. Hay además unas pruebas ocultas, que solo se ejecutan al calificar.
"""

# %% [markdown] lang="en"
r"""
If you leave an exercise undone, no harm is done. The example will say so in one line, as it does here, and what follows will use the course's solution until yours is right.

Numbers go as Python writes them: a point before the decimals and commas between thousands.

The Validate button, above the notebook, runs all checks at once. There are hidden tests as well, which run only when work is graded.
"""


# %%
def unfinished() -> str:
    raise NotImplementedError()


with example():
    print(unfinished())

# %% [markdown] lang="es"
r"""
Una cosa más antes de empezar: el mundo en el que ocurre el curso.

Casi todos los ejemplos salen de un cuento escrito para él, que leerás a trozos. Empieza así.
"""

# %% [markdown] lang="en"
r"""
One more thing before we begin: the world in which the course takes place.

Nearly all the examples come from a story written for it, which you will read in pieces. It begins like this.
"""

# %%
story = load_story(edition)
print(story.split("\n\n")[1][:240], "…")

# %% [markdown] lang="es"
r"""
Casilda lleva la barca de Vadolargo, y el camino por el río está en una retahíla que se sabe de memoria: «suelta y piedra, piedra y chopo…».
Su sobrino Anselmo, que vende colchones, Jimena, que tiene once años, y Baltasar, que apuesta gallinas, intentan sacarle las palabras una a una.

Sin saberlo, investigan un modelo de lenguaje.
"""

# %% [markdown] lang="en"
r"""
Casilda runs the ferry at Vadolargo, and the way over the river is in a rigmarole that she knows by heart: "off and stone, stone and poplar…".
Her nephew Anselmo, who sells mattresses, Jimena, who is eleven, and Baltasar, who bets hens, try to coax the words out of her one by one.

Without knowing it, they are doing research on a language model.
"""

# %% [markdown] lang="es"
r"""
## 1.2 La palabra siguiente

Un **modelo de lenguaje** es una función: le das el principio de un texto y devuelve una probabilidad para cada palabra que podría venir después.

Los de verdad trabajan con trozos de palabra, los tokens del capítulo 2. De momento nos bastan las palabras.
Este modelo es de juguete y sus números están puestos a ojo.
"""

# %% [markdown] lang="en"
r"""
## 1.2 The next word

A **language model** is a function: you give it the beginning of a text, and it returns a probability for each word that might come next.

Real ones work with pieces of words, the tokens of chapter 2. For now words will do.
This model is a toy, and its numbers were set by eye.
"""

# %%
casilda = say(
    {"érase": {"una": 1.0}, "érase una": {"vez": 0.9, "barca": 0.1}, "el aceite y el": {"vinagre": 0.8, "pan": 0.2}},
    {"once": {"upon": 1.0}, "once upon": {"a": 1.0}, "once upon a": {"time": 0.9, "river": 0.1}},
)
for text, nexts in casilda.items():
    print(f"{text}… {nexts} → {sum(nexts.values()):.1f}")

# %% [markdown] lang="es"
r"""
Las probabilidades que siguen a cada principio suman 1: el modelo reparte su confianza, no la regala.

Para escribir se repite el mismo paso: preguntar, añadir la palabra elegida al final y volver a preguntar con el texto nuevo. A eso se le llama generar de forma **autorregresiva**.
"""

# %% [markdown] lang="en"
r"""
The probabilities that follow each beginning sum to 1: the model hands out its confidence, it doesn't make any.

To write, the same step is repeated: ask, add the chosen word at the end, and ask again with the new text. This is called **autoregressive** generation.
"""

# %%
text = next(iter(casilda))
while text in casilda:
    nexts = casilda[text]
    best = max(nexts, key=nexts.get)
    text = f"{text} {best}"
    print(f"{text}   ({nexts[best]})")

# %% [markdown] lang="es"
r"""
Elegir es otro paso, y no es del modelo: aquí tomamos siempre la palabra más probable; más abajo la sortearemos.

Multiplicando los pasos se obtiene la probabilidad de una frase entera, que es la otra manera de decir qué es un modelo de lenguaje:

$$P(w_1, \dots, w_n) = P(w_1)\,\prod_{i=2}^{n} P(w_i \mid w_1, \dots, w_{i-1})$$
"""

# %% [markdown] lang="en"
r"""
Choosing is a separate step, and not the model's: here we always take the likeliest word; further down we will draw lots.

Multiplying the steps gives the probability of a whole sentence, which is the other way to say what a language model is:

$$P(w_1, \dots, w_n) = P(w_1)\,\prod_{i=2}^{n} P(w_i \mid w_1, \dots, w_{i-1})$$
"""

# %% [markdown] lang="es"
r"""
Parece poca cosa, y sin embargo casi todo lo que se hace con palabras se puede plantear como una continuación.

Lee estos cinco principios y piensa qué pondrías tú después de cada uno.
"""

# %% [markdown] lang="en"
r"""
It looks like very little, and yet almost anything done with words can be put as a continuation.

Read these five beginnings and think what you would put after each.
"""

# %%
beginnings = say(
    ["Barca, en inglés: ferry. Río, en inglés:", "Mensaje: «¡Gallinas gratis, pulse aquí!» ¿Es publicidad? Respuesta:",
     "En una frase, lo que pasa en el cuento:", "# suma de los cuadrados\ndef squares(numbers):", "—¿Cuándo sale la barca?\n—"],
    ["Barca, in English: ferry. Río, in English:", "Message: “Free hens, click here!” Is it spam? Answer:",
     "In one sentence, what happens in the story:", "# the sum of the squares\ndef squares(numbers):",
     "“When does the ferry leave?”\n“"],
)  # fmt: skip
print("\n\n".join(beginning + " ▁" for beginning in beginnings))

# %% [markdown] lang="es"
r"""
Traducir, clasificar, resumir, programar y conversar: cinco oficios y una sola pregunta, ¿qué viene después?

Para eso se usan hoy: buscar errores en código, redactar y corregir, ordenar mensajes, responder sobre un documento, practicar un idioma.
Que pueda plantearse así no quiere decir que el modelo lo haga bien; eso se mide, tarea por tarea.
"""

# %% [markdown] lang="en"
r"""
Translating, classifying, summarising, programming and conversing: five trades and one question, what comes next?

That is what they are used for today: finding errors in code, drafting and correcting, sorting messages, answering about a document, practising a language.
That a task can be put this way does not mean that the model does it well; that has to be measured, task by task.
"""

# %% [markdown] lang="es"
r"""
Conviene saber también lo que **no** es.

No es un buscador: al responder no consulta los textos con los que aprendió, que ya no están. No es una base de datos: nadie escribió hechos en él. No es una persona: no ha cruzado ningún río.
Lo que queda del texto leído son los **parámetros**, números que se ajustaron para predecirlo. Si acierta una capital, sale de ahí.
"""

# %% [markdown] lang="en"
r"""
It is as well to know what it is **not**.

It is no search engine: when it answers, it does not look into the texts it learned from, which are gone. It is no database: nobody wrote facts into it. It is no person: it never crossed a river.
What remains of the text it read are the **parameters**, numbers that were adjusted to predict it. If it gets a capital right, that is where it comes from.
"""

# %% [markdown] lang="es"
r"""
Los asistentes que conoces añaden cosas alrededor: un buscador, una calculadora, la memoria de charlas anteriores.
Esas cosas escriben texto delante de la pregunta; el modelo del centro sigue haciendo lo mismo.

Y **grande**, la primera L de LLM (*large language model*), se refiere a los parámetros y al texto: de millones a cientos de miles de millones de unos, y billones de palabras de lo otro.
"""

# %% [markdown] lang="en"
r"""
The assistants you know add things around it: a search engine, a calculator, a memory of earlier chats.
Those things write text in front of the question; the model at the centre goes on doing the same.

And **large**, the first L of LLM (*large language model*), refers to the parameters and the text: from millions to hundreds of billions of the former, and trillions of words of the latter.
"""

# %% [markdown] lang="es"
r"""
## 1.3 Una historia corta

La idea es más vieja que los ordenadores.
[Márkov (1913)](https://doi.org/10.1017/S0269889706001074) contó a mano, en veinte mil letras de una novela en verso, cuántas veces seguía una vocal a otra, y de la novela le quedó una pequeña tabla de probabilidades.
"""

# %% [markdown] lang="en"
r"""
## 1.3 A short history

The idea is older than computers.
[Markov (1913)](https://doi.org/10.1017/S0269889706001074) counted by hand, in twenty thousand letters of a novel in verse, how often one vowel followed another, and the novel left him with a small table of probabilities.
"""

# %%
overview.timeline()

# %% [markdown] lang="es"
r"""
[Turing (1950)](https://doi.org/10.1093/mind/LIX.236.433) cambió la pregunta «¿pueden pensar las máquinas?», que no había por dónde agarrar, por un juego que se puede probar: ¿distinguirías por escrito a una máquina de una persona?

[Shannon (1951)](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x) pedía a la gente que adivinara un texto letra por letra. Contando los fallos midió cuánta sorpresa lleva de media cada letra del inglés: entre 0.6 y 1.3 bits.
"""

# %% [markdown] lang="en"
r"""
[Turing (1950)](https://doi.org/10.1093/mind/LIX.236.433) exchanged the question "can machines think?", which offered no handle, for a game that can be played: could you tell, in writing, a machine from a person?

[Shannon (1951)](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x) asked people to guess a text letter by letter. By counting their misses he measured how much surprise a letter of English carries on average: between 0.6 and 1.3 bits.
"""

# %% [markdown] lang="es"
r"""
[Weizenbaum (1966)](https://doi.org/10.1145/365153.365168) escribió ELIZA, que conversaba como ciertos psicoterapeutas: buscaba una palabra clave y devolvía tu frase dada la vuelta.

No aprende ni predice nada. Esta, más tosca que la suya, cabe en una celda: tres reglas y una frase de recambio.
"""

# %% [markdown] lang="en"
r"""
[Weizenbaum (1966)](https://doi.org/10.1145/365153.365168) wrote ELIZA, which conversed the way certain psychotherapists do: it looked for a keyword and handed your sentence back, turned around.

It learns nothing and predicts nothing. This one, cruder than his, fits in one cell: three rules and a spare sentence.
"""

# %%
RULES = say(
    {r"me siento (.+)": "¿Desde cuándo te sientes {}?", r"siento (.+)": "¿Desde cuándo sientes {}?",
     r"\bmi (\w+)": "Háblame de tu {}."},
    {r"i feel (.+)": "How long have you felt {}?", r"i want (.+)": "What would it mean to you if you got {}?",
     r"\bmy (\w+)": "Tell me about your {}."},
)  # fmt: skip


def eliza(text: str) -> str:
    heard = text.lower().strip(" .!?")
    for pattern, answer in RULES.items():
        if found := re.search(pattern, heard):
            return answer.format(found[1])
    return say("Sigue, te escucho.", "Go on, I'm listening.")


# %%
said = say(
    ["Me siento perdido en la niebla.", "Mi tía solo dice martes.", "No sé qué hacer.", "Siento que mi tía me riñe."],
    [
        "I feel lost in the fog.",
        "My aunt only says Tuesday.",
        "Nothing helps.",
        "I feel that my aunt is cross with me.",
    ],
)
for text in said:
    print(text, "→", eliza(text))

# %% [markdown] lang="es"
r"""
Las tres primeras respuestas engañan. En la última se ve el cartón: quien escucha habría dicho «tu tía te riñe».

Prueba tú. Volveremos a ella en 1.6, porque lo más importante de ELIZA no estaba en el programa.
"""

# %% [markdown] lang="en"
r"""
The first three replies are deceptive. In the last one the seams show: somebody who listens would have said "your aunt is cross with you".

Try it yourself. We will come back to it in 1.6, because what mattered most about ELIZA was not in the program.
"""

# %%
play.play_eliza(eliza, said[0])

# %% [markdown] lang="es"
r"""
Por el otro camino, el de contar, se llegó a los **n-gramas**: tablas de qué palabra sigue a las dos o tres anteriores.
[Jelinek (1976)](https://doi.org/10.1109/PROC.1976.10159) reconocía con ellos el habla, y [Brants et al. (2007)](https://aclanthology.org/D07-1090/) contaron dos billones de tokens para traducir. Su artículo ya se titulaba «grandes modelos de lenguaje».
"""

# %% [markdown] lang="en"
r"""
The other road, that of counting, led to **n-grams**: tables of which word follows the last two or three.
[Jelinek (1976)](https://doi.org/10.1109/PROC.1976.10159) used them to recognise speech, and [Brants et al. (2007)](https://aclanthology.org/D07-1090/) counted two trillion tokens in order to translate. Their paper already had "large language models" in its title.
"""

# %% [markdown] lang="es"
r"""
[Bengio et al. (2003)](https://www.jmlr.org/papers/v3/bengio03a.html) cambiaron la tabla por una red neuronal en la que cada palabra es un vector, de modo que lo aprendido de una sirve para las que se le parecen.
Que esos vectores capturan parecidos lo popularizó word2vec ([Mikolov et al., 2013](https://arxiv.org/abs/1301.3781)).

Después, una red leyó la frase y otra escribió su traducción: seq2seq ([Sutskever et al., 2014](https://arxiv.org/abs/1409.3215)).
"""

# %% [markdown] lang="en"
r"""
[Bengio et al. (2003)](https://www.jmlr.org/papers/v3/bengio03a.html) replaced the table by a neural network in which each word is a vector, so that what is learned about one serves for those that resemble it.
That such vectors capture likeness was made popular by word2vec ([Mikolov et al., 2013](https://arxiv.org/abs/1301.3781)).

Then one network read the sentence and another wrote its translation: seq2seq ([Sutskever et al., 2014](https://arxiv.org/abs/1409.3215)).
"""

# %% [markdown] lang="es"
r"""
Aquellas redes metían toda la frase en un solo vector y se dejaban cosas por el camino.
La **atención** ([Bahdanau et al., 2015](https://arxiv.org/abs/1409.0473)) les permitió volver a mirar las palabras de partida en cada paso.

El **transformer** ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)) se quedó solo con la atención y tiró el resto de la maquinaria que leía en fila: al entrenar, todas las posiciones se calculan a la vez.
"""

# %% [markdown] lang="en"
r"""
Those networks squeezed the whole sentence into a single vector and lost things on the way.
**Attention** ([Bahdanau et al., 2015](https://arxiv.org/abs/1409.0473)) let them look back at the source words at every step.

The **transformer** ([Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)) kept only attention and threw out the machinery that read in single file: in training, all positions are computed at once.
"""

# %% [markdown] lang="es"
r"""
GPT ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf)) lo entrenó para predecir lo siguiente y luego lo adaptó a cada tarea.
[GPT-2 (2019)](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf) empezó a hacer tareas sin adaptarlo.
A [GPT-3 (2020)](https://arxiv.org/abs/2005.14165), con cien veces más parámetros, le bastaban a menudo unos ejemplos escritos delante de la pregunta: el **prompt**.
"""

# %% [markdown] lang="en"
r"""
GPT ([Radford et al., 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf)) trained one to predict what comes next and then adapted it to each task.
[GPT-2 (2019)](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf) began to do tasks without adapting.
For [GPT-3 (2020)](https://arxiv.org/abs/2005.14165), with a hundred times the parameters, a few examples written in front of the question were often enough: the **prompt**.
"""

# %% [markdown] lang="es"
r"""
InstructGPT ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)) aprendió a seguir instrucciones, y en noviembre de ese año ChatGPT lo puso delante de todo el mundo.
Llama ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)) dio sus pesos a los investigadores que los pidieran, y otros publicaron los suyos para cualquiera.
Los últimos escriben un razonamiento antes de responder: [o1 (2024)](https://openai.com/index/learning-to-reason-with-llms/), [DeepSeek-R1 (2025)](https://arxiv.org/abs/2501.12948). También eso lo escriben palabra a palabra, prediciendo la siguiente.
"""

# %% [markdown] lang="en"
r"""
InstructGPT ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)) learned to follow instructions, and in November of that year ChatGPT put it in front of everybody.
Llama ([Touvron et al., 2023](https://arxiv.org/abs/2302.13971)) gave its weights to researchers who asked for them, and others published theirs for anybody.
The latest write down a line of reasoning before they answer: [o1 (2024)](https://openai.com/index/learning-to-reason-with-llms/), [DeepSeek-R1 (2025)](https://arxiv.org/abs/2501.12948). That, too, they write word by word, predicting the next.
"""

# %% [markdown] lang="es"
r"""
## 1.4 Contar: un modelo de bigramas

Vamos a construir el modelo más simple que merece el nombre: el que solo mira la última palabra.
A una pareja de palabras seguidas se la llama **bigrama**.

Hace falta un texto. Este trata de un ratón, y el punto va suelto para que cuente como palabra.
"""

# %% [markdown] lang="en"
r"""
## 1.4 Counting: a bigram model

Let's build the simplest model that deserves the name: one that looks at the last word only.
A pair of neighbouring words is called a **bigram**.

A text is needed. This one is about a mouse, and the full stop stands apart so that it counts as a word.
"""

# %%
page = say(
    """el ratón olió el queso y la gallina olió el pan .
    el ratón miró el reloj y la gallina miró el ratón .
    el ratón comió el queso y la gallina comió el pan .
    el ratón comió el queso de noche y el pan de día .
    el queso era bueno y el ratón comió más queso .
    el queso el ratón lo guardó entero .""",
    """the mouse smelled the cheese and the hen smelled the bread .
    the mouse watched the clock and the hen watched the mouse .
    the mouse ate the cheese and the hen ate the bread .
    the mouse ate the cheese at night and the bread by day .
    the cheese was good and the mouse ate more cheese .
    the cheese the mouse saved was whole .""",
)
words = page.split()
print(len(words), len(set(words)))

# %% [markdown] lang="es"
r"""
`split` corta por cualquier espacio en blanco, también por los saltos de línea.

Empieza por una palabra: ¿qué viene después del ratón? Se recorre el texto y se apunta la palabra que sigue cada vez que aparece.
"""

# %% [markdown] lang="en"
r"""
`split` cuts at any white space, line breaks included.

Start with one word: what comes after the mouse? Go through the text and, each time it turns up, write down the word that follows.
"""

# %%
mouse = say("ratón", "mouse")
followers = []
for i in range(len(words) - 1):
    if words[i] == mouse:
        followers.append(words[i + 1])
print(followers)

# %% [markdown] lang="es"
r"""
Siete apariciones, siete continuaciones.
La probabilidad de cada una es su parte del total, que es lo que habrías contestado tú si te hubieran hecho apostar.
"""

# %% [markdown] lang="en"
r"""
Seven occurrences, seven continuations.
The probability of each is its share of the total, which is what you would have answered if you had been made to bet.
"""

# %%
counts = Counter(followers)
for follower, count in counts.items():
    print(f"{follower:8} {count} / {len(followers)} = {count / len(followers):.2f}")

# %% [markdown] lang="es"
r"""
Estas cuentas son el entrenamiento entero. Con símbolos, y llamando $c(a, b)$ a las veces que $b$ va justo detrás de $a$:

$$P(b \mid a) = \frac{c(a, b)}{\sum_{x} c(a, x)}$$

Para recorrer las parejas sin índices, Python tiene `pairwise`.
"""

# %% [markdown] lang="en"
r"""
This counting is the whole training. In symbols, writing $c(a, b)$ for the times that $b$ comes right after $a$:

$$P(b \mid a) = \frac{c(a, b)}{\sum_{x} c(a, x)}$$

To go through the pairs without indices, Python has `pairwise`.
"""

# %%
list(pairwise(words))[:4]

# %% [markdown] lang="es" exercise="bigram_probabilities"
r"""
### Ejercicio: las probabilidades de los bigramas

Es de los modelos de lenguaje más pequeños que hay, y los grandes aprenden a imitar exactamente esta tabla, con más contexto. Escribe `bigram_probabilities`.

```python
def bigram_probabilities(text: str) -> dict[str, dict[str, float]]: ...
```

Pasa el texto a minúsculas y córtalo por los espacios en blanco. Para cada palabra, un diccionario con las que la siguen y su probabilidad, que suman 1.
Una palabra a la que nunca sigue otra no tiene entrada; con menos de dos palabras, el resultado es `{}`.
"""

# %% [markdown] lang="en" exercise="bigram_probabilities"
r"""
### Exercise: the probabilities of bigrams

It is one of the smallest language models there are, and the large ones learn to imitate this very table, with more context. Write `bigram_probabilities`.

```python
def bigram_probabilities(text: str) -> dict[str, dict[str, float]]: ...
```

Lower-case the text and cut it at white space. For each word, a dictionary of those that follow it and their probabilities, which sum to 1.
A word that nothing ever follows has no entry; with fewer than two words, the result is `{}`.
"""

# %% solution="bigram_probabilities"

# %%
with example():
    # es: se espera que después de «y» haya 0.5 para «piedra» y 0.5 para «chopo»
    # en: expected, after "and": 0.5 for "stone" and 0.5 for "poplar"
    print(bigram_probabilities(say("Suelta y piedra y chopo", "Off and stone and poplar")))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Primero cuenta y al final divide. Un diccionario de contadores, `defaultdict(Counter)`, ahorra preguntar si la palabra ya estaba; los dos nombres están importados al principio.
</details>

<details><summary>Pista 2</summary>

El divisor de una fila es la suma de sus propias cuentas, no las veces que aparece la palabra: a la última del texto no le sigue nada.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Count first and divide at the end. A dictionary of counters, `defaultdict(Counter)`, saves asking whether the word was there already; both names are imported at the top.
</details>

<details><summary>Hint 2</summary>

What a row is divided by is the sum of its own counts, not how often the word occurs: nothing follows the last word of the text.
</details>
"""

# %% tests="bigram_probabilities"

# %% [markdown] lang="es"
r"""
¿Coincide la función con la cuenta hecha a mano?
"""

# %% [markdown] lang="en"
r"""
Does the function agree with the counting by hand?
"""

# %%
bigrams = bigram_probabilities(page)
by_hand = {follower: count / len(followers) for follower, count in counts.items()}
print(bigrams[mouse] == by_hand, len(bigrams))

# %% [markdown] lang="es"
r"""
Coincide, y hay una fila por cada palabra distinta. Estas son seis de ellas.

Lee la primera: al artículo le siguen cuatro nombres, y el ratón es el que más. Casi toda la tabla está en blanco, y eso traerá problemas.
"""

# %% [markdown] lang="en"
r"""
It does, and there is a row for each different word. Here are six of them.

Read the first: the article is followed by the nouns, and the mouse is the most frequent. Nearly all of the table is blank, and that will mean trouble.
"""

# %%
chosen = say(["el", "ratón", "comió", "queso", "gallina", "y"], ["the", "mouse", "ate", "cheese", "hen", "and"])
plots.bigram_table({word: bigrams[word] for word in chosen})

# %% [markdown] lang="es"
r"""
Ahora, una frase. Su probabilidad es el producto de sus pasos. (A la primera palabra no la precede nada, así que no la contamos: es la que alguien pone delante.)

Hazlo a mano con la frase alrededor de la cual gira toda la página.
"""

# %% [markdown] lang="en"
r"""
Now a sentence. Its probability is the product of its steps. (Nothing comes before the first word, so we don't count it: it is the one that somebody sets down.)

Do it by hand, with the sentence this page is all about.
"""

# %%
sentence = say("el ratón comió el queso", "the mouse ate the cheese")
probability = 1.0
for word, following in pairwise(sentence.split()):
    probability *= bigrams[word][following]
    print(f"{word:>6} → {following:8} {bigrams[word][following]:.4f}   {probability:.4f}")

# %% [markdown] lang="es"
r"""
Cuatro pasos, y el producto ya está cerca de cero. ¿Y una página de mil palabras, aunque cada una fuese tan probable como un 0.1?
"""

# %% [markdown] lang="en"
r"""
Four steps, and the product is already close to zero. What of a page of a thousand words, even if each were as likely as 0.1?
"""

# %%
print(f"{0.1**300:.0e} {0.1**400:.0e}")
print(f"{math.log(0.1) * 400:.1f}")

# %% [markdown] lang="es"
r"""
El segundo producto ya no cabe en el ordenador y se queda en cero: todas las páginas largas serían igual de imposibles.

El remedio es sumar logaritmos, porque el logaritmo de un producto es la suma de los logaritmos. Como el logaritmo crece siempre, la frase más probable es también la de mayor suma:

$$\log P = \sum_{i=2}^{n} \log P(w_i \mid w_{i-1})$$
"""

# %% [markdown] lang="en"
r"""
The second product no longer fits into the computer and comes out as zero: all long pages would be equally impossible.

The remedy is to add logarithms, because the logarithm of a product is the sum of the logarithms. Since the logarithm always grows, the likeliest sentence also has the largest sum:

$$\log P = \sum_{i=2}^{n} \log P(w_i \mid w_{i-1})$$
"""

# %% [markdown] lang="es"
r"""
Un paso nunca visto tiene probabilidad cero, y un cero anula el producto entero. El logaritmo de cero es menos infinito, `-math.inf`, y sumado a lo que sea sigue siéndolo.

Pero cuidado: `math.log(0)` no lo devuelve, sino que da un error.
"""

# %% [markdown] lang="en"
r"""
A step that was never seen has probability zero, and one zero undoes the whole product. The logarithm of zero is minus infinity, `-math.inf`, and added to anything it stays that.

But beware: `math.log(0)` doesn't return it; it raises an error.
"""

# %%
try:
    math.log(0)
except ValueError:
    print("ValueError")
print(-math.inf + 5, -math.inf < -1000)

# %% [markdown] lang="es" exercise="sentence_log_probability"
r"""
### Ejercicio: la log-probabilidad de una frase

Con esta función un modelo deja de ser una tabla y opina: de dos frases dice cuál espera más. En el capítulo 5 volverá, con otro signo, como pérdida. Escribe `sentence_log_probability`.

```python
def sentence_log_probability(sentence: str, probabilities: dict[str, dict[str, float]]) -> float: ...
```

Corta la frase como antes, en minúsculas, y suma los logaritmos naturales de sus pasos. Si alguno nunca se vio, `-math.inf`; con menos de dos palabras no hay pasos y la suma es `0.0`.
"""

# %% [markdown] lang="en" exercise="sentence_log_probability"
r"""
### Exercise: the log-probability of a sentence

With this function a model stops being a table and has opinions: of two sentences it says which it expects more. In chapter 5 it comes back, with another sign, as the loss. Write `sentence_log_probability`.

```python
def sentence_log_probability(sentence: str, probabilities: dict[str, dict[str, float]]) -> float: ...
```

Cut the sentence as before, in lower case, and add up the natural logarithms of its steps. If one of them was never seen, `-math.inf`; with fewer than two words there are no steps, and the sum is `0.0`.
"""

# %% solution="sentence_log_probability"

# %%
tiny = {"a": {"b": 0.5, "c": 0.5}, "b": {"a": 1.0}}
with example():
    # es: se espera -1.386 (dos pasos de 0.5 y uno de 1), -inf y 0.0
    # en: expected: -1.386 (two steps of 0.5 and one of 1), -inf and 0.0
    print([round(sentence_log_probability(text, tiny), 3) for text in ("A b a c", "c b", "a")])

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

La palabra de partida puede no tener fila, y la fila puede no tener la continuación: `probabilities.get(word, {}).get(following, 0.0)` resuelve las dos cosas. No cambies `probabilities` al consultarlo.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

The first word of a step may have no row, and the row may lack the continuation: `probabilities.get(word, {}).get(following, 0.0)` settles both. Don't change `probabilities` by asking it.
</details>
"""

# %% tests="sentence_log_probability"

# %% [markdown] lang="es"
r"""
Pon las mismas cinco palabras en todos los órdenes posibles. Cinco palabras dan 120 órdenes, pero una se repite, así que quedan 60 frases distintas.

Apuesta antes de mirar: ¿cuántas tendrán probabilidad mayor que cero? ¿Y cuál ganará?
"""

# %% [markdown] lang="en"
r"""
Put the same five words into every possible order. Five words make 120 orders, but one of them occurs twice, so 60 different sentences are left.

Bet before you look: how many will have a probability above zero? And which one will win?
"""

# %%
orders = {" ".join(order) for order in permutations(sentence.split())}
scores = {order: sentence_log_probability(order, bigrams) for order in orders}
best = max(scores, key=scores.get)
print(len(scores), sum(score > -math.inf for score in scores.values()), best)
print(abs(math.exp(scores[sentence]) - probability) < 1e-9)

# %%
plots.ranking(scores)

# %% [markdown] lang="es"
r"""
Gana la frase con sentido, y solo otras cuatro son posibles: las que encadenan parejas vistas.
La segunda línea confirma que tu suma de logaritmos y el producto de antes son lo mismo.

Nadie le ha explicado al modelo qué es un sujeto. Le ha bastado con contar.
"""

# %% [markdown] lang="en"
r"""
The sentence that makes sense wins, and only four others are possible: those that link up pairs that were seen.
The second line confirms that your sum of logarithms and the product from before are the same.

Nobody has told the model what a subject is. Counting was enough.
"""

# %% [markdown] lang="es"
r"""
Y sabe decir más de lo que ha leído. Que la gallina comiese queso no está en la página, pero cada paso sí.

La última de estas frases es de lo más corriente, y el modelo la da por imposible. ¿Por qué?
"""

# %% [markdown] lang="en"
r"""
And it can say more than it has read. That the hen ate the cheese is nowhere on the page, but each of the steps is.

The last of these sentences is as ordinary as can be, and the model takes it for impossible. Why?
"""

# %%
tried = say(
    ["la gallina comió el queso", "el queso comió el ratón", "el pan era bueno"],
    ["the hen ate the cheese", "the cheese ate the mouse", "the bread was good"],
)
for text in tried:
    print(f"{text:26} {text in ' '.join(words)!s:6} {sentence_log_probability(text, bigrams):.2f}")

# %% [markdown] lang="es"
r"""
Un solo paso nuevo, de «pan» a «era», basta para el menos infinito: **no visto** no es lo mismo que **imposible**, y una tabla de cuentas los confunde.
La segunda la rechaza por esa misma razón, no porque sepa que los quesos no comen.

Hay remedios clásicos, que guardan una pizca de probabilidad para lo no visto ([Chen y Goodman, 1996](https://aclanthology.org/P96-1041/)). Las redes neuronales dan otro: nunca dicen cero.
"""

# %% [markdown] lang="en"
r"""
One new step, from "bread" to "was", is enough for minus infinity: **not seen** is not the same as **impossible**, and a table of counts takes one for the other.
It rejects the second for that same reason, not because it knows that cheeses don't eat.

There are classic remedies, which put aside a pinch of probability for what was not seen ([Chen and Goodman, 1996](https://aclanthology.org/P96-1041/)). Neural networks offer another: they never say zero.
"""

# %% [markdown] lang="es"
r"""
## 1.5 El modelo escribe

Para escribir, se pone una palabra y se sortea la siguiente con las probabilidades de su fila: `random.choices` hace justo ese sorteo.
Lo hizo primero [Shannon (1948)](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x), sin ordenador: abría un libro al azar, buscaba lo último que tenía escrito y apuntaba lo que allí lo seguía.

Esta vez el modelo lee el cuento entero.
"""

# %% [markdown] lang="en"
r"""
## 1.5 The model writes

To write, set down a word and draw the next one with the probabilities of its row: `random.choices` does exactly that draw.
[Shannon (1948)](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x) did it first, without a computer: he opened a book at random, looked for the last thing he had written, and noted down what followed it there.

This time the model reads the whole story.
"""

# %%
story_words = story.split()
story_bigrams = bigram_probabilities(story)
print(len(story_words), len(story_bigrams))
rigmarole_word = say("chopo", "poplar")
plots.next_words(rigmarole_word, story_bigrams[rigmarole_word])

# %% [markdown] lang="es"
r"""
Los signos van pegados a las palabras, porque solo cortamos por los espacios; el capítulo 2 lo arregla.

Ahora el sorteo. La semilla, `random.Random(3)`, hace que la suerte sea siempre la misma; cámbiala y saldrá otro texto.
"""

# %% [markdown] lang="en"
r"""
The marks stick to the words, because we only cut at spaces; chapter 2 puts that right.

Now the draw. The seed, `random.Random(3)`, makes the luck the same every time; change it and another text comes out.
"""

# %%
chance = random.Random(3)
written = ["casilda"]
while len(written) < 25 and written[-1] in story_bigrams:
    nexts = story_bigrams[written[-1]]
    written += chance.choices(list(nexts), list(nexts.values()))
print(" ".join(written))

# %% [markdown] lang="es"
r"""
Suena a cuento y no dice nada. Cada pareja está bien, porque está copiada del cuento; el conjunto va a la deriva, porque tras cada paso el modelo olvida de dónde venía.

Juega: cambia de texto, de palabra, de suerte. Y elige siempre la palabra más probable: ¿qué le pasa al cabo de un rato?
"""

# %% [markdown] lang="en"
r"""
It sounds like a story and says nothing. Each pair is fine, because it is copied from the story; the whole is adrift, because after each step the model forgets where it came from.

Play: change the text, the word, the luck. And let it always choose the likeliest word: what happens to it after a while?
"""

# %%
read = {say("el cuento", "the story"): story_bigrams, say("el ratón", "the mouse"): bigrams}
play.play_writer(read, first="casilda")

# %% [markdown] lang="es"
r"""
Con la más probable cae en un corro y ya no sale. Es lógico: si a una palabra le sigue siempre la misma, en cuanto una se repite se repite todo.

A Casilda le ocurrió con la retahíla, que pasa dos veces por un chopo. Dibujemos la suya con bigramas.
"""

# %% [markdown] lang="en"
r"""
With the likeliest it falls into a ring and never leaves. That stands to reason: if a word is always followed by the same one, then as soon as one comes round again, everything does.

It happened to Casilda with the rigmarole, which passes a poplar twice. Let's draw hers with bigrams.
"""

# %%
rigmarole = say(
    "suelta piedra chopo cuatro torre junco chopo palomar empuja calla campana soga",
    "off stone poplar four tower reeds poplar dovecote push hush bell rope",
).split()
rigmarole_bigrams = bigram_probabilities(" ".join(rigmarole))
print(rigmarole_bigrams[rigmarole_word])
plots.arcs(rigmarole, rigmarole_bigrams)

# %% [markdown] lang="es"
r"""
En el chopo el camino se parte, mitad y mitad, y por uno de los lados se vuelve al chopo.
En la cocina dieron nueve vueltas hasta que Anselmo cayó en la cuenta: a un chopo se llega desde la piedra y al otro desde el junco.

Mira dos palabras en lugar de una y el cruce desaparece.
"""

# %% [markdown] lang="en"
r"""
At the poplar the way forks, half and half, and one branch leads back to the poplar.
In the kitchen they went around nine times before it dawned on Anselmo: you come to one poplar from the stone and to the other from the reeds.

Look at two words instead of one, and the fork is gone.
"""

# %%
for first, second, third in zip(rigmarole, rigmarole[1:], rigmarole[2:]):
    if second == rigmarole_word:
        print(first, second, "→", third)

# %% [markdown] lang="es"
r"""
Eso es un **trigrama**. ¿Por qué no mirar entonces cinco palabras, o cien?

Porque cuanto más largo es el contexto, menos veces se ha visto. Contemos en el cuento cuántos de los contextos distintos de cada longitud salen una sola vez.
"""

# %% [markdown] lang="en"
r"""
That is a **trigram**. Then why not look at five words, or a hundred?

Because the longer a context is, the fewer times it has been seen. Let's count how many of the story's different contexts of each length occur only once.
"""

# %%
once = []
for length in range(1, 6):
    contexts = Counter(zip(*(story_words[i:] for i in range(length))))
    once.append(sum(count == 1 for count in contexts.values()) / len(contexts))
    print(length, len(contexts), f"{once[-1]:.2f}")
plots.starvation(range(1, 6), once)

# %% [markdown] lang="es"
r"""
Con tres palabras casi todos los contextos son únicos, y un contexto único tiene una sola continuación: el modelo se ha aprendido el cuento de memoria y ante cualquier frase nueva no tiene nada que decir.

Más texto retrasa el problema, no lo resuelve. Lo resuelve **generalizar**: que lo visto tras «la gallina comió» sirva también tras «el ratón mordió». Eso es lo que aportan los vectores y la atención.
"""

# %% [markdown] lang="en"
r"""
With three words nearly all contexts are unique, and a unique context has just one continuation: the model has learned the story by heart, and faced with any new sentence it has nothing to say.

More text puts the problem off; it doesn't solve it. What solves it is to **generalise**: what was seen after "the hen ate" should serve after "the mouse bit" as well. That is what vectors and attention bring.
"""

# %% [markdown] lang="es"
r"""
¿Cuánto adivina un bigrama? Juguemos a lo de Shannon, con palabras: el modelo aprende de nueve décimas partes del cuento y apuesta en la última, que no ha leído.
"""

# %% [markdown] lang="en"
r"""
How much does a bigram guess? Let's play Shannon's game, with words: the model learns from nine tenths of the story and bets on the last one, which it has not read.
"""

# %%
cut = len(story_words) * 9 // 10
known = bigram_probabilities(" ".join(story_words[:cut]))
hits = total = 0
for word, following in pairwise(" ".join(story_words[cut:]).lower().split()):
    nexts = known.get(word)
    hits += bool(nexts) and max(nexts, key=nexts.get) == following
    total += 1
print(f"{hits} / {total} = {hits / total:.2f}")

# %% [markdown] lang="es"
r"""
Una de cada ocho o nueve, con dos funciones y menos de cuatro mil palabras leídas.

Ahora tú, en el mismo trozo. Escribe la palabra que crees que viene y pulsa Intro; luego borra la apuesta y avanza una palabra.
Fíjate en qué te ayuda a acertar: la gramática, la historia, lo que sabes de los ríos.
"""

# %% [markdown] lang="en"
r"""
One in eight or nine, with two functions and fewer than four thousand words read.

Now you, on the same stretch. Type the word that you think comes next and press Enter; then clear the guess and move on by one word.
Notice what helps you to get it right: grammar, the story, what you know about rivers.
"""

# %%
play.play_guess(" ".join(story_words[cut : cut + 60]), known)

# %% [markdown] lang="es"
r"""
## 1.6 Hablar bien no es comprender

Vuelve a la página del ratón, que es todo el mundo que conoce el modelo.
Según esa página la gallina comió pan. ¿Qué dice el modelo que comió?
"""

# %% [markdown] lang="en"
r"""
## 1.6 Talking well is not understanding

Go back to the page about the mouse, which is all the world that the model knows.
According to that page the hen ate bread. What does the model say she ate?
"""

# %%
meals = say(
    ["la gallina comió el pan", "la gallina comió el queso", "la gallina comió el ratón"],
    ["the hen ate the bread", "the hen ate the cheese", "the hen ate the mouse"],
)
for text in sorted(meals, key=lambda text: -sentence_log_probability(text, bigrams)):
    print(f"{text:26} {sentence_log_probability(text, bigrams):.2f}")

# %% [markdown] lang="es"
r"""
El ratón. Es la continuación más frecuente, está bien escrita y es falsa.

Nada ha fallado: el modelo responde a la pregunta para la que se hizo, «¿qué suele venir?», que no es «¿qué es verdad?».
En los grandes, a una falsedad así, dicha con toda soltura, se la llama **alucinación**.
"""

# %% [markdown] lang="en"
r"""
The mouse. It is the most frequent continuation, it is well formed, and it is false.

Nothing went wrong: the model answers the question it was made for, "what tends to come?", which is not "what is true?".
In large ones, a falsehood of this kind, spoken with perfect ease, is called a **hallucination**.
"""

# %% [markdown] lang="es"
r"""
Y lo que suele venir depende de lo que se repite. Añade a la página una frase falsa, diez veces, y pregúntale otra vez qué comió el ratón.
"""

# %% [markdown] lang="en"
r"""
And what tends to come depends on what gets repeated. Add a false sentence to the page, ten times, and ask it again what the mouse ate.
"""

# %%
rumour = say("el ratón comió el reloj .", "the mouse ate the clock .")
swayed = bigram_probabilities(page + f" {rumour}" * 10)
for text in (sentence, rumour.removesuffix(" .")):
    before, after = (math.exp(sentence_log_probability(text, table)) for table in (bigrams, swayed))
    print(f"{text:26} {before:.3f} → {after:.3f}")

# %% [markdown] lang="es"
r"""
El rumor repetido ya es más probable que lo que contaba la página.
[Lin et al. (2022)](https://arxiv.org/abs/2109.07958) midieron algo parecido en modelos de verdad: repiten creencias falsas que abundan en la red, y entre los que probaron los mayores lo hacían más.

Ni un modelo que reparta su confianza a la perfección se libraría: hay razones estadísticas por las que predecir bien obliga a inventar a veces ([Kalai y Vempala, 2024](https://arxiv.org/abs/2311.14648)).
"""

# %% [markdown] lang="en"
r"""
The repeated rumour is now likelier than what the page told.
[Lin et al. (2022)](https://arxiv.org/abs/2109.07958) measured something similar in real models: they repeat false beliefs that abound on the web, and among those they tried the larger ones did so more.

Not even a model that spread its confidence perfectly would escape: there are statistical reasons why predicting well forces it to make things up at times ([Kalai and Vempala, 2024](https://arxiv.org/abs/2311.14648)).
"""

# %% [markdown] lang="es"
r"""
¿Por qué engaña entonces un texto fluido? Mira el del sorteo: ninguna de sus parejas es un error. ¿Y sus cuartetos?
"""

# %% [markdown] lang="en"
r"""
Then why is fluent text so deceptive? Look at what came out of the draw: none of its pairs is a mistake. What about its groups of four?
"""

# %%
lower = [word.lower() for word in story_words]
for length in (2, 3, 4):
    real = set(zip(*(lower[i:] for i in range(length))))
    runs = list(zip(*(written[i:] for i in range(length))))
    print(length, sum(run in real for run in runs), "/", len(runs))

# %% [markdown] lang="es"
r"""
De cerca todo es legítimo y de lejos no hay nada. Los modelos grandes alejan ese horizonte de dos palabras a muchas páginas; que el texto suene bien hasta donde alcanzas a mirar sigue sin decir nada de si es cierto.
"""

# %% [markdown] lang="en"
r"""
Close up everything is legitimate, and from afar there is nothing there. Large models move that horizon from two words to many pages; that a text sounds right as far as you can see still says nothing about its being true.
"""

# %% [markdown] lang="es"
r"""
Aquí es donde ELIZA enseñó lo que importaba. Weizenbaum contó que hubo quien le confiaba sus penas sabiendo que era un programa, y dedicó un libro a su alarma, *Computer Power and Human Reason* (1976).

El sentido lo ponemos nosotros. Al **efecto ELIZA** nadie es inmune, y cuanto mejor habla la máquina, más fuerte es.
"""

# %% [markdown] lang="en"
r"""
This is where ELIZA taught what mattered. Weizenbaum told of people who confided their troubles to it, knowing that it was a program, and he gave his alarm a book, *Computer Power and Human Reason* (1976).

The meaning is supplied by us. Nobody is immune to the **ELIZA effect**, and the better the machine talks, the stronger it is.
"""

# %% [markdown] lang="es"
r"""
¿Comprenden algo los grandes? Se discute.
[Bender y Koller (2020)](https://aclanthology.org/2020.acl-main.463/) sostienen que de la forma sola no se aprende el significado, y [Bender et al. (2021)](https://doi.org/10.1145/3442188.3445922) los llamaron «loros estocásticos» y avisaron de sesgos y costes.

Por otra parte, [Li et al. (2023)](https://arxiv.org/abs/2210.13382) entrenaron un transformer solo con jugadas de un juego de mesa y encontraron dentro el tablero, que nadie le había enseñado.
"""

# %% [markdown] lang="en"
r"""
Do large ones understand anything? It is disputed.
[Bender and Koller (2020)](https://aclanthology.org/2020.acl-main.463/) hold that meaning can't be learned from form alone, and [Bender et al. (2021)](https://doi.org/10.1145/3442188.3445922) called them "stochastic parrots" and warned of biases and costs.

On the other hand, [Li et al. (2023)](https://arxiv.org/abs/2210.13382) trained a transformer on nothing but the moves of a board game and found the board inside it, which nobody had shown it.
"""

# %% [markdown] lang="es"
r"""
Mientras se decide, hay una postura práctica: juzga cada respuesta por lo que se pueda comprobar, no por lo bien que suena.

Y este curso tiene la suya: un modelo deja de ser un misterio cuando lo has construido. Lo que quede sin explicar después será, al menos, lo que de verdad no se sabe.
"""

# %% [markdown] lang="en"
r"""
While that is being settled there is a practical stance: judge each answer by what can be checked, not by how well it sounds.

And this course has its own: a model stops being a mystery once you have built it. What is left unexplained after that will at least be what is really not known.
"""

# %% [markdown] lang="es"
r"""
## 1.7 Cómo se construye uno grande

Entre la tabla del ratón y un asistente hay cinco etapas. El curso las recorre todas, en pequeño.
"""

# %% [markdown] lang="en"
r"""
## 1.7 How a large one is built

Between the mouse's table and an assistant there are five stages. The course goes through all of them, on a small scale.
"""

# %%
overview.stages()

# %% [markdown] lang="es"
r"""
El **preentrenamiento** se lleva casi todo el cálculo, y no necesita que nadie prepare ejercicios con su respuesta: el texto los trae puestos.
De cada palabra, la pregunta es todo lo anterior y la respuesta correcta, ella misma.
"""

# %% [markdown] lang="en"
r"""
**Pretraining** takes nearly all of the computing, and needs nobody to prepare exercises with their answers: the text brings them along.
For each word, the question is everything before it, and the right answer is the word itself.
"""

# %%
line = say("Junco y chopo, chopo y palomar.", "Reeds and poplar, poplar and dovecote.").split()
for i in range(1, len(line)):
    print(f"{' '.join(line[:i]):>32} → {line[i]}")

# %% [markdown] lang="es"
r"""
De una frase de seis palabras, cinco ejercicios. De un billón de palabras, casi un billón.

Lo que sale es un **modelo base**, que continúa textos y no sabe que le están preguntando. Si le escribes «¿Cuántas patas tiene una gallina?», puede responder con otra pregunta, como en la hoja de un examen.
"""

# %% [markdown] lang="en"
r"""
From a sentence of six words, five exercises. From a trillion words, nearly a trillion.

What comes out is a **base model**, which continues texts and doesn't know that it is being asked. Write "How many legs does a hen have?", and it may well answer with another question, as on an exam sheet.
"""

# %% [markdown] lang="es"
r"""
El **ajuste fino supervisado** le enseña el papel: sigue prediciendo, pero sobre miles de parejas de instrucción y respuesta escritas por personas.

Las **preferencias** lo pulen: alguien compara dos respuestas y el modelo aprende a dar la preferida, con aprendizaje por refuerzo ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)) o sin él ([Rafailov et al., 2023](https://arxiv.org/abs/2305.18290)). Los que razonan refuerzan, además, lo que se puede comprobar: el resultado de un problema, un programa que pasa sus pruebas.
"""

# %% [markdown] lang="en"
r"""
**Supervised fine-tuning** teaches it the part: it still predicts, but now on thousands of pairs of instruction and answer written by people.

**Preferences** polish it: somebody compares two answers and the model learns to give the preferred one, with reinforcement learning ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)) or without it ([Rafailov et al., 2023](https://arxiv.org/abs/2305.18290)). Those that reason also reinforce what can be checked: the result of a problem, a program that passes its tests.
"""

# %% [markdown] lang="es"
r"""
La máquina que hay dentro es un transformer. Este es su plano a vista de pájaro; el capítulo 4 dibuja los detalles.
"""

# %% [markdown] lang="en"
r"""
The machine inside is a transformer. Here is its plan from high above; chapter 4 draws the details.
"""

# %%
overview.transformer(sentence.split()[:4], say(["queso", "pan", "reloj"], ["cheese", "bread", "clock"]))

# %% [markdown] lang="es"
r"""
Léelo de abajo arriba. Cada token se vuelve un vector; en cada bloque, primero **mira**: recoge lo que le interesa de sí mismo y de los anteriores; después **piensa**, él solo, con lo recogido. Tras varios bloques, el último vector da una probabilidad a cada token del vocabulario.

Compara con el bigrama: la salida es la misma, una fila de probabilidades; lo que cambia es cuánto pasado cabe en ella.
"""

# %% [markdown] lang="en"
r"""
Read it from the bottom up. Each token becomes a vector; in every block it first **looks**: it gathers what it wants from itself and from those before; then it **thinks**, on its own, about what it gathered. After several blocks, the last vector gives a probability to each token of the vocabulary.

Compare it with the bigram: the output is the same, a row of probabilities; what changes is how much of the past goes into it.
"""

# %% [markdown] lang="es"
r"""
Hay tres familias, según quién mira a quién.

El **codificador** (*encoder*) deja que cada palabra vea la frase entera, y sirve para entenderla y clasificarla: BERT ([Devlin et al., 2019](https://arxiv.org/abs/1810.04805)). El **decodificador** (*decoder*) solo mira hacia atrás, y por eso puede escribir: GPT. El **codificador-decodificador** (*encoder-decoder*) lee entero un texto mientras escribe otro: el transformer original, que traducía, y T5 ([Raffel et al., 2020](https://arxiv.org/abs/1910.10683)).
"""

# %% [markdown] lang="en"
r"""
There are three families, by who looks at whom.

The **encoder** lets each word see the whole sentence, and serves to understand and classify it: BERT ([Devlin et al., 2019](https://arxiv.org/abs/1810.04805)). The **decoder** looks only backwards, and so it can write: GPT. The **encoder-decoder** reads all of one text while it writes another: the original transformer, which translated, and T5 ([Raffel et al., 2020](https://arxiv.org/abs/1910.10683)).
"""

# %%
overview.families(["the", "mouse", "ate"], ["el", "ratón", "comió"])

# %% [markdown] lang="es"
r"""
Los azules claros son el puente: la palabra que se escribe mira el texto de partida.

En este curso construyes el de en medio. Con un decodificador y un buen prompt se hace también, hoy, lo que antes pedía los otros dos.
"""

# %% [markdown] lang="en"
r"""
The light blue squares are the bridge: the word being written looks at the source text.

In this course you build the one in the middle. With a decoder and a good prompt one can now also do what used to call for the other two.
"""

# %% [markdown] lang="es"
r"""
## 1.8 El corpus

El texto con el que se aprende se llama **corpus**. El nuestro, de momento, es un cuento. ¿Cuánto ocupa, y cuántos tokens son para el tokenizador del modelo que viene con el curso?
"""

# %% [markdown] lang="en"
r"""
## 1.8 The corpus

The text that one learns from is called the **corpus**. Ours, so far, is a story. How much room does it take, and how many tokens is it for the tokenizer of the model that comes with the course?
"""

# %%
tokenizer = load_tokenizer("mini")
n_bytes = len(story.encode("utf-8"))
n_tokens = len(tokenizer.encode(story))
print(n_bytes, n_tokens, len(story_words))
print(f"{n_bytes / n_tokens:.1f} bytes/token, {n_tokens / len(story_words):.1f} tokens/{say('palabra', 'word')}")

# %% [markdown] lang="es"
r"""
Los tokenizadores de los modelos grandes aprovechan algo mejor cada token: los 1.6 terabytes de BLOOM son 350 mil millones de tokens ([BigScience, 2022](https://huggingface.co/bigscience/bloom)), unos 4.6 bytes cada uno. Para cuentas rápidas se usan cuatro.

Así queda el cuento al lado de lo que leen otros.
"""

# %% [markdown] lang="en"
r"""
The tokenizers of large models get somewhat more out of each token: the 1.6 terabytes of BLOOM are 350 billion tokens ([BigScience, 2022](https://huggingface.co/bigscience/bloom)), some 4.6 bytes each. For quick sums, four is used.

Here is the story beside what others read.
"""

# %%
scale.corpora({say("el cuento", "the story"): n_tokens})

# %% [markdown] lang="es"
r"""
Fuentes: GPT-3, tabla 2.2 de [Brown et al. (2020)](https://arxiv.org/abs/2005.14165); [RedPajama-V2](https://github.com/togethercomputer/RedPajama-Data), de 84 rastreos de la red; FineWeb, de 96 ([Penedo et al., 2024](https://arxiv.org/abs/2406.17557)); [Llama 3 (2024)](https://arxiv.org/abs/2407.21783).

Otro de los primeros publicados, The Pile, reunía 825 GiB de 22 fuentes ([Gao et al., 2020](https://arxiv.org/abs/2101.00027)).
"""

# %% [markdown] lang="en"
r"""
Sources: GPT-3, table 2.2 of [Brown et al. (2020)](https://arxiv.org/abs/2005.14165); [RedPajama-V2](https://github.com/togethercomputer/RedPajama-Data), from 84 crawls of the web; FineWeb, from 96 ([Penedo et al., 2024](https://arxiv.org/abs/2406.17557)); [Llama 3 (2024)](https://arxiv.org/abs/2407.21783).

Another of the first to be published, The Pile, brought together 825 GiB from 22 sources ([Gao et al., 2020](https://arxiv.org/abs/2101.00027)).
"""

# %% [markdown] lang="es"
r"""
No todo se lee igual de veces. En GPT-3, lo que se tenía por mejor pesaba más de lo que ocupa. La tabla da los miles de millones de tokens de cada parte, su porcentaje en el corpus y el que tuvo durante el entrenamiento, que fue de 300 mil millones.
"""

# %% [markdown] lang="en"
r"""
Not everything is read equally often. In GPT-3, what was held to be better weighed more than its size. The table gives the billions of tokens in each part, its percentage of the corpus, and the one it had during training, which took 300 billion.
"""

# %%
mix = {"Common Crawl": (410, 60), "WebText2": (19, 22), "Books1": (12, 8), "Books2": (55, 8), "Wikipedia": (3, 3)}
whole = sum(size for size, _ in mix.values())
for name, (size, weight) in mix.items():
    print(f"{name:13} {size:4} {100 * size / whole:5.1f} % {weight:4} %")

# %% [markdown] lang="es"
r"""
¿Y las lenguas? OpenAI publicó la cuenta de palabras de GPT-3 ([2020](https://github.com/openai/gpt-3/tree/master/dataset_statistics)); las otras dos salen de las tablas de BLOOM ([BigScience, 2022](https://arxiv.org/abs/2211.05100)) y de RedPajama-V2.

El español es una de las lenguas con más hablantes del mundo. Antes de ejecutar, di qué parte del corpus crees que le toca.
"""

# %% [markdown] lang="en"
r"""
And the languages? OpenAI published the word count of GPT-3 ([2020](https://github.com/openai/gpt-3/tree/master/dataset_statistics)); the other two come from the tables of BLOOM ([BigScience, 2022](https://arxiv.org/abs/2211.05100)) and RedPajama-V2.

Spanish is one of the languages with most speakers in the world. Before you run this, say what part of the corpus you think it gets.
"""

# %%
english, spanish, rest = say(("inglés", "español", "otras"), ("English", "Spanish", "other"))
shares = {"GPT-3": (92.6, 0.8), "BLOOM": (30.0, 10.8), "RedPajama-V2": (100 * 20.5 / 30.4, 100 * 2.8 / 30.4)}
scale.languages({name: {english: en, spanish: es, rest: 100 - en - es} for name, (en, es) in shares.items()})

# %% [markdown] lang="es"
r"""
Menos de una palabra de cada cien en GPT-3. (BLOOM se propuso ser multilingüe, y RedPajama-V2 recoge solo cinco lenguas.) De Llama 3 se sabe que un 8 % de los tokens era «multilingüe», sin más reparto.

Es una de las razones por las que un mismo modelo suele saber más en inglés, y por las que el tokenizador y el modelo que vienen con el curso se entrenaron buscando el mismo peso para las dos lenguas.
"""

# %% [markdown] lang="en"
r"""
Fewer than one word in a hundred for GPT-3. (BLOOM set out to be multilingual, and RedPajama-V2 gathers only five languages.) Of Llama 3 it is known that 8% of the tokens were "multilingual", with no further breakdown.

It is one of the reasons why the same model tends to know more in English, and why the tokenizer and the model that come with the course were trained with the aim of giving both languages the same weight.
"""

# %% [markdown] lang="es"
r"""
La red no llega limpia. GPT-3 partió de 45 terabytes comprimidos de Common Crawl y se quedó con 570 gigabytes, que por sus 410 mil millones de tokens han de estar también comprimidos: de cada ochenta bytes, uno.

Estas ocho páginas las podría haber traído un rastreador. ¿Cuáles pondrías en el corpus?
"""

# %% [markdown] lang="en"
r"""
The web does not arrive clean. GPT-3 started from 45 terabytes of compressed Common Crawl and kept 570 gigabytes, which must be compressed as well, to judge by their 410 billion tokens: one byte in eighty.

These eight pages might have been brought by a crawler. Which would you put into the corpus?
"""

# %%
pages = play_scale.sample_pages()
for number, text in enumerate(pages):
    print(number, text)

# %% [markdown] lang="es"
r"""
Los filtros de verdad son cuentas como estas, miles de millones de veces: cuántas palabras tiene, si acaba como acaban las frases, cuánto se repite ([Rae et al., 2021](https://arxiv.org/abs/2112.11446); [Raffel et al., 2020](https://arxiv.org/abs/1910.10683)).

Aquí, la parte de las palabras de una página que ya habían salido antes en ella.
"""

# %% [markdown] lang="en"
r"""
Real filters are sums like these, billions of times: how many words there are, whether it ends the way sentences end, how much it repeats itself ([Rae et al., 2021](https://arxiv.org/abs/2112.11446); [Raffel et al., 2020](https://arxiv.org/abs/1910.10683)).

Here, the share of a page's words that had already come up in it.
"""

# %%
for number in (0, 3):
    said = pages[number].lower().split()
    print(number, len(said), len(set(said)), f"{1 - len(set(said)) / len(said):.2f}")

# %% [markdown] lang="es"
r"""
Además se quitan los duplicados, también los que solo lo son casi: lo repetido acaba copiado de memoria, y si una copia cae en la parte de validación, el modelo parece mejor de lo que es ([Lee et al., 2022](https://arxiv.org/abs/2107.06499)).

Para comparar dos páginas se miran sus tríos de palabras: los comunes entre todos los que hay (el índice de Jaccard).
"""

# %% [markdown] lang="en"
r"""
Duplicates are removed as well, even when they are only nearly so: what is repeated ends up copied from memory, and if a copy lands in the validation part, the model looks better than it is ([Lee et al., 2022](https://arxiv.org/abs/2107.06499)).

To compare two pages, look at their runs of three words: those they share out of all there are (the Jaccard index).
"""


# %%
def threes(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:]))


for other in (2, 4):
    a, b = threes(pages[0]), threes(pages[other])
    print(other, len(a & b), len(a | b), f"{len(a & b) / len(a | b):.2f}")

# %% [markdown] lang="es"
r"""
Ahora pon tú los umbrales. Intenta quedarte con toda la prosa y con nada de la basura; verás que no se puede del todo.
"""

# %% [markdown] lang="en"
r"""
Now you set the thresholds. Try to keep all the prose and none of the rubbish; you will see that it can't quite be done.
"""

# %%
play_scale.play_filters(pages)

# %% [markdown] lang="es"
r"""
Se pierde una buena frase a la que solo le falta el punto, y se cuela un horario. A escala de la red, cada umbral es una decisión sobre qué voces entran: los filtros de palabras prohibidas, por ejemplo, quitaron de un corpus muy usado textos de y sobre minorías ([Dodge et al., 2021](https://arxiv.org/abs/2104.08758)).

Quedan además preguntas que ninguna cuenta responde: de quién son los textos, y quién dio permiso.
"""

# %% [markdown] lang="en"
r"""
A good sentence is lost that only lacks its full stop, and a timetable slips in. At the scale of the web every threshold decides whose voices get in: filters of forbidden words, for instance, took texts by and about minorities out of a widely used corpus ([Dodge et al., 2021](https://arxiv.org/abs/2104.08758)).

And there remain questions that no sum will answer: whose texts they are, and who gave leave.
"""

# %% [markdown] lang="es"
r"""
## 1.9 Lo que cuesta

¿Cuántas operaciones hacen falta para entrenar? Empieza por una neurona con tres parámetros y un token. Para usarla, cada parámetro multiplica un número y el resultado se suma a los demás: dos operaciones por parámetro.
"""

# %% [markdown] lang="en"
r"""
## 1.9 What it takes

How many operations does training need? Begin with one neuron of three parameters and one token. To use it, each parameter multiplies a number and the result is added to the others: two operations per parameter.
"""

# %%
parameters, inputs = [0.5, -1.0, 2.0], [3.0, 1.0, 0.5]
total = operations = 0
for parameter, value in zip(parameters, inputs):
    total += parameter * value
    operations += 2
print(total, operations)

# %% [markdown] lang="es"
r"""
Para aprender hay que recorrer la red también hacia atrás, y eso cuesta el doble: dos operaciones por parámetro para saber cómo corregirlo y otras dos para pasar el aviso a la capa de abajo (el apéndice A lo detalla).

En total seis, y de ahí la regla de [Kaplan et al. (2020)](https://arxiv.org/abs/2001.08361) para $N$ parámetros y $D$ tokens, que descuenta lo que la atención añade en contextos muy largos:

$$C \approx 6\,N\,D$$
"""

# %% [markdown] lang="en"
r"""
To learn, the network has to be gone through backwards as well, and that costs double: two operations per parameter to know how to correct it, and another two to pass the word on to the layer below (appendix A has the details).

Six in all, hence the rule of [Kaplan et al. (2020)](https://arxiv.org/abs/2001.08361) for $N$ parameters and $D$ tokens, which leaves out what attention adds in very long contexts:

$$C \approx 6\,N\,D$$
"""

# %% [markdown] lang="es"
r"""
Con un presupuesto dado, ¿conviene un modelo mayor o más texto?

[Hoffmann et al. (2022)](https://arxiv.org/abs/2203.15556) entrenaron más de cuatrocientos modelos y hallaron que las dos cosas deben crecer a la par: unos **veinte tokens por parámetro**. Su Chinchilla, cuatro veces menor que el modelo con el que lo compararon, lo superó con el mismo cálculo.
"""

# %% [markdown] lang="en"
r"""
On a given budget, is a larger model better, or more text?

[Hoffmann et al. (2022)](https://arxiv.org/abs/2203.15556) trained over four hundred models and found that both should grow in step: some **twenty tokens per parameter**. Their Chinchilla, a quarter the size of the model it was compared with, beat it on the same computation.
"""

# %%
for name, (n_params, tokens) in scale.TRAINED.items():
    print(f"{name:13} {tokens / n_params:5.1f} {6 * n_params * tokens:.1e}")

# %% [markdown] lang="es"
r"""
La primera columna son tokens por parámetro; la segunda, operaciones.
La regla depende de los datos: los autores de Llama 3 midieron la suya, y el mayor les salió con el doble de tokens. A sus hermanos pequeños les dieron a sabiendas muchos más, porque un modelo pequeño y muy leído sale más barato cada vez que se usa ([2024](https://arxiv.org/abs/2407.21783)).
"""

# %% [markdown] lang="en"
r"""
The first column is tokens per parameter; the second, operations.
The rule depends on the data: the authors of Llama 3 measured their own, and their largest came out with twice the tokens. Its smaller siblings were knowingly given many more, because a small, well-read model is cheaper each time it is used ([2024](https://arxiv.org/abs/2407.21783)).
"""

# %% [markdown] lang="es" exercise="training_budget"
r"""
### Ejercicio: el presupuesto

Tres productos bastan para saber, antes de gastar nada, en qué liga se juega. Escribe `training_budget`.

```python
def training_budget(
    n_params: int, tokens_per_param: float = 20.0, bytes_per_token: float = 4.0
) -> dict[str, float]: ...
```

Devuelve un diccionario con tres claves: `tokens`, los del corpus; `flops`, las operaciones según $6\,N\,D$; y `corpus_bytes`, lo que ocupa ese texto.
"""

# %% [markdown] lang="en" exercise="training_budget"
r"""
### Exercise: the budget

Three products are enough to know, before anything is spent, which league you are playing in. Write `training_budget`.

```python
def training_budget(
    n_params: int, tokens_per_param: float = 20.0, bytes_per_token: float = 4.0
) -> dict[str, float]: ...
```

It returns a dictionary with three keys: `tokens`, those of the corpus; `flops`, the operations by $6\,N\,D$; and `corpus_bytes`, the room which that text takes.
"""

# %% solution="training_budget"

# %%
with example():
    # es: se espera, para un millón de parámetros: 20 millones de tokens, 1.2e14 operaciones y 80 millones de bytes
    # en: expected, for a million parameters: 20 million tokens, 1.2e14 operations and 80 million bytes
    print({name: f"{value:.1e}" for name, value in training_budget(1_000_000).items()})

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

Calcula primero los tokens: las otras dos cantidades salen de ellos. En la fórmula, $N$ son los parámetros y $D$, los tokens.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

Work out the tokens first: the other two come from them. In the formula, $N$ is the parameters and $D$ the tokens.
</details>
"""

# %% tests="training_budget"

# %% [markdown] lang="es"
r"""
Ponlo a prueba con un modelo cuyas cuentas son públicas. BLOOM tiene 176 mil millones de parámetros, leyó 366 mil millones de tokens y ocupó 1,082,990 horas de GPU A100 ([Luccioni et al., 2023](https://arxiv.org/abs/2211.02001)).

Una A100 hace como mucho 312 billones de operaciones por segundo y gasta 400 vatios ([NVIDIA](https://www.nvidia.com/en-us/data-center/a100/)).
"""

# %% [markdown] lang="en"
r"""
Put it to the test with a model whose accounts are public. BLOOM has 176 billion parameters, read 366 billion tokens and took 1,082,990 hours of A100 GPUs ([Luccioni et al., 2023](https://arxiv.org/abs/2211.02001)).

An A100 does at most 312 trillion operations per second and draws 400 watts ([NVIDIA](https://www.nvidia.com/en-us/data-center/a100/)).
"""

# %%
flops = training_budget(176_000_000_000, tokens_per_param=366 / 176)["flops"]
possible = 1_082_990 * 3600 * 312e12
print(f"{flops:.2e} / {possible:.2e} = {flops / possible:.2f}")
print(f"{1_082_990 * 400 / 1000:,.0f} kWh")

# %% [markdown] lang="es"
r"""
Un 32 % de lo que las máquinas podrían hacer en teoría: el **aprovechamiento**. No es mal dato, y concuerda con los de otros modelos, entre un 21 y un 46 % ([Chowdhery et al., 2022](https://arxiv.org/abs/2204.02311)).

La energía sale clavada a los 433,196 kWh que publicaron, porque hicieron la misma cuenta. Falta lo que gastan el resto del centro de datos, los ensayos y, después, el uso.
"""

# %% [markdown] lang="en"
r"""
32% of what the machines could do in theory: the **utilisation**. That isn't bad, and it agrees with those of other models, between 21 and 46% ([Chowdhery et al., 2022](https://arxiv.org/abs/2204.02311)).

The energy is exactly the 433,196 kWh that they published, because they did the same sum. Missing are the rest of the data centre, the trial runs and, later, the use.
"""

# %% [markdown] lang="es"
r"""
Ahora elige tú el modelo y las máquinas. Las cifras de cada GPU son de su fabricante; el precio por hora lo pones tú, en tu moneda, porque cambia cada mes.

Prueba con los 9 millones de parámetros del modelo del curso y con los 405 mil millones de Llama 3. ¿Dónde está tu límite?
"""

# %% [markdown] lang="en"
r"""
Now you choose the model and the machines. The figures of each GPU are its maker's; the price per hour is yours, in your currency, because it changes every month.

Try the 9 million parameters of the course's model and the 405 billion of Llama 3. Where is your limit?
"""

# %%
play_scale.play_budget()

# %% [markdown] lang="es"
r"""
Los litros son los que pasarían de 20 a 100 grados con esa energía, para hacerse una idea.

Fíjate en la forma: a veinte tokens por parámetro, un modelo diez veces mayor pide diez veces más texto y cien veces más cálculo. Por eso los grandes son tan pocos, y por eso uno pequeño cabe en tu ordenador.
"""

# %% [markdown] lang="en"
r"""
The litres are what would go from 20 to 100 degrees with that energy, to give you an idea.

Notice the shape: at twenty tokens per parameter, a model ten times larger asks for ten times more text and a hundred times more computation. That is why the large ones are so few, and why a small one fits on your computer.
"""

# %% [markdown] lang="es" exercise="quiz"
r"""
### Ejercicio: cuestionario

Para terminar, unas preguntas sobre todo el capítulo. Cada opción trae su explicación, también las que no son: equivócate a gusto.

Escribe en `answers` la letra que elijas para cada una y ejecuta la comprobación. Puedes repetirlo cuantas veces quieras.
"""

# %% [markdown] lang="en" exercise="quiz"
r"""
### Exercise: quiz

To finish, some questions on the whole chapter. Every option has its explanation, the wrong ones too: feel free to be wrong.

Write into `answers` the letter you choose for each, and run the check. You may repeat it as often as you like.
"""

# %%
show_quiz("ch01")

# %% solution="quiz"
answers = {
    "q1": "c",
    "q2": "a",
    "q3": "d",
    "q4": "b",
    "q5": "a",
    "q6": "c",
    "q7": "b",
    "q8": "d",
    "q9": "c",
    "q10": "b",
}

# %%
with example():
    # es: la letra que has elegido para cada pregunta
    # en: the letter you have chosen for each question
    print(answers)

# %% [markdown] lang="es"
r"""
<details><summary>Pista</summary>

Las respuestas están en los apartados del 1.2 al 1.9: las de las ocho primeras, casi en orden; las de las dos últimas, en 1.4 y 1.6. La de las operaciones se puede calcular con `training_budget`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint</summary>

The answers are in sections 1.2 to 1.9: those of the first eight nearly in order; those of the last two in 1.4 and 1.6. The one about operations can be worked out with `training_budget`.
</details>
"""

# %% tests="quiz"

# %% [markdown] lang="es"
r"""
## 1.10 Lo que ya puedes hacer

Has construido un modelo de lenguaje, lo has hecho escribir y sabes por qué se pierde: ve una palabra y olvida el resto.

Puedes explicar qué calcula un modelo grande y qué no, contar su historia sin nombrar la magia, decir de qué está hecho un corpus y estimar en una servilleta lo que cuesta entrenar.
"""

# %% [markdown] lang="en"
r"""
## 1.10 What you can now do

You have built a language model, made it write, and know why it gets lost: it sees one word and forgets the rest.

You can explain what a large model computes and what it doesn't, tell its history without a word of magic, say what a corpus is made of, and estimate on a napkin what training takes.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran cuatro: `bigram_probabilities`, `sentence_log_probability`, `training_budget` y `quiz`. Si dejaste alguno, te espera.

En el capítulo 2 empieza la obra: cortar el texto en tokens y darle un vector a cada uno. Casilda, mientras, sigue en la ventana, esperando a que alguien le ponga delante la primera palabra.
"""

# %% [markdown] lang="en"
r"""
There were four exercises: `bigram_probabilities`, `sentence_log_probability`, `training_budget` and `quiz`. If you left any, it will wait for you.

In chapter 2 the building begins: cutting the text into tokens and giving a vector to each. Casilda, meanwhile, is still at the window, waiting for somebody to set down the first word.
"""
