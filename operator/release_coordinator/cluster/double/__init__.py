"""The rules of an API server, in memory and deterministic; `cluster.memory` puts the port on it."""
