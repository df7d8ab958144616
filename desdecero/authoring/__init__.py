"""The build: from `chapters/` to the notebooks that instructors and students open.

Nothing here is imported by anything a student runs.
"""
