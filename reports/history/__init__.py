"""Runs that are kept: immutable documents, and an index over them."""
