"""Checks that a signature covers every byte, every time, at every edge of its window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from conformance.cases.key_asks import create, delete, use, works
from conformance.cases.refusals import refused, taken
from conformance.cases.script import Ask, Raw, Script, World, check
from conformance.wire.http import Request
from conformance.wire.signing import Key

KEYS: Final = ("keys",)
FLIPS: Final = 12
WINDOW_MS: Final = 5000
WIDEST_MS: Final = 60_000
AHEAD_MS: Final = 1000
# What is surely in time although it was under way; and, far away, by how much two clocks may differ.
SLACK_MS: Final = 400
APART_MS: Final = 500


def set_header(name: str, change: Callable[[str], str | None]) -> Callable[[Request], Request]:
    """Change one header after signing, or drop it."""

    def alter(request: Request) -> Request:
        changed = ((n, change(v) if n == name else v) for n, v in request.headers)
        return replace(request, headers=tuple((n, v) for n, v in changed if v is not None))

    return alter


def one_bit(random: Random, text: str) -> str:
    """A text with one bit of one character flipped, and still of printable characters."""
    while True:
        place, bit = random.randrange(len(text)), 1 << random.randrange(7)
        flipped = chr(ord(text[place]) ^ bit)
        if flipped.isalnum():
            return text[:place] + flipped + text[place + 1 :]


@check("signing.every-bit-counts", needs=KEYS, requests=46)
def every_bit(world: World) -> Script:
    """One bit of query, timestamp or signature is flipped after signing, wherever it is: all are refused."""
    requirement, recipe = "signing.every-bit-counts", world.target.conventions.signing
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for header in (recipe.signature_header, recipe.timestamp_header):
            for _ in range(FLIPS):
                alter = set_header(header, lambda text: one_bit(world.random, text))
                record = yield use(key, alter=alter)
                yield refused(requirement, record, f"one bit of {header} was flipped: refused")
        for size in range(1, FLIPS + 1):
            params = {"pageNo": 1, "pageSize": 16 + size}
            record = yield Ask("listSpotOrders", params, key=key, alter=_other_digit(world.random))
            yield refused(requirement, record, "one digit of the query was changed: refused")
    finally:
        yield from delete(world, world.first, key.name)


def _other_digit(random: Random) -> Callable[[Request], Request]:
    """Another last digit in the query, legal all the same: only the signature can tell."""

    def alter(request: Request) -> Request:
        last = request.target[-1]
        other = random.choice([each for each in "123456789" if each != last])
        return replace(request, target=request.target[:-1] + other)

    return alter


@check("signing.covers-method", needs=KEYS, requests=6)
def covers_method(world: World) -> Script:
    """A signature made for another method of the same path is refused."""
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for name in ("getSpotWallets", "getUserInfo"):
            operation = world.contract.operations[name]
            other = "POST" if operation.method == "GET" else "GET"
            back: Callable[[Request], Request] = (  # noqa: E731 - bound to this operation
                lambda request, method=operation.method: replace(request, method=method)  # type: ignore[misc]
            )
            tried = Request(other, operation.path)
            record = yield Raw(tried, key=key, operation=name, alter=back)
            title = f"a signature for {other} does not serve {operation.method}"
            yield refused("signing.covers-method", record, title)
    finally:
        yield from delete(world, world.first, key.name)


@check("signing.covers-window", "signing.window-has-a-maximum", needs=KEYS, requests=8)
def covers_window(world: World) -> Script:
    """The window cannot be widened after signing, nor beyond its maximum before."""
    window = world.target.conventions.signing.window_header
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for what, change in (("widened", lambda _: "59000"), ("dropped", lambda _: None)):
            record = yield use(key, window="4000", alter=set_header(window, change))
            title = f"a window that was {what} after signing is refused"
            yield refused("signing.covers-window", record, title)
        record = yield use(key, window=str(WIDEST_MS))
        yield taken("signing.window-has-a-maximum", record, f"a window of {WIDEST_MS} is taken")
        for wide in (WIDEST_MS + 1, 10 * WIDEST_MS):
            record = yield use(key, window=str(wide))
            yield refused(
                "signing.window-has-a-maximum", record, f"a window of {wide} ms is refused"
            )
    finally:
        yield from delete(world, world.first, key.name)


@check("signing.freshness-to-the-millisecond", needs=KEYS, requests=20)
def edges(world: World) -> Script:
    """One millisecond beyond the window is too old; 999 ahead is taken and 1000 and the way there is not.

    On this machine both clocks are one, and time only passes on the way: the two outer edges are exact.
    """
    requirement = "signing.freshness-to-the-millisecond"
    is_near = world.target.is_loopback or not world.target.rest
    apart = 0 if is_near else APART_MS
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for window_ms, window in ((WINDOW_MS, ""), (2000, "2000")):
            for shift, is_good in (
                (-window_ms - 1 - apart, False),
                (-window_ms + SLACK_MS + apart, True),
                (AHEAD_MS - 1 - apart, True),
                (AHEAD_MS + SLACK_MS + apart, False),
            ):
                record = yield use(key, shift_ms=shift, window=window)
                judge = taken if is_good else refused
                words = "taken" if is_good else "refused"
                side = "ahead" if shift > 0 else "old"
                title = f"a timestamp {abs(shift)} ms {side}, window {window_ms}, is {words}"
                yield judge(requirement, record, title)
    finally:
        yield from delete(world, world.first, key.name)


@check("signing.malformed-timestamps-refused", needs=KEYS, requests=20)
def malformed_timestamps(world: World) -> Script:
    """Seconds, hexadecimal, signed, fractional, empty, none at all: refused, though rightly signed."""
    requirement = "signing.malformed-timestamps-refused"
    header = world.target.conventions.signing.timestamp_header
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for what, change in (
            ("in seconds", lambda text: text[:-3]),
            ("in microseconds", lambda text: text + "000"),
            ("with a sign", lambda text: "+" + text),
            ("with a fraction", lambda text: text + ".0"),
            ("in hexadecimal", lambda text: hex(int(text))),
            ("that is empty", lambda _: ""),
            ("that is missing", lambda _: None),
        ):
            record = yield use(key, alter=set_header(header, change))
            yield refused(requirement, record, f"a timestamp {what} is refused")
        record = yield use(key, shift_ms=-1_700_000_000_000)
        yield refused(requirement, record, "a timestamp of long ago is refused")
    finally:
        yield from delete(world, world.first, key.name)


@check("signing.keys-do-not-mix", needs=("keys", "two"), requests=20)
def keys_do_not_mix(world: World) -> Script:
    """The name of one key with the secret of another, of the same account or not, is nobody."""
    requirement = "signing.keys-do-not-mix"
    made: list[tuple[str, Key]] = []
    try:
        mine = yield from create(world, world.first, "read")
        made.append((world.first, mine))
        also = yield from create(world, world.first, "read", beside=mine)
        made.append((world.first, also))
        theirs = yield from create(world, world.second, "read")
        made.append((world.second, theirs))
        for key in (mine, also, theirs):
            yield from works(world, key)
        for name, secret in ((mine, also), (also, mine), (mine, theirs), (theirs, mine)):
            record = yield use(Key(name.name, secret.secret))
            yield refused(requirement, record, "a key with the secret of another is refused")
    finally:
        for account, key in made:
            yield from delete(world, account, key.name)


@check("signing.every-header-is-needed", needs=KEYS, requests=6)
def every_header(world: World) -> Script:
    """Without its signature, its timestamp or its key a signed request is refused."""
    recipe = world.target.conventions.signing
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for header in (recipe.signature_header, recipe.timestamp_header, recipe.key_header):
            record = yield use(key, alter=set_header(header, lambda _: None))
            title = f"a signed request without {header} is refused"
            yield refused("signing.every-header-is-needed", record, title)
    finally:
        yield from delete(world, world.first, key.name)
