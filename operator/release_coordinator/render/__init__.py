"""Pure builders of Kubernetes bodies, a module per kind."""
