"""Where the time of a request went, as rows of text: means in microseconds, which add up, and their percentiles.

Of each scenario two rows. The load's own samples tell what was lost before and after the wire; the probe's, whose
every stamp is kept, tell what the wire is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.figures import TOO_FEW, microseconds

COLUMNS = ("waiting", "client before", "kernel out", "network", "server", "client after")
PARTS = {
    "waiting": "for a connection to be free",
    "client_before": "this process, until it sent",
    "kernel_out": "this machine's kernel, until the network card's driver had it",
    "network_and_server": "from there until this machine's kernel had the answer",
    "server": "of that, what the exchange's own header says",
    "beside_server": "of that, the rest: the network, and what the header leaves out",
    "network_at_most": "of that, until the peer's kernel confirmed, where its ACK came by itself",
    "client_after": "until this process read it",
    "wire": "kernel out, network and server",
    "response": "all of it",
}
MEANS = (
    "Means add up to the response; percentiles of parts do not, for the slowest tenth of one part is not that of "
    "another. The probe asks a read on a connection of its own and is not among the figures of the load. Where the "
    "exchange says its own time, network is the rest of what lies beyond this machine, whatever else that is"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean, over one column or several that cannot be told apart."""

    text: str
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One way to divide a scenario's response time."""

    samples: str
    cells: tuple[Cell, ...]
    response: str
    n: int


def rows(entry: Mapping[str, Any]) -> Iterator[Row]:
    """The load's own samples and the probe's, where there are any."""
    found = entry.get("attribution")
    if not found:
        return
    if means := found["load"]["mean_us"]:
        names = ("waiting", "client_before", "wire", "client_after")
        cells = [Cell(microseconds(means[name]), 3 if name == "wire" else 1) for name in names]
        yield Row("load", tuple(cells), microseconds(means["response"]), found["load"]["n"])
    if found["probe"]["parts"]:
        yield _probe(found["probe"])


def _probe(probe: Mapping[str, Any]) -> Row:
    parts = probe["parts"]
    means = {name: microseconds(each["mean_us"]) for name, each in parts.items()}
    first = [Cell(means[name]) for name in ("waiting", "client_before", "kernel_out")]
    # Only where every answer said it, or the means would be of different requests.
    if parts["server"]["n"] == probe["n"]:
        beyond = [Cell(means["beside_server"]), Cell(means["server"])]
    else:
        beyond = [Cell(means["network_and_server"], 2)]
    return Row(
        "probe", (*first, *beyond, Cell(means["client_after"])), means["response"], probe["n"]
    )


def notes(entry: Mapping[str, Any]) -> Iterator[str]:
    """What the rows rest on, and what is not to be had."""
    found = entry.get("attribution")
    if not found:
        return
    if found["load"]["not_to_be_had"]:
        yield f"load: not to be had: {found['load']['not_to_be_had']}"
    probe = found["probe"]
    if probe["not_to_be_had"]:
        yield f"probe: not to be had: {probe['not_to_be_had']}"
    if probe["parts"]:
        yield (
            f"probe: {probe['operation']}, {probe['n']:,} requests with every stamp "
            f"({probe['stamped_share']:.0%} of those answered); server: {probe['server_said_by']}; "
            f"network: {probe['usable_acks']:,} ACKs came by themselves, fastest round trip "
            f"{microseconds(probe.get('network_fastest_us'))} µs"
        )


def parts(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, Sequence[str], int]]:
    """(part, what it is, mean and percentiles, n) of the probe, where it has samples."""
    found = (entry.get("attribution") or {"probe": {"parts": None}})["probe"]["parts"]
    for name, means in PARTS.items():
        if found:
            each = found[name]
            shown = [microseconds(each[key]) for key in ("mean_us", "p50_us", "p90_us", "p99_us")]
            yield name.replace("_", " "), means, shown if each["n"] else [TOO_FEW] * 4, each["n"]
