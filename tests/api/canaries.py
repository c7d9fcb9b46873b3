"""Secrets that are made to be looked for, and somebody who sends them."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from service.contract.invocation import snake_case
from tests.api.conftest import Api, SignedIn
from tests.authenticator import Authenticator

NUMBERS = itertools.count(1000)
# What secrets are made of. Logs repeat themselves, so their words are far fewer than their lines.
WORD = re.compile(r"[\w.~+/=@-]+")


def shows(text: str, secret: str) -> bool:
    """Tell whether a text holds a secret; a code of six digits may stand in an id by chance."""
    if secret not in text:
        return False
    if secret.isdigit():
        return re.search(rf"(?<![0-9A-Za-z-]){secret}(?![0-9A-Za-z-])", text) is not None
    return True


@dataclass
class Canaries:
    """Makes secrets, and finds them where they must not be."""

    stream: io.StringIO
    terminal: pytest.CaptureFixture[str]
    secrets: list[str] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)

    def keep(self, secret: str) -> str:
        self.secrets.append(secret)
        return secret

    def new(self, kind: str) -> str:
        return self.keep(f"canary-{kind}-{next(NUMBERS)}-x7q")

    def of(self, response: httpx.Response) -> httpx.Response:
        """Keep an answer, and the tokens in it."""
        self.answers.append(response)
        if response.is_success and response.content:
            body = response.json()
            for name in ("accessToken", "refreshToken", "sessionToken"):
                if name in body:
                    self.keep(body[name])
                    self.keep(body[name].rpartition(".")[2])
            for secret in (*body.get("recoveryCodes", ()), body.get("secret")):
                if secret:
                    self.keep(secret)
        return response

    def check(self) -> None:
        """Fail, naming secret and place, if a log line or an error body holds a secret."""
        kept = self.stream.getvalue().splitlines() + self.terminal.readouterr().err.splitlines()
        kept += [answer.text for answer in self.answers if answer.is_error]
        assert all(WORD.fullmatch(secret) for secret in self.secrets)
        words = "\n".join({word for line in kept for word in WORD.findall(line)})
        shown = [secret for secret in set(self.secrets) if shows(words, secret)]
        found = [(each[:40], line) for each in shown for line in kept if shows(line, each)]
        assert not shown, found[:5]


@dataclass
class Person:
    """Somebody all of whose data are secrets, and what they send to each operation."""

    api: Api
    canaries: Canaries
    address: str = ""
    password: str = ""
    session: SignedIn | None = None
    authenticator: Authenticator | None = None
    recovery_codes: list[str] = field(default_factory=list)
    new_address: str = ""

    def __post_init__(self) -> None:
        self.address = self.canaries.new("mail") + "@example.com"
        self.password = self.canaries.new("password")

    def send(self, operation: str) -> httpx.Response:
        return self.canaries.of(getattr(self, snake_case(operation))())

    def get_health(self) -> httpx.Response:
        return self.api.get("/health")

    def get_readiness(self) -> httpx.Response:
        return self.api.get("/health/ready")

    def register_user(self) -> httpx.Response:
        names = {"firstName": self.canaries.new("first"), "lastName": self.canaries.new("last")}
        person = {"email": self.address, "password": self.password, **names}
        key = {"Idempotency-Key": self.canaries.new("idempotency-key")}
        return self.api.register_with(key, **person)

    def verify_email(self) -> httpx.Response:
        return self.api.verify(self.address)

    def resend_verification(self) -> httpx.Response:
        return self.api.post("/auth/email/resend", {"email": self.address})

    def login_user(self) -> httpx.Response:
        agent = {"User-Agent": self.canaries.new("agent")}
        response = self.api.login(self.address, self.password, headers=agent)
        if response.is_success:
            body = response.json()
            self.session = SignedIn(body["accessToken"], body["refreshToken"], body["user"])
        return response

    def refresh_token(self) -> httpx.Response:
        assert self.session
        return self.api.refresh(self.session.refresh_token)

    def logout_user(self) -> httpx.Response:
        assert self.session
        return self.api.logout(self.session)

    def list_sessions(self) -> httpx.Response:
        assert self.session
        return self.api.sessions(self.session)

    def revoke_session(self) -> httpx.Response:
        assert self.session
        return self.api.revoke(self.session, self.session.session_id)

    def logout_everywhere(self) -> httpx.Response:
        assert self.session
        return self.api.logout_all(self.session)

    def request_password_reset(self) -> httpx.Response:
        return self.api.forgot(self.address)

    def confirm_password_reset(self) -> httpx.Response:
        # To the same password, so that it is known whatever became of the request.
        return self.api.reset(self.password, self.address)

    def change_password(self) -> httpx.Response:
        assert self.session
        return self.api.change_password(self.session, self.password, self.password)

    def export_user_data(self) -> httpx.Response:
        assert self.session
        return self.api.export(self.session)

    def change_email(self) -> httpx.Response:
        assert self.session
        self.new_address = self.canaries.new("new") + "@example.com"
        return self.api.change_email(self.session, self.new_address, self.password)

    def verify_new_email(self) -> httpx.Response:
        assert self.session
        code = self.canaries.keep(self.api.aws.code_for(self.new_address))
        response = self.api.verify_new_email(self.session, code)
        profile = self.api.profile(self.session)
        self.address = profile.json()["email"] if profile.is_success else self.address
        return response

    def delete_user(self) -> httpx.Response:
        assert self.session
        response = self.api.delete(self.session, self.password)
        if response.status_code == 204 or response.status_code >= 500:
            self.session = None
        return response

    def get_user_profile(self) -> httpx.Response:
        assert self.session
        return self.api.profile(self.session)

    def update_user_profile(self) -> httpx.Response:
        assert self.session
        changes = {"firstName": self.canaries.new("name"), "timezone": "Canary/Zone-x7q-9"}
        self.canaries.keep("Canary/Zone-x7q-9")
        return self.api.change(self.session, changes)

    def setup_mfa(self) -> httpx.Response:
        assert self.session
        response = self.api.post("/auth/mfa/setup", headers=self.session.headers)
        if response.is_success:
            self.authenticator = Authenticator(response.json()["otpauthUri"])
        return response

    def verify_mfa_setup(self) -> httpx.Response:
        assert self.session
        body = {"code": self.authenticator.code() if self.authenticator else "123456"}
        response = self.api.post("/auth/mfa/verify-setup", body, headers=self.session.headers)
        if response.is_success:
            self.recovery_codes = response.json()["recoveryCodes"]
        return response

    def verify_mfa(self) -> httpx.Response:
        code = self.authenticator.code() if self.authenticator else "123456"
        return self.api.second_step(self.first_step(), code)

    def recover_mfa(self) -> httpx.Response:
        code = self.recovery_codes[0] if self.recovery_codes else "MFRG-GZDF-MZTW-Q2LK"
        body = {"sessionToken": self.first_step(), "recoveryCode": code}
        return self.api.post("/auth/mfa/recover", body)

    def first_step(self) -> str:
        """Return a token of the second step, or a made-up one."""
        made_up = self.canaries.new("token")
        return self.canaries.keep(self._challenge().get("sessionToken", made_up))

    def _challenge(self) -> dict[str, Any]:
        response = self.api.login(self.address, self.password)
        return response.json() if response.is_success else {}

    def disable_mfa(self) -> httpx.Response:
        return self._with_password("disable")

    def regenerate_recovery_codes(self) -> httpx.Response:
        return self._with_password("recovery-codes")

    def _with_password(self, path: str) -> httpx.Response:
        assert self.session
        body = {"password": self.password}
        return self.api.post(f"/auth/mfa/{path}", body, headers=self.session.headers)

    def prepared_for(self, operation: str) -> Person:
        """Go through what has to come before an operation."""
        if "Mfa" in operation or "Recovery" in operation:
            self._enrolled(operation)
        elif operation in {"verifyEmail", "resendVerification"}:
            self.send("registerUser")
            self.canaries.keep(self.api.aws.code_for(self.address))
        elif operation not in {"registerUser", "getHealth", "getReadiness"}:
            steps = ("loginUser",) if self.session else ("registerUser", "verifyEmail", "loginUser")
            for step in (*steps, *(["changeEmail"] if operation == "verifyNewEmail" else [])):
                self.send(step)
        if operation == "confirmPasswordReset":
            self.send("requestPasswordReset")
            self.canaries.keep(self.api.aws.code_for(self.address))
        return self

    def _enrolled(self, operation: str) -> None:
        """Start as somebody new, whose authenticator has shown no code yet."""
        self.address = self.canaries.new("mail") + "@example.com"
        self.authenticator, self.recovery_codes = None, []
        steps = ["registerUser", "verifyEmail", "loginUser", "setupMfa", "verifyMfaSetup"]
        wanted = {"setupMfa": 3, "verifyMfaSetup": 4}.get(operation, 5)
        for step in steps[:wanted]:
            assert self.send(step).is_success, step
