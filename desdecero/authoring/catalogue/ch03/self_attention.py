from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch03._common import qkv

RIGHT = {
    "other_order_einsum": """
class SelfAttention(nn.Module):
    def __init__(self, d_in, d_out, qkv_bias=False):
        super().__init__()
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.scale = 1 / math.sqrt(d_out)

    def forward(self, x):
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        weights = torch.einsum("btd,bsd->bts", q * self.scale, k).softmax(dim=2)
        return torch.einsum("bts,bsd->btd", weights, v)
""",
    "loop_over_queries": """
class SelfAttention(nn.Module):
    def __init__(self, d_in, d_out, qkv_bias=False):
        super().__init__()
        self.d_out = d_out
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)

    def forward(self, x):
        batch = []
        for sequence in x:
            keys = self.W_key(sequence)
            values = self.W_value(sequence)
            rows = []
            for token in sequence:
                query = self.W_query(token)
                shares = (keys @ query / self.d_out**0.5).softmax(dim=0)
                rows.append(shares @ values)
            batch.append(torch.stack(rows))
        return torch.stack(batch)
""",
    "fused_projection": '''
class SelfAttention(nn.Module):
    """Keeps three layers and multiplies once."""

    def __init__(self, d_in, d_out, qkv_bias=False):
        super().__init__()
        for name in ("query", "key", "value"):
            setattr(self, f"W_{name}", nn.Linear(d_in, d_out, bias=qkv_bias))

    def forward(self, x):
        layers = (self.W_query, self.W_key, self.W_value)
        weight = torch.cat([layer.weight for layer in layers])
        bias = None if layers[0].bias is None else torch.cat([layer.bias for layer in layers])
        q, k, v = F.linear(x, weight, bias).chunk(3, dim=-1)
        scores = torch.baddbmm(torch.zeros((), dtype=x.dtype), q, k.mT, beta=0, alpha=q.size(-1) ** -0.5)
        return torch.bmm(F.softmax(scores, -1), v)
''',
    "softmax_by_hand": """
class SelfAttention(nn.Module):
    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False):
        super(SelfAttention, self).__init__()
        self.W_query = nn.Linear(d_in, d_out, qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, qkv_bias)
        self.softmax = nn.Softmax(dim=-1)
        self.register_buffer("root", torch.tensor(float(d_out)).sqrt())

    def forward(self, x):
        keys = self.W_key(x)
        queries = self.W_query(x)
        scores = torch.matmul(queries, keys.permute(0, 2, 1)) / keys.size(2) ** 0.5
        scores = scores - torch.logsumexp(scores, dim=-1, keepdim=True)
        return torch.matmul(scores.exp(), self.W_value(x))
""",
    "roots_on_both": """
class SelfAttention(nn.Module):
    def __init__(self, d_in, d_out, qkv_bias=False):
        super().__init__()
        self.W_key, self.W_value, self.W_query = (nn.Linear(d_in, d_out, bias=qkv_bias) for _ in range(3))

    def forward(self, x):
        fourth = self.W_key.out_features**-0.25
        keys_first = (self.W_key(x) * fourth) @ (self.W_query(x) * fourth).transpose(1, 2)
        return keys_first.softmax(dim=1).transpose(1, 2) @ self.W_value(x)
""",
}

ROOT = "keys.shape[-1] ** 0.5"
SOFTMAX = f"torch.softmax(scores / {ROOT}, dim=-1)"
PROJECT = "queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)"

WRONG = qkv(SOFTMAX, ROOT, "keys.shape[-1]", "return weights @ values") | {
    "values_missing": Wrong(
        "Promedia la entrada en vez de los valores.",
        "Averages the input instead of the values.",
        edits=(("return weights @ values", "return weights @ x"),),
    ),
    "transposed": Wrong(
        "Traspone los pesos.",
        "Transposes the weights.",
        edits=(("return weights @ values", "return weights.transpose(-2, -1) @ values"),),
    ),
    "mixes_batch": Wrong(
        "Aplana el lote en una sola secuencia.",
        "Flattens the batch into a single sequence.",
        edits=(
            (PROJECT, "shape, x = x.shape, x.reshape(-1, x.shape[-1])\n        " + PROJECT),
            ("return weights @ values", "return (weights @ values).reshape(shape[0], shape[1], -1)"),
        ),
    ),
    "masked": Wrong(
        "Se adelanta y tapa el futuro.",
        "Gets ahead and hides the future.",
        edits=(
            (PROJECT, PROJECT + "\n        future = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()"),
            (
                "scores = queries @ keys.transpose(-2, -1)",
                "scores = (queries @ keys.transpose(-2, -1)).masked_fill(future, float('-inf'))",
            ),
        ),
    ),
    "overflow": Wrong(
        "Escribe softmax sin restar el máximo.",
        "Writes softmax without subtracting the maximum.",
        edits=(
            (
                f"weights = {SOFTMAX}",
                f"exps = torch.exp(scores / {ROOT})\n        weights = exps / exps.sum(-1, keepdim=True)",
            ),
        ),
    ),
    "mode_matters": Wrong(
        "Añade un dropout que nadie ha pedido.",
        "Adds a dropout that nobody asked for.",
        edits=((SOFTMAX, f"F.dropout({SOFTMAX}, 0.5, self.training)"),),
    ),
    "not_a_tensor": Wrong(
        "Olvida el return.", "Forgets the return.", edits=(("return weights @ values", "context = weights @ values"),)
    ),
    "not_a_module": Wrong(
        "Olvida heredar de nn.Module.",
        "Forgets to inherit from nn.Module.",
        edits=(("class SelfAttention(nn.Module)", "class SelfAttention"), ("super().__init__()", "pass")),
    ),
    "forbidden": Wrong(
        "Llama a la atención de PyTorch.",
        "Calls PyTorch's attention.",
        edits=(("return weights @ values", "return F.scaled_dot_product_attention(queries, keys, values)"),),
    ),
}
