from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue.ch03._common import causal, qkv

RIGHT = {
    "where_in_place": """
class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.root = math.sqrt(d_out)
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.thin_out = nn.Dropout(dropout)
        # ones where a token may look
        self.register_buffer("open", torch.tril(torch.ones(context_length, context_length)))

    def forward(self, x):
        length = x.shape[1]
        match = self.W_query(x) @ self.W_key(x).transpose(1, 2) / self.root
        match[:, self.open[:length, :length] == 0] = float("-inf")
        share = match.softmax(dim=-1)
        return self.thin_out(share) @ self.W_value(x)
""",
    "tril_renormalised": """
class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.drop = nn.Dropout(p=dropout)
        self.register_buffer("past", torch.tril(torch.ones(context_length, context_length)), persistent=False)

    def forward(self, x):
        T = x.size(1)
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        weights = torch.softmax(torch.einsum("bid,bjd->bij", q, k) / math.sqrt(q.size(-1)), dim=2)
        masked = weights * self.past[:T, :T]
        weights = masked / masked.sum(dim=-1, keepdim=True)
        return torch.einsum("bij,bjd->bid", self.drop(weights), v)
""",
    "additive_mask": """
class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.p = dropout
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        mask = torch.full((1, context_length, context_length), float("-inf")).triu(1)
        self.register_buffer("bias", mask)

    def forward(self, x):
        T = x.shape[1]
        scores = torch.bmm(self.W_query(x), self.W_key(x).mT) * self.W_key.out_features**-0.5
        weights = F.softmax(scores + self.bias[:, :T, :T], dim=-1)
        weights = F.dropout(weights, p=self.p, training=self.training)
        return torch.bmm(weights, self.W_value(x))
""",
    "where_with_l1_normalise": """
class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("mask", torch.ones(context_length, context_length, dtype=torch.uint8).tril())
        self.register_buffer("positions", torch.arange(context_length))

    def forward(self, x):
        T = x.shape[-2]
        weights = ((self.W_query(x) @ self.W_key(x).mT) / self.W_key.weight.shape[0] ** 0.5).softmax(-1)
        weights = F.normalize(torch.where(self.mask[:T, :T] == 1, weights, 0.0), p=1, dim=-1)
        return self.dropout(weights) @ self.W_value(x)
""",
    "loop_with_own_dropout": """
class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.rate = dropout
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        future = torch.zeros(context_length, context_length, dtype=torch.bool)
        for i in range(context_length):
            future[i, i + 1 :] = True
        self.register_buffer("future", future)

    def forward(self, x):
        T = x.shape[1]
        q, k, v = self.W_query(x), self.W_key(x), self.W_value(x)
        rows = []
        for i in range(T):
            scores = (k @ q[:, i].unsqueeze(-1)).squeeze(-1) / math.sqrt(k.shape[-1])
            scores = scores.masked_fill(self.future[i, :T], -1e9)
            weights = scores.softmax(dim=-1)
            if self.training and self.rate > 0:
                keep = (torch.rand_like(weights) >= self.rate).to(weights.dtype)
                weights = weights * keep / (1 - self.rate)
            rows.append((weights.unsqueeze(1) @ v).squeeze(1))
        return torch.stack(rows, dim=1)
""",
    "mask_in_a_module": """
class CausalMask(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.register_buffer("keep", torch.ones(size, size).tril().bool().view(1, size, size))

    def forward(self, scores):
        T = scores.shape[-1]
        return scores.masked_fill(self.keep[:, :T, :T].logical_not(), torch.finfo(scores.dtype).min)


class CausalAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.causal_mask = CausalMask(context_length)
        self.weights = nn.Sequential(self.causal_mask, nn.Softmax(dim=-1), nn.Dropout(dropout))
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)

    def forward(self, x):
        q = self.W_query(x)
        return self.weights(q @ self.W_key(x).transpose(1, 2) / q.shape[-1] ** 0.5) @ self.W_value(x)
""",
}

ROOT = "keys.shape[-1] ** 0.5"
SOFTMAX = f"torch.softmax(scores / {ROOT}, dim=-1)"
LAST = "return self.dropout(weights) @ values"

WRONG = (
    qkv(SOFTMAX, ROOT, "keys.shape[-1]", LAST)
    | causal(SOFTMAX, "weights", (LAST, "return self.dropout(weights @ values)"), "Dropout1d")
    | {
        "values_missing": Wrong(
            "Promedia la entrada en vez de los valores.",
            "Averages the input instead of the values.",
            edits=((LAST, "return self.dropout(weights) @ x"),),
        ),
        "transposed": Wrong(
            "Traspone los pesos.",
            "Transposes the weights.",
            edits=((LAST, "return self.dropout(weights).transpose(-2, -1) @ values"),),
        ),
        "forbidden": Wrong(
            "Llama a la atención de PyTorch con is_causal.",
            "Calls PyTorch's attention with is_causal.",
            edits=((LAST, "return F.scaled_dot_product_attention(queries, keys, values, is_causal=True)"),),
        ),
    }
)
