"""What every peer has to do for a request, whatever its framework: AWS calls, token, log line.

Each is what our own service does too, without what only we do (secret hash, session row, outbox).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

ISSUER = os.environ["TOKEN_ISSUER"]
CLIENT_ID = os.environ["COGNITO_CLIENT_ID"]
TABLE = os.environ["USERS_TABLE"]

PROFILE = {
    "userId": "0b7c2f5e-6a43-4c1e-8c57-2f4f8c3f9a10",
    "email": "ada@example.com",
    "emailVerified": True,
    "firstName": "Ada",
    "lastName": "O'Brien",
    "mfaEnabled": False,
    "phoneNumber": "+35315550100",
    "dateOfBirth": "1990-12-10",
    "timezone": "Europe/Dublin",
    "createdAt": "2026-11-22T09:30:00Z",
    "updatedAt": "2026-11-22T09:31:00Z",
}
PLAN_ID = "5a0c2f5e-6a43-4c1e-8c57-2f4f8c3f9a11"
CREATED_AT = "2026-11-22T09:30:00Z"
WINDOW = 900  # Seconds.
REGISTERED = "We have mailed you a code. Verify your address with it."

logger = logging.getLogger("peer")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(logging.StreamHandler(sys.stdout))


def log_line(request_id: str, method: str, route: str, status: int, started: float) -> None:
    """Write the line that our service writes for a finished request."""
    line = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "INFO",
        "logger": "peer",
        "message": "request",
        "requestId": request_id,
        "method": method,
        "route": route,
        "status": status,
        "durationMs": round((time.perf_counter() - started) * 1000, 3),
    }
    logger.info(json.dumps(line))


class Accounts:
    """The four calls of a registration, on the two clients made as boto3's documentation shows."""

    def __init__(self) -> None:
        import boto3

        self.cognito = boto3.client("cognito-idp")
        self.dynamodb = boto3.client("dynamodb")

    def register(self, email: str, password: str, first: str, last: str) -> str:
        """Count the attempt, sign up, write profile and uniqueness row; return the user's id."""
        self._count("register.source", "192.0.2.1")
        self._count("register.account", email)
        answer = self.cognito.sign_up(
            ClientId=CLIENT_ID,
            Username=email,
            Password=password,
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "given_name", "Value": first},
                {"Name": "family_name", "Value": last},
            ],
        )
        user_id: str = answer["UserSub"]
        profile = {
            "pk": {"S": f"USER#{user_id}"},
            "sk": {"S": f"USER#{user_id}"},
            "email": {"S": email},
            "firstName": {"S": first},
            "lastName": {"S": last},
        }
        guard = {"pk": {"S": f"EMAIL#{email}"}, "sk": {"S": f"EMAIL#{email}"}}
        condition = "attribute_not_exists(pk)"
        puts = [
            {"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": condition}}
            for item in (profile, guard)
        ]
        self.dynamodb.transact_write_items(TransactItems=puts)
        return user_id

    def _count(self, counter: str, subject: str) -> None:
        window = int(time.time()) // WINDOW * WINDOW + WINDOW
        self.dynamodb.update_item(
            TableName=TABLE,
            Key={"pk": {"S": f"LIMIT#{counter}#{subject}"}, "sk": {"S": str(window)}},
            UpdateExpression="SET expiresAt = :end ADD used :one",
            ConditionExpression="attribute_not_exists(used) OR used < :quota",
            ExpressionAttributeValues={
                ":end": {"N": str(window)},
                ":one": {"N": "1"},
                ":quota": {"N": "100"},
            },
            ReturnValues="ALL_NEW",
        )


class Tokens:
    """Verification of an access token as PyJWT's documentation shows."""

    def __init__(self) -> None:
        import jwt

        self.jwt = jwt
        self.keys = jwt.PyJWKClient(os.environ["JWKS_URL"])

    def verify(self, token: str) -> dict[str, Any]:
        """Return the claims. Raises jwt.PyJWTError."""
        key = self.keys.get_signing_key_from_jwt(token)
        claims: dict[str, Any] = self.jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            issuer=ISSUER,
            options={"verify_aud": False, "require": ["exp", "iat", "iss", "sub"]},
        )
        if claims["token_use"] != "access" or claims["client_id"] != CLIENT_ID:
            raise self.jwt.InvalidTokenError
        return claims
