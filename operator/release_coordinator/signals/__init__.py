"""Evidence from outside the Kubernetes API: metrics and health endpoints."""
