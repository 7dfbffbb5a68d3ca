"""The picture shows the figures that the table gives, and no more than its samples carry."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from load.histogram import histogram_of
from reports.spectrum import DASHES, description, series, spectrum_svg, swatch
from tests.reports.builders import loads, measurement


def test_the_description_gives_the_figures_of_the_table() -> None:
    entry = loads()[0]
    (each,) = series([entry])
    told = description([each])
    for name, value in (("p50", entry["response_us"]["p50"]), ("p99", entry["response_us"]["p99"])):
        shown = float(told.split(f"{name} ")[1].split(" ")[0].replace(",", ""))
        assert shown == pytest.approx(value, rel=0.002)


@pytest.mark.parametrize(
    ("n", "carried"), [(100, "p90"), (298, "p90"), (299, "p99"), (2994, "p99"), (2995, "p99.9")]
)
def test_no_percentile_beyond_what_the_samples_carry(n: int, carried: str) -> None:
    told = description(series([measurement("one", n, 400, 1)]))
    assert told.split(", slowest")[0].split(", ")[-1].startswith(f"{carried} ")


@pytest.mark.parametrize("broken", ["", "AAAA", "no base64!", "HISTFAAAACl4nJNpmSzMwMDA", "é"])
def test_a_histogram_that_cannot_be_read_is_left_out(broken: str) -> None:
    assert series([measurement("one", 300, 400, 1, histograms={"response": broken})]) == []
    assert spectrum_svg([]) == ""


def test_an_entry_without_samples_or_histogram_is_left_out() -> None:
    entry = measurement("one", 300, 400, 1)
    assert series([{**entry, "n": 0}]) == []
    del entry["histograms"]
    assert series([entry]) == []


def test_one_value_alone_can_be_drawn() -> None:
    entry = measurement("one", 300, 400, 1, histograms=_of([400_000] * 300))
    ET.fromstring(spectrum_svg(series([entry])))


def _of(values: list[int]) -> dict[str, str]:
    return {"response": histogram_of(values).encode()}


def test_the_picture_is_small_and_parses_and_escapes() -> None:
    load = [{**entry, "scenario": '<b>"&' + entry["scenario"]} for entry in loads()]
    text = spectrum_svg(series(load))
    assert len(text.encode()) < 20_000
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    assert root.findtext("title") == "Response time by percentile"
    assert '<b>"&order_latency: p50' in (root.findtext("desc") or "")


def test_each_series_has_its_own_dashes_and_mark() -> None:
    assert len({str(swatch(n)) for n in range(len(DASHES))}) == len(DASHES)
    assert len(set(DASHES)) == len(DASHES)


def test_no_more_than_four_series() -> None:
    assert len(series([measurement(f"s{n}", 50, 400, n) for n in range(6)])) == 4
