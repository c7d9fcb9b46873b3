"""What people are told by mail about their account (ASVS 6.3.7), and the codes of our own.

A notice never fails what it tells of: the change is made, and a mail that could not be handed over
is recorded as an error. A code that cannot be mailed does fail, for nothing goes on without it.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.errors import DomainError, Unavailable
from service.domain.ports import Audit, Mailer

NOT_YOU = "If this was not you, reset your password at once and then look through your sessions."
GREETING = "Hello,\n\n{text}\n\nLifestyle"


@dataclass(frozen=True, slots=True)
class Notices:
    """Writes the mails; `mailer` is None where mail is off, and then no notice is sent."""

    mailer: Mailer | None
    audit: Audit

    def password_changed(self, user_id: str | None, email: str) -> None:
        """Tell that the password is another now, by a change or by a reset."""
        text = "the password of your account was changed and other devices were signed out."
        self._tell(user_id, email, "Your password was changed", f"{text}\n\n{NOT_YOU}")

    def email_changed(self, user_id: str, former: str) -> None:
        """Tell the former address that it belongs to the account no longer."""
        text = (
            "the address of your account was changed, and this one no longer belongs to it."
            "\n\nIf this was not you, somebody has your password: write to our support."
        )
        self._tell(user_id, former, "The address of your account was changed", text)

    def mfa_enabled(self, user_id: str, email: str) -> None:
        """Tell that signing in takes a second step from now on."""
        text = "two-step verification is on: signing in asks for a code of your authenticator."
        self._tell(user_id, email, "Two-step verification is on", f"{text}\n\n{NOT_YOU}")

    def mfa_disabled(self, user_id: str, email: str) -> None:
        """Tell that the password alone signs in."""
        text = "two-step verification was switched off: your password alone signs you in."
        self._tell(user_id, email, "Two-step verification is off", f"{text}\n\n{NOT_YOU}")

    def mfa_recovered(self, user_id: str, email: str) -> None:
        """Tell that a recovery code took the second step away."""
        text = (
            "a recovery code was used: two-step verification is off and every device was signed"
            " out. Sign in and switch it on again."
        )
        self._tell(user_id, email, "A recovery code was used", f"{text}\n\n{NOT_YOU}")

    def recovery_codes_replaced(self, user_id: str, email: str) -> None:
        """Tell that the recovery codes from before are void."""
        text = "there are new recovery codes for your account; those from before are void."
        self._tell(user_id, email, "New recovery codes", f"{text}\n\n{NOT_YOU}")

    def sign_up_attempt(self, email: str) -> None:
        """Tell the owner of an address that somebody tried to open an account with it."""
        text = (
            "somebody tried to open an account with this address. You have one already: sign in,"
            " or reset your password if you forgot it.\n\nIf this was not you, there is nothing"
            " to do; nobody was told that the account exists."
        )
        self._tell(None, email, "You already have an account", text)

    def new_email_code(self, email: str, code: str) -> None:
        """Mail the code that proves a new address. Raises `Unavailable`."""
        text = (
            f"your code is {code}. Enter it to make this the address of your account."
            "\n\nIf this was not you, there is nothing to do."
        )
        self._send(email, "Your code for the new address", text)

    def _tell(self, user_id: str | None, to: str, subject: str, text: str) -> None:
        if self.mailer is None:
            return
        try:
            self._send(to, subject, text)
        except DomainError as fault:
            self.audit("notice", "error", user_id=user_id, reason=str(fault))

    def _send(self, to: str, subject: str, text: str) -> None:
        if self.mailer is None:
            raise Unavailable("mail is off: MAIL_SENDER is not set")
        self.mailer.send(to, subject, GREETING.format(text=text))
