"""Counters in the users table: `LIMIT#<counter>#<digest>` / `<end of the window>`.

`used` counts the attempts of one window, `expiresAt` (epoch seconds) is its end and DynamoDB's TTL.
Each window is a row of its own, so a row that TTL has not deleted yet is never counted again. The
subject, an address or a user, is a digest: the table does not tell who tried.
"""

from __future__ import annotations

from datetime import UTC, datetime

from service.aws.digests import KeyedDigests
from service.aws.table import ConditionFailed, Table
from service.domain.limits import Limit, Taken


class DynamoRateLimits:
    """The `RateLimits` on DynamoDB: one conditional UpdateItem an attempt."""

    def __init__(self, table: Table, digests: KeyedDigests) -> None:
        self._table = table
        self._digests = digests

    def take(self, counter: str, subject: str, limit: Limit, now: datetime) -> Taken:
        """Count an attempt, unless the window is full; a refused attempt changes nothing."""
        digest = self._digests.make("limit", f"{counter}|{subject}")
        end = _end_of_window(digest, limit.seconds, now)
        ends_at = datetime.fromtimestamp(end, UTC)
        try:
            row = self._table.update(
                (f"LIMIT#{counter}#{digest}", str(end)),
                "SET expiresAt = :end ADD used :one",
                "attribute_not_exists(used) OR used < :quota",
                end=end,
                one=1,
                quota=limit.quota,
            )
        except ConditionFailed:
            return Taken(admitted=False, used=limit.quota, ends_at=ends_at)
        return Taken(admitted=True, used=row["used"], ends_at=ends_at)


def _end_of_window(digest: str, seconds: int, now: datetime) -> int:
    """Return the end, in epoch seconds, of the subject's window around `now`.

    Each subject's windows begin at a moment of its own: nobody can wait for the one at which all
    counters are empty.
    """
    phase = int(digest[-8:], 16) % seconds
    return int((now.timestamp() - phase) // seconds + 1) * seconds + phase
