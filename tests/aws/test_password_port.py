"""Passwords at the directory, in memory and on Cognito, and what each of its errors means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from service.aws.clients import Clients, connect
from service.aws.cognito_passwords import SET_TRIES, CognitoPasswords
from service.aws.errors import RequestRefused
from service.domain.errors import (
    InvalidCode,
    InvalidCredentials,
    PasswordRejected,
    SessionEnded,
    TooManyRequests,
    Unavailable,
)
from service.domain.password import PasswordDirectory
from service.domain.ports import Directory, Grant
from service.settings import Settings
from tests.aws.conftest import NEEDS_MAIL, World
from tests.aws_calls import recording
from tests.fakes import FakeDirectory, FakePasswords

OLD, NEW = "correct horse battery", "a brand new phrase"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass
class Person:
    """Somebody verified, and the two ports that know their password."""

    email: str
    user_id: str
    directory: Directory
    passwords: PasswordDirectory
    code: Callable[[], str]

    def signs_in(self, password: str) -> bool:
        try:
            return isinstance(self.directory.authenticate(self.email, password), Grant)
        except InvalidCredentials:
            return False


@pytest.fixture(params=["memory", "aws"])
def person(request: pytest.FixtureRequest) -> Person:
    """Ada, once in memory and once on AWS."""
    if request.param == "memory":
        directory = FakeDirectory()
        email = "ada@example.com"
        user_id = directory.sign_up(email, OLD, "Ada", "L")
        directory.confirm_sign_up(email, directory.code_for(email))
        passwords = FakePasswords(directory)
        return Person(email, user_id, directory, passwords, lambda: directory.code_for(email))
    world: World = request.getfixturevalue("adapters")
    settings: Settings = request.getfixturevalue("settings")
    clients: Clients = request.getfixturevalue("clients")
    email = world.address()
    user_id = world.verified(email)
    passwords = CognitoPasswords(
        clients.cognito,
        pool_id=settings.user_pool_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
    )
    return Person(email, user_id, world.directory, passwords, lambda: world.code_for(email))


@NEEDS_MAIL
def test_the_mailed_code_resets_once(person: Person) -> None:
    """The new password signs in, the old one does not, the code is spent."""
    person.passwords.request_reset(person.email.upper())
    code = person.code()

    person.passwords.confirm_reset(person.email, code, NEW)

    assert person.signs_in(NEW)
    assert not person.signs_in(OLD)
    with pytest.raises(InvalidCode):
        person.passwords.confirm_reset(person.email, code, OLD)


@NEEDS_MAIL
def test_a_wrong_code_resets_nothing(person: Person) -> None:
    """Nor does one for somebody who does not exist; the two are alike."""
    person.passwords.request_reset(person.email)
    wrong = "000000" if person.code() != "000000" else "111111"

    for email in (person.email, "nobody@example.com"):
        with pytest.raises(InvalidCode):
            person.passwords.confirm_reset(email, wrong, NEW)
    assert person.signs_in(OLD)


@NEEDS_MAIL
def test_asking_says_nothing_of_who_exists(person: Person) -> None:
    """Unknown and unverified are as good as known."""
    person.directory.sign_up("waiting@example.com", OLD, "B", "B")

    for email in ("nobody@example.com", "waiting@example.com", person.email):
        assert person.passwords.request_reset(email) is None


def test_a_password_can_be_set(person: Person) -> None:
    """Twice is as good as once."""
    person.passwords.set_password(person.user_id, NEW)
    person.passwords.set_password(person.user_id, NEW)

    assert person.signs_in(NEW)
    assert not person.signs_in(OLD)


def test_a_password_is_set_by_the_rule_and_for_somebody(person: Person) -> None:
    """Seven characters are refused; so is a user that is gone."""
    with pytest.raises(PasswordRejected):
        person.passwords.set_password(person.user_id, "7 chars")
    with pytest.raises(SessionEnded):
        person.passwords.set_password(UNKNOWN, NEW)
    assert person.signs_in(OLD)


@pytest.fixture
def client(models: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The service's own Cognito client; nothing it sends leaves the process."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return connect("us-east-1", models).cognito


USES: dict[str, Callable[[CognitoPasswords], None]] = {
    "forgot_password": lambda passwords: passwords.request_reset("ada@example.com"),
    "confirm_forgot_password": lambda passwords: passwords.confirm_reset("a@b.cd", "123456", NEW),
    "admin_set_user_password": lambda passwords: passwords.set_password(UNKNOWN, NEW),
}
FORGOT, RESET, SET = USES
# None: nothing is wrong.
MEANINGS: list[tuple[str, str, type[Exception] | None]] = [
    (FORGOT, "CodeDeliveryFailureException", None),
    (FORGOT, "InvalidParameterException", None),
    (FORGOT, "LimitExceededException", None),
    (FORGOT, "NotAuthorizedException", None),
    (FORGOT, "UserNotFoundException", None),
    (FORGOT, "TooManyRequestsException", TooManyRequests),
    (FORGOT, "InternalErrorException", Unavailable),
    (RESET, "CodeMismatchException", InvalidCode),
    (RESET, "ExpiredCodeException", InvalidCode),
    (RESET, "NotAuthorizedException", InvalidCode),
    (RESET, "UserNotConfirmedException", InvalidCode),
    (RESET, "UserNotFoundException", InvalidCode),
    (RESET, "InvalidPasswordException", PasswordRejected),
    (RESET, "PasswordHistoryPolicyViolationException", PasswordRejected),
    (RESET, "InvalidParameterException", RequestRefused),
    (RESET, "LimitExceededException", TooManyRequests),
    (RESET, "TooManyFailedAttemptsException", TooManyRequests),
    (SET, "InvalidPasswordException", PasswordRejected),
    (SET, "PasswordHistoryPolicyViolationException", PasswordRejected),
    (SET, "UserNotFoundException", SessionEnded),
    (SET, "NotAuthorizedException", Unavailable),
    (SET, "TooManyRequestsException", TooManyRequests),
]


@pytest.mark.parametrize(("use", "code", "meaning"), MEANINGS)
def test_a_code_of_cognito_has_one_meaning(
    client: Any, use: str, code: str, meaning: type[Exception] | None
) -> None:
    """Setting is idempotent and tried again; asking and confirming are not."""
    pauses: list[float] = []
    passwords = CognitoPasswords(
        client, pool_id="p", client_id="c", client_secret="s", pause=pauses.append
    )
    with Stubber(client) as stub:
        for _ in range(SET_TRIES):
            stub.add_client_error(use, code, "a@b.cd says " + NEW, 400)

        if meaning is None:
            USES[use](passwords)
        else:
            with pytest.raises(meaning) as raised:
                USES[use](passwords)
            assert NEW not in f"{raised.value} {raised.value.__cause__}"

    repeated = use == SET and meaning in (Unavailable, TooManyRequests)
    assert len(pauses) == (SET_TRIES - 1 if repeated else 0)


@NEEDS_MAIL
def test_each_method_is_one_call(person: Person, request: pytest.FixtureRequest) -> None:
    """By the names that the role is granted; the two of the reset need no permission."""
    if "memory" in request.node.name:
        assert isinstance(person.passwords, FakePasswords)
        return
    with recording(request.getfixturevalue("clients")) as calls:
        person.passwords.request_reset(person.email)
        person.passwords.confirm_reset(person.email, person.code(), NEW)
        person.passwords.set_password(person.user_id, OLD)

    assert calls.names == [
        "cognito-idp:ForgotPassword",
        "cognito-idp:ConfirmForgotPassword",
        "cognito-idp:AdminSetUserPassword",
    ]
    assert calls.actions == {"cognito-idp:AdminSetUserPassword"}
