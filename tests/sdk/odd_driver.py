"""A driver that is odd in one way, named by its argument; else it answers as a public SDK would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

HOW = sys.argv[1]
SDK = {"name": "odd", "version": "0", "language": "Python"}
config: dict[str, Any] = {}


def say(line: Any) -> None:
    print(line if isinstance(line, str) else json.dumps(line), flush=True)


def began_before() -> bool:
    mark = Path("began")
    if mark.exists():
        return True
    mark.touch()
    return False


def child() -> None:
    """A process that stays for a while with this one's output, and whose id is told by a file."""
    started = subprocess.Popen(["sleep", "60"])
    Path("child").write_text(str(started.pid), encoding="utf-8")


def hello(step: dict[str, Any]) -> None:
    if HOW == "dies-for-good" and began_before():
        sys.exit(3)
    if HOW == "has-a-child":
        child()
    if HOW == "has-a-child-and-dies":
        child()
        sys.exit(7)
    if HOW == "no-newline":
        while True:
            sys.stdout.write("x" * 65_536)
    if HOW == "logs":
        while True:
            sys.stderr.write("x" * 65_536)
    if HOW == "garbage":
        say("Starting up...")
    if HOW == "exits":
        sys.exit(7)
    if HOW == "silent":
        return
    if HOW == "odd-name":
        SDK["name"] = "half of a letter: \ud83d"
    version = "2.0" if HOW == "newer" else "1.0"
    has_account = HOW in ("internal", "nothing", "dies-for-good", "tells-all")
    features = ["token"] if has_account else []
    say(
        {
            "id": step["id"],
            "ok": True,
            "result": {"protocol": version, "sdk": SDK, "features": features},
        }
    )


def call(step: dict[str, Any], count: int) -> None:
    if HOW in ("dies", "dies-for-good") and count > 1:
        os._exit(9)
    if HOW == "waits" and count > 1:
        Path("waiting").touch()
        time.sleep(60)
    if HOW == "odd-later" and count > 1:
        say({"id": step["id"], "ok": False, "error": "no answer"})
        return
    if HOW == "internal" and step["operation"] != "getCoinTicker":
        error = {"kind": "internal", "message": "TypeError: cannot read"}
        say({"id": step["id"], "ok": False, "error": error})
        return
    if HOW == "nothing":
        say({"id": step["id"], "ok": True, "result": {"symbol": "BTC/USDT"}})
        return
    if HOW == "no-tls" and config["rest"].startswith("https:"):
        error = {"kind": "transport", "message": "https is not known"}
        say({"id": step["id"], "ok": False, "error": error})
        return
    if HOW == "twice":
        say({"id": step["id"] + 1000, "ok": True})
    address = config["rest"] + "/market/data/quotations/coin?coin=btc"
    with urllib.request.urlopen(address, timeout=5) as response:
        say({"id": step["id"], "ok": True, "result": json.load(response)["data"]})


def main() -> None:
    count = 0
    for line in sys.stdin:
        step = json.loads(line)
        if step["do"] == "hello":
            hello(step)
        elif step["do"] == "call":
            count += 1
            call(step, count)
        else:
            config.update(step.get("config", {}))
            if HOW == "tells-all":
                sys.stderr.write(f"{line}\n")
            say({"id": step["id"], "ok": True, "result": {}})
        if step["do"] == "bye":
            return


main()
