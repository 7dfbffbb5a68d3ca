"""Commands that people have, around which the gate is put: the quick start, and a client that a generator made."""
