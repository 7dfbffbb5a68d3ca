"""What Schemathesis' own checks conclude, said in our requirements.

Schemathesis generates from the document: legal requests, and requests that violate it in one place. Two
of its own checks are replaced, because exchanges refuse with HTTP 200 and a code as well: whether a
request was refused is read from the outcome, never from the status alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.claim import Claim, Verdict, holds
from conformance.cases.script import Record
from conformance.spec.contract import Operation
from conformance.spec.documents import Document

LEGAL = "rest.legal-input-accepted"
BAD = "rest.bad-input-refused"


def judge_generated(
    operation: Operation, record: Record, is_legal: bool, why: str
) -> Iterator[Claim]:
    """The claim that a generated request allows: accepted if legal, refused if not."""
    if is_legal:
        yield _judge_legal(operation, record)
    else:
        title = f"{operation.id} refuses a request that violates its document"
        expected = f"a refusal: {why}" if why else "a refusal"
        yield holds(BAD, record.is_rejected, title, expected, record.said, [record.number])


def _judge_legal(operation: Operation, record: Record) -> Claim:
    title = f"{operation.id} accepts a request that keeps its document"
    if record.outcome.status == 429:
        why = "a generated request met the rate limit"
        return Claim(LEGAL, Verdict.INCONCLUSIVE, why, "accepted", record.said, (record.number,))
    good = record.is_accepted or (record.is_rejected and may_be_refused(operation))
    return holds(LEGAL, good, title, "accepted", record.said, [record.number])


def may_be_refused(operation: Operation) -> bool:
    """True when the document alone cannot say whether a legal request succeeds.

    That is so where it changes state (balances decide) and where a value must name something that
    exists (`x-values` that the target's file does not list).
    """
    return bool(operation.requires) or operation.id == "login" or _names_something(operation)


def _names_something(operation: Operation) -> bool:
    schemas: list[Document] = [item.schema for item in operation.parameters]
    schemas += list((operation.form or {}).get("properties", {}).values())
    return any("x-values" in schema and "enum" not in schema for schema in schemas)
