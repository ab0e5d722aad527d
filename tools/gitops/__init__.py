"""Argo CD and Flux beside a cluster of the tests, as plain processes: no pods, no registry.

`argocd.argocd` and `flux.flux` start them and end them; `repository` is the Git they follow. Behind
them: `process` (one foreign program), `redis` (what Argo CD keeps its cache in), `application` (an
Application as it changes), `artifacts` (what Flux fetches), `writers` (who wrote which object how
often).
"""
