"""encoding.json: what one value, and what some parameters together, are on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from conformance.wire.rest import as_text, encode_pairs
from sdk_gate.vectors.values import VALUES, Value

Vector = Mapping[str, Any]
Pairs = Sequence[Sequence[Any]]  # names and values as a file has them; None is not given


@dataclass(frozen=True, slots=True)
class Manner:
    """How a library encodes: what it leaves as it is beside letters, digits and -._, and a blank."""

    left: str
    blank: str
    is_upper: bool = True

    def encode(self, text: str) -> str:
        """One value in this manner."""
        escaped = quote(text, safe=self.left)
        if not self.is_upper:
            escaped = re.sub("%..", lambda escape: escape.group().lower(), escaped)
        if "~" not in self.left:  # which `quote` never touches
            escaped = escaped.replace("~", "%7E")
        return escaped.replace("%20", self.blank)


MANNERS: Mapping[str, Manner] = {
    "Python's quote": Manner("~/", "%20"),
    "Python's quote without a safe slash, .NET's EscapeDataString": Manner("~", "%20"),
    "JavaScript's encodeURIComponent": Manner("~!'()*", "%20"),
    "URLSearchParams, Java's URLEncoder, Rust's form_urlencoded": Manner("*", "+"),
    "PHP's urlencode": Manner("", "+"),
    "all that RFC 3986 allows in a query and a form can be read with": Manner(
        "~/?:@!$'()*,=", "%20"
    ),
    "hex digits in lower case": Manner("~", "+", is_upper=False),
}

ABOUT = (
    "How a value is percent-encoded, in a query and in a form alike. `encoded` is the way of the suite: letters,"
    " digits and -._~ stay, a blank is +, every other byte of UTF-8 is % and two upper-case hex digits. `also` is"
    " as right, as other libraries have it: whatever a form decodes once to the value. `wrong` are known mistakes"
    " and what arrives then. Parameters are pairs in the order in which they are sent; null was not given."
)

# What some parameters together become: id, requirement, the parameters, what it is about.
PARAMETERS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    (
        "order-as-given",
        "sdk.order-of-parameters-is-free",
        {"symbol": "BTC/USDT", "pageSize": 20, "pageNo": 1},
        "Parameters need no sorting: the vectors keep the order in which they are given.",
    ),
    (
        "zeros",
        "sdk.falsy-values-are-sent",
        {"symbol": "BTC/USDT", "direction": 0, "type": 0},
        "BUY and LIMIT are both 0, and both are sent.",
    ),
    ("false", "sdk.falsy-values-are-sent", {"enabled": False}, "False is sent, in lower case."),
    ("true", "sdk.booleans-are-lower-case", {"enabled": True}, "True is sent in lower case."),
    (
        "empty-text",
        "sdk.falsy-values-are-sent",
        {"remark": "", "enabled": True},
        "An empty text is sent with nothing after the =.",
    ),
    (
        "absent",
        "sdk.absent-values-are-left-out",
        {"symbol": "BTC/USDT", "price": None, "amount": "0.001"},
        "What the caller does not give is not sent at all.",
    ),
    (
        "all-absent",
        "sdk.absent-values-are-left-out",
        {"symbol": None, "status": None},
        "When nothing is given, nothing is sent.",
    ),
    ("none", "sdk.absent-values-are-left-out", {}, "No parameters are the empty text."),
    (
        "names-too",
        "sdk.values-arrive-as-given",
        {"ips[0]": "203.0.113.7", "a&b": "c"},
        "Names are encoded like values.",
    ),
    (
        "largest-integer",
        "sdk.values-arrive-as-given",
        {"contractCoinId": 2147483647},
        "An integer has no grouping and no exponent.",
    ),
    (
        "decimals",
        "sdk.decimals-are-sent-plainly",
        {"price": "74000.00", "amount": "0.00000001"},
        "Decimals are the digits that were given.",
    ),
)


def document() -> dict[str, Any]:
    """The whole file."""
    return {
        "version": "1.0",
        "about": ABOUT,
        "vectors": [*map(_of_value, VALUES), *(_of_parameters(*row) for row in PARAMETERS)],
    }


def _of_value(row: Value) -> dict[str, Any]:
    return {
        "id": row.id,
        "about": row.about,
        "requirement": "sdk.values-arrive-as-given",
        "kind": "value",
        "value": row.text,
        "encoded": encode(row.text),
        "also": _also(row.text),
        "wrong": [{"encoded": each, "arrives": decode(each)} for each in row.wrong],
    }


def _of_parameters(
    name: str, requirement: str, parameters: Mapping[str, Any], about: str
) -> dict[str, Any]:
    pairs = [list(pair) for pair in parameters.items()]
    return {
        "id": f"parameters-{name}",
        "about": about,
        "requirement": requirement,
        "kind": "parameters",
        "parameters": pairs,
        "encoded": encode_all(pairs),
        "also": _also_all(pairs),
    }


def _also(text: str) -> list[str]:
    found = {manner.encode(text) for manner in MANNERS.values()}
    return sorted(found - {encode(text)})


def _also_all(pairs: Pairs) -> list[str]:
    found = {
        "&".join(f"{manner.encode(name)}={manner.encode(value)}" for name, value in given(pairs))
        for manner in MANNERS.values()
    }
    return sorted(found - {encode_all(pairs)})


def given(pairs: Pairs) -> list[list[str]]:
    """Parameters as text, without those that the caller did not give."""
    return [[name, as_text(value)] for name, value in pairs if value is not None]


def encode(text: str) -> str:
    """One value as the suite sends it."""
    return encode_pairs([("value", text)]).removeprefix("value=")


def encode_all(pairs: Pairs) -> str:
    """Parameters as the suite sends them."""
    return encode_pairs((name, value) for name, value in given(pairs))


def decode(text: str) -> str:
    """What an exchange takes from `value=...`, as a form is decoded."""
    return decode_all(f"value={text}")[0][1]


def decode_all(text: str) -> list[list[str]]:
    """What an exchange takes from a query or a form."""
    return [list(pair) for pair in parse_qsl(text, keep_blank_values=True)]


def written(vector: Vector) -> dict[str, Any]:
    """The stages as a vector of the file has them."""
    if vector["kind"] == "parameters":
        said = given(vector["parameters"])
        return {"encoded": vector["encoded"], "also": [said for _ in vector["also"]]}
    return {
        "encoded": vector["encoded"],
        "also": [vector["value"] for _ in vector["also"]],
        "wrong": [each["arrives"] for each in vector["wrong"]],
    }


def computed(vector: Vector) -> dict[str, Any]:
    """The stages as `conformance.wire` has them."""
    if vector["kind"] == "parameters":
        also = [decode_all(each) for each in vector["also"]]
        return {"encoded": encode_all(vector["parameters"]), "also": also}
    return {
        "encoded": encode(vector["value"]),
        "also": [decode(each) for each in vector["also"]],
        "wrong": [decode(each["encoded"]) for each in vector["wrong"]],
    }
