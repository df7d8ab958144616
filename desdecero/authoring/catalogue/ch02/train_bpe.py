from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch02._common import MERGE_LOSING_THE_LAST

IMPORTS = "from desdecero.text import Pair, count_pairs, merge_pair\n"

RIGHT = {
    "numbers_instead_of_bytes": """
def train_bpe(text, num_merges):
    ids = list(text.encode("utf-8"))
    vocab = {i: bytes([i]) for i in range(256)}
    merges = []
    for step in range(num_merges):
        counts = {}
        for pair in zip(ids, ids[1:]):
            counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        best = max(counts, key=counts.get)
        if counts[best] < 2:
            break
        new_id = 256 + step
        vocab[new_id] = vocab[best[0]] + vocab[best[1]]
        merges.append((vocab[best[0]], vocab[best[1]]))
        out, i = [], 0
        while i < len(ids):
            if i < len(ids) - 1 and ids[i] == best[0] and ids[i + 1] == best[1]:
                out.append(new_id)
                i += 2
            else:
                out.append(ids[i])
                i += 1
        ids = out
    return merges
""",
    "verbose_loops": """
def train_bpe(text, num_merges):
    sequence = []
    for byte in text.encode():
        sequence.append(byte.to_bytes(1, "little"))
    merges = []
    finished = False
    while not finished and len(merges) < num_merges:
        best_pair = None
        best_count = 1
        counts = {}
        for i in range(len(sequence) - 1):
            pair = (sequence[i], sequence[i + 1])
            if pair not in counts:
                counts[pair] = 0
            counts[pair] = counts[pair] + 1
        for pair, count in counts.items():
            if count > best_count:
                best_pair = pair
                best_count = count
        if best_pair is None:
            finished = True
        else:
            merges.append(best_pair)
            i = 0
            while i < len(sequence) - 1:
                if (sequence[i], sequence[i + 1]) == best_pair:
                    sequence[i : i + 2] = [best_pair[0] + best_pair[1]]
                i = i + 1
    return merges
""",
    "sorted_by_position": """
def train_bpe(text, num_merges):
    tokens, merges = [bytes([b]) for b in text.encode("utf-8")], []
    while len(merges) < num_merges and len(tokens) > 1:
        pairs = list(zip(tokens[:-1], tokens[1:]))
        first = {}
        for place, pair in enumerate(pairs):
            first.setdefault(pair, place)
        counts = Counter(pairs)
        pair = sorted(first, key=lambda p: (-counts[p], first[p]))[0]
        if counts[pair] == 1:
            return merges
        merges.append(pair)
        joined = []
        for token in tokens:
            if joined and joined[-1] == pair[0] and token == pair[1] and not fresh:
                joined[-1] += token
                fresh = True
            else:
                joined.append(token)
                fresh = False
        tokens = joined
    return merges
""",
    "recursive": """
def merge(tokens, pair):
    for i in range(len(tokens) - 1):
        if tokens[i] == pair[0] and tokens[i + 1] == pair[1]:
            return tokens[:i] + (pair[0] + pair[1],) + merge(tokens[i + 2 :], pair)
    return tokens

def train_bpe(text, num_merges, tokens=None):
    if tokens is None:
        tokens = tuple(text.encode("utf-8")[i : i + 1] for i in range(len(text.encode("utf-8"))))
    counted = Counter(zip(tokens, tokens[1:])).most_common(1)
    if num_merges == 0 or not counted or counted[0][1] == 1:
        return []
    pair = counted[0][0]
    return [pair] + train_bpe(text, num_merges - 1, merge(tokens, pair))
""",
    "tensors": """
def train_bpe(text, num_merges):
    ids = torch.tensor(list(text.encode("utf-8")), dtype=torch.long)
    names = [bytes([i]) for i in range(256)]
    merges = []
    for _ in range(num_merges):
        if len(ids) < 2:
            break
        codes = ids[:-1] * 100_000 + ids[1:]
        values, inverse, counts = torch.unique(codes, return_inverse=True, return_counts=True)
        if counts.max() < 2:
            break
        k = int((counts[inverse] == counts.max()).nonzero()[0])
        left, right = int(ids[k]), int(ids[k + 1])
        merges.append((names[left], names[right]))
        names.append(names[left] + names[right])
        out, rest = [], ids.tolist()
        while rest:
            if rest[:2] == [left, right]:
                out.append(len(names) - 1)
                rest = rest[2:]
            else:
                out.append(rest.pop(0))
        ids = torch.tensor(out)
    return merges
""",
}

START = '[bytes([byte]) for byte in text.encode("utf-8")]'
LOOP = "while len(merges) < num_merges:\n        pairs = count_pairs(sequence)\n"
BEST = "best = max(pairs, key=pairs.get)  # max keeps the first of equals"
MERGE = "sequence = merge_pair(sequence, best)"

WORDS = """
def train_bpe(text, num_merges):
    words = [[bytes([b]) for b in word.encode("utf-8")] for word in re.findall(r"\\S+|\\s+", text)]
    merges = []
    while len(merges) < num_merges:
        counts = Counter()
        for word in words:
            counts.update(zip(word, word[1:]))
        if not counts:
            break
        best, count = counts.most_common(1)[0]
        if count < 2:
            break
        merges.append(best)
        words = [merge_pair(word, best) for word in words]
    return merges
"""

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito nada.",
        "Has not written anything yet.",
        source="def train_bpe(text, num_merges):\n    raise NotImplementedError()\n",
    ),
    "forbidden": Wrong(
        "Usa el entrenador que trae tiktoken.",
        "Uses the trainer that comes with tiktoken.",
        source="""
def train_bpe(text, num_merges):
    from tiktoken._educational import bpe_train

    ranks = bpe_train(text, 256 + num_merges, r"[\\s\\S]+", visualise=None)
    return [(token[:1], token[1:]) for token in list(ranks)[256:]]
""",
    ),
    "not_a_list": Wrong(
        "Olvida el return.",
        "Forgets the return.",
        edits=(("return merges", "merges"),),
    ),
    "joined_tokens": Wrong(
        "Guarda el token nuevo en vez de la pareja.",
        "Keeps the new token instead of the pair.",
        edits=(("merges.append(best)", "merges.append(best[0] + best[1])"),),
    ),
    "not_pairs": Wrong(
        "Guarda cada pareja con las veces que aparece.",
        "Keeps each pair with the times it occurs.",
        edits=(("merges.append(best)", "merges.append((*best, pairs[best]))"),),
    ),
    "not_bytes": Wrong(
        "Trabaja con los números de los bytes y devuelve parejas de números.",
        "Works with the numbers of the bytes and returns pairs of numbers.",
        source="""
def train_bpe(text, num_merges):
    ids, merges = list(text.encode("utf-8")), []
    for new in range(256, 256 + num_merges):
        counts = Counter(zip(ids, ids[1:]))
        if not counts or max(counts.values()) < 2:
            break
        best = max(counts, key=counts.get)
        merges.append(best)
        out = []
        i = 0
        while i < len(ids):
            if tuple(ids[i : i + 2]) == best:
                out.append(new)
                i += 2
            else:
                out.append(ids[i])
                i += 1
        ids = out
    return merges
""",
    ),
    "not_recounted": Wrong(
        "Cuenta una vez y se queda con las parejas más frecuentes.",
        "Counts once and takes the most frequent pairs.",
        source="""
def train_bpe(text, num_merges):
    data = text.encode("utf-8")
    counts = Counter((data[i : i + 1], data[i + 1 : i + 2]) for i in range(len(data) - 1))
    return [pair for pair, count in counts.most_common(num_merges) if count > 1]
""",
    ),
    "counts_kept": Wrong(
        "Crea el contador fuera del bucle y va sumando en él.",
        "Creates the counter outside the loop and keeps adding to it.",
        edits=(
            (
                LOOP,
                "pairs = Counter()\n    while len(merges) < num_merges:\n        pairs.update(count_pairs(sequence))\n",
            ),
        ),
    ),
    "first_only": Wrong(
        "Une la pareja solo donde aparece por primera vez.",
        "Joins the pair only where it first occurs.",
        edits=(
            (
                MERGE,
                "k = next(k for k in range(len(sequence) - 1) if (sequence[k], sequence[k + 1]) == best)\n"
                "        sequence = sequence[:k] + [best[0] + best[1]] + sequence[k + 2 :]",
            ),
        ),
    ),
    "repeats_token": Wrong(
        "Al unir avanza un solo token, y la mitad derecha queda repetida.",
        "Moves on by a single token after joining, and the right half stays behind.",
        edits=(
            (
                MERGE,
                "sequence = [\n"
                "            best[0] + best[1] if tuple(sequence[i : i + 2]) == best else sequence[i]\n"
                "            for i in range(len(sequence))\n"
                "        ]",
            ),
        ),
    ),
    "loses_last": Wrong(
        "Recorre hasta el penúltimo token y pierde el último.",
        "Goes up to the last token but one and loses the last.",
        edits=((MERGE, MERGE_LOSING_THE_LAST),),
    ),
    "merge_count": Wrong(
        "Da una vuelta de más.",
        "Goes round once too often.",
        edits=(("len(merges) < num_merges", "len(merges) <= num_merges"),),
    ),
    "characters": Wrong(
        "Parte el texto en caracteres antes de pasarlo a bytes.",
        "Splits the text into characters before turning it into bytes.",
        edits=((START, '[character.encode("utf-8") for character in text]'),),
    ),
    "encoding": Wrong(
        "Pasa el texto a ASCII y descarta lo que no cabe.",
        "Turns the text into ASCII and drops what does not fit.",
        edits=(('encode("utf-8")', 'encode("ascii", errors="ignore")'),),
    ),
    "words": Wrong(
        "Separa las palabras antes de contar, como GPT-2.",
        "Splits into words before counting, as GPT-2 does.",
        source=WORDS,
    ),
    "changes_text": Wrong(
        "Pasa el texto a minúsculas.",
        "Turns the text into lower case.",
        edits=(("text.encode(", "text.lower().encode("),),
    ),
    "last_tie": Wrong(
        "Compara con >=, y en un empate se queda con la última.",
        "Compares with >=, and in a tie keeps the last one.",
        edits=(
            (
                BEST,
                "best, most = None, 0\n"
                "        for pair, count in pairs.items():\n"
                "            if count >= most:\n"
                "                best, most = pair, count",
            ),
        ),
    ),
    "tie_by_bytes": Wrong(
        "Ordena por cuenta y después por bytes.",
        "Sorts by count and then by bytes.",
        edits=((BEST, "best = max(pairs, key=lambda pair: (pairs[pair], pair))"),),
    ),
    "oldest_tie": Wrong(
        "Actualiza un mismo diccionario en cada vuelta, y conserva el orden en que se vieron las parejas.",
        "Updates one dictionary in every round, which keeps the order in which pairs were seen.",
        edits=(
            (
                LOOP,
                "pairs = {}\n"
                "    while len(merges) < num_merges:\n"
                "        for pair in pairs:\n"
                "            pairs[pair] = 0\n"
                "        for pair in zip(sequence, sequence[1:]):\n"
                "            pairs[pair] = pairs.get(pair, 0) + 1\n",
            ),
        ),
    ),
    "no_overlaps": Wrong(
        "Al contar salta la pareja entera, y en «aaa» ve una sola (a, a).",
        "Skips the whole pair when counting, and sees a single (a, a) in “aaa”.",
        edits=(
            (
                "pairs = count_pairs(sequence)\n",
                "pairs = {}\n"
                "        last = {}\n"
                "        for i, pair in enumerate(zip(sequence, sequence[1:])):\n"
                "            if last.get(pair, -2) < i - 1:\n"
                "                pairs[pair] = pairs.get(pair, 0) + 1\n"
                "                last[pair] = i\n",
            ),
        ),
    ),
    "every_other": Wrong(
        "Empareja los tokens de dos en dos.",
        "Takes the tokens two by two.",
        edits=(("count_pairs(sequence)", "Counter(zip(sequence[::2], sequence[1::2]))"),),
    ),
    "right_to_left": Wrong(
        "Recorre la secuencia desde el final para poder borrar sin mover los índices.",
        "Goes through the sequence from the end so that deleting does not move the indices.",
        edits=(
            (
                MERGE,
                "i = len(sequence) - 2\n"
                "        while i >= 0:\n"
                "            if (sequence[i], sequence[i + 1]) == best:\n"
                "                sequence[i : i + 2] = [best[0] + best[1]]\n"
                "                i -= 1\n"
                "            i -= 1",
            ),
        ),
    ),
    "never_stops": Wrong(
        "No comprueba que la pareja se repita.",
        "Does not check that the pair is repeated.",
        edits=(("        if pairs[best] < 2:\n            break\n", ""),),
    ),
    "stops_early": Wrong(
        "Para cuando la pareja aparece dos veces.",
        "Stops when the pair occurs twice.",
        edits=(("pairs[best] < 2", "pairs[best] <= 2"),),
    ),
    "short_text": Wrong(
        "No comprueba que haya parejas, y max falla con un texto vacío.",
        "Does not check that there are pairs, and max fails for an empty text.",
        edits=(("        if not pairs:\n            break\n", ""),),
    ),
}
