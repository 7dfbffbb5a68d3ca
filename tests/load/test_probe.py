"""The probe's stamps are real: on loopback, over its own connection, from the engine's loop."""

from __future__ import annotations

import socket
from array import array
from functools import partial
from time import sleep, time_ns
from typing import Any

import pytest

from load import probe_socket
from load.asked import Asked, probe_per_s, settle
from load.attribution import PARTS
from load.client import Address
from load.engine import Engine
from load.job import Job, prepare
from load.limiter import cap_per_s
from load.plan import Profile, Stage, plan
from load.probe import Probe, cheapest_reads, probe_times
from load.probe_socket import NoSendStamps, ProbeSocket
from load.recorder import Kind, Recorder, kinds_of, rows_of
from tests.load.test_client import Peer, answering, serving
from tests.load.test_engine import GET, NO, YES, Asking

GAP_NS = 15_000_000
DELAY_S = 0.05
NO_FLAG = 1 << 30  # no kernel knows it
SAYS = YES.replace(b"\r\n\r\n", b"\r\nServer-Timing: app;dur=49\r\n\r\n")


def probed(
    url: str, count: int = 10, gap_ns: int = GAP_NS, timeout_s: float = 2.0
) -> dict[str, Any]:
    """What a probe finds at an address, beside no load."""
    engine = Engine(Recorder(), Address(url, timeout_s).connect, timeout_s)
    connect = partial(Address(url, timeout_s).open, ProbeSocket)
    probe = Probe(engine, connect, "read", GET, timeout_s)
    start_ns = time_ns() + 10_000_000
    probe.start(array("q", (start_ns + k * gap_ns for k in range(count))))
    engine.run(array("q"), start_ns + count * gap_ns + 250_000_000)
    probe.close()
    engine.close()
    return probe.found.table()


def confirming(answer: bytes) -> Peer:
    """A server whose kernel confirms each request at once, and which answers later."""

    def peer(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            sleep(DELAY_S)
            connection.sendall(answer)

    return peer


@pytest.mark.parametrize("newest", [True, False], ids=["", "before Linux 6.2"])
def test_every_stamp_comes_and_the_means_add_up(monkeypatch, newest):
    if not newest:
        monkeypatch.setattr(probe_socket, "OPT_ID_TCP", NO_FLAG)
    with serving(answering(YES)) as url:
        table = probed(url, count=20)
    assert (table["answered"], table["lost"], table["out_of_order"]) == (20, 0, 0)
    assert table["n"] >= 18
    assert table["network_fastest_us"] > 0
    parts = table["parts"]
    assert sum(parts[name]["mean_us"] for name in PARTS) == pytest.approx(
        parts["response"]["mean_us"], abs=0.003
    )
    assert parts["kernel_out"]["mean_us"] > 0


def test_a_servers_delay_lands_beyond_the_kernel_and_not_with_the_client():
    with serving(confirming(SAYS)) as url:
        table = probed(url, count=8, gap_ns=70_000_000)
    parts = {name: each["p50_us"] for name, each in table["parts"].items()}
    delay_us = DELAY_S * 1e6
    assert table["n"] >= 7
    assert parts["network_and_server"] >= delay_us
    client_us = sum(
        parts[name] for name in ("waiting", "client_before", "kernel_out", "client_after")
    )
    assert client_us < delay_us / 2
    # The peer's kernel confirmed before its program had slept: that is what the network took, at most.
    assert table["usable_acks"] >= 6
    assert parts["network_at_most"] < delay_us / 2
    assert (table["server_said_by"], parts["server"]) == (
        "Server-Timing: app",
        pytest.approx(49_000, 0.001),
    )


def test_an_ack_that_rides_on_the_answer_is_not_taken_for_the_network():
    # Answered at once, and in pieces: most ACKs come with the head, before the stamp of the body.
    with serving(answering(YES[:40], YES[40:])) as url:
        table = probed(url, count=30)
    assert table["n"] >= 28
    assert table["usable_acks"] <= 15


def test_what_is_due_while_an_answer_is_awaited_waits_for_the_connection():
    with serving(confirming(YES)) as url:
        table = probed(url, count=4)
    assert table["answered"] == 4
    # The second was due 15 ms after the first, whose answer took 50.
    assert table["parts"]["waiting"]["mean_us"] > (DELAY_S * 1e6 - GAP_NS / 1000) / 4


def test_what_is_refused_or_lost_is_counted_and_the_probe_goes_on():
    def sometimes(connection: socket.socket, number: int) -> None:
        while number and connection.recv(65536):
            connection.sendall(YES)

    with serving(answering(NO)) as url:
        refused = probed(url, count=4)
    with serving(sometimes) as url:
        lost = probed(url, count=20)
    assert (refused["refused"], refused["n"]) == (4, 0)
    assert refused["not_to_be_had"] == "no request of the probe was answered"
    assert lost["lost"] <= 1
    assert lost["n"] >= 10


def test_silence_is_given_up():
    def silent(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            pass

    with serving(silent) as url:
        table = probed(url, count=20, timeout_s=0.1)
    assert table["lost"] >= 2
    assert table["answered"] == 0


def test_a_kernel_that_refuses_is_named(monkeypatch):
    monkeypatch.setattr(probe_socket, "SO_TIMESTAMPING", 9999)
    with (
        serving(answering(YES)) as url,
        pytest.raises(NoSendStamps, match="refuses SO_TIMESTAMPING: Protocol not available"),
    ):
        probed(url)


def test_stamps_that_never_come_are_said_and_nothing_else_breaks(monkeypatch):
    monkeypatch.setattr(ProbeSocket, "_take", lambda self, ancillary: None)
    with serving(answering(YES)) as url:
        table = probed(url)
    assert (table["answered"], table["n"], table["parts"]) == (10, 0, None)
    assert table["not_to_be_had"] == "the kernel's stamps did not come for any of 10 requests"


def test_the_probe_is_not_among_the_figures_of_the_load():
    recorder, asking = Recorder(), Asking()
    with serving(answering(YES)) as url:
        engine = Engine(recorder, Address(url, 2.0).connect, 2.0)
        engine.join(asking)
        probe = Probe(engine, partial(Address(url, 2.0).open, ProbeSocket), "read", GET, 2.0)
        start_ns = time_ns() + 20_000_000
        probe.start(array("q", (start_ns + k * GAP_NS for k in range(10))))
        times = array("q", (start_ns + k * 5_000_000 for k in range(40)))
        engine.run(times, times[-1])
        probe.close()
        engine.close()
    assert kinds_of(rows_of(recorder.take())).tolist() == [Kind.ANSWERED] * 40
    assert probe.found.counts["answered"] == 10


PROFILE = Profile("any", "mixed", 2, 1.0, (Stage(400, 3.0), Stage(100, 2.0)))


def test_the_probes_plan_is_a_time_in_each_gap_at_no_fixed_distance():
    asked = Asked(PROFILE, plan(PROFILE), probe_per_s=20.0)
    times = probe_times(asked, seed=1)
    assert len(times) == 100
    assert [(at - 1_000_000_000) // 50_000_000 for at in times] == list(range(100))
    assert len({at % 2_500_000 for at in times}) > 90
    assert probe_times(asked, seed=1) == times != probe_times(asked, seed=2)
    # Workers take every n-th of them: together they ask what one would have.
    assert sorted(at for number in range(3) for at in times[number::3]) == list(times)


@pytest.mark.parametrize(("scenario", "slots"), [("mixed", 1), ("order_latency", 2)])
def test_load_and_probe_together_stay_below_a_limit_that_cannot_be_lifted(scenario, slots):
    prepared = prepare(Job(scenario, "smoke", base_url="http://127.0.0.1:9"))
    asked = settle(prepared, None, slots, None, is_planned=True)
    (stage,) = asked.profile.stages
    assert "held at" in asked.facts["capped"]
    assert asked.probe_per_s > 0
    both_per_s = stage.rate_per_s * slots + asked.probe_per_s
    assert both_per_s == pytest.approx(cap_per_s(prepared.target, 1))


def test_what_looks_for_the_limit_has_no_probe():
    prepared = prepare(Job("rate_limit", "smoke", base_url="http://127.0.0.1:9"))
    asked = settle(prepared, None, 1, None, is_planned=False)
    assert asked.probe_per_s == 0


def test_the_probe_asks_what_needs_no_log_in_and_changes_nothing():
    prepared = prepare(Job("order_latency"))
    reads = cheapest_reads(prepared.contract, prepared.target)
    assert reads[0].operation == "listSymbolThumbs"
    assert all(each.request.method == "GET" and not each.is_private for each in reads)


@pytest.mark.parametrize(
    ("most", "slots", "expected"), [(20.0, 1, 10.0), (20.0, 3, 20.0), (5.0, 1, 5.0), (0.0, 1, 0.0)]
)
def test_a_probe_asks_at_most_a_tenth_of_the_slowest_stage(most, slots, expected):
    profile = Profile("any", "mixed", 2, 1.0, PROFILE.stages, probe_per_s=most)
    assert probe_per_s(profile, slots) == expected
