"""The real pages, spoilt in one way each: what is seen on a small page has to be seen on these as well."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.page.bad import AXE, NO_SCRIPT, PRINT, SMALL, TAB
from tests.page.browser import View

WHOLE, HOSTILE = "whole", "hostile"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """How a page is changed, and what has to be seen in one view."""

    kind: str
    says: str
    change: Callable[[str], str]
    view: View = SMALL
    of: str = WHOLE


def styled(css: str) -> Callable[[str], str]:
    """Style that comes after the page's own."""
    return lambda page: page.replace("</head>", f"<style>{css}</style></head>", 1)


def without(pattern: str) -> Callable[[str], str]:
    """The first of these left out."""
    return lambda page: re.sub(pattern, "", page, count=1)


def first_instead(old: str, new: str) -> Callable[[str], str]:
    """Another in place of the first."""
    return lambda page: page.replace(old, new, 1)


SPOILT: Final = {
    "hostile texts that are not escaped": Spoilt("dialog", "alert", html.unescape, of=HOSTILE),
    "hostile texts that are not escaped, without scripts": Spoilt(
        "acts", "x-hostile", html.unescape, NO_SCRIPT, HOSTILE
    ),
    "hostile texts that are left out": Spoilt(
        "text is missing", "alert(1)", lambda page: page.replace("alert(1)", ""), of=HOSTILE
    ),
    "tables that do not scroll": Spoilt(
        "overflow", "table", styled("div { overflow: visible !important }")
    ),
    "pale texts": Spoilt("axe", "color-contrast", styled("p { color: #888 !important }"), AXE),
    "a picture without its role": Spoilt("picture", "no role=img", without(' role="img"')),
    "a table without its caption": Spoilt(
        "table", "no caption", without(r"(?s)<caption[^>]*>.*?</caption>")
    ),
    "a header without its scope": Spoilt("table", "without scope", without(' scope="row"')),
    "a heading two levels down": Spoilt(
        "heading",
        "after h1",
        lambda page: page.replace("<h2", "<h4").replace("</h2", "</h4"),
    ),
    "no ring": Spoilt("tab", "no ring", styled(":focus-visible { outline: none !important }"), TAB),
    "a stop before its turn": Spoilt(
        "tab", "another order", first_instead("<main", '<main tabindex="1"'), TAB
    ),
    "a bar over the page": Spoilt(
        "tab", "out of sight", styled("nav { position: fixed !important; inset: 0 }"), TAB
    ),
    "a fold that stays closed in print": Spoilt(
        "print",
        "folded",
        styled("details::details-content { content-visibility: hidden !important }"),
        PRINT,
    ),
    "a picture from elsewhere": Spoilt(
        "request",
        "elsewhere.invalid",
        first_instead("<main", '<img alt="" src="https://elsewhere.invalid/a.png"><main'),
    ),
    "a picture that the page's policy holds back": Spoilt(
        "console",
        "Content Security Policy",
        first_instead("<main", '<img alt="" src="https://elsewhere.invalid/a.png"><main'),
        NO_SCRIPT,
    ),
}
