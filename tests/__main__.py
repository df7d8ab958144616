"""`python -m tests`: everything, two files at a time, each notebook on one kernel."""

import os
import sys

import pytest

# Two tests at a time on two cores: more threads than one each would only fight.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

sys.exit(pytest.main(["-n", "2", "--dist", "loadfile", "--nbval", "tests", "solutions", *sys.argv[1:]]))
