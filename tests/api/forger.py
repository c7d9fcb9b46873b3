"""Makes access tokens: genuine ones for a service that trusts its keys, and forgeries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid
from dataclasses import replace
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from service.settings import Settings

KEY_ID = "the-pools-key"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Forger:
    """Holds a pool's private key; `url` serves its JWKS, `fetched` counts who asked."""

    def __init__(self) -> None:
        self.key = new_key()
        self.issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_forged000"
        self.client_id = "forged-client"
        self.fetched = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def trusted_by(self, settings: Settings) -> Settings:
        """Return the settings of a service whose pool is this one."""
        return replace(
            settings, jwks_url=self.url, token_issuer=self.issuer, client_id=self.client_id
        )

    def claims(self, **other: Any) -> dict[str, Any]:
        """Return what a genuine access token says; None takes a claim out."""
        now = int(time.time())
        claims = {
            "sub": str(uuid.uuid4()),
            "origin_jti": str(uuid.uuid4()),
            "iss": self.issuer,
            "client_id": self.client_id,
            "token_use": "access",
            "iat": now,
            "exp": now + 900,
            **other,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, headers: dict[str, Any] | None = None, **other: Any) -> str:
        """Return a signed token; genuine unless a claim or a header is changed."""
        return jwt.encode(
            self.claims(**other), self.key, "RS256", headers={"kid": KEY_ID, **(headers or {})}
        )

    @cached_property
    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @cached_property
    def jwks(self) -> bytes:
        entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps(
            {"keys": [{**entry, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
        ).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forger = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forger.fetched += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(forger.jwks)))
                self.end_headers()
                self.wfile.write(forger.jwks)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def by_hand(header: dict[str, Any], claims: dict[str, Any], key: bytes | None = None) -> str:
    """Assemble a token that no library would make; HMAC-SHA256 with a key, else unsigned."""
    signed = f"{_encode(json.dumps(header).encode())}.{_encode(json.dumps(claims).encode())}"
    mac = hmac.new(key, signed.encode(), hashlib.sha256).digest() if key else b""
    return f"{signed}.{_encode(mac)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
