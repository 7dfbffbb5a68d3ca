"""Pictures of a run: static SVG drawn by Altair, or the words and the table alone where that is not installed."""
