"""Measures the operator from outside: `python -m tools.bench` (see docs/benchmarks.md).

Flow: `__main__` brings up `ground` (cluster, fake Prometheus, operator), runs `measures` on it and
prints them with `report`. `process`, `stream` and `audit` are the instruments. Nothing is asserted
about time: figures depend on the machine, so they are printed beside its load.
"""
