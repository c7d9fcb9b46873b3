#!/usr/bin/env bash
# Make .venv with the pinned, hash-checked packages that `python -m ci...` and Schemathesis need.
set -euo pipefail
cd "$(dirname "$0")/.."

# The Python that the workflow set up; by itself the Makefile takes the newest that it finds.
if [ -n "${pythonLocation:-}" ]; then
  export PYTHON="$pythonLocation/bin/python3"
fi
exec make .venv/ready
