"""docs/change-figures.md: how the verdict works, how it was tried, and the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.change.peer import READINGS, VERSION
from tests.change.trials import FOLLOWED, RULES

PAGE: Final = Path("docs/change-figures.md")


def write(rows: Sequence[Mapping[str, Any]], histories: int, command: str) -> None:
    """Write the page again, and print its table."""
    table = "\n".join(_line(row) for row in rows)
    print(table)
    PAGE.write_text(
        TEXT.format(
            command=command,
            histories=histories,
            version=VERSION,
            table=table,
            margin=f"{100 * RULES.margin:.0f} %",
            margin_us=f"{RULES.margin_us:.0f} µs",
            followed=FOLLOWED,
            least=RULES.baseline_nights_min,
            most=RULES.baseline_nights_max,
            slip=f"{100 * RULES.control_slip:.0f} %",
        ),
        encoding="utf-8",
    )


def _line(row: Mapping[str, Any]) -> str:
    peers = (_told(row["peers"].get(name), row["unit"]) for name in READINGS)
    goal = "–" if row["goal"] is None else row["goal"]
    cells = (row["name"], _told(row["value"], row["unit"]), goal, *peers)
    return f"| {' | '.join(cells)} |"


def _told(value: float | str | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value} {unit}" if unit in ("%", "s") else f"{value}"


TEXT: Final = """\
# How sure the verdict on change is

`{command}` makes this page again, in some five minutes on two cores.

## How the verdict comes about

- A night has rounds; in each the target and a control are measured side by side. A round's value is the logarithm of
  their ratio, a night's the median of its rounds: what the machine does to both cancels. Without a control it is the
  target alone, and the machine's nights stay in.
- The last 1, 2, 3, 5 and 7 nights are compared with up to {most} nights before them; below {least} there is no
  verdict.
- Nights are drawn again, then rounds within them. What comes out is the standard error; Student's t, with as many
  degrees of freedom as there are nights before less one, makes it a 99 % interval. The variance between nights is
  counted once: that of the rounds is taken out of it before the rounds are drawn. A night alone is given the
  variance of the nights before.
- The control is taken to be off by {slip} (one standard deviation) of what the machine did beyond its usual. On a
  night that slowed both by a half, the interval is wide.
- *Worse*: the whole interval lies beyond the margin ({margin} and {margin_us}, whichever is more), tonight itself
  points there, and it survives the false discovery rate of 1 % over the windows (Simes) and over all series
  (Benjamini and Hochberg). *Better*: the same on the other side. *Same*: an interval lies inside the margin, and no
  window points beyond it. Else: *not enough data*.
- Change points are drawn by a kernel that a lone bad night does not move (ruptures). They gate nothing.

## How it was tried

{histories} histories of 40 nights for most rows, each night judged as it came, from the sixth on, by the nights
before it. `tests/change/simulate.py` tells in words how a night is made: the target's nights have a coefficient of
variation of 5 %, most of it the machine's. A spike is +50 % on a tenth of the nights. A change comes after 40
nights, and is followed for {followed} nights. The rules were chosen on other seeds than these.

Beside it Apache Otava {version} as it comes (window 50, p 0.001, no least magnitude) on the same nights: *raw* is
given the target's median, *ratio* the median ratio to our control. It analyses the series again after each night;
a new change point towards slower, wherever it lies, is its alarm, or its find. It has no margin: what it finds of a
change of 5 % it is meant to find, and this suite is not. It was made for long histories of commits.

| | this suite | goal | Otava raw | Otava ratio |
|---|---|---|---|---|
{table}

## What it cannot do

- Five per cent is the margin: a change of that size is called worse no more often than chance allows, by design.
  Being that sure costs nights: with a control, Otava finds +10 % sooner, and is wrong more often.
- A target that really is slower on one night is called worse on that night. Once such nights are among the nights
  before, they are taken for usual, and a change has to be larger to be seen.
- Without a control a spike of the machine looks like one of the target, and is called worse.
- The interval that is told is that of the window which the verdict rests on. It is chosen by what it shows, and so
  holds the truth a little less often than that of a night alone, of which the 99 % are promised.
- With many series, one that alone gets slower has to be surer. Most causes move more than one.
- After a change the verdict stays for some nights, until the changed nights are themselves the nights before. What
  remains of it then is the change point on the page.
- These nights are simulated, and a real machine's are worse in ways that nobody thought of. Where they resemble
  their neighbours, the interval holds the truth less often than it says.
"""
