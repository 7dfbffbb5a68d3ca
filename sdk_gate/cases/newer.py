"""What an SDK makes of the answers of a newer exchange, whichever operation it asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from conformance.cases.claim import Claim, holds
from conformance.spec.contract import Operation
from conformance.spec.documents import Document
from sdk_gate import samples
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.driver import Answer
from sdk_gate.exchange import newer, scripts
from sdk_gate.stage import Stage

Change = Callable[[Any, Document], Any]
# The requirement, what is changed, and how.
CHANGES: Final[tuple[tuple[str, str, Change], ...]] = (
    ("unknown-fields", "fields that nobody knows", newer.with_unknown_fields),
    ("unknown-values", "values that no enumeration has", newer.with_unknown_values),
    ("missing-values", "no optional field", newer.without_optional_fields),
    ("missing-values", "optional fields that are null", newer.with_nulls),
)


@case(
    "sdk.unknown-fields-are-survived",
    "sdk.unknown-values-are-survived",
    "sdk.missing-values-are-survived",
    needs=(ACCOUNT,),
)
def every_answer(stage: Stage) -> Iterator[Claim]:
    """Each operation answers with the document's example, then as a newer exchange may: the rest stays readable."""
    stage.open_account()
    for operation in stage.exchange.contract.operations.values():
        example = newer.example_of(stage.exchange.contract, operation)
        if example is None:
            continue
        usual = _answered(stage, operation, "its example", _enveloped(example))
        if not usual.ok:  # an SDK may not have it, or want other parameters
            continue
        schema = newer.schema_of(stage.exchange.contract, operation)
        for what, name, change in CHANGES:
            changed = change(example, schema)
            if changed == example:
                continue
            answer = _answered(stage, operation, name, _enveloped(changed))
            kept = newer.kept(example, changed, usual.result)
            yield _readable(f"sdk.{what}-are-survived", operation, name, kept, answer)
        answer = _answered(stage, operation, "no message", {"code": 0, "data": example})
        kept = newer.kept(example, example, usual.result)
        yield _readable("sdk.missing-values-are-survived", operation, "no message", kept, answer)


def _enveloped(payload: Any) -> dict[str, Any]:
    return {"code": 0, "message": "success", "data": payload}


def _answered(stage: Stage, operation: Operation, name: str, body: dict[str, Any]) -> Answer:
    """Call an operation with its example; its answer is a body as it stands."""
    given = samples.least(stage.exchange.contract, operation)
    if operation.id == samples.LOGIN:
        given = stage.login
    stage.exchange.always(operation.id, scripts.text(f"answers with {name}", json.dumps(body)))
    return stage.driver.step("call", operation=operation.id, params=given)


def _readable(
    requirement: str, operation: Operation, name: str, kept: newer.Leaves, answer: Answer
) -> Claim:
    found = newer.leaves(answer.result)
    lost = [path for path, value in kept.items() if found.get(path) != value]
    title = f"an answer of {operation.id} with {name} is read"
    shown = answer.said if not answer.ok else f"not {', '.join(map(str, lost[:3]))}"
    is_read = answer.ok and not lost
    actual = "the rest as before" if is_read else shown
    return holds(requirement, is_read, title, "the rest as before", actual)
