#!/usr/bin/env bash
# Build the arm64 image with buildah, as root and without a Docker daemon, and ask it for its health.
#   ci/image-arm64.sh                          from the base that the Dockerfile pins
#   ci/image-arm64.sh --stand-in [ARGUMENT...] from a base of Debian packages, where the registry is out of reach;
#                                              further arguments go to `buildah bud` (a certificate, an index)
# On Debian: apt-get install buildah debootstrap qemu-user-static binfmt-support. Under QEMU it takes minutes, so the
# pipeline builds on an arm64 runner instead.
set -euo pipefail
cd "$(dirname "$0")/.."
image=lifestyle-api:arm64
arguments=()

# The packages are unpacked and not configured: their scripts would run under QEMU for a quarter of an hour.
stand_in() {
  local tree archive
  tree=$(mktemp -d)
  debootstrap --arch=arm64 --variant=minbase --foreign --include=python3,python3-pip,ca-certificates trixie "$tree" >/dev/null
  for archive in "$tree"/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" | tar --directory "$tree" --extract --keep-directory-symlink
  done
  echo "root:x:0:0::/root:/bin/sh" >"$tree/etc/passwd"
  rm -rf "$tree"/debootstrap "$tree"/var/cache/apt/archives "$tree"/usr/lib/python3.*/EXTERNALLY-MANAGED
  tar --directory "$tree" --create --exclude=./proc --exclude=./sys --exclude=./dev . | import_as lifestyle-base:arm64
  rm -rf "$tree"
}

import_as() {
  local container archive
  archive=$(mktemp --suffix=.tar)
  cat >"$archive"
  container=$(buildah from --arch arm64 scratch)
  buildah add --quiet "$container" "$archive" / >/dev/null
  # Behind a proxy the authorities are the machine's, and uv looks at its own unless told.
  buildah config --arch arm64 --env UV_SYSTEM_CERTS=true "$container"
  buildah commit --quiet --rm "$container" "$1" >/dev/null
  rm -f "$archive"
}

if [ "${1:-}" = --stand-in ]; then
  shift
  buildah inspect --type image lifestyle-base:arm64 >/dev/null 2>&1 || stand_in
  arguments=(--build-arg BASE=localhost/lifestyle-base:arm64 --pull-never "$@")
fi
buildah bud --isolation=chroot --arch arm64 --layers=true --tag "$image" "${arguments[@]}" .

container=$(buildah from --arch arm64 --pull-never "localhost/$image")
trap 'buildah rm "$container" >/dev/null' EXIT
buildah run --isolation=chroot "$container" -- python3.13 - <<'PYTHON'
import json, os, platform, subprocess, time, urllib.request

settings = {
    "ENVIRONMENT": "dev", "AWS_REGION": "eu-central-1", "COGNITO_USER_POOL_ID": "eu-central-1_AbCdEfGhI",
    "COGNITO_CLIENT_ID": "0123456789", "COGNITO_CLIENT_SECRET": "0123456789abcdef0123", "USERS_TABLE": "users-dev",
    "SEALING_KEYS": "k1:" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "PORT": "18080", "HOST": "127.0.0.1",
    "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing",
}
server = subprocess.Popen(["/entrypoint.sh"], env={**os.environ, **settings}, cwd="/var/task")
try:
    for _ in range(120):
        try:
            answer = urllib.request.urlopen("http://127.0.0.1:18080/v1/health", timeout=10)
            break
        except OSError:
            time.sleep(1)
    print(platform.machine(), f"uid {os.getuid()}", answer.status, json.load(answer))
finally:
    server.terminate()
    server.wait(30)
PYTHON
buildah images "localhost/$image"
