#!/usr/bin/env bash
# What a pull request must pass. It is the developer's own command and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

exec make "${1:-test}"
