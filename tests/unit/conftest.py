"""The domain on the ports in memory, with a clock that stands still and an audit that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from service.aws.tokens import AeadSealer
from service.domain.accounts import Accounts, Registration
from service.domain.mfa import Mfa
from service.domain.notices import Notices
from service.domain.password import Passwords
from service.domain.ports import Caller, Profile
from service.domain.profile import Profiles
from service.domain.sessions import SessionPolicy, Sessions, SignedIn
from tests.fakes import (
    FakeClock,
    FakeDirectory,
    FakePasswords,
    MemoryAccounts,
    MemoryMailer,
    MemorySessions,
)
from tests.fakes_mfa import FakeSecondFactor, MemoryMfa

ADA = "ada@example.com"
PASSWORD = "correct horse battery"
KEYS = {"k1": bytes(range(32))}
POLICY = SessionPolicy(
    idle=timedelta(days=14), absolute=timedelta(days=30), grace=timedelta(seconds=30)
)


@dataclass
class Events:
    """The audit: what happened and how it ended."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)

    def __call__(
        self, event: str, outcome: str, *, user_id: str | None = None, reason: str | None = None
    ) -> None:
        self.seen.append((event, outcome))
        self.reasons.append(reason)


@dataclass
class Domain:
    """Accounts, sessions and profiles, and what is behind them."""

    accounts: Accounts
    sessions: Sessions
    profiles: Profiles
    directory: FakeDirectory
    store: MemoryAccounts
    rows: MemorySessions
    clock: FakeClock
    events: Events
    mfa: Mfa
    passwords: Passwords
    reset_codes: FakePasswords
    mailer: MemoryMailer

    def register(self, email: str = ADA, password: str = PASSWORD) -> Profile:
        return self.accounts.register_user(Registration(email, password, "Ada", "O'Brien"))

    def verified(self, email: str = ADA) -> Profile:
        profile = self.register(email)
        self.accounts.verify_email(email, self.directory.code_for(email))
        return profile

    def login(self, email: str = ADA, password: str = PASSWORD) -> SignedIn:
        signed_in = self.sessions.login_user(email, password, "test")
        assert isinstance(signed_in, SignedIn)
        return signed_in

    def caller(self, signed_in: SignedIn) -> Caller:
        claims = self.sessions.sealer.open_refresh(signed_in.tokens.refresh_token)
        return Caller(claims.user_id, claims.session_id, signed_in.tokens.access_token)

    def works(self, email: str = ADA) -> bool:
        """Tell whether somebody verified can sign in and has a verified profile."""
        return self.login(email).profile.email_verified

    def is_free(self, email: str = ADA) -> bool:
        """Tell whether nothing at all is left of an address."""
        return (
            self.directory.find(email) is None
            and self.store.claim(email) is None
            and all(profile.email != email for profile in self.store.profiles.values())
        )


@pytest.fixture
def domain() -> Domain:
    clock, events = FakeClock(), Events()
    directory, store = FakeDirectory(clock), MemoryAccounts()
    rows = MemorySessions(store)
    accounts = Accounts(directory, store, events, clock, replace_after=timedelta(seconds=2))
    sessions = Sessions(directory, accounts, rows, AeadSealer(KEYS), events, clock, POLICY)
    profiles = Profiles(sessions, store, clock)
    reset_codes, mailer = FakePasswords(directory), MemoryMailer()
    notices = Notices(mailer, events)
    passwords = Passwords(reset_codes, sessions, notices, events)
    mfa = Mfa(
        sessions,
        FakeSecondFactor(directory),
        MemoryMfa(store),
        notices,
        setup_within=timedelta(minutes=15),
    )
    return Domain(
        accounts,
        sessions,
        profiles,
        directory,
        store,
        rows,
        clock,
        events,
        mfa,
        passwords,
        reset_codes,
        mailer,
    )


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make a method of a port raise, the first `times` times or always; `after` it took effect."""

    def fail(
        port: Any, method: str, error: Exception, *, times: int = 10**6, after: bool = False
    ) -> None:
        genuine, left = getattr(port, method), [times]

        def failing(*arguments: Any, **named: Any) -> Any:
            if not left[0]:
                return genuine(*arguments, **named)
            left[0] -= 1
            if after:
                genuine(*arguments, **named)
            raise error

        monkeypatch.setattr(port, method, failing)

    return fail
