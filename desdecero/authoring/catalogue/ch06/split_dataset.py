from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch06._seeds import SEED_MISTAKES

IMPORTS = "import random\nimport numpy as np\nimport pandas as pd\n"

RIGHT = {
    "draw_and_drop": """
def split_dataset(df, train=0.7, validation=0.1, seed=0):
    first = df.sample(n=int(len(df) * train), random_state=seed)
    rest = df.drop(first.index)
    second = rest.sample(n=int(len(df) * validation), random_state=seed)
    return first, second, rest.drop(second.index)
""",
    "numpy_permutation": '''
def split_dataset(df: pd.DataFrame, train: float = 0.7, validation: float = 0.1, seed: int = 0):
    """Permute positions, then cut the permutation."""
    n = len(df)
    order = np.random.default_rng(seed).permutation(n)
    cuts = np.cumsum([int(n * train), int(n * validation)])
    return tuple(df.iloc[places] for places in np.split(order, cuts))
''',
    "global_numpy_seed": """
def split_dataset(df, train=0.7, validation=0.1, seed=0):
    np.random.seed(seed)
    mixed = df.iloc[np.random.permutation(len(df))]
    a, b = int(len(df) * train), int(len(df) * validation)
    return mixed.iloc[:a], mixed.iloc[a : a + b], mixed.iloc[a + b :]
""",
    "list_of_three": """
def split_dataset(df, train=0.7, validation=0.1, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    places = torch.randperm(len(df), generator=g).tolist()
    sizes = [math.floor(len(df) * share) for share in (train, validation)]
    parts = []
    for size in sizes:
        parts.append(df.take(places[:size]).reset_index(drop=True))
        places = places[size:]
    return [*parts, df.take(places).reset_index(drop=True)]
""",
    "names_for_rows": """
def split_dataset(df, train=0.7, validation=0.1, seed=0):
    n = len(df)
    n_train, n_validation = int(train * n), int(validation * n)
    roles = ["train"] * n_train + ["validation"] * n_validation + ["test"] * (n - n_train - n_validation)
    random.Random(seed).shuffle(roles)
    roles = np.array(roles, dtype=object)
    return df[roles == "train"], df[roles == "validation"], df[roles == "test"]
""",
    "scikit_learn": """
from sklearn.utils import shuffle

def split_dataset(df, train=0.7, validation=0.1, seed=0):
    mixed = shuffle(df, random_state=seed)
    end = int(len(mixed) * train)
    stop = end + int(len(mixed) * validation)
    return mixed.head(end), mixed.iloc[end:stop], mixed.tail(len(mixed) - stop)
""",
}

SHUFFLE = "df.sample(frac=1, random_state=seed).reset_index(drop=True)"
FIRST = "int(len(df) * train)"
SECOND = "first + int(len(df) * validation)"
RESULT = "return shuffled[:first], shuffled[first:second], shuffled[second:]"

WRONG = {
    "not_three": Wrong(
        "Devuelve solo train y prueba.",
        "Returns train and test only.",
        edits=((RESULT, "return shuffled[:first], shuffled[first:]"),),
    ),
    "not_a_frame": Wrong(
        "Devuelve matrices de numpy.",
        "Returns numpy arrays.",
        edits=((RESULT, "return np.split(shuffled.to_numpy(), [first, second])"),),
    ),
    "lost_column": Wrong(
        "Se queda solo con los textos.",
        "Keeps the texts only.",
        edits=((SHUFFLE, SHUFFLE + "[['text']]"),),
    ),
    "extra_column": Wrong(
        "Olvida drop=True, y el índice antiguo queda como columna.",
        "Forgets drop=True, and the old index stays as a column.",
        edits=((".reset_index(drop=True)", ".reset_index()"),),
    ),
    "changed_rows": Wrong(
        "Baraja cada columna por su lado, y los textos pierden su etiqueta.",
        "Shuffles each column by itself, and the texts lose their label.",
        edits=((SHUFFLE, "df.apply(lambda column: column.sample(frac=1).to_numpy())"),),
    ),
    "rounded": Wrong(
        "Redondea los tamaños.",
        "Rounds the sizes.",
        edits=((FIRST, "round(len(df) * train)"), (SECOND, "first + round(len(df) * validation)")),
    ),
    "of_the_rest": Wrong(
        "Toma la validación como parte de lo que queda.",
        "Takes validation as a share of what is left.",
        edits=((SECOND, "first + int((len(df) - first) * validation)"),),
    ),
    "sizes_together": Wrong(
        "Suma las dos partes antes de multiplicar.",
        "Adds the two shares before multiplying.",
        edits=((SECOND, "int(len(df) * (train + validation))"),),
    ),
    "boundary": Wrong(
        "Toma el tamaño de la validación por el lugar donde acaba.",
        "Takes the size of validation for the place where it ends.",
        edits=((SECOND, "int(len(df) * validation)"),),
    ),
    "swapped": Wrong(
        "Devuelve la prueba antes que la validación.",
        "Returns test before validation.",
        edits=((RESULT, "return shuffled[:first], shuffled[second:], shuffled[first:second]"),),
    ),
    "fixed_shares": Wrong(
        "Escribe los números en vez de usar los argumentos.",
        "Writes down the numbers instead of using the arguments.",
        edits=((FIRST, "int(len(df) * 0.7)"), (SECOND, "first + int(len(df) * 0.1)")),
    ),
    "needs_column": Wrong(
        "Ordena cada parte por la columna de las clases.",
        "Sorts each part by the column of the classes.",
        edits=(
            (
                RESULT,
                "parts = shuffled[:first], shuffled[first:second], shuffled[second:]\n"
                '    return tuple(part.sort_values("label") for part in parts)',
            ),
        ),
    ),
    "repeated": Wrong(
        "Baraja con reemplazo.",
        "Shuffles with replacement.",
        edits=(("frac=1,", "frac=1, replace=True,"),),
    ),
    "overlap": Wrong(
        "Sortea cada parte por separado de la tabla entera.",
        "Draws each part by itself from the whole table.",
        source="""
def split_dataset(df, train=0.7, validation=0.1, seed=0):
    n, a, b = len(df), int(len(df) * train), int(len(df) * validation)
    return tuple(df.sample(size, random_state=seed + i) for i, size in enumerate((a, b, n - a - b)))
""",
    ),
    "lost_rows": Wrong(
        "Calcula el tamaño de la prueba, y lo que no cabe se pierde.",
        "Computes the size of the test part, and what does not fit gets lost.",
        edits=((RESULT, RESULT + "[: int(len(df) * (1 - train - validation))]"),),
    ),
    "wrong_sizes": Wrong(
        "Cuenta la prueba y da las filas que sobran a train.",
        "Counts the test part and gives the rows left over to train.",
        edits=((FIRST, "len(df) - int(len(df) * validation) - int(len(df) * (1 - train - validation))"),),
    ),
    "not_shuffled": Wrong(
        "Corta sin barajar.",
        "Cuts without shuffling.",
        edits=((SHUFFLE, "df.reset_index(drop=True)"),),
    ),
    "rest_not_shuffled": Wrong(
        "Sortea train y reparte el resto por orden.",
        "Draws train and shares out the rest in order.",
        source="""
def split_dataset(df, train=0.7, validation=0.1, seed=0):
    chosen = df.sample(int(len(df) * train), random_state=seed)
    rest = df.drop(chosen.index)
    size = int(len(df) * validation)
    return chosen, rest[:size], rest[size:]
""",
    ),
    "classes_together": Wrong(
        "Baraja con groupby, cada clase por su lado.",
        "Shuffles with groupby, each class by itself.",
        edits=((SHUFFLE, 'df.groupby("label").sample(frac=1, random_state=seed).reset_index(drop=True)'),),
    ),
    "not_repeatable": Wrong(
        "No usa la semilla.",
        "Does not use the seed.",
        edits=((", random_state=seed", ""),),
    ),
    "seed_ignored": Wrong(
        "Escribe una semilla fija.",
        "Writes down a fixed seed.",
        edits=(("random_state=seed", "random_state=42"),),
    ),
    **SEED_MISTAKES,
    "empty_test": Wrong(
        "Corta la prueba contando desde el final, y cero filas son todas.",
        "Cuts the test part counting from the end, and zero rows are all of them.",
        edits=((RESULT, RESULT.replace("[second:]", "[-(len(df) - second) :]")),),
    ),
    "empty_part": Wrong(
        "Usa train_test_split, que no admite partes vacías.",
        "Uses train_test_split, which allows no empty parts.",
        source="""
from sklearn.model_selection import train_test_split

def split_dataset(df, train=0.7, validation=0.1, seed=0):
    n = len(df)
    first, rest = train_test_split(df, train_size=int(n * train), random_state=seed)
    second, third = train_test_split(rest, train_size=int(n * validation), random_state=seed)
    return first, second, third
""",
    ),
    "changes_frame": Wrong(
        "Apunta en la tabla recibida a qué parte va cada fila.",
        "Notes in the given table which part each row goes to.",
        edits=((RESULT, "df['part'] = 'train'\n    " + RESULT),),
    ),
    "index_labels": Wrong(
        "Permuta posiciones y las busca con loc.",
        "Permutes positions and looks them up with loc.",
        edits=((SHUFFLE, "df.loc[np.random.default_rng(seed).permutation(len(df))]"),),
    ),
}
