"""What makes each answer right.

One call runs an exercise everywhere: `run_check("ch04/layer_norm", LayerNorm)`.
Each exercise has a module of its own, named like its id: `checks/ch04/layer_norm.py`.
"""

import importlib
from typing import TYPE_CHECKING

from desdecero.edition import current_edition, use_edition

if TYPE_CHECKING:
    from desdecero.checks.exercise import Exercise
    from desdecero.checks.report import Report

# The course's order.
ORDER = {
    "ch01": ["bigram_probabilities", "sentence_log_probability", "training_budget", "quiz"],
    "ch02": ["simple_tokenizer", "train_bpe", "bpe_encode", "sliding_window", "input_embedding"],
    "ch03": ["simple_attention", "self_attention", "causal_attention", "multi_head_attention"],
    "ch04": ["layer_norm", "gelu", "feed_forward", "transformer_block", "gpt_model", "generate_greedy"],
    "ch05": ["batch_loss", "perplexity", "evaluate", "train_model", "sample_next", "generate", "load_gpt2_weights"],
    "ch06": [
        "balance_classes",
        "split_dataset",
        "text_classification_dataset",
        "add_classification_head",
        "classification_accuracy",
        "classify",
    ],
    "ch07": ["format_prompt", "instruction_dataset", "collate_instructions", "mask_prompt", "extract_response"],
    "appA": ["logistic_gradient", "mlp", "toy_dataset", "train_classifier"],
    "appD": ["learning_rate", "clip_gradients", "train_with_schedule"],
    "appE": ["lora_layer", "linear_with_lora", "replace_linear_with_lora", "merge_lora"],
}


class UnknownExercise(ValueError):
    """No exercise has this id."""


def exercises() -> list[str]:
    """The id of every exercise, in the course's order."""
    return [f"{chapter}/{name}" for chapter, names in ORDER.items() for name in names]


def get_exercise(exercise_id: str) -> "Exercise":
    """The exercise with this id.

    Raises:
        UnknownExercise: if there is none.
    """
    if exercise_id not in exercises():
        raise UnknownExercise(exercise_id)
    return importlib.import_module(f"desdecero.checks.{exercise_id.replace('/', '.')}").exercise


def run_check(exercise_id: str, candidate: object, seed: int = 0, lang: str | None = None) -> "Report":
    """Judge an answer; never raises for a wrong one.

    Args:
        exercise_id: such as `"ch04/layer_norm"`.
        candidate: what the student defined: a class or a function.
        seed: draws the fresh inputs.
        lang: `"es"` or `"en"`, the language of the messages; by default that of the edition in use.

    Raises:
        UnknownExercise: if `exercise_id` is not in `exercises()`.
    """
    exercise = get_exercise(exercise_id)
    before = current_edition()
    use_edition(lang or before)
    try:
        return exercise.run(candidate, seed)
    finally:
        use_edition(before)


def __getattr__(name: str):
    # What notebooks use lives apart, so that importing the registry stays cheap.
    if name in ("check", "use", "example"):
        return getattr(importlib.import_module("desdecero.checks.notebook"), name)
    if name in ("Report", "Item"):
        return getattr(importlib.import_module("desdecero.checks.report"), name)
    raise AttributeError(name)
