from desdecero.authoring.catalogue import Wrong
from desdecero.authoring.catalogue._mode import MODE_MISTAKES, NO_GRAD, gradient_mistakes

IMPORTS = """\
from collections.abc import Sequence

import numpy as np
import tiktoken

from desdecero.classify import pad_right
"""

RIGHT = {
    "loops": """
def classify(text, model, tokenizer, max_length, pad_id, labels):
    size = max_length
    if model.pos_emb.num_embeddings < size:
        size = model.pos_emb.num_embeddings
    ids = tokenizer.encode(text)
    while len(ids) > size:
        ids.pop()
    while len(ids) < size:
        ids.append(pad_id)
    mode = model.training
    model.eval()
    with torch.no_grad():
        scores = model(torch.tensor(ids).unsqueeze(0))[0][-1].tolist()
    model.train(mode)
    return labels[scores.index(max(scores))]
""",
    "full_tensor": '''
@torch.inference_mode()
def classify(text: str, model: nn.Module, tokenizer, max_length: int, pad_id: int, labels) -> str:
    """Writes the ids over a row of padding."""
    context = model.pos_emb.weight.shape[0]
    row = torch.full((1, min(context, max_length)), pad_id, dtype=torch.long)
    ids = tokenizer.encode_ordinary(text)[: row.shape[1]]
    row[0, : len(ids)] = torch.tensor(ids, dtype=torch.long)
    was = model.training
    winner = model.eval()(row)[:, -1, :].softmax(dim=-1).argmax(dim=-1)
    model.train(was)
    return labels[winner.item()]
''',
    "functional_pad": """
def classify(text, model, tokenizer, max_length, pad_id, labels):
    length = sorted([max_length, len(model.pos_emb.weight)])[0]
    ids = torch.as_tensor(tokenizer.encode(text), dtype=torch.int64)
    ids = F.pad(ids, (0, length - len(ids)), value=pad_id)  # a negative amount cuts
    modes = {part: part.training for part in model.modules()}
    model.train(False)
    try:
        with torch.no_grad():
            logits = model(ids[None])
    finally:
        for part, mode in modes.items():
            part.training = mode
    return max(zip(logits[0, -1].tolist(), labels))[1]
""",
    "dictionary": """
def classify(text, model, tokenizer, max_length, pad_id, labels):
    names = dict(enumerate(labels))
    window = slice(0, min(max_length, model.pos_emb.weight.size(0)))
    ids = [*tokenizer.encode(text), *([pad_id] * max_length)][window]
    if was_training := model.training:
        model.eval()
    with torch.no_grad():
        best = model(torch.LongTensor([ids])).squeeze(0)[-1].topk(1).indices
    if was_training:
        model.train()
    return names[int(best)]
""",
}

LENGTH = "min(max_length, len(model.pos_emb.weight))"
IDS = "torch.tensor([pad_right(tokenizer.encode(text), length, pad_id)])  # (1, T)"
ROW = "pad_right(tokenizer.encode(text), length, pad_id)"
LOGITS = "model(ids.to(model.pos_emb.weight.device))[0, -1]"
RESULT = "return labels[int(logits.argmax())]"

WRONG = {
    "not_implemented": Wrong(
        "Aún no lo ha escrito.",
        "Has not written it yet.",
        edits=((RESULT, "raise NotImplementedError()"),),
    ),
    "raises": Wrong(
        "Pregunta al modelo por un atributo que no tiene.",
        "Asks the model for an attribute that it does not have.",
        edits=((LENGTH, "min(max_length, model.context_length)"),),
    ),
    "not_called": Wrong(
        "Elige sin preguntar al modelo.",
        "Chooses without asking the model.",
        source="""
def classify(text, model, tokenizer, max_length, pad_id, labels):
    return labels[len(tokenizer.encode(text)) % len(labels)]
""",
    ),
    "no_batch": Wrong(
        "Da al modelo una fila sin dimensión de lote.",
        "Gives the model a row without a batch dimension.",
        edits=((IDS, f"torch.tensor({ROW})"),),
    ),
    "not_long": Wrong(
        "Usa torch.Tensor, que da números con decimales.",
        "Uses torch.Tensor, which gives floating point numbers.",
        edits=((IDS, IDS.replace("torch.tensor", "torch.Tensor")),),
    ),
    "empty_text": Wrong(
        "Rellena un tensor que, sin texto, es de decimales.",
        "Pads a tensor that, without a text, is floating-point.",
        source="""
def classify(text, model, tokenizer, max_length, pad_id, labels):
    length = min(max_length, len(model.pos_emb.weight))
    ids = torch.tensor(tokenizer.encode(text)[:length])
    ids = F.pad(ids, (0, length - len(ids)), value=pad_id)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids[None])[0, -1]
    model.train(was_training)
    return labels[logits.argmax()]
""",
    ),
    "not_padded": Wrong(
        "No rellena.",
        "Does not pad.",
        edits=((ROW, "tokenizer.encode(text)[:length]"),),
    ),
    "left_padded": Wrong(
        "Rellena por la izquierda.",
        "Pads on the left.",
        edits=((ROW, "([pad_id] * length + tokenizer.encode(text)[:length])[-length:]"),),
    ),
    "wrong_pad": Wrong(
        "Rellena con el fin de texto, sea cual sea pad_id.",
        "Pads with the end of text, whatever pad_id is.",
        edits=((ROW, "pad_right(tokenizer.encode(text), length, tokenizer.eot_token)"),),
    ),
    "pads_to_context": Wrong(
        "Usa el contexto y olvida max_length.",
        "Uses the context and forgets max_length.",
        edits=((LENGTH, "len(model.pos_emb.weight)"),),
    ),
    "not_truncated": Wrong(
        "Rellena los cortos, pero no corta los largos.",
        "Pads the short ones, but does not cut the long ones.",
        edits=((ROW, "tokenizer.encode(text) + [pad_id] * (length - len(tokenizer.encode(text)))"),),
    ),
    "cut_left": Wrong(
        "Se queda con el final de los textos largos.",
        "Keeps the end of long texts.",
        edits=((ROW, "pad_right(tokenizer.encode(text)[-length:], length, pad_id)"),),
    ),
    "too_long": Wrong(
        "No mira el contexto del modelo.",
        "Does not look at the model's context.",
        edits=((LENGTH, "max_length"),),
    ),
    "wrong_row": Wrong(
        "Corta un token antes de tiempo.",
        "Cuts one token too early.",
        edits=((LENGTH, LENGTH + " - 1"),),
    ),
    "not_a_label": Wrong(
        "Devuelve el número de la clase.",
        "Returns the number of the class.",
        edits=((RESULT, "return int(logits.argmax())"),),
    ),
    "not_plain": Wrong(
        "Pasa las etiquetas por numpy, y sale un np.str_.",
        "Takes the labels through numpy, and out comes an np.str_.",
        edits=((RESULT, "return np.array(labels)[int(logits.argmax())]"),),
    ),
    "wrong_position": Wrong(
        "Mira la primera posición.",
        "Looks at the first position.",
        edits=((LOGITS, LOGITS.replace("[0, -1]", "[0, 0]")),),
    ),
    "last_of_text": Wrong(
        "Mira el último token del texto, antes del relleno.",
        "Looks at the text's last token, before the padding.",
        edits=((LOGITS, LOGITS.replace("-1]", "max(0, min(length, len(tokenizer.encode(text))) - 1)]")),),
    ),
    "pooled": Wrong(
        "Promedia los logits de todas las posiciones.",
        "Averages the logits of all positions.",
        edits=((LOGITS, LOGITS.replace("[0, -1]", "[0].mean(dim=0)")),),
    ),
    "least_likely": Wrong(
        "Usa argmin.",
        "Uses argmin.",
        edits=((RESULT, "return labels[int(logits.argmin())]"),),
    ),
    "sampled": Wrong(
        "Sortea la clase según las probabilidades.",
        "Draws the class according to the probabilities.",
        edits=((RESULT, "return labels[int(torch.multinomial(logits.softmax(dim=-1), 1))]"),),
    ),
    **MODE_MISTAKES,
    **gradient_mistakes((NO_GRAD, "torch.set_grad_enabled(False)\n        if True:")),
}
