"""Registering, proving the address, signing in and changing the profile."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.api.conftest import problem
from tests.machine.life import CHOICES, PASSWORDS, PEOPLE, Life, pick
from tests.machine.model import Account, Challenge, other_digits

CASINGS = st.sampled_from([str.lower, str.upper, str.title])
NAMES = st.sampled_from(["Ada", "José", "李", "O'Brien", "Anne-Marie"])
SPANS = st.sampled_from(
    [timedelta(seconds=20), timedelta(seconds=40), timedelta(minutes=16), timedelta(days=5)]
)


class AccountRules(Life):
    """Rules about accounts."""

    @rule(
        address=PEOPLE,
        case=CASINGS,
        password=st.sampled_from(PASSWORDS),
        name=NAMES,
    )
    def register(self, address: str, case, password: str, name: str) -> None:
        """A free address is taken, an unproven one replaced, a proven one refused (any case)."""
        body = {"email": case(address), "password": password, "firstName": name, "lastName": "L"}
        response = self.send("registerUser", "POST", "/auth/register", body)

        account = self.accounts.get(address)
        if account and account.verified:
            problem(response, 409, "EMAIL_TAKEN")
            return
        assert response.status_code == 201, response.text
        answer = response.json()
        assert answer["email"] == address
        assert account is None or answer["userId"] != account.user_id
        new = Account(address, password, answer["userId"], name)
        new.code = self.mailed(address, "verify")
        self.accounts[address] = new

    @rule(address=PEOPLE, what=st.sampled_from(["right", "right", "wrong", "another's"]))
    def enter_the_code(self, address: str, what: str) -> None:
        """The newest mailed code proves the address, once, in time, and no other does (11, 15)."""
        account = self.accounts.get(address)
        code = account.code if account else None
        others = [a.code.text for a in self.accounts.values() if a.code and a is not account]
        text = code.text if code else "000000"
        if what == "wrong" or (what == "another's" and not others):
            text = other_digits(text)
        elif what == "another's":
            text = others[0]
        body = {"email": address, "code": text}
        response = self.send("verifyEmail", "POST", "/auth/email/verify", body)

        right = code is not None and text == code.text and code.good(self.passed)
        if account and right and not account.verified:
            assert response.status_code == 200, response.text
            account.verified = True
        else:
            problem(response, 400, "INVALID_CODE")

    @precondition(lambda self: len(self.verified()) < len(self.accounts))
    @rule(address=PEOPLE)
    def ask_for_another_code(self, address: str) -> None:
        """Everybody is answered alike (8); the newer code replaces the older."""
        response = self.send("resendVerification", "POST", "/auth/email/resend", {"email": address})

        assert response.status_code == 202
        account = self.accounts.get(address)
        if account and not account.verified:
            account.code = self.mailed(address, "verify")

    @rule(
        address=PEOPLE,
        case=CASINGS,
        what=st.sampled_from(["right", "right", "right", "wrong", "old", "folded"]),
    )
    def log_in(self, address: str, case, what: str) -> None:
        """The password counts exactly as it was last set (3), and the second factor is asked."""
        account = self.accounts.get(address)
        password = self.candidate(account, what)
        body = {"email": case(address), "password": password}
        response = self.send("loginUser", "POST", "/auth/login", body)

        if account and not account.verified:
            problem(response, 403, "EMAIL_NOT_VERIFIED")
        elif account is None or password != account.password:
            problem(response, 401, "INVALID_CREDENTIALS")
        elif account.secret is not None:
            assert response.json()["status"] == "MFA_REQUIRED"
            token = response.json()["sessionToken"]
            self.challenges.append(Challenge(account, token, self.now))
        else:
            assert response.status_code == 200, response.text
            self.opened(account, response.json())

    @precondition(lambda self: self.living())
    @rule(which=CHOICES, name=NAMES)
    def change_the_name(self, which: int, name: str) -> None:
        """The next reading shows it."""
        session = pick(self.living(), which)
        response = self.send(
            "updateUserProfile", "PATCH", "/users/profile", {"firstName": name}, session
        )

        assert response.status_code == 200, response.text
        session.account.first_name = name

    @rule(span=SPANS)
    def let_time_pass(self, span: timedelta) -> None:
        """For the service, and for the codes that were mailed."""
        self.begin("time")
        self.world.clock.now += span
        self.passed += span
        self.world.aws.age_codes(span.total_seconds())
