# Two commands do all their own set-up in .venv, given Python 3.11 or newer and make:
#   make demo    train, analyse, prune, fine-tune and report a pricing surrogate
#   make test    everything the project checks about itself
# Options: PYTHON=/path/to/python3   JAX_VERSION=0.10.2   VENV=.venv-other   JOBS=2

VENV ?= .venv
JOBS ?= 2
JAX_VERSION ?=
PYTHON ?=

python := $(VENV)/bin/python
pip := $(python) -m pip --quiet --disable-pip-version-check
# A stamp per jax version, so that another JAX_VERSION installs again.
stamp = $(VENV)/.installed-$(1)$(if $(JAX_VERSION),-jax-$(JAX_VERSION))
pin = $(if $(JAX_VERSION),"jax==$(JAX_VERSION)")

.PHONY: demo test lint types floors docs unit bench clean help

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

demo: $(call stamp,demo)
	$(VENV)/bin/sobolev run --preset quick --out demo-run --resume

test: lint types floors docs unit

lint: $(call stamp,test)
	$(VENV)/bin/ruff check .

types: $(call stamp,test)
	$(VENV)/bin/mypy

floors: $(call stamp,test)
	$(VENV)/bin/lint-imports

docs: $(call stamp,test)
	$(python) -m sphinx -W --keep-going -q -j auto docs docs/_build/html

unit: $(call stamp,test)
	$(python) -m pytest -n $(JOBS) --dist worksteal

bench: $(call stamp,test)
	$(python) -m benchmarks

$(python):
	@set -e; \
	right='import sys, venv; sys.exit(sys.version_info < (3, 11))'; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python); do \
		if "$$candidate" -c "$$right" >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Python 3.11 or newer is needed$(if $(PYTHON),; $(PYTHON) is not one or does not run)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi; \
	echo "Creating $(VENV) with $$("$$found" -V) ..."; \
	"$$found" -m venv "$(VENV)" || { \
		rm -rf "$(VENV)"; \
		echo "Could not create $(VENV). On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(call stamp,demo): $(python) pyproject.toml
	@echo "Installing interval-jax for the demo (a few hundred MB, once) ..."
	$(pip) install -e ".[sobolev]" $(pin)
	@touch $@

$(call stamp,test): $(python) pyproject.toml
	@echo "Installing interval-jax with its tests and documentation tools ..."
	$(pip) install -e ".[test,docs]" $(pin)
	@touch $@

clean:
	rm -rf "$(VENV)" demo-run docs/_build docs/reference/api .mypy_cache .pytest_cache .ruff_cache
