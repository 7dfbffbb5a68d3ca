"""Stream clients that do the same work: ours and others, each as its documentation says to be fast."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from conformance.errors import SuiteError
from tests.bench.processes import HERE, generator, locust
from tests.judges import tools

PEERS: Final = HERE / "stream_peers"
AIOHTTP: Final = ("aiohttp==3.14.5", "orjson==3.13.0", "uvloop==0.23.0")
WARM_UP_S: Final = 0.5
ASKED_PER_S: Final = 100  # by our own beside the stream: its figures need samples to be valid
ASKING: Final = 4  # connections
GRACE_S: Final = 60
OURS: Final = "ours"


class Shape(NamedTuple):
    """How many connections, and how many topics each has for itself."""

    name: str
    connections: int
    topics: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a client says it heard after its warm-up; gaps of the warm-up are counted by the others, not by ours.

    `messages_per_cpu_s` is for a second of processor time, which others on the machine do not take away. Times are
    from the making of an event to its reading. The last three are told by ours alone: `kernel_us`, p50 and p99 from
    the making of an event to the kernel's stamp; whether the run is valid; how long it waited for a processor.
    """

    messages_per_s: float
    messages_per_cpu_s: float
    acknowledged: int
    gaps: int
    unreadable: int
    p50_us: float
    p99_us: float
    kernel_us: tuple[float, float] | None = None
    is_valid: bool = False
    run_delay_share: float | None = None


Client = Callable[[int, Shape, float, Path], Said]


def ours(port: int, shape: Shape, seconds: float, folder: Path) -> Said:
    """Through Locust's own command, with the suite's own listener."""
    profile = {
        "connections": ASKING,
        "streams": shape.connections,
        "warm_up_s": WARM_UP_S,
        "stages": [{"rate_per_s": ASKED_PER_S, "duration_s": seconds}],
    }
    settings = {"BENCH_TOPICS": str(shape.topics)}
    file = HERE / "stream_locustfile.py"
    entry = locust(port, profile, folder, seconds + GRACE_S, file, settings)
    heard, times = entry["extra"], entry["also_us"]
    delay, to_kernel = times["event_delay"], times["event_to_kernel"]
    return Said(
        messages_per_s=heard["messages_per_s"],
        messages_per_cpu_s=heard["messages"] / heard["cpu_s"],
        acknowledged=heard["acknowledged"],
        gaps=heard["gaps"],
        unreadable=heard["unreadable"],
        p50_us=delay["p50"],
        p99_us=delay["p99"],
        kernel_us=(to_kernel["p50"], to_kernel["p99"]),
        is_valid=entry["valid"],
        run_delay_share=entry["generator"]["this process"]["run_delay_share"],
    )


def clients(log: Path) -> Mapping[str, Client]:
    """Every client by name, ours first; what is missing of the others is installed."""
    aiohttp = tools.python("python", log, AIOHTTP, "aiohttp")
    ws = tools.node("ws", log).parents[1] / "ws"
    node = [tools.need("node"), PEERS / "ws_peer.js", ws]
    websockets = [sys.executable, PEERS / "websockets_peer.py"]
    return {
        OURS: ours,
        "websockets": _peer(websockets),
        "websockets, uvloop": _peer(websockets, "uvloop"),
        "aiohttp": _peer([aiohttp, PEERS / "aiohttp_peer.py"]),
        "aiohttp, uvloop": _peer([aiohttp, PEERS / "aiohttp_peer.py"], "uvloop"),
        "ws (Node)": _peer(node),
    }


def _peer(command: Sequence[str | Path], *more: str) -> Client:
    def run(port: int, shape: Shape, seconds: float, folder: Path) -> Said:
        numbers = (shape.connections, shape.topics, WARM_UP_S, seconds)
        words = [*map(str, command), f"ws://127.0.0.1:{port}/", *map(str, numbers), *more]
        folder.mkdir(parents=True, exist_ok=True)
        said = generator(words, folder / "said.log", seconds + GRACE_S)
        found = next((line for line in said.splitlines() if line.startswith("{")), None)
        if found is None:
            raise SuiteError(f"{words[1]} said nothing that can be read, see {folder}/said.log")
        counted: dict[str, Any] = json.loads(found)
        counted.pop("messages")
        return Said(**counted)

    return run
