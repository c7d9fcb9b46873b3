"""The second factor's ports in memory, beside the directory and the profiles of `tests.fakes`."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyotp

from service.domain.errors import InvalidCode, InvalidMfaSession, SessionEnded, UserUnknown
from service.domain.ports import Grant
from tests.fakes import FakeDirectory, MemoryAccounts


@dataclass
class FakeSecondFactor:
    """Secrets of the users of a `FakeDirectory`; codes are checked as RFC 6238 says."""

    directory: FakeDirectory
    pending: dict[str, str] = field(default_factory=dict)
    proven: dict[str, str] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def associate(self, access_token: str) -> str:
        secret = pyotp.random_base32()
        self.pending[self._user(access_token)] = secret
        return secret

    def prove(self, access_token: str, code: str) -> None:
        user_id = self._user(access_token)
        self._check(self.pending.get(user_id), user_id, code)
        self.proven[user_id] = self.pending.pop(user_id)

    def require(self, user_id: str, required: bool) -> None:
        if user_id in self.directory.users:
            self.directory.users[user_id].mfa = required

    def required(self, user_id: str) -> bool:
        return user_id in self.directory.users and self.directory.users[user_id].mfa

    def answer(self, user_id: str, session: str, code: str) -> Grant:
        if self.directory.challenges.get(session) != user_id:
            raise InvalidMfaSession
        self._check(self.proven.get(user_id), user_id, code)
        del self.directory.challenges[session]
        return self.directory._family(self.directory.users[user_id].user)

    def _user(self, access_token: str) -> str:
        if access_token not in self.directory.access:
            raise SessionEnded
        return self.directory.access[access_token]

    def _check(self, secret: str | None, user_id: str, code: str) -> None:
        fits = secret is not None and pyotp.TOTP(secret).verify(code, valid_window=1)
        if not fits or (user_id, code) in self.used:
            raise InvalidCode
        self.used.add((user_id, code))


@dataclass
class MemoryMfa:
    """Recovery codes and used codes in memory, beside the profiles of `accounts`."""

    accounts: MemoryAccounts
    codes: dict[str, Set[str]] = field(default_factory=dict)
    used: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def enrol(self, user_id: str, hashes: Set[str], now: datetime) -> None:
        self._mark(user_id, True, now)
        self.codes[user_id] = hashes

    def withdraw(self, user_id: str, now: datetime) -> None:
        self._mark(user_id, False, now)
        self.codes.pop(user_id, None)

    def spend(self, user_id: str, digest: str, now: datetime) -> None:
        if digest not in self.recovery_codes(user_id):
            raise InvalidCode
        self.withdraw(user_id, now)

    def recovery_codes(self, user_id: str) -> Set[str]:
        return self.codes.get(user_id, frozenset())

    def replace_recovery_codes(self, user_id: str, hashes: Set[str], now: datetime) -> None:
        self.codes[user_id] = hashes

    def take(self, user_id: str, digest: str, now: datetime, until: datetime) -> bool:
        if self.used.get((user_id, digest), now) > now:
            return False
        self.used[user_id, digest] = until
        return True

    def give_back(self, user_id: str, digest: str) -> None:
        self.used.pop((user_id, digest), None)

    def _mark(self, user_id: str, on: bool, now: datetime) -> None:
        profile = self.accounts.profiles.get(user_id)
        if profile is None:
            raise UserUnknown
        self.accounts.profiles[user_id] = replace(
            profile, mfa_enabled=on, updated_at=now, version=profile.version + 1
        )
