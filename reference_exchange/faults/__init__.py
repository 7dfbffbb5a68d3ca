"""The wrong exchanges: one small, named deviation each, put into a built exchange from outside."""

from reference_exchange.faults.catalogue import CATALOGUE, apply, check_names

__all__ = ["CATALOGUE", "apply", "check_names"]
