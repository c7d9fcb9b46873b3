"""The ports in memory, held to the same tests as the adapters (tests/aws/test_*_port.py).

They check what the real ones check, and nothing is shared between two instances. A sealer needs no
fake: the real one is pure.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from service.domain.errors import (
    AddressHeld,
    EmailNotVerified,
    InvalidCode,
    InvalidCredentials,
    InvalidRefreshToken,
    NotAdvanced,
    PasswordRejected,
    SessionEnded,
    UserExists,
    UserUnknown,
    VersionMismatch,
)
from service.domain.ports import (
    Caller,
    Challenge,
    Claim,
    DirectoryUser,
    Grant,
    Leftover,
    Profile,
    RefreshClaims,
    Session,
    normalise_email,
    utc_now,
)

MINIMUM_PASSWORD = 8


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self.now += by


@dataclass
class _User:
    user: DirectoryUser
    password: str
    code: str | None
    mfa: bool = False


@dataclass
class FakeDirectory:
    """Users, codes and tokens in memory; `mfa_for` turns the second factor on for an address."""

    clock: FakeClock | None = None
    users: dict[str, _User] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    page_size: int = 60
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def sign_up(self, email: str, password: str, first_name: str, last_name: str) -> str:
        address = normalise_email(email)
        with self._lock:
            if self._named(address):
                raise UserExists
            if len(password) < MINIMUM_PASSWORD:
                raise PasswordRejected
            user_id = str(uuid.uuid4())
            now = self.clock() if self.clock else utc_now()
            user = DirectoryUser(user_id, address, False, now, first_name, last_name)
            self.users[user_id] = _User(user, password, _new_code())
        return user_id

    def code_for(self, email: str) -> str:
        """Return the newest mailed code."""
        entry = self._named(normalise_email(email))
        if entry is None or entry.code is None:
            raise LookupError(email)
        return entry.code

    def mfa_for(self, email: str) -> None:
        """Ask this user for a second factor from now on."""
        entry = self._named(normalise_email(email))
        if entry is None:
            raise LookupError(email)
        entry.mfa = True

    def confirm_sign_up(self, email: str, code: str) -> None:
        with self._lock:
            entry = self._named(normalise_email(email))
            if entry is None or entry.user.confirmed or entry.code != code:
                raise InvalidCode
            entry.code = None
            entry.user = replace(entry.user, confirmed=True)

    def resend_code(self, email: str) -> None:
        entry = self._named(normalise_email(email))
        if entry and not entry.user.confirmed:
            entry.code = _new_code()

    def authenticate(self, email: str, password: str) -> Grant | Challenge:
        entry = self.users.get(email) or self._named(normalise_email(email))
        if entry is None:
            raise InvalidCredentials
        if not entry.user.confirmed:
            raise EmailNotVerified
        if entry.password != password:
            raise InvalidCredentials
        if entry.mfa:
            challenge = Challenge(entry.user.user_id, secrets.token_urlsafe())
            self.challenges[challenge.session] = entry.user.user_id
            return challenge
        return self._family(entry.user)

    def renew(self, user_id: str, refresh_token: str) -> Grant:
        entry = self.users.get(user_id)
        if entry is None or self.families.get(refresh_token) != user_id:
            raise InvalidRefreshToken
        return self._grant(entry.user, refresh_token)

    def revoke(self, refresh_token: str) -> None:
        self.families.pop(refresh_token, None)

    def sign_out_everywhere(self, user_id: str) -> None:
        for token in [token for token, owner in self.families.items() if owner == user_id]:
            self.families.pop(token)

    def find(self, username: str) -> DirectoryUser | None:
        entry = self.users.get(username) or self._named(normalise_email(username))
        return entry.user if entry else None

    def set_email(self, user_id: str, email: str) -> None:
        with self._lock:
            entry = self.users.get(user_id)
            if entry is None:
                raise UserUnknown
            other = self._named(normalise_email(email))
            if other is not None and other is not entry:
                raise UserExists
            entry.user = replace(entry.user, email=normalise_email(email))

    def delete(self, user_id: str) -> None:
        with self._lock:
            self.users.pop(user_id, None)

    def page(self, cursor: str | None) -> tuple[Sequence[DirectoryUser], str | None]:
        start = int(cursor or 0)
        end = start + self.page_size
        users = [entry.user for entry in self.users.values()]
        return users[start:end], str(end) if end < len(users) else None

    def check(self) -> None:
        """Memory always answers."""

    def _named(self, address: str) -> _User | None:
        return next((each for each in self.users.values() if each.user.email == address), None)

    def _family(self, user: DirectoryUser) -> Grant:
        refresh_token, session_id = secrets.token_urlsafe(), str(uuid.uuid4())
        self.families[refresh_token] = user.user_id
        self.sessions[refresh_token] = session_id
        return self._grant(user, refresh_token)

    def _grant(self, user: DirectoryUser, refresh_token: str) -> Grant:
        access_token = secrets.token_urlsafe()
        self.access[access_token] = user.user_id
        return Grant(
            user_id=user.user_id,
            session_id=self.sessions[refresh_token],
            access_token=access_token,
            refresh_token=refresh_token,
            expires_in=900,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
        )


@dataclass
class MemoryAccounts:
    """Profiles, uniqueness rows and the outbox in memory."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    outbox: list[Leftover] = field(default_factory=list)
    going: set[str] = field(default_factory=set)
    purges: list[Callable[[str], None]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def create(self, profile: Profile, replacing: str | None = None) -> None:
        with self._lock:
            held = self.claims.get(profile.email)
            if held and held.user_id not in {profile.user_id, replacing}:
                raise AddressHeld(held.user_id)
            self.claims[profile.email] = Claim(profile.user_id, profile.created_at)
            if replacing and replacing != profile.user_id:
                self.profiles.pop(replacing, None)
            self.profiles.setdefault(profile.user_id, profile)

    def claim(self, email: str) -> Claim | None:
        return self.claims.get(normalise_email(email))

    def load(self, user_id: str) -> Profile | None:
        return self.profiles.get(user_id)

    def addresses(self, user_ids: Iterable[str]) -> Mapping[str, str]:
        wanted = set(user_ids)
        if len(wanted) > 100:
            raise ValueError("At most 100 users at a time")
        return {each: self.profiles[each].email for each in wanted & self.profiles.keys()}

    def mark_verified(self, user_id: str, now: datetime) -> Profile:
        with self._lock:
            profile = self.profiles.get(user_id)
            if profile is None:
                raise UserUnknown
            verified = replace(
                profile, email_verified=True, updated_at=now, version=profile.version + 1
            )
            self.profiles[user_id] = verified
            return verified

    def update(self, profile: Profile, expected_version: int) -> None:
        with self._lock:
            stored = self.profiles.get(profile.user_id)
            if stored == profile:
                return
            if stored is None or stored.version != expected_version:
                raise VersionMismatch
            self.profiles[profile.user_id] = profile

    def remove(self, user_id: str, email: str) -> None:
        with self._lock:
            self.profiles.pop(user_id, None)
            held = self.claims.get(normalise_email(email))
            if held and held.user_id == user_id:
                del self.claims[normalise_email(email)]

    def note(self, leftover: Leftover) -> None:
        if leftover not in self.outbox:
            self.outbox.append(leftover)

    def leftovers(self) -> Sequence[Leftover]:
        return sorted(self.outbox, key=lambda each: (each.noted_at, each.user_id))[:100]

    def settle(self, leftover: Leftover) -> None:
        if leftover in self.outbox:
            self.outbox.remove(leftover)

    def begin_deletion(self, profile: Profile, now: datetime) -> None:
        with self._lock:
            stored = self.profiles.get(profile.user_id)
            if stored is None:
                raise UserUnknown
            if stored.email != profile.email:
                raise VersionMismatch
            self.remove(profile.user_id, profile.email)
            self.going.add(profile.user_id)

    def deleting(self, user_id: str) -> bool:
        return user_id in self.going

    def deletions(self) -> Sequence[str]:
        return sorted(self.going)[:100]

    def finish_deletion(self, user_id: str) -> None:
        with self._lock:
            made = self.profiles.get(user_id)
            if made is not None:
                self.remove(user_id, made.email)
            for purge in self.purges:
                purge(user_id)
            self.going.discard(user_id)

    def check(self) -> None:
        """Memory always answers."""


@dataclass
class MemorySessions:
    """Sessions in memory, beside the profiles of `accounts`."""

    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    rows: dict[tuple[str, str], Session] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.accounts.purges.append(self.end_all)

    def open(self, session: Session) -> None:
        self.rows[session.user_id, session.session_id] = session

    def advance(self, claims: RefreshClaims, now: datetime, idle_since: datetime) -> Session:
        with self._lock:
            stored = self.rows.get((claims.user_id, claims.session_id))
            if (
                stored is None
                or stored.generation != claims.generation
                or stored.expires_at <= now
                or stored.last_used_at < idle_since
            ):
                raise NotAdvanced(stored)
            moved = replace(stored, generation=stored.generation + 1, last_used_at=now)
            self.rows[claims.user_id, claims.session_id] = moved
            return moved

    def end(self, user_id: str, session_id: str) -> Session | None:
        with self._lock:
            return self.rows.pop((user_id, session_id), None)

    def list(self, user_id: str) -> Sequence[Session]:
        with self._lock:
            return [row for (owner, _), row in self.rows.items() if owner == user_id]

    def end_all(self, user_id: str, keep: str | None = None) -> Sequence[Session]:
        with self._lock:
            ended = [row for row in self.list(user_id) if row.session_id != keep]
            for row in ended:
                self.rows.pop((user_id, row.session_id))
            return ended

    def with_profile(self, caller: Caller) -> tuple[Session | None, Profile | None]:
        with self._lock:
            row = self.rows.get((caller.user_id, caller.session_id))
            return row, self.accounts.load(caller.user_id)


@dataclass
class FakePasswords:
    """Reset codes and passwords of the users of a `FakeDirectory`."""

    directory: FakeDirectory

    def request_reset(self, email: str) -> None:
        entry = self.directory._named(normalise_email(email))
        if entry and entry.user.confirmed:
            entry.code = _new_code()

    def confirm_reset(self, email: str, code: str, new_password: str) -> None:
        entry = self.directory._named(normalise_email(email))
        if entry is None or not entry.user.confirmed or entry.code != code:
            raise InvalidCode
        self.set_password(entry.user.user_id, new_password)
        entry.code = None

    def set_password(self, user_id: str, new_password: str) -> None:
        entry = self.directory.users.get(user_id)
        if entry is None:
            raise SessionEnded
        if len(new_password) < MINIMUM_PASSWORD:
            raise PasswordRejected
        entry.password = new_password


@dataclass
class MemoryMailer:
    """Mails that were sent, oldest first, as (to, subject, body)."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, to: str, subject: str, body: str) -> None:
        self.sent.append((to, subject, body))


def _new_code() -> str:
    return f"{secrets.randbelow(1_000_000):06}"
