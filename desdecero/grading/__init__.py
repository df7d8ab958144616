"""What an instructor runs: nbgrader with settings that let no submission stop the others or earn what it did not.

Nothing here is imported by anything a student runs.
"""
