"""decimals.json: what is sent for a decimal that a caller gives, and what is read out of an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from conformance.wire.rest import as_text, parse_json

Vector = Mapping[str, Any]
# id, what is given or written, the exact text, what it is about, texts of the same number that are right as well
Row = tuple[str, str, str, str, tuple[str, ...]]

ABOUT = (
    "Decimals as text, exactly. Of kind `sent`: `given` is what a caller hands over, as text to be turned into"
    " whatever the SDK takes, and `sent` is what stands on the wire. Of kind `read`: `text` is an answer's JSON,"
    " `pointer` a JSON Pointer into it, and `read` the exact decimal there. `also` are plain texts of the same"
    " number, as right as the first: a library may drop zeros at the end."
)

SENT: tuple[Row, ...] = (
    ("integer", "74000", "74000", "An integer needs no point.", ()),
    ("one-digit", "0.1", "0.1", "One tenth is no binary fraction.", ()),
    (
        "sixteen-digits",
        "0.1234567890123456",
        "0.1234567890123456",
        "Sixteen digits after the point.",
        (),
    ),
    (
        "eighteen-significant",
        "74000.1234567890123456",
        "74000.1234567890123456",
        "Twenty-one digits: a double keeps sixteen.",
        (),
    ),
    ("smallest-amount", "0.00000001", "0.00000001", "Many languages print 1e-8 here.", ()),
    ("exponent-lower", "1e-8", "0.00000001", "A caller's exponent is written out.", ()),
    ("exponent-upper", "1E-8", "0.00000001", "So is one with a capital letter.", ()),
    ("exponent-padded", "1e-08", "0.00000001", "So is Python's, of two digits.", ()),
    ("exponent-sixteen", "1E-16", "0.0000000000000001", "The smallest step of the document.", ()),
    ("exponent-with-digits", "1.25E-7", "0.000000125", "Digits before the exponent.", ()),
    ("exponent-positive", "1E+3", "1000", "A positive exponent is written out too.", ()),
    ("exponent-within", "1.5e1", "15", "The point moves, and nothing is left after it.", ()),
    ("exponent-twenty", "1e19", "10000000000000000000", "Twenty digits before the point.", ()),
    (
        "sum-of-floats",
        "0.30000000000000004",
        "0.30000000000000004",
        "0.1 + 0.2 as a float has it: sent as it was given, not made nicer.",
        (),
    ),
    (
        "almost-one",
        "0.9999999999999999",
        "0.9999999999999999",
        "Never raised to 1: nobody may spend more than was said.",
        (),
    ),
    ("trailing-zeros", "74000.00", "74000.00", "Zeros at the end.", ("74000", "74000.0")),
    ("trailing-zero", "0.10", "0.10", "One zero at the end.", ("0.1",)),
    ("hundreds", "7400", "7400", "Zeros before the point are digits.", ()),
    (
        "twenty-digits",
        "12345678901234567890",
        "12345678901234567890",
        "More than 64 bits hold, more than a double keeps.",
        (),
    ),
    (
        "twenty-and-sixteen",
        "12345678901234567890.1234567890123456",
        "12345678901234567890.1234567890123456",
        "The longest decimal that the document allows.",
        (),
    ),
    ("beyond-doubles", "9007199254740993", "9007199254740993", "2^53 + 1, which no double is.", ()),
    ("thousands", "1234567.89", "1234567.89", "Neither grouping nor a decimal comma.", ()),
    ("negative", "-0.001", "-0.001", "A sign, and no parentheses.", ()),
    ("zero", "0", "0", "Zero is sent.", ()),
    ("zero-with-digits", "0.00", "0.00", "Zero with digits after the point.", ("0", "0.0")),
    ("zero-with-exponent", "0E-8", "0.00000000", "Java and Python print 0E-8 here.", ("0", "0.0")),
)

READ: tuple[Row, ...] = (
    ("text", '{"price":"74000.5"}', "74000.5", "A decimal as text.", ()),
    ("number", '{"price":74000.5}', "74000.5", "The same as a number.", ()),
    (
        "text-sixteen-digits",
        '{"price":"0.1234567890123456"}',
        "0.1234567890123456",
        "Sixteen digits as text.",
        (),
    ),
    (
        "number-sixteen-digits",
        '{"price":0.1234567890123456}',
        "0.1234567890123456",
        "Sixteen digits as a number.",
        (),
    ),
    (
        "number-many-digits",
        '{"price":74000.1234567890123456}',
        "74000.1234567890123456",
        "A number that a double does not hold.",
        (),
    ),
    (
        "text-many-digits",
        '{"price":"12345678901234567890.1234567890123456"}',
        "12345678901234567890.1234567890123456",
        "The longest decimal as text.",
        (),
    ),
    (
        "number-integer-digits",
        '{"price":12345678901234567890}',
        "12345678901234567890",
        "A decimal that happens to be an integer, of twenty digits.",
        (),
    ),
    ("number-exponent", '{"price":1e-8}', "0.00000001", "A number may have an exponent.", ()),
    ("number-exponent-upper", '{"price":1.5E-7}', "0.00000015", "Or a capital one.", ()),
    ("number-exponent-positive", '{"price":7.4e4}', "74000", "Or one that makes it greater.", ()),
    (
        "number-sum-of-floats",
        '{"price":0.30000000000000004}',
        "0.30000000000000004",
        "0.1 + 0.2 of floats, not 0.3.",
        (),
    ),
    ("text-tenth", '{"price":"0.1"}', "0.1", "Not 0.1000000000000000055.", ()),
    ("number-tenth", '{"price":0.1}', "0.1", "The same as a number.", ()),
    (
        "text-trailing-zeros",
        '{"price":"74000.00"}',
        "74000.00",
        "Zeros at the end of a text.",
        ("74000",),
    ),
    ("number-trailing-zeros", '{"price":74000.10}', "74000.10", "Zeros of a number.", ("74000.1",)),
    ("number-integer", '{"price":74000}', "74000", "A price without a point is a price.", ()),
    ("text-negative", '{"price":"-0.001"}', "-0.001", "A loss as text.", ()),
    ("number-negative", '{"price":-0.001}', "-0.001", "A loss as a number.", ()),
    ("text-zero", '{"price":"0"}', "0", "Zero is not nothing.", ()),
    ("number-zero", '{"price":0}', "0", "Nor is it as a number.", ()),
    ("text-zero-digits", '{"price":"0.00000000"}', "0.00000000", "Zero with digits.", ("0",)),
    (
        "number-beyond-doubles",
        '{"price":9007199254740993}',
        "9007199254740993",
        "2^53 + 1 as a number.",
        (),
    ),
)


def document() -> dict[str, Any]:
    """The whole file."""
    return {"version": "1.0", "about": ABOUT, "vectors": [*map(_sent, SENT), *map(_read, READ)]}


def _sent(row: Row) -> dict[str, Any]:
    name, given, sent, about, also = row
    requirement = "sdk.decimals-are-sent-plainly"
    if name == "almost-one":
        requirement = "sdk.amounts-are-never-raised"
    head = {"id": f"sent-{name}", "about": about, "requirement": requirement, "kind": "sent"}
    return {**head, "given": given, "sent": sent, "also": list(also)}


def _read(row: Row) -> dict[str, Any]:
    name, text, read, about, also = row
    head = {
        "id": f"read-{name}",
        "about": about,
        "requirement": "sdk.decimals-are-read-exactly",
        "kind": "read",
    }
    return {**head, "text": text, "pointer": "/price", "read": read, "also": list(also)}


def written(vector: Vector) -> dict[str, Any]:
    """The stages as a vector of the file has them."""
    kind = vector["kind"]
    return {kind: vector[kind], "also": [True for _ in vector["also"]]}


def computed(vector: Vector) -> dict[str, Any]:
    """The stages as `conformance.wire` has them."""
    if vector["kind"] == "sent":
        value = Decimal(vector["given"])
    else:
        value = Decimal(parse_json(vector["text"].encode())[vector["pointer"].removeprefix("/")])
    return {vector["kind"]: as_text(value), "also": [_is(each, value) for each in vector["also"]]}


def _is(text: str, value: Decimal) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text)) and Decimal(text) == value
