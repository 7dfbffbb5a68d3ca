"""HTTP/1.1 as uvicorn speaks it, but for one thing: an offer to upgrade is ignored, not tripped over.

httptools stops parsing at an `Upgrade` header, and uvicorn, which ignores every upgrade but to WebSocket,
then serves the request without its body. Java's standard client offers h2c with every first request, so
all its orders would arrive empty. The offer is taken out before it is parsed.
"""

from __future__ import annotations

import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

OFFER: Final = re.compile(rb"\r\nUpgrade:[^\r\n]*", re.IGNORECASE)
HEAD_END: Final = b"\r\n\r\n"


class WithoutUpgrades(HttpToolsProtocol):
    """Takes the offer out of a request's head."""

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        if b"h2c" in data:
            head, end, body = data.partition(HEAD_END)
            data = OFFER.sub(b"", head) + end + body
        super().data_received(data)
