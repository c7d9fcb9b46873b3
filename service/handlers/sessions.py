"""Handlers of the tag sessions."""

from __future__ import annotations

from service import models
from service.contract import Reply, Request
from service.domain.sessions import MfaRequired, SignedIn
from service.handlers.profile import user_profile
from service.handlers.services import Services


def login_user(
    services: Services, body: models.LoginUserRequest, request: Request
) -> models.SignedIn | models.MfaRequired:
    """Sign in with address and password."""
    outcome = services.sessions.login_user(
        body.email, body.password.get_secret_value(), request.user_agent or ""
    )
    if isinstance(outcome, MfaRequired):
        return models.MfaRequired(
            session_token=outcome.session_token,
            expires_in=outcome.expires_in,
        )
    return signed_in(outcome)


def signed_in(outcome: SignedIn) -> models.SignedIn:
    """Return the contract's form of an open session."""
    return models.SignedIn(
        access_token=outcome.tokens.access_token,
        refresh_token=outcome.tokens.refresh_token,
        expires_in=outcome.tokens.expires_in,
        user=user_profile(outcome.profile),
    )


def refresh_token(services: Services, body: models.RefreshTokenRequest) -> models.Tokens:
    """Trade a refresh token for new tokens."""
    tokens = services.sessions.refresh_token(body.refresh_token)
    return models.Tokens(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=tokens.expires_in,
    )


def logout_user(services: Services, request: Request) -> Reply:
    """End this session at once."""
    services.sessions.logout_user(request.caller)
    return Reply()


def logout_everywhere(services: Services, request: Request) -> Reply:
    """End every session of yours at once."""
    services.open_sessions.logout_everywhere(request.caller)
    return Reply()


def list_sessions(services: Services, request: Request) -> models.SessionList:
    """List your open sessions."""
    return models.SessionList(
        sessions=[
            models.OpenSession(
                id=session.session_id,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                user_agent=session.user_agent or None,
                current=session.session_id == request.caller.session_id,
            )
            for session in services.open_sessions.list_sessions(request.caller)
        ]
    )


def revoke_session(services: Services, session_id: str, request: Request) -> Reply:
    """End one of your sessions."""
    services.open_sessions.revoke_session(request.caller, session_id)
    return Reply()
