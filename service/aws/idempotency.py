"""Idempotency keys in the users table: `IDEMPOTENCY#<digest of the key>`, pk and sk alike.

The payload is kept as a digest and the answer sealed, so that the row holds neither a password nor
an address in clear. `expiresAt` (epoch seconds) is DynamoDB's TTL too, which deletes late: an
expired row counts as absent. `leaseEndsAt` is epoch seconds.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

from service.aws.digests import KeyedDigests
from service.aws.table import ConditionFailed, Item, Key, Table
from service.aws.tokens import AeadSealer, Unsealable
from service.domain.idempotency import Answer, Attempt, Kept


class DynamoIdempotency:
    """The `IdempotencyStore` on DynamoDB."""

    def __init__(self, table: Table, sealer: AeadSealer, digests: KeyedDigests) -> None:
        self._table = table
        self._sealer = sealer
        self._digests = digests

    def begin(self, attempt: Attempt, now: datetime) -> Kept | None:
        """Take a key that is free or expired, else return its record."""
        free = "attribute_not_exists(pk) OR expiresAt <= :now OR attemptId = :mine"
        try:
            self._table.put(self._row(attempt), free, now=int(now.timestamp()), mine=attempt.owner)
        except ConditionFailed as failed:
            return self._read(attempt, failed.items[0] or {})
        return None

    def take_over(self, attempt: Attempt, owner: str) -> bool:
        """Take the unanswered key from an owner; False if somebody else did."""
        unanswered = "(attemptId = :theirs AND attribute_not_exists(answer)) OR attemptId = :mine"
        try:
            self._table.put(self._row(attempt), unanswered, theirs=owner, mine=attempt.owner)
        except ConditionFailed:
            return False
        return True

    def finish(self, attempt: Attempt, answer: Answer) -> None:
        """Keep the answer, if the attempt still owns the key."""
        sealed = self._sealer.seal_for_row(json.dumps(asdict(answer)), *_key(attempt.key))
        self._change(attempt, "SET answer = :answer", answer=sealed)

    def release(self, attempt: Attempt) -> None:
        """End the lease at once, if the attempt still owns the key."""
        self._change(attempt, "SET leaseEndsAt = :past", past=0)

    def _change(self, attempt: Attempt, change: str, **values: object) -> None:
        with suppress(ConditionFailed):
            self._table.update(
                _key(attempt.key), change, "attemptId = :mine", mine=attempt.owner, **values
            )

    def _row(self, attempt: Attempt) -> Item:
        pk, sk = _key(attempt.key)
        return {
            "pk": pk,
            "sk": sk,
            "attemptId": attempt.owner,
            "payload": self._digests.make("payload", attempt.payload),
            "leaseEndsAt": int(attempt.lease_ends_at.timestamp()),
            "expiresAt": int(attempt.expires_at.timestamp()),
        }

    def _read(self, attempt: Attempt, row: Item) -> Kept:
        return Kept(
            same=self._digests.matches(row["payload"], "payload", attempt.payload),
            owner=row["attemptId"],
            lease_ends_at=datetime.fromtimestamp(row["leaseEndsAt"], UTC),
            answer=self._answer(row),
        )

    def _answer(self, row: Item) -> Answer | None:
        if "answer" not in row:
            return None
        try:
            return Answer(
                **json.loads(self._sealer.open_for_row(row["answer"], row["pk"], row["sk"]))
            )
        except Unsealable:
            # Its key was retired; the payload's digest, of the same key, matches nothing either.
            return None


def _key(key: str) -> Key:
    name = f"IDEMPOTENCY#{hashlib.sha256(key.encode()).hexdigest()}"
    return name, name
