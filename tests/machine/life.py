"""The world of the state machine: three people, the service, the model, and what always holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from local.emulator import Emulator
from service.settings import Settings
from tests.api.conftest import Api, problem
from tests.machine.model import Account, Challenge, Code, Session

T = TypeVar("T")

ADDRESSES = ("ada@example.com", "bob@example.com", "eve@example.com")
PASSWORDS = ("correct horse battery", "Tr0ub4dor and three", "Case and  spaces count")
STEP = timedelta(seconds=3)
"""What each step takes; more than the time in which two registrations count as simultaneous."""

# An index into whatever there is to choose from; the model decides what that is.
CHOICES = st.integers(min_value=0, max_value=11)
PEOPLE = st.sampled_from(ADDRESSES)


class StandingClock:
    """A time that moves by hand only."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """The service as it runs, and what is behind it."""

    api: Api
    aws: Emulator
    dynamodb: Any
    cognito: Any
    settings: Settings
    clock: StandingClock

    def empty(self) -> None:
        self.aws.reset()
        self.clock.now = datetime.now(UTC).replace(microsecond=0)


def pick(choices: Sequence[T], index: int) -> T:
    """Return one of what there is."""
    return choices[index % len(choices)]


class Life(RuleBasedStateMachine):
    """The model, the requests it predicts, and the invariants; the rules are in the subclasses."""

    world: ClassVar[World]
    steps: ClassVar[int] = 0
    answers: ClassVar[dict[tuple[str, int], int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.world.empty()
        self.api = self.world.api
        self.accounts: dict[str, Account] = {}
        self.ended: list[Session] = []
        self.challenges: list[Challenge] = []
        self.passed = timedelta()
        self.tokens: set[str] = set()

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def living(self) -> list[Session]:
        """Every session that must work."""
        return [s for account in self.accounts.values() for s in account.living(self.now)]

    def verified(self) -> list[Account]:
        return [account for account in self.accounts.values() if account.verified]

    def mailed(self, address: str, kind: str) -> Code:
        """The newest code in a mailbox."""
        return Code(kind, self.world.aws.code_for(address), self.passed)

    def begin(self, name: str) -> None:
        """Count a step and let it take its time."""
        type(self).steps += 1
        self.world.clock.now += STEP

    def send(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        session: Session | None = None,
    ) -> httpx.Response:
        """Send the request of one step."""
        self.begin(name)
        headers = session.headers if session else {}
        response = self.api.request(method, path, json=body, headers=headers)
        key = (name, response.status_code)
        self.answers[key] = self.answers.get(key, 0) + 1
        return response

    def opened(self, account: Account, body: dict[str, Any]) -> Session:
        """Take note of a session that a sign-in has opened; its tokens were never seen before."""
        access, refresh = body["accessToken"], body["refreshToken"]
        assert not {access, refresh} & self.tokens, "16: new tokens on every authentication"
        self.tokens |= {access, refresh}
        session = Session(account, self.now, [access], [(0, refresh)])
        account.sessions.append(session)
        assert body["user"]["userId"] == account.user_id, "32: somebody else's account"
        return session

    def candidate(self, account: Account | None, what: str) -> str:
        """A password to try."""
        if account is None or what == "wrong":
            return "not the password"
        if what == "old" and account.old_passwords:
            return account.old_passwords[-1]
        if what == "folded":
            return account.password.lower()
        return account.password

    def close_challenges(self, account: Account) -> None:
        """Take note that no sign-in of an account that was begun may be finished."""
        for challenge in self.challenges:
            challenge.stale = challenge.stale or challenge.account is account

    def end(self, *sessions: Session) -> None:
        """Take note that sessions must be over, at once."""
        for session in sessions:
            session.ended = True
            session.account.sessions.remove(session)
            self.ended.append(session)

    @invariant()
    def a_session_shows_what_was_last_written(self) -> None:
        """One living session per step reads its own account as the model has it (32)."""
        sessions = self.living()
        if not sessions:
            return
        session = pick(sessions, type(self).steps)
        account = session.account
        response = self.api.get("/users/profile", headers=session.headers)
        assert response.status_code == 200, (session.id, response.text)
        shown = response.json()
        assert {
            "userId": account.user_id,
            "email": account.email,
            "emailVerified": True,
            "firstName": account.first_name,
            "mfaEnabled": account.secret is not None,
        }.items() <= shown.items()

    @invariant()
    def a_session_that_is_over_is_over_everywhere(self) -> None:
        """One ended session per step: every access token of it is refused (17, 18, 19, 20)."""
        over = self.ended + [
            session
            for account in self.accounts.values()
            for session in account.sessions
            if not session.alive(self.now)
        ]
        if not over:
            return
        # The latest first, then one of all: what has just ended matters most.
        for session in {over[-1], pick(over, type(self).steps)}:
            for method, path, body in self.refused_everywhere():
                headers = {"Authorization": f"Bearer {pick(session.access, type(self).steps)}"}
                response = self.api.request(method, path, json=body, headers=headers)
                problem(response, 401, "UNAUTHORIZED")

    def refused_everywhere(self) -> list[tuple[str, str, Any]]:
        """The requests that an ended session is tried on in this step: reading, and one other."""
        return [("GET", "/users/profile", None), pick(BEARER, type(self).steps // 2)]

    def teardown(self) -> None:
        """Nothing is left of anybody who is not there, and everybody is there once (8, 19)."""
        table, pool = self.world.settings.table, self.world.settings.user_pool_id
        rows = self.world.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
        users = self.world.cognito.list_users(UserPoolId=pool)["Users"]
        ids = {account.user_id for account in self.accounts.values()}
        guards = {
            row["pk"]["S"].removeprefix("EMAIL#"): row["userId"]["S"]
            for row in rows
            if row["pk"]["S"].startswith("EMAIL#")
        }
        owners = {
            row["pk"]["S"].removeprefix("USER#")
            for row in rows
            if row["pk"]["S"].startswith("USER#")
        }
        profiles = [row for row in rows if row["pk"] == row["sk"] and "firstName" in row]

        assert guards == {email: account.user_id for email, account in self.accounts.items()}
        assert owners == ids
        assert len(profiles) == len(ids)
        assert sorted(user["Username"] for user in users) == sorted(ids)
        assert not [row for row in rows if row["pk"]["S"] == "OUTBOX"]


BEARER: list[tuple[str, str, Any]] = [
    ("PATCH", "/users/profile", {"firstName": "Mallory"}),
    ("POST", "/auth/logout", None),
]
"""What else an ended session is tried on: every operation that wants an access token."""
