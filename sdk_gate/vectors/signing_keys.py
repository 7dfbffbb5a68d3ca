"""More requests of the signing vectors: other headers, other secrets, and values that encodings go wrong with."""

from __future__ import annotations

from sdk_gate.vectors.signing_inputs import (
    ADD,
    LIMIT_BUY,
    ORDERS,
    PARTS,
    UPDATE,
    USER,
    WALLETS,
    Row,
    get,
    post,
)
from sdk_gate.vectors.values import VALUES

HEADERS = (
    get(
        "window-none",
        "Without a window nothing stands for it, and its header is not sent.",
        WALLETS,
        window="",
    ),
    post("window-none-post", "The same of a POST.", ADD, LIMIT_BUY, window=""),
    get("window-one", "The smallest window.", WALLETS, window="1"),
    get("window-largest", "The largest window.", WALLETS, window="60000"),
    get(
        "timestamp-other",
        "One millisecond later: another signature.",
        WALLETS,
        timestamp="1800000000001",
    ),
    get(
        "timestamp-short",
        "The digits of the timestamp are signed as they are.",
        WALLETS,
        timestamp="1",
    ),
    get("timestamp-later", "A timestamp of fourteen digits.", WALLETS, timestamp="10000000000000"),
    get("method-get", "The method is signed: compare method-post.", USER),
    post("method-post", "The method is signed: compare method-get.", USER),
    get(
        "key-long",
        "A key's name of 64 characters; it is sent and not signed.",
        WALLETS,
        key="k" * 64,
    ),
    get(
        "key-dashes",
        "Another key's name, the same signature as get-bare.",
        WALLETS,
        requirement=PARTS,
        key="ft_7Q2m-X9c4",
    ),
)

SECRETS = (
    get(
        "secret-one-block",
        "A secret of 64 bytes, a block of the digest.",
        WALLETS,
        secret="not-a-secret-".ljust(64, "a"),
    ),
    get(
        "secret-over-a-block",
        "A secret of 65 bytes, which HMAC hashes first.",
        WALLETS,
        secret="not-a-secret-".ljust(65, "a"),
    ),
    get("secret-long", "A secret of 200 bytes.", WALLETS, secret="not-a-secret-".ljust(200, "z")),
    get(
        "secret-like-base64",
        "A secret that looks like Base64 is used as it is.",
        WALLETS,
        secret="not-a-secret-QUJD+/==",
    ),
    get(
        "secret-like-hex",
        "A secret that looks like hex is used as it is.",
        WALLETS,
        secret="not-a-secret-00ff10ab",
    ),
    get(
        "secret-with-blanks",
        "Blanks at the end of a secret belong to it.",
        WALLETS,
        secret="not-a-secret- ",
    ),
    get(
        "secret-of-letters",
        "A secret is its bytes of UTF-8.",
        WALLETS,
        secret="not-a-secret-\u00e9\u6f22\U0001f680",
    ),
)

# Of all values those that a signer meets: each once in a query and once in a form.
SIGNED_VALUES = (
    "slash",
    "plus",
    "ampersand",
    "equals",
    "percent",
    "percent-escape-literal",
    "blank",
    "blanks-around",
    "tilde",
    "asterisk",
    "quotes",
    "newline",
    "e-acute",
    "e-acute-decomposed",
    "han",
    "emoji",
    "everything",
)


def _of_values() -> tuple[Row, ...]:
    """Requests with the values that encodings go wrong with; the exchange itself would refuse most of them."""
    chosen = [each for each in VALUES if each.id in SIGNED_VALUES]
    queries = [
        get(f"get-value-{each.id}", f"In a query. {each.about}", ORDERS, {"symbol": each.text})
        for each in chosen
    ]
    forms = [
        post(f"post-value-{each.id}", f"In a form. {each.about}", UPDATE, {"remark": each.text})
        for each in chosen
    ]
    return (*queries, *forms)


VALUE_ROWS = _of_values()
