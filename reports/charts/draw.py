"""Turns a chart into a small SVG that takes its colours from the page.

Altair and vl-convert are the extra `charts`: they are imported here and in the functions that build a chart, and only
when there is something to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from markupsafe import Markup

from reports.charts.slim import slim

NEEDED: Final = ("altair", "vl_convert")
MISSING: Final = (
    "The pictures are left out: Altair and vl-convert are not installed here. `make setup` installs them "
    "(they are the extra `charts`); every number is in the tables."
)
VEGA_LITE: Final = "6.1"
WIDTH: Final = 480
# Nothing here is a fixed colour: what the page says in its style holds for dark screens and for print.
CONFIG: Final[Mapping[str, Any]] = {
    "aria": False,
    "view": {"stroke": None},
    "axisX": {"labelPadding": 10},  # clear of the lowest label of the other axis on a small screen
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": "var(--line)",
        "labelColor": "currentColor",
        "labelFontSize": 12,
        "labelPadding": 6,
        "labelLimit": 0,
        "labelFlush": False,
        "titleColor": "currentColor",
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 6,
    },
}


@cache
def is_available() -> bool:
    """Whether what draws is installed."""
    return all(find_spec(name) for name in NEEDED)


def drawn(name: str, title: str, told: str, build: Callable[[], Any], height: int) -> Markup:
    """A picture of the page; `name` is unique within it. Empty where nothing can draw it."""
    svg = _svg(build, WIDTH, height)
    return svg and Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>'
    ).format(WIDTH, height, name, name, name, title, name, told, svg)


def panel(title: str, build: Callable[[], Any], width: int, height: int) -> Markup:
    """One of many small pictures, named by its title alone."""
    svg = _svg(build, width, height)
    return svg and Markup(
        '<svg class="chart panel" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(width, height, title, svg)


def ornament(kind: str, build: Callable[[], Any], width: int, height: int) -> Markup:
    """A picture beside words that say the same: nothing is lost without it."""
    svg = _svg(build, width, height)
    return svg and Markup('<svg class="{}" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        kind, width, height, svg
    )


def _svg(build: Callable[[], Any], width: int, height: int) -> Markup:
    if not is_available():
        return Markup()
    import vl_convert

    spec = build().to_dict(
        validate=False
    )  # the renderer reads it whole; a check before is half the time
    spec |= {"width": width, "height": height, "background": None, "config": CONFIG}
    spec |= {"autosize": {"type": "fit", "contains": "padding"}, "padding": 4}
    return Markup(slim(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)))
