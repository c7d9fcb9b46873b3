"""Digests under the sealing keys: equal values can be recognised and never read back.

A plain SHA-256 of an address or of a short password is found by trying; an HMAC (RFC 2104) under a
key that is not in the table is not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


class KeyedDigests:
    """HMAC-SHA-256 per purpose; the first key makes digests, every key recognises its own."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._key_id = next(iter(self._keys))

    def make(self, purpose: str, text: str) -> str:
        """Return `<key id>.<64 hexadecimal digits>`."""
        return f"{self._key_id}.{self._hex(self._key_id, purpose, text)}"

    def matches(self, digest: str, purpose: str, text: str) -> bool:
        """Tell whether a digest was made of this text, in constant time; not by a retired key."""
        key_id, _, found = digest.partition(".")
        if key_id not in self._keys:
            return False
        return hmac.compare_digest(found, self._hex(key_id, purpose, text))

    def _hex(self, key_id: str, purpose: str, text: str) -> str:
        # A key of its own for each purpose, so that no digest says anything about another's.
        derived = hmac.digest(self._keys[key_id], f"digest|{purpose}".encode(), hashlib.sha256)
        return hmac.digest(derived, text.encode(), hashlib.sha256).hex()
