"""The AWS clients, with every timeout and retry written down; importing connects to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient

    from service.aws.mail import MailClient

# Everything this service asks of AWS. `trim` keeps these operations of the service models, and
# the role of the function is compared with them.
OPERATIONS = {
    "cognito-idp": (
        "AdminDeleteUser",
        "AdminGetUser",
        "AdminInitiateAuth",
        "AdminRespondToAuthChallenge",
        "AdminSetUserMFAPreference",
        "AdminSetUserPassword",
        "AdminUpdateUserAttributes",
        "AdminUserGlobalSignOut",
        "AssociateSoftwareToken",
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "DescribeUserPool",
        "ForgotPassword",
        "ListUsers",
        "ResendConfirmationCode",
        "RevokeToken",
        "SignUp",
        "VerifySoftwareToken",
    ),
    "dynamodb": (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "sesv2": ("SendEmail",),
    "ssm": ("GetParameter",),
}

# In seconds. A client of ours gives up after 10, Lambda after 29 (docs/decisions/0030-timeouts.md).
CONNECT_TIMEOUT = 1.0
DIRECTORY_READ_TIMEOUT = 3.0
TABLE_READ_TIMEOUT = 1.5
MAIL_READ_TIMEOUT = 1.5
# SignUp is not idempotent and the SDK cannot tell calls apart, so it repeats none of Cognito's.
DIRECTORY_ATTEMPTS = 1
TABLE_ATTEMPTS = 2
# A mail that comes twice does less harm than one that never comes.
MAIL_ATTEMPTS = 2
# As many as the server has threads for handlers, so that none waits for a connection.
POOL_CONNECTIONS = 128
# Written by `trim` at build time, not kept in the repository.
MODELS = Path(__file__).with_name("models")
MODELS_VERSION = "botocore-version"


@dataclass(frozen=True, slots=True)
class Clients:
    """The low-level clients all adapters share; all are safe to use from many threads."""

    cognito: CognitoIdentityProviderClient
    dynamodb: DynamoDBClient
    mail: MailClient


def connect(region: str, models: Path = MODELS) -> Clients:
    """Make the clients and send nothing; botocore finds credentials and AWS_ENDPOINT_URL."""
    session = new_session(models)
    return Clients(
        cognito=cast(
            "CognitoIdentityProviderClient",
            session.create_client(
                "cognito-idp",
                region_name=region,
                config=client_config(DIRECTORY_READ_TIMEOUT, DIRECTORY_ATTEMPTS),
            ),
        ),
        dynamodb=cast(
            "DynamoDBClient",
            session.create_client(
                "dynamodb",
                region_name=region,
                config=client_config(TABLE_READ_TIMEOUT, TABLE_ATTEMPTS),
            ),
        ),
        mail=cast(
            "MailClient",
            session.create_client(
                "sesv2",
                region_name=region,
                config=client_config(MAIL_READ_TIMEOUT, MAIL_ATTEMPTS),
            ),
        ),
    )


def new_session(models: Path = MODELS) -> botocore.session.Session:
    """Return a session on the trimmed service models, where they were built for this botocore."""
    session = botocore.session.Session()
    version = models / MODELS_VERSION
    if version.is_file() and version.read_text() == botocore.__version__:
        loader = Loader(extra_search_paths=[str(models)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    return session


def client_config(read_timeout: float, attempts: int) -> Config:
    """Return the settings of a client; `read_timeout` in seconds."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=POOL_CONNECTIONS,
        # The adapters are typed and tested against the models; checking each call again costs
        # time, and its errors quote the values.
        parameter_validation=False,
        tcp_keepalive=True,
    )
