"""Told apart from noise: what changed between nights. Pure functions of numbers."""
