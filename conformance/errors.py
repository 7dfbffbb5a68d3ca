"""Every exception the suite raises about itself, each with the exit code that it stands for.

An exchange that misbehaves is never an exception: that is an outcome or a finding.

    SuiteError              our fault, or the user's input: stops the run, exit code 3
    +- ConfigurationError   a target, a setting or an argument is wrong
    +- ContractError        a document in specs/ does not parse or contradicts itself
    +- TargetUnreachable    nobody answers at the target's address
    +- RunError             a run's folder is missing, truncated or cannot be written
    SafetyStop              a safety limit of the target was reached, exit code 4
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says."""

    PASS = 0
    FAIL = 1
    INCONCLUSIVE = 2
    ERROR = 3
    SAFETY_STOP = 4


class SuiteError(Exception):
    """Our own fault or unusable input; its text says in one line what to do next."""

    exit_code = ExitCode.ERROR


class ConfigurationError(SuiteError):
    """A target file, a setting or a command-line argument cannot be used."""


class ContractError(SuiteError):
    """A contract document does not parse, or says two things that cannot both hold."""


class TargetUnreachable(SuiteError):
    """Nobody answers at the target's address."""


class RunError(SuiteError):
    """A run's folder is missing, cut short or cannot be written."""


class SafetyStop(SuiteError):
    """A safety limit of the target was reached; the run stops by itself."""

    exit_code = ExitCode.SAFETY_STOP
