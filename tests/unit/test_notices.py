"""What people are told by mail, and what becomes of a mail that cannot be sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from service.domain.errors import Unavailable
from service.domain.notices import Notices
from tests.fakes import MemoryMailer
from tests.unit.conftest import ADA, Events

USER = "0b7c2f5e-6a43-4c1e-8c57-2f4f8c3f9a10"
TELLING: dict[str, Callable[[Notices], None]] = {
    "password_changed": lambda notices: notices.password_changed(USER, ADA),
    "email_changed": lambda notices: notices.email_changed(USER, ADA),
    "mfa_enabled": lambda notices: notices.mfa_enabled(USER, ADA),
    "mfa_disabled": lambda notices: notices.mfa_disabled(USER, ADA),
    "mfa_recovered": lambda notices: notices.mfa_recovered(USER, ADA),
    "recovery_codes_replaced": lambda notices: notices.recovery_codes_replaced(USER, ADA),
    "sign_up_attempt": lambda notices: notices.sign_up_attempt(ADA),
}
CODES = {"new_email_code"}


class BrokenMailer:
    """A mailer whose SES does not answer."""

    def send(self, to: str, subject: str, body: str) -> None:
        raise Unavailable("send_email got no answer: ReadTimeoutError")


@pytest.mark.requirement(10)
@pytest.mark.parametrize("name", TELLING)
def test_each_change_is_told_in_one_mail(name: str) -> None:
    """One plain mail to the one address, with something to do for those who did not do it."""
    mailer, events = MemoryMailer(), Events()

    TELLING[name](Notices(mailer, events))

    ((to, subject, body),) = mailer.sent
    assert to == ADA
    assert subject
    assert "\n" not in subject
    assert "If this was not you" in body
    assert events.seen == []


@pytest.mark.parametrize("name", TELLING)
def test_a_notice_that_cannot_be_sent_fails_nothing(name: str) -> None:
    """The change is made; the operator learns of the mail from the audit."""
    events = Events()

    TELLING[name](Notices(BrokenMailer(), events))

    assert events.seen == [("notice", "error")]
    assert events.reasons == ["send_email got no answer: ReadTimeoutError"]


@pytest.mark.parametrize("name", TELLING)
def test_where_mail_is_off_nobody_is_told(name: str) -> None:
    """The log said so at the start; a line for each change would only hide other errors."""
    events = Events()

    TELLING[name](Notices(None, events))

    assert events.seen == []


def test_the_code_for_a_new_address_is_mailed_there() -> None:
    """The code stands in the text once, for a person and for the mailbox page to find."""
    mailer = MemoryMailer()

    Notices(mailer, Events()).new_email_code("new@example.com", "012345")

    ((to, _, body),) = mailer.sent
    assert to == "new@example.com"
    assert body.count("012345") == 1


@pytest.mark.parametrize("mailer", [None, BrokenMailer()])
def test_a_code_that_cannot_be_mailed_fails(mailer: BrokenMailer | None) -> None:
    """Nothing goes on without the code, so the person has to know."""
    with pytest.raises(Unavailable):
        Notices(mailer, Events()).new_email_code(ADA, "012345")


def test_every_mail_is_tested_here() -> None:
    """A new one cannot be forgotten."""
    public = {name for name, _ in inspect.getmembers(Notices, inspect.isfunction) if name[0] != "_"}

    assert public == TELLING.keys() | CODES
