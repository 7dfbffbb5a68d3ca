"""Faults of log-in, tokens, keys, signatures and the rate limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import jwt

from conformance.wire.signing import signature, signed_bytes
from reference_exchange import views
from reference_exchange.answers import Refusal
from reference_exchange.authentication import Caller
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, fault, wrap
from reference_exchange.handlers import DONE, Call

FIRST_ACCOUNT: Final = 1001


@fault("auth.required")
def nobody_is_the_first_account(x: ReferenceExchange) -> None:
    """Without credentials the caller is taken for the first account."""

    def lenient(original: Any, operation: Any, request: Any, client: str) -> Any:
        if not request.header("Authorization") and not x.signatures.is_signed(request):
            return Caller(FIRST_ACCOUNT)
        return original(operation, request, client)

    wrap(x, "authenticate", lenient)


@fault("auth.bad-token-refused")
def tokens_are_not_verified(x: ReferenceExchange) -> None:
    """Any token that names an account is good, whatever its signature."""

    def lenient(original: Any, token: str) -> Any:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            return int(claims["sub"]) if int(claims["sub"]) in x.members.by_id else None
        except (jwt.InvalidTokenError, ValueError, KeyError):
            return None

    wrap(x.tokens, "account_of", lenient)


@fault("auth.bearer-prefix-refused")
def bearer_prefix_is_cut_off(x: ReferenceExchange) -> None:
    """`Bearer ` before a token is ignored."""
    wrap(x.tokens, "account_of", lambda original, token: original(token.removeprefix("Bearer ")))


@fault("auth.token-not-in-query")
def token_in_the_query_counts(x: ReferenceExchange) -> None:
    """A token in the query authenticates as well."""

    def lenient(original: Any, request: Any, client: str) -> Any:
        name, _, token = request.query.partition("=")
        if name.lower() in ("authorization", "token", "x-auth-token"):
            headers = (*request.headers, ("Authorization", token))
            request = replace(request, headers=headers, target=request.path)
        return original(request, client)

    wrap(x, "handle", lenient)


@fault("auth.raw-token-accepted")
def only_bearer_tokens_count(x: ReferenceExchange) -> None:
    """A raw token is refused; it has to follow `Bearer `."""

    def strict(original: Any, token: str) -> Any:
        return original(token[7:]) if token.startswith("Bearer ") else None

    wrap(x.tokens, "account_of", strict)


@fault("auth.token-is-a-jwt")
def token_is_a_session_id(x: ReferenceExchange) -> None:
    """Login answers with an opaque session id."""
    known: dict[str, int] = {}

    def issue(original: Any, account: int) -> str:
        name = f"session{len(known):08d}"
        known[name] = account
        return name

    wrap(x.tokens, "issue", issue)
    wrap(x.tokens, "account_of", lambda original, token: known.get(token))


@fault("operation.login")
def login_calls_the_token_token(x: ReferenceExchange) -> None:
    """The JWT stands at data.token instead of data.Authorization."""

    def renamed(data: Any) -> Any:
        return {
            **{k: v for k, v in data.items() if k != "Authorization"},
            "token": data["Authorization"],
        }

    answering(x, "login", renamed)


@fault("login.wrong-password-refused")
def any_password_will_do(x: ReferenceExchange) -> None:
    """Who names an account is logged in."""
    members = {each.email: each for each in x.members.by_id.values()}
    wrap(x.members, "log_in", lambda original, login, password: members.get(login))


@fault("login.does-not-tell-who-exists")
def login_tells_who_exists(x: ReferenceExchange) -> None:
    """An unknown account is refused in other words than a wrong password."""
    emails = {each.email for each in x.members.by_id.values()}

    def telling(original: Any, login: str, password: str) -> Any:
        if login not in emails:
            raise Refusal(401, 4001, "there is no such account")
        return original(login, password)

    wrap(x.members, "log_in", telling)


@fault("keys.secret-shown-once")
def keys_are_listed_with_their_secrets(x: ReferenceExchange) -> None:
    """The list of keys shows their secrets."""

    def telling(exchange: ReferenceExchange, call: Call) -> Any:
        return [{**views.key(each), "secret": each.secret} for each in x.keys.of(call.account)]

    x.handlers["listApiKeys"] = telling


@fault("keys.create-and-list")
def new_keys_are_not_listed(x: ReferenceExchange) -> None:
    """The newest key is missing in the list."""
    answering(x, "listApiKeys", lambda rows: rows[:-1])


@fault("keys.edit-takes-effect")
def edited_permissions_do_not_count(x: ReferenceExchange) -> None:
    """Editing a key answers well and changes nothing of its permissions."""
    original = x.handlers["updateApiKey"]

    def forgetful(exchange: ReferenceExchange, call: Call) -> Any:
        params = {key: value for key, value in call.params.items() if key != "scopes"}
        return original(exchange, Call(call.account, params))

    x.handlers["updateApiKey"] = forgetful


@fault("keys.disabled-key-refused")
def disabled_keys_work(x: ReferenceExchange) -> None:
    """A disabled key works like any other."""

    def lenient(original: Any, request: Any, client: str) -> Any:
        key = x.keys.find(request.header(x.config.recipe.key_header) or "")
        was = key.is_enabled if key else True
        if key:
            key.is_enabled = True
        try:
            return original(request, client)
        finally:
            if key:
                key.is_enabled = was

    wrap(x.signatures, "check", lenient)


@fault("keys.deleted-key-refused")
def deleted_keys_work(x: ReferenceExchange) -> None:
    """A key that was deleted goes on working."""
    x.handlers["deleteApiKey"] = lambda exchange, call: DONE


@fault("keys.usage-is-logged")
def key_usage_is_not_logged(x: ReferenceExchange) -> None:
    """The usage log of every key stays empty."""
    wrap(x.keys, "note", lambda original, *call: None)


@fault("keys.address-list-enforced")
def address_lists_are_ignored(x: ReferenceExchange) -> None:
    """A key works from everywhere, whatever its list."""
    wrap(x.signatures, "check", lambda original, *call: original(*_from_its_list(x, *call)))


@fault("keys.address-list-enforced")
def address_lists_count_for_reads_alone(x: ReferenceExchange) -> None:
    """What is posted with a key is taken from everywhere; reads are held to its list."""

    def lenient(original: Any, request: Any, client: str) -> Any:
        is_post = request.method == "POST"
        return original(*(_from_its_list(x, request, client) if is_post else (request, client)))

    wrap(x.signatures, "check", lenient)


def _from_its_list(x: ReferenceExchange, request: Any, client: str) -> tuple[Any, str]:
    """A request as if it came from the first address on the list of its key."""
    key = x.keys.find(request.header(x.config.recipe.key_header) or "")
    listed = key.addresses if key else ()
    return request, listed[0].partition("/")[0] if listed else client


@fault("keys.read-only-key-cannot-trade")
def permissions_are_ignored(x: ReferenceExchange) -> None:
    """A key that may read may also trade."""

    def lenient(original: Any, operation: Any, scopes: Any) -> None:
        original(operation, (*scopes, "trade") if "read" in scopes else scopes)

    wrap(x, "check_scope", lenient)


@fault("keys.trade-key-cannot-read")
def trading_keys_may_read(x: ReferenceExchange) -> None:
    """A key that may only trade reads the account too."""

    def lenient(original: Any, operation: Any, scopes: Any) -> None:
        original(operation, (*scopes, "read"))

    wrap(x, "check_scope", lenient)


@fault("keys.only-the-owner-manages")
def anybody_manages_keys(x: ReferenceExchange) -> None:
    """Whoever knows the name of a key may edit and delete it."""
    wrap(x.keys, "owned", lambda original, account, name: x.keys.find(name))


@fault("signing.wrong-secret-refused")
def signatures_are_not_checked(x: ReferenceExchange) -> None:
    """A known key name is enough."""
    wrap(x.signatures, "check_signature", lambda original, *call: None)


def _compare(x: ReferenceExchange, same: Any) -> None:
    recipe = x.config.recipe

    def lenient(original: Any, request: Any, key: Any, stamp: str, window: str) -> None:
        text = signed_bytes(recipe, request, stamp, window, key.name)
        wanted = signature(recipe, key.secret, text)
        if not same(wanted, request.header(recipe.signature_header) or ""):
            raise Refusal(401, 3002, "the signature does not match")

    wrap(x.signatures, "check_signature", lenient)


@fault("signing.whole-signature-compared")
def only_the_first_digits_of_a_signature_count(x: ReferenceExchange) -> None:
    """The first eight digits of a signature are compared."""
    _compare(x, lambda wanted, given: wanted[:8] == given[:8])


@fault("signing.covers-body")
def body_is_not_signed(x: ReferenceExchange) -> None:
    """A body may change after it was signed."""

    def lenient(original: Any, request: Any, key: Any, stamp: str, window: str) -> None:
        try:
            original(request, key, stamp, window)
        except Refusal:
            if not request.body:
                raise

    wrap(x.signatures, "check_signature", lenient)


@fault("signing.covers-query")
def query_is_not_signed(x: ReferenceExchange) -> None:
    """A query may change after signing."""

    def lenient(original: Any, request: Any, key: Any, stamp: str, window: str) -> None:
        try:
            original(request, key, stamp, window)
        except Refusal:
            if not request.query:
                raise

    wrap(x.signatures, "check_signature", lenient)


@fault("signing.covers-path")
def path_is_not_signed(x: ReferenceExchange) -> None:
    """A signature for one read of the account serves the other."""
    paths = ("/uc/asset/spot-wallets", "/uc/asset/futures-wallets")

    def lenient(original: Any, request: Any, key: Any, stamp: str, window: str) -> None:
        try:
            original(request, key, stamp, window)
        except Refusal:
            if request.path not in paths:
                raise
            other = paths[1 - paths.index(request.path)]
            original(replace(request, target=other), key, stamp, window)

    wrap(x.signatures, "check_signature", lenient)


@fault("signing.stale-timestamp-refused")
def old_timestamps_are_taken(x: ReferenceExchange) -> None:
    """Freshness is never checked: a signed request can be replayed for ever."""
    wrap(x.signatures, "check_freshness", lambda original, stamp, window: None)


@fault("signing.future-timestamp-refused")
def future_timestamps_are_taken(x: ReferenceExchange) -> None:
    """A timestamp may lie ahead as far as it may lie behind."""

    def lenient(original: Any, stamp: str, window: str) -> None:
        ahead = int(stamp) - x.now_ms() if stamp.isdigit() else 0
        original(str(x.now_ms()) if 0 < ahead < 60_000 else stamp, window)

    wrap(x.signatures, "check_freshness", lenient)


@fault("signing.unknown-key-refused")
def unknown_keys_are_the_last_one(x: ReferenceExchange) -> None:
    """A key name is cut to its first twenty characters."""
    wrap(x.keys, "find", lambda original, name: original(name) or original(name[:-1]))


@fault("limits.beyond-1200-refused")
def there_is_no_rate_limit(x: ReferenceExchange) -> None:
    """Requests are never counted."""
    wrap(x.limiter, "take", lambda original, *asked: None)


@fault("limits.1200-a-minute-are-served")
def the_limit_is_half_of_what_is_documented(x: ReferenceExchange) -> None:
    """600 requests a minute are served."""
    x.limiter.configure(replace(x.limiter.config, limit=600))


@fault("limits.retry-after-is-true")
def refusals_do_not_say_when_to_come_back(x: ReferenceExchange) -> None:
    """429 comes without Retry-After."""

    def silent(original: Any, request: Any, client: str) -> Any:
        response = original(request, client)
        headers = tuple(item for item in response.headers if item[0] != "Retry-After")
        return replace(response, headers=headers)

    wrap(x, "handle", silent)


@fault("limits.one-account-does-not-limit-another")
def all_accounts_share_one_limit(x: ReferenceExchange) -> None:
    """Every subject is counted as the same."""
    wrap(x.limiter, "take", lambda original, subject, *more: original("everybody", *more))


@fault("limits.bad-signature-costs-the-victim-nothing")
def bad_signatures_count_against_the_key(x: ReferenceExchange) -> None:
    """The limit of a key's owner is used before the signature is checked."""

    def careless(original: Any, request: Any, client: str) -> Any:
        key = x.keys.find(request.header(x.config.recipe.key_header) or "")
        if key is not None:
            x.limiter.take(f"account {key.account}")
        return original(request, client)

    wrap(x.signatures, "check", careless)
