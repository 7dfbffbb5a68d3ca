"""Checks that accounts stay apart: canaries, enumeration, forged tokens, and nothing secret echoed."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

from conformance.cases.asks import (
    BUY,
    away,
    last_price,
    order_form,
    order_id,
    orders,
    smallest_amount,
)
from conformance.cases.authentication import login
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import legal_params
from conformance.cases.key_asks import create, delete
from conformance.cases.private_streams import private_line
from conformance.cases.refusals import PRIVATE_READ, refused, token_works
from conformance.cases.script import Ask, Raw, Record, Script, Steps, Token, World, check
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import home_market
from conformance.cases.stream_asks import silence
from conformance.wire.http import Request
from conformance.wire.rest import FORM, as_text

DIGESTS: Final = ("sha256", "sha384", "sha512")
CANARIES: Final = "accounts.nothing-of-another-is-shown"
FORGED: Final = "auth.no-forgery-gets-in"
EXPIRED: Final = "auth.expired-token-refused"
ELSEWHERE: Final = "auth.token-counts-in-its-header-alone"
WHOLE: Final = "login.password-is-compared-whole"
OWN_IDS: Final = "spot.client-order-ids-are-each-accounts-own"


def _decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _encoded(value: Any) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_token(header: Any, claims: Any, secret: str) -> str:
    """A JWT of these parts, signed under a secret with the HMAC that its header names, or HMAC-SHA256."""
    text = f"{_encoded(header)}.{_encoded(claims)}"
    digest = f"sha{str(header.get('alg', '')).removeprefix('HS')}"
    digest = digest if digest in DIGESTS else DIGESTS[0]
    mark = hmac.new(secret.encode(), text.encode(), digest).digest()
    return f"{text}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


def _jwt(token: str) -> tuple[Any, Any, str]:
    try:
        header, claims, mark = token.split(".")
        return _decoded(header), _decoded(claims), mark
    except ValueError:
        raise CannotTell(f"the token is no JWT: {token[:40]}") from None


def _with(token: str) -> Ask:
    return Ask(PRIVATE_READ, headers=(("Authorization", token),))


@check(FORGED, needs=("two",), requests=22)
def forged_tokens(world: World) -> Script:
    """Every way in which tokens of others were forged before: none gets in."""
    yield from token_works(world)
    mine, theirs = (yield Token(world.first)), (yield Token(world.second))
    for what, forged in _forgeries(mine, theirs):
        record = yield _with(forged)
        yield refused(FORGED, record, f"a token {what} is refused")


def _forgeries(mine: str, theirs: str) -> Iterator[tuple[str, str]]:
    header, claims, mark = _jwt(mine)
    first, _, third = mine.split(".")
    for name in ("None", "NONE", "nOnE", "none"):
        unsigned = f"{_encoded({**header, 'alg': name})}.{mine.split('.')[1]}"
        yield f"with alg {name} and no signature", f"{unsigned}."
        yield f"with alg {name} and the old signature", f"{unsigned}.{mark}"
    yield "with another account's claims", f"{first}.{theirs.split('.')[1]}.{third}"
    for secret in ("", "secret", "null", "exchange"):
        yield f"signed with {secret!r}", signed_token(header, claims, secret)
    yield "with something behind it", f"{mine}x"
    yield "with a fourth part", f"{mine}.{mark}"
    yield "twice", f"{mine} {mine}"


@check(EXPIRED, needs=("token_secret",), requests=6)
def expired_token(world: World) -> Script:
    """A token of ours, signed as the exchange signs, is good before its end and refused after it."""
    yield from token_works(world)
    header, claims, _ = _jwt((yield Token(world.first)))
    secret = world.target.conventions.token_secret
    same = yield _with(signed_token(header, claims, secret))
    if not same.is_accepted:
        raise CannotTell(f"a token signed with the target's token_secret is refused: {same.said}")
    for ago in (1, 60, 86_400):
        issued = int(claims.get("iat", 0)) - 10 * 86_400
        past = {**claims, "iat": issued, "exp": int(claims.get("iat", 0)) - ago - 2}
        record = yield _with(signed_token(header, past, secret))
        yield refused(EXPIRED, record, f"a token that ended {ago} s before is refused")
    endless = {key: value for key, value in claims.items() if key != "exp"}
    record = yield _with(signed_token(header, endless, secret))
    yield refused(EXPIRED, record, "a token without an end is refused")


@check(ELSEWHERE, requests=6)
def token_elsewhere(world: World) -> Script:
    """A token in a cookie, in another header or in the form does not authenticate."""
    yield from token_works(world)
    token = yield Token(world.first)
    for name in ("Cookie", "X-Auth-Token", "X-Authorization", "Proxy-Authorization"):
        value = f"Authorization={token}" if name == "Cookie" else token
        record = yield Ask(PRIVATE_READ, headers=((name, value),))
        yield refused(ELSEWHERE, record, f"a token in {name} is refused")
    path = world.contract.operations["getUserInfo"].path
    body = f"Authorization={token}&token={token}".encode()
    tried = Request("POST", path, (("Content-Type", FORM),), body)
    record = yield Raw(tried, operation="getUserInfo")
    yield refused(ELSEWHERE, record, "a token in the form is refused")


@check(WHOLE, requests=10)
def password_variants(world: World) -> Script:
    """The password in another case, cut, lengthened or with a space is another password."""
    account = world.target.accounts[world.first]
    right = account.password
    tried = {right.upper(), right.capitalize(), right[:-1], f"{right}{right[-1]}", f"{right} "}
    tried |= {f" {right}", f"{right}\t", right[:8] + "x" if len(right) >= 8 else f"{right}x"}
    record = yield login(world, account.login, right)
    if not record.is_accepted:
        raise CannotTell(f"nobody can log in: {record.said}")
    wrong: list[Record] = []
    for each in sorted(tried - {right}):
        record = yield login(world, account.login, each)
        wrong.append(record)
    again = yield login(world, account.login, right)
    if not again.is_accepted:
        raise CannotTell(f"after wrong passwords the right one is refused as well: {again.said}")
    for record in wrong:
        yield refused(WHOLE, record, "a password that is not ours, but like it, is refused")


def _canary_order(world: World, account: str, name: str) -> Steps[tuple[str, dict[str, Any]]]:
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    price += market.price_step * world.random.randint(100, 999)
    amount = smallest_amount(market, price) + market.amount_step * world.random.randint(100, 999)
    form = order_form(market, BUY, price, amount, clientOrderId=name)
    record = yield Ask("placeSpotOrder", form, by=account)
    if not record.is_accepted:
        raise CannotTell(f"an order is refused: {record.said}")
    return order_id(record), form


@check(CANARIES, needs=("trading", "keys", "two"), requests=34)
def canaries(world: World) -> Script:
    """One account leaves marks that nobody else has; nothing the other is shown holds any of them."""
    name = f"canary{world.random.getrandbits(60):x}"
    line = yield from private_line(world, "bob", world.second, ["orders", "account"])
    key = yield from create(world, world.first, "read")
    identity, form = yield from _canary_order(world, world.first, name)
    profile = yield Ask("getUserInfo", by=world.first)
    marks = {name, identity, key.name, key.secret, as_text(form["price"])}
    if isinstance(profile.data, dict):
        marks |= {str(profile.data.get(each)) for each in ("email", "promotionCode")} - {"None"}
    try:
        shown: list[Record] = []
        for operation in world.contract.operations.values():
            if operation.is_private and not operation.requires and operation.id != "login":
                params = legal_params(operation, world)
                shown.append((yield Ask(operation.id, params, by=world.second)))
        shown.append((yield Ask("getApiKeyUsage", {"apiKey": key.name}, by=world.second)))
        heard = yield from silence(line)
        texts = [(each.operation, each.said, each.number, _body(each)) for each in shown]
        leaks = [(op, said, n) for op, said, n, body in texts if any(x in body for x in marks)]
        leaks += [("a stream", x.text, 0) for x in heard if any(mark in x.text for mark in marks)]
        title = f"{len(shown)} answers and {len(heard)} frames hold nothing of another account"
        actual = "; ".join(f"{op}: {said}" for op, said, _ in leaks[:2]) or "nothing"
        numbers = [n for _, _, n in leaks if n]
        yield holds(CANARIES, not leaks, title, "none of its marks", actual, numbers)
    finally:
        yield from tidy(world, (world.first, identity))
        yield from delete(world, world.first, key.name)


def _body(record: Record) -> str:
    return record.response.body.decode("utf-8", "replace") if record.response else ""


@check(OWN_IDS, needs=("trading", "two"), requests=14)
def client_order_ids(world: World) -> Script:
    """Two accounts use the same clientOrderId: both orders are made, each its owner's."""
    name = f"c{world.random.getrandbits(60):x}"
    mine, _ = yield from _canary_order(world, world.first, name)
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price), clientOrderId=name)
    record = yield Ask("placeSpotOrder", form, by=world.second)
    made = [order_id(record)] if record.is_accepted else []
    found = yield from orders(world, world.second, market.symbol)
    yield from tidy(world, (world.first, mine), *((world.second, each) for each in made))
    title = "a clientOrderId that another account has is free for oneself"
    yield holds(OWN_IDS, record.is_accepted, title, "accepted", record.said, [record.number])
    title = "the list of an account has its own order of that clientOrderId and not the other's"
    ids = [key for key, row in found.items() if row.get("clientOrderId") == name]
    yield equal(OWN_IDS, title, made, ids, [record.number])
