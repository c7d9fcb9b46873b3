#!/usr/bin/env bash
# Lint the workflows with actionlint. It is in no package index, so only CI downloads it, by its published digest.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.7.9
sha256=233b280d05e100837f4af1433c7b40a5dcb306e3aa68fb4f17f8a7f45a7df7b4
archive="actionlint_${version}_linux_amd64.tar.gz"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl --fail --silent --show-error --location --retry 3 --output "$work/$archive" \
  "https://github.com/rhysd/actionlint/releases/download/v${version}/${archive}"
echo "$sha256  $work/$archive" | sha256sum --check --quiet
tar --extract --gzip --file "$work/$archive" --directory "$work" actionlint
"$work/actionlint" -color
