"""`python -m tests`: everything, two tests at a time, each notebook on one kernel."""

import os
import sys

import pytest

# Two tests at a time on two cores: more threads than one each would only fight.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

# `conftest.py` says what stays together, and what comes first.
two_at_a_time = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
sys.exit(pytest.main([*two_at_a_time, "--nbval", "tests", "solutions", *sys.argv[1:]]))
