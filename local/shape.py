"""User pool, client, table and policy: one shape for the embedded AWS and for Terraform.

Each mapping is the request of the AWS operation that makes the thing, so that a test can compare
it with what Terraform plans. Sources: the API references of CreateUserPool, CreateUserPoolClient,
CreateTable and the Service Authorization Reference of Cognito user pools and DynamoDB.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

REGION = "us-east-1"
ACCOUNT = "000000000000"

PASSWORD_POLICY: dict[str, Any] = {
    "MinimumLength": 8,
    "RequireUppercase": False,
    "RequireLowercase": False,
    "RequireNumbers": False,
    "RequireSymbols": False,
    "TemporaryPasswordValidityDays": 7,
}

# The unsigned operations (SignUp, ConfirmSignUp, ChangePassword, RevokeToken ...) need no
# permission: the client secret and the access token stand for the caller there.
COGNITO_ACTIONS = (
    "AdminDeleteUser",
    "AdminGetUser",
    "AdminInitiateAuth",
    "AdminRespondToAuthChallenge",
    "AdminSetUserMFAPreference",
    "AdminUpdateUserAttributes",
    "AdminUserGlobalSignOut",
    "DescribeUserPool",
    "ListUsers",
)
TABLE_ACTIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "DescribeTable",
    "GetItem",
    "PutItem",
    "Query",
    "UpdateItem",
)


@dataclass(frozen=True)
class Shape:
    """What one environment consists of, by the names that its users know."""

    environment: str = "dev"
    region: str = REGION
    account: str = ACCOUNT

    @property
    def pool_name(self) -> str:
        """Name of the Cognito user pool."""
        return f"ai-lifestyle-users-{self.environment}"

    @property
    def table_name(self) -> str:
        """Name of the DynamoDB table."""
        return f"users-{self.environment}"

    @property
    def principal_name(self) -> str:
        """Name of whoever runs the service: the Lambda role in the cloud, an IAM user here."""
        return f"api-handler-{self.environment}"

    @property
    def user_pool(self) -> dict[str, Any]:
        """The CreateUserPool request."""
        return {
            "PoolName": self.pool_name,
            "UsernameAttributes": ["email"],
            "AutoVerifiedAttributes": ["email"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "Policies": {"PasswordPolicy": PASSWORD_POLICY},
            "MfaConfiguration": "OFF",
            "AccountRecoverySetting": {
                "RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]
            },
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
            "Schema": [
                _attribute("email", required=True, maximum=254),
                _attribute("given_name", required=False, maximum=50),
                _attribute("family_name", required=False, maximum=50),
            ],
        }

    @property
    def mfa(self) -> dict[str, Any]:
        """The SetUserPoolMfaConfig request: a software token for those who want one.

        CreateUserPool itself refuses OPTIONAL before a second factor is configured.
        """
        return {
            "SoftwareTokenMfaConfiguration": {"Enabled": True},
            "MfaConfiguration": "OPTIONAL",
        }

    @property
    def client(self) -> dict[str, Any]:
        """The CreateUserPoolClient request, without the pool's id."""
        return {
            "ClientName": f"lifestyle-api-{self.environment}",
            "GenerateSecret": True,
            "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "PreventUserExistenceErrors": "ENABLED",
            "EnableTokenRevocation": True,
            "AccessTokenValidity": 15,
            "IdTokenValidity": 15,
            "RefreshTokenValidity": 30,
            "TokenValidityUnits": {
                "AccessToken": "minutes",
                "IdToken": "minutes",
                "RefreshToken": "days",
            },
            "ReadAttributes": ["email", "email_verified", "given_name", "family_name"],
            "WriteAttributes": ["email", "given_name", "family_name"],
        }

    @property
    def table(self) -> dict[str, Any]:
        """The CreateTable request."""
        return {
            "TableName": self.table_name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pk", "sk", "gsi1_pk", "gsi1_sk")
            ],
            "KeySchema": _keys("pk", "sk"),
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "EmailIndex",
                    "KeySchema": _keys("gsi1_pk", "gsi1_sk"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "SSESpecification": {"Enabled": True},
            "DeletionProtectionEnabled": self.environment == "prod",
        }

    @property
    def time_to_live(self) -> dict[str, Any]:
        """The TimeToLiveSpecification of the table; the attribute holds epoch seconds."""
        return {"AttributeName": "expiresAt", "Enabled": True}

    def policy(self, pool_arn: str) -> dict[str, Any]:
        """Return the least the service needs, as an IAM policy document."""
        table = f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.table_name}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                _allow("Accounts", "cognito-idp", COGNITO_ACTIONS, [pool_arn]),
                _allow("Users", "dynamodb", TABLE_ACTIONS, [table, f"{table}/index/EmailIndex"]),
            ],
        }

    @property
    def fingerprint(self) -> str:
        """A digest that changes with any part of the shape."""
        parts = [self.user_pool, self.mfa, self.client, self.table, self.time_to_live]
        text = json.dumps([*parts, self.policy("")], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _attribute(name: str, *, required: bool, maximum: int) -> dict[str, Any]:
    return {
        "Name": name,
        "AttributeDataType": "String",
        "Mutable": True,
        "Required": required,
        "StringAttributeConstraints": {"MinLength": "0", "MaxLength": str(maximum)},
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _allow(sid: str, service: str, actions: tuple[str, ...], arns: list[str]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions],
        "Resource": arns,
    }
