"""May this SDK ship? What it puts on the wire and what it gives back, held against the catalogue."""
