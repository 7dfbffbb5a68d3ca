"""Words that no command knows are the user's mistake: exit code 3 and one line, never 2, which is a verdict."""

from __future__ import annotations

from importlib import import_module

import pytest

from conformance.errors import ExitCode


@pytest.mark.parametrize(
    ("module", "words", "said"),
    [
        ("conformance", ["contract", "--seed", "abc"], "argument --seed: invalid int value: 'abc'"),
        ("conformance", ["nightly", "--rounds", "x"], "argument --rounds: invalid int value: 'x'"),
        ("conformance", ["concord"], "invalid choice: 'concord'"),
        (
            "load",
            ["--run", "x", "--workers", "two"],
            "argument --workers: invalid int value: 'two'",
        ),
        ("load", ["--run", "x", "--scenario", "all"], "invalid choice: 'all'"),
        ("load", [], "one of the arguments --run --recover is required"),
        ("reports", [], "the following arguments are required: run"),
        ("reports.history", ["prune"], "the following arguments are required: --keep-days"),
        ("reports.sdk_matrix", [], "the following arguments are required"),
        ("reports.trend", ["x", "--margin", "wide"], "argument --margin: invalid float value"),
        ("reference_exchange", ["--port", "http"], "argument --port: invalid int value: 'http'"),
        ("sdk_gate", ["--sdk", "python", "--mode", "both"], "invalid choice: 'both'"),
        ("sdk_gate.vectors", ["make"], "invalid choice: 'make'"),
    ],
)
def test_words_that_no_command_knows(
    module: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = module if module in ("reports.sdk_matrix", "reports.trend") else f"{module}.__main__"
    assert import_module(name).main(words) == ExitCode.ERROR
    out, err = capsys.readouterr()
    assert said in err
    assert err.endswith("--help tells what there is\n")
    assert (out, err.count("\n")) == ("", 1)
