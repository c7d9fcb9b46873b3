"""Each port test runs on the memory fakes and on the adapters, on whichever AWS was chosen.

pytest tests/aws                       ministack
AWS_EMULATOR=moto pytest tests/aws     moto, without the tests of MOTO_CANNOT
AWS_REAL=1 pytest tests/aws            a real pool and table, from the environment of Settings;
                                       every user it makes is deleted again
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.aws.accounts import DynamoAccounts
from service.aws.clients import Clients, connect
from service.aws.cognito import CognitoDirectory
from service.aws.cognito_mfa import CognitoSecondFactor
from service.aws.digests import KeyedDigests
from service.aws.email_changes import DynamoEmailChanges
from service.aws.exports import DynamoExports
from service.aws.idempotency import DynamoIdempotency
from service.aws.limits import DynamoRateLimits
from service.aws.mfa import DynamoMfa
from service.aws.sessions import DynamoSessions
from service.aws.table import Table
from service.aws.tokens import AeadSealer
from service.aws.trim import trim
from service.domain.email_change import EmailChanges
from service.domain.export import HoldingsStore
from service.domain.idempotency import IdempotencyStore
from service.domain.limits import RateLimits
from service.domain.ports import AccountStore, Directory, SessionStore
from service.domain.second_factor import MfaStore, SecondFactor
from service.settings import Settings
from tests.fakes import FakeDirectory, MemoryAccounts, MemorySessions
from tests.fakes_email import MemoryEmailChanges, MemoryExports
from tests.fakes_limits import MemoryIdempotency, MemoryRateLimits
from tests.fakes_mfa import FakeSecondFactor, MemoryMfa

REAL = os.environ.get("AWS_REAL") == "1"
MOTO = os.environ.get("AWS_EMULATOR") == "moto"

NO_TOTP = "hands out the same secret to everybody, too short for an authenticator (RFC 4226, R6)"
# What moto 5.2.5 does otherwise than AWS, by test; each reason was seen, not assumed.
MOTO_CANNOT = {
    "test_an_address_can_be_changed": "answers a change of address with AliasExistsException",
    "test_the_mailed_code_resets_once": "resets again with a used code",
    "test_a_wrong_code_resets_nothing": "resets with any code",
    "test_a_long_password_is_accepted": "refuses passwords over 99 characters; Cognito takes 256",
    "test_the_mailed_code_proves_the_address_once": "confirms a user again, with any code",
    "test_a_wrong_code_proves_nothing": "confirms with any code",
    "test_resending_mails_a_code_that_works": "has no ResendConfirmationCode (500)",
    "test_resending_says_nothing_about_who_exists": "has no ResendConfirmationCode (500)",
    "test_the_right_password_signs_in": "ignores AccessTokenValidity: 3600 seconds, not 900",
    "test_an_unproven_address_cannot_sign_in": "signs unconfirmed users in",
    "test_a_revoked_family_renews_no_more": "has no RevokeToken (500)",
    "test_a_made_up_refresh_token_is_invalid": "answers a made-up refresh token with 500",
    "test_a_deleted_user_is_gone_with_all_tokens": "answers a deleted user's token with 500",
    "test_each_method_of_the_directory_is_one_call": "has no RevokeToken (500)",
    "test_signing_out_everywhere_ends_every_family": "leaves the refresh tokens alive",
    "test_a_mail_arrives_as_it_was_written": "keeps mails where no request reads them",
    "test_the_mailbox_finds_the_code": "keeps mails where no request reads them",
    "test_a_code_finishes_the_sign_in_of_its_user": NO_TOTP,
    "test_a_wrong_code_is_refused_and_the_session_goes_on": NO_TOTP,
    "test_a_code_and_a_session_are_taken_once": NO_TOTP,
    "test_a_session_is_bound_to_its_user": NO_TOTP,
    "test_a_secret_counts_once_a_code_has_proven_it": NO_TOTP,
    "test_it_can_be_asked_for_no_longer": NO_TOTP,
}
# Nobody reads the mail of the simulator's addresses, so no test there can know a code.
NEEDS_MAIL = pytest.mark.skipif(REAL, reason="needs the mailed code; AWS_REAL=1 has no mailbox")


@dataclass
class World:
    """The ports under test and what a person would see beside them."""

    directory: Directory
    accounts: AccountStore
    sessions: SessionStore
    limits: RateLimits
    idempotency: IdempotencyStore
    second_factor: SecondFactor
    mfa: MfaStore
    email_changes: EmailChanges
    exports: HoldingsStore
    code_for: Callable[[str], str]
    made: list[str] = field(default_factory=list)

    def address(self) -> str:
        """Return an address that nobody has used."""
        name = uuid.uuid4().hex
        return f"success+{name}@simulator.amazonses.com" if REAL else f"{name}@example.com"

    def sign_up(self, email: str, password: str = "correct horse battery") -> str:
        """Sign somebody up, to be deleted after the test."""
        user_id = self.directory.sign_up(email, password, "Ada", "O'Brien")
        self.made.append(user_id)
        return user_id

    def verified(self, email: str) -> str:
        """Sign somebody up and prove the address."""
        user_id = self.sign_up(email)
        self.directory.confirm_sign_up(email, self.code_for(email))
        return user_id


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip on moto what its list names, and nothing else."""
    for item in items:
        name = item.name.partition("[")[0]
        if MOTO and name in MOTO_CANNOT and "memory" not in item.name:
            item.add_marker(pytest.mark.skip(reason=f"moto: {MOTO_CANNOT[name]}"))


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    """The settings of the AWS under test."""
    if not REAL:
        request.getfixturevalue("aws")
    return Settings.from_environment(os.environ)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trimmed service models, as the image has them: an operation they lack fails here."""
    target = tmp_path_factory.mktemp("models")
    trim(target)
    return target


@pytest.fixture
def clients(settings: Settings, models: Path) -> Clients:
    """The service's own clients."""
    return connect(settings.region, models)


@pytest.fixture
def sealer(settings: Settings) -> AeadSealer:
    """The service's own sealer."""
    return AeadSealer(settings.sealing_keys)


@pytest.fixture
def adapters(
    settings: Settings, clients: Clients, sealer: AeadSealer, request: pytest.FixtureRequest
) -> Iterator[World]:
    """The adapters on AWS; users they made are deleted afterwards."""
    table = Table(clients.dynamodb, settings.table)
    pool = {
        "pool_id": settings.user_pool_id,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    directory = CognitoDirectory(clients.cognito, **pool)
    mailbox = None if REAL else request.getfixturevalue("aws").code_for
    digests = KeyedDigests(settings.sealing_keys)
    world = World(
        directory,
        DynamoAccounts(table),
        DynamoSessions(table, sealer),
        DynamoRateLimits(table, digests),
        DynamoIdempotency(table, sealer, digests),
        CognitoSecondFactor(clients.cognito, **pool),
        DynamoMfa(table),
        DynamoEmailChanges(table),
        DynamoExports(table),
        mailbox,
    )
    yield world
    for user_id in world.made if REAL else ():
        directory.delete(user_id)


@pytest.fixture(params=["memory", "aws"])
def world(request: pytest.FixtureRequest) -> World:
    """The ports, once in memory and once on AWS."""
    if request.param == "aws":
        return request.getfixturevalue("adapters")
    directory, accounts = FakeDirectory(), MemoryAccounts()
    return World(
        directory,
        accounts,
        MemorySessions(accounts),
        MemoryRateLimits(),
        MemoryIdempotency(),
        FakeSecondFactor(directory),
        MemoryMfa(accounts),
        MemoryEmailChanges(accounts),
        MemoryExports(),
        directory.code_for,
    )
