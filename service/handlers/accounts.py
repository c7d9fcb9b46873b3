"""Handlers of the tag accounts."""

from __future__ import annotations

from service import models
from service.contract import Reply
from service.domain.accounts import Registration
from service.domain.hiding import Registered
from service.handlers.services import Services

PROFILE_PATH = "/v1/users/profile"


def register_user(services: Services, body: models.RegisterUserRequest) -> Reply:
    """Open an account."""
    return _registered(services.registrations.register_user(_registration(body)))


def resume_registration(services: Services, body: models.RegisterUserRequest) -> Reply | None:
    """Answer for the account that an unanswered attempt of the same registration has opened."""
    profile = services.accounts.resume_registration(_registration(body))
    return _registered(Registered(profile.email, profile.user_id)) if profile else None


def _registration(body: models.RegisterUserRequest) -> Registration:
    return Registration(
        email=body.email,
        password=body.password.get_secret_value(),
        first_name=body.first_name,
        last_name=body.last_name,
    )


def _registered(outcome: Registered) -> Reply:
    registered = models.RegisteredUser(
        user_id=outcome.user_id,
        email=outcome.email,
        message="We have mailed you a code. Verify your address with it.",
    )
    return Reply(registered, headers={"Location": PROFILE_PATH})


def verify_email(services: Services, body: models.VerifyEmailRequest) -> models.VerifiedEmail:
    """Verify an address with the mailed code."""
    address = services.accounts.verify_email(body.email, body.code)
    return models.VerifiedEmail(email=address, email_verified=True)


def resend_verification(
    services: Services, body: models.ResendVerificationRequest
) -> models.Accepted:
    """Mail another verification code."""
    services.accounts.resend_verification(body.email)
    return models.Accepted(message="If this address waits for verification, a code is on its way.")
