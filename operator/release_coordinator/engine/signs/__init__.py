"""What is watched: one module per kind, each makes `Subject`s of a part of `spec.watch`."""
