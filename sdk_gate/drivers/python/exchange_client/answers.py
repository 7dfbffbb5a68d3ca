"""From an answer to its data, or to the error that it is."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from exchange_client.credentials import NOT_LOGGED_IN
from exchange_client.errors import (
    ExchangeError,
    RateLimited,
    Rejected,
    ServerFailed,
    Unauthorized,
    Unreadable,
)
from exchange_client.transport import Answer

HALF_A_SECOND_MS = 500  # a Date header has whole seconds: on average it lags by so much
LARGEST_INTEGER = 2**63 - 1
NOT_JSON = object()


def data(answer: Answer) -> Any:
    """The data of an answer, out of its envelope or bare. Raises ExchangeError for everything else."""
    status, content = answer.status, _content(answer.body)
    is_envelope = _is_envelope(content)
    if status >= 400 or (is_envelope and content["code"] != 0):
        raise _refusal(answer, content)
    if not 200 <= status < 300:
        raise Unreadable(f"HTTP {status}: redirects are not followed", status=status)
    if content is NOT_JSON:
        raise Unreadable("the answer is not JSON", status=status)
    return content.get("data") if is_envelope else content


def parse(text: str) -> Any:
    """JSON, with every digit of its numbers. Raises ValueError."""
    try:
        return json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=_no_number)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _whole(text: str) -> int | Decimal:
    """Integers of the exchange have 64 bits: what is larger is a decimal that happens to be whole."""
    number = Decimal(text)
    return int(number) if abs(number) <= LARGEST_INTEGER else number


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _content(body: bytes) -> Any:
    with suppress(ValueError):
        return parse(body.decode())
    return NOT_JSON


def _refusal(answer: Answer, content: Any) -> ExchangeError:
    status, envelope = answer.status, content if _is_envelope(content) else {}
    code, message = envelope.get("code"), envelope.get("message")
    return _kind(status, code, is_json=content is not NOT_JSON)(
        f"HTTP {status}" if message is None else str(message),
        code=code,
        status=status,
        retry_after_ms=_retry_after_ms(answer.headers) if status == 429 else None,
        exchange_time_ms=_exchange_time_ms(answer.headers),
    )


def _is_envelope(content: Any) -> bool:
    return isinstance(content, dict) and type(content.get("code")) is int


def _kind(status: int, code: int | None, *, is_json: bool) -> type[ExchangeError]:
    if status == 429:
        return RateLimited
    if status in (401, 403) or code == NOT_LOGGED_IN:
        return Unauthorized
    if status < 500 and not is_json:
        return Unreadable
    if status >= 500:
        return ServerFailed
    return Rejected


def _exchange_time_ms(headers: Message) -> int | None:
    date = _moment(headers.get("Date"))
    return None if date is None else int(date.timestamp()) * 1000 + HALF_A_SECOND_MS


def _retry_after_ms(headers: Message) -> int | None:
    """How long to wait: seconds as they stand, a date by the clock of who wrote it."""
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return int(said) * 1000
    until = _moment(said)
    if until is None:
        return None
    left = until - (_moment(headers.get("Date")) or datetime.now(UTC))
    return max(0, round(left.total_seconds() * 1000))


def _moment(text: str | None) -> datetime | None:
    with suppress(ValueError):
        moment = parsedate_to_datetime(text or "")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
