from desdecero.authoring.catalogue import Wrong

IMPORTS = "from collections import defaultdict\nfrom itertools import pairwise\n"

RIGHT = {
    "plain_loops": """
def bigram_probabilities(text):
    words = text.lower().split()
    table = {}
    for i in range(len(words) - 1):
        row = table.setdefault(words[i], {})
        row[words[i + 1]] = row.get(words[i + 1], 0) + 1
    for row in table.values():
        total = sum(row.values())
        for word in row:
            row[word] /= total
    return table
""",
    "two_counters": """
def bigram_probabilities(text):
    words = text.lower().split()
    first = Counter(words[:-1])
    table = {word: {} for word in first}
    for (a, b), n in Counter(zip(words, words[1:])).items():
        table[a][b] = n / first[a]
    return table
""",
    "lists_of_followers": """
def bigram_probabilities(text):
    words = text.casefold().split()
    after = defaultdict(list)
    for a, b in zip(words, words[1:]):
        after[a].append(b)
    return {a: {b: bs.count(b) / len(bs) for b in set(bs)} for a, bs in after.items()}
""",
    "add_shares": """
def bigram_probabilities(text):
    words = re.split(r"\\s+", text.strip().lower())
    table = defaultdict(lambda: defaultdict(float))
    times = Counter(words[:-1])
    previous = None
    for word in words:
        if previous is not None:
            table[previous][word] += 1 / times[previous]
        previous = word
    return table
""",
    "pandas": """
def bigram_probabilities(text):
    import pandas as pd

    words = text.lower().split()
    if len(words) < 2:
        return {}
    frame = pd.DataFrame({"a": words[:-1], "b": words[1:]})
    table = pd.crosstab(frame.a, frame.b, normalize="index")
    return {a: {b: p for b, p in row.items() if p > 0} for a, row in table.to_dict("index").items()}
""",
    "tensor_of_counts": """
def bigram_probabilities(text):
    words = text.lower().split()
    vocab = sorted(set(words))
    number = {word: i for i, word in enumerate(vocab)}
    counts = torch.zeros(len(vocab), len(vocab), dtype=torch.float64)
    for a, b in zip(words, words[1:]):
        counts[number[a], number[b]] += 1
    table = {}
    for a in words[:-1]:
        row = counts[number[a]] / counts[number[a]].sum()
        table[a] = {vocab[j]: row[j].item() for j in row.nonzero().flatten().tolist()}
    return table
""",
    "unseen_are_zero": """
def bigram_probabilities(text):
    words = text.lower().split()
    pairs = list(zip(words, words[1:]))
    starts = [a for a, _ in pairs]
    return {a: {b: pairs.count((a, b)) / starts.count(a) for b in set(words)} for a in set(starts)}
""",
}

SPLIT = "text.lower().split()"
COUNT = "counts[word][following] += 1"
SHARE = "count / nexts.total()"
PAIRS = f"in pairwise({SPLIT})"
EMPTY = "counts: dict[str, Counter[str]] = defaultdict(Counter)"
LOOP = f"for word, following {PAIRS}:\n        {COUNT}"
RETURN = """return {
        word: {following: count / nexts.total() for following, count in nexts.items()} for word, nexts in counts.items()
    }"""

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito la función.",
        "Has not written the function yet.",
        edits=((RETURN, "raise NotImplementedError()"),),
    ),
    "not_a_dict": Wrong(
        "Imprime el resultado en vez de devolverlo.",
        "Prints the result instead of returning it.",
        edits=((RETURN, RETURN.replace("return {", "result = {") + "\n    print(result)"),),
    ),
    "pairs_as_keys": Wrong(
        "Un solo diccionario, con parejas como claves.",
        "A single dictionary, with pairs as keys.",
        source="""
def bigram_probabilities(text):
    words = text.lower().split()
    first = Counter(words[:-1])
    return {(a, b): n / first[a] for (a, b), n in Counter(zip(words, words[1:])).items()}
""",
    ),
    "not_nested": Wrong(
        "Devuelve listas de parejas ordenadas con most_common.",
        "Returns lists of pairs, sorted by most_common.",
        edits=(
            (
                "{following: count / nexts.total() for following, count in nexts.items()}",
                "[(following, count / nexts.total()) for following, count in nexts.most_common()]",
            ),
        ),
    ),
    "not_numbers": Wrong(
        "Divide con tensores y no llama a .item().",
        "Divides with tensors and does not call .item().",
        edits=((SHARE, "torch.tensor(count / nexts.total())"),),
    ),
    "kept": Wrong(
        "El diccionario de cuentas es un argumento por defecto, que se crea una sola vez.",
        "The dictionary of counts is a default argument, which is created only once.",
        edits=(
            ("(text: str)", "(text: str, counts=defaultdict(Counter))"),
            (EMPTY, "pass"),
        ),
    ),
    "added_words": Wrong(
        "Añade una marca al final del texto.",
        "Adds a mark at the end of the text.",
        edits=((PAIRS, f'in pairwise({SPLIT} + ["</s>"])'),),
    ),
    "counts": Wrong(
        "Olvida dividir.",
        "Forgets to divide.",
        edits=((SHARE, "count"),),
    ),
    "joint": Wrong(
        "Divide entre el número de parejas del texto.",
        "Divides by the number of pairs in the text.",
        edits=((SHARE, f"count / (len({SPLIT}) - 1)"),),
    ),
    "no_context": Wrong(
        "Mira qué palabras siguen, pero cuenta cada una en todo el texto.",
        "Looks at which words follow, but counts each one in the whole text.",
        edits=((SHARE, f"{SPLIT}.count(following) / len({SPLIT})"),),
    ),
    "word_total": Wrong(
        "Divide entre las veces que aparece la palabra, también si es la última.",
        "Divides by how often the word appears, the last one included.",
        edits=((SHARE, f"count / {SPLIT}.count(word)"),),
    ),
    "distinct": Wrong(
        "Guarda las siguientes en un conjunto y reparte a partes iguales.",
        "Keeps the next words in a set and shares equally among them.",
        edits=((COUNT, "counts[word][following] = 1"),),
    ),
    "backwards": Wrong(
        "Cuenta qué palabra venía antes.",
        "Counts which word came before.",
        edits=((COUNT, "counts[following][word] += 1"),),
    ),
    "every_other": Wrong(
        "Avanza de dos en dos.",
        "Goes on two by two.",
        edits=((PAIRS, f"in zip({SPLIT}[::2], {SPLIT}[1::2])"),),
    ),
    "last_pair": Wrong(
        "El bucle llega hasta len(words) - 2.",
        "The loop goes up to len(words) - 2.",
        edits=(
            (
                LOOP,
                f"words = {SPLIT}\n    for i in range(len(words) - 2):\n        counts[words[i]][words[i + 1]] += 1",
            ),
        ),
    ),
    "wraps": Wrong(
        "Empieza el bucle en 0 y mira words[i - 1], que al principio es la última palabra.",
        "Starts the loop at 0 and looks at words[i - 1], which at first is the last word.",
        edits=(
            (LOOP, f"words = {SPLIT}\n    for i in range(len(words)):\n        counts[words[i - 1]][words[i]] += 1"),
        ),
    ),
    "substrings": Wrong(
        "Cuenta con text.count, que encuentra trozos de palabras.",
        "Counts with text.count, which finds pieces of words.",
        source="""
def bigram_probabilities(text):
    words = text.lower().split()
    text = " ".join(words)
    table = {}
    for a, b in zip(words, words[1:]):
        table.setdefault(a, {})[b] = text.count(a + " " + b) / words[:-1].count(a)
    return table
""",
    ),
    "lines": Wrong(
        "Lee el texto línea a línea.",
        "Reads the text line by line.",
        edits=(
            (
                LOOP,
                "for line in text.lower().splitlines():\n"
                "        for word, following in pairwise(line.split()):\n"
                f"            {COUNT}",
            ),
        ),
    ),
    "rounded": Wrong(
        "Redondea a dos decimales para que se lea mejor.",
        "Rounds to two decimals to make it easier to read.",
        edits=((SHARE, f"round({SHARE}, 2)"),),
    ),
    "percent": Wrong(
        "Multiplica por cien.",
        "Multiplies by a hundred.",
        edits=((SHARE, f"100 * {SHARE}"),),
    ),
    "empty_entry": Wrong(
        "Crea de antemano una entrada para cada palabra, también para la última.",
        "Creates an entry for each word beforehand, for the last one too.",
        edits=((EMPTY, f"counts = {{word: Counter() for word in {SPLIT}}}"),),
    ),
    "short_text": Wrong(
        "Toma la primera palabra sin mirar si la hay.",
        "Takes the first word without looking whether there is one.",
        edits=(
            (
                LOOP,
                f"words = {SPLIT}\n    word = words[0]\n    for following in words[1:]:\n"
                f"        {COUNT}\n        word = following",
            ),
        ),
    ),
    "capitals": Wrong(
        "No pasa el texto a minúsculas.",
        "Does not turn the text into lower case.",
        edits=((SPLIT, "text.split()"),),
    ),
    "single_spaces": Wrong(
        "Escribe un espacio entre los paréntesis de split.",
        "Writes a space between the parentheses of split.",
        edits=((SPLIT, 'text.lower().split(" ")'),),
    ),
    "marks": Wrong(
        "Se queda solo con las letras.",
        "Keeps only the letters.",
        edits=((SPLIT, r're.findall(r"\w+", text.lower())'),),
    ),
    "characters": Wrong(
        "Olvida el split, y recorre las letras.",
        "Forgets the split, and goes through the letters.",
        edits=((SPLIT, "text.lower()"),),
    ),
}
