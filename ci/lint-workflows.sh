#!/usr/bin/env bash
# Lint what deploys: the workflows' security and schema, and the shell scripts. The tools are pinned in tox's environment
# `workflows`; actionlint is in no package index and runs in CI alone (ci/actionlint.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

zizmor --offline --persona=pedantic --no-progress .github
check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
git ls-files -z --cached --others --exclude-standard '*.sh' | xargs -0 shellcheck
