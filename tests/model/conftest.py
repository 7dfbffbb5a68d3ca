"""Every test of the rules gets a fresh desk in front of one small market."""

from collections.abc import Callable

import pytest

from conformance.model.values import Market
from tests.model.desk import MARKET, Desk


@pytest.fixture
def open_desk() -> Callable[..., Desk]:
    return Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def market() -> Market:
    return MARKET
