"""Getting a password back, and changing one.

A change ends the other sessions before it and after it, so that whatever fails in between, none
outlives the password that opened it. A reset can end them only once the code is spent; if that
fails it answers 503, and the person resets it once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from service.domain.auditing import audited
from service.domain.notices import Notices
from service.domain.password_rule import refuse_guessable
from service.domain.ports import Audit, Caller, normalise_email
from service.domain.reauthentication import reauthenticate
from service.domain.sessions import Sessions


class PasswordDirectory(Protocol):
    """Passwords at the directory; a `Directory`'s general errors may come from each method."""

    def request_reset(self, email: str) -> None:
        """Mail a reset code, silent about users that are unknown, unverified or over a limit."""

    def confirm_reset(self, email: str, code: str, new_password: str) -> None:
        """Spend a reset code on a new password. Raises `InvalidCode`, `PasswordRejected`."""

    def set_password(self, user_id: str, new_password: str) -> None:
        """Set a password. Tries twice. Raises `PasswordRejected`, `SessionEnded`."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """Resets and changes passwords; neither signs anybody in."""

    directory: PasswordDirectory
    sessions: Sessions
    notices: Notices
    audit: Audit

    def request_password_reset(self, email: str) -> None:
        """Mail a reset code, and say nothing of whether there was anybody to mail it to.

        Raises `TooManyRequests`, `Unavailable`.
        """
        with audited(self.audit, "request_password_reset"):
            self.directory.request_reset(normalise_email(email))
        self.audit("request_password_reset", "success")

    def confirm_password_reset(self, email: str, code: str, new_password: str) -> None:
        """Set a new password on the strength of a mailed code, and end every session.

        The second factor stays as it is: whoever signs in next is asked for it. The person's names
        are not compared, because until the code is proven nobody may learn whether they match.
        Raises `InvalidCode`, `PasswordRejected`, `TooManyRequests`, `Unavailable`.
        """
        email = normalise_email(email)
        with audited(self.audit, "confirm_password_reset"):
            refuse_guessable(new_password, email)
            self.directory.confirm_reset(email, code, new_password)
            user = self.sessions.directory.find(email)
            if user is not None:
                self.sessions.end_every(user.user_id)
        user_id = user.user_id if user else None
        self.audit("confirm_password_reset", "success", user_id=user_id)
        self.notices.password_changed(user_id, email)

    def change_password(self, caller: Caller, current_password: str, new_password: str) -> None:
        """Set a new password for a caller who knows the current one; end the other sessions.

        Raises `SessionEnded`, `WrongPassword`, `PasswordRejected`, `TooManyRequests`,
        `Unavailable`.
        """
        user_id = caller.user_id
        with audited(self.audit, "change_password", user_id):
            _, profile = self.sessions.current(caller)
            names = (profile.first_name, profile.last_name)
            refuse_guessable(new_password, profile.email, names)
            reauthenticate(self.sessions.directory, self.audit, user_id, current_password)
            # Before too: a process that dies after the change leaves no stranger signed in.
            self.sessions.end_others(caller)
            self.directory.set_password(user_id, new_password)
            self.sessions.end_others(caller)
        self.audit("change_password", "success", user_id=user_id)
        self.notices.password_changed(user_id, profile.email)
