"""The exchange itself: the rules behind the wire, and everything around them, as replaceable parts.

A request is judged in this order: path, method, credentials, key, address, permission, rate, form, rules.
Nothing here reads a clock or a socket. Every collaborator is a public attribute, so that a deliberate
fault can take the place of one of them and nothing in the normal path knows of faults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Final

from conformance.model.convert import convert
from conformance.model.events import (
    BalanceChanged,
    Event,
    FuturesOrderChanged,
    LevelsChanged,
    OrderChanged,
    Traded,
)
from conformance.model.futures import FuturesExchange
from conformance.model.ledger import FEE_ACCOUNT, Ledger
from conformance.model.market_data import Tape
from conformance.model.refusal import Refused
from conformance.model.spot import SpotExchange
from conformance.spec.contract import Contract, Operation
from conformance.wire.http import Headers, Request, Response
from reference_exchange import views
from reference_exchange.answers import Answers, Refusal, Writer
from reference_exchange.authentication import Caller, Signatures, Tokens
from reference_exchange.config import ExchangeConfig
from reference_exchange.desk import Desk
from reference_exchange.flow import HOUSE, Flow, write_history
from reference_exchange.handlers import DONE, HANDLERS, Call, Handler, of_rules
from reference_exchange.hub import Hub
from reference_exchange.keys import Keys
from reference_exchange.limiter import Limiter
from reference_exchange.members import Members
from reference_exchange.streams import StreamSession, client_validators
from reference_exchange.validation import Forms
from reference_exchange.windows import Allowance

DAY_MS: Final = 86_400_000
MOST_BODY: Final = 65_536
# Trades of the seeded history have lower ids than any trade that happens.
FIRST_TRADE: Final = 1_000_000


class ReferenceExchange:
    """A spot and futures exchange in miniature; the same for the same config, seed and clock."""

    def __init__(
        self, contract: Contract, config: ExchangeConfig, now_ms: Callable[[], int]
    ) -> None:
        self.contract = contract
        self.now_ms = now_ms
        self.on_error: Callable[[BaseException], None] = lambda problem: None
        self.configure(config)

    def configure(self, config: ExchangeConfig) -> None:
        """Begin anew under a configuration; streams that are open are closed."""
        if hasattr(self, "hub"):
            self.hub.close()
        self.config = config
        self.requests: Counter[tuple[str, int]] = Counter()  # answered, by operation and status
        self.random = Random(config.seed)
        self._counter = self.random.randrange(10_000_000, 90_000_000)
        self.writer = Writer(config.decimals)
        self.answers = Answers(self.writer, config.refusals, config.market_bodies)
        self.forms = Forms(self.contract)
        self.client_frames = client_validators(self.contract.asyncapi)
        self.handlers: dict[str, Handler] = dict(HANDLERS)
        self.members = Members(config.residents, self.now_ms() - 30 * DAY_MS)
        self.tokens = Tokens(config.jwt_secret, config.jwt_lifetime_s, self.members, self.now_ms)
        self.keys = Keys(Random(config.seed + 1), self.now_ms)
        self.signatures = Signatures(config.recipe, self.keys, self.now_ms)
        self.limiter = Limiter(config.limiter, self.now_ms)
        self._open_markets(config)
        self._open_accounts(config)
        self.desk = Desk(self, config.matching_delay_ms, Random(config.seed + 4))
        self.flow = Flow(self, Random(config.seed + 2))

    def reset(self) -> None:
        """Begin anew as configured."""
        self.configure(self.config)

    def _open_markets(self, config: ExchangeConfig) -> None:
        markets = [listing.market for listing in config.listings]
        self.units = {unit for market in markets for unit in (market.coin, market.base)}
        self.ledger = Ledger()
        self.hub = Hub(self)
        self.tapes = {market.symbol: Tape(market.symbol) for market in markets}
        self.spot = SpotExchange(markets, self.ledger, self.next_id, self.publish, HOUSE)
        self.futures = FuturesExchange(config.contracts, self.next_id, self.price_of, self.publish)
        write_history(self, Random(config.seed + 3))

    def _open_accounts(self, config: ExchangeConfig) -> None:
        opened_ms = self.now_ms() - DAY_MS
        for resident in config.residents:
            for coin, amount in config.opening.items():
                self.ledger.deposit(resident.id, coin, amount, opened_ms)
            if resident.withdrawn:
                base = config.listings[0].market.base
                self.ledger.withdraw(resident.id, base, resident.withdrawn, opened_ms)
            for contract in config.contracts:
                self.futures.deposit(resident.id, contract.id, config.futures_opening)
        self.ledger.take_changes()

    def next_id(self, kind: str) -> str:
        """The next order id of a kind: E... for spot, CE... for futures, or one that says nothing."""
        if self.config.order_ids == "random":
            return self.random.randbytes(16).hex()
        self._counter += 1
        return f"{'E' if kind == 'spot' else 'CE'}{self._counter}"

    # --- requests ---------------------------------------------------------------------------------

    def handle(self, request: Request, client: str) -> Response:
        """Answer one request from an address, and count it; never raises."""
        response = self._judge(request, client)
        asked = self.contract.find(request.method, request.path)
        if asked is not None:
            self.requests[asked.id, response.status] += 1
        return response

    def _judge(self, request: Request, client: str) -> Response:
        try:
            self.advance()
            return self._answer(request, client)
        except Refusal as refusal:
            return self.answers.refused(refusal)
        except Refused as refused:
            return self.answers.refused(of_rules(refused))
        except Exception as problem:  # noqa: BLE001 - a fault of ours is a 500, and told to whoever asks
            self.on_error(problem)
            return self.answers.refused(Refusal(500, 5000, "internal error"))

    def _answer(self, request: Request, client: str) -> Response:
        operation = self.route(request)
        caller = self._authenticate(operation, request, client)
        if caller.key is None:
            return self._perform(operation, caller, request, client)
        response: Response | None = None
        try:
            response = self._perform(operation, caller, request, client)
            return response
        finally:
            self.keys.note(caller.key, client, operation.id, response is not None)

    def route(self, request: Request) -> Operation:
        """The operation that a request means. Raises Refusal for an unknown path or method."""
        operation = self.contract.find(request.method, request.path)
        if operation is None or operation.id not in self.handlers:
            methods = self.contract.methods_of(request.path)
            if methods and operation is None:
                allow = (("Allow", ", ".join(methods)),)
                raise Refusal(405, 4050, "the path does not have this method", allow)
            raise Refusal(404, 4040, "there is no such path")
        if len(request.body) > MOST_BODY:
            raise Refusal(413, 4130, "the body is larger than any form")
        return operation

    def _authenticate(self, operation: Operation, request: Request, client: str) -> Caller:
        try:
            return self.authenticate(operation, request, client)
        except Refusal:
            # Whoever fails to authenticate uses up the limit of the address, never of an account.
            self._check_rate(self.limiter.subject(client, 0, "", operation.id), operation.id)
            raise

    def authenticate(self, operation: Operation, request: Request, client: str) -> Caller:
        """Who is asking, as far as the operation wants to know. Raises Refusal."""
        if operation.access == "public":
            return Caller(0)
        if operation.access != "jwt" and self.signatures.is_signed(request):
            key = self.signatures.check(request, client)
            self.check_scope(operation, key.scopes)
            return Caller(key.account, key)
        account = self.tokens.account_of(request.header("Authorization") or "")
        if account is None and operation.access == "optional":
            return Caller(0)
        if account is None:
            raise Refusal(401, 4000, "not logged in")
        return Caller(account)

    def check_scope(self, operation: Operation, scopes: tuple[str, ...]) -> None:
        """Raise Refusal when a key lacks the permission that an operation needs."""
        if operation.scope is not None and operation.scope not in scopes:
            raise Refusal(403, 3007, f"the key lacks the permission {operation.scope}")

    def _check_rate(self, subject: str, operation: str) -> Headers:
        allowance = self.limiter.take(subject, operation)
        if allowance is None:
            return ()
        headers = rate_headers(allowance)
        if not allowance.is_allowed:
            retry = ("Retry-After", str(max(1, -(-allowance.reset_ms // 1000))))
            raise Refusal(429, 3005, "too many requests", (retry, *headers))
        return headers

    def _perform(
        self, operation: Operation, caller: Caller, request: Request, client: str
    ) -> Response:
        key = caller.key.name if caller.key else ""
        subject = self.limiter.subject(client, caller.account, key, operation.id)
        rate = self._check_rate(subject, operation.id)
        try:
            params = self.forms.read(operation, request)
            data = self.handlers[operation.id](self, Call(caller.account, params))
        except Refusal as refusal:
            raise Refusal(
                refusal.status, refusal.code, refusal.message, (*refusal.headers, *rate)
            ) from None
        is_bare = operation.id in self.forms.bare
        answer = self.answers.done() if data is DONE else self.answers.accepted(data, is_bare)
        return replace(answer, headers=(*answer.headers, *rate)) if rate else answer

    def forget_requests(self) -> None:
        """Forget what was counted against the rate limit."""
        self.limiter.reset()

    # --- streams ----------------------------------------------------------------------------------

    def connect(self, client: str) -> StreamSession:
        """Open a stream session for an address."""
        return StreamSession(self, client)

    # --- market data ------------------------------------------------------------------------------

    def price_of(self, symbol: str) -> Decimal | None:
        """The last price of a market."""
        return self.tapes[symbol].last_price

    def prices(self) -> dict[str, Decimal | None]:
        """The last price of every market."""
        return {symbol: tape.last_price for symbol, tape in self.tapes.items()}

    def usd_rates(self) -> dict[str, Decimal]:
        """What each unit is worth in USDT."""
        prices = self.prices()
        rates = {}
        for unit in self.units:
            try:
                rates[unit] = convert(unit, "USDT", prices)
            except Refused:
                continue
        return rates

    def ticker(self, symbol: str) -> views.View:
        """CoinThumb of a market."""
        return views.ticker(self.tapes[symbol].ticker(self.now_ms()), self.usd_rates())

    def tickers(self) -> list[views.View]:
        """CoinThumb of every market."""
        now_ms, rates = self.now_ms(), self.usd_rates()
        return [views.ticker(tape.ticker(now_ms), rates) for tape in self.tapes.values()]

    # --- what happens by itself -------------------------------------------------------------------

    def advance(self) -> None:
        """Do whatever has become due by the clock."""
        self.desk.advance()
        self.flow.advance()
        self.hub.advance()

    def publish(self, event: Event) -> None:
        """Pass on what the rules announce."""
        if isinstance(event, LevelsChanged):
            self.hub.levels_changed(event)
        elif isinstance(event, OrderChanged):
            self.hub.order_changed(event.order)
        elif isinstance(event, BalanceChanged):
            if event.account != FEE_ACCOUNT:
                self.hub.balance_changed(event.account, event.coin)
        elif isinstance(event, Traded):
            self.record(replace(event, id=event.id + FIRST_TRADE))
        else:
            assert isinstance(event, FuturesOrderChanged)

    def record(self, trade: Traded) -> None:
        """Write a trade on the tape, tell the subscribers, and mark the contracts."""
        closed = self.tapes[trade.symbol].record(trade)
        self.hub.traded(trade, closed)
        self.futures.mark(trade.symbol, trade.price, trade.at_ms)


def rate_headers(allowance: Allowance) -> Headers:
    """The limiter's state as headers."""
    return (
        ("X-RateLimit-Limit", str(allowance.limit)),
        ("X-RateLimit-Remaining", str(max(0, allowance.remaining))),
        ("X-RateLimit-Reset", str(max(0, -(-allowance.reset_ms // 1000)))),
    )
