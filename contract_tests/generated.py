"""What is judged by generated sequences, for who asks without pytest: one function a requirement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from conformance.cases import spot_model
from conformance.cases.claim import Claim
from conformance.session import Session
from contract_tests import test_lifecycle, test_stream_sessions

JUDGED: Final[Mapping[str, Callable[[Session, int], list[Claim]]]] = {
    spot_model.REQUIREMENT: test_lifecycle.explore,
    test_stream_sessions.REQUIREMENT: test_stream_sessions.explore,
}
