"""What a target says can neither hide, nor steer a terminal, nor go on for ever."""

from __future__ import annotations

import pytest

from reports.text import clipped, one_line, some, visible, within


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode, 漢字 😀", "plain, ünïcode, 漢字 😀"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x00", "\\u0000"),
        ("user\u202egpj.exe", "user\\u202egpj.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("half \ud800", "half \\ud800"),
        ("\uffff", "\\uffff"),
        ("over\rwritten", "over\\u000dwritten"),
    ],
)
def test_what_cannot_be_seen_is_spelled(text: str, shown: str) -> None:
    assert visible(text) == shown
    visible(text).encode()


def test_a_long_text_says_how_much_is_missing() -> None:
    assert clipped("abcdef", 6) == "abcdef"
    assert clipped("abcdefgh", 6) == "abcdef … (2 more characters)"


def test_one_line_has_no_line_break() -> None:
    assert one_line("a\nb\r\n c\u2028d") == "a b c d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("abc", "abc"), ("abcd", "abc …"), (" " * 80 + "d", " …"), ("a" + " " * 9, "a")],
)
def test_one_line_shows_its_start(text: str, shown: str) -> None:
    assert one_line(text, 3) == shown


@pytest.mark.parametrize(
    ("most", "kept"),
    [(0, ([], 3)), (2, (["aa"], 2)), (5, (["aa", "bbb"], 1)), (9, (["aa", "bbb", "c"], 0))],
)
def test_rows_that_do_not_fit_are_counted(most: int, kept: tuple[list[str], int]) -> None:
    assert within(["aa", "bbb", "c"], len, most) == kept


def test_a_noun_follows_its_count() -> None:
    assert [some(n, "finding") for n in (0, 1, 1200)] == [
        "0 findings",
        "1 finding",
        "1,200 findings",
    ]
