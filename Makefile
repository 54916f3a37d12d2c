# Two commands: `make demo` and `make test`. Both set up what they need in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
KERNELS := hatch_build.py $(wildcard src/tenfold/native/*.[ch] src/tenfold/native/compiling.py)
BENCH_VENV ?= .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.set-up

.PHONY: setup demo test lint bench bench-peers bench-loops bench-scale docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(KERNELS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

demo: setup
	rm -rf demo
	$(BIN)/tenfold dataset digits demo/digits
	$(BIN)/tenfold augment demo/digits demo/digits-x10 --copies 9 --seed 42 --workers 2
	$(BIN)/tenfold preview demo/digits --recipe demo/digits-x10/recipe.yaml --seed 42 -o demo/contact.png
	@echo
	@echo "the dataset, ten times: demo/digits-x10  (train multiplied, test untouched)"
	@echo "the report:             demo/digits-x10/report.html"
	@echo "originals and copies:   demo/contact.png"

test: setup
	$(BIN)/python -m pytest -n 2

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/tenfold bench
	$(BIN)/tenfold bench --format png

# The libraries that tenfold is measured against live in an environment of their own. torchvision is
# tried, no more: where it can't be installed, the others are measured. ARGS=--quick to see it run.
$(BENCH_STAMP): pyproject.toml constraints.txt benchmarks/requirements.txt $(KERNELS)
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -r benchmarks/requirements.txt -e .
	-$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps torchvision==0.28.0
	@touch $@

bench-peers: $(BENCH_STAMP)
	$(BENCH_VENV)/bin/python -m benchmarks.peers $(ARGS)

bench-loops: $(BENCH_STAMP)
	$(BENCH_VENV)/bin/python -m benchmarks.loops $(ARGS)

# Costs of an output, and large runs simulated with them. Where Ray or s3fs and moto aren't installed
# in .venv, what they cost is kept from the last time: $(BIN)/pip install ray s3fs 'moto[s3]' flask
bench-scale: setup
	$(BIN)/python -m benchmarks.scale measure $(ARGS)
	$(BIN)/python -m benchmarks.scale simulate $(ARGS)

docs: setup
	$(BIN)/python docs/make_pictures.py

clean:
	rm -rf demo .pytest_cache .mypy_cache .ruff_cache
