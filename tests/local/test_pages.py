"""The pages under /dev, on mails that try to break out of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from local.mailbox import Mail, mails_of
from local.pages import DeveloperPages

EVIL = '"><script>alert(1)</script>'
RECORDS = {
    "messages": {
        "000000000000": [
            {
                "To": ["ada@example.com"],
                "Subject": "First",
                "BodyText": "Your verification code is 004711.",
                "BodyHtml": None,
                "Timestamp": 1_700_000_000.0,
            },
            {
                "To": [f"Eve{EVIL}@example.com"],
                "Subject": EVIL,
                "BodyText": "",
                "BodyHtml": EVIL,
                "Timestamp": 1_700_000_001.5,
            },
        ]
    }
}


class Mailbag:
    """Stands for the embedded AWS: its mails, and whether it was reset."""

    def __init__(self) -> None:
        self.resets = 0

    def mails(self, to: str | None = None) -> list[Mail]:
        return mails_of(RECORDS, to)

    def reset(self) -> None:
        self.resets += 1


async def service(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"the service"})


class Browser:
    """Sends requests to the pages and keeps what was answered last."""

    def __init__(self) -> None:
        self.aws = Mailbag()
        self.status, self.text = 0, ""
        self.headers: dict[str, str] = {}

    def send(self, method: str, path: str, query: str = "", **headers: str) -> int:
        given = {"host": "127.0.0.1:8080", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        pages: Any = DeveloperPages(service, self.aws)  # type: ignore[arg-type]
        asyncio.run(pages(scope, self._receive, self._keep))
        return self.status

    async def _receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _keep(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.text = message["body"].decode()


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_the_newest_mail_is_first_and_its_form_is_fixed() -> None:
    """A mail without a code has an empty one; times are RFC 3339 in UTC."""
    newest, oldest = mails_of(RECORDS)

    assert oldest == {
        "to": "ada@example.com",
        "subject": "First",
        "body": "Your verification code is 004711.",
        "code": "004711",
        "sentAt": "2023-11-14T22:13:20.000Z",
    }
    assert (newest["code"], newest["sentAt"]) == ("", "2023-11-14T22:13:21.500Z")


def test_mails_are_found_by_address_in_any_case() -> None:
    """An unknown address has none; no address means all."""
    assert [mail["subject"] for mail in mails_of(RECORDS, " ADA@Example.com ")] == ["First"]
    assert mails_of(RECORDS, "nobody@example.com") == []
    assert len(mails_of(RECORDS)) == 2


def test_the_page_shows_the_code_and_escapes_everything(browser: Browser) -> None:
    """Address, subject, body and the address asked for all come from outside."""
    status = browser.send("GET", "/dev/mailbox")

    assert status == 200
    assert '<p class="code">004711</p>' in browser.text
    assert browser.text.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in browser.text
    browser.send("GET", "/dev/mailbox", f"to={EVIL}")
    assert browser.text.count("<script") == 1


def test_the_page_runs_no_script_but_its_own(browser: Browser) -> None:
    """The policy names a nonce that is new in every answer."""
    browser.send("GET", "/dev/mailbox")
    first = browser.headers["content-security-policy"]
    browser.send("GET", "/dev/mailbox")

    assert first.startswith("default-src 'none'")
    assert "unsafe-inline" not in first
    assert browser.headers["content-security-policy"] != first
    assert browser.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/dev/mailbox", "/dev/mailbox.json", "/dev/reset", "/dev/x"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "evillocalhost"]
)
def test_a_rebound_name_reads_nothing(browser: Browser, host: str, path: str) -> None:
    """A page whose name was pointed at 127.0.0.1 still sends its own Host."""
    method = "POST" if path == "/dev/reset" else "GET"

    assert browser.send(method, path, host=host) == 403
    assert "004711" not in browser.text
    assert browser.aws.resets == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "api.localhost:8080"]
)
def test_loopback_names_are_served(browser: Browser, host: str) -> None:
    """With any port: tunnels and containers change it."""
    assert browser.send("GET", "/dev/mailbox.json", host=host) == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 204),
        ("http://evil.example", 403),
        ("http://127.0.0.1:9999", 403),
        ("null", 403),
    ],
)
def test_another_origin_cannot_reset(browser: Browser, origin: str, status: int) -> None:
    """A form on a foreign page can POST; its browser names the origin."""
    assert browser.send("POST", "/dev/reset", origin=origin) == status
    assert browser.aws.resets == (status == 204)


def test_a_program_resets_without_an_origin(browser: Browser) -> None:
    """curl and test runners send none."""
    assert browser.send("POST", "/dev/reset") == 204
    assert browser.aws.resets == 1


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/dev/reset", "POST"),
        ("POST", "/dev/mailbox", "GET"),
        ("DELETE", "/dev/mailbox.json", "GET"),
    ],
)
def test_another_method_names_the_right_one(
    browser: Browser, method: str, path: str, allow: str
) -> None:
    """A reset is not a link that a page or a crawler could follow."""
    assert browser.send(method, path) == 405
    assert browser.headers["allow"] == allow
    assert browser.aws.resets == 0


@pytest.mark.parametrize("path", ["/v1/health", "/development", "/dev", "/"])
def test_every_other_path_is_the_services(browser: Browser, path: str) -> None:
    """The pages take nothing from the API."""
    assert browser.send("GET", path, host="api.example") == 299
