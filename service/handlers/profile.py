"""Handlers of the tag profile."""

from __future__ import annotations

import re

from service import models
from service.contract import Reply, Request
from service.domain.ports import Profile
from service.handlers.services import Services

_OURS = re.compile(r'"([1-9][0-9]{0,14})"', re.ASCII).fullmatch

_ENTITY_TAG = re.compile(r'"([1-9][0-9]{0,15})"')
"""The tags that `_reply` makes; tags are compared letter by letter, so `"02"` is none of them."""


def get_user_profile(services: Services, request: Request) -> Reply:
    """Read your profile."""
    return _reply(services.profiles.get_user_profile(request.caller))


def update_user_profile(
    services: Services, body: models.UpdateUserProfileRequest, request: Request
) -> Reply:
    """Change parts of your profile."""
    changes = body.model_dump(exclude_unset=True)
    expected = expected_versions(request.headers.get("if-match"))
    return _reply(services.profiles.update_user_profile(request.caller, changes, expected))


def export_user_data(services: Services, request: Request) -> models.UserData:
    """Get everything that is stored about you."""
    export = services.exports.export_user_data(request.caller)
    held = export.holdings
    return models.UserData(
        exported_at=export.exported_at,
        profile=user_profile(export.profile),
        sessions=[
            models.StoredSession(
                id=session.session_id,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                expires_at=session.expires_at,
                user_agent=session.user_agent or None,
            )
            for session in held.sessions
        ],
        mfa=models.StoredMfa(
            enabled_at=held.mfa_enabled_at, recovery_codes_left=held.recovery_codes_left
        )
        if held.mfa_enabled_at
        else None,
        email_change=models.StoredEmailChange(
            new_email=held.email_change.new_email,
            requested_at=held.email_change.requested_at,
            expires_at=held.email_change.expires_at,
        )
        if held.email_change
        else None,
    )


def change_email(
    services: Services, body: models.ChangeEmailRequest, request: Request
) -> models.Accepted:
    """Have a code mailed to another address of yours."""
    services.email_changing.change_email(
        request.caller, body.new_email, body.password.get_secret_value()
    )
    return models.Accepted(message="We have mailed a code to the new address. Enter it to go on.")


def verify_new_email(
    services: Services, body: models.VerifyNewEmailRequest, request: Request
) -> Reply:
    """Make the new address yours with the mailed code."""
    return _reply(services.email_changing.verify_new_email(request.caller, body.code))


def delete_user(services: Services, body: models.DeleteUserRequest, request: Request) -> Reply:
    """Delete your account for good."""
    services.deletion.delete_user(request.caller, body.password.get_secret_value())
    return Reply()


def user_profile(profile: Profile) -> models.UserProfile:
    """Return the contract's form of a profile; what was never given is left out."""
    return models.UserProfile(
        user_id=profile.user_id,
        email=profile.email,
        email_verified=profile.email_verified,
        first_name=profile.first_name,
        last_name=profile.last_name,
        mfa_enabled=profile.mfa_enabled,
        phone_number=profile.phone_number,
        date_of_birth=profile.date_of_birth,
        timezone=profile.timezone,
        preferences=models.Preferences(**profile.preferences) if profile.preferences else None,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
    )


def expected_versions(if_match: str | None) -> frozenset[int] | None:
    """Return the versions that `If-Match` names, None for any.

    A weak tag, or one that we never made, matches nothing (RFC 9110, 13.1.1).
    """
    if if_match is None or if_match == "*":
        return None
    return frozenset(int(match[1]) for tag in if_match.split(",") if (match := _OURS(tag.strip())))


def _reply(profile: Profile) -> Reply:
    return Reply(user_profile(profile), headers={"ETag": f'"{profile.version}"'})
