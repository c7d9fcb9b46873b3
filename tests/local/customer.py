"""A person who uses Cognito through the service's client, as the service would."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import boto3

from local.emulator import Emulator
from local.provision import ROOT_KEY

PASSWORD = "correct horse battery"


class Customer:
    """Signs up, confirms and signs in by boto3, with the environment an emulator hands out."""

    def __init__(self, aws: Emulator, address: str, password: str = PASSWORD) -> None:
        self.address, self.password = address, password
        environment = aws.environment
        # As root: these tests are of Cognito's behaviour, not of what a role may call.
        session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=environment["AWS_REGION"])
        self.cognito = session.client("cognito-idp", endpoint_url=aws.endpoint)
        self.pool = environment["COGNITO_USER_POOL_ID"]
        self._client = environment["COGNITO_CLIENT_ID"]
        self._secret = environment["COGNITO_CLIENT_SECRET"]

    @property
    def identity(self) -> dict[str, str]:
        """The members that every unsigned request of this client carries."""
        message = (self.address + self._client).encode()
        digest = hmac.new(self._secret.encode(), message, hashlib.sha256).digest()
        secret_hash = base64.b64encode(digest).decode()
        return {"ClientId": self._client, "SecretHash": secret_hash, "Username": self.address}

    def sign_up(self) -> Any:
        attributes = [{"Name": "email", "Value": self.address}]
        return self.cognito.sign_up(
            **self.identity, Password=self.password, UserAttributes=attributes
        )

    def confirm(self, code: str) -> Any:
        return self.cognito.confirm_sign_up(**self.identity, ConfirmationCode=code)

    def sign_in(self) -> Any:
        return self.cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=self._client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={
                "USERNAME": self.address,
                "PASSWORD": self.password,
                "SECRET_HASH": self.identity["SecretHash"],
            },
        )

    def answer_challenge(self, session: str, code: str) -> Any:
        return self.cognito.admin_respond_to_auth_challenge(
            UserPoolId=self.pool,
            ClientId=self._client,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=session,
            ChallengeResponses={
                "USERNAME": self.address,
                "SOFTWARE_TOKEN_MFA_CODE": code,
                "SECRET_HASH": self.identity["SecretHash"],
            },
        )
