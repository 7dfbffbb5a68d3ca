"""The process that folds samples and exports them: `python -m load.telemetry_export`, fed by `load.telemetry`.

stdin: a line of JSON, then rows as the recorder keeps them. stdout: `ready`, and at the end `done` or why
something was not exported. Every bucket is a factor of 1.26 wide (ten to a decade) from 10 us to 60 s; the
SDK's own begin at 5 s, which is above every latency worth watching.
"""

from __future__ import annotations

import json
import logging
import os
import select
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic, time_ns
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from load.recorder import ROW, Kind, Rows, kinds_of, operations_of, rows_of

DONE: Final = "done"
VERDICT: Final = -1  # the tag of the row that says whether the run is valid
INTERVAL_MS: Final = 1000  # live: the SDK's own minute is longer than many runs
FIRST_US, PER_DECADE, LAST_S = 10, 10, 60.0
EDGES_S: Final = (
    *(round(FIRST_US * 10 ** (n / PER_DECADE - 6), 9) for n in range(68)),
    LAST_S,
)
SCOPE: Final = "exchange.load"
SERVICE: Final = "exchange-conformance"
NAMELESS: Final = "unknown_service"  # what the SDK says where the environment names none
LAST_EXPORT_S: Final = 2.0
HOPELESS_S: Final = 0.5  # where none of all exports was taken so far
Values = NDArray[np.int64]


class Durations:
    """One histogram that only grows."""

    def __init__(self) -> None:
        self.counts = np.zeros(len(EDGES_S) + 1, dtype=np.int64)
        self.sum_s = 0.0
        self.min_s, self.max_s = float("inf"), float("-inf")

    def add(self, values_ns: Values) -> None:
        """Count times in ns; a bucket has its upper edge inside, as OpenTelemetry has it."""
        if not len(values_ns):
            return
        values_s = values_ns / 1e9
        places = np.searchsorted(EDGES_S, values_s, side="left")
        self.counts += np.bincount(places, minlength=len(self.counts))
        self.sum_s += float(values_s.sum())
        self.min_s = min(self.min_s, float(values_s.min()))
        self.max_s = max(self.max_s, float(values_s.max()))


class Folded:
    """Everything that was measured so far, by operation."""

    def __init__(self, operations: Sequence[str]) -> None:
        self.requests: dict[tuple[str, str], int] = {}
        self.durations: dict[tuple[str, str], Durations] = {}  # by figure and operation
        self.valid: int | None = None
        self._operations = operations
        self._lags: list[Values] = []

    def add(self, rows: Rows) -> None:
        """Fold rows; the last of a run may be its judgement."""
        for row in rows[rows[:, 0] == VERDICT]:
            self.valid = int(row[1])
        rows = rows[rows[:, 0] >= 0]
        numbers, kinds = operations_of(rows), kinds_of(rows)
        for number in np.unique(numbers).tolist():
            name, mine = self._operations[number], numbers == number
            for kind in Kind:
                if count := int((mine & (kinds == kind)).sum()):
                    key = (name, kind.name.lower())
                    self.requests[key] = self.requests.get(key, 0) + count
            self._time(name, rows[mine], kinds[mine])
        self._lags.append(rows[:, 3] - rows[:, 2])

    def _time(self, name: str, rows: Rows, kinds: Rows) -> None:
        """The samples that the report's figures are made of."""
        stamped = rows[(kinds == Kind.ANSWERED) & (rows[:, 4] > 0)]
        kept = rows[kinds != Kind.REFUSED]
        times = {"wire": stamped[:, 4] - stamped[:, 3], "response": kept[:, 5] - kept[:, 1]}
        for figure, values in times.items():
            self.durations.setdefault((figure, name), Durations()).add(values)

    def send_lag_s(self) -> float | None:
        """How late we sent, p99 since this was last asked."""
        lags = np.concatenate(self._lags) if self._lags else np.empty(0, dtype=np.int64)
        self._lags.clear()
        return float(np.quantile(lags, 0.99)) / 1e9 if len(lags) else None


def data_of(folded: Folded, facts: Mapping[str, str], start_ns: int, now_ns: int) -> Any:
    """Everything so far as the SDK's own data."""
    from opentelemetry.sdk.metrics import export as sdk
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    # What the environment says of the service comes before our own name for it.
    resource = Resource({"service.name": SERVICE}).merge(Resource.create(facts))
    if str(resource.attributes["service.name"]).startswith(NAMELESS):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    metrics = [*_durations(folded, start_ns, now_ns), *_numbers(folded, start_ns, now_ns)]
    scope = sdk.ScopeMetrics(InstrumentationScope(SCOPE), metrics, "")
    return sdk.MetricsData([sdk.ResourceMetrics(resource, [scope], "")])


def _durations(folded: Folded, start_ns: int, now_ns: int) -> Iterator[Any]:
    from opentelemetry.sdk.metrics import export as sdk

    means = {
        "wire": "From our send until this machine had the answer.",
        "response": "From the planned time until the answer was read.",
    }
    for figure, text in means.items():
        points = [
            sdk.HistogramDataPoint(
                attributes={"operation": name},
                start_time_unix_nano=start_ns,
                time_unix_nano=now_ns,
                count=int(each.counts.sum()),
                sum=each.sum_s,
                bucket_counts=each.counts.tolist(),
                explicit_bounds=EDGES_S,
                min=each.min_s,
                max=each.max_s,
            )
            for (kind, name), each in folded.durations.items()
            if kind == figure and each.counts.any()
        ]
        if points:
            data = sdk.Histogram(points, sdk.AggregationTemporality.CUMULATIVE)
            yield sdk.Metric(f"{SCOPE}.{figure}.duration", text, "s", data)


def _numbers(folded: Folded, start_ns: int, now_ns: int) -> Iterator[Any]:
    from opentelemetry.sdk.metrics import export as sdk

    def point(value: float, **attributes: str) -> Any:
        return sdk.NumberDataPoint(attributes, start_ns, now_ns, value)

    counts = [point(n, operation=x, outcome=how) for (x, how), n in folded.requests.items()]
    if counts:
        data = sdk.Sum(counts, sdk.AggregationTemporality.CUMULATIVE, is_monotonic=True)
        yield sdk.Metric(f"{SCOPE}.requests", "Requests by outcome.", "{request}", data)
    gauges = {
        "send_lag": ("Our own lateness, p99 since the last export.", "s", folded.send_lag_s()),
        "valid": ("1: the run may be believed. Said at its end.", "1", folded.valid),
    }
    for name, (text, unit, value) in gauges.items():
        if value is not None:
            yield sdk.Metric(f"{SCOPE}.{name}", text, unit, sdk.Gauge([point(value)]))


class Exports:
    """One export at a time, beside the reading; what is due while one is under way is part of the next."""

    def __init__(self, exporter: Any, start_ns: int, facts: Mapping[str, str]) -> None:
        self._exporter, self._start_ns, self._facts = exporter, start_ns, facts
        self._pool = ThreadPoolExecutor(1)
        self._under_way: Future[bool] | None = None
        self._taken = self._failed = 0

    def send(self, folded: Folded) -> None:
        """Begin an export, unless one is under way."""
        if self._is_under_way():
            return
        data = data_of(folded, self._facts, self._start_ns, time_ns())
        self._under_way = self._pool.submit(self._export, data)

    def end(self, folded: Folded) -> str:
        """Send the last figures, within bounds; why something is missing over there."""
        until = monotonic() + LAST_EXPORT_S
        self._wait(LAST_EXPORT_S if self._taken else HOPELESS_S)
        if not self._is_under_way():
            self.send(folded)
            self._wait(until - monotonic() if self._taken else HOPELESS_S)
        if self._is_under_way():
            self._failed += 1
        return f"the collector did not take {self._failed} exports" if self._failed else ""

    def _wait(self, limit_s: float) -> None:
        if self._under_way is not None:
            wait([self._under_way], timeout=max(limit_s, 0))

    def _is_under_way(self) -> bool:
        return self._under_way is not None and not self._under_way.done()

    def _export(self, data: Any) -> bool:
        is_taken = bool(self._exporter.export(data).value == 0)
        self._taken += is_taken
        self._failed += not is_taken
        return is_taken


def main() -> None:
    """Read, fold and export until the pipe is closed."""
    logging.disable(logging.CRITICAL)  # what goes wrong is told once, at the end
    os.nice(10)  # what is measured goes first
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    header = json.loads(_first_line())
    facts = {**header["facts"], "service.instance.id": f"{header['worker']}:{os.getppid()}"}
    exports = Exports(OTLPMetricExporter(), time_ns(), facts)
    folded = Folded(header["operations"])
    print("ready", flush=True)
    every_s = float(os.environ.get("OTEL_METRIC_EXPORT_INTERVAL", INTERVAL_MS)) / 1000
    _read(folded, exports, max(every_s, 0.1))
    print(exports.end(folded) or DONE, flush=True)
    os._exit(0)  # an export that hangs must not hold the process


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        each = os.read(0, 1)
        if not each:
            sys.exit(0)
        line += each
    return line


def _read(folded: Folded, exports: Exports, every_s: float) -> None:
    rest, due = b"", monotonic() + every_s
    while True:
        if select.select([0], [], [], max(due - monotonic(), 0))[0]:
            data = os.read(0, 1 << 20)
            if not data:
                return
            rest += data
            whole = len(rest) // ROW.size * ROW.size
            folded.add(rows_of(rest[:whole]))
            rest = rest[whole:]
        if monotonic() >= due:
            exports.send(folded)
            due = monotonic() + every_s


if __name__ == "__main__":
    main()
