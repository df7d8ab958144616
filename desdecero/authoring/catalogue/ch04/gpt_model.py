from desdecero.authoring.catalogue import Wrong

IMPORTS = """
from dataclasses import replace
from desdecero.attention import MultiHeadAttention
from desdecero.gpt import FeedForward, GPTConfig, LayerNorm, TransformerBlock
"""

RIGHT = {
    "module_list": """
class GPTModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        D, V = cfg.emb_dim, cfg.vocab_size
        self.out_head = nn.Linear(D, V, bias=False)
        self.final_norm = LayerNorm(D)
        self.trf_blocks = nn.ModuleList(TransformerBlock(cfg) for _ in range(cfg.n_layers))
        self.pos_emb = nn.Embedding(cfg.context_length, D)
        self.tok_emb = nn.Embedding(V, D)
        self.leak = nn.Dropout(cfg.drop_rate)

    def forward(self, ids):
        trunk = self.leak(self.tok_emb(ids) + self.pos_emb.weight[: ids.size(-1)])
        for block in self.trf_blocks:
            trunk = block(trunk)
        return self.out_head(self.final_norm(trunk))
""",
    "position_buffer": """
class GPTModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.tok_emb = nn.Embedding(cfg.vocab_size, cfg.emb_dim)
        self.pos_emb = nn.Embedding(cfg.context_length, cfg.emb_dim)
        self.register_buffer("positions", torch.arange(cfg.context_length)[None], persistent=False)
        self.trf_blocks = nn.Sequential()
        for i in range(cfg.n_layers):
            self.trf_blocks.add_module(f"block_{i}", TransformerBlock(cfg))
        self.final_norm = LayerNorm(cfg.emb_dim)
        self.out_head = nn.Linear(cfg.emb_dim, cfg.vocab_size, bias=False)
        self.apply(self.start)

    def start(self, module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)

    def forward(self, token_ids):
        x = self.tok_emb(token_ids) + self.pos_emb(self.positions[:, : token_ids.size(1)])
        x = F.dropout(x, self.cfg.drop_rate, self.training)
        return self.out_head(self.final_norm(self.trf_blocks(x)))
""",
    "all_by_hand": """
class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d))

    def forward(self, x):
        c = x - x.mean(-1, keepdim=True)
        return c / (c.square().mean(-1, keepdim=True) + 1e-5).sqrt() * self.scale + self.shift


class Attention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg.emb_dim
        self.n_heads = cfg.n_heads
        self.W_query = nn.Linear(d, d, bias=cfg.qkv_bias)
        self.W_key = nn.Linear(d, d, bias=cfg.qkv_bias)
        self.W_value = nn.Linear(d, d, bias=cfg.qkv_bias)
        self.out_proj = nn.Linear(d, d)
        self.drop = nn.Dropout(cfg.drop_rate)
        self.register_buffer("keep", torch.tril(torch.ones(cfg.context_length, cfg.context_length)))

    def forward(self, x):
        B, T, d = x.shape
        q, k, v = (w(x).reshape(B, T, self.n_heads, d // self.n_heads) for w in (self.W_query, self.W_key, self.W_value))
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / (d // self.n_heads) ** 0.5
        scores = scores.masked_fill(self.keep[:T, :T] == 0, -torch.inf)
        return self.out_proj(torch.einsum("bhqk,bkhd->bqhd", self.drop(scores.softmax(-1)), v).reshape(B, T, d))


class Wide(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU("tanh"), nn.Linear(4 * d, d))

    def forward(self, x):
        return self.layers(x)


class Block(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.att, self.ff = Attention(cfg), Wide(cfg.emb_dim)
        self.norm1, self.norm2 = Norm(cfg.emb_dim), Norm(cfg.emb_dim)
        self.drop = nn.Dropout(cfg.drop_rate)

    def forward(self, x):
        x = x + self.drop(self.att(self.norm1(x)))
        x = x + self.drop(self.ff(self.norm2(x)))
        return x


class GPTModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.tok_emb = nn.Embedding(cfg.vocab_size, cfg.emb_dim)
        self.pos_emb = nn.Embedding(cfg.context_length, cfg.emb_dim)
        self.drop = nn.Dropout(cfg.drop_rate)
        self.trf_blocks = nn.ModuleList(Block(cfg) for _ in range(cfg.n_layers))
        self.final_norm = Norm(cfg.emb_dim)
        self.out_head = nn.Linear(cfg.emb_dim, cfg.vocab_size, bias=False)

    def forward(self, token_ids):
        x = self.drop(self.tok_emb(token_ids) + self.pos_emb.weight[: token_ids.shape[-1]])
        for block in self.trf_blocks:
            x = block(x)
        return F.linear(self.final_norm(x), self.out_head.weight)
""",
    "transposed_head": """
class GPTModel(nn.Module):
    def __init__(self, cfg: GPTConfig):
        super().__init__()
        V, C, D = cfg.vocab_size, cfg.context_length, cfg.emb_dim
        self.tok_emb, self.pos_emb = nn.Embedding(V, D), nn.Embedding(C, D)
        self.trf_blocks = nn.Sequential(*[TransformerBlock(cfg) for _ in range(cfg.n_layers)])
        self.final_norm, self.out_head = LayerNorm(D), nn.Linear(D, V, bias=False)
        self.dropout = nn.Dropout(cfg.drop_rate)

    def forward(self, ids):
        where = torch.ones_like(ids).cumsum(dim=1) - 1
        x = self.dropout(F.embedding(ids, self.tok_emb.weight) + F.embedding(where, self.pos_emb.weight))
        for i in range(len(self.trf_blocks)):
            x = self.trf_blocks[i](x)
        return torch.einsum("btd,vd->btv", self.final_norm(x), self.out_head.weight)
""",
}

SUM = "self.tok_emb(token_ids) + self.pos_emb(positions)"
BLOCKS = "nn.Sequential(*(TransformerBlock(cfg) for _ in range(cfg.n_layers)))"
THROUGH = "x = self.trf_blocks(self.dropout(x))"
RESULT = "return self.out_head(self.final_norm(x))"

WRONG = {
    "plain_list": Wrong(
        "Guarda los bloques en una lista corriente.",
        "Keeps the blocks in a plain list.",
        edits=(
            (BLOCKS, "[TransformerBlock(cfg) for _ in range(cfg.n_layers)]"),
            (THROUGH, "x = self.dropout(x)\n        for block in self.trf_blocks:\n            x = block(x)"),
        ),
    ),
    "wrong_depth": Wrong(
        "Escribe 12 capas en vez de leer n_layers.",
        "Writes 12 layers instead of reading n_layers.",
        edits=(("range(cfg.n_layers)", "range(12)"),),
    ),
    "shared_blocks": Wrong(
        "Multiplica una lista, con lo que repite el mismo bloque.",
        "Multiplies a list, which repeats the same block.",
        edits=((BLOCKS, "nn.Sequential(*[TransformerBlock(cfg)] * cfg.n_layers)"),),
    ),
    "head_bias": Wrong(
        "Deja el sesgo de la capa de salida.",
        "Leaves the output layer its bias.",
        edits=((", bias=False", ""),),
    ),
    "tied_head": Wrong(
        "Comparte los pesos de tok_emb, como el GPT-2 original.",
        "Shares the weights of tok_emb, like the original GPT-2.",
        edits=(
            (
                "cfg.vocab_size, bias=False)",
                "cfg.vocab_size, bias=False)\n        self.out_head.weight = self.tok_emb.weight",
            ),
        ),
    ),
    "no_head": Wrong(
        "Devuelve los vectores sin pasarlos por out_head.",
        "Returns the vectors without sending them through out_head.",
        edits=((RESULT, "return self.final_norm(x)"),),
    ),
    "no_positions": Wrong(
        "Olvida sumar las posiciones.",
        "Forgets to add the positions.",
        edits=((SUM, "self.tok_emb(token_ids)"),),
    ),
    "wrong_positions": Wrong(
        "Numera las posiciones desde el final.",
        "Numbers the positions from the end.",
        edits=(("self.pos_emb(positions)", "self.pos_emb(positions.flip(0))"),),
    ),
    "no_final_norm": Wrong(
        "Olvida la última normalización.",
        "Forgets the last normalisation.",
        edits=((RESULT, "return self.out_head(x)"),),
    ),
    "missing_blocks": Wrong(
        "Solo usa el primer bloque.",
        "Uses the first block only.",
        edits=((THROUGH, "x = self.trf_blocks[0](self.dropout(x))"),),
    ),
    "reversed_blocks": Wrong(
        "Recorre los bloques del último al primero.",
        "Goes through the blocks from last to first.",
        edits=((THROUGH, "x = self.dropout(x)\n        for b in reversed(self.trf_blocks):\n            x = b(x)"),),
    ),
    "lost_output": Wrong(
        "Da a todos los bloques la misma entrada y suma lo que aportan.",
        "Gives all the blocks the same input and adds up what they contribute.",
        edits=((THROUGH, "x = self.dropout(x)\n        x = x + sum(b(x) - x for b in self.trf_blocks)"),),
    ),
    "probabilities": Wrong(
        "Termina con una softmax.",
        "Ends with a softmax.",
        edits=((RESULT, "return self.out_head(self.final_norm(x)).softmax(dim=-1)"),),
    ),
    "last_only": Wrong(
        "Devuelve solo la predicción del último token.",
        "Returns the last token's prediction only.",
        edits=((RESULT, "return self.out_head(self.final_norm(x))[:, -1]"),),
    ),
    "not_causal": Wrong(
        "Borra la máscara de todos los bloques.",
        "Wipes out the mask of every block.",
        edits=(("self.final_norm = ", "[b.att.mask.zero_() for b in self.trf_blocks]\n        self.final_norm = "),),
    ),
    "scaled_embedding": Wrong(
        "Multiplica los embeddings por √emb_dim, como el transformer de 2017.",
        "Multiplies the embeddings by √emb_dim, like the transformer of 2017.",
        edits=((SUM, "self.tok_emb(token_ids) * self.tok_emb.embedding_dim**0.5 + self.pos_emb(positions)"),),
    ),
    "qkv_bias_ignored": Wrong(
        "Construye los bloques siempre sin sesgo.",
        "Always builds the blocks without bias.",
        edits=(("TransformerBlock(cfg)", "TransformerBlock(replace(cfg, qkv_bias=False))"),),
    ),
    "dropout_in_eval": Wrong(
        "Usa F.dropout sin decirle si se entrena.",
        "Uses F.dropout without telling it whether training is on.",
        edits=((THROUGH, "x = self.trf_blocks(F.dropout(x, self.dropout.p))"),),
    ),
    "drop_rate_ignored": Wrong(
        "Escribe 0.1 en vez de leer drop_rate.",
        "Writes 0.1 instead of reading drop_rate.",
        edits=(("nn.Dropout(cfg.drop_rate)", "nn.Dropout(0.1)"),),
    ),
    "no_embedding_dropout": Wrong(
        "Confía en el dropout de los bloques, y no lo aplica a los embeddings.",
        "Relies on the blocks' dropout and does not apply any to the embeddings.",
        edits=((THROUGH, "x = self.trf_blocks(x)"),),
    ),
    "wrong_embedding_dropout": Wrong(
        "Aplica el dropout solo a tok_emb, antes de sumar las posiciones.",
        "Applies the dropout to tok_emb alone, before adding the positions.",
        edits=(
            (SUM, "self.dropout(self.tok_emb(token_ids)) + self.pos_emb(positions)"),
            (THROUGH, "x = self.trf_blocks(x)"),
        ),
    ),
    "no_block_dropout": Wrong(
        "Construye los bloques sin dropout, porque ya lo hay en los embeddings.",
        "Builds the blocks without dropout, as there is some on the embeddings.",
        edits=(("TransformerBlock(cfg)", "TransformerBlock(replace(cfg, drop_rate=0.0))"),),
    ),
    "frozen_row": Wrong(
        "Reserva el token 0 para rellenar, con padding_idx, y su fila no aprende.",
        "Sets token 0 aside for padding, with padding_idx, and its row does not learn.",
        edits=(
            ("nn.Embedding(cfg.vocab_size, cfg.emb_dim)", "nn.Embedding(cfg.vocab_size, cfg.emb_dim, padding_idx=0)"),
        ),
    ),
    "cut_gradient": Wrong(
        "Usa .data, y la tabla de posiciones no aprende.",
        "Uses .data, so that the position table does not learn.",
        edits=(("self.pos_emb(positions)", "self.pos_emb.weight.data[: token_ids.shape[1]]"),),
    ),
    "not_on_meta": Wrong(
        "Imprime un número sacado de los pesos al construir el modelo.",
        "Prints a number taken from the weights while building the model.",
        edits=(
            (
                "cfg.vocab_size, bias=False)",
                "cfg.vocab_size, bias=False)\n        print(self.out_head.weight.std().item())",
            ),
        ),
    ),
    "parameter_count": Wrong(
        "Deja una normalización que sobra.",
        "Leaves a normalisation too many.",
        edits=(
            (
                "self.final_norm = ",
                "self.first_norm = LayerNorm(cfg.emb_dim)\n        self.final_norm = ",
            ),
        ),
    ),
    "weight_shape": Wrong(
        "Da a pos_emb el tamaño del vocabulario.",
        "Gives pos_emb the size of the vocabulary.",
        edits=(("nn.Embedding(cfg.context_length, cfg.emb_dim)", "nn.Embedding(cfg.vocab_size, cfg.emb_dim)"),),
    ),
    "wrong_attribute": Wrong(
        "Guarda las posiciones en un nn.Parameter.",
        "Keeps the positions in an nn.Parameter.",
        edits=(
            (
                "nn.Embedding(cfg.context_length, cfg.emb_dim)",
                "nn.Parameter(torch.randn(cfg.context_length, cfg.emb_dim))",
            ),
            ("self.pos_emb(positions)", "self.pos_emb[positions]"),
        ),
    ),
    "forbidden": Wrong(
        "Hereda del GPTModel del curso.",
        "Inherits from the course's GPTModel.",
        source="""
from desdecero import gpt


class GPTModel(gpt.GPTModel):
    pass
""",
    ),
}
