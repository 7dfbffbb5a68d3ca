"""KEEP it: a run on disk, append-only, that can be judged and reported again."""
