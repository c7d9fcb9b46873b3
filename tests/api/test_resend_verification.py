"""resendVerification."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import ADA, BOB, Api, problem
from tests.faults.harness import Fault, FaultInjector


def resend(api: Api, email: str) -> httpx.Response:
    return api.post("/auth/email/resend", {"email": email})


@pytest.mark.requirement(8)
def test_it_answers_the_same_for_everybody(api: Api) -> None:
    """Unknown, waiting or verified: 202, equal headers, equal body."""
    api.register(ADA)
    api.verified(BOB)

    answers = [resend(api, email) for email in ("nobody@example.com", ADA, BOB)]

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[0].json() == {
        "message": "If this address waits for verification, a code is on its way."
    }


@pytest.mark.requirement(11)
def test_the_new_code_works_and_the_old_one_stops(api: Api) -> None:
    """Only the newest mail counts, whatever the spelling of the address."""
    api.register(ADA)
    old = api.aws.code_for(ADA)

    assert resend(api, "ADA@Example.com").status_code == 202

    new = api.aws.code_for(ADA)
    assert new != old
    problem(api.verify(code=old), 400, "INVALID_CODE")
    assert api.verify(code=new).status_code == 200


def test_nobody_is_mailed_who_does_not_wait(api: Api) -> None:
    """Neither a stranger nor somebody verified gets a mail."""
    api.verified(BOB)
    before = len(api.aws.mails())

    resend(api, BOB)
    resend(api, "nobody@example.com")

    assert len(api.aws.mails()) == before


@pytest.mark.requirement(38)
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("refused", 503, "SERVICE_UNAVAILABLE"), ("throttled", 429, "RATE_LIMITED")],
)
def test_cognito_out_of_reach_is_said(
    api: Api, faults: FaultInjector, kind: str, status: int, code: str
) -> None:
    """An outage and a limit of the whole pool say nothing of the address."""
    for email in (ADA, "nobody@example.com"):
        with faults.injected(Fault(3, "before", kind)):
            response = resend(api, email)

        problem(response, status, code)
        assert int(response.headers["retry-after"]) > 0
