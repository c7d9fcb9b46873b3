"""Every example of the contract: requests are sent to the service, responses are validated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.api.conftest import CONTRACT, PASSWORD, Api
from tests.authenticator import Authenticator

DOCUMENT = yaml.safe_load(CONTRACT.read_text())
METHODS = {"get", "post", "put", "patch", "delete"}
NEEDS_A_SESSION = {
    "refreshToken",
    "updateUserProfile",
    "changePassword",
    "changeEmail",
    "verifyNewEmail",
    "deleteUser",
}


def resolved(node: Any) -> Any:
    """Follow a `$ref` of the contract."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in sorted(METHODS & item.keys()):
            yield path, method.upper(), item[method]


def examples(content: dict[str, Any]) -> dict[str, Any]:
    """Return the examples of a media type by name."""
    if "example" in content:
        return {"example": content["example"]}
    return {name: each["value"] for name, each in content.get("examples", {}).items()}


REQUESTS = [
    pytest.param(method, path, operation, value, id=f"{operation['operationId']} {name}")
    for path, method, operation in operations()
    if "requestBody" in operation
    for name, value in examples(operation["requestBody"]["content"]["application/json"]).items()
]
RESPONSES = [
    pytest.param(
        operation["operationId"],
        status,
        media,
        value,
        id=f"{operation['operationId']} {status} {name}",
    )
    for _, _, operation in operations()
    for status, response in operation["responses"].items()
    for media, content in resolved(response).get("content", {}).items()
    for name, value in examples(content).items()
]


def completed(api: Api, operation_id: str, example: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """Make the world the example speaks of; put the code and token of this world into it."""
    if operation_id in {"verifyEmail", "confirmPasswordReset"}:
        api.register(example["email"])
        if operation_id == "confirmPasswordReset":
            api.verify(example["email"])
            api.forgot(example["email"])
        return {**example, "code": api.aws.code_for(example["email"])}, {}
    if operation_id == "loginUser":
        api.verified(example["email"], example["password"])
    if operation_id in NEEDS_A_SESSION:
        session = api.signed_in(password=PASSWORD)
        if operation_id == "verifyNewEmail":
            api.change_email(session, "new@example.com")
            return {"code": api.aws.code_for("new@example.com")}, session.headers
        if operation_id == "refreshToken":
            return {"refreshToken": session.refresh_token}, {}
        return example, session.headers
    if operation_id in MFA:
        return MFA[operation_id](api, example)
    return example, {}


def with_mfa_session(api: Api, example: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    authenticator, recovery_codes = api.enrol(api.signed_in())
    world = {
        "sessionToken": api.challenged(),
        "code": authenticator.code(),
        "recoveryCode": recovery_codes[0],
    }
    return {name: world[name] for name in example}, {}


def with_setup(api: Api, example: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    session = api.signed_in()
    setup = api.post("/auth/mfa/setup", headers=session.headers).json()
    return {**example, "code": Authenticator(setup["otpauthUri"]).code()}, session.headers


def with_mfa_on(api: Api, example: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    session = api.signed_in()
    api.enrol(session)
    return example, session.headers


MFA = {
    "verifyMfa": with_mfa_session,
    "recoverMfa": with_mfa_session,
    "verifyMfaSetup": with_setup,
    "disableMfa": with_mfa_on,
    "regenerateRecoveryCodes": with_mfa_on,
}


@pytest.mark.parametrize(("method", "path", "operation", "example"), REQUESTS)
def test_an_example_request_succeeds(
    api: Api, method: str, path: str, operation: dict[str, Any], example: dict[str, Any]
) -> None:
    """What a reader copies works; only a code and a token have to be this world's."""
    body, headers = completed(api, operation["operationId"], example)

    response = api.request(method, path, json=body, headers=headers)

    assert response.is_success, response.text
    assert str(response.status_code) in operation["responses"]


@pytest.mark.parametrize(("operation", "status", "media", "example"), RESPONSES)
def test_an_example_response_is_valid(
    bundle: dict[str, Any], operation: str, status: str, media: str, example: Any
) -> None:
    """By the very schema that responses are held to; a problem's title and status by x-problems."""
    declared = bundle["operations"][operation]["responses"][status]

    assert declared["mediaType"] == media
    schema = bundle["schemas"][declared["schema"]]
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(example)
    if "problem" in media:
        problem = DOCUMENT["x-problems"][example["code"]]
        assert (example["title"], example["status"]) == (problem["title"], problem["status"])
        assert example["status"] == int(status)
        assert example["code"] in declared["codes"]


def test_every_operation_has_examples_both_ways() -> None:
    """A request with a body has one, and so has every response with content."""
    for _, _, operation in operations():
        if "requestBody" in operation:
            assert examples(operation["requestBody"]["content"]["application/json"])
        for response in operation["responses"].values():
            for content in resolved(response).get("content", {}).values():
                assert examples(content)
