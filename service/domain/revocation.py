"""Ending tokens at the directory when what matters is done already."""

from __future__ import annotations

from service.domain.errors import DomainError
from service.domain.ports import Audit, Directory


def revoke(directory: Directory, audit: Audit, user_id: str, refresh_token: str) -> None:
    """End a token's family; no session of ours hangs on it, so a failure is noted and no more."""
    try:
        directory.revoke(refresh_token)
    except DomainError as fault:
        audit("revoke", "error", user_id=user_id, reason=str(fault))
