"""The phases of a release, one module each; each has `advance`, and `undo` where it changes things.

`engine.decide` holds the two lists that say in which order they speak.
"""
