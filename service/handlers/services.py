"""What handlers may call: the domain, wired by `service.app`."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.accounts import Accounts
from service.domain.deletion import Deletion
from service.domain.email_change import EmailChanging
from service.domain.export import Exports
from service.domain.health import Health
from service.domain.hiding import Registrations
from service.domain.idempotency import Idempotency
from service.domain.limits import Limits
from service.domain.mfa import Mfa
from service.domain.notices import Notices
from service.domain.open_sessions import OpenSessions
from service.domain.password import Passwords
from service.domain.ports import Clock
from service.domain.profile import Profiles
from service.domain.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Services:
    """The domain, one part for each tag of the contract; `version` is that of the deployment."""

    accounts: Accounts
    registrations: Registrations
    sessions: Sessions
    mfa: Mfa
    open_sessions: OpenSessions
    profiles: Profiles
    passwords: Passwords
    notices: Notices
    deletion: Deletion
    exports: Exports
    email_changing: EmailChanging
    health: Health
    limits: Limits
    idempotency: Idempotency
    clock: Clock
    version: str
