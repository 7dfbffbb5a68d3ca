"""The answers of messages.json. A table: status, body, and what is to be read out of it or what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Reads = Mapping[str, str | bool | None]

EXACT = "sdk.decimals-are-read-exactly"
LARGE = "sdk.large-integers-are-read-exactly"
BARE = "sdk.bare-answers-are-read"
FIELDS = "sdk.unknown-fields-are-survived"
ENUMERATIONS = "sdk.unknown-values-are-survived"
MISSING = "sdk.missing-values-are-survived"
REFUSALS = "sdk.refusals-are-errors"
WORDS = "sdk.refusals-keep-code-and-message"
KINDS = "sdk.errors-are-told-apart"
HALF = "sdk.half-an-answer-is-none"
UNKNOWN = "sdk.unknown-outcomes-are-told"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `reads` are JSON Pointers into the payload, `error` what an SDK has to tell of a failure."""

    id: str
    requirement: str | None
    about: str
    body: str
    reads: Reads = field(default_factory=dict)
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    outcome: str = "accepted"
    error: Mapping[str, str | int | bool] | None = None


def refused(
    id: str,
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
    error = {"code": code, "message": message, **more, "mayHaveHappened": False}
    retry = (("Retry-After", str(more["retryAfterMs"] // 1000)),) if more else ()
    headers = (("Content-Type", "application/json"), *retry)
    return Answer(id, requirement, about, body, {}, status, headers, outcome, error)


def broken(
    id: str,
    requirement: str | None,
    about: str,
    body: str,
    status: int = 200,
    outcome: str = "unreadable",
) -> Answer:
    """An answer that tells nothing: what was asked for may have happened."""
    error = {"mayHaveHappened": True}
    return Answer(id, requirement, about, body, {}, status, (), outcome, error)


def wrapped(payload: str) -> str:
    """A payload in its envelope."""
    return f'{{"code":0,"message":"success","data":{payload}}}'


ORDER = (
    '{"orderId":"E1000001","symbol":"BTC/USDT","coinSymbol":"BTC","baseSymbol":"USDT","direction":"BUY",'
    '"type":"LIMIT_PRICE","price":"74000.00","amount":"0.0010","tradedAmount":"0","turnover":"0",'
    '"status":"TRADING","time":1800000000000,"detail":[]}'
)
PAGE = f'{{"content":[{ORDER}],"totalElements":1,"totalPages":1,"number":1,"size":20}}'
TICKER = (
    '{"symbol":"BTC/USDT","open":"73000.00","high":"75000.00","low":"72500.00","close":"74000.00",'
    '"chg":"0.0137","change":"1000.00","volume":"12.5","turnover":"922500.00","lastDayClose":"73400.00",'
    '"usdRate":"74000.00","baseUsdRate":"1","zone":0}'
)
TICKER_READS: Reads = {"/symbol": "BTC/USDT", "/close": "74000.00", "/chg": "0.0137", "/zone": "0"}
WALLET = '{"coin":{"unit":"USDT","name":"Tether"},"balance":"1000","frozenBalance":"74","isLock":0}'

ACCEPTED = (
    Answer("enveloped", BARE, "A payload in its envelope.", wrapped(TICKER), TICKER_READS),
    Answer("bare", BARE, "The same without one.", TICKER, TICKER_READS),
    Answer(
        "bare-list",
        BARE,
        "A list without an envelope.",
        f"[{WALLET}]",
        {"/0/coin/unit": "USDT", "/0/balance": "1000", "/0/isLock": "0"},
    ),
    Answer("bare-text", BARE, "A single decimal as text.", '"74000.00"', {"": "74000.00"}),
    Answer("bare-number", BARE, "A single decimal as a number.", "74000.10", {"": "74000.10"}),
    Answer("enveloped-text", None, "An order's id alone.", wrapped('"E1000001"'), {"": "E1000001"}),
    Answer(
        "envelope-without-data",
        MISSING,
        "An acknowledgement has no payload, and is a yes.",
        '{"code":0,"message":"success"}',
        {"": None},
    ),
    Answer("envelope-of-null", MISSING, "A payload of null is none.", wrapped("null"), {"": None}),
    Answer(
        "envelope-turned",
        FIELDS,
        "The envelope's fields may come in any order, and with others among them.",
        f'{{"data":{TICKER},"totalPage":null,"message":"","code":0,"traceId":"7f"}}',
        TICKER_READS,
    ),
    Answer(
        "with-whitespace",
        None,
        "Line breaks and blanks between tokens, an escaped slash, an escaped letter.",
        '{\r\n  "code" : 0,\n\t"data" : {"symbol": "BTC\\/USDT", "close": "74000.00", "name": "\\u00e9"}\n}\n',
        {"/symbol": "BTC/USDT", "/close": "74000.00", "/name": "\u00e9"},
    ),
    Answer(
        "decimals-as-numbers",
        EXACT,
        "Numbers where the document says text keep every digit.",
        wrapped('{"balance":1000.1234567890123456,"frozenBalance":0.10,"isLock":0}'),
        {"/balance": "1000.1234567890123456", "/frozenBalance": "0.10"},
    ),
    Answer(
        "decimals-as-text",
        EXACT,
        "Text that a double would shorten.",
        wrapped('{"balance":"12345678901234567890.1234567890123456","frozenBalance":"0.00000001"}'),
        {"/balance": "12345678901234567890.1234567890123456", "/frozenBalance": "0.00000001"},
    ),
    Answer(
        "id-beyond-doubles",
        LARGE,
        "2^53 + 1 is not 2^53.",
        wrapped('{"id":9007199254740993,"username":"alice","createTime":1790000000000}'),
        {"/id": "9007199254740993", "/createTime": "1790000000000"},
    ),
    Answer(
        "id-largest",
        LARGE,
        "The largest integer of 64 bits.",
        wrapped('{"id":9223372036854775807,"username":"alice"}'),
        {"/id": "9223372036854775807", "/username": "alice"},
    ),
    Answer(
        "count-beyond-doubles",
        LARGE,
        "A payload that is an integer alone.",
        wrapped("9007199254740993"),
        {"": "9007199254740993"},
    ),
    Answer(
        "unknown-fields",
        FIELDS,
        "Fields that are not documented, of every kind.",
        wrapped(ORDER.replace('"detail"', '"iceberg":{"parts":[1,null]},"tags":[],"stp":null,"detail"')),
        {"/orderId": "E1000001", "/price": "74000.00", "/status": "TRADING"},
    ),
    Answer(
        "unknown-status",
        ENUMERATIONS,
        "A status that the document does not know is told as it came.",
        wrapped(PAGE.replace("TRADING", "PARTIALLY_FILLED")),
        {"/content/0/status": "PARTIALLY_FILLED", "/content/0/price": "74000.00", "/number": "1"},
    ),
    Answer(
        "unknown-type",
        ENUMERATIONS,
        "So is a type of order.",
        wrapped(PAGE.replace("LIMIT_PRICE", "ICEBERG")),
        {"/content/0/type": "ICEBERG", "/content/0/amount": "0.0010"},
    ),
    Answer(
        "unknown-number",
        ENUMERATIONS,
        "So is a number of an enumeration.",
        wrapped('{"orderId":"CE1","status":9,"direction":2,"entrustPrice":"0","createTime":1800000000000}'),
        {"/orderId": "CE1", "/status": "9", "/direction": "2", "/entrustPrice": "0"},
    ),
    Answer(
        "optional-null",
        MISSING,
        "Optional fields that are null.",
        wrapped(ORDER.replace('"detail"', '"clientOrderId":null,"completedTime":null,"detail"')),
        {"/orderId": "E1000001", "/clientOrderId": None, "/completedTime": None},
    ),
    Answer(
        "optional-absent",
        MISSING,
        "Optional fields that are not there.",
        wrapped(ORDER),
        {"/orderId": "E1000001", "/clientOrderId": None, "/completedTime": None},
    ),
    Answer(
        "booleans",
        None,
        "False is a value and no absence.",
        wrapped('{"apiKey":"ft-1","remark":"","enabled":false,"ips":[]}'),
        {"/apiKey": "ft-1", "/remark": "", "/enabled": False},
    ),
)

REFUSED = (
    refused("refused-400", REFUSALS, "A refusal with status 400.", '{"code":3000,"message":"too little"}', 3000, "too little", 400),
    refused("refused-200", REFUSALS, "The same with status 200 is no result.", '{"code":3000,"message":"too little"}', 3000, "too little"),
    refused("refused-200-with-data", REFUSALS, "A refusal is one with a payload too.", '{"code":3000,"message":"no","data":{"orderId":"E1"}}', 3000, "no"),
    refused("refused-200-null-data", REFUSALS, "And with a payload of null.", '{"code":500,"message":"no","data":null}', 500, "no"),
    refused("refused-negative-code", REFUSALS, "Any code but 0 is a refusal.", '{"code":-1,"message":"no"}', -1, "no"),
    refused("refused-in-letters", WORDS, "The message with its letters and quotes.", '{"code":3001,"message":"\\u4f59\\u989d \\"BTC\\" \u00e9"}', 3001, '\u4f59\u989d "BTC" \u00e9', 400),
    refused("refused-empty-message", WORDS, "A message may be empty; the code is there.", '{"code":3002,"message":""}', 3002, "", 400),
    refused("unauthorized-401", KINDS, "Credentials that are not accepted.", '{"code":4000,"message":"log in"}', 4000, "log in", 401, "unauthorized"),
    refused("unauthorized-403", KINDS, "Known and not allowed.", '{"code":3004,"message":"no permission"}', 3004, "no permission", 403, "unauthorized"),
    refused("rate-limited", KINDS, "Too many requests, and when to come back.", '{"code":3005,"message":"slow down"}', 3005, "slow down", 429, "rate_limited", retryAfterMs=12000),
    Answer("rate-limited-by-a-gateway", KINDS, "Too many requests, said by a gateway in a page.", "<html>429</html>", {}, 429, (("retry-after", "1"),), "rate_limited", {"retryAfterMs": 1000, "mayHaveHappened": False}),
)

BROKEN = (
    broken("half-an-answer", HALF, "An answer that breaks off within a name.", '{"code":0,"message":"success","data":{"orde'),
    broken("half-a-text", HALF, "An answer that breaks off within an id.", '{"code":0,"message":"success","data":"E10000'),
    broken("half-an-envelope", HALF, "The last brace is missing.", '{"code":0,"message":"success","data":"E1000001"'),
    broken("no-body", HALF, "Status 200 and nothing.", ""),
    broken("a-page", HALF, "Status 200 and the page of somebody in between.", "<html>ok</html>"),
    broken("not-a-number", None, "NaN is not JSON.", '{"code":0,"data":{"close":NaN}}'),
    broken("server-500", UNKNOWN, "A broken server may have done it.", '{"code":500,"message":"broken"}', 500, "server"),
    broken("server-502", UNKNOWN, "A gateway without a server behind it.", "<html>502</html>", 502, "server"),
    broken("server-503-yes", UNKNOWN, "A yes with status 503 is none.", '{"code":0,"message":"success","data":"E1"}', 503, "server"),
    broken("server-504", UNKNOWN, "A gateway that waited long enough.", "", 504, "server"),
)

ANSWERS = (*ACCEPTED, *REFUSED, *BROKEN)
