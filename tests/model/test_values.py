"""Decimals are read strictly, written plainly, and never rounded without saying so."""

from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model.values import (
    DIGITS,
    decimal_text,
    divide_money,
    divide_profit,
    is_multiple,
    parse_decimal,
    plus,
    times,
    truncate_money,
    whole_steps,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("007", "7"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("0.0000000000000001", "0.0000000000000001"),
        ("12345678901234567890123456789012", "12345678901234567890123456789012"),
    ],
)
def test_plain_text_is_read_and_written_shortest(text, written):
    assert decimal_text(parse_decimal(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "1.2.3",
        "-1",
        "+1",
        "1e5",
        "1E5",
        " 1",
        "1 ",
        "1\n",
        "1,000",
        "1_000",
        "0x10",
        "NaN",
        "Infinity",
        "\u0661",
        "\uff11",
        "1" * 33,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="not a plain decimal"):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("value", "written"),
    [("1E+3", "1000"), ("1E-8", "0.00000001"), ("-0.00", "0"), ("-1.10", "-1.1"), ("0E+5", "0")],
)
def test_no_exponent_is_ever_written(value, written):
    assert decimal_text(Decimal(value)) == written


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_written_text_has_the_same_value(value):
    assert Decimal(decimal_text(value)) == value


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        ("1.23", "0.01", True),
        ("1.230", "0.01", True),
        ("1.234", "0.01", False),
        ("0", "0.01", True),
        ("15", "10", False),
        ("9" * 32, "1E-16", True),
    ],
)
def test_multiples_of_a_step(value, step, expected):
    assert is_multiple(Decimal(value), Decimal(step)) is expected


def test_the_longest_product_is_exact():
    longest = parse_decimal("9" * 32)
    assert times(longest, longest) == int("9" * 32) ** 2


def test_what_would_be_rounded_is_an_error():
    with pytest.raises(Inexact):
        plus(Decimal(10) ** DIGITS, Decimal("0.1"))


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (truncate_money, ["0.00000000000000019"], "0.0000000000000001"),
        (divide_money, ["2", "3"], "0.6666666666666666"),
        (divide_profit, ["2", "3"], "0.66666666"),
        (divide_profit, ["-2", "3"], "-0.66666666"),
        (whole_steps, ["1", "0.3", "0.001"], "0.003"),
        (whole_steps, ["0.9", "0.3", "0.001"], "0.003"),
        (whole_steps, ["0.29", "0.3", "0.001"], "0"),
    ],
)
def test_rounding_is_towards_zero(function, arguments, expected):
    assert function(*map(Decimal, arguments)) == Decimal(expected)
