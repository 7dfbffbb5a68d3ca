"""Target files: what is read, and the one line for what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import ConfigurationError
from conformance.target import TARGETS, is_loopback, load

MARKET = """
[[markets]]
symbol = "BTC/USDT"
price_step = "0.01"
amount_step = "0.1"
min_amount = "0.1"
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_everything_that_changes_state_is_off_by_default(tmp_path: Path) -> None:
    allows = load(written(tmp_path, MARKET)).allows
    assert not any((allows.trading, allows.futures, allows.keys, allows.rate_limit, allows.load))


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    text = MARKET + '[accounts]\na = { login = "x", password = "${PW}" }\n'
    assert load(written(tmp_path, text), {"PW": "p"}).accounts["a"].password == "p"
    with pytest.raises(ConfigurationError, match="needs the environment variable PW"):
        load(written(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("markets = 1", "markets"),
        ("", "markets"),
        (MARKET + "[allows]\ntradng = true\n", "tradng"),
        ("= 1", "does not parse"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as error:
        load(written(tmp_path, text), {})
    assert "\n" not in str(error.value)


def test_an_unknown_target_names_those_that_there_are() -> None:
    with pytest.raises(
        ConfigurationError, match=r"unknown target 'nosuch': targets/ has .*reference"
    ):
        load("nosuch")


def test_every_target_of_the_repository_can_be_read() -> None:
    environment = {"EXCHANGE_LOGIN": "a", "EXCHANGE_PASSWORD": "b"}
    for path in TARGETS.glob("*.toml"):
        if ".deviations" not in path.name:
            assert load(str(path), environment).markets


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("x.y", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
