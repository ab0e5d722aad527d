"""Writes the pages below `docs/reference` that say what the code says; part of `make generate`.

One module per page, each with a pure `render`; `tools.generate` writes or compares them.
"""
