"""Every error that a port may raise reaches the client as the contract says, in every operation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from local.emulator import Emulator
from service import operations
from service.app import Ports, assemble
from service.aws.digests import KeyedDigests
from service.aws.tokens import AeadSealer
from service.contract import create_app
from service.domain import errors, ports
from service.domain.accounts import Registration
from service.domain.email_change import CodeHasher, EmailChanges
from service.domain.errors import DomainError, NotAdvanced, NotReady, TooManyRequests, Unavailable
from service.domain.export import HoldingsStore
from service.domain.idempotency import IdempotencyStore
from service.domain.limits import RateLimits
from service.domain.password import PasswordDirectory
from service.domain.ports import Caller, RefreshClaims
from service.domain.second_factor import MfaStore, SecondFactor
from service.handlers.problems import translate
from service.settings import Settings
from tests.api.conftest import ADA, BOB, PASSWORD, Api, client_of
from tests.api.test_authorization import BEARER, PUBLIC
from tests.authenticator import Authenticator
from tests.fakes import (
    FakeClock,
    FakeDirectory,
    FakePasswords,
    MemoryAccounts,
    MemoryMailer,
    MemorySessions,
)
from tests.fakes_email import MemoryEmailChanges, MemoryExports
from tests.fakes_limits import MemoryIdempotency, MemoryRateLimits
from tests.fakes_mfa import FakeSecondFactor, MemoryMfa

PORTS = {
    "directory": ports.Directory,
    "accounts": ports.AccountStore,
    "sessions": ports.SessionStore,
    "sealer": ports.Sealer,
    "second_factor": SecondFactor,
    "mfa": MfaStore,
    "passwords": PasswordDirectory,
    "mailer": ports.Mailer,
    "limits": RateLimits,
    "idempotency": IdempotencyStore,
    "email_changes": EmailChanges,
    "hasher": CodeHasher,
    "exports": HoldingsStore,
}

LIMITED = {"directory", "second_factor", "passwords"}


def subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def documented(port: str, method: Any) -> set[type[Exception]]:
    """Return what a port's method may raise, by its docstring and the head of ports.py."""
    named = {
        error
        for name in re.findall(r"`([A-Z]\w+)`", (method.__doc__ or "").partition("Raises")[2])
        if inspect.isclass(error := getattr(errors, name, None))
    }
    if port == "sealer":
        return named
    return named | {Unavailable} | ({TooManyRequests} if port in LIMITED else set())


# Called by the reconciler, or only after another port has failed (tests/faults sweeps those).
NOT_REACHED_ALONE = {
    ("directory", "page"),
    ("accounts", "addresses"),
    ("accounts", "leftovers"),
    ("accounts", "settle"),
    ("accounts", "deleting"),
    ("accounts", "deletions"),
    ("accounts", "note"),
    ("sealer", "seal_mfa"),
    ("idempotency", "take_over"),
    ("idempotency", "release"),
    ("mfa", "give_back"),
}
# Made for operations that the contract does not have yet. Both lists only shrink: a method that is
# reached and a code that is in the catalogue fail the tests below until they leave the list.
METHODS_AHEAD_OF_THE_CONTRACT: set[tuple[str, str]] = set()
CODES_AHEAD_OF_THE_CONTRACT: set[str] = set()
NOT_REACHED = NOT_REACHED_ALONE | METHODS_AHEAD_OF_THE_CONTRACT
RAISES = [
    pytest.param(port, name, error, id=f"{port}.{name} {error.__name__}")
    for port, protocol in PORTS.items()
    for name, method in vars(protocol).items()
    if not name.startswith("_") and callable(method)
    for error in sorted(documented(port, method), key=lambda each: each.__name__)
]


# Every operation is sent all of it; what it does not declare it ignores.
HEADERS = {"Authorization": "Bearer x", "Idempotency-Key": "0123456789abcdef"}


@dataclass
class Breakable:
    """A port of which one method can be made to fail; it remembers what was called."""

    port: Any = None
    broken: str = ""
    error: type[Exception] = Unavailable
    reached: bool = False

    def __getattr__(self, name: str) -> Any:
        if name != self.broken:
            return getattr(self.port, name)
        self.reached = True

        def fail(*_: object, **__: object) -> None:
            raise self.error(None) if self.error is NotAdvanced else self.error("told by a test")

        return fail


class World:
    """The service in memory. `anew` gives it Ada, verified and signed in, and Bob, who waits."""

    def __init__(self, settings: Settings, bundle: dict[str, Any]) -> None:
        self.ports = {name: Breakable() for name in PORTS}
        self.clock = FakeClock()
        given = Ports(**self.ports, audit=lambda *_, **__: None, clock=self.clock)
        self.services = assemble(settings, given)
        self.keys = settings.sealing_keys
        self.caller = Caller("", "")

        async def trust(_: str) -> Caller:
            return self.caller

        self.app = create_app(
            bundle,
            operations.bind(self.services),
            authenticate={"bearer": trust},
            translate=translate,
            observe=lambda _: None,
            check_responses=True,
        )

    def anew(self) -> None:
        directory, accounts = FakeDirectory(self.clock), MemoryAccounts()
        for name, port in {
            "directory": directory,
            "accounts": accounts,
            "sessions": MemorySessions(accounts),
            "sealer": AeadSealer(self.keys),
            "second_factor": FakeSecondFactor(directory),
            "mfa": MemoryMfa(accounts),
            "passwords": FakePasswords(directory),
            "mailer": MemoryMailer(),
            "limits": MemoryRateLimits(),
            "idempotency": MemoryIdempotency(),
            "email_changes": MemoryEmailChanges(accounts),
            "hasher": KeyedDigests(self.keys),
            "exports": MemoryExports(),
        }.items():
            self.ports[name].port, self.ports[name].broken = port, ""
        for email in (ADA, BOB):
            self.services.accounts.register_user(Registration(email, PASSWORD, "Ada", "O"))
        self.services.accounts.verify_email(ADA, directory.code_for(ADA))
        signed_in = self.services.sessions.login_user(ADA, PASSWORD, "test")
        claims = self.ports["sealer"].open_refresh(signed_in.tokens.refresh_token)
        token = signed_in.tokens.access_token
        self.caller = Caller(claims.user_id, claims.session_id, token)
        self.clock.advance(timedelta(minutes=1))

    def asked_for_another_address(self) -> str:
        """Ask for the address that Bob waits to verify and return the mailed code."""
        self.ports["mailer"].port.sent.clear()
        self.services.email_changing.change_email(self.caller, BOB, PASSWORD)
        return re.findall(r"[0-9]{6}", self.ports["mailer"].port.sent[-1][2])[0]

    def requests(self) -> Iterator[tuple[str, str, str, Any]]:
        """Yield name, method, path and body of requests that reach as far as they can."""
        registration = {"password": PASSWORD, "firstName": "Ada", "lastName": "O"}
        directory = self.ports["directory"].port
        profile = self.services.accounts.store.load(self.caller.user_id)
        session, _ = self.ports["sessions"].port.with_profile(self.caller)
        claims = RefreshClaims(self.caller.user_id, session.session_id, 0, session.refresh_token)
        token = self.ports["sealer"].port.seal_refresh(claims)
        yield "getHealth", "GET", "/health", None
        yield "getReadiness", "GET", "/health/ready", None
        for email in (ADA, BOB, "new@example.com"):
            yield "registerUser", "POST", "/auth/register", {"email": email, **registration}
        code = directory.code_for(BOB)
        yield "verifyEmail", "POST", "/auth/email/verify", {"email": BOB, "code": code}
        yield "resendVerification", "POST", "/auth/email/resend", {"email": ADA}
        yield "loginUser", "POST", "/auth/login", {"email": ADA, "password": PASSWORD}
        yield "refreshToken", "POST", "/auth/refresh", {"refreshToken": token}
        yield from self._second_steps()
        yield "requestPasswordReset", "POST", "/auth/password/reset-request", {"email": ADA}
        self.ports["passwords"].port.request_reset(ADA)
        reset = {"email": ADA, "code": directory.code_for(ADA), "newPassword": PASSWORD}
        yield "confirmPasswordReset", "POST", "/auth/password/reset-confirm", reset
        code = self.asked_for_another_address()
        yield "verifyNewEmail", "POST", "/users/profile/email/verify", {"code": code}
        for name, probe in BEARER.items():
            if name == "verifyMfaSetup":
                continue
            path = probe.path.replace("{sessionId}", self.caller.session_id)
            yield name, probe.method, path, probe.body
        assert profile is not None

    def _second_steps(self) -> Iterator[tuple[str, str, str, Any]]:
        """Carol has an authenticator; Ada is setting one up, and the directory asks her already."""
        directory, factor = self.ports["directory"].port, self.ports["second_factor"].port
        carol = "carol@example.com"
        self.services.accounts.register_user(Registration(carol, PASSWORD, "Carol", "O"))
        self.services.accounts.verify_email(carol, directory.code_for(carol))
        grant = directory.authenticate(carol, PASSWORD)
        caller = Caller(grant.user_id, grant.session_id, grant.access_token)
        self.services.sessions.open(grant, "test", second_factor=False)
        authenticator = Authenticator(self.services.mfa.setup_mfa(caller).uri)
        codes = self.services.mfa.verify_mfa_setup(caller, authenticator.code())
        challenge = self.services.sessions.login_user(carol, PASSWORD, "test")
        step = {"sessionToken": challenge.session_token}
        verify = {**step, "code": authenticator.code()}
        yield "verifyMfa", "POST", "/auth/mfa/verify", verify
        yield "recoverMfa", "POST", "/auth/mfa/recover", {**step, "recoveryCode": codes[0]}
        first = Authenticator(self.services.mfa.setup_mfa(self.caller).uri).code()
        factor.require(self.caller.user_id, True)
        yield "verifyMfaSetup", "POST", "/auth/mfa/verify-setup", {"code": first}


@pytest.fixture(scope="module")
def world(settings: Settings, bundle: dict[str, Any]) -> World:
    return World(settings, bundle)


@pytest.fixture(scope="module")
def client(world: World, embedded_aws: Emulator, portal: BlockingPortal) -> Iterator[Api]:
    with client_of(world.app, embedded_aws, portal) as client:
        yield client


@pytest.mark.requirement(35)
@pytest.mark.requirement(36)
@pytest.mark.parametrize(("port", "method", "error"), RAISES)
def test_what_a_port_raises_is_declared_wherever_it_surfaces(
    world: World, client: Api, port: str, method: str, error: type[Exception]
) -> None:
    """No operation turns it into 500, or into a status or code that it does not declare."""
    world.anew()
    reached = False
    for number in range(len(list(world.requests()))):
        world.anew()
        name, verb, path, body = list(world.requests())[number]
        breakable = world.ports[port]
        breakable.broken, breakable.error, breakable.reached = method, error, False

        response = client.request(verb, path, json=body, headers=HEADERS)

        assert response.status_code != 500, (name, response.text)
        assert "told by a test" not in response.text
        reached = reached or breakable.reached
    assert reached == ((port, method) not in NOT_REACHED)


@pytest.mark.requirement(36)
def test_every_error_of_the_domain_has_a_code_of_the_catalogue(bundle: dict[str, Any]) -> None:
    """And every code belongs to an operation that declares it."""
    catalogue = bundle["problems"]
    declared = {
        code
        for operation in bundle["operations"].values()
        for response in operation["responses"].values()
        for code in response["codes"]
    }
    for error in subclasses(DomainError):
        raised = error(["cognito"]) if error is NotReady else error()

        problem = translate(raised)

        assert problem is not None
        assert (problem.code in catalogue) == (problem.code not in CODES_AHEAD_OF_THE_CONTRACT)
        assert (problem.code in declared) == (problem.code in catalogue)


def test_an_error_that_is_not_the_domains_is_not_translated() -> None:
    """Nor is what stays between an adapter and the domain."""
    assert translate(ValueError("x")) is None
    for error in subclasses(errors.PortError):
        assert translate(error.__new__(error)) is None


def test_the_sweep_lists_every_operation(world: World) -> None:
    """A new operation joins the sweep, or this fails."""
    world.anew()
    names = {name for name, *_ in world.requests()}

    assert names == operations.OPERATIONS.keys() == BEARER.keys() | PUBLIC
