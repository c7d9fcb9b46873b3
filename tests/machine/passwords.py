"""Changing a password, and getting a new one by mail."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.conftest import problem
from tests.machine.life import CHOICES, PASSWORDS, PEOPLE, Life, pick
from tests.machine.model import Account, other_digits


class PasswordRules(Life):
    """Rules about passwords."""

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, what=st.sampled_from(["right", "wrong", "old"]))
    def change_the_password(self, which: int, what: str) -> None:
        """It takes the current one (6) and ends the other sessions (20)."""
        session = pick(self.living(), which)
        account = session.account
        current, new = self.candidate(account, what), another_password(account)
        body = {"currentPassword": current, "newPassword": new}
        response = self.send("changePassword", "POST", "/auth/password/change", body, session)

        if current != account.password:
            problem(response, 403, "WRONG_PASSWORD")
            return
        assert response.status_code == 204, response.text
        self.password_is(account, new)
        self.end(*(each for each in account.sessions if each is not session))

    @rule(address=PEOPLE)
    def ask_for_a_reset(self, address: str) -> None:
        """Everybody is answered alike (8); who has proven the address gets a code."""
        response = self.send(
            "requestPasswordReset", "POST", "/auth/password/reset-request", only(address)
        )

        assert response.status_code == 202, response.text
        account = self.accounts.get(address)
        if account and account.verified:
            account.reset = self.mailed(address, "reset")

    @precondition(lambda self: any(account.reset for account in self.accounts.values()))
    @rule(which=CHOICES, what=st.sampled_from(["right", "right", "wrong", "another's"]))
    def reset(self, which: int, what: str) -> None:
        """The newest mailed code, once and in time (11); sessions end, the second factor stays."""
        account = pick([a for a in self.accounts.values() if a.reset], which)
        others = [a.reset.text for a in self.accounts.values() if a.reset and a is not account]
        assert account.reset
        good, text = account.reset.good(self.passed), account.reset.text
        if what == "another's" and others:
            text = others[0]
        elif what != "right":
            text = other_digits(text)
        new = another_password(account)
        body = {"email": account.email, "code": text, "newPassword": new}
        response = self.send("confirmPasswordReset", "POST", "/auth/password/reset-confirm", body)

        if not good or text != account.reset.text:
            problem(response, 400, "INVALID_CODE")
            return
        assert response.status_code == 204, response.text
        account.reset.used = True
        self.password_is(account, new)
        self.end(*account.sessions)

    @precondition(lambda self: self.verified())
    @rule(which=CHOICES)
    def reset_by_mail(self, which: int) -> None:
        """Both steps at once."""
        account = pick(self.verified(), which)
        self.ask_for_a_reset(address=account.email)
        waiting = [each for each in self.accounts.values() if each.reset]
        self.reset(which=waiting.index(account), what="right")

    def password_is(self, account: Account, new: str) -> None:
        account.old_passwords.append(account.password)
        account.password = new
        self.close_challenges(account)


def another_password(account: Account) -> str:
    """The next of those that are used here."""
    return PASSWORDS[(PASSWORDS.index(account.password) + 1) % len(PASSWORDS)]


def only(address: str) -> dict[str, str]:
    return {"email": address}
