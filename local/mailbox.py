"""The mails that Cognito and the service sent, as the mailbox page and the tests read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, TypedDict


class Mail(TypedDict):
    """One mail. `code` is empty when the text holds none; `sentAt` is RFC 3339 in UTC."""

    to: str
    subject: str
    body: str
    code: str
    sentAt: str


def mails_of(listing: dict[str, Any], to: str | None = None) -> list[Mail]:
    """Return ministack's mail listing as mails, newest first, to one address if given."""
    records = [record for sent in listing["messages"].values() for record in sent]
    records.sort(key=lambda record: record["Timestamp"])
    mails = [_mail(record, address) for record in records for address in record["To"]]
    wanted = to.strip().casefold() if to is not None else None
    return [mail for mail in reversed(mails) if wanted in (None, mail["to"].casefold())]


def _mail(record: dict[str, Any], address: str) -> Mail:
    body = record["BodyText"] or record["BodyHtml"] or ""
    code = re.search(r"(?<!\d)\d{6}(?!\d)", body)
    sent = datetime.fromtimestamp(record["Timestamp"], UTC)
    return {
        "to": address,
        "subject": record["Subject"] or "",
        "body": body,
        "code": code[0] if code else "",
        "sentAt": sent.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
