"""Objects of the cluster to what a page shows. Pure: no HTML, no clock, no I/O.

Each page has a module here and a template of the same name.
"""
