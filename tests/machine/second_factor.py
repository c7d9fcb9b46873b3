"""Two-step verification: switching it on and off, signing in with it, recovering from its loss."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.conftest import problem
from tests.machine.accounts import AccountRules
from tests.machine.life import CHOICES, pick
from tests.machine.model import Account, Challenge, Session, other_digits

PASSWORD_TRIES = st.sampled_from(["right", "right", "wrong"])


class SecondFactorRules(AccountRules):
    """Rules about the second factor."""

    def with_factor(self) -> list[Account]:
        return [account for account in self.accounts.values() if account.secret]

    @precondition(lambda self: self.living())
    @rule(which=CHOICES)
    def set_up(self, which: int) -> None:
        """Young sessions only (21), and only if it is off; it is not on before a code."""
        session = pick(self.living(), which)
        response = self.send("setupMfa", "POST", "/auth/mfa/setup", None, session)

        if not session.recent(self.now):
            problem(response, 403, "SIGN_IN_AGAIN")
        elif session.account.secret:
            problem(response, 409, "MFA_ALREADY_ON")
        else:
            assert response.status_code == 200, response.text
            session.account.pending_secret = response.json()["secret"]

    @precondition(lambda self: any(s.account.pending_secret for s in self.living()))
    @rule(which=CHOICES, what=st.sampled_from(["right", "right", "right", "wrong"]))
    def prove_the_authenticator(self, which: int, what: str) -> None:
        """The first code switches it on and ends the other sessions (20)."""
        session = pick([s for s in self.living() if s.account.pending_secret], which)
        account = session.account
        assert account.pending_secret
        code = account.fresh_code(account.pending_secret)
        right = what == "right" and code is not None
        text = code if right and code else other_digits(code or "000000")
        body = {"code": text}
        response = self.send("verifyMfaSetup", "POST", "/auth/mfa/verify-setup", body, session)

        if not right:
            problem(response, 400, "INVALID_CODE")
            return
        assert response.status_code == 200, response.text
        account.secret, account.pending_secret = account.pending_secret, None
        account.recovery = response.json()["recoveryCodes"]
        assert len(set(account.recovery)) == 10
        account.accepted.append(text)
        self.end_others(session)

    @precondition(lambda self: self.enrolling())
    @rule(which=CHOICES)
    def enrol(self, which: int) -> None:
        """Both steps at once."""
        session = pick(self.enrolling(), which)
        self.set_up(which=self.living().index(session))
        waiting = [s for s in self.living() if s.account.pending_secret]
        self.prove_the_authenticator(which=waiting.index(session), what="right")

    def enrolling(self) -> list[Session]:
        young = (session for session in self.living() if session.recent(self.now))
        return [session for session in young if session.account.secret is None]

    @precondition(lambda self: self.challenges)
    @rule(which=CHOICES, what=st.sampled_from(["right", "right", "wrong", "replayed", "another's"]))
    def enter_a_code(self, which: int, what: str) -> None:
        """A code works once (13), for its own person (15), with a sign-in that is open."""
        challenge = pick(self.challenges, which)
        account = challenge.account
        text, right = self.code_to_try(challenge, what)
        body = {"sessionToken": challenge.token, "code": text}
        response = self.send("verifyMfa", "POST", "/auth/mfa/verify", body)

        if not challenge.open(self.now):
            problem(response, 401, "INVALID_MFA_SESSION")
        elif challenge.used or challenge.stale:
            assert response.status_code in (400, 401), response.text
        elif not right:
            problem(response, 400, "INVALID_CODE")
        else:
            assert response.status_code == 200, response.text
            self.opened(account, response.json())
            account.accepted.append(text)
            challenge.used = True

    def code_to_try(self, challenge: Challenge, what: str) -> tuple[str, bool]:
        """A code, and whether it is one that must be taken."""
        account = challenge.account
        others = [a for a in self.with_factor() if a is not account]
        if what == "replayed" and account.accepted:
            return account.accepted[-1], False
        if what == "another's" and others and others[0].secret:
            code = others[0].fresh_code(others[0].secret)
            if code:
                return code, False
        fresh = None
        if account.secret and not challenge.stale:
            fresh = account.fresh_code(account.secret)
        if what == "right" and fresh:
            return fresh, True
        return (other_digits(fresh), False) if fresh else ("000000", False)

    @precondition(lambda self: self.with_factor())
    @rule(which=CHOICES)
    def sign_in_with_a_code(self, which: int) -> None:
        """Both steps at once."""
        account = pick(self.with_factor(), which)
        self.log_in(address=account.email, case=str.lower, what="right")
        self.enter_a_code(which=len(self.challenges) - 1, what="right")

    @precondition(lambda self: self.with_factor())
    @rule(which=CHOICES)
    def show_a_code_twice(self, which: int) -> None:
        """What opened one session opens no other, in time though it is (13)."""
        self.sign_in_with_a_code(which)
        account = pick(self.with_factor(), which)
        self.log_in(address=account.email, case=str.lower, what="right")
        self.enter_a_code(which=len(self.challenges) - 1, what="replayed")

    @precondition(lambda self: any(not c.stale for c in self.challenges))
    @rule(which=CHOICES, what=st.sampled_from(["right", "wrong", "spent", "another's"]))
    def recover(self, which: int, what: str) -> None:
        """A recovery code works once (13) and for its own person; every session ends (20)."""
        challenge = pick([c for c in self.challenges if not c.stale], which)
        account = challenge.account
        code, right = self.recovery_code_to_try(account, what)
        body = {"sessionToken": challenge.token, "recoveryCode": code}
        response = self.send("recoverMfa", "POST", "/auth/mfa/recover", body)

        if not challenge.open(self.now):
            problem(response, 401, "INVALID_MFA_SESSION")
        elif not right:
            problem(response, 400, "INVALID_CODE")
        else:
            assert response.status_code == 204, response.text
            self.factor_removed(account)
            self.end(*account.sessions)

    def recovery_code_to_try(self, account: Account, what: str) -> tuple[str, bool]:
        others = [a for a in self.with_factor() if a is not account and a.recovery]
        if what == "right" and account.recovery:
            return account.recovery[0], True
        if what == "spent" and account.spent_recovery:
            return account.spent_recovery[-1], False
        if what == "another's" and others:
            return others[0].recovery[0], False
        return "AAAA-BBBB-CCCC-DDDD", False

    @precondition(lambda self: self.with_factor())
    @rule(which=CHOICES)
    def lose_the_authenticator(self, which: int) -> None:
        """Sign in as far as the code, and recover."""
        account = pick(self.with_factor(), which)
        self.log_in(address=account.email, case=str.lower, what="right")
        waiting = [challenge for challenge in self.challenges if not challenge.stale]
        self.recover(which=len(waiting) - 1, what="right")
        assert account.secret is None

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, what=PASSWORD_TRIES)
    def switch_off(self, which: int, what: str) -> None:
        """It takes the password (21) and ends the other sessions (20)."""
        session = pick(self.living(), which)
        body = {"password": self.candidate(session.account, what)}
        response = self.send("disableMfa", "POST", "/auth/mfa/disable", body, session)

        if what == "wrong":
            problem(response, 403, "WRONG_PASSWORD")
            return
        assert response.status_code == 200, response.text
        self.factor_removed(session.account)
        self.end_others(session)

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, what=PASSWORD_TRIES)
    def replace_recovery_codes(self, which: int, what: str) -> None:
        """The old ones stop working, and the other sessions end."""
        session = pick(self.living(), which)
        account = session.account
        body = {"password": self.candidate(account, what)}
        response = self.send(
            "regenerateRecoveryCodes", "POST", "/auth/mfa/recovery-codes", body, session
        )

        if what == "wrong":
            problem(response, 403, "WRONG_PASSWORD")
        elif account.secret is None:
            problem(response, 409, "MFA_NOT_ON")
        else:
            assert response.status_code == 200, response.text
            account.spent_recovery += account.recovery
            account.recovery = response.json()["recoveryCodes"]
            self.end_others(session)

    def factor_removed(self, account: Account) -> None:
        account.secret = None
        account.spent_recovery += account.recovery
        account.recovery = []
        self.close_challenges(account)

    def end_others(self, session: Session) -> None:
        self.end(*(each for each in session.account.sessions if each is not session))
