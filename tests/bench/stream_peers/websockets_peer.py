"""The websockets library's asyncio client: `websockets_peer.py URL CONNECTIONS TOPICS WARM_UP_S SECONDS [uvloop]`.

As its documentation says to be fast: no compression, and bytes instead of str (`decode=False`).
"""

from __future__ import annotations

import sys

from check import Check, Given, drive
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def listen(given: Given, number: int, check: Check) -> None:
    """One connection, until all is over."""
    async with connect(given.url, compression=None, proxy=None) as stream:
        await stream.send(given.subscription(number))
        take, receive = check.take, stream.recv
        try:
            while not check.is_over:
                take(await receive(decode=False))
        except ConnectionClosed:
            return
        check.end()


drive(listen, sys.argv[1:])
