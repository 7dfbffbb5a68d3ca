"""Open orders are never forgotten; closed ones are, the longest-closed first."""

import pytest

from conformance.model.order_memory import (
    CLOSED_ORDERS_KEPT,
    HOUSE_CLOSED_ORDERS_KEPT,
    OrderMemory,
)

ANN, HOUSE = 1, 9


def test_orders_are_found_by_their_owner_only():
    memory = OrderMemory()
    memory.add(ANN, "a", "order a")
    assert memory.find(ANN, "a") == memory.find_any("a") == "order a"
    assert memory.find(HOUSE, "a") is None
    assert memory.find_any("b") is None


def test_orders_stay_in_order_of_arrival_when_they_close():
    memory = OrderMemory()
    for name in "abc":
        memory.add(ANN, name, name)
    memory.close(ANN, "b", "B")
    assert memory.of(ANN) == ("a", "B", "c")
    assert memory.open_of(ANN) == ("a", "c")
    assert memory.of(HOUSE) == memory.open_of(HOUSE) == ()


@pytest.mark.parametrize(
    ("account", "limit"), [(ANN, CLOSED_ORDERS_KEPT), (HOUSE, HOUSE_CLOSED_ORDERS_KEPT)]
)
def test_closed_orders_are_forgotten_beyond_the_limit(account, limit):
    memory = OrderMemory(house_accounts=[HOUSE])
    memory.add(account, "open", "open")
    for number in range(limit + 3):
        memory.add(account, f"{number}", f"{number}")
        forgotten = memory.close(account, f"{number}", f"{number}")
        assert forgotten == (f"{number - limit}" if number >= limit else None)
    assert len(memory.of(account)) == limit + 1
    assert memory.find(account, "open") == "open"
    assert memory.find(account, "2") is memory.find_any("2") is None
    assert memory.find(account, "3") == "3"


def test_one_id_for_two_orders_is_our_own_error():
    memory = OrderMemory()
    memory.add(ANN, "a", "a")
    with pytest.raises(AssertionError):
        memory.add(HOUSE, "a", "a")
