"""THE RULES of an exchange: standard library only, no clock, no socket, no randomness, no float."""
