"""The whole service over ASGI, on the embedded AWS, with every response held to the contract."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp

from local.emulator import Emulator
from service.app import create
from service.aws.clients import Clients, connect
from service.contract import compile_contract
from service.settings import Settings
from tests.api.forger import Forger
from tests.authenticator import Authenticator
from tests.faults.harness import FaultInjector

CONTRACT = Path(__file__).resolve().parents[2] / "openapi.yaml"
PASSWORD = "correct horse battery"
ADA = "ada@example.com"
BOB = "bob@example.com"


@dataclass
class MovableClock:
    """The time, and a way to move it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass(frozen=True)
class SignedIn:
    """The tokens of a session and the profile that came with them."""

    access_token: str
    refresh_token: str
    user: Mapping[str, Any]

    @property
    def session_id(self) -> str:
        return session_id(self.access_token)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


Start = Callable[..., "Api"]


@dataclass
class Api:
    """A client of the service that knows how a person signs up and in."""

    portal: BlockingPortal
    client: httpx.AsyncClient
    aws: Emulator

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.portal.call(lambda: self.client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json=body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.request("PATCH", path, json=body, **options)

    def register(self, email: str = ADA, password: str = PASSWORD, **names: str) -> httpx.Response:
        person = {"firstName": "Ada", "lastName": "O'Brien", **names}
        return self.post("/auth/register", {"email": email, "password": password, **person})

    def register_with(self, headers: Mapping[str, str], **changes: str) -> httpx.Response:
        """Register with headers of one's own, an Idempotency-Key say."""
        person = {"email": ADA, "password": PASSWORD, "firstName": "Ada", "lastName": "O'Brien"}
        return self.post("/auth/register", {**person, **changes}, headers=headers)

    def verify(self, email: str = ADA, code: str | None = None) -> httpx.Response:
        """Enter a code, by default the newest that was mailed."""
        code = code or self.aws.code_for(email.lower())
        return self.post("/auth/email/verify", {"email": email, "code": code})

    def login(self, email: str = ADA, password: str = PASSWORD, **options: Any) -> httpx.Response:
        return self.post("/auth/login", {"email": email, "password": password}, **options)

    def refresh(self, token: str) -> httpx.Response:
        return self.post("/auth/refresh", {"refreshToken": token})

    def logout(self, session: SignedIn) -> httpx.Response:
        return self.request("POST", "/auth/logout", headers=session.headers)

    def sessions(self, session: SignedIn) -> httpx.Response:
        return self.get("/auth/sessions", headers=session.headers)

    def revoke(self, session: SignedIn, session_id: str) -> httpx.Response:
        return self.request("DELETE", f"/auth/sessions/{session_id}", headers=session.headers)

    def logout_all(self, session: SignedIn) -> httpx.Response:
        return self.request("POST", "/auth/logout-all", headers=session.headers)

    def forgot(self, email: str = ADA) -> httpx.Response:
        """Ask for a reset code."""
        return self.post("/auth/password/reset-request", {"email": email})

    def reset(self, password: str, email: str = ADA, code: str | None = None) -> httpx.Response:
        """Set a password with a code, by default the newest that was mailed."""
        code = code or self.aws.code_for(email.lower())
        body = {"email": email, "code": code, "newPassword": password}
        return self.post("/auth/password/reset-confirm", body)

    def change_password(
        self, session: SignedIn, new: str, current: str = PASSWORD
    ) -> httpx.Response:
        body = {"currentPassword": current, "newPassword": new}
        return self.post("/auth/password/change", body, headers=session.headers)

    def delete(self, session: SignedIn, password: str = PASSWORD) -> httpx.Response:
        return self.post("/users/profile/delete", {"password": password}, headers=session.headers)

    def export(self, session: SignedIn) -> httpx.Response:
        return self.get("/users/profile/export", headers=session.headers)

    def change_email(
        self, session: SignedIn, email: str, password: str = PASSWORD
    ) -> httpx.Response:
        body = {"newEmail": email, "password": password}
        return self.post("/users/profile/email", body, headers=session.headers)

    def verify_new_email(self, session: SignedIn, code: str) -> httpx.Response:
        return self.post("/users/profile/email/verify", {"code": code}, headers=session.headers)

    def profile(self, session: SignedIn) -> httpx.Response:
        return self.get("/users/profile", headers=session.headers)

    def change(
        self, session: SignedIn, changes: Mapping[str, Any], **headers: str
    ) -> httpx.Response:
        sent = {**session.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.patch("/users/profile", changes, headers=sent)

    def enrol(self, session: SignedIn) -> tuple[Authenticator, list[str]]:
        """Switch two-step verification on; return the authenticator and the recovery codes."""
        setup = self.post("/auth/mfa/setup", headers=session.headers)
        assert setup.status_code == 200, setup.text
        authenticator = Authenticator(setup.json()["otpauthUri"])
        enabled = self.post(
            "/auth/mfa/verify-setup", {"code": authenticator.code()}, headers=session.headers
        )
        assert enabled.status_code == 200, enabled.text
        return authenticator, enabled.json()["recoveryCodes"]

    def challenged(self, email: str = ADA, password: str = PASSWORD) -> str:
        """Give the password and return the token of the second step."""
        body = self.login(email, password).json()
        assert body["status"] == "MFA_REQUIRED", body
        return str(body["sessionToken"])

    def second_step(self, token: str, code: str, **options: Any) -> httpx.Response:
        return self.post("/auth/mfa/verify", {"sessionToken": token, "code": code}, **options)

    def verified(self, email: str = ADA, password: str = PASSWORD) -> None:
        """Open an account and prove its address."""
        for response in (self.register(email, password), self.verify(email)):
            assert response.is_success, response.text

    def sign_in(self, email: str = ADA, password: str = PASSWORD) -> SignedIn:
        """Open another session of an account that exists."""
        response = self.login(email, password)
        assert response.status_code == 200, response.text
        body = response.json()
        return SignedIn(body["accessToken"], body["refreshToken"], body["user"])

    def signed_in(self, email: str = ADA, password: str = PASSWORD) -> SignedIn:
        """Open an account, prove its address and sign in."""
        self.verified(email, password)
        return self.sign_in(email, password)


@pytest.fixture(scope="session")
def bundle() -> dict[str, Any]:
    """The contract as it is now, compiled."""
    return compile_contract(CONTRACT)


@pytest.fixture(scope="session")
def settings(embedded_aws: Emulator) -> Settings:
    """The settings of the whole run: what the emulator hands out is the same in every test."""
    return Settings.from_environment(embedded_aws.environment)


@pytest.fixture(scope="session")
def clients(embedded_aws: Emulator) -> Clients:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in embedded_aws.environment.items():
            patch.setenv(name, value)
        return connect(embedded_aws.environment["AWS_REGION"])


@pytest.fixture(scope="session")
def faults(clients: Clients) -> FaultInjector:
    """What fails the calls of those clients; it lets everything pass until a test says so."""
    return FaultInjector(clients)


@pytest.fixture(scope="session")
def the_clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def clock(the_clock: MovableClock) -> MovableClock:
    """The clock of the service, set to now."""
    the_clock.ahead = timedelta()
    return the_clock


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def start(
    bundle: dict[str, Any], clients: Clients, embedded_aws: Emulator, portal: BlockingPortal
) -> Iterator[Start]:
    """Start the service as it runs, except that every response is held to the contract."""
    with ExitStack() as stack:

        def start(settings: Settings, **options: Any) -> Api:
            given = {"bundle": bundle, "clients": clients, "check_responses": True, **options}
            app = create(settings, **given)
            return stack.enter_context(client_of(app, embedded_aws, portal))

        yield start


@pytest.fixture(scope="session")
def client(start: Start, settings: Settings, the_clock: MovableClock) -> Api:
    return start(settings, clock=the_clock)


@pytest.fixture(scope="session")
def forger() -> Iterator[Forger]:
    """A pool of our own, for tokens that Cognito would never make."""
    forger = Forger()
    yield forger
    forger.close()


@pytest.fixture(scope="session")
def guarded(start: Start, settings: Settings, forger: Forger) -> Api:
    """A client of a service that trusts the forger's keys and no others."""
    return start(forger.trusted_by(settings))


@pytest.fixture
def api(client: Api, aws: Emulator, clock: MovableClock) -> Api:
    """A client of the service in an empty world."""
    return client


@contextmanager
def client_of(app: ASGIApp, aws: Emulator, portal: BlockingPortal) -> Iterator[Api]:
    """Talk to an application until the test is over."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/v1")
    yield Api(portal, client, aws)
    portal.call(client.aclose)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem a response holds, after checking what every problem must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == "/problems/" + code.lower().replace("_", "-")
    assert document["instance"] == response.request.url.path
    assert document["requestId"] == response.headers["x-request-id"]
    assert None not in document.values()
    return document


def session_id(access_token: str) -> str:
    """Return the session that an access token of Cognito's belongs to."""
    payload = access_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["origin_jti"])


def pointers(response: httpx.Response) -> list[tuple[str, str]]:
    """Return where a request breaks the contract and which rule of it."""
    return [(fault["pointer"], fault["code"]) for fault in response.json().get("errors", [])]
