"""Checks of credentials, keys, signatures, limits and the REST interface: right and wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases import (
    authentication,
    bad_input,
    keys,
    library,
    limits,
    rest,
    sdk_dialects,
    signing,
)
from conformance.cases.claim import Claim, Verdict
from conformance.cases.script import Check
from conformance.record.run_log import RunLog
from conformance.session import Session
from conformance.session import world as session_world
from conformance.spec import requirements
from conformance.spec.contract import Contract, Operation
from conformance.target import Target
from conformance.transport.in_process import InProcess, ManualClock
from conformance.transport.interface import Sent
from conformance.wire.http import Request, Response
from reference_exchange.config import ExchangeConfig, LimiterConfig
from reference_exchange.exchange import ReferenceExchange
from tests.stage import CONTRACT, SERVED, START_MS, TARGET

AREAS = (authentication, keys, signing, limits, rest, sdk_dialects)
WRITTEN = [each for area in AREAS for each in library.of(area)]
CHECKS = [*WRITTEN, *bad_input.checks(CONTRACT)]
QUICK = [each for each in CHECKS if not each.name.startswith("limits/")]
# Without a background there is less to wait for.
STILL = ExchangeConfig(history_hours=2, has_flow=False)
JSON = (("Content-Type", "application/json"),)
SUCCESS = Response(200, JSON, b'{"code":0,"message":"success"}')

Handle = Callable[[Request, str], Response]
Wrong = Callable[[Handle, Request, str], Response]


def by_name(check: Check) -> str:
    return check.name


class Stage:
    """A check's session on a reference exchange, whose answers may pass through something wrong."""

    def __init__(
        self,
        folder: Path,
        wrong: Wrong | None = None,
        config: ExchangeConfig | None = None,
        target: Target = TARGET,
    ) -> None:
        self.target = target
        self.clock = ManualClock(START_MS)
        self.exchange = ReferenceExchange(SERVED, config or STILL, self.clock)
        self.right = self.exchange.handle
        if wrong is not None:
            handle = self.right
            self.exchange.handle = lambda request, client: wrong(handle, request, client)  # type: ignore[method-assign]
        self.folder = folder
        self.session = self.by(InProcess(self.exchange, self.clock))

    def by(self, transport: InProcess) -> Session:
        """A session over a transport of its own."""
        return Session(session_world(CONTRACT, self.target, 1), transport, RunLog(self.folder))

    def claims(self, check: Check) -> list[Claim]:
        """What a check itself concludes, without the judges of every answer."""
        found = self.session.check(check)
        return [each for each in found if each.requirement in check.requirements]

    def left_behind(self) -> dict[str, int]:
        """What our accounts still have in the exchange that nobody had at the start."""
        orders = [
            order
            for resident in self.exchange.config.residents
            for order in self.exchange.spot.orders_of(resident.id)
            if str(order.status) == "TRADING"
        ]
        made = [
            key for each in self.exchange.config.residents for key in self.exchange.keys.of(each.id)
        ]
        return {"orders": len(orders), "keys": len(made)}


def verdicts(claims: list[Claim]) -> set[Verdict]:
    return {each.verdict for each in claims}


def other_than_pass(claims: list[Claim]) -> list[Claim]:
    return [each for each in claims if each.verdict is not Verdict.PASS]


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


def test_every_requirement_has_a_check() -> None:
    judged = {each for check in CHECKS for each in check.requirements}
    areas = ("auth.", "login.", "keys.", "signing.", "limits.", "sdk.")
    known = set(requirements.load(CONTRACT))
    assert {each for each in known if each.startswith(areas)} <= judged
    assert judged <= known


def unauthorized(handle: Handle, request: Request, client: str) -> Response:
    return Response(401, JSON, b'{"code":4000,"message":"not logged in"}')


def empty_object(handle: Handle, request: Request, client: str) -> Response:
    return Response(200, JSON, b"{}")


def success(handle: Handle, request: Request, client: str) -> Response:
    return SUCCESS


def server_error(handle: Handle, request: Request, client: str) -> Response:
    return Response(500, JSON, b'{"code":5000,"message":"internal error"}')


def web_page(handle: Handle, request: Request, client: str) -> Response:
    return Response(200, (("Content-Type", "text/html"),), b"<html></html>")


def unauthorized_after_login(handle: Handle, request: Request, client: str) -> Response:
    if request.path.endswith("/login"):
        return handle(request, client)
    return unauthorized(handle, request, client)


def success_after_login(handle: Handle, request: Request, client: str) -> Response:
    if request.path.endswith("/login"):
        return handle(request, client)
    return SUCCESS


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
OF_LOGIN = {"operation.login", "auth.token-is-a-jwt"}
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


def never_refuses(handle: Handle, request: Request, client: str) -> Response:
    """Whatever is refused is answered with success."""
    response = handle(request, client)
    return response if response.status < 400 else SUCCESS


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


@pytest.mark.parametrize("tried", library.of(keys), ids=by_name)
def test_changes_that_take_their_time_are_waited_for(tried: Check, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    late, handle = Late(stage.clock), stage.right
    stage.exchange.handle = lambda request, client: late(handle, request, client)  # type: ignore[method-assign]
    is_management = tried.name in ("keys/keys-do-not-manage-keys", "keys/only-the-owner")
    if is_management:
        pytest.skip("their refusals come before anything is done")
    assert other_than_pass(stage.claims(tried)) == []


def test_keys_of_a_run_that_was_cut_short_are_removed_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    alice = stage.exchange.config.residents[0].id
    for remark in ("conformance-1", "conformance-2", "conformance-3", "somebody's"):
        stage.exchange.keys.create(alice, remark, ("read",), ())
    assert other_than_pass(stage.claims(keys.rotated_key)) == []
    assert [key.remark for key in stage.exchange.keys.of(alice)] == ["somebody's"]


# --- the limit -----------------------------------------------------------------------

# The same with fewer requests: what the target's file says is documented.
FEW = TARGET.model_copy(
    update={"limits": TARGET.limits.model_copy(update={"requests_per_minute": 120})}
)


def few(kind: str = "fixed", limit: int = 120) -> ExchangeConfig:
    """An exchange that serves so many a minute."""
    return replace(STILL, limiter=LimiterConfig(limit=limit, kind=kind))  # type: ignore[arg-type]


LIMITS = {
    "one too few": (few(limit=119), "limits.1200-a-minute-are-served"),
    "half": (few(limit=60), "limits.1200-a-minute-are-served"),
    "none": (few(limit=0), "limits.beyond-1200-refused"),
    "far too many": (few(limit=500), "limits.beyond-1200-refused"),
}


@pytest.mark.parametrize("kind", ["fixed", "sliding_log", "token_bucket"])
def test_each_kind_of_window_passes(kind: str, tmp_path: Path) -> None:
    for tried in library.of(limits):
        assert other_than_pass(Stage(tmp_path, config=few(kind), target=FEW).claims(tried)) == []


@pytest.mark.parametrize("limit", LIMITS)
def test_another_limit_than_documented_fails(limit: str, tmp_path: Path) -> None:
    config, requirement = LIMITS[limit]
    claims = Stage(tmp_path, config=config, target=FEW).claims(limits.documented_rate)
    assert {each.requirement for each in claims if each.verdict is Verdict.FAIL} == {requirement}


class Slow(InProcess):
    """Every request takes a while."""

    def send(self, request: Request) -> Sent:
        """Send, and let time pass before the answer is there."""
        sent = super().send(request)
        self.wait(600)
        return replace(sent, received_ns=self.now_ms() * 1_000_000)


def test_from_too_far_away_the_limit_cannot_be_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, config=few(), target=FEW)
    stage.session = stage.by(Slow(stage.exchange, stage.clock))
    claims = stage.claims(limits.documented_rate)
    assert verdicts(claims) == {Verdict.INCONCLUSIVE}
    assert "the limit cannot be reached" in claims[0].title


def without_rate_headers(handle: Handle, request: Request, client: str) -> Response:
    response = handle(request, client)
    kept = tuple(item for item in response.headers if not item[0].startswith("X-RateLimit"))
    return replace(response, headers=kept)


def charge_the_victim(exchange: ReferenceExchange) -> None:
    check = exchange.signatures.check

    def careless(request: Request, client: str) -> object:
        key = exchange.keys.find(request.header("X-FT-APIKEY") or "")
        if key is not None:
            exchange.limiter.take(f"account {key.account}")
        return check(request, client)

    exchange.signatures.check = careless  # type: ignore[method-assign, assignment]


def share_one_limit(exchange: ReferenceExchange) -> None:
    take = exchange.limiter.take
    exchange.limiter.take = lambda _: take("everybody")  # type: ignore[method-assign]


VICTIMS = [
    (without_rate_headers, None, Verdict.PASS),
    (without_rate_headers, charge_the_victim, Verdict.FAIL),
    (without_rate_headers, share_one_limit, Verdict.INCONCLUSIVE),
    (None, charge_the_victim, Verdict.FAIL),
    (unauthorized_after_login, None, Verdict.INCONCLUSIVE),
    (never_refuses, None, Verdict.FAIL),
]


@pytest.mark.parametrize(("wrong", "fault", "verdict"), VICTIMS)
def test_who_pays_for_forged_requests(
    wrong: Wrong | None,
    fault: Callable[[ReferenceExchange], None] | None,
    verdict: Verdict,
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, wrong, few(), FEW)
    if fault is not None:
        fault(stage.exchange)
    assert verdicts(stage.claims(limits.victims_quota)) == {verdict}


# --- bad input -----------------------------------------------------------------------


def operation(form: dict[str, object]) -> Operation:
    """An operation of one optional form field."""
    schema = {"type": "object", "additionalProperties": False, "properties": {"field": form}}
    answers = {"200": {"description": "yes"}}
    parts = ("signed", "read", (), (), schema, {"field": "x"}, answers, 1)
    return Operation("addedLater", "POST", "/added/later", "", "documented", *parts)  # type: ignore[arg-type]


KINDS = [
    ({"type": "integer"}, "integer"),
    ({"type": "boolean"}, "boolean"),
    ({"type": "string", "pattern": r"^[0-9]{1,20}(\.[0-9]{1,16})?$"}, "decimal"),
    ({"type": "string", "pattern": "^[A-Z]+/[A-Z]+$"}, "symbol"),
    ({"type": "string", "enum": ["BTC/USDT"]}, "symbol"),
    ({"type": "string", "enum": ["TRADING"]}, "choice"),
    ({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, "name"),
    ({"type": "string", "pattern": "^(read|trade)(,(read|trade))*$"}, "scopes"),
    ({"type": "string", "pattern": "^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$"}, "addresses"),
    ({"type": "string", "maxLength": 64}, "text"),
]


@pytest.mark.parametrize(("schema", "kind"), KINDS)
def test_the_kind_of_a_field_follows_from_its_schema(schema: dict[str, object], kind: str) -> None:
    (field,) = bad_input.fields_of(operation(schema))
    assert field.kind == kind
    tried = bad_input.wrongs_of(field)
    assert 1 <= len(tried) <= 14


def test_an_operation_that_is_added_to_the_contract_is_tried_too() -> None:
    added = operation({"type": "integer", "minimum": 1})
    grown: Contract = replace(CONTRACT, operations={**CONTRACT.operations, added.id: added})
    found = {each.name for each in bad_input.checks(grown)}
    assert found - {each.name for each in bad_input.checks(CONTRACT)} == {"bad-input/added-later"}


def lenient(field: str) -> Wrong:
    """An exchange that leaves out a field that it does not understand."""

    def answer(handle: Handle, request: Request, client: str) -> Response:
        response = handle(request, client)
        if response.status != 400 or field not in request.target + request.body.decode():
            return response
        target, body = (
            "&".join(pair for pair in text.split("&") if not pair.startswith(field))
            for text in (request.query, request.body.decode())
        )
        whole = f"{request.path}?{target}" if target else request.path
        return handle(replace(request, target=whole, body=body.encode()), client)

    return answer


def test_a_finding_names_the_operation_the_field_and_what_was_wrong(tmp_path: Path) -> None:
    (tried,) = (each for each in CHECKS if each.name == "bad-input/list-spot-orders")
    claims = other_than_pass(Stage(tmp_path, lenient("pageSize")).claims(tried))
    titles = [each.title for each in claims]
    assert "listSpotOrders refuses a request with pageSize negative" in titles
    assert all("pageSize" in each for each in titles)
    assert verdicts(claims) == {Verdict.FAIL}


def test_wrong_passwords_are_tried_on_nobody(tmp_path: Path) -> None:
    asked: list[str] = []

    def listen(handle: Handle, request: Request, client: str) -> Response:
        asked.append(request.body.decode())
        return handle(request, client)

    (tried,) = (each for each in CHECKS if each.name == "bad-input/login")
    assert other_than_pass(Stage(tmp_path, listen).claims(tried)) == []
    ours = [body for body in asked if body.startswith("email=alice%40")]
    assert [body for body in ours if "password=secret" not in body] == []


# --- one thing wrong at a time -------------------------------------------------------


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
