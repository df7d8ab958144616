from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch06._seeds import SEED_MISTAKES

IMPORTS = "import random\nimport numpy as np\nimport pandas as pd\n"

RIGHT = {
    "class_by_class": """
def balance_classes(df, label="label", seed=0):
    fewest = df[label].value_counts().min()
    parts = []
    for name in df[label].unique():
        parts.append(df[df[label] == name].sample(n=fewest, random_state=seed))
    return pd.concat(parts)
""",
    "shuffle_and_head": '''
def balance_classes(df: pd.DataFrame, label: str = "label", seed: int = 0) -> pd.DataFrame:
    """After a shuffle, the first rows are as random as any."""
    n = df.groupby(label).size().min()
    shuffled = df.sample(frac=1.0, random_state=seed)
    return shuffled.groupby(label, sort=False).head(n).reset_index(drop=True)
''',
    "numpy_generator": """
def balance_classes(df, label="label", seed=0):
    rng = np.random.default_rng(seed)
    values = df[label].to_numpy()
    names, counts = np.unique(values, return_counts=True)
    chosen = [rng.choice(np.flatnonzero(values == name), size=counts.min(), replace=False) for name in names]
    return df.iloc[rng.permutation(np.concatenate(chosen))]
""",
    "global_numpy_seed": """
def balance_classes(df, label="label", seed=0):
    np.random.seed(seed)  # not polite, and right all the same
    fewest = df[label].value_counts().min()
    return pd.concat([rows.sample(fewest) for _, rows in df.groupby(label)])
""",
    "drop_the_surplus": """
def balance_classes(df, label="label", seed=0):
    result = df.copy()
    counts = result[label].value_counts()
    for name, count in counts.items():
        surplus = result[result[label] == name].sample(count - counts.min(), random_state=seed + 1)
        result = result.drop(index=surplus.index)
    return result.sort_values(label)
""",
    "pure_python": """
def balance_classes(df, label="label", seed=0):
    draw = random.Random(seed)
    by_class = {}
    for place, name in enumerate(df[label]):
        by_class.setdefault(name, []).append(place)
    fewest = min(len(places) for places in by_class.values())
    keep = sorted(place for places in by_class.values() for place in draw.sample(places, fewest))
    return df.take(keep)
""",
    "rank_within_class": """
def balance_classes(df, label="label", seed=0):
    g = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(df), generator=g).tolist()
    mixed = df.iloc[order]
    place_in_class = mixed.groupby(label).cumcount()
    return mixed[place_in_class < df[label].value_counts().iloc[-1]]
""",
}

RESULT = "return df.groupby(label).sample(df[label].value_counts().min(), random_state=seed)"


def instead(result: str) -> tuple[tuple[str, str]]:
    """The worked solution with another last line."""
    return ((RESULT, result),)


WRONG = {
    "not_a_frame": Wrong(
        "Devuelve la lista de las tablas, sin unirlas.",
        "Returns the list of tables without joining them.",
        edits=instead(
            "n = df[label].value_counts().min()\n    return [part.sample(n) for _, part in df.groupby(label)]"
        ),
    ),
    "lost_column": Wrong(
        "Usa apply, que deja fuera la columna de los grupos.",
        "Uses apply, which leaves out the column of the groups.",
        edits=instead(
            "n = df[label].value_counts().min()\n"
            "    return df.groupby(label).apply(lambda part: part.sample(n, random_state=seed))"
        ),
    ),
    "extra_column": Wrong(
        "Olvida drop=True, y el índice antiguo queda como columna.",
        "Forgets drop=True, and the old index stays as a column.",
        edits=((RESULT, RESULT + ".reset_index()"),),
    ),
    "changed_labels": Wrong(
        "Aprovecha para convertir las clases en números.",
        "Turns the classes into numbers while at it.",
        edits=((RESULT, RESULT + ".assign(**{label: lambda part: part[label].astype('category').cat.codes})"),),
    ),
    "changed_rows": Wrong(
        "Limpia los textos de paso.",
        "Tidies the texts while at it.",
        edits=((RESULT, RESULT + ".assign(text=lambda part: part['text'].str.upper())"),),
    ),
    "lost_class": Wrong(
        "Iguala solo la clase más numerosa y la más rara.",
        "Equals out only the largest and the rarest class.",
        source="""
def balance_classes(df, label="label", seed=0):
    counts = df[label].value_counts()
    large = df[df[label] == counts.index[0]].sample(counts.min(), random_state=seed)
    return pd.concat([large, df[df[label] == counts.index[-1]]])
""",
    ),
    "upsampled": Wrong(
        "Repite filas de la clase rara hasta igualar a la otra.",
        "Repeats rows of the rare class until it equals the other.",
        edits=instead(
            "return df.groupby(label).sample(df[label].value_counts().max(), replace=True, random_state=seed)"
        ),
    ),
    "repeated": Wrong(
        "Sortea con reemplazo.",
        "Draws with replacement.",
        edits=(("random_state=seed", "replace=True, random_state=seed"),),
    ),
    "not_balanced": Wrong(
        "Sortea de la tabla entera, sin mirar las clases.",
        "Draws from the whole table without looking at the classes.",
        edits=instead("return df.sample(2 * df[label].value_counts().min(), random_state=seed)"),
    ),
    "too_few": Wrong(
        "Toma siempre tres filas de cada clase.",
        "Always takes three rows of each class.",
        edits=(("df[label].value_counts().min()", "3"),),
    ),
    "assumes_rarest": Wrong(
        "Da por hecho que la clase rara es «spam».",
        "Takes it for granted that “spam” is the rare class.",
        source="""
def balance_classes(df, label="label", seed=0):
    spam = df[df[label] == "spam"]
    ham = df[df[label] == "ham"].sample(len(spam), random_state=seed)
    return pd.concat([ham, spam])
""",
    ),
    "fixed_names": Wrong(
        "Escribe los nombres de las clases.",
        "Writes down the names of the classes.",
        source="""
def balance_classes(df, label="label", seed=0):
    ham, spam = df[df[label] == "ham"], df[df[label] == "spam"]
    n = min(len(ham), len(spam))
    return pd.concat([ham.sample(n, random_state=seed), spam.sample(n, random_state=seed)])
""",
    ),
    "fixed_column": Wrong(
        "Escribe el nombre de la columna.",
        "Writes down the name of the column.",
        edits=instead("return df.groupby('label').sample(df.label.value_counts().min(), random_state=seed)"),
    ),
    "index_labels": Wrong(
        "Sortea posiciones y las busca con loc.",
        "Draws positions and looks them up with loc.",
        source="""
def balance_classes(df, label="label", seed=0):
    rng = np.random.default_rng(seed)
    fewest = df[label].value_counts().min()
    chosen = []
    for name in df[label].unique():
        places = np.where(df[label] == name)[0]
        chosen.extend(rng.choice(places, fewest, replace=False))
    return df.loc[chosen]
""",
    ),
    "first_rows": Wrong(
        "Toma las primeras filas de cada clase.",
        "Takes the first rows of each class.",
        edits=instead("return df.groupby(label).head(df[label].value_counts().min())"),
    ),
    "not_repeatable": Wrong(
        "No usa la semilla.",
        "Does not use the seed.",
        edits=((", random_state=seed", ""),),
    ),
    "seed_ignored": Wrong(
        "Escribe una semilla fija.",
        "Writes down a fixed seed.",
        edits=(("random_state=seed", "random_state=123"),),
    ),
    **SEED_MISTAKES,
    "never_drawn": Wrong(
        "Sortea solo entre las primeras filas de cada clase.",
        "Draws only among the first rows of each class.",
        source="""
def balance_classes(df, label="label", seed=0):
    n = df[label].value_counts().min()
    first = df.groupby(label).head(n + 2)
    return first.groupby(label).sample(n, random_state=seed)
""",
    ),
    "changes_frame": Wrong(
        "Ordena la tabla recibida con inplace=True.",
        "Sorts the given table with inplace=True.",
        edits=instead("df.sort_values('hens', inplace=True)\n    " + RESULT),
    ),
    "not_implemented": Wrong(
        "Aún no lo ha escrito.",
        "Has not written it yet.",
        edits=instead("raise NotImplementedError()"),
    ),
}
