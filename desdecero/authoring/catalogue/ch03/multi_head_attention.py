from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch03._common import causal, qkv

RIGHT = {
    "folded_batch": """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        assert d_out % num_heads == 0, f"{num_heads} heads do not fit into {d_out}"
        self.H = num_heads
        self.W_query, self.W_key, self.W_value = (nn.Linear(d_in, d_out, bias=qkv_bias) for _ in range(3))
        self.out_proj = nn.Linear(d_out, d_out)
        self.lose = nn.Dropout(dropout)
        i = torch.arange(context_length)
        self.register_buffer("later", i[None, :] > i[:, None])

    def forward(self, x):
        B, T, _ = x.shape

        def fold(y):
            # every head becomes a sequence of its own in a larger batch
            return y.view(B, T, self.H, -1).permute(0, 2, 1, 3).reshape(B * self.H, T, -1)

        q, k, v = fold(self.W_query(x)), fold(self.W_key(x)), fold(self.W_value(x))
        look = torch.bmm(q, k.mT).div_(q.size(2) ** 0.5).masked_fill_(self.later[:T, :T], -math.inf)
        seen = torch.bmm(self.lose(look.softmax(2)), v)
        return self.out_proj(seen.view(B, self.H, T, -1).permute(0, 2, 1, 3).reshape(B, T, -1))
""",
    "loop_over_heads": """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        if d_out % num_heads != 0:
            raise ValueError("num_heads")
        self.heads = num_heads
        self.rate = dropout
        self.out_proj = nn.Linear(d_out, d_out, bias=True)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.register_buffer("past", torch.ones(context_length, context_length).tril(), persistent=False)

    def forward(self, x):
        T = x.size(1)
        results = []
        for q, k, v in zip(*(layer(x).chunk(self.heads, dim=-1) for layer in (self.W_query, self.W_key, self.W_value))):
            weights = torch.softmax(q @ k.mT / math.sqrt(k.size(-1)), dim=-1) * self.past[:T, :T]
            weights = weights / weights.sum(-1, keepdim=True)
            results.append(F.dropout(weights, self.rate, self.training) @ v)
        return self.out_proj(torch.cat(results, dim=-1))
""",
    "einsum": """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        assert not d_out % num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.n_heads = num_heads
        self.dropout = nn.Dropout(dropout)
        bias = torch.full((context_length, context_length), -torch.inf).triu(1)
        self.register_buffer("bias", bias.view(1, 1, context_length, context_length))

    def forward(self, x):
        B, T, _ = x.shape
        q, k, v = (f(x).reshape(B, T, self.n_heads, -1) for f in (self.W_query, self.W_key, self.W_value))
        scores = torch.einsum("bihd,bjhd->bhij", q, k) * q.shape[-1] ** -0.5 + self.bias[..., :T, :T]
        context = torch.einsum("bhij,bjhd->bihd", self.dropout(scores.softmax(dim=-1)), v)
        return self.out_proj(context.reshape(B, T, -1))
""",
    "heads_in_the_batch": """
class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        if d_out // num_heads * num_heads != d_out:
            raise ValueError(d_out, num_heads)
        self.h, self.d = num_heads, d_out // num_heads
        self.W_query, self.W_key, self.W_value = [nn.Linear(d_in, d_out, bias=qkv_bias) for _ in "qkv"]
        self.out_proj = nn.Linear(d_out, d_out)
        self.attn_drop = nn.Dropout(dropout)
        self.register_buffer("seen", torch.ones(context_length, context_length, dtype=torch.bool).tril())

    def fold(self, y):
        B, T, _ = y.shape
        return y.reshape(B, T, self.h, self.d).permute(0, 2, 1, 3).reshape(B * self.h, T, self.d)

    def forward(self, x):
        B, T, _ = x.shape
        q, k, v = self.fold(self.W_query(x)), self.fold(self.W_key(x)), self.fold(self.W_value(x))
        scores = torch.where(self.seen[:T, :T], torch.bmm(q / self.d**0.5, k.transpose(1, 2)), -1e9)
        context = torch.bmm(self.attn_drop(F.softmax(scores, dim=2)), v)
        context = context.reshape(B, self.h, T, self.d).permute(0, 2, 1, 3).reshape(B, T, self.h * self.d)
        return self.out_proj(context)
""",
    "projection_summed_over_heads": '''
class MultiHeadAttention(nn.Module):
    """Each head through its own columns of out_proj, then added up."""

    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        head_dim, left = divmod(d_out, num_heads)
        assert left == 0
        self.slices = [slice(h * head_dim, (h + 1) * head_dim) for h in range(num_heads)]
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("mask", torch.ones(context_length, context_length, dtype=torch.bool).triu(1))

    def forward(self, x):
        T = x.shape[1]
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        total = self.out_proj.bias
        for s in self.slices:
            scores = q[..., s] @ k[..., s].mT / (s.stop - s.start) ** 0.5
            weights = self.dropout(scores.masked_fill(self.mask[:T, :T], -torch.inf).softmax(-1))
            total = total + weights @ v[..., s] @ self.out_proj.weight[:, s].T
        return total
''',
}

ROOT = "self.head_dim**0.5"
SOFTMAX = f"torch.softmax(scores / {ROOT}, dim=-1)"
LAST = "return self.out_proj(context)"
HEADS = "y = y.unflatten(-1, (self.num_heads, self.head_dim))"
JOIN = "context.transpose(1, 2).flatten(2)"

WRONG = (
    qkv(SOFTMAX, ROOT, "self.head_dim", LAST)
    | causal(SOFTMAX, SOFTMAX, ("context = weights @ values", "context = self.dropout(weights @ values)"), "Dropout2d")
    | {
        "transposed": Wrong(
            "Traspone los pesos.",
            "Transposes the weights.",
            edits=(("weights @ values", "weights.transpose(-2, -1) @ values"),),
        ),
        "scaled_by_d_out": Wrong(
            "Toma la raíz de d_out en vez de la de head_dim.",
            "Takes the root of d_out instead of head_dim's.",
            edits=((ROOT, "(self.num_heads * self.head_dim) ** 0.5"),),
        ),
        "single_head": Wrong(
            "No reparte nada: atiende con todo el vector.",
            "Splits nothing: attends with the whole vector.",
            edits=(("self.num_heads = num_heads", "self.num_heads = 1"), ("d_out // num_heads", "d_out")),
        ),
        "split_without_transpose": Wrong(
            "Da a view las dimensiones finales sin trasponer.",
            "Gives view the final dimensions without transposing.",
            edits=((HEADS, "B, T, _ = y.shape"), ("y.transpose(1, 2)", "y.view(B, self.num_heads, T, self.head_dim)")),
        ),
        "heads_not_transposed": Wrong(
            "Olvida llevar las cabezas delante de los tokens.",
            "Forgets to bring the heads in front of the tokens.",
            edits=(("return y.transpose(1, 2)", "return y"), (JOIN, "context.flatten(2)")),
        ),
        "interleaved_heads": Wrong(
            "Reparte las columnas como quien reparte cartas.",
            "Deals the columns out like cards.",
            edits=(
                (HEADS, "y = y.unflatten(-1, (self.head_dim, self.num_heads))"),
                ("return y.transpose(1, 2)", "return y.permute(0, 3, 1, 2)"),
            ),
        ),
        "joined_without_transpose": Wrong(
            "Aplana las cabezas sin devolverlas a su sitio.",
            "Flattens the heads without putting them back.",
            edits=((JOIN, "context.reshape(x.shape[0], T, -1)"),),
        ),
        "head_order": Wrong(
            "Entremezcla las cabezas al unirlas.",
            "Interleaves the heads when joining them.",
            edits=((JOIN, "context.permute(0, 2, 3, 1).flatten(2)"),),
        ),
        "no_out_proj": Wrong(
            "Crea out_proj y no la usa.",
            "Creates out_proj and does not use it.",
            edits=((LAST, "return context"),),
        ),
        "out_proj_bias": Wrong(
            "Hace depender de qkv_bias el sesgo de out_proj.",
            "Makes the bias of out_proj depend on qkv_bias.",
            edits=(("nn.Linear(d_out, d_out)", "nn.Linear(d_out, d_out, bias=qkv_bias)"),),
        ),
        "refuses_valid": Wrong(
            "Exige también que num_heads divida d_in.",
            "Also demands that num_heads divide d_in.",
            edits=(("if d_out % num_heads:", "if d_in % num_heads or d_out % num_heads:"),),
        ),
        "not_checked": Wrong(
            "No comprueba que las cabezas sean iguales.",
            "Does not check that the heads are equal.",
            edits=(("if d_out % num_heads:", "if num_heads < 1:"),),
        ),
        "forbidden": Wrong(
            "Llama a la atención de PyTorch.",
            "Calls PyTorch's attention.",
            edits=(
                (
                    "context = weights @ values",
                    "context = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)",
                ),
            ),
        ),
    }
)
