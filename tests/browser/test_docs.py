"""The pages in a real browser: they work, and they ask nobody but this server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.contract import generate
from service.contract.pages import swagger
from tests.browser.chromium import PROGRAM, Page, chromium

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not swagger.assets(), reason="swagger-ui-bundle is not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["granian", "--interface", "asgi", "--port", str(port), "tests.browser.site:app"]
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=generate.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(address).close()
        except urllib.error.URLError:
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """An empty page of a browser without a past."""
    with chromium(tmp_path) as page:
        yield page


def test_a_reader_signs_in_and_tries_an_operation(page: Page, server: str) -> None:
    """Authorize, execute, and the token is in the request; after a reload it is still there."""
    operation = "#operations-profile-getUserProfile"
    page.open(f"{server}/docs")

    page.click(".btn.authorize")
    page.type(".modal-ux input", "a.b.c")
    page.click(".modal-ux .auth-btn-wrapper .authorize")
    page.click(".modal-ux .btn-done")
    page.click(f"{operation} .opblock-summary-control")
    time.sleep(1)  # Swagger UI drops an Execute that comes while it still resolves references.
    page.click(f"{operation} .btn.execute")
    live = f"document.querySelector('{operation} .live-responses-table')"
    answer = page.until(f"{live} && {live}.innerText.includes('token') && {live}.innerText")
    page.open(f"{server}/docs")
    kept = page.until("localStorage.getItem('authorized')")

    assert '"token": "Bearer a.b.c"' in answer
    assert "a.b.c" in kept
    assert [address for address in page.requested() if not address.startswith(server)] == []
    assert page.complaints() == []


@pytest.mark.parametrize("path", ["/", "/problems", "/problems/email-taken"])
def test_a_page_is_styled_under_its_own_policy(page: Page, server: str, path: str) -> None:
    """The hash in the policy lets the style sheet in, and nothing else is asked for."""
    page.open(f"{server}{path}")
    width = page.until("document.querySelector('h1') && getComputedStyle(document.body).maxWidth")

    assert width == "896px"
    assert page.requested() <= {f"{server}{path}", f"{server}/favicon.ico"}
    assert [text for text in page.complaints() if "favicon" not in text] == []
