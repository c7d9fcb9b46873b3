"""The domain on the real adapters and the embedded AWS, with every AWS call at risk."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from local.emulator import Emulator
from service.app import adapters, assemble
from service.aws.clients import connect
from service.aws.cognito import CognitoDirectory
from service.aws.table import Table
from service.domain.accounts import Registration
from service.domain.ports import Caller, Profile, RefreshClaims
from service.domain.sessions import SignedIn
from service.handlers.services import Services
from service.settings import Settings
from tests.faults.harness import Fault, FaultInjector, ProcessDied, Row, table

PASSWORD = "correct horse battery"


class SteppingClock:
    """The time of the machine, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    """One person and the service; `faults` stands between the service and AWS."""

    aws: Emulator
    services: Services
    faults: FaultInjector
    clock: SteppingClock
    numbers: count[int]
    email: str = ""
    user_id: str = ""
    asking: Caller | None = None
    new_email: str = ""
    mailed: str = ""

    def newcomer(self) -> World:
        """A person nobody has heard of, a minute later and alone: what lists everybody is quick."""
        self.aws.reset()
        self.clock.ahead += timedelta(minutes=1)
        self.email = f"person{next(self.numbers)}@example.com"
        return self

    def register(self, password: str = PASSWORD) -> Profile:
        return self.services.accounts.register_user(
            Registration(self.email, password, "Ada", "O'Brien")
        )

    def verify(self) -> None:
        self.services.accounts.verify_email(self.email, self.code())

    def login(self, password: str = PASSWORD) -> SignedIn:
        outcome = self.services.sessions.login_user(self.email, password, "test")
        assert isinstance(outcome, SignedIn)
        return outcome

    def code(self) -> str:
        """The newest code in this person's mailbox."""
        return self.aws.code_for(self.email)

    def fault(self, index: int) -> Fault:
        """The n-th call is refused by AWS before it does anything."""
        return Fault(index, "before", "server-error", "call")

    def faults_at_registration(self) -> None:
        """The process dies after the user was signed up and before anything was stored."""
        fault = Fault(2, "before", "died")
        with self.faults.injected(fault), suppress(ProcessDied):
            self.register()

    def claims(self, refresh_token: str) -> RefreshClaims:
        return self.services.sessions.sealer.open_refresh(refresh_token)

    def caller(self, signed_in: SignedIn) -> Caller:
        return self.caller_of(self.claims(signed_in.tokens.refresh_token))

    @staticmethod
    def caller_of(claims: RefreshClaims) -> Caller:
        return Caller(claims.user_id, claims.session_id)


@pytest.fixture
def world(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> World:
    # Backoff between attempts, the SDK's and ours, is not what these tests are about.
    monkeypatch.setattr(time, "sleep", _no_pause)
    monkeypatch.setitem(CognitoDirectory.__init__.__kwdefaults__, "pause", _no_pause)
    monkeypatch.setattr(Table.__init__, "__defaults__", (_no_pause,))
    settings = Settings.from_environment(os.environ)
    clients = connect(settings.region)
    clock = SteppingClock()
    services = assemble(settings, adapters(settings, clients, clock))
    return World(aws, services, FaultInjector(clients), clock, count())


def _no_pause(seconds: float) -> None:
    """Do not sleep."""


def report(title: str, rows: Sequence[Row]) -> None:
    """Print what became of every fault; `make faults` shows it."""
    print(f"\n### {title}: {len(rows)} faults\n\n{table(rows)}")
