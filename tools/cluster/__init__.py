"""The cluster for demo and tests: one interface over kind and over a bare control plane.

Flow: `__main__` (command line) and `pytest_plugin` (fixtures) call `clusters`; `clusters` picks
`kind` or `light`; both stand on `binaries` (Go), `debian` (packages) and `engine` (containers).
"""
