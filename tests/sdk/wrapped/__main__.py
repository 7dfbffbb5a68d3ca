"""`python -m tests.sdk.wrapped`: the gate around a client that openapi-generator makes from specs/openapi.yaml."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from conformance.errors import SuiteError
from sdk_gate.__main__ import main
from tests.judges import clients, tools

TESTS = Path(__file__).with_name("generated_tests.py")


def run() -> int:
    """Generate, install into an environment of its own, and wrap its tests; the gate's exit code."""
    with tempfile.TemporaryDirectory(prefix="generated-") as folder:
        log = Path(folder).resolve() / "generate.log"
        code = clients.generated_python(log)
        interpreter = tools.environment(log.parent / "environment", [code], log)
        return main(["--sdk", f"{interpreter} {TESTS}"])


if __name__ == "__main__":
    try:
        sys.exit(run())
    except SuiteError as error:
        print(f"wrapped: {error}", file=sys.stderr)
        sys.exit(int(error.exit_code))
