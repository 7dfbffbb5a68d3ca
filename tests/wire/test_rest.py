"""Requests from parameters, and answers as outcomes, in every accepted style."""

from __future__ import annotations

from decimal import Decimal

import pytest

from conformance.wire.http import Request, Response
from conformance.wire.rest import OutcomeKind, build, outcome_of
from conformance.wire.signing import Key, Recipe, sign, signature, signed_bytes

YES, NO, WHO_KNOWS = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "kind", "data"),
    [
        (200, b'{"code":0,"message":"","data":[1]}', YES, [1]),
        (200, b'{"code":0,"message":""}', YES, None),
        (200, b"[1]", YES, [1]),
        (200, b'{"a":1.10}', YES, {"a": Decimal("1.10")}),
        (200, b'{"code":500,"message":"no"}', NO, None),
        (400, b'{"code":500,"message":"no"}', NO, None),
        (404, b"<html>", NO, None),
        (200, b"<html>", WHO_KNOWS, None),
        (200, b"NaN", WHO_KNOWS, None),
        (302, b"{}", WHO_KNOWS, None),
        (500, b'{"code":0}', WHO_KNOWS, None),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, kind: OutcomeKind, data: object) -> None:
    outcome = outcome_of(Response(status, (), body))
    assert (outcome.kind, outcome.data) == (kind, data)


def test_no_answer_may_have_happened() -> None:
    assert outcome_of(None).kind is WHO_KNOWS


def test_parameters_are_encoded_once_and_in_order() -> None:
    form = {
        "symbol": "BTC/USDT",
        "direction": 0,
        "amount": Decimal("1E-7"),
        "on": True,
        "name": "a b",
    }
    request = build("POST", "/x", form=form)
    assert request.body == b"symbol=BTC%2FUSDT&direction=0&amount=0.0000001&on=true&name=a+b"


# Worked out by openssl: printf %s '<text>' | openssl dgst -sha256 -hmac topsecret
VECTOR = "522dad3d65ed0389246f46b057c3a63022403910ed4dec07d7d8d9e873bf64ed"


def test_what_is_signed_are_the_bytes_as_sent() -> None:
    request = Request("GET", "/tx/spot/list?symbol=BTC%2FUSDT", (), b"")
    text = signed_bytes(Recipe(), request, "1800000000000", "5000", "k")
    assert text == b"18000000000005000GET/tx/spot/list?symbol=BTC%2FUSDT"
    assert signature(Recipe(), "topsecret", text) == VECTOR


def test_a_window_is_sent_only_when_given() -> None:
    plain = sign(Recipe(), Request("GET", "/x"), Key("k", "s"), 1)
    wide = sign(Recipe(), Request("GET", "/x"), Key("k", "s"), 1, "9000")
    assert plain.header("X-FT-RECV-WINDOW") is None
    assert wide.header("X-FT-RECV-WINDOW") == "9000"
