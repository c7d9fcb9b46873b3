#!/usr/bin/env bash
# Make .venv with the pinned, hash-checked packages that `python -m ci...` and Schemathesis need.
set -euo pipefail
cd "$(dirname "$0")/.."

exec make .venv/ready
