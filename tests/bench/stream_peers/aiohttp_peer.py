"""The aiohttp client: `aiohttp_peer.py URL CONNECTIONS TOPICS WARM_UP_S SECONDS`.

No compression, bytes instead of str (`decode_text=False`), uvloop.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import uvloop
from check import Check, Given


async def listen(
    session: aiohttp.ClientSession, given: Given, number: int, check: Check
) -> None:
    """One connection to its end."""
    async with session.ws_connect(given.url, compress=0, decode_text=False) as stream:
        await stream.send_str(given.subscription(number))
        take, receive = check.take, stream.receive
        while not check.is_over:
            message = await receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            take(message.data)


async def main(given: Given) -> None:
    """All connections."""
    check = Check(given)
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(
            *(listen(session, given, number, check) for number in range(given.connections))
        )
    check.say()


uvloop.install()
asyncio.run(main(Given.of(sys.argv[1:])))
