# The one door, for people and for CI. `make` alone lists the commands.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

$(READY): requirements.lock requirements.uv.lock
	@echo "setting up $(VENV) (once; later runs skip this)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 is needed, this is " + sys.version.split()[0] + "; say PYTHON=/path/to/python3.11" if sys.version_info[:2] != (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.uv.lock
	@$(VENV)/bin/uv pip sync --quiet --python $(PY) --require-hashes requirements.lock \
	  || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.PHONY: setup
setup: $(READY) ## install what the suite needs into .venv (every other command does this by itself)

TARGET ?= reference
SEED ?= 1
FAULT ?=
BASE_URL ?=
STREAM_URL ?=
CONTROL_URL ?=
ONLY ?=
PORT ?= 8080
SLOWER_US ?= 0
SPEC ?=
STREAM_SPEC ?=
SCENARIO ?= smoke
PROFILE ?= smoke
WORKERS ?= 1
RUN ?= runs/latest
ROUNDS ?= 8
BUDGET ?=
HISTORY ?= history
FRESH ?=
WITH ?=
DO ?= list
SDK ?= python
MODE ?=
SOURCE ?=
DEVIATIONS ?=
FOLDER ?=
LIMIT_S ?=
# A command may hold quotes and dollars: it goes through the environment as it is.
override SDK := $(value SDK)
export SDK

# Every command line below is built from these; an empty setting leaves its option out.
ADDRESSES = $(if $(BASE_URL),--base-url '$(BASE_URL)') $(if $(STREAM_URL),--stream-url '$(STREAM_URL)') \
  $(if $(CONTROL_URL),--control-url '$(CONTROL_URL)')
DOCUMENTS = $(if $(SPEC),--openapi '$(SPEC)') $(if $(STREAM_SPEC),--asyncapi '$(STREAM_SPEC)')
WHOM = --target '$(TARGET)' --seed '$(SEED)' $(ADDRESSES) $(DOCUMENTS)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  settings: TARGET=$(TARGET) SEED=$(SEED) FAULT= BASE_URL= STREAM_URL= CONTROL_URL= SPEC= ONLY="

.PHONY: conformance
conformance: $(READY) ## the main job: contract tests, a short load run, one report
	@$(PY) -m conformance conformance $(WHOM) $(if $(FAULT),--fault '$(FAULT)')

.PHONY: contract
contract: $(READY) ## contract tests alone; FAULT= tries a fault of the reference exchange
	@$(PY) -m conformance contract $(WHOM) $(if $(FAULT),--fault '$(FAULT)') $(if $(ONLY),--only '$(ONLY)')

.PHONY: load
load: $(READY) ## one load run: SCENARIO=order_latency|rate_limit|stream_throughput|mixed|smoke PROFILE=smoke WORKERS=1
	@$(PY) -m conformance load $(WHOM) --scenario '$(SCENARIO)' --profile '$(PROFILE)' --workers '$(WORKERS)'

# PROFILE's default is for single load runs; a night is longer.
NIGHT_PROFILE = $(if $(filter command line environment,$(origin PROFILE)),$(PROFILE),steady)
.PHONY: nightly
nightly: $(READY) ## unattended: contract, rounds beside a control, longer load, history, trend: BUDGET=30m ROUNDS=8 HISTORY=history
	@$(PY) -m conformance nightly $(WHOM) --profile '$(NIGHT_PROFILE)' --rounds '$(ROUNDS)' --budget '$(BUDGET)' \
	  --history '$(HISTORY)' $(if $(FRESH),--fresh) $(if $(FAULT),--fault '$(FAULT)') $(if $(ONLY),--only '$(ONLY)')

.PHONY: test
test: $(READY) ## the suite's own tests
	@$(PY) -m pytest tests -q -n 3 --dist loadfile

.PHONY: check
check: $(READY) ## format, lint, types, import table, contract lint
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(PY) -m conformance.spec.lint
	@$(PY) -m tests.import_table --check

.PHONY: docs
docs: $(READY) ## write the generated parts of ARCHITECTURE.md again
	@$(PY) -m tests.import_table --write

.PHONY: serve
serve: $(READY) ## the reference exchange, to poke: FAULT= PORT=8080 SLOWER_US=0
	@$(PY) -m reference_exchange --port '$(PORT)' --stream-port "$$(( $(PORT) + 1 ))" \
	  --control-port "$$(( $(PORT) + 2 ))" --seed '$(SEED)' --extra-work-us '$(SLOWER_US)' \
	  $(if $(FAULT),--fault '$(FAULT)')

.PHONY: sdk-gate
sdk-gate: $(READY) ## may this SDK ship? SDK=python|node|java|go|all, or a command: SDK='npm test' [MODE=driver]
	@$(PY) -m sdk_gate --sdk "$$SDK" --target '$(TARGET)' --seed '$(SEED)' $(DOCUMENTS) $(if $(MODE),--mode '$(MODE)') \
	  $(if $(ONLY),--only '$(ONLY)') $(if $(SOURCE),--source '$(SOURCE)') $(if $(DEVIATIONS),--deviations '$(DEVIATIONS)') \
	  $(if $(FOLDER),--folder '$(FOLDER)') $(if $(LIMIT_S),--limit-s '$(LIMIT_S)')

.PHONY: sdk-vectors
sdk-vectors: $(READY) ## the vectors for SDK authors, held against two implementations
	@$(PY) -m sdk_gate.vectors check

.PHONY: report
report: $(READY) ## conclude and draw a saved run again: RUN=runs/... WITH=runs/... lays another over it
	@code=0; $(PY) -m conformance report '$(RUN)' || code=$$?; \
	  $(if $(WITH),[ $$code -ge 3 ] || $(PY) -m reports '$(RUN)' --with '$(WITH)' || exit $$?;) exit $$code

.PHONY: history
history: $(READY) ## the runs that are kept: DO=list|check|rebuild|export|'import PATH'|'prune --keep-days 400'
	@$(PY) -m reports.history $(DO) --history '$(HISTORY)'

.PHONY: prove
prove: $(READY) ## a proof of the suite itself: ONLY=faults|differing|schemathesis|documents|kills|validity|fleet|ci|history|nights|page|sdk|statistics
	@$(PY) -m tests.prove $(if $(ONLY),--only '$(ONLY)')

.PHONY: bench
bench: $(READY) ## our own speed and accuracy, beside peers: ONLY=exchange|generator|latency|limiter|streams|telemetry
	@$(PY) -m tests.bench $(if $(ONLY),--only '$(ONLY)')

.PHONY: clean
clean: ## remove the environment and what tools left; runs/ stays
	rm -rf $(VENV) .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis
