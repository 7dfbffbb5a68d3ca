"""Refusals in every dress: with whatever HTTP status, with data beside the code, with words at length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.cases.claim import Claim, holds
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.stage import Stage

AT_LENGTH: Final = f"the amount is below the least: {'whatever the market says, ' * 20}and so on"
# The HTTP status, the code, the message and the data, and what a caller is told of it.
REFUSALS: Final[tuple[tuple[int, int, str, Any, str], ...]] = (
    (200, 3010, "refused, with data", {"orderId": "E1"}, "rejected"),
    (200, 3010, "refused, with text", "E1", "rejected"),
    (202, 3010, "refused, after all", None, "rejected"),
    (400, 3010, AT_LENGTH, None, "rejected"),
    (401, 3002, "the signature does not match", None, "unauthorized"),
    (403, 3007, "the key lacks the permission trade", None, "unauthorized"),
    (500, 500, "something broke", None, "server"),
    (503, 3999, "closed for maintenance", None, "server"),
)
# Broken servers, and what stands before them, have more statuses than the usual ones.
BROKEN: Final = (500, 501, 507, 520, 599)


@case(
    "sdk.refusals-are-errors",
    "sdk.refusals-keep-code-and-message",
    "sdk.errors-are-told-apart",
    needs=(ACCOUNT,),
)
def in_every_dress(stage: Stage) -> Iterator[Claim]:
    """An order is refused with many a status; beside the code stands data, or a long message."""
    stage.open_account()
    for status, code, message, data, kind in REFUSALS:
        body = {"code": code, "message": message, "data": data}
        name = f"refuses with {status}: {message[:40]}"
        stage.exchange.always("placeSpotOrder", scripts.says(name, body, status))
        answer = stage.call("placeSpotOrder", **LIMIT_BUY)
        title = f"code {code} with HTTP {status} is an error ({message[:40]})"
        yield holds("sdk.refusals-are-errors", not answer.ok, title, "an error", answer.said)
        if not answer.ok:
            yield told(answer, code, message)
            yield _kind(f"{status} with code {code}", kind, answer)


@case("sdk.errors-are-told-apart", needs=(ACCOUNT,))
def broken_in_every_way(stage: Stage) -> Iterator[Claim]:
    """An order meets servers that are broken, in more ways than the usual ones."""
    stage.open_account()
    for status in BROKEN:
        stage.exchange.always("placeSpotOrder", scripts.broken(status))
        yield _kind(f"{status}", "server", stage.call("placeSpotOrder", **LIMIT_BUY))


def told(answer: Answer, code: int, message: str) -> Claim:
    """An error holds what the exchange said: in fields of its own, or in its words."""
    is_told = message in answer.message and (answer.code == code or str(code) in answer.message)
    expected, actual = f"{code}: {message}", f"{answer.code}: {answer.message}"
    title = f"an error of {answer.kind} holds code {code} and the message ({message[:40]})"
    return holds("sdk.refusals-keep-code-and-message", is_told, title, expected, actual)


def _kind(what: str, kind: str, answer: Answer) -> Claim:
    title = f"HTTP {what} is told as {kind}"
    actual = answer.said if answer.ok else answer.kind
    return holds("sdk.errors-are-told-apart", actual == kind, title, kind, actual)
