#!/usr/bin/env bash
# Lint the infrastructure and the image. A tool that this machine lacks is skipped, and named.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

have() {
  command -v "$1" >/dev/null && return
  echo "skipped: $1 is not installed"
  return 1
}

if have terraform; then
  TF_CLI_CONFIG_FILE=/dev/null terraform fmt -check -recursive -diff infra
  echo "terraform fmt: as it should be"
fi
if have hadolint; then
  hadolint Dockerfile
  echo "hadolint: nothing"
fi
if have shellcheck; then
  shellcheck ci/image-*.sh ci/lint-delivery.sh
  echo "shellcheck: nothing"
fi
if have checkov; then
  # Its guidelines come from the network, and its verdicts do not.
  checkov --directory . --framework terraform dockerfile --skip-path tests --skip-path .venv --skip-path .tox \
    --skip-download --output json --soft-fail | "$python" -m ci.checkov_verdict
fi
