"""Handlers of the tag mfa."""

from __future__ import annotations

from service import models
from service.contract import Reply, Request
from service.handlers.qr_code import data_uri
from service.handlers.services import Services
from service.handlers.sessions import signed_in


def verify_mfa(
    services: Services, body: models.VerifyMfaRequest, request: Request
) -> models.SignedIn:
    """Finish a sign-in with a code of the authenticator."""
    return signed_in(
        services.mfa.verify_mfa(body.session_token, body.code, request.user_agent or "")
    )


def recover_mfa(services: Services, body: models.RecoverMfaRequest) -> Reply:
    """Switch two-step verification off with a recovery code."""
    services.mfa.recover_mfa(body.session_token, body.recovery_code)
    return Reply()


def setup_mfa(services: Services, request: Request) -> models.MfaSetup:
    """Get a secret for an authenticator."""
    setup = services.mfa.setup_mfa(request.caller)
    return models.MfaSetup(secret=setup.secret, otpauth_uri=setup.uri, qr_code=data_uri(setup.uri))


def verify_mfa_setup(
    services: Services, body: models.VerifyMfaSetupRequest, request: Request
) -> models.MfaEnabled:
    """Switch two-step verification on."""
    codes = services.mfa.verify_mfa_setup(request.caller, body.code)
    return models.MfaEnabled(enabled=True, recovery_codes=codes)


def disable_mfa(
    services: Services, body: models.DisableMfaRequest, request: Request
) -> models.MfaDisabled:
    """Switch two-step verification off."""
    services.mfa.disable_mfa(request.caller, body.password.get_secret_value())
    return models.MfaDisabled(enabled=False)


def regenerate_recovery_codes(
    services: Services, body: models.RegenerateRecoveryCodesRequest, request: Request
) -> models.RecoveryCodes:
    """Get ten new recovery codes."""
    password = body.password.get_secret_value()
    codes = services.mfa.regenerate_recovery_codes(request.caller, password)
    return models.RecoveryCodes(recovery_codes=codes)
