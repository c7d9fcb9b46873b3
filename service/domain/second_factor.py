"""The second factor's ports: what asks for a code, and what is stored about it.

As in `ports`, every method may raise `Unavailable`, and those of `SecondFactor` `TooManyRequests`.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Protocol

from service.domain.ports import Grant


class SecondFactor(Protocol):
    """One-time passwords (TOTP, RFC 6238) at the directory: Amazon Cognito in production."""

    def associate(self, access_token: str) -> str:
        """Make a secret for an authenticator, in base32; it counts once a code has proven it.

        Raises `SessionEnded`.
        """

    def prove(self, access_token: str, code: str) -> None:
        """Check the first code of the newest secret. Raises `InvalidCode`, `SessionEnded`."""

    def require(self, user_id: str, required: bool) -> None:
        """Ask for a code at sign-in from now on, or no longer. Tries three times."""

    def required(self, user_id: str) -> bool:
        """Tell whether a code is asked for at sign-in."""

    def answer(self, user_id: str, session: str, code: str) -> Grant:
        """Finish the sign-in of a `Challenge`. Raises `InvalidCode`, `InvalidMfaSession`."""


class MfaStore(Protocol):
    """What we keep of it: the hashes of the recovery codes, and those of codes that were used."""

    def enrol(self, user_id: str, hashes: Set[str], now: datetime) -> None:
        """Store the recovery codes and mark the profile, in one transaction.

        Raises `UserUnknown` without a profile.
        """

    def withdraw(self, user_id: str, now: datetime) -> None:
        """Delete the recovery codes and unmark the profile, in one transaction.

        Raises `UserUnknown` without a profile.
        """

    def spend(self, user_id: str, digest: str, now: datetime) -> None:
        """Withdraw, if this is the hash of one of the recovery codes. Raises `InvalidCode`."""

    def recovery_codes(self, user_id: str) -> Set[str]:
        """Return the hashes of the recovery codes, read consistently."""

    def replace_recovery_codes(self, user_id: str, hashes: Set[str], now: datetime) -> None:
        """Store other recovery codes in the place of those that are there."""

    def take(self, user_id: str, digest: str, now: datetime, until: datetime) -> bool:
        """Note that a code is used; False if it was noted before and its time is not over."""

    def give_back(self, user_id: str, digest: str) -> None:
        """Forget that a code was used."""
