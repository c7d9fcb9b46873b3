"""The server's table of contents: which handler answers which operation of the contract."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from service.handlers import accounts, health, mfa, password, profile, sessions
from service.handlers.idempotency import idempotent
from service.handlers.limiting import limited
from service.handlers.services import Services

OPERATIONS: dict[str, Callable[..., Any]] = {
    # health
    "getHealth": health.get_health,
    "getReadiness": health.get_readiness,
    # accounts
    "registerUser": accounts.register_user,
    "verifyEmail": accounts.verify_email,
    "resendVerification": accounts.resend_verification,
    # sessions
    "loginUser": sessions.login_user,
    "refreshToken": sessions.refresh_token,
    "logoutUser": sessions.logout_user,
    "logoutEverywhere": sessions.logout_everywhere,
    "listSessions": sessions.list_sessions,
    "revokeSession": sessions.revoke_session,
    # mfa
    "verifyMfa": mfa.verify_mfa,
    "recoverMfa": mfa.recover_mfa,
    "setupMfa": mfa.setup_mfa,
    "verifyMfaSetup": mfa.verify_mfa_setup,
    "disableMfa": mfa.disable_mfa,
    "regenerateRecoveryCodes": mfa.regenerate_recovery_codes,
    # password
    "requestPasswordReset": password.request_password_reset,
    "confirmPasswordReset": password.confirm_password_reset,
    "changePassword": password.change_password,
    # profile
    "getUserProfile": profile.get_user_profile,
    "updateUserProfile": profile.update_user_profile,
    "exportUserData": profile.export_user_data,
    "changeEmail": profile.change_email,
    "verifyNewEmail": profile.verify_new_email,
    "deleteUser": profile.delete_user,
}


def bind(services: Services) -> dict[str, Callable[..., Any]]:
    """Return the table with the domain filled in, limits and idempotency around each handler."""
    return {
        name: partial(limited(name, idempotent(name, handler)), services)
        for name, handler in OPERATIONS.items()
    }
