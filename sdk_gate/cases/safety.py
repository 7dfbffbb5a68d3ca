"""What an SDK does with credentials: renews them, and lets nobody else have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.cases.claim import CannotTell, Claim, holds
from conformance.wire.http import Request
from sdk_gate.arrivals import CONNECTED, GREETED, OTHER, UNTRUSTED, Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.exchange import scripts
from sdk_gate.stage import NO_TIMING, TIMEOUT_MS, Stage, until

LONGER_THAN_A_TOKEN_MS: Final = 8 * 86_400_000
MOST_REQUESTS: Final = 3
REFUSED_S: Final = 2.0
REDIRECTS: Final = (301, 302, 303, 307, 308)


@case("sdk.token-is-sent-raw", needs=("token",))
def token_of_a_login(stage: Stage) -> Iterator[Claim]:
    """A read and an order of somebody who logs in carry the token that the log-in gave."""
    stage.open("token")
    for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
        stage.call(operation, **params)
        found = [each.request.header("Authorization") for each in stage.of(operation)]
        is_raw = bool(found) and all(each in stage.tokens() for each in found)
        title = f"{operation} carries the token as it was given"
        shown = f"{len(found)} requests, not all with it"
        actual = "the token itself" if is_raw else shown
        yield holds("sdk.token-is-sent-raw", is_raw, title, "the token itself", actual)


@case("sdk.expired-tokens-end-well", needs=("token",))
def token_ends(stage: Stage) -> Iterator[Claim]:
    """The token ends between two calls, and again."""
    stage.open("token")
    stage.call("getSpotWallets")
    for _ in range(2):
        stage.exchange.advance_clock(LONGER_THAN_A_TOKEN_MS)
        logins, calls = len(stage.of("login")), len(stage.of("getSpotWallets"))
        answer = stage.call("getSpotWallets")
        is_well = answer.ok or answer.kind == "unauthorized"
        title = "a call with an ended token is answered, or told as unauthorized"
        yield holds(
            "sdk.expired-tokens-end-well", is_well, title, "ok or unauthorized", answer.said
        )
        for name, count, most in (
            ("logs in again once", len(stage.of("login")) - logins, 1),
            ("asks again once", len(stage.of("getSpotWallets")) - calls, MOST_REQUESTS - 1),
        ):
            title = f"the SDK {name} at most"
            yield holds(
                "sdk.expired-tokens-end-well", count <= most, title, f"at most {most}", count
            )


@case("sdk.expired-tokens-end-well", needs=(ACCOUNT,))
def never_let_in(stage: Stage) -> Iterator[Claim]:
    """Whatever the SDK does, it is refused with 401."""
    for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
        by = stage.open_account()
        stage.exchange.always(operation, scripts.refusal(401, 4000, "not logged in"))
        before = len(stage.of(operation, "login"))
        answer = stage.call(operation, **params)
        title = f"the caller of {operation} is told that the credentials are not accepted"
        is_told = not answer.ok and answer.kind == "unauthorized"
        yield holds("sdk.expired-tokens-end-well", is_told, title, "unauthorized", answer.said)
        asked = len(stage.of(operation, "login")) - before
        title = f"a client that is never let in ({by}, {operation}) gives up"
        most = 2 * MOST_REQUESTS
        yield holds("sdk.expired-tokens-end-well", asked <= most, title, f"at most {most}", asked)


@case("sdk.secrets-stay-inside", needs=(ACCOUNT,))
def errors_and_logs(stage: Stage) -> Iterator[Claim]:
    """Everything fails once, with the log at its most talkative: no error and no line of the log holds a secret."""
    for by in ("token", "key"):
        if by not in stage.features:
            continue
        stage.open(by)
        stage.call("getSpotWallets")
        stage.exchange.next("placeSpotOrder", scripts.hang_up(performs=False))
        stage.call("placeSpotOrder", **LIMIT_BUY)
        stage.exchange.next("placeSpotOrder", scripts.text("answers nonsense", "<html>"))
        stage.call("placeSpotOrder", **LIMIT_BUY)
        stage.exchange.next(
            "placeSpotOrder", scripts.refusal(401, 3002, "the signature does not match")
        )
        stage.call("placeSpotOrder", **LIMIT_BUY)
        if by == "token":
            stage.driver.step("call", operation="createApiKey", params={"scopes": "read"})
            _fail_to_log_in(stage)
        if by == "token" and "private" in stage.features:
            _watch_own_orders(stage)
    if not stage.known_secrets():
        raise CannotTell("no secret was used")
    yield from ()  # what was said is judged in every situation


def _fail_to_log_in(stage: Stage) -> None:
    """Log-ins that are refused, break, or are answered by half of what has a token in it."""
    token = stage.canary()
    half = f'{{"code":0,"message":"success","data":{{"Authorization":"{token}"'
    nonsense = scripts.text("answers with half of an object", half)
    for script in (
        scripts.refusal(400, 4001, "wrong password"),
        scripts.hang_up(performs=False),
        scripts.broken(502),
        nonsense,
        replace(nonsense, name="breaks off", body_bytes=len(half) - 1),
    ):
        stage.exchange.next("login", script)
        _log_in_wrongly(stage)


def _watch_own_orders(stage: Stage) -> None:
    """The stream lets somebody in, twice, for it breaks; and then it does not, with a token of nobody's."""
    stage.open("token")
    if stage.driver.step("subscribe", topic="orders").ok:
        stage.cut()
        until(lambda: len(stage.seen.frames("auth")) > 1, stage.soon_s)
    token = stage.canary()
    nobody = scripts.altered("gives a token of nobody's", lambda x: {**x, "Authorization": token})
    stage.exchange.always("login", nobody)
    if not stage.driver.step("open", config=stage.config("token", "", NO_TIMING)).ok:
        return
    if "concurrency" in stage.features:  # it may try for ever
        number = stage.driver.send("subscribe", topic="orders")
        if until(lambda: stage.driver.has_answered(number), REFUSED_S):
            stage.driver.receive(number)


def _log_in_wrongly(stage: Stage) -> None:
    """A log-in that is refused: of the first call, or of the client itself, which then is not made."""
    config = stage.config("token", "", NO_TIMING)
    if stage.driver.step("open", config=config).ok:
        stage.call("getSpotWallets")


@case("sdk.credentials-stay-with-their-host", needs=(ACCOUNT,))
def redirect_to_another_host(stage: Stage) -> Iterator[Claim]:
    """A read, an order and a log-in are redirected to another host."""
    for by in ("token", "key"):
        if by not in stage.features:
            continue
        for status in REDIRECTS:
            for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
                stage.open(by)
                path = stage.exchange.contract.operations[operation].path
                script = scripts.redirect(stage.addresses.other + path, status)
                stage.exchange.next(operation, script)
                stage.call(operation, **params)
            if by == "token":
                path = stage.exchange.contract.operations["login"].path
                stage.exchange.next("login", scripts.redirect(stage.addresses.other + path, status))
                _log_in_wrongly(stage)
    arrived = [each for each in stage.seen.arrivals if each.host == OTHER]
    # An SDK that follows no redirect connects to nobody, and is right. One that came and asked nothing tells nothing.
    if not arrived and stage.seen.count(OTHER, CONNECTED):
        raise CannotTell("somebody connected to the other host and asked for nothing")
    known = stage.known_secrets()
    carried = [each for each in arrived if _carries(each.request, known, stage)]
    title = "another host gets no token, key, signature or password"
    shown = [f"{x.request.method} {x.request.path} with credentials" for x in carried]
    yield holds("sdk.credentials-stay-with-their-host", not carried, title, "none", shown or "none")


def _carries(request: Request, secrets: list[str], stage: Stage) -> bool:
    recipe = stage.recipe
    names = (recipe.key_header, recipe.signature_header, "Authorization")
    everything = "\n".join((request.target, request.body.decode("latin-1"), *_values(request)))
    return any(request.header(name) for name in names) or any(x in everything for x in secrets)


def _values(request: Request) -> Iterator[str]:
    yield from (value for _, value in request.headers)


@case("sdk.certificates-are-checked")
def certificate_of_nobody(stage: Stage) -> Iterator[Claim]:
    """The exchange's address is https, and its certificate nobody vouches for."""
    stage.open(rest=stage.addresses.untrusted)
    answer = stage.call("getCoinTicker", coin="btc")
    _somebody_greeted(stage)
    arrived = [each for each in stage.seen.arrivals if each.host == UNTRUSTED]
    title = "nothing is sent to a host with a certificate of nobody's"
    yield holds("sdk.certificates-are-checked", not arrived, title, "nothing", len(arrived))
    title = "the caller is told that the connection failed"
    is_told = not answer.ok and answer.kind == "transport"
    yield holds("sdk.certificates-are-checked", is_told, title, "transport", answer.said)


@case("sdk.certificates-are-checked", needs=("streams", "concurrency"))
def stream_of_nobody(stage: Stage) -> Iterator[Claim]:
    """The same of the stream's address. An SDK may try to connect for as long as it likes."""
    config = stage.config("", "", NO_TIMING)
    config["stream"] = stage.addresses.untrusted.replace("https", "wss") + "/"
    stage.driver_did("open", config=config)
    stage.driver.send("subscribe", topic="ticker.BTC/USDT")

    def arrived() -> list[Arrival]:
        return [each for each in stage.seen.arrivals if each.host == UNTRUSTED]

    until(lambda: stage.seen.count(UNTRUSTED, GREETED) > 0)
    _somebody_greeted(stage)
    until(lambda: bool(arrived()), 2 * TIMEOUT_MS / 1000)
    title = "no stream is asked for at a host with a certificate of nobody's"
    yield holds("sdk.certificates-are-checked", not arrived(), title, "nothing", len(arrived()))


def _somebody_greeted(stage: Stage) -> None:
    """Make sure that TLS was begun, without which no certificate was looked at. Raises CannotTell."""
    if not stage.seen.count(UNTRUSTED, GREETED):
        connected = stage.seen.count(UNTRUSTED, CONNECTED)
        raise CannotTell(
            f"TLS was never begun: {connected} connections came to {stage.addresses.untrusted}"
        )
