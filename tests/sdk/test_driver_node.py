"""What is particular to the client in Node.js; what every driver does is in test_drivers*.py."""

from __future__ import annotations

import pytest

from tests.sdk.driven import Driven

pytestmark = pytest.mark.parametrize("language", ["node"], indirect=True)


def test_a_list_is_invalid(driver: Driven) -> None:
    driver.open()
    assert driver.refusal("cancelSpotOrder", orderId=["a", "list"])["kind"] == "invalid"
