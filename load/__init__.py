"""Locust scenarios: how fast, how far, and whether the figure is true."""
