"""What must be true of the service, kept beside it: the people, their sessions, and the time."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=30)
GRACE = timedelta(seconds=30)
RECENT = timedelta(minutes=15)
TRIES = 5
CODE_LIFETIMES = {
    "verify": timedelta(hours=24),
    "reset": timedelta(hours=1),
    "email": timedelta(minutes=15),
}


@dataclass
class Code:
    """A mailed code; `passed` is how much time had been made to pass when it was mailed."""

    kind: str
    text: str
    passed: timedelta
    used: bool = False
    tries: int = 0

    def good(self, passed: timedelta) -> bool:
        worn = self.kind == "email" and self.tries >= TRIES
        return not self.used and not worn and passed - self.passed < CODE_LIFETIMES[self.kind]


@dataclass(eq=False)
class Session:
    """One sign-in: every token it ever had, and the rules that decide whether they work."""

    account: Account
    created: datetime
    access: list[str]
    refresh: list[tuple[int, str]]
    generation: int = 0
    last_used: datetime = field(init=False)
    ended: bool = False

    def __post_init__(self) -> None:
        self.last_used = self.created

    @property
    def id(self) -> str:
        """The `origin_jti` that all access tokens of one family share."""
        payload = self.access[0].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["origin_jti"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access[-1]}"}

    def alive(self, now: datetime) -> bool:
        lasting = now < self.created + ABSOLUTE
        return not self.ended and lasting and now - self.last_used <= IDLE

    def recent(self, now: datetime) -> bool:
        """Whether it is young enough to enrol a second factor."""
        return now - self.created <= RECENT

    def serves(self, generation: int, now: datetime) -> bool:
        """Whether a refresh token of a generation is the newest, or excused by the grace."""
        if generation == self.generation:
            return True
        return generation == self.generation - 1 and now - self.last_used <= GRACE


@dataclass(eq=False)
class Account:
    """One person's account as it must be."""

    email: str
    password: str
    user_id: str
    first_name: str
    verified: bool = False
    code: Code | None = None
    reset: Code | None = None
    new_email: tuple[str, Code] | None = None
    old_passwords: list[str] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    secret: str | None = None
    pending_secret: str | None = None
    recovery: list[str] = field(default_factory=list)
    spent_recovery: list[str] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    accepted: list[str] = field(default_factory=list)

    def living(self, now: datetime) -> list[Session]:
        return [session for session in self.sessions if session.alive(now)]

    def fresh_code(self, secret: str) -> str | None:
        """Return a code of the authenticator that was never presented, if its window has one.

        Of this 30 second step or the next: both stay acceptable if a step begins meanwhile.
        """
        for step in (0, 1):
            code = pyotp.TOTP(secret).at(int(time.time()) + 30 * step)
            if code not in self.tried:
                self.tried.add(code)
                return code
        return None


@dataclass(eq=False)
class Challenge:
    """A sign-in that waits for its second factor.

    `stale`: its password, factor or account is another by now, so no code may finish it.
    """

    account: Account
    token: str
    made: datetime
    used: bool = False
    stale: bool = False

    def open(self, now: datetime) -> bool:
        return now - self.made < timedelta(minutes=3)


def other_digits(code: str) -> str:
    """Return a six-digit code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06d}"
