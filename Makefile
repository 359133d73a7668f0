# `make demo`: every step on synthetic people.  `make test`: the tests.  Both install what they need into .venv.
# PYTHON is the first of these that is 3.10 to 3.13; another one makes the environment anew: `make test PYTHON=python3.13`.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$name -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$name && break; done)
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ifeq ($(VERSION),)
$(error No Python 3.10 to 3.13 is on the path, or PYTHON is none)
endif
BIN := .venv/bin
INSTALLED := .venv/installed-$(VERSION)
INSTALLED_DEV := .venv/installed-dev-$(VERSION)

.PHONY: demo test test-long lint clean

demo: $(INSTALLED)
	$(BIN)/python demo.py

test: $(INSTALLED_DEV)
	$(BIN)/python -m pytest

test-long: $(INSTALLED_DEV)
	$(BIN)/python -m pytest --long

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .

$(INSTALLED): requirements.txt constraints.txt
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.txt requirements-extra.txt requirements-video.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt -c constraints.txt
	touch $@

clean:
	rm -rf .venv .pytest_cache .ruff_cache
