"""One stream connection that the engine reads: what it hears is somebody's to count or to match."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from load.session import Session
from load.stream_client import StreamClient
from load.tally import Tally

TOPICS_PER_FRAME: Final = 100


class StreamReader:
    """Subscribes, hands itself to the engine, and ends the run when its stream ends before it."""

    def __init__(self, session: Session, client: StreamClient) -> None:
        self._session = session
        self._client = client

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for topics, wait until all are granted, and read on from the engine's loop. Raises OSError."""
        frames = [
            topics[at : at + TOPICS_PER_FRAME] for at in range(0, len(topics), TOPICS_PER_FRAME)
        ]
        for number, args in enumerate(frames):
            self._client.say(json.dumps({"op": "subscribe", "args": args, "id": str(number + 1)}))
        answers = Tally()
        while True:
            texts, kernel_ns = self._client.kept(), None
            if not texts:
                texts, kernel_ns, _ = self._client.read()
            for text in texts:
                answers.take(text, counts=False)
                self.heard(text, kernel_ns, 0)
            if answers.refused:
                raise ConnectionError(f"a subscription was refused: {answers.refused}")
            if answers.acknowledged >= len(frames):
                break
        self._client.make_immediate()
        self._session.engine.listen(self._client.fileno(), self.readable)

    def readable(self) -> None:
        """The engine saw that something came."""
        try:
            texts, kernel_ns, received_ns = self._client.read()
        except OSError as error:
            self._session.engine.unlisten(self._client.fileno())
            self.ended(error)
            return
        for text in texts:
            self.heard(text, kernel_ns, received_ns)

    def heard(self, text: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """One message; times in ns, `received_ns` 0 while subscribing."""
        raise NotImplementedError

    def ended(self, error: OSError) -> None:
        """The stream ended before the run did."""
        self._session.stop(f"a stream failed: {error}")

    def close(self) -> None:
        """Hang up."""
        self._client.close()
