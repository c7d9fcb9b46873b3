"""Profiles, the uniqueness of addresses and the outbox, in the users table.

USER#<id>    USER#<id>          a profile; EmailIndex key EMAIL#<address>
EMAIL#<adr>  EMAIL#<adr>        the uniqueness row: whose the address is
DELETION     <id>               a user who goes: decided, and not cleared up yet
OUTBOX       <moment>#<id>      a registration whose undoing failed; it has no TTL, as nothing
                                else remembers it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from service.aws.table import (
    BATCH,
    ConditionFailed,
    Item,
    Key,
    Table,
    deleting,
    moment,
    putting,
    stamp,
)
from service.domain.errors import AddressHeld, UserUnknown, VersionMismatch
from service.domain.ports import Claim, Leftover, Profile, normalise_email

OUTBOX = "OUTBOX"
DELETION = "DELETION"
PAGE = 100
# The guard's place in the transaction of `create`; the failed conditions are told by place.
_GUARD = 0
_MINE = "attribute_not_exists(pk) OR userId = :mine"


class DynamoAccounts:
    """The `AccountStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, profile: Profile, replacing: str | None = None) -> None:
        """Write profile and uniqueness row; writing them again for the same user changes nothing.

        Raises `AddressHeld`.
        """
        guard = guard_row(profile, profile.created_at)
        if replacing:
            takeover = f"{_MINE} OR userId = :replaced"
            claim = putting(guard, takeover, mine=profile.user_id, replaced=replacing)
        else:
            claim = putting(guard, _MINE, mine=profile.user_id)
        operations = [claim]
        if replacing and replacing != profile.user_id:
            operations.append(deleting(user_key(replacing)))
        self._create([*operations, putting(profile_row(profile), "attribute_not_exists(pk)")])

    def _create(self, operations: list[Item]) -> None:
        try:
            self._table.transact(operations)
        except ConditionFailed as failed:
            if _GUARD in failed.items:
                holder = (failed.items[_GUARD] or {}).get("userId", "")
                raise AddressHeld(str(holder)) from failed
            # The user has a profile already, from a call whose answer was lost or from a sign-in
            # that healed it meanwhile: what it holds now stays, the rest is made sure of.
            self._create(operations[:-1])

    def claim(self, email: str) -> Claim | None:
        """Return the uniqueness row of an address."""
        row = self._table.get(address_key(email))
        return Claim(row["userId"], moment(row["claimedAt"])) if row else None

    def load(self, user_id: str) -> Profile | None:
        """Return a profile."""
        row = self._table.get(user_key(user_id))
        return read_profile(row) if row else None

    def addresses(self, user_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the addresses of those of up to 100 users that have a profile, by user."""
        keys = [user_key(user_id) for user_id in dict.fromkeys(user_ids)]
        if len(keys) > BATCH:
            raise ValueError(f"At most {BATCH} users at a time, not {len(keys)}")
        rows = self._table.batch_get(keys, "userId", "email") if keys else []
        return {row["userId"]: row["email"] for row in rows}

    def mark_verified(self, user_id: str, now: datetime) -> Profile:
        """Set `email_verified`, return the profile. Raises `UserUnknown`."""
        try:
            row = self._table.update(
                user_key(user_id),
                "SET emailVerified = :yes, updatedAt = :now ADD version :one",
                "attribute_exists(pk)",
                yes=True,
                now=stamp(now),
                one=1,
            )
        except ConditionFailed as failed:
            raise UserUnknown("no profile") from failed
        return read_profile(row)

    def update(self, profile: Profile, expected_version: int) -> None:
        """Replace a profile that is still at a version. Raises `VersionMismatch`."""
        row = profile_row(profile)
        try:
            self._table.put(row, "version = :expected", expected=expected_version)
        except ConditionFailed as failed:
            # The SDK repeats a call whose answer was lost, and then meets its own work.
            if failed.items[0] != {name: value for name, value in row.items() if value is not None}:
                raise VersionMismatch from failed

    def remove(self, user_id: str, email: str) -> None:
        """Delete the profile, and the uniqueness row if it is this user's."""
        profile = deleting(user_key(user_id))
        guard = deleting(address_key(email), _MINE, mine=user_id)
        try:
            self._table.transact([guard, profile])
        except ConditionFailed:
            self._table.delete(user_key(user_id))

    def note(self, leftover: Leftover) -> None:
        """Put a failed compensation into the outbox."""
        pk, sk = _leftover_key(leftover)
        self._table.put(
            {
                "pk": pk,
                "sk": sk,
                "userId": leftover.user_id,
                "email": leftover.email,
                "notedAt": stamp(leftover.noted_at),
            }
        )

    def leftovers(self) -> Sequence[Leftover]:
        """Return up to 100 entries of the outbox, oldest first."""
        return [
            Leftover(row["userId"], row["email"], moment(row["notedAt"]))
            for row in self._table.first(OUTBOX, 100)
        ]

    def settle(self, leftover: Leftover) -> None:
        """Take an entry out of the outbox."""
        self._table.delete(_leftover_key(leftover))

    def begin_deletion(self, profile: Profile, now: datetime) -> None:
        """Take profile and address away. Raises `UserUnknown`, `VersionMismatch`."""
        mine = profile.user_id
        guard = deleting(address_key(profile.email), _MINE, mine=mine)
        row = deleting(user_key(mine), "email = :email", email=profile.email)
        pk, sk = _deletion_key(mine)
        note = putting({"pk": pk, "sk": sk, "userId": mine, "notedAt": stamp(now)})
        try:
            self._table.transact([row, note, guard])
        except ConditionFailed as failed:
            if 0 in failed.items:
                raise (VersionMismatch if failed.items[0] else UserUnknown) from failed
            # The address is somebody else's, which must not keep anybody from leaving.
            self._table.transact([row, note])

    def deleting(self, user_id: str) -> bool:
        """Tell whether it is noted that a user goes."""
        return self._table.get(_deletion_key(user_id)) is not None

    def deletions(self) -> Sequence[str]:
        """Return up to 100 users of whom it is noted that they go."""
        return [row["userId"] for row in self._table.first(DELETION, PAGE)]

    def finish_deletion(self, user_id: str) -> None:
        """Delete every row of a user, then the note."""
        partition, profile_sort_key = user_key(user_id)
        while True:
            rows = self._table.first(partition, PAGE)
            for row in rows:
                if row["sk"] == profile_sort_key:
                    # Made by a sign-in that began before the deletion and mended the profile.
                    self.remove(user_id, row["email"])
            self._table.batch_delete((row["pk"], row["sk"]) for row in rows)
            if len(rows) < PAGE:
                break
        self._table.delete(_deletion_key(user_id))

    def check(self) -> None:
        """Return when the table answers; it asks for a row that never is."""
        self._table.get(("HEALTH", "HEALTH"), consistent=False)


def user_key(user_id: str) -> Key:
    """Return the key of a profile."""
    return f"USER#{user_id}", f"USER#{user_id}"


def address_key(email: str) -> Key:
    """Return the key of the uniqueness row of an address."""
    address = f"EMAIL#{normalise_email(email)}"
    return address, address


def profile_row(profile: Profile) -> Item:
    """Return a profile as it is stored."""
    pk, sk = user_key(profile.user_id)
    address, _ = address_key(profile.email)
    born = profile.date_of_birth
    return {
        "pk": pk,
        "sk": sk,
        "gsi1_pk": address,
        "gsi1_sk": address,
        "userId": profile.user_id,
        "email": profile.email,
        "firstName": profile.first_name,
        "lastName": profile.last_name,
        "createdAt": stamp(profile.created_at),
        "updatedAt": stamp(profile.updated_at),
        "emailVerified": profile.email_verified,
        "mfaEnabled": profile.mfa_enabled,
        "phoneNumber": profile.phone_number,
        "dateOfBirth": born.isoformat() if born else None,
        "timezone": profile.timezone,
        "preferences": dict(profile.preferences),
        "version": profile.version,
    }


def read_profile(row: Item) -> Profile:
    """Return the profile a row holds."""
    born = row.get("dateOfBirth")
    return Profile(
        user_id=row["userId"],
        email=row["email"],
        first_name=row["firstName"],
        last_name=row["lastName"],
        created_at=moment(row["createdAt"]),
        updated_at=moment(row["updatedAt"]),
        email_verified=row["emailVerified"],
        mfa_enabled=row["mfaEnabled"],
        phone_number=row.get("phoneNumber"),
        date_of_birth=date.fromisoformat(born) if born else None,
        timezone=row.get("timezone"),
        preferences=row["preferences"],
        version=row["version"],
    )


def guard_row(profile: Profile, claimed_at: datetime) -> Item:
    """Return the row that makes a profile's address unique."""
    pk, sk = address_key(profile.email)
    return {"pk": pk, "sk": sk, "userId": profile.user_id, "claimedAt": stamp(claimed_at)}


def _deletion_key(user_id: str) -> Key:
    return DELETION, user_id


def _leftover_key(leftover: Leftover) -> Key:
    return OUTBOX, f"{stamp(leftover.noted_at)}#{leftover.user_id}"
