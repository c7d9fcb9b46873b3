"""Least privilege: the roles that Terraform makes are what the code needs, no more and no less."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.emulator import Emulator
from local.provision import ROOT_KEY
from local.shape import POLICIES
from service import reconcile
from service.app import adapters
from service.aws import clients
from service.aws.secrets import with_secrets
from service.domain.ports import Leftover, Profile, Session, utc_now
from service.settings import Settings, SettingsError
from tests.aws_calls import CallRecorder
from tests.delivery.permissions import granted, listen, used

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
# Every operation once, and those that undo or replay; the rest asks AWS for nothing new.
API_SUITE = [
    f"tests/api/test_{name}.py"
    for name in (
        "round_trips",
        "register_user",
        "get_readiness",
        "refresh_token",
        "recover_mfa",
    )
]
POOL = "the pool of this run"
# Both roles read the parameter, once, when an instance starts.
READ_ONCE = {("ssm:GetParameter", "secrets")}
# Granted to adapters whose operations the contract does not have yet; the list may only shrink.
AWAITED: set[tuple[str, str]] = set()
Outside = tuple[str, str, dict[str, Any]]

pytestmark = pytest.mark.skipif(
    os.environ.get("AWS_EMULATOR") == "moto", reason="moto evaluates no policies here"
)


@pytest.fixture
def assume(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let this process do what a role may, until the end of the test."""

    def become(role: str) -> None:
        for name, value in aws.roles[role].items():
            monkeypatch.setenv(name, value)

    return become


@pytest.fixture
def root(aws: Emulator) -> Any:
    """Parameters of the account's root, which no policy limits."""
    session: Any = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=aws.shape.region)
    return session.client("ssm", endpoint_url=aws.endpoint)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> CallRecorder:
    """What the service's own clients ask of AWS in this test."""
    recorder = CallRecorder()
    monkeypatch.setattr(clients, "new_session", listen(recorder))
    return recorder


def profile_of(user_id: str) -> Profile:
    """Return a profile of a user that the directory has already forgotten."""
    now = utc_now()
    return Profile(user_id, f"{user_id}@example.com", "Ada", "Lovelace", now, now)


def session_of(user_id: str) -> Session:
    """Return a session of such a user."""
    now = utc_now()
    return Session(user_id, "session", now, now, now + timedelta(days=1))


@pytest.mark.timeout(300)  # Seconds: it runs a suite.
def test_api_role_is_what_the_api_suite_uses(tmp_path: Path) -> None:
    """The suite passes as this role, and each of the role's permissions was used in it."""
    target = tmp_path / "calls.json"

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.delivery.permissions", *API_SUITE],
        cwd=ROOT,
        env=os.environ | {"AWS_ROLE": "api-handler", "AWS_CALLS": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"The suite fails as this role:\n{done.stdout[-3000:]}"
    asked = {(action, kind) for action, kind in json.loads(target.read_text())}
    assert not asked & AWAITED, "Take what is used now off the list."
    assert asked | READ_ONCE | AWAITED == granted("api-handler"), "Edit api-handler.json.tftpl."


def test_reconciler_role_is_what_the_reconciler_uses(
    aws: Emulator,
    assume: Callable[[str], None],
    calls: CallRecorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It settles, heals and deletes as this role, and uses each of the role's permissions."""
    settings = Settings.from_environment(os.environ)
    ports = adapters(settings, clients.connect(settings.region))
    for name in ("verified", "moved", "orphan", "noted"):
        email = f"{name}@example.com"
        user_id = ports.directory.sign_up(email, PASSWORD, "Ada", "Lovelace")
        if name == "moved":
            ports.accounts.create(replace(profile_of(user_id), email="elsewhere@example.com"))
        if name in ("verified", "moved"):
            ports.directory.confirm_sign_up(email, aws.code_for(email))
        if name == "noted":
            ports.accounts.note(Leftover(user_id, email, utc_now()))
    ports.accounts.create(profile := profile_of("going"))
    ports.accounts.begin_deletion(profile, utc_now())
    ports.sessions.open(session_of(profile.user_id))
    assume("reconciler")
    calls.clear()
    monkeypatch.setattr(reconcile, "IN_FLIGHT", timedelta(seconds=-60))

    done = reconcile.handler({}, None)

    assert done == {"healed": 1, "settled": 1, "deleted": 3}
    assert used(calls.calls) | READ_ONCE == granted("reconciler"), "Edit reconciler.json.tftpl."


@pytest.mark.parametrize("role", ["api-handler", "reconciler"])
def test_each_role_reads_its_secrets_and_no_other(
    aws: Emulator, root: Any, assume: Callable[[str], None], calls: CallRecorder, role: str
) -> None:
    """The parameters below its own name are readable, those beside it are not."""
    value = json.dumps({"COGNITO_CLIENT_SECRET": "x" * 20, "SEALING_KEYS": "k1:y"})
    own, other = f"/{aws.shape.principal(role)}/secrets", "/somebody-else/secrets"
    for name in (own, other):
        root.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    assume(role)

    read = with_secrets({**os.environ, "SECRETS_PARAMETER": own})

    assert read["SEALING_KEYS"] == "k1:y"
    assert used(calls.calls) == READ_ONCE
    with pytest.raises(SettingsError, match="AccessDenied"):
        with_secrets({**os.environ, "SECRETS_PARAMETER": other})


@pytest.mark.parametrize(
    "call",
    [
        ("dynamodb", "scan", {"TableName": "users-dev"}),
        ("dynamodb", "delete_table", {"TableName": "users-dev"}),
        ("dynamodb", "get_item", {"TableName": "users-prod", "Key": {"pk": {"S": "x"}}}),
        ("cognito-idp", "admin_create_user", {"UserPoolId": POOL, "Username": "x@example.com"}),
        ("cognito-idp", "delete_user_pool", {"UserPoolId": POOL}),
        ("cognito-idp", "admin_get_user", {"UserPoolId": "us-east-1_other0000", "Username": "x"}),
        ("iam", "list_roles", {}),
    ],
)
@pytest.mark.parametrize("role", ["api-handler", "reconciler"])
def test_a_call_outside_the_role_is_denied(
    aws: Emulator, assume: Callable[[str], None], role: str, call: Outside
) -> None:
    """Neither another action on ours nor our actions on another resource."""
    assume(role)
    pool = aws.environment["COGNITO_USER_POOL_ID"]
    service, operation, parameters = call
    given = {name: pool if value == POOL else value for name, value in parameters.items()}
    session: Any = boto3.Session(region_name=aws.shape.region)
    client = session.client(service)

    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**given)

    assert refused.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}


def test_no_policy_has_a_wildcard_where_a_name_is_possible() -> None:
    """Only traces know no resource; a log stream's name is Lambda's to choose."""
    wild = {
        (path.name, statement["Sid"])
        for path in POLICIES.glob("*.tftpl")
        for statement in json.loads(path.read_text())["Statement"]
        if "*" in json.dumps([statement["Action"], statement["Resource"]])
    }

    assert wild == {
        ("runtime.json.tftpl", "Logs"),
        ("runtime.json.tftpl", "TracesKnowNoResource"),
    }
