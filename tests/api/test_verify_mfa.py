"""verifyMfa."""

from __future__ import annotations

import pytest

from service.aws.accounts import DynamoAccounts
from service.aws.clients import Clients
from service.aws.table import Table
from service.aws.tokens import AeadSealer
from service.domain.ports import MfaClaims, utc_now
from service.domain.sessions import MFA_CHALLENGE_LIFETIME
from service.settings import Settings
from tests.api.conftest import ADA, BOB, Api, MovableClock, problem
from tests.aws_calls import recording
from tests.faults.harness import Fault, FaultInjector


def test_a_code_opens_a_session(api: Api) -> None:
    """The answer is that of a sign-in, and its tokens work."""
    authenticator, _ = api.enrol(api.signed_in())

    response = api.second_step(
        api.challenged(), authenticator.code(), headers={"User-Agent": "a phone"}
    )

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body.keys() == {
        "status", "accessToken", "refreshToken", "tokenType", "expiresIn", "user",
    }  # fmt: skip
    assert (body["status"], body["user"]["mfaEnabled"]) == ("SIGNED_IN", True)
    bearer = {"Authorization": f"Bearer {body['accessToken']}"}
    assert api.get("/users/profile", headers=bearer).json() == body["user"]
    assert api.refresh(body["refreshToken"]).status_code == 200


@pytest.mark.requirement(13)
def test_a_code_works_once(api: Api) -> None:
    """Neither in the same sign-in nor in another one."""
    authenticator, _ = api.enrol(api.signed_in())
    code, first, second = authenticator.code(), api.challenged(), api.challenged()
    assert api.second_step(first, code).status_code == 200

    problem(api.second_step(first, code), 400, "INVALID_CODE")
    problem(api.second_step(second, code), 400, "INVALID_CODE")

    assert api.second_step(second, authenticator.code()).status_code == 200


def test_a_wrong_code_leaves_the_token_usable(api: Api) -> None:
    """A typing error does not send anybody back to the password."""
    authenticator, _ = api.enrol(api.signed_in())
    token = api.challenged()

    problem(api.second_step(token, authenticator.wrong()), 400, "INVALID_CODE")

    assert api.second_step(token, authenticator.code()).status_code == 200


def test_a_token_opens_one_session(api: Api) -> None:
    """Another code does not open a second."""
    authenticator, _ = api.enrol(api.signed_in())
    token = api.challenged()
    assert api.second_step(token, authenticator.code()).status_code == 200

    problem(api.second_step(token, authenticator.code()), 401, "INVALID_MFA_SESSION")


@pytest.mark.requirement(15)
def test_the_token_of_one_user_takes_no_code_of_another(
    api: Api, settings: Settings, aws: object
) -> None:
    """Nor does a token in which the two are mixed, which only we could seal."""
    adas, _ = api.enrol(api.signed_in(ADA))
    bobs, _ = api.enrol(api.signed_in(BOB))
    token = api.challenged(ADA)
    sealer = AeadSealer(settings.sealing_keys)
    ada = sealer.open_mfa(token, utc_now())
    bob = sealer.open_mfa(api.challenged(BOB), utc_now())
    mixed = sealer.seal_mfa(
        MfaClaims(bob.user_id, BOB, ada.session), utc_now() + MFA_CHALLENGE_LIFETIME
    )

    problem(api.second_step(token, bobs.code()), 400, "INVALID_CODE")
    problem(api.second_step(mixed, bobs.code()), 401, "INVALID_MFA_SESSION")
    assert api.second_step(token, adas.code()).json()["user"]["email"] == ADA


@pytest.mark.requirement(11)
def test_a_token_is_over_after_three_minutes(api: Api, clock: MovableClock) -> None:
    """As the answer to the password said."""
    authenticator, _ = api.enrol(api.signed_in())
    answer = api.login().json()
    clock.advance(seconds=answer["expiresIn"] + 1)

    late = api.second_step(answer["sessionToken"], authenticator.code())

    problem(late, 401, "INVALID_MFA_SESSION")
    assert late.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.requirement(15)
@pytest.mark.parametrize("token", ["made-up", "k1.c2VhbGVkLXNlc3Npb24", "k1." + "A" * 4000])
def test_a_made_up_token_never_reaches_aws(api: Api, clients: Clients, token: str) -> None:
    """It is opened first, and nothing is called."""
    with recording(clients) as calls:
        problem(api.second_step(token, "123456"), 401, "INVALID_MFA_SESSION")

    assert calls.names == []


def test_a_token_made_for_something_else_is_none(api: Api, clients: Clients) -> None:
    """A refresh token is sealed with the same key, and is no token of a second step."""
    refresh_token = api.signed_in().refresh_token

    with recording(clients) as calls:
        problem(api.second_step(refresh_token, "123456"), 401, "INVALID_MFA_SESSION")

    assert calls.names == []


def test_the_profile_follows_cognito(api: Api, clients: Clients, settings: Settings) -> None:
    """A mark that was lost is set again when somebody signs in with a code."""
    session = api.signed_in()
    authenticator, _ = api.enrol(session)
    user_id = session.user["userId"]
    table = Table(clients.dynamodb, settings.table)
    key = f"USER#{user_id}", f"USER#{user_id}"
    table.update(key, "SET mfaEnabled = :no", "attribute_exists(pk)", no=False)

    signed_in = api.second_step(api.challenged(), authenticator.code()).json()

    assert signed_in["user"]["mfaEnabled"] is True
    assert DynamoAccounts(table).load(user_id).mfa_enabled


@pytest.mark.requirement(16)
def test_every_sign_in_has_tokens_of_its_own(api: Api) -> None:
    """With a second step too."""
    authenticator, _ = api.enrol(api.signed_in())

    one, two = (api.second_step(api.challenged(), authenticator.code()).json() for _ in "ab")

    assert one["accessToken"] != two["accessToken"]
    assert one["refreshToken"] != two["refreshToken"]


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 6])
def test_an_outage_of_any_call_is_503_and_signing_in_works_afterwards(
    api: Api, faults: FaultInjector, call: int
) -> None:
    """At worst the password has to be given again."""
    authenticator, _ = api.enrol(api.signed_in())
    token, code = api.challenged(), authenticator.code()
    with faults.injected(Fault(call, "before", "server-error")):
        problem(api.second_step(token, code), 503, "SERVICE_UNAVAILABLE")

    assert api.second_step(api.challenged(), authenticator.code()).status_code == 200


@pytest.mark.requirement(19)
def test_a_sign_in_that_was_begun_leaves_nothing_of_a_deleted_account(
    api: Api, clients: Clients, settings: Settings
) -> None:
    """Its code is refused, and no note that it was used brings the partition back."""
    session = api.signed_in()
    authenticator, _ = api.enrol(session)
    token = api.challenged()
    assert api.delete(session).status_code == 204

    problem(api.second_step(token, authenticator.code()), 401, "INVALID_MFA_SESSION")

    rows = clients.dynamodb.query(
        TableName=settings.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"USER#{session.user['userId']}"}},
    )
    assert rows["Items"] == []
