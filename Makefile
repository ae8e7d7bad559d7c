# `make mnist` sets up and trains; `make test` sets up and tests.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
QUICK := runs/mnist_quick
# what got furthest in three minutes of two cores, see docs/explanation/quality.md
RECIPE := --model mnist_tutorial --batch-size 32 --steps 4200 --beta1 0.5 \
	--d-learning-rate 5e-4 --g-learning-rate 5e-4 --ema-decay 0.998 --samples 64 \
	--sample-every 50 --save-every 1000
# tests share the cores with the scripts that they start: threads must not spin
PYTEST := OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(VENV)/bin/python -m pytest -q
# a unit test may take one second where it runs alone, three beside others
PARALLEL := UNIT_SECONDS=3 $(PYTEST) -n auto --maxprocesses 8 --dist worksteal

# real TensorFlow 1.15, for programs that it writes down (tests/legacy)
PYTHON37 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.7.*/bin/python) python3.7)
VENV1 := .venv-tf1
READY1 := $(VENV1)/.ready

.PHONY: mnist test check release test-all numerical docs legacy-fixtures lint types clean

mnist: $(READY)
	$(VENV)/bin/python scripts/train_mnist.py $(RECIPE) --classifier \
		--run-dir $(QUICK) $(if $(wildcard $(QUICK)/config.json),--restore)

# under four minutes on two quiet cores: functions and graphs, and each capability once as a user has it
test: $(READY)
	$(PARALLEL) -m "unit or graph or smoke"

# all but further cases of what other tests hold: what a change must pass, see .ci/run
check: $(READY)
	$(PARALLEL) -m "not release"

# every test: before a version is published
release: $(READY)
	$(PARALLEL)

test-all: release

# what rounding decides, as on an older processor: make numerical ONEDNN_MAX_CPU_ISA=SSE41; with
# SCRIPTS=1 also what scripts print and write, which takes three times as long. Without it in one
# process: .ci/run has a second one, of another setting, beside it
numerical: $(READY)
	$(if $(SCRIPTS),$(PARALLEL),$(PYTEST)) -m "numerical and not release $(if $(SCRIPTS),,and (unit or graph))"

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

types: $(READY)
	$(VENV)/bin/mypy

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

legacy-fixtures: $(READY1)
	CUDA_VISIBLE_DEVICES= $(VENV1)/bin/python tests/legacy/programs.py tests/legacy/data
	$(VENV1)/bin/python tests/legacy/small_mnist.py tests/legacy/data
	CUDA_VISIBLE_DEVICES= $(VENV1)/bin/python tests/legacy/families.py \
		tests/legacy/data/families.npz tests/legacy/data

$(READY1):
	$(PYTHON37) -m venv $(VENV1)
	$(VENV1)/bin/python -m pip install --quiet tensorflow==1.15.5 protobuf==3.20.3 \
		scipy==1.1.0 pillow==8.4.0
	touch $@

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] <= (3, 13) \
		else "error: TensorFlow 2.21 needs Python 3.11 to 3.13; use make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.txt
	touch $@

clean:
	rm -rf $(VENV) $(VENV1) site
