"""Pictures: small, of the page's own colours, and never without their words and their numbers."""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64decode
from functools import cache
from math import isclose
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from reports.charts import axes, draw, gallery, limiter, over_time, queueing, rates, streams
from reports.charts.gallery import Gallery
from reports.charts.heat import HEIGHT, heat
from reports.charts.history import date, history
from reports.charts.picture import TOO_MUCH, Picture, Table, within_bytes
from reports.charts.png import data_uri
from reports.compared import Other
from reports.page import report_html
from tests.reports.builders import loads, measurement, small
from tests.reports.nightly import (
    EDGES_US,
    folder_of,
    nightly_loads,
    nightly_summary,
    run_of,
    series,
    trend,
)
from tests.reports.nightly import (
    limiter as inferred,
)
from tests.reports.nightly import (
    over_time as run_over_time,
)

EVIL = '<b onload="x">&\'"]]>'


def drawn(other: Other | None = None) -> Gallery:
    return _drawn() if other is None else gallery.gallery(nightly_summary(), trend(), other)


@cache
def _drawn() -> Gallery:
    return gallery.gallery(nightly_summary(), trend(), None)


def pictures(found: Gallery) -> list[Picture]:
    return [*found.load, *found.limiter, *found.streams, *found.overlays, *found.rounds]


def test_every_picture_is_well_formed_and_named_by_its_title_and_words() -> None:
    for picture in pictures(drawn()):
        root = ET.fromstring(picture.drawing)
        ids = {each.get("id") for each in root if each.tag in ("title", "desc")}
        assert root.get("role") == "img"
        assert set((root.get("aria-labelledby") or "").split()) == ids
        assert root.findtext("title") == picture.title
        assert root.findtext("desc")
        assert picture.told
        assert picture.table.rows
        assert all(len(row) == len(picture.table.head) for row in picture.table.rows)


def test_every_section_has_its_pictures() -> None:
    found = drawn()
    names = [each.name for each in pictures(found)]
    assert names == [
        *("spectrum", "queueing", "over-time-1", "over-time-2", "over-time-3", "over-time-4"),
        *("rate-1", "asked-1", "limiter-1", "limiter-kinds-1"),
        *("delivered-1", "delays-1", "ages-1", "trials-1"),
        *("rounds-1", "rounds-2", "rounds-3"),
    ]


def test_pictures_take_every_colour_from_the_page() -> None:
    found = drawn(Other("other", nightly_summary(), trend(20)))
    assert found.history is not None
    drawings = [each.drawing for each in pictures(found)]
    drawings += [each.drawing for each in (*found.history.panels, *found.history.rows)]
    assert len(drawings) > 20
    for drawing in drawings:
        for element in ET.fromstring(drawing).iter():
            for name in ("fill", "stroke"):
                said = element.get(name) or "none"
                assert said in ("none", "currentColor", "transparent") or said.startswith("var(--")
            assert (
                not {"font-size", "font-family", "class"} & element.attrib.keys()
                or element.tag == "svg"
            )


def test_there_are_no_roles_but_that_of_the_picture() -> None:
    for picture in pictures(drawn()):
        root = ET.fromstring(picture.drawing)
        assert [each.get("role") for each in root.iter() if each.get("role")] == ["img"]
        assert not any(
            name.startswith("aria-")
            for each in root.iter()
            if each is not root
            for name in each.attrib
        )


def test_all_pictures_of_a_night_are_small() -> None:
    found = drawn(Other("other", nightly_summary(), trend(20)))
    assert found.history is not None
    size = sum(each.size for each in pictures(found))
    size += sum(len(each.drawing) for each in (*found.history.panels, *found.history.rows))
    assert size < 200_000


def test_names_of_a_target_are_text_within_a_picture() -> None:
    load = [{**entry, "scenario": EVIL + entry["scenario"]} for entry in nightly_loads()]
    load[2]["extra"] = inferred(candidates={EVIL: 0.7, "fixed": 0.3})
    nights = {**trend(), "series": [series(EVIL, 20, "worse", 0.2, 0)]}
    found = gallery.gallery(small(load=load), nights, None)
    assert found.history is not None
    drawings = [each.drawing for each in (*pictures(found), *found.history.panels)]
    seen = [ET.fromstring(drawing) for drawing in drawings]
    assert not [each for root in seen for each in root.iter() if each.tag == "b"]
    words = " ".join(text for root in seen for text in root.itertext())
    assert EVIL + "order_latency" in words
    assert EVIL in (seen[-1].get("aria-label") or "")


def test_an_expression_of_a_target_is_no_expression() -> None:
    assert date("2026-11-25T03:00:00Z") == "25 Nov"
    assert date("' + 1 + '") == ""
    assert date("2026-13-25") == ""
    nights = trend()
    for each in nights["series"]:
        each["nights"][0]["started"] = "' : datum"
    found = history(nights, None, 10)
    assert "datum" not in found.panels[0].drawing


def test_without_the_extra_words_and_tables_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "is_available", lambda: False)
    found = gallery.gallery(nightly_summary(), trend(), None)
    assert not any(each.drawing for each in pictures(found))
    assert all(each.table.rows and each.told for each in pictures(found))
    text = report_html(nightly_summary(), trend())
    assert "<svg" not in text
    assert "`make setup` installs them" in text
    assert text.count('<details class="numbers" open>') == len(pictures(found))


def test_the_extra_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    draw.is_available.cache_clear()
    monkeypatch.setattr(draw, "find_spec", lambda name: None if name == "altair" else object())
    assert draw.is_available() is False
    draw.is_available.cache_clear()


def picture(name: str, size: int) -> Picture:
    return Picture(name, name, name, draw.Markup("x" * size), Table(name, ("",), [("",)]))


def test_pictures_beyond_the_budget_keep_their_words() -> None:
    kept = within_bytes([picture("a", 60), picture("b", 60), picture("c", 40)], 100)
    assert [len(each.drawing) for each in kept] == [60, 0, 40]
    assert kept[1].note == TOO_MUCH
    assert kept[1].table.caption == "b"


@pytest.mark.parametrize(
    "make", [over_time.pictures, rates.pictures, limiter.pictures, streams.pictures]
)
def test_what_was_not_measured_is_left_out(make: Any) -> None:
    assert make([]) == []
    assert make([measurement("one", 300, 400, 1)]) == []


def test_wire_against_response_needs_both() -> None:
    entry = measurement("one", 300, 400, 1)
    empty = dict.fromkeys(entry["wire_us"])
    assert queueing.picture([]) is None
    assert queueing.picture([{**entry, "wire_us": empty}]) is None
    made = queueing.picture([entry])
    assert made is not None
    assert [row[0] for row in made.table.rows] == ["one p50", "one p90", "one p99"]


def test_a_level_that_changed_is_named_with_its_date() -> None:
    (panel,) = history({**trend(), "series": [series("one", 30, "worse", 0.2, 0)]}, None, 9).panels
    assert "11 Nov +25.0%" in panel.drawing
    assert any("level +25.0% from here" in row[-1] for row in panel.table.rows)


def test_the_worst_series_stand_first_and_the_rest_in_rows() -> None:
    found = history(trend(), None, 5)
    assert [each.series["verdict"] for each in found.panels[:3]] == ["worse", "worse", "better"]
    assert found.panels[3].series["change_points"]
    assert [len(found.rows), found.left_out] == [5, 13 - 4 - 5]


def test_a_series_without_a_value_has_a_row_and_no_picture() -> None:
    empty = series("one", 1, "not enough data", None, 0)
    empty["nights"][0] |= {"value_us": None, "low_us": None, "high_us": None}
    empty |= {"value_us": None, "baseline_us": None, "band_us": None}
    found = history({**trend(1), "series": [empty]}, None, 9)
    assert found.panels[0].drawing == ""
    assert "not enough data" in report_html(small(), {**trend(1), "series": [empty]})


def test_the_other_run_is_a_night_of_the_series_or_a_line_of_its_own() -> None:
    nights = {**trend(), "series": [series("one", 20, "same", 0.0, 1)]}
    others = (None, Other(folder_of(4), {}), Other(run_of(4), {}), Other("elsewhere", {}, nights))
    alone, ringed, again, lined = (history(nights, each, 9).panels[0].drawing for each in others)
    assert again == ringed
    assert "var(--s2)" not in alone
    assert "var(--s2)" in ringed
    assert "stroke-dasharray" in lined
    assert "stroke-dasharray" not in ringed


def pixels(uri: str) -> list[list[int]]:
    png = b64decode(uri.partition(",")[2])
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", png[start - 8 : start - 4])
    raw = zlib.decompress(png[start : start + length])
    return [list(raw[n * (width + 1) + 1 : (n + 1) * (width + 1)]) for n in range(height)]


def test_a_grid_is_one_picture_of_one_pixel_a_cell() -> None:
    shown = pixels(data_uri([[0.0, 0.5], [1.0, 1e-9]]))
    assert shown == [[0, 16], [32, 1]]


def test_heat_is_where_the_answers_were() -> None:
    counts = [0] * (len(EDGES_US) + 1)
    counts[12] = 10  # from 825.4 to 1,000 us
    row = {"from_s": 5.0, "counts": counts}
    found = heat({"every_s": 1.0, "edges_us": EDGES_US, "rows": [row, {**row, "from_s": 7.0}]})
    assert found is not None
    assert isclose(found.low_us, EDGES_US[11])
    assert isclose(found.high_us, EDGES_US[12])
    assert [found.from_s, found.until_s] == [5.0, 8.0]
    assert found.rows == [[1.0, 0.0, 1.0]] * HEIGHT


@pytest.mark.parametrize(
    "rows", [[], [{"from_s": 0.0, "counts": []}], [{"from_s": 0.0, "counts": [0, 0]}]]
)
def test_no_heat_without_answers(rows: list[Any]) -> None:
    assert heat({"every_s": 1.0, "edges_us": EDGES_US, "rows": rows}) is None


def test_a_run_over_time_says_when_it_was_worst() -> None:
    entry = {**loads()[0], "over_time": run_over_time(410, 1, rows=60)}
    (made,) = over_time.pictures([entry])
    slowest = max(entry["over_time"]["rows"], key=lambda row: row["response_us"]["p50"])
    assert f"worst at {slowest['from_s']:g} s" in made.told
    assert "3 errors" in made.told
    assert len(made.table.rows) == 60
    assert made.drawing.count("<image") == 1


def test_a_run_with_pauses_is_drawn_to_its_end_with_no_line_across_them() -> None:
    rows = [{**row, "from_s": row["from_s"] * 60} for row in run_over_time(410, 1, rows=4)["rows"]]
    row = {**rows[-1], "from_s": 181.0}
    entry = {
        **loads()[0],
        "over_time": {"every_s": 1.0, "edges_us": EDGES_US, "rows": [*rows, row]},
    }
    found = heat(entry["over_time"])
    assert found is not None
    assert (found.from_s, found.until_s) == (0.0, 182.0)
    (made,) = over_time.pictures([entry])
    # Three moments alone and two side by side, each with both percentiles.
    assert len(re.findall(r"<path[^>]* d=\"M[^\"]*L", made.drawing)) >= 8


def test_one_moment_has_no_picture_over_time() -> None:
    entry = {**loads()[0], "over_time": run_over_time(410, 1, rows=1)}
    assert over_time.pictures([entry]) == []


def test_latency_that_never_departs_is_said() -> None:
    entry = nightly_loads()[1]
    entry["knee"] = {
        "holds_at_per_s": 2000.0,
        "departs_at_per_s": None,
        "because": "it never departed",
    }
    (made,) = rates.pictures([entry])
    assert "up to 2,000 per second, the highest rate tried" in made.told
    assert "departs" not in made.drawing


@pytest.mark.parametrize(
    ("low", "high", "steps"),
    [
        (400, 900, [200, 500, 1000]),
        (1, 1, [1, 2]),
        (0.1, 0.1, [0.1, 0.2]),
        (1000, 1000, [1000, 2000]),
    ],
)
def test_steps_enclose_what_they_measure(low: float, high: float, steps: list[float]) -> None:
    assert axes.steps_around(low, high) == steps


def test_labels_side_by_side_have_room() -> None:
    kept = axes.apart([50, 100, 200, 500, 1000, 2000, 5000], 6)
    assert kept == [50, 200, 500, 2000, 5000]


@pytest.mark.parametrize("until", [0.4, 4, 62, 1830, 90_000])
def test_seconds_have_few_round_ticks(until: float) -> None:
    ticks = axes.ticks_between(0, until)
    assert all(len(f"{tick:g}") <= 5 for tick in ticks)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] <= until


def test_no_picture_of_an_invalid_measurement_hides_it() -> None:
    load = [{**each, "valid": False, "why_invalid": "sent late"} for each in nightly_loads()]
    found = gallery.gallery(small(load=load), None, None)
    for picture in pictures(found):
        words = [picture.title, picture.told, *(key.words for key in picture.legend)]
        words += ET.fromstring(picture.drawing).itertext()
        # Stands beside the timeline, which says so.
        named = picture.name.startswith("limiter-kinds")
        assert named or any("not valid" in text for text in words), picture.name


def test_rates_that_do_not_rise_have_no_line() -> None:
    entry = {**nightly_loads()[1], "knee": None}
    (made,) = rates.pictures([entry])
    assert "no line to draw" in made.told
    assert "stroke-dasharray" not in made.drawing


def test_trials_are_told_even_where_nothing_can_be_drawn_of_them() -> None:
    entry = {
        **nightly_loads()[3],
        "extra": {"messages": 1, "slow_reader": {"did": "disconnected it"}},
    }
    made = {each.name: each for each in streams.pictures([entry])}["trials-1"]
    assert made.told == "slow reader: the exchange disconnected it; no trial disturbed the others"
    assert made.drawing == ""


def test_a_series_without_nights_has_no_picture() -> None:
    empty = {**series("one", 1, "not enough data", None, 0), "nights": [], "band_us": None}
    (panel,) = history({**trend(1), "series": [empty]}, None, 9).panels
    assert panel.drawing == ""


def test_a_line_beyond_the_last_bucket_stays_within_the_axes() -> None:
    rows = run_over_time(410, 1, rows=4)["rows"]
    for row in rows:
        row["response_us"] = {**row["response_us"], "p99": 50_000_000.0}
    entry = {**loads()[0], "over_time": {"every_s": 1.0, "edges_us": EDGES_US, "rows": rows}}
    (made,) = over_time.pictures([entry])
    top = min(float(y) for y in re.findall(r"[ML][\d.]+,(-?[\d.]+)", made.drawing))
    assert top >= 0
