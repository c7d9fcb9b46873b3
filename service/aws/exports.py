"""All rows of a person's partition as what they mean; secrets and bookkeeping are left where they
are."""

from __future__ import annotations

from service.aws.accounts import user_key
from service.aws.email_changes import ROW as EMAIL_CHANGE
from service.aws.email_changes import read_change
from service.aws.mfa import ROW as MFA
from service.aws.sessions import SESSION
from service.aws.table import Item, Table, moment
from service.domain.export import Holdings, StoredEmailChange, StoredSession


class DynamoExports:
    """The `HoldingsStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def holdings(self, user_id: str) -> Holdings:
        """Return what is stored about a user besides the profile."""
        rows = {row["sk"]: row for row in self._table.partition(user_key(user_id)[0])}
        mfa, change = rows.get(MFA), rows.get(EMAIL_CHANGE)
        return Holdings(
            sessions=[_session(row) for key, row in rows.items() if key.startswith(SESSION)],
            mfa_enabled_at=moment(mfa["enabledAt"]) if mfa else None,
            recovery_codes_left=len(mfa.get("recoveryCodes", ())) if mfa else 0,
            email_change=_email_change(change) if change else None,
        )


def _session(row: Item) -> StoredSession:
    return StoredSession(
        session_id=row["sessionId"],
        created_at=moment(row["createdAt"]),
        last_used_at=moment(row["lastUsedAt"]),
        expires_at=moment(row["endsAt"]),
        user_agent=row["userAgent"],
    )


def _email_change(row: Item) -> StoredEmailChange:
    change = read_change(row)
    return StoredEmailChange(change.new_email, change.requested_at, change.expires_at)
