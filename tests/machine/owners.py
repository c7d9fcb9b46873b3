"""Moving to another address, taking the data along, and leaving for good."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.conftest import problem
from tests.machine.life import ADDRESSES, CHOICES, PEOPLE, Life, pick
from tests.machine.model import Account, Session, other_digits

PASSWORD_TRIES = st.sampled_from(["right", "right", "wrong"])


class OwnerRules(Life):
    """Rules about what an account belongs to."""

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, address=PEOPLE, what=PASSWORD_TRIES)
    def ask_to_move(self, which: int, address: str, what: str) -> None:
        """It takes the password (21) and a free address; nothing changes before the proof."""
        session = pick(self.living(), which)
        account, holder = session.account, self.accounts.get(address)
        if holder is account:
            return
        body = {"newEmail": address.upper(), "password": self.candidate(account, what)}
        response = self.send("changeEmail", "POST", "/users/profile/email", body, session)

        if what == "wrong":
            problem(response, 403, "WRONG_PASSWORD")
        elif holder and holder.verified:
            problem(response, 409, "EMAIL_TAKEN")
        else:
            assert response.status_code == 202, response.text
            account.new_email = address, self.mailed(address, "email")

    @precondition(lambda self: any(s.account.new_email for s in self.living()))
    @rule(which=CHOICES, what=st.sampled_from(["right", "right", "wrong"]))
    def move(self, which: int, what: str) -> None:
        """The code that came to the new address moves the account there, once (11, 15)."""
        session = pick([s for s in self.living() if s.account.new_email], which)
        account = session.account
        assert account.new_email
        address, code = account.new_email
        text = code.text if what == "right" else other_digits(code.text)
        response = self.send(
            "verifyNewEmail", "POST", "/users/profile/email/verify", {"code": text}, session
        )

        holder, good = self.accounts.get(address), code.good(self.passed)
        code.tries += 1
        if text != code.text or not good:
            problem(response, 400, "INVALID_CODE")
        elif holder and holder.verified:
            problem(response, 409, "EMAIL_TAKEN")
        else:
            assert response.status_code == 200, response.text
            assert response.json()["email"] == address
            del self.accounts[account.email]
            self.accounts[address] = account
            account.email, account.new_email, account.reset = address, None, None
            self.close_challenges(account)

    @precondition(lambda self: self.movable())
    @rule(which=CHOICES)
    def move_to_a_free_address(self, which: int) -> None:
        """Both steps at once."""
        session, address = pick(self.movable(), which)
        self.ask_to_move(which=self.living().index(session), address=address, what="right")
        waiting = [s for s in self.living() if s.account.new_email]
        self.move(which=waiting.index(session), what="right")
        assert session.account.email == address

    def movable(self) -> list[tuple[Session, str]]:
        proven = {account.email for account in self.verified()}
        free = [address for address in ADDRESSES if address not in proven]
        return [(session, address) for session in self.living() for address in free]

    @precondition(lambda self: self.living())
    @rule(which=CHOICES)
    def export(self, which: int) -> None:
        """All of one's own, nothing of anybody else, and no secret."""
        account = pick(self.living(), which).account
        session = account.living(self.now)[0]
        response = self.send("exportUserData", "GET", "/users/profile/export", None, session)

        assert response.status_code == 200, response.text
        text = response.text
        assert account.email in text
        assert account.first_name in response.json()["profile"]["firstName"]
        strangers = [a.user_id for a in self.accounts.values() if a is not account]
        secrets = [account.password, account.secret or "-none-", *account.recovery]
        tokens = [token for s in account.sessions for _, token in s.refresh]
        assert not [each for each in (*strangers, *secrets, *tokens) if each in text]

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, what=st.sampled_from(["right", "wrong", "wrong"]))
    def delete(self, which: int, what: str) -> None:
        """It takes the password (21); sessions end (19) and the address is free."""
        session = pick(self.living(), which)
        account = session.account
        body = {"password": self.candidate(account, what)}
        response = self.send("deleteUser", "POST", "/users/profile/delete", body, session)

        if what == "wrong":
            problem(response, 403, "WRONG_PASSWORD")
            return
        assert response.status_code == 204, response.text
        self.gone(account)

    def gone(self, account: Account) -> None:
        self.end(*account.sessions)
        self.close_challenges(account)
        del self.accounts[account.email]
