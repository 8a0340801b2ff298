# `make` lists the targets. Needs Python 3.11 or newer; everything else is installed into .venv by hash.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := .venv/bin
COMPOSE := docker compose
SCALE := --scale auth=2 --scale products=2 --scale cart=3
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

help: ## list the targets
	@if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then on="$$(printf '\033[36m')" off="$$(printf '\033[0m')"; fi; \
	awk -v on="$$on" -v off="$$off" -F ':.*## ' \
		'/^[a-z-]+:.*## / { printf "  %s%-12s%s %s\n", on, $$1, off, $$2 }' $(MAKEFILE_LIST)

run: install ## the whole shop on this machine; ARGS="--scale cart=3"
	@$(BIN)/trolley run $(ARGS)

dev: install ## the same, and restart a service when its code changes
	@$(BIN)/trolley run --reload $(ARGS)

# Four workers, also on two cores: many a test waits for a process of its own. Compiled files are kept even where the
# shell says otherwise: without them each worker compiles all tests again, and each service its code.
test: install ## every test but chaos and browser; with ELASTICSEARCH_URL also on that store
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 4 --dist worksteal -q -m "not chaos and not browser" $(ARGS)

browser: install ## the docs page in Chromium: every operation executed, as customer and as admin
	@$(BIN)/pytest -n 2 -q -m browser -rP $(ARGS)

chaos: install ## parts of a running shop killed and taken away under load; prints what clients saw
	@$(BIN)/pytest -n 3 --dist worksteal -q -m chaos -rP --timeout 300 $(ARGS)

lint: install ## style, types, arrows between the parts, dependencies
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

format: install ## let ruff rewrite the code
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

up: .env ## the whole shop in containers, several replicas of each service
	$(COMPOSE) up --build --detach --wait $(SCALE)

.env:
	@test -n "$(PYTHON)" || { echo "There is no .env. README.md says how to make it without Python." >&2; exit 1; }; \
	"$(PYTHON)" -m trolley.init

init: ## write .env with fresh secrets for compose, or add those that it lacks
	@"$(PYTHON)" -m trolley.init $(ARGS)

down: ## end the containers; their data stays
	$(COMPOSE) down

logs: ## follow the containers' logs
	$(COMPOSE) logs --follow --tail 100

bench: install ## measure the shop against named ceilings
	@$(BIN)/python -m benchmarks $(ARGS)

openapi: install ## write the merged OpenAPI document anew
	@$(BIN)/python -m trolley.openapi

postman: openapi ## write the Postman collection anew, from the merged document

install: ## what `run` and `test` need, into .venv

dataset: ## also what `seed --dataset completejourney` needs

lock: ## how the locked requirements are made (needs uv)
	$(LOCK) --extra tracing pyproject.toml -o requirements.txt
	$(LOCK) --extra tracing --extra dev pyproject.toml -c requirements.txt -o requirements-dev.txt
	$(LOCK) --extra tracing --extra dev --extra dataset pyproject.toml -c requirements-dev.txt -o requirements-dataset.txt

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

clean: ## remove .venv, caches and the data of the local run
	rm -rf .venv .venv.lock .data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Whole or not at all, and one installation at a time; at once when all is there. The lock files are complete, so
# nothing is left to resolve: older versions of pip would take a newer release for a package that another one asks for
# with an extra.
install dataset:
	@python="$(PYTHON)"; test -n "$$python" || { echo "Python 3.11 or newer with venv is needed (on Debian: apt install python3-venv)." >&2; exit 1; }; \
	"$$python" -m trolley.install $(patsubst install,ready,$@)

.PHONY: help run dev test browser chaos lint format init up down logs bench openapi postman install dataset lock clean
