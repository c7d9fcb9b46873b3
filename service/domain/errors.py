"""Every way in which the domain says no.

    DomainError                     code, public detail, Retry-After
    ├── InvalidCode                 INVALID_CODE
    ├── PasswordRejected            PASSWORD_REJECTED
    │   ├── CommonPassword          everybody uses it
    │   └── PersonalPassword        it is made of what is known of the person
    ├── RegistrationRejected        VALIDATION_FAILED
    ├── NotSignedIn
    │   ├── InvalidCredentials      INVALID_CREDENTIALS
    │   ├── InvalidRefreshToken     INVALID_REFRESH_TOKEN
    │   ├── InvalidMfaSession       INVALID_MFA_SESSION
    │   └── SessionEnded            UNAUTHORIZED
    ├── EmailNotVerified            EMAIL_NOT_VERIFIED
    ├── SessionUnknown              NOT_FOUND
    ├── WrongPassword               WRONG_PASSWORD
    ├── SignInAgain                 SIGN_IN_AGAIN
    ├── EmailTaken                  EMAIL_TAKEN
    ├── RegistrationInProgress      REGISTRATION_IN_PROGRESS
    ├── MfaAlreadyOn                MFA_ALREADY_ON
    ├── MfaNotOn                    MFA_NOT_ON
    ├── VersionMismatch             PRECONDITION_FAILED
    ├── TooManyRequests             RATE_LIMITED
    │   └── RateLimited             by a limit of ours, which it names
    ├── IdempotencyKeyReused        IDEMPOTENCY_KEY_REUSED
    ├── RequestInProgress           REQUEST_IN_PROGRESS
    └── Unavailable                 SERVICE_UNAVAILABLE
        └── NotReady                NOT_READY

    PortError                       between an adapter and the domain; never reaches a client
    ├── UserExists                  the directory has this address
    ├── UserUnknown                 the directory has no such user
    ├── AddressHeld                 the uniqueness row names another user
    └── NotAdvanced                 the session row was not at the presented generation

`code` is the key into the contract's `x-problems`, which alone knows the status and the title.
The text of an exception is for the operator; `detail` is what the client may read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from service.domain.limits import Standing
    from service.domain.ports import Session


class DomainError(Exception):
    """Raised when the domain refuses, for a reason the contract names."""

    code: ClassVar[str]
    detail: str | None = None

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        """Keep `message` for the operator and `retry_after`, in seconds, for the client."""
        super().__init__(message or self.code)
        self.retry_after = retry_after


class InvalidCode(DomainError):
    """Raised when a mailed or generated code is wrong, used, expired, or belongs to nobody."""

    code = "INVALID_CODE"


class PasswordRejected(DomainError):
    """Raised when a new password breaks the one password rule."""

    code = "PASSWORD_REJECTED"


class CommonPassword(PasswordRejected):
    """Raised when a new password is one of those that attackers try first."""

    detail = "This password is one of the most used ones. Choose another; a long phrase is good."


class PersonalPassword(PasswordRejected):
    """Raised when a new password is little more than a name, the address or the app's name."""

    detail = "This password is made of your name, your address or the name of this app."


class RegistrationRejected(DomainError):
    """Raised when the directory refuses an address or a name that the contract allows."""

    code = "VALIDATION_FAILED"


class NotSignedIn(DomainError):
    """Raised when the caller has not proven who they are."""

    code = "UNAUTHORIZED"


class InvalidCredentials(NotSignedIn):
    """Raised when address and password do not belong together, or the address is unknown."""

    code = "INVALID_CREDENTIALS"


class InvalidRefreshToken(NotSignedIn):
    """Raised when a refresh token is not ours, was replayed, or its session has ended."""

    code = "INVALID_REFRESH_TOKEN"


class InvalidMfaSession(NotSignedIn):
    """Raised when the token of a first step is not ours, was used, or its time is over."""

    code = "INVALID_MFA_SESSION"


class SessionEnded(NotSignedIn):
    """Raised when an access token is genuine and its session is over."""


class EmailNotVerified(DomainError):
    """Raised when the address of the account has not been proven yet."""

    code = "EMAIL_NOT_VERIFIED"


class SessionUnknown(DomainError):
    """Raised when a session is not there, is over, or is somebody else's."""

    code = "NOT_FOUND"


class WrongPassword(DomainError):
    """Raised when a signed-in person does not prove themselves again with their password."""

    code = "WRONG_PASSWORD"


class SignInAgain(DomainError):
    """Raised when the caller's sign-in lies too far back for what they want to do."""

    code = "SIGN_IN_AGAIN"


class EmailTaken(DomainError):
    """Raised when a verified account has the address already."""

    code = "EMAIL_TAKEN"


class RegistrationInProgress(DomainError):
    """Raised when another registration of the address began a moment ago."""

    code = "REGISTRATION_IN_PROGRESS"


class MfaAlreadyOn(DomainError):
    """Raised when two-step verification is to be set up and is on."""

    code = "MFA_ALREADY_ON"


class MfaNotOn(DomainError):
    """Raised when two-step verification is needed and is off."""

    code = "MFA_NOT_ON"


class VersionMismatch(DomainError):
    """Raised when what the client changed is not what is stored now."""

    code = "PRECONDITION_FAILED"


class TooManyRequests(DomainError):
    """Raised when a limit of ours or of Cognito's has been reached."""

    code = "RATE_LIMITED"


class RateLimited(TooManyRequests):
    """Raised when a limit of this service has been reached; `standing` says which and how long."""

    def __init__(self, standing: Standing | None = None) -> None:
        if standing is None:
            super().__init__()
        else:
            super().__init__(standing.name, retry_after=standing.resets_in)
        self.standing = standing


class IdempotencyKeyReused(DomainError):
    """Raised when an Idempotency-Key comes back with another request than its first."""

    code = "IDEMPOTENCY_KEY_REUSED"


class RequestInProgress(DomainError):
    """Raised when the first request of an Idempotency-Key has not been answered yet."""

    code = "REQUEST_IN_PROGRESS"


class Unavailable(DomainError):
    """Raised when an upstream service did not answer, or answered with a fault of its own."""

    code = "SERVICE_UNAVAILABLE"


class NotReady(Unavailable):
    """Raised when a readiness check finds a service that does not answer."""

    code = "NOT_READY"

    def __init__(self, missing: list[str]) -> None:
        self.detail = f"Not reachable: {', '.join(missing)}."
        super().__init__(self.detail)


class PortError(Exception):
    """Raised by an adapter towards the domain; a client never sees it."""


class UserExists(PortError):
    """Raised when the directory already has a user with this address."""


class UserUnknown(PortError):
    """Raised when the directory has no such user, or one in no state for the call."""


class AddressHeld(PortError):
    """Raised when the uniqueness row of an address names another user."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class NotAdvanced(PortError):
    """Raised when a session row is gone, expired, or at another generation than presented."""

    def __init__(self, stored: Session | None) -> None:
        super().__init__("no session" if stored is None else f"generation {stored.generation}")
        self.stored = stored
