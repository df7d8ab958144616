# Two commands do everything on a fresh machine: `make lab` opens the course, `make test` passes every test.
# Spanish is the default edition: `make lab EDITION=en` for English.
EDITION ?= es
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READY := $(VENV)/.ready

.PHONY: lab test check build references demo-class grade bench clean

lab: $(READY)  ## the course in JupyterLab
	$(BIN)/desdecero lab --edition $(EDITION) $(ARGS)

test: $(READY)  ## every test
	$(BIN)/python -m tests $(ARGS)

check: $(READY)  ## style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

build: $(READY)  ## bring solutions/ and course/ up to date with chapters/
	$(BIN)/python -m desdecero.authoring build $(ARGS)

references: $(READY)  ## make the stored reference tensors of the checks anew
	$(BIN)/python -m desdecero.authoring references

demo-class: $(READY)  ## a class of difficult submissions, graded
	$(BIN)/desdecero demo-class --edition $(EDITION) $(ARGS)

grade: $(READY)  ## grade what stands in submitted/: make grade ARGS=ch03
	$(BIN)/desdecero grade --edition $(EDITION) $(ARGS)

bench: $(READY)  ## speed and memory beside peers; ARGS=training for the training alone
	$(BIN)/python -m benchmarks$(addprefix .,$(ARGS))

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -e .
	touch $@

clean:  ## forget the environment and the demonstration class
	rm -rf $(VENV) demo-class
