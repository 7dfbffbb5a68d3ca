"""Beyond the committed vectors: the two implementations agree on values that nobody chose."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from conformance.wire.signing import Recipe, signature
from sdk_gate.vectors import files
from sdk_gate.vectors.check import by_ourselves
from sdk_gate.vectors.encoding import encode_all
from sdk_gate.vectors.files import FOLDER
from sdk_gate.vectors.second import by_node

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "sdk-vectors.md"
LETTERS = "aZ09 -._~!*'();:@&=+$,/?#[]%\"\\<>^`{|}\n\t\u00e9\u0301\u6f22\u20ac\u2028\U0001f680"


def some_text(chance: random.Random) -> str:
    """A short text of awkward letters."""
    return "".join(chance.choices(LETTERS, k=chance.randrange(12)))


def some_decimal(chance: random.Random) -> str:
    """A decimal in any notation."""
    whole = chance.randrange(1, 10 ** chance.randrange(1, 21))
    fraction = "".join(chance.choices("0123456789", k=chance.randrange(17)))
    exponent = chance.choice(["", f"e{chance.randrange(-16, 8)}", f"E-{chance.randrange(16)}"])
    return f"{chance.choice(['', '-'])}{whole}{'.' + fraction if fraction else ''}{exponent}"


def some_request(chance: random.Random) -> dict[str, Any]:
    """What is to be signed."""
    pairs = [[f"n{n}{some_text(chance)}", some_text(chance)] for n in range(chance.randrange(4))]
    return {
        "method": chance.choice(["GET", "POST"]),
        "path": "/tx/spot/add",
        "query": pairs if chance.random() < 0.5 else [],
        "form": pairs if chance.random() < 0.5 else None,
        "timestamp": str(chance.randrange(1, 10**13)),
        "window": chance.choice(["", "1", "5000"]),
        "key": "ft-vectors",
        "secret": f"not-a-secret-{some_text(chance)}",
    }


def some_documents(chance: random.Random, count: int) -> dict[str, Any]:
    """Inputs without any stages."""
    texts = [some_text(chance) for _ in range(count)]
    decimals = [some_decimal(chance) for _ in range(count)]
    rows: dict[str, list[dict[str, Any]]] = {
        "encoding": [{"kind": "value", "value": x, "also": [], "wrong": []} for x in texts],
        "decimals": [{"kind": "sent", "given": x, "also": []} for x in decimals],
        "signing": [{"input": some_request(chance)} for _ in range(count)],
    }
    return {
        name: {"vectors": [{"id": str(n), **each} for n, each in enumerate(vectors)]}
        for name, vectors in rows.items()
    }


@needs_node
def test_both_implementations_agree_on_what_nobody_chose() -> None:
    documents = some_documents(random.Random(20261126), 500)
    assert by_node(documents) == by_ourselves(documents)


VALUES = [each for each in files.load("encoding")["vectors"] if each["kind"] == "value"]
# What JavaScript itself has for a list of values on standard input: a list for each of three ways.
JAVASCRIPT = """
const values = JSON.parse(require("fs").readFileSync(0, "utf8"));
const form = (value) => new URLSearchParams([["v", value]]).toString().slice(2);
const ways = [encodeURIComponent, form, require("querystring").escape];
process.stdout.write(JSON.stringify(ways.map((way) => values.map((value) => way(value)))));
"""


def unlisted(encoded: list[str]) -> list[str]:
    """The values whose encodings a reader of the vectors would take for wrong ones."""
    pairs = zip(VALUES, encoded, strict=True)
    return [each["id"] for each, text in pairs if text not in (each["encoded"], *each["also"])]


def test_what_libraries_of_python_write_is_listed() -> None:
    assert unlisted([quote(each["value"]) for each in VALUES]) == []
    assert unlisted([quote(each["value"], safe="") for each in VALUES]) == []
    queries = [httpx.URL("http://x/", params={"v": each["value"]}).query for each in VALUES]
    assert unlisted([each.decode().removeprefix("v=") for each in queries]) == []


@needs_node
def test_what_javascript_writes_is_listed() -> None:
    given = json.dumps([each["value"] for each in VALUES])
    done = subprocess.run(
        ["node", "-e", JAVASCRIPT],
        input=given.encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    ways = json.loads(done.stdout)
    assert [unlisted(way) for way in ways] == [[], [], []]


def test_the_loop_of_the_page_accepts_the_suites_own_signing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    loop = page.partition("```python\n")[2].partition("```")[0]
    seen: list[str] = []

    def canonical(given: dict[str, Any], query: str, body: str) -> str:
        seen.append(given["path"])
        head = given["timestamp"] + given["window"] + given["method"] + given["path"]
        return head + (f"?{query}" if query else "") + body

    def sign(text: str, secret: str) -> str:
        return signature(Recipe(), secret, text.encode())

    sdk = SimpleNamespace(encode=encode_all, canonical=canonical, signature=sign)
    monkeypatch.chdir(FOLDER)
    exec(loop, {"sdk": sdk, "json": json})
    assert len(seen) == len(files.load("signing")["vectors"])
