#!/usr/bin/env bash
# What a pull request must pass. It is the developer's own command and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

# The Python that the workflow set up; by itself the Makefile takes the newest that it finds.
if [ -n "${pythonLocation:-}" ]; then
  export PYTHON="$pythonLocation/bin/python3"
fi
exec make "${1:-test}"
