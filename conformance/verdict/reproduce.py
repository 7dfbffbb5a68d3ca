"""How to see a finding again by hand: the requests of its check as a shell script of curl lines.

What one answer gave and a later request uses (an order id, a key and its secret, a token) is captured
in a variable, so that the script works on a fresh exchange. Signed requests are signed again by openssl.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.cases.script import Record
from conformance.target import Target
from conformance.wire.http import Request
from conformance.wire.signing import Key

CAPTURED_AT_LEAST = 6
MOST_REQUESTS = 30
BURST_AT_LEAST = 50
DEFAULT_BASE = "http://127.0.0.1:8080"


def curl_script(
    records: Sequence[Record], target: Target, shown: Sequence[int] = (), served: str = ""
) -> str:
    """What is needed to see the records of `shown` again, as one pasteable script.

    Of the requests before them only those stay that may have changed something, or whose answer a
    later one uses. For the embedded target the address is that of `make serve`; `served` says which.
    """
    last = max(shown, default=records[-1].number if records else 0)
    wanted = [record for record in records if record.number <= last]
    needed = [each for place, each in enumerate(wanted) if _is_needed(wanted, place, shown)]
    left_out = max(0, len(needed) - MOST_REQUESTS)
    lines = [f"# on: {served}"] if served else []
    lines.append(f"BASE={DEFAULT_BASE if target.embedded else target.rest}")
    if left_out:
        lines.append(f"# {left_out} earlier requests of this check are left out")
    script = _Script(target)
    kept = needed[left_out:]
    for place, record in enumerate(kept):
        later = "\n".join(_asked(each) for each in kept[place + 1 :])
        is_shown = record.number in shown
        made = list(script.lines(record, is_shown, later))
        times = sum(each.request == record.request for each in wanted) if is_shown else 1
        lines += [*made[:-1], _burst(made[-1], times)] if times >= BURST_AT_LEAST else made
    return "\n".join(lines)


def _burst(line: str, times: int) -> str:
    """The same request as often as it was made, and how often each status came back."""
    quiet = line.replace("curl -s -i", "curl -s -o /dev/null -w '%{http_code}\\n'", 1)
    return f"for i in $(seq {times}); do {quiet}; done | sort | uniq -c"


def _is_needed(records: Sequence[Record], place: int, shown: Sequence[int]) -> bool:
    record = records[place]
    if record.number in shown:
        return True
    if record.operation == "login":
        return False  # the script logs in by itself
    if record.request.method != "GET":
        return True
    leaves = _leaves(record.data).values()
    return bool(leaves) and any(
        text in _asked(each) for each in records[place + 1 :] for text in leaves
    )


def _asked(record: Record) -> str:
    """All that a request says, to find in it what an earlier answer gave."""
    request: Request = record.signed or record.request
    key = (record.key.name, record.key.secret) if record.key else ()
    body = request.body.decode("utf-8", "replace")
    return "\n".join((request.target, body, *(value for _, value in request.headers), *key))


class _Script:
    """What the lines so far have captured."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._captured: dict[str, str] = {}
        self._accounts: set[str] = set()

    def lines(self, record: Record, is_shown: bool, later: str) -> Iterator[str]:
        """The lines for one request; of its answer only what a later request uses is captured."""
        if record.by and record.by not in self._accounts:
            yield self._log_in(record.by)
        if record.key:
            yield from self._sign(record, record.key)
        captures = {path: text for path, text in _leaves(record.data).items() if text in later}
        yield self._curl(record, shows=is_shown and not captures, keeps=bool(captures))
        if captures and is_shown:
            yield f'echo "$R{record.number}"'
        yield from self._capture(captures, record.number)

    def _log_in(self, account: str) -> str:
        self._accounts.add(account)
        known = self._target.accounts[account]
        parameter = self._target.conventions.login_parameter
        variable = f"TOKEN_{account.upper()}"
        form = f"--data-urlencode {shlex.quote(f'{parameter}={known.login}')}"
        secret = f"--data-urlencode {shlex.quote(f'password={known.password}')}"
        ask = f'curl -s -X POST "$BASE/uc/v2/login" {form} {secret}'
        return f"{variable}=$({ask} | jq -r .data.Authorization)"

    def _sign(self, record: Record, key: Key) -> Iterator[str]:
        signed = record.signed or record.request
        recipe = self._target.conventions.signing
        window = signed.header(recipe.window_header) or ""
        sent = signed.header(recipe.timestamp_header) or "0"
        shift = _shift(record, sent)
        yield f"TS=$(( $(date +%s%3N) {shift:+d} ))" if shift else "TS=$(date +%s%3N)"
        parts = {
            "timestamp": '"$TS"',
            "recvWindow": self._quoted(window),
            "key": self._quoted(key.name),
            "METHOD": signed.method,
            "path": self._quoted(signed.path),
            "query": self._quoted(signed.query),
            "?query": self._quoted("?" + signed.query if signed.query else ""),
            "body": self._quoted(signed.body.decode("utf-8", "replace")),
        }
        text = "".join(parts[part] for part in recipe.parts)
        secret = f"-{recipe.algorithm} -hmac {self._quoted(key.secret)}"
        if recipe.encoding == "hex":
            tail = f"openssl dgst {secret} | sed 's/^.* //'"
        else:
            tail = f"openssl dgst {secret} -binary | base64"
        yield f"SIGN=$(printf %s {text} | {tail})"

    def _curl(self, record: Record, shows: bool, keeps: bool) -> str:
        request = record.request
        words = ["curl -s" + (" -i" if shows else ""), "-X", shlex.quote(request.method)]
        words += ["--interface", record.source] if record.source else []
        words.append('"$BASE"' + self._quoted(request.target))
        words += self._headers(record)
        if request.body:
            text = request.body.decode("utf-8", "replace")
            short = text if len(text) <= 4000 else text[:4000]
            words += ["--data-raw", self._quoted(short)]
        line = " ".join(words)
        if keeps:
            return f"R{record.number}=$({line})"
        return line if shows else f"{line}; echo"

    def _headers(self, record: Record) -> Iterator[str]:
        recipe = self._target.conventions.signing
        for name, value in record.request.headers:
            if name == "Authorization" and record.by and value.count(".") == 2:
                yield f'-H "Authorization: $TOKEN_{record.by.upper()}"'
            elif record.key and name == recipe.timestamp_header and not _altered(record, name):
                yield f'-H "{name}: $TS"'
            elif record.key and name == recipe.signature_header and not _altered(record, name):
                yield f'-H "{name}: $SIGN"'
            else:
                yield "-H " + self._quoted(f"{name}: {value}")

    def _capture(self, leaves: dict[str, str], number: int) -> Iterator[str]:
        for path, value in leaves.items():
            if value not in self._captured:
                variable = f"V{len(self._captured) + 1}"
                self._captured[value] = variable
                yield f"{variable}=$(printf %s \"$R{number}\" | jq -r '.data{path}')"

    def _quoted(self, text: str) -> str:
        """Shell text in which what was captured earlier stands as its variable."""
        for value, variable in self._captured.items():
            before, found, after = text.partition(value)
            if found:
                return f'{self._quoted(before)}"${variable}"{self._quoted(after)}'
        return shlex.quote(text) if text else ""


def _altered(record: Record, header: str) -> bool:
    return record.signed is not None and record.request.header(header) != record.signed.header(
        header
    )


def _shift(record: Record, sent: str) -> int:
    """How far the request's own timestamp was moved on purpose, in milliseconds."""
    return record.shift_ms if sent.isdigit() else 0


def _leaves(data: Any) -> dict[str, str]:
    """The texts of an answer that a later request may use: ids, keys, secrets."""
    if isinstance(data, str):
        return {"": data} if len(data) >= CAPTURED_AT_LEAST and not _is_number(data) else {}
    if not isinstance(data, dict):
        return {}
    named = ("orderId", "apiKey", "secret", "Authorization")
    return {f".{key}": str(data[key]) for key in named if data.get(key)}


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and "." in text
