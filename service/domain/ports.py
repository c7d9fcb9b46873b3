"""What the domain needs of the world, and the values it speaks in.

Every method of a port may raise `Unavailable` (timeout, reset, 5xx, throttling of the table) and
every method of `Directory` also `TooManyRequests`; the docstrings name what comes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol


def normalise_email(address: str) -> str:
    """Return the form under which an address is compared and stored: no case, no outer space."""
    return address.strip().lower()


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A user as the directory holds it; `confirmed` means that the address was proven."""

    user_id: str
    email: str
    confirmed: bool
    created_at: datetime
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a successful authentication yields; `expires_in` is in seconds.

    `session_id` is the `origin_jti` that all access tokens of one refresh token share.
    """

    user_id: str
    session_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The password was right and the directory wants the second factor too."""

    user_id: str
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is stored about a person; `version` grows by one with every change."""

    user_id: str
    email: str
    first_name: str
    last_name: str
    created_at: datetime
    updated_at: datetime
    email_verified: bool = False
    mfa_enabled: bool = False
    phone_number: str | None = None
    date_of_birth: date | None = None
    timezone: str | None = None
    preferences: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """The uniqueness row of an address: whose it is and since when."""

    user_id: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device, alive as long as its row; `refresh_token` is the directory's."""

    user_id: str
    session_id: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str = ""
    generation: int = 0
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """What our sealed refresh token says; `refresh_token` is the directory's."""

    user_id: str
    session_id: str
    generation: int
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MfaClaims:
    """What our sealed MFA session token says; it is good for three minutes."""

    user_id: str
    email: str
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified access token speaks for; the directory takes the token itself as proof."""

    user_id: str
    session_id: str
    access_token: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A registration whose undoing failed, kept in the outbox until the reconciler settles it."""

    user_id: str
    email: str
    noted_at: datetime


class Directory(Protocol):
    """Who exists and what proves it: Amazon Cognito in production."""

    def sign_up(self, email: str, password: str, first_name: str, last_name: str) -> str:
        """Create an unconfirmed user, mail the code, return the user id.

        Never retried by the SDK: a retry after a lost answer would meet its own user.
        Raises `UserExists`, `PasswordRejected`.
        """

    def confirm_sign_up(self, email: str, code: str) -> None:
        """Prove the address. Raises `InvalidCode` (also for an unknown or a confirmed user)."""

    def resend_code(self, email: str) -> None:
        """Mail a new code; silent about users that are unknown, confirmed or over a limit."""

    def authenticate(self, email: str, password: str) -> Grant | Challenge:
        """Check a password. Raises `InvalidCredentials`, `EmailNotVerified`."""

    def renew(self, user_id: str, refresh_token: str) -> Grant:
        """Make new tokens of the same family. Raises `InvalidRefreshToken`."""

    def revoke(self, refresh_token: str) -> None:
        """End a token family at the directory; one that is over already is fine."""

    def sign_out_everywhere(self, user_id: str) -> None:
        """End all token families of a user at the directory; a user that is gone is fine."""

    def find(self, username: str) -> DirectoryUser | None:
        """Return the user with this id or address."""

    def set_email(self, user_id: str, email: str) -> None:
        """Give a user another address, proven. Raises `UserUnknown`, `UserExists`."""

    def delete(self, user_id: str) -> None:
        """Delete a user by id; one that is gone is fine. Tries three times before it gives up."""

    def page(self, cursor: str | None) -> tuple[Sequence[DirectoryUser], str | None]:
        """Return up to 60 users and the cursor of the next page."""

    def check(self) -> None:
        """Return when the directory answers."""


class AccountStore(Protocol):
    """Profiles and the uniqueness of addresses: one DynamoDB table in production."""

    def create(self, profile: Profile, replacing: str | None = None) -> None:
        """Write the profile and the address's uniqueness row in one transaction.

        With `replacing`, a uniqueness row that names that user is taken over and that user's
        profile deleted in the same transaction. Raises `AddressHeld`, `Unavailable`.
        """

    def claim(self, email: str) -> Claim | None:
        """Return the uniqueness row of an address, read consistently."""

    def load(self, user_id: str) -> Profile | None:
        """Return a profile, read consistently."""

    def addresses(self, user_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the addresses of those of up to 100 users that have a profile, by user."""

    def mark_verified(self, user_id: str, now: datetime) -> Profile:
        """Set the profile's `email_verified`, return it. Raises `UserUnknown` without a profile."""

    def update(self, profile: Profile, expected_version: int) -> None:
        """Replace a profile that is still at a version. Raises `VersionMismatch`."""

    def remove(self, user_id: str, email: str) -> None:
        """Delete the profile, and the uniqueness row if it is this user's; absent rows are fine."""

    def note(self, leftover: Leftover) -> None:
        """Put a failed compensation into the outbox."""

    def leftovers(self) -> Sequence[Leftover]:
        """Return up to 100 entries of the outbox, oldest first."""

    def settle(self, leftover: Leftover) -> None:
        """Take an entry out of the outbox."""

    def begin_deletion(self, profile: Profile, now: datetime) -> None:
        """Take profile and address away and note that the user goes, in one transaction.

        Raises `UserUnknown` without a profile, `VersionMismatch` if it has another address now.
        """

    def deleting(self, user_id: str) -> bool:
        """Tell whether it is noted that a user goes, read consistently."""

    def deletions(self) -> Sequence[str]:
        """Return up to 100 users of whom it is noted that they go."""

    def finish_deletion(self, user_id: str) -> None:
        """Delete every row of a user, then the note; absent rows are fine."""

    def check(self) -> None:
        """Return when the table answers."""


class SessionStore(Protocol):
    """Session rows, beside the profile in the user's partition."""

    def open(self, session: Session) -> None:
        """Write a new session."""

    def advance(self, claims: RefreshClaims, now: datetime, idle_since: datetime) -> Session:
        """Move a session one generation on, if it is at the presented one and alive; return it.

        Alive: `expires_at` after `now` and `last_used_at` not before `idle_since`. Raises
        `NotAdvanced` with the stored row.
        """

    def end(self, user_id: str, session_id: str) -> Session | None:
        """Delete a session and return it; None if there was none."""

    def list(self, user_id: str) -> Sequence[Session]:
        """Return a user's sessions, those that are over included, at most 100."""

    def end_all(self, user_id: str, keep: str | None = None) -> Sequence[Session]:
        """Delete every session of a user but `keep`, and return them."""

    def with_profile(self, caller: Caller) -> tuple[Session | None, Profile | None]:
        """Return the caller's session and profile in one consistent read."""


class Mailer(Protocol):
    """Mail to people: Amazon SES in production."""

    def send(self, to: str, subject: str, body: str) -> None:
        """Hand a plain-text mail over for delivery. Raises `Unavailable`."""


class Sealer(Protocol):
    """Opaque tokens that only this service can read or make (AES-256-GCM, RFC 5116)."""

    def seal_refresh(self, claims: RefreshClaims) -> str:
        """Return the refresh token a client holds."""

    def open_refresh(self, token: str) -> RefreshClaims:
        """Return what a refresh token says. Raises `InvalidRefreshToken`."""

    def seal_mfa(self, claims: MfaClaims, expires_at: datetime) -> str:
        """Return the `sessionToken` of an MFA sign-in."""

    def open_mfa(self, token: str, now: datetime) -> MfaClaims:
        """Return what a `sessionToken` says. Raises `InvalidMfaSession`."""


class Audit(Protocol):
    """The record of authentication events (ASVS 16.2.5): who, what, when, outcome; no secrets."""

    def __call__(
        self, event: str, outcome: str, *, user_id: str | None = None, reason: str | None = None
    ) -> None:
        """Record one event; `outcome` is success, failure or error."""


class Clock(Protocol):
    """The time, in UTC; a test moves it."""

    def __call__(self) -> datetime:
        """Return now, aware."""


def utc_now() -> datetime:
    """Return the time of the machine in UTC."""
    return datetime.now(UTC)
