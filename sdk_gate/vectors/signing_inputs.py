"""The requests of the signing vectors. A table: what is asked, with what, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Parameters = Mapping[str, str | int | bool]

BYTES = "sdk.signature-matches-the-bytes"
PARTS = "sdk.signs-query-and-body"
ORDER = "sdk.order-of-parameters-is-free"
PLAIN = "sdk.decimals-are-sent-plainly"
FALSY = "sdk.falsy-values-are-sent"

ORDERS, ADD, CANCEL = "/tx/spot/list", "/tx/spot/add", "/tx/spot/cancel"
WALLETS, USER = "/uc/asset/spot-wallets", "/uc/user-info"
UPDATE = "/uc/api-key/update"

LIMIT_BUY: Parameters = {
    "symbol": "BTC/USDT",
    "direction": 0,
    "type": 0,
    "price": "74000",
    "amount": "0.001",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One request that is to be signed. `form` None is a request without a body."""

    id: str
    about: str
    path: str
    query: Parameters | None = None
    form: Parameters | None = None
    requirement: str = BYTES
    method: str = "GET"
    timestamp: str = "1800000000000"
    window: str = "5000"
    key: str = "ft-vectors"
    secret: str = "not-a-secret-but-a-test-vector"


def get(name: str, about: str, path: str, query: Parameters | None = None, **more: str) -> Row:
    """A GET, with a query unless it has none."""
    return Row(name, about, path, query, None, **more)


def post(name: str, about: str, path: str, form: Parameters | None = None, **more: str) -> Row:
    """A POST, with a form unless it has none."""
    return Row(name, about, path, None, form, **{"method": "POST", **more})


QUERIES = (
    get(
        "get-bare",
        "No query: neither a question mark nor a body is signed.",
        WALLETS,
        requirement=PARTS,
    ),
    get(
        "get-one",
        "One parameter, with the question mark before it.",
        ORDERS,
        {"pageNo": 1},
        requirement=PARTS,
    ),
    get("get-two", "Two parameters.", ORDERS, {"pageNo": 1, "pageSize": 20}, requirement=PARTS),
    get(
        "get-two-turned",
        "The same two the other way round: another signature.",
        ORDERS,
        {"pageSize": 20, "pageNo": 1},
        requirement=ORDER,
    ),
    get(
        "get-unsorted",
        "Names are not sorted before they are signed.",
        ORDERS,
        {"symbol": "BTC/USDT", "pageNo": 2},
        requirement=ORDER,
    ),
    get(
        "get-all",
        "Every parameter of an operation.",
        ORDERS,
        {"symbol": "ETH/USDT", "status": "TRADING", "pageNo": 3, "pageSize": 100},
    ),
    get(
        "get-empty-text",
        "A parameter that is empty, and the only one.",
        ORDERS,
        {"symbol": ""},
        requirement=FALSY,
    ),
    get("get-zero", "A zero is sent and signed.", ORDERS, {"pageNo": 0}, requirement=FALSY),
    get("get-false", "False is sent and signed.", ORDERS, {"open": False}, requirement=FALSY),
    get(
        "get-true",
        "True is sent in lower case, and so signed.",
        ORDERS,
        {"open": True},
        requirement="sdk.booleans-are-lower-case",
    ),
    get(
        "get-dash-in-path",
        "A path with dashes and a digit.",
        "/tx/spot/symbol-thumb-v2",
        requirement=PARTS,
    ),
    get(
        "get-futures",
        "Another path, another text.",
        "/tx/uorder/list",
        {"contractCoinId": 1},
        requirement=PARTS,
    ),
    get("get-name-encoded", "Names are encoded like values.", ORDERS, {"status[0]": "TRADING"}),
    get(
        "get-long", "A query of a thousand characters.", ORDERS, {"symbol": "/".join(["AB"] * 200)}
    ),
)

FORMS = (
    post("post-bare", "A POST without a form: nothing after the path.", USER, requirement=PARTS),
    post(
        "post-empty-form",
        "A form with no fields is an empty body with its content type.",
        USER,
        {},
        requirement=PARTS,
    ),
    post(
        "post-one",
        "A form of one field; no question mark before a body.",
        CANCEL,
        {"orderId": "E1000001"},
        requirement=PARTS,
    ),
    post(
        "post-limit-buy", "The documented example of an order.", ADD, LIMIT_BUY, requirement=FALSY
    ),
    post(
        "post-limit-buy-turned",
        "The same order with its fields the other way round.",
        ADD,
        dict(reversed(list(LIMIT_BUY.items()))),
        requirement=ORDER,
    ),
    post(
        "post-market-sell",
        "A market order has no price.",
        ADD,
        {"symbol": "BTC/USDT", "direction": 1, "type": 1, "amount": "0.5"},
    ),
    post(
        "post-own-name",
        "An order with its caller's name for it.",
        ADD,
        {**LIMIT_BUY, "clientOrderId": "night_7-a"},
    ),
    post(
        "post-smallest-amount",
        "Eight digits after the point, no exponent.",
        ADD,
        {**LIMIT_BUY, "amount": "0.00000001"},
        requirement=PLAIN,
    ),
    post(
        "post-sixteen-digits",
        "Sixteen digits after the point.",
        ADD,
        {**LIMIT_BUY, "price": "0.1234567890123456"},
        requirement=PLAIN,
    ),
    post(
        "post-twenty-digits",
        "Twenty digits before the point.",
        ADD,
        {**LIMIT_BUY, "amount": "12345678901234567890"},
        requirement=PLAIN,
    ),
    post(
        "post-trailing-zeros",
        "Zeros at the end are part of the text that is signed.",
        ADD,
        {**LIMIT_BUY, "price": "74000.00"},
        requirement=PLAIN,
    ),
    post(
        "post-open-position",
        "A futures order.",
        "/tx/uorder/open",
        {"contractCoinId": 1, "direction": 0, "type": 1, "leverage": 10, "volume": 1},
    ),
    post(
        "post-close-position",
        "The order that ends it.",
        "/tx/uorder/close",
        {"contractCoinId": 1, "direction": 1, "type": 1, "volume": 1},
    ),
    post(
        "post-false",
        "False is sent and signed.",
        UPDATE,
        {"apiKey": "ft-other", "enabled": False},
        requirement=FALSY,
    ),
    post(
        "post-true",
        "True is sent in lower case.",
        UPDATE,
        {"apiKey": "ft-other", "enabled": True},
        requirement="sdk.booleans-are-lower-case",
    ),
    post(
        "post-empty-text",
        "An empty field, and the last one.",
        UPDATE,
        {"apiKey": "ft-other", "remark": ""},
        requirement=FALSY,
    ),
    post(
        "post-long",
        "A body longer than a block of the digest, many times over.",
        UPDATE,
        {"remark": "a/b " * 300},
    ),
    Row(
        "post-query-and-form",
        "Query and body are both signed, in this order.",
        ADD,
        {"source": "a b"},
        LIMIT_BUY,
        PARTS,
        "POST",
    ),
    Row(
        "post-query-alone",
        "A POST with a query and no body.",
        USER,
        {"source": "sdk"},
        None,
        PARTS,
        "POST",
    ),
)
