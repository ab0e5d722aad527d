"""kubectl-release, the plugin."""
