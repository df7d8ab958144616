from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "one_line": """
def training_budget(n_params, tokens_per_param=20.0, bytes_per_token=4.0):
    n = n_params
    return dict(tokens=n * tokens_per_param, flops=6 * n**2 * tokens_per_param, corpus_bytes=n * tokens_per_param * bytes_per_token)
""",
    "step_by_step": """
def training_budget(n_params, tokens_per_param=20, bytes_per_token=4):
    budget = {}
    budget["tokens"] = tokens_per_param * n_params
    budget["corpus_bytes"] = budget["tokens"] * bytes_per_token
    forward = 2 * n_params * budget["tokens"]
    backward = 2 * forward
    budget["flops"] = forward + backward
    return budget
""",
    "numpy": """
def training_budget(n_params: int, tokens_per_param: float = 20.0, bytes_per_token: float = 4.0) -> dict:
    import numpy as np

    n = np.float64(n_params)
    tokens, flops, size = n * tokens_per_param * np.array([1.0, 6.0 * n, bytes_per_token])
    return {"tokens": tokens, "flops": flops, "corpus_bytes": size}
""",
    "helpers_and_an_extra": """
def training_budget(n_params, tokens_per_param=20.0, bytes_per_token=4.0):
    def tokens():
        return n_params * tokens_per_param

    def flops():
        return 6 * n_params * tokens()

    return {
        "params": n_params,
        "tokens": float(tokens()),
        "flops": float(flops()),
        "corpus_bytes": float(tokens() * bytes_per_token),
    }
""",
    "lambda": """
training_budget = lambda n_params, tokens_per_param=2e1, bytes_per_token=4e0: {
    "tokens": (d := n_params * tokens_per_param),
    "flops": math.prod([6, n_params, d]),
    "corpus_bytes": math.prod([d, bytes_per_token]),
}
""",
}

TOKENS = "tokens = n_params * tokens_per_param"
FLOPS = "6 * n_params * tokens"
SIZE = "tokens * bytes_per_token"
SIGNATURE = "n_params: int, tokens_per_param: float = 20.0, bytes_per_token: float = 4.0"

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito la función.",
        "Has not written the function yet.",
        edits=((TOKENS, "raise NotImplementedError()"),),
    ),
    "not_a_dict": Wrong(
        "Devuelve los tres números en una tupla.",
        "Returns the three numbers in a tuple.",
        edits=((f'{{"tokens": tokens, "flops": {FLOPS}, "corpus_bytes": {SIZE}}}', f"tokens, {FLOPS}, {SIZE}"),),
    ),
    "missing_key": Wrong(
        "Llama «bytes» a la última clave.",
        "Calls the last key “bytes”.",
        edits=(('"corpus_bytes":', '"bytes":'),),
    ),
    "not_a_number": Wrong(
        "Devuelve los números ya escritos como texto.",
        "Returns the numbers already written as text.",
        edits=((f'"flops": {FLOPS}', f'"flops": f"{{{FLOPS}:.2e}}"'),),
    ),
    "needs_arguments": Wrong(
        "No da valores por defecto.",
        "Gives no default values.",
        edits=((SIGNATURE, "n_params, tokens_per_param, bytes_per_token"),),
    ),
    "parameter_names": Wrong(
        "Llama «n» al primer argumento.",
        "Calls the first argument “n”.",
        edits=((SIGNATURE, SIGNATURE.replace("n_params", "n")), (TOKENS, f"n_params = n\n    {TOKENS}")),
    ),
    "defaults": Wrong(
        "Pone dos bytes por defecto.",
        "Makes two bytes the default.",
        edits=(("bytes_per_token: float = 4.0", "bytes_per_token: float = 2.0"),),
    ),
    "fixed_ratio": Wrong(
        "Escribe 20 en vez del argumento.",
        "Writes 20 instead of the argument.",
        edits=((TOKENS, "tokens = n_params * 20"),),
    ),
    "fixed_bytes": Wrong(
        "Escribe 4 en vez del argumento.",
        "Writes 4 instead of the argument.",
        edits=((SIZE, "tokens * 4"),),
    ),
    "tokens_of_one": Wrong(
        "Toma la razón por el número de tokens.",
        "Takes the ratio for the number of tokens.",
        edits=((TOKENS, "tokens = tokens_per_param"),),
    ),
    "divided": Wrong(
        "Divide los parámetros entre los tokens por parámetro.",
        "Divides the parameters by the tokens per parameter.",
        edits=((TOKENS, "tokens = n_params / tokens_per_param"),),
    ),
    "forward_only": Wrong(
        "Cuenta solo el camino hacia delante.",
        "Counts only the way forwards.",
        edits=((FLOPS, "2 * n_params * tokens"),),
    ),
    "backward_only": Wrong(
        "Cuenta solo el camino de vuelta.",
        "Counts only the way back.",
        edits=((FLOPS, "4 * n_params * tokens"),),
    ),
    "no_six": Wrong(
        "Multiplica N por D y nada más.",
        "Multiplies N by D and no more.",
        edits=((FLOPS, "n_params * tokens"),),
    ),
    "no_parameters": Wrong(
        "Multiplica 6 por los tokens y olvida los parámetros.",
        "Multiplies 6 by the tokens and forgets the parameters.",
        edits=((FLOPS, "6 * tokens"),),
    ),
    "squared": Wrong(
        "Multiplica los parámetros por sí mismos.",
        "Multiplies the parameters by themselves.",
        edits=((FLOPS, "6 * n_params * n_params"),),
    ),
    "model_bytes": Wrong(
        "Da los bytes que ocupa el modelo.",
        "Gives the bytes that the model takes.",
        edits=((SIZE, "n_params * bytes_per_token"),),
    ),
    "bits": Wrong(
        "Pasa a bits.",
        "Converts to bits.",
        edits=((SIZE, "8 * tokens * bytes_per_token"),),
    ),
    "units": Wrong(
        "Da el corpus en gigabytes.",
        "Gives the corpus in gigabytes.",
        edits=((SIZE, "tokens * bytes_per_token / 1e9"),),
    ),
    "rounded": Wrong(
        "Convierte los tokens en entero.",
        "Turns the tokens into an integer.",
        edits=((TOKENS, "tokens = int(n_params * tokens_per_param)"),),
    ),
    "swapped": Wrong(
        "Cruza las dos últimas claves.",
        "Crosses the last two keys.",
        edits=(('"flops":', '"x":'), ('"corpus_bytes":', '"flops":'), ('"x":', '"corpus_bytes":')),
    ),
}
