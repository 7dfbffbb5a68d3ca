"""Who there is to ask with on a target: its accounts, a key of ours, addresses of this machine, and what to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time_ns
from typing import Any, Final, Protocol

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.spec.contract import Contract
from conformance.target import Target, is_loopback
from conformance.wire.http import Request
from conformance.wire.rest import build, outcome_of
from conformance.wire.signing import Key, sign
from load.client import Answer, Client
from load.limits.inquiry import Asks
from load.limits.steps import Batch, Dimension, Subject
from load.limits.told import told
from load.questions import LOGIN, Question, is_read, questions

HERE: Final = "127.0.0.1"
ANOTHER: Final = "127.0.0.2"  # all of 127.0.0.0/8 is this machine
CREATE, DELETE = "createApiKey", "deleteApiKey"
WORD: Final = "k"  # the name of our key among subjects


class Desk(Protocol):
    """What it takes to get ready: a load session, or an exchange in virtual time."""

    @property
    def contract(self) -> Contract:
        """The document."""

    @property
    def target(self) -> Target:
        """Whom it is about."""

    def log_in(self, client: Client, account: str) -> str:
        """The token of an account. Raises TargetUnreachable."""

    def once(self, client: Client, request: Request) -> Answer:
        """Ask once. Raises TargetUnreachable."""

    def note_error(self, operation: str, why: str) -> None:
        """Say what went wrong."""


class Voices:
    """Prepares whoever asks, and makes their requests. `tidy` takes the key back."""

    def __init__(
        self, desk: Desk, prepare: Callable[[Request], bytes], now_ns: Callable[[], int] = time_ns
    ) -> None:
        self._desk = desk
        self._prepare = prepare
        self._now_ns = now_ns
        self._tokens: dict[str, str] = {}
        self._key: Key | None = None
        self._asked: list[tuple[int, str, str]] = []  # when, by whom, what
        found, _ = questions(desk.contract, desk.target)
        contract = desk.contract
        self._reads = {
            each.operation: each
            for each in found
            if each.is_private and is_read(contract.operations[each.operation])
        }

    def get_ready(self, client: Client) -> None:
        """Log in, and make a key where that is allowed. Raises SuiteError in one line."""
        if not self._reads:
            raise ConfigurationError("the OpenAPI document has no private read to ask in a burst")
        for number, account in enumerate(self._accounts()):
            self._asked.append((self._now_ns(), "", LOGIN))
            try:
                self._tokens[account] = self._desk.log_in(client, account)
            except TargetUnreachable as error:
                if not number:
                    raise
                self._desk.note_error(LOGIN, str(error))  # then the account's part stays unsure
        if self._desk.target.allows.keys and CREATE in self._desk.contract.operations:
            self._key = self._create(client)

    def asks(self, most: int) -> Asks:
        """Whom there is to ask, the last account first: no other scenario trades with it."""
        operations = sorted(self._reads, key=lambda x: (self._is_post(x), len(self._path(x)), x))
        account = self._accounts()[0]
        host = HERE if self._is_here() else ""
        first = Subject(host, account, "", operations[0])
        variants: dict[Dimension, Subject] = {}
        if len(operations) > 1:
            variants["operation"] = first.asking(operations[1])
        if self._key is not None:
            variants["key"] = replace(first, key=WORD)
        if len(self._tokens) > 1:
            variants["account"] = replace(first, account=self._accounts()[1])
        if host:
            variants["address"] = replace(first, address=ANOTHER)
        return Asks(first, variants, tuple(operations), most)

    def before(self, start_ns: int) -> list[Batch]:
        """What was asked to get ready, as seconds since a start that came later: it may count as well."""
        host = HERE if self._is_here() else ""
        return [
            Batch(Subject(host, account, "", operation), ((at_ns - start_ns) / 1e9,))
            for at_ns, account, operation in self._asked
        ]

    def payload(self, subject: Subject) -> bytes:
        """The bytes of a subject's next request: with its token, or freshly signed."""
        question = self._reads[subject.operation]
        if not subject.key:
            return self._prepare(question.by(self._tokens[subject.account]))
        assert self._key is not None
        recipe = self._desk.target.conventions.signing.recipe
        signed = sign(recipe, question.request, self._key, self._now_ns() // 1_000_000)
        return self._prepare(signed)

    def tidy(self, client: Client, wait: Callable[[float], None], most_s: float) -> None:
        """Delete the key that was made, for which its account may have to wait until it is let through again."""
        if self._key is None:
            return
        why = self._delete(client, self._key)
        if isinstance(why, float) and why <= most_s:
            wait(why)
            why = self._delete(client, self._key)
        if why is not None:
            said = f"refused for {why:g} s more" if isinstance(why, float) else why
            self._desk.note_error(DELETE, f"our key {self._key.name} is still there: {said}")

    def _delete(self, client: Client, key: Key) -> float | str | None:
        """None when it is gone; else after how long it may be tried again, or why not."""
        try:
            answer = self._desk.once(client, self._by_token(DELETE, {"apiKey": key.name}))
        except TargetUnreachable as error:
            return str(error)
        outcome = outcome_of(answer.response)
        if outcome.is_accepted:
            return None
        wait_s = told(answer.response, self._now_ns() / 1e9).retry_after_s
        return f"{outcome.status} {outcome.message}" if wait_s is None else wait_s

    def _accounts(self) -> list[str]:
        return list(self._desk.target.accounts)[::-1][:2]

    def _create(self, client: Client) -> Key | None:
        form = {"remark": "rate limit", "scopes": "read"}
        self._asked.append((self._now_ns(), self._accounts()[0], CREATE))
        answer = self._desk.once(client, self._by_token(CREATE, form))
        data = outcome_of(answer.response).data
        if not (isinstance(data, dict) and data.get("apiKey") and data.get("secret")):
            return None
        return Key(str(data["apiKey"]), str(data["secret"]))

    def _by_token(self, operation: str, form: dict[str, Any]) -> Request:
        asked = self._desk.contract.operations[operation]
        token = self._tokens[self._accounts()[0]]
        headers = (("Authorization", token),)
        return build(asked.method, asked.path, form=form, headers=headers)

    def _path(self, operation: str) -> str:
        return self._question(operation).request.target

    def _is_post(self, operation: str) -> bool:
        return self._question(operation).request.method != "GET"

    def _question(self, operation: str) -> Question:
        return self._reads[operation]

    def _is_here(self) -> bool:
        host = self._desk.target.host
        return is_loopback(host) and ":" not in host
