"""Staged examples that SDK authors load in their own unit tests: signing, encoding, decimals, messages."""

from sdk_gate.vectors.signing import SigningVector, signing_vectors, wrong_stage

__all__ = ["SigningVector", "signing_vectors", "wrong_stage"]
