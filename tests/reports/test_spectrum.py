"""The picture shows the figures that the table gives, and no more than its samples carry."""

from __future__ import annotations

from itertools import pairwise

import pytest

from load.histogram import histogram_of
from reports.charts import marks
from reports.charts.spectrum import Series, description, picture, series, series_of
from tests.reports.builders import loads, measurement


def test_the_description_gives_the_figures_of_the_table() -> None:
    entry = loads()[0]
    (each,) = series([entry])
    told = description([each])
    for name, value in (("p50", entry["response_us"]["p50"]), ("p99", entry["response_us"]["p99"])):
        shown = float(told.split(f"{name} ")[1].split(" ")[0].replace(",", ""))
        assert shown == pytest.approx(value, abs=1)


@pytest.mark.parametrize(
    ("n", "carried"), [(100, "p90"), (298, "p90"), (299, "p99"), (2994, "p99"), (2995, "p99.9")]
)
def test_no_percentile_beyond_what_the_samples_carry(n: int, carried: str) -> None:
    told = description(series([measurement("one", n, 400, 1)]))
    assert told.split(", slowest")[0].split(", ")[-1].startswith(f"{carried} ")


def test_the_table_has_no_figure_beyond_what_the_samples_carry() -> None:
    made = picture(series([measurement("one", 299, 400, 1)]))
    assert made is not None
    (row,) = made.table.rows
    shown = dict(zip(made.table.head, row, strict=True))
    assert shown["p99"] != "–"
    assert shown["p99.9"] == shown["p99.99"] == "–"


@pytest.mark.parametrize("broken", ["", "AAAA", "no base64!", "HISTFAAAACl4nJNpmSzMwMDA", "é"])
def test_a_histogram_that_cannot_be_read_is_left_out(broken: str) -> None:
    assert series([measurement("one", 300, 400, 1, histograms={"response": broken})]) == []
    assert picture([]) is None


def test_an_entry_without_samples_or_histogram_is_left_out() -> None:
    entry = measurement("one", 300, 400, 1)
    assert series([{**entry, "n": 0}]) == []
    del entry["histograms"]
    assert series([entry]) == []


def test_one_value_alone_can_be_drawn() -> None:
    entry = measurement("one", 300, 400, 1, histograms=_of([400_000] * 300))
    made = picture(series([entry]))
    assert made is not None
    assert "<path" in made.drawing


def test_the_points_are_those_of_the_histogram() -> None:
    values = [100_000] * 90 + [1_000_000] * 9 + [9_000_000]
    line = series_of(measurement("one", 100, 400, 1, histograms=_of(values)), "response", "one")
    assert line is not None
    assert [us for _, us in line.points] == pytest.approx([100, 1000, 9000], rel=1e-3)
    assert [round(1 - 10**-nines, 4) for nines, _ in line.points] == [0.9, 0.99, 0.995]


def test_points_rise() -> None:
    (line,) = series([measurement("one", 4000, 400, 1)])
    assert all(before < after for before, after in pairwise(line.points))


def _of(values: list[int]) -> dict[str, str]:
    return {"response": histogram_of(values).encode()}


def test_each_series_has_its_own_colour_dashes_and_mark() -> None:
    looks = {str(marks.swatch(n)).replace(marks.COLOURS[n], "") for n in range(marks.MOST_SERIES)}
    assert len(looks) == marks.MOST_SERIES
    assert len(set(marks.COLOURS)) == marks.MOST_SERIES


def test_no_more_than_four_series() -> None:
    assert len(series([measurement(f"s{n}", 50, 400, n) for n in range(6)])) == 4


def test_what_is_not_valid_says_so_in_the_legend() -> None:
    made = picture([Series("one", False, 4, ((0.3, 100.0), (0.9, 200.0)), 0.5)])
    assert made is not None
    assert made.legend[0].words == "one, n = 4, not valid"
