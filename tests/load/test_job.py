"""A load run is refused before it starts wherever it could do harm or could not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import ConfigurationError, SafetyStop
from conformance.target import Allows, load
from load.job import Job, prepare, refuse_strangers, target_of, why_not

REFERENCE = load("reference", {})
REMOTE = REFERENCE.at("https://api.example.com", "wss://stream.example.com/")


def allowing(**change):
    return REMOTE.model_copy(update={"allows": Allows(**change)})


@pytest.mark.parametrize(
    "allows",
    [
        {},
        {"load": True},
        {"load_hosts": ("api.example.com", "stream.example.com")},
        {"load": True, "load_hosts": ("api.example.com",)},  # the stream is elsewhere
        {"load": True, "load_hosts": ("example.com", "stream.example.com")},
    ],
)
def test_a_host_elsewhere_is_refused(allows):
    with pytest.raises(SafetyStop, match="load on"):
        refuse_strangers(allowing(**allows))


def test_a_host_that_the_file_names_is_not_refused():
    refuse_strangers(allowing(load=True, load_hosts=("api.example.com", "stream.example.com")))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_this_machine_is_not_refused(host):
    refuse_strangers(REFERENCE.at(f"http://{host}:1"))


@pytest.mark.parametrize(
    ("scenario", "change", "why"),
    [
        ("rate_limit", {"allows": Allows(trading=True)}, "allows.rate_limit"),
        ("order_latency", {"allows": Allows(rate_limit=True)}, "allows.trading"),
        ("stream_throughput", {"allows": Allows(rate_limit=True)}, "allows.trading"),
        ("stream_throughput", {"stream": ""}, "no stream address"),
        ("order_latency", {"accounts": {}}, "no account"),
        ("mixed", {"accounts": {}}, None),
        ("mixed", {"allows": Allows()}, None),
        ("order_latency", {}, None),
    ],
)
def test_a_scenario_needs_what_the_target_allows(scenario, change, why):
    said = why_not(scenario, REFERENCE.model_copy(update=change))
    assert said is None if why is None else why in said


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (Job("nope"), "unknown scenario"),
        (Job("mixed", profile="nope"), "unknown profile"),
        (Job("mixed", target="nope"), "unknown target"),
        (Job("mixed", stream_url="ws://127.0.0.1:1/"), "REST address"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_in_one_line(job, says):
    with pytest.raises(ConfigurationError, match=says) as raised:
        prepare(job)
    assert "\n" not in str(raised.value)


def test_new_addresses_leave_none_of_the_old_ones():
    target = target_of(Job("mixed", base_url="http://127.0.0.1:5/"))
    assert (target.rest, target.stream, target.control) == ("http://127.0.0.1:5", "", "")


def test_a_job_becomes_options_for_locust():
    words = Job("mixed", seed=7, run=Path("r"), base_url="http://127.0.0.1:5").arguments()
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options["--scenario"] == "mixed"
    assert options["--host"] == "http://127.0.0.1:5"
    assert (options["--seed"], options["--run"]) == ("7", "r")
    assert "--stream-url" not in options
