"""The bench's stream server says what the exchange would say, and breaks as many promises as it says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import jsonschema
import pytest

from conformance.spec.contract import Contract
from load.stream_client import StreamClient
from load.tally import Tally
from tests.bench.processes import server

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="it is written in C")
TOPICS = [f"depth.T{number}/USDT" for number in range(3)]


def stream(port: int) -> Iterator[bytes]:
    """Every message after a subscription, until the server closes."""
    client = StreamClient(f"ws://127.0.0.1:{port}/", 5.0)
    client.say(json.dumps({"op": "subscribe", "args": TOPICS, "id": "7"}))
    try:
        while True:
            yield from client.kept() or client.read()[0]
    except ConnectionError:
        return
    finally:
        client.close()


@pytest.mark.parametrize(("rate", "breaks"), [(0, 0), (0, 9), (2000, 0), (2000, 9)])
def test_as_many_gaps_are_found_as_promises_were_broken(rate, breaks):
    tally = Tally()
    with server("stream_server", [str(rate), str(breaks), "100", "300", "1"]) as running:
        for text in stream(running.port):
            tally.take(text, counts=True)
    said = json.loads(running.said)
    assert (tally.gaps, said["broken"], tally.unreadable) == (breaks, breaks, 0)
    assert (tally.acknowledged, set(tally.events)) == (1, set(TOPICS))
    assert tally.events.total() == said["sent"]
    assert said["sent"] <= rate + breaks or not rate


def test_its_events_are_those_of_the_document():
    depth = Contract.load().channels["depth"]
    with server("stream_server", ["200", "0", "0", "0", "1"]) as running:
        acknowledged, *texts = stream(running.port)
    assert json.loads(acknowledged) == {"op": "subscribe", "id": "7", "success": True}
    events = [json.loads(text) for text in texts]
    assert [event["type"] for event in events[:4]] == ["snapshot"] * 3 + ["delta"]
    assert all(190 <= len(text) <= 210 for text in texts[3:])
    for event in events:
        name = "depthSnapshot" if event["type"] == "snapshot" else "depthDelta"
        jsonschema.validate(event, depth.messages[name])
