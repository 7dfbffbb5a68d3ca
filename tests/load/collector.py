"""A collector of this machine: takes OTLP over HTTP as protobuf, and answers as it is told."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)


class Collector(ThreadingHTTPServer):
    """Keeps what came. While `is_mute` it takes a request and never answers it."""

    daemon_threads = True

    def __init__(self, is_mute: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[ExportMetricsServiceRequest] = []
        self.asked = 0
        self.is_mute = is_mute
        self.over = threading.Event()

    @property
    def address(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self.server_port}"

    def points(self, name: str) -> list[Any]:
        """The last points of a metric."""
        found: list[Any] = []
        for request in self.came:
            for metric in request.resource_metrics[0].scope_metrics[0].metrics:
                if metric.name == name:
                    found = list(getattr(metric, metric.WhichOneof("data")).data_points)
        return found

    def facts(self) -> dict[str, str]:
        """The resource of the last request."""
        resource = self.came[-1].resource_metrics[0].resource
        return attributes(resource)


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.is_mute:
            self.server.over.wait(30)
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/metrics":
            self.server.came.append(ExportMetricsServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def collecting(is_mute: bool = False) -> Iterator[Collector]:
    """A collector for the block."""
    with Collector(is_mute) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def attributes(point: Any) -> dict[str, str]:
    """A point's, or a resource's."""
    return {each.key: each.value.string_value for each in point.attributes}


def quantile_s(edges: Sequence[float], counts: Sequence[int], quantile: float) -> float:
    """What Prometheus' histogram_quantile makes of buckets: linear within the one that holds the rank."""
    rank, below = quantile * sum(counts), 0
    for place, count in enumerate(counts):
        if below + count >= rank:
            low = edges[place - 1] if place else 0.0
            high = edges[min(place, len(edges) - 1)]
            return low + (high - low) * (rank - below) / count
        below += count
    return edges[-1]
