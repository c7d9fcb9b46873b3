"""The mailer, in memory and on SES: what is sent arrives as it was written."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from service.aws.clients import Clients
from service.aws.mail import SesMailer
from service.domain.errors import Unavailable
from service.settings import Settings
from tests.aws.conftest import NEEDS_MAIL
from tests.aws_calls import recording
from tests.fakes import MemoryMailer

TO = "ada@example.com"
BODY = "Hello,\n\nyour code is 012345. José, 李, 😀\n\nLifestyle"
REFUSALS = {
    "MessageRejected": 400,
    "MailFromDomainNotVerifiedException": 400,
    "BadRequestException": 400,
    "AccountSuspendedException": 400,
    "SendingPausedException": 400,
    "LimitExceededException": 400,
    "TooManyRequestsException": 429,
    "AccessDeniedException": 403,
    "InternalFailure": 500,
}


@pytest.fixture
def mailer(settings: Settings, clients: Clients) -> SesMailer:
    """The mailer of this deployment."""
    return SesMailer(clients.mail, settings.mail_sender or "")


@NEEDS_MAIL
@pytest.mark.parametrize("kind", ["memory", "aws"])
def test_a_mail_arrives_as_it_was_written(kind: str, request: pytest.FixtureRequest) -> None:
    """To one address, character for character."""
    if kind == "memory":
        memory = MemoryMailer()
        memory.send(TO, "Your code, José", BODY)
        arrived = memory.sent
    else:
        request.getfixturevalue("mailer").send(TO, "Your code, José", BODY)
        mails = request.getfixturevalue("aws").mails()
        arrived = [(mail["to"], mail["subject"], mail["body"]) for mail in mails]

    assert arrived == [(TO, "Your code, José", BODY)]


@NEEDS_MAIL
def test_the_mailbox_finds_the_code(mailer: SesMailer, aws: Any) -> None:
    """As it does in Cognito's mails; a mail without one has none."""
    mailer.send(TO, "A code", BODY)
    mailer.send("bob@example.com", "No code", "nothing to enter, in 2026")

    assert aws.code_for(TO) == "012345"
    assert [mail["code"] for mail in aws.mails("bob@example.com")] == [""]


def test_a_mail_is_one_call_that_the_role_is_granted(clients: Clients, mailer: SesMailer) -> None:
    """One SendEmail."""
    with recording(clients) as calls:
        mailer.send("success@simulator.amazonses.com", "A notice", "Hello")

    assert calls.names == ["sesv2:SendEmail"]


@pytest.mark.parametrize("sender", ["no-reply@elsewhere.example", "no-reply@example.com"])
def test_another_sender_is_refused(clients: Clients, settings: Settings, sender: str) -> None:
    """The policy allows mail from the one identity."""
    with pytest.raises(Unavailable, match=r"SendEmail answered (AccessDenied|MessageRejected)"):
        SesMailer(clients.mail, sender).send(TO, "A notice", "Hello")


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_of_ses_is_an_outage_that_quotes_nothing(code: str) -> None:
    """An address in the text of AWS does not reach the log."""
    client = botocore.session.Session().create_client(
        "sesv2",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with Stubber(client) as stub:
        stub.add_client_error("send_email", code, f"{TO} is refused", REFUSALS[code])

        with pytest.raises(Unavailable) as refused:
            SesMailer(client, "no-reply@example.com").send(TO, "A notice", "Hello")

    assert TO not in f"{refused.value} {refused.value.__cause__}"
    assert code in str(refused.value)
    assert refused.value.retry_after == 1
