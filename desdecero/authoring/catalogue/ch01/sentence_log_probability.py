from desdecero.authoring.catalogue import Wrong

IMPORTS = "from collections import defaultdict\nfrom itertools import pairwise\nimport numpy as np\n"

RIGHT = {
    "try_and_except": """
def sentence_log_probability(sentence, probabilities):
    words = sentence.lower().split()
    result = 0.0
    for i in range(len(words) - 1):
        try:
            result += math.log(probabilities[words[i]][words[i + 1]])
        except (KeyError, ValueError):
            return float("-inf")
    return result
""",
    "one_sum": """
def sentence_log_probability(sentence, probabilities):
    words = sentence.lower().split()
    steps = [probabilities.get(a, {}).get(b, 0) for a, b in zip(words, words[1:])]
    return sum(math.log(p) if p > 0 else -math.inf for p in steps)
""",
    "numpy": """
def sentence_log_probability(sentence, probabilities):
    words = sentence.casefold().split()
    p = np.array([probabilities.get(a, {}).get(b, 0.0) for a, b in zip(words[:-1], words[1:])], dtype=float)
    with np.errstate(divide="ignore"):
        return float(np.log(p).sum())
""",
    "torch": """
def sentence_log_probability(sentence, probabilities):
    words = sentence.lower().split()
    p = torch.tensor([probabilities.get(a, {}).get(b, 0.0) for a, b in pairwise(words)], dtype=torch.float64)
    return p.log().sum().item()
""",
    "recursion_by_halves": """
def sentence_log_probability(sentence, probabilities):
    def walk(words):
        if len(words) < 2:
            return 0.0
        if len(words) == 2:
            a, b = words
            if a in probabilities and b in probabilities[a]:
                return math.log(probabilities[a][b])
            return -math.inf
        half = len(words) // 2
        return walk(words[: half + 1]) + walk(words[half:])

    return walk(sentence.lower().split())
""",
    "previous_word": """
def sentence_log_probability(sentence: str, probabilities: dict) -> float:
    total, previous = 0.0, None
    for word in re.findall(r"\\S+", sentence.lower()):
        if previous is not None:
            total += math.log(p) if (p := probabilities.get(previous, {}).get(word)) else float("-inf")
        previous = word
    return total
""",
}

WORDS = "sentence.lower().split()"
PAIRS = f"pairwise({WORDS})"
LOOK_UP = "probability = probabilities.get(word, {}).get(following, 0.0)"
UNSEEN = "            return -math.inf"
ADD = "total += math.log(probability)"
RETURN = "    return total"


def with_return(new: str) -> tuple[str, str]:
    return f"{ADD}\n{RETURN}", f"{ADD}\n    return {new}"


WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito la función.",
        "Has not written the function yet.",
        edits=(("    total = 0.0", "    raise NotImplementedError()"),),
    ),
    "not_a_number": Wrong(
        "Devuelve un tensor de cero dimensiones.",
        "Returns a tensor of no dimensions.",
        edits=(with_return("torch.tensor(total)"),),
    ),
    "changes_table": Wrong(
        "Busca con setdefault, que añade entradas vacías al diccionario.",
        "Looks up with setdefault, which adds empty entries to the dictionary.",
        edits=((LOOK_UP, "probability = probabilities.setdefault(word, {}).setdefault(following, 0.0)"),),
    ),
    "own_counts": Wrong(
        "Vuelve a contar las parejas en la frase.",
        "Counts the pairs anew in the sentence.",
        edits=(
            (
                "    total = 0.0",
                "    from desdecero.text import count_pairs\n"
                f"    words = {WORDS}\n"
                "    first = Counter(words[:-1])\n"
                "    probabilities = {a: {} for a in words}\n"
                "    for (a, b), n in count_pairs(words).items():\n"
                "        probabilities[a][b] = n / first[a]\n"
                "    total = 0.0",
            ),
        ),
    ),
    "product": Wrong(
        "Multiplica las probabilidades y no toma el logaritmo.",
        "Multiplies the probabilities and takes no logarithm.",
        edits=(("total = 0.0", "total = 1.0"), (ADD, "total *= probability")),
    ),
    "no_logarithm": Wrong(
        "Suma las probabilidades.",
        "Adds up the probabilities.",
        edits=((ADD, "total += probability"),),
    ),
    "other_base": Wrong(
        "Mide en bits, con logaritmos en base 2.",
        "Measures in bits, with logarithms to base 2.",
        edits=((ADD, "total += math.log2(probability)"),),
    ),
    "log1p": Wrong(
        "Usa log1p para no tropezar con el cero.",
        "Uses log1p so as not to stumble over zero.",
        edits=((ADD, "total += math.log1p(probability)"),),
    ),
    "sign": Wrong(
        "Cambia el signo, como en una pérdida.",
        "Changes the sign, as in a loss.",
        edits=((ADD, "total -= math.log(probability)"),),
    ),
    "mean": Wrong(
        "Da la media por paso.",
        "Gives the mean per step.",
        edits=(with_return(f"total / max(len({WORDS}) - 1, 1)"),),
    ),
    "backwards": Wrong(
        "Confunde el orden de las dos claves.",
        "Confuses the order of the two keys.",
        edits=((LOOK_UP, "probability = probabilities.get(following, {}).get(word, 0.0)"),),
    ),
    "every_other": Wrong(
        "Avanza de dos en dos.",
        "Goes on two by two.",
        edits=((PAIRS, f"zip({WORDS}[::2], {WORDS}[1::2])"),),
    ),
    "last_step": Wrong(
        "Deja fuera la última palabra.",
        "Leaves the last word out.",
        edits=((PAIRS, f"pairwise({WORDS}[:-1])"),),
    ),
    "first_word": Wrong(
        "Supone que la frase puede empezar por cualquier palabra del diccionario, y lo suma.",
        "Assumes that the sentence may begin with any word of the dictionary, and adds that.",
        edits=(("total = 0.0", "total = -math.log(len(probabilities))"),),
    ),
    "unseen_raises": Wrong(
        "Busca con corchetes.",
        "Looks up with brackets.",
        edits=((LOOK_UP, "probability = probabilities[word][following]"),),
    ),
    "unseen_skipped": Wrong(
        "Se salta lo que no encuentra.",
        "Skips what it does not find.",
        edits=((UNSEEN, "            continue"),),
    ),
    "unseen_stops": Wrong(
        "Sale del bucle con lo que lleva sumado.",
        "Leaves the loop with what it has so far.",
        edits=((UNSEEN, "            break"),),
    ),
    "unseen_zero": Wrong(
        "Devuelve 0 para un paso desconocido.",
        "Returns 0 for an unknown step.",
        edits=((UNSEEN, "            return 0.0"),),
    ),
    "needs_row": Wrong(
        "Da por desconocida toda palabra que no tenga entrada, también la última.",
        "Takes every word without an entry for an unknown one, the last one too.",
        edits=((LOOK_UP, f"{LOOK_UP} if following in probabilities else 0.0"),),
    ),
    "smoothed": Wrong(
        "Evita el cero con una probabilidad diminuta.",
        "Avoids zero with a tiny probability.",
        edits=((LOOK_UP, "probability = probabilities.get(word, {}).get(following, 1e-10)"),),
    ),
    "short": Wrong(
        "Da -inf a una frase sin pasos.",
        "Gives -inf to a sentence without steps.",
        edits=(("    total = 0.0", f"    if len({WORDS}) < 2:\n        return -math.inf\n    total = 0.0"),),
    ),
    "underflow": Wrong(
        "Multiplica y toma el logaritmo al final.",
        "Multiplies and takes the logarithm at the end.",
        edits=(
            ("total = 0.0", "total = 1.0"),
            (f"{ADD}\n{RETURN}", "total *= probability\n    return math.log(total) if total else -math.inf"),
        ),
    ),
    "capitals": Wrong(
        "No pasa la frase a minúsculas.",
        "Does not turn the sentence into lower case.",
        edits=((WORDS, "sentence.split()"),),
    ),
    "single_spaces": Wrong(
        "Escribe un espacio entre los paréntesis de split.",
        "Writes a space between the parentheses of split.",
        edits=((WORDS, 'sentence.lower().split(" ")'),),
    ),
    "marks": Wrong(
        "Quita las comas de la frase.",
        "Removes the commas from the sentence.",
        edits=((WORDS, r're.findall(r"\w+", sentence.lower())'),),
    ),
    "characters": Wrong(
        "Olvida el split, y recorre las letras.",
        "Forgets the split, and goes through the letters.",
        edits=((WORDS, "sentence.lower()"),),
    ),
}
