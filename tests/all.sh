#!/bin/sh
# The test command: style, types, layers, then behaviour. `./run test` calls it after installing.
set -eu
.venv/bin/ruff check .
.venv/bin/ruff format --check --quiet .
.venv/bin/mypy
.venv/bin/lint-imports --no-cache
.venv/bin/python -m pytest -n 2 --dist loadgroup
