"""Secrets from the Parameter Store: read once, checked, and never shown."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from service.aws.secrets import with_secrets
from service.settings import SettingsError

NAME = "/lifestyle/dev/secrets"
ENVIRONMENT = {"SECRETS_PARAMETER": NAME, "AWS_REGION": "us-east-1", "LOG_LEVEL": "INFO"}
SECRETS = {"COGNITO_CLIENT_SECRET": "canary-secret", "SEALING_KEYS": "k1:canary-key"}


@pytest.fixture
def stubber() -> Iterator[Stubber]:
    """A Parameter Store that answers as the test says."""
    client = botocore.session.Session().create_client(
        "ssm", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as answers:
        yield answers


def holds(stubber: Stubber, value: str) -> Any:
    stubber.add_response(
        "get_parameter", {"Parameter": {"Value": value}}, {"Name": NAME, "WithDecryption": True}
    )
    return stubber.client


def test_an_environment_without_a_parameter_is_left_as_it_is() -> None:
    """Nothing is asked of AWS."""
    environment = {"COGNITO_CLIENT_SECRET": "from the environment"}

    assert with_secrets(environment) is environment


def test_the_secrets_join_the_environment(stubber: Stubber) -> None:
    """Both are there afterwards, with everything else."""
    client = holds(stubber, json.dumps(SECRETS))

    assert with_secrets(ENVIRONMENT, client) == {**ENVIRONMENT, **SECRETS}


@pytest.mark.parametrize(
    "value",
    ["", "canary-secret", "[]", '"canary-secret"', '{"SEALING_KEYS": 7}',
     '{"SEALING_KEYS": ["canary-key"]}', '{"COGNITO_CLIENT_SECRET": null}'],
)  # fmt: skip
def test_a_parameter_that_is_no_object_of_strings_stops_the_start(
    stubber: Stubber, value: str
) -> None:
    """The message names the variable and the parameter and nothing of what it holds."""
    with pytest.raises(SettingsError) as refused:
        with_secrets(ENVIRONMENT, holds(stubber, value))

    shown = "".join(traceback.format_exception(refused.value))
    assert "SECRETS_PARAMETER" in shown
    assert NAME in shown
    assert "canary" not in shown


def test_a_parameter_cannot_set_anything_else(stubber: Stubber) -> None:
    """Who may write the parameter does not thereby choose the pool or the table."""
    value = json.dumps({**SECRETS, "USERS_TABLE": "canary-table"})

    with pytest.raises(SettingsError, match="USERS_TABLE") as refused:
        with_secrets(ENVIRONMENT, holds(stubber, value))

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("code", ["ParameterNotFound", "AccessDeniedException"])
def test_a_parameter_that_cannot_be_read_stops_the_start(stubber: Stubber, code: str) -> None:
    """The message names the code and the operation."""
    stubber.add_client_error("get_parameter", code, "canary words of AWS")

    with pytest.raises(SettingsError, match=code) as refused:
        with_secrets(ENVIRONMENT, stubber.client)

    assert "canary" not in "".join(traceback.format_exception(refused.value))
