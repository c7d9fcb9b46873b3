"""What is kept of two-step verification: `USER#<user>` / `MFA` and `USER#<user>` / `TOTP#<hash>`.

The first holds the hashes of the recovery codes, the second says that a code was used; DynamoDB
deletes it some time after its `expiresAt`, so the condition looks at that too.
"""

from __future__ import annotations

import secrets
from collections.abc import Set
from datetime import datetime

from service.aws.accounts import user_key
from service.aws.table import (
    ConditionFailed,
    Item,
    Key,
    Table,
    deleting,
    putting,
    stamp,
    updating,
)
from service.domain.errors import InvalidCode, UserUnknown

ROW = "MFA"
_MARK = "SET mfaEnabled = :on, updatedAt = :now ADD version :one"
_EXISTS = "attribute_exists(pk)"


class DynamoMfa:
    """The `MfaStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def enrol(self, user_id: str, hashes: Set[str], now: datetime) -> None:
        """Store the recovery codes and mark the profile. Raises `UserUnknown`."""
        try:
            self._table.transact(
                [putting(_row(user_id, hashes, now)), _marking(user_id, True, now)]
            )
        except ConditionFailed as failed:
            raise UserUnknown("no profile") from failed

    def withdraw(self, user_id: str, now: datetime) -> None:
        """Delete the recovery codes and unmark the profile. Raises `UserUnknown`."""
        try:
            self._table.transact([deleting(_key(user_id)), _marking(user_id, False, now)])
        except ConditionFailed as failed:
            raise UserUnknown("no profile") from failed

    def spend(self, user_id: str, digest: str, now: datetime) -> None:
        """Withdraw, if this is the hash of one of the recovery codes. Raises `InvalidCode`."""
        codes = deleting(_key(user_id), "contains(recoveryCodes, :code)", code=digest)
        try:
            self._table.transact([codes, _marking(user_id, False, now)])
        except ConditionFailed as failed:
            raise InvalidCode("the recovery code was used before") from failed

    def recovery_codes(self, user_id: str) -> Set[str]:
        """Return the hashes of the recovery codes."""
        row = self._table.get(_key(user_id)) or {}
        hashes: Set[str] = row.get("recoveryCodes", frozenset())
        return hashes

    def replace_recovery_codes(self, user_id: str, hashes: Set[str], now: datetime) -> None:
        """Store other recovery codes."""
        self._table.put(_row(user_id, hashes, now))

    def take(self, user_id: str, digest: str, now: datetime, until: datetime) -> bool:
        """Note that a code is used; False if it was noted before and its time is not over."""
        pk, sk = _used_key(user_id, digest)
        mine = secrets.token_hex(8)
        try:
            self._table.put(
                {"pk": pk, "sk": sk, "takenBy": mine, "expiresAt": int(until.timestamp())},
                "attribute_not_exists(pk) OR expiresAt < :now",
                now=int(now.timestamp()),
            )
        except ConditionFailed as failed:
            # The SDK repeats a call whose answer was lost, and then meets its own work.
            return bool((failed.items[0] or {}).get("takenBy") == mine)
        return True

    def give_back(self, user_id: str, digest: str) -> None:
        """Forget that a code was used."""
        self._table.delete(_used_key(user_id, digest))


def _row(user_id: str, hashes: Set[str], now: datetime) -> Item:
    pk, sk = _key(user_id)
    return {"pk": pk, "sk": sk, "recoveryCodes": frozenset(hashes), "enabledAt": stamp(now)}


def _marking(user_id: str, on: bool, now: datetime) -> Item:
    return updating(user_key(user_id), _MARK, _EXISTS, on=on, now=stamp(now), one=1)


def _key(user_id: str) -> Key:
    return f"USER#{user_id}", ROW


def _used_key(user_id: str, digest: str) -> Key:
    return f"USER#{user_id}", f"TOTP#{digest}"
