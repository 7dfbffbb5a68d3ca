"""The history of runs: documents, index, migration, retention."""
