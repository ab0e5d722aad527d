"""Builds the site of the documentation from the Markdown of this checkout: `make docs`.

`__main__` makes the environment and calls Sphinx with `conf`; `navigation` makes its tables of
contents from the lists of links that people read on a Git host as well.
"""
