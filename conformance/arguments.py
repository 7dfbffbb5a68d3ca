"""Arguments of a command: a mistake in them is exit code 3; the 2 of argparse means that something cannot be told."""

from __future__ import annotations

import argparse
from typing import NoReturn

from conformance.errors import ConfigurationError


class Arguments(argparse.ArgumentParser):
    """What cannot be used raises ConfigurationError, also in a command of a command."""

    def error(self, message: str) -> NoReturn:
        """Say it in one line."""
        raise ConfigurationError(f"{message}; {self.prog} --help tells what there is")
