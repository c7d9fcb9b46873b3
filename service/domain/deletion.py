"""The end of an account: nothing of it stays, and its address is free at once.

One transaction decides: it takes the profile and the address away and notes that the user goes.
What follows is only clearing up, in an order that may stop anywhere: the directory's user, then all
rows of the user, then the note. Whoever comes first finishes what a crash left: somebody who signs
in, somebody who registers the address, or the reconciler, which reads the notes.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.auditing import audited
from service.domain.errors import (
    DomainError,
    SessionEnded,
    Unavailable,
    UserUnknown,
    VersionMismatch,
)
from service.domain.ports import Caller, Profile
from service.domain.reauthentication import reauthenticate
from service.domain.sessions import Sessions

ATTEMPTS = 3
"""How often it is tried against a change of the address at the same moment."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Deletes accounts of callers who prove themselves again."""

    sessions: Sessions

    def delete_user(self, caller: Caller, password: str) -> None:
        """Delete the caller's account for good.

        An outage after the decision does not fail the request: what is left is finished later.
        Raises `SessionEnded`, `WrongPassword`, `TooManyRequests`, `Unavailable`.
        """
        user_id, audit = caller.user_id, self.sessions.audit
        with audited(audit, "delete_user", user_id):
            _, profile = self.sessions.current(caller)
            reauthenticate(self.sessions.directory, audit, user_id, password)
            self._decide(caller, profile)
        audit("delete_user", "success", user_id=user_id)
        try:
            self.sessions.accounts.finish_deletion(user_id)
        except DomainError as fault:
            audit("finish_deletion", "error", user_id=user_id, reason=str(fault))

    def _decide(self, caller: Caller, profile: Profile) -> None:
        accounts = self.sessions.accounts
        for _ in range(ATTEMPTS):
            try:
                return accounts.store.begin_deletion(profile, accounts.clock())
            except UserUnknown as gone:
                raise SessionEnded("deleted meanwhile") from gone
            except VersionMismatch:  # The address was changed meanwhile.
                _, profile = self.sessions.current(caller)
        raise Unavailable(f"the address changed {ATTEMPTS} times meanwhile", retry_after=1)
