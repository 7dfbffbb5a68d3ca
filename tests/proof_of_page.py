"""`make prove ONLY=page`: a run's page is what it promises, in a real Chromium.

Whole runs, hardly any, hostile ones and huge ones are drawn and looked at in both schemes, wide and narrow, with
scripts and without, and as they are printed. Pages with one deliberate defect each show that the look sees it.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from reports.document import schema
from reports.page import report_html
from reports.text import visible
from tests.page import bad, gates, nights, whole
from tests.page.browser import NARROW, WIDE, Asked, Look, View, looks, pictures, views
from tests.page.hostile import MEGABYTE, PAYLOADS, poisoned, speaker
from tests.page.judge import MOST_BYTES, Problem, problems, size_problems, slight
from tests.page.spoilt import SPOILT
from tests.reports.builders import small

COMMAND: Final = "make prove ONLY=page"
TREND_SCHEMA: Final = Path("reports/trend.schema.json")
DEFECTS: Final = {**bad.BAD, **SPOILT}
MOST_ROWS: Final = 30
Document = dict[str, Any]
Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page under test: how it is made, looked at, and what has to stand on it."""

    make: Callable[[], str]
    views: Sequence[View]
    words: tuple[str, ...] = ()


def main(run: Path) -> list[Figure]:
    """Every figure of the proof; pages, pictures and what was found go to the run's folder."""
    folder = run / "page"
    folder.mkdir(parents=True, exist_ok=True)
    sizes, undrawn = _draw(folder)
    asked = [_asked(name, folder) for name in sizes]
    with_pictures = [*asked, Asked("pictures", _path("whole", folder), pictures(folder, "whole"))]
    found = looks(with_pictures if "whole" in sizes else asked, folder, "pages")
    wrong = [*undrawn, *(each for look in found for each in _problems(look))]
    wrong += [each for name, size in sizes.items() for each in size_problems(name, size)]
    _write(folder / "problems.txt", [*map(str, wrong), *_slight(found)])
    return [*_caught(folder, sizes), *_of_pages(found, wrong), *_of_sizes(sizes), *_told(wrong)]


def pages() -> dict[str, Drawn]:
    """The pages under test, by name."""
    spoken = tuple(visible(each) for each in PAYLOADS)
    one = [View(width=NARROW, height=844)]
    turned = {
        f"hostile {first}": Drawn(partial(_hostile, first, is_short=True), one, spoken)
        for first in range(1, len(PAYLOADS))
    }
    return {
        "whole": Drawn(_whole, views()),
        "hardly any": Drawn(lambda: html(small()), views()),
        "hostile": Drawn(lambda: _hostile(0), views(pdf=False, axe_widths=(WIDE,)), spoken),
        "megabytes": Drawn(lambda: _hostile(0, MEGABYTE), views(pdf=False, axe_widths=()), spoken),
        "many findings": Drawn(
            lambda: html(whole.many(), nights.trend()),
            views(tab=False, pdf=False, axe_widths=(NARROW,)),
        ),
        **turned,
        **_of_the_gate(spoken),
    }


def _of_the_gate(spoken: tuple[str, ...]) -> dict[str, Drawn]:
    """What an SDK's maintainer sees."""
    poisoned_views = views(pdf=False, axe_widths=(WIDE,))
    return {
        "gate run": Drawn(gates.run, views()),
        "hostile gate run": Drawn(gates.hostile_run, poisoned_views, spoken),
        "case": Drawn(gates.one_case, views()),
        "hostile case": Drawn(gates.hostile_case, poisoned_views, spoken),
        "large case": Drawn(
            gates.large, views(tab=False, pdf=False, axe_widths=()), ("amount=the-last",)
        ),
        "matrix": Drawn(gates.matrix, views()),
        "hostile matrix": Drawn(gates.hostile_matrix, poisoned_views, spoken),
    }


def html(summary: Document, trend: Document | None = None, other: Document | None = None) -> str:
    """The page of a run, with as much as `report_html` takes."""
    takes = inspect.signature(report_html).parameters
    given = {"trend": trend, "other": _other(other, trend) if "other" in takes and other else None}
    return report_html(summary, **{name: each for name, each in given.items() if name in takes})


def _other(summary: Document, trend: Document | None) -> Any:
    compared = importlib.import_module("reports.compared")
    return compared.Other(f"{summary['target']} the night before", summary, trend)


def _whole() -> str:
    return html(whole.summary(), nights.trend(), whole.summary())


def _hostile(first: int, length: int = 0, is_short: bool = False) -> str:
    say, night, history = speaker(first, length), whole.summary(), nights.trend()
    if is_short:
        night, history = whole.shortened(night), whole.shortened(history)
    trends = json.loads(TREND_SCHEMA.read_text(encoding="utf-8"))
    night, history = poisoned(night, schema(), say), poisoned(history, trends, say)
    return html(night, history, night)


def _draw(folder: Path) -> tuple[dict[str, int], list[Problem]]:
    """The bytes of each page that could be drawn, and why the others could not."""
    sizes, undrawn = {}, []
    for name, page in pages().items():
        try:
            text = page.make().encode()
        except Exception as error:  # noqa: BLE001 - whatever a page dies of is what is looked for
            undrawn.append(
                Problem(name, "file", "not drawn", f"{type(error).__name__}: {error}"[:300])
            )
            continue
        _path(name, folder).write_bytes(text)
        sizes[name] = len(text)
    return sizes, undrawn


def _path(name: str, folder: Path) -> Path:
    return folder / f"{name.replace(' ', '-')}.html"


def _asked(name: str, folder: Path) -> Asked:
    page = pages()[name]
    return Asked(name, _path(name, folder), page.views, page.words)


def _view(look: Look) -> str:
    return View(**look["view"]).name


def _problems(look: Look) -> list[Problem]:
    return problems(look, _view(look))


def _slight(found: Sequence[Look]) -> Iterator[str]:
    for look in found:
        yield from (f"slight: {look['page']}, {_view(look)}: {each}" for each in slight(look))


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _caught(folder: Path, sizes: Iterable[str]) -> list[Figure]:
    """The deliberate defects, in small pages and in the real ones, and the good page that has none."""
    made = {name: each.html for name, each in bad.BAD.items()}
    for name, each in SPOILT.items():
        page = _path(each.of, folder)
        made[name] = each.change(page.read_text(encoding="utf-8")) if each.of in sizes else ""
    asked = [_defect(name, folder / f"bad-{n}.html", made[name]) for n, name in enumerate(made)]
    good = Asked("good", folder / "good.html", views(), bad.WORDS)
    good.path.write_text(bad.GOOD, encoding="utf-8")
    found = looks([*asked, good], folder, "bad")
    missed = [each["page"] for each in found if each["page"] in DEFECTS and not is_caught(each)]
    alarms = [str(p) for each in found if each["page"] == "good" for p in _problems(each)]
    total, goal = len(DEFECTS) - len(missed), len(DEFECTS)
    return [
        _figure("deliberate defects caught as what they are", total, goal, "defects"),
        _figure("problems of a page without a defect", len(alarms), 0, "problems"),
        *(_figure(f"not caught: {each}", 0, 1, "defects") for each in missed),
        *(_figure(f"alarm: {each}", 1, 0, "problems") for each in alarms),
    ]


def _defect(name: str, path: Path, text: str) -> Asked:
    path.write_text(text, encoding="utf-8")
    words = bad.WORDS if name in bad.BAD else pages()[SPOILT[name].of].words
    return Asked(name, path, [DEFECTS[name].view], words)


def is_caught(look: Look) -> bool:
    """Whether the defect was seen, as the kind that it is."""
    wanted = DEFECTS[look["page"]]
    return any(each.kind == wanted.kind and wanted.says in each.what for each in _problems(look))


def _of_pages(found: Sequence[Look], wrong: Sequence[Problem]) -> list[Figure]:
    """Of each page, the views in which nothing is wrong."""
    rows = []
    for name in pages():
        seen = {_view(each) for each in found if each["page"] == name}
        good = seen - {each.view for each in wrong if each.page == name}
        goal = len(pages()[name].views)
        rows.append(_figure(f"views without a problem: {name}", len(good), goal, "views"))
    return rows


def _of_sizes(sizes: dict[str, int]) -> list[Figure]:
    return [
        {
            **_figure(f"size of the page: {name}", sizes.get(name, 0), MOST_BYTES, "bytes"),
            "goal": f"less than {MOST_BYTES}",
            "reached": 0 < sizes.get(name, 0) < MOST_BYTES,
        }
        for name in ("whole", "many findings", "megabytes", "large case", "matrix")
    ]


def _told(wrong: Sequence[Problem]) -> list[Figure]:
    """Each problem once, however many views have it."""
    once = {(each.page, each.kind, each.what): each for each in wrong}
    shown = list(once.values())[:MOST_ROWS]
    return [_figure(str(each), 1, 0, "problems") for each in shown]


def _figure(name: str, value: int, goal: int, unit: str) -> Figure:
    reached = {"goal": goal, "reached": value == goal}
    return {"name": name, "value": value, "unit": unit, **reached, "peers": {}, "command": COMMAND}
