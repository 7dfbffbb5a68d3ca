"""The verifying exchange: the reference exchange's rules behind servers that record bytes and do what a script says."""
