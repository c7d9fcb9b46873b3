"""Registration in both modes, branch by branch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from service.domain.accounts import Registration
from service.domain.errors import EmailTaken, PasswordRejected, RegistrationInProgress, Unavailable
from service.domain.hiding import Registered, Registrations
from service.domain.notices import Notices
from tests.unit.conftest import ADA, PASSWORD, Domain

ADAS = Registration(ADA, PASSWORD, "Ada", "O'Brien")


@dataclass
class Time:
    """Seconds that pass in a call and in a pause."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        self.now += 0.25
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def registrations(domain: Domain, time: Time, *, hide: bool) -> Registrations:
    notices = Notices(domain.mailer, domain.events)
    floor = timedelta(seconds=1)
    return Registrations(domain.accounts, notices, hide, floor, time.pause, time)


def test_an_open_deployment_tells_the_id_at_once(domain: Domain) -> None:
    """And what is in the way."""
    time = Time()
    service = registrations(domain, time, hide=False)

    registered = service.register_user(ADAS)

    assert domain.store.load(str(registered.user_id)) is not None
    with pytest.raises(RegistrationInProgress):
        service.register_user(ADAS)
    domain.accounts.verify_email(ADA, domain.directory.code_for(ADA))
    with pytest.raises(EmailTaken):
        service.register_user(ADAS)
    assert time.pauses == []
    assert domain.mailer.sent == []


def test_a_hiding_one_tells_nothing_and_waits(domain: Domain) -> None:
    """New, in progress and taken: one answer, after what is left of the second."""
    time = Time()
    service = registrations(domain, time, hide=True)

    first, second = service.register_user(ADAS), service.register_user(ADAS)
    assert domain.mailer.sent == []
    domain.accounts.verify_email(ADA, domain.directory.code_for(ADA))
    third = service.register_user(ADAS)

    assert first == second == third == Registered(ADA)
    assert time.pauses == [0.75] * 3
    assert [subject for _, subject, _ in domain.mailer.sent] == ["You already have an account"]


def test_a_slow_registration_waits_no_longer(domain: Domain) -> None:
    """A pause is never negative."""
    time = Time()
    service = registrations(domain, time, hide=True)
    time.now = 0.0
    object.__setattr__(service, "floor", timedelta(0))

    service.register_user(ADAS)

    assert time.pauses == [0.0]


def test_what_says_nothing_of_accounts_is_said(domain: Domain, fail: object) -> None:
    """An outage and a refused password come through, at once."""
    time = Time()
    service = registrations(domain, time, hide=True)

    with pytest.raises(PasswordRejected):
        service.register_user(Registration(ADA, "password1", "Ada", "O'Brien"))
    fail(domain.directory, "sign_up", Unavailable("down"))  # type: ignore[operator]
    with pytest.raises(Unavailable):
        service.register_user(ADAS)
    assert time.pauses == []
