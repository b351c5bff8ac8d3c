# Targets for Linux and macOS. README.md has the same steps without make.

# The first Python that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
INSTALLED := .venv/installed
JUPYTER_BOOK = $(BIN)/jupyter-book build --config _config.yml -W -n --keep-going
SITE := build/site/_build/html
CHECKED_SITE := build/checked-site/_build/html
# Not cb513.py, which only reads a file, nor dssp.py and padded_batch.py, which need programs of their own, nor the two that
# open test sets: those are run by hand, after the last choice.
BY_HAND := cb513.py dssp.py own_profiles.py padded_batch.py release.py unopened.py
BENCHMARKS := $(filter-out $(addprefix benchmarks/,$(BY_HAND)),$(wildcard benchmarks/*.py))

# Each process has one thread, and the numbers of a chapter are the same on every run.
PYTEST := OMP_NUM_THREADS=1 PYTHONHASHSEED=0 TQDM_DISABLE=1 $(BIN)/python -m pytest
TWO_AT_ONCE := -n 2 --dist loadfile --no-loadscope-reorder
NOTEBOOKS := --nbval-lax --nbval-current-env --nbval-cell-timeout=300 --nbval-sanitize-with tests/book/nbval.cfg
TESTED := pssp_tutorial tests tools/book tools/sphinx

.DEFAULT_GOAL := help
.PHONY: help setup book chapters style quick test fuzz results pdf notebooks links lab bench data release clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: $(INSTALLED) ## install everything into .venv (the other targets do it when needed)

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install one, or name it with make PYTHON=..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --retries 1 --timeout 30 --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0
	$(BIN)/python -m pip install -e ".[book,dev]"
	@touch $@

book: $(INSTALLED) ## execute the chapters that have changed, build the site and say where it is
	@$(BIN)/python tools/book/execute.py
	@$(JUPYTER_BOOK) build/executed --path-output build/site -q >/dev/null || { rm -rf build/site/_build/.doctrees; exit 1; }
	@echo "The book is ready. Open this page: $$($(BIN)/python -c 'import pathlib, sys; print(pathlib.Path(sys.argv[1]).resolve().as_uri())' $(SITE)/index.html)"

chapters: $(INSTALLED) ## for maintainers: execute, and store the outputs and results in book/ (CHAPTERS="06_training" for one)
	$(BIN)/python tools/book/execute.py --store $(CHAPTERS)

style: $(INSTALLED) ## style, types and the layers of the package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

quick: style ## while working, in two minutes: style, and the quick ones of the unit tests and doctests
	$(PYTEST) $(TWO_AT_ONCE) -m "not (slow or browser or fuzz or kill)" $(TESTED)

test: style ## every check: style, types, layers, unit tests, doctests, data, chapters, site, browser
	$(JUPYTER_BOOK) book --path-output build/checked-site --all -q >/dev/null
	$(PYTEST) $(TWO_AT_ONCE) $(NOTEBOOKS) --site "$(CHECKED_SITE)" $(TESTED) book

fuzz: $(INSTALLED) ## 10,000 damaged inputs for each test of a parser, and 200 kills of a download (half an hour)
	$(PYTEST) $(TWO_AT_ONCE) -m "fuzz or kill" --fuzz-examples 10000 --kills 200 tests

pdf: book ## print every page of the book to build/pdf, with Chromium
	$(BIN)/python tools/book/paper.py $(SITE) build/pdf

notebooks: book ## the chapters as notebooks that any program can show, in build/notebooks
	$(BIN)/python tools/book/plain.py build/notebooks --replace

links: book ## list the links that lead out of the book (tools/book/external_links.py --check asks each for an answer)
	$(BIN)/python tools/book/external_links.py $(SITE)

lab: $(INSTALLED) ## open copies of the chapters in JupyterLab; they stay in lab/, which is yours
	$(BIN)/python tools/book/working_copy.py lab
	$(BIN)/jupyter lab lab

bench: $(INSTALLED) ## run every benchmark; the numbers go to benchmarks/results
	@for script in $(BENCHMARKS); do echo "$$script"; \
		PSSP_RESULTS="$(CURDIR)/benchmarks/results" $(BIN)/python "$$script" || exit 1; done

results: bench ## for maintainers: measure every number again: the benchmarks (some take hours), then all chapters
	$(BIN)/python tools/book/execute.py --force --store

data: $(INSTALLED) ## for maintainers, on Debian: build data/ anew (promod3-data, python3-promod3, mmseqs2)
	/usr/bin/python3 tools/data/extract.py build/data/chains_raw.tsv
	$(BIN)/python tools/data/split.py build/data/chains_raw.tsv data/chains.tsv.xz
	$(BIN)/python tools/data/separation.py data/splits/separation.json
	/usr/bin/python3 tools/data/backbones.py data/chains.tsv.xz data/backbones.xz
	/usr/bin/python3 tools/data/profiles.py data/chains.tsv.xz build/data/profiles.npz
	$(BIN)/python tools/data/short_profiles.py build/data/profiles.npz data/profiles.xz

release: $(INSTALLED) ## for maintainers, on Debian: train the release model, overnight on two cores; resumes
	/usr/bin/python3 tools/data/profiles.py data/chains.tsv.xz build/data/profiles.npz
	PSSP_RESULTS="$(CURDIR)/benchmarks/results" $(BIN)/pssp train tools/data/release.toml
	PSSP_RESULTS="$(CURDIR)/benchmarks/results" $(BIN)/python benchmarks/release.py --closed

clean: ## remove what was built, with unfinished measurements; .venv stays
	rm -rf build book/_build .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
