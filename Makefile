# Two commands for a newcomer: `make demo` and `make test`. Both need Python 3.10 or newer and a network for packages.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-slow test-wheel bench lint format clean

demo: $(INSTALLED)
	$(BIN)/track run videos/plaza.mp4 --reid dogenet50 --detector motion
	@echo "The results are in the newest folder runs/plaza*: open annotated.mp4 in a browser or player."

test: $(INSTALLED)
	$(BIN)/python -m pytest

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

test-wheel: $(INSTALLED)
	$(BIN)/python -m pytest -m slow tests/test_wheel.py

# Half an hour. PEERS=DIR: a folder into which other trackers were installed (see benchmarks/peers_*.py).
bench: $(INSTALLED)
	$(BIN)/python -m benchmarks $(if $(PEERS),--peers $(PEERS))

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "track needs Python 3.10 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(INSTALLED)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
