"""The phases of a release, one module each."""
