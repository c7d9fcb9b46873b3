"""What all peers are given: an AWS that answers at once, a key pair, events, and an environment."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks import contract
from service.contract import compile_contract

ROOT = Path(__file__).resolve().parent.parent
REGION, POOL, CLIENT_ID = "eu-central-1", "eu-central-1_Bench0000", "1benchmark2345678"
ISSUER = f"https://cognito-idp.{REGION}.amazonaws.com/{POOL}"
KEY_ID = "bench"
TYPES = {"AWSCognitoIdentityProviderService": "1.1", "DynamoDB_20120810": "1.0"}

PLAN = {
    "title": "Ten kilometres by spring",
    "email": "ada@example.com",
    "category": "running",
    "weeks": 12,
    "intensity": 0.6,
    "startDate": "2026-12-01",
    "reminders": True,
    "timezone": "Europe/Dublin",
    "tags": ["outdoor", "beginner"],
    "goals": [
        {"name": "distance", "target": 10, "unit": "km"},
        {"name": "weight", "target": 68.5, "unit": "kg"},
    ],
}
REGISTRATION = {
    "email": "ada@example.com",
    "password": "correct horse battery",
    "firstName": "Ada",
    "lastName": "O'Brien",
}


class Keys:
    """A pool's key pair: signs access tokens and publishes the public key."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        self.document = {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    def tokens(self, count: int) -> list[str]:
        """Return that many different access tokens, as Cognito writes them."""
        now = int(time.time())
        return [self._token(now) for _ in range(count)]

    def _token(self, now: int) -> str:
        claims = {
            "sub": str(uuid.uuid4()),
            "origin_jti": str(uuid.uuid4()),
            "jti": str(uuid.uuid4()),
            "iss": ISSUER,
            "client_id": CLIENT_ID,
            "token_use": "access",
            "scope": "aws.cognito.signin.user.admin",
            "username": "ada@example.com",
            "auth_time": now,
            "iat": now,
            "exp": now + 7200,
        }
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": KEY_ID})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the measured processes are killed with their connections open."""


class _Aws(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go out in two writes; without this the second waits 40 ms for an ACK.
    disable_nagle_algorithm = True
    keys: Keys

    def do_GET(self) -> None:
        self._answer(self.keys.document, "application/json")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        service, _, action = self.headers["X-Amz-Target"].partition(".")
        answer: dict[str, Any] = {}
        if action == "SignUp":
            answer = {"UserConfirmed": False, "UserSub": str(uuid.uuid4())}
        elif action == "UpdateItem":
            answer = {"Attributes": {"used": {"N": "1"}}}
        self._answer(answer, f"application/x-amz-json-{TYPES[service]}")

    def _answer(self, document: dict[str, Any], content_type: str) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def aws(keys: Keys) -> Iterator[str]:
    """Answer what a registration calls, and the JWKS, at the yielded address."""
    server = _Server(("127.0.0.1", 0), type("Aws", (_Aws,), {"keys": keys}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Installation:
    """How a measured process is started: as the image would, from a tree that is built for it."""

    python: Path
    tree: Path
    environment: dict[str, str]


def install(python: Path, endpoint: str) -> Installation:
    """Build the tree: the code, the compiled contracts, the trimmed service models, bytecode."""
    scratch = python.parent.parent
    tree = scratch / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for package in ("service", "benchmarks"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("*.pyc"))
    contract.write(scratch)
    bundle = compile_contract(ROOT / "openapi.yaml")
    (tree / "service" / "bundle.json").write_text(json.dumps(bundle))
    for module in (["service.aws.trim"], ["compileall", "-q", "."]):
        subprocess.run([python, "-m", *module], cwd=tree, check=True)
    return Installation(python, tree, _environment(endpoint, scratch))


def _environment(endpoint: str, scratch: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "0",
        "ENVIRONMENT": "dev",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-key-of-anybody",
        "AWS_ENDPOINT_URL": endpoint,
        "COGNITO_USER_POOL_ID": POOL,
        "COGNITO_CLIENT_ID": CLIENT_ID,
        "COGNITO_CLIENT_SECRET": "0123456789abcdefghijklmnopqrstuv",
        "USERS_TABLE": "users-bench",
        "TOKEN_ISSUER": ISSUER,
        "JWKS_URL": f"{endpoint}/jwks.json",
        "SEALING_KEYS": "k1:" + base64.urlsafe_b64encode(bytes(range(32))).decode(),
        "BENCH_CONTRACT": str(scratch / "contract.json"),
        "BENCH_BUNDLE": str(scratch / "bundle.json"),
    }


def event(method: str, path: str, body: Any = None, token: str | None = None) -> dict[str, Any]:
    """Return a request as API Gateway sends it, payload format 2.0."""
    text = None if body is None else json.dumps(body)
    headers = {
        "accept": "application/json",
        "accept-encoding": "gzip, br",
        "content-length": str(len(text or "")),
        "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64)",
        "x-amzn-trace-id": "Root=1-6922a1c0-0123456789abcdef01234567",
        "x-forwarded-for": "198.51.100.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    if text is not None:
        headers["content-type"] = "application/json"
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    made = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": headers["host"],
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "198.51.100.7",
                "userAgent": headers["user-agent"],
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:09:30:00 +0000",
            "timeEpoch": 1795426200000,
        },
        "isBase64Encoded": False,
    }
    return made if text is None else {**made, "body": text}
