# Two commands: `make demo` and `make test`. Both set up what they need in .venv. A third,
# `make demo-learned`, needs torch and has an environment of its own.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
KERNELS := hatch_build.py $(wildcard src/tenfold/native/*.[ch] src/tenfold/native/compiling.py)
LEARN_VENV ?= .venv-learn
LEARN_BIN := $(LEARN_VENV)/bin
LEARN_STAMP := $(LEARN_VENV)/.set-up
TORCH ?= --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0
BENCH_VENV ?= .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.set-up

.PHONY: setup demo demo-learned test lint bench bench-peers bench-loops bench-scale bench-learned bench-synth \
	bench-membranes study-uji study-cifar docs docs-learned docs-synth clean

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

# torch for the processor alone, as its own index has it (a tenth of the size of PyPI's).
$(LEARN_STAMP): pyproject.toml constraints.txt $(KERNELS)
	$(PYTHON) -m venv $(LEARN_VENV)
	$(LEARN_BIN)/pip install -qq --disable-pip-version-check --retries 1 --no-deps $(TORCH)
	$(LEARN_BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[learn]'
	@touch $@

demo-learned: $(LEARN_STAMP)
	rm -rf demo/learned
	mkdir -p demo/learned
	$(LEARN_BIN)/tenfold dataset digits demo/learned/digits --size 16
	$(LEARN_BIN)/tenfold recipe init demo/learned/digits -o demo/learned/recipe.yaml
	$(LEARN_BIN)/tenfold fit vae demo/learned/digits -o demo/learned/vae --recipe demo/learned/recipe.yaml --epochs 30 --budget 45s
	$(LEARN_BIN)/tenfold fit vae demo/learned/digits -o demo/learned/vae-2d --latent 2 --epochs 30 --budget 45s
	printf 'generators: [{model: vae, share: 0.5, strength: [0.3, 0.7]}]\n' >> demo/learned/recipe.yaml
	$(LEARN_BIN)/tenfold augment demo/learned/digits demo/learned/digits-x10 --recipe demo/learned/recipe.yaml --copies 9 --seed 42 --workers 2
	$(LEARN_BIN)/tenfold preview demo/learned/digits --recipe demo/learned/recipe.yaml --seed 42 -o demo/learned/contact.png
	$(LEARN_BIN)/tenfold latent plot demo/learned/vae-2d demo/learned/digits -o demo/learned/plots
	@echo
	@echo "the dataset, ten times: demo/learned/digits-x10  (half of the copies learned)"
	@echo "originals and copies:   demo/learned/contact.png"
	@echo "the latent space:       demo/learned/plots"

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

# Learned variety beside its controls, on ../shared/data: about an hour on 2 cores. What is in
# benchmarks/learned/uji.jsonl isn't run again: remove it to begin anew.
bench-learned: $(LEARN_STAMP)
	$(LEARN_BIN)/python -m benchmarks.learned.uji --assignments 5 --workers 2 $(ARGS)

# Speed of what is simulated; the thesis it comes from and scikit-image beside it.
bench-synth: setup
	$(BIN)/python -m benchmarks.synth.sections
	$(BIN)/python -m benchmarks.synth.tomography

# Whether simulated cells help to find membranes in few real slices: about an hour on one core.
bench-membranes: $(LEARN_STAMP)
	$(LEARN_BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt scikit-image
	$(LEARN_BIN)/python -m benchmarks.synth.membranes -o studies/membranes

# The studies in docs/studies, on ../shared/data: less than an hour each on 2 cores.
SHARED ?= ../shared/data
RECIPES := benchmarks/study/recipes
study-uji: $(LEARN_STAMP)
	$(LEARN_BIN)/python -m benchmarks.study.uji_folder uji
	$(LEARN_BIN)/tenfold study uji -o studies/uji-by-writer --size 20x20 --group '(w\d+)' \
	--arms none,duplicate,blur:1,recipe:$(RECIPES)/affine.yaml,recipe:$(RECIPES)/elastic.yaml,recipe:$(RECIPES)/affine-elastic.yaml,recipe:$(RECIPES)/affine-elastic.yaml+blur:1,vae:interpolation,deformation,deformation+recipe:$(RECIPES)/affine-elastic.yaml+blur:1 \
	--classifiers svm,knn,mlp,cnn --doses 9 --repeats 5 --workers 2

study-cifar: $(LEARN_STAMP)
	$(LEARN_BIN)/tenfold study $(SHARED)/cifar10-folders -o studies/cifar10 \
	--arms none,recipe:natural,recipe:trivial --classifiers cnn --doses 1,4,9 --sizes 50,100,all --repeats 2 --workers 2

docs: setup
	$(BIN)/python docs/make_pictures.py

docs-learned: $(LEARN_STAMP)
	$(LEARN_BIN)/python docs/make_learned_pictures.py

docs-synth: setup
	$(BIN)/python docs/make_synth_pictures_grow.py
	$(BIN)/python docs/make_synth_pictures_tissue.py
	$(BIN)/python docs/make_synth_pictures_tomography.py
	$(BIN)/python docs/make_synth_pictures_dress.py $(SHARED)
	$(BIN)/python docs/make_compose_picture.py $(SHARED)/blood-cells-voc

clean:
	rm -rf demo .pytest_cache .mypy_cache .ruff_cache
