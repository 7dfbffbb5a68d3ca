"""WHAT to try: scripts and tables that ask operations and say what must come back."""
