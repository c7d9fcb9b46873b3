"""Functions small enough to be packaged by a test, and the small contract that they keep."""

import json
from collections.abc import Callable
from pathlib import Path

from service.contract import compile_contract

ROOT = Path(__file__).resolve().parents[2]
Package = Callable[[str], dict[str, str]]

CONTRACT = """
openapi: 3.0.3
info: {title: Small, version: 1.0.0}
servers: [{url: /v1}]
paths:
  /health:
    get:
      operationId: getHealth
      x-throttle: {burst: 10, rate: 5}
      responses:
        '200':
          description: Alive.
          content:
            application/json:
              schema:
                type: object
                additionalProperties: false
                required: [status, version]
                properties:
                  status: {type: string, enum: [alive]}
                  version: {type: string, minLength: 1}
        '405': {description: Another method.}
"""

SOURCE = """
import json, os

def answer(status, kind, body, **headers):
    headers = {"content-type": kind, **headers}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}

def problem(status, **headers):
    body = {"type": f"/problems/{status}", "title": "No", "status": status, "code": "NO"}
    return answer(status, "application/problem+json", body, **headers)

def handler(event, context):
    path = event["rawPath"].removeprefix("/$default")
    if path == "/v1/health" and event["requestContext"]["http"]["method"] != "GET":
        return problem(405, allow="GET")
    if path == "/v1/health":
        version = os.environ["SERVICE_VERSION"]
        return answer(200, "application/json", {"status": "alive", "version": version})
    if path == "/v1/health/ready":
        return answer(READY, "application/json", {"status": "ready"})
    if path == "/v1/users/profile":
        return problem(401, **{"www-authenticate": "Bearer"})
    return problem(404)
"""


def healthy(sha: str) -> dict[str, str]:
    """Return the files of a function that does what the small contract says."""
    return _package(sha, ready=200)


def unready(sha: str) -> dict[str, str]:
    """Return the files of a function that starts, and does not reach what it needs."""
    return _package(sha, ready=503)


def service(sha: str) -> dict[str, str]:
    """Return the files of the service itself; its packages are the emulator's own."""
    files = (file for file in (ROOT / "service").rglob("*") if file.suffix in {".py", ".txt"})
    found = {str(file.relative_to(ROOT)): file.read_text() for file in files}
    bundle = json.dumps(compile_contract(ROOT / "openapi.yaml"))
    return found | {"service/bundle.json": bundle, "COMMIT": sha}


def _package(sha: str, ready: int) -> dict[str, str]:
    return {
        "service/__init__.py": "",
        "service/lambda_handler.py": f"# {sha}\nREADY = {ready}\n{SOURCE}",
        "service/reconcile.py": "def handler(event, context):\n    return {}\n",
    }
