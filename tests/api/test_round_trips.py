"""AWS calls per operation: the budget, and nothing above it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from service.aws.clients import Clients
from service.operations import OPERATIONS
from tests.api.conftest import PASSWORD, Api, SignedIn
from tests.authenticator import Authenticator
from tests.aws_calls import recording

SIGN_UP, CONFIRM = "cognito-idp:SignUp", "cognito-idp:ConfirmSignUp"
SIGN_IN, REVOKE = "cognito-idp:AdminInitiateAuth", "cognito-idp:RevokeToken"
GET, PUT, UPDATE = "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"
DELETE, BATCH = "dynamodb:DeleteItem", "dynamodb:BatchGetItem"
TRANSACT = "dynamodb:TransactWriteItems"
QUERY, WRITE = "dynamodb:Query", "dynamodb:BatchWriteItem"
SIGN_OUT, ANSWER = "cognito-idp:AdminUserGlobalSignOut", "cognito-idp:AdminRespondToAuthChallenge"
ASSOCIATE, PROVE = "cognito-idp:AssociateSoftwareToken", "cognito-idp:VerifySoftwareToken"
PREFER, MAIL = "cognito-idp:AdminSetUserMFAPreference", "sesv2:SendEmail"
DELETE_USER = "cognito-idp:AdminDeleteUser"
# By source address, then by account; operations of handlers/limiting.py and no others.
LIMITS = [UPDATE, UPDATE]

SET, FIND = "cognito-idp:AdminSetUserPassword", "cognito-idp:AdminGetUser"
FORGOT, RESET = "cognito-idp:ForgotPassword", "cognito-idp:ConfirmForgotPassword"
MAIL = "sesv2:SendEmail"
SET_EMAIL = "cognito-idp:AdminUpdateUserAttributes"

BUDGET: dict[str, list[str]] = {
    "getHealth": [],
    "getReadiness": ["cognito-idp:DescribeUserPool", GET],
    "registerUser": [*LIMITS, SIGN_UP, TRANSACT],
    "verifyEmail": [*LIMITS, CONFIRM, GET, UPDATE],
    "resendVerification": [*LIMITS, "cognito-idp:ResendConfirmationCode"],
    "loginUser": [*LIMITS, SIGN_IN, GET, PUT],
    "refreshToken": [SIGN_IN, UPDATE],
    "logoutUser": [DELETE, REVOKE],
    "listSessions": [BATCH, QUERY],
    "revokeSession": [BATCH, DELETE, REVOKE],
    "logoutEverywhere": [BATCH, QUERY, WRITE, SIGN_OUT],
    "verifyMfa": [*LIMITS, PUT, ANSWER, GET, PUT],
    "recoverMfa": [*LIMITS, GET, PREFER, QUERY, WRITE, SIGN_OUT, TRANSACT, MAIL],
    "setupMfa": [BATCH, ASSOCIATE],
    "verifyMfaSetup": [*LIMITS, BATCH, PUT, PROVE, TRANSACT, PREFER, QUERY, MAIL],
    "disableMfa": [*LIMITS, BATCH, SIGN_IN, PREFER, QUERY, TRANSACT, MAIL],
    "regenerateRecoveryCodes": [*LIMITS, BATCH, SIGN_IN, QUERY, PUT, MAIL],
    "requestPasswordReset": [*LIMITS, FORGOT],
    "confirmPasswordReset": [*LIMITS, RESET, FIND, QUERY, WRITE, SIGN_OUT, MAIL],
    "changePassword": [*LIMITS, BATCH, SIGN_IN, REVOKE, QUERY, SET, QUERY, MAIL],
    "getUserProfile": [BATCH],
    "updateUserProfile": [BATCH, PUT],
    "deleteUser": [*LIMITS, BATCH, SIGN_IN, REVOKE, TRANSACT, DELETE_USER, QUERY, WRITE, DELETE],
    "exportUserData": [BATCH, QUERY],
    "changeEmail": [*LIMITS, BATCH, SIGN_IN, REVOKE, FIND, GET, PUT, MAIL],
    "verifyNewEmail": [*LIMITS, BATCH, UPDATE, FIND, GET, TRANSACT, FIND, SET_EMAIL, DELETE, MAIL],
}


def arranged(api: Api, operation: str) -> Callable[[], object]:
    """Make the world that an operation needs and return the operation."""
    if operation in {"verifyEmail", "resendVerification"}:
        api.register()
        code = api.aws.code_for("ada@example.com")
        send = {
            "verifyEmail": lambda: api.verify(code=code),
            "resendVerification": lambda: api.post(
                "/auth/email/resend", {"email": "ada@example.com"}
            ),
        }
        return send[operation]
    if operation == "registerUser":
        return api.register
    if operation in {"getHealth", "getReadiness"}:
        return lambda: api.get("/health" if operation == "getHealth" else "/health/ready")
    session = api.signed_in()
    if "Mfa" in operation or "Recovery" in operation:
        return with_authenticator(api, operation, session)
    return with_session(api, operation, session)


def with_authenticator(api: Api, operation: str, session: SignedIn) -> Callable[[], object]:
    post = partial(api.post, headers=session.headers)
    if operation == "setupMfa":
        return lambda: post("/auth/mfa/setup")
    if operation == "verifyMfaSetup":
        code = Authenticator(post("/auth/mfa/setup").json()["otpauthUri"]).code()
        return lambda: post("/auth/mfa/verify-setup", {"code": code})
    authenticator, recovery_codes = api.enrol(session)
    if operation in {"verifyMfa", "recoverMfa"}:
        token, code = api.challenged(), authenticator.code()
        recovery = {"sessionToken": token, "recoveryCode": recovery_codes[0]}
        return {
            "verifyMfa": lambda: api.second_step(token, code),
            "recoverMfa": lambda: api.post("/auth/mfa/recover", recovery),
        }[operation]
    path = {"disableMfa": "disable", "regenerateRecoveryCodes": "recovery-codes"}[operation]
    return lambda: post(f"/auth/mfa/{path}", {"password": PASSWORD})


def with_session(api: Api, operation: str, session: SignedIn) -> Callable[[], object]:
    api.profile(session)  # The JWKS is fetched now.
    if operation == "confirmPasswordReset":
        api.forgot()
    code = ""
    if operation == "verifyNewEmail":
        api.change_email(session, "new@example.com")
        code = api.aws.code_for("new@example.com")
    return {
        "requestPasswordReset": api.forgot,
        "confirmPasswordReset": lambda: api.reset("a brand new phrase"),
        "changePassword": lambda: api.change_password(session, "a brand new phrase"),
        "loginUser": api.login,
        "refreshToken": lambda: api.refresh(session.refresh_token),
        "logoutUser": lambda: api.logout(session),
        "listSessions": lambda: api.sessions(session),
        "revokeSession": lambda: api.revoke(session, session.session_id),
        "logoutEverywhere": lambda: api.logout_all(session),
        "getUserProfile": lambda: api.profile(session),
        "exportUserData": lambda: api.export(session),
        "changeEmail": lambda: api.change_email(session, "new@example.com"),
        "verifyNewEmail": lambda: api.verify_new_email(session, code),
        "deleteUser": lambda: api.delete(session),
        "updateUserProfile": lambda: api.change(session, {"firstName": "Augusta"}),
    }[operation]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_keeps_to_its_budget(api: Api, clients: Clients, operation: str) -> None:
    """Each call by name; what runs side by side may come in either order."""
    act = arranged(api, operation)

    with recording(clients) as calls:
        response = act()

    assert response.is_success
    assert sorted(calls.names) == sorted(BUDGET[operation])


def test_a_refused_request_costs_no_more(api: Api, clients: Clients) -> None:
    """A wrong password, a wrong code and a taken address are cheap."""
    session = api.signed_in()
    with recording(clients) as calls:
        api.login(password="a wrong password")
        api.verify(code="000000")
        api.register()
        api.logout(session)
        api.logout(session)

    assert calls.names[:6] == [*LIMITS, SIGN_IN, *LIMITS, CONFIRM]
    assert calls.names[6:8] == LIMITS
    assert sorted(calls.names[8:11]) == ["cognito-idp:AdminGetUser", SIGN_UP, GET]
    assert calls.names[11:] == [DELETE, REVOKE, DELETE]


def test_a_key_costs_two_writes_and_its_replay_one(api: Api, clients: Clients) -> None:
    """The key is taken before and completed after; a replay finds it with the same call."""
    key = {"Idempotency-Key": "0123456789abcdef"}
    with recording(clients) as first:
        api.register_with(key)
    with recording(clients) as replay:
        api.register_with(key)

    assert first.names == [*LIMITS, PUT, SIGN_UP, TRANSACT, UPDATE]
    assert replay.names == [*LIMITS, PUT]
