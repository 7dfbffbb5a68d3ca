"""The badge says the verdict to eyes, screen readers and shields.io alike."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from reports.badge import badge_json, badge_svg
from tests.reports.builders import FAILED, full_summary, result, small
from tests.reports.night import trend

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("verdict", "colour", "words"),
    [
        ("pass", "brightgreen", "pass, 1 of 1"),
        ("fail", "red", "fail, 1 of 1"),
        ("inconclusive", "yellow", "could not tell, 1 of 1"),
    ],
)
def test_both_say_the_same(verdict: str, colour: str, words: str) -> None:
    summary = small(verdict=verdict)
    endpoint = json.loads(badge_json(summary))
    assert endpoint == {
        "schemaVersion": 1,
        "label": "conformance",
        "message": words,
        "color": colour,
    }
    picture = ET.fromstring(badge_svg(summary))
    assert [each.text for each in picture.iter(f"{SVG}text")] == ["conformance", words]
    assert picture.findtext(f"{SVG}title") == picture.get("aria-label") == f"conformance: {words}"


def test_text_stays_inside_the_picture() -> None:
    picture = ET.fromstring(badge_svg(full_summary(tuple(FAILED)), trend()))
    for text in picture.iter(f"{SVG}text"):
        end = int(text.get("x", "")) + int(text.get("textLength", ""))
        assert end <= int(picture.get("width", "")) - 8


def test_slower_is_said_and_a_run_without_gates_counts_nothing() -> None:
    assert "slower" in badge_svg(small(), trend())
    none = small(requirement_results=[result(gating=False)])
    assert json.loads(badge_json(none))["message"] == "pass"


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("verdict", ["pass", "fail", "inconclusive"])
def test_white_text_can_be_read_on_every_background(verdict: str) -> None:
    picture = ET.fromstring(badge_svg(small(verdict=verdict)))
    fills = [each.get("fill", "") for each in picture if each.tag in (f"{SVG}rect", f"{SVG}path")]
    assert len(fills) == 2
    assert all(1.05 / (_luminance(each) + 0.05) >= 4.5 for each in fills)
