"""The answers of messages.json that say no, or nothing. A table: what an SDK has to tell of each."""

from __future__ import annotations

from sdk_gate.vectors.answers import Answer

REFUSALS = "sdk.refusals-are-errors"
WORDS = "sdk.refusals-keep-code-and-message"
KINDS = "sdk.errors-are-told-apart"
HALF = "sdk.half-an-answer-is-none"
UNKNOWN = "sdk.unknown-outcomes-are-told"


def refused(
    name: str,
    requirement: str,
    about: str,
    body: str,
    code: int,
    message: str,
    status: int = 200,
    outcome: str = "rejected",
    **more: int,
) -> Answer:
    """An answer that says no, in words that an SDK keeps."""
    error: dict[str, str | int | bool] = {"code": code, "message": message, **more}
    error["mayHaveHappened"] = False
    retry = (("Retry-After", str(more["retryAfterMs"] // 1000)),) if more else ()
    headers = (("Content-Type", "application/json"), *retry)
    return Answer(name, requirement, about, body, {}, status, headers, outcome, error)


def broken(
    name: str,
    requirement: str | None,
    about: str,
    body: str,
    status: int = 200,
    outcome: str = "unreadable",
) -> Answer:
    """An answer that tells nothing: what was asked for may have happened."""
    error = {"mayHaveHappened": True}
    return Answer(name, requirement, about, body, {}, status, (), outcome, error)


REFUSED = (
    refused(
        "refused-400",
        REFUSALS,
        "A refusal with status 400.",
        '{"code":3000,"message":"too little"}',
        3000,
        "too little",
        400,
    ),
    refused(
        "refused-200",
        REFUSALS,
        "The same with status 200 is no result.",
        '{"code":3000,"message":"too little"}',
        3000,
        "too little",
    ),
    refused(
        "refused-200-with-data",
        REFUSALS,
        "A refusal is one with a payload too.",
        '{"code":3000,"message":"no","data":{"orderId":"E1"}}',
        3000,
        "no",
    ),
    refused(
        "refused-200-null-data",
        REFUSALS,
        "And with a payload of null.",
        '{"code":500,"message":"no","data":null}',
        500,
        "no",
    ),
    refused(
        "refused-negative-code",
        REFUSALS,
        "Any code but 0 is a refusal.",
        '{"code":-1,"message":"no"}',
        -1,
        "no",
    ),
    refused(
        "refused-in-letters",
        WORDS,
        "The message with its letters and quotes.",
        '{"code":3001,"message":"\\u4f59\\u989d \\"BTC\\" \u00e9"}',
        3001,
        '\u4f59\u989d "BTC" \u00e9',
        400,
    ),
    refused(
        "refused-empty-message",
        WORDS,
        "A message may be empty; the code is there.",
        '{"code":3002,"message":""}',
        3002,
        "",
        400,
    ),
    refused(
        "unauthorized-401",
        KINDS,
        "Credentials that are not accepted.",
        '{"code":4000,"message":"log in"}',
        4000,
        "log in",
        401,
        "unauthorized",
    ),
    refused(
        "unauthorized-403",
        KINDS,
        "Known and not allowed.",
        '{"code":3004,"message":"no permission"}',
        3004,
        "no permission",
        403,
        "unauthorized",
    ),
    refused(
        "rate-limited",
        KINDS,
        "Too many requests, and when to come back.",
        '{"code":3005,"message":"slow down"}',
        3005,
        "slow down",
        429,
        "rate_limited",
        retryAfterMs=12000,
    ),
    Answer(
        "rate-limited-by-a-gateway",
        KINDS,
        "Too many requests, said by a gateway in a page.",
        "<html>429</html>",
        {},
        429,
        (("retry-after", "1"),),
        "rate_limited",
        {"retryAfterMs": 1000, "mayHaveHappened": False},
    ),
)

BROKEN = (
    broken(
        "half-an-answer",
        HALF,
        "An answer that breaks off within a name.",
        '{"code":0,"message":"success","data":{"orde',
    ),
    broken(
        "half-a-text",
        HALF,
        "An answer that breaks off within an id.",
        '{"code":0,"message":"success","data":"E10000',
    ),
    broken(
        "half-an-envelope",
        HALF,
        "The last brace is missing.",
        '{"code":0,"message":"success","data":"E1000001"',
    ),
    broken("no-body", HALF, "Status 200 and nothing.", ""),
    broken("a-page", HALF, "Status 200 and the page of somebody in between.", "<html>ok</html>"),
    broken("not-a-number", None, "NaN is not JSON.", '{"code":0,"data":{"close":NaN}}'),
    broken(
        "server-500",
        UNKNOWN,
        "A broken server may have done it.",
        '{"code":500,"message":"broken"}',
        500,
        "server",
    ),
    broken(
        "server-502",
        UNKNOWN,
        "A gateway without a server behind it.",
        "<html>502</html>",
        502,
        "server",
    ),
    broken(
        "server-503-yes",
        UNKNOWN,
        "A yes with status 503 is none.",
        '{"code":0,"message":"success","data":"E1"}',
        503,
        "server",
    ),
    broken("server-504", UNKNOWN, "A gateway that waited long enough.", "", 504, "server"),
)

FAILURES = (*REFUSED, *BROKEN)
