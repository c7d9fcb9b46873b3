"""Registration as the outside sees it, where it is hidden who has an account and where not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from service.domain.accounts import Accounts, Registration
from service.domain.errors import EmailTaken, RegistrationInProgress
from service.domain.notices import Notices


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration tells; a hiding deployment tells nobody an id, new or taken."""

    email: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Registrations:
    """Opens accounts; with `hide`, answers a taken address as it answers a free one.

    A free and a taken address make different calls, so in that mode no answer comes before
    `floor`, which is longer than either takes.
    """

    accounts: Accounts
    notices: Notices
    hide: bool
    floor: timedelta
    pause: Callable[[float], None] = time.sleep
    elapsed: Callable[[], float] = time.monotonic

    def register_user(self, registration: Registration) -> Registered:
        """Open an unverified account and have a code mailed.

        Raises `PasswordRejected`, `TooManyRequests`, `Unavailable`, and unless `hide` also
        `EmailTaken`, `RegistrationInProgress`.
        """
        if not self.hide:
            profile = self.accounts.register_user(registration)
            return Registered(profile.email, profile.user_id)
        until = self.elapsed() + self.floor.total_seconds()
        try:
            self.accounts.register_user(registration)
        except EmailTaken:
            self.notices.sign_up_attempt(registration.email)
        except RegistrationInProgress:
            pass  # The code of the other registration was mailed a moment ago.
        self.pause(max(0.0, until - self.elapsed()))
        return Registered(registration.email)
