"""The status page: what is being released, for people without kubectl. Reads, and never writes.

    API server -> mirror (informers, store) -> views (pure) -> pages (HTML)

A process, a ServiceAccount and a Deployment of its own: it knows nothing of the operator, and the
operator nothing of it. Two ports: the pages for the team, and the summary for everybody.
"""
