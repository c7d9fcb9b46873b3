"""Changes of an address that wait for their proof: `USER#<id>` / `EMAIL_CHANGE`, one a user.

The row holds a keyed hash of the mailed code, the tries that were used, and `expiresAt`, which is
its end and DynamoDB's TTL at once, in epoch seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime

from service.aws.accounts import address_key, guard_row, profile_row, user_key
from service.aws.table import ConditionFailed, Item, Key, Table, deleting, moment, putting, stamp
from service.domain.email_change import EmailChange
from service.domain.errors import AddressHeld, InvalidCode, VersionMismatch
from service.domain.ports import Profile

ROW = "EMAIL_CHANGE"
# Places in the transaction of `move`; the failed conditions are told by place.
_PROFILE = 0


class DynamoEmailChanges:
    """The `EmailChanges` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, change: EmailChange) -> None:
        """Keep a change, in place of an earlier one."""
        self._table.put(change_row(change))

    def attempt(self, user_id: str, now: datetime, tries: int) -> EmailChange:
        """Use up one try and return the change. Raises `InvalidCode`."""
        try:
            row = self._table.update(
                change_key(user_id),
                "SET attempts = attempts + :one",
                "attempts < :tries AND expiresAt > :now",
                one=1,
                tries=tries,
                now=int(now.timestamp()),
            )
        except ConditionFailed as failed:
            raise InvalidCode("no change waits, or its tries are used up") from failed
        return read_change(row)

    def move(self, former: Profile, changed: Profile, now: datetime, replacing: str | None) -> None:
        """Give a profile its new address. Raises `VersionMismatch`, `AddressHeld`."""
        mine = former.user_id
        guard = guard_row(changed, now)
        free = "attribute_not_exists(pk) OR userId = :mine"
        claim = putting(guard, free, mine=mine)
        if replacing:
            claim = putting(guard, f"{free} OR userId = :other", mine=mine, other=replacing)
        operations = [
            putting(profile_row(changed), "version = :expected", expected=former.version),
            claim,
            *([_unproven(replacing)] if replacing else []),
            deleting(address_key(former.email), free, mine=mine),
        ]
        try:
            self._table.transact(operations)
        except ConditionFailed as failed:
            if _PROFILE in failed.items:
                raise VersionMismatch from failed
            raise AddressHeld(replacing or "") from failed

    def settle(self, user_id: str) -> None:
        """Forget a change that is done."""
        self._table.delete(change_key(user_id))


def change_key(user_id: str) -> Key:
    """Return the key of a user's change of address."""
    return f"USER#{user_id}", ROW


def change_row(change: EmailChange) -> Item:
    """Return a change as it is stored."""
    pk, sk = change_key(change.user_id)
    return {
        "pk": pk,
        "sk": sk,
        "userId": change.user_id,
        "formerEmail": change.former_email,
        "newEmail": change.new_email,
        "codeHash": change.code_hash,
        "attempts": change.attempts,
        "requestedAt": stamp(change.requested_at),
        "expiresAt": int(change.expires_at.timestamp()),
    }


def read_change(row: Item) -> EmailChange:
    """Return the change a row holds."""
    return EmailChange(
        user_id=row["userId"],
        former_email=row["formerEmail"],
        new_email=row["newEmail"],
        code_hash=row["codeHash"],
        requested_at=moment(row["requestedAt"]),
        expires_at=datetime.fromtimestamp(row["expiresAt"], UTC),
        attempts=row["attempts"],
    )


def _unproven(user_id: str) -> Item:
    """Delete a profile unless its address was proven."""
    return deleting(user_key(user_id), "attribute_not_exists(pk) OR emailVerified = :no", no=False)
