#!/bin/sh
# Lambda sets AWS_LAMBDA_RUNTIME_API; anywhere else the same image is a plain server on PORT.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
  exec /lambda-entrypoint.sh "$@"
fi
exec python3.13 -m service
