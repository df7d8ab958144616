"""What the attention exercises bar, and what they say of the usual mistakes."""

from dataclasses import replace

from torch import nn

import desdecero.attention as course
from desdecero.checks.exercise import Text
from desdecero.checks.guard import Forbidden

READY_MADE = Forbidden(
    functions=(
        "scaled_dot_product_attention",
        "_scaled_dot_product_attention_math",
        "_scaled_dot_product_attention_math_for_mps",
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_fused_attention_overrideable",
        "_safe_softmax",  # all that shows of the ready-made attention when a scripted function calls it
        "flex_attention",
        "multi_head_attention_forward",
        "_native_multi_head_attention",
        "_transformer_encoder_layer_fwd",
    ),
    modules=(nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer),
)


def barring(*names: str) -> Forbidden:
    """No ready-made attention, nor the course's own classes that already contain the answer."""
    return replace(READY_MADE, modules=(*READY_MADE.modules, *(getattr(course, name) for name in names)))


QKV_FAULTS: dict[str, Text] = {
    "qkv_bias": (
        "«{name}» no hace caso de qkv_bias: crea la capa con bias=qkv_bias, que por defecto es False.",
        "“{name}” ignores qkv_bias: create the layer with bias=qkv_bias, which is False by default.",
    ),
    "argument_names": (
        "El constructor no acepta sus argumentos por nombre ({error}): llámalos como en el enunciado.",
        "The constructor does not take its arguments by name ({error}): name them as in the statement.",
    ),
    "shared_layer": (
        "W_query, W_key y W_value comparten una misma capa: crea tres nn.Linear distintas.",
        "W_query, W_key and W_value share one layer: create three separate nn.Linear.",
    ),
    "returns_weights": (
        "Devuelves varias cosas («{got}»): devuelve solo el contexto, un único tensor.",
        "You return several things (“{got}”): return only the context, a single tensor.",
    ),
    "not_scaled": (
        "Falta escalar: divide las puntuaciones entre la raíz de la dimensión de las claves antes de softmax.",
        "The scaling is missing: divide the scores by the root of the keys' dimension before softmax.",
    ),
    "scale_not_root": (
        "Divides entre la dimensión de las claves: falta sacarle la raíz cuadrada.",
        "You divide by the keys' dimension itself: take its square root.",
    ),
    "wrong_scale": (
        "Escalas con otro número: divide entre la raíz de la última dimensión de las claves, no de la entrada ni "
        "de la longitud.",
        "You scale by another number: divide by the root of the keys' last dimension, not of the input's or the "
        "length.",
    ),
    "scaled_after": (
        "Escalas después de softmax: divide las puntuaciones antes, para que los pesos sigan sumando 1.",
        "You scale after softmax: divide the scores before it, so that the weights still sum to 1.",
    ),
    "softmax_dim": (
        "softmax actúa en otra dimensión: cada fila reparte su atención entre las claves, usa dim=-1.",
        "softmax runs along another dimension: each row shares its attention among the keys, use dim=-1.",
    ),
    "no_softmax": (
        "Usas las puntuaciones como pesos sin más: pásalas antes por softmax.",
        "You use the raw scores as weights: put them through softmax first.",
    ),
    "query_key_swapped": (
        "Consultas y claves están intercambiadas: calcula queries @ keys.transpose(-2, -1).",
        "Queries and keys are swapped: compute queries @ keys.transpose(-2, -1).",
    ),
    "reused_projection": (
        "Una proyección se usa en el lugar de otra: las consultas salen de W_query, las claves de W_key y los "
        "valores de W_value.",
        "One projection stands in for another: queries come from W_query, keys from W_key and values from W_value.",
    ),
    "values_missing": (
        "Los pesos promedian la propia entrada: promedia los valores, W_value(x).",
        "The weights average the input itself: average the values, W_value(x).",
    ),
    "transposed": (
        "Los pesos se aplican traspuestos: la fila i dice cuánto toma el token i de cada valor, weights @ values.",
        "The weights are applied transposed: row i says how much token i takes of each value, weights @ values.",
    ),
    "bias_not_added": (
        "Los sesgos de las proyecciones no se suman: llama a la capa, W_query(x), en vez de usar solo su peso.",
        "The projections' biases are not added: call the layer, W_query(x), instead of using its weight alone.",
    ),
    "detached": (
        "El resultado es correcto, pero su gradiente no: no uses detach, no_grad ni .data por el camino.",
        "The result is right but its gradient is not: use no detach, no_grad or .data on the way.",
    ),
}

CAUSAL_FAULTS: dict[str, Text] = {
    "not_causal": (
        "Un token ve los que vienen después: tapa con la máscara las claves futuras antes de softmax.",
        "A token sees those that come after it: hide the future keys with the mask before softmax.",
    ),
    "mask_zero": (
        "Lo tapado se pone a 0 antes de softmax, y e⁰ todavía pesa: ponlo a -inf.",
        "What is hidden is set to 0 before softmax, and e⁰ still has weight: set it to -inf.",
    ),
    "weak_mask": (
        'El número con el que tapas no es lo bastante bajo y el futuro se cuela: usa float("-inf").',
        'The number you hide with is not low enough and the future slips in: use float("-inf").',
    ),
    "not_renormalised": (
        "Al tapar después de softmax las filas ya no suman 1: tapa antes con -inf, o divide cada fila entre su suma.",
        "Masking after softmax leaves rows that do not sum to 1: mask before it with -inf, or divide each row by its "
        "sum.",
    ),
    "mask_diagonal": (
        "La máscara tapa también al propio token: empieza una diagonal más arriba, diagonal=1.",
        "The mask hides the token itself as well: start one diagonal higher, diagonal=1.",
    ),
    "mask_inverted": (
        "La máscara está al revés: se ve el futuro y se tapa el pasado; tapa lo que queda sobre la diagonal.",
        "The mask is the wrong way round: it shows the future and hides the past; hide what is above the diagonal.",
    ),
    "mask_offset": (
        "La máscara deja ver tokens del futuro inmediato: tapa todo lo que queda sobre la diagonal, diagonal=1.",
        "The mask lets a token see just past itself: hide everything above the diagonal, diagonal=1.",
    ),
    "not_cropped": (
        "Falla con secuencias más cortas que context_length ({error}): recorta la máscara a los T tokens que llegan.",
        "It fails for sequences shorter than context_length ({error}): crop the mask to the T tokens that arrive.",
    ),
    "context_length_ignored": (
        "La máscara mide siempre lo mismo: hazla de context_length × context_length.",
        "The mask has the same size whatever you ask for: make it context_length × context_length.",
    ),
    "mask_is_parameter": (
        "La máscara es un nn.Parameter y el optimizador la cambiaría: guárdala con register_buffer.",
        "The mask is an nn.Parameter, which the optimizer would change: keep it with register_buffer.",
    ),
    "mask_not_buffer": (
        "La máscara «{name}» es un atributo corriente y no se mueve con .to(): guárdala con register_buffer.",
        "The mask “{name}” is a plain attribute that .to() does not move: keep it with register_buffer.",
    ),
    "mask_rebuilt": (
        "No hay ninguna máscara guardada: constrúyela una vez en __init__ y regístrala con register_buffer.",
        "No mask is kept: build it once in __init__ and register it with register_buffer.",
    ),
    "mask_unused": (
        "Hay una máscara registrada, pero forward no la usa: cambiarla no cambia nada; léela de self.",
        "A mask is registered but forward does not use it: changing it changes nothing; read it from self.",
    ),
    "dropout_in_eval": (
        "El dropout actúa también en modo eval: usa nn.Dropout, o pasa training=self.training.",
        "Dropout acts in eval mode too: use nn.Dropout, or pass training=self.training.",
    ),
    "no_dropout": (
        "En modo train no se apaga ningún peso: aplica el dropout a los pesos de atención.",
        "No weight is ever dropped in train mode: apply dropout to the attention weights.",
    ),
    "dropout_rate": (
        "El dropout no usa la tasa que recibe: pásale el argumento dropout.",
        "Dropout does not use the rate it is given: pass it the argument dropout.",
    ),
    "dropout_misplaced": (
        "El dropout no actúa (solo) sobre los pesos de atención: aplícalo a ellos, tras softmax y antes de "
        "multiplicar por los valores.",
        "Dropout does not act on the attention weights (alone): apply it to them, after softmax and before "
        "multiplying by the values.",
    ),
    "dropout_too_early": (
        "Tras el dropout los pesos vuelven a sumar 1: aplícalo al final, después de softmax y de cualquier "
        "división entre la suma.",
        "After dropout the weights sum to 1 again: apply it last, after softmax and after any division by the sum.",
    ),
    "dropout_not_scaled": (
        "Los pesos que sobreviven al dropout no se compensan: multiplícalos por 1 / (1 − dropout), como nn.Dropout.",
        "The weights that survive dropout are not made up for: multiply them by 1 / (1 − dropout), as nn.Dropout does.",
    ),
    "dropout_in_blocks": (
        "El dropout apaga pesos en bloque: cada peso de cada fila del lote se sortea por separado.",
        "Dropout switches off whole blocks of weights: each weight of each batch row is drawn on its own.",
    ),
    "dropout_repeats": (
        "El dropout apaga siempre los mismos pesos: sortéalos de nuevo en cada llamada.",
        "Dropout always drops the same weights: draw them anew in every call.",
    ),
}
