# The one door, for people and for CI. `make` alone lists the commands.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready

$(READY): requirements.lock requirements.uv.lock
	@echo "setting up $(VENV) (once; later runs skip this)"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 is needed, this is " + sys.version.split()[0] + "; say PYTHON=/path/to/python3.11" if sys.version_info[:2] != (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.uv.lock
	@$(VENV)/bin/uv pip sync --quiet --python $(RUN) --require-hashes requirements.lock \
	  || $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.PHONY: setup
setup: $(READY) ## install what the suite needs into .venv (every other command does this by itself)
