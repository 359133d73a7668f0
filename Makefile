# `make demo`: every step on synthetic people.  `make test`: the tests.  Both install what they need into .venv.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: demo test test-long lint clean

demo: .venv/installed
	$(BIN)/python demo.py

test: .venv/installed-dev
	$(BIN)/python -m pytest

test-long: .venv/installed-dev
	$(BIN)/python -m pytest --long

lint: .venv/installed-dev
	$(BIN)/ruff check .

.venv/installed: requirements.txt constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt requirements-extra.txt requirements-video.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt -c constraints.txt
	touch $@

clean:
	rm -rf .venv .pytest_cache .ruff_cache
