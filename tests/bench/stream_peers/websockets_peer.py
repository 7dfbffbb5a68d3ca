"""The websockets library's asyncio client: `websockets_peer.py URL CONNECTIONS TOPICS WARM_UP_S SECONDS [defaults]`.

As its documentation says to be fast: no compression, no decoding to str, uvloop; `defaults` is without any of it.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from check import Check, Given
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def listen(given: Given, number: int, check: Check, is_tuned: bool) -> None:
    """One connection to its end."""
    settings = {"compression": None} if is_tuned else {}
    decode = False if is_tuned else None
    async with connect(given.url, **settings) as stream:
        await stream.send(given.subscription(number))
        take, receive = check.take, stream.recv
        try:
            while not check.is_over:
                take(await receive(decode=decode))
        except ConnectionClosed:
            return
        stream.transport.abort()  # what is still under way is nobody's


async def main(given: Given, is_tuned: bool) -> None:
    """All connections."""
    check = Check(given)
    await asyncio.gather(
        *(listen(given, number, check, is_tuned) for number in range(given.connections))
    )
    check.say()


is_tuned = "defaults" not in sys.argv
if is_tuned:
    uvloop.install()
asyncio.run(main(Given.of(sys.argv[1:]), is_tuned))
