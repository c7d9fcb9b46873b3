"""The pool's public keys: fetched from one configured address, cached, never hammered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import urllib3
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from service.domain.errors import NotSignedIn, Unavailable

# Seconds. An unknown key id asks again at most this often, so that a stream of made-up ones costs
# one request a minute; after a failed fetch the next try may come sooner.
INTERVAL = 60.0
RETRY = 1.0
# Keys are fetched anew after a day, so that a key withdrawn by AWS does not live for ever here.
MAX_AGE = 86_400.0
TIMEOUT = urllib3.Timeout(connect=1.0, read=2.0)
# Bytes; Cognito's document has about 900.
MAX_DOCUMENT = 65_536
MIN_BITS = 2048

Keys = dict[str, RSAPublicKey]


class JwksCache:
    """Keys by id. `fetch` returns the document; it runs in a thread, one at a time."""

    def __init__(
        self, fetch: Callable[[], bytes], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Keys = {}
        self._fetched_at: float | None = None
        self._next_fetch = float("-inf")
        self._failure: Exception | None = None
        self._flight: asyncio.Task[None] | None = None

    async def get(self, key_id: str) -> RSAPublicKey:
        """Return a key. Raises `NotSignedIn` for an unknown one, `Unavailable` in an outage."""
        key = self._keys.get(key_id)
        if key is not None and not self._is_old():
            return key
        if self._in_flight() or self._clock() >= self._next_fetch:
            await self._fetch_once()
            key = self._keys.get(key_id)
        if key is not None:
            return key
        if self._failure is not None:
            raise Unavailable("the JWKS cannot be fetched", retry_after=1) from self._failure
        raise NotSignedIn("the access token names a key the pool does not have")

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at > MAX_AGE

    def _in_flight(self) -> bool:
        # A task of a loop that is gone (Lambda between two invocations) never ends.
        return (
            self._flight is not None
            and not self._flight.done()
            and self._flight.get_loop() is asyncio.get_running_loop()
        )

    async def _fetch_once(self) -> None:
        if not self._in_flight():
            self._next_fetch = self._clock() + INTERVAL
            self._flight = asyncio.get_running_loop().create_task(self._refresh())
        if self._flight is not None:
            # A caller who goes away does not end the fetch of the others.
            await asyncio.shield(self._flight)

    async def _refresh(self) -> None:
        try:
            self._keys = parse_jwks(await asyncio.to_thread(self._fetch))
        except Exception as failure:  # Whatever it was, the keys at hand stay in use.
            self._failure = failure
            self._next_fetch = self._clock() + RETRY
        else:
            self._failure = None
            self._fetched_at = self._clock()


def parse_jwks(document: bytes) -> Keys:
    """Return the RSA signature keys of a document (RFC 7517). Raises `ValueError`."""
    entries = json.loads(document).get("keys", ())
    keys = {entry["kid"]: _public_key(entry) for entry in entries if _is_for_rs256(entry)}
    if not keys:
        raise ValueError("The JWKS holds no RS256 key")
    return keys


def _is_for_rs256(entry: Mapping[str, Any]) -> bool:
    return (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
        and isinstance(entry.get("kid"), str)
    )


def _public_key(entry: Mapping[str, Any]) -> RSAPublicKey:
    try:
        key = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    except (KeyError, jwt.PyJWTError) as fault:
        raise ValueError("The JWKS holds a key that cannot be read") from fault
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        raise ValueError("The JWKS holds a key that is too short")
    return key


def fetcher(url: str) -> Callable[[], bytes]:
    """Return a function that gets the document; it follows no redirect and reads 64 KiB at most."""
    pool = urllib3.PoolManager(num_pools=1, timeout=TIMEOUT, retries=False)

    def fetch() -> bytes:
        answer = pool.request("GET", url, redirect=False, preload_content=False)
        try:
            document = answer.read(MAX_DOCUMENT + 1)
        finally:
            answer.release_conn()
        if answer.status != 200 or len(document) > MAX_DOCUMENT:
            raise ValueError(f"The JWKS answered {answer.status} with {len(document)} bytes")
        return document

    return fetch
