"""A badge of the last run: a small picture, and the same for an endpoint badge of shields.io."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from reports.wording import gate, is_sdk

LABEL = "conformance"
SDK_LABEL = "sdk gate"
WORDS = {"pass": "pass", "fail": "fail", "inconclusive": "could not tell"}
# (shields.io's name, a background on which white text has a contrast of 4.5 to 1)
COLOURS = {
    "pass": ("brightgreen", "#1a7f37"),
    "fail": ("red", "#cf222e"),
    "inconclusive": ("yellow", "#8a6100"),
}
# The outline keeps the badge's edge where the page behind is as dark as it.
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" role="img" \
aria-label="{said}">
<title>{said}</title>
<rect x="0.5" y="0.5" width="{inner}" height="19" rx="3.5" fill="{colour}" stroke="#8c959f"/>
<path d="M{left} 1H4a3 3 0 0 0-3 3v12a3 3 0 0 0 3 3h{back}z" fill="#424a53"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="8" y="14" textLength="{label_px}" lengthAdjust="spacingAndGlyphs">{label}</text>
<text x="{at}" y="14" textLength="{message_px}" lengthAdjust="spacingAndGlyphs">{message}</text>
</g>
</svg>
"""
NARROW = set("fijlrt.,:;|' ")


def badge_svg(summary: Mapping[str, Any], trend: Mapping[str, Any] | None = None) -> str:
    """The picture; it needs no font and no address of its own."""
    label, message = _label(summary), _message(summary, trend)
    label_px, message_px = _width_px(label), _width_px(message)
    left = label_px + 16
    width = left + message_px + 16
    return SVG.format(
        width=width,
        inner=width - 1,
        left=left,
        back=left - 4,
        at=left + 8,
        label_px=label_px,
        message_px=message_px,
        label=label,
        message=escape(message),
        said=escape(f"{label}: {message}"),
        colour=COLOURS[summary["verdict"]][1],
    )


def badge_json(summary: Mapping[str, Any], trend: Mapping[str, Any] | None = None) -> str:
    """For shields.io's endpoint badge."""
    colour = COLOURS[summary["verdict"]][0]
    shown = {"label": _label(summary), "message": _message(summary, trend), "color": colour}
    return json.dumps({"schemaVersion": 1, **shown}) + "\n"


def _label(summary: Mapping[str, Any]) -> str:
    return SDK_LABEL if is_sdk(summary) else LABEL


def _message(summary: Mapping[str, Any], trend: Mapping[str, Any] | None) -> str:
    """Nothing of a target's own words: the verdict, what holds, and whether it became slower."""
    counted = gate(summary)
    held = f", {counted.passed} of {counted.total}" if counted.total else ""
    worse = ", slower" if trend and trend["verdict"] == "worse" else ""
    return f"{WORDS[summary['verdict']]}{held}{worse}"


def _width_px(text: str) -> int:
    """About as wide as Verdana writes it; textLength fits it to that exactly."""
    return round(sum(4.2 if each in NARROW else 7.2 for each in text))
