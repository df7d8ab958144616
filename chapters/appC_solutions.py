# %% [markdown] lang="es"
r"""
# C · Soluciones

Anselmo tardó tres veranos en cruzar el río sin rozar la piedra. Cuando le preguntaron cómo se hacía, no contó el viaje bueno: contó los malos, uno por uno.
"""

# %% [markdown] lang="en"
r"""
# C · Solutions

It took Anselmo three summers to cross the river without touching the stone. When they asked him how it was done he didn't tell of the good crossing: he told of the bad ones, one by one.
"""

# %% [markdown] lang="es"
r"""
**Qué hay aquí.** Cada ejercicio con su enunciado, su solución y los errores que la comprobación conoce, con lo que dice de cada uno.

**Qué necesitas.** Haberlo intentado. Los errores ayudan más que la solución: empieza por ellos.

**Cuánto se tarda.** Se viene a buscar algo y se vuelve por el enlace. (Si el otro cuaderno estaba cerrado, la primera pulsación solo lo abre y la segunda te lleva al ejercicio.)
"""

# %% [markdown] lang="en"
r"""
**What is here.** Every exercise with its statement, its solution, and the mistakes that the check knows, with what it says of each.

**What you need.** To have tried. The mistakes help more than the solution: begin with them.

**How long it takes.** One comes to look something up, and goes back by the link. (If the other notebook was closed, the first click only opens it and the second takes you to the exercise.)
"""

# %%
from desdecero import use_edition
from desdecero.checks import exercises
from desdecero.mistakes import mistakes
from desdecero.widgets.mistakes import play_mistakes

use_edition(EDITION)
print(len(exercises()), len(mistakes()))

# %% [markdown] lang="es"
r"""
Son los ejercicios y los errores. Detrás de cada error hay una respuesta equivocada escrita a propósito, que se corrige cada vez que cambia el curso: si la comprobación dejara de reconocerla, lo sabríamos antes que tú.

Los números de un mensaje son los de un caso; en tu ordenador saldrán otros si tu código es otro.
"""

# %% [markdown] lang="en"
r"""
Those are the exercises and the mistakes. Behind every mistake there is a wrong answer written on purpose, which is graded each time the course changes: if the check no longer recognised it, we would know before you do.

The numbers in a message are those of one case; on your computer they will be others if your code is another.
"""

# %% [markdown] lang="es"
r"""
## Busca tu mensaje

Escribe dos o tres palabras de lo que te ha dicho la comprobación, o del error que crees tener: «máscara», «dropout», «return». Salen los errores en los que aparecen todas.

Antes de tocar nada, apuesta una gallina: ¿en cuántos ejercicios se puede olvidar el dropout?
"""

# %% [markdown] lang="en"
r"""
## Look up your message

Type two or three words of what the check told you, or of the mistake you think you made: “mask”, “dropout”, “return”. Out come the mistakes in which all of them occur.

Before you touch anything, bet a hen: in how many exercises can one forget the dropout?
"""

# %%
play_mistakes(words="dropout")

# %% [markdown] lang="es"
r"""
## 1 · Qué es un modelo de lenguaje
"""

# %% [markdown] lang="en"
r"""
## 1 · What a language model is
"""

# %% answers="ch01"

# %% [markdown] lang="es"
r"""
## 2 · Datos de texto
"""

# %% [markdown] lang="en"
r"""
## 2 · Text data
"""

# %% answers="ch02"

# %% [markdown] lang="es"
r"""
## 3 · Atención
"""

# %% [markdown] lang="en"
r"""
## 3 · Attention
"""

# %% answers="ch03"

# %% [markdown] lang="es"
r"""
## 4 · El modelo GPT
"""

# %% [markdown] lang="en"
r"""
## 4 · The GPT model
"""

# %% answers="ch04"

# %% [markdown] lang="es"
r"""
## 5 · Preentrenar
"""

# %% [markdown] lang="en"
r"""
## 5 · Pretraining
"""

# %% answers="ch05"

# %% [markdown] lang="es"
r"""
## 6 · Afinar un clasificador
"""

# %% [markdown] lang="en"
r"""
## 6 · Fine-tuning a classifier
"""

# %% answers="ch06"

# %% [markdown] lang="es"
r"""
## 7 · Seguir instrucciones
"""

# %% [markdown] lang="en"
r"""
## 7 · Following instructions
"""

# %% answers="ch07"

# %% [markdown] lang="es"
r"""
## A · PyTorch, lo justo
"""

# %% [markdown] lang="en"
r"""
## A · PyTorch, just enough
"""

# %% answers="appA"

# %% [markdown] lang="es"
r"""
## D · Extras del bucle de entrenamiento
"""

# %% [markdown] lang="en"
r"""
## D · Training-loop extras
"""

# %% answers="appD"

# %% [markdown] lang="es"
r"""
## E · LoRA
"""

# %% [markdown] lang="en"
r"""
## E · LoRA
"""

# %% answers="appE"
