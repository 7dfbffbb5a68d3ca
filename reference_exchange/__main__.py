"""`python -m reference_exchange`: the exchange on loopback ports, for people, SDKs, the suite."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from conformance.arguments import Arguments
from conformance.errors import ConfigurationError, SuiteError
from conformance.target import is_loopback
from reference_exchange.config import MANNERS, ExchangeConfig
from reference_exchange.server import Addresses, Ports, serve

EXTRA_WORK_US_MAX = 1_000_000


def main(words: list[str] | None = None) -> int:
    """Serve until told to stop; what cannot be used is one line and exit code 3."""
    try:
        options = _parser().parse_args(words)
        config, ports = _config(options), _ports(options)
        if options.while_stdin:
            threading.Thread(target=_end_with_input, daemon=True).start()
        names = [name for word in options.fault for name in word.split(",") if name]
        serve(config, ports, names, options.ready_file, lambda where: _greet(where, names))
    except SuiteError as error:
        print(f"reference exchange: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


def _end_with_input() -> None:
    """Whoever started us holds the other end; the system lets go of it however that process ends."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _config(options: argparse.Namespace) -> ExchangeConfig:
    """The manner that was asked for, with what was said besides."""
    if not 0 <= options.extra_work_us <= EXTRA_WORK_US_MAX:
        raise ConfigurationError(f"--extra-work-us is 0 to {EXTRA_WORK_US_MAX}")
    manner = MANNERS[options.manner]
    said = {"limit": options.limit, "kind": options.limiter}
    limiter = replace(manner.limiter, **{k: v for k, v in said.items() if v is not None})
    chosen = {
        "refusals": options.refusals,
        "market_bodies": options.market_bodies,
        "decimals": options.decimals,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    extra_us = options.extra_work_us
    return replace(manner, seed=options.seed, limiter=limiter, extra_work_us=extra_us, **given)


def _ports(options: argparse.Namespace) -> Ports:
    if not is_loopback(options.host) and not options.exposed:
        raise ConfigurationError(
            f"{options.host} is not loopback: anybody could log in; say --exposed if that is meant"
        )
    return Ports(options.host, options.port, options.stream_port, options.control_port)


def _greet(where: Addresses, names: list[str]) -> None:
    print(f"REST     {where.rest}")
    print(f"stream   {where.stream}")
    print(f"control  {where.control}")
    print("accounts alice, bob and carol @example.com, password secret")
    print(f"faults   {', '.join(names) or 'none'}")
    print(f'try      curl "{where.rest}/market/data/quotations/coin?coin=btc"')
    print("Ctrl-C stops it.", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="python -m reference_exchange", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--exposed", action="store_true", help="allow a host that other machines reach"
    )
    parser.add_argument("--port", type=int, default=8080, help="REST; 0 is a free one")
    parser.add_argument("--stream-port", type=int, default=8081)
    parser.add_argument("--control-port", type=int, default=8082)
    parser.add_argument(
        "--while-stdin", action="store_true", help="end when the standard input ends"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--fault", action="append", default=[], help="a name, or several with commas"
    )
    manners = "how it does what the documents leave open"
    parser.add_argument("--manner", choices=sorted(MANNERS), default="default", help=manners)
    parser.add_argument("--limit", type=int, help="requests a minute, 1200 by default; 0: no limit")
    kinds = ("fixed", "sliding_log", "token_bucket")
    parser.add_argument("--limiter", choices=kinds)
    slower = "work so much longer at each request, as a slower build would"
    parser.add_argument("--extra-work-us", type=int, default=0, help=slower)
    parser.add_argument("--refusals", choices=("http", "envelope"))
    parser.add_argument("--market-bodies", choices=("envelope", "bare"))
    parser.add_argument("--decimals", choices=("string", "number"))
    parser.add_argument(
        "--ready-file", type=Path, help="gets the addresses as JSON once they listen"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
