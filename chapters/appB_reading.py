# %% [markdown] lang="es"
r"""
# B · Para seguir leyendo

Al final del cuento, Casilda sabe de memoria lo que le han contado. Lo demás está en libros, y los libros de este oficio son casi todos artículos.

Aquí están los que este curso cita y unos cuantos más, capítulo por capítulo, cada uno con lo que conviene buscar en él.
"""

# %% [markdown] lang="en"
r"""
# B · Further reading

At the end of the story Casilda knows by heart what she has been told. The rest is in books, and in this trade most of the books are papers.

Here are those that the course cites and some more, chapter by chapter, each with what to look for in it.
"""

# %% [markdown] lang="es"
r"""
**Qué hay aquí.** Una lista comentada, un dibujo de cuándo se escribió cada cosa y un estante en el que buscar. Ningún ejercicio.

**Qué necesitas.** Nada que instalar. Casi todo está en inglés; donde hay una buena versión en español, el enlace lo dice.

**Cuánto se tarda.** Diez minutos para hojearla. Lo que enlaza da para unos años.
"""

# %% [markdown] lang="en"
r"""
**What is here.** An annotated list, a picture of when everything was written, and a shelf to search in. No exercises.

**What you need.** Nothing to install. Nearly everything is in English; where there is a good version in Spanish, a link says so.

**How long it takes.** Ten minutes to leaf through. What it links to lasts for some years.
"""

# %%
from desdecero import use_edition
from desdecero.plots.reading import timeline
from desdecero.reading import LEVELS, entries
from desdecero.widgets.reading import play_shelf

use_edition(EDITION)
for level, mark in LEVELS.items():
    print(mark, sum(entry.level == level for entry in entries()))

# %% [markdown] lang="es"
r"""
Los círculos dicen lo que te va a costar cada lectura: con uno lleno se entiende sin fórmulas; con dos, después de su capítulo; con tres, con papel y lápiz.

Donde no se dice otra cosa, es un artículo. Casi todos se leen sin pagar; si uno pide dinero, busca su título: los autores suelen tener una copia.
"""

# %% [markdown] lang="en"
r"""
The circles say what each reading will cost you: one filled can be understood without formulas; two, after its chapter; three, with pencil and paper.

Where nothing else is said it is a paper. Nearly all can be read without paying; if one asks for money, search for its title: authors often keep a copy.
"""

# %% [markdown] lang="es"
r"""
## Si solo lees cinco

1. [Keshav, 2007](https://doi.org/10.1145/1273445.1273458), porque enseña a leer los demás y son dos páginas.
2. [Shannon, 1951](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x), porque la idea del curso entero cabe en su experimento.
3. [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), porque ya sabes leerlo.
4. [Holtzman et al., 2020](https://arxiv.org/abs/1904.09751), porque explica lo que le pasa a tu modelo cuando habla solo.
5. [Bender et al., 2021](https://doi.org/10.1145/3442188.3445922), porque alguien tiene que preguntar si conviene.
"""

# %% [markdown] lang="en"
r"""
## If you only read five

1. [Keshav, 2007](https://doi.org/10.1145/1273445.1273458), because it teaches you to read the others and takes two pages.
2. [Shannon, 1951](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x), because the idea of the whole course fits in its experiment.
3. [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), because by now you can read it.
4. [Holtzman et al., 2020](https://arxiv.org/abs/1904.09751), because it explains what happens to your model when it talks to itself.
5. [Bender et al., 2021](https://doi.org/10.1145/3442188.3445922), because somebody has to ask whether we should.
"""

# %% [markdown] lang="es"
r"""
## De un vistazo

Cada marca es una lectura: a qué capítulo acompaña y de qué año es.

Antes de mirar, apuesta una gallina: ¿qué capítulo tiene las raíces más viejas?
"""

# %% [markdown] lang="en"
r"""
## At a glance

Each mark is a reading: which chapter it goes with, and which year it is from.

Before you look, bet a hen: which chapter has the oldest roots?
"""

# %%
timeline(entries())

# %% [markdown] lang="es"
r"""
La distancia entre años se estira según se acercan al presente; si no, la mitad de las marcas caería en un dedo de papel.

Aun así se ve de dónde viene cada cosa: contar y medir el azar es antiguo, las piezas del transformer son de unos pocos años y lo de las instrucciones es de ayer.
"""

# %% [markdown] lang="en"
r"""
The distance between years stretches as they near the present; otherwise half the marks would fall within a thumb's breadth.

Even so you can see where things come from: counting and measuring chance is old, the parts of the transformer are from just a few years, and instructions are from yesterday.
"""

# %% [markdown] lang="es"
r"""
## El estante

Elige capítulo, clase, dificultad o unas palabras del título, de los autores o del comentario. Se abre por las herramientas, de todos los capítulos; las mismas entradas, ordenadas por temas, están más abajo para leer sin ejecutar nada.
"""

# %% [markdown] lang="en"
r"""
## The shelf

Choose a chapter, a kind, a difficulty, or some words of the title, the authors or the comment. It opens at the tools, of all chapters; the same entries, ordered by topic, stand further down, to be read without running anything.
"""

# %%
play_shelf(kind="tool")

# %% [markdown] lang="es"
r"""
## Para todo el curso
"""

# %% [markdown] lang="en"
r"""
## For the whole course
"""

# %% [markdown] lang="es"
r"""
### Buena compañía

Para tener abiertos al lado, o para oír lo mismo contado por otra voz.
"""

# %% [markdown] lang="en"
r"""
### Good company

To keep open beside the course, or to hear the same told in another voice.
"""

# %% reading="course/companions"

# %% [markdown] lang="es"
r"""
### El taller

Las herramientas con las que están hechos estos cuadernos.
"""

# %% [markdown] lang="en"
r"""
### The workshop

The tools that these notebooks are made with.
"""

# %% reading="course/workshop"

# %% [markdown] lang="es"
r"""
## 1 · Qué es un LLM
"""

# %% [markdown] lang="en"
r"""
## 1 · What an LLM is
"""

# %% [markdown] lang="es"
r"""
### Contar y conversar

Mucho antes de las redes ya se predecía la letra siguiente, y ya se discutía si eso era pensar.
"""

# %% [markdown] lang="en"
r"""
### Counting and conversing

Long before networks, people were predicting the next letter, and arguing about whether that was thinking.
"""

# %% reading="ch01/counting"

# %% [markdown] lang="es"
r"""
### De la tabla a la red

Cinco pasos, de un vector por palabra al transformer. Leídos en orden se ve qué arregla cada uno del anterior.
"""

# %% [markdown] lang="en"
r"""
### From the table to the network

Five steps, from one vector per word to the transformer. Read in order, they show what each mends in the one before.
"""

# %% reading="ch01/networks"

# %% [markdown] lang="es"
r"""
### Los modelos grandes

Informes más que artículos: muchos autores, muchas páginas. No se leen enteros; cada comentario dice por dónde entrar.
"""

# %% [markdown] lang="en"
r"""
### The large models

Reports rather than papers: many authors, many pages. Nobody reads them whole; each comment says where to enter.
"""

# %% reading="ch01/models"

# %% [markdown] lang="es"
r"""
### En español

Modelos hechos para nuestra lengua por universidades y centros públicos.
"""

# %% [markdown] lang="en"
r"""
### In Spanish

Models made for the language of the other edition, by universities and public centres.
"""

# %% reading="ch01/spanish"

# %% [markdown] lang="es"
r"""
### Con qué se entrenan

De dónde sale el texto, qué se tira y quién lo decide.
"""

# %% [markdown] lang="en"
r"""
### What they are trained on

Where the text comes from, what is thrown out, and who decides.
"""

# %% reading="ch01/corpora"

# %% [markdown] lang="es"
r"""
### Cuánto cuesta

Parámetros, tokens, operaciones, vatios: las fuentes de las cuentas del capítulo.
"""

# %% [markdown] lang="en"
r"""
### What it takes

Parameters, tokens, operations, watts: the sources of the chapter's sums.
"""

# %% reading="ch01/scale"

# %% [markdown] lang="es"
r"""
### Dudas

Lo que un modelo de lenguaje no es, o no se sabe si es. Merece la pena leer a las dos partes.
"""

# %% [markdown] lang="en"
r"""
### Doubts

What a language model is not, or nobody knows whether it is. Both sides are worth reading.
"""

# %% reading="ch01/doubts"

# %% [markdown] lang="es"
r"""
## 2 · Datos de texto
"""

# %% [markdown] lang="en"
r"""
## 2 · Text data
"""

# %% [markdown] lang="es"
r"""
### Letras y bytes

Lo de abajo del todo, que todo el mundo da por sabido.
"""

# %% [markdown] lang="en"
r"""
### Letters and bytes

The very bottom, which everybody takes for granted.
"""

# %% reading="ch02/letters"

# %% [markdown] lang="es"
r"""
### Cortar en trozos

De comprimir archivos a repartir palabras, y lo que eso cuesta a cada lengua.
"""

# %% [markdown] lang="en"
r"""
### Cutting into pieces

From compressing files to sharing out words, and what that costs each language.
"""

# %% reading="ch02/pieces"

# %% [markdown] lang="es"
r"""
### Tokenizadores para usar

Tres programas, del más completo al más legible.
"""

# %% [markdown] lang="en"
r"""
### Tokenizers to use

Three programs, from the most complete to the most readable.
"""

# %% reading="ch02/cutters"

# %% [markdown] lang="es"
r"""
### Vectores y posiciones

Qué acaba dentro de las tablas de embeddings, para bien y para mal.
"""

# %% [markdown] lang="en"
r"""
### Vectors and positions

What ends up inside the embedding tables, for better and for worse.
"""

# %% reading="ch02/vectors"

# %% [markdown] lang="es"
r"""
## 3 · Atención
"""

# %% [markdown] lang="en"
r"""
## 3 · Attention
"""

# %% [markdown] lang="es"
r"""
### Antes de la atención

Redes que leían en fila, y por qué se quedaban cortas.
"""

# %% [markdown] lang="en"
r"""
### Before attention

Networks that read in single file, and why they fell short.
"""

# %% reading="ch03/memory"

# %% [markdown] lang="es"
r"""
### Contada de otra manera

Si el capítulo no te ha bastado, una de estas tres lo hará.
"""

# %% [markdown] lang="en"
r"""
### Told in another way

If the chapter wasn't enough for you, one of these three will be.
"""

# %% reading="ch03/explained"

# %% [markdown] lang="es"
r"""
### Qué miran las cabezas

Mirar dentro de modelos entrenados, con la discusión sobre lo que significa mirar.
"""

# %% [markdown] lang="en"
r"""
### What the heads look at

Looking inside trained models, with the argument about what looking means.
"""

# %% reading="ch03/heads"

# %% [markdown] lang="es"
r"""
### En la práctica

Dropout, memoria y velocidad.
"""

# %% [markdown] lang="en"
r"""
### In practice

Dropout, memory and speed.
"""

# %% reading="ch03/practice"

# %% [markdown] lang="es"
r"""
## 4 · El modelo GPT
"""

# %% [markdown] lang="en"
r"""
## 4 · The GPT model
"""

# %% [markdown] lang="es"
r"""
### Las piezas

Normalizar, doblar y ensanchar: un artículo por cada línea de tu bloque.
"""

# %% [markdown] lang="en"
r"""
### The parts

Normalising, bending and widening: one paper for each line of your block.
"""

# %% reading="ch04/parts"

# %% [markdown] lang="es"
r"""
### Apilar

Por qué se pueden poner tantos bloques uno encima de otro.
"""

# %% [markdown] lang="en"
r"""
### Stacking

Why so many blocks can stand on top of one another.
"""

# %% reading="ch04/depth"

# %% [markdown] lang="es"
r"""
### Mirar dentro

Interpretabilidad: abrir el modelo para ver con qué piensa.
"""

# %% [markdown] lang="en"
r"""
### Looking inside

Interpretability: opening the model to see what it thinks with.
"""

# %% reading="ch04/inside"

# %% [markdown] lang="es"
r"""
### Otros GPT

El mismo modelo, escrito o dibujado por otras manos.
"""

# %% [markdown] lang="en"
r"""
### Other GPTs

The same model, written or drawn by other hands.
"""

# %% reading="ch04/code"

# %% [markdown] lang="es"
r"""
## 5 · Preentrenamiento
"""

# %% [markdown] lang="en"
r"""
## 5 · Pretraining
"""

# %% [markdown] lang="es"
r"""
### Medir la sorpresa

Más maneras de llegar a la misma pérdida que la de Shannon, que está con el capítulo 1: apuestas y compresión.
"""

# %% [markdown] lang="en"
r"""
### Measuring surprise

More ways to arrive at the same loss than Shannon's, which stands with chapter 1: bets and compression.
"""

# %% reading="ch05/surprise"

# %% [markdown] lang="es"
r"""
### Entrenar

El optimizador, lo que se olvida por el camino y hasta dónde llega un modelo pequeño.
"""

# %% [markdown] lang="en"
r"""
### Training

The optimizer, what is forgotten along the way, and how far a small model gets.
"""

# %% reading="ch05/training"

# %% [markdown] lang="es"
r"""
### Copias y memoria

Qué se repite en los datos, y qué acaba repitiendo el modelo.
"""

# %% [markdown] lang="en"
r"""
### Copies and memory

What repeats itself in the data, and what the model ends up repeating.
"""

# %% reading="ch05/memorising"

# %% [markdown] lang="es"
r"""
### Elegir el token siguiente

El azar, bien administrado.
"""

# %% [markdown] lang="en"
r"""
### Choosing the next token

Chance, in a measured dose.
"""

# %% reading="ch05/choosing"

# %% [markdown] lang="es"
r"""
### Guardar los pesos

El archivo en el que viajan.
"""

# %% [markdown] lang="en"
r"""
### Keeping the weights

The file that they travel in.
"""

# %% reading="ch05/weights"

# %% [markdown] lang="es"
r"""
## 6 · Clasificar
"""

# %% [markdown] lang="en"
r"""
## 6 · Classifying
"""

# %% [markdown] lang="es"
r"""
### Mensajes no deseados

Un problema viejo, con un rival sencillo al que hay que ganar.
"""

# %% [markdown] lang="en"
r"""
### Unwanted messages

An old problem, with a simple rival to beat.
"""

# %% reading="ch06/messages"

# %% [markdown] lang="es"
r"""
### Adaptar sin estropear

Qué entrenar, en qué orden y con cuánta fuerza.
"""

# %% [markdown] lang="en"
r"""
### Adapting without spoiling

What to train, in which order and how hard.
"""

# %% reading="ch06/adapting"

# %% [markdown] lang="es"
r"""
### Juzgar a un clasificador

Más allá del porcentaje de aciertos.
"""

# %% [markdown] lang="en"
r"""
### Judging a classifier

Beyond accuracy.
"""

# %% reading="ch06/judging"

# %% [markdown] lang="es"
r"""
## 7 · Instrucciones
"""

# %% [markdown] lang="en"
r"""
## 7 · Instructions
"""

# %% [markdown] lang="es"
r"""
### Ajustar con instrucciones

Cuántas hacen falta, y de qué aprende exactamente el modelo.
"""

# %% [markdown] lang="en"
r"""
### Instruction tuning

How many it takes, and what exactly the model learns from.
"""

# %% reading="ch07/tuning"

# %% [markdown] lang="es"
r"""
### De dónde salen las tareas

De un modelo mayor o de mucha gente.
"""

# %% [markdown] lang="en"
r"""
### Where tasks come from

From a larger model, or from many people.
"""

# %% reading="ch07/tasks"

# %% [markdown] lang="es"
r"""
### Preferencias

Aprender de comparaciones, y lo que sale torcido. DPO e InstructGPT están en el capítulo 1.
"""

# %% [markdown] lang="en"
r"""
### Preferences

Learning from comparisons, and what comes out crooked. DPO and InstructGPT are under chapter 1.
"""

# %% reading="ch07/preferences"

# %% [markdown] lang="es"
r"""
### Poner nota

De comparar letras a preguntarle a otro modelo.
"""

# %% [markdown] lang="en"
r"""
### Giving marks

From comparing letters to asking another model.
"""

# %% reading="ch07/marking"

# %% [markdown] lang="es"
r"""
### Generar deprisa y en casa

La caché, y dos programas para usar modelos abiertos en tu máquina.
"""

# %% [markdown] lang="en"
r"""
### Generating fast and at home

The cache, and two programs for using open models on your machine.
"""

# %% reading="ch07/running"

# %% [markdown] lang="es"
r"""
## A · PyTorch
"""

# %% [markdown] lang="en"
r"""
## A · PyTorch
"""

# %% [markdown] lang="es"
r"""
### Las ideas

Una neurona, la regla de la cadena y quién lleva la cuenta.
"""

# %% [markdown] lang="en"
r"""
### The ideas

One neuron, the chain rule, and who keeps the books.
"""

# %% reading="appA/ideas"

# %% [markdown] lang="es"
r"""
### Dos manuales

Gratis los dos: uno explica, el otro programa.
"""

# %% [markdown] lang="en"
r"""
### Two textbooks

Both free: one explains, the other programs.
"""

# %% reading="appA/books"

# %% [markdown] lang="es"
r"""
### Tensores y Python

Donde practicar y donde mirar cuando algo no encaja.
"""

# %% [markdown] lang="en"
r"""
### Tensors and Python

Where to practise, and where to look when something doesn't fit.
"""

# %% reading="appA/tensors"

# %% [markdown] lang="es"
r"""
## D · El bucle de entrenamiento
"""

# %% [markdown] lang="en"
r"""
## D · The training loop
"""

# %% [markdown] lang="es"
r"""
### Cómo empezar

El tamaño de los pesos antes del primer paso.
"""

# %% [markdown] lang="en"
r"""
### How to start

The size of the weights before the first step.
"""

# %% reading="appD/start"

# %% [markdown] lang="es"
r"""
### La tasa de aprendizaje

Subir despacio, bajar con calma.
"""

# %% [markdown] lang="en"
r"""
### The learning rate

Up slowly, down calmly.
"""

# %% reading="appD/rate"

# %% [markdown] lang="es"
r"""
### Pasos que no se desbocan

Recortar, agrupar y gastar menos bits.
"""

# %% [markdown] lang="en"
r"""
### Steps that don't bolt

Clipping, batching and spending fewer bits.
"""

# %% reading="appD/steps"

# %% [markdown] lang="es"
r"""
### El oficio

Lo que casi nunca se escribe, escrito.
"""

# %% [markdown] lang="en"
r"""
### The craft

What hardly ever gets written down, written down.
"""

# %% reading="appD/craft"

# %% [markdown] lang="es"
r"""
## E · LoRA
"""

# %% [markdown] lang="en"
r"""
## E · LoRA
"""

# %% [markdown] lang="es"
r"""
### Pocas dimensiones

Por qué basta con tan poco.
"""

# %% [markdown] lang="en"
r"""
### Few dimensions

Why so little is enough.
"""

# %% reading="appE/rank"

# %% [markdown] lang="es"
r"""
### Los parientes

Otras maneras de entrenar casi nada.
"""

# %% [markdown] lang="en"
r"""
### The relatives

Other ways to train next to nothing.
"""

# %% reading="appE/adapters"

# %% [markdown] lang="es"
r"""
### LoRA y sus variantes

El original, sus retoques y una mirada sobria.
"""

# %% [markdown] lang="en"
r"""
### LoRA and its variants

The original, some changes to it, and a sober look.
"""

# %% reading="appE/lora"

# %% [markdown] lang="es"
r"""
## Y lo que venga después

Esta lista se para en algún sitio; el oficio, no. Para seguir desde aquí, busca un artículo que te haya gustado y mira quién lo cita después.

Desconfía de lo que solo cuenta un resultado y no cómo se mide. Y cuando algo te parezca imposible de entender, prográmalo en pequeño, que es lo que llevas haciendo desde el capítulo 1.
"""

# %% [markdown] lang="en"
r"""
## And what comes next

This list stops somewhere; the trade doesn't. To go on from here, take a paper you liked and see who has cited it since.

Distrust whatever tells a result and not how it was measured. And when something looks impossible to understand, program it small, which is what you have been doing since chapter 1.
"""
