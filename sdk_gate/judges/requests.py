"""Judges of requests: documented, form, token, signature, time, addresses."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.cases.claim import Claim, Verdict, holds
from conformance.spec.contract import FORM, Contract
from conformance.wire.signing import Recipe, signature, signed_bytes
from reference_exchange import forms
from reference_exchange.answers import Refusal
from reference_exchange.validation import Forms
from sdk_gate.arrivals import EXCHANGE, Arrival

AHEAD_MS: Final = 1000
OLD_MS: Final = 5000


@dataclass(frozen=True)
class Known:
    """What a judge has to know beside the arrivals: the contract, the keys by name, how requests are signed.

    `tokens` are those that the exchange issued; `is_stale` excuses old timestamps. `tests_refusals` is for tests that
    passed: credentials that are refused, where others are right, are then taken for a test of that.
    """

    contract: Contract
    recipe: Recipe
    keys: Mapping[str, str]
    secrets: Sequence[str]
    tokens: Sequence[str] = ()
    is_stale: bool = False
    tests_refusals: bool = False


def judge(known: Known, arrivals: Sequence[Arrival]) -> Iterator[Claim]:
    """Hold every request that reached the exchange against what any request has to be."""
    reached = [each for each in arrivals if each.host == EXCHANGE]
    yield from _uses(known, reached)
    checked = Forms(known.contract)
    for each in reached:
        yield documented(checked, known.contract, each)
        yield from _form(each)
        yield _address(known, each)


def _uses(known: Known, arrivals: Sequence[Arrival]) -> Iterator[Claim]:
    """How credentials are used."""
    for use in (_token, _signature, _time):
        found = [(each, claim) for each in arrivals for claim in use(known, each)]
        is_known = any(claim.verdict is Verdict.PASS for _, claim in found)
        for each, claim in found:
            is_test = known.tests_refusals and is_known and not each.was_accepted
            if claim.verdict is Verdict.FAIL and is_test and not _has_token(known, each):
                title = "a request with wrong credentials is refused, as the tests want it"
                yield Claim(claim.requirement, Verdict.SKIPPED, title)
            else:
                yield claim


def _has_token(known: Known, each: Arrival) -> bool:
    """True for a token that the exchange issued with something before or after it: nobody tests that."""
    given = each.request.header("Authorization") or ""
    return any(token in given for token in known.tokens)


def documented(checked: Forms, contract: Contract, each: Arrival) -> Claim:
    """An operation of the document, with parameters that it names."""
    requirement, place = "sdk.asks-what-is-documented", f"{each.request.method} {each.request.path}"
    if each.malformed:
        title = "what is sent is a request of HTTP"
        return _claim(requirement, False, title, "HTTP/1.1", f"{place}: {each.malformed}", each)
    if each.operation is None:
        return _claim(
            requirement, False, f"{place} is documented", "a documented operation", place, each
        )
    operation = contract.operations[each.operation]
    title = f"the parameters of {operation.id} are documented ones"
    expected = ", ".join(forms.schema_of(operation).get("properties", {})) or "none"
    try:
        given = forms.read(operation, each.request)
    except Refusal as refusal:
        return _claim(requirement, refusal.status == 415, title, expected, refusal.message, each)
    unknown = [name for name in given if name not in forms.schema_of(operation)["properties"]]
    return _claim(requirement, not unknown, title, expected, ", ".join(unknown), each)


def _form(each: Arrival) -> Iterator[Claim]:
    request = each.request
    if request.body:
        media = (request.header("Content-Type") or "none").partition(";")[0].strip().lower()
        is_form = request.method == "POST" and media == FORM
        title = "parameters of a POST are a form"
        actual = f"{request.method} with a body of {media}"
        yield _claim("sdk.forms-are-forms", is_form, title, f"POST with {FORM}", actual, each)
    elif request.method == "POST" and request.query:
        title = "parameters of a POST are in its body"
        yield _claim("sdk.forms-are-forms", False, title, "no query", f"?{request.query}", each)


def _token(known: Known, each: Arrival) -> Iterator[Claim]:
    given = each.request.header("Authorization")
    if given is not None:
        is_raw = given in known.tokens
        shown = "the token itself" if is_raw else f"{given.partition(' ')[0][:8]}…"
        title = "the token stands alone in Authorization"
        yield _claim("sdk.token-is-sent-raw", is_raw, title, "the token itself", shown, each)


def _signature(known: Known, each: Arrival) -> Iterator[Claim]:
    if each.request.header(known.recipe.key_header) is None:
        return
    title = f"the signature of {each.operation or each.request.path} is that of the received bytes"
    text = signed_text(each, known.recipe).decode("utf-8", "replace")
    is_right = is_signed_right(each, known.recipe, known.keys)
    actual = each.request.header(known.recipe.signature_header) or "no signature"
    yield _claim(
        "sdk.signature-matches-the-bytes", is_right, title, f"that of {text}", actual, each
    )


def signed_text(each: Arrival, recipe: Recipe) -> bytes:
    """The canonical text of a request as it arrived."""
    stamp = each.request.header(recipe.timestamp_header) or ""
    window = each.request.header(recipe.window_header) or ""
    key = each.request.header(recipe.key_header) or ""
    return signed_bytes(recipe, each.request, stamp, window, key)


def is_signed_right(each: Arrival, recipe: Recipe, keys: Mapping[str, str]) -> bool:
    """True when the signature is that of the received bytes, with the secret of the key that it names."""
    secret = keys.get(each.request.header(recipe.key_header) or "")
    given = each.request.header(recipe.signature_header) or ""
    if secret is None:
        return False
    due = signature(recipe, secret, signed_text(each, recipe))
    return hmac.compare_digest(due.encode(), given.encode("utf-8", "surrogatepass"))


def are_whole_seconds(stamps_ms: Sequence[int]) -> bool:
    """True for timestamps of which none has milliseconds: they are seconds, with zeros put after them."""
    return all(each % 1000 == 0 for each in stamps_ms)


def _time(known: Known, each: Arrival) -> Iterator[Claim]:
    stamp = each.request.header(known.recipe.timestamp_header)
    if stamp is None or known.is_stale:
        return
    is_number = stamp.isascii() and stamp.isdigit()
    age_ms = each.exchange_ms - int(stamp) if is_number else 0
    is_fresh = is_number and -AHEAD_MS < age_ms <= OLD_MS
    title = "a signed request is stamped with its own time"
    actual = f"{stamp} ({age_ms} ms old)" if is_number else repr(stamp)
    yield _claim("sdk.timestamps-are-fresh", is_fresh, title, "milliseconds of now", actual, each)


def _address(known: Known, each: Arrival) -> Claim:
    found = [each.request.target for secret in known.secrets if secret in each.request.target]
    title = "no secret stands in an address"
    path = each.request.path
    actual = f"a secret in the address of {path}" if found else "none"
    return _claim("sdk.secrets-stay-inside", not found, title, "none", actual, each)


def _claim(
    requirement: str, is_right: bool, title: str, expected: str, actual: str, each: Arrival
) -> Claim:
    return holds(requirement, is_right, title, expected, actual, [each.number])
