"""Makes pool, client, table, mail identity and the application's credentials, or finds them."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from local.remote import Remote
from local.shape import DOCUMENTS, MAIL_DOMAIN, MAIL_SENDER, Shape

# The emulators take this access key for the account's root and do not check its signature.
ROOT_KEY = "test"
SERVICE = "service"


def provision(endpoint: str, shape: Shape) -> dict[str, Any]:
    """Make what the shape names, reuse what is there, and return the environment of each role.

    `SERVICE` has the permissions of all roles together. Every run hands out new access keys,
    because a secret key can be read only once.
    """
    cognito, dynamodb, iam, mail = (
        _client_of(service, endpoint, shape.region)
        for service in ("cognito-idp", "dynamodb", "iam", "sesv2")
    )
    pool_id, pool_arn = _pool(cognito, shape)
    client_id, secret = _client(cognito, shape, pool_id)
    _table(dynamodb, shape)
    _mail_identity(mail)
    common = {
        "AWS_REGION": shape.region,
        "AWS_DEFAULT_REGION": shape.region,
        "COGNITO_USER_POOL_ID": pool_id,
        "COGNITO_CLIENT_ID": client_id,
        "COGNITO_CLIENT_SECRET": secret,
        "USERS_TABLE": shape.table_name,
        "MAIL_SENDER": MAIL_SENDER,
        "TOKEN_ISSUER": f"https://cognito-idp.{shape.region}.amazonaws.com/{pool_id}",
    }
    holders = {
        role: {name: shape.policy(name, pool_arn) for name in names}
        for role, names in DOCUMENTS.items()
    }
    holders[SERVICE] = {name: text for held in holders.values() for name, text in held.items()}
    return {
        holder: {**common, **_access_key(iam, shape.principal(holder), held)}
        for holder, held in holders.items()
    }


def set_up(aws: Remote, shape: Shape) -> None:
    """Provision an embedded AWS and let it remember the environments as its baseline."""
    sealing_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    extra = {"sealing_keys": f"local:{sealing_key}", "shape": shape.fingerprint}
    aws.call("PUT", "/_local/baseline", {"roles": provision(aws.endpoint, shape), **extra})


@cache
def _client_of(service: str, endpoint: str, region: str) -> Any:
    # Kept, because making one costs 30 ms and moto is provisioned before every test.
    session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=region)
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]  # The name is a plain str here.


def _pool(cognito: Any, shape: Shape) -> tuple[str, str]:
    known = _listed(cognito, "list_user_pools", "UserPools")
    pool_id = next((pool["Id"] for pool in known if pool["Name"] == shape.pool_name), None)
    if pool_id is None:
        pool_id = cognito.create_user_pool(**shape.user_pool)["UserPool"]["Id"]
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **shape.mfa)
    arn = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]
    return str(pool_id), str(arn)


def _client(cognito: Any, shape: Shape, pool_id: str) -> tuple[str, str]:
    known = _listed(cognito, "list_user_pool_clients", "UserPoolClients", UserPoolId=pool_id)
    name = shape.client["ClientName"]
    client_id = next((each["ClientId"] for each in known if each["ClientName"] == name), None)
    if client_id is None:
        made = cognito.create_user_pool_client(UserPoolId=pool_id, **shape.client)
        client_id = made["UserPoolClient"]["ClientId"]
    client = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    return str(client_id), str(client["UserPoolClient"]["ClientSecret"])


def _table(dynamodb: Any, shape: Shape) -> None:
    name = shape.table_name
    if name not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(**shape.table)
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=shape.time_to_live)
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _mail_identity(mail: Any) -> None:
    # Verified at once: nobody here has to prove that a domain is theirs.
    known = mail.list_email_identities()["EmailIdentities"]
    if MAIL_DOMAIN not in [identity["IdentityName"] for identity in known]:
        mail.create_email_identity(EmailIdentity=MAIL_DOMAIN)


def _access_key(iam: Any, user: str, policies: dict[str, str]) -> dict[str, str]:
    if user not in [known["UserName"] for known in iam.list_users()["Users"]]:
        iam.create_user(UserName=user)
    for name, document in policies.items():
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=document)
    for old in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=old["AccessKeyId"])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def _listed(client: Any, operation: str, field: str, **request: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(**request, PaginationConfig=_PAGE):
        yield from page[field]


_PAGE = {"PageSize": 60}


if __name__ == "__main__":
    set_up(Remote(int(sys.argv[1])), Shape(sys.argv[2]))
