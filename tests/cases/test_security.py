"""Checks of credentials, keys, signatures and the REST interface, on right and wrong exchanges."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases import authentication, keys, library, rest
from conformance.cases.claim import Verdict
from conformance.cases.script import Check
from conformance.transport.in_process import ManualClock
from conformance.wire.http import Request, Response
from reference_exchange.config import ExchangeConfig
from tests.cases.security_stage import (
    CHECKS,
    QUICK,
    STILL,
    Handle,
    Stage,
    Wrong,
    by_name,
    empty_object,
    never_refuses,
    other_than_pass,
    server_error,
    success,
    success_after_login,
    unauthorized,
    unauthorized_after_login,
    verdicts,
    web_page,
)

STYLES = {
    "as by default": ExchangeConfig(),
    "refusals with HTTP 200, bare market data": replace(
        STILL, refusals="envelope", market_bodies="bare"
    ),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("tried", CHECKS, ids=by_name)
def test_a_right_exchange_passes_and_is_left_as_it_was(
    tried: Check, style: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, config=STYLES[style])
    assert other_than_pass(stage.claims(tried)) == []
    assert stage.left_behind() == {"orders": 0, "keys": 0}
    assert stage.session.governor.total <= tried.requests + 2, "the declared cost is too low"


BLANKET = [
    unauthorized,
    empty_object,
    success,
    server_error,
    web_page,
    unauthorized_after_login,
    success_after_login,
]
# Logging in is all that these are about, so where it works they rightly pass.
OF_LOGIN = {"login.password-is-compared-whole", "operation.login", "auth.token-is-a-jwt"}
OF_LOGIN |= {"login.wrong-password-refused", "login.does-not-tell-who-exists"}


@pytest.mark.parametrize("wrong", BLANKET, ids=lambda wrong: wrong.__name__)
@pytest.mark.parametrize("tried", CHECKS, ids=by_name)
def test_an_exchange_that_does_nothing_passes_nothing(
    tried: Check, wrong: Wrong, tmp_path: Path
) -> None:
    claims = Stage(tmp_path, wrong).claims(tried)
    expected = OF_LOGIN if wrong.__name__.endswith("after_login") else set()
    passed = {each.requirement for each in claims if each.verdict is Verdict.PASS}
    failed = {each.requirement for each in claims if each.verdict is Verdict.FAIL}
    assert passed - failed <= expected
    assert {each.requirement for each in claims} == set(tried.requirements)


# These try nothing that has to be refused.
ONLY_RIGHT = {
    "authentication/login-gives-a-jwt",
    "authentication/raw-token",
    "keys/life-of-a-key",
    "keys/usage-log",
    "keys/trading-key",
    "signing/signed-request",
    "rest/public-operations",
    "rest/garbage-credentials",
    "rest/reading-changes-nothing",
    "sdk-dialects/wire-dialects",
    "accounts-apart/canaries",
    "accounts-apart/client-order-ids",
    "key-matrix/public-with-a-key",
    "key-matrix/secrets",
}


# There are no two refusals to compare; and what is right is taken as it should be.
ONLY_ACCEPTED = {"login.does-not-tell-who-exists", "signing.encoded-bytes-are-signed"}


@pytest.mark.parametrize("tried", QUICK, ids=by_name)
def test_an_exchange_that_never_refuses_fails(tried: Check, tmp_path: Path) -> None:
    stage = Stage(tmp_path, never_refuses)
    claims = stage.claims(tried)
    failed = {each.requirement for each in claims if each.verdict is Verdict.FAIL}
    expected = set() if tried.name in ONLY_RIGHT else set(tried.requirements)
    assert failed == expected - ONLY_ACCEPTED
    assert stage.left_behind() == {"orders": 0, "keys": 0}


def as_the_owner(stage: Stage, handle: Handle, request: Request, client: str) -> Response:
    """Whoever has no good token, or no good signature, is taken for the first account."""
    response = handle(request, client)
    if response.status not in (401, 403) or request.path.endswith("/login"):
        return response
    names = ("authorization", "x-ft-apikey", "x-ft-sign", "x-ft-timestamp")
    kept = tuple(item for item in request.headers if item[0].lower() not in names)
    token = stage.exchange.tokens.issue(stage.exchange.config.residents[0].id)
    return handle(replace(request, headers=(*kept, ("Authorization", token))), client)


# Passwords are still checked here, keys still their owner's, and unknown parameters still refused.
CLOSED = {"authentication/wrong-password", "authentication/token-in-query", "keys/only-the-owner"}
OPEN = [each for each in QUICK if each.name.startswith(("authentication/", "keys/", "signing/"))]


@pytest.mark.parametrize("tried", OPEN, ids=by_name)
def test_what_an_open_exchange_lets_us_do_is_taken_back(tried: Check, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    handle = stage.right
    stage.exchange.handle = lambda request, client: as_the_owner(stage, handle, request, client)  # type: ignore[method-assign]
    claims = stage.claims(tried)
    assert (Verdict.FAIL in verdicts(claims)) == (tried.name not in ONLY_RIGHT | CLOSED)
    assert stage.left_behind() == {"orders": 0, "keys": 0}
    positions = stage.exchange.futures.wallets_of(stage.exchange.config.residents[0].id)
    assert [each for each in positions if each.long.volume or each.short.volume] == []


class Late:
    """Changes to keys are answered at once and done a second later."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._due: list[tuple[int, Request]] = []

    def __call__(self, handle: Handle, request: Request, client: str) -> Response:
        while self._due and self._due[0][0] <= self._clock():
            handle(self._due.pop(0)[1], client)
        if request.path in ("/uc/api-key/update", "/uc/api-key/delete"):
            self._due.append((self._clock() + 1000, request))
            listed = handle(Request("GET", "/uc/api-key/list", request.headers), client)
            row = json.dumps(json.loads(listed.body)["data"][0])
            return replace(listed, body=b'{"code":0,"message":"success","data":%s}' % row.encode())
        return handle(request, client)


# What another account or a key asks is refused before anything is done, late or not.
EDITING = [
    each
    for each in library.of(keys)
    if each not in (keys.keys_do_not_manage_keys, keys.only_the_owner)
]


@pytest.mark.parametrize("tried", EDITING, ids=by_name)
def test_changes_that_take_their_time_are_waited_for(tried: Check, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    late, handle = Late(stage.clock), stage.right
    stage.exchange.handle = lambda request, client: late(handle, request, client)  # type: ignore[method-assign]
    assert other_than_pass(stage.claims(tried)) == []


def test_keys_of_a_run_that_was_cut_short_are_removed_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    alice = stage.exchange.config.residents[0].id
    for remark in ("conformance-1", "conformance-2", "conformance-3", "somebody's"):
        stage.exchange.keys.create(alice, remark, ("read",), ())
    assert other_than_pass(stage.claims(keys.rotated_key)) == []
    assert [key.remark for key in stage.exchange.keys.of(alice)] == ["somebody's"]


def one_password_for_all(handle: Handle, request: Request, client: str) -> Response:
    """Wrong passwords and unknown accounts are told apart."""
    response = handle(request, client)
    if request.path.endswith("/login") and response.status == 401 and b"nobody" in request.body:
        return replace(response, body=json.dumps({"code": 4002, "message": "unknown"}).encode())
    return response


def ignores_content_type(handle: Handle, request: Request, client: str) -> Response:
    headers = tuple(
        (name, "application/x-www-form-urlencoded" if name == "Content-Type" else value)
        for name, value in request.headers
    )
    return handle(replace(request, headers=headers), client)


def last_one_wins(handle: Handle, request: Request, client: str) -> Response:
    def once(text: str) -> str:
        return "&".join({pair.partition("=")[0]: pair for pair in text.split("&")}.values())

    target = f"{request.path}?{once(request.query)}" if request.query else request.path
    body = once(request.body.decode("latin-1")).encode()
    return handle(replace(request, target=target, body=body), client)


def any_method(handle: Handle, request: Request, client: str) -> Response:
    """GET does what POST does, as where a framework maps paths alone."""
    response = handle(request, client)
    if response.status != 405 or request.method != "GET":
        return response
    form = ("Content-Type", "application/x-www-form-urlencoded")
    changed = Request("POST", request.path, (*request.headers, form), request.query.encode())
    return handle(changed, client)


def cuts_long_bodies(handle: Handle, request: Request, client: str) -> Response:
    return handle(replace(request, body=request.body.partition(b"&padding")[0]), client)


ONE_THING = [
    (one_password_for_all, authentication.wrong_password, "login.does-not-tell-who-exists"),
    (ignores_content_type, rest.other_content_types, "rest.other-content-types-refused"),
    (last_one_wins, rest.duplicate_parameters, "rest.duplicate-parameters-refused"),
    (any_method, rest.other_methods, "rest.other-methods-refused"),
    (cuts_long_bodies, rest.oversized_body, "rest.oversized-bodies-refused"),
]


@pytest.mark.parametrize(("wrong", "tried", "requirement"), ONE_THING)
def test_one_thing_wrong_is_found(
    wrong: Wrong, tried: Check, requirement: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, wrong)
    claims = stage.claims(tried)
    assert {each.requirement for each in claims if each.verdict is Verdict.FAIL} == {requirement}
    assert stage.left_behind() == {"orders": 0, "keys": 0}
