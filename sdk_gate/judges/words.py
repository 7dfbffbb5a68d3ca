"""Judge of what an SDK says: its log, and the messages of its errors."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Final
from urllib.parse import quote, quote_plus

from conformance.cases.claim import Claim, holds

SECRETS: Final = "sdk.secrets-stay-inside"
SHOWN: Final = 4  # characters of a secret that a finding may tell
PART: Final = 0.75  # of a secret: whoever has so much of it has it


def judge(secrets: Sequence[str], log: str, errors: Iterable[str]) -> Iterator[Claim]:
    """Neither holds a secret, in any form that can be read."""
    for place, text in (("its log", log), ("an error", "\n".join(errors))):
        found = dict.fromkeys(f"…{each[-SHOWN:]}" for each in secrets if is_in(each, text))
        title = f"no password, secret or token stands in {place}"
        yield holds(SECRETS, not found, title, "none", ", ".join(found) or "none")


def is_in(secret: str, text: str) -> bool:
    """Whether a secret stands in a text: as it is, for the most part, or as its bytes are often written."""
    return any(each in text for each in forms(secret))


def forms(secret: str) -> set[str]:
    """How a secret may stand in a text, with the parts of it that tell as much; none of an empty one."""
    most, raw = ceil(PART * len(secret)), secret.encode()
    written = {
        secret,
        secret[:most],
        secret[-most:],
        quote(secret, safe=""),
        quote_plus(secret),
        b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
    return written - {""}
