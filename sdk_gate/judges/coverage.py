"""Which documented operations a wrapped command never called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.cases.claim import Claim, holds
from conformance.spec.contract import Contract
from sdk_gate.arrivals import Arrival


def judge(contract: Contract, arrivals: Sequence[Arrival]) -> Iterator[Claim]:
    """One claim for each documented operation."""
    asked = {each.operation for each in arrivals}
    for operation in contract.operations.values():
        if operation.provenance == "documented":
            yield holds(
                "sdk.works-with-every-operation",
                operation.id in asked,
                f"{operation.id} is called",
                f"{operation.method} {operation.path} arrives",
                "called" if operation.id in asked else "never called",
            )
