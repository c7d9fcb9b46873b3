"""Proving oneself again before what cannot be undone (ASVS 7.5.1)."""

from __future__ import annotations

from service.domain.auditing import audited
from service.domain.errors import EmailNotVerified, InvalidCredentials, WrongPassword
from service.domain.ports import Audit, Challenge, Directory
from service.domain.revocation import revoke


def reauthenticate(directory: Directory, audit: Audit, user_id: str, password: str) -> None:
    """Return when the password is this user's; opens no session.

    Raises `WrongPassword`, `TooManyRequests`, `Unavailable`.
    """
    with audited(audit, "reauthenticate", user_id):
        try:
            answer = directory.authenticate(user_id, password)
        except (EmailNotVerified, InvalidCredentials) as wrong:
            raise WrongPassword from wrong
    if isinstance(answer, Challenge):
        return  # The password was right; the second factor is asked for at sign-in only.
    revoke(directory, audit, user_id, answer.refresh_token)
