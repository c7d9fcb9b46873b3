"""Sessions in the users table: `USER#<user>` / `SESSION#<id>`, beside the profile.

`endsAt` is the absolute end as text, which conditions compare; `expiresAt` is the same in epoch
seconds for DynamoDB's TTL, which deletes some days late. The directory's refresh token is sealed
for its own row: it opens neither elsewhere nor without the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from service.aws.accounts import read_profile, user_key
from service.aws.table import ConditionFailed, Item, Key, Table, moment, stamp
from service.aws.tokens import AeadSealer, Unsealable
from service.domain.errors import NotAdvanced
from service.domain.ports import Caller, Profile, RefreshClaims, Session

SESSION = "SESSION#"
PAGE = 100

_PRESENTED_AND_ALIVE = "generation = :presented AND endsAt > :now AND lastUsedAt >= :idle"


class DynamoSessions:
    """The `SessionStore` on DynamoDB."""

    def __init__(self, table: Table, sealer: AeadSealer) -> None:
        self._table = table
        self._sealer = sealer

    def open(self, session: Session) -> None:
        """Write a new session."""
        pk, sk = session_key(session.user_id, session.session_id)
        self._table.put(
            {
                "pk": pk,
                "sk": sk,
                "userId": session.user_id,
                "sessionId": session.session_id,
                "createdAt": stamp(session.created_at),
                "lastUsedAt": stamp(session.last_used_at),
                "endsAt": stamp(session.expires_at),
                "expiresAt": int(session.expires_at.timestamp()),
                "userAgent": session.user_agent,
                "generation": session.generation,
                "refreshToken": self._sealer.seal_for_row(session.refresh_token, pk, sk),
            }
        )

    def advance(self, claims: RefreshClaims, now: datetime, idle_since: datetime) -> Session:
        """Move a session one generation on. Raises `NotAdvanced` with the stored row."""
        try:
            row = self._table.update(
                session_key(claims.user_id, claims.session_id),
                "SET generation = generation + :one, lastUsedAt = :now",
                _PRESENTED_AND_ALIVE,
                one=1,
                presented=claims.generation,
                now=stamp(now),
                idle=stamp(idle_since),
            )
        except ConditionFailed as failed:
            stored = failed.items[0]
            raise NotAdvanced(self._read(stored) if stored else None) from failed
        return self._read(row)

    def end(self, user_id: str, session_id: str) -> Session | None:
        """Delete a session and return it."""
        row = self._table.delete(session_key(user_id, session_id))
        return self._read(row) if row else None

    def list(self, user_id: str) -> Sequence[Session]:
        """Return a user's sessions, at most 100."""
        rows = self._table.first(f"USER#{user_id}", PAGE, starting=SESSION)
        return [self._read(row) for row in rows]

    def end_all(self, user_id: str, keep: str | None = None) -> Sequence[Session]:
        """Delete every session of a user but `keep`, and return them."""
        ended: list[Session] = []
        while True:
            page = self.list(user_id)
            others = [session for session in page if session.session_id != keep]
            self._table.batch_delete(session_key(user_id, each.session_id) for each in others)
            ended += others
            if len(page) < PAGE:
                return ended

    def with_profile(self, caller: Caller) -> tuple[Session | None, Profile | None]:
        """Return the caller's session and profile in one consistent read."""
        session = session_key(caller.user_id, caller.session_id)
        profile = user_key(caller.user_id)
        rows = {row["sk"]: row for row in self._table.batch_get([session, profile])}
        found = rows.get(session[1])
        whose = rows.get(profile[1])
        return (
            self._read(found) if found else None,
            read_profile(whose) if whose else None,
        )

    def _read(self, row: Item) -> Session:
        try:
            secret = self._sealer.open_for_row(row["refreshToken"], row["pk"], row["sk"])
        except Unsealable:
            # Sealed with a key that was retired: the session lives, Cognito cannot be told its end.
            secret = ""
        return Session(
            user_id=row["userId"],
            session_id=row["sessionId"],
            created_at=moment(row["createdAt"]),
            last_used_at=moment(row["lastUsedAt"]),
            expires_at=moment(row["endsAt"]),
            user_agent=row["userAgent"],
            generation=row["generation"],
            refresh_token=secret,
        )


def session_key(user_id: str, session_id: str) -> Key:
    """Return the key of a session."""
    return f"USER#{user_id}", f"{SESSION}{session_id}"
