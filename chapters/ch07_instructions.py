# %% [markdown] lang="es"
r"""
# 7 · Seguir instrucciones

A Casilda le sale sola la continuación de casi todo, pero no hay manera de sacarle una respuesta: le preguntas qué viene después de cuatro y dice «martes».

En este capítulo le enseñas a un modelo como ella la diferencia entre seguir una frase y hacer lo que la frase pide.
"""

# %% [markdown] lang="en"
r"""
# 7 · Following instructions

Casilda goes on with almost anything, and yet there is no getting an answer out of her: ask what comes after four and she says "Tuesday".

In this chapter you teach a model of her kind the difference between continuing a sentence and doing what the sentence asks.
"""

# %% [markdown] lang="es"
r"""
**Qué vas a construir.** Los datos, la plantilla, los lotes, el ajuste fino y el examen de un modelo que contesta: `format_prompt`, `InstructionDataset`, `collate_instructions`, `mask_prompt` y `extract_response`.

**Qué necesitas.** El entrenamiento y la generación del capítulo 5. El modelo preentrenado viene en la caja.

**Cuánto se tarda.** Una hora de lectura, otra de ejercicios y poco más de un minuto de ejecución.
"""

# %% [markdown] lang="en"
r"""
**What you will build.** The data, the template, the batches, the fine-tuning and the examination of a model that answers: `format_prompt`, `InstructionDataset`, `collate_instructions`, `mask_prompt` and `extract_response`.

**What you need.** The training and the generation of chapter 5. The pretrained model is in the box.

**How long it takes.** An hour of reading, another of exercises, and a little over a minute of running.
"""

# %%
import copy
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from desdecero import use_edition
from desdecero.checks import example, use
from desdecero.data import load_instructions
from desdecero.edition import say
from desdecero.fast import fuse, keep_memory
from desdecero.plots import instruct as plots, instruct_scores as scores
from desdecero.sampling import generate
from desdecero.text import load_tokenizer
from desdecero.weights import load_pretrained
from desdecero.widgets import instruct as widgets

use_edition(EDITION)
keep_memory()

# %% [markdown] lang="es"
r"""
## 7.1 Completar no es contestar

El modelo de la caja ha leído libros y ha aprendido lo que enseñan: qué palabra suele venir después.

La función `fuse` cambia sus operaciones por otras que dan los mismos números en menos tiempo; los pesos no los toca. `keep_memory` pide a Linux que no devuelva la memoria entre paso y paso.
"""

# %% [markdown] lang="en"
r"""
## 7.1 Completing is not answering

The model in the box has read books and learned what they teach: which word tends to come next.

The function `fuse` swaps its operations for others that give the same numbers in less time; the weights it leaves alone. `keep_memory` asks Linux to hold on to memory between steps.
"""

# %%
tokenizer = load_tokenizer("mini")
model = fuse(load_pretrained("mini"))
context_length, end = len(model.pos_emb.weight), tokenizer.eot_token
print(f"{sum(p.numel() for p in model.parameters()):,}", context_length, end)

# %% [markdown] lang="es"
r"""
Pídele algo fácil y mira qué hace. Antes de ejecutar, apuesta una gallina: ¿contestará?
"""

# %% [markdown] lang="en"
r"""
Ask it for something easy and see what it does. Before you run, bet a hen: will it answer?
"""


# %% tags=["nbval-ignore-output"]
def go_on(text: str, max_new_tokens: int = 30) -> str:
    ids = torch.tensor([tokenizer.encode(text)])  # (1, T)
    written = generate(model, ids, max_new_tokens, context_length, eos_id=end)[0].tolist()
    return tokenizer.decode([i for i in written if i != end])


question = say("Escribe el plural de «barca».", 'Write the plural of "ferry".')
print(go_on(question))

# %% [markdown] lang="es"
r"""
Ha seguido el texto, que es lo único que sabe hacer. En los libros, tras una petición puede venir otra, o un diálogo, o el capítulo siguiente; casi nunca viene lo pedido.

Cuánto sabe el modelo es una cuestión; que se entere de que le están pidiendo algo es otra. De la segunda trata este capítulo.
"""

# %% [markdown] lang="en"
r"""
It went on with the text, which is the only thing it can do. In books a request may be followed by another, or by dialogue, or by the next chapter; hardly ever by what was requested.

How much the model knows is one matter; whether it notices that something is being asked of it is another. This chapter is about the second.
"""

# %% [markdown] lang="es"
r"""
El remedio es de una sencillez sospechosa: seguir entrenándolo para que adivine el token siguiente, pero en textos donde después de cada encargo viene su respuesta.

Se llama ajuste con instrucciones ([Wei et al., 2021](https://arxiv.org/abs/2109.01652)), y es el primer paso de InstructGPT ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)).
"""

# %% [markdown] lang="en"
r"""
The remedy is suspiciously simple: keep training it to guess the next token, but on texts in which each request is followed by its answer.

This is called instruction tuning ([Wei et al., 2021](https://arxiv.org/abs/2109.01652)), and it is the first step of InstructGPT ([Ouyang et al., 2022](https://arxiv.org/abs/2203.02155)).
"""

# %% [markdown] lang="es"
r"""
## 7.2 Las tareas

El paquete trae un conjunto de tareas escrito para este curso. Cada una tiene una instrucción, a veces un texto sobre el que trabajar y la respuesta que se espera; `kind` dice de qué clase es.
"""

# %% [markdown] lang="en"
r"""
## 7.2 The tasks

The package carries a set of tasks written for this course. Each has an instruction, sometimes a text to work on, and the answer expected; `kind` says which sort it is.
"""

# %%
tasks = load_instructions()
kinds = list(dict.fromkeys(task["kind"] for task in tasks))
print(len(tasks), len(kinds), sum(not task["input"] for task in tasks))
tasks[0]

# %% [markdown] lang="es"
r"""
Mil sesenta tareas de cuarenta y siete clases, y 429 de ellas sin entrada. Son pocas, pero se puede ir lejos con mil ejemplos buenos ([Zhou et al., 2023](https://arxiv.org/abs/2305.11206)), si el modelo que los recibe ya sabe mucho.

Así son tres de ellas.
"""

# %% [markdown] lang="en"
r"""
One thousand and sixty tasks of forty-seven kinds, 429 of them without input. That is not many, but one can go far with a thousand good examples ([Zhou et al., 2023](https://arxiv.org/abs/2305.11206)), if the model that gets them already knows a lot.

Here are three of them.
"""


# %%
def first_of(kind: str) -> dict[str, str]:
    return next(task for task in tasks if task["kind"] == kind)


plots.cards([first_of(kind) for kind in ("plural", "classify_sentiment", "extract_names")])

# %% [markdown] lang="es"
r"""
¿Qué hace mala a una tarea? Que dos personas sensatas la contestarían distinto, que la respuesta esté mal, o que enseñe una costumbre que no quieres.

Aquí van tres malas, escritas a propósito. Un modelo pequeño imita las tres con el mismo entusiasmo que las buenas.
"""

# %% [markdown] lang="en"
r"""
What makes a task bad? That two sensible people would answer it differently, that its answer is wrong, or that it teaches a habit you don't want.

Here are three bad ones, written for the purpose. A small model copies all three as eagerly as the good ones.
"""

# %%
worse = [
    say(("Mejora la frase.", "La barca sale a las ocho.", "La barca zarpa con el alba."),
        ("Improve the sentence.", "The ferry leaves at eight.", "The ferry sails at dawn.")),
    say(("¿Cuántas patas tienen tres gallinas?", "", "Doce."),
        ("How many legs do three hens have?", "", "Twelve.")),
    say(("Di el plural de «red».", "", "¡Claro! Con mucho gusto: «redes». ¿Algo más?"),
        ("Give the plural of “net”.", "", "Sure! Happy to help: “nets”. Anything else?")),
]  # fmt: skip
faults = [
    say("¿Mejor en qué? Y las ocho no son el alba.", "Better how? And eight is not dawn."),
    say("Está mal, y se aprende igual.", "It is wrong, and learned all the same."),
    say("El dato vale; la verborrea se pega.", "True, but chatter is catching."),
]
keys = ("instruction", "input", "output")
plots.cards([dict(zip(keys, row)) for row in worse], faults)

# %% [markdown] lang="es"
r"""
Por eso conviene leer los datos antes de entrenar: mil tareas caben en una tarde. La ficha del conjunto, en `desdecero/data/cards/instructions.md`, dice cómo se hizo y qué le falta.

Otros conjuntos los escribe un modelo mayor a partir de unos pocos ejemplos, y después se filtran: Self-Instruct ([Wang et al., 2022](https://arxiv.org/abs/2212.10560)), o Alpaca ([Taori et al., 2023](https://github.com/tatsu-lab/stanford_alpaca)).
"""

# %% [markdown] lang="en"
r"""
That is why it pays to read the data before training: a thousand entries fit into an afternoon. The set's card, in `desdecero/data/cards/instructions.md`, says how it was made and what it lacks.

Other sets are written by a larger model from a handful of examples, then filtered: Self-Instruct ([Wang et al., 2022](https://arxiv.org/abs/2212.10560)), or Alpaca ([Taori et al., 2023](https://github.com/tatsu-lab/stanford_alpaca)).
"""

# %% [markdown] lang="es"
r"""
Nuestro modelo es diminuto y tenemos medio minuto, así que escogemos dieciséis clases de respuesta corta, que además se dejan puntuar, en tres grupos.

En unas hay que transformar un texto, en otras elegir o copiar de lo que está a la vista, y en las últimas saber algo que no está en el enunciado. Apuesta ya: ¿en qué grupo le irá peor?
"""

# %% [markdown] lang="en"
r"""
Our model is tiny and we have half a minute, so we pick sixteen kinds with short answers, which also lend themselves to marking, in three groups.

Some ask to transform a text, some to choose or copy from what is in sight, and the last to know something that is not in the question. Bet now: in which group will it do worst?
"""

# %%
GROUPS = {
    say("transformar", "transform"): [
        *("plural", "singular", "negation", "make_question"),
        *("tense_change", "punctuation", "spelling_correction", "rewrite_polite"),
    ],
    say("elegir o copiar", "choose or copy"): [
        "classify_sentiment",
        "classify_topic",
        "true_or_false",
        "extract_names",
    ],
    say("saber", "know"): ["antonym", "synonym", "geography_fact", "arithmetic"],
}
chosen = [kind for group in GROUPS.values() for kind in group]
entries = [task for task in tasks if task["kind"] in chosen]
print(len(chosen), len(entries))

# %%
plots.kinds_chart(tasks, chosen)

# %% [markdown] lang="es"
r"""
A la izquierda, lo que cada clase da a leer; a la derecha, lo que pide escribir. Las elegidas están en negrita.

De cada clase apartamos cinco tareas para el examen. Sorteamos clase por clase, para que ninguna se quede sin examinar, y el modelo no verá esas tareas hasta entonces.
"""

# %% [markdown] lang="en"
r"""
On the left, what each kind gives to read; on the right, what it asks to write. Those chosen are in bold.

Of each kind we set aside five tasks for the examination. We draw kind by kind, so that none goes unexamined, and the model will not see those tasks until then.
"""

# %%
from desdecero.instruct import hold_out

train_entries, exam = hold_out(entries, per_kind=5, seed=7)
print(len(train_entries), len(exam), any(task in train_entries for task in exam))

# %% [markdown] lang="es"
r"""
Si tienes red y quieres otro conjunto, en inglés y con la misma forma, el paquete sabe bajar [el de Raschka (2024)](https://github.com/rasbt/LLMs-from-scratch). Cambia `False` por `True`; sin red, la celda no hace nada y el resto del capítulo no la necesita.
"""

# %% [markdown] lang="en"
r"""
If you have a network and would like another set, in English and of the same form, the package can fetch [that of Raschka (2024)](https://github.com/rasbt/LLMs-from-scratch). Change `False` to `True`; without a network the cell does nothing and the rest of the chapter doesn't need it.
"""

# %% tags=["nbval-skip"]
FETCH = False
if FETCH:
    from desdecero.data.public import fetch_instructions

    public = fetch_instructions()
    print(len(public), public[0])

# %% [markdown] lang="es"
r"""
## 7.3 La plantilla

La inspectora Poveda no charla con el barquero: le pone delante un impreso. «Recorrido», «Barquero», «Día de más viajeros»; cada casilla con su encabezado, y se sabe qué va en cada una.

Al modelo le daremos un impreso parecido: una frase que diga de qué va, un encabezado para la instrucción, otro para la entrada y otro para la respuesta.
"""

# %% [markdown] lang="en"
r"""
## 7.3 The template

Inspector Poveda doesn't chat with the ferryman: she puts a form in front of him. "Route", "Ferryman", "Busiest day"; every box has its heading, and one knows what goes where.

We will give the model a similar form: a sentence that says what this is, a heading for the instruction, another for the input and another for the response.
"""

# %%
from desdecero.instruct import TEMPLATES, PromptTemplate, format_response

template = TEMPLATES[EDITION]
template

# %% [markdown] lang="es"
r"""
`PromptTemplate` es un dataclass de cuatro textos. Los encabezados con tres almohadillas son los de Alpaca; cualquier marca serviría, con tal de que sea siempre la misma y rara en un texto normal.

Montemos un prompt a mano: una línea en blanco antes de cada encabezado, y debajo del encabezado, su contenido.
"""

# %% [markdown] lang="en"
r"""
`PromptTemplate` is a dataclass of four texts. The headings with three hashes are Alpaca's; any mark would do, as long as it is always the same and rare in ordinary text.

Let's put a prompt together by hand: an empty line before each heading, and below the heading, its content.
"""

# %%
task = first_of("classify_sentiment")
by_hand = template.intro + "\n\n" + template.instruction + "\n" + task["instruction"]
by_hand += "\n\n" + template.input + "\n" + task["input"]
print(by_hand)

# %% [markdown] lang="es"
r"""
Lo que sigue al prompt, y lo que el modelo tendrá que escribir, es el encabezado de la respuesta y la respuesta. Eso lo monta `format_response`, que viene en el paquete.
"""

# %% [markdown] lang="en"
r"""
What follows the prompt, and what the model will have to write, is the heading of the response and the response. `format_response`, from the package, puts that together.
"""

# %%
format_response(task, template)

# %% [markdown] lang="es" exercise="format_prompt"
r"""
### Ejercicio: el prompt

Un espacio de más y el modelo se encuentra en el examen con un impreso que nunca ha visto: el texto tiene que ser exacto. Escribe `format_prompt`.

```python
def format_prompt(entry: dict[str, str], template: PromptTemplate) -> str: ...
```

Primero `intro`; después, tras una línea en blanco, el encabezado `template.instruction`, un salto de línea y `entry["instruction"]`.
Si la tarea tiene una entrada no vacía, sigue otra línea en blanco, `template.input`, un salto de línea y `entry["input"]`. La clave `"input"` puede faltar. Nada más: ni encabezado de respuesta ni salto final.
"""

# %% [markdown] lang="en" exercise="format_prompt"
r"""
### Exercise: the prompt

One space too many, and at the examination the model meets a form it has never seen: the text must be exact. Write `format_prompt`.

```python
def format_prompt(entry: dict[str, str], template: PromptTemplate) -> str: ...
```

First `intro`; then, after an empty line, the heading `template.instruction`, a line break and `entry["instruction"]`.
If the task has an input that is not empty, there follows another empty line, `template.input`, a line break and `entry["input"]`. The key `"input"` may be missing. Nothing else: no heading of the response, no line break at the end.
"""

# %% solution="format_prompt"

# %%
with example():
    form = PromptTemplate(intro="A", instruction="B:", input="C:", response="D:")
    # es: se espera 'A\n\nB:\nE\n\nC:\nF' y después 'A\n\nB:\nE'
    # en: expected 'A\n\nB:\nE\n\nC:\nF' and then 'A\n\nB:\nE'
    print(repr(format_prompt({"instruction": "E", "input": "F"}, form)))
    print(repr(format_prompt({"instruction": "E", "input": ""}, form)))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Una f-string puede llevar los saltos dentro: `f"{a}\n\n{b}\n{c}"`.
</details>

<details><summary>Pista 2</summary>

`entry.get("input")` da `None` si falta la clave, y tanto `None` como `""` cuentan como falsos en un `if`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

An f-string can hold the line breaks: `f"{a}\n\n{b}\n{c}"`.
</details>

<details><summary>Hint 2</summary>

`entry.get("input")` gives `None` if the key is missing, and both `None` and `""` count as false in an `if`.
</details>
"""

# %% tests="format_prompt"

# %%
print(format_prompt(task, template) == by_hand)
plots.prompt_blocks(task, template)

# %% [markdown] lang="es"
r"""
Cada familia de modelos tiene su impreso: ChatML rodea cada turno con `<|im_start|>` y `<|im_end|>`, Llama 2 usa `[INST]`, y otras tienen tokens especiales propios.

Ninguna es mejor por sí misma. Lo grave es mezclarlas: un modelo ajustado con una y preguntado con otra empeora sin avisar. Compáralas.
"""

# %% [markdown] lang="en"
r"""
Every family of models has its form: ChatML puts `<|im_start|>` and `<|im_end|>` around each turn, Llama 2 uses `[INST]`, and others have special tokens of their own.

None is better in itself. What hurts is mixing them: a model tuned with one and asked with another gets worse without a word. Compare them.
"""

# %%
widgets.play_template([task, first_of("plural"), first_of("arithmetic")])

# %% [markdown] lang="es"
r"""
## 7.4 El conjunto de datos

Ahora, los ids. Cada tarea se convierte en una sola lista: los tokens del prompt y, detrás, los de la respuesta.
"""

# %% [markdown] lang="en"
r"""
## 7.4 The data set

Now the ids. Each task becomes a single list: the tokens of the prompt and, behind them, those of the response.
"""

# %%
from collections.abc import Sequence

import tiktoken
from torch.utils.data import DataLoader, Dataset

prompt_ids = tokenizer.encode(format_prompt(task, template))
response_ids = tokenizer.encode(format_response(task, template))
print(len(prompt_ids), len(response_ids))
print([tokenizer.decode([i]) for i in response_ids])

# %% [markdown] lang="es"
r"""
Fíjate en la última línea: casi todo es el encabezado, que al modelo le costará poco porque es siempre igual. La respuesta propiamente dicha son los últimos tokens.

Las tareas se codifican una vez, al crear el conjunto, y no en cada época.
"""

# %% [markdown] lang="en"
r"""
Look at the last line: nearly all of it is the heading, which will cost the model little because it is always the same. The answer proper is the last few tokens.

Tasks are encoded once, when the set is made, and not in each epoch.
"""

# %% [markdown] lang="es" exercise="instruction_dataset"
r"""
### Ejercicio: el conjunto de datos

Un `Dataset` es la costura entre tus textos y el cargador de PyTorch: sabe cuántos elementos hay y cuál es el número `i`. Escribe `InstructionDataset`.

```python
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> list[int]: ...
```

Cada elemento es la lista de ids del prompt seguida de la de la parte de respuesta (`format_response`), sin token de fin: ese lo pondrá el lote. Codifica todo una vez, en `__init__`.
"""

# %% [markdown] lang="en" exercise="instruction_dataset"
r"""
### Exercise: the data set

A `Dataset` is the seam between your texts and PyTorch's loader: it knows how many items there are and which is number `i`. Write `InstructionDataset`.

```python
class InstructionDataset(Dataset):
    def __init__(self, entries, tokenizer, template) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> list[int]: ...
```

Each item is the list of ids of the prompt followed by that of the response part (`format_response`), without an end token: the batch will add it. Encode everything once, in `__init__`.
"""

# %% solution="instruction_dataset"

# %%
with example():
    pair = InstructionDataset(tasks[:2], tokenizer, template)
    # es: se espera 2 y, después, el texto entero de la primera tarea, respuesta incluida
    # en: expected: 2, and then the whole text of the first task, response included
    print(len(pair))
    print(tokenizer.decode(pair[0]))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Dos listas se unen con `+`. `tokenizer.encode(text)` da una lista de ids.
</details>

<details><summary>Pista 2</summary>

Guarda en `__init__` una lista de listas, y deja que `__len__` y `__getitem__` le pregunten a ella.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Two lists are joined with `+`. `tokenizer.encode(text)` gives a list of ids.
</details>

<details><summary>Hint 2</summary>

Keep a list of lists in `__init__`, and let `__len__` and `__getitem__` ask it.
</details>
"""

# %% tests="instruction_dataset"

# %%
train_set = InstructionDataset(train_entries, tokenizer, template)
exam_set = InstructionDataset(exam, tokenizer, template)
lengths = [len(train_set[i]) for i in range(len(train_set))]
print(len(train_set), sum(lengths), min(lengths), max(lengths))

# %% [markdown] lang="es"
r"""
Son las tareas, los tokens de una época, la tarea más corta y la más larga. Todas caben en el contexto, que es de 256.

Con modelos y tareas mayores hay que decidir qué hacer con las que no caben: cortarlas, y se pierde la respuesta, o dejarlas fuera.
"""

# %% [markdown] lang="en"
r"""
These are the tasks, the tokens of an epoch, the shortest task and the longest. All fit into the context, which is 256.

With larger models and tasks one must decide what to do with those that don't fit: cut them, and the answer is lost, or leave them out.
"""

# %% [markdown] lang="es"
r"""
## 7.5 Un lote con filas desiguales

Como las longitudes son distintas, las filas no se pueden apilar en un tensor tal cual. Tres de juguete, de tres, dos y un token. El 0 será a la vez el fin y el relleno.

Primer paso: cada fila recibe su fin. El modelo también tiene que aprender a callarse, y Casilda sabe lo que cuesta. Segundo: más ceros, hasta la longitud de la mayor.
"""

# %% [markdown] lang="en"
r"""
## 7.5 A batch of uneven rows

Since their lengths differ, rows can't be stacked into a tensor as they are. Three toy ones, of three, two and one token. The 0 will be both the end and the padding.

First step: each row gets its end. The model must also learn to hush, and Casilda knows what that takes. Second: more zeros, up to the length of the longest.
"""

# %%
toy = [[11, 12, 13], [21, 22], [31]]
ended = [[*row, 0] for row in toy]
longest = max(len(row) for row in ended)
padded = torch.tensor([row + [0] * (longest - len(row)) for row in ended])  # (3, 4)
print(padded)

# %% [markdown] lang="es"
r"""
Tercero: entradas y objetivos, como en el capítulo 2. Las entradas son todo menos la última columna; los objetivos, todo menos la primera.
"""

# %% [markdown] lang="en"
r"""
Third: inputs and targets, as in chapter 2. The inputs are all but the last column; the targets, all but the first.
"""

# %%
toy_inputs, toy_targets = padded[:, :-1], padded[:, 1:].clone()  # (3, 4) -> (3, 3)
print(toy_inputs)
print(toy_targets)

# %% [markdown] lang="es"
r"""
Mira la tercera fila de objetivos: tres ceros. El primero enseña algo, que después del 31 se acaba; los otros enseñan que después del fin viene el fin, y eso no se va a preguntar nunca.

Cuarto paso: en los objetivos, el primer relleno se queda y los demás se cambian por −100.
"""

# %% [markdown] lang="en"
r"""
Look at the third row of targets: three zeros. The first teaches something, that after 31 it is over; the others teach that after the end comes the end, and nobody will ever ask that.

Fourth step: in the targets, the first padding stays and the others are replaced by −100.
"""

# %%
from desdecero.instruct import IGNORE_INDEX

for row, original in zip(toy_targets, toy):
    row[len(original) :] = IGNORE_INDEX
print(toy_targets)

# %% [markdown] lang="es"
r"""
¿Por qué −100? Porque es el valor que la entropía cruzada de PyTorch se salta, salvo que le digas otro: esa posición no suma ni cuenta en el divisor.

Compruébalo con logits al azar: cuatro objetivos, dos de ellos ignorados, frente a los otros dos solos.
"""

# %% [markdown] lang="en"
r"""
Why −100? Because that is the value PyTorch's cross-entropy skips unless told otherwise: such a position adds nothing and is not counted in the divisor.

Check it with random logits: four targets, two of them ignored, against the other two alone.
"""

# %%
torch.manual_seed(7)
logits = torch.randn(4, 10)
some = F.cross_entropy(logits, torch.tensor([3, 7, IGNORE_INDEX, IGNORE_INDEX]))
print(torch.allclose(some, F.cross_entropy(logits[:2], torch.tensor([3, 7]))))

# %% [markdown] lang="es"
r"""
¿Y en las entradas? Ahí los ceros de relleno no molestan: la atención es causal, así que ningún token mira a lo que tiene a la derecha, y lo que sale de los rellenos se ignora.

Este es el lote entero, con cada celda pintada según lo que es.
"""

# %% [markdown] lang="en"
r"""
And in the inputs? There the padding zeros do no harm: attention is causal, so no token looks at what is on its right, and what comes out of the padding is ignored.

Here is the whole batch, each cell painted according to what it is.
"""

# %%
plots.batch_cells(toy_inputs, toy_targets, [len(row) for row in toy])

# %% [markdown] lang="es" exercise="collate_instructions"
r"""
### Ejercicio: juntar un lote

PyTorch llama a esta función con las filas de cada lote. Escribe `collate_instructions`.

```python
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None) -> tuple[Tensor, Tensor]: ...
```

`batch` es una lista de listas de ids, que no debes modificar. A cada fila le sigue un `pad_id`, y luego los que hagan falta hasta la más larga.
Las entradas son todo menos la última columna y los objetivos, todo menos la primera; en los objetivos se conserva el primer relleno de cada fila y los siguientes valen `ignore_index`.
Al final, los dos se cortan a `max_length` columnas, si se da. Ojo: un token normal puede valer lo mismo que `pad_id`.
"""

# %% [markdown] lang="en" exercise="collate_instructions"
r"""
### Exercise: putting a batch together

PyTorch calls this function with the rows of each batch. Write `collate_instructions`.

```python
def collate_instructions(batch, pad_id, ignore_index=-100, max_length=None) -> tuple[Tensor, Tensor]: ...
```

`batch` is a list of lists of ids, which you must not change. Each row is followed by one `pad_id`, then by as many as it takes to reach the longest.
The inputs are all but the last column and the targets all but the first; in the targets the first padding of each row is kept and the following ones are `ignore_index`.
At the end both are cut to `max_length` columns, if it is given. Beware: an ordinary token may equal `pad_id`.
"""

# %% solution="collate_instructions"

# %%
with example():
    # es: se espera [[11, 12, 13], [21, 22, 0], [31, 0, 0]] y [[12, 13, 0], [22, 0, -100], [0, -100, -100]]
    # en: expected: [[11, 12, 13], [21, 22, 0], [31, 0, 0]] and [[12, 13, 0], [22, 0, -100], [0, -100, -100]]
    for tensor in collate_instructions([[11, 12, 13], [21, 22], [31]], pad_id=0):
        print(tensor.tolist())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

El objetivo que sigue al último token de una fila de longitud `n` está en la columna `n - 1`; lo que hay que ignorar empieza en la columna `n`.
</details>

<details><summary>Pista 2</summary>

Cortar al final con `[:, :max_length]` funciona también cuando `max_length` es `None`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

The target that follows the last token of a row of length `n` is in column `n - 1`; what must be ignored starts at column `n`.
</details>

<details><summary>Hint 2</summary>

Cutting at the end with `[:, :max_length]` also works when `max_length` is `None`.
</details>
"""

# %% tests="collate_instructions"

# %% [markdown] lang="es"
r"""
Con `max_length` la respuesta de una fila larga se puede quedar sin fin, o desaparecer entera. Por eso se elige mayor que casi todas las tareas, y aquí no hace falta.

El cero que aparece como token normal es una trampa frecuente: si buscas los rellenos por su valor, tacharás tokens buenos. Cuenta posiciones.
"""

# %% [markdown] lang="en"
r"""
With `max_length` the answer of a long row may lose its end, or vanish altogether. That is why one chooses it larger than nearly all tasks, and here it isn't needed.

The zero that turns up as an ordinary token is a common trap: look for the padding by its value, and you cross out good tokens. Count positions.
"""

# %% [markdown] lang="es"
r"""
## 7.6 No estudiarse la pregunta

En cada fila hay un prompt que el modelo nunca tendrá que escribir: se lo darán hecho. ¿Cuánto ocupa, de todo lo que se le pide adivinar?
"""

# %% [markdown] lang="en"
r"""
## 7.6 Not studying the question

Each row has a prompt that the model will never have to write: it will be given. How much of all that it is asked to guess does the prompt take up?
"""

# %%
prompt_lengths = [len(tokenizer.encode(format_prompt(entry, template))) for entry in train_entries]
# es: tantos objetivos como tokens: el primero no se adivina, el fin sí
# en: as many targets as tokens: the first is not guessed, the end is
asked = sum(lengths)
in_prompts = sum(prompt_lengths) - len(prompt_lengths)
print(asked, in_prompts, f"{in_prompts / asked:.0%}")

# %% [markdown] lang="es"
r"""
La mayor parte del esfuerzo se iría en aprenderse los enunciados, y la misma frase de introducción en todos.

La alternativa es ignorar también esas posiciones. Con la fila `[11, 12, 13]` y un prompt de dos tokens, ¿qué objetivos se tachan? Piensa cuál es el token que sale de leer el último del prompt.
"""

# %% [markdown] lang="en"
r"""
Most of the effort would go into learning the questions, with the same introductory sentence in every one.

The alternative is to ignore those positions too. With the row `[11, 12, 13]` and a prompt of two tokens, which targets are crossed out? Think of the token that comes from reading the last one of the prompt.
"""

# %%
for position, (read, target) in enumerate(zip(toy_inputs[0].tolist(), toy_targets[0].tolist())):
    print(position, f"{read} → {target}", "prompt" if position < 2 - 1 else say("respuesta", "response"))

# %% [markdown] lang="es"
r"""
Los objetivos ya están corridos un lugar: el de la posición 1 es el 13, el primer token de la respuesta. Taparlo sería tapar lo más importante, así que de un prompt de $p$ tokens se tachan $p-1$ objetivos.
"""

# %% [markdown] lang="en"
r"""
The targets are already shifted by one: that of position 1 is 13, the first token of the response. To cover it would be to cover what matters most, so for a prompt of $p$ tokens we cross out $p-1$ targets.
"""

# %% [markdown] lang="es" exercise="mask_prompt"
r"""
### Ejercicio: tachar el prompt

Un error de un solo lugar aquí no rompe nada y enseña mal a empezar. Escribe `mask_prompt`.

```python
def mask_prompt(targets: Tensor, prompt_lengths, ignore_index=-100) -> Tensor: ...
```

`targets` tiene forma `(B, T)` y ya está corrido; `prompt_lengths` dice cuántos tokens tiene el prompt de cada fila (una lista o un tensor).
En cada fila, los primeros $p-1$ objetivos pasan a valer `ignore_index`; si no caben tantos, todos. Devuelve un tensor nuevo: el que recibes no se toca.
"""

# %% [markdown] lang="en" exercise="mask_prompt"
r"""
### Exercise: crossing out the prompt

Off by one here breaks nothing and teaches a bad start. Write `mask_prompt`.

```python
def mask_prompt(targets: Tensor, prompt_lengths, ignore_index=-100) -> Tensor: ...
```

`targets` has shape `(B, T)` and is already shifted; `prompt_lengths` says how many tokens each row's prompt has (a list or a tensor).
In each row the first $p-1$ targets become `ignore_index`; if there are not so many, all of them. Return a new tensor: the one you get is left alone.
"""

# %% solution="mask_prompt"

# %%
with example():
    # es: se espera [[-100, 13, 0], [22, 0, -100], [0, -100, -100]]
    # en: expected: [[-100, 13, 0], [22, 0, -100], [0, -100, -100]]
    print(mask_prompt(toy_targets, [2, 1, 1]).tolist())

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

Empieza por `targets.clone()`, y recuerda que con `p` igual a 1 no se tacha nada.
</details>

<details><summary>Pista 2</summary>

Un bucle por filas basta. Sin bucle: compara `torch.arange(T)` con una columna de longitudes y usa `masked_fill`.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

Start from `targets.clone()`, and remember that with `p` equal to 1 nothing is crossed out.
</details>

<details><summary>Hint 2</summary>

A loop over the rows is enough. Without one: compare `torch.arange(T)` with a column of lengths and use `masked_fill`.
</details>
"""

# %% tests="mask_prompt"

# %% [markdown] lang="es"
r"""
Aquí tienes el final de un lote de verdad. Marca la casilla para tachar los prompts, corta con `max_length` y retrocede por las columnas hasta ver dónde empieza cada respuesta.
"""

# %% [markdown] lang="en"
r"""
Here is the end of a real batch. Tick the box to cross out the prompts, cut with `max_length`, and go back along the columns to see where each response begins.
"""

# %%
widgets.play_batch([train_set[i] for i in (0, 1, 2)], prompt_lengths[:3], tokenizer)

# %% [markdown] lang="es"
r"""
Veamos la diferencia en una tarea del examen. De cada token, lo que el modelo sin afinar se sorprende al verlo: cuanto más oscuro, menos se lo esperaba.
"""

# %% [markdown] lang="en"
r"""
Let's see the difference on one task of the examination. For each token, how surprised the untuned model is to see it: the darker, the less it was expected.
"""

# %% tags=["nbval-ignore-output"]
one = next(i for i, entry in enumerate(exam) if entry["kind"] == "plural")
inputs, targets = collate_instructions([exam_set[one]], end)  # (1, T)
with torch.no_grad():
    losses = F.cross_entropy(model(inputs)[0], targets[0], reduction="none")  # (T,)
exam_prompts = [len(tokenizer.encode(format_prompt(entry, template))) for entry in exam]
plots.surprise([tokenizer.decode([i]) for i in targets[0].tolist()], losses.tolist(), exam_prompts[one] - 1)

# %% [markdown] lang="es"
r"""
Subrayado en azul va lo que taparíamos. Con el prompt destapado, los gradientes de todos esos tokens empujan los pesos hacia escribir instrucciones, y los de la respuesta son minoría.

¿Cuánto cambia la dirección del primer paso? Dos gradientes del mismo lote, y el coseno del ángulo entre ellos.
"""

# %% [markdown] lang="en"
r"""
Underlined in blue is what we would cover. With the prompt uncovered, the gradients of all those tokens push the weights towards writing instructions, and those of the response are a minority.

How much does the direction of the first step change? Two gradients of the same batch, and the cosine of the angle between them.
"""


# %% tags=["nbval-ignore-output"]
def gradient(targets: Tensor) -> Tensor:
    loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())  # (B·T, V), (B·T,)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])


inputs, targets = collate_instructions([train_set[i] for i in range(4)], end)
whole, masked = gradient(targets), gradient(mask_prompt(targets, prompt_lengths[:4]))
print(f"{F.cosine_similarity(whole, masked, dim=0):.2f}")
del whole, masked

# %% [markdown] lang="es"
r"""
Un 1 querría decir que da lo mismo; un 0, que no tienen nada que ver.

¿Es siempre mejor tapar? No está cerrado. Con pocos datos y respuestas cortas, dejar algo de pérdida en el prompt puede evitar que el modelo se las aprenda de memoria ([Shi et al., 2024](https://arxiv.org/abs/2405.14394)). Nosotros tapamos: el tiempo es poco y queremos gastarlo en contestar.
"""

# %% [markdown] lang="en"
r"""
A 1 would mean that it makes no difference; a 0, that they have nothing to do with each other.

Is covering always better? The matter is open. With little data and short answers, leaving some loss on the prompt may keep the model from learning them by heart ([Shi et al., 2024](https://arxiv.org/abs/2405.14394)). We cover: time is short and we want to spend it on answering.
"""

# %% [markdown] lang="es"
r"""
## 7.7 El cargador

Falta repartir las tareas en lotes. Al azar, en el mismo lote caen una corta y una larga, y la corta se rellena hasta la otra: cálculos para nada.

`SimilarLengths`, del paquete, baraja y luego ordena por longitud en grupos de ocho lotes. ¿Cuánto se ahorra?
"""

# %% [markdown] lang="en"
r"""
## 7.7 The loader

The tasks must still be dealt out into batches. At random, a short one and a long one fall into the same batch, and the short one is padded up to the other: work for nothing.

`SimilarLengths`, from the package, shuffles and then sorts by length within groups of eight batches. How much does it save?
"""


# %%
from desdecero.instruct import SimilarLengths


def wasted(batches: list[list[int]]) -> float:
    cells = sum(len(rows) * max(lengths[i] for i in rows) for rows in batches)
    return 1 - sum(lengths) / cells


torch.manual_seed(7)
at_random = [rows.tolist() for rows in torch.randperm(len(lengths)).split(8)]
similar = SimilarLengths(lengths, batch_size=8, generator=torch.Generator().manual_seed(7))
print(f"{wasted(at_random):.0%} → {wasted(list(similar)):.0%}")

# %% [markdown] lang="es"
r"""
Con eso y tus dos funciones, el cargador es una línea. Cada elemento es una pareja, los ids y la longitud de su prompt, porque después de rellenar ya no se ve dónde acababa.

`instruction_loader`, en el paquete, hace lo mismo para cuando no quieras escribirlo.
"""

# %% [markdown] lang="en"
r"""
With that and your two functions, the loader is one line. Each item is a pair, the ids and the length of their prompt, because after padding you can no longer see where it ended.

`instruction_loader`, in the package, does the same for when you don't want to write it.
"""


# %%
def collate(pairs: list[tuple[list[int], int]]) -> tuple[Tensor, Tensor]:
    rows, prompts = zip(*pairs)
    inputs, targets = collate_instructions(list(rows), end, max_length=context_length)
    return inputs, mask_prompt(targets, prompts)


train_pairs = [(train_set[i], length) for i, length in enumerate(prompt_lengths)]
exam_pairs = [(exam_set[i], length) for i, length in enumerate(exam_prompts)]
loader = DataLoader(train_pairs, batch_sampler=similar, collate_fn=collate)
exam_loader = DataLoader(exam_pairs, batch_size=8, collate_fn=collate)
inputs, targets = next(iter(loader))
print(len(loader), inputs.shape == targets.shape, (targets != IGNORE_INDEX).any(dim=1).all().item())

# %% [markdown] lang="es"
r"""
## 7.8 Quedarse con la respuesta

`generate` devuelve el prompt y lo que viene detrás, todo junto. Así queda con el modelo sin afinar, al que ponemos el impreso delante por primera vez. Como el prompt acaba sin salto de línea, puede incluso alargar la última palabra.
"""

# %% [markdown] lang="en"
r"""
## 7.8 Keeping the answer

`generate` returns the prompt and what comes after it, all in one. This is what it gives with the untuned model, which meets the form for the first time. As the prompt ends without a line break, it may even lengthen the last word.
"""

# %% tags=["nbval-ignore-output"]
prompt = format_prompt(exam[one], template)
print(go_on(prompt, max_new_tokens=20))

# %% [markdown] lang="es"
r"""
De ahí hay que quitar el prompt y, si el modelo lo escribe, el encabezado de la respuesta. El prompt se quita solo del principio: si el modelo lo repite más tarde, esa repetición es parte de lo que ha dicho y debe verse.

El encabezado puede venir en cualquiera de las dos lenguas; el paquete los tiene juntos.
"""

# %% [markdown] lang="en"
r"""
From that we must remove the prompt and, if the model writes it, the heading of the response. The prompt is removed from the beginning only: if the model repeats it later, that repetition is part of what it said and should be seen.

The heading may come in either language; the package keeps both together.
"""

# %%
from desdecero.instruct import RESPONSE_HEADINGS

RESPONSE_HEADINGS

# %% [markdown] lang="es" exercise="extract_response"
r"""
### Ejercicio: la respuesta

Sin esto, el examen puntuaría también el enunciado. Escribe `extract_response`.

```python
def extract_response(generated: str, prompt: str) -> str: ...
```

Devuelve lo que sigue al prompt, que está al principio y se quita una sola vez, sin un encabezado `### Response:` o `### Respuesta:` que abra la respuesta, y sin espacio en blanco por fuera. Solo se quita un encabezado, y solo al comienzo.
"""

# %% [markdown] lang="en" exercise="extract_response"
r"""
### Exercise: the response

Without this, the examination would grade the question too. Write `extract_response`.

```python
def extract_response(generated: str, prompt: str) -> str: ...
```

Return what follows the prompt, which stands at the beginning and is removed only once, without a heading `### Response:` or `### Respuesta:` that opens the response, and without outer white space. Only one heading is removed, and only at the start.
"""

# %% solution="extract_response"

# %%
with example():
    # es: se espera 'B' y después 'B A'
    # en: expected 'B' and then 'B A'
    print(repr(extract_response("A\n\n### Respuesta:\nB\n", "A")))
    print(repr(extract_response("B A", "A")))

# %% [markdown] lang="es"
r"""
<details><summary>Pista 1</summary>

`str.removeprefix` quita un comienzo si está, y si no, deja el texto igual. `str.replace` quitaría también las repeticiones.
</details>

<details><summary>Pista 2</summary>

Delante del encabezado hay saltos de línea: usa `strip` antes y después.
</details>
"""

# %% [markdown] lang="en"
r"""
<details><summary>Hint 1</summary>

`str.removeprefix` removes a beginning if it is there, and otherwise leaves the text alone. `str.replace` would remove repetitions as well.
</details>

<details><summary>Hint 2</summary>

There are line breaks before the heading: use `strip` before and after.
</details>
"""

# %% tests="extract_response"

# %% tags=["nbval-ignore-output"]
extract_response(go_on(prompt, max_new_tokens=20), prompt)

# %% [markdown] lang="es"
r"""
## 7.9 El examen, antes de estudiar

Para saber si algo mejora hay que medirlo antes. Las ochenta tareas apartadas pasan por `answer`, del paquete, que pregunta muchas a la vez y guarda las claves y los valores de lo ya leído en vez de repetirlos ([Shazeer, 2019](https://arxiv.org/abs/1911.02150)).

Además le regala el encabezado de la respuesta, para que nadie suspenda por no conocer el impreso.
"""

# %% [markdown] lang="en"
r"""
## 7.9 The examination, before studying

To know whether something improves, one must measure it before. The eighty tasks set aside go through `answer`, from the package, which asks many at once and keeps the keys and values of what was read instead of recomputing them ([Shazeer, 2019](https://arxiv.org/abs/1911.02150)).

It also makes a present of the response's heading, so that nobody fails for not knowing the form.
"""

# %% tags=["nbval-ignore-output"]
from desdecero.instruct import answer

before = answer(model, tokenizer, exam, template, max_new_tokens=24)
first = {entry["kind"]: i for i, entry in reversed(list(enumerate(exam)))}
shown = [first[kind] for kind in ("plural", "classify_topic", "arithmetic")]
scores.answers_table([exam[i] for i in shown], {say("antes", "before"): [before[i] for i in shown]})

# %% [markdown] lang="es"
r"""
Debajo de cada respuesta hay dos números. El primero es la puntuación exacta: 1 si coincide con la esperada, sin contar mayúsculas, comillas ni el punto final; si no, 0.

El segundo es la aproximada, entre 0 y 1: el doble de los caracteres comunes, en orden, dividido entre los caracteres de las dos ([Ratcliff y Metzener, 1988](https://docs.python.org/3/library/difflib.html)).
"""

# %% [markdown] lang="en"
r"""
Below each answer there are two numbers. The first is the exact score: 1 if it agrees with the one expected, not counting case, quotation marks or the final full stop; otherwise 0.

The second is the fuzzy one, between 0 and 1: twice the characters in common, in order, divided by the characters of both ([Ratcliff and Metzener, 1988](https://docs.python.org/3/library/difflib.html)).
"""

# %%
from desdecero.scoring import exact_score, fuzzy_score, normalise

good, near, far = say(("Cerrar.", "Cerrado", "Gallina"), ("Close.", "Closed", "Hen"))
wanted = say("cerrar", "close")
print(normalise(good))
for text in (good, near, far):
    print(f"{text:8} {exact_score(text, wanted):.0f} {fuzzy_score(text, wanted):.2f}")

# %% [markdown] lang="es"
r"""
El examen entero cabe en dos medias. Y una tercera medida, que no mira el contenido: cuántas palabras tiene una respuesta, frente a las que se esperan.
"""

# %% [markdown] lang="en"
r"""
The whole examination fits into two averages. And there is a third measure, which doesn't look at the content: how many words an answer has, against how many are expected.
"""


# %% tags=["nbval-ignore-output"]
from desdecero.scoring import overall, scores_by_kind


def report(name: str, entries: list[dict[str, str]], answers: list[str]) -> None:
    total = overall(scores_by_kind(entries, answers))
    words = sum(len(text.split()) for text in answers) / len(answers)
    print(say(f"{name}: exacta {total.exact:.2f} · aproximada {total.fuzzy:.2f} · palabras {words:.1f}",
              f"{name}: exact {total.exact:.2f} · fuzzy {total.fuzzy:.2f} · words {words:.1f}"))  # fmt: skip


report(say("antes", "before"), exam, before)
report(say("se espera", "expected"), exam, [entry["output"] for entry in exam])

# %% [markdown] lang="es"
r"""
Acertar letra por letra es mucho pedir. Hay una cuarta medida más fina, que no necesita que el modelo escriba: la pérdida de los tokens de la respuesta buena, tapado todo lo demás. Dice cuánto le habría sorprendido, y su exponencial, entre cuántos tokens duda (la perplejidad del capítulo 5).
"""

# %% [markdown] lang="en"
r"""
To be right letter by letter is asking a lot. There is a fourth measure, finer, for which the model need not write at all: the loss of the tokens of the good answer, with everything else covered. It says how surprised the model would have been, and its exponential, among how many tokens it hesitates (the perplexity of chapter 5).
"""


# %% tags=["nbval-ignore-output"]
from desdecero.training import evaluate, perplexity


def surprise_by_kind() -> dict[str, float]:
    heading = len(tokenizer.encode(f"\n\n{template.response}\n"))
    losses = {}
    for kind in chosen:
        of_kind = [pair for pair, entry in zip(exam_pairs, exam) if entry["kind"] == kind]
        batch = collate([(ids, length + heading) for ids, length in of_kind])
        losses[kind] = evaluate(model, [batch])
    return losses


surprise_before = surprise_by_kind()
print(f"{perplexity(sum(surprise_before.values()) / len(chosen)):.0f}")

# %% [markdown] lang="es"
r"""
## 7.10 El ajuste fino

El bucle es el del capítulo 5, sin cambiar una coma: `train_model`. Han cambiado los textos y lo que se tapa.

Cada media época paramos a mirar: la pérdida en las tareas del examen (se mide, no se entrena) y las respuestas a las tres tareas de antes, separadas por barras. (La tasa la elegimos entre unas pocas mirando estas mismas tareas, así que al examen puede salirle algo favorecido.)
"""

# %% [markdown] lang="en"
r"""
## 7.10 Fine-tuning

The loop is that of chapter 5, without a comma changed: `train_model`. What has changed is the texts, and what is covered.

Every half epoch we stop to look: the loss on the tasks of the examination (measured, not trained on) and the answers to the three tasks from before, with bars between them. (We chose the rate among a few while looking at these same tasks, so the examination may come out a little flattered.)
"""

# %% tags=["nbval-ignore-output"]
from desdecero.training import train_model
from desdecero.widgets.pretraining_live import Watch

EPOCHS, LEARNING_RATE = 2, 5e-4


def three_answers() -> str:
    answers = answer(model, tokenizer, [exam[i] for i in shown], template, max_new_tokens=24)
    return " | ".join(" ".join(text.split()) for text in answers)


watch = Watch(model, lambda: evaluate(model, exam_loader), three_answers, marks={})
optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
live = watch.expect(EPOCHS * len(loader), every=math.ceil(len(loader) / 2))
losses = train_model(model, loader, optimizer, EPOCHS, on_step=live)
model.eval()
print(f"{losses[0]:.2f} → {losses[-1]:.2f}")

# %% [markdown] lang="es"
r"""
La pérdida cae en picado dos veces. Al principio, porque el modelo aprende el encabezado y el fin, que son siempre iguales; al empezar la segunda época, porque ya ha visto esas tareas.

Mira entonces la otra curva, la de las tareas que no ha visto: desde ahí apenas se mueve, o sube. Cuando la de entrenamiento baja y la otra no, se está aprendiendo las respuestas de memoria.
"""

# %% [markdown] lang="en"
r"""
The loss plummets twice. First because the model learns the heading and the end, which are always the same; then, as the second epoch begins, because it has seen these tasks before.

Now watch the other curve, that of tasks it has not seen: from there it hardly moves, or rises. When the training curve falls and the other doesn't, the model is learning the answers by heart.
"""

# %% tags=["nbval-ignore-output"]
from desdecero.widgets.pretraining import play_training

play_training(watch)

# %% [markdown] lang="es"
r"""
Vuelve atrás con el control y mira cómo cambian las tres respuestas. Antes que el contenido llega la forma: que sea corta, que parezca de la clase pedida y que se acabe.
"""

# %% [markdown] lang="en"
r"""
Go back with the control and see how the three answers change. Form arrives before content: being short, looking like the kind asked for, and coming to an end.
"""

# %% [markdown] lang="es"
r"""
## 7.11 El examen, después

Las mismas ochenta tareas, las mismas cuentas.
"""

# %% [markdown] lang="en"
r"""
## 7.11 The examination, after

The same eighty tasks, the same sums.
"""

# %% tags=["nbval-ignore-output"]
after = answer(model, tokenizer, exam, template, max_new_tokens=24)
for name, answers in ((say("antes", "before"), before), (say("después", "after"), after)):
    report(name, exam, answers)
report(say("se espera", "expected"), exam, [entry["output"] for entry in exam])

# %% tags=["nbval-ignore-output"]
surprise_after = surprise_by_kind()
for losses in (surprise_before, surprise_after):
    print(f"{perplexity(sum(losses.values()) / len(chosen)):.0f}")
scores.losses_chart(surprise_before, surprise_after)

# %% [markdown] lang="es"
r"""
Arriba, entre cuántos tokens dudaba y entre cuántos duda ahora ante cada token de la respuesta buena. En el dibujo, la pérdida clase por clase. Si hay aspas rojas, son clases en las que la respuesta buena le sorprende más que antes: lo aprendido de memoria en trescientas tareas estorba donde no sirve.

Y aquí, también por clases, lo que ha escrito de verdad.
"""

# %% [markdown] lang="en"
r"""
Above, among how many tokens it hesitated and hesitates now at each token of the good answer. In the picture, the loss kind by kind. If there are red crosses, they are kinds in which the good answer surprises it more than before: what was learned by heart from three hundred tasks gets in the way where it doesn't apply.

And here, by kinds too, what it actually wrote.
"""

# %% tags=["nbval-ignore-output"]
scores.scores_chart(scores_by_kind(exam, before), scores_by_kind(exam, after))

# %% [markdown] lang="es"
r"""
Cada clase tiene solo cinco tareas, así que una respuesta mueve su puntuación exacta 0.2: mira el conjunto y no te fíes de un círculo suelto.

Por grupos hay más tareas y menos ruido. ¿Acertaste la apuesta de 7.2?
"""

# %% [markdown] lang="en"
r"""
Each kind has only five tasks, so one answer moves its exact score by 0.2: look at the whole and don't trust a single circle.

By groups there are more tasks and less noise. Did you win the bet of 7.2?
"""

# %% tags=["nbval-ignore-output"]
for name, group in GROUPS.items():
    of_group = [i for i, entry in enumerate(exam) if entry["kind"] in group]
    for when, answers in ((say("antes", "before"), before), (say("después", "after"), after)):
        report(f"{name:16} {when:8}", [exam[i] for i in of_group], [answers[i] for i in of_group])

# %% [markdown] lang="es"
r"""
Si todas las exactas son cero, decide la aproximada, y ten presente que las frases sin sentido de antes ya sacaban 0.2. Que copiar salga tan mal como saber dice otra cosa: todavía no está leyendo el enunciado.

Los números medios esconden cosas. Aquí tienes cuatro tareas, de la mejor puntuada a la peor, con lo que se esperaba, lo que decía antes y lo que dice ahora. En verde, las exactas.
"""

# %% [markdown] lang="en"
r"""
If every exact score is zero, the fuzzy one decides, and bear in mind that the nonsense from before already got 0.2. That copying does as badly as knowing tells you something else: it isn't reading the question yet.

Averages hide things. Here are four tasks, from the best marked to the worst, with what was expected, what the model said before and what it says now. In green, the exact ones.
"""

# %% tags=["nbval-ignore-output"]
best = sorted(range(len(exam)), key=lambda i: fuzzy_score(after[i], exam[i]["output"]))
picked = [best[-1], best[-4], best[len(best) // 2], best[0]]
columns = {say("antes", "before"): before, say("después", "after"): after}
scores.answers_table([exam[i] for i in picked], {name: [texts[i] for i in picked] for name, texts in columns.items()})

# %% [markdown] lang="es"
r"""
Ahora una pregunta incómoda: ¿y en las tareas con las que sí ha estudiado? Le preguntamos una de cada cuatro.
"""

# %% [markdown] lang="en"
r"""
Now an awkward question: what about the tasks it did study? We ask it one in every four.
"""

# %% tags=["nbval-ignore-output"]
studied = train_entries[::4]
report(say("estudiadas", "studied"), studied, answer(model, tokenizer, studied, template, max_new_tokens=24))
report(say("nuevas   ", "new    "), exam, after)

# %% [markdown] lang="es"
r"""
Lo que la primera línea saca de ventaja a la segunda es lo aprendido de memoria; con más épocas, crece. Por eso el examen se aparta antes de empezar, y por eso hay que desconfiar de quien enseña solo respuestas brillantes sin decir de dónde salen las preguntas.
"""

# %% [markdown] lang="en"
r"""
What the first line has over the second was learned by heart; with more epochs it grows. That is why the examination is set aside before starting, and why one should distrust anybody who shows only brilliant answers without saying where the questions came from.
"""

# %% [markdown] lang="es"
r"""
## 7.12 Por qué engañan las dos puntuaciones

La exacta castiga a quien acierta con otras palabras. La aproximada premia a quien se equivoca con las mismas letras. Estos ejemplos no son de ningún modelo: están hechos para que fallen.
"""

# %% [markdown] lang="en"
r"""
## 7.12 Why both scores mislead

The exact one punishes whoever is right in other words. The fuzzy one rewards whoever is wrong in the same letters. These examples come from no model: they were made to fail.
"""

# %%
cases = say(
    [
        ("Lo contrario de alto es bajo.", "Bajo"),
        ("La barca no sale hoy.", "La barca sale hoy."),
        ("Son 56 gallinas.", "Son 65 gallinas."),
        ("Chica", "Pequeña"),
    ],
    [
        ("The opposite of high is low.", "Low"),
        ("The ferry won't leave today.", "The ferry will leave today."),
        ("They are 56 hens.", "They are 65 hens."),
        ("Very small", "Tiny"),
    ],
)
for given, wanted in cases:
    print(f"{given:30} {wanted:28} {exact_score(given, wanted):.0f} {fuzzy_score(given, wanted):.2f}")

# %% [markdown] lang="es"
r"""
La primera es correcta y la exacta le pone un cero. La segunda y la tercera son errores sin disculpa, y la aproximada les da un sobresaliente. La última es defendible, y las dos la suspenden.

Escribe tus propias trampas. Busca una respuesta equivocada que pase de 0.9.
"""

# %% [markdown] lang="en"
r"""
The first is right and the exact score gives it a zero. The second and third are errors with no excuse, and the fuzzy score gives them good marks. The last can be defended, and both fail it.

Write traps of your own. Find a wrong answer that gets above 0.9.
"""

# %%
widgets.play_scores(*say(("Negativo", "Positivo"), ("Negative", "Positive")))

# %% [markdown] lang="es"
r"""
¿Para qué sirven entonces? Para comparar, con las mismas tareas, el mismo modelo antes y después, o dos modelos. Como nota absoluta no valen.

La exacta es honrada en tareas de una sola respuesta, como clasificar, siempre que la esperada sea la etiqueta a secas: a «Historia» le pone un cero si se esperaba «La materia es historia». En las abiertas, como dar un consejo, hay que leer, o pedirle a alguien que lea.
"""

# %% [markdown] lang="en"
r"""
What are they good for, then? For comparing, on the same tasks, one model before and after, or two models. As an absolute mark they are worthless.

The exact one is honest on tasks with a single answer, such as classifying, provided the expected answer is the bare label: "History" gets a zero where "The subject is history" was expected. On open ones, such as giving advice, one must read, or ask somebody to read.
"""

# %% [markdown] lang="es"
r"""
### Un modelo de juez

Ese alguien puede ser un modelo mayor: se le da la tarea, la respuesta esperada y la del alumno, y se le pide una nota de 0 a 100. Se usa mucho y tiene sus manías: prefiere lo largo, lo que se le parece y, si compara dos respuestas, la que lee primero ([Zheng et al., 2023](https://arxiv.org/abs/2306.05685)).
"""

# %% [markdown] lang="en"
r"""
### A model as judge

That somebody can be a larger model: give it the task, the answer expected and the student's, and ask for a mark from 0 to 100. It is common practice and has its quirks: it prefers what is long, what resembles itself and, when it compares two answers, the one it reads first ([Zheng et al., 2023](https://arxiv.org/abs/2306.05685)).
"""

# %% [markdown] lang="es"
r"""
Si tienes [Ollama](https://ollama.com) en marcha en tu máquina y has descargado `llama3.2`, pon `True`. La celda queda apagada porque necesita ese servidor; nada de lo que sigue depende de ella.
"""

# %% [markdown] lang="en"
r"""
If [Ollama](https://ollama.com) is running on your machine and you have pulled `llama3.2`, write `True`. The cell is switched off because it needs that server; nothing below depends on it.
"""

# %% tags=["nbval-skip"]
ASK_JUDGE = False
if ASK_JUDGE:
    from desdecero import judge

    for i in picked:
        asked = f"{exam[i]['instruction']}\n{exam[i]['input']}".strip()
        print(judge.score(asked, exam[i]["output"], after[i]), repr(after[i]))

# %% [markdown] lang="es"
r"""
Un juez también se examina. Dale las cuatro trampas de antes y mira si las ve; alarga una respuesta sin añadir nada. Si la nota se mueve, ya sabes cuánto vale.
"""

# %% [markdown] lang="en"
r"""
A judge sits examinations too. Give it the four traps from above and see whether it spots them; lengthen an answer without adding anything. If the mark moves, you know what it is worth.
"""

# %% [markdown] lang="es"
r"""
## 7.13 Habla con él

Escribe una tarea y pulsa Intro. Con temperatura 0 da siempre la misma respuesta; si la subes, cada Intro es una tirada.

Prueba tareas de las clases estudiadas y luego otras. Y prueba a no pedirle nada: «Hola». Contestará como si fuera una tarea, porque ya todo le parece un impreso.
"""

# %% [markdown] lang="en"
r"""
## 7.13 Talk to it

Write a task and press Enter. At temperature 0 it always gives the same answer; raise it, and each Enter is a throw of the dice.

Try tasks of the kinds it studied, then others. And try asking for nothing: "Hello". It will answer as if that were a task, because by now everything looks like a form to it.
"""

# %% tags=["nbval-ignore-output"]
widgets.chat(model, tokenizer, template, question)

# %% [markdown] lang="es"
r"""
Es la misma pregunta del principio del capítulo. Compárala con lo que escribía entonces: sea o no el plural correcto, ahora sabe que le estaban preguntando.

Tampoco recuerda la conversación: cada prompt lleva una sola tarea. Un chat de verdad mete en el prompt los turnos anteriores, hasta que el contexto se llena.
"""

# %% [markdown] lang="en"
r"""
It is the question from the beginning of the chapter. Compare it with what the model wrote then: whether or not the plural is right, it has noticed that it was being asked.

Nor does it remember the conversation: each prompt holds a single task. A real chat puts the earlier turns into the prompt, until the context is full.
"""

# %% [markdown] lang="es"
r"""
## 7.14 De dos respuestas, la mejor

Imitar respuestas enseña qué decir, pero no qué es peor. Para eso hay otro tipo de datos: parejas, una respuesta elegida y otra rechazada. El paquete trae 210, y cada una dice qué falla en la rechazada.
"""

# %% [markdown] lang="en"
r"""
## 7.14 The better of two answers

Imitating answers teaches what to say, but not what is worse. For that there is another sort of data: pairs, one answer chosen and one rejected. The package carries 210, and each says what is wrong with the rejected one.
"""

# %%
from desdecero.data import load_preferences

pairs = load_preferences()
reasons = list(dict.fromkeys(pair["reason"] for pair in pairs))
print(len(pairs), [scores.reason_name(reason) for reason in reasons])
scores.chosen_and_rejected(next(pair for pair in pairs if pair["reason"] == "wordy"))

# %% [markdown] lang="es"
r"""
InstructGPT entrenaba con esas parejas un segundo modelo que puntúa, y después el primero por refuerzo. DPO ([Rafailov et al., 2023](https://arxiv.org/abs/2305.18290)) se lo ahorra: sube la probabilidad de la elegida y baja la de la rechazada, sin alejarse del modelo de partida.

Todo gira en torno a un margen: $\log \pi(y_c) - \log \pi(y_r)$.
"""

# %% [markdown] lang="en"
r"""
InstructGPT used such pairs to train a second model that gives marks, and then the first one by reinforcement. DPO ([Rafailov et al., 2023](https://arxiv.org/abs/2305.18290)) does without: it raises the probability of the chosen answer and lowers that of the rejected one, without straying from the model it started from.

Everything turns on a margin: $\log \pi(y_c) - \log \pi(y_r)$.
"""

# %% [markdown] lang="es"
r"""
La probabilidad de una respuesta es el producto de las de sus tokens; su logaritmo, la suma. Las piezas ya las tienes: un lote de dos filas, el prompt tapado y la entropía cruzada sin promediar, con el signo cambiado.
"""

# %% [markdown] lang="en"
r"""
The probability of an answer is the product of those of its tokens; its logarithm, the sum. You already have the pieces: a batch of two rows, the prompt covered, and the cross-entropy before averaging, with its sign changed.
"""


# %% tags=["nbval-ignore-output"]
def log_probabilities(model: torch.nn.Module, pair: dict[str, str]) -> tuple[Tensor, Tensor]:
    """Log-probability of the chosen and of the rejected answer, and how many tokens each has; (2,) both."""
    prompt = tokenizer.encode(format_prompt(pair, template) + f"\n\n{template.response}\n")
    rows = [prompt + tokenizer.encode(pair[key]) for key in ("chosen", "rejected")]
    inputs, targets = collate_instructions(rows, end, max_length=context_length)
    targets = mask_prompt(targets, [len(prompt)] * 2)
    losses = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten(), reduction="none")
    return -losses.view_as(targets).sum(dim=1), (targets != IGNORE_INDEX).sum(dim=1)


with torch.no_grad():
    values, counts = log_probabilities(model, pairs[0])
print([f"{v:.1f}" for v in values.tolist()], counts.tolist(), f"{values[0] - values[1]:.1f}")

# %% [markdown] lang="es"
r"""
Son números muy negativos: una respuesta concreta es siempre improbable. Lo que importa es la resta.

Calculémosla en cuatro parejas de cada motivo, de dos maneras: con la suma, y con la media por token.
"""

# %% [markdown] lang="en"
r"""
Those are very negative numbers: any particular answer is improbable. What matters is the difference.

Let's compute it on four pairs for each reason, in two ways: with the sum, and with the mean per token.
"""

# %% tags=["nbval-ignore-output"]
margins = {
    name: {reason: [] for reason in reasons} for name in say(("suma", "media por token"), ("sum", "mean per token"))
}
for reason in reasons:
    for pair in [pair for pair in pairs if pair["reason"] == reason][:4]:
        with torch.no_grad():
            values, counts = log_probabilities(model, pair)
        for rows, (better, worse) in zip(margins.values(), (values.tolist(), (values / counts).tolist())):
            rows[reason].append(better - worse)
scores.margins_chart(margins)

# %% [markdown] lang="es"
r"""
A la derecha del cero, el modelo ya prefiere la elegida. Con la suma, las rechazadas por prolijas pierden solo por largas: cada token de más resta. La media por token quita esa ventaja.

Ninguna de las dos sabe nada de educación ni de verdad. Eso es lo que DPO empujaría.
"""

# %% [markdown] lang="en"
r"""
To the right of zero, the model already prefers the chosen one. With the sum, those rejected for being wordy lose merely by being long: every extra token subtracts. The mean per token takes that advantage away.

Neither knows anything about manners or truth. That is what DPO would push.
"""

# %% [markdown] lang="es"
r"""
Su pérdida compara el margen del modelo que se entrena, $\pi$, con el del de partida, $\pi_0$, que no se mueve:

$$\mathcal{L} = -\log \sigma\left(\beta\left[\left(\log \pi(y_c) - \log \pi(y_r)\right) - \left(\log \pi_0(y_c) - \log \pi_0(y_r)\right)\right]\right)$$

Al empezar los dos son el mismo, el corchete vale cero y la pérdida, $\log 2$. Demos cuatro pasos con cuatro parejas, para ver cómo se mueve el margen.
"""

# %% [markdown] lang="en"
r"""
Its loss compares the margin of the model being trained, $\pi$, with that of the one it started from, $\pi_0$, which stays put:

$$\mathcal{L} = -\log \sigma\left(\beta\left[\left(\log \pi(y_c) - \log \pi(y_r)\right) - \left(\log \pi_0(y_c) - \log \pi_0(y_r)\right)\right]\right)$$

At the start both are the same, the bracket is zero and the loss $\log 2$. Let's take four steps on four pairs and see the margin move.
"""

# %% tags=["nbval-ignore-output"]
policy, few = copy.deepcopy(model), pairs[:4]
with torch.no_grad():
    reference = [log_probabilities(model, pair)[0] for pair in few]
nudge = torch.optim.AdamW(policy.parameters(), lr=1e-5)
for _ in range(4):
    gains = [log_probabilities(policy, pair)[0] - start for pair, start in zip(few, reference)]
    gain = torch.stack([better - worse for better, worse in gains])  # (4,)
    loss = -F.logsigmoid(0.1 * gain).mean()
    nudge.zero_grad()
    loss.backward()
    nudge.step()
    print(f"{loss.item():.3f} {gain.mean().item():+.2f}")
print(f"log 2 = {math.log(2):.3f}")

# %% [markdown] lang="es"
r"""
La segunda columna es lo que ha crecido el margen, de media, desde el modelo de partida. Cuatro parejas no enseñan modales a nadie; son para que veas que DPO cabe en diez líneas.

Con las 210, un modelo mayor y un conjunto aparte para medir, es un buen proyecto.
"""

# %% [markdown] lang="en"
r"""
The second column is how much the margin has grown, on average, since the model it started from. Four pairs teach nobody manners; they are there to show that DPO fits into ten lines.

With all 210, a larger model and a set put aside for measuring, it makes a good project.
"""

# %% [markdown] lang="es"
r"""
## 7.15 Lo que no puede

Nuestro modelo no llega a la décima parte del GPT-2 más pequeño. Hay cosas que ningún ajuste le va a dar. Mira todas las tareas de cuentas y de geografía del examen.
"""

# %% [markdown] lang="en"
r"""
## 7.15 What it can't do

Our model is less than a tenth of the smallest GPT-2. There are things no fine-tuning will give it. Look at all the arithmetic and geography of the examination.
"""

# %% tags=["nbval-ignore-output"]
hard = [i for i, entry in enumerate(exam) if entry["kind"] in ("arithmetic", "geography_fact")]
right = sum(exact_score(after[i], exam[i]["output"]) for i in hard)
print(say(f"exactas: {right:.0f} de {len(hard)}", f"exact: {right:.0f} of {len(hard)}"))
scores.answers_table([exam[i] for i in hard], {say("después", "after"): [after[i] for i in hard]})

# %% [markdown] lang="es"
r"""
Observa el aplomo. Cuando no sabe, no lo dice: unas veces acierta con la clase de respuesta, un número donde toca un número, y otras contesta a una tarea distinta. En ninguna de las nuestras la respuesta era «no lo sé». Y lee, no cuentes: aquí «23» a secas también sacaría un cero en la exacta.

El ajuste no mete conocimiento: enseña a usar el que ya estaba ([Zhou et al., 2023](https://arxiv.org/abs/2305.11206)). Y aquí había poco.
"""

# %% [markdown] lang="en"
r"""
Note the aplomb. When it doesn't know, it doesn't say so: sometimes it gets the sort of answer right, a number where a number belongs, and sometimes it answers another task altogether. In none of ours was the answer "I don't know". And read, don't count: here a bare "23" would score an exact zero too.

Fine-tuning puts no knowledge in: it teaches how to use what was there ([Zhou et al., 2023](https://arxiv.org/abs/2305.11206)). And here there was little.
"""

# %% [markdown] lang="es"
r"""
Lo que sí ha cambiado es la forma. Estas dos cuentas la miden sin mirar el contenido: qué parte de las respuestas tiene, a lo sumo, dos palabras más o menos que la esperada, y cuántas distintas hay entre las ochenta.
"""

# %% [markdown] lang="en"
r"""
What has changed is the form. These two counts measure it without looking at the content: what share of the answers is within two words of the length expected, and how many different ones there are among the eighty.
"""

# %% tags=["nbval-ignore-output"]
for name, answers in ((say("antes", "before"), before), (say("después", "after"), after)):
    fits = [abs(len(text.split()) - len(entry["output"].split())) <= 2 for text, entry in zip(answers, exam)]
    print(f"{name:8} {sum(fits) / len(fits):.0%} {len(set(answers))}")

# %% [markdown] lang="es"
r"""
La primera puede acertar por casualidad: mira si lo de antes era corto o solo se repetía. La segunda, vigílala: si tras el ajuste muchas tareas reciben la misma respuesta, el modelo ha aprendido qué se suele contestar y no está leyendo la pregunta. Es un atajo que baja la pérdida.

¿Y con un modelo grande? El mismo código, con otros pesos. Los de `gpt2-medium` leyeron sobre todo inglés, así que la celda usa las tareas inglesas en las dos ediciones.
"""

# %% [markdown] lang="en"
r"""
The first can be right by luck: see whether the earlier answers were short or merely repetitive. Keep an eye on the second: if after tuning many tasks get the same answer, the model has learned what one tends to reply and isn't reading the question. It is a shortcut that lowers the loss.

And with a large model? The same code with other weights. Those of `gpt2-medium` read mostly English, so the cell uses the English tasks in both editions.
"""

# %% [markdown] lang="es"
r"""
Está apagada porque descarga los pesos y quiere una tarjeta gráfica. Antes de encenderla, cuenta lo que pide: cuatro bytes por parámetro para guardarlo y dieciséis para entrenarlo con AdamW, como en el capítulo 4.
"""

# %% [markdown] lang="en"
r"""
It is switched off because it downloads the weights and wants a graphics card. Before you switch it on, count what it asks for: four bytes per parameter to store it and sixteen to train it with AdamW, as in chapter 4.
"""

# %%
from desdecero.gpt import GPT2_SIZES, GPTModel

with torch.device("meta"):
    count = sum(p.numel() for p in GPTModel(GPT2_SIZES["gpt2-medium"]).parameters())
print(f"{count:,}", f"{4 * count / 1e9:.1f} GB", f"{16 * count / 1e9:.1f} GB")

# %% tags=["nbval-skip"]
BIG = False
if BIG:
    from desdecero.device import best_device
    from desdecero.instruct import instruction_loader

    form, words = TEMPLATES["en"], tiktoken.get_encoding("gpt2")
    big = fuse(load_pretrained("gpt2-medium")).to(best_device())
    study, test = hold_out(load_instructions("en"), per_kind=4)
    rows = InstructionDataset(study, words, form)
    prompts = [len(words.encode(format_prompt(entry, form))) for entry in study]
    report("gpt2-medium", test, answer(big, words, test, form))
    big_loader = instruction_loader(rows, words.eot_token, prompts)
    train_model(big, big_loader, torch.optim.AdamW(big.parameters(), lr=2e-5), num_epochs=2)
    report("gpt2-medium", test, answer(big, words, test, form))

# %% [markdown] lang="es"
r"""
## 7.16 Lo que ya puedes hacer

Has convertido un modelo que sigue frases en uno que rellena impresos: tareas leídas con ojo crítico, una plantilla exacta, lotes que no cuentan el relleno, prompts tapados y un examen apartado desde el principio.

Y sabes decir qué ha aprendido, la forma, y desconfiar de los dos números con que se mide lo demás.
"""

# %% [markdown] lang="en"
r"""
## 7.16 What you can now do

You have turned a model that continues sentences into one that fills in forms: tasks read with a critical eye, an exact template, batches that don't count the padding, prompts covered and an examination set aside from the start.

And you can say what it has learned, the form, and distrust the two numbers by which the rest is measured.
"""

# %% [markdown] lang="es"
r"""
Los ejercicios eran cinco: `format_prompt`, `instruction_dataset`, `collate_instructions`, `mask_prompt` y `extract_response`. Si dejaste alguno, vuelve cuando quieras.

Al final del cuento Casilda ya no espera a que le den la primera palabra: busca, la encuentra y deja la frase a medias, con las cejas levantadas, para que conteste otro. Es lo que has hecho tú: enseñar a alguien a reconocer que es su turno.
"""

# %% [markdown] lang="en"
r"""
There were five exercises: `format_prompt`, `instruction_dataset`, `collate_instructions`, `mask_prompt` and `extract_response`. If you left any, come back when you like.

At the end of the story Casilda no longer waits to be given the first word: she gropes for it, finds it, and leaves the sentence half said, eyebrows raised, for somebody else to answer. That is what you have done: taught someone to see that it is their turn.
"""
