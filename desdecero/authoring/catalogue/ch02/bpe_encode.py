from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch02._common import MERGE_LOSING_THE_LAST

IMPORTS = "from desdecero.text import Pair, merge_pair\n"

RIGHT = {
    "one_pass_per_merge": """
def bpe_encode(text, merges):
    tokens = [bytes([b]) for b in text.encode("utf-8")]
    for left, right in merges:
        new, i = [], 0
        while i < len(tokens):
            if i + 1 < len(tokens) and tokens[i] == left and tokens[i + 1] == right:
                new.append(left + right)
                i += 2
            else:
                new.append(tokens[i])
                i += 1
        tokens = new
    return tokens
""",
    "one_occurrence_at_a_time": """
def bpe_encode(text, merges):
    data = text.encode()
    tokens = [data[i : i + 1] for i in range(len(data))]
    while True:
        best_rank, best_place = None, None
        for place in range(len(tokens) - 1):
            pair = (tokens[place], tokens[place + 1])
            if pair in merges:
                rank = merges.index(pair)
                if best_rank is None or rank < best_rank:
                    best_rank, best_place = rank, place
        if best_place is None:
            return tokens
        tokens[best_place : best_place + 2] = [tokens[best_place] + tokens[best_place + 1]]
""",
    "ranks_of_tokens": """
def bpe_encode(text, merges):
    ranks = {bytes([i]): i for i in range(256)}
    for left, right in merges:
        ranks[left + right] = len(ranks)
    parts = [bytes([b]) for b in text.encode("utf-8")]
    while len(parts) > 1:
        candidates = [(ranks[a + b], i) for i, (a, b) in enumerate(zip(parts[:-1], parts[1:])) if a + b in ranks]
        if not candidates:
            break
        _, i = min(candidates)
        parts = parts[:i] + [parts[i] + parts[i + 1]] + parts[i + 2 :]
    return parts
""",
    "boundaries": """
def bpe_encode(text, merges):
    data = text.encode("utf-8")
    rank = {pair: k for k, pair in enumerate(merges)}
    cuts = list(range(len(data) + 1))

    def rank_at(i):
        a, b, c = cuts[i : i + 3]
        return rank.get((data[a:b], data[b:c]), math.inf)

    while len(cuts) > 2:
        i = min(range(len(cuts) - 2), key=rank_at)
        if rank_at(i) == math.inf:
            break
        del cuts[i + 1]
    return [data[a:b] for a, b in zip(cuts, cuts[1:])]
""",
    "numbers": """
def bpe_encode(text, merges):
    number = {bytes([i]): i for i in range(256)}
    table = {}
    for left, right in merges:
        table[number[left], number[right]] = len(number)
        number[left + right] = len(number)
    name = {i: token for token, i in number.items()}
    ids = list(text.encode("utf-8"))
    while True:
        known = [table[pair] for pair in zip(ids, ids[1:]) if pair in table]
        if not known:
            return [name[i] for i in ids]
        new = min(known)
        out = []
        skip = False
        for i, first in enumerate(ids):
            if skip:
                skip = False
            elif i + 1 < len(ids) and table.get((first, ids[i + 1])) == new:
                out.append(new)
                skip = True
            else:
                out.append(first)
        ids = out
""",
}

START = '[bytes([byte]) for byte in text.encode("utf-8")]'
BEST = "best = min(zip(sequence, sequence[1:]), key=lambda pair: rank.get(pair, len(rank)))"
RANK = "rank = {pair: i for i, pair in enumerate(merges)}"
MERGE = "sequence = merge_pair(sequence, best)"

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito nada.",
        "Has not written anything yet.",
        source="def bpe_encode(text, merges):\n    raise NotImplementedError()\n",
    ),
    "forbidden": Wrong(
        "Deja que tiktoken haga el trabajo.",
        "Lets tiktoken do the work.",
        source="""
import tiktoken

def bpe_encode(text, merges):
    ranks = {bytes([i]): i for i in range(256)}
    ranks.update({left + right: 256 + i for i, (left, right) in enumerate(merges)})
    encoding = tiktoken.Encoding("mine", pat_str=r"[\\s\\S]+", mergeable_ranks=ranks, special_tokens={})
    return encoding.decode_tokens_bytes(encoding.encode(text))
""",
    ),
    "not_a_list": Wrong(
        "Devuelve los tokens en una tupla.",
        "Returns the tokens in a tuple.",
        edits=(("return sequence", "return tuple(sequence)"),),
    ),
    "not_bytes": Wrong(
        "Devuelve los tokens como texto.",
        "Returns the tokens as text.",
        edits=(("return sequence", 'return [token.decode("utf-8", errors="replace") for token in sequence]'),),
    ),
    "loses_bytes": Wrong(
        "Recorre hasta el penúltimo token y pierde el último.",
        "Goes up to the last token but one and loses the last.",
        edits=((MERGE, MERGE_LOSING_THE_LAST),),
    ),
    "no_merges": Wrong(
        "Compara parejas de números con parejas de bytes, y nunca encuentra ninguna.",
        "Compares pairs of numbers with pairs of bytes, and never finds one.",
        edits=((BEST, "best = (sequence[0][0], sequence[1][0])"),),
    ),
    "one_round": Wrong(
        "Escribe if donde hacía falta while.",
        "Writes if where while was needed.",
        edits=(
            ("while len(sequence) > 1:", "if len(sequence) > 1:"),
            (
                "        if best not in rank:\n            break\n        sequence",
                "        if best in rank:\n            sequence",
            ),
        ),
    ),
    "first_only": Wrong(
        "Recorre merges y une solo la primera aparición de cada pareja.",
        "Goes through merges and joins only the first occurrence of each pair.",
        source="""
def bpe_encode(text, merges):
    sequence = [bytes([b]) for b in text.encode("utf-8")]
    for left, right in merges:
        for i in range(len(sequence) - 1):
            if sequence[i] == left and sequence[i + 1] == right:
                sequence[i : i + 2] = [left + right]
                break
    return sequence
""",
    ),
    "right_to_left": Wrong(
        "Une desde el final para poder borrar sin mover los índices.",
        "Joins from the end so that deleting does not move the indices.",
        source="""
def bpe_encode(text, merges):
    sequence = [bytes([b]) for b in text.encode("utf-8")]
    for left, right in merges:
        i = len(sequence) - 2
        while i >= 0:
            if sequence[i] == left and sequence[i + 1] == right:
                sequence[i] = left + right
                del sequence[i + 1]
                i -= 1
            i -= 1
    return sequence
""",
    ),
    "characters": Wrong(
        "Parte el texto en caracteres antes de pasarlo a bytes.",
        "Splits the text into characters before turning it into bytes.",
        edits=((START, '[character.encode("utf-8") for character in text]'),),
    ),
    "words": Wrong(
        "Codifica cada palabra por separado.",
        "Encodes each word on its own.",
        source="""
def bpe_encode(text, merges):
    tokens = []
    for word in re.findall(r"\\S+|\\s+", text):
        sequence = [bytes([b]) for b in word.encode("utf-8")]
        for pair in merges:
            sequence = merge_pair(sequence, pair)
        tokens += sequence
    return tokens
""",
    ),
    "longest_match": Wrong(
        "Busca desde la izquierda el token más largo del vocabulario.",
        "Looks from the left for the longest token in the vocabulary.",
        source="""
def bpe_encode(text, merges):
    data = text.encode("utf-8")
    known = {left + right for left, right in merges}
    tokens, start = [], 0
    while start < len(data):
        end = len(data)
        while end > start + 1 and data[start:end] not in known:
            end -= 1
        tokens.append(data[start:end])
        start = end
    return tokens
""",
    ),
    "leftmost_first": Wrong(
        "Une la primera pareja conocida que encuentra.",
        "Joins the first known pair it finds.",
        edits=((BEST, "best = next((pair for pair in zip(sequence, sequence[1:]) if pair in rank), None)"),),
    ),
    "last_first": Wrong(
        "Elige la fusión de rango más alto.",
        "Chooses the merge of highest rank.",
        edits=((BEST, "best = max(zip(sequence, sequence[1:]), key=lambda pair: rank.get(pair, -1))"),),
    ),
    "other_order": Wrong(
        "Elige la fusión que da el token más largo.",
        "Chooses the merge that gives the longest token.",
        edits=(
            (BEST, "best = max(zip(sequence, sequence[1:]), key=lambda pair: len(pair[0] + pair[1]) * (pair in rank))"),
        ),
    ),
    "by_count": Wrong(
        "Repite lo del entrenamiento: une la pareja más frecuente del texto.",
        "Does as in training: joins the pair most frequent in the text.",
        edits=(
            (
                BEST,
                "counts = Counter(pair for pair in zip(sequence, sequence[1:]) if pair in rank)\n"
                "        best = max(counts, key=counts.get, default=None)",
            ),
        ),
    ),
    "learns_anew": Wrong(
        "Entrena con el texto que tenía que codificar.",
        "Trains on the text it had to encode.",
        source="""
def bpe_encode(text, merges):
    sequence = [bytes([b]) for b in text.encode("utf-8")]
    for _ in range(len(merges)):
        counts = Counter(zip(sequence, sequence[1:]))
        if not counts or max(counts.values()) < 2:
            break
        sequence = merge_pair(sequence, max(counts, key=counts.get))
    return sequence
""",
    ),
    "short_text": Wrong(
        "Busca la mejor pareja aunque no quede ninguna.",
        "Looks for the best pair even when there is none left.",
        edits=(("while len(sequence) > 1:", "while True:"),),
    ),
    "empty_token": Wrong(
        "Devuelve el texto entero como un token cuando no tiene parejas.",
        "Returns the whole text as one token when it has no pairs.",
        edits=((RANK, 'if len(text) < 2:\n        return [text.encode("utf-8")]\n    ' + RANK),),
    ),
    "uses_up_merges": Wrong(
        "Va sacando las fusiones de la lista que recibe.",
        "Takes the merges out of the list it is given.",
        source="""
def bpe_encode(text, merges):
    sequence = [bytes([b]) for b in text.encode("utf-8")]
    while merges:
        sequence = merge_pair(sequence, merges.pop(0))
    return sequence
""",
    ),
}
