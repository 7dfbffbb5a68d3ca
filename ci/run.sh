#!/usr/bin/env bash
# One job of the suite inside a pipeline: runs it, says what came of it, and ends with the suite's own exit code,
# which make would turn into 2. Settings are variables: JOB and those of the Makefile; an empty one is left out.
#
#   SDK         of the job sdk-gate: python, node, java, go, or a command, run in FOLDER (where this is called, by default);
#               MODE=driver says that the command is a driver and not the SDK's own tests, LIMIT_S how long these may take
#   JOB         conformance (default) | contract | load | nightly | sdk-gate
#   REPORT_DIR  where the run's folder is copied to, for pipelines that need a fixed place
#   EXIT_ZERO   not empty: end with 0 whatever came of it, for a caller that reads the outputs
#
# Outputs go to $GITHUB_OUTPUT where that is set, and to stdout: verdict, exit-code, run, report.
set -euo pipefail

caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
JOB=${JOB:-conformance}

refuse() {
  echo "ci/run.sh: $1" >&2
  exit 3
}

case $JOB in
  conformance | contract | load | nightly | sdk-gate) ;;
  *) refuse "JOB is '$JOB': it has to be conformance, contract, load, nightly or sdk-gate" ;;
esac

# A path of the caller's repository is meant from there.
if [[ -f $caller/${TARGET:-} ]]; then TARGET=$caller/$TARGET; fi
if [[ -n ${HISTORY:-} && $HISTORY != /* ]]; then HISTORY=$caller/$HISTORY; fi
if [[ -n ${REPORT_DIR:-} && $REPORT_DIR != /* ]]; then REPORT_DIR=$caller/$REPORT_DIR; fi

if [[ $JOB == sdk-gate ]]; then
  meant=${FOLDER:-.}
  FOLDER=$(cd "$caller" && cd "$meant" 2>/dev/null && pwd) || refuse "there is no folder $meant"
fi

# Where a make calls this, its own settings are not meant for ours.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

words=()
for name in TARGET SEED BASE_URL STREAM_URL CONTROL_URL ONLY SCENARIO PROFILE BUDGET ROUNDS HISTORY \
  MODE FOLDER DEVIATIONS LIMIT_S; do
  value=${!name:-}
  unset "$name" # also an empty one: make would take it for a setting
  if [[ -z $value ]]; then continue; fi
  # They end up between single quotes in a recipe of make.
  if [[ $value == *[\'\$]* || $value == *$'\n'* ]]; then
    refuse "$name must not hold a quote, a dollar sign or a line break"
  fi
  words+=("$name=$value")
done
# The command of an SDK may hold anything: it stays a variable of the environment, which make passes on as it is.
if [[ -n ${SDK:-} ]]; then export SDK; else unset SDK; fi

log=$(mktemp)
began=$(mktemp)
trap 'rm -f "$log" "$began"' EXIT
code=0
# In plain words: make says the code in the language of whoever calls.
LANGUAGE=C LC_ALL=C.UTF-8 make "$JOB" "${words[@]}" 2>&1 | tee "$log" || code=$?
if ((code)); then
  said=$(sed -nE 's/^make(\[[0-9]+\])?: \*\*\* \[.*\] Error ([0-9]+)$/\2/p' "$log" | tail -n 1)
  code=${said:-3}
fi

case $code in
  0) verdict=pass ;;
  1) verdict=fail ;;
  2) verdict=inconclusive ;;
  4) verdict=stopped ;;
  *) verdict=error ;;
esac
run='' report=''
# Not by another name: a night that is gone on with has the name that it had.
after=$(readlink runs/latest 2>/dev/null || true)
if [[ -n $after && -n $(find "runs/$after/" -newer "$began" -print -quit) ]]; then
  run=$PWD/runs/$after
  if [[ -f $run/report.html ]]; then report=$run/report.html; fi
fi
if [[ -n ${REPORT_DIR:-} && -n $run ]]; then
  mkdir -p "$REPORT_DIR"
  cp -R "$run/." "$REPORT_DIR/"
fi
printf '%s\n' "verdict=$verdict" "exit-code=$code" "run=$run" "report=$report" |
  tee -a "${GITHUB_OUTPUT:-/dev/null}"
if [[ -n ${EXIT_ZERO:-} ]]; then exit 0; fi
exit "$code"
