"""Faults of signatures, keys, addresses and tokens that only a close look sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.wire.http import Request
from conformance.wire.signing import signature, signed_bytes
from reference_exchange.answers import Refusal
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import fault, wrap
from reference_exchange.handlers import Call
from reference_exchange.keys import allows

SECOND_MS = 1000


def _fresh(x: ReferenceExchange, oldest: int, ahead: int) -> None:
    """Take what is up to so many milliseconds older, or further ahead, than it may be."""

    def check(original: Any, stamp: str, window: str) -> None:
        try:
            original(stamp, window)
        except Refusal:
            if not (stamp.isdigit() and (not window or window.isdigit())):
                raise
            age, allowed = x.now_ms() - int(stamp), int(window or 5000)
            if allowed > 60_000 or not -1000 - ahead < age <= allowed + oldest:
                raise

    wrap(x.signatures, "check_freshness", check)


@fault("signing.covers-method")
def methods_are_not_signed(x: ReferenceExchange) -> None:
    """A signature for POST serves GET on the same path, and the other way round."""
    other = {"GET": "POST", "POST": "GET"}

    def check(original: Any, request: Request, key: Any, stamp: str, window: str) -> None:
        tried = replace(request, method=other.get(request.method, ""))
        text = signed_bytes(x.config.recipe, tried, stamp, window, key.name)
        given = request.header(x.config.recipe.signature_header)
        if given != signature(x.config.recipe, key.secret, text):
            original(request, key, stamp, window)

    wrap(x.signatures, "check_signature", check)


@fault("signing.covers-window")
def windows_are_not_signed(x: ReferenceExchange) -> None:
    """The window may change after signing."""

    def check(original: Any, request: Request, key: Any, stamp: str, window: str) -> None:
        for tried in ("4000", ""):
            text = signed_bytes(x.config.recipe, request, stamp, tried, key.name)
            given = request.header(x.config.recipe.signature_header)
            if given == signature(x.config.recipe, key.secret, text):
                return
        original(request, key, stamp, window)

    wrap(x.signatures, "check_signature", check)


@fault("signing.window-has-a-maximum")
def windows_may_be_of_any_length(x: ReferenceExchange) -> None:
    """A window of hours is taken as it is."""

    def check(original: Any, stamp: str, window: str) -> None:
        original(stamp, str(min(60_000, int(window))) if window.isdigit() else window)

    wrap(x.signatures, "check_freshness", check)


@fault("signing.freshness-to-the-millisecond")
def windows_are_a_millisecond_long_too_much(x: ReferenceExchange) -> None:
    """A request may be a hair older than its window."""
    _fresh(x, oldest=5, ahead=0)


@fault("signing.freshness-to-the-millisecond")
def requests_may_come_two_seconds_early(x: ReferenceExchange) -> None:
    """A timestamp may lie up to two seconds ahead instead of one."""
    _fresh(x, oldest=0, ahead=SECOND_MS)


@fault("signing.freshness-to-the-millisecond")
def no_timestamp_may_lie_ahead(x: ReferenceExchange) -> None:
    """A clock that is half a second fast is refused."""

    def check(original: Any, stamp: str, window: str) -> None:
        original(stamp, window)
        if int(stamp) > x.now_ms() + SECOND_MS // 2:
            raise Refusal(401, 3003, "the timestamp lies ahead")

    wrap(x.signatures, "check_freshness", check)


@fault("signing.every-bit-counts")
def the_middle_of_a_signature_does_not_count(x: ReferenceExchange) -> None:
    """The beginning and the end of a signature are compared, as in a log that was shortened."""

    def check(original: Any, request: Request, key: Any, stamp: str, window: str) -> None:
        recipe = x.config.recipe
        given = request.header(recipe.signature_header) or ""
        text = signed_bytes(recipe, request, stamp, window, key.name)
        wanted = signature(recipe, key.secret, text)
        if (given[:8], given[-8:], len(given)) != (wanted[:8], wanted[-8:], len(wanted)):
            original(request, key, stamp, window)

    wrap(x.signatures, "check_signature", check)


@fault("signing.every-bit-counts")
def the_end_of_the_query_is_not_signed(x: ReferenceExchange) -> None:
    """The last two characters of a query may change after signing."""

    def check(original: Any, request: Request, key: Any, stamp: str, window: str) -> None:
        recipe, given = x.config.recipe, request.header(x.config.recipe.signature_header)
        for tail in range(100) if request.query else ():
            tried = replace(request, target=f"{request.target[:-2]}{tail:02d}")
            text = signed_bytes(recipe, tried, stamp, window, key.name)
            if given == signature(recipe, key.secret, text):
                return
        original(request, key, stamp, window)

    wrap(x.signatures, "check_signature", check)


@fault("signing.malformed-timestamps-refused")
def a_missing_timestamp_is_now(x: ReferenceExchange) -> None:
    """Without a timestamp neither the signature nor the freshness is checked."""
    for name in ("check_signature", "check_freshness"):

        def check(original: Any, *terms: Any) -> None:
            stamp = terms[2] if len(terms) == 4 else terms[0]
            if stamp:
                original(*terms)

        wrap(x.signatures, name, check)


@fault("signing.keys-do-not-mix")
def any_secret_of_the_account_will_do(x: ReferenceExchange) -> None:
    """A request may be signed with the secret of another key of the same account."""

    def check(original: Any, request: Request, key: Any, stamp: str, window: str) -> None:
        for each in x.keys.of(key.account):
            try:
                original(request, replace(each, name=key.name), stamp, window)
            except Refusal:
                continue
            return
        original(request, key, stamp, window)

    wrap(x.signatures, "check_signature", check)


@fault("signing.every-header-is-needed")
def without_a_signature_the_key_is_enough(x: ReferenceExchange) -> None:
    """A request that names a key and has no signature is taken."""

    def check(original: Any, request: Request, *rest: Any) -> None:
        if request.header(x.config.recipe.signature_header) is not None:
            original(request, *rest)

    wrap(x.signatures, "check_signature", check)


@fault("keys.each-operation-has-its-scope")
def keys_that_withdraw_may_read(x: ReferenceExchange) -> None:
    """The permission to withdraw includes the permission to read."""

    def check(original: Any, operation: Any, scopes: Any) -> None:
        original(operation, (*scopes, "read") if "withdraw" in scopes else scopes)

    wrap(x, "check_scope", check)


@fault("keys.each-operation-has-its-scope")
def one_read_needs_the_trade_scope(x: ReferenceExchange) -> None:
    """Listing deposits is open to every key."""

    def check(original: Any, operation: Any, scopes: Any) -> None:
        if operation.id != "listDeposits":
            original(operation, scopes)

    wrap(x, "check_scope", check)


@fault("keys.each-operation-has-its-scope")
def reading_keys_may_cancel(x: ReferenceExchange) -> None:
    """A key that may read may cancel as well; only placing needs the permission to trade."""

    def check(original: Any, operation: Any, scopes: Any) -> None:
        if operation.id != "cancelSpotOrder":
            original(operation, scopes)

    wrap(x, "check_scope", check)


@fault("keys.public-operations-need-no-scope")
def signed_public_reads_need_the_read_scope(x: ReferenceExchange) -> None:
    """A request with a key is judged by its key, also where nobody needs one."""

    def authenticate(original: Any, operation: Any, request: Request, client: str) -> Any:
        if operation.access == "public" and x.signatures.is_signed(request):
            key = x.signatures.check(request, client)
            if "read" not in key.scopes:
                raise Refusal(403, 3007, "the key lacks the permission read")
        return original(operation, request, client)

    wrap(x, "authenticate", authenticate)


def _addresses(x: ReferenceExchange, admits: Any) -> None:
    """Let in, beside whom the list lets in, whom `admits(addresses, client, request)` says."""

    def check(original: Any, request: Request, client: str) -> Any:
        try:
            return original(request, client)
        except Refusal as refusal:
            key = x.keys.find(request.header(x.config.recipe.key_header) or "")
            if refusal.code != 3004 or key is None or not admits(key.addresses, client, request):
                raise
            return key

    wrap(x.signatures, "check", check)


@fault("keys.addresses-are-compared-whole")
def addresses_are_compared_by_their_beginning(x: ReferenceExchange) -> None:
    """127.0.0.1 on the list admits 127.0.0.10 as well."""
    _addresses(x, lambda listed, client, _: any(client.startswith(each) for each in listed))


@fault("keys.address-lists-may-be-long")
def all_between_the_first_and_the_last_address_are_in(x: ReferenceExchange) -> None:
    """A list is taken for a range from its least to its greatest address."""
    _addresses(
        x, lambda listed, client, _: len(listed) > 1 and min(listed) <= client <= max(listed)
    )


@fault("keys.address-lists-may-be-long")
def only_two_addresses_count(x: ReferenceExchange) -> None:
    """The third address of a list is forgotten."""

    def check(original: Any, request: Request, client: str) -> Any:
        key = original(request, client)
        if client in key.addresses[2:]:
            raise Refusal(403, 3004, "the key is not for this address")
        return key

    wrap(x.signatures, "check", check)


@fault("keys.address-ranges")
def ranges_are_one_address_too_long(x: ReferenceExchange) -> None:
    """The address behind a range is in it."""

    def behind(listed: Any, client: str, _: Request) -> bool:
        head, last = client.rsplit(".", 1)
        before = f"{head}.{int(last) - 1}"
        ranges = [each for each in listed if "/" in each]
        return bool(ranges) and allows(tuple(ranges), before)

    _addresses(x, behind)


@fault("keys.forwarded-addresses-are-not-believed")
def forwarded_addresses_are_believed(x: ReferenceExchange) -> None:
    """X-Forwarded-For says where a request comes from."""

    def check(original: Any, request: Request, client: str) -> Any:
        said = (request.header("X-Forwarded-For") or client).partition(",")[0].strip()
        return original(request, said)

    wrap(x.signatures, "check", check)


@fault("keys.forwarded-addresses-are-not-believed")
def a_real_ip_header_is_believed(x: ReferenceExchange) -> None:
    """X-Real-IP says where a request comes from."""

    def check(original: Any, request: Request, client: str) -> Any:
        return original(request, request.header("X-Real-IP") or client)

    wrap(x.signatures, "check", check)


@fault("keys.deleting-one-leaves-the-others")
def deleting_a_key_deletes_the_newest(x: ReferenceExchange) -> None:
    """Deleting a key ends the account's newest key as well."""

    def delete(original: Any, key: Any) -> None:
        others = [each for each in x.keys.of(key.account) if each.name != key.name]
        original(key)
        if others:
            original(others[-1])

    wrap(x.keys, "delete", delete)


@fault("keys.foreign-and-unknown-keys-answer-alike")
def foreign_keys_are_forbidden_instead_of_unknown(x: ReferenceExchange) -> None:
    """Asking about somebody else's key is refused in other words than asking about none."""
    for name in ("updateApiKey", "deleteApiKey", "getApiKeyUsage"):
        original = x.handlers[name]

        def telling(exchange: ReferenceExchange, call: Call, original: Any = original) -> Any:
            found = exchange.keys.find(call.params["apiKey"])
            if found is not None and found.account != call.account:
                raise Refusal(403, 3008, "this key is not yours")
            return original(exchange, call)

        x.handlers[name] = telling


@fault("keys.secrets-are-long-and-unlike")
def secrets_hold_the_name_of_their_key(x: ReferenceExchange) -> None:
    """A secret is its key's name with something behind."""

    def create(original: Any, *terms: Any) -> Any:
        made = original(*terms)
        if made is not None:
            made.secret = f"{made.name}{made.secret[:8]}"
        return made

    wrap(x.keys, "create", create)
