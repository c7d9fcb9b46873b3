"""User pool, client, table and policy: one shape for the embedded AWS and for Terraform.

Each mapping is the request of the AWS operation that makes the thing, so that a test can compare
it with what Terraform plans. Source: the API references of CreateUserPool, CreateUserPoolClient and
CreateTable. The policies are the very files that Terraform deploys.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from string import Template
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

# The documents of the deployed roles; each of them is a principal of the embedded AWS too.
POLICIES = Path(__file__).resolve().parent.parent / "infra" / "service" / "policies"
DOCUMENTS = {"api-handler": ("api-handler", "mail"), "reconciler": ("reconciler",)}
ROLES = tuple(DOCUMENTS)

# What our own mails come from; Cognito has a sender of its own.
MAIL_DOMAIN = "lifestyle.example"
MAIL_SENDER = f"no-reply@{MAIL_DOMAIN}"


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

    def principal(self, role: str) -> str:
        """Name of who has a role's policy: a Lambda role in the cloud, an IAM user here."""
        return f"{role}-{self.environment}"

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
            "VerificationMessageTemplate": {
                "DefaultEmailOption": "CONFIRM_WITH_CODE",
                "EmailSubject": "Your confirmation code",
                "EmailMessage": "Your confirmation code is {####}.",
            },
            "UserPoolTier": "LITE",
            "DeletionProtection": "ACTIVE" if self.environment == "prod" else "INACTIVE",
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

    def policy(self, name: str, pool_arn: str) -> str:
        """Return an IAM policy document as it is deployed, for the resources made here."""
        table = f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.table_name}"
        secrets = f"arn:aws:ssm:{self.region}:{self.account}:parameter/{self.principal(name)}/*"
        identity = f"arn:aws:ses:{self.region}:{self.account}:identity/{MAIL_DOMAIN}"
        template = Template((POLICIES / f"{name}.json.tftpl").read_text())
        return template.substitute(
            pool_arn=pool_arn, table_arn=table, secrets_arn=secrets, identity_arn=identity
        )

    @property
    def fingerprint(self) -> str:
        """A digest that changes with any part of the shape."""
        parts = [self.user_pool, self.mfa, self.client, self.table, self.time_to_live]
        policies = [self.policy(name, "") for names in DOCUMENTS.values() for name in names]
        text = json.dumps([*parts, *policies, MAIL_SENDER], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
