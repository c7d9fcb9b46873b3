#!/usr/bin/env bash
# Ask the registry which digest the base's tag has now, and compare it with the Dockerfile's: 1 when they differ.
# Run by a person, or on a schedule, where the registry is reachable: a newer base holds security fixes.
# --write puts the new digest into the Dockerfile, to be built and tested like any other change.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=lambda/python
tag=3.13-arm64
registry=https://public.ecr.aws

token=$(curl --fail --silent --show-error "$registry/token/?service=public.ecr.aws&scope=repository:$repository:pull" |
  sed -E 's/.*"token" *: *"([^"]+)".*/\1/')
now=$(curl --fail --silent --show-error --head --header "Authorization: Bearer $token" \
  --header "Accept: application/vnd.docker.distribution.manifest.v2+json" \
  --header "Accept: application/vnd.oci.image.manifest.v1+json" \
  --header "Accept: application/vnd.docker.distribution.manifest.list.v2+json" \
  --header "Accept: application/vnd.oci.image.index.v1+json" \
  "$registry/v2/$repository/manifests/$tag" |
  tr -d '\r' | sed -nE 's/^docker-content-digest: *(sha256:[0-9a-f]{64})$/\1/Ip')
[ -n "$now" ] || { echo "The registry named no digest." >&2; exit 2; }
pinned=$(sed -nE 's/^ARG BASE=.*@(sha256:[0-9a-f]{64})$/\1/p' Dockerfile)

if [ "$now" = "$pinned" ]; then
  echo "$tag is $pinned, as pinned."
  exit
fi
echo "$tag is $now; the Dockerfile has $pinned."
if [ "${1:-}" = --write ]; then
  sed -i -E "s/^(ARG BASE=.*@)sha256:[0-9a-f]{64}$/\1$now/" Dockerfile
  echo "Written. Build it, then: make test"
  exit
fi
exit 1
