"""Checks of logging in and of tokens: what authenticates, what must not, what a no gives away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import legal_request, take_back
from conformance.cases.refusals import PRIVATE_READ, refused, token_works
from conformance.cases.script import Ask, Raw, Record, Script, Token, World, check
from conformance.wire.http import Headers, Request

NOBODY: Final[tuple[tuple[str, Headers], ...]] = (
    ("no credentials", ()),
    ("an empty Authorization", (("Authorization", ""),)),
)


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
    title = "the raw token authenticates: the wallets are shown"
    numbers = [record.number]
    good = record.is_accepted and isinstance(record.data, list) and record.data != []
    yield holds("auth.raw-token-accepted", good, title, "the wallets", record.said, numbers)


@check("auth.required", requests=40)
def credentials_required(world: World) -> Script:
    """Every private operation, asked legally but by nobody, is refused."""
    yield from token_works(world)
    for operation in world.contract.operations.values():
        if not operation.is_private:
            continue
        request = legal_request(operation, world)
        for how, headers in NOBODY:
            asked = (*request.headers, *headers)
            tried = Request(request.method, request.target, asked, request.body)
            record = yield Raw(tried, operation=operation.id)
            yield refused("auth.required", record, f"{operation.id} refuses {how}")
            yield from take_back(world, record)


@check("auth.bad-token-refused", requests=12)
def bad_tokens(world: World) -> Script:
    """A token that is not what login gave does not authenticate."""
    token: str = yield Token(world.first)
    if token.count(".") != 2:
        raise CannotTell(f"the token is no JWT: {token[:40]}")
    yield from token_works(world)
    for what, forged in forgeries(token):
        record = yield _with_token(forged)
        yield refused("auth.bad-token-refused", record, f"a token {what} is refused")


def forgeries(token: str) -> Iterator[tuple[str, str]]:
    """(what was done to it, the token) for each way of making one that must not authenticate."""
    header, claims, mark = token.split(".")
    yield "cut short", token[:-5]
    yield "without its signature", f"{header}.{claims}."
    yield "of two parts", f"{header}.{claims}"
    yield "with another header", f"{_other(header)}.{claims}.{mark}"
    yield "with another claim", f"{header}.{_claims_of_another(claims)}.{mark}"
    yield "with another signature", f"{header}.{claims}.{_other(mark)}"
    unsigned = _encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    yield "with alg none", f"{unsigned}.{claims}."
    for what, key in (("another key", b"another-key"), ("an empty key", b"")):
        forged = f"{_encode(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{claims}"
        made = hmac.new(key, forged.encode(), hashlib.sha256).digest()
        yield f"signed with {what}", f"{forged}.{_encode(made)}"
    yield "that is none", "not-a-token"


def _other(part: str) -> str:
    """The part with its first character changed; the last one may carry padding bits only."""
    return ("A" if part[:1] != "A" else "B") + part[1:]


def _claims_of_another(claims: str) -> str:
    try:
        found = json.loads(_decode(claims))
    except ValueError:
        return _other(claims)
    if not isinstance(found, dict):
        return _other(claims)
    return _encode(json.dumps({**found, "sub": "1", "memberId": 1}).encode())


def _with_token(token: str) -> Ask:
    return Ask(PRIVATE_READ, headers=(("Authorization", token),))


@check("auth.bearer-prefix-refused", requests=2)
def bearer_prefix(world: World) -> Script:
    """`Bearer <token>` is another header than the documented one."""
    yield from token_works(world)
    token = yield Token(world.first)
    record = yield _with_token(f"Bearer {token}")
    title = "a token with a Bearer prefix is refused"
    yield refused("auth.bearer-prefix-refused", record, title)


@check("auth.token-not-in-query", requests=4)
def token_in_query(world: World) -> Script:
    """A token in the query, where logs and proxies keep it, does not authenticate."""
    yield from token_works(world)
    token = yield Token(world.first)
    path = world.contract.operations[PRIVATE_READ].path
    for name in ("Authorization", "token", "x-auth-token"):
        record = yield Raw(Request("GET", f"{path}?{name}={token}"), operation=PRIVATE_READ)
        title = f"a token in the query, as {name}, is refused"
        yield refused("auth.token-not-in-query", record, title)


@check("login.wrong-password-refused", "login.does-not-tell-who-exists", requests=4)
def wrong_password(world: World) -> Script:
    """A wrong password and an unknown account: refused, without a token, and alike."""
    yield Token(world.first)  # logs in where nobody has yet: rightly asked, it works
    account = world.target.accounts[world.first]
    wrong = yield login(world, account.login, account.password + "-wrong")
    nobody = f"nobody-{world.random.getrandbits(40):x}@example.com"
    unknown = yield login(world, nobody, account.password + "-wrong")
    for what, record in (("a wrong password", wrong), ("an unknown account", unknown)):
        yield refused("login.wrong-password-refused", record, f"{what} is refused")
    if not (wrong.is_rejected and unknown.is_rejected):
        raise CannotTell("not both were refused, so there are no two refusals to compare")
    yield equal(
        "login.does-not-tell-who-exists",
        "a wrong password and an unknown account are refused alike",
        _shown(wrong),
        _shown(unknown),
        [wrong.number, unknown.number],
    )


def _shown(record: Record) -> tuple[Any, ...]:
    return record.outcome.status, record.outcome.code, record.outcome.message
