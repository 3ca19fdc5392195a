# Saiken: `make` says what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything into .venv (Python 3.11 and a package index are enough)

# uv first, because it is fast; pip where uv cannot reach the index that pip is configured for.
$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r tools/uv.lock.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock --python $(BIN)/python \
	  || $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline -e . --python $(BIN)/python \
	  || $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q kernel chassis proto services cli
	@touch $(STAMP)

demo: $(STAMP) ## Six months of three business units in about a minute, ending in proven books
	@$(BIN)/saiken demo

run: $(STAMP) ## The suite on the wall clock, data in .saiken/; Ctrl-C ends it
	@$(BIN)/saiken up --foreground

check: $(STAMP) ## Seconds: lint, types, import contracts, contracts, pure tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy kernel chassis services cli tools
	@$(BIN)/lint-imports
	@$(BIN)/buf lint
	@$(BIN)/pytest -m "not real and not soak" --ignore=tests/test_fuzz.py --ignore=tests/test_deploy.py kernel tests services samples tests/test_tidy.py tests/test_subscribers.py cli/tests/test_law_policies.py

# Two halves at once: most of a story's time is waiting for processes to start, and two cores are what a machine has at least.
test: $(STAMP) ## All tests, real servers included
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-inside test-across

test-inside: $(STAMP)
	@$(BIN)/pytest -m "not soak and not apache" kernel chassis services samples cli

test-across: $(STAMP)
	@$(BIN)/pytest -p no:cacheprovider -m "not soak and not apache" tests

KAFKA ?= embedded
STORIES ?= tests/integration
story: $(STAMP) ## The stories alone; on Apache Kafka: make story KAFKA=apache (needs Java 17 and Maven)
	@SAIKEN_TEST_KAFKA=$(KAFKA) $(BIN)/pytest -m "not soak$(if $(filter embedded,$(KAFKA)), and not apache)" $(STORIES)

NODES ?= 1
kafka: $(STAMP) ## Apache Kafka from Maven's jars, until Ctrl-C: make kafka NODES=3
	@$(BIN)/python -m tools.kafka --nodes $(NODES)

soak: $(STAMP) ## Long repetitions: every kill at every service; keeps its evidence
	@$(BIN)/pytest -m soak --junitxml=.saiken/soak.xml && $(BIN)/python -m tools.keep_evidence .saiken/soak.xml

SERVICES := billing payments collections legal notifications
BASE ?= python:3.11-slim-bookworm
# Where an index needs a configuration of pip: PIP_CONFIG=/etc/pip.conf
images: ## An image for each service: make images BASE=python:3.11-slim-bookworm@sha256:...
	@set -e; for service in $(SERVICES); do DOCKER_BUILDKIT=1 docker build --quiet --file deploy/Dockerfile --build-arg BASE=$(BASE) \
	  --build-arg SERVICE=$$service $(if $(PIP_CONFIG),--secret id=pip$(comma)src=$(PIP_CONFIG)) --tag saiken/$$service:local .; done
comma := ,

compose: $(STAMP) ## The suite in containers (Docker with its compose plugin); images are settings
	@$(BIN)/python -m tools.compose && docker compose --file deploy/compose.yaml up --detach --wait

deploy: $(STAMP) ## Write again what deploy/ takes from the code: manifests, dashboards, requirements
	@$(BIN)/python -m tools.write_requirements && $(BIN)/python -m tools.write_k8s && $(BIN)/python -m tools.write_dashboards

release: $(STAMP) ## What a release is judged by: a bill of materials for each service, known vulnerabilities, the Dockerfile's lint
	@$(BIN)/python -m tools.release

bench: $(STAMP) ## Hot paths against their limits, small, in at most 12 minutes; fails below 0.7 of a floor
	@$(BIN)/python -m benchmarks.hot --keep

lock: ## Pin what pyproject.toml asks for, with hashes and without addresses
	@$(BIN)/uv pip compile --quiet --extra dev --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@sed -n '/^uv==/,/^[^ ]/p' requirements.lock | sed '$$d' > tools/uv.lock.txt

proto: ## Generate the code of all contracts
	@proto/generate.sh

released: ## Draw the line that later versions must not break: contracts and workflow histories as they are now
	@$(BIN)/buf build -o proto/released.binpb
	@$(BIN)/python -m tools.record_histories

migration: ## The next migration: make migration SERVICE=billing NAME="what changes"
	@$(BIN)/python -m tools.new_migration "$(SERVICE)" "$(NAME)"

clean: ## Remove what was installed and made
	@rm -rf .venv .saiken .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help setup demo run check test story kafka images compose deploy release soak lock proto released migration clean
