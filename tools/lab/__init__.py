"""A laboratory: the operator from its chart and the bookshop, on a real cluster, seen from outside.

`lab.Lab` is what the demo and the end-to-end tests use. Behind it: `coordinator` (the operator),
`bookshop` (the application), `people` (who sign), `following` (a Release as it changes),
`kubectl` (the only way in).
"""
