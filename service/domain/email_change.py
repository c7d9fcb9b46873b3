"""A new address for an account, by the password and the proof of the new mailbox.

The table decides and the directory follows: one transaction moves the profile and the uniqueness
row, then the directory's user gets the address. Until it has it, the account signs in with the
former address, and signing in, the reconciler, or the same code sent again give the directory what
it lacks. The proof of a mailbox outranks a registration of it that was never verified.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from service.domain.auditing import audited
from service.domain.errors import (
    AddressHeld,
    EmailTaken,
    InvalidCode,
    SessionEnded,
    Unavailable,
    UserUnknown,
    VersionMismatch,
)
from service.domain.notices import Notices
from service.domain.parallel import both
from service.domain.ports import (
    Caller,
    Profile,
    normalise_email,
)
from service.domain.reauthentication import reauthenticate
from service.domain.sessions import Sessions

LIFETIME = timedelta(minutes=15)
TRIES = 5
PURPOSE = "mailed code"
ATTEMPTS = 3
"""How often the move is tried against other changes of the profile at the same moment."""


@dataclass(frozen=True, slots=True)
class EmailChange:
    """A change of address that waits for the code mailed to the new one."""

    user_id: str
    former_email: str
    new_email: str
    code_hash: str = field(repr=False)
    requested_at: datetime
    expires_at: datetime
    attempts: int = 0


class CodeHasher(Protocol):
    """Keyed hashes (HMAC-SHA-256): six digits are too few for a plain one."""

    def make(self, purpose: str, text: str) -> str:
        """Return the hash of a text; no other purpose makes the same."""

    def matches(self, digest: str, purpose: str, text: str) -> bool:
        """Tell whether a hash is of a text, in constant time."""


class EmailChanges(Protocol):
    """Changes of address that wait for their proof, at most one a user."""

    def begin(self, change: EmailChange) -> None:
        """Keep a change, in place of an earlier one."""

    def attempt(self, user_id: str, now: datetime, tries: int) -> EmailChange:
        """Use up one of `tries` and return the change.

        Raises `InvalidCode` if none waits, it has expired, or the tries are used up.
        """

    def move(self, former: Profile, changed: Profile, now: datetime, replacing: str | None) -> None:
        """Store the changed profile and move its uniqueness row, in one transaction.

        With `replacing`, that user's unproven profile goes and its uniqueness row is taken over.
        Raises `VersionMismatch` if the profile is not the former one any more, `AddressHeld`.
        """

    def settle(self, user_id: str) -> None:
        """Forget a change; none is fine."""


@dataclass(frozen=True, slots=True)
class EmailChanging:
    """Changes the address of callers who prove themselves and the new mailbox."""

    sessions: Sessions
    changes: EmailChanges
    hasher: CodeHasher
    notices: Notices

    def change_email(self, caller: Caller, new_email: str, password: str) -> None:
        """Mail a code to the new address.

        Raises `SessionEnded`, `WrongPassword`, `EmailTaken`, `TooManyRequests`, `Unavailable`. In
        hiding mode a taken address is not told: its owner gets a mail, the caller waits for one.
        """
        email = normalise_email(new_email)
        user_id, audit = caller.user_id, self.sessions.audit
        with audited(audit, "change_email", user_id):
            _, profile = self.sessions.current(caller)
            reauthenticate(self.sessions.directory, audit, user_id, password)
            taken = self._holder(email, user_id)[0]
            if taken and not self.sessions.policy.hide_existing_accounts:
                raise EmailTaken("of a verified account")
            code = f"{secrets.randbelow(10**6):06}"
            now = self.sessions.clock()
            hashed = self.hasher.make(PURPOSE, _bound(user_id, email, code))
            self.changes.begin(
                EmailChange(user_id, profile.email, email, hashed, now, now + LIFETIME)
            )
            if taken:
                self.notices.sign_up_attempt(email)
            else:
                self.notices.new_email_code(email, code)
        audit("change_email", "success", user_id=user_id)

    def verify_new_email(self, caller: Caller, code: str) -> Profile:
        """Make the address whose mailbox got the code the caller's; return the profile.

        Sending the same code again finishes a change that met an outage. Raises `SessionEnded`,
        `InvalidCode`, `EmailTaken`, `TooManyRequests`, `Unavailable`.
        """
        user_id, audit = caller.user_id, self.sessions.audit
        with audited(audit, "verify_new_email", user_id):
            _, profile = self.sessions.current(caller)
            change = self.changes.attempt(user_id, self.sessions.clock(), TRIES)
            bound = _bound(user_id, change.new_email, code)
            if not self.hasher.matches(change.code_hash, PURPOSE, bound):
                raise InvalidCode("another code was mailed")
            profile = self._moved(caller, profile, change.new_email)
            self._tell_directory(profile)
        audit("verify_new_email", "success", user_id=user_id)
        self._settle(user_id)
        self.notices.email_changed(user_id, change.former_email)
        return profile

    def _settle(self, user_id: str) -> None:
        try:
            self.changes.settle(user_id)
        except Unavailable as fault:
            # It is spent: sent again it changes nothing, and in minutes it has expired.
            self.sessions.audit("settle_email", "error", user_id=user_id, reason=str(fault))

    def _moved(self, caller: Caller, profile: Profile, email: str) -> Profile:
        for _ in range(ATTEMPTS):
            if profile.email == email:
                return profile
            taken, replaced = self._holder(email, caller.user_id)
            if taken:
                raise EmailTaken("by a verified account meanwhile")
            now = self.sessions.clock()
            changed = replace(
                profile,
                email=email,
                email_verified=True,
                updated_at=now,
                version=profile.version + 1,
            )
            try:
                self.changes.move(profile, changed, now, replaced)
            except AddressHeld as held:
                raise EmailTaken("by another account meanwhile") from held
            except VersionMismatch:
                _, profile = self.sessions.current(caller)
            else:
                return changed
        raise Unavailable("the profile changed again and again meanwhile", retry_after=1)

    def _tell_directory(self, profile: Profile) -> None:
        try:
            self.sessions.accounts.settle_address(profile)
        except UserUnknown as gone:
            raise SessionEnded("deleted meanwhile") from gone

    def _holder(self, email: str, user_id: str) -> tuple[bool, str | None]:
        """Tell whether a proven account other than the user's has an address, else who waits."""
        accounts = self.sessions.accounts
        user, claim = both(
            lambda: accounts.directory.find(email), lambda: accounts.store.claim(email)
        )
        if user is not None and user.confirmed and user.user_id != user_id:
            return True, None
        if claim is None or claim.user_id == user_id:
            return claim is not None, None
        if user is None or user.user_id != claim.user_id:
            holder = accounts.directory.find(claim.user_id)
            if holder is not None and holder.confirmed:
                return True, None
        return False, claim.user_id


def _bound(user_id: str, email: str, code: str) -> str:
    """Return the text that is hashed: a code is good for one user and one address."""
    return f"{user_id}|{email}|{code}"
