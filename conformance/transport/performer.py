"""Perform the steps of scripts on a target: build, sign, send, read, and tell the journal what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from conformance.cases.claim import CannotTell
from conformance.cases.script import (
    Ask,
    Burst,
    Connect,
    Frame,
    Hang,
    Heard,
    Listen,
    Now,
    Pause,
    Ping,
    Raw,
    Record,
    Say,
    Step,
    Together,
    Token,
    World,
)
from conformance.spec.contract import Operation
from conformance.transport.governor import Governor
from conformance.transport.interface import Connection, PeerLeft, Sent, Transport
from conformance.wire.http import Request
from conformance.wire.rest import build, json_or_none, outcome_of
from conformance.wire.signing import sign


class Journal(Protocol):
    """Whoever wants to know what a performer did."""

    def record(self, record: Record) -> None:
        """One request and its outcome."""

    def heard(self, connection: str, heard: Heard) -> None:
        """What one Listen collected."""

    def reply(self, step: str, value: Any) -> None:
        """The answer to a step that makes no record."""


class Performer:
    """Performs steps, one script at a time; tokens are kept from script to script."""

    def __init__(
        self, world: World, transport: Transport, governor: Governor, journal: Journal
    ) -> None:
        self._world = world
        self._transport = transport
        self._governor = governor
        self._journal = journal
        self._tokens: dict[str, str] = {}
        self._connections: dict[str, Connection] = {}
        self._number = 0
        self._steps: dict[type, Callable[[Any], Any]] = {
            Ask: lambda step: self._together([step])[0],
            Raw: lambda step: self._together([step])[0],
            Together: lambda step: tuple(self._together(step.asks)),
            Burst: self._burst,
            Pause: lambda step: self._transport.wait(step.ms),
            Now: lambda step: self._now(),
            Token: lambda step: self.token(step.account),
            Connect: self._connect,
            Say: self._say,
            Listen: self._listen,
            Ping: self._ping,
            Hang: lambda step: self.hang_up(step.connection),
        }

    def __call__(self, step: Step) -> Any:
        """Perform one step and return what the script is to be sent."""
        return self._steps[type(step)](step)

    def token(self, account: str) -> str:
        """The JWT of an account, logging in at its first use. Raises CannotTell when there is none."""
        if account not in self._tokens:
            self._tokens[account] = self._log_in(account)
        return self._tokens[account]

    def known_tokens(self) -> dict[str, str]:
        """The account of each token that was given so far."""
        return {token: account for account, token in self._tokens.items()}

    def hang_up(self, connection: str | None = None) -> None:
        """Close one connection, or every one that a script left open."""
        names = [connection] if connection else list(self._connections)
        for name in names:
            open_one = self._connections.pop(name, None)
            if open_one is not None:
                open_one.close()

    def _log_in(self, account: str) -> str:
        known = self._world.target.accounts.get(account)
        if known is None:
            raise CannotTell(f"the target's file names no account {account!r}")
        form = {
            self._world.target.conventions.login_parameter: known.login,
            "password": known.password,
        }
        record = self._together([Ask("login", form)])[0]
        token = record.data.get("Authorization") if isinstance(record.data, dict) else None
        if not isinstance(token, str) or not token:
            raise CannotTell(f"{account} cannot log in: {record.said}")
        return token

    def _together(self, steps: Sequence[Ask | Raw]) -> list[Record]:
        prepared = [self._prepare(step) for step in steps]
        self._governor.before(len(prepared))
        requests = [request for request, _ in prepared]
        sent = (
            [self._transport.send(requests[0], _source(steps[0]))]
            if len(requests) == 1
            else self._transport.send_together(requests)
        )
        return [
            self._record(step, request, signed, answer)
            for step, (request, signed), answer in zip(steps, prepared, sent, strict=True)
        ]

    def _prepare(self, step: Ask | Raw) -> tuple[Request, Request | None]:
        request = (
            step.request
            if isinstance(step, Raw)
            else self._build(self._operation(step.operation), step)
        )
        signed = self._authenticated(request, step)
        return (step.alter(signed), signed) if step.alter else (signed, None)

    def _operation(self, name: str) -> Operation:
        operation = self._world.contract.operations.get(name)
        if operation is None:
            raise CannotTell(f"the contract has no operation {name}")
        return operation

    def _build(self, operation: Operation, step: Ask) -> Request:
        in_query = {item.name for item in operation.query}
        form_fields = operation.form is not None
        query = {k: v for k, v in step.params.items() if k in in_query or not form_fields}
        form = {k: v for k, v in step.params.items() if k not in query} if form_fields else None
        return build(operation.method, operation.path, query, form, step.headers)

    def _authenticated(self, request: Request, step: Ask | Raw) -> Request:
        if step.by is not None:
            header = ("Authorization", self.token(step.by))
            return Request(request.method, request.target, (*request.headers, header), request.body)
        if step.key is not None:
            recipe = self._world.target.conventions.signing.recipe
            shift_ms = step.shift_ms if isinstance(step, Ask) else 0
            window = step.window if isinstance(step, Ask) else ""
            return sign(recipe, request, step.key, self._transport.now_ms() + shift_ms, window)
        return request

    def _record(
        self, step: Ask | Raw, request: Request, signed: Request | None, sent: Sent
    ) -> Record:
        self._number += 1
        record = Record(
            number=self._number,
            operation=step.operation,
            request=request,
            response=sent.response,
            outcome=outcome_of(sent.response),
            failure=sent.failure,
            by=step.by,
            key=step.key,
            signed=signed,
            shift_ms=step.shift_ms if isinstance(step, Ask) else 0,
            sent_ns=sent.sent_ns,
            received_ns=sent.received_ns,
            source=_source(step),
        )
        self._journal.record(record)
        return record

    def _burst(self, step: Burst) -> tuple[Record, ...]:
        if step.is_fresh:
            self._governor.fresh()
        records: list[Record] = []
        refused = 0
        while len(records) < step.times and refused < step.refusals:
            request, signed = self._prepare(step.ask)
            answer = self._transport.send(request, _source(step.ask))
            records.append(self._record(step.ask, request, signed, answer))
            refused += not records[-1].is_accepted
        self._governor.spend(len(records))
        return tuple(records)

    def _now(self) -> int:
        now_ms = self._transport.now_ms()
        self._journal.reply("now", now_ms)
        return now_ms

    def _connect(self, step: Connect) -> bool:
        try:
            self._connections[step.connection] = self._transport.connect(step.is_slow)
        except PeerLeft as reason:
            self._journal.reply("connect", str(reason))
            return False
        self._journal.reply("connect", True)
        return True

    def _say(self, step: Say) -> bool:
        try:
            self._open(step.connection).send(step.frame)
        except PeerLeft:
            return False
        return True

    def _listen(self, step: Listen) -> Heard:
        heard = self._collect(step)
        self._journal.heard(step.connection, heard)
        return heard

    def _collect(self, step: Listen) -> Heard:
        frames: tuple[Frame, ...] = ()
        deadline_ms = self._transport.now_ms() + step.within_ms
        while not step.until(frames):
            left_ms = deadline_ms - self._transport.now_ms()
            if left_ms <= 0:
                return Heard(frames, complete=False)
            try:
                text = self._open(step.connection).receive(left_ms)
            except PeerLeft:
                return Heard(frames, complete=False, closed=True)
            if text is None:
                return Heard(frames, complete=False)
            at_ns = self._transport.now_ms() * 1_000_000
            frames = (*frames, Frame(text, json_or_none(text), at_ns))
        return Heard(frames, complete=True)

    def _ping(self, step: Ping) -> bool:
        within_ms = self._world.target.timing.frame_ms
        answered = self._open(step.connection).ping(step.payload, within_ms)
        self._journal.reply("ping", answered)
        return answered

    def _open(self, name: str) -> Connection:
        connection = self._connections.get(name)
        if connection is None:
            raise PeerLeft("the stream did not open")
        return connection


def _source(step: Ask | Raw) -> str:
    return step.source if isinstance(step, Ask) else ""
