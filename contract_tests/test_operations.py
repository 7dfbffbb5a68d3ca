"""Every operation of the OpenAPI document, asked by Schemathesis: legal requests and illegal ones.

An operation added to the document is tested here with no other edit. What leaves are the bytes that
Schemathesis serialised, given a token at the wire.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from conformance.session import Session
from conformance.spec.contract import Contract
from contract_tests.fuzzer import Fuzzer, schema

# Time belongs to the target and to the governor, not to the generator.
PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session")
def fuzzer(session: Session) -> Iterator[Fuzzer]:
    """Carries the cases; keeps the last conclusions when the questions are over."""
    carrier = Fuzzer(session)
    yield carrier
    carrier.close()


@pytest.fixture(scope="session")
def legal_document(
    contract: Contract, seed: int, pytestconfig: pytest.Config
) -> schemathesis.BaseSchema:
    """The document as a source of requests that keep it."""
    return schema(contract, "positive", seed, pytestconfig.getoption("examples"))


@pytest.fixture(scope="session")
def illegal_document(
    contract: Contract, seed: int, pytestconfig: pytest.Config
) -> schemathesis.BaseSchema:
    """The document as a source of requests that violate it in one place."""
    return schema(contract, "negative", seed, pytestconfig.getoption("examples"))


legal = schemathesis.pytest.from_fixture("legal_document")
illegal = schemathesis.pytest.from_fixture("illegal_document")


@legal.parametrize()
@PATIENT
def test_legal_requests(case: schemathesis.Case, fuzzer: Fuzzer) -> None:
    """A request that keeps the document is accepted, and its answer keeps it too."""
    _ask(case, fuzzer)


@illegal.parametrize()
@PATIENT
def test_illegal_requests(case: schemathesis.Case, fuzzer: Fuzzer) -> None:
    """A request that violates the document is refused, in the document's own way."""
    _ask(case, fuzzer)


def _ask(case: schemathesis.Case, fuzzer: Fuzzer) -> None:
    reason = fuzzer.reason_to_skip(case)
    if reason:
        pytest.skip(reason)
    fuzzer.ask(case)
