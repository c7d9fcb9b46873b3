"""What each method of the adapters asks of AWS: round trips, permissions, and never a Scan."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.aws.clients import OPERATIONS, Clients
from service.domain.email_change import EmailChange
from service.domain.idempotency import Answer, Attempt
from service.domain.limits import Limit
from service.domain.ports import Caller, Grant, Leftover, Profile, RefreshClaims, Session
from service.settings import Settings
from tests.aws.conftest import MOTO_CANNOT, NEEDS_MAIL, REAL, World
from tests.aws_calls import CallRecorder, recording
from tests.fakes import (
    FakeDirectory,
    MemoryAccounts,
    MemorySessions,
)
from tests.fakes_email import MemoryEmailChanges, MemoryExports
from tests.fakes_limits import MemoryIdempotency, MemoryRateLimits

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PASSWORD = "correct horse battery"
USER, SESSION = str(uuid.uuid4()), str(uuid.uuid4())
PROFILE = Profile(USER, f"{USER}@example.com", "Ada", "L", NOW, NOW)
LEFTOVER = Leftover(USER, PROFILE.email, NOW)
ROW = Session(USER, SESSION, NOW, NOW, NOW + timedelta(days=30), refresh_token="r")
CALLER = Caller(USER, SESSION)
LIMIT = Limit(1, timedelta(minutes=1))
ATTEMPT = Attempt("key", "payload", "first", NOW, NOW + timedelta(days=1))
SECOND = replace(ATTEMPT, owner="second")
MOVED = replace(PROFILE, email=f"{SESSION}@example.com", version=2)
CHANGE = EmailChange(USER, PROFILE.email, MOVED.email, "hash", NOW, NOW + timedelta(minutes=15))
STORES = (
    MemoryAccounts,
    MemorySessions,
    MemoryRateLimits,
    MemoryIdempotency,
    MemoryEmailChanges,
    MemoryExports,
)

# What each method costs when nothing goes wrong. Anything more is a round trip per request.
STORE_CALLS: dict[str, tuple[Callable[[World], object], list[str]]] = {
    "create": (lambda w: w.accounts.create(PROFILE), ["TransactWriteItems"]),
    "claim": (lambda w: w.accounts.claim(PROFILE.email), ["GetItem"]),
    "load": (lambda w: w.accounts.load(USER), ["GetItem"]),
    "addresses": (lambda w: w.accounts.addresses([USER]), ["BatchGetItem"]),
    "mark_verified": (lambda w: w.accounts.mark_verified(USER, NOW), ["UpdateItem"]),
    "update": (lambda w: w.accounts.update(PROFILE, 2), ["PutItem"]),
    "note": (lambda w: w.accounts.note(LEFTOVER), ["PutItem"]),
    "leftovers": (lambda w: w.accounts.leftovers(), ["Query"]),
    "settle": (lambda w: w.accounts.settle(LEFTOVER), ["DeleteItem"]),
    "accounts.check": (lambda w: w.accounts.check(), ["GetItem"]),
    "open": (lambda w: w.sessions.open(ROW), ["PutItem"]),
    "advance": (
        lambda w: w.sessions.advance(RefreshClaims(USER, SESSION, 0, "r"), NOW, NOW),
        ["UpdateItem"],
    ),
    "with_profile": (lambda w: w.sessions.with_profile(CALLER), ["BatchGetItem"]),
    "list": (lambda w: w.sessions.list(USER), ["Query"]),
    "end_all": (lambda w: w.sessions.end_all(USER), ["Query", "BatchWriteItem"]),
    "end": (lambda w: w.sessions.end(USER, SESSION), ["DeleteItem"]),
    "take": (lambda w: w.limits.take("login", USER, LIMIT, NOW), ["UpdateItem"]),
    "begin": (lambda w: w.idempotency.begin(ATTEMPT, NOW), ["PutItem"]),
    "take_over": (lambda w: w.idempotency.take_over(SECOND, ATTEMPT.owner), ["PutItem"]),
    "finish": (lambda w: w.idempotency.finish(SECOND, Answer()), ["UpdateItem"]),
    "release": (lambda w: w.idempotency.release(SECOND), ["UpdateItem"]),
    "remove": (lambda w: w.accounts.remove(USER, PROFILE.email), ["TransactWriteItems"]),
    "deleting": (lambda w: w.accounts.deleting(USER), ["GetItem"]),
    "deletions": (lambda w: w.accounts.deletions(), ["Query"]),
    "begin_deletion": (
        lambda w: (w.accounts.create(PROFILE), w.accounts.begin_deletion(PROFILE, NOW)),
        ["TransactWriteItems", "TransactWriteItems"],
    ),
    "finish_deletion": (lambda w: w.accounts.finish_deletion(USER), ["Query", "DeleteItem"]),
    "email_changes.begin": (lambda w: w.email_changes.begin(CHANGE), ["PutItem"]),
    "attempt": (lambda w: w.email_changes.attempt(USER, NOW, 5), ["UpdateItem"]),
    "move": (
        lambda w: (
            w.accounts.create(PROFILE),
            w.email_changes.move(PROFILE, MOVED, NOW, None),
        ),
        ["TransactWriteItems", "TransactWriteItems"],
    ),
    "email_changes.settle": (lambda w: w.email_changes.settle(USER), ["DeleteItem"]),
    "holdings": (lambda w: w.exports.holdings(USER), ["Query"]),
}


@pytest.fixture
def calls(clients: Clients) -> CallRecorder:
    """What the adapters of this test ask of AWS."""
    with recording(clients) as recorder:
        yield recorder


def test_each_method_of_the_stores_is_one_call(
    adapters: World, calls: CallRecorder, settings: Settings
) -> None:
    """Every access is one round trip to the one table."""
    for name, (use, expected) in STORE_CALLS.items():
        calls.clear()

        use(adapters)

        assert calls.names == [f"dynamodb:{operation}" for operation in expected], name
        assert {resource for call in calls.calls for resource in call.resources} == {
            settings.table
        }, name


def test_every_read_is_consistent(adapters: World, calls: CallRecorder, clients: Clients) -> None:
    """What was just written is seen; only the readiness probe reads as it comes."""
    bodies: list[str] = []
    clients.dynamodb.meta.events.register(
        "before-send", lambda request, **_: bodies.append(bytes(request.body).decode()) or None
    )

    for name in ("claim", "load", "addresses", "leftovers", "with_profile"):
        bodies.clear()
        STORE_CALLS[name][0](adapters)
        assert '"ConsistentRead": true' in bodies[0], name


@NEEDS_MAIL
def test_each_method_of_the_directory_is_one_call(adapters: World, calls: CallRecorder) -> None:
    """Signing up to deleting: one call each, by the names the role is granted."""
    email = adapters.address()
    user_id = adapters.sign_up(email)
    adapters.directory.resend_code(email)
    adapters.directory.confirm_sign_up(email, adapters.code_for(email))
    grant = adapters.directory.authenticate(email, PASSWORD)
    assert isinstance(grant, Grant)
    adapters.directory.renew(user_id, grant.refresh_token)
    adapters.directory.revoke(grant.refresh_token)
    adapters.directory.sign_out_everywhere(user_id)
    adapters.directory.find(user_id)
    adapters.directory.set_email(user_id, adapters.address())
    adapters.directory.page(None)
    adapters.directory.check()
    adapters.directory.delete(user_id)

    assert [name.partition(":")[2] for name in calls.names] == [
        "SignUp", "ResendConfirmationCode", "ConfirmSignUp", "AdminInitiateAuth",
        "AdminInitiateAuth", "RevokeToken", "AdminUserGlobalSignOut", "AdminGetUser",
        "AdminUpdateUserAttributes", "ListUsers", "DescribeUserPool", "AdminDeleteUser",
    ]  # fmt: skip
    assert calls.actions == {
        f"cognito-idp:{name}"
        for name in ("AdminDeleteUser", "AdminGetUser", "AdminInitiateAuth",
                     "AdminUpdateUserAttributes", "AdminUserGlobalSignOut",
                     "DescribeUserPool", "ListUsers")
    }  # fmt: skip


def test_nothing_scans_and_nothing_is_declared_in_vain() -> None:
    """The declared operations are those that the adapters use, and Scan is not among them."""
    used = {operation for _, expected in STORE_CALLS.values() for operation in expected}

    assert set(OPERATIONS["dynamodb"]) == used
    assert "Scan" not in used


def test_every_method_of_the_stores_is_in_the_list() -> None:
    """A new method cannot be forgotten here."""
    methods = {
        name
        for kind in STORES
        for name, value in vars(kind).items()
        if callable(value) and not name.startswith("_")
    }

    assert methods == {name.rpartition(".")[2] for name in STORE_CALLS}


@pytest.mark.skipif(REAL, reason="an attacker's view of stored rows; needs to read them raw")
def test_no_row_holds_the_directorys_refresh_token(
    adapters: World, clients: Clients, settings: Settings
) -> None:
    """What lies in the table is useless without the key."""
    secret = "refresh-token-of-cognito"
    adapters.sessions.open(Session(USER, SESSION, NOW, NOW, NOW, refresh_token=secret))

    item = clients.dynamodb.get_item(
        TableName=settings.table,
        Key={"pk": {"S": f"USER#{USER}"}, "sk": {"S": f"SESSION#{SESSION}"}},
    )["Item"]

    assert secret not in str(item)
    assert item["expiresAt"] == {"N": str(int(NOW.timestamp()))}


def test_motos_skip_list_names_tests_that_exist() -> None:
    """An entry for a test that is gone would hide nothing and mislead."""
    defined = {
        line.removeprefix("def ").partition("(")[0]
        for path in Path(__file__).parent.glob("test_*.py")
        for line in path.read_text().splitlines()
        if line.startswith("def test_")
    }

    assert set(MOTO_CANNOT) <= defined


def test_the_fakes_are_no_wider_than_the_ports() -> None:
    """Helpers for tests aside, a fake offers what the adapter offers."""
    helpers = {"code_for", "mfa_for"}
    public = {name for name in vars(FakeDirectory) if not name.startswith("_")}
    methods = {name for name in public - helpers if callable(vars(FakeDirectory)[name])}

    from service.aws.cognito import CognitoDirectory
    from service.aws.cognito_mfa import CognitoSecondFactor
    from service.aws.mfa import DynamoMfa
    from tests.fakes_mfa import FakeSecondFactor, MemoryMfa

    assert methods == {name for name in vars(CognitoDirectory) if not name.startswith("_")}
    for fake, adapter in ((FakeSecondFactor, CognitoSecondFactor), (MemoryMfa, DynamoMfa)):
        offered = {name for name, value in vars(fake).items() if callable(value)}
        assert {name for name in offered if not name.startswith("_")} == {
            name for name in vars(adapter) if not name.startswith("_")
        }
