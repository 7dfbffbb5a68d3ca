"""Plays a script over sockets, in real time: one connection for each address, more where answers are far away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic_ns, time_ns
from typing import Final

import gevent

from conformance.wire.http import Response
from conformance.wire.rest import outcome_of
from load.client import Answer, Client
from load.limits.steps import Ask, Batch, Done, Refusal, Script, Subject, Wait
from load.limits.told import Told, told

SECOND_NS: Final = 1_000_000_000
NEAR_S: Final = 0.002  # an answer that comes so soon needs no second connection
SLICE_S: Final = 0.5  # of a wait, after which one looks whether it is to go on
UNAUTHENTICATED: Final = 401


@dataclass(slots=True)
class _Asking:
    """What has come of one `Ask` so far, over all its connections."""

    most: int
    sent: int = 0
    accepted: list[tuple[float, float]] = field(default_factory=list)  # decided at, took
    refusals: list[Refusal] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    lost: int = 0

    @property
    def is_over(self) -> bool:
        return self.sent >= self.most or bool(self.refusals) or self.lost > 0


class Performer:
    """`payload` makes the bytes of a subject's next request, `go_on` is asked before each.

    `note` is told of each answer, and None for a request that was not answered.
    """

    def __init__(
        self,
        connect: Callable[[str], Client],
        payload: Callable[[Subject], bytes],
        go_on: Callable[[], bool],
        note: Callable[[Subject, Answer | None], None],
        lanes: int,
    ) -> None:
        self._connect = connect
        self._payload = payload
        self._go_on = go_on
        self._note = note
        self._most_lanes = lanes
        self._clients: dict[str, list[Client]] = {}
        self.start_ns = time_ns()
        self._began_ns = monotonic_ns()
        self._took_s = 0.0

    def play(self, script: Script) -> None:
        """To its end, or until there is no going on."""
        try:
            step = next(script)
            while self._go_on():
                step = script.send(self._wait(step) if isinstance(step, Wait) else self._ask(step))
            script.close()
        except StopIteration:
            return

    def close(self) -> None:
        """Hang up."""
        for clients in self._clients.values():
            for client in clients:
                client.close()

    @property
    def now_s(self) -> float:
        """Since the beginning."""
        return (monotonic_ns() - self._began_ns) / SECOND_NS

    def _wait(self, step: Wait) -> Done:
        while (left_s := step.until_s - self.now_s) > 0 and self._go_on():
            gevent.sleep(min(left_s, SLICE_S))
        return self.now_s, None

    def _ask(self, step: Ask) -> Done:
        asking = _Asking(step.most)
        lanes = self._lanes(step)
        if len(lanes) == 1:
            self._lane(lanes[0], step.subject, asking)
        else:
            gevent.joinall([gevent.spawn(self._lane, each, step.subject, asking) for each in lanes])
        return self.now_s, self._batch(step.subject, asking)

    def _lanes(self, step: Ask) -> list[Client]:
        """As many connections as it takes to send a request every two milliseconds."""
        far = max(1, round(self._took_s / NEAR_S))
        wanted = max(1, min(self._most_lanes, step.lanes, step.most, far))
        clients = self._clients.setdefault(step.subject.address, [])
        while len(clients) < wanted:
            clients.append(self._connect(step.subject.address))
        return clients[:wanted]

    def _lane(self, client: Client, subject: Subject, asking: _Asking) -> None:
        while not asking.is_over and self._go_on():
            asking.sent += 1
            try:
                answer = client.send(self._payload(subject))
            except OSError:
                asking.lost += 1
                self._note(subject, None)
                return
            self._note(subject, answer)
            self._take(answer, asking)

    def _take(self, answer: Answer, asking: _Asking) -> None:
        came_ns = answer.kernel_ns or answer.received_ns
        took_s = (came_ns - answer.sent_ns) / SECOND_NS
        at_s = (answer.sent_ns - self.start_ns) / SECOND_NS + took_s / 2
        self._took_s = took_s if not self._took_s else 0.9 * self._took_s + 0.1 * took_s
        said = told(answer.response, came_ns / SECOND_NS)
        kind = outcome_of(answer.response)
        if kind.is_accepted:
            asking.accepted.append((at_s, took_s))
            asking.told.append(said)
        elif is_refusal(answer.response, said):
            asking.refusals.append(Refusal(at_s, took_s, kind.status, kind.code, said))
        else:
            asking.lost += 1

    def _batch(self, subject: Subject, asking: _Asking) -> Batch:
        accepted = sorted(asking.accepted)
        ends = [took for _, took in (*accepted[:1], *accepted[-1:])]
        ends += [each.took_s for each in asking.refusals]
        return Batch(
            subject=subject,
            accepted_s=tuple(at for at, _ in accepted),
            refusals=tuple(sorted(asking.refusals, key=lambda x: x.at_s)),
            within_s=max(ends, default=self._took_s) / 2,
            took_s=tuple(took for _, took in accepted),
            first=asking.told[0] if asking.told else Told(),
            lost=asking.lost,
        )


def is_refusal(response: Response, said: Told) -> bool:
    """A readable no that is not about who asks; or a 503 that says when to come again."""
    if response.status == UNAUTHENTICATED:
        return False
    return outcome_of(response).is_rejected or (
        response.status == 503 and said.retry_after_s is not None
    )
