"""Everything that is stored about a person, for that person (GDPR, articles 15 and 20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from service.domain.parallel import both
from service.domain.ports import Caller, Profile
from service.domain.sessions import Sessions

SESSIONS = 1000
"""How many sessions an export holds at most, those used last."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """What is kept of a sign-in, the sealed token excepted."""

    session_id: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True)
class StoredEmailChange:
    """What is kept of a change of address that waits for its code, the hash excepted."""

    new_email: str
    requested_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is stored about a person besides the profile; no secret is in it."""

    sessions: Sequence[StoredSession] = ()
    mfa_enabled_at: datetime | None = None
    recovery_codes_left: int = 0
    email_change: StoredEmailChange | None = None


class HoldingsStore(Protocol):
    """Reads all that lies in a person's partition."""

    def holdings(self, user_id: str) -> Holdings:
        """Return what is stored about a user besides the profile, read consistently."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export of one moment."""

    exported_at: datetime
    profile: Profile
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class Exports:
    """Makes exports for callers whose session is alive."""

    sessions: Sessions
    store: HoldingsStore

    def export_user_data(self, caller: Caller) -> Export:
        """Return everything stored about the caller. Raises `SessionEnded`, `Unavailable`."""
        (_, profile), holdings = both(
            lambda: self.sessions.current(caller), lambda: self.store.holdings(caller.user_id)
        )
        latest = sorted(holdings.sessions, key=lambda each: each.last_used_at, reverse=True)
        self.sessions.audit("export", "success", user_id=caller.user_id)
        return Export(self.sessions.clock(), profile, replace(holdings, sessions=latest[:SESSIONS]))
