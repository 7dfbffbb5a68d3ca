"""TELL: turn a saved run into summary.json, JUnit, Markdown and one HTML page."""
