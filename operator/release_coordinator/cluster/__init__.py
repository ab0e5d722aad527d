"""Input and output with the Kubernetes API: a tiny port, its adapter, the watch store."""
