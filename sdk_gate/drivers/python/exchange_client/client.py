"""The client: operations over REST, topics over one stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from exchange_client.answers import data
from exchange_client.background import Background
from exchange_client.book import Book
from exchange_client.credentials import Credentials, Key, Token
from exchange_client.errors import ExchangeError, Invalid, Rejected, Unreadable, Unsupported
from exchange_client.feeds import Events, Feed, Trades
from exchange_client.operations import OPERATIONS
from exchange_client.requests import Request, request
from exchange_client.retries import RateLimit, Retries
from exchange_client.settings import ApiKey, Login, Recipe, Timing
from exchange_client.stream import Stream
from exchange_client.transport import Answer, send

log = logging.getLogger(__name__)


class Client:
    """Calls the exchange. Threads may share it; every failure is an ExchangeError."""

    def __init__(
        self,
        rest: str,
        stream: str,
        *,
        login: Login | None = None,
        key: ApiKey | None = None,
        recipe: Recipe | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._origin = urlsplit(rest)
        self._timing = timing or Timing()
        self._login = login
        self._rate_limit = RateLimit()
        self._books: dict[str, Book] = {}
        token = Token(self._log_in) if login else None
        signer = Key(key, recipe or Recipe()) if key else None
        self._credentials: Credentials = token or signer or Credentials()
        self._stream = Stream(stream, self._timing, token)
        self._background = Background(self._stream.stay_connected)

    def call(self, operation: str, params: Mapping[str, Any] | None = None) -> Any:
        """The data that an operation of the exchange's document answers with.

        Decimals are text or Decimal, never float; BUY, SELL, LIMIT and MARKET stand for the documented numbers.
        """
        known = OPERATIONS.get(operation)
        if known is None:
            raise Unsupported(f"there is no operation {operation}")
        credentials = self._credentials if known.is_private else Credentials()
        return self._perform(request(known, params or {}), credentials)

    def ticker(self, coin: str) -> dict[str, Any]:
        """What a coin did in the last 24 hours."""
        ticker: dict[str, Any] = self.call("getCoinTicker", {"coin": coin})
        return ticker

    def wallets(self) -> list[dict[str, Any]]:
        """The caller's spot wallets."""
        wallets: list[dict[str, Any]] = self.call("getSpotWallets")
        return wallets

    def place_limit_order(
        self, symbol: str, direction: str, price: Decimal, amount: Decimal
    ) -> str:
        """Place a limit order, to BUY or to SELL; its id."""
        order = {"symbol": symbol, "direction": direction, "type": "LIMIT"}
        order_id: str = self.call("placeSpotOrder", {**order, "price": price, "amount": amount})
        return order_id

    def cancel_order(self, order_id: str) -> None:
        """Cancel a spot order."""
        self.call("cancelSpotOrder", {"orderId": order_id})

    def subscribe(self, topic: str, on_event: Callable[[Any], None]) -> None:
        """Have each trade of `trades.…`, or the data of each message of another topic, handed to a function.

        It runs in the stream's thread: it has to be quick, and must not call what waits for the stream.
        `depth.…` hands out nothing: ask `book`.
        """
        feed: Feed = Trades(on_event) if topic.startswith("trades.") else Events(on_event)
        if topic.startswith("depth."):
            feed = self._books[topic] = Book()
        self._background.do(self._stream.subscribe(topic, feed))

    def unsubscribe(self, topic: str) -> None:
        """End a subscription; nothing of it is handed out after this."""
        self._background.do(self._stream.unsubscribe(topic))
        self._books.pop(topic, None)

    def book(self, symbol: str) -> Book:
        """The local book of a market whose `depth.…` was subscribed."""
        try:
            return self._books[f"depth.{symbol}"]
        except KeyError:
            raise Invalid(f"subscribe depth.{symbol} first") from None

    def close(self) -> None:
        """Close the stream and its connection."""
        self._background.close()

    def _perform(self, asked: Request, credentials: Credentials) -> Any:
        retry_s = self._timing.retry_ms / 1000
        retries = Retries(self._rate_limit, retry_s, is_read=asked.method == "GET")
        is_mended = False
        while True:
            self._rate_limit.wait()
            headers = credentials.headers(asked)
            try:
                return data(self._send(asked, headers))
            except Rejected as error:
                # What was refused did not happen, so that one more attempt is safe for orders too.
                if is_mended or not credentials.mend(error, headers):
                    raise
                is_mended = True
            except ExchangeError as error:
                log.debug("%s %s: %s", asked.method, asked.path, error)
                retries.wait_after(error)

    def _send(self, asked: Request, headers: dict[str, str]) -> Answer:
        answer = send(self._origin, asked, headers, self._timing.timeout_ms / 1000)
        log.debug("%s %s: HTTP %s", asked.method, asked.path, answer.status)
        return answer

    def _log_in(self) -> str:
        assert self._login is not None
        form = {self._login.parameter: self._login.name, "password": self._login.password}
        answer = self.call("login", form)
        try:
            return str(answer["Authorization"])
        except (KeyError, TypeError):
            raise Unreadable("the login's answer has no token") from None
