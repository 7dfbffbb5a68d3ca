"""Every check of the library, one test each."""

from __future__ import annotations

from conformance.cases.script import Check
from conformance.session import Session
from contract_tests.outcome import settle


def test_check(session: Session, check: Check) -> None:
    """Run one check on the target."""
    settle(session.check(check))
