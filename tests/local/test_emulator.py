"""The embedded AWS as the test suite uses it."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.emulator import Emulator
from local.shape import Shape
from tests.local.customer import Customer

KEY_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
KEY = {"pk": {"S": "USER#1"}, "sk": {"S": "USER#1"}}


def test_a_user_signs_up_confirms_with_the_mailed_code_and_signs_in(aws: Emulator) -> None:
    """The pool, the client and the credentials that were provisioned do what the service needs."""
    ada = Customer(aws, "ada@example.com")

    ada.sign_up()
    ada.confirm(aws.code_for("Ada@Example.com"))

    assert ada.sign_in()["AuthenticationResult"]["AccessToken"]


def test_a_reset_forgets_users_rows_and_mails_and_keeps_the_identifiers(aws: Emulator) -> None:
    """A reset returns to the state right after provisioning."""
    before = dict(aws.environment)
    table = boto3.client("dynamodb")
    ada = Customer(aws, "ada@example.com")
    ada.sign_up()
    table.put_item(TableName="users-dev", Item=KEY)

    aws.reset()

    assert aws.environment == before
    assert aws.mails() == []
    assert "Item" not in table.get_item(TableName="users-dev", Key=KEY)
    ada.sign_up()


def test_a_reset_is_cheap_enough_for_every_test(aws: Emulator) -> None:
    """The fastest of ten resets, because a busy machine disturbs some; moto takes 0.2 s."""
    aws.reset()

    def once() -> float:
        began = time.perf_counter()
        aws.reset()
        return time.perf_counter() - began

    limit = 0.03 if type(aws) is Emulator else 1.0
    assert min(once() for _ in range(10)) < limit


@pytest.mark.usefixtures("only_ministack")
def test_the_credentials_allow_what_the_policy_names_and_nothing_else(aws: Emulator) -> None:
    """A local run proves the least-privilege policy: the embedded AWS evaluates it."""
    table = boto3.client("dynamodb")
    table.get_item(TableName="users-dev", Key=KEY)

    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:DeleteTable"):
        table.delete_table(TableName="users-dev")
    with pytest.raises(ClientError, match="not authorized to perform: dynamodb:Scan"):
        table.scan(TableName="users-dev")
    with pytest.raises(ClientError, match="AdminCreateUser"):
        boto3.client("cognito-idp").admin_create_user(
            UserPoolId=aws.environment["COGNITO_USER_POOL_ID"], Username="eve@example.com"
        )


@pytest.mark.usefixtures("only_ministack")
def test_each_role_has_the_policy_that_is_deployed_for_it(aws: Emulator) -> None:
    """Only the reconciler may list users; both may read a row."""
    pool = aws.environment["COGNITO_USER_POOL_ID"]

    def client(service: str, role: str) -> Any:
        key, secret = (aws.roles[role][name] for name in KEY_PAIR)
        return boto3.client(service, aws_access_key_id=key, aws_secret_access_key=secret)

    client("cognito-idp", "reconciler").list_users(UserPoolId=pool)
    with pytest.raises(ClientError, match="ListUsers"):
        client("cognito-idp", "api-handler").list_users(UserPoolId=pool)
    for role in ("reconciler", "api-handler"):
        client("dynamodb", role).get_item(TableName="users-dev", Key=KEY)


@pytest.mark.usefixtures("only_ministack")
def test_a_wrong_secret_key_is_refused(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are verified by their signature."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)

    with pytest.raises(ClientError, match="InvalidSignatureException"):
        boto3.Session().client("dynamodb").get_item(TableName="users-dev", Key=KEY)


def test_provisioning_again_finds_what_is_there(aws: Emulator) -> None:
    """Only the access key is new, because a secret key can be read once."""
    from local.provision import provision

    first = provision(aws.endpoint, aws.shape)["api-handler"]
    second = provision(aws.endpoint, aws.shape)["api-handler"]

    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_the_fingerprint_of_the_shape_follows_the_environment() -> None:
    """A changed shape is noticed, so that old state is not taken for the new one."""
    assert Shape("dev").fingerprint == Shape("dev").fingerprint
    assert Shape("dev").fingerprint != Shape("prod").fingerprint
