# Two commands for a newcomer: `make demo` and `make test`. Both need Python 3.11 or newer and a network for packages.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := .venv-tools/.installed
COMMA := ,

# A worker a core, 1.2 GB each; who is done first takes over tests of the others.
PYTEST := python -m pytest --numprocesses=auto --maxprocesses=8 --dist=worksteal

# $(call install,VENV,CONSTRAINTS,WHAT): pip first, because only a new one also pins what builds the wheel. Python
# compiles what it imports; without --no-compile, pip would first compile every file of every package.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "track needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 12) and print("Tried with Python 3.11. This one is newer: not tried.")'
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet $(addprefix --constraint=,$(2)) --upgrade pip
	$(1)/bin/python -m pip install --quiet --no-compile $(addprefix --constraint=,$(2)) $(addprefix --build-constraint=,$(2)) $(3)
endef

.PHONY: demo test test-slow test-wheel test-newest test-lowest bench torture torture-long docs lint format lock audit clean

demo: $(INSTALLED)
	$(BIN)/track run videos/plaza.mp4 --reid dogenet50 --detector motion
	@echo "The results are in the newest folder runs/plaza*: open annotated.mp4 in a browser or player."

test: $(INSTALLED)
	$(BIN)/$(PYTEST)

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

test-wheel: $(INSTALLED)
	$(BIN)/python -m pytest -m slow tests/test_wheel.py

# The newest versions that pyproject.toml allows.
test-newest:
	rm -rf .venv-newest
	$(call install,.venv-newest,,--editable '.[dev]')
	.venv-newest/bin/$(PYTEST)

# The lowest ones that pyproject.toml names.
test-lowest: $(TOOLS)
	rm -rf .venv-lowest
	mkdir .venv-lowest
	.venv-tools/bin/uv pip compile --quiet --all-extras --resolution=lowest-direct --no-header --no-annotate \
		pyproject.toml --output-file=.venv-lowest/constraints.txt
	$(call install,.venv-lowest,.venv-lowest/constraints.txt,--editable '.[dev]')
	.venv-lowest/bin/$(PYTEST)

# Half an hour. PEERS=DIR: a folder into which other trackers were installed (see benchmarks/peers_*.py): an hour more
# at first, minutes later, since what they did is kept (docs/peers.md).
bench: $(INSTALLED)
	$(BIN)/python -m benchmarks $(if $(PEERS),--peers $(PEERS))

# A campaign against the command line, about an hour; MINUTES=10: a part of it. Its table goes into docs/reliability.md.
MINUTES ?= 60
SEED ?= 0
torture: $(INSTALLED)
	$(BIN)/python -m torture --minutes $(MINUTES) --seed $(SEED)

# Overnight: 200 kills, a million steps a preset, all bad inputs; it ends when all is done.
torture-long: $(INSTALLED)
	$(BIN)/python -m torture --long --seed $(SEED)

# The documentation as a site, in site/; a broken link or reference is an error. No network is used.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html in a browser."

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The tested set, renewed: the newest of everything that pyproject.toml allows, for every system and Python. Then `make
# test`. With UPGRADE= (empty) what is pinned stays, and only what pyproject.toml has new is added. uv does not read
# pip's own settings: a cap that they set on this machine is handed on.
UPGRADE ?= --upgrade
lock: $(TOOLS)
	.venv-tools/bin/uv pip compile --quiet --universal --all-extras --group=tools --no-annotate $(UPGRADE) \
		$$(.venv-tools/bin/pip config list | sed -n "s/.*[.]constraint='\(.*\)'/--constraint=\1/p") \
		--custom-compile-command='make lock' pyproject.toml --output-file=constraints.txt

# Into dist/, beside the wheel: the parts list (SBOM, CycloneDX), the licences, and known vulnerabilities of everything
# installed. Exit code of the last line: 0 all checked and clean, 1 vulnerable, 3 the service did not answer for all.
audit: $(INSTALLED) $(TOOLS)
	mkdir -p dist
	rm -f dist/vulnerabilities.json
	.venv-tools/bin/cyclonedx-py environment --pyproject=pyproject.toml --output-file=dist/sbom.cdx.json $(BIN)/python
	.venv-tools/bin/pip-licenses --python=$(BIN)/python --with-urls --format=markdown --output-file=dist/licences.md
	-.venv-tools/bin/pip-audit --path=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])') \
		--skip-editable --progress-spinner=off --desc=off --format=json --output=dist/vulnerabilities.json 2>dist/pip-audit.log
	@.venv-tools/bin/python -m tools.audit dist/vulnerabilities.json

$(INSTALLED): pyproject.toml constraints.txt
	$(call install,$(VENV),constraints.txt,--editable '.[dev$(COMMA)docs]')
	touch $@

# What makes and examines the tested set, apart from it.
$(TOOLS): pyproject.toml
	$(call install,.venv-tools,constraints.txt,--group tools)
	touch $@

clean:
	rm -rf .venv .venv-tools .venv-newest .venv-lowest $(VENV) build dist site *.egg-info \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
