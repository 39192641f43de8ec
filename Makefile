# `make generate` and `make test` need Python 3.11 or newer and nothing else: the first target that
# runs a tool sets up .venv. PYTHON=… chooses the interpreter, ARGS=… adds arguments to a command.

VENV := .venv
BIN := $(VENV)/bin
# The last things that are written into the environment: without READY it is not whole; with FULL it
# holds every extra and every tool besides, among them a few large ones.
READY := $(VENV)/ready
FULL := $(VENV)/full

# Tests mostly wait. Those of a file share what they are tried against, so they stay together.
PARALLEL = -n auto --dist loadfile -p no:benchmark

# Every Python and platform gets its pins from the same file.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(ARGS)
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help generate check test test-full lowest newest figures bench lint format sandbox docs full lock build release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# Status 3 is success with something to read: an endpoint was skipped, the others are written.
generate: $(READY) ## refresh generated/ from the hub that the environment names, or the sandbox hub
	@$(BIN)/aki-codegen generate $(ARGS) || [ $$? -eq 3 ]

check: $(READY) ## tell whether generated/ is what its snapshot makes; ARGS=--live compares with the hub
	@$(BIN)/aki-codegen check $(ARGS)

test: $(READY) ## run the tests but the slow ones; those that need what is not installed are skipped
	@echo "About five minutes on two cores; make test-full runs the slow tests too."
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" $(ARGS)

test-full: $(FULL) ## run all tests
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

lowest: $(READY) ## run the fast tests with the lowest versions that pyproject.toml allows
	@sh scripts/try-versions.sh $(BIN)/uv lowest-direct $(VENV)/lowest

newest: $(READY) ## run the fast tests with the newest versions that pyproject.toml allows
	@sh scripts/try-versions.sh $(BIN)/uv highest $(VENV)/newest

figures: $(READY) ## print how far validation agrees with the hub, and how many attacks are survived
	PYTHONPATH=tests $(BIN)/python -m agreement.report
	$(BIN)/python -m pytest -q tests/hostile/test_corpus.py $(ARGS)

bench: $(FULL) ## measure what everything costs, and write docs/performance.md; takes three quarters of an hour
	$(BIN)/python -m benchmarks.report $(ARGS)

lint: $(FULL) ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict apps benchmarks codegen generated runtime sandbox scripts
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/zizmor --offline --quiet --no-progress --pedantic .github

format: $(READY) ## format the code, and repair what ruff can repair
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

sandbox: $(READY) ## run the sandbox hub on this machine
	@$(BIN)/aki-codegen sandbox $(ARGS)

docs: $(FULL) ## build the reference site into build/docs/site/
	@$(BIN)/python scripts/site_pages.py build/docs $(ARGS)
	@$(BIN)/zensical build --strict --config-file build/docs/mkdocs.yml
	@echo "Open build/docs/site/index.html"

full: $(FULL) ## install every extra, and the tools of `make lint`, `make test-full`, `make docs` and `make bench`

lock: $(READY) ## lock what pyproject.toml asks for; ARGS=--upgrade takes the newest versions
	$(COMPILE) pyproject.toml --all-extras --group dev --group docs --group tests --group bench \
		--output-file requirements/full.txt
	$(COMPILE) pyproject.toml --constraint requirements/full.txt --extra codegen --extra sandbox --extra cli --group dev \
		--output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --constraint requirements/full.txt --output-file requirements/runtime.txt
	$(COMPILE) --group openapi --output-file requirements/openapi.txt
	$(COMPILE) pyproject.toml --extra parquet --group frameworks --output-file requirements/frameworks.txt

build: $(READY) ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

release: $(FULL) ## make a release in dist/: wheel, sdist, SBOM and notes; VERSION=… says which
	@$(BIN)/python scripts/release.py $(VERSION) $(ARGS)

clean: ## remove what the other targets made, .venv included
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find apps codegen generated runtime sandbox tests -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements/dev.txt pyproject.toml scripts/setup-venv.sh
	@sh scripts/setup-venv.sh $(VENV)

$(FULL): $(READY) requirements/full.txt requirements/openapi.txt requirements/frameworks.txt
	@echo "Adding every extra and tool to $(VENV) (a minute or two) …"
	@$(PIP) install --require-hashes -r requirements/full.txt
	@$(BIN)/python -m venv --without-pip $(VENV)/openapi
	@$(PIP) --python $(VENV)/openapi/bin/python install --require-hashes -r requirements/openapi.txt
	@$(BIN)/python -m venv --without-pip $(VENV)/frameworks
	@$(PIP) --python $(VENV)/frameworks/bin/python install --require-hashes -r requirements/frameworks.txt
	@$(PIP) --python $(VENV)/frameworks/bin/python install --no-deps --no-build-isolation --editable .
	@touch $(FULL)
