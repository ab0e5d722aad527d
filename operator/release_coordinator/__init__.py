"""Release Coordinator: a Kubernetes operator for releases that must not go wrong."""
