"""Messages a second that one core takes from streams, decoded, checked and timed: ours beside other clients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from reference_exchange.bench import Row
from tests.bench.processes import server
from tests.bench.stream_clients import OURS, Client, Said, Shape, clients

COMMAND: Final = "make bench ONLY=streams"
SHAPES: Final = (
    Shape("one connection, 100 topics", 1, 100),
    Shape("16 connections, 8 topics each", 16, 8),
)
ROUNDS, SECONDS = 5, 3.0
PACED_ROUNDS, PACED_SECONDS = 3, 6.0
# Every client keeps up with it, so all come to where promises are broken.
MODEST_PER_S: Final = 20_000
PACES_PER_S: Final = (MODEST_PER_S, 100_000)
BREAKS: Final = 20  # for each connection
# Late enough that every client counts by then, and over before the first of them ends.
BREAKS_AFTER_MS, BREAKS_DURING_MS = 2500, 800
LIFE_S: Final = 60
MESSAGES_PER_S: Final = 100_000
SHARE_RECEIVED: Final = 0.99
TOLD: Final = ("messages_per_s", "messages_per_cpu_s", "p50_us", "p99_us")


@dataclass(frozen=True, slots=True)
class Heard:
    """One run of one client: what it said, and how many promises the server broke meanwhile."""

    said: Said
    broken: int


Rounds = Mapping[str, list[Heard]]


def measure(run: Path) -> list[Row]:
    """Rounds in turn, so that what the machine does meanwhile falls on all of them; the middle of each client's."""
    every = clients(run / "install.log")
    fast = {shape: _rounds(every, shape, 0, ROUNDS, run) for shape in SHAPES}
    paced = {pace: _rounds(every, SHAPES[0], pace, PACED_ROUNDS, run) for pace in PACES_PER_S}
    table = [line for shape, rounds in fast.items() for line in _table(shape.name, rounds)]
    table += [
        line for pace, rounds in paced.items() for line in _table(f"{pace:,} a second", rounds)
    ]
    (run / "streams.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))
    return [
        *(_fast(shape, rounds) for shape, rounds in fast.items()),
        *(_paced(pace, rounds) for pace, rounds in paced.items()),
        *_noticed(fast.values(), [paced[MODEST_PER_S]]),
    ]


def _rounds(every: Mapping[str, Client], shape: Shape, pace: int, rounds: int, run: Path) -> Rounds:
    """`pace` is events a second over all connections, 0 for as many as the client takes."""
    found: dict[str, list[Heard]] = {name: [] for name in every}
    seconds = PACED_SECONDS if pace else SECONDS
    breaks = BREAKS if pace == MODEST_PER_S else 0
    words = (pace // shape.connections, breaks, BREAKS_AFTER_MS, BREAKS_DURING_MS)
    for number in range(rounds):
        for name, client in every.items():
            folder = run / f"{shape.connections}-{pace}" / f"{name.replace(' ', '-')}-{number}"
            with server("stream_server", [*map(str, words), str(LIFE_S)]) as running:
                said = client(running.port, shape, seconds, folder)
            found[name].append(Heard(said, json.loads(running.said)["broken"]))
    return found


def _middle(rounds: Rounds, figure: str) -> dict[str, float]:
    return {
        name: round(median(getattr(each.said, figure) for each in heard), 1)
        for name, heard in rounds.items()
    }


def _others(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if name != OURS}


def _fast(shape: Shape, rounds: Rounds) -> Row:
    rates = _middle(rounds, "messages_per_s")
    name, goal = f"messages a second: {shape.name}", f"at least {MESSAGES_PER_S:,}"
    return _row(name, rates, "/s", goal, rates[OURS] >= MESSAGES_PER_S, _others(rates))


def _paced(pace: int, rounds: Rounds) -> Row:
    mine, runs = _middle(rounds, "messages_per_s"), rounds[OURS]
    least, valid = SHARE_RECEIVED * pace, sum(each.said.is_valid for each in runs)
    told: dict[str, float] = {f"ours valid, of {len(runs)} rounds": valid}
    p50, p99 = _middle(rounds, "p50_us"), _middle(rounds, "p99_us")
    for name in rounds:
        told |= {f"{name} p50 us": p50[name], f"{name} p99 us": p99[name]}
    stamps = zip(*(each.said.kernel_us or () for each in runs), strict=True)
    for name, values in zip(("p50", "p99"), stamps, strict=True):
        told[f"ours {name} us to the kernel"] = median(values)
    goal = f"at least {least:,.0f}, every round valid"
    reached = mine[OURS] >= least and valid == len(runs)
    return _row(f"received of {pace:,} a second", mine, "/s", goal, reached, told)


def _noticed(fast: Iterable[Rounds], paced: Iterable[Rounds]) -> Iterator[Row]:
    """The checks of all clients, on streams whose promises are broken and on such where they are kept."""
    whole, holed = _heard(fast), _heard(paced)
    gaps = {name: sum(each.said.gaps for each in heard) for name, heard in holed.items()}
    broken = {name: sum(each.broken for each in heard) for name, heard in holed.items()}
    told = {f"{name} of {broken[name]}": count for name, count in _others(gaps).items()}
    name, goal = "gaps noticed where there are some", f"all {broken[OURS]}, and all by the others"
    yield _row(name, gaps, "", goal, gaps == broken and min(broken.values()) > 0, told)
    wrong = {
        name: sum(each.said.gaps + each.said.unreadable for each in heard)
        for name, heard in whole.items()
    }
    name, goal = "gaps or unreadable messages where there are none", "0, and 0 by the others"
    yield _row(name, wrong, "", goal, not any(wrong.values()), _others(wrong))


def _heard(every: Iterable[Rounds]) -> Rounds:
    """All runs of each client."""
    found: dict[str, list[Heard]] = {}
    for rounds in every:
        for name, heard in rounds.items():
            found[name] = [*found.get(name, []), *heard]
    return found


def _row(
    name: str,
    figures: Mapping[str, float],
    unit: str,
    goal: str,
    reached: bool,
    told: Mapping[str, float],
) -> Row:
    return Row(name, round(figures[OURS]), unit, goal, reached, told, COMMAND)


def _table(title: str, rounds: Rounds) -> Iterator[str]:
    figures = [_middle(rounds, each) for each in TOLD]
    yield title
    yield f"  {'':<20}{'messages/s':>12} {'per CPU s':>12} {'p50 us':>12} {'p99 us':>12}"
    for name in rounds:
        yield f"  {name:<20}" + " ".join(f"{each[name]:12,.0f}" for each in figures)
    waits = [each.said.run_delay_share for each in rounds[OURS]]
    told = ", ".join("?" if each is None else f"{each:.0%}" for each in waits)
    yield f"  ours waited for a processor, by round: {told}"
