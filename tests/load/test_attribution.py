"""Stamps in, parts out: what a request took is divided to the nanosecond, and what is not known is not guessed."""

from __future__ import annotations

import pytest

from load.attribution import NOT_ANSWERED, PARTS, SILENT, Attribution, Stamps, divided

US = 1000
MS = 1_000_000
START = 1_700_000_000_000_000_000
# Due at 0, free at 5, sent at 15, out at 22, confirmed at 60, in at 422, read at 430.
EVERY = Stamps(
    intended_ns=START,
    ready_ns=START + 5 * US,
    sent_ns=START + 15 * US,
    out_ns=START + 22 * US,
    acked_ns=START + 60 * US,
    kernel_ns=START + 422 * US,
    received_ns=START + 430 * US,
    pure_acks=1,
    fastest_ns=30 * US,
    server_ns=300 * US,
    said_by="Server-Timing: app",
)
WHOLE = {
    "waiting": 5,
    "client_before": 10,
    "kernel_out": 7,
    "network_and_server": 400,
    "client_after": 8,
    "wire": 407,
    "response": 430,
    "network_at_most": 38,
    "server": 300,
    "beside_server": 100,
}


def without(*names: str) -> dict[str, int]:
    """`WHOLE` less some."""
    return {name: us for name, us in WHOLE.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, WHOLE),
        # no ACK was seen
        ({"acked_ns": 0}, without("network_at_most")),
        # every segment that came had data: the ACK rode on the answer
        ({"pure_acks": 0, "acked_ns": START + 423 * US}, without("network_at_most")),
        # ... on its head, whose body came later, so its stamp lies before that of the answer
        ({"pure_acks": 0, "acked_ns": START + 400 * US}, without("network_at_most")),
        # a segment without data came, but not before the answer
        ({"acked_ns": START + 422 * US}, without("network_at_most")),
        # an exchange that does not say, and one that claims more than there was
        ({"server_ns": None, "said_by": ""}, without("server", "beside_server")),
        ({"server_ns": 401 * US}, without("server", "beside_server")),
        ({"server_ns": 400 * US}, {**WHOLE, "server": 400, "beside_server": 0}),
    ],
)
def test_each_part_ends_where_the_next_begins(change, expected):
    found = divided(EVERY._replace(**change))
    assert {name: ns / US for name, ns in found.items()} == expected
    assert sum(found[name] for name in PARTS) == found["response"]
    assert found["kernel_out"] + found["network_and_server"] == found["wire"]


@pytest.mark.parametrize(
    ("took_ms", "fastest_ms", "is_usable"),
    [(1, 0.03, True), (34, 0.03, True), (40, 0.03, False), (200, 0.03, False), (160, 150, True)],
)
def test_an_ack_that_was_held_back_says_nothing_about_the_network(took_ms, fastest_ms, is_usable):
    slow = EVERY._replace(
        acked_ns=EVERY.out_ns + took_ms * MS,
        fastest_ns=round(fastest_ms * MS),
        kernel_ns=EVERY.out_ns + 500 * MS,
        received_ns=EVERY.out_ns + 501 * MS,
    )
    assert slow.network_ns == (took_ms * MS if is_usable else None)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"out_ns": 0}, "without_stamps"),
        ({"kernel_ns": 0}, "without_stamps"),
        # the clock was set back while it was under way, between any two
        ({"ready_ns": START - 1}, "out_of_order"),
        ({"sent_ns": START + 4 * US}, "out_of_order"),
        ({"out_ns": START + 14 * US}, "out_of_order"),
        ({"kernel_ns": START + 21 * US}, "out_of_order"),
        ({"received_ns": START + 421 * US}, "out_of_order"),
    ],
)
def test_a_request_with_a_stamp_missing_or_impossible_is_counted_and_not_divided(change, problem):
    found = Attribution()
    found.add([EVERY, EVERY, EVERY._replace(**change)])
    table = found.table()
    assert EVERY._replace(**change).problem == problem
    assert (table["answered"], table["n"]) == (3, 2 if problem else 3)
    assert table["stamped_share"] == (0.6667 if problem else 1.0)
    assert table[problem or "lost"] == (1 if problem else 0)
    assert {each["n"] for each in table["parts"].values()} == {table["n"]}


def many(count: int) -> list[Stamps]:
    """Requests whose parts are skewed against each other, so that percentiles cannot add up."""
    found = []
    for number in range(count):
        out = EVERY.out_ns + number * 17 % 991 * US + number % 7
        kernel = out + (400 + number * number * 31 % 4999) * US + number % 11
        found.append(
            EVERY._replace(
                out_ns=out,
                acked_ns=out + 20 * US + number,
                kernel_ns=kernel,
                received_ns=kernel + number * 13 % 89 * US + number % 5,
            )
        )
    return found


def test_means_add_up_and_percentiles_do_not():
    found = Attribution()
    found.add(many(400))
    parts = found.table()["parts"]
    for key, is_equal in (("mean_us", True), ("p99_us", False)):
        total = sum(parts[name][key] for name in PARTS)
        # Each is rounded to the nanosecond.
        assert (abs(total - parts["response"][key]) <= 0.003) == is_equal
    both = parts["server"]["mean_us"] + parts["beside_server"]["mean_us"]
    assert both == pytest.approx(parts["network_and_server"]["mean_us"], abs=0.002)
    assert parts["network_at_most"]["mean_us"] == pytest.approx(20 + 199.5 / 1000, abs=0.001)


def test_workers_together_find_what_one_process_would_have():
    stamps = many(300)
    whole = Attribution(operations={"read"}, per_s=20.0)
    whole.add(stamps)
    merged = Attribution()
    for number in reversed(range(3)):
        mine = Attribution(operations={"read"}, per_s=20 / 3)
        mine.add(stamps[number::3])
        merged.merge(Attribution.unpack(mine.pack()))
    assert merged.table() == whole.table()
    assert merged.tallies == whole.tallies


def test_a_worker_without_stamps_is_said_beside_what_the_others_found():
    found = Attribution(operations={"read"})
    found.add([EVERY])
    found.merge(Attribution(problems={"the kernel refuses"}))
    table = found.table()
    assert (table["n"], table["not_to_be_had"], table["operation"]) == (
        1,
        "the kernel refuses",
        "read",
    )


@pytest.mark.parametrize(
    ("stamps", "why"),
    [
        ([], NOT_ANSWERED),
        ([EVERY._replace(out_ns=0)] * 4, "the kernel's stamps did not come for any of 4 requests"),
        (
            [EVERY._replace(ready_ns=0)] * 4,
            "the kernel's stamps came out of order for any of 4 requests",
        ),
    ],
)
def test_what_is_not_to_be_had_is_said_and_has_no_figures(stamps, why):
    found = Attribution()
    found.add(stamps)
    table = found.table()
    assert (table["not_to_be_had"], table["parts"], table["n"]) == (why, None, 0)


def test_the_header_is_named_and_so_is_its_absence():
    said, silent, wrong = Attribution(), Attribution(), Attribution()
    said.add([EVERY])
    silent.add([EVERY._replace(server_ns=None, said_by="")])
    wrong.add([EVERY._replace(server_ns=1000 * MS)])
    assert said.table()["server_said_by"] == "Server-Timing: app"
    assert silent.table()["server_said_by"] == SILENT
    assert (wrong.table()["server_not_credible"], wrong.table()["parts"]["server"]["n"]) == (1, 0)
