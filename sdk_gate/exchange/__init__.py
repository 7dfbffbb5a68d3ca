"""The verifying exchange: the rules behind servers that record bytes and do what a script says."""
