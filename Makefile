# Every target sets itself up: a machine needs Python 3.11 or newer, make and PyPI, no more.

PYTHON ?= python3
BACKEND_TESTS := tests/losses tests/zoo/models/test_hasher.py tests/zoo/models/test_batch_norm.py \
	tests/zoo/training/test_retrieval_evaluation.py
MINIMUM_TESTS := tests/losses tests/zoo/models tests/zoo/datasets tests/zoo/encoding \
	tests/export/formats/test_to_onnx.py
VENV := .venv
# Two processes, each with whole files, which share their models.
PARALLEL := -n 2 --dist loadfile
RUN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: demo test test-backends test-real-data test-browser test-triton test-large test-extra test-minimum test-all fuzz lint types format bench studies study-rivals verify-zoo cards clean

demo: $(VENV)/demo.done  ## load a pretrained hasher, encode, find neighbors, export, verify
	$(RUN)/classwise demo

test: $(VENV)/dev.done  ## the default tests, on TensorFlow
	$(RUN)/python -m pytest $(PARALLEL)

# Without optimization XLA compiles in two thirds of the time, which is most of these tests'.
test-backends: $(VENV)/backends.done  ## losses and training on JAX and PyTorch
	KERAS_BACKEND=jax XLA_FLAGS=--xla_backend_optimization_level=0 $(RUN)/python -m pytest $(PARALLEL) \
		$(BACKEND_TESTS) tests/bench/studies/rivals
	KERAS_BACKEND=torch OMP_NUM_THREADS=1 $(RUN)/python -m pytest $(PARALLEL) \
		$(BACKEND_TESTS) tests/zoo/training/test_training_loop.py

test-real-data: $(VENV)/dev.done  ## what needs fashion_mnist, cifar10 and cifar100
	$(RUN)/python -m pytest $(PARALLEL) -m "real_data and not large"

test-browser: $(VENV)/dev.done  ## what needs Debian's chromium
	$(RUN)/python -m pytest $(PARALLEL) -m browser

test-triton: $(VENV)/dev.done .triton/server.done  ## what starts NVIDIA's Triton
	$(RUN)/python -m pytest -m triton tests/export/bundles

test-large: $(VENV)/dev.done  ## what takes minutes: trainings killed and gone on with, the wheel in a fresh environment
	$(RUN)/python -m pytest $(PARALLEL) -m "large and not real_data"

test-extra: $(VENV)/dev.done  ## test-real-data and test-browser in one run, a worker in an environment of its own, and Ray
	$(RUN)/python -m pytest $(PARALLEL) -m "(browser or real_data) and not large"
	$(RUN)/python -m pytest -m large tests/zoo/encoding/test_worker.py tests/zoo/encoding/test_ray_engine.py

fuzz: $(VENV)/dev.done  ## any arguments and files for an hour, or for CLASSWISE_FUZZ_SECONDS
	CLASSWISE_FUZZ_SECONDS=$${CLASSWISE_FUZZ_SECONDS:-3600} \
		$(RUN)/python -m pytest --timeout 0 tests/fuzz

# An environment of its own, with the oldest version of every package that setup.cfg allows.
test-minimum: .minimum/dev.done  ## losses, models, data sets, encoding, an export, on the oldest packages
	PYTHONPATH=. .minimum/bin/python -m pytest $(MINIMUM_TESTS)

test-all: test test-backends test-extra test-large test-triton

lint: $(VENV)/dev.done
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

types: $(VENV)/dev.done  ## the types of the public surface
	$(RUN)/python -m tools.publish.check_types

format: $(VENV)/dev.done
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

bench: $(VENV)/backends.done  ## measures speed, writes bench/results/*.json
	for script in bench/*.py; do PYTHONPATH=. $(RUN)/python $$script || exit 1; done

studies: $(VENV)/backends.done  ## measures what the papers claim (about an hour), writes docs/STUDIES.md
	PYTHONPATH=. $(RUN)/python bench/studies/frozen_features.py
	PYTHONPATH=. KERAS_BACKEND=torch $(RUN)/python bench/studies/few_convolutions.py
	PYTHONPATH=. KERAS_BACKEND=torch $(RUN)/python bench/studies/mosaic.py
	PYTHONPATH=. KERAS_BACKEND=torch $(RUN)/python bench/studies/unseen_classes.py
	PYTHONPATH=. $(RUN)/python bench/studies/write_page.py

study-rivals: $(VENV)/backends.done  ## compares losses with those of others (about an hour), writes docs/RIVALS.md
	PYTHONPATH=. KERAS_BACKEND=jax $(RUN)/python -m bench.studies.rivals.run
	PYTHONPATH=. $(RUN)/python -m bench.studies.rivals.write_page

cards: $(VENV)/dev.done  ## writes cards, docs/ZOO.md, tables, recipe headers, README's picture, that of the house
	$(RUN)/python -m tools.publish.write_cards --pictures
	$(RUN)/python -m tools.publish.draw_neighbors
	$(RUN)/python -m tools.publish.write_tables
	$(RUN)/python -m tools.publish.write_recipe_headers
	$(RUN)/python -m tools.publish.draw_architecture

clean:
	rm -rf $(VENV) .triton .minimum build dist *.egg-info demo

$(VENV)/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "classwise needs Python 3.11 or newer; call make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/pip install --quiet --upgrade pip

$(VENV)/demo.done: $(VENV)/bin/pip setup.cfg pyproject.toml
	$(RUN)/pip install --quiet --editable ".[onnx]"
	touch $@

$(VENV)/dev.done: $(VENV)/bin/pip setup.cfg pyproject.toml
	$(RUN)/pip install --quiet --editable ".[onnx,dev]"
	touch $@

$(VENV)/backends.done: $(VENV)/dev.done
	$(RUN)/pip install --quiet --editable ".[onnx,dev,backends]"
	touch $@

# An environment of its own (400 MB; Linux, glibc 2.35 or newer): the server's backend in Python needs
# an older NumPy than classwise, and an ONNX Runtime that takes it. Of the wheel only the server is used.
.triton/server.done: $(VENV)/bin/pip
	$(RUN)/python -m venv --clear .triton
	.triton/bin/pip install --quiet "numpy<2" "onnxruntime<1.24" pillow
	.triton/bin/pip install --quiet --no-deps nvidia-pytriton==0.7.0
	touch $@

# uv resolves to the lowest versions; pip cannot. The packages of the tests alone may be new.
.minimum/dev.done: $(VENV)/bin/pip setup.cfg pyproject.toml
	$(RUN)/pip install --quiet uv
	$(RUN)/uv venv --quiet --clear --python $(RUN)/python .minimum
	$(RUN)/uv pip install --quiet --python .minimum/bin/python --resolution lowest-direct --editable ".[onnx,dev]"
	touch $@

verify-zoo: $(VENV)/dev.done  ## measures every preset again under its protocol (needs TFDS_DATA_DIR with clothing/)
	$(RUN)/python -m pytest --timeout 3600 -m "real_data or large" tests/zoo/presets
