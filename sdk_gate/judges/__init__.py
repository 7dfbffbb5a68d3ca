"""Judges of what arrived: pure functions, the same over a case and over a wrapped command."""
