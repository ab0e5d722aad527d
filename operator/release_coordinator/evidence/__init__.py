"""Looks up what gates ask for beyond an attempt's own objects (`engine.evidence`).

    look -> registry -> one module per kind of question -> cluster, signals

An answer that is not to be had is a fact with a `problem`; only `Transient` passes through, and
the queue tries again.
"""
