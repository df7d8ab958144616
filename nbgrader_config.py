# nbgrader reads this file in the folder where it is started: this one.
# EDITION=en chooses the English class; Spanish is the default. What is set, and why: desdecero/grading/config.py.
import os

from desdecero.grading.config import configure

configure(get_config(), os.environ.get("EDITION", "es"))  # noqa: F821 - nbgrader provides get_config
