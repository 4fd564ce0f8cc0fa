# Every path is relative, so that the folder may have a space in its name. Tools run as
# `.venv/bin/python -m TOOL`, which works wherever the folder is and whatever is on PATH.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt

# The build backend runs in an environment of its own: pip constrains it by these variables
# (the second from pip 25.3 on).
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export MPLBACKEND := Agg
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

# packages whose data files the benchmarks read, and nothing imports
DATASETS := build/datasets

# what an installation is made of: it is made anew where one of these has changed
INSTALLED := pyproject.toml constraints.txt setup.py $(wildcard src/fewlabels/*.[ch] src/fewlabels/*/*.[ch] src/fewlabels/*/*/*.[ch])

# the oldest dependencies, in an environment of their own, and the tests of what they are used for
OLDEST := build/oldest
OLDEST_TESTS := $(addprefix tests/,models/test_few_labels_classifier.py models/test_textbook.py graph/test_knn_graph.py graph/test_shared_neighbors.py queries/test_rules.py session/test_simulation.py session/test_own_models.py features/test_tables.py io/test_formats.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-long test-oldest test-page dist fuzz kill check site site-links site-look bench bench-label mutate format docs lock clean

help:  ## print this list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## /{printf "make %-11s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/demo-installed  ## install, and reproduce the published examples into demo-output/
	$(VENV)/bin/fewlabels demo --out demo-output

test: $(VENV)/test-installed  ## install, and run all but the long tests, with the coverage of the numerical core
	@mkdir -p build
	$(PY) -m pytest -n auto --dist worksteal -m "not long" --cov --cov-report=term --cov-report=json:build/coverage.json
	$(PY) tools/check_branches.py build/coverage.json
	FEWLABELS_COMPILED=0 $(PY) -m pytest -q -n auto --dist worksteal tests/test_products.py tests/graph/test_nearest.py tests/solvers -k "not compiled"
	@echo "Left out: tests that run all pages, examples, benchmarks and whole simulations, and read damaged files. make test-long runs them."

test-long: $(VENV)/test-installed  ## install, and run the tests that make test leaves out: pages, examples, benchmarks, simulations, damaged files
	$(PY) -m pytest -n auto --dist worksteal -m long

test-oldest: $(OLDEST)/installed  ## run tests with the oldest dependencies that pyproject.toml allows (TESTS="tests": all)
	$(OLDEST)/bin/python -m pytest -q -n auto --dist worksteal -p no:cacheprovider -W default $(or $(TESTS),$(OLDEST_TESTS))

dist: $(VENV)/release-installed  ## build sdist and wheel, and run the demo from both in empty environments (PYTHONS="python3.11 ...")
	rm -rf dist build/lib* build/bdist*
	$(PY) -m build --outdir dist
	$(PY) -m twine check --strict dist/*
	$(PY) -m abi3audit --strict dist/*.whl
	$(PY) tools/try_dist.py $(PYTHONS)

test-page: $(VENV)/test-installed  ## install, and run the tests of the labelling page in Debian's chromium
	FEWLABELS_BROWSER=1 $(PY) -m pytest tests/browser

fuzz: $(VENV)/test-installed  ## install, and read many damaged files (INPUTS=3000 a reader, SEED=0)
	FUZZ_INPUTS=$(or $(INPUTS),3000) FUZZ_SEED=$(or $(SEED),0) $(PY) -m pytest -n auto --dist worksteal -o faulthandler_timeout=60 tests/fuzz

kill: $(VENV)/test-installed  ## kill a labelling process 1,000 times (KILLS=1000); is an answer lost, or doubled?
	$(PY) tools/kill_labelling.py $(or $(KILLS),1000) $(or $(SEED),0)

check: $(VENV)/test-installed  ## lint, format, types, import directions, documentation
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(PY) tools/check_docs.py
	$(PY) tools/command_help.py --check
	$(PY) tools/rooms.py --check
	$(PY) -m benchmarks.peers --check

site: $(VENV)/site-installed  ## install, and build the documentation site into build/site (minutes)
	$(PY) -m sphinx -b html -W --keep-going -n -q -d build/site-doctrees docs build/site

site-links: $(VENV)/site-installed  ## look whether the links out of the site lead somewhere (takes a network)
	$(PY) -m sphinx -b linkcheck -q -D plot_gallery=0 -d build/link-doctrees docs build/site-links

site-look: $(VENV)/test-installed  ## look at the built site in Debian's chromium: pictures, barriers
	$(PY) tools/look_at_site.py

bench: $(VENV)/bench-installed $(DATASETS)/installed  ## measure beside the peers (SIZE=full: long), and write the tables
	$(PY) -m benchmarks.peers --size $(or $(SIZE),small)

bench-label: $(VENV)/test-installed $(DATASETS)/installed  ## install tools for labelling (2 GB, build/label-peers), measure their pages beside ours
	$(PY) -m benchmarks.label_pages.environments
	$(PY) -m benchmarks.peers --size $(or $(SIZE),full) --only labelling_texts labelling_more_texts labelling_pictures labelling_many

mutate: $(VENV)/test-installed  ## change the numerical core in small ways; do its tests notice?
	nice $(PY) tools/mutate.py --seconds $(or $(SECONDS),600)

format: $(VENV)/test-installed  ## rewrite the code in the project's format
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

docs: $(VENV)/test-installed  ## rewrite what docs/ has from the commands' own help and from the imports
	$(PY) tools/command_help.py
	$(PY) tools/rooms.py

lock: $(PY)  ## rewrite constraints.txt with the newest versions
	rm -rf build/lock
	$(PY) -m venv build/lock
	PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= build/lock/bin/python -m pip install --quiet --upgrade setuptools -e '.[dev,bench,docs]'
	build/lock/bin/python tools/lock.py constraints.txt
	rm -rf build/lock

clean:  ## remove all that make made, the virtual environment included
	rm -rf $(VENV) build dist demo-output htmlcov .coverage src/fewlabels.egg-info
	rm -rf docs/gallery docs/reference/generated docs/sg_execution_times.rst
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src -name '*.so' -delete
	find src tests tools examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(PY):
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv --clear $(VENV)

# The demo needs half of what the tests need, and its user has been waiting since the clone.
$(VENV)/demo-installed: $(INSTALLED) | $(PY)
	$(PIP_INSTALL) -e '.[cli]'
	@touch $@

$(VENV)/site-installed: $(INSTALLED) | $(PY)
	$(PIP_INSTALL) -e '.[docs]'
	@touch $@

$(VENV)/release-installed: pyproject.toml constraints.txt | $(PY)
	$(PIP_INSTALL) abi3audit build twine
	@touch $@

$(OLDEST)/installed: $(INSTALLED) constraints-oldest.txt
	rm -rf $(OLDEST)
	$(PYTHON) -m venv $(OLDEST)
	PIP_CONSTRAINT=constraints-oldest.txt PIP_BUILD_CONSTRAINT=constraints-oldest.txt $(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[cli,dask,duckdb,embeddings,figures,label]' hypothesis jsonschema onnx openpyxl pandas polars pytest pytest-cov pytest-xdist
	@touch $@

# The peers: one of them needs a compiler, so that tests and checks do without.
$(VENV)/bench-installed: $(INSTALLED) | $(PY)
	$(PIP_INSTALL) -e '.[dev,bench]'
	@touch $@ $(VENV)/demo-installed $(VENV)/test-installed

$(DATASETS)/installed: benchmarks/sets/requirements.txt | $(PY)
	rm -rf $(DATASETS)
	$(PIP_INSTALL) --no-deps --only-binary :all: --target $(DATASETS) -r benchmarks/sets/requirements.txt
	@touch $@

$(VENV)/test-installed: $(INSTALLED) | $(PY)
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/demo-installed
