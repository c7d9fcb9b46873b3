"""Mail to people on Amazon SES."""

from __future__ import annotations

from typing import Any, Protocol

from botocore.exceptions import ClientError

from service.aws.errors import NO_ANSWER, CodedFault, unavailable
from service.domain.errors import Unavailable


class MailClient(Protocol):
    """The one operation of SES that this service uses (API version 2)."""

    meta: Any

    def send_email(self, **parameters: Any) -> Any:
        """Send a mail: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html."""


class SesMailer:
    """The `Mailer` on a verified identity that has `sender`, an address."""

    def __init__(self, client: MailClient, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, to: str, subject: str, body: str) -> None:
        """Hand a plain-text mail over for delivery.

        Every refusal of SES is `Unavailable`: the sandbox, a suspended account and an identity
        that is not verified are faults of the deployment, and none is a reason to answer 500.
        """
        try:
            self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": subject, "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": body, "Charset": "UTF-8"}},
                    }
                },
            )
        except NO_ANSWER as error:
            raise unavailable(error, "send_email") from error
        except ClientError as error:
            fault = CodedFault(error)
            raise Unavailable(str(fault), retry_after=1) from fault.error
