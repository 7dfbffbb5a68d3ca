"""The judges of arrivals, on arrivals made by hand: what they must hold against an SDK, and what they must not."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cases.claim import Verdict
from conformance.spec.contract import Contract
from conformance.wire.http import Request
from conformance.wire.signing import Key, Recipe, sign
from reference_exchange.streams import client_validators
from sdk_gate.arrivals import OTHER, Arrival, Seen, StreamEvent
from sdk_gate.judges import coverage, requests, streams, waiting
from sdk_gate.rough import BrokenStream, LostOrder
from tests.sdk.seen import FORM, MS, arrival, event, order, subscribe

CONTRACT = Contract.load()
NOW_MS = 1_800_000_000_000
KEY = Key("ft-key", "not-a-secret")
TOKEN = "head.claims.signature"


def known(**more: Any) -> requests.Known:
    fields: dict[str, Any] = {"keys": {KEY.name: KEY.secret}, "secrets": ["canary"], **more}
    return requests.Known(CONTRACT, Recipe(), tokens=[TOKEN], **fields)


def failed(arrivals: list[Arrival], **more: Any) -> set[str]:
    """The requirements that fail; each of the claims has to be a pass or a fail."""
    claims = list(requests.judge(known(**more), arrivals))
    assert {each.verdict for each in claims} <= {Verdict.PASS, Verdict.FAIL}
    return {each.requirement for each in claims if each.verdict is Verdict.FAIL}


def signed(request: Request, at_ms: int = NOW_MS, key: Key = KEY) -> Arrival:
    whole = sign(Recipe(), request, key, at_ms, "5000")
    return arrival(
        "getSpotWallets",
        headers=whole.headers,
        body=whole.body,
        target=whole.target,
        method=whole.method,
        exchange_ms=NOW_MS,
    )


GET = Request("GET", "/tx/spot/list?symbol=BTC%2FUSDT")


@pytest.mark.parametrize(
    ("given", "fails"),
    [
        (order(), set()),
        (order(headers=(("content-type", FORM[1] + "; charset=utf-8"),)), set()),
        (order(headers=(("Content-Type", "application/json"),), body="{}"), {"forms-are-forms"}),
        (order(headers=(), body="a=1"), {"forms-are-forms"}),
        (order("symbol=BTC%2FUSDT&colour=red"), {"asks-what-is-documented"}),
        (order("symbol=BTC&symbol=BTC"), {"asks-what-is-documented"}),
        (arrival(None, target="/v1/order"), {"asks-what-is-documented"}),
        (arrival(None, target="/v1/order", host=OTHER), set()),
        (arrival(body=b"a=1", headers=(FORM,)), {"forms-are-forms"}),
        (order("", target="/tx/spot/add?a=1"), {"forms-are-forms", "asks-what-is-documented"}),
        (arrival(headers=(("Authorization", TOKEN),)), set()),
        (arrival(headers=(("authorization", TOKEN),)), set()),
        (arrival(headers=(("Authorization", f"Bearer {TOKEN}"),)), {"token-is-sent-raw"}),
        (arrival(headers=(("Authorization", f"{TOKEN}x"),)), {"token-is-sent-raw"}),
        (arrival(target="/uc/asset/spot-wallets?t=canary"), {"asks-what-is-documented", "secrets-stay-inside"}),
        (signed(GET), set()),
        (signed(GET, key=Key("ft-key", "other")), {"signature-matches-the-bytes"}),
        (signed(GET, key=Key("unknown", "x")), {"signature-matches-the-bytes"}),
        (signed(GET, at_ms=NOW_MS - 4000), set()),
        (signed(GET, at_ms=NOW_MS - 6000), {"timestamps-are-fresh"}),
        (signed(GET, at_ms=NOW_MS + 2000), {"timestamps-are-fresh"}),
        (signed(GET, at_ms=NOW_MS // 1000), {"timestamps-are-fresh"}),
    ],
)  # fmt: skip
def test_a_request_is_held_against_what_any_has_to_be(given: Arrival, fails: set[str]) -> None:
    # These stand for the operation of their path, whatever the builder calls them.
    found = CONTRACT.find(given.request.method, given.request.path)
    named = Arrival(**{**_fields(given), "operation": found.id if found else None})
    assert failed([named]) == {f"sdk.{each}" for each in fails}


def _fields(given: Arrival) -> dict[str, Any]:
    return {name: getattr(given, name) for name in Arrival.__dataclass_fields__}


def test_a_signature_over_other_bytes_is_caught() -> None:
    right = signed(GET)
    wrong = Request("GET", GET.target.replace("%2F", "/"), right.request.headers)
    moved = Arrival(**{**_fields(right), "request": wrong, "operation": "listSpotOrders"})
    assert failed([moved]) == {"sdk.signature-matches-the-bytes"}


def test_an_old_timestamp_is_excused_where_clocks_differ_on_purpose() -> None:
    assert failed([signed(GET, at_ms=NOW_MS - 60_000)], is_stale=True) == {
        "sdk.asks-what-is-documented"
    }


RIGHT = [signed(GET), arrival(headers=(("Authorization", TOKEN),))]


def with_token(given: str, status: int = 401) -> Arrival:
    return arrival(status=status, headers=(("Authorization", given),))


def not_accepted(given: Arrival) -> Arrival:
    return Arrival(**{**_fields(given), "answer": arrival(status=401).answer})


@pytest.mark.parametrize(
    ("given", "fails"),
    [
        (with_token("not-a-token"), None),
        (not_accepted(signed(GET, key=Key("ft-key", "wrong"))), None),
        (not_accepted(signed(GET, at_ms=NOW_MS - 6000)), None),
        (with_token(f"Bearer {TOKEN}"), "sdk.token-is-sent-raw"),
        (with_token("not-a-token", status=200), "sdk.token-is-sent-raw"),
        (signed(GET, at_ms=NOW_MS - 6000), "sdk.timestamps-are-fresh"),
    ],
)
def test_credentials_that_are_refused_may_be_a_test_of_that(
    given: Arrival, fails: str | None
) -> None:
    def found(arrivals: list[Arrival], *, tests_refusals: bool = True) -> set[str]:
        claims = requests.judge(known(tests_refusals=tests_refusals), arrivals)
        uses = (
            "sdk.token-is-sent-raw",
            "sdk.signature-matches-the-bytes",
            "sdk.timestamps-are-fresh",
        )
        return {
            x.requirement for x in claims if x.verdict is Verdict.FAIL and x.requirement in uses
        }

    assert found([*RIGHT, given]) == ({fails} if fails else set())
    assert found([given])  # nothing is right: so it is how the SDK does it
    assert found([*RIGHT, given], tests_refusals=False)


def refused(at_ms: float, retry_after: str, **more: Any) -> Arrival:
    return arrival(status=429, at_ms=at_ms, answer_headers=(("Retry-After", retry_after),), **more)


@pytest.mark.parametrize(
    ("others", "is_kept"),
    [
        ([arrival(at_ms=1002)], True),
        ([arrival(at_ms=999)], False),
        ([arrival(at_ms=10)], False),  # one after the other: nothing was on its way
        (
            [arrival(at_ms=0.5, took_ms=9), arrival(at_ms=200), arrival(at_ms=1100)],
            True,
        ),  # at once: it may have been
        ([arrival(at_ms=0.5, took_ms=9), arrival(at_ms=300)], False),
        ([arrival(at_ms=1500), arrival(at_ms=10, host=OTHER)], True),
    ],
)
def test_what_was_refused_may_not_come_again_before_retry_after_is_over(
    others: list[Arrival], is_kept: bool
) -> None:
    claims = list(waiting.judge([arrival()], [refused(0, "1"), *others]))
    assert [each.requirement for each in claims] == ["sdk.retry-after-is-kept"]
    assert (claims[0].verdict is Verdict.PASS) == is_kept, claims


@pytest.mark.parametrize(
    "other",
    [
        arrival("getUserInfo", at_ms=10, target="/uc/member/info"),
        arrival(at_ms=10, target="/uc/asset/spot-wallets?page=2"),
        arrival(at_ms=10, body=b"a=1"),
        arrival(at_ms=10, method="POST"),
    ],
)
def test_whose_another_request_is_after_a_429_cannot_be_told(other: Arrival) -> None:
    claims = list(waiting.judge([], [refused(0, "1"), other, arrival(at_ms=1100)]))
    assert [(each.verdict, each.title) for each in claims] == [
        (Verdict.SKIPPED, f"1 {waiting.OTHERS}")
    ]
    again = list(waiting.judge([], [refused(0, "1"), other, arrival(at_ms=900)]))
    assert [each.verdict for each in again] == [Verdict.FAIL]


@pytest.mark.parametrize(("usual", "verdict"), [(3, Verdict.SKIPPED), (2, Verdict.FAIL)])
def test_what_the_tests_ask_as_often_in_peace_may_be_the_next_test(
    usual: int, verdict: Verdict
) -> None:
    calm = [arrival() for _ in range(usual)]
    claims = list(waiting.judge(calm, [arrival(), refused(5, "1"), arrival(at_ms=10)]))
    assert [each.verdict for each in claims] == [verdict]


def test_a_date_is_read_by_the_exchanges_clock() -> None:
    given = refused(0, "Fri, 15 Jan 2027 08:00:02 GMT", exchange_ms=NOW_MS)
    assert waiting.earliest_ns(given) == 1999 * MS
    kept, early = arrival(at_ms=2001), arrival(at_ms=1900)
    assert [x.verdict for x in waiting.judge([], [given, kept])] == [Verdict.PASS]
    found = list(waiting.judge([], [given, early]))
    assert [(x.requirement, x.verdict) for x in found] == [
        ("sdk.retry-after-dates-are-kept", Verdict.FAIL)
    ]


@pytest.mark.parametrize("others", [[], [arrival(at_ms=10, host=OTHER)]])
def test_who_asks_nothing_more_is_not_judged(others: list[Arrival]) -> None:
    assert list(waiting.judge([], [refused(0, "1"), *others])) == []


@pytest.mark.parametrize("text", ["soon", "", "-1"])
def test_a_retry_after_that_says_nothing_is_not_judged(text: str) -> None:
    assert list(waiting.judge([], [refused(0, text), arrival(at_ms=5)])) == []


@pytest.mark.parametrize(
    ("message", "is_right"),
    [
        ({"op": "subscribe", "args": ["depth.BTC/USDT"], "id": "1"}, True),
        ({"op": "ping", "id": "1"}, True),
        ({"op": "ping"}, False),
        ({"op": "subscribe", "channel": "depth"}, False),
        ({"method": "SUBSCRIBE"}, False),
        ({"op": ["subscribe"]}, False),
    ],
)
def test_frames_are_held_against_the_document(message: dict[str, Any], is_right: bool) -> None:
    validators = client_validators(CONTRACT.asyncapi)
    claims = list(streams.judge(validators, [event("received", **message)]))
    assert [each.verdict is Verdict.PASS for each in claims] == [is_right]


PING = event("ping", 0, text="abc")


@pytest.mark.parametrize(
    ("stream", "end_ms", "verdicts"),
    [
        ([PING, event("pong", 3, text="abc")], 6000, [Verdict.PASS]),
        ([PING, event("pong", 3, text="")], 6000, [Verdict.FAIL]),
        ([PING, event("pong", 3, connection=2, text="abc")], 6000, [Verdict.FAIL]),
        ([PING], 4000, []),  # the command ended first
        ([PING, event("closed", 4000)], 9000, []),  # the connection did
        ([PING, event("closed", 7000)], 9000, [Verdict.FAIL]),
    ],
)
def test_pings_are_answered_with_their_bytes(
    stream: list[StreamEvent], end_ms: int, verdicts: list[Verdict]
) -> None:
    assert [each.verdict for each in streams.pongs(stream, end_ms * MS)] == verdicts


@pytest.mark.parametrize(
    ("kind", "path", "verdict"),
    [
        ("opened", "/", Verdict.PASS),
        ("opened", "/?token=t0ken", Verdict.FAIL),
        ("refused", "/?token=t0ken", Verdict.FAIL),
    ],
)
def test_a_token_in_the_address_of_a_stream_is_caught(
    kind: str, path: str, verdict: Verdict
) -> None:
    claims = list(streams.addresses(["t0ken"], [StreamEvent(0, 1, kind, path)]))
    assert [each.verdict for each in claims] == [verdict]
    assert all("t0ken" not in each.actual for each in claims)


def test_coverage_names_what_was_never_called() -> None:
    claims = list(coverage.judge(CONTRACT, [arrival("getCoinTicker")]))
    documented = [x for x in CONTRACT.operations.values() if x.provenance == "documented"]
    assert len(claims) == len(documented) == 15
    assert [each.title for each in claims if each.verdict is Verdict.PASS] == [
        "getCoinTicker is called"
    ]


OTHER_ORDER = order("symbol=ETH%2FUSDT&direction=0&type=0&amount=1")
LOST = order(status=None, script="performs it and hangs up")
REFUSED = order(status=409)


def with_id(name: str, **more: Any) -> Arrival:
    return order(f"clientOrderId={name}&symbol=BTC%2FUSDT&amount=1", **more)


def lost(name: str) -> Arrival:
    return with_id(name, status=None, script="performs it and hangs up")


@pytest.mark.parametrize(
    ("calm", "seen", "verdicts"),
    [
        ([order()], [LOST], [Verdict.PASS]),
        ([order()], [LOST, order()], [Verdict.FAIL]),
        ([order(), order()], [LOST, order()], [Verdict.PASS]),
        ([OTHER_ORDER], [LOST], [Verdict.SKIPPED]),
        ([REFUSED], [LOST], [Verdict.SKIPPED]),
        ([order()], [LOST, REFUSED], [Verdict.PASS]),  # under the same clientOrderId
        ([with_id("a")], [lost("b"), with_id("b", status=409)], [Verdict.PASS]),
        ([with_id("a")], [lost("b"), with_id("c")], [Verdict.FAIL]),
        ([order()], [order()], []),
    ],
)
def test_a_lost_order_is_not_made_more_often_than_in_peace(
    calm: list[Arrival], seen: list[Arrival], verdicts: list[Verdict]
) -> None:
    claims = LostOrder().judge(Seen(tuple(calm)), Seen(tuple(seen)), 0)
    assert [each.verdict for each in claims] == verdicts


def listens(
    connection: int, *topics: str, at_ms: float = 0, until_ms: float = 0
) -> list[StreamEvent]:
    """A connection from its begin to its end, which is left out where it is not said."""
    begun = [
        event("opened", at_ms, connection),
        subscribe(*topics, at_ms=at_ms, connection=connection),
    ]
    return begun + ([event("closed", until_ms, connection)] if until_ms else [])


UNSUBSCRIBED = event("received", 5, op="unsubscribe", args=["b"], id="2")
LONG, SHORT = listens(1, "a", until_ms=9000), listens(1, "a", until_ms=1500)
CUT = [*listens(1, "a", "b", until_ms=1001), UNSUBSCRIBED]
ONCE, TWICE = (
    listens(2, "a", at_ms=1100),
    [*listens(2, "a", at_ms=1100), subscribe("a", at_ms=1200, connection=2)],
)
FOUR_TESTS = [x for n in range(4) for x in listens(n, "a", at_ms=n * 600, until_ms=n * 600 + 500)]
OTHERS_TOO = [*listens(2, "c", until_ms=300), *CUT]  # a client that was closed long ago
TWO = [*listens(1, "a", until_ms=1001), *listens(2, "a", until_ms=1001)]
BOTH_BACK = [*listens(3, "a", at_ms=1100), *listens(4, "a", at_ms=1100)]
REUSED = [*LONG[:2], UNSUBSCRIBED, subscribe("a", at_ms=8)]


@pytest.mark.parametrize(
    ("calm", "seen", "end_ms", "verdicts"),
    [
        (LONG, [*CUT, *ONCE], 9000, [Verdict.PASS]),
        (LONG, CUT, 9000, [Verdict.FAIL]),
        (LONG, [*CUT, *listens(2, "c", at_ms=1100)], 9000, [Verdict.FAIL]),
        (LONG, CUT, 2000, [Verdict.SKIPPED]),  # the command ended
        (SHORT, CUT, 9000, [Verdict.SKIPPED]),  # its test is over, the command goes on
        (LONG, [*CUT, *TWICE], 9000, [Verdict.FAIL]),
        (REUSED, [*CUT, *TWICE], 9000, [Verdict.PASS]),  # the tests themselves subscribe it twice
        ([*LONG, *listens(2, "c")], [*OTHERS_TOO, *listens(3, "a", at_ms=1100)], 9000, [Verdict.PASS]),
        (FOUR_TESTS, FOUR_TESTS, 9000, [Verdict.SKIPPED]),  # whose is it?
        (TWO, [*TWO, *BOTH_BACK], 9000, [Verdict.PASS]),
        ([*LONG, *listens(2, "a", until_ms=9000)], [*TWO, *BOTH_BACK[:2]], 9000, [Verdict.FAIL]),
        (LONG, [*CUT, *ONCE, *listens(3, "a", at_ms=1300)], 9000, [Verdict.PASS]),  # the next test
    ],
)  # fmt: skip
def test_what_was_subscribed_comes_back_once(
    calm: list[StreamEvent], seen: list[StreamEvent], end_ms: int, verdicts: list[Verdict]
) -> None:
    trouble = BrokenStream()
    trouble._cut_ns = 1000 * MS
    ordered = tuple(sorted(seen, key=lambda each: each.at_ns))
    claims = trouble.judge(Seen((), tuple(calm)), Seen((), ordered), end_ms * MS)
    assert [each.verdict for each in claims] == verdicts


def test_a_stream_that_could_not_be_broken_is_skipped() -> None:
    claims = BrokenStream().judge(Seen(), Seen((), tuple(LONG)), 9000 * MS)
    assert [each.verdict for each in claims] == [Verdict.SKIPPED]
