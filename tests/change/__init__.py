"""Histories that are simulated, and what others make of them: parts of the proof of statistics."""
