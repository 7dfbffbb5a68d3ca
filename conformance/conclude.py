"""From a run's folder to its summary: what was recorded, judged as a whole, on its own and offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from conformance import night_state
from conformance.cases.claim import Claim, Verdict
from conformance.record import rounds_file, run_log, summary, trend_file
from conformance.record.load_file import read as read_load
from conformance.spec import requirements as catalogue
from conformance.spec.contract import Contract
from conformance.target import TARGETS, Target, load
from conformance.verdict import deviations, latency, rate_limit
from conformance.verdict.findings import Finding, conclude

LOAD_ONLY = (latency.EXECUTION,)
SDK = "sdk"  # the kind of a run of the gate


def conclude_run(folder: Path, today: date) -> dict[str, Any]:
    """Write summary.json into a run's folder and return it. Raises RunError, ConfigurationError."""
    lines = run_log.read(folder)
    header = lines[0]
    target = load(header["target_file"])
    contract = Contract.load(Path(header["openapi"]), Path(header["asyncapi"]), target.settings)
    load_run, trend = read_load(folder), trend_file.read(folder)
    found = [*run_log.findings(lines), *_load_findings(header, load_run, target)]
    footer = lines[-1] if run_log.is_whole(lines) else {}
    is_sdk = header["kind"] == SDK
    requirements = catalogue.of_sdks() if is_sdk else catalogue.load(contract)
    conclusion = conclude(
        requirements,
        found,
        target.for_sdks() if is_sdk else target,
        deviations.load(_deviations_of(header), requirements, today),
        is_whole=not header["selection"],
        is_cut_short=not footer,
        is_measured=_is_measured(header, load_run),
        is_slower=trend is not None and trend["verdict"] == trend_file.WORSE,
    )
    document = summary.build(
        header={**header, "requests_sent": footer.get("requests_sent", 0)},
        conclusion=conclusion,
        contract=contract,
        asked={**(_never_asked(contract) if is_sdk else {}), **footer.get("asked", {})},
        heard=footer.get("heard", {}),
        load=load_run,
        duration_s=_duration_s(folder, footer, load_run),
        warnings=[*_warnings(footer, load_run, is_sdk), *_spoilt_rounds(folder)],
        notes=[*(line["text"] for line in lines if line["line"] == "note"), *_left_out(folder)],
        night=_night(folder, trend),
    )
    summary.write(folder, document)
    return document


def _night(folder: Path, trend: dict[str, Any] | None) -> dict[str, Any]:
    """What only a nightly run has."""
    rounds = rounds_file.read(folder)
    digest = {"trend": trend_file.digest(trend)} if trend else {}
    return {**({"rounds": rounds} if rounds else {}), **digest}


def _duration_s(folder: Path, footer: dict[str, Any], load_run: Iterable[dict[str, Any]]) -> float:
    """Of a night from its beginning to its end; of other runs what their parts took."""
    state = night_state.read(folder)
    if state is not None and state.lasted_s:
        return state.lasted_s
    return float(footer.get("duration_s", 0.0) + sum(x.get("duration_s", 0) for x in load_run))


def _spoilt_rounds(folder: Path) -> Iterator[str]:
    """A night with fewer valid rounds than were asked for compares less, or nothing."""
    state, rounds = night_state.read(folder), rounds_file.read(folder)
    if state is None or not rounds:
        return
    asked = int(state.settings.get("rounds", 0))
    valid = rounds_file.valid_rounds(rounds)
    reasons = Counter(str(x["why_invalid"]).partition(";")[0] for x in rounds if not x["valid"])
    if valid < asked and reasons:
        commonest = reasons.most_common(1)[0][0]
        yield f"{valid} of {asked} rounds beside the control are valid; what spoilt most: {commonest}"
    elif valid < asked:
        yield f"{valid} of {asked} rounds beside the control were measured"


def _left_out(folder: Path) -> Iterator[str]:
    state = night_state.read(folder)
    for part, why in state.left_out.items() if state else ():
        yield f"left out of this night: {part}: {why}"


def _is_measured(header: dict[str, Any], load_run: list[dict[str, Any]]) -> bool | None:
    """Whether all that a load run measured is valid; None for a run that is about something else."""
    if header["kind"] != "load":
        return None
    return bool(load_run) and all(each["valid"] for each in load_run)


def _deviations_of(header: dict[str, Any]) -> Path:
    """An SDK's deviations are in the SDK's repository, an exchange's beside its target's file."""
    given = header.get("deviations")
    return Path(given) if given else deviations_file(header["target_file"])


def deviations_file(target_file: str) -> Path:
    """The deviations beside a target's file."""
    if "/" in target_file or target_file.endswith(".toml"):
        return Path(target_file).with_suffix(".deviations.toml")
    return TARGETS / f"{target_file}.deviations.toml"


def _load_findings(
    header: dict[str, Any], load_run: list[dict[str, Any]], target: Target
) -> Iterator[Finding]:
    if not load_run:
        verdict, why = _unmeasured(header, target)
        for requirement in LOAD_ONLY:
            yield Finding(Claim(requirement, verdict, why), "load")
    for claim in latency.judge(load_run, target.latency):
        yield Finding(claim, "load/order-latency", "make load SCENARIO=order_latency")
    for claim in rate_limit.judge(load_run):
        yield Finding(claim, "load/rate-limit", "make load SCENARIO=rate_limit PROFILE=steady")


def _unmeasured(header: dict[str, Any], target: Target) -> tuple[Verdict, str]:
    """A night that had no time to measure could not tell; a run that is about something else does not ask."""
    if header["kind"] == "nightly" and target.allows.load:
        return Verdict.INCONCLUSIVE, "the longer load was not measured that night"
    if header["kind"] == "nightly":
        return Verdict.SKIPPED, "the target's file allows no load"
    return Verdict.SKIPPED, f"a {header['kind']} run measures no load: make conformance does"


def _never_asked(contract: Contract) -> dict[str, dict[str, Any]]:
    """What an SDK's page says of the operations that it never called."""
    none = {"statuses": {}, "accepted": 0, "refused": 0, "unknown": 0}
    return dict.fromkeys(contract.operations, none)


def _warnings(
    footer: dict[str, Any], load_run: Iterable[dict[str, Any]], is_sdk: bool
) -> Iterator[str]:
    """What could make a pass meaningless, first of all. An SDK is also asked for what the exchange refuses."""
    if not footer:
        yield "the run was cut short: what it had recorded is kept, what was not asked is not judged"
    if not is_sdk:
        yield from _never_accepted(footer.get("asked", {}))
    for scenario in load_run:
        if not scenario["valid"]:
            yield f"the load scenario {scenario['scenario']} is not valid: {scenario['why_invalid']}"


def _never_accepted(asked: dict[str, dict[str, Any]]) -> Iterator[str]:
    never_asked = []
    for name, row in asked.items():
        if not row["statuses"]:
            never_asked.append(name)
        elif not row["accepted"]:
            statuses = ", ".join(f"{status} {count}x" for status, count in row["statuses"].items())
            yield f"{name} was never accepted ({statuses})"
    if never_asked:
        yield f"never asked: {', '.join(never_asked)}"
