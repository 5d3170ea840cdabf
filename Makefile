# Holdfast. `make demo` shows it, `make test` and `make chaos` prove it; both work on a fresh clone.
#
# Needs python3 (3.11 or newer) and make. Packages come from whatever index pip is configured for.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo up test properties chaos check bench manual manual-check lock clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: $(READY) ## the virtual environment, from pinned packages with hashes

# The stamp names the packages it was made from: another requirements.txt, another environment.
$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Holdfast needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo 'This Python cannot make a virtual environment: install its venv package (Debian, Ubuntu: python3-venv).' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

demo: $(READY) ## two real cases, played at practice banks, in a minute or two
	$(BIN)/python starter.py demo

up: $(READY) ## the lasting world: Temporal UI, practice institutions, worker; Ctrl-C ends it
	$(BIN)/python starter.py up

test: $(READY) ## every test but the chaos drills
	$(BIN)/python -m pytest

properties: $(READY) ## the property tests with examples nobody has tried; a minute
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fresh

chaos: $(READY) ## whole drills under kills and faults; some fifteen minutes
	$(BIN)/python -m pytest -m chaos tests/chaos

check: $(READY) ## lint, form and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy .

bench: $(READY) ## the numbers
	$(BIN)/python -m benchmarks

manual: $(READY) ## the duty manual's pictures anew, of the running stack; needs a Chromium
	$(BIN)/python -m docs.manual.make

manual-check: $(READY) ## the duty manual names what there is, and its pictures are current
	$(BIN)/python -m docs.manual.check

lock: $(READY) ## requirements.txt anew from requirements.in
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file=requirements.txt requirements.in

clean: ## everything that can be made again, not .holdfast
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
