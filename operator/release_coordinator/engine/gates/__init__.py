"""The gates of the pre-release checklist, one module each."""
