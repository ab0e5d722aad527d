"""Signed documents: the envelope (`dsse`) and the keys (`keys`)."""
