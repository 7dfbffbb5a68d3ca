"""What our own drivers need, installed into `.tools/`."""
