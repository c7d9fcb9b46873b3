"""An authenticator, as people have it on their telephones; pyotp stands for the app."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pyotp

STEP = 30  # Seconds.


@dataclass
class Authenticator:
    """Shows codes of one secret, each once; three at a time are acceptable (RFC 6238, 5.2)."""

    uri: str
    shown: set[str] = field(default_factory=set)

    def code(self) -> str:
        """Return an acceptable code that was not shown before, the oldest first."""
        totp = pyotp.parse_uri(self.uri)
        assert isinstance(totp, pyotp.TOTP)
        if STEP - time.time() % STEP < 1.5:
            # The oldest would expire on its way. Some tests replace time.sleep.
            threading.Event().wait(1.6)
        now = time.time()
        for offset in (-1, 0, 1):
            code = totp.at(now, counter_offset=offset)
            if code not in self.shown:
                self.shown.add(code)
                return code
        raise AssertionError("a test used four codes in a minute")

    def wrong(self) -> str:
        """Return a code that this authenticator shows neither now nor soon."""
        totp = pyotp.parse_uri(self.uri)
        assert isinstance(totp, pyotp.TOTP)
        near = {totp.at(time.time(), counter_offset=offset) for offset in range(-4, 5)}
        return next(
            code
            for code in ("000000", "000001", "000002", *map(str, range(100000, 100020)))
            if code not in near
        )
