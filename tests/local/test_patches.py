"""Each strictness patch, beside the unpatched emulator that lacks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pyotp
import pytest
from botocore.exceptions import ClientError

from local.emulator import Emulator, start_embedded
from local.shape import MAIL_SENDER
from tests.local.customer import Customer

pytestmark = pytest.mark.usefixtures("only_ministack")
NEW_PASSWORD = "a new pass phrase"


@pytest.fixture(scope="module")
def lenient() -> Iterator[Emulator]:
    """The emulator as ministack ships it."""
    with start_embedded(strict=False) as emulator:
        yield emulator


@pytest.fixture(params=["strict", "lenient"])
def emulator(
    request: pytest.FixtureRequest, aws: Emulator, lenient: Emulator
) -> tuple[Emulator, bool]:
    """The patched and the unpatched emulator, and whether it is the patched one."""
    lenient.reset()
    return (aws, True) if request.param == "strict" else (lenient, False)


def outcome(call: Any, *arguments: Any, **members: Any) -> str:
    """Return the error code of a call, or "done"."""
    try:
        call(*arguments, **members)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def confirmed(aws: Emulator, address: str = "ada@example.com") -> Customer:
    customer = Customer(aws, address)
    customer.sign_up()
    customer.confirm(aws.code_for(address))
    return customer


def enrolled(aws: Emulator, address: str = "ada@example.com") -> tuple[Customer, pyotp.TOTP, str]:
    """Return a customer with a software token, the token, and the code that enrolled it."""
    customer = confirmed(aws, address)
    token = customer.sign_in()["AuthenticationResult"]["AccessToken"]
    secret = customer.cognito.associate_software_token(AccessToken=token)["SecretCode"]
    totp = pyotp.TOTP(secret)
    code = totp.now()
    customer.cognito.verify_software_token(AccessToken=token, UserCode=code)
    return customer, totp, code


def next_code(totp: pyotp.TOTP) -> str:
    """Return the code of the following step, which is accepted already."""
    return totp.at(int(time.time()) + 30)


def test_codes_are_random(emulator: tuple[Emulator, bool]) -> None:
    """Twenty sign-ups are mailed different codes, not 123456."""
    aws, strict = emulator
    for number in range(20):
        Customer(aws, f"user{number}@example.com").sign_up()

    codes = {mail["code"] for mail in aws.mails()}

    assert (len(codes) > 15) is strict
    assert ("123456" in codes) is not strict


def test_a_newer_code_replaces_the_older(emulator: tuple[Emulator, bool]) -> None:
    """After a resend only the last mail counts."""
    aws, strict = emulator
    ada = Customer(aws, "ada@example.com")
    ada.sign_up()
    old = aws.code_for(ada.address)
    ada.cognito.resend_confirmation_code(**ada.identity)

    assert outcome(ada.confirm, old) == ("CodeMismatchException" if strict else "done")


@pytest.mark.parametrize(("age", "expired"), [(23 * 3600, False), (25 * 3600, True)])
def test_a_confirmation_code_expires_after_a_day(
    emulator: tuple[Emulator, bool], age: int, expired: bool
) -> None:
    """The unpatched emulator keeps no time with a code, so its codes cannot age."""
    aws, strict = emulator
    ada = Customer(aws, "ada@example.com")
    ada.sign_up()
    aws.age_codes(age)

    result = outcome(ada.confirm, aws.code_for(ada.address))

    assert result == ("ExpiredCodeException" if expired and strict else "done")


@pytest.mark.parametrize(("age", "expired"), [(3000, False), (4000, True)])
def test_a_reset_code_expires_after_an_hour(
    emulator: tuple[Emulator, bool], age: int, expired: bool
) -> None:
    """The unpatched emulator keeps no time with a code, so its codes cannot age."""
    aws, strict = emulator
    ada = confirmed(aws)
    ada.cognito.forgot_password(**ada.identity)
    aws.age_codes(age)

    result = outcome(reset, ada, aws.code_for(ada.address))

    assert result == ("ExpiredCodeException" if expired and strict else "done")


def reset(customer: Customer, code: str) -> None:
    customer.cognito.confirm_forgot_password(
        **customer.identity, ConfirmationCode=code, Password=NEW_PASSWORD
    )


def test_a_wrong_code_is_a_mismatch_and_leaves_the_right_one_valid(aws: Emulator) -> None:
    """ministack has this already; the suite relies on it."""
    ada = Customer(aws, "ada@example.com")
    ada.sign_up()
    right = aws.code_for(ada.address)
    wrong = f"{(int(right) + 1) % 10**6:06d}"

    assert outcome(ada.confirm, wrong) == "CodeMismatchException"
    assert outcome(ada.confirm, right) == "done"


def test_a_reset_code_works_once_even_for_two_at_one_moment(aws: Emulator) -> None:
    """Ten threads use one code; one of them resets the password."""
    ada = confirmed(aws)
    ada.cognito.forgot_password(**ada.identity)
    code, results = aws.code_for(ada.address), list[str]()
    threads = [
        threading.Thread(target=lambda: results.append(outcome(reset, ada, code)))
        for _ in range(10)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["ExpiredCodeException"] * 9 + ["done"]


def test_confirming_verifies_the_address(emulator: tuple[Emulator, bool]) -> None:
    """The user attribute says what the mailed code proved."""
    aws, strict = emulator
    ada = confirmed(aws)

    user = ada.cognito.admin_get_user(UserPoolId=ada.pool, Username=ada.address)

    known = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert (known.get("email_verified") == "true") is strict


def test_nothing_is_resent_to_a_confirmed_user(emulator: tuple[Emulator, bool]) -> None:
    """There is nothing left to confirm."""
    aws, strict = emulator
    ada = confirmed(aws)

    result = outcome(ada.cognito.resend_confirmation_code, **ada.identity)

    assert result == ("InvalidParameterException" if strict else "done")


def test_a_reset_needs_a_verified_address(emulator: tuple[Emulator, bool]) -> None:
    """Who never confirmed the address is mailed no reset code."""
    aws, strict = emulator
    ada = Customer(aws, "ada@example.com")
    ada.sign_up()

    result = outcome(ada.cognito.forgot_password, **ada.identity)

    assert result == ("InvalidParameterException" if strict else "done")


def test_a_made_up_mfa_session_is_refused(emulator: tuple[Emulator, bool]) -> None:
    """The right code is worth nothing without the password's session."""
    aws, strict = emulator
    ada, totp, _ = enrolled(aws)

    result = outcome(ada.answer_challenge, "made-up-session-of-some-length", next_code(totp))

    assert result == ("NotAuthorizedException" if strict else "done")


def test_the_mfa_session_of_one_user_does_not_serve_another(
    emulator: tuple[Emulator, bool],
) -> None:
    """A session is bound to whoever gave the password."""
    aws, strict = emulator
    ada, _, _ = enrolled(aws)
    eve, totp, _ = enrolled(aws, "eve@example.com")
    session = ada.sign_in()["Session"]

    result = outcome(eve.answer_challenge, session, next_code(totp))

    assert result == ("NotAuthorizedException" if strict else "done")


def test_a_totp_code_signs_in_once(emulator: tuple[Emulator, bool]) -> None:
    """Neither the code that enrolled nor the one that signed in is taken again."""
    aws, strict = emulator
    ada, totp, enrolling = enrolled(aws)
    code = next_code(totp)
    refused = "ExpiredCodeException" if strict else "done"

    assert outcome(ada.answer_challenge, ada.sign_in()["Session"], enrolling) == refused
    assert outcome(ada.answer_challenge, ada.sign_in()["Session"], code) == "done"
    assert outcome(ada.answer_challenge, ada.sign_in()["Session"], code) == refused


def test_an_mfa_session_survives_a_wrong_code_and_works_once(aws: Emulator) -> None:
    """A typing error does not send the user back to the password."""
    ada, totp, _ = enrolled(aws)
    session, code = ada.sign_in()["Session"], next_code(totp)

    assert outcome(ada.answer_challenge, session, "000000") == "CodeMismatchException"
    assert outcome(ada.answer_challenge, session, code) == "done"
    assert outcome(ada.answer_challenge, session, code) == "NotAuthorizedException"


def test_a_policy_on_the_identity_allows_its_mails(emulator: tuple[Emulator, bool]) -> None:
    """SES asks for the identity a mail is from; unpatched, only a policy on `*` would do."""
    aws, strict = emulator

    def mail(role: str, sender: str = MAIL_SENDER) -> str:
        of = aws.roles[role]
        session = boto3.Session(of["AWS_ACCESS_KEY_ID"], of["AWS_SECRET_ACCESS_KEY"])
        ses = session.client("sesv2", endpoint_url=aws.endpoint, region_name=of["AWS_REGION"])
        text = {"Data": "Hello"}
        return outcome(
            ses.send_email,
            FromEmailAddress=sender,
            Destination={"ToAddresses": ["ada@example.com"]},
            Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
        )

    assert mail("api-handler") == ("done" if strict else "AccessDeniedException")
    assert mail("api-handler", "no-reply@elsewhere.example") == "AccessDeniedException"
    assert mail("reconciler") == "AccessDeniedException"
