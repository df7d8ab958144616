from desdecero.authoring.catalogue import Wrong

RIGHT = {
    "buffer_of_positions": """
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.pos_emb = nn.Embedding(context_length, emb_dim)
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        self.register_buffer("positions", torch.arange(context_length))

    def forward(self, token_ids):
        batch, num_tokens = token_ids.shape
        return self.pos_emb(self.positions[:num_tokens]) + self.tok_emb(token_ids)
""",
    "slice_of_the_table": """
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb, self.pos_emb = nn.Embedding(vocab_size, emb_dim), nn.Embedding(context_length, emb_dim)

    def forward(self, x):
        return self.tok_emb.weight[x] + self.pos_emb.weight[: x.size(1)].unsqueeze(0)
""",
    "moved_afterwards": """
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = nn.Embedding(num_embeddings=vocab_size, embedding_dim=emb_dim)
        self.pos_emb = nn.Embedding(num_embeddings=context_length, embedding_dim=emb_dim)
        nn.init.normal_(self.tok_emb.weight, std=0.02)
        nn.init.normal_(self.pos_emb.weight, std=0.02)

    def forward(self, token_ids):
        tokens = self.tok_emb(token_ids)
        positions = torch.arange(token_ids.shape[1]).to(token_ids.device).expand_as(token_ids)
        return torch.add(tokens, self.pos_emb(positions))
""",
    "loop_over_positions": """
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        self.pos_emb = nn.Embedding(context_length, emb_dim)

    def forward(self, token_ids):
        columns = []
        for t in range(token_ids.shape[1]):
            columns.append(self.tok_emb(token_ids[:, t]) + self.pos_emb.weight[t])
        return torch.stack(columns, dim=1)
""",
    "one_hot": """
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.vocab_size = vocab_size
        self.pos_emb = nn.Embedding(context_length, emb_dim)
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)

    def forward(self, token_ids):
        assert token_ids.max() < self.vocab_size, "there is no such token"
        chosen = F.one_hot(token_ids, self.vocab_size).to(self.tok_emb.weight.dtype)
        positions = torch.cumsum(torch.ones_like(token_ids), dim=1) - 1
        return torch.einsum("btv,vd->btd", chosen, self.tok_emb.weight) + F.embedding(positions, self.pos_emb.weight)
""",
}

TOKENS = "self.tok_emb = nn.Embedding(vocab_size, emb_dim)"
POSITIONS = "positions = torch.arange(token_ids.shape[-1], device=token_ids.device)  # (T,)"
SUM = "return self.tok_emb(token_ids) + self.pos_emb(positions)  # (B, T, D) + (T, D) -> (B, T, D)"

WRONG = {
    "not_implemented": Wrong(
        "Aún no ha escrito forward.",
        "Has not written forward yet.",
        edits=((POSITIONS, "raise NotImplementedError()"),),
    ),
    "not_a_module": Wrong(
        "Olvida heredar de nn.Module.",
        "Forgets to inherit from nn.Module.",
        source="""
class InputEmbedding:
    def __init__(self, vocab_size, context_length, emb_dim):
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        self.pos_emb = nn.Embedding(context_length, emb_dim)

    def __call__(self, token_ids):
        return self.tok_emb(token_ids) + self.pos_emb(torch.arange(token_ids.shape[1]))
""",
    ),
    "missing_attribute": Wrong(
        "Llama a las tablas de otra forma.",
        "Gives the tables other names.",
        source="""
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, emb_dim)
        self.position_embedding = nn.Embedding(context_length, emb_dim)

    def forward(self, token_ids):
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        return self.token_embedding(token_ids) + self.position_embedding(positions)
""",
    ),
    "wrong_attribute": Wrong(
        "Usa senos y cosenos fijos para las posiciones.",
        "Uses fixed sines and cosines for the positions.",
        source="""
class InputEmbedding(nn.Module):
    def __init__(self, vocab_size, context_length, emb_dim):
        super().__init__()
        self.tok_emb = nn.Embedding(vocab_size, emb_dim)
        angles = torch.arange(context_length)[:, None] / 10_000 ** (torch.arange(emb_dim) / emb_dim)
        self.register_buffer("pos_emb", torch.where(torch.arange(emb_dim) % 2 == 0, angles.sin(), angles.cos()))

    def forward(self, token_ids):
        return self.tok_emb(token_ids) + self.pos_emb[: token_ids.shape[1]]
""",
    ),
    "weight_shape": Wrong(
        "Da a la tabla de posiciones una fila por cada palabra del vocabulario.",
        "Gives the table of positions one row for each word of the vocabulary.",
        edits=(("nn.Embedding(context_length, emb_dim)", "nn.Embedding(vocab_size, emb_dim)"),),
    ),
    "frozen": Wrong(
        "Congela la tabla de tokens.",
        "Freezes the table of tokens.",
        edits=((TOKENS, TOKENS + "\n        self.tok_emb.weight.requires_grad_(False)"),),
    ),
    "not_a_tensor": Wrong(
        "Devuelve los dos vectores por separado.",
        "Returns the two vectors separately.",
        edits=((SUM, "return self.tok_emb(token_ids), self.pos_emb(positions)"),),
    ),
    "no_positions": Wrong(
        "Crea pos_emb y no la usa.",
        "Creates pos_emb and does not use it.",
        edits=((SUM, "return self.tok_emb(token_ids)"),),
    ),
    "no_tokens": Wrong(
        "Devuelve solo las posiciones.",
        "Returns only the positions.",
        edits=((SUM, "return self.pos_emb(positions).expand(len(token_ids), -1, -1)"),),
    ),
    "positions_by_token": Wrong(
        "Pasa los ids de los tokens a las dos tablas.",
        "Passes the token ids to both tables.",
        edits=((SUM, "return self.tok_emb(token_ids) + self.pos_emb(token_ids)"),),
    ),
    "same_position": Wrong(
        "Cuenta las filas del lote en vez de los tokens.",
        "Counts the rows of the batch instead of the tokens.",
        edits=(("token_ids.shape[-1]", "len(token_ids)"),),
    ),
    "starts_at_one": Wrong(
        "Empieza a contar en 1.",
        "Starts counting at 1.",
        edits=(("torch.arange(token_ids.shape[-1],", "torch.arange(1, token_ids.shape[-1] + 1,"),),
    ),
    "last_positions": Wrong(
        "Toma las últimas filas de la tabla.",
        "Takes the last rows of the table.",
        edits=((SUM, "return self.tok_emb(token_ids) + self.pos_emb.weight[-len(positions) :]"),),
    ),
    "backwards": Wrong(
        "Cuenta hacia atrás.",
        "Counts backwards.",
        edits=((SUM, "return self.tok_emb(token_ids) + self.pos_emb(positions.flip(0))"),),
    ),
    "multiplied": Wrong(
        "Multiplica en vez de sumar.",
        "Multiplies instead of adding.",
        edits=((SUM, "return self.tok_emb(token_ids) * self.pos_emb(positions)"),),
    ),
    "concatenated": Wrong(
        "Concatena los dos vectores.",
        "Concatenates the two vectors.",
        edits=(
            (
                SUM,
                "tokens = self.tok_emb(token_ids)\n"
                "        return torch.cat([tokens, self.pos_emb(positions).expand_as(tokens)], dim=-1)",
            ),
        ),
    ),
    "scaled": Wrong(
        "Multiplica por la raíz de emb_dim, como el primer Transformer.",
        "Multiplies by the root of emb_dim, as the first Transformer did.",
        edits=((SUM, "return self.tok_emb(token_ids) * self.tok_emb.embedding_dim**0.5 + self.pos_emb(positions)"),),
    ),
    "normalised": Wrong(
        "Añade una normalización al final.",
        "Adds a normalisation at the end.",
        edits=(
            (TOKENS, TOKENS + "\n        self.norm = nn.LayerNorm(emb_dim)"),
            (SUM, "return self.norm(self.tok_emb(token_ids) + self.pos_emb(positions))"),
        ),
    ),
    "short_sequence": Wrong(
        "Usa siempre context_length posiciones.",
        "Always uses context_length positions.",
        edits=(("torch.arange(token_ids.shape[-1],", "torch.arange(self.pos_emb.num_embeddings,"),),
    ),
    "batch": Wrong(
        "Sigue contando de una fila a la siguiente.",
        "Goes on counting from one row to the next.",
        edits=((POSITIONS, "positions = torch.arange(token_ids.numel()).view_as(token_ids)"),),
    ),
    "not_contiguous": Wrong(
        "Aplana los ids con view, que no admite los de inputs[:, :3].",
        "Flattens the ids with view, which does not take those of inputs[:, :3].",
        edits=(
            (
                SUM,
                "tokens = self.tok_emb(token_ids.view(-1)).view(*token_ids.shape, -1)\n"
                "        return tokens + self.pos_emb(positions)",
            ),
        ),
    ),
    "parameter_names": Wrong(
        "Abrevia los nombres de los argumentos.",
        "Shortens the names of the arguments.",
        edits=(
            ("vocab_size: int, context_length: int, emb_dim: int", "vocab: int, context: int, dim: int"),
            ("nn.Embedding(vocab_size, emb_dim)", "nn.Embedding(vocab, dim)"),
            ("nn.Embedding(context_length, emb_dim)", "nn.Embedding(context, dim)"),
        ),
    ),
    "extra_weights": Wrong(
        "Añade un factor entrenable que empieza en 1.",
        "Adds a trainable factor that starts at 1.",
        edits=(
            (TOKENS, TOKENS + "\n        self.scale = nn.Parameter(torch.ones(1))"),
            (SUM, "return self.scale * (self.tok_emb(token_ids) + self.pos_emb(positions))"),
        ),
    ),
    "dropout": Wrong(
        "Añade el dropout de GPT-2, que aquí llega más tarde.",
        "Adds GPT-2's dropout, which here comes later.",
        edits=(
            (TOKENS, TOKENS + "\n        self.dropout = nn.Dropout(0.1)"),
            (SUM, "return self.dropout(self.tok_emb(token_ids) + self.pos_emb(positions))"),
        ),
    ),
    "no_gradient": Wrong(
        "Corta la tabla de posiciones del gradiente.",
        "Cuts the table of positions off from the gradient.",
        edits=((SUM, "return self.tok_emb(token_ids) + self.pos_emb.weight.data[positions]"),),
    ),
    "gradients": Wrong(
        "Reserva el id 0 para el relleno, y ese token no aprende.",
        "Reserves id 0 for padding, and that token does not learn.",
        edits=((TOKENS, "self.tok_emb = nn.Embedding(vocab_size, emb_dim, padding_idx=0)"),),
    ),
    "device": Wrong(
        "Crea las posiciones siempre en la CPU.",
        "Always makes the positions on the CPU.",
        edits=((", device=token_ids.device)", ")"),),
    ),
}
