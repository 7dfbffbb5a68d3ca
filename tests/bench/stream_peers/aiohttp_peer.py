"""The aiohttp client: `aiohttp_peer.py URL CONNECTIONS TOPICS WARM_UP_S SECONDS [uvloop]`.

As its documentation says to be fast: no compression, and bytes instead of str (`decode_text=False`).
"""

from __future__ import annotations

import sys

import aiohttp
from check import Check, Given, drive


async def listen(given: Given, number: int, check: Check) -> None:
    """One connection, until all is over."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(given.url, compress=0, decode_text=False) as stream,
    ):
        await stream.send_str(given.subscription(number))
        take, receive = check.take, stream.receive
        while not check.is_over:
            message = await receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            take(message.data)
        check.end()


drive(listen, sys.argv[1:])
