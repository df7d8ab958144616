from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "tensor_dataset": """
class ToyDataset(torch.utils.data.TensorDataset):
    def __init__(self, features, labels):
        super().__init__(features, labels)
""",
    "list_of_pairs": """
class ToyDataset(Dataset):
    def __init__(self, features, labels):
        self.pairs = list(zip(features, labels))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        return self.pairs[i]
""",
    "copies": """
class ToyDataset(Dataset):
    def __init__(self, features, labels):
        super().__init__()
        self.x, self.y = features.detach().clone(), labels.detach().clone()

    def __getitem__(self, i):
        return [self.x[i, :], self.y[i]]

    def __len__(self):
        return self.x.shape[0]
""",
    "select": """
class ToyDataset:
    def __init__(self, features, labels):
        assert features.size(0) == labels.size(0)
        self.__dict__.update(features=features, labels=labels)

    def __len__(self):
        return self.labels.numel()

    def __getitem__(self, index):
        return torch.select(self.features, 0, index), self.labels.select(0, index)
""",
}

LENGTH = "return len(self.labels)"
ITEM = "return self.features[index], self.labels[index]"

WRONG = {
    "no_length": Wrong(
        "Devuelve la forma en vez de un número.",
        "Returns the shape instead of a number.",
        edits=((LENGTH, "return self.features.shape"),),
    ),
    "length_of_columns": Wrong(
        "Cuenta las columnas.",
        "Counts the columns.",
        edits=((LENGTH, "return self.features.shape[1]"),),
    ),
    "wrong_length": Wrong(
        "Cuenta todos los números de la tabla.",
        "Counts all the numbers in the table.",
        edits=((LENGTH, "return self.features.numel()"),),
    ),
    "no_items": Wrong(
        "Escribe mal el nombre del método.",
        "Misspells the method's name.",
        edits=(("__getitem__", "__getitems__"),),
    ),
    "not_a_pair": Wrong(
        "Devuelve solo la fila.",
        "Returns only the row.",
        edits=((ITEM, "return self.features[index]"),),
    ),
    "swapped": Wrong(
        "Devuelve primero la etiqueta.",
        "Returns the label first.",
        edits=((ITEM, "return self.labels[index], self.features[index]"),),
    ),
    "not_tensors": Wrong(
        "Convierte la etiqueta en un número de Python.",
        "Turns the label into a Python number.",
        edits=((ITEM, "return self.features[index], self.labels[index].item()"),),
    ),
    "whole_table": Wrong(
        "Olvida el índice en la tabla.",
        "Forgets the index of the table.",
        edits=((ITEM, "return self.features, self.labels[index]"),),
    ),
    "whole_labels": Wrong(
        "Olvida el índice en las etiquetas.",
        "Forgets the index of the labels.",
        edits=((ITEM, "return self.features[index], self.labels"),),
    ),
    "column": Wrong(
        "Toma una columna.",
        "Takes a column.",
        edits=((ITEM, "return self.features[:, index % self.features.shape[1]], self.labels[index]"),),
    ),
    "kept_dimension": Wrong(
        "Toma un trozo de una fila en vez de la fila.",
        "Takes a slice of one row instead of the row.",
        edits=((ITEM, "return self.features[index : index + 1], self.labels[index : index + 1]"),),
    ),
    "off_by_one": Wrong(
        "Cuenta desde 1.",
        "Counts from 1.",
        edits=((ITEM, "return self.features[index - 1], self.labels[index - 1]"),),
    ),
    "label_of_another": Wrong(
        "Cuenta las etiquetas del revés.",
        "Counts the labels backwards.",
        edits=((ITEM, "return self.features[index], self.labels[-1 - index]"),),
    ),
    "dtype_changed": Wrong(
        "Convierte la tabla a float32 y las etiquetas a enteros largos.",
        "Converts the table to float32 and the labels to long integers.",
        edits=(
            ("self.features = features", "self.features = features.float()"),
            ("self.labels = labels", "self.labels = labels.long()"),
        ),
    ),
    "ignores_index": Wrong(
        "Lleva la cuenta por su lado.",
        "Keeps a count of its own.",
        source="""
class ToyDataset(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels, self.turn = features, labels, -1

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        self.turn += 1
        return self.features[self.turn], self.labels[self.turn]
""",
    ),
    "shared": Wrong(
        "Guarda los tensores en la clase.",
        "Keeps the tensors in the class.",
        edits=(
            ("self.features = features", "ToyDataset.features = features"),
            ("self.labels = labels", "ToyDataset.labels = labels"),
        ),
    ),
    "changed_values": Wrong(
        "Normaliza cada fila.",
        "Normalises each row.",
        edits=(
            (
                ITEM,
                "row = self.features[index].double()\n        return (row / row.norm()).to(self.features.dtype), self.labels[index]",
            ),
        ),
    ),
}
