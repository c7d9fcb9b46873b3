# The two commands of the README are `make run` and `make test`; `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE

# The newest Python that starts, 3.13 (production) first; `make PYTHON=... run` overrides it.
PYTHON ?= $(shell for p in python3.13 $$HOME/.pyenv/versions/3.13.*/bin/python3 python3.12 python3.11 python3; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
BIN := .venv/bin

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | sed -E 's/:[^#]*## /\t/' | expand -t 18

# uv installs in seconds; pip is the way round where uv cannot reach the index as pip is told to.
.venv/ready: requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found; name one: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing into .venv with $(PYTHON)"
	@rm -rf .venv && "$(PYTHON)" -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt \
	  || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: lock
lock: .venv/ready ## resolve the pins of pyproject.toml into requirements/*.txt
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header --no-annotate -q -o requirements/dev.txt
	$(BIN)/uv pip compile pyproject.toml -c requirements/dev.txt --universal --generate-hashes --no-header --no-annotate -q -o requirements/runtime.txt
	echo openapi-spec-validator | $(BIN)/uv pip compile - -c requirements/dev.txt --universal --generate-hashes --no-header --no-annotate -q -o requirements/contract.txt

.PHONY: run
run: .venv/ready ## serve on http://127.0.0.1:8080 (PORT changes it) with an embedded AWS
	@exec $(BIN)/python -m local

.PHONY: test
test: .venv/ready ## run everything that CI runs
	$(BIN)/tox run

.PHONY: check
check: .venv/ready ## run the fast part, what you run all day
	$(BIN)/python -m service.contract compile
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m service.contract.generate --check
	$(BIN)/pytest -q -m "not slow" --numprocesses auto --maxprocesses 4 --dist worksteal tests/contract tests/unit tests/api

.PHONY: nightly
nightly: .venv/ready ## take ten times as many random steps through the account life, other ones every day
	$(BIN)/python -m service.contract compile
	HYPOTHESIS_PROFILE=nightly MACHINE_SEED=$${MACHINE_SEED:-$$(date +%Y%m%d)} $(BIN)/pytest -q tests/machine

.PHONY: requirements
requirements: .venv/ready ## run the tests that prove the requirements, write docs/requirements.md; ARGS=--new runs new ones
	$(BIN)/python -m service.contract compile
	$(BIN)/python -m tests.requirements $(ARGS)

.PHONY: operation
operation: .venv/ready ## write handler, domain function and failing tests of what is new in the contract
	$(BIN)/python -m service.contract.scaffold

.PHONY: deploy-local
deploy-local: .venv/ready ## deploy to an AWS on this machine, use it, take it down
	$(BIN)/python -m ci.deploy_local

# The peers have a virtual environment of their own: nothing of theirs may reach .venv.
BENCH := .local/bench
$(BENCH)/ready: benchmarks/requirements.txt pyproject.toml .venv/ready
	$(BIN)/python -m venv --clear $(BENCH)
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > $(BENCH)/service.txt
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt -r $(BENCH)/service.txt
	@touch $@

.PHONY: bench
bench: $(BENCH)/ready ## measure beside FastAPI, Powertools and others; `make bench ARGS=--check` judges only
	$(BIN)/python -m service.contract compile
	$(BIN)/python -W ignore -m benchmarks $(BENCH)/bin/python $(ARGS)
