# 两条命令：make run 起程序，make test 跑测试。其余为开发用。
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check bench browser weights clean

run: $(READY)
	$(BIN)/python -m bot run $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -m "not browser and not slow" $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot check

# Two at a time: most of it waits for a program to start or for its clock to move.
browser: $(READY)
	$(BIN)/python -m pytest -m "browser or slow" -n 2 $(ARGS)

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

weights: $(READY)
	$(BIN)/python -m knowledge.train

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(READY)
