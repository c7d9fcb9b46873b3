"""Handlers of the tag password."""

from __future__ import annotations

from service import models
from service.contract import Reply, Request
from service.handlers.services import Services


def request_password_reset(
    services: Services, body: models.RequestPasswordResetRequest
) -> models.Accepted:
    """Mail a reset code."""
    services.passwords.request_password_reset(body.email)
    return models.Accepted(message="If this address has an account, a code is on its way.")


def confirm_password_reset(services: Services, body: models.ConfirmPasswordResetRequest) -> Reply:
    """Set a new password with the mailed code."""
    services.passwords.confirm_password_reset(
        body.email, body.code, body.new_password.get_secret_value()
    )
    return Reply()


def change_password(
    services: Services, body: models.ChangePasswordRequest, request: Request
) -> Reply:
    """Set a new password with the current one."""
    services.passwords.change_password(
        request.caller,
        body.current_password.get_secret_value(),
        body.new_password.get_secret_value(),
    )
    return Reply()
