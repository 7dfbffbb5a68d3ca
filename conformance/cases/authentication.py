"""Checks of logging in and of tokens: what authenticates, what must not, and what a refusal gives away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

from conformance.cases.asks import order_id
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import legal_request
from conformance.cases.script import Ask, Raw, Record, Script, Token, World, check
from conformance.cases.spot_asks import tidy
from conformance.wire.http import Request

PRIVATE_READ: Final = "getSpotWallets"


def login(world: World, name: str, password: str) -> Ask:
    """Logging in with these words, under the target's name for the first."""
    form = {world.target.conventions.login_parameter: name, "password": password}
    return Ask("login", form)


def token_in(record: Record) -> Any:
    """What stands at data.Authorization, or None."""
    return record.data.get("Authorization") if isinstance(record.data, dict) else None


@check("operation.login", "auth.token-is-a-jwt", requests=1)
def login_gives_a_jwt(world: World) -> Script:
    """A right password is answered with a JWT at data.Authorization."""
    account = world.target.accounts[world.first]
    record = yield login(world, account.login, account.password)
    token = token_in(record)
    title = "logging in is answered with a token at data.Authorization"
    numbers = [record.number]
    good = record.is_accepted and isinstance(token, str) and token != ""
    yield holds("operation.login", good, title, "a token", record.said, numbers)
    header = _header_of(token if isinstance(token, str) else "")
    yield holds(
        "auth.token-is-a-jwt",
        header is not None and isinstance(header.get("alg"), str),
        "the token has three parts, and its header names an algorithm",
        'header {"alg": ...}',
        header or record.said,
        numbers,
    )


def _header_of(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        header = json.loads(_decode(parts[0]))
    except ValueError:
        return None
    return header if isinstance(header, dict) else None


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@check("auth.raw-token-accepted", requests=1)
def raw_token(world: World) -> Script:
    """The token as it is, with nothing before it, authenticates."""
    record = yield Ask(PRIVATE_READ, by=world.first)
    title = "the raw token authenticates"
    numbers = [record.number]
    good = record.is_accepted
    yield holds("auth.raw-token-accepted", good, title, "the wallets", record.said, numbers)


@check("auth.required", requests=36)
def credentials_required(world: World) -> Script:
    """Every private operation, asked legally but by nobody, is refused."""
    for operation in world.contract.operations.values():
        if not operation.is_private:
            continue
        request = legal_request(operation, world)
        for headers in ((), (("Authorization", ""),)):
            tried = Request(
                request.method, request.target, (*request.headers, *headers), request.body
            )
            record = yield Raw(tried, operation=operation.id)
            how = "an empty Authorization" if headers else "no credentials"
            yield holds(
                "auth.required",
                record.is_rejected,
                f"{operation.id} refuses {how}",
                "a refusal",
                record.said,
                [record.number],
            )
            if record.is_accepted and operation.id == "placeSpotOrder":
                yield from tidy(world, (world.first, order_id(record)))


@check("auth.bad-token-refused", requests=9)
def bad_tokens(world: World) -> Script:
    """A token that is not what login gave does not authenticate."""
    token: str = yield Token(world.first)
    if token.count(".") != 2:
        raise CannotTell(f"the token is no JWT: {token[:40]}")
    for what, forged in forgeries(token):
        record = yield _with_token(forged)
        yield holds(
            "auth.bad-token-refused",
            record.is_rejected,
            f"a token {what} is refused",
            "a refusal",
            record.said,
            [record.number],
        )


def forgeries(token: str) -> Iterator[tuple[str, str]]:
    """(what was done to it, the token) for each way of making one that must not authenticate."""
    header, claims, mark = token.split(".")
    yield "cut short", token[:-5]
    yield "without its signature", f"{header}.{claims}."
    yield "of two parts", f"{header}.{claims}"
    yield "with another signature", f"{header}.{claims}.{_other(mark)}"
    yield "with another claim", f"{header}.{_claims_of_another(claims)}.{mark}"
    unsigned = _encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    yield "with alg none", f"{unsigned}.{claims}."
    forged = f"{_encode(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{claims}"
    made = hmac.new(b"another-key", forged.encode(), hashlib.sha256).digest()
    yield "signed with another key", f"{forged}.{_encode(made)}"
    yield "that is none", "not-a-token"


def _other(part: str) -> str:
    """The part with its first character changed; the last one may carry padding bits only."""
    return ("A" if part[:1] != "A" else "B") + part[1:]


def _claims_of_another(claims: str) -> str:
    try:
        found = json.loads(_decode(claims))
    except ValueError:
        return _other(claims)
    return _encode(json.dumps({**found, "sub": "1", "memberId": 1}).encode())


def _with_token(token: str) -> Ask:
    return Ask(PRIVATE_READ, headers=(("Authorization", token),))


@check("auth.bearer-prefix-refused", requests=1)
def bearer_prefix(world: World) -> Script:
    """`Bearer <token>` is another header than the documented one."""
    token = yield Token(world.first)
    record = yield _with_token(f"Bearer {token}")
    title = "a token with a Bearer prefix is refused"
    numbers = [record.number]
    good = record.is_rejected
    yield holds("auth.bearer-prefix-refused", good, title, "a refusal", record.said, numbers)


@check("auth.token-not-in-query", requests=3)
def token_in_query(world: World) -> Script:
    """A token in the query, where logs and proxies keep it, does not authenticate."""
    token = yield Token(world.first)
    path = world.contract.operations[PRIVATE_READ].path
    for name in ("Authorization", "token", "x-auth-token"):
        record = yield Raw(Request("GET", f"{path}?{name}={token}"), operation=PRIVATE_READ)
        yield holds(
            "auth.token-not-in-query",
            record.is_rejected,
            f"a token in the query, as {name}, is refused",
            "a refusal",
            record.said,
            [record.number],
        )


@check("login.wrong-password-refused", "login.does-not-tell-who-exists", requests=4)
def wrong_password(world: World) -> Script:
    """A wrong password and an unknown account: refused, without a token, and alike."""
    account = world.target.accounts[world.first]
    wrong = yield login(world, account.login, account.password + "-wrong")
    nobody = f"nobody-{world.random.getrandbits(40):x}@example.com"
    unknown = yield login(world, nobody, account.password + "-wrong")
    for what, record in (("a wrong password", wrong), ("an unknown account", unknown)):
        yield holds(
            "login.wrong-password-refused",
            record.is_rejected and token_in(record) is None,
            f"{what} is refused",
            "a refusal",
            record.said,
            [record.number],
        )
    yield equal(
        "login.does-not-tell-who-exists",
        "a wrong password and an unknown account are refused alike",
        _shown(wrong),
        _shown(unknown),
        [wrong.number, unknown.number],
    )


def _shown(record: Record) -> tuple[Any, ...]:
    return record.outcome.status, record.outcome.code, record.outcome.message
