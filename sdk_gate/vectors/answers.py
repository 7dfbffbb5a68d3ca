"""The answers of messages.json that say yes. A table: body, and what is to be read out of it."""

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
        wrapped(
            ORDER.replace('"detail"', '"iceberg":{"parts":[1,null]},"tags":[],"stp":null,"detail"')
        ),
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
        wrapped(
            '{"orderId":"CE1","status":9,"direction":2,"entrustPrice":"0","createTime":1800000000000}'
        ),
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
