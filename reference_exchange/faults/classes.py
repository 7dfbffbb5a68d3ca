"""What kind of deviation a fault is, by the requirement that it breaks: the rows of the proof's tables."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

STREAMS: Final = "streams"
# The first pattern that fits is the one that counts.
CLASSES: Final = (
    ("scope", ("keys.*-key-cannot-*", "keys.*permission*", "keys.*scope*", "keys.cannot-manage-*")),
    ("scope", ("keys.trading-and-account-*", "keys.edit-*")),
    ("IP", ("keys.address*", "keys.*address*")),
    ("isolation", ("wallet.private*", "accounts.*", "keys.only-the-owner*", "*-do-not-change-*")),
    (
        "isolation",
        ("spot.only-the-owner*", "spot.foreign-*", "*.private-events-*", "wallet.user-*"),
    ),
    ("isolation", ("rest.no-secrets*", "wallet.spot-and-futures*", "login.does-not-tell*")),
    ("limits", ("limits.*", "stream.unlimited-*", "latency.*")),
    ("auth", ("auth.*", "login.*", "keys.*", "signing.*", "market.*credentials*")),
    (
        "auth",
        ("stream.private-channels*", "market.public-*", "quickstart.login", "operation.login"),
    ),
    ("futures", ("futures.*",)),
    (STREAMS, ("stream.*", "depth.*", "trades.*", "channel.*", "market.*-available")),
    ("market data", ("kline.*", "ticker.*", "convert.*", "sparklines.*", "home.*", "market.*")),
    ("input", ("rest.bad-input*", "rest.legal-*", "rest.duplicate-*", "rest.other-content-*")),
    ("input", ("spot.*-refused", "spot.off-step*", "spot.limit-order-needs*", "spot.slash-*")),
    ("input", ("sdk.*", "spot.type-*", "spot.direction-*", "spot.amounts-*")),
    ("robustness", ("rest.no-server-error", "rest.oversized-*", "rest.other-methods*")),
    ("robustness", ("rest.unknown-path*", "rest.gets-*", "spot.odd-*")),
    ("shape", ("rest.*", "operation.*", "quickstart.*", "wallet.*")),
    ("matching", ("spot.best-price*", "spot.first-come*", "spot.*-keep-their-place")),
    (
        "matching",
        ("spot.crossing-*", "spot.limit-price-*", "spot.trades-at-*", "spot.trades-have-*"),
    ),
    ("matching", ("spot.fills-keep-*",)),
    ("money", ("spot.*freezes*", "spot.*freeze-*", "spot.*release*", "spot.*fee*", "spot.*money*")),
    (
        "money",
        ("spot.*loses-nothing", "spot.*lose-nothing", "spot.wallets-*", "spot.other-coins-*"),
    ),
    ("money", ("spot.trade-settles-*", "spot.never-spends-*", "spot.*overspend")),
    ("money", ("spot.refused-order-*", "spot.second-cancel-*")),
    ("lifecycle", ("spot.*",)),
)


def class_of(requirement: str) -> str:
    """The class of a fault that breaks a requirement. Raises LookupError for one of no class."""
    for name, patterns in CLASSES:
        if any(fnmatchcase(requirement, pattern) for pattern in patterns):
            return name
    raise LookupError(f"no class for {requirement}")
