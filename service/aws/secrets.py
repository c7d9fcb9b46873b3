"""Secrets from the Parameter Store, read once at start, so that no environment holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from service.aws import clients
from service.aws.errors import NO_ANSWER, redacted
from service.settings import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECRET_NAMES = frozenset({"COGNITO_CLIENT_SECRET", "SEALING_KEYS"})


def with_secrets(
    environment: Mapping[str, str], client: SSMClient | None = None
) -> Mapping[str, str]:
    """Return the environment with the secrets that SECRETS_PARAMETER names, if it names any.

    Raises `SettingsError` without a word of what the parameter holds.
    """
    name = environment.get("SECRETS_PARAMETER")
    if not name:
        return environment
    document = _read(client or _connect(environment.get("AWS_REGION", "")), name)
    return {**environment, **_parsed(document, name)}


def _connect(region: str) -> SSMClient:
    config = clients.client_config(clients.DIRECTORY_READ_TIMEOUT, 3)
    session = clients.new_session()
    return cast("SSMClient", session.create_client("ssm", region_name=region, config=config))


def _read(client: SSMClient, name: str) -> str:
    try:
        return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        raise SettingsError(f"SECRETS_PARAMETER: {redacted(error)}") from error
    except NO_ANSWER as error:
        raise SettingsError(f"SECRETS_PARAMETER: {type(error).__name__}") from None


def _parsed(document: str, name: str) -> dict[str, str]:
    try:
        values: Any = json.loads(document)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SettingsError(f"SECRETS_PARAMETER: {name} is not a JSON object of strings")
    if surplus := values.keys() - SECRET_NAMES:
        raise SettingsError(f"SECRETS_PARAMETER: {name} also holds {', '.join(sorted(surplus))}")
    return values
