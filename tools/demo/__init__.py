"""The demo: three releases of the bookshop on a local cluster, and the proof that they went right.

__main__ -> stage (cluster, images, operator, bookshop)
-> acts (the three releases) -> signing (who signs them off)
                             -> narrator (what happens, while it happens)
-> proof (what is true afterwards, asked from outside)
-> closing (the table of checks, and where to look around)
"""
